//! The registry: what models.toml knows, with the manifest's `[providers]` and `[models]` laid over it.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::{Manifest, ModelKeys, ProviderKeys, RouteKeys, Spanned};
use crate::model::{Api, BaseUrl, ByName, Fields, Limits, Model, Provider, Route, Vendor};
use crate::recipe::Size;
use crate::secret::is_variable_name;

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

/// Every provider and model that a project can use.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Providers by name.
    pub providers: ByName<Provider>,
    /// Models by canonical name.
    pub models: ByName<Model>,
}

impl Registry {
    /// What tintype knows by itself.
    pub fn built_in() -> Self {
        let document = DeTable::parse(include_str!("models.toml")).expect("models.toml is sound, a test says");
        let tables = |name: &str| document.get_ref().get(name).and_then(|value| value.get_ref().as_table());
        let named = |name: &str| {
            tables(name)
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.get_ref().to_string(), Facts::of(value.get_ref())))
        };
        Self {
            providers: named("providers").map(|(name, facts)| (name.clone(), facts.provider(&name))).collect(),
            models: named("models").map(|(name, facts)| (name.clone(), facts.model(name))).collect(),
        }
    }

    /// What the manifest makes of it, and every mistake in its tables.
    pub fn with(mut self, manifest: &Manifest, trusted: &TrustedHosts) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        for (name, keys) in &manifest.providers {
            match self.provider(name, keys, trusted) {
                Ok(provider) => {
                    self.providers.insert(name.clone(), provider);
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        for (name, keys) in &manifest.models {
            match self.model_with(name, keys, manifest) {
                Ok(model) => {
                    self.models.insert(model.name.clone(), model);
                }
                Err(mut diagnostics) => found.append(&mut diagnostics),
            }
        }
        (self, found)
    }

    /// The model of a canonical name or of a vendor's id.
    pub fn model(&self, name: &str) -> Option<&Model> {
        let by_id = || self.models.values().find(|model| model.routes.iter().any(|route| route.id == name));
        self.models.get(name).or_else(by_id)
    }

    fn provider(&self, name: &str, keys: &ProviderKeys, trusted: &TrustedHosts) -> Result<Provider, Diagnostic> {
        let built_in = self.providers.get(name);
        if name == "placeholder" {
            let error =
                keys.place.error("bad-value", "`placeholder` is drawn here: it has nothing to set", "this table");
            return Err(error.help("take the table out"));
        }
        let base_url = match &keys.base_url {
            Some(written) => Some(base_url(written)?),
            None => built_in.and_then(|provider| provider.base_url.clone()),
        };
        let api = keys.api.as_ref().map(api).transpose()?.or_else(|| built_in.and_then(|provider| provider.api));
        if built_in.is_none() && (base_url.is_none() || api.is_none()) {
            let known = self.providers.keys().map(String::as_str).filter(|name| *name != "placeholder");
            let help = nearest(name, known).map_or_else(
                || r#"write api = "openai-images" and base_url = "http://127.0.0.1:8080/v1""#.to_string(),
                |near| format!("did you mean `{near}`? A provider of your own needs an `api` and a `base_url`"),
            );
            let message = format!("`{name}` isn't built in and lacks an `api` or a `base_url`");
            return Err(keys.place.error("missing-key", message, "this provider").help(help));
        }
        let api_key_env = match &keys.api_key_env {
            Some(variable) => Some(variable_name(variable)?),
            None => built_in.and_then(|provider| provider.api_key_env.clone()),
        };
        if let Some(base_url) = &base_url {
            check_host(name, keys, base_url, api_key_env.as_deref(), trusted)?;
        }
        let base = built_in.cloned().unwrap_or_else(|| Provider::own(name));
        Ok(Provider {
            base_url,
            api,
            api_key_env,
            concurrency: keys.concurrency.unwrap_or(base.concurrency),
            requests_per_minute: keys.requests_per_minute.or(base.requests_per_minute),
            timeout: keys.timeout.unwrap_or(base.timeout),
            max_retries: keys.max_retries.unwrap_or(base.max_retries),
            ..base
        })
    }

    fn model_with(&self, name: &str, keys: &ModelKeys, manifest: &Manifest) -> Result<Model, Vec<Diagnostic>> {
        let built_in = self.model(name);
        let mut found = Vec::new();
        let mut routes = built_in.map(|model| model.routes.clone()).unwrap_or_default();
        if let Some(written) = &keys.routes {
            routes.clear();
            for route in written {
                match self.route(route, manifest) {
                    Ok(route) => routes.push(route),
                    Err(diagnostic) => found.push(diagnostic),
                }
            }
        }
        for (provider, cost) in &keys.cost_usd {
            let mut known = false;
            for route in routes.iter_mut().filter(|route| &route.provider == provider) {
                route.cost_usd = Some(cost.value);
                known = true;
            }
            if !known {
                found.push(self.unknown_provider(provider, &format!("`{name}` has no route to `{provider}`"), cost));
            }
        }
        if routes.is_empty() && found.is_empty() {
            let error =
                keys.place.error("missing-key", format!("`{name}` isn't built in and has no routes"), "this model");
            found.push(
                error.help(r#"write routes = [{ provider = "studio", id = "the-model-s-id-there", cost_usd = 0.0 }]"#),
            );
        }
        if !found.is_empty() {
            return Err(found);
        }
        let limits = built_in.map(|model| model.limits).unwrap_or_default();
        Ok(Model {
            name: built_in.map_or(name, |model| &model.name).to_string(),
            limits: Limits {
                min_pixels: keys.min_pixels.or(limits.min_pixels),
                max_pixels: keys.max_pixels.or(limits.max_pixels),
                min_ratio: keys.min_ratio.or(limits.min_ratio),
                max_ratio: keys.max_ratio.or(limits.max_ratio),
                multiple_of: keys.multiple_of.or(limits.multiple_of),
            },
            default_size: keys
                .default_size
                .as_ref()
                .map(|size| size.value.clone())
                .or_else(|| built_in.and_then(|model| model.default_size.clone())),
            routes,
        })
    }

    fn route(&self, keys: &RouteKeys, manifest: &Manifest) -> Result<Route, Diagnostic> {
        let name = &keys.provider.value;
        let provider = self.providers.get(name);
        let Some(provider) = provider else {
            // A provider that was declared but couldn't be read has its own error.
            let message = if manifest.providers.contains_key(name) {
                "this provider's table has a mistake"
            } else {
                "no such provider"
            };
            return Err(self.unknown_provider(name, message, &keys.provider));
        };
        let known = self
            .models
            .values()
            .flat_map(|model| &model.routes)
            .find(|route| route.provider == *name && route.id == keys.id.value);
        let other = self.models.values().flat_map(|model| &model.routes).find(|route| route.provider == *name);
        let written = keys.api.as_ref().map(api).transpose()?;
        let Some(api) = written.or(provider.api).or_else(|| known.or(other).map(|route| route.api)) else {
            let message = format!("the route doesn't say which api `{name}` speaks");
            return Err(keys.provider.error("missing-key", message, "this route").help(r#"add api = "openai-images""#));
        };
        let known = known.filter(|route| route.api == api);
        Ok(Route {
            provider: name.clone(),
            id: keys.id.value.clone(),
            api,
            path: keys
                .path
                .as_ref()
                .map_or_else(|| api.path().to_string(), |path| path.value.trim_matches('/').to_string()),
            fields: known.map_or_else(|| api.fields(), |route| route.fields),
            cost_usd: keys.cost_usd.or_else(|| known.and_then(|route| route.cost_usd)),
            max_images: keys.max_images.unwrap_or(1),
        })
    }

    fn unknown_provider<T>(&self, name: &str, message: &str, at: &Spanned<T>) -> Diagnostic {
        let known: Vec<&str> =
            self.providers.keys().map(String::as_str).filter(|name| *name != "placeholder").collect();
        let help = nearest(name, known.iter().copied()).map_or_else(
            || format!("known are {}; one of your own is declared as [providers.{name}]", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        at.error("unknown-provider", message, "this provider").help(help)
    }
}

/// A manifest comes with a pull request: it can't send a key to a host that the key doesn't belong to.
fn check_host(
    name: &str,
    keys: &ProviderKeys,
    base_url: &BaseUrl,
    variable: Option<&str>,
    trusted: &TrustedHosts,
) -> Result<(), Diagnostic> {
    let place = keys.base_url.as_ref().or(keys.api_key_env.as_ref()).map_or(&keys.place, |written| &written.place);
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
    if base_url.is_loopback() || is_trusted || Registry::built_in().providers.values().any(belongs) {
        return Ok(());
    }
    let message = format!("the key in {variable} doesn't belong to the host {host}");
    let help = format!(
        "a key goes only to the built-in host of its provider, or to this machine; if you trust {host} with it, set \
         TINTYPE_TRUST_HOSTS={host} in the environment"
    );
    Err(place.error("untrusted-host", message, "the key would go there").help(help))
}

impl Provider {
    fn own(name: &str) -> Self {
        Self {
            name: name.to_string(),
            base_url: None,
            api: None,
            api_key_env: None,
            vendor: Vendor::OpenAi,
            bills_failures: true,
            concurrency: 4,
            requests_per_minute: None,
            timeout: Duration::from_secs(180),
            max_retries: 3,
        }
    }
}

fn base_url(written: &Spanned<String>) -> Result<BaseUrl, Diagnostic> {
    BaseUrl::new(&written.value).map_err(|reason| {
        let error = written.error("bad-value", format!("this address can't be used: {reason}"), "this address");
        error.help("write a host and a path, like https://api.aisa.one/v1 or http://127.0.0.1:8080/v1")
    })
}

fn api(written: &Spanned<String>) -> Result<Api, Diagnostic> {
    Api::parse(&written.value).filter(|api| Api::WIRE.contains(api)).ok_or_else(|| {
        let names = Api::WIRE.map(Api::name);
        let error =
            written.error("bad-value", format!("`{}` is no api that tintype speaks", written.value), "not this");
        error.help(match nearest(&written.value, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it speaks {}", names.join(", ")),
        })
    })
}

fn variable_name(written: &Spanned<String>) -> Result<String, Diagnostic> {
    if is_variable_name(&written.value) {
        return Ok(written.value.clone());
    }
    let error = written.error("literal-key", "`api_key_env` must be the name of a variable", "not a variable's name");
    Err(error.help(
        "put the key itself into the environment or into .env, and write the variable's name here, like AISA_API_KEY",
    ))
}

/// A table of models.toml. It is ours and tested, so what is malformed in it is a bug.
struct Facts<'t>(&'t DeTable<'t>);

impl<'t> Facts<'t> {
    fn of(value: &'t DeValue<'t>) -> Self {
        Self(value.as_table().expect("a table of models.toml"))
    }

    fn value(&self, key: &str) -> Option<&'t DeValue<'t>> {
        self.0.get(key).map(toml::Spanned::get_ref)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.value(key)?.as_str().map(str::to_string)
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        let text = match self.value(key)? {
            DeValue::Integer(integer) => integer.as_str().to_string(),
            DeValue::Float(float) => float.as_str().to_string(),
            _ => return None,
        };
        text.parse().ok()
    }

    fn list(&self, key: &str) -> Vec<&'t DeValue<'t>> {
        let items = self.value(key).and_then(DeValue::as_array);
        items.into_iter().flat_map(|array| array.iter()).map(toml::Spanned::get_ref).collect()
    }

    fn provider(&self, name: &str) -> Provider {
        let vendor = match self.text("vendor").as_deref() {
            Some("aisa") => Vendor::Aisa,
            Some("placeholder") => Vendor::Placeholder,
            _ => Vendor::OpenAi,
        };
        let own = Provider::own(name);
        Provider {
            base_url: self.text("base_url").map(|text| BaseUrl::new(&text).expect("an address of models.toml")),
            api_key_env: self.text("api_key_env"),
            vendor,
            bills_failures: self.value("bills_failures").and_then(DeValue::as_bool).unwrap_or(true),
            concurrency: self.number("concurrency").unwrap_or(own.concurrency),
            ..own
        }
    }

    fn model(&self, name: String) -> Model {
        Model {
            name,
            limits: Limits {
                min_pixels: self.number("min_pixels"),
                max_pixels: self.number("max_pixels"),
                min_ratio: self.number("min_ratio"),
                max_ratio: self.number("max_ratio"),
                multiple_of: self.number("multiple_of"),
            },
            default_size: self.text("default_size").and_then(|text| Size::parse(&text)),
            routes: self.list("routes").into_iter().map(|value| Facts::of(value).route()).collect(),
        }
    }

    fn route(&self) -> Route {
        let api = self.text("api").and_then(|name| Api::parse(&name)).expect("an api of models.toml");
        let fields: Vec<&str> = self.list("fields").into_iter().filter_map(DeValue::as_str).collect();
        let has = |field: &str| fields.contains(&field);
        Route {
            provider: self.text("provider").expect("a provider of models.toml"),
            id: self.text("id").expect("an id of models.toml"),
            api,
            path: self.text("path").unwrap_or_else(|| api.path().to_string()),
            fields: Fields {
                n: has("n"),
                size: has("size"),
                quality: has("quality"),
                seed: has("seed"),
                references: has("references"),
            },
            cost_usd: self.number("cost_usd"),
            max_images: self.number("max_images").unwrap_or(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Api, Registry};

    #[test]
    fn the_built_in_registry_reads_and_hangs_together() {
        let registry = Registry::built_in();
        for model in registry.models.values() {
            assert!(!model.routes.is_empty(), "{}", model.name);
            for route in &model.routes {
                assert!(registry.providers.contains_key(&route.provider), "{}", route.provider);
                assert_eq!(registry.model(&route.id).map(|found| &found.name), Some(&model.name), "an id is an alias");
            }
        }
        assert_eq!(registry.models["seedream-4.5"].limits.min_pixels, Some(3_686_400));
        assert_eq!(registry.models["placeholder"].routes[0].api, Api::Placeholder);
    }
}
