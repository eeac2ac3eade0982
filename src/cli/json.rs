//! Answers for programs: the document that `plan` and `sync` share, and a report that says nothing before it.

use serde::Serialize;

use crate::atlas::PlannedAtlas;
use crate::cli::describe::{atlas_action, reason};
use crate::cli::difference::{difference, marked};
use crate::cli::interrupt::Begun;
use crate::codegen::{CodeFile, CodeState};
use crate::event::{AssetResult, Event, Report, Verdict};
use crate::model::Api;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Note, Plan, PlannedAsset, Reason, rounded};
use crate::project::{Packed, Synced};

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
pub(crate) fn document(plan: &Plan, synced: Option<&Synced>) -> String {
    let result = |one: &PlannedAsset| synced.and_then(|synced| synced.results.get(&one.name));
    let assets: Vec<AssetRow<'_>> = plan.iter().map(|one| AssetRow::new(one, result(one))).collect();
    let code = match synced {
        None => plan.code.iter().map(CodeRow::of).collect(),
        Some(synced) => {
            let written = synced.code.written.iter().map(CodeRow::written);
            written.chain(synced.code.blocked.iter().map(CodeRow::of)).collect()
        }
    };
    let atlases = match synced {
        None => plan.atlases.iter().map(AtlasRow::of).collect(),
        Some(synced) => AtlasRow::done(synced),
    };
    render(&Document { version: VERSION, totals: Totals::of(&assets), assets, atlases, code })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    assets: Vec<AssetRow<'a>>,
    totals: Totals,
    /// Atlases that are, or were, not as they are declared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    atlases: Vec<AtlasRow<'a>>,
    /// Files of generated code that are, or were, out of date.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code: Vec<CodeRow<'a>>,
}

#[derive(Serialize)]
struct AtlasRow<'a> {
    name: &'a str,
    action: &'static str,
    reason: Option<&'a str>,
    outputs: Vec<&'a str>,
    result: Option<&'static str>,
    error: Option<NoteRow<'a>>,
}

impl<'a> AtlasRow<'a> {
    fn of(one: &'a PlannedAtlas) -> Self {
        let outputs = one.paths.iter().map(ProjectPath::as_str).collect();
        let (action, reason) = (atlas_action(&one.state), Some(reason(&one.state)));
        Self { name: one.name.as_str(), action, reason, outputs, result: None, error: None }
    }

    /// What came of those about which something was done.
    fn done(synced: &'a Synced) -> Vec<Self> {
        let Packed { packed, filled, pruned, failed } = &synced.atlases;
        let row = |name: &'a AssetName, action, verdict: Verdict| Self {
            name: name.as_str(),
            action,
            reason: None,
            outputs: Vec::new(),
            result: Some(verdict.name()),
            error: None,
        };
        let packed = packed.iter().map(|(name, paths)| {
            let outputs = paths.iter().map(ProjectPath::as_str).collect();
            Self { outputs, ..row(name, "pack", Verdict::Done) }
        });
        let filled = filled.iter().map(|(name, paths)| {
            let outputs = paths.iter().map(ProjectPath::as_str).collect();
            Self { outputs, ..row(name, "pack", Verdict::Skipped) }
        });
        let pruned = pruned.iter().map(|name| row(name, "prune", Verdict::Done));
        let failed = failed.iter().map(|(name, error)| {
            let error = Some(NoteRow::of(error));
            Self { error, ..row(name, "pack", Verdict::Failed) }
        });
        packed.chain(filled).chain(pruned).chain(failed).collect()
    }
}

#[derive(Serialize)]
struct CodeRow<'a> {
    path: &'a str,
    action: &'static str,
    detail: Option<&'a str>,
}

impl<'a> CodeRow<'a> {
    fn of(file: &'a CodeFile) -> Self {
        let (action, detail) = match &file.state {
            CodeState::Missing | CodeState::Stale => ("write", None),
            CodeState::Foreign(why) => ("blocked", Some(why.as_str())),
        };
        Self { path: file.path.as_str(), action, detail }
    }

    fn written(path: &'a ProjectPath) -> Self {
        Self { path: path.as_str(), action: "write", detail: None }
    }
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
