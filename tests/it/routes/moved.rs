//! Routes that a vendor has moved since its page was written: the other one is tried, and that is said.

use serde_json::json;

use crate::routes::{hero, with_board};
use crate::sandbox::Sandbox;
use crate::studio::warning_texts;
use crate::vendor::Vendor;

#[test]
fn both_generations_of_aisa_work() {
    for (model, lines, path) in [
        ("seedream-4.5", "", "/v1/chat/completions"),
        ("wan2.7-image", "", "/v1/images/generations"),
        ("wan2.7-image-pro", "references = [\"art/one.png\"]", "/v1/images/edits"),
        ("gemini-3-pro-image", "", "/v1beta/models/gemini-3-pro-image-preview:generateContent"),
    ] {
        let vendor = Vendor::aisa_moved();
        let sandbox = hero(&vendor, &format!("model = \"{model}\"\nprovider = \"aisa\"\n{lines}"));
        let run = sandbox.run("sync --yes --format json").success();
        let paths: Vec<String> = vendor.requests().into_iter().map(|request| request.path).collect();
        assert_eq!((paths.len(), paths[1].as_str()), (2, path), "{model}: {paths:?}");
        assert!(run.warnings("hero").contains(&"route-moved".to_string()), "{model}: {:?}", run.warnings("hero"));
        assert_eq!(vendor.billed(), 1, "{model}: what isn't served isn't billed");
        sandbox.check_invariants(&vendor);
    }
}

#[test]
fn the_vendors_own_words_say_where_it_went() {
    let vendor = Vendor::aisa_moved();
    let sandbox = hero(&vendor, "model = \"wan2.7-image\"\nprovider = \"aisa\"");
    let run = sandbox.run("sync --yes --format json").success();
    let words = warning_texts(&run, "hero");
    assert!(words.contains("chat/completions") && words.contains("images/generations"), "{words}");
}

#[test]
fn a_closed_route_is_found_out_once_a_run() {
    let vendor = Vendor::aisa_moved();
    let assets: Vec<String> =
        (1..=6).map(|number| format!("[assets.a{number}]\nprompt = \"moon {number}\"\n")).collect();
    let manifest = format!(
        "{}concurrency = 1\n[defaults]\nmodel = \"wan2.7-image\"\n{}",
        vendor.manifest_lines(),
        assets.concat()
    );
    let sandbox = with_board(Sandbox::new().manifest(&manifest));
    let run = sandbox.run("sync --yes --jobs 1 --format json").success();
    assert_eq!((vendor.requests().len(), vendor.billed()), (7, 6), "the closed route is knocked at once");
    assert!(run.warnings("a6").contains(&"route-moved".to_string()));
}

#[test]
fn what_is_asked_decides_among_the_routes_that_are_left() {
    let vendor = Vendor::aisa_moved();
    let sized = hero(&vendor, "model = \"seedream-4.5\"\nprovider = \"aisa\"\nsize = \"2048x2048\"");
    let run = sized.run("sync --yes --format json").code(1);
    assert_eq!(run.asset("hero")["error"]["code"], json!("not-served"), "chat takes no size, so nobody is left");
    assert_eq!((vendor.requests().len(), vendor.billed()), (1, 0));
    let openrouter = Vendor::openrouter();
    let both = sized.read_text("images.toml").replace("provider = \"aisa\"", "provider = [\"aisa\", \"openrouter\"]");
    sized.manifest(&format!("{}\n{both}", openrouter.manifest_lines()));
    let run = sized.run("sync --yes --format json").success();
    assert_eq!((run.warnings("hero"), openrouter.billed()), (vec!["handed-over".to_string()], 1));
}

#[test]
fn a_manifest_may_say_itself_where_a_route_is() {
    let vendor = Vendor::aisa_moved();
    let sandbox = hero(&vendor, "model = \"gemini-3-pro-image\"");
    let manifest = sandbox.read_text("images.toml");
    let routes = "[models.\"gemini-3-pro-image\"]\nroutes = [{ provider = \"aisa\", id = \"gemini-3-pro-image-preview\", \
                  api = \"gemini-generate-content\", path = \"../v1beta/models/{model}:generateContent\", cost_usd = 0.1 }]\n";
    let run = sandbox.manifest(&format!("{manifest}\n{routes}")).run("sync --yes --format json").success();
    assert_eq!((vendor.requests().len(), run.warnings("hero").contains(&"route-moved".to_string())), (1, false));
}
