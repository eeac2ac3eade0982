//! Stand-ins for files that aren't there: chequered pictures of the right size, in OUT_DIR.
//!
//! Drawn by hand rather than by an image library, as every crate that a build script needs is compiled once more by everybody
//! who builds the package: a picture of two colours without compression is forty lines.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use crate::build::put;
use crate::codegen::{File, Home, Preview};
use crate::files::FileState;
use crate::lock::Lockfile;
use crate::name::ProjectPath;
use crate::picture::Format;
use crate::project::Project;
use crate::recipe::Size;
use crate::resolve::{Asset, AssetOrigin, Output};

/// The folder in OUT_DIR.
const FOLDER: &str = "stand-ins";
/// The side of a square, in pixels.
const SQUARE: u32 = 16;
/// The side of a picture of which nothing is known, in pixels.
const UNKNOWN: u32 = 512;

/// Makes stand-ins, and remembers what went wrong.
pub(super) struct StandIns<'a> {
    project: &'a Project,
    out: PathBuf,
    failed: RefCell<Option<io::Error>>,
}

impl<'a> StandIns<'a> {
    pub(super) fn new(project: &'a Project, out: &Path) -> Self {
        Self { project, out: out.to_path_buf(), failed: RefCell::new(None) }
    }

    /// A stand-in for an output's file, if that isn't there.
    pub(super) fn file(&self, asset: &Asset, output: &Output, path: &ProjectPath, lock: &Lockfile) -> Option<File> {
        if self.project.files.look(path) != FileState::Missing {
            return None;
        }
        let locked = lock.get(&asset.name).and_then(|entry| entry.outputs.iter().find(|locked| locked.path == *path));
        let (width, height) = locked
            .map_or_else(|| sides(self.project.assets().owner(asset), output), |locked| (locked.width, locked.height));
        let name = format!("{FOLDER}/{path}.png");
        let bytes = chequered(width, height);
        if let Err(error) = put(&self.out.join(&name), &bytes) {
            self.failed.borrow_mut().get_or_insert(error);
        }
        let (format, bytes, home) = (Format::Png, bytes.len() as u64, Home::BesideCode(name));
        let (path, preview) = (path.clone(), Preview::default());
        Some(File { path, format, width, height, bytes, home, preview })
    }

    /// Whether all were written.
    pub(super) fn written(self) -> io::Result<()> {
        self.failed.into_inner().map_or(Ok(()), Err)
    }
}

/// The size that a file will have, as far as the manifest tells.
fn sides(owner: &Asset, output: &Output) -> (u32, u32) {
    let asked = match &owner.origin {
        AssetOrigin::Generated(open) => match (&open.recipe.size, &open.recipe.aspect_ratio) {
            (Some(Size::Pixels { width, height }), _) => (*width, *height),
            (_, Some(ratio)) => (UNKNOWN, scaled(UNKNOWN, ratio.height, ratio.width)),
            _ => (UNKNOWN, UNKNOWN),
        },
        AssetOrigin::Source { picture, .. } => (picture.width, picture.height),
        AssetOrigin::Shared(_) => (UNKNOWN, UNKNOWN),
    };
    match (output.settings.width, output.settings.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, scaled(width, asked.1, asked.0)),
        (None, Some(height)) => (scaled(height, asked.0, asked.1), height),
        (None, None) => asked,
    }
}

fn scaled(side: u32, part: u32, whole: u32) -> u32 {
    let scaled = u64::from(side) * u64::from(part) / u64::from(whole.max(1));
    u32::try_from(scaled).unwrap_or(side).max(1)
}

/// A PNG of two colours, a bit a pixel, without compression.
fn chequered(width: u32, height: u32) -> Vec<u8> {
    let row_length = width.div_ceil(8);
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0); // no filter
        for byte in 0..row_length {
            let bit = |bit: u32| u8::from(((byte * 8 + bit) / SQUARE + y / SQUARE).is_multiple_of(2)) << (7 - bit);
            rows.push((0..8).map(bit).sum());
        }
    }
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([1, 3, 0, 0, 0]); // a bit, by palette
    let mut data = vec![0x78, 0x01];
    let blocks = rows.chunks(usize::from(u16::MAX));
    let last = blocks.len().saturating_sub(1);
    for (index, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        data.push(u8::from(index == last));
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    data.extend(adler(&rows).to_be_bytes());
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let palette = [0xd8, 0x3a, 0x8a, 0x2a, 0x22, 0x2e]; // a pink that nobody ships, and a dark
    for (name, content) in [(b"IHDR", &header[..]), (b"PLTE", &palette[..]), (b"IDAT", &data[..]), (b"IEND", &[][..])] {
        png.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        let chunk = [&name[..], content].concat();
        png.extend(&chunk);
        png.extend(crc(&chunk).to_be_bytes());
    }
    png
}

/// Adler-32 (RFC 1950, 8.2).
fn adler(bytes: &[u8]) -> u32 {
    let (mut one, mut two) = (1_u32, 0_u32);
    for byte in bytes {
        one = (one + u32::from(*byte)) % 65_521;
        two = (two + one) % 65_521;
    }
    (two << 16) | one
}

/// CRC-32 (PNG, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use crate::build::stand_in::chequered;

    #[test]
    fn stand_ins_are_pictures_that_others_can_read() {
        for (width, height) in [(1, 1), (31, 17), (640, 480), (3000, 2000)] {
            let bytes = chequered(width, height);
            let picture = image::load_from_memory(&bytes).expect("a sound PNG").to_rgb8();
            assert_eq!(picture.dimensions(), (width, height));
            assert_eq!(picture.get_pixel(0, 0).0, [0x2a, 0x22, 0x2e]);
            if width > 20 {
                assert_eq!(picture.get_pixel(20, 0).0, [0xd8, 0x3a, 0x8a]);
            }
        }
    }
}
