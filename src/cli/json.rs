//! Answers for programs: the document that `plan` and `sync` share, and a report that says nothing before it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::difference::{difference, marked};
use crate::cli::interrupt::Begun;
use crate::event::{AssetResult, Event, Report, Verdict};
use crate::model::Api;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Note, Plan, PlannedAsset, Reason, rounded};

/// The version of every document; it goes up when something in one changes its meaning.
pub(crate) const VERSION: u32 = 1;

/// Hears a run in silence, and spends only what needs no consent.
pub(crate) struct Json {
    begun: Begun,
}

impl Json {
    pub(crate) fn new(begun: Begun) -> Self {
        Self { begun }
    }
}

impl Report for Json {
    fn event(&self, event: &Event<'_>) {
        if let Event::Started(_) = event {
            self.begun.set();
        }
    }
}

/// A document as it goes to stdout.
pub(crate) fn render(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("texts, numbers and lists are JSON");
    format!("{text}\n")
}

/// A plan, and after a sync what came of it.
pub(crate) fn document(plan: &Plan, results: Option<&BTreeMap<AssetName, AssetResult>>) -> String {
    let result = |one: &PlannedAsset| results.and_then(|results| results.get(&one.name));
    let assets: Vec<AssetRow<'_>> = plan.iter().map(|one| AssetRow::new(one, result(one))).collect();
    render(&Document { version: VERSION, totals: Totals::of(&assets), assets })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    assets: Vec<AssetRow<'a>>,
    totals: Totals,
}

#[derive(Serialize)]
struct AssetRow<'a> {
    name: &'a str,
    action: &'static str,
    reasons: Vec<ReasonRow<'a>>,
    model: Option<&'a str>,
    provider: Option<&'a str>,
    api: Option<&'static str>,
    images: u32,
    cost_usd: Option<f64>,
    outputs: Vec<&'a str>,
    warnings: Vec<NoteRow<'a>>,
    result: Option<&'static str>,
    error: Option<NoteRow<'a>>,
}

impl<'a> AssetRow<'a> {
    fn new(one: &'a PlannedAsset, result: Option<&'a AssetResult>) -> Self {
        let (images, cost_usd, warnings, error) = match result {
            Some(result) => (result.images, result.cost_usd, &result.warnings, &result.error),
            None => (one.images, one.cost_usd, &one.warnings, &one.error),
        };
        Self {
            name: one.name.as_str(),
            action: one.action.name(),
            reasons: one.reasons.iter().map(ReasonRow::of).collect(),
            model: one.model.as_deref(),
            provider: one.provider.as_deref(),
            api: one.api.map(Api::name),
            images,
            cost_usd,
            outputs: one.outputs.iter().map(ProjectPath::as_str).collect(),
            warnings: warnings.iter().map(NoteRow::of).collect(),
            result: result.map(|result| result.verdict.name()),
            error: error.as_ref().map(NoteRow::of),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ReasonRow<'a> {
    code: &'static str,
    detail: std::borrow::Cow<'a, str>,
}

impl<'a> ReasonRow<'a> {
    pub(crate) fn of(reason: &'a Reason) -> Self {
        let detail = match &reason.change {
            Some((before, now)) => marked(&difference(before, now)).into(),
            None => reason.detail.as_str().into(),
        };
        Self { code: reason.code.name(), detail }
    }
}

#[derive(Serialize)]
pub(crate) struct NoteRow<'a> {
    code: &'static str,
    message: &'a str,
    help: Option<&'a str>,
}

impl<'a> NoteRow<'a> {
    pub(crate) fn of(note: &'a Note) -> Self {
        Self { code: note.code, message: &note.message, help: note.help.as_deref() }
    }
}

#[derive(Serialize, Default)]
struct Totals {
    keep: usize,
    restore: usize,
    transform: usize,
    generate: usize,
    prune: usize,
    blocked: usize,
    unavailable: usize,
    failed: usize,
    images: u32,
    cost_usd: Option<f64>,
}

impl Totals {
    fn of(assets: &[AssetRow<'_>]) -> Self {
        let count = |action: Action| assets.iter().filter(|asset| asset.action == action.name()).count();
        // While nothing has been asked for, no image costs nothing, whatever its price would be.
        let free = |asset: &AssetRow<'_>| (asset.images == 0 && asset.result.is_none()).then_some(0.0);
        let costs = assets.iter().map(|asset| asset.cost_usd.or(free(asset)));
        Self {
            keep: count(Action::Keep),
            restore: count(Action::Restore),
            transform: count(Action::Transform),
            generate: count(Action::Generate),
            prune: count(Action::Prune),
            blocked: count(Action::Blocked),
            unavailable: count(Action::Unavailable),
            failed: assets.iter().filter(|asset| asset.result == Some(Verdict::Failed.name())).count(),
            images: assets.iter().map(|asset| asset.images).sum(),
            cost_usd: costs.sum::<Option<f64>>().map(rounded),
        }
    }
}
