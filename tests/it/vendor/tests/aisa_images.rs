//! AIsa's `images/generations` and `images/edits` since July 2026; the page of April is what most tests use anyway.

use serde_json::json;

use crate::vendor::{Fault, Vendor};

use super::GENERATIONS;
use super::client::{assert_refused, changed, data_url, get, png, post_form, post_to};

const EDITS: &str = "/v1/images/edits";

#[test]
fn the_models_of_july_draw_below_the_old_limit_and_without_a_size() {
    let vendor = Vendor::aisa_moved();
    for (model, size) in [("wan2.7-image", "1024x1024"), ("gpt-image-2", "1536x1024"), ("seedream-5-0-260128", "2K")] {
        let size = if size == "2K" { json!("2048x2048") } else { json!(size) };
        let reply = post_to(&vendor, GENERATIONS, &json!({ "model": model, "prompt": "x", "n": 1, "size": size }));
        assert_eq!(reply.json()["data"][0]["size"], size, "{model}");
        assert_eq!(get(&vendor, &reply.json()["data"][0]["url"]).status, 200);
    }
    let reply = post_to(&vendor, GENERATIONS, &json!({ "model": "gpt-image-2", "prompt": "x", "n": 1 }));
    assert_eq!(reply.json()["data"][0]["size"], "1024x1024");
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn wan_draws_four_where_nobody_says_how_many() {
    let vendor = Vendor::aisa_moved();
    post_to(&vendor, GENERATIONS, &json!({ "model": "wan2.7-image", "prompt": "x", "size": "1024x1024" }));
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn what_july_does_not_serve_is_refused() {
    let order = json!({ "model": "wan2.7-image", "prompt": "x", "n": 1, "size": "1024x1024" });
    assert_refused(
        &Vendor::aisa_moved(),
        GENERATIONS,
        &order,
        &[
            (json!({ "model": "seedream-4-5-251128", "size": "2048x2048" }), 404, "openai_error"),
            (json!({ "model": "gemini-3-pro-image-preview" }), 404, "openai_error"),
            (json!({ "model": "seedream-5-0-260128" }), 400, "InvalidParameter"),
            (json!({ "model": "gpt-image-2", "size": "1000x1000" }), 400, "InvalidParameter"),
            (json!({ "model": "gpt-image-2", "n": 11 }), 400, "invalid_request"),
            (json!({ "size": "512x512" }), 400, "InvalidParameter"),
            (json!({ "size": "1K" }), 400, "invalid_request"),
            (json!({ "n": 5 }), 400, "invalid_request"),
            (json!({ "image": "https://example.com/a.png" }), 400, "invalid_request"),
            (json!({ "prompt": null }), 400, "missing_parameter"),
        ],
    );
}

#[test]
fn an_edit_is_a_form_with_its_pictures_in_order() {
    let vendor = Vendor::aisa_moved();
    let order = json!({ "model": "wan2.7-image-pro", "prompt": "in oil", "n": "1", "size": "1024x1024" });
    let (first, second) = (png(16, 1), png(16, 2));
    let reply = post_form(&vendor, EDITS, &order, &[("image[]", &first), ("image[]", &second)]);
    assert_eq!(reply.json()["data"][0]["size"], "1024x1024");
    let request = vendor.requests().remove(0);
    assert_eq!((request.body, request.references), (order.clone(), vec![first.clone(), second]));
    assert_eq!((vendor.prompts(), vendor.billed()), (vec!["in oil".to_string()], 1));

    assert_eq!(post_form(&vendor, EDITS, &order, &[]).code(), "missing_parameter");
    let older = changed(&order, &json!({ "model": "seedream-5-0-260128" }));
    assert_eq!(post_form(&vendor, EDITS, &older, &[("image", &first)]).code(), "openai_error");
    assert_eq!(post_form(&vendor, EDITS, &order, &vec![("image[]", &first[..]); 10]).code(), "invalid_request");
    let json = json!({ "model": "wan2.7-image", "prompt": "x", "images": [{ "image_url": data_url(&first) }] });
    assert_eq!(post_to(&vendor, EDITS, &json).code(), "invalid_request");
    assert_eq!(post_form(&Vendor::aisa(), EDITS, &order, &[("image", &first)]).code(), "unknown_endpoint");
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn troubles_with_the_account_have_aisas_words_and_cost_nothing() {
    let vendor = Vendor::aisa_moved().with_base64();
    vendor.next(Fault::NoCredit).next(Fault::not_provisioned());
    let order = json!({ "model": "wan2.7-image", "prompt": "x", "n": 1, "size": "1024x1024" });
    let replies = [0; 2].map(|_| post_to(&vendor, GENERATIONS, &order));
    assert_eq!((replies[0].status, replies[0].code().as_str()), (402, "insufficient_wallet_balance"));
    assert_eq!((replies[1].status, replies[1].code().as_str()), (500, "model_not_found"));
    assert_eq!(vendor.billed(), 0);
    assert!(post_to(&vendor, GENERATIONS, &order).json()["data"][0]["b64_json"].is_string());
}
