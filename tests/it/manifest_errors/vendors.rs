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
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nmodel = \"seedraem-4.5\"\nprompt = \"a panda\"\n"), @r#"
    unknown-model

      × no model `seedraem-4.5` is known
       ╭─[images.toml:2:9]
     1 │ [assets.hero]
     2 │ model = "seedraem-4.5"
       ·         ───────┬──────
       ·                ╰── this model
     3 │ prompt = "a panda"
       ╰────
      help: did you mean `seedream-4.5`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn what_is_near_to_no_model_or_provider_is_answered_with_all_that_are_known() {
    let said = mistakes_in("[assets.hero]\nmodel = \"imagination\"\nprompt = \"a panda\"\n");
    for words in ["`imagination`", "placeholder", "seedream-4.5", "[models.\"imagination\"]"] {
        assert!(said.contains(words), "`{words}` isn't in\n{said}");
    }
    let said = mistakes_in(&format!("{ASSET}provider = \"nobody\"\n"));
    for words in ["`nobody`", "known are aisa", "[providers.nobody]"] {
        assert!(said.contains(words), "`{words}` isn't in\n{said}");
    }
}

#[test]
fn an_asset_without_a_model() {
    insta::assert_snapshot!(mistakes_in("[assets.hero]\nprompt = \"a panda\"\n"), @r#"
    missing-key

      × `hero` has no model
       ╭─[images.toml:1:9]
     1 │ [assets.hero]
       ·         ──┬─
       ·           ╰── this asset
     2 │ prompt = "a panda"
       ╰────
      help: write model = "placeholder" to begin with, here or under [defaults]

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_unknown_provider_with_the_nearest() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}provider = [\"aiss\", \"aisa\"]\n")), @r#"
    unknown-provider

      × no provider `aiss` is known
       ╭─[images.toml:4:13]
     3 │ prompt = "a panda"
     4 │ provider = ["aiss", "aisa"]
       ·             ───┬──
       ·                ╰── this provider
     5 │ 
       ╰────
      help: did you mean `aisa`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn options_of_an_unknown_provider() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}options.aiza = {{ a = 1 }}\n")), @r#"
    unknown-provider

      × no provider `aiza` is known
       ╭─[images.toml:4:9]
     3 │ prompt = "a panda"
     4 │ options.aiza = { a = 1 }
       ·         ──┬─
       ·           ╰── this provider
     5 │ 
       ╰────
      help: did you mean `aisa`?

    error: 1 mistake in images.toml
    "#);
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
    let text = r#"
[defaults]
model = "seedream-4.5"
provider = "aisa"

[assets.hero]
prompt = "a panda"
seed = 7

[assets.moon]
prompt = "a moon"
quality = "high"
"#;
    insta::assert_snapshot!(mistakes_in(text), @r#"
    no-route

      × no provider can make `hero` as it is asked for: aisa takes no seed
       ╭─[images.toml:2:9]
     1 │ [defaults]
     2 │ model = "seedream-4.5"
       ·         ───────┬──────
       ·                ╰── this model
     3 │ provider = "aisa"
       ╰────
      help: take out what the provider has no field for, or choose another model or
            provider

    no-route

      × no provider can make `moon` as it is asked for: aisa takes no quality
       ╭─[images.toml:2:9]
     1 │ [defaults]
     2 │ model = "seedream-4.5"
       ·         ───────┬──────
       ·                ╰── this model
     3 │ provider = "aisa"
       ╰────
      help: take out what the provider has no field for, or choose another model or
            provider

    error: 2 mistakes in images.toml
    "#);
}

#[test]
fn a_provider_of_ones_own_that_lacks_its_address() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\n")), @r#"
    missing-key

      × `studio` isn't built in and lacks an `api` or a `base_url`
       ╭─[images.toml:5:12]
     4 │ 
     5 │ [providers.studio]
       ·            ───┬──
       ·               ╰── this provider
     6 │ api = "openai-images"
       ╰────
      help: write api = "openai-images" and base_url = "http://127.0.0.1:[port]/v1"

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn an_api_that_is_not_known() {
    let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-image\"\nbase_url = \"http://127.0.0.1:9/v1\"\n");
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    bad-value

      × `openai-image` is no api that tintype speaks
       ╭─[images.toml:6:7]
     5 │ [providers.studio]
     6 │ api = "openai-image"
       ·       ───────┬──────
       ·              ╰── not this
     7 │ base_url = "http://127.0.0.1:[port]/v1"
       ╰────
      help: did you mean `openai-images`?

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_key_that_is_missing_names_its_variable() {
    let vendor = Vendor::aisa();
    let project = Sandbox::new().manifest_for(&vendor, ASSET).without_env("AISA_API_KEY");
    let before = everything(&project);
    let run = project.run("sync").code(2).stdout_is("");
    insta::assert_snapshot!(run.stderr(), @"
    error: `hero` can't be made: no key is set for aisa or openrouter or powertokens
      help: set AISA_API_KEY or OPENROUTER_API_KEY or POWERTOKENS_API_KEY in the environment, or in a .env file beside the manifest
    ");
    project.run("sync --dry-run").success().stdout_has("AISA_API_KEY");
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
        format!(
            "{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key_env = \"{LITERAL}\"\n"
        ),
        format!(
            "{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = \"{LITERAL}\"\n"
        ),
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
    let text = format!(
        "{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"https://studio.example/v1\"\napi_key = \"{LITERAL}\"\n"
    );
    insta::assert_snapshot!(mistakes_in(&text), @r#"
    literal-key

      × an API key stands in the manifest
       ╭─[images.toml:8:11]
     7 │ base_url = "https://studio.example/v1"
     8 │ api_key = "***************************"
       ·           ──────────────┬──────────────
       ·                         ╰── hidden here
     9 │ 
       ╰────
      help: take it out, and withdraw it if it was committed; put it into the
            environment or into .env, and name the variable with api_key_env

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_host_that_a_key_does_not_belong_to() {
    let text = format!("{ASSET}\n[providers.aisa]\nbase_url = \"https://collector.example/v1\"\n");
    let project = Sandbox::new().manifest(&text).env("AISA_API_KEY", KEY);
    insta::assert_snapshot!(mistakes(&project), @r#"
    untrusted-host

      × the key in AISA_API_KEY doesn't belong to the host collector.example
       ╭─[images.toml:6:12]
     5 │ [providers.aisa]
     6 │ base_url = "https://collector.example/v1"
       ·            ───────────────┬──────────────
       ·                           ╰── the key would go there
       ╰────
      help: a key goes only to the built-in host of its provider, or to this
            machine; if you trust collector.example with it, set
            TINTYPE_TRUST_HOSTS=collector.example in the environment

    error: 1 mistake in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes(&Sandbox::new().manifest(&text)), @r#"
    untrusted-host

      × the key in AISA_API_KEY doesn't belong to the host studio.example
       ╭─[images.toml:7:12]
     6 │ api = "openai-images"
     7 │ base_url = "https://studio.example/v1"
       ·            ─────────────┬─────────────
       ·                         ╰── the key would go there
     8 │ api_key_env = "AISA_API_KEY"
       ╰────
      help: a key goes only to the built-in host of its provider, or to this
            machine; if you trust studio.example with it, set
            TINTYPE_TRUST_HOSTS=studio.example in the environment

    error: 1 mistake in images.toml
    "#);
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
    insta::assert_snapshot!(mistakes(&project), @r#"
    insecure-host

      × `aisa` would be spoken to without encryption
       ╭─[images.toml:6:12]
     5 │ [providers.aisa]
     6 │ base_url = "http://api.aisa.one/v1"
       ·            ────────────┬───────────
       ·                        ╰── not https
       ╰────
      help: write https://: a key travels only encrypted, or to this machine

    error: 1 mistake in images.toml
    "#);
    project.env("TINTYPE_TRUST_HOSTS", "api.aisa.one").run("check").code(2);
}

#[test]
fn a_host_on_the_lan_without_encryption_and_without_a_key() {
    let text =
        format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"http://192.168.1.9:8080/v1\"\n");
    let project = Sandbox::new().manifest(&text);
    insta::assert_snapshot!(mistakes(&project), @r#"
    insecure-host

      × `studio` would be spoken to without encryption
       ╭─[images.toml:7:12]
     6 │ api = "openai-images"
     7 │ base_url = "http://192.168.1.9:8080/v1"
       ·            ──────────────┬─────────────
       ·                          ╰── not https
       ╰────
      help: write https://, or set TINTYPE_TRUST_HOSTS=192.168.1.9 in the
            environment: no key goes there

    error: 1 mistake in images.toml
    "#);
    project.env("TINTYPE_TRUST_HOSTS", "192.168.1.9").run("check").success();
}

#[test]
fn addresses_that_hide_something() {
    for url in ["https://user:pw@127.0.0.1/v1", "ftp://127.0.0.1/v1", "127.0.0.1/v1", "https://", "https://h/v1?key=1"]
    {
        let text = format!("{ASSET}\n[providers.studio]\napi = \"openai-images\"\nbase_url = \"{url}\"\n");
        Sandbox::new().manifest(&text).run("check").code(2).stderr_has("base_url").stderr_lacks("pw@");
    }
}

#[test]
fn a_model_of_ones_own_without_routes() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[models.\"house-model\"]\nmin_pixels = 1\n")), @r#"
    missing-key

      × `house-model` isn't built in and has no routes
       ╭─[images.toml:5:9]
     4 │ 
     5 │ [models."house-model"]
       ·         ──────┬──────
       ·               ╰── this model
     6 │ min_pixels = 1
       ╰────
      help: write routes = [{ provider = "studio", id = "the-model-s-id-there",
            cost_usd = 0.0 }]

    error: 1 mistake in images.toml
    "#);
}

#[test]
fn a_price_for_a_provider_that_has_no_route() {
    insta::assert_snapshot!(mistakes_in(&format!("{ASSET}\n[models.\"seedream-4.5\"]\ncost_usd = {{ asia = 0.04 }}\n")), @r#"
    unknown-provider

      × `seedream-4.5` has no route to `asia`
       ╭─[images.toml:6:21]
     5 │ [models."seedream-4.5"]
     6 │ cost_usd = { asia = 0.04 }
       ·                     ──┬─
       ·                       ╰── this provider
     7 │ 
       ╰────
      help: did you mean `aisa`?

    error: 1 mistake in images.toml
    "#);
}
