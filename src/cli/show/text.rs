//! One asset, for people.

use serde_json::Value as Json;

use crate::cli::show::picture::{OutputRow, Picture, RouteRow, TakeRow};
use crate::cli::talk::{BOLD, DIM, GREEN, RED, Screen, YELLOW};
use crate::cli::words::{counted, price, wrap};
use crate::digest::Digest;

/// The width of the words in front: `passed over`.
const LABEL: usize = 11;

/// All that is known, a line a fact.
pub(super) fn text(picture: &Picture<'_>, screen: Screen) -> String {
    let mut page = Page { screen, text: format!("{}  {}\n\n", screen.paint(BOLD, picture.name), picture.action) };
    page.facts(picture);
    page.recipe(picture);
    page.rows("route", picture.route.iter().map(route));
    page.rows("passed over", picture.passed_over.iter().map(|other| format!("{}: {}", other.provider, other.reason)));
    page.rows("takes", take_lines(&picture.takes, screen).into_iter());
    page.rows("files", output_lines(&picture.outputs, screen).into_iter());
    if !picture.takes.is_empty() {
        let takes = counted(u32::try_from(picture.takes.len()).unwrap_or(u32::MAX), "take");
        page.fact("cost", Some(&format!("{} for {takes}", price(picture.cost_usd))));
    }
    page.text
}

struct Page {
    screen: Screen,
    text: String,
}

impl Page {
    fn facts(&mut self, picture: &Picture<'_>) {
        self.fact("prompt", picture.prompt);
        self.fact(
            "source",
            picture.source.as_ref().map(|source| format!("{}  {}", source.path, source.hash)).as_deref(),
        );
        self.fact("alt", picture.alt);
        self.fact("tags", (!picture.tags.is_empty()).then(|| picture.tags.join(", ")).as_deref());
        self.fact("hold", picture.hold.then_some("never made anew"));
    }

    fn recipe(&mut self, picture: &Picture<'_>) {
        for (name, value) in picture.recipe.iter().flatten().filter(|(name, _)| *name != "prompt") {
            match value {
                Json::Array(references) => self.rows(name, references.iter().map(reference)),
                Json::String(text) => self.fact(name, Some(text)),
                other => self.fact(name, Some(&other.to_string())),
            }
        }
        self.fact("fingerprint", picture.fingerprint.as_deref());
    }

    fn fact(&mut self, label: &str, value: Option<&str>) {
        self.rows(label, value.map(|value| self.screen.plain(value)).into_iter());
    }

    /// Lines of which only the first has a label. They may hold colours: what is foreign in them is plain already.
    fn rows(&mut self, label: &str, rows: impl Iterator<Item = String>) {
        for (index, row) in rows.enumerate() {
            let label = if index == 0 { label.replace('_', " ") } else { String::new() };
            let label = self.screen.paint(DIM, &format!("{label:<LABEL$}"));
            let indent = LABEL + 2;
            self.text.push_str(&format!("{label}  {}\n", wrap(&row, indent, indent, self.screen.width)));
        }
    }
}

fn route(route: &RouteRow<'_>) -> String {
    let asked = route.asked.as_deref().map(|asked| format!(" asked for {asked}")).unwrap_or_default();
    let each = if route.cost_usd == Some(0.0) || route.cost_usd.is_none() { "" } else { " an image" };
    format!("{}: {} ({}){asked}, {}{each}", route.provider, route.model_id, route.api, price(route.cost_usd))
}

fn reference(reference: &Json) -> String {
    let field = |name: &str| reference.get(name).and_then(Json::as_str);
    let origin = field("path").map(str::to_string).or_else(|| field("asset").map(|asset| format!("asset:{asset}")));
    format!("{}  {}", origin.unwrap_or_default(), short(field("hash").unwrap_or_default()))
}

fn take_lines(takes: &[TakeRow<'_>], screen: Screen) -> Vec<String> {
    let line = |take: &TakeRow<'_>| {
        let date = take.generated.unwrap_or("no date");
        let kind = take.kind.map(|kind| format!("  {kind}")).unwrap_or_default();
        let chosen = if take.chosen { format!("  {}", screen.paint(GREEN, "chosen")) } else { String::new() };
        let (hash, price) = (short(&take.hash), price(take.cost_usd));
        format!("{:>2}  {hash}  {date}  {}  {price}{kind}{chosen}", take.number, screen.plain(take.provider))
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
fn length(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
