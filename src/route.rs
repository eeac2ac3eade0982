//! Which providers may serve an asset, in which order, and why the others can't. Pure: the same on every machine.

use crate::diagnostic::Diagnostic;
use crate::model::{Model, Provider, Registry, Route};
use crate::resolve::{Asset, AssetOrigin, Draft};
use crate::size::{self, BadSize};

/// The ways to an asset's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Routing {
    /// What to ask for, in order of preference; never empty.
    pub candidates: Vec<Candidate>,
    /// Who was passed over, and why.
    pub passed_over: Vec<(String, String)>,
}

/// One provider that can honour everything that the asset asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The way to the model.
    pub route: Route,
    /// The pixels to ask for; `None`: the vendor's default.
    pub size: Option<(u32, u32)>,
}

impl Candidate {
    /// The size as it goes on the wire and into the lockfile.
    pub fn asked(&self) -> Option<String> {
        self.size.map(|(width, height)| format!("{width}x{height}"))
    }
}

/// Walks the providers in order of preference; an error says provider by provider why none fits.
pub fn route(asset: &Asset, registry: &Registry) -> Result<Option<Routing>, Diagnostic> {
    let AssetOrigin::Generated(draft) = &asset.origin else { return Ok(None) };
    let model = registry.model(&draft.recipe.model).expect("resolve took the model from this registry");
    let output = (asset.output.settings.width, asset.output.settings.height);
    let size = size::asked(&draft.recipe, model, output).map_err(|bad| bad_size(asset, draft, model, &bad))?;
    let mut routing = Routing { candidates: Vec::new(), passed_over: Vec::new() };
    for provider in order(draft, model) {
        let routes: Vec<_> = model.routes.iter().filter(|route| route.provider == provider).collect();
        if routes.is_empty() {
            let known =
                registry.models.values().flat_map(|model| &model.routes).any(|route| route.provider == provider);
            let what = if known { model.name.as_str() } else { "anything that this version can ask for" };
            routing.passed_over.push((provider, format!("doesn't serve {what}")));
            continue;
        }
        for route in routes {
            match missing(draft, route, size.is_some()) {
                None => routing
                    .candidates
                    .push(Candidate { route: route.clone(), size: size.filter(|_| route.fields.size) }),
                Some(reason) => routing.passed_over.push((provider.clone(), reason)),
            }
        }
    }
    if routing.candidates.is_empty() { Err(no_route(asset, draft, model, &routing)) } else { Ok(Some(routing)) }
}

/// The placeholder serves itself, whatever the providers say.
fn order(draft: &Draft, model: &Model) -> Vec<String> {
    let own = || model.routes.iter().map(|route| route.provider.clone());
    let mut order: Vec<String> = match &draft.providers {
        Some(providers) if !model.is_reproducible() => providers.clone(),
        _ => own().collect(),
    };
    let mut seen = std::collections::BTreeSet::new();
    order.retain(|provider| seen.insert(provider.clone()));
    order
}

/// What the asset asks for and the route's request has no field for.
fn missing(draft: &Draft, route: &Route, sized: bool) -> Option<String> {
    let recipe = &draft.recipe;
    let lacks = |what: &str| Some(format!("its {} route takes no {what}", route.api.name()));
    if !draft.references.is_empty() && !route.fields.references {
        return lacks("references");
    }
    if recipe.seed.is_some() && !route.fields.seed {
        return lacks("seed");
    }
    if recipe.quality.is_some() && !route.fields.quality {
        return lacks("quality");
    }
    let asks_size = recipe.size.is_some() || recipe.aspect_ratio.is_some();
    if asks_size && sized && !route.fields.size {
        return lacks("size");
    }
    None
}

fn no_route(asset: &Asset, draft: &Draft, model: &Model, routing: &Routing) -> Diagnostic {
    let reasons: Vec<String> =
        routing.passed_over.iter().map(|(provider, reason)| format!("{provider} {}", with_verb(reason))).collect();
    let message = format!("no provider can make `{}` as it is asked for: {}", asset.name, reasons.join("; "));
    let own = model.routes.iter().map(|route| route.provider.as_str()).collect::<Vec<_>>().join(", ");
    let help = if routing.passed_over.iter().all(|(_, reason)| reason.starts_with("doesn't serve")) {
        format!("{} is served by {own}: name one of them in `provider`", model.name)
    } else {
        "take out what the provider has no field for, or choose another model or provider".to_string()
    };
    draft.model_place.error("no-route", message, "this model").help(help)
}

fn with_verb(reason: &str) -> String {
    reason.strip_prefix("its ").map_or_else(|| reason.to_string(), |rest| format!("can't: its {rest}"))
}

fn bad_size(asset: &Asset, draft: &Draft, model: &Model, bad: &BadSize) -> Diagnostic {
    let place = draft.size_place.as_ref().unwrap_or(&draft.model_place);
    let written = draft.recipe.size.as_ref().map_or_else(|| "this shape".to_string(), |size| format!("`{size}`"));
    let message = format!("{} can't draw {written} for `{}`: {}", model.name, asset.name, bad.reason);
    let error = place.error("bad-size", message, "this size");
    let Some((width, height)) = bad.nearest else { return error.help("choose another size or another model") };
    error.help(match &draft.recipe.size {
        Some(crate::recipe::Size::Pixels { width: small, height: low }) if *small <= width && *low <= height => {
            format!(
                "the nearest size that works is {width}x{height}: write size = \"{width}x{height}\", and for files of \
             {small}x{low} add output = {{ width = {small}, height = {low} }}"
            )
        }
        _ => format!("the nearest size that works is {width}x{height}"),
    })
}

impl Provider {
    /// Whether it is spoken to without leaving this machine.
    pub fn is_local(&self) -> bool {
        self.base_url.as_ref().is_none_or(crate::model::BaseUrl::is_loopback)
    }
}
