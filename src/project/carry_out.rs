//! A plan carried out wave by wave: what waits for another asset's original is planned again once that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::event::{AssetResult, Event, Report, Stop, Verdict};
use crate::execute::{EntryChange, Lines, Moved, Outcome, Purse, Run, execute, sweep};
use crate::lock::Lockfile;
use crate::name::AssetName;
use crate::observe::{Learned, observe};
use crate::plan::{Action, Note, Plan, PlannedAsset, Policy, plan};
use crate::project::sync::SyncOptions;
use crate::project::{Project, Survey};

/// Pictures that are fetched and stored at once: as many as a browser fetches from one host, and a few for the disk.
const ROOM: usize = 8;

impl Project {
    /// What every run works with: one asset at a time.
    pub(crate) fn run<'a>(
        &'a self,
        lock: &'a Arc<Lockfile>,
        policy: &'a Policy,
        purse: &'a Purse,
        report: &'a dyn Report,
        stop: &'a Stop,
    ) -> Run<'a> {
        Run {
            assets: &self.assets,
            lock,
            registry: &self.registry,
            cache: &self.cache,
            files: &self.files,
            keys: &self.keys.by_provider,
            policy,
            report,
            stop,
            purse,
            project: self.name(),
            jobs: 1,
            room: Semaphore::new(ROOM),
            lines: Lines::default(),
            moved: Moved::default(),
            trusted_hosts: &self.trusted_hosts,
        }
    }

    /// Wave by wave: an asset that waits for another's original is planned again once that is known.
    pub(crate) fn carry_out(
        &self,
        survey: &Survey,
        options: &SyncOptions,
        runtime: &Runtime,
        report: &dyn Report,
        stop: &Stop,
    ) -> (Plan, BTreeMap<AssetName, Outcome>, Learned) {
        let purse = self.purse(&survey.plan, options);
        let policy = self.policy(&options.allowed, None);
        let run = Run { jobs: self.jobs(options), ..self.run(&survey.lock, &policy, &purse, report, stop) };
        // What is as locked needs nobody's work.
        let (mut done, to_do): (Vec<_>, Vec<_>) =
            survey.plan.assets.iter().cloned().partition(|one| one.action == Action::Keep);
        let mut outcomes: BTreeMap<AssetName, Outcome> = done.iter().map(|one| (one.name.clone(), kept(one))).collect();
        let known = survey.observed.facts.iter();
        let originals = known.filter_map(|(name, facts)| Some((name.clone(), facts.originals()?))).collect();
        let mut learned = Learned { originals, ..survey.learned.clone() };
        let (mut now, mut later) = self.split(to_do);
        let mut observed = None;
        loop {
            let observed_now = observed.as_ref().unwrap_or(&survey.observed);
            let made = if observed.is_none() {
                // Beside the first wave: nothing waits for what nobody waits for.
                runtime.block_on(join(execute(&run, &now, observed_now), sweep(&run, &survey.plan.assets))).0
            } else {
                runtime.block_on(execute(&run, &now, observed_now))
            };
            for (name, outcome) in made {
                match &outcome.originals {
                    Some(made) => learned.originals.insert(name.clone(), made.clone()),
                    None => learned.originals.remove(&name),
                };
                outcomes.insert(name, outcome);
            }
            done.append(&mut now);
            let names: BTreeSet<AssetName> = later
                .into_iter()
                .filter_map(|one| self.still_possible(one, &mut done, &mut outcomes, report))
                .collect();
            if names.is_empty() {
                break;
            }
            let seen = observe(&self.assets, Some(&names), &survey.lock, &self.cache, &self.files, &learned);
            let policy = self.policy(&options.allowed, Some(names));
            let next = plan(&self.assets, &survey.lock, &seen, &self.routes, &self.registry, &policy);
            (now, later) = self.split(next.assets);
            observed = Some(seen);
        }
        done.sort_by(|one, other| one.name.cmp(&other.name));
        (Plan { assets: done, ..survey.plan.clone() }, outcomes, learned)
    }

    fn jobs(&self, options: &SyncOptions) -> usize {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let requests: u32 = self.registry.providers.values().map(|provider| provider.concurrency).max().unwrap_or(4);
        // While as many answers are waited for as may be, as many others are fetched, stored and made into files.
        options.jobs.unwrap_or(cores * 2 + 2 * requests as usize)
    }

    /// What can be made now, and what refers to something of it.
    fn split(&self, assets: Vec<Arc<PlannedAsset>>) -> (Vec<Arc<PlannedAsset>>, Vec<Arc<PlannedAsset>>) {
        let busy: BTreeSet<AssetName> =
            assets.iter().filter(|one| one.action != Action::Keep).map(|one| one.name.clone()).collect();
        let waits = |one: &PlannedAsset| {
            let asset = self.assets.by_name.get(&one.name).filter(|asset| one.needs_originals(asset));
            asset.is_some_and(|asset| self.assets.follows(asset).any(|other| busy.contains(other)))
        };
        assets.into_iter().partition(|one| !waits(one))
    }

    /// An asset whose reference came to nothing is skipped, and so is what refers to it.
    fn still_possible(
        &self,
        one: Arc<PlannedAsset>,
        done: &mut Vec<Arc<PlannedAsset>>,
        outcomes: &mut BTreeMap<AssetName, Outcome>,
        report: &dyn Report,
    ) -> Option<AssetName> {
        let came_to_nothing =
            |other: &&AssetName| outcomes.get(*other).is_some_and(|outcome| outcome.result.verdict != Verdict::Done);
        let failed = self.assets.follows(&self.assets.by_name[&one.name]).find(came_to_nothing).cloned();
        let Some(failed) = failed else {
            return Some(one.name.clone());
        };
        let message = format!("`{}` refers to `{failed}`, which isn't done", one.name);
        let note = Note::new("skipped", message, format!("mend `{failed}` first"));
        let result = AssetResult::not_done(Verdict::Skipped, note);
        report.event(&Event::Finished { asset: &one, result: &result });
        outcomes.insert(
            one.name.clone(),
            Outcome { result, entry: EntryChange::Keep, originals: None, from_cache: Vec::new() },
        );
        done.push(one);
        None
    }
}

/// What becomes of an asset that stays as it is.
fn kept(one: &PlannedAsset) -> Outcome {
    Outcome { result: AssetResult::kept(one), entry: EntryChange::Keep, originals: None, from_cache: Vec::new() }
}
