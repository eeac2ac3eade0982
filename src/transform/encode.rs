//! From pixels to an image file's bytes, without metadata, and the same bytes on every machine.
//!
//! Must not know where the pixels come from.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType};

use crate::picture::Format;
use crate::transform::colour::Rgb;
use crate::transform::error::TransformError;
use crate::transform::palette::Indexed;
use crate::transform::pixels::Pixels;
use crate::transform::settings::Settings;

/// JPEG's quality where none is given: no artefacts to be seen at a glance.
const JPEG_QUALITY: u8 = 85;
/// WebP's quality where none is given, the usual one of image pipelines.
const WEBP_QUALITY: u8 = 80;
/// AVIF's quality where none is given: as good as WebP's.
const AVIF_QUALITY: u8 = 70;
/// How hard AVIF's encoder tries, from 1 to 10: the next lower one takes a third longer for two per cent less.
const AVIF_SPEED: u8 = 6;
/// A level rather than a name, whose meaning may move; the next one takes twice the time for two per cent less.
const PNG_LEVEL: CompressionType = CompressionType::Level(6);
/// The file of these settings' format. Where it may have so many bytes at most, it is that of the best quality that fits.
pub(crate) fn encode(pixels: &Pixels, settings: &Settings) -> Result<Vec<u8>, TransformError> {
    let format = settings.format;
    if let Some(colors) = &settings.colors {
        let indexed = Indexed::of(pixels, colors);
        return if format == Format::Png { indexed.png() } else { lossless(&indexed.pixels(), format) };
    }
    if !format.has_quality() || (settings.lossless && format.has_lossless()) {
        return lossless(pixels, format);
    }
    let best = settings.quality.unwrap_or(usual_quality(format)).clamp(1, 100);
    let bytes = lossy(pixels, format, best)?;
    match settings.max_bytes {
        Some(most) if bytes.len() as u64 > most => best_within(pixels, format, best, most),
        _ => Ok(bytes),
    }
}

/// The best quality below one whose file is too long.
fn best_within(pixels: &Pixels, format: Format, too_good: u8, most: u64) -> Result<Vec<u8>, TransformError> {
    let (mut too_good, mut fitting) = (too_good, None);
    let mut least = u64::MAX;
    let mut fits = 0;
    while too_good - fits > 1 {
        let quality = fits + (too_good - fits) / 2;
        let bytes = lossy(pixels, format, quality)?;
        least = least.min(bytes.len() as u64);
        if bytes.len() as u64 <= most {
            fits = quality;
            fitting = Some(bytes);
        } else {
            too_good = quality;
        }
    }
    fitting.ok_or(TransformError::TooManyBytes { most, least })
}

const fn usual_quality(format: Format) -> u8 {
    match format {
        Format::Webp => WEBP_QUALITY,
        Format::Avif => AVIF_QUALITY,
        _ => JPEG_QUALITY,
    }
}

fn lossless(pixels: &Pixels, format: Format) -> Result<Vec<u8>, TransformError> {
    match format {
        Format::Webp => webp(pixels, true, 100),
        _ => png(pixels),
    }
}

fn lossy(pixels: &Pixels, format: Format, quality: u8) -> Result<Vec<u8>, TransformError> {
    match format {
        Format::Webp => webp(pixels, false, quality),
        Format::Avif => avif(pixels, quality),
        _ => jpeg(pixels, quality),
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
    let flat = pixels.has_alpha.then(|| pixels.clone().over(Rgb([255; 3])));
    let pixels = flat.as_ref().unwrap_or(pixels);
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    // Both make the file smaller, by a fifth together, for some milliseconds.
    encoder.set_progressive(true);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(&pixels.bytes, width, height, ColorType::Rgb)
        .map_err(|error| TransformError::Encode(error.to_string()))?;
    Ok(file)
}

fn webp(pixels: &Pixels, lossless: bool, quality: u8) -> Result<Vec<u8>, TransformError> {
    let encoder = if pixels.has_alpha {
        webp::Encoder::from_rgba(&pixels.bytes, pixels.width, pixels.height)
    } else {
        webp::Encoder::from_rgb(&pixels.bytes, pixels.width, pixels.height)
    };
    let file = encoder.encode_simple(lossless, f32::from(quality));
    Ok(file.map_err(|error| TransformError::Encode(format!("{error:?}")))?.to_vec())
}

/// On one thread: the bytes depend on how many there are.
fn avif(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, TransformError> {
    let encoder = ravif::Encoder::new()
        .with_quality(f32::from(quality))
        .with_alpha_quality(f32::from(quality))
        .with_speed(AVIF_SPEED)
        .with_num_threads(Some(1))
        .with_bit_depth(ravif::BitDepth::Eight);
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    let encoded = if pixels.has_alpha {
        let rgba: Vec<_> = pixels.bytes.as_chunks::<4>().0.iter().map(|pixel| ravif::RGBA8::from(*pixel)).collect();
        encoder.encode_rgba(ravif::Img::new(&rgba, width, height))
    } else {
        let rgb: Vec<_> = pixels.bytes.as_chunks::<3>().0.iter().map(|pixel| ravif::RGB8::from(*pixel)).collect();
        encoder.encode_rgb(ravif::Img::new(&rgb, width, height))
    };
    Ok(encoded.map_err(|error| TransformError::Encode(error.to_string()))?.avif_file)
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, Picture};
    use crate::transform::decode::decode;
    use crate::transform::encode::encode;
    use crate::transform::error::TransformError;
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;
    use crate::transform::settings::Settings;

    fn file(pixels: &Pixels, format: Format, quality: Option<u8>) -> Vec<u8> {
        encode(pixels, &Settings { quality, ..Settings::of(format) }).unwrap()
    }

    fn round_trip(pixels: &Pixels, format: Format, quality: Option<u8>) -> Pixels {
        let file = file(pixels, format, quality);
        let picture = Picture::read(&file).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (format, pixels.width, pixels.height));
        decode(&file, &picture).unwrap().pixels
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
        for format in [Format::Jpeg, Format::Webp, Format::Avif] {
            let sizes = [20, 50, 80, 95].map(|quality| file(&scene, format, Some(quality)).len());
            assert!(sizes.is_sorted(), "{format}: {sizes:?}");
            assert!(sizes[0] * 2 < sizes[3], "{format}: {sizes:?}");
        }
    }

    #[test]
    fn the_default_quality_is_the_documented_one() {
        let scene = samples::scene(40, 40);
        for (format, quality) in [(Format::Jpeg, 85), (Format::Webp, 80), (Format::Avif, 70)] {
            assert_eq!(file(&scene, format, None), file(&scene, format, Some(quality)));
        }
    }

    #[test]
    fn lossless_webp_keeps_every_pixel_that_is_seen() {
        for pixels in [samples::scene(33, 21), samples::red_square_on_invisible_green(16).without_hidden_colours()] {
            let settings = Settings { lossless: true, ..Settings::of(Format::Webp) };
            let file = encode(&pixels, &settings).unwrap();
            assert_eq!(decode(&file, &Picture::read(&file).unwrap()).unwrap().pixels, pixels);
        }
    }

    #[test]
    fn a_file_that_may_have_so_many_bytes_has_the_best_quality_that_fits() {
        let scene = samples::scene(64, 64);
        for format in [Format::Jpeg, Format::Webp] {
            let sizes: Vec<usize> = (1..=80).map(|quality| file(&scene, format, Some(quality)).len()).collect();
            for most in [sizes[0], sizes[20], sizes[50] + 1, sizes[79], 1 << 20] {
                let limit = Some(most as u64);
                let settings = Settings { quality: Some(80), max_bytes: limit, ..Settings::of(format) };
                let made = encode(&scene, &settings).unwrap();
                assert!(made.len() <= most, "{format} {most}");
                // Sizes don't rise with every step; the next one up is the one that was found too large.
                let quality = (1..=80).rev().find(|quality| file(&scene, format, Some(*quality)) == made);
                let quality = quality.expect("it is a file of some quality");
                let next = sizes.get(usize::from(quality));
                assert!(quality == 80 || next.is_some_and(|next| *next > most), "{format} {most}: {quality}");
            }
            let too_few = Settings { max_bytes: Some(9), ..Settings::of(format) };
            let refused = encode(&scene, &too_few).err();
            let least = sizes[0] as u64;
            assert_eq!(refused, Some(TransformError::TooManyBytes { most: 9, least }), "{format}");
        }
    }

    #[test]
    fn avif_files_are_avif_files_and_the_same_on_every_thread() {
        for pixels in [samples::scene(33, 21), samples::red_square_on_invisible_green(16)] {
            let make = || file(&pixels, Format::Avif, Some(60));
            let made = make();
            assert_eq!(&made[4..12], b"ftypavif");
            let size = imagesize::blob_size(&made).unwrap();
            assert_eq!((size.width, size.height), (pixels.width as usize, pixels.height as usize));
            std::thread::scope(|scope| assert_eq!(scope.spawn(make).join().unwrap(), made));
        }
    }
}
