//! `tintype list`: what is declared and where it stands.

use serde::Serialize;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::talk::{BOLD, DIM, Screen};
use crate::cli::words::several;
use crate::name::ProjectPath;
use crate::plan::PlannedAsset;
use crate::project::{Allowed, Project, Selection};

/// Outputs named before the rest is only counted.
const OUTPUTS: usize = 2;

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let project = context.open()?;
    let plan = project.plan(&Selection::default(), &Allowed::default())?;
    let rows: Vec<Row<'_>> = plan.assets.iter().map(|one| Row::new(one, &project)).collect();
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
    fn new(one: &'a PlannedAsset, project: &'a Project) -> Self {
        // What is locked and no longer declared is in the plan, too.
        let asset = project.assets().by_name.get(&one.name);
        Self {
            name: one.name.as_str(),
            action: one.action.name(),
            model: one.model.as_deref(),
            provider: one.first().map(|candidate| candidate.route.provider.as_str()),
            outputs: one.outputs.iter().map(ProjectPath::as_str).collect(),
            tags: asset.map_or(&[], |asset| &asset.tags),
            alt: asset.and_then(|asset| asset.alt.as_deref()),
        }
    }
}

fn table(rows: &[Row<'_>], screen: Screen) -> String {
    if rows.is_empty() {
        return "no asset is declared\n".to_string();
    }
    let model = |row: &Row<'_>| row.model.unwrap_or("by hand").to_string();
    let cells =
        |row: &Row<'_>| [row.name.to_string(), row.action.to_string(), model(row), several(&row.outputs, OUTPUTS)];
    let head = ["NAME", "STATE", "MODEL", "OUTPUTS"].map(str::to_string);
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let pad = |column: usize| format!("{:<1$}", screen.plain(&line[column]), widths[column]);
        let (first, rest) = (pad(0), format!("{}  {}  {}", pad(1), pad(2), screen.plain(&line[3])));
        let rest = rest.trim_end();
        text.push_str(&if index == 0 {
            format!("{}\n", screen.paint(DIM, &format!("{first}  {rest}")))
        } else {
            format!("{}  {rest}\n", screen.paint(BOLD, &first))
        });
    }
    text
}
