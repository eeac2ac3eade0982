//! From an original image's bytes to an output file's bytes: free, deterministic and without side effects.
//!
//! Must not know of manifests, vendors, caches or paths: it is given bytes and [`Settings`], and gives bytes back.
//! The settings are there without the `generate` feature, for plans; making files needs the image codecs behind it.

#[cfg(feature = "generate")]
mod checkers;
mod colour;
#[cfg(feature = "generate")]
mod decode;
#[cfg(feature = "generate")]
mod encode;
mod error;
mod frame;
mod geometry;
#[cfg(feature = "generate")]
mod key;
#[cfg(feature = "generate")]
mod light;
#[cfg(feature = "generate")]
mod make;
#[cfg(feature = "generate")]
mod palette;
mod part;
#[cfg(feature = "generate")]
mod pixels;
#[cfg(feature = "generate")]
mod preview;
#[cfg(feature = "generate")]
mod profile;
#[cfg(feature = "generate")]
mod resize;
#[cfg(all(test, feature = "generate"))]
mod samples;
mod settings;
#[cfg(feature = "generate")]
mod vector;

#[cfg(feature = "generate")]
use crate::picture::{Format, Picture};

pub use colour::{ChromaKey, Colors, Rgb};
pub use frame::Outcome;
pub use geometry::{Cell, Crop, Flip, Pad, Turn};
pub use settings::{Disclose, Filter, Fit, Settings};

pub use error::TransformError;
#[cfg(feature = "generate")]
pub(crate) use geometry::Rectangle;
#[cfg(feature = "generate")]
pub use make::{Examined, Finding, Made, Original, examine, transform};
#[cfg(feature = "generate")]
pub(crate) use pixels::Pixels;
#[cfg(feature = "generate")]
pub use preview::Preview;

/// The pixels of a file that was made, upright and in sRGB.
#[cfg(feature = "generate")]
pub(crate) fn pixels_of(file: &[u8]) -> Result<Pixels, TransformError> {
    let picture = Picture::read_output(file).map_err(|error| TransformError::Decode(error.to_string()))?;
    Ok(decode::decode(file, &picture)?.pixels)
}

/// The picture in another size, whatever its shape; no pixel is mixed.
#[cfg(feature = "generate")]
pub(crate) fn stretched(pixels: Pixels, size: (u32, u32)) -> Pixels {
    let whole = geometry::Region::whole(pixels.size());
    resize::scale(pixels, &whole, size, Filter::Nearest)
}

/// The file of these pixels, without loss.
#[cfg(feature = "generate")]
pub(crate) fn file_of(pixels: &Pixels, format: Format) -> Result<Vec<u8>, TransformError> {
    encode::encode(pixels, &Settings { lossless: true, ..Settings::of(format) })
}
