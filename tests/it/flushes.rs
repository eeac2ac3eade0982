//! How often the disk is waited for. Measured by hand: `cargo test --test it -- --ignored --nocapture flushes`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::studio::{many, studio};
use crate::vendor::Vendor;

/// Calls that wait for the disk.
const CALLS: &str = "fsync,fdatasync,sync_file_range,syncfs";

/// What strace is asked for: to count the calls that wait for the disk, or to make each of them wait longer.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Strace {
    No,
    Count,
    Slow,
}

/// A sync of so many small pictures, 64 requests at a time.
#[expect(clippy::print_stdout, reason = "a measurement is to be read")]
fn measure(pictures: usize, price: &str, strace: Strace) {
    let vendor = Vendor::openai().latency(Duration::from_millis(20));
    let budget = "[budget]\nmax_images = 1000\n\n";
    let sandbox = studio(&vendor, "concurrency = 64", &format!("{budget}{}", many(pictures)))
        .edit("cost_usd = 0.02", &format!("cost_usd = {price}"));
    let tintype = env!("CARGO_BIN_EXE_tintype");
    let mut command = sandbox.command(if strace == Strace::No { tintype } else { "strace" });
    let counts = sandbox.home_path().join("counts");
    match strace {
        Strace::No => {}
        Strace::Count => {
            command.args(["-c", "-f", "-e", &format!("trace={CALLS}"), "-o"]).arg(&counts).arg(tintype);
        }
        Strace::Slow => {
            let slow = format!("inject={CALLS}:delay_exit=20000");
            command.args(["-f", "-qq", "-e", &format!("trace={CALLS}"), "-e", &slow, "-o", "/dev/null"]).arg(tintype);
        }
    }
    let begun = Instant::now();
    let status = command.args(["sync", "--yes", "--quiet"]).stdout(Stdio::null()).status();
    let took = begun.elapsed();
    assert!(status.is_ok_and(|status| status.success()), "it is made");
    assert_eq!(vendor.billed(), pictures);
    let counted = std::fs::read_to_string(counts).unwrap_or_default();
    println!("{pictures} pictures at {price}, strace {strace:?}: {took:?}\n{counted}");
}

#[test]
#[ignore = "a measurement, and needs strace"]
fn two_hundred_small_pictures_and_their_flushes() {
    for price in ["0.001", "0.0"] {
        measure(200, price, Strace::Count);
        for _ in 0..3 {
            measure(200, price, Strace::No);
        }
        // As on a disk that takes 20 ms more each time: one after the other, 200 pictures would take most of a minute.
        measure(200, price, Strace::Slow);
    }
}
