//! The placeholder picture: what an asset looks like before anyone has paid for it.
//!
//! A small poster in colours and a pattern of the recipe's own, with the asset's name and prompt on it. The same recipe
//! gives the same bytes on every machine and in every later version: nothing here depends on a codec, a rasteriser or a
//! maths library, only on fonts that are embedded. It must not know about manifests, requests or files.

mod deflate;
mod layout;
mod palette;
mod pattern;
mod png;
mod raster;
mod text;

use std::fmt::Write as _;

use crate::provider::placeholder::pattern::Chance;
use crate::provider::placeholder::raster::Canvas;

/// What a placeholder shows.
pub(crate) struct Placeholder<'a> {
    pub(crate) name: &'a str,
    pub(crate) prompt: &'a str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// From 1. Takes of one asset look related, but not alike.
    pub(crate) take: u32,
    /// The recipe's digest: colours and pattern come from it.
    pub(crate) seed: [u8; 32],
}

/// The PNG file. Any width and height from 1x1 to 16384 a side (up to 100 Mpx).
pub(crate) fn draw(placeholder: &Placeholder<'_>) -> Vec<u8> {
    let Placeholder { width, height, take, seed, .. } = *placeholder;
    let mut canvas = Canvas::new(width, height);
    pattern::draw(&mut canvas, seed[2], chance(&seed, take));
    layout::write(&mut canvas, placeholder);
    let colours = palette::ramp(palette::choose(seed[0], seed[1], take));
    png::encode(width, height, &colours, &comment(placeholder), &canvas.into_rows())
}

/// Where a pattern's details come from: never zero, which xorshift would stay at.
fn chance(seed: &[u8; 32], take: u32) -> Chance {
    let own = seed[3..11].iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let start = own ^ u64::from(take).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Chance(start.max(1))
}

/// Tells takes and recipes apart even where the picture has room for nothing but a colour.
fn comment(placeholder: &Placeholder<'_>) -> String {
    let mut comment = format!("placeholder, take {}, recipe ", placeholder.take);
    for byte in placeholder.seed {
        write!(comment, "{byte:02x}").expect("writing to a string doesn't fail");
    }
    comment
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "tests choose small numbers")]
mod tests {
    use std::collections::HashSet;

    use crate::provider::placeholder::{Placeholder, draw, layout, palette};

    const PROMPT: &str = "A short steel sword, flat vector icon, two colours";

    fn placeholder(width: u32, height: u32) -> Placeholder<'static> {
        let seed = std::array::from_fn(|index| (index * 37 + 11) as u8);
        Placeholder { name: "icons/sword", prompt: PROMPT, width, height, take: 1, seed }
    }

    fn pixels(placeholder: &Placeholder<'_>) -> Vec<u8> {
        let picture = image::load_from_memory(&draw(placeholder)).unwrap();
        assert_eq!((picture.width(), picture.height()), (placeholder.width, placeholder.height));
        picture.into_rgb8().into_raw()
    }

    /// Changing these changes every placeholder in every repo: rather don't.
    #[test]
    fn the_same_bytes_for_ever() {
        let golden = [
            (16, 16, "827e319c2b47abc1f5a05b8df03ae6cac96d2c96029ba3989b9e53556aaef106"),
            (64, 64, "ca5ea674d77271ca76249ec5d80bc6a7098239d76617e0d44e86df622b09bd81"),
            (256, 256, "71b2de465b7dddce55811ee03680d448ed8aafd247a28a747271649e7b755374"),
            (728, 90, "078a46a0a902231a262787b45ce874aedf1fecb3956175ed2ead0353ae1f7233"),
            (1024, 768, "0fafa71d3852e06ff4c76b22287d9760bd413de172781dca3f21200de07e019c"),
        ];
        for (width, height, digest) in golden {
            let png = draw(&Placeholder { seed: seed_of(width), ..placeholder(width, height) });
            assert_eq!(blake3::hash(&png).to_hex().as_str(), digest, "{width}x{height}");
        }
    }

    /// Another pattern and mood for each size.
    fn seed_of(width: u32) -> [u8; 32] {
        *blake3::hash(&width.to_le_bytes()).as_bytes()
    }

    #[test]
    fn every_pattern_decodes_at_every_shape() {
        for kind in 0..10 {
            for (width, height) in [(1, 1), (8, 8), (1, 4000), (500, 9), (128, 1024), (900, 128), (300, 200)] {
                let mut placeholder = placeholder(width, height);
                placeholder.seed[2] = kind;
                assert_eq!(pixels(&placeholder).len() as u32, width * height * 3);
            }
        }
    }

    #[test]
    fn every_small_size_decodes() {
        for width in 1..=64 {
            // Every fourth shape is enough, as long as every width and height is among them.
            for height in (1..=64).filter(|height| (width + height) % 4 == 0) {
                let mut placeholder = placeholder(width, height);
                placeholder.seed[2] = (width * 7 + height) as u8;
                pixels(&placeholder);
            }
        }
    }

    #[test]
    fn a_large_one_is_small_on_disk() {
        let png = draw(&placeholder(4096, 4096));
        assert!(png.len() < 400_000, "{} bytes", png.len());
    }

    #[test]
    fn takes_differ_in_bytes_and_to_the_eye() {
        for side in [1, 3, 16, 64, 200] {
            let takes: Vec<_> = (1..=30).map(|take| Placeholder { take, ..placeholder(side, side) }).collect();
            assert_eq!(takes.iter().map(draw).collect::<HashSet<_>>().len(), 30, "bytes at {side}");
            assert_eq!(takes[..24].iter().map(pixels).collect::<HashSet<_>>().len(), 24, "pixels at {side}");
        }
    }

    #[test]
    fn seeds_differ_in_bytes() {
        for side in [1, 16, 128] {
            let seeds = (0..100).map(|seed| draw(&Placeholder { seed: seed_of(seed), ..placeholder(side, side) }));
            assert_eq!(seeds.collect::<HashSet<_>>().len(), 100, "at {side}");
        }
    }

    #[test]
    fn name_prompt_and_size_are_seen() {
        for (width, height) in [(128, 128), (728, 90), (1024, 768)] {
            let plain = pixels(&placeholder(width, height));
            assert_ne!(plain, pixels(&Placeholder { name: "icons/swore", ..placeholder(width, height) }));
            assert_ne!(plain, pixels(&Placeholder { prompt: "A short", ..placeholder(width, height) }));
        }
    }

    #[test]
    fn odd_texts_are_drawn() {
        let long_prompt = "Gulls over the breakers. ".repeat(400);
        let long_word = "x".repeat(500);
        let texts = [
            ("", ""),
            (" ", "\n\t "),
            ("///", "---"),
            ("\u{200b}", "e\u{301}\u{0}\u{feff}"),
            ("绘画/東京", "夕暮れの東京タワー、水彩画"),
            ("🙂", "👩‍🚀 on the moon 🌙"),
            ("עברית", "لوحة مائية لمنارة"),
            (&long_word, &long_word),
            ("hero", &long_prompt),
            (&long_prompt, "short"),
        ];
        for (name, prompt) in texts {
            for (width, height) in [(1, 1), (16, 16), (64, 64), (128, 128), (160, 48), (40, 300), (640, 480)] {
                pixels(&Placeholder { name, prompt, ..placeholder(width, height) });
            }
        }
    }

    fn luminance(colour: [u8; 3]) -> f64 {
        let linear = colour.map(|channel| match f64::from(channel) / 255.0 {
            dark @ ..=0.040_45 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        });
        linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722
    }

    #[test]
    fn even_faint_letters_stand_out_from_every_tone_of_every_palette() {
        for colours in palette::PALETTES {
            let ramp = palette::ramp(colours);
            for amount in [layout::FAINT, palette::FULL] {
                for tone in 0..palette::LEVELS {
                    let letter = luminance(ramp[usize::from(amount << 4 | tone)]);
                    let ground = luminance(ramp[usize::from(tone)]);
                    let contrast = (letter.max(ground) + 0.05) / (letter.min(ground) + 0.05);
                    assert!(contrast >= 4.5, "{colours:06x?} at {amount} over {tone}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn palettes_are_all_different() {
        assert_eq!(palette::PALETTES.iter().collect::<HashSet<_>>().len(), palette::PALETTES.len());
    }
}
