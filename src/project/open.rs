//! Opening a project: the manifest and all that it refers to, read, resolved and routed, with every mistake that is found on
//! the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::atlas::declare;
use crate::cache::Cache;
use crate::diagnostic::{Diagnostic, sort};
#[cfg(feature = "generate")]
use crate::files::Watched;
use crate::files::{Files, real};
use crate::manifest::{Manifest, Parsed, gather};
use crate::model::Registry;
use crate::name::ProjectPath;
use crate::plan::Note;
use crate::project::code::Code;
use crate::project::{Keys, Project, ProjectError, Surroundings};
use crate::resolve::cell::Said;
use crate::resolve::{Assets, Protected, resolve};
use crate::route::{Routes, route};

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

    pub(crate) fn of(files: Arc<Files>, surroundings: &Surroundings) -> Result<Self, ProjectError> {
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

/// The folder of the cache: as the environment, the manifest or this machine has it.
pub(crate) fn cache_folder(
    manifest: &Manifest,
    files: &Files,
    surroundings: &Surroundings,
) -> Result<PathBuf, Vec<Diagnostic>> {
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
