//! The checkerboard that image editors show for transparency, painted into a picture that should have been transparent.
//!
//! Must not know what happens then.

use crate::transform::geometry::Rectangle;
use crate::transform::pixels::Pixels;

/// A corner's side in pixels: some fields of any board.
const CORNER: u32 = 160;
/// The sides of a board's fields that are looked for, in pixels.
const FIELDS: std::ops::RangeInclusive<usize> = 4..=64;
/// How grey a board is: the channels of its colours differ by this much at most.
const TINT: u8 = 24;
/// How far its two greys are apart.
const CONTRAST: std::ops::RangeInclusive<u8> = 8..=160;
/// How many of a hundred pixels must be what a board would have there.
const SURE: usize = 85;

/// Whether at least two corners of an opaque picture show a board of two greys.
pub(crate) fn has_painted_checkers(pixels: &Pixels) -> bool {
    let (width, height) = pixels.size();
    let side = CORNER.min(width / 4).min(height / 4);
    if pixels.has_alpha || (side as usize) < 3 * FIELDS.start() {
        return false;
    }
    let corners = [(0, 0), (width - side, 0), (0, height - side), (width - side, height - side)];
    let found = corners.into_iter().filter(|&(x, y)| is_board(pixels, Rectangle { x, y, width: side, height: side }));
    found.count() >= 2
}

fn is_board(pixels: &Pixels, part: Rectangle) -> bool {
    let Some(light) = two_greys(pixels, part) else { return false };
    let side = part.width as usize;
    let agree = |right: usize, down: usize| {
        let (across, along) = (side - right, side - down);
        let pairs = (0..along).flat_map(|y| (0..across).map(move |x| (y * side + x, (y + down) * side + x + right)));
        pairs.filter(|(one, other)| light[*one] == light[*other]).count() * 100 / (across * along)
    };
    // A field further on, everything is the other way round; two fields further, or one across and one down, it is the same.
    FIELDS
        .filter(|field| field * 5 / 2 <= side)
        .any(|field| agree(field, 0) <= 100 - SURE && agree(0, field) <= 100 - SURE && agree(field, field) >= SURE)
}

/// Of each pixel whether it is of the lighter grey; `None` where there is more than two greys.
fn two_greys(pixels: &Pixels, part: Rectangle) -> Option<Vec<bool>> {
    let rows = part.y as usize..(part.y + part.height) as usize;
    let columns = part.x as usize * 3..(part.x + part.width) as usize * 3;
    let of_part: Vec<[u8; 3]> =
        rows.flat_map(|row| pixels.row(row)[columns.clone()].as_chunks::<3>().0).copied().collect();
    let all = of_part.len();
    let mut greys: Vec<u8> = Vec::with_capacity(all);
    for colour in &of_part {
        let (least, most) = (*colour.iter().min()?, *colour.iter().max()?);
        if most - least <= TINT {
            greys.push(colour[1]);
        }
    }
    if greys.len() * 100 < all * SURE {
        return None;
    }
    greys.sort_unstable();
    // Each of the two has a good share, so that the quarters stand for them.
    let (dark, bright) = (greys[greys.len() / 4], greys[greys.len() * 3 / 4]);
    if !CONTRAST.contains(&(bright - dark)) {
        return None;
    }
    let middle = dark + (bright - dark) / 2;
    let near = (bright - dark) / 3;
    let is_near = |grey: &&u8| grey.abs_diff(dark) <= near || grey.abs_diff(bright) <= near;
    let is_two = greys.iter().filter(is_near).count() * 100 >= all * SURE;
    is_two.then(|| of_part.iter().map(|colour| colour[1] > middle).collect())
}

#[cfg(test)]
mod tests {
    use crate::transform::checkers::has_painted_checkers;
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;

    fn drawn(side: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Pixels {
        let bytes = (0..side).flat_map(|y| (0..side).flat_map(|x| colour(x, y)).collect::<Vec<_>>()).collect();
        Pixels { width: side, height: side, has_alpha: false, bytes }
    }

    fn board(side: u32, field: u32, greys: [u8; 2]) -> Pixels {
        let middle = side / 2;
        drawn(side, |x, y| {
            if x.abs_diff(middle).pow(2) + y.abs_diff(middle).pow(2) < (side / 3).pow(2) {
                return [200, 30, 40];
            }
            // As vendors paint it: never quite even.
            let noise = u8::try_from((x * 31 + y * 17) % 7).unwrap();
            [greys[((x / field + y / field) % 2) as usize] - 3 + noise; 3]
        })
    }

    #[test]
    fn boards_of_any_field_are_seen() {
        for (side, field, greys) in
            [(1024, 32, [255 - 4, 204]), (1024, 13, [240, 200]), (512, 8, [100, 150]), (256, 16, [230, 250])]
        {
            assert!(has_painted_checkers(&board(side, field, greys)), "{side} {field} {greys:?}");
        }
    }

    #[test]
    fn what_is_no_board_is_none() {
        let grey = |value: u32| [u8::try_from(value % 256).unwrap(); 3];
        for (name, pixels) in [
            ("a scene", samples::scene(512, 512)),
            ("white", drawn(512, |_, _| [250; 3])),
            ("a gradient", drawn(512, |x, y| grey((x + y) / 4))),
            ("stripes", drawn(512, |x, _| grey(if x / 16 % 2 == 0 { 200 } else { 250 }))),
            (
                "a coloured board",
                drawn(512, |x, y| if (x / 16 + y / 16) % 2 == 0 { [250, 90, 90] } else { [90, 90, 250] }),
            ),
            ("noise", drawn(512, |x, y| grey(if (x * 7919 + y * 104_729) % 97 < 48 { 200 } else { 250 }))),
            (
                "chess in the middle",
                drawn(512, |x, y| {
                    let inside = (200..312).contains(&x) && (200..312).contains(&y);
                    grey(if inside && (x / 16 + y / 16) % 2 == 0 { 30 } else { 250 })
                }),
            ),
            (
                "one corner",
                drawn(512, |x, y| grey(if x < 170 && y < 170 && (x / 16 + y / 16) % 2 == 0 { 200 } else { 250 })),
            ),
            ("a transparent board", board(256, 16, [230, 250]).with_alpha()),
            ("next to nothing", drawn(3, |_, _| [1; 3])),
        ] {
            assert!(!has_painted_checkers(&pixels), "{name}");
        }
    }
}
