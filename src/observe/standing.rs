//! What a recipe has come to, and which locked takes stand for it: finished ones, or drafts while it is only tried out.

use crate::digest::Digest;
use crate::lock::{Entry, Generated};
use crate::observe::{Facts, Observer};
use crate::recipe::Recipe;
use crate::resolve::{Asset, OpenRecipe};

impl Observer<'_> {
    /// What the recipe has come to, and its locked takes, where they are all that is wanted.
    pub(super) fn generated_facts(&self, asset: &Asset, open: &OpenRecipe, entry: Option<&Entry>) -> Facts {
        let locked = entry.and_then(Entry::generated);
        let recipe = open.complete(&|origin| self.content(origin, locked).ok());
        let references = open.references.iter().filter(|_| recipe.is_none());
        let open_references = references.filter_map(|reference| self.content(&reference.origin, locked).err());
        let fingerprint = recipe.as_ref().map(Recipe::fingerprint);
        let facts = Facts {
            open: open_references.collect(),
            recipe,
            fingerprint,
            locked_fingerprint: locked.map(Generated::fingerprint),
            ..Facts::default()
        };
        Facts { takes: enough_takes(asset, open, entry, &facts), ..facts }
    }

    /// Whether there is no need to try the picture out: it is there, or can be had without asking anybody.
    pub(super) fn is_finished(&mut self, asset: &Asset, entry: Option<&Entry>, facts: &Facts) -> bool {
        let locked = entry.and_then(Entry::generated).filter(|locked| !locked.is_draft());
        let is_current = facts.fingerprint.is_some() && facts.fingerprint == facts.locked_fingerprint;
        if !self.learned.drafts || locked.is_some_and(|_| asset.hold || is_current) {
            return true;
        }
        let Some(fingerprint) = facts.fingerprint else { return false };
        !self.cache.takes_for(&asset.name, fingerprint).takes.is_empty()
            || !self.kin(fingerprint, &asset.name).is_empty()
            || self.cache.left_open(fingerprint).answered() > 0
    }

    /// The same picture as it is tried out.
    pub(super) fn draft_facts(
        &self,
        asset: &Asset,
        draft: &OpenRecipe,
        entry: Option<&Entry>,
        finished: Facts,
    ) -> Facts {
        let locked = entry.and_then(Entry::generated);
        let recipe = draft.complete(&|origin| self.content(origin, locked).ok());
        let fingerprint = recipe.as_ref().map(Recipe::fingerprint);
        if fingerprint.is_some() && fingerprint == finished.fingerprint {
            return finished;
        }
        let facts = Facts {
            is_draft: true,
            drafted: finished.recipe,
            recipe,
            fingerprint,
            locked_fingerprint: locked.and_then(Generated::drafted),
            open: finished.open,
            ..Facts::default()
        };
        Facts { takes: enough_takes(asset, draft, entry, &facts), ..facts }
    }
}

/// What is locked of an asset and still stands: its recipe is the present one, or is held, and there are takes of the kind
/// that is wanted.
pub(crate) fn standing<'a>(asset: &Asset, entry: Option<&'a Entry>, facts: &Facts) -> Option<&'a Generated> {
    let is_current = facts.fingerprint.is_some() && facts.fingerprint == facts.locked_fingerprint;
    let locked = entry.and_then(Entry::generated)?;
    let is_wanted = is_current || (asset.hold && !facts.is_draft);
    (is_wanted && locked.takes_of(facts.is_draft).next().is_some()).then_some(locked)
}

/// The locked takes, where they stand and no further ones are wanted.
fn enough_takes(asset: &Asset, open: &OpenRecipe, entry: Option<&Entry>, facts: &Facts) -> Vec<Digest> {
    let Some(locked) = standing(asset, entry, facts) else { return Vec::new() };
    let takes: Vec<Digest> = locked.takes_of(facts.is_draft).map(|take| take.hash).collect();
    if takes.len() >= open.takes as usize { takes } else { Vec::new() }
}
