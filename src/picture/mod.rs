//! An image as bytes whose format, size and transparency were read from the bytes themselves.
//!
//! Reads headers only, with no decoder: an original is decoded where pixels are needed, under limits.

mod svg;

use std::fmt;
use std::str::FromStr;

use imagesize::{Compression, ImageType};

/// No picture may have a longer side, in pixels: what a vendor returns and what an output may be.
pub const MAX_SIDE: u32 = 16_384;
/// No picture may have more pixels: a bound on memory against hostile files.
pub const MAX_PIXELS: u64 = 100_000_000;

/// The longest side of a WebP file, in pixels (RFC 9649, 2.6: fourteen bits).
const WEBP_MAX_SIDE: u32 = 16_383;

/// A file format that tintype reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG, without transparency.
    Jpeg,
    /// WebP, lossy or lossless.
    Webp,
    /// AVIF, which is written and not read: its decoders aren't written in Rust.
    Avif,
    /// GIF, which is read and not written; of an animation, the first frame.
    Gif,
    /// SVG, which is read and not written: drawn at the size of each output.
    Svg,
}

impl Format {
    /// All formats that are written, in the order in which messages list them.
    pub const WRITTEN: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Avif];
    /// All formats that are read, for messages.
    pub(crate) const READ: &str = "png, jpeg, webp, gif and svg";

    /// The name in manifests and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Gif => "gif",
            Self::Svg => "svg",
        }
    }

    /// The usual file extension, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Avif => "avif",
            Self::Gif => "gif",
            Self::Svg => "svg",
        }
    }

    /// The format of an output that a file extension (without the dot) stands for.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "webp" => Some(Self::Webp),
            "avif" => Some(Self::Avif),
            _ => None,
        }
    }

    /// The media type, for data URLs and multipart forms.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Gif => "image/gif",
            Self::Svg => "image/svg+xml",
        }
    }

    /// Whether a file of this format can be transparent.
    pub const fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }

    /// Whether `quality` (1 to 100) means something to it.
    pub const fn has_quality(self) -> bool {
        matches!(self, Self::Jpeg | Self::Webp | Self::Avif)
    }

    /// Whether it can be written with or without a loss.
    pub const fn has_lossless(self) -> bool {
        matches!(self, Self::Webp)
    }

    /// The longest side of a file of this format that is written, in pixels.
    pub const fn max_side(self) -> u32 {
        match self {
            Self::Webp => WEBP_MAX_SIDE,
            _ => MAX_SIDE,
        }
    }

    /// Whether vendors take references of this format.
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Webp)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::WRITTEN.into_iter().find(|format| format.name() == text).ok_or(())
    }
}

/// What an image's own first bytes say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Its real format, whatever its name says.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Why bytes are no [`Picture`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAPicture {
    /// Not an image at all; `looks_like` names what it seems to be instead ("HTML", "JSON", "empty", …).
    NoImage {
        /// What the bytes seem to be.
        looks_like: &'static str,
    },
    /// An image of a format that tintype doesn't read.
    OtherFormat(&'static str),
    /// Larger than [`MAX_SIDE`] or [`MAX_PIXELS`], or without pixels.
    BadSize {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
}

impl fmt::Display for NotAPicture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoImage { looks_like } => write!(formatter, "not an image ({looks_like})"),
            Self::OtherFormat(name) => {
                write!(formatter, "an image of the format {name}; {} are read", Format::READ)
            }
            Self::BadSize { width, height } => write!(
                formatter,
                "an image of {width}x{height} pixels; up to {MAX_SIDE} a side and {MAX_PIXELS} in all are read"
            ),
        }
    }
}

impl std::error::Error for NotAPicture {}

impl Picture {
    /// Reads format and size from the bytes' header.
    pub fn read(bytes: &[u8]) -> Result<Self, NotAPicture> {
        match Self::read_output(bytes)? {
            Self { format: Format::Avif, .. } => Err(NotAPicture::OtherFormat("avif")),
            picture => Ok(picture),
        }
    }

    /// The same of a file that was made here: of formats that are written and not read, too.
    pub fn read_output(bytes: &[u8]) -> Result<Self, NotAPicture> {
        let no_image = || NotAPicture::NoImage { looks_like: looks_like(bytes) };
        if svg::is_svg(bytes) {
            let (width, height) = svg::size(bytes).ok_or(NotAPicture::BadSize { width: 0, height: 0 })?;
            return Self::of_size(Format::Svg, width, height);
        }
        let format = match imagesize::image_type(bytes).map_err(|_| no_image())? {
            ImageType::Png => Format::Png,
            ImageType::Jpeg => Format::Jpeg,
            ImageType::Webp => Format::Webp,
            ImageType::Gif => Format::Gif,
            ImageType::Heif(Compression::Av1) => Format::Avif,
            ImageType::Heif(_) => return Err(NotAPicture::OtherFormat("heif")),
            ImageType::Bmp => return Err(NotAPicture::OtherFormat("bmp")),
            ImageType::Tiff => return Err(NotAPicture::OtherFormat("tiff")),
            _ => return Err(NotAPicture::OtherFormat("of another kind")),
        };
        let size = imagesize::blob_size(bytes).map_err(|_| no_image())?;
        Self::of_size(format, size.width as u64, size.height as u64)
    }

    fn of_size(format: Format, width: u64, height: u64) -> Result<Self, NotAPicture> {
        let bad = || NotAPicture::BadSize { width, height };
        let (Ok(narrow_width), Ok(narrow_height)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(bad());
        };
        let side = narrow_width.max(narrow_height);
        if width == 0 || height == 0 || side > MAX_SIDE || width * height > MAX_PIXELS {
            return Err(bad());
        }
        Ok(Self { format, width: narrow_width, height: narrow_height })
    }
}

fn looks_like(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    match text.first() {
        None => "empty",
        Some(b'{' | b'[') => "it looks like JSON",
        Some(b'<') if text.starts_with(b"<svg") || text.starts_with(b"<?xml") => "it looks like XML",
        Some(b'<') => "it looks like HTML",
        Some(_) if std::str::from_utf8(&bytes[..bytes.len().min(512)]).is_ok() => "it looks like text",
        Some(_) => "its first bytes are no format that is known",
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, NotAPicture, Picture};

    #[test]
    fn bytes_that_are_no_image_say_what_they_look_like() {
        for (bytes, expected) in
            [(&b""[..], "empty"), (b"{\"error\":1}", "JSON"), (b"<!doctype html>", "HTML"), (b"hello there", "text")]
        {
            let Err(NotAPicture::NoImage { looks_like }) = Picture::read(bytes) else {
                panic!("{bytes:?} is no image")
            };
            assert!(looks_like.contains(expected), "{looks_like}");
        }
    }

    #[test]
    fn a_png_bomb_is_refused_by_its_header() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend_from_slice(&200_000_u32.to_be_bytes());
        png.extend_from_slice(&200_000_u32.to_be_bytes());
        png.extend_from_slice(&[8, 6, 0, 0, 0, 0, 0, 0, 0]);
        assert!(matches!(Picture::read(&png), Err(NotAPicture::BadSize { width: 200_000, .. })));
    }

    #[test]
    fn extensions_and_formats_agree() {
        for format in Format::WRITTEN {
            assert_eq!(Format::from_extension(format.extension()), Some(format));
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!(Format::from_extension("JPEG"), Some(Format::Jpeg));
    }
}
