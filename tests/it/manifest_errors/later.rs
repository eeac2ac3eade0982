//! What the manifest will know and this version refuses by name.

use super::mistakes_in;
use crate::sandbox::Sandbox;

#[test]
fn a_key_that_is_not_built_yet() {
    let text = r#"
[draft]
quality = "low"

[assets.hero]
model = "placeholder"
prompt = "a panda"
background = "transparent"
output = { crop = [640, 1280] }
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    not-yet

      × `draft` in the manifest doesn't work in this version of tintype
       ╭─[images.toml:1:2]
     1 │ [draft]
       ·  ──┬──
       ·    ╰── not yet
     2 │ quality = "low"
       ╰────
      help: take it out for now: tintype refuses what it can't carry out rather than
            ignoring it

    not-yet

      × `crop` in the output of [assets.hero] doesn't work in this version of
      │ tintype
       ╭─[images.toml:8:12]
     7 │ background = "transparent"
     8 │ output = { crop = [640, 1280] }
       ·            ──┬─
       ·              ╰── not yet
     9 │ 
       ╰────
      help: take it out for now: tintype refuses what it can't carry out rather than
            ignoring it

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_format_that_is_not_built_yet() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a panda"
output = { format = "avif" }
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    not-yet

      × the format `avif` doesn't work in this version of tintype
       ╭─[images.toml:4:21]
     3 │ prompt = "a panda"
     4 │ output = { format = "avif" }
       ·                     ───┬──
       ·                        ╰── not yet
     5 │ 
       ╰────
      help: take it out for now: tintype refuses what it can't carry out rather than
            ignoring it

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn every_key_that_is_not_built_yet_is_refused_by_name() {
    let outputs = [
        "lossless",
        "filter",
        "crop",
        "pad",
        "rotate",
        "flip",
        "trim",
        "chroma_key",
        "background",
        "colors",
        "grid",
        "max_bytes",
    ];
    let tables = ["draft", "atlases", "codegen"];
    let asset = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n";
    let texts = outputs.into_iter().map(|key| (key, format!("{asset}output = {{ {key} = 1 }}\n")));
    for (key, text) in texts.chain(tables.map(|key| (key, format!("{key} = 1\n\n{asset}")))) {
        let project = Sandbox::new().manifest(&text);
        let diagnostics = project.run("check --format json").code(2).diagnostics();
        let codes: Vec<&str> = diagnostics.iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes, ["not-yet"], "{key}");
        assert!(diagnostics[0]["message"].to_string().contains(&format!("`{key}`")), "{key}: {diagnostics:#?}");
    }
}
