//! Mistakes in the text as such, and how they are told: places, order, formats.

use super::{mistakes, mistakes_in};
use crate::sandbox::Sandbox;

#[test]
fn a_syntax_error() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = a red panda\n"), @r#"
    syntax

      × this is not TOML: string values must be quoted, expected literal string
       ╭─[images.toml:2:10]
     1 │ [assets.hero]
     2 │ prompt = a red panda
       ·          ─────┬─────
       ·               ╰── here
     3 │ 
       ╰────
      help: put it into quotes, like model = "placeholder"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_string_that_is_not_closed() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = \"a red panda\nmodel = \"placeholder\"\n"), @r#"
    syntax

      × this is not TOML: invalid basic string, expected `"`
       ╭─[images.toml:2:21]
     1 │ [assets.hero]
     2 │ prompt = "a red panda
       ·                     ┬
       ·                     ╰── here
     3 │ model = "placeholder"
       ╰────
      help: close it with a quote; a text of several lines begins and ends with
            three quotes

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_key_that_stands_twice() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a\"\nprompt = \"b\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    syntax

      × this is not TOML: `prompt` stands there twice
       ╭─[images.toml:4:1]
     3 │ prompt = "a"
     4 │ prompt = "b"
       · ───┬──
       ·    ╰── here
     5 │ 
       ╰────
      help: each key stands once in a table, and each table once in the file: take
            one of them out

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn several_errors_at_once_in_the_order_of_the_file() {
    let text = r#"
[defaults]
model = "placeholdr"
sise = "64x64"

[assets.hero]
promt = "a red panda"
n = "four"

[assets.moon]
prompt = "a moon"
quality = "best"
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-model

      × no model `placeholdr` is known
       ╭─[images.toml:2:9]
     1 │ [defaults]
     2 │ model = "placeholdr"
       ·         ──────┬─────
       ·               ╰── this model
     3 │ sise = "64x64"
       ╰────
      help: did you mean `placeholder`?

    unknown-key

      × unknown key `sise` in [defaults]
       ╭─[images.toml:3:1]
     2 │ model = "placeholdr"
     3 │ sise = "64x64"
       · ──┬─
       ·   ╰── not a key that belongs here
     4 │ 
       ╰────
      help: did you mean `size`?

    unknown-key

      × unknown key `promt` in [assets.hero]
       ╭─[images.toml:6:1]
     5 │ [assets.hero]
     6 │ promt = "a red panda"
       · ──┬──
       ·   ╰── not a key that belongs here
     7 │ n = "four"
       ╰────
      help: did you mean `prompt`?

    bad-type

      × `n` must be a whole number, not a string
       ╭─[images.toml:7:5]
     6 │ promt = "a red panda"
     7 │ n = "four"
       ·     ───┬──
       ·        ╰── expected a whole number
     8 │ 
       ╰────

    bad-value

      × `best` is no quality
        ╭─[images.toml:11:11]
     10 │ prompt = "a moon"
     11 │ quality = "best"
        ·           ───┬──
        ·              ╰── not this
     12 │ 
        ╰────
      help: write `auto`, `low`, `medium` or `high`

    error: 5 mistakes in images.toml
    "#);
}

#[test]
fn conflict_marks() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\n<<<<<<< HEAD\nprompt = \"a\"\n=======\nprompt = \"b\"\n>>>>>>> other\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    conflict

      × images.toml has conflict marks from a merge
       ╭─[images.toml:3:1]
     2 │ model = "placeholder"
     3 │ <<<<<<< HEAD
       · ──────┬─────
       ·       ╰── a merge stopped here
     4 │ prompt = "a"
       ╰────
      help: decide the merge, then run this again

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn somebody_elses_images_toml() {
    let text = "[package]\nname = \"picture-viewer\"\n\n[[image]]\nfile = \"a.png\"\n";
    insta::assert_snapshot!(mistakes(&Sandbox::new().manifest(text)), @r#"
    foreign-manifest

      × this images.toml isn't tintype's: it has none of its tables
       ╭─[images.toml:1:2]
     1 │ [package]
       ·  ───┬───
       ·     ╰── another tool's key
     2 │ name = "picture-viewer"
       ╰────
      help: tintype reads [assets.NAME] tables; keep its manifest under another
            name, with --manifest-path FILE

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn bytes_that_are_no_text() {
    let project = Sandbox::new().file("images.toml", b"[assets.hero]\nprompt = \"\xff\"\n");
    insta::assert_snapshot!(mistakes(&project), @"
    error: `images.toml`: it isn't UTF-8 text: line 2, column 11 has the byte 0xFF
      help: save the file as UTF-8
    ");
}

#[test]
fn control_characters_reach_no_terminal() {
    let text =
        "[assets.hero]\nmodel = \"\\u001b[31mplace\\u0007\\u202eholder\"\nprompt = \"a panda\"\n\"ke\\u001by\" = 1\n";
    let said = mistakes_in(text);
    assert!(
        said.chars().all(|character| character == '\n' || !character.is_control() && character != '\u{202e}'),
        "{said:?}"
    );
}

#[test]
fn a_long_line_and_wide_characters_are_pointed_into() {
    let text = format!(
        "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"{}\"\nsize = \"絵\" # {}\n",
        "x ".repeat(300),
        "y".repeat(200)
    );
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    bad-value

      × `絵` is no size
       ╭─[images.toml:4:8]
     3 │ prompt = "x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x …
     4 │ size = "絵" # yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
       ·        ──┬─
       ·          ╰── not this
     5 │ 
       ╰────
      help: write WIDTHxHEIGHT, like `1920x1080`, or a tier: `512`, `1K`, `2K`,
            `3K`, `4K`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn no_manifest_is_found() {
    let project = Sandbox::new();
    insta::assert_snapshot!(mistakes(&project), @"
    error: there is no images.toml in [sandbox]/project or in a folder above it
      help: `tintype init` writes one; --manifest-path names one elsewhere
    ");
    project.run("check --manifest-path nowhere.toml").code(2).stdout_is("").stderr_has("nowhere.toml");
}

#[test]
fn a_manifest_that_is_a_folder() {
    insta::assert_snapshot!(mistakes(&Sandbox::new().file("images.toml/x", "")), @"error: `[sandbox]/project/images.toml`: it is not a file");
}

#[test]
fn diagnostics_as_json_have_code_message_help_and_places() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"é\"\nsize = \"huge\"\nsed = 1\n";
    let project = Sandbox::new().manifest(text);
    for line in ["check", "plan", "sync", "list"] {
        let run = project.run(&format!("{line} --format json")).code(2).stdout_is("");
        let found = run.diagnostics();
        assert_eq!(found.len(), 2);
        for one in &found {
            let keys: Vec<&String> = one.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["code", "help", "labels", "message"]);
            let keys: Vec<&String> = one["labels"][0].as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["column", "file", "line", "text"]);
        }
        assert_eq!((&found[0]["code"], &found[1]["code"]), (&"bad-value".into(), &"unknown-key".into()));
        let place = |index: usize| (&found[index]["labels"][0]["line"], &found[index]["labels"][0]["column"]);
        assert_eq!((place(0), place(1)), ((&4.into(), &8.into()), (&5.into(), &1.into())));
        assert_eq!(found[0]["labels"][0]["file"], "images.toml");
        assert!(found[1]["help"].to_string().contains("`seed`"));
    }
}

#[test]
fn a_byte_order_mark_and_the_line_ends_of_windows_are_no_mistakes() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nsize = \"64x64\"\n";
    let project = Sandbox::new().manifest(&format!("\u{feff}{}", text.replace('\n', "\r\n")));
    project.run("sync").success().manifest(text).run("sync --locked").success();
    project.manifest(&format!("\u{feff}{}sed = 1\r\n", text.replace('\n', "\r\n")));
    let found = project.run("check --format json").code(2).diagnostics();
    assert_eq!((&found[0]["labels"][0]["line"], &found[0]["labels"][0]["column"]), (&5.into(), &1.into()));
}

#[test]
fn mistakes_of_every_kind_come_at_once() {
    let text = r#"
[assets.hero]
model = "seedraem-4.5"
prompt = "a red panda"
sed = 7

[assets.moon]
model = "seedream-4.5"
prompt = "a moon"
size = "64x64"
references = ["art/none.png"]

[providers.aisaa]
concurrency = 2
"#;
    let project = Sandbox::new().manifest(text);
    let found = project.run("check --format json").code(2).diagnostics();
    let codes: Vec<&str> = found.iter().filter_map(|one| one["code"].as_str()).collect();
    for code in ["unknown-model", "unknown-key", "bad-size", "missing-reference"] {
        assert!(codes.contains(&code), "`{code}` isn't among {codes:?}");
    }
}
