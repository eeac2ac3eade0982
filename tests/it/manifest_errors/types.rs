//! Values and tables of the wrong kind, and names with a dot in them.

use crate::manifest_errors::mistakes;
use crate::manifest_errors::mistakes_in;
use crate::sandbox::Sandbox;

#[test]
fn numbers_and_dates_where_text_is_expected() {
    let text = "[assets.hero]\nprompt = \"x\"\nmodel = [\"placeholder\"]\nsize = 512\nalt = 2026-01-01\ntags = [1.5]\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-type

      × `model` must be a string in quotes, not a list
       ╭─[images.toml:3:9]
     2 │ prompt = "x"
     3 │ model = ["placeholder"]
       ·         ───────┬───────
       ·                ╰── expected a string in quotes
     4 │ size = 512
       ╰────
      help: write one, without brackets

    bad-type

      × `size` must be a string in quotes, not a whole number
       ╭─[images.toml:4:8]
     3 │ model = ["placeholder"]
     4 │ size = 512
       ·        ─┬─
       ·         ╰── expected a string in quotes
     5 │ alt = 2026-01-01
       ╰────
      help: put it into quotes: "512"

    bad-type

      × `alt` must be a string in quotes, not a date
       ╭─[images.toml:5:7]
     4 │ size = 512
     5 │ alt = 2026-01-01
       ·       ─────┬────
       ·            ╰── expected a string in quotes
     6 │ tags = [1.5]
       ╰────
      help: put it into quotes: "2026-01-01"

    bad-type

      × `tags` must be a string in quotes, not a fraction
       ╭─[images.toml:6:9]
     5 │ alt = 2026-01-01
     6 │ tags = [1.5]
       ·         ─┬─
       ·          ╰── expected a string in quotes
     7 │ 
       ╰────
      help: put it into quotes: "1.5"

    error: 4 mistakes in images.toml
    "#);
}

#[test]
fn text_where_a_number_or_a_truth_is_expected() {
    let text = "[assets.hero]\nprompt = \"x\"\nn = \"4\"\nseed = 1.0\nhold = \"yes\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-type

      × `n` must be a whole number, not a string
       ╭─[images.toml:3:5]
     2 │ prompt = "x"
     3 │ n = "4"
       ·     ─┬─
       ·      ╰── expected a whole number
     4 │ seed = 1.0
       ╰────
      help: write it without quotes: n = 4

    bad-type

      × `seed` must be a whole number, not a fraction
       ╭─[images.toml:4:8]
     3 │ n = "4"
     4 │ seed = 1.0
       ·        ─┬─
       ·         ╰── expected a whole number
     5 │ hold = "yes"
       ╰────
      help: write it without a fraction: 1

    bad-type

      × `hold` must be true or false, not a string
       ╭─[images.toml:5:8]
     4 │ seed = 1.0
     5 │ hold = "yes"
       ·        ──┬──
       ·          ╰── expected true or false
     6 │ 
       ╰────
      help: write true or false, without quotes

    error: 3 mistakes in images.toml
    "#);
}

#[test]
fn wrong_types_hide_no_others() {
    let text = "[assets.hero]\nprompt_file = 9\nstyle = 8\nmatrix = 5\nrows = 4\noutput = 3\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-type

      × `prompt_file` must be a string in quotes, not a whole number
       ╭─[images.toml:2:15]
     1 │ [assets.hero]
     2 │ prompt_file = 9
       ·               ┬
       ·               ╰── expected a string in quotes
     3 │ style = 8
       ╰────
      help: put it into quotes: "9"

    bad-type

      × `style` must be a string in quotes, not a whole number
       ╭─[images.toml:3:9]
     2 │ prompt_file = 9
     3 │ style = 8
       ·         ┬
       ·         ╰── expected a string in quotes
     4 │ matrix = 5
       ╰────
      help: put it into quotes: "8"

    bad-type

      × `matrix` must be a table of lists
       ╭─[images.toml:4:10]
     3 │ style = 8
     4 │ matrix = 5
       ·          ┬
       ·          ╰── not this
     5 │ rows = 4
       ╰────
      help: write matrix = { item = ["sword", "shield"] }

    bad-type

      × `rows` must be a path in quotes, or a table with one, not a whole number
       ╭─[images.toml:5:8]
     4 │ matrix = 5
     5 │ rows = 4
       ·        ┬
       ·        ╰── expected a path in quotes, or a table with one
     6 │ output = 3
       ╰────

    bad-type

      × `output` must be a path in quotes, a table, or a list of these, not a whole
      │ number
       ╭─[images.toml:6:10]
     5 │ rows = 4
     6 │ output = 3
       ·          ┬
       ·          ╰── expected a path in quotes, a table, or a list of these
     7 │ 
       ╰────

    error: 5 mistakes in images.toml
    "#);
}

#[test]
fn assets_as_a_list() {
    insta::assert_snapshot!(mistakes_in("[[assets]]\nname = \"hero\"\n"), @r#"
    bad-type

      × `assets` must be a table of assets by name
       ╭─[images.toml:1:1]
     1 │ [[assets]]
       · ─────┬────
       ·      ╰── not this
     2 │ name = "hero"
       ╰────
      help: write [assets.hero], in single brackets, and the keys of that asset in
            the lines below

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_asset_that_is_no_table_and_a_table_that_is_none() {
    insta::assert_snapshot!(mistakes_in("budget = 5\n[assets]\nhero = \"a red panda\"\n"), @r#"
    bad-type

      × `budget` must be a table, not a whole number
       ╭─[images.toml:1:10]
     1 │ budget = 5
       ·          ┬
       ·          ╰── expected a table
     2 │ [assets]
       ╰────
      help: write [budget] in a line of its own, and its keys in the lines below

    bad-type

      × [assets.hero] must be a table
       ╭─[images.toml:3:8]
     2 │ [assets]
     3 │ hero = "a red panda"
       ·        ──────┬──────
       ·              ╰── not this
     4 │ 
       ╰────
      help: write [assets.hero] in a line of its own, and its keys in the lines
            below

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_dot_in_a_name_that_is_not_quoted() {
    let text = "[assets.ui.panel.button]\nprompt = \"x\"\n[models.seedream-4.5]\nmin_pixels = 4\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-key

      × unknown key `panel` in [assets.ui]
       ╭─[images.toml:1:12]
     1 │ [assets.ui.panel.button]
       ·            ──┬──
       ·              ╰── not a key that belongs here
     2 │ prompt = "x"
       ╰────
      help: a dot in a name makes a table inside a table: quote it and write a
            slash, [assets."ui/panel/button"]

    unknown-key

      × unknown key `5` in [models.seedream-4]
       ╭─[images.toml:3:20]
     2 │ prompt = "x"
     3 │ [models.seedream-4.5]
       ·                    ┬
       ·                    ╰── not a key that belongs here
     4 │ min_pixels = 4
       ╰────
      help: a dot in a name makes a table inside a table: quote it,
            [models."seedream-4.5"]

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_misspelt_table_is_no_dot_in_a_name() {
    let text = "[assets.hero]\nprompt = \"x\"\nmodel = \"placeholder\"\n[assets.hero.optoins.openrouter]\na = 1\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-key

      × unknown key `optoins` in [assets.hero]
       ╭─[images.toml:4:14]
     3 │ model = "placeholder"
     4 │ [assets.hero.optoins.openrouter]
       ·              ───┬───
       ·                 ╰── not a key that belongs here
     5 │ a = 1
       ╰────
      help: did you mean `options`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_table_that_stands_twice() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = \"x\"\n[assets.hero]\nseed = 1\n"), @r#"
    syntax

      × this is not TOML: `hero` stands there twice
       ╭─[images.toml:3:9]
     2 │ prompt = "x"
     3 │ [assets.hero]
       ·         ──┬─
       ·           ╰── here
     4 │ seed = 1
       ╰────
      help: each key stands once in a table, and each table once in the file: take
            one of them out

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn somebody_elses_file_with_a_table_of_a_common_name() {
    let project = Sandbox::new().manifest("title = \"gallery\"\n[output]\nformats = [\"png\"]\n");
    insta::assert_snapshot!(mistakes(&project), @r#"
    foreign-manifest

      × this images.toml isn't tintype's: it has none of its tables
       ╭─[images.toml:1:1]
     1 │ title = "gallery"
       · ──┬──
       ·   ╰── another tool's key
     2 │ [output]
       ╰────
      help: tintype reads [assets.NAME] tables; keep its manifest under another
            name, with --manifest-path FILE

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn text_that_is_no_toml_comes_in_the_order_of_the_file_with_its_cure() {
    let found = |text: &str| {
        let found = Sandbox::new().manifest(text).run("check --format json").code(2).diagnostics();
        let one = |one: &serde_json::Value| format!("{}: {}\n", one["labels"][0]["line"], one["help"]);
        found.iter().map(one).collect::<String>()
    };
    insta::assert_snapshot!(found("[assets.ui/button]\nprompt = x\nseed 7\n"), @r#"
    1: "put the name into quotes, like [assets.\"ui/button\"]; a text of several lines begins and ends with three quotes"
    2: "put it into quotes, like model = \"placeholder\""
    3: "write `=` and a value behind the key; texts stand in quotes"
    "#);
    insta::assert_snapshot!(found("[assets.\"{{ id }}]\nprompt = \"a \\d b\"\n"), @r#"1: "close what was opened with [ and with a quote""#);
}
