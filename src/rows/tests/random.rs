//! Whatever is written is read back, and no bytes make a reader panic.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::Value;
use proptest::prelude::*;

use crate::diagnostic::Source;
use crate::rows::node::{Kind, Node};
use crate::rows::tests::{parsed, rows_of, spec};
use crate::rows::{RowsError, RowsSpec, json, read_data, read_rows};

/// A cell as any writer may write it: in quotes where it must, or where `always` says so.
fn written_cell(cell: &str, separator: char, always: bool) -> String {
    if always || cell.is_empty() || cell.contains([separator, '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_string()
    }
}

fn written_json(node: &Node, space: &str) -> String {
    match &node.kind {
        Kind::Null => "null".to_string(),
        Kind::Boolean(truth) => truth.to_string(),
        Kind::Integer(number) => number.to_string(),
        Kind::Float(number) => format!("{number:e}"),
        Kind::Text(text) => written_string(text),
        Kind::List(items) => {
            let items: Vec<_> = items.iter().map(|item| written_json(item, space)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
        }
        Kind::Map(entries) => {
            let entry = |(key, value): &(crate::rows::node::Key, Node)| {
                format!("{}{space}:{space}{}", written_string(&key.name), written_json(value, space))
            };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{space}{}{space}}}", entries.join(&format!("{space},{space}")))
        }
    }
}

/// Every character outside ASCII and every third letter as an escape.
fn written_string(text: &str) -> String {
    let mut written = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            ' '..='~' if index % 3 > 0 => written.push(character),
            '\u{80}'.. if index % 2 > 0 => written.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(written, "\\u{unit:04x}").expect("a String takes all");
                }
            }
        }
    }
    written + "\""
}

fn node(kind: Kind) -> Node {
    Node { kind, span: 0..0 }
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Kind::Null),
        any::<bool>().prop_map(Kind::Boolean),
        any::<i64>().prop_map(Kind::Integer),
        any::<f64>().prop_filter("JSON has finite numbers", |number| number.is_finite()).prop_map(Kind::Float),
        any::<String>().prop_map(Kind::Text),
    ];
    leaf.prop_map(node).prop_recursive(4, 40, 6, |inner| {
        let key = |(name, value)| (crate::rows::node::Key { name, span: 0..0 }, value);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| node(Kind::List(items))),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(move |entries| node(Kind::Map(entries.into_iter().map(key).collect()))),
        ]
    })
}

/// Without places, floats that exponents write as whole numbers told apart by their kind.
fn without_places(node: Node) -> Node {
    let kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(without_places).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(key, value)| (crate::rows::node::Key { span: 0..0, ..key }, without_places(value)))
                .collect(),
        ),
        kind => kind,
    };
    Node { kind, span: 0..0 }
}

proptest! {
    #[test]
    fn any_table_written_is_read_back(
        (head, rows) in (1..5usize).prop_flat_map(|width| (
            prop::collection::hash_set("[a-z\"\n,\t]{1,6}", width).prop_map(Vec::from_iter),
            prop::collection::vec(prop::collection::vec("[a-c\"\n\r,\t é\u{1f600}]{0,6}|\\PC*", width), 0..8),
        )),
        tabs in any::<bool>(),
        always in any::<bool>(),
        ending in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
        bom in any::<bool>(),
    ) {
        let (name, separator) = if tabs { ("x.tsv", '\t') } else { ("x.csv", ',') };
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        let mut lines = Vec::new();
        for row in std::iter::once(&head).chain(&rows) {
            lines.push(text.trim_start_matches('\u{feff}').matches('\n').count() + 1);
            let cells: Vec<_> = row.iter().map(|cell| written_cell(cell, separator, always)).collect();
            text.push_str(&cells.join(&separator.to_string()));
            text.push_str(ending);
        }
        let read = rows_of(name, &text, &spec());
        let read = read.map_err(|error| TestCaseError::fail(format!("{text:?}: {error:?}")))?;
        prop_assert_eq!(read.len(), rows.len());
        for (index, (row, cells)) in read.iter().zip(&rows).enumerate() {
            let expected: BTreeMap<_, _> = head.iter().cloned().zip(cells.iter().map(|cell| Value::from(cell.as_str()))).collect();
            prop_assert_eq!(&row.values, &expected);
            prop_assert_eq!(row.number, index + 1);
            prop_assert_eq!(row.place.source.position(row.place.span.start), (lines[index + 1], 1));
        }
    }

    #[test]
    fn any_json_written_is_read_back(node in any_node(), space in prop::sample::select(vec!["", " ", "\r\n\t"])) {
        let text = written_json(&node, space);
        let read = json::parse(&Source::new("x.json", &text), &text);
        let read = read.map_err(|found| TestCaseError::fail(format!("{text}: {found:?}")))?;
        prop_assert_eq!(read.span.end, text.len());
        prop_assert_eq!(without_places(read), node);
    }

    #[test]
    fn json_agrees_with_another_reader(text in "[\\[\\]{},:\"\\\\u0-9a-f.eE+\\- \ntrlsn]{0,24}") {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        if let Ok(value) = parsed(&text) {
            prop_assert!(other.is_ok(), "{:?} is read as {:?}", text, value);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"\"\\,\t\r\n[]{}:=.#'-+eE0123456789utrflsnad \xef\xbb\xbf\xc3\xa9".to_vec()),
            1 => any::<u8>(),
        ], 0..64),
        path in prop::option::of("[a-b0-1.]{0,4}"),
    ) {
        for name in ["x.csv", "x.tsv", "x.json", "x.toml"] {
            let at = path.clone().filter(|_| name.ends_with('n') || name.ends_with('l'));
            for found in [
                read_data(name, &bytes).err(),
                match read_rows(name, &bytes, &RowsSpec { at, ..spec() }, &BTreeMap::new()) {
                    Err(RowsError::File(found)) => Some(found),
                    _ => None,
                },
            ].into_iter().flatten() {
                prop_assert!(!found.is_empty());
                for label in found.iter().flat_map(|diagnostic| &diagnostic.labels) {
                    prop_assert!(label.source.text().get(label.span.clone()).is_some(), "{label:?}");
                }
            }
        }
    }
}
