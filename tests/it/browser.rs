//! A designer's session in a real browser: the clicks are in `tests/browser/session.mjs`, the bills are counted here.

use std::path::Path;
use std::process::Command;

use crate::projects::{entry, studio_manifest};
use crate::sandbox::Sandbox;
use crate::vendor::{Fault, Vendor};

/// 196 icons that cost nothing; a hero of four takes, a poster that shows it, a villain whose wording is refused, a badge.
const ASSETS: &str = r#"
[budget]
max_cost_usd = 0.07

[assets."icons/{{ metal }}/{{ item }}"]
model = "placeholder"
prompt = "a {{ item }} made of {{ metal }}, game icon"
matrix = { metal = ["iron", "gold", "jade", "bone", "glass", "amber", "onyx"], item = [
  "sword", "shield", "helm", "ring", "bow", "axe", "staff", "boots", "cloak", "potion", "scroll", "key", "gem", "lamp",
  "drum", "flute", "coin", "cup", "dagger", "spear", "belt", "gloves", "mask", "crown", "anvil", "bell", "book", "map" ] }
tags = ["icon"]

[styles.gouache]
prompt = "{{ prompt }}, flat gouache illustration"

[assets."people/hero"]
prompt = "a red panda astronaut"
style = "gouache"
n = 4
tags = ["landing"]
alt = "A red panda in a space suit"

[assets."people/villain"]
prompt = "a forbidden villain"
tags = ["landing"]

[assets.poster]
prompt = "a poster of the hero"
references = ["asset:people/hero"]

[assets.badge]
source = "art/badge.png"
"#;

fn browser() -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let mut command = Command::new("node");
    command.arg(folder.join("session.mjs")).current_dir(&folder);
    command
}

#[test]
#[ignore = "needs Node, playwright-core and a browser: `.ci/run` brings them and runs it"]
fn a_designer_looks_compares_picks_rolls_and_mends() {
    let vendor = Vendor::openai();
    vendor.when("forbidden", Fault::moderation(&["violence"]));
    let project = Sandbox::new().manifest(&studio_manifest(&vendor, ASSETS));
    project.file("art/badge.png", crate::sandbox::png(96, 96, [40, 90, 160, 255]));
    // Four takes of the hero and a poster were bought before; the villain was refused.
    project.run("sync --max-cost 1 --yes").code(1).stderr_has("refused");
    assert_eq!(vendor.billed(), 5);
    let session = project.spawn("watch --gallery --no-open").wait_for("Ctrl-C ends it");
    let address = session.said().lines().find(|line| line.starts_with("http://")).expect("an address").to_string();
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
    let ended = browser()
        .env("GALLERY", &address)
        .env("MANIFEST", project.path("images.toml"))
        .env("SHOTS", &shots)
        .output()
        .expect("node starts");
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}\n--- tintype\n{}", session.said());
    session.interrupt().wait().code(130);
    // One take was rolled; the villain was mended, and the poster followed the hero: three images, six cents. What would have
    // passed the budget was never sent.
    assert_eq!(vendor.billed(), 5 + 3, "{said}");
    assert_eq!(vendor.billed_for("a red panda astronaut"), 4 + 1);
    assert_eq!(entry(&project, "people/hero").matches("[[asset.takes]]").count(), 5);
    project.check_invariants(&vendor);
    // The same as files, without a server.
    let export = project.path("export");
    project.run(&format!("gallery --export {}", export.display())).success().stdout_has("index.html");
    let ended = browser().env("EXPORT", &export).env("SHOTS", &shots).output().expect("node starts");
    assert!(
        ended.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
#[ignore = "needs Node, playwright-core, pixi.js and a browser: `.ci/run` brings them and runs it"]
fn the_games_atlas_is_drawn_by_pixi() {
    let project = Sandbox::new();
    crate::examples::copy(&project, &Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/game"), "");
    project.run("sync units/*-s icons/* ferryman").success();
    project.run("sync").success();
    let shots = project.home_path().join("shots");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let drawn = Command::new("node")
        .arg(folder.join("atlas.mjs"))
        .current_dir(&folder)
        .env("SHEETS", project.path("assets"))
        .env("DATA", "sprites.json")
        .env("SHOTS", &shots)
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&drawn.stdout);
    assert!(drawn.status.success(), "{said}{}", String::from_utf8_lossy(&drawn.stderr));
    assert!(said.contains("62 frames, 2 animations"), "{said}");
    assert!(shots.join("atlas.png").is_file());
}
