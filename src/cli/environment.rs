//! What the environment says: switches, the cache, keys, who watches. Nothing else of tintype looks at it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::cli::args::parse_dollars;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::environment::variables;
use crate::files::MANIFEST;
use crate::project::{Examination, Project, ProjectError, Surroundings, no_home};

/// Stands for the cache's folder where there is no home: an error only if neither manifest nor environment names another.
const NOWHERE: &str = "no home folder";

/// The environment's variables, as far as they are text.
#[derive(Debug)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    pub(crate) fn read() -> Self {
        let variables = variables();
        #[cfg(feature = "failpoints")]
        variables.get("TINTYPE_FAILPOINT").into_iter().for_each(|point| crate::failpoint::arm(point));
        Self { variables }
    }

    /// Whether a switch is on: set, and to nothing that means no.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        let value = self.variables.get(name).map(|value| value.trim().to_lowercase());
        value.is_some_and(|value| !["", "0", "false", "f", "no", "n", "off"].contains(&value.as_str()))
    }

    /// A variable that isn't empty.
    fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// `TINTYPE_MAX_COST`.
    pub(crate) fn max_cost(&self) -> Result<Option<f64>, Failure> {
        let Some(text) = self.text("TINTYPE_MAX_COST") else { return Ok(None) };
        let amount = parse_dollars(text);
        amount.map(Some).map_err(|help| Failure::usage(&format!("TINTYPE_MAX_COST can't be `{text}`"), &help))
    }

    /// Opens the project of this manifest, or of the nearest one.
    pub(crate) fn open(&self, manifest: Option<&Path>) -> Result<Project, Failure> {
        let manifest = manifest.map_or_else(find_manifest, |manifest| Ok(manifest.to_path_buf()))?;
        let project = match Project::open(&manifest, &self.surroundings()?) {
            Err(ProjectError::File(error)) if error.missing && manifest.symlink_metadata().is_err() => {
                let message = format!("there is no {}", manifest.display());
                return Err(Failure::new(
                    Exit::Invalid,
                    "no-manifest",
                    message,
                    "`tintype init DIR` writes an images.toml",
                ));
            }
            opened => opened?,
        };
        has_home(project.cache_folder())?;
        Ok(project)
    }

    /// The same, for who can do without a project: nothing where no manifest is named and none lies here or above.
    pub(crate) fn open_if_any(&self, manifest: Option<&Path>) -> Result<Option<Project>, Failure> {
        match locate(manifest)? {
            Some(manifest) => self.open(Some(&manifest)).map(Some),
            None => Ok(None),
        }
    }

    /// The cache that is used where no manifest names another.
    pub(crate) fn cache(&self) -> Result<Cache, Failure> {
        let surroundings = self.surroundings()?;
        let folder = surroundings.cache.unwrap_or(surroundings.default_cache);
        if folder == Path::new(NOWHERE) {
            return Err(ProjectError::NotPossible(no_home()).into());
        }
        Ok(Cache::new(&folder))
    }

    /// The variables, for the keys among them.
    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    pub(crate) fn surroundings(&self) -> Result<Surroundings, Failure> {
        let failed = |error| {
            let message = format!("TINTYPE_CACHE_DIR can't be used: {error}");
            Failure::new(Exit::Invalid, "usage", message, "write an absolute path")
        };
        let surroundings = Surroundings::of_variables(self.variables.clone()).map_err(failed)?;
        let is_nowhere = surroundings.default_cache.as_os_str().is_empty();
        let default_cache = if is_nowhere { PathBuf::from(NOWHERE) } else { surroundings.default_cache };
        Ok(Surroundings { default_cache, ..surroundings })
    }
}

/// The manifest that is named, or the nearest one.
pub(crate) fn locate(manifest: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match manifest {
        Some(manifest) => Ok(Some(manifest.to_path_buf())),
        None => Ok(nearest_manifest(&current_folder()?)),
    }
}

/// The same, and an error where there is none.
pub(crate) fn locate_or_fail(manifest: Option<&Path>) -> Result<PathBuf, Failure> {
    manifest.map_or_else(find_manifest, |manifest| Ok(manifest.to_path_buf()))
}

/// An error where the cache's folder would be in a home that there isn't.
pub(crate) fn has_home(cache: &Path) -> Result<(), Failure> {
    if cache != Path::new(NOWHERE) {
        return Ok(());
    }
    Err(ProjectError::NotPossible(no_home()).into())
}

/// Where there is no home, there is no folder for the cache that could be written to.
pub(crate) fn judge_home(found: &mut Examination) {
    if found.cache.folder == Path::new(NOWHERE) {
        found.problems.retain(|note| note.code != "cache");
        found.problems.push(no_home());
        found.cache.fault = Some(NOWHERE.to_string());
    }
}

fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        let message = format!("the current folder can't be read: {}", crate::files::describe(&error));
        Failure::new(Exit::Invalid, "no-manifest", message, "change to a folder that exists, or name --manifest-path")
    })
}

/// The nearest images.toml, in this folder or in one above. A link that leads nowhere is one, too: opening it says what is
/// wrong.
fn nearest_manifest(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(MANIFEST)).find(|path| path.symlink_metadata().is_ok())
}

fn find_manifest() -> Result<PathBuf, Failure> {
    let folder = current_folder()?;
    nearest_manifest(&folder).ok_or_else(|| {
        let message = format!("there is no {MANIFEST} in {} or in a folder above it", folder.display());
        Failure::new(
            Exit::Invalid,
            "no-manifest",
            message,
            "`tintype init` writes one; --manifest-path names one elsewhere",
        )
    })
}
