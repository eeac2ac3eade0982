//! Drafts: pictures tried out cheaply, that stand until the finished ones come, and never in their place.

use crate::projects::{entry, free, is_settled, plan_is, planned_as, studio, studio_manifest};
use crate::sandbox::Sandbox;
use crate::vendor::{Fault, Vendor};

const DRAFT: &str = "\n[draft]\nmodel = \"placeholder\"\n\n";
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
const POSTER: &str = "[assets.poster]\nprompt = \"a poster\"\nreferences = [\"asset:hero\"]\n";

fn drafted(vendor: &Vendor, assets: &str) -> Sandbox {
    studio(vendor, &format!("{DRAFT}{assets}"))
}

#[test]
fn a_draft_stands_until_the_finished_picture_comes() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, HERO);
    let planned = project.run("plan --draft --format json").success();
    planned_as(planned, &[("hero", "generate", "new draft")]);
    project.run("sync --draft").success().stdout_has("made 1; 1 image, free");
    assert_eq!(vendor.requests().len(), 0);
    let locked = entry(&project, "hero");
    assert!(locked.contains("kind = \"draft\"") && locked.contains("model = \"house-model\""), "{locked}");
    let draft = project.read("assets/hero.png");
    // Again, there is nothing to do; without drafts there is, at the price of the finished one.
    let again = project.run("sync --draft --format json").success();
    planned_as(again, &[("hero", "keep", "draft")]);
    let plan = plan_is(&project, &[("hero", "generate", "draft")]);
    assert_eq!(plan.asset("hero")["cost_usd"], 0.02);
    project.run("sync --frozen").code(4);
    project.run("sync --locked").code(4);
    project.run("verify").code(1).stdout_has("only tried out: not finished");
    assert_eq!(project.read("assets/hero.png"), draft);
    project.run("sync").success();
    assert_ne!(project.read("assets/hero.png"), draft);
    assert!(!entry(&project, "hero").contains("draft"));
    is_settled(&project);
    project.run("verify").success();
    // What is finished stays so.
    let finished = project.snapshot();
    planned_as(project.run("sync --draft --format json").success(), &[("hero", "keep", "")]);
    project.unchanged_since(&finished);
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn drafts_of_a_cheaper_size_are_paid_for_once() {
    let vendor = Vendor::openai();
    let manifest = format!("\n[draft]\nsize = \"32x32\"\nquality = \"low\"\n\n{HERO}");
    let project = studio(&vendor, &manifest);
    project.run("sync --draft").success();
    assert_eq!(vendor.billed(), 1);
    project.remove("images.lock").remove("assets/hero.png");
    project.run("sync --draft").success().stdout_has("restored 1");
    assert_eq!(vendor.billed(), 1, "the cache has the draft");
    // Another draft is another picture; the old one's wording comes back for nothing.
    project.edit("a red panda", "a blue panda");
    project.run("sync --draft").success();
    project.edit("a blue panda", "a red panda");
    project.run("sync --draft").success();
    assert_eq!(vendor.billed(), 2);
    // A finished picture that the cache has needs no draft.
    project.run("sync").success();
    project.remove("images.lock").remove("assets/hero.png");
    project.run("sync --draft").success();
    assert!(!entry(&project, "hero").contains("draft"));
    assert_eq!(vendor.billed(), 3);
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn a_finished_picture_is_not_tried_out_because_another_one_is() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, &format!("{HERO}\n{POSTER}"));
    project.run("sync").success();
    let (poster, locked) = (project.read("assets/poster.png"), entry(&project, "poster"));
    project.edit("a red panda", "a blue panda");
    let tried = project.run("sync --draft --format json").code(1);
    assert_eq!(tried.results()["poster"], "skipped");
    assert!(tried.asset("poster")["error"]["message"].as_str().unwrap().contains("`hero` is only tried out"));
    assert_eq!((project.read("assets/poster.png"), entry(&project, "poster")), (poster, locked));
    // One that changes by itself is tried out with the draft.
    project.edit("a poster", "a large poster");
    project.run("sync --draft").success();
    assert!(entry(&project, "poster").contains("kind = \"draft\""));
    assert_eq!(vendor.billed(), 2);
    // The finished ones follow the finished one.
    plan_is(&project, &[("hero", "generate", "draft"), ("poster", "generate", "draft reference")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 4);
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn drafts_can_be_rolled_picked_and_accepted() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, HERO);
    project.run("sync --draft").success();
    let first = project.read("assets/hero.png");
    project.run("reroll hero --draft").success();
    let second = project.read("assets/hero.png");
    assert_ne!(first, second);
    let takes = project.run("takes hero --format json").success().value();
    let other = 1 + takes["takes"].as_array().unwrap().iter().position(|take| take["chosen"] == false).unwrap();
    project.run(&format!("pick hero {other}")).success();
    assert_eq!(project.read("assets/hero.png"), first);
    planned_as(project.run("sync --draft --format json").success(), &[("hero", "keep", "draft")]);
    // Good enough: it is the finished picture from now on.
    project.run("accept hero").success().stdout_has("accepted: hero");
    assert!(entry(&project, "hero").contains("kind = \"accepted\""));
    is_settled(&project);
    project.run("sync --frozen").success();
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn a_failed_finish_leaves_the_draft() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, HERO);
    project.run("sync --draft").success();
    let (draft, locked) = (project.read("assets/hero.png"), project.lockfile());
    vendor.next(Fault::moderation(&["violence"]));
    project.run("sync").code(1);
    assert_eq!((project.read("assets/hero.png"), project.lockfile()), (draft, locked));
    // Drafts go on while the finished one is refused.
    project.run("sync --draft").success();
    project.run("reroll hero --draft").success();
    assert_eq!(vendor.billed(), 0);
}

#[test]
fn what_a_draft_may_say_is_checked_with_the_rest() {
    let project = free(HERO);
    project.run("sync --draft").code(2).stderr_has("has no [draft]").stderr_has("model = \"placeholder\"");
    project.run("plan --draft").code(2).stderr_has("has no [draft]");
    project.run("sync --draft --frozen").code(2).stderr_has("cannot be used with");
    let wrong = free(&format!("{HERO}\n[draft]\nprompt = \"x\"\n"));
    wrong.run("check").code(2).stderr_has("`prompt` can't be another one in a draft").stderr_has("`quality`");
    free(&format!("{HERO}\n[draft]\nmodle = \"x\"\n")).run("check").code(2).stderr_has("did you mean `model`?");
    let vendor = Vendor::openai();
    let small = Sandbox::new().manifest(&studio_manifest(
        &vendor,
        "[draft]\nmodel = \"seedream-4.5\"\nprovider = \"aisa\"\nsize = \"64x64\"\n\n[assets.a]\nprompt = \"x\"\n\n[assets.b]\nprompt = \"y\"\n",
    ));
    let check = small.run("check").code(2).stderr_has("as a draft, ");
    assert_eq!(check.stderr().matches("as a draft").count(), 1, "said once: {}", check.stderr());
    // Who can be drafted is what isn't made by hand.
    let project = free("[draft]\nsize = \"32x32\"\n\n[assets.badge]\nsource = \"art/b.png\"\n");
    project.file("art/b.png", crate::sandbox::png(8, 8, [1, 2, 3, 255])).run("sync --draft").success();
    is_settled(&project);
}

#[test]
fn branches_with_a_draft_and_a_finished_picture_come_to_the_finished_one() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, HERO);
    project.run("sync --draft").success();
    let draft = entry(&project, "hero");
    project.run("sync").success();
    let finished = project.lockfile();
    let take = draft.split("[[asset.takes]]").nth(1).unwrap().split("[[asset.outputs]]").next().unwrap().to_string();
    let (head, tail) = finished.split_once("[[asset.takes]]").unwrap();
    project.write("images.lock", format!("{head}[[asset.takes]]{take}[[asset.takes]]{tail}"));
    plan_is(&project, &[("hero", "keep", "")]);
    project.run("sync --draft").success();
    project.run("sync --frozen").success();
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn a_finished_picture_under_another_name_needs_no_draft() {
    let vendor = Vendor::openai();
    let project = drafted(&vendor, HERO);
    project.run("sync").success();
    // Renamed, with a cache that has lost what it knew: the lockfile and the untouched file know it.
    project.empty_cache().edit("[assets.hero]", "[assets.heroine]");
    project.run("sync --draft").success();
    assert!(!entry(&project, "heroine").contains("draft"));
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}
