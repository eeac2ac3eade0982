//! What lies on the disk, for the plan to think about: looking, no thought.
//!
//! The cache is asked only about assets that aren't simply as locked, so that a project in which nothing changed costs
//! one lstat an output.

mod facts;
mod standing;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::cache::Cache;
use crate::digest::Digest;
use crate::files::{FileState, Files};
use crate::lock::{Entry, EntryOrigin, Generated, LockedOutput, Lockfile, Take, TakeKind};
use crate::manifest::Publish;
use crate::model::Api;
use crate::name::{AssetName, ProjectPath};
use crate::recipe::{Fingerprint, Origin, Recipe};
use crate::resolve::{Asset, AssetOrigin, Assets, OpenOrigin};
use crate::transform::Settings;

pub use crate::observe::facts::{Facts, Learned, Observed, Originals, Seen, Traits, Unknown};
pub(crate) use crate::observe::standing::standing;

/// Looks at everything that the assets and the lockfile speak of, or that `only` some of them do.
pub fn observe(
    assets: &Assets,
    only: Option<&BTreeSet<AssetName>>,
    lock: &Lockfile,
    cache: &Cache,
    files: &Files,
    learned: &Learned,
) -> Observed {
    let mut observer = Observer {
        lock,
        cache,
        files,
        learned,
        pins: pins(lock),
        locked: locked_outputs(lock),
        kin: None,
        observed: Observed::default(),
        restless: Vec::new(),
    };
    for name in assets.order.iter().filter(|name| only.is_none_or(|only| only.contains(*name))) {
        let asset = &assets.by_name[name];
        let mut facts = observer.facts(asset);
        if let Some(made) = learned.originals.get(name) {
            facts.original = Some(made.chosen);
            facts.traits = made.traits.clone();
            facts.takes.clone_from(&made.takes);
        }
        observer.observed.facts.insert(name.clone(), facts);
    }
    observer.find_originals(assets);
    if only.is_none() {
        observer.undeclared(assets);
    }
    observer.observed
}

struct Observer<'a> {
    lock: &'a Lockfile,
    cache: &'a Cache,
    files: &'a Files,
    learned: &'a Learned,
    /// The content that each picture on the web is locked with.
    pins: HashMap<&'a str, Digest>,
    /// From what each locked output was made, by its content.
    locked: HashMap<Digest, Vec<(Digest, Digest)>>,
    /// Locked takes by fingerprint, made when the first asset needs it.
    kin: Option<HashMap<Fingerprint, Vec<Take>>>,
    observed: Observed,
    /// Assets that aren't simply as locked.
    restless: Vec<AssetName>,
}

impl Observer<'_> {
    fn facts(&mut self, asset: &Asset) -> Facts {
        let entry = self.lock.get(&asset.name);
        let mut facts = Facts::default();
        match &asset.origin {
            AssetOrigin::Source { hash, .. } => facts.original = Some(*hash),
            AssetOrigin::Shared(other) => {
                facts.original = self.original(other);
                facts.traits = self.traits(other);
            }
            AssetOrigin::Generated(open) => {
                facts = self.generated_facts(asset, open, entry);
                if let Some(draft) = asset.draft.as_ref().filter(|_| !self.is_finished(asset, entry, &facts)) {
                    facts = self.draft_facts(asset, draft, entry, facts);
                    facts.follows_draft = asset.refers_to().find(|other| self.is_draft(other)).cloned();
                }
            }
        }
        self.look_at_files(asset, entry, &mut facts);
        let wants_more = self.learned.more.contains(&asset.name);
        if !wants_more && is_settled(asset, entry, &facts) {
            facts.original = facts.original.or_else(|| entry.and_then(Entry::generated).map(|locked| locked.chosen));
            add_traits(&mut facts, entry);
            return facts;
        }
        self.restless.push(asset.name.clone());
        // Who has all takes needs no other ones: only files are missing.
        if let Some(fingerprint) = facts.fingerprint.filter(|_| wants_more || facts.takes.is_empty()) {
            facts.journal = self.cache.left_open(fingerprint);
            facts.cached = self.cache.takes_for(&asset.name, fingerprint);
            facts.kin = self.kin(fingerprint, &asset.name);
        }
        facts.original = facts.original.or_else(|| known_original(asset, entry, &facts));
        add_traits(&mut facts, entry);
        facts
    }

    /// The content of a reference, as far as it is known by now.
    fn content(&self, origin: &OpenOrigin, locked: Option<&Generated>) -> Result<Digest, Unknown> {
        match origin {
            OpenOrigin::File { hash, .. } => Ok(*hash),
            OpenOrigin::Asset { name, take: None } => {
                self.original(name).ok_or_else(|| Unknown::Original(name.clone()))
            }
            OpenOrigin::Asset { name, take: Some(take) } => {
                let takes = match self.learned.originals.get(name) {
                    Some(made) => made.takes.as_slice(),
                    None => self.observed.facts.get(name).map_or(&[][..], |facts| &facts.takes),
                };
                if takes.is_empty() {
                    return Err(Unknown::Original(name.clone()));
                }
                let missing = || Unknown::NoTake { asset: name.clone(), take: take.clone(), of: takes.len() };
                take.find(takes).ok_or_else(missing)
            }
            OpenOrigin::Url(url) => match self.learned.pictures.get(url) {
                Some(Ok(hash)) => Ok(*hash),
                Some(Err(why)) => Err(Unknown::Url(url.clone(), Some(why.clone()))),
                None => self.pin(url, locked).ok_or_else(|| Unknown::Url(url.clone(), None)),
            },
        }
    }

    /// The chosen original of another asset: of what this run has made, or else of what it found.
    fn original(&self, name: &AssetName) -> Option<Digest> {
        let made = self.learned.originals.get(name).map(|made| made.chosen);
        made.or_else(|| self.observed.facts.get(name)?.original)
    }

    /// Whether another asset is only tried out, in this run or as it was found.
    fn is_draft(&self, name: &AssetName) -> bool {
        let made = self.learned.originals.get(name).map(|made| made.is_draft);
        made.or_else(|| Some(self.observed.facts.get(name)?.is_draft)).unwrap_or(false)
    }

    /// What goes along with that original into its files.
    fn traits(&self, name: &AssetName) -> Traits {
        let made = self.learned.originals.get(name).map(|made| &made.traits);
        made.or_else(|| Some(&self.observed.facts.get(name)?.traits)).cloned().unwrap_or_default()
    }

    /// What a picture on the web is locked with: by this asset or, where it is new there, by another one.
    fn pin(&self, url: &str, locked: Option<&Generated>) -> Option<Digest> {
        if self.learned.refresh {
            return None;
        }
        let own = locked.and_then(|locked| urls(&locked.recipe).find(|(known, _)| *known == url));
        own.map(|(_, hash)| hash).or_else(|| self.pins.get(url).copied())
    }

    fn look_at_files(&self, asset: &Asset, entry: Option<&Entry>, facts: &mut Facts) {
        let locked_takes = entry.map_or(0, |entry| entry.takes().len());
        let takes = match asset.publish {
            Publish::All => (asset.takes() as usize).max(locked_takes),
            Publish::Chosen => (asset.takes() as usize).max(locked_takes).max(1),
        };
        let declared = (1..=takes).flat_map(|take| asset.paths(take));
        let locked = entry.into_iter().flat_map(|entry| &entry.outputs).map(|output| output.path.clone());
        for path in declared.chain(locked) {
            facts.files.entry(path.clone()).or_insert_with(|| self.look(&path, entry));
        }
    }

    fn look(&self, path: &ProjectPath, entry: Option<&Entry>) -> Seen {
        let state = self.files.look(path);
        let FileState::File { digest } = state else { return Seen { state, locked: false, made: Vec::new() } };
        let as_locked = |output: &LockedOutput| output.path == *path && output.hash == digest;
        // The record is asked only where the lockfile doesn't vouch for this very file.
        let vouched = entry.is_some_and(|entry| entry.outputs.iter().any(as_locked));
        let mut made = if vouched { Vec::new() } else { self.cache.made(digest) };
        let locked = self.locked.get(&digest);
        made.extend(locked.into_iter().flatten().copied());
        if made.is_empty() && self.files.is_stand_in(path) {
            // Made by tintype, and of no picture that anybody has.
            made.push((digest, digest));
        }
        Seen { state, locked: locked.is_some(), made }
    }

    fn kin(&mut self, fingerprint: Fingerprint, name: &AssetName) -> Vec<Take> {
        let lock = self.lock;
        let kin = self.kin.get_or_insert_with(|| {
            let mut kin: HashMap<Fingerprint, Vec<Take>> = HashMap::new();
            for generated in lock.entries.values().filter_map(Entry::generated) {
                // Adopted and accepted takes belong to their asset alone.
                let offered = generated.takes.iter().filter(|take| take.kind.is_none() && take.fingerprint.is_none());
                let takes = kin.entry(generated.fingerprint()).or_default();
                takes.extend(offered.cloned());
                // The chosen one first.
                takes.sort_by_key(|take| take.hash != generated.chosen);
            }
            kin
        });
        let own = lock.get(name).map(Entry::takes).unwrap_or_default();
        let takes = kin.get(&fingerprint).into_iter().flatten();
        let others = takes.filter(|take| own.iter().all(|own| own.hash != take.hash)).cloned();
        // What was accepted for another wording, or stood in as a draft, is at home in its own.
        let returned = own.iter().filter(|take| take.fingerprint == Some(fingerprint));
        let returned = returned.map(|take| Take {
            fingerprint: None,
            kind: take.kind.filter(|kind| *kind == TakeKind::Adopted),
            ..take.clone()
        });
        returned.chain(others).collect()
    }

    /// Which originals can be had: of every restless asset's takes, and of all that a restless asset refers to.
    fn find_originals(&mut self, assets: &Assets) {
        if self.restless.is_empty() {
            return;
        }
        let mut wanted: Vec<(AssetName, Digest)> = Vec::new();
        for name in &self.restless {
            let facts = &self.observed.facts[name];
            let locked = self.lock.get(name).map(Entry::takes).unwrap_or_default();
            let takes =
                locked.iter().chain(&facts.kin).chain(&facts.cached.takes).map(|take| (name.clone(), take.hash));
            let asset = &assets.by_name[name];
            let needed = asset.refers_to().filter_map(|other| {
                let original = self.observed.facts.get(other)?.original?;
                Some((assets.owner(&assets.by_name[other]).name.clone(), original))
            });
            let shared = facts.original.filter(|_| matches!(asset.origin, AssetOrigin::Shared(_)));
            let shared = shared.map(|original| (name.clone(), original));
            wanted.extend(takes.chain(needed).chain(shared));
        }
        let (cached, elsewhere): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(_, hash)| self.cache.has_original(*hash));
        // Where an output is an untouched copy, it stands in for the original.
        let copies = if elsewhere.is_empty() { HashSet::new() } else { self.copies() };
        let copied = elsewhere.into_iter().filter(|(_, hash)| copies.contains(hash));
        for (name, hash) in cached.into_iter().chain(copied) {
            if let Some(facts) = self.observed.facts.get_mut(&name) {
                facts.at_hand.insert(hash);
            }
        }
    }

    /// The content of every locked output that lies where it was locked.
    fn copies(&self) -> HashSet<Digest> {
        let outputs = self.lock.entries.values().flat_map(|entry| &entry.outputs);
        let intact = |output: &&LockedOutput| self.files.look(&output.path) == FileState::File { digest: output.hash };
        outputs.filter(intact).map(|output| output.hash).collect()
    }

    fn undeclared(&mut self, assets: &Assets) {
        for (name, entry) in self.lock.entries.iter().filter(|(name, _)| !assets.by_name.contains_key(*name)) {
            let seen = entry.outputs.iter().map(|output| (output.clone(), self.look(&output.path, Some(entry))));
            let seen = seen.collect();
            self.observed.undeclared.insert(name.clone(), seen);
        }
    }
}

/// A file that an asset is to have.
pub(crate) struct Wanted<'a> {
    pub(crate) path: ProjectPath,
    /// The original that makes it.
    pub(crate) take: Digest,
    /// How it is made.
    pub(crate) settings: &'a Settings,
}

/// The files that an asset is to have of these takes and this choice: all outputs of each published take.
pub(crate) fn wanted<'a>(asset: &'a Asset, takes: &[Take], chosen: Digest) -> Vec<Wanted<'a>> {
    let number = takes.iter().position(|take| take.hash == chosen).map_or(1, |index| index + 1);
    let published: Vec<(usize, Digest)> = match asset.publish {
        Publish::All if !takes.is_empty() => {
            takes.iter().enumerate().map(|(index, take)| (index + 1, take.hash)).collect()
        }
        _ => vec![(number, chosen)],
    };
    let outputs = |(number, take): (usize, Digest)| {
        asset.outputs.iter().map(move |output| Wanted { path: output.path(number), take, settings: &output.settings })
    };
    published.into_iter().flat_map(outputs).collect()
}

/// Whether recipe, takes and files are as locked, so that nothing else needs to be known.
fn is_settled(asset: &Asset, entry: Option<&Entry>, facts: &Facts) -> bool {
    let Some(entry) = entry else { return false };
    let origin = match (&asset.origin, &entry.origin) {
        (AssetOrigin::Source { .. } | AssetOrigin::Shared(_), EntryOrigin::Source { hash, .. }) => {
            facts.original == Some(*hash)
        }
        (AssetOrigin::Generated(_), EntryOrigin::Generated(locked)) => {
            !facts.takes.is_empty() && facts.takes.len() == locked.takes.len()
        }
        _ => false,
    };
    let wanted = wanted(asset, entry.takes(), entry.original());
    let intact = |one: &Wanted<'_>| {
        let locked = entry.outputs.iter().find(|output| output.path == one.path);
        locked.is_some_and(|output| {
            output.settings == one.settings.digest()
                && output.take.unwrap_or_else(|| entry.original()) == one.take
                && facts.files.get(&one.path).is_some_and(|seen| seen.state == FileState::File { digest: output.hash })
        })
    };
    origin && entry.outputs.len() == wanted.len() && wanted.iter().all(intact)
}

/// Adds what is known of an asset's own original, by the take that it is.
fn add_traits(facts: &mut Facts, entry: Option<&Entry>) {
    let locked = entry.map(Entry::takes).unwrap_or_default();
    let mut known = locked.iter().chain(&facts.cached.takes).chain(&facts.kin);
    if let Some(take) = known.find(|take| Some(take.hash) == facts.original) {
        facts.traits = Traits::of(take);
    }
}

/// The pictures on the web that a recipe refers to.
pub(crate) fn urls(recipe: &Recipe) -> impl Iterator<Item = (&str, Digest)> {
    recipe.references.iter().filter_map(|reference| match &reference.origin {
        Origin::Url(url) => Some((url.as_str(), reference.hash)),
        Origin::Path(_) | Origin::Asset(_) => None,
    })
}

fn pins(lock: &Lockfile) -> HashMap<&str, Digest> {
    lock.entries.values().filter_map(Entry::generated).flat_map(|generated| urls(&generated.recipe)).collect()
}

fn locked_outputs(lock: &Lockfile) -> HashMap<Digest, Vec<(Digest, Digest)>> {
    let mut locked: HashMap<Digest, Vec<(Digest, Digest)>> = HashMap::new();
    for entry in lock.entries.values() {
        for output in &entry.outputs {
            let take = output.take.unwrap_or_else(|| entry.original());
            locked.entry(output.hash).or_default().push((take, output.settings));
        }
    }
    locked
}

/// The original that an asset will have if nothing needs to be bought for it.
fn known_original(asset: &Asset, entry: Option<&Entry>, facts: &Facts) -> Option<Digest> {
    if let Some(locked) = standing(asset, entry, facts) {
        return locked.chosen_of(facts.is_draft);
    }
    let first = facts.cached.takes.first().or(facts.kin.first());
    // A placeholder shows its asset's name: the one that another asset's recipe left is drawn anew.
    let is_known = |take: &&Take| facts.journal.answered() == 0 && take.provider != Api::Placeholder.name();
    first.filter(is_known).map(|take| take.hash)
}
