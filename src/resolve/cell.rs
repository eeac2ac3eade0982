//! One of the assets that a table makes, and mistakes that say which of them they are of.

use std::collections::HashMap;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Label, grouped};
use crate::manifest::tree::is_template;
use crate::resolve::template::Context;

/// One of the assets that a table makes.
pub(crate) struct Cell {
    pub(crate) context: Context,
    pub(crate) of: CellName,
}

/// What tells it from the others.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellName {
    /// For messages: `row 3 of cards.csv, side is front`; empty where there is only one.
    pub(crate) label: String,
    /// The row that it comes from.
    pub(crate) row: Option<Label>,
}

/// Mistakes of many cells. What is wrong with several in the same way is said once, of the first.
#[derive(Default)]
pub(crate) struct Said {
    kinds: Vec<Told>,
    known: HashMap<Kind, usize>,
}

/// A mistake, of the first of several that have it.
struct Told {
    mistake: Diagnostic,
    name: String,
    cell: CellName,
    count: u64,
}

/// Code and message, but for the asset's name, and the place.
type Kind = (&'static str, String, Option<(String, Range<usize>)>);

impl Said {
    /// Adds what is wrong with a cell, that is, with the asset of that name.
    pub(crate) fn add(&mut self, mistakes: Vec<Diagnostic>, name: &str, cell: &CellName) {
        for mistake in mistakes {
            let place = mistake.labels.first().map(|label| (label.source.name().to_string(), label.span.clone()));
            let kind = (mistake.code, mistake.message.replace(&format!("`{name}`"), ""), place);
            if let Some(at) = self.known.get(&kind) {
                self.kinds[*at].count += 1;
                continue;
            }
            self.known.insert(kind, self.kinds.len());
            self.kinds.push(Told { mistake, name: format!("`{name}`"), cell: cell.clone(), count: 1 });
        }
    }

    /// Each kind of mistake. What isn't wrong whatever the templates come to says in which cell it was found, and in how
    /// many others.
    pub(crate) fn mistakes(self) -> impl Iterator<Item = Diagnostic> {
        self.kinds.into_iter().map(|Told { mut mistake, name, cell, count }| {
            let (word, and) = if cell.row.is_some() { ("in", " and ") } else { ("where", ", and ") };
            let others = grouped(count - 1);
            if is_open(&mistake) && !cell.label.is_empty() {
                let more = if count > 1 { format!("{and}{others} more") } else { String::new() };
                mistake.message = format!("{} ({word} {}{more})", mistake.message, cell.label);
                mistake.labels.extend(cell.row);
            } else if count > 1 {
                // What is said without any name is said of all of them.
                mistake.message = mistake.message.replacen(&name, &format!("{name} and {others} more"), 1);
            }
            mistake
        })
    }
}

/// Whether a mistake lies in what a template came to: another cell may do without it.
fn is_open(mistake: &Diagnostic) -> bool {
    let Some(label) = mistake.labels.first() else { return false };
    let text = label.source.text();
    // A place within a template is as open as the whole.
    let before = text.get(..label.span.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    is_template(text.get(label.span.clone()).unwrap_or_default())
        || ["{{", "{%"].iter().any(|open| line.rfind(open) > line.rfind("}}").max(line.rfind("%}")))
}
