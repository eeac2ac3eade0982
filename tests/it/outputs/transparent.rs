//! Transparency that is real: drawn by the model, or made of a ground that is asked for and taken away.

use image::Rgba;

use crate::sandbox::Sandbox;
use crate::studio::{studio, warning_texts};
use crate::vendor::{Fault, Vendor};

/// A transparent picture of a model that draws none.
fn project(vendor: &Vendor, more: &str) -> Sandbox {
    let hero = format!("[assets.hero]\nprompt = \"a red panda\"\nbackground = \"transparent\"\n{more}\n");
    studio(vendor, "", &hero).edit("cost_usd = 0.02", "cost_usd = 0.02, fields = [\"n\", \"size\"]")
}

fn shown(project: &Sandbox, path: &str) -> image::RgbaImage {
    image::load_from_memory(&project.read(path)).expect("a picture").into_rgba8()
}

#[test]
fn a_model_without_alpha_is_asked_for_a_ground_that_is_taken_away() {
    let vendor = Vendor::openai();
    let project = project(&vendor, "output = [{ path = \"hero.png\", width = 48 }, { path = \"raw.png\" }]");
    project.run("sync --yes").success();
    let prompts = vendor.prompts();
    assert!(prompts[0].starts_with("a red panda The background is one flat, even green (#00ff00)"), "{prompts:?}");
    for path in ["assets/hero.png", "assets/raw.png"] {
        let picture = shown(&project, path);
        let (width, height) = picture.dimensions();
        assert_eq!(*picture.get_pixel(width - 1, height - 1), Rgba([0; 4]), "{path}");
        let Rgba([red, _, _, alpha]) = *picture.get_pixel(width / 4, height / 4);
        assert!(red > 150 && alpha == 255, "{path}: {:?}", picture.get_pixel(width / 4, height / 4));
    }
    // The recipe says what is wanted; how it was asked for is said of the take.
    let lock = project.lockfile();
    assert!(lock.contains("prompt = \"a red panda\"\n") && lock.contains("background = \"transparent\"\n"), "{lock}");
    assert!(lock.contains("key = \"#00ff00\"\n") && lock.contains("wording = \"The background is one flat"), "{lock}");
    project.run("plan --exit-code").success();
    project.run("verify").success();
    // The original stays as it came, so that another output can be made of it for nothing.
    project.edit("width = 48", "width = 32").run("sync").success();
    assert_eq!(shown(&project, "assets/hero.png").get_pixel(31, 31)[3], 0);
    project.remove("assets").remove(".tintype").run("sync --frozen").success();
    assert_eq!((vendor.billed(), shown(&project, "assets/raw.png").get_pixel(63, 63)[3]), (1, 0));
    project.check_invariants(&vendor);
}

#[test]
fn a_green_picture_stands_on_another_ground_and_who_shares_it_has_it_taken_away_too() {
    let vendor = Vendor::openai();
    let mirrored = "\n[assets.mirrored]\nsource = \"asset:hero\"\noutput = { flip = \"horizontal\", width = 64 }\n";
    let project = project(&vendor, &format!("output = {{ width = 64 }}\n{mirrored}"));
    project.edit("a red panda", "a frog").run("sync --yes").success();
    assert!(vendor.prompts()[0].contains("magenta (#ff00ff)"), "{:?}", vendor.prompts());
    assert_eq!(shown(&project, "assets/hero.png").get_pixel(63, 0)[3], 0);
    assert_eq!(shown(&project, "assets/mirrored.png").get_pixel(0, 0)[3], 0);
    assert_eq!(shown(&project, "assets/mirrored.png").get_pixel(63, 0)[3], 255);
    project.remove("assets").remove(".tintype").run("sync").success();
    assert_eq!(shown(&project, "assets/mirrored.png").get_pixel(0, 0)[3], 0);
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn a_ground_that_did_not_come_is_a_warning() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Opaque);
    let project = project(&vendor, "output = { width = 64 }");
    let run = project.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), ["nothing-keyed"]);
    assert!(warning_texts(&run, "hero").contains("its ground is still there"));
}

#[test]
fn a_model_that_draws_alpha_is_asked_for_just_that() {
    let vendor = Vendor::openai();
    let hero = "[assets.hero]\nprompt = \"a frog\"\nbackground = \"transparent\"\n";
    let project = studio(&vendor, "", hero);
    project.run("sync --yes").success();
    assert_eq!(vendor.prompts(), ["a frog"]);
    assert_eq!(vendor.requests()[0].body["background"], "transparent");
    assert!(!project.lockfile().contains("key ="));
}

#[test]
fn a_painted_checkerboard_is_called_one() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Checkers);
    let project = studio(&vendor, "", "[assets.hero]\nprompt = \"a frog\"\nbackground = \"transparent\"\n");
    let run = project.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), ["no-alpha"]);
    assert!(warning_texts(&run, "hero").contains("an opaque png with a painted checkerboard came"));
    assert_eq!(project.picture("assets/hero.png").0, 64, "it is kept as it came");
}
