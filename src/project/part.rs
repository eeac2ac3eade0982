//! A project of which only a part is worked on: its manifest was edited and nothing else, the edit touches a few assets,
//! and for all other ones stands what the last run concluded.
//!
//! Such a run is an ordinary one, on a manifest and a lockfile that have these assets alone. Where a run on the whole
//! project might decide anything else, and wherever that isn't certain, there is no part, and the project is to be opened.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cache::Cache;
use crate::files::{Files, Part, folder_of};
use crate::lock;
use crate::lock::ATLAS;
use crate::manifest::{Excerpt, Publish, excerpt};
use crate::name::AssetName;
use crate::observe::Facts;
use crate::plan::{Action, Plan, PlannedAsset};
use crate::project::sync::{SyncOptions, Turn, try_project};
use crate::project::{Project, Selection, Surroundings};
use crate::resolve::Asset;
use crate::snapshot::Snapshot;

/// What stands beside the part.
#[derive(Debug)]
pub(crate) struct Rest {
    /// The assets that stay as they are, by name.
    assets: Vec<Arc<PlannedAsset>>,
    /// The whole lockfile's text.
    lockfile: String,
    /// Files of the whole project.
    pub(crate) outputs: usize,
    /// Assets that others refer to.
    pub(crate) referred: BTreeSet<AssetName>,
    /// The right to work in the project, if that is what it was looked at for.
    turn: Mutex<Option<Turn>>,
}

impl Project {
    /// The part of a project that an edit of its manifest touches, for a sync with these options. `None`, and the project is
    /// to be opened, where more may have changed or somebody else works in it.
    pub fn edited(manifest: &Path, surroundings: &Surroundings, options: &SyncOptions) -> Option<Self> {
        // What is looked at from now on is what is worked on.
        let turn = try_project(folder_of(manifest))?;
        let project = Self::part(manifest, surroundings, options)?;
        let turn = Turn::in_project(turn, project.cache.try_share()?);
        *project.rest.as_ref()?.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        Some(project)
    }

    /// The same, to be planned and not to be worked on.
    pub fn edited_to_plan(manifest: &Path, surroundings: &Surroundings) -> Option<Self> {
        Self::part(manifest, surroundings, &SyncOptions::default())
    }

    fn part(manifest: &Path, surroundings: &Surroundings, options: &SyncOptions) -> Option<Self> {
        let snapshot = Snapshot::but_for_manifest(manifest, &surroundings.world())?;
        if !options.sees_everything() || !snapshot.is_settled() {
            return None;
        }
        if !options.allowed.offline && Cache::new(snapshot.cache_folder()).has_new_answers() {
            return None;
        }
        let files = Files::without_index(manifest).ok()?;
        let Excerpt { text, touched } = excerpt(&snapshot.manifest()?, &files.read_manifest().ok()?)?;
        let lockfile = files.read_lockfile().ok()??;
        let (inputs, outputs) = snapshot.stamps()?;
        let files = files.part(Part { manifest: text, lockfile: String::new(), inputs, outputs });
        let mut project = Self::of(Arc::new(files), surroundings).ok()?;
        // Code names all pictures, and a sheet has many: they take the whole project.
        if !project.code.targets.is_empty() || !project.atlases.is_empty() || lock::occurrences(&lockfile, ATLAS) > 0 {
            return None;
        }
        let declared = &project.assets.by_name;
        let entries = lock::part(&lockfile, declared.keys())?;
        let (before, assets): (Vec<_>, Vec<_>) =
            snapshot.plan()?.assets.into_iter().partition(|one| declared.contains_key(&one.name));
        let referred = snapshot.referred()?;
        let is_closed = touched.is_disjoint(&referred) && touched.iter().all(|name| declared.contains_key(name));
        let by_itself = |asset: &Asset| asset.publish == Publish::Chosen && asset.urls().next().is_none();
        if !is_closed || !declared.values().all(by_itself) || project.files.has_new_inputs() {
            return None;
        }
        Arc::get_mut(&mut project.files)?.read_of_lockfile(entries);
        project.rest = Some(Rest { assets, lockfile, outputs: snapshot.outputs(), referred, turn: Mutex::default() });
        project.stands_alone(&before, options).then_some(project)
    }

    /// Whether the part is planned as it would be in the whole project: the same assets with the same files as `before`, and
    /// nothing to do that any other asset has a part in.
    fn stands_alone(&self, before: &[Arc<PlannedAsset>], options: &SyncOptions) -> bool {
        let Ok(survey) = self.survey(&Selection::default(), &options.allowed) else { return false };
        let facts = &survey.observed.facts;
        let planned: Vec<_> = survey.plan.iter().filter(|one| facts.contains_key(&one.name)).collect();
        let is_known = |one: &PlannedAsset| {
            let known = before.binary_search_by(|known| known.name.cmp(&one.name));
            known.is_ok_and(|index| before[index].outputs == one.outputs)
        };
        let is_own_work = |one: &PlannedAsset| match one.action {
            Action::Keep => true,
            Action::Generate | Action::Restore | Action::Transform => !self.is_shared(&facts[&one.name]),
            Action::Blocked | Action::Unavailable | Action::Prune => false,
        };
        facts.len() == before.len()
            && planned.len() == before.len()
            && planned.iter().all(|one| one.error.is_none() && one.work.remove.is_empty())
            && planned.iter().all(|one| is_known(one) && is_own_work(one))
    }

    /// Whether an asset beside the part has the same recipe, or a take of it.
    fn is_shared(&self, facts: &Facts) -> bool {
        let takes = facts.cached.takes.iter().map(|take| take.hash);
        let hashes = facts.fingerprint.map(|fingerprint| fingerprint.0).into_iter().chain(takes);
        let own = self.files.read_lockfile().ok().flatten().unwrap_or_default();
        let elsewhere = |hash: &str| {
            let count = |text: &str| lock::occurrences(text, hash);
            self.rest.as_ref().is_none_or(|rest| count(&rest.lockfile) > count(&own))
        };
        hashes.into_iter().any(|hash| elsewhere(&hash.to_string()))
    }

    /// Whether this is all of the project.
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// The right to work in the project, if the look at its part was taken in it.
    pub(crate) fn turn_of_part(&self) -> Option<Turn> {
        self.rest.as_ref()?.turn.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Rest {
    /// The whole lockfile, with what the part says of its assets now.
    pub(crate) fn lockfile_with(&self, part: &str) -> String {
        lock::with_part(&self.lockfile, part)
    }

    /// The plan with the assets that stay as they are.
    pub(crate) fn beside(&self, mut plan: Plan) -> Plan {
        plan.assets.extend(self.assets.iter().cloned());
        plan.assets.sort_by(|one, other| one.name.cmp(&other.name));
        plan
    }
}
