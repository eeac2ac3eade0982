//! References: to files by their bytes, to assets by their originals.

use crate::projects::{entry, free, is_settled, plan_is, studio};
use crate::sandbox::png;
use crate::vendor::{Fault, Vendor};

/// The logo is bought; the hero, a placeholder, is made after it.
const PAIR: &str = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"asset:logo\"]\n\n\
                    [assets.logo]\nprompt = \"a round logo\"\n";

#[test]
fn a_reference_whose_bytes_change_regenerates_and_one_that_only_moves_does_not() {
    let project = free("[assets.hero]\nprompt = \"a panda\"\nreferences = [\"art/board.png\"]\n")
        .file("art/board.png", png(8, 8, [1, 2, 3, 255]));
    project.run("sync").success();
    is_settled(&project);
    project.write("style/new.png", png(8, 8, [1, 2, 3, 255])).remove("art/board.png").edit("art/board", "style/new");
    plan_is(&project, &[("hero", "keep", "")]);
    project.run("sync --locked").success();
    project.write("style/new.png", png(8, 8, [3, 2, 1, 255]));
    plan_is(&project, &[("hero", "generate", "reference")]);
    project.run("sync --locked").code(4);
    project.run("sync").success();
    is_settled(&project);
}

#[test]
fn a_reference_that_is_changed_back_costs_nothing() {
    let project = free("[assets.hero]\nprompt = \"a panda\"\nreferences = [\"art/board.png\"]\n")
        .file("art/board.png", png(8, 8, [1, 2, 3, 255]));
    let hero = project.run("sync").success().read("assets/hero.png");
    project.write("art/board.png", png(8, 8, [3, 2, 1, 255])).run("sync").success();
    project.write("art/board.png", png(8, 8, [1, 2, 3, 255]));
    plan_is(&project, &[("hero", "restore", "reference cached")]);
    assert_eq!(project.run("sync").success().read("assets/hero.png"), hero);
}

#[test]
fn an_asset_that_refers_to_another_is_made_after_it_in_one_run() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    let plan = plan_is(&project, &[("hero", "generate", "new reference"), ("logo", "generate", "new")]);
    assert_eq!(plan.totals()["cost_usd"], 0.02);
    let sync = project.run("sync --format json").success();
    assert_eq!((sync.results()["hero"].as_str(), sync.results()["logo"].as_str()), ("done", "done"));
    assert!(entry(&project, "hero").contains("[[asset.recipe.references]]\nasset = \"logo\"\n"));
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn only_a_price_may_fall_away_and_neither_nothing_nor_an_unknown_one() {
    let vendor = Vendor::openai();
    let pair = "[assets.a]\nprompt = \"a\"\n\n[assets.b]\nprompt = \"b\"\nreferences = [\"asset:a\"]\n";
    free(pair).run("plan").success().stdout_has("b  generate  1 image by placeholder, free").stdout_lacks("up to");
    studio(&vendor, pair).run("plan").success().stdout_has("from studio, up to $0.02").stdout_has("up to $0.04");
    let unknown = studio(&vendor, pair).edit(", cost_usd = 0.02", "");
    unknown.run("plan").success().stdout_has("(2 images, price unknown)").stdout_lacks("up to");
}

#[test]
fn an_asset_follows_the_one_that_it_refers_to() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    let hero = project.run("sync").success().read("assets/hero.png");
    project.edit("a round logo", "a square logo");
    plan_is(&project, &[("hero", "generate", "reference"), ("logo", "generate", "prompt")]);
    project.run("sync").success();
    assert_ne!(project.read("assets/hero.png"), hero);
    is_settled(&project);
    assert_eq!(vendor.billed(), 2);
    project.edit("a square logo", "a round logo");
    plan_is(&project, &[("hero", "restore", "reference cached"), ("logo", "restore", "prompt cached")]);
    project.run("sync").success();
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (hero, 2));
    project.check_invariants(&vendor);
}

#[test]
fn an_asset_stays_where_the_other_ones_original_does_not_change() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    project.run("sync").success();
    let hero = entry(&project, "hero");
    project.edit("a round logo\"", "a round logo\"\nn = 2\noutput = { width = 16 }");
    plan_is(&project, &[("hero", "keep", ""), ("logo", "generate", "n")]);
    project.run("sync").success();
    assert_eq!(entry(&project, "hero"), hero, "more takes and other files don't change the chosen original");
    project.check_invariants(&vendor);
}

#[test]
fn what_turns_out_unchanged_after_a_wave_is_cut_off_early() {
    let project = free(
        "[assets.hero]\nprompt = \"a panda\"\nreferences = [\"asset:logo\"]\n\n[assets.logo]\nprompt = \"a logo\"\n",
    );
    project.run("sync").success();
    let lockfile = project.lockfile();
    let logo = lockfile.find("[[asset]]\nname = \"logo\"").expect("logo is locked after hero");
    // The logo's entry is lost, and so is the cache: it must be drawn again, and comes out the same.
    project.write("images.lock", format!("{}\n", lockfile[..logo].trim_end())).empty_cache();
    let before = project.snapshot();
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["hero"].as_str(), plan.reasons("hero")), ("generate", vec!["reference".to_string()]));
    project.remove("assets/logo.png").run("sync").success();
    assert_eq!(project.lockfile(), lockfile);
    assert_eq!(project.snapshot().hash("assets/hero.png"), before.hash("assets/hero.png"));
    is_settled(&project);
}

#[test]
fn chains_of_references_are_made_wave_by_wave() {
    let chain: String = (1..=4)
        .map(|number| {
            format!("[assets.a{number}]\nprompt = \"{number}\"\nreferences = [\"asset:a{}\"]\n\n", number - 1)
        })
        .collect();
    let project = free(&format!("{chain}[assets.a0]\nprompt = \"0\"\n"));
    project.run("sync").success();
    is_settled(&project);
    let last = project.read("assets/a4.png");
    project.edit("\"0\"", "\"zero\"").run("sync").success();
    assert_ne!(project.read("assets/a4.png"), last, "the last one follows the first one");
    is_settled(&project);
}

#[test]
fn what_refers_to_a_failed_asset_is_skipped_and_nothing_of_it_is_lost() {
    let vendor = Vendor::openai();
    vendor.when("square", Fault::Refuse);
    let project = studio(&vendor, PAIR);
    let hero = project.run("sync").success().read("assets/hero.png");
    let locked = entry(&project, "hero");
    project.edit("a round logo", "a square logo");
    let sync = project.run("sync --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), sync.results()["logo"].as_str()), ("skipped", "failed"));
    assert!(sync.asset("hero")["error"]["message"].to_string().contains("logo"));
    assert_eq!((project.read("assets/hero.png"), entry(&project, "hero")), (hero, locked));
    vendor.heal();
    project.run("sync --retry-refused").success();
    project.check_invariants(&vendor);
}

#[test]
fn what_refers_to_an_asset_that_is_only_a_reference_changes_with_its_chain() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    project.run("sync").success();
    project.remove("assets/hero.png");
    project.run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.billed(), 1, "restoring the one doesn't make the other again");
}

#[test]
fn an_original_that_must_be_sent_and_is_in_no_cache_is_unavailable() {
    let vendor = Vendor::openai();
    let asset = PAIR.replace("a round logo\"", "a round logo\"\noutput = { width = 16 }");
    let project = studio(&vendor, &asset);
    project.run("sync").success();
    project.empty_cache();
    plan_is(&project, &[("hero", "keep", ""), ("logo", "keep", "")]);
    project.edit("a panda", "a blue panda");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.actions()["logo"].as_str(), &plan.totals()["images"]), ("unavailable", &1.into()));
    let sync = project.run("sync --format json").code(1);
    assert_eq!((sync.results()["hero"].as_str(), vendor.billed()), ("skipped", 1));
}

#[test]
fn two_ways_to_write_a_reference_to_an_asset_are_one_recipe() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, PAIR);
    project.run("sync").success();
    project.edit("\"asset:logo\"", "{ asset = \"logo\" }");
    is_settled(&project);
    project.edit("[{ asset = \"logo\" }]", "{ asset = \"logo\" }");
    is_settled(&project);
}

#[test]
fn what_refers_to_a_placeholder_waits_for_its_own_picture_though_another_asset_has_the_same_recipe() {
    let vendor = Vendor::openai();
    let pair = |name: &str| {
        format!(
            "[assets.{name}]\nmodel = \"placeholder\"\nprompt = \"a board\"\n\n\
             [assets.hero]\nprompt = \"a panda\"\nreferences = [\"asset:{name}\"]\n"
        )
    };
    let project = studio(&vendor, &pair("board"));
    project.run("sync").success();
    // A placeholder shows its name, so that the other board is another picture, and the hero another hero.
    project.manifest(&crate::projects::studio_manifest(&vendor, &pair("plan"))).run("sync").success();
    is_settled(&project);
    assert_eq!(vendor.billed(), 2);
}
