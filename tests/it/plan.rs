//! The plan: seven actions in their precedence, the reasons for each, and a sync that does what the plan says.

mod files;
mod locked;
mod money;
mod references;
mod selection;
mod shared;
mod takes;
mod urls;

use crate::projects::{free, is_settled, plan_is, planned_as, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::Vendor;

const TWO: &str = "[assets.hero]\nprompt = \"a red panda\"\n\n[assets.moon]\nprompt = \"a mossy moon\"\n";

#[test]
fn a_new_project_is_generated_and_a_second_run_does_and_sends_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    let plan = plan_is(&project, &[("hero", "generate", "new"), ("moon", "generate", "new")]);
    assert_eq!(plan.totals()["images"], 2);
    assert_eq!(plan.totals()["cost_usd"], 0.04);
    assert_eq!(vendor.requests().len(), 0, "a plan asks nobody");
    let sync = project.run("sync --format json").success();
    planned_as(sync, &[("hero", "generate", "new"), ("moon", "generate", "new")]);
    project.has("assets/hero.png").has("assets/moon.png").has("images.lock");
    plan_is(&project, &[("hero", "keep", ""), ("moon", "keep", "")]);
    is_settled(&project);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn a_changed_prompt_regenerates_that_picture_and_no_other() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let moon = project.read("assets/moon.png");
    let hero = project.read("assets/hero.png");
    project.edit("a red panda", "a blue panda");
    let plan = plan_is(&project, &[("hero", "generate", "prompt"), ("moon", "keep", "")]);
    assert_eq!(plan.totals()["cost_usd"], 0.02);
    project.run("sync").success();
    assert_eq!(vendor.prompts()[2..], ["a blue panda"]);
    assert_eq!(project.read("assets/moon.png"), moon);
    assert_ne!(project.read("assets/hero.png"), hero);
    project.check_invariants(&vendor);
}

#[test]
fn a_changed_output_size_costs_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    project.edit("prompt = \"a red panda\"", "prompt = \"a red panda\"\noutput = { width = 32 }");
    let plan = plan_is(&project, &[("hero", "transform", "output"), ("moon", "keep", "")]);
    assert_eq!(plan.totals()["images"], 0);
    assert_eq!(plan.asset("hero")["cost_usd"], 0.0);
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 32);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn going_back_to_the_old_prompt_costs_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    let (hero, lockfile) = (project.read("assets/hero.png"), project.lockfile());
    project.edit("a red panda", "a blue panda").run("sync").success();
    project.edit("a blue panda", "a red panda");
    let plan = plan_is(&project, &[("hero", "restore", "prompt cached")]);
    assert_eq!(plan.totals()["images"], 0);
    project.run("sync").success();
    assert_eq!(project.read("assets/hero.png"), hero);
    assert_eq!(project.lockfile(), lockfile);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn a_deleted_output_is_restored() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let (hero, lockfile) = (project.read("assets/hero.png"), project.lockfile());
    project.remove("assets/hero.png");
    plan_is(&project, &[("hero", "restore", "missing"), ("moon", "keep", "")]);
    project.run("sync").success();
    assert_eq!((project.read("assets/hero.png"), project.lockfile()), (hero, lockfile));
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn an_empty_output_file_counts_as_missing() {
    let project = free(TWO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.write("assets/hero.png", "");
    plan_is(&project, &[("hero", "restore", "missing"), ("moon", "keep", "")]);
    assert_eq!(project.run("sync").success().read("assets/hero.png"), hero);
}

#[test]
fn a_deleted_lockfile_is_made_again_from_the_cache_byte_for_byte() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let lockfile = project.lockfile();
    project.remove("images.lock");
    let before = project.snapshot();
    let plan = plan_is(&project, &[("hero", "restore", "new cached"), ("moon", "restore", "new cached")]);
    assert_eq!(plan.totals()["images"], 0);
    project.run("sync").success();
    assert_eq!(before.changes_to(&project.snapshot()), ["added images.lock"], "the outputs were right already");
    assert_eq!(project.lockfile(), lockfile);
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}

#[test]
fn a_deleted_cache_matters_nothing_while_the_outputs_are_there() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    project.empty_cache();
    plan_is(&project, &[("hero", "keep", ""), ("moon", "keep", "")]);
    is_settled(&project);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn a_deleted_cache_heals_from_outputs_that_are_untouched_copies() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    project.empty_cache().edit("prompt = \"a red panda\"", "prompt = \"a red panda\"\noutput = { width = 32 }");
    plan_is(&project, &[("hero", "transform", "output"), ("moon", "keep", "")]);
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 32);
    project.edit("\noutput = { width = 32 }", "").run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 64);
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}

#[test]
fn a_fresh_clone_with_its_outputs_committed_is_kept_whatever_the_cache() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, TWO);
    project.run("sync").success();
    let clone = project.clone_project("clone").empty_cache();
    plan_is(&clone, &[("hero", "keep", ""), ("moon", "keep", "")]);
    is_settled(&clone);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn a_placeholder_is_drawn_again_wherever_it_is_missing() {
    let project = free(TWO);
    let hero = project.run("sync").success().read("assets/hero.png");
    let clone = project.clone_project("clone").empty_cache().remove("assets");
    plan_is(&clone, &[("hero", "restore", "missing"), ("moon", "restore", "missing")]);
    clone.run("sync --frozen").success();
    assert_eq!(clone.read("assets/hero.png"), hero);
    assert_eq!(clone.lockfile(), project.lockfile());
}

#[test]
fn the_same_placeholder_project_is_the_same_bytes_on_every_machine() {
    let [one, other] = [(); 2].map(|()| free(TWO));
    one.run("sync").success();
    other.run("sync --jobs 1").success();
    for file in ["assets/hero.png", "assets/moon.png", "images.lock"] {
        assert_eq!(one.read(file), other.read(file), "{file}");
    }
}

#[test]
fn a_held_asset_is_generated_once_and_then_kept_whatever_changes() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\nhold = true\n");
    plan_is(&project, &[("hero", "generate", "new")]);
    project.run("sync").success();
    let lockfile = project.lockfile();
    project.edit("a red panda", "a blue panda");
    plan_is(&project, &[("hero", "keep", "held")]);
    project.run("plan --exit-code").success();
    project.run("sync --locked").success();
    project.run("sync").success();
    assert_eq!(project.lockfile(), lockfile, "the lockfile keeps the old recipe");
    assert_eq!(vendor.billed(), 1);
    project.edit("\nhold = true", "");
    plan_is(&project, &[("hero", "generate", "prompt")]);
}

#[test]
fn a_held_asset_still_follows_its_output_settings() {
    let project = free("[assets.hero]\nprompt = \"a red panda\"\nhold = true\n");
    project.run("sync").success();
    project.edit("a red panda", "a blue panda").edit("hold = true", "hold = true\noutput = { width = 32 }");
    plan_is(&project, &[("hero", "transform", "held output")]);
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 32);
    project.edit("width = 32", "width = 16").remove("assets/hero.png");
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 16);
    assert!(project.lockfile().contains("a red panda"));
}

#[test]
fn a_source_asset_is_transformed_kept_restored_and_transformed_again_when_it_changes() {
    let project = Sandbox::new()
        .file("art/badge.png", png(40, 20, [200, 10, 10, 255]))
        .manifest("[assets.badge]\nsource = \"art/badge.png\"\noutput = { width = 20 }\n");
    plan_is(&project, &[("badge", "transform", "new")]);
    project.run("sync").success();
    assert_eq!(project.picture("assets/badge.png").0, 20);
    is_settled(&project);
    project.remove("assets/badge.png");
    plan_is(&project, &[("badge", "restore", "missing")]);
    project.run("sync --frozen").success().has("assets/badge.png");
    project.write("art/badge.png", png(40, 40, [10, 10, 200, 255]));
    plan_is(&project, &[("badge", "transform", "source")]);
    project.run("sync --locked").code(4);
    project.run("sync").success();
    assert_eq!(project.picture("assets/badge.png").1, 20);
    project.edit("width = 20", "width = 10");
    plan_is(&project, &[("badge", "transform", "output")]);
    project.run("sync").success();
    is_settled(&project);
}

#[test]
fn a_source_without_transforms_is_copied_untouched_and_its_file_never_touched() {
    let art = png(40, 20, [200, 10, 10, 255]);
    let project = Sandbox::new().file("art/badge.png", &art).manifest("[assets.badge]\nsource = \"art/badge.png\"\n");
    let before = project.snapshot();
    project.run("sync").success();
    assert_eq!(before.changes_to(&project.snapshot()), ["added assets/badge.png", "added images.lock"]);
    assert_eq!(project.read("assets/badge.png"), art);
}

#[test]
fn a_renamed_asset_finds_its_picture_and_its_file_stays_where_the_path_is_the_same() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\noutput = \"pic.png\"\n");
    project.run("sync").success();
    let before = project.snapshot();
    project.edit("assets.hero", "assets.star");
    let plan = plan_is(&project, &[("hero", "prune", "undeclared"), ("star", "restore", "new cached")]);
    assert_eq!(plan.totals()["images"], 0);
    project.run("sync").success();
    let changes = before.changes_to(&project.snapshot());
    assert_eq!(changes, ["changed images.lock", "changed images.toml"], "the picture's file stays");
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn a_renamed_asset_finds_its_picture_and_its_file_moves_with_the_name() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    project.edit("assets.hero", "assets.star");
    plan_is(&project, &[("hero", "prune", "undeclared"), ("star", "restore", "new cached")]);
    project.run("sync").success().lacks("assets/hero.png");
    assert_eq!(project.read("assets/star.png"), hero);
    assert!(!project.lockfile().contains("\"hero\""));
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn a_renamed_asset_finds_its_picture_without_any_cache_in_the_file_that_was_committed() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    project.edit("assets.hero", "assets.star").empty_cache();
    project.run("sync").success().lacks("assets/hero.png");
    assert_eq!(project.read("assets/star.png"), hero);
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}

#[test]
fn a_missing_file_and_new_settings_are_a_restore_as_that_comes_first() {
    let project = free("[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    project.remove("assets/hero.png").edit("panda\"", "panda\"\noutput = { width = 32 }");
    let plan = project.run("plan --format json").success();
    assert_eq!(plan.actions()["hero"], "restore");
    project.run("sync --locked").code(4);
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 32);
    is_settled(&project);
}

#[test]
fn a_changed_recipe_and_a_missing_file_are_a_generation_as_that_comes_first() {
    let project = free("[assets.hero]\nprompt = \"a red panda\"\n");
    project.run("sync").success();
    project.remove("assets/hero.png").edit("red", "blue");
    assert_eq!(project.run("plan --format json").success().actions()["hero"], "generate");
    project.run("sync").success().has("assets/hero.png");
    is_settled(&project);
}
