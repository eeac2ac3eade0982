//! OpenAI's `images/generations` and `images/edits`.

use serde_json::{Value, json};

use crate::vendor::{Fault, KEY, Vendor};

use super::GENERATIONS;
use super::client::{
    assert_refused, changed, data_url, data_urls, decoded, exchange, png, post_bytes, post_form, post_to,
};

const EDITS: &str = "/v1/images/edits";

fn order() -> Value {
    json!({ "model": "gpt-image-2", "prompt": "a red panda", "n": 1, "size": "1024x1024" })
}

#[test]
fn a_picture_is_of_the_look_that_was_asked_for() {
    let vendor = Vendor::openai();
    let look = json!({
        "background": "transparent", "output_format": "webp", "output_compression": 80, "moderation": "low",
        "quality": "high", "user": "x", "size": "1536x1024",
    });
    let reply = post_to(&vendor, GENERATIONS, &changed(&order(), &look)).json();
    let picture = decoded(&reply["data"][0]["b64_json"]).to_rgba8();
    assert_eq!((picture.width(), picture.height(), picture.get_pixel(1535, 1023).0[3]), (1536, 1024, 0));
    for field in ["background", "output_format", "quality", "size"] {
        assert_eq!(reply[field], look[field], "{field}");
    }
    let jpeg = post_to(&vendor, GENERATIONS, &changed(&order(), &json!({ "output_format": "jpeg" }))).json();
    assert!(jpeg["data"][0]["b64_json"].as_str().is_some_and(|text| text.starts_with("/9j/")));
}

#[test]
fn every_broken_rule_has_its_code() {
    let invalid = "invalid_request";
    assert_refused(
        &Vendor::openai(),
        GENERATIONS,
        &order(),
        &[
            (json!({ "response_format": "b64_json" }), 400, invalid),
            (json!({ "seed": 7 }), 400, invalid),
            (json!({ "images": [] }), 400, invalid),
            (json!({ "n": 11 }), 400, invalid),
            (json!({ "size": "1000x1000" }), 400, "invalid_value"),
            (json!({ "size": "4096x1024" }), 400, "invalid_value"),
            (json!({ "size": "512x512" }), 400, "invalid_value"),
            (json!({ "size": "512x512", "model": "gpt-image-1" }), 400, invalid),
            (json!({ "quality": "max" }), 400, invalid),
            (json!({ "background": "none" }), 400, invalid),
            (json!({ "background": "transparent", "output_format": "jpeg" }), 400, invalid),
            (json!({ "output_format": "svg" }), 400, invalid),
            (json!({ "output_compression": 101 }), 400, invalid),
            (json!({ "output_compression": "80" }), 400, "invalid_parameter_type"),
            (json!({ "moderation": "off" }), 400, invalid),
            (json!({ "user": 7 }), 400, "invalid_parameter_type"),
        ],
    );
}

#[test]
fn an_edit_comes_as_a_form() {
    let vendor = Vendor::openai().key(KEY);
    let fields = json!({
        "model": "gpt-image-1.5", "prompt": "in oil", "n": "2", "size": "1024x1024", "input_fidelity": "high",
        "background": "transparent", "output_format": "png", "output_compression": "80", "user": "x",
    });
    let (first, second) = (png(16, 1), png(16, 2));
    let reply = post_form(&vendor, EDITS, &fields, &[("image[]", &first), ("image[]", &second)]).json();
    assert_eq!(decoded(&reply["data"][1]["b64_json"]).width(), 1024);
    let request = vendor.requests().remove(0);
    assert_eq!((request.body, request.references), (fields.clone(), vec![first.clone(), second]));
    assert_eq!((request.path.as_str(), vendor.billed_for("in oil")), (EDITS, 2));
    assert_eq!(post_form(&vendor, EDITS, &fields, &[("image", &first)]).status, 200);

    let broken = |changes: &Value| post_form(&vendor, EDITS, &changed(&fields, changes), &[("image", &first)]).code();
    assert_eq!(broken(&json!({ "n": "two" })), "invalid_parameter_type");
    assert_eq!(broken(&json!({ "moderation": "low" })), "invalid_request");
    assert_eq!(broken(&json!({ "prompt": null })), "missing_parameter");
    assert_eq!(broken(&json!({ "model": "gpt-image-2" })), "invalid_request", "it has no input_fidelity");
    let files = |files: &[(&str, &[u8])]| post_form(&vendor, EDITS, &fields, files).code();
    assert_eq!(files(&[]), "missing_parameter");
    assert_eq!(files(&[("image", &first), ("image", &first)]), "invalid_request");
    assert_eq!(files(&[("picture", &first)]), "invalid_request");
    assert_eq!(files(&[("image[]", b"GIF89a")]), "invalid_image_file");
    assert_eq!(files(&vec![("image[]", &first[..]); 17]), "invalid_request");
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn an_edit_comes_as_json() {
    let vendor = Vendor::openai();
    let (first, second) = (png(16, 1), png(16, 2));
    let images = json!([{ "image_url": data_url(&first) }, { "image_url": data_url(&second) }]);
    let edit = changed(&order(), &json!({ "images": images, "moderation": "low" }));
    assert_eq!(post_to(&vendor, EDITS, &edit).status, 200);
    assert_eq!(vendor.requests()[0].references, [first, second]);

    let many: Vec<Value> = data_urls(17).iter().map(|url| json!({ "image_url": url })).collect();
    assert_refused(
        &Vendor::openai(),
        EDITS,
        &edit,
        &[
            (json!({ "images": null }), 400, "missing_parameter"),
            (json!({ "images": [] }), 400, "invalid_request"),
            (json!({ "images": many }), 400, "invalid_request"),
            (json!({ "images": data_urls(1) }), 400, "invalid_parameter_type"),
            (json!({ "images": [{ "file_id": "file-1" }] }), 400, "invalid_request"),
            (json!({ "images": [{ "image_url": "data:image/png;base64,AAAA" }] }), 400, "invalid_image_file"),
            (json!({ "image": data_url(&png(16, 1)) }), 400, "invalid_request"),
        ],
    );
}

#[test]
fn a_form_that_is_cut_or_sent_in_chunks_is_read_as_it_is() {
    let vendor = Vendor::openai();
    let cut = b"--B\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx";
    let reply = post_bytes(&vendor, EDITS, KEY, "multipart/form-data; boundary=B", cut);
    assert_eq!((reply.status, reply.code().as_str()), (400, "json_parse_error"));
    let body = order().to_string();
    let (first, second) = body.split_at(10);
    let head = format!("POST {GENERATIONS} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json");
    let chunks = format!("a\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", second.len());
    assert_eq!(exchange(&vendor, format!("{head}\r\n\r\n{chunks}").as_bytes()).status, 200);
    assert_eq!(vendor.billed_for("red panda"), 1);
}

#[test]
fn refusals_and_empty_accounts_have_openais_words() {
    let vendor = Vendor::openai();
    vendor.when("panda", Fault::Refuse);
    let fields = json!({ "model": "gpt-image-2", "prompt": "a red panda" });
    let reply = post_form(&vendor, EDITS, &fields, &[("image", &png(16, 1))]);
    assert_eq!((reply.status, reply.code().as_str()), (400, "moderation_blocked"));
    vendor.heal().next(Fault::NoCredit);
    let reply = post_to(&vendor, GENERATIONS, &order());
    assert_eq!((reply.status, reply.code().as_str()), (429, "insufficient_quota"));
}
