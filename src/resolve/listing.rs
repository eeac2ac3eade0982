//! Data files that a manifest names: `[data]` for every template, and the rows that make an asset each.

use minijinja::Value;

use crate::diagnostic::{Diagnostic, nearest};
use crate::files::Files;
use crate::manifest::asset::{RowsKeys, rows_keys};
use crate::manifest::include::unreadable;
use crate::manifest::table::{Field, Problems};
use crate::manifest::tree::{Entry, Node};
use crate::manifest::{Manifest, Spanned};
use crate::resolve::template::{Context, within};
use crate::rows::{Row, RowsError, RowsSpec, read_data, read_rows};

/// What `data` is in templates.
pub(crate) fn data(manifest: &Manifest, files: &Files, found: &mut Vec<Diagnostic>) -> Value {
    let mut values = Vec::new();
    for (name, path) in &manifest.data {
        let Some(bytes) = read(path, files, found) else { continue };
        match read_data(&path.value, &bytes) {
            Ok(file) => values.push((name.clone(), file.value)),
            Err(mistakes) => found.extend(mistakes.into_iter().map(|mistake| labelled(mistake, path))),
        }
    }
    Value::from_pairs(values)
}

/// The rows of an asset's table, each of which makes one; none where there is a mistake.
pub(crate) fn rows(
    entry: &Entry,
    written: &Node,
    files: &Files,
    context: &Context,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<Row>> {
    let mut problems = Problems { source: &entry.key_place.source, found: Vec::new() };
    let field =
        Field { key: "rows", key_place: entry.key_place.clone(), value: &written.value, place: written.place.clone() };
    let keys = rows_keys(&field, &mut problems);
    found.append(&mut problems.found);
    let RowsKeys { path, columns, at, condition } = keys?;
    let bytes = read(&path, files, found)?;
    let spec = RowsSpec { columns, at, condition: condition.as_ref().map(|condition| condition.value.clone()) };
    let known = context.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let rows = match read_rows(&path.value, &bytes, &spec, &known) {
        Ok(rows) => rows,
        Err(RowsError::File(mistakes)) => {
            found.extend(mistakes.into_iter().map(|mistake| labelled(mistake, &path)));
            return None;
        }
        Err(RowsError::Condition { message, unknown, known }) => {
            let at = &condition.as_ref().unwrap_or(&path).place;
            // Only the last part of a path may be what isn't there.
            let word = unknown.as_deref().map(|unknown| within(at, unknown, 0));
            let at = word.as_ref().unwrap_or(at);
            let near =
                unknown.and_then(|unknown| nearest(&unknown, known.iter().map(String::as_str)).map(str::to_string));
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let help = match near {
                Some(near) => format!("did you mean `{near}`? Known here are {known}"),
                None if known.is_empty() => "write a condition, like where = \"kind == 'unit'\"".to_string(),
                None => format!("known here are {known}"),
            };
            found.push(at.error("bad-template", message, "this condition").help(help));
            return None;
        }
    };
    if rows.is_empty() {
        let (at, message) = match &condition {
            Some(condition) => (condition, format!("no row of `{}` is left by this condition", path.value)),
            None => (&path, format!("`{}` has no rows", path.value)),
        };
        found.push(at.error("no-rows", message, "nothing comes of it").help("mend it, or take the asset out"));
        return None;
    }
    Some(rows)
}

fn read(path: &Spanned<String>, files: &Files, found: &mut Vec<Diagnostic>) -> Option<Vec<u8>> {
    let read = files.read_project_file(&path.value);
    read.map_err(|error| found.push(unreadable(&path.place, "", &error, files))).ok()
}

/// A mistake that is about the file as a whole stands where the file is named.
fn labelled(mistake: Diagnostic, path: &Spanned<String>) -> Diagnostic {
    if mistake.labels.is_empty() {
        return mistake.label(&path.place.source, path.place.span.clone(), "this file");
    }
    mistake
}
