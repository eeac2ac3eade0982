//! Carrying a plan out, from the first look to the lockfile: the program as a paragraph.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::event::{AssetResult, Event, Report, Stop, Verdict};
use crate::execute::{EntryChange, Outcome};
use crate::files::{FileError, Links, STATE, describe, open, open_or_make};
use crate::lock::Lockfile;
use crate::name::AssetName;
use crate::plan::{Note, Plan, rounded};
use crate::project::cache::{check, hold};
use crate::project::code::{CodeWritten, Rewrite};
use crate::project::consent::Agreed;
use crate::project::pack::Packed;
use crate::project::{Allowed, Project, ProjectError, Selection, Survey};

/// The file in the state folder that whoever works in the project holds a lock on.
const TURN: &str = "lock";

/// The right to work in the project, and in its cache beside others; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _project: File,
    _cache: Option<File>,
}

impl Turn {
    pub(crate) fn in_project(project: File, cache: File) -> Self {
        Self { _project: project, _cache: Some(cache) }
    }
}

/// The project's lock, if nobody else has it, and earlier runs have left what is locked for it: a run that comes to nothing
/// makes no file.
pub(crate) fn try_project(root: &Path) -> Option<File> {
    let (project, _) = open(&root.join(STATE).join(TURN), Links::Refused).ok()?;
    project.try_lock().is_ok().then_some(project)
}

/// How a sync is to go.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
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
    /// What can't be made now gets stand-ins.
    pub placeholders: bool,
    /// Nobody can be asked, and nothing is spent without [`yes`](Self::yes): a CI run.
    pub unattended: bool,
    /// So much has been agreed to already, by somebody who saw the price.
    pub agreed: Option<Agreed>,
    /// What was spent before: the limits hold for all runs of a session together.
    pub before: Spent,
}

impl SyncOptions {
    /// Which generated code may be written: where what is locked may not change, none that stands.
    const fn rewrite(&self) -> Rewrite {
        match (self.locked, self.allowed.overwrite) {
            (true, _) => Rewrite::Missing,
            (_, true) => Rewrite::All,
            _ => Rewrite::Own,
        }
    }
}

/// What the runs of a session have spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Images that weren't free.
    pub images: u32,
    /// What they cost in US dollars; `None` where that isn't known.
    pub cost_usd: Option<f64>,
    /// How much of it nobody was asked about.
    pub unasked_usd: f64,
}

impl Default for Spent {
    fn default() -> Self {
        Self { images: 0, cost_usd: Some(0.0), unasked_usd: 0.0 }
    }
}

impl Spent {
    /// Adds what a run has spent; whether somebody `agreed` to that very price.
    pub fn add(&mut self, synced: &Synced, agreed: bool) {
        for result in synced.results.values().filter(|result| result.images > 0 && result.cost_usd != Some(0.0)) {
            self.images += result.images;
            self.cost_usd = self.cost_usd.zip(result.cost_usd).map(|(sum, cost)| rounded(sum + cost));
            self.unasked_usd += result.cost_usd.filter(|_| !agreed).unwrap_or(0.0);
        }
    }
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
    /// What is locked now of the assets that it looked at; nothing where it had to look at none.
    pub lock: Arc<Lockfile>,
    /// What came of the atlases.
    pub atlases: Packed,
    /// What came of the code that names the pictures.
    pub code: CodeWritten,
}

impl Synced {
    /// Whether everything went as planned, or work can go on without what didn't.
    pub fn is_complete(&self) -> bool {
        self.code.blocked.is_empty()
            && self.atlases.is_complete()
            && self.results.values().all(|result| result.verdict == Verdict::Done || result.filled)
    }
}

impl Project {
    /// Makes what is missing or has changed, and locks it. A project in which nothing changed is only looked at.
    ///
    /// ```
    /// use tintype::event::{Event, Report, Stop};
    /// use tintype::plan::Plan;
    /// use tintype::project::{Project, Surroundings, SyncOptions};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// struct Progress;
    ///
    /// impl Report for Progress {
    ///     fn event(&self, event: &Event<'_>) {
    ///         if let Event::Finished { asset, result } = event {
    ///             println!("{}: {}", asset.name, result.verdict.name());
    ///         }
    ///     }
    ///
    ///     fn confirm(&self, plan: &Plan) -> bool {
    ///         plan.cost_usd().is_some_and(|cost| cost < 5.0)
    ///     }
    /// }
    ///
    /// let project = Project::open(&manifest, &surroundings)?;
    /// let options = SyncOptions { max_cost_usd: Some(5.0), ..SyncOptions::default() };
    /// let synced = project.sync(&options, &Progress, &Stop::default())?;
    /// assert!(synced.is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sync(&self, options: &SyncOptions, report: &dyn Report, stop: &Stop) -> Result<Synced, ProjectError> {
        // Where it can be had without making anything, so that what is seen now is what is worked on.
        let turn = self.turn_of_part().or_else(|| self.try_turn());
        let mut survey = self.survey(&options.selection, &options.allowed)?;
        let is_stranded = || !options.allowed.offline && self.cache.has_new_answers();
        if survey.plan.is_settled() && survey.lock_text.is_some() && !is_stranded() {
            report.event(&Event::Planned(&survey.plan));
            self.files.save_index();
            self.conclude(survey.plan.iter().collect(), &survey.lock, options);
            return Ok(Synced { lock: survey.lock, ..Synced::settled(survey.plan) });
        }
        self.admit(&mut survey, options)?;
        check(&self.cache, report)?;
        report.event(&Event::Planned(&survey.plan));
        let agreed = self.have_agreed(&mut survey.plan, None, options, report)?;
        let (_turn, survey) = match turn {
            Some(turn) => (turn, survey),
            None => self.survey_in_turn(agreed, options, report)?,
        };
        self.probe(&survey.plan)?;
        let further = self.further_files(&survey.lock);
        self.files.sweep(survey.plan.iter().flat_map(|one| &one.outputs).chain(&further));
        let runtime = runtime()?;
        let survey = self.fetch_references(survey, options, &runtime, report)?;
        let (plan, mut outcomes, learned) = self.carry_out(&survey, options, &runtime, report, stop);
        self.note_savings(&survey.lock, &outcomes);
        let (lock, mut atlases, code) = self.lock(&survey, &outcomes, options)?;
        if options.placeholders && !stop.is_requested() {
            self.stand_in(&plan, &mut outcomes, report);
            self.stand_in_sheets(&lock, &mut atlases);
        }
        self.files.save_index();
        if code.blocked.is_empty() && atlases.is_complete() && atlases.filled.is_empty() {
            self.conclude_after(&plan, &lock, &learned, &outcomes, options);
        }
        let interrupted = stop.is_requested();
        let results = outcomes.into_iter().map(|(name, outcome)| (name, outcome.result)).collect();
        Ok(Synced { plan, results, interrupted, lock: Arc::new(lock), atlases, code })
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
        for path in plan.iter().filter(|one| one.spends()).flat_map(|one| &one.outputs) {
            let folder = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            if folders.insert(folder) {
                self.files.probe(path)?;
            }
        }
        Ok(())
    }

    /// Waits for the turn, then looks at everything, admits it and has it agreed to once more.
    fn survey_in_turn(
        &self,
        agreed: Agreed,
        options: &SyncOptions,
        report: &dyn Report,
    ) -> Result<(Turn, Survey), ProjectError> {
        let (project, waited) = self.wait_for_turn(report)?;
        let turn = Turn { _project: project, _cache: hold(&self.cache, report) };
        let mut survey = self.survey(&options.selection, &options.allowed)?;
        self.admit(&mut survey, options)?;
        if waited {
            report.event(&Event::Planned(&survey.plan));
        }
        self.have_agreed(&mut survey.plan, Some(agreed), options, report)?;
        Ok((turn, survey))
    }

    /// The turn, if it can be had at once.
    fn try_turn(&self) -> Option<Turn> {
        Some(Turn::in_project(try_project(self.files.root())?, self.cache.try_share()?))
    }

    /// One run at a time in a project: the lock, and whether it was waited for.
    pub(crate) fn wait_for_turn(&self, report: &dyn Report) -> Result<(File, bool), ProjectError> {
        let path = self.files.state_folder()?.join(TURN);
        let broken = |error: &std::io::Error| {
            let path = format!("{STATE}/{TURN}");
            ProjectError::File(FileError { path, reason: describe(error), missing: false, help: None })
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

    /// Packs the atlases, and writes the lockfile and the code that follow, where they say something else now.
    fn lock(
        &self,
        survey: &Survey,
        outcomes: &BTreeMap<AssetName, Outcome>,
        options: &SyncOptions,
    ) -> Result<(Lockfile, Packed, CodeWritten), ProjectError> {
        let mut lock = Lockfile::clone(&survey.lock);
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
        let atlases = self.pack(&mut lock, options)?;
        self.put_lock(survey, &lock)?;
        let code = self.write_code(&lock, options.rewrite())?;
        Ok((lock, atlases, code))
    }

    /// Writes the lockfile, and the code that follows it, if they say anything else than before.
    pub(crate) fn write_lock(&self, survey: &Survey, lock: &Lockfile) -> Result<(), ProjectError> {
        self.put_lock(survey, lock)?;
        // What is in the way of code is for the next sync to say.
        self.write_code(lock, Rewrite::Own).map(|_| ())
    }

    fn put_lock(&self, survey: &Survey, lock: &Lockfile) -> Result<(), ProjectError> {
        if survey.lock_text.is_none() || *lock != *survey.lock {
            let part = lock.render();
            let text = match &self.rest {
                Some(rest) => rest.lockfile_with(&part),
                None => part,
            };
            self.files.write_lockfile(&text).map_err(|error| {
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

impl Synced {
    /// Of a plan in which there was nothing to do.
    pub fn settled(plan: Plan) -> Self {
        let results = plan.iter().map(|one| (one.name.clone(), AssetResult::kept(one))).collect();
        Self {
            plan,
            results,
            interrupted: false,
            lock: Arc::default(),
            atlases: Packed::default(),
            code: CodeWritten::default(),
        }
    }
}
