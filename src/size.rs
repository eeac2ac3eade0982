//! From the size that a recipe asks for to the pixels that a vendor is asked for: limits, tiers, ratios.
//!
//! Pure arithmetic over what the registry knows. Knows no vendor and no wire format.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides are at most MAX_SIDE and areas at most its square: far below what an f64 holds exactly"
)]

use crate::model::{Limits, Model};
use crate::picture::{MAX_PIXELS, MAX_SIDE};
use crate::recipe::{Ratio, Recipe, Size, TIERS};

/// Why a model can't draw a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSize {
    /// The limit that it breaks, with its figures.
    pub reason: String,
    /// The nearest size of the same shape that works.
    pub nearest: Option<(u32, u32)>,
}

/// What to ask for: `None` where neither the recipe nor the registry has a size, and the vendor's default is taken.
/// `output` are the width and height of the files to make, which the picture should not fall short of.
pub fn asked(
    recipe: &Recipe,
    model: &Model,
    output: (Option<u32>, Option<u32>),
) -> Result<Option<(u32, u32)>, BadSize> {
    let size = recipe.size.as_ref().or(model.default_size.as_ref());
    let wanted = match (size, recipe.aspect_ratio) {
        (Some(Size::Pixels { width, height }), None) => (*width, *height),
        (Some(Size::Auto), Some(ratio)) => smallest(ratio, output, &model.limits),
        (Some(tier @ Size::Tier(_)), ratio) => shaped_value(area(tier), ratio.map_or(1.0, Ratio::value), &model.limits),
        (Some(size), ratio) => shaped(area(size), ratio.unwrap_or(Ratio { width: 1, height: 1 }), &model.limits),
        (None, Some(ratio)) => shaped(1024 * 1024, ratio, &model.limits),
        (None, None) => return Ok(None),
    };
    check(wanted, &model.limits).map(|()| Some(wanted))
}

fn area(size: &Size) -> u64 {
    match size {
        Size::Pixels { width, height } => u64::from(*width) * u64::from(*height),
        Size::Tier(tier) => {
            let side = TIERS.iter().find(|(name, _)| name == tier).map_or(1024, |(_, side)| *side);
            u64::from(side) * u64::from(side)
        }
        Size::Auto => 1024 * 1024,
    }
}

/// Whether a size keeps every limit; if not, which one it breaks and what would do.
pub fn check(size: (u32, u32), limits: &Limits) -> Result<(), BadSize> {
    let Some(reason) = broken(size, limits) else { return Ok(()) };
    Err(BadSize { reason, nearest: nearest(size, limits) })
}

fn broken((width, height): (u32, u32), limits: &Limits) -> Option<String> {
    let pixels = u64::from(width) * u64::from(height);
    let ratio = f64::from(width) / f64::from(height);
    let has = |pixels: u64| format!("{width}x{height} has {}", grouped(pixels));
    if let Some(least) = limits.min_pixels.filter(|least| pixels < *least) {
        return Some(format!("at least {} pixels are needed, {}", grouped(least), has(pixels)));
    }
    let most = limits.max_pixels.unwrap_or(MAX_PIXELS).min(MAX_PIXELS);
    if pixels > most {
        return Some(format!("at most {} pixels are allowed, {}", grouped(most), has(pixels)));
    }
    if let Some(least) = limits.min_ratio.filter(|least| ratio < *least) {
        return Some(format!("width by height must be at least {least}, {width}x{height} has {ratio:.4}"));
    }
    if let Some(most) = limits.max_ratio.filter(|most| ratio > *most) {
        return Some(format!("width by height must be at most {most}, {width}x{height} has {ratio:.4}"));
    }
    if width.max(height) > MAX_SIDE {
        return Some(format!("no side may be longer than {MAX_SIDE} pixels"));
    }
    let multiple = limits.multiple_of.unwrap_or(1);
    if width % multiple != 0 || height % multiple != 0 {
        return Some(format!("both sides must be multiples of {multiple}"));
    }
    None
}

/// The nearest size that keeps the limits: of the same shape as exactly as whole pixels allow.
fn nearest(size: (u32, u32), limits: &Limits) -> Option<(u32, u32)> {
    let ratio = Ratio::of(size.0, size.1);
    let value = ratio.value().clamp(limits.min_ratio.unwrap_or(0.0), limits.max_ratio.unwrap_or(f64::INFINITY));
    let kept = (value - ratio.value()).abs() < f64::EPSILON;
    let least = limits.min_pixels.unwrap_or(1).max(1);
    let most = limits.max_pixels.unwrap_or(MAX_PIXELS).min(MAX_PIXELS);
    let pixels = (u64::from(size.0) * u64::from(size.1)).clamp(least, most);
    let exact = kept
        .then(|| scaled(ratio, (pixels as f64 / (f64::from(ratio.width) * f64::from(ratio.height))).sqrt(), limits));
    let rounded = shaped_value(pixels, value, limits);
    exact.into_iter().flatten().chain([rounded]).find(|size| broken(*size, limits).is_none())
}

/// The whole multiple of a ratio nearest to `factor` that keeps the limits, if there is one close by.
fn scaled(ratio: Ratio, factor: f64, limits: &Limits) -> Option<(u32, u32)> {
    let candidates = [factor.ceil(), factor.floor(), factor.ceil() + 1.0];
    let sides = candidates.map(|factor| (f64::from(ratio.width) * factor, f64::from(ratio.height) * factor));
    let whole = sides
        .into_iter()
        .filter(|(width, height)| *width >= 1.0 && *height >= 1.0 && width.max(*height) <= f64::from(MAX_SIDE));
    let near = |size: &(u32, u32)| {
        let wanted = f64::from(ratio.width) * f64::from(ratio.height) * factor * factor;
        (f64::from(size.0) * f64::from(size.1) / wanted - 1.0).abs() < 0.25
    };
    whole.map(|(width, height)| (width as u32, height as u32)).filter(near).find(|size| broken(*size, limits).is_none())
}

/// Sides of a ratio that have about `area` pixels and keep the limits where that is possible.
fn shaped(area: u64, ratio: Ratio, limits: &Limits) -> (u32, u32) {
    let least = limits.min_pixels.unwrap_or(1);
    let area = area.clamp(least, limits.max_pixels.unwrap_or(u64::MAX).max(least));
    shaped_value(area, ratio.value(), limits)
}

fn shaped_value(area: u64, ratio: f64, limits: &Limits) -> (u32, u32) {
    let step = f64::from(limits.multiple_of.unwrap_or(1));
    let width = (area as f64 * ratio).sqrt();
    let round = |side: f64| ((side / step).round() * step).clamp(step, f64::from(MAX_SIDE)) as u32;
    let up = |side: f64| ((side / step).ceil() * step).clamp(step, f64::from(MAX_SIDE)) as u32;
    let size = (round(width), round(width / ratio));
    // Rounding may have lost the last pixels of a limit: then round one side or both up, or down.
    let down = |side: f64| ((side / step).floor() * step).clamp(step, f64::from(MAX_SIDE)) as u32;
    let others =
        [(up(width), round(width / ratio)), (up(width), up(width / ratio)), (down(width), down(width / ratio))];
    [size].into_iter().chain(others).find(|size| broken(*size, limits).is_none()).unwrap_or(size)
}

/// The smallest size of a ratio that the limits allow and that no output exceeds.
fn smallest(ratio: Ratio, output: (Option<u32>, Option<u32>), limits: &Limits) -> (u32, u32) {
    let least = limits.min_pixels.unwrap_or(1);
    let by_width = output.0.map_or(1.0, |width| f64::from(width) / f64::from(ratio.width));
    let by_height = output.1.map_or(1.0, |height| f64::from(height) / f64::from(ratio.height));
    let by_pixels = (least as f64 / (f64::from(ratio.width) * f64::from(ratio.height))).sqrt();
    let factor = by_width.max(by_height).max(by_pixels);
    scaled(ratio, factor, limits).unwrap_or_else(|| {
        let (width, height) = (f64::from(ratio.width) * factor, f64::from(ratio.height) * factor);
        shaped((width * height) as u64, ratio, limits)
    })
}

/// A whole number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::model::{Model, Registry};
    use crate::recipe::{Ratio, Recipe, Size};
    use crate::size::{asked, check, grouped};

    fn seedream() -> Model {
        Registry::built_in().models["seedream-4.5"].clone()
    }

    fn recipe(size: Option<Size>, ratio: Option<(u32, u32)>) -> Recipe {
        Recipe {
            model: "seedream-4.5".to_string(),
            prompt: "a moon".to_string(),
            size,
            aspect_ratio: ratio.map(|(width, height)| Ratio::of(width, height)),
            references: Vec::new(),
            seed: None,
            quality: None,
            variant: None,
            options: BTreeMap::new(),
        }
    }

    #[test]
    fn a_size_below_the_limit_comes_with_the_nearest_that_works() {
        let limits = seedream().limits;
        for (size, nearest) in [
            ((1024, 1024), (1920, 1920)),
            ((1536, 1536), (1920, 1920)),
            ((1024, 768), (2220, 1665)),
            ((1280, 720), (2560, 1440)),
            ((8192, 8192), (4096, 4096)),
        ] {
            assert_eq!(check(size, &limits).expect_err("out of bounds").nearest, Some(nearest), "{size:?}");
        }
        assert_eq!(check((1920, 1920), &limits), Ok(()));
        let error = check((1024, 1024), &limits).expect_err("too few pixels");
        assert!(error.reason.contains("3,686,400") && error.reason.contains("1,048,576"), "{}", error.reason);
    }

    #[test]
    fn the_nearest_size_always_works() {
        let limits = seedream().limits;
        for width in (1..6000).step_by(173) {
            for height in (1..6000).step_by(211) {
                if let Err(error) = check((width, height), &limits) {
                    let nearest = error.nearest.expect("every shape has a size nearby");
                    assert_eq!(check(nearest, &limits), Ok(()), "{width}x{height} -> {nearest:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_asked_follows_from_size_ratio_and_output() {
        let model = seedream();
        for (size, ratio, output, expected) in [
            (Some("2560x1440"), None, (None, None), Some((2560, 1440))),
            (None, None, (None, None), Some((2048, 2048))),
            (Some("2K"), None, (None, None), Some((2048, 2048))),
            (Some("2K"), Some((16, 9)), (None, None), Some((2731, 1536))),
            (None, Some((1, 1)), (None, None), Some((2048, 2048))),
            (Some("auto"), Some((16, 9)), (Some(1280), Some(720)), Some((2560, 1440))),
            (Some("auto"), Some((1, 1)), (Some(64), Some(64)), Some((1920, 1920))),
            (Some("auto"), Some((1, 1)), (Some(3000), Some(3000)), Some((3000, 3000))),
        ] {
            let recipe = recipe(size.map(|size| Size::parse(size).expect("a size")), ratio);
            assert_eq!(asked(&recipe, &model, output), Ok(expected), "{size:?} {ratio:?} {output:?}");
        }
        let tier = asked(&recipe(Size::parse("1K"), None), &model, (None, None));
        assert_eq!(tier.expect_err("a tier below the limit").nearest, Some((1920, 1920)));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([grouped(7), grouped(1000), grouped(3_686_400)], ["7", "1,000", "3,686,400"]);
    }
}
