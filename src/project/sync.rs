//! Carrying a plan out, from the first look to the lockfile: the program as a paragraph.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};

use futures_util::future::join;
use tokio::runtime::Runtime;

use crate::event::{AssetResult, Event, Report, Stop, Verdict};
use crate::execute::{EntryChange, Lines, Moved, Outcome, Purse, Run, execute, sweep};
use crate::files::{FileError, describe, open_or_make};
use crate::lock::Lockfile;
use crate::name::AssetName;
use crate::observe::{Learned, observe};
use crate::plan::{Action, Note, Plan, PlannedAsset, plan};
use crate::project::cache::{check, hold};
use crate::project::{Allowed, Project, ProjectError, Selection, Survey};

/// Most paid images of a run, where the manifest says nothing.
const MAX_IMAGES: u32 = 100;
/// The price above which is asked first, in US dollars, where the manifest says nothing.
const CONFIRM_ABOVE_USD: f64 = 1.00;

/// How a sync is to go.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Which assets.
    pub selection: Selection,
    /// What may be done.
    pub allowed: Allowed,
    /// The lockfile may not change.
    pub locked: bool,
    /// How many assets are worked on at once; as many as the providers allow where absent.
    pub jobs: Option<usize>,
    /// Most US dollars, in place of the manifest's figure.
    pub max_cost_usd: Option<f64>,
    /// Most paid images, in place of the manifest's figure.
    pub max_images: Option<u32>,
    /// Spending is agreed to.
    pub yes: bool,
    /// Nobody can be asked, and nothing is spent without [`yes`](Self::yes): a CI run.
    pub unattended: bool,
}

/// What a sync did.
#[derive(Debug)]
pub struct Synced {
    /// The plan, with what came of assets that had to wait for others.
    pub plan: Plan,
    /// How each asset went.
    pub results: BTreeMap<AssetName, AssetResult>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

impl Synced {
    /// Whether everything went as planned.
    pub fn is_complete(&self) -> bool {
        self.results.values().all(|result| result.verdict == Verdict::Done)
    }
}

impl Project {
    /// Makes what is missing or has changed, and locks it. A project in which nothing changed is only looked at.
    pub fn sync(&self, options: &SyncOptions, report: &dyn Report, stop: &Stop) -> Result<Synced, ProjectError> {
        let survey = self.survey(&options.selection, &options.allowed)?;
        let is_stranded = || !options.allowed.offline && self.cache.has_new_answers();
        if survey.plan.is_settled() && survey.lock_text.is_some() && !is_stranded() {
            report.event(&Event::Planned(&survey.plan));
            self.files.save_index();
            return Ok(Synced::settled(survey.plan));
        }
        self.admit(&survey, options)?;
        check(&self.cache, report)?;
        report.event(&Event::Planned(&survey.plan));
        let agreed = self.agree(&survey.plan, None, options, report)?;
        let (_turn, waited) = self.wait_for_turn(report)?;
        let _held = hold(&self.cache, report);
        let survey = self.survey(&options.selection, &options.allowed)?;
        self.admit(&survey, options)?;
        if waited {
            report.event(&Event::Planned(&survey.plan));
        }
        self.agree(&survey.plan, Some(agreed), options, report)?;
        self.probe(&survey.plan)?;
        self.files.sweep(survey.plan.assets.iter().flat_map(|one| &one.outputs));
        let runtime = runtime()?;
        let survey = self.fetch_references(survey, options, &runtime, report)?;
        let (plan, outcomes) = self.carry_out(&survey, options, &runtime, report, stop);
        self.note_savings(&survey.lock, &outcomes);
        self.lock(&survey, &outcomes)?;
        self.files.save_index();
        let interrupted = stop.is_requested();
        let results = outcomes.into_iter().map(|(name, outcome)| (name, outcome.result)).collect();
        Ok(Synced { plan, results, interrupted })
    }

    /// What refuses a run before anything is sent or written, in the order of the exit codes.
    fn admit(&self, survey: &Survey, options: &SyncOptions) -> Result<(), ProjectError> {
        let asked = |one: &&PlannedAsset| one.images > 0 && !one.missing_keys.is_empty();
        let without_key: Vec<&PlannedAsset> = survey.plan.assets.iter().filter(asked).collect();
        if !options.locked
            && let Some(one) = without_key.first()
        {
            let variables = one.missing_keys.join(" or ");
            let message = format!("{} can't be made: no key is set for {}", names(&without_key), providers(one));
            let help = format!("set {variables} in the environment, or in a .env file beside the manifest");
            return Err(ProjectError::MissingKey(Note::new("no-key", message, help)));
        }
        if options.locked && (survey.lock_text.is_none() || survey.plan.changes_lock()) {
            let changes: Vec<&PlannedAsset> = survey.plan.assets.iter().filter(|one| one.work.changes_lock).collect();
            let message = match (&survey.lock_text, changes.is_empty()) {
                (None, _) => "there is no images.lock, and --locked may not write one".to_string(),
                (Some(_), _) => format!("images.lock is out of date: {} changed", names(&changes)),
            };
            return Err(ProjectError::OutOfDate(Note::new(
                "out-of-date",
                message,
                "run `tintype sync` and commit images.lock",
            )));
        }
        self.budget(&survey.plan, options)
    }

    fn budget(&self, plan: &Plan, options: &SyncOptions) -> Result<(), ProjectError> {
        let refuse = |code, message: String, help: &str| Err(ProjectError::Refused(Note::new(code, message, help)));
        let images = plan.paid_images();
        if images == 0 {
            return Ok(());
        }
        let most = self.max_images(options);
        if images > most {
            let message = format!("{images} paid images are planned, and at most {most} are allowed in a run");
            return refuse("budget", message, "name fewer assets, or raise --max-images or [budget] max_images");
        }
        let Some(most) = self.max_cost(options) else { return Ok(()) };
        let help = "name fewer assets, or raise --max-cost or [budget] max_cost_usd";
        match plan.cost_usd() {
            Some(cost) if cost > most + 1e-9 => {
                refuse("budget", format!("the plan costs ${cost:.2}, and at most ${most:.2} is allowed in a run"), help)
            }
            None => {
                let message = format!("the plan's price isn't known, and at most ${most:.2} is allowed in a run");
                refuse("budget", message, "set the price: [models.NAME] cost_usd = { PROVIDER = 0.04 }")
            }
            Some(_) => Ok(()),
        }
    }

    fn max_images(&self, options: &SyncOptions) -> u32 {
        options.max_images.or(self.manifest.budget.max_images).unwrap_or(MAX_IMAGES)
    }

    fn max_cost(&self, options: &SyncOptions) -> Option<f64> {
        options.max_cost_usd.or(self.manifest.budget.max_cost_usd)
    }

    /// Spending is agreed to by `--yes`, by a small enough price, or by somebody who is asked. What was `agreed` to
    /// already needs no second word.
    fn agree(
        &self,
        plan: &Plan,
        agreed: Option<Agreed>,
        options: &SyncOptions,
        report: &dyn Report,
    ) -> Result<Agreed, ProjectError> {
        let spending = Agreed { images: plan.paid_images(), cost_usd: plan.cost_usd() };
        if spending.images == 0 || options.yes || agreed.is_some_and(|agreed| spending.is_within(agreed)) {
            return Ok(spending);
        }
        let above = self.manifest.budget.confirm_above_usd.unwrap_or(CONFIRM_ABOVE_USD);
        let price = spending.cost_usd.map_or_else(|| "an unknown price".to_string(), |cost| format!("${cost:.2}"));
        let (reason, is_small) = if options.unattended {
            ("CI is set, and nobody can be asked".to_string(), false)
        } else {
            let small = spending.cost_usd.is_some_and(|cost| cost <= above + 1e-9);
            (format!("more than ${above:.2} is asked about first"), small)
        };
        if is_small || (!options.unattended && report.confirm(plan)) {
            return Ok(spending);
        }
        let images = if spending.images == 1 { "1 image".to_string() } else { format!("{} images", spending.images) };
        let message = format!("{images} for {price}: consent is needed, {reason}");
        Err(ProjectError::Refused(Note::new("consent", message, "run `tintype sync --yes` if that is meant")))
    }

    /// What may be spent: within the budget and, without `--yes`, within what was agreed to, whoever is asked in the end.
    fn purse(&self, plan: &Plan, options: &SyncOptions) -> Purse {
        let (images, dollars) = (self.max_images(options), self.max_cost(options));
        if options.yes {
            return Purse::new(images, dollars);
        }
        let above = self.manifest.budget.confirm_above_usd.unwrap_or(CONFIRM_ABOVE_USD);
        let agreed = plan.cost_usd().map(|cost| cost.max(above));
        let images = if options.unattended { plan.paid_images() } else { images };
        Purse::new(images, dollars.into_iter().chain(agreed).reduce(f64::min))
    }

    /// What can't be written is found out before anything is paid.
    fn probe(&self, plan: &Plan) -> Result<(), ProjectError> {
        if plan.paid_images() == 0 {
            return Ok(());
        }
        self.cache.probe(plan.paid_images()).map_err(|error| {
            let message =
                format!("the cache at {} can't be written: {}", self.cache_folder().display(), describe(&error));
            ProjectError::Broken(Note::new(
                "cache",
                message,
                "mend it, or choose another with TINTYPE_CACHE_DIR; nothing was sent",
            ))
        })?;
        let mut folders = BTreeSet::new();
        for path in plan.assets.iter().filter(|one| one.spends()).flat_map(|one| &one.outputs) {
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            if folders.insert(folder) {
                self.files.probe(path)?;
            }
        }
        Ok(())
    }

    /// One run at a time in a project.
    pub(crate) fn wait_for_turn(&self, report: &dyn Report) -> Result<(File, bool), ProjectError> {
        let path = self.files.state_folder()?.join("lock");
        let broken = |error: &std::io::Error| {
            ProjectError::File(FileError {
                path: ".tintype/lock".to_string(),
                reason: describe(error),
                missing: false,
                help: None,
            })
        };
        let file = open_or_make(&path).map_err(|error| broken(&error))?;
        match file.try_lock() {
            Ok(()) => return Ok((file, false)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(broken(&error)),
        }
        report.event(&Event::Waiting { what: "another tintype run in this project".to_string() });
        file.lock().map_err(|error| broken(&error))?;
        Ok((file, true))
    }

    /// Wave by wave: an asset that waits for another's original is planned again once that is known.
    fn carry_out(
        &self,
        survey: &Survey,
        options: &SyncOptions,
        runtime: &Runtime,
        report: &dyn Report,
        stop: &Stop,
    ) -> (Plan, BTreeMap<AssetName, Outcome>) {
        let purse = self.purse(&survey.plan, options);
        let policy = self.policy(&options.allowed, None);
        let run = Run {
            assets: &self.assets,
            lock: &survey.lock,
            registry: &self.registry,
            cache: &self.cache,
            files: &self.files,
            keys: &self.keys.by_provider,
            policy: &policy,
            report,
            stop,
            purse: &purse,
            project: self.name(),
            jobs: self.jobs(options),
            lines: Lines::default(),
            moved: Moved::default(),
            trusted_hosts: &self.trusted_hosts,
        };
        let mut done: Vec<PlannedAsset> = Vec::new();
        let mut outcomes: BTreeMap<AssetName, Outcome> = BTreeMap::new();
        let known = survey.observed.facts.iter();
        let originals = known.filter_map(|(name, facts)| Some((name.clone(), facts.originals()?))).collect();
        let mut learned = Learned { originals, ..survey.learned.clone() };
        let (mut now, mut later) = self.split(survey.plan.assets.clone());
        let mut observed = None;
        loop {
            let observed_now = observed.as_ref().unwrap_or(&survey.observed);
            let made = if done.is_empty() {
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
        (Plan { assets: done }, outcomes)
    }

    fn jobs(&self, options: &SyncOptions) -> usize {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let requests: u32 = self.registry.providers.values().map(|provider| provider.concurrency).max().unwrap_or(4);
        options.jobs.unwrap_or(cores * 2 + requests as usize)
    }

    /// What can be made now, and what refers to something of it.
    fn split(&self, assets: Vec<PlannedAsset>) -> (Vec<PlannedAsset>, Vec<PlannedAsset>) {
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
        one: PlannedAsset,
        done: &mut Vec<PlannedAsset>,
        outcomes: &mut BTreeMap<AssetName, Outcome>,
        report: &dyn Report,
    ) -> Option<AssetName> {
        let came_to_nothing =
            |other: &&AssetName| outcomes.get(*other).is_some_and(|outcome| outcome.result.verdict != Verdict::Done);
        let failed = self.assets.follows(&self.assets.by_name[&one.name]).find(came_to_nothing).cloned();
        let Some(failed) = failed else {
            return Some(one.name);
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

    /// Writes the lockfile where it says something else now.
    fn lock(&self, survey: &Survey, outcomes: &BTreeMap<AssetName, Outcome>) -> Result<(), ProjectError> {
        let mut lock: Lockfile = survey.lock.clone();
        for (name, outcome) in outcomes {
            match &outcome.entry {
                EntryChange::Keep => {}
                EntryChange::Set(entry) => {
                    lock.entries.insert(name.clone(), (**entry).clone());
                }
                EntryChange::Remove => {
                    lock.entries.remove(name);
                }
            }
        }
        self.write_lock(survey, &lock)
    }

    /// Writes the lockfile, if it says anything else than before.
    pub(crate) fn write_lock(&self, survey: &Survey, lock: &Lockfile) -> Result<(), ProjectError> {
        if survey.lock_text.is_none() || *lock != survey.lock {
            self.files.write_lockfile(&lock.render()).map_err(|error| {
                let help =
                    "mend it, then run `tintype sync` again: all that was made is in the cache, nothing is paid twice";
                ProjectError::Broken(Note::new(
                    "files",
                    format!("images.lock can't be written: {}", error.reason),
                    help,
                ))
            })?;
        }
        self.settle_pins(lock)
    }
}

pub(crate) fn runtime() -> Result<Runtime, ProjectError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| ProjectError::Broken(Note::new("internal", format!("no runtime: {error}"), "")))
}

/// Spending that was agreed to.
#[derive(Debug, Clone, Copy)]
struct Agreed {
    images: u32,
    cost_usd: Option<f64>,
}

impl Agreed {
    fn is_within(self, other: Self) -> bool {
        let cheaper = match (self.cost_usd, other.cost_usd) {
            (Some(own), Some(agreed)) => own <= agreed + 1e-9,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        self.images <= other.images && cheaper
    }
}

impl Synced {
    fn settled(plan: Plan) -> Self {
        let done = |one: &PlannedAsset| AssetResult { warnings: one.warnings.clone(), ..AssetResult::done() };
        let results = plan.assets.iter().map(|one| (one.name.clone(), done(one))).collect();
        Self { plan, results, interrupted: false }
    }
}

fn names(assets: &[&PlannedAsset]) -> String {
    let shown: Vec<&str> = assets.iter().take(3).map(|one| one.name.as_str()).collect();
    let rest = assets.len().saturating_sub(shown.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("`{}`{more}", shown.join("`, `"))
}

fn providers(one: &PlannedAsset) -> String {
    let mut providers: Vec<&str> = one.candidates.iter().map(|candidate| candidate.route.provider.as_str()).collect();
    providers.dedup();
    providers.join(" or ")
}
