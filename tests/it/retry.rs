//! What is sent again, when and how often; and what never is.

use std::time::Duration;

use crate::studio::{aisa, assets, error_code, studio};
use crate::vendor::{Fault, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

fn later(status: u16, retry_after: &str) -> Fault {
    Fault::status(status).with_header("Retry-After", retry_after)
}

/// A vendor that wants the first three requests sent again, and says when.
fn thrice(retry_after: &str, vendor: Vendor) -> Vendor {
    (0..3).for_each(|_| _ = vendor.next(later(429, retry_after)));
    vendor
}

/// That nothing was waited for between the requests: tintype's own pauses double from a second on.
#[track_caller]
fn is_without_pauses(vendor: &Vendor) {
    let requests = vendor.requests();
    assert_eq!(requests.len(), 4, "{:?}", vendor.prompts());
    assert!(requests[3].at - requests[0].at < Duration::from_secs(5), "{:?}", requests[3].at - requests[0].at);
}

/// The time between the first request and the second.
#[track_caller]
fn pause(vendor: &Vendor) -> Duration {
    let requests = vendor.requests();
    assert_eq!(requests.len(), 2, "{:?}", vendor.prompts());
    requests[1].at - requests[0].at
}

#[test]
fn a_vendor_that_asks_for_no_pause_gets_none() {
    let vendor = thrice("0", Vendor::aisa());
    let sandbox = aisa(&vendor, "", HERO);
    sandbox.run("sync").success();
    is_without_pauses(&vendor);
    assert_eq!(vendor.billed(), 1);
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_seconds_that_a_vendor_asks_for_are_waited() {
    let vendor = Vendor::openai();
    vendor.next(later(429, "3"));
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    assert!(pause(&vendor) >= Duration::from_millis(2950), "{:?}", pause(&vendor));
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_date_that_has_passed_asks_for_no_pause() {
    let vendor = thrice("Wed, 21 Oct 2015 07:28:00 GMT", Vendor::openai());
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    is_without_pauses(&vendor);
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_date_to_come_is_waited_for() {
    let vendor = Vendor::openai();
    let date = std::time::SystemTime::now() + Duration::from_secs(4);
    vendor.next(later(503, &httpdate::fmt_http_date(date)));
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").success();
    assert!(pause(&vendor) >= Duration::from_millis(2200), "{:?}: our own pause is shorter", pause(&vendor));
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_absurd_pause_is_not_waited_for_and_nothing_is_lost() {
    let vendor = Vendor::aisa();
    vendor.next(later(429, "1000000000"));
    let sandbox = aisa(&vendor, "", HERO);
    let sync = sandbox.run("sync").code(1);
    assert!(sync.took() < Duration::from_secs(60), "{:?}", sync.took());
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 0));
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_pause_that_makes_no_sense_counts_as_none_given() {
    for nonsense in ["-5", "soon"] {
        let vendor = Vendor::openai();
        vendor.next(later(429, nonsense));
        let sandbox = studio(&vendor, "", HERO);
        sandbox.run("sync").success();
        let pause = pause(&vendor);
        assert!((Duration::from_millis(950)..Duration::from_secs(20)).contains(&pause), "{nonsense}: {pause:?}");
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn errors_of_aisas_gateway_are_sent_again() {
    let vendor = Vendor::aisa();
    vendor.next(later(502, "0")).next(later(503, "0")).next(later(504, "0"));
    let sandbox = aisa(&vendor, "", HERO);
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (4, 1));
    let bodies: Vec<_> = vendor.requests().into_iter().map(|request| request.raw).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same request each time");
    sandbox.check_invariants(&vendor);
}

#[test]
fn what_calls_itself_retryable_is_sent_again() {
    let vendor = Vendor::aisa();
    let body = r#"{"error": {"code": "hiccup", "message": "try again", "retryable": true}}"#;
    vendor.next(later(500, "0").with_body(body));
    let sandbox = aisa(&vendor, "", HERO);
    sandbox.run("sync").success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (2, 1));
    sandbox.check_invariants(&vendor);
}

#[test]
fn retries_end_at_max_retries_and_the_other_assets_go_on() {
    let vendor = Vendor::aisa();
    vendor.when("cursed", later(503, "0"));
    let sandbox = aisa(&vendor, "max_retries = 2", &assets(["cursed", "fine", "good"]));
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.has("assets/fine.png").has("assets/good.png");
    assert_eq!(sync.results()["cursed"], "failed");
    assert_eq!((sync.results()["fine"].as_str(), sync.results()["good"].as_str()), ("done", "done"));
    let tries = vendor.prompts().iter().filter(|prompt| prompt.contains("cursed")).count();
    assert_eq!((tries, vendor.billed()), (3, 2), "the first and two more");
    vendor.heal();
    sandbox.run("sync").success();
    assert_eq!(vendor.billed(), 3);
    sandbox.check_invariants(&vendor);
}

#[test]
fn without_retries_there_is_one_request() {
    let vendor = Vendor::openai();
    vendor.next(later(429, "0"));
    let sandbox = studio(&vendor, "max_retries = 0", HERO);
    sandbox.run("sync").code(1);
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 0));
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_vendor_that_never_recovers_is_left_after_a_few_tries_by_default() {
    let vendor = Vendor::openai();
    vendor.when("", later(429, "0"));
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").code(1);
    assert_eq!(vendor.requests().len(), 4, "three retries are the default");
    vendor.heal();
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn what_no_document_calls_retryable_is_sent_once() {
    let vendor = Vendor::aisa();
    let statuses = [500, 400, 401, 402, 403, 409, 422];
    let names: Vec<String> = statuses.iter().map(|status| format!("s{status}")).collect();
    for status in statuses {
        vendor.when(&format!("s{status}"), later(status, "0"));
    }
    let all = names.iter().map(String::as_str).chain(["fine"]);
    let sandbox = aisa(&vendor, "", &assets(all));
    let sync = sandbox.run("sync --format json").code(1);
    sandbox.has("assets/fine.png");
    for name in &names {
        let tries = vendor.prompts().iter().filter(|prompt| prompt.contains(name.as_str())).count();
        assert_eq!((tries, sync.results()[name].as_str()), (1, "failed"), "{name}");
        let message = sync.asset(name)["error"]["message"].to_string();
        assert!(message.contains("the vendor answers"), "the vendor's own words: {message}");
    }
    assert_eq!((sync.results()["fine"].as_str(), vendor.billed()), ("done", 1));
    vendor.heal();
    // A plain 500 and a 409 of AIsa may have been billed: those aren't sent again by themselves.
    let again = sandbox.run("sync --format json").code(1);
    for (name, code) in [("s500", "maybe-billed"), ("s409", "maybe-billed"), ("s400", "")] {
        assert_eq!(error_code(&again, name), code, "{name}");
    }
    assert_eq!(vendor.billed(), 6);
    sandbox.run("sync --resend-unknown").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_wrong_key_points_at_the_variable() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", HERO).env("AISA_API_KEY", "sk-of-another-account");
    sandbox.run("sync").code(1).stderr_has("AISA_API_KEY");
    assert_eq!(vendor.requests().len(), 1);
    sandbox.check_secrets();
}

#[test]
fn a_request_is_not_sent_along_a_redirect() {
    let (vendor, other) = (Vendor::aisa(), Vendor::aisa());
    vendor.next(Fault::Redirect { to: format!("{}/images/generations", other.base_url()) });
    let sandbox = aisa(&vendor, "", HERO);
    let sync = sandbox.run("sync --format json").code(1);
    assert_ne!(error_code(&sync, "hero"), "");
    assert_eq!((vendor.requests().len(), other.requests().len(), other.downloads().len()), (1, 0, 0));
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_connection_that_is_refused_leaves_nothing_in_doubt() {
    let vendor = Vendor::openai();
    let sandbox = studio(&vendor, "max_retries = 0", HERO);
    sandbox.edit(&vendor.base_url(), &crate::vendor::closed_base_url());
    sandbox.run("sync").code(1);
    let plan = sandbox.run("plan --format json").success();
    assert_eq!((plan.reasons("hero"), &plan.asset("hero")["images"]), (vec!["new".to_string()], &1.into()));
    let closed = sandbox.read_text("images.toml");
    let line =
        closed.lines().find(|line| line.starts_with("base_url")).expect("the provider has an address").to_string();
    sandbox.edit(&line, &format!("base_url = \"{}\"", vendor.base_url()));
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}
