//! Puts an XMP packet into the bytes of an image file, without a look at its pixels. An earlier packet is replaced, and a
//! C2PA manifest is dropped: it signs the file as it was, so that it would tell of a forgery. What a packet says is no
//! business of this module, nor where the bytes come from or go.
//!
//! One file per container. Each takes its container apart into slices of the input, and copies all that it doesn't replace.

mod avif;
mod jpeg;
mod png;
mod webp;

use std::{error, fmt};

use crate::picture::Format;

/// Why a file takes no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The file ends before its container says so.
    Truncated,
    /// The file isn't what its format asks for; the text names what is wrong.
    Invalid(&'static str),
    /// The file may well be in order, but it can't be rewritten here; the text names what it holds.
    Unsupported(&'static str),
    /// The packet is longer than its container has room for.
    TooLong {
        /// How many bytes there is room for.
        limit: u32,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the file ends too early"),
            Self::Invalid(what) => write!(f, "the file is damaged: {what}"),
            Self::Unsupported(what) => write!(f, "the file can't be marked: {what}"),
            Self::TooLong { limit } => {
                write!(f, "the metadata is longer than the {limit} bytes that the file can hold")
            }
        }
    }
}

impl error::Error for Malformed {}

/// The file with the packet in it, at the place that the XMP specification part 3 has for its format.
///
/// The same packet a second time changes nothing.
pub(crate) fn embed(bytes: &[u8], format: Format, packet: &str) -> Result<Vec<u8>, Malformed> {
    if packet.is_empty() {
        return Err(Malformed::Invalid("the metadata is empty"));
    }
    match format {
        Format::Png => png::embed(bytes, packet),
        Format::Jpeg => jpeg::embed(bytes, packet),
        Format::Webp => webp::embed(bytes, packet),
        Format::Avif => avif::embed(bytes, packet),
        Format::Gif | Format::Svg => Err(Malformed::Unsupported("a format that isn't written")),
    }
}

/// Splits that many bytes off the front.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Malformed> {
    rest.split_off(..count).ok_or(Malformed::Truncated)
}

/// Splits as many bytes off the front as the array has.
fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (head, tail) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests;
