//! An asset as the grid shows it: where it stands in one word, and what its picture is.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::watch::Done;
use crate::digest::Digest;
use crate::event::{AssetResult, Verdict};
use crate::lock::Entry;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Note, PlannedAsset, ReasonCode};
use crate::project::Project;
use crate::resolve::AssetOrigin;

/// Where an asset stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Fresh,
    Pending,
    Generating,
    Failed,
    Blocked,
    Unavailable,
    Placeholder,
    Draft,
}

/// A note as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Remark {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Remark {
    pub(super) fn of(note: &Note) -> Self {
        Self { code: note.code.to_string(), message: note.message.clone(), help: note.help.clone() }
    }
}

/// An asset on its card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) state: State,
    tags: Vec<String>,
    pub(super) outputs: Vec<String>,
    alt: Option<String>,
    model: Option<String>,
    pub(super) images: u32,
    pub(super) cost_usd: Option<f64>,
    takes: usize,
    width: Option<u32>,
    height: Option<u32>,
    /// The colour that most of it has, for its place until it is loaded.
    color: Option<String>,
    pub(super) thumb: Option<String>,
    note: Option<Remark>,
    prompt: Option<String>,
    /// Where its picture is: the file that is seen in the end or, without one, the original.
    #[serde(skip)]
    pub(super) picture: Option<Shown>,
}

/// What stands for an asset.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) path: Option<ProjectPath>,
    pub(super) original: Option<Digest>,
}

impl Shown {
    /// The file's bytes or, where there is none, the original's.
    pub(super) fn bytes(&self, project: &Project) -> Option<Vec<u8>> {
        let file = self.path.as_ref().and_then(|path| project.read_picture(path).ok());
        file.or_else(|| project.read_original(self.original?))
    }
}

/// The rows after an order: those that it says nothing new of stay as they were.
pub(super) fn rows(before: &BTreeMap<String, Row>, done: &Done, is_draft: bool) -> BTreeMap<String, Row> {
    let declared = done.plan.iter().filter(|one| one.action != Action::Prune);
    declared.map(|one| (one.name.to_string(), row(before.get(one.name.as_str()), one, done, is_draft))).collect()
}

fn row(before: Option<&Row>, one: &PlannedAsset, done: &Done, is_draft: bool) -> Row {
    let result = done.results.get(&one.name);
    let (mut state, note) = state(one, result, is_draft);
    let stand_in = stand_in(one, done).filter(|_| matches!(state, State::Pending | State::Failed));
    if stand_in.is_some() {
        state = State::Placeholder;
    }
    let entry = done.lock.get(&one.name);
    let is_open = !matches!(state, State::Fresh | State::Draft);
    let mut row = Row {
        name: one.name.to_string(),
        state,
        tags: one.tags.clone(),
        outputs: one.outputs.iter().map(ToString::to_string).collect(),
        alt: one.alt.clone(),
        model: one.model.clone(),
        images: if is_open || state == State::Draft { one.images } else { 0 },
        cost_usd: if is_open || state == State::Draft { one.cost_usd } else { Some(0.0) },
        takes: before.map_or(0, |before| before.takes),
        width: before.and_then(|before| before.width),
        height: before.and_then(|before| before.height),
        color: before.and_then(|before| before.color.clone()),
        thumb: before.and_then(|before| before.thumb.clone()),
        note: note.map(Remark::of),
        prompt: prompt(&one.name, done).or_else(|| before.and_then(|before| before.prompt.clone())),
        picture: before.and_then(|before| before.picture.clone()),
    };
    if let Some(entry) = entry {
        row.lock(entry);
    }
    if let Some((path, bytes)) = stand_in {
        row.show(Shown { path: Some(path), original: None }, Digest::of(&bytes));
    }
    row
}

impl Row {
    /// What is locked of it.
    fn lock(&mut self, entry: &Entry) {
        self.takes = entry.takes().len();
        let output = entry.outputs.first();
        self.width = output.map(|output| output.width);
        self.height = output.map(|output| output.height);
        self.color = output.and_then(|output| output.color).map(|color| color.to_string());
        let shown = Shown { path: output.map(|output| output.path.clone()), original: Some(entry.original()) };
        self.show(shown, output.map_or(entry.original(), |output| output.hash));
    }

    /// Its picture, under an address that changes with it.
    fn show(&mut self, picture: Shown, hash: Digest) {
        self.thumb = Some(format!("thumb/{}/{}", &hash.hex()[..12], self.name));
        self.picture = Some(picture);
    }
}

/// The file that stands in for a picture, with its bytes.
fn stand_in(one: &PlannedAsset, done: &Done) -> Option<(ProjectPath, Vec<u8>)> {
    let (project, path) = (done.project.as_ref()?, one.outputs.first().filter(|_| one.action != Action::Keep)?);
    let bytes = project.read_picture(path).ok().filter(|_| project.is_stand_in(path))?;
    Some((path.clone(), bytes))
}

fn prompt(name: &AssetName, done: &Done) -> Option<String> {
    match &done.project.as_ref()?.assets().by_name.get(name)?.origin {
        AssetOrigin::Generated(open) => Some(open.recipe.prompt.clone()),
        AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => None,
    }
}

/// Where an asset stands, and what there is to say about it.
fn state<'a>(one: &'a PlannedAsset, result: Option<&'a AssetResult>, is_draft: bool) -> (State, Option<&'a Note>) {
    let warning = one.warnings.first();
    if let Some(result) = result {
        let note = result.error.as_ref().or(result.warnings.first());
        match result.verdict {
            Verdict::Done if is_draft && one.reasons.iter().any(|reason| reason.code == ReasonCode::Draft) => {
                return (State::Draft, note);
            }
            Verdict::Done => return (State::Fresh, note),
            Verdict::Failed if !matches!(one.action, Action::Blocked | Action::Unavailable) => {
                return (State::Failed, note);
            }
            Verdict::Skipped if !is_only_draft(one) => return (State::Pending, note),
            Verdict::Skipped => return (State::Draft, note),
            Verdict::Failed => {}
        }
    }
    match one.action {
        Action::Blocked => (State::Blocked, one.error.as_ref()),
        Action::Unavailable => (State::Unavailable, one.error.as_ref()),
        _ if one.error.is_some() => (State::Failed, one.error.as_ref()),
        Action::Keep | Action::Generate if is_only_draft(one) => (State::Draft, warning),
        Action::Keep | Action::Prune => (State::Fresh, warning),
        Action::Generate | Action::Restore | Action::Transform => (State::Pending, warning),
    }
}

/// Whether all that there is to say is that it is only tried out.
fn is_only_draft(one: &PlannedAsset) -> bool {
    !one.reasons.is_empty() && one.reasons.iter().all(|reason| reason.code == ReasonCode::Draft)
}
