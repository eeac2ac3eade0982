//! Takes a ground of one colour away: what is of the colour becomes transparent, edges by degrees, and its tint goes.
//!
//! Must not know of files or settings but the key's own. For a vivid colour (green, magenta) what counts is how far that hue
//! stands out in a pixel, wherever it lies; for a dull one (white, black) how near a pixel comes to it, and only what hangs
//! together with the border goes: such colours are in pictures, too.

use crate::transform::colour::{ChromaKey, Rgb};
use crate::transform::error::TransformError;
use crate::transform::pixels::{OPAQUE, Pixels};

/// A colour is vivid whose strongest channels are so far above its weakest.
const VIVID: i32 = 96;
/// Two corners have one colour where no channel differs by more.
const ALIKE: u8 = 40;
/// Shares are counted in so many parts.
const PARTS: i32 = 1_000;
/// What has so little of the picture in it is ground, and what has so little of the ground in it is picture: compression and
/// grain move colours about as far.
const GRAIN: i32 = 70;

/// What has so much of the ground in it belongs to an edge that it hangs together with: between hairs, no ground is pure.
const TANGLED: i32 = 200;
/// JPEG keeps colour for squares of two pixels: it spreads by as many.
const SPREAD: usize = 2;
/// A hard edge has the ground's tint this far in, in pixels.
const HARD: usize = 2;
/// So many times its own width such an edge may go into the picture: farther in, it is the picture's own colour.
const DEPTH: usize = 4;
/// A colour that is farther than this from all mixtures of two others isn't one of them.
const STRAY: i32 = 48;

/// The picture without its ground. An error if nothing else would be left, or if there is no colour to be found.
pub(crate) fn remove_key(pixels: Pixels, key: &ChromaKey) -> Result<Pixels, TransformError> {
    let color = match key.color {
        Some(color) => painted(&pixels, color, key),
        None => corners(&pixels).ok_or(TransformError::NoKeyColor)?,
    };
    let mut pixels = pixels.with_alpha();
    let width = pixels.width as usize;
    let shares = shares(&pixels, color);
    let mut ground: Vec<bool> = shares.iter().map(|share| *share >= least_share(key)).collect();
    let is_vivid = is_vivid(color);
    if !is_vivid {
        ground = joined_to_border(&ground, width);
    }
    let edge = usize::from(key.softness);
    let reach = if edge == 0 { HARD } else { edge };
    let near_ground = grown(near(&ground, width, reach), &shares, width, reach * DEPTH);
    let near_picture = near(&ground.iter().map(|is_ground| !is_ground).collect::<Vec<_>>(), width, edge);
    let insides = insides(&near_ground, width, 2 * reach + 1);
    let colours: Vec<[u8; 3]> =
        pixels.bytes.as_chunks::<4>().0.iter().map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    for (index, pixel) in pixels.bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        if ground[index] && (edge == 0 || !near_picture[index]) {
            pixel.fill(0);
        } else if near_ground[index] || (is_vivid && shares[index] >= TANGLED) {
            let slit = if is_vivid { slit(index, &shares, width, reach + SPREAD) } else { None };
            let inside = insides[index].filter(|_| near_ground[index]);
            let mut beside = slit.into_iter().flatten().chain(inside).map(|inside| colours[inside]);
            let mixture = |own: [u8; 3]| Some((own, share_beside(*pixel, own, color)?));
            let mixed = beside.find_map(mixture);
            let own = mixed.map(|(own, _)| own).or_else(|| inside.map(|inside| colours[inside]));
            // Far from the ground, what can't be a mixture with it is the picture's.
            let share = mixed.map(|(_, share)| share).or(near_ground[index].then_some(shares[index]));
            let Some(share) = share else { continue };
            let alpha = opacity(share);
            if key.despill && alpha > 0 {
                despill(pixel, color, alpha, own);
            }
            pixel[3] = if edge == 0 { pixel[3] } else { thinned(pixel[3], alpha) };
        }
    }
    if pixels.visible().is_none() {
        return Err(TransformError::KeyRemovesAll(color));
    }
    Ok(pixels.without_hidden_colours())
}

/// The share of the key's colour from which a pixel belongs to the ground.
fn least_share(key: &ChromaKey) -> i32 {
    PARTS - i32::from(key.tolerance.min(99)) * PARTS / 100
}

/// How much of an edge's pixel is the picture's.
fn opacity(share: i32) -> i32 {
    (PARTS - GRAIN - share).clamp(0, PARTS - 2 * GRAIN) * i32::from(OPAQUE) / (PARTS - 2 * GRAIN)
}

/// The colour that the ground really has, where it was asked for in another: vendors come near it.
fn painted(pixels: &Pixels, asked: Rgb, key: &ChromaKey) -> Rgb {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    let channels = pixels.channels();
    let border = (0..height).flat_map(|y| {
        let row = pixels.row(y).chunks_exact(channels);
        row.enumerate().filter(move |(x, _)| y == 0 || y + 1 == height || *x == 0 || x + 1 == width)
    });
    let near: Vec<&[u8]> = border
        .map(|(_, pixel)| pixel)
        .filter(|pixel| share([pixel[0], pixel[1], pixel[2]], asked) >= least_share(key))
        .collect();
    if near.is_empty() { asked } else { Rgb([0, 1, 2].map(|channel| median(near.iter().map(|pixel| pixel[channel])))) }
}

fn median(values: impl Iterator<Item = u8>) -> u8 {
    let mut values: Vec<u8> = values.collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// How much of each pixel is the key's colour, in [`PARTS`].
fn shares(pixels: &Pixels, color: Rgb) -> Vec<i32> {
    let of = |&[red, green, blue, alpha]: &[u8; 4]| if alpha == 0 { PARTS } else { share([red, green, blue], color) };
    pixels.bytes.as_chunks::<4>().0.iter().map(of).collect()
}

fn share(pixel: [u8; 3], color: Rgb) -> i32 {
    let share = if is_vivid(color) {
        excess(pixel, color) * PARTS / excess(color.0, color)
    } else {
        // What the ground is mixed with isn't known: the middle of all ways is half of the longest one.
        PARTS - distance(pixel, color) * PARTS / 128
    };
    share.clamp(0, PARTS)
}

fn is_vivid(color: Rgb) -> bool {
    excess(color.0, color) >= VIVID
}

/// How far the channels that are strong in the key stand above those that are weak in it.
fn excess(pixel: [u8; 3], key: Rgb) -> i32 {
    let middle = middle(key);
    let is_strong = |channel: usize| i32::from(key.0[channel]) > middle;
    let strong = (0..3).filter(|channel| is_strong(*channel)).map(|channel| i32::from(pixel[channel])).min();
    let weak = (0..3).filter(|channel| !is_strong(*channel)).map(|channel| i32::from(pixel[channel])).max();
    strong.zip(weak).map_or(0, |(strong, weak)| (strong - weak).max(0))
}

/// Between the key's strong channels and its weak ones.
fn middle(Rgb(key): Rgb) -> i32 {
    i32::from(key[0].max(key[1]).max(key[2])).midpoint(i32::from(key[0].min(key[1]).min(key[2])))
}

fn distance(pixel: [u8; 3], key: Rgb) -> i32 {
    pixel.iter().zip(key.0).map(|(own, key)| i32::from(own.abs_diff(key))).max().unwrap_or(0)
}

/// For each pixel of an edge, the nearest one that is wholly the picture's, as its place; itself for one that is no edge's, and
/// none where a line is too thin to have any within so many steps.
fn insides(is_edge: &[bool], width: usize, steps: usize) -> Vec<Option<usize>> {
    let mut insides: Vec<Option<usize>> = is_edge.iter().enumerate().map(|(at, edge)| (!edge).then_some(at)).collect();
    let mut rim: Vec<usize> = (0..is_edge.len()).filter(|at| !is_edge[*at]).collect();
    for _ in 0..steps {
        let mut next = Vec::new();
        for at in rim {
            for beside in beside(at, width, is_edge.len()) {
                if insides[beside].is_none() {
                    insides[beside] = insides[at];
                    next.push(beside);
                }
            }
        }
        rim = next;
    }
    insides
}

/// The pixels to the left, to the right, above and below.
fn beside(at: usize, width: usize, count: usize) -> impl Iterator<Item = usize> {
    let x = at % width;
    let all = [(x > 0).then(|| at - 1), (x + 1 < width).then_some(at + 1), at.checked_sub(width), Some(at + width)];
    all.into_iter().flatten().filter(move |at| *at < count)
}

/// How much of a pixel is ground, if the rest of it is this colour of the picture's: how far it lies on the way from one to
/// the other. None where both are too much alike to tell, or it doesn't lie on that way.
fn share_beside(pixel: [u8; 4], own: [u8; 3], ground: Rgb) -> Option<i32> {
    let way = |channel: usize| i32::from(own[channel]) - i32::from(ground.0[channel]);
    let gone = |channel: usize| i32::from(pixel[channel]) - i32::from(ground.0[channel]);
    let length: i32 = (0..3).map(|channel| way(channel) * way(channel)).sum();
    let along: i32 = (0..3).map(|channel| way(channel) * gone(channel)).sum();
    if length <= STRAY * STRAY {
        return None;
    }
    let own_part = (along / (length / PARTS).max(1)).clamp(0, PARTS);
    let off: i32 = (0..3).map(|channel| (gone(channel) - way(channel) * own_part / PARTS).pow(2)).sum();
    (off <= STRAY * STRAY).then_some(PARTS - own_part)
}

/// Takes the ground's part out of an edge's colour. What lies inside of it, if anything does, tells what hue is its own.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn despill(pixel: &mut [u8; 4], ground: Rgb, alpha: i32, inside: Option<[u8; 3]>) {
    let opaque = i32::from(OPAQUE);
    for (channel, below) in pixel.iter_mut().zip(ground.0) {
        let own = i32::from(*channel) * opaque - i32::from(below) * (opaque - alpha);
        *channel = (own / alpha).clamp(0, opaque) as u8;
    }
    // What is left of the hue is light that the ground has thrown on the edge.
    let own = inside.map_or(0, |inside| excess(inside, ground));
    let thrown = excess([pixel[0], pixel[1], pixel[2]], ground) - own;
    if is_vivid(ground) && thrown > 0 {
        let middle = middle(ground);
        for (channel, _) in pixel.iter_mut().zip(ground.0).filter(|(_, below)| i32::from(*below) > middle) {
            *channel = (i32::from(*channel) - thrown).max(0) as u8;
        }
    }
}

/// An alpha of which a share is left.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a byte is a byte")]
fn thinned(alpha: u8, share: i32) -> u8 {
    (i32::from(alpha) * share.clamp(0, i32::from(OPAQUE)) / i32::from(OPAQUE)) as u8
}

/// What of the ground can be reached from the border without leaving it.
fn joined_to_border(ground: &[bool], width: usize) -> Vec<bool> {
    let height = ground.len() / width;
    let mut joined = vec![false; ground.len()];
    let edge = (0..width).flat_map(|x| [x, (height - 1) * width + x]);
    let sides = (0..height).flat_map(|y| [y * width, y * width + width - 1]);
    let mut open: Vec<usize> = edge.chain(sides).collect();
    while let Some(at) = open.pop() {
        if ground[at] && !std::mem::replace(&mut joined[at], true) {
            open.extend(beside(at, width, ground.len()));
        }
    }
    joined
}

/// What is marked, and what hangs together with it by having much of the ground in it.
fn grown(mut marked: Vec<bool>, shares: &[i32], width: usize, steps: usize) -> Vec<bool> {
    let mut rim: Vec<usize> = (0..marked.len()).filter(|at| marked[*at]).collect();
    for _ in 0..steps {
        let beside = rim.iter().flat_map(|at| beside(*at, width, shares.len()));
        let next: Vec<usize> = beside.filter(|at| shares[*at] >= TANGLED).collect();
        rim = next.into_iter().filter(|at| !std::mem::replace(&mut marked[*at], true)).collect();
    }
    marked
}

/// Of a pixel that has much of the ground in it, and on two sides, so many pixels away at most, pixels that have little, the two
/// of these that have the least: there the ground shines through between hairs, which may have closed all ways to it.
fn slit(at: usize, shares: &[i32], width: usize, reach: usize) -> Option<[usize; 2]> {
    let (x, y, height) = (at % width, at / width, shares.len() / width);
    if shares[at] < TANGLED {
        return None;
    }
    // Of several, the farthest: what is nearer may have a tint of the ground that doesn't show in its share.
    let least = |side: &mut dyn Iterator<Item = usize>| {
        side.min_by_key(|beside| shares[*beside]).filter(|beside| shares[*beside] < TANGLED)
    };
    let across = || {
        let left = least(&mut (x.saturating_sub(reach)..x).map(|x| y * width + x))?;
        let right = least(&mut (x + 1..(x + reach + 1).min(width)).rev().map(|x| y * width + x))?;
        Some([right, left])
    };
    let down = || {
        let above = least(&mut (y.saturating_sub(reach)..y).map(|y| y * width + x))?;
        let below = least(&mut (y + 1..(y + reach + 1).min(height)).rev().map(|y| y * width + x))?;
        Some([below, above])
    };
    across().or_else(down)
}

/// Which pixels lie within so many of those that are marked.
fn near(marked: &[bool], width: usize, reach: usize) -> Vec<bool> {
    let mut near = vec![false; marked.len()];
    let height = marked.len() / width;
    // Along rows, then along columns: a square is enough.
    let mut across = vec![false; marked.len()];
    for (at, _) in marked.iter().enumerate().filter(|(_, is_marked)| **is_marked) {
        let (row, x) = (at / width * width, at % width);
        across[row + x.saturating_sub(reach)..=row + (x + reach).min(width - 1)].fill(true);
    }
    for (at, _) in across.iter().enumerate().filter(|(_, is_near)| **is_near) {
        let (y, x) = (at / width, at % width);
        for y in y.saturating_sub(reach)..=(y + reach).min(height - 1) {
            near[y * width + x] = true;
        }
    }
    near
}

/// The colour that at least three of the corners have.
fn corners(pixels: &Pixels) -> Option<Rgb> {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    let side = (width.min(height) / 32).clamp(1, 16);
    let middle = |left: usize, top: usize| {
        let rows =
            (top..top + side).map(|y| &pixels.row(y)[left * pixels.channels()..(left + side) * pixels.channels()]);
        let all: Vec<&[u8]> = rows.flat_map(|row| row.chunks_exact(pixels.channels())).collect();
        Rgb([0, 1, 2].map(|channel| median(all.iter().map(|pixel| pixel[channel]))))
    };
    let corners =
        [middle(0, 0), middle(width - side, 0), middle(0, height - side), middle(width - side, height - side)];
    let is_alike = |one: &Rgb, other: &Rgb| distance(one.0, *other) <= i32::from(ALIKE);
    corners.into_iter().find(|one| corners.iter().filter(|other| is_alike(one, other)).count() >= 3)
}

#[cfg(test)]
mod tests {
    use crate::transform::colour::{ChromaKey, Rgb};
    use crate::transform::error::TransformError;
    use crate::transform::key::remove_key;
    use crate::transform::pixels::Pixels;

    const GREEN: [u8; 3] = [0, 255, 0];
    const MAGENTA: [u8; 3] = [255, 0, 255];

    /// A disc of one colour on a ground of another, its edge as a painter draws it: each pixel mixed by how much of it the
    /// disc covers. And the alpha that it should have.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "mixtures of bytes")]
    fn disc(side: u32, subject: [u8; 3], ground: [u8; 3]) -> (Pixels, Vec<u8>) {
        let (mut bytes, mut alphas) = (Vec::new(), Vec::new());
        let (middle, radius) = (f64::from(side) / 2.0, f64::from(side) / 3.0);
        for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
            let distance = (f64::from(x) + 0.5 - middle).hypot(f64::from(y) + 0.5 - middle);
            let cover = (radius + 0.5 - distance).clamp(0.0, 1.0);
            let mix =
                |above: u8, below: u8| (f64::from(above) * cover + f64::from(below) * (1.0 - cover)).round() as u8;
            bytes.extend(subject.iter().zip(ground).map(|(above, below)| mix(*above, below)));
            alphas.push((cover * 255.0).round() as u8);
        }
        (Pixels { width: side, height: side, has_alpha: false, bytes }, alphas)
    }

    /// Moves every channel a little, as vendors' compression does.
    fn shaken(mut pixels: Pixels, by: u8) -> Pixels {
        let mut noise = 7_u32;
        for value in &mut pixels.bytes {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let step = u8::try_from(noise >> 24).unwrap() % (2 * by + 1);
            *value = value.saturating_add(step).saturating_sub(by);
        }
        pixels
    }

    #[test]
    fn a_vivid_ground_goes_and_the_subject_stays() {
        for (subject, ground) in [
            ([200, 40, 30], GREEN),
            ([250, 250, 250], GREEN),
            ([10, 10, 10], GREEN),
            ([40, 90, 200], GREEN),
            ([30, 160, 60], MAGENTA),
            ([230, 200, 40], MAGENTA),
            ([250, 240, 230], [0, 90, 255]),
        ] {
            for key in [ChromaKey::of(None), ChromaKey::of(Some(Rgb(ground)))] {
                let (picture, alphas) = disc(90, subject, ground);
                let keyed = remove_key(shaken(picture, 6), &key).unwrap();
                let pixels = keyed.bytes.as_chunks::<4>().0;
                let off: u32 =
                    pixels.iter().zip(&alphas).map(|(pixel, alpha)| u32::from(pixel[3].abs_diff(*alpha))).sum();
                assert!(off < 90 * 90 / 2, "{subject:?} on {ground:?}: alpha is off by {off}");
                for (pixel, alpha) in pixels.iter().zip(&alphas) {
                    let hidden = pixel[3] == 0;
                    assert!(!hidden || pixel[..3] == [0; 3], "nothing is stored under what can't be seen");
                    assert!(*alpha > 0 || hidden, "{subject:?} on {ground:?}: ground is left: {pixel:?}");
                    assert!(*alpha < 255 || pixel[3] == 255, "{subject:?} on {ground:?}: a hole: {pixel:?}");
                }
            }
        }
    }

    #[test]
    fn edges_have_no_tint_of_the_ground() {
        let (picture, _) = disc(90, [200, 180, 170], GREEN);
        let tint = |pixels: &Pixels| {
            let seen = pixels.bytes.as_chunks::<4>().0.iter().filter(|pixel| pixel[3] > 0);
            seen.map(|pixel| i32::from(pixel[1]) - i32::from(pixel[0].max(pixel[2]))).max().unwrap()
        };
        let clean = remove_key(picture.clone(), &ChromaKey::of(None)).unwrap();
        let tinted = remove_key(picture.clone(), &ChromaKey { despill: false, ..ChromaKey::of(None) }).unwrap();
        assert!(tint(&clean) <= 0 && tint(&tinted) > 40, "{} {}", tint(&clean), tint(&tinted));
        let hard = remove_key(picture, &ChromaKey { softness: 0, ..ChromaKey::of(None) }).unwrap();
        assert!(tint(&hard) <= 0, "{}", tint(&hard));
        assert!(hard.bytes.as_chunks::<4>().0.iter().all(|pixel| matches!(pixel[3], 0 | 255)), "a pixel stays or goes");
    }

    #[test]
    fn a_dull_ground_goes_only_where_it_hangs_together_with_the_border() {
        let (mut picture, _) = disc(60, [200, 40, 30], [255; 3]);
        // An eye, as white as the ground.
        for (x, y) in (28..32).flat_map(|x| (28..32).map(move |y| (x, y))) {
            picture.bytes[(y * 60 + x) * 3..][..3].fill(255);
        }
        let keyed = remove_key(picture, &ChromaKey::of(None)).unwrap();
        assert_eq!(keyed.bytes[(30 * 60 + 30) * 4..][..4], [255; 4]);
        assert_eq!(keyed.bytes[..4], [0; 4]);
    }

    #[test]
    fn what_cannot_be_keyed_says_why() {
        let (green, _) = disc(40, GREEN, GREEN);
        assert_eq!(remove_key(green, &ChromaKey::of(None)), Err(TransformError::KeyRemovesAll(Rgb(GREEN))));
        let quarters = (0..64).flat_map(|index| {
            let (x, y) = (index % 8 / 4, index / 8 / 4);
            [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]][x + 2 * y]
        });
        let quarters = Pixels { width: 8, height: 8, has_alpha: false, bytes: quarters.collect() };
        assert_eq!(remove_key(quarters, &ChromaKey::of(None)), Err(TransformError::NoKeyColor));
        let (red, _) = disc(40, [200, 0, 0], [180, 10, 10]);
        let untouched = remove_key(red.clone(), &ChromaKey::of(Some(Rgb(GREEN)))).unwrap();
        assert!(untouched.is_opaque());
    }

    /// Lines of one colour on a ground, each pixel mixed by how much of it they cover.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "mixtures of bytes")]
    fn lines(side: u32, apart: f64, thick: f64, line: [u8; 3], ground: [u8; 3]) -> Pixels {
        let across = |x: u32| {
            let place = (f64::from(x) + 0.5) % apart - apart / 2.0;
            (thick / 2.0 + 0.5 - place.abs()).clamp(0.0, 1.0)
        };
        let is_inside = |at: u32| (8..side - 8).contains(&at);
        let pixel = |(x, y): (u32, u32)| {
            let cover = if is_inside(x) && is_inside(y) { across(x) } else { 0.0 };
            let mix = |above: u8, below: u8| (f64::from(above) * cover + f64::from(below) * (1.0 - cover)) as u8;
            [0, 1, 2].map(|channel| mix(line[channel], ground[channel]))
        };
        let bytes = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).flat_map(pixel).collect();
        Pixels { width: side, height: side, has_alpha: false, bytes }
    }

    #[test]
    fn between_hairs_the_ground_goes_where_it_is_nowhere_pure() {
        // So dense that no pixel in the middle is ground alone, nor hair alone.
        let keyed = remove_key(lines(64, 2.5, 1.2, [60, 30, 12], GREEN), &ChromaKey::of(None)).unwrap();
        for pixel in keyed.bytes.as_chunks::<4>().0 {
            let green = i32::from(pixel[1]) - i32::from(pixel[0].max(pixel[2]));
            assert!(green * i32::from(pixel[3]) <= 24 * 255, "{pixel:?}");
        }
        let covered: u32 = keyed.bytes.iter().skip(3).step_by(4).map(|alpha| u32::from(*alpha)).sum();
        let drawn = 48 * 48 * 255 / 100 * 48;
        assert!((drawn * 4 / 5..drawn * 5 / 4).contains(&covered), "{covered} of {drawn}");
    }

    #[test]
    fn a_closed_slit_loses_the_ground_and_what_is_green_of_itself_stays() {
        const FEATHER: [u8; 3] = [90, 105, 130];
        const LEAF: [u8; 3] = [70, 140, 50];
        let colour = |x: u32, y: u32| match (x, y) {
            (_, ..8 | 112..) | (..8 | 52.., _) => GREEN,
            // A pixel wide, half feather.
            (40, 30..90) => [45, 180, 65],
            (18..34, 30..60) => LEAF,
            _ => FEATHER,
        };
        let bytes = (0..120).flat_map(|y| (0..60).flat_map(move |x| colour(x, y))).collect();
        let keyed =
            remove_key(Pixels { width: 60, height: 120, has_alpha: false, bytes }, &ChromaKey::of(None)).unwrap();
        let at = |x: usize, y: usize| keyed.bytes.as_chunks::<4>().0[y * 60 + x];
        for y in 30..90 {
            let [red, green, blue, alpha] = at(40, y);
            assert!(green <= red.max(blue) && (64..192).contains(&alpha), "{y}: {:?}", at(40, y));
            assert_eq!(at(42, y)[3], 255, "{y}: a feather");
        }
        for (x, y) in (18..34).flat_map(|x| (30..60).map(move |y| (x, y))) {
            assert_eq!(at(x, y), [70, 140, 50, 255], "{x} {y}: a leaf");
        }
    }

    #[test]
    fn a_thin_outline_stays_whatever_it_runs_around() {
        // White, with a black line of a pixel and a half around it.
        let mut picture = lines(40, 100.0, 0.0, GREEN, GREEN);
        let mut put =
            |x: usize, y: usize, colour: [u8; 3]| picture.bytes[(y * 40 + x) * 3..][..3].copy_from_slice(&colour);
        for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
            let depth = x.min(y).min(39 - x).min(39 - y);
            match depth {
                0..8 => {}
                8 => put(x, y, [0, 127, 0]),
                9 => put(x, y, [0, 0, 0]),
                _ => put(x, y, [255, 255, 255]),
            }
        }
        let keyed = remove_key(picture, &ChromaKey::of(None)).unwrap();
        let at = |x: usize| &keyed.bytes[(20 * 40 + x) * 4..][..4];
        assert!(at(9)[3] == 255 && at(9)[..3].iter().all(|value| *value < 20), "the line: {:?}", at(9));
        assert!((90..170).contains(&at(8)[3]) && at(8)[..3].iter().all(|value| *value < 60), "its edge: {:?}", at(8));
        assert_eq!((at(20), at(4)), (&[255; 4][..], &[0; 4][..]));
    }
}
