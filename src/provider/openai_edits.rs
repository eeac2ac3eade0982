//! The request of `openai-images` for references: `POST {base_url}/images/edits`. Its answer is that of generations.
//!
//! One pure function, from an [`Ask`] to a request. Knows no network and no key.
//!
//! OpenAI documents a form with `model`, `prompt`, the fields of generations, and the pictures as `image`, or `image[]`
//! where there are several, at most 16; and the same as JSON with `images`, each an `image_url` (OpenAI's OpenAPI file,
//! 2026). sd.cpp and SGLang take the form (leejet/stable-diffusion.cpp examples/server/api.md; SGLang docs, 2026).

use serde_json::{Map, Value as Json, json};

use crate::capability::Edits;
use crate::digest::Digest;
use crate::provider::json::{finish, with_options};
use crate::provider::openai_images::sized_fields;
use crate::provider::{Ask, Attachment, Request, payload};

/// The request, in the form that the route takes.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    let mut fields = sized_fields(ask);
    let path = beside(&ask.route.path);
    match ask.route.edits() {
        Edits::Multipart => {
            let (content_type, body) = form(&with_options(fields, ask), ask.references);
            Request { path, content_type, body }
        }
        Edits::Json => {
            let images = ask.references.iter().map(|picture| json!({"image_url": payload::to_data_url(picture)}));
            fields.insert("images".into(), images.collect());
            Request { path, ..finish(fields, ask) }
        }
    }
}

/// The path of edits, which lie beside generations.
fn beside(generations: &str) -> String {
    match generations.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/edits"),
        None => "edits".to_string(),
    }
}

/// The media type and the body of a form (RFC 7578).
fn form(fields: &Map<String, Json>, pictures: &[Attachment]) -> (String, Vec<u8>) {
    // Several under the plain name are refused as duplicates, and one alone has to keep it (openai/openai-ruby#311).
    let name = if pictures.len() == 1 { "image" } else { "image[]" };
    let texts = fields.iter().map(|(name, value)| text_part(name, value));
    let files = pictures.iter().zip(1..).map(|(picture, number)| file_part(name, number, picture));
    let parts: Vec<Vec<u8>> = texts.chain(files).collect();
    let boundary = boundary(&parts);
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(&part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// A text as it is; of any other value its JSON.
fn text_part(name: &str, value: &Json) -> Vec<u8> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    format!("Content-Disposition: form-data; name=\"{}\"\r\n\r\n{text}", quoted(name)).into_bytes()
}

fn file_part(name: &str, number: usize, picture: &Attachment) -> Vec<u8> {
    let Attachment { bytes, format } = picture;
    let (extension, media_type) = (format.extension(), format.media_type());
    let head = format!(
        "Content-Disposition: form-data; name=\"{name}\"; filename=\"image-{number}.{extension}\"\r\n\
         Content-Type: {media_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes].concat()
}

/// A field's name inside quotes, as the HTML standard has it: the name of an option may hold anything.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A boundary that follows from the parts, so that the same request is the same bytes, and that occurs in none of them.
fn boundary(parts: &[Vec<u8>]) -> String {
    let digests: Vec<u8> = parts.iter().flat_map(|part| *Digest::of(part).as_bytes()).collect();
    unused(Digest::of(&digests), parts)
}

/// The digest in hex, or the digest of that, and so on.
fn unused(digest: Digest, parts: &[Vec<u8>]) -> String {
    let hex = digest.hex();
    let occurs = |part: &Vec<u8>| part.windows(hex.len()).any(|window| window == hex.as_bytes());
    if parts.iter().any(occurs) { unused(Digest::of(hex.as_bytes()), parts) } else { hex }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use crate::capability::{Edits, Facts, Field};
    use crate::digest::Digest;
    use crate::model::{Api, Route};
    use crate::provider::openai_edits::{request, unused};
    use crate::provider::samples::{ask, body, references, route};
    use crate::provider::{Ask, Request};
    use crate::recipe::{Background, Quality, Value};
    use crate::size::Asked;

    const FIELDS: [Field; 6] =
        [Field::N, Field::Size, Field::References, Field::Quality, Field::Background, Field::OutputFormat];

    fn gpt(edits: Edits) -> Route {
        let route = route(Api::OpenaiImages, "gpt-image-2", &FIELDS);
        let facts = Facts { edits: Some(edits), ..route.facts.clone() };
        Route { facts, ..route }
    }

    /// The parts of a form, heads and all.
    fn parts(request: &Request) -> Vec<String> {
        let boundary = request.content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let body = String::from_utf8(request.body.clone()).unwrap();
        let body = body.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
        let body = body.strip_suffix(&format!("\r\n--{boundary}--\r\n")).unwrap();
        body.split(&format!("\r\n--{boundary}\r\n")).map(str::to_string).collect()
    }

    fn text(name: &str, value: &str) -> String {
        format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}")
    }

    fn file(name: &str, file: &str, media_type: &str, value: &str) -> String {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
        format!("{head}\r\nContent-Type: {media_type}\r\n\r\n{value}")
    }

    #[test]
    fn a_form_has_a_part_for_each_field_and_each_reference() {
        let (route, references, size) = (gpt(Edits::Multipart), references(), Asked::Pixels(1536, 1024));
        let options = BTreeMap::from([
            ("input_fidelity".to_string(), Value::String("high".to_string())),
            ("output_compression".to_string(), Value::Integer(80)),
            ("quality".to_string(), Value::String("max".to_string())),
            ("list".to_string(), Value::Array(vec![Value::Boolean(true)])),
            ("a\"\r\nb".to_string(), Value::Boolean(false)),
        ]);
        let ask = Ask {
            asked: Some(&size),
            quality: Some(Quality::Low),
            background: Some(Background::Transparent),
            references: &references,
            options: &options,
            ..ask(&route, "a moon\nand \u{e9}")
        };
        let sent = request(&ask);
        assert_eq!(sent.path, "images/edits");
        let expected = [
            text("a%22%0D%0Ab", "false"),
            text("background", "transparent"),
            text("input_fidelity", "high"),
            text("list", "[true]"),
            text("model", "gpt-image-2"),
            text("n", "1"),
            text("output_compression", "80"),
            text("output_format", "png"),
            text("prompt", "a moon\nand \u{e9}"),
            text("quality", "max"),
            text("size", "1536x1024"),
            file("image[]", "image-1.png", "image/png", "one"),
            file("image[]", "image-2.jpg", "image/jpeg", "two"),
        ];
        assert_eq!(parts(&sent), expected);
        assert_eq!(request(&ask), sent, "the same request is the same bytes");
    }

    #[test]
    fn a_lone_reference_is_no_list() {
        let (route, references) = (gpt(Edits::Multipart), references());
        let sent = parts(&request(&Ask { references: &references[1..], ..ask(&route, "a moon") }));
        assert_eq!(sent.last(), Some(&file("image", "image-1.jpg", "image/jpeg", "two")));
    }

    #[test]
    fn a_boundary_occurs_in_no_part() {
        let (first, second) = (Digest::of(b"x"), Digest::of(Digest::of(b"x").hex().as_bytes()));
        let holding = |digest: Digest| [b"\r\n--", digest.hex().as_bytes()].concat();
        assert_eq!(unused(first, &[b"moon".to_vec()]), first.hex());
        assert_eq!(unused(first, &[b"moon".to_vec(), holding(first)]), second.hex());
        assert!(![first.hex(), second.hex()].contains(&unused(first, &[holding(first), holding(second)])));
        assert!(first.hex().len() <= 70, "RFC 2046 allows no more");
    }

    /// The schema `EditImageBodyJsonParam` (OpenAI's OpenAPI file, 2026).
    #[test]
    fn where_the_route_takes_json_the_references_are_data_urls() {
        let (route, references) = (gpt(Edits::Json), references());
        let sent = request(&Ask { references: &references, ..ask(&route, "a moon") });
        let expected = json!({
            "model": "gpt-image-2",
            "prompt": "a moon",
            "n": 1,
            "images": [{"image_url": "data:image/png;base64,b25l"}, {"image_url": "data:image/jpeg;base64,dHdv"}],
        });
        assert_eq!((sent.path.as_str(), body(&sent)), ("images/edits", expected));
    }

    #[test]
    fn edits_lie_beside_generations() {
        let references = references();
        for (generations, edits) in [
            ("images/generations", "images/edits"),
            ("../v2/{model}/generate", "../v2/{model}/edits"),
            ("generations", "edits"),
        ] {
            let route = Route { path: generations.to_string(), ..gpt(Edits::Json) };
            assert_eq!(request(&Ask { references: &references, ..ask(&route, "a moon") }).path, edits);
        }
    }
}
