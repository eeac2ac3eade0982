//! Carries out a plan: bounded concurrency, journal first, and one failure doesn't sink the rest.
//!
//! Decides nothing that the plan has decided; knows providers only as a line, a request and an answer.

mod attach;
mod draw;
mod fetch;
mod purchase;
mod purse;
mod request;
mod sweep;
mod take_up;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::cache::Cache;
use crate::digest::Digest;
use crate::event::{AssetResult, Event, Report, Stop, Verdict};
use crate::files::Files;
use crate::lock::{Entry, EntryOrigin, Generated, Lockfile, Take, TakeKind, order_takes};
use crate::model::{Provider, Registry, Route, TrustedHosts};
use crate::name::AssetName;
use crate::observe::{Observed, Originals, Traits};
use crate::plan::{Action, Note, PlannedAsset, Policy, file_jobs};
use crate::provider::http::{Line, LineConfig};
use crate::publish::{Place, Publisher, Target};
use crate::recipe::Origin;
use crate::resolve::{Asset, AssetOrigin, Assets};
use crate::secret::Secret;

pub(crate) use crate::execute::draw::redraw;
pub(crate) use crate::execute::fetch::fetch;
pub(crate) use crate::execute::purse::Purse;
pub(crate) use crate::execute::sweep::sweep;

/// Everything that a run works with.
pub(crate) struct Run<'a> {
    pub(crate) assets: &'a Assets,
    pub(crate) lock: &'a Arc<Lockfile>,
    pub(crate) registry: &'a Registry,
    pub(crate) cache: &'a Arc<Cache>,
    pub(crate) files: &'a Arc<Files>,
    pub(crate) keys: &'a BTreeMap<String, Secret>,
    pub(crate) policy: &'a Policy,
    pub(crate) report: &'a dyn Report,
    pub(crate) stop: &'a Stop,
    pub(crate) purse: &'a Purse,
    /// The name of the project's folder, for the books.
    pub(crate) project: Option<String>,
    /// How many assets are worked on at once.
    pub(crate) jobs: usize,
    /// How many pictures are fetched and stored at once, beside the requests that are under way.
    pub(crate) room: Semaphore,
    pub(crate) lines: Lines,
    /// Routes that a vendor has closed, as this run found out.
    pub(crate) moved: Moved,
    pub(crate) trusted_hosts: &'a TrustedHosts,
}

impl Run<'_> {
    pub(crate) fn place(&self) -> Place {
        Place { cache: Arc::clone(self.cache), files: Arc::clone(self.files), lock: Arc::clone(self.lock) }
    }
}

/// Routes that answered "not here" where the same provider has another: the next asset goes there at once. By route and
/// path, as a route may have one path for requests with references and one for those without.
#[derive(Default)]
pub(crate) struct Moved(Mutex<Vec<(Arc<Route>, String, String)>>);

impl Moved {
    fn remember(&self, route: &Arc<Route>, path: &str, why: &str) {
        let mut moved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !moved.iter().any(|(known, at, _)| Arc::ptr_eq(known, route) && at == path) {
            moved.push((Arc::clone(route), path.to_string(), why.to_string()));
        }
    }

    /// What the vendor said, where it has closed this route.
    fn why(&self, route: &Arc<Route>, path: &str) -> Option<String> {
        let moved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moved.iter().find(|(known, at, _)| Arc::ptr_eq(known, route) && at == path).map(|(_, _, why)| why.clone())
    }
}

/// What became of one asset.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) result: AssetResult,
    /// What is to be locked; `None`: nothing, the asset is gone.
    pub(crate) entry: EntryChange,
    /// Its originals, for assets that refer to it.
    pub(crate) originals: Option<Originals>,
    /// Takes that weren't asked for, as the cache had them.
    pub(crate) from_cache: Vec<Take>,
}

#[derive(Debug)]
pub(crate) enum EntryChange {
    Keep,
    Set(Box<Entry>),
    Remove,
}

/// Lines to providers, built when first needed: a run that asks nobody starts no client.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<String, Arc<Line>>>);

impl Lines {
    fn get(&self, provider: &Provider, key: Option<&Secret>) -> Result<Arc<Line>, String> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&provider.name) {
            return Ok(Arc::clone(line));
        }
        let base_url = provider.base_url.as_ref().ok_or("it has no address")?;
        let line = Line::new(LineConfig {
            base_url: base_url.as_str().to_string(),
            key: key.cloned(),
            concurrency: provider.concurrency as usize,
            requests_per_minute: provider.requests_per_minute,
            timeout: provider.timeout,
            allow_http: !base_url.is_https(),
        })?;
        let line = Arc::new(line);
        lines.insert(provider.name.clone(), Arc::clone(&line));
        Ok(line)
    }
}

/// Works on all of `planned`, several at once.
pub(crate) async fn execute(
    run: &Run<'_>,
    planned: &[Arc<PlannedAsset>],
    observed: &Observed,
) -> BTreeMap<AssetName, Outcome> {
    let cores = Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));
    let publisher = Publisher { place: run.place(), assets: run.assets, overwrite: run.policy.overwrite, cores };
    let work = planned.iter().map(|one| {
        let publisher = &publisher;
        async move {
            if one.action != Action::Keep {
                run.report.event(&Event::Started(one));
            }
            let outcome = make(run, one, observed, publisher).await;
            if one.action != Action::Keep {
                run.report.event(&Event::Finished { asset: one, result: &outcome.result });
            }
            (one.name.clone(), outcome)
        }
    });
    stream::iter(work).buffer_unordered(run.jobs.max(1)).collect().await
}

async fn make(run: &Run<'_>, one: &PlannedAsset, observed: &Observed, publisher: &Publisher<'_>) -> Outcome {
    let Some(asset) = run.assets.by_name.get(&one.name) else { return forget(one, publisher) };
    let facts = &observed.facts[&one.name];
    if one.action == Action::Keep {
        return Outcome { originals: facts.originals(), ..unchanged(one, AssetResult::done()) };
    }
    // What another run has under way looks like a lost request: only who holds the recipe's lock can tell them apart. And
    // what was answered is fetched, whatever became of the requests beside it.
    let answered = facts.journal.answered() > 0;
    let is_in_doubt =
        |error: &Note| one.work.incomplete && (error.code == "maybe-billed" || (error.code == "refused" && answered));
    if let Some(error) = one.error.clone().filter(|error| !is_in_doubt(error)) {
        let verdict = if one.set_aside { Verdict::Skipped } else { Verdict::Failed };
        let result = AssetResult::not_done(verdict, error);
        return Outcome { originals: facts.originals(), ..unchanged(one, result) };
    }
    if run.stop.is_requested() {
        let note = Note::new("interrupted", format!("`{}` was not begun", one.name), "run `tintype sync` again");
        return unchanged(one, AssetResult::not_done(Verdict::Skipped, note));
    }
    let mut got = acquire(run, one, asset, observed).await;
    order_takes(&mut got.takes);
    let Some((origin, chosen)) = origin(one, asset, &got) else { return nothing_came(one, got) };
    remember_choice(run, one, &got, chosen).await;
    let entry = run.lock.get(&one.name);
    let target = Target { asset, facts, entry, name: &one.name, redraw: redraw(run, asset, one) };
    if let Some(note) = draw::restore(run, &target, chosen).await {
        got.error = got.error.or(Some(note));
    }
    let jobs = file_jobs(asset, &got.takes, chosen, facts, entry);
    let mut published = publisher.publish(&target, &jobs).await;
    let given_up: Vec<_> =
        one.work.remove.iter().filter(|path| jobs.iter().all(|job| job.path != **path)).cloned().collect();
    published.remove(&given_up, entry, publisher);
    let error = got.error.or(published.error);
    let verdict = if error.is_some() { Verdict::Failed } else { Verdict::Done };
    let warnings = got.warnings.into_iter().chain(published.warnings).collect();
    let result =
        AssetResult { verdict, error, warnings, images: got.images, cost_usd: got.cost_usd, ..AssetResult::done() };
    let entry = EntryChange::Set(Box::new(Entry { origin, outputs: published.outputs }));
    let traits = got.takes.iter().find(|take| take.hash == chosen).map_or_else(|| facts.traits.clone(), Traits::of);
    let takes = got.takes.iter().map(|take| take.hash).collect();
    let from_cache = got.takes.into_iter().filter(|take| !got.new.contains(&take.hash)).collect();
    let is_draft = facts.is_draft;
    Outcome {
        entry,
        originals: Some(Originals { chosen, traits, takes, is_draft }),
        from_cache,
        ..unchanged(one, result)
    }
}

/// Where there is something to choose from, the cache remembers what was chosen. Losing that costs nothing by itself.
async fn remember_choice(run: &Run<'_>, one: &PlannedAsset, got: &Got, chosen: Digest) {
    let is_common = |take: &Take| take.hash == chosen && take.kind.is_none() && take.fingerprint.is_none();
    let Some(recipe) = one.work.recipe.as_ref().filter(|_| got.takes.len() > 1 && got.takes.iter().any(is_common))
    else {
        return;
    };
    let (cache, fingerprint) = (Arc::clone(run.cache), recipe.fingerprint());
    let _ = tokio::task::spawn_blocking(move || cache.remember_choice(fingerprint, chosen)).await;
}

/// What is to be locked of an asset's origin, and the original that makes its outputs; none if no take came.
fn origin(one: &PlannedAsset, asset: &Asset, got: &Got) -> Option<(EntryOrigin, Digest)> {
    let source = match &asset.origin {
        AssetOrigin::Source { path, .. } => Some(Origin::Path(path.to_string())),
        AssetOrigin::Shared(other) => Some(Origin::Asset(other.to_string())),
        AssetOrigin::Generated(_) => None,
    };
    if let Some(origin) = source {
        let hash = one.work.chosen?;
        return Some((EntryOrigin::Source { origin, hash }, hash));
    }
    let is_there = |chosen: &Digest| got.takes.iter().any(|take| take.hash == *chosen);
    let new = got.takes.iter().rfind(|take| one.work.takes.iter().all(|known| known.hash != take.hash));
    let new = new.filter(|_| one.work.prefers_new).map(|take| take.hash);
    let chosen = new.or(one.work.chosen.filter(is_there)).or(got.first())?;
    let recipe = one.work.recipe.clone()?;
    let Some(drafted) = one.work.drafted.clone() else {
        return Some((
            EntryOrigin::Generated(Box::new(Generated { recipe, chosen, takes: got.takes.clone() })),
            chosen,
        ));
    };
    let fingerprint = Some(recipe.fingerprint());
    let as_draft = |take: &Take| Take { kind: Some(TakeKind::Draft), fingerprint, ..take.clone() };
    let takes = got.takes.iter().map(as_draft).collect();
    Some((EntryOrigin::Generated(Box::new(Generated { recipe: drafted, chosen, takes })), chosen))
}

/// An outcome that leaves the lockfile as it is.
fn unchanged(one: &PlannedAsset, result: AssetResult) -> Outcome {
    Outcome { result: with_warnings(result, one), entry: EntryChange::Keep, originals: None, from_cache: Vec::new() }
}

fn nothing_came(one: &PlannedAsset, got: Got) -> Outcome {
    let error = got.error.unwrap_or_else(|| Note::new("no-image", format!("no image came for `{}`", one.name), ""));
    let verdict = if error.code == "interrupted" { Verdict::Skipped } else { Verdict::Failed };
    let failed = AssetResult::not_done(verdict, error);
    unchanged(one, AssetResult { images: got.images, cost_usd: got.cost_usd, warnings: got.warnings, ..failed })
}

/// The plan's warnings come first; where one of them came true, it is said of what came.
fn with_warnings(mut result: AssetResult, one: &PlannedAsset) -> AssetResult {
    let foreseen = |note: &&Note| note.code == "enlarged" && result.verdict == Verdict::Done;
    let planned = one.warnings.iter().filter(|note| !foreseen(note)).cloned();
    result.warnings = planned.chain(result.warnings).collect();
    result
}

/// An asset that is no longer declared: its untouched files go, its originals stay cached.
fn forget(one: &PlannedAsset, publisher: &Publisher<'_>) -> Outcome {
    match publisher.place.remove(&one.work.remove) {
        None => Outcome { entry: EntryChange::Remove, ..unchanged(one, AssetResult::done()) },
        Some(error) => unchanged(one, AssetResult::not_done(Verdict::Failed, error)),
    }
}

/// The takes that an asset has come to.
#[derive(Debug)]
struct Got {
    takes: Vec<Take>,
    /// Those that are new, in the order in which they came.
    new: Vec<Digest>,
    images: u32,
    cost_usd: Option<f64>,
    warnings: Vec<Note>,
    error: Option<Note>,
}

impl Got {
    fn of(takes: Vec<Take>) -> Self {
        Self { takes, new: Vec::new(), images: 0, cost_usd: Some(0.0), warnings: Vec::new(), error: None }
    }

    fn add(&mut self, take: Take) {
        if self.takes.iter().any(|known| known.hash == take.hash) {
            return;
        }
        self.new.push(take.hash);
        self.takes.push(take);
    }

    fn paid(&mut self, images: u32, cost_usd: Option<f64>) {
        self.images += images;
        self.cost_usd = self.cost_usd.zip(cost_usd).map(|(sum, cost)| crate::plan::rounded(sum + cost));
    }

    /// The take to choose where nothing is chosen yet.
    fn first(&self) -> Option<Digest> {
        self.takes.iter().find(|take| !self.new.contains(&take.hash)).or(self.takes.first()).map(|take| take.hash)
    }
}

/// Brings an asset to its takes: those it has, those that the cache has, those that are drawn or bought.
async fn acquire(run: &Run<'_>, one: &PlannedAsset, asset: &Asset, observed: &Observed) -> Got {
    if matches!(asset.origin, AssetOrigin::Source { .. } | AssetOrigin::Shared(_)) {
        return Got::of(Vec::new());
    }
    let facts = &observed.facts[&one.name];
    let recipe = one.work.recipe.as_ref();
    let is_local =
        recipe.and_then(|recipe| run.registry.model(&recipe.model)).is_some_and(crate::model::Model::is_reproducible);
    let is_locked = facts.fingerprint.is_some() && facts.fingerprint == facts.locked_fingerprint;
    if is_local && (one.work.incomplete || !is_locked) && one.work.wanted > 0 {
        return draw::draw(run, one).await;
    }
    let got = Got::of(one.work.takes.clone());
    match recipe {
        Some(recipe) if one.work.incomplete => purchase::purchase(run, one, recipe, got).await,
        _ => got,
    }
}
