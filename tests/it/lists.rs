//! The lists that people have, each in one short manifest: what they wrote a script for before.

use std::collections::BTreeSet;
use std::fmt::Write;

use image::ImageFormat;
use serde_json::Value;
use serde_json::json;

use crate::projects::is_settled;
use crate::sandbox::Run;
use crate::sandbox::Sandbox;
use crate::sandbox::png;

/// The names of all assets.
#[track_caller]
fn names(sandbox: &Sandbox) -> BTreeSet<String> {
    let assets = sandbox.run("list --format json").success().assets();
    assets.iter().filter_map(|asset| Some(asset["name"].as_str()?.to_string())).collect()
}

/// The recipe of an asset, as far as it is known before what it refers to is made.
#[track_caller]
fn recipe(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.run(&format!("show {name} --format json")).success().value()["recipe"].clone()
}

/// Sound, and planned to be made: so many images of so many assets.
#[track_caller]
fn is_planned(sandbox: &Sandbox, assets: usize, images: usize) -> Run {
    sandbox.run("check").success();
    let plan = sandbox.run("plan --format json").success();
    let totals = plan.totals();
    assert_eq!((&totals["generate"], &totals["images"]), (&json!(assets), &json!(images)), "{totals}");
    plan
}

/// The assets that an asset waits for, by a plan.
#[track_caller]
fn waits_for(plan: &Run, name: &str) -> Vec<String> {
    let asset = plan.asset(name);
    let reasons = asset["reasons"].as_array().into_iter().flatten().filter(|reason| reason["code"] == "reference");
    reasons.filter_map(|reason| Some(reason["detail"].as_str()?.split('`').nth(1)?.to_string())).collect()
}

#[test]
fn units_of_a_table_from_four_sides() {
    let sandbox = Sandbox::new().manifest(
        r#"
[vars.facing]
s = "facing the viewer"
n = "seen from behind"
e = "in profile, facing right"
w = "in profile, facing left"

[defaults]
model = "gpt-image-1"
background = "transparent"
output = { width = 256, height = 256 }

[assets."units/{{ id }}/{{ side }}"]
rows = { path = "units.tsv", columns = ["id", "sides", "look"] }
matrix = { side = "{{ sides | split('|') }}" }
prompt = "{{ look }}, {{ facing[side] }}, single game sprite"
references = [{ asset = "{% if side != 's' %}units/{{ id }}/s{% endif %}", hint = "the same unit from the front" }]
"#,
    );
    let mut units = String::new();
    for number in 1..=150 {
        writeln!(units, "unit-{number}\ts|n|e|w\ta soldier with {number} medals").expect("a text grows");
    }
    sandbox.write("units.tsv", units);
    let plan = is_planned(&sandbox, 600, 600);
    let names = names(&sandbox);
    assert!(names.len() == 600 && names.contains("units/unit-1/n") && names.contains("units/unit-150/w"));
    let side = recipe(&sandbox, "units/unit-7/w");
    assert_eq!(side["prompt"], "a soldier with 7 medals, in profile, facing left, single game sprite");
    assert_eq!((&side["aspect_ratio"], &side["background"]), (&json!("1:1"), &json!("transparent")));
    assert_eq!(waits_for(&plan, "units/unit-7/w"), ["units/unit-7/s"]);
    assert!(waits_for(&plan, "units/unit-7/s").is_empty());
}

#[test]
fn characters_of_briefs_in_the_shots_of_a_table() {
    let sandbox = Sandbox::new().manifest(
        r#"
[data]
briefs = "briefs.toml"
shots = "shots.csv"

[defaults]
model = "seedream-4.5"

[assets."cast/{{ who }}/{{ shot.id }}"]
prompt = "{{ data.briefs[who].look }}, {{ shot.framing }}, dressed for {{ data.briefs[who].season }}"
matrix = { who = "{{ data.briefs | list }}", shot = "{{ data.shots }}" }
references = ["{% if shot.id != 'sheet' %}asset:cast/{{ who }}/sheet{% endif %}"]
size = "{{ shot.size }}"
"#,
    );
    let briefs =
        (1..=16).map(|number| format!("[person-{number}]\nlook = \"a person of {number}0\"\nseason = \"rain\"\n"));
    sandbox.write("briefs.toml", briefs.collect::<String>());
    sandbox.write(
        "shots.csv",
        "id,size,framing\nsheet,2496x1664,\"front, side and back\"\nportrait,1728x2304,head and shoulders\n\
         full,1664x2496,full figure\nwalking,2304x1728,walks past\nsitting,2048x2048,sits on a crate\n\
         night,2848x1600,lit by one candle\n",
    );
    let plan = is_planned(&sandbox, 96, 96);
    let names = names(&sandbox);
    assert!(names.len() == 96 && names.contains("cast/person-16/night"));
    let night = recipe(&sandbox, "cast/person-3/night");
    assert_eq!(night["prompt"], "a person of 30, lit by one candle, dressed for rain");
    assert_eq!(night["size"], "2848x1600");
    assert_eq!(waits_for(&plan, "cast/person-3/night"), ["cast/person-3/sheet"]);
    assert!(waits_for(&plan, "cast/person-3/sheet").is_empty());
}

#[test]
fn icons_in_themes_and_sizes() {
    let sandbox = Sandbox::new().manifest(
        r#"
[defaults]
model = "placeholder"
style = "{{ theme }}"

[styles.light]
prompt = "{{ prompt }}, one dark line on white"

[styles.dark]
prompt = "{{ prompt }}, one pale line on black"

[assets."{{ theme }}/{{ icon }}"]
prompt = "a plain {{ icon }} icon"
matrix = { theme = ["light", "dark"], icon = ["home", "search", "cart"] }
output = [
  { width = 48, height = 48, widths = [24, 16] },
  { path = "apps/{{ icon }}-{{ theme }}.webp", width = 96, height = 96 },
]
"#,
    );
    sandbox.run("sync").success();
    is_settled(&sandbox);
    assert_eq!(names(&sandbox).len(), 6);
    assert_eq!(sandbox.files().len(), 2 + 6 * 4);
    assert_eq!(recipe(&sandbox, "dark/cart")["prompt"], "a plain cart icon, one pale line on black");
    assert_eq!(recipe(&sandbox, "light/home")["prompt"], "a plain home icon, one dark line on white");
    assert_eq!(sandbox.picture("assets/dark/cart-16w.png"), (16, 16, ImageFormat::Png));
    assert_eq!(sandbox.picture("assets/apps/cart-dark.webp"), (96, 96, ImageFormat::WebP));
}

#[test]
fn a_map_of_prompts_with_rules_by_prefix() {
    let sandbox = Sandbox::new().manifest(
        r#"
[defaults]
model = "placeholder"
output = { format = "webp" }

[styles.ui]
prompt = "{{ prompt }}, flat interface element, plain background"
output = { path = "interface/{{ key }}.{{ ext }}", width = 64, height = 64 }

[styles.tile]
prompt = "{{ prompt }}, seamless texture, seen from above"
output = { path = "ground/{{ key }}.{{ ext }}", width = 128, height = 128 }

[styles.npc]
prompt = "{{ prompt }}, head and shoulders, calm"
output = { path = "people/{{ key }}.{{ ext }}", width = 256, height = 320 }

[assets."{{ key }}"]
prompt = "{{ value }}"
rows = "prompts.json"
style = "{{ key | split('_') | first }}"
"#,
    );
    let line = |number: usize| format!("\"{}_{number}\": \"the thing {number}\"", ["ui", "tile", "npc"][number % 3]);
    let lines: Vec<String> = (0..200).map(line).collect();
    sandbox.write("prompts.json", format!("{{\n{}\n}}\n", lines.join(",\n")));
    is_planned(&sandbox, 200, 200);
    let names = names(&sandbox);
    assert!(names.len() == 200 && names.contains("ui_198") && names.contains("tile_199"), "{names:?}");
    assert_eq!(recipe(&sandbox, "npc_2")["prompt"], "the thing 2, head and shoulders, calm");
    assert_eq!(recipe(&sandbox, "ui_3")["prompt"], "the thing 3, flat interface element, plain background");
    sandbox.run("sync tile_1 npc_2").success();
    assert_eq!(sandbox.picture("assets/ground/tile_1.webp"), (128, 128, ImageFormat::WebP));
    assert_eq!(sandbox.picture("assets/people/npc_2.webp"), (256, 320, ImageFormat::WebP));
    sandbox.write("prompts.json", "{\"ui_1\": \"a button\",\n\"iu_2\": \"a slider\"}\n");
    let found = sandbox.run("check --format json").code(2).diagnostics();
    let place = &found[0]["labels"][1];
    assert_eq!(
        (&found[0]["code"], &place["file"], &place["line"]),
        (&json!("unknown-style"), &json!("prompts.json"), &json!(2))
    );
}

#[test]
fn a_link_preview_for_each_post() {
    let sandbox = Sandbox::new().manifest(
        r#"
[defaults]
model = "placeholder"

[assets."og/{{ slug or title | slug }}"]
prompt = "{{ summary }} A calm illustration in two colours, room for a title on the left."
rows = { path = "posts.json", at = "posts", where = "not draft | default(false)" }
alt = "{{ title }}"
references = ["art/board.png"]
output = { format = "jpeg", quality = 85, width = 1200, height = 630 }
"#,
    );
    sandbox.write("art/board.png", png(64, 64, [90, 120, 140, 255]));
    sandbox.write(
        "posts.json",
        r#"{"site": "Notes", "posts": [
  {"slug": "hello", "title": "Hello", "summary": "Why this blog is here."},
  {"slug": null, "title": "Ünder the sea", "summary": "A dive in cold water."},
  {"slug": "later", "title": "Later", "summary": "Not yet.", "draft": true}
]}"#,
    );
    sandbox.run("sync").success();
    is_settled(&sandbox);
    assert_eq!(names(&sandbox), ["og/hello", "og/under-the-sea"].map(str::to_string).into());
    for path in ["assets/og/hello.jpg", "assets/og/under-the-sea.jpg"] {
        assert_eq!(sandbox.picture(path), (1200, 630, ImageFormat::Jpeg));
    }
    let hello = recipe(&sandbox, "og/hello");
    let begins = "Why this blog is here. A calm illustration";
    assert!(hello["prompt"].as_str().is_some_and(|prompt| prompt.starts_with(begins)), "{hello}");
    assert_eq!(hello["references"][0]["path"], "art/board.png");
}

/// What isn't carried out yet is left out of it: `[cache] remote`.
const EVERY_KEY: &str = include_str!("lists/every_key.toml");

#[test]
fn the_manifest_that_shows_every_key_is_sound() {
    let sandbox = Sandbox::new().manifest(EVERY_KEY);
    for picture in ["style-board", "panda", "helmet", "badge"] {
        sandbox.write(&format!("art/{picture}.png"), png(64, 64, [200, 80, 40, 255]));
    }
    sandbox.write("art/more.toml", "[assets.\"more/moon\"]\nprompt = \"a moon in {{ palette }}\"\n");
    sandbox.write("data/briefs.toml", "[knight]\nlook = \"a knight in rusty plate\"\n");
    sandbox.write("data/cards.csv", "slug,title\nknight,The Knight\n");
    sandbox.write("prompts/card.md", "A playing card: {{ title }},\n{{ data.briefs.knight.look }}\n");
    sandbox.run("check").success().stdout_is("8 assets, 9 outputs: sound\n");
    let plan = sandbox.run("plan --format json").success();
    for (name, action) in plan.actions() {
        assert_eq!(action, if name == "badge" { "transform" } else { "generate" }, "{name}");
    }
    assert_eq!(waits_for(&plan, "hero"), ["logo"]);
    for (name, prompt) in [
        ("hero", "A red panda astronaut on a mossy moon, flat gouache illustration, muted earth tones"),
        ("cards/knight", "A playing card: The Knight, a knight in rusty plate"),
        ("icons/sword", "a sword made of dark wrought iron, game icon"),
        ("more/moon", "a moon in muted earth tones"),
    ] {
        assert_eq!(recipe(&sandbox, name)["prompt"], prompt);
    }
    let files = ["assets/img/hero.webp", "assets/img/hero-640w.webp", "assets/img/hero-1280w.webp"];
    assert_eq!(plan.asset("hero")["outputs"], json!(files));
    assert_eq!(plan.asset("logo")["outputs"], json!([]));
}
