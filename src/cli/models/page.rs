//! One model in full, for people: each route with all its facts and where they stand.

use crate::capability::{Facts, Field, Price, Rate, Sizes};
use crate::cli::models::catalogue::{Catalogue, ModelRow, RouteRow};
use crate::cli::models::table::{fields, megapixels};
use crate::cli::talk::{BOLD, DIM, Screen, YELLOW};
use crate::cli::words::{dollars, wrap};
use crate::diagnostic::grouped;
use crate::model::{Registry, Wire};

/// The width of the words in front: `aspect ratio`.
const LABEL: usize = 12;

pub(super) fn pages(catalogue: &Catalogue<'_>, registry: &Registry, screen: Screen) -> String {
    catalogue.models.iter().map(|model| page(model, registry, screen)).collect()
}

fn page(model: &ModelRow<'_>, registry: &Registry, screen: Screen) -> String {
    let mut page = Page { screen, lines: vec![screen.paint(BOLD, &screen.plain(model.name))] };
    for row in &model.routes {
        page.lines.push(String::new());
        page.route(row, registry);
    }
    // Routes to one model draw a tier in the same sizes, if their vendors state any.
    let stated: Vec<&Sizes> =
        model.routes.iter().map(|row| &row.route.facts.sizes).filter(|sizes| !sizes.pixels.is_empty()).collect();
    for sizes in stated
        .iter()
        .enumerate()
        .filter(|(index, sizes)| stated[..*index].iter().all(|other| other.pixels != sizes.pixels))
    {
        page.lines.push(String::new());
        page.pixels(sizes.1);
    }
    page.lines.join("\n") + "\n"
}

struct Page {
    screen: Screen,
    lines: Vec<String>,
}

impl Page {
    fn route(&mut self, row: &RouteRow<'_>, registry: &Registry) {
        let (route, facts, screen) = (row.route, &row.route.facts, self.screen);
        let provider = registry.providers.get(&route.provider);
        let address = provider.and_then(|provider| provider.base_url.as_ref());
        self.lines.push(screen.paint(BOLD, &format!("  {}", screen.plain(&route.provider))));
        self.fact("id", &route.id);
        self.fact("api", route.wire.name());
        self.fact("address", &address.map(|base| base.join(&route.path, &route.id)).unwrap_or_default());
        match (&route.wire, row.has_key) {
            (Wire::Unspoken(_), _) => self.warning("not usable", "this version doesn't speak its api"),
            (Wire::Spoken(_), false) => {
                let variable = provider.and_then(|provider| provider.api_key_env.as_deref()).unwrap_or("its key");
                self.warning("not usable", &format!("{variable} is not set"));
            }
            (Wire::Spoken(_), true) => {}
        }
        self.fact("status", facts.status.as_deref().unwrap_or_default());
        prices(&route.price).iter().enumerate().for_each(|(index, line)| self.line(index == 0, "price", line));
        self.fact("fields", &fields(route.fields(), true));
        let images = facts.max_images.map(|most| format!("up to {most} a request"));
        self.fact("images", &images.unwrap_or_else(|| "1 a request, as nothing is known of more".to_string()));
        self.fact("references", &references(facts));
        self.sizes(&facts.sizes);
        self.fact("default size", &facts.default_size.as_ref().map(ToString::to_string).unwrap_or_default());
        self.number("prompt", facts.max_prompt.map(u64::from), "characters at most");
        self.fact("formats", &facts.formats.join(", "));
        let lifetime = facts.url_lifetime.map(|lifetime| humantime::format_duration(lifetime).to_string());
        self.fact("addresses", &lifetime.map(|lifetime| format!("live for {lifetime}")).unwrap_or_default());
        facts.source.iter().enumerate().for_each(|(index, source)| self.line(index == 0, "source", source));
    }

    fn sizes(&mut self, sizes: &Sizes) {
        let only: Vec<String> = sizes.only.iter().map(|(width, height)| format!("{width}x{height}")).collect();
        self.fact("sizes", &only.join(", "));
        self.fact("area", &megapixels(sizes));
        self.fact("shape", &shapes(sizes));
        self.number("longest side", sizes.max_side.map(u64::from), "pixels");
        self.number("multiples of", sizes.multiple_of.map(u64::from), "pixels");
        if sizes.only.is_empty() {
            self.fact("tiers", &sizes.tiers.join(", "));
        }
        self.fact("aspect ratio", &sizes.ratios.iter().map(|ratio| ratio.name.as_str()).collect::<Vec<_>>().join(", "));
    }

    fn pixels(&mut self, sizes: &Sizes) {
        self.lines.push(self.screen.paint(BOLD, "  what a tier is drawn in"));
        for (tier, rows) in &sizes.pixels {
            let sizes = rows.iter().map(|(_, (width, height))| format!("{width}x{height}"));
            self.fact(tier, &sizes.collect::<Vec<_>>().join(", "));
        }
    }

    fn number(&mut self, label: &str, number: Option<u64>, unit: &str) {
        self.fact(label, &number.map(|number| format!("{} {unit}", grouped(number))).unwrap_or_default());
    }

    /// A line for what is known; none for what isn't.
    fn fact(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.line(true, label, value);
        }
    }

    fn warning(&mut self, label: &str, value: &str) {
        let screen = self.screen;
        self.lines.push(format!("  {}  {}", screen.paint(YELLOW, &format!("{label:<LABEL$}")), screen.plain(value)));
    }

    fn line(&mut self, has_label: bool, label: &str, value: &str) {
        let label = self.screen.plain(if has_label { label } else { "" });
        let label = self.screen.paint(DIM, &format!("{label:<LABEL$}"));
        let indent = 2 + LABEL + 2;
        self.lines.push(format!("  {label}  {}", wrap(&self.screen.plain(value), indent, indent, self.screen.width)));
    }
}

fn references(facts: &Facts) -> String {
    let most = match facts.max_references {
        Some(0) => "none".to_string(),
        Some(most) if facts.fields.unwrap_or_default().has(Field::References) => {
            format!("up to {most}")
        }
        _ => return String::new(),
    };
    let together = facts.max_together.map(|most| format!(", and with the images up to {most}")).unwrap_or_default();
    format!("{most}{together}")
}

/// The limits of width divided by height, in words.
fn shapes(sizes: &Sizes) -> String {
    let number = |number: f64| {
        let text = format!("{number:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    let shape = |ratio: f64| {
        if ratio < 1.0 { format!("1:{}", number(1.0 / ratio)) } else { format!("{}:1", number(ratio)) }
    };
    match (sizes.min_ratio, sizes.max_ratio) {
        (Some(least), Some(most)) => format!("{} to {}", shape(least), shape(most)),
        (Some(least), None) => format!("from {}", shape(least)),
        (None, Some(most)) => format!("up to {}", shape(most)),
        (None, None) => String::new(),
    }
}

/// A price, a line for each of its rates.
fn prices(price: &Price) -> Vec<String> {
    let rate = |rate: &Rate| {
        let size = rate.size.as_ref().map(|size| format!(" of {size}")).unwrap_or_default();
        let quality = rate.quality.map(|quality| format!(" at {} quality", quality.name())).unwrap_or_default();
        format!("{} an image{size}{quality}", dollars(rate.usd))
    };
    match price {
        Price::Unknown => vec!["unknown".to_string()],
        Price::Image(usd) if *usd == 0.0 => vec!["free".to_string()],
        Price::Image(usd) => vec![format!("{} an image", dollars(*usd))],
        Price::Megapixel { first, further } => {
            let further = further.map_or_else(
                || "what a further one costs isn't known".to_string(),
                |further| format!("{} for each further one", dollars(further)),
            );
            vec![format!("{} for the first megapixel, {further}", dollars(*first))]
        }
        Price::Area { up_to, above } => {
            let steps =
                up_to.iter().map(|(pixels, usd)| format!("{} up to {} pixels", dollars(*usd), grouped(*pixels)));
            steps.chain(above.map(|usd| format!("{} above", dollars(usd)))).collect()
        }
        Price::Rates(rates) => rates.iter().map(rate).collect(),
    }
}
