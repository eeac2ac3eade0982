//! What becomes of an asset's files: those that are to be made, those that are in the way, those that go.

use std::collections::BTreeSet;

use crate::files::FileState;
use crate::manifest::Publish;
use crate::name::ProjectPath;
use crate::plan::asset::Context;
use crate::plan::files::foreign;
use crate::plan::notes::{blocked, stays, unavailable};
use crate::plan::prune::{Removal, removal};
use crate::plan::{Action, FileJob, FileVerdict, PlannedAsset, Reason, ReasonCode, Why};

impl Context<'_> {
    pub(super) fn judge_files(&self, jobs: &[FileJob], one: &mut PlannedAsset) {
        let mut why = BTreeSet::new();
        for job in jobs {
            match &job.verdict {
                FileVerdict::Fine(_) => {}
                FileVerdict::Recorded(_) => {
                    why.insert(Why::Changed);
                    one.work.changes_lock = true;
                }
                FileVerdict::Make(reason) => {
                    why.insert(*reason);
                    one.work.changes_lock |= *reason == Why::Changed;
                    self.want_original(job, one);
                }
                FileVerdict::Foreign { code, detail } if self.may_replace(&job.path) => {
                    one.reasons.push(Reason::new(*code, format!("{detail}, and is overwritten")));
                    one.action = if one.action == Action::Keep { Action::Transform } else { one.action };
                    self.want_original(job, one);
                }
                FileVerdict::Foreign { code, detail } => self.block(&job.path, *code, detail, one),
            }
        }
        if why.is_empty() || one.action != Action::Keep {
            return;
        }
        one.action = Action::Transform;
        if why.contains(&Why::Missing) {
            one.action = Action::Restore;
            one.reasons.push(Reason::new(ReasonCode::Missing, "the locked file is missing"));
        }
        if why.contains(&Why::Changed) {
            if jobs.iter().any(|job| self.is_gone(&job.path)) {
                one.action = Action::Restore;
            }
            one.reasons.push(Reason::new(ReasonCode::Output, self.what_changed(jobs)));
        }
    }

    /// Whether outputs are new, or are to be others than they were.
    fn what_changed(&self, jobs: &[FileJob]) -> &'static str {
        let is_locked =
            |job: &FileJob| self.entry.is_some_and(|entry| entry.outputs.iter().any(|output| output.path == job.path));
        let is_new = |job: &&FileJob| !matches!(job.verdict, FileVerdict::Fine(_)) && !is_locked(job);
        match jobs.iter().filter(is_new).count() {
            0 => "the output's settings changed",
            1 => "an output is new",
            _ => "several outputs are new",
        }
    }

    /// Whether a file was locked there and isn't any more.
    fn is_gone(&self, path: &ProjectPath) -> bool {
        let was_locked = self.entry.is_some_and(|entry| entry.outputs.iter().any(|output| output.path == *path));
        was_locked && self.facts.files.get(path).is_some_and(|seen| seen.state == FileState::Missing)
    }

    fn want_original(&self, job: &FileJob, one: &mut PlannedAsset) {
        if self.assets.source_file(self.asset).is_some()
            || self.is_reproducible()
            || self.facts.at_hand.contains(&job.take)
            || one.action < Action::Generate
        {
            return;
        }
        let missing = format!("`{}` must be made, and its original is in no cache", job.path);
        one.action = Action::Unavailable;
        one.images = 0;
        one.cost_usd = Some(0.0);
        one.reasons.push(Reason::new(ReasonCode::Missing, missing.clone()));
        one.error = Some(unavailable(&self.asset.name, &missing));
    }

    /// While no take is known, only the places can be judged.
    pub(super) fn judge_places(&self, one: &mut PlannedAsset) {
        let count = if self.asset.publish == Publish::All { one.work.wanted as usize } else { 1 };
        one.outputs = (1..=count).flat_map(|take| self.asset.paths(take)).collect();
        for path in one.outputs.clone() {
            let in_the_way = self.facts.files.get(&path).and_then(|seen| foreign(&path, seen, self.entry));
            if let Some((code, detail)) = in_the_way.filter(|_| !self.may_replace(&path)) {
                self.block(&path, code, &detail, one);
            }
        }
    }

    fn is_folder(&self, path: &ProjectPath) -> bool {
        matches!(self.facts.files.get(path).map(|seen| &seen.state), Some(FileState::Other("a folder")))
    }

    /// The user said so; a folder is never replaced.
    fn may_replace(&self, path: &ProjectPath) -> bool {
        self.policy.overwrite && !self.is_folder(path)
    }

    fn block(&self, path: &ProjectPath, code: ReasonCode, detail: &str, one: &mut PlannedAsset) {
        one.action = Action::Blocked;
        one.images = 0;
        one.cost_usd = Some(0.0);
        one.work.changes_lock = false;
        let reason = Reason::new(code, detail);
        if !one.reasons.contains(&reason) {
            one.reasons.insert(0, reason);
        }
        let mut note = blocked(&self.asset.name, path, code, detail);
        if let Some(before) = one.error.take().filter(|error| error.code == "blocked") {
            note.message = format!("{}; {}", before.message, note.message);
        }
        one.error = Some(note);
    }

    /// Files of its own that the asset no longer declares.
    pub(super) fn plan_removals(&self, one: &mut PlannedAsset) {
        if self.policy.no_prune || matches!(one.action, Action::Blocked | Action::Unavailable) {
            return;
        }
        let Some(entry) = self.entry else { return };
        let declared: BTreeSet<&ProjectPath> = one.outputs.iter().collect();
        let dropped: Vec<_> = entry.outputs.iter().filter(|output| !declared.contains(&output.path)).collect();
        for output in &dropped {
            match self.facts.files.get(&output.path).map(|seen| removal(seen, output.hash)) {
                Some(Removal::Remove) => one.work.remove.push(output.path.clone()),
                Some(Removal::Keep) => one.warnings.push(stays(&output.path)),
                Some(Removal::Gone) | None => {}
            }
        }
        if !dropped.is_empty() {
            one.work.changes_lock = true;
            one.reasons.push(Reason::new(ReasonCode::Undeclared, "a file is no longer declared"));
            if one.action == Action::Keep {
                one.action = Action::Prune;
            }
        }
    }
}
