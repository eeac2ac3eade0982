//! Keys: values that must stand in no file, log, error or process list.
//!
//! Knows what a key looks like and how to hide one; where keys come from is the command line's and the project's affair.

use std::fmt;
use std::ops::Range;

/// Prefixes that the vendors' keys begin with.
const PREFIXES: [&str; 14] = [
    "sk-",
    "sk_",
    "pk-",
    "AIza",
    "xai-",
    "r8_",
    "hf_",
    "gsk_",
    "fal-",
    "ghp_",
    "github_pat_",
    "AKIA",
    "key-",
    "Bearer ",
];
/// What stands in a key's place.
const HIDDEN: &str = "[key]";
/// A shorter run is a word, not a key.
const SHORTEST: usize = 12;

/// An API key. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key in; surrounding white space is dropped, as a copied key often brings some along.
    pub fn new(value: impl AsRef<str>) -> Self {
        Self(value.as_ref().trim().to_string())
    }

    /// The key itself, for the one header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with each occurrence of this key replaced, written as JSON, an address or base64 write it, too.
    pub fn redact(&self, text: &str) -> String {
        if self.0.len() < 4 {
            return text.to_string();
        }
        let mut clean = text.replace(&self.0, HIDDEN);
        for guise in self.guises().into_iter().filter(|guise| guise.len() >= SHORTEST) {
            if clean.contains(&guise) {
                clean = clean.replace(&guise, HIDDEN);
            }
        }
        clean
    }

    /// The same of bytes that may be no text. Only the key as it stands is looked for.
    pub fn redact_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        let key = self.0.as_bytes();
        let Some(first) = key.first().filter(|_| key.len() >= 4) else { return bytes };
        let mut clean = Vec::with_capacity(bytes.len());
        let mut rest = &bytes[..];
        while let Some(at) = rest.iter().position(|byte| byte == first) {
            clean.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with(key) {
                clean.extend_from_slice(HIDDEN.as_bytes());
                rest = &rest[key.len()..];
            } else {
                clean.push(*first);
                rest = &rest[1..];
            }
        }
        clean.extend_from_slice(rest);
        clean
    }

    /// How else the key may stand in a text.
    fn guises(&self) -> Vec<String> {
        let percent = |byte: u8| {
            let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
            if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        };
        let mut guises = vec![self.0.replace('/', "\\/"), self.0.bytes().map(percent).collect()];
        // What stands before the key shifts its bits: by none, one or two bytes.
        for shift in 0..3 {
            let encoded = inner_base64(self.0.as_bytes(), shift);
            guises.push(encoded.replace('+', "-").replace('/', "_"));
            guises.push(encoded.replace('/', "\\/"));
            guises.push(encoded);
        }
        guises.retain(|guise| *guise != self.0);
        guises.sort();
        guises.dedup();
        guises
    }
}

/// The digits of base64 that depend on `bytes` alone, where so many other bytes stand before them.
fn inner_base64(bytes: &[u8], shift: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| u8::from(bytes[at / 8] & (0x80 >> (at % 8)) != 0);
    let before = shift * 8;
    let first = before.div_ceil(6);
    let digits = first..(before + bytes.len() * 8) / 6;
    let digit = |number: usize| (0..6).fold(0, |value, place| value << 1 | bit(number * 6 + place - before));
    digits.map(|number| char::from(DIGITS[usize::from(digit(number))])).collect()
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

const fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=')
}

/// Where `text` holds something that looks like an API key: a vendor's prefix and a long run of key characters, with a
/// digit or an upper-case letter among them (so that `sk-shaped-hairpin-bend` stays a wording).
pub fn find_keys(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let at_word_start = start == 0 || !is_key_byte(bytes[start - 1]) || bytes[start - 1] == b'=';
        let prefix = PREFIXES.iter().find(|prefix| at_word_start && bytes[start..].starts_with(prefix.as_bytes()));
        if let Some(prefix) = prefix {
            let run = bytes[start + prefix.len()..].iter().take_while(|byte| is_key_byte(**byte)).count();
            let end = start + prefix.len() + run;
            let tail = &bytes[start + prefix.len()..end];
            if run >= SHORTEST && tail.iter().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
                found.push(start..end);
                start = end;
                continue;
            }
        }
        start += 1;
    }
    found
}

/// `text` with everything that looks like a key replaced by as many `*`, so that byte offsets keep their meaning.
pub fn mask_keys(text: &str) -> String {
    let mut masked = text.to_string();
    for range in find_keys(text) {
        masked.replace_range(range.clone(), &"*".repeat(range.len()));
    }
    for range in assigned_keys(text).into_iter().chain(passwords(text)) {
        masked.replace_range(range.clone(), &"*".repeat(range.len()));
    }
    masked
}

/// Names of TOML keys whose value is a key whatever it looks like.
pub const KEY_NAMES: [&str; 8] =
    ["api_key", "apikey", "api-key", "key", "token", "secret", "authorization", "password"];

/// The values in lines like `api_key = "…"`, and of an `api_key_env` that can't be a variable's name.
fn assigned_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for name in KEY_NAMES.iter().copied().chain(["api_key_env"]) {
        for (at, _) in text.match_indices(name) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == '-') {
                continue;
            }
            let rest = text[at + name.len()..].trim_start_matches(['"', '\'']);
            let Some(value) = rest.trim_start_matches([' ', '\t']).strip_prefix('=') else { continue };
            let value = value.trim_start_matches([' ', '\t']);
            let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
            let start = text.len() - value.len() + 1;
            let length = text[start..].find([quote, '\n']).unwrap_or(text.len() - start);
            let is_key = name != "api_key_env" || !is_variable_name(&text[start..start + length]);
            if length > 0 && is_key && text[start..start + length].is_ascii() {
                found.push(start..start + length);
            }
        }
    }
    found
}

/// What stands before the `@` of addresses like `https://name:password@host`.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let authorities = text.match_indices("://").map(|(at, _)| at + 3);
    let in_front = authorities.filter_map(|start| {
        let is_end = |character: char| character.is_whitespace() || "/?#\"'`<>".contains(character);
        let end = text[start..].find(is_end).map_or(text.len(), |length| start + length);
        text[start..end].rfind('@').map(|length| start..start + length)
    });
    in_front.collect()
}

/// Whether `text` can be the name of an environment variable (and so is no key written in its place).
pub fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Secret, find_keys, mask_keys};

    #[test]
    fn keys_are_found_and_wordings_are_not() {
        for (text, count) in [
            ("sk-or-v1-0123456789abcdef", 1),
            ("a key AIzaSyA0123456789abcdefg in a text", 1),
            ("url?key=sk-A123456789012345", 1),
            ("a desk-like sk-shaped-hairpin-bend", 0),
            ("risk-averse fox with 1234567890123 spots", 0),
            ("sk-1", 0),
        ] {
            assert_eq!(find_keys(text).len(), count, "{text}");
        }
    }

    #[test]
    fn masking_keeps_every_offset() {
        let text = "api_key = \"short\" # é\nmodel = \"sk-A123456789012345\"\napi_key_env = \"AISA_API_KEY\"\n";
        let masked = mask_keys(text);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains("short") && !masked.contains("sk-A") && masked.contains("AISA_API_KEY"), "{masked}");
    }

    #[test]
    fn a_password_in_an_address_is_masked() {
        let text = "base_url = \"https://me:geheïm@studio.example/v1\" # https://a.b/@c me@d.e";
        let masked = mask_keys(text);
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked.matches('*').count(), "me:geheïm".len(), "{masked}");
    }

    #[test]
    fn a_secret_shows_itself_nowhere() {
        let secret = Secret::new(" canary-1234 \n");
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.redact("bad key canary-1234!"), "bad key [key]!");
    }

    #[test]
    fn a_secret_is_found_in_every_guise_that_programs_give_it() {
        let secret = Secret::new("sk+canary/0123456789==");
        for text in [
            "sk+canary\\/0123456789==",
            "https://a.example/?key=sk%2Bcanary%2F0123456789%3D%3D&x=1",
            // base64 of `sk+canary/0123456789==`, of `:` before it, and of `a:` before it, as programs write them.
            "Basic c2srY2FuYXJ5LzAxMjM0NTY3ODk9PQ==",
            "Basic OnNrK2NhbmFyeS8wMTIzNDU2Nzg5PT0=",
            "Basic YTpzaytjYW5hcnkvMDEyMzQ1Njc4OT09",
        ] {
            let clean = secret.redact(text);
            assert!(clean.contains("[key]") && clean.len() < text.len(), "{clean}");
        }
        let bytes = [b"\xff\xfes", secret.expose().as_bytes(), b"\x00 and s"].concat();
        assert_eq!(secret.redact_bytes(bytes), b"\xff\xfes[key]\x00 and s");
        assert_eq!(secret.redact("nothing of the kind"), "nothing of the kind");
    }
}
