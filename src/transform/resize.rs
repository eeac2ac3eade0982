//! Scales pixels, with or without a crop to another ratio.
//!
//! Must not know of files or settings. The arithmetic is on eight bits, where the scaling library's code paths for
//! different processors give the same bits; on sixteen bits or floats they don't.

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::transform::pixels::Pixels;

/// The whole picture, stretched to a width and a height in pixels.
pub(crate) fn stretch(pixels: Pixels, size: (u32, u32)) -> Pixels {
    let whole = Region { left: 0.0, top: 0.0, width: f64::from(pixels.width), height: f64::from(pixels.height) };
    if pixels.size() == size { pixels } else { resample(pixels, &whole, size) }
}

/// The largest centred part of the picture with the ratio of `size`, scaled to it.
pub(crate) fn cover(pixels: Pixels, size: (u32, u32)) -> Pixels {
    let region = centre(pixels.size(), size);
    if pixels.size() == size { pixels } else { resample(pixels, &region, size) }
}

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Region {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

fn centre(from: (u32, u32), to: (u32, u32)) -> Region {
    let (from_width, from_height) = (f64::from(from.0), f64::from(from.1));
    let (to_width, to_height) = (f64::from(to.0), f64::from(to.1));
    let too_wide = from_width * to_height > to_width * from_height;
    let width = if too_wide { (from_height * to_width / to_height).max(1.0) } else { from_width };
    let height = if too_wide { from_height } else { (from_width * to_height / to_width).max(1.0) };
    let (left, top) = ((from_width - width) / 2.0, (from_height - height) / 2.0);
    // Where nothing is scaled, half a pixel of offset would blur it: whole pixels are copied instead.
    let unscaled = (width, height) == (to_width, to_height);
    let (left, top) = if unscaled { (left.floor(), top.floor()) } else { (left, top) };
    Region { left, top, width, height }
}

fn resample(pixels: Pixels, region: &Region, (width, height): (u32, u32)) -> Pixels {
    let Pixels { width: from_width, height: from_height, has_alpha, bytes } = pixels;
    let pixel_type = if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let mut from = Image::from_vec_u8(from_width, from_height, bytes, pixel_type).expect("pixels have all their bytes");
    let mut to = Image::new(width, height, pixel_type);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(region.left, region.top, region.width, region.height)
        .use_alpha(false);
    // Colours are weighted by their alpha, or that of invisible pixels would bleed into edges. Here rather than in the
    // resizer, which would copy the original for it.
    if has_alpha {
        MulDiv::new().multiply_alpha_inplace(&mut from).expect("four channels include alpha");
    }
    Resizer::new().resize(&from, &mut to, &options).expect("the region lies within the picture");
    if has_alpha {
        MulDiv::new().divide_alpha_inplace(&mut to).expect("four channels include alpha");
    }
    Pixels { width, height, has_alpha, bytes: to.into_vec() }
}

#[cfg(test)]
mod tests {
    use crate::transform::pixels::Pixels;
    use crate::transform::resize::{centre, cover, stretch};
    use crate::transform::samples;

    const SIDES: [u32; 6] = [1, 2, 3, 17, 100, 333];

    fn all_sizes() -> impl Iterator<Item = (u32, u32)> {
        SIDES.into_iter().flat_map(|width| SIDES.map(|height| (width, height)))
    }

    #[test]
    fn the_region_lies_within_the_picture() {
        for from in all_sizes().chain([(16_384, 1), (1, 16_384), (12_345, 6_789)]) {
            for to in all_sizes().chain([(16_384, 1), (1, 16_384)]) {
                let region = centre(from, to);
                assert!(region.left >= 0.0 && region.width >= 1.0, "{from:?} {to:?} {region:?}");
                assert!(region.top >= 0.0 && region.height >= 1.0, "{from:?} {to:?} {region:?}");
                assert!(region.left + region.width <= f64::from(from.0), "{from:?} {to:?} {region:?}");
                assert!(region.top + region.height <= f64::from(from.1), "{from:?} {to:?} {region:?}");
            }
        }
    }

    #[test]
    fn every_size_becomes_every_other() {
        for from in [(1, 1), (1, 40), (40, 1), (31, 20)] {
            for to in all_sizes() {
                assert_eq!(stretch(samples::scene(from.0, from.1), to).size(), to);
                assert_eq!(cover(samples::scene(from.0, from.1), to).size(), to);
            }
        }
    }

    #[test]
    fn an_unscaled_cover_copies_pixels() {
        let scene = samples::scene(9, 4);
        let cropped = cover(scene.clone(), (4, 4));
        for row in 0..4 {
            assert_eq!(cropped.bytes[row * 12..][..12], scene.bytes[row * 27 + 6..][..12]);
        }
    }

    #[test]
    fn invisible_colours_do_not_bleed_into_edges() {
        let square = samples::red_square_on_invisible_green(64);
        for side in [13, 40, 150] {
            let resized = stretch(square.clone(), (side, side));
            assert!(resized.bytes.as_chunks::<4>().0.iter().any(|pixel| (1..255).contains(&pixel[3])), "has edges");
            for [red, green, blue, alpha] in resized.bytes.as_chunks::<4>().0 {
                assert!(*alpha == 0 || (*green == 0 && *blue == 0), "{red} {green} {blue} {alpha} at {side}");
            }
        }
    }

    #[test]
    fn an_even_colour_stays_as_it_is() {
        let grey = Pixels { width: 30, height: 20, has_alpha: false, bytes: [10, 200, 99].repeat(600) };
        assert_eq!(stretch(grey, (77, 5)).bytes, [10, 200, 99].repeat(385));
    }
}
