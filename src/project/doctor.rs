//! What a project finds around it: manifest, lockfile, cache, keys, providers; and what of that is wrong.
//!
//! Works without a manifest and with a broken one, writes nothing, shows no key, and goes over the network only if asked to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::event::Silent;
use crate::files::{Files, describe};
use crate::manifest::gather;
use crate::model::{BaseUrl, Provider, Registry};
use crate::plan::{Note, Plan, PlannedAsset};
use crate::project::cache::check;
use crate::project::open::cache_folder;
use crate::project::{Allowed, KeySource, Keys, Project, ProjectError, Selection, Surroundings};
use crate::provider::reach::reach;

/// What was found.
#[derive(Debug)]
pub struct Examination {
    /// The manifest; `None` where there is none.
    pub manifest: Option<ManifestState>,
    /// How the lockfile is; `None` where there is none, or no sound manifest.
    pub lockfile: Option<Soundness>,
    /// The cache.
    pub cache: CacheState,
    /// The `.env` beside the manifest.
    pub dotenv: Dotenv,
    /// Hosts that may be sent keys besides the built-in ones.
    pub trusted_hosts: Vec<String>,
    /// Every provider, by name, but the one that draws here.
    pub providers: Vec<ProviderState>,
    /// What is wrong, as far as this project needs it.
    pub problems: Vec<Note>,
}

/// The manifest that was examined.
#[derive(Debug, Clone)]
pub struct ManifestState {
    /// Where it is.
    pub path: PathBuf,
    /// How it is, with all that it refers to.
    pub soundness: Soundness,
    /// How many assets it declares, where it is sound.
    pub assets: usize,
}

/// How a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing is wrong with it.
    Sound,
    /// It has so many mistakes.
    Invalid(usize),
    /// It can't be read, for this reason.
    Unreadable(String),
}

/// The folder of the cache.
#[derive(Debug, Clone)]
pub struct CacheState {
    /// Where it is, or will be.
    pub folder: PathBuf,
    /// Why it can't be written; `None` where it can.
    pub fault: Option<String>,
}

/// Whether there is a `.env`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dotenv {
    /// There is none.
    None,
    /// It was read.
    Read,
    /// It can't be read, for this reason.
    Unreadable(String),
}

/// A provider, as far as it concerns the project.
#[derive(Debug, Clone)]
pub struct ProviderState {
    /// Its name.
    pub name: String,
    /// The variable that holds its key; `None` where it needs none.
    pub variable: Option<String>,
    /// Where its key comes from.
    pub key: KeySource,
    /// The host of its base URL.
    pub host: Option<String>,
    /// Whether the manifest has put it there.
    pub is_overridden: bool,
    /// How many assets of the project it can serve.
    pub assets: usize,
    /// Whether anybody answers there, or why not; `None` where nobody was asked.
    pub reached: Option<Result<(), String>>,
}

/// Looks at everything, and says what is wrong. With `online`, the providers' addresses are asked for, all at the same time.
pub fn examine(manifest: Option<&Path>, surroundings: &Surroundings, online: bool) -> Examination {
    let opened = manifest.map(|manifest| Project::open(manifest, surroundings));
    let state = manifest.zip(opened.as_ref()).map(|(path, opened)| ManifestState {
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
        soundness: opened.as_ref().map_or_else(soundness, |_| Soundness::Sound),
        assets: opened.as_ref().map_or(0, |project| project.assets.by_name.len()),
    });
    let project = opened.and_then(Result::ok);
    let (dotenv, dotenv_text) = manifest.map_or((Dotenv::None, None), read_dotenv);
    let registry = project.as_ref().map_or_else(Registry::built_in, |project| project.registry.clone());
    let keys = Keys::of(&registry, dotenv_text.as_deref(), &surroundings.variables);
    let mut found = Examination {
        manifest: state,
        lockfile: None,
        cache: cache(project.as_ref(), manifest, surroundings),
        dotenv,
        trusted_hosts: surroundings.trusted_hosts.hosts().map(str::to_string).collect(),
        providers: providers(&registry, &keys, project.as_ref()),
        problems: Vec::new(),
    };
    if online {
        found.ask(&registry);
    }
    found.judge_files();
    if let Some(project) = &project {
        match project.survey(&Selection::default(), &Allowed::default()) {
            Ok(survey) => {
                found.lockfile = survey.lock_text.is_some().then_some(Soundness::Sound);
                found.judge_providers(&survey.plan);
            }
            Err(error) => found.judge_lockfile(&error),
        }
    }
    found
}

fn soundness(error: &ProjectError) -> Soundness {
    match error {
        ProjectError::Invalid(mistakes) => Soundness::Invalid(mistakes.len()),
        error => Soundness::Unreadable(error.to_string()),
    }
}

fn read_dotenv(manifest: &Path) -> (Dotenv, Option<String>) {
    match Files::open(manifest).and_then(|files| files.read_dotenv()) {
        Ok(Some(text)) => (Dotenv::Read, Some(text)),
        Ok(None) => (Dotenv::None, None),
        // That the manifest itself can't be opened is said of the manifest.
        Err(error) if error.path != ".env" => (Dotenv::None, None),
        Err(error) => (Dotenv::Unreadable(error.reason), None),
    }
}

/// The cache's folder is known as well where the manifest has mistakes elsewhere.
fn cache(project: Option<&Project>, manifest: Option<&Path>, surroundings: &Surroundings) -> CacheState {
    let of_manifest = || {
        let files = Files::open(manifest?).ok()?;
        let manifest = gather(&files).ok()?.manifest?;
        cache_folder(&manifest, &files, surroundings).ok()
    };
    let usual = || surroundings.cache.as_ref().unwrap_or(&surroundings.default_cache).clone();
    let folder = match project {
        Some(project) => project.cache_folder().to_path_buf(),
        None => of_manifest().unwrap_or_else(usual),
    };
    let cache = Cache::new(&folder);
    let strange = check(&cache, &Silent).err().map(|error| error.to_string());
    let fault = strange.or_else(|| cache.could_write().err().map(|error| describe(&error)));
    CacheState { folder, fault }
}

fn providers(registry: &Registry, keys: &Keys, project: Option<&Project>) -> Vec<ProviderState> {
    let built_in = Registry::built_in().providers;
    let serves = |provider: &str| {
        let routes = project.map(|project| project.routes.finals.values()).into_iter().flatten();
        routes.filter(|routing| routing.candidates.iter().any(|one| one.route.provider == provider)).count()
    };
    let state = |provider: &Provider| {
        let usual = built_in.get(&provider.name).and_then(|usual| usual.base_url.as_ref());
        ProviderState {
            name: provider.name.clone(),
            variable: provider.api_key_env.clone(),
            key: keys.source(&provider.name),
            host: provider.base_url.as_ref().map(|url| url.host().to_string()),
            is_overridden: provider.base_url.as_ref() != usual,
            assets: serves(&provider.name),
            reached: None,
        }
    };
    registry.providers.values().filter(|provider| provider.base_url.is_some()).map(state).collect()
}

impl Examination {
    /// Asks for every provider's address.
    fn ask(&mut self, registry: &Registry) {
        let address = |provider: &ProviderState| registry.providers.get(&provider.name)?.base_url.clone();
        let addresses: Vec<BaseUrl> = self.providers.iter().filter_map(address).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answers = match runtime {
            Ok(runtime) => runtime.block_on(reach(&addresses)),
            Err(error) => vec![Err(describe(&error)); addresses.len()],
        };
        for (provider, answer) in self.providers.iter_mut().zip(answers) {
            provider.reached = Some(answer);
        }
    }

    fn problem(&mut self, code: &'static str, message: String, help: &str) {
        self.problems.push(Note::new(code, message, help));
    }

    fn judge_files(&mut self) {
        let manifest = self.manifest.as_ref();
        let name = manifest.and_then(|manifest| manifest.path.file_name()).unwrap_or_default().to_string_lossy();
        let broken = match manifest.map(|manifest| &manifest.soundness) {
            None | Some(Soundness::Sound) => None,
            Some(Soundness::Invalid(1)) => Some(format!("{name} has 1 mistake")),
            Some(Soundness::Invalid(count)) => Some(format!("{name} has {count} mistakes")),
            Some(Soundness::Unreadable(reason)) => Some(format!("{name} can't be worked with: {reason}")),
        };
        if let Some(message) = broken {
            self.problem("manifest", message, "run `tintype check`: it shows where");
        }
        if let Some(fault) = self.cache.fault.clone() {
            let message = format!("the cache at {} can't be written: {fault}", self.cache.folder.display());
            self.problem("cache", message, "mend it, or choose another with TINTYPE_CACHE_DIR");
        }
        if let Dotenv::Unreadable(reason) = self.dotenv.clone() {
            self.problem("dotenv", format!("the .env beside the manifest can't be read: {reason}"), "");
        }
    }

    fn judge_lockfile(&mut self, error: &ProjectError) {
        self.lockfile = Some(soundness(error));
        let message = match error {
            ProjectError::Invalid(_) => "images.lock is damaged".to_string(),
            error => format!("images.lock can't be read: {error}"),
        };
        self.problem("lockfile", message, "`tintype plan` shows what is wrong with it");
    }

    /// What stands between the project and the pictures that it is to ask for. What is made already needs nobody.
    fn judge_providers(&mut self, plan: &Plan) {
        let open = || plan.iter().filter(|one| one.images > 0);
        let mut without_key: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for one in open().filter(|one| !one.missing_keys.is_empty()) {
            *without_key.entry(one.missing_keys.clone()).or_default() += 1;
        }
        for (variables, count) in without_key {
            let variables = variables.join(" or ");
            let message = format!("{} can't be made: {variables} is not set", pictures(count));
            let help = format!("set {variables} in the environment, or in a .env file beside the manifest");
            self.problem("no-key", message, &help);
        }
        let mut unreachable: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for one in open().filter(|one| one.missing_keys.is_empty()) {
            let lost = self.lost(one);
            if !lost.is_empty() {
                *unreachable.entry(lost).or_default() += 1;
            }
        }
        for (reasons, count) in unreachable {
            let message = format!("{} can't be made: {}", pictures(count), reasons.join("; "));
            self.problem("unreachable", message, "check the network, and base_url if the manifest has one");
        }
    }

    /// Why nobody can be asked for an asset, where nobody of those whose key is set answers; else nothing.
    fn lost(&self, one: &PlannedAsset) -> Vec<String> {
        let names: BTreeSet<&str> = one.candidates.iter().map(|one| one.route.provider.as_str()).collect();
        let reason = |name: &&str| {
            let provider = self.providers.iter().find(|provider| provider.name == **name)?;
            let reason = provider.reached.as_ref()?.as_ref().err()?;
            Some(format!("{name} can't be reached: {reason}"))
        };
        let reasons: Vec<String> = names.iter().filter_map(reason).collect();
        if reasons.len() == names.len() { reasons } else { Vec::new() }
    }
}

fn pictures(count: usize) -> String {
    if count == 1 { "1 asset".to_string() } else { format!("{count} assets") }
}
