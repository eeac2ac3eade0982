//! From a JSON or TOML document to rows: finds the list that `at` names, and takes each of its items for a row.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::rows::faults::Faults;
use crate::rows::node::{Key, Kind, Node};
use crate::rows::{Row, RowPlace, RowsSpec, first_line, limited};

/// What `at` is where the entries of the whole document are the rows.
const TOP: &str = ".";
/// So many keys are named in a message.
const MOST_NAMED: usize = 12;

/// The document's rows.
pub(crate) fn read_rows(
    source: &Arc<Source>,
    text: &str,
    document: Node,
    spec: &RowsSpec,
) -> Result<Vec<Row>, Vec<Diagnostic>> {
    if spec.columns.is_some() {
        let message = format!("`columns` has no meaning for `{}`", source.name());
        let help = "take it out: columns are for csv and tsv; here each row names its own fields";
        return Err(vec![Diagnostic::new("misplaced-key", message).help(help)]);
    }
    let mut faults = Faults::new(source);
    let found = match &spec.at {
        Some(at) if at == TOP => Some(document),
        Some(at) => follow(document, at, text, &mut faults),
        None => the_only_list(document, text, &mut faults),
    };
    let Some(list) = found else { return Err(faults.found()) };
    let rows = match list.kind {
        Kind::List(items) => {
            limited(source, items.len())?;
            of_items(items, text, &mut faults)
        }
        Kind::Map(entries) => {
            limited(source, entries.len())?;
            of_entries(entries, text, &mut faults)
        }
        _ => {
            let path = spec.at.as_deref().unwrap_or_default();
            let message = format!("`at = \"{path}\"` leads to {}, not to a list or a map", list.type_name());
            faults.add("bad-rows", message, list.span, "here", "name the list or the map whose entries are the rows");
            Vec::new()
        }
    };
    if faults.is_empty() { Ok(rows) } else { Err(faults.found()) }
}

/// Goes down from the top, key by key.
fn follow(mut node: Node, at: &str, text: &str, faults: &mut Faults<'_>) -> Option<Node> {
    let mut been = String::new();
    for part in at.split('.') {
        let place = if been.is_empty() { "at the top".to_string() } else { format!("in `{been}`") };
        let (span, type_name) = (node.span.clone(), node.type_name());
        let (next, help) = match node.kind {
            Kind::Map(entries) => {
                let help = which_key(part, &entries);
                (entries.into_iter().find(|(key, _)| key.name == part).map(|(_, value)| value), help)
            }
            Kind::List(mut items) => {
                let index = part.parse::<usize>().ok().filter(|index| *index < items.len());
                let help = match items.len() {
                    0 => "there is an empty list".to_string(),
                    count => format!("there is a list: write a number from 0 to {}", count - 1),
                };
                (index.map(|index| items.swap_remove(index)), help)
            }
            _ => (None, format!("there is {type_name}: nothing lies in it")),
        };
        let Some(next) = next else {
            let message = format!("`at = \"{at}\"` leads nowhere: there is no `{part}` {place}");
            faults.add("bad-rows", message, first_line(text, span), "not in here", help);
            return None;
        };
        been = if been.is_empty() { part.to_string() } else { format!("{been}.{part}") };
        node = next;
    }
    Some(node)
}

fn which_key(part: &str, entries: &[(Key, Node)]) -> String {
    if entries.is_empty() {
        return "there is an empty map".to_string();
    }
    let near = nearest(part, entries.iter().map(|(key, _)| key.name.as_str()));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    format!("{near}the keys there are {}", named(entries.iter().map(|(key, _)| key)))
}

fn named<'k>(keys: impl Iterator<Item = &'k Key>) -> String {
    let mut names: Vec<_> = keys.map(|key| format!("`{}`", key.name)).collect();
    let hidden = names.len().saturating_sub(MOST_NAMED);
    names.truncate(MOST_NAMED);
    let more = if hidden == 0 { String::new() } else { format!(" and {hidden} more") };
    format!("{}{more}", names.join(", "))
}

/// Without `at`: the list that the document is, a map of texts, which can't be anything but rows, or the only list of tables
/// in it, which TOML can't write otherwise.
fn the_only_list(document: Node, text: &str, faults: &mut Faults<'_>) -> Option<Node> {
    let name = faults.source.name().to_string();
    let is_toml = name.to_ascii_lowercase().ends_with(".toml");
    let is_text = |(_, value): &(Key, Node)| matches!(value.kind, Kind::Text(_));
    let entries = match document.kind {
        Kind::Map(entries) if !entries.is_empty() && entries.iter().all(is_text) => {
            return Some(Node { kind: Kind::Map(entries), ..document });
        }
        Kind::Map(entries) => entries,
        Kind::List(_) => return Some(document),
        _ => {
            let message = format!("`{name}` holds {}, no list", document.type_name());
            faults.add("bad-rows", message, document.span, "here", "write a list: [ ... ]");
            return None;
        }
    };
    let lists = entries.iter().filter(|(_, value)| value.is_list_of_maps()).map(|(key, _)| key);
    if is_toml && lists.clone().count() == 1 {
        return entries.into_iter().map(|(_, value)| value).find(Node::is_list_of_maps);
    }
    let help = match lists.clone().next() {
        Some(first) => format!("say which: at = \"{}\"; there are {}", first.name, named(lists.clone())),
        None if entries.is_empty() => "the file is empty: write its rows as a list".to_string(),
        None => {
            let keys = named(entries.iter().map(|(key, _)| key));
            format!(
                "name with `at` the list or map whose entries are the rows, or write at = \"{TOP}\" where these are: {keys}"
            )
        }
    };
    let message = match (is_toml, lists.count()) {
        (false, _) => format!("`{name}` is a map, and nothing says where in it the rows are"),
        (true, 0) => format!("`{name}` has no list of tables, and nothing says where in it the rows are"),
        (true, count) => format!("`{name}` has {count} lists of tables, and nothing says which are the rows"),
    };
    faults.add("bad-rows", message, first_line(text, document.span), "in here", help);
    None
}

impl Node {
    fn is_list_of_maps(&self) -> bool {
        matches!(&self.kind, Kind::List(items) if !items.is_empty() && items.iter().all(Self::is_map))
    }

    const fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }
}

/// Objects with their fields, or single values with their index from 1: all the one or all the other.
fn of_items(items: Vec<Node>, text: &str, faults: &mut Faults<'_>) -> Vec<Row> {
    let of_maps = items.first().is_some_and(Node::is_map);
    let mut rows = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let number = index + 1;
        let place = RowPlace::new(faults.source, text, item.span.clone());
        let type_name = item.type_name();
        let values = match item.kind {
            Kind::Map(entries) if of_maps => fields(entries).collect(),
            Kind::Map(_) | Kind::List(_) => {
                let help = "rows are either all maps of fields, or all single values like strings and numbers";
                let before = if of_maps || number == 1 { "" } else { " after single values" };
                faults.add("bad-rows", format!("row {number} is {type_name}{before}"), place.span, "this row", help);
                continue;
            }
            _ if of_maps => {
                let message = format!("row {number} is {type_name}, where those before are maps");
                faults.add("bad-rows", message, place.span, "this row", "write it as a map of fields like the others");
                continue;
            }
            kind => {
                let value = Node { kind, span: item.span }.into_value();
                BTreeMap::from([("value".to_string(), value), ("index".to_string(), Value::from(number))])
            }
        };
        rows.push(Row { values, number, place });
    }
    rows
}

/// A map's entries: each its key, its value and, where that is a map, the fields of it.
fn of_entries(entries: Vec<(Key, Node)>, text: &str, faults: &mut Faults<'_>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(entries.len());
    for (index, (key, node)) in entries.into_iter().enumerate() {
        let mut values = BTreeMap::new();
        if let Kind::Map(inner) = &node.kind {
            for (field, _) in inner.iter().filter(|(field, _)| ["key", "value"].contains(&field.name.as_str())) {
                let message = format!("`{}` has a field called `{}`, which each row has already", key.name, field.name);
                let help = "rename the field: `key` is the entry's own key, `value` all that stands under it";
                faults.add("bad-rows", message, field.span.clone(), "this field", help);
            }
            values.extend(fields(inner.clone()));
        }
        let place = RowPlace::new(faults.source, text, key.span);
        values.insert("key".to_string(), Value::from(key.name));
        values.insert("value".to_string(), node.into_value());
        rows.push(Row { values, number: index + 1, place });
    }
    rows
}

fn fields(entries: Vec<(Key, Node)>) -> impl Iterator<Item = (String, Value)> {
    entries.into_iter().map(|(key, node)| (key.name, node.into_value()))
}
