//! One asset's plan, from what was asked to what is to be done.

mod files;
mod purchase;

use std::collections::BTreeSet;

use crate::lock::{Entry, EntryOrigin};
use crate::model::Registry;
use crate::observe::{Facts, Unknown, standing};
use crate::plan::reason::compare;
use crate::plan::{Action, Note, PlannedAsset, Policy, Reason, ReasonCode, file_jobs, is_reproducible};
use crate::recipe::Recipe;
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
        one.work.recipe.clone_from(&self.facts.recipe);
        one.work.drafted.clone_from(&self.facts.drafted);
        let current = self.facts.fingerprint.is_some() && self.facts.fingerprint == self.facts.locked_fingerprint;
        if let Some(locked) = standing(self.asset, self.entry, self.facts) {
            one.work.takes = locked.takes_of(self.facts.is_draft).cloned().collect();
            one.work.chosen = locked.chosen_of(self.facts.is_draft);
            if !current {
                one.work.recipe = Some(locked.recipe.clone());
                one.work.wanted = 0;
                one.reasons.push(Reason::new(ReasonCode::Held, "the recipe changed, and `hold` keeps the picture"));
            } else if self.facts.is_draft {
                one.work.changes_lock = self.facts.drafted.as_ref() != Some(&locked.recipe);
                one.reasons.push(Reason::new(ReasonCode::Draft, "only tried out so far"));
            }
        } else {
            one.work.waits = self.facts.recipe.is_none();
            one.work.changes_lock = true;
            self.say_what_changed(one);
        }
        if self.policy.more {
            one.work.wanted = u32::try_from(one.work.takes.len()).unwrap_or(u32::MAX).saturating_add(1);
            one.work.prefers_new = true;
        }
        self.draw_on_the_cache(current, one);
        self.plan_purchase(one);
        self.skip_after_a_draft(one);
        // Where another take is bought, it makes the files: the chosen one needn't be at hand.
        if let Some(chosen) = one.work.chosen.filter(|_| !(one.work.prefers_new && one.images > 0)) {
            let jobs = file_jobs(self.asset, &one.work.takes, chosen, self.facts, self.entry);
            one.outputs = jobs.iter().map(|job| job.path.clone()).collect();
            self.judge_files(&jobs, one);
        } else {
            self.judge_places(one);
        }
    }

    /// A finished picture isn't tried out anew because one that it refers to is.
    fn skip_after_a_draft(&self, one: &mut PlannedAsset) {
        let finished = self.entry.and_then(Entry::generated).filter(|locked| !locked.is_draft());
        let (Some(locked), Some(draft)) = (finished, &self.facts.follows_draft) else { return };
        let is_own = self.declared().is_some_and(|now| !compare(&locked.recipe, now, true).is_empty());
        if is_own || one.images == 0 {
            return;
        }
        let message = format!("`{}` is finished, and `{draft}` is only tried out", self.asset.name);
        one.error =
            Some(Note::new("skipped", message, format!("finish `{draft}` first: run `tintype sync` without --draft")));
        (one.images, one.cost_usd, one.set_aside) = (0, Some(0.0), true);
    }

    /// The recipe of the finished picture, without its references as long as these aren't known.
    fn declared(&self) -> Option<&Recipe> {
        let known = if self.facts.is_draft { &self.facts.drafted } else { &self.facts.recipe };
        match &self.assets.by_name.get(&self.asset.name)?.origin {
            AssetOrigin::Generated(open) => Some(known.as_ref().unwrap_or(&open.recipe)),
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => None,
        }
    }

    fn say_what_changed(&self, one: &mut PlannedAsset) {
        let Some(now) = self.declared() else { return };
        match self.entry.and_then(Entry::generated) {
            None => one.reasons.push(Reason::new(ReasonCode::New, "not locked yet")),
            Some(locked) => {
                one.reasons.extend(compare(&locked.recipe, now, one.work.waits));
                if locked.is_draft() && !self.facts.is_draft {
                    one.reasons.push(Reason::new(ReasonCode::Draft, "only a draft is there"));
                }
            }
        }
        if self.facts.is_draft {
            one.reasons.push(Reason::new(ReasonCode::Draft, "is tried out first"));
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
}
