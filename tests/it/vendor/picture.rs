//! Pictures that are real images of the asked size, cheap to make, and no two of them alike.

use std::collections::HashMap;

use image::{ExtendedColorType, ImageFormat};

use super::Fault;
use super::order::Order;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Png,
    Jpeg,
    Webp,
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Format::Png => "png",
            Format::Jpeg => "jpg",
            Format::Webp => "webp",
        }
    }

    /// The format that a field `output_format` names.
    pub(crate) fn named(name: &str) -> Option<Format> {
        match name {
            "png" => Some(Format::Png),
            "jpeg" => Some(Format::Jpeg),
            "webp" => Some(Format::Webp),
            _ => None,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
            Format::Webp => "image/webp",
        }
    }
}

/// What a vendor's pictures look like, whatever was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) format: Format,
    pub(super) size: Option<(u32, u32)>,
    pub(super) padded_to: usize,
}

impl Shape {
    /// The format that an order gets.
    pub(super) fn format_for(&self, order: &Order) -> Format {
        order.format.unwrap_or(self.format)
    }

    /// The size that an order gets.
    pub(super) fn size_for(&self, order: &Order, fault: Option<&Fault>) -> (u32, u32) {
        let (width, height) = self.size.unwrap_or((order.width, order.height));
        match fault {
            Some(Fault::WrongSize) => ((width / 2).max(1), (height / 2).max(1)),
            _ => (width, height),
        }
    }
}

/// Makes pictures, and keeps the parts that are the same in all of them.
#[derive(Default)]
pub(super) struct Easel {
    pixels: HashMap<(u32, u32), Vec<u8>>,
    greys: HashMap<(u32, u32), Vec<u8>>,
    padding: HashMap<usize, Vec<u8>>,
}

impl Easel {
    /// The bytes of picture `number`, and the type under which they are served.
    pub(super) fn paint(
        &mut self,
        number: u64,
        order: &Order,
        shape: &Shape,
        fault: Option<&Fault>,
    ) -> (Vec<u8>, &'static str) {
        if fault == Some(&Fault::NotAnImage) {
            return (format!("<!doctype html><title>not found {number}</title>").into_bytes(), "text/html");
        }
        let usual = shape.format_for(order);
        let format = match (fault, usual) {
            (Some(Fault::WrongFormat), Format::Png) => Format::Jpeg,
            (Some(Fault::WrongFormat), _) => Format::Png,
            _ => usual,
        };
        let (width, height) = shape.size_for(order, fault);
        match fault {
            Some(Fault::Drawing) => return (drawing(width, height, number), usual.content_type()),
            Some(Fault::Checkers) => return (checkers(width, height, number), usual.content_type()),
            _ => {}
        }
        let asked = ground_in(&order.prompt).filter(|_| fault != Some(&Fault::Opaque));
        let own = Colours::of(number, order.is_transparent && fault != Some(&Fault::Opaque));
        let colours = asked.map_or(own, |ground| Colours::on(ground, number));
        let bytes = match format {
            Format::Png => self.png(width, height, &colours),
            Format::Jpeg if asked.is_some() => {
                let pixels = rows(width, height, colours.corner, colours.ground);
                encode(&pixels, width, height, ExtendedColorType::Rgb8, ImageFormat::Jpeg)
            }
            Format::Jpeg => self.jpeg(width, height, number),
            Format::Webp => webp(width, height, &colours),
        };
        (self.pad(bytes, format, shape.padded_to), usual.content_type())
    }

    /// A PNG of two colours. The pixels are the same for each number; the palette is not.
    fn png(&mut self, width: u32, height: u32, colours: &Colours) -> Vec<u8> {
        let pixels = self.pixels.entry((width, height)).or_insert_with(|| indices(width, height));
        let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
        head.extend([8, 3, 0, 0, 0]); // eight bits, a palette, no interlacing
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend(chunk(*b"IHDR", &head));
        bytes.extend(chunk(*b"PLTE", &[colours.ground, colours.corner].concat()));
        if colours.is_transparent {
            bytes.extend(chunk(*b"tRNS", &[0, 255]));
        }
        bytes.extend(chunk(*b"IDAT", pixels));
        bytes.extend(chunk(*b"IEND", &[]));
        bytes
    }

    /// A JPEG of two near greys. The coefficients are the same for each number; what they stand for is not.
    fn jpeg(&mut self, width: u32, height: u32, number: u64) -> Vec<u8> {
        let greys = self.greys.entry((width, height)).or_insert_with(|| {
            let pixels = rows(width, height, [152, 136, 128], [104, 120, 136]);
            encode(&pixels, width, height, ExtendedColorType::Rgb8, ImageFormat::Jpeg)
        });
        let mut bytes = greys.clone();
        tint(&mut bytes, number);
        let mut label = vec![0xff, 0xfe, 0, 10];
        label.extend(number.to_be_bytes());
        [&bytes[..2], &label, &bytes[2..]].concat()
    }

    fn pad(&mut self, bytes: Vec<u8>, format: Format, length: usize) -> Vec<u8> {
        let missing = length.saturating_sub(bytes.len());
        match format {
            Format::Png if missing >= 12 => {
                let padding = self.padding.entry(missing).or_insert_with(|| chunk(*b"paDd", &vec![0; missing - 12]));
                let end = bytes.len() - 12; // before IEND
                [&bytes[..end], padding, &bytes[end..]].concat()
            }
            Format::Jpeg => [&bytes[..2], &comments(missing), &bytes[2..]].concat(),
            _ => bytes,
        }
    }
}

/// A small picture such as a model draws while it thinks; nobody is billed for it.
pub(super) fn draft() -> Vec<u8> {
    Easel::default().png(32, 32, &Colours::of(u64::MAX / 2, false))
}

/// A ground and a corner whose colours tell one picture from another.
struct Colours {
    ground: [u8; 3],
    corner: [u8; 3],
    is_transparent: bool,
}

/// The colour of the ground that a prompt asks for.
fn ground_in(prompt: &str) -> Option<[u8; 3]> {
    let (_, rest) = prompt.split_once("(#")?;
    let channel = |at: usize| u8::from_str_radix(rest.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

impl Colours {
    /// A red that each number has another shade of, on nearly the ground that was asked for: no vendor hits it.
    fn on(ground: [u8; 3], number: u64) -> Colours {
        let shade = u8::try_from(number % 40).expect("small");
        let ground = ground.map(|channel| if channel > 127 { channel - 14 } else { channel + 11 });
        Colours { ground, corner: [200 - shade, 30, 40 + shade], is_transparent: false }
    }

    fn of(number: u64, is_transparent: bool) -> Colours {
        let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let channels = (mixed ^ (mixed >> 29)).to_be_bytes();
        let colour = |first: usize| [channels[first], channels[first + 1], channels[first + 2]];
        Colours { ground: colour(0), corner: colour(3), is_transparent }
    }
}

/// The compressed pixels of a palette image: a grey one has the same layout.
fn indices(width: u32, height: u32) -> Vec<u8> {
    let pixels = rows(width, height, [1], [0]);
    data_of(&encode(&pixels, width, height, ExtendedColorType::L8, ImageFormat::Png))
}

/// The contents of a PNG's IDAT chunks.
fn data_of(png: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut rest = &png[8..];
    while let [a, b, c, d, kind @ .., _, _, _, _] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if kind.starts_with(b"IDAT") {
            data.extend(&kind[4..4 + length]);
        }
        rest = &rest[12 + length..];
    }
    data
}

fn chunk(kind: [u8; 4], contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).expect("a chunk is no longer than 4 GiB");
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(contents);
    let checksum = crc32(&bytes[4..]);
    bytes.extend(checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (crc >> 8) ^ CRC_TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    !bytes.iter().fold(!0, step)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0_u32;
    while index < 256 {
        let mut crc = index;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
};

/// Set how far the blocks of a JPEG lie from grey. Encoding anew for each picture would take a second.
fn tint(jpeg: &mut [u8], number: u64) {
    let steps = [number % 56, number / 56 % 56].map(|step| 4 + u8::try_from(step).expect("it is below 56"));
    let mut place = 2;
    while jpeg[place + 1] != START_OF_SCAN {
        let end = place + 2 + usize::from(u16::from_be_bytes([jpeg[place + 2], jpeg[place + 3]]));
        if jpeg[place + 1] == QUANTIZATION {
            for table in jpeg[place + 4..end].chunks_exact_mut(65) {
                table[1] = steps[usize::from(table[0] & 1)];
            }
        }
        place = end;
    }
}

const QUANTIZATION: u8 = 0xdb;
const START_OF_SCAN: u8 = 0xda;

fn webp(width: u32, height: u32, colours: &Colours) -> Vec<u8> {
    let opaque = |[red, green, blue]: [u8; 3]| [red, green, blue, 255];
    let ground = if colours.is_transparent { [0; 4] } else { opaque(colours.ground) };
    let pixels = rows(width, height, opaque(colours.corner), ground);
    encode(&pixels, width, height, ExtendedColorType::Rgba8, ImageFormat::WebP)
}

/// By way of a file: that code is compiled, and optimized, with the encoder; any other way is compiled with the tests.
fn encode(pixels: &[u8], width: u32, height: u32, colours: ExtendedColorType, format: ImageFormat) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("the system has room for a temporary file");
    image::save_buffer_with_format(file.path(), pixels, width, height, colours, format).expect("pixels are writable");
    std::fs::read(file.path()).expect("the file was just written")
}

/// The upper left quarter is the corner, so that crops, flips and turns show.
fn rows<const CHANNELS: usize>(width: u32, height: u32, corner: [u8; CHANNELS], ground: [u8; CHANNELS]) -> Vec<u8> {
    let (width, height) = (width as usize, height as usize);
    let upper = [corner.repeat(width / 2), ground.repeat(width - width / 2)].concat();
    [upper.repeat(height / 2), ground.repeat(width * (height - height / 2))].concat()
}

/// JPEG comments of this many bytes in all; a rest below four bytes is left out.
fn comments(mut missing: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(missing);
    while missing >= 4 {
        let length = u16::try_from(missing - 2).unwrap_or(u16::MAX);
        bytes.extend([0xff, 0xfe]);
        bytes.extend(length.to_be_bytes());
        bytes.resize(bytes.len() + usize::from(length) - 2, b' ');
        missing -= usize::from(length) + 2;
    }
    bytes
}

pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    let mut groups = bytes.chunks_exact(3);
    for group in &mut groups {
        text.extend_from_slice(&sextets(group[0], group[1], group[2]));
    }
    match *groups.remainder() {
        [only] => text.extend([&sextets(only, 0, 0)[..2], b"=="].concat()),
        [first, second] => text.extend([&sextets(first, second, 0)[..3], b"="].concat()),
        _ => {}
    }
    String::from_utf8(text).expect("the alphabet is ASCII")
}

fn sextets(first: u8, second: u8, third: u8) -> [u8; 4] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [
        ALPHABET[usize::from(first >> 2)],
        ALPHABET[usize::from(first << 4 & 0x30 | second >> 4)],
        ALPHABET[usize::from(second << 2 & 0x3c | third >> 6)],
        ALPHABET[usize::from(third & 0x3f)],
    ]
}

/// A disc on nothing.
fn drawing(width: u32, height: u32, number: u64) -> Vec<u8> {
    let (x, y) = (width / 2, height / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><!-- {number} -->\
         <circle cx=\"{x}\" cy=\"{y}\" r=\"{}\" fill=\"#c81e28\"/></svg>",
        x.min(y)
    )
    .into_bytes()
}

/// A square on a board of two greys.
fn checkers(width: u32, height: u32, number: u64) -> Vec<u8> {
    let inside = |at: u32, side: u32| (side / 3..side - side / 3).contains(&at);
    let shade = u8::try_from(number % 200).expect("below 200");
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| match (x / 4 + y / 4) % 2 {
            _ if inside(x, width) && inside(y, height) => [200, shade, 40],
            0 => [204; 3],
            _ => [255; 3],
        })
        .collect();
    encode(&pixels, width, height, ExtendedColorType::Rgb8, ImageFormat::Png)
}
