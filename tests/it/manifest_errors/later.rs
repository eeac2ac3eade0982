//! What the manifest will know and this version refuses by name.

use super::mistakes_in;
use crate::sandbox::Sandbox;

#[test]
fn a_key_that_is_not_built_yet() {
    let text = r#"
[codegen]
rust = "src/images.rs"

[assets.hero]
model = "placeholder"
prompt = "a panda"
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    not-yet

      × `codegen` in the manifest doesn't work in this version of tintype
       ╭─[images.toml:1:2]
     1 │ [codegen]
       ·  ───┬───
       ·     ╰── not yet
     2 │ rust = "src/images.rs"
       ╰────
      help: take it out for now: tintype refuses what it can't carry out rather than
            ignoring it

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn every_key_that_is_not_built_yet_is_refused_by_name() {
    let tables = ["atlases", "codegen"];
    let asset = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n";
    for (key, text) in tables.map(|key| (key, format!("{key} = 1\n\n{asset}"))) {
        let project = Sandbox::new().manifest(&text);
        let diagnostics = project.run("check --format json").code(2).diagnostics();
        let codes: Vec<&str> = diagnostics.iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes, ["not-yet"], "{key}");
        assert!(diagnostics[0]["message"].to_string().contains(&format!("`{key}`")), "{key}: {diagnostics:#?}");
    }
}
