//! TOML to the tree that JSON makes too. Dates become text.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Source};
use crate::rows::faults::Faults;
use crate::rows::node::{Key, Kind, MAX_DEPTH, Node};

/// Reads a document.
pub(crate) fn parse(source: &Arc<Source>, text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut faults = Faults::new(source);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().next().unwrap_or("unreadable").trim_end_matches(['.', ',']);
        let help = "strings stand in quotes, tables in [brackets], lists of tables in [[brackets]], each key once";
        faults.syntax(format!("this is not TOML: {message}"), span, help);
    }
    if !faults.is_empty() {
        return Err(faults.found());
    }
    let kind = table(document.get_ref(), 1, &mut faults);
    if faults.is_empty() { Ok(Node { kind, span: 0..text.len() }) } else { Err(faults.found()) }
}

fn node(value: &Spanned<DeValue<'_>>, depth: usize, faults: &mut Faults<'_>) -> Node {
    let span = value.span();
    let mut unreadable = |message: String, help: &str| {
        faults.add("bad-value", message, span.clone(), "here", help);
        Kind::Null
    };
    let kind = match value.get_ref() {
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Boolean(truth) => Kind::Boolean(*truth),
        DeValue::Datetime(datetime) => Kind::Text(datetime.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Kind::Integer(number),
            Err(_) => unreadable(format!("the number `{integer}` is too large"), "put it into quotes"),
        },
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Kind::Float(number),
            _ => unreadable(format!("`{float}` is no finite number"), "put it into quotes"),
        },
        DeValue::Array(_) | DeValue::Table(_) if depth >= MAX_DEPTH => {
            unreadable(format!("values lie more than {MAX_DEPTH} deep in each other"), "write it flatter")
        }
        DeValue::Array(items) => list(items, depth + 1, faults),
        DeValue::Table(entries) => table(entries, depth + 1, faults),
    };
    Node { kind, span }
}

fn list(items: &DeArray<'_>, depth: usize, faults: &mut Faults<'_>) -> Kind {
    Kind::List(items.iter().map(|item| node(item, depth, faults)).collect())
}

/// The parser sorts by key; the places say what the order was.
fn table(entries: &DeTable<'_>, depth: usize, faults: &mut Faults<'_>) -> Kind {
    let mut entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| (Key { name: key.get_ref().to_string(), span: key.span() }, node(value, depth, faults)))
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Kind::Map(entries)
}
