//! Pictures to look at: originals and files as they are, and small ones of them, made once.

use crate::digest::Digest;
use crate::files::FileError;
use crate::name::ProjectPath;
use crate::picture::{Format, Picture};
use crate::project::Project;
use crate::transform::{Fit, Settings, transform};

/// The longest side of a small picture, in pixels: sharp on a card, on any screen.
const SMALL: u32 = 512;
/// A file of so many bytes is as quickly sent as a smaller one is made.
const FEW: usize = 100 << 10;
/// Where small pictures are kept, in the state folder; another form gets another name.
const SMALL_ONES: &str = "thumbs-v1";
/// The quality of small pictures.
const QUALITY: u8 = 80;

impl Project {
    /// The bytes of an original, as the vendor sent them, if the cache has it.
    pub fn read_original(&self, hash: Digest) -> Option<Vec<u8>> {
        self.cache.original(hash).ok()
    }

    /// Whether the cache has an original.
    pub fn has_original(&self, hash: Digest) -> bool {
        self.cache.has_original(hash)
    }

    /// The bytes of a picture of the project: an output, a reference, a source.
    pub fn read_picture(&self, path: &ProjectPath) -> Result<Vec<u8>, FileError> {
        self.files.read_picture(path)
    }

    /// Whether the file at an output's path stands in for a picture that couldn't be made.
    pub fn is_stand_in(&self, path: &ProjectPath) -> bool {
        self.files.is_stand_in(path)
    }

    /// A small picture of this one, WebP of 512 pixels a side at most, from the state folder where it was made before. `None` for
    /// what is small already, or can't be read: it is to be shown as it is.
    pub fn thumbnail(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let picture = Picture::read(bytes).ok()?;
        let is_small = picture.width.max(picture.height) <= SMALL && bytes.len() <= FEW;
        if is_small && picture.format != Format::Svg {
            return None;
        }
        let name = format!("{}.webp", Digest::of(bytes).hex());
        if let Some(known) = self.files.read_small(SMALL_ONES, &name) {
            return Some(known);
        }
        let side = |own: u32| Some(if picture.format == Format::Svg { SMALL } else { SMALL.min(own) });
        let settings = Settings {
            width: side(picture.width),
            height: side(picture.height),
            fit: Fit::Inside,
            quality: Some(QUALITY),
            ..Settings::of(Format::Webp)
        };
        let made = transform(bytes, &settings).ok()?.bytes.into_owned();
        self.files.write_small(SMALL_ONES, &name, &made);
        Some(made)
    }
}
