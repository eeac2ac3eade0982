//! Mistakes in templates: what is underlined is the part of the template that is wrong, not all of it.

use crate::manifest_errors::mistakes;
use crate::sandbox::Sandbox;

const FREE: &str = "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n";

#[track_caller]
fn prompt(text: &str) -> String {
    mistakes(&Sandbox::new().manifest(&format!("[assets.hero]\nprompt = {text}\n{FREE}")))
}

#[test]
fn an_unknown_variable() {
    insta::assert_snapshot!(prompt("\"{{ name }} and {{ nme }}\""), @r#"
    bad-template

      × this template's variable `nme` is unknown
       ╭─[images.toml:2:29]
     1 │ [assets.hero]
     2 │ prompt = "{{ name }} and {{ nme }}"
       ·                             ─┬─
       ·                              ╰── this variable
     3 │ [defaults]
       ╰────
      help: did you mean `name`? Known here are `data`, `name`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_variable_with_a_filter_beside_one_that_may_be_absent() {
    insta::assert_snapshot!(prompt("\"{% if a is defined %}{{ a }}{% endif %} {{ whom | upper }}\""), @r#"
    bad-template

      × this template's variable `whom` is unknown
       ╭─[images.toml:2:54]
     1 │ [assets.hero]
     2 │ prompt = "{% if a is defined %}{{ a }}{% endif %} {{ whom | upper }}"
       ·                                                      ──┬─
       ·                                                        ╰── this variable
     3 │ [defaults]
       ╰────
      help: known here are `data`, `name`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_filter() {
    insta::assert_snapshot!(prompt("\"a {{ name | uper }}\""), @r#"
    bad-template

      × this template can't be rendered: filter uper is unknown
       ╭─[images.toml:2:23]
     1 │ [assets.hero]
     2 │ prompt = "a {{ name | uper }}"
       ·                       ──┬─
       ·                         ╰── here
     3 │ [defaults]
       ╰────
      help: filters are `slug`, `lower`, `upper`, `title`, `replace`, `join`,
            `default`, `first`, `last`, `trim`, `round` and the others of Jinja

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_field_that_is_not_there() {
    insta::assert_snapshot!(prompt("\"a {{ data.briefs.look }}\""), @r#"
    bad-template

      × this template can't be rendered: `data.briefs` is undefined
       ╭─[images.toml:2:20]
     1 │ [assets.hero]
     2 │ prompt = "a {{ data.briefs.look }}"
       ·                    ──────┬─────
       ·                          ╰── here
     3 │ [defaults]
       ╰────
      help: what it names isn't there: `{{ x.y | default('') }}` does without

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_template_that_is_not_closed() {
    insta::assert_snapshot!(prompt("\"\"\"\na fox\nand {{ name } too\n\"\"\""), @r#"
    bad-template

      × this template can't be rendered: unexpected `}`, expected end of variable
      │ block
       ╭─[images.toml:4:13]
     3 │ a fox
     4 │ and {{ name } too
       ·             ┬
       ·             ╰── here
     5 │ """
       ╰────
      help: write {{ variable }}, {{ variable | filter }} or {% if … %}…{% endif %};
            single braces are plain text

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_template_that_never_ends() {
    let text = "\"{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}\"";
    insta::assert_snapshot!(prompt(text), @r#"
    bad-template

      × this template can't be rendered: it takes more than 50,000 steps
       ╭─[images.toml:2:10]
     1 │ [assets.hero]
     2 │ prompt = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %…
       ·          ────────────────────────────────┬────────────────────────────────
       ·                                          ╰── here
     3 │ [defaults]
       ╰────
      help: make its loops shorter

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_mistake_at_the_end_of_a_long_prompt() {
    insta::assert_snapshot!(prompt(&format!("\"{}by {{{{ artist }}}}\"", "a red panda, ".repeat(200))), @r#"
    bad-template

      × this template's variable `artist` is unknown
       ╭─[images.toml:2:2617]
     1 │ [assets.hero]
     2 │ …anda, a red panda, by {{ artist }}"
       ·                           ───┬──
       ·                              ╰── this variable
     3 │ [defaults]
       ╰────
      help: known here are `data`, `name`

    error: 1 mistake in images.toml
    "#);
}

#[test]
#[allow(clippy::unicode_not_nfc, reason = "a combining mark is what this is about")]
fn wide_characters_and_marks_before_the_place() {
    insta::assert_snapshot!(prompt("\"\u{8d64}\u{3044}\u{1f43c} e\u{301}t\u{e9} {{ whom }}\""), @r#"
    bad-template

      × this template's variable `whom` is unknown
       ╭─[images.toml:2:23]
     1 │ [assets.hero]
     2 │ prompt = "赤い🐼 été {{ whom }}"
       ·                         ──┬─
       ·                           ╰── this variable
     3 │ [defaults]
       ╰────
      help: known here are `data`, `name`

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_mistake_deep_in_a_prompt_file() {
    let text = format!("{}by {{{{ artist }}}}\n{}", "a line\n".repeat(40), "more\n".repeat(40));
    let project = Sandbox::new().manifest(&format!("[assets.hero]\nprompt_file = \"p.md\"\n{FREE}")).file("p.md", text);
    insta::assert_snapshot!(mistakes(&project), @"
    bad-template

      × this template's variable `artist` is unknown
        ╭─[p.md:41:7]
     40 │ a line
     41 │ by {{ artist }}
        ·       ───┬──
        ·          ╰── this variable
     42 │ more
        ╰────
      help: known here are `data`, `name`

    error: 1 mistake in p.md
    ");
}

#[test]
fn what_only_exhausts_memory_is_refused() {
    for text in ["{{ 'x' * 10000000000 }}", "{{ range(1000000000000) }}", "{{ 'a' | indent(1000000000000) }}"] {
        let said = prompt(&format!("\"{text}\""));
        assert!(said.contains("bad-template"), "{said}");
    }
}

#[test]
fn mistakes_in_the_template_of_a_path() {
    let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}.png";
    let text = format!(
        "[assets.a]\nprompt = \"x\"\noutput = \"{{{{ name }}}}/{{{{ nme }}}}.png\"\n\
         [assets.b]\nprompt = \"x\"\noutput = \"{loops}\"\n{FREE}"
    );
    insta::assert_snapshot!(mistakes(&Sandbox::new().manifest(&text)), @r#"
    bad-template

      × this template's variable `nme` is unknown
       ╭─[images.toml:3:25]
     2 │ prompt = "x"
     3 │ output = "{{ name }}/{{ nme }}.png"
       ·                         ─┬─
       ·                          ╰── this variable
     4 │ [assets.b]
       ╰────
      help: did you mean `name`? a path's template knows name, ext, take and, where
            they are set, width and cell

    bad-template

      × this template can't be rendered: it takes more than 10,000 steps
       ╭─[images.toml:6:10]
     5 │ prompt = "x"
     6 │ output = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %…
       ·          ────────────────────────────────┬────────────────────────────────
       ·                                          ╰── this template
     7 │ [defaults]
       ╰────
      help: a path's template knows name, ext, take and, where they are set, width
            and cell

    error: 2 mistakes in images.toml
    "#);
}
