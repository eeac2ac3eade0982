//! Why an asset is as it is: where its wording and each of its keys stand, and what its templates took from where.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::diagnostic::{Label, Source};
use crate::manifest::tree::{Entry, Node, Tree};
use crate::manifest::{Manifest, Place};
use crate::resolve::template::{Context, Templates, to_value};

/// Where an asset's wording and keys come from.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// The wordings as written: the asset's own, then each style's, which wraps those before it.
    pub wordings: Vec<Wording>,
    /// The prompt as it comes to be: the asset's own, then with each style around it.
    pub prompts: Vec<(Layer, String)>,
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
    /// The texts of prompt files, by path.
    pub(crate) prompt_files: &'a HashMap<String, Arc<Source>>,
    /// Where the own wording stands.
    pub(crate) prompt: Option<&'a Place>,
}

impl Witness<'_> {
    pub(crate) fn explain(&self, templates: &Templates) -> Explanation {
        let layers = self.layers();
        Explanation {
            wordings: self.wordings(&layers),
            prompts: Vec::new(),
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
        let own = self.prompt.and_then(|place| self.wording(Layer::Asset, &self.entry.node, place));
        let styles = layers.iter().filter(|(layer, _)| matches!(layer, Layer::Style(_)));
        let styles = styles.filter_map(|(layer, node)| {
            let prompt = node.get("prompt").or_else(|| node.get("prompt_file"))?;
            self.wording(layer.clone(), node, &prompt.place)
        });
        own.into_iter().chain(styles).collect()
    }

    /// A table's wording: as written there or, with its templates too, in a file.
    fn wording(&self, layer: Layer, node: &Node, place: &Place) -> Option<Wording> {
        if let Some(text) = node.get("prompt").and_then(Node::as_text) {
            return Some(Wording { layer, text: text.to_string(), place: place.clone() });
        }
        // The own one's place is in the file already; a style's is that of the path.
        let path = node.get("prompt_file").and_then(Node::as_text)?;
        let source = self.prompt_files.get(path).unwrap_or(&place.source);
        let text = source.text().to_string();
        Some(Wording { layer, place: Place { span: 0..text.len(), source: Arc::clone(source) }, text })
    }

    fn variables(&self, layers: &[(Layer, &Node)], templates: &Templates) -> Vec<Variable> {
        let mut texts = vec![self.entry.key.as_str()];
        let wordings = self.wordings(layers);
        texts.extend(wordings.iter().map(|wording| wording.text.as_str()));
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
