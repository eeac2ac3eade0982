//! Several outputs of one picture, one for each of several widths, and none at all.

use image::ImageFormat;

use super::flag;
use crate::projects::{entry, free, is_settled, plan_is, studio};
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

/// A placeholder with this output.
fn hero(output: &str) -> Sandbox {
    free(&format!("[assets.hero]\nprompt = \"a panda\"\noutput = {output}\n"))
}

/// The paths of the locked outputs of `hero`, in the order of the lockfile.
#[track_caller]
fn locked_paths(project: &Sandbox) -> Vec<String> {
    let entry = entry(project, "hero");
    let paths = entry.lines().filter_map(|line| line.strip_prefix("path = \"assets/"));
    paths.map(|path| path.trim_end_matches('"').to_string()).collect()
}

#[test]
fn each_output_of_a_list_is_a_file_of_its_own() {
    let project = hero("[\"hero.webp\", { path = \"small/{{ name }}.png\", width = 16 }, { format = \"jpeg\" }]");
    let sync = project.run("sync --format json").success();
    let document: serde_json::Value = serde_json::from_str(sync.stdout()).expect("a document");
    let declared = ["assets/hero.webp", "assets/small/hero.png", "assets/hero.jpg"];
    assert_eq!(document["assets"][0]["outputs"], serde_json::json!(declared));
    assert_eq!(project.picture("assets/hero.webp"), (64, 64, ImageFormat::WebP));
    assert_eq!(project.picture("assets/small/hero.png"), (16, 16, ImageFormat::Png));
    assert_eq!(project.picture("assets/hero.jpg"), (64, 64, ImageFormat::Jpeg));
    assert_eq!(locked_paths(&project), ["hero.jpg", "hero.webp", "small/hero.png"], "sorted by path");
    is_settled(&project);
    project.run("verify").success();
    project.run("check").success().stdout_has("1 asset, 3 outputs");
}

#[test]
fn the_order_of_outputs_changes_nothing_but_their_order() {
    let project = hero("[\"hero.webp\", \"hero.png\"]");
    project.run("sync").success();
    let before = project.lockfile();
    is_settled(&project.edit("[\"hero.webp\", \"hero.png\"]", "[\"hero.png\", \"hero.webp\"]"));
    project.remove("images.lock").run("sync").success();
    assert_eq!(project.lockfile(), before);
}

#[test]
fn each_width_is_a_file_beside_the_output_itself() {
    let project = hero("{ path = \"img/hero.webp\", width = 64, height = 36, fit = \"cover\", widths = [32, 16] }");
    project.run("sync").success();
    for (path, width, height) in [("hero.webp", 64, 36), ("hero-32w.webp", 32, 18), ("hero-16w.webp", 16, 9)] {
        assert_eq!(project.picture(&format!("assets/img/{path}")), (width, height, ImageFormat::WebP), "{path}");
    }
    assert_eq!(locked_paths(&project).len(), 3);
    is_settled(&project);
    project.edit("widths = [32, 16]", "widths = [32, 48]").run("sync").success();
    project.lacks("assets/img/hero-16w.webp").has("assets/img/hero-32w.webp").has("assets/img/hero-48w.webp");
    is_settled(&project);
}

#[test]
fn a_width_follows_the_ratio_of_the_picture_where_the_output_has_none() {
    for output in ["{ widths = [20] }", "{ width = 40, widths = [20] }", "{ height = 20, widths = [20] }"] {
        let project = flag(output);
        project.run("sync").success();
        assert_eq!(project.picture("assets/flag.png").0, 40, "{output}");
        assert_eq!(project.picture("assets/flag-20w.png"), (20, 10, ImageFormat::Png), "{output}");
    }
}

#[test]
fn a_width_goes_before_the_extension_and_into_the_template() {
    for (output, main, narrow) in [
        ("{ path = \"v1.0/plain\", widths = [20] }", "v1.0/plain", "v1.0/plain-20w"),
        ("{ path = \"a.b/x.y.jpg\", widths = [20] }", "a.b/x.y.jpg", "a.b/x.y-20w.jpg"),
        ("{ path = \"{{ width }}/flag.png\", width = 40, widths = [20] }", "40/flag.png", "20/flag-20w.png"),
    ] {
        let project = flag(output);
        project.run("sync").success();
        project.has(&format!("assets/{main}"));
        assert_eq!(project.picture(&format!("assets/{narrow}")).0, 20, "{output}");
    }
}

#[test]
fn a_width_beyond_the_picture_is_made_with_a_warning() {
    let project = flag("{ widths = [20, 80] }");
    let sync = project.run("sync --format json").success();
    assert_eq!(sync.warnings("flag").len(), 1, "{}", sync.stdout());
    assert_eq!(project.picture("assets/flag-80w.png").0, 80);
}

#[test]
fn every_take_makes_every_output_where_all_are_published() {
    let output = "[\"{{ name }}-{{ take }}.png\", { path = \"x{{ take }}.webp\", widths = [16] }]";
    let project = hero(&format!("{output}\nn = 2\npublish = \"all\""));
    project.run("check").success().stdout_has("6 outputs");
    project.run("sync").success();
    let all = ["hero-1.png", "hero-2.png", "x1-16w.webp", "x1.webp", "x2-16w.webp", "x2.webp"];
    assert_eq!(locked_paths(&project), all);
    for path in all {
        project.has(&format!("assets/{path}"));
    }
    is_settled(&project);
    project.edit("\"all\"", "\"chosen\"").run("sync").success();
    assert_eq!(locked_paths(&project).len(), 3);
    is_settled(&project);
}

#[test]
fn every_output_of_a_list_needs_the_number_where_all_takes_are_published() {
    let project = hero("[\"{{ take }}.png\", \"hero.webp\"]\nn = 2\npublish = \"all\"");
    let found = project.run("check --format json").code(2).diagnostics();
    assert_eq!((found.len(), &found[0]["code"]), (1, &"bad-value".into()), "{found:#?}");
    assert!(found[0]["message"].to_string().contains("assets/hero.webp"), "{found:#?}");
}

#[test]
fn each_of_a_list_inherits_the_defaults_and_a_list_is_inherited_as_a_whole() {
    let asset = "[assets.hero]\nmodel = \"placeholder\"\nsize = \"64x64\"\nprompt = \"a panda\"\n";
    for (defaults, output, expected) in [
        (
            "{ format = \"webp\", width = 32 }",
            "[\"a.png\", { path = \"b\" }, {}]",
            vec!["a.png 32", "b 32", "hero.webp 32"],
        ),
        (
            "{ format = \"webp\", widths = [8] }",
            "[{ widths = [] }, \"b.jpg\"]",
            vec!["b-8w.jpg 8", "b.jpg 64", "hero.webp 64"],
        ),
        ("[{ width = 32 }, { format = \"webp\" }]", "", vec!["hero.png 32", "hero.webp 64"]),
        ("[{ width = 32 }, { format = \"webp\" }]", "{ format = \"jpeg\" }", vec!["hero.jpg 64"]),
        ("{ width = 32 }", "[]", vec![]),
        ("[]", "", vec![]),
        ("[]", "\"b.png\"", vec!["b.png 64"]),
    ] {
        let output = if output.is_empty() { String::new() } else { format!("output = {output}\n") };
        let project = Sandbox::new().manifest(&format!("[defaults]\noutput = {defaults}\n\n{asset}{output}"));
        project.run("sync").success();
        let paths = locked_paths(&project).into_iter();
        let made: Vec<String> =
            paths.map(|path| format!("{path} {}", project.picture(&format!("assets/{path}")).0)).collect();
        assert_eq!(made, expected, "{defaults} and {output}");
    }
}

#[test]
fn from_one_output_to_many_to_none_and_back_without_drawing_again() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\noutput = \"hero.png\"\n");
    project.run("sync").success();
    let first = project.lockfile();
    project.edit("\"hero.png\"", "[\"hero.png\", { path = \"hero.webp\", widths = [16] }]");
    plan_is(&project, &[("hero", "transform", "output")]);
    project.run("sync").success().has("assets/hero.webp").has("assets/hero-16w.webp");
    is_settled(&project);
    project.edit("[\"hero.png\", { path = \"hero.webp\", widths = [16] }]", "[]");
    plan_is(&project, &[("hero", "prune", "undeclared")]);
    project.run("sync").success().lacks("assets/hero.png").lacks("assets/hero.webp").lacks("assets/hero-16w.webp");
    assert!(!entry(&project, "hero").contains("outputs") && entry(&project, "hero").contains("takes"));
    is_settled(&project);
    project.edit("output = []", "output = \"hero.png\"");
    plan_is(&project, &[("hero", "transform", "output")]);
    project.run("sync").success();
    assert_eq!(project.lockfile(), first);
    assert_eq!(vendor.billed(), 1);
    project.check_invariants(&vendor);
}

#[test]
fn an_original_that_only_an_output_has_is_saved_before_the_output_goes() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\noutput = [\"hero.png\", \"hero.webp\"]\n");
    project.run("sync").success();
    project.empty_cache().edit("[\"hero.png\", \"hero.webp\"]", "\"hero.jpg\"").run("sync").success();
    project.has("assets/hero.jpg").lacks("assets/hero.png").lacks("assets/hero.webp");
    project.edit("\"hero.jpg\"", "\"hero.png\"").run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn one_output_of_several_that_is_missing_comes_back_alone() {
    let project = hero("[\"hero.png\", { path = \"hero.webp\", width = 32 }]");
    project.run("sync").success();
    let (before, kept) = (project.read("assets/hero.webp"), project.read("assets/hero.png"));
    project.remove("assets/hero.webp");
    plan_is(&project, &[("hero", "restore", "missing")]);
    project.run("sync --frozen").success();
    assert_eq!((project.read("assets/hero.webp"), project.read("assets/hero.png")), (before, kept));
    is_settled(&project);
}

#[test]
fn one_output_of_several_that_was_edited_blocks_its_asset() {
    let project = hero("[\"hero.png\", \"hero.webp\"]");
    project.run("sync").success();
    let before = project.read("assets/hero.webp");
    project.write("assets/hero.webp", "edited by hand").edit("a panda", "a red panda");
    plan_is(&project, &[("hero", "blocked", "edited prompt")]);
    let kept = project.snapshot();
    project.run("sync").code(1).stderr_has("assets/hero.webp");
    project.unchanged_since(&kept);
    project.edit("a red panda", "a panda").run("sync --overwrite").success();
    assert_eq!(project.read("assets/hero.webp"), before);
    is_settled(&project);
}

#[test]
fn a_picture_without_a_file_serves_as_a_reference() {
    let logo = "[assets.logo]\nprompt = \"a logo\"\noutput = []\n\n";
    let project = free(&format!("{logo}[assets.hero]\nprompt = \"a panda\"\nreferences = [{{ asset = \"logo\" }}]\n"));
    project.run("list").success().stdout_has("no file");
    project.run("sync").success().has("assets/hero.png").lacks("assets/logo.png");
    let locked = entry(&project, "logo");
    assert!(locked.contains("[[asset.takes]]") && !locked.contains("[[asset.outputs]]"), "{locked}");
    is_settled(&project);
    is_settled(&project.empty_cache());
    project.run("show logo").success();
    project.run("verify").success();
    project.edit("a panda", "a red panda");
    plan_is(&project, &[("hero", "generate", "prompt"), ("logo", "restore", "missing")]);
    project.run("sync").success();
    project.edit("a logo", "a round logo").run("sync").success();
    is_settled(&project);
    project.edit(logo.replace("a logo", "a round logo").as_str(), "").edit("references = [{ asset = \"logo\" }]\n", "");
    plan_is(&project, &[("hero", "generate", "reference"), ("logo", "prune", "undeclared")]);
    project.run("sync").success();
    is_settled(&project);
}

#[test]
fn a_picture_without_a_file_is_paid_once() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, "[assets.logo]\nprompt = \"a logo\"\noutput = []\n");
    project.run("sync").success();
    is_settled(&project);
    let locked = project.lockfile();
    project.remove("images.lock").run("sync").success();
    assert_eq!(project.lockfile(), locked, "the cache has it");
    project.check_invariants(&vendor);
    is_settled(&project.empty_cache());
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn the_first_output_with_both_sides_gives_the_ratio_and_the_largest_the_size() {
    let project = Sandbox::new().manifest(
        "[assets.hero]\nmodel = \"placeholder\"\nprompt = \"a panda\"\n\
         output = [{ path = \"a.png\", width = 8 }, { path = \"b.png\", width = 64, height = 36, widths = [128] }, \
         { path = \"c.png\", width = 32, height = 90 }]\n",
    );
    let sync = project.run("sync --format json").success();
    assert_eq!(sync.warnings("hero").len(), 0, "{}", sync.stdout());
    let locked = entry(&project, "hero");
    assert!(locked.contains("aspect_ratio = \"16:9\"") && locked.contains("asked = \"160x90\""), "{locked}");
    assert_eq!(project.picture("assets/b-128w.png"), (128, 72, ImageFormat::Png));
    project.edit("widths = [128]", "widths = [256]");
    plan_is(&project, &[("hero", "transform", "output undeclared")]);
}
