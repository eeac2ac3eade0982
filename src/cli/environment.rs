//! What the environment says: switches, the cache, keys, who watches. Nothing else of tintype looks at it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::cli::args::parse_dollars;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::files::MANIFEST;
use crate::model::TrustedHosts;
use crate::project::{Project, ProjectError, Surroundings};

/// Stands for the cache's folder where there is no home: an error only if neither manifest nor environment names another.
const NOWHERE: &str = "no home folder";

/// The environment's variables, as far as they are text.
#[derive(Debug)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    pub(crate) fn read() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { variables: std::env::vars_os().filter_map(text).collect() }
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
        if project.cache_folder() == Path::new(NOWHERE) {
            let message = "there is no home folder for the cache";
            let help = "set TINTYPE_CACHE_DIR to a folder that stays: it keeps every paid original";
            return Err(Failure::new(Exit::Invalid, "no-home", message, help));
        }
        Ok(project)
    }

    fn surroundings(&self) -> Result<Surroundings, Failure> {
        let cache =
            std::env::var_os("TINTYPE_CACHE_DIR").filter(|folder| !folder.is_empty()).map(absolute).transpose()?;
        let home = etcetera::choose_base_strategy().ok().map(|strategy| strategy.data_dir().join("tintype"));
        Ok(Surroundings {
            default_cache: home.unwrap_or_else(|| PathBuf::from(NOWHERE)),
            cache,
            variables: self.variables.clone(),
            trusted_hosts: TrustedHosts::parse(self.text("TINTYPE_TRUST_HOSTS").unwrap_or_default()),
        })
    }
}

fn absolute(folder: std::ffi::OsString) -> Result<PathBuf, Failure> {
    std::path::absolute(PathBuf::from(folder)).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            "usage",
            format!("TINTYPE_CACHE_DIR can't be used: {error}"),
            "write an absolute path",
        )
    })
}

/// The nearest images.toml, here or in a folder above.
fn find_manifest() -> Result<PathBuf, Failure> {
    let folder = std::env::current_dir().map_err(|error| {
        let message = format!("the current folder can't be read: {}", crate::files::describe(&error));
        Failure::new(Exit::Invalid, "no-manifest", message, "change to a folder that exists, or name --manifest-path")
    })?;
    let candidates = folder.ancestors().map(|folder| folder.join(MANIFEST));
    // A link that leads nowhere is a manifest, too: opening it says what is wrong.
    candidates.into_iter().find(|path| path.symlink_metadata().is_ok()).ok_or_else(|| {
        let message = format!("there is no {MANIFEST} in {} or in a folder above it", folder.display());
        Failure::new(
            Exit::Invalid,
            "no-manifest",
            message,
            "`tintype init` writes one; --manifest-path names one elsewhere",
        )
    })
}
