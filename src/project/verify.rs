//! Whether the bytes on the disk are the locked ones, read in full whatever the stat index says.

use crate::atlas::Atlas;
use crate::cache::NoOriginal;
use crate::codegen::CodeFile;
use crate::cores;
use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{Entry, Generated, Lockfile};
use crate::name::{AssetName, ProjectPath};
use crate::project::atlas::sheet_settings;
use crate::project::{Project, ProjectError};

/// Every output, and every original that the cache has.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Whether there is a lockfile at all.
    pub locked: bool,
    /// Outputs, by asset and path.
    pub outputs: Vec<CheckedFile>,
    /// Originals that the cache has, or had.
    pub originals: Vec<CheckedFile>,
    /// Declared assets that aren't locked.
    pub unlocked: Vec<AssetName>,
    /// Assets that are only tried out so far.
    pub drafts: Vec<AssetName>,
    /// Atlases that aren't packed as they are declared.
    pub unpacked: Vec<AssetName>,
    /// Files of generated code that don't say what is locked.
    pub code: Vec<CodeFile>,
}

/// One file and how it was found.
#[derive(Debug, Clone)]
pub struct CheckedFile {
    /// Whose it is.
    pub asset: AssetName,
    /// Its path, or the digest of an original.
    pub file: String,
    /// How it was found.
    pub check: Check,
}

/// How a file was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// As locked.
    Same,
    /// Not there.
    Missing,
    /// With other bytes.
    Changed,
    /// Not readable, or not a file.
    Unreadable(String),
}

impl Verified {
    /// Whether everything that is there is as it should be, every output is there, and every picture is finished.
    pub fn is_sound(&self) -> bool {
        let same = |files: &[CheckedFile]| files.iter().all(|file| file.check == Check::Same);
        self.locked
            && same(&self.outputs)
            && same(&self.originals)
            && self.unlocked.is_empty()
            && self.drafts.is_empty()
            && self.unpacked.is_empty()
            && self.code.is_empty()
    }
}

impl Project {
    /// Compares each output, and each original that the cache has, with its locked hash. Writes nothing to the project.
    ///
    /// ```
    /// use tintype::project::{Project, Surroundings};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// let verified = Project::open(&manifest, &surroundings)?.verify()?;
    /// assert!(!verified.is_sound(), "nothing was made yet");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self) -> Result<Verified, ProjectError> {
        let text = self.files.read_lockfile()?;
        let lock = text.as_deref().map(Lockfile::read).transpose()?.unwrap_or_default();
        let mut verified = Verified { locked: text.is_some(), ..Verified::default() };
        let entries: Vec<(&AssetName, &Entry)> = lock.entries.iter().collect();
        for (outputs, originals) in cores::each(&entries, |(name, entry)| self.verify_entry(name, entry)) {
            verified.outputs.extend(outputs);
            verified.originals.extend(originals);
        }
        let unlocked = self.assets.by_name.keys().filter(|name| lock.get(name).is_none());
        verified.unlocked = unlocked.cloned().collect();
        let is_draft = |entry: &Entry| entry.generated().is_some_and(Generated::is_draft);
        let drafts = entries.iter().filter(|(_, entry)| is_draft(entry));
        verified.drafts = drafts.map(|(name, _)| (*name).clone()).collect();
        for atlas in &self.atlases {
            verified.outputs.extend(self.verify_sheets(atlas, &lock));
            if self.atlas_state(atlas, &lock).is_some_and(|state| state.changes_lock()) {
                verified.unpacked.push(atlas.name.clone());
            }
        }
        verified.code = self.code_to_write(&lock);
        Ok(verified)
    }

    /// Its sheets.
    fn verify_sheets(&self, atlas: &Atlas, lock: &Lockfile) -> Vec<CheckedFile> {
        let locked = lock.atlases.get(&atlas.name);
        let sheets = locked.iter().flat_map(|locked| locked.pages.iter().map(|page| (page, locked.recipe)));
        let checked = sheets.map(|(page, recipe)| {
            let check = self.check(&page.path, |digest| {
                digest == page.hash || self.cache.made(digest).contains(&(recipe, sheet_settings()))
            });
            CheckedFile { asset: atlas.name.clone(), file: page.path.to_string(), check }
        });
        checked.collect()
    }

    fn check(&self, path: &ProjectPath, is_same: impl Fn(Digest) -> bool) -> Check {
        match self.files.hash(path) {
            FileState::File { digest } if is_same(digest) => Check::Same,
            FileState::File { .. } => Check::Changed,
            FileState::Missing => Check::Missing,
            FileState::Other(what) => Check::Unreadable(format!("it is {what}")),
            FileState::Unreadable(reason) => Check::Unreadable(reason),
        }
    }

    /// Its outputs and its originals.
    fn verify_entry(&self, name: &AssetName, entry: &Entry) -> (Vec<CheckedFile>, Vec<CheckedFile>) {
        let file = |file: String, check: Check| CheckedFile { asset: name.clone(), file, check };
        let outputs = entry.outputs.iter().map(|output| {
            let made = |digest: Digest| {
                let take = output.take.unwrap_or_else(|| entry.original());
                self.cache.made(digest).contains(&(take, output.settings))
            };
            let check = self.check(&output.path, |digest| digest == output.hash || made(digest));
            file(output.path.to_string(), check)
        });
        let cached = entry.takes().iter().filter(|take| self.cache.has_original(take.hash));
        let originals = cached.map(|take| {
            let check = match self.cache.check_original(take.hash) {
                Ok(()) => Check::Same,
                Err(NoOriginal::Missing) => Check::Missing,
                Err(NoOriginal::Damaged) => Check::Changed,
            };
            file(take.hash.to_string(), check)
        });
        (outputs.collect(), originals.collect())
    }
}
