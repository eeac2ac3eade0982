//! Eight-bit pixels in memory, between decoding and encoding, and what is done to them without mixing any.
//!
//! Must not know of files, codecs or scaling.

use crate::transform::colour::Rgb;
use crate::transform::geometry::{Flip, Pad, Rectangle, Turn};

const RGB: usize = 3;
const RGBA: usize = 4;
/// The alpha of a pixel that hides what is behind it.
pub(crate) const OPAQUE: u8 = 255;

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
        let pixels = Self { width, height, has_alpha: true, bytes };
        if pixels.is_opaque() { pixels.over(Rgb([OPAQUE; 3])) } else { pixels }
    }

    /// Width and height in pixels.
    pub(crate) const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Bytes of a pixel.
    pub(crate) const fn channels(&self) -> usize {
        if self.has_alpha { RGBA } else { RGB }
    }

    /// Whether nothing shines through.
    pub(crate) fn is_opaque(&self) -> bool {
        !self.has_alpha || self.bytes.as_chunks::<RGBA>().0.iter().all(|pixel| pixel[3] == OPAQUE)
    }

    /// A row's bytes, from the top.
    pub(crate) fn row(&self, number: usize) -> &[u8] {
        let length = self.width as usize * self.channels();
        &self.bytes[number * length..(number + 1) * length]
    }

    /// The pixels on a ground of one colour: nothing shines through any more.
    pub(crate) fn over(self, ground: Rgb) -> Self {
        if !self.has_alpha {
            return self;
        }
        let Rgb([red_below, green_below, blue_below]) = ground;
        let opaque = self.bytes.as_chunks::<RGBA>().0.iter().flat_map(|&[red, green, blue, alpha]| {
            [mix(red, red_below, alpha), mix(green, green_below, alpha), mix(blue, blue_below, alpha)]
        });
        // The exact length, known beforehand: flat_map cannot tell it, and growing would copy a big buffer.
        let mut bytes = Vec::with_capacity(self.bytes.len() / RGBA * RGB);
        bytes.extend(opaque);
        Self { has_alpha: false, bytes, ..self }
    }

    /// The same pixels, each with an alpha.
    pub(crate) fn with_alpha(self) -> Self {
        if self.has_alpha {
            return self;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() / RGB * RGBA);
        bytes.extend(self.bytes.as_chunks::<RGB>().0.iter().flat_map(|&[red, green, blue]| [red, green, blue, OPAQUE]));
        Self { has_alpha: true, bytes, ..self }
    }

    /// The same picture with black stored for what can't be seen: it packs better, and no colour can bleed out of it.
    pub(crate) fn without_hidden_colours(mut self) -> Self {
        if self.has_alpha {
            self.bytes
                .as_chunks_mut::<RGBA>()
                .0
                .iter_mut()
                .filter(|pixel| pixel[3] == 0)
                .for_each(|pixel| pixel.fill(0));
        }
        self
    }

    /// A part, which has to lie in the picture.
    pub(crate) fn part(self, part: Rectangle) -> Self {
        if part == (Rectangle { x: 0, y: 0, width: self.width, height: self.height }) {
            return self;
        }
        let channels = self.channels();
        let (start, end) = (part.x as usize * channels, (part.x + part.width) as usize * channels);
        let rows = part.y as usize..(part.y + part.height) as usize;
        let bytes = rows.flat_map(|row| &self.row(row)[start..end]).copied().collect();
        Self { width: part.width, height: part.height, has_alpha: self.has_alpha, bytes }
    }

    /// What of the picture isn't wholly transparent; `None` if all of it is.
    pub(crate) fn visible(&self) -> Option<Rectangle> {
        if !self.has_alpha {
            return Some(Rectangle { x: 0, y: 0, width: self.width, height: self.height });
        }
        let (mut left, mut right, mut top, mut bottom) = (self.width, 0, None, 0);
        for (y, row) in (0..self.height).zip(self.bytes.chunks_exact(self.width as usize * RGBA)) {
            let seen =
                || (0..self.width).zip(row.as_chunks::<RGBA>().0).filter(|(_, pixel)| pixel[3] > 0).map(|(x, _)| x);
            let Some(first) = seen().next() else { continue };
            left = left.min(first);
            right = right.max(seen().next_back().unwrap_or(first));
            top = top.or(Some(y));
            bottom = y;
        }
        let top = top?;
        Some(Rectangle { x: left, y: top, width: right - left + 1, height: bottom - top + 1 })
    }

    /// Turned clockwise, then mirrored.
    pub(crate) fn turned(self, turn: Turn, flip: Flip) -> Self {
        if turn == Turn::None && flip == Flip::None {
            return self;
        }
        let (width, height) = if turn.lays() { (self.height, self.width) } else { self.size() };
        let (last_x, last_y) = (self.width as usize - 1, self.height as usize - 1);
        let channels = self.channels();
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for y in 0..height as usize {
            let y = if matches!(flip, Flip::Vertical | Flip::Both) { height as usize - 1 - y } else { y };
            for x in 0..width as usize {
                let x = if matches!(flip, Flip::Horizontal | Flip::Both) { width as usize - 1 - x } else { x };
                let (from_x, from_y) = match turn {
                    Turn::None => (x, y),
                    Turn::Quarter => (y, last_y - x),
                    Turn::Half => (last_x - x, last_y - y),
                    Turn::ThreeQuarters => (last_x - y, x),
                };
                bytes.extend_from_slice(&self.row(from_y)[from_x * channels..(from_x + 1) * channels]);
            }
        }
        Self { width, height, has_alpha: self.has_alpha, bytes }
    }

    /// The picture with room around it: transparent, or of one colour.
    pub(crate) fn padded(self, pad: Pad, ground: Option<Rgb>) -> Self {
        if pad.is_none() {
            return self;
        }
        let picture = if ground.is_none() { self.with_alpha() } else { self };
        let channels = picture.channels();
        let Rgb([red, green, blue]) = ground.unwrap_or(Rgb([0; 3]));
        let fill = [red, green, blue, if ground.is_some() { OPAQUE } else { 0 }];
        let (width, height) = (picture.width + pad.across(), picture.height + pad.down());
        let mut bytes = fill[..channels].repeat(width as usize * height as usize);
        let left = pad.left as usize * channels;
        let rows = bytes.chunks_exact_mut(width as usize * channels).skip(pad.top as usize);
        for (to, from) in rows.zip(picture.bytes.chunks_exact(picture.width as usize * channels)) {
            to[left..left + from.len()].copy_from_slice(from);
        }
        Self { width, height, has_alpha: picture.has_alpha, bytes }
    }
}

/// A colour over another one, rounded.
#[expect(clippy::cast_possible_truncation, reason = "a mean of two bytes is a byte")]
fn mix(above: u8, below: u8, alpha: u8) -> u8 {
    let (above, below, alpha) = (u32::from(above), u32::from(below), u32::from(alpha));
    ((above * alpha + below * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use crate::transform::colour::Rgb;
    use crate::transform::geometry::{Flip, Pad, Rectangle, Turn};
    use crate::transform::pixels::{Pixels, mix};

    const WHITE: Rgb = Rgb([255; 3]);

    fn pixel(bytes: &[u8]) -> Pixels {
        Pixels { width: 1, height: 1, has_alpha: bytes.len() == 4, bytes: bytes.to_vec() }
    }

    /// Grey values as a picture, row by row.
    fn grey(width: u32, values: &[u8]) -> Pixels {
        let height = u32::try_from(values.len()).unwrap() / width;
        Pixels { width, height, has_alpha: false, bytes: values.iter().flat_map(|value| [*value; 3]).collect() }
    }

    #[test]
    fn opaque_pixels_lose_their_alpha_and_nothing_else() {
        assert_eq!(Pixels::from_rgba(1, 1, vec![1, 2, 3, 255]), pixel(&[1, 2, 3]));
        assert_eq!(Pixels::from_rgba(1, 1, vec![1, 2, 3, 254]), pixel(&[1, 2, 3, 254]));
    }

    #[test]
    fn a_ground_shines_through() {
        assert_eq!(pixel(&[0, 100, 255, 0]).over(WHITE), pixel(&[255, 255, 255]));
        assert_eq!(pixel(&[0, 100, 255, 128]).over(WHITE), pixel(&[127, 177, 255]));
        assert_eq!(pixel(&[9, 9, 9, 0]).over(Rgb([1, 2, 3])), pixel(&[1, 2, 3]));
        for colour in 0..=255 {
            assert_eq!(mix(colour, 3, 255), colour);
        }
    }

    #[test]
    fn room_is_transparent_or_of_a_colour() {
        let pad = Pad { top: 1, right: 2, bottom: 0, left: 1 };
        let transparent = pixel(&[1, 2, 3]).padded(pad, None);
        assert_eq!((transparent.size(), transparent.has_alpha), ((4, 2), true));
        assert_eq!(transparent.bytes[20..24], [1, 2, 3, 255]);
        assert!(transparent.bytes[..20].iter().chain(&transparent.bytes[24..]).all(|&byte| byte == 0));
        let white = pixel(&[1, 2, 3]).padded(Pad { right: 1, ..Pad::default() }, Some(WHITE));
        assert_eq!(white.bytes, [1, 2, 3, 255, 255, 255]);
    }

    #[test]
    fn turns_go_clockwise_and_mirrors_follow() {
        let picture = grey(3, &[1, 2, 3, 4, 5, 6]);
        for (turn, flip, expected) in [
            (Turn::Quarter, Flip::None, grey(2, &[4, 1, 5, 2, 6, 3])),
            (Turn::Half, Flip::None, grey(3, &[6, 5, 4, 3, 2, 1])),
            (Turn::ThreeQuarters, Flip::None, grey(2, &[3, 6, 2, 5, 1, 4])),
            (Turn::None, Flip::Horizontal, grey(3, &[3, 2, 1, 6, 5, 4])),
            (Turn::None, Flip::Vertical, grey(3, &[4, 5, 6, 1, 2, 3])),
            (Turn::None, Flip::Both, grey(3, &[6, 5, 4, 3, 2, 1])),
            (Turn::Quarter, Flip::Horizontal, grey(2, &[1, 4, 2, 5, 3, 6])),
        ] {
            assert_eq!(picture.clone().turned(turn, flip), expected, "{turn:?} {flip:?}");
        }
    }

    #[test]
    fn what_is_seen_is_found_and_cut_out() {
        let mut bytes = vec![0; 5 * 4 * 4];
        for (x, y) in [(1, 2), (3, 1)] {
            bytes[(y * 5 + x) * 4..][..4].copy_from_slice(&[7, 7, 7, 1]);
        }
        let picture = Pixels { width: 5, height: 4, has_alpha: true, bytes };
        let seen = picture.visible().expect("something");
        assert_eq!(seen, Rectangle { x: 1, y: 1, width: 3, height: 2 });
        let part = picture.clone().part(seen);
        assert_eq!(part.bytes, [[0; 4], [0; 4], [7, 7, 7, 1], [7, 7, 7, 1], [0; 4], [0; 4]].concat());
        let nothing = Pixels { bytes: vec![0; 80], ..picture };
        assert_eq!(nothing.visible(), None);
        assert_eq!(grey(2, &[1, 2]).visible(), Some(Rectangle { x: 0, y: 0, width: 2, height: 1 }));
    }

    #[test]
    fn colours_that_cannot_be_seen_are_not_kept() {
        let picture = Pixels { width: 2, height: 1, has_alpha: true, bytes: vec![9, 9, 9, 0, 9, 9, 9, 1] };
        assert_eq!(picture.without_hidden_colours().bytes, [0, 0, 0, 0, 9, 9, 9, 1]);
    }
}
