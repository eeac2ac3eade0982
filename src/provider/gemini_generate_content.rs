//! The wire format `gemini-generate-content`: `POST {base_url}/models/{model}:generateContent`.
//!
//! Two pure functions, from an [`Ask`] to a request and from a body to an [`Answer`]. Knows no network and no key. The
//! model's id stands in the path, not in the body.
//!
//! AIsa documents `contents[{role, parts[{text} | {inline_data{mime_type, data}}]}]` and a `generationConfig` of which
//! it says nothing (AIsa docs, openapi/gemini-openapi.json, 2026-04). Google documents what that holds:
//! `responseModalities`, `imageConfig{aspectRatio, imageSize}` and `seed`; there is no number of images (Google's
//! discovery document, v1beta, 2026). Of an answer, AIsa's schema has the parts in the candidate itself, Google's in
//! its `content`; both spell names either way.

use serde_json::{Map, Value as Json, json};

use crate::capability::Field;
use crate::provider::complaint::tidy;
use crate::provider::json::{finish, insert, read, text};
use crate::provider::openai_images::settle;
use crate::provider::{Answer, Ask, Attachment, Empty, Payload, Request, payload};
use crate::size::Asked;

/// Why a candidate holds no picture, if the vendor won't draw it (Google's discovery document, v1beta, 2026).
const REFUSALS: [&str; 8] = [
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "SAFETY",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "BLOCKLIST",
    "SPII",
];

/// The request: the references in order, then the wording.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    let has = |field| ask.route.fields().has(field);
    let shown = ask.references.iter().filter(|_| has(Field::References)).map(reference);
    let parts: Vec<Json> = shown.chain([json!({"text": ask.prompt})]).collect();
    // A model that may answer in words sometimes does so, and is paid for it.
    let mut config = Map::from_iter([("responseModalities".to_string(), json!(["IMAGE"]))]);
    insert(&mut config, "imageConfig", image_config(ask));
    insert(&mut config, "seed", ask.seed.filter(|_| has(Field::Seed)));
    let mut body = Map::new();
    insert(&mut body, "contents", Some(json!([{"role": "user", "parts": parts}])));
    insert(&mut body, "generationConfig", Some(config));
    finish(body, ask)
}

fn reference(picture: &Attachment) -> Json {
    json!({"inline_data": {"mime_type": picture.format.media_type(), "data": payload::to_base64(&picture.bytes)}})
}

/// Tier and ratio, where they are asked for: an older model refuses a tier that it is sent.
fn image_config(ask: &Ask<'_>) -> Option<Map<String, Json>> {
    let has = |field| ask.route.fields().has(field);
    let Some(Asked::Shape { tier, ratio }) = ask.asked else { return None };
    let mut config = Map::new();
    insert(&mut config, "imageSize", tier.as_deref().filter(|_| has(Field::Tier)));
    insert(&mut config, "aspectRatio", ratio.as_deref().filter(|_| has(Field::Ratio)));
    Some(config).filter(|config| !config.is_empty())
}

/// An image from each candidate.
pub(crate) fn response(body: &[u8]) -> Result<Answer, Empty> {
    let body = read(body)?;
    let candidates = body["candidates"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut images: Vec<_> = candidates.iter().map(candidate).collect();
    if images.is_empty() {
        images.extend(blocked(&body).map(Err));
    }
    settle(images, &body)
}

/// The last picture of a candidate: those before it, and all that are marked as thoughts, are drafts (Google's Gemini
/// docs, 2026).
fn candidate(candidate: &Json) -> Result<Payload, Empty> {
    let parts = parts(candidate);
    let image = parts.iter().rev().filter(|part| part["thought"] != true).find_map(picture);
    match image {
        Some(data) => payload::base64(data).map_err(Empty::Nothing),
        None => Err(without_image(candidate, parts)),
    }
}

fn parts(candidate: &Json) -> &[Json] {
    let lists = [&candidate["content"]["parts"], &candidate["parts"]];
    lists.into_iter().find_map(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn picture(part: &Json) -> Option<&str> {
    text(&either(part, "inlineData", "inline_data")?["data"])
}

/// A candidate that shows nothing: a refusal, or words in the place of a picture.
fn without_image(candidate: &Json, parts: &[Json]) -> Empty {
    let reason = either(candidate, "finishReason", "finish_reason").and_then(text).unwrap_or_default();
    let message = either(candidate, "finishMessage", "finish_message").and_then(text);
    let said: Vec<&str> =
        parts.iter().filter(|part| part["thought"] != true).filter_map(|part| text(&part["text"])).collect();
    if REFUSALS.contains(&reason) {
        return Empty::Refused(with_reason(reason, message));
    }
    if !said.is_empty() {
        return Empty::Nothing(format!("the model answered in words: {}", tidy(&said.join(" "))));
    }
    match (reason, message) {
        ("" | "STOP", None) => Empty::Nothing("a candidate without an image".to_string()),
        (reason, message) => Empty::Nothing(format!("a candidate without an image ({})", with_reason(reason, message))),
    }
}

/// A prompt that was turned down before anything was drawn.
fn blocked(body: &Json) -> Option<Empty> {
    let feedback = either(body, "promptFeedback", "prompt_feedback")?;
    let reason = either(feedback, "blockReason", "block_reason").and_then(text)?;
    let message = either(feedback, "blockReasonMessage", "block_reason_message").and_then(text);
    Some(Empty::Refused(format!("blocked: {}", with_reason(reason, message))))
}

fn with_reason(reason: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => tidy(&format!("{reason}: {message}")),
        None => tidy(reason),
    }
}

/// A field in either of its two spellings.
fn either<'a>(object: &'a Json, camel: &str, snake: &str) -> Option<&'a Json> {
    object.get(camel).or_else(|| object.get(snake)).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use crate::capability::Field;
    use crate::model::{Api, Route};
    use crate::provider::gemini_generate_content::{request, response};
    use crate::provider::samples::{ask, body, references, route};
    use crate::provider::{Ask, Empty, Payload};
    use crate::recipe::{Background, Quality, Value};
    use crate::size::Asked;

    fn gemini(fields: &[Field]) -> Route {
        route(Api::GeminiGenerateContent, "gemini-3-pro-image-preview", fields)
    }

    fn shape(tier: Option<&str>, ratio: Option<&str>) -> Asked {
        Asked::Shape { tier: tier.map(str::to_string), ratio: ratio.map(str::to_string) }
    }

    fn read(body: &Json) -> Result<Vec<Result<Payload, String>>, Empty> {
        response(body.to_string().as_bytes()).map(|answer| answer.images)
    }

    fn bytes(text: &str) -> Payload {
        Payload::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn the_request_holds_references_wording_and_what_is_asked() {
        let (route, shape, references) = (gemini(&Field::ALL), shape(Some("2K"), Some("16:9")), references());
        let sent = request(&Ask {
            asked: Some(&shape),
            seed: Some(7),
            quality: Some(Quality::High),
            background: Some(Background::Transparent),
            references: &references,
            ..ask(&route, "a moon")
        });
        let expected = json!({
            "contents": [{"role": "user", "parts": [
                {"inline_data": {"mime_type": "image/png", "data": "b25l"}},
                {"inline_data": {"mime_type": "image/jpeg", "data": "dHdv"}},
                {"text": "a moon"},
            ]}],
            "generationConfig": {
                "responseModalities": ["IMAGE"],
                "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
                "seed": 7,
            },
        });
        assert_eq!((sent.path.as_str(), body(&sent)), ("models/{model}:generateContent", expected));
    }

    #[test]
    fn a_field_is_sent_only_where_the_route_has_it_and_it_is_asked_for() {
        use Field::{N, Ratio, Seed, Tier};
        let both = shape(Some("2K"), Some("16:9"));
        for (fields, asked, seed, sent) in [
            (vec![], Some(both.clone()), Some(7), json!({})),
            (vec![N, Tier, Ratio, Seed], None, None, json!({})),
            (vec![N, Tier, Ratio], Some(Asked::Pixels(1024, 1024)), Some(7), json!({})),
            (vec![Tier], Some(both.clone()), Some(7), json!({"imageConfig": {"imageSize": "2K"}})),
            (vec![Ratio], Some(both), None, json!({"imageConfig": {"aspectRatio": "16:9"}})),
            (vec![Tier, Ratio], Some(shape(Some("4K"), None)), None, json!({"imageConfig": {"imageSize": "4K"}})),
            (vec![Seed], None, Some(7), json!({"seed": 7})),
        ] {
            let (route, references) = (gemini(&fields), references());
            let ask = Ask { asked: asked.as_ref(), seed, references: &references, ..ask(&route, "a moon") };
            let mut body = body(&request(&ask));
            assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": "a moon"}]}]));
            assert_eq!(body["generationConfig"]["responseModalities"], json!(["IMAGE"]));
            body["generationConfig"].as_object_mut().unwrap().remove("responseModalities");
            assert_eq!(body["generationConfig"], sent, "{fields:?} {asked:?}");
        }
    }

    #[test]
    fn options_have_the_last_word() {
        let settings = Value::Array(vec![Value::Table(BTreeMap::new())]);
        let options = BTreeMap::from([("safetySettings".to_string(), settings)]);
        let route = gemini(&[]);
        let body = body(&request(&Ask { options: &options, ..ask(&route, "a moon") }));
        assert_eq!(body["safetySettings"], json!([{}]));
    }

    #[test]
    fn an_image_is_found_in_every_shape_of_an_answer() {
        for candidate in [
            json!({"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}]}}),
            json!({"content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "aGVsbG8="}}]}}),
            json!({"role": "model", "parts": [{"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}]}),
            json!({"parts": [{"inline_data": {"mime_type": "image/png", "data": "aGVsbG8="}}]}),
            json!({"parts": [{"text": "here:"}, {"inlineData": {"data": "aGVsbG8="}}, {"text": "there."}]}),
            json!({"parts": [{"inlineData": {"data": "b25l"}}, {"inlineData": {"data": "aGVsbG8="}}]}),
            json!({"parts": [{"inlineData": {"data": "aGVsbG8="}}, {"inlineData": {"data": "b25l"}, "thought": true}]}),
        ] {
            let body = json!({"candidates": [candidate], "usageMetadata": {"totalTokenCount": 1}, "modelVersion": "x"});
            assert_eq!(read(&body), Ok(vec![Ok(bytes("hello"))]), "{body}");
        }
    }

    #[test]
    fn one_failed_candidate_takes_no_other_with_it() {
        let body = json!({"candidates": [
            {"finishReason": "IMAGE_SAFETY", "finishMessage": "no"},
            {"content": {"parts": [{"inlineData": {"data": "b25l"}}]}},
            {"content": {"parts": [{"inlineData": {"data": "!"}}]}},
        ]});
        let images = read(&body).unwrap();
        assert_eq!(images[..2], [Err("IMAGE_SAFETY: no".to_string()), Ok(bytes("one"))]);
        assert!(images[2].is_err());
    }

    #[test]
    fn an_answer_without_an_image_says_why() {
        let nothing = |words: &str| Empty::Nothing(words.to_string());
        let refused = |words: &str| Empty::Refused(words.to_string());
        let candidate = |candidate: Json| json!({"candidates": [candidate]});
        for (body, expected) in [
            (json!({}), nothing("the answer holds no image")),
            (json!({"candidates": []}), nothing("the answer holds no image")),
            (json!({"promptFeedback": {"blockReason": "SAFETY"}}), refused("blocked: SAFETY")),
            (
                json!({"prompt_feedback": {"block_reason": "OTHER", "block_reason_message": "not\nthat"}}),
                refused("blocked: OTHER: not that"),
            ),
            (candidate(json!({"finishReason": "IMAGE_SAFETY"})), refused("IMAGE_SAFETY")),
            (
                candidate(
                    json!({"finish_reason": "SPII", "finish_message": "names a person", "parts": [{"text": "no"}]}),
                ),
                refused("SPII: names a person"),
            ),
            (json!({"candidates": [{"finishReason": "STOP"}, {"finishReason": "RECITATION"}]}), refused("RECITATION")),
            (candidate(json!({"finishReason": "STOP"})), nothing("a candidate without an image")),
            (candidate(json!({"finishReason": "NO_IMAGE"})), nothing("a candidate without an image (NO_IMAGE)")),
            (
                candidate(json!({"finishReason": "IMAGE_OTHER", "finishMessage": "try again"})),
                nothing("a candidate without an image (IMAGE_OTHER: try again)"),
            ),
            (
                candidate(json!({"finishReason": "STOP", "content": {"parts": [
                    {"text": "let me think", "thought": true}, {"text": "Which moon?"}, {"text": "Ours?"},
                ]}})),
                nothing("the model answered in words: Which moon? Ours?"),
            ),
            (
                candidate(json!({"parts": [{"inlineData": {"data": "b25l"}, "thought": true}]})),
                nothing("a candidate without an image"),
            ),
        ] {
            assert_eq!(read(&body), Err(expected), "{body}");
        }
        let error = json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}});
        let empty = read(&error).unwrap_err();
        assert!(matches!(empty, Empty::Complaint(_)) && empty.words().contains("slow down"), "{empty:?}");
        assert!(matches!(response(b"<html>"), Err(Empty::Nothing(_))));
    }
}
