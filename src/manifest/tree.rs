//! Values as written, each with its place: what a manifest's text becomes, what templates fill in and what readers read.
//!
//! Owned and of no particular file, so that values of several files can be merged and still say where they stand. Knows no
//! key of the manifest.

use std::sync::Arc;

use toml::Spanned as TomlSpanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::diagnostic::Source;
use crate::manifest::Place;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Tree,
    /// Where it stands.
    pub place: Place,
}

/// A value of TOML, numbers in their own digits.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A text.
    Text(String),
    /// A whole number that 64 bits hold, or else its digits.
    Integer(Result<i64, String>),
    /// A fraction, which may be infinite.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A date or a time, as it is written.
    Date(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of its keys.
    Table(Vec<Entry>),
    /// A template that isn't rendered yet: it may become anything, so readers pass over it.
    Open,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// The value.
    pub node: Node,
}

impl Node {
    /// A table of TOML.
    pub(crate) fn table(table: &DeTable<'_>, source: &Arc<Source>, span: std::ops::Range<usize>) -> Self {
        Self { value: Tree::Table(entries(table, source)), place: Place { source: Arc::clone(source), span } }
    }

    fn of(value: &TomlSpanned<DeValue<'_>>, source: &Arc<Source>) -> Self {
        let tree = match value.get_ref() {
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Integer(number) => Tree::Integer(
                i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| number.as_str().to_string()),
            ),
            DeValue::Float(number) => Tree::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => Tree::Boolean(*truth),
            DeValue::Datetime(date) => Tree::Date(date.to_string()),
            DeValue::Array(items) => Tree::List(items.iter().map(|item| Self::of(item, source)).collect()),
            DeValue::Table(table) => Tree::Table(entries(table, source)),
        };
        Self { value: tree, place: Place { source: Arc::clone(source), span: value.span() } }
    }

    /// The same with every template left open.
    pub(crate) fn opened(&self) -> Self {
        let value = match &self.value {
            Tree::Text(text) if is_template(text) => Tree::Open,
            Tree::List(items) => Tree::List(items.iter().map(Self::opened).collect()),
            Tree::Table(entries) => {
                let open = |entry: &Entry| Entry { node: entry.node.opened(), ..entry.clone() };
                Tree::Table(entries.iter().map(open).collect())
            }
            other => other.clone(),
        };
        Self { value, place: self.place.clone() }
    }

    /// Whether something in it is left open.
    pub(crate) fn is_open(&self) -> bool {
        match &self.value {
            Tree::Open => true,
            Tree::List(items) => items.iter().any(Self::is_open),
            Tree::Table(entries) => entries.iter().any(|entry| entry.node.is_open()),
            _ => false,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, if it is a table.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Tree::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, if it is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }
}

/// Whether a text holds anything to render. Single braces are plain text.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

fn entries(table: &DeTable<'_>, source: &Arc<Source>) -> Vec<Entry> {
    let entry = |(key, value): (&TomlSpanned<DeString<'_>>, &TomlSpanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        key_place: Place { source: Arc::clone(source), span: key.span() },
        node: Node::of(value, source),
    };
    table.iter().map(entry).collect()
}
