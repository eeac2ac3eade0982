//! References on the web: fetched once, pinned by their hash, fetched again only by `--refresh`.

use crate::projects::{entry, free, is_settled, plan_is, studio};
use crate::sandbox::{Sandbox, png};
use crate::vendor::{Fault, Vendor};
use crate::web::Web;

const RED: [u8; 4] = [200, 10, 10, 255];
const BLUE: [u8; 4] = [10, 10, 200, 255];

fn hero(web: &Web) -> String {
    format!("[assets.hero]\nprompt = \"a panda\"\nreferences = [\"{}\"]\n", web.url("board.png?v=1"))
}

fn project(web: &Web, vendor: &Vendor) -> Sandbox {
    web.put("board.png", png(8, 8, RED));
    studio(vendor, &hero(web)).env("TINTYPE_TRUST_HOSTS", "127.0.0.1")
}

#[test]
fn a_picture_on_the_web_is_fetched_once_and_pinned() {
    let (web, vendor) = (Web::start(), Vendor::openai());
    let project = project(&web, &vendor);
    project.run("check").success();
    let plan = plan_is(&project, &[("hero", "generate", "new reference")]);
    assert_eq!(plan.totals()["cost_usd"], 0.02);
    assert_eq!(web.asked(), 0, "neither check nor plan goes over the network");
    project.run("sync").success().stderr_has("fetching http://127.0.0.1:");
    let locked = entry(&project, "hero");
    assert!(locked.contains(&format!("url = \"{}\"\nhash = \"b3:", web.url("board.png?v=1"))), "{locked}");
    is_settled(&project);
    project.run("sync --frozen").success();
    // Another wording sends the same bytes; a clone with the same lockfile fetches nothing for what is locked.
    project.edit("a panda", "a red panda").run("sync").success();
    project.clone_project("clone").env("TINTYPE_TRUST_HOSTS", "127.0.0.1").run("sync --frozen").success();
    assert_eq!(web.asked(), 1);
    assert_eq!(vendor.billed(), 2);
    project.check_invariants(&vendor);
}

#[test]
fn only_a_refresh_sees_that_the_picture_changed() {
    let (web, vendor) = (Web::start(), Vendor::openai());
    let project = project(&web, &vendor);
    project.run("sync").success();
    project.run("sync --refresh").success();
    assert_eq!((web.asked(), vendor.billed()), (2, 1), "the same bytes are the same recipe");
    is_settled(&project);
    web.put("board.png", png(8, 8, BLUE));
    is_settled(&project);
    project.run("sync --refresh --locked").code(4);
    assert_eq!(vendor.billed(), 1);
    project.run("sync --refresh").success();
    assert_eq!(vendor.billed(), 2);
    is_settled(&project);
    // The picture that was there before is known again at no cost.
    web.put("board.png", png(8, 8, RED));
    project.run("sync --refresh").success();
    assert_eq!(vendor.billed(), 2);
}

#[test]
fn a_pin_outlives_a_run_whose_asset_failed() {
    let (web, vendor) = (Web::start(), Vendor::openai());
    let project = project(&web, &vendor);
    vendor.next(Fault::CloseBeforeAnswer);
    project.run("sync").code(1).stderr_has("may have been paid for already");
    // A picture that is another at each look would be another recipe, and be bought beside the one that may be billed.
    web.put("board.png", png(8, 8, BLUE));
    project.run("sync").code(1).stderr_has("may have been paid for already");
    assert_eq!((web.asked(), vendor.requests().len()), (1, 1));
    project.run("sync --resend-unknown").success();
    is_settled(&project);
    assert_eq!(web.asked(), 1);
}

#[test]
fn what_cannot_be_fetched_fails_without_a_request() {
    let (web, vendor) = (Web::start(), Vendor::openai());
    let project = project(&web, &vendor);
    let error = |arguments: &str| {
        let run = project.run(&format!("{arguments} --format json")).code(1);
        let error = run.asset("hero")["error"].clone();
        (error["code"].as_str().unwrap_or("").to_string(), error["message"].as_str().unwrap_or("").to_string())
    };
    let (code, message) = error("sync --offline");
    assert!(code == "offline" && message.contains("must be fetched"), "{message}");
    web.put("board.png", Vec::new());
    let (code, message) = error("sync");
    assert!(code == "reference" && message.contains("404"), "{message}");
    web.put("board.png", b"<html>not here</html>".to_vec());
    let (code, message) = error("sync");
    assert!(code == "reference" && message.contains("not an image"), "{message}");
    project.without_env("TINTYPE_TRUST_HOSTS").run("sync").code(2).stderr_has("isn't https");
    assert_eq!(vendor.requests().len(), 0);
    project.lacks("assets/hero.png");
}

#[test]
fn a_pinned_picture_that_is_in_no_cache_is_fetched_and_must_be_the_same() {
    let (web, vendor) = (Web::start(), Vendor::openai());
    let project = project(&web, &vendor);
    project.run("sync").success();
    project.empty_cache().edit("a panda", "a red panda").run("sync").success();
    assert_eq!((web.asked(), vendor.billed()), (2, 2));
    web.put("board.png", png(8, 8, BLUE));
    project.empty_cache().edit("a red panda", "a blue panda");
    project.run("sync").code(1).stderr_has("`tintype sync --refresh` takes it as it is now");
    assert_eq!(vendor.billed(), 2);
    project.run("sync --refresh").success();
}

#[test]
fn an_address_that_is_private_or_secret_is_refused_at_its_place() {
    for (url, words) in [
        ("http://example.com/a.png", "it isn't https"),
        ("https://user:word@example.com/a.png", "a user or a password"),
        ("https://example.com/a.png?X-Amz-Signature=abc", "it is signed"),
        ("ftp://example.com/a.png", "neither https nor http"),
        ("https:///a.png", "it has no host"),
    ] {
        let project = free(&format!("[assets.hero]\nprompt = \"a panda\"\nreferences = [\"{url}\"]\n"));
        project.run("check").code(2).stderr_has(words).stderr_has("images.toml:7:15");
    }
}

#[test]
fn this_machine_is_not_fetched_from_unless_its_name_is_trusted() {
    let web = Web::start();
    web.put("board.png", png(8, 8, RED));
    let url = web.url("board.png").replace("http://", "https://");
    let project = free(&format!("[assets.hero]\nprompt = \"a panda\"\nreferences = [\"{url}\"]\n"));
    project.run("sync").code(1).stderr_has("`127.0.0.1` is no public host");
    assert_eq!(web.asked(), 0);
}
