//! From an image file's bytes to upright pixels, under limits, and never from half a file.
//!
//! Must not know what the pixels are for.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::picture::{Format, Picture};
use crate::transform::error::TransformError;
use crate::transform::pixels::Pixels;
use crate::transform::profile::Profile;
use crate::transform::vector::draw_whole;

/// The most memory in bytes that an original's pixels may need: enough for four channels of eight bits at any size that
/// is read, and for sixteen bits up to two thirds of that.
const MAX_MEMORY: u64 = 512 << 20;

/// What an image file has.
pub(crate) struct Decoded {
    /// Its pixels: upright, in sRGB, and with alpha only if one of them isn't opaque.
    pub(crate) pixels: Pixels,
    /// Whether it has a colour profile that isn't understood: its colours are taken for sRGB.
    pub(crate) odd_profile: bool,
}

/// Decodes the image that `picture` is the header of.
pub(crate) fn decode(original: &[u8], picture: &Picture) -> Result<Decoded, TransformError> {
    if picture.format == Format::Svg {
        return Ok(Decoded { pixels: draw_whole(original, picture)?, odd_profile: false });
    }
    if !is_whole(original, picture.format) {
        return Err(TransformError::Truncated(picture.format));
    }
    let (image, profile) = read_pixels(original, picture)?;
    let (width, height) = (image.width(), image.height());
    let pixels = if image.color().has_alpha() {
        Pixels::from_rgba(width, height, image.into_rgba8().into_raw())
    } else {
        Pixels { width, height, has_alpha: false, bytes: image.into_rgb8().into_raw() }
    };
    Ok(match profile {
        Profile::Srgb => Decoded { pixels, odd_profile: false },
        Profile::Other(conversion) => Decoded { pixels: conversion.apply(pixels), odd_profile: false },
        Profile::Unknown => Decoded { pixels, odd_profile: true },
    })
}

fn read_pixels(original: &[u8], picture: &Picture) -> Result<(DynamicImage, Profile), TransformError> {
    let refuse = |error: image::ImageError| TransformError::Decode(error.to_string());
    let format = image_format(picture.format).ok_or_else(|| TransformError::Decode("it has no pixels".to_string()))?;
    let mut reader = ImageReader::with_format(Cursor::new(original), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    if decoder.dimensions() != (picture.width, picture.height) {
        return Err(TransformError::Decode("its headers disagree about its size".to_string()));
    }
    // The decoders hold their own buffers to the limit, but not all of them the pixels that they are asked to write.
    if decoder.total_bytes() > MAX_MEMORY {
        return Err(TransformError::Decode(format!("its pixels need more than {} MiB", MAX_MEMORY >> 20)));
    }
    // Broken metadata says nothing of how the picture stands, and the picture is what counts.
    let orientation = match picture.format {
        Format::Webp if !webp_chunk_fits(original, *b"EXIF") => Orientation::NoTransforms,
        _ => decoder.orientation().unwrap_or(Orientation::NoTransforms),
    };
    let icc = match picture.format {
        Format::Webp if !webp_chunk_fits(original, *b"ICCP") => None,
        _ => decoder.icc_profile().ok().flatten(),
    };
    let profile = icc.map_or(Profile::Srgb, |icc| Profile::read(&icc));
    let mut image = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    image.apply_orientation(orientation);
    Ok((image, profile))
}

const fn image_format(format: Format) -> Option<ImageFormat> {
    match format {
        Format::Png => Some(ImageFormat::Png),
        Format::Jpeg => Some(ImageFormat::Jpeg),
        Format::Webp => Some(ImageFormat::WebP),
        Format::Gif => Some(ImageFormat::Gif),
        Format::Avif | Format::Svg => None,
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    limits
}

/// Whether the file reaches its own end. The decoders do not see to it: that of JPEG fills gaps with grey, and
/// no one reads on after the last pixel.
fn is_whole(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Png => png_is_whole(bytes),
        Format::Jpeg => jpeg_is_whole(bytes),
        Format::Webp => webp_is_whole(bytes),
        // The decoder says so itself where a frame's data end early.
        Format::Gif | Format::Avif | Format::Svg => true,
    }
}

/// Whether the chunks lead to a complete IEND.
fn png_is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, after_length)) = rest.split_first_chunk() {
        let end = 8 + u64::from(u32::from_be_bytes(*length));
        let Some(after_chunk) = usize::try_from(end).ok().and_then(|end| after_length.get(end..)) else {
            return false;
        };
        if after_length.starts_with(b"IEND") {
            return true;
        }
        rest = after_chunk;
    }
    false
}

/// Whether the segments and scans lead to an end-of-image marker; that of a thumbnail lies within a segment.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(position) = rest.iter().position(|&byte| byte == 0xFF) {
        rest = &rest[position + 1..];
        match rest.first() {
            None => return false,
            Some(0xD9) => return true,
            // In a scan: a stuffed byte, a restart marker. Anywhere: fill bytes, markers without a segment.
            Some(0x00 | 0x01 | 0xD0..=0xD8 | 0xFF) => {}
            Some(_) => match rest {
                [_, high, low, ..] => {
                    let end = 1 + usize::from(u16::from_be_bytes([*high, *low]));
                    rest = rest.get(end..).unwrap_or_default();
                }
                _ => return false,
            },
        }
    }
    false
}

/// Whether the file is as long as its RIFF header says.
fn webp_is_whole(bytes: &[u8]) -> bool {
    let length = bytes.get(4..).and_then(<[u8]>::first_chunk).map(|length| u32::from_le_bytes(*length));
    length.is_some_and(|length| u64::from(length) + 8 <= bytes.len() as u64)
}

/// Whether the metadata of that name that the decoder will take, that of the first such chunk, ends before the file does: it
/// makes room for as much as the chunk's header says, up to four gigabytes, before it looks.
fn webp_chunk_fits(bytes: &[u8], name: [u8; 4]) -> bool {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let [.., a, b, c, d] = *header;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if header.starts_with(&name) {
            return length <= after.len();
        }
        rest = after.get(length.saturating_add(length & 1)..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, Picture};
    use crate::transform::decode::{decode, webp_chunk_fits};
    use crate::transform::error::TransformError;
    use crate::transform::samples;

    /// Formats that are written here, too.
    const STILL: [Format; 3] = [Format::Png, Format::Jpeg, Format::Webp];

    fn decoded(bytes: &[u8]) -> Result<(u32, u32), TransformError> {
        decode(bytes, &Picture::read(bytes)?).map(|decoded| decoded.pixels.size())
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error() {
        for format in STILL {
            let whole = samples::file(format, &samples::scene(64, 48));
            assert_eq!(decoded(&whole), Ok((64, 48)));
            for length in 0..whole.len() {
                assert!(decoded(&whole[..length]).is_err(), "{format} of {} cut to {length}", whole.len());
            }
        }
    }

    #[test]
    fn a_file_cut_off_after_its_header_says_so() {
        for format in STILL {
            let whole = samples::file(format, &samples::scene(64, 48));
            assert_eq!(decoded(&whole[..whole.len() - 1]), Err(TransformError::Truncated(format)));
            assert_eq!(decoded(&whole[..whole.len() * 3 / 4]), Err(TransformError::Truncated(format)));
        }
    }

    #[test]
    fn bytes_after_the_end_do_no_harm() {
        for format in STILL {
            let mut file = samples::file(format, &samples::scene(20, 10));
            file.extend_from_slice(b"\0\0more");
            assert_eq!(decoded(&file), Ok((20, 10)), "{format}");
        }
    }

    #[test]
    fn damaged_bytes_never_panic() {
        for format in STILL {
            let whole = samples::file(format, &samples::scene(24, 16));
            for position in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[position] ^= 0x55;
                let _ = decoded(&damaged);
            }
        }
    }

    #[test]
    fn headers_that_disagree_are_refused() {
        let file = samples::file(Format::Png, &samples::scene(4, 4));
        let other = Picture { format: Format::Png, width: 5, height: 4 };
        assert!(matches!(decode(&file, &other), Err(TransformError::Decode(_))));
    }

    #[test]
    fn sixteen_bits_become_eight() {
        let pixels = image::ImageBuffer::<image::Rgba<u16>, _>::from_raw(1, 1, vec![0x1234, 0xABCD, 0, 0x8000]);
        let mut file = std::io::Cursor::new(Vec::new());
        pixels.expect("four channels").write_to(&mut file, image::ImageFormat::Png).expect("a png");
        let file = file.into_inner();
        let pixels = decode(&file, &Picture::read(&file).unwrap()).unwrap().pixels;
        assert_eq!(pixels.bytes, [0x12, 0xAB, 0, 0x80]);
    }

    #[test]
    fn exif_orientation_turns_the_picture_upright() {
        let file = samples::jpeg_on_its_side(&samples::scene(64, 32));
        let picture = Picture::read(&file).unwrap();
        assert_eq!((picture.width, picture.height), (64, 32), "as stored");
        assert_eq!(decoded(&file), Ok((32, 64)));
    }

    #[test]
    fn metadata_of_a_length_that_lies_is_left_where_it_is() {
        let file = samples::webp_on_its_side(&samples::scene(64, 32));
        assert!(webp_chunk_fits(&file, *b"EXIF"));
        assert_eq!(decoded(&file), Ok((32, 64)));
        let start = file.windows(4).position(|name| name == b"EXIF").expect("it has some");
        for more in [1_u32, 1 << 20, u32::MAX] {
            let mut lying = file.clone();
            let length = u32::try_from(file.len() - start - 8).unwrap().saturating_add(more);
            lying[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
            assert!(!webp_chunk_fits(&lying, *b"EXIF"), "{length}");
            assert_eq!(decoded(&lying), Ok((64, 32)), "{length}");
        }
        for length in 0..file.len() {
            let _ = webp_chunk_fits(&file[..length], *b"EXIF");
        }
    }

    #[test]
    fn of_an_animation_the_first_frame_is_read() {
        use image::codecs::gif::GifEncoder;
        use image::{Delay, Frame, RgbaImage};
        let frame = |colour| {
            Frame::from_parts(RgbaImage::from_pixel(6, 4, image::Rgba(colour)), 0, 0, Delay::from_numer_denom_ms(9, 1))
        };
        let mut file = Vec::new();
        GifEncoder::new(&mut file).encode_frames([frame([200, 0, 0, 255]), frame([0, 0, 200, 255])]).expect("a gif");
        let picture = Picture::read(&file).unwrap();
        assert_eq!((picture.format, picture.width, picture.height), (Format::Gif, 6, 4));
        let pixels = decode(&file, &picture).unwrap().pixels;
        assert_eq!((pixels.bytes.as_slice(), pixels.has_alpha), ([200, 0, 0].repeat(24).as_slice(), false));
        for length in 0..file.len() / 2 {
            assert!(decoded(&file[..length]).is_err(), "cut to {length}");
        }
    }
}
