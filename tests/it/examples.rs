//! The projects in `examples/`, as somebody who copies one would use them.

use std::fs;
use std::path::Path;

use image::ImageFormat;
use serde_json::Value;
use serde_json::json;

use crate::projects::is_settled;
use crate::sandbox::Sandbox;

/// A copy of an example, without what a sync made of it.
#[track_caller]
fn example(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    copy(&sandbox, &folder, "");
    sandbox
}

pub(crate) fn copy(sandbox: &Sandbox, folder: &Path, below: &str) {
    for entry in fs::read_dir(folder).expect("the example is there").flatten() {
        let name = entry.file_name().into_string().expect("an example's files have plain names");
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            if !["assets", "public", ".tintype"].contains(&name.as_str()) {
                copy(sandbox, &entry.path(), &path);
            }
        } else if path != "images.lock" || folder.ends_with("minimal") {
            sandbox.write(&path, fs::read(entry.path()).expect("the file is readable"));
        }
    }
}

/// Without a key all of it is sound, is made, stays as it is, and every declared file is there.
#[track_caller]
fn is_made_without_a_key(name: &str, assets: usize, files: usize, sheets: usize) -> Sandbox {
    let sandbox = example(name);
    sandbox.run("check").success().stdout_is(&format!("{assets} assets, {files} outputs: sound\n"));
    let before = sandbox.files().len();
    let made = sandbox.run("sync --format json").success();
    assert_eq!(made.totals()["cost_usd"], json!(0.0), "{name} is free");
    assert_eq!(sandbox.files().len(), before + files + 2 * sheets + 1, "the declared files, the lockfile and no other");
    let declared = made.assets();
    let declared = declared.iter().filter_map(|asset| asset["outputs"].as_array()).flatten().filter_map(Value::as_str);
    declared.for_each(|path| drop(sandbox.has(path)));
    is_settled(&sandbox);
    sandbox.run("verify").success();
    let readme = sandbox.read_text("README.md");
    for command in readme.lines().filter_map(|line| line.strip_prefix("tintype ")) {
        let command = command.split('#').next().unwrap_or_default();
        sandbox.run(command).success();
    }
    sandbox
}

/// With the model and any one of the variables that its README names, nothing is missing but consent to the price there.
#[track_caller]
fn is_one_line_from_a_vendor(name: &str) {
    let sandbox = example(name);
    let readme = sandbox.read_text("README.md");
    let line = readme.lines().find(|line| line.starts_with("model = ")).expect("the README says which line");
    sandbox.edit("model = \"placeholder\"", line).run("check").success();
    let variables = ["AISA_API_KEY", "OPENROUTER_API_KEY"].into_iter().filter(|variable| readme.contains(*variable));
    for variable in variables {
        let plan = sandbox.env(variable, "a-key").run("plan --format json").success();
        let cost = plan.totals()["cost_usd"].as_f64().expect("a price is known");
        assert!(readme.contains(&format!("about ${cost:.2};")), "{name} costs {cost}");
        let warnings = plan.actions().into_keys().flat_map(|asset| plan.warnings(&asset));
        assert_eq!(warnings.filter(|code| code != "no-key").count(), 0, "{}", plan.stdout());
        // All that is left to say is yes: key, budget and sizes are in order. Nothing gets out, whatever happens.
        plan.env("CI", "1").env("HTTPS_PROXY", "http://127.0.0.1:1").run("sync").code(3).stderr_has("--yes");
        plan.without_env(variable);
    }
}

/// An asset's whole prompt.
#[track_caller]
fn prompt(sandbox: &Sandbox, name: &str) -> String {
    let shown = sandbox.run(&format!("show {name} --format json")).success().value();
    shown["prompt"].as_str().unwrap_or_default().to_string()
}

/// The assets that an asset refers to.
#[track_caller]
fn refers_to(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let shown = sandbox.run(&format!("show {name} --format json")).success().value();
    let references = shown["recipe"]["references"].as_array().cloned().unwrap_or_default();
    references.iter().filter_map(|reference| Some(reference["asset"].as_str()?.to_string())).collect()
}

#[test]
fn minimal_is_as_its_lockfile_says() {
    let sandbox = example("minimal");
    sandbox.run("sync --frozen").success();
    is_settled(&sandbox);
}

#[test]
fn game_is_made_without_a_key() {
    let sandbox = is_made_without_a_key("game", 173, 187, 1);
    assert_eq!(
        prompt(&sandbox, "units/heron-rider-e"),
        "a small rider on a grey heron as tall as a horse, reins of plaited sedge, in profile, facing right, in moss green and \
         straw yellow, woven reed and wet wood, single sprite for a strategy game, whole and centred, soft light from the \
         upper left, muted storybook colours, crisp edges"
    );
    assert!(prompt(&sandbox, "icons/eel-fork-bronze").starts_with("one eel fork of sea-worn bronze, slightly tilted"));
    for side in ["n", "e"] {
        assert_eq!(refers_to(&sandbox, &format!("units/heron-rider-{side}")), ["units/heron-rider-s"]);
    }
    assert!(refers_to(&sandbox, "units/heron-rider-s").is_empty(), "the front is drawn after nothing");
    assert_eq!(refers_to(&sandbox, "cliffs/slate-north"), ["tiles/slate"]);
    let pixels = |path: &str| image::load_from_memory(&sandbox.read(path)).expect("a picture").into_rgba8();
    let (east, west) = (pixels("assets/units/heron-rider-e.png"), pixels("assets/units/heron-rider-w.png"));
    assert_eq!(image::imageops::flip_horizontal(&east), west, "who walks to the left is drawn once");
    let heron = pixels("assets/heron.png");
    let tint = |pixel: &image::Rgba<u8>| {
        i32::from(pixel[1].saturating_sub(pixel[0].max(pixel[2]))) * i32::from(pixel[3]) / 255
    };
    assert!(heron.pixels().map(tint).max() < Some(64), "{:?}", heron.pixels().map(tint).max());
    let clear = heron.pixels().filter(|pixel| pixel[3] == 0).count();
    assert!((512 * 512 / 2..512 * 512 * 4 / 5).contains(&clear), "{clear} pixels of ground are gone");
    assert_eq!(sandbox.read("assets/heron-16.png")[25], 3, "a palette");
    assert_eq!(sandbox.picture("assets/ferryman/side-4.png"), (96, 128, ImageFormat::Png));
    sandbox.has("assets/tiles/slate-3.png").has("assets/units/lighthouse-s.png").lacks("assets/units/lighthouse-n.png");
}

#[test]
fn a_word_that_changes_in_game_draws_that_unit_anew_and_no_other() {
    let sandbox = example("game");
    sandbox.run("sync units/heron-rider-* units/siren-*").success();
    let units = sandbox.read_text("data/units.tsv");
    sandbox.write("data/units.tsv", units.replace("on a grey heron", "on a white heron"));
    let plan = sandbox.run("plan units/heron-rider-* units/siren-* --format json").success();
    for (name, action) in plan.actions() {
        let expected = match name.strip_prefix("units/heron-rider-") {
            Some("w") => "transform",
            Some(_) => "generate",
            None => "keep",
        };
        assert_eq!(action, expected, "{name}");
    }
}

#[test]
fn site_is_made_without_a_key() {
    let sandbox = is_made_without_a_key("site", 11, 33, 0);
    assert_eq!(
        prompt(&sandbox, "hero-night"),
        "A footpath over rolling chalk hills to the sea, a single walker far off, wide and calm. A clear night under a high \
         moon: indigo, slate and pale yellow. Three-colour linocut on cream paper, bold shapes, visible grain, no lettering."
    );
    let walk = prompt(&sandbox, "walks/seven-sisters");
    let begins = "White chalk cliffs in a row above a shingle beach, on the walk \"Seven Sisters\" in May. A small dog runs \
                  ahead. The path leads from the lower left into the picture.";
    assert!(walk.starts_with(begins) && walk.contains("cut wide. First light"), "{walk}");
    assert_eq!(sandbox.picture("public/img/og/seven-sisters.jpg"), (1200, 630, ImageFormat::Jpeg));
    assert_eq!(sandbox.picture("public/img/walks/seven-sisters-360w.webp"), (360, 240, ImageFormat::WebP));
    assert_eq!(sandbox.picture("public/img/favicon-180w.png"), (180, 180, ImageFormat::Png));
}

#[test]
fn cast_is_made_without_a_key() {
    let sandbox = is_made_without_a_key("cast", 36, 30, 0);
    assert_eq!(
        prompt(&sandbox, "ada/portrait"),
        "Ada Quill, a bookbinder of about sixty, short white hair, round glasses on a cord, ink-stained canvas apron over a \
         grey dress: head and shoulders, turned slightly to the left, calm, looks past the viewer, ink and watercolour, loose \
         line, limited palette of slate, ochre and rose, plain paper background"
    );
    for person in ["ada", "tomas", "ines", "brother-odo", "captain-vey", "lis"] {
        let sheet = format!("{person}/sheet");
        assert!(refers_to(&sandbox, &sheet).is_empty());
        for shot in ["portrait", "laughing", "standing", "walking", "at-night"] {
            assert_eq!(refers_to(&sandbox, &format!("{person}/{shot}")), std::slice::from_ref(&sheet));
        }
    }
    assert_eq!(sandbox.picture("assets/lis/at-night.webp"), (1200, 675, ImageFormat::WebP));
}

#[test]
fn game_is_one_line_from_a_real_vendor() {
    is_one_line_from_a_vendor("game");
}

#[test]
fn site_is_one_line_from_a_real_vendor() {
    is_one_line_from_a_vendor("site");
}

#[test]
fn cast_is_one_line_from_a_real_vendor() {
    is_one_line_from_a_vendor("cast");
}
