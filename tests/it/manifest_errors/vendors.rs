//! Mistakes in who is to make a picture, and with which key.

use super::{mistakes, mistakes_in};
use crate::projects::everything;
use crate::sandbox::Sandbox;
use crate::vendor::{KEY, Vendor};

const ASSET: &str = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\n";

/// A key that looks like one.
const LITERAL: &str = "sk-live-51H8aQ2eZvKYlo2C9x7";

#[test]
fn an_unknown_model_with_the_nearest() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nmodel = \"seedraem-4.5\"\nprompt = \"a panda\"\n"), @"");
}

#[test]
fn an_unknown_model_that_is_near_to_none() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nmodel = \"dall-e-9\"\nprompt = \"a panda\"\n"), @"");
}

#[test]
fn an_asset_without_a_model() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = \"a panda\"\n"), @"");
}

#[test]
fn an_unknown_provider_with_the_nearest() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}provider = [\"aiss\", \"nobody\"]\n")), @"");
}

#[test]
fn options_of_an_unknown_provider() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}options.aiza = {{ a = 1 }}\n")), @"");
}

#[test]
fn options_that_tintype_fills_in_itself() {
    for field in ["n", "model", "prompt", "size"] {
        let project = Sandbox::new().manifest(&format!("{ASSET}options.aisa = {{ {field} = 1 }}\n"));
        let found = project.run("check --format json").code(2).diagnostics();
        assert!(found[0]["message"].to_string().contains(&format!("`{field}`")), "{found:#?}");
    }
}

#[test]
fn a_provider_that_cannot_honour_what_is_asked() {
    let text = format!("{ASSET}seed = 7\n\n[assets.moon]\nmodel = \"seedream-4.5\"\nprompt = \"a moon\"\nquality = \"high\"\n");
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn a_provider_of_ones_own_that_lacks_its_address() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\n")), @"");
}

#[test]
fn an_api_that_is_not_known() {
    let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-image\"\nbase_url = \"http://127.0.0.1:9/v1\"\n");
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn a_key_that_is_missing_names_its_variable() {
    let vendor = Vendor::aisa();
    let project = Sandbox::new().manifest_for(&vendor, ASSET).without_env("AISA_API_KEY");
    let before = everything(&project);
    let run = project.run("sync").code(2).stdout_is("");
    insta::assert_snapshot!(run.stderr(), @"");
    project.run("sync --dry-run").code(2);
    assert!(everything(&project) == before, "something was written");
    assert_eq!(vendor.requests().len(), 0);
    let found = project.run("sync --format json").code(2).diagnostics();
    assert!(found[0]["help"].to_string().contains("AISA_API_KEY"), "{found:#?}");
    project.run("check").success();
    project.run("plan").success();
}

#[test]
fn an_empty_key_is_none_and_a_key_in_dotenv_is_one() {
    let vendor = Vendor::aisa();
    let project = Sandbox::new().manifest_for(&vendor, ASSET).env("AISA_API_KEY", "  ");
    project.run("sync").code(2);
    project.write(".env", format!("AISA_API_KEY={KEY}\n")).run("sync").success();
    project.write(".env", "AISA_API_KEY=sk-wrong-but-never-sent-0\n").env("AISA_API_KEY", KEY);
    project.edit("a panda", "a moon").run("sync").success();
    assert_eq!(vendor.broken_rules(), [""; 0], "the environment wins");
    project.check_secrets();
}

#[test]
fn a_literal_key_is_refused_and_never_shown() {
    let texts = [
        format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key_env = \"{LITERAL}\"\n"),
        format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = \"{LITERAL}\"\n"),
        format!("{ASSET}options.aisa = {{ token = \"{LITERAL}\" }}\n"),
        format!("{ASSET}tags = [\"{LITERAL}\"]\n"),
        format!("{ASSET}{LITERAL} = 1\n"),
        format!("{ASSET}prompt2 = {LITERAL}\n"),
        format!("[assets.hero]\nmodel = \"{LITERAL}\"\nprompt = \"a panda\"\n"),
        format!("{ASSET}\n[assets.\"{LITERAL}\"]\nprompt = 7\n"),
        format!("{ASSET}output = \"{LITERAL}.png\"\nsize = \"huge\"\n"),
    ];
    for text in texts {
        let project = Sandbox::new().manifest(&text);
        for line in ["check", "plan", "sync", "check --format json", "list --color always", "show hero", "check -v"] {
            project.run(line).code(2).stdout_lacks(LITERAL).stderr_lacks(LITERAL).stderr_lacks("51H8aQ2e");
        }
    }
}

#[test]
fn a_literal_key_is_told_what_to_do_with_it() {
    let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"https://studio.example/v1\"\napi_key = \"{LITERAL}\"\n");
    insta::assert_snapshot!(mistakes_in(&text), @"");
}

#[test]
fn a_host_that_a_key_does_not_belong_to() {
    let text = format!("{ASSET}\n[providers.aisa]\nbase_url = \"https://collector.example/v1\"\n");
    let project = Sandbox::new().manifest(&text).env("AISA_API_KEY", KEY);
    insta::assert_snapshot!(mistakes(&project), @"");
    project.env("TINTYPE_TRUST_HOSTS", "other.example").run("check").code(2);
    project.env("TINTYPE_TRUST_HOSTS", "other.example, Collector.example").run("check").success();
    project.without_env("TINTYPE_TRUST_HOSTS").write(".env", "TINTYPE_TRUST_HOSTS=collector.example\n");
    project.run("check").code(2);
}

#[test]
fn another_providers_key_for_a_host_of_ones_own() {
    let text = format!(
        "{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"https://studio.example/v1\"\napi_key_env = \"AISA_API_KEY\"\n"
    );
    insta::assert_snapshot!(mistakes(&Sandbox::new().manifest(&text)), @"");
}

#[test]
fn any_variable_of_the_environment_for_a_host_of_ones_own() {
    let text = format!(
        "{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"https://studio.example/v1\"\napi_key_env = \"HOME\"\n"
    );
    let found = Sandbox::new().manifest(&text).run("check --format json").code(2).diagnostics();
    assert_eq!(found[0]["code"], "untrusted-host");
}

#[test]
fn a_host_without_encryption() {
    let text = format!("{ASSET}\n[providers.aisa]\nbase_url = \"http://api.aisa.one/v1\"\n");
    let project = Sandbox::new().manifest(&text).env("AISA_API_KEY", KEY);
    insta::assert_snapshot!(mistakes(&project), @"");
    project.env("TINTYPE_TRUST_HOSTS", "api.aisa.one").run("check").code(2);
}

#[test]
fn a_host_on_the_lan_without_encryption_and_without_a_key() {
    let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://192.168.1.9:8080/v1\"\n");
    let project = Sandbox::new().manifest(&text);
    insta::assert_snapshot!(mistakes(&project), @"");
    project.env("TINTYPE_TRUST_HOSTS", "192.168.1.9").run("check").success();
}

#[test]
fn addresses_that_hide_something() {
    for url in ["https://user:pw@127.0.0.1/v1", "ftp://127.0.0.1/v1", "127.0.0.1/v1", "https://", "https://h/v1?key=1"] {
        let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"{url}\"\n");
        Sandbox::new().manifest(&text).run("check").code(2).stderr_has("base_url").stderr_lacks("pw@");
    }
}

#[test]
fn a_model_of_ones_own_without_routes() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[models.\"house-model\"]\nmin_pixels = 1\n")), @"");
}

#[test]
fn a_price_for_a_provider_that_has_no_route() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[models.\"seedream-4.5\"]\ncost_usd = {{ asia = 0.04 }}\n")), @"");
}
