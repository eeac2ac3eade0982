//! Every key of an output, through the binary, on pictures made by hand.

use std::io::Cursor;

use image::{ImageFormat, Rgba, RgbaImage};

use crate::sandbox::Sandbox;

const RED: Rgba<u8> = Rgba([200, 30, 40, 255]);
const GREEN: Rgba<u8> = Rgba([0, 250, 5, 255]);

/// A red square of 8 pixels, off the middle, on a ground of 32x16.
fn square(ground: Rgba<u8>) -> Vec<u8> {
    let picture =
        RgbaImage::from_fn(32, 16, |x, y| if (4..12).contains(&x) && (4..12).contains(&y) { RED } else { ground });
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("written");
    bytes
}

/// A project of one picture made by hand, with this output.
fn project(output: &str) -> Sandbox {
    Sandbox::new()
        .manifest(&format!("[assets.square]\nsource = \"art/square.png\"\noutput = {output}\n"))
        .file("art/square.png", square(GREEN))
        .file("art/two.hex", "ff0000\n00ff00\n")
}

fn shown(project: &Sandbox, path: &str) -> RgbaImage {
    image::load_from_memory(&project.read(path)).expect("a picture").into_rgba8()
}

/// The picture that this output makes, as PNG.
fn made(output: &str) -> RgbaImage {
    let project = project(output);
    project.run("sync").success();
    project.run("plan --exit-code").success();
    project.run("verify").success();
    shown(&project, "assets/square.png")
}

#[test]
fn geometry_is_cut_turned_and_padded() {
    for (output, size, red_at) in [
        ("{ crop = { x = 4, y = 4, width = 8, height = 8 } }", (8, 8), (0, 0)),
        ("{ width = 16, height = 16, crop = \"left\" }", (16, 16), (5, 5)),
        ("{ width = 16, height = 16, crop = [0.25, 0.5] }", (16, 16), (5, 5)),
        ("{ rotate = 90 }", (16, 32), (11, 4)),
        ("{ flip = \"horizontal\" }", (32, 16), (27, 4)),
        ("{ rotate = 180, flip = \"both\" }", (32, 16), (4, 4)),
        ("{ pad = [1, 2, 3, 4] }", (38, 20), (8, 5)),
        ("{ chroma_key = \"auto\", trim = true }", (8, 8), (3, 3)),
        (
            "{ chroma_key = \"auto\", trim = true, pad = 2, width = 20, height = 20, filter = \"nearest\" }",
            (20, 20),
            (2, 2),
        ),
        ("{ width = 64, filter = \"nearest\" }", (64, 32), (8, 8)),
        ("{ path = \"square.png\", background = \"#0000ff\", chroma_key = \"#00ff00\" }", (32, 16), (5, 5)),
    ] {
        let picture = made(output);
        assert_eq!(picture.dimensions(), size, "{output}");
        let Rgba([red, green, blue, alpha]) = *picture.get_pixel(red_at.0, red_at.1);
        assert!(
            red > 180 && green < 60 && blue < 70 && alpha == 255,
            "{output}: {:?}",
            picture.get_pixel(red_at.0, red_at.1)
        );
    }
}

#[test]
fn a_ground_goes_and_leaves_nothing_behind() {
    let keyed = made("{ chroma_key = \"#00ff00\" }");
    assert_eq!(*keyed.get_pixel(0, 0), Rgba([0; 4]));
    assert_eq!(keyed.get_pixel(8, 8)[3], 255);
    let laid = made("{ chroma_key = \"auto\", background = \"black\" }");
    assert_eq!((*laid.get_pixel(0, 0), laid.get_pixel(8, 8)[3]), (Rgba([0, 0, 0, 255]), 255));
}

#[test]
fn a_sheet_becomes_a_file_a_cell() {
    let project = project("{ path = \"{{ name }}/{{ cell }}.png\", grid = [[\"a\", \"b\"], [\"\", \"d\"]] }");
    project.run("sync").success();
    assert_eq!(shown(&project, "assets/square/a.png").dimensions(), (16, 8));
    assert!(shown(&project, "assets/square/a.png").get_pixel(5, 5)[0] > 180);
    project.has("assets/square/b.png").has("assets/square/d.png").lacks("assets/square/c.png").run("verify").success();
    let numbered =
        crate::outputs::keys::project("{ path = \"{{ cell }}.webp\", grid = \"2x1\", lossless = true, widths = [8] }");
    numbered.run("sync").success();
    for path in ["assets/1.webp", "assets/2.webp", "assets/1-8w.webp", "assets/2-8w.webp"] {
        numbered.has(path);
    }
    assert_eq!(shown(&numbered, "assets/2-8w.webp").dimensions(), (8, 8));
}

#[test]
fn palettes_make_indexed_files_of_their_colours() {
    for (output, colours) in [("{ colors = 2 }", 2), ("{ colors = \"art/two.hex\" }", 2)] {
        let project = project(output);
        project.run("sync").success();
        let bytes = project.read("assets/square.png");
        assert_eq!(bytes[24..26], [1, 3], "{output}: one bit a pixel, by palette");
        let picture = shown(&project, "assets/square.png");
        let seen: std::collections::BTreeSet<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
        assert_eq!(seen.len(), colours, "{output}");
    }
    // The palette's file is an input: what it says is part of the settings.
    let project = project("{ colors = \"art/two.hex\" }");
    project.run("sync").success();
    project.write("art/two.hex", "000000\nffffff\n").run("plan --exit-code").code(4);
    project.run("sync").success();
    assert!(
        shown(&project, "assets/square.png").pixels().all(|pixel| [0, 255].contains(&pixel[0]) && pixel[0] == pixel[1])
    );
}

#[test]
fn a_file_keeps_to_its_bytes_and_its_formats() {
    let byte = |number: u32| u8::try_from(number % 256).expect("a byte");
    let noise = RgbaImage::from_fn(128, 128, |x, y| Rgba([byte(x * 37 + y * 91), byte(x * y), byte(x ^ y), 255]));
    let mut bytes = Vec::new();
    noise.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("written");
    let project = Sandbox::new().file("art/noise.png", bytes).manifest(
        "[assets.noise]\nsource = \"art/noise.png\"\n\
         output = [{ path = \"n.webp\", max_bytes = 4000 }, { path = \"n.jpg\", max_bytes = 4000 }, { path = \"n.avif\" }]\n",
    );
    project.run("sync").success();
    for path in ["assets/n.webp", "assets/n.jpg"] {
        assert!((2000..=4000).contains(&project.read(path).len()), "{path}: {}", project.read(path).len());
    }
    assert_eq!(&project.read("assets/n.avif")[4..12], b"ftypavif");
    project.run("verify").success();
    project.run("plan --exit-code").success();
    let short = project.edit("\"n.webp\", max_bytes = 4000", "\"n.webp\", max_bytes = 40").run("sync").code(1);
    short.stderr_has("n.webp").stderr_has("at the lowest quality").stderr_has("the original is kept");
}

#[test]
fn what_cannot_be_is_said_at_its_place() {
    for (output, place, words) in [
        ("{ pad = 20, width = 40 }", "20", "no picture is left"),
        ("{ lossless = true, format = \"jpeg\", path = \"a.jpg\" }", "true", "always loses a little"),
        ("{ max_bytes = 100 }", "100", "no quality that could be lowered"),
        ("{ colors = 16, path = \"a.webp\" }", "16", "can't keep to a palette"),
        ("{ colors = 1 }", "1", "from 2 to 256"),
        ("{ colors = \"art/none.hex\" }", "\"art/none.hex\"", "can't be read"),
        ("{ colors = \"art/square.png\" }", "\"art/square.png\"", "can't be read"),
        ("{ grid = \"2x2\" }", "\"2x2\"", "{{ cell }}"),
        ("{ path = \"{{ cell }}.png\", grid = [[\"a\", \"A\"]] }", "[[\"a\", \"A\"]]", "two cells are called"),
        (
            "{ path = \"{{ cell }}.png\", grid = [[\"a\"], [\"b\", \"c\"]] }",
            "[[\"a\"], [\"b\", \"c\"]]",
            "a list a row",
        ),
        ("{ path = \"{{ cell }}.png\" }", "cell", "variable `cell` is unknown"),
        ("{ rotate = 45 }", "45", "90, 180 or 270"),
        ("{ chroma_key = \"green\" }", "\"green\"", "a colour like"),
        ("{ background = \"blue\" }", "\"blue\"", "a colour like"),
        ("{ crop = [2, 0] }", "[2, 0]", "a point like"),
        ("{ filter = \"lanczos\" }", "\"lanczos\"", "did you mean `lanczos3`"),
    ] {
        let project = project(output);
        let found = project.run("check --format json").code(2).diagnostics();
        assert_eq!(found.len(), 1, "{output}: {found:#?}");
        let said = format!("{} {}", found[0]["message"], found[0]["help"]);
        assert!(said.contains(words), "{output}: {said}");
        let column = usize::try_from(found[0]["labels"][0]["column"].as_u64().expect("a column")).expect("small");
        let line = project.read_text("images.toml").lines().nth(2).expect("three lines").to_string();
        assert!(line[column - 1..].starts_with(place), "{output}: {}", &line[column - 1..]);
    }
}

#[test]
fn what_the_asked_size_rules_out_is_said_before_anything_is_made() {
    let asset = "[assets.sheet]\nmodel = \"placeholder\"\nprompt = \"a sheet\"\nsize = \"100x60\"\n";
    for (output, words) in [
        ("{ path = \"{{ cell }}.png\", grid = \"3x2\" }", "crop = { width = 99, height = 60 }"),
        ("{ crop = { x = 50, width = 51, height = 60 } }", "asked for at 100x60"),
    ] {
        let project = Sandbox::new().manifest(&format!("{asset}output = {output}\n"));
        let found = project.run("check --format json").code(2).diagnostics();
        let said = format!("{} {}", found[0]["message"], found[0]["help"]);
        assert!(found.len() == 1 && said.contains(words), "{output}: {said}");
    }
    let even = "{ path = \"{{ cell }}.png\", grid = \"3x2\", crop = { width = 99, height = 60 } }";
    let project = Sandbox::new().manifest(&format!("{asset}output = {even}\n"));
    project.run("sync").success();
    assert_eq!(shown(&project, "assets/6.png").dimensions(), (33, 30));
}

#[test]
fn what_only_the_picture_shows_fails_its_asset_and_keeps_the_original() {
    for (output, words) in [
        ("{ path = \"{{ cell }}.png\", grid = \"3x1\" }", "crop it to 30x16 first"),
        ("{ crop = { x = 30, width = 3, height = 3 } }", "leaves the picture, which has 32x16"),
    ] {
        let project = project(output);
        project.run("sync").code(1).stderr_has(words).stderr_has("the original is kept");
    }
    let missed = project("{ chroma_key = \"#0000ff\" }");
    missed.run("sync").success().stderr_has("nothing in `assets/square.png` has the colour of `chroma_key`");
}

/// The files in the cache that were made of originals.
fn derived(project: &Sandbox) -> Vec<std::path::PathBuf> {
    let shards = std::fs::read_dir(project.cache_path().join("v1/derived")).into_iter().flatten().flatten();
    shards
        .flat_map(|shard| std::fs::read_dir(shard.path()).expect("a folder").flatten())
        .map(|file| file.path())
        .collect()
}

#[test]
fn what_was_made_once_is_not_made_again_by_another_checkout() {
    let project = project("[{ path = \"a.webp\", width = 8 }, { path = \"b.avif\", width = 8 }, { path = \"c.png\" }]");
    project.run("sync").success();
    assert_eq!(derived(&project).len(), 2, "an untouched copy is the original");
    let before = ["assets/a.webp", "assets/b.avif"].map(|path| project.read(path));
    // It is these files that come back: here they are others, and whole.
    for kept in derived(&project) {
        let bytes = std::fs::read(&kept).expect("readable");
        let other = [&bytes[32..], b"more"].concat();
        std::fs::write(&kept, [blake3::hash(&other).as_bytes(), other.as_slice()].concat()).expect("written");
    }
    let clone = project.clone_project("clone");
    clone.remove("assets").remove("images.lock").run("sync").success();
    assert_eq!(clone.read("assets/a.webp"), [before[0].as_slice(), b"more"].concat());
    clone.run("verify").success();
    // A damaged one is none.
    for kept in derived(&project) {
        std::fs::write(&kept, "damaged").expect("written");
    }
    project.remove("assets").run("sync --frozen").success();
    assert_eq!(["assets/a.webp", "assets/b.avif"].map(|path| project.read(path)), before);
    // And it is the first thing to go.
    project.run("cache gc --format json").success().json(|document| assert_eq!(document["derived"]["count"], 2));
    assert!(derived(&project).is_empty());
    project.remove("assets").run("sync --frozen").success();
}
