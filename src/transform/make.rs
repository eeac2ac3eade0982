//! The stage itself: from an original's bytes to a file's, in the order that [`Settings`] tells, doing nothing that they
//! don't need.
//!
//! Must not know of files on disk, nor which output is made for whom.

use std::borrow::Cow;

use crate::disclosure::{Malformed, embed};
use crate::picture::{Format, MAX_PIXELS, Picture};
use crate::transform::checkers::has_painted_checkers;
use crate::transform::colour::{ChromaKey, Rgb};
use crate::transform::decode::{Decoded, decode};
use crate::transform::encode::encode;
use crate::transform::error::TransformError;
use crate::transform::frame::Frame;
use crate::transform::key::remove_key;
use crate::transform::part::part;
use crate::transform::pixels::Pixels;
use crate::transform::resize::scale;
use crate::transform::settings::{Disclose, Settings};
use crate::transform::vector::{draw_for, has_text};

/// What shows through where nothing is said and a format has no transparency.
const WHITE: Rgb = Rgb([255; 3]);

/// An output's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made<'a> {
    /// The whole file: the original's own bytes where nothing is to be done to them.
    pub bytes: Cow<'a, [u8]>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// What is worth knowing of it.
    pub findings: Vec<Finding>,
}

/// Something about an output that its maker may not have meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The original has fewer pixels than the output shows of it, so that it looks soft.
    Enlarged,
    /// Nothing has the key's colour: the ground is still there.
    NothingKeyed,
    /// The original has text, which isn't drawn: fonts differ from one machine to the next.
    TextNotDrawn,
    /// The original's colour profile isn't understood: its colours were taken for sRGB.
    OddProfile,
}

/// What decoding says of an image, beyond its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// Format and size from the header: the size as stored, before any EXIF orientation.
    pub picture: Picture,
    /// Whether any pixel is not fully opaque.
    pub has_alpha: bool,
    /// Whether the picture is opaque and shows, at its corners, the board that stands for transparency in editors.
    pub painted_checkers: bool,
}

/// Makes the output of `original`: always the same bytes from the same bytes and equal settings.
pub fn transform<'a>(original: &'a [u8], settings: &Settings) -> Result<Made<'a>, TransformError> {
    Original::new(original, 1).make(settings)
}

/// An original that several outputs are made of, decoded once for all of them.
pub struct Original<'a> {
    bytes: &'a [u8],
    /// How many outputs may still be made: the pixels are kept as long as there are any.
    left: usize,
    /// The pixels without this key colour.
    pixels: Option<(Option<ChromaKey>, Pixels)>,
    odd_profile: bool,
}

impl<'a> Original<'a> {
    /// The original of about so many outputs: making more than that is slower, and nothing else.
    pub const fn new(bytes: &'a [u8], outputs: usize) -> Self {
        Self { bytes, left: outputs, pixels: None, odd_profile: false }
    }

    /// Whether an output is the original as it is, byte for byte.
    pub fn is_copied(&self, settings: &Settings) -> bool {
        Picture::read(self.bytes).is_ok_and(|picture| settings.is_untouched(&picture))
    }

    /// Makes one output, as [`transform`] does.
    pub fn make(&mut self, settings: &Settings) -> Result<Made<'a>, TransformError> {
        if let Some(Disclose::Packet(packet)) = &settings.disclose {
            let made = self.make(&Settings { disclose: None, ..settings.clone() })?;
            return self.marked(made, settings, packet);
        }
        self.left = self.left.saturating_sub(1);
        let picture = Picture::read(self.bytes)?;
        if settings.is_untouched(&picture) {
            let Picture { width, height, .. } = picture;
            return Ok(Made { bytes: Cow::Borrowed(self.bytes), width, height, findings: Vec::new() });
        }
        let mut findings = Vec::new();
        let is_vector = picture.format == Format::Svg;
        let (pixels, settings) = if is_vector {
            let (pixels, settings) = draw_for(self.bytes, &picture, settings)?;
            let pixels = without_key(pixels, settings.chroma_key.as_ref())?;
            (pixels, Cow::Owned(settings))
        } else {
            (self.keyed(&picture, settings.chroma_key.as_ref())?, Cow::Borrowed(settings))
        };
        let settings = settings.as_ref();
        if is_vector && has_text(self.bytes) {
            findings.push(Finding::TextNotDrawn);
        }
        if self.odd_profile {
            findings.push(Finding::OddProfile);
        }
        if settings.chroma_key.is_some() && pixels.is_opaque() {
            findings.push(Finding::NothingKeyed);
        }
        let pixels = shown(pixels, settings)?.turned(settings.rotate, settings.flip);
        let pixels = framed(pixels, settings, &mut findings)?;
        let pixels = match settings.background {
            Some(ground) => pixels.over(ground),
            None => pixels.without_hidden_colours(),
        };
        let bytes = encode(&pixels, settings)?;
        Ok(Made { bytes: Cow::Owned(bytes), width: pixels.width, height: pixels.height, findings })
    }

    /// The same file, saying how the picture came about. An original of which nothing else is to be made keeps its pixels as they
    /// are; only one whose container is out of order is written anew.
    fn marked(&mut self, made: Made<'a>, settings: &Settings, packet: &str) -> Result<Made<'a>, TransformError> {
        let refuse = |error: Malformed| TransformError::Encode(error.to_string());
        let bytes = match embed(&made.bytes, settings.format, packet) {
            Ok(bytes) => bytes,
            Err(Malformed::Truncated | Malformed::Invalid(_) | Malformed::Unsupported(_))
                if matches!(made.bytes, Cow::Borrowed(_)) =>
            {
                let picture = Picture::read(self.bytes)?;
                let pixels = self.keyed(&picture, None)?;
                embed(&encode(&pixels, settings)?, settings.format, packet).map_err(refuse)?
            }
            Err(error) => return Err(refuse(error)),
        };
        Ok(Made { bytes: Cow::Owned(bytes), ..made })
    }

    /// The picture without its key colour.
    fn keyed(&mut self, picture: &Picture, key: Option<&ChromaKey>) -> Result<Pixels, TransformError> {
        let pixels = match self.pixels.take() {
            Some((without, pixels)) if without.as_ref() == key => pixels,
            _ => {
                let Decoded { pixels, odd_profile } = decode(self.bytes, picture)?;
                self.odd_profile = odd_profile;
                without_key(pixels, key)?
            }
        };
        if self.left > 0 {
            self.pixels = Some((key.cloned(), pixels.clone()));
        }
        Ok(pixels)
    }
}

fn without_key(pixels: Pixels, key: Option<&ChromaKey>) -> Result<Pixels, TransformError> {
    match key {
        Some(key) => remove_key(pixels, key),
        None => Ok(pixels),
    }
}

/// Decodes the image under limits, to be sure that the bytes are a whole one.
pub fn examine(original: &[u8]) -> Result<Examined, TransformError> {
    let picture = Picture::read(original)?;
    let pixels = decode(original, &picture)?.pixels;
    Ok(Examined { picture, has_alpha: pixels.has_alpha, painted_checkers: has_painted_checkers(&pixels) })
}

/// The part that is shown: cropped, cut out of its sheet, without transparent borders.
fn shown(pixels: Pixels, settings: &Settings) -> Result<Pixels, TransformError> {
    let part = part(pixels.size(), settings)?;
    let pixels = pixels.part(part);
    if !settings.trim {
        return Ok(pixels);
    }
    let visible = pixels.visible().ok_or(TransformError::NothingVisible)?;
    Ok(pixels.part(visible))
}

/// Scaled into its frame, with the room around.
fn framed(pixels: Pixels, settings: &Settings, findings: &mut Vec<Finding>) -> Result<Pixels, TransformError> {
    let frame = Frame::of(pixels.size(), settings);
    check_size(frame.outer(settings.pad), settings.format)?;
    let (region, size) = (frame.region, frame.size);
    if frame.enlarges() {
        findings.push(Finding::Enlarged);
    }
    // Before scaling: there is one channel less to scale.
    let ground = settings.background.or((!settings.format.has_alpha()).then_some(WHITE));
    let pixels = match ground {
        Some(ground) => pixels.over(ground),
        None => pixels,
    };
    let pad = frame.room(settings.pad);
    Ok(scale(pixels, &region, size, settings.filter).padded(pad, ground))
}

pub(crate) fn check_size((width, height): (u32, u32), format: Format) -> Result<(), TransformError> {
    let fits = width.max(height) <= format.max_side() && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(TransformError::TooLarge { format, width, height }) }
}

#[cfg(test)]
mod tests {
    use crate::picture::{Format, NotAPicture, Picture};
    use crate::transform::colour::{ChromaKey, Rgb};
    use crate::transform::decode::decode;
    use crate::transform::error::TransformError;
    use crate::transform::frame::Frame;
    use crate::transform::geometry::{Cell, Crop, Pad};
    use crate::transform::make::{Finding, Made, Original, examine, transform};
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;
    use crate::transform::settings::{Filter, Fit, Settings};

    /// Formats that are read and written.
    const STILL: [Format; 3] = [Format::Png, Format::Jpeg, Format::Webp];

    fn to(format: Format, width: Option<u32>, height: Option<u32>, fit: Fit) -> Settings {
        Settings { width, height, fit, ..Settings::of(format) }
    }

    fn pixels_of(made: &Made) -> Pixels {
        decode(&made.bytes, &Picture::read(&made.bytes).unwrap()).unwrap().pixels
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
                for (fit, format) in Fit::ALL.into_iter().flat_map(|fit| STILL.map(|format| (fit, format))) {
                    let settings = to(format, width, height, fit);
                    let made = transform(&file, &settings).unwrap();
                    let picture = Picture::read(&made.bytes).unwrap();
                    assert_eq!(
                        (made.width, made.height),
                        Frame::of(original, &settings).outer(settings.pad),
                        "{settings:?}"
                    );
                    assert_eq!(picture, Picture { format, width: made.width, height: made.height }, "{settings:?}");
                }
            }
        }
    }

    #[test]
    fn an_untouched_original_is_copied_even_if_it_could_not_be_decoded() {
        for format in STILL {
            let file = samples::file(format, &samples::scene(40, 30));
            let cut = &file[..file.len() - 1];
            let made = transform(cut, &to(format, None, None, Fit::Cover)).unwrap();
            assert_eq!(made, Made { bytes: cut.into(), width: 40, height: 30, findings: Vec::new() });
            assert_eq!(examine(cut), Err(TransformError::Truncated(format)));
            let small = to(format, Some(8), None, Fit::Cover);
            assert_eq!(transform(cut, &small), Err(TransformError::Truncated(format)));
        }
    }

    #[test]
    fn contain_pads_with_what_the_format_has() {
        let file = samples::file(Format::Png, &samples::scene(128, 64));
        for format in STILL {
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
            assert_eq!(made.findings.contains(&Finding::Enlarged), expected, "{width:?} {height:?} {fit:?}");
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
        for format in STILL {
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
    fn several_outputs_of_one_original_are_what_each_would_be() {
        let file = samples::file(Format::Png, &samples::red_square_on_invisible_green(48));
        let key = |colour| Some(ChromaKey::of(Some(Rgb(colour))));
        let all: Vec<Settings> = [None, key([255, 0, 0]), key([255, 0, 0]), None, key([0, 0, 255])]
            .into_iter()
            .zip([5, 20, 21, 48, 9])
            .map(|(chroma_key, width)| Settings { chroma_key, ..to(Format::Webp, Some(width), None, Fit::Cover) })
            .collect();
        for outputs in [0, 1, all.len(), 9] {
            let mut original = Original::new(&file, outputs);
            for settings in &all {
                assert_eq!(original.make(settings), transform(&file, settings), "{settings:?}");
            }
        }
    }

    #[test]
    fn transparency_is_examined_pixel_by_pixel() {
        let scene = samples::scene(8, 8);
        for format in STILL {
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

    /// The output of these pixels, as pixels.
    fn shown(pixels: &Pixels, settings: &Settings) -> Result<Pixels, TransformError> {
        let file = samples::file(Format::Png, pixels);
        transform(&file, settings).map(|made| pixels_of(&made))
    }

    #[test]
    fn a_sheet_is_cut_into_cells() {
        let scene = samples::scene(60, 40);
        for (column, row) in [(0, 0), (2, 1)] {
            let cell = Some(Cell { columns: 3, rows: 2, column, row });
            let cut = shown(&scene, &Settings { cell, ..Settings::of(Format::Png) }).unwrap();
            assert_eq!(cut.size(), (20, 20));
            assert_eq!(pixel(&cut, 3, 4), pixel(&scene, column * 20 + 3, row * 20 + 4));
        }
        let uneven =
            Settings { cell: Some(Cell { columns: 7, rows: 2, column: 0, row: 0 }), ..Settings::of(Format::Png) };
        let refused = shown(&scene, &uneven).unwrap_err();
        assert_eq!(refused, TransformError::UnevenGrid { columns: 7, rows: 2, width: 60, height: 40 });
        assert!(refused.to_string().ends_with("crop it to 56x40 first"), "{refused}");
    }

    #[test]
    fn a_part_is_cropped_and_one_that_leaves_the_picture_is_refused() {
        let scene = samples::scene(60, 40);
        let crop = |x, y, width, height| Settings {
            crop: Some(Crop::Rectangle { x, y, width, height }),
            ..Settings::of(Format::Png)
        };
        let part = shown(&scene, &crop(10, 5, 50, 35)).unwrap();
        assert_eq!((part.size(), pixel(&part, 0, 0)), ((50, 35), pixel(&scene, 10, 5)));
        for (x, y, width, height) in [(10, 5, 51, 35), (60, 0, 1, 1), (0, 0, 1, 41), (u32::MAX, 0, 2, 2)] {
            let refused = shown(&scene, &crop(x, y, width, height));
            assert!(matches!(refused, Err(TransformError::CropOutside { .. })), "{x} {y} {width} {height}");
        }
    }

    #[test]
    fn a_focus_says_what_stays() {
        let scene = samples::scene(90, 30);
        for (name, left) in [("left", 0), ("center", 30), ("right", 60)] {
            let settings = Settings { crop: Crop::named(name), ..to(Format::Png, Some(30), Some(30), Fit::Cover) };
            let square = shown(&scene, &settings).unwrap();
            assert_eq!(pixel(&square, 4, 5), pixel(&scene, left + 4, 5), "{name}");
        }
    }

    #[test]
    fn transparent_borders_are_trimmed_and_room_is_added() {
        let square = samples::red_square_on_invisible_green(32);
        let trimmed = shown(&square, &Settings { trim: true, ..Settings::of(Format::Png) }).unwrap();
        assert_eq!((trimmed.size(), trimmed.is_opaque()), ((16, 16), true));
        let pad = Pad { top: 2, right: 4, bottom: 6, left: 4 };
        let settings = Settings { trim: true, pad, ..to(Format::Png, Some(40), Some(40), Fit::Contain) };
        let padded = shown(&square, &settings).unwrap();
        assert_eq!(padded.size(), (40, 40), "the room is part of the size");
        assert_eq!(padded.visible().map(|seen| (seen.x, seen.y, seen.width, seen.height)), Some((4, 2, 32, 32)));
        let nothing = Pixels { width: 3, height: 3, has_alpha: true, bytes: vec![0; 36] };
        assert_eq!(shown(&nothing, &settings), Err(TransformError::NothingVisible));
    }

    #[test]
    fn a_ground_lies_below_everything_even_the_room_around() {
        let square = samples::red_square_on_invisible_green(32);
        let pad = Pad { top: 1, right: 1, bottom: 1, left: 1 };
        let settings = Settings { background: Some(Rgb([0, 0, 90])), pad, ..Settings::of(Format::Png) };
        let laid = shown(&square, &settings).unwrap();
        assert!(laid.is_opaque());
        assert_eq!(
            (pixel(&laid, 0, 0), pixel(&laid, 3, 3), pixel(&laid, 17, 17)),
            (&[0, 0, 90][..], &[0, 0, 90][..], &[255, 0, 0][..])
        );
    }

    #[test]
    fn pixel_art_keeps_its_pixels_square() {
        let art = samples::scene(10, 10);
        for (fit, side, factor) in [(Fit::Inside, 40, 4), (Fit::Contain, 44, 4), (Fit::Cover, 36, 4)] {
            let settings = Settings { filter: Filter::Nearest, ..to(Format::Png, Some(side), Some(side), fit) };
            let shown = shown(&art, &settings).unwrap();
            assert_eq!(shown.size(), (side, side), "{fit:?}");
            // Every pixel of the middle is as large as its neighbours.
            let row: Vec<&[u8]> = (0..side).map(|x| pixel(&shown, x, side / 2)).collect();
            let runs: Vec<usize> = row.chunk_by(|one, other| one == other).map(<[_]>::len).collect();
            let inner = &runs[1..runs.len() - 1];
            assert!(inner.iter().all(|run| run % factor == 0), "{fit:?}: {runs:?}");
        }
    }

    #[test]
    fn the_key_goes_before_all_else_and_is_missed_where_it_is_not() {
        let green = Pixels { width: 20, height: 20, has_alpha: false, bytes: [0, 250, 5].repeat(400) };
        let mut picture = green;
        for (x, y) in (5..15).flat_map(|x| (8..12).map(move |y| (x, y))) {
            picture.bytes[(y * 20 + x) * 3..][..3].copy_from_slice(&[200, 30, 40]);
        }
        let settings = Settings { chroma_key: Some(ChromaKey::of(None)), trim: true, ..Settings::of(Format::Png) };
        assert_eq!(shown(&picture, &settings).unwrap().size(), (10, 4));
        let blue = Settings { chroma_key: Some(ChromaKey::of(Some(Rgb([0, 0, 255])))), ..settings };
        let file = samples::file(Format::Png, &picture);
        assert_eq!(transform(&file, &blue).unwrap().findings, [Finding::NothingKeyed]);
    }
}
