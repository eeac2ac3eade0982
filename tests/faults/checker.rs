//! What every scenario ends in: the one checker of the invariants, after whatever went wrong.
//!
//! 1. No recipe is billed twice, unless the user asked for it.
//! 2. Each image that was billed is in the cache, can be fetched again, or is in doubt by the plan's own word.
//! 3. Nothing partial lies at an output's path or in the store: each file has the hash that is recorded.
//! 4. The next sync converges, and the one after it sends nothing and changes no file.
//! 5. No key stands in an output, a file, or a file's name.
//! 6. Nothing changed outside project, cache and temporary folder.
//!
//! That work which wasn't done means a non-zero exit, and that edited files are as the user left them, is for the test to
//! say, which knows what was to be done.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::{Allowances, Run, Sandbox};
use crate::vendor::Vendor;

/// A project after a fault, the vendor's books, and what the user had drawn by hand.
pub(crate) struct Case<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) vendor: &'a Vendor,
    /// What went wrong, for messages.
    pub(crate) what: String,
    /// How often a prompt may be billed.
    pub(crate) takes: usize,
    /// What the checker found in doubt.
    pub(crate) in_doubt: usize,
}

impl<'a> Case<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, vendor: &'a Vendor, what: impl Into<String>) -> Case<'a> {
        Case { sandbox, vendor, what: what.into(), takes: 1, in_doubt: 0 }
    }

    /// Syncs until all is well, as a user would: once, and once more with `--resend-unknown` where something is in
    /// doubt. Checks the invariants after each.
    #[track_caller]
    pub(crate) fn recover(mut self) -> Case<'a> {
        eprintln!("recovering: {}", self.what);
        let sync = self.sandbox.run("sync --format json");
        let failed = failed(&sync);
        let only_doubt = failed.values().all(|code| code == "maybe-billed" || code == "no-image");
        assert!(only_doubt, "{}: the next sync failed otherwise: {failed:?}\n{}", self.what, sync.stderr());
        assert_eq!(sync.status().code(), Some(i32::from(!failed.is_empty())), "{}\n{}", self.what, sync.stdout());
        self.in_doubt = failed.len();
        self.check_bills(0);
        // An asset that has one take of two is fine as far as it goes, and is in doubt all the same.
        let verify = self.sandbox.run("verify").status().code();
        assert!(verify == Some(0) || verify == Some(1) && self.in_doubt > 0, "{}: verify {verify:?}", self.what);
        let verify_code = verify.unwrap_or_default();
        self.sandbox.check_invariants_but(self.vendor, Allowances { verify_code, ..Allowances::default() });
        if self.in_doubt > 0 {
            self.sandbox.run("sync --resend-unknown").success();
        }
        self.finish()
    }

    /// The end of every story: all is done, and all invariants hold.
    #[track_caller]
    pub(crate) fn finish(self) -> Case<'a> {
        self.check_bills(self.in_doubt);
        self.check_store();
        let lost = self.in_doubt;
        self.sandbox.check_invariants_but(self.vendor, Allowances { lost, ..Allowances::default() });
        self.check_leftovers();
        self
    }

    /// No prompt was billed more often than its asset has takes, but for `asked_again`.
    #[track_caller]
    fn check_bills(&self, asked_again: usize) {
        let mut billed: BTreeMap<String, usize> = BTreeMap::new();
        for bill in self.vendor.bills() {
            *billed.entry(bill.prompt.clone()).or_default() += bill.pictures.len();
        }
        let twice: usize = billed.values().map(|count| count.saturating_sub(self.takes)).sum();
        assert!(twice <= asked_again, "{}: billed more than once: {billed:?}", self.what);
    }

    /// Every file of the store has the content that its name says.
    #[track_caller]
    fn check_store(&self) {
        for path in files(&self.sandbox.cache_path().join("v1/originals")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let hash = blake3::hash(&fs::read(&path).unwrap_or_default()).to_hex().to_string();
            assert!(is_temporary(&name) || name == hash, "{}: {} isn't what it says", self.what, path.display());
        }
    }

    /// A killed run's temporary files are gone from the project.
    #[track_caller]
    fn check_leftovers(&self) {
        let left: Vec<String> = self.sandbox.files().into_iter().filter(|path| is_temporary(path)).collect();
        assert!(left.is_empty(), "{}: temporary files are left: {left:?}", self.what);
    }
}

/// Assets that a sync failed at, and with which code.
#[track_caller]
pub(crate) fn failed(sync: &Run) -> BTreeMap<String, String> {
    let assets = sync.assets();
    let failed = assets.iter().filter(|asset| asset["result"] != "done");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
    failed.map(|asset| (text(&asset["name"]), text(&asset["error"]["code"]))).collect()
}

/// Every plain file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir() && !path.is_symlink());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

fn is_temporary(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(".tintype-"))
}

/// The lockfile without what differs from run to run: dates, and what the vendor drew.
pub(crate) fn shape(lockfile: &str) -> String {
    let differs = ["generated = ", "hash = ", "chosen = ", "bytes = ", "color = ", "thumbhash = "];
    let same = lockfile.lines().filter(|line| differs.iter().all(|start| !line.starts_with(start)));
    same.collect::<Vec<_>>().join("\n")
}

/// Says why a test doesn't run here.
pub(crate) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}
