//! Mistakes in one asset of many: the cell of the matrix or the row is named, and shown in its file.

use crate::manifest_errors::mistakes;
use crate::sandbox::Sandbox;

const ROWS: &str = "[assets.\"{{ id }}\"]\nprompt = \"{{ look }}\"\nrows = \"u.csv\"\n";
const FREE: &str = "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n";

#[track_caller]
fn with_rows(manifest: &str, rows: &str) -> String {
    mistakes(&Sandbox::new().manifest(&format!("{manifest}{FREE}")).file("u.csv", rows))
}

#[test]
fn two_rows_of_one_name_are_both_shown() {
    insta::assert_snapshot!(with_rows(ROWS, "id,look\na,red\nb,x\na,blue\n"), @r#"
    same-name

      × two assets are called `a`
       ╭─[images.toml:1:9]
     1 │ [assets."{{ id }}"]
       ·         ─────┬────
       ·              ╰── row 1 of u.csv and row 3 of u.csv
     2 │ prompt = "{{ look }}"
       ╰────
       ╭─[u.csv:2:1]
     1 │ id,look
     2 │ a,red
       · ──┬──
       ·   ╰── row 1
     3 │ b,x
     4 │ a,blue
       · ───┬──
       ·    ╰── row 3
       ╰────
      help: put what tells them apart into the name, like
            [assets."{{ item }}-{{ look }}"]

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_row_and_another_table_of_one_name() {
    insta::assert_snapshot!(with_rows(&format!("[assets.a]\nprompt = \"a fox\"\n{ROWS}"), "id,look\na,red\n"), @r#"
    same-name

      × two assets are called `a`
       ╭─[images.toml:1:9]
     1 │ [assets.a]
       ·         ┬
       ·         ╰── the first one
     2 │ prompt = "a fox"
     3 │ [assets."{{ id }}"]
       ·         ─────┬────
       ·              ╰── row 1 of u.csv
     4 │ prompt = "{{ look }}"
       ╰────
       ╭─[u.csv:2:1]
     1 │ id,look
     2 │ a,red
       · ──┬──
       ·   ╰── row 1
       ╰────
      help: put what tells them apart into the name, like
            [assets."{{ item }}-{{ look }}"]

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn what_is_wrong_with_every_row_is_said_once() {
    let rows: String = (0..1234).map(|number| format!("a{number},red\n")).collect();
    insta::assert_snapshot!(with_rows(&ROWS.replace("look", "lok"), &format!("id,look\n{rows}")), @r#"
    bad-template

      × this template's variable `lok` is unknown (in row 1 of u.csv and 1,233 more)
       ╭─[images.toml:2:14]
     1 │ [assets."{{ id }}"]
     2 │ prompt = "{{ lok }}"
       ·              ─┬─
       ·               ╰── this variable
     3 │ rows = "u.csv"
       ╰────
       ╭─[u.csv:2:1]
     1 │ id,look
     2 │ a0,red
       · ───┬──
       ·    ╰── row 1
     3 │ a1,red
       ╰────
      help: did you mean `look`? Known here are `data`, `id`, `look`, `name`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_cell_of_the_matrix_that_lacks_a_field() {
    let text = "[assets.\"{{ m.id }}\"]\nprompt = \"a {{ m.look }} thing\"\n\
                matrix = { m = [{ id = \"iron\", look = \"dark\" }, { id = \"gold\", lok = \"old\" }] }\n";
    insta::assert_snapshot!(with_rows(text, ""), @r#"
    bad-template

      × this template can't be rendered: `m.look` is undefined (where m is gold)
       ╭─[images.toml:2:16]
     1 │ [assets."{{ m.id }}"]
     2 │ prompt = "a {{ m.look }} thing"
       ·                ───┬──
       ·                   ╰── here
     3 │ matrix = { m = [{ id = "iron", look = "dark" }, { id = "gold", lok = "old"…
       ╰────
      help: what it names isn't there: `{{ x.y | default('') }}` does without

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_value_of_one_row_that_does_not_do() {
    let text = format!("{ROWS}size = \"{{{{ look }}}}\"\nmodel = \"seedream-4.5\"\n");
    insta::assert_snapshot!(with_rows(&text, "id,look\na,2K\nb,huge\nc,64x64\n"), @r#"
    bad-value

      × `huge` is no size (in row 2 of u.csv)
       ╭─[images.toml:4:8]
     3 │ rows = "u.csv"
     4 │ size = "{{ look }}"
       ·        ──────┬─────
       ·              ╰── not this
     5 │ model = "seedream-4.5"
       ╰────
       ╭─[u.csv:3:1]
     2 │ a,2K
     3 │ b,huge
       · ───┬──
       ·    ╰── row 2
     4 │ c,64x64
       ╰────
      help: write WIDTHxHEIGHT, like `1920x1080`, or a tier: `512`, `1K`, `2K`,
            `3K`, `4K`

    bad-size

      × seedream-4.5 can't draw `64x64` for `c`: at least 3,686,400 pixels are
      │ needed, 64x64 has 4,096 (in row 3 of u.csv)
       ╭─[images.toml:4:8]
     3 │ rows = "u.csv"
     4 │ size = "{{ look }}"
       ·        ──────┬─────
       ·              ╰── this size
     5 │ model = "seedream-4.5"
       ╰────
       ╭─[u.csv:4:1]
     3 │ b,huge
     4 │ c,64x64
       · ───┬───
       ·    ╰── row 3
       ╰────
      help: the nearest size that works is 1920x1920: write size = "1920x1920", and
            for files of 64x64 add output = { width = 64, height = 64 }

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_reference_that_one_row_lacks() {
    let text = format!("{ROWS}references = [\"art/{{{{ id }}}}.png\"]\n");
    insta::assert_snapshot!(with_rows(&text, "id,look\nfox,red\n"), @r#"
    missing-reference

      × the reference `art/fox.png` can't be read: there is no such file (in row 1
      │ of u.csv)
       ╭─[images.toml:4:15]
     3 │ rows = "u.csv"
     4 │ references = ["art/{{ id }}.png"]
       ·               ─────────┬────────
       ·                        ╰── this file
     5 │ [defaults]
       ╰────
       ╭─[u.csv:2:1]
     1 │ id,look
     2 │ fox,red
       · ───┬───
       ·    ╰── row 1
       ╰────
      help: paths start at the folder of images.toml

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_hundred_references_are_shown_in_part_and_told_whole() {
    let rows: String = (0..100).map(|number| format!("a{number},red\n")).collect();
    let manifest = format!("{ROWS}references = [\"art/{{{{ id }}}}.png\"]\n{FREE}");
    let project = Sandbox::new().manifest(&manifest).file("u.csv", format!("id,look\n{rows}"));
    let run = project.run("check").code(2).stderr_has("90 more mistakes like these, which --format json shows");
    run.stderr_has("error: 100 mistakes in images.toml");
    assert_eq!(project.run("check --format json").code(2).diagnostics().len(), 100);
}

#[test]
fn a_name_that_one_row_makes_is_none() {
    insta::assert_snapshot!(with_rows(ROWS, "id,look\na,red\n\u{e4} b,blue\n"), @r#"
    bad-name

      × `ä b` is no name for an asset: `ä` can't stand in a name (in row 2 of u.csv)
       ╭─[images.toml:1:9]
     1 │ [assets."{{ id }}"]
       ·         ─────┬────
       ·              ╰── this name
     2 │ prompt = "{{ look }}"
       ╰────
       ╭─[u.csv:3:1]
     2 │ a,red
     3 │ ä b,blue
       · ────┬───
       ·     ╰── row 2
       ╰────
      help: `{{ value | slug }}` makes a name of any text

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn columns_that_hide_reserved_names() {
    insta::assert_snapshot!(with_rows(ROWS, "id,look,width,ext\na,red,1,2\n"), @r#"
    reserved-name

      × the rows of [assets."{{ id }}"] have `ext`, which templates know already
       ╭─[images.toml:3:8]
     2 │ prompt = "{{ look }}"
     3 │ rows = "u.csv"
       ·        ───┬───
       ·           ╰── these rows
     4 │ [defaults]
       ╰────
      help: call it something else in the file, or name a csv's columns with
            `columns`

    reserved-name

      × the rows of [assets."{{ id }}"] have `width`, which templates know already
       ╭─[images.toml:3:8]
     2 │ prompt = "{{ look }}"
     3 │ rows = "u.csv"
       ·        ───┬───
       ·           ╰── these rows
     4 │ [defaults]
       ╰────
      help: call it something else in the file, or name a csv's columns with
            `columns`

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_matrix_that_explodes() {
    let numbers: Vec<u32> = (0..100).collect();
    let text = format!(
        "[vars]\nv = {numbers:?}\n[assets.\"{{{{ a }}}}\"]\nprompt = \"x\"\n\
         matrix = {{ a = \"{{{{ v }}}}\", b = \"{{{{ v }}}}\", c = \"{{{{ v }}}}\" }}\n"
    );
    insta::assert_snapshot!(with_rows(&text, ""), @r#"
    too-many

      × [assets."{{ a }}"] makes about 1,000,000 assets; a manifest has at most
      │ 100,000
       ╭─[images.toml:5:10]
     4 │ prompt = "x"
     5 │ matrix = { a = "{{ v }}", b = "{{ v }}", c = "{{ v }}" }
       ·          ───────────────────────┬───────────────────────
       ·                                 ╰── this matrix
     6 │ [defaults]
       ╰────
      help: take values out of it

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_number_where_a_row_should_have_a_text_is_said_once() {
    let manifest = format!("{}{FREE}", ROWS.replace("csv", "json"));
    let project = Sandbox::new().manifest(&manifest).file("u.json", "[{\"id\": 1, \"look\": 5}]");
    insta::assert_snapshot!(mistakes(&project), @r#"
    bad-type

      × `prompt` must be a string in quotes, not a whole number (in row 1 of u.json)
       ╭─[images.toml:2:10]
     1 │ [assets."{{ id }}"]
     2 │ prompt = "{{ look }}"
       ·          ──────┬─────
       ·                ╰── expected a string in quotes
     3 │ rows = "u.json"
       ╰────
       ╭─[u.json:1:2]
     1 │ [{"id": 1, "look": 5}]
       ·  ──────────┬─────────
       ·            ╰── row 1
       ╰────
      help: `{{ value | string }}` makes a text of it

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn two_rows_that_make_one_file() {
    insta::assert_snapshot!(with_rows(&format!("{ROWS}output = \"x.png\"\n"), "id,look\na,red\nb,blue\n"), @r#"
    same-output

      × `a` and `b` would make one file, `assets/x.png`
       ╭─[images.toml:4:10]
     3 │ rows = "u.csv"
     4 │ output = "x.png"
       ·          ───┬───
       ·             ╰── `a` and `b`
     5 │ [defaults]
       ╰────
      help: give one of them another output path or another name

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_condition_asks_for_what_no_row_has() {
    let text = ROWS.replace("\"u.csv\"", "{ path = \"u.csv\", where = \"look == 'red' and kin == 1\" }");
    insta::assert_snapshot!(with_rows(&text, "id,look\na,red\n"), @r#"
    bad-template

      × `where` asks for `kin`, which row 1 (u.csv line 2) doesn't have
       ╭─[images.toml:3:53]
     2 │ prompt = "{{ look }}"
     3 │ rows = { path = "u.csv", where = "look == 'red' and kin == 1" }
       ·                                                     ─┬─
       ·                                                      ╰── this condition
     4 │ [defaults]
       ╰────
      help: known here are `data`, `id`, `look`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_condition_that_is_none_and_one_that_leaves_nothing() {
    let text = ROWS.replace("\"u.csv\"", "{ path = \"u.csv\", where = \"look == \" }");
    insta::assert_snapshot!(with_rows(&text, "id,look\na,red\n"), @r#"
    bad-template

      × `where` is no expression: syntax error: unexpected end of input, expected
      │ expression
       ╭─[images.toml:3:34]
     2 │ prompt = "{{ look }}"
     3 │ rows = { path = "u.csv", where = "look == " }
       ·                                  ─────┬────
       ·                                       ╰── this condition
     4 │ [defaults]
       ╰────
      help: write a condition, like where = "kind == 'unit'"

    error: 1 mistake in images.toml
    "#);
    let text = ROWS.replace("\"u.csv\"", "{ path = \"u.csv\", where = \"look == 'blue'\" }");
    insta::assert_snapshot!(with_rows(&text, "id,look\na,red\n"), @r#"
    no-rows

      × no row of `u.csv` is left by this condition
       ╭─[images.toml:3:34]
     2 │ prompt = "{{ look }}"
     3 │ rows = { path = "u.csv", where = "look == 'blue'" }
       ·                                  ────────┬───────
       ·                                          ╰── nothing comes of it
     4 │ [defaults]
       ╰────
      help: mend it, or take the asset out

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn every_mistake_of_a_matrix_is_said() {
    let long = "w".repeat(100);
    let text = format!(
        "[assets.\"{{{{ a }}}}\"]\nprompt = \"x\"\nmatrix = {{ take = [1], b = [] }}\n\
         [assets.z]\nprompt = \"{{{{ nope }}}}\"\nmatrix = {{ c = [\"{long}\"] }}\n"
    );
    insta::assert_snapshot!(with_rows(&text, ""), @r#"
    reserved-name

      × `take` is a name that templates know already
       ╭─[images.toml:3:12]
     2 │ prompt = "x"
     3 │ matrix = { take = [1], b = [] }
       ·            ──┬─
       ·              ╰── this name
     4 │ [assets.z]
       ╰────
      help: give it another one

    bad-value

      × `b` in the matrix of [assets."{{ a }}"] has no values
       ╭─[images.toml:3:28]
     2 │ prompt = "x"
     3 │ matrix = { take = [1], b = [] }
       ·                            ─┬
       ·                             ╰── empty
     4 │ [assets.z]
       ╰────
      help: write at least one, or take the key out

    bad-template

      × this template's variable `nope` is unknown (where c is
      │ wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…)
       ╭─[images.toml:5:14]
     4 │ [assets.z]
     5 │ prompt = "{{ nope }}"
       ·              ──┬─
       ·                ╰── this variable
     6 │ matrix = { c = ["wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…
       ╰────
      help: did you mean `name`? Known here are `c`, `data`, `name`

    error: 3 mistakes in images.toml
    "#);
}
