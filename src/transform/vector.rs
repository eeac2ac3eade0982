//! SVG files as pixels: drawn at the size of the output, not scaled up from some other.
//!
//! Must not know of files on disk, nor fetch anything: only what the file itself has is drawn, and no text, as fonts differ
//! from one machine to the next.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::picture::{MAX_PIXELS, MAX_SIDE, Picture};
use crate::transform::error::TransformError;
use crate::transform::frame::Frame;
use crate::transform::geometry::{Crop, Flip, Region, Turn};
use crate::transform::make::check_size;
use crate::transform::part::part;
use crate::transform::pixels::Pixels;
use crate::transform::settings::Settings;

/// What is cut out once it is drawn is drawn at least so large, in pixels of the longer side: nobody knows how much is left.
const BEFORE_TRIMMING: u32 = 2048;

/// An SVG file's pixels for an output, and what is still to be done to them.
pub(crate) fn draw_for(
    file: &[u8],
    picture: &Picture,
    settings: &Settings,
) -> Result<(Pixels, Settings), TransformError> {
    let whole = (picture.width, picture.height);
    // What doesn't fit the picture is said in its own units, before it is drawn any larger.
    let part = part(whole, settings)?;
    let looks_at_pixels = settings.trim || settings.chroma_key.is_some();
    if looks_at_pixels || settings.rotate != Turn::None || settings.flip != Flip::None {
        let factor = factor(whole, settings);
        let size = (whole.0 * factor, whole.1 * factor);
        let pixels = draw(file, whole, &Region::whole(whole), size)?;
        return Ok((pixels, Settings { crop: settings.crop.map(|crop| crop.scaled(factor)), ..settings.clone() }));
    }
    let frame = Frame::of((part.width, part.height), settings);
    check_size(frame.outer(settings.pad), settings.format)?;
    let (left, top) = (f64::from(part.x) + frame.region.left, f64::from(part.y) + frame.region.top);
    let pixels = draw(file, whole, &Region { left, top, ..frame.region }, frame.size)?;
    let crop = settings.crop.filter(|crop| matches!(crop, Crop::Focus { .. }));
    Ok((pixels, Settings { crop, cell: None, ..settings.clone() }))
}

/// The file as large as it says that it is.
pub(crate) fn draw_whole(file: &[u8], picture: &Picture) -> Result<Pixels, TransformError> {
    let size = (picture.width, picture.height);
    draw(file, size, &Region::whole(size), size)
}

/// Whether the file has something that isn't drawn.
pub(crate) fn has_text(file: &[u8]) -> bool {
    [b"<text".as_slice(), b"<foreignObject"].iter().any(|tag| memchr::memmem::find(file, tag).is_some())
}

/// How many times as large as it is a picture is drawn, so that no output shows more pixels than there are.
fn factor(whole: (u32, u32), settings: &Settings) -> u32 {
    let longest = whole.0.max(whole.1);
    let fits = |factor: &u32| {
        let (width, height) = (whole.0.saturating_mul(*factor), whole.1.saturating_mul(*factor));
        width.max(height) <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS
    };
    let suffices = |factor: &u32| {
        let scaled = Settings { trim: false, crop: settings.crop.map(|crop| crop.scaled(*factor)), ..settings.clone() };
        let outcome = scaled.outcome((whole.0 * factor, whole.1 * factor));
        outcome.is_none_or(|outcome| !outcome.is_enlarged) && (!settings.trim || longest * factor >= BEFORE_TRIMMING)
    };
    let possible = (1..).take_while(fits);
    possible.clone().find(suffices).or(possible.last()).unwrap_or(1)
}

/// A region of a picture that is `whole` large, drawn at a size.
fn draw(file: &[u8], whole: (u32, u32), region: &Region, size: (u32, u32)) -> Result<Pixels, TransformError> {
    let embedded = ImageHrefResolver::default_data_resolver();
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            // What is embedded is decoded without limits, so that it must keep to those of any picture.
            resolve_data: Box::new(move |kind, data, options| {
                Picture::read(&data).ok().and_then(|_| embedded(kind, data, options))
            }),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let broken = |error: resvg::usvg::Error| TransformError::Decode(error.to_string());
    let tree = Tree::from_data(file, &options).map_err(broken)?;
    let mut pixmap =
        Pixmap::new(size.0, size.1).ok_or_else(|| TransformError::Decode("it is too large".to_string()))?;
    resvg::render(&tree, placement(&tree, whole, region, size), &mut pixmap.as_mut());
    let mut bytes = Vec::with_capacity(pixmap.data().len());
    bytes.extend(pixmap.pixels().iter().flat_map(|pixel| {
        let colour = pixel.demultiply();
        [colour.red(), colour.green(), colour.blue(), colour.alpha()]
    }));
    Ok(Pixels::from_rgba(size.0, size.1, bytes))
}

/// From the drawing's own units to pixels of the region: its size may be fractions of what its header rounds.
#[expect(clippy::cast_possible_truncation, reason = "what draws has these")]
fn placement(tree: &Tree, whole: (u32, u32), region: &Region, size: (u32, u32)) -> Transform {
    let (across, down) = (f64::from(size.0) / region.width, f64::from(size.1) / region.height);
    let unit =
        (f64::from(whole.0) / f64::from(tree.size().width()), f64::from(whole.1) / f64::from(tree.size().height()));
    Transform::from_row(
        (across * unit.0) as f32,
        0.0,
        0.0,
        (down * unit.1) as f32,
        (-region.left * across) as f32,
        (-region.top * down) as f32,
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use crate::picture::{Format, Picture};
    use crate::transform::decode::decode;
    use crate::transform::error::TransformError;
    use crate::transform::geometry::{Cell, Crop, Flip, Turn};
    use crate::transform::make::transform;
    use crate::transform::pixels::Pixels;
    use crate::transform::settings::{Fit, Settings};

    /// Four fields, red and green above blue and nothing, ten units wide.
    const FIELDS: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">
        <path d="M0 0h10v10H0z" fill="#f00"/><path d="M10 0h10v10H10z" fill="#0f0"/>
        <path d="M0 10h10v10H0z" fill="#00f"/></svg>"##;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const GREEN: [u8; 4] = [0, 255, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];
    const NOTHING: [u8; 4] = [0; 4];

    fn made(settings: &Settings) -> Pixels {
        let made = transform(FIELDS.as_bytes(), settings).unwrap();
        assert_eq!(made.findings, []);
        decode(&made.bytes, &Picture::read(&made.bytes).unwrap()).unwrap().pixels.with_alpha()
    }

    /// The corners' pixels, from the top left, row by row: where edges are sharp, they are of one colour.
    fn corners(pixels: &Pixels) -> [[u8; 4]; 4] {
        let at = |x: u32, y: u32| pixels.bytes.as_chunks::<4>().0[(y * pixels.width + x) as usize];
        let (right, bottom) = (pixels.width - 1, pixels.height - 1);
        [at(0, 0), at(right, 0), at(0, bottom), at(right, bottom)]
    }

    fn png(width: u32, height: Option<u32>) -> Settings {
        Settings { width: Some(width), height, ..Settings::of(Format::Png) }
    }

    #[test]
    fn it_is_drawn_at_the_size_of_the_output() {
        assert_eq!(made(&Settings::of(Format::Png)).size(), (20, 20));
        for side in [2, 16, 20, 300] {
            let pixels = made(&png(side, None));
            assert_eq!((pixels.size(), corners(&pixels)), ((side, side), [RED, GREEN, BLUE, NOTHING]));
            let half = side as usize / 2;
            let row = pixels.bytes.as_chunks::<4>().0[..side as usize].split_at(half);
            assert!(
                row.0.iter().all(|pixel| *pixel == RED) && row.1.iter().all(|pixel| *pixel == GREEN),
                "{side}: sharp"
            );
        }
    }

    #[test]
    fn parts_of_it_are_drawn_at_the_size_of_the_output() {
        let crop = |x, y| Some(Crop::Rectangle { x, y, width: 10, height: 10 });
        let cell = |column, row| Some(Cell { columns: 2, rows: 2, column, row });
        for (settings, expected) in [
            (Settings { crop: crop(10, 0), ..png(64, None) }, [GREEN; 4]),
            (Settings { crop: crop(5, 5), ..png(64, None) }, [RED, GREEN, BLUE, NOTHING]),
            (Settings { cell: cell(0, 1), ..png(64, None) }, [BLUE; 4]),
            (
                Settings { crop: Some(Crop::Focus { x: 500, y: 1000 }), ..png(64, Some(32)) },
                [BLUE, NOTHING, BLUE, NOTHING],
            ),
            (Settings { fit: Fit::Contain, ..png(64, Some(32)) }, [NOTHING; 4]),
            (Settings { rotate: Turn::Quarter, ..png(64, None) }, [BLUE, RED, NOTHING, GREEN]),
            (Settings { flip: Flip::Both, crop: crop(0, 5), ..png(64, None) }, [BLUE, BLUE, RED, RED]),
            (Settings { trim: true, cell: cell(0, 0), ..png(64, None) }, [RED; 4]),
        ] {
            assert_eq!(corners(&made(&settings)), expected, "{settings:?}");
        }
    }

    #[test]
    fn what_does_not_fit_it_is_said_in_its_own_units() {
        let crop = Some(Crop::Rectangle { x: 15, y: 0, width: 10, height: 10 });
        let refused = transform(FIELDS.as_bytes(), &Settings { crop, ..png(640, None) });
        assert_eq!(refused, Err(TransformError::CropOutside { crop: [15, 0, 10, 10], width: 20, height: 20 }));
        let cell = Some(Cell { columns: 3, rows: 2, column: 0, row: 0 });
        let refused = transform(FIELDS.as_bytes(), &Settings { cell, ..png(640, None) });
        assert_eq!(refused, Err(TransformError::UnevenGrid { columns: 3, rows: 2, width: 20, height: 20 }));
    }

    #[test]
    fn nothing_is_read_that_the_file_does_not_have() {
        let secret = tempfile::NamedTempFile::with_suffix(".svg").unwrap();
        std::fs::write(secret.path(), FIELDS).unwrap();
        let file = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><image href="{}" width="20" height="20"/></svg>"#,
            secret.path().display()
        );
        let made = transform(file.as_bytes(), &Settings::of(Format::Png)).unwrap();
        let pixels = decode(&made.bytes, &Picture::read(&made.bytes).unwrap()).unwrap().pixels;
        assert!(pixels.has_alpha && pixels.bytes.iter().all(|byte| *byte == 0));
    }

    /// An SVG of 20 pixels a side that shows a white picture of `side` pixels.
    fn with_embedded(side: u32) -> String {
        let mut white = Vec::new();
        let mut encoder = png::Encoder::new(&mut white, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let row = vec![0xff; side.div_ceil(8) as usize * side as usize];
        encoder.write_header().unwrap().write_image_data(&row).unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(&white);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><image href="data:image/png;base64,{data}" width="20" height="20"/></svg>"#
        )
    }

    #[test]
    fn pictures_in_it_keep_to_the_limits_of_any_picture() {
        let is_empty = |side: u32| {
            let file = with_embedded(side);
            let made = transform(file.as_bytes(), &Settings::of(Format::Png)).unwrap();
            let pixels = decode(&made.bytes, &Picture::read(&made.bytes).unwrap()).unwrap().pixels;
            pixels.has_alpha && pixels.bytes.iter().all(|byte| *byte == 0)
        };
        assert!(!is_empty(64));
        assert!(is_empty(10_100), "102 million pixels");
    }

    #[test]
    fn broken_files_are_errors() {
        for length in 0..FIELDS.len() {
            let cut = &FIELDS.as_bytes()[..length];
            assert!(transform(cut, &png(8, None)).is_err(), "cut to {length}");
        }
    }
}
