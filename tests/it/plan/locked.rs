//! Runs that may not do everything: `--locked`, `--offline`, `--frozen`, `--dry-run`, and a plan's exit code.

use crate::projects::{everything, free, plan_is, studio};
use crate::vendor::Vendor;

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

#[test]
fn locked_refuses_a_changed_recipe_and_neither_writes_nor_sends() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    project.run("sync").success();
    project.edit("a red panda", "a blue panda").remove("assets/moon.png");
    for line in ["sync --locked", "sync --frozen", "sync --locked --dry-run", "sync hero --locked"] {
        let before = everything(&project);
        let run = project.run(line).code(4);
        assert!((run.stdout().to_string() + run.stderr()).contains("hero"), "{line} names what is out of date");
        assert_eq!(everything(&project), before, "{line}");
    }
    assert_eq!(vendor.requests().len(), 2);
}

#[test]
fn locked_refuses_whatever_would_change_the_lockfile() {
    for (old, new) in [
        ("red panda\"", "red panda\"\noutput = { width = 32 }"),
        ("red panda\"", "red panda\"\nn = 2"),
        ("[assets.hero]", "[assets.star]"),
        ("[assets.moon]\nprompt = \"a mossy moon\"\n", ""),
        ("mossy moon\"", "mossy moon\"\n\n[assets.sun]\nprompt = \"a sun\""),
    ] {
        let project = free(super::TWO);
        project.run("sync").success();
        project.edit(old, new);
        let before = everything(&project);
        project.run("sync --locked").code(4);
        project.run("sync --frozen").code(4);
        assert_eq!(everything(&project), before, "{new}");
        project.run("sync").success().run("sync --locked").success();
    }
}

#[test]
fn locked_without_a_lockfile_is_out_of_date_even_with_nothing_to_make() {
    let vendor = Vendor::openai();
    for project in [studio(&vendor, HERO), free(HERO), free("")] {
        let before = everything(&project);
        project.run("sync --locked").code(4);
        project.run("sync --frozen").code(4);
        assert_eq!(everything(&project), before);
    }
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn locked_comes_before_a_key_that_is_missing_nowhere_needed() {
    let vendor = Vendor::openai().key(crate::vendor::KEY);
    let project = studio(&vendor, HERO).env("STUDIO_API_KEY", crate::vendor::KEY);
    project.run("sync").success();
    project.without_env("STUDIO_API_KEY").remove("assets/hero.png");
    project.run("sync --locked").success().has("assets/hero.png");
    project.run("sync").success();
    project.check_secrets();
}

#[test]
fn locked_and_frozen_may_restore() {
    let vendor = Vendor::openai();
    for line in ["sync --locked", "sync --frozen"] {
        let project = studio(&vendor, HERO);
        let hero = project.run("sync").success().read("assets/hero.png");
        let (lockfile, sent) = (project.lockfile(), vendor.requests().len());
        project.remove("assets/hero.png").run(line).success();
        assert_eq!((project.read("assets/hero.png"), project.lockfile()), (hero, lockfile));
        assert_eq!(vendor.requests().len(), sent);
    }
}

#[test]
fn offline_sends_nothing_and_still_does_what_needs_no_network() {
    let vendor = Vendor::openai();
    let assets = "[assets.hero]\nprompt = \"a panda\"\n\n[assets.stub]\nmodel = \"placeholder\"\nprompt = \"a stub\"\n";
    let project = studio(&vendor, assets);
    let sync = project.run("sync --offline --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), sync.results()["stub"].as_str()), ("failed", "done"));
    project.has("assets/stub.png").lacks("assets/hero.png");
    assert_eq!(vendor.requests().len(), 0);
    project.run("sync").success();
    project.remove("assets/hero.png").run("sync --offline").success().has("assets/hero.png");
    project.check_invariants(&vendor);
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    let before = everything(&project);
    project.run("sync --dry-run").success();
    assert_eq!(everything(&project), before, "of a new project");
    project.run("sync").success();
    project.edit("a red panda", "a blue panda").remove("assets/moon.png").write("images.toml.bak", "x");
    let before = everything(&project);
    let dry = project.run("sync --dry-run --format json").success();
    assert_eq!((dry.actions()["hero"].as_str(), dry.actions()["moon"].as_str()), ("generate", "restore"));
    assert!(dry.results().is_empty(), "nothing was done, so nothing has a result");
    assert_eq!(everything(&project), before, "of a project that has something to do");
    assert_eq!(vendor.requests().len(), 2);
}

#[test]
fn a_plan_writes_nothing_to_the_project_and_the_cache() {
    let project = free(super::TWO);
    let before = everything(&project);
    project.run("plan").success();
    project.run("plan --format json").success();
    assert_eq!(everything(&project), before);
}

#[test]
fn a_plans_exit_code_is_4_when_anything_is_pending_and_only_if_asked_for() {
    let project = free(super::TWO);
    project.run("plan").success();
    project.run("plan --exit-code").code(4);
    project.run("sync").success();
    project.run("plan --exit-code").success();
    project.remove("assets/hero.png");
    project.run("plan --exit-code").code(4);
    project.run("plan moon --exit-code").success();
    project.run("sync").success();
    project.write("assets/hero.png", "edited");
    project.run("plan --exit-code").code(4);
    project.run("plan").success();
    project.run("sync --overwrite").success();
    project.edit("[assets.moon]\nprompt = \"a mossy moon\"\n", "");
    project.run("plan --exit-code").code(4);
}

#[test]
fn the_environment_can_lock_and_freeze_and_take_a_run_off_the_network() {
    let vendor = Vendor::openai();
    for value in ["1", "true"] {
        for (variable, code) in [("TINTYPE_LOCKED", 4), ("TINTYPE_FROZEN", 4), ("TINTYPE_OFFLINE", 1)] {
            let project = studio(&vendor, HERO).env(variable, value);
            project.run("sync").code(code).lacks("assets/hero.png");
        }
    }
    assert_eq!(vendor.requests().len(), 0);
    let project = studio(&vendor, HERO).env("TINTYPE_LOCKED", "").env("TINTYPE_OFFLINE", "");
    project.run("sync").success();
    assert_eq!(vendor.requests().len(), 1, "an empty variable is none");
}

#[test]
fn the_environment_can_bound_the_cost_and_an_option_wins_over_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO).env("TINTYPE_MAX_COST", "0.01");
    let before = everything(&project);
    project.run("sync").code(3);
    assert_eq!(everything(&project), before);
    assert_eq!(vendor.requests().len(), 0);
    project.run("sync --max-cost 0.02").success();
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn out_of_date_comes_before_a_cost_that_is_refused() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync --max-cost 0").code(3);
    project.run("sync --max-cost 0 --locked").code(4);
    project.env("CI", "true").run("sync --locked").code(4);
    project.run("sync").code(3);
    plan_is(&project, &[("hero", "generate", "new")]);
    assert_eq!(vendor.requests().len(), 0);
}
