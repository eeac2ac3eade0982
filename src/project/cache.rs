//! Looking after the cache with a project's eyes: what it uses stays, and what it has untouched heals.
//!
//! Works without a project too: the cache belongs to all of them.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::{Cache, NoOriginal, Other, Piece, Rules, Stock, Waste};
use crate::digest::Digest;
use crate::event::{Event, Report};
use crate::files::{Durable, FileError, LOCKFILE, describe};
use crate::lock::{Lockfile, Take};
use crate::model::Api;
use crate::plan::Note;
use crate::project::{Allowed, Project, ProjectError, Selection, Surroundings};

/// A cache, and the project from which it is looked at, if there is one.
#[derive(Debug)]
pub struct Care<'a> {
    cache: Arc<Cache>,
    folder: PathBuf,
    project: Option<&'a Project>,
}

/// What was found of the cache's originals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheVerified {
    /// How many there are.
    pub originals: usize,
    /// Those that aren't what their names say.
    pub damaged: Vec<DamagedOriginal>,
    /// Records of takes that can't be read.
    pub records: Vec<PathBuf>,
}

/// An original that isn't what its name says. It was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedOriginal {
    /// Its name.
    pub hash: Digest,
    /// The untouched output that it was healed from.
    pub healed: Option<String>,
}

impl CacheVerified {
    /// Whether everything is whole, or whole again.
    pub fn is_sound(&self) -> bool {
        self.records.is_empty() && self.damaged.iter().all(|damaged| damaged.healed.is_some())
    }
}

/// What may be thrown away, and who agrees to it.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct GcOptions {
    /// Paid originals that this project doesn't use, too.
    pub originals: bool,
    /// What was set aside, too.
    pub quarantine: bool,
    /// Nothing is thrown away, only found.
    pub dry_run: bool,
    /// It is agreed to.
    pub yes: bool,
    /// Nobody can be asked.
    pub unattended: bool,
}

impl<'a> Care<'a> {
    /// The cache of a project.
    pub fn of(project: &'a Project) -> Self {
        Self { cache: Arc::clone(&project.cache), folder: project.cache_folder().to_path_buf(), project: Some(project) }
    }

    /// The cache where there is no project.
    pub fn without_project(surroundings: &Surroundings) -> Self {
        let folder = surroundings.cache.as_ref().unwrap_or(&surroundings.default_cache);
        Self { cache: Arc::new(Cache::new(folder)), folder: folder.clone(), project: None }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is in it.
    pub fn stock(&self) -> Stock {
        self.cache.stock()
    }

    /// Reads every original. A damaged one is set aside, and made whole where the project has an untouched copy.
    pub fn verify(&self, report: &dyn Report) -> Result<CacheVerified, ProjectError> {
        check(&self.cache, report)?;
        let lock = self.lock()?.unwrap_or_default();
        let originals = self.cache.originals();
        let mut verified = CacheVerified { originals: originals.len(), ..CacheVerified::default() };
        if originals.is_empty() {
            return Ok(verified);
        }
        let _held = hold(&self.cache, report);
        for hash in originals.into_iter().filter(|hash| self.cache.check_original(*hash) != Ok(())) {
            // Looked at twice, as another run may have healed it; and what can't be read now may be well.
            match self.cache.original(hash) {
                Ok(_) => continue,
                Err(NoOriginal::Missing) => self.cache.set_aside(hash),
                Err(NoOriginal::Damaged) => {}
            }
            verified.damaged.push(DamagedOriginal { hash, healed: self.heal(&lock, hash) });
        }
        verified.records = self.cache.unreadable_takes();
        Ok(verified)
    }

    /// Puts an original back from an output that is an untouched copy of it.
    fn heal(&self, lock: &Lockfile, hash: Digest) -> Option<String> {
        let files = &self.project?.files;
        let mut copies = lock.entries.values().flat_map(|entry| &entry.outputs).filter(|output| output.hash == hash);
        copies.find_map(|output| {
            let bytes = files.read_picture(&output.path).ok().filter(|bytes| Digest::of(bytes) == hash)?;
            self.cache.put_original(&bytes, Durable::Yes).ok()?;
            Some(output.path.to_string())
        })
    }

    /// Throws away what is free to make or to fetch again, and more only where it is asked for and agreed to. Gives what
    /// went, or would go.
    pub fn collect(
        &self,
        options: GcOptions,
        agree: &dyn Fn(&[Piece]) -> bool,
        report: &dyn Report,
    ) -> Result<Vec<Piece>, ProjectError> {
        check(&self.cache, report)?;
        let found = self.waste(options)?;
        if options.dry_run || found.is_empty() {
            return Ok(found);
        }
        let costs = found.iter().any(|piece| matches!(piece.waste, Waste::Original | Waste::Quarantine));
        if costs && !options.yes && (options.unattended || !agree(&found)) {
            let count = found.iter().filter(|piece| piece.waste >= Waste::Original).count();
            let message = format!("{count} files that were paid for would go for good: consent is needed");
            let help = "see which with --dry-run; `tintype cache gc --yes` with the same options if that is meant";
            return Err(ProjectError::Refused(Note::new("consent", message, help)));
        }
        let wait = || report.event(&Event::Waiting { what: "other runs that use this cache".to_string() });
        let _alone = self.cache.close_off(&wait).map_err(|error| broken(&self.folder, &describe(&error)))?;
        // Looked at again now that nobody writes: what is in use by now stays, and only what was agreed to goes.
        let agreed: BTreeSet<&Piece> = found.iter().collect();
        let gone: Vec<Piece> = self.waste(options)?.into_iter().filter(|piece| agreed.contains(piece)).collect();
        for piece in &gone {
            let gone = self
                .cache
                .discard(piece)
                .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
            gone.map_err(|error| broken(&piece.path, &describe(&error)))?;
        }
        Ok(gone)
    }

    fn waste(&self, options: GcOptions) -> Result<Vec<Piece>, ProjectError> {
        if options.originals && self.lock()?.is_none() {
            return Err(ProjectError::File(FileError {
                path: LOCKFILE.to_string(),
                reason: "there is none here: it says which originals stay".to_string(),
                missing: true,
                help: Some("run it in the project whose originals are to stay, after `tintype sync`"),
            }));
        }
        let in_use = self.in_use()?;
        let is_free = |take: &Take| take.provider == Api::Placeholder.name() && take.kind.is_none();
        let (originals, quarantine) = (options.originals, options.quarantine);
        Ok(self.cache.waste(&Rules { in_use: &in_use, is_free: &is_free, originals, quarantine }))
    }

    fn lock(&self) -> Result<Option<Lockfile>, ProjectError> {
        let Some(project) = self.project else { return Ok(None) };
        let text = project.files.read_lockfile()?;
        Ok(text.as_deref().map(Lockfile::read).transpose()?)
    }

    /// What the project has locked, has pinned, or would take from the cache at its next sync.
    fn in_use(&self) -> Result<BTreeSet<Digest>, ProjectError> {
        let Some(project) = self.project else { return Ok(BTreeSet::new()) };
        let survey = project.survey(&Selection::default(), &Allowed::default())?;
        let mut used: BTreeSet<Digest> = project.files.read_pins().into_values().collect();
        for entry in survey.lock.entries.values() {
            used.insert(entry.original());
            used.extend(entry.takes().iter().map(|take| take.hash));
            let recipe = entry.generated().map(|generated| &generated.recipe);
            used.extend(recipe.into_iter().flat_map(|recipe| &recipe.references).map(|reference| reference.hash));
        }
        for facts in survey.observed.facts.values() {
            used.extend(facts.original.iter().chain(&facts.takes).chain(&facts.at_hand));
            used.extend(facts.cached.takes.iter().chain(&facts.kin).map(|take| take.hash));
            used.extend(facts.recipe.iter().flat_map(|recipe| &recipe.references).map(|reference| reference.hash));
        }
        Ok(used)
    }
}

/// Whoever else can write to the cache can pass off their pictures as bought ones. A group may be meant to; nobody else.
pub(crate) fn check(cache: &Cache, report: &dyn Report) -> Result<(), ProjectError> {
    let say = |folder: &Path, how: &str| format!("the cache at {} {how}", folder.display());
    match cache.who_else_writes() {
        None => Ok(()),
        Some((folder, Other::Group)) => {
            let message = say(&folder, "can be written to by its group: whoever is in it can put pictures there");
            report.event(&Event::Noticed(&Note::new("cache", message, "`chmod g-w` it, unless that is meant")));
            Ok(())
        }
        Some((folder, Other::Owner(number))) => {
            let message = say(&folder, &format!("isn't used: it belongs to another user (number {number})"));
            let help = "name a folder of your own with TINTYPE_CACHE_DIR or [cache] dir";
            Err(ProjectError::Broken(Note::new("cache", message, help)))
        }
        Some((folder, Other::Everybody)) => {
            let message = say(&folder, "isn't used: everybody can write to it");
            let help = "`chmod o-w` it, or name a folder in it with TINTYPE_CACHE_DIR: tintype makes that one private";
            Err(ProjectError::Broken(Note::new("cache", message, help)))
        }
    }
}

fn broken(path: &Path, why: &str) -> ProjectError {
    let message = format!("the cache can't be tidied: {}: {why}", path.display());
    ProjectError::Broken(Note::new("cache", message, "mend the permissions, then run `tintype cache gc` again"))
}

/// Says that a run is at work in the cache.
pub(crate) fn hold(cache: &Cache, report: &dyn Report) -> Option<File> {
    cache.share(&|| report.event(&Event::Waiting { what: "`tintype cache gc`".to_string() }))
}
