//! `generateContent`, as AIsa passes it on.

use serde_json::{Value, json};

use crate::vendor::picture::base64;
use crate::vendor::{Fault, KEY, Vendor};

use super::client::{assert_refused, changed, decoded, exchange, png, post_to};

const PATH: &str = "/v1/models/gemini-3-pro-image-preview:generateContent";
const BETA: &str = "/v1beta/models/gemini-3-pro-image-preview:generateContent";

fn order() -> Value {
    json!({
        "contents": [{ "role": "user", "parts": [{ "text": "a red panda" }] }],
        "generationConfig": {
            "responseModalities": ["IMAGE"], "imageConfig": { "aspectRatio": "16:9", "imageSize": "2K" }, "seed": 7,
        },
    })
}

#[test]
fn the_documented_request_is_answered_with_a_candidate() {
    let vendor = Vendor::aisa();
    let reply = post_to(&vendor, PATH, &order()).json();
    let candidate = &reply["candidates"][0];
    assert_eq!(candidate["finishReason"], "STOP");
    let inline = &candidate["content"]["parts"][0]["inlineData"];
    let picture = decoded(&inline["data"]);
    assert_eq!((&inline["mimeType"], picture.width(), picture.height()), (&json!("image/png"), 2752, 1536));
    assert!(reply["usageMetadata"]["totalTokenCount"].is_number());
    assert_eq!((vendor.billed_for("red panda"), vendor.prompts()), (1, vec!["a red panda".to_string()]));
}

#[test]
fn a_request_without_configuration_gets_a_square_of_1k() {
    let reply = post_to(&Vendor::aisa(), PATH, &changed(&order(), &json!({ "generationConfig": null }))).json();
    assert_eq!(decoded(&reply["candidates"][0]["content"]["parts"][0]["inlineData"]["data"]).width(), 1024);
}

#[test]
fn the_prefix_is_that_of_its_time() {
    let (april, july) = (Vendor::aisa(), Vendor::aisa_moved());
    assert_eq!((post_to(&april, PATH, &order()).status, post_to(&april, BETA, &order()).status), (200, 404));
    assert_eq!((post_to(&july, PATH, &order()).status, post_to(&july, BETA, &order()).status), (404, 200));
}

#[test]
fn references_are_inline_in_both_spellings() {
    let vendor = Vendor::aisa();
    let (first, second) = (png(16, 1), png(16, 2));
    let parts = json!([
        { "inlineData": { "mimeType": "image/png", "data": base64(&first) } },
        { "inline_data": { "mime_type": "image/png", "data": base64(&second) } },
        { "text": "both" },
    ]);
    assert_eq!(post_to(&vendor, PATH, &json!({ "contents": [{ "parts": parts }] })).status, 200);
    let request = vendor.requests().remove(0);
    assert_eq!((request.references.len(), request.prompt().as_deref()), (2, Some("both")));
    assert_eq!(request.references, [first, second]);
}

#[test]
fn every_broken_rule_has_googles_form() {
    let parts = |parts: Value| json!([{ "role": "user", "parts": parts }]);
    let config = |config: Value| json!({ "generationConfig": config });
    let inline = json!({ "inlineData": { "mimeType": "image/png", "data": base64(&png(16, 1)) } });
    let many: Vec<Value> = std::iter::repeat_n(inline, 15).chain([json!({ "text": "x" })]).collect();
    let invalid = "INVALID_ARGUMENT";
    assert_refused(
        &Vendor::aisa(),
        PATH,
        &order(),
        &[
            (json!({ "contents": null }), 400, invalid),
            (json!({ "contents": null, "messages": [] }), 400, invalid),
            (json!({ "contents": parts(json!([])) }), 400, invalid),
            (json!({ "contents": parts(json!([{ "text": "x", "size": "2K" }])) }), 400, invalid),
            (json!({ "contents": parts(json!([{ "inlineData": { "data": "AAAA" } }])) }), 400, invalid),
            (
                json!({ "contents": parts(json!([{ "inlineData": { "mimeType": "image/png", "data": "?" } }])) }),
                400,
                invalid,
            ),
            (json!({ "contents": parts(Value::from(many)) }), 400, invalid),
            (config(json!({ "imageConfig": { "aspectRatio": "1:4" } })), 400, invalid),
            (config(json!({ "imageConfig": { "imageSize": "2k" } })), 400, invalid),
            (config(json!({ "imageConfig": { "imageSize": "512" } })), 400, invalid),
            (config(json!({ "imageConfig": { "size": "1024x1024" } })), 400, invalid),
            (config(json!({ "responseModalities": ["TEXT"] })), 400, invalid),
            (config(json!({ "responseModalities": "IMAGE" })), 400, invalid),
            (config(json!({ "candidateCount": 2 })), 400, invalid),
            (json!({ "n": 1 }), 400, invalid),
        ],
    );
    let vendor = Vendor::aisa();
    let other = post_to(&vendor, "/v1/models/gemini-9:generateContent", &order());
    assert_eq!((other.status, &other.json()["error"]["code"], other.word().as_str()), (404, &json!(404), "NOT_FOUND"));
    let body = order().to_string();
    let head = format!("x-goog-api-key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
    let reply = exchange(&vendor, format!("POST {PATH} HTTP/1.1\r\n{head}\r\n\r\n{body}").as_bytes());
    assert_eq!((reply.status, reply.word().as_str()), (401, "UNAUTHENTICATED"), "AIsa wants a bearer token");
}

#[test]
fn candidates_come_in_every_documented_spelling() {
    let vendor = Vendor::aisa().parts_without_content().in_snake_case().thinking_aloud().answer_size(64, 64);
    let reply = post_to(&vendor, PATH, &order()).json();
    let parts = reply["candidates"][0]["parts"].as_array().expect("parts without content").clone();
    assert_eq!(parts.iter().map(|part| part["thought"] == true).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(decoded(&parts[1]["inline_data"]["data"]).width(), 32, "the sketch");
    assert_eq!(decoded(&parts[2]["inline_data"]["data"]).width(), 64);
    assert_eq!(vendor.billed(), 1, "thoughts are not billed");
}

#[test]
fn refusals_come_with_status_200_and_cost_nothing() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Refuse).next(Fault::Blocked { reason: "IMAGE_SAFETY" });
    vendor.next(Fault::NoImage { finish_reason: "IMAGE_SAFETY" }).next(Fault::TextOnly).next(Fault::EmptyData);
    let replies = [0; 5].map(|_| post_to(&vendor, PATH, &order()));
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200; 5]);
    let [refused, blocked, unsafe_image, words, empty] = replies.map(|reply| reply.json());
    assert_eq!(
        (&refused["promptFeedback"]["blockReason"], refused.get("candidates")),
        (&json!("PROHIBITED_CONTENT"), None)
    );
    assert_eq!(blocked["promptFeedback"]["blockReason"], "IMAGE_SAFETY");
    assert_eq!(unsafe_image["candidates"][0]["finishReason"], "IMAGE_SAFETY");
    assert_eq!(unsafe_image["candidates"][0].get("content"), None);
    assert!(words["candidates"][0]["content"]["parts"][0]["text"].is_string());
    assert_eq!(words["candidates"][0]["finishReason"], "STOP");
    assert_eq!((&empty["candidates"], vendor.billed()), (&json!([]), 0));
}

#[test]
fn limits_come_with_retry_info() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::retry_info("27s")).next(Fault::google(503, "UNAVAILABLE", "overloaded")).next(Fault::NoCredit);
    let limited = post_to(&vendor, PATH, &order());
    assert_eq!((limited.status, limited.word().as_str()), (429, "RESOURCE_EXHAUSTED"));
    assert_eq!(limited.json()["error"]["details"][0]["retryDelay"], "27s");
    assert_eq!(post_to(&vendor, PATH, &order()).word(), "UNAVAILABLE");
    assert_eq!(post_to(&vendor, PATH, &order()).status, 402);
}
