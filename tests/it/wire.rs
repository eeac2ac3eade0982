//! What goes over the wire, and to whom: the documented request and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::studio::{SMALLEST, UNFINISHED, aisa, error_code, studio, warning_texts};
use crate::vendor::{Fault, KEY, Vendor, closed_base_url};

/// Seedream at two providers: first one of the user's own, then AIsa.
#[track_caller]
fn two_ways(studio: &str, aisa: &Vendor, asset_keys: &str) -> Sandbox {
    let manifest = format!(
        "[models.\"seedream-4.5\"]\nroutes = [\n\
         \x20 {{ provider = \"studio\", id = \"sd45\", cost_usd = 0.01, max_images = 4 }},\n\
         \x20 {{ provider = \"aisa\", id = \"seedream-4-5-251128\" }},\n]\n\n\
         {studio}\n{}\n\
         [assets.hero]\nprompt = \"a red panda\"\nmodel = \"seedream-4.5\"\nsize = \"{SMALLEST}\"\n\
         provider = [\"studio\", \"aisa\"]\n{asset_keys}\n",
        aisa.manifest_lines()
    );
    Sandbox::new().manifest(&manifest).env("AISA_API_KEY", KEY).env("STUDIO_API_KEY", KEY)
}

fn bodies(vendor: &Vendor) -> Vec<Value> {
    vendor.requests().into_iter().map(|request| request.body).collect()
}

/// One field of each request's body, in ascending order.
fn numbers(vendor: &Vendor, field: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = bodies(vendor).iter().filter_map(|body| body[field].as_u64()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn aisa_gets_the_request_of_its_page_and_not_a_field_more() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\nsize = \"2560x1440\"\n");
    sandbox.run("sync").success().has("assets/hero.png");
    let request = vendor.requests().remove(0);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/images/generations"));
    assert_eq!(
        request.body,
        json!({ "model": "seedream-4-5-251128", "prompt": "a red panda", "n": 1, "size": "2560x1440" })
    );
    assert_eq!(request.bearer(), Some(KEY));
    assert_eq!(sandbox.picture("assets/hero.png"), (2560, 1440, image::ImageFormat::Png));
    assert!(vendor.broken_rules().is_empty(), "{:?}", vendor.broken_rules());
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_server_of_ones_own_gets_quality_and_its_own_options_too() {
    let vendor = Vendor::openai().key(KEY).allow_field("steps").allow_field("tuning");
    let asset = "[assets.hero]\nprompt = \"a red panda\"\nquality = \"high\"\n\
                 options.studio = { steps = 4, tuning = { soft = true, scale = 1.5 } }\n";
    let sandbox = studio(&vendor, "", asset);
    sandbox.run("sync").success();
    let request = vendor.requests().remove(0);
    assert_eq!(
        request.body,
        json!({ "model": "house-xl", "prompt": "a red panda", "n": 1, "size": "64x64", "quality": "high",
                "steps": 4, "tuning": { "soft": true, "scale": 1.5 } })
    );
    assert_eq!(request.bearer(), Some(KEY));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_server_without_a_key_gets_no_authorization() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\n").env("AISA_API_KEY", KEY);
    sandbox.run("sync").success();
    assert_eq!(vendor.requests()[0].header("authorization"), None);
    sandbox.check_invariants(&vendor);
}

#[test]
fn options_of_one_provider_never_reach_another() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "options.studio = { steps = 4 }")
        .edit("provider = [\"studio\", \"aisa\"]", "provider = \"aisa\"");
    sandbox.run("sync").success();
    assert_eq!(bodies(&vendor)[0].get("steps"), None);
    assert!(vendor.broken_rules().is_empty() && own.requests().is_empty());
    sandbox.check_invariants(&vendor);
}

#[test]
fn takes_are_asked_for_one_by_one_where_the_most_images_are_unknown() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\nn = 3\n");
    let sync = sandbox.run("sync --format json").success();
    assert_eq!(numbers(&vendor, "n"), [1, 1, 1]);
    assert_eq!((vendor.billed(), sandbox.lockfile().matches("[[asset.takes]]").count()), (3, 3));
    assert_eq!((&sync.totals()["images"], &sync.totals()["cost_usd"]), (&json!(3), &json!(0.12)));
    sandbox.check_invariants(&vendor);
}

#[test]
fn takes_are_split_at_the_most_images_of_a_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\nn = 6\n")
        .edit("cost_usd = 0.02", "cost_usd = 0.02, max_images = 4");
    sandbox.run("sync").success();
    assert_eq!(numbers(&vendor, "n"), [2, 4]);
    assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), 6);
    sandbox.check_invariants(&vendor);
}

#[test]
fn more_takes_cost_the_difference_only() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\nn = 2\n");
    sandbox.run("sync").success();
    sandbox.edit("n = 2", "n = 5").run("plan --format json").success().json(|plan| {
        assert_eq!((&plan["assets"][0]["images"], &plan["assets"][0]["cost_usd"]), (&json!(3), &json!(0.06)));
    });
    sandbox.run("sync").success();
    assert_eq!((vendor.billed(), sandbox.lockfile().matches("[[asset.takes]]").count()), (5, 5));
    sandbox.check_invariants(&vendor);
}

#[test]
fn without_size_and_shape_the_models_own_size_is_asked_for() {
    let vendor = Vendor::aisa();
    let sandbox =
        aisa(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\n").edit(&format!("size = \"{SMALLEST}\"\n"), "");
    sandbox.run("sync").success();
    assert_eq!(bodies(&vendor)[0]["size"], "2048x2048");
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_shape_of_an_output_asks_for_the_smallest_size_that_serves_it() {
    let vendor = Vendor::aisa();
    let asset = "[assets.hero]\nprompt = \"a red panda\"\noutput = { width = 1280, height = 720 }\n";
    let sandbox = aisa(&vendor, "", asset).edit(&format!("size = \"{SMALLEST}\"\n"), "");
    sandbox.run("sync").success();
    assert_eq!(bodies(&vendor)[0]["size"], "2560x1440", "the smallest 16:9 with 3,686,400 pixels");
    let (width, height, _) = sandbox.picture("assets/hero.png");
    assert_eq!((width, height), (1280, 720));
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_first_provider_of_the_list_is_asked_and_the_others_hear_nothing() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "");
    sandbox.run("sync --format json").success().json(|sync| assert_eq!(sync["assets"][0]["provider"], "studio"));
    assert_eq!((own.billed(), vendor.requests().len()), (1, 0));
    assert_eq!(bodies(&own)[0]["model"], "sd45");
    sandbox.check_invariants(&own);
}

#[test]
fn moving_to_another_provider_of_the_model_regenerates_nothing() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "");
    sandbox.run("sync").success();
    sandbox.edit("[\"studio\", \"aisa\"]", "[\"aisa\"]").run("sync --format json").success().json(|sync| {
        assert_eq!(sync["assets"][0]["action"], "keep");
    });
    assert_eq!((own.billed(), vendor.requests().len()), (1, 0));
    sandbox.check_invariants(&own);
}

#[test]
fn a_provider_whose_key_is_not_set_is_passed_over_with_a_warning() {
    let (own, vendor) = (Vendor::openai().key(KEY), Vendor::aisa());
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "").without_env("STUDIO_API_KEY");
    let sync = sandbox.run("sync --format json").success();
    assert_eq!((own.requests().len(), vendor.billed()), (0, 1));
    assert!(warning_texts(&sync, "hero").contains("STUDIO_API_KEY"), "{}", sync.stdout());
    sandbox.check_invariants(&vendor);
}

#[test]
fn without_any_key_the_error_names_the_variables_that_would_do() {
    let (own, vendor) = (Vendor::openai().key(KEY), Vendor::aisa());
    let sandbox =
        two_ways(&own.manifest_lines(), &vendor, "").without_env("STUDIO_API_KEY").without_env("AISA_API_KEY");
    let before = sandbox.snapshot();
    sandbox.run("sync").code(2).stderr_has("STUDIO_API_KEY").stderr_has("AISA_API_KEY").unchanged_since(&before);
    assert!(own.requests().is_empty() && vendor.requests().is_empty());
    sandbox.run("plan").success();
    sandbox.run("check").success();
}

#[test]
fn a_provider_that_cannot_serve_hands_over_and_the_report_says_so() {
    for fault in [
        Fault::error(402, "insufficient_wallet_balance", "no money left"),
        Fault::error(404, "model_not_found", "no such model here"),
        Fault::error(429, "insufficient_quota", "the month is over"),
    ] {
        let (own, vendor) = (Vendor::openai(), Vendor::aisa());
        own.when("", fault.clone());
        let sandbox = two_ways(&own.manifest_lines(), &vendor, "");
        let sync = sandbox.run("sync --format json").success();
        assert_eq!((own.requests().len(), vendor.billed()), (1, 1), "{fault:?}");
        let said = warning_texts(&sync, "hero");
        assert!(said.contains("studio") && said.contains("aisa"), "{said}");
        assert!(sandbox.lockfile().contains("provider = \"aisa\""), "{}", sandbox.lockfile());
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn a_provider_that_is_not_there_hands_over() {
    let vendor = Vendor::aisa();
    let own =
        format!("[providers.studio]\napi = \"openai-images\"\nbase_url = \"{}\"\nmax_retries = 0\n", closed_base_url());
    let sandbox = two_ways(&own, &vendor, "");
    let sync = sandbox.run("sync --format json").success();
    assert_eq!(vendor.billed(), 1);
    assert!(warning_texts(&sync, "hero").contains("studio"), "{}", sync.stdout());
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_request_that_is_handed_over_keeps_to_what_the_next_provider_returns_at_once() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    own.when("", Fault::error(402, "insufficient_quota", "no money left"));
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "n = 3");
    sandbox.run("sync").success();
    assert_eq!(numbers(&own, "n"), [3], "this one returns up to four at once");
    assert_eq!(numbers(&vendor, "n"), [1, 1, 1], "nothing says that this one returns more than one");
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_last_provider_that_cannot_serve_leaves_nothing_in_doubt() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::error(402, "insufficient_wallet_balance", "no money left"));
    let sandbox = aisa(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\n");
    sandbox.run("sync").code(1).stderr_has("no money left");
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 0));
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_refused_prompt_is_never_handed_over() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    own.when("", Fault::Refuse);
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "");
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!(error_code(&sync, "hero"), "refused");
    assert_eq!((own.requests().len(), vendor.requests().len()), (1, 0));
    sandbox.check_invariants_but(&own, UNFINISHED);
}

#[test]
fn a_request_that_may_have_been_billed_is_never_handed_over() {
    let (own, vendor) = (Vendor::openai(), Vendor::aisa());
    own.next(Fault::CloseBeforeAnswer);
    let sandbox = two_ways(&own.manifest_lines(), &vendor, "");
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!(error_code(&sync, "hero"), "maybe-billed");
    assert_eq!((own.requests().len(), vendor.requests().len()), (1, 0));
    sandbox.check_invariants_but(&own, UNFINISHED);
}

#[test]
fn a_free_provider_that_is_not_there_does_not_make_a_ci_run_pay_another() {
    let vendor = Vendor::aisa();
    let own =
        format!("[providers.studio]\napi = \"openai-images\"\nbase_url = \"{}\"\nmax_retries = 0\n", closed_base_url());
    let sandbox = two_ways(&own, &vendor, "").edit("cost_usd = 0.01", "cost_usd = 0.0").env("CI", "true");
    let sync = sandbox.run("sync");
    assert_eq!(vendor.requests().len(), 0, "nobody agreed to spend: {}{}", sync.stdout(), sync.stderr());
    assert_ne!(sync.status().code(), Some(0));
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_that_takes_its_time_is_waited_for() {
    let vendor = Vendor::openai();
    vendor.next(Fault::Delay(Duration::from_millis(1500)));
    let sandbox = studio(&vendor, "timeout = \"20s\"", "[assets.hero]\nprompt = \"a red panda\"\n");
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}
