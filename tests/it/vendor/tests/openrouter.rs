//! OpenRouter's `POST /api/v1/images`.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::vendor::{Fault, KEY, Vendor};

use super::client::{assert_refused, changed, data_url, data_urls, decoded, image_url, png, post_to, post_with_key};

const IMAGES: &str = "/api/v1/images";

fn order() -> Value {
    json!({
        "model": "bytedance-seed/seedream-4.5", "prompt": "a red panda astronaut floating in space, studio lighting",
    })
}

fn of(model: &str) -> Value {
    json!({ "model": model, "prompt": "x" })
}

/// Width and height of the one picture.
#[track_caller]
fn drawn(vendor: &Vendor, order: &Value) -> (u32, u32) {
    let reply = post_to(vendor, IMAGES, order);
    assert_eq!(reply.status, 200, "{order}: {}", String::from_utf8_lossy(&reply.body));
    let picture = decoded(&reply.json()["data"][0]["b64_json"]);
    (picture.width(), picture.height())
}

#[test]
fn the_example_of_the_page_is_answered_as_the_page_has_it() {
    let vendor = Vendor::openrouter();
    let reply = post_to(&vendor, IMAGES, &order()).json();
    assert_eq!(reply["data"][0]["media_type"], "image/png");
    assert_eq!(decoded(&reply["data"][0]["b64_json"]).width(), 2048);
    assert_eq!(
        reply["usage"],
        json!({ "prompt_tokens": 0, "completion_tokens": 4175, "total_tokens": 4175, "cost": 0.04 })
    );
    assert_eq!(vendor.billed_for("red panda"), 1);
    let base_url = format!("{}/api/v1", vendor.origin());
    assert_eq!(vendor.manifest_lines(), format!("[providers.openrouter]\nbase_url = \"{base_url}\"\n"));
}

#[test]
fn every_field_is_taken_and_pictures_are_of_the_size_asked() {
    let vendor = Vendor::openrouter();
    let (seedream, gemini) = ("bytedance-seed/seedream-4.5", "google/gemini-3-pro-image");
    let (gpt, grok) = ("openai/gpt-image-2", "x-ai/grok-imagine-image-quality");
    for (model, changes, size) in [
        (seedream, json!({ "size": "2560x1440" }), (2560, 1440)),
        (seedream, json!({ "size": "2K", "aspect_ratio": "16:9" }), (2848, 1600)),
        (seedream, json!({ "resolution": "2K", "aspect_ratio": "auto", "seed": 7, "n": 1 }), (2048, 2048)),
        (seedream, json!({ "size": "2K", "resolution": "2K" }), (2048, 2048)),
        (seedream, json!({ "size": "2560x1440", "aspect_ratio": "16:9", "resolution": "2K" }), (2560, 1440)),
        (gemini, json!({ "resolution": "2K", "aspect_ratio": "16:9" }), (2752, 1536)),
        (gemini, json!({ "aspect_ratio": "4:5" }), (928, 1152)),
        ("google/gemini-3.1-flash-image", json!({ "resolution": "512" }), (512, 512)),
        (gpt, json!({ "aspect_ratio": "16:9", "quality": "high", "background": "auto" }), (1536, 864)),
        (gpt, json!({ "size": "1024x1536", "output_format": "jpeg", "output_compression": 90 }), (1024, 1536)),
        (grok, json!({ "aspect_ratio": "9:19.5", "resolution": "1K" }), (688, 1504)),
        (
            "black-forest-labs/flux.2-pro",
            json!({ "provider": { "options": { "black-forest-labs": { "steps": 40 } } } }),
            (1024, 1024),
        ),
    ] {
        assert_eq!(drawn(&vendor, &changed(&of(model), &changes)), size, "{model} {changes}");
    }
    assert_eq!((vendor.overlooked(), vendor.broken_rules()), (Vec::<String>::new(), Vec::new()));
}

#[test]
fn what_the_page_passes_over_in_silence_is_noted() {
    let vendor = Vendor::openrouter();
    let gemini = of("google/gemini-3-pro-image");
    assert_eq!(drawn(&vendor, &changed(&gemini, &json!({ "aspect_ratio": "8:1" }))), (1584, 672));
    assert_eq!(drawn(&vendor, &changed(&gemini, &json!({ "size": "1920x1080" }))), (1376, 768));
    assert_eq!(drawn(&vendor, &changed(&gemini, &json!({ "quality": "high", "stream": true }))), (1024, 1024));
    let png = json!({ "output_format": "png", "output_compression": 50 });
    drawn(&vendor, &changed(&of("openai/gpt-image-2"), &png));
    assert_eq!(
        vendor.overlooked(),
        [
            "aspect_ratio 8:1 became 21:9",
            "size 1920x1080 became 1376x768",
            "quality high",
            "stream",
            "output_compression 50"
        ]
    );
}

#[test]
fn references_are_kept_in_order() {
    let vendor = Vendor::openrouter();
    let (first, second) = (png(16, 1), png(16, 2));
    let references = json!([image_url(&data_url(&first)), image_url("https://a/b.png"), image_url(&data_url(&second))]);
    drawn(&vendor, &changed(&order(), &json!({ "input_references": references })));
    assert_eq!(vendor.requests()[0].references, [first, second]);
}

#[test]
fn every_broken_rule_has_its_error_type() {
    let references = |count: u8| data_urls(count).iter().map(|url| image_url(url)).collect::<Vec<_>>();
    let invalid = "invalid_request";
    let gemini = |changes: Value| changed(&changes, &json!({ "model": "google/gemini-3-pro-image" }));
    let gpt = |changes: Value| changed(&changes, &json!({ "model": "openai/gpt-image-2" }));
    assert_refused(
        &Vendor::openrouter(),
        IMAGES,
        &order(),
        &[
            (json!({ "prompt": "" }), 400, invalid),
            (json!({ "model": null }), 400, invalid),
            (json!({ "model": "bytedance-seed/seedream-9" }), 400, invalid),
            (json!({ "response_format": "url" }), 400, invalid),
            (json!({ "watermark": false }), 400, invalid),
            (json!({ "user": "x" }), 400, invalid),
            (json!({ "n": 2 }), 400, invalid),
            (gemini(json!({ "n": 2 })), 400, invalid),
            (gpt(json!({ "n": 11 })), 400, invalid),
            (json!({ "size": "1K" }), 400, invalid),
            (json!({ "resolution": "1K" }), 400, invalid),
            (json!({ "size": "1919x1920" }), 400, invalid),
            (json!({ "size": "4097x4096" }), 400, invalid),
            (json!({ "size": "2k" }), 400, invalid),
            (json!({ "size": "2K", "resolution": "4K" }), 400, invalid),
            (json!({ "size": "2048x2048", "aspect_ratio": "16:9" }), 400, invalid),
            (json!({ "size": "2048x2048", "resolution": "4K" }), 400, invalid),
            (json!({ "aspect_ratio": "7:5" }), 400, invalid),
            (json!({ "aspect_ratio": 1.5 }), 400, invalid),
            (json!({ "quality": "ultra" }), 400, invalid),
            (json!({ "output_format": "gif" }), 400, invalid),
            (json!({ "output_format": "svg" }), 400, invalid),
            (json!({ "output_compression": 101 }), 400, invalid),
            (json!({ "seed": "7" }), 400, invalid),
            (json!({ "provider": { "steps": 4 } }), 400, invalid),
            (gpt(json!({ "resolution": "2K" })), 400, invalid),
            (gpt(json!({ "size": "2K" })), 400, invalid),
            (gpt(json!({ "seed": 7 })), 400, invalid),
            (gpt(json!({ "background": "transparent" })), 400, invalid),
            (gpt(json!({ "background": "transparent", "output_format": "jpeg" })), 400, invalid),
            (gemini(json!({ "background": "transparent", "output_format": "png" })), 400, invalid),
            (gemini(json!({ "resolution": "512" })), 400, invalid),
            (gemini(json!({ "input_references": references(15) })), 400, invalid),
            (gpt(json!({ "input_references": references(17) })), 400, invalid),
            (json!({ "input_references": data_urls(1) }), 400, invalid),
            (json!({ "input_references": [image_url("data:image/png;base64,AAAA")] }), 400, "invalid_image"),
            (json!({ "input_references": [image_url("a.png")] }), 400, "invalid_image"),
        ],
    );
    let vendor = Vendor::openrouter();
    let unknown = post_to(&vendor, IMAGES, &of("nobody/nothing")).json();
    assert_eq!(unknown["error"]["availability"], json!({ "code": "model_not_found", "retryable": false }));
    let wrong = post_with_key(&vendor, IMAGES, "sk-other", &order());
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["code"], wrong.word().as_str()),
        (401, &json!(401), "authentication")
    );
    assert_eq!(post_to(&vendor, "/api/v1/images/generations", &order()).status, 404);
}

#[test]
fn transparency_comes_when_asked_for_in_a_format_that_has_it() {
    for format in ["png", "webp"] {
        let transparent = json!({ "background": "transparent", "output_format": format });
        let reply = post_to(&Vendor::openrouter(), IMAGES, &changed(&of("openai/gpt-image-2"), &transparent)).json();
        assert_eq!(reply["data"][0]["media_type"], format!("image/{format}"));
        assert_eq!(decoded(&reply["data"][0]["b64_json"]).to_rgba8().get_pixel(1023, 1023).0[3], 0, "{format}");
    }
}

#[test]
fn the_cost_is_that_of_all_images_and_may_differ_from_the_list() {
    let vendor = Vendor::openrouter().charging(0.25).without_media_types();
    let reply = post_to(&vendor, IMAGES, &changed(&of("openai/gpt-image-2"), &json!({ "n": 3 }))).json();
    assert_eq!((&reply["usage"]["cost"], vendor.billed()), (&json!(0.75), 3));
    assert_eq!(reply["data"][2].get("media_type"), None);
}

#[test]
fn errors_have_openrouters_form() {
    let vendor = Vendor::openrouter();
    let overloaded = Fault::openrouter(503, "provider_overloaded", "busy");
    vendor.next(Fault::Refuse).next(Fault::NoCredit).next(Fault::moderation(&["violence"]));
    vendor.next(overloaded.with_availability("temporarily_unavailable", true, Some(3)));
    let replies = [0; 4].map(|_| post_to(&vendor, IMAGES, &order()));
    assert_eq!(replies.each_ref().map(|reply| reply.status), [400, 402, 403, 503]);
    assert_eq!(replies[0].word(), "content_policy_violation");
    assert_eq!(replies[1].word(), "payment_required");
    assert_eq!(replies[2].json()["error"]["metadata"]["reasons"], json!(["violence"]));
    assert_eq!(
        replies[3].json()["error"]["availability"],
        json!({ "code": "temporarily_unavailable", "retryable": true, "retry_after": 3 })
    );
    assert_eq!(vendor.billed(), 0);
}

#[test]
fn what_never_reaches_the_client_is_not_billed() {
    let vendor = Vendor::openrouter();
    vendor.next(Fault::CloseBeforeAnswer).next(Fault::ResetAfterHeaders).next(Fault::CutBody);
    for _ in 0..3 {
        post_to(&vendor, IMAGES, &order());
    }
    assert_eq!(vendor.billed(), 0);

    vendor.next(Fault::Gate);
    let body = order().to_string();
    let head = format!(
        "Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(vendor.shared.address).expect("the vendor listens");
    stream.write_all(format!("POST {IMAGES} HTTP/1.1\r\n{head}").as_bytes()).expect("the vendor reads");
    vendor.wait_for_requests(4);
    drop(stream);
    std::thread::sleep(Duration::from_millis(50)); // for the close to arrive
    vendor.open();
    assert_eq!(post_to(&vendor, IMAGES, &order()).status, 200);
    assert_eq!(vendor.billed(), 1, "the client that went away pays nothing");
}
