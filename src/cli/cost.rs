//! `tintype cost`: what was spent, and what the cache saved.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cache::{Ledger, LedgerKind, LedgerLine};
use crate::cli::Context;
use crate::cli::args::{By, CostArguments, Format};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::{VERSION, render};
use crate::cli::talk::{BOLD, DIM, Screen, Talk};
use crate::cli::words::{counted, dollars};
use crate::files::describe;
use crate::plan::rounded;

pub(super) fn run(context: &Context, arguments: &CostArguments) -> Result<Exit, Failure> {
    let (ledger, project) = open(context, arguments.all)?;
    let is_meant = |line: &&LedgerLine| project.as_ref().is_none_or(|project| line.project.as_ref() == Some(project));
    let document = Document::of(ledger.lines.iter().filter(is_meant), arguments.by);
    let talk = &context.talk;
    talk.answer(&match talk.format {
        Format::Json => render(&document),
        _ => table(&document, arguments.by, talk.out),
    })?;
    if talk.format == Format::Human {
        warn(&ledger, talk);
    }
    Ok(Exit::Done)
}

/// The ledger, and whose lines are meant: all where no project is named.
fn open(context: &Context, all: bool) -> Result<(Ledger, Option<String>), Failure> {
    if !all {
        let project = context.open()?;
        // A project in the root folder has no name, and no lines.
        return Ok((project.ledger()?, Some(project.name().unwrap_or_default())));
    }
    let ledger = match context.environment.open_if_any(context.manifest_path.as_deref())? {
        Some(project) => project.ledger()?,
        None => context.environment.cache()?.ledger().map_err(|error| {
            let message = format!("the ledger can't be read: {}", describe(&error));
            Failure::new(Exit::Failed, "cache", message, "mend it, or choose another with TINTYPE_CACHE_DIR")
        })?,
    };
    Ok((ledger, None))
}

fn warn(ledger: &Ledger, talk: &Talk) {
    for (count, what) in [(ledger.damaged, "damaged"), (ledger.newer, "of a newer tintype")] {
        if count > 0 {
            talk.say(&format!("{} of the ledger: {what}, and not counted", counted(count, "line")));
        }
    }
}

#[derive(Serialize)]
struct Document {
    version: u32,
    total_usd: f64,
    images: usize,
    unknown_price: usize,
    saved_usd: f64,
    saved_images: usize,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: String,
    images: usize,
    cost_usd: Option<f64>,
    unknown_price: usize,
}

/// Images and their prices, as far as they are known.
#[derive(Default)]
struct Sum {
    images: usize,
    unknown: usize,
    dollars: f64,
}

impl Sum {
    fn add(&mut self, line: &LedgerLine) {
        self.images += 1;
        match line.cost_usd {
            Some(cost) => self.dollars = rounded(self.dollars + cost),
            None => self.unknown += 1,
        }
    }
}

impl Document {
    fn of<'a>(lines: impl Iterator<Item = &'a LedgerLine>, by: By) -> Self {
        let (mut paid, mut saved) = (Sum::default(), Sum::default());
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        for line in lines {
            if line.kind == LedgerKind::Saved {
                saved.add(line);
                continue;
            }
            paid.add(line);
            let key = match by {
                By::Asset => &line.asset,
                By::Model => &line.model,
                By::Provider => &line.provider,
                By::Day => line.day(),
            };
            sums.entry(key).or_default().add(line);
        }
        let mut rows: Vec<Row> = sums.into_iter().map(|(key, sum)| Row::new(key, &sum)).collect();
        if by != By::Day {
            // The dearest first; those without any price last.
            let price = |row: &Row| row.cost_usd.unwrap_or(-1.0);
            rows.sort_by(|one, other| price(other).total_cmp(&price(one)));
        }
        Self {
            version: VERSION,
            total_usd: paid.dollars,
            images: paid.images,
            unknown_price: paid.unknown,
            saved_usd: saved.dollars,
            saved_images: saved.images,
            rows,
        }
    }
}

impl Row {
    fn new(key: &str, sum: &Sum) -> Self {
        let cost_usd = (sum.unknown < sum.images).then_some(sum.dollars);
        Self { key: key.to_string(), images: sum.images, cost_usd, unknown_price: sum.unknown }
    }
}

fn table(document: &Document, by: By, screen: Screen) -> String {
    let head = match by {
        By::Asset => "ASSET",
        By::Model => "MODEL",
        By::Provider => "PROVIDER",
        By::Day => "DAY",
    };
    let keys: Vec<String> = document.rows.iter().map(|row| screen.plain(&row.key)).collect();
    let width = keys.iter().map(|key| key.chars().count()).chain([head.len()]).max().unwrap_or(0);
    let mut lines = vec![total(document)];
    if !keys.is_empty() {
        lines.push(String::new());
        lines.push(screen.paint(DIM, &format!("{head:<width$}  IMAGES  COST")));
    }
    lines.extend(document.rows.iter().zip(&keys).map(|(row, key)| {
        let key = screen.paint(BOLD, &format!("{key:<width$}"));
        format!("{key}  {:>6}  {}", row.images, cost(row))
    }));
    lines.join("\n") + "\n"
}

fn cost(row: &Row) -> String {
    match (row.cost_usd, row.unknown_price) {
        (None, _) => "price unknown".to_string(),
        (Some(cost), 0) => dollars(cost),
        (Some(cost), unknown) => format!("{} and {unknown} of unknown price", dollars(cost)),
    }
}

fn total(document: &Document) -> String {
    let spent = match document.images {
        0 => "nothing was spent".to_string(),
        images => format!("{} for {}", dollars(document.total_usd), counted(images, "image")),
    };
    let unknown = match document.unknown_price {
        0 => String::new(),
        count => format!(", the price of {count} of them unknown"),
    };
    let saved = match document.saved_images {
        0 => String::new(),
        count => {
            let images = counted(count, "image");
            format!("; the cache saved {}: {images} that needn't be bought", dollars(document.saved_usd))
        }
    };
    format!("{spent}{unknown}{saved}")
}
