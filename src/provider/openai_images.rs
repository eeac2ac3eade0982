//! The wire format `openai-images`: `POST {base_url}/images/generations`, and the answer that other formats share.
//!
//! Two pure functions, from an [`Ask`] to a request and from a body to an [`Answer`]. Knows no network and no key.
//!
//! AIsa documents `model`, `prompt`, `n` and `size` (AIsa docs, images/generations, 2026-04). OpenAI's own page has
//! `quality`, `background` and `output_format` as well, and neither seed nor aspect ratio (OpenAI's OpenAPI file,
//! 2026); servers that follow it may add a `seed`, a `watermark`, or tiers in `size`. `response_format` is refused by
//! newer models, so the answer's form is the vendor's.

use serde_json::{Map, Value as Json};

use crate::capability::Field;
use crate::provider::json::{finish, insert, read};
use crate::provider::{Answer, Ask, Empty, Payload, Request, payload};
use crate::recipe::{Background, Quality};
use crate::size::Asked;

/// The request: model, prompt, and those of the optional fields that the route is known to have.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    finish(sized_fields(ask), ask)
}

/// The fields that generations and edits have in common.
pub(crate) fn sized_fields(ask: &Ask<'_>) -> Map<String, Json> {
    let mut fields = fields(ask);
    insert(&mut fields, "size", size(ask));
    insert(&mut fields, "watermark", ask.route.fields().has(Field::Watermark).then_some(false));
    fields
}

/// The fields that other formats share, but for the size, which each words its own way.
pub(crate) fn fields(ask: &Ask<'_>) -> Map<String, Json> {
    let has = |field| ask.route.fields().has(field);
    let mut fields = Map::new();
    insert(&mut fields, "model", Some(ask.route.id.as_str()));
    insert(&mut fields, "prompt", Some(ask.prompt));
    // Always sent where it exists: a vendor's own default may be several images.
    insert(&mut fields, "n", has(Field::N).then_some(ask.n));
    insert(&mut fields, "seed", ask.seed.filter(|_| has(Field::Seed)));
    insert(&mut fields, "quality", ask.quality.filter(|_| has(Field::Quality)).map(Quality::name));
    insert(&mut fields, "negative_prompt", ask.negative_prompt.filter(|_| has(Field::NegativePrompt)));
    insert(&mut fields, "background", ask.background.filter(|_| has(Field::Background)).map(Background::name));
    // A transparent background needs a format with alpha (OpenAI's OpenAPI file; OpenRouter docs, images, 2026).
    let alpha = ask.background == Some(Background::Transparent) && has(Field::OutputFormat);
    insert(&mut fields, "output_format", alpha.then_some("png"));
    fields
}

/// Pixels, or a tier in their place, as Seedream's own API has it (BytePlus ModelArk docs, 2026).
pub(crate) fn size(ask: &Ask<'_>) -> Option<String> {
    let has = |field| ask.route.fields().has(field);
    match ask.asked? {
        pixels @ Asked::Pixels(..) => has(Field::Size).then(|| pixels.to_string()),
        Asked::Shape { tier, .. } => tier.clone().filter(|_| has(Field::Tier)),
    }
}

/// The images in `data`, or what stands there instead.
pub(crate) fn response(body: &[u8]) -> Result<Answer, Empty> {
    images_in_data(read(body)?)
}

/// The same, for a gateway that answers so in the place of another format.
pub(crate) fn images_in_data(mut body: Json) -> Result<Answer, Empty> {
    let data = body.get_mut("data").map_or(Json::Null, Json::take);
    let entries = match data {
        Json::Array(entries) => entries,
        Json::Object(_) => vec![data],
        _ => Vec::new(),
    };
    settle(entries.iter().map(entry).collect(), &body)
}

/// What an answer comes to, in every format. One image that failed takes no other with it: each was paid for by itself.
/// The cost is OpenRouter's `usage.cost` (OpenRouter docs, images, 2026).
pub(crate) fn settle(mut images: Vec<Result<Payload, Empty>>, body: &Json) -> Result<Answer, Empty> {
    // Seedream's own API may set an error beside the images that succeeded before it (BytePlus ModelArk docs, 2026).
    if let Some(error) = error(body) {
        images.push(Err(error));
    }
    if images.iter().any(Result::is_ok) {
        let cost_usd = body["usage"]["cost"].as_f64().filter(|cost| cost.is_finite() && *cost >= 0.0);
        let images = images.into_iter().map(|image| image.map_err(|empty| empty.words())).collect();
        return Ok(Answer { images, cost_usd });
    }
    // An error says more than an entry without anything.
    let mut empty: Vec<Empty> = images.into_iter().filter_map(Result::err).collect();
    let telling = empty.iter().position(|empty| !matches!(empty, Empty::Nothing(_))).unwrap_or(0);
    if empty.is_empty() {
        return Err(Empty::Nothing("the answer holds no image".to_string()));
    }
    Err(empty.swap_remove(telling))
}

/// The error that stands in an object, if one does.
pub(crate) fn error(object: &Json) -> Option<Empty> {
    let error = object.get("error").filter(|error| !error.is_null())?;
    Some(Empty::complaint(error))
}

/// One entry of `data`.
fn entry(entry: &Json) -> Result<Payload, Empty> {
    let text = |name: &str| entry.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    if let Some(text) = text("b64_json") {
        return payload::base64(text).map_err(Empty::Nothing);
    }
    if let Some(url) = text("url") {
        return payload::address(url).map_err(Empty::Nothing);
    }
    if let Some(error) = error(entry) {
        return Err(error);
    }
    // xAI marks a picture that it holds back so (Vercel's AI SDK, its xAI image model, 2026).
    if entry.get("respect_moderation") == Some(&Json::Bool(false)) {
        return Err(Empty::Refused("the picture was held back by moderation".to_string()));
    }
    Err(Empty::Nothing("an entry without an image".to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use crate::capability::Field;
    use crate::model::{Api, Route};
    use crate::provider::openai_images::{request, response};
    use crate::provider::samples::{ask, body, route};
    use crate::provider::{Ask, Empty, Payload};
    use crate::recipe::{Background, Quality, Value};
    use crate::size::Asked;

    fn seedream(fields: &[Field]) -> Route {
        route(Api::OpenaiImages, "seedream-4-5-251128", fields)
    }

    /// Asks for everything that can be asked for.
    fn all<'a>(route: &'a Route, asked: &'a Asked) -> Ask<'a> {
        Ask {
            asked: Some(asked),
            seed: Some(7),
            quality: Some(Quality::High),
            background: Some(Background::Transparent),
            ..ask(route, "A cute red panda, ultra-detailed, cinematic lighting")
        }
    }

    fn url(text: &str) -> Payload {
        Payload::Url(text.to_string())
    }

    /// The request on AIsa's page (AIsa docs, images/generations, 2026-04).
    #[test]
    fn the_documented_request_is_sent_and_no_field_more() {
        let (route, size) = (seedream(&[Field::N, Field::Size]), Asked::Pixels(2048, 2048));
        let request = request(&all(&route, &size));
        let expected = json!({
            "model": "seedream-4-5-251128",
            "prompt": "A cute red panda, ultra-detailed, cinematic lighting",
            "n": 1,
            "size": "2048x2048",
        });
        assert_eq!((request.path.as_str(), body(&request)), ("images/generations", expected));
    }

    #[test]
    fn a_field_is_sent_only_where_the_route_has_it() {
        let size = Asked::Pixels(2048, 2048);
        let known = ["model", "prompt"];
        for (field, sent) in [
            (Field::N, json!({"n": 1})),
            (Field::Size, json!({"size": "2048x2048"})),
            (Field::Seed, json!({"seed": 7})),
            (Field::Quality, json!({"quality": "high"})),
            (Field::Background, json!({"background": "transparent"})),
            (Field::OutputFormat, json!({"output_format": "png"})),
            (Field::Watermark, json!({"watermark": false})),
            (Field::Tier, json!({})),
            (Field::Ratio, json!({})),
            (Field::References, json!({})),
        ] {
            let route = seedream(&[field]);
            let mut body = body(&request(&all(&route, &size)));
            body.as_object_mut().unwrap().retain(|name, _| !known.contains(&name.as_str()));
            assert_eq!(body, sent, "{field:?}");
        }
    }

    #[test]
    fn what_isnt_asked_for_isnt_sent() {
        let route = seedream(&Field::ALL);
        let unasked = body(&request(&ask(&route, "a moon")));
        let expected = json!({"model": "seedream-4-5-251128", "prompt": "a moon", "n": 1, "watermark": false});
        assert_eq!(unasked, expected);
        let opaque = Ask { background: Some(Background::Opaque), ..ask(&route, "a moon") };
        assert_eq!(body(&request(&opaque))["output_format"], Json::Null, "only alpha needs a format");
    }

    #[test]
    fn a_size_is_pixels_or_a_tier() {
        let shape = |tier: Option<&str>, ratio: Option<&str>| Asked::Shape {
            tier: tier.map(str::to_string),
            ratio: ratio.map(str::to_string),
        };
        for (field, asked, expected) in [
            (Field::Size, Asked::Pixels(1536, 1024), json!("1536x1024")),
            (Field::Size, shape(Some("2K"), None), Json::Null),
            (Field::Tier, Asked::Pixels(1536, 1024), Json::Null),
            (Field::Tier, shape(Some("2K"), None), json!("2K")),
            (Field::Ratio, shape(None, Some("16:9")), Json::Null),
        ] {
            let route = seedream(&[field]);
            let sent = request(&Ask { asked: Some(&asked), ..ask(&route, "a moon") });
            assert_eq!(body(&sent)["size"], expected, "{field:?} {asked:?}");
        }
    }

    #[test]
    fn options_are_sent_as_they_are_and_last() {
        let nested = Value::Table(BTreeMap::from([("deep".to_string(), Value::Array(vec![Value::Float(0.5)]))]));
        let options = BTreeMap::from([
            ("watermark".to_string(), Value::Boolean(true)),
            ("quality".to_string(), Value::String("hd".to_string())),
            ("steps".to_string(), Value::Integer(-3)),
            ("nested".to_string(), nested),
        ]);
        let (route, size) = (seedream(&[Field::Quality, Field::Watermark]), Asked::Pixels(1, 1));
        let body = body(&request(&Ask { options: &options, ..all(&route, &size) }));
        assert_eq!((&body["watermark"], &body["quality"], &body["steps"]), (&json!(true), &json!("hd"), &json!(-3)));
        assert_eq!(body["nested"], json!({"deep": [0.5]}));
    }

    /// The answer on AIsa's page (AIsa docs, images/generations, 2026-04).
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

    /// The usage on OpenRouter's page (OpenRouter docs, images, 2026).
    #[test]
    fn the_vendors_own_figure_is_read_where_it_is_one() {
        for (cost, expected) in [
            (json!(0.04), Some(0.04)),
            (json!(0), Some(0.0)),
            (json!(null), None),
            (json!(-1), None),
            (json!("0.04"), None),
        ] {
            let usage = json!({"completion_tokens": 4175, "cost": cost, "prompt_tokens": 0, "total_tokens": 4175});
            let body = json!({"created": 1_748_372_400, "data": [{"b64_json": "aGVsbG8="}], "usage": usage});
            assert_eq!(response(body.to_string().as_bytes()).unwrap().cost_usd, expected, "{body}");
        }
    }

    #[test]
    fn an_image_is_taken_from_whichever_field_holds_it() {
        let hello = || Payload::Bytes(b"hello".to_vec());
        for (entry, expected) in [
            (json!({"b64_json": "aGVsbG8=", "media_type": "image/png"}), hello()),
            (json!({"b64_json": "aGVsbG8=", "url": null}), hello()),
            (json!({"url": "https://a.b/c", "b64_json": ""}), url("https://a.b/c")),
            (json!({"url": "data:image/png;base64,aGVsbG8="}), hello()),
            (json!({"url": "https://a.b/c", "error": null, "revised_prompt": "x"}), url("https://a.b/c")),
            (json!({"url": "https://a.b/c", "respect_moderation": true}), url("https://a.b/c")),
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
        const NOTHING: fn(&Empty) -> bool = |empty| matches!(empty, Empty::Nothing(_));
        const COMPLAINT: fn(&Empty) -> bool = |empty| matches!(empty, Empty::Complaint(_));
        const REFUSED: fn(&Empty) -> bool = |empty| matches!(empty, Empty::Refused(_));
        for (body, is_right, reason) in [
            ("<html>", NOTHING, "isn't JSON"),
            ("", NOTHING, "isn't JSON"),
            ("null", NOTHING, "no image"),
            ("[]", NOTHING, "no image"),
            ("{}", NOTHING, "no image"),
            (r#"{"data":[]}"#, NOTHING, "no image"),
            (r#"{"data":null}"#, NOTHING, "no image"),
            (r#"{"data":"https://a.b/c"}"#, NOTHING, "no image"),
            (r#"{"data":[{}]}"#, NOTHING, "without an image"),
            (r#"{"data":[{"url":"file:///etc/passwd"}]}"#, NOTHING, "no web address"),
            (r#"{"data":[{"url":"/files/a.png"}]}"#, NOTHING, "no web address"),
            (r#"{"data":[{"url":"data:text/plain,hello"}]}"#, NOTHING, "isn't base64"),
            (r#"{"data":[{"b64_json":"\n"}]}"#, NOTHING, "can't be read"),
            (r#"{"data":[],"error":{"message":"overloaded"}}"#, COMPLAINT, "overloaded"),
            (r#"{"data":[{},{"error":{"code":"PolicyViolation"}}]}"#, COMPLAINT, "PolicyViolation"),
            (r#"{"data":[{"respect_moderation":false}]}"#, REFUSED, "moderation"),
            (r#"{"error":"as a text"}"#, COMPLAINT, "as a text"),
            (r#"{"error":{}}"#, COMPLAINT, "without a text"),
        ] {
            let empty = response(body.as_bytes()).unwrap_err();
            assert!(is_right(&empty) && empty.words().contains(reason), "{body}: {empty:?}");
        }
    }
}
