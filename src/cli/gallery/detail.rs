//! One asset as the page shows it: what `tintype show` says, and what the page adds: addresses of pictures, prices of buttons.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::Context;
use crate::cli::difference::{Part, difference};
use crate::cli::environment::has_home;
use crate::cli::failure::Failure;
use crate::cli::gallery::hub::Hub;
use crate::cli::gallery::rows::Remark;
use crate::cli::show::Picture as Shown;
use crate::cli::watch::price;
use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{Entry, Take};
use crate::name::{AssetName, ProjectPath};
use crate::picture::Picture;
use crate::plan::{Action, PlannedAsset, ReasonCode};
use crate::project::{Agreed, Allowed, Project, Selection, Survey};
use crate::resolve::{Asset, AssetOrigin, Explanation, Layer};
use crate::route::Candidate;

/// A project, looked at.
pub(super) struct Whole {
    pub(super) project: Arc<Project>,
    pub(super) survey: Survey,
}

impl Whole {
    pub(super) fn open(context: &Context, manifest: &Path) -> Result<Self, Failure> {
        let project = Arc::new(Project::open(manifest, &context.environment.surroundings()?)?);
        has_home(project.cache_folder())?;
        let survey = project.survey(&Selection::default(), &Allowed::default())?;
        Ok(Self { project, survey })
    }
}

/// The document of one asset; none if nothing is called so.
pub(super) fn detail(whole: &Whole, hub: &Hub, name: &str) -> Option<Value> {
    let Whole { project, survey } = whole;
    let asset = project.assets().by_name.get(name)?;
    let planned = survey.plan.iter().find(|one| one.name == asset.name)?;
    let entry = survey.lock.get(&asset.name);
    let explanation = project.explain(&asset.name);
    let mut document = serde_json::to_value(Shown::of(project, asset, survey, &explanation)).ok()?;
    let row = hub.row(name);
    document["state"] = json!(row.as_ref().map(|row| row.state));
    document["prompt_parts"] = prompt_parts(&explanation);
    document["prompt_change"] = prompt_change(planned);
    document["warnings"] = planned.warnings.iter().map(|note| json!(Remark::of(note))).collect();
    document["error"] = json!(planned.error.as_ref().map(Remark::of));
    for (take, document) in entry.map(Entry::takes).unwrap_or_default().iter().zip(items(&mut document, "takes")) {
        add_take(take, document, project);
    }
    for document in items(&mut document, "outputs") {
        add_output(document, planned, survey);
    }
    if let Some(recipe) = document.get_mut("recipe") {
        for reference in items(recipe, "references") {
            // What the recipe calls so is an address on the web, which the page doesn't load from.
            reference["web"] = reference["url"].take();
            reference["url"] = reference_url(reference, hub);
        }
    }
    document["reroll"] = reroll(asset, planned, entry, project);
    document["generate"] = generate(planned, project, &Allowed::default());
    let drafts = Allowed { draft: true, ..Allowed::default() };
    document["draft"] = if asset.draft.is_some() { generate(planned, project, &drafts) } else { Value::Null };
    document["accept"] = json!(can_accept(planned, survey, entry));
    document["adopt"] = json!(adoptable(asset, planned));
    Some(document)
}

/// What follows a choice.
pub(super) fn followers(whole: &Whole, name: &str, take: &str) -> Result<Value, Failure> {
    let pick = whole.project.foresee_pick(name, take)?;
    let follower = |(name, cost): &(AssetName, Option<f64>)| json!({ "name": name.as_str(), "cost_usd": cost });
    Ok(json!({ "followers": pick.followers.iter().map(follower).collect::<Vec<_>>() }))
}

fn items<'a>(document: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    document.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The wording, taken apart: the asset's own in the middle, each style's around it.
fn prompt_parts(explanation: &Explanation) -> Value {
    let mut parts: Vec<(String, Option<&str>)> = Vec::new();
    let mut inside = "";
    for (layer, text) in &explanation.prompts {
        let style = match layer {
            Layer::Style(name) => Some(name.as_str()),
            Layer::Asset | Layer::Defaults => None,
        };
        match text.split_once(inside).filter(|_| !inside.is_empty()) {
            Some((before, after)) => {
                parts.insert(0, (before.to_string(), style));
                parts.push((after.to_string(), style));
            }
            None => parts = vec![(text.clone(), style)],
        }
        inside = text;
    }
    let parts = parts.iter().filter(|(text, _)| !text.is_empty());
    parts.map(|(text, from)| json!({ "text": text, "from": from })).collect()
}

/// The wording beside the last one, if it is another.
fn prompt_change(planned: &PlannedAsset) -> Value {
    let Some((before, now)) = planned.reasons.iter().find_map(|reason| reason.change.as_ref()) else {
        return Value::Null;
    };
    let part = |part: &Part| match part {
        Part::Same(text) => json!({ "kind": "same", "text": text }),
        Part::Old(text) => json!({ "kind": "removed", "text": text }),
        Part::New(text) => json!({ "kind": "added", "text": text }),
    };
    difference(before, now).iter().map(part).collect()
}

fn add_take(take: &Take, document: &mut Value, project: &Project) {
    let bytes = project.read_original(take.hash);
    let picture = bytes.as_ref().and_then(|bytes| Picture::read(bytes).ok());
    document["at_hand"] = json!(bytes.is_some());
    document["width"] = json!(picture.as_ref().map(|picture| picture.width));
    document["height"] = json!(picture.as_ref().map(|picture| picture.height));
    document["bytes"] = json!(bytes.as_ref().map(Vec::len));
    document["url"] = json!(bytes.as_ref().map(|_| format!("original/{}", take.hash)));
    document["thumb"] = json!(bytes.as_ref().map(|_| format!("take/{}", take.hash)));
}

fn add_output(document: &mut Value, planned: &PlannedAsset, survey: &Survey) {
    let path = document["path"].as_str().and_then(|path| ProjectPath::new(path).ok());
    let state = path.as_ref().and_then(|path| Some(&survey.observed.facts.get(&planned.name)?.files.get(path)?.state));
    document["url"] = match (path.as_ref(), state) {
        // An address that changes with the content, so that the page shows the new one.
        (Some(path), Some(FileState::File { digest })) => json!(output_url(path, *digest)),
        _ => Value::Null,
    };
}

fn output_url(path: &ProjectPath, digest: Digest) -> String {
    format!("output/{}/{}", &digest.hex()[..12], encoded(path.as_str()))
}

fn reference_url(reference: &Value, hub: &Hub) -> Value {
    if let Some(path) = reference["path"].as_str() {
        return json!(format!("reference/{}", encoded(path)));
    }
    json!(reference["asset"].as_str().and_then(|name| hub.row(name)?.thumb))
}

/// A path as a part of an address.
pub(super) fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// One more take: its price, or why there can't be one.
fn reroll(asset: &Asset, planned: &PlannedAsset, entry: Option<&Entry>, project: &Project) -> Value {
    if !matches!(asset.origin, AssetOrigin::Generated(_)) {
        return Value::Null;
    }
    let candidate = usable(&planned.candidates, project);
    let why_not = if asset.hold && entry.is_some() {
        Some("it is held".to_string())
    } else if planned.action == Action::Blocked {
        Some("its file was edited by hand".to_string())
    } else if let Some(error) = planned.error.as_ref().filter(|_| planned.images == 0) {
        // The same recipe once more would come to the same.
        Some(error.message.clone())
    } else if candidate.is_none() {
        Some(match planned.missing_keys.as_slice() {
            [] => "nobody can be asked".to_string(),
            keys => format!("{} is not set", keys.join(" or ")),
        })
    } else {
        None
    };
    json!({ "cost_usd": candidate.and_then(|candidate| candidate.cost_usd), "why_not": why_not })
}

fn usable<'a>(candidates: &'a [Candidate], project: &Project) -> Option<&'a Candidate> {
    candidates.iter().find(|candidate| project.has_key(&candidate.route.provider))
}

/// What it would cost to have it made, with all that it refers to and that isn't there.
fn generate(planned: &PlannedAsset, project: &Project, allowed: &Allowed) -> Value {
    if matches!(planned.action, Action::Keep | Action::Blocked | Action::Unavailable | Action::Prune) {
        return Value::Null;
    }
    let selection = Selection { names: vec![planned.name.to_string()], ..Selection::default() };
    let Ok(plan) = project.plan(&selection, allowed) else { return Value::Null };
    let Some(own) = plan.iter().find(|one| one.name == planned.name) else { return Value::Null };
    if own.action == Action::Keep || own.error.is_some() {
        // A draft that is there already; what isn't sent again by itself.
        return Value::Null;
    }
    let missing = plan.iter().find(|one| one.images > 0 && !one.missing_keys.is_empty());
    let missing = missing.map(|one| format!("{} is not set", one.missing_keys.join(" or ")));
    let Agreed { images, cost_usd } = price(&plan);
    json!({ "cost_usd": cost_usd, "images": images, "why_not": missing })
}

/// Whether the present picture could stand for a recipe that has changed, or for one that is only tried out.
fn can_accept(planned: &PlannedAsset, survey: &Survey, entry: Option<&Entry>) -> bool {
    let Some(locked) = entry.and_then(Entry::generated) else { return false };
    let facts = &survey.observed.facts[&planned.name];
    facts.recipe.is_some() && (facts.fingerprint != facts.locked_fingerprint || locked.is_draft())
}

/// The edited file that could become a take.
fn adoptable<'a>(asset: &'a Asset, planned: &'a PlannedAsset) -> Option<&'a str> {
    let is_edited =
        planned.action == Action::Blocked && planned.reasons.iter().any(|reason| reason.code == ReasonCode::Edited);
    let output = asset.outputs.first().filter(|_| is_edited && asset.outputs.len() == 1)?;
    let stands_alone = matches!(asset.origin, AssetOrigin::Generated(_)) && !output.settings.changes_geometry();
    planned.outputs.first().filter(|_| stands_alone && planned.outputs.len() == 1).map(ProjectPath::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cli::gallery::detail::{encoded, prompt_parts};
    use crate::resolve::{Explanation, Layer};

    #[test]
    fn a_wording_is_taken_apart_into_what_each_style_adds() {
        let prompts = vec![
            (Layer::Asset, "a sword".to_string()),
            (Layer::Style("gouache".to_string()), "a sword, flat gouache".to_string()),
            (Layer::Style("icon".to_string()), "icon of a sword, flat gouache.".to_string()),
        ];
        let parts = prompt_parts(&Explanation { prompts, ..Explanation::default() });
        let expected = [("icon of ", "icon"), ("a sword", ""), (", flat gouache", "gouache"), (".", "icon")];
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, from)| json!({"text": text, "from": (!from.is_empty()).then_some(from)}))
            .collect();
        assert_eq!(parts, json!(expected));
        // A style that says it all leaves nothing of the asset's own.
        let prompts =
            vec![(Layer::Asset, "a sword".to_string()), (Layer::Style("x".to_string()), "nothing".to_string())];
        let parts = prompt_parts(&Explanation { prompts, ..Explanation::default() });
        assert_eq!(parts, json!([{"text": "nothing", "from": "x"}]));
    }

    #[test]
    fn any_path_is_a_part_of_an_address() {
        assert_eq!(encoded("a b/ü#?.png"), "a%20b/%C3%BC%23%3F.png");
    }
}
