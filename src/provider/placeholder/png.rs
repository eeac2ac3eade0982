//! A palette picture as a PNG file: chunks, checksums, and no more of the format than that.
//!
//! Written by hand, because an encoder's next version may compress otherwise and these files must never change.
//! It must not know what the picture shows.

use crate::provider::placeholder::deflate;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// 8 bits a pixel, indexes into a palette, the only compression and filter methods, not interlaced.
const DEPTH_AND_METHODS: [u8; 5] = [8, 3, 0, 0, 0];

/// `rows` is the picture's rows, each a filter byte of zero ("none", the best for indexes) and then its pixels.
pub(crate) fn encode(width: u32, height: u32, palette: &[[u8; 3]], comment: &str, rows: &[u8]) -> Vec<u8> {
    let mut png = SIGNATURE.to_vec();
    chunk(&mut png, *b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &DEPTH_AND_METHODS].concat());
    chunk(&mut png, *b"PLTE", palette.as_flattened());
    chunk(&mut png, *b"tEXt", &[b"Comment\0", comment.as_bytes()].concat());
    chunk(&mut png, *b"IDAT", &zlib(rows, width as usize + 1));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("a picture of 100 megapixels compresses to less than 4 GB");
    png.extend(length.to_be_bytes());
    let checked_from = png.len();
    png.extend(kind);
    png.extend(data);
    let checksum = crc32(&png[checked_from..]);
    png.extend(checksum.to_be_bytes());
}

fn zlib(data: &[u8], row_length: usize) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    deflate::compress(data, row_length, &mut stream);
    stream.extend(adler32(data).to_be_bytes());
    stream
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let (mut value, mut bit) = (index, 0);
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[index as usize] = value;
        index += 1;
    }
    table
};

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |sum, &byte| CRC_TABLE[((sum ^ u32::from(byte)) & 0xff) as usize] ^ (sum >> 8))
}

fn adler32(data: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    /// As many bytes as can be summed before a 32-bit sum may overflow.
    const AT_ONCE: usize = 5552;
    let (mut low, mut high) = (1, 0);
    for bytes in data.chunks(AT_ONCE) {
        for &byte in bytes {
            low += u32::from(byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::{adler32, crc32};

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
