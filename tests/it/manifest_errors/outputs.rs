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
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn outputs_that_are_equal_but_for_case() {
    let text = "[defaults]\nmodel = \"placeholder\"\n\n[assets.Hero]\nprompt = \"a\"\n\n[assets.hero]\nprompt = \"b\"\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
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
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_path_with_two_dots() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"../../hero.png\"")), @"");
}

#[test]
fn a_path_below_a_folder_that_leaves_the_project() {
    let text = format!("[output]\ndir = \"../elsewhere\"\n\n{}", with_output("\"hero.png\""));
    insta::assert_snapshot!(mistakes_in(&text), @"");
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
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn an_absolute_path_stays_below_the_output_folder_or_is_refused() {
    let project = Sandbox::new().manifest(&with_output("\"/tmp/tintype-hero.png\""));
    let run = project.run("sync");
    if run.status().success() {
        project.has("assets/tmp/tintype-hero.png");
    }
    assert!(!std::path::Path::new("/tmp/tintype-hero.png").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_out_of_the_project() {
    let project = Sandbox::new();
    std::os::unix::fs::symlink(project.root().join("outside"), project.path("assets")).expect("a link");
    insta::assert_snapshot!(mistakes_with(&project, &with_output("\"hero.png\"")), @"");
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
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn an_output_that_is_the_lockfile_in_other_letters() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("{ path = \"Images.Lock\", format = \"png\" }"));
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn an_output_in_tintypes_own_folder() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("\".tintype/hero.png\""));
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn an_output_in_the_cache() {
    let project = Sandbox::new().without_env("TINTYPE_CACHE_DIR");
    let text = format!("[cache]\ndir = \"assets/cache\"\n\n{}", with_output("\"cache/hero.png\""));
    insta::assert_snapshot!(mistakes_with(&project, &text), @"");
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
    insta::assert_snapshot!(mistakes_with(&project, text), @"");
}

#[test]
fn an_output_that_is_the_file_with_the_keys() {
    let text = format!("[output]\ndir = \".\"\n\n{}", with_output("{ path = \".env\", format = \"png\" }"));
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn a_format_that_tintype_cannot_write() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"hero.gif\"")), @"");
}

#[test]
fn a_template_that_knows_no_such_word() {
    insta::assert_snapshot!(mistakes_in(&with_output("\"{{ nmae }}.png\"")), @"");
}

#[test]
fn a_template_that_never_ends() {
    let text = with_output("\"{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}.png\"");
    let run = Sandbox::new().manifest(&text).run("check").code(2);
    assert!(run.took() < std::time::Duration::from_secs(20), "{:?}", run.took());
}
