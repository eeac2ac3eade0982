//! What comes over the wire: cut, endless, a lie about its length, a bomb, a redirect of the request itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::json;

use crate::checker::Case;
use crate::sandbox::{Sandbox, png};
use crate::studio::{UNFINISHED, aisa, assert_in_doubt, assets, error_code, studio, warning_texts};
use crate::vendor::{Fault, KEY, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// Serves the same bytes to everybody, and then, if it is to, zeros for ever.
fn serve(answer: Vec<u8>, is_endless: bool) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let mut sent = (&stream).write_all(&answer);
            while is_endless && sent.is_ok() {
                sent = (&stream).write_all(&[0; 8192]);
            }
        }
    });
    origin
}

/// An answer with this head's lines and this body.
fn http(lines: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{lines}\r\n").as_bytes(), body].concat()
}

/// A vendor that bills, and sends its client to that address for the picture.
fn pointing_at(url: &str) -> (Vendor, Sandbox) {
    let vendor = Vendor::openai();
    vendor.next(Fault::status(200).with_body(json!({ "created": 1, "data": [{ "url": url }] }).to_string()));
    let sandbox = studio(&vendor, "", HERO);
    (vendor, sandbox)
}

/// Nothing is published, nothing is bought again, and it doesn't take long.
#[track_caller]
fn is_no_picture(what: &str, answer: Vec<u8>, is_endless: bool) {
    let url = serve(answer, is_endless);
    let (vendor, sandbox) = pointing_at(&format!("{url}/a.png"));
    let sync = sandbox.run("sync --format json").code(1);
    assert_ne!(error_code(&sync, "hero"), "", "{what}");
    assert!(sync.took() < Duration::from_secs(40), "{what}: {:?}", sync.took());
    sandbox.lacks("assets/hero.png").run("sync").code(1);
    assert_eq!(vendor.requests().len(), 1, "{what}: bought again");
    sandbox.check_secrets().check_outside();
}

#[test]
fn a_length_that_lies_and_a_body_that_is_cut_are_no_picture() {
    let picture = png(64, 64, [1, 2, 3, 255]);
    let half = &picture[..picture.len() / 2];
    let promised = format!("Content-Length: {}\r\n", picture.len());
    is_no_picture("less than promised", http(&promised, half), false);
    is_no_picture("the length is short", http(&format!("Content-Length: {}\r\n", half.len()), &picture), false);
    let chunk = format!("{:x}\r\n", picture.len());
    is_no_picture(
        "a chunk that is cut",
        http("Transfer-Encoding: chunked\r\n", &[chunk.as_bytes(), half].concat()),
        false,
    );
    let no_end = [chunk.as_bytes(), half, b"\r\n"].concat();
    is_no_picture("chunks without an end", http("Transfer-Encoding: chunked\r\n", &no_end), false);
}

#[test]
fn ten_gigabytes_and_an_endless_body_are_left_at_a_limit() {
    let picture = png(64, 64, [1, 2, 3, 255]);
    is_no_picture("10 GB promised", http("Content-Length: 10000000000\r\n", &picture), true);
    is_no_picture("no length, no end", http("", &picture), true);
    is_no_picture("head without an end", b"HTTP/1.1 200 OK\r\nX: ".to_vec(), true);
}

/// A PNG that says it is so large, and holds next to nothing.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(1, 1, [0, 0, 0, 255]);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = u32::MAX;
    for byte in &bytes[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes[29..33].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn a_picture_that_unpacks_to_gigabytes_is_not_unpacked() {
    for (width, height) in [(223_606, 223_606), (u32::MAX, 1), (0, 0), (65_535, 65_535)] {
        let bytes = bomb(width, height);
        let lines = format!("Content-Length: {}\r\n", bytes.len());
        is_no_picture(&format!("{width} by {height}"), http(&lines, &bytes), false);
    }
}

#[test]
fn a_packed_body_is_not_unpacked() {
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 200]].concat();
    for encoding in ["gzip", "br", "deflate", "zstd"] {
        let lines = format!("Content-Encoding: {encoding}\r\nContent-Length: {}\r\n", packed.len());
        is_no_picture(encoding, http(&lines, &packed), false);
    }
}

#[test]
fn a_request_follows_no_redirect_of_any_kind_and_its_key_goes_nowhere_else() {
    for status in [301, 302, 303, 307, 308] {
        let (vendor, other) = (Vendor::aisa(), Vendor::aisa());
        let to = format!("{}/images/generations", other.base_url());
        vendor.next(Fault::status(status).with_header("Location", &to));
        let sandbox = aisa(&vendor, "", HERO);
        let sync = sandbox.run("sync --format json").code(1);
        assert_ne!(error_code(&sync, "hero"), "", "{status}");
        let elsewhere = other.requests().len() + other.downloads().len();
        assert_eq!((vendor.requests().len(), elsewhere), (1, 0), "{status}");
        Case::new(&sandbox, &vendor, status.to_string()).recover();
    }
}

#[test]
fn a_server_that_hangs_up_at_once_gets_no_second_bill() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let seen = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let read = stream.read(&mut [0; 16]).unwrap_or_default();
            count.fetch_add(usize::from(read > 0), std::sync::atomic::Ordering::SeqCst);
        }
    });
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "max_retries = 3", HERO);
    sandbox.edit(&vendor.base_url(), &address).run("sync").code(1);
    assert_eq!(seen.load(std::sync::atomic::Ordering::SeqCst), 1, "what may have been billed isn't sent again");
    assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn a_name_that_nobody_knows_leaves_nothing_in_doubt() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "max_retries = 0", HERO).env("TINTYPE_TRUST_HOSTS", "nobody.invalid");
    let known = vendor.base_url();
    sandbox.edit(&known, "https://nobody.invalid/v1").run("sync").code(1);
    let plan = sandbox.run("plan --format json").success();
    assert_eq!(plan.reasons("hero"), ["new"]);
    sandbox.edit("https://nobody.invalid/v1", &known);
    let case = Case::new(&sandbox, &vendor, "no such name").recover();
    assert_eq!(case.in_doubt, 0);
}

#[test]
fn whatever_status_comes_the_vendors_ledger_has_each_picture_once() {
    for billed in [false, true] {
        for status in [400, 401, 402, 403, 404, 408, 409, 422, 425, 429, 500, 501, 502, 503, 504, 520] {
            let vendor = Vendor::openai();
            let fault = Fault::status(status).with_header("Retry-After", "0");
            vendor.next(if billed { fault.billed() } else { fault });
            let sandbox = studio(&vendor, "max_retries = 1", &assets(["one"]));
            sandbox.run("sync");
            if billed {
                // A vendor that bills an error that it says to send again has billed twice: it is not ours to know.
                sandbox.check_secrets();
                assert!(vendor.requests().len() <= 2, "{status}");
                continue;
            }
            Case::new(&sandbox, &vendor, format!("status {status}")).recover();
            assert_eq!(vendor.billed(), 1, "{status}");
        }
    }
}

#[test]
fn a_key_that_comes_back_in_an_address_stands_nowhere() {
    let vendor = Vendor::openai().key(KEY);
    let url = serve(http("Content-Length: 3\r\n", b"abc"), false);
    let body = json!({ "created": 1, "data": [{ "url": format!("{url}/a.png?token={KEY}") }] });
    vendor.next(Fault::status(200).with_body(body.to_string()));
    let sandbox = studio(&vendor, "", HERO);
    let sync = sandbox.run("sync -v --format json").code(1);
    assert!(!warning_texts(&sync, "hero").contains(KEY));
    sandbox.run("plan").success();
    sandbox.check_secrets();
}
