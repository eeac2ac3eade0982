//! Where an asset's wording and keys come from, as rows.

use serde::Serialize;

use crate::manifest::Place;
use crate::resolve::{Explanation, Layer, Variable, VariableOrigin, Wording};

/// Where what the asset has comes from.
#[derive(Serialize)]
pub(super) struct OriginRow<'a> {
    /// The wordings as written, the asset's own first; each style's wraps those before it.
    pub(super) wordings: Vec<WordingRow<'a>>,
    /// What the templates name.
    pub(super) variables: Vec<VariableRow<'a>>,
    pub(super) keys: Vec<KeyRow<'a>>,
}

#[derive(Serialize)]
pub(super) struct WordingRow<'a> {
    pub(super) text: &'a str,
    #[serde(flatten)]
    pub(super) at: At<'a>,
}

#[derive(Serialize)]
pub(super) struct VariableRow<'a> {
    pub(super) name: &'a str,
    pub(super) value: Option<&'a str>,
    #[serde(flatten)]
    pub(super) at: At<'a>,
}

#[derive(Serialize)]
pub(super) struct KeyRow<'a> {
    pub(super) key: &'a str,
    /// More than one where values add up.
    pub(super) set: Vec<At<'a>>,
}

/// In which table, and where it stands.
#[derive(Serialize)]
pub(super) struct At<'a> {
    /// `asset`, `defaults`, `style`, `vars`, `data`, `matrix`, `row` or `tintype`.
    pub(super) table: &'static str,
    /// The style's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) style: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<usize>,
}

impl<'a> OriginRow<'a> {
    pub(super) fn of(explanation: &'a Explanation) -> Self {
        let wording =
            |wording: &'a Wording| WordingRow { text: &wording.text, at: At::layer(&wording.layer, &wording.place) };
        let variable = |variable: &'a Variable| VariableRow {
            name: &variable.name,
            value: variable.value.as_deref(),
            at: At::variable(&variable.origin),
        };
        let set = |places: &'a [(Layer, Place)]| places.iter().map(|(layer, place)| At::layer(layer, place)).collect();
        Self {
            wordings: explanation.wordings.iter().map(wording).collect(),
            variables: explanation.variables.iter().map(variable).collect(),
            keys: explanation.keys.iter().map(|(key, places)| KeyRow { key, set: set(places) }).collect(),
        }
    }

    /// Where a key is set, unless that is the asset itself and nothing else.
    pub(super) fn inherited(&self, key: &str) -> Option<String> {
        let set = &self.keys.iter().find(|row| row.key == key)?.set;
        let is_own = set.iter().all(|at| at.table == "asset");
        (!is_own).then(|| set.iter().map(At::words).collect::<Vec<_>>().join(" and "))
    }
}

impl<'a> At<'a> {
    fn layer(layer: &'a Layer, place: &'a Place) -> Self {
        let (table, style) = match layer {
            Layer::Defaults => ("defaults", None),
            Layer::Style(name) => ("style", Some(name.as_str())),
            Layer::Asset => ("asset", None),
        };
        Self { style, ..Self::place(table, place) }
    }

    fn variable(origin: &'a VariableOrigin) -> Self {
        match origin {
            VariableOrigin::Vars(place) => Self::place("vars", place),
            VariableOrigin::Data(place) => Self::place("data", place),
            VariableOrigin::Matrix(place) => Self::place("matrix", place),
            VariableOrigin::Row(place) => Self::place("row", place),
            VariableOrigin::Given => Self { table: "tintype", style: None, file: None, line: None },
        }
    }

    fn place(table: &'static str, place: &'a Place) -> Self {
        let (line, _) = place.source.position(place.span.start);
        Self { table, style: None, file: Some(place.source.name()), line: Some(line) }
    }

    /// For people: `style gouache, art/styles.toml:3`.
    pub(super) fn words(&self) -> String {
        let table = match (self.table, self.style) {
            ("style", Some(style)) => format!("style {style}"),
            ("defaults", _) => "[defaults]".to_string(),
            ("vars", _) => "[vars]".to_string(),
            ("data", _) => "[data]".to_string(),
            (table, _) => table.to_string(),
        };
        match (self.file, self.line) {
            (Some(file), Some(line)) => format!("{table}, {file}:{line}"),
            _ => table,
        }
    }
}
