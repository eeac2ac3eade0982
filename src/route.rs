//! Which routes may serve an asset, in which order, and why the others can't. Pure: the same on every machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::capability::{Field, Support};
use crate::diagnostic::{Diagnostic, grouped};
use crate::ground::{key_color, said};
use crate::model::{Api, Model, Provider, Registry, Route, Wire};
use crate::name::AssetName;
use crate::recipe::{Background, Quality, Size, hints};
use crate::resolve::{Asset, AssetOrigin, OpenRecipe};
use crate::size::{Asked, BadSize, Cure, Demand, ask};
use crate::transform::Rgb;

/// The ways to all pictures that models draw.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// As they are declared.
    pub finals: BTreeMap<AssetName, Routing>,
    /// As they are tried out, where that is another way.
    pub drafts: BTreeMap<AssetName, Routing>,
}

impl Routes {
    /// The ways to one asset's picture.
    pub fn get(&self, name: &AssetName, is_draft: bool) -> Option<&Routing> {
        if is_draft { &self.drafts } else { &self.finals }.get(name)
    }
}

/// The ways to an asset's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Routing {
    /// What to ask for, in order of preference; never empty.
    pub candidates: Vec<Candidate>,
    /// Who was passed over, and why.
    pub passed_over: Vec<PassedOver>,
}

/// A route that can honour everything that the asset asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The way to the model.
    pub route: Arc<Route>,
    /// Its wire format.
    pub api: Api,
    /// The size to ask for; `None`: the vendor's default.
    pub asked: Option<Asked>,
    /// Most images in one request, beside the references that go along.
    pub max_images: u32,
    /// Price of one image in US dollars; unknown where absent.
    pub cost_usd: Option<f64>,
    /// What is asked for though nothing says that the model heeds it, in words.
    pub doubts: Vec<String>,
    /// The colour of the ground that is asked for and taken away, where the picture is to be transparent and the route's request
    /// has no word for that.
    pub key: Option<Rgb>,
}

/// A provider that can't serve an asset on one of its routes, or at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The provider's name.
    pub provider: String,
    /// The wire format of the route that is meant, where it is one.
    pub api: Option<Api>,
    /// Why, as the rest of a sentence about the provider.
    pub reason: String,
    /// What is wrong with the size, if it is that.
    pub bad_size: Option<Box<BadSize>>,
}

impl PassedOver {
    fn new(provider: &str, reason: impl Into<String>) -> Self {
        Self { provider: provider.to_string(), api: None, reason: reason.into(), bad_size: None }
    }
}

/// Walks the providers in order of preference; an error says provider by provider why none fits.
pub fn route(asset: &Asset, registry: &Registry) -> Result<Option<Routing>, Diagnostic> {
    let AssetOrigin::Generated(open) = &asset.origin else { return Ok(None) };
    let model = registry.model(&open.recipe.model).expect("resolve took the model from this registry");
    let output = asset.largest_sides();
    let mut routing = Routing { candidates: Vec::new(), passed_over: Vec::new() };
    for provider in order(open, model) {
        let mut routes = model.routes.iter().filter(|route| route.provider == provider).peekable();
        if routes.peek().is_none() {
            let known = registry.providers.get(&provider).and_then(|provider| provider.api.as_ref());
            routing.passed_over.push(match known {
                Some(Wire::Unspoken(api)) => {
                    PassedOver::new(&provider, format!("speaks {api}, which this version doesn't"))
                }
                _ => PassedOver::new(&provider, format!("doesn't serve {}", model.name)),
            });
        }
        for route in routes {
            match fit(open, route, output) {
                Ok(candidate) => routing.candidates.push(candidate),
                Err(passed_over) => routing.passed_over.push(passed_over),
            }
        }
    }
    if open.providers.is_none() {
        // Who draws transparency itself does it better, and nobody has asked for another.
        routing.candidates.sort_by_key(|candidate| candidate.key.is_some());
    }
    if routing.candidates.is_empty() {
        Err(refusal(asset, open, model, &routing.passed_over))
    } else {
        Ok(Some(routing))
    }
}

/// The placeholder serves itself, whatever the providers say.
fn order(open: &OpenRecipe, model: &Model) -> Vec<String> {
    let own = || model.routes.iter().map(|route| route.provider.clone());
    let mut order: Vec<String> = match &open.providers {
        Some(providers) if !model.is_reproducible() => providers.clone(),
        _ => own().collect(),
    };
    let mut seen = BTreeSet::new();
    order.retain(|provider| seen.insert(provider.clone()));
    order
}

/// What to ask a route for, or the first thing that it can't honour.
fn fit(open: &OpenRecipe, route: &Arc<Route>, output: (Option<u32>, Option<u32>)) -> Result<Candidate, PassedOver> {
    let Wire::Spoken(api) = route.wire else {
        let reason = format!("speaks {} for it, which this version doesn't", route.wire.name());
        return Err(PassedOver::new(&route.provider, reason));
    };
    let mut fit = Fit { route, api, untold: Vec::new(), doubts: Vec::new() };
    fit.references(open)?;
    fit.seed(open)?;
    fit.quality(open)?;
    let key = fit.background(open)?;
    fit.wording(open, key)?;
    if open.recipe.negative_prompt.is_some() {
        fit.need(Field::NegativePrompt, "negative prompt")?;
    }
    let asked = fit.size(open, output)?;
    let priced_as = asked.as_ref().and_then(Asked::priced_as);
    let pixels = asked.as_ref().and_then(Asked::area);
    let cost_usd = route.price.of(open.recipe.quality, priced_as.as_deref(), pixels);
    let references = u32::try_from(open.references.len()).unwrap_or(u32::MAX);
    let beside = route.facts.max_together.map_or(u32::MAX, |together| together.saturating_sub(references));
    let several = route.fields().has(Field::N).then_some(route.facts.max_images).flatten();
    let max_images = several.unwrap_or(1).min(beside).max(1);
    let doubts = fit.doubts();
    Ok(Candidate { route: Arc::clone(route), api, asked, max_images, cost_usd, doubts, key })
}

/// One route, measured against one asset.
struct Fit<'a> {
    route: &'a Route,
    api: Api,
    /// What is sent though nothing says that the model heeds it.
    untold: Vec<String>,
    doubts: Vec<String>,
}

impl Fit<'_> {
    fn refuse<T>(&self, reason: impl Into<String>) -> Result<T, PassedOver> {
        Err(PassedOver { api: Some(self.api), ..PassedOver::new(&self.route.provider, reason) })
    }

    /// In words, what is in doubt.
    fn doubts(mut self) -> Vec<String> {
        if !self.untold.is_empty() {
            let (provider, id) = (&self.route.provider, &self.route.id);
            let (verb, pronoun) = if self.untold.len() == 1 { ("is", "it") } else { ("are", "them") };
            let what = self.untold.join(" and ");
            let doubt = format!("{what} {verb} sent to {provider}, and nothing says whether {id} heeds {pronoun}");
            self.doubts.insert(0, doubt);
        }
        self.doubts
    }

    /// Something that is asked for needs a field.
    fn need(&mut self, field: Field, what: &str) -> Result<(), PassedOver> {
        match self.route.fields().get(field) {
            Support::Yes => Ok(()),
            Support::Untold => {
                self.untold.push(what.to_string());
                Ok(())
            }
            Support::No => self.refuse(format!("takes no {what}")),
        }
    }

    fn references(&mut self, open: &OpenRecipe) -> Result<(), PassedOver> {
        let count = open.references.len();
        if count == 0 {
            return Ok(());
        }
        match self.route.facts.max_references {
            Some(0) => self.refuse("takes no references"),
            Some(most) if count > most as usize => {
                self.refuse(format!("takes at most {most} references, and {count} are given"))
            }
            _ => match self.route.fields().get(Field::References) {
                Support::Untold => {
                    let (provider, id) = (&self.route.provider, &self.route.id);
                    let what = format!("references are sent to {provider}, and nothing says how {id} takes them there");
                    self.doubts.push(what);
                    Ok(())
                }
                _ => self.need(Field::References, "references"),
            },
        }
    }

    fn wording(&self, open: &OpenRecipe, key: Option<Rgb>) -> Result<(), PassedOver> {
        let hints = hints(open.references.iter().map(|reference| reference.hint.as_deref()));
        let length = said(&hints, &open.recipe.prompt, key).chars().count() as u64;
        match self.route.facts.max_prompt.map(u64::from) {
            Some(most) if length > most => {
                let beside = if length > open.recipe.prompt.chars().count() as u64 {
                    " with what is said beside it"
                } else {
                    ""
                };
                let (most, length) = (grouped(most), grouped(length));
                self.refuse(format!("takes a prompt of at most {most} characters, and this one has {length}{beside}"))
            }
            _ => Ok(()),
        }
    }

    fn seed(&mut self, open: &OpenRecipe) -> Result<(), PassedOver> {
        let Some(seed) = open.recipe.seed else { return Ok(()) };
        self.need(Field::Seed, "seed")?;
        match self.route.facts.max_seed {
            Some(most) if seed > most => self.refuse(format!("takes no seed above {}", grouped(most))),
            _ => Ok(()),
        }
    }

    fn quality(&mut self, open: &OpenRecipe) -> Result<(), PassedOver> {
        match open.recipe.quality {
            // What every model does where nothing is sent.
            None | Some(Quality::Auto) => Ok(()),
            Some(_) => self.need(Field::Quality, "quality"),
        }
    }

    /// The colour of the ground that is to be taken away afterwards, if it comes to that.
    fn background(&mut self, open: &OpenRecipe) -> Result<Option<Rgb>, PassedOver> {
        let is_native = self.route.fields().has(Field::Background);
        match open.recipe.background {
            None | Some(Background::Auto) => Ok(None),
            // A model that draws no alpha draws nothing but opaque pictures.
            Some(Background::Opaque) if !is_native => Ok(None),
            Some(Background::Opaque) => self.need(Field::Background, "background").map(|()| None),
            Some(Background::Transparent) if !is_native => Ok(Some(key_color(&open.recipe.prompt))),
            Some(Background::Transparent) => self.need(Field::Background, "transparent background").map(|()| None),
        }
    }

    fn size(&mut self, open: &OpenRecipe, output: (Option<u32>, Option<u32>)) -> Result<Option<Asked>, PassedOver> {
        let recipe = &open.recipe;
        let asked = ask(Demand { recipe, output }, &self.route.facts).map_err(|bad| PassedOver {
            provider: self.route.provider.clone(),
            api: Some(self.api),
            reason: format!("can't draw that size: {}", bad.reason),
            bad_size: Some(Box::new(bad)),
        })?;
        let is_written = recipe.size.is_some() || recipe.aspect_ratio.is_some();
        match &asked {
            Some(Asked::Pixels(..)) if is_written => self.need(Field::Size, "size")?,
            Some(Asked::Shape { tier, ratio }) => {
                if tier.is_some() && recipe.size.is_some() {
                    self.need(Field::Tier, "tier")?;
                }
                if ratio.is_some() {
                    self.need(Field::Ratio, "aspect ratio")?;
                }
            }
            None if is_written => {
                let (provider, api) = (&self.route.provider, self.api.name());
                let what =
                    format!("{provider} takes no size on its {api} route: what comes is cut to the output's shape");
                self.doubts.push(what);
            }
            _ => {}
        }
        Ok(asked)
    }
}

/// Why nobody can make an asset. Where all that stands in the way is its size, the error is about that.
fn refusal(asset: &Asset, open: &OpenRecipe, model: &Model, passed_over: &[PassedOver]) -> Diagnostic {
    let sizes: Vec<(&str, &BadSize)> =
        passed_over.iter().filter_map(|one| Some((one.provider.as_str(), one.bad_size.as_deref()?))).collect();
    let serves = |one: &&PassedOver| model.routes.iter().any(|route| route.provider == one.provider);
    if !sizes.is_empty() && passed_over.iter().filter(serves).all(|one| one.bad_size.is_some()) {
        return bad_size(asset, open, model, &sizes);
    }
    let reasons = why_not(passed_over);
    let message = format!("no provider can make `{}` as it is asked for: {}", asset.name, reasons.join("; "));
    let help = if passed_over.iter().any(|one| serves(&one)) {
        "take out what the provider has no field for, or choose another model or provider".to_string()
    } else {
        let own: BTreeSet<&str> = model.routes.iter().map(|route| route.provider.as_str()).collect();
        let own = own.into_iter().collect::<Vec<_>>().join(", ");
        format!("{} is served by {own}: name one of them in `provider`", model.name)
    };
    open.model_place.error("no-route", message, "this model").help(help)
}

/// Provider by provider, and route by route where it isn't the same on all of a provider's routes.
fn why_not(passed_over: &[PassedOver]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for of_provider in passed_over.chunk_by(|one, next| one.provider == next.provider) {
        let first = &of_provider[0];
        if of_provider.iter().all(|one| one.reason == first.reason) {
            reasons.push(format!("{} {}", first.provider, first.reason));
            continue;
        }
        reasons.extend(of_provider.iter().map(|one| match one.api {
            Some(api) => format!("{} {} (by {})", one.provider, one.reason, api.name()),
            None => format!("{} {}", one.provider, one.reason),
        }));
    }
    reasons
}

fn bad_size(asset: &Asset, open: &OpenRecipe, model: &Model, sizes: &[(&str, &BadSize)]) -> Diagnostic {
    let place = open.size_place.as_ref().unwrap_or(&open.model_place);
    let recipe = &open.recipe;
    let written: Vec<String> = [
        recipe.size.as_ref().filter(|size| **size != Size::Auto).map(Size::to_string),
        recipe.aspect_ratio.map(|ratio| ratio.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let written = if written.is_empty() { "this shape".to_string() } else { format!("`{}`", written.join(" ")) };
    let reason = reasons(sizes);
    let message = format!("{} can't draw {written} for `{}`: {reason}", model.name, asset.name);
    let error = place.error("bad-size", message, "this size");
    let cure = sizes.iter().find_map(|(_, bad)| bad.cure.as_ref());
    error.help(cure.map_or_else(
        || "take it out, or choose another model or provider".to_string(),
        |cure| cure_in_words(cure, recipe.size.as_ref()),
    ))
}

/// The reasons, each once, with who has it where they differ. Of a provider's routes, the one that comes nearest speaks.
fn reasons(sizes: &[(&str, &BadSize)]) -> String {
    let is_nearer = |(provider, bad): &(&str, &BadSize)| {
        bad.cure.is_some() || !sizes.iter().any(|(other, bad)| other == provider && bad.cure.is_some())
    };
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (provider, bad) in sizes.iter().filter(|one| is_nearer(one)) {
        match by_reason.iter_mut().find(|(reason, _)| *reason == bad.reason) {
            Some((_, providers)) => providers.push(provider),
            None => by_reason.push((&bad.reason, vec![provider])),
        }
    }
    if let [(reason, _)] = by_reason.as_slice() {
        return (*reason).to_string();
    }
    let each = by_reason.iter().map(|(reason, providers)| format!("at {} {reason}", providers.join(" and ")));
    each.collect::<Vec<_>>().join("; ")
}

/// What to write instead, and how files of the wanted size are still made.
fn cure_in_words(cure: &Cure, written: Option<&Size>) -> String {
    let files = |(most_wide, most_high): (u32, u32)| match written {
        Some(Size::Pixels { width, height }) if *width <= most_wide && *height <= most_high => {
            format!(", and for files of {width}x{height} add output = {{ width = {width}, height = {height} }}")
        }
        _ => String::new(),
    };
    match cure {
        Cure::Pixels((width, height)) => match files((*width, *height)) {
            nothing if nothing.is_empty() => format!("the nearest size that works is {width}x{height}"),
            files => {
                format!("the nearest size that works is {width}x{height}: write size = \"{width}x{height}\"{files}")
            }
        },
        Cure::Shape(tier, Some(ratio)) => {
            let files = files((u32::MAX, u32::MAX));
            format!("the nearest that works is size = \"{tier}\", aspect_ratio = \"{ratio}\"{files}")
        }
        Cure::Shape(tier, None) => format!("the nearest that works is size = \"{tier}\""),
        Cure::Ratio(ratio) => format!("the nearest that works is aspect_ratio = \"{ratio}\""),
    }
}

impl Provider {
    /// Whether it is spoken to without leaving this machine.
    pub fn is_local(&self) -> bool {
        self.base_url.as_ref().is_none_or(crate::model::BaseUrl::is_loopback)
    }
}

#[cfg(test)]
mod tests {

    use crate::diagnostic::Source;
    use crate::digest::Digest;
    use crate::manifest::{Place, Publish};
    use crate::model::Registry;
    use crate::name::{AssetName, ProjectPath};
    use crate::picture::Format;
    use crate::recipe::{Background, Quality, Ratio, Recipe, Size};
    use crate::resolve::{Asset, AssetOrigin, OpenOrigin, OpenRecipe, OpenReference, Output, OutputPath, Part};
    use crate::route::{Candidate, route};
    use crate::transform::Settings;

    /// What an asset asks for; by itself nothing but a moon.
    struct Wish {
        recipe: Recipe,
        references: usize,
        providers: Option<Vec<String>>,
        output: (Option<u32>, Option<u32>),
    }

    fn wish(model: &str) -> Wish {
        let recipe = Recipe::new(model, "a moon");
        Wish { recipe, references: 0, providers: None, output: (None, None) }
    }

    impl Wish {
        fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
            change(&mut self);
            self
        }

        fn size(self, size: &str) -> Self {
            self.with(|wish| wish.recipe.size = Size::parse(size))
        }

        fn ratio(self, ratio: &str) -> Self {
            self.with(|wish| wish.recipe.aspect_ratio = Ratio::parse(ratio))
        }

        fn seed(self, seed: u64) -> Self {
            self.with(|wish| wish.recipe.seed = Some(seed))
        }

        fn references(self, count: usize) -> Self {
            self.with(|wish| wish.references = count)
        }

        fn quality(self, quality: Quality) -> Self {
            self.with(|wish| wish.recipe.quality = Some(quality))
        }

        fn background(self, background: Background) -> Self {
            self.with(|wish| wish.recipe.background = Some(background))
        }

        fn output(self, width: u32, height: u32) -> Self {
            self.with(|wish| wish.output = (Some(width), Some(height))).size("auto").with(|wish| {
                wish.recipe.aspect_ratio = Some(Ratio::of(width, height));
            })
        }

        fn at(self, providers: &[&str]) -> Self {
            self.with(|wish| wish.providers = Some(providers.iter().map(ToString::to_string).collect()))
        }

        fn asset(self) -> Asset {
            let place = Place { source: Source::new("images.toml", ""), span: 0..0 };
            let path = ProjectPath::new("assets/moon.png").expect("a sound path");
            let reference = |_| OpenReference {
                origin: OpenOrigin::File { path: path.clone(), hash: Digest::of(b"board") },
                hint: None,
            };
            let open = OpenRecipe {
                recipe: self.recipe,
                references: (0..self.references).map(reference).collect(),
                providers: self.providers,
                takes: 1,
                size_place: None,
                model_place: place.clone(),
            };
            let (width, height) = self.output;
            let settings = Settings { width, height, ..Settings::of(Format::Png) };
            Asset {
                draft: None,
                name: AssetName::new("moon").expect("a sound name"),
                place: place.clone(),
                origin: AssetOrigin::Generated(Box::new(open)),
                publish: Publish::Chosen,
                outputs: vec![Output {
                    path: OutputPath::Fixed(path),
                    settings,
                    place,
                    part: Part::default(),
                    palette: None,
                }],
                tags: Vec::new(),
                alt: None,
                hold: false,
                cell: crate::resolve::cell::CellName::default(),
            }
        }

        /// The candidates in order: provider, wire format, what is asked, most images, price; `?` with a doubt; the ground, if one is asked for.
        fn routes(self) -> Result<Vec<String>, String> {
            let line = |candidate: &Candidate| {
                let asked = candidate.asked.as_ref().map_or("-".to_string(), ToString::to_string);
                let price = candidate.cost_usd.map_or("unknown".to_string(), |cost| format!("${cost}"));
                let doubt = if candidate.doubts.is_empty() { "" } else { "?" };
                let (provider, api) = (&candidate.route.provider, candidate.api.name());
                let ground = candidate.key.map_or(String::new(), |key| format!(" on {key}"));
                format!("{provider} {api} {asked} x{} {price}{doubt}{ground}", candidate.max_images)
            };
            match route(&self.asset(), &Registry::built_in()) {
                Ok(routing) => Ok(routing.expect("it is generated").candidates.iter().map(line).collect()),
                Err(diagnostic) => Err(diagnostic.message),
            }
        }
    }

    #[test]
    fn each_wish_goes_to_whoever_can_honour_all_of_it() {
        for (wish, expected) in [
            (
                wish("seedream-4.5"),
                vec![
                    "aisa openai-images 2048x2048 x1 $0.04",
                    "aisa chat-images - x1 $0.036",
                    "openrouter openrouter-images 2048x2048 x1 $0.04",
                    "powertokens powertokens-images 2048x2048 x15 unknown",
                ],
            ),
            (wish("seedream-4.5").size("2560x1440").at(&["aisa"]), vec!["aisa openai-images 2560x1440 x1 $0.04"]),
            (
                wish("seedream-4.5").seed(7),
                vec![
                    "openrouter openrouter-images 2048x2048 x1 $0.04?",
                    "powertokens powertokens-images 2048x2048 x15 unknown?",
                ],
            ),
            (wish("seedream-4.5").seed(3_000_000_000), vec!["openrouter openrouter-images 2048x2048 x1 $0.04?"]),
            (
                wish("seedream-4.5").references(14).at(&["powertokens", "openrouter"]),
                vec![
                    "powertokens powertokens-images 2048x2048 x1 unknown",
                    "openrouter openrouter-images 2048x2048 x1 $0.04",
                ],
            ),
            (
                wish("seedream-4.5").references(3).at(&["powertokens"]),
                vec!["powertokens powertokens-images 2048x2048 x12 unknown"],
            ),
            (wish("seedream-4.5").quality(Quality::High), vec!["openrouter openrouter-images 2048x2048 x1 $0.04?"]),
            (
                wish("seedream-4.5").background(Background::Opaque).at(&["aisa"]),
                vec!["aisa openai-images 2048x2048 x1 $0.04", "aisa chat-images - x1 $0.036"],
            ),
            (wish("wan2.7-image"), vec!["aisa chat-images - x4 $0.03", "aisa openai-images - x1 $0.03"]),
            (wish("wan2.7-image").size("1024x1024"), vec!["aisa openai-images 1024x1024 x1 $0.03"]),
            (
                wish("wan2.7-image-pro").references(9),
                vec!["aisa chat-images - x4 $0.075", "aisa openai-images - x1 $0.075?"],
            ),
            (
                wish("wan2.7-image").output(1280, 720),
                vec!["aisa chat-images - x4 $0.03?", "aisa openai-images 1280x720 x1 $0.03"],
            ),
            (
                wish("gemini-3-pro-image").size("2K").ratio("16:9"),
                vec![
                    "aisa gemini-generate-content 2K 16:9 x1 $0.1?",
                    "aisa gemini-generate-content 2K 16:9 x1 $0.1?",
                    "openrouter openrouter-images 2K 16:9 x1 $0.1344",
                ],
            ),
            (
                wish("gemini-3-pro-image").size("4K").at(&["openrouter"]),
                vec!["openrouter openrouter-images 4K x1 $0.24"],
            ),
            (
                wish("gpt-image-1").size("1536x1024").background(Background::Transparent),
                vec!["openrouter openrouter-images 1536x1024 x10 $0.25"],
            ),
            (
                wish("gpt-image-2").size("1536x864").background(Background::Transparent),
                vec![
                    "openrouter openrouter-images 1536x864 x10 unknown",
                    "aisa openai-images 1536x864 x1 unknown on #00ff00",
                ],
            ),
            (
                wish("gpt-image-2").size("1536x864").background(Background::Transparent).at(&["aisa", "openrouter"]),
                vec![
                    "aisa openai-images 1536x864 x1 unknown on #00ff00",
                    "openrouter openrouter-images 1536x864 x10 unknown",
                ],
            ),
            (wish("gpt-image-1").quality(Quality::Low), vec!["openrouter openrouter-images 1024x1024 x10 $0.011"]),
            (
                wish("gpt-image-2").size("1536x864"),
                vec!["aisa openai-images 1536x864 x1 unknown", "openrouter openrouter-images 1536x864 x10 unknown"],
            ),
            (wish("flux.2-pro").seed(7), vec!["openrouter openrouter-images 1024x1024 x1 $0.03"]),
            (
                wish("placeholder").at(&["aisa"]).seed(7).quality(Quality::Low),
                vec!["placeholder placeholder 1024x1024 x100 $0"],
            ),
        ] {
            let what = format!("{:?} {} references {:?}", wish.recipe, wish.references, wish.providers);
            assert_eq!(wish.routes(), Ok(expected.into_iter().map(str::to_string).collect()), "{what}");
        }
    }

    #[test]
    fn where_nobody_can_the_error_says_of_each_why_not() {
        for (wish, words) in [
            (wish("seedream-4.5").seed(7).at(&["aisa"]), vec!["asked for: aisa takes no seed"]),
            (
                wish("seedream-4.5").references(15),
                vec!["aisa takes no references", "openrouter takes at most 14 references, and 15 are given"],
            ),
            (
                wish("wan2.7-image").size("1024x1024").references(10).at(&["aisa"]),
                vec!["aisa takes at most 9 references, and 10 are given"],
            ),
            (wish("wan2.7-image").size("400x400").quality(Quality::Low).at(&["aisa"]), vec!["aisa takes no quality"]),
            (wish("gpt-image-1").seed(7), vec!["openrouter takes no seed"]),
            (wish("seedream-4.0").seed(3_000_000_000), vec!["powertokens takes no seed above 2,147,483,647"]),
            (wish("gemini-3-pro-image").at(&["powertokens"]), vec!["powertokens doesn't serve gemini-3-pro-image"]),
            (wish("wan2.7-image-pro").at(&["powertokens"]), vec!["powertokens speaks powertokens-wan for it"]),
            (wish("seedream-4.5").at(&["comfyui"]), vec!["comfyui speaks comfyui-prompt, which this version doesn't"]),
            (wish("seedream-4.5").at(&["localai"]), vec!["localai doesn't serve seedream-4.5"]),
            (
                wish("wan2.7-image").with(|wish| wish.recipe.prompt = "moon ".repeat(1200)),
                vec!["aisa takes a prompt of at most 5,000 characters, and this one has 6,000"],
            ),
            (
                wish("wan2.7-image")
                    .background(Background::Transparent)
                    .with(|wish| wish.recipe.prompt = "moon ".repeat(999)),
                vec!["at most 5,000 characters, and this one has 5,", "with what is said beside it"],
            ),
            (wish("seedream-4.5").size("1024x1024"), vec!["can't draw `1024x1024`", "at least 3,686,400 pixels"]),
            (wish("gemini-3-pro-image").size("1920x1080"), vec!["can't draw `1920x1080`", "not pixels"]),
            (
                wish("seedream-4.5").size("1024x1024").seed(7).at(&["aisa", "openrouter"]),
                vec!["aisa takes no seed", "openrouter can't draw that size"],
            ),
        ] {
            let what = format!("{:?} {:?}", wish.recipe.model, wish.providers);
            let error = wish.routes().expect_err("nobody can");
            for words in words {
                assert!(error.contains(words), "{what}: {error}");
            }
        }
    }
}
