//! The `where` of rows: an expression that says of each row whether it stays.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::{ValueKind, merge_maps};
use minijinja::{Environment, Error, Value};

use crate::jinja::{environment, measure_expression};
use crate::rows::{Row, RowsError};

/// Instructions that one row may take: more is an expression that never ends.
const FUEL: u64 = 10_000;

/// An expression that can be compiled, with what it may see besides a row.
pub(crate) struct Condition<'a> {
    text: &'a str,
    environment: Environment<'static>,
    context: &'a BTreeMap<String, Value>,
}

impl<'a> Condition<'a> {
    pub(crate) fn new(text: &'a str, context: &'a BTreeMap<String, Value>) -> Result<Self, RowsError> {
        let condition = Self { text, environment: environment(FUEL), context };
        let compiled = measure_expression(text).and_then(|()| condition.environment.compile_expression(text));
        match compiled {
            Ok(_) => Ok(condition),
            Err(error) => {
                let message = format!("`where` is no expression: {}", reason(&error));
                Err(RowsError::Condition { message, unknown: None, known: Vec::new() })
            }
        }
    }

    /// Leaves only the rows for which the expression is true.
    pub(crate) fn keep(&self, rows: &mut Vec<Row>) -> Result<(), RowsError> {
        let expression = self.environment.compile_expression(self.text).expect("it was compiled before");
        let context = Value::from_pairs(self.context.clone());
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows.drain(..) {
            // The last map that has a name wins.
            let seen = merge_maps([context.clone(), Value::from_pairs(row.values.clone())]);
            match expression.eval(seen.clone()) {
                Ok(value) if value.is_undefined() => return Err(self.failed(&row, &seen, "undefined value")),
                Ok(value) if value.is_true() => kept.push(row),
                Ok(_) => {}
                Err(error) => {
                    let is_undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
                    let seen = if is_undefined { &seen } else { &Value::UNDEFINED };
                    return Err(self.failed(&row, seen, &reason(&error)));
                }
            }
        }
        *rows = kept;
        Ok(())
    }

    /// `seen` is what the expression saw, if it asked for something that isn't there.
    fn failed(&self, row: &Row, seen: &Value, reason: &str) -> RowsError {
        let (line, _) = row.place.source.position(row.place.span.start);
        let place = format!("row {} ({} line {line})", row.number, row.place.source.name());
        let (unknown, known) = self.unknown(seen);
        let message = match &unknown {
            Some(unknown) => format!("`where` asks for `{unknown}`, which {place} doesn't have"),
            None => format!("`where` can't be evaluated for {place}: {reason}"),
        };
        RowsError::Condition { message, unknown, known }
    }

    /// The first variable, or field of one, that isn't there, and those that are in its place.
    fn unknown(&self, seen: &Value) -> (Option<String>, Vec<String>) {
        let asked = self.environment.compile_expression(self.text).map(|expression| {
            let globals: BTreeSet<_> = self.environment.globals().map(|(name, _)| name.to_string()).collect();
            let variables: BTreeSet<_> = expression.undeclared_variables(true).into_iter().collect();
            variables.into_iter().filter(|name| !globals.contains(name)).collect::<Vec<_>>()
        });
        for path in asked.unwrap_or_default() {
            let mut value = seen.clone();
            let mut been = String::new();
            for part in path.split('.') {
                let inner = value.get_attr(part).unwrap_or_default();
                if inner.is_undefined() && value.kind() == ValueKind::Map {
                    return (Some(format!("{been}{part}")), keys(&value, &been));
                }
                been = format!("{been}{part}.");
                value = inner;
            }
        }
        (None, keys(seen, ""))
    }
}

/// What a map has, as an expression would write it.
fn keys(map: &Value, before: &str) -> Vec<String> {
    let keys = map.try_iter().into_iter().flatten();
    let names: BTreeSet<_> = keys.filter_map(|key| key.as_str().map(|key| format!("{before}{key}"))).collect();
    names.into_iter().collect()
}

fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
