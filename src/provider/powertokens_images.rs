//! The request of the wire format `powertokens-images`: `POST {base_url}/images/generations`, as PowerTokens has it.
//!
//! One pure function, from an [`Ask`] to a request; the answer is that of `openai-images`, where an entry of `data` may
//! be an error. Knows no network and no key.
//!
//! PowerTokens documents `model`, `prompt`, `image`, `size`, `response_format`, `seed`, `sequential_image_generation`
//! with its options, and `watermark`, which is true by itself; there is no `n` (PowerTokens docs, images/generations,
//! 2026). What the page leaves open is taken from the service behind it: that `image` is a list of addresses or data
//! URLs, and that the options hold `max_images` (BytePlus ModelArk docs, 2026).

use serde_json::{Map, Value as Json, json};

use crate::capability::Field;
use crate::provider::json::{finish, insert};
use crate::provider::openai_images::size;
use crate::provider::{Ask, Request, payload};

/// The request: model, prompt, and those of the optional fields that the route is known to have.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    let has = |field| ask.route.fields().has(field);
    let mut body = Map::new();
    insert(&mut body, "model", Some(ask.route.id.as_str()));
    insert(&mut body, "prompt", Some(ask.prompt));
    insert(&mut body, "size", size(ask));
    let references = ask.references.iter().map(payload::to_data_url).collect::<Vec<_>>();
    let is_shown = has(Field::References) && !references.is_empty();
    insert(&mut body, "image", is_shown.then_some(references));
    insert(&mut body, "seed", ask.seed.filter(|_| has(Field::Seed)));
    insert(&mut body, "watermark", has(Field::Watermark).then_some(false));
    // The picture itself, so that what was paid for is in the journal at once, not behind an address that dies.
    insert(&mut body, "response_format", Some("b64_json"));
    several(&mut body, ask.n);
    finish(body, ask)
}

/// How many images: one, or a sequence of at most so many.
fn several(body: &mut Map<String, Json>, n: u32) {
    let mode = if n > 1 { "auto" } else { "disabled" };
    insert(body, "sequential_image_generation", Some(mode));
    insert(body, "sequential_image_generation_options", (n > 1).then(|| json!({"max_images": n})));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use crate::capability::Field;
    use crate::model::{Api, Route};
    use crate::provider::openai_images::response;
    use crate::provider::powertokens_images::request;
    use crate::provider::samples::{ask, body, references, route};
    use crate::provider::{Ask, Payload};
    use crate::recipe::{Background, Quality, Value};
    use crate::size::Asked;

    const CORGI: &str = "A cute corgi running on grass, sunny day, realistic style";

    fn seedream(fields: &[Field]) -> Route {
        route(Api::PowertokensImages, "seedream-4-5-251128", fields)
    }

    /// The request on PowerTokens' page (PowerTokens docs, images/generations, 2026), with what is always said.
    #[test]
    fn the_documented_request_is_sent() {
        let (route, size) = (seedream(&[Field::Size, Field::Watermark]), Asked::Pixels(2048, 2048));
        let sent = request(&Ask { asked: Some(&size), ..ask(&route, CORGI) });
        let expected = json!({
            "model": "seedream-4-5-251128",
            "prompt": CORGI,
            "size": "2048x2048",
            "response_format": "b64_json",
            "sequential_image_generation": "disabled",
            "watermark": false,
        });
        assert_eq!((sent.path.as_str(), body(&sent)), ("images/generations", expected));
    }

    #[test]
    fn a_field_is_sent_only_where_the_route_has_it() {
        let (size, references) = (Asked::Pixels(2048, 2048), references());
        let always = ["model", "prompt", "response_format", "sequential_image_generation"];
        for (field, sent) in [
            (Field::Size, json!({"size": "2048x2048"})),
            (Field::Seed, json!({"seed": 7})),
            (Field::Watermark, json!({"watermark": false})),
            (Field::References, json!({"image": ["data:image/png;base64,b25l", "data:image/jpeg;base64,dHdv"]})),
            (Field::N, json!({})),
            (Field::Tier, json!({})),
            (Field::Ratio, json!({})),
            (Field::Quality, json!({})),
            (Field::Background, json!({})),
            (Field::OutputFormat, json!({})),
        ] {
            let route = seedream(&[field]);
            let mut body = body(&request(&Ask {
                asked: Some(&size),
                seed: Some(7),
                quality: Some(Quality::High),
                background: Some(Background::Transparent),
                references: &references,
                ..ask(&route, CORGI)
            }));
            body.as_object_mut().unwrap().retain(|name, _| !always.contains(&name.as_str()));
            assert_eq!(body, sent, "{field:?}");
        }
    }

    #[test]
    fn several_images_are_a_sequence() {
        let route = seedream(&[]);
        let body = body(&request(&Ask { n: 4, ..ask(&route, CORGI) }));
        assert_eq!(body["sequential_image_generation"], "auto");
        assert_eq!(body["sequential_image_generation_options"], json!({"max_images": 4}));
        assert_eq!(body["n"], Json::Null);
    }

    #[test]
    fn options_have_the_last_word() {
        let options = BTreeMap::from([
            ("response_format".to_string(), Value::String("url".to_string())),
            ("watermark".to_string(), Value::Boolean(true)),
        ]);
        let route = seedream(&[Field::Watermark]);
        let body = body(&request(&Ask { options: &options, ..ask(&route, CORGI) }));
        assert_eq!((&body["response_format"], &body["watermark"]), (&json!("url"), &json!(true)));
    }

    /// The answer on PowerTokens' page, one entry of each sort (PowerTokens docs, images/generations, 2026).
    #[test]
    fn an_entry_may_be_an_error() {
        let failed = json!({"error": {"code": "InternalServiceError", "message": "try again"}});
        let drawn = json!({"b64_json": "aGVsbG8=", "size": "2048x2048"});
        let body = json!({"created": 123, "data": [failed, drawn], "metadata": {}}).to_string();
        let hello = Payload::Bytes(b"hello".to_vec());
        assert_eq!(
            response(body.as_bytes()).unwrap().images,
            [Err("InternalServiceError: try again".to_string()), Ok(hello)]
        );
    }
}
