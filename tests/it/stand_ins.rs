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

/// An atlas of two pictures that are paid for.
const ATLAS: &str = "\
[assets.\"icons/{{ item }}\"]
prompt = \"a {{ item }}\"
matrix.item = [\"axe\", \"bow\"]
[atlases.icons]
assets = \"icons/*\"
";

/// A sheet that stands in is there for a game that loads it, and nothing is said to be packed.
#[track_caller]
fn is_stood_in(project: &Sandbox, size: (u32, u32)) {
    assert!(project.read("assets/icons.png").ends_with(b"tintype: a stand-in, to be replaced"));
    assert_eq!(project.picture("assets/icons.png"), (size.0, size.1, ImageFormat::Png));
    let sheet = image::load_from_memory(&project.read("assets/icons.png")).expect("a picture").to_rgba8();
    let data: serde_json::Value = serde_json::from_str(&project.read_text("assets/icons.json")).expect("JSON");
    for name in ["icons/axe", "icons/bow"] {
        let frame = &data["frames"][name]["frame"];
        let at = |key: &str| u32::try_from(frame[key].as_u64().expect("a number")).expect("small");
        assert_eq!(sheet.get_pixel(at("x") + at("w") - 1, at("y") + at("h") - 1).0[3], 255, "{name} is drawn");
    }
    project.run("plan --exit-code").code(4);
    project.run("verify").code(1);
}

#[test]
fn a_sheet_of_pictures_that_were_never_made_is_filled_until_they_are() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "", ATLAS);
    let run = project.run("sync --placeholders --offline").success();
    run.stdout_has("filled icons into assets/icons.png");
    is_stood_in(&project, (64, 130));
    assert!(!project.lockfile().contains("[[atlas]]"));
    let before = project.read("assets/icons.png");
    project.run("sync --placeholders --offline").success();
    assert_eq!(before, project.read("assets/icons.png"));

    project.run("sync --yes").success().stdout_has("packed icons into assets/icons.png");
    assert!(!project.read("assets/icons.png").ends_with(b"to be replaced"));
    project.run("plan --exit-code").success();
    project.run("verify").success();

    // One that nobody declares any longer goes with the others.
    let other = project.sibling("other");
    other.write("images.toml", project.read_text("images.toml"));
    other.run("sync --placeholders --offline").success();
    other.edit("[atlases.icons]", "[atlases.marks]");
    other.run("sync --placeholders --offline").success();
    other.lacks("assets/icons.png").has("assets/marks.png");
}

#[test]
fn a_locked_sheet_whose_pictures_are_lost_is_filled_in_its_places() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "", ATLAS);
    project.run("sync --yes").success();
    let (lock, data, sheet) =
        (project.lockfile(), project.read("assets/icons.json"), project.picture("assets/icons.png"));
    project.empty_cache();
    std::fs::remove_dir_all(project.path("assets")).expect("removed");
    project
        .run("sync --offline")
        .code(1)
        .stdout_has("the atlas `icons` can't be packed: `assets/icons/axe.png`: there is no such file");
    let filled = project.run("sync --placeholders --offline").success();
    filled.stdout_has("filled icons into assets/icons.png");
    is_stood_in(&project, (sheet.0, sheet.1));
    assert_eq!((project.lockfile(), project.read("assets/icons.json")), (lock, data));
    // An older sheet, or one made by hand, is better.
    project.write("assets/icons.png", "mine");
    project.run("sync --placeholders --offline").code(1);
    assert_eq!(project.read_text("assets/icons.png"), "mine");
}

#[test]
fn a_sheet_that_is_there_stays_beside_one_that_is_filled() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "", &ATLAS.replace("[atlases.icons]", "[atlases.icons]\nmax_size = 64"));
    project.run("sync --yes").success().stdout_has("packed icons into assets/icons.png, assets/icons-1.png");
    let first = project.read("assets/icons.png");
    project.empty_cache();
    std::fs::remove_dir_all(project.path("assets/icons")).expect("removed");
    project.remove("assets/icons-1.png");
    project.run("sync --placeholders --offline").success().stdout_has("filled icons into assets/icons-1.png\n");
    assert_eq!(project.read("assets/icons.png"), first);
    assert!(project.read("assets/icons-1.png").ends_with(b"to be replaced"));
}
