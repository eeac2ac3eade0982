//! What this process's environment says: for programs that go by it, as the command line and build scripts do.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::model::TrustedHosts;
use crate::project::Surroundings;

/// The variable that names the cache's folder.
pub const CACHE_DIR: &str = "TINTYPE_CACHE_DIR";
/// The variable that names hosts that may be sent keys.
pub const TRUST_HOSTS: &str = "TINTYPE_TRUST_HOSTS";

impl Surroundings {
    /// What the environment of this process says: the cache in the user's data folder or where `TINTYPE_CACHE_DIR` says, the
    /// variables with keys, `TINTYPE_TRUST_HOSTS`. An error where the cache's folder can't be made absolute. Where there is
    /// no home, [`default_cache`](Self::default_cache) is empty, and only a project that says where its cache is can be opened.
    pub fn of_process() -> io::Result<Self> {
        Self::of_variables(variables())
    }

    /// The same, with these variables.
    pub(crate) fn of_variables(variables: BTreeMap<String, String>) -> io::Result<Self> {
        // By itself, as a path need not be text.
        let folder = std::env::var_os(CACHE_DIR).filter(|folder| !folder.is_empty());
        let cache = folder.map(|folder| std::path::absolute(PathBuf::from(folder))).transpose()?;
        let home = etcetera::choose_base_strategy().ok().map(|strategy| strategy.data_dir().join("tintype"));
        let hosts = variables.get(TRUST_HOSTS).map(|hosts| hosts.trim()).unwrap_or_default();
        Ok(Self {
            default_cache: home.unwrap_or_default(),
            cache,
            without_dotenv: false,
            trusted_hosts: TrustedHosts::parse(hosts),
            variables,
            program: program().unwrap_or_default(),
        })
    }
}

/// The environment's variables, as far as they are text.
pub(crate) fn variables() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// This very file: size and time tell one build from another.
fn program() -> Option<String> {
    let metadata = std::env::current_exe().and_then(std::fs::metadata).ok()?;
    Some(format!("{} {:?}", metadata.len(), metadata.modified().ok()?))
}
