//! `adopt` and `accept`: pictures that come from elsewhere than a model's answer, for nothing.

use crate::projects::{entry, free, in_cache, is_settled, plan_is, studio};
use crate::sandbox::png;
use crate::vendor::Vendor;

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
const RED: [u8; 4] = [200, 10, 10, 255];
const BLUE: [u8; 4] = [10, 10, 200, 255];

#[test]
fn a_hand_edited_output_becomes_the_chosen_take() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let edited = png(64, 64, RED);
    project.write("assets/hero.png", &edited);
    plan_is(&project, &[("hero", "blocked", "edited")]);
    project.run("adopt hero").success().stdout_has(" of hero is ").stdout_has("and chosen");
    assert_eq!(project.read("assets/hero.png"), edited, "the file stays as it is");
    let locked = entry(&project, "hero");
    assert!(locked.contains("kind = \"adopted\"") && locked.contains("provider = \"adopted\""), "{locked}");
    is_settled(&project);
    project.run("sync --frozen").success();
    project.run("verify").success();
    // It is a take like any: lost, it comes back from the cache.
    assert_eq!(project.remove("assets/hero.png").run("sync").success().read("assets/hero.png"), edited);
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn any_file_becomes_a_take_and_the_outputs_are_made_of_it() {
    let vendor = Vendor::openai();
    let assets =
        "[assets.hero]\nprompt = \"a red panda\"\noutput = [{ path = \"a.png\", width = 16 }, { path = \"b.webp\" }]\n";
    let project = studio(&vendor, assets).file("bought/panda.png", png(64, 32, RED));
    // Art that is paid for already comes in before anything is bought.
    project.run("adopt hero bought/panda.png").success().has("assets/b.webp");
    assert_eq!(project.picture("assets/a.png").1, 8);
    is_settled(&project);
    project.run("adopt hero ../outside/canary.txt").code(2).stderr_has("not an image");
    project.run("adopt hero nowhere.png").code(2).stderr_has("there is no such file");
    project.run("adopt hero").code(2).stderr_has("several files").stderr_has("tintype adopt hero FILE");
    assert_eq!(vendor.requests().len(), 0);
}

#[test]
fn what_cannot_be_adopted_says_why() {
    let project =
        free("[assets.hero]\nprompt = \"x\"\noutput = { width = 32 }\n\n[assets.badge]\nsource = \"art/b.png\"\n")
            .file("art/b.png", png(8, 8, BLUE));
    project.run("adopt hero").code(2).stderr_has("the file of `hero` has its own size");
    project.run("adopt badge art/b.png").code(2).stderr_has("`badge` has a `source`");
    project.run("adopt heor").code(2).stderr_has("did you mean `hero`?");
    project.run("adopt *").code(2).stderr_has("more than one asset");
    let plain = free(HERO);
    plain.run("adopt hero").code(2).stderr_has("there is no such file");
    plain.run("sync").success();
    plain.run("adopt hero").code(2).stderr_has("there is nothing to adopt");
}

#[test]
fn an_adopted_take_is_offered_to_its_asset_alone_and_outlives_the_lockfile() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n[assets.twin]\nprompt = \"a red panda\"\n"));
    project.file("art/hand.png", png(64, 64, RED));
    project.run("adopt hero art/hand.png").success();
    plan_is(&project, &[("hero", "keep", ""), ("twin", "generate", "new")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1);
    assert_ne!(project.read("assets/twin.png"), project.read("assets/hero.png"));
    let hero = project.read("assets/hero.png");
    project.remove("images.lock").remove("assets/hero.png").run("sync").success();
    assert_eq!(project.read("assets/hero.png"), hero);
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}

#[test]
fn what_refers_to_an_adopted_picture_follows_it_and_its_price_is_said() {
    let vendor = Vendor::openai();
    let project =
        studio(&vendor, &format!("{HERO}\n[assets.night]\nprompt = \"at night\"\nreferences = [\"asset:hero\"]\n"));
    project.run("adopt night bought.png").code(2).stderr_has("there is no such file");
    project.file("bought.png", png(64, 64, BLUE)).run("adopt night bought.png").code(2).stderr_has("follows `hero`");
    project.run("sync").success();
    project
        .run("adopt hero bought.png")
        .success()
        .stdout_has("night follows it: the next sync makes it anew, up to $0.02");
    plan_is(&project, &[("hero", "keep", ""), ("night", "generate", "reference")]);
}

#[test]
fn a_present_picture_stands_for_a_changed_recipe() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("accept hero").code(2).stderr_has("no picture yet");
    let hero = project.run("sync").success().read("assets/hero.png");
    project.run("accept hero").success().stdout_has("as locked already: hero");
    project.edit("a red panda", "a red panda, of course");
    plan_is(&project, &[("hero", "generate", "prompt")]);
    project.run("accept hero").success().stdout_is("accepted: hero\n");
    let locked = entry(&project, "hero");
    assert!(locked.contains("kind = \"accepted\"\nfingerprint = \"b3:") && locked.contains("of course"), "{locked}");
    is_settled(&project);
    // A colleague with the same lockfile and files, and no cache, sees the same.
    let clone = project.clone_project("clone").env("TINTYPE_CACHE_DIR", &project.path("nowhere").to_string_lossy());
    plan_is(&clone, &[("hero", "keep", "")]);
    // Without the lockfile, the cache knows it.
    project.remove("images.lock").run("sync").success();
    is_settled(&project);
    // Back at its own wording it is an ordinary take again, whatever is gone.
    project.edit("a red panda, of course", "a red panda").run("sync").success();
    assert!(!entry(&project, "hero").contains("kind = "));
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (hero, 1));
    project.check_invariants(&vendor);
}

#[test]
fn an_accepted_picture_that_the_cache_forgot_is_still_known_at_its_own_wording() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    project.edit("a red panda", "another panda").run("accept hero").success();
    project.empty_cache().edit("another panda", "a red panda").run("sync").success();
    assert_eq!(vendor.billed(), 1);
    is_settled(&project);
}

#[test]
fn all_takes_are_accepted_together_and_globs_name_many() {
    let vendor = Vendor::openai();
    let assets =
        "[assets.\"icons/{{ item }}\"]\nprompt = \"a {{ item }}\"\nmatrix = { item = [\"axe\", \"bow\"] }\nn = 2\n";
    let project = studio(&vendor, assets);
    project.run("sync --yes").success();
    project
        .edit("a {{ item }}", "one {{ item }}")
        .run("accept icons/*")
        .success()
        .stdout_is("accepted: icons/axe, icons/bow\n");
    is_settled(&project);
    assert_eq!((vendor.billed(), entry(&project, "icons/axe").matches("kind = \"accepted\"").count()), (4, 2));
}

#[test]
fn adopt_and_accept_answer_as_json() {
    let project = free(HERO).file("art/hand.png", png(64, 64, RED));
    let adopted = project.run("adopt hero art/hand.png --format json").success().value();
    assert_eq!((&adopted["name"], &adopted["take"]), (&"hero".into(), &1.into()), "{adopted}");
    assert_eq!(in_cache(&project, &png(64, 64, RED)).len(), 1);
    project.edit("a red panda", "x");
    let accepted = project.run("accept hero --format json").success().value();
    assert_eq!(accepted["accepted"][0], "hero");
}
