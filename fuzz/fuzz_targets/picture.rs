//! No bytes make the reader of headers or a decoder panic or want memory out of proportion, and what comes out is as large
//! as the header and the settings say.
//!
//! The last byte says what is made of the picture, so that a seed is a plain file: past its end, a picture isn't read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::picture::{Format, MAX_PIXELS, MAX_SIDE, Picture};
use tintype::transform::{
    Cell, ChromaKey, Colors, Disclose, Filter, Fit, Flip, Pad, Settings, TransformError, Turn, examine, transform,
};

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
    let format = [Format::Png, Format::Jpeg, Format::Webp][pick(0) % 3];
    let disclose = (pick(0) == 2).then(|| Disclose::Packet("<mark/>".to_string()));
    let plain = Settings { quality, width, height, disclose, fit: Fit::ALL[pick(4)], ..Settings::of(format) };
    match pick(6) {
        0 => plain,
        1 => Settings { trim: true, pad: Pad { top: 1, right: 2, bottom: 3, left: 4 }, rotate: Turn::Quarter, ..plain },
        2 => Settings { chroma_key: Some(ChromaKey::of(None)), filter: Filter::Nearest, flip: Flip::Both, ..plain },
        _ => Settings {
            format: Format::Png,
            colors: Some(Colors::Count(16)),
            cell: Some(Cell { columns: 2, rows: 1, column: 1, row: 0 }),
            ..plain
        },
    }
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
            let (width, height) = (made.width, made.height);
            let is_exact = settings.fit != Fit::Inside || settings.width.and(settings.height).is_none();
            assert!(!is_exact || settings.width.is_none_or(|side| side == width), "{picture:?}, {settings:?}: {width}");
            assert!(
                !is_exact || settings.height.is_none_or(|side| side == height),
                "{picture:?}, {settings:?}: {height}"
            );
            let output = Picture::read(&made.bytes).expect("what was made is a picture");
            assert_eq!(output, Picture { format: settings.format, width, height });
            examine(&made.bytes).expect("what was made is decoded");
        }
        Err(
            TransformError::TooLarge { .. }
            | TransformError::CropOutside { .. }
            | TransformError::UnevenGrid { .. }
            | TransformError::NoKeyColor
            | TransformError::KeyRemovesAll(_)
            | TransformError::NothingVisible
            | TransformError::TooManyBytes { .. },
        ) => assert!(examined.is_ok()),
        Err(error @ (TransformError::Decode(_) | TransformError::Truncated(_))) => {
            assert_eq!(Some(error), examined.err(), "it is refused as it was before");
        }
        Err(error @ (TransformError::NotAPicture(_) | TransformError::Encode(_))) => panic!("{picture:?}: {error}"),
    }
});
