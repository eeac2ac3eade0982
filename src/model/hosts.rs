//! Which hosts may be sent a key: a manifest comes with a pull request and can't send one somewhere new.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Place, ProviderKeys};
use crate::model::{BaseUrl, ByName, Provider};

/// Hosts that `TINTYPE_TRUST_HOSTS` names: the only ones, besides built-in and loopback, to which a key may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedHosts(BTreeSet<String>);

impl TrustedHosts {
    /// Reads a list with commas.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect())
    }

    /// Whether a host is on the list.
    pub fn contains(&self, host: &str) -> bool {
        self.0.contains(host)
    }

    /// The hosts in order.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Whether a provider's key may go to its host. `built_in` are the providers whose keys belong to their hosts.
pub(crate) fn check_host(
    name: &str,
    keys: &ProviderKeys,
    base_url: &BaseUrl,
    variable: Option<&str>,
    trusted: &TrustedHosts,
    built_in: &ByName<Provider>,
) -> Result<(), Diagnostic> {
    let place: &Place =
        keys.base_url.as_ref().or(keys.api_key_env.as_ref()).map_or(&keys.place, |written| &written.place);
    let host = base_url.host();
    let is_trusted = trusted.contains(host);
    let is_safe = base_url.is_https() || base_url.is_loopback() || (is_trusted && variable.is_none());
    if !is_safe {
        let message = format!("`{name}` would be spoken to without encryption");
        let help = if variable.is_none() {
            format!("write https://, or set TINTYPE_TRUST_HOSTS={host} in the environment: no key goes there")
        } else {
            "write https://: a key travels only encrypted, or to this machine".to_string()
        };
        return Err(place.error("insecure-host", message, "not https").help(help));
    }
    let belongs = |provider: &Provider| {
        provider.api_key_env.as_deref() == variable
            && provider.base_url.as_ref().is_some_and(|url| url.host() == host && url.is_https())
    };
    let Some(variable) = variable else { return Ok(()) };
    if base_url.is_loopback() || is_trusted || built_in.values().any(belongs) {
        return Ok(());
    }
    let message = format!("the key in {variable} doesn't belong to the host {host}");
    let help = format!(
        "a key goes only to the built-in host of its provider, or to this machine; if you trust {host} with it, set \
         TINTYPE_TRUST_HOSTS={host} in the environment"
    );
    Err(place.error("untrusted-host", message, "the key would go there").help(help))
}
