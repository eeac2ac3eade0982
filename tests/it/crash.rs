//! Killed, cut off, interrupted: nothing is billed twice, and nothing that was billed is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sandbox::{Allowances, Sandbox};
use crate::studio::{UNFINISHED, aisa, assert_in_doubt, assets, error_code, killed_when, many, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// How long a process may take to notice a signal.
const NOTICE: Duration = Duration::from_millis(300);

/// So many billed images came to nobody: their answers are lost for good, and the user agreed to ask again.
fn lost(lost: usize) -> Allowances {
    Allowances { lost, ..Allowances::default() }
}

/// What is in doubt stays so, and is asked for once the user says so.
#[track_caller]
fn in_doubt_until_resent(sandbox: &Sandbox, vendor: &Vendor) {
    vendor.heal();
    assert_in_doubt(sandbox, vendor, "hero");
    sandbox.check_invariants_but(vendor, UNFINISHED);
    let sent = vendor.requests().len();
    sandbox.run("sync --resend-unknown").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), sent + 1);
    sandbox.check_invariants_but(vendor, lost(1));
}

/// Numbers from a seed, the same on each machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn a_run_killed_before_the_vendor_bills_leaves_its_request_in_doubt() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::GateBeforeBilling);
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    running.kill().killed().lacks("images.lock");
    assert_eq!(vendor.billed(), 0);
    assert_in_doubt(&sandbox, &vendor, "hero");
    vendor.open();
    sandbox.run("sync --resend-unknown").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), 2);
    sandbox.check_invariants_but(&vendor, lost(1));
}

#[test]
fn a_run_killed_between_bill_and_answer_leaves_its_request_in_doubt() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    running.kill().killed();
    assert_eq!(vendor.billed(), 1);
    in_doubt_until_resent(&sandbox, &vendor);
    assert_eq!(vendor.billed(), 2, "once more, as the user asked");
}

#[test]
fn what_is_in_doubt_is_in_doubt_for_a_clone_with_the_same_cache() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::CloseBeforeAnswer);
    let sandbox = aisa(&vendor, "", HERO);
    sandbox.run("sync").code(1);
    assert_in_doubt(&sandbox.clone_project("clone"), &vendor, "hero");
}

#[test]
fn what_is_in_doubt_keeps_no_other_asset_waiting() {
    let vendor = Vendor::aisa();
    vendor.when("hero", Fault::CloseBeforeAnswer);
    let sandbox = aisa(&vendor, "", &assets(["hero", "logo"]));
    sandbox.run("sync").code(1).has("assets/logo.png").lacks("assets/hero.png");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
    vendor.heal();
    let sync = sandbox.edit("picture of hero.", "another hero").run("sync").success();
    assert_eq!((vendor.billed_for("another hero"), vendor.billed_for("logo")), (1, 1), "a change is a new request");
    sync.has("assets/hero.png").check_invariants_but(&vendor, lost(1));
}

#[test]
fn a_run_killed_in_a_download_fetches_again_and_pays_nothing() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::DownloadGate);
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_downloads(1);
    running.kill().killed().lacks("assets/hero.png");
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((plan.totals()["images"].as_u64(), plan.totals()["cost_usd"].as_f64()), (Some(0), Some(0.0)));
    vendor.open();
    sandbox.run("sync").success().has("assets/hero.png");
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
    assert!(sandbox.lockfile().contains("cost_usd = 0.04"), "the price is known still: {}", sandbox.lockfile());
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_of_a_killed_run_is_taken_up_without_consent_in_ci() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::DownloadGate);
    let sandbox = aisa(&vendor, "", HERO);
    killed_when(&sandbox, &vendor, || vendor.wait_for_downloads(1));
    sandbox.env("CI", "true").run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn takes_that_a_killed_run_stored_are_found_without_a_lockfile() {
    let vendor = Vendor::openai();
    vendor.when("second", Fault::Gate);
    let sandbox = studio(&vendor, "", &assets(["first", "second"]));
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(2);
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !sandbox.exists("assets/first.png") && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.kill().killed().has("assets/first.png").lacks("images.lock");
    vendor.heal();
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!((sync.results()["first"].as_str(), error_code(&sync, "second").as_str()), ("done", "maybe-billed"));
    assert_eq!((vendor.billed_for("first"), vendor.requests().len()), (1, 2));
    sandbox.check_invariants_but(&vendor, UNFINISHED);
    sandbox.remove("images.lock").remove("assets/first.png").run("sync").code(1).has("assets/first.png");
    assert_eq!(vendor.billed_for("first"), 1);
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn of_several_takes_a_killed_run_costs_only_those_that_are_missing() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "concurrency = 1", "[assets.hero]\nprompt = \"a red panda\"\nn = 4\n");
    vendor.next(Fault::Delay(Duration::ZERO)).next(Fault::Delay(Duration::ZERO)).next(Fault::GateBeforeBilling);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(3);
    std::thread::sleep(NOTICE); // for the second take to be stored
    running.kill().killed();
    let plan = sandbox.run("plan --format json").success();
    assert!(plan.reasons("hero").contains(&"maybe-billed".to_string()), "{}", plan.stdout());
    vendor.open();
    sandbox.run("sync --resend-unknown").success();
    assert_eq!(vendor.requests().len(), 5, "two that came, one in doubt, two that were missing");
    assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), 4);
    sandbox.check_invariants_but(&vendor, lost(1));
}

/// Kill one sync after another at random times, then let one finish: no asset was billed twice.
#[track_caller]
fn kill_at_random(seed: u64, vendor: &Vendor, keys: &str) {
    const ASSETS: usize = 14;
    let mut dice = Dice(seed);
    let sandbox = studio(vendor, keys, &many(ASSETS));
    for _ in 0..6 {
        let running = sandbox.spawn("sync");
        std::thread::sleep(Duration::from_millis(20 + dice.below(280)));
        drop(running.kill());
    }
    std::thread::sleep(Duration::from_millis(100)); // for the vendor to bill what came last
    let sync = sandbox.run("sync --format json");
    let in_doubt = sync.results().values().filter(|result| *result == "failed").count();
    sync.code(i32::from(in_doubt > 0));
    for number in 1..=ASSETS {
        let billed = vendor.billed_for(&format!("p{number:03}."));
        assert!(billed <= 1, "seed {seed}: p{number:03} was billed {billed} times");
    }
    let verify_code = i32::from(in_doubt > 0);
    sandbox.check_invariants_but(vendor, Allowances { verify_code, ..Allowances::default() });
    sandbox.run("sync --resend-unknown").success();
    assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), ASSETS);
    sandbox.check_invariants_but(vendor, lost(in_doubt));
}

#[test]
fn killed_at_random_times_no_picture_is_billed_twice() {
    for seed in [0x9e37_79b9, 0x7f4a_7c15, 0xbf58_476d] {
        kill_at_random(seed, &Vendor::openai().latency(Duration::from_millis(40)), "");
    }
}

#[test]
fn killed_at_random_times_while_downloading_no_picture_is_billed_twice() {
    for seed in [0x94d0_49bb, 0x1331_11eb] {
        let vendor = Vendor::openai().with_urls();
        vendor.when("", Fault::DownloadSlow(Duration::from_millis(60)));
        kill_at_random(seed, &vendor, "concurrency = 6");
    }
}

#[test]
fn a_connection_that_breaks_after_the_request_leaves_it_in_doubt() {
    for fault in [Fault::CloseBeforeAnswer, Fault::ResetAfterHeaders, Fault::CutBody] {
        let vendor = Vendor::aisa();
        vendor.next(fault.clone());
        let sandbox = aisa(&vendor, "", HERO);
        let sync = sandbox.run("sync --format json").code(1);
        assert_eq!((error_code(&sync, "hero").as_str(), vendor.requests().len()), ("maybe-billed", 1), "{fault:?}");
        in_doubt_until_resent(&sandbox, &vendor);
    }
}

#[test]
fn an_answer_that_does_not_come_in_time_leaves_its_request_in_doubt() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::HangForever);
    let sandbox = aisa(&vendor, "timeout = \"2s\"", HERO);
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!((error_code(&sync, "hero").as_str(), vendor.requests().len()), ("maybe-billed", 1));
    assert!((Duration::from_millis(1900)..Duration::from_secs(60)).contains(&sync.took()), "{:?}", sync.took());
    in_doubt_until_resent(&sandbox, &vendor);
}

#[test]
fn a_request_that_costs_nothing_is_simply_sent_again() {
    let vendor = Vendor::openai();
    vendor.next(Fault::CloseBeforeAnswer);
    let sandbox = studio(&vendor, "", HERO).edit("cost_usd = 0.02", "cost_usd = 0.0");
    sandbox.run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), 2);
    sandbox.check_invariants_but(&vendor, lost(1));
}

#[test]
fn a_request_of_a_killed_run_that_costs_nothing_is_simply_sent_again() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Gate);
    let sandbox = studio(&vendor, "", HERO).edit("cost_usd = 0.02", "cost_usd = 0.0");
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    running.kill().killed();
    let plan = sandbox.run("plan --format json").success();
    assert!(!plan.reasons("hero").contains(&"maybe-billed".to_string()), "{}", plan.stdout());
    sandbox.run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), 2);
    sandbox.check_invariants_but(&vendor, lost(1));
}

#[test]
fn an_interrupted_run_finishes_what_is_paid_for_and_begins_nothing_new() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "concurrency = 1", &assets(["one", "two", "three"]));
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let running = running.interrupt();
    std::thread::sleep(NOTICE);
    vendor.open();
    running.wait().code(130).has("images.lock");
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
    let pictures = sandbox.files().iter().filter(|path| path.starts_with("assets/")).count();
    assert_eq!(pictures, 1, "the one that was paid for is there: {:?}", sandbox.files());
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (3, 3));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_run_interrupted_twice_ends_at_once_and_loses_nothing() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::HangForever);
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let mut running = running.interrupt();
    std::thread::sleep(NOTICE);
    assert!(running.is_running(), "once, it waits for the answer");
    let begun = std::time::Instant::now();
    running.interrupt().wait().code(130);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    in_doubt_until_resent(&sandbox, &vendor);
}

#[test]
fn a_terminated_run_finishes_what_is_paid_for_too() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "concurrency = 1", &assets(["one", "two"]));
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let running = running.signal("TERM");
    std::thread::sleep(NOTICE);
    vendor.open();
    let run = running.wait();
    assert!(matches!(run.status().code(), Some(130 | 143)), "{:?}\n{}", run.status(), run.stderr());
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
    sandbox.run("sync").success();
    assert_eq!(vendor.billed(), 2);
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_interrupt_ends_the_pause_before_a_retry() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::status(429).with_header("Retry-After", "100"));
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    std::thread::sleep(NOTICE);
    let run = running.interrupt().wait().code(130);
    assert!(run.took() < Duration::from_secs(60), "{:?}", run.took());
    sandbox.run("sync").success();
    assert_eq!(vendor.billed(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_interrupted_run_finishes_its_downloads() {
    let vendor = Vendor::openai().with_urls();
    vendor.next(Fault::DownloadGate);
    let sandbox = studio(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_downloads(1);
    let running = running.interrupt();
    std::thread::sleep(NOTICE);
    vendor.open();
    running.wait().code(130).has("assets/hero.png");
    assert_eq!(vendor.downloads().len(), 1);
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

/// Every file below a folder, with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes)));
    here.chain(folders.iter().flat_map(|folder| contents(folder))).collect()
}

/// What a bad disk makes of a file: cut somewhere, or with a bit turned over somewhere.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let places = [0, bytes.len() / 4, bytes.len() / 2, bytes.len() * 3 / 4, bytes.len().saturating_sub(2)];
    let cut = places.map(|place| bytes[..(place + 1).min(bytes.len())].to_vec());
    let turned = places.map(|place| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 4;
        bytes
    });
    cut.into_iter().chain(turned)
}

/// Whatever of the cache is damaged after a kill, no request is sent again by itself.
#[track_caller]
fn damage_the_cache(fault: Fault, is_under_way: impl Fn(&Vendor)) {
    let vendor = Vendor::openai().with_urls();
    vendor.next(fault);
    let sandbox = studio(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    is_under_way(&vendor);
    running.kill().killed();
    vendor.open();
    let whole = contents(&sandbox.cache_path());
    assert!(whole.iter().any(|(_, bytes)| !bytes.is_empty()), "something is written before a request is sent");
    for (path, bytes) in whole.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        for damaged in damaged(bytes) {
            sandbox.empty_cache();
            for (path, bytes) in &whole {
                fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the cache is writable");
                fs::write(path, bytes).expect("the cache is writable");
            }
            fs::write(path, &damaged).expect("the cache is writable");
            let run = sandbox.run("sync");
            assert_eq!(vendor.requests().len(), 1, "{} as `{}`", path.display(), String::from_utf8_lossy(&damaged));
            assert_eq!(run.status().code() == Some(0), sandbox.exists("assets/hero.png"), "{}", run.stderr());
            for path in sandbox.files().iter().filter(|path| path.as_str() != "images.toml") {
                sandbox.remove(path);
            }
        }
    }
}

#[test]
fn a_damaged_record_of_a_request_never_sends_it_again() {
    damage_the_cache(Fault::Gate, |vendor| {
        vendor.wait_for_requests(1);
    });
}

#[test]
fn a_damaged_record_of_an_answer_never_sends_its_request_again() {
    damage_the_cache(Fault::DownloadGate, |vendor| {
        vendor.wait_for_downloads(1);
    });
}

#[test]
fn a_damaged_original_is_never_served_and_never_bought_again_by_itself() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\noutput = { width = 32 }\n");
    sandbox.run("sync").success();
    let sold = vendor.bills()[0].pictures[0].hash.clone();
    let is_original = |(_, bytes): &(PathBuf, Vec<u8>)| blake3::hash(bytes).to_hex().as_str() == sold;
    let (path, mut bytes) = contents(&sandbox.cache_path()).into_iter().find(is_original).expect("it is cached");
    bytes[20] ^= 1;
    let _was_writable = fs::remove_file(&path);
    fs::write(&path, &bytes).expect("the cache is writable");
    sandbox.remove("assets/hero.png").run("sync").code(1);
    sandbox.lacks("assets/hero.png").run("sync").code(1);
    assert_eq!(vendor.requests().len(), 1);
}
