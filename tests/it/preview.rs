//! What stands in a picture's place until it is there: locked with it, and in the generated code.

use serde_json::Value;

use crate::sandbox::{Sandbox, png};
use crate::studio::studio;
use crate::vendor::Vendor;

const BADGE: &str = r#"
[codegen]
rust = "src/images.rs"
typescript = "src/images.ts"
json = "public/images.json"

[assets.badge]
source = "art/badge.png"
output = [
  { path = "badge.png", width = 16, widths = [8] },
  { path = "badge.avif", width = 16 },
  { path = "copy.png" },
]
"#;

fn badge() -> Sandbox {
    let project = Sandbox::new().file("Cargo.toml", "[package]\nname = \"site\"\n").manifest(BADGE);
    project.file("art/badge.png", png(32, 32, [200, 30, 40, 255]))
}

#[test]
fn each_picture_is_locked_with_its_colour_and_a_hash_and_its_further_widths_are_not() {
    let project = badge();
    project.run("sync").success();
    let lockfile = project.lockfile();
    let of = |path: &str| {
        let entry = lockfile.split("[[asset.outputs]]").find(|entry| entry.contains(&format!("assets/{path}\"")));
        entry.expect("it is locked").to_string()
    };
    for path in ["badge.png", "copy.png"] {
        assert!(of(path).contains("color = \"#c81e28\""), "{}", of(path));
        assert!(of(path).contains("thumbhash = \""), "{}", of(path));
    }
    assert!(of("badge.avif").contains("color = \"#c81e28\""), "of the pixels that are encoded: {}", of("badge.avif"));
    assert!(!of("badge-8w.png").contains("color"), "{}", of("badge-8w.png"));
    let again = badge();
    again.run("sync").success();
    assert_eq!(again.lockfile(), lockfile);
    project.run("sync --frozen").success().stdout_has("nothing to do");
}

#[test]
fn code_and_programs_get_them() {
    let project = badge();
    project.run("sync").success();
    let data: Value = serde_json::from_str(&project.read_text("public/images.json")).expect("JSON");
    assert_eq!(data["images"]["badge"]["color"], "#c81e28");
    assert!(data["images"]["badge"]["thumbhash"].as_str().is_some_and(|hash| hash.len() > 10));
    assert!(project.read_text("src/images.ts").contains("color: \"#c81e28\","));
    assert!(project.read_text("src/images.rs").contains("Some([200, 30, 40]), Some(\""));
    let shown = project.run("show badge --format json").success().value();
    let output = &shown["outputs"][0];
    assert_eq!(output["color"], "#c81e28", "{shown:#}");
}

#[test]
fn a_lockfile_from_before_stands_and_gets_them_with_the_next_change() {
    let vendor = Vendor::openai().answer_size(64, 64);
    let project = studio(&vendor, "", "[assets.hero]\nprompt = \"a panda\"\noutput = { width = 16 }\n");
    project.run("sync").success();
    let keeps = |line: &&str| !line.starts_with("color = ") && !line.starts_with("thumbhash = ");
    let before: String = project.lockfile().lines().filter(keeps).map(|line| format!("{line}\n")).collect();
    assert_ne!(before, project.lockfile());
    project.write("images.lock", &before);
    project.run("sync").success().stdout_has("nothing to do");
    project.remove("assets/hero.png");
    project.run("sync --locked").success();
    assert_eq!(project.lockfile(), before, "a file that is restored changes nothing");
    project.edit("width = 16", "width = 24");
    project.run("sync").success();
    assert!(project.lockfile().contains("thumbhash = "));
    assert_eq!(vendor.billed(), 1);
}
