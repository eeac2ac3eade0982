//! The vendor itself, over a raw socket: a harness that errs would let everything pass.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Fault, Format, KEY, Vendor};

#[path = "tests/aisa_chat.rs"]
mod aisa_chat;
#[path = "tests/aisa_images.rs"]
mod aisa_images;
#[path = "tests/client.rs"]
mod client;
#[path = "tests/gemini.rs"]
mod gemini;
#[path = "tests/openai.rs"]
mod openai;
#[path = "tests/openrouter.rs"]
mod openrouter;
#[path = "tests/powertokens.rs"]
mod powertokens;

use client::{Reply, exchange, get, post_to, post_with_key};

const GENERATIONS: &str = "/v1/images/generations";

fn post(vendor: &Vendor, body: &Value) -> Reply {
    post_to(vendor, GENERATIONS, body)
}

fn order() -> Value {
    json!({ "model": "seedream-4-5-251128", "prompt": "a red panda", "n": 1, "size": "2048x2048" })
}

fn with(changes: &Value) -> Value {
    client::changed(&order(), changes)
}

#[test]
fn an_order_is_billed_and_answered_as_documented() {
    let vendor = Vendor::aisa();
    let reply = post(&vendor, &with(&json!({ "n": 2 }))).json();
    assert_eq!(reply["model"], "seedream-4-5-251128");
    assert_eq!(reply["data"][1]["size"], "2048x2048");
    assert_eq!(reply["usage"], json!({ "generated_images": 2, "output_tokens": 32768, "total_tokens": 32768 }));
    let pictures = [0, 1].map(|index| get(&vendor, &reply["data"][index]["url"]).body);
    assert_ne!(pictures[0], pictures[1], "no two billed images are alike");
    for bytes in &pictures {
        let picture = image::load_from_memory(bytes).expect("it is an image");
        assert_eq!((picture.width(), picture.height()), (2048, 2048));
    }
    assert_eq!((vendor.billed(), vendor.requests().len(), vendor.downloads().len()), (2, 1, 2));
    assert_eq!(vendor.bills()[0].pictures[0].hash, blake3::hash(&pictures[0]).to_hex().to_string());
}

#[test]
fn a_size_below_the_limit_is_refused_with_the_documented_text_and_not_billed() {
    let vendor = Vendor::aisa();
    let reply = post(&vendor, &with(&json!({ "size": "1919x1920" })));
    assert_eq!((reply.status, reply.code().as_str()), (400, "InvalidParameter"));
    assert_eq!(reply.json()["error"]["message"], "image size must be at least 3686400 pixels");
    assert_eq!(post(&vendor, &with(&json!({ "size": "1920x1920" }))).status, 200);
    assert_eq!(vendor.billed(), 1);
    assert_eq!(vendor.broken_rules().len(), 1);
}

#[test]
fn every_broken_rule_has_its_code_and_costs_nothing() {
    let vendor = Vendor::aisa();
    let cases = [
        (json!({ "size": "2048" }), 400, "invalid_request"),
        (json!({ "size": "2048X2048" }), 400, "invalid_request"),
        (json!({ "size": "+2048x2048" }), 400, "invalid_request"),
        (json!({ "size": "2K" }), 400, "invalid_request"),
        (json!({ "size": null }), 400, "missing_parameter"),
        (json!({ "size": 2048 }), 400, "invalid_parameter_type"),
        (json!({ "n": 0 }), 400, "invalid_request"),
        (json!({ "n": "1" }), 400, "invalid_parameter_type"),
        (json!({ "n": 1.5 }), 400, "invalid_parameter_type"),
        (json!({ "prompt": null }), 400, "missing_parameter"),
        (json!({ "prompt": ["x"] }), 400, "invalid_parameter_type"),
        (json!({ "seed": 7 }), 400, "invalid_request"),
        (json!({ "watermark": false }), 400, "invalid_request"),
        (json!({ "model": "wan2.7-image" }), 404, "openai_error"),
    ];
    for (changes, status, code) in &cases {
        let reply = post(&vendor, &with(changes));
        assert_eq!((reply.status, reply.code().as_str()), (*status, *code), "{changes}");
        assert!(reply.json()["error"]["request_id"].is_string(), "{changes}");
    }
    assert_eq!((vendor.billed(), vendor.broken_rules().len()), (0, cases.len()));
}

#[test]
fn a_wrong_key_is_refused() {
    let vendor = Vendor::aisa();
    let reply = post_with_key(&vendor, GENERATIONS, "sk-other", &order());
    assert_eq!((reply.status, reply.code().as_str()), (401, "invalid_api_key"));
    assert_eq!(reply.json()["error"]["type"], "authentication_error");
    assert_eq!(vendor.billed(), 0);
}

#[test]
fn a_download_with_a_key_is_refused() {
    let vendor = Vendor::aisa();
    let url = post(&vendor, &order()).json()["data"][0]["url"].as_str().expect("an address").to_string();
    let path = url.strip_prefix(&vendor.origin()).expect("on this host");
    let request = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n\r\n");
    assert_eq!(exchange(&vendor, request.as_bytes()).status, 400);
    assert_eq!(vendor.broken_rules().len(), 1);
}

#[test]
fn a_compatible_server_needs_no_key_and_answers_in_base64() {
    let vendor = Vendor::openai();
    let reply = post(&vendor, &json!({ "model": "house", "prompt": "x", "n": 1, "size": "64x32", "quality": "high" }));
    let text = reply.json()["data"][0]["b64_json"].as_str().expect("base64").to_string();
    assert!(text.starts_with("iVBORw0KGgo"), "a PNG in base64 starts so: {text}");
    assert_eq!(post(&vendor, &json!({ "model": "house", "prompt": "x", "steps": 4 })).status, 400);
    let vendor = Vendor::openai().allow_field("steps").with_urls();
    let reply = post(&vendor, &json!({ "model": "house", "prompt": "x", "steps": 4 }));
    assert_eq!(get(&vendor, &reply.json()["data"][0]["url"]).status, 200);
}

#[test]
fn base64_fills_up_its_last_group() {
    let encode = super::picture::base64;
    assert_eq!([encode(b""), encode(b"f"), encode(b"fo"), encode(b"foo")], ["", "Zg==", "Zm8=", "Zm9v"]);
}

#[test]
fn pictures_of_every_format_are_real_and_can_be_padded() {
    for (format, expected) in [
        (Format::Png, image::ImageFormat::Png),
        (Format::Jpeg, image::ImageFormat::Jpeg),
        (Format::Webp, image::ImageFormat::WebP),
    ] {
        let vendor = Vendor::aisa().format(format).answer_size(300, 200).padded_to(100_000);
        let reply = post(&vendor, &order()).json();
        let bytes = get(&vendor, &reply["data"][0]["url"]).body;
        assert_eq!(image::guess_format(&bytes).ok(), Some(expected));
        let picture = image::load_from_memory(&bytes).expect("it is an image");
        assert_eq!((picture.width(), picture.height()), (300, 200));
        assert_eq!(reply["data"][0]["size"], "300x200");
        if format == Format::Webp {
            continue; // the one format without padding
        }
        assert_eq!(bytes.len(), 100_000, "{format:?}");
    }
}

#[test]
fn pictures_differ_in_their_pixels_too() {
    for format in [Format::Png, Format::Jpeg, Format::Webp] {
        let vendor = Vendor::aisa().format(format).answer_size(32, 32);
        let reply = post(&vendor, &with(&json!({ "n": 60 }))).json();
        let pixels = |datum: &Value| {
            image::load_from_memory(&get(&vendor, &datum["url"]).body).map(|it| it.to_rgb8().into_raw())
        };
        let pictures: std::collections::BTreeSet<_> = reply["data"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|datum| pixels(datum).expect("it is an image"))
            .collect();
        assert_eq!(pictures.len(), 60, "{format:?}");
    }
}

#[test]
fn transparency_comes_when_asked_for() {
    let vendor = Vendor::openai().allow_field("background").with_urls();
    let reply = post(&vendor, &json!({ "model": "m", "prompt": "x", "size": "64x64", "background": "transparent" }));
    let picture = image::load_from_memory(&get(&vendor, &reply.json()["data"][0]["url"]).body).expect("an image");
    assert_eq!(picture.to_rgba8().get_pixel(63, 63).0[3], 0);
    assert_eq!(picture.to_rgba8().get_pixel(0, 0).0[3], 255);
}

#[test]
fn faults_play_in_their_order_and_by_prompt() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::status(503).with_header("Retry-After", "2")).next(Fault::EmptyData);
    vendor.when("cat", Fault::Refuse);
    assert_eq!(post(&vendor, &with(&json!({ "prompt": "a cat" }))).code(), "content_policy_violation");
    let reply = post(&vendor, &order());
    assert_eq!(reply.status, 503);
    assert!(reply.head.contains("Retry-After: 2"));
    assert_eq!(post(&vendor, &order()).json()["data"], json!([]));
    assert_eq!(vendor.billed(), 0);
    assert_eq!(post(&vendor, &order()).status, 200);
    assert_eq!(vendor.heal().billed(), 1);
    assert_eq!(post(&vendor, &with(&json!({ "prompt": "a cat" }))).status, 200);
    assert_eq!((vendor.billed_for("cat"), vendor.broken_rules().len()), (1, 0));
}

#[test]
fn broken_connections_are_billed_and_break_where_they_should() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::CloseBeforeAnswer).next(Fault::ResetAfterHeaders).next(Fault::CutBody);
    let replies = [0; 3].map(|_| post(&vendor, &order()));
    assert_eq!(replies.each_ref().map(|reply| reply.status), [0, 200, 200]);
    assert!(replies[1].head.contains("Content-Length") && replies[1].body.is_empty());
    assert!(!replies[2].body.is_empty() && serde_json::from_slice::<Value>(&replies[2].body).is_err());
    assert_eq!(vendor.billed(), 3);
}

#[test]
fn odd_answers_are_what_they_are_called() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::FewerImages).next(Fault::WrongSize).next(Fault::WrongFormat).next(Fault::NotAnImage);
    let fewer = post(&vendor, &with(&json!({ "n": 3 }))).json();
    assert_eq!((fewer["data"].as_array().map(Vec::len), vendor.billed()), (Some(2), 2));
    assert_eq!(post(&vendor, &order()).json()["data"][0]["size"], "1024x1024");
    let bytes = get(&vendor, &post(&vendor, &order()).json()["data"][0]["url"]).body;
    assert_eq!(image::guess_format(&bytes).ok(), Some(image::ImageFormat::Jpeg));
    let page = get(&vendor, &post(&vendor, &order()).json()["data"][0]["url"]).body;
    assert!(page.starts_with(b"<!doctype html>"));
    vendor.next(Fault::ErrorIn200).next(Fault::EchoKey).next(Fault::Redirect { to: "http://127.0.0.2/".into() });
    let reply = post(&vendor, &order());
    assert_eq!((reply.status, reply.code().as_str()), (200, "upstream_error"));
    assert!(post(&vendor, &order()).json().to_string().contains(KEY));
    let reply = post(&vendor, &order());
    assert!(reply.status == 307 && reply.head.contains("Location: http://127.0.0.2/"));
    assert_eq!(vendor.billed(), 5);
}

#[test]
fn downloads_fail_until_healed_or_once() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::DownloadStatus(503));
    let url = post(&vendor, &order()).json()["data"][0]["url"].clone();
    assert_eq!([get(&vendor, &url).status, get(&vendor, &url).status], [503, 503]);
    vendor.heal().next_download(Fault::DownloadTruncated);
    let (cut, whole) = (get(&vendor, &url).body.len(), get(&vendor, &url).body.len());
    assert!(0 < cut && cut < whole);
    vendor.next_download(Fault::DownloadSlow(Duration::from_millis(200)));
    let started = Instant::now();
    assert_eq!(get(&vendor, &url).body.len(), whole);
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[test]
fn an_endless_download_goes_on_until_the_client_leaves() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::DownloadEndless);
    let url = post(&vendor, &order()).json()["data"][0]["url"].as_str().expect("an address").to_string();
    let path = url.strip_prefix(&vendor.origin()).expect("on this host");
    let mut stream = TcpStream::connect(vendor.shared.address).expect("the vendor listens");
    stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).expect("the vendor reads");
    let mut bytes = vec![0; 4 << 20];
    stream.read_exact(&mut bytes).expect("more than any picture");
}

#[test]
fn a_gate_holds_a_billed_answer_until_it_is_opened() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate).next(Fault::GateBeforeBilling);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| post(&vendor, &order()).status);
        vendor.wait_for_requests(1);
        assert_eq!(vendor.billed(), 1);
        let second = scope.spawn(|| post(&vendor, &order()).status);
        vendor.wait_for_requests(2);
        assert_eq!(vendor.billed(), 1);
        assert!(!first.is_finished() && !second.is_finished());
        vendor.open();
        assert_eq!([first.join().ok(), second.join().ok()], [Some(200), Some(200)]);
    });
    assert_eq!((vendor.billed(), vendor.max_in_flight()), (2, 2));
}

#[test]
fn a_vendor_stops_whatever_it_is_busy_with() {
    let vendor = Vendor::aisa();
    vendor.when("", Fault::HangForever);
    let address = vendor.shared.address;
    let body = order().to_string();
    let mut stream = TcpStream::connect(address).expect("the vendor listens");
    let head = format!(
        "POST /v1/images/generations HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the vendor reads");
    vendor.wait_for_requests(1);
    let started = Instant::now();
    drop(vendor);
    let mut bytes = Vec::new();
    let _reset = stream.read_to_end(&mut bytes);
    assert!(bytes.is_empty() && started.elapsed() < Duration::from_secs(5));
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn a_connection_serves_several_requests_when_asked_to() {
    let vendor = Vendor::aisa().keep_alive();
    let body = order().to_string();
    let request = format!(
        "POST /v1/images/generations HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(vendor.shared.address).expect("the vendor listens");
    stream.write_all(request.repeat(2).as_bytes()).expect("the vendor reads");
    vendor.wait_for_requests(2);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn latency_lies_between_request_and_answer() {
    let vendor = Vendor::aisa().latency(Duration::from_millis(150));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| post(&vendor, &order()).status);
        }
    });
    assert!(started.elapsed() >= Duration::from_millis(150));
    assert_eq!(vendor.max_in_flight(), 3);
}

#[test]
fn manifest_lines_name_the_provider_and_its_address() {
    let vendor = Vendor::aisa();
    assert_eq!(vendor.manifest_lines(), format!("[providers.aisa]\nbase_url = \"{}\"\n", vendor.base_url()));
    let vendor = Vendor::openai().key(KEY);
    assert_eq!(
        vendor.manifest_lines(),
        format!(
            "[providers.studio]\napi = \"openai-images\"\napi_key_env = \"STUDIO_API_KEY\"\nbase_url = \"{}\"\n",
            vendor.base_url()
        )
    );
}
