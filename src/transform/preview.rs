//! What stands in a picture's place until it is there: its dominant colour, and a ThumbHash, from which a page draws a blurred
//! picture.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::transform::colour::Rgb;
use crate::transform::geometry::Region;
use crate::transform::pixels::{OPAQUE, Pixels};
use crate::transform::resize::scale;
use crate::transform::settings::Filter;

/// No side of what is hashed is longer, in pixels (ThumbHash, "images are at most 100x100").
const LONGEST: u32 = 100;
/// Bits of a channel by which colours are told apart: sixteen steps.
const BITS: u32 = 4;

/// What stands in a picture's place until it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The colour that most of what is to be seen has.
    pub color: Rgb,
    /// The ThumbHash, in base64.
    pub thumbhash: String,
}

impl Preview {
    /// The preview of a picture.
    pub(crate) fn of(pixels: Pixels) -> Self {
        let small = small(pixels).with_alpha();
        let hash = thumbhash::rgba_to_thumb_hash(small.width as usize, small.height as usize, &small.bytes);
        Self { color: dominant(&small), thumbhash: STANDARD.encode(hash) }
    }
}

fn small(pixels: Pixels) -> Pixels {
    let (width, height) = pixels.size();
    let longest = width.max(height);
    if longest <= LONGEST {
        return pixels;
    }
    let side = |side: u32| (u64::from(side) * u64::from(LONGEST) / u64::from(longest)).max(1);
    let size = |length| u32::try_from(side(length)).unwrap_or(LONGEST);
    // A hash keeps so little that a sharper filter would be time for nothing.
    let whole = Region::whole(pixels.size());
    scale(pixels, &whole, (size(width), size(height)), Filter::Box)
}

/// The mean of the most common kind of colour, by how much of it is to be seen; white where nothing is.
fn dominant(pixels: &Pixels) -> Rgb {
    let mut kinds = vec![[0_u64; 4]; 1 << (3 * BITS)];
    for &[red, green, blue, alpha] in pixels.bytes.as_chunks::<4>().0 {
        let kind =
            [red, green, blue].into_iter().fold(0, |kind, value| kind << BITS | usize::from(value >> (8 - BITS)));
        for (sum, value) in kinds[kind].iter_mut().zip([red, green, blue, 1]) {
            *sum += u64::from(value) * u64::from(alpha);
        }
    }
    let most = kinds.into_iter().rev().max_by_key(|[.., weight]| *weight).unwrap_or_default();
    let [red, green, blue, weight] = most;
    let mean =
        |sum: u64| u8::try_from((sum + weight / 2).checked_div(weight).unwrap_or(OPAQUE.into())).unwrap_or(OPAQUE);
    Rgb([red, green, blue].map(mean))
}

#[cfg(test)]
mod tests {
    use crate::transform::colour::Rgb;
    use crate::transform::pixels::Pixels;
    use crate::transform::preview::Preview;

    fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Pixels {
        let pixel = &pixel;
        let bytes = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
        Pixels { width, height, has_alpha: true, bytes }
    }

    #[test]
    fn the_dominant_colour_is_that_of_most_of_what_is_seen() {
        let red = |x: u32| if x < 60 { [200, 30, 40, 255] } else { [20, 200, 30, 255] };
        assert_eq!(Preview::of(picture(100, 10, |x, _| red(x))).color, Rgb([200, 30, 40]));
        let hidden = |x: u32| if x < 60 { [200, 30, 40, 0] } else { [20, 200, 30, 255] };
        assert_eq!(Preview::of(picture(100, 10, |x, _| hidden(x))).color, Rgb([20, 200, 30]));
        assert_eq!(Preview::of(picture(8, 8, |_, _| [0; 4])).color, Rgb([255; 3]));
    }

    #[test]
    fn a_hash_tells_shape_and_colour() {
        let sky = |_: u32, y: u32| if y < 100 { [90, 140, 220, 255] } else { [40, 90, 30, 255] };
        let wide = Preview::of(picture(400, 200, sky));
        assert_eq!(wide, Preview::of(picture(400, 200, sky)));
        assert_ne!(wide.thumbhash, Preview::of(picture(200, 400, sky)).thumbhash);
        assert!((20..40).contains(&wide.thumbhash.len()), "{}", wide.thumbhash);
    }
}
