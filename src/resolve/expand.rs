//! From `[assets.NAME]` as written to one asset each: rows and matrix multiplied out, templates rendered, styles and defaults
//! merged below.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, Label, grouped, nearest};
use crate::files::Files;
use crate::manifest::asset::{Scope, read};
use crate::manifest::include::unreadable;
use crate::manifest::parse::{MAX_ASSETS, title};
use crate::manifest::table::{Field, Problems};
use crate::manifest::tree::{Entry, Node, Tree, is_template};
use crate::manifest::{AssetKeys, Manifest, Place};
use crate::name::{AssetName, suggest_name};
use crate::resolve::cell::{Cell, CellName, Said};
use crate::resolve::listing::{data, rows};
use crate::resolve::merge::merge;
use crate::resolve::template::{Context, Templates, to_value};

/// So much of a value tells a cell from the others, in characters.
const LONGEST_VALUE: usize = 40;
/// Variables that tintype itself gives; nothing else may be called so.
const RESERVED: [&str; 5] = ["name", "ext", "take", "width", "data"];

/// Every asset that is declared, with its keys as they come to be.
pub(crate) type Declared = BTreeMap<AssetName, AssetKeys>;

/// Where each name comes from: in the manifest, and the cell or row.
pub(crate) type Places = BTreeMap<AssetName, (Place, CellName)>;

/// Multiplies out, renders and merges everything that the manifest declares.
pub(crate) fn expand(manifest: &Manifest, files: &Files, found: &mut Vec<Diagnostic>) -> (Declared, Places) {
    let mut expansion = Expansion {
        manifest,
        files,
        templates: Templates::new(),
        base: Context::new(),
        declared: BTreeMap::new(),
        places: BTreeMap::new(),
    };
    expansion.base = expansion.base_context(found);
    for entry in &manifest.assets {
        expansion.asset(entry, found);
    }
    (expansion.declared, expansion.places)
}

struct Expansion<'a> {
    manifest: &'a Manifest,
    files: &'a Files,
    templates: Templates,
    /// What every template may name.
    base: Context,
    declared: Declared,
    places: Places,
}

impl Expansion<'_> {
    fn base_context(&self, found: &mut Vec<Diagnostic>) -> Context {
        let mut context = Context::new();
        for entry in &self.manifest.vars {
            if let Some(mistake) = reserved(&entry.key, &entry.key_place) {
                found.push(mistake);
            }
            context.insert(Arc::from(entry.key.as_str()), to_value(&entry.node.value));
        }
        context.insert(Arc::from("data"), data(self.manifest, self.files, found));
        context
    }

    fn asset(&mut self, entry: &Entry, found: &mut Vec<Diagnostic>) {
        let Some(cells) = self.cells(entry, found) else { return };
        if self.declared.len() + cells.len() > MAX_ASSETS {
            let message = format!(
                "{} makes {} assets; a manifest has at most {} in all",
                title(&entry.key),
                grouped(cells.len() as u64),
                grouped(MAX_ASSETS as u64)
            );
            found.push(
                entry.key_place.error("too-many", message, "this table").help("take values out of its matrix, or rows"),
            );
            return;
        }
        let mut said = Said::default();
        for cell in cells {
            self.cell(entry, cell, &mut said, found);
        }
        found.extend(said.mistakes());
    }

    /// Each row of a data file.
    fn row_cells(&mut self, entry: &Entry, written: &Node, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let written = self.templates.node(written, &self.base, found)?;
        let rows = rows(entry, &written, self.files, &self.base, found)?;
        let first = rows.first()?;
        let hidden: Vec<_> = first.values.keys().filter(|name| RESERVED.contains(&name.as_str())).collect();
        for name in &hidden {
            let message = format!("the rows of {} have `{name}`, which templates know already", title(&entry.key));
            let error = written.place.error("reserved-name", message, "these rows");
            found.push(error.help("call it something else in the file, or name a csv's columns with `columns`"));
        }
        if !hidden.is_empty() {
            return None;
        }
        let cell = |row: crate::rows::Row| {
            let mut context = self.base.clone();
            let label = format!("row {} of {}", row.number, row.place.source.name());
            context.extend(row.values.into_iter().map(|(name, value)| (Arc::from(name), value)));
            Cell { context, of: CellName { label, row: Some(row.place.label(row.number)) } }
        };
        Some(rows.into_iter().map(cell).collect())
    }

    /// Every row, and every combination of the matrix.
    fn cells(&mut self, entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let mut cells = match entry.node.get("rows") {
            Some(written) => self.row_cells(entry, written, found)?,
            None => vec![Cell { context: self.base.clone(), of: CellName::default() }],
        };
        let Some(matrix) = entry.node.get("matrix") else { return Some(cells) };
        let matrix = self.templates.node(matrix, &self.base, found)?;
        let Tree::Table(axes) = &matrix.value else {
            let help = "write matrix = { item = [\"sword\", \"shield\"] }";
            found.push(matrix.place.error("bad-type", "`matrix` must be a table of lists", "not this").help(help));
            return None;
        };
        // In the order of the text, so that the last one varies fastest.
        let mut axes: Vec<&Entry> = axes.iter().collect();
        axes.sort_by_key(|axis| axis.key_place.span.start);
        let count = axes.iter().map(|axis| axis_values(axis).len()).try_fold(cells.len(), usize::checked_mul);
        if count.is_none_or(|count| count > MAX_ASSETS) {
            let message = format!(
                "{} makes {} assets; a manifest has at most {}",
                title(&entry.key),
                count.map_or("more than can be counted".to_string(), |count| grouped(count as u64)),
                grouped(MAX_ASSETS as u64)
            );
            found.push(matrix.place.error("too-many", message, "this matrix").help("take values out of it"));
            return None;
        }
        let before = found.len();
        for axis in &axes {
            found.extend(reserved(&axis.key, &axis.key_place));
            if axis_values(axis).is_empty() {
                let message = format!("`{}` in the matrix of {} has no values", axis.key, title(&entry.key));
                let error = axis.node.place.error("bad-value", message, "empty");
                found.push(error.help("write at least one, or take the key out"));
            }
        }
        if found.len() > before {
            return None;
        }
        for axis in axes {
            let values = axis_values(axis);
            cells = cells
                .into_iter()
                .flat_map(|cell| values.iter().map(move |value| cell.with(&axis.key, value)))
                .collect();
        }
        Some(cells)
    }

    fn cell(&mut self, entry: &Entry, mut cell: Cell, said: &mut Said, found: &mut Vec<Diagnostic>) {
        let mut own = Vec::new();
        let name = self.name(entry, &cell, &mut own);
        if let Some(name) = &name {
            cell.context.insert(Arc::from("name"), Value::from(name.as_str()));
        }
        let keys = self.keys(entry, &cell, &mut own);
        said.add(own, name.as_ref().map_or("", AssetName::as_str), &cell.of);
        let (Some(name), Some(keys)) = (name, keys) else { return };
        if let Some((place, first)) = self.places.get(&name) {
            found.push(twice(&name, (&entry.key_place, &cell.of), (place, first)));
            return;
        }
        self.places.insert(name.clone(), (entry.key_place.clone(), cell.of));
        self.declared.insert(name, keys);
    }

    fn name(&mut self, entry: &Entry, cell: &Cell, found: &mut Vec<Diagnostic>) -> Option<AssetName> {
        let text = match self.templates.text(&entry.key, &entry.key_place, &cell.context) {
            Ok(text) => text,
            Err(mistake) => {
                found.push(mistake);
                return None;
            }
        };
        match AssetName::new(&text) {
            Ok(name) => Some(name),
            Err(reason) => {
                let help = suggest_name(&text).map_or_else(
                    || "write letters, digits, - _ and / for folders".to_string(),
                    |name| format!("write [assets.\"{name}\"]: letters, digits, - _ and / for folders"),
                );
                let help = if is_template(&entry.key) {
                    "`{{ value | slug }}` makes a name of any text".to_string()
                } else {
                    help
                };
                let message = format!("`{text}` is no name for an asset: {reason}");
                found.push(entry.key_place.error("bad-name", message, "this name").help(help));
                None
            }
        }
    }

    /// Renders the asset and all that it inherits, and reads what comes of it.
    fn keys(&mut self, entry: &Entry, cell: &Cell, found: &mut Vec<Diagnostic>) -> Option<AssetKeys> {
        let before = found.len();
        let own = self.table(&entry.node, &cell.context, found);
        let defaults = self.table(&self.manifest.defaults, &cell.context, found);
        let styles = self.styles(&own, &defaults, found);
        let prompt = self.prompt(&own, cell, found);
        let (styles, prompt) = self.wrap(&styles, prompt, cell, found);
        if found.len() > before {
            return None;
        }
        let layers = std::iter::once(defaults).chain(styles).chain([own]).collect();
        let mut merged = merge(layers, entry.node.place.clone());
        set_prompt(&mut merged, prompt);
        let mut problems = Problems { source: &self.manifest.source, found: Vec::new() };
        let field = Field {
            key: &entry.key,
            key_place: entry.key_place.clone(),
            value: &merged.value,
            place: merged.place.clone(),
        };
        let keys = read(&field, &title(&entry.key), Scope::Asset, &mut problems);
        found.append(&mut problems.found);
        let variables = Value::from_pairs(cell.context.iter().map(|(name, value)| (name.clone(), value.clone())));
        keys.map(|keys| AssetKeys { variables, ..keys })
    }

    /// A table rendered, but for the paths of its outputs: those know more than anything else does.
    fn table(&mut self, node: &Node, context: &Context, found: &mut Vec<Diagnostic>) -> Node {
        let mut rendered = Vec::new();
        for entry in node.entries() {
            let node = match entry.key.as_str() {
                "matrix" | "rows" => continue,
                "output" => self.output(&entry.node, context, found),
                _ => self.templates.node(&entry.node, context, found),
            };
            rendered.extend(node.map(|node| Entry { node, ..entry.clone() }));
        }
        Node { value: Tree::Table(rendered), place: node.place.clone() }
    }

    fn output(&mut self, node: &Node, context: &Context, found: &mut Vec<Diagnostic>) -> Option<Node> {
        let value = match &node.value {
            Tree::Text(_) => return Some(node.clone()),
            Tree::List(items) => {
                Tree::List(items.iter().filter_map(|item| self.output(item, context, found)).collect())
            }
            Tree::Table(entries) => {
                let mut rendered = Vec::new();
                for entry in entries {
                    let node = if entry.key == "path" {
                        Some(entry.node.clone())
                    } else {
                        self.templates.node(&entry.node, context, found)
                    };
                    rendered.extend(node.map(|node| Entry { node, ..entry.clone() }));
                }
                Tree::Table(rendered)
            }
            _ => return self.templates.node(node, context, found),
        };
        Some(Node { value, place: node.place.clone() })
    }

    /// The styles that an asset names, or else those of the defaults.
    fn styles(&self, own: &Node, defaults: &Node, found: &mut Vec<Diagnostic>) -> Vec<Entry> {
        let Some(written) = own.get("style").or(defaults.get("style")) else { return Vec::new() };
        let names = match &written.value {
            Tree::List(items) => items.iter().collect(),
            _ => vec![written],
        };
        let known = || self.manifest.styles.keys().map(String::as_str);
        let mut styles = Vec::new();
        for name in names {
            let Some(text) = name.as_text() else {
                found.push(name.place.error(
                    "bad-type",
                    "`style` must be a style's name, or a list of them",
                    "not this",
                ));
                continue;
            };
            if let Some(style) = self.manifest.styles.get(text) {
                styles.push(style.clone());
                continue;
            }
            let help = nearest(text, known()).map_or_else(
                || match known().collect::<Vec<_>>() {
                    none if none.is_empty() => format!("declare it: [styles.{text}] prompt = \"{{{{ prompt }}}}, …\""),
                    names => format!("known are {}", names.join(", ")),
                },
                |near| format!("did you mean `{near}`?"),
            );
            found.push(
                name.place.error("unknown-style", format!("no style `{text}` is declared"), "this style").help(help),
            );
        }
        styles
    }

    /// The asset's own wording: as written, or from a file.
    fn prompt(&mut self, own: &Node, cell: &Cell, found: &mut Vec<Diagnostic>) -> Option<Node> {
        let (prompt, file) = (own.get("prompt"), own.get("prompt_file"));
        let Some(file) = file else { return prompt.cloned() };
        if prompt.is_some() {
            let error =
                file.place.error("bad-value", "this asset has a `prompt` and a `prompt_file`", "one of them too many");
            found.push(error.help("take one of them out"));
            return None;
        }
        let Some(path) = file.as_text() else {
            found.push(file.place.error("bad-type", "`prompt_file` must be a path", "not this"));
            return None;
        };
        match self.files.read_project_text(path) {
            Ok(text) => {
                let source = crate::diagnostic::Source::new(path, &text);
                let place = Place { source, span: 0..text.len() };
                match self.templates.text(&text, &place, &cell.context) {
                    Ok(rendered) => Some(Node { value: Tree::Text(rendered), place }),
                    Err(mistake) => {
                        found.push(mistake);
                        None
                    }
                }
            }
            Err(error) => {
                found.push(unreadable(&file.place, "the prompt file ", &error, self.files));
                None
            }
        }
    }

    /// Each style's wording wraps what is there so far.
    fn wrap(
        &mut self,
        styles: &[Entry],
        mut prompt: Option<Node>,
        cell: &Cell,
        found: &mut Vec<Diagnostic>,
    ) -> (Vec<Node>, Option<Node>) {
        let mut rendered = Vec::new();
        for style in styles {
            let mut context = cell.context.clone();
            if let Some(text) = prompt.as_ref().and_then(Node::as_text) {
                context.insert(Arc::from("prompt"), Value::from(crate::recipe::fold_white_space(text)));
            }
            let style = self.table(&style.node, &context, found);
            prompt = style.get("prompt").cloned().or(prompt);
            rendered.push(style);
        }
        (rendered, prompt)
    }
}

impl Cell {
    fn with(&self, key: &str, value: &Node) -> Self {
        let mut context = self.context.clone();
        context.insert(Arc::from(key), to_value(&value.value));
        let shown = value.get("id").map_or(&value.value, |id| &id.value);
        let mut shown = to_value(shown).to_string();
        if let Some((end, _)) = shown.char_indices().nth(LONGEST_VALUE) {
            shown.truncate(end);
            shown.push('…');
        }
        let label = format!("{key} is {shown}");
        let label = if self.of.label.is_empty() { label } else { format!("{}, {label}", self.of.label) };
        Self { context, of: CellName { label, row: self.of.row.clone() } }
    }
}

/// Two cells of one table, or two tables, have made the same name.
fn twice(name: &AssetName, (place, cell): (&Place, &CellName), (other, first): (&Place, &CellName)) -> Diagnostic {
    let error = |label: String| place.error("same-name", format!("two assets are called `{name}`"), label);
    let label = |cell: &CellName, word: &str| if cell.label.is_empty() { word } else { &cell.label }.to_string();
    let mut error = if place == other {
        error(format!("{} and {}", label(first, "once"), label(cell, "again")))
    } else {
        error(label(cell, "the second one")).label(&other.source, other.span.clone(), label(first, "the first one"))
    };
    let mut rows: Vec<&Label> = cell.row.iter().chain(&first.row).collect();
    rows.dedup();
    error.labels.extend(rows.into_iter().cloned());
    let is_one = cell.label.is_empty() && first.label.is_empty();
    error.help(if is_one {
        "give one of them another name"
    } else {
        "put what tells them apart into the name, like [assets.\"{{ item }}-{{ look }}\"]"
    })
}

fn axis_values(axis: &Entry) -> Vec<&Node> {
    match &axis.node.value {
        Tree::List(items) => items.iter().collect(),
        _ => vec![&axis.node],
    }
}

fn set_prompt(merged: &mut Node, prompt: Option<Node>) {
    let Tree::Table(entries) = &mut merged.value else { return };
    entries.retain(|entry| !["prompt", "prompt_file", "style"].contains(&entry.key.as_str()));
    if let Some(node) = prompt {
        entries.push(Entry { key: "prompt".to_string(), key_place: node.place.clone(), node });
    }
}

/// A name that tintype gives itself can't be given anything else.
fn reserved(name: &str, place: &Place) -> Option<Diagnostic> {
    RESERVED.contains(&name).then(|| {
        let message = format!("`{name}` is a name that templates know already");
        place.error("reserved-name", message, "this name").help("give it another one")
    })
}
