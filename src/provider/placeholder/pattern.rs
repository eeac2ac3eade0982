//! The backgrounds: ten quiet patterns of tones, laid over any size of picture.
//!
//! It must not know about text, nor about colours: a tone is a step between a palette's two background colours.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "sides are at most 16,384, and counts come from dividing them"
)]

use crate::provider::placeholder::palette::FULL;
use crate::provider::placeholder::raster::{Canvas, Paint, Path};

/// Below this side there are only plain colours: a pattern would be noise.
const SMALLEST: f32 = 8.0;
/// No part of a pattern is smaller than this, which also bounds how many there are on a long, thin picture.
const SMALLEST_PART: f32 = 5.0;
/// Tones of neighbouring bands: up, and down again.
const SWELL: [u8; 6] = [0, 5, 10, FULL, 10, 5];

/// A sequence of numbers that depends on nothing but its seed (Marsaglia's xorshift).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 to less than `end`.
    fn below(&mut self, end: u16) -> u16 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(end)) as u16
    }

    /// From 0 to less than 1.
    fn part(&mut self) -> f32 {
        f32::from(self.below(256)) / 256.0
    }

    fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[usize::from(self.below(these.len() as u16))]
    }
}

/// A canvas with what the patterns need to know about it.
struct Ground<'a> {
    canvas: &'a mut Canvas,
    chance: Chance,
    width: f32,
    height: f32,
    /// The shorter side, which patterns are measured in.
    side: f32,
}

/// Covers an empty canvas with a pattern; `kind` says which.
pub(crate) fn draw(canvas: &mut Canvas, kind: u8, chance: Chance) {
    const PATTERNS: [fn(&mut Ground<'_>); 10] =
        [tiles, triangles, ripples, bands, dots, scales, mountains, rainbows, strata, chevrons];
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let mut ground = Ground { canvas, chance, width, height, side: width.min(height) };
    if ground.side >= SMALLEST {
        PATTERNS[usize::from(kind) % PATTERNS.len()](&mut ground);
    }
}

impl Ground<'_> {
    /// Fills what `draw` outlines with a tone.
    fn tone(&mut self, tone: u8, draw: impl FnOnce(&mut Path)) {
        let mut path = Path::default();
        draw(&mut path);
        self.canvas.fill(&path, Paint::Tone(tone));
    }

    /// How large a part of a pattern is, with so many of them on the shorter side.
    fn part(&self, across: f32) -> f32 {
        (self.side / across).max(SMALLEST_PART)
    }

    /// The corners of square tiles, `across` of them on the shorter side, and how large they are.
    fn grid(&self, across: f32) -> (Vec<(f32, f32)>, f32) {
        let tile = self.part(across);
        let (columns, rows) = ((self.width / tile).ceil() as u16, (self.height / tile).ceil() as u16);
        let tiles = (0..rows).flat_map(|row| (0..columns).map(move |column| (f32::from(column), f32::from(row))));
        (tiles.map(|(column, row)| (column * tile, row * tile)).collect(), tile)
    }
}

/// Quarters of circles, whole circles and gaps.
fn tiles(ground: &mut Ground<'_>) {
    let (corners, tile) = ground.grid(4.0);
    for (x, y) in corners {
        let (form, quarter) = (ground.chance.below(8), ground.chance.below(4) as u8);
        let tone = ground.chance.one_of(&[7, FULL]);
        let (from_x, from_y) = corner_of(quarter, x, y, tile);
        ground.tone(tone, |path| match form {
            0 | 1 => {}
            2 => path.circle(x + tile / 2.0, y + tile / 2.0, tile / 2.0),
            3 => path.circle(x + tile / 2.0, y + tile / 2.0, tile / 4.0),
            _ => path.quarter(from_x, from_y, tile, quarter),
        });
    }
}

/// The corner of a tile that a quarter of a circle opens from, so that it lies in the tile.
fn corner_of(quarter: u8, x: f32, y: f32, tile: f32) -> (f32, f32) {
    match quarter {
        0 => (x, y),
        1 => (x + tile, y),
        2 => (x + tile, y + tile),
        _ => (x, y + tile),
    }
}

/// Squares halved along a diagonal.
fn triangles(ground: &mut Ground<'_>) {
    let (corners, tile) = ground.grid(4.0);
    for (x, y) in corners {
        let tone = ground.chance.one_of(&[0, 5, 10, FULL]);
        let leave_out = usize::from(ground.chance.below(4));
        let square = [(x, y), (x + tile, y), (x + tile, y + tile), (x, y + tile)];
        let corners: Vec<_> = (0..4).filter(|&corner| corner != leave_out).map(|corner| square[corner]).collect();
        ground.tone(tone, |path| path.polygon(&corners));
    }
}

/// Rings round a point on an edge, like those of a stone in water.
fn ripples(ground: &mut Ground<'_>) {
    let (x, y) =
        (ground.width * ground.chance.one_of(&[0.0, 0.3, 0.7, 1.0]), ground.height * ground.chance.one_of(&[0.0, 1.0]));
    let step = ground.part(5.5);
    let (across, down) = (x.max(ground.width - x), y.max(ground.height - y));
    let rings = ((across * across + down * down).sqrt() / step).ceil() as u16;
    let phase = ground.chance.below(6);
    for ring in (1..=rings).rev() {
        let tone = SWELL[usize::from((ring + phase) % 6)];
        ground.tone(tone, |path| path.circle(x, y, f32::from(ring) * step));
    }
}

/// Slanting bands.
fn bands(ground: &mut Ground<'_>) {
    let (width, height) = (ground.width, ground.height);
    let band = ground.part(4.5);
    let phase = ground.chance.below(6);
    let leans_left = ground.chance.below(2) == 0;
    for index in 0..((width + height) / band).ceil() as u16 {
        let (left, right) = (f32::from(index) * band, f32::from(index + 1) * band);
        let mut corners = [(left, 0.0), (right, 0.0), (right - height, height), (left - height, height)];
        if leans_left {
            corners = corners.map(|(x, y)| (width - x, y));
        }
        ground.tone(SWELL[usize::from((index + phase) % 6)], |path| path.polygon(&corners));
    }
}

/// Dots that grow towards one side, as in a print.
fn dots(ground: &mut Ground<'_>) {
    let (corners, tile) = ground.grid(8.0);
    let (width, height) = (ground.width, ground.height);
    let (from_left, from_top) = (ground.chance.part(), ground.chance.part());
    let upwards = ground.chance.below(2) == 0;
    ground.tone(FULL, |path| {
        for (x, y) in corners {
            let (x, y) = (x + tile / 2.0, y + tile / 2.0);
            let slant = (x / width - from_left) * 0.5 + (y / height - from_top) * 0.25 + y / height;
            let amount = if upwards { 1.0 - slant } else { slant };
            path.circle(x, y, tile * (0.06 + 0.4 * amount.clamp(0.0, 1.0)));
        }
    });
}

/// Overlapping scales, each of rings: the waves on old Japanese cloth.
fn scales(ground: &mut Ground<'_>) {
    let across = ground.chance.one_of(&[4.0, 5.0, 6.0]);
    let radius = ground.part(across);
    let rings = ground.chance.one_of(&[[FULL, 2, 10], [12, 4, 0], [6, FULL, 3]]);
    let columns = (ground.width / radius / 2.0).ceil() as u16 + 1;
    for row in 0..(ground.height * 2.0 / radius).ceil() as u16 + 2 {
        for (ring, tone) in rings.into_iter().enumerate() {
            let share = [1.0, 0.68, 0.36][ring];
            ground.tone(tone, |path| {
                for column in 0..columns {
                    let x = (f32::from(column) * 2.0 + f32::from(row % 2)) * radius;
                    path.circle(x, f32::from(row) * radius / 2.0, radius * share);
                }
            });
        }
    }
}

/// A sun behind three ridges.
fn mountains(ground: &mut Ground<'_>) {
    let (width, height, side) = (ground.width, ground.height, ground.side);
    let (sun_x, sun_y) = (width * (0.2 + 0.6 * ground.chance.part()), height * (0.2 + 0.2 * ground.chance.part()));
    ground.tone(6, |path| path.circle(sun_x, sun_y, side * 0.16));
    for (ridge, tone) in [4, 9, FULL].into_iter().enumerate() {
        let foot = height * [0.55, 0.72, 0.88][ridge];
        let mut corners = vec![(0.0, height), (0.0, foot)];
        let mut x = -side * 0.3 * ground.chance.part();
        while x < width {
            let rise = side * (0.1 + 0.2 * ground.chance.part());
            corners.extend([(x + rise, foot - rise), (x + 1.8 * rise, foot - rise * 0.2)]);
            x += 1.8 * rise;
        }
        corners.push((x, height));
        ground.tone(tone, |path| path.polygon(&corners));
    }
}

/// Quarter rainbows, every which way.
fn rainbows(ground: &mut Ground<'_>) {
    let across = ground.chance.one_of(&[2.0, 3.0]);
    let (corners, tile) = ground.grid(across);
    for (x, y) in corners {
        let quarter = ground.chance.below(4) as u8;
        let (from_x, from_y) = corner_of(quarter, x, y, tile);
        for (share, tone) in [(1.0, 5), (0.8, 10), (0.6, FULL), (0.4, 5), (0.2, 0)] {
            ground.tone(tone, |path| path.quarter(from_x, from_y, tile * share, quarter));
        }
    }
}

/// Level layers that settle into the shade.
fn strata(ground: &mut Ground<'_>) {
    let (width, height) = (ground.width, ground.height);
    let layers = 5 + ground.chance.below(4);
    let upside_down = ground.chance.below(2) == 0;
    let mut top = 0.0;
    for layer in 1..=layers {
        top += height / f32::from(layers + 1) * (0.6 + 0.8 * ground.chance.part());
        let tone = (u16::from(FULL) * layer / layers) as u8;
        let tone = if upside_down { FULL - tone } else { tone };
        if upside_down && layer == 1 {
            ground.tone(FULL, |path| path.rectangle(0.0, 0.0, width, top));
        }
        ground.tone(tone, |path| path.rectangle(0.0, top, width, height));
    }
}

/// Zigzag bands.
fn chevrons(ground: &mut Ground<'_>) {
    let (width, height) = (ground.width, ground.height);
    let band = ground.part(5.0);
    let across = ground.chance.one_of(&[2.0, 3.0, 4.0]);
    let fold = ground.part(across);
    let phase = ground.chance.below(6);
    let folds = (width / fold).ceil() as u16;
    for index in 0..((height + fold) / band).ceil() as u16 {
        let top = f32::from(index) * band - fold;
        let mut corners: Vec<(f32, f32)> =
            (0..=folds).map(|at| (f32::from(at) * fold, top + fold * f32::from(at % 2))).collect();
        corners.extend([(f32::from(folds) * fold, height), (0.0, height)]);
        ground.tone(SWELL[usize::from((index + phase) % 6)], |path| path.polygon(&corners));
    }
}
