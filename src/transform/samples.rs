//! Pictures for this stage's tests, made by arithmetic.

use crate::picture::Format;
use crate::transform::encode::encode;
use crate::transform::pixels::Pixels;
use crate::transform::settings::Settings;

/// An opaque scene: gradients, a hard-edged disc, and a little noise.
pub(crate) fn scene(width: u32, height: u32) -> Pixels {
    let mut noise = 0x9E37_79B9_u32;
    let mut bytes = Vec::new();
    for y in 0..height {
        for x in 0..width {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let across = (i64::from(x) * 2 - i64::from(width)).pow(2);
            let down = (i64::from(y) * 2 - i64::from(height)).pow(2);
            let in_disc = across + down < i64::from(width.min(height)).pow(2) / 2;
            let speckle = noise >> 28;
            let colour = [200 * x / width + speckle, 200 * y / height + speckle, if in_disc { 240 } else { 40 }];
            bytes.extend(colour.map(|channel| u8::try_from(channel).expect("up to 215 or 240")));
        }
    }
    Pixels { width, height, has_alpha: false, bytes }
}

/// An opaque red square in the middle; around it, green that is fully transparent.
pub(crate) fn red_square_on_invisible_green(side: u32) -> Pixels {
    let middle = side / 4..side - side / 4;
    let pixel = |x, y| if middle.contains(&x) && middle.contains(&y) { [255, 0, 0, 255] } else { [0, 255, 0, 0] };
    let bytes = (0..side).flat_map(|y| (0..side).flat_map(move |x| [x, y])).collect::<Vec<_>>();
    let bytes = bytes.as_chunks::<2>().0.iter().flat_map(|&[x, y]| pixel(x, y)).collect();
    Pixels { width: side, height: side, has_alpha: true, bytes }
}

/// A file of that format with default settings.
pub(crate) fn file(format: Format, pixels: &Pixels) -> Vec<u8> {
    encode(pixels, &Settings::of(format)).expect("a small picture")
}

/// EXIF data which says that a picture is to be turned by a quarter, clockwise.
const ON_ITS_SIDE: &[u8] = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// A WebP file that is to be turned.
pub(crate) fn webp_on_its_side(pixels: &Pixels) -> Vec<u8> {
    let (width, height) = pixels.size();
    let chunk = |name: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).expect("a small picture").to_le_bytes();
        [name, &length, data, &[0][..data.len() % 2]].concat()
    };
    let side = |side: u32| (side - 1).to_le_bytes();
    let header = [&[8, 0, 0, 0], &side(width)[..3], &side(height)[..3]].concat();
    let simple = file(Format::Webp, pixels);
    let chunks = [b"WEBP", &chunk(b"VP8X", &header)[..], &simple[12..], &chunk(b"EXIF", ON_ITS_SIDE)].concat();
    chunk(b"RIFF", &chunks)
}

/// A JPEG file that is to be turned.
pub(crate) fn jpeg_on_its_side(pixels: &Pixels) -> Vec<u8> {
    let (width, height) = pixels.size();
    let side = |side: u32| u16::try_from(side).expect("a small picture");
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, 90);
    encoder.add_exif_metadata(ON_ITS_SIDE).expect("a short segment");
    encoder.encode(&pixels.bytes, side(width), side(height), jpeg_encoder::ColorType::Rgb).expect("a small picture");
    file
}
