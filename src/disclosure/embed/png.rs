//! A packet in a PNG file: one iTXt chunk. It knows chunks by their names and lengths, and nothing of what is drawn.

use crate::disclosure::embed::{Malformed, array, take};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";
/// The keyword that makes a text chunk a packet (XMP specification part 3, 1.1.5), and the one that ImageMagick uses.
const KEYWORDS: [&[u8]; 2] = [b"XML:com.adobe.xmp\0", b"Raw profile type xmp\0"];
/// A chunk's length at most (W3C PNG, 5.3).
const LONGEST: u32 = 0x7FFF_FFFF;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Length, name, data, check sum (W3C PNG, 5.3). The sum isn't checked: no damage that it tells of is made here.
    fn read(rest: &mut &'a [u8]) -> Result<Self, Malformed> {
        let length = u32::from_be_bytes(*rest.first_chunk().ok_or(Malformed::Truncated)?);
        if length > LONGEST {
            return Err(Malformed::Invalid("a chunk is longer than PNG allows"));
        }
        let length = length as usize;
        let whole = take(rest, length + 12)?;
        let mut inner = whole;
        take(&mut inner, 4)?;
        Ok(Self { kind: array(&mut inner)?, data: take(&mut inner, length)?, whole })
    }

    /// Whether the chunk is an earlier packet, or the C2PA manifest of the file as it was (C2PA, "Embedding manifests into PNG").
    fn is_stale(&self) -> bool {
        match &self.kind {
            b"caBX" => true,
            b"iTXt" | b"tEXt" | b"zTXt" => KEYWORDS.iter().any(|keyword| self.data.starts_with(keyword)),
            _ => false,
        }
    }
}

pub(super) fn embed(bytes: &[u8], packet: &str) -> Result<Vec<u8>, Malformed> {
    let mut rest = bytes.strip_prefix(SIGNATURE).ok_or(Malformed::Invalid("it doesn't start as a PNG"))?;
    let header = Chunk::read(&mut rest)?;
    if &header.kind != b"IHDR" {
        return Err(Malformed::Invalid("the first chunk isn't IHDR"));
    }
    // Right behind the header, where who reads only a file's beginning finds it.
    let mut marked = [SIGNATURE, header.whole, &text(packet)?].concat();
    let mut is_drawn = false;
    loop {
        let chunk = Chunk::read(&mut rest)?;
        is_drawn |= &chunk.kind == b"IDAT";
        if !chunk.is_stale() {
            marked.extend_from_slice(chunk.whole);
        }
        if &chunk.kind == b"IEND" {
            break;
        }
    }
    if !is_drawn {
        return Err(Malformed::Invalid("it has no IDAT chunk"));
    }
    marked.extend_from_slice(rest);
    Ok(marked)
}

/// The iTXt chunk: keyword, not compressed, no language, no translated keyword, text (W3C PNG, 11.3.3.4).
fn text(packet: &str) -> Result<Vec<u8>, Malformed> {
    let data = [b"iTXtXML:com.adobe.xmp\0\0\0\0\0", packet.as_bytes()].concat();
    let length = u32::try_from(data.len() - 4).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or(Malformed::TooLong { limit: LONGEST - 22 })?;
    Ok([&length.to_be_bytes()[..], &data, &crc(&data).to_be_bytes()].concat())
}

/// The check sum of a chunk's name and data (W3C PNG, 5.5), bit by bit: a packet is short.
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let named = [kind, data].concat();
        let length = u32::try_from(data.len()).unwrap();
        [&length.to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        let header = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
        [SIGNATURE, &header, &chunks.concat(), &chunk(b"IEND", &[])].concat()
    }

    fn idat() -> Vec<u8> {
        chunk(b"IDAT", b"\x78\x9C\x63\x60\0\0\0\x02\0\x01")
    }

    fn packet_of(text: &str) -> Vec<u8> {
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", text.as_bytes()].concat())
    }

    #[test]
    fn the_check_sum_is_that_of_the_format() {
        assert_eq!(crc(b"IEND"), 0xAE42_6082);
    }

    #[test]
    fn the_packet_stands_before_the_picture() {
        let marked = embed(&png(&[chunk(b"gAMA", &[0, 0, 1, 2]), idat()]), "<new/>").unwrap();
        assert_eq!(marked, png(&[packet_of("<new/>"), chunk(b"gAMA", &[0, 0, 1, 2]), idat()]));
        assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
    }

    #[test]
    fn earlier_packets_and_manifests_go_wherever_they_stand() {
        let compressed = chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0\x78\x9C");
        let magick = chunk(b"zTXt", b"Raw profile type xmp\0\0\x78\x9C");
        let other = chunk(b"tEXt", b"Title\0XML:com.adobe.xmp\0");
        let before = png(&[
            packet_of("<old/>"),
            chunk(b"caBX", b"jumb"),
            other.clone(),
            idat(),
            compressed,
            magick,
            packet_of("<older/>"),
        ]);
        assert_eq!(embed(&before, "<new/>").unwrap(), png(&[packet_of("<new/>"), other, idat()]));
    }

    #[test]
    fn what_follows_the_end_is_kept() {
        let marked = embed(&[png(&[idat()]), b"more".to_vec()].concat(), "<new/>").unwrap();
        assert!(marked.ends_with(b"more"));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(embed(b"GIF89a", "<new/>"), Err(Malformed::Invalid("it doesn't start as a PNG")));
        assert_eq!(embed(&png(&[]), "<new/>"), Err(Malformed::Invalid("it has no IDAT chunk")));
        let headless = [SIGNATURE, &idat(), &chunk(b"IEND", &[])].concat();
        assert_eq!(embed(&headless, "<new/>"), Err(Malformed::Invalid("the first chunk isn't IHDR")));
        let whole = png(&[idat()]);
        for length in SIGNATURE.len()..whole.len() {
            assert_eq!(embed(&whole[..length], "<new/>"), Err(Malformed::Truncated), "{length}");
        }
    }
}
