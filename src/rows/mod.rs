//! Data files that a manifest reads: CSV, TSV, JSON and TOML from bytes to template values, each row with its place.
//!
//! Text in, values out: touches no file and knows nothing of assets. A file that isn't sound is refused whole, with every
//! mistake that could be found, never read halfway.

mod condition;
mod delimited;
mod faults;
mod json;
mod list;
mod node;
mod tables;
mod toml_file;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, Label, Source, grouped, nearest};
use crate::rows::condition::Condition;
use crate::rows::delimited::{COMMAS, Rules, TABS};
use crate::rows::faults::Faults;
use crate::rows::node::Node;

/// More rows than one file may have.
const MAX_ROWS: usize = 100_000;
/// What can be read, by extension.
const EXTENSIONS: [&str; 4] = ["csv", "tsv", "json", "toml"];

/// A whole data file.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    /// JSON and TOML: the document. CSV and TSV: a list of maps. Maps keep the order of the file.
    pub(crate) value: Value,
}

/// How a manifest would have rows read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowsSpec {
    /// The names of the columns of a CSV or TSV file whose first line is a row already.
    pub(crate) columns: Option<Vec<String>>,
    /// Where in a JSON or TOML file the list is, as keys and indexes with dots between: `list.in.json`; `.` is the whole file.
    pub(crate) at: Option<String>,
    /// An expression; rows for which it isn't true are left out.
    pub(crate) condition: Option<String>,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its cells or fields by name.
    pub(crate) values: BTreeMap<String, Value>,
    /// Its number in the file, from 1; rows that the condition leaves out are counted.
    pub(crate) number: usize,
    /// Where it stands.
    pub(crate) place: RowPlace,
}

/// Where a row stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// The file.
    pub(crate) source: Arc<Source>,
    /// Byte offsets in its text; no more than the row's first line.
    pub(crate) span: Range<usize>,
}

impl RowPlace {
    /// What a message about the row of this number points at.
    pub(crate) fn label(self, number: usize) -> Label {
        Label { source: self.source, span: self.span, text: format!("row {number}") }
    }
}

/// Why rows can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowsError {
    /// The file, or what of it is asked for, isn't sound. A mistake in `columns` or `at` themselves has no place in the
    /// file, so no label.
    File(Vec<Diagnostic>),
    /// The condition can't be evaluated: to be labelled where it is written.
    Condition {
        /// What is wrong, and for which row.
        message: String,
        /// The variable that nobody knows, if it is that.
        unknown: Option<String>,
        /// Those that are known in its place, sorted.
        known: Vec<String>,
    },
}

/// What a file turns out to be.
enum Content {
    Table(Rules),
    Document(Node),
}

/// Reads a data file as one value. `name` is the path as people know it; its extension says how to read it.
pub(crate) fn read_data(name: &str, bytes: &[u8]) -> Result<DataFile, Vec<Diagnostic>> {
    let (source, text, content) = open(name, bytes)?;
    let value = match content {
        Content::Document(node) => node.into_value(),
        Content::Table(rules) => tables::read_value(&source, text, rules)?,
    };
    Ok(DataFile { value })
}

/// Reads a data file as rows: those for which the condition is true, which may be none. The condition sees a row's
/// values and `context`; a row's win.
pub(crate) fn read_rows(
    name: &str,
    bytes: &[u8],
    spec: &RowsSpec,
    context: &BTreeMap<String, Value>,
) -> Result<Vec<Row>, RowsError> {
    let condition = spec.condition.as_deref().map(|text| Condition::new(text, context)).transpose()?;
    let (source, text, content) = open(name, bytes).map_err(RowsError::File)?;
    let rows = match content {
        Content::Document(node) => list::read_rows(&source, text, node, spec),
        Content::Table(rules) => tables::read_rows(&source, text, rules, spec),
    };
    let mut rows = rows.map_err(RowsError::File)?;
    if let Some(condition) = condition {
        condition.keep(&mut rows)?;
    }
    Ok(rows)
}

/// A row's number, its fields' names and its place.
#[cfg(fuzzing)]
pub type Told = (usize, Vec<String>, Range<usize>);

/// Reads whatever a file may hold. For the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn read_anything(name: &str, bytes: &[u8], spec: &RowsSpec) -> Result<Vec<Told>, Vec<Diagnostic>> {
    let _ = read_data(name, bytes);
    match read_rows(name, bytes, spec, &BTreeMap::new()) {
        Ok(rows) => {
            Ok(rows.into_iter().map(|row| (row.number, row.values.into_keys().collect(), row.place.span)).collect())
        }
        Err(RowsError::File(found)) => Err(found),
        Err(RowsError::Condition { .. }) => Err(Vec::new()),
    }
}

fn open<'t>(name: &str, bytes: &'t [u8]) -> Result<(Arc<Source>, &'t str, Content), Vec<Diagnostic>> {
    let extension = extension(name)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| vec![not_utf8(name, bytes, error.valid_up_to())])?;
    let source = Source::new(name, text);
    let content = match extension {
        "csv" => Content::Table(COMMAS),
        "tsv" => Content::Table(TABS),
        "json" => Content::Document(json::parse(&source, text)?),
        _ => Content::Document(toml_file::parse(&source, text)?),
    };
    Ok((source, text, content))
}

fn extension(name: &str) -> Result<&'static str, Vec<Diagnostic>> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let written = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    EXTENSIONS.into_iter().find(|known| *known == written).ok_or_else(|| {
        let near = nearest(&written, EXTENSIONS).filter(|_| !written.is_empty());
        let near = near.map(|near| format!("did you mean .{near}? ")).unwrap_or_default();
        let help = format!("{near}data files are .csv, .tsv, .json or .toml: the name must end in one of these");
        vec![Diagnostic::new("bad-data-file", format!("`{name}` is no data file that tintype reads")).help(help)]
    })
}

fn not_utf8(name: &str, bytes: &[u8], offset: usize) -> Diagnostic {
    let source = Source::new(name, &String::from_utf8_lossy(bytes));
    let message = format!("`{name}` can't be read: {}", crate::files::not_utf8(bytes, offset));
    let help = match extension(name) {
        Ok("csv" | "tsv") => "save the file as UTF-8; spreadsheets call it \"CSV UTF-8\"",
        _ => "save the file as UTF-8",
    };
    // What can't be read is one U+FFFD in the text that is shown.
    Diagnostic::new("bad-data-file", message).label(&source, offset..offset + 3, "can't be read").help(help)
}

/// `rows`, unless they are too many.
fn limited(source: &Arc<Source>, count: usize) -> Result<(), Vec<Diagnostic>> {
    if count <= MAX_ROWS {
        return Ok(());
    }
    let mut faults = Faults::new(source);
    let message = format!(
        "`{}` has {} rows; tintype reads at most {}",
        source.name(),
        grouped(count as u64),
        grouped(MAX_ROWS as u64)
    );
    faults.add("too-many", message, 0..0, "here", "split the file, or take out the rows that aren't needed");
    Err(faults.found())
}

impl RowPlace {
    /// The first line of `span`.
    fn new(source: &Arc<Source>, text: &str, span: Range<usize>) -> Self {
        Self { source: Arc::clone(source), span: first_line(text, span) }
    }
}

/// `span` as far as its first line goes.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text[span.clone()].find(['\r', '\n']).map_or(span.end, |length| span.start + length);
    span.start..end
}

#[cfg(test)]
mod tests;
