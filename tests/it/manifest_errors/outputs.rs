//! Mistakes in where outputs go.

use super::{mistakes_in, mistakes_with};
use crate::sandbox::{Sandbox, png};

/// An asset with this output.
fn with_output(output: &str) -> String {
    format!("[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\noutput = {output}\n")
}

#[test]
fn two_outputs_with_one_path_are_an_error_at_both() {
    let text = r#"
[defaults]
model = "placeholder"

[assets.hero]
prompt = "a panda"
output = "img/pic.png"

[assets.moon]
prompt = "a moon"
output = { path = "img/./pic.png", width = 32 }
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    same-output

      × `hero` and `moon` would make one file, `assets/img/pic.png`
        ╭─[images.toml:6:10]
      5 │ prompt = "a panda"
      6 │ output = "img/pic.png"
        ·          ──────┬──────
        ·                ╰── `hero`
      7 │ 
      8 │ [assets.moon]
      9 │ prompt = "a moon"
     10 │ output = { path = "img/./pic.png", width = 32 }
        ·                   ───────┬───────
        ·                          ╰── `moon`
     11 │ 
        ╰────
      help: give one of them another output path or another name

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn two_outputs_of_one_asset_with_one_path_are_an_error_at_both() {
    insta::assert_snapshot!(mistakes_in(&with_output("[\"pic.png\", { path = \"pic.png\", width = 32 }]")), @r#"
    same-output

      × two outputs of `hero` would be one file, `assets/pic.png`
       ╭─[images.toml:4:11]
     3 │ prompt = "a panda"
     4 │ output = ["pic.png", { path = "pic.png", width = 32 }]
       ·           ────┬────           ────┬────
       ·               │                   ╰── `hero`
       ·               ╰── `hero`
     5 │ 
       ╰────
      help: give one of them another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn two_outputs_of_one_asset_that_leave_their_path_open_are_each_pointed_at() {
    for output in ["[{}, {}]", "[{ width = 8 }, { width = 9 }]", "[{ widths = [8] }, \"hero-8w.png\"]"] {
        let found = Sandbox::new().manifest(&with_output(output)).run("check --format json").code(2).diagnostics();
        assert_eq!((found.len(), &found[0]["code"]), (1, &"same-output".into()), "{output}: {found:#?}");
        let columns: Vec<_> =
            found[0]["labels"].as_array().into_iter().flatten().map(|label| &label["column"]).collect();
        assert!(columns.len() == 2 && columns[0] != columns[1], "{output}: {found:#?}");
    }
}

#[test]
fn widths_that_make_no_file() {
    for (output, column) in [
        ("{ widths = [640, 640] }", 27),
        ("{ widths = [0] }", 22),
        ("{ widths = [16385] }", 22),
        ("{ widths = [-1] }", 22),
        ("{ width = 10, height = 1000, widths = [8, 640] }", 52),
    ] {
        let found = Sandbox::new().manifest(&with_output(output)).run("check --format json").code(2).diagnostics();
        assert_eq!(found.len(), 1, "{output}: {found:#?}");
        let places: Vec<_> =
            found[0]["labels"].as_array().into_iter().flatten().map(|label| &label["column"]).collect();
        assert!(found[0]["code"] == "bad-value" && places.contains(&&column.into()), "{output}: {found:#?}");
    }
    let found = Sandbox::new().manifest(&with_output("{ widths = [\"wide\"] }")).run("check --format json").code(2);
    assert_eq!(found.diagnostics()[0]["code"], "bad-type");
}

#[test]
fn outputs_that_are_equal_but_for_case() {
    let text =
        "[defaults]\nmodel = \"placeholder\"\n\n[assets.Hero]\nprompt = \"a\"\n\n[assets.hero]\nprompt = \"b\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    same-output

      × `assets/Hero.png` and `assets/hero.png` are one file on some systems: they
      │ differ in letter case, Unicode form or links
       ╭─[images.toml:4:9]
     3 │ 
     4 │ [assets.Hero]
       ·         ──┬─
       ·           ╰── `Hero`
     5 │ prompt = "a"
     6 │ 
     7 │ [assets.hero]
       ·         ──┬─
       ·           ╰── `hero`
     8 │ prompt = "b"
       ╰────
      help: give one of them another output path or another name

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn outputs_that_are_equal_but_for_the_form_of_a_letter() {
    let text = "[defaults]\nmodel = \"placeholder\"\n\n[assets.a]\nprompt = \"a\"\noutput = \"caf\u{e9}.png\"\n\n\
                [assets.b]\nprompt = \"b\"\noutput = \"cafe\u{301}.png\"\n";
    let found = Sandbox::new().manifest(text).run("check --format json").code(2).diagnostics();
    assert_eq!(found[0]["code"], "same-output");
    assert_eq!(found[0]["labels"].as_array().map(Vec::len), Some(2));
}

#[test]
fn all_takes_in_one_file() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nn = 2\npublish = \"all\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-value

      × `hero` publishes all takes into one file, `assets/hero.png`
       ╭─[images.toml:5:11]
     4 │ n = 2
     5 │ publish = "all"
       ·           ──┬──
       ·             ╰── all takes
     6 │ 
       ╰────
      help: put the take's number into the path: output =
            "{{ name }}-{{ take }}.{{ ext }}"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_path_with_two_dots() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"../../hero.png\"")), @r#"
    bad-path

      × an output can't be written to `assets/../../hero.png`: the path leaves the
      │ project: `..` can't stand in it
       ╭─[images.toml:4:10]
     3 │ prompt = "a panda"
     4 │ output = "../../hero.png"
       ·          ────────┬───────
       ·                  ╰── this path
     5 │ 
       ╰────
      help: write a path inside the project, with `/`, like output = "img/hero.png"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_path_below_a_folder_that_leaves_the_project() {
    let text = format!("[output]\ndir = \"../elsewhere\"\n\n{}", with_output("\"hero.png\""));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    bad-path

      × an output can't be written to `../elsewhere`: the path leaves the project:
      │ `..` can't stand in it
       ╭─[images.toml:2:7]
     1 │ [output]
     2 │ dir = "../elsewhere"
       ·       ───────┬──────
       ·              ╰── this path
     3 │ 
       ╰────
      help: write a path inside the project, with `/`, like output = "img/hero.png"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_path_that_no_system_takes() {
    for path in ["a\\\\b.png", "con.png", "what?.png", "hero.png ", "x/../y.png", "a:b.png", "tab\\there.png"] {
        let found = Sandbox::new().manifest(&with_output(&format!("\"{path}\""))).run("check --format json").code(2);
        let found = found.diagnostics();
        assert_eq!((&found[0]["code"], &found[0]["labels"][0]["line"]), (&"bad-path".into(), &4.into()), "{path}");
    }
}

#[test]
fn an_absolute_folder() {
    let text = format!("[output]\ndir = \"/tmp/pictures\"\n\n{}", with_output("\"hero.png\""));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    bad-path

      × an output can't be written to `/tmp/pictures`: the path leaves the project:
      │ it must be relative to the manifest's folder
       ╭─[images.toml:2:7]
     1 │ [output]
     2 │ dir = "/tmp/pictures"
       ·       ───────┬───────
       ·              ╰── this path
     3 │ 
       ╰────
      help: write a path inside the project, with `/`, like output = "img/hero.png"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_absolute_path_is_never_written_to() {
    let project = Sandbox::new();
    let place = project.root().join("outside/hero.png");
    project.manifest(&with_output(&format!("\"{}\"", place.display()))).run("sync");
    project.check_outside();
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_out_of_the_project() {
    let project = Sandbox::new();
    std::os::unix::fs::symlink(project.root().join("outside"), project.path("assets")).expect("a link");
    insta::assert_snapshot!(mistakes_with(&project, &with_output("\"hero.png\"")), @r#"
    bad-path

      × an output can't be written to `assets/hero.png`: `assets` is a link that
      │ leads out of the project
       ╭─[images.toml:4:10]
     3 │ prompt = "a panda"
     4 │ output = "hero.png"
       ·          ─────┬────
       ·               ╰── this path
     5 │ 
       ╰────
      help: write a path inside the project, with `/`, like output = "img/hero.png"

    error: 1 mistake in images.toml
    "#);
    project.check_outside();
}

#[cfg(unix)]
#[test]
fn two_folders_that_a_link_makes_one() {
    let project = Sandbox::new().file("assets/real/x.txt", "");
    std::os::unix::fs::symlink("real", project.path("assets/link")).expect("a link");
    let text = "[defaults]\nmodel = \"placeholder\"\n\n[assets.a]\nprompt = \"a\"\noutput = \"real/pic.png\"\n\n\
                [assets.b]\nprompt = \"b\"\noutput = \"link/pic.png\"\n";
    let found = project.manifest(text).run("check --format json").code(2).diagnostics();
    assert_eq!(found[0]["code"], "same-output");
}

#[test]
fn an_output_that_is_the_manifest() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("{ path = \"images.toml\", format = \"png\" }"));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    protected-path

      × `images.toml` can't be an output: it is the manifest
       ╭─[images.toml:7:19]
     6 │ prompt = "a panda"
     7 │ output = { path = "images.toml", format = "png" }
       ·                   ──────┬──────
       ·                         ╰── this path
     8 │ 
       ╰────
      help: choose another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_output_that_is_the_lockfile_in_other_letters() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("{ path = \"Images.Lock\", format = \"png\" }"));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    protected-path

      × `Images.Lock` can't be an output: it is the lockfile
       ╭─[images.toml:7:19]
     6 │ prompt = "a panda"
     7 │ output = { path = "Images.Lock", format = "png" }
       ·                   ──────┬──────
       ·                         ╰── this path
     8 │ 
       ╰────
      help: choose another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_output_in_tintypes_own_folder() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("\".tintype/hero.png\""));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    protected-path

      × `.tintype/hero.png` can't be an output: it lies in tintype's own folder
       ╭─[images.toml:7:10]
     6 │ prompt = "a panda"
     7 │ output = ".tintype/hero.png"
       ·          ─────────┬─────────
       ·                   ╰── this path
     8 │ 
       ╰────
      help: choose another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_output_in_the_cache() {
    let project = Sandbox::new().without_env("TINTYPE_CACHE_DIR");
    let text = format!("[cache]\ndir = \"assets/cache\"\n\n{}", with_output("\"cache/hero.png\""));
    insta::assert_snapshot!(mistakes_with(&project, &text), @r#"
    protected-path

      × `assets/cache/hero.png` can't be an output: it lies in the cache
       ╭─[images.toml:7:10]
     6 │ prompt = "a panda"
     7 │ output = "cache/hero.png"
       ·          ────────┬───────
       ·                  ╰── this path
     8 │ 
       ╰────
      help: choose another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_output_that_is_a_reference_or_a_source() {
    let project = Sandbox::new()
        .file("assets/panda.png", png(2, 2, [0, 0, 0, 255]))
        .file("assets/badge.png", png(2, 2, [9, 9, 9, 255]));
    let text = r#"
[assets.panda]
model = "placeholder"
prompt = "a panda"
references = ["assets/panda.png"]

[assets.badge]
source = "assets/badge.png"
"#;
    insta::assert_snapshot!(mistakes_with(&project, text), @r#"
    protected-path

      × `assets/panda.png` can't be an output: it is a reference or a source
       ╭─[images.toml:1:9]
     1 │ [assets.panda]
       ·         ──┬──
       ·           ╰── this path
     2 │ model = "placeholder"
       ╰────
      help: choose another path

    protected-path

      × `assets/badge.png` can't be an output: it is a reference or a source
       ╭─[images.toml:6:9]
     5 │ 
     6 │ [assets.badge]
       ·         ──┬──
       ·           ╰── this path
     7 │ source = "assets/badge.png"
       ╰────
      help: choose another path

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn an_output_that_is_the_file_with_the_keys() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("{ path = \".env\", format = \"png\" }"));
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    protected-path

      × `.env` can't be an output: it holds keys
       ╭─[images.toml:7:19]
     6 │ prompt = "a panda"
     7 │ output = { path = ".env", format = "png" }
       ·                   ───┬──
       ·                      ╰── this path
     8 │ 
       ╰────
      help: choose another path

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_format_that_tintype_cannot_write() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"hero.gif\"")), @r#"
    bad-value

      × tintype can't write .gif files
       ╭─[images.toml:4:10]
     3 │ prompt = "a panda"
     4 │ output = "hero.gif"
       ·          ─────┬────
       ·               ╰── this path
     5 │ 
       ╰────
      help: write .png, .jpg, .webp or .avif

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_template_that_knows_no_such_word() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"{{ nmae }}.png\"")), @r#"
    bad-template

      × this template's variable `nmae` is unknown
       ╭─[images.toml:4:14]
     3 │ prompt = "a panda"
     4 │ output = "{{ nmae }}.png"
       ·              ──┬─
       ·                ╰── this variable
     5 │ 
       ╰────
      help: did you mean `name`? a path's template knows name, ext, take and, where
            they are set, width and cell

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_template_that_never_ends() {
    let text = with_output("\"{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}.png\"");
    let run = Sandbox::new().manifest(&text).run("check").code(2);
    assert!(run.took() < std::time::Duration::from_secs(20), "{:?}", run.took());
}
