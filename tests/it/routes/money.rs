//! What several routes and several requests must not cost: a picture lost, or one bought twice.

use serde_json::json;

use crate::routes::{hero, with_board};
use crate::sandbox::Sandbox;
use crate::studio::error_code;
use crate::vendor::{Fault, Vendor};

/// The files below the cache whose names end so.
fn in_cache(sandbox: &Sandbox, ending: &str) -> usize {
    let files = walkdir(&sandbox.cache_path());
    files.iter().filter(|path| path.to_string_lossy().ends_with(ending)).count()
}

fn walkdir(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(walkdir(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn a_refusal_beside_it_doesnt_lock_a_paid_answer_away() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::DownloadStatus(503)).next(Fault::Refuse);
    let manifest = format!(
        "{}concurrency = 1\nmax_retries = 0\n[assets.hero]\nmodel = \"seedream-4.5\"\nprovider = \"aisa\"\n\
         prompt = \"a red panda\"\nn = 2\n",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    sandbox.run("sync --yes --jobs 1").code(1);
    assert_eq!(vendor.billed(), 1);
    vendor.heal();
    let again = sandbox.run("sync --yes --format json").code(1);
    assert_eq!(error_code(&again, "hero"), "refused");
    assert_eq!(vendor.requests().len(), 2, "the refused one isn't sent again");
    sandbox.has("assets/hero.png");
    assert!(sandbox.lockfile().contains("[[asset.takes]]"));
}

#[test]
fn what_one_request_isnt_served_another_may_be() {
    let vendor = Vendor::openai();
    vendor.when("board", Fault::status(404));
    let manifest = format!(
        "{}\n[models.house]\nroutes = [{{ provider = \"studio\", id = \"house-1\", cost_usd = 0.0 }}]\n\
         [defaults]\nmodel = \"house\"\n\
         [assets.a]\nprompt = \"like the board\"\nreferences = [\"art/one.png\"]\n[assets.b]\nprompt = \"by itself\"\n",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    let run = sandbox.run("sync --jobs 1 --format json").code(1);
    assert_eq!((error_code(&run, "a").as_str(), run.results()["b"].as_str()), ("not-served", "done"));
}

#[test]
fn nobody_else_is_asked_once_a_try_may_have_been_billed() {
    for last in [Fault::status(429), Fault::NoCredit] {
        let (first, second) = (Vendor::aisa(), Vendor::openrouter());
        first.next(Fault::status(503).with_header("retry-after", "0")).next(last);
        let manifest = format!(
            "{}\n{}max_retries = 1\n[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a red panda\"\n\
             provider = [\"aisa\", \"openrouter\"]\n",
            second.manifest_lines(),
            first.manifest_lines()
        );
        let run = with_board(Sandbox::new().manifest(&manifest)).run("sync --yes --format json").code(1);
        assert_eq!(error_code(&run, "hero"), "provider");
        assert_eq!((first.requests().len(), second.requests().len()), (2, 0));
    }
}

#[test]
fn an_answer_that_held_less_than_was_hoped_for_buys_nothing_unannounced() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::FewerImages);
    for _ in 0..30 {
        vendor.next_download(Fault::DownloadStatus(503));
    }
    let sandbox = hero(&vendor, "model = \"wan2.7-image\"\nprovider = \"aisa\"\nn = 4");
    sandbox.run("sync --yes").code(1);
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 3));
    vendor.heal();
    sandbox.run("plan --format json").success().json(|plan| assert_eq!(plan["totals"]["images"], json!(0)));
    let run = sandbox.run("sync --format json").success();
    assert_eq!((run.warnings("hero"), vendor.requests().len()), (vec!["fewer-images".to_string()], 1));
    assert_eq!(run.totals()["cost_usd"], json!(0.0), "it was paid for before");
    sandbox.run("plan --format json").success().json(|plan| assert_eq!(plan["totals"]["images"], json!(1)));
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 4);
    sandbox.check_invariants(&vendor);
}

#[test]
fn what_the_vendor_says_it_cost_counts_against_the_budget() {
    let vendor = Vendor::openrouter().charging(0.5);
    let assets: String = (1..=4).map(|number| format!("[assets.a{number}]\nprompt = \"moon {number}\"\n")).collect();
    let manifest = format!(
        "{}concurrency = 1\n[defaults]\nmodel = \"seedream-4.5\"\nprovider = \"openrouter\"\n{assets}",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    let run = sandbox.run("sync --yes --max-cost 0.2 --jobs 1 --format json").code(1);
    assert_eq!(vendor.billed(), 1, "the first one cost more than all were to cost");
    let failed = run.results().values().filter(|result| *result == "failed").count();
    assert_eq!(failed, 3);
}

#[test]
fn a_vendor_that_is_dearer_than_its_list_is_not_asked_again_where_that_would_pass_the_budget() {
    let vendor = Vendor::openrouter().charging(0.15);
    let assets: String = (1..=4).map(|number| format!("[assets.a{number}]\nprompt = \"moon {number}\"\n")).collect();
    let manifest = format!(
        "{}concurrency = 1\n[defaults]\nmodel = \"seedream-4.5\"\nprovider = \"openrouter\"\n{assets}",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    sandbox.run("sync --yes --max-cost 0.2 --jobs 1").code(1).stderr_has("max_cost_usd");
    assert_eq!(vendor.billed(), 1, "another one at its list price would have fitted, and would have cost too much");
    let cost = sandbox.run("cost --format json").success().value();
    assert_eq!((&cost["total_usd"], &cost["images"]), (&json!(0.15), &json!(1)), "the vendor's own figure");
}

#[test]
fn no_answer_stays_in_the_journal_once_its_pictures_are_stored() {
    let vendor = Vendor::aisa().with_base64();
    let sandbox = hero(&vendor, "model = \"seedream-4.5\"\nprovider = \"aisa\"\nn = 4");
    sandbox.run("sync --yes").success();
    assert_eq!((vendor.requests().len(), in_cache(&sandbox, ".body")), (4, 0));
    let vendor = Vendor::powertokens();
    vendor.next(Fault::FailedEntries { code: "OutputImageSensitiveContentDetected" });
    let sandbox = hero(&vendor, "model = \"seedream-4.5\"\nprovider = \"powertokens\"");
    sandbox.run("sync --yes").code(1);
    sandbox.run("sync --yes --retry-refused").success();
    assert_eq!(in_cache(&sandbox, ".body"), 0);
}

#[test]
fn a_doubt_about_the_route_that_was_asked_in_the_end_is_said() {
    let vendor = Vendor::aisa_moved();
    let sandbox =
        hero(&vendor, "model = \"wan2.7-image-pro\"\nprovider = \"aisa\"\nn = 2\nreferences = [\"art/one.png\"]");
    let run = sandbox.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), ["route-moved", "untold"], "each once, however many requests there were");
}
