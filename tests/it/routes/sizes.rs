//! Sizes: what can't be drawn is said before it costs anything, and what came is measured.

use serde_json::json;

use crate::routes::{hero, one_request};
use crate::studio::warning_texts;
use crate::vendor::{Fault, Format, Vendor};

#[test]
fn what_no_vendor_draws_is_an_error_with_the_nearest_that_works() {
    for (lines, words) in [
        (
            "model = \"seedream-4.5\"\nsize = \"1024x1024\"",
            vec!["3,686,400", "1,048,576", "1920x1920", "width = 1024, height = 1024"],
        ),
        ("model = \"seedream-4.5\"\nsize = \"1K\"", vec!["the tiers 2K, 4K, not 1K", "size = \"2K\""]),
        (
            "model = \"gemini-3-pro-image\"\nsize = \"1920x1080\"",
            vec!["not pixels", "size = \"2K\", aspect_ratio = \"16:9\"", "width = 1920, height = 1080"],
        ),
        ("model = \"gemini-3-pro-image\"\naspect_ratio = \"7:5\"", vec!["not 7:5", "aspect_ratio = \"4:3\""]),
        ("model = \"gpt-image-1\"\nsize = \"1920x1080\"", vec!["1024x1024, 1536x1024, 1024x1536", "1536x1024"]),
        ("model = \"gpt-image-2\"\nsize = \"1000x1000\"", vec!["multiples of 16", "1008x1008"]),
        ("model = \"wan2.7-image\"\nsize = \"400x400\"", vec!["589,824", "768x768"]),
        ("model = \"wan2.7-image\"\nsize = \"4K\"", vec!["the tiers 1K, 2K, not 4K"]),
        ("model = \"seedream-5.0\"\nsize = \"4096x4096\"", vec!["10,404,496", "3225x3225"]),
    ] {
        let vendor = Vendor::aisa();
        let sandbox = hero(&vendor, lines);
        let diagnostics = sandbox.run("check --format json").code(2).diagnostics();
        let text = format!("{} {}", diagnostics[0]["message"], diagnostics[0]["help"]).replace('\\', "");
        for words in words {
            assert!(text.contains(words), "{lines}: {text}");
        }
        sandbox.run("sync --yes").code(2);
        assert_eq!(vendor.requests().len(), 0, "{lines}");
    }
}

#[test]
fn an_outputs_shape_asks_for_the_smallest_picture_that_covers_it() {
    for (vendor, model, output, asked) in [
        (Vendor::aisa(), "seedream-4.5", (1280, 720), json!({ "size": "2560x1440" })),
        (Vendor::aisa(), "seedream-4.5", (1024, 128), json!({ "size": "5432x679" })),
        (
            Vendor::openrouter(),
            "gemini-3-pro-image",
            (1920, 1080),
            json!({ "resolution": "2K", "aspect_ratio": "16:9" }),
        ),
        (Vendor::openrouter(), "gemini-3-pro-image", (700, 500), json!({ "resolution": "1K", "aspect_ratio": "4:3" })),
        (Vendor::openrouter(), "gpt-image-1", (800, 600), json!({ "size": "1536x1024" })),
        (Vendor::powertokens(), "seedream-4.0", (640, 640), json!({ "size": "960x960" })),
    ] {
        let provider = vendor
            .manifest_lines()
            .lines()
            .next()
            .unwrap_or_default()
            .replace(['[', ']'], "")
            .replace("providers.", "");
        let (width, height) = output;
        let lines = format!(
            "model = \"{model}\"\nprovider = \"{provider}\"\noutput = {{ width = {width}, height = {height} }}"
        );
        let vendor = vendor.answer_size(64, 64);
        let sandbox = hero(&vendor, &lines);
        let request = one_request(&vendor, &sandbox);
        for (field, value) in asked.as_object().expect("an object") {
            assert_eq!(&request.body[field], value, "{model} {output:?}");
        }
        let (real_width, real_height, _) = sandbox.picture("assets/hero.png");
        assert_eq!((real_width, real_height), output);
    }
}

#[test]
fn a_picture_of_another_size_is_a_warning_that_says_both() {
    let vendor = Vendor::openrouter();
    vendor.next(Fault::WrongSize);
    let sandbox = hero(
        &vendor,
        "model = \"gemini-3-pro-image\"\nprovider = \"openrouter\"\nsize = \"2K\"\naspect_ratio = \"16:9\"",
    );
    let run = sandbox.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), ["other-size"]);
    let words = warning_texts(&run, "hero");
    assert!(words.contains("2K 16:9 was asked for, 1376x768 came"), "{words}");
}

#[test]
fn a_picture_without_the_alpha_that_was_asked_for_is_a_warning_that_says_both() {
    for (format, words) in [(Format::Png, "an opaque png came"), (Format::Jpeg, "a jpeg came, which can't have one")] {
        let vendor = Vendor::openrouter();
        vendor.next(if format == Format::Png { Fault::Opaque } else { Fault::WrongFormat });
        let sandbox = hero(&vendor, "model = \"gpt-image-1\"\nbackground = \"transparent\"");
        let run = sandbox.run("sync --yes --format json").success();
        assert!(run.warnings("hero").contains(&"no-alpha".to_string()), "{:?}", run.warnings("hero"));
        assert!(warning_texts(&run, "hero").contains(words), "{}", warning_texts(&run, "hero"));
        assert_eq!(run.warnings("hero").contains(&"other-format".to_string()), format == Format::Jpeg);
    }
    let vendor = Vendor::openrouter();
    let sandbox = hero(&vendor, "model = \"gpt-image-1\"\nbackground = \"transparent\"");
    let run = sandbox.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), [""; 0]);
}

#[test]
fn fewer_images_than_asked_are_a_warning_and_the_rest_is_bought_next_time() {
    let vendor = Vendor::powertokens();
    vendor.next(Fault::FewerImages);
    let lines = "model = \"seedream-4.5\"\nprovider = \"powertokens\"\nn = 4";
    let sandbox = hero(&vendor, lines);
    let run = sandbox.run("sync --yes --format json").success();
    assert_eq!(run.warnings("hero"), ["fewer-images"]);
    assert!(warning_texts(&run, "hero").contains("3 of 4"), "{}", warning_texts(&run, "hero"));
    sandbox.run("plan --format json").success().json(|plan| assert_eq!(plan["totals"]["images"], json!(1)));
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 4);
    sandbox.check_invariants(&vendor);
}

#[test]
fn one_image_that_failed_takes_no_other_with_it() {
    let vendor = Vendor::powertokens();
    vendor.next(Fault::FailedEntry { code: "OutputImageSensitiveContentDetected" });
    let sandbox = hero(&vendor, "model = \"seedream-4.5\"\nprovider = \"powertokens\"\nn = 3");
    let run = sandbox.run("sync --yes --format json").success();
    let words = warning_texts(&run, "hero");
    assert!(words.contains("OutputImageSensitiveContentDetected") && words.contains("2 of 3"), "{words}");
    assert_eq!(vendor.billed(), 2);
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 3, "the one that failed is asked for again, and nothing else");
    sandbox.check_invariants(&vendor);
}
