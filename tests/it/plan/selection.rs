//! Some assets only: by name, glob or tag.

use crate::projects::{entry, free, is_settled, plan_is, planned_as, studio};
use crate::vendor::Vendor;

const ICONS: &str = "[assets.\"icons/sword\"]\nprompt = \"a sword\"\ntags = [\"ui\", \"sharp\"]\n\n\
                     [assets.\"icons/shield\"]\nprompt = \"a shield\"\ntags = [\"ui\"]\n\n\
                     [assets.hero]\nprompt = \"a panda\"\n";

#[test]
fn a_named_asset_is_made_and_other_entries_stay_byte_for_byte() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, super::TWO);
    project.run("sync").success();
    let moon = entry(&project, "moon");
    project.edit("a red panda", "a blue panda").edit("a mossy moon", "a bare moon").remove("assets/moon.png");
    let sync = project.run("sync hero --format json").success();
    planned_as(sync, &[("hero", "generate", "prompt")]);
    assert_eq!(entry(&project, "moon"), moon);
    project.lacks("assets/moon.png");
    assert_eq!(vendor.prompts()[2..], ["a blue panda"]);
    plan_is(&project, &[("hero", "keep", ""), ("moon", "generate", "prompt")]);
    project.run("sync").success();
    project.check_invariants(&vendor);
}

#[test]
fn a_named_asset_brings_what_it_refers_to_along() {
    let project = free(
        "[assets.hero]\nprompt = \"a panda\"\nreferences = [\"asset:logo\"]\n\n[assets.logo]\nprompt = \"a logo\"\n\n\
         [assets.moon]\nprompt = \"a moon\"\n",
    );
    let sync = project.run("sync hero --format json").success();
    assert_eq!(sync.actions().into_keys().collect::<Vec<_>>(), ["hero", "logo"]);
    project.has("assets/hero.png").has("assets/logo.png").lacks("assets/moon.png");
    let plan = project.run("plan moon --format json").success();
    planned_as(plan, &[("moon", "generate", "new")]);
}

#[test]
fn globs_and_tags_select() {
    let project = free(ICONS);
    let names = |line: &str| project.run(line).success().actions().into_keys().collect::<Vec<_>>();
    assert_eq!(names("plan 'icons/*' --format json"), ["icons/shield", "icons/sword"]);
    assert_eq!(names("plan '*' --format json").len(), 3);
    assert_eq!(names("plan hero 'icons/sw*' --format json"), ["hero", "icons/sword"]);
    assert_eq!(names("plan --tag sharp --format json"), ["icons/sword"]);
    assert_eq!(names("plan --tag ui --format json"), ["icons/shield", "icons/sword"]);
    project.run("sync --tag ui").success().has("assets/icons/sword.png").has("assets/icons/shield.png");
    project.lacks("assets/hero.png");
    assert_eq!(names("plan --format json").len(), 3);
}

#[test]
fn an_unknown_name_glob_or_tag_is_a_usage_error_that_suggests_the_nearest() {
    let project = free(ICONS);
    let before = project.snapshot();
    project.run("sync heroo").code(2).stderr_has("heroo").stderr_has("`hero`");
    project.run("plan 'nothing/*'").code(2).stderr_has("nothing/*");
    project.run("sync --tag nothing").code(2).stderr_has("nothing");
    project.run("show icons/swrd").code(2).stderr_has("icons/sword");
    project.unchanged_since(&before);
}

#[test]
fn a_selection_prunes_nothing() {
    let project = free(super::TWO);
    project.run("sync").success();
    project.edit("[assets.moon]\nprompt = \"a mossy moon\"\n", "");
    let plan = project.run("plan hero --format json").success();
    planned_as(plan, &[("hero", "keep", "")]);
    project.run("sync hero").success().has("assets/moon.png");
    assert!(project.lockfile().contains("\"moon\""));
    project.run("sync").success().lacks("assets/moon.png");
    is_settled(&project);
}

#[test]
fn locked_judges_the_named_assets_alone() {
    let project = free(super::TWO);
    project.run("sync").success();
    project.edit("a mossy moon", "a bare moon").remove("assets/hero.png");
    project.run("sync hero --locked").success().has("assets/hero.png");
    project.run("sync moon --locked").code(4);
    project.run("sync --locked").code(4);
}
