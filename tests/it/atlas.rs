//! Sheets: packed from the files of other assets, locked like any output, packed anew when one of them changes.

use std::fs;
use std::process::Command;

use image::{GenericImageView, RgbaImage};
use serde_json::Value;

use crate::sandbox::{Sandbox, png};

const GAME: &str = r#"
[defaults]
model = "placeholder"
size = "64x64"

[assets."hero/walk_{{ step }}"]
prompt = "a hero, step {{ step }}"
matrix.step = [0, 1, 2]
output = { width = 24, height = 32 }

[assets."items/{{ item }}"]
prompt = "a {{ item }}"
matrix.item = ["sword", "shield"]
output = { width = 16, height = 16 }

[atlases.units]
assets = ["hero/*", "items/*"]
"#;

fn game() -> Sandbox {
    Sandbox::new().manifest(GAME)
}

fn data(project: &Sandbox, path: &str) -> Value {
    serde_json::from_str(&project.read_text(path)).expect("JSON")
}

fn picture(project: &Sandbox, path: &str) -> RgbaImage {
    image::load_from_memory(&project.read(path)).expect("a picture").to_rgba8()
}

/// What a loader makes of a sheet: each frame's picture, put back together.
#[track_caller]
fn unpacked(project: &Sandbox, sheet: &str) -> Vec<(String, RgbaImage)> {
    let data = data(project, sheet);
    let folder = sheet.rsplit_once('/').map_or("", |(folder, _)| folder);
    let image = picture(project, &format!("{folder}/{}", data["meta"]["image"].as_str().expect("a name")));
    let size = &data["meta"]["size"];
    assert_eq!((size["w"].as_u64(), size["h"].as_u64()), (Some(image.width().into()), Some(image.height().into())));
    let number = |value: &Value, key: &str| u32::try_from(value[key].as_u64().expect("a number")).expect("small");
    let frames = data["frames"].as_object().expect("the hash form");
    let unpack = |(name, frame): (&String, &Value)| {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| number(&frame["frame"], key));
        let source = &frame["spriteSourceSize"];
        let mut whole = RgbaImage::new(number(&frame["sourceSize"], "w"), number(&frame["sourceSize"], "h"));
        let part = image.view(x, y, w, h).to_image();
        image::imageops::replace(&mut whole, &part, number(source, "x").into(), number(source, "y").into());
        assert_eq!((number(source, "w"), number(source, "h"), frame["rotated"].as_bool()), (w, h, Some(false)));
        (name.clone(), whole)
    };
    frames.iter().map(unpack).collect()
}

#[test]
fn a_sheet_holds_each_picture_and_says_where() {
    let project = game();
    project.run("plan").success().stdout_has("[atlases.units]  pack").stdout_has("1 atlas to pack");
    project
        .run("sync")
        .success()
        .stdout_has("packed units into assets/units.png")
        .stdout_has("wrote assets/units.json");
    let frames = unpacked(&project, "assets/units.json");
    let names: Vec<&str> = frames.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["hero/walk_0", "hero/walk_1", "hero/walk_2", "items/shield", "items/sword"]);
    for (name, pixels) in &frames {
        assert_eq!(*pixels, picture(&project, &format!("assets/{name}.png")), "{name}");
    }
    let data = data(&project, "assets/units.json");
    assert_eq!(data["animations"]["hero/walk"], serde_json::json!(["hero/walk_0", "hero/walk_1", "hero/walk_2"]));
    assert_eq!(data["meta"]["scale"], "1");
}

#[test]
fn the_second_sync_does_nothing_and_no_other_checkout_packs_otherwise() {
    let project = game();
    project.run("sync").success();
    let before = (project.lockfile(), project.read("assets/units.png"));
    project.run("sync").success().stdout_has("nothing to do");
    project.run("plan --exit-code").success();
    project.run("sync --frozen").success();
    project.run("verify").success();
    assert_eq!((project.lockfile(), project.read("assets/units.png")), before);
    let other = game();
    other.run("sync").success();
    assert_eq!((other.lockfile(), other.read("assets/units.png")), before);
}

#[test]
fn a_sheet_follows_its_pictures_and_no_others() {
    let project = Sandbox::new().manifest(&format!("{GAME}\n[assets.banner]\nprompt = \"a banner\"\n"));
    project.run("sync").success();
    let before = project.read("assets/units.png");
    project.edit("a banner", "a flag");
    project.run("sync").success().stdout_lacks("packed");
    project.edit("a hero,", "a heroine,");
    project.run("plan").success().stdout_has("[atlases.units]  pack  pictures in it change");
    project.run("sync --locked").code(4);
    project.run("sync").success().stdout_has("packed units");
    assert_ne!(project.read("assets/units.png"), before);
    project.edit("[atlases.units]", "[atlases.units]\npadding = 8");
    project.run("plan --exit-code").code(4).stdout_has("how it is packed, has changed");
    project.run("sync --locked").code(4).stderr_has("the atlas `units` changed");
    project.run("verify").code(1).stdout_has("unpacked");
    project.run("sync").success().stdout_has("packed units");
    project.run("sync --locked").success().stdout_has("nothing to do");
}

#[test]
fn borders_are_cut_off_edges_drawn_out_and_sides_are_powers_of_two() {
    let options = "trim = true\nextrude = 2\npadding = 1\npower_of_two = true\nmax_size = 128";
    let project = Sandbox::new().file("art/dot.png", dot()).manifest(&format!(
        "{GAME}{options}\n\n[assets.\"items/dot\"]\nsource = \"art/dot.png\"\n\n[assets.\"items/dot-again\"]\nsource = \"art/dot.png\"\n"
    ));
    project.run("sync").success();
    let frames = unpacked(&project, "assets/units.json");
    for (name, pixels) in &frames {
        assert_eq!(*pixels, picture(&project, &format!("assets/{name}.png")), "{name}");
    }
    let data = data(&project, "assets/units.json");
    let dot = &data["frames"]["items/dot"];
    assert_eq!(dot["trimmed"], true);
    assert_eq!(dot["spriteSourceSize"], serde_json::json!({ "x": 5, "y": 7, "w": 3, "h": 2 }));
    assert_eq!(dot["frame"], data["frames"]["items/dot-again"]["frame"], "the same pixels are drawn once");
    let sheet = picture(&project, "assets/units.png");
    assert!(sheet.width().is_power_of_two() && sheet.height().is_power_of_two());
    let at = |key: &str| u32::try_from(dot["frame"][key].as_u64().expect("a number")).expect("small");
    let (x, y) = (at("x"), at("y"));
    for around in [(x - 2, y - 2), (x - 1, y), (x + 4, y + 3), (x, y + 2)] {
        assert_eq!(sheet.get_pixel(around.0, around.1).0, [200, 30, 40, 255], "{around:?}");
    }
}

/// Three by two red pixels in a transparent square.
fn dot() -> Vec<u8> {
    let mut dot = RgbaImage::new(16, 16);
    for (x, y) in (5..8).flat_map(|x| (7..9).map(move |y| (x, y))) {
        dot.put_pixel(x, y, image::Rgba([200, 30, 40, 255]));
    }
    let mut file = std::io::Cursor::new(Vec::new());
    dot.write_to(&mut file, image::ImageFormat::Png).expect("encoded");
    file.into_inner()
}

#[test]
fn what_does_not_fit_goes_into_further_sheets_that_go_when_it_fits() {
    let project = Sandbox::new().manifest(&format!("{GAME}max_size = 40\n"));
    project.run("sync").success().stdout_has("assets/units-1.png");
    let first = data(&project, "assets/units.json");
    let others = first["meta"]["related_multi_packs"].as_array().expect("a list").len();
    assert!(others > 0 && project.exists(&format!("assets/units-{others}.json")));
    let mut all = Vec::new();
    for number in 0..=others {
        let sheet = if number == 0 { "assets/units.json".to_string() } else { format!("assets/units-{number}.json") };
        all.extend(unpacked(&project, &sheet).into_iter().map(|(name, _)| name));
    }
    all.sort();
    assert_eq!(all, ["hero/walk_0", "hero/walk_1", "hero/walk_2", "items/shield", "items/sword"]);
    project.edit("max_size = 40", "");
    project.run("sync").success();
    project.lacks("assets/units-1.png").lacks("assets/units-1.json").has("assets/units.png");
    project.run("verify").success();
}

#[test]
fn a_sheet_that_is_lost_or_edited_or_no_longer_wanted() {
    let project = game();
    project.run("sync").success();
    let sheet = project.read("assets/units.png");
    project.remove("assets/units.png").remove("assets/units.json");
    project.run("plan").success().stdout_has("[atlases.units]  restore").stdout_has("assets/units.json");
    project.run("sync --frozen").success();
    assert_eq!(project.read("assets/units.png"), sheet);
    project.has("assets/units.json");
    let mut edited = sheet.clone();
    edited.extend(b"edited");
    project.write("assets/units.png", &edited);
    project.run("plan").success().stdout_has("blocked").stdout_has("edited since tintype packed it");
    project.run("verify").code(1).stdout_has("changed").stdout_has("assets/units.png");
    project.run("sync").code(1).stdout_has("can't be packed");
    assert_eq!(project.read("assets/units.png"), edited, "what somebody painted stays");
    project.run("sync --overwrite").success();
    assert_eq!(project.read("assets/units.png"), sheet);
    project.edit("[atlases.units]\nassets = [\"hero/*\", \"items/*\"]\n", "");
    project.run("plan").success().stdout_has("[atlases.units]  prune");
    project.run("sync --no-prune").success().has("assets/units.png");
    project.run("sync").success().stdout_has("pruned the atlas units");
    project.lacks("assets/units.png").lacks("assets/units.json");
    assert!(!project.lockfile().contains("atlas"));
}

#[test]
fn somebody_elses_file_is_not_packed_over() {
    let project = game().file("assets/units.png", b"mine");
    project.run("sync").code(1).stdout_has("assets/units.png isn't tintype's").has("assets/items/sword.png");
    assert_eq!(project.read("assets/units.png"), b"mine");
    let document = project.run("plan --format json").success().value();
    assert_eq!(document["atlases"][0]["action"], "blocked");
    project.run("sync --overwrite").success();
    assert_ne!(project.read("assets/units.png"), b"mine");
}

#[test]
fn programs_are_told_of_atlases() {
    let project = game();
    let planned = project.run("plan --format json").success().value();
    assert_eq!(planned["atlases"][0]["name"], "units");
    assert_eq!(planned["atlases"][0]["action"], "pack");
    let synced = project.run("sync --format json").success().value();
    assert_eq!(synced["atlases"][0]["result"], "done");
    assert_eq!(synced["atlases"][0]["outputs"][0], "assets/units.png");
    let settled = project.run("sync --format json").success().value();
    assert!(settled.get("atlases").is_none());
    project.edit("a hero,", "a heroine,");
    project.run("plan --format markdown").success().stdout_has("Atlas `units`: pictures in it change");
}

#[test]
fn frames_are_in_the_code() {
    let project = Sandbox::new()
        .file("Cargo.toml", "[package]\nname = \"game\"\n")
        .file(
            "src/main.rs",
            r#"
            #![deny(warnings)]
            mod images;
            use images::atlases::units;
            const WIDTH: u32 = units::items::SWORD.width;
            fn main() {
                assert_eq!((WIDTH, units::ATLAS.frames.len(), units::ATLAS.pages.len()), (16, 5, 1));
                assert_eq!(units::ATLAS.frame("hero/walk_1"), Some(&units::hero::WALK_1));
                let walk = units::ATLAS.animation("hero/walk").expect("three steps");
                assert_eq!(walk.iter().map(|frame| frame.height).sum::<u32>(), 96);
                assert!(units::ATLAS.frame("nobody").is_none() && units::ATLAS.animation("hero").is_none());
                assert!(units::ATLAS.pages[units::hero::WALK_1.page].bytes().starts_with(b"\x89PNG"));
            }
            "#,
        )
        .manifest(&format!(
            "[codegen]\nrust = \"src/images.rs\"\ntypescript = \"src/images.ts\"\njson = \"public/images.json\"\n{GAME}"
        ));
    project.run("sync").success().stdout_has("wrote src/images.rs");
    project.run("verify").success();
    for flag in ["on", "off"] {
        let program = project.path("program");
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "-C", &format!("debug-assertions={flag}"), "-o"])
            .args([&program, &project.path("src/main.rs")])
            .env("CARGO_MANIFEST_DIR", project.path(""))
            .output()
            .expect("rustc runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        assert!(Command::new(&program).status().expect("it runs").success());
        fs::remove_file(&program).expect("removed");
    }
    let code = data(&project, "public/images.json");
    let atlas = &code["atlases"]["units"];
    assert_eq!(atlas["pages"][0]["data"], "/assets/units.json");
    assert_eq!(atlas["frames"]["items/sword"]["fullWidth"], 16);
    assert_eq!(atlas["animations"]["hero/walk"][2], "hero/walk_2");
    assert!(project.read_text("src/images.ts").contains("as const satisfies Record<string, Atlas>;"));
}

#[test]
fn mistakes_of_an_atlas_are_said_at_their_places() {
    for (from, to, code, words) in [
        ("\"items/*\"", "\"itms/*\"", "no-such-asset", "`itms/*`"),
        ("[\"hero/*\", \"items/*\"]", "[]", "bad-value", "is empty"),
        ("assets = [\"hero/*\", \"items/*\"]", "", "missing-key", "has no `assets`"),
        ("[atlases.units]", "[atlases.units]\npath = \"units.jpg\"", "bad-path", "must end in .png or .webp"),
        ("[atlases.units]", "[atlases.units]\npath = \"../units.png\"", "bad-path", "sheet can't be written"),
        ("[atlases.units]", "[atlases.units]\npath = \"items/sword.png\"", "same-output", "an output of `items/sword`"),
        (
            "[atlases.units]",
            "[atlases.more]\nassets = \"items/*\"\npath = \"units.png\"\n[atlases.units]",
            "same-output",
            "has it",
        ),
        ("[atlases.units]", "[atlases.units]\nmax_size = 20", "too-large", "32 pixels long, and a sheet at most 20"),
        ("output = { width = 16, height = 16 }", "size = \"2304x64\"", "too-large", "2304 pixels long"),
        ("[atlases.units]", "[atlases.units]\nmaxsize = 20", "unknown-key", "maxsize"),
        ("width = 16, height = 16 }", "width = 16, height = 16, path = \"{{ name }}@2x.png\" }", "other-scale", "1x"),
        ("width = 16, height = 16 }", "width = 16, height = 16, format = \"avif\" }", "bad-format", "avif"),
    ] {
        let project = Sandbox::new().manifest(&GAME.replace(from, to));
        let diagnostics = project.run("check --format json").code(2).diagnostics();
        let found = diagnostics.iter().find(|one| one["code"] == code);
        let found = found.unwrap_or_else(|| panic!("{to}: {diagnostics:#?}"));
        assert!(found["message"].as_str().is_some_and(|message| message.contains(words)), "{to}: {found:#}");
        assert!(found["labels"][0]["line"].as_u64().is_some(), "{to}: {found:#}");
        assert!(found["help"].as_str().is_some(), "{to}: {found:#}");
    }
}

#[test]
fn a_picture_that_turns_out_too_large_leaves_the_others_made_and_says_how_to_go_on() {
    let manifest = GAME.replace(
        "[atlases.units]",
        "[assets.\"items/old\"]\nsource = \"art/old.png\"\n\n[atlases.units]\nmax_size = 40",
    );
    let project = Sandbox::new().manifest(&manifest).file("art/old.png", png(64, 64, [9, 9, 9, 255]));
    let run = project.run("sync").code(1);
    run.stdout_has("`items/old` is 64x64 pixels")
        .stdout_has("max_size = 4096 (images.toml:")
        .has("assets/items/sword.png");
    project.edit("max_size = 40", "max_size = 64");
    project.run("sync").success().stdout_has("packed units");
}

#[test]
fn sheets_of_branches_merge_without_a_question() {
    let project = game();
    project.run("sync").success();
    let base = project.lockfile();
    project.edit("a hero,", "a heroine,");
    project.run("sync").success();
    let ours = project.lockfile();
    project.edit("a heroine,", "a hero,").edit("a {{ item }}", "an old {{ item }}");
    project.run("sync").success();
    let theirs = project.lockfile();
    for (name, text) in [("base", base), ("ours", ours), ("theirs", theirs)] {
        project.write(name, text);
    }
    project.run("merge-lock base ours theirs").success();
    project.edit("a hero,", "a heroine,").write("images.lock", project.read_text("ours"));
    project.run("sync").success().stdout_has("packed units");
    project.run("verify").success();
    project.run("sync --frozen").success().stdout_has("nothing to do");
}

#[test]
fn a_run_on_some_assets_packs_what_has_one_of_them_and_prunes_nothing() {
    let more = "[atlases.steps]\nassets = \"hero/*\"\n\n[atlases.things]\nassets = \"items/*\"\n";
    let project = Sandbox::new().manifest(&format!("{GAME}\n{more}"));
    project.run("sync").success();
    project
        .edit("[atlases.things]\nassets = \"items/*\"\n", "")
        .edit("a hero,", "a heroine,")
        .edit("\"items/*\"]", "\"items/*\"]\npadding = 8");
    project.edit("a {{ item }}", "an old {{ item }}");
    let run = project.run("sync items/sword").success();
    run.stdout_has("packed units").stdout_lacks("packed steps").stdout_lacks("pruned").has("assets/things.png");
    project.run("sync hero/walk_1").success().stdout_has("packed steps");
    project.run("sync").success().stdout_has("pruned the atlas things").lacks("assets/things.png");
}

#[test]
fn a_file_that_somebody_edited_is_not_packed_in_the_name_of_the_locked_one() {
    let project = game();
    project.run("sync").success();
    let sheet = project.read("assets/units.png");
    project.write("assets/items/sword.png", png(16, 16, [9, 9, 9, 255]));
    project.edit("[atlases.units]", "[atlases.units]\npadding = 5");
    project.run("sync").code(1).stdout_has("`assets/items/sword.png` isn't as it is locked");
    assert_eq!(project.read("assets/units.png"), sheet);
    project.run("adopt items/sword assets/items/sword.png").success();
    project.run("sync").success();
    let (_, sword) =
        unpacked(&project, "assets/units.json").into_iter().find(|(name, _)| name == "items/sword").unwrap();
    assert_eq!(sword.get_pixel(0, 0).0, [9, 9, 9, 255]);
}

#[test]
fn show_says_how_an_atlas_is_packed_and_how_full_it_is() {
    let project = game();
    let before = project.run("show units").success();
    assert!(before.stdout().contains("units  atlas, pack") && before.stdout().contains("not packed yet"));
    project.run("sync").success();
    let shown = project.run("show units").success().stderr_is("");
    insta::assert_snapshot!(shown.stdout(), @"
    units  atlas, keep

    sheets        assets/units.png  94x34  5 frames, 88 % filled  6.1 kB
    packing       sides up to 2048, padding 2
    animations    hero/walk  3 frames
    assets        hero/walk_0
                  hero/walk_1
                  hero/walk_2
                  items/shield
                  items/sword
    ");
    let document = project.run("show units --format json").success().value();
    assert_eq!(document["animations"]["hero/walk"], serde_json::json!(["hero/walk_0", "hero/walk_1", "hero/walk_2"]));
    assert_eq!(document["sheets"][0]["data"], "assets/units.json");
    assert_eq!(document["sheets"][0]["bytes"], project.read("assets/units.png").len());
}

#[test]
fn a_cell_is_as_large_as_its_file_and_not_as_its_sheet() {
    let cells = r#"
[assets.sheet]
source = "art/sheet.png"
output = { path = "{{ name }}/{{ cell }}.png", grid = "4x1", width = 100 }

[assets.strip]
prompt = "a strip of four"
model = "placeholder"
size = "256x16"
output = { path = "{{ name }}/{{ cell }}.png", grid = "4x1" }

[assets.small]
source = "art/sheet.png"
output = { path = "small.png", width = 400, height = 10, fit = "inside" }

[atlases.cells]
assets = "*"
max_size = 128
"#;
    let project = Sandbox::new().manifest(cells).file("art/sheet.png", png(40, 10, [9, 9, 9, 255]));
    project.run("check").success();
    project.run("sync").success();
    let (width, height, _) = project.picture("assets/cells.png");
    assert!(width <= 128 && height <= 128, "{width}x{height}");
}
