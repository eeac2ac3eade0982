//! Which providers can be asked: their keys, from the environment or from a `.env` beside the manifest.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::{FileError, Files};
use crate::model::Registry;
use crate::secret::Secret;

/// The keys that are set. Never shown.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub(crate) by_provider: BTreeMap<String, Secret>,
    /// Providers whose key is set, or that need none.
    pub(crate) usable: BTreeSet<String>,
}

impl Keys {
    /// The environment wins over `.env`, which gives provider keys only. An empty value is none.
    pub(crate) fn read(
        registry: &Registry,
        files: &Files,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, FileError> {
        let dotenv = files.read_dotenv()?.map(|text| parse(&text)).unwrap_or_default();
        let mut keys = Self::default();
        for provider in registry.providers.values() {
            let Some(variable) = &provider.api_key_env else {
                keys.usable.insert(provider.name.clone());
                continue;
            };
            let value = variables.get(variable).filter(|value| !value.trim().is_empty()).or(dotenv.get(variable));
            if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                keys.usable.insert(provider.name.clone());
                keys.by_provider.insert(provider.name.clone(), Secret::new(value));
            }
        }
        Ok(keys)
    }
}

/// Lines that can't be read are passed over: an error would have to show them.
fn parse(text: &str) -> BTreeMap<String, String> {
    dotenvy::from_read_iter(text.as_bytes()).filter_map(Result::ok).collect()
}
