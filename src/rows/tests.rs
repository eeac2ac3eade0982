//! Data files: what they hold, what is wrong with them, and that what is written is read back.

mod conditions;
mod documents;
mod random;
mod tables;

use std::collections::BTreeMap;

use minijinja::Value;

use crate::diagnostic::Diagnostic;
use crate::rows::{Row, RowsError, RowsSpec, read_data, read_rows};

fn spec() -> RowsSpec {
    RowsSpec::default()
}

fn at(path: &str) -> RowsSpec {
    RowsSpec { at: Some(path.to_string()), ..spec() }
}

fn columns(names: &[&str]) -> RowsSpec {
    RowsSpec { columns: Some(names.iter().map(ToString::to_string).collect()), ..spec() }
}

fn condition(text: &str) -> RowsSpec {
    RowsSpec { condition: Some(text.to_string()), ..spec() }
}

fn rows_of(name: &str, text: &str, spec: &RowsSpec) -> Result<Vec<Row>, RowsError> {
    read_rows(name, text.as_bytes(), spec, &BTreeMap::new())
}

/// Each row as `field=value`s, with its number and line: `1@2 a=x b=y`.
fn shown(rows: &[Row]) -> Vec<String> {
    let row = |row: &Row| {
        let (line, _) = row.place.source.position(row.place.span.start);
        row.values.iter().fold(format!("{}@{line}", row.number), |text, (key, value)| format!("{text} {key}={value:?}"))
    };
    rows.iter().map(row).collect()
}

#[track_caller]
fn good(name: &str, text: &str, spec: &RowsSpec, expected: &[&str]) {
    let rows = rows_of(name, text, spec).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
    assert_eq!(shown(&rows), expected, "{text:?}");
}

/// Each mistake as a reader sees it first, with its cure: `file:line:column: message; cure`.
fn told(found: &[Diagnostic]) -> Vec<String> {
    let tell = |diagnostic: &Diagnostic| {
        format!("{diagnostic}; {}", diagnostic.help.as_deref().expect("each mistake has a cure"))
    };
    found.iter().map(tell).collect()
}

/// What is told of a file must hold these words, mistake by mistake.
#[track_caller]
fn bad(name: &str, text: &str, spec: &RowsSpec, expected: &[&[&str]]) {
    bad_bytes(name, text.as_bytes(), spec, expected);
}

#[track_caller]
fn bad_bytes(name: &str, bytes: &[u8], spec: &RowsSpec, expected: &[&[&str]]) {
    let Err(RowsError::File(found)) = read_rows(name, bytes, spec, &BTreeMap::new()) else {
        panic!("{:?} should be refused", String::from_utf8_lossy(bytes));
    };
    let told = told(&found);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, words) in told.iter().zip(expected) {
        for word in *words {
            assert!(told.contains(word), "{told:?} should say {word:?}");
        }
    }
}

fn parsed(text: &str) -> Result<Value, Vec<Diagnostic>> {
    read_data("x.json", text.as_bytes()).map(|file| file.value)
}
