//! Nothing to do, told without reading the manifest; and what a run leaves behind so that the next one can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cache::Cache;
use crate::event::Verdict;
use crate::execute::Outcome;
use crate::lock::Lockfile;
use crate::name::{AssetName, ProjectPath};
use crate::observe::{Learned, observe};
use crate::plan::{Action, Plan, PlannedAsset, plan};
use crate::project::keys::KeySource;
use crate::project::{Allowed, Project, Surroundings, SyncOptions};
use crate::resolve::Asset;
use crate::snapshot::{Conclusion, Snapshot};

/// The snapshot of a project in which a sync with these options has nothing to do, by what the last run concluded;
/// `None`, and the project is to be opened, wherever that isn't certain.
pub fn settled(manifest: &Path, surroundings: &Surroundings, options: &SyncOptions) -> Option<Snapshot> {
    if !options.sees_everything() {
        return None;
    }
    let snapshot = Snapshot::find(manifest, &surroundings.world()).filter(Snapshot::is_settled)?;
    let waits = !options.allowed.offline && Cache::new(snapshot.cache_folder()).has_new_answers();
    (!waits).then_some(snapshot)
}

impl Project {
    /// Leaves a snapshot, if there is nothing to do in the whole project.
    pub(crate) fn conclude(&self, plan: Vec<&PlannedAsset>, lock: &Lockfile, options: &SyncOptions) {
        if !options.sees_everything() {
            return;
        }
        let providers = self.registry.providers.values();
        let keys = providers.filter_map(|provider| {
            let is_set = self.keys.source(&provider.name) == KeySource::Environment;
            Some((provider.api_key_env.as_deref()?, is_set))
        });
        let further = self.further_files(lock);
        let conclusion = Conclusion {
            files: &self.files,
            world: self.world,
            keys: keys.collect(),
            cache: &self.cache_folder,
            outputs: self.outputs(),
            further: &further,
            referred: self.referred(),
            plan,
        };
        conclusion.keep();
    }

    /// The files of sheets and of code while this is locked.
    pub(crate) fn further_files(&self, lock: &Lockfile) -> Vec<ProjectPath> {
        [self.sheets(lock), self.code_paths(lock)].concat()
    }

    /// How many files are declared.
    fn outputs(&self) -> usize {
        let all = || self.assets.by_name.values().map(Asset::files).sum();
        self.rest.as_ref().map_or_else(all, |rest| rest.outputs)
    }

    /// The assets that others refer to.
    fn referred(&self) -> BTreeSet<AssetName> {
        let beside = self.rest.iter().flat_map(|rest| &rest.referred);
        self.assets.by_name.values().flat_map(Asset::refers_to).chain(beside).cloned().collect()
    }

    /// The same after a sync in which everything was done: what it touched is looked at once more.
    pub(crate) fn conclude_after(
        &self,
        before: &Plan,
        lock: &Lockfile,
        learned: &Learned,
        outcomes: &BTreeMap<AssetName, Outcome>,
        options: &SyncOptions,
    ) {
        if !outcomes.values().all(|outcome| outcome.result.verdict == Verdict::Done) {
            return;
        }
        let (kept, touched): (Vec<_>, Vec<_>) = before.iter().partition(|one| one.action == Action::Keep);
        let touched = touched.into_iter().filter(|one| one.action != Action::Prune).map(|one| one.name.clone());
        let touched: BTreeSet<AssetName> = touched.collect();
        let seen = observe(&self.assets, Some(&touched), lock, &self.cache, &self.files, learned);
        let policy = self.policy(&Allowed::default(), Some(touched));
        let after = plan(&self.assets, lock, &seen, &self.routes, &self.registry, &policy);
        let mut all: Vec<&PlannedAsset> = kept.into_iter().chain(after.iter()).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        self.conclude(all, lock, options);
    }
}

impl SyncOptions {
    /// Whether nothing that a sync could do is left out, and nothing is done that is settled.
    pub(crate) fn sees_everything(&self) -> bool {
        self.selection.is_everything() && !self.allowed.no_prune && !self.allowed.refresh && !self.allowed.draft
    }
}
