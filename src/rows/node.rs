//! What JSON and TOML have in common: a tree of values in the order of the file, each with its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

/// How deep values may lie in each other.
pub(crate) const MAX_DEPTH: usize = 64;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; no key twice.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

impl Node {
    /// As a template sees it.
    pub(crate) fn into_value(self) -> Value {
        match self.kind {
            Kind::Null => Value::from(()),
            Kind::Boolean(truth) => Value::from(truth),
            Kind::Integer(number) => Value::from(number),
            Kind::Float(number) => Value::from(number),
            Kind::Text(text) => Value::from(text),
            Kind::List(items) => items.into_iter().map(Self::into_value).collect(),
            Kind::Map(entries) => ordered(entries.into_iter().map(|(key, node)| (key.name, node.into_value()))),
        }
    }

    /// How messages call it.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Boolean(_) => "true or false",
            Kind::Integer(_) => "a whole number",
            Kind::Float(_) => "a fraction",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// A map that is gone through in the order of its file; minijinja's own is sorted by key.
#[derive(Debug)]
struct Ordered {
    keys: Vec<Value>,
    values: BTreeMap<String, Value>,
}

/// A map value that keeps the order of `entries`, whose keys are all different.
pub(crate) fn ordered(entries: impl Iterator<Item = (String, Value)>) -> Value {
    let mut map = Ordered { keys: Vec::new(), values: BTreeMap::new() };
    for (key, value) in entries {
        map.keys.push(Value::from(key.as_str()));
        map.values.insert(key, value);
    }
    Value::from_object(map)
}

impl Object for Ordered {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.values.get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.keys.clone())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.keys.len())
    }
}
