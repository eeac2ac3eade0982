//! Pictures that a request carries: in forms, in data URLs, inline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::multipart::File;
use super::objection::{Breach, Objection};

/// The decoded pictures of a body, in order; addresses on the web are none.
pub(super) fn carried(body: &Value, files: &[File]) -> Vec<Vec<u8>> {
    let mut found = files.iter().map(|file| file.bytes.clone()).collect();
    collect(body, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) => found.extend(DataUrl::parse(text).map(|url| url.bytes)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => {
            let inline = fields.get("inlineData").or_else(|| fields.get("inline_data"));
            let data = inline.and_then(|inline| inline["data"].as_str());
            found.extend(data.and_then(|data| STANDARD.decode(data).ok()));
            fields.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

/// `data:image/png;base64,…`
struct DataUrl {
    media_type: String,
    bytes: Vec<u8>,
}

impl DataUrl {
    fn parse(text: &str) -> Option<DataUrl> {
        let (media_type, data) = text.strip_prefix("data:")?.split_once(";base64,")?;
        Some(DataUrl { media_type: media_type.to_string(), bytes: STANDARD.decode(data).ok()? })
    }
}

/// A reference must be an address on the web, or a data URL of a picture whose type it names. The size is that of the picture.
pub(super) fn check_url(url: &str) -> Result<Option<(u32, u32)>, Objection> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(None);
    }
    let url =
        DataUrl::parse(url).ok_or_else(|| bad("a reference is neither a web address nor a data URL in base64"))?;
    check(&url.bytes, &url.media_type).map(Some)
}

/// Base64 of a picture of this type.
pub(super) fn check_inline(data: &str, media_type: &str) -> Result<(u32, u32), Objection> {
    let bytes = STANDARD.decode(data).map_err(|error| bad(format!("a reference is no base64: {error}")))?;
    check(&bytes, media_type)
}

/// Bytes that must decode as a picture of this type.
pub(super) fn check(bytes: &[u8], media_type: &str) -> Result<(u32, u32), Objection> {
    let format = image::guess_format(bytes).map_err(|_| bad("a reference is no picture"))?;
    let documented = [image::ImageFormat::Png, image::ImageFormat::Jpeg, image::ImageFormat::WebP];
    if !documented.contains(&format) || format.to_mime_type() != media_type {
        return Err(bad(format!("a reference is called {media_type} and is {}", format.to_mime_type())));
    }
    let picture = image::load_from_memory(bytes).map_err(|error| bad(format!("a reference is broken: {error}")))?;
    Ok((picture.width(), picture.height()))
}

pub(super) fn bad(message: impl Into<String>) -> Objection {
    Objection::new(Breach::BadReference, message)
}
