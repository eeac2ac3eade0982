//! Refusals and errors in each vendor's own form, sorted by what follows from them.

use serde_json::json;

use crate::routes::{hero, with_board};
use crate::sandbox::{Allowances, Sandbox};
use crate::studio::{UNFINISHED, error_code};
use crate::vendor::{Fault, KEY, Vendor};

const WAN: &str = "model = \"wan2.7-image\"\nprovider = \"aisa\"";
const GEMINI: &str = "model = \"gemini-3-pro-image\"\nprovider = \"aisa\"";
const ROUTER: &str = "model = \"seedream-4.5\"\nprovider = \"openrouter\"";
const POWER: &str = "model = \"seedream-4.5\"\nprovider = \"powertokens\"";

#[test]
fn a_refusal_is_remembered_in_whichever_form_it_comes() {
    for (vendor, lines, fault, words) in [
        (Vendor::aisa(), WAN, Fault::Refuse, ""),
        (Vendor::aisa(), WAN, Fault::NoImage { finish_reason: "content_filter" }, "content filter"),
        (Vendor::aisa(), GEMINI, Fault::Refuse, ""),
        (Vendor::aisa(), GEMINI, Fault::Blocked { reason: "PROHIBITED_CONTENT" }, "PROHIBITED_CONTENT"),
        (Vendor::aisa(), GEMINI, Fault::NoImage { finish_reason: "IMAGE_SAFETY" }, "IMAGE_SAFETY"),
        (Vendor::openrouter(), ROUTER, Fault::Refuse, ""),
        (
            Vendor::openrouter(),
            ROUTER,
            Fault::openrouter(400, "content_policy_violation", "no such thing"),
            "no such thing",
        ),
        (Vendor::openrouter(), ROUTER, Fault::openrouter(400, "refusal", "the model declined"), "declined"),
        (Vendor::openrouter(), ROUTER, Fault::moderation(&["violence"]), "violence"),
        (Vendor::powertokens(), POWER, Fault::Refuse, ""),
        (
            Vendor::powertokens(),
            POWER,
            Fault::FailedEntries { code: "OutputImageSensitiveContentDetected" },
            "OutputImageSensitiveContentDetected",
        ),
    ] {
        let what = format!("{fault:?} {lines}");
        vendor.next(fault);
        let sandbox = hero(&vendor, lines);
        let run = sandbox.run("sync --yes --format json").code(1);
        assert_eq!(error_code(&run, "hero"), "refused", "{what}");
        assert!(run.asset("hero")["error"]["message"].to_string().contains(words), "{what}: {}", run.asset("hero"));
        sandbox.run("sync --yes").code(1);
        assert_eq!(
            sandbox.run("plan --format json").success().reasons("hero").last().map(String::as_str),
            Some("refused")
        );
        assert_eq!((vendor.requests().len(), vendor.billed()), (1, 0), "{what}: not sent again");
        sandbox.run("sync --yes --retry-refused").success();
        assert_eq!(vendor.billed(), 1, "{what}");
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn an_answer_in_words_may_have_been_billed_and_is_not_sent_again() {
    for (lines, fault) in
        [(WAN, Fault::TextOnly), (GEMINI, Fault::TextOnly), (GEMINI, Fault::NoImage { finish_reason: "NO_IMAGE" })]
    {
        let vendor = Vendor::aisa();
        let what = format!("{fault:?}");
        vendor.next(fault);
        let sandbox = hero(&vendor, lines);
        let run = sandbox.run("sync --yes --format json").code(1);
        assert_eq!(error_code(&run, "hero"), "no-image", "{what}");
        crate::studio::assert_in_doubt(&sandbox, &vendor, "hero");
        sandbox.run("sync --yes --resend-unknown").success();
        assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1), "{what}");
    }
}

#[test]
fn a_wrong_key_is_said_and_nothing_else_is_tried() {
    for (vendor, lines, variable) in [
        (Vendor::aisa(), WAN, "AISA_API_KEY"),
        (Vendor::aisa(), GEMINI, "AISA_API_KEY"),
        (Vendor::openrouter(), ROUTER, "OPENROUTER_API_KEY"),
        (Vendor::powertokens(), POWER, "POWERTOKENS_API_KEY"),
    ] {
        let sandbox = hero(&vendor, lines).env(variable, "sk-wrong-0000000000000000");
        let run = sandbox.run("sync --yes --format json").code(1);
        assert_eq!(error_code(&run, "hero"), "wrong-key", "{lines}");
        assert!(run.asset("hero")["error"]["help"].to_string().contains(variable));
        assert_eq!(vendor.requests().len(), 1, "{lines}");
        sandbox.env(variable, KEY).run("sync --yes").success();
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn an_empty_account_hands_over_to_the_next_provider_and_skips_its_other_routes() {
    for (first, lines) in [
        (Vendor::aisa(), "model = \"seedream-4.5\"\nprovider = [\"aisa\", \"openrouter\"]"),
        (Vendor::aisa(), "model = \"gemini-3-pro-image\"\nprovider = [\"aisa\", \"openrouter\"]"),
        (Vendor::powertokens(), "model = \"seedream-4.5\"\nprovider = [\"powertokens\", \"openrouter\"]"),
    ] {
        let second = Vendor::openrouter();
        first.when("panda", Fault::NoCredit);
        let sandbox = hero(&first, lines);
        let manifest = format!("{}\n{}", second.manifest_lines(), sandbox.read_text("images.toml"));
        let run = sandbox.manifest(&manifest).run("sync --yes --format json").success();
        assert!(run.warnings("hero").contains(&"handed-over".to_string()), "{lines}: {:?}", run.warnings("hero"));
        assert_eq!((first.requests().len(), first.billed(), second.billed()), (1, 0, 1), "{lines}");
    }
}

#[test]
fn what_openrouter_calls_retryable_is_sent_again_and_nothing_else() {
    for (fault, code, requests) in [
        (Fault::openrouter(503, "provider_overloaded", "busy"), "", 2),
        (Fault::openrouter(502, "provider_unavailable", "down"), "", 2),
        (
            Fault::openrouter(429, "rate_limit_exceeded", "slow down").with_availability(
                "capacity_exhausted",
                true,
                Some(1),
            ),
            "",
            2,
        ),
        (Fault::openrouter(408, "timeout", "late"), "", 2),
        (Fault::openrouter(400, "invalid_request", "bad field"), "provider", 1),
        (Fault::openrouter(413, "image_too_large", "too large"), "provider", 1),
        (
            Fault::openrouter(503, "provider_unavailable", "gone").with_availability(
                "model_unavailable_upstream",
                false,
                None,
            ),
            "not-served",
            1,
        ),
        (
            Fault::openrouter(404, "not_found", "gone").with_availability("model_deprecated", false, None),
            "not-served",
            1,
        ),
        (Fault::openrouter(402, "payment_required", "no credits"), "no-credit", 1),
    ] {
        let what = format!("{fault:?}");
        let vendor = Vendor::openrouter();
        vendor.next(fault);
        let sandbox = hero(&vendor, ROUTER);
        let run = sandbox.run("sync --yes --format json");
        let run = if code.is_empty() { run.success() } else { run.code(1) };
        assert_eq!((error_code(&run, "hero").as_str(), vendor.requests().len()), (code, requests), "{what}");
        assert_eq!(vendor.billed(), usize::from(code.is_empty()), "{what}");
    }
}

#[test]
fn what_openrouter_never_answered_is_sent_again_by_itself_as_it_doesnt_bill_for_it() {
    for fault in [Fault::CloseBeforeAnswer, Fault::ResetAfterHeaders, Fault::CutBody] {
        let vendor = Vendor::openrouter();
        vendor.next(fault.clone());
        let sandbox = hero(&vendor, ROUTER);
        sandbox.run("sync --yes").success();
        assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1), "{fault:?}");
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn a_lost_answer_of_powertokens_may_have_been_billed() {
    let vendor = Vendor::powertokens();
    vendor.next(Fault::CloseBeforeAnswer);
    let sandbox = hero(&vendor, POWER);
    sandbox.run("sync --yes").code(1);
    crate::studio::assert_in_doubt(&sandbox, &vendor, "hero");
    sandbox.check_invariants_but(&vendor, Allowances { lost: 1, ..UNFINISHED });
}

#[test]
fn a_workspace_without_the_model_is_told_from_an_outage() {
    let vendor = Vendor::aisa();
    vendor.when("panda", Fault::not_provisioned());
    let sandbox = hero(&vendor, WAN);
    let run = sandbox.run("sync --yes --format json").code(1);
    assert_eq!(error_code(&run, "hero"), "not-served");
    let paths: Vec<String> = vendor.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/chat/completions", "/v1/images/generations"], "no retry, but the other route");
    vendor.heal();
    sandbox.run("sync --yes").success();
    assert_eq!(vendor.billed(), 1);
}

#[test]
fn a_pause_that_the_body_asks_for_is_kept() {
    let vendor = Vendor::aisa();
    vendor.next(Fault::retry_info("1s"));
    let sandbox = hero(&vendor, GEMINI);
    sandbox.run("sync --yes").success();
    let requests = vendor.requests();
    assert!(requests[1].at - requests[0].at >= std::time::Duration::from_secs(1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_server_that_draws_nothing_for_references_says_so_before_anything_is_sent() {
    let vendor = Vendor::openai();
    let manifest = format!(
        "{}\n[models.house]\nroutes = [{{ provider = \"studio\", id = \"house-1\", fields = [\"n\", \"size\"] }}]\n\
         [assets.hero]\nmodel = \"house\"\nprompt = \"a red panda\"\nreferences = [\"art/one.png\"]\n",
        vendor.manifest_lines()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    let diagnostics = sandbox.run("check --format json").code(2).diagnostics();
    assert_eq!(diagnostics[0]["code"], json!("no-route"));
    assert!(diagnostics[0]["message"].to_string().contains("studio takes no references"), "{diagnostics:#?}");
}
