//! The books of a project: what was paid for it, and what the cache saved it.

#[cfg(feature = "generate")]
use std::collections::{BTreeMap, HashSet};

use crate::cache::Ledger;
#[cfg(feature = "generate")]
use crate::cache::{LedgerKind, LedgerLine};
#[cfg(feature = "generate")]
use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::execute::{EntryChange, Outcome};
#[cfg(feature = "generate")]
use crate::files::Durable;
use crate::files::describe;
#[cfg(feature = "generate")]
use crate::lock::{Entry, EntryOrigin, Generated, Lockfile, Take};
#[cfg(feature = "generate")]
use crate::name::AssetName;
use crate::plan::Note;
use crate::project::{Project, ProjectError};

impl Project {
    /// All that was paid through this project's cache, by whichever project.
    pub fn ledger(&self) -> Result<Ledger, ProjectError> {
        self.cache.ledger().map_err(|error| {
            let message =
                format!("the ledger in {} can't be read: {}", self.cache_folder().display(), describe(&error));
            ProjectError::Broken(Note::new("cache", message, "mend it, or choose another with TINTYPE_CACHE_DIR"))
        })
    }
}

#[cfg(feature = "generate")]
impl Project {
    /// Notes what the cache had and nobody had to buy: each picture once for an asset, as long as the lockfile didn't have
    /// it anyway. A note that is lost costs nothing.
    pub(crate) fn note_savings(&self, lock: &Lockfile, outcomes: &BTreeMap<AssetName, Outcome>) {
        let from_cache = || outcomes.iter().filter(|(_, outcome)| !outcome.from_cache.is_empty());
        if from_cache().next().is_none() {
            return;
        }
        let Ok(ledger) = self.cache.ledger() else { return };
        let locked: HashSet<Digest> = lock.entries.values().flat_map(Entry::takes).map(|take| take.hash).collect();
        let mut lines = Vec::new();
        for (name, outcome) in from_cache() {
            let EntryChange::Set(entry) = &outcome.entry else { continue };
            let EntryOrigin::Generated(generated) = &entry.origin else { continue };
            let is_saving =
                |take: &&Take| take.cost_usd != Some(0.0) && take.kind.is_none() && !locked.contains(&take.hash);
            lines.extend(outcome.from_cache.iter().filter(is_saving).map(|take| self.saved(name, generated, take)));
        }
        let since = std::fs::metadata(self.root().join(crate::files::LOCKFILE))
            .and_then(|file| file.modified())
            .ok()
            .map(|time| humantime::format_rfc3339_seconds(time).to_string());
        lines.retain(|line| !ledger.has(line) && !is_just_paid(line, &ledger, since.as_deref()));
        let _ = self.cache.enter(lines, true, Durable::No);
    }

    fn saved(&self, name: &AssetName, generated: &Generated, take: &Take) -> LedgerLine {
        let project = self.name();
        LedgerLine {
            kind: LedgerKind::Saved,
            time: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            once: format!("{}/{name}/{}", project.as_deref().unwrap_or_default(), take.hash.hex()),
            project,
            asset: name.to_string(),
            model: generated.recipe.model.clone(),
            provider: take.provider.clone(),
            model_id: take.model_id.clone(),
            fingerprint: generated.fingerprint(),
            take: Some(take.hash),
            cost_usd: take.cost_usd,
        }
    }
}

/// Whether the asset has bought the picture itself, and no lockfile was written since: a killed run did, and this one only
/// finishes its work.
#[cfg(feature = "generate")]
fn is_just_paid(saved: &LedgerLine, ledger: &Ledger, locked: Option<&str>) -> bool {
    let is_own = |line: &&LedgerLine| {
        line.kind == LedgerKind::Paid
            && (&line.project, &line.asset, line.take) == (&saved.project, &saved.asset, saved.take)
    };
    let paid = ledger.lines.iter().rfind(is_own);
    paid.is_some_and(|paid| locked.is_none_or(|locked| locked < paid.time.as_str()))
}
