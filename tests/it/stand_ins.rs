//! `sync --placeholders`: stand-ins for what can't be made now, and nothing that counts as a picture.

use image::ImageFormat;

use crate::sandbox::Sandbox;
use crate::studio::studio;
use crate::vendor::{Fault, Vendor};

const ASSETS: &str = "\
[assets.hero]
prompt = \"a red panda\"
output = [{ path = \"hero.webp\", width = 48 }, { path = \"{{ cell }}.png\", grid = \"2x1\", trim = true }]
[assets.copy]
prompt = \"a copy\"
references = [\"asset:hero\"]
output = { path = \"copy.avif\", pad = 2 }
[assets.mirror]
source = \"asset:hero\"
output = { path = \"mirror.jpg\", flip = \"horizontal\" }
[assets.free]
model = \"placeholder\"
prompt = \"free\"
";

/// Everything that was filled, and nothing else, is a stand-in.
#[track_caller]
fn is_filled(project: &Sandbox) {
    assert_eq!(project.picture("assets/hero.webp"), (48, 48, ImageFormat::WebP));
    assert_eq!(project.picture("assets/2.png"), (32, 64, ImageFormat::Png));
    assert_eq!(project.picture("assets/mirror.jpg"), (64, 64, ImageFormat::Jpeg));
    assert_eq!(&project.read("assets/copy.avif")[4..12], b"ftypavif");
    for path in ["assets/hero.webp", "assets/1.png", "assets/copy.avif", "assets/mirror.jpg"] {
        assert!(project.read(path).ends_with(b"tintype: a stand-in, to be replaced"), "{path}");
    }
    assert!(!project.read("assets/free.png").ends_with(b"to be replaced"));
    let lock = project.lockfile();
    assert!(lock.contains("name = \"free\"") && !lock.contains("hero") && !lock.contains("copy"), "{lock}");
    project.run("plan --exit-code").code(4);
    project.run("verify").code(1);
    project.run("sync --frozen").code(4);
}

#[test]
fn without_a_key_work_goes_on_and_the_pictures_are_still_missing() {
    let vendor = Vendor::openai();
    let studio = studio(&vendor, "", ASSETS);
    // At a vendor that takes none without a key.
    let project = studio.edit(
        "provider = \"studio\", id = \"house-xl\"",
        "provider = \"aisa\", id = \"house-xl\", api = \"openai-images\"",
    );
    project.run("sync").code(2).stderr_has("AISA_API_KEY");
    project.run("sync --placeholders").success().stderr_has("filled").stderr_has("no key is set");
    is_filled(&project);
    // Once more draws the same.
    let before = project.read("assets/hero.webp");
    project.run("sync --placeholders").success();
    assert_eq!(before, project.read("assets/hero.webp"));
    // Whoever can make the pictures replaces them all.
    project.edit(
        "provider = \"aisa\", id = \"house-xl\", api = \"openai-images\"",
        "provider = \"studio\", id = \"house-xl\"",
    );
    project.run("sync --yes").success();
    for path in ["assets/hero.webp", "assets/1.png", "assets/copy.avif", "assets/mirror.jpg"] {
        assert!(!project.read(path).ends_with(b"to be replaced"), "{path}");
    }
    project.run("plan --exit-code").success();
    project.run("verify").success();
    project.check_invariants(&vendor);
}

#[test]
fn whatever_is_in_the_way_is_filled() {
    for (keys, arguments, fault) in [
        ("", "--offline", None),
        ("", "--max-images 0", None),
        ("", "", Some(Fault::status(500))),
        ("", "", Some(Fault::Refuse)),
    ] {
        let vendor = Vendor::openai();
        if let Some(fault) = fault {
            vendor.when("", fault);
        }
        let project = studio(&vendor, keys, ASSETS);
        project.run(&format!("sync --placeholders --yes {arguments}")).success();
        is_filled(&project);
    }
    // Nobody who could agree: nothing is spent.
    let vendor = Vendor::openai();
    let project = studio(&vendor, "", ASSETS).env("CI", "1");
    project.run("sync").code(3);
    project.run("sync --placeholders").success();
    is_filled(&project);
    assert!(vendor.requests().is_empty());
}

#[test]
fn a_stand_in_takes_no_pictures_place_and_goes_with_its_asset() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "", "[assets.hero]\nprompt = \"a\"\n[assets.other]\nprompt = \"b\"\n");
    project.write("assets/other.png", "mine").run("sync --yes").code(1);
    let picture = project.read("assets/hero.png");
    project.edit("prompt = \"a\"", "prompt = \"c\"");
    // The old picture is better than none, and what is somebody's stays.
    project.run("sync --placeholders --offline").code(1);
    assert_eq!((project.read("assets/hero.png"), project.read_text("assets/other.png")), (picture, "mine".to_string()));
    project.remove("assets/hero.png").run("sync --placeholders --offline").code(1);
    project.has("assets/hero.png").edit("[assets.hero]", "[assets.later]").run("sync --placeholders --offline").code(1);
    project.lacks("assets/hero.png").has("assets/later.png");
    // On another machine it is known by its mark.
    project.remove(".tintype").empty_cache().run("sync --yes").code(1);
    assert!(!project.read("assets/later.png").ends_with(b"to be replaced"));
}

#[test]
fn an_older_picture_serves_who_was_not_tried_and_not_what_failed() {
    let vendor = Vendor::openai();
    let assets = "[assets.hero]\nprompt = \"a\"\n[assets.copy]\nprompt = \"b\"\nreferences = [\"asset:hero\"]\n";
    let project = studio(&vendor, "", assets);
    project.run("sync --yes").success();
    let before = [project.read("assets/hero.png"), project.read("assets/copy.png")];
    // Nobody may pay for the one, and so the other waits: both keep what they have, and work goes on.
    project.edit("prompt = \"a\"", "prompt = \"c\"").run("sync --placeholders --max-images 0").success();
    assert_eq!([project.read("assets/hero.png"), project.read("assets/copy.png")], before);
    // What was tried and refused has failed, as its old picture isn't what was asked for.
    vendor.when("c", Fault::Refuse);
    let run = project.run("sync --placeholders --yes").code(1);
    assert!(!run.stderr().contains("filled"), "{}", run.stderr());
    assert_eq!(project.read("assets/hero.png"), before[0]);
}
