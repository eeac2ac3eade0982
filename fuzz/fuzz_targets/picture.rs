//! No bytes make the reader of headers or a decoder panic or want memory out of proportion, and what comes out is as large
//! as the header and the settings say.
//!
//! The last byte says what is made of the picture, so that a seed is a plain file: past its end, a picture isn't read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::picture::{Format, MAX_PIXELS, MAX_SIDE, Picture};
use tintype::transform::{Fit, Settings, TransformError, examine, transform};

/// Larger ones are decoded by the same code, and take a second each.
const MOST_PIXELS: u32 = 1 << 20;
/// Up to here, a picture may be made anew in its own size.
const FEW_PIXELS: u32 = 1 << 14;

fn settings(choice: u8, pixels: u32) -> Settings {
    let pick = |shift: u8| usize::from(choice >> shift & 3);
    let (width, height) = match pick(2) {
        0 if pixels <= FEW_PIXELS => (None, None),
        0 | 1 => (Some(24), None),
        2 => (None, Some(24)),
        _ => (Some(32), Some(20)),
    };
    let quality = (pick(0) == 3).then_some(1);
    Settings { format: Format::ALL[pick(0) % 3], quality, width, height, fit: Fit::ALL[pick(4)] }
}

fuzz_target!(|data: &[u8]| {
    let Ok(picture) = Picture::read(data) else { return };
    let Picture { format, width, height } = picture;
    assert!(width > 0 && height > 0 && width.max(height) <= MAX_SIDE);
    assert!(u64::from(width) * u64::from(height) <= MAX_PIXELS);
    let pixels = width * height;
    if pixels > MOST_PIXELS {
        return;
    }
    let settings = settings(data.last().copied().unwrap_or_default(), pixels);
    let examined = examine(data);
    if let Ok(examined) = &examined {
        assert_eq!(examined.picture, picture);
        assert!(!examined.has_alpha || format.has_alpha());
    }
    match transform(data, &settings) {
        Ok(made) if settings.is_untouched(&picture) => {
            assert!(made.bytes == data && (made.width, made.height) == (width, height));
        }
        Ok(made) => {
            assert!(examined.is_ok(), "what was decoded once is decoded again");
            let size = (made.width, made.height);
            let (as_stored, turned) = (settings.dimensions((width, height)), settings.dimensions((height, width)));
            assert!(size == as_stored || size == turned, "{picture:?}, {settings:?}: {size:?}");
            let (width, height) = size;
            let output = Picture::read(&made.bytes).expect("what was made is a picture");
            assert_eq!(output, Picture { format: settings.format, width, height });
            examine(&made.bytes).expect("what was made is decoded");
        }
        Err(TransformError::TooLarge { .. }) => assert!(examined.is_ok()),
        Err(error @ (TransformError::Decode(_) | TransformError::Truncated(_))) => {
            assert_eq!(Some(error), examined.err(), "it is refused as it was before");
        }
        Err(error @ (TransformError::NotAPicture(_) | TransformError::Encode(_))) => panic!("{picture:?}: {error}"),
    }
});
