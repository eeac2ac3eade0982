//! Files that aren't tintype's to replace, and files that nobody declares any longer.

use crate::projects::{free, in_cache, is_settled, plan_is, studio};
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

#[test]
fn a_hand_edited_output_is_blocked_and_left_alone() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    project.run("sync").success();
    project.write("assets/hero.png", "edited by hand").edit("a red panda", "a blue panda");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), plan.reasons("hero")[0].as_str()), ("blocked", "edited"));
    assert_eq!((&plan.totals()["blocked"], &plan.totals()["images"]), (&1.into(), &0.into()));
    let lockfile = project.lockfile();
    let sync = project.run("sync --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), &sync.asset("hero")["error"]["code"]), ("failed", &"blocked".into()));
    assert_eq!(project.read_text("assets/hero.png"), "edited by hand");
    assert_eq!(project.lockfile(), lockfile);
    assert_eq!(vendor.billed(), 2, "what has no place isn't bought");
}

#[test]
fn a_hand_edited_output_of_an_unchanged_asset_is_blocked_and_overwrite_brings_the_picture_back() {
    let project = free(super::TWO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.write("assets/hero.png", "edited by hand");
    plan_is(&project, &[("hero", "blocked", "edited"), ("moon", "keep", "")]);
    project.run("sync").code(1);
    project.run("sync --overwrite").success();
    assert_eq!(project.read("assets/hero.png"), hero);
    is_settled(&project);
}

#[test]
fn a_blocked_file_comes_before_all_other_reasons() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    project.empty_cache().write("assets/hero.png", "edited by hand").edit("panda\"", "panda\"\nn = 2");
    assert_eq!(project.run("plan --format json").success().actions()["hero"], "blocked");
    project.run("sync").code(1);
    assert_eq!((vendor.billed(), project.read_text("assets/hero.png").as_str()), (1, "edited by hand"));
}

#[test]
fn somebody_elses_file_is_blocked_before_anything_is_bought() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    project.write("assets/hero.png", "somebody else's");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), plan.reasons("hero")[0].as_str()), ("blocked", "foreign"));
    project.run("sync").code(1).stderr_has("assets/hero.png");
    assert_eq!((vendor.billed_for("red panda"), vendor.billed_for("moon")), (0, 1));
    assert_eq!(project.read_text("assets/hero.png"), "somebody else's");
    project.run("sync --overwrite").success();
    assert_eq!(project.picture("assets/hero.png").0, 64);
    project.check_invariants(&vendor);
}

#[test]
fn a_folder_in_the_way_is_blocked_and_never_overwritten() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.write("assets/hero.png/keep.txt", "mine");
    plan_is(&project, &[("hero", "blocked", "foreign new")]);
    for line in ["sync", "sync --overwrite"] {
        project.run(line).code(1);
        assert_eq!(project.read_text("assets/hero.png/keep.txt"), "mine");
    }
    assert_eq!(vendor.billed(), 0);
}

#[test]
fn a_file_where_an_outputs_folder_should_be_costs_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.write("assets", "a file");
    let run = project.run("sync");
    assert!(!run.status().success());
    assert_eq!((vendor.billed(), project.read_text("assets").as_str()), (0, "a file"));
}

#[cfg(unix)]
#[test]
fn a_link_in_an_outputs_place_is_not_followed_and_not_replaced() {
    let project = free(HERO);
    project.write("elsewhere.txt", "mine").write("assets/x.txt", "");
    std::os::unix::fs::symlink("../elsewhere.txt", project.path("assets/hero.png")).expect("a link");
    assert_eq!(project.run("plan --format json").success().actions()["hero"], "blocked");
    project.run("sync").code(1);
    assert_eq!(project.read_text("elsewhere.txt"), "mine");
    assert!(project.path("assets/hero.png").is_symlink());
}

#[test]
fn what_is_no_longer_declared_is_pruned_and_its_original_stays_cached() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    project.run("sync").success();
    let (moon, manifest) = (project.read("assets/moon.png"), project.read_text("images.toml"));
    project.edit("[assets.moon]\nprompt = \"a mossy moon\"", "");
    let plan = plan_is(&project, &[("hero", "keep", ""), ("moon", "prune", "undeclared")]);
    assert_eq!(plan.totals()["prune"], 1);
    assert_eq!(plan.asset("moon")["outputs"], serde_json::json!(["assets/moon.png"]));
    project.run("sync").success().lacks("assets/moon.png");
    assert!(!project.lockfile().contains("\"moon\""));
    assert_eq!(in_cache(&project, &moon).len(), 1);
    project.manifest(&manifest);
    plan_is(&project, &[("hero", "keep", ""), ("moon", "restore", "new cached")]);
    project.run("sync").success();
    assert_eq!((project.read("assets/moon.png"), vendor.billed()), (moon, 2));
    project.check_invariants(&vendor);
}

#[test]
fn no_prune_leaves_file_and_entry() {
    let project = free(super::TWO);
    project.run("sync").success();
    let lockfile = project.lockfile();
    project.edit("[assets.moon]\nprompt = \"a mossy moon\"\n", "");
    project.run("sync --no-prune").success().has("assets/moon.png");
    assert_eq!(project.lockfile(), lockfile);
    project.run("sync").success().lacks("assets/moon.png");
}

#[test]
fn an_edited_output_that_is_no_longer_declared_stays_as_an_ordinary_file() {
    let project = free(super::TWO);
    project.run("sync").success();
    project.write("assets/moon.png", "edited by hand").edit("[assets.moon]\nprompt = \"a mossy moon\"\n", "");
    let sync = project.run("sync --format json").success();
    assert!(!sync.warnings("moon").is_empty(), "it is said that the file stays");
    assert_eq!(project.read_text("assets/moon.png"), "edited by hand");
    assert!(!project.lockfile().contains("\"moon\""));
    is_settled(&project);
}

#[test]
fn a_file_beside_the_outputs_is_never_touched() {
    let project = free(super::TWO).file("assets/notes.txt", "mine").file("assets/old/moon.png", "mine too");
    project.run("sync").success();
    project.edit("[assets.moon]\nprompt = \"a mossy moon\"\n", "").run("sync").success();
    assert_eq!(project.read_text("assets/notes.txt"), "mine");
    assert_eq!(project.read_text("assets/old/moon.png"), "mine too");
}

#[test]
fn an_output_with_another_path_moves() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.edit("panda\"", "panda\"\noutput = \"img/panda.png\"");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), &plan.totals()["images"]), ("transform", &0.into()));
    assert_eq!(plan.asset("hero")["outputs"], serde_json::json!(["assets/img/panda.png"]));
    project.run("sync").success().lacks("assets/hero.png");
    assert_eq!((project.read("assets/img/panda.png"), vendor.billed()), (hero, 1));
    project.check_invariants(&vendor);
}

#[test]
fn an_output_with_another_path_and_no_cache_moves_without_losing_the_only_copy() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.empty_cache().edit("panda\"", "panda\"\noutput = \"img/panda.png\"");
    project.run("sync").success();
    assert_eq!((project.read("assets/img/panda.png"), vendor.billed()), (hero, 1));
    is_settled(&project);
}

#[test]
fn pruning_without_a_cache_keeps_the_only_copy_of_a_paid_original() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    let moon = project.run("sync").success().read("assets/moon.png");
    project.empty_cache().edit("[assets.moon]\nprompt = \"a mossy moon\"", "");
    project.run("sync").success().lacks("assets/moon.png");
    assert_eq!(in_cache(&project, &moon).len(), 1, "the original is saved before its last copy goes");
}

#[test]
fn a_file_that_a_teammate_made_and_locked_differently_is_still_tintypes() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let teammate = project.clone_project("teammate");
    teammate.edit("a red panda", "a blue panda").run("sync").success();
    project.write("images.lock", teammate.lockfile()).write("images.toml", teammate.read_text("images.toml"));
    let plan = project.run("plan --format json").success();
    assert_ne!(plan.actions()["hero"], "blocked", "the file was made by tintype, from the recipe before");
    project.run("sync").success();
    assert_eq!(project.read("assets/hero.png"), teammate.read("assets/hero.png"));
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn outputs_that_swap_their_paths_lose_nothing_with_a_cache_and_without() {
    let vendor = Vendor::openai();
    for keeps_cache in [true, false] {
        let assets = "[assets.one]\nprompt = \"first\"\noutput = \"a.png\"\n\n\
                      [assets.two]\nprompt = \"second\"\noutput = \"b.png\"\n";
        let project = studio(&vendor, assets);
        project.run("sync").success();
        let (one, two) = (project.read("assets/a.png"), project.read("assets/b.png"));
        if !keeps_cache {
            project.empty_cache();
        }
        project.edit("\"a.png\"", "\"c.png\"").edit("\"b.png\"", "\"a.png\"").edit("\"c.png\"", "\"b.png\"");
        project.run("sync").success();
        assert_eq!((project.read("assets/b.png"), project.read("assets/a.png")), (one, two));
        is_settled(&project);
    }
    assert_eq!(vendor.billed(), 4);
}

#[test]
fn the_only_copy_of_a_paid_original_is_saved_before_another_picture_takes_its_place() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.empty_cache().edit("a red panda", "a blue panda").run("sync").success();
    assert_eq!(in_cache(&project, &hero).len(), 1);
    project.edit("a blue panda", "a red panda").run("sync").success();
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (hero, 2));
}

#[test]
fn files_of_takes_that_are_published_no_longer_are_saved_before_they_go() {
    let vendor = Vendor::openai();
    let asset =
        "[assets.hero]\nprompt = \"a red panda\"\nn = 2\npublish = \"all\"\noutput = \"{{ name }}-{{ take }}.png\"\n";
    let project = studio(&vendor, asset);
    project.run("sync").success();
    let takes = ["assets/hero-1.png", "assets/hero-2.png"].map(|path| project.read(path));
    project.empty_cache().edit("publish = \"all\"", "publish = \"chosen\"").run("sync").success();
    project.edit("publish = \"chosen\"", "publish = \"all\"").run("sync").success();
    assert_eq!(["assets/hero-1.png", "assets/hero-2.png"].map(|path| project.read(path)), takes);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn an_output_that_has_become_a_source_or_a_reference_is_never_removed() {
    let project = Sandbox::new().manifest(
        "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n[assets.logo]\nprompt = \"a logo\"\n\n[assets.board]\nprompt = \"a board\"\n",
    );
    project.run("sync").success();
    let [logo, board] = ["assets/logo.png", "assets/board.png"].map(|path| project.read(path));
    project.manifest(
        "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n[assets.logo]\nsource = \"assets/logo.png\"\noutput = \"img/logo.webp\"\n\n\
         [assets.hero]\nprompt = \"a hero\"\nreferences = [\"assets/board.png\"]\n",
    );
    project.run("sync").success();
    assert_eq!((project.read("assets/logo.png"), project.read("assets/board.png")), (logo, board));
    project.run("plan --exit-code").code(0);
}

#[test]
fn a_file_that_is_right_but_not_locked_so_is_locked() {
    let text =
        "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nsize = \"64x64\"\noutput = { width = 32 }\n";
    let project = Sandbox::new().manifest(text);
    project.run("sync").success();
    let before = project.lockfile();
    project.edit("width = 32", "width = 16").run("sync").success();
    project.write("images.lock", before.as_bytes());
    assert_eq!(project.run("plan --format json").actions()["hero"], "transform");
    project.run("sync").success();
    project.run("verify").success();
    assert_ne!(project.lockfile(), before);
    project.run("plan --exit-code").code(0);
}

#[test]
fn an_older_file_in_the_tree_doesnt_make_the_lockfile_out_of_date() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nsize = \"64x64\"\n";
    let project = Sandbox::new().manifest(text);
    project.run("sync").success();
    let older = project.read("assets/hero.png");
    project.edit("a panda", "a fox").run("sync").success();
    project.write("assets/hero.png", &older);
    project.run("sync --frozen").success();
    assert_ne!(project.read("assets/hero.png"), older);
}

#[test]
fn a_placeholder_is_drawn_again_as_it_was_locked_even_when_its_output_has_grown() {
    let text = "[assets.icon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\noutput = { width = 32, height = 32 }\n";
    let project = Sandbox::new().manifest(text);
    project.run("sync").success();
    project.edit("width = 32, height = 32", "width = 64, height = 64").run("sync").success();
    project.remove("assets/icon.png").empty_cache().run("sync --frozen").success();
    assert!(project.exists("assets/icon.png"));
}
