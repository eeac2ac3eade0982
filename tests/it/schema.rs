//! The schema of images.toml: it and the reader know the same keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, png};

/// What the reader knows in [defaults] only to say that it belongs to one asset.
const MISPLACED: [&str; 7] = ["alt", "hold", "matrix", "prompt", "prompt_file", "rows", "source"];
/// What the reader knows in a style only to say that it belongs to one asset.
const NOT_IN_A_STYLE: [&str; 4] = ["matrix", "rows", "source", "style"];
/// What the reader says of a key or a value that the schema shouldn't offer. Others hang on what else is written.
const WRONG: [&str; 8] =
    ["bad-type", "bad-value", "literal-key", "misplaced-key", "missing-key", "not-yet", "syntax", "unknown-key"];

/// A table of the manifest: its name here and among the schema's definitions, and a manifest with `{}` for what is in it.
const TABLES: [(&str, &str, &str); 16] = [
    ("", "", "{}"),
    ("asset", "asset", "[assets.hero]\n{}"),
    ("atlas", "atlas", "[atlases.units]\n{}"),
    ("budget", "budget", "[budget]\n{}"),
    ("cache", "cache", "[cache]\n{}"),
    ("defaults", "defaults", "[defaults]\n{}"),
    ("file", "file", "[assets.hero]\nprompt = \"a panda\"\nmodel = \"placeholder\"\n[assets.hero.output]\n{}"),
    (
        "keying",
        "keying",
        "[assets.hero]\nprompt = \"a panda\"\nmodel = \"placeholder\"\n[assets.hero.output.chroma_key]\n{}",
    ),
    ("model", "model", "[models.\"seedream-4.5\"]\n{}"),
    ("outputs", "outputs", "[output]\n{}"),
    ("provider", "provider", "[providers.studio]\n{}"),
    (
        "rectangle",
        "rectangle",
        "[assets.hero]\nprompt = \"a panda\"\nmodel = \"placeholder\"\n[assets.hero.output.crop]\n{}",
    ),
    (
        "reference",
        "reference-table",
        "[assets.hero]\nprompt = \"a panda\"\nmodel = \"placeholder\"\n[[assets.hero.references]]\n{}",
    ),
    ("style", "style", "[styles.gouache]\n{}"),
    ("route", "route", "[[models.\"house-model\".routes]]\n{}"),
    (
        "rows",
        "rows",
        "[assets.\"{{ slug }}\"]\nprompt = \"a card\"\nmodel = \"placeholder\"\n[assets.\"{{ slug }}\".rows]\n{}",
    ),
];

fn schema() -> Value {
    Sandbox::new().run("schema").success().stderr_is("").value()
}

/// The keys of a table with their schemas.
#[track_caller]
fn properties(schema: &Value, definition: &str) -> BTreeMap<String, Value> {
    let table = if definition.is_empty() { schema } else { &schema["$defs"][definition] };
    assert_eq!(table["additionalProperties"], false, "{definition}: unknown keys are errors");
    let properties = table["properties"].as_object().unwrap_or_else(|| panic!("{definition} has no keys"));
    properties.iter().map(|(key, property)| (key.clone(), looked_up(schema, property))).collect()
}

/// A key's own words, or those of what it points to.
fn looked_up(schema: &Value, property: &Value) -> Value {
    let target = property["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/"));
    match target {
        Some(target) if property.get("examples").is_none() => schema["$defs"][target].clone(),
        _ => property.clone(),
    }
}

/// JSON as TOML has it, in one line.
fn toml(value: &Value) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{} = {}", quoted(key), toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A project with one key of a table as in an example, and what else that table can't do without.
fn project(table: &str, manifest: &str, key: &str, example: &Value) -> Sandbox {
    let needed: &[(&str, &str)] = match table {
        "asset" if key == "source" => &[],
        "asset" if key == "prompt_file" => &[("model", "\"placeholder\"")],
        "asset" => &[("prompt", "\"a panda\""), ("model", "\"placeholder\"")],
        "reference" if key == "asset" => &[],
        "reference" if key == "take" => &[("asset", "\"other\"")],
        "reference" => &[("path", "\"art/board.png\"")],
        // What these say counts only beside another key.
        "file" if key == "grid" => &[("path", "\"{{ name }}-{{ cell }}.png\"")],
        "file" if ["lossless", "max_bytes"].contains(&key) => &[("format", "\"webp\"")],
        "rectangle" => &[("width", "8"), ("height", "8")],
        "provider" => &[("api", "\"openai-images\""), ("base_url", "\"http://127.0.0.1:8080/v1\"")],
        "route" => &[("provider", "\"openrouter\""), ("id", "\"house\"")],
        "rows" if key == "at" => &[("path", "\"data/cards.json\"")],
        "rows" => &[("path", "\"data/cards.csv\"")],
        "atlas" => &[("assets", "\"other\"")],
        _ => &[],
    };
    let mut lines = vec![format!("{key} = {}", toml(example))];
    lines.extend(needed.iter().filter(|(name, _)| *name != key).map(|(name, value)| format!("{name} = {value}")));
    let text = manifest.replacen("{}", &lines.join("\n"), 1);
    // The root's own assets or models may be what the example is of.
    let other = "\n[assets.other]\nprompt = \"a moon\"\nmodel = \"placeholder\"\n";
    let other = if (table, key) == ("", "assets") { "" } else { other };
    let project = Sandbox::new().manifest(&format!("{text}\n{other}"));
    ["art/board.png", "art/panda.png", "art/badge.png"]
        .into_iter()
        .fold(project, |project, path| project.file(path, png(8, 8, [9, 9, 9, 255])))
        .file("art/pico-8.hex", "000000\n")
        .file("data/cards.csv", "slug\na\n")
        .file("data/cards.json", r#"{"cards": {"units": [{"slug": "a"}]}}"#)
        .file("data/briefs.toml", "")
        .file("prompts/card.md", "a card")
}

/// The codes of what `check` finds.
fn found(project: &Sandbox) -> Vec<(String, String)> {
    let run = project.run("check --format json");
    if run.status().success() {
        return Vec::new();
    }
    let text = |diagnostic: &Value, key: &str| diagnostic[key].as_str().unwrap_or_default().to_string();
    run.diagnostics().iter().map(|one| (text(one, "code"), format!("{}: {}", one["message"], one["help"]))).collect()
}

#[test]
fn the_reader_takes_every_key_of_the_schema_as_in_its_examples() {
    let schema = schema();
    for (table, definition, manifest) in TABLES {
        for (key, property) in properties(&schema, definition) {
            for example in property["examples"].as_array().into_iter().flatten() {
                let project = project(table, manifest, &key, example);
                let wrong: Vec<_> =
                    found(&project).into_iter().filter(|(code, _)| WRONG.contains(&code.as_str())).collect();
                let manifest = project.read_text("images.toml");
                assert!(wrong.is_empty(), "{table}.{key} = {example}\n{wrong:#?}\n{manifest}");
            }
        }
    }
}

#[test]
fn the_schema_has_every_key_that_the_reader_takes() {
    let schema = schema();
    for (table, definition, manifest) in TABLES.into_iter().filter(|(table, _, _)| *table != "rows") {
        let project = project(table, manifest, "zzzzzz", &json!(1));
        let found = found(&project);
        let (_, said) = found.iter().find(|(code, _)| code == "unknown-key").unwrap_or_else(|| panic!("{found:#?}"));
        let (_, list) = said.split_once("the keys here are ").unwrap_or_else(|| panic!("no list in {said}"));
        let known: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
        let misplaced = |key: &&str| {
            (table == "defaults" && MISPLACED.contains(key)) || (table == "style" && NOT_IN_A_STYLE.contains(key))
        };
        let known: Vec<&str> = known.into_iter().filter(|key| !misplaced(key)).collect();
        let properties = properties(&schema, definition);
        let offered: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(known, offered, "the keys of {manifest}");
    }
}

#[test]
fn a_style_may_set_whatever_an_asset_may() {
    let schema = schema();
    let keys = |table: &str| properties(&schema, table).into_keys().collect::<Vec<_>>();
    let style: Vec<_> = keys("asset").into_iter().filter(|key| !NOT_IN_A_STYLE.contains(&key.as_str())).collect();
    assert_eq!(keys("style"), style);
    let defaults: Vec<_> = keys("asset").into_iter().filter(|key| !MISPLACED.contains(&key.as_str())).collect();
    assert_eq!(keys("defaults"), defaults);
}

#[test]
fn every_key_of_the_schema_has_a_description_and_an_example() {
    fn walk(schema: &Value, value: &Value, path: &str, seen: &mut usize) {
        let Some(entries) = value.as_object() else {
            value.as_array().into_iter().flatten().for_each(|item| walk(schema, item, path, seen));
            return;
        };
        for (key, property) in value["properties"].as_object().into_iter().flatten() {
            let property = looked_up(schema, property);
            let description = property["description"].as_str().unwrap_or_default();
            assert!(description.ends_with(['.', '?']), "{path}.{key} is described by {description:?}");
            assert!(property["examples"].as_array().is_some_and(|examples| !examples.is_empty()), "{path}.{key}");
            *seen += 1;
        }
        entries.iter().for_each(|(key, value)| walk(schema, value, &format!("{path}.{key}"), seen));
    }
    let schema = schema();
    let mut seen = 0;
    walk(&schema, &schema, "", &mut seen);
    assert!(seen > 100, "the keys were found: {seen}");
}

#[test]
fn every_reference_of_the_schema_leads_somewhere_and_every_definition_is_used() {
    let schema = schema();
    let text = schema.to_string();
    let targets: BTreeSet<&str> =
        text.split("\"$ref\":\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let definitions: BTreeSet<&str> =
        schema["$defs"].as_object().expect("there are definitions").keys().map(String::as_str).collect();
    assert_eq!(targets, definitions);
}

#[test]
fn the_schema_knows_every_wire_format_and_no_other() {
    let apis = Sandbox::new().run("models --apis --format json").success().value();
    let names: Vec<&Value> = apis["apis"].as_array().expect("a list").iter().map(|api| &api["name"]).collect();
    assert_eq!(schema()["$defs"]["api"]["enum"], json!(names));
}

#[test]
fn the_schema_needs_no_manifest_and_is_the_same_in_every_format() {
    let empty = Sandbox::new();
    let schema = empty.run("schema").success().stderr_is("");
    assert!(schema.stdout().starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\""));
    empty.run("schema --format json").success().stdout_is(schema.stdout());
    assert_eq!(empty.files(), Vec::<String>::new());
}

#[test]
fn the_schema_offers_nothing_that_does_not_work_in_this_version() {
    let schema = schema();
    let has = |definition: &str, key: &str| properties(&schema, definition).contains_key(key);
    for (definition, keys) in [("cache", vec!["remote"])] {
        for key in keys {
            assert!(!has(definition, key), "{definition}: {key}");
        }
    }
}
