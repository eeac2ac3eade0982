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
mod profile;
#[cfg(feature = "generate")]
mod resize;
#[cfg(all(test, feature = "generate"))]
mod samples;
mod settings;
#[cfg(feature = "generate")]
mod vector;

pub use colour::{ChromaKey, Colors, Rgb};
pub use frame::Outcome;
pub use geometry::{Cell, Crop, Flip, Pad, Turn};
pub use settings::{Filter, Fit, Settings};

pub use error::TransformError;
#[cfg(feature = "generate")]
pub use make::{Examined, Finding, Made, Original, examine, transform};
