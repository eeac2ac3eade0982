//! PowerTokens' `POST /v1/images/generations`.

use serde_json::{Value, json};

use crate::vendor::{Fault, Vendor};

use super::GENERATIONS;
use super::client::{assert_refused, changed, data_url, data_urls, decoded, get, png, post_to, post_with_key};

fn order() -> Value {
    json!({
        "model": "seedream-4-5-251128", "prompt": "A cute corgi running on grass, sunny day, realistic style",
        "size": "2048x2048", "response_format": "url",
    })
}

fn with(changes: &Value) -> Value {
    changed(&order(), changes)
}

#[test]
fn the_example_of_the_page_is_answered_as_the_page_has_it() {
    let vendor = Vendor::powertokens();
    let reply = post_to(&vendor, GENERATIONS, &order()).json();
    assert_eq!((&reply["data"][0]["size"], &reply["metadata"]), (&json!("2048x2048"), &json!({})));
    assert_eq!(get(&vendor, &reply["data"][0]["url"]).status, 200);
    assert_eq!(vendor.billed_for("corgi"), 1);
    assert_eq!(vendor.manifest_lines(), format!("[providers.powertokens]\nbase_url = \"{}/v1\"\n", vendor.origin()));
}

#[test]
fn every_field_is_taken() {
    let vendor = Vendor::powertokens();
    for (changes, size) in [
        (json!({ "size": "2K", "seed": -1, "watermark": false }), (2048, 2048)),
        (json!({ "size": "3K", "model": "seedream-5-0-260128" }), (3072, 3072)),
        (json!({ "size": "1280x720", "model": "seedream-4-0-250828", "seed": 2_147_483_647 }), (1280, 720)),
        (json!({ "size": null, "image": "https://example.com/a.png" }), (2048, 2048)),
        (json!({ "sequential_image_generation": "disabled", "image": data_urls(14) }), (2048, 2048)),
    ] {
        let order = changed(&with(&changes), &json!({ "response_format": "b64_json" }));
        let reply = post_to(&vendor, GENERATIONS, &order);
        assert_eq!(reply.status, 200, "{changes}: {}", String::from_utf8_lossy(&reply.body));
        let picture = decoded(&reply.json()["data"][0]["b64_json"]);
        assert_eq!((picture.width(), picture.height()), size, "{changes}");
    }
    assert_eq!(vendor.requests()[0].body["watermark"], false);
    assert!(vendor.bills().iter().all(|bill| bill.pictures[0].url.is_empty()), "base64 lies at no address");
}

#[test]
fn a_set_has_as_many_images_as_asked_and_as_there_is_room() {
    let vendor = Vendor::powertokens();
    let auto =
        json!({ "sequential_image_generation": "auto", "sequential_image_generation_options": { "max_images": 3 } });
    assert_eq!(post_to(&vendor, GENERATIONS, &with(&auto)).json()["data"].as_array().map(Vec::len), Some(3));
    let open = json!({ "sequential_image_generation": "auto", "image": data_urls(14) });
    assert_eq!(post_to(&vendor, GENERATIONS, &with(&open)).json()["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn references_are_a_text_or_a_list() {
    let vendor = Vendor::powertokens();
    let (first, second) = (png(16, 1), png(16, 2));
    post_to(&vendor, GENERATIONS, &with(&json!({ "image": data_url(&first) })));
    post_to(&vendor, GENERATIONS, &with(&json!({ "image": [data_url(&second), data_url(&first)] })));
    let requests = vendor.requests();
    assert_eq!(requests[0].references, std::slice::from_ref(&first));
    assert_eq!(requests[1].references, [second, first]);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn every_broken_rule_has_its_code() {
    let set = |most: u8, references: u8| {
        json!({
            "sequential_image_generation": "auto", "sequential_image_generation_options": { "max_images": most },
            "image": data_urls(references),
        })
    };
    let invalid = "InvalidParameter";
    assert_refused(
        &Vendor::powertokens(),
        GENERATIONS,
        &order(),
        &[
            (json!({ "model": null }), 400, "MissingParameter"),
            (json!({ "prompt": null }), 400, "MissingParameter"),
            (json!({ "model": "wan2.7-image" }), 404, "InvalidEndpointOrModel"),
            (json!({ "n": 1 }), 400, invalid),
            (json!({ "quality": "high" }), 400, invalid),
            (json!({ "size": "1K" }), 400, invalid),
            (json!({ "size": "3K" }), 400, invalid),
            (json!({ "size": "2048" }), 400, invalid),
            (json!({ "size": "1919x1920" }), 400, invalid),
            (json!({ "size": "4097x4096" }), 400, invalid),
            (json!({ "size": "8192x500" }), 400, invalid),
            (json!({ "size": "4096x4096", "model": "seedream-5-0-260128" }), 400, invalid),
            (json!({ "response_format": "base64" }), 400, invalid),
            (json!({ "seed": -2 }), 400, invalid),
            (json!({ "seed": 2_147_483_648_u64 }), 400, invalid),
            (json!({ "watermark": "false" }), 400, invalid),
            (json!({ "sequential_image_generation": "on" }), 400, invalid),
            (json!({ "sequential_image_generation_options": { "max_images": 2 } }), 400, invalid),
            (set(16, 1), 400, invalid),
            (set(0, 1), 400, invalid),
            (set(10, 6), 400, invalid),
            (json!({ "image": [] }), 400, invalid),
            (json!({ "image": data_urls(15) }), 400, invalid),
            (json!({ "image": [7] }), 400, invalid),
            (json!({ "image": { "url": "https://a/b.png" } }), 400, invalid),
            (json!({ "image": "b.png" }), 400, "InvalidImageURL"),
            (json!({ "image": data_url(&png(8, 1)) }), 400, "InvalidImageURL"),
            (json!({ "image": data_url(&png(16, 1)).replace("png", "PNG") }), 400, "InvalidImageURL"),
            (json!({ "image": data_url(&png(16, 1)).replace("png", "jpeg") }), 400, "InvalidImageURL"),
        ],
    );
    let reply = post_with_key(&Vendor::powertokens(), GENERATIONS, "sk-other", &order());
    assert_eq!((reply.status, reply.code().as_str()), (401, "AuthenticationError"));
}

#[test]
fn a_good_status_may_hold_entries_that_failed() {
    let vendor = Vendor::powertokens();
    let code = "OutputImageSensitiveContentDetected";
    vendor.next(Fault::FailedEntry { code }).next(Fault::FailedEntries { code });
    let auto =
        json!({ "sequential_image_generation": "auto", "sequential_image_generation_options": { "max_images": 3 } });
    let codes = |reply: &Value| {
        let data = reply["data"].as_array().cloned().unwrap_or_default();
        data.iter().map(|datum| datum["error"]["code"].as_str() == Some(code)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&post_to(&vendor, GENERATIONS, &with(&auto)).json()), [false, false, true]);
    assert_eq!(vendor.billed(), 2);
    assert_eq!(codes(&post_to(&vendor, GENERATIONS, &with(&auto)).json()), [true; 3]);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn refusals_and_empty_accounts_have_the_upstreams_words() {
    let vendor = Vendor::powertokens();
    vendor.next(Fault::Refuse).next(Fault::NoCredit).next(Fault::ErrorIn200);
    let replies = [0; 3].map(|_| post_to(&vendor, GENERATIONS, &order()));
    let seen = replies.each_ref().map(|reply| (reply.status, reply.code()));
    let words = ["InputTextSensitiveContentDetected", "AccountOverdueError", "InternalServiceError"];
    assert_eq!(seen, [(400, words[0].into()), (403, words[1].into()), (200, words[2].into())]);
    assert_eq!(vendor.billed(), 0);
}
