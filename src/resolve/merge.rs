//! Merging: the defaults below, the styles in order, the asset on top.
//!
//! References and tags append, the styles' first; options and output merge by key; size and aspect ratio go together; all
//! else replaces.

use crate::manifest::tree::{Entry, Node, Tree};
use crate::picture::Format;

/// Layers over each other, each over those before it.
pub(crate) fn merge(layers: Vec<Node>, place: crate::manifest::Place) -> Node {
    let mut merged: Vec<Entry> = Vec::new();
    for layer in layers {
        let Tree::Table(entries) = layer.value else { continue };
        let sets_shape = entries.iter().any(|entry| is_shape(&entry.key));
        if sets_shape {
            merged.retain(|entry| !is_shape(&entry.key));
        }
        for entry in entries {
            lay_over(&mut merged, entry);
        }
    }
    Node { value: Tree::Table(merged), place }
}

fn is_shape(key: &str) -> bool {
    key == "size" || key == "aspect_ratio"
}

fn lay_over(merged: &mut Vec<Entry>, entry: Entry) {
    let Some(below) = merged.iter_mut().find(|below| below.key == entry.key) else {
        merged.push(entry);
        return;
    };
    below.node = match entry.key.as_str() {
        "references" | "tags" => appended(below.node.clone(), entry.node),
        "options" => by_key(&below.node, entry.node, 2),
        "output" => output(&below.node, entry.node),
        _ => entry.node,
    };
    below.key_place = entry.key_place;
}

fn appended(below: Node, above: Node) -> Node {
    let items = |node: Node| match node.value {
        Tree::List(items) => items,
        _ => vec![node],
    };
    let place = above.place.clone();
    Node { value: Tree::List(items(below).into_iter().chain(items(above)).collect()), place }
}

/// Tables merged by key, so many levels deep.
fn by_key(below: &Node, above: Node, depth: u32) -> Node {
    let (Tree::Table(below), Tree::Table(entries)) = (&below.value, &above.value) else { return above };
    let mut merged = below.clone();
    for entry in entries {
        match merged.iter_mut().find(|below| below.key == entry.key) {
            Some(below) if depth > 1 => below.node = by_key(&below.node, entry.node.clone(), depth - 1),
            Some(below) => *below = entry.clone(),
            None => merged.push(entry.clone()),
        }
    }
    Node { value: Tree::Table(merged), place: above.place }
}

/// Each output inherits the one below, if that is a single one.
fn output(below: &Node, above: Node) -> Node {
    let Some(below) = as_output(below) else { return above };
    match above.value {
        Tree::List(items) => {
            let items = items.into_iter().map(|item| one_output(&below, item)).collect();
            Node { value: Tree::List(items), place: above.place }
        }
        _ => one_output(&below, above),
    }
}

fn one_output(below: &Node, above: Node) -> Node {
    let Some(above) = as_output(&above) else { return above };
    // A path that says its format overrides a format from further away.
    let speaks = above.get("path").and_then(Node::as_text).is_some_and(names_a_format);
    let mut below = below.clone();
    if let Tree::Table(entries) = &mut below.value {
        entries.retain(|entry| !(speaks && entry.key == "format"));
    }
    by_key(&below, above, 1)
}

/// An output as a table: a path alone is one.
fn as_output(node: &Node) -> Option<Node> {
    let place = node.place.clone();
    match &node.value {
        Tree::Table(_) => Some(node.clone()),
        Tree::Text(_) | Tree::Open => {
            let entry = Entry { key: "path".to_string(), key_place: place.clone(), node: node.clone() };
            Some(Node { value: Tree::Table(vec![entry]), place })
        }
        _ => None,
    }
}

fn names_a_format(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| Format::from_extension(extension).is_some())
}
