//! `show`: what came from where, and the asset written out.

use crate::projects::free;
use crate::sandbox::Sandbox;

/// Styles of an included file, a variable, a matrix and a row in one wording.
fn project() -> Sandbox {
    free(
        "include = [\"art/styles.toml\"]\n\n[vars]\npalette = \"muted earth\"\n\n\
         [assets.\"units/{{ unit }}-{{ side }}\"]\nrows = \"data/units.csv\"\nmatrix = { side = [\"east\"] }\n\
         prompt = \"{{ look }}, facing {{ side }}\"\nstyle = \"gouache\"\nseed = 7\n",
    )
    .edit(
        "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\ninclude = [\"art/styles.toml\"]",
        "include = [\"art/styles.toml\"]\n\n[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"",
    )
    .file("art/styles.toml", "[styles.gouache]\nprompt = \"{{ prompt }}, gouache, {{ palette }}\"\nquality = \"low\"\n")
    .file("data/units.csv", "unit,look\nheron,a grey heron\nadder,a green adder\n")
}

#[test]
fn show_says_what_came_from_where() {
    let run = project().run("show units/adder-east").success();
    insta::assert_snapshot!(run.stdout(), @r#"
    units/adder-east  generate

    prompt        a green adder, facing east, gouache, muted earth
      made of     {{ look }}, facing {{ side }}  asset, images.toml:13
                  {{ prompt }}, gouache, {{ palette }}  style gouache, art/styles.toml:2
      with        look = a green adder  row, data/units.csv:3
                  palette = muted earth  [vars], images.toml:8
                  side = east  matrix, images.toml:12
                  unit = adder  row, data/units.csv:3
    model         placeholder  from [defaults], images.toml:4
    size          64x64  from [defaults], images.toml:5
    seed          7
    quality       low  from style gouache, art/styles.toml:3
    fingerprint   b3:9a4002f5e0ba120e2121fcddbb27ed17370b2412d35ce295ff9f7544b4a6dc08
    route         placeholder: placeholder (placeholder) asked for 64x64, free
    files         assets/units/adder-east.png  not made yet

    written out, with nothing inherited:

    [assets."units/adder-east"]
    model = "placeholder"
    prompt = "a green adder, facing east, gouache, muted earth"
    size = "64x64"
    seed = 7
    quality = "low"
    output = { path = "units/adder-east.png", format = "png" }
    "#);
}

#[test]
fn show_says_the_same_as_json() {
    let shown = project().run("show units/adder-east --format json").success().value();
    let origin = &shown["origin"];
    let at =
        |value: &serde_json::Value| format!("{} {}:{}", value["table"], value["file"], value["line"]).replace('"', "");
    let wordings: Vec<String> = origin["wordings"].as_array().expect("a list").iter().map(at).collect();
    assert_eq!(wordings, ["asset images.toml:13", "style art/styles.toml:2"]);
    let variables = origin["variables"].as_array().expect("a list").iter();
    let variables: Vec<String> = variables.map(|one| format!("{} {} {}", one["name"], one["value"], at(one))).collect();
    assert_eq!(
        variables,
        [
            "\"look\" \"a green adder\" row data/units.csv:3",
            "\"palette\" \"muted earth\" vars images.toml:8",
            "\"side\" \"east\" matrix images.toml:12",
            "\"unit\" \"adder\" row data/units.csv:3"
        ]
    );
}

#[test]
fn what_show_writes_out_is_the_same_asset() {
    let project = project();
    let shown = project.run("show units/adder-east --format json").success().value();
    let entry = shown["entry"].as_str().expect("a text").to_string();
    let other = project.sibling("written-out").manifest(&entry);
    let again = other.run("show units/adder-east --format json").success().value();
    assert_eq!(again["fingerprint"], shown["fingerprint"]);
    assert_eq!(again["entry"], entry);
    // The picture of the one is the picture of the other.
    project.run("sync").success();
    other.run("plan --format json").success().json(|plan| assert_eq!(plan["assets"][0]["action"], "restore", "{plan}"));
}
