//! Colours as people write them, and what is done by colour: a key that becomes transparent, a palette that all others give
//! way to.
//!
//! Pure values. Must not know of pixels.

use std::fmt;

/// A colour in sRGB, eight bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// How a colour is written.
    pub const FORM: &'static str = "a colour like `#1e90ff`, `#fff`, `white` or `black`";

    /// The colour of a text: `#rgb`, `#rrggbb`, `white` or `black`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "white" => return Some(Self([255; 3])),
            "black" => return Some(Self([0; 3])),
            _ => {}
        }
        let hex = text.strip_prefix('#').filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let channel = |digits: &str| u8::from_str_radix(digits, 16).ok();
        match hex.len() {
            3 => Some(Self([channel(&hex[..1])? * 17, channel(&hex[1..2])? * 17, channel(&hex[2..])? * 17])),
            6 => Some(Self([channel(&hex[..2])?, channel(&hex[2..4])?, channel(&hex[4..])?])),
            _ => None,
        }
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// A colour that becomes transparent, for pictures on a ground of one colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChromaKey {
    /// The colour; `None`: the one that the picture's corners have.
    pub color: Option<Rgb>,
    /// How far from the colour the ground may be, in per cent.
    pub tolerance: u8,
    /// How wide its edges are, in pixels, which become transparent by degrees; none, and each pixel stays or goes.
    pub softness: u8,
    /// Whether the colour's tint is taken out of edges.
    pub despill: bool,
}

impl ChromaKey {
    /// The tolerance where none is given: vendors paint grounds that are a little off.
    pub const TOLERANCE: u8 = 30;
    /// The softness where none is given.
    pub const SOFTNESS: u8 = 3;

    /// With everything but the colour as it is where nothing is said.
    pub const fn of(color: Option<Rgb>) -> Self {
        Self { color, tolerance: Self::TOLERANCE, softness: Self::SOFTNESS, despill: true }
    }
}

/// The colours that a picture is brought down to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colors {
    /// As many as this, 2 to 256, chosen by what the picture has.
    Count(u16),
    /// These, up to 256.
    Palette(Vec<Rgb>),
}

impl Colors {
    /// The most colours that a palette has: what an index of a byte tells apart.
    pub const MOST: usize = 256;

    /// The palette of a file's text: a colour a line as hex digits, with or without `#`; or GIMP's form, three numbers a line.
    /// Lines that begin with `;` or `//`, and a GIMP palette's head, are passed over. The error is the line that says nothing.
    pub fn read_palette(text: &str) -> Result<Vec<Rgb>, usize> {
        let is_gimp = text.trim_start().starts_with("GIMP Palette");
        let mut palette = Vec::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            let is_head = ["GIMP Palette", "Name:", "Columns:"].iter().any(|head| line.starts_with(head));
            let is_note = line.is_empty() || line.starts_with(';') || line.starts_with("//");
            if is_note || (is_gimp && (is_head || line.starts_with('#'))) {
                continue;
            }
            let colour =
                if is_gimp { three_numbers(line) } else { Rgb::parse(&format!("#{}", line.trim_start_matches('#'))) };
            palette.push(colour.ok_or(index + 1)?);
        }
        Ok(palette)
    }
}

fn three_numbers(line: &str) -> Option<Rgb> {
    let mut numbers = line.split_whitespace().map(|number| number.parse().ok());
    Some(Rgb([numbers.next()??, numbers.next()??, numbers.next()??]))
}

#[cfg(test)]
mod tests {
    use crate::transform::colour::{Colors, Rgb};

    #[test]
    fn colours_are_read_and_written() {
        for (text, colour) in [
            ("#1e90ff", Some([0x1e, 0x90, 0xff])),
            ("#FFF", Some([255; 3])),
            ("white", Some([255; 3])),
            ("black", Some([0; 3])),
            ("1e90ff", None),
            ("#12", None),
            ("#12345g", None),
            ("#ÄÖÜ", None),
            ("", None),
        ] {
            assert_eq!(Rgb::parse(text), colour.map(Rgb), "{text}");
        }
        assert_eq!(Rgb([1, 0, 255]).to_string(), "#0100ff");
    }

    #[test]
    fn palettes_are_read_in_both_forms() {
        let two = vec![Rgb([26, 28, 44]), Rgb([255; 3])];
        assert_eq!(Colors::read_palette("; mine\n1a1c2c\n\n#ffffff\n"), Ok(two.clone()));
        let gimp = "GIMP Palette\nName: mine\nColumns: 2\n# a note\n 26  28  44\tink\n255 255 255 paper\n";
        assert_eq!(Colors::read_palette(gimp), Ok(two));
        assert_eq!(Colors::read_palette("1a1c2c\nblue\n"), Err(2));
        assert_eq!(Colors::read_palette("GIMP Palette\n1 2\n"), Err(2));
        assert_eq!(Colors::read_palette(""), Ok(Vec::new()));
    }
}
