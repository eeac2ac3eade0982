//! Mistakes in what a picture is made from: references, sources, sizes.

use super::{mistakes_in, mistakes_with};
use crate::sandbox::{Sandbox, png};

#[test]
fn a_reference_that_is_missing() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/panda.png\"]\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_reference_that_is_no_image() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/notes.txt\"]\n";
    let project = Sandbox::new().file("art/notes.txt", "a panda");
    insta::assert_snapshot!(mistakes_with(&project, text), @"");
}

#[test]
fn a_source_that_is_missing_and_one_that_is_no_image() {
    let text = "[assets.a]\nsource = \"art/a.png\"\n\n[assets.b]\nsource = \"art/b.png\"\n\n[assets.c]\nsource = \"art\"\n";
    let project = Sandbox::new().file("art/b.png", "<svg/>");
    insta::assert_snapshot!(mistakes_with(&project, text), @"");
}

#[test]
fn a_source_with_a_prompt() {
    let text = "[assets.a]\nsource = \"art/a.png\"\nprompt = \"a panda\"\n";
    let project = Sandbox::new().file("art/a.png", png(2, 2, [0, 0, 0, 255]));
    insta::assert_snapshot!(mistakes_with(&project, text), @"");
}

#[test]
fn references_that_leave_the_project() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a panda"
references = ["../outside/canary.txt", "/etc/hostname", "art\\a.png"]
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[cfg(unix)]
#[test]
fn a_reference_that_leaves_the_project_through_a_link() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/out.png\"]\n";
    let project = Sandbox::new().file("art/x.txt", "");
    let outside = project.root().join("outside/secret.png");
    std::fs::write(&outside, png(2, 2, [1, 1, 1, 255])).expect("the folder is writable");
    std::os::unix::fs::symlink(&outside, project.path("art/out.png")).expect("a link");
    insta::assert_snapshot!(mistakes_with(&project, text), @"");
}

#[test]
fn a_reference_to_an_asset_that_is_not_declared() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a panda"
references = ["asset:lgo", { asset = "nobody" }]

[assets.logo]
model = "placeholder"
prompt = "a logo"
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn references_in_a_circle() {
    let text = r#"
[defaults]
model = "placeholder"

[assets.one]
prompt = "1"
references = ["asset:two"]

[assets.two]
prompt = "2"
references = ["asset:three"]

[assets.three]
prompt = "3"
references = ["asset:one"]
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_reference_to_itself() {
    let text = "[assets.one]\nmodel = \"placeholder\"\nprompt = \"1\"\nreferences = [\"asset:one\"]\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_size_that_the_model_refuses() {
    let text = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\nsize = \"1024x1024\"\n";
    let said = mistakes_in(text);
    for words in ["3,686,400", "1,048,576", "1920x1920", "output = { width = 1024, height = 1024 }"] {
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "`{words}` isn't in\n{said}");
    }
    insta::assert_snapshot!(said, @"");
}

#[test]
fn the_line_that_a_size_error_advises_is_the_one_that_works() {
    let vendor = crate::vendor::Vendor::aisa();
    let project = Sandbox::new()
        .manifest_for(&vendor, "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\nsize = \"1024x1024\"\n");
    project.run("sync").code(2);
    project.edit("size = \"1024x1024\"", "size = \"1920x1920\"\noutput = { width = 1024, height = 1024 }");
    project.run("sync").success();
    assert_eq!(project.picture("assets/hero.png").0, 1024);
    assert_eq!((vendor.billed(), vendor.broken_rules().len()), (1, 0));
}

#[test]
fn sizes_beyond_the_other_limits() {
    let text = r#"
[defaults]
model = "seedream-4.5"

[assets.huge]
prompt = "a panda"
size = "8192x8192"

[assets.thin]
prompt = "a panda"
size = "12000x400"

[assets.tier]
prompt = "a panda"
size = "1K"
"#;
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_size_in_pixels_with_an_aspect_ratio() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a\"\nsize = \"64x64\"\naspect_ratio = \"1:1\"\n";
    insta::assert_snapshot!(mistakes_in(text), @"");
}

#[test]
fn a_size_of_an_asset_takes_the_place_of_the_defaults_ratio_and_is_no_mistake() {
    let text = "[defaults]\nmodel = \"placeholder\"\nsize = \"1K\"\naspect_ratio = \"16:9\"\n\n\
                [assets.hero]\nprompt = \"a panda\"\nsize = \"64x64\"\n";
    Sandbox::new().manifest(text).run("check").success();
}
