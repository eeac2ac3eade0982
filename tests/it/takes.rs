//! More takes of one recipe, and the choice among them: paid for once, free ever after, and of no other asset's business.

use crate::projects::{entry, free, is_settled, plan_is, studio, studio_manifest};
use crate::sandbox::{Sandbox, png};
use crate::vendor::{Fault, Vendor};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";
const POSTER: &str = "[assets.poster]\nprompt = \"a poster\"\nreferences = [\"asset:hero\"]\n";

/// The lockfile's takes of an asset, and the number of the chosen one.
fn takes(project: &Sandbox, name: &str) -> (Vec<String>, usize) {
    let listed = project.run(&format!("takes {name} --format json")).success().value();
    let takes = listed["takes"].as_array().expect("a list");
    let chosen = takes.iter().position(|take| take["chosen"] == true).map_or(0, |index| index + 1);
    (takes.iter().map(|take| take["hash"].as_str().unwrap_or_default().to_string()).collect(), chosen)
}

#[test]
fn a_reroll_appends_a_take_and_chooses_it() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let first = project.read("assets/hero.png");
    project.run("reroll hero").success().stderr_has("1 image to buy for $0.02").stdout_has("made 1; 1 image, $0.02");
    let second = project.read("assets/hero.png");
    assert_ne!(first, second);
    assert_eq!((takes(&project, "hero").0.len(), vendor.billed()), (2, 2));
    is_settled(&project);
    project.run("sync --frozen").success();
    // Undone, and done again, for nothing.
    let (_, chosen) = takes(&project, "hero");
    project.run(&format!("pick hero {}", 3 - chosen)).success().stdout_has("is chosen; it was take");
    assert_eq!(project.read("assets/hero.png"), first);
    is_settled(&project);
    project.run(&format!("pick hero {chosen}")).success();
    assert_eq!(project.read("assets/hero.png"), second);
    assert_eq!((takes(&project, "hero").0.len(), vendor.billed()), (2, 2));
    project.run("verify").success();
    project.check_invariants(&vendor);
}

#[test]
fn a_reroll_says_first_what_it_costs_and_keeps_to_the_limits() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let before = project.snapshot();
    project.run("reroll hero --dry-run").success().stdout_has("one more take was asked for").stdout_has("$0.02");
    project.run("reroll hero --max-cost 0.01").code(3).stderr_has("at most $0.01");
    project.run("reroll hero --max-images 0").code(3);
    project.clone().env("CI", "1").run("reroll hero").code(3).stderr_has("--yes");
    project.run("reroll hero --offline").code(1).stderr_has("may not go over the network");
    project.run("reroll nobody").code(2).stderr_has("no asset is called `nobody`");
    assert_eq!(vendor.billed(), 1);
    project.unchanged_since(&before);
    project.env("CI", "1").run("reroll hero --yes").success();
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn a_take_that_the_cache_has_is_not_bought_again() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n[assets.twin]\nprompt = \"a red panda\"\n"));
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1, "twins share one");
    project.run("reroll hero").success();
    let second = project.read("assets/hero.png");
    assert_ne!(project.read("assets/twin.png"), second, "only this one is another");
    project.run("reroll twin").success().stdout_has("restored 1");
    assert_eq!((project.read("assets/twin.png"), vendor.billed()), (second.clone(), 2));
    // Another checkout that draws on the cache takes the last chosen one first.
    let other = project.sibling("other").manifest(&studio_manifest(&vendor, HERO));
    other.run("sync").success();
    assert_eq!((other.read("assets/hero.png"), vendor.billed()), (second, 2));
    project.check_invariants(&vendor);
}

#[test]
fn a_reroll_that_fails_leaves_everything_as_it_was() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let (lockfile, picture) = (project.lockfile(), project.read("assets/hero.png"));
    vendor.next(Fault::moderation(&["violence"]));
    project.run("reroll hero").code(1).stderr_has("refused");
    assert_eq!((project.lockfile(), project.read("assets/hero.png")), (lockfile, picture));
    is_settled(&project);
    project.run("reroll hero").code(1).stderr_has("--retry-refused");
    assert_eq!(vendor.billed(), 1);
    project.run("reroll hero --retry-refused").success();
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
}

#[test]
fn a_reroll_that_was_killed_after_it_was_paid_for_is_taken_up_for_nothing() {
    let vendor = Vendor::openai().with_urls();
    let project = studio(&vendor, HERO);
    project.run("sync").success();
    let first = project.read("assets/hero.png");
    vendor.next_download(Fault::DownloadGate);
    let run = project.spawn("reroll hero");
    vendor.wait_for_downloads(2);
    run.kill().killed();
    assert_eq!((project.read("assets/hero.png"), vendor.billed()), (first.clone(), 2));
    // Whatever runs next keeps it; the reroll that was meant finds it there.
    vendor.open();
    project.run("reroll hero").success();
    assert_ne!(project.read("assets/hero.png"), first);
    assert_eq!((takes(&project, "hero").0.len(), vendor.billed()), (2, 2));
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn a_reroll_touches_only_what_it_names() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}\n{POSTER}"));
    project.run("sync").success();
    let hero = entry(&project, "hero");
    project.edit("a poster", "a large poster");
    project.run("reroll poster").success();
    assert_eq!((entry(&project, "hero"), vendor.billed()), (hero, 3));
    is_settled(&project);
    // Of a changed recipe, the first take is the one more.
    assert_eq!(takes(&project, "poster").0.len(), 1);
}

#[test]
fn what_cannot_be_rolled_says_why() {
    let project = free(
        "[assets.held]\nprompt = \"x\"\nhold = true\n\n[assets.badge]\nsource = \"art/b.png\"\n\n[assets.seeded]\nprompt = \"y\"\nseed = 7\n",
    )
    .file("art/b.png", png(8, 8, [9, 9, 9, 255]));
    project.run("sync").success();
    project.run("reroll badge").code(2).stderr_has("`badge` has a `source`");
    project.run("reroll held").code(2).stderr_has("`held` is held").stderr_has("take `hold` out");
    project.run("reroll seeded --dry-run").success().stdout_has("has a fixed seed");
    project.write("assets/seeded.png", "edited").run("reroll seeded").code(1).stderr_has("edited by hand");
}

#[test]
fn placeholders_are_rolled_for_nothing() {
    let project = free(HERO);
    project.run("sync").success();
    let first = project.read("assets/hero.png");
    project.run("reroll hero").success();
    let second = project.read("assets/hero.png");
    assert_ne!(first, second);
    is_settled(&project);
    project.run("reroll hero").success();
    assert_eq!(takes(&project, "hero").0.len(), 3);
    // What is lost is drawn again, whichever take it was.
    project.empty_cache().remove("assets/hero.png").run("sync").success();
    is_settled(&project);
}

#[test]
fn a_pick_says_first_who_follows_and_for_how_much() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}n = 2\n\n{POSTER}"));
    project.run("sync").success();
    assert_eq!(vendor.billed(), 3);
    let (all, chosen) = takes(&project, "hero");
    let other = 3 - chosen;
    let poster = project.read("assets/poster.png");
    let foreseen = project.run(&format!("pick hero {other} --dry-run")).success();
    foreseen.stderr_has("poster follows hero: the next sync makes it anew, up to $0.02").stdout_has("would be chosen");
    assert_eq!(takes(&project, "hero").1, chosen, "nothing was done");
    project.run(&format!("pick hero {} --format json", &all[other - 1][..12])).success().json(|pick| {
        assert_eq!((&pick["take"], &pick["before"]), (&other.into(), &chosen.into()));
        assert_eq!(pick["followers"][0]["name"], "poster");
        assert_eq!(pick["followers"][0]["cost_usd"], 0.02);
    });
    assert_eq!((project.read("assets/poster.png"), vendor.billed()), (poster.clone(), 3), "a pick is free");
    plan_is(&project, &[("hero", "keep", ""), ("poster", "generate", "reference")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 4);
    // Back again: the poster of then comes from the cache.
    project.run(&format!("pick hero {chosen}")).success().stderr_has("poster follows hero");
    project.run("sync").success();
    assert_eq!((project.read("assets/poster.png"), vendor.billed()), (poster, 4));
    project.check_invariants(&vendor);
}

#[test]
fn a_choice_is_in_the_lockfile_for_the_team() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}n = 3\n"));
    project.run("sync").success();
    let (_, chosen) = takes(&project, "hero");
    let other = chosen % 3 + 1;
    project.run(&format!("pick hero {other}")).success();
    let mate = project.clone_project("mate");
    mate.remove("assets/hero.png").run("sync --frozen").success();
    assert_eq!(mate.read("assets/hero.png"), project.read("assets/hero.png"));
    assert_eq!(takes(&mate, "hero").1, other);
    assert_eq!(vendor.billed(), 3);
}

#[test]
fn what_cannot_be_picked_says_why_and_changes_nothing() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}n = 2\n"));
    project.run("pick hero 1").code(2).stderr_has("`hero` has no takes yet");
    project.run("takes hero").success().stdout_has("no takes yet");
    project.run("sync").success();
    let other = 3 - takes(&project, "hero").1;
    for wrong in ["0", "3", "b3:0", "no"] {
        project.run(&format!("pick hero {wrong}")).code(2).stderr_has("2 takes").stderr_has("tintype takes hero");
    }
    let before = project.lockfile();
    project.write("assets/hero.png", "edited by hand");
    project
        .run(&format!("pick hero {other}"))
        .code(2)
        .stderr_has("is not overwritten")
        .stderr_has("tintype adopt hero");
    assert_eq!(project.read("assets/hero.png"), b"edited by hand");
    project.remove("assets/hero.png").empty_cache();
    project.run(&format!("pick hero {other}")).code(2).stderr_has("is in no cache");
    assert_eq!(project.lockfile(), before);
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn where_paths_have_numbers_the_picked_take_brings_its_own() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}n = 2\noutput = {{ path = \"hero-{{{{ take }}}}.png\" }}\n"));
    project.run("sync").success();
    let chosen = takes(&project, "hero").1;
    let other = 3 - chosen;
    project.run(&format!("pick hero {other}")).success();
    project.has(&format!("assets/hero-{other}.png")).lacks(&format!("assets/hero-{chosen}.png"));
    is_settled(&project);
    // All takes are published: a choice moves no file, and a reroll adds one.
    project.edit("n = 2\n", "n = 2\npublish = \"all\"\n");
    project.run("sync").success();
    project.run(&format!("pick hero {chosen}")).success().has("assets/hero-1.png");
    project.run("reroll hero").success().has("assets/hero-1.png").has("assets/hero-2.png").has("assets/hero-3.png");
    is_settled(&project);
    assert_eq!(vendor.billed(), 3);
}

#[test]
fn an_older_wording_can_still_choose_among_its_takes() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, &format!("{HERO}n = 2\n"));
    project.run("sync").success();
    let other = 3 - takes(&project, "hero").1;
    project.edit("a red panda", "a blue panda");
    project.run(&format!("pick hero {other}")).success();
    plan_is(&project, &[("hero", "generate", "prompt")]);
    assert_eq!(takes(&project, "hero").1, other);
    assert_eq!(vendor.billed(), 2);
}
