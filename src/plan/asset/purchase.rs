//! What an asset's takes cost: those that are there already, those that must be asked for, and what holds that back.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::lock::{Take, order_takes};
use crate::plan::asset::Context;
use crate::plan::notes::{enlarged, maybe_billed, newer, no_reference, refused, seeded};
use crate::plan::{Action, Note, PlannedAsset, Reason, ReasonCode, rounded};

impl Context<'_> {
    /// Takes of this recipe that the cache, or another name, has already.
    pub(super) fn draw_on_the_cache(&self, current: bool, one: &mut PlannedAsset) {
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
        let first = offered.first().map(|take| take.hash);
        one.work.chosen = if one.work.prefers_new { first } else { one.work.chosen.or(first) };
        one.work.takes.extend(offered.iter().map(|take| (*take).clone()));
        order_takes(&mut one.work.takes);
        one.work.changes_lock = true;
        one.action = Action::Restore;
        let detail = if current { "the cache has another take" } else { "this recipe has been made before" };
        one.reasons.push(Reason::new(ReasonCode::Cached, detail));
    }

    pub(super) fn plan_purchase(&self, one: &mut PlannedAsset) {
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
        if one.work.prefers_new {
            one.reasons.push(Reason::new(ReasonCode::N, "one more take was asked for"));
        } else if have > 0 {
            one.reasons.push(Reason::new(ReasonCode::N, format!("{have} of {} takes are there", one.work.wanted)));
        }
        let price = one.first().and_then(|candidate| candidate.cost_usd);
        one.cost_usd = price.map(|price| rounded(price * f64::from(missing)));
        if one.work.prefers_new && one.work.recipe.as_ref().is_some_and(|recipe| recipe.seed.is_some()) {
            one.warnings.push(seeded(&self.asset.name));
        }
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
}
