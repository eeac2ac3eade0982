//! What `show` shows, as one value: JSON is made of it as it is, the text from it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::cli::json::{ReasonRow, VERSION};
use crate::cli::show::origin::OriginRow;
use crate::files::FileState;
use crate::lock::{Entry, LockedOutput, Take};
use crate::model::Api;
use crate::name::ProjectPath;
use crate::plan::{Action, PlannedAsset, rounded};
use crate::project::{Project, Survey};
use crate::recipe::{Background, Quality, Recipe, Reference, Value};
use crate::resolve::{Asset, AssetOrigin, Explanation, OpenOrigin, OpenRecipe, OpenReference};
use crate::route::{self, Candidate};

#[derive(Serialize)]
pub(in crate::cli) struct Picture<'a> {
    version: u32,
    pub(super) name: &'a str,
    pub(super) action: &'static str,
    reasons: Vec<ReasonRow<'a>>,
    pub(super) prompt: Option<&'a str>,
    pub(super) source: Option<Source<'a>>,
    pub(super) alt: Option<&'a str>,
    pub(super) tags: &'a [String],
    pub(super) hold: bool,
    /// Everything that decides what the model draws, the prompt among it.
    pub(super) recipe: Option<RecipeRow<'a>>,
    pub(super) fingerprint: Option<String>,
    /// Where its wording and keys come from.
    pub(super) origin: OriginRow<'a>,
    /// The same asset as one entry of a manifest that inherits nothing.
    pub(super) entry: String,
    pub(super) route: Option<RouteRow<'a>>,
    pub(super) passed_over: Vec<PassedOver<'a>>,
    pub(super) takes: Vec<TakeRow<'a>>,
    pub(super) outputs: Vec<OutputRow<'a>>,
    /// What all its takes have cost.
    pub(super) cost_usd: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asset: Option<&'a str>,
    /// Not known before the other asset is made.
    pub(super) hash: Option<String>,
}

/// The ingredients that are there, by their names in the manifest.
#[derive(Serialize)]
pub(super) struct RecipeRow<'a> {
    pub(super) model: &'a str,
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aspect_ratio: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<ReferenceRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quality: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) background: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) negative_prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) options: BTreeMap<&'a str, Json>,
}

#[derive(Serialize)]
pub(super) struct ReferenceRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<&'a str>,
    /// Which of the asset's takes, where one is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) take: Option<String>,
    /// Not known before the other asset is made, or the picture fetched.
    pub(super) hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct RouteRow<'a> {
    pub(super) provider: &'a str,
    pub(super) api: &'static str,
    pub(super) model_id: &'a str,
    pub(super) asked: Option<String>,
    pub(super) cost_usd: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct PassedOver<'a> {
    pub(super) provider: &'a str,
    pub(super) api: Option<&'static str>,
    pub(super) reason: String,
}

#[derive(Serialize)]
pub(in crate::cli) struct TakeRow<'a> {
    pub(super) number: usize,
    pub(super) hash: String,
    pub(super) provider: &'a str,
    pub(super) model_id: &'a str,
    pub(super) asked: Option<&'a str>,
    pub(super) wording: Option<&'a str>,
    pub(super) cost_usd: Option<f64>,
    pub(super) generated: Option<&'a str>,
    pub(super) kind: Option<&'static str>,
    pub(super) chosen: bool,
}

#[derive(Serialize)]
pub(super) struct OutputRow<'a> {
    pub(super) path: &'a str,
    pub(super) state: &'static str,
    pub(super) hash: Option<String>,
    pub(super) bytes: Option<u64>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    /// What stands in its place until it is there.
    pub(super) color: Option<String>,
    pub(super) thumbhash: Option<&'a str>,
}

impl<'a> Picture<'a> {
    pub(in crate::cli) fn of(
        project: &'a Project,
        asset: &'a Asset,
        survey: &'a Survey,
        explanation: &'a Explanation,
    ) -> Self {
        let planned = survey.plan.iter().find(|one| one.name == asset.name).expect("what is selected is planned");
        let (facts, entry) = (&survey.observed.facts[&asset.name], survey.lock.get(&asset.name));
        let (prompt, recipe, source) = match &asset.origin {
            AssetOrigin::Generated(open) => {
                (Some(open.recipe.prompt.as_str()), Some(RecipeRow::of(open, facts.recipe.as_ref())), None)
            }
            AssetOrigin::Source { path, hash, .. } => {
                let source = Source { path: Some(path.as_str()), asset: None, hash: Some(hash.to_string()) };
                (None, None, Some(source))
            }
            AssetOrigin::Shared(other) => {
                let hash = facts.original.map(|original| original.to_string());
                (None, None, Some(Source { path: None, asset: Some(other.as_str()), hash }))
            }
        };
        let (route, passed_over) = routes(project, asset);
        let takes = entry.map(Entry::takes).unwrap_or_default();
        Self {
            version: VERSION,
            name: asset.name.as_str(),
            action: planned.action.name(),
            reasons: planned.reasons.iter().map(ReasonRow::of).collect(),
            prompt,
            source,
            alt: asset.alt.as_deref(),
            tags: &asset.tags,
            hold: asset.hold,
            recipe,
            fingerprint: facts.fingerprint.map(|fingerprint| fingerprint.to_string()),
            origin: OriginRow::of(explanation),
            entry: project.written_out(asset),
            route,
            passed_over,
            takes: take_rows(takes, entry),
            outputs: planned.outputs.iter().map(|path| output(path, planned, survey, entry)).collect(),
            cost_usd: takes.iter().map(|take| take.cost_usd).sum::<Option<f64>>().map(rounded),
        }
    }
}

/// The first way whose key is set, else the first of all; and why each other one isn't taken.
fn routes<'a>(project: &'a Project, asset: &Asset) -> (Option<RouteRow<'a>>, Vec<PassedOver<'a>>) {
    let Some(routing) = project.routing(&asset.name) else { return (None, Vec::new()) };
    let is_usable = |candidate: &&Candidate| project.has_key(&candidate.route.provider);
    let taken = routing.candidates.iter().find(is_usable).or(routing.candidates.first());
    let others = routing.candidates.iter().filter(|candidate| taken.is_some_and(|taken| taken != *candidate));
    let other = |candidate: &'a Candidate| {
        let provider = candidate.route.provider.as_str();
        let reason = if project.has_key(provider) { "comes later".to_string() } else { missing_key(project, provider) };
        PassedOver { provider, api: Some(candidate.api.name()), reason }
    };
    let unfit = |one: &'a route::PassedOver| PassedOver {
        provider: &one.provider,
        api: one.api.map(Api::name),
        reason: one.reason.clone(),
    };
    let mut passed_over: Vec<PassedOver<'_>> = others.map(other).chain(routing.passed_over.iter().map(unfit)).collect();
    passed_over
        .dedup_by(|one, before| (one.provider, one.api, &one.reason) == (before.provider, before.api, &before.reason));
    (taken.map(route), passed_over)
}

/// Why a provider can't be asked.
fn missing_key(project: &Project, provider: &str) -> String {
    let variable = project.registry().providers.get(provider).and_then(|provider| provider.api_key_env.as_deref());
    format!("{} is not set", variable.unwrap_or("its key"))
}

fn route(candidate: &Candidate) -> RouteRow<'_> {
    RouteRow {
        provider: &candidate.route.provider,
        api: candidate.api.name(),
        model_id: &candidate.route.id,
        asked: candidate.asked.as_ref().map(ToString::to_string),
        cost_usd: candidate.cost_usd,
    }
}

pub(in crate::cli) fn take_rows<'a>(takes: &'a [Take], entry: Option<&Entry>) -> Vec<TakeRow<'a>> {
    let chosen = entry.and_then(Entry::generated).map(|generated| generated.chosen);
    let row = |(index, take): (usize, &'a Take)| TakeRow {
        number: index + 1,
        hash: take.hash.to_string(),
        provider: &take.provider,
        model_id: &take.model_id,
        asked: take.asked.as_deref(),
        wording: take.wording.as_deref(),
        cost_usd: take.cost_usd,
        generated: take.generated.as_deref(),
        kind: take.kind.map(crate::lock::TakeKind::name),
        chosen: chosen == Some(take.hash),
    };
    takes.iter().enumerate().map(row).collect()
}

fn output<'a>(
    path: &'a ProjectPath,
    planned: &PlannedAsset,
    survey: &Survey,
    entry: Option<&'a Entry>,
) -> OutputRow<'a> {
    let locked = entry.and_then(|entry| entry.outputs.iter().find(|output| output.path == *path));
    let seen = survey.observed.facts[&planned.name].files.get(path).map(|seen| &seen.state);
    OutputRow {
        path: path.as_str(),
        state: state(seen, locked, planned.action),
        hash: locked.map(|output| output.hash.to_string()),
        bytes: locked.map(|output| output.bytes),
        width: locked.map(|output| output.width),
        height: locked.map(|output| output.height),
        color: locked.and_then(|output| output.color).map(|color| color.to_string()),
        thumbhash: locked.and_then(|output| output.thumbhash.as_deref()),
    }
}

/// The same words as `verify` has, and `unlocked` for a file that no lockfile knows.
fn state(seen: Option<&FileState>, locked: Option<&LockedOutput>, action: Action) -> &'static str {
    match (seen, locked) {
        (None | Some(FileState::Missing), _) => "missing",
        (Some(FileState::File { .. }), None) => "unlocked",
        // A file of other bytes that was recorded as made from the locked take counts as the locked one.
        (Some(FileState::File { digest }), Some(output)) if *digest == output.hash || action == Action::Keep => "same",
        (Some(FileState::File { .. }), Some(_)) => "changed",
        (Some(FileState::Other(_) | FileState::Unreadable(_)), _) => "unreadable",
    }
}

impl<'a> RecipeRow<'a> {
    /// `known` is the recipe with its references, once they all are known.
    fn of(open: &'a OpenRecipe, known: Option<&'a Recipe>) -> Self {
        let recipe = &open.recipe;
        let references = open.references.iter().enumerate();
        let reference = |(index, open): (usize, &'a OpenReference)| {
            ReferenceRow::of(open, known.and_then(|known| known.references.get(index)))
        };
        let options = recipe.options.iter().map(|(provider, fields)| (provider.as_str(), table(fields)));
        Self {
            model: &recipe.model,
            prompt: &recipe.prompt,
            size: recipe.size.as_ref().map(ToString::to_string),
            aspect_ratio: recipe.aspect_ratio.map(|ratio| ratio.to_string()),
            references: references.map(reference).collect(),
            seed: recipe.seed,
            quality: recipe.quality.map(Quality::name),
            background: recipe.background.map(Background::name),
            negative_prompt: recipe.negative_prompt.as_deref(),
            variant: recipe.variant,
            options: options.collect(),
        }
    }
}

impl<'a> ReferenceRow<'a> {
    /// `known` is the same reference of the recipe, once that is complete.
    fn of(open: &'a OpenReference, known: Option<&Reference>) -> Self {
        let row = Self {
            path: None,
            asset: None,
            url: None,
            take: None,
            hash: known.map(|known| known.hash.to_string()),
            hint: open.hint.as_deref(),
        };
        match &open.origin {
            OpenOrigin::File { path, hash } => Self { path: Some(path.as_str()), hash: Some(hash.to_string()), ..row },
            OpenOrigin::Url(url) => Self { url: Some(url), ..row },
            OpenOrigin::Asset { name, take } => {
                Self { asset: Some(name.as_str()), take: take.as_ref().map(ToString::to_string), ..row }
            }
        }
    }
}

fn table(fields: &BTreeMap<String, Value>) -> Json {
    Json::Object(fields.iter().map(|(name, value)| (name.clone(), json_value(value))).collect())
}

fn json_value(value: &Value) -> Json {
    match value {
        Value::String(text) => json!(text),
        Value::Integer(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Boolean(truth) => json!(truth),
        Value::Array(items) => Json::Array(items.iter().map(json_value).collect()),
        Value::Table(fields) => table(fields),
    }
}
