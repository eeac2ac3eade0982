//! Why an asset is as it is: where its wording and each of its keys stand, and what its templates took from where.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::diagnostic::Label;
use crate::manifest::tree::{Entry, Node, Tree};
use crate::manifest::{Manifest, Place};
use crate::resolve::template::{Context, Templates, to_value};

/// Where an asset's wording and keys come from.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// The wordings as written: the asset's own, then each style's, which wraps those before it.
    pub wordings: Vec<Wording>,
    /// What the templates name.
    pub variables: Vec<Variable>,
    /// The keys that the asset has, each with where it is set; more than one place where values add up.
    pub keys: Vec<(String, Vec<(Layer, Place)>)>,
}

/// A wording as written.
#[derive(Debug, Clone)]
pub struct Wording {
    /// Whose it is.
    pub layer: Layer,
    /// The text, with its templates.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// Which table sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// `[defaults]`.
    Defaults,
    /// `[styles.NAME]`.
    Style(String),
    /// `[assets.NAME]`.
    Asset,
}

/// A variable that a template names.
#[derive(Debug, Clone)]
pub struct Variable {
    /// As written, dots and all: `metal.look`.
    pub name: String,
    /// Its value, if it is a plain one.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: VariableOrigin,
}

/// Where a variable comes from.
#[derive(Debug, Clone)]
pub enum VariableOrigin {
    /// `[vars]`.
    Vars(Place),
    /// `[data]`: a file.
    Data(Place),
    /// The asset's `matrix`.
    Matrix(Place),
    /// A row of the asset's `rows`.
    Row(Place),
    /// tintype itself: the asset's name.
    Given,
}

/// Everything that made one asset, as its expansion saw it.
pub(crate) struct Witness<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) entry: &'a Entry,
    pub(crate) context: &'a Context,
    pub(crate) row: Option<&'a Label>,
    /// The styles that it has, in order.
    pub(crate) styles: &'a [Entry],
    /// The own wording, if it is from a file: its text is there.
    pub(crate) prompt_file: Option<&'a Place>,
}

impl Witness<'_> {
    pub(crate) fn explain(&self, templates: &Templates) -> Explanation {
        let layers = self.layers();
        Explanation {
            wordings: self.wordings(&layers),
            variables: self.variables(&layers, templates),
            keys: keys(&layers),
        }
    }

    /// The tables that made it, the lowest first.
    fn layers(&self) -> Vec<(Layer, &Node)> {
        let defaults = (Layer::Defaults, &self.manifest.defaults);
        let styles = self.styles.iter().map(|style| (Layer::Style(style.key.clone()), &style.node));
        std::iter::once(defaults).chain(styles).chain([(Layer::Asset, &self.entry.node)]).collect()
    }

    fn wordings(&self, layers: &[(Layer, &Node)]) -> Vec<Wording> {
        let file = self.prompt_file.map(|place| Wording {
            layer: Layer::Asset,
            text: place.source.text().to_string(),
            place: place.clone(),
        });
        let written = |(layer, node): &(Layer, &Node)| {
            let prompt = node.get("prompt")?;
            Some(Wording { layer: layer.clone(), text: prompt.as_text()?.to_string(), place: prompt.place.clone() })
        };
        let (own, styles): (Vec<_>, Vec<_>) =
            layers.iter().filter_map(written).partition(|wording| wording.layer == Layer::Asset);
        file.into_iter().chain(own).chain(styles).collect()
    }

    fn variables(&self, layers: &[(Layer, &Node)], templates: &Templates) -> Vec<Variable> {
        let mut texts = vec![self.entry.key.as_str()];
        if let Some(place) = self.prompt_file {
            texts.push(place.source.text());
        }
        for (_, node) in layers {
            each_text(node, &mut |text| texts.push(text));
        }
        let names: BTreeSet<String> = texts.into_iter().flat_map(|text| templates.variables(text)).collect();
        // `metal` says no more than `metal.look` does.
        let is_part = |name: &String| names.iter().any(|other| other.starts_with(&format!("{name}.")));
        names.iter().filter(|name| !is_part(name)).filter_map(|name| self.variable(name, templates)).collect()
    }

    fn variable(&self, name: &str, templates: &Templates) -> Option<Variable> {
        let root = name.split('.').next().unwrap_or(name);
        let matrix = self.entry.node.get("matrix").filter(|matrix| matrix.get(root).is_some());
        let vars = self.manifest.vars.iter().find(|entry| entry.key == root);
        // A row hides a variable of the same name.
        let is_own = |vars: &Entry| self.context.get(root) == Some(&to_value(&vars.node.value));
        let vars = vars.filter(|vars| self.row.is_none() || is_own(vars));
        let row = self.row.filter(|_| self.context.contains_key(root));
        let origin = match (root, matrix, row, vars) {
            ("name", ..) => VariableOrigin::Given,
            // Known only once a file is written.
            ("prompt" | "ext" | "take" | "width", ..) => return None,
            ("data", ..) => {
                let file = name.split('.').nth(1)?;
                let (_, path) = self.manifest.data.iter().find(|(known, _)| known == file)?;
                VariableOrigin::Data(path.place.clone())
            }
            (_, Some(matrix), ..) => VariableOrigin::Matrix(matrix.get(root)?.place.clone()),
            (_, None, _, Some(vars)) => VariableOrigin::Vars(vars.key_place.clone()),
            (_, None, Some(row), None) => {
                VariableOrigin::Row(Place { source: Arc::clone(&row.source), span: row.span.clone() })
            }
            (_, None, None, None) => return None,
        };
        let value = templates.evaluate(name, self.context).filter(is_plain).map(|value| value.to_string());
        Some(Variable { name: name.to_string(), value, origin })
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::String | ValueKind::Number | ValueKind::Bool)
}

/// Keys whose values add up instead of replacing each other.
const ADDING: [&str; 4] = ["references", "tags", "options", "output"];

fn keys(layers: &[(Layer, &Node)]) -> Vec<(String, Vec<(Layer, Place)>)> {
    let mut keys: Vec<(String, Vec<(Layer, Place)>)> = Vec::new();
    for (layer, node) in layers {
        for entry in node.entries().iter().filter(|entry| !["prompt", "matrix", "rows"].contains(&entry.key.as_str())) {
            let place = (layer.clone(), entry.key_place.clone());
            match keys.iter_mut().find(|(key, _)| *key == entry.key) {
                Some((key, places)) if ADDING.contains(&key.as_str()) => places.push(place),
                Some((_, places)) => *places = vec![place],
                None => keys.push((entry.key.clone(), vec![place])),
            }
        }
        // Who sets the one takes the other away.
        for (key, other) in [("size", "aspect_ratio"), ("aspect_ratio", "size")] {
            if node.get(key).is_some() && node.get(other).is_none() {
                keys.retain(|(known, _)| known != other);
            }
        }
    }
    keys
}

fn each_text<'a>(node: &'a Node, visit: &mut impl FnMut(&'a str)) {
    match &node.value {
        Tree::Text(text) => visit(text),
        Tree::List(items) => items.iter().for_each(|item| each_text(item, visit)),
        Tree::Table(entries) => entries.iter().for_each(|entry| each_text(&entry.node, visit)),
        _ => {}
    }
}
