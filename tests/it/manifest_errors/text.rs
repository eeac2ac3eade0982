//! Mistakes that are seen in the text alone: syntax, keys, types, values.

use super::{mistakes, mistakes_in};
use crate::sandbox::Sandbox;

#[test]
fn a_syntax_error() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = a red panda\n"), @"");
}

#[test]
fn a_string_that_is_not_closed() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = \"a red panda\nmodel = \"placeholder\"\n"), @"");
}

#[test]
fn a_key_that_stands_twice() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a\"\nprompt = \"b\"\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
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
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn an_unknown_key_with_the_nearest_known_one() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nqualty = \"high\"\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn an_unknown_key_that_is_near_to_none() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nzzzzzz = 1\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn an_unknown_table() {
    insta::assert_snapshot!(mistakes_in("[asets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n"), @"");
}

#[test]
fn an_unknown_key_of_an_output() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\noutput = { widht = 32 }\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_value_of_the_wrong_type() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = 7\nseed = \"7\"\nhold = \"yes\"\noutput = true\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn values_that_do_not_do() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a panda"
size = "2048×2048"
aspect_ratio = "wide"
quality = "hihg"
publish = "both"
n = 0
seed = -1
output = { fit = "covr", width = 0, quality = 101 }
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn an_amount_that_is_negative() {
    insta::assert_snapshot!(mistakes_in("[budget]\nmax_cost_usd = -1\n\n[assets]\n"), @"");
}

#[test]
fn a_key_that_is_not_built_yet() {
    let text = r#"
include = ["art/*.toml"]

[assets.hero]
model = "placeholder"
prompt = "a panda"
style = "gouache"
background = "transparent"
output = { widths = [640, 1280] }
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_format_and_a_list_of_outputs_that_are_not_built_yet() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a {{ colour }} panda"
output = { format = "avif" }

[assets.moon]
model = "placeholder"
prompt = "a moon"
output = ["a.png", "b.png"]
references = ["https://example.com/a.png"]
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn every_key_that_is_not_built_yet_is_refused_by_name() {
    let assets = ["style", "prompt_file", "negative_prompt", "background", "matrix", "rows"];
    let outputs = [
        "lossless", "filter", "widths", "crop", "pad", "rotate", "flip", "trim", "chroma_key", "background", "colors",
        "grid", "max_bytes",
    ];
    let tables = ["include", "vars", "data", "styles", "draft", "atlases", "codegen"];
    let asset = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n";
    let texts = assets.map(|key| (key, format!("{asset}{key} = \"x\"\n")));
    let texts = texts.into_iter().chain(outputs.map(|key| (key, format!("{asset}output = {{ {key} = 1 }}\n"))));
    for (key, text) in texts.chain(tables.map(|key| (key, format!("{key} = 1\n\n{asset}")))) {
        let project = Sandbox::new().manifest(&text);
        let diagnostics = project.run("check --format json").code(2).diagnostics();
        let codes: Vec<&str> = diagnostics.iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes, ["not-yet"], "{key}");
        assert!(diagnostics[0]["message"].to_string().contains(&format!("`{key}`")), "{key}: {diagnostics:#?}");
    }
}

#[test]
fn a_nested_table_from_an_unquoted_dot() {
    insta::assert_snapshot!(mistakes_in("[assets.ui.button]\nmodel = \"placeholder\"\nprompt = \"a button\"\n"), @"");
}

#[test]
fn a_name_that_is_none() {
    insta::assert_snapshot!(mistakes_in("[assets.\"ui button.png\"]\nmodel = \"placeholder\"\nprompt = \"a\"\n"), @"");
}

#[test]
fn assets_of_the_wrong_type() {
    insta::assert_snapshot!(mistakes_in("assets = [\"hero\", \"moon\"]\n"), @"");
    insta::assert_snapshot!(mistakes_in("[[assets]]\nname = \"hero\"\n"), @"");
}

#[test]
fn a_key_that_belongs_to_one_asset_among_the_defaults() {
    insta::assert_snapshot!(mistakes_in("[defaults]\nprompt = \"a panda\"\nalt = \"x\"\n\n[assets]\n"), @"");
}

#[test]
fn an_empty_prompt_and_none_at_all() {
    let text = r#"
[defaults]
model = "placeholder"

[assets.empty]
prompt = ""

[assets.blank]
prompt = """

  """

[assets.none]
seed = 7
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn conflict_marks() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\n<<<<<<< HEAD\nprompt = \"a\"\n=======\nprompt = \"b\"\n>>>>>>> other\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn somebody_elses_images_toml() {
    let text = "[package]\nname = \"picture-viewer\"\n\n[[image]]\nfile = \"a.png\"\n";
    insta::assert_snapshot!(mistakes(&Sandbox::new().manifest(text)), @"");
}

#[test]
fn bytes_that_are_no_text() {
    let project = Sandbox::new().file("images.toml", b"[assets.hero]\nprompt = \"\xff\"\n");
    insta::assert_snapshot!(mistakes(&project), @"");
}

#[test]
fn control_characters_reach_no_terminal() {
    let text = "[assets.hero]\nmodel = \"\\u001b[31mplace\\u0007\\u202eholder\"\nprompt = \"a panda\"\n\"ke\\u001by\" = 1\n";
    let said = mistakes_in(text);
    assert!(said.chars().all(|character| character == '\n' || !character.is_control() && character != '\u{202e}'), "{said:?}");
}

#[test]
fn a_long_line_and_wide_characters_are_pointed_into() {
    let text = format!("[assets.hero]\nmodel = \"placeholder\"\nprompt = \"{}\"\nsize = \"絵\" # {}\n", "x ".repeat(300), "y".repeat(200));
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn no_manifest_is_found() {
    let project = Sandbox::new();
    insta::assert_snapshot!(mistakes(&project), @"");
    project.run("check --manifest-path nowhere.toml").code(2).stdout_is("").stderr_has("nowhere.toml");
}

#[test]
fn a_manifest_that_is_a_folder() {
    insta::assert_snapshot!(mistakes(&Sandbox::new().file("images.toml/x", "")), @"");
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
