//! `source = "asset:NAME"`: other files of another asset's original, for nothing.

use crate::projects::{entry, free, is_settled, plan_is, studio};
use crate::sandbox::png;
use crate::vendor::{Fault, Vendor};

const PAIR: &str = "[assets.hero]\nprompt = \"a panda\"\n\n\
                    [assets.icon]\nsource = \"asset:hero\"\noutput = { width = 16, height = 16 }\n";

#[test]
fn another_assets_original_makes_further_files_at_no_cost() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    let plan = plan_is(&project, &[("hero", "generate", "new"), ("icon", "transform", "new reference")]);
    assert_eq!(plan.totals()["cost_usd"], 0.02);
    assert_eq!(plan.asset("icon")["outputs"][0], "assets/icon.png");
    project.run("sync").success();
    assert_eq!(project.picture("assets/icon.png").0, 16);
    assert!(entry(&project, "icon").contains("source = \"asset:hero\"\nhash = \"b3:"));
    is_settled(&project);
    project.remove("assets/icon.png");
    plan_is(&project, &[("hero", "keep", ""), ("icon", "restore", "missing")]);
    project.run("sync").success();
    is_settled(&project);
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn it_follows_the_other_asset() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    let icon = project.run("sync").success().read("assets/icon.png");
    project.edit("a panda", "a red panda");
    plan_is(&project, &[("hero", "generate", "prompt"), ("icon", "transform", "reference")]);
    vendor.next(Fault::Refuse);
    let failed = project.run("sync --format json").code(1);
    assert_eq!(failed.results()["icon"], "skipped");
    assert_eq!(project.read("assets/icon.png"), icon);
    project.run("sync --retry-refused").success();
    assert_ne!(project.read("assets/icon.png"), icon);
    is_settled(&project);
}

#[test]
fn it_may_follow_a_file_and_another_that_shares() {
    let project = free(
        "[assets.badge]\nsource = \"art/badge.png\"\n\n[assets.small]\nsource = \"asset:badge\"\noutput = { width = 4 }\n\n\
         [assets.smaller]\nsource = \"asset:small\"\noutput = { width = 2 }\n",
    )
    .file("art/badge.png", png(8, 8, [1, 2, 3, 255]));
    project.run("sync").success();
    assert_eq!(project.picture("assets/smaller.png").0, 2);
    is_settled(&project);
    project.write("art/badge.png", png(8, 8, [3, 2, 1, 255]));
    let changed = [("badge", "transform", "source"), ("small", "transform", "source")];
    plan_is(&project, &[changed[0], changed[1], ("smaller", "transform", "source")]);
    project.run("sync").success();
    is_settled(&project);
}

#[test]
fn an_original_that_is_in_no_cache_makes_it_unavailable_and_a_placeholder_is_drawn_again() {
    let vendor = Vendor::openai();
    // The hero's own file is no copy of its original.
    let bought = studio(&vendor, &PAIR.replace("a panda\"\n", "a panda\"\noutput = { width = 32 }\n"));
    bought.run("sync").success();
    bought.empty_cache().remove("assets/icon.png");
    plan_is(&bought, &[("hero", "keep", ""), ("icon", "unavailable", "missing")]);
    bought.run("sync").code(1);
    assert_eq!(vendor.billed(), 1);
    let drawn = free(&PAIR.replace("a panda\"\n", "a panda\"\noutput = { width = 32 }\n"));
    drawn.run("sync").success();
    drawn.empty_cache().remove("assets/icon.png");
    plan_is(&drawn, &[("hero", "restore", "missing"), ("icon", "restore", "missing")]);
    drawn.run("sync").success();
    is_settled(&drawn);
}

#[test]
fn a_circle_and_an_unknown_name_are_mistakes() {
    let circle = free("[assets.a]\nsource = \"asset:b\"\n\n[assets.b]\nsource = \"asset:a\"\n");
    circle.run("check").code(2).stderr_has("circle: a → b → a");
    let unknown = free("[assets.a]\nsource = \"asset:hreo\"\n\n[assets.hero]\nprompt = \"a panda\"\n");
    unknown.run("check").code(2).stderr_has("did you mean `hero`?");
    let both = free("[assets.a]\nsource = \"asset:hero\"\nprompt = \"x\"\n\n[assets.hero]\nprompt = \"a panda\"\n");
    both.run("check").code(2).stderr_has("has a `source` and a `prompt`");
}
