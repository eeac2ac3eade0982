//! Why an output could not be made.
//!
//! Must not know which file is concerned: the caller names it.

use std::fmt;

use crate::picture::{Format, MAX_PIXELS, NotAPicture};
use crate::transform::colour::Rgb;

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
    /// The rectangle to show isn't all within the picture: left, top, width and height of it, then the picture's size.
    CropOutside {
        /// Left, top, width, height.
        crop: [u32; 4],
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
    },
    /// The picture isn't so many equal cells.
    UnevenGrid {
        /// Cells in a row.
        columns: u32,
        /// Cells in a column.
        rows: u32,
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
    },
    /// Its corners don't agree on the colour of its ground.
    NoKeyColor,
    /// All of it has the colour that is to be made transparent.
    KeyRemovesAll(Rgb),
    /// All of it is transparent, and its borders are to be cut off.
    NothingVisible,
    /// Not even the lowest quality makes a file this short.
    TooManyBytes {
        /// How long it may be.
        most: u64,
        /// How long it is at least.
        least: u64,
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
                format.max_side()
            ),
            Self::CropOutside { crop: [x, y, across, down], width, height } => write!(
                formatter,
                "the crop of {across}x{down} pixels at {x},{y} leaves the picture, which has {width}x{height}"
            ),
            Self::UnevenGrid { columns, rows, width, height } => write!(
                formatter,
                "a picture of {width}x{height} pixels can't be cut into {columns} columns and {rows} rows of equal cells; \
                 crop it to {}x{} first",
                width / columns.max(&1) * columns,
                height / rows.max(&1) * rows
            ),
            Self::NoKeyColor => formatter.write_str("its corners have no colour in common that could be its ground"),
            Self::KeyRemovesAll(color) => {
                write!(formatter, "all of the picture is {color}, or near it: nothing would be left")
            }
            Self::NothingVisible => {
                formatter.write_str("all of the picture is transparent: trimmed, nothing would be left")
            }
            Self::TooManyBytes { most, least } => {
                write!(formatter, "it has {least} bytes at the lowest quality, and may have {most}; make it smaller")
            }
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
