//! Outputs: untouched where that will do, else of the right format and size, and the same bytes every time.

mod keys;
mod originals;
mod several;
mod transparent;

use image::ImageFormat;

use crate::projects::{entry, free, in_cache, is_settled, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::{Format, Vendor};

/// A source of 40 by 20 with a red left half and a blue right half, as this output.
fn flag(output: &str) -> Sandbox {
    let mut picture = image::RgbaImage::from_pixel(40, 20, image::Rgba([220, 20, 20, 255]));
    for (_, _, pixel) in picture.enumerate_pixels_mut().filter(|(x, _, _)| *x >= 20) {
        *pixel = image::Rgba([20, 20, 220, 255]);
    }
    let mut bytes = Vec::new();
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Png).expect("a picture is writable as PNG");
    Sandbox::new()
        .file("art/flag.png", bytes)
        .manifest(&format!("[assets.flag]\nsource = \"art/flag.png\"\noutput = {output}\n"))
}

/// The colour at a place of a picture.
#[track_caller]
fn pixel(project: &Sandbox, path: &str, x: u32, y: u32) -> [u8; 4] {
    image::load_from_memory(&project.read(path)).expect("it decodes").to_rgba8().get_pixel(x, y).0
}

fn is_near(one: [u8; 4], other: [u8; 4]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) < 24)
}

const RED: [u8; 4] = [220, 20, 20, 255];
const BLUE: [u8; 4] = [20, 20, 220, 255];

#[test]
fn an_original_that_has_the_format_is_copied_untouched() {
    for (format, extension) in [(Format::Png, "png"), (Format::Jpeg, "jpg"), (Format::Webp, "webp")] {
        let vendor = Vendor::openai().format(format);
        let project = studio(&vendor, &format!("[assets.hero]\nprompt = \"a panda\"\noutput = \"hero.{extension}\"\n"));
        project.run("sync").success();
        let path = format!("assets/hero.{extension}");
        let bytes = project.read(&path);
        assert_eq!(blake3::hash(&bytes).to_hex().to_string(), vendor.bills()[0].pictures[0].hash, "{extension}");
        assert_eq!(in_cache(&project, &bytes).len(), 1, "the original is in the cache, once");
        project.check_invariants(&vendor);
    }
}

#[test]
fn what_a_vendor_put_into_the_file_besides_the_picture_is_kept_in_a_copy() {
    let vendor = Vendor::openai().padded_to(20_000);
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\n");
    project.run("sync").success();
    assert_eq!(project.read("assets/hero.png").len(), 20_000);
}

#[test]
fn an_original_of_another_format_is_encoded_anew() {
    for (format, path, expected) in [
        (Format::Png, "hero.jpg", ImageFormat::Jpeg),
        (Format::Png, "hero.jpeg", ImageFormat::Jpeg),
        (Format::Png, "hero.webp", ImageFormat::WebP),
        (Format::Jpeg, "hero.png", ImageFormat::Png),
        (Format::Jpeg, "hero.webp", ImageFormat::WebP),
        (Format::Webp, "hero.png", ImageFormat::Png),
        (Format::Webp, "hero.jpg", ImageFormat::Jpeg),
    ] {
        let vendor = Vendor::openai().format(format);
        let project = studio(&vendor, &format!("[assets.hero]\nprompt = \"a panda\"\noutput = \"{path}\"\n"));
        project.run("sync").success();
        assert_eq!(project.picture(&format!("assets/{path}")), (64, 64, expected), "{format:?} as {path}");
        is_settled(&project);
    }
}

#[test]
fn the_format_comes_from_the_key_where_the_path_leaves_it_open() {
    let project = flag("{ format = \"webp\" }");
    project.run("sync").success();
    assert_eq!(project.picture("assets/flag.webp").2, ImageFormat::WebP);
    project
        .edit("{ format = \"webp\" }", "{ path = \"x/{{ name }}.{{ ext }}\", format = \"jpeg\" }")
        .run("sync")
        .success();
    assert_eq!(project.picture("assets/x/flag.jpg").2, ImageFormat::Jpeg);
    project.lacks("assets/flag.webp");
}

#[test]
fn a_path_without_an_extension_is_a_png() {
    let project = flag("\"plain\"");
    project.run("sync").success();
    assert_eq!(project.picture("assets/plain"), (40, 20, ImageFormat::Png));
}

#[test]
fn a_format_that_contradicts_the_path_is_an_error_at_both() {
    let project = flag("{ path = \"flag.png\", format = \"webp\" }");
    let diagnostics = project.run("check --format json").code(2).diagnostics();
    assert_eq!(diagnostics[0]["labels"].as_array().map(Vec::len), Some(2), "{diagnostics:#?}");
}

#[test]
fn a_default_format_gives_way_to_the_extension_of_an_assets_own_path() {
    let project =
        free("[assets.hero]\nprompt = \"a panda\"\noutput = \"hero.png\"\n\n[assets.moon]\nprompt = \"a moon\"\n");
    project.edit("size = \"64x64\"", "size = \"64x64\"\noutput = { format = \"webp\" }").run("sync").success();
    assert_eq!(project.picture("assets/hero.png").2, ImageFormat::Png);
    assert_eq!(project.picture("assets/moon.webp").2, ImageFormat::WebP);
}

#[test]
fn a_lower_quality_makes_a_smaller_file() {
    for format in ["jpeg", "webp"] {
        let project =
            free(&format!("[assets.hero]\nprompt = \"a panda\"\noutput = {{ format = \"{format}\", quality = 95 }}\n"));
        project.run("sync").success();
        let path = if format == "jpeg" { "assets/hero.jpg" } else { "assets/hero.webp" };
        let large = project.read(path).len();
        project.edit("quality = 95", "quality = 10").run("sync").success();
        assert!(project.read(path).len() < large, "{format}");
    }
}

#[test]
fn one_side_given_the_other_follows() {
    for (output, expected) in [
        ("{ width = 20 }", (20, 10)),
        ("{ height = 5 }", (10, 5)),
        ("{ width = 1 }", (1, 1)),
        ("{ width = 80 }", (80, 40)),
    ] {
        let project = flag(output);
        project.run("sync").success();
        let (width, height, _) = project.picture("assets/flag.png");
        assert_eq!((width, height), expected, "{output}");
        let locked = entry(&project, "flag");
        assert!(locked.contains(&format!("width = {width}\nheight = {height}")), "{locked}");
    }
}

#[test]
fn cover_fills_both_sides_and_crops_evenly() {
    for output in ["{ width = 20, height = 20 }", "{ width = 20, height = 20, fit = \"cover\" }"] {
        let project = flag(output);
        project.run("sync").success();
        assert_eq!(project.picture("assets/flag.png").0, 20);
        assert_eq!(project.picture("assets/flag.png").1, 20);
        assert!(is_near(pixel(&project, "assets/flag.png", 2, 10), RED), "{output}");
        assert!(is_near(pixel(&project, "assets/flag.png", 17, 10), BLUE), "{output}");
    }
}

#[test]
fn contain_shows_all_and_fills_up_with_nothing() {
    let project = flag("{ width = 40, height = 40, fit = \"contain\" }");
    project.run("sync").success();
    assert_eq!(project.picture("assets/flag.png"), (40, 40, ImageFormat::Png));
    assert_eq!(pixel(&project, "assets/flag.png", 0, 0)[3], 0, "transparent above");
    assert!(
        is_near(pixel(&project, "assets/flag.png", 2, 20), RED)
            && is_near(pixel(&project, "assets/flag.png", 37, 20), BLUE)
    );
    project.edit("fit = ", "format = \"jpeg\", fit = ").run("sync").success();
    assert!(is_near(pixel(&project, "assets/flag.jpg", 0, 0), [255; 4]), "white where nothing can be transparent");
}

#[test]
fn inside_keeps_the_shape_within_the_box() {
    let project = flag("{ width = 20, height = 20, fit = \"inside\" }");
    project.run("sync").success();
    assert_eq!(project.picture("assets/flag.png"), (20, 10, ImageFormat::Png));
}

#[test]
fn fill_stretches_to_both_sides() {
    let project = flag("{ width = 10, height = 40, fit = \"fill\" }");
    project.run("sync").success();
    assert_eq!(project.picture("assets/flag.png"), (10, 40, ImageFormat::Png));
    assert!(
        is_near(pixel(&project, "assets/flag.png", 1, 1), RED)
            && is_near(pixel(&project, "assets/flag.png", 8, 38), BLUE)
    );
}

#[test]
fn an_output_larger_than_its_picture_is_made_with_a_warning() {
    let project = flag("{ width = 80 }");
    let sync = project.run("sync --format json").success();
    assert_eq!(sync.warnings("flag").len(), 1, "{}", sync.stdout());
    assert_eq!(project.picture("assets/flag.png").0, 80);
}

#[test]
fn transparency_is_kept_where_the_format_has_it_and_white_where_not() {
    for (extension, expected) in [("png", 0), ("webp", 0), ("jpg", 255)] {
        let project = Sandbox::new().file("art/glass.png", png(16, 16, [0, 0, 0, 0])).manifest(&format!(
            "[assets.glass]\nsource = \"art/glass.png\"\noutput = {{ path = \"glass.{extension}\", width = 8 }}\n"
        ));
        project.run("sync").success();
        let [red, .., alpha] = pixel(&project, &format!("assets/glass.{extension}"), 4, 4);
        assert_eq!(alpha, expected, "{extension}");
        assert!(extension != "jpg" || red > 240, "on white");
    }
}

#[test]
fn two_runs_make_the_same_bytes_with_any_number_of_jobs() {
    let assets: String = ["png", "jpg", "webp"]
        .map(|extension| {
            let output = format!("{{ path = \"hero.{extension}\", width = 33, height = 21, fit = \"contain\" }}");
            format!("[assets.{extension}]\nprompt = \"a panda\"\noutput = {output}\n\n")
        })
        .concat();
    let [one, other] = [free(&assets), free(&assets)];
    one.run("sync").success();
    other.run("sync --jobs 1").success();
    for extension in ["png", "jpg", "webp"] {
        let path = format!("assets/hero.{extension}");
        assert_eq!(one.read(&path), other.read(&path), "{path}");
        let before = other.read(&path);
        other.remove(&path).run("sync --frozen").success();
        assert_eq!(other.read(&path), before, "{path} made again");
    }
    assert_eq!(one.lockfile(), other.lockfile());
}

#[test]
fn outputs_go_where_the_manifest_says() {
    let head = "[output]\ndir = \"public/img\"\npath = \"{{ name }}/main.{{ ext }}\"\n\n";
    let asset = "[assets.\"ui/button\"]\nmodel = \"placeholder\"\nsize = \"64x64\"\nprompt = \"a button\"\n";
    let project = Sandbox::new().manifest(&format!("{head}{asset}"));
    project.run("sync").success().has("public/img/ui/button/main.png");
    project.edit("dir = \"public/img\"", "dir = \".\"").run("sync").success();
    project.has("ui/button/main.png").lacks("public/img/ui/button/main.png");
}

#[test]
fn what_a_template_does_not_know_is_an_error_and_never_an_empty_word() {
    for template in ["{{ nam }}.png", "{{ width }}.png", "{{ name", "{% if %}.png"] {
        let project = flag(&format!("\"{template}\""));
        let before = project.snapshot();
        project.run("sync").code(2).stderr_has("images.toml:3");
        project.unchanged_since(&before);
    }
}

#[test]
fn what_came_in_another_size_than_asked_for_is_published_with_a_warning() {
    let vendor = Vendor::openai().answer_size(48, 32);
    let project = studio(&vendor, "[assets.hero]\nprompt = \"a panda\"\n");
    let sync = project.run("sync --format json").success();
    assert_eq!(sync.warnings("hero").len(), 1, "{}", sync.stdout());
    assert_eq!(project.picture("assets/hero.png").0, 48);
    let locked = entry(&project, "hero");
    assert!(locked.contains("asked = \"64x64\"") && locked.contains("width = 48\nheight = 32"), "{locked}");
}
