//! Damaged files: whatever is cut off or changed, there is no panic, and what is made is a file that can be marked again.

use proptest::prelude::*;

use crate::disclosure::embed::embed;
use crate::picture::Format;

const FILES: [(Format, &[u8]); 14] = [
    (Format::Png, include_bytes!("../../../tests/fixtures/marked/rgb.png")),
    (Format::Png, include_bytes!("../../../tests/fixtures/marked/rgba.png")),
    (Format::Jpeg, include_bytes!("../../../tests/fixtures/marked/baseline.jpg")),
    (Format::Jpeg, include_bytes!("../../../tests/fixtures/marked/xmp.jpg")),
    (Format::Webp, include_bytes!("../../../tests/fixtures/marked/lossy.webp")),
    (Format::Webp, include_bytes!("../../../tests/fixtures/marked/lossless-alpha.webp")),
    (Format::Webp, include_bytes!("../../../tests/fixtures/marked/xmp.webp")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/rgb.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/rgba.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/exif.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/xmp.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/ravif-opaque.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/ravif-alpha.avif")),
    (Format::Avif, include_bytes!("../../../tests/fixtures/marked/ravif-exif.avif")),
];

/// The file is refused, or marked so that the same mark again changes nothing.
fn assert_holds(format: Format, bytes: &[u8]) {
    if let Ok(marked) = embed(bytes, format, "<new/>") {
        assert!(marked.windows(6).any(|window| window == b"<new/>"));
        assert_eq!(embed(&marked, format, "<new/>").as_deref(), Ok(&marked[..]));
    }
}

#[test]
fn whole_files_are_marked_and_cut_ones_refused() {
    for (format, bytes) in FILES {
        assert_holds(format, bytes);
        assert!(embed(bytes, format, "<new/>").is_ok());
        for length in 0..bytes.len() {
            assert!(embed(&bytes[..length], format, "<new/>").is_err(), "{format:?} {length}");
        }
    }
}

#[test]
fn any_byte_may_be_any_other() {
    for (format, bytes) in FILES {
        // The beginning, where lengths and counts are; what follows is a picture's data, or is like it.
        for place in 0..bytes.len().min(500) {
            for byte in [0, 1, 2, 3, 7, 0x7F, 0x80, 0xD9, 0xFE, 0xFF] {
                let mut bytes = bytes.to_vec();
                bytes[place] = byte;
                assert_holds(format, &bytes);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_may_be_others(
        which in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (format, bytes) = FILES[which];
        let mut bytes = bytes.to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        assert_holds(format, &bytes);
    }

    #[test]
    fn any_piece_may_be_twice_or_gone(
        which in 0..FILES.len(),
        (from, to, place) in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        is_gone in any::<bool>(),
    ) {
        let (format, bytes) = FILES[which];
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece = from.min(to)..from.max(to);
        let mut changed = bytes.to_vec();
        if is_gone {
            changed.drain(piece);
        } else {
            let place = place.index(bytes.len());
            changed.splice(place..place, bytes[piece].iter().copied());
        }
        assert_holds(format, &changed);
    }

    #[test]
    fn any_bytes_at_all(format in 0..4usize, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (format, start): (_, &[u8]) = [
            (Format::Png, b"\x89PNG\r\n\x1A\n".as_slice()),
            (Format::Jpeg, b"\xFF\xD8\xFF"),
            (Format::Webp, b"RIFF\x40\0\0\0WEBPVP8X"),
            (Format::Avif, b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x80meta"),
        ][format];
        assert_holds(format, &[start, &bytes].concat());
    }
}
