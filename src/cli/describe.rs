//! Plans and their outcome in words: calm, and readable without colour.

use std::collections::BTreeSet;

use clap::builder::styling::Style;

use crate::atlas::{AtlasState, PlannedAtlas};
use crate::cli::difference::{Part, difference, marked, shortened};
use crate::cli::failure::help;
use crate::cli::talk::{BOLD, CYAN, DIM, GREEN, RED, Screen, YELLOW};
use crate::cli::words::{counted, dollars, price, several, wrap};
use crate::codegen::{CodeFile, CodeState};
use crate::event::{AssetResult, Verdict};
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Note, Plan, PlannedAsset, Reason, ReasonCode, rounded};
use crate::project::Synced;

/// Names are lined up to this width.
const NAME_WIDTH: usize = 28;
/// Names shown before the rest is only counted.
const NAMES: usize = 5;

/// Each asset that something is to be done about, why, and what it comes to.
pub(crate) fn plan(plan: &Plan, screen: Screen, verbose: bool) -> String {
    let shown: Vec<&PlannedAsset> = plan.iter().filter(|one| verbose || one.action != Action::Keep).collect();
    let columns = Columns::of(&shown);
    let mut said = BTreeSet::new();
    let mut lines: Vec<String> = shown.iter().flat_map(|one| block(one, &columns, screen, &mut said)).collect();
    lines.extend(plan.atlases.iter().map(|one| atlas(one, screen)));
    lines.extend(plan.code.iter().map(|file| code(file, screen)));
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(missing_keys(plan).map(|missing| format!("{}: {missing}", screen.paint(YELLOW, "note"))));
    lines.push(summary(plan));
    lines.join("\n")
}

/// An atlas that isn't as it should be.
fn atlas(atlas: &PlannedAtlas, screen: Screen) -> String {
    let (sign, style) = match atlas.state {
        AtlasState::New => ("+", GREEN),
        AtlasState::Changed | AtlasState::Follows => ("~", YELLOW),
        AtlasState::Missing => sign(Action::Restore, screen),
        AtlasState::Undeclared => sign(Action::Prune, screen),
        AtlasState::Blocked(_) => ("!", RED),
    };
    let why = match &atlas.state {
        AtlasState::Blocked(why) => {
            format!("{why}: move it away, give the atlas another path, or replace it with --overwrite")
        }
        state => reason(state).to_string(),
    };
    let name = screen.paint(BOLD, &format!("[atlases.{}]", atlas.name));
    let action = screen.paint(style, atlas_action(&atlas.state));
    format!("{} {name}  {action}  {}", screen.paint(style, sign), screen.plain(&why))
}

/// What a sync does about an atlas.
pub(crate) const fn atlas_action(state: &AtlasState) -> &'static str {
    match state {
        AtlasState::New | AtlasState::Changed | AtlasState::Follows => "pack",
        AtlasState::Missing => "restore",
        AtlasState::Undeclared => "prune",
        AtlasState::Blocked(_) => "blocked",
    }
}

/// Why.
pub(crate) fn reason(state: &AtlasState) -> &str {
    match state {
        AtlasState::New => "not packed yet",
        AtlasState::Changed => "what is in it, or how it is packed, has changed",
        AtlasState::Follows => "pictures in it change",
        AtlasState::Missing => "a sheet isn't there",
        AtlasState::Undeclared => "no longer declared",
        AtlasState::Blocked(why) => why,
    }
}

/// A file of generated code that isn't as it should be.
fn code(file: &CodeFile, screen: Screen) -> String {
    let path = screen.paint(BOLD, file.path.as_str());
    match &file.state {
        CodeState::Missing => format!("{} {path}  write  generated code", screen.paint(GREEN, "+")),
        CodeState::Stale => format!("{} {path}  write  it doesn't say what is locked", screen.paint(YELLOW, "~")),
        CodeState::Foreign(why) => {
            let cure = "give the code another path, or replace the file with --overwrite";
            format!("{} {path}  blocked  {why}: {cure}", screen.paint(RED, "!"))
        }
    }
}

/// The widths that line the assets up.
struct Columns {
    name: usize,
    action: usize,
}

impl Columns {
    fn of(assets: &[&PlannedAsset]) -> Self {
        Self {
            name: name_width(assets.iter().map(|one| &one.name)),
            action: assets.iter().map(|one| one.action.name().len()).max().unwrap_or(0),
        }
    }
}

/// The width that lines these names up; very long ones stand out.
pub(crate) fn name_width<'a>(names: impl Iterator<Item = &'a AssetName>) -> usize {
    names.map(|name| name.as_str().len()).max().unwrap_or(0).min(NAME_WIDTH)
}

/// An asset's line, and below it why.
fn block(one: &PlannedAsset, columns: &Columns, screen: Screen, said: &mut BTreeSet<String>) -> Vec<String> {
    let (sign, style) = if one.error.is_some() { ("!", RED) } else { sign(one.action, screen) };
    let name = screen.paint(BOLD, &format!("{:<1$}", one.name.as_str(), columns.name));
    let action = screen.paint(style, &format!("{:<1$}", one.action.name(), columns.action));
    let head = format!("{} {name}  {action}  {}", screen.paint(style, sign), purchase(one));
    let is_in_error = |reason: &&Reason| one.error.as_ref().is_some_and(|error| error.message.contains(&reason.detail));
    let reasons = one.reasons.iter().filter(|reason| !is_in_error(reason)).map(|reason| reason_line(reason, screen));
    let warnings = one.warnings.iter().filter(|warning| said.insert(warning.message.clone()));
    let warnings = warnings.map(|warning| note("warning", YELLOW, warning, screen));
    let error = one.error.iter().map(|error| note("error", RED, error, screen));
    let below = reasons.chain(warnings).chain(error).map(|line| format!("    {line}"));
    std::iter::once(head.trim_end().to_string()).chain(below).collect()
}

/// The sign of an action: what it is must be clear without colour.
fn sign(action: Action, screen: Screen) -> (&'static str, Style) {
    match action {
        Action::Generate => ("+", GREEN),
        Action::Transform => ("~", YELLOW),
        Action::Restore => (if screen.unicode { "↻" } else { "<" }, CYAN),
        Action::Prune => ("-", RED),
        Action::Blocked | Action::Unavailable => ("!", RED),
        Action::Keep => (" ", DIM),
    }
}

fn purchase(one: &PlannedAsset) -> String {
    if one.images == 0 {
        return String::new();
    }
    let images = counted(one.images as usize, "image");
    let provider = one.provider.as_deref().unwrap_or_default();
    let model = one.model.as_deref().unwrap_or_default();
    let maker = if model == provider { model.to_string() } else { format!("{model} from {provider}") };
    format!("{images} by {maker}, {}{}", price_up_to(one.work.waits, one.cost_usd), sizes(one))
}

/// `; asked at 1024x1024, made into 64x64, 32x32`, where that isn't the same.
fn sizes(one: &PlannedAsset) -> String {
    let asked = one.first().and_then(|candidate| candidate.asked.as_ref());
    let into: Vec<String> = one.made_into.iter().map(|(width, height)| format!("{width}x{height}")).collect();
    match asked {
        Some(asked) if !into.is_empty() => format!("; asked at {asked}, made into {}", several(&into, NAMES)),
        _ => String::new(),
    }
}

/// A price which may still fall away, or not.
fn price_up_to(waits: bool, cost_usd: Option<f64>) -> String {
    let up_to = if waits && cost_usd.is_some_and(|cost| cost > 0.0) { "up to " } else { "" };
    format!("{up_to}{}", price(cost_usd))
}

/// A reason; for a field of the recipe, with its name.
fn reason_line(reason: &Reason, screen: Screen) -> String {
    let is_field = matches!(
        reason.code,
        ReasonCode::Prompt
            | ReasonCode::Model
            | ReasonCode::Size
            | ReasonCode::AspectRatio
            | ReasonCode::Reference
            | ReasonCode::Seed
            | ReasonCode::Quality
            | ReasonCode::Variant
            | ReasonCode::Option
    );
    let detail = match &reason.change {
        Some((before, now)) => changed(before, now, screen),
        None => screen.plain(&reason.detail),
    };
    let text = if is_field { format!("{}: {detail}", screen.paint(DIM, reason.code.name())) } else { detail };
    wrap(&text, 6, 4, screen.width)
}

/// A changed wording: in colours, or with marks where there are none.
fn changed(before: &str, now: &str, screen: Screen) -> String {
    let parts = shortened(difference(before, now));
    if !screen.is_colored() {
        return screen.plain(&marked(&parts));
    }
    // Each word gets its own colours, so that a line may break between them.
    let words = |style: Style, text: &str| {
        let words = text.split(' ').map(|word| if word.is_empty() { String::new() } else { screen.paint(style, word) });
        words.collect::<Vec<_>>().join(" ")
    };
    let paint = |part: &Part| match part {
        Part::Same(text) => screen.plain(text),
        Part::Old(text) => words(RED.strikethrough(), &screen.plain(text)),
        Part::New(text) => words(GREEN.underline(), &screen.plain(text)),
    };
    // A replaced word and its successor need a blank between them once there are no marks.
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 && matches!((&parts[index - 1], part), (Part::Old(_), Part::New(_))) && !text.ends_with(' ') {
            text.push(' ');
        }
        text.push_str(&paint(part));
    }
    text
}

fn note(kind: &str, style: Style, note: &Note, screen: Screen) -> String {
    let indent = 6 + kind.len();
    let message = wrap(&screen.plain(&note.message), indent, indent, screen.width);
    format!("{}: {message}{}", screen.paint(style, kind), help(note, 6, screen))
}

/// What a sync of this plan would ask for first.
fn missing_keys(plan: &Plan) -> Option<String> {
    let asked = plan.iter().filter(|one| one.images > 0 && !one.missing_keys.is_empty());
    let needs: BTreeSet<Vec<&String>> = asked.map(|one| one.missing_keys.iter().collect()).collect();
    // A key that one asset can't do without serves those as well that have a choice.
    let is_met = |need: &Vec<&String>| {
        needs.iter().any(|other| other != need && other.iter().all(|variable| need.contains(variable)))
    };
    let needs: Vec<String> = needs
        .iter()
        .filter(|need| !is_met(need))
        .map(|need| need.iter().map(|variable| variable.as_str()).collect::<Vec<_>>().join(" or "))
        .collect();
    let verb = if needs.len() == 1 { "isn't" } else { "aren't" };
    (!needs.is_empty()).then(|| format!("a sync needs {}, which {verb} set", several(&needs, NAMES)))
}

/// `3 to generate (3 images, $0.12), 1 to restore, 40 unchanged`.
pub(crate) fn summary(plan: &Plan) -> String {
    if plan.is_settled() {
        return nothing(plan.assets.len());
    }
    // What was refused, or may have been billed, is not sent again by itself.
    let is_held_back = |one: &PlannedAsset| one.action == Action::Generate && one.error.is_some();
    let held_back = plan.iter().filter(|one| is_held_back(one)).count();
    let count = |action| plan.iter().filter(|one| one.action == action && !is_held_back(one)).count();
    let atlases = |is_blocked: bool| {
        let of_kind = plan.atlases.iter().filter(|one| matches!(one.state, AtlasState::Blocked(_)) == is_blocked);
        of_kind.count()
    };
    let images: u32 = plan.iter().map(|one| one.images).sum();
    let cost = price_up_to(waits(plan), plan.cost_usd());
    let bought = if images > 0 { format!(" ({}, {cost})", counted(images as usize, "image")) } else { String::new() };
    let parts = [
        (count(Action::Generate), format!("to generate{bought}")),
        (count(Action::Transform), "to transform".to_string()),
        (count(Action::Restore), "to restore".to_string()),
        (count(Action::Prune), "to prune".to_string()),
        (held_back, "held back".to_string()),
        (count(Action::Blocked), "blocked".to_string()),
        (count(Action::Unavailable), "unavailable".to_string()),
        (atlases(false), if atlases(false) == 1 { "atlas to pack" } else { "atlases to pack" }.to_string()),
        (atlases(true), if atlases(true) == 1 { "atlas blocked" } else { "atlases blocked" }.to_string()),
        (plan.code.len(), "of code to write".to_string()),
        (count(Action::Keep), "unchanged".to_string()),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn nothing(assets: usize) -> String {
    match assets {
        0 => "nothing to do: no asset is declared".to_string(),
        1 => "nothing to do: 1 asset is as locked".to_string(),
        count => format!("nothing to do: {count} assets are as locked"),
    }
}

/// Whether a price may still fall away: an asset that follows another may turn out unchanged.
fn waits(plan: &Plan) -> bool {
    plan.iter().any(|one| one.work.waits && one.spends())
}

/// What is about to be spent, on what; nothing where nothing is.
pub(crate) fn spending(plan: &Plan) -> Option<String> {
    let names: Vec<&AssetName> = plan.iter().filter(|one| one.spends()).map(|one| &one.name).collect();
    let images = counted(plan.paid_images() as usize, "image");
    let up_to = if waits(plan) { "up to " } else { "" };
    let cost = plan
        .cost_usd()
        .map_or_else(|| "at an unknown price".to_string(), |cost| format!("for {up_to}{}", dollars(cost)));
    (!names.is_empty()).then(|| format!("{images} to buy {cost}: {}", several(&names, NAMES)))
}

/// The question before it.
pub(crate) fn question(plan: &Plan) -> String {
    let cost = plan.cost_usd().map_or_else(|| "an unknown amount".to_string(), dollars);
    format!("Spend {cost} on {}?", counted(plan.paid_images() as usize, "image"))
}

/// `made 3, restored 1, 40 unchanged; 3 images, $0.12`.
pub(crate) fn made(synced: &Synced, screen: Screen) -> String {
    if synced.plan.is_settled() {
        return nothing(synced.plan.assets.len());
    }
    let verdict = |one: &PlannedAsset| synced.results.get(&one.name).map(|result| result.verdict);
    let done = |action: Action| {
        synced.plan.iter().filter(|one| one.action == action && verdict(one) == Some(Verdict::Done)).count()
    };
    let with =
        |wanted: Verdict| synced.results.values().filter(|result| result.verdict == wanted && !result.filled).count();
    let filled = synced.results.values().filter(|result| result.filled).count();
    let parts = [
        (done(Action::Generate), "made", GREEN, true),
        (done(Action::Transform), "transformed", GREEN, true),
        (done(Action::Restore), "restored", GREEN, true),
        (done(Action::Prune), "pruned", GREEN, true),
        (filled, "filled", YELLOW, false),
        (with(Verdict::Failed), "failed", RED, false),
        (with(Verdict::Skipped), "skipped", YELLOW, false),
        (done(Action::Keep), "unchanged", Style::new(), false),
    ];
    let part = |(count, word, style, is_first): (usize, &str, Style, bool)| {
        let words = if is_first { format!("{word} {count}") } else { format!("{count} {word}") };
        (count > 0).then(|| screen.paint(style, &words))
    };
    let text = parts.into_iter().filter_map(part).collect::<Vec<_>>().join(", ");
    let code = synced.code.blocked.iter().map(|file| format!("{}\n", code(file, screen)));
    let failed = synced.atlases.failed.iter().map(|(_, error)| format!("{}\n", note("error", RED, error, screen)));
    let filled = synced.atlases.filled.iter().map(|(name, paths)| with_sheets("filled", name, paths));
    let packed = synced.atlases.packed.iter().map(|(name, paths)| with_sheets("packed", name, paths));
    let pruned = synced.atlases.pruned.iter().map(|name| format!("pruned the atlas {name}\n"));
    let written = synced.code.written.iter().map(|path| format!("wrote {path}\n"));
    let code: String = failed.chain(code).chain(filled).chain(packed).chain(pruned).chain(written).collect();
    let interrupted = if synced.interrupted { "interrupted: " } else { "" };
    format!("{code}{interrupted}{text}{}", bill(synced.results.values()))
}

fn with_sheets(done: &str, name: &AssetName, paths: &[ProjectPath]) -> String {
    let paths = paths.iter().map(ProjectPath::as_str).collect::<Vec<_>>().join(", ");
    format!("{done} {name} into {paths}\n")
}

fn bill<'a>(results: impl Iterator<Item = &'a AssetResult> + Clone) -> String {
    let images: u32 = results.clone().map(|result| result.images).sum();
    let cost = results.map(|result| result.cost_usd).sum::<Option<f64>>().map(rounded);
    if images == 0 && cost == Some(0.0) {
        String::new()
    } else {
        format!("; {}, {}", counted(images as usize, "image"), price(cost))
    }
}
