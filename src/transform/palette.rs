//! A picture brought down to a palette's colours, and the PNG that stores an index a pixel.
//!
//! Must not know of files or settings.

use std::collections::HashMap;

use color_quant::NeuQuant;
use png::{BitDepth, ColorType, Compression, Encoder, Filter};

use crate::transform::colour::{Colors, Rgb};
use crate::transform::error::TransformError;
use crate::transform::pixels::{OPAQUE, Pixels};

/// Every pixel's colours count for the palette: a sample is faster and misses what is small.
const SAMPLE: i32 = 1;

type Rgba = [u8; 4];

/// A picture of at most 256 colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Indexed {
    width: u32,
    height: u32,
    /// The colours; transparent ones first, as PNG stores alpha for the first ones only.
    palette: Vec<Rgba>,
    /// Of each pixel, row by row, its colour's place.
    indices: Vec<u8>,
}

impl Indexed {
    /// The picture in these colours.
    pub(crate) fn of(pixels: &Pixels, colors: &Colors) -> Self {
        let own = counted(pixels);
        let mut palette = match colors {
            Colors::Count(count) => chosen(pixels, &own, usize::from(*count)),
            Colors::Palette(colors) => given(&own, colors),
        };
        palette.sort_by_key(|colour| (colour[3] == OPAQUE, *colour));
        palette.dedup();
        let index: HashMap<Rgba, u8> = own.keys().map(|colour| (*colour, nearest(*colour, &palette))).collect();
        let indices = each(pixels).map(|colour| index[&colour]).collect();
        Self { width: pixels.width, height: pixels.height, palette, indices }
    }

    /// The picture as pixels again.
    pub(crate) fn pixels(&self) -> Pixels {
        let bytes = self.indices.iter().flat_map(|index| self.palette[usize::from(*index)]).collect();
        Pixels::from_rgba(self.width, self.height, bytes)
    }

    /// The PNG file, with as few bits a pixel as the palette needs.
    pub(crate) fn png(&self) -> Result<Vec<u8>, TransformError> {
        let broken = |error: png::EncodingError| TransformError::Encode(error.to_string());
        let (depth, bits) = match self.palette.len() {
            ..=2 => (BitDepth::One, 1),
            3..=4 => (BitDepth::Two, 2),
            5..=16 => (BitDepth::Four, 4),
            _ => (BitDepth::Eight, 8),
        };
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(depth);
        encoder
            .set_palette(self.palette.iter().flat_map(|&[red, green, blue, _]| [red, green, blue]).collect::<Vec<_>>());
        let alphas: Vec<u8> =
            self.palette.iter().map(|colour| colour[3]).take_while(|alpha| *alpha != OPAQUE).collect();
        if !alphas.is_empty() {
            encoder.set_trns(alphas);
        }
        encoder.set_compression(Compression::High);
        // Neighbouring indices say nothing of each other.
        encoder.set_filter(Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(broken)?;
        let rows = self.indices.chunks_exact(self.width as usize);
        let packed: Vec<u8> = rows.flat_map(|row| row.chunks(8 / bits).map(move |few| pack(few, bits))).collect();
        writer.write_image_data(&packed).map_err(broken)?;
        writer.finish().map_err(broken)?;
        Ok(file)
    }
}

/// Indices side by side in a byte, the first one highest.
fn pack(indices: &[u8], bits: usize) -> u8 {
    let all = 8 / bits;
    indices.iter().zip((0..all).rev()).fold(0, |byte, (index, place)| byte | index << (place * bits))
}

fn each(pixels: &Pixels) -> impl Iterator<Item = Rgba> {
    let channels = pixels.channels();
    pixels.bytes.chunks_exact(channels).map(|pixel| match *pixel {
        [_, _, _, 0] => [0; 4],
        [red, green, blue, alpha] => [red, green, blue, alpha],
        [red, green, blue] => [red, green, blue, OPAQUE],
        _ => unreachable!("a pixel has three or four channels"),
    })
}

fn counted(pixels: &Pixels) -> HashMap<Rgba, usize> {
    let mut counted = HashMap::new();
    each(pixels).for_each(|colour| *counted.entry(colour).or_insert(0) += 1);
    counted
}

/// The picture's own colours where they are few enough, else those that stand for them best.
fn chosen(pixels: &Pixels, own: &HashMap<Rgba, usize>, count: usize) -> Vec<Rgba> {
    if own.len() <= count {
        return own.keys().copied().collect();
    }
    let clear = own.contains_key(&[0; 4]);
    // What is wholly transparent has a colour of its own, and takes no part in choosing the others.
    let seen: Vec<u8> = each(pixels).filter(|colour| colour[3] > 0).flatten().collect();
    let quantizer = NeuQuant::new(SAMPLE, count.saturating_sub(usize::from(clear)).max(1), &seen);
    let mut palette: Vec<Rgba> = quantizer.color_map_rgba().as_chunks::<4>().0.to_vec();
    let is_opaque = own.keys().all(|colour| matches!(colour[3], 0 | OPAQUE));
    if is_opaque {
        // No soft edge is where none was.
        for colour in &mut palette {
            colour[3] = OPAQUE;
        }
    }
    palette.extend(clear.then_some([0; 4]));
    palette
}

/// A palette's colours, with one that can't be seen where the picture has such pixels.
fn given(own: &HashMap<Rgba, usize>, colors: &[Rgb]) -> Vec<Rgba> {
    let opaque = colors.iter().map(|&Rgb([red, green, blue])| [red, green, blue, OPAQUE]);
    let has_clear = own.keys().any(|colour| colour[3] < HALF);
    opaque.chain(has_clear.then_some([0; 4])).collect()
}

/// What is less opaque than this is left out where a palette has no soft colours.
const HALF: u8 = 128;

/// The place of the colour that comes nearest: by what is seen of both, on black and on white.
fn nearest(colour: Rgba, palette: &[Rgba]) -> u8 {
    let far = |other: &Rgba| {
        let seen = |colour: Rgba, channel: usize, ground: i64| {
            i64::from(colour[channel]) * i64::from(colour[3]) + ground * (255 - i64::from(colour[3]))
        };
        let on = |ground: i64| {
            (0..3).map(move |channel| (seen(colour, channel, ground) - seen(*other, channel, ground)).pow(2))
        };
        on(0).chain(on(255)).sum::<i64>()
    };
    let best = palette.iter().enumerate().min_by_key(|(_, other)| far(other));
    best.and_then(|(index, _)| u8::try_from(index).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::picture::Picture;
    use crate::transform::colour::{Colors, Rgb};
    use crate::transform::decode::decode;
    use crate::transform::palette::{Indexed, pack};
    use crate::transform::pixels::Pixels;
    use crate::transform::samples;

    fn colours(pixels: &Pixels) -> std::collections::BTreeSet<Vec<u8>> {
        pixels.bytes.chunks_exact(pixels.channels()).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_picture_keeps_to_its_palette_and_its_file_says_the_same() {
        for count in [2, 3, 16, 17, 256] {
            for pixels in [samples::scene(61, 40), samples::red_square_on_invisible_green(33)] {
                let indexed = Indexed::of(&pixels, &Colors::Count(count));
                let shown = indexed.pixels();
                assert!(colours(&shown).len() <= usize::from(count), "{count}");
                let file = indexed.png().unwrap();
                assert_eq!(decode(&file, &Picture::read(&file).unwrap()).unwrap().pixels, shown, "{count}");
            }
        }
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let square = samples::red_square_on_invisible_green(16).without_hidden_colours();
        assert_eq!(Indexed::of(&square, &Colors::Count(2)).pixels(), square);
    }

    #[test]
    fn a_given_palette_is_kept_to_and_holes_stay_holes() {
        let palette = Colors::Palette(vec![Rgb([250, 10, 10]), Rgb([0, 0, 0])]);
        let shown = Indexed::of(&samples::red_square_on_invisible_green(16), &palette).pixels();
        let expected = [vec![0, 0, 0, 0], vec![250, 10, 10, 255]];
        assert_eq!(colours(&shown), expected.into());
    }

    #[test]
    fn more_colours_come_nearer() {
        let scene = samples::scene(80, 60);
        let off = |count| {
            let shown = Indexed::of(&scene, &Colors::Count(count)).pixels();
            shown.bytes.iter().zip(&scene.bytes).map(|(one, other)| u64::from(one.abs_diff(*other))).sum::<u64>()
        };
        let off = [4, 16, 64, 256].map(off);
        assert!(off.is_sorted_by(|one, other| one > other), "{off:?}");
        assert!(off[3] / (80 * 60 * 3) < 4, "{off:?}");
    }

    #[test]
    fn indices_are_packed_from_the_left() {
        assert_eq!(pack(&[1, 0, 1, 1, 0, 0, 0, 1], 1), 0b1011_0001);
        assert_eq!(pack(&[1, 2, 3], 2), 0b0110_1100);
        assert_eq!(pack(&[10], 4), 0xA0);
        assert_eq!(pack(&[200], 8), 200);
    }
}
