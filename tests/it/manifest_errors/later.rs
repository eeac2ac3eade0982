//! What the manifest will know and this version refuses by name.

use super::mistakes_in;

#[test]
fn a_key_that_is_not_built_yet() {
    let text = r#"
[cache]
remote = "s3://pictures"

[assets.hero]
model = "placeholder"
prompt = "a panda"
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    not-yet

      × `remote` in [cache] doesn't work in this version of tintype
       ╭─[images.toml:2:1]
     1 │ [cache]
     2 │ remote = "s3://pictures"
       · ───┬──
       ·    ╰── not yet
     3 │ 
       ╰────
      help: take it out for now: tintype refuses what it can't carry out rather than
            ignoring it

    error: 1 mistake in images.toml
    "#);
}
