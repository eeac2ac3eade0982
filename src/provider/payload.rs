//! An image as an answer's text carries it: an address, base64, or a data URL.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::provider::{Attachment, Payload};

/// A text that may be any of them, as vendors put them into one field.
pub(crate) fn any(text: &str) -> Result<Payload, String> {
    if text.contains("://") { address(text) } else { base64(text) }
}

/// An address, or a data URL in its place.
pub(crate) fn address(text: &str) -> Result<Payload, String> {
    if is_data_url(text) {
        return data_url(text);
    }
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if is_web {
        Ok(Payload::Url(text.to_string()))
    } else {
        Err("an image at an address that is no web address".to_string())
    }
}

/// Base64, or a data URL in its place.
pub(crate) fn base64(text: &str) -> Result<Payload, String> {
    if is_data_url(text) { data_url(text) } else { decode(text) }
}

/// A picture as a data URL.
pub(crate) fn to_data_url(picture: &Attachment) -> String {
    format!("data:{};base64,{}", picture.format.media_type(), to_base64(&picture.bytes))
}

/// A picture as a part of a message or of a list, as OpenAI's chat has it, and others after it.
pub(crate) fn image_url(picture: &Attachment) -> serde_json::Value {
    serde_json::json!({ "type": "image_url", "image_url": { "url": to_data_url(picture) } })
}

/// Base64 as every vendor reads it.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

fn data_url(url: &str) -> Result<Payload, String> {
    match url.split_once(',') {
        Some((head, text)) if head.to_ascii_lowercase().ends_with(";base64") => decode(text),
        _ => Err("an image in a data URL that isn't base64".to_string()),
    }
}

/// Base64 as found in the wild: with or without padding, broken into lines, in either alphabet.
fn decode(text: &str) -> Result<Payload, String> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = lenient(&STANDARD).decode(&packed).or_else(|_| lenient(&URL_SAFE).decode(&packed));
    match bytes {
        Ok(bytes) if !bytes.is_empty() => Ok(Payload::Bytes(bytes)),
        _ => Err("an image whose base64 can't be read".to_string()),
    }
}

fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

#[cfg(test)]
mod tests {
    use crate::picture::Format;
    use crate::provider::payload::{address, any, base64, to_data_url};
    use crate::provider::{Attachment, Payload};

    #[test]
    fn images_in_any_wrapping_are_read() {
        let hello = || Ok(Payload::Bytes(b"hello".to_vec()));
        let url = |text: &str| Ok(Payload::Url(text.to_string()));
        for (read, text, expected) in [
            (base64 as fn(&str) -> Result<Payload, String>, "aGVsbG8=", hello()),
            (base64, "aGVs\r\n bG8", hello()),
            (base64, "data:image/png;base64,aGVsbG8=", hello()),
            (base64, "_-8", Ok(Payload::Bytes(vec![0xff, 0xef]))),
            (address, "DATA:image/PNG;charset=x;Base64,aGVsbG8=", hello()),
            (address, "HTTP://127.0.0.1/a.png", url("HTTP://127.0.0.1/a.png")),
            (any, "https://a.b/c", url("https://a.b/c")),
            (any, "aGVsbG8", hello()),
            (any, "data:image/webp;base64,aGVsbG8=", hello()),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for text in ["file:///etc/passwd", "ftp://a/b", "data:text/plain,hello", "!", "\n", ""] {
            assert!(any(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_picture_goes_there_and_back() {
        let picture = Attachment { bytes: vec![0, 255, 7], format: Format::Webp };
        assert!(to_data_url(&picture).starts_with("data:image/webp;base64,"));
        assert_eq!(any(&to_data_url(&picture)), Ok(Payload::Bytes(picture.bytes)));
    }
}
