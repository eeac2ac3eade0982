//! Files that a manifest names: absent, a folder, outside, of other bytes, empty; and mistakes inside them.

use crate::manifest_errors::mistakes;
use crate::sandbox::Sandbox;

const FREE: &str = "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n";
const ALL: &str = r#"include = ["i.toml"]
[data]
d = "d.json"
[assets."{{ id }}"]
prompt = "x"
rows = "u.csv"
[assets.p]
prompt_file = "p.md"
[assets.r]
prompt = "x"
references = ["r.png"]
[assets.s]
source = "s.png"
"#;
const NAMES: [&str; 6] = ["i.toml", "d.json", "u.csv", "p.md", "r.png", "s.png"];

fn all() -> Sandbox {
    Sandbox::new().manifest(&format!("{ALL}{FREE}"))
}

/// What is said, without the lines that show the place.
#[track_caller]
fn words(project: &Sandbox) -> String {
    let found = project.run("check --format json").code(2).diagnostics();
    let one = |one: &serde_json::Value| {
        let label = &one["labels"][0];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_string();
        format!(
            "{}:{}:{} {}: {} ({})\n",
            text(&label["file"]),
            label["line"],
            label["column"],
            text(&one["code"]),
            text(&one["message"]),
            text(&one["help"])
        )
    };
    found.iter().map(one).collect()
}

#[test]
fn files_that_are_not_there() {
    insta::assert_snapshot!(words(&all()), @"
    images.toml:1:12 missing-file: no file is called `i.toml` (paths start at the folder of images.toml)
    images.toml:3:5 missing-file: `d.json` can't be read: there is no such file (paths start at the folder of images.toml)
    images.toml:6:8 missing-file: `u.csv` can't be read: there is no such file (paths start at the folder of images.toml)
    images.toml:8:15 missing-file: the prompt file `p.md` can't be read: there is no such file (paths start at the folder of images.toml)
    images.toml:11:15 missing-reference: the reference `r.png` can't be read: there is no such file (paths start at the folder of images.toml)
    images.toml:13:10 missing-reference: the source `s.png` can't be read: there is no such file (paths start at the folder of images.toml)
    ");
}

#[test]
fn folders_where_files_should_be() {
    let project = NAMES.iter().fold(all(), |project, name| project.file(&format!("{name}/x"), ""));
    insta::assert_snapshot!(words(&project), @"
    images.toml:1:12 missing-file: no file is called `i.toml` (paths start at the folder of images.toml)
    images.toml:3:5 bad-file: `d.json` can't be read: it is a folder (name a file)
    images.toml:6:8 bad-file: `u.csv` can't be read: it is a folder (name a file)
    images.toml:8:15 bad-file: the prompt file `p.md` can't be read: it is a folder (name a file)
    images.toml:11:15 bad-reference: the reference `r.png` can't be read: it is a folder (name a file)
    images.toml:13:10 bad-reference: the source `s.png` can't be read: it is a folder (name a file)
    ");
}

#[test]
fn empty_files() {
    let project = NAMES.iter().fold(all(), |project, name| project.file(name, ""));
    insta::assert_snapshot!(words(&project), @r#"
    d.json:1:1 syntax: this is not JSON: the file ends in the middle (what was opened with [, { or " must be closed)
    images.toml:11:15 bad-reference: the reference `r.png` is not an image (empty) (a picture is needed here: png, jpeg, webp, gif and svg are read)
    images.toml:13:10 bad-reference: the source `s.png` is not an image (empty) (a picture is needed here: png, jpeg, webp, gif and svg are read)
    p.md:1:1 bad-value: the prompt of `p` is empty (say what to draw)
    u.csv:1:1 bad-rows: `u.csv` is empty (its first line names the columns; a file without such a line has them named by `columns`)
    "#);
}

#[test]
fn bytes_that_are_no_text() {
    let project = NAMES.iter().fold(all(), |project, name| project.file(name, b"a,b\nc,\xe4\n"));
    insta::assert_snapshot!(words(&project), @r#"
    d.json:2:3 bad-data-file: `d.json` can't be read: it isn't UTF-8 text: line 2, column 3 has the byte 0xE4 (save the file as UTF-8)
    images.toml:1:12 bad-file: the included file `i.toml` can't be read: it isn't UTF-8 text: line 2, column 3 has the byte 0xE4 (save the file as UTF-8)
    images.toml:8:15 bad-file: the prompt file `p.md` can't be read: it isn't UTF-8 text: line 2, column 3 has the byte 0xE4 (save the file as UTF-8)
    images.toml:11:15 bad-reference: the reference `r.png` is not an image (its first bytes are no format that is known) (a picture is needed here: png, jpeg, webp, gif and svg are read)
    images.toml:13:10 bad-reference: the source `s.png` is not an image (its first bytes are no format that is known) (a picture is needed here: png, jpeg, webp, gif and svg are read)
    u.csv:2:3 bad-data-file: `u.csv` can't be read: it isn't UTF-8 text: line 2, column 3 has the byte 0xE4 (save the file as UTF-8; spreadsheets call it "CSV UTF-8")
    "#);
    let project = NAMES.iter().fold(all(), |project, name| project.file(name, b"\xff\xfea\0"));
    assert_eq!(words(&project).matches("it begins like UTF-16").count(), 4, "{}", words(&project));
}

#[cfg(unix)]
#[test]
fn links_that_lead_outside() {
    let project = all();
    for name in NAMES {
        std::os::unix::fs::symlink("../outside/canary.txt", project.path(name)).expect("nothing is there yet");
    }
    insta::assert_snapshot!(words(&project), @"
    images.toml:1:12 bad-file: the included file `i.toml` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    images.toml:3:5 bad-file: `d.json` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    images.toml:6:8 bad-file: `u.csv` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    images.toml:8:15 bad-file: the prompt file `p.md` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    images.toml:11:15 bad-reference: the reference `r.png` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    images.toml:13:10 bad-reference: the source `s.png` can't be read: the path leaves the project through a link (copy the file into the project: a link may lead to other places of it, not out of it)
    ");
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_file() {
    let mark = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let project = Sandbox::new()
        .manifest(&mark(&format!("{ALL}{FREE}")))
        .file("i.toml", mark("[assets.i]\nprompt = \"an i\"\n"))
        .file("d.json", mark("{\"a\": 1}\n"))
        .file("u.csv", mark("id,look\na,b\n"))
        .file("p.md", mark("a fox\n"))
        .edit("[assets.r]\r\nprompt = \"x\"\r\nreferences = [\"r.png\"]\r\n[assets.s]\r\nsource = \"s.png\"\r\n", "");
    project.run("check").success();
    let shown = project.run("show p --format json").success().value();
    assert_eq!(shown["prompt"], "a fox");
    project.manifest("\u{feff}sed = 1\n[assets]\n");
    assert!(words(&project).starts_with("images.toml:1:1 "), "{}", words(&project));
}

#[test]
fn an_included_file_with_an_include_of_its_own() {
    let project = Sandbox::new()
        .manifest(&format!("include = [\"*.toml\"]\n{FREE}"))
        .file("a.toml", "include = [\"a.toml\"]\n[assets.hero]\nprompt = \"x\"\n");
    insta::assert_snapshot!(mistakes(&project), @r#"
    misplaced-key

      × an included file has only [vars], [styles] and [assets]
       ╭─[a.toml:1:1]
     1 │ include = ["a.toml"]
       · ───┬───
       ·    ╰── not here
     2 │ [assets.hero]
       ╰────
      help: move it into the manifest that includes this file

    error: 1 mistake in a.toml
    "#);
}

#[test]
fn a_style_of_an_included_file_is_shown_there() {
    let project = Sandbox::new().manifest(&format!("include = [\"art/*.toml\"]\n{FREE}")).file(
        "art/b.toml",
        "[vars]\npalette = \"muted\"\n[styles.s]\nprompt = \"{{ prompt }}, {{ palete }}\"\n\
         [assets.\"{{ i }}\"]\nprompt = \"p\"\nstyle = \"s\"\nmatrix = { i = [\"a\", \"b\"] }\n",
    );
    insta::assert_snapshot!(mistakes(&project), @r#"
    bad-template

      × this template's variable `palete` is unknown (where i is a, and 1 more)
       ╭─[art/b.toml:4:28]
     3 │ [styles.s]
     4 │ prompt = "{{ prompt }}, {{ palete }}"
       ·                            ───┬──
       ·                               ╰── this variable
     5 │ [assets."{{ i }}"]
       ╰────
      help: did you mean `palette`? Known here are `data`, `i`, `name`, `palette`,
            `prompt`

    error: 1 mistake in art/b.toml
    "#);
}

#[test]
fn mistakes_of_several_files_come_in_order_and_hide_none() {
    let manifest = "include = [\"art/*.toml\"]\n[assets.\"{{ id }}\"]\nprompt = \"{{ lok }}\"\nrows = \"u.csv\"\nsed = 1\n\
                    [assets.z]\nprompt = \"x\"\nrows = \"bad.csv\"\n[assets.y]\nprompt = \"x\"\nstyle = \"nope\"\n";
    let project = Sandbox::new()
        .manifest(&format!("{manifest}{FREE}"))
        .file("art/b.toml", "[assets.k]\nprompt = \"x\"\npromt = \"y\"\n[assets.l]\nprompt = \"{{ oops }}\"\n")
        .file("u.csv", "id,look\na,b\n\u{e4},c\n")
        .file("bad.csv", "id\na,b\n\"c\n");
    insta::assert_snapshot!(words(&project), @r#"
    art/b.toml:3:1 unknown-key: unknown key `promt` in [assets.k] (did you mean `prompt`?)
    art/b.toml:5:14 bad-template: this template's variable `oops` is unknown (known here are `data`, `name`)
    bad.csv:2:3 bad-rows: line 2 has 2 cells where the head has 1 (a cell with a comma in it stands in quotes ("..."))
    bad.csv:3:1 syntax: a quoted cell isn't closed before the end of the file (close it with a quote; a quote inside the cell is written twice)
    images.toml:2:9 bad-name: `ä` is no name for an asset: `ä` can't stand in a name (in row 2 of u.csv) (`{{ value | slug }}` makes a name of any text)
    images.toml:3:14 bad-template: this template's variable `lok` is unknown (in row 1 of u.csv and 1 more) (did you mean `look`? Known here are `data`, `id`, `look`, `name`)
    images.toml:5:1 unknown-key: unknown key `sed` in [assets."{{ id }}"] (did you mean `seed`?)
    images.toml:11:9 unknown-style: no style `nope` is declared (declare it: [styles.nope] prompt = "{{ prompt }}, …")
    "#);
}

#[test]
fn values_ten_thousand_deep_overflow_nothing() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let tables = format!("{}1{}", "{a=".repeat(10_000), "}".repeat(10_000));
    let dots = vec!["a"; 20_000].join(".");
    let hero = "[assets.hero]\nprompt = \"x\"\n";
    for value in [format!("seed = {open}{close}"), format!("seed = {tables}"), format!("options.{dots} = 1")] {
        let said = words(&Sandbox::new().manifest(&format!("{hero}{value}\n{FREE}")));
        assert!(said.contains("too deep in each other"), "{said}");
    }
    let rows = |name: &str| format!("[assets.\"{{{{ id }}}}\"]\nprompt = \"x\"\nrows = \"{name}\"\n{FREE}");
    for (name, text) in [
        ("u.json", format!("{open}{close}")),
        ("u.toml", format!("a = {open}{close}")),
        ("u.toml", format!("{dots} = 1")),
    ] {
        let said = words(&Sandbox::new().manifest(&rows(name)).file(name, text));
        assert!(said.contains("syntax: "), "{said}");
    }
}
