//! What is bought, what is shared, and what is never bought by itself.

use crate::projects::{entry, is_settled, plan_is, planned_as, studio};
use crate::vendor::{Fault, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

#[test]
fn a_fresh_clone_without_outputs_and_cache_is_unavailable_and_never_bought_again() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let clone = project.clone_project("clone").empty_cache().remove("assets");
    let plan = plan_is(&clone, &[("hero", "unavailable", "missing")]);
    assert_eq!((&plan.totals()["unavailable"], &plan.totals()["images"]), (&1.into(), &0.into()));
    let before = clone.snapshot();
    let sync = clone.run("sync --format json").code(1);
    assert_eq!(sync.results()["hero"], "failed");
    assert_eq!(sync.asset("hero")["error"]["code"], "unavailable");
    assert!(sync.asset("hero")["error"]["help"].is_string());
    clone.unchanged_since(&before);
    assert_eq!(vendor.billed(), 1);
    clone.run("sync").code(1).stderr_has("hero");
}

#[test]
fn what_is_unavailable_is_cured_by_the_cache_that_has_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let cache = project.cache_path();
    let clone = project.clone_project("clone").remove("assets");
    clone.env("TINTYPE_CACHE_DIR", &clone.home_path().join("cache").to_string_lossy()).run("sync").code(1);
    clone.env("TINTYPE_CACHE_DIR", &cache.to_string_lossy()).run("sync --frozen").success();
    assert_eq!(clone.read("assets/hero.png"), project.read("assets/hero.png"));
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn what_is_unavailable_comes_before_a_purchase_of_more_takes() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    project.empty_cache().remove("assets").edit("panda\"", "panda\"\nn = 3");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), &plan.totals()["images"]), ("unavailable", &0.into()));
    project.run("sync").code(1);
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn without_lockfile_and_cache_the_files_are_foreign_and_nothing_is_paid() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    project.remove("images.lock").empty_cache();
    let plan = project.run("plan --format json").success();
    assert_eq!(plan.actions()["hero"], "blocked");
    assert!(plan.reasons("hero").contains(&"foreign".to_string()));
    assert_eq!(plan.totals()["images"], 0);
    project.run("sync").code(1);
    assert_eq!(project.read("assets/hero.png"), hero);
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn a_recipe_that_two_assets_have_is_one_bill_and_two_files() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.one]\nprompt = \"a red panda\"\n\n[assets.two]\nprompt = \"a red panda\"\n");
    let plan = project.run("plan --format json").success();
    assert_eq!((&plan.totals()["images"], &plan.totals()["cost_usd"]), (&1.into(), &0.02.into()));
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1);
    assert_eq!(project.read("assets/one.png"), project.read("assets/two.png"));
    project.check_invariants(&vendor);
}

#[test]
fn a_recipe_that_another_project_has_bought_is_taken_from_the_shared_cache() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let other = project.sibling("other");
    other.manifest(&project.read_text("images.toml"));
    plan_is(&other, &[("hero", "restore", "new cached")]);
    other.run("sync --offline").success();
    assert_eq!(other.read("assets/hero.png"), project.read("assets/hero.png"));
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn variants_of_one_wording_are_two_pictures() {
    let vendor = Vendor::openai();
    let project =
        studio(&vendor, "[assets.one]\nprompt = \"a panda\"\n\n[assets.two]\nprompt = \"a panda\"\nvariant = 2\n");
    project.run("sync").success();
    assert_eq!(vendor.billed(), 2);
    assert!(vendor.requests().iter().all(|request| request.body.get("variant").is_none()), "a variant is never sent");
    assert_ne!(project.read("assets/one.png"), project.read("assets/two.png"));
}

#[test]
fn more_takes_buy_only_the_difference_and_leave_the_chosen_one() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let hero = project.read("assets/hero.png");
    project.edit("panda\"", "panda\"\nn = 3");
    let plan = plan_is(&project, &[("hero", "generate", "n")]);
    assert_eq!((&plan.totals()["images"], &plan.totals()["cost_usd"]), (&2.into(), &0.04.into()));
    project.run("sync").success();
    assert_eq!((vendor.billed(), project.read("assets/hero.png")), (3, hero));
    assert_eq!(entry(&project, "hero").matches("[[asset.takes]]").count(), 3);
    project.check_invariants(&vendor);
}

#[test]
fn fewer_takes_change_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a red panda\"\nn = 3\n");
    project.run("sync").success();
    project.edit("n = 3", "n = 1");
    plan_is(&project, &[("hero", "keep", "")]);
    project.run("sync --locked").success();
    project.edit("n = 1", "n = 3");
    is_settled(&project);
    assert_eq!(vendor.billed(), 3);
}

#[test]
fn all_takes_are_published_where_the_manifest_says_so() {
    let vendor = Vendor::openai();
    let asset = "[assets.hero]\nprompt = \"a red panda\"\nn = 2\npublish = \"all\"\n\
                 output = \"{{ name }}-{{ take }}.{{ ext }}\"\n";
    let project = studio(&vendor, asset);
    let sync = project.run("sync --format json").success();
    assert_eq!(sync.asset("hero")["outputs"], serde_json::json!(["assets/hero-1.png", "assets/hero-2.png"]));
    assert_ne!(project.read("assets/hero-1.png"), project.read("assets/hero-2.png"));
    assert_eq!(entry(&project, "hero").matches("\ntake = \"b3:").count(), 2, "each output has its take");
    let first = project.read("assets/hero-1.png");
    project.edit("n = 2", "n = 3");
    plan_is(&project, &[("hero", "generate", "n")]);
    project.run("sync").success().has("assets/hero-3.png");
    let others = ["assets/hero-1.png", "assets/hero-2.png", "assets/hero-3.png"].map(|path| project.read(path));
    assert!(others.contains(&first), "the takes that were there still are");
    assert_eq!(vendor.billed(), 3);
    project.remove("assets/hero-2.png");
    plan_is(&project, &[("hero", "restore", "missing")]);
    project.run("sync").success();
    project.check_invariants(&vendor);
}

#[test]
fn publishing_one_take_instead_of_all_prunes_the_other_files() {
    let vendor = Vendor::openai();
    let asset =
        "[assets.hero]\nprompt = \"a red panda\"\nn = 2\npublish = \"all\"\noutput = \"{{ name }}-{{ take }}.png\"\n";
    let project = studio(&vendor, asset);
    project.run("sync").success();
    project.edit("publish = \"all\"", "publish = \"chosen\"");
    let plan = project.run("plan --format json").success();
    assert!(plan.reasons("hero").contains(&"undeclared".to_string()), "{:?}", plan.reasons("hero"));
    project.run("sync").success();
    assert_eq!(project.files().iter().filter(|path| path.starts_with("assets/")).count(), 1);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn a_refused_prompt_is_planned_as_such_and_sent_again_only_when_told_to() {
    let vendor = Vendor::openai();
    vendor.when("panda", Fault::Refuse);
    let project = studio(&vendor, HERO);
    let sync = project.run("sync --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), &sync.asset("hero")["error"]["code"]), ("failed", &"refused".into()));
    let sent = vendor.requests().len();
    let plan = plan_is(&project, &[("hero", "generate", "new refused")]);
    assert_eq!((&plan.totals()["images"], &plan.totals()["cost_usd"]), (&0.into(), &0.0.into()));
    project.run("plan --exit-code").code(4);
    planned_as(project.run("sync --format json").code(1), &[("hero", "generate", "new refused")]);
    assert_eq!(vendor.requests().len(), sent, "it isn't sent again by itself");
    project.run("sync --retry-refused").code(1);
    assert_eq!(vendor.requests().len(), sent + 1);
    vendor.heal();
    project.run("sync --retry-refused").success().has("assets/hero.png");
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn a_refused_prompt_is_sent_once_its_wording_changes() {
    let vendor = Vendor::openai();
    vendor.when("red", Fault::Refuse);
    let project = studio(&vendor, HERO);
    project.run("sync").code(1);
    project.edit("a red panda", "a blue panda");
    plan_is(&project, &[("hero", "generate", "new")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn a_request_that_may_have_been_billed_is_not_sent_again_by_itself() {
    let vendor = Vendor::openai();
    vendor.when("panda", Fault::CloseBeforeAnswer);
    let project = studio(&vendor, HERO);
    let sync = project.run("sync --format json").code(1);
    assert_eq!(sync.asset("hero")["error"]["code"], "maybe-billed");
    assert_eq!(vendor.requests().len(), 1);
    let plan = plan_is(&project, &[("hero", "generate", "new maybe-billed")]);
    assert_eq!(plan.totals()["images"], 0);
    vendor.heal();
    project.run("sync").code(1);
    project.run("sync --retry-refused").code(1);
    assert_eq!(vendor.requests().len(), 1);
    project.run("sync --resend-unknown").success().has("assets/hero.png");
    assert_eq!(vendor.requests().len(), 2);
    plan_is(&project, &[("hero", "keep", "")]);
}

#[test]
fn one_failure_does_not_keep_the_others_from_being_made_and_locked() {
    let vendor = Vendor::openai();
    vendor.when("red", Fault::Refuse);
    let project = studio(&vendor, super::TWO);
    let sync = project.run("sync --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), sync.results()["moon"].as_str()), ("failed", "done"));
    assert_eq!((&sync.totals()["failed"], sync.exists("assets/moon.png")), (&1.into(), true));
    assert!(!project.lockfile().contains("\"hero\""), "what isn't made isn't locked");
    plan_is(&project, &[("hero", "generate", "new refused"), ("moon", "keep", "")]);
}

#[test]
fn seedream_at_aisa_is_asked_with_what_its_docs_know_and_nothing_else() {
    let vendor = Vendor::aisa();
    let project = crate::sandbox::Sandbox::new().manifest_for(
        &vendor,
        "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a  red\\npanda\"\nsize = \"2560x1440\"\n",
    );
    let plan = plan_is(&project, &[("hero", "generate", "new")]);
    let hero = plan.asset("hero");
    assert_eq!((&hero["provider"], &hero["api"]), (&"aisa".into(), &"openai-images".into()));
    assert_eq!((&hero["cost_usd"], &hero["images"]), (&0.04.into(), &1.into()));
    project.run("sync").success();
    let expected = serde_json::json!({
        "model": "seedream-4-5-251128", "prompt": "a red panda", "n": 1, "size": "2560x1440"
    });
    assert_eq!(vendor.requests()[0].body, expected);
    assert_eq!(vendor.broken_rules(), [""; 0]);
    project.check_invariants(&vendor);
}

#[test]
fn assets_with_one_recipe_that_want_different_numbers_of_takes_share_what_there_is() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.one]\nprompt = \"a panda\"\n\n[assets.two]\nprompt = \"a panda\"\nn = 3\n");
    let plan = project.run("plan --format json").success();
    assert_eq!((&plan.totals()["images"], &plan.totals()["cost_usd"]), (&3.into(), &0.06.into()));
    let sync = project.run("sync --format json").success();
    assert_eq!((vendor.billed(), &sync.totals()["images"]), (3, &3.into()));
    assert_eq!(entry(&project, "two").matches("[[asset.takes]]").count(), 3);
    project.check_invariants(&vendor);
}

#[test]
fn a_twin_of_a_locked_asset_takes_its_picture_from_the_others_file_where_no_cache_has_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.empty_cache().edit("[assets.hero]", "[assets.twin]\nprompt = \"a red panda\"\n\n[assets.hero]");
    plan_is(&project, &[("hero", "keep", ""), ("twin", "restore", "new cached")]);
    project.run("sync").success();
    assert_eq!((project.read("assets/twin.png"), vendor.billed()), (hero, 1));
    is_settled(&project);
}

#[test]
fn more_takes_without_a_cache_still_buy_only_the_difference() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.empty_cache().edit("panda\"", "panda\"\nn = 2");
    plan_is(&project, &[("hero", "generate", "n")]);
    project.run("sync").success();
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (hero, 2));
    is_settled(&project);
}

#[test]
fn a_cheaper_look_at_the_same_recipe_in_another_project_leaves_both_as_they_are() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let other = project.sibling("other");
    other.manifest(&project.read_text("images.toml")).edit("panda\"", "panda\"\nn = 2").run("sync").success();
    assert_eq!(vendor.billed(), 2, "one take was there");
    is_settled(&project);
    assert_eq!(entry(&project, "hero").matches("[[asset.takes]]").count(), 1, "its takes are those in its entry");
}
