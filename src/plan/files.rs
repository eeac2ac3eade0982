//! For each file that an asset should have: is it right, must it be made, or is it somebody else's?

#[cfg(feature = "generate")]
use std::borrow::Cow;

use crate::digest::Digest;
use crate::disclosure::{DigitalSource, Disclosure};
use crate::files::FileState;
use crate::lock::{Entry, LockedOutput, Take, TakeKind};
use crate::name::ProjectPath;
use crate::observe::{Facts, Seen, Traits, Wanted, wanted};
use crate::plan::reason::ReasonCode;
use crate::resolve::Asset;
#[cfg(feature = "generate")]
use crate::transform::ChromaKey;
use crate::transform::{Disclose, Rgb, Settings};

/// One file to have, made of one take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileJob {
    /// Where.
    pub path: ProjectPath,
    /// Of which original.
    pub take: Digest,
    /// How it is made.
    pub settings: Settings,
    /// The colour of the original's ground, which is to be taken away.
    pub key: Option<Rgb>,
    /// What its file says of how it came about, if it is to.
    pub disclosure: Option<Disclosure>,
    /// What is to be done about it.
    pub verdict: FileVerdict,
}

#[cfg(feature = "generate")]
impl FileJob {
    /// What its original goes through: its settings, and what was promised of the original itself.
    pub(crate) fn treatment(&self) -> Cow<'_, Settings> {
        let key = self.key.filter(|_| self.settings.chroma_key.is_none());
        if key.is_none() && self.settings.disclose.is_none() {
            return Cow::Borrowed(&self.settings);
        }
        let mut settings = self.settings.clone();
        settings.disclose = self.disclosure.as_ref().map(|disclosure| Disclose::Packet(disclosure.packet()));
        settings.chroma_key = key.map(|key| ChromaKey::of(Some(key))).or(settings.chroma_key);
        Cow::Owned(settings)
    }
}

/// What is to be done about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileVerdict {
    /// Nothing: it counts as the locked one.
    Fine(LockedOutput),
    /// Nothing but to lock it: the record of files made says that this content is what would be made.
    Recorded(Digest),
    /// Make it.
    Make(Why),
    /// Leave it alone: it isn't tintype's.
    Foreign {
        /// `edited` or `foreign`.
        code: ReasonCode,
        /// In words.
        detail: String,
    },
}

/// Why a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Its take or its settings are others than before.
    Changed,
    /// It isn't there.
    Missing,
}

/// The files of an asset that has these takes and this choice.
pub fn file_jobs(asset: &Asset, takes: &[Take], chosen: Digest, facts: &Facts, entry: Option<&Entry>) -> Vec<FileJob> {
    let job = |Wanted { path, take, settings }: Wanted<'_>| {
        let missing = Seen { state: FileState::Missing, locked: false, made: Vec::new() };
        let seen = facts.files.get(&path).unwrap_or(&missing);
        let verdict = judge(&path, take, settings.digest(), seen, entry);
        let own = takes.iter().find(|own| own.hash == take);
        let traits = own.map_or_else(|| facts.traits.clone(), Traits::of);
        let disclosure = disclosure(settings, traits.model.as_ref(), own, facts);
        FileJob { path, take, settings: settings.clone(), key: traits.key, disclosure, verdict }
    };
    wanted(asset, takes, chosen).into_iter().map(job).collect()
}

/// What a file says of how it came about: only what a model drew says so. A prompt is known of a take that was made for the
/// recipe that stands.
fn disclosure(settings: &Settings, model: Option<&String>, own: Option<&Take>, facts: &Facts) -> Option<Disclosure> {
    let (disclose, system) = (settings.disclose.as_ref()?, model?.clone());
    let is_of_recipe = |take: &&Take| take.fingerprint.is_none() && take.kind != Some(TakeKind::Adopted);
    let prompt = own.filter(is_of_recipe).filter(|_| *disclose == Disclose::Prompt);
    let prompt = prompt.and(facts.recipe.as_ref()).map(|recipe| recipe.prompt.clone());
    Some(Disclosure { source: DigitalSource::TrainedAlgorithmicMedia, system: Some(system), prompt })
}

fn judge(path: &ProjectPath, take: Digest, settings: Digest, seen: &Seen, entry: Option<&Entry>) -> FileVerdict {
    let locked = entry.and_then(|entry| entry.outputs.iter().find(|output| output.path == *path));
    let same =
        locked.filter(|output| output.settings == settings && output.take.or(entry.map(Entry::original)) == Some(take));
    match seen.state {
        FileState::Missing if entry.is_none() || same.is_some() => FileVerdict::Make(Why::Missing),
        FileState::Missing => FileVerdict::Make(Why::Changed),
        FileState::File { digest } => {
            let recorded = seen.made.contains(&(take, settings));
            match same {
                Some(locked) if digest == locked.hash || recorded => FileVerdict::Fine(locked.clone()),
                _ if recorded => FileVerdict::Recorded(digest),
                // Bytes that are the take's own are in the cache: replacing them loses nothing.
                _ if digest == take => FileVerdict::Make(remade(same)),
                _ => foreign(path, seen, entry)
                    .map_or(FileVerdict::Make(remade(same)), |(code, detail)| FileVerdict::Foreign { code, detail }),
            }
        }
        FileState::Other(_) | FileState::Unreadable(_) => {
            let (code, detail) = foreign(path, seen, entry).expect("what is no file of ours is somebody else's");
            FileVerdict::Foreign { code, detail }
        }
    }
}

/// Why a file is made over another one: the lockfile may know it already, from another checkout or another machine.
const fn remade(locked: Option<&LockedOutput>) -> Why {
    if locked.is_some() { Why::Missing } else { Why::Changed }
}

/// Why a file isn't tintype's to replace, if it isn't.
pub(crate) fn foreign(path: &ProjectPath, seen: &Seen, entry: Option<&Entry>) -> Option<(ReasonCode, String)> {
    let known = entry.is_some_and(|entry| entry.outputs.iter().any(|output| output.path == *path));
    match &seen.state {
        FileState::Missing => None,
        FileState::File { .. } if seen.locked || !seen.made.is_empty() => None,
        FileState::File { .. } if known => Some((ReasonCode::Edited, "it was edited by hand".to_string())),
        FileState::File { .. } => Some((ReasonCode::Foreign, "it is a file that tintype didn't make".to_string())),
        FileState::Other(what) => Some((ReasonCode::Foreign, format!("it is {what}"))),
        FileState::Unreadable(reason) => Some((ReasonCode::Foreign, format!("it can't be read ({reason})"))),
    }
}
