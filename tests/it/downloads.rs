//! From an answer to a picture: a download that fails costs nothing but time, and a link that is lost is said to be.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::sandbox::{Sandbox, png};
use crate::studio::{UNFINISHED, assert_in_doubt, error_code, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// A vendor that answers with addresses, and a project on it.
fn by_address() -> (Vendor, Sandbox) {
    let vendor = Vendor::openai().with_urls();
    let sandbox = studio(&vendor, "", HERO);
    (vendor, sandbox)
}

/// A server of pictures: `/N` leads to `/N-1`, `/0` is a PNG, `/away` leads into another network.
struct Hops {
    origin: String,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Hops {
    fn start() -> Hops {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let paths = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&paths);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let mut reader = BufReader::new(&stream);
                let _client_went_away = reader.read_line(&mut line);
                let mut header = String::new();
                while reader.read_line(&mut header).is_ok_and(|length| length > 2) {
                    header.clear();
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_string();
                let _client_went_away = (&stream).write_all(&answer(&path));
                seen.lock().expect("nobody panics with it").push(path);
            }
        });
        Hops { origin, paths }
    }

    fn paths(&self) -> Vec<String> {
        self.paths.lock().expect("nobody panics with it").clone()
    }
}

fn answer(path: &str) -> Vec<u8> {
    let redirect = |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes();
    match path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => {
            let picture = png(64, 64, [10, 20, 30, 255]);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n", picture.len());
            [head.as_bytes(), &picture].concat()
        }
        Ok(number) => redirect(&format!("/{}", number - 1)),
        Err(_) => redirect("http://169.254.169.254/latest/meta-data"),
    }
}

/// A vendor whose next answer points there.
fn pointing_at(url: &str) -> (Vendor, Sandbox) {
    let vendor = Vendor::openai();
    let body = json!({ "created": 1, "data": [{ "url": url }] });
    vendor.next(Fault::status(200).with_body(body.to_string()));
    let sandbox = studio(&vendor, "", HERO);
    (vendor, sandbox)
}

#[test]
fn a_link_that_is_lost_is_reported_and_never_bought_again_by_itself() {
    for status in [403, 404, 410] {
        let (vendor, sandbox) = by_address();
        vendor.next(Fault::DownloadStatus(status));
        let sync = sandbox.run("sync --format json").code(1);
        sandbox.lacks("assets/hero.png");
        assert_eq!((sync.results()["hero"].as_str(), vendor.downloads().len()), ("failed", 1), "{status}");
        let error = sync.asset("hero")["error"].to_string();
        assert!(error.contains(&status.to_string()) && error.contains("--resend-unknown"), "{error}");
        assert_in_doubt(&sandbox, &vendor, "hero");
        sandbox.check_invariants_but(&vendor, UNFINISHED);
    }
}

#[test]
fn a_server_that_fails_is_asked_again_by_the_next_sync_for_nothing() {
    let (vendor, sandbox) = by_address();
    vendor.next(Fault::DownloadStatus(500));
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.lacks("assets/hero.png");
    assert_eq!(sync.results()["hero"], "failed");
    assert!(vendor.downloads().len() > 1, "a download may be tried again at once");
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((plan.totals()["images"].as_u64(), plan.totals()["cost_usd"].as_f64()), (Some(0), Some(0.0)));
    vendor.heal();
    sandbox.run("sync").success().has("assets/hero.png");
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_cut_download_is_fetched_again_and_never_taken_as_it_is() {
    let (vendor, sandbox) = by_address();
    vendor.next_download(Fault::DownloadTruncated);
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.downloads().len()), (1, 2));
    assert_eq!(sandbox.picture("assets/hero.png"), (64, 64, image::ImageFormat::Png));
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_endless_download_is_left_at_a_limit() {
    let (vendor, sandbox) = by_address();
    vendor.next(Fault::DownloadEndless);
    let sync = sandbox.run("sync").code(1);
    sandbox.lacks("assets/hero.png");
    assert!(sync.took() < Duration::from_secs(60), "{:?}", sync.took());
    vendor.heal();
    assert_eq!(vendor.requests().len(), 1);
    let kept: u64 = walk(&sandbox.cache_path());
    assert!(kept < 1 << 20, "{kept} bytes are left in the cache");
}

fn walk(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: &std::fs::DirEntry| entry.metadata().map_or(0, |metadata| metadata.len());
    entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { size(&entry) }).sum()
}

#[test]
fn a_slow_download_is_waited_for() {
    let (vendor, sandbox) = by_address();
    vendor.next(Fault::DownloadSlow(Duration::from_secs(2)));
    sandbox.run("sync").success().has("assets/hero.png");
    assert_eq!((vendor.requests().len(), vendor.downloads().len()), (1, 1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_page_instead_of_a_picture_is_kept_aside_and_not_published() {
    let (vendor, sandbox) = by_address();
    vendor.next(Fault::NotAnImage);
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.lacks("assets/hero.png");
    assert_eq!((sync.results()["hero"].as_str(), vendor.requests().len()), ("failed", 1));
    assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn a_download_carries_no_key() {
    let vendor = Vendor::aisa();
    let sandbox = crate::studio::aisa(&vendor, "", HERO);
    sandbox.run("sync").success();
    let download = vendor.downloads().remove(0);
    assert_eq!((download.header("authorization"), download.header("referer")), (None, None));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_download_follows_a_few_redirects() {
    let hops = Hops::start();
    let (vendor, sandbox) = pointing_at(&format!("{}/2", hops.origin));
    sandbox.run("sync").success();
    assert_eq!(hops.paths(), ["/2", "/1", "/0"]);
    assert_eq!(sandbox.picture("assets/hero.png"), (64, 64, image::ImageFormat::Png));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_long_chain_of_redirects_is_not_followed_to_its_end() {
    let hops = Hops::start();
    let (vendor, sandbox) = pointing_at(&format!("{}/12", hops.origin));
    sandbox.run("sync").code(1).lacks("assets/hero.png");
    assert!(!hops.paths().contains(&"/0".to_string()) && hops.paths().len() < 10, "{:?}", hops.paths());
    assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn no_download_leads_into_another_network() {
    let hops = Hops::start();
    let redirected = format!("{}/away", hops.origin);
    for url in [&redirected, "http://169.254.169.254/a.png", "https://10.0.0.1/a.png", "http://[fe80::1]/a.png"] {
        let (vendor, sandbox) = pointing_at(url);
        let sync = sandbox.run("sync --format json").code(1);
        sandbox.lacks("assets/hero.png");
        assert_ne!(error_code(&sync, "hero"), "", "{url}");
        assert!(sync.took() < Duration::from_secs(10), "{url}: nobody was asked for {:?}", sync.took());
        assert_in_doubt(&sandbox, &vendor, "hero");
    }
}

#[test]
fn an_address_that_is_a_file_is_not_read() {
    let secret = png(64, 64, [1, 2, 3, 255]);
    let (vendor, sandbox) = pointing_at("file:///etc/hostname");
    sandbox.write("private.png", &secret).run("sync").code(1).lacks("assets/hero.png");
    assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

/// A server that answers every request with these bytes.
fn serving(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let origin = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let mut header = String::new();
            while reader.read_line(&mut header).is_ok_and(|length| length > 2) {
                header.clear();
            }
            let _client_went_away = (&stream).write_all(&answer);
        }
    });
    origin
}

#[test]
fn a_compressed_body_is_not_unpacked_and_no_picture() {
    // What a gzip of any size would be: it isn't looked into.
    let zipped = [&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], &[0; 1000]].concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", zipped.len());
    let (vendor, sandbox) = pointing_at(&serving([head.as_bytes(), &zipped].concat()));
    sandbox.run("sync").code(1).lacks("assets/hero.png");
    assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn a_length_that_is_shorter_than_the_picture_makes_no_half_picture() {
    let picture = png(64, 64, [10, 20, 30, 255]);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", picture.len() - 20);
    let (_vendor, sandbox) = pointing_at(&serving([head.as_bytes(), &picture].concat()));
    sandbox
        .edit("a red panda\"", "a red panda\"\noutput = { width = 32 }")
        .run("sync")
        .code(1)
        .lacks("assets/hero.png");
}

/// A zlib stream of `size` zeros: one zero, then matches of 258 bytes at distance 1, thirteen bits each.
fn zeros(size: usize) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x9c];
    let (mut held, mut count) = (0_u64, 0);
    let mut put = |bits: u64, length: u32, bytes: &mut Vec<u8>| {
        held |= bits << count;
        count += length;
        while count >= 8 {
            bytes.push((held & 0xff) as u8);
            held >>= 8;
            count -= 8;
        }
    };
    // The last block, with fixed codes: the literal 0 is 00110000, written from its highest bit on.
    put(0b011, 3, &mut bytes);
    put(0b0000_1100, 8, &mut bytes);
    for _ in 0..size / 258 {
        put(0b1010_0011, 8, &mut bytes);
        put(0, 5, &mut bytes);
    }
    put(0, 7 + 8, &mut bytes);
    bytes.extend([0; 4]);
    bytes
}

/// `picture` with one more chunk after its header.
fn with_chunk(picture: &[u8], kind: &[u8], data: &[u8]) -> Vec<u8> {
    let sum = |bytes: &[u8]| {
        let mut sum = u32::MAX;
        for byte in bytes {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            }
        }
        !sum
    };
    let named = [kind, data].concat();
    let length = u32::try_from(data.len()).expect("a chunk is short").to_be_bytes();
    [&picture[..33], &length, &named, &sum(&named).to_be_bytes(), &picture[33..]].concat()
}

#[cfg(unix)]
#[test]
fn a_picture_that_unpacks_to_gigabytes_is_used_or_left_within_bounded_memory() {
    use base64::Engine;
    let plain = png(64, 64, [10, 20, 30, 255]);
    let bomb = zeros(1_200_000_000);
    let mut huge = plain.clone();
    huge[16..24].copy_from_slice(&[0, 3, 0x69, 0x97, 0, 3, 0x69, 0x97]);
    let bombs = [
        ("text", with_chunk(&plain, b"zTXt", &[&b"Comment\0\0"[..], &bomb].concat())),
        ("profile", with_chunk(&plain, b"iCCP", &[&b"profile\0\0"[..], &bomb].concat())),
        ("50 gigapixels", huge),
    ];
    for (name, picture) in bombs {
        let vendor = Vendor::openai();
        let body = json!({ "data": [{ "b64_json": base64::engine::general_purpose::STANDARD.encode(&picture) }] });
        vendor.next(Fault::status(200).with_body(body.to_string()));
        let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\noutput = { width = 32 }\n");
        let command = format!("ulimit -v 1000000 && exec '{}' sync", env!("CARGO_BIN_EXE_tintype"));
        let run =
            sandbox.command("bash").args(["-c", &command]).env("MALLOC_ARENA_MAX", "1").output().expect("bash runs");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(matches!(run.status.code(), Some(0 | 1)), "{name}: {:?}: {said}", run.status);
        assert!(!said.contains("a bug in tintype"), "{name}: {said}");
        assert_eq!(sandbox.exists("assets/hero.png"), run.status.success(), "{name}: {said}");
    }
}
