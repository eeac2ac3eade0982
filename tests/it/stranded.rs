//! Paid answers that nobody waits for any more, and journals that can't be read: what was paid for is kept all the same.

use std::fs;
use std::path::PathBuf;

use crate::sandbox::{Allowances, Sandbox};
use crate::studio::{UNFINISHED, aisa, assets, error_code, killed_when, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// A run that is killed while it fetches what it paid for.
fn killed_while_fetching(vendor: &Vendor, assets: &str) -> Sandbox {
    vendor.next(Fault::DownloadGate);
    let sandbox = studio(vendor, "", assets);
    killed_when(&sandbox, vendor, || vendor.wait_for_downloads(1));
    sandbox
}

/// The same, beside an asset that is made; the killed one isn't declared any more.
fn killed_beside_a_logo(vendor: &Vendor) -> Sandbox {
    let sandbox = studio(vendor, "", &assets(["logo"]));
    sandbox.run("sync").success();
    vendor.next(Fault::DownloadGate);
    let text = sandbox.read_text("images.toml");
    killed_when(&sandbox.write("images.toml", format!("{text}\n{HERO}")), vendor, || vendor.wait_for_downloads(2));
    sandbox.write("images.toml", text)
}

/// Whether the cache holds the first picture that was sold.
fn has_the_first(sandbox: &Sandbox, vendor: &Vendor) -> bool {
    let hash = &vendor.bills()[0].pictures[0].hash;
    sandbox.cache_path().join("v1/originals").join(&hash[..2]).join(hash).exists()
}

/// The files of the journal.
fn journal(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(sandbox.cache_path().join("v1/journal")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The file that has one recipe's records.
fn records(sandbox: &Sandbox) -> PathBuf {
    let journal = journal(sandbox);
    let records: Vec<&PathBuf> = journal.iter().filter(|path| path.extension().is_none()).collect();
    assert_eq!(records.len(), 1, "{journal:?}");
    records[0].clone()
}

#[test]
fn an_answer_whose_prompt_was_changed_meanwhile_is_fetched_and_found_when_it_is_changed_back() {
    let vendor = Vendor::openai().with_urls();
    let sandbox = killed_while_fetching(&vendor, HERO);
    let sync = sandbox.edit("a red panda", "a blue fox").run("sync").success();
    assert_eq!(vendor.billed(), 2);
    assert!(has_the_first(&sandbox, &vendor) && journal(&sandbox).is_empty());
    sync.stderr_has("kept 1 image of `hero` that an earlier run paid for").check_invariants(&vendor);
    sandbox.edit("a blue fox", "a red panda").run("sync").success();
    assert_eq!(vendor.requests().len(), 2, "the first one was paid already");
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_of_an_asset_that_is_gone_is_fetched_even_if_there_is_nothing_else_to_do() {
    let vendor = Vendor::openai().with_urls();
    let sandbox = killed_beside_a_logo(&vendor);
    let sync = sandbox.run("sync --format json").success();
    assert_eq!(sync.totals()["images"], 0);
    assert_eq!((vendor.requests().len(), vendor.downloads().len()), (2, 3));
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_for_a_blocked_output_is_fetched_and_the_file_left_alone() {
    let vendor = Vendor::openai().with_urls();
    let sandbox = killed_while_fetching(&vendor, HERO);
    sandbox.write("assets/hero.png", "drawn by hand").run("sync").code(1);
    assert!(has_the_first(&sandbox, &vendor) && journal(&sandbox).is_empty());
    assert_eq!(sandbox.read_text("assets/hero.png"), "drawn by hand");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
    sandbox.remove("assets/hero.png").run("sync --offline").success();
    assert_eq!(vendor.requests().len(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_of_another_project_is_taken_up_as_well() {
    let vendor = Vendor::openai().with_urls();
    let sandbox = killed_while_fetching(&vendor, HERO);
    let clone = sandbox.clone_project("clone").edit("a red panda", "a blue fox");
    clone.run("sync").success();
    assert!(has_the_first(&sandbox, &vendor) && journal(&sandbox).is_empty());
    sandbox.run("sync").success();
    assert_eq!(vendor.requests().len(), 2);
    sandbox.check_invariants(&vendor);
    clone.check_invariants(&vendor);
}

#[test]
fn an_answer_that_cannot_be_fetched_now_is_a_warning_and_stays() {
    let vendor = Vendor::openai().with_urls();
    let sandbox = killed_beside_a_logo(&vendor);
    let open = journal(&sandbox).len();
    sandbox.run("sync --offline").success();
    assert_eq!((journal(&sandbox).len(), vendor.downloads().len()), (open, 2), "offline, nothing is fetched");
    vendor.next_download(Fault::DownloadStatus(404));
    sandbox.run("sync").success().stderr_has("warning").stderr_has("hero");
    assert_eq!((journal(&sandbox).len(), vendor.downloads().len()), (open + 1, 3), "it stays, marked as tried");
    sandbox.run("sync").success().stderr_lacks("warning");
    assert_eq!(vendor.downloads().len(), 3, "a run with nothing to do doesn't try again");
    let text = sandbox.read_text("images.toml");
    sandbox.write("images.toml", format!("{text}\n{HERO}")).run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.downloads().len()), (2, 4));
    assert!(journal(&sandbox).is_empty(), "{:?}", journal(&sandbox));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_journal_of_a_newer_version_is_left_as_it_is_and_nothing_is_sent() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "", HERO);
    killed_when(&sandbox, &vendor, || vendor.wait_for_requests(1));
    let path = records(&sandbox);
    let text = "{ v = \"2\", kind = \"intent\", id = \"9\" }";
    let record = format!("\n{} {text}\n", &blake3::hash(text.as_bytes()).to_hex()[..8]);
    let bytes = [fs::read(&path).expect("readable"), record.into_bytes()].concat();
    fs::write(&path, &bytes).expect("the cache is writable");
    for arguments in
        ["sync --format json", "sync --resend-unknown --format json", "sync --yes --retry-refused --format json"]
    {
        let sync = sandbox.run(arguments).code(1);
        assert_eq!(error_code(&sync, "hero"), "newer", "{}", sync.stdout());
        assert_eq!(vendor.requests().len(), 1);
        assert_eq!(fs::read(&path).expect("readable"), bytes, "{arguments}");
    }
    sandbox.run("sync").code(1).stderr_has("newer tintype").stderr_has("use that version");
    sandbox.check_invariants_but(&vendor, UNFINISHED);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_a_journals_place_is_a_damaged_journal_and_no_wait() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "", HERO);
    killed_when(&sandbox, &vendor, || vendor.wait_for_requests(1));
    let path = records(&sandbox);
    fs::remove_file(&path).expect("the cache is writable");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is there");
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!((error_code(&sync, "hero").as_str(), vendor.requests().len()), ("maybe-billed", 1));
    sandbox.run("sync --resend-unknown").success();
    sandbox.check_invariants_but(&vendor, Allowances { lost: 1, ..Allowances::default() });
    assert_eq!(vendor.requests().len(), 2);
}
