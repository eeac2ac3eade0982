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
mod error;
#[cfg(feature = "generate")]
mod fetch;
mod keys;
mod ledger;
mod open;
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
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::atlas::Atlas;
use crate::cache::Cache;
use crate::digest::Digest;
use crate::files::Files;
#[cfg(feature = "generate")]
use crate::files::Watched;
use crate::lock::Lockfile;
use crate::manifest::Manifest;
use crate::model::{Registry, TrustedHosts};
use crate::name::AssetName;
use crate::observe::{Learned, Observed, observe};
use crate::plan::{Plan, Policy, plan};
use crate::resolve::{Asset, Assets, Explanation, explain, render};
use crate::route::{Routes, Routing};
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
pub use crate::project::error::ProjectError;
pub use crate::project::keys::{KeySource, Keys};
#[cfg(feature = "cli")]
pub(crate) use crate::project::open::no_home;
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
    /// What was read of it so far.
    #[cfg(feature = "generate")]
    pub fn watched(&self) -> Watched {
        self.files.watched()
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

impl Keys {
    /// Every key, for redacting.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.by_provider.values()
    }
}
