//! Signals, closed pipes, full devices: what a shell and a terminal do to a run.

use std::process::Stdio;
use std::time::Duration;

use crate::checker::Case;
use crate::sandbox::Sandbox;
use crate::studio::{assets, many, studio};
use crate::vendor::{Fault, Vendor};

/// `tintype` in a shell, as a user types it: `$TINTYPE` stands for the program.
#[track_caller]
fn shell(sandbox: &Sandbox, line: &str) -> (Option<i32>, String) {
    let output = sandbox
        .command("bash")
        .args(["-c", line])
        .env("TINTYPE", env!("CARGO_BIN_EXE_tintype"))
        .stdin(Stdio::null())
        .output()
        .expect("there is a bash");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The same ending, whatever is done to the run's streams.
#[track_caller]
fn with_streams(line: &str, codes: &[i32]) {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(3));
    let (code, stderr) = shell(&sandbox, line);
    assert!(code.is_some_and(|code| codes.contains(&code)), "{line}: {code:?}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{line}\n{stderr}");
    Case::new(&sandbox, &vendor, line).recover();
    assert_eq!(vendor.requests().len(), 3, "{line}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    with_streams("$TINTYPE sync --format json | true; exit ${PIPESTATUS[0]}", &[0]);
    with_streams("$TINTYPE sync 2>&1 | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", &[0]);
    with_streams("$TINTYPE sync 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", &[0]);
}

#[test]
fn closed_streams_lose_nothing() {
    with_streams("$TINTYPE sync >&-", &[0, 1]);
    with_streams("$TINTYPE sync 2>&-", &[0, 1]);
    with_streams("$TINTYPE sync <&- >&- 2>&-", &[0, 1]);
}

#[test]
fn a_full_device_behind_the_streams_loses_nothing() {
    with_streams("$TINTYPE sync --format json >/dev/full", &[0, 1]);
    with_streams("$TINTYPE sync 2>/dev/full", &[0, 1]);
    with_streams("$TINTYPE sync -v >/dev/full 2>/dev/full", &[0, 1]);
}

#[test]
fn each_signal_lets_a_run_finish_what_is_paid_for_and_a_second_ends_it_at_once() {
    for signal in ["INT", "TERM", "HUP"] {
        for second in [false, true] {
            let vendor = Vendor::openai();
            vendor.next(Fault::Gate);
            let sandbox = studio(&vendor, "concurrency = 1", &assets(["one", "two"]));
            let running = sandbox.spawn("sync");
            vendor.wait_for_requests(1);
            let running = running.signal(signal).wait_for("finishing what is paid for");
            if second {
                let begun = std::time::Instant::now();
                running.signal(signal).wait().code(130);
                assert!(begun.elapsed() < Duration::from_secs(5), "{signal}: {:?}", begun.elapsed());
                vendor.open();
            } else {
                vendor.open();
                running.wait().code(130);
                assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1), "{signal}");
            }
            let case = Case::new(&sandbox, &vendor, format!("SIG{signal}, second: {second}")).recover();
            assert_eq!(case.in_doubt, usize::from(second), "{signal}");
        }
    }
}

#[test]
fn a_run_that_is_stopped_and_goes_on_notices_nothing() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Gate);
    let sandbox = studio(&vendor, "", &many(2));
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(2);
    let running = running.signal("STOP");
    std::thread::sleep(Duration::from_millis(200));
    vendor.open();
    running.signal("CONT").wait().success();
    Case::new(&sandbox, &vendor, "stopped").recover();
}

#[test]
fn ten_thousand_assets_by_mistake_cost_nothing_and_write_nothing() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(10_000));
    let before = sandbox.snapshot();
    sandbox.run("sync --yes").code(3).unchanged_since(&before);
    sandbox.run("sync --dry-run").success().unchanged_since(&before);
    assert!(vendor.requests().is_empty());
    assert_eq!(std::fs::read_dir(sandbox.cache_path()).expect("a folder").count(), 0);
    sandbox.check_outside();
}
