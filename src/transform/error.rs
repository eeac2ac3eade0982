//! Why an output could not be made.
//!
//! Must not know which file is concerned: the caller names it.

use std::fmt;

use crate::picture::{Format, MAX_PIXELS, NotAPicture};
use crate::transform::encode::max_side;

/// Why bytes could not be turned into other bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransformError {
    /// The original is no image that is read.
    NotAPicture(NotAPicture),
    /// The original of this format ends before its picture does.
    Truncated(Format),
    /// The original's pixels cannot be read, with the codec's reason.
    Decode(String),
    /// The output would have a longer side, or more pixels, than its format or memory allow.
    TooLarge {
        /// The output's format.
        format: Format,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// The output cannot be written, with the codec's reason.
    Encode(String),
}

impl fmt::Display for TransformError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPicture(reason) => reason.fmt(formatter),
            Self::Truncated(format) => write!(formatter, "the {format} ends before its picture does: it is cut off"),
            Self::Decode(reason) => write!(formatter, "the image cannot be decoded: {reason}"),
            Self::TooLarge { format, width, height } => write!(
                formatter,
                "the output would have {width}x{height} pixels; a {format} has up to {} a side and {MAX_PIXELS} in all",
                max_side(*format)
            ),
            Self::Encode(reason) => write!(formatter, "the output cannot be encoded: {reason}"),
        }
    }
}

impl std::error::Error for TransformError {}

impl From<NotAPicture> for TransformError {
    fn from(reason: NotAPicture) -> Self {
        Self::NotAPicture(reason)
    }
}
