//! `tintype list`: what is declared and where it stands.

use std::borrow::Cow;
use std::fmt::Write as _;

use clap::builder::styling::Style;
use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::talk::{BOLD, DIM, Screen};
use crate::cli::words::files;
use crate::name::ProjectPath;
use crate::plan::PlannedAsset;
use crate::project::Selection;

/// Outputs named before the rest is only counted.
const OUTPUTS: usize = 2;
const COLUMNS: usize = 5;
/// The last one is shown only where there is a tag.
const HEAD: [&str; COLUMNS] = ["NAME", "STATE", "MODEL", "OUTPUTS", "TAGS"];

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let plan = context.plan(&Selection::default())?;
    let rows: Vec<Row<'_>> = plan.iter().map(Row::new).collect();
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Json => render(&Document { version: VERSION, assets: rows }),
        _ => table(&rows, talk.out),
    })?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    assets: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    action: &'static str,
    model: Option<&'a str>,
    provider: Option<&'a str>,
    outputs: Vec<&'a str>,
    tags: &'a [String],
    alt: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(one: &'a PlannedAsset) -> Self {
        Self {
            name: one.name.as_str(),
            action: one.action.name(),
            model: one.model.as_deref(),
            provider: one.provider.as_deref(),
            outputs: one.outputs.iter().map(ProjectPath::as_str).collect(),
            tags: &one.tags,
            alt: one.alt.as_deref(),
        }
    }
}

fn table(rows: &[Row<'_>], screen: Screen) -> String {
    if rows.is_empty() {
        return "no asset is declared\n".to_string();
    }
    let has_tags = rows.iter().any(|row| !row.tags.is_empty());
    let shown = if has_tags { COLUMNS } else { COLUMNS - 1 };
    let lines: Vec<[Cow<'_, str>; COLUMNS]> = rows.iter().map(|row| cells(row, screen)).collect();
    let head = HEAD.map(Cow::Borrowed);
    let all = || std::iter::once(&head).chain(&lines);
    let width = |column: usize| all().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..shown).map(width).collect();
    let mut table = String::new();
    for (index, line) in all().enumerate() {
        let (name, rest) = if index == 0 { (DIM, DIM) } else { (BOLD, Style::new()) };
        let _ = write!(table, "{}  ", screen.paint(name, &format!("{:<1$}", line[0], widths[0])));
        let cells = line.iter().zip(&widths).skip(1);
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        table += &screen.paint(rest, cells.join("  ").trim_end());
        table.push('\n');
    }
    table
}

fn cells<'a>(row: &'a Row<'_>, screen: Screen) -> [Cow<'a, str>; COLUMNS] {
    let outputs = match row.outputs.as_slice() {
        [one] => screen.shown(one),
        several => screen.shown(&files(several, OUTPUTS)).into_owned().into(),
    };
    let tags = screen.shown(&row.tags.join(" ")).into_owned().into();
    let model = screen.shown(row.model.unwrap_or("source"));
    [screen.shown(row.name), row.action.into(), model, outputs, tags]
}
