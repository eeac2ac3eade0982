//! Pictures on the web that assets refer to, fetched before anything that waits for them.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use tokio::runtime::Runtime;

use crate::digest::Digest;
use crate::event::{Event, Report};
use crate::execute::fetch;
use crate::lock::{Entry, Lockfile};
use crate::observe::{Unknown, urls};
use crate::project::sync::SyncOptions;
use crate::project::{Project, ProjectError, Survey};
use crate::resolve::Asset;

/// Pictures fetched at once: as many as a browser fetches from one host.
const AT_ONCE: usize = 6;

impl Project {
    /// Fetches what the plan waits for, pins it, and surveys again; without such a wait, all stays as it is.
    pub(crate) fn fetch_references(
        &self,
        survey: Survey,
        options: &SyncOptions,
        runtime: &Runtime,
        report: &dyn Report,
    ) -> Result<Survey, ProjectError> {
        if options.allowed.offline {
            return Ok(survey);
        }
        let waiting = survey.plan.iter().filter(|one| one.work.waits && one.error.is_none());
        let unknown = waiting.flat_map(|one| &survey.observed.facts[&one.name].open);
        let wanted: BTreeSet<String> = unknown.filter_map(unfetched).map(str::to_string).collect();
        if wanted.is_empty() {
            return Ok(survey);
        }
        let fetches = wanted.into_iter().map(|url| async {
            report.event(&Event::Fetching { url: &url });
            let found = fetch(&self.cache, &self.trusted_hosts, &url).await;
            (url, found)
        });
        let fetched: Vec<_> = runtime.block_on(stream::iter(fetches).buffer_unordered(AT_ONCE).collect());
        let mut learned = survey.learned;
        learned.pictures.extend(fetched);
        let mut pins = self.files.read_pins();
        pins.extend(learned.pictures.iter().filter_map(|(url, found)| Some((url.clone(), *found.as_ref().ok()?))));
        self.files.write_pins(&pins)?;
        self.survey_with(learned, &options.selection, &options.allowed)
    }

    /// What is locked by now needs no pin of its own; what an asset still waits with keeps it.
    pub(crate) fn settle_pins(&self, lock: &Lockfile) -> Result<(), ProjectError> {
        let pins = self.files.read_pins();
        if pins.is_empty() {
            return Ok(());
        }
        let has_locked = |asset: &Asset, url: &str, hash: Digest| {
            let locked = lock.get(&asset.name).and_then(Entry::generated);
            locked.is_some_and(|locked| asset.hold || urls(&locked.recipe).any(|pin| pin == (url, hash)))
        };
        let is_open = |url: &str, hash: Digest| {
            let mut referring =
                self.assets.by_name.values().filter(|asset| asset.urls().any(|referred| referred == url));
            referring.any(|asset| !has_locked(asset, url, hash))
        };
        let open = pins.into_iter().filter(|(url, hash)| is_open(url, *hash)).collect();
        Ok(self.files.write_pins(&open)?)
    }
}

fn unfetched(unknown: &Unknown) -> Option<&str> {
    match unknown {
        Unknown::Url(url, None) => Some(url),
        Unknown::Url(_, Some(_)) | Unknown::Original(_) | Unknown::NoTake { .. } => None,
    }
}
