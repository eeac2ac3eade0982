//! Small projects for black-box tests, and short words for what is asked of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Run, Sandbox};
use crate::vendor::Vendor;

/// All assets are placeholders of 64 by 64 unless they say otherwise: no vendor, no money.
pub(crate) fn free(assets: &str) -> Sandbox {
    Sandbox::new().manifest(&format!("[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n{assets}"))
}

/// All assets are drawn by a studio's own model, small and for two cents each, unless they say otherwise.
pub(crate) fn studio(vendor: &Vendor, assets: &str) -> Sandbox {
    Sandbox::new().manifest(&studio_manifest(vendor, assets))
}

pub(crate) fn studio_manifest(vendor: &Vendor, assets: &str) -> String {
    format!(
        "[defaults]\nmodel = \"house-model\"\nsize = \"64x64\"\n\n{}\n\n\
         [models.\"house-model\"]\nroutes = [{{ provider = \"studio\", id = \"sd-xl-house\", cost_usd = 0.02 }}]\n\n{}",
        assets.trim(),
        vendor.manifest_lines()
    )
}

/// `plan`, and for each asset its action and the codes of its reasons: exactly these assets, exactly these reasons.
#[track_caller]
pub(crate) fn plan_is(sandbox: &Sandbox, expected: &[(&str, &str, &str)]) -> Run {
    planned_as(sandbox.run("plan --format json").success(), expected)
}

/// The same of a plan that was made already, or of a sync.
#[track_caller]
pub(crate) fn planned_as(run: Run, expected: &[(&str, &str, &str)]) -> Run {
    let found: Vec<(String, String, String)> = run
        .actions()
        .into_iter()
        .map(|(name, action)| {
            let reasons = run.reasons(&name).join(" ");
            (name, action, reasons)
        })
        .collect();
    let mut expected: Vec<_> = expected.iter().map(|one| (one.0.into(), one.1.into(), one.2.into())).collect();
    expected.sort();
    assert_eq!(found, expected, "the plan is\n{}", run.stdout());
    run
}

/// A sync that has nothing to do: it exits with 0, keeps everything, and writes to no file of the project.
#[track_caller]
pub(crate) fn is_settled(sandbox: &Sandbox) {
    let before = sandbox.snapshot();
    let run = sandbox.run("sync --format json").success();
    assert!(run.actions().values().all(|action| action == "keep"), "not settled:\n{}", run.stdout());
    sandbox.unchanged_since(&before);
}

/// The lines of one asset's entry in the lockfile.
#[track_caller]
pub(crate) fn entry(sandbox: &Sandbox, name: &str) -> String {
    let lockfile = sandbox.lockfile();
    let head = format!("name = \"{name}\"\n");
    let found = lockfile.split("[[asset]]\n").find(|entry| entry.starts_with(&head));
    found.unwrap_or_else(|| panic!("`{name}` isn't locked in\n{lockfile}")).trim_end().to_string()
}

/// Every file below the sandbox, with cache, home and state, and its contents.
pub(crate) fn everything(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(sandbox.root(), &mut files);
    files
}

/// Every file of the cache whose bytes are these.
pub(crate) fn in_cache(sandbox: &Sandbox, bytes: &[u8]) -> Vec<PathBuf> {
    let mut files = BTreeMap::new();
    collect(&sandbox.cache_path(), &mut files);
    files.into_iter().filter(|(_, contents)| contents == bytes).map(|(path, _)| path).collect()
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
}
