//! One asset's plan, from what was asked to what is to be done.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{Entry, EntryOrigin, Take, order_takes};
use crate::manifest::Publish;
use crate::model::Registry;
use crate::name::ProjectPath;
use crate::observe::{Facts, Unknown};
use crate::plan::files::foreign;
use crate::plan::notes::{blocked, enlarged, maybe_billed, newer, no_reference, refused, stays, unavailable};
use crate::plan::prune::{Removal, removal};
use crate::plan::reason::compare;
use crate::plan::{
    Action, FileJob, FileVerdict, Note, PlannedAsset, Policy, Reason, ReasonCode, Why, file_jobs, is_reproducible,
    rounded,
};
use crate::resolve::{Asset, AssetOrigin, Assets};
use crate::route::Routing;

/// One asset and all that bears on it.
pub(crate) struct Context<'a> {
    pub(crate) assets: &'a Assets,
    pub(crate) asset: &'a Asset,
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) facts: &'a Facts,
    pub(crate) registry: &'a Registry,
    pub(crate) policy: &'a Policy,
}

impl Context<'_> {
    pub(crate) fn plan(&self, routing: Option<&Routing>) -> PlannedAsset {
        let mut one = PlannedAsset::nothing(&self.asset.name, Action::Keep);
        one.tags.clone_from(&self.asset.tags);
        one.alt.clone_from(&self.asset.alt);
        match &self.asset.origin {
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => self.plan_source(&mut one),
            AssetOrigin::Generated(open) => {
                one.model = Some(open.recipe.model.clone());
                self.choose_route(routing, &mut one);
                self.plan_generated(open.takes, &mut one);
            }
        }
        self.plan_removals(&mut one);
        if one.images == 0 {
            // Who would be asked matters only where somebody is.
            one.warnings.retain(|warning| !["no-key", "untold"].contains(&warning.code));
        }
        one
    }

    pub(crate) fn is_reproducible(&self) -> bool {
        match &self.assets.owner(self.asset).origin {
            AssetOrigin::Generated(open) => is_reproducible(&open.recipe.model, self.registry),
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => false,
        }
    }

    fn choose_route(&self, routing: Option<&Routing>, one: &mut PlannedAsset) {
        for candidate in routing.iter().flat_map(|routing| &routing.candidates) {
            let provider = &candidate.route.provider;
            if self.policy.usable.contains(provider) {
                one.candidates.push(candidate.clone());
                continue;
            }
            let variable = self.registry.providers.get(provider).and_then(|provider| provider.api_key_env.clone());
            let variable = variable.unwrap_or_default();
            if one.missing_keys.contains(&variable) {
                continue;
            }
            // Who comes after somebody that can be asked isn't passed over.
            if one.candidates.is_empty() {
                let message = format!("{provider} is passed over: {variable} is not set");
                let help = format!("put {variable} into the environment or into .env");
                one.warnings.push(Note::new("no-key", message, help));
            }
            one.missing_keys.push(variable);
        }
        if one.candidates.is_empty() {
            // Shown as what it would be; a sync says which key it needs.
            one.candidates.extend(routing.iter().flat_map(|routing| &routing.candidates).cloned());
            one.warnings.clear();
        } else {
            one.missing_keys.clear();
        }
        one.provider = one.first().map(|candidate| candidate.route.provider.clone());
        one.api = one.first().map(|candidate| candidate.api);
        let doubts = one.first().map(|candidate| candidate.doubts.clone()).unwrap_or_default();
        let help = "look at what comes, or name a provider that documents it in `provider`";
        one.warnings.extend(doubts.into_iter().map(|doubt| Note::new("untold", doubt, help)));
    }

    /// An asset whose original a file is, or another asset's.
    fn plan_source(&self, one: &mut PlannedAsset) {
        let locked = match self.entry.map(|entry| &entry.origin) {
            Some(EntryOrigin::Source { hash, .. }) => Some(*hash),
            _ => None,
        };
        let original = self.facts.original;
        one.work.changes_lock = locked.is_none() || locked != original;
        match locked {
            None => one.reasons.push(Reason::new(ReasonCode::New, "not locked yet")),
            Some(_) if original.is_none() => {}
            Some(locked) if Some(locked) != original => {
                let what = if self.is_shared() { "the other asset's original" } else { "the file" };
                one.reasons.push(Reason::new(ReasonCode::Source, format!("{what} changed")));
            }
            Some(_) => {}
        }
        if one.work.changes_lock {
            one.action = Action::Transform;
        }
        let Some(original) = original else {
            one.work.waits = true;
            self.say_what_it_follows(one);
            return self.judge_places(one);
        };
        one.work.chosen = Some(original);
        let jobs = file_jobs(self.asset, &[], original, self.facts, self.entry);
        one.outputs = jobs.iter().map(|job| job.path.clone()).collect();
        self.judge_files(&jobs, one);
    }

    const fn is_shared(&self) -> bool {
        matches!(self.asset.origin, AssetOrigin::Shared(_))
    }

    fn plan_generated(&self, wanted: u32, one: &mut PlannedAsset) {
        one.work.wanted = wanted;
        let locked = self.entry.and_then(Entry::generated);
        let current = self.facts.fingerprint.is_some() && self.facts.fingerprint == self.facts.locked_fingerprint;
        if let Some(locked) = locked.filter(|_| current || self.asset.hold) {
            one.work.recipe = Some(locked.recipe.clone());
            one.work.takes.clone_from(&locked.takes);
            one.work.chosen = Some(locked.chosen);
            if !current {
                one.work.wanted = 0;
                one.reasons.push(Reason::new(ReasonCode::Held, "the recipe changed, and `hold` keeps the picture"));
            }
        } else {
            one.work.recipe.clone_from(&self.facts.recipe);
            one.work.waits = self.facts.recipe.is_none();
            one.work.changes_lock = true;
            self.say_what_changed(one);
        }
        self.draw_on_the_cache(current, one);
        self.plan_purchase(current, one);
        if let Some(chosen) = one.work.chosen {
            let jobs = file_jobs(self.asset, &one.work.takes, chosen, self.facts, self.entry);
            one.outputs = jobs.iter().map(|job| job.path.clone()).collect();
            self.judge_files(&jobs, one);
        } else {
            self.judge_places(one);
        }
    }

    fn say_what_changed(&self, one: &mut PlannedAsset) {
        let AssetOrigin::Generated(open) = &self.asset.origin else { return };
        match self.entry.and_then(Entry::generated) {
            None => one.reasons.push(Reason::new(ReasonCode::New, "not locked yet")),
            Some(locked) => {
                let now = self.facts.recipe.as_ref().unwrap_or(&open.recipe);
                one.reasons.extend(compare(&locked.recipe, now, one.work.waits));
            }
        }
        if one.work.waits {
            self.say_what_it_follows(one);
        }
    }

    fn say_what_it_follows(&self, one: &mut PlannedAsset) {
        let made = self.facts.open.iter().filter_map(|unknown| match unknown {
            Unknown::Original(name) => Some(name),
            Unknown::NoTake { .. } | Unknown::Url(..) => None,
        });
        let shared = self.asset.refers_to().filter(|_| self.is_shared());
        let made: BTreeSet<String> = made.chain(shared).map(|name| format!("`{name}`")).collect();
        if !made.is_empty() {
            let names = made.into_iter().collect::<Vec<_>>().join(", ");
            one.reasons.push(Reason::new(ReasonCode::Reference, format!("follows {names}, which is made first")));
        }
        for unknown in &self.facts.open {
            if let Unknown::Url(url, _) = unknown {
                one.reasons.push(Reason::new(ReasonCode::Reference, format!("follows {url}, which is fetched first")));
            }
        }
    }

    /// Takes of this recipe that the cache, or another name, has already.
    fn draw_on_the_cache(&self, current: bool, one: &mut PlannedAsset) {
        let have = one.work.takes.len();
        let wanted = one.work.wanted as usize;
        if have >= wanted {
            return;
        }
        let known: BTreeSet<Digest> = one.work.takes.iter().map(|take| take.hash).collect();
        let mut offered: Vec<&Take> = Vec::new();
        for take in self.facts.cached.takes.iter().chain(&self.facts.kin) {
            if !known.contains(&take.hash) && offered.iter().all(|other| other.hash != take.hash) {
                offered.push(take);
            }
        }
        // What isn't at hand is still better than a purchase: it is locked under another name, and says unavailable.
        offered.truncate(wanted - have);
        if offered.is_empty() {
            return;
        }
        one.work.chosen = one.work.chosen.or(offered.first().map(|take| take.hash));
        one.work.takes.extend(offered.iter().map(|take| (*take).clone()));
        order_takes(&mut one.work.takes);
        one.work.changes_lock = true;
        one.action = Action::Restore;
        let detail = if current { "the cache has another take" } else { "this recipe has been made before" };
        one.reasons.push(Reason::new(ReasonCode::Cached, detail));
    }

    fn plan_purchase(&self, current: bool, one: &mut PlannedAsset) {
        let have = u32::try_from(one.work.takes.len()).unwrap_or(u32::MAX);
        let answered = self.facts.journal.answered();
        let missing = one.work.wanted.saturating_sub(have.saturating_add(answered));
        if answered > 0 && have < one.work.wanted {
            one.work.incomplete = true;
            one.work.changes_lock = true;
            one.action = Action::Restore;
            one.reasons
                .push(Reason::new(ReasonCode::Cached, "the vendor has answered already: its answer is taken up"));
        }
        if missing == 0 {
            return;
        }
        one.work.incomplete = true;
        one.work.changes_lock = true;
        one.action = Action::Generate;
        one.images = missing;
        if current || have > 0 {
            one.reasons.push(Reason::new(ReasonCode::N, format!("{have} of {} takes are there", one.work.wanted)));
        }
        let price = one.first().and_then(|candidate| candidate.cost_usd);
        one.cost_usd = price.map(|price| rounded(price * f64::from(missing)));
        self.hold_back(one);
        if one.images > 0 {
            self.say_what_sizes_become(one);
        }
    }

    /// A size that no route can be asked for is made of one that it can.
    fn say_what_sizes_become(&self, one: &mut PlannedAsset) {
        let Some(asked) = one.first().and_then(|candidate| candidate.asked.as_ref()) else { return };
        let asked = asked.pixels();
        for settings in self.asset.outputs.iter().map(|output| &output.settings) {
            let outcome = match asked {
                Some(pixels) => settings.outcome(pixels),
                None => settings.outcome_of_any(),
            };
            let Some(outcome) = outcome.filter(|outcome| Some(outcome.size) != asked) else { continue };
            if !one.made_into.contains(&outcome.size) {
                one.made_into.push(outcome.size);
            }
            if let Some(pixels) = asked.filter(|_| outcome.is_enlarged) {
                one.warnings.push(enlarged(pixels, outcome.size));
            }
        }
    }

    /// What was refused, or may have been billed, isn't sent again by itself.
    fn hold_back(&self, one: &mut PlannedAsset) {
        let name = &self.asset.name;
        let lost = self.facts.cached.in_doubt(&one.work.takes);
        let in_doubt = self.facts.journal.may_have_been_billed() || lost > 0;
        if self.facts.journal.newer {
            let note = newer(name);
            one.reasons.push(Reason::new(ReasonCode::MaybeBilled, note.message.clone()));
            one.error = Some(note);
        } else if in_doubt && !self.policy.resend_unknown {
            let note = maybe_billed(name, &self.facts.journal, lost);
            one.reasons.push(Reason::new(ReasonCode::MaybeBilled, note.message.clone()));
            one.error = Some(note);
        } else if let Some(words) = self.facts.journal.refused().filter(|_| !self.policy.retry_refused) {
            let note = refused(name.as_str(), words);
            one.reasons.push(Reason::new(ReasonCode::Refused, words.to_string()));
            one.error = Some(note);
        } else if let Some(note) = self.facts.open.iter().find_map(|unknown| no_reference(name, unknown, self.policy)) {
            one.error = Some(note);
        } else if self.policy.offline && !self.is_reproducible() {
            let message = format!("`{name}` must be asked for, and this run may not go over the network");
            one.error = Some(Note::new("offline", message, "run `tintype sync` without --offline or --frozen"));
        } else {
            return;
        }
        one.images = 0;
        one.cost_usd = Some(0.0);
    }

    fn judge_files(&self, jobs: &[FileJob], one: &mut PlannedAsset) {
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
    fn judge_places(&self, one: &mut PlannedAsset) {
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
    fn plan_removals(&self, one: &mut PlannedAsset) {
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
