//! A project: its manifest, its lockfile, its cache; and the pipeline from one to the other.
//!
//! This is what the command line, and any program, works with. Reads no environment variable and no home folder: what the
//! outside knows comes in as [`Surroundings`].

#[cfg(feature = "generate")]
mod adopt;
mod atlas;
#[cfg(feature = "generate")]
mod cache;
#[cfg(feature = "generate")]
mod carry_out;
mod code;
#[cfg(feature = "generate")]
mod consent;
mod decide;
#[cfg(feature = "generate")]
mod doctor;
#[cfg(feature = "generate")]
mod fetch;
mod keys;
mod ledger;
#[cfg(feature = "generate")]
mod pack;
#[cfg(feature = "generate")]
mod part;
#[cfg(feature = "generate")]
mod pictures;
#[cfg(feature = "generate")]
mod sources;
#[cfg(feature = "generate")]
mod stand_in;
#[cfg(feature = "generate")]
mod stand_in_sheet;
#[cfg(feature = "generate")]
mod sync;
#[cfg(feature = "generate")]
mod settled;
#[cfg(feature = "generate")]
mod takes;
mod provenance;
mod select;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::atlas::{Atlas, declare};
use crate::cache::Cache;
use crate::diagnostic::{Diagnostic, sort};
use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::Watched;
use crate::files::{FileError, Files, real};
use crate::lock::Lockfile;
use crate::manifest::{Manifest, Parsed, gather};
use crate::model::{Registry, TrustedHosts};
use crate::name::{AssetName, ProjectPath};
use crate::observe::{Learned, Observed, observe};
use crate::plan::{Note, Plan, Policy, plan};
use crate::resolve::cell::Said;
use crate::resolve::{Asset, Assets, Explanation, Protected, explain, render, resolve};
use crate::route::{Routes, Routing, route};
use crate::secret::Secret;
use crate::snapshot::World;

#[cfg(feature = "generate")]
pub use crate::project::adopt::{Accepted, Adopted};
#[cfg(feature = "generate")]
pub use crate::project::cache::{CacheVerified, Care, DamagedOriginal, GcOptions};
use crate::project::code::Code;
#[cfg(feature = "generate")]
pub use crate::project::code::CodeWritten;
#[cfg(feature = "generate")]
pub use crate::project::consent::{Agreed, Limits};
#[cfg(feature = "generate")]
pub use crate::project::doctor::{CacheState, Dotenv, Examination, ManifestState, ProviderState, Soundness, examine};
pub use crate::project::keys::{KeySource, Keys};
#[cfg(feature = "generate")]
pub use crate::project::pack::Packed;
#[cfg(feature = "generate")]
use crate::project::part::Rest;
pub use crate::project::provenance::{Maker, Provenance};
pub use crate::project::select::Selection;
#[cfg(feature = "generate")]
pub use crate::project::settled::settled;
#[cfg(feature = "generate")]
pub use crate::project::sync::{Spent, SyncOptions, Synced};
#[cfg(feature = "generate")]
pub use crate::project::takes::Pick;
pub use crate::project::verify::{Check, CheckedFile, Verified};

/// What a project can't know by itself.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The cache's folder, unless the manifest names one.
    pub default_cache: PathBuf,
    /// The cache's folder, whatever the manifest says.
    pub cache: Option<PathBuf>,
    /// Environment variables: only those that providers name are looked at, for their keys.
    pub variables: BTreeMap<String, String>,
    /// Whether a `.env` beside the manifest is left unread: nothing will be asked for.
    pub without_dotenv: bool,
    /// Hosts that may be sent keys besides the built-in ones.
    pub trusted_hosts: TrustedHosts,
    /// What tells this program from another build of itself: what one of them concluded, another one looks at anew.
    pub program: String,
}

impl Surroundings {
    /// What a snapshot's conclusions stand on besides files.
    pub fn world(&self) -> World<'_> {
        World {
            program: self.program.clone(),
            cache: (self.cache.as_deref(), &self.default_cache),
            trusted_hosts: self.trusted_hosts.hosts().collect::<Vec<_>>().join(","),
            variables: &self.variables,
        }
    }
}

/// What may be done, and what not.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct Allowed {
    /// Nothing may go over the network.
    pub offline: bool,
    /// Files that aren't tintype's may be replaced.
    pub overwrite: bool,
    /// Requests that may have been billed may be sent again.
    pub resend_unknown: bool,
    /// Requests that were refused may be sent again.
    pub retry_refused: bool,
    /// What is no longer declared stays.
    pub no_prune: bool,
    /// Pictures on the web that are references are fetched again, whatever is pinned.
    pub refresh: bool,
    /// What isn't finished is tried out, as `[draft]` says.
    pub draft: bool,
    /// Each selected asset gets one more take, and that is chosen.
    pub more: bool,
}

/// Why a project can't be worked with, or a run was refused before it began.
#[derive(Debug)]
pub enum ProjectError {
    /// The manifest or the lockfile has mistakes.
    Invalid(Vec<Diagnostic>),
    /// A file can't be read or written.
    File(FileError),
    /// No asset has this name.
    NoSuchAsset(Note),
    /// What was asked for can't be done with this asset.
    NotPossible(Note),
    /// A key is needed and not set.
    MissingKey(Note),
    /// It would cost more than is allowed, or nobody agreed.
    Refused(Note),
    /// The lockfile would change, and may not.
    OutOfDate(Note),
    /// The cache, or this machine, can't be worked with.
    Broken(Note),
}

impl fmt::Display for ProjectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(diagnostics) => {
                for (index, diagnostic) in diagnostics.iter().enumerate() {
                    write!(formatter, "{}{diagnostic}", if index > 0 { "\n" } else { "" })?;
                }
                Ok(())
            }
            Self::File(error) => error.fmt(formatter),
            Self::NoSuchAsset(note)
            | Self::NotPossible(note)
            | Self::MissingKey(note)
            | Self::Refused(note)
            | Self::OutOfDate(note)
            | Self::Broken(note) => formatter.write_str(&note.message),
        }
    }
}

impl std::error::Error for ProjectError {}

impl From<Vec<Diagnostic>> for ProjectError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Invalid(diagnostics)
    }
}

impl From<FileError> for ProjectError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// A project whose manifest is sound: parsed, resolved, routed.
#[derive(Debug)]
pub struct Project {
    pub(crate) files: Arc<Files>,
    pub(crate) cache: Arc<Cache>,
    cache_folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) registry: Registry,
    pub(crate) assets: Assets,
    pub(crate) routes: Routes,
    pub(crate) atlases: Vec<Atlas>,
    code: Code,
    pub(crate) keys: Keys,
    #[cfg_attr(not(feature = "generate"), expect(dead_code, reason = "only requests go to hosts"))]
    pub(crate) trusted_hosts: TrustedHosts,
    #[cfg_attr(not(feature = "generate"), expect(dead_code, reason = "only a sync takes a snapshot"))]
    world: Digest,
    /// The assets that this run leaves alone, if it works on a part of the project.
    #[cfg(feature = "generate")]
    rest: Option<Rest>,
}

/// Where a project stands: what is locked, what lies on the disk, what a sync would do.
#[derive(Debug)]
pub struct Survey {
    /// What is locked.
    pub lock: Arc<Lockfile>,
    /// The lockfile's text; `None` where there is none.
    pub lock_text: Option<String>,
    /// What the run knows besides.
    #[cfg_attr(not(feature = "generate"), expect(dead_code, reason = "only a sync learns more"))]
    pub(crate) learned: Learned,
    /// What lies on the disk.
    pub observed: Observed,
    /// What a sync would do.
    pub plan: Plan,
}

impl Project {
    /// Reads the manifest and everything that it refers to. All mistakes come at once.
    ///
    /// Errors can be matched, and mistakes of the manifest know their places:
    ///
    /// ```
    /// use tintype::project::{Project, ProjectError, Surroundings};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\npromt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// match Project::open(&manifest, &surroundings) {
    ///     Err(ProjectError::Invalid(mistakes)) => {
    ///         assert_eq!(mistakes[0].to_string(), "images.toml:3:1: unknown key `promt` in [assets.moon]");
    ///         assert_eq!(mistakes[0].help.as_deref(), Some("did you mean `prompt`?"));
    ///     }
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(manifest: &Path, surroundings: &Surroundings) -> Result<Self, ProjectError> {
        Self::of(Arc::new(Files::open(manifest)?), surroundings)
    }

    /// The same, and what was read on the way: also where that has come to nothing.
    #[cfg(feature = "generate")]
    pub fn open_watched(manifest: &Path, surroundings: &Surroundings) -> (Result<Self, ProjectError>, Option<Watched>) {
        match Files::open(manifest) {
            Ok(files) => {
                let files = Arc::new(files);
                let project = Self::of(Arc::clone(&files), surroundings);
                (project, Some(files.watched()))
            }
            Err(error) => (Err(error.into()), None),
        }
    }

    /// What was read of it so far.
    #[cfg(feature = "generate")]
    pub fn watched(&self) -> Watched {
        self.files.watched()
    }

    fn of(files: Arc<Files>, surroundings: &Surroundings) -> Result<Self, ProjectError> {
        let Parsed { manifest, mut mistakes } = gather(&files)?;
        let Some(manifest) = manifest else { return Err(ProjectError::Invalid(mistakes)) };
        let (registry, found) = Registry::built_in().with(&manifest, &surroundings.trusted_hosts);
        add_unless_they_follow(&mut mistakes, found);
        let cache_folder = cache_folder(&manifest, &files, surroundings)?;
        if cache_folder.as_os_str().is_empty() {
            return Err(ProjectError::NotPossible(no_home()));
        }
        let protected = Protected { cache: Some(real(&cache_folder)) };
        let (assets, found) = resolve(&manifest, &registry, &files, &protected, &surroundings.trusted_hosts);
        add_unless_they_follow(&mut mistakes, found);
        let (routes, found) = route_all(&assets, &registry);
        mistakes.extend(found);
        let (atlases, found) = declare(&manifest, &assets);
        add_unless_they_follow(&mut mistakes, found);
        let (code, found) = Code::of(&manifest, &assets, &atlases, &files);
        mistakes.extend(found);
        if !mistakes.is_empty() {
            sort(&mut mistakes);
            return Err(ProjectError::Invalid(mistakes));
        }
        let dotenv = if surroundings.without_dotenv { None } else { files.read_dotenv()? };
        let keys = Keys::of(&registry, dotenv.as_deref(), &surroundings.variables);
        Ok(Self {
            files,
            cache: Arc::new(Cache::new(&cache_folder)),
            cache_folder,
            manifest,
            registry,
            assets,
            routes,
            atlases,
            code,
            keys,
            trusted_hosts: surroundings.trusted_hosts.clone(),
            world: surroundings.world().digest(),
            #[cfg(feature = "generate")]
            rest: None,
        })
    }

    /// The folder of the manifest.
    pub fn root(&self) -> &Path {
        self.files.root()
    }

    /// The name of that folder: under which the ledger has what was paid for the project.
    pub fn name(&self) -> Option<String> {
        self.files.root().file_name().map(|name| name.to_string_lossy().into_owned())
    }

    /// The folder of the cache.
    pub fn cache_folder(&self) -> &Path {
        &self.cache_folder
    }

    /// All assets that are declared.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// The providers and models that the project can use.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Where an asset's wording and keys come from.
    pub fn explain(&self, name: &AssetName) -> Explanation {
        explain(&self.manifest, &self.files, name).unwrap_or_default()
    }

    /// An asset as one entry of a manifest that inherits nothing.
    pub fn written_out(&self, asset: &Asset) -> String {
        render(asset, &self.manifest)
    }

    /// Whether the manifest says how pictures are tried out.
    pub fn can_draft(&self) -> bool {
        self.manifest.draft.is_some()
    }

    /// The ways to an asset's picture; none for one made by hand.
    pub fn routing(&self, name: &AssetName) -> Option<&Routing> {
        self.routes.finals.get(name)
    }

    /// The keys that are set.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whether a provider can be asked: its key is set, or it needs none.
    pub fn has_key(&self, provider: &str) -> bool {
        self.keys.usable.contains(provider)
    }

    /// What a sync would do, why and for how much. Writes nothing and asks nobody.
    ///
    /// ```
    /// use tintype::plan::Action;
    /// use tintype::project::{Allowed, Project, Selection, Surroundings};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// let project = Project::open(&manifest, &surroundings)?;
    /// let plan = project.plan(&Selection::default(), &Allowed::default())?;
    /// for one in plan.iter() {
    ///     println!("{}: {} ({:?})", one.name, one.action.name(), one.cost_usd);
    /// }
    /// assert_eq!(plan.assets[0].action, Action::Generate);
    /// assert_eq!(plan.cost_usd(), Some(0.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan(&self, selection: &Selection, allowed: &Allowed) -> Result<Plan, ProjectError> {
        Ok(self.survey(selection, allowed)?.plan)
    }

    /// Looks at everything, and plans.
    pub fn survey(&self, selection: &Selection, allowed: &Allowed) -> Result<Survey, ProjectError> {
        let pins = if allowed.refresh { BTreeMap::new() } else { self.files.read_pins() };
        let pictures = pins.into_iter().map(|(url, hash)| (url, Ok(hash))).collect();
        let more = if allowed.more { self.select(selection)?.unwrap_or_default() } else { BTreeSet::new() };
        let (refresh, drafts) = (allowed.refresh, allowed.draft);
        let learned = Learned { pictures, refresh, drafts, more, ..Learned::default() };
        self.survey_with(learned, selection, allowed)
    }

    /// Looks at everything, and plans, knowing more than lies on the disk.
    fn survey_with(&self, learned: Learned, selection: &Selection, allowed: &Allowed) -> Result<Survey, ProjectError> {
        let lock_text = self.files.read_lockfile()?;
        let lock = lock_text.as_deref().map(Lockfile::read).transpose()?.unwrap_or_default();
        let observed = observe(&self.assets, None, &lock, &self.cache, &self.files, &learned);
        let policy = self.policy(allowed, self.select(selection)?);
        let mut plan = plan(&self.assets, &lock, &observed, &self.routes, &self.registry, &policy);
        #[cfg(feature = "generate")]
        if let Some(rest) = &self.rest {
            plan = rest.beside(plan);
        }
        // A part of the project is judged by itself.
        if selection.is_everything() {
            plan.atlases = self.atlases_to_pack(&lock, &plan, allowed);
            plan.code = self.code_to_write(&lock);
        }
        Ok(Survey { lock: Arc::new(lock), lock_text, learned, observed, plan })
    }

    pub(crate) fn policy(&self, allowed: &Allowed, selected: Option<BTreeSet<AssetName>>) -> Policy {
        Policy {
            usable: self.keys.usable.clone(),
            offline: allowed.offline,
            overwrite: allowed.overwrite,
            resend_unknown: allowed.resend_unknown,
            retry_refused: allowed.retry_refused,
            no_prune: allowed.no_prune,
            more: allowed.more,
            selected,
        }
    }
}

/// Adds mistakes, but for those that only follow from the ones that are known: what is missing may be there, misspelt or
/// of the wrong type.
fn add_unless_they_follow(known: &mut Vec<Diagnostic>, found: Vec<Diagnostic>) {
    let unread = ["unknown-key", "misplaced-key", "bad-type", "bad-value", "not-yet"];
    let misspelt = known.iter().any(|diagnostic| unread.contains(&diagnostic.code))
        // What a template came to is of the wrong type.
        || found.iter().any(|diagnostic| diagnostic.code == "bad-type");
    // What an asset inherits is read again with it: its mistakes have been said where they are written.
    let is_said = |diagnostic: &Diagnostic, known: &[Diagnostic]| {
        known.iter().any(|other| other.code == diagnostic.code && other.labels.first() == diagnostic.labels.first())
    };
    let new = |diagnostic: &Diagnostic| {
        !(misspelt && diagnostic.code == "missing-key") && (diagnostic.labels.is_empty() || !is_said(diagnostic, known))
    };
    let new: Vec<Diagnostic> = found.into_iter().filter(new).collect();
    known.extend(new);
}

/// The route of every asset, and every mistake that is in the way of one.
fn route_all(assets: &Assets, registry: &Registry) -> (Routes, Vec<Diagnostic>) {
    let mut routes = Routes::default();
    let mut said = Said::default();
    for (name, asset) in &assets.by_name {
        match route(asset, registry) {
            Ok(routing) => routes.finals.extend(routing.map(|routing| (name.clone(), routing))),
            Err(diagnostic) => said.add(vec![diagnostic], name.as_str(), &asset.cell),
        }
        if asset.draft.is_some() {
            match route(&asset.as_draft(), registry) {
                Ok(routing) => routes.drafts.extend(routing.map(|routing| (name.clone(), routing))),
                Err(mut diagnostic) => {
                    diagnostic.message = format!("as a draft, {}", diagnostic.message);
                    said.add(vec![diagnostic], name.as_str(), &asset.cell);
                }
            }
        }
    }
    (routes, said.mistakes().collect())
}

/// Without a home folder, the cache must not end up in whatever folder is the current one.
pub(crate) fn no_home() -> Note {
    let help = "set TINTYPE_CACHE_DIR to a folder that stays: it keeps every paid original";
    Note::new("no-home", "there is no home folder for the cache", help)
}

fn cache_folder(manifest: &Manifest, files: &Files, surroundings: &Surroundings) -> Result<PathBuf, Vec<Diagnostic>> {
    if let Some(folder) = &surroundings.cache {
        return Ok(folder.clone());
    }
    let Some(written) = &manifest.cache_dir else { return Ok(surroundings.default_cache.clone()) };
    if Path::new(&written.value).is_absolute() {
        return Ok(PathBuf::from(&written.value));
    }
    match ProjectPath::new(&written.value) {
        Ok(path) => Ok(files.locate(&path)),
        Err(reason) => {
            let error = written.error("bad-path", format!("the cache can't be there: {reason}"), "this path");
            Err(vec![error.help("write a folder inside the project or an absolute path, or set TINTYPE_CACHE_DIR")])
        }
    }
}

impl Keys {
    /// Every key, for redacting.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.by_provider.values()
    }
}
