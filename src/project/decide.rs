//! What a merge of lockfiles leaves to be decided, and the manifest can: which of two pictures it declares now.

use std::collections::BTreeSet;

use crate::lock::{EntryOrigin, Lockfile, Merged, Side};
use crate::name::AssetName;
use crate::observe::{Facts, Learned, observe};
use crate::project::Project;

impl Project {
    /// Decides each conflict in which one side, and only that one, is what the manifest declares now. Looks, and asks nobody.
    pub fn decide(&self, merged: &mut Merged) -> Vec<(AssetName, Side)> {
        let mut decided = Vec::new();
        // What one asset has come to may tell what another one that refers to it is.
        while !merged.conflicts.is_empty() {
            let [ours, theirs] = [Side::Ours, Side::Theirs].map(|side| self.declared(&merged.all(side)));
            let told = merged.conflicts.keys().filter_map(|name| match (ours.contains(name), theirs.contains(name)) {
                (true, false) => Some((name.clone(), Side::Ours)),
                (false, true) => Some((name.clone(), Side::Theirs)),
                _ => None,
            });
            let told: Vec<(AssetName, Side)> = told.collect();
            if told.is_empty() {
                break;
            }
            for (name, side) in &told {
                merged.decide(name, *side);
            }
            decided.extend(told);
        }
        decided.sort_by(|(one, _), (other, _)| one.cmp(other));
        decided
    }

    /// The assets that are locked as they are declared.
    fn declared(&self, lock: &Lockfile) -> BTreeSet<AssetName> {
        let pictures = self.files.read_pins().into_iter().map(|(url, hash)| (url, Ok(hash))).collect();
        let learned = Learned { pictures, ..Learned::default() };
        let observed = observe(&self.assets, None, lock, &self.cache, &self.files, &learned);
        let is_as_declared = |(name, facts): &(&AssetName, &Facts)| match lock.get(name).map(|entry| &entry.origin) {
            Some(EntryOrigin::Source { hash, .. }) => facts.recipe.is_none() && facts.original == Some(*hash),
            Some(EntryOrigin::Generated(_)) => {
                facts.fingerprint.is_some() && facts.fingerprint == facts.locked_fingerprint
            }
            None => false,
        };
        observed.facts.iter().filter(is_as_declared).map(|(name, _)| name.clone()).collect()
    }
}
