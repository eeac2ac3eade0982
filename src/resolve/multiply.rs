//! From one table of the manifest to its cells: a cell for each row, times each combination of its matrix.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, grouped};
use crate::manifest::Place;
use crate::manifest::parse::{MAX_ASSETS, title};
use crate::manifest::tree::{Entry, Node, Tree};
use crate::resolve::cell::{Cell, CellName, Said};
use crate::resolve::expand::Expansion;
use crate::resolve::listing::rows;
use crate::resolve::template::to_value;

/// So much of a value tells a cell from the others, in characters.
const LONGEST_VALUE: usize = 40;
/// Variables that tintype itself gives; nothing else may be called so.
const RESERVED: [&str; 5] = ["name", "ext", "take", "width", "data"];

impl Expansion<'_> {
    /// Each row of a data file.
    fn row_cells(&mut self, entry: &Entry, written: &Node, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let written = self.templates.node(written, &self.base, found)?;
        let rows = rows(entry, &written, self.files, &self.base, found)?;
        let first = rows.first()?;
        let hidden: Vec<_> = first.values.keys().filter(|name| RESERVED.contains(&name.as_str())).collect();
        for name in &hidden {
            let message = format!("the rows of {} have `{name}`, which templates know already", title(&entry.key));
            let error = written.place.error("reserved-name", message, "these rows");
            found.push(error.help("call it something else in the file, or name a csv's columns with `columns`"));
        }
        if !hidden.is_empty() {
            return None;
        }
        let cell = |row: crate::rows::Row| {
            let mut context = self.base.clone();
            let label = format!("row {} of {}", row.number, row.place.source.name());
            context.extend(row.values.into_iter().map(|(name, value)| (Arc::from(name), value)));
            Cell { context, of: CellName { label, row: Some(row.place.label(row.number)) } }
        };
        Some(rows.into_iter().map(cell).collect())
    }

    /// Every row, and every combination of the matrix.
    pub(crate) fn cells(&mut self, entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let mut cells = match entry.node.get("rows") {
            Some(written) => self.row_cells(entry, written, found)?,
            None => vec![Cell { context: self.base.clone(), of: CellName::default() }],
        };
        let Some(matrix) = entry.node.get("matrix") else { return Some(cells) };
        // A table is rendered axis by axis: what an axis is may depend on the row and on the axes before it.
        let matrix = match matrix.value {
            Tree::Table(_) => matrix.clone(),
            _ => self.templates.node(matrix, &self.base, found)?,
        };
        let Tree::Table(axes) = &matrix.value else {
            let help = "write matrix = { item = [\"sword\", \"shield\"] }";
            found.push(matrix.place.error("bad-type", "`matrix` must be a table of lists", "not this").help(help));
            return None;
        };
        // In the order of the text, so that the last one varies fastest.
        let mut axes: Vec<&Entry> = axes.iter().collect();
        axes.sort_by_key(|axis| axis.key_place.span.start);
        let before = found.len();
        for axis in &axes {
            found.extend(reserved(&axis.key, &axis.key_place));
            found.extend((written_values(axis) == 0).then(|| no_values(entry, axis)));
        }
        if found.len() > before {
            return None;
        }
        let too_many = |count: String| {
            let most = grouped(MAX_ASSETS as u64);
            let message = format!("{} makes {count} assets; a manifest has at most {most}", title(&entry.key));
            matrix.place.error("too-many", message, "this matrix").help("take values out of it")
        };
        let count = axes.iter().map(|axis| written_values(axis)).try_fold(cells.len(), usize::checked_mul);
        if count.is_none_or(|count| count > MAX_ASSETS) {
            let count = count.map_or("more than can be counted".to_string(), |count| grouped(count as u64));
            found.push(too_many(count));
            return None;
        }
        for axis in axes {
            let mut multiplied = Vec::new();
            for (index, cell) in cells.iter().enumerate() {
                let values = self.axis_values(entry, axis, cell, found)?;
                multiplied.extend(values.iter().map(|value| cell.with(&axis.key, value)));
                if multiplied.len() > MAX_ASSETS {
                    // The other cells aren't looked at: there will be about as many for each of them.
                    let count = multiplied.len().saturating_mul(cells.len()) / (index + 1);
                    found.push(too_many(format!("about {}", grouped(count as u64))));
                    return None;
                }
            }
            cells = multiplied;
        }
        Some(cells)
    }

    /// What a matrix has along one of its axes, for a cell so far.
    fn axis_values(
        &mut self,
        entry: &Entry,
        axis: &Entry,
        cell: &Cell,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Node>> {
        let mut own = Vec::new();
        let rendered = self.templates.node(&axis.node, &cell.context, &mut own);
        let values = rendered.map(|node| match node.value {
            Tree::List(items) => items,
            _ => vec![node],
        });
        if let Some([Node { value: Tree::Table(_), .. }]) = values.as_deref()
            && !matches!(axis.node.value, Tree::List(_))
        {
            let message = format!("`{}` in the matrix of {} is a table, not a list", axis.key, title(&entry.key));
            let error = axis.node.place.error("bad-type", message, "one value, with parts of its own");
            let help = "put [ ] around it for one value, name the list in it, or write `{{ … | list }}` for its keys";
            found.push(error.help(help));
            return None;
        }
        if values.as_ref().is_none_or(Vec::is_empty) && own.is_empty() {
            own.push(no_values(entry, axis));
        }
        let mut said = Said::default();
        said.add(own, "", &cell.of);
        found.extend(said.mistakes());
        values.filter(|values| !values.is_empty())
    }
}

/// How many values an axis has, as far as it is written: one that a template gives may have any number.
fn written_values(axis: &Entry) -> usize {
    match &axis.node.value {
        Tree::List(items) => items.len(),
        _ => 1,
    }
}

fn no_values(entry: &Entry, axis: &Entry) -> Diagnostic {
    let message = format!("`{}` in the matrix of {} has no values", axis.key, title(&entry.key));
    axis.node.place.error("bad-value", message, "empty").help("write at least one, or take the key out")
}

impl Cell {
    fn with(&self, key: &str, value: &Node) -> Self {
        let mut context = self.context.clone();
        context.insert(Arc::from(key), to_value(&value.value));
        let shown = value.get("id").map_or(&value.value, |id| &id.value);
        let mut shown = to_value(shown).to_string();
        if let Some((end, _)) = shown.char_indices().nth(LONGEST_VALUE) {
            shown.truncate(end);
            shown.push('…');
        }
        let label = format!("{key} is {shown}");
        let label = if self.of.label.is_empty() { label } else { format!("{}, {label}", self.of.label) };
        Self { context, of: CellName { label, row: self.of.row.clone() } }
    }
}

/// A name that tintype gives itself can't be given anything else.
pub(crate) fn reserved(name: &str, place: &Place) -> Option<Diagnostic> {
    RESERVED.contains(&name).then(|| {
        let message = format!("`{name}` is a name that templates know already");
        place.error("reserved-name", message, "this name").help("give it another one")
    })
}
