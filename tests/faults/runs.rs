//! Several runs at once, and runs that restore much and are killed in it.

use std::time::Duration;

use crate::checker::Case;
use crate::studio::{many, studio};
use crate::vendor::Vendor;

/// Pairs of runs, started together on one project of 20 assets.
#[track_caller]
fn pairs(count: usize) {
    for pair in 0..count {
        let vendor = Vendor::openai().latency(Duration::from_millis(10));
        let sandbox = studio(&vendor, "", &many(20));
        let runs = [sandbox.spawn("sync"), sandbox.spawn("sync")];
        for run in runs {
            run.wait().success();
        }
        assert_eq!((vendor.requests().len(), vendor.billed()), (20, 20), "pair {pair}");
        Case::new(&sandbox, &vendor, format!("pair {pair}")).finish();
    }
}

#[test]
fn two_syncs_of_twenty_assets_started_together_bill_twenty() {
    pairs(3);
}

#[test]
#[ignore = "slow: a minute"]
fn twenty_pairs_of_syncs_started_together_bill_each_picture_once() {
    pairs(20);
}

#[test]
fn two_projects_with_one_cache_started_together_pay_once() {
    let vendor = Vendor::openai().latency(Duration::from_millis(20));
    let sandbox = studio(&vendor, "", &many(12));
    let clone = sandbox.clone_project("clone");
    let runs = [sandbox.spawn("sync"), clone.spawn("sync")];
    for run in runs {
        run.wait().success();
    }
    assert_eq!(vendor.billed(), 12);
    Case::new(&sandbox, &vendor, "the first of two projects").finish();
    Case::new(&clone, &vendor, "the second of two projects").finish();
}

/// Restores so many outputs, killed over and over: each is there whole, or not at all.
#[track_caller]
fn restore(count: usize) {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "concurrency = 16", &many(count));
    sandbox.run(&format!("sync --yes --max-images {count}")).success();
    let whole = sandbox.snapshot();
    sandbox.remove("assets");
    let (mut kills, mut pause) = (0, 10);
    loop {
        let running = sandbox.spawn("sync");
        std::thread::sleep(Duration::from_millis(pause));
        let run = running.kill();
        for path in sandbox.files().iter().filter(|path| path.starts_with("assets/") && !path.contains(".tintype-")) {
            assert_eq!(sandbox.snapshot().hash(path), whole.hash(path), "{path} is partial");
        }
        if run.status().success() {
            break;
        }
        kills += 1;
        pause += 15;
    }
    assert_eq!(vendor.requests().len(), count, "restoring is free");
    eprintln!("{kills} kills while {count} files were restored");
    Case::new(&sandbox, &vendor, "restored").finish();
}

#[test]
fn a_restore_that_is_killed_leaves_each_file_whole_or_absent() {
    restore(60);
}

#[test]
#[ignore = "slow: minutes"]
fn a_restore_of_a_thousand_files_that_is_killed_leaves_each_whole_or_absent() {
    restore(1000);
}
