//! Whatever of lockfile, cache, local state and outputs is lost: nothing is paid for that one of the others still proves.

use crate::projects::{in_cache, is_settled, studio};
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// What is still there, what the plan says then, what a sync ends with, and how many pictures were paid for in all.
type Case = (&'static str, &'static str, i32, usize);

/// The state decides nothing: each row holds with it and without.
const CASES: [Case; 8] = [
    ("lock cache outputs", "keep", 0, 1),
    ("lock cache", "restore", 0, 1),
    ("lock outputs", "keep", 0, 1),
    ("lock", "unavailable", 1, 1),
    ("cache outputs", "restore", 0, 1),
    ("cache", "restore", 0, 1),
    // Nothing proves that the file is tintype's, so it may be somebody's.
    ("outputs", "blocked", 1, 1),
    // Nothing proves anything: a fresh project.
    ("", "generate", 0, 2),
];

#[test]
fn no_loss_leads_to_a_payment_for_what_something_else_still_proves() {
    for (left, action, code, billed) in CASES {
        for keeps_state in [true, false] {
            let vendor = Vendor::openai();
            let project = studio(&vendor, HERO);
            let hero = project.run("sync").success().read("assets/hero.png");
            lose(&project, left, keeps_state);
            let case = format!("left: {left}, state: {keeps_state}");
            let plan = project.run("plan --format json").success();
            assert_eq!(plan.actions()["hero"], action, "{case}");
            for _ in 0..2 {
                project.run("sync").code(code);
            }
            assert_eq!(vendor.billed(), billed, "{case}");
            if code == 0 {
                is_settled(&project);
                project.run("verify").success();
            }
            if billed == 1 && project.exists("assets/hero.png") {
                assert_eq!(project.read("assets/hero.png"), hero, "{case}");
            }
        }
    }
}

fn lose(project: &Sandbox, left: &str, keeps_state: bool) {
    let is_left = |what: &str| left.split(' ').any(|kept| kept == what);
    if !is_left("lock") {
        project.remove("images.lock");
    }
    if !is_left("cache") {
        project.empty_cache();
    }
    if !is_left("outputs") {
        project.remove("assets");
    }
    if !keeps_state {
        project.remove(".tintype");
    }
}

#[test]
fn new_times_on_all_files_cost_a_look_and_no_picture() {
    let vendor = Vendor::openai();
    let assets =
        "[assets.hero]\nprompt = \"a panda\"\nreferences = [\"art/a.png\"]\n\n[assets.moon]\nprompt = \"a moon\"\n";
    let project = studio(&vendor, assets);
    project.edit("cost_usd = 0.02", "edits = \"json\", max_references = 4, cost_usd = 0.02");
    project.write("art/a.png", crate::sandbox::png(4, 4, [1, 2, 3, 255])).run("sync").success();
    for path in project.files() {
        let file = std::fs::File::options().append(true).open(project.path(&path)).expect("it is there");
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).expect("times can be set");
    }
    is_settled(&project);
    is_settled(&project.clone_project("clone"));
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn an_edit_of_the_same_length_in_the_same_moment_is_noticed() {
    let project = crate::projects::free(HERO);
    for round in 0..5_u8 {
        project.edit("a red panda", &format!("a red panda {round}")).run("sync").success();
        let mut bytes = project.read("assets/hero.png");
        let last = bytes.len() - 1 - usize::from(round);
        bytes[last] ^= 1;
        project.write("assets/hero.png", &bytes);
        project.run("sync").code(1).stderr_has("assets/hero.png");
        project.run("sync --overwrite").success();
        project.edit(&format!("a red panda {round}"), "a red panda");
    }
}

#[test]
fn a_paid_original_that_is_gone_is_asked_about_before_it_is_bought_again() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    let hero = project.run("sync").success().read("assets/hero.png");
    for path in in_cache(&project, &hero) {
        std::fs::remove_file(path).expect("the cache is writable");
    }
    // Neither lockfile nor file is left to prove it: only the cache's record of the take.
    project.remove("images.lock").remove("assets/hero.png");
    for _ in 0..2 {
        let run = project.run("sync --format json").code(1);
        assert_eq!(run.asset("hero")["error"]["code"], "maybe-billed", "{}", run.stdout());
    }
    assert_eq!(vendor.billed(), 1);
    project.run("sync --resend-unknown").success();
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}

#[test]
fn one_more_take_is_bought_though_the_original_of_a_locked_one_is_gone() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\noutput = { width = 32 }\n");
    project.run("sync").success();
    let store = project.cache_path().join("v1/originals");
    std::fs::remove_dir_all(store).expect("the cache is writable");
    project.edit("width = 32 }", "width = 32 }\nn = 2").run("sync").success();
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}
