//! The wire format `chat-images`: `POST {base_url}/chat/completions` with pictures in the messages.
//!
//! Two pure functions, from an [`Ask`] to a request and from a body to an [`Answer`]. Knows no network and no key.
//!
//! AIsa documents it for Wan: `model`, `messages` and `n`, which is 4 unless it is sent; `content` is a list of parts,
//! never a text, and references stand before the wording; each choice brings one picture as a part
//! `{"type":"image","image":…}`, an address or base64. There is no size (AIsa docs, chat/completions, 2026-04). Its own
//! client takes an object with a `url` in that place as well (AIsa-team/agent-skills creative/media-gen, 2026).
//! OpenRouter puts the pictures into `message.images` (OpenRouter docs, chat completions, 2026).

use serde_json::{Map, Value as Json, json};

use crate::capability::Field;
use crate::provider::complaint::tidy;
use crate::provider::json::{finish, insert, read, text};
use crate::provider::openai_images::{error, images_in_data, settle};
use crate::provider::{Answer, Ask, Empty, Payload, Request, payload};

/// The request: one message of the user's, and how many choices to make of it.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    let has = |field| ask.route.fields().has(field);
    let shown = ask.references.iter().filter(|_| has(Field::References)).map(payload::image_url);
    let content: Vec<Json> = shown.chain([json!({"type": "text", "text": ask.prompt})]).collect();
    let mut body = Map::new();
    insert(&mut body, "model", Some(ask.route.id.as_str()));
    insert(&mut body, "messages", Some(json!([{"role": "user", "content": content}])));
    insert(&mut body, "n", has(Field::N).then_some(ask.n));
    finish(body, ask)
}

/// The images of all choices. A gateway may answer in the form of `images/generations` instead.
pub(crate) fn response(body: &[u8]) -> Result<Answer, Empty> {
    let body = read(body)?;
    match body["choices"].as_array() {
        Some(choices) if !choices.is_empty() => settle(choices.iter().flat_map(choice).collect(), &body),
        _ => images_in_data(body),
    }
}

/// The images of one choice, or why there is none.
fn choice(choice: &Json) -> Vec<Result<Payload, Empty>> {
    let message = &choice["message"];
    // The same picture may stand in both places.
    let images = [&message["content"], &message["images"]].into_iter().map(pictures).find(|images| !images.is_empty());
    images.unwrap_or_else(|| vec![Err(without_image(choice))])
}

/// The pictures among a list of parts.
fn pictures(parts: &Json) -> Vec<Result<Payload, Empty>> {
    let parts = parts.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().filter_map(picture).map(|image| payload::any(image).map_err(Empty::Nothing)).collect()
}

/// The picture in a part: as a text, or in an object around it.
fn picture(part: &Json) -> Option<&str> {
    let image = ["image", "image_url"].iter().find_map(|name| part.get(*name).filter(|image| !image.is_null()))?;
    text(image).or_else(|| text(&image["url"]))
}

/// A choice that shows nothing: an error, a refusal, or words in the place of a picture.
fn without_image(choice: &Json) -> Empty {
    if let Some(error) = error(choice).or_else(|| error(&choice["message"])) {
        return error;
    }
    let message = &choice["message"];
    let words = words(&message["content"]);
    if let Some(refusal) = text(&message["refusal"]) {
        return Empty::Refused(tidy(refusal));
    }
    if choice["finish_reason"] == "content_filter" {
        return Empty::Refused(if words.is_empty() { "held back by the content filter".to_string() } else { words });
    }
    if words.is_empty() {
        return Empty::Nothing("a choice without an image".to_string());
    }
    Empty::Nothing(format!("the model answered in words: {words}"))
}

/// What a message says, be it a text or a list of parts.
fn words(content: &Json) -> String {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = parts.iter().filter_map(|part| text(&part["text"])).chain(text(content)).collect();
    tidy(&texts.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::capability::Field;
    use crate::model::{Api, Route};
    use crate::provider::chat_images::{request, response};
    use crate::provider::samples::{ask, body, references, route};
    use crate::provider::{Ask, Empty, Payload};
    use crate::recipe::{Background, Quality};
    use crate::size::Asked;

    const PANDA: &str = "A cute red panda, ultra-detailed, cinematic lighting";

    fn wan(fields: &[Field]) -> Route {
        route(Api::ChatImages, "wan2.7-image", fields)
    }

    fn read(body: &Json) -> Result<Vec<Result<Payload, String>>, Empty> {
        response(body.to_string().as_bytes()).map(|answer| answer.images)
    }

    fn url(text: &str) -> Payload {
        Payload::Url(text.to_string())
    }

    /// The request on AIsa's page (AIsa docs, chat/completions, 2026-04).
    #[test]
    fn the_documented_request_is_sent_and_no_field_more() {
        let (route, size) = (wan(&Field::ALL), Asked::Pixels(1024, 1024));
        let sent = request(&Ask {
            asked: Some(&size),
            seed: Some(7),
            quality: Some(Quality::High),
            background: Some(Background::Transparent),
            ..ask(&route, PANDA)
        });
        let expected = json!({
            "model": "wan2.7-image",
            "messages": [{"role": "user", "content": [{"type": "text", "text": PANDA}]}],
            "n": 1,
        });
        assert_eq!((sent.path.as_str(), body(&sent)), ("chat/completions", expected));
    }

    /// The order is that of AIsa's image-to-image (AIsa docs, chat/completions, 2026-04).
    #[test]
    fn references_stand_before_the_wording() {
        let (route, references) = (wan(&[Field::N, Field::References]), references());
        let sent = body(&request(&Ask { references: &references, n: 4, ..ask(&route, PANDA) }));
        let expected = json!([
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,b25l"}},
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,dHdv"}},
            {"type": "text", "text": PANDA},
        ]);
        assert_eq!((&sent["messages"][0]["content"], &sent["n"]), (&expected, &json!(4)));
        let bare = wan(&[]);
        let sent = body(&request(&Ask { references: &references, ..ask(&bare, PANDA) }));
        assert_eq!(sent["messages"][0]["content"], json!([{"type": "text", "text": PANDA}]));
        assert_eq!(sent["n"], Json::Null);
    }

    /// The answer on AIsa's page (AIsa docs, chat/completions, 2026-04).
    #[test]
    fn the_documented_answer_is_read() {
        let image = "https://cdn.aisa.one/images/wan2.7/20260418-abc.png";
        let message = json!({"role": "assistant", "content": [{"type": "image", "image": image}]});
        let body = json!({
            "id": "chatcmpl-fcc86dfd-9424-9523-b0bd-cdf07383bee2",
            "object": "chat.completion",
            "created": 1_776_495_713,
            "model": "wan2.7-image",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 104, "completion_tokens": 8, "total_tokens": 112},
        });
        let answer = response(body.to_string().as_bytes()).unwrap();
        assert_eq!((answer.images, answer.cost_usd), (vec![Ok(url(image))], None));
    }

    #[test]
    fn an_image_is_found_wherever_a_message_may_hold_it() {
        let (address, hello) = ("https://a.b/c?d=e", || Payload::Bytes(b"hello".to_vec()));
        for (message, expected) in [
            (json!({"content": [{"type": "image", "image": "aGVsbG8="}]}), hello()),
            (json!({"content": [{"type": "image", "image": "data:image/png;base64,aGVsbG8="}]}), hello()),
            (json!({"content": [{"type": "image", "image": {"url": address}}]}), url(address)),
            (json!({"content": [{"type": "image_url", "image_url": {"url": address}}]}), url(address)),
            (json!({"content": [{"type": "image_url", "image_url": address}]}), url(address)),
            (
                json!({"content": [{"type": "text", "text": "here:"}, {"type": "image", "image": address}]}),
                url(address),
            ),
            (json!({"content": null, "images": [{"image_url": {"url": address}}]}), url(address)),
            (
                json!({"content": "here:", "images": [{"image_url": {"url": "data:image/png;base64,aGVsbG8="}}]}),
                hello(),
            ),
            (
                json!({"content": [{"type": "image", "image": address}], "images": [{"image_url": {"url": "data:,"}}]}),
                url(address),
            ),
        ] {
            let body = json!({"choices": [{"message": message}]});
            assert_eq!(read(&body), Ok(vec![Ok(expected)]), "{body}");
        }
        for body in [json!({"data": [{"url": address}]}), json!({"choices": [], "data": [{"url": address}]})] {
            assert_eq!(read(&body), Ok(vec![Ok(url(address))]), "{body}");
        }
    }

    #[test]
    fn one_failed_choice_takes_no_other_with_it() {
        let body = json!({"choices": [
            {"finish_reason": "content_filter", "message": {"content": null}},
            {"finish_reason": "stop", "message": {"content": [{"type": "image", "image": "https://a.b/c"}]}},
            {"finish_reason": "stop", "message": {"content": "no picture today"}},
            {"error": {"code": "busy", "message": "later"}},
            7,
        ]});
        let failed = |words: &str| Err(words.to_string());
        let expected = [
            failed("held back by the content filter"),
            Ok(url("https://a.b/c")),
            failed("the model answered in words: no picture today"),
            failed("busy: later"),
            failed("a choice without an image"),
        ];
        assert_eq!(read(&body), Ok(expected.to_vec()));
    }

    #[test]
    fn an_answer_without_an_image_says_why() {
        let nothing = |words: &str| Empty::Nothing(words.to_string());
        let refused = |words: &str| Empty::Refused(words.to_string());
        let choice = |choice: Json| json!({"choices": [choice]});
        for (body, expected) in [
            (json!({}), nothing("the answer holds no image")),
            (json!({"choices": []}), nothing("the answer holds no image")),
            (
                choice(json!({"message": {"content": [{"type": "image", "image": ""}]}})),
                nothing("a choice without an image"),
            ),
            (
                choice(json!({"message": {"content": "I can\u{7}\nnot, see https://a.b/c?key=1"}})),
                nothing("the model answered in words: I can not, see https://a.b/c"),
            ),
            (
                choice(
                    json!({"message": {"content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}}),
                ),
                nothing("the model answered in words: one two"),
            ),
            (choice(json!({"message": {"content": "", "refusal": "I won't."}})), refused("I won't.")),
            (
                choice(json!({"finish_reason": "content_filter", "message": {"content": "not that"}})),
                refused("not that"),
            ),
            (json!({"choices": [{"message": {}}, {"message": {"refusal": "I won't."}}]}), refused("I won't.")),
        ] {
            assert_eq!(read(&body), Err(expected), "{body}");
        }
        for body in [json!({"error": {"code": "busy"}}), json!({"choices": [], "error": "busy"})] {
            let empty = read(&body).unwrap_err();
            assert!(matches!(empty, Empty::Complaint(_)) && empty.words() == "busy", "{body}: {empty:?}");
        }
        assert!(matches!(response(b"<html>"), Err(Empty::Nothing(_))));
    }

    #[test]
    fn a_long_answer_in_words_is_shortened() {
        let body = json!({"choices": [{"message": {"content": "moon ".repeat(9_999)}}]});
        assert!(read(&body).unwrap_err().words().chars().count() < 400);
    }
}
