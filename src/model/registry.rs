//! The registry: what models.toml knows, with the manifest's `[providers]` and `[models]` laid over it.
//!
//! Both have one form and go one way, so whatever is built in can be overridden, and whatever is missing added, in a manifest.

use std::sync::Arc;
use std::time::Duration;

use crate::capability::{Facts, Price};
use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::vendors::read_vendors;
use crate::manifest::{Manifest, ModelKeys, ProviderKeys, RouteKeys, Spanned};
use crate::model::hosts::check_host;
use crate::model::{Api, BaseUrl, ByName, Model, Provider, Route, TrustedHosts, Vendor, Wire};
use crate::secret::is_variable_name;

/// Every provider and model that a project can use.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Providers by name.
    pub providers: ByName<Provider>,
    /// Models by canonical name.
    pub models: ByName<Model>,
}

/// Who wrote a table: a manifest comes with a pull request, models.toml with tintype.
enum Writer<'a> {
    Manifest { manifest: &'a Manifest, trusted: &'a TrustedHosts, built_in: ByName<Provider> },
    Tintype,
}

impl Registry {
    /// What tintype knows by itself.
    pub fn built_in() -> Self {
        let tables =
            read_vendors("models.toml", include_str!("models.toml")).expect("models.toml is sound, a test says");
        let (registry, mistakes) = Self::default().add(&tables.providers, &tables.models, &Writer::Tintype);
        debug_assert!(mistakes.is_empty(), "{mistakes:?}");
        registry
    }

    /// Reads a registry of models.toml's form.
    #[cfg(test)]
    pub(crate) fn read(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let tables = read_vendors("models.toml", text)?;
        match Self::default().add(&tables.providers, &tables.models, &Writer::Tintype) {
            (registry, mistakes) if mistakes.is_empty() => Ok(registry),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// What the manifest makes of it, and every mistake in its tables.
    pub fn with(self, manifest: &Manifest, trusted: &TrustedHosts) -> (Self, Vec<Diagnostic>) {
        let writer = Writer::Manifest { manifest, trusted, built_in: self.providers.clone() };
        self.add(&manifest.providers, &manifest.models, &writer)
    }

    fn add(
        mut self,
        providers: &ByName<ProviderKeys>,
        models: &ByName<ModelKeys>,
        writer: &Writer<'_>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        for (name, keys) in providers {
            match self.provider(name, keys, writer) {
                Ok(provider) => {
                    self.providers.insert(name.clone(), provider);
                    self.lay_over_routes(name, keys);
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        for (name, keys) in models {
            match self.model_with(name, keys, writer) {
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

    fn provider(&self, name: &str, keys: &ProviderKeys, writer: &Writer<'_>) -> Result<Provider, Diagnostic> {
        let known = self.providers.get(name);
        if let (Writer::Manifest { .. }, "placeholder") = (writer, name) {
            let error =
                keys.place.error("bad-value", "`placeholder` is drawn here: it has nothing to set", "this table");
            return Err(error.help("take the table out"));
        }
        let base_url = match &keys.base_url {
            Some(written) => Some(base_url(written)?),
            None => known.and_then(|provider| provider.base_url.clone()),
        };
        let has_routes = self.models.values().flat_map(|model| &model.routes).any(|route| route.provider == name);
        if let Some(api) = keys.api.as_ref().filter(|_| has_routes) {
            let error = api.error(
                "bad-value",
                format!("the routes of `{name}` say themselves which api they speak"),
                "not here",
            );
            return Err(error.help("write [models.NAME] routes = [{ provider, id, api }] for a model of another api"));
        }
        let written = keys.api.as_ref().map(|written| wire(written, writer)).transpose()?;
        let api = written.or_else(|| known.and_then(|provider| provider.api.clone()));
        if let Writer::Manifest { .. } = writer
            && known.is_none()
            && (base_url.is_none() || api.is_none())
        {
            return Err(self.incomplete(name, keys));
        }
        let api_key_env = match &keys.api_key_env {
            Some(variable) => Some(variable_name(variable)?),
            None => known.and_then(|provider| provider.api_key_env.clone()),
        };
        if let (Some(base_url), Writer::Manifest { trusted, built_in, .. }) = (&base_url, writer) {
            check_host(name, keys, base_url, api_key_env.as_deref(), trusted, built_in)?;
        }
        let base = known
            .cloned()
            .unwrap_or_else(|| Provider { name: name.to_string(), ..self.at_the_same_host(base_url.as_ref()) });
        let vendor = keys.vendor.as_ref().and_then(|vendor| Vendor::parse(&vendor.value));
        Ok(Provider {
            base_url,
            api,
            api_key_env,
            vendor: vendor.unwrap_or(base.vendor),
            bills_failures: keys.bills_failures.unwrap_or(base.bills_failures),
            concurrency: keys.concurrency.unwrap_or(base.concurrency),
            requests_per_minute: keys.requests_per_minute.or(base.requests_per_minute),
            timeout: keys.timeout.unwrap_or(base.timeout),
            max_retries: keys.max_retries.unwrap_or(base.max_retries),
            price: keys.price.clone().unwrap_or(base.price),
            facts: keys.facts.clone().over(&base.facts),
            name: base.name,
        })
    }

    /// What is known of a provider that isn't built in: at a vendor's host it has that vendor's habits.
    fn at_the_same_host(&self, base_url: Option<&BaseUrl>) -> Provider {
        let host = base_url.map(BaseUrl::host);
        let vendor = self.providers.values().find(|provider| {
            provider.base_url.as_ref().is_some_and(|url| !url.is_loopback() && Some(url.host()) == host)
        });
        let unknown = Provider::unknown("");
        match vendor {
            Some(known) => Provider { vendor: known.vendor, bills_failures: known.bills_failures, ..unknown },
            None => unknown,
        }
    }

    /// What a manifest says of a built-in provider counts for its built-in routes.
    fn lay_over_routes(&mut self, name: &str, keys: &ProviderKeys) {
        for model in self.models.values_mut() {
            for route in model.routes.iter_mut().filter(|route| route.provider == name) {
                let price = keys.price.clone().unwrap_or_else(|| route.price.clone());
                let changed = Route { facts: laid_over(&keys.facts, route), price, ..Route::clone(route) };
                *route = Arc::new(changed);
            }
        }
    }

    fn incomplete(&self, name: &str, keys: &ProviderKeys) -> Diagnostic {
        let help = nearest(name, self.provider_names()).map_or_else(
            || r#"write api = "openai-images" and base_url = "http://127.0.0.1:8080/v1""#.to_string(),
            |near| format!("did you mean `{near}`? A provider of your own needs an `api` and a `base_url`"),
        );
        let message = format!("`{name}` isn't built in and lacks an `api` or a `base_url`");
        keys.place.error("missing-key", message, "this provider").help(help)
    }

    fn model_with(&self, name: &str, keys: &ModelKeys, writer: &Writer<'_>) -> Result<Model, Vec<Diagnostic>> {
        let known = self.model(name);
        let mut found = Vec::new();
        let mut routes: Vec<Route> = match (&keys.routes, known) {
            (Some(written), _) => {
                let route = |route: &RouteKeys| self.route(route, keys, known, writer);
                written.iter().filter_map(|keys| route(keys).map_err(|error| found.push(error)).ok()).collect()
            }
            (None, Some(known)) => {
                let with_facts =
                    |route: &Arc<Route>| Route { facts: laid_over(&keys.facts, route), ..Route::clone(route) };
                known.routes.iter().map(with_facts).collect()
            }
            (None, None) => Vec::new(),
        };
        for (provider, price) in &keys.prices {
            let mut priced = routes.iter_mut().filter(|route| &route.provider == provider).peekable();
            if priced.peek().is_none() && found.is_empty() {
                found.push(self.unknown_provider(provider, &format!("`{name}` has no route to `{provider}`"), price));
            }
            priced.for_each(|route| route.price = price.value.clone());
        }
        if routes.is_empty() && found.is_empty() {
            let error =
                keys.place.error("missing-key", format!("`{name}` isn't built in and has no routes"), "this model");
            let help = r#"write routes = [{ provider = "studio", id = "the-model-s-id-there", cost_usd = 0.0 }]"#;
            found.push(error.help(help));
        }
        if !found.is_empty() {
            return Err(found);
        }
        let facts = keys.facts.clone();
        Ok(Model {
            name: known.map_or(name, |model| &model.name).to_string(),
            facts: known.map_or_else(|| facts.clone(), |model| facts.clone().over(&model.facts)),
            routes: routes.into_iter().map(Arc::new).collect(),
        })
    }

    fn route(
        &self,
        keys: &RouteKeys,
        model_keys: &ModelKeys,
        model: Option<&Model>,
        writer: &Writer<'_>,
    ) -> Result<Route, Diagnostic> {
        let name = &keys.provider.value;
        let Some(provider) = self.providers.get(name) else {
            // A provider that was declared but couldn't be read has its own error.
            let message = match writer {
                Writer::Manifest { manifest, .. } if manifest.providers.contains_key(name) => {
                    "this provider's table has a mistake"
                }
                _ => "no such provider",
            };
            return Err(self.unknown_provider(name, message, &keys.provider));
        };
        let of_provider =
            || self.models.values().flat_map(|model| &model.routes).filter(|route| route.provider == *name);
        let same = of_provider().find(|route| route.id == keys.id.value);
        let written = keys.api.as_ref().map(|written| wire(written, writer)).transpose()?;
        let implied =
            || provider.api.clone().or_else(|| same.or_else(|| of_provider().next()).map(|route| route.wire.clone()));
        let Some(wire) = written.or_else(implied) else {
            let message = format!("the route doesn't say which api `{name}` speaks");
            return Err(keys.provider.error("missing-key", message, "this route").help(r#"add api = "openai-images""#));
        };
        let same = same.filter(|route| route.wire == wire);
        let (of_wire, usual) = match &wire {
            Wire::Spoken(api) => (api.facts(), api.path()),
            Wire::Unspoken(_) => (Facts::default(), ""),
        };
        let facts = match same {
            Some(same) => keys.facts.clone().over(&model_keys.facts).over(&same.facts),
            None => {
                let of_model = model.map(|model| model.facts.clone()).unwrap_or_default();
                let stated = keys.facts.clone().over(&model_keys.facts).over(&of_model);
                stated.over(&provider.facts).over(&of_wire)
            }
        };
        if let Wire::Spoken(api) = wire
            && let Some(field) = facts
                .fields
                .and_then(|fields| fields.iter().map(|(field, _)| field).find(|field| !api.fields().has(*field)))
        {
            let message = format!("{} has no words for `{}`", api.name(), field.name());
            let words: Vec<&str> = api.fields().iter().map(|(field, _)| field.name()).collect();
            let error = keys.id.error("bad-value", message, "this route");
            return Err(error.help(format!("the fields of {} are {}", api.name(), words.join(", "))));
        }
        let path = keys.path.as_ref().map(|path| path.value.trim_matches('/'));
        let price = keys.price.clone().or_else(|| same.map(|route| route.price.clone()));
        Ok(Route {
            provider: name.clone(),
            id: keys.id.value.clone(),
            path: path.or(same.map(|route| route.path.as_str())).unwrap_or(usual).to_string(),
            wire,
            price: price.unwrap_or_else(|| provider.price.clone()),
            facts,
        })
    }

    /// The providers that a manifest may name.
    fn provider_names(&self) -> impl Iterator<Item = &str> {
        self.providers.keys().map(String::as_str).filter(|name| *name != "placeholder")
    }

    fn unknown_provider<T>(&self, name: &str, message: &str, at: &Spanned<T>) -> Diagnostic {
        let help = nearest(name, self.provider_names()).map_or_else(
            || {
                let known = self.provider_names().collect::<Vec<_>>().join(", ");
                format!("known are {known}; one of your own is declared as [providers.{name}]")
            },
            |near| format!("did you mean `{near}`?"),
        );
        at.error("unknown-provider", message, "this provider").help(help)
    }
}

/// A route's facts with others laid over them. Fields that its wire format has no words for stay away: what is said of
/// all routes of a model or provider is said of those that can have it.
fn laid_over(facts: &Facts, route: &Route) -> Facts {
    let mut facts = facts.clone();
    if let (Some(fields), Wire::Spoken(api)) = (facts.fields, &route.wire) {
        facts.fields = Some(fields.iter().filter(|(field, _)| api.fields().has(*field)).collect());
    }
    facts.over(&route.facts)
}

impl Provider {
    /// Of which nothing is known: no vendor is known not to bill what fails.
    fn unknown(name: &str) -> Self {
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
            price: Price::Unknown,
            facts: Facts::default(),
        }
    }
}

fn base_url(written: &Spanned<String>) -> Result<BaseUrl, Diagnostic> {
    BaseUrl::new(&written.value).map_err(|reason| {
        let error = written.error("bad-value", format!("this address can't be used: {reason}"), "this address");
        error.help("write a host and a path, like https://api.aisa.one/v1 or http://127.0.0.1:8080/v1")
    })
}

/// A wire format by its name. Only models.toml may name one that this version doesn't speak.
fn wire(written: &Spanned<String>, writer: &Writer<'_>) -> Result<Wire, Diagnostic> {
    let spoken = Api::parse(&written.value);
    match (spoken, writer) {
        (Some(api), Writer::Tintype) => Ok(Wire::Spoken(api)),
        (Some(api), Writer::Manifest { .. }) if Api::WIRE.contains(&api) => Ok(Wire::Spoken(api)),
        (None, Writer::Tintype) => Ok(Wire::Unspoken(written.value.clone())),
        (_, Writer::Manifest { .. }) => {
            let names = Api::WIRE.map(Api::name);
            let message = format!("`{}` is no api that tintype speaks", written.value);
            let error = written.error("bad-value", message, "not this");
            Err(error.help(match nearest(&written.value, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it speaks {}; `tintype models --apis` shows them", names.join(", ")),
            }))
        }
    }
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

#[cfg(test)]
mod tests {
    use crate::capability::{Field, Price, Support};
    use crate::manifest::parse;
    use crate::model::{Api, Registry, Route, TrustedHosts, Vendor, Wire};

    /// The built-in registry under a manifest, and the codes of its mistakes.
    fn under(manifest: &str) -> (Registry, Vec<&'static str>) {
        let manifest = parse("images.toml", manifest).manifest.expect("it is TOML");
        let (registry, mistakes) = Registry::built_in().with(&manifest, &TrustedHosts::default());
        (registry, mistakes.iter().map(|mistake| mistake.code).collect())
    }

    fn routes<'a>(registry: &'a Registry, model: &str, provider: &str) -> Vec<&'a Route> {
        registry.models[model].routes.iter().filter(|route| route.provider == provider).map(AsRef::as_ref).collect()
    }

    #[test]
    fn a_manifest_lies_over_what_is_built_in() {
        let (registry, mistakes) = under(
            r#"
            [providers.openrouter]
            cost_usd = 0.9
            max_images = 2
            [models."seedream-4.5"]
            min_pixels = 100
            fields = ["n", "size"]
            cost_usd = { powertokens = 0.03 }
            [models.house]
            routes = [{ provider = "localai", id = "house-xl", tiers = ["1K"] }]
            "#,
        );
        assert_eq!(mistakes, [""; 0]);
        let model = &registry.models["seedream-4.5"];
        assert!(model.routes.iter().all(|route| route.facts.sizes.min_pixels == Some(100)));
        let router = routes(&registry, "seedream-4.5", "openrouter")[0];
        assert_eq!((&router.price, router.facts.max_images), (&Price::Image(0.9), Some(2)));
        assert_eq!(routes(&registry, "seedream-4.5", "powertokens")[0].price, Price::Image(0.03));
        let [images, chat] = routes(&registry, "seedream-4.5", "aisa")[..] else { panic!("two routes") };
        assert_eq!(images.fields().get(Field::Size), Support::Yes);
        assert_eq!(chat.fields().get(Field::Size), Support::No, "chat has no words for a size, whoever says it");
        let house = routes(&registry, "house", "localai")[0];
        assert_eq!((&house.price, &house.facts.sizes.tiers[..]), (&Price::Image(0.0), &["1K".to_string()][..]));
    }

    #[test]
    fn what_no_route_can_have_is_refused() {
        for (manifest, code) in [
            (r#"models.x.routes = [{ provider = "localai", id = "x", fields = ["aspect_ratio"] }]"#, "bad-value"),
            (r#"providers.aisa.api = "chat-images""#, "bad-value"),
            (r#"models.x.routes = [{ provider = "comfyui", id = "x", api = "comfyui-prompt" }]"#, "bad-value"),
            (r#"models."seedream-4.5".cost_usd = { localai = 1.0 }"#, "unknown-provider"),
        ] {
            assert_eq!(under(manifest).1, [code], "{manifest}");
        }
    }

    #[test]
    fn a_provider_of_ones_own_at_a_vendors_host_has_that_vendors_habits() {
        let (registry, mistakes) = under(
            r#"
            [providers.mine]
            api = "openai-images"
            base_url = "https://api.aisa.one/v1"
            api_key_env = "AISA_API_KEY"
            [providers.studio]
            api = "openai-images"
            base_url = "http://127.0.0.1:1234/v1"
            "#,
        );
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(
            (registry.providers["mine"].vendor, registry.providers["mine"].bills_failures),
            (Vendor::Aisa, true)
        );
        let studio = &registry.providers["studio"];
        assert_eq!(
            (studio.vendor, studio.bills_failures),
            (Vendor::OpenAi, true),
            "a port says nothing of who is there"
        );
    }

    #[test]
    fn the_built_in_registry_reads_and_hangs_together() {
        let registry = Registry::read(include_str!("models.toml")).expect("models.toml is sound");
        for model in registry.models.values() {
            assert!(!model.routes.is_empty(), "{}", model.name);
            for route in &model.routes {
                assert!(registry.providers.contains_key(&route.provider), "{}", route.provider);
                assert!(!route.facts.source.is_empty(), "{} at {} has a source", model.name, route.provider);
                assert_eq!(registry.model(&route.id).map(|found| &found.name), Some(&model.name), "an id is an alias");
            }
        }
        assert_eq!(registry.models["placeholder"].routes[0].wire, Wire::Spoken(Api::Placeholder));
    }

    #[test]
    fn canonical_names_never_change() {
        let registry = Registry::built_in();
        for (name, alias) in [
            ("seedream-5.0", "seedream-5-0-260128"),
            ("seedream-4.5", "seedream-4-5-251128"),
            ("seedream-4.5", "bytedance-seed/seedream-4.5"),
            ("seedream-4.0", "seedream-4-0-250828"),
            ("wan2.7-image", "wan2.7-image"),
            ("wan2.7-image-pro", "wan2.7-image-pro"),
            ("gemini-3-pro-image", "gemini-3-pro-image-preview"),
            ("gemini-2.5-flash-image", "google/gemini-2.5-flash-image"),
            ("gpt-image-1", "openai/gpt-image-1"),
            ("gpt-image-2", "openai/gpt-image-2"),
            ("flux.2-pro", "black-forest-labs/flux.2-pro"),
            ("placeholder", "placeholder"),
        ] {
            assert_eq!(registry.model(alias).map(|model| model.name.as_str()), Some(name), "{alias}");
        }
    }
}
