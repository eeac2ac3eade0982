//! BLAKE3 digests: what identifies originals, outputs, recipes and settings.
//!
//! Knows nothing of what is hashed. [`Encoder`] is the one way in which structured values become bytes for a hash: own,
//! tagged and length-prefixed, so that no serialisation library can ever change a fingerprint.

use std::fmt;
use std::str::FromStr;

/// A BLAKE3 digest of 32 bytes, written `b3:` and 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes` as they are.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The digest whose raw bytes these are.
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest that a hasher came to.
    pub(crate) fn from_hash(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }

    /// The 64 hex digits without the prefix: a file name in the cache.
    pub fn hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The first eight hex digits, for people.
    pub fn short(self) -> String {
        self.hex()[..8].to_string()
    }

    /// The raw 32 bytes, as a source of deterministic variety (the placeholder's colours).
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "b3:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "b3:{}", self.short())
    }
}

/// The text is not `b3:` and 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a digest: expected `b3:` and 64 hex digits")
    }
}

impl std::error::Error for NotADigest {}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let hex = text.strip_prefix("b3:").ok_or(NotADigest)?;
        blake3::Hash::from_hex(hex).map(|hash| Self(*hash.as_bytes())).map_err(|_| NotADigest)
    }
}

/// Encodes a structured value for hashing: each field is a tag byte, a length of eight little-endian bytes, and its bytes;
/// an absent field is absent; the number of fields ends it. Two different values never encode alike.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    fields: u64,
}

impl Encoder {
    /// An empty value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one field.
    pub fn field(&mut self, tag: u8, value: &[u8]) -> &mut Self {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(value);
        self.fields += 1;
        self
    }

    /// Appends a field that may be absent.
    pub fn optional(&mut self, tag: u8, value: Option<&[u8]>) -> &mut Self {
        if let Some(value) = value {
            self.field(tag, value);
        }
        self
    }

    /// The encoding, closed by the number of its fields: nest it as the value of another field.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&self.fields.to_le_bytes());
        self.bytes
    }

    /// The digest of the encoding under a BLAKE3 derive-key `context`, which names the kind of value and its version.
    pub fn digest(self, context: &str) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(&self.finish());
        Digest(*hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Encoder};

    #[test]
    fn a_digest_reads_back_from_its_text() {
        let digest = Digest::of(b"moon");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("b3:12".parse::<Digest>().is_err());
        assert!(digest.hex().parse::<Digest>().is_err(), "the prefix is part of the text");
    }

    #[test]
    fn moving_bytes_from_one_field_to_the_next_changes_the_encoding() {
        let encode = |first: &[u8], second: &[u8]| {
            let mut encoder = Encoder::new();
            encoder.field(1, first).field(2, second);
            encoder.finish()
        };
        assert_ne!(encode(b"ab", b"c"), encode(b"a", b"bc"));
    }
}
