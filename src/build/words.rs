//! What Cargo and the developer are told, a line each.

use std::path::Path;

use crate::atlas::{AtlasState, PlannedAtlas};
use crate::codegen::Reach;
use crate::diagnostic::Diagnostic;
use crate::files::{FileState, LOCKFILE};
use crate::name::ProjectPath;
use crate::plan::{Action, PlannedAsset, Reason};
use crate::project::{Project, ProjectError, Survey};

/// So many assets are named; then they are counted.
const NAMED: usize = 12;
/// Characters that are shown of a wording around the place where it changed.
const SHOWN: usize = 48;

/// Lines for Cargo.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    lines: Vec<String>,
    failed: bool,
}

impl Told {
    pub(super) fn recalled(lines: Vec<String>) -> Self {
        Self { lines, failed: false }
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    pub(super) fn is_failure(&self) -> bool {
        self.failed
    }

    pub(super) fn error(&mut self, what: &str) {
        self.failed = true;
        self.say("error", what);
    }

    pub(super) fn warning(&mut self, what: &str) {
        self.say("warning", what);
    }

    pub(super) fn check(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.error(&format!("OUT_DIR can't be written: {error}"));
        }
    }

    pub(super) fn rerun_env(&mut self, variable: &str) {
        self.say("rerun-if-env-changed", variable);
    }

    /// What is wrong with the project.
    pub(super) fn mistakes(&mut self, error: &ProjectError) {
        match error {
            ProjectError::Invalid(mistakes) => mistakes.iter().for_each(|mistake| self.error(&whole(mistake))),
            ProjectError::File(error) => self.error(&with_help(&error.to_string(), error.help)),
            ProjectError::NoSuchAsset(note)
            | ProjectError::NotPossible(note)
            | ProjectError::MissingKey(note)
            | ProjectError::Refused(note)
            | ProjectError::OutOfDate(note)
            | ProjectError::Broken(note) => self.error(&with_help(&note.message, note.help.as_deref())),
        }
    }

    /// All that the build stands on: what was read of the project, and every output. Cargo takes what isn't there for
    /// changed each time; so it is told the nearest folder in which it would appear.
    pub(super) fn rerun(&mut self, project: &Project, package: &Path, outputs: &[ProjectPath]) {
        let Some(Reach { folder }) = Reach::between(package, project.root()) else { return };
        let mut paths: Vec<String> = Vec::new();
        for (path, stamp) in project.files.inputs() {
            if stamp.is_some() {
                paths.push(if path == "." { folder.clone() } else { format!("{folder}{path}") });
            }
        }
        for path in outputs {
            let there =
                if project.files.look(path) == FileState::Missing { nearest(project, path) } else { path.to_string() };
            paths.push(format!("{folder}{there}"));
        }
        paths.sort();
        paths.dedup();
        // The package's own folder holds what is built, and would never be at rest.
        for path in paths.into_iter().filter(|path| !path.is_empty()) {
            self.say("rerun-if-changed", &path);
        }
    }

    fn say(&mut self, what: &str, words: &str) {
        let words =
            words.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        self.lines.push(format!("cargo::{what}={words}"));
    }
}

/// The nearest folder above a file that is there, inside the project; the file itself, if there is none.
fn nearest(project: &Project, path: &ProjectPath) -> String {
    let above = Path::new(path.as_str()).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let there = above.filter_map(Path::to_str).find(|folder| project.root().join(folder).is_dir());
    there.unwrap_or(path.as_str()).to_string()
}

/// What isn't as declared, and what to do about it.
pub(super) fn problems(survey: &Survey, command: &str) -> Vec<String> {
    let plan = &survey.plan;
    if survey.lock_text.is_none() {
        return vec![format!(
            "there is no {LOCKFILE}: no picture was made yet; run `{command}` and commit what it makes"
        )];
    }
    let pending: Vec<&PlannedAsset> = plan.iter().filter(|one| !is_fine(one)).collect();
    let atlases = plan.atlases.iter().filter(|one| one.state != AtlasState::Undeclared);
    let atlases: Vec<String> = atlases.map(atlas).collect();
    if pending.is_empty() && atlases.is_empty() {
        return Vec::new();
    }
    let mut problems: Vec<String> = pending.iter().take(NAMED).map(|one| problem(one)).collect();
    problems.extend(atlases);
    if pending.len() > NAMED {
        problems.push(format!("and {} pictures more; `tintype plan` names them all", pending.len() - NAMED));
    }
    let price = match (plan.paid_images(), plan.cost_usd()) {
        (0, _) => String::new(),
        (_, Some(cost)) => format!(" (${cost:.2})"),
        (_, None) => " (at a price that isn't known)".to_string(),
    };
    let blocked = pending.iter().any(|one| one.action == Action::Blocked);
    let first =
        if blocked { "adopt the edited files (`tintype adopt NAME`) or put them back, then run" } else { "run" };
    problems.push(format!("{first} `{command}`{price} and commit images.lock and the pictures"));
    problems
}

/// What is locked and no longer declared is in nobody's way.
fn is_fine(one: &PlannedAsset) -> bool {
    matches!(one.action, Action::Keep | Action::Prune)
}

fn atlas(one: &PlannedAtlas) -> String {
    let why = match &one.state {
        AtlasState::New => "it was never packed",
        AtlasState::Changed | AtlasState::Undeclared => "what is in it, or how it is packed, has changed",
        AtlasState::Follows => "pictures in it change",
        AtlasState::Missing => "a sheet isn't there",
        AtlasState::Blocked(why) => why,
    };
    format!("the atlas `{}` isn't as declared: {why}", one.name)
}

fn problem(one: &PlannedAsset) -> String {
    let reasons: Vec<String> = one.reasons.iter().map(reason).collect();
    let why = match (reasons.is_empty(), &one.error) {
        (true, Some(error)) => error.message.clone(),
        _ => reasons.join("; "),
    };
    format!("the picture `{}` isn't as declared: {why}", one.name)
}

fn reason(reason: &Reason) -> String {
    let Some((before, now)) = &reason.change else { return reason.detail.clone() };
    format!("its {} was \"{}\" and is \"{}\" now", reason.code.name(), around(before, now), around(now, before))
}

/// A wording around the place where it differs from another.
fn around(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let start = same.saturating_sub(SHOWN / 3);
    let cut: String = text.chars().skip(start).take(SHOWN).collect();
    let more = text.chars().count() > start + SHOWN;
    format!("{}{}{}", if start > 0 { "…" } else { "" }, cut.trim(), if more { "…" } else { "" })
}

fn whole(mistake: &Diagnostic) -> String {
    with_help(&mistake.to_string(), mistake.help.as_deref())
}

fn with_help(message: &str, help: Option<&str>) -> String {
    help.map_or_else(|| message.to_string(), |help| format!("{message}; {help}"))
}
