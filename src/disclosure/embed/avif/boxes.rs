//! Boxes of the ISO base media file format: split into header and body, and written. What is in one is others' business.

use crate::disclosure::embed::{Malformed, array, take};

/// A box of the input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) kind: [u8; 4],
    pub(super) whole: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Where a box stands: only in a file may the last one leave its length open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    File,
    Inner,
}

/// The boxes that the bytes are made of (ISO/IEC 14496-12, 4.2).
pub(super) fn split(mut bytes: &[u8], level: Level) -> Result<Vec<Part<'_>>, Malformed> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        parts.push(read(&mut bytes, level)?);
    }
    Ok(parts)
}

/// Length with header, name, and a long length behind it where the first one is 1.
fn read<'a>(rest: &mut &'a [u8], level: Level) -> Result<Part<'a>, Malformed> {
    let mut inner = *rest;
    let short = u32::from_be_bytes(array(&mut inner)?);
    let kind = array(&mut inner)?;
    let length = match short {
        0 if level == Level::File => rest.len(),
        1 => usize::try_from(u64::from_be_bytes(array(&mut inner)?)).map_err(|_| Malformed::Truncated)?,
        _ => short as usize,
    };
    let header = rest.len() - inner.len();
    let whole = take(rest, length)?;
    let body = whole.get(header..).ok_or(Malformed::Invalid("a box is shorter than its header"))?;
    Ok(Part { kind, whole, body })
}

/// Splits version and flags off a full box's body (ISO/IEC 14496-12, 4.2); gives the version.
pub(super) fn version(body: &mut &[u8]) -> Result<u8, Malformed> {
    let [version, _, _, _] = array(body)?;
    Ok(version)
}

/// Splits a number of that many bytes off the front.
pub(super) fn number(rest: &mut &[u8], width: u8) -> Result<u64, Malformed> {
    if width > 8 {
        return Err(Malformed::Invalid("a number is wider than eight bytes"));
    }
    Ok(take(rest, width.into())?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Splits an item's id off the front: four bytes where it is wide, two where it isn't.
pub(super) fn id(rest: &mut &[u8], is_wide: bool) -> Result<u32, Malformed> {
    Ok(if is_wide { u32::from_be_bytes(array(rest)?) } else { u16::from_be_bytes(array(rest)?).into() })
}

/// Writes an item's id or a count of items.
pub(super) fn push_id(out: &mut Vec<u8>, id: u32, is_wide: bool) -> Result<(), Malformed> {
    if is_wide {
        out.extend_from_slice(&id.to_be_bytes());
    } else {
        let id = u16::try_from(id).map_err(|_| Malformed::Unsupported("it has no number left for another item"))?;
        out.extend_from_slice(&id.to_be_bytes());
    }
    Ok(())
}

/// Writes an offset or a length: in four bytes, so that no place it stands in grows with its value.
pub(super) fn push_place(out: &mut Vec<u8>, place: u64) -> Result<(), Malformed> {
    let place = u32::try_from(place).map_err(|_| Malformed::TooLong { limit: u32::MAX })?;
    out.extend_from_slice(&place.to_be_bytes());
    Ok(())
}

/// A box of that body.
pub(super) fn wrap(kind: [u8; 4], body: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(body.len() + 8);
    push_place(&mut out, body.len() as u64 + 8)?;
    out.extend_from_slice(&kind);
    out.extend_from_slice(body);
    Ok(out)
}
