//! One asset, for people.

use crate::cli::show::origin::{VariableRow, WordingRow};
use crate::cli::show::picture::{OutputRow, PassedOver, Picture, ReferenceRow, RouteRow, Source, TakeRow};
use crate::cli::talk::{BOLD, DIM, GREEN, RED, Screen, YELLOW};
use crate::cli::words::{counted, price, wrap};
use crate::digest::Digest;

/// The width of the words in front: `aspect ratio`.
const LABEL: usize = 12;

/// All that is known, a line a fact.
pub(super) fn text(picture: &Picture<'_>, screen: Screen) -> String {
    let mut page = Page::new(picture.name, picture.action, screen);
    page.facts(picture);
    page.recipe(picture);
    page.rows("route", picture.route.iter().map(route));
    page.rows("passed over", picture.passed_over.iter().map(passed_over));
    page.rows("takes", take_lines(&picture.takes, screen).into_iter());
    page.rows("files", output_lines(&picture.outputs, screen).into_iter());
    if !picture.takes.is_empty() {
        let takes = counted(picture.takes.len(), "take");
        page.fact("cost", Some(&format!("{}, {takes}", price(picture.cost_usd))));
    }
    let written_out = screen.paint(DIM, "written out, with nothing inherited:");
    let entry: Vec<String> = picture.entry.lines().map(|line| screen.plain(line)).collect();
    page.lines.extend([String::new(), written_out, String::new(), entry.join("\n")]);
    page.text()
}

/// Facts below a name, each behind a label.
pub(super) struct Page {
    screen: Screen,
    lines: Vec<String>,
}

impl Page {
    pub(super) fn new(name: &str, state: &str, screen: Screen) -> Self {
        Self { screen, lines: vec![format!("{}  {state}", screen.paint(BOLD, name)), String::new()] }
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    fn facts(&mut self, picture: &Picture<'_>) {
        self.fact("prompt", picture.prompt);
        let is_composed = picture.origin.wordings.iter().any(|wording| Some(wording.text) != picture.prompt);
        if is_composed {
            let screen = self.screen;
            self.rows("  made of", picture.origin.wordings.iter().map(|wording| wording_line(wording, screen)));
            self.rows("  with", picture.origin.variables.iter().map(|variable| variable_line(variable, screen)));
        }
        self.fact("source", picture.source.as_ref().map(source).as_deref());
        self.fact("alt", picture.alt);
        self.fact("tags", (!picture.tags.is_empty()).then(|| picture.tags.join(", ")).as_deref());
        self.fact("hold", picture.hold.then_some("never made anew"));
    }

    fn recipe(&mut self, picture: &Picture<'_>) {
        if let Some(recipe) = &picture.recipe {
            self.key("model", "model", Some(recipe.model), picture);
            self.key("size", "size", recipe.size.as_deref(), picture);
            self.key("aspect ratio", "aspect_ratio", recipe.aspect_ratio.as_deref(), picture);
            self.rows("references", recipe.references.iter().map(reference));
            self.key("seed", "seed", recipe.seed.map(|seed| seed.to_string()).as_deref(), picture);
            self.key("quality", "quality", recipe.quality, picture);
            self.key("background", "background", recipe.background, picture);
            self.key("negative", "negative_prompt", recipe.negative_prompt, picture);
            self.key("variant", "variant", recipe.variant.map(|variant| variant.to_string()).as_deref(), picture);
            let screen = self.screen;
            let options = recipe.options.iter();
            self.rows("options", options.map(|(provider, fields)| screen.plain(&format!("{provider}: {fields}"))));
        }
        self.fact("fingerprint", picture.fingerprint.as_deref());
    }

    /// A key's value and, where the asset inherits it, from where.
    fn key(&mut self, label: &str, key: &str, value: Option<&str>, picture: &Picture<'_>) {
        let Some(value) = value else { return };
        let from = picture.origin.inherited(key).map(|from| self.screen.plain(&from));
        let from = from.map(|from| format!("  {}", self.screen.paint(DIM, &format!("from {from}"))));
        let row = format!("{}{}", self.screen.plain(value), from.unwrap_or_default());
        self.rows(label, std::iter::once(row));
    }

    pub(super) fn fact(&mut self, label: &str, value: Option<&str>) {
        self.rows(label, value.map(|value| self.screen.plain(value)).into_iter());
    }

    /// Lines of which only the first has a label. They may hold colours: what is foreign in them is plain already.
    pub(super) fn rows(&mut self, label: &str, rows: impl Iterator<Item = String>) {
        for (index, row) in rows.enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = self.screen.paint(DIM, &format!("{label:<LABEL$}"));
            let indent = LABEL + 2;
            self.lines.push(format!("{label}  {}", wrap(&row, indent, indent, self.screen.width)));
        }
    }
}

fn wording_line(wording: &WordingRow<'_>, screen: Screen) -> String {
    let text: Vec<&str> = wording.text.split_whitespace().collect();
    format!("{}  {}", screen.plain(&text.join(" ")), screen.paint(DIM, &screen.plain(&wording.at.words())))
}

fn variable_line(variable: &VariableRow<'_>, screen: Screen) -> String {
    let value = variable.value.map(|value| format!(" = {value}")).unwrap_or_default();
    format!(
        "{}  {}",
        screen.plain(&format!("{}{value}", variable.name)),
        screen.paint(DIM, &screen.plain(&variable.at.words()))
    )
}

fn source(source: &Source<'_>) -> String {
    let asset = source.asset.map(|asset| format!("asset:{asset}"));
    let origin = source.path.map(str::to_string).or(asset).unwrap_or_default();
    format!("{origin}  {}", source.hash.as_deref().unwrap_or("not made yet"))
}

fn route(route: &RouteRow<'_>) -> String {
    let asked = route.asked.as_deref().map(|asked| format!(" asked for {asked}")).unwrap_or_default();
    let each = if route.cost_usd == Some(0.0) || route.cost_usd.is_none() { "" } else { " an image" };
    format!("{}: {} ({}){asked}, {}{each}", route.provider, route.model_id, route.api, price(route.cost_usd))
}

fn passed_over(other: &PassedOver<'_>) -> String {
    let api = other.api.map(|api| format!(" ({api})")).unwrap_or_default();
    format!("{}{api}: {}", other.provider, other.reason)
}

fn reference(reference: &ReferenceRow<'_>) -> String {
    let asset = reference.asset.map(|asset| format!("asset:{asset}"));
    let origin = reference.path.or(reference.url).map(str::to_string).or(asset).unwrap_or_default();
    let take = reference.take.as_ref().map(|take| format!(" take {take}")).unwrap_or_default();
    let hint = reference.hint.map(|hint| format!("  {hint}")).unwrap_or_default();
    let hash = reference.hash.as_deref().map_or_else(|| "not known yet".to_string(), short);
    format!("{origin}{take}  {hash}{hint}")
}

pub(in crate::cli) fn take_lines(takes: &[TakeRow<'_>], screen: Screen) -> Vec<String> {
    let provider = takes.iter().map(|take| take.provider.chars().count()).max().unwrap_or(0);
    let line = |take: &TakeRow<'_>| {
        // The placeholder's takes have no date.
        let date = take.generated.map(|date| format!("{}  ", screen.plain(date))).unwrap_or_default();
        let kind = take.kind.map(|kind| format!("  {kind}")).unwrap_or_default();
        let chosen = if take.chosen { format!("  {}", screen.paint(GREEN, "chosen")) } else { String::new() };
        let (hash, price) = (short(&take.hash), price(take.cost_usd));
        format!("{}  {hash}  {date}{:provider$}  {price}{kind}{chosen}", take.number, screen.plain(take.provider))
    };
    takes.iter().map(line).collect()
}

fn output_lines(outputs: &[OutputRow<'_>], screen: Screen) -> Vec<String> {
    let width = outputs.iter().map(|output| output.path.chars().count()).max().unwrap_or(0);
    let line = |output: &OutputRow<'_>| {
        let (style, state) = match output.state {
            "same" => (GREEN, "as locked"),
            "unlocked" => (YELLOW, "not locked"),
            "missing" if output.hash.is_none() => (YELLOW, "not made yet"),
            state => (RED, state),
        };
        let size =
            output.width.zip(output.height).map(|(width, height)| format!("  {width}x{height}")).unwrap_or_default();
        let bytes = output.bytes.map(|bytes| format!("  {}", length(bytes))).unwrap_or_default();
        format!("{:<width$}  {}{size}{bytes}", screen.plain(output.path), screen.paint(style, state))
    };
    outputs.iter().map(line).collect()
}

fn short(digest: &str) -> String {
    digest.parse::<Digest>().map_or_else(|_| digest.to_string(), Digest::short)
}

/// A file's length in the unit that suits it.
pub(super) fn length(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
