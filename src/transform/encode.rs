//! From pixels to an image file's bytes, without metadata, and the same bytes on every machine.
//!
//! Must not know where the pixels come from.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType};

use crate::picture::{Format, MAX_SIDE};
use crate::transform::error::TransformError;
use crate::transform::pixels::Pixels;

/// JPEG's quality where none is given: no artefacts to be seen at a glance.
const JPEG_QUALITY: u8 = 85;
/// WebP's quality where none is given, the usual one of image pipelines.
const WEBP_QUALITY: u8 = 80;
/// A level rather than a name, whose meaning may move; the next one takes twice the time for two per cent less.
const PNG_LEVEL: CompressionType = CompressionType::Level(6);
/// The longest side of a WebP file that the encoder writes, in pixels.
const WEBP_MAX_SIDE: u32 = 16_383;

/// The longest side of an output of that format, in pixels.
pub(crate) const fn max_side(format: Format) -> u32 {
    match format {
        Format::Png | Format::Jpeg => MAX_SIDE,
        Format::Webp => WEBP_MAX_SIDE,
    }
}

/// The file; for JPEG, the pixels must have no alpha. A quality outside of 1 to 100 is brought into it.
pub(crate) fn encode(pixels: &Pixels, format: Format, quality: Option<u8>) -> Result<Vec<u8>, TransformError> {
    match format {
        Format::Png => png(pixels),
        Format::Jpeg => jpeg(pixels, quality.unwrap_or(JPEG_QUALITY).clamp(1, 100)),
        Format::Webp => webp(pixels, quality.unwrap_or(WEBP_QUALITY).clamp(1, 100)),
    }
}

fn png(pixels: &Pixels) -> Result<Vec<u8>, TransformError> {
    let mut file = Vec::new();
    let colour = if pixels.has_alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    PngEncoder::new_with_quality(&mut file, PNG_LEVEL, FilterType::Adaptive)
        .write_image(&pixels.bytes, pixels.width, pixels.height, colour)
        .map_err(|error| TransformError::Encode(error.to_string()))?;
    Ok(file)
}

fn jpeg(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, TransformError> {
    let too_large = |_| TransformError::TooLarge { format: Format::Jpeg, width: pixels.width, height: pixels.height };
    let width = u16::try_from(pixels.width).map_err(too_large)?;
    let height = u16::try_from(pixels.height).map_err(too_large)?;
    let colour = if pixels.has_alpha { ColorType::Rgba } else { ColorType::Rgb };
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    // Both make the file smaller, by a fifth together, for some milliseconds.
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.encode(&pixels.bytes, width, height, colour).map_err(|error| TransformError::Encode(error.to_string()))?;
    Ok(file)
}

fn webp(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, TransformError> {
    let encoder = if pixels.has_alpha {
        webp::Encoder::from_rgba(&pixels.bytes, pixels.width, pixels.height)
    } else {
        webp::Encoder::from_rgb(&pixels.bytes, pixels.width, pixels.height)
    };
    let file = encoder.encode_simple(false, f32::from(quality));
    Ok(file.map_err(|error| TransformError::Encode(format!("{error:?}")))?.to_vec())
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, Picture};
    use crate::transform::decode::decode;
    use crate::transform::encode::encode;
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;

    fn round_trip(pixels: &Pixels, format: Format, quality: Option<u8>) -> Pixels {
        let file = encode(pixels, format, quality).unwrap();
        let picture = Picture::read(&file).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (format, pixels.width, pixels.height));
        decode(&file, &picture).unwrap()
    }

    fn mean_difference(first: &Pixels, second: &Pixels) -> usize {
        assert_eq!((first.size(), first.has_alpha), (second.size(), second.has_alpha));
        let differences = first.bytes.iter().zip(&second.bytes).map(|(one, other)| usize::from(one.abs_diff(*other)));
        differences.sum::<usize>() / first.bytes.len()
    }

    #[test]
    fn png_keeps_every_pixel() {
        for pixels in [samples::scene(33, 21), samples::red_square_on_invisible_green(16)] {
            assert_eq!(round_trip(&pixels, Format::Png, None), pixels);
        }
    }

    #[test]
    fn lossy_formats_come_close() {
        let scene = samples::scene(96, 64);
        for format in [Format::Jpeg, Format::Webp] {
            let difference = mean_difference(&round_trip(&scene, format, Some(95)), &scene);
            assert!(difference < 4, "{format}: {difference}");
        }
    }

    #[test]
    fn webp_keeps_alpha_exactly() {
        let square = samples::red_square_on_invisible_green(32);
        let back = round_trip(&square, Format::Webp, Some(50));
        let alpha = |pixels: &Pixels| pixels.bytes.iter().skip(3).step_by(4).copied().collect::<Vec<_>>();
        assert_eq!(alpha(&back), alpha(&square));
    }

    #[test]
    fn less_quality_makes_smaller_files() {
        let scene = samples::scene(128, 128);
        for format in [Format::Jpeg, Format::Webp] {
            let sizes = [20, 50, 80, 95].map(|quality| encode(&scene, format, Some(quality)).unwrap().len());
            assert!(sizes.is_sorted(), "{format}: {sizes:?}");
            assert!(sizes[0] * 2 < sizes[3], "{format}: {sizes:?}");
        }
    }

    #[test]
    fn the_default_quality_is_the_documented_one() {
        let scene = samples::scene(40, 40);
        for (format, quality) in [(Format::Jpeg, 85), (Format::Webp, 80)] {
            assert_eq!(encode(&scene, format, None), encode(&scene, format, Some(quality)));
        }
    }
}
