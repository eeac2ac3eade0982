//! A prompt that the vendor refused: a failure of its own kind, remembered until something changes.

use serde_json::json;

use crate::sandbox::Sandbox;
use crate::studio::{UNFINISHED, aisa, assets, error_code, studio};
use crate::vendor::{Fault, Vendor};

/// The plan says that the asset was refused, and that nothing will be sent for it.
#[track_caller]
fn assert_refused(sandbox: &Sandbox, asset: &str) {
    let plan = sandbox.run("plan --format json").success();
    let planned = plan.asset(asset);
    assert_eq!((&planned["action"], &planned["images"]), (&json!("generate"), &json!(0)), "{planned}");
    assert!(plan.reasons(asset).contains(&"refused".to_string()), "{planned}");
}

#[test]
fn a_refusal_is_a_failure_of_its_own_kind_and_is_remembered() {
    let vendor = Vendor::aisa();
    vendor.when("knife", Fault::Refuse);
    let sandbox = aisa(&vendor, "", &assets(["knife", "spoon"]));
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.has("assets/spoon.png").lacks("assets/knife.png");
    assert_eq!((error_code(&sync, "knife").as_str(), sync.results()["knife"].as_str()), ("refused", "failed"));
    let message = sync.asset("knife")["error"]["message"].to_string();
    assert!(message.contains("the prompt was refused by the content policy"), "{message}");
    assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1));
    assert_refused(&sandbox, "knife");
    let again = sandbox.run("sync --format json").code(1);
    assert_eq!((error_code(&again, "knife").as_str(), vendor.requests().len()), ("refused", 2));
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn a_refusal_by_a_server_of_ones_own_is_one_too() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Refuse);
    let sandbox = studio(&vendor, "", &assets(["knife"]));
    assert_eq!(error_code(&sandbox.run("sync --format json").code(1), "knife"), "refused");
    assert_eq!(vendor.requests().len(), 1);
    assert_refused(&sandbox, "knife");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn a_refusal_that_comes_with_status_200_is_one_too() {
    let vendor = Vendor::aisa();
    let body = r#"{"data": [{"error": {"code": "OutputImageSensitiveContentDetected", "message": "held back"}}]}"#;
    vendor.next(Fault::status(200).with_body(body));
    let sandbox = aisa(&vendor, "", &assets(["knife"]));
    assert_eq!(error_code(&sandbox.run("sync --format json").code(1), "knife"), "refused");
    assert_refused(&sandbox, "knife");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[test]
fn another_wording_is_asked_for_again() {
    let vendor = Vendor::aisa();
    vendor.when("knife", Fault::Refuse);
    let sandbox = aisa(&vendor, "", "[assets.tool]\nprompt = \"a knife\"\n");
    sandbox.run("sync").code(1);
    sandbox.edit("a knife", "a fork").run("sync").success().has("assets/tool.png");
    assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1));
    sandbox.check_invariants(&vendor);
    sandbox.edit("a fork", "a knife");
    assert_refused(&sandbox, "tool");
}

#[test]
fn the_same_wording_is_sent_again_when_told_to() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Refuse).next(Fault::Refuse);
    let sandbox = aisa(&vendor, "", &assets(["knife"]));
    sandbox.run("sync").code(1).stderr_has("--retry-refused");
    sandbox.run("sync --retry-refused").code(1);
    assert_eq!(vendor.requests().len(), 2);
    assert_refused(&sandbox, "knife");
    sandbox.run("sync --retry-refused").success().has("assets/knife.png");
    assert_eq!((vendor.requests().len(), vendor.billed()), (3, 1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_plan_with_retry_refused_shows_the_price_before_it_is_paid() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Refuse);
    let sandbox = aisa(&vendor, "", &assets(["knife"]));
    sandbox.run("sync").code(1);
    let plan = sandbox.run("sync --dry-run --retry-refused --format json").success();
    assert_eq!((&plan.asset("knife")["images"], &plan.asset("knife")["cost_usd"]), (&json!(1), &json!(0.04)));
    assert_eq!(vendor.requests().len(), 1, "a dry run sends nothing");
}

#[test]
fn a_refusal_is_remembered_for_other_projects_of_the_cache() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Refuse);
    let sandbox = aisa(&vendor, "", &assets(["knife"]));
    sandbox.run("sync").code(1);
    let clone = sandbox.clone_project("clone");
    assert_refused(&clone, "knife");
    clone.run("sync").code(1);
    assert_eq!(vendor.requests().len(), 1);
}

#[test]
fn takes_that_came_beside_a_refused_one_are_kept() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Refuse);
    let sandbox = aisa(&vendor, "concurrency = 1", "[assets.knife]\nprompt = \"a knife\"\nn = 2\n");
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.has("assets/knife.png");
    assert_eq!((error_code(&sync, "knife").as_str(), vendor.billed()), ("refused", 1));
    assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), 1);
    assert_refused(&sandbox, "knife");
    sandbox.check_invariants(&vendor);
    sandbox.run("sync --retry-refused").success();
    assert_eq!((vendor.billed(), sandbox.lockfile().matches("[[asset.takes]]").count()), (2, 2));
    sandbox.check_invariants(&vendor);
}
