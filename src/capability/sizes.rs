//! Which sizes a model draws on a route, as its vendor states them. What is unknown is open.

use std::collections::BTreeMap;

use crate::recipe::Ratio;

/// Width and height by tier and ratio.
pub type PixelTable = BTreeMap<String, Vec<(Ratio, (u32, u32))>>;

/// Limits, lists and tables of sizes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sizes {
    /// Fewest pixels.
    pub min_pixels: Option<u64>,
    /// Most pixels.
    pub max_pixels: Option<u64>,
    /// Least width divided by height.
    pub min_ratio: Option<f64>,
    /// Greatest width divided by height.
    pub max_ratio: Option<f64>,
    /// Both sides are whole multiples of it.
    pub multiple_of: Option<u32>,
    /// The longest side in pixels.
    pub max_side: Option<u32>,
    /// The only widths and heights that there are; any within the limits where empty.
    pub only: Vec<(u32, u32)>,
    /// The tiers that the model knows, as they are spelt on the wire; unknown where empty.
    pub tiers: Vec<String>,
    /// The only ratios that there are; any within the limits where empty.
    pub ratios: Vec<NamedRatio>,
    /// Width and height of a tier at a ratio, where the vendor states them: tier, ratio, pixels.
    pub pixels: PixelTable,
}

/// A ratio with the vendor's own spelling: `21:9` is 7:3, and only the former may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRatio {
    /// In lowest terms.
    pub ratio: Ratio,
    /// As it is spelt on the wire.
    pub name: String,
}

impl NamedRatio {
    /// Reads `16:9`, or `9:19.5`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { ratio: Ratio::parse(text)?, name: text.to_string() })
    }
}

impl Sizes {
    /// These facts, and those of `base` where these say nothing.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        fn list<T: Clone>(own: Vec<T>, base: &[T]) -> Vec<T> {
            if own.is_empty() { base.to_vec() } else { own }
        }
        Self {
            min_pixels: self.min_pixels.or(base.min_pixels),
            max_pixels: self.max_pixels.or(base.max_pixels),
            min_ratio: self.min_ratio.or(base.min_ratio),
            max_ratio: self.max_ratio.or(base.max_ratio),
            multiple_of: self.multiple_of.or(base.multiple_of),
            max_side: self.max_side.or(base.max_side),
            only: list(self.only, &base.only),
            tiers: list(self.tiers, &base.tiers),
            ratios: list(self.ratios, &base.ratios),
            pixels: if self.pixels.is_empty() { base.pixels.clone() } else { self.pixels },
        }
    }

    /// The vendor's spelling of a tier, if the model knows it.
    pub fn tier(&self, tier: &str) -> Option<&str> {
        self.tiers.iter().find(|known| known.eq_ignore_ascii_case(tier)).map(String::as_str)
    }

    /// The vendor's spelling of a ratio, if it is on the list.
    pub fn ratio(&self, ratio: Ratio) -> Option<&str> {
        self.ratios.iter().find(|known| known.ratio == ratio).map(|known| known.name.as_str())
    }

    /// The vendor's width and height of a tier at a ratio, if it states them.
    pub fn stated(&self, tier: &str, ratio: Ratio) -> Option<(u32, u32)> {
        let of_tier = self.pixels.iter().find(|(known, _)| known.eq_ignore_ascii_case(tier))?.1;
        of_tier.iter().find(|(known, _)| *known == ratio).map(|(_, pixels)| *pixels)
    }
}
