//! Several runs at once, and several requests at once: politely, and each picture billed once.

use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;
use crate::studio::{UNFINISHED, aisa, assets, many, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

#[test]
fn a_second_sync_of_a_project_waits_and_says_so() {
    let vendor = Vendor::openai();
    vendor.when("", Fault::Gate);
    let sandbox = studio(&vendor, "", &many(3));
    let first = sandbox.spawn("sync");
    vendor.wait_for_requests(3);
    let second = sandbox.spawn("sync").wait_for("another");
    vendor.open();
    first.wait().success();
    second.wait().success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (3, 3));
    sandbox.check_invariants(&vendor);
}

#[test]
fn many_syncs_started_together_bill_each_picture_once() {
    let vendor = Vendor::openai().latency(Duration::from_millis(50));
    let sandbox = studio(&vendor, "", &many(6));
    let runs: Vec<_> = (0..5).map(|_| sandbox.spawn("sync")).collect();
    for run in runs {
        run.wait().success();
    }
    assert_eq!((vendor.requests().len(), vendor.billed()), (6, 6));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_run_that_waits_for_another_can_be_interrupted() {
    let vendor = Vendor::openai();
    vendor.when("", Fault::Gate);
    let sandbox = studio(&vendor, "", HERO);
    let first = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let second = sandbox.spawn("sync").wait_for("another").interrupt();
    let mut second = second;
    let deadline = Instant::now() + Duration::from_secs(60);
    while second.is_running() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let waits_on = second.is_running();
    vendor.open();
    first.wait().success();
    let second = second.wait();
    assert!(!waits_on, "one Ctrl-C ends a run that has begun nothing");
    second.code(130).check_invariants(&vendor);
}

#[test]
fn two_projects_with_one_cache_and_one_recipe_pay_once() {
    let vendor = Vendor::openai();
    vendor.when("", Fault::Gate);
    let sandbox = studio(&vendor, "", HERO);
    let clone = sandbox.clone_project("clone");
    let first = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let second = clone.spawn("sync").wait_for("another");
    vendor.open();
    first.wait().success();
    second.wait().success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
    assert_eq!(sandbox.read("assets/hero.png"), clone.read("assets/hero.png"));
    assert_eq!(sandbox.lockfile(), clone.lockfile());
    sandbox.check_invariants(&vendor);
    clone.check_invariants(&vendor);
}

#[test]
fn a_project_that_takes_over_after_a_kill_does_not_pay_again() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Gate);
    let sandbox = studio(&vendor, "", HERO);
    let clone = sandbox.clone_project("clone");
    let first = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let second = clone.spawn("sync").wait_for("another");
    first.kill().killed();
    second.wait().code(1).stderr_has("may have been paid");
    assert_eq!(vendor.requests().len(), 1, "what the killed run sent may have been billed");
    clone.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn projects_with_other_recipes_do_not_wait_for_each_other() {
    let vendor = Vendor::openai();
    vendor.when("panda", Fault::Gate);
    let sandbox = studio(&vendor, "", HERO);
    let clone = sandbox.clone_project("clone").edit("a red panda", "a blue fox");
    let first = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    clone.run("sync").success().has("assets/hero.png");
    vendor.open();
    first.wait().success();
    sandbox.check_invariants(&vendor);
    clone.check_invariants(&vendor);
}

#[test]
fn two_assets_with_one_recipe_are_billed_once() {
    let vendor = Vendor::openai();
    let one = "[assets.one]\nprompt = \"a red panda\"\n\n[assets.two]\nprompt = \" a  red panda \"\n";
    let sandbox = studio(&vendor, "", one);
    let sync = sandbox.run("sync --format json").success();
    sandbox.has("assets/one.png").has("assets/two.png");
    assert_eq!((vendor.billed(), sync.totals()["images"].as_u64()), (1, Some(1)));
    assert_eq!(sandbox.read("assets/one.png"), sandbox.read("assets/two.png"));
    sandbox.check_invariants(&vendor);
}

/// A sync that has this many requests in flight while none is answered, and never more.
fn reaches_and_keeps_to(limit: usize, vendor: &Vendor, sandbox: &Sandbox) {
    vendor.when("", Fault::Gate);
    let sync = sandbox.spawn("sync");
    vendor.wait_for_requests(limit);
    // For one too many to come.
    std::thread::sleep(Duration::from_millis(150));
    vendor.open();
    sync.wait().success();
    assert_eq!(vendor.max_in_flight(), limit);
    sandbox.check_invariants(vendor);
}

#[test]
fn no_more_requests_are_in_flight_than_a_provider_allows() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "concurrency = 2", &many(6));
    reaches_and_keeps_to(2, &vendor, &sandbox);
}

#[test]
fn aisa_gets_four_requests_at_once_where_nothing_is_said() {
    let vendor = Vendor::aisa().answer_size(64, 64);
    let sandbox = aisa(&vendor, "", &many(7));
    reaches_and_keeps_to(4, &vendor, &sandbox);
}

#[test]
fn takes_of_one_asset_keep_to_the_limit_too() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "concurrency = 3", "[assets.hero]\nprompt = \"a red panda\"\nn = 7\n");
    reaches_and_keeps_to(3, &vendor, &sandbox);
}

#[test]
fn requests_a_minute_are_spaced_evenly() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "requests_per_minute = 150", &assets(["a", "b", "c", "d"]));
    // From before the first was sent: one that is held up on its way comes closer to the next.
    let begun = Instant::now();
    sandbox.run("sync").success();
    let mut times: Vec<_> = vendor.requests().iter().map(|request| request.at).collect();
    times.sort_unstable();
    for (number, time) in (0..).zip(times) {
        assert!(time - begun >= Duration::from_millis(400) * number, "{number}: {:?}", time - begun);
    }
    sandbox.check_invariants(&vendor);
}

#[test]
fn projects_with_one_recipe_that_are_synced_together_pay_once() {
    for _round in 0..3 {
        let vendor = Vendor::openai().latency(Duration::from_millis(30));
        let sandbox = studio(&vendor, "", HERO);
        let clones: Vec<_> = (0..4).map(|number| sandbox.clone_project(&number.to_string())).collect();
        let runs: Vec<_> = clones.iter().map(|clone| clone.spawn("sync")).collect();
        for run in runs {
            run.wait().success();
        }
        assert_eq!((vendor.requests().len(), vendor.billed()), (1, 1));
        clones[0].check_invariants(&vendor);
    }
}

#[test]
fn a_failure_that_two_projects_share_leaves_nothing_in_doubt() {
    let vendor = Vendor::openai();
    vendor.next(Fault::status(400)).next(Fault::status(400));
    let sandbox = studio(&vendor, "", HERO);
    let clones: Vec<_> = (0..2).map(|number| sandbox.clone_project(&number.to_string())).collect();
    let runs: Vec<_> = clones.iter().map(|clone| clone.spawn("sync")).collect();
    for run in runs {
        run.wait().code(1);
    }
    assert_eq!(vendor.billed(), 0);
    clones[0].run("sync").success();
    clones[1].run("sync").success();
    assert_eq!(vendor.billed(), 1);
    clones[1].check_invariants(&vendor);
}

#[test]
fn a_file_that_is_edited_while_its_new_picture_is_made_is_left_alone_and_the_picture_kept() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    let old = sandbox.read("assets/hero.png");
    sandbox.edit("a red panda", "a blue panda");
    vendor.next(Fault::Gate);
    let run = sandbox.spawn("sync");
    vendor.wait_for_requests(2);
    sandbox.write("assets/hero.png", b"edited by hand");
    vendor.open();
    run.wait().code(1).stderr_has("not overwritten");
    assert_eq!(sandbox.read("assets/hero.png"), b"edited by hand");
    // The old picture back in its place isn't the new one: it must not count as such.
    sandbox.write("assets/hero.png", &old);
    sandbox.run("sync").success();
    assert_ne!(sandbox.read("assets/hero.png"), old);
    assert_eq!((vendor.requests().len(), vendor.billed()), (2, 2));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_given_up_file_that_is_edited_while_pictures_are_made_stays() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    sandbox.edit("a red panda\"", "a blue panda\"\noutput = \"img/blue.png\"");
    vendor.next(Fault::Gate);
    let run = sandbox.spawn("sync");
    vendor.wait_for_requests(2);
    sandbox.write("assets/hero.png", b"edited by hand");
    vendor.open();
    run.wait().success();
    assert_eq!(sandbox.read("assets/hero.png"), b"edited by hand");
    assert!(sandbox.exists("assets/img/blue.png"));
    sandbox.check_invariants(&vendor);
}
