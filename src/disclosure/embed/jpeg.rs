//! A packet in a JPEG file: one APP1 segment. It walks from marker to marker, and knows nothing of what lies between.

use crate::disclosure::embed::{Malformed, array, take};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// How long a packet may be in one segment (XMP specification part 3, 1.1.3).
const LONGEST: u16 = 65_502;

const SOI: [u8; 2] = [0xFF, 0xD8];
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP11: u8 = 0xEB;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;

struct Segment<'a> {
    marker: u8,
    payload: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The next marker with its segment (ITU-T T.81, B.1.1), which the end's has none of.
    fn read(rest: &mut &'a [u8]) -> Result<Self, Malformed> {
        // Any number of bytes 0xFF may stand before a marker's code.
        let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
        let marker = *rest.get(fill).ok_or(Malformed::Truncated)?;
        match marker {
            _ if fill == 0 => return Err(Malformed::Invalid("there is no marker where one must be")),
            EOI => return Ok(Self { marker, payload: &[], whole: take(rest, fill + 1)? }),
            0x00..=0xBF | 0xD0..=0xD8 => return Err(Malformed::Invalid("a marker is out of place")),
            _ => {}
        }
        let mut inner = *rest;
        take(&mut inner, fill + 1)?;
        let length = usize::from(u16::from_be_bytes(array(&mut inner)?));
        let payload = length.checked_sub(2).ok_or(Malformed::Invalid("a segment is shorter than its length"))?;
        Ok(Self { marker, payload: take(&mut inner, payload)?, whole: take(rest, fill + 1 + length)? })
    }

    fn is_exif(&self) -> bool {
        self.marker == APP1 && self.payload.starts_with(b"Exif\0")
    }

    /// Whether the segment is of an earlier packet, or of the C2PA manifest of the file as it was: a box of type `jumb`
    /// (C2PA, "Embedding manifests into JPEG"; ISO/IEC 19566-5, D.2). APP11 holds parts of JPEG XT pictures too, which stay.
    fn is_stale(&self) -> bool {
        match self.marker {
            APP1 => self.payload.starts_with(XMP) || self.payload.starts_with(EXTENDED_XMP),
            APP11 => self.payload.starts_with(b"JP") && self.payload.get(12..16) == Some(b"jumb"),
            _ => false,
        }
    }
}

pub(super) fn embed(bytes: &[u8], packet: &str) -> Result<Vec<u8>, Malformed> {
    let packet = segment(packet)?;
    let mut rest = bytes.strip_prefix(&SOI).ok_or(Malformed::Invalid("it doesn't start as a JPEG"))?;
    let mut parts: Vec<&[u8]> = vec![&SOI];
    // The packet goes behind JFIF's segment, which must be the first, and Exif's, which old readers look for there.
    let mut place = parts.len();
    let mut is_head = true;
    let mut is_drawn = false;
    loop {
        let segment = Segment::read(&mut rest)?;
        is_head &= matches!(segment.marker, APP0..=APP15 | COM);
        if !segment.is_stale() {
            parts.push(segment.whole);
        }
        if is_head && (segment.marker == APP0 || segment.is_exif()) {
            place = parts.len();
        }
        match segment.marker {
            EOI => break,
            SOS => {
                is_drawn = true;
                parts.push(scan(&mut rest)?);
            }
            _ => {}
        }
    }
    if !is_drawn {
        return Err(Malformed::Invalid("it has no scan"));
    }
    parts.insert(place, &packet);
    parts.push(rest);
    Ok(parts.concat())
}

/// The coded data up to the next marker: 0xFF that isn't data is followed by neither 0 nor a restart (ITU-T T.81, B.1.1.5).
fn scan<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let ends = |pair: &[u8]| matches!(pair, [0xFF, code] if !matches!(code, 0x00 | 0xD0..=0xD7 | 0xFF));
    let length = rest.windows(2).position(ends).ok_or(Malformed::Truncated)?;
    take(rest, length)
}

fn segment(packet: &str) -> Result<Vec<u8>, Malformed> {
    let length = u16::try_from(packet.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or(Malformed::TooLong { limit: LONGEST.into() })?;
    // The length counts itself and what names the segment: 31 bytes, with which the longest packet still fits.
    let length = length + 2 + 29;
    Ok([&[0xFF, APP1], &length.to_be_bytes()[..], XMP, packet.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JFIF: &[u8] = b"\xFF\xE0\0\x07JFIF\0";
    const EXIF: &[u8] = b"\xFF\xE1\0\x0AExif\0\0MM";
    const ICC: &[u8] = b"\xFF\xE2\0\x0EICC_PROFILE\0";
    const TABLE: &[u8] = b"\xFF\xDB\0\x03\0";
    /// Two scans with a stuffed zero and a restart, a table between them, and a fill byte before the end.
    const PICTURE: &[u8] = b"\xFF\xDA\0\x02ab\xFF\0c\xFF\xD0d\xFF\xC4\0\x02\xFF\xDA\0\x02e\xFF\xFF\xD9";

    fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        [&SOI, &parts.concat()[..], PICTURE].concat()
    }

    fn app(code: u8, payload: &[&[u8]]) -> Vec<u8> {
        let payload = payload.concat();
        let length = u16::try_from(payload.len() + 2).unwrap();
        [&[0xFF, code], &length.to_be_bytes()[..], &payload].concat()
    }

    #[test]
    fn the_packet_stands_behind_jfif_and_exif() {
        let packet = segment("<new/>").unwrap();
        for (before, behind) in [
            (&[][..], &[TABLE][..]),
            (&[JFIF], &[ICC, TABLE]),
            (&[EXIF], &[ICC, TABLE]),
            (&[JFIF, EXIF], &[ICC, TABLE]),
            (&[JFIF, ICC, EXIF], &[TABLE]),
            (&[JFIF], &[TABLE, EXIF]),
        ] {
            let marked = embed(&jpeg(&[before, behind].concat()), "<new/>").unwrap();
            assert_eq!(marked, jpeg(&[before, &[&packet], behind].concat()));
            assert_eq!(embed(&marked, "<new/>").unwrap(), marked);
        }
    }

    #[test]
    fn earlier_packets_and_manifests_go_and_other_segments_stay() {
        let old = segment("<old/>").unwrap();
        let extended = app(APP1, &[EXTENDED_XMP, b"0123"]);
        let manifest = app(APP11, &[b"JP\0\x01\0\0\0\x01\0\0\0\x20jumb...."]);
        let residual = app(APP11, &[b"JP\0\x01\0\0\0\x01\0\0\0\x20RESI...."]);
        let before = jpeg(&[&old, JFIF, &extended, &manifest, &residual, TABLE, &old]);
        let packet = segment("<new/>").unwrap();
        assert_eq!(embed(&before, "<new/>").unwrap(), jpeg(&[JFIF, &packet, &residual, TABLE]));
    }

    #[test]
    fn the_longest_packet_fits_and_no_longer_one() {
        let mut packet = "x".repeat(LONGEST.into());
        let marked = embed(&jpeg(&[JFIF]), &packet).unwrap();
        assert_eq!(embed(&marked, &packet).unwrap(), marked);
        packet.push('x');
        assert_eq!(embed(&marked, &packet), Err(Malformed::TooLong { limit: 65_502 }));
    }

    #[test]
    fn what_follows_the_end_is_kept() {
        let marked = embed(&[jpeg(&[JFIF]), b"more".to_vec()].concat(), "<new/>").unwrap();
        assert!(marked.ends_with(b"more"));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert_eq!(embed(b"GIF89a", "<new/>"), Err(Malformed::Invalid("it doesn't start as a JPEG")));
        assert_eq!(embed(b"\xFF\xD8\xFF\xD9", "<new/>"), Err(Malformed::Invalid("it has no scan")));
        assert_eq!(embed(b"\xFF\xD8a", "<new/>"), Err(Malformed::Invalid("there is no marker where one must be")));
        assert_eq!(embed(b"\xFF\xD8\xFF\xD8", "<new/>"), Err(Malformed::Invalid("a marker is out of place")));
        let short = b"\xFF\xD8\xFF\xE0\0\x01";
        assert_eq!(embed(short, "<new/>"), Err(Malformed::Invalid("a segment is shorter than its length")));
        let whole = jpeg(&[JFIF, EXIF, TABLE]);
        for length in SOI.len()..whole.len() {
            assert_eq!(embed(&whole[..length], "<new/>"), Err(Malformed::Truncated), "{length}");
        }
    }
}
