//! All models, for people: a line for each and below it one for each route, narrow enough for a terminal of 80 columns.

use std::collections::BTreeSet;

use crate::capability::{Facts, Field, Fields, Price, Sizes, Support};
use crate::cli::args::CAPABILITIES;
use crate::cli::models::catalogue::{Catalogue, ModelRow, RouteRow};
use crate::cli::talk::{BOLD, DIM, Screen, Talk};
use crate::cli::words::{self, counted, dollars, several, wrap};
use crate::model::Wire;

/// Sizes that are named before the rest is only counted.
const SIZES: usize = 3;
/// The status of a route of which there is nothing to say.
const CURRENT: &str = "current";

pub(super) fn table(catalogue: &Catalogue<'_>, screen: Screen) -> String {
    let routes = || catalogue.models.iter().flat_map(|model| &model.routes);
    let widths = (
        routes().map(|row| row.route.provider.chars().count()).max().unwrap_or(0),
        routes().map(|row| short_price(&row.route.price).chars().count()).max().unwrap_or(0),
    );
    catalogue.models.iter().map(|model| lines(model, widths, screen)).collect::<Vec<_>>().join("\n")
}

/// What the signs mean, and who can't be asked.
pub(super) fn legend(catalogue: &Catalogue<'_>, talk: &Talk) {
    let routes = || catalogue.models.iter().flat_map(|model| &model.routes);
    talk.say("");
    if routes().any(|row| row.route.fields().iter().any(|(_, support)| support == Support::Untold)) {
        talk.say("?: the request has it, and nothing says whether this model heeds it");
    }
    let without: BTreeSet<&str> = routes().filter(|row| !row.has_key).map(|row| row.route.provider.as_str()).collect();
    if !without.is_empty() {
        let names = without.into_iter().collect::<Vec<_>>().join(", ");
        talk.say(&format!("no key is set for {}: `tintype doctor` says more", talk.err.plain(&names)));
    }
}

fn lines(model: &ModelRow<'_>, widths: (usize, usize), screen: Screen) -> String {
    let name = screen.plain(model.name);
    let first = name.chars().count() + 2;
    let sizes = wrap(&screen.plain(&limits(model)), 2, first, screen.width);
    let head = format!("{}  {}", screen.paint(BOLD, &name), screen.paint(DIM, &sizes));
    let routes: String = model.routes.iter().map(|row| line(row, model, widths, screen)).collect();
    format!("{}\n{routes}", head.trim_end())
}

fn line(row: &RouteRow<'_>, model: &ModelRow<'_>, widths: (usize, usize), screen: Screen) -> String {
    let route = row.route;
    let (provider, cost) = (screen.plain(&route.provider), short_price(&route.price));
    let indent = 2 + widths.0 + 2 + widths.1 + 2;
    let can = format!("{}{}", fields(route.fields(), false), apart(row, model));
    let can = wrap(screen.plain(can.trim_start()).as_str(), indent, indent, screen.width);
    let mut line = format!("  {provider:<0$}  {cost:<1$}  {can}", widths.0, widths.1).trim_end().to_string() + "\n";
    if let Some(drawback) = drawback(row) {
        let drawback = wrap(&screen.plain(&drawback), indent, indent, screen.width);
        line = format!("{line}{}{}\n", " ".repeat(indent), screen.paint(DIM, &drawback));
    }
    line
}

/// What tells a route from another one of its provider: its wire format, or else its path.
fn apart(row: &RouteRow<'_>, model: &ModelRow<'_>) -> String {
    let own = row.route;
    let others = || model.routes.iter().map(|row| row.route).filter(|other| other.provider == own.provider);
    match others().filter(|other| other.wire == own.wire).count() {
        _ if others().count() < 2 => String::new(),
        1 => format!(" ({})", own.wire.name()),
        _ => format!(" ({})", own.path),
    }
}

/// What else there is to know before choosing this route.
fn drawback(row: &RouteRow<'_>) -> Option<String> {
    match (&row.route.wire, row.route.facts.status.as_deref()) {
        (Wire::Unspoken(api), _) => Some(format!("speaks {api}, which this version doesn't")),
        (Wire::Spoken(_), status) => status.filter(|status| *status != CURRENT).map(str::to_string),
    }
}

/// What a request has: the fields by which a model is chosen, or all of them.
pub(super) fn fields(fields: Fields, all: bool) -> String {
    let shown: &[Field] = if all { &Field::ALL } else { &CAPABILITIES };
    let word = |field: &Field| match fields.get(*field) {
        Support::Yes => Some(field.name().to_string()),
        Support::Untold => Some(format!("{}?", field.name())),
        Support::No => None,
    };
    Field::ALL.iter().filter(|field| shown.contains(field)).filter_map(word).collect::<Vec<_>>().join(", ")
}

/// Sizes and references in a few words: those of the first route that has any.
fn limits(model: &ModelRow<'_>) -> String {
    let facts = || model.routes.iter().map(|row| &row.route.facts);
    let sizes = facts().map(|facts| sizes(&facts.sizes)).find(|words| !words.is_empty()).unwrap_or_default();
    let takes_any = |facts: &&Facts| facts.fields.unwrap_or_default().has(Field::References);
    let references = facts().filter(takes_any).filter_map(|facts| facts.max_references).max();
    let references =
        references.filter(|most| *most > 0).map(|most| format!("up to {}", counted(most as usize, "reference")));
    [Some(sizes).filter(|words| !words.is_empty()), references].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn sizes(sizes: &Sizes) -> String {
    let only: Vec<String> = sizes.only.iter().map(|(width, height)| format!("{width}x{height}")).collect();
    if !only.is_empty() {
        return several(&only, SIZES);
    }
    let parts = [sizes.tiers.join(", "), megapixels(sizes)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The area's limits in millions of pixels.
pub(super) fn megapixels(sizes: &Sizes) -> String {
    #[expect(clippy::cast_precision_loss, reason = "rounded to a tenth of a million anyway")]
    let millions = |pixels: u64| {
        let rounded = format!("{:.1}", pixels as f64 / 1e6);
        rounded.trim_end_matches(".0").to_string()
    };
    match (sizes.min_pixels, sizes.max_pixels) {
        (Some(least), Some(most)) if least < 50_000 => format!("up to {} megapixels", millions(most)),
        (Some(least), Some(most)) => format!("{} to {} megapixels", millions(least), millions(most)),
        (None, Some(most)) => format!("up to {} megapixels", millions(most)),
        (Some(least), None) => format!("from {} megapixels", millions(least)),
        (None, None) => String::new(),
    }
}

fn short_price(price: &Price) -> String {
    let range = |amounts: Vec<f64>| {
        let (least, most) = (amounts.iter().copied().reduce(f64::min), amounts.iter().copied().reduce(f64::max));
        match (least, most) {
            (Some(least), Some(most)) if least < most => format!("{}-{}", dollars(least), &dollars(most)[1..]),
            (Some(least), _) => dollars(least),
            _ => "unknown".to_string(),
        }
    };
    match price {
        Price::Unknown => "unknown".to_string(),
        Price::Image(usd) => words::price(Some(*usd)),
        Price::Megapixel { first, further } if *further == Some(*first) => format!("{} a MP", dollars(*first)),
        Price::Megapixel { first, .. } => format!("from {}", dollars(*first)),
        Price::Area { up_to, above } => range(up_to.iter().map(|(_, usd)| *usd).chain(*above).collect()),
        Price::Rates(rates) => range(rates.iter().map(|rate| rate.usd).collect()),
    }
}
