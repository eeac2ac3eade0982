//! The wire format `openai-images`: `POST {base_url}/images/generations`.
//!
//! Two pure functions, from an [`Ask`] to a body and from a body to an [`Answer`]. Knows no vendor, no network, no key.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Number, Value as Json};

use crate::model::Fields;
use crate::provider::complaint::Complaint;
use crate::provider::{Answer, Ask, Payload};
use crate::recipe::{Quality, Value};

/// What options may not override: it decides what is paid for.
const RESERVED: [&str; 4] = ["model", "prompt", "n", "size"];

/// The request's body. The fields, as AIsa documents them for Seedream: model, prompt, n, size (AIsa docs,
/// images/generations, 2026-11); elsewhere those that the route is known to have.
pub(crate) fn request(ask: &Ask) -> Json {
    debug_assert!(RESERVED.iter().all(|name| !ask.options.contains_key(*name)), "options hold a reserved field");
    let mut body = Map::new();
    body.insert("model".into(), ask.model_id.into());
    body.insert("prompt".into(), ask.prompt.into());
    let Fields { n, size, seed, quality, references: _ } = ask.fields;
    // Always sent where it exists: a vendor's own default may be several images.
    insert(&mut body, "n", n.then_some(ask.n));
    insert(&mut body, "size", ask.size.filter(|_| size));
    insert(&mut body, "seed", ask.seed.filter(|_| seed));
    insert(&mut body, "quality", ask.quality.filter(|_| quality).map(Quality::name));
    body.extend(ask.options.iter().map(|(name, value)| (name.clone(), json(value))));
    Json::Object(body)
}

fn insert(body: &mut Map<String, Json>, name: &str, value: Option<impl Into<Json>>) {
    if let Some(value) = value {
        body.insert(name.to_string(), value.into());
    }
}

/// A value of the options as JSON.
fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}

/// The images in an answer's body; the error says why there is none that can be used. One image that failed takes no
/// other with it: each was paid for by itself.
pub(crate) fn response(body: &[u8]) -> Result<Answer, String> {
    let mut body: Json = serde_json::from_slice(body).map_err(|_| "the answer isn't JSON".to_string())?;
    let data = body.get_mut("data").map_or(Json::Null, Json::take);
    let entries = match data {
        Json::Array(entries) => entries,
        Json::Object(_) => vec![data],
        _ => Vec::new(),
    };
    let mut images: Vec<_> = entries.into_iter().map(payload).collect();
    // Seedream's own API may set an error beside the images that succeeded before it (BytePlus ModelArk docs, 2026).
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        images.push(Err(words(error)));
    }
    if images.iter().any(Result::is_ok) {
        return Ok(Answer { images, cost_usd: None });
    }
    let reasons: Vec<String> = images.into_iter().filter_map(Result::err).collect();
    Err(if reasons.is_empty() { "the answer holds no image".to_string() } else { reasons.join("; ") })
}

/// One entry of `data`.
fn payload(mut entry: Json) -> Result<Payload, String> {
    if let Some(Json::String(text)) = entry.get_mut("b64_json").map(Json::take).filter(is_text) {
        return if is_data_url(&text) { data_url(&text) } else { decode(&text) };
    }
    if let Some(Json::String(url)) = entry.get_mut("url").map(Json::take).filter(is_text) {
        return if is_data_url(&url) { data_url(&url) } else { address(url) };
    }
    match entry.get("error").filter(|error| !error.is_null()) {
        Some(error) => Err(words(error)),
        None => Err("an entry without an image".to_string()),
    }
}

fn is_text(value: &Json) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn words(error: &Json) -> String {
    let words = Complaint::from_error(error).words();
    if words.is_empty() { "an error without a text".to_string() } else { words }
}

fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

fn address(url: String) -> Result<Payload, String> {
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if is_web { Ok(Payload::Url(url)) } else { Err("an image at an address that is no web address".to_string()) }
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
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{request, response};
    use crate::model::Fields;
    use crate::provider::{Ask, Payload};
    use crate::recipe::{Quality, Value};

    const NONE: Fields = Fields { n: false, size: false, seed: false, quality: false, references: false };
    const SEEDREAM: Fields = Fields { n: true, size: true, ..NONE };

    fn ask(fields: Fields, options: &BTreeMap<String, Value>) -> Ask<'_> {
        Ask {
            model_id: "seedream-4-5-251128",
            prompt: "A cute red panda, ultra-detailed, cinematic lighting",
            size: Some("2048x2048"),
            n: 1,
            seed: Some(7),
            quality: Some(Quality::High),
            fields,
            options,
        }
    }

    fn url(text: &str) -> Payload {
        Payload::Url(text.to_string())
    }

    /// The request on AIsa's page (AIsa docs, images/generations, 2026-11).
    #[test]
    fn the_documented_request_is_sent_and_no_field_more() {
        let body = request(&ask(SEEDREAM, &BTreeMap::new()));
        let expected = json!({
            "model": "seedream-4-5-251128",
            "prompt": "A cute red panda, ultra-detailed, cinematic lighting",
            "n": 1,
            "size": "2048x2048",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_field_is_sent_only_where_the_route_has_it() {
        let options = BTreeMap::new();
        let bare = request(&ask(NONE, &options));
        assert_eq!(
            bare.as_object().map(|body| body.keys().cloned().collect::<Vec<_>>()),
            Some(vec!["model".into(), "prompt".into()])
        );
        let full = request(&ask(Fields { n: true, size: true, seed: true, quality: true, ..NONE }, &options));
        assert_eq!((&full["seed"], &full["quality"]), (&json!(7), &json!("high")));
        let unasked = Ask {
            size: None,
            seed: None,
            quality: None,
            ..ask(Fields { size: true, seed: true, quality: true, ..NONE }, &options)
        };
        assert_eq!(request(&unasked).as_object().map(serde_json::Map::len), Some(2));
    }

    #[test]
    fn options_are_sent_as_they_are_and_last() {
        let nested = Value::Table(BTreeMap::from([("deep".to_string(), Value::Array(vec![Value::Float(0.5)]))]));
        let options = BTreeMap::from([
            ("watermark".to_string(), Value::Boolean(false)),
            ("quality".to_string(), Value::String("hd".to_string())),
            ("steps".to_string(), Value::Integer(-3)),
            ("nested".to_string(), nested),
        ]);
        let body = request(&ask(Fields { n: true, quality: true, ..NONE }, &options));
        assert_eq!((&body["watermark"], &body["quality"], &body["steps"]), (&json!(false), &json!("hd"), &json!(-3)));
        assert_eq!(body["nested"], json!({"deep": [0.5]}));
    }

    /// The answer on AIsa's page (AIsa docs, images/generations, 2026-11).
    #[test]
    fn the_documented_answer_is_read() {
        let body = json!({
            "model": "seedream-4-5-251128",
            "created": 1_776_495_432,
            "data": [{"url": "https://cdn.aisa.one/images/seedream/20260418-abc.png", "size": "2048x2048"}],
            "usage": {"generated_images": 1, "output_tokens": 16384, "total_tokens": 16384},
        });
        let answer = response(body.to_string().as_bytes()).unwrap();
        assert_eq!(answer.images, [Ok(url("https://cdn.aisa.one/images/seedream/20260418-abc.png"))]);
        assert_eq!(answer.cost_usd, None);
        let lone = response(br#"{"data":{"url":"https://a.b/c"}}"#).unwrap();
        assert_eq!(lone.images, [Ok(url("https://a.b/c"))]);
    }

    #[test]
    fn images_in_any_wrapping_are_read() {
        for (entry, expected) in [
            (json!({"b64_json": "aGVsbG8="}), Payload::Bytes(b"hello".to_vec())),
            (json!({"b64_json": "aGVs\r\n bG8", "url": null}), Payload::Bytes(b"hello".to_vec())),
            (json!({"b64_json": "data:image/png;base64,aGVsbG8="}), Payload::Bytes(b"hello".to_vec())),
            (json!({"b64_json": "_-8"}), Payload::Bytes(vec![0xff, 0xef])),
            (json!({"url": "DATA:image/PNG;charset=x;Base64,aGVsbG8="}), Payload::Bytes(b"hello".to_vec())),
            (json!({"url": "HTTP://127.0.0.1/a.png", "b64_json": ""}), url("HTTP://127.0.0.1/a.png")),
            (json!({"url": "https://a.b/c", "error": null, "revised_prompt": "x"}), url("https://a.b/c")),
        ] {
            let body = json!({"data": [entry]}).to_string();
            assert_eq!(response(body.as_bytes()).unwrap().images, [Ok(expected)], "{body}");
        }
    }

    #[test]
    fn one_failed_image_takes_no_other_with_it() {
        let body = json!({
            "data": [
                {"error": {"code": "OutputImageSensitiveContentDetected", "message": "held back"}},
                {"url": "https://a.b/c"},
                {"b64_json": "!"},
                7,
            ],
            "error": {"code": "InternalServiceError", "message": "stopped"},
        });
        let images = response(body.to_string().as_bytes()).unwrap().images;
        assert_eq!(images[0], Err("OutputImageSensitiveContentDetected: held back".to_string()));
        assert_eq!(images[1], Ok(url("https://a.b/c")));
        assert!(images[2].is_err() && images[3].is_err());
        assert_eq!(images[4], Err("InternalServiceError: stopped".to_string()));
    }

    #[test]
    fn an_answer_without_a_usable_image_says_why() {
        for (body, reason) in [
            ("<html>", "isn't JSON"),
            ("", "isn't JSON"),
            ("null", "no image"),
            ("[]", "no image"),
            ("{}", "no image"),
            (r#"{"data":[]}"#, "no image"),
            (r#"{"data":null}"#, "no image"),
            (r#"{"data":"https://a.b/c"}"#, "no image"),
            (r#"{"data":[{}]}"#, "without an image"),
            (r#"{"data":[{"url":"file:///etc/passwd"}]}"#, "no web address"),
            (r#"{"data":[{"url":"/files/a.png"}]}"#, "no web address"),
            (r#"{"data":[{"url":"data:text/plain,hello"}]}"#, "isn't base64"),
            (r#"{"data":[{"b64_json":"\n"}]}"#, "can't be read"),
            (r#"{"data":[],"error":{"message":"overloaded"}}"#, "overloaded"),
            (r#"{"error":"as a text"}"#, "as a text"),
            (r#"{"error":{}}"#, "without a text"),
        ] {
            let error = response(body.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{body}: {error}");
        }
    }
}
