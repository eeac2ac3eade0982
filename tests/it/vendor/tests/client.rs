//! A client of a few lines for the vendor's own tests: it sends whatever it is told to.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::vendor::picture::base64;
use crate::vendor::{KEY, Vendor};

/// Status and body; status 0 where the connection closed without an answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the vendor answers with JSON")
    }

    pub(super) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_string()
    }

    /// The word that stands for the error, wherever the vendor has it.
    pub(super) fn word(&self) -> String {
        let error = self.json()["error"].clone();
        let words = [&error["status"], &error["metadata"]["error_type"], &error["code"]];
        words.into_iter().find_map(Value::as_str).unwrap_or_default().to_string()
    }
}

pub(super) fn exchange(vendor: &Vendor, request: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(vendor.shared.address).expect("the vendor listens");
    stream.write_all(request).expect("the vendor reads");
    let mut bytes = Vec::new();
    let _cut_short = stream.read_to_end(&mut bytes);
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Reply { status, head, body: bytes.get(split + 4..).unwrap_or_default().to_vec() }
}

pub(super) fn post_bytes(vendor: &Vendor, path: &str, key: &str, content_type: &str, body: &[u8]) -> Reply {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(vendor, &[head.as_bytes(), body].concat())
}

pub(super) fn post_with_key(vendor: &Vendor, path: &str, key: &str, body: &Value) -> Reply {
    post_bytes(vendor, path, key, "application/json", body.to_string().as_bytes())
}

pub(super) fn post_to(vendor: &Vendor, path: &str, body: &Value) -> Reply {
    post_with_key(vendor, path, KEY, body)
}

/// A form of text fields, and of PNG files under the names of their fields.
pub(super) fn post_form(vendor: &Vendor, path: &str, texts: &Value, files: &[(&str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (field, text) in texts.as_object().expect("fields are an object") {
        let text = text.as_str().expect("a form knows texts only");
        body.extend(format!("--B\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n").bytes());
    }
    for (field, bytes) in files {
        let disposition = format!("Content-Disposition: form-data; name=\"{field}\"; filename=\"a.png\"");
        body.extend(format!("--B\r\n{disposition}\r\nContent-Type: image/png\r\n\r\n").bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--B--\r\n");
    post_bytes(vendor, path, KEY, "multipart/form-data; boundary=B", &body)
}

pub(super) fn get(vendor: &Vendor, url: &Value) -> Reply {
    let path = url.as_str().and_then(|url| url.strip_prefix(&vendor.origin())).expect("pictures lie on this host");
    exchange(vendor, format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
}

/// An order with other values for some fields; null takes a field away.
pub(super) fn changed(order: &Value, changes: &Value) -> Value {
    let mut order = order.clone();
    let fields = order.as_object_mut().expect("an order is an object");
    for (field, value) in changes.as_object().expect("changes are an object") {
        if value.is_null() {
            fields.remove(field)
        } else {
            fields.insert(field.clone(), value.clone())
        };
    }
    order
}

/// Each change to the order is refused with this status and this word, and none is billed.
#[track_caller]
pub(super) fn assert_refused(vendor: &Vendor, path: &str, order: &Value, cases: &[(Value, u16, &str)]) {
    for (changes, status, word) in cases {
        let reply = post_to(vendor, path, &changed(order, changes));
        let text = String::from_utf8_lossy(&reply.body);
        assert_eq!((reply.status, reply.word().as_str()), (*status, *word), "{changes}: {text}");
    }
    assert_eq!((vendor.billed(), vendor.broken_rules().len()), (0, cases.len()));
}

/// A small PNG of some colour.
pub(super) fn png(side: u32, colour: u8) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().expect("the system has room for a temporary file");
    let pixels = vec![colour; (side * side) as usize];
    let (kind, format) = (image::ExtendedColorType::L8, image::ImageFormat::Png);
    image::save_buffer_with_format(file.path(), &pixels, side, side, kind, format).expect("pixels are writable");
    std::fs::read(file.path()).expect("the file was just written")
}

pub(super) fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", base64(png))
}

/// As many data URLs, each of another picture.
pub(super) fn data_urls(count: u8) -> Vec<String> {
    (0..count).map(|number| data_url(&png(16, number))).collect()
}

/// A part of a message that is a picture.
pub(super) fn image_url(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

/// The picture that a value holds in base64.
#[track_caller]
pub(super) fn decoded(text: &Value) -> image::DynamicImage {
    use base64::Engine as _;
    let text = text.as_str().expect("base64 is a text");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("it is base64");
    image::load_from_memory(&bytes).expect("it is an image")
}
