//! Which providers can be asked: their keys, from the environment or from a `.env` beside the manifest.
//!
//! Says of a key whether it is set and where; the key itself is for the requests alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Registry;
use crate::secret::Secret;

/// The keys that are set. Never shown.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    pub(crate) by_provider: BTreeMap<String, Secret>,
    /// Providers whose key is set, or that need none.
    pub(crate) usable: BTreeSet<String>,
    sources: BTreeMap<String, KeySource>,
}

/// Where a provider's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The provider needs none.
    NotNeeded,
    /// The environment.
    Environment,
    /// The `.env` beside the manifest.
    Dotenv,
    /// It is set nowhere.
    Missing,
}

impl KeySource {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotNeeded => "not-needed",
            Self::Environment => "environment",
            Self::Dotenv => "dotenv",
            Self::Missing => "missing",
        }
    }
}

impl Keys {
    /// The environment wins over `.env`, which gives provider keys only. An empty value is none.
    pub(crate) fn of(registry: &Registry, dotenv: Option<&str>, variables: &BTreeMap<String, String>) -> Self {
        let dotenv = dotenv.map(parse).unwrap_or_default();
        let mut keys = Self::default();
        for provider in registry.providers.values() {
            let set = |values: &BTreeMap<String, String>| {
                let value = values.get(provider.api_key_env.as_ref()?).filter(|value| !value.trim().is_empty());
                value.map(Secret::new)
            };
            let (source, key) = match (&provider.api_key_env, set(variables), set(&dotenv)) {
                (None, _, _) => (KeySource::NotNeeded, None),
                (Some(_), Some(key), _) => (KeySource::Environment, Some(key)),
                (Some(_), None, Some(key)) => (KeySource::Dotenv, Some(key)),
                (Some(_), None, None) => (KeySource::Missing, None),
            };
            if source != KeySource::Missing {
                keys.usable.insert(provider.name.clone());
            }
            keys.by_provider.extend(key.map(|key| (provider.name.clone(), key)));
            keys.sources.insert(provider.name.clone(), source);
        }
        keys
    }

    /// The keys that the environment alone has, for who has no project.
    pub fn of_environment(registry: &Registry, variables: &BTreeMap<String, String>) -> Self {
        Self::of(registry, None, variables)
    }

    /// Where a provider's key comes from.
    pub fn source(&self, provider: &str) -> KeySource {
        self.sources.get(provider).copied().unwrap_or(KeySource::Missing)
    }

    /// Whether a provider can be asked: its key is set, or it needs none.
    pub fn is_usable(&self, provider: &str) -> bool {
        self.usable.contains(provider)
    }
}

/// Lines that can't be read are passed over: an error would have to show them.
fn parse(text: &str) -> BTreeMap<String, String> {
    dotenvy::from_read_iter(text.as_bytes()).filter_map(Result::ok).collect()
}
