//! What an image costs on a route, as its vendor states it.

use crate::recipe::Quality;

/// A megapixel as image models count it.
const MEGAPIXEL: u64 = 1024 * 1024;

/// The price of one image in US dollars.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Price {
    /// Nobody says, or it depends on what only the answer tells (tokens).
    #[default]
    Unknown,
    /// Each image the same.
    Image(f64),
    /// By megapixels of 1024x1024, each begun one counting: the first, and each further one where that is known.
    Megapixel {
        /// For up to one.
        first: f64,
        /// For each further one.
        further: Option<f64>,
    },
    /// By area: as many pixels at most for so much each, smallest first; and beyond the last of them, where that is known.
    Area {
        /// Most pixels, and their price.
        up_to: Vec<(u64, f64)>,
        /// For more pixels than any of these.
        above: Option<f64>,
    },
    /// By quality, by size, or by both.
    Rates(Vec<Rate>),
}

/// A row of a price list.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// For this quality; any where absent.
    pub quality: Option<Quality>,
    /// For this size or tier, as it is asked for; any where absent.
    pub size: Option<String>,
    /// US dollars an image.
    pub usd: f64,
}

impl Price {
    /// The price of an image of this quality and size (`1024x1024`, or a tier) that has so many pixels. Where the list has
    /// several rows that may apply, because quality or size are left to the model, the dearest: the plan says "up to".
    pub fn of(&self, quality: Option<Quality>, size: Option<&str>, pixels: Option<u64>) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::Image(usd) => Some(*usd),
            Self::Megapixel { first, further } => {
                let more = pixels?.div_ceil(MEGAPIXEL).saturating_sub(1);
                if more == 0 { Some(*first) } else { Some(first + (*further)? * f64::from(u32::try_from(more).ok()?)) }
            }
            Self::Area { up_to, above } => match pixels {
                Some(pixels) => up_to.iter().find(|(most, _)| pixels <= *most).map(|(_, usd)| *usd).or(*above),
                None => up_to.iter().map(|(_, usd)| *usd).chain(*above).reduce(f64::max),
            },
            Self::Rates(rates) => {
                let quality = quality.filter(|quality| *quality != Quality::Auto);
                let may_apply = |rate: &&Rate| {
                    let right_quality = rate.quality.is_none() || quality.is_none() || rate.quality == quality;
                    let right_size = match (&rate.size, size) {
                        (Some(own), Some(asked)) => own.eq_ignore_ascii_case(asked),
                        _ => true,
                    };
                    right_quality && right_size
                };
                rates.iter().filter(may_apply).map(|rate| rate.usd).reduce(f64::max)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::capability::{Price, Rate};
    use crate::recipe::Quality;

    fn rate(quality: Option<Quality>, size: &str, usd: f64) -> Rate {
        Rate { quality, size: Some(size.to_string()), usd }
    }

    #[test]
    fn a_price_is_that_of_what_is_asked() {
        let tiers = Price::Rates(vec![rate(None, "1K", 0.134), rate(None, "4K", 0.24)]);
        let list = Price::Rates(vec![
            rate(Some(Quality::Low), "1024x1024", 0.011),
            rate(Some(Quality::High), "1024x1024", 0.167),
            rate(Some(Quality::High), "1536x1024", 0.25),
        ]);
        let area = Price::Megapixel { first: 0.03, further: Some(0.015) };
        let steps = Price::Area { up_to: vec![(2_610_000, 0.045)], above: Some(0.09) };
        for (price, quality, size, pixels, expected) in [
            (&Price::Unknown, None, None, None, None),
            (&Price::Image(0.04), Some(Quality::High), Some("2K"), None, Some(0.04)),
            (&tiers, None, Some("1k"), None, Some(0.134)),
            (&tiers, None, None, None, Some(0.24)),
            (&tiers, None, Some("2K"), None, None),
            (&list, Some(Quality::Low), Some("1024x1024"), None, Some(0.011)),
            (&list, None, Some("1024x1024"), None, Some(0.167)),
            (&list, Some(Quality::Auto), None, None, Some(0.25)),
            (&list, Some(Quality::Low), Some("1536x1024"), None, None),
            (&area, None, None, Some(1024 * 1024), Some(0.03)),
            (&area, None, None, Some(1024 * 1024 + 1), Some(0.045)),
            (&area, None, None, None, None),
            (&steps, None, Some("1.5K"), Some(1536 * 1536), Some(0.045)),
            (&steps, None, None, Some(2048 * 2048), Some(0.09)),
            (&steps, None, None, None, Some(0.09)),
            (&Price::Megapixel { first: 0.03, further: None }, None, None, Some(2_000_000), None),
        ] {
            assert_eq!(price.of(quality, size, pixels), expected, "{price:?} {quality:?} {size:?} {pixels:?}");
        }
    }
}
