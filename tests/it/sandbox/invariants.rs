//! What must hold after every scenario, checked in one place.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::vendor::{KEY, Vendor};

use super::snapshot::{self, Snapshot};
use super::{Run, Sandbox};

/// What a scenario leaves behind that the invariants would otherwise forbid.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowances {
    /// So many billed images may be in no file, beyond one POST for each asset that the plan calls maybe-billed.
    pub(crate) lost: usize,
    /// A billed image may lie at its address still, if the cache knows that address.
    pub(crate) fetchable: bool,
    /// What `verify` exits with.
    pub(crate) verify_code: i32,
    /// The cache was emptied, or the ledger belongs to more than this sandbox: don't compare the two.
    pub(crate) no_ledger: bool,
}

impl Sandbox {
    /// To be called when a `sync` has converged. Then each billed image is in the cache or in doubt, `verify` is content,
    /// one more `sync` sends and changes nothing, no key stands anywhere, and nothing changed outside.
    #[track_caller]
    pub(crate) fn check_invariants(&self, vendor: &Vendor) -> Sandbox {
        self.check_invariants_but(vendor, Allowances::default())
    }

    /// The same, with exceptions.
    #[track_caller]
    pub(crate) fn check_invariants_but(&self, vendor: &Vendor, allowances: Allowances) -> Sandbox {
        let plan = self.run("plan --format json").success();
        if !allowances.no_ledger {
            self.check_ledger(vendor, &plan, allowances);
        }
        self.run("verify").code(allowances.verify_code);
        self.check_second_sync(vendor, &plan);
        self.check_secrets();
        self.check_lockfile(vendor);
        self.check_outside()
    }

    /// Each image that the vendor billed is in the cache, or in doubt by the plan's own word.
    #[track_caller]
    fn check_ledger(&self, vendor: &Vendor, plan: &Run, allowances: Allowances) {
        let files = snapshot::contents(&self.cache_path());
        let hashes: BTreeSet<String> =
            files.iter().map(|(_, bytes)| blake3::hash(bytes).to_hex().to_string()).collect();
        let is_known = |url: &str| files.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(url));
        let bills = vendor.bills();
        let missing = bills.iter().filter_map(|bill| {
            let is_kept = |hash: &String, url: &str| {
                hashes.contains(hash) || (allowances.fetchable && !url.is_empty() && is_known(url))
            };
            let count = bill.pictures.iter().filter(|sold| !is_kept(&sold.hash, &sold.url)).count();
            (count > 0).then(|| (bill.prompt.clone(), count))
        });
        let mut missing: Vec<(String, usize)> = missing.collect();
        missing.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let in_doubt = maybe_billed(plan);
        let lost: usize = missing.iter().skip(in_doubt.len()).map(|(_, count)| count).sum();
        assert!(
            lost <= allowances.lost,
            "billed, but neither in the cache nor maybe-billed (which are {in_doubt:?}): {missing:#?}\nthe cache has {:#?}",
            files.iter().map(|(path, _)| path).collect::<Vec<_>>()
        );
    }

    /// One more `sync` sends no POST, changes no file, and ends as the plan has it.
    #[track_caller]
    fn check_second_sync(&self, vendor: &Vendor, plan: &Run) {
        let (requests, before) = (vendor.requests().len(), self.snapshot());
        let second = self.run("sync --format json").code(i32::from(plan.assets().iter().any(is_stuck)));
        let prompts = vendor.prompts();
        let sent = vendor.requests().len() - requests;
        assert_eq!(sent, 0, "one more sync sent requests: {:?}", &prompts[prompts.len().saturating_sub(sent)..]);
        second.unchanged_since(&before);
    }

    /// No key in any file but a `.env`, in any file's name, or in any output so far.
    #[track_caller]
    pub(crate) fn check_secrets(&self) -> Sandbox {
        let secrets = self.secrets();
        let leaks = |text: &str| secrets.iter().any(|secret| text.contains(secret.as_str()));
        for (path, bytes) in snapshot::contents(self.root()) {
            let is_for_keys = path.rsplit('/').next() == Some(".env");
            let is_clean = is_for_keys || !leaks(&String::from_utf8_lossy(&bytes)) && !leaks(&path);
            assert!(is_clean, "a key stands in {path}:\n{}", String::from_utf8_lossy(&bytes));
        }
        for output in self.transcript().iter() {
            assert!(!leaks(output), "a key stands in an output:\n{output}");
        }
        self.clone()
    }

    /// The canary, and whatever the environment holds under the name of a key.
    fn secrets(&self) -> Vec<String> {
        let variables = self.variables();
        let is_key = |name: &str| name.ends_with("_KEY") || name.ends_with("_TOKEN");
        let keys = variables.iter().filter(|(name, value)| is_key(name) && value.len() >= 8);
        keys.map(|(_, value)| value.clone()).chain([KEY.to_string()]).collect()
    }

    /// The lockfile names no place of this machine and no address of the vendor's.
    #[track_caller]
    fn check_lockfile(&self, vendor: &Vendor) {
        if !self.exists("images.lock") {
            return;
        }
        let lockfile = self.lockfile();
        for text in [self.root().to_string_lossy().into_owned(), vendor.origin(), "/cdn/".to_string()] {
            assert!(!lockfile.contains(&text), "`{text}` stands in the lockfile:\n{lockfile}");
        }
    }

    /// Nothing changed but in projects, cache, home and temporary files.
    #[track_caller]
    pub(crate) fn check_outside(&self) -> Sandbox {
        let changes = self.surroundings.outside.changes_to(&Snapshot::take(self.root(), &is_inside));
        assert!(changes.is_empty(), "files changed outside the project: {changes:#?}");
        self.clone()
    }
}

/// Whether runs may write there.
pub(super) fn is_inside(path: &str) -> bool {
    ["cache", "home", "tmp"].contains(&path) || path.starts_with("project")
}

/// The assets of which the plan says that they may have been billed.
fn maybe_billed(plan: &Run) -> Vec<String> {
    let assets = plan.assets();
    let in_doubt = assets.iter().filter(|asset| has_reason(asset, "maybe-billed"));
    in_doubt.map(|asset| asset["name"].to_string()).collect()
}

/// Whether a sync can't bring this asset up to date by itself.
fn is_stuck(asset: &Value) -> bool {
    let action = asset["action"].as_str().unwrap_or_default();
    ["blocked", "unavailable"].contains(&action) || has_reason(asset, "maybe-billed") || has_reason(asset, "refused")
}

fn has_reason(asset: &Value, code: &str) -> bool {
    asset["reasons"].as_array().into_iter().flatten().any(|reason| reason["code"] == code)
}
