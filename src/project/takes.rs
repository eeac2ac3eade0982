//! Takes beyond those that a sync makes by itself: one more, or another choice. Neither touches any other asset.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::digest::Digest;
use crate::event::{Report, Stop};
use crate::execute::{Purse, Run, redraw};
use crate::lock::{Entry, EntryOrigin, Generated, LockedOutput, Lockfile, Take};
use crate::name::{AssetName, ProjectPath, TakeId};
use crate::observe::{Facts, Learned, Originals, Traits, observe};
use crate::plan::{Action, FileVerdict, PlannedAsset, Removal, blocked, file_jobs, removal};
use crate::project::adopt::{refuse_hand_made, refused};
use crate::project::sync::runtime;
use crate::project::{Allowed, Project, ProjectError, Selection, Survey, SyncOptions, Synced};
use crate::publish::{Publisher, Target};
use crate::resolve::Asset;

/// A choice among an asset's takes, before it is made.
#[derive(Debug, Clone)]
pub struct Pick {
    /// Whose.
    pub name: AssetName,
    /// The take's number.
    pub number: usize,
    /// The digest of its original.
    pub hash: Digest,
    /// The number of the take that is chosen now.
    pub before: usize,
    /// Assets that refer to this one and will be made anew for the choice, each with its price.
    pub followers: Vec<(AssetName, Option<f64>)>,
}

impl Pick {
    /// Whether it is chosen already.
    pub const fn is_chosen(&self) -> bool {
        self.number == self.before
    }
}

impl Project {
    /// One more take of each asset's recipe, bought unless the cache has one that the asset hasn't, and that chosen. What the
    /// assets refer to stays as it is.
    pub fn reroll(
        &self,
        names: &[String],
        options: &SyncOptions,
        report: &dyn Report,
        stop: &Stop,
    ) -> Result<Synced, ProjectError> {
        self.sync(&self.more_takes(names, options)?, report, stop)
    }

    /// The options of a sync that gets one more take of each of these.
    pub fn more_takes(&self, names: &[String], options: &SyncOptions) -> Result<SyncOptions, ProjectError> {
        let lock = self.read_lock()?;
        for name in self.named(names)? {
            let asset = &self.assets.by_name[&name];
            refuse_hand_made(asset, "generated")?;
            let held = lock.get(&name).filter(|_| asset.hold).and_then(Entry::generated);
            if held.is_some() {
                let message = format!("`{name}` is held: nothing is generated for it");
                return Err(refused("held", message, "take `hold` out of the manifest first"));
            }
        }
        let selection = Selection { names: names.to_vec(), alone: true, ..Selection::default() };
        let allowed = Allowed { more: true, ..options.allowed.clone() };
        Ok(SyncOptions { selection, allowed, ..options.clone() })
    }

    /// What it would mean to choose that take: its number, or its hash or the beginning of it.
    pub fn foresee_pick(&self, name: &str, take: &str) -> Result<Pick, ProjectError> {
        self.foresee(name, take, &self.survey(&Selection::default(), &Allowed::default())?)
    }

    fn foresee(&self, name: &str, take: &str, survey: &Survey) -> Result<Pick, ProjectError> {
        let asset = self.only_named(name)?;
        refuse_hand_made(asset, "picked")?;
        let name = asset.name.clone();
        let Some(locked) = survey.lock.get(&name).and_then(Entry::generated) else {
            let message = format!("`{name}` has no takes yet");
            return Err(refused("no-take", message, "make one with `tintype sync`"));
        };
        let takes: Vec<Digest> = locked.takes.iter().map(|take| take.hash).collect();
        let hash = TakeId::parse(take).and_then(|meant| meant.find(&takes)).ok_or_else(|| {
            let has = if takes.len() == 1 { "one take".to_string() } else { format!("{} takes", takes.len()) };
            let message = format!("`{name}` has {has}, and `{take}` is none of them");
            refused(
                "no-take",
                message,
                format!("`tintype takes {name}` lists them: name one by its number or its hash"),
            )
        })?;
        let number = |hash: Digest| locked.take(hash).map_or(1, |(number, _)| number);
        let (number, before) = (number(hash), number(locked.chosen));
        let followers = if number == before { Vec::new() } else { self.followers_of(&name, locked, hash, survey)? };
        Ok(Pick { name, number, hash, before, followers })
    }

    /// The assets that would be made anew if that take were chosen.
    fn followers_of(
        &self,
        name: &AssetName,
        locked: &Generated,
        hash: Digest,
        survey: &Survey,
    ) -> Result<Vec<(AssetName, Option<f64>)>, ProjectError> {
        let chosen = locked.take(hash).map(|(_, take)| take);
        let originals = Originals {
            chosen: hash,
            traits: chosen.map(Traits::of).unwrap_or_default(),
            takes: locked.takes.iter().map(|take| take.hash).collect(),
            is_draft: chosen.is_some_and(Take::is_draft),
        };
        let mut learned = survey.learned.clone();
        learned.originals.insert(name.clone(), originals);
        self.followers(name, learned)
    }

    /// The assets that refer to this one and aren't settled, with what they will cost as far as that is known.
    pub(super) fn followers(
        &self,
        name: &AssetName,
        learned: Learned,
    ) -> Result<Vec<(AssetName, Option<f64>)>, ProjectError> {
        let plan = self.survey_with(learned, &Selection::default(), &Allowed::default())?.plan;
        let follows = |one: &&PlannedAsset| {
            let asset = self.assets.by_name.get(&one.name);
            let is_settled = matches!(one.action, Action::Keep | Action::Prune);
            !is_settled && asset.is_some_and(|asset| self.assets.follows(asset).any(|other| other == name))
        };
        Ok(plan.iter().filter(follows).map(|one| (one.name.clone(), one.cost_usd)).collect())
    }

    /// Chooses that take and makes the asset's files of it. Nothing is asked of anybody; what follows the asset is for the next
    /// sync.
    ///
    /// ```
    /// use tintype::event::{Silent, Stop};
    /// use tintype::project::{Project, Surroundings, SyncOptions};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let manifest = folder.path().join("images.toml");
    /// # std::fs::write(&manifest, "[assets.moon]\nmodel = \"placeholder\"\nprompt = \"a moon\"\nsize = \"64x64\"\n")?;
    /// # let surroundings = Surroundings { default_cache: folder.path().join("cache"), ..Surroundings::default() };
    /// # let project = Project::open(&manifest, &surroundings)?;
    /// # project.sync(&SyncOptions::default(), &Silent, &Stop::default())?;
    /// project.reroll(&["moon".to_string()], &SyncOptions::default(), &Silent, &Stop::default())?;
    /// let pick = project.pick("moon", "1", &Silent)?;
    /// assert_eq!((pick.number, pick.followers.len()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pick(&self, name: &str, take: &str, report: &dyn Report) -> Result<Pick, ProjectError> {
        let (_turn, _) = self.wait_for_turn(report)?;
        let survey = self.survey(&Selection::default(), &Allowed::default())?;
        let pick = self.foresee(name, take, &survey)?;
        let asset = &self.assets.by_name[&pick.name];
        let (Some(entry), false) = (survey.lock.get(&pick.name), pick.is_chosen()) else { return Ok(pick) };
        let Some(locked) = entry.generated() else { return Ok(pick) };
        let origin = EntryOrigin::Generated(Box::new(Generated { chosen: pick.hash, ..locked.clone() }));
        let chosen = Entry { origin, outputs: entry.outputs.clone() };
        let entry = self.publish_choice(asset, locked, chosen, &survey, report)?;
        let mut lock = Lockfile::clone(&survey.lock);
        lock.entries.insert(pick.name.clone(), entry);
        self.write_lock(&survey, &lock)?;
        let is_common = |take: &&Take| take.hash == pick.hash && take.kind.is_none() && take.fingerprint.is_none();
        if locked.takes.iter().any(|take| is_common(&take)) {
            // Losing it costs nothing: the lockfile has it, too.
            let _ = self.cache.remember_choice(locked.fingerprint(), pick.hash);
        }
        Ok(pick)
    }

    /// Makes the files of what is chosen now, all or none: what is in the way is found before anything is written.
    fn publish_choice(
        &self,
        asset: &Asset,
        locked: &Generated,
        chosen: Entry,
        survey: &Survey,
        report: &dyn Report,
    ) -> Result<Entry, ProjectError> {
        let name = &asset.name;
        let before = Arc::clone(&survey.lock);
        let only = BTreeSet::from([name.clone()]);
        let observed = observe(&self.assets, Some(&only), &before, &self.cache, &self.files, &Learned::default());
        let facts: &Facts = &observed.facts[name];
        let jobs = file_jobs(asset, &locked.takes, chosen.original(), facts, before.get(name));
        let in_the_way = jobs.iter().find_map(|job| match &job.verdict {
            FileVerdict::Foreign { code, detail } => Some(blocked(name, &job.path, *code, detail)),
            FileVerdict::Fine(_) | FileVerdict::Recorded(_) | FileVerdict::Make(_) => None,
        });
        if let Some(note) = in_the_way {
            return Err(ProjectError::NotPossible(note));
        }
        let policy = self.policy(&Allowed::default(), Some(only));
        let (stop, purse) = (Stop::default(), Purse::new(0, Some(0.0)));
        let run: Run<'_> = self.run(&before, &policy, &purse, report, &stop);
        let mut one = PlannedAsset::nothing(name, Action::Transform);
        one.work.recipe = Some(locked.recipe.clone());
        one.work.takes.clone_from(&locked.takes);
        let cores = Arc::new(Semaphore::new(1));
        let publisher = Publisher { place: run.place(), assets: &self.assets, overwrite: false, cores };
        let target = Target { name, asset, facts, entry: before.get(name), redraw: redraw(&run, asset, &one) };
        let mut published = runtime()?.block_on(publisher.publish(&target, &jobs));
        if published.error.is_none() {
            // Where a path has the take's number in it, the file of the other take goes; what isn't declared any more is for
            // the next sync.
            let number = locked.take(locked.chosen).map_or(1, |(number, _)| number);
            let own: Vec<ProjectPath> = asset.paths(number).collect();
            let others = chosen.outputs.iter().filter(|output| jobs.iter().all(|job| job.path != output.path));
            let (gone, left): (Vec<_>, Vec<_>) = others.partition(|output| own.contains(&output.path));
            published.outputs.extend(left.into_iter().cloned());
            let untouched = |output: &&&LockedOutput| {
                let seen = facts.files.get(&output.path);
                seen.is_some_and(|seen| matches!(removal(seen, output.hash), Removal::Remove))
            };
            let gone: Vec<_> = gone.iter().filter(untouched).map(|output| output.path.clone()).collect();
            published.remove(&gone, Some(&chosen), &publisher);
            published.outputs.sort_by(|one, other| one.path.cmp(&other.path));
        }
        match published.error {
            Some(note) => Err(ProjectError::NotPossible(note)),
            None => Ok(Entry { outputs: published.outputs, ..chosen }),
        }
    }

    /// What is locked.
    pub fn read_lock(&self) -> Result<Lockfile, ProjectError> {
        let text = self.files.read_lockfile()?;
        Ok(text.as_deref().map(Lockfile::read).transpose()?.unwrap_or_default())
    }
}
