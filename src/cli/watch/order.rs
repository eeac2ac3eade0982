//! What a session does: one order at a time, each on the project as it lies there now.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::watch::session::PATIENCE;
use crate::digest::Digest;
use crate::event::{AssetResult, Report, Silent, Stop};
use crate::files::Watched;
use crate::lock::{Entry, Lockfile};
use crate::name::AssetName;
use crate::plan::Plan;
use crate::project::{Agreed, Allowed, Project, ProjectError, Selection, Spent, SyncOptions, Synced, settled};

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) enum Order {
    /// Nothing but to look at everything.
    Look,
    /// A sync, of these assets or of all.
    Sync { names: Vec<String>, draft: bool, agreed: Option<Agreed> },
    /// One more take of each.
    Reroll { names: Vec<String>, draft: bool, agreed: Option<Agreed> },
    /// Another choice, or the one before it again.
    Pick { name: String, take: String, undo: bool },
    /// The present pictures stand for the changed recipes.
    Accept { names: Vec<String> },
    /// An edited file, or any file, becomes a take.
    Adopt { name: String },
}

/// What came of it.
#[derive(Debug, Default)]
pub(in crate::cli) struct Done {
    /// Where all assets stand, or stood before they were worked on.
    pub(in crate::cli) plan: Plan,
    /// How those that were worked on went.
    pub(in crate::cli) results: BTreeMap<AssetName, AssetResult>,
    /// What was carried out, in words for a person; nothing where there was nothing to do.
    pub(in crate::cli) synced: Option<Synced>,
    /// What is locked of the assets that were looked at.
    pub(in crate::cli) lock: Arc<Lockfile>,
    /// The project, or the part of it, that was worked on; none where nobody had to look.
    pub(in crate::cli) project: Option<Arc<Project>>,
    /// What it would spend to try out what isn't finished, where that was looked at.
    pub(in crate::cli) drafts: Option<Agreed>,
    /// What was chosen before, of assets for which that is another one now.
    pub(in crate::cli) chosen_before: Vec<(AssetName, Digest)>,
}

/// An order that was carried out, or came to nothing.
pub(in crate::cli) struct Ended {
    pub(in crate::cli) order: Order,
    pub(in crate::cli) done: Result<Done, Failure>,
    /// What was read for it.
    pub(in crate::cli) watched: Option<Watched>,
}

impl Order {
    /// Whether it may ask a vendor.
    pub(in crate::cli) const fn may_spend(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::Reroll { .. })
    }

    /// The same, with a price that somebody has agreed to.
    pub(in crate::cli) fn agreed_to(self, agreed: Agreed) -> Self {
        match self {
            Self::Sync { names, draft, .. } => Self::Sync { names, draft, agreed: Some(agreed) },
            Self::Reroll { names, draft, .. } => Self::Reroll { names, draft, agreed: Some(agreed) },
            other => other,
        }
    }

    /// Whether somebody has agreed to the very price.
    pub(in crate::cli) const fn is_agreed(&self) -> bool {
        matches!(self, Self::Sync { agreed: Some(_), .. } | Self::Reroll { agreed: Some(_), .. })
    }

    /// What it does, in one word, and to whom.
    pub(in crate::cli) fn words(&self) -> (&'static str, Vec<String>) {
        match self {
            Self::Look => ("look", Vec::new()),
            Self::Sync { names, draft: false, .. } => ("sync", names.clone()),
            Self::Sync { names, draft: true, .. } => ("draft", names.clone()),
            Self::Reroll { names, .. } => ("reroll", names.clone()),
            Self::Pick { name, .. } => ("pick", vec![name.clone()]),
            Self::Accept { names } => ("accept", names.clone()),
            Self::Adopt { name } => ("adopt", vec![name.clone()]),
        }
    }
}

/// Everything that an order is carried out with.
pub(in crate::cli) struct Bench<'a> {
    pub(in crate::cli) context: &'static Context,
    pub(in crate::cli) manifest: &'a Path,
    pub(in crate::cli) options: &'a SyncOptions,
    /// What the session has spent so far.
    pub(in crate::cli) before: Spent,
    /// How many assets were declared when this was looked at the last time.
    pub(in crate::cli) assets: usize,
    /// Who hears what was read as soon as it was: a change of it is worth knowing long before the end.
    pub(in crate::cli) reading: &'a dyn Fn(Watched),
    pub(in crate::cli) report: &'a dyn Report,
    pub(in crate::cli) stop: &'a Stop,
}

impl Bench<'_> {
    /// Carries an order out.
    pub(in crate::cli) fn carry_out(&self, order: Order) -> Ended {
        let mut watched = None;
        let done = self.done(&order, &mut watched);
        Ended { order, done, watched }
    }

    fn done(&self, order: &Order, watched: &mut Option<Watched>) -> Result<Done, Failure> {
        if let Order::Sync { names, draft: false, agreed } = order
            && names.is_empty()
        {
            return self.sync_all(*agreed, watched);
        }
        let project = self.open(watched)?;
        let lock = if *order == Order::Look { Lockfile::default() } else { project.read_lock()? };
        (self.reading)(project.watched());
        let mut synced = None;
        match order {
            Order::Look => {}
            Order::Sync { names, draft, agreed } => {
                let selection = Selection { names: names.clone(), ..Selection::default() };
                let options = self.options(selection, *draft, *agreed);
                synced = Some(project.sync(&options, self.report, self.stop)?);
            }
            Order::Reroll { names, draft, agreed } => {
                let options = self.options(Selection::default(), *draft, *agreed);
                synced = Some(project.reroll(names, &options, self.report, self.stop)?);
            }
            Order::Pick { name, take, .. } => {
                project.pick(name, take, &Silent)?;
            }
            Order::Accept { names } => {
                project.accept(names, &Silent)?;
            }
            Order::Adopt { name } => {
                let adopted = project.adopt(name, None, &Silent)?;
                if let Some(error) = adopted.result.error {
                    return Err(ProjectError::NotPossible(error).into());
                }
            }
        }
        let chosen_before = lock_changes(&lock, order, &project)?;
        // What else follows from it is in a plan of everything.
        let survey = project.survey(&Selection::default(), &Allowed::default())?;
        let drafts = if project.can_draft() && !survey.plan.is_settled() {
            let allowed = Allowed { draft: true, ..Allowed::default() };
            Some(price(&project.plan(&Selection::default(), &allowed)?))
        } else {
            None
        };
        *watched = Some(project.watched());
        let results = synced.as_ref().map(|synced| synced.results.clone()).unwrap_or_default();
        let (plan, lock) = (survey.plan, survey.lock);
        Ok(Done { plan, results, synced, lock, project: Some(project), drafts, chosen_before })
    }

    /// A sync of the whole project: as much of it as has changed.
    fn sync_all(&self, agreed: Option<Agreed>, watched: &mut Option<Watched>) -> Result<Done, Failure> {
        let options = self.options(Selection::default(), false, agreed);
        let surroundings = self.context.environment.surroundings()?;
        if let Some(snapshot) = settled(self.manifest, &surroundings, &options) {
            *watched = snapshot.watched(self.manifest);
            let plan = snapshot.plan().unwrap_or_default();
            return Ok(Done { plan, ..Done::default() });
        }
        let project = match Project::edited(self.manifest, &surroundings, &options) {
            Some(part) => Arc::new(part),
            None => {
                let whole = self.open(watched)?;
                self.mistrust_less(&whole, watched.as_mut())?;
                whole
            }
        };
        (self.reading)(project.watched());
        let synced = project.sync(&options, self.report, self.stop);
        *watched = Some(project.watched());
        let synced = synced?;
        let (plan, results, lock) = (synced.plan.clone(), synced.results.clone(), Arc::clone(&synced.lock));
        Ok(Done { plan, results, synced: Some(synced), lock, project: Some(project), ..Done::default() })
    }

    /// A manifest that declares less than before may be half of what is being saved: the files of the other half aren't to go.
    fn mistrust_less(&self, project: &Project, watched: Option<&mut Watched>) -> Result<(), Failure> {
        if project.assets().by_name.len() >= self.assets {
            return Ok(());
        }
        std::thread::sleep(PATIENCE);
        if watched.is_none_or(|watched| watched.changes().is_empty()) {
            return Ok(());
        }
        let message = "images.toml changes while it is read";
        Err(Failure::new(Exit::Invalid, "changed", message, "save it once more"))
    }

    fn open(&self, watched: &mut Option<Watched>) -> Result<Arc<Project>, Failure> {
        let (project, read) = Project::open_watched(self.manifest, &self.context.environment.surroundings()?);
        *watched = read;
        let project = project?;
        crate::cli::environment::has_home(project.cache_folder())?;
        Ok(Arc::new(project))
    }

    fn options(&self, selection: Selection, draft: bool, agreed: Option<Agreed>) -> SyncOptions {
        let allowed = Allowed { draft, ..self.options.allowed.clone() };
        SyncOptions { selection, allowed, agreed, before: self.before, ..self.options.clone() }
    }
}

/// All that a plan makes, free images too: what stands on a button.
pub(in crate::cli) fn price(plan: &Plan) -> Agreed {
    Agreed { images: plan.iter().map(|one| one.images).sum(), cost_usd: plan.cost_usd() }
}

/// What was chosen before, where an order has chosen something else.
fn lock_changes(before: &Lockfile, order: &Order, project: &Project) -> Result<Vec<(AssetName, Digest)>, Failure> {
    if !matches!(order, Order::Reroll { .. } | Order::Pick { .. } | Order::Adopt { .. }) {
        return Ok(Vec::new());
    }
    let now = project.read_lock()?;
    let chosen = |entry: Option<&Entry>| entry.and_then(Entry::generated).map(|generated| generated.chosen);
    let changed = before.entries.iter().filter_map(|(name, entry)| {
        let old = chosen(Some(entry))?;
        let is_there = now.get(name).is_some_and(|now| now.takes().iter().any(|take| take.hash == old));
        (is_there && chosen(now.get(name)) != Some(old)).then(|| (name.clone(), old))
    });
    Ok(changed.collect())
}
