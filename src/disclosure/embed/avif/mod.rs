//! A packet in an AVIF file: one more item, with its data in a box of its own at the file's end. The list of items grows
//! by that, all that lies behind it moves, and every item's place is put right. Pictures in one file only, not sequences:
//! their tracks hold places too.

mod boxes;
mod items;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::{
    boxes::{Level, Part, split, wrap},
    items::Items,
};
use crate::disclosure::embed::{Malformed, array};

/// User types of the boxes that hold the C2PA manifest of the file as it was (C2PA, "Embedding manifests into BMFF-based
/// assets") and a packet as MP4 files have it (XMP specification part 3, 1.2).
const STALE: [[u8; 16]; 2] = [
    [0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81],
    [0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC],
];
/// The header of every box that is written here.
const HEADER: usize = 8;

/// A box of the new file: the `meta` box, or pieces of the old file.
struct Written {
    kind: [u8; 4],
    pieces: Vec<Range<usize>>,
}

pub(super) fn embed(bytes: &[u8], packet: &str) -> Result<Vec<u8>, Malformed> {
    let parts = split(bytes, Level::File)?;
    let meta = meta(&parts)?;
    let mut items = Items::read(meta)?;
    let stale: Vec<_> = items.stale().into_iter().filter_map(narrow).collect();
    let written = layout(&parts, &stale);

    let length = packet.len() as u64;
    let meta_length = items.write(0..length)?.len();
    let (moved, end) = places(&written, meta_length);
    items.relocate(|extent| {
        let extent = narrow(extent)?;
        let behind = moved.partition_point(|(old, _)| old.start <= extent.start);
        let (old, new) = moved.get(behind.checked_sub(1)?).filter(|(old, _)| extent.end <= old.end)?;
        Some((extent.start - old.start + new) as u64)
    })?;
    let start = (end + HEADER) as u64;
    let meta = items.write(start..start + length)?;

    let mut marked = Vec::with_capacity(end + HEADER + packet.len());
    for part in &written {
        if &part.kind == b"meta" {
            marked.extend_from_slice(&meta);
            continue;
        }
        let pieces: Vec<_> = part.pieces.iter().map(|piece| bytes.get(piece.clone()).unwrap_or_default()).collect();
        marked.extend(wrap(part.kind, &pieces.concat())?);
    }
    marked.extend(wrap(*b"mdat", packet.as_bytes())?);
    Ok(marked)
}

/// The one `meta` box of a file whose brands have AVIF among them (AV1 Image File Format, 6).
fn meta<'a>(parts: &[Part<'a>]) -> Result<&'a [u8], Malformed> {
    const NO_AVIF: Malformed = Malformed::Invalid("it doesn't start as an AVIF");
    let mut brands = parts.first().filter(|part| &part.kind == b"ftyp").ok_or(NO_AVIF)?.body;
    let major: [u8; 4] = array(&mut brands)?;
    let _minor: [u8; 4] = array(&mut brands)?;
    if &major != b"avif" && !brands.chunks(4).any(|brand| brand == b"avif") {
        return Err(NO_AVIF);
    }
    if parts.iter().any(|part| matches!(&part.kind, b"moov" | b"moof")) {
        return Err(Malformed::Unsupported("it is a sequence of pictures"));
    }
    let mut metas = parts.iter().filter(|part| &part.kind == b"meta");
    match (metas.next(), metas.next()) {
        (Some(meta), None) => Ok(meta.body),
        _ => Err(Malformed::Invalid("it doesn't have just one meta box")),
    }
}

/// What the new file is made of: all but stale boxes, and the boxes of data without their stale pieces.
fn layout(parts: &[Part<'_>], stale: &[Range<usize>]) -> Vec<Written> {
    let mut written = Vec::new();
    let mut end = 0;
    for part in parts {
        end += part.whole.len();
        let body = end - part.body.len()..end;
        if &part.kind == b"uuid" && STALE.iter().any(|kind| part.body.starts_with(kind)) {
            continue;
        }
        let pieces = if &part.kind == b"mdat" { without(&body, stale) } else { vec![body.clone()] };
        // A box of nothing but an earlier packet goes, so that a file doesn't grow each time.
        if !pieces.is_empty() || body.is_empty() {
            written.push(Written { kind: part.kind, pieces });
        }
    }
    written
}

/// Where each piece goes, in the old file's order, and where the new file ends without the packet's data.
fn places(written: &[Written], meta_length: usize) -> (Vec<(Range<usize>, usize)>, usize) {
    let mut moved = Vec::new();
    let mut end = 0;
    for part in written {
        if &part.kind == b"meta" {
            end += meta_length;
            continue;
        }
        end += HEADER;
        for piece in &part.pieces {
            moved.push((piece.clone(), end));
            end += piece.len();
        }
    }
    (moved, end)
}

/// What is left of a range without those that lie wholly in it.
fn without(range: &Range<usize>, cuts: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut cuts: Vec<_> = cuts.iter().filter(|cut| range.start <= cut.start && cut.end <= range.end).collect();
    cuts.sort_unstable_by_key(|cut| cut.start);
    let mut left = Vec::new();
    let mut start = range.start;
    for cut in cuts {
        if start < cut.start {
            left.push(start..cut.start);
        }
        start = start.max(cut.end);
    }
    if start < range.end {
        left.push(start..range.end);
    }
    left
}

fn narrow(range: Range<u64>) -> Option<Range<usize>> {
    Some(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
