//! No asset that passes `check` is refused by a strict vendor for what its request holds.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::routes::with_board;
use crate::sandbox::Sandbox;
use crate::vendor::Vendor;

/// The models of the vendors' pages, by canonical name and by a vendor's own id.
const MODELS: [&str; 10] = [
    "seedream-5.0",
    "seedream-4.5",
    "seedream-4.0",
    "bytedance-seed/seedream-4.5",
    "wan2.7-image",
    "wan2.7-image-pro",
    "gemini-3-pro-image",
    "gemini-2.5-flash-image",
    "gpt-image-1",
    "gpt-image-2",
];
const PROVIDERS: [&str; 3] = ["aisa", "openrouter", "powertokens"];
const RATIOS: [&str; 8] = ["1:1", "16:9", "9:16", "21:9", "4:5", "7:5", "1:8", "9:19.5"];
const TIERS: [&str; 5] = ["512", "1K", "2K", "3K", "4K"];

fn size() -> impl Strategy<Value = String> {
    let sides = prop::sample::select(vec![1024_u32, 1152, 1440, 1536, 1600, 1920, 2000, 2048, 2304, 2560]);
    let pixels = (sides.clone(), sides).prop_map(|(width, height)| format!("size = \"{width}x{height}\"\n"));
    let tier = prop::sample::select(&TIERS[..]).prop_map(|tier| format!("size = \"{tier}\"\n"));
    let ratio = prop::sample::select(&RATIOS[..]).prop_map(|ratio| format!("aspect_ratio = \"{ratio}\"\n"));
    let both = (tier.clone(), ratio.clone()).prop_map(|(tier, ratio)| tier + &ratio);
    // Most of them small, as each is made.
    let output = prop_oneof![6 => (16..300_u32, 16..300_u32), 1 => (16..1600_u32, 16..1600_u32)];
    let output = output.prop_map(|(width, height)| format!("output = {{ width = {width}, height = {height} }}\n"));
    prop_oneof![2 => Just(String::new()), 3 => pixels, 1 => tier, 2 => ratio, 2 => both, 3 => output]
}

fn line<T: std::fmt::Debug + Clone + 'static>(values: Vec<T>, write: fn(T) -> String) -> impl Strategy<Value = String> {
    prop::option::weighted(0.25, prop::sample::select(values))
        .prop_map(move |value| value.map_or_else(String::new, write))
}

/// The keys of an asset that may well be more than its vendor can do.
fn asset() -> impl Strategy<Value = String> {
    let references = |count: usize| {
        let paths: Vec<&str> =
            (0..count).map(|index| if index % 2 == 0 { "art/one.png" } else { "art/two.png" }).collect();
        format!("references = {paths:?}\n")
    };
    (
        prop::sample::select(&MODELS[..]),
        prop::option::of(prop::sample::select(&PROVIDERS[..])),
        size(),
        line(vec![1, 3, 9, 14, 16, 17], references),
        line(vec![0_u64, 7, 2_147_483_647, 2_147_483_648], |seed| format!("seed = {seed}\n")),
        line(vec!["auto", "low", "high"], |quality| format!("quality = \"{quality}\"\n")),
        line(vec!["auto", "transparent", "opaque"], |background| format!("background = \"{background}\"\n")),
        line(vec![2_u32, 4, 5], |n| format!("n = {n}\n")),
    )
        .prop_map(|(model, provider, size, references, seed, quality, background, n)| {
            let provider = provider.map(|provider| format!("provider = \"{provider}\"\n")).unwrap_or_default();
            format!("model = \"{model}\"\n{provider}{size}{references}{seed}{quality}{background}{n}")
        })
}

/// The names of the assets that `check` complains of.
fn refused(sandbox: &Sandbox) -> Vec<String> {
    let run = sandbox.run("check --format json");
    if run.status().success() {
        return Vec::new();
    }
    let diagnostics = run.code(2).diagnostics();
    for diagnostic in &diagnostics {
        let code = diagnostic["code"].as_str().unwrap_or_default();
        assert!(["no-route", "bad-size", "bad-value"].contains(&code), "{diagnostic:#}");
    }
    let named = |diagnostic: &serde_json::Value| {
        let message = diagnostic["message"].as_str().unwrap_or_default().to_string();
        message.split('`').find(|word| word.starts_with("asset-")).map(str::to_string)
    };
    diagnostics.iter().map(|diagnostic| named(diagnostic).expect("an error about an asset names it")).collect()
}

#[test]
fn what_passes_check_is_taken_by_every_vendor() {
    let config = Config { cases: 16, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let made = Cell::new(0);
    let assets = prop::collection::vec(asset(), 16);
    let result = runner.run(&(assets, any::<bool>()), |(assets, is_moved)| {
        let aisa = if is_moved { Vendor::aisa_moved() } else { Vendor::aisa() };
        let vendors = [aisa, Vendor::openrouter(), Vendor::powertokens()].map(|vendor| vendor.answer_size(64, 64));
        let tables: String = vendors.iter().map(Vendor::manifest_lines).collect();
        let declare = |left: &[(String, String)]| {
            let declared = left.iter().map(|(name, keys)| format!("[assets.{name}]\nprompt = \"{name}\"\n{keys}"));
            format!("[budget]\nmax_images = 1000\n{tables}\n{}", declared.collect::<String>())
        };
        let mut left: Vec<(String, String)> =
            assets.into_iter().enumerate().map(|(index, keys)| (format!("asset-{index}"), keys)).collect();
        let sandbox = with_board(Sandbox::new().manifest(&declare(&left)));
        let bad = refused(&sandbox);
        left.retain(|(name, _)| !bad.contains(name));
        sandbox.manifest(&declare(&left));
        prop_assert_eq!(refused(&sandbox), Vec::<String>::new());
        if left.is_empty() {
            return Ok(());
        }
        let run = sandbox.run("sync --yes --format json");
        for vendor in &vendors {
            // A route that is closed is no fault of the request's.
            let closed = ["is not routed", "is not supported on this route", "is no endpoint", "draws no images here"];
            let is_about_a_body = |rule: &String| !closed.iter().any(|words| rule.contains(words));
            let broken: Vec<String> = vendor.broken_rules().into_iter().filter(is_about_a_body).collect();
            prop_assert_eq!(broken, Vec::<String>::new(), "{}", sandbox.read_text("images.toml"));
        }
        let results = run.results();
        prop_assert_eq!(results.len(), left.len());
        made.set(made.get() + results.values().filter(|result| *result == "done").count());
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(made.get() > 40, "only {} assets were possible: the test tests little", made.get());
}
