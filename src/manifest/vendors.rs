//! The tables `[providers]` and `[models]`: of a manifest, and of models.toml, which has the same form.
//!
//! Types and bounds only; what the names stand for is for [`crate::model`].

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::capability::{Edits, Facts, Fields, NamedRatio, PixelTable, Price, Rate, Sizes};
use crate::diagnostic::{Diagnostic, Source};
use crate::manifest::table::{Field, Problems, Table};
use crate::manifest::tree::{Node, Tree};
use crate::manifest::{ModelKeys, ProviderKeys, RouteKeys, Spanned};
use crate::picture::MAX_SIDE;
use crate::recipe::{Quality, Ratio, Size};

/// What a size looks like, for messages.
pub(crate) const SIZE_FORM: &str = "WIDTHxHEIGHT, like `1920x1080`, or a tier: `512`, `1K`, `2K`, `3K`, `4K`";
/// More images than any request brings.
const MAX_IMAGES: u32 = 100;

/// The providers and models of models.toml.
#[derive(Debug)]
pub(crate) struct VendorTables {
    pub(crate) providers: BTreeMap<String, ProviderKeys>,
    pub(crate) models: BTreeMap<String, ModelKeys>,
}

/// Reads a file that holds nothing but `[providers]` and `[models]`.
pub(crate) fn read_vendors(name: &str, text: &str) -> Result<VendorTables, Vec<Diagnostic>> {
    let source = Source::new(name, text);
    let document = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![Diagnostic::new("syntax", error.message().to_string()).label(&source, span, "here")]
    })?;
    let mut problems = Problems { source: &source, found: Vec::new() };
    let tree = Node::table(document.get_ref(), &source, document.span());
    let mut root = Table::new("models.toml", tree.entries(), &[]);
    let fields = (root.take("providers"), root.take("models"));
    let tables = VendorTables {
        providers: fields.0.map(|field| named(&field, &mut problems, built_in_provider)).unwrap_or_default(),
        models: fields.1.map(|field| models(&field, &mut problems)).unwrap_or_default(),
    };
    root.finish(&mut problems);
    if problems.found.is_empty() { Ok(tables) } else { Err(problems.found) }
}

pub(crate) fn providers(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, ProviderKeys> {
    named(field, problems, |field, problems| {
        let mut table = field.table(format!("[providers.{}]", field.key), &[], problems)?;
        let keys = provider(field, &mut table, problems);
        table.finish(problems);
        Some(keys)
    })
}

pub(crate) fn models(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, ModelKeys> {
    named(field, problems, model)
}

/// A table of tables, by name.
fn named<T>(
    field: &Field<'_>,
    problems: &mut Problems<'_>,
    read: fn(&Field<'_>, &mut Problems<'_>) -> Option<T>,
) -> BTreeMap<String, T> {
    let Some(mut table) = field.table(format!("[{}]", field.key), &[], problems) else { return BTreeMap::new() };
    table.take_rest().iter().filter_map(|field| Some((field.key.to_string(), read(field, problems)?))).collect()
}

/// What only tintype itself may say of a provider: whose habits it has and what it bills.
fn built_in_provider(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<ProviderKeys> {
    let mut table = field.table(format!("[providers.{}]", field.key), &[], problems)?;
    let vendor = table.string("vendor", problems);
    let bills_failures = table.boolean("bills_failures", problems).map(|bills| bills.value);
    let keys = provider(field, &mut table, problems);
    table.finish(problems);
    Some(ProviderKeys { vendor, bills_failures, ..keys })
}

fn provider(field: &Field<'_>, table: &mut Table<'_>, problems: &mut Problems<'_>) -> ProviderKeys {
    ProviderKeys {
        place: field.key_place.clone(),
        api: table.string("api", problems),
        base_url: table.string("base_url", problems),
        api_key_env: table.string("api_key_env", problems),
        concurrency: table.integer_u32("concurrency", 1..=256, problems).map(|number| number.value),
        requests_per_minute: table.integer_u32("requests_per_minute", 1..=100_000, problems).map(|number| number.value),
        timeout: table.duration("timeout", problems),
        max_retries: table.integer_u32("max_retries", 0..=20, problems).map(|number| number.value),
        vendor: None,
        bills_failures: None,
        price: table.take("cost_usd").and_then(|field| price(&field, problems)),
        facts: facts(table, problems),
    }
}

fn model(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<ModelKeys> {
    let mut table = field.table(format!("[models.{}]", field.key), &[], problems)?;
    let keys = ModelKeys {
        place: field.key_place.clone(),
        prices: table.take("cost_usd").map(|field| prices(&field, problems)).unwrap_or_default(),
        routes: table
            .take("routes")
            .map(|field| field.into_list().iter().filter_map(|field| route(field, problems)).collect()),
        facts: facts(&mut table, problems),
    };
    table.finish(problems);
    Some(keys)
}

fn route(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<RouteKeys> {
    let mut table = field.table("a route", &[], problems)?;
    let provider = table.string("provider", problems);
    let id = table.string("id", problems);
    let (api, path) = (table.string("api", problems), path(&mut table, problems));
    let price = table.take("cost_usd").and_then(|field| price(&field, problems));
    let facts = facts(&mut table, problems);
    table.finish(problems);
    let (Some(provider), Some(id)) = (provider, id) else {
        let error = field.place.error("missing-key", "a route needs a `provider` and an `id`", "incomplete");
        problems.add(error.help(r#"write { provider = "studio", id = "the-model-s-id-there", cost_usd = 0.0 }"#));
        return None;
    };
    Some(RouteKeys { provider, id, api, path, price, facts })
}

/// A path below the base URL. It can't lead to another host, as it is only ever put behind one.
fn path(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
    let path = table.string("path", problems)?;
    let below = path.value.trim_start_matches("../");
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-._~/:{}".contains(character);
    if below.is_empty() || !below.chars().all(is_plain) || below.split('/').any(|part| part == "..") {
        let error = path.error("bad-value", format!("`{}` is no path below a base URL", path.value), "this path");
        problems.add(error.help("write it like \"images/generations\" or \"models/{model}:generateContent\""));
        return None;
    }
    Some(path)
}

/// What may be stated at each level.
fn facts(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Facts {
    let count = |number: Option<Spanned<u32>>| number.map(|number| number.value);
    Facts {
        default_size: table.parsed("default_size", SIZE_FORM, Size::parse, problems).map(|size| size.value),
        fields: table.take("fields").map(|field| fields(field, problems)),
        edits: table.parsed("edits", "`multipart` or `json`", Edits::parse, problems).map(|edits| edits.value),
        max_images: count(table.integer_u32("max_images", 1..=MAX_IMAGES, problems)),
        max_references: count(table.integer_u32("max_references", 0..=1000, problems)),
        max_together: count(table.integer_u32("max_together", 1..=1000, problems)),
        max_prompt: count(table.integer_u32("max_prompt", 1..=u32::MAX, problems)),
        max_seed: table.integer_u64("max_seed", problems).map(|seed| seed.value),
        formats: texts(&table.list("formats"), problems),
        url_lifetime: table.duration("url_lifetime", problems),
        status: table.string("status", problems).map(|status| status.value),
        source: texts(&table.list("source"), problems),
        sizes: sizes(table, problems),
    }
}

fn sizes(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Sizes {
    let positive = |number: Option<Spanned<u64>>| number.map(|number| number.value).filter(|number| *number > 0);
    let only = table.list("sizes");
    let ratios = table.list("ratios");
    Sizes {
        min_pixels: positive(table.integer_u64("min_pixels", problems)),
        max_pixels: positive(table.integer_u64("max_pixels", problems)),
        min_ratio: table.amount("min_ratio", problems).map(|ratio| ratio.value),
        max_ratio: table.amount("max_ratio", problems).map(|ratio| ratio.value),
        multiple_of: table.integer_u32("multiple_of", 1..=1024, problems).map(|number| number.value),
        max_side: table.integer_u32("max_side", 1..=MAX_SIDE, problems).map(|number| number.value),
        only: each(only, "a size like `1024x1024`", pixels, problems),
        tiers: texts(&table.list("tiers"), problems),
        ratios: each(ratios, "a ratio like `16:9`", NamedRatio::parse, problems),
        pixels: table.table("pixels", "pixels", &[], problems).map(|table| stated(table, problems)).unwrap_or_default(),
    }
}

/// Tier by tier, ratio by ratio: width and height.
fn stated(mut table: Table<'_>, problems: &mut Problems<'_>) -> PixelTable {
    let mut tiers = BTreeMap::new();
    for tier in table.take_rest() {
        let Some(mut rows) = tier.table(tier.key, &[], problems) else { continue };
        let mut read = |field: Field<'_>| {
            let size = field.string(problems)?;
            let row = Ratio::parse(field.key).zip(pixels(&size.value));
            if row.is_none() {
                let message = format!("`{}` = `{}` is no ratio and size", field.key, size.value);
                problems.add(size.error("bad-value", message, "not this").help("write \"16:9\" = \"2848x1600\""));
            }
            row
        };
        tiers.insert(tier.key.to_string(), rows.take_rest().into_iter().filter_map(&mut read).collect());
    }
    tiers
}

fn pixels(text: &str) -> Option<(u32, u32)> {
    match Size::parse(text) {
        Some(Size::Pixels { width, height }) => Some((width, height)),
        _ => None,
    }
}

fn texts(fields: &[Field<'_>], problems: &mut Problems<'_>) -> Vec<String> {
    fields.iter().filter_map(|field| Some(field.string(problems)?.value)).collect()
}

/// A list whose items `parse` understands.
fn each<T>(
    fields: Vec<Field<'_>>,
    expected: &str,
    parse: fn(&str) -> Option<T>,
    problems: &mut Problems<'_>,
) -> Vec<T> {
    let mut values = Vec::new();
    for field in fields {
        let Some(text) = field.string(problems) else { continue };
        match parse(&text.value) {
            Some(value) => values.push(value),
            None => {
                let error = text.error("bad-value", format!("`{}` can't stand here", text.value), "not this");
                problems.add(error.help(format!("write {expected}")));
            }
        }
    }
    values
}

fn fields(field: Field<'_>, problems: &mut Problems<'_>) -> Fields {
    let names = crate::capability::Field::ALL.map(crate::capability::Field::name).join("`, `");
    let expected = format!("`{names}`; with `?` behind it where nothing says whether the model heeds it");
    each(field.into_list(), &expected, Fields::parse, problems).into_iter().collect()
}

/// Prices by provider.
fn prices(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, Spanned<Price>> {
    let Some(mut table) = field.table("cost_usd", &[], problems) else { return BTreeMap::new() };
    let read = |field: &Field<'_>| {
        Some((field.key.to_string(), Spanned { value: price(field, problems)?, place: field.place.clone() }))
    };
    table.take_rest().iter().filter_map(read).collect()
}

/// A number, or a table by size, by quality, by megapixel, or by area.
fn price(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Price> {
    if !matches!(field.value, Tree::Table(_)) {
        return field.amount(problems).map(|amount| Price::Image(amount.value));
    }
    let mut table = field.table("a price list", &[], problems)?;
    if let Some(each) = table.amount("megapixel", problems) {
        table.finish(problems);
        return Some(Price::Megapixel { first: each.value, further: Some(each.value) });
    }
    if let Some(first) = table.amount("first_megapixel", problems) {
        let further = table.amount("further_megapixel", problems).map(|amount| amount.value);
        table.finish(problems);
        return Some(Price::Megapixel { first: first.value, further });
    }
    if let Some(steps) = table.take("up_to_pixels") {
        let up_to = areas(&steps, problems);
        let above = table.amount("above", problems).map(|amount| amount.value);
        table.finish(problems);
        return Some(Price::Area { up_to, above });
    }
    let mut rates = Vec::new();
    for field in table.take_rest() {
        let quality = Quality::parse(field.key).filter(|quality| *quality != Quality::Auto);
        match (quality, field.value) {
            (Some(_), Tree::Table(_)) => {
                let mut sizes = field.table(field.key, &[], problems)?;
                rates.extend(sizes.take_rest().iter().filter_map(|field| rate(quality, Some(field), field, problems)));
            }
            (Some(_), _) => rates.extend(rate(quality, None, &field, problems)),
            (None, _) => rates.extend(rate(None, Some(&field), &field, problems)),
        }
    }
    Some(Price::Rates(rates))
}

/// Prices by the most pixels that they are for.
fn areas(field: &Field<'_>, problems: &mut Problems<'_>) -> Vec<(u64, f64)> {
    let Some(mut table) = field.table("up_to_pixels", &[], problems) else { return Vec::new() };
    let mut steps = Vec::new();
    for step in table.take_rest() {
        let Ok(pixels) = step.key.replace('_', "").parse::<u64>() else {
            let message = format!("`{}` is no number of pixels", step.key);
            problems.add(step.key_place.error("bad-value", message, "not this").help("write { 2_610_000 = 0.045 }"));
            continue;
        };
        steps.extend(step.amount(problems).map(|amount| (pixels, amount.value)));
    }
    steps.sort_by_key(|(pixels, _)| *pixels);
    steps
}

fn rate(
    quality: Option<Quality>,
    size: Option<&Field<'_>>,
    amount: &Field<'_>,
    problems: &mut Problems<'_>,
) -> Option<Rate> {
    if let Some(size) = size.filter(|size| !is_size(size.key)) {
        let message = format!("`{}` is neither a size nor a quality", size.key);
        let help = "write prices by size or tier (\"1K\" = 0.04), by quality (high = 0.17), or megapixel = 0.03";
        problems.add(size.key_place.error("bad-value", message, "not this").help(help));
        return None;
    }
    let usd = amount.amount(problems)?.value;
    Some(Rate { quality, size: size.map(|size| size.key.to_string()), usd })
}

/// A size in pixels, or a tier, also one that only its vendor knows (`1.5K`).
fn is_size(text: &str) -> bool {
    let tier = text.strip_suffix(['k', 'K']).unwrap_or(text);
    pixels(text).is_some() || tier.parse::<f64>().is_ok_and(f64::is_finite)
}
