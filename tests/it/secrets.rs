//! Keys: in the one header that carries them, and nowhere else; to the hosts that they belong to, and nowhere else.

use serde_json::json;

use crate::sandbox::Sandbox;
use crate::studio::{aisa, studio};
use crate::vendor::{Fault, KEY, Vendor};

/// One asset.
const HERO: &str = "[assets.hero]\nprompt = \"a red panda\"\n";

/// A project whose asset goes to a provider of this table.
fn with_provider(table: &str) -> Sandbox {
    Sandbox::new().manifest(&format!(
        "[models.house]\nroutes = [{{ provider = \"studio\", id = \"house-xl\", cost_usd = 0.0 }}]\n\n\
         [providers.studio]\napi = \"openai-images\"\n{table}\n\n\
         [assets.hero]\nprompt = \"a red panda\"\nmodel = \"house\"\nsize = \"64x64\"\n"
    ))
}

/// The manifest is refused, whatever is asked of it, and the message names `part`.
#[track_caller]
fn refused(sandbox: &Sandbox, part: &str) {
    for command in ["check", "plan", "sync --yes"] {
        sandbox.run(command).code(2).stderr_has(part);
    }
    sandbox.check_secrets();
}

#[test]
fn a_key_that_the_vendor_echoes_stands_nowhere() {
    for status in [200, 400, 401, 402, 404, 429, 500] {
        let vendor = Vendor::aisa();
        let body = format!(
            "{{\"error\": {{\"code\": \"x\", \"message\": \"your key Bearer {KEY} is odd\"}}, \"key\": \"{KEY}\"}}"
        );
        vendor
            .when("", Fault::status(status).with_header("Retry-After", "0").with_header("X-Key", KEY).with_body(body));
        let sandbox = aisa(&vendor, "max_retries = 1", HERO);
        sandbox.run("sync").code(1).stderr_has("is odd");
        sandbox.run("sync --format json").code(1);
        sandbox.run("sync -v --resend-unknown").code(1);
        sandbox.run("plan").success();
        sandbox.check_secrets();
    }
}

#[test]
fn a_key_in_an_error_of_the_vendors_own_shape_stands_nowhere() {
    let vendor = Vendor::openai().key(KEY);
    vendor.next(Fault::EchoKey);
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").code(1).stderr_has("was not understood");
    sandbox.check_secrets();
    sandbox.run("sync").success();
    sandbox.check_invariants(&vendor);
}

#[test]
fn a_key_that_is_no_text_but_a_page_is_hidden_too() {
    let vendor = Vendor::openai().key(KEY);
    vendor.next(Fault::status(502).with_header("Retry-After", "1000").with_body(format!("<title>{KEY}</title>")));
    vendor.next(Fault::status(200).with_body(format!("<html>{KEY}</html>")));
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").code(1);
    sandbox.run("sync").code(1);
    assert_eq!(vendor.requests().len(), 2);
    sandbox.check_secrets();
}

#[test]
fn a_key_that_the_vendor_echoes_in_another_guise_stands_nowhere_either() {
    use base64::Engine;
    let key = "sk+canary/0a1b2c3d4e5f6071==";
    let encode = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    let guises = [
        encode(key.to_string()),
        encode(format!("user:{key}")),
        encode(format!(":{key}")).replace('+', "-").replace('/', "_"),
        key.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        key.replace('/', "\\\\/"),
    ];
    for guise in guises {
        let vendor = Vendor::openai().key(key);
        let body = format!("{{\"error\": {{\"code\": \"x\", \"message\": \"what is {guise} for\"}}}}");
        vendor.next(Fault::status(400).with_body(body));
        let sandbox = studio(&vendor, "", HERO).env("STUDIO_API_KEY", key);
        let said = sandbox.run("sync -v").code(1).stderr().to_string();
        // The digits that depend on the key alone; those at its ends depend on what stands beside it, too.
        let inner = guise[guise.len() / 4..guise.len() * 3 / 4].to_string();
        assert!(said.contains("what is") && !said.contains(&inner), "{guise}: {said}");
        for (path, bytes) in crate::projects::everything(&sandbox) {
            assert!(!String::from_utf8_lossy(&bytes).contains(&inner), "{guise} stands in {}", path.display());
        }
        sandbox.check_secrets();
    }
}

#[test]
fn a_key_in_the_address_of_a_picture_stands_nowhere() {
    let vendor = Vendor::openai().key(KEY);
    let address = format!("{}/picture.png?key={KEY}&name=%FF", vendor.origin());
    let body = json!({ "data": [{ "url": address }] }).to_string();
    vendor.next(Fault::status(200).with_body(body));
    let sandbox = studio(&vendor, "", HERO);
    sandbox.run("sync").code(1);
    sandbox.run("sync -v").code(1);
    sandbox.check_secrets();
}

#[test]
fn a_key_may_stand_in_a_dotenv_file() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", HERO).without_env("AISA_API_KEY");
    sandbox.run("sync").code(2).stderr_has("AISA_API_KEY");
    sandbox.write(".env", format!("# keys\nexport AISA_API_KEY=\"{KEY}\"\n")).run("sync").success();
    assert_eq!(vendor.requests()[0].bearer(), Some(KEY));
    sandbox.check_invariants(&vendor);
}

#[test]
fn the_environment_wins_over_a_dotenv_file() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", HERO).write(".env", "AISA_API_KEY=sk-of-another-account\n");
    sandbox.run("sync").success();
    assert_eq!(vendor.requests()[0].bearer(), Some(KEY));
    sandbox.check_invariants(&vendor);
}

#[test]
fn an_empty_variable_is_no_key() {
    let vendor = Vendor::aisa();
    let sandbox = aisa(&vendor, "", HERO).env("AISA_API_KEY", "");
    sandbox.run("sync").code(2).stderr_has("AISA_API_KEY");
    assert!(vendor.requests().is_empty());
}

#[test]
fn a_key_goes_to_no_host_that_the_manifest_makes_up() {
    let made_up = "[providers.aisa]\nbase_url = \"https://aisa.one.evil.example/v1\"\n\n\
                   [assets.hero]\nprompt = \"a red panda\"\nmodel = \"seedream-4.5\"\n";
    let sandbox = Sandbox::new().manifest(made_up).env("AISA_API_KEY", KEY);
    refused(&sandbox, "aisa.one.evil.example");
    sandbox.write(".env", "TINTYPE_TRUST_HOSTS=aisa.one.evil.example\n");
    refused(&sandbox, "aisa.one.evil.example");
    sandbox.env("TINTYPE_TRUST_HOSTS", "other.example, aisa.one.evil.example").run("check").success();
}

#[test]
fn a_variable_goes_to_no_host_but_its_own() {
    let sandbox = with_provider("base_url = \"https://studio.example/v1\"\napi_key_env = \"AISA_API_KEY\"");
    refused(&sandbox.env("AISA_API_KEY", KEY), "AISA_API_KEY");
    let other = with_provider("base_url = \"https://studio.example/v1\"\napi_key_env = \"GITHUB_TOKEN\"");
    refused(&other.env("GITHUB_TOKEN", "ghp_canary0123456789abcdef"), "GITHUB_TOKEN");
    let built_in = "[providers.aisa]\napi_key_env = \"GITHUB_TOKEN\"\n\n\
                    [assets.hero]\nprompt = \"a red panda\"\nmodel = \"seedream-4.5\"\n";
    refused(&Sandbox::new().manifest(built_in).env("GITHUB_TOKEN", "ghp_canary0123456789abcdef"), "GITHUB_TOKEN");
}

#[test]
fn a_host_that_the_user_trusts_may_have_the_key() {
    let sandbox = with_provider("base_url = \"https://studio.example/v1\"\napi_key_env = \"STUDIO_API_KEY\"");
    refused(&sandbox, "TINTYPE_TRUST_HOSTS");
    sandbox.env("TINTYPE_TRUST_HOSTS", "evil.studio.example");
    refused(&sandbox, "studio.example");
    sandbox.env("TINTYPE_TRUST_HOSTS", "studio.example").run("check").success();
}

#[test]
fn requests_are_encrypted_but_for_loopback() {
    for host in ["studio.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.0.9", "evil.localhost"]
    {
        refused(&with_provider(&format!("base_url = \"http://{host}:8080/v1\"")), "https");
    }
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        with_provider(&format!("base_url = \"http://{host}:8080/v1\"")).run("check").success();
    }
}

#[test]
fn a_trusted_host_may_be_plain_where_no_key_goes() {
    let plain = "base_url = \"http://192.168.0.9:8080/v1\"";
    with_provider(plain).env("TINTYPE_TRUST_HOSTS", "192.168.0.9").run("check").success();
    let keyed = with_provider(&format!("{plain}\napi_key_env = \"STUDIO_API_KEY\""));
    refused(&keyed.env("TINTYPE_TRUST_HOSTS", "192.168.0.9"), "https");
}

#[test]
fn a_key_in_the_manifest_is_an_error_that_does_not_show_it() {
    let canary = "sk-canary-0a1b2c3d4e5f6071";
    for line in [format!("api_key_env = \"{canary}\""), format!("api_key = \"{canary}\"")] {
        let sandbox = with_provider(&format!("base_url = \"https://studio.example/v1\"\n{line}"));
        for command in ["check", "plan", "sync", "check --format json"] {
            sandbox.run(command).code(2).stderr_lacks(canary).stdout_lacks(canary);
        }
    }
}

#[test]
fn a_base_url_with_a_password_is_refused_without_showing_it() {
    let sandbox = with_provider("base_url = \"https://user:canary-password@studio.example/v1\"");
    sandbox.run("check").code(2).stderr_lacks("canary-password").stdout_lacks("canary-password");
    sandbox.run("check --format json").code(2).stderr_lacks("canary-password");
}

#[test]
fn a_key_of_one_provider_never_reaches_another() {
    let (own, vendor) = (Vendor::openai().key("sk-own-5e0c41d2b7"), Vendor::aisa());
    let lines = format!("{}\n{}", own.manifest_lines(), vendor.manifest_lines());
    let sandbox = Sandbox::new().manifest(&format!(
        "{lines}\n[models.house]\nroutes = [{{ provider = \"studio\", id = \"h\", cost_usd = 0.01 }}]\n\n\
         [assets.own]\nprompt = \"one\"\nmodel = \"house\"\nsize = \"64x64\"\n\n\
         [assets.theirs]\nprompt = \"two\"\nmodel = \"seedream-4.5\"\n"
    ));
    sandbox.env("AISA_API_KEY", KEY).env("STUDIO_API_KEY", "sk-own-5e0c41d2b7").run("sync").success();
    let said = |vendor: &Vendor| {
        let requests = vendor.requests().into_iter().chain(vendor.downloads());
        requests.map(|request| format!("{:?}{}", request.headers, request.body)).collect::<Vec<_>>().concat()
    };
    assert!(!said(&own).contains(KEY) && !said(&vendor).contains("sk-own-5e0c41d2b7"));
    sandbox.check_secrets();
}

#[test]
fn nothing_is_read_from_a_proxy_variable_for_loopback() {
    let vendor = Vendor::openai().key(KEY);
    let proxy = Vendor::openai();
    let sandbox = studio(&vendor, "", HERO).env("HTTP_PROXY", &proxy.origin()).env("http_proxy", &proxy.origin());
    sandbox.run("sync").success();
    assert!(proxy.requests().is_empty() && proxy.downloads().is_empty());
    sandbox.check_invariants(&vendor);
}
