//! Mistakes in what a picture is made from: references, sources, sizes.

use super::{mistakes_in, mistakes_with};
use crate::sandbox::{Sandbox, png};

#[test]
fn a_reference_that_is_missing() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/panda.png\"]\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    missing-reference

      × the reference `art/panda.png` can't be read: there is no such file
       ╭─[images.toml:4:15]
     3 │ prompt = "a panda"
     4 │ references = ["art/panda.png"]
       ·               ───────┬───────
       ·                      ╰── this file
     5 │ 
       ╰────
      help: paths start at the folder of images.toml

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_reference_that_is_no_image() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/notes.txt\"]\n";
    let project = Sandbox::new().file("art/notes.txt", "a panda");
    insta::assert_snapshot!(mistakes_with(&project, text), @r#"
    bad-reference

      × the reference `art/notes.txt` is not an image (it looks like text)
       ╭─[images.toml:4:15]
     3 │ prompt = "a panda"
     4 │ references = ["art/notes.txt"]
       ·               ───────┬───────
       ·                      ╰── this file
     5 │ 
       ╰────
      help: a picture is needed here: png, jpeg, webp, gif and svg are read

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_source_that_is_missing_and_one_that_is_no_image() {
    let text =
        "[assets.a]\nsource = \"art/a.png\"\n\n[assets.b]\nsource = \"art/b.png\"\n\n[assets.c]\nsource = \"art\"\n";
    let project = Sandbox::new().file("art/b.png", "<html/>");
    insta::assert_snapshot!(mistakes_with(&project, text), @r#"
    missing-reference

      × the source `art/a.png` can't be read: there is no such file
       ╭─[images.toml:2:10]
     1 │ [assets.a]
     2 │ source = "art/a.png"
       ·          ─────┬─────
       ·               ╰── this file
     3 │ 
       ╰────
      help: paths start at the folder of images.toml

    bad-reference

      × the source `art/b.png` is not an image (it looks like HTML)
       ╭─[images.toml:5:10]
     4 │ [assets.b]
     5 │ source = "art/b.png"
       ·          ─────┬─────
       ·               ╰── this file
     6 │ 
       ╰────
      help: a picture is needed here: png, jpeg, webp, gif and svg are read

    bad-reference

      × the source `art` can't be read: it is a folder
       ╭─[images.toml:8:10]
     7 │ [assets.c]
     8 │ source = "art"
       ·          ──┬──
       ·            ╰── this file
     9 │ 
       ╰────
      help: name a file

    error: 3 mistakes in images.toml
    "#);
}

#[test]
fn a_source_with_a_prompt() {
    let text = "[assets.a]\nsource = \"art/a.png\"\nprompt = \"a panda\"\n";
    let project = Sandbox::new().file("art/a.png", png(2, 2, [0, 0, 0, 255]));
    insta::assert_snapshot!(mistakes_with(&project, text), @r#"
    bad-value

      × `a` has a `source` and a `prompt`
       ╭─[images.toml:3:10]
     2 │ source = "art/a.png"
     3 │ prompt = "a panda"
       ·          ────┬────
       ·              ╰── one of them too many
     4 │ 
       ╰────
      help: a `source` is made by hand: take the prompt out, or the source

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn references_that_leave_the_project() {
    let text = r#"
[assets.hero]
model = "placeholder"
prompt = "a panda"
references = ["../outside/canary.txt", "/etc/hostname", "art\\a.png"]
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-path

      × this reference can't be read: the path leaves the project: `..` can't stand
      │ in it
       ╭─[images.toml:4:15]
     3 │ prompt = "a panda"
     4 │ references = ["../outside/canary.txt", "/etc/hostname", "art\\a.png"]
       ·               ───────────┬───────────
       ·                          ╰── this path
     5 │ 
       ╰────
      help: write a path inside the project, with `/`

    bad-path

      × this reference can't be read: the path leaves the project: it must be
      │ relative to the manifest's folder
       ╭─[images.toml:4:40]
     3 │ prompt = "a panda"
     4 │ references = ["../outside/canary.txt", "/etc/hostname", "art\\a.png"]
       ·                                        ───────┬───────
       ·                                               ╰── this path
     5 │ 
       ╰────
      help: write a path inside the project, with `/`

    bad-path

      × this reference can't be read: the path has a `\`: write `/`, on every system
       ╭─[images.toml:4:57]
     3 │ prompt = "a panda"
     4 │ references = ["../outside/canary.txt", "/etc/hostname", "art\\a.png"]
       ·                                                         ──────┬─────
       ·                                                               ╰── this path
     5 │ 
       ╰────
      help: write a path inside the project, with `/`

    error: 3 mistakes in images.toml
    "#);
}

#[cfg(unix)]
#[test]
fn a_reference_that_leaves_the_project_through_a_link() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\nreferences = [\"art/out.png\"]\n";
    let project = Sandbox::new().file("art/x.txt", "");
    let outside = project.root().join("outside/secret.png");
    std::fs::write(&outside, png(2, 2, [1, 1, 1, 255])).expect("the folder is writable");
    std::os::unix::fs::symlink(&outside, project.path("art/out.png")).expect("a link");
    insta::assert_snapshot!(mistakes_with(&project, text), @r#"
    bad-reference

      × the reference `art/out.png` can't be read: the path leaves the project
      │ through a link
       ╭─[images.toml:4:15]
     3 │ prompt = "a panda"
     4 │ references = ["art/out.png"]
       ·               ──────┬──────
       ·                     ╰── this file
     5 │ 
       ╰────
      help: copy the file into the project: a link may lead to other places of it,
            not out of it

    error: 1 mistake in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes_in(text), @r#"
    missing-reference

      × no asset `lgo` is declared
       ╭─[images.toml:4:15]
     3 │ prompt = "a panda"
     4 │ references = ["asset:lgo", { asset = "nobody" }]
       ·               ─────┬─────
       ·                    ╰── this asset
     5 │ 
       ╰────
      help: did you mean `logo`?

    missing-reference

      × no asset `nobody` is declared
       ╭─[images.toml:4:28]
     3 │ prompt = "a panda"
     4 │ references = ["asset:lgo", { asset = "nobody" }]
       ·                            ──────────┬─────────
       ·                                      ╰── this asset
     5 │ 
       ╰────
      help: refer to an asset of this manifest

    error: 2 mistakes in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes_in(text), @r#"
    reference-cycle

      × assets refer to each other in a circle: one → two → three → one
       ╭─[images.toml:4:9]
     3 │ 
     4 │ [assets.one]
       ·         ─┬─
       ·          ╰── this asset
     5 │ prompt = "1"
       ╰────
      help: take one of these references out

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_reference_to_itself() {
    let text = "[assets.one]\nmodel = \"placeholder\"\nprompt = \"1\"\nreferences = [\"asset:one\"]\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    reference-cycle

      × assets refer to each other in a circle: one → one
       ╭─[images.toml:1:9]
     1 │ [assets.one]
       ·         ─┬─
       ·          ╰── this asset
     2 │ model = "placeholder"
       ╰────
      help: take one of these references out

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_size_that_the_model_refuses() {
    let text = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\nsize = \"1024x1024\"\n";
    let said = mistakes_in(text);
    for words in ["3,686,400", "1,048,576", "1920x1920", "output = { width = 1024, height = 1024 }"] {
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "`{words}` isn't in\n{said}");
    }
    insta::assert_snapshot!(said, @r#"
    bad-size

      × seedream-4.5 can't draw `1024x1024` for `hero`: at least 3,686,400 pixels
      │ are needed, 1024x1024 has 1,048,576
       ╭─[images.toml:4:8]
     3 │ prompt = "a panda"
     4 │ size = "1024x1024"
       ·        ─────┬─────
       ·             ╰── this size
     5 │ 
       ╰────
      help: the nearest size that works is 1920x1920: write size = "1920x1920", and
            for files of 1024x1024 add output = { width = 1024, height = 1024 }

    error: 1 mistake in images.toml
    "#);
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
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-size

      × seedream-4.5 can't draw `8192x8192` for `huge`: at most 16,777,216 pixels
      │ are allowed, 8192x8192 has 67,108,864
       ╭─[images.toml:6:8]
     5 │ prompt = "a panda"
     6 │ size = "8192x8192"
       ·        ─────┬─────
       ·             ╰── this size
     7 │ 
       ╰────
      help: the nearest size that works is 4096x4096

    bad-size

      × seedream-4.5 can't draw `12000x400` for `thin`: width by height must be at
      │ most 16, 12000x400 has 30.0000
        ╭─[images.toml:10:8]
      9 │ prompt = "a panda"
     10 │ size = "12000x400"
        ·        ─────┬─────
        ·             ╰── this size
     11 │ 
        ╰────
      help: the nearest size that works is 8768x548

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_size_in_pixels_with_an_aspect_ratio() {
    let text = "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a\"\nsize = \"64x64\"\naspect_ratio = \"1:1\"\n";
    insta::assert_snapshot!(mistakes_in(text), @r#"
    bad-value

      × `hero` has a size in pixels and an aspect ratio
       ╭─[images.toml:5:16]
     4 │ size = "64x64"
     5 │ aspect_ratio = "1:1"
       ·                ──┬──
       ·                  ╰── one of them too many
     6 │ 
       ╰────
      help: take `aspect_ratio` out: 64x64 has one; or write a tier, like size =
            "2K"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_size_of_an_asset_takes_the_place_of_the_defaults_ratio_and_is_no_mistake() {
    let text = "[defaults]\nmodel = \"placeholder\"\nsize = \"1K\"\naspect_ratio = \"16:9\"\n\n\
                [assets.hero]\nprompt = \"a panda\"\nsize = \"64x64\"\n";
    Sandbox::new().manifest(text).run("check").success();
}
