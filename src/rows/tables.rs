//! Records of a CSV or TSV file to rows: the head, and as many cells in each row as it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, Source};
use crate::rows::delimited::{Record, Rules, records};
use crate::rows::faults::Faults;
use crate::rows::node::ordered;
use crate::rows::{Row, RowPlace, RowsSpec, first_line, limited};

/// A file whose rows all have a cell for each column.
struct Table {
    columns: Vec<String>,
    records: Vec<Record>,
}

/// The whole file as a list of maps, with the columns in the order of the head.
pub(crate) fn read_value(source: &Arc<Source>, text: &str, rules: Rules) -> Result<Value, Vec<Diagnostic>> {
    let table = read(source, text, rules, None)?;
    let columns = &table.columns;
    let map = |record: Record| {
        let cells = record.cells.into_iter().map(|cell| Value::from(cell.text));
        ordered(columns.iter().cloned().zip(cells))
    };
    Ok(table.records.into_iter().map(map).collect())
}

/// The file's rows.
pub(crate) fn read_rows(
    source: &Arc<Source>,
    text: &str,
    rules: Rules,
    spec: &RowsSpec,
) -> Result<Vec<Row>, Vec<Diagnostic>> {
    if let Some(at) = &spec.at {
        let message = format!("`at = \"{at}\"` has no meaning for `{}`", source.name());
        return Err(vec![Diagnostic::new("misplaced-key", message).help("take it out: `at` is for json and toml")]);
    }
    let table = read(source, text, rules, spec.columns.as_deref())?;
    let row = |(index, record): (usize, Record)| {
        let cells = record.cells.into_iter().map(|cell| Value::from(cell.text));
        let values: BTreeMap<_, _> = table.columns.iter().cloned().zip(cells).collect();
        Row { values, number: index + 1, place: RowPlace::new(source, text, record.span) }
    };
    Ok(table.records.into_iter().enumerate().map(row).collect())
}

fn read(source: &Arc<Source>, text: &str, rules: Rules, columns: Option<&[String]>) -> Result<Table, Vec<Diagnostic>> {
    let mut faults = Faults::new(source);
    let mut records = records(text, rules, &mut faults);
    let (columns, named_by) = match columns {
        Some(columns) => {
            check_columns(source, columns)?;
            (columns.to_vec(), "`columns`")
        }
        None => {
            if records.is_empty() {
                let help = "its first line names the columns; a file without such a line has them named by `columns`";
                faults.add("bad-rows", format!("`{}` is empty", source.name()), 0..0, "no line", help);
                return Err(faults.found());
            }
            let head = records.remove(0);
            check_head(&head, &mut faults);
            (head.cells.into_iter().map(|cell| cell.text).collect(), "the head")
        }
    };
    limited(source, records.len())?;
    for record in records.iter().filter(|record| !record.is_broken) {
        check_count(text, record, &columns, named_by, rules, &mut faults);
    }
    if faults.is_empty() { Ok(Table { columns, records }) } else { Err(faults.found()) }
}

/// Mistakes in the manifest's `columns`: they have no place in the file.
fn check_columns(source: &Arc<Source>, columns: &[String]) -> Result<(), Vec<Diagnostic>> {
    let wrong = |message: String, help: &str| Err(vec![Diagnostic::new("bad-rows", message).help(help)]);
    if columns.is_empty() {
        return wrong(format!("`columns` names none for `{}`", source.name()), "name each column of the file");
    }
    for (index, column) in columns.iter().enumerate() {
        if column.is_empty() {
            return wrong(format!("name {} of `columns` is empty", index + 1), "give each column a name");
        }
        if columns[..index].contains(column) {
            return wrong(format!("`columns` names `{column}` twice"), "give each column a name of its own");
        }
    }
    Ok(())
}

fn check_head(head: &Record, faults: &mut Faults<'_>) {
    if head.is_broken {
        return;
    }
    let mut seen = BTreeMap::new();
    for (index, cell) in head.cells.iter().enumerate() {
        if cell.text.is_empty() {
            let help = "name it in the first line; a separator too many at a line's end makes such a column, too";
            faults.add("bad-rows", format!("column {} has no name", index + 1), cell.span.clone(), "no name", help);
        } else if let Some(first) = seen.insert(&cell.text, index + 1) {
            let message = format!("columns {first} and {} are both called `{}`", index + 1, cell.text);
            faults.add("bad-rows", message, cell.span.clone(), "again", "give each column a name of its own");
        }
    }
}

fn check_count(text: &str, record: &Record, columns: &[String], named_by: &str, rules: Rules, faults: &mut Faults<'_>) {
    let (expected, found) = (columns.len(), record.cells.len());
    if found == expected {
        return;
    }
    let cells = if found == 1 { "1 cell".to_string() } else { format!("{found} cells") };
    let (line, _) = faults.position(record.span.start);
    let message = format!("line {line} has {cells} where {named_by} has {expected}");
    if found < expected {
        let missing: Vec<_> = columns[found..].iter().map(|column| format!("`{column}`")).collect();
        let help = format!(
            "there is no cell for {}: an empty one is nothing between two {}s",
            missing.join(", "),
            rules.separator_name
        );
        faults.add("bad-rows", message, first_line(text, record.span.clone()), "too few cells", help);
    } else {
        let surplus = record.cells[expected].span.start..record.span.end;
        let help = format!("a cell with a {} in it stands in quotes (\"...\")", rules.separator_name);
        faults.add("bad-rows", message, first_line(text, surplus), "too many", help);
    }
}
