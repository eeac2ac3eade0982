//! Mistakes in keys, types and values of single keys.

use super::mistakes_in;

#[test]
fn an_unknown_key_with_the_nearest_known_one() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nqualty = \"high\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-key

      × unknown key `qualty` in [assets.hero]
       ╭─[images.toml:4:1]
     3 │ prompt = "a panda"
     4 │ qualty = "high"
       · ───┬──
       ·    ╰── not a key that belongs here
     5 │ 
       ╰────
      help: did you mean `quality`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_key_that_is_near_to_none() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nzzzzzz = 1\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-key

      × unknown key `zzzzzz` in [assets.hero]
       ╭─[images.toml:4:1]
     3 │ prompt = "a panda"
     4 │ zzzzzz = 1
       · ───┬──
       ·    ╰── not a key that belongs here
     5 │ 
       ╰────
      help: the keys here are `style`, `prompt_file`, `matrix`, `rows`, `prompt`,
            `source`, `alt`, `hold`, `model`, `provider`, `size`, `aspect_ratio`,
            `references`, `seed`, `n`, `publish`, `quality`, `background`,
            `negative_prompt`, `variant`, `options`, `tags`, `output`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_table() {
    insta::assert_snapshot!(mistakes_in("[asets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n"), @r#"
    unknown-key

      × unknown key `asets` in the manifest
       ╭─[images.toml:1:2]
     1 │ [asets.hero]
       ·  ──┬──
       ·    ╰── not a key that belongs here
     2 │ model = "placeholder"
       ╰────
      help: did you mean `assets`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_key_of_an_output() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\noutput = { widht = 32 }\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    unknown-key

      × unknown key `widht` in the output of [assets.hero]
       ╭─[images.toml:4:12]
     3 │ prompt = "a panda"
     4 │ output = { widht = 32 }
       ·            ──┬──
       ·              ╰── not a key that belongs here
     5 │ 
       ╰────
      help: did you mean `width`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_value_of_the_wrong_type() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = 7\nseed = \"7\"\nhold = \"yes\"\noutput = true\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-type

      × `prompt` must be a string in quotes, not a whole number
       ╭─[images.toml:3:10]
     2 │ model = "placeholder"
     3 │ prompt = 7
       ·          ┬
       ·          ╰── expected a string in quotes
     4 │ seed = "7"
       ╰────
      help: put it into quotes: "7"

    bad-type

      × `seed` must be a whole number, not a string
       ╭─[images.toml:4:8]
     3 │ prompt = 7
     4 │ seed = "7"
       ·        ─┬─
       ·         ╰── expected a whole number
     5 │ hold = "yes"
       ╰────
      help: write it without quotes: seed = 7

    bad-type

      × `hold` must be true or false, not a string
       ╭─[images.toml:5:8]
     4 │ seed = "7"
     5 │ hold = "yes"
       ·        ──┬──
       ·          ╰── expected true or false
     6 │ output = true
       ╰────
      help: write true or false, without quotes

    bad-type

      × `output` must be a path in quotes, a table, or a list of these, not true or
      │ false
       ╭─[images.toml:6:10]
     5 │ hold = "yes"
     6 │ output = true
       ·          ──┬─
       ·            ╰── expected a path in quotes, a table, or a list of these
     7 │ 
       ╰────

    error: 4 mistakes in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-value

      × `2048×2048` is no size
       ╭─[images.toml:4:8]
     3 │ prompt = "a panda"
     4 │ size = "2048×2048"
       ·        ─────┬─────
       ·             ╰── not this
     5 │ aspect_ratio = "wide"
       ╰────
      help: write WIDTHxHEIGHT, like `1920x1080`, or a tier: `512`, `1K`, `2K`,
            `3K`, `4K`

    bad-value

      × `wide` is no aspect_ratio
       ╭─[images.toml:5:16]
     4 │ size = "2048×2048"
     5 │ aspect_ratio = "wide"
       ·                ───┬──
       ·                   ╰── not this
     6 │ quality = "hihg"
       ╰────
      help: write a ratio like `16:9`

    bad-value

      × `hihg` is no quality
       ╭─[images.toml:6:11]
     5 │ aspect_ratio = "wide"
     6 │ quality = "hihg"
       ·           ───┬──
       ·              ╰── not this
     7 │ publish = "both"
       ╰────
      help: did you mean `high`? Write `auto`, `low`, `medium` or `high`

    bad-value

      × `both` is no publish
       ╭─[images.toml:7:11]
     6 │ quality = "hihg"
     7 │ publish = "both"
       ·           ───┬──
       ·              ╰── not this
     8 │ n = 0
       ╰────
      help: write `chosen` or `all`

    bad-value

      × `n` is out of range
       ╭─[images.toml:8:5]
     7 │ publish = "both"
     8 │ n = 0
       ·     ┬
       ·     ╰── too large or too small
     9 │ seed = -1
       ╰────
      help: write a whole number from 1 to 100

    bad-value

      × `seed` is out of range
        ╭─[images.toml:9:8]
      8 │ n = 0
      9 │ seed = -1
        ·        ─┬
        ·         ╰── too large or too small
     10 │ output = { fit = "covr", width = 0, quality = 101 }
        ╰────
      help: write a whole number from 0

    bad-value

      × `covr` is no fit
        ╭─[images.toml:10:18]
      9 │ seed = -1
     10 │ output = { fit = "covr", width = 0, quality = 101 }
        ·                  ───┬──
        ·                     ╰── not this
     11 │ 
        ╰────
      help: did you mean `cover`? Write `cover`, `contain`, `inside` or `fill`

    bad-value

      × `width` is out of range
        ╭─[images.toml:10:34]
      9 │ seed = -1
     10 │ output = { fit = "covr", width = 0, quality = 101 }
        ·                                  ┬
        ·                                  ╰── too large or too small
     11 │ 
        ╰────
      help: write a whole number from 1 to 16384

    bad-value

      × `quality` is out of range
        ╭─[images.toml:10:47]
      9 │ seed = -1
     10 │ output = { fit = "covr", width = 0, quality = 101 }
        ·                                               ─┬─
        ·                                                ╰── too large or too small
     11 │ 
        ╰────
      help: write a whole number from 1 to 100

    error: 9 mistakes in images.toml
    "#);
}

#[test]
fn an_amount_that_is_negative() {
    insta::assert_snapshot!(mistakes_in("[budget]\nmax_cost_usd = -1\n\n[assets]\n"), @"
    bad-value

      × `max_cost_usd` must be a number that isn't negative
       ╭─[images.toml:2:16]
     1 │ [budget]
     2 │ max_cost_usd = -1
       ·                ─┬
       ·                 ╰── not this
     3 │ 
       ╰────

    error: 1 mistake in images.toml
    ");
}

#[test]
fn a_nested_table_from_an_unquoted_dot() {
    insta::assert_snapshot!(mistakes_in("[assets.ui.button]\nmodel = \"placeholder\"\nprompt = \"a button\"\n"), @r#"
    unknown-key

      × unknown key `button` in [assets.ui]
       ╭─[images.toml:1:12]
     1 │ [assets.ui.button]
       ·            ───┬──
       ·               ╰── not a key that belongs here
     2 │ model = "placeholder"
       ╰────
      help: a dot in a name makes a table inside a table: quote it and write a
            slash, [assets."ui/button"]

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_name_that_is_none() {
    insta::assert_snapshot!(mistakes_in("[assets.\"ui button.png\"]\nmodel = \"placeholder\"\nprompt = \"a\"\n"), @r#"
    bad-name

      × `ui button.png` is no name for an asset: ` ` can't stand in a name
       ╭─[images.toml:1:9]
     1 │ [assets."ui button.png"]
       ·         ───────┬───────
       ·                ╰── this name
     2 │ model = "placeholder"
       ╰────
      help: write [assets."ui-button-png"]: letters, digits, - _ and / for folders

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn assets_of_the_wrong_type() {
    insta::assert_snapshot!(mistakes_in("assets = [\"hero\", \"moon\"]\n"), @r#"
    bad-type

      × `assets` must be a table of assets by name
       ╭─[images.toml:1:10]
     1 │ assets = ["hero", "moon"]
       ·          ────────┬───────
       ·                  ╰── not this
     2 │ 
       ╰────
      help: write [assets.hero], in single brackets, and the keys of that asset in
            the lines below

    error: 1 mistake in images.toml
    "#);
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
fn a_key_that_belongs_to_one_asset_among_the_defaults() {
    insta::assert_snapshot!(mistakes_in("[defaults]\nprompt = \"a panda\"\nalt = \"x\"\n\n[assets]\n"), @r#"
    misplaced-key

      × `prompt` can't be a default: it belongs to one asset
       ╭─[images.toml:2:1]
     1 │ [defaults]
     2 │ prompt = "a panda"
       · ───┬──
       ·    ╰── not here
     3 │ alt = "x"
       ╰────
      help: write it in [assets.NAME]

    misplaced-key

      × `alt` can't be a default: it belongs to one asset
       ╭─[images.toml:3:1]
     2 │ prompt = "a panda"
     3 │ alt = "x"
       · ─┬─
       ·  ╰── not here
     4 │ 
       ╰────
      help: write it in [assets.NAME]

    error: 2 mistakes in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-value

      × the prompt of `empty` is empty
       ╭─[images.toml:5:10]
     4 │ [assets.empty]
     5 │ prompt = ""
       ·          ─┬
       ·           ╰── empty
     6 │ 
       ╰────
      help: say what to draw

    bad-value

      × the prompt of `blank` is empty
       ╭─[images.toml:8:10]
     7 │ [assets.blank]
     8 │ prompt = """
       ·          ─┬─
       ·           ╰── empty
     9 │ 
       ╰────
      help: say what to draw

    missing-key

      × `none` has no prompt
        ╭─[images.toml:12:9]
     11 │ 
     12 │ [assets.none]
        ·         ──┬─
        ·           ╰── this asset
     13 │ seed = 7
        ╰────
      help: write prompt = "what to draw", or source = "art/file.png" for a picture
            made by hand

    error: 3 mistakes in images.toml
    "#);
}
