//! What a picture depends on: each ingredient of a recipe makes it anew, and nothing else does.

use crate::projects::{entry, plan_is, planned_as, studio, studio_manifest};
use crate::sandbox::{Sandbox, png};
use crate::vendor::Vendor;

/// A placeholder that has every ingredient. `moon` has none of them and must not care.
const FULL: &str = r#"
[defaults]
model = "placeholder"

[assets.hero]
prompt = "a red panda"
size = "512"
aspect_ratio = "16:9"
references = ["art/a.png", "art/b.png"]
seed = 7
quality = "low"
variant = 1
options.aisa = { style = "flat", steps = 4, deep = { a = [1, 2.5, true] } }
output = { width = 64 }

[assets.moon]
prompt = "a moon"
size = "64x64"
"#;

fn full() -> Sandbox {
    let project = Sandbox::new()
        .file("art/a.png", png(4, 4, [255, 0, 0, 255]))
        .file("art/b.png", png(4, 4, [0, 255, 0, 255]))
        .manifest(FULL);
    project.run("sync").success().sandbox()
}

/// This edit makes hero, and hero alone, anew, for this reason alone.
#[track_caller]
fn is_an_ingredient(old: &str, new: &str, reason: &str) {
    let project = full();
    let (picture, before) = (project.read("assets/hero.png"), entry(&project, "hero"));
    project.edit(old, new);
    plan_is(&project, &[("hero", "generate", reason), ("moon", "keep", "")]);
    project.run("sync --locked").code(4);
    project.run("sync").success();
    assert_ne!(project.read("assets/hero.png"), picture);
    let fingerprint = |entry: &str| entry.lines().nth(1).map(str::to_string);
    assert_ne!(fingerprint(&entry(&project, "hero")), fingerprint(&before));
}

/// This edit changes nothing at all.
#[track_caller]
fn does_not_matter(old: &str, new: &str) {
    let project = full();
    let before = project.snapshot();
    project.edit(old, new);
    plan_is(&project, &[("hero", "keep", ""), ("moon", "keep", "")]);
    project.run("sync --locked").success();
    project.run("sync").success();
    assert_eq!(before.changes_to(&project.snapshot()), ["changed images.toml"]);
}

#[test]
fn the_prompt_is_an_ingredient() {
    is_an_ingredient("a red panda", "A red panda", "prompt");
}

#[test]
fn the_size_is_an_ingredient() {
    is_an_ingredient("\"512\"", "\"1K\"", "size");
}

#[test]
fn the_aspect_ratio_is_an_ingredient() {
    is_an_ingredient("16:9", "9:16", "aspect_ratio");
}

#[test]
fn the_absence_of_a_size_is_an_ingredient() {
    is_an_ingredient("size = \"512\"", "", "size");
}

#[test]
fn each_reference_is_an_ingredient() {
    is_an_ingredient("[\"art/a.png\", \"art/b.png\"]", "[\"art/a.png\"]", "reference");
}

#[test]
fn the_order_of_references_is_an_ingredient() {
    is_an_ingredient("[\"art/a.png\", \"art/b.png\"]", "[\"art/b.png\", \"art/a.png\"]", "reference");
}

#[test]
fn a_reference_given_twice_is_an_ingredient() {
    is_an_ingredient("[\"art/a.png\", \"art/b.png\"]", "[\"art/a.png\", \"art/b.png\", \"art/b.png\"]", "reference");
}

#[test]
fn the_bytes_of_a_reference_are_an_ingredient() {
    let project = full();
    project.write("art/b.png", png(4, 4, [0, 254, 0, 255]));
    plan_is(&project, &[("hero", "generate", "reference"), ("moon", "keep", "")]);
}

#[test]
fn the_seed_is_an_ingredient() {
    is_an_ingredient("seed = 7", "seed = 8", "seed");
}

#[test]
fn the_absence_of_a_seed_is_an_ingredient() {
    is_an_ingredient("seed = 7", "", "seed");
}

#[test]
fn the_quality_is_an_ingredient() {
    is_an_ingredient("\"low\"", "\"high\"", "quality");
}

#[test]
fn the_variant_is_an_ingredient() {
    is_an_ingredient("variant = 1", "variant = 2", "variant");
}

#[test]
fn each_option_is_an_ingredient() {
    is_an_ingredient("\"flat\"", "\"round\"", "option");
}

#[test]
fn a_nested_option_is_an_ingredient() {
    is_an_ingredient("2.5", "2.25", "option");
}

#[test]
fn the_type_of_an_option_is_an_ingredient() {
    is_an_ingredient("steps = 4", "steps = 4.0", "option");
}

#[test]
fn whose_option_it_is_is_an_ingredient() {
    is_an_ingredient("options.aisa", "options.placeholder", "option");
}

#[test]
fn the_model_is_an_ingredient() {
    let vendor = Vendor::openai();
    let other = "[models.\"other-model\"]\nroutes = [{ provider = \"studio\", id = \"sd-xl-house\" }]\n";
    let project = studio(&vendor, &format!("[assets.hero]\nmodel = \"house-model\"\nprompt = \"a panda\"\n\n{other}"));
    project.run("sync").success();
    project.edit("[assets.hero]\nmodel = \"house-model\"", "[assets.hero]\nmodel = \"other-model\"");
    plan_is(&project, &[("hero", "generate", "model")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn several_changes_are_all_named() {
    let project = full();
    project
        .edit("a red panda", "a blue panda")
        .edit("seed = 7", "seed = 9")
        .edit("16:9", "1:1")
        .edit("\"low\"", "\"auto\"");
    plan_is(&project, &[("hero", "generate", "prompt aspect_ratio seed quality"), ("moon", "keep", "")]);
}

#[test]
fn a_changed_prompt_is_told_with_the_old_and_the_new_wording() {
    let project = full();
    project.edit("a red panda", "a blue panda");
    let detail = project.run("plan --format json").success().asset("hero")["reasons"][0]["detail"].to_string();
    assert_eq!(detail, "\"a [-red-]{+blue+} panda\"");
}

#[test]
fn without_a_size_the_shape_of_the_output_is_an_ingredient_and_its_scale_is_not() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\noutput = { width = 64, height = 32 }\n");
    project.edit("size = \"64x64\"\n", "").run("sync").success();
    assert!(entry(&project, "hero").contains("size = \"auto\"\naspect_ratio = \"2:1\"\n"));
    project.edit("width = 64, height = 32", "width = 32, height = 16");
    plan_is(&project, &[("hero", "transform", "output")]);
    project.run("sync").success();
    assert_eq!(vendor.billed(), 1);
    project.edit("width = 32, height = 16", "width = 32, height = 32");
    let plan = plan_is(&project, &[("hero", "generate", "aspect_ratio")]);
    assert_eq!(plan.asset("hero")["cost_usd"], 0.02, "the plan tells the price of it");
}

#[test]
fn white_space_in_prompts_does_not_matter() {
    does_not_matter("\"a red panda\"", "\"\"\"\n  a red\n\n\tpanda  \"\"\"");
}

#[test]
fn the_order_of_keys_and_comments_do_not_matter() {
    does_not_matter("seed = 7\nquality = \"low\"", "# on purpose\nquality = 'low' # the cheap one\n\nseed = 0x07");
}

#[test]
fn the_order_of_assets_and_the_way_tables_are_written_do_not_matter() {
    let project = full();
    let (head, moon) = FULL.split_once("[assets.moon]").expect("there is a moon");
    let (defaults, hero) = head.split_once("[assets.hero]").expect("there is a hero");
    let before = project.snapshot();
    project.manifest(&format!(
        "{defaults}[assets]\nmoon = {{ prompt = \"a moon\", size = \"64x64\" }}\n[assets.hero]{hero}"
    ));
    assert!(moon.contains("a moon"));
    project.run("sync --locked").success();
    assert_eq!(before.changes_to(&project.snapshot()), ["changed images.toml"]);
}

#[test]
fn the_order_of_option_fields_does_not_matter() {
    does_not_matter("style = \"flat\", steps = 4,", "steps = 4, style = \"flat\",");
}

#[test]
fn how_a_tier_or_a_ratio_is_spelt_does_not_matter() {
    does_not_matter("aspect_ratio = \"16:9\"", "aspect_ratio = \"32:18\"");
}

#[test]
fn inheriting_a_key_instead_of_writing_it_does_not_matter() {
    does_not_matter("size = \"64x64\"", "size = \"64x64\"\nmodel = \"placeholder\"");
}

#[test]
fn alt_and_tags_do_not_matter() {
    does_not_matter("seed = 7", "seed = 7\nalt = \"A panda\"\ntags = [\"landing\"]");
}

#[test]
fn hold_does_not_matter_while_nothing_changes() {
    does_not_matter("seed = 7", "seed = 7\nhold = true");
}

#[test]
fn a_provider_does_not_matter_to_a_placeholder() {
    does_not_matter("seed = 7", "seed = 7\nprovider = \"aisa\"");
}

#[test]
fn empty_options_do_not_matter() {
    does_not_matter("seed = 7", "seed = 7\noptions.placeholder = {}");
}

#[test]
fn output_settings_are_no_ingredients() {
    for new in ["{ width = 32 }", "{ width = 64, format = \"webp\" }", "\"x/{{ name }}.jpg\"", "{ height = 9 }"] {
        let project = full();
        let locked = entry(&project, "hero");
        project.edit("{ width = 64 }", new);
        let plan = project.run("plan --format json").success();
        assert_eq!((plan.actions()["hero"].as_str(), &plan.totals()["images"]), ("transform", &0.into()), "{new}");
        project.run("sync").success();
        let recipe = |entry: &str| entry.split("[[asset.outputs]]").next().map(str::to_string);
        assert_eq!(recipe(&entry(&project, "hero")), recipe(&locked), "{new}");
    }
}

#[test]
fn file_times_do_not_matter() {
    let project = full();
    let past = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for path in ["art/a.png", "assets/hero.png", "images.toml", "images.lock"] {
        let file = std::fs::File::options().write(true).open(project.path(path)).expect("the file is there");
        file.set_modified(past).expect("times can be set");
    }
    plan_is(&project, &[("hero", "keep", ""), ("moon", "keep", "")]);
    let lockfile = project.lockfile();
    project.run("sync --locked").success();
    assert_eq!(project.lockfile(), lockfile);
}

#[test]
fn the_number_of_takes_is_no_ingredient() {
    let project = full();
    let before = entry(&project, "hero");
    project.edit("seed = 7", "seed = 7\nn = 2").run("sync").success();
    assert_eq!(entry(&project, "hero").lines().nth(1), before.lines().nth(1), "the fingerprint stays");
    assert_eq!(entry(&project, "hero").lines().nth(2), before.lines().nth(2), "and so does the choice");
}

#[test]
fn the_provider_is_no_ingredient() {
    let (vendor, annex) = (Vendor::openai(), Vendor::openai().named("annex"));
    let asset = "[assets.hero]\nprovider = \"studio\"\nprompt = \"a panda\"\n";
    let manifest = studio_manifest(&vendor, asset)
        .replace("cost_usd = 0.02 }]", "cost_usd = 0.02 }, { provider = \"annex\", id = \"xl\", cost_usd = 0.09 }]");
    let project = Sandbox::new().manifest(&format!("{manifest}\n{}", annex.manifest_lines()));
    project.run("sync").success();
    let before = project.snapshot();
    project.edit("provider = \"studio\"\nprompt", "provider = [\"annex\", \"studio\"]\nprompt");
    let plan = plan_is(&project, &[("hero", "keep", "")]);
    assert_eq!(plan.asset("hero")["images"], 0);
    project.run("sync --locked").success();
    assert_eq!(before.changes_to(&project.snapshot()), ["changed images.toml"]);
    assert_eq!((vendor.billed(), annex.requests().len()), (1, 0));
    project.edit("a panda", "a blue panda").run("sync").success();
    assert_eq!((vendor.billed(), annex.billed()), (1, 1), "a new picture goes the new way");
}

#[test]
fn facts_of_the_registry_are_no_ingredients() {
    let vendor = Vendor::aisa();
    let asset = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\n";
    let facts = [
        "cost_usd = { aisa = 0.07 }",
        "max_pixels = 20_000_000",
        "min_pixels = 1",
        "default_size = \"1920x1920\"",
        "routes = [{ provider = \"aisa\", id = \"seedream-next\", api = \"openai-images\", cost_usd = 0.01 }]",
    ];
    let project = Sandbox::new().manifest_for(&vendor, asset);
    project.run("sync").success();
    let before = project.snapshot();
    for fact in facts {
        project.manifest_for(&vendor, &format!("{asset}\n[models.\"seedream-4.5\"]\n{fact}\n"));
        plan_is(&project, &[("hero", "keep", "")]);
        project.run("sync --locked").success();
        assert_eq!(before.changes_to(&project.snapshot()), ["changed images.toml"], "{fact}");
    }
    assert_eq!(vendor.requests().len(), 1);
}

#[test]
fn a_vendors_id_of_a_model_is_the_same_model() {
    let vendor = Vendor::aisa();
    let project =
        Sandbox::new().manifest_for(&vendor, "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\n");
    project.run("sync").success();
    project.edit("model = \"seedream-4.5\"", "model = \"seedream-4-5-251128\"");
    planned_as(project.run("sync --locked --format json").success(), &[("hero", "keep", "")]);
}

#[test]
fn a_providers_manners_are_no_ingredients() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\n");
    project.run("sync").success();
    project
        .edit("api = \"openai-images\"", "api = \"openai-images\"\nconcurrency = 1\ntimeout = \"9s\"\nmax_retries = 0");
    planned_as(project.run("sync --locked --format json").success(), &[("hero", "keep", "")]);
}
