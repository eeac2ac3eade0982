//! From the pixels of pictures to the files of sheets: trimmed, laid out, drawn. The same bytes for the same pictures.

use std::collections::HashMap;

use crate::atlas::pack::{Limits, Page, pack};
use crate::atlas::{Atlas, Packing};
use crate::cores;
use crate::digest::{Digest, Encoder};
use crate::lock::{Frame, LockedAtlas, LockedPage};
use crate::transform::{Pixels, Rectangle, TransformError, file_of, stretched};

/// A picture that goes into a sheet.
pub(crate) struct Sprite {
    /// The frame's name.
    pub(crate) name: String,
    pub(crate) pixels: Pixels,
}

/// The sheets of an atlas, and where in them each picture is.
pub(crate) struct Sheets {
    /// By name.
    pub(crate) frames: Vec<Frame>,
    pub(crate) pages: Vec<Sheet>,
}

/// One sheet's file.
pub(crate) struct Sheet {
    pub(crate) bytes: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Why there are no sheets.
pub(crate) enum NoSheet {
    /// A picture of this name, width and height is larger than a sheet.
    TooLarge(String, u32, u32),
    /// A sheet can't be encoded.
    Encode(TransformError),
}

/// A picture without its borders, and what it was.
struct Cut {
    name: String,
    pixels: Pixels,
    left: u32,
    top: u32,
    full: (u32, u32),
}

/// The sheets of these pictures, which are in the order of their names.
pub(crate) fn sheets(atlas: &Atlas, sprites: Vec<Sprite>) -> Result<Sheets, NoSheet> {
    let Packing { max_size, padding, extrude, trim, power_of_two } = atlas.packing;
    let cuts: Vec<Cut> = sprites.into_iter().map(|sprite| cut(sprite, trim)).collect();
    // The same pixels are drawn once.
    let mut drawn: Vec<&Cut> = Vec::new();
    let mut known: HashMap<Digest, usize> = HashMap::new();
    let places: Vec<usize> = cuts
        .iter()
        .map(|cut| {
            *known.entry(content(&cut.pixels)).or_insert_with(|| {
                drawn.push(cut);
                drawn.len() - 1
            })
        })
        .collect();
    let sizes: Vec<(u32, u32)> =
        drawn.iter().map(|cut| (cut.pixels.width + 2 * extrude, cut.pixels.height + 2 * extrude)).collect();
    let longest = atlas.packing.longest();
    let too_large = sizes.iter().position(|(width, height)| *width.max(height) > longest);
    if let Some(Cut { name, pixels, .. }) = too_large.map(|index| drawn[index]) {
        return Err(NoSheet::TooLarge(name.clone(), pixels.width, pixels.height));
    }
    let pages = pack(&sizes, &Limits { max_width: max_size, max_height: max_size, padding, power_of_two });
    let mut at = vec![(0, 0, 0); drawn.len()];
    for (page, laid_out) in (0..).zip(&pages) {
        for (index, x, y) in &laid_out.placed {
            at[*index] = (page, x + extrude, y + extrude);
        }
    }
    let frame = |(cut, place): (&Cut, usize)| {
        let ((page, x, y), (width, height)) = (at[place], cut.pixels.size());
        Frame::of(cut.name.clone(), [page, x, y, width, height, cut.left, cut.top, cut.full.0, cut.full.1])
    };
    let frames = cuts.iter().zip(places).map(frame).collect();
    let sheet = |page: &Page| {
        let mut sheet = blank(page.width, page.height);
        for (index, x, y) in &page.placed {
            draw(&drawn[*index].pixels, &mut sheet, (x + extrude, y + extrude), extrude);
        }
        let bytes = file_of(&sheet, atlas.format).map_err(NoSheet::Encode)?;
        Ok(Sheet { bytes, width: page.width, height: page.height })
    };
    let pages = cores::each(&pages, sheet).into_iter().collect::<Result<_, _>>()?;
    Ok(Sheets { frames, pages })
}

/// The sheets of a layout that is locked, with other pictures in its places: as large as the locked ones, whatever their own
/// size.
pub(crate) fn laid_out(atlas: &Atlas, locked: &LockedAtlas, sprites: &[Sprite]) -> Result<Vec<Vec<u8>>, NoSheet> {
    let by_name: HashMap<&str, Pixels> =
        sprites.iter().map(|sprite| (sprite.name.as_str(), sprite.pixels.clone().with_alpha())).collect();
    let sheet = |(number, page): (usize, &LockedPage)| {
        let mut sheet = blank(page.width, page.height);
        for frame in locked.frames_of(number) {
            if let Some(pixels) = by_name.get(frame.name.as_str()) {
                draw(&fitted(pixels, frame), &mut sheet, (frame.x, frame.y), 0);
            }
        }
        file_of(&sheet, atlas.format).map_err(NoSheet::Encode)
    };
    locked.pages.iter().enumerate().map(sheet).collect()
}

/// What of a picture is in a frame, had the picture the size of the frame's.
fn fitted(pixels: &Pixels, frame: &Frame) -> Pixels {
    let part = Rectangle { x: frame.left, y: frame.top, width: frame.width, height: frame.height };
    stretched(pixels.clone(), (frame.full_width, frame.full_height)).part(part)
}

/// A picture with nothing to be seen is one transparent pixel.
fn cut(sprite: Sprite, trim: bool) -> Cut {
    let Sprite { name, pixels } = sprite;
    let full = pixels.size();
    let pixels = pixels.with_alpha().without_hidden_colours();
    if !trim {
        return Cut { name, pixels, left: 0, top: 0, full };
    }
    let visible = pixels.visible().unwrap_or(Rectangle { x: 0, y: 0, width: 1, height: 1 });
    Cut { name, pixels: pixels.part(visible), left: visible.x, top: visible.y, full }
}

fn content(pixels: &Pixels) -> Digest {
    let mut encoder = Encoder::new();
    encoder.field(1, &pixels.width.to_le_bytes()).field(2, &pixels.bytes);
    encoder.digest("tintype 2026-11 sprite v1")
}

fn blank(width: u32, height: u32) -> Pixels {
    Pixels { width, height, has_alpha: true, bytes: vec![0; width as usize * height as usize * 4] }
}

/// Draws a picture at a place, and its edge out by so many pixels.
fn draw(from: &Pixels, sheet: &mut Pixels, (x, y): (u32, u32), extrude: u32) {
    const PIXEL: usize = 4;
    let (width, height, extrude) = (from.width as usize, from.height as usize, extrude as usize);
    let stride = sheet.width as usize * PIXEL;
    let start = (x as usize - extrude) * PIXEL;
    for line in 0..height + 2 * extrude {
        let row = from.row(line.saturating_sub(extrude).min(height - 1));
        let (first, last) = (&row[..PIXEL], &row[(width - 1) * PIXEL..]);
        let to = (y as usize - extrude + line) * stride + start;
        let line = [&first.repeat(extrude)[..], row, &last.repeat(extrude)[..]].concat();
        sheet.bytes[to..to + line.len()].copy_from_slice(&line);
    }
}

#[cfg(test)]
mod tests {
    use crate::atlas::sheet::{Sprite, laid_out};
    use crate::atlas::{Atlas, Packing};
    use crate::digest::Digest;
    use crate::lock::{Frame, LockedAtlas, LockedPage};
    use crate::manifest::{Place, parse};
    use crate::name::{AssetName, ProjectPath};
    use crate::picture::Format;
    use crate::transform::{Pixels, pixels_of};

    /// A picture whose left half is red and whose right half is green.
    fn halves(name: &str, width: u32, height: u32) -> Sprite {
        let pixel = |x: u32| if x < width / 2 { [200, 0, 0, 255] } else { [0, 200, 0, 255] };
        let bytes = (0..height).flat_map(|_| (0..width).flat_map(pixel)).collect();
        Sprite { name: name.to_string(), pixels: Pixels { width, height, has_alpha: true, bytes } }
    }

    #[test]
    fn a_locked_layout_holds_pictures_of_any_size_in_its_places() {
        let source = parse("images.toml", "").manifest.expect("it is TOML").source;
        let path = ProjectPath::new("a.png").expect("a path");
        let packing = Packing { max_size: 64, padding: 0, extrude: 0, trim: true, power_of_two: false };
        let atlas = Atlas {
            name: AssetName::new("a").expect("a name"),
            place: Place { source, span: 0..0 },
            path: path.clone(),
            format: Format::Png,
            packing,
            scale: 1,
            members: Vec::new(),
        };
        let page = LockedPage { path, hash: Digest::of(b""), bytes: 0, width: 16, height: 8 };
        // The right half of a picture of 8x4, and the whole of one of 4x4.
        let frames = [("one", [0, 2, 3, 4, 4, 4, 0, 8, 4]), ("two", [0, 10, 0, 4, 4, 0, 0, 4, 4])];
        let frames = frames.map(|(name, numbers)| Frame::of(name.to_string(), numbers)).to_vec();
        let locked = LockedAtlas { recipe: Digest::of(b""), frames, pages: vec![page] };
        assert!(locked.is_sound());
        for side in [1, 4, 8, 33] {
            let sprites = [halves("one", 2 * side, side), halves("two", 2 * side, side)];
            let Ok(files) = laid_out(&atlas, &locked, &sprites) else { panic!("side {side}") };
            let sheet = pixels_of(&files[0]).expect("a picture");
            assert_eq!(sheet.size(), (16, 8), "side {side}");
            let at = |x: usize, y: usize| &sheet.row(y)[x * 4..x * 4 + 4];
            let (red, green, none) = ([200, 0, 0, 255], [0, 200, 0, 255], [0; 4]);
            assert_eq!([at(2, 3), at(5, 6), at(10, 0), at(13, 3)], [green, green, red, green], "side {side}");
            assert_eq!([at(1, 3), at(6, 3), at(2, 2), at(2, 7), at(14, 0)], [none; 5], "side {side}");
        }
    }
}
