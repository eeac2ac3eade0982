//! What a route is asked for: pixels where its request has them, else a tier and a ratio.

use std::fmt;

use crate::capability::{Facts, Field, Fields, Sizes};
use crate::recipe::{Ratio, Recipe, Size, TIERS};
use crate::size::fit::{Nearest, check, shaped, smallest, within_ratios};

/// What is asked for, as it goes on the wire and into the lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Width and height.
    Pixels(u32, u32),
    /// A tier, a ratio, or both, each in the vendor's spelling.
    Shape {
        /// `2K`.
        tier: Option<String>,
        /// `16:9`.
        ratio: Option<String>,
    },
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(width, height) => write!(formatter, "{width}x{height}"),
            Self::Shape { tier, ratio } => {
                let parts: Vec<&str> = tier.iter().chain(ratio).map(String::as_str).collect();
                formatter.write_str(&parts.join(" "))
            }
        }
    }
}

impl Asked {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(Size::Pixels { width, height }) = Size::parse(text) {
            return Some(Self::Pixels(width, height));
        }
        let (ratios, tiers): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|part| part.contains(':'));
        let only = |parts: &[&str]| parts.first().map(|part| (*part).to_string());
        let shape = Self::Shape { tier: only(&tiers), ratio: only(&ratios) };
        (tiers.len() <= 1 && ratios.len() <= 1 && !text.trim().is_empty()).then_some(shape)
    }

    /// Width and height, where they were asked for as such.
    pub fn pixels(&self) -> Option<(u32, u32)> {
        match self {
            Self::Pixels(width, height) => Some((*width, *height)),
            Self::Shape { .. } => None,
        }
    }

    /// How a price list names it: the pixels, or the tier.
    pub fn priced_as(&self) -> Option<String> {
        match self {
            Self::Pixels(..) => Some(self.to_string()),
            Self::Shape { tier, .. } => tier.clone(),
        }
    }

    /// About how many pixels it has; unknown where no tier says it.
    pub fn area(&self) -> Option<u64> {
        match self {
            Self::Pixels(width, height) => Some(u64::from(*width) * u64::from(*height)),
            Self::Shape { tier, .. } => side(tier.as_deref()?).map(|side| u64::from(side) * u64::from(side)),
        }
    }

    /// Whether a picture of these sides is what was asked for. Each vendor has its own pixels for a tier and rounds a ratio
    /// its own way (Google's 2K at 16:9 is 2752x1536): only a picture that is clearly another one counts as such.
    pub fn is_met_by(&self, width: u32, height: u32) -> bool {
        match self {
            Self::Pixels(..) => self.pixels() == Some((width, height)),
            Self::Shape { tier: _, ratio } => {
                let area = f64::from(width) * f64::from(height);
                let is_as_large = self.area().and_then(|area| u32::try_from(area).ok()).is_none_or(|asked| {
                    let factor = area / f64::from(asked);
                    (0.7..1.4).contains(&factor)
                });
                let shape = ratio.as_deref().and_then(Ratio::parse).map(Ratio::value);
                let is_as_wide = shape.is_none_or(|shape| {
                    let factor = f64::from(width) / f64::from(height) / shape;
                    (0.96..1.04).contains(&factor)
                });
                is_as_large && is_as_wide
            }
        }
    }
}

/// What is to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// The recipe: its size and ratio count.
    pub recipe: &'a Recipe,
    /// Width and height of the files to make, which the picture should not fall short of.
    pub output: (Option<u32>, Option<u32>),
}

/// Why a route can't be asked for a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSize {
    /// The limit that it breaks, with its figures.
    pub reason: String,
    /// What to write instead.
    pub cure: Option<Cure>,
}

/// What to write instead of a size that can't be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cure {
    /// A size in pixels.
    Pixels(Nearest),
    /// A tier, with a ratio.
    Shape(String, Option<String>),
    /// A ratio alone.
    Ratio(String),
}

impl BadSize {
    fn new(reason: impl Into<String>, cure: Option<Cure>) -> Self {
        Self { reason: reason.into(), cure }
    }
}

/// What to ask a route for; `None` where the recipe says nothing, and the vendor's default is taken.
pub fn ask(demand: Demand<'_>, facts: &Facts) -> Result<Option<Asked>, BadSize> {
    let route =
        Route { fields: facts.fields.unwrap_or_default(), sizes: &facts.sizes, default: facts.default_size.as_ref() };
    let recipe = demand.recipe;
    match (&recipe.size, recipe.aspect_ratio) {
        (Some(Size::Pixels { width, height }), _) => route.exactly((*width, *height)).map(Some),
        (Some(Size::Tier(tier)), ratio) => route.tier(tier, ratio).map(Some),
        (Some(Size::Auto), Some(ratio)) => route.covering(ratio, demand.output),
        (None, Some(ratio)) => route.ratio(ratio).map(Some),
        (None | Some(Size::Auto), None) => Ok(route.default()),
    }
}

/// What is stated of a route, as far as sizes go.
struct Route<'a> {
    fields: Fields,
    sizes: &'a Sizes,
    default: Option<&'a Size>,
}

impl Route<'_> {
    fn has(&self, field: Field) -> bool {
        self.fields.has(field)
    }

    fn exactly(&self, size: (u32, u32)) -> Result<Asked, BadSize> {
        if self.has(Field::Size) {
            return check(size, self.sizes)
                .map(|()| Asked::Pixels(size.0, size.1))
                .map_err(|(reason, nearest)| BadSize::new(reason, nearest.map(Cure::Pixels)));
        }
        if !self.has(Field::Tier) && !self.has(Field::Ratio) {
            return Err(BadSize::new("it takes no size", None));
        }
        let ratio = self.nearest_ratio(Ratio::of(size.0, size.1)).map(|(name, _)| name);
        let tier = self.has(Field::Tier).then(|| self.covering_tier(size)).flatten();
        let tiers = if self.sizes.tiers.is_empty() { "such as 2K".to_string() } else { self.sizes.tiers.join(", ") };
        let reason = if self.has(Field::Tier) {
            format!("it takes a tier ({tiers}) and an aspect ratio, not pixels")
        } else {
            "it takes an aspect ratio, not pixels".to_string()
        };
        let cure = match (tier, ratio) {
            (Some(tier), ratio) => Some(Cure::Shape(tier, ratio)),
            (None, ratio) => ratio.map(Cure::Ratio),
        };
        Err(BadSize::new(reason, cure))
    }

    fn tier(&self, tier: &str, ratio: Option<Ratio>) -> Result<Asked, BadSize> {
        if !self.has(Field::Size) && !self.has(Field::Tier) {
            return Err(BadSize::new("it takes no size", None));
        }
        let Some(name) = self.known_tier(tier) else {
            let reason = format!("it knows the tiers {}, not {tier}", self.sizes.tiers.join(", "));
            let other = side(tier).and_then(|side| self.covering_tier((side, side)));
            return Err(BadSize::new(
                reason,
                other.map(|tier| Cure::Shape(tier, ratio.map(|ratio| ratio.to_string()))),
            ));
        };
        let named = ratio.map(|ratio| self.sizes.ratio(ratio));
        // As it is written, where the request has words for it.
        if self.has(Field::Tier) && (ratio.is_none() || (self.has(Field::Ratio) && self.is_known_ratio(ratio))) {
            let ratio = ratio.map(|ratio| named.flatten().map_or_else(|| ratio.to_string(), str::to_string));
            return Ok(Asked::Shape { tier: Some(name), ratio });
        }
        if self.has(Field::Size) {
            return self.pixels_of(tier, ratio);
        }
        let ratio = ratio.expect("without a ratio the tier alone would have done");
        if !self.has(Field::Ratio) {
            return Err(BadSize::new("it takes no aspect ratio", None));
        }
        let other = self.nearest_ratio(ratio).map(|(other, _)| Cure::Shape(name, Some(other)));
        Err(BadSize::new(self.unknown_ratio(ratio), other))
    }

    fn ratio(&self, ratio: Ratio) -> Result<Asked, BadSize> {
        // As large as the model's default, where that is in pixels and any are free.
        let is_in_pixels = matches!(self.default, Some(Size::Pixels { .. })) && self.sizes.only.is_empty();
        let by_pixels = self.has(Field::Size) && is_in_pixels;
        if !by_pixels && self.has(Field::Ratio) && self.is_known_ratio(Some(ratio)) {
            let name = self.sizes.ratio(ratio).map_or_else(|| ratio.to_string(), str::to_string);
            let tier = match self.default {
                Some(Size::Tier(tier)) if self.has(Field::Tier) => self.known_tier(tier),
                _ => None,
            };
            return Ok(Asked::Shape { tier, ratio: Some(name) });
        }
        if self.has(Field::Size) {
            let area = self.default.and_then(area).unwrap_or(1024 * 1024);
            let (width, height) = match self.default {
                Some(Size::Tier(tier)) => self.sizes.stated(tier, ratio),
                _ => TIERS
                    .iter()
                    .filter(|(_, side)| u64::from(*side).pow(2) == area)
                    .find_map(|(tier, _)| self.sizes.stated(tier, ratio)),
            }
            .unwrap_or_else(|| shaped(area, ratio.value(), self.sizes));
            return self.exactly((width, height));
        }
        if !self.has(Field::Ratio) {
            return Err(BadSize::new("it takes no aspect ratio", None));
        }
        let other = self.nearest_ratio(ratio).map(|(other, _)| Cure::Ratio(other));
        Err(BadSize::new(self.unknown_ratio(ratio), other))
    }

    /// The smallest size of a shape, or of the nearest one that there is, that no output exceeds.
    fn covering(&self, ratio: Ratio, output: (Option<u32>, Option<u32>)) -> Result<Option<Asked>, BadSize> {
        if self.has(Field::Size) {
            return self.exactly(smallest(ratio, output, self.sizes)).map(Some);
        }
        if !self.has(Field::Ratio) && !self.has(Field::Tier) {
            // What comes is cut to the output's shape.
            return Ok(None);
        }
        let ratio = self.has(Field::Ratio).then(|| self.nearest_ratio(ratio)).flatten();
        let value = ratio.as_ref().map_or(1.0, |(_, value)| *value);
        let wanted = (f64::from(output.0.unwrap_or(1)), f64::from(output.1.unwrap_or(1)));
        let height = (wanted.0 / value).max(wanted.1);
        let tier = self.has(Field::Tier).then(|| self.tier_of_area(height * height * value)).flatten();
        Ok(Some(Asked::Shape { tier, ratio: ratio.map(|(name, _)| name) }))
    }

    fn default(&self) -> Option<Asked> {
        match self.default? {
            Size::Pixels { width, height } if self.has(Field::Size) => Some(Asked::Pixels(*width, *height)),
            Size::Tier(tier) if self.has(Field::Tier) => {
                let tier = self.known_tier(tier)?;
                Some(Asked::Shape { tier: Some(tier), ratio: None })
            }
            Size::Tier(tier) if self.has(Field::Size) => self.pixels_of(tier, None).ok(),
            _ => None,
        }
    }

    /// A tier where only pixels can be asked for: as the vendor states it, or as many as the tier's square has.
    fn pixels_of(&self, tier: &str, ratio: Option<Ratio>) -> Result<Asked, BadSize> {
        let ratio = ratio.unwrap_or(Ratio { width: 1, height: 1 });
        let area = side(tier).map_or(1024 * 1024, |side| u64::from(side) * u64::from(side));
        self.exactly(self.sizes.stated(tier, ratio).unwrap_or_else(|| shaped(area, ratio.value(), self.sizes)))
    }

    /// The vendor's spelling of a tier; where nobody says which tiers there are, as it is written.
    fn known_tier(&self, tier: &str) -> Option<String> {
        if self.sizes.tiers.is_empty() {
            return Some(tier.to_string());
        }
        self.sizes.tier(tier).map(str::to_string)
    }

    fn is_known_ratio(&self, ratio: Option<Ratio>) -> bool {
        ratio.is_some_and(|ratio| self.sizes.ratios.is_empty() || self.sizes.ratio(ratio).is_some())
    }

    fn unknown_ratio(&self, ratio: Ratio) -> String {
        let known: Vec<&str> = self.sizes.ratios.iter().map(|known| known.name.as_str()).collect();
        format!("it knows the ratios {}, not {ratio}", known.join(", "))
    }

    /// The nearest ratio that can be asked for: its spelling and its value.
    fn nearest_ratio(&self, ratio: Ratio) -> Option<(String, f64)> {
        if !self.has(Field::Ratio) {
            return None;
        }
        let value = within_ratios(ratio.value(), self.sizes);
        let distance = |known: Ratio| (known.value() / value).ln().abs();
        let known = self.sizes.ratios.iter();
        let nearest = known.min_by(|one, other| distance(one.ratio).total_cmp(&distance(other.ratio)));
        Some(nearest.map_or_else(|| (ratio.to_string(), value), |known| (known.name.clone(), known.ratio.value())))
    }

    /// The smallest tier with as many pixels, else the largest.
    fn covering_tier(&self, size: (u32, u32)) -> Option<String> {
        self.tier_of_area(f64::from(size.0) * f64::from(size.1))
    }

    fn tier_of_area(&self, area: f64) -> Option<String> {
        let usual: Vec<String> = TIERS[1..].iter().map(|(tier, _)| (*tier).to_string()).collect();
        let tiers = if self.sizes.tiers.is_empty() { &usual } else { &self.sizes.tiers };
        let mut known: Vec<(u32, &String)> = tiers.iter().filter_map(|tier| Some((side(tier)?, tier))).collect();
        known.sort_by_key(|(side, _)| *side);
        let covers = |(side, _): &&(u32, &String)| f64::from(*side).powi(2) >= area;
        known.iter().find(covers).or(known.last()).map(|(_, tier)| (*tier).clone())
    }
}

/// The side of the square that a tier stands for.
fn side(tier: &str) -> Option<u32> {
    TIERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(tier)).map(|(_, side)| *side)
}

fn area(size: &Size) -> Option<u64> {
    match size {
        Size::Pixels { width, height } => Some(u64::from(*width) * u64::from(*height)),
        Size::Tier(tier) => side(tier).map(|side| u64::from(side) * u64::from(side)),
        Size::Auto => None,
    }
}

#[cfg(test)]
mod tests {

    use crate::model::Registry;
    use crate::recipe::{Ratio, Recipe, Size};
    use crate::size::ask::{Asked, BadSize, Cure, Demand, ask};

    type Output = (Option<u32>, Option<u32>);

    fn asked(
        (model, provider): (&str, &str),
        (size, ratio): (Option<&str>, Option<&str>),
        output: Output,
    ) -> Result<Option<Asked>, BadSize> {
        let registry = Registry::built_in();
        let route = registry.models[model].routes.iter().find(|route| route.provider == provider).expect("a route");
        let recipe = Recipe {
            size: size.map(|size| Size::parse(size).expect("a size")),
            aspect_ratio: ratio.map(|ratio| Ratio::parse(ratio).expect("a ratio")),
            ..Recipe::new(model, "a moon")
        };
        ask(Demand { recipe: &recipe, output }, &route.facts)
    }

    const SEEDREAM: (&str, &str) = ("seedream-4.5", "aisa");
    const POWER: (&str, &str) = ("seedream-4.5", "powertokens");
    const ROUTER: (&str, &str) = ("seedream-4.5", "openrouter");
    const GEMINI: (&str, &str) = ("gemini-3-pro-image", "openrouter");
    const WAN: (&str, &str) = ("wan2.7-image", "aisa");
    const GPT: (&str, &str) = ("gpt-image-1", "openrouter");
    const GROK: (&str, &str) = ("grok-imagine-image-quality", "openrouter");
    const FLUX: (&str, &str) = ("flux.2-pro", "openrouter");
    const NOWHERE: Output = (None, None);

    #[test]
    fn what_is_asked_follows_from_size_ratio_output_and_route() {
        let both = |width, height| (Some(width), Some(height));
        for (route, size, ratio, output, expected) in [
            (SEEDREAM, Some("2560x1440"), None, NOWHERE, Some("2560x1440")),
            (SEEDREAM, None, None, NOWHERE, Some("2048x2048")),
            (SEEDREAM, Some("2K"), None, NOWHERE, Some("2048x2048")),
            (SEEDREAM, Some("2K"), Some("16:9"), NOWHERE, Some("2848x1600")),
            (SEEDREAM, Some("4K"), Some("5:4"), NOWHERE, Some("4579x3663")),
            (SEEDREAM, None, Some("1:1"), NOWHERE, Some("2048x2048")),
            (SEEDREAM, None, Some("21:9"), NOWHERE, Some("3136x1344")),
            (SEEDREAM, Some("auto"), Some("16:9"), both(1280, 720), Some("2560x1440")),
            (SEEDREAM, Some("auto"), Some("1:1"), both(64, 64), Some("1920x1920")),
            (SEEDREAM, Some("auto"), Some("1:1"), both(3000, 3000), Some("3000x3000")),
            (SEEDREAM, Some("auto"), Some("8:1"), both(1024, 128), Some("5432x679")),
            (SEEDREAM, Some("auto"), Some("32:1"), both(2048, 64), Some("7680x480")),
            (POWER, Some("2K"), None, NOWHERE, Some("2048x2048")),
            (POWER, Some("4K"), Some("21:9"), NOWHERE, Some("6240x2656")),
            (ROUTER, Some("2K"), Some("21:9"), NOWHERE, Some("2K 21:9")),
            (ROUTER, Some("2K"), None, NOWHERE, Some("2K")),
            (ROUTER, Some("2560x1440"), None, NOWHERE, Some("2560x1440")),
            (ROUTER, None, None, NOWHERE, Some("2048x2048")),
            (ROUTER, None, Some("21:9"), NOWHERE, Some("3136x1344")),
            (FLUX, None, Some("16:9"), NOWHERE, Some("1360x768")),
            (GEMINI, Some("2K"), Some("16:9"), NOWHERE, Some("2K 16:9")),
            (GEMINI, None, Some("21:9"), NOWHERE, Some("1K 21:9")),
            (GEMINI, None, None, NOWHERE, Some("1K")),
            (GEMINI, Some("auto"), Some("16:9"), both(1280, 720), Some("1K 16:9")),
            (GEMINI, Some("auto"), Some("16:9"), both(1920, 1080), Some("2K 16:9")),
            (GEMINI, Some("auto"), Some("7:5"), both(700, 500), Some("1K 4:3")),
            (GEMINI, Some("auto"), Some("1:1"), both(9000, 9000), Some("4K 1:1")),
            (WAN, None, None, NOWHERE, None),
            (GPT, None, None, NOWHERE, Some("1024x1024")),
            (GPT, None, Some("16:9"), NOWHERE, Some("16:9")),
            (GPT, Some("auto"), Some("4:3"), both(800, 600), Some("1536x1024")),
            (GPT, Some("auto"), Some("9:16"), both(90, 160), Some("1024x1536")),
            (GROK, None, Some("9:19.5"), NOWHERE, Some("1K 9:19.5")),
        ] {
            let asked = asked(route, (size, ratio), output).map(|asked| asked.map(|asked| asked.to_string()));
            assert_eq!(asked, Ok(expected.map(str::to_string)), "{route:?} {size:?} {ratio:?} {output:?}");
        }
    }

    #[test]
    fn what_cant_be_asked_comes_with_what_can() {
        let shape = |tier: &str, ratio: Option<&str>| Cure::Shape(tier.to_string(), ratio.map(str::to_string));
        for (route, size, ratio, words, cure) in [
            (SEEDREAM, Some("1024x1024"), None, "3,686,400", Some(Cure::Pixels((1920, 1920)))),
            (SEEDREAM, Some("1K"), None, "the tiers 2K, 4K, not 1K", Some(shape("2K", None))),
            (SEEDREAM, Some("3K"), Some("16:9"), "not 3K", Some(shape("4K", Some("16:9")))),
            (SEEDREAM, None, Some("32:1"), "at most 16", Some(Cure::Pixels((8192, 512)))),
            (GEMINI, Some("1920x1080"), None, "not pixels", Some(shape("2K", Some("16:9")))),
            (GEMINI, Some("3K"), None, "1K, 2K, 4K", Some(shape("4K", None))),
            (GEMINI, Some("2K"), Some("7:5"), "not 7:5", Some(shape("2K", Some("4:3")))),
            (GEMINI, None, Some("7:5"), "not 7:5", Some(Cure::Ratio("4:3".to_string()))),
            (WAN, Some("1024x1024"), None, "no size", None),
            (WAN, None, Some("16:9"), "no aspect ratio", None),
            (GPT, Some("1920x1080"), None, "only 1024x1024, 1536x1024, 1024x1536", Some(Cure::Pixels((1536, 1024)))),
        ] {
            let bad = asked(route, (size, ratio), NOWHERE).expect_err("it can't be asked for");
            assert!(bad.reason.contains(words), "{route:?} {size:?} {ratio:?}: {}", bad.reason);
            assert_eq!(bad.cure, cure, "{route:?} {size:?} {ratio:?}");
        }
    }

    #[test]
    fn what_was_asked_is_read_back() {
        for text in ["2560x1440", "2K", "2K 16:9", "9:19.5"] {
            assert_eq!(Asked::parse(text).map(|asked| asked.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Asked::parse(""), None);
        assert_eq!(Asked::parse("2K 16:9 4K"), None);
    }

    #[test]
    fn only_a_picture_that_is_clearly_another_one_is_another_one() {
        for (asked, width, height, is_met) in [
            ("2048x2048", 2048, 2048, true),
            ("2048x2048", 2048, 2047, false),
            ("2K 16:9", 2752, 1536, true),
            ("4K 16:9", 5504, 3072, true),
            ("2K 16:9", 2048, 2048, false),
            ("2K 16:9", 1376, 768, false),
            ("1K", 1024, 1024, true),
            ("1K", 512, 512, false),
            ("21:9", 1584, 672, true),
            ("21:9", 1024, 1024, false),
        ] {
            let asked = Asked::parse(asked).expect("it can be read");
            assert_eq!(asked.is_met_by(width, height), is_met, "{asked} {width}x{height}");
        }
    }
}
