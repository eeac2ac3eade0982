//! Projects of the tests about money: a few lines of manifest around the assets that a test is about.

use serde_json::Value;

use crate::sandbox::{Allowances, Run, Sandbox};
use crate::vendor::{KEY, Vendor};

/// The least size that AIsa draws with Seedream.
pub(crate) const SMALLEST: &str = "1920x1920";

/// Some asset isn't locked yet, and `verify` says so.
pub(crate) const UNFINISHED: Allowances = Allowances { lost: 0, fetchable: false, verify_code: 1, no_ledger: false };

/// A project on a server of one's own, at two cents a picture of 64 by 64. `keys` go into the provider's table.
#[track_caller]
pub(crate) fn studio(vendor: &Vendor, keys: &str, assets: &str) -> Sandbox {
    let manifest = format!(
        "[defaults]\nmodel = \"house\"\nsize = \"64x64\"\n\n\
         [models.house]\nroutes = [{{ provider = \"studio\", id = \"house-xl\", cost_usd = 0.02 }}]\n\n\
         {}{keys}\n\n{assets}",
        vendor.manifest_lines()
    );
    Sandbox::new().manifest(&manifest).env("STUDIO_API_KEY", KEY)
}

/// A project on AIsa, at four cents a picture. `keys` go into the provider's table.
#[track_caller]
pub(crate) fn aisa(vendor: &Vendor, keys: &str, assets: &str) -> Sandbox {
    let manifest = format!(
        "[defaults]\nmodel = \"seedream-4.5\"\nprovider = \"aisa\"\nsize = \"{SMALLEST}\"\n\n{}{keys}\n\n{assets}",
        vendor.manifest_lines()
    );
    Sandbox::new().manifest(&manifest).env("AISA_API_KEY", KEY)
}

/// A sync that is killed when it has come so far; then the vendor goes on.
#[track_caller]
pub(crate) fn killed_when<T>(sandbox: &Sandbox, vendor: &Vendor, it_has_come_so_far: impl FnOnce() -> T) {
    let running = sandbox.spawn("sync");
    it_has_come_so_far();
    running.kill().killed();
    vendor.open();
}

/// Assets of these names; the prompt of each is `picture of NAME.`.
pub(crate) fn assets<'name>(names: impl IntoIterator<Item = &'name str>) -> String {
    let tables = names.into_iter().map(|name| format!("[assets.{name}]\nprompt = \"picture of {name}.\"\n"));
    tables.collect::<Vec<_>>().join("\n")
}

/// `count` assets: `p001`, `p002` and so on.
pub(crate) fn many(count: usize) -> String {
    let names: Vec<String> = (1..=count).map(|number| format!("p{number:03}")).collect();
    assets(names.iter().map(String::as_str))
}

/// The code of the error that an asset ended with; empty where it has none.
#[track_caller]
pub(crate) fn error_code(run: &Run, asset: &str) -> String {
    run.asset(asset)["error"]["code"].as_str().unwrap_or_default().to_string()
}

/// All texts of an asset's warnings.
#[track_caller]
pub(crate) fn warning_texts(run: &Run, asset: &str) -> String {
    let asset = run.asset(asset);
    let warnings = asset["warnings"].as_array().into_iter().flatten();
    warnings.filter_map(|warning| warning["message"].as_str()).collect::<Vec<_>>().join("\n")
}

/// A sync that sends nothing, because what it would send may have been billed already.
#[track_caller]
pub(crate) fn assert_in_doubt(sandbox: &Sandbox, vendor: &Vendor, asset: &str) {
    let sent = vendor.requests().len();
    let plan = sandbox.run("plan --format json").success();
    let planned = plan.asset(asset);
    assert_eq!((&planned["action"], &planned["images"]), (&Value::from("generate"), &Value::from(0)), "{planned}");
    assert!(plan.reasons(asset).contains(&"maybe-billed".to_string()), "{planned}");
    let sync = sandbox.run("sync --format json").code(1);
    assert_eq!((sync.results()[asset].as_str(), error_code(&sync, asset).as_str()), ("failed", "maybe-billed"));
    assert_eq!(vendor.requests().len(), sent, "what may have been billed is not sent again by itself");
}
