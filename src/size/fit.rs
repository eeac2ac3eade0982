//! Sizes in pixels within limits: whether one fits, and the nearest one that does, computed and not guessed.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides are at most MAX_SIDE and areas at most its square: far below what an f64 holds exactly"
)]

use crate::capability::Sizes;
use crate::diagnostic::grouped;
use crate::picture::{MAX_PIXELS, MAX_SIDE};
use crate::recipe::Ratio;

/// Vendors state 7:3 as 2.3333 and 1:3 as 0.3333: what is meant is the ratio.
fn meant(bound: f64) -> f64 {
    let simple = (1..=16).map(|height| (bound * f64::from(height)).round() / f64::from(height));
    simple.into_iter().find(|ratio| (ratio - bound).abs() < 5e-5).unwrap_or(bound)
}

/// What no arithmetic on ratios can tell apart.
const TINY: f64 = 1e-12;

/// What works instead: width and height in pixels.
pub type Nearest = (u32, u32);

/// Whether a size keeps every limit; if not, which one it breaks and what would do.
pub fn check(size: (u32, u32), sizes: &Sizes) -> Result<(), (String, Option<Nearest>)> {
    match broken(size, sizes) {
        None => Ok(()),
        Some(reason) => Err((reason, nearest(size, sizes))),
    }
}

fn broken((width, height): (u32, u32), sizes: &Sizes) -> Option<String> {
    let pixels = u64::from(width) * u64::from(height);
    let ratio = f64::from(width) / f64::from(height);
    let has = |pixels: u64| format!("{width}x{height} has {}", grouped(pixels));
    if !sizes.only.is_empty() {
        let is_listed = sizes.only.contains(&(width, height));
        return (!is_listed).then(|| format!("there are only {}", listed(&sizes.only)));
    }
    if let Some(least) = sizes.min_pixels.filter(|least| pixels < *least) {
        return Some(format!("at least {} pixels are needed, {}", grouped(least), has(pixels)));
    }
    let most = sizes.max_pixels.unwrap_or(MAX_PIXELS).min(MAX_PIXELS);
    if pixels > most {
        return Some(format!("at most {} pixels are allowed, {}", grouped(most), has(pixels)));
    }
    if let Some(least) = sizes.min_ratio.filter(|least| ratio < meant(*least) - TINY) {
        return Some(format!("width by height must be at least {least}, {width}x{height} has {ratio:.4}"));
    }
    if let Some(most) = sizes.max_ratio.filter(|most| ratio > meant(*most) + TINY) {
        return Some(format!("width by height must be at most {most}, {width}x{height} has {ratio:.4}"));
    }
    let longest = longest_side(sizes);
    if width.max(height) > longest {
        return Some(format!("no side may be longer than {} pixels", grouped(u64::from(longest))));
    }
    let multiple = sizes.multiple_of.unwrap_or(1);
    if width % multiple != 0 || height % multiple != 0 {
        return Some(format!("both sides must be multiples of {multiple}"));
    }
    None
}

fn longest_side(sizes: &Sizes) -> u32 {
    sizes.max_side.unwrap_or(MAX_SIDE).min(MAX_SIDE)
}

fn listed(only: &[(u32, u32)]) -> String {
    only.iter().map(|(width, height)| format!("{width}x{height}")).collect::<Vec<_>>().join(", ")
}

/// The nearest size that keeps the limits: of the same shape as exactly as whole pixels allow, and as large as nearly.
pub(crate) fn nearest(size: (u32, u32), sizes: &Sizes) -> Option<Nearest> {
    let ratio = Ratio::of(size.0, size.1);
    let area = f64::from(size.0) * f64::from(size.1);
    if !sizes.only.is_empty() {
        let distance = |only: &(u32, u32)| {
            let shape = (f64::from(only.0) / f64::from(only.1) / ratio.value()).ln().abs();
            // Another shape is worse than another area: it is what is cut off.
            4.0 * shape + (f64::from(only.0) * f64::from(only.1) / area).ln().abs()
        };
        return sizes.only.iter().copied().min_by(|one, other| distance(one).total_cmp(&distance(other)));
    }
    let ratio = possible(ratio, sizes);
    let least = sizes.min_pixels.unwrap_or(1).max(1);
    let most = sizes.max_pixels.unwrap_or(MAX_PIXELS).min(MAX_PIXELS);
    let pixels = (area as u64).clamp(least, most.max(least));
    let exact = scaled(ratio, (pixels as f64 / (f64::from(ratio.width) * f64::from(ratio.height))).sqrt(), sizes);
    let rounded = shaped(pixels, ratio.value(), sizes);
    exact.into_iter().chain([rounded]).find(|size| broken(*size, sizes).is_none())
}

/// The nearest ratio within the bounds, and within what the longest side leaves room for.
pub(crate) fn within_ratios(value: f64, sizes: &Sizes) -> f64 {
    let longest = f64::from(longest_side(sizes));
    let widest = longest * longest / sizes.min_pixels.unwrap_or(1).max(1) as f64;
    let least = sizes.min_ratio.map_or(0.0, meant);
    let most = sizes.max_ratio.map_or(f64::INFINITY, meant);
    value.max(least.max(widest.recip())).min(most.min(widest))
}

/// The ratio itself, or the nearest one that is possible, in small numbers where it has them: 16:1, not 8191:512.
fn possible(ratio: Ratio, sizes: &Sizes) -> Ratio {
    let value = within_ratios(ratio.value(), sizes);
    if (value - ratio.value()).abs() < f64::EPSILON {
        return ratio;
    }
    let simple = (1..=16_u32).map(|height| Ratio::of((value * f64::from(height)).round() as u32, height));
    let is_near = |ratio: &Ratio| {
        let near = ratio.width > 0 && (ratio.value() / value - 1.0).abs() < 0.002;
        near && (within_ratios(ratio.value(), sizes) - ratio.value()).abs() < f64::EPSILON
    };
    simple.into_iter().find(is_near).unwrap_or_else(|| Ratio::of((value * 4096.0).round().max(1.0) as u32, 4096))
}

/// The whole multiple of a ratio nearest to `factor` that keeps the limits, if there is one close by.
fn scaled(ratio: Ratio, factor: f64, sizes: &Sizes) -> Option<Nearest> {
    // Multiples of the step keep the ratio exactly, too.
    let step = f64::from(sizes.multiple_of.unwrap_or(1));
    let steps = [1.0, step];
    let candidates = steps.into_iter().flat_map(|step| {
        let whole = factor / step;
        [whole.ceil() * step, whole.floor() * step, (whole.ceil() + 1.0) * step]
    });
    let near = |size: &(u32, u32)| {
        let wanted = f64::from(ratio.width) * f64::from(ratio.height) * factor * factor;
        (f64::from(size.0) * f64::from(size.1) / wanted - 1.0).abs() < 0.25
    };
    candidates
        .map(|factor| (f64::from(ratio.width) * factor, f64::from(ratio.height) * factor))
        .filter(|(width, height)| *width >= 1.0 && *height >= 1.0 && width.max(*height) <= f64::from(MAX_SIDE))
        .map(|(width, height)| (width as u32, height as u32))
        .filter(near)
        .find(|size| broken(*size, sizes).is_none())
}

/// Sides of a ratio that have about `area` pixels and keep the limits where that is possible.
pub(crate) fn shaped(area: u64, ratio: f64, sizes: &Sizes) -> Nearest {
    let least = sizes.min_pixels.unwrap_or(1);
    let area = area.clamp(least, sizes.max_pixels.unwrap_or(u64::MAX).max(least));
    let step = f64::from(sizes.multiple_of.unwrap_or(1));
    let longest = (f64::from(longest_side(sizes)) / step).floor() * step;
    let width = (area as f64 * ratio).sqrt();
    let to = |round: fn(f64) -> f64| move |side: f64| (round(side / step) * step).clamp(step, longest.max(step)) as u32;
    let (near, up, down) = (to(f64::round), to(f64::ceil), to(f64::floor));
    let height = width / ratio;
    // Rounding may have lost the last pixels of a limit: then one side or both are rounded up, or down, or a step further.
    let further = |side: f64, steps: f64| near(side + steps * step);
    [
        (near(width), near(height)),
        (up(width), near(height)),
        (near(width), up(height)),
        (up(width), up(height)),
        (down(width), near(height)),
        (near(width), down(height)),
        (down(width), down(height)),
        (further(width, 1.0), near(height)),
        (near(width), further(height, 1.0)),
        (further(width, -1.0), near(height)),
        (near(width), further(height, -1.0)),
    ]
    .into_iter()
    .find(|size| broken(*size, sizes).is_none())
    .unwrap_or((near(width), near(height)))
}

/// The smallest size of a ratio that the limits allow and that no output exceeds, or the nearest to it.
pub(crate) fn smallest(ratio: Ratio, output: (Option<u32>, Option<u32>), sizes: &Sizes) -> Nearest {
    let ratio = possible(ratio, sizes);
    let value = ratio.value();
    let wanted = (output.0.map_or(1.0, f64::from), output.1.map_or(1.0, f64::from));
    if !sizes.only.is_empty() {
        return covering(wanted, value, &sizes.only);
    }
    let least = sizes.min_pixels.unwrap_or(1) as f64;
    let height = (wanted.0 / value).max(wanted.1).max((least / value).sqrt());
    scaled(ratio, height / f64::from(ratio.height), sizes)
        .unwrap_or_else(|| shaped((height * height * value).ceil() as u64, value, sizes))
}

/// Of a list of sizes: the one of the nearest shape that covers the output, or else the largest of that shape.
fn covering(wanted: (f64, f64), ratio: f64, only: &[(u32, u32)]) -> Nearest {
    let shape = |size: &(u32, u32)| (f64::from(size.0) / f64::from(size.1) / ratio).ln().abs();
    let best = only.iter().map(shape).fold(f64::INFINITY, f64::min);
    let mut of_shape: Vec<(u32, u32)> = only.iter().copied().filter(|size| shape(size) < best + 1e-9).collect();
    of_shape.sort_by_key(|(width, height)| u64::from(*width) * u64::from(*height));
    let covers = |size: &&(u32, u32)| f64::from(size.0) >= wanted.0 && f64::from(size.1) >= wanted.1;
    of_shape.iter().find(covers).or(of_shape.last()).copied().expect("the list isn't empty")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use crate::capability::Sizes;
    use crate::model::Registry;
    use crate::size::check;

    fn sizes_of(model: &str) -> Sizes {
        Registry::built_in().models[model].facts.sizes.clone()
    }

    #[test]
    fn a_size_outside_the_limits_comes_with_the_nearest_that_works() {
        for (model, size, nearest) in [
            ("seedream-4.5", (1024, 1024), (1920, 1920)),
            ("seedream-4.5", (1536, 1536), (1920, 1920)),
            ("seedream-4.5", (1024, 768), (2220, 1665)),
            ("seedream-4.5", (1280, 720), (2560, 1440)),
            ("seedream-4.5", (8192, 8192), (4096, 4096)),
            ("seedream-5.0", (4096, 4096), (3225, 3225)),
            ("gpt-image-1", (1024, 768), (1536, 1024)),
            ("gpt-image-1", (500, 500), (1024, 1024)),
            ("gpt-image-1", (1920, 1080), (1536, 1024)),
            ("gpt-image-2", (1000, 1000), (1008, 1008)),
            ("gpt-image-2", (1920, 1080), (2048, 1152)),
            ("gpt-image-2", (4096, 1024), (3552, 1184)),
            ("flux.2-pro", (2560, 1080), (2576, 1104)),
        ] {
            let (_, found) = check(size, &sizes_of(model)).expect_err("out of bounds");
            assert_eq!(found, Some(nearest), "{model} {size:?}");
        }
        assert_eq!(check((1920, 1920), &sizes_of("seedream-4.5")), Ok(()));
        let (reason, _) = check((1024, 1024), &sizes_of("seedream-4.5")).expect_err("too few pixels");
        assert!(reason.contains("3,686,400") && reason.contains("1,048,576"), "{reason}");
    }

    proptest! {
        #[test]
        fn the_nearest_size_always_works(width in 1..9000_u32, height in 1..9000_u32) {
            static KNOWN: LazyLock<Registry> = LazyLock::new(Registry::built_in);
            for (name, model) in &KNOWN.models {
                if let Err((reason, nearest)) = check((width, height), &model.facts.sizes) {
                    let nearest = nearest.unwrap_or_else(|| panic!("{name} {width}x{height}: {reason}"));
                    prop_assert_eq!(check(nearest, &model.facts.sizes), Ok(()), "{} {}x{}", name, width, height);
                }
            }
        }
    }
}
