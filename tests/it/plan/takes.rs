//! References to one take of another asset: by number, or by hash.

use crate::projects::{entry, is_settled, plan_is, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::Vendor;

fn project(vendor: &Vendor, take: &str) -> Sandbox {
    let assets = format!(
        "[assets.hero]\nprompt = \"a panda\"\nreferences = [{{ asset = \"logo\", take = {take} }}]\n\n\
         [assets.logo]\nprompt = \"a round logo\"\nn = 2\n"
    );
    studio(vendor, &assets)
}

/// The hashes of the logo's takes, in their order.
fn takes(project: &Sandbox) -> Vec<String> {
    let shown = project.run("show logo --format json").success().value();
    let takes = shown["takes"].as_array().expect("takes").iter();
    takes.map(|take| take["hash"].as_str().expect("a hash").to_string()).collect()
}

#[test]
fn a_reference_names_a_take_by_its_number() {
    let vendor = Vendor::openai();
    let project = project(&vendor, "2");
    plan_is(&project, &[("hero", "generate", "new reference"), ("logo", "generate", "new")]);
    project.run("sync").success();
    let takes = takes(&project);
    assert!(entry(&project, "hero").contains(&format!("asset = \"logo\"\nhash = \"{}\"", takes[1])));
    is_settled(&project);
    project.edit("take = 2", "take = 1");
    plan_is(&project, &[("hero", "generate", "reference"), ("logo", "keep", "")]);
    project.run("sync").success();
    assert!(entry(&project, "hero").contains(&format!("asset = \"logo\"\nhash = \"{}\"", takes[0])));
    is_settled(&project);
    // The same take by another name is the same recipe.
    project.edit("take = 1", &format!("take = \"{}\"", &takes[0][..12]));
    is_settled(&project);
    project.check_invariants(&vendor);
}

#[test]
fn a_take_that_is_not_there_fails_without_a_request_and_says_how_many_there_are() {
    let vendor = Vendor::openai();
    let project = project(&vendor, "3");
    let run = project.run("sync --format json").code(1);
    assert_eq!(run.asset("hero")["error"]["code"], "no-take", "{}", run.stdout());
    assert_eq!((run.results()["logo"].as_str(), vendor.billed()), ("done", 2));
    project.run("plan").success().stdout_has("none of its 2 is it");
    project.edit("take = 3", "take = 2").run("sync").success();
    is_settled(&project);
}

#[test]
fn what_is_no_take_is_refused_at_its_place() {
    let vendor = Vendor::openai();
    for (take, words) in [
        ("0", "`0` is no take"),
        ("\"first\"", "`first` is no take"),
        ("1.5", "`take` must be a take's number or hash, not a fraction"),
        ("true", "`take` must be a take's number or hash"),
    ] {
        project(&vendor, take).run("check").code(2).stderr_has(words).stderr_has("images.toml:7:");
    }
    let path = "[assets.hero]\nprompt = \"a panda\"\nreferences = [{ path = \"art/a.png\", take = 1 }]\n";
    let path = studio(&vendor, path).file("art/a.png", png(4, 4, [1, 2, 3, 255]));
    path.run("check").code(2).stderr_has("a `take` is of an asset, not of a path");
    let by_hand = "[assets.hero]\nprompt = \"a panda\"\nreferences = [{ asset = \"logo\", take = 1 }]\n\n\
                   [assets.logo]\nsource = \"art/a.png\"\n";
    let by_hand = studio(&vendor, by_hand).file("art/a.png", png(4, 4, [1, 2, 3, 255]));
    by_hand.run("check").code(2).stderr_has("`logo` has a `source`, and so no takes");
}
