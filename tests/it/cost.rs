//! The books: every paid image once, whatever happens to lockfiles, and what the cache saved.

use std::fs;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::studio::{assets, killed_when, many, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

#[track_caller]
fn cost(sandbox: &Sandbox, arguments: &str) -> Value {
    sandbox.run(&format!("cost --format json {arguments}")).success().stderr_is("").value()
}

/// Dollars, images, images of unknown price, dollars saved.
#[track_caller]
fn books(sandbox: &Sandbox) -> (f64, u64, u64, f64) {
    let cost = cost(sandbox, "");
    let dollars = |key: &str| cost[key].as_f64().expect("an amount");
    let count = |key: &str| cost[key].as_u64().expect("a count");
    (dollars("total_usd"), count("images"), count("unknown_price"), dollars("saved_usd"))
}

#[test]
fn what_was_spent_is_told_by_model_asset_provider_and_day_and_outlives_the_lockfile() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &format!("{HERO}n = 2\n\n{}", assets(["logo"])));
    let before = cost(&sandbox, "");
    let nothing = json!({ "version": 1, "total_usd": 0.0, "images": 0, "unknown_price": 0, "saved_usd": 0.0,
                          "saved_images": 0, "rows": [] });
    assert_eq!(before, nothing);
    sandbox.run("cost").success().stdout_has("nothing was spent");
    sandbox.run("sync").success();
    sandbox.remove("images.lock").remove(".tintype");
    assert_eq!(books(&sandbox), (0.06, 3, 0, 0.0));
    let rows = |by: &str| cost(&sandbox, &format!("--by {by}"))["rows"].clone();
    let row = |key: &str, images: u64, dollars: f64| json!({ "key": key, "images": images, "cost_usd": dollars, "unknown_price": 0 });
    assert_eq!(rows("asset"), json!([row("hero", 2, 0.04), row("logo", 1, 0.02)]));
    assert_eq!(rows("model"), json!([row("house", 3, 0.06)]));
    assert_eq!(rows("provider"), json!([row("studio", 3, 0.06)]));
    let days = rows("day");
    assert_eq!((days.as_array().map(Vec::len), &days[0]["images"]), (Some(1), &json!(3)));
    assert!(days[0]["key"].as_str().is_some_and(|day| day.len() == 10 && day.starts_with("20")), "{days}");
    sandbox.run("cost --by asset").success().stdout_has("$0.06 for 3 images").stdout_has("hero").stdout_has("$0.04");
    sandbox.run("sync").success();
    assert_eq!((vendor.billed(), books(&sandbox)), (3, (0.06, 3, 0, 0.0)), "its own pictures are no saving");
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_unknown_price_is_counted_and_never_read_as_nothing() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).edit(", cost_usd = 0.02", "");
    sandbox.run("sync --yes").success();
    assert_eq!(books(&sandbox), (0.0, 1, 1, 0.0));
    assert_eq!(cost(&sandbox, "")["rows"][0]["cost_usd"], json!(null));
    sandbox.run("cost").success().stdout_has("price unknown");
}

#[test]
fn what_costs_nothing_is_in_the_books_and_the_placeholder_is_not() {
    let vendor = Vendor::openai();
    let placeholder = "[assets.stand-in]\nprompt = \"a stand-in\"\nmodel = \"placeholder\"\n";
    let sandbox = studio(&vendor, "", &format!("{HERO}\n{placeholder}")).edit("cost_usd = 0.02", "cost_usd = 0.0");
    sandbox.run("sync").success();
    assert_eq!(books(&sandbox), (0.0, 1, 0, 0.0));
    assert_eq!(cost(&sandbox, "")["rows"][0]["cost_usd"], json!(0.0));
}

#[test]
fn another_project_is_told_what_the_cache_saved_it_once() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    let clone = sandbox.clone_project("clone");
    clone.remove("images.lock").remove("assets").run("sync").success();
    for _ in 0..2 {
        assert_eq!(books(&clone), (0.0, 0, 0, 0.02));
        clone.remove("images.lock").run("sync").success();
    }
    assert_eq!(books(&sandbox), (0.02, 1, 0, 0.0));
    let all = cost(&clone, "--all");
    assert_eq!((&all["total_usd"], &all["saved_usd"], &all["saved_images"]), (&json!(0.02), &json!(0.02), &json!(1)));
    clone.run("cost").success().stdout_has("the cache saved $0.02");
    clone.check_invariants(&vendor);
}

#[test]
fn a_prompt_that_is_changed_back_is_saved_and_a_file_that_is_put_back_is_not() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    sandbox.remove("assets/hero.png").run("sync").success();
    assert_eq!(books(&sandbox), (0.02, 1, 0, 0.0), "it was locked: nobody would have bought it");
    for (old, new) in [("a red panda", "a blue fox"), ("a blue fox", "a red panda")] {
        sandbox.edit(old, new).run("sync").success();
    }
    assert_eq!(books(&sandbox), (0.04, 2, 0, 0.02));
}

#[test]
fn all_projects_are_told_of_where_there_is_none() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    sandbox.remove("images.toml").run("cost").code(2);
    assert_eq!(cost(&sandbox, "--all")["images"], json!(1));
}

#[test]
fn an_answer_that_is_taken_up_twice_is_in_the_books_once() {
    let vendor = Vendor::openai().with_urls();
    let sandbox =
        studio(&vendor, "", &format!("{HERO}n = 2\n")).edit("cost_usd = 0.02", "cost_usd = 0.02, max_images = 2");
    vendor.next_download(Fault::DownloadSlow(std::time::Duration::ZERO));
    vendor.next_download(Fault::DownloadGate);
    killed_when(&sandbox, &vendor, || vendor.wait_for_downloads(2));
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), books(&sandbox)), (1, (0.04, 2, 0, 0.0)));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_torn_line_costs_itself_and_is_told() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(3));
    sandbox.run("sync").success();
    let path = sandbox.cache_path().join("v1/ledger");
    let whole = fs::read(&path).expect("there is a ledger");
    let text = String::from_utf8_lossy(&whole).into_owned();
    let (project, root) = (sandbox.path(""), sandbox.root().to_string_lossy().into_owned());
    assert!(!text.contains(&root) && text.contains(&*project.file_name().expect("a name").to_string_lossy()), "{text}");
    fs::write(&path, &whole[..whole.len() - 9]).expect("the cache is writable");
    sandbox.run("cost").success().stdout_has("$0.04 for 2 images").stderr_has("1 line of the ledger: damaged");
    sandbox.edit("picture of p001.", "another").run("sync").success();
    assert_eq!(books(&sandbox), (0.06, 3, 0, 0.0), "what is written after it is whole");
}

#[test]
fn a_ledger_that_cannot_be_written_is_found_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    fs::create_dir_all(sandbox.cache_path().join("v1/ledger")).expect("the cache is writable");
    sandbox.run("sync").code(1).stderr_has("ledger");
    assert_eq!(vendor.requests().len(), 0);
    sandbox.run("cost").code(1).stderr_has("ledger");
}
