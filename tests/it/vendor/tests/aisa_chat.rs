//! AIsa's `chat/completions`.

use serde_json::{Value, json};

use crate::vendor::{ChatImage, Fault, Vendor};

use super::client::{assert_refused, changed, data_url, data_urls, decoded, get, image_url, png, post_to};

const CHAT: &str = "/v1/chat/completions";

fn said(content: &Value) -> Value {
    json!([{ "role": "user", "content": content }])
}

fn order() -> Value {
    let text = "A cute red panda, ultra-detailed, cinematic lighting";
    json!({ "model": "wan2.7-image", "messages": said(&json!([{ "type": "text", "text": text }])), "n": 1 })
}

#[test]
fn the_example_of_the_page_is_answered_as_the_page_has_it() {
    let vendor = Vendor::aisa();
    let reply = post_to(&vendor, CHAT, &order()).json();
    assert_eq!((&reply["object"], &reply["model"]), (&json!("chat.completion"), &json!("wan2.7-image")));
    let choice = &reply["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["role"]), (&json!("stop"), &json!("assistant")));
    let part = &choice["message"]["content"][0];
    assert_eq!(part["type"], "image");
    assert_eq!(get(&vendor, &part["image"]).status, 200);
    assert_eq!(reply["usage"]["prompt_tokens"], 104);
    assert!(vendor.prompts()[0].starts_with("A cute red panda"));
    assert_eq!(vendor.billed_for("red panda"), 1);
}

#[test]
fn four_are_drawn_and_billed_where_nobody_says_how_many() {
    let vendor = Vendor::aisa();
    let reply = post_to(&vendor, CHAT, &changed(&order(), &json!({ "n": null }))).json();
    assert_eq!((reply["choices"].as_array().map(Vec::len), vendor.billed()), (Some(4), 4));
}

#[test]
fn references_go_before_the_text_and_are_kept_in_order() {
    let vendor = Vendor::aisa();
    let (first, second) = (png(16, 1), png(16, 2));
    let text = json!({ "type": "text", "text": "in oil" });
    let parts = json!([image_url(&data_url(&first)), image_url(&data_url(&second)), text]);
    let web = json!([image_url("https://example.com/reference.jpg"), text]);
    for parts in [&parts, &web] {
        let order = json!({ "model": "wan2.7-image-pro", "messages": said(parts), "n": 1 });
        assert_eq!(post_to(&vendor, CHAT, &order).status, 200, "{parts}");
    }
    assert_eq!(vendor.requests()[0].references, [first, second]);
    assert_eq!(vendor.prompts(), ["in oil", "in oil"]);
}

#[test]
fn every_broken_rule_of_the_chat_has_its_code() {
    let text = json!({ "type": "text", "text": "x" });
    let pictures = |count: u8| data_urls(count).iter().map(|url| image_url(url)).collect::<Vec<_>>();
    let many = Value::from([pictures(10), vec![text.clone()]].concat());
    assert_refused(
        &Vendor::aisa(),
        CHAT,
        &order(),
        &[
            (json!({ "messages": said(&json!("a red panda")) }), 400, "invalid_parameter_error"),
            (json!({ "messages": null, "contents": [{ "parts": [{ "text": "x" }] }] }), 400, "missing_parameter"),
            (json!({ "messages": said(&json!([text, image_url("https://a/b.png")])) }), 400, "invalid_request"),
            (json!({ "messages": said(&json!([image_url("b.png"), text])) }), 400, "invalid_request"),
            (
                json!({ "messages": said(&json!([image_url("data:image/png;base64,AAAA"), text])) }),
                400,
                "invalid_request",
            ),
            (json!({ "messages": said(&many) }), 400, "invalid_request"),
            (json!({ "messages": said(&json!([{ "type": "input_text", "text": "x" }])) }), 400, "invalid_request"),
            (
                json!({ "messages": said(&json!([{ "type": "text", "text": "x", "size": "2K" }])) }),
                400,
                "invalid_request",
            ),
            (json!({ "messages": said(&json!([])) }), 400, "invalid_request"),
            (json!({ "messages": [{ "content": [text] }] }), 400, "missing_parameter"),
            (json!({ "messages": text }), 400, "invalid_parameter_type"),
            (json!({ "n": 0 }), 400, "invalid_request"),
            (json!({ "n": 5 }), 400, "invalid_request"),
            (json!({ "n": "1" }), 400, "invalid_parameter_type"),
            (json!({ "size": "1024x1024" }), 400, "invalid_request"),
            (json!({ "prompt": "x" }), 400, "invalid_request"),
            (json!({ "model": "seedream-4-5-251128" }), 404, "unknown_model"),
        ],
    );
    let vendor = Vendor::aisa();
    let reply = post_to(&vendor, CHAT, &changed(&order(), &json!({ "messages": said(&json!("x")) })));
    assert_eq!(reply.json()["error"]["message"], "Input should be a valid list: messages[*].content");
}

#[test]
fn images_come_by_address_or_in_base64_in_every_documented_form() {
    for form in [ChatImage::Url, ChatImage::UrlObject, ChatImage::Base64, ChatImage::DataUrl] {
        let vendor = Vendor::aisa().chat_image(form).answer_size(64, 32);
        let image = post_to(&vendor, CHAT, &order()).json()["choices"][0]["message"]["content"][0]["image"].clone();
        match form {
            ChatImage::Url => assert_eq!(get(&vendor, &image).status, 200),
            ChatImage::UrlObject => assert_eq!(get(&vendor, &image["url"]).status, 200),
            ChatImage::Base64 => assert_eq!(decoded(&image).width(), 64),
            ChatImage::DataUrl => {
                let data = image.as_str().and_then(|url| url.strip_prefix("data:image/png;base64,"));
                assert_eq!(decoded(&json!(data)).height(), 32);
            }
        }
        let is_url = matches!(form, ChatImage::Url | ChatImage::UrlObject);
        assert_eq!(!vendor.bills()[0].pictures[0].url.is_empty(), is_url, "{form:?}");
    }
}

#[test]
fn an_answer_without_an_image_costs_nothing() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::NoImage { finish_reason: "content_filter" }).next(Fault::TextOnly).next(Fault::Refuse);
    let filtered = post_to(&vendor, CHAT, &order()).json()["choices"][0].clone();
    assert_eq!((&filtered["finish_reason"], &filtered["message"]["content"]), (&json!("content_filter"), &json!([])));
    let words = post_to(&vendor, CHAT, &order()).json()["choices"][0].clone();
    assert_eq!((&words["finish_reason"], &words["message"]["content"][0]["type"]), (&json!("stop"), &json!("text")));
    let refused = post_to(&vendor, CHAT, &order());
    assert_eq!((refused.status, refused.code().as_str()), (422, "content_policy_violation"));
    assert_eq!(vendor.billed(), 0);
}

#[test]
fn july_draws_the_older_seedream_here_and_sends_wan_away() {
    let vendor = Vendor::aisa_moved();
    let seedream = changed(&order(), &json!({ "model": "seedream-4-5-251128", "n": null }));
    assert_eq!(post_to(&vendor, CHAT, &seedream).status, 200);
    assert_eq!(vendor.billed(), 1);
    let reply = post_to(&vendor, CHAT, &order());
    assert_eq!((reply.status, reply.code().as_str()), (400, "model_route_not_supported"));
    assert!(reply.json()["error"]["message"].to_string().contains("/v1/images/generations"));
}
