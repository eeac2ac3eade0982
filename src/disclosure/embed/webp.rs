//! A packet in a WebP file: one `XMP ` chunk, and the header that announces it. It reads a picture's size and whether it
//! has alpha, which that header repeats, and nothing else of what is drawn.

use crate::disclosure::embed::{Malformed, array, take};

/// Bits of the extended header's first byte (RFC 9649, 2.7).
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
/// A file's length at most, as its header counts it (RFC 9649, 2.4).
const LONGEST: u32 = u32::MAX - 9;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Name, length, data, and a byte where the length is odd (RFC 9649, 2.3).
    fn read(rest: &mut &'a [u8]) -> Result<Self, Malformed> {
        let kind = array(rest)?;
        let length = u32::from_le_bytes(array(rest)?) as usize;
        let data = take(rest, length)?;
        // Some writers forget the last chunk's. Readers don't mind, and it is written here.
        if length % 2 == 1 && !rest.is_empty() {
            take(rest, 1)?;
        }
        Ok(Self { kind, data })
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), Malformed> {
        let length = u32::try_from(self.data.len()).map_err(|_| Malformed::TooLong { limit: LONGEST })?;
        out.extend_from_slice(&self.kind);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(self.data);
        if length % 2 == 1 {
            out.push(0);
        }
        Ok(())
    }
}

pub(super) fn embed(bytes: &[u8], packet: &str) -> Result<Vec<u8>, Malformed> {
    const NO_WEBP: Malformed = Malformed::Invalid("it doesn't start as a WebP");
    let mut rest = bytes.strip_prefix(b"RIFF").ok_or(NO_WEBP)?;
    let length = u32::from_le_bytes(array(&mut rest)?) as usize;
    let mut body = take(&mut rest, length)?.strip_prefix(b"WEBP").ok_or(NO_WEBP)?;
    let mut chunks = Vec::new();
    while !body.is_empty() {
        chunks.push(Chunk::read(&mut body)?);
    }
    let header = header(&chunks)?;
    // The header is written anew; an earlier packet goes, and so does the C2PA manifest of the file as it was (C2PA,
    // "Embedding manifests into RIFF").
    chunks.retain(|chunk| !matches!(&chunk.kind, b"VP8X" | b"XMP " | b"C2PA"));
    let is_before_packet = |chunk: &Chunk<'_>| matches!(&chunk.kind, b"VP8 " | b"VP8L" | b"ANMF" | b"EXIF");
    let place = chunks.iter().rposition(is_before_packet).ok_or(Malformed::Invalid("it has no picture"))?;
    chunks.insert(0, Chunk { kind: *b"VP8X", data: &header });
    chunks.insert(place + 2, Chunk { kind: *b"XMP ", data: packet.as_bytes() });

    let mut marked = b"RIFF\0\0\0\0WEBP".to_vec();
    for chunk in &chunks {
        chunk.write(&mut marked)?;
    }
    let length = u32::try_from(marked.len() - 8).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or(Malformed::TooLong { limit: LONGEST })?;
    marked.splice(4..8, length.to_le_bytes());
    marked.extend_from_slice(rest);
    Ok(marked)
}

/// The extended header (RFC 9649, 2.7): the one there is, or one made of what the picture says of itself.
fn header(chunks: &[Chunk<'_>]) -> Result<Vec<u8>, Malformed> {
    let first = chunks.first().ok_or(Malformed::Invalid("it has no picture"))?;
    let (width, height, mut flags) = match &first.kind {
        b"VP8X" => {
            let mut header = first.data.to_vec();
            *header.first_mut().filter(|_| first.data.len() >= 10).ok_or(Malformed::Truncated)? |= HAS_XMP;
            return Ok(header);
        }
        b"VP8 " => lossy(first.data)?,
        b"VP8L" => lossless(first.data)?,
        _ => return Err(Malformed::Invalid("it doesn't start with a picture")),
    };
    flags |= HAS_XMP;
    if chunks.iter().any(|chunk| &chunk.kind == b"EXIF") {
        flags |= HAS_EXIF;
    }
    let [width, height] = [width, height].map(|side| (u32::from(side) - 1).to_le_bytes());
    Ok([&[flags, 0, 0, 0], width.get(..3).unwrap_or_default(), height.get(..3).unwrap_or_default()].concat())
}

/// Width, height and no alpha, from a key frame's start: three bytes, a start code, 14 bits each (RFC 6386, 9.1).
fn lossy(mut data: &[u8]) -> Result<(u16, u16, u8), Malformed> {
    let [tag, _, _] = array(&mut data)?;
    if tag & 1 == 1 || array(&mut data)? != [0x9D, 0x01, 0x2A] {
        return Err(Malformed::Invalid("its VP8 data doesn't start as a picture"));
    }
    let side = |data: &mut &[u8]| Ok(u16::from_le_bytes(array(data)?) & 0x3FFF);
    let (width, height) = (side(&mut data)?, side(&mut data)?);
    if width == 0 || height == 0 {
        return Err(Malformed::Invalid("its picture is empty"));
    }
    Ok((width, height, 0))
}

/// Width, height and alpha, from the start of lossless data: 14, 14 and one of 32 bits (RFC 9649, 3.4).
fn lossless(mut data: &[u8]) -> Result<(u16, u16, u8), Malformed> {
    let [signature] = array(&mut data)?;
    let bits = u32::from_le_bytes(array(&mut data)?);
    if signature != 0x2F || bits >> 29 != 0 {
        return Err(Malformed::Invalid("its VP8L data doesn't start as a picture"));
    }
    let side = |bits: u32| u16::try_from(bits & 0x3FFF).expect("14 bits fit into 16") + 1;
    let alpha = if bits >> 28 & 1 == 1 { HAS_ALPHA } else { 0 };
    Ok((side(bits), side(bits >> 14), alpha))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 × 2, with a scale that is no part of the width.
    const VP8: &[u8] = b"\x10\0\0\x9D\x01\x2A\x2C\x41\x02\0+";
    /// 16384 × 1 with alpha.
    const VP8L: &[u8] = b"\x2F\xFF\x3F\0\x10...";

    fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (kind, data) in chunks {
            Chunk { kind: **kind, data }.write(&mut body).unwrap();
        }
        let length = u32::try_from(body.len()).unwrap();
        [b"RIFF", &length.to_le_bytes()[..], &body].concat()
    }

    fn assert_marked(before: &[u8], after: &[u8]) {
        assert_eq!(embed(before, "<new/>").unwrap(), after);
        assert_eq!(embed(after, "<new/>").unwrap(), after);
    }

    #[test]
    fn a_simple_file_becomes_an_extended_one() {
        assert_marked(
            &webp(&[(b"VP8 ", VP8)]),
            &webp(&[(b"VP8X", b"\x04\0\0\0\x2B\x01\0\x01\0\0"), (b"VP8 ", VP8), (b"XMP ", b"<new/>")]),
        );
        assert_marked(
            &webp(&[(b"VP8L", VP8L)]),
            &webp(&[(b"VP8X", b"\x14\0\0\0\xFF\x3F\0\0\0\0"), (b"VP8L", VP8L), (b"XMP ", b"<new/>")]),
        );
        assert_marked(
            &webp(&[(b"VP8 ", VP8), (b"EXIF", b"MM")]),
            &webp(&[
                (b"VP8X", b"\x0C\0\0\0\x2B\x01\0\x01\0\0"),
                (b"VP8 ", VP8),
                (b"EXIF", b"MM"),
                (b"XMP ", b"<new/>"),
            ]),
        );
    }

    #[test]
    fn an_extended_file_keeps_its_header_and_its_order() {
        let kept: [(&[u8; 4], &[u8]); 4] = [(b"ICCP", b"icc"), (b"ANIM", b"loop"), (b"ANMF", b"1"), (b"ANMF", b"2")];
        let old = b"\x3A\0\0\0\x2B\x01\0\x01\0\0";
        let new = b"\x3E\0\0\0\x2B\x01\0\x01\0\0";
        let [exif, unknown]: [(&[u8; 4], &[u8]); 2] = [(b"EXIF", b"MM"), (b"abcd", b"?")];
        assert_marked(
            &webp(&[&[(b"VP8X", &old[..])], &kept[..], &[exif, unknown]].concat()),
            &webp(&[&[(b"VP8X", &new[..])], &kept[..], &[exif, (b"XMP ", b"<new/>"), unknown]].concat()),
        );
    }

    #[test]
    fn earlier_packets_and_manifests_go() {
        let header = b"\x04\0\0\0\x2B\x01\0\x01\0\0";
        assert_marked(
            &webp(&[(b"VP8X", header), (b"XMP ", b"<old/>"), (b"VP8 ", VP8), (b"C2PA", b"j"), (b"XMP ", b"<older/>")]),
            &webp(&[(b"VP8X", header), (b"VP8 ", VP8), (b"XMP ", b"<new/>")]),
        );
    }

    #[test]
    fn a_forgotten_last_byte_is_made_good_and_what_follows_the_end_is_kept() {
        let mut before = webp(&[(b"VP8 ", VP8)]);
        before.pop();
        before[4] -= 1;
        let marked = embed(&before, "<new/>").unwrap();
        assert_eq!(marked, embed(&webp(&[(b"VP8 ", VP8)]), "<new/>").unwrap());
        assert_marked(&[webp(&[(b"VP8 ", VP8)]), b"more".to_vec()].concat(), &[marked, b"more".to_vec()].concat());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let refused = |chunks: &[(&[u8; 4], &[u8])], why| {
            assert_eq!(embed(&webp(chunks), "<new/>"), Err(Malformed::Invalid(why)));
        };
        assert_eq!(embed(b"RIFF\x04\0\0\0WAVE", "<new/>"), Err(Malformed::Invalid("it doesn't start as a WebP")));
        refused(&[], "it has no picture");
        refused(&[(b"VP8X", &[0; 10])], "it has no picture");
        refused(&[(b"ICCP", b"icc"), (b"VP8 ", VP8)], "it doesn't start with a picture");
        refused(&[(b"VP8 ", b"\x11\0\0\x9D\x01\x2A\x2C\x41\x02\0")], "its VP8 data doesn't start as a picture");
        refused(&[(b"VP8 ", b"\x10\0\0\x9D\x01\x2A\0\0\x02\0")], "its picture is empty");
        refused(&[(b"VP8L", b"\x2E\xFF\x3F\0\x10")], "its VP8L data doesn't start as a picture");
        assert_eq!(embed(&webp(&[(b"VP8X", &[0; 9])]), "<new/>"), Err(Malformed::Truncated));
        let whole = webp(&[(b"VP8 ", VP8)]);
        for length in 4..whole.len() {
            assert_eq!(embed(&whole[..length], "<new/>"), Err(Malformed::Truncated), "{length}");
        }
    }
}
