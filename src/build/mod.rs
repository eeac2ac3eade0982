//! For build scripts: the pictures of `images.toml` as a checked Rust module, from what is committed alone.
//!
//! A build script reads and compares; it needs no network, no key and no cache, spends nothing, and writes to `OUT_DIR`
//! only. Cargo hears what the build stands on, so that the script runs again when, and only when, any of it changes.
//!
//! ```toml
//! [build-dependencies]
//! tintype = { version = "0.1", default-features = false }
//! ```
//!
//! ```no_run
//! // in the `main` of build.rs
//! tintype::build::Build::new().placeholders(true).emit();
//! ```
//!
//! ```ignore
//! // src/main.rs
//! mod images {
//!     include!(concat!(env!("OUT_DIR"), "/images.rs"));
//! }
//!
//! let sword = images::icons::SWORD.bytes();
//! ```

mod memory;
mod stand_in;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::build::memory::Memory;
use crate::build::stand_in::StandIns;
use crate::build::words::{Told, problems};
use crate::codegen::{Catalogue, Reach, atlas_clashes, clashes, published_files, rust};
use crate::environment::CACHE_DIR;
#[cfg(feature = "generate")]
use crate::event::{Silent, Stop};
use crate::files::MANIFEST;
use crate::name::ProjectPath;
use crate::plan::Note;
use crate::project::{Allowed, Project, ProjectError, Selection, Surroundings};
#[cfg(feature = "generate")]
use crate::project::{SyncOptions, Synced};

/// What a build script makes of the pictures of a package.
#[derive(Debug, Clone)]
#[must_use = "a build says and writes nothing until `emit`"]
pub struct Build {
    manifest: Option<PathBuf>,
    module: String,
    placeholders: bool,
    #[cfg(feature = "generate")]
    online: Option<SyncOptions>,
}

/// What Cargo tells a build script.
#[derive(Debug, Clone)]
struct Around {
    /// The package's folder, without links.
    package: PathBuf,
    out: PathBuf,
    is_debug: bool,
    /// The build is docs.rs's: there is what was packaged, and nothing can be made.
    is_docs: bool,
    surroundings: Surroundings,
}

impl Default for Build {
    fn default() -> Self {
        Self::new()
    }
}

impl Build {
    /// The `images.toml` beside `Cargo.toml`, as `images.rs` in `OUT_DIR`. Whatever isn't as declared is a build error.
    pub fn new() -> Self {
        Self {
            manifest: None,
            module: "images.rs".to_string(),
            placeholders: false,
            #[cfg(feature = "generate")]
            online: None,
        }
    }

    /// Another manifest, from the package's folder. One outside of it is never part of a published package.
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(path.into());
        self
    }

    /// Another name for the module's file in `OUT_DIR`, for packages with several manifests.
    pub fn module(mut self, file: impl Into<String>) -> Self {
        self.module = file.into();
        self
    }

    /// In debug builds, work goes on with what is missing or out of date: a warning says so, and a chequered stand-in of the
    /// right size takes the place of a file that isn't there. Release builds fail as ever.
    pub fn placeholders(mut self, allowed: bool) -> Self {
        self.placeholders = allowed;
        self
    }

    /// First makes what is missing, as `tintype sync` does, with keys from the environment. Nobody can be asked during a
    /// build: nothing is spent unless the options say [`yes`](SyncOptions::yes), and the more reason to set
    /// [`max_cost_usd`](SyncOptions::max_cost_usd).
    #[cfg(feature = "generate")]
    pub fn online(mut self, options: SyncOptions) -> Self {
        self.online = Some(SyncOptions { unattended: true, ..options });
        self
    }

    /// Writes the module to `OUT_DIR` and tells Cargo what the build stands on. What is missing or out of date, mistakes of
    /// the manifest and everything else that is in the way become errors of the build.
    ///
    /// # Panics
    ///
    /// Outside a build script, where Cargo hasn't set `CARGO_MANIFEST_DIR` and `OUT_DIR`.
    #[expect(clippy::print_stdout, reason = "Cargo listens there")]
    pub fn emit(&self) {
        let around = Around::of_process();
        for line in self.tell(&around).lines() {
            println!("{line}");
        }
    }

    fn tell(&self, around: &Around) -> Told {
        let mut told = Told::default();
        told.rerun_env(CACHE_DIR);
        let manifest = match self.find(around) {
            Ok(manifest) => manifest,
            Err(why) if around.is_docs => {
                told.warning(&format!("{why}; the module is empty"));
                let empty = rust(&Catalogue::default(), &Reach { folder: String::new() });
                told.check(self.write(around, &empty));
                return told;
            }
            Err(why) => {
                told.error(&why);
                return told;
            }
        };
        let memory = self.memory(around);
        if let Some(lines) = memory.recall(&manifest) {
            return Told::recalled(lines);
        }
        #[cfg(feature = "generate")]
        if let Err(error) = self.make(&manifest, around) {
            told.mistakes(&error);
            return told;
        }
        match open(&manifest, around) {
            Ok(project) => {
                let judged = self.judge(&project, around, &mut told);
                let outputs = judged.unwrap_or_else(|error| {
                    told.mistakes(&error);
                    Vec::new()
                });
                told.rerun(&project, &around.package, &outputs);
                if !told.is_failure() {
                    memory.keep(&project, &outputs, &told);
                }
            }
            Err(error) => told.mistakes(&error),
        }
        told
    }

    /// What the last build of this kind left.
    fn memory(&self, around: &Around) -> Memory {
        let Around { package, is_debug, is_docs, surroundings, .. } = around;
        let world =
            (self, package, is_debug, is_docs, &surroundings.cache, &surroundings.default_cache, &surroundings.program);
        Memory::new(&around.out, &self.module, &format!("{world:?}"))
    }

    /// The manifest's file, or why there is none.
    fn find(&self, around: &Around) -> Result<PathBuf, String> {
        let path = around.package.join(self.manifest.as_deref().unwrap_or(Path::new(MANIFEST)));
        if path.is_file() {
            return Ok(path);
        }
        if let Some(manifest) = &self.manifest {
            let shown = manifest.display();
            let outside = manifest.is_absolute() || manifest.starts_with("..");
            let cure =
                if outside { "; a package that is packed or published holds only what lies in its folder" } else { "" };
            return Err(format!("there is no {shown}, seen from the package's folder{cure}"));
        }
        let above = around.package.ancestors().enumerate().skip(1);
        let found = above.map(|(depth, folder)| (depth, folder.join(MANIFEST))).find(|(_, path)| path.is_file());
        Err(match found {
            Some((depth, _)) => {
                let way = format!("{}{MANIFEST}", "../".repeat(depth));
                format!(
                    "there is no {MANIFEST} beside Cargo.toml; if {way} is meant, say so: \
                     Build::new().manifest(\"{way}\"), and know that a published package can't hold it"
                )
            }
            None => format!("there is no {MANIFEST} beside Cargo.toml: `tintype init` writes one"),
        })
    }

    /// Makes what is missing, where that is wanted.
    #[cfg(feature = "generate")]
    fn make(&self, manifest: &Path, around: &Around) -> Result<(), ProjectError> {
        let Some(options) = &self.online else { return Ok(()) };
        failure(&Project::open(manifest, &around.surroundings)?.sync(options, &Silent, &Stop::default())?)
    }

    /// Says what isn't as declared, and writes the module where work can go on. Gives the files that it speaks of.
    fn judge(&self, project: &Project, around: &Around, told: &mut Told) -> Result<Vec<ProjectPath>, ProjectError> {
        let reach = reach(project, around)?;
        let mut clashes = clashes(&project.manifest, &project.assets, true);
        clashes.extend(atlas_clashes(&project.assets, &project.atlases));
        if !clashes.is_empty() {
            return Err(ProjectError::Invalid(clashes));
        }
        let survey = project.survey(&Selection::default(), &Allowed::default())?;
        let mut outputs = published_files(&project.manifest, &project.assets, &survey.lock);
        outputs.extend(project.sheets(&survey.lock));
        let goes_on = around.is_docs || (self.placeholders && around.is_debug);
        for problem in problems(&survey, &command(&reach, project.files.manifest_name())) {
            if !goes_on {
                told.error(&problem);
            } else if !around.is_docs {
                told.warning(&problem);
            }
        }
        if !told.is_failure() {
            let stand_ins = StandIns::new(project, &around.out);
            let (manifest, assets, atlases) = (&project.manifest, &project.assets, &project.atlases);
            let mut catalogue = Catalogue::new(manifest, assets, atlases, &survey.lock, |asset, output, path| {
                if goes_on { stand_ins.file(asset, output, path, &survey.lock) } else { None }
            });
            if goes_on {
                catalogue.fill(manifest, assets, atlases, &survey.lock);
            }
            told.check(stand_ins.written());
            told.check(self.write(around, &rust(&catalogue, &reach)));
        }
        Ok(outputs)
    }

    /// Writes the module, if it says anything else than before: what is newer is compiled anew.
    fn write(&self, around: &Around, text: &str) -> io::Result<()> {
        put(&around.out.join(&self.module), text.as_bytes())
    }
}

/// Writes a file that says anything else than before.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)
}

impl Around {
    fn of_process() -> Self {
        let folder = |name: &str| {
            let folder = std::env::var_os(name).map(PathBuf::from);
            folder.unwrap_or_else(|| panic!("{name} isn't set: Build::emit is for build scripts, which Cargo runs"))
        };
        let is = |name: &str, value: Option<&str>| {
            std::env::var_os(name).is_some_and(|set| value.is_none_or(|value| set == value))
        };
        let package = folder("CARGO_MANIFEST_DIR");
        Self {
            package: fs::canonicalize(&package).unwrap_or(package),
            out: folder("OUT_DIR"),
            is_debug: is("PROFILE", Some("debug")),
            is_docs: is("DOCS_RS", None),
            surroundings: Surroundings::of_process().unwrap_or_default(),
        }
    }
}

/// The project, with nobody's keys.
fn open(manifest: &Path, around: &Around) -> Result<Project, ProjectError> {
    let mut surroundings =
        Surroundings { variables: BTreeMap::new(), without_dotenv: true, ..around.surroundings.clone() };
    // Where there is no home, there is no cache to look into, and none is needed.
    if surroundings.default_cache.as_os_str().is_empty() {
        surroundings.default_cache = around.out.join("no-cache");
    }
    Project::open(manifest, &surroundings)
}

/// The way from the package to the pictures.
fn reach(project: &Project, around: &Around) -> Result<Reach, ProjectError> {
    Reach::between(&around.package, project.root()).ok_or_else(|| {
        let (package, root) = (around.package.display(), project.root().display());
        let message = format!("no path leads from {package} to {root} that code could hold");
        let help = "keep both on one drive, in folders whose names are UTF-8";
        ProjectError::Broken(Note::new("no-way", message, help))
    })
}

/// What makes the pictures, as it is typed in the package's folder.
fn command(reach: &Reach, manifest: &str) -> String {
    if reach.folder.is_empty() && manifest == MANIFEST {
        return "tintype sync".to_string();
    }
    format!("tintype --manifest-path {}{manifest} sync", reach.folder)
}

/// Why a sync didn't make everything.
#[cfg(feature = "generate")]
fn failure(synced: &Synced) -> Result<(), ProjectError> {
    if synced.is_complete() {
        return Ok(());
    }
    let failed = synced.results.values().find_map(|result| result.error.clone());
    let note = failed.unwrap_or_else(|| Note::new("interrupted", "the sync didn't come to its end", ""));
    Err(ProjectError::Broken(note))
}

#[cfg(all(test, feature = "generate"))]
mod tests;
