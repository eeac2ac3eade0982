//! The stage itself: decodes, scales, pads and encodes as settings say, and does nothing that they don't need.
//!
//! Must not know of files on disk, nor which output is made for whom.

use std::borrow::Cow;

use crate::picture::{Format, MAX_PIXELS, Picture};
use crate::transform::decode::decode;
use crate::transform::encode::{encode, max_side};
use crate::transform::error::TransformError;
use crate::transform::pixels::Pixels;
use crate::transform::resize::{cover, stretch};
use crate::transform::settings::{Fit, Settings};

/// An output's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made<'a> {
    /// The whole file: the original's own bytes where nothing is to be done to them.
    pub bytes: Cow<'a, [u8]>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Whether the original had fewer pixels than the output shows of it, so that it looks soft.
    pub enlarged: bool,
}

/// What decoding says of an image, beyond its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// Format and size from the header: the size as stored, before any EXIF orientation.
    pub picture: Picture,
    /// Whether any pixel is not fully opaque.
    pub has_alpha: bool,
}

/// Makes the output of `original`: always the same bytes from the same bytes and equal settings.
pub fn transform<'a>(original: &'a [u8], settings: &Settings) -> Result<Made<'a>, TransformError> {
    let picture = Picture::read(original)?;
    if settings.is_untouched(&picture) {
        let Picture { width, height, .. } = picture;
        return Ok(Made { bytes: Cow::Borrowed(original), width, height, enlarged: false });
    }
    let pixels = decode(original, &picture)?;
    let enlarged = is_enlarged(pixels.size(), settings);
    let pixels = scale(pixels, settings)?;
    let bytes = encode(&pixels, settings.format, settings.quality)?;
    Ok(Made { bytes: Cow::Owned(bytes), width: pixels.width, height: pixels.height, enlarged })
}

/// Decodes the image under limits, to be sure that the bytes are a whole one.
pub fn examine(original: &[u8]) -> Result<Examined, TransformError> {
    let picture = Picture::read(original)?;
    let has_alpha = decode(original, &picture)?.has_alpha;
    Ok(Examined { picture, has_alpha })
}

fn is_enlarged(original: (u32, u32), settings: &Settings) -> bool {
    let (width, height) = settings.scaled_dimensions(original);
    width > original.0 || height > original.1
}

fn scale(pixels: Pixels, settings: &Settings) -> Result<Pixels, TransformError> {
    let size = settings.dimensions(pixels.size());
    check_size(size, settings.format)?;
    let scaled = settings.scaled_dimensions(pixels.size());
    // Before scaling: there is one channel less to scale.
    let pixels = if settings.format.has_alpha() { pixels } else { pixels.on_white() };
    Ok(match settings.effective_fit() {
        Some(Fit::Cover) => cover(pixels, size),
        Some(Fit::Contain) => stretch(pixels, scaled).padded(size, settings.format.has_alpha()),
        Some(Fit::Inside | Fit::Fill) | None => stretch(pixels, size),
    })
}

fn check_size((width, height): (u32, u32), format: Format) -> Result<(), TransformError> {
    let fits = width.max(height) <= max_side(format) && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(TransformError::TooLarge { format, width, height }) }
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, NotAPicture, Picture};
    use crate::transform::decode::decode;
    use crate::transform::error::TransformError;
    use crate::transform::make::{Made, examine, transform};
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;
    use crate::transform::settings::{Fit, Settings};

    fn to(format: Format, width: Option<u32>, height: Option<u32>, fit: Fit) -> Settings {
        Settings { format, quality: None, width, height, fit }
    }

    fn pixels_of(made: &Made) -> Pixels {
        decode(&made.bytes, &Picture::read(&made.bytes).unwrap()).unwrap()
    }

    fn pixel(pixels: &Pixels, x: u32, y: u32) -> &[u8] {
        let channels = if pixels.has_alpha { 4 } else { 3 };
        &pixels.bytes[(y * pixels.width + x) as usize * channels..][..channels]
    }

    #[test]
    fn the_result_has_the_dimensions_that_the_settings_say() {
        let sizes = [(None, None), (Some(20), None), (None, Some(33)), (Some(40), Some(9)), (Some(5), Some(50))];
        for original in [(30, 20), (7, 50), (1, 1)] {
            let file = samples::file(Format::Png, &samples::scene(original.0, original.1));
            for (width, height) in sizes {
                for (fit, format) in Fit::ALL.into_iter().flat_map(|fit| Format::ALL.map(|format| (fit, format))) {
                    let settings = to(format, width, height, fit);
                    let made = transform(&file, &settings).unwrap();
                    let picture = Picture::read(&made.bytes).unwrap();
                    assert_eq!((made.width, made.height), settings.dimensions(original), "{settings:?}");
                    assert_eq!(picture, Picture { format, width: made.width, height: made.height }, "{settings:?}");
                }
            }
        }
    }

    #[test]
    fn an_untouched_original_is_copied_even_if_it_could_not_be_decoded() {
        for format in Format::ALL {
            let file = samples::file(format, &samples::scene(40, 30));
            let cut = &file[..file.len() - 1];
            let made = transform(cut, &to(format, None, None, Fit::Cover)).unwrap();
            assert_eq!(made, Made { bytes: cut.into(), width: 40, height: 30, enlarged: false });
            assert_eq!(examine(cut), Err(TransformError::Truncated(format)));
            let small = to(format, Some(8), None, Fit::Cover);
            assert_eq!(transform(cut, &small), Err(TransformError::Truncated(format)));
        }
    }

    #[test]
    fn contain_pads_with_what_the_format_has() {
        let file = samples::file(Format::Png, &samples::scene(128, 64));
        for format in Format::ALL {
            let made = transform(&file, &to(format, Some(64), Some(64), Fit::Contain)).unwrap();
            let pixels = pixels_of(&made);
            for corner in [pixel(&pixels, 0, 0), pixel(&pixels, 63, 63)] {
                match corner {
                    [.., 0] => assert!(format.has_alpha()),
                    white => assert!(white.iter().all(|&channel| channel > 245) && format == Format::Jpeg),
                }
            }
            assert!(pixel(&pixels, 32, 32)[2] > 200, "{format}: the disc is in the middle");
        }
    }

    #[test]
    fn a_transparent_original_is_flattened_on_white_for_jpeg() {
        let file = samples::file(Format::Png, &samples::red_square_on_invisible_green(64));
        let pixels = pixels_of(&transform(&file, &to(Format::Jpeg, None, None, Fit::Cover)).unwrap());
        assert!(pixel(&pixels, 0, 0).iter().all(|&channel| channel > 250));
        let [red, green, blue] = pixel(&pixels, 32, 32) else { panic!("three channels") };
        assert!(*red > 240 && *green < 15 && *blue < 15);
    }

    #[test]
    fn enlarging_is_reported_and_nothing_else_is() {
        let file = samples::file(Format::Png, &samples::scene(40, 20));
        for (width, height, fit, expected) in [
            (Some(40), None, Fit::Cover, false),
            (Some(41), None, Fit::Cover, true),
            (None, Some(21), Fit::Cover, true),
            (Some(20), Some(20), Fit::Cover, false),
            (Some(21), Some(21), Fit::Cover, true),
            (Some(40), Some(90), Fit::Contain, false),
            (Some(40), Some(90), Fit::Inside, false),
            (Some(41), Some(90), Fit::Inside, true),
            (Some(40), Some(21), Fit::Fill, true),
            (None, None, Fit::Fill, false),
        ] {
            let made = transform(&file, &to(Format::Jpeg, width, height, fit)).unwrap();
            assert_eq!(made.enlarged, expected, "{width:?} {height:?} {fit:?}");
        }
    }

    #[test]
    fn orientation_is_applied_before_scaling() {
        let file = samples::jpeg_on_its_side(&samples::scene(64, 32));
        let made = transform(&file, &to(Format::Png, Some(16), None, Fit::Cover)).unwrap();
        assert_eq!((made.width, made.height), (16, 32));
        let upright = pixels_of(&made);
        let (top_right, bottom_left) = (pixel(&upright, 15, 0), pixel(&upright, 0, 31));
        assert!(top_right[0] < 60 && top_right[1] < 60, "the stored top left is now at the top right: {top_right:?}");
        assert!(bottom_left[0] > 150 && bottom_left[1] > 150, "{bottom_left:?}");
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_on_every_thread() {
        let file = samples::file(Format::Png, &samples::scene(120, 80));
        for format in Format::ALL {
            let settings = to(format, Some(50), Some(50), Fit::Contain);
            let made = || transform(&file, &settings).unwrap();
            let expected = made();
            std::thread::scope(|scope| {
                let threads = [scope.spawn(made), scope.spawn(made)];
                for thread in threads {
                    assert_eq!(thread.join().unwrap(), expected);
                }
            });
        }
    }

    #[test]
    fn transparency_is_examined_pixel_by_pixel() {
        let scene = samples::scene(8, 8);
        for format in Format::ALL {
            assert!(!examine(&samples::file(format, &scene)).unwrap().has_alpha);
        }
        let transparent = samples::file(Format::Png, &samples::red_square_on_invisible_green(8));
        let examined = examine(&transparent).unwrap();
        assert!(examined.has_alpha);
        assert_eq!(examined.picture, Picture { format: Format::Png, width: 8, height: 8 });
        let opaque = image::RgbaImage::from_pixel(4, 4, image::Rgba([1, 2, 3, 255]));
        let mut file = std::io::Cursor::new(Vec::new());
        opaque.write_to(&mut file, image::ImageFormat::Png).unwrap();
        assert!(!examine(&file.into_inner()).unwrap().has_alpha, "an alpha channel without transparency");
    }

    #[test]
    fn outputs_beyond_the_limits_are_refused_before_they_are_made() {
        let file = samples::file(Format::Png, &samples::scene(2, 2));
        for (format, width, height) in
            [(Format::Png, 16_385, 1), (Format::Webp, 16_384, 1), (Format::Jpeg, 16_384, 16_384)]
        {
            let refused = transform(&file, &to(format, Some(width), Some(height), Fit::Fill));
            assert_eq!(refused, Err(TransformError::TooLarge { format, width, height }));
        }
    }

    #[test]
    fn a_png_bomb_is_refused_by_its_header() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend_from_slice(&100_000_u32.to_be_bytes());
        png.extend_from_slice(&100_000_u32.to_be_bytes());
        png.extend_from_slice(&[8, 6, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(examine(&png), Err(TransformError::NotAPicture(NotAPicture::BadSize { .. }))));
        assert!(matches!(examine(b"<html>"), Err(TransformError::NotAPicture(NotAPicture::NoImage { .. }))));
    }
}
