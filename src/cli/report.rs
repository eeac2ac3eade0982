//! `tintype report`: which pictures were generated, by what and when. For a store's form, or for a law.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::markdown::escape;
use crate::cli::talk::{DIM, Screen};
use crate::cli::words::{counted, plain};
use crate::project::{Maker, Provenance};

/// The model that isn't one.
const PLACEHOLDER: &str = "placeholder";
/// What the columns hold.
const COLUMNS: [&str; 8] = ["picture", "origin", "model", "vendor", "model id", "date", "edited", "files"];

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let pictures = context.open()?.provenance()?;
    let rows: Vec<Row<'_>> = pictures.iter().map(Row::of).collect();
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Human => human(&rows, talk.out),
        Format::Json => render(&Document { version: VERSION, totals: Totals::of(&rows), pictures: &rows }),
        Format::Markdown => markdown(&rows),
        Format::Csv => csv(&rows),
    })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    totals: Totals,
    pictures: &'a [Row<'a>],
}

#[derive(Serialize)]
struct Totals {
    pictures: usize,
    generated: usize,
    hand_made: usize,
    not_made_yet: usize,
    edited: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    origin: &'static str,
    model: Option<&'a str>,
    provider: Option<&'a str>,
    model_id: Option<&'a str>,
    generated: Option<&'a str>,
    edited: bool,
    files: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn of(picture: &'a Provenance) -> Self {
        let files = picture.files.iter().map(crate::name::ProjectPath::as_str).collect();
        let (name, edited) = (picture.name.as_str(), picture.is_edited);
        let of =
            |origin| Self { name, origin, model: None, provider: None, model_id: None, generated: None, edited, files };
        match &picture.maker {
            Maker::Hand => of("hand-made"),
            Maker::Nobody => of("not made yet"),
            Maker::Model { model, vendor, date } => Row {
                model: Some(model),
                provider: vendor.as_ref().map(|(provider, _)| provider.as_str()),
                model_id: vendor.as_ref().map(|(_, id)| id.as_str()),
                generated: date.as_deref(),
                ..of("generated")
            },
        }
    }

    /// In the order of the columns.
    fn cells(&self) -> [String; 8] {
        let date = self.generated.map(|date| date.split('T').next().unwrap_or(date));
        let text = |text: Option<&str>| text.unwrap_or_default().to_string();
        [
            self.name.to_string(),
            self.origin.to_string(),
            text(self.model),
            text(self.provider),
            text(self.model_id),
            text(date),
            if self.edited { "yes" } else { "no" }.to_string(),
            self.files.join(" "),
        ]
    }
}

impl Totals {
    fn of(rows: &[Row<'_>]) -> Self {
        let of = |origin: &str| rows.iter().filter(|row| row.origin == origin).count();
        Self {
            pictures: rows.len(),
            generated: of("generated"),
            hand_made: of("hand-made"),
            not_made_yet: of("not made yet"),
            edited: rows.iter().filter(|row| row.edited).count(),
        }
    }
}

/// What one would write into a form.
fn statement(rows: &[Row<'_>]) -> Vec<String> {
    let totals = Totals::of(rows);
    let mut lines = Vec::new();
    let all = counted(totals.pictures, "picture");
    lines.push(match totals.generated {
        0 => format!("Of {all}, none was generated."),
        generated => format!("Of {all}, {generated} {} generated:", were(generated)),
    });
    let mut models: BTreeMap<(&str, &str), (usize, Vec<&str>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.origin == "generated") {
        let (count, dates) =
            models.entry((row.model.unwrap_or_default(), row.provider.unwrap_or_default())).or_default();
        *count += 1;
        dates.extend(row.generated.and_then(|date| date.split('T').next()));
    }
    for ((model, provider), (count, dates)) in &mut models {
        dates.sort_unstable();
        let when = match (dates.first(), dates.last()) {
            (Some(first), Some(last)) if first == last => format!(", {first}"),
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        lines.push(match (*model, *provider) {
            (PLACEHOLDER, _) => format!("- {count} by placeholder: stand-ins that tintype draws itself, without AI"),
            (model, "") => format!("- {count} by the AI model {model}, edited or brought in by hand{when}"),
            (model, provider) => format!("- {count} by the AI model {model}, through {provider}{when}"),
        });
    }
    let mut others = Vec::new();
    if totals.hand_made > 0 {
        others.push(format!("{} made by hand", plural(totals.hand_made)));
    }
    if totals.edited > 0 {
        others.push(format!(
            "{} edited by hand after {} made",
            plural(totals.edited),
            if totals.edited == 1 { "it was" } else { "they were" }
        ));
    }
    if totals.not_made_yet > 0 {
        let yet =
            if totals.not_made_yet == 1 { "1 isn't".to_string() } else { format!("{} aren't", totals.not_made_yet) };
        others.push(format!("{yet} made yet"));
    }
    if !others.is_empty() {
        lines.push(format!("{}.", others.join("; ")));
    }
    lines
}

fn plural(count: usize) -> String {
    format!("{count} {}", were(count))
}

const fn were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

fn human(rows: &[Row<'_>], screen: Screen) -> String {
    // Vendors' ids and paths are for programs: a terminal is too narrow.
    const SHOWN: usize = 7;
    let cells: Vec<[String; 8]> = rows.iter().map(Row::cells).collect();
    let shown = |cells: &'_ [String; 8]| {
        cells
            .iter()
            .take(SHOWN)
            .enumerate()
            .filter(|(index, _)| *index != 4)
            .map(|(_, cell)| screen.plain(cell))
            .collect::<Vec<_>>()
    };
    let table: Vec<Vec<String>> = cells.iter().map(shown).collect();
    let head: Vec<String> = shown(&COLUMNS.map(str::to_uppercase));
    let width = |index: usize| table.iter().chain([&head]).map(|row| row[index].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    let mut text = statement(rows).join("\n") + "\n";
    if !rows.is_empty() {
        let _ = writeln!(text, "\n{}", screen.paint(DIM, &line(&head)));
    }
    for row in &table {
        let _ = writeln!(text, "{}", line(row));
    }
    text
}

fn markdown(rows: &[Row<'_>]) -> String {
    let mut text = String::from("### Generated pictures\n");
    let mut is_list = false;
    for line in statement(rows) {
        let item = line.strip_prefix("- ");
        // A list's lines stand together, apart from all else.
        let gap = if is_list && item.is_some() { "" } else { "\n" };
        is_list = item.is_some();
        let dash = if is_list { "- " } else { "" };
        let _ = writeln!(text, "{gap}{dash}{}", escape(item.unwrap_or(&line)));
    }
    let row = |cells: [String; 8]| format!("| {} |\n", cells.join(" | "));
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&row(COLUMNS.map(str::to_string)));
        text.push_str(&row(COLUMNS.map(|_| "---".to_string())));
        for one in rows {
            text.push_str(&row(one.cells().map(|cell| escape(&cell))));
        }
    }
    text
}

/// As RFC 4180 has it, with line breaks as files have them here.
fn csv(rows: &[Row<'_>]) -> String {
    let field = |text: String| {
        // A spreadsheet takes what begins like this for a formula.
        let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
        let text = plain(&text).into_owned();
        if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    };
    let line = |cells: [String; 8]| cells.map(field).join(",") + "\n";
    let head = line(COLUMNS.map(|column| column.replace(' ', "_")));
    std::iter::once(head).chain(rows.iter().map(|row| line(row.cells()))).collect()
}
