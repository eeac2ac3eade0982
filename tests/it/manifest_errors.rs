//! What a user sees of each kind of mistake in images.toml: where, what, and what to write instead.

mod cells;
mod files;
mod keys;
mod later;
mod outputs;
mod pictures;
mod template;
mod text;
mod types;
mod vendors;

use crate::projects::everything;
use crate::sandbox::Sandbox;
use crate::vendor::{KEY, Vendor};

/// What `check`, `plan`, `sync` and the others say of this manifest: one and the same, with exit 2, nothing on stdout,
/// nothing written and nothing sent.
#[track_caller]
fn mistakes(project: &Sandbox) -> String {
    let before = everything(project);
    let said = project.run("check").code(2).stdout_is("").stderr().to_string();
    for line in ["plan", "sync", "sync --dry-run", "plan --exit-code", "sync --frozen", "verify", "list", "show hero"] {
        project.run(line).code(2).stdout_is("").stderr_is(&said);
    }
    assert!(everything(project) == before, "something was written");
    assert!(!said.contains(KEY) && !said.contains('\u{1b}'), "{said}");
    // A plain message isn't broken into lines where no terminal shows it.
    let too_wide = said.lines().find(|line| !line.starts_with("error: ") && line.chars().count() > 80);
    assert_eq!(too_wide, None, "a line has more than 80 columns");
    project.check_secrets();
    project.redact(&said)
}

/// The same of a manifest whose vendor would answer, if it were asked.
#[track_caller]
fn mistakes_in(text: &str) -> String {
    let vendor = Vendor::aisa();
    let said = mistakes(&Sandbox::new().manifest_for(&vendor, text.trim_start()));
    assert_eq!(vendor.requests().len(), 0, "something was sent");
    said
}

/// The same of a manifest with files beside it.
#[track_caller]
fn mistakes_with(project: &Sandbox, text: &str) -> String {
    let vendor = Vendor::aisa();
    let said = mistakes(&project.manifest_for(&vendor, text.trim_start()));
    assert_eq!(vendor.requests().len(), 0, "something was sent");
    said
}
