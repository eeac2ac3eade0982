//! `tintype cache`: where it is, what is in it, is it whole, what may go; and that nothing goes that was paid for.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::projects::{everything, free, in_cache, is_settled, studio};
use crate::sandbox::{Run, Sandbox, png};
use crate::vendor::{Fault, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

fn store(sandbox: &Sandbox, folder: &str) -> PathBuf {
    sandbox.cache_path().join("v1").join(folder)
}

#[track_caller]
fn count(run: &Run, what: &str) -> Value {
    run.value()[what]["count"].clone()
}

#[test]
fn dir_writes_the_folder_in_a_project_and_outside() {
    let project = free(HERO);
    let folder = project.cache_path().display().to_string();
    project.run("cache dir").success().stdout_is(&format!("{folder}\n")).stderr_is("");
    let nobody = Sandbox::new();
    nobody.run("cache dir").success().stdout_has("cache");
    nobody.run("cache").code(2).stdout_is("");
    assert_eq!(project.run("cache dir --format json").success().value()["folder"], folder);
    let own = free(HERO).without_env("TINTYPE_CACHE_DIR");
    own.write("images.toml", format!("[cache]\ndir = \"own\"\n{}", own.read_text("images.toml")));
    own.run("cache dir").success().stdout_has("project/own");
    own.without_env("HOME");
}

#[test]
fn stats_counts_what_is_there_and_writes_nothing() {
    let vendor = Vendor::openai();
    let project =
        studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\nn = 2\n\n[assets.lost]\nprompt = \"lost\"\n");
    let before = everything(&project);
    let empty = project.run("cache stats --format json").success().value();
    assert_eq!((&empty["originals"], &empty["open_requests"]), (&json!({ "bytes": 0, "count": 0 }), &json!(0)));
    assert!(everything(&project) == before, "something was written");
    vendor.when("lost", Fault::NotAnImage);
    project.run("sync").code(1);
    let before = everything(&project);
    let stats = project.run("cache stats --format json").success().stderr_is("");
    assert!(everything(&project) == before, "something was written");
    assert_eq!((count(&stats, "originals"), count(&stats, "takes")), (json!(2), json!(2)));
    assert_eq!(stats.value()["open_requests"], 1);
    let size = project.read("assets/hero.png").len();
    assert!(stats.value()["originals"]["bytes"].as_u64() >= Some(size as u64), "{}", stats.stdout());
    project.run("cache stats").success().stdout_has("originals").stdout_has("open requests");
}

#[test]
fn verify_reads_every_original_of_every_project() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("cache verify").success();
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    let other = project.sibling("other").manifest(&project.read_text("images.toml")).edit("red panda", "fox");
    other.env("STUDIO_API_KEY", crate::vendor::KEY).run("sync").success();
    project.run("cache verify").success().stdout_has("2 originals");
    let original = in_cache(&project, &hero).remove(0);
    fs::write(&original, &hero[1..]).expect("written");
    project.run("cache verify").success().stdout_has("healed").stdout_has("assets/hero.png");
    assert_eq!(fs::read(&original).expect("healed"), hero);
    assert_eq!(fs::read_dir(store(&project, "quarantine")).expect("set aside").count(), 1);
    project.run("cache verify").success();
    // From another project there is no copy to heal from.
    fs::write(&original, &hero[1..]).expect("written");
    let found = other.run("cache verify --format json").code(1).stderr_is("");
    assert_eq!((&found.value()["sound"], &found.value()["originals"]), (&json!(false), &json!(2)));
    assert_eq!(found.value()["damaged"][0]["healed_from"], Value::Null);
    assert!(!original.exists(), "what is damaged is set aside");
    other.run("cache verify").success();
    is_settled(&project);
}

#[test]
fn verify_finds_a_record_that_cant_be_read() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let mut records = Vec::new();
    for recipe in walk(&store(&project, "takes")) {
        fs::write(&recipe, "torn").expect("written");
        records.push(recipe);
    }
    assert!(!records.is_empty());
    project.run("cache verify").code(1).stdout_has("record");
    project.run("verify").success();
}

#[test]
fn gc_removes_what_is_free_and_nothing_that_was_paid_for() {
    let vendor = Vendor::openai();
    let project = studio(
        &vendor,
        "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.sun]\nmodel = \"placeholder\"\nprompt = \"a sun\"\n",
    );
    project.run("sync").success();
    project.edit("a sun", "a moon").edit("red panda", "blue panda").run("sync").success();
    let unused = store(&project, "references/00");
    fs::create_dir_all(&unused).expect("made");
    fs::write(unused.join("0".repeat(64)), png(4, 4, [1, 2, 3, 255])).expect("written");
    fs::write(unused.join(".tintype-1234"), "half").expect("written");
    let before = everything(&project);
    let planned = project.run("cache gc --dry-run --format json").success();
    assert!(everything(&project).len() == before.len(), "something was removed");
    let counts = |run: &Run| ["references", "placeholders", "unfinished", "originals"].map(|what| count(run, what));
    assert_eq!(counts(&planned), [1, 1, 1, 0].map(Value::from), "{}", planned.stdout());
    let done = project.run("cache gc --format json").success();
    assert_eq!((counts(&done), &done.value()["removed"]), (counts(&planned), &json!(true)));
    project.run("cache gc").success().stdout_has("nothing to remove");
    is_settled(&project);
    assert_eq!(count(&project.run("cache stats --format json"), "originals"), 3, "two were paid for, one is in use");
    project.edit("blue panda", "red panda").edit("a moon", "a sun").run("sync").success();
    assert_eq!(vendor.billed(), 2, "the old picture was paid for and is still there");
    project.check_invariants(&vendor);
}

#[test]
fn a_placeholder_that_is_gone_is_drawn_again() {
    let project = free(HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    let elsewhere = project.sibling("elsewhere").manifest("");
    assert_eq!(count(&elsewhere.run("cache gc --format json").success(), "placeholders"), 1);
    is_settled(&project);
    project.remove("assets/hero.png").run("sync").success();
    assert_eq!(project.read("assets/hero.png"), hero);
}

#[test]
fn paid_originals_go_only_when_told_and_agreed_to_and_those_in_use_here_stay() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\nn = 2\n");
    project.run("sync").success();
    project.edit("red panda", "blue panda").run("sync").success();
    assert_eq!(vendor.billed(), 4);
    let before = everything(&project);
    for line in ["cache gc --originals", "cache gc --originals --format json", "cache gc --originals -q"] {
        project.run(line).code(3).stdout_is("").stderr_has("2 files");
    }
    project.env("CI", "1").run("cache gc --originals").code(3);
    project.without_env("CI").run("cache gc --originals --dry-run").success().stdout_has("2 paid originals");
    assert!(everything(&project) == before, "something was removed");
    let nobody = project.sibling("nobody");
    nobody.run("cache gc --originals --yes").code(2).stderr_has("images.lock");
    nobody.manifest("").run("cache gc --originals --yes").code(2).stderr_has("images.lock");
    project.run("cache gc --originals --yes").success().stdout_has("2 paid originals");
    is_settled(&project);
    assert_eq!(count(&project.run("cache stats --format json"), "originals"), 2);
    assert_eq!(project.remove("assets/hero.png").run("sync").success().picture("assets/hero.png").0, 64);
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn an_original_that_the_next_sync_would_take_up_is_in_use() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    project.edit("red panda", "blue panda").run("sync").success();
    project.edit("blue panda", "red panda");
    project.run("cache gc --originals --yes").success().stdout_has("nothing");
    project.run("sync").success();
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn what_was_set_aside_goes_only_when_told() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    vendor.next(Fault::NotAnImage);
    project.run("sync").code(1);
    let aside = || walk(&store(&project, "quarantine")).len();
    let kept = aside();
    project.run("cache gc").success();
    assert_eq!(aside(), kept);
    if kept > 0 {
        project.run("cache gc --quarantine").code(3);
        project.run("cache gc --quarantine --yes").success();
        assert_eq!(aside(), 0);
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn gc_beside_syncs_removes_nothing_that_they_are_about_to_use() {
    let vendor = Vendor::openai();
    let assets: String =
        (0..6).map(|number| format!("[assets.p{number}]\nprompt = \"picture {number}\"\n\n")).collect();
    let project = studio(&vendor, &assets);
    let gc = project.sibling("gc").manifest("");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                gc.run("cache gc").success();
            }
        });
        // A sync that fails must not leave the other thread at it for ever.
        let _over = Over(&over);
        for round in 0..6 {
            project.edit("picture 3", &format!("picture 3{round}")).run("sync").success();
            project.edit(&format!("picture 3{round}"), "picture 3").run("sync").success();
        }
    });
    assert_eq!(vendor.billed(), 12);
    project.check_invariants(&vendor);
}

#[test]
fn gc_waits_for_a_sync_and_says_so() {
    let vendor = Vendor::openai();
    vendor.when("", Fault::Delay(std::time::Duration::from_secs(2)));
    let project = studio(&vendor, HERO);
    let sync = project.spawn("sync");
    vendor.wait_for_requests(1);
    fs::write(store(&project, "locks").join(".tintype-1"), "").expect("written");
    project.run("cache gc").success().stderr_has("waiting for");
    sync.wait().success();
    project.check_invariants(&vendor);
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let project = free(HERO);
    set(&project.cache_path(), 0o777);
    for line in ["sync", "cache gc", "cache verify"] {
        project.run(line).code(1).stderr_has("everybody").stderr_has("TINTYPE_CACHE_DIR");
    }
    project.run("doctor").code(1).stdout_has("everybody");
    set(&project.cache_path(), 0o1777);
    project.run("sync").success().stderr_lacks("warning");
    let mode = |path: PathBuf| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(project.cache_path().join("v1")), 0o700, "what tintype makes is private");
    set(&project.cache_path(), 0o775);
    project.edit("panda", "fox").run("sync").success().stderr_has("group");
    set(&project.cache_path(), 0o755);
    set(&project.cache_path().join("v1"), 0o707);
    project.edit("fox", "bear").run("sync").code(1).stderr_has("everybody");
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { found.extend(walk(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}
