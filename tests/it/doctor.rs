//! `tintype doctor`: is everything here that this project needs?

use serde_json::{Value, json};

use crate::projects::{everything, free, is_settled, studio};
use crate::sandbox::{Run, Sandbox};
use crate::vendor::{KEY, Vendor, closed_base_url};

const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// What is wrong, by its codes.
#[track_caller]
fn problems(run: &Run) -> Vec<String> {
    let document = run.value();
    let problems = document["problems"].as_array().unwrap_or_else(|| panic!("no problems in {document:#}"));
    problems.iter().filter_map(|problem| Some(problem["code"].as_str()?.to_string())).collect()
}

#[track_caller]
fn provider(run: &Run, name: &str) -> Value {
    let document = run.value();
    let providers = document["providers"].as_array().expect("a list of providers");
    providers.iter().find(|one| one["name"] == name).cloned().unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

/// An asset of AIsa's, with the other vendors of its model.
fn bought() -> Sandbox {
    Sandbox::new().manifest("[assets.hero]\nprompt = \"a red panda\"\nmodel = \"seedream-4.5\"\n")
}

/// Every vendor's address is one of this machine: tests don't go over the network.
fn at_home(sandbox: &Sandbox, base_url: &str) -> Sandbox {
    let own = sandbox.read_text("images.toml");
    let vendors = ["aisa", "openrouter", "powertokens"];
    let tables = vendors.map(|name| format!("[providers.{name}]\nbase_url = \"{base_url}\"\n"));
    sandbox.manifest(&format!("{own}\n{}", tables.join("\n")))
}

#[test]
fn a_folder_without_a_manifest_is_well_and_nothing_is_written() {
    let folder = Sandbox::new();
    let before = everything(&folder);
    let run = folder.run("doctor").success().stderr_is("");
    insta::assert_snapshot!(folder.redact(run.stdout()), @"
    tintype   0.1.0
    manifest  none here or above
    lockfile  none
    cache     [sandbox]/cache: writable
    .env      none
    trusted   no hosts but the built-in ones

    PROVIDER       KEY                            HOST                ASSETS
    aisa           AISA_API_KEY (not set)         api.aisa.one        -
    automatic1111  not needed                     127.0.0.1           -
    comfyui        not needed                     127.0.0.1           -
    localai        not needed                     127.0.0.1           -
    openrouter     OPENROUTER_API_KEY (not set)   openrouter.ai       -
    powertokens    POWERTOKENS_API_KEY (not set)  api.powertokens.ai  -
    sd-cpp         not needed                     127.0.0.1           -
    sglang         not needed                     127.0.0.1           -
    vllm-omni      not needed                     127.0.0.1           -

    nothing is wrong
    ");
    folder.empty_cache().remove("../cache");
    folder.run("doctor").success().stdout_has("writable");
    assert!(!folder.cache_path().exists(), "the cache is made when there is something to keep");
    std::fs::create_dir(folder.cache_path()).expect("it was there before");
    assert!(everything(&folder) == before, "something was written");
}

#[test]
fn the_answer_as_json_has_exactly_these_keys() {
    let vendor = Vendor::openai();
    let project = studio(&vendor, HERO).env("TINTYPE_TRUST_HOSTS", "gpu.example, b.example");
    let run = project.run("doctor --format json").success().stderr_is("");
    let mut document = run.value();
    let providers = document["providers"].take();
    let place = project.path("images.toml");
    let expected = json!({
        "version": 1,
        "tintype": env!("CARGO_PKG_VERSION"),
        "manifest": { "path": place.to_string_lossy(), "state": "sound", "mistakes": 0, "assets": 1 },
        "lockfile": null,
        "cache": { "path": project.cache_path().to_string_lossy(), "writable": true },
        "dotenv": "none",
        "trusted_hosts": ["b.example", "gpu.example"],
        "providers": null,
        "problems": [],
    });
    assert_eq!(document, expected);
    assert_eq!(providers.as_array().map(Vec::len), Some(10), "all but the placeholder, which is drawn here");
    let expected = json!({
        "name": "studio", "key_variable": null, "key": "not-needed", "host": "127.0.0.1", "overridden": true, "assets": 1,
        "reachable": null, "reason": null,
    });
    assert_eq!(provider(&run, "studio"), expected);
    assert_eq!(vendor.requests().len(), 0, "nothing goes over the network");
    project.run("sync").success();
    assert_eq!(project.run("doctor --format json").success().value()["lockfile"], "sound");
}

#[test]
fn a_key_is_looked_for_in_the_environment_and_in_dotenv_and_never_shown() {
    let project = bought();
    let key = |run: &Run| provider(run, "aisa")["key"].clone();
    let without = project.run("doctor --format json").code(1);
    assert_eq!((key(&without), problems(&without)), (json!("missing"), vec!["no-key".to_string()]));
    project.run("doctor").code(1).stdout_has("AISA_API_KEY (not set)").stdout_has("1 asset can't be made");
    project.write(".env", format!("AISA_API_KEY={KEY}\n"));
    let run = project.run("doctor --format json").success();
    assert_eq!((key(&run), &run.value()["dotenv"], problems(&run).len()), (json!("dotenv"), &json!("read"), 0));
    project.run("doctor").success().stdout_has("AISA_API_KEY (.env)").stdout_has("nothing is wrong");
    project.env("AISA_API_KEY", KEY);
    assert_eq!(key(&project.run("doctor --format json").success()), "environment");
    project.check_secrets();
}

#[test]
fn a_key_that_another_provider_makes_up_for_is_no_problem() {
    let project = bought().env("OPENROUTER_API_KEY", KEY);
    let run = project.run("doctor --format json").success();
    assert_eq!((&provider(&run, "aisa")["key"], &provider(&run, "aisa")["assets"]), (&json!("missing"), &json!(1)));
    assert_eq!(provider(&run, "localai")["assets"], 0);
    project
        .edit("model = ", "provider = \"aisa\"\nmodel = ")
        .run("doctor")
        .code(1)
        .stdout_has("AISA_API_KEY is not set");
}

#[test]
fn what_is_made_already_needs_no_key() {
    let vendor = Vendor::aisa();
    let project =
        Sandbox::new().manifest_for(&vendor, "[assets.hero]\nprompt = \"a panda\"\nmodel = \"seedream-4.5\"\n");
    project.run("sync").success();
    is_settled(&project);
    project.without_env("AISA_API_KEY").run("doctor").success().stdout_has("AISA_API_KEY (not set)");
}

#[test]
fn mistakes_in_the_manifest_are_counted_and_the_rest_is_still_told() {
    let project = Sandbox::new().manifest("[assets.hero]\npromt = \"a panda\"\nqualty = 1\n").env("AISA_API_KEY", KEY);
    let run = project.run("doctor --format json").code(1);
    let manifest = &run.value()["manifest"];
    assert_eq!((&manifest["state"], &manifest["mistakes"]), (&json!("invalid"), &json!(2)));
    assert_eq!((problems(&run), &provider(&run, "aisa")["key"]), (vec!["manifest".to_string()], &json!("environment")));
    project.run("doctor").code(1).stdout_has("images.toml has 2 mistakes").stdout_has("run `tintype check`");
    project.run("doctor --manifest-path nowhere.toml").code(1).stdout_has("nowhere.toml");
    project.check_secrets();
}

#[test]
fn a_damaged_lockfile_is_a_problem() {
    let run = free(HERO).file("images.lock", "<<<<<<< HEAD\n").run("doctor --format json").code(1);
    assert_eq!((problems(&run), &run.value()["lockfile"]), (vec!["lockfile".to_string()], &json!("invalid")));
}

#[test]
fn a_cache_that_cannot_be_written_is_a_problem() {
    let project = free(HERO).file("blocked", "a file where a folder should be");
    project.env("TINTYPE_CACHE_DIR", &project.path("blocked").to_string_lossy());
    let run = project.run("doctor --format json").code(1);
    assert_eq!((problems(&run), &run.value()["cache"]["writable"]), (vec!["cache".to_string()], &json!(false)));
    project.run("doctor").code(1).stdout_has("can't be written").stdout_has("TINTYPE_CACHE_DIR");
}

#[test]
fn with_online_every_address_is_asked_for_once_and_without_a_key() {
    let vendor = Vendor::openai();
    let project = at_home(&studio(&vendor, HERO), &closed_base_url()).env("AISA_API_KEY", KEY);
    let run = project.run("doctor --online --format json").success().stderr_is("");
    assert_eq!(provider(&run, "studio")["reachable"], true, "any answer will do");
    let aisa = provider(&run, "aisa");
    assert_eq!((&aisa["reachable"], &aisa["reason"]), (&json!(false), &json!("connection refused")));
    let requests = vendor.requests();
    assert_eq!((requests.len(), requests[0].method.as_str(), requests[0].path.as_str()), (1, "GET", "/v1"));
    assert_eq!((requests[0].header("authorization"), vendor.billed()), (None, 0));
    project.check_secrets();
}

#[test]
fn a_provider_that_is_needed_and_does_not_answer_is_a_problem() {
    let vendor = Vendor::openai();
    let project = at_home(&studio(&vendor, HERO), &vendor.base_url());
    project.edit(
        &format!("base_url = \"{}\"\n\n[providers.openrouter]", vendor.base_url()),
        &format!("base_url = \"{}\"\n\n[providers.openrouter]", closed_base_url()),
    );
    project.run("doctor --online").success();
    drop(vendor);
    let run = project.run("doctor --online --format json").code(1);
    assert_eq!(problems(&run), ["unreachable"]);
    project.run("doctor --online").code(1).stdout_has("studio can't be reached: connection refused");
    project.run("doctor").success();
}

#[test]
fn online_and_offline_at_once_is_refused() {
    let project = free(HERO).env("TINTYPE_OFFLINE", "1");
    project.run("doctor --online").code(2).stdout_is("").stderr_has("TINTYPE_OFFLINE");
    project.run("doctor").success();
}
