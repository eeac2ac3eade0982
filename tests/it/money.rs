//! Never by surprise, and never for nothing: what may be spent, what was spent, and what came of it.

use std::fs;

use serde_json::json;

use crate::sandbox::{Run, Sandbox};
use crate::studio::{UNFINISHED, aisa, assert_in_doubt, assets, error_code, many, studio, warning_texts};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// Refused with this code; nothing was sent and nothing written, not even into the cache.
#[track_caller]
fn refused(sandbox: &Sandbox, vendor: &Vendor, arguments: &str) -> Run {
    let before = sandbox.snapshot();
    let run = sandbox.run(arguments).code(3);
    sandbox.unchanged_since(&before).lacks("images.lock");
    assert!(vendor.requests().is_empty(), "a refused run sent {:?}", vendor.prompts());
    assert_eq!(fs::read_dir(sandbox.cache_path()).expect("the cache is a folder").count(), 0, "the cache is empty");
    run
}

#[test]
fn a_hundred_and_fifty_assets_by_mistake_are_refused_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(150));
    refused(&sandbox, &vendor, "sync").stderr_has("150").stderr_has("100").lacks(".tintype");
    refused(&sandbox, &vendor, "sync --yes").lacks(".tintype");
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((&plan.totals()["images"], &plan.totals()["cost_usd"]), (&json!(150), &json!(3.0)));
    sandbox.run("sync --dry-run --format json").success().lacks("images.lock");
    assert!(vendor.requests().is_empty());
}

#[test]
fn a_limit_of_images_holds_to_the_last_image() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &format!("[budget]\nmax_images = 2\n\n{}", many(3)));
    refused(&sandbox, &vendor, "sync").stderr_has("max_images");
    refused(&sandbox, &vendor, "sync --max-images 1");
    sandbox.run("sync --max-images 3").success();
    assert_eq!(vendor.billed(), 3);
    sandbox.check_invariants(&vendor);
}

#[test]
fn as_many_images_as_the_limit_says_are_bought() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", "[budget]\nmax_images = 3\n\n[assets.hero]\nprompt = \"a red panda\"\nn = 3\n");
    sandbox.run("sync").success();
    assert_eq!(vendor.billed(), 3);
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_request_that_is_sent_again_counts_once() {
    let vendor = Vendor::openai();
    vendor.next(Fault::status(429).with_header("Retry-After", "0"));
    let sandbox = studio(&vendor, "", &format!("[budget]\nmax_images = 1\nmax_cost_usd = 0.02\n\n{HERO}"));
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_limit_in_dollars_is_not_passed() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &format!("[budget]\nmax_cost_usd = 0.05\n\n{}", many(3)));
    refused(&sandbox, &vendor, "sync").stderr_has("0.06").stderr_has("0.05");
    refused(&sandbox, &vendor, "sync --yes");
    refused(&sandbox, &vendor, "sync --max-cost 0.0599");
    sandbox.run("sync --max-cost 0.06").success();
    assert_eq!(vendor.billed(), 3);
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_environment_sets_a_limit_in_dollars_too() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(3)).env("TINTYPE_MAX_COST", "0.05");
    refused(&sandbox, &vendor, "sync");
    sandbox.run("sync --max-cost 0.06").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_limit_of_nothing_allows_nothing_that_costs() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    refused(&sandbox, &vendor, "sync --max-cost 0");
    refused(&sandbox, &vendor, "sync --max-images 0");
}

#[test]
fn an_unknown_price_is_over_every_limit() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).edit(", cost_usd = 0.02", "");
    refused(&sandbox, &vendor, "sync --max-cost 1000 --yes").stderr_has("price");
    refused(&sandbox, &vendor, "sync").stderr_has("--yes");
    let sync = sandbox.run("sync --yes --format json").success();
    assert_eq!((&sync.asset("hero")["cost_usd"], &sync.asset("hero")["images"]), (&json!(null), &json!(1)));
    assert_eq!(sync.totals()["cost_usd"], json!(null));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_price_that_the_manifest_knows_counts() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO)
        .edit(", cost_usd = 0.02", "")
        .edit("[models.house]\n", "[models.house]\ncost_usd = { studio = 0.5 }\n");
    refused(&sandbox, &vendor, "sync --max-cost 0.4");
    sandbox.run("sync --format json").success().json(|sync| assert_eq!(sync["totals"]["cost_usd"], json!(0.5)));
    sandbox.check_invariants(&vendor);
}

#[test]
fn more_than_a_dollar_needs_consent_where_nobody_can_be_asked() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(2)).edit("cost_usd = 0.02", "cost_usd = 0.51");
    refused(&sandbox, &vendor, "sync").stderr_has("1.02").stderr_has("--yes");
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 2);
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_dollar_exactly_needs_none() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(2)).edit("cost_usd = 0.02", "cost_usd = 0.50");
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_price_that_needs_consent_is_the_manifests() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &format!("[budget]\nconfirm_above_usd = 0.03\n\n{}", many(2)));
    refused(&sandbox, &vendor, "sync");
    sandbox.edit("confirm_above_usd = 0.03", "confirm_above_usd = 0.04").run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_ci_run_spends_nothing_without_consent() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).env("CI", "true");
    refused(&sandbox, &vendor, "sync").stderr_has("--yes");
    sandbox.run("plan").success();
    sandbox.run("sync --yes").success();
    sandbox.check_invariants(&vendor);
    sandbox.remove("assets/hero.png").run("sync").success().has("assets/hero.png");
    assert_eq!(vendor.billed(), 1, "what is cached is free");
}

#[test]
fn what_costs_nothing_is_no_spending() {
    let vendor = Vendor::openai();
    let placeholder = "[assets.stand-in]\nprompt = \"a stand-in\"\nmodel = \"placeholder\"\n";
    let sandbox = studio(&vendor, "", &format!("{HERO}\n{placeholder}")).edit("cost_usd = 0.02", "cost_usd = 0.0");
    sandbox.env("CI", "true").run("sync --max-cost 0 --max-images 0").success().has("assets/stand-in.png");
    assert_eq!(vendor.billed(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn consent_is_a_matter_of_price_and_not_of_number() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &many(3)).edit("cost_usd = 0.02", "cost_usd = 0.001");
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn plan_and_sync_say_how_many_images_and_for_how_much() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", &format!("{HERO}n = 2\n\n{}", assets(["logo"])));
    for command in ["plan", "sync"] {
        let run = sandbox.run(&format!("{command} --format json")).success();
        let (hero, totals) = (run.asset("hero"), run.totals());
        assert_eq!((&hero["images"], &hero["cost_usd"]), (&json!(2), &json!(0.08)), "{command}");
        assert_eq!((&totals["images"], &totals["cost_usd"]), (&json!(3), &json!(0.12)), "{command}");
        assert_eq!((&totals["generate"], &totals["failed"]), (&json!(2), &json!(0)), "{command}");
    }
    let kept = sandbox.run("sync --format json").success();
    assert_eq!((&kept.totals()["images"], &kept.totals()["cost_usd"]), (&json!(0), &json!(0.0)));
    assert_eq!(sandbox.lockfile().matches("cost_usd = 0.04").count(), 3);
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_sync_says_what_it_spends_before_it_does() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::Gate);
    let sandbox = aisa(&vendor, "", HERO);
    let running = sandbox.spawn("sync");
    vendor.wait_for_requests(1);
    let running = running.wait_for("0.04");
    vendor.open();
    running.wait().success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_failed_asset_does_not_count_as_spent() {
    let vendor = Vendor::openai();
    vendor.when("cursed", Fault::status(400));
    let sandbox = studio(&vendor, "", &assets(["cursed", "fine"]));
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!((&sync.totals()["images"], &sync.totals()["cost_usd"]), (&json!(1), &json!(0.02)));
    assert_eq!(sync.totals()["failed"], json!(1));
    vendor.heal();
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_answer_without_a_usable_image_is_reported_and_not_paid_again() {
    for fault in [Fault::EmptyData, Fault::ErrorIn200, Fault::NotAnImage] {
        let vendor = Vendor::openai();
        vendor.next(fault.clone());
        let sandbox = studio(&vendor, "", HERO);
        let sync = sandbox.run("sync --format json").code(1);
        sandbox.lacks("assets/hero.png");
        assert_ne!(error_code(&sync, "hero"), "", "{fault:?}");
        assert_eq!(vendor.requests().len(), 1, "{fault:?}");
        assert_in_doubt(&sandbox, &vendor, "hero");
        sandbox.check_invariants_but(&vendor, UNFINISHED);
        sandbox.run("sync --resend-unknown").success().has("assets/hero.png");
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn fewer_images_than_asked_for_is_a_warning_and_no_copies() {
    let vendor = Vendor::openai();
    vendor.next(Fault::FewerImages);
    let sandbox = studio(&vendor, "", "[assets.hero]\nprompt = \"a red panda\"\nn = 3\n")
        .edit("cost_usd = 0.02", "cost_usd = 0.02, max_images = 4");
    let sync = sandbox.run("sync --format json").success();
    sandbox.has("assets/hero.png");
    let said = warning_texts(&sync, "hero");
    assert!(said.contains('2') && said.contains('3'), "{said}");
    assert_eq!((&sync.asset("hero")["images"], &sync.asset("hero")["cost_usd"]), (&json!(2), &json!(0.04)));
    assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), 2);
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((&plan.asset("hero")["images"], plan.reasons("hero")), (&json!(1), vec!["n".to_string()]));
    sandbox.run("sync").success();
    assert_eq!((vendor.billed(), sandbox.lockfile().matches("[[asset.takes]]").count()), (3, 3));
    sandbox.check_invariants(&vendor);
}

#[test]
fn another_size_than_asked_for_is_kept_with_a_warning() {
    let vendor = Vendor::openai();
    vendor.next(Fault::WrongSize);
    let sandbox = studio(&vendor, "", HERO);
    let sync = sandbox.run("sync --format json").success();
    let said = warning_texts(&sync, "hero");
    assert!(said.contains("64x64") && said.contains("32x32"), "{said}");
    assert_eq!(sandbox.picture("assets/hero.png"), (32, 32, image::ImageFormat::Png));
    sandbox.check_invariants(&vendor);
}

#[test]
fn another_format_than_its_name_says_is_read_by_its_bytes() {
    let vendor = Vendor::openai().with_urls();
    vendor.next(Fault::WrongFormat);
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    assert_eq!(sandbox.picture("assets/hero.png"), (64, 64, image::ImageFormat::Png), "a JPEG was named .png");
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_output_folder_that_cannot_be_one_is_found_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).write("assets", "not a folder");
    let run = sandbox.run("sync");
    assert!(run.status().code().is_some_and(|code| code != 0), "{:?}", run.status());
    assert!(vendor.requests().is_empty(), "paid before it was looked at");
    run.stderr_has("assets").remove("assets").run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_folder_where_an_output_belongs_is_found_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).write("assets/hero.png/keep.txt", "mine");
    sandbox.run("sync --format json").code(1).json(|sync| assert_eq!(sync["assets"][0]["action"], "blocked"));
    sandbox.run("sync --overwrite").code(1).has("assets/hero.png/keep.txt");
    assert!(vendor.requests().is_empty());
    sandbox.remove("assets/hero.png").run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_cache_that_cannot_be_written_is_found_before_the_first_request() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO);
    let file = sandbox.home_path().join("cache-file");
    fs::write(&file, "not a folder").expect("the home is writable");
    let cache = sandbox.cache_path().to_string_lossy().into_owned();
    sandbox.env("TINTYPE_CACHE_DIR", &file.to_string_lossy());
    let run = sandbox.run("sync");
    assert!(run.status().code().is_some_and(|code| code != 0), "{:?}", run.status());
    assert!(vendor.requests().is_empty(), "paid before it was looked at");
    run.stderr_has("cache-file").lacks("images.lock");
    sandbox.env("TINTYPE_CACHE_DIR", &cache).run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_found_before_the_first_request() {
    use std::os::unix::fs::PermissionsExt;
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).write("assets/other.txt", "mine");
    let chmod = |mode| fs::set_permissions(sandbox.path("assets"), fs::Permissions::from_mode(mode));
    chmod(0o555).expect("the folder is ours");
    if fs::write(sandbox.path("assets/probe"), "x").is_ok() {
        #[expect(clippy::print_stderr, reason = "a test that skips itself says so")]
        {
            eprintln!("skipped: permissions don't bind this user");
        }
        return chmod(0o755).expect("the folder is ours");
    }
    let run = sandbox.run("sync");
    chmod(0o755).expect("the folder is ours");
    assert!(run.status().code().is_some_and(|code| code != 0), "{:?}", run.status());
    assert!(vendor.requests().is_empty(), "paid before it was looked at");
    run.stderr_has("assets");
}

#[test]
fn an_edited_file_in_the_way_keeps_its_asset_from_being_paid() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "", &assets(["hero", "logo"])).write("assets/hero.png", "drawn by hand");
    let before = sandbox.snapshot();
    sandbox.run("sync").code(1).has("assets/logo.png");
    assert_eq!((vendor.billed_for("hero"), vendor.billed_for("logo")), (0, 1));
    assert_eq!(sandbox.snapshot().hash("assets/hero.png"), before.hash("assets/hero.png"));
    sandbox.check_invariants_but(&vendor, UNFINISHED);
    sandbox.run("sync --overwrite").success();
    assert_eq!(vendor.billed_for("hero"), 1);
    sandbox.check_invariants(&vendor);
}
