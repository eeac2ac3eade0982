//! What pictures come in: drawings, profiles of other colours, sizes that aren't those of the outputs.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageFormat, Rgba};
use serde_json::json;

use crate::sandbox::Sandbox;
use crate::studio::studio;
use crate::vendor::{Fault, Vendor};

const DRAWING: &str = r##"<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5">
  <path d="M0 0h5v5H0z" fill="#c81e28"/>
</svg>"##;

#[test]
fn an_svg_is_drawn_at_the_size_of_each_output() {
    let project = Sandbox::new()
        .manifest("[assets.flag]\nsource = \"art/flag.svg\"\noutput = { width = 301, widths = [20, 640] }\n")
        .file("art/flag.svg", DRAWING);
    project.run("sync").success().stderr_lacks("warning");
    for (path, size) in [("flag.png", (301, 151)), ("flag-20w.png", (20, 10)), ("flag-640w.png", (640, 320))] {
        let path = format!("assets/{path}");
        assert_eq!(project.picture(&path), (size.0, size.1, ImageFormat::Png));
        let picture = image::load_from_memory(&project.read(&path)).expect("a picture").into_rgba8();
        let seen = |x: u32| *picture.get_pixel(x, size.1 / 2);
        assert_eq!(
            (seen(size.0 / 2 - 2), seen(size.0 / 2 + 2)),
            (Rgba([200, 30, 40, 255]), Rgba([0; 4])),
            "{path}: sharp"
        );
    }
    project.run("plan --exit-code").success();
    project.run("verify").success();
    project.remove("assets").run("sync --frozen").success();
}

#[test]
fn text_of_an_svg_is_missed_aloud_and_a_broken_one_fails_alone() {
    let project = Sandbox::new()
        .manifest("[assets.broken]\nsource = \"broken.svg\"\n[assets.flag]\nsource = \"flag.svg\"\n")
        .file("broken.svg", DRAWING.replace("</svg>", ""))
        .file("flag.svg", DRAWING.replace("<path", "<text y=\"5\">Ho</text><path"));
    let run = project.run("sync --format json").code(1);
    assert_eq!(run.warnings("flag"), ["text-not-drawn"]);
    assert_eq!(
        (&run.asset("broken")["error"]["code"], &run.asset("flag")["result"]),
        (&json!("transform"), &json!("done"))
    );
    project.lacks("assets/broken.png").has("assets/flag.png");
}

/// An ICC profile of sRGB's primaries whose values are amounts of light (ICC.1:2010, 7 to 10).
fn linear_profile() -> Vec<u8> {
    // In parts of 10,000, as fixed-point numbers of 16 bits after the point.
    let number = |parts: i32| (parts * 65_536 / 10_000).to_be_bytes();
    let point = |[x, y, z]: [i32; 3]| [*b"XYZ ", [0; 4], number(x), number(y), number(z)].concat();
    let curve = [*b"curv", [0; 4], [0; 4]].concat();
    let tags: [(&[u8; 4], Vec<u8>); 7] = [
        (b"wtpt", point([9642, 10_000, 8249])),
        (b"rXYZ", point([4361, 2225, 139])),
        (b"gXYZ", point([3851, 7169, 971])),
        (b"bXYZ", point([1431, 606, 7141])),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let mut header = vec![0; 128];
    header[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    header[12..24].copy_from_slice(b"mntrRGB XYZ ");
    header[36..40].copy_from_slice(b"acsp");
    header[68..80].copy_from_slice(&[number(9642), number(10_000), number(8249)].concat());
    let mut table = u32::try_from(tags.len()).expect("seven").to_be_bytes().to_vec();
    let mut data = Vec::new();
    for (name, value) in &tags {
        let start = u32::try_from(128 + 4 + 12 * tags.len() + data.len()).expect("short");
        table.extend([**name, start.to_be_bytes(), u32::try_from(value.len()).expect("short").to_be_bytes()].concat());
        data.extend(value);
    }
    let mut profile = [header, table, data].concat();
    let length = u32::try_from(profile.len()).expect("short").to_be_bytes();
    profile[..4].copy_from_slice(&length);
    profile
}

fn grey_with_profile(profile: Vec<u8>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = PngEncoder::new(&mut file);
    encoder.set_icc_profile(profile).expect("a png can have one");
    encoder.write_image(&[128; 12 * 12 * 3], 12, 12, ExtendedColorType::Rgb8).expect("written");
    file.into_inner()
}

#[test]
fn colours_are_those_that_the_files_profile_means() {
    for (profile, expected, warnings) in
        [(linear_profile(), 188, vec![]), (b"no profile".to_vec(), 128, vec!["odd-profile".to_string()])]
    {
        let project = Sandbox::new()
            .manifest("[assets.grey]\nsource = \"grey.png\"\noutput = { width = 6 }\n")
            .file("grey.png", grey_with_profile(profile));
        let run = project.run("sync --format json").success();
        assert_eq!(run.warnings("grey"), warnings);
        let picture = image::load_from_memory(&project.read("assets/grey.png")).expect("a picture").into_rgb8();
        assert!(picture.pixels().all(|pixel| pixel.0 == [expected; 3]), "{:?}", picture.get_pixel(0, 0));
    }
}

#[test]
fn a_plan_says_which_size_becomes_which() {
    let vendor = Vendor::openai();
    let project = studio(
        &vendor,
        "",
        "[assets.strip]\nprompt = \"reeds\"\noutput = [{ path = \"strip.png\", width = 64, height = 8 }, { path = \"icon.png\", width = 16 }]\n\
         [assets.wall]\nprompt = \"reeds at night\"\noutput = { width = 100 }\n[assets.whole]\nprompt = \"reeds at noon\"\n",
    );
    let plan = project
        .run("plan")
        .success()
        .stdout_has("; asked at 64x64, made into 64x8, 16x16\n")
        .stdout_has("; asked at 64x64, made into 100x100\n")
        .stdout_has("100x100 is made of a picture of 64x64: it will look soft");
    assert_eq!(plan.stdout().matches("asked at").count(), 2, "the third is as it is asked for");
    let plan = project.run("plan --format json").success();
    assert_eq!((plan.warnings("wall"), plan.warnings("strip").len()), (vec!["enlarged".to_string()], 0));
    let run = project.run("sync --yes --format json").success();
    assert_eq!((run.warnings("wall"), run.warnings("strip").len()), (vec!["enlarged".to_string()], 0));
    assert_eq!(project.picture("assets/strip.png"), (64, 8, ImageFormat::Png));
}

#[test]
fn a_vendors_drawing_is_kept_as_it_came_and_drawn_at_any_size() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Drawing);
    let project = studio(&vendor, "", "[assets.disc]\nprompt = \"a red disc\"\noutput = { width = 300 }\n");
    let run = project.run("sync --yes --format json").success();
    assert_eq!(run.warnings("disc"), Vec::<String>::new());
    let picture = image::load_from_memory(&project.read("assets/disc.png")).expect("a picture").into_rgba8();
    let seen = |x: u32| *picture.get_pixel(x, 150);
    assert_eq!(
        (picture.dimensions(), seen(2), seen(150)),
        ((300, 300), Rgba([200, 30, 40, 255]), Rgba([200, 30, 40, 255]))
    );
    assert_eq!(*picture.get_pixel(0, 0), Rgba([0; 4]));
    project.edit("width = 300", "width = 20").run("sync").success();
    project.remove("assets").remove(".tintype").run("sync --frozen").success();
    assert_eq!((vendor.billed(), project.picture("assets/disc.png")), (1, (20, 20, ImageFormat::Png)));
    project.check_invariants(&vendor);
}

#[test]
fn a_tier_becomes_the_size_that_the_output_names() {
    let project = Sandbox::new()
        .manifest(
            "[assets.hero]\nprompt = \"reeds\"\nmodel = \"gemini-3-pro-image\"\nsize = \"1K\"\naspect_ratio = \"16:9\"\n\
             output = { width = 640, height = 200 }\n",
        )
        .env("OPENROUTER_API_KEY", "a-key");
    project.run("plan").success().stdout_has("; asked at 1K 16:9, made into 640x200\n");
}

#[test]
fn a_drawing_that_is_referred_to_is_sent_as_pixels() {
    let vendor = Vendor::openai();
    let assets = "[assets.logo]\nsource = \"art/flag.svg\"\n[assets.ship]\nprompt = \"a ship under this flag\"\n\
                  references = [\"art/flag.svg\", { asset = \"logo\" }]\n";
    let project = studio(&vendor, "", assets).file("art/flag.svg", DRAWING);
    project.edit("cost_usd = 0.02", "edits = \"json\", max_references = 4, cost_usd = 0.02");
    project.run("sync --yes").success();
    let sent = &vendor.requests()[0].references;
    assert_eq!(sent.len(), 2);
    for bytes in sent {
        let picture = image::load_from_memory_with_format(bytes, ImageFormat::Png).expect("a png").into_rgba8();
        assert_eq!(picture.dimensions(), (1024, 512), "large enough to see what it shows");
        assert_eq!(*picture.get_pixel(2, 2), Rgba([200, 30, 40, 255]));
    }
    assert_eq!((project.run("plan --exit-code").success(), vendor.billed()).1, 1);
}
