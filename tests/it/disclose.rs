//! Files that say that they were generated, in the fields that stores and readers of metadata look at.

use std::process::Command;

use serde_json::Value;

use crate::sandbox::{Sandbox, png};
use crate::studio::studio;
use crate::vendor::Vendor;

const MARK: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
const COMPOSITE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

const FOUR: &str = r#"
[output]
disclose = true

[assets.hero]
prompt = "a red panda & <friends>"
output = [
  { path = "hero.png" },
  { path = "hero.jpg", width = 32 },
  { path = "hero.webp", width = 32 },
  { path = "hero.avif", width = 32 },
]

[assets.mirrored]
source = "asset:hero"
output = { flip = "horizontal", width = 32 }

[assets.badge]
source = "art/badge.png"
output = { width = 8 }
"#;

fn four(vendor: &Vendor) -> Sandbox {
    studio(vendor, "", FOUR).file("art/badge.png", png(16, 16, [9, 9, 9, 255]))
}

/// What a file says of itself, as far as it is text.
fn said(project: &Sandbox, path: &str) -> String {
    let bytes = project.read(path);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let packet = text.split_once("<?xpacket begin").and_then(|(_, rest)| rest.split_once("<?xpacket end"));
    packet.map(|(packet, _)| packet.to_string()).unwrap_or_default()
}

#[test]
fn each_generated_file_is_marked_and_none_that_was_made_by_hand() {
    let vendor = Vendor::openai().answer_size(64, 64);
    let project = four(&vendor);
    project.run("sync").success();
    for path in ["hero.png", "hero.jpg", "hero.webp", "hero.avif", "mirrored.png"] {
        let said = said(&project, &format!("assets/{path}"));
        assert!(said.contains(MARK), "{path}: {said}");
        assert!(
            said.contains("<Iptc4xmpExt:AISystemUsed>house-1</Iptc4xmpExt:AISystemUsed>")
                || said.contains("AISystemUsed>"),
            "{path}: {said}"
        );
        assert!(said.contains("tintype") && !said.contains("panda"), "{path}: {said}");
    }
    assert_eq!(said(&project, "assets/badge.png"), "");
    let paid = vendor.billed();
    project.run("sync").success().stdout_has("nothing to do");
    project.run("verify").success();
    assert_eq!(vendor.billed(), paid);
}

#[test]
fn the_mark_comes_and_goes_for_nothing_and_pixels_stay_as_they_are() {
    let vendor = Vendor::openai().answer_size(64, 64);
    let project = four(&vendor).edit("disclose = true", "disclose = false");
    project.run("sync").success();
    let plain = project.read("assets/hero.png");
    assert_eq!(said(&project, "assets/hero.png"), "");
    project.edit("disclose = false", "disclose = true");
    project.run("plan").success().stdout_has("to transform");
    project.run("sync").success();
    let marked = project.read("assets/hero.png");
    assert_ne!(marked, plain);
    let pixels = |bytes: &[u8]| image::load_from_memory(bytes).expect("a picture").to_rgba8();
    assert_eq!(pixels(&marked), pixels(&plain));
    project.edit("disclose = true", "disclose = \"prompt\"");
    project.run("sync").success();
    assert!(said(&project, "assets/hero.jpg").contains("a red panda &amp; &lt;friends&gt;"));
    project.edit("disclose = \"prompt\"", "");
    project.run("sync").success();
    assert_eq!(project.read("assets/hero.png"), plain);
    assert_eq!(vendor.billed(), 1, "nothing was asked for twice");
    project.check_invariants(&vendor);
}

#[test]
fn a_sheet_says_what_is_in_it() {
    let vendor = Vendor::openai().answer_size(32, 32);
    let sheet = "\n[atlases.all]\nassets = \"*\"\n";
    let project = four(&vendor);
    project.write("images.toml", project.read_text("images.toml") + sheet);
    project.run("sync").success();
    assert!(said(&project, "assets/all.png").contains(COMPOSITE), "{}", said(&project, "assets/all.png"));
    project.edit("assets = \"*\"", "assets = [\"hero\", \"mirrored\"]");
    project.run("sync").success();
    assert!(said(&project, "assets/all.png").contains(MARK));
    project.edit("assets = [\"hero\", \"mirrored\"]", "assets = \"badge\"");
    project.run("sync").success();
    assert_eq!(said(&project, "assets/all.png"), "");
}

#[test]
fn a_value_that_makes_no_sense_is_refused() {
    let project = Sandbox::new().manifest("[output]\ndisclose = \"yes\"\n");
    project.run("check").code(2).stderr_has("`disclose` must be true, false or \"prompt\"");
}

#[test]
#[ignore = "needs exiftool"]
fn exiftool_reads_the_mark() {
    let vendor = Vendor::openai().answer_size(64, 64);
    let project = four(&vendor).edit("disclose = true", "disclose = \"prompt\"");
    project.run("sync").success();
    let read = |path: &str| -> Value {
        let output = Command::new("exiftool")
            .args(["-json", "-G1", "-a", "-warning", "-error"])
            .args(["-XMP:all", "-ImageWidth"])
            .arg(project.path(path))
            .output()
            .expect("exiftool runs");
        let rows: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        rows[0].clone()
    };
    for path in ["hero.png", "hero.jpg", "hero.webp", "hero.avif", "mirrored.png"] {
        let said = read(&format!("assets/{path}"));
        assert_eq!(said["XMP-iptcExt:DigitalSourceType"], MARK, "{path}: {said:#}");
        assert_eq!(said["XMP-xmp:CreatorTool"], "tintype", "{path}");
        assert!(said["XMP-iptcExt:AISystemUsed"].is_string(), "{path}: {said:#}");
        assert!(said.get("ExifTool:Warning").is_none() && said.get("ExifTool:Error").is_none(), "{path}: {said:#}");
        let prompt = (path != "mirrored.png").then_some("a red panda & <friends>");
        assert_eq!(said["XMP-iptcExt:AIPromptInformation"].as_str(), prompt, "{path}: {said:#}");
    }
    assert!(read("assets/badge.png")["XMP-iptcExt:DigitalSourceType"].is_null());
}
