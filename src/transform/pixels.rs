//! Eight-bit pixels in memory, between decoding and encoding.
//!
//! Must not know of files, codecs or scaling.

const RGB: usize = 3;
const RGBA: usize = 4;
const OPAQUE: u8 = 255;

/// A picture's pixels, row by row without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pixels {
    /// Width in pixels.
    pub(crate) width: u32,
    /// Height in pixels.
    pub(crate) height: u32,
    /// Whether each pixel has four bytes (RGBA, colours not multiplied with alpha) instead of three (RGB).
    pub(crate) has_alpha: bool,
    /// The channels' values.
    pub(crate) bytes: Vec<u8>,
}

impl Pixels {
    /// RGBA pixels, as RGB if all of them are opaque.
    pub(crate) fn from_rgba(width: u32, height: u32, bytes: Vec<u8>) -> Self {
        let has_alpha = bytes.as_chunks::<RGBA>().0.iter().any(|pixel| pixel[3] != OPAQUE);
        let pixels = Self { width, height, has_alpha: true, bytes };
        if has_alpha { pixels } else { pixels.on_white() }
    }

    /// Width and height in pixels.
    pub(crate) const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The pixels without transparency: what shone through becomes white.
    pub(crate) fn on_white(self) -> Self {
        if !self.has_alpha {
            return self;
        }
        let opaque = self.bytes.as_chunks::<RGBA>().0.iter().flat_map(|&[red, green, blue, alpha]| {
            [over_white(red, alpha), over_white(green, alpha), over_white(blue, alpha)]
        });
        // The exact length, known beforehand: flat_map cannot tell it, and growing would copy a big buffer.
        let mut bytes = Vec::with_capacity(self.bytes.len() / RGBA * RGB);
        bytes.extend(opaque);
        Self { has_alpha: false, bytes, ..self }
    }

    /// The pixels centred on a larger canvas, transparent or white around them.
    pub(crate) fn padded(self, (width, height): (u32, u32), transparent: bool) -> Self {
        if self.size() == (width, height) {
            return self;
        }
        let picture = if transparent { self.with_alpha() } else { self };
        let channels = picture.channels();
        let fill = if transparent { 0 } else { 255 };
        let row = width as usize * channels;
        let picture_row = picture.width as usize * channels;
        let mut bytes = vec![fill; row * height as usize];
        let left = (width - picture.width) as usize / 2 * channels;
        let top = (height - picture.height) as usize / 2;
        for (to, from) in bytes.chunks_exact_mut(row).skip(top).zip(picture.bytes.chunks_exact(picture_row)) {
            to[left..left + picture_row].copy_from_slice(from);
        }
        Self { width, height, has_alpha: picture.has_alpha, bytes }
    }

    fn with_alpha(self) -> Self {
        if self.has_alpha {
            return self;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() / RGB * RGBA);
        bytes.extend(self.bytes.as_chunks::<RGB>().0.iter().flat_map(|&[red, green, blue]| [red, green, blue, OPAQUE]));
        Self { has_alpha: true, bytes, ..self }
    }

    const fn channels(&self) -> usize {
        if self.has_alpha { RGBA } else { RGB }
    }
}

/// The colour over white, rounded.
#[expect(clippy::cast_possible_truncation, reason = "a mean of two bytes is a byte")]
fn over_white(colour: u8, alpha: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(colour) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use crate::transform::pixels::{Pixels, over_white};

    fn pixel(bytes: &[u8]) -> Pixels {
        Pixels { width: 1, height: 1, has_alpha: bytes.len() == 4, bytes: bytes.to_vec() }
    }

    #[test]
    fn opaque_pixels_lose_their_alpha_and_nothing_else() {
        assert_eq!(Pixels::from_rgba(1, 1, vec![1, 2, 3, 255]), pixel(&[1, 2, 3]));
        assert_eq!(Pixels::from_rgba(1, 1, vec![1, 2, 3, 254]), pixel(&[1, 2, 3, 254]));
    }

    #[test]
    fn flattening_mixes_with_white() {
        assert_eq!(pixel(&[0, 100, 255, 0]).on_white(), pixel(&[255, 255, 255]));
        assert_eq!(pixel(&[0, 100, 255, 128]).on_white(), pixel(&[127, 177, 255]));
        for colour in 0..=255 {
            assert_eq!(over_white(colour, 255), colour);
        }
    }

    #[test]
    fn padding_centres_the_picture() {
        let transparent = pixel(&[1, 2, 3]).padded((3, 3), true);
        assert_eq!((transparent.size(), transparent.has_alpha), ((3, 3), true));
        assert_eq!(transparent.bytes[16..20], [1, 2, 3, 255]);
        assert!(transparent.bytes[..16].iter().chain(&transparent.bytes[20..]).all(|&byte| byte == 0));
        let white = pixel(&[1, 2, 3]).padded((2, 1), false);
        assert_eq!(white.bytes, [1, 2, 3, 255, 255, 255]);
    }
}
