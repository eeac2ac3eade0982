//! Scales a part of a picture to a size: in the light's own terms, colours weighted by their alpha.
//!
//! Must not know of files or settings. All arithmetic on pixels is on whole numbers, and the weights come from nothing but
//! sums and products: the same bits on every machine, however many pixels a processor does at once.

use std::array;
use std::sync::LazyLock;

use crate::transform::geometry::{Region, is_same};
use crate::transform::light::{FULL, light, stored};
use crate::transform::pixels::{OPAQUE, Pixels};
use crate::transform::settings::Filter;

/// Rows are added up so many at once.
const TOGETHER: usize = 4;
/// Weights are in units of one to so many bits.
const BITS: u32 = 14;
const ONE: i16 = 1 << BITS;
const HALF: i32 = 1 << (BITS - 1);

/// The region, scaled to a width and a height in pixels.
pub(crate) fn scale(pixels: Pixels, region: &Region, size: (u32, u32), filter: Filter) -> Pixels {
    if pixels.size() == size && region.is_whole(size) {
        return pixels;
    }
    let across = Axis { from: pixels.width, start: region.left, length: region.width, to: size.0 };
    let down = Axis { from: pixels.height, start: region.top, length: region.height, to: size.1 };
    if filter == Filter::Nearest || (across.is_copy() && down.is_copy()) {
        return pick(&pixels, &across, &down);
    }
    // Down before across: whole rows are added up, many values at once.
    let rows = Weights::of(&down, filter);
    let columns = Weights::of(&across, filter);
    if pixels.has_alpha { resample::<4>(&pixels, &columns, &rows) } else { resample::<3>(&pixels, &columns, &rows) }
}

/// One direction of a scaling.
struct Axis {
    from: u32,
    start: f64,
    length: f64,
    to: u32,
}

impl Axis {
    /// Whether pixels are only moved.
    fn is_copy(&self) -> bool {
        is_same(self.length, f64::from(self.to)) && is_same(self.start.fract(), 0.0)
    }

    /// The pixel in whose middle, or nearest to it, the middle of the new pixel lies.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture")]
    fn nearest(&self, index: u32) -> usize {
        let middle = self.start + (f64::from(index) + 0.5) * self.length / f64::from(self.to);
        middle.floor().clamp(0.0, f64::from(self.from - 1)) as usize
    }
}

/// Whole pixels, none of them mixed.
fn pick(pixels: &Pixels, across: &Axis, down: &Axis) -> Pixels {
    let channels = pixels.channels();
    let columns: Vec<usize> = (0..across.to).map(|index| across.nearest(index) * channels).collect();
    let mut bytes = Vec::with_capacity(columns.len() * down.to as usize * channels);
    for row in (0..down.to).map(|index| pixels.row(down.nearest(index))) {
        for column in &columns {
            bytes.extend_from_slice(&row[*column..*column + channels]);
        }
    }
    Pixels { width: across.to, height: down.to, has_alpha: pixels.has_alpha, bytes }
}

/// For each new pixel, the first old one that it is made of, and the weights of that and those after it; they sum up to one.
struct Weights {
    first: Vec<usize>,
    all: Vec<i16>,
    each: usize,
}

impl Weights {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a picture's sides are bounded"
    )]
    fn of(axis: &Axis, filter: Filter) -> Self {
        let factor = axis.length / f64::from(axis.to);
        // Who shrinks a picture looks at all of it; who enlarges it looks at its neighbours.
        let stretch = factor.max(1.0);
        let reach = filter.reach() * stretch;
        let each = ((reach * 2.0).ceil() as usize + 1).min(axis.from as usize);
        let (mut first, mut all) = (Vec::new(), Vec::new());
        for index in 0..axis.to {
            let middle = axis.start + (f64::from(index) + 0.5) * factor;
            let start = (middle - reach).ceil().clamp(0.0, f64::from(axis.from)) as usize;
            let start = start.min(axis.from as usize - each);
            let weight = |old: usize| filter.weight((old as f64 + 0.5 - middle) / stretch);
            let weights: Vec<f64> = (start..start + each).map(weight).collect();
            all.extend(whole(&weights));
            first.push(start);
        }
        Self { first, all, each }
    }

    /// The first old pixel, and the weights, of each new one.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i16])> {
        self.first.iter().copied().zip(self.all.chunks_exact(self.each))
    }
}

impl Filter {
    /// How far a pixel's surroundings count, in pixels.
    fn reach(self) -> f64 {
        match self {
            Self::Lanczos3 => 3.0,
            Self::Mitchell | Self::CatmullRom => 2.0,
            Self::Bilinear => 1.0,
            Self::Box | Self::Nearest => 0.5,
        }
    }

    /// How much a pixel counts at that distance, which the sum of all is still to be divided by.
    fn weight(self, distance: f64) -> f64 {
        let distance = distance.abs();
        match self {
            _ if distance > self.reach() => 0.0,
            Self::Lanczos3 => sinc(distance) * sinc(distance / 3.0),
            Self::Mitchell => cubic(1.0 / 3.0, 1.0 / 3.0, distance),
            Self::CatmullRom => cubic(0.0, 0.5, distance),
            Self::Bilinear => 1.0 - distance,
            Self::Box | Self::Nearest => 1.0,
        }
    }
}

/// The cubic filters of Mitchell and Netravali, Reconstruction Filters in Computer Graphics, 1988.
fn cubic(b: f64, c: f64, distance: f64) -> f64 {
    let (square, cube) = (distance * distance, distance * distance * distance);
    if distance < 1.0 {
        ((12.0 - 9.0 * b - 6.0 * c) * cube + (12.0 * b + 6.0 * c - 18.0) * square + (6.0 - 2.0 * b)) / 6.0
    } else {
        let (first, third) = ((-b - 6.0 * c) * cube, (-12.0 * b - 48.0 * c) * distance);
        (first + (6.0 * b + 30.0 * c) * square + third + (8.0 * b + 24.0 * c)) / 6.0
    }
}

/// sin(πx) / πx, from 0 to 3. The sine is a series of its own: each system's has other last bits.
fn sinc(distance: f64) -> f64 {
    if distance < 1e-9 {
        return 1.0;
    }
    // sin(πx) repeats itself, mirrored, at each whole number, and mirrored in itself at each half.
    let (whole, rest) = (distance.floor(), distance - distance.floor());
    let folded = std::f64::consts::PI * rest.min(1.0 - rest);
    let square = folded * folded;
    let series = (1..10).rev().fold(1.0, |sum, term| 1.0 - sum * square / f64::from(2 * term * (2 * term + 1)));
    let sine = if whole % 2.0 == 0.0 { folded * series } else { -folded * series };
    sine / (std::f64::consts::PI * distance)
}

/// Weights in whole units that sum up to one exactly: what rounding leaves goes to the largest.
#[expect(clippy::cast_possible_truncation, reason = "weights are of the order of one")]
fn whole(weights: &[f64]) -> Vec<i16> {
    let sum: f64 = weights.iter().sum();
    let mut whole: Vec<i16> =
        weights.iter().map(|weight| (weight / sum * f64::from(ONE) + 0.5).floor() as i16).collect();
    let rest = ONE - whole.iter().sum::<i16>();
    if let Some(largest) = whole.iter_mut().max_by_key(|weight| **weight) {
        *largest += rest;
    }
    whole
}

fn resample<const CHANNELS: usize>(pixels: &Pixels, columns: &Weights, rows: &Weights) -> Pixels {
    let (width, height) = (columns.first.len(), rows.first.len());
    let from = pixels.width as usize;
    let mut lit = Lit::<CHANNELS>::new(pixels, rows.each);
    let mut sums = vec![0_i32; from * CHANNELS];
    let mut row = vec![0_i16; from * CHANNELS];
    let mut bytes = Vec::with_capacity(width * height * CHANNELS);
    for (first, weights) in rows.iter() {
        sums.fill(HALF);
        for (number, weights) in (first..).step_by(TOGETHER).zip(weights.chunks(TOGETHER)) {
            add_rows(&mut sums, lit.rows(number, weights.len()), weights);
        }
        for (value, sum) in row.iter_mut().zip(&sums) {
            *value = settle(*sum);
        }
        for (first, weights) in columns.iter() {
            let mut sums = [HALF; CHANNELS];
            let near = row[first * CHANNELS..].as_chunks::<CHANNELS>().0;
            for (pixel, weight) in near.iter().zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * i32::from(*weight);
                }
            }
            bytes.extend(to_stored(sums.map(settle), &STORED));
        }
    }
    let side = |side: usize| u32::try_from(side).expect("an output's sides are bounded");
    Pixels { width: side(width), height: side(height), has_alpha: pixels.has_alpha, bytes }
}

/// Adds some rows, weighted. Several at once, and factors of sixteen bits: sums need not go to memory and back for each, and
/// any processor multiplies eight such values in one step.
fn add_rows(sums: &mut [i32], rows: [&[i16]; TOGETHER], some: &[i16]) {
    let mut weights = [0; TOGETHER];
    weights[..some.len()].copy_from_slice(some);
    let length = sums.len();
    let rows = rows.map(|row| &row[..length]);
    for (index, sum) in sums.iter_mut().enumerate() {
        let weighted = |place: usize| i32::from(rows[place][index]) * i32::from(weights[place]);
        *sum += (weighted(0) + weighted(1)) + (weighted(2) + weighted(3));
    }
}

/// A sum of weighted values as a value again, neither darker than black nor brighter than white.
#[expect(clippy::cast_possible_truncation, reason = "clamped to fifteen bits")]
fn settle(sum: i32) -> i16 {
    (sum >> BITS).clamp(0, i32::from(FULL)) as i16
}

/// A picture's rows as light, colours weighted by alpha; only as many at once as are looked at together.
struct Lit<'a, const CHANNELS: usize> {
    pixels: &'a Pixels,
    /// Row number `n` is in place `n` modulo their number, if it is there.
    rows: Vec<Option<(usize, Vec<i16>)>>,
    lights: Vec<i16>,
}

impl<'a, const CHANNELS: usize> Lit<'a, CHANNELS> {
    fn new(pixels: &'a Pixels, together: usize) -> Self {
        let lights = (0..=u8::MAX).map(|value| narrow(light(value))).collect();
        let room = (KEPT / (pixels.width as usize * CHANNELS * size_of::<i16>())).max(TOGETHER);
        Self { pixels, rows: vec![None; together.min(room)], lights }
    }

    /// So many rows from one on; the first one again in place of those that aren't asked for.
    fn rows(&mut self, first: usize, count: usize) -> [&[i16]; TOGETHER] {
        for number in first..first + count {
            let place = number % self.rows.len();
            if self.rows[place].as_ref().is_none_or(|(known, _)| *known != number) {
                self.rows[place] = Some((number, self.read(number)));
            }
        }
        array::from_fn(|place| {
            let number = if place < count { first + place } else { first };
            self.rows[number % self.rows.len()].as_ref().map_or(&[][..], |(_, row)| row)
        })
    }

    fn read(&self, number: usize) -> Vec<i16> {
        let row = self.pixels.row(number);
        if CHANNELS == 3 {
            return row.iter().map(|value| self.lights[usize::from(*value)]).collect();
        }
        let weighted = |&[red, green, blue, alpha]: &[u8; 4]| {
            let lit = |value: u8| times(self.lights[usize::from(value)], alpha);
            [lit(red), lit(green), lit(blue), times(narrow(FULL), alpha)]
        };
        row.as_chunks::<4>().0.iter().flat_map(weighted).collect()
    }
}

/// Rows of so many bytes at most are kept as light. Who looks at more of them together has them made anew.
const KEPT: usize = 64 << 20;

/// What is stored for each light.
static STORED: LazyLock<Vec<u8>> = LazyLock::new(|| (0..=FULL).map(stored).collect());

/// A value in fifteen bits.
fn narrow(light: u16) -> i16 {
    i16::try_from(light).expect("fifteen bits")
}

/// The share that an alpha lets through, rounded.
fn times(value: i16, alpha: u8) -> i16 {
    let opaque = i32::from(OPAQUE);
    i16::try_from((i32::from(value) * i32::from(alpha) + opaque / 2) / opaque).expect("no more than the value")
}

/// A pixel of light, its colours weighted by alpha if it has one, as it is stored.
fn to_stored<const CHANNELS: usize>(lit: [i16; CHANNELS], stored: &[u8]) -> [u8; CHANNELS] {
    let full = u32::from(FULL);
    let positive = |value: i16| u32::from(value.unsigned_abs());
    let mut pixel = [0; CHANNELS];
    let alpha = if CHANNELS == 4 { positive(lit[CHANNELS - 1]) } else { full };
    let opacity = u8::try_from((alpha * u32::from(OPAQUE) + full / 2) / full).unwrap_or(OPAQUE);
    for (value, lit) in pixel.iter_mut().zip(lit).take(3) {
        let unweighted =
            if alpha == full || opacity == 0 { positive(lit) } else { (positive(lit) * full + alpha / 2) / alpha };
        *value = if opacity == 0 { 0 } else { stored[unweighted.min(full) as usize] };
    }
    if CHANNELS == 4 {
        pixel[CHANNELS - 1] = opacity;
    }
    pixel
}

#[cfg(test)]
mod tests {
    use crate::transform::geometry::Region;
    use crate::transform::pixels::Pixels;
    use crate::transform::resize::{Axis, ONE, Weights, scale, sinc};
    use crate::transform::samples;
    use crate::transform::settings::Filter;

    const SIDES: [u32; 6] = [1, 2, 3, 17, 100, 333];

    fn stretched(pixels: Pixels, size: (u32, u32), filter: Filter) -> Pixels {
        let whole = Region::whole(pixels.size());
        scale(pixels, &whole, size, filter)
    }

    #[test]
    fn every_size_becomes_every_other_with_every_filter() {
        for from in [(1, 1), (1, 40), (40, 1), (31, 20)] {
            for to in SIDES.into_iter().flat_map(|width| SIDES.map(|height| (width, height))) {
                for filter in Filter::ALL {
                    for pixels in [samples::scene(from.0, from.1), samples::scene(from.0, from.1).with_alpha()] {
                        assert_eq!(stretched(pixels, to, filter).size(), to, "{from:?} {filter:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn weights_sum_up_to_one_and_stay_in_the_picture() {
        for filter in Filter::ALL.into_iter().filter(|filter| *filter != Filter::Nearest) {
            for (from, start, length, to) in [
                (1, 0.0, 1.0, 9),
                (9, 0.0, 9.0, 1),
                (100, 12.5, 30.25, 31),
                (100, 99.0, 1.0, 50),
                (16_384, 0.0, 16_384.0, 3),
            ] {
                let weights = Weights::of(&Axis { from, start, length, to }, filter);
                assert_eq!(weights.iter().count(), to as usize);
                for (first, weights) in weights.iter() {
                    assert_eq!(weights.iter().sum::<i16>(), ONE, "{filter:?} {from} {to}");
                    assert!(first + weights.len() <= from as usize, "{filter:?} {from} {to}");
                    // What is added up fits into 32 bits, whatever the pixels are.
                    assert!(
                        weights.iter().map(|weight| i64::from(*weight).abs()).sum::<i64>() * 32_768
                            < i64::from(i32::MAX)
                    );
                }
            }
        }
    }

    #[test]
    fn the_sine_is_the_sine() {
        for step in 0..3_000 {
            let distance = f64::from(step) / 1_000.0 + 0.000_5;
            let exact = (std::f64::consts::PI * distance).sin() / (std::f64::consts::PI * distance);
            assert!((sinc(distance) - exact).abs() < 1e-12, "{distance}");
        }
    }

    #[test]
    fn a_part_that_is_not_scaled_is_copied() {
        let scene = samples::scene(9, 4);
        let region = Region { left: 2.0, top: 0.0, width: 4.0, height: 4.0 };
        let cropped = scale(scene.clone(), &region, (4, 4), Filter::Lanczos3);
        for row in 0..4 {
            assert_eq!(cropped.bytes[row * 12..][..12], scene.bytes[row * 27 + 6..][..12]);
        }
    }

    #[test]
    fn nearest_takes_whole_pixels_and_enlarges_them_evenly() {
        let scene = samples::scene(5, 3);
        let large = stretched(scene.clone(), (20, 12), Filter::Nearest);
        for (index, pixel) in large.bytes.as_chunks::<3>().0.iter().enumerate() {
            let (x, y) = (index % 20 / 4, index / 20 / 4);
            assert_eq!(pixel, &scene.bytes.as_chunks::<3>().0[y * 5 + x]);
        }
        assert_eq!(stretched(large, (5, 3), Filter::Nearest), scene);
    }

    #[test]
    fn invisible_colours_do_not_bleed_into_edges() {
        let square = samples::red_square_on_invisible_green(64);
        for side in [13, 40, 150] {
            let resized = stretched(square.clone(), (side, side), Filter::Lanczos3);
            assert!(resized.bytes.as_chunks::<4>().0.iter().any(|pixel| (1..255).contains(&pixel[3])), "has edges");
            for [red, green, blue, alpha] in resized.bytes.as_chunks::<4>().0 {
                assert!(*alpha == 0 || (*green == 0 && *blue == 0), "{red} {green} {blue} {alpha} at {side}");
                assert!(*alpha > 0 || *red == 0, "nothing is stored under what can't be seen");
            }
        }
    }

    #[test]
    fn an_even_colour_stays_as_it_is() {
        let grey = Pixels { width: 30, height: 20, has_alpha: false, bytes: [10, 200, 99].repeat(600) };
        for filter in Filter::ALL {
            assert_eq!(stretched(grey.clone(), (77, 5), filter).bytes, [10, 200, 99].repeat(385));
        }
        let veil = Pixels { width: 30, height: 20, has_alpha: true, bytes: [10, 200, 99, 77].repeat(600) };
        let veil = stretched(veil, (11, 7), Filter::Lanczos3);
        for pixel in veil.bytes.as_chunks::<4>().0 {
            assert!(pixel.iter().zip([10, 200, 99, 77]).all(|(one, other)| one.abs_diff(other) <= 1), "{pixel:?}");
        }
    }

    #[test]
    fn black_and_white_mix_as_light_does() {
        let checks: Vec<u8> =
            (0..64 * 64).flat_map(|index| [if (index + index / 64) % 2 == 0 { 255 } else { 0 }; 3]).collect();
        let checks = Pixels { width: 64, height: 64, has_alpha: false, bytes: checks };
        let mixed = stretched(checks, (16, 16), Filter::Box);
        // Half the light is stored as 188, not as 128.
        assert!(mixed.bytes.iter().all(|value| *value == 188), "{:?}", &mixed.bytes[..6]);
    }
}
