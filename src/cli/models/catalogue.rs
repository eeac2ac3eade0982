//! What `models` shows, as one value: JSON is made of it as it is, table and page from it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::capability::{Field, Fields, Price, Rate, Support};
use crate::cli::json::VERSION;
use crate::model::{Model, Registry, Route, Wire};
use crate::project::Keys;
use crate::recipe::{Quality, Ratio, Size};
use crate::size::Asked;

/// Which part of the registry is asked for.
pub(super) struct Wanted<'a> {
    pub(super) model: Option<&'a Model>,
    pub(super) provider: Option<&'a str>,
    /// What a single route must have.
    pub(super) capabilities: &'a [crate::capability::Field],
}

impl Wanted<'_> {
    fn takes(&self, route: &Route) -> bool {
        let has = |field: &Field| {
            let none = *field == Field::References && route.facts.max_references == Some(0);
            route.fields().has(*field) && !none
        };
        self.provider.is_none_or(|provider| provider == route.provider) && self.capabilities.iter().all(has)
    }
}

#[derive(Serialize)]
pub(super) struct Catalogue<'a> {
    version: u32,
    pub(super) models: Vec<ModelRow<'a>>,
}

#[derive(Serialize)]
pub(super) struct ModelRow<'a> {
    pub(super) name: &'a str,
    pub(super) routes: Vec<RouteRow<'a>>,
}

#[derive(Serialize)]
pub(super) struct RouteRow<'a> {
    #[serde(skip)]
    pub(super) route: &'a Route,
    #[serde(skip)]
    pub(super) has_key: bool,
    provider: &'a str,
    id: &'a str,
    api: &'a str,
    path: &'a str,
    /// Of an image whose size and quality are left to the model: at most so much.
    cost_usd: Option<f64>,
    price: Option<PriceRow<'a>>,
    fields: BTreeMap<&'static str, &'static str>,
    limits: Limits<'a>,
    max_images: Option<u32>,
    max_references: Option<u32>,
    formats: &'a [String],
    url_lifetime_seconds: Option<u64>,
    /// Whether it can be asked now: its key is set or not needed, and this version speaks its wire format.
    usable: bool,
    status: Option<&'a str>,
    source: &'a [String],
}

#[derive(Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
enum PriceRow<'a> {
    Image { usd: f64 },
    Megapixel { first_usd: f64, further_usd: Option<f64> },
    Area { up_to: Vec<Step>, above_usd: Option<f64> },
    List { rates: Vec<RateRow<'a>> },
}

#[derive(Serialize)]
struct Step {
    pixels: u64,
    usd: f64,
}

#[derive(Serialize)]
struct RateRow<'a> {
    quality: Option<&'static str>,
    size: Option<&'a str>,
    usd: f64,
}

#[derive(Serialize)]
struct Limits<'a> {
    min_pixels: Option<u64>,
    max_pixels: Option<u64>,
    min_ratio: Option<f64>,
    max_ratio: Option<f64>,
    multiple_of: Option<u32>,
    max_side: Option<u32>,
    sizes: Vec<String>,
    tiers: &'a [String],
    ratios: Vec<&'a str>,
    /// Width and height by tier and ratio, where the vendor states them.
    pixels: BTreeMap<&'a str, BTreeMap<String, String>>,
    default_size: Option<String>,
    max_together: Option<u32>,
    max_prompt: Option<u32>,
    max_seed: Option<u64>,
}

impl<'a> Catalogue<'a> {
    pub(super) fn of(registry: &'a Registry, keys: &Keys, wanted: &Wanted<'_>) -> Self {
        let is_wanted = |model: &&Model| wanted.model.is_none_or(|wanted| wanted.name == model.name);
        let models = registry.models.values().filter(is_wanted).map(|model| ModelRow {
            name: &model.name,
            routes: model
                .routes
                .iter()
                .filter(|route| wanted.takes(route))
                .map(|route| RouteRow::of(route, keys.is_usable(&route.provider)))
                .collect(),
        });
        Self { version: VERSION, models: models.filter(|model| !model.routes.is_empty()).collect() }
    }
}

impl<'a> RouteRow<'a> {
    fn of(route: &'a Route, has_key: bool) -> Self {
        let facts = &route.facts;
        Self {
            route,
            has_key,
            provider: &route.provider,
            id: &route.id,
            api: route.wire.name(),
            path: &route.path,
            cost_usd: usual_price(route),
            price: price(&route.price),
            fields: support(route.fields()),
            limits: Limits::of(route),
            max_images: facts.max_images,
            max_references: if route.fields().has(Field::References) { facts.max_references } else { Some(0) },
            formats: &facts.formats,
            url_lifetime_seconds: facts.url_lifetime.map(|lifetime| lifetime.as_secs()),
            usable: has_key && matches!(route.wire, Wire::Spoken(_)),
            status: facts.status.as_deref(),
            source: &facts.source,
        }
    }
}

/// What the plan would say of an asset that leaves size and quality open.
fn usual_price(route: &Route) -> Option<f64> {
    let asked = route.facts.default_size.as_ref().and_then(|size| match size {
        Size::Auto => None,
        size => Asked::parse(&size.to_string()),
    });
    let area = asked.as_ref().and_then(Asked::area);
    route.price.of(None, asked.as_ref().and_then(Asked::priced_as).as_deref(), area)
}

fn price(price: &Price) -> Option<PriceRow<'_>> {
    Some(match price {
        Price::Unknown => return None,
        Price::Image(usd) => PriceRow::Image { usd: *usd },
        Price::Megapixel { first, further } => PriceRow::Megapixel { first_usd: *first, further_usd: *further },
        Price::Area { up_to, above } => PriceRow::Area {
            up_to: up_to.iter().map(|(pixels, usd)| Step { pixels: *pixels, usd: *usd }).collect(),
            above_usd: *above,
        },
        Price::Rates(rates) => PriceRow::List { rates: rates.iter().map(rate).collect() },
    })
}

fn rate(rate: &Rate) -> RateRow<'_> {
    RateRow { quality: rate.quality.map(Quality::name), size: rate.size.as_deref(), usd: rate.usd }
}

/// Every field, and whether a route honours it.
pub(super) fn support(fields: Fields) -> BTreeMap<&'static str, &'static str> {
    let word = |support| match support {
        Support::Yes => "yes",
        Support::Untold => "unknown",
        Support::No => "no",
    };
    Field::ALL.into_iter().map(|field| (field.name(), word(fields.get(field)))).collect()
}

impl<'a> Limits<'a> {
    fn of(route: &'a Route) -> Self {
        let (facts, sizes) = (&route.facts, &route.facts.sizes);
        let pixels = sizes.pixels.iter().map(|(tier, rows)| {
            let row = |(ratio, (width, height)): &(Ratio, (u32, u32))| {
                let name = sizes.ratio(*ratio).map_or_else(|| ratio.to_string(), str::to_string);
                (name, format!("{width}x{height}"))
            };
            (tier.as_str(), rows.iter().map(row).collect())
        });
        Self {
            min_pixels: sizes.min_pixels,
            max_pixels: sizes.max_pixels,
            min_ratio: sizes.min_ratio,
            max_ratio: sizes.max_ratio,
            multiple_of: sizes.multiple_of,
            max_side: sizes.max_side,
            sizes: sizes.only.iter().map(|(width, height)| format!("{width}x{height}")).collect(),
            tiers: &sizes.tiers,
            ratios: sizes.ratios.iter().map(|ratio| ratio.name.as_str()).collect(),
            pixels: pixels.collect(),
            default_size: facts.default_size.as_ref().map(ToString::to_string),
            max_together: facts.max_together,
            max_prompt: facts.max_prompt,
            max_seed: facts.max_seed,
        }
    }
}
