//! From `[assets.NAME]` as written to one asset each: rows and matrix multiplied out, templates rendered, styles and defaults
//! merged below.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, grouped, nearest};
use crate::files::Files;
use crate::manifest::asset::{Scope, read};
use crate::manifest::parse::{MAX_ASSETS, title};
use crate::manifest::table::{Field, Problems};
use crate::manifest::tree::{Entry, Node, Tree, is_template};
use crate::manifest::{AssetKeys, Manifest, Place};
use crate::name::{AssetName, suggest_name};
use crate::resolve::explain::{Explanation, Witness};
use crate::resolve::listing::{data, rows};
use crate::resolve::merge::merge;
use crate::resolve::template::{Context, Templates, to_value};
use crate::rows::RowPlace;

/// Variables that tintype itself gives; nothing else may be called so.
const RESERVED: [&str; 5] = ["name", "ext", "take", "width", "data"];

/// Every asset that is declared, with its keys as they come to be.
pub(crate) type Declared = BTreeMap<AssetName, AssetKeys>;

/// Multiplies out, renders and merges everything that the manifest declares.
pub(crate) fn expand(manifest: &Manifest, files: &Files, found: &mut Vec<Diagnostic>) -> Declared {
    let mut expansion = Expansion::of(manifest, files, None, found);
    expansion.all(found);
    found.append(&mut expansion.plain);
    expansion.declared
}

/// Does it for one asset alone, and says what came of what.
pub fn explain(manifest: &Manifest, files: &Files, name: &AssetName) -> Option<Explanation> {
    let mut found = Vec::new();
    let mut expansion = Expansion::of(manifest, files, Some(name), &mut found);
    expansion.all(&mut found);
    expansion.explanation
}

struct Expansion<'a> {
    manifest: &'a Manifest,
    files: &'a Files,
    templates: Templates,
    /// What every template may name.
    base: Context,
    declared: Declared,
    /// The one asset that is looked for; all of them where absent.
    only: Option<&'a AssetName>,
    /// Why that one is as it is.
    explanation: Option<Explanation>,
    /// Mistakes that no template has a part in.
    plain: Vec<Diagnostic>,
    /// Where each name comes from: in the manifest, and the cell or row.
    places: BTreeMap<AssetName, (Place, String, Option<RowPlace>)>,
}

/// One of the assets that a table makes.
struct Cell {
    context: Context,
    /// What tells it from the others, for messages; empty where there is only one.
    label: String,
    /// The row that it comes from.
    row: Option<RowPlace>,
}

impl<'a> Expansion<'a> {
    fn of(manifest: &'a Manifest, files: &'a Files, only: Option<&'a AssetName>, found: &mut Vec<Diagnostic>) -> Self {
        let mut expansion = Self {
            manifest,
            files,
            templates: Templates::new(),
            base: Context::new(),
            declared: BTreeMap::new(),
            only,
            explanation: None,
            places: BTreeMap::new(),
            plain: Vec::new(),
        };
        expansion.base = expansion.base_context(found);
        expansion
    }

    fn all(&mut self, found: &mut Vec<Diagnostic>) {
        for entry in &self.manifest.assets {
            self.asset(entry, found);
        }
    }

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
                "{} makes {} assets; a manifest has at most {MAX_ASSETS} in all",
                title(&entry.key),
                grouped(cells.len() as u64)
            );
            found.push(
                entry.key_place.error("too-many", message, "this table").help("take values out of its matrix, or rows"),
            );
            return;
        }
        for cell in cells {
            self.cell(entry, cell, found);
        }
    }

    /// Each row of a data file.
    fn row_cells(&mut self, entry: &Entry, written: &Node, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let written = self.templates.node(written, &self.base, found)?;
        let rows = rows(entry, &written, self.files, &self.base, found)?;
        let first = rows.first()?;
        if let Some(name) = first.values.keys().find(|name| RESERVED.contains(&name.as_str())) {
            let message = format!("the rows of {} have a `{name}`, which templates know already", title(&entry.key));
            let error = written.place.error("reserved-name", message, "these rows");
            found.push(error.help("call the column something else, or name the columns with `columns`"));
            return None;
        }
        let cell = |row: crate::rows::Row| {
            let mut context = self.base.clone();
            let label = format!("row {} of {}", row.number, row.place.source.name());
            context.extend(row.values.into_iter().map(|(name, value)| (Arc::from(name), value)));
            Cell { context, label, row: Some(row.place) }
        };
        Some(rows.into_iter().map(cell).collect())
    }

    /// Every row, and every combination of the matrix.
    fn cells(&mut self, entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<Vec<Cell>> {
        let mut cells = match entry.node.get("rows") {
            Some(written) => self.row_cells(entry, written, found)?,
            None => vec![Cell { context: self.base.clone(), label: String::new(), row: None }],
        };
        let Some(matrix) = entry.node.get("matrix") else { return Some(cells) };
        // A table is rendered axis by axis: what an axis is may depend on the row and on the axes before it.
        let matrix = match matrix.value {
            Tree::Table(_) => matrix.clone(),
            _ => self.templates.node(matrix, &self.base, found)?,
        };
        let Tree::Table(axes) = &matrix.value else {
            let help = "write matrix = { item = [\"sword\", \"shield\"] }";
            found.push(matrix.place.error("bad-type", "`matrix` must be a table of lists", "not this").help(help));
            return None;
        };
        // In the order of the text, so that the last one varies fastest.
        let mut axes: Vec<&Entry> = axes.iter().collect();
        axes.sort_by_key(|axis| axis.key_place.span.start);
        for axis in axes {
            if let Some(mistake) = reserved(&axis.key, &axis.key_place) {
                found.push(mistake);
                return None;
            }
            let (mut multiplied, mut count) = (Vec::new(), 0_usize);
            for (index, cell) in cells.iter().enumerate() {
                let values = self.axis_values(entry, axis, cell, found)?;
                count += values.len();
                if count > MAX_ASSETS {
                    // The other cells aren't looked at: there will be about as many for each of them.
                    let count = grouped((count.saturating_mul(cells.len()) / (index + 1)) as u64);
                    let message = format!(
                        "{} makes about {count} assets; a manifest has at most {MAX_ASSETS}",
                        title(&entry.key)
                    );
                    found.push(matrix.place.error("too-many", message, "this matrix").help("take values out of it"));
                    return None;
                }
                multiplied.extend(values.iter().map(|value| cell.with(&axis.key, value)));
            }
            cells = multiplied;
        }
        Some(cells)
    }

    /// What a matrix has along one of its axes, for a cell so far.
    fn axis_values(
        &mut self,
        entry: &Entry,
        axis: &Entry,
        cell: &Cell,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Node>> {
        let before = found.len();
        let rendered = self.templates.node(&axis.node, &cell.context, found);
        let values = rendered.map(|node| match node.value {
            Tree::List(items) => items,
            _ => vec![node],
        });
        if values.as_ref().is_none_or(Vec::is_empty) && found.len() == before {
            let message = format!("`{}` in the matrix of {} has no values", axis.key, title(&entry.key));
            let error = axis.node.place.error("bad-value", message, "empty");
            found.push(error.help("write at least one, or take the key out"));
        }
        cell.blame(&mut found[before..]);
        values.filter(|values| !values.is_empty())
    }

    fn cell(&mut self, entry: &Entry, mut cell: Cell, found: &mut Vec<Diagnostic>) {
        let before = found.len();
        let name = self.name(entry, &cell, found);
        if self.only.is_some() && self.only != name.as_ref() {
            return;
        }
        if let Some(name) = &name {
            cell.context.insert(Arc::from("name"), Value::from(name.as_str()));
        }
        let keys = self.keys(entry, &cell, found);
        cell.blame(&mut found[before..]);
        let (Some(name), Some(keys)) = (name, keys) else { return };
        if let Some((place, label, row)) = self.places.get(&name) {
            let both = |label: &str| if label.is_empty() { format!("`{name}`") } else { label.to_string() };
            let message = format!("two assets are called `{name}`");
            let error = entry.key_place.error("same-name", message, both(&cell.label));
            let mut error = error.label(&place.source, place.span.clone(), both(label));
            error.labels.extend(cell.row.iter().chain(row).map(RowPlace::label));
            found.push(error.help("put what tells them apart into the name: [assets.\"{{ item }}/{{ size }}\"]"));
            return;
        }
        self.places.insert(name.clone(), (entry.key_place.clone(), cell.label, cell.row));
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
        let mut prompt = self.prompt(&own, cell, found);
        if found.len() > before {
            // Its wording may be what is wrong: that the styles have none to wrap would be no other mistake.
            prompt.get_or_insert(Node { value: Tree::Text(String::new()), place: entry.node.place.clone() });
        }
        if self.only.is_some() {
            let prompt_file = prompt.as_ref().filter(|_| own.get("prompt_file").is_some()).map(|prompt| &prompt.place);
            let witness = Witness {
                manifest: self.manifest,
                entry,
                context: &cell.context,
                row: cell.row.as_ref(),
                styles: &styles,
                prompt_file,
            };
            self.explanation = Some(witness.explain(&self.templates));
        }
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
        // What is wrong whatever the templates come to is said in the same words for every cell, and so only once.
        let is_open = |mistake: &Diagnostic| {
            mistake
                .labels
                .first()
                .is_some_and(|label| is_template(label.source.text().get(label.span.clone()).unwrap_or("")))
        };
        let (open, plain): (Vec<_>, Vec<_>) = problems.found.into_iter().partition(is_open);
        found.extend(open);
        self.plain.extend(plain);
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
            Err(reason) => {
                let message = format!("the prompt file `{path}` can't be read: {reason}");
                let help = format!("paths start at the folder of {}", self.files.manifest_name());
                found.push(file.place.error("missing-file", message, "this file").help(help));
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
    /// Says of mistakes which one of many cells they are of.
    fn blame(&self, mistakes: &mut [Diagnostic]) {
        if self.label.is_empty() {
            return;
        }
        for mistake in mistakes {
            mistake.message = format!("{} (where {})", mistake.message, self.label);
            mistake.labels.extend(self.row.as_ref().map(RowPlace::label));
        }
    }

    fn with(&self, key: &str, value: &Node) -> Self {
        let mut context = self.context.clone();
        context.insert(Arc::from(key), to_value(&value.value));
        let shown = value.get("id").map_or(&value.value, |id| &id.value);
        let label = format!("{key} is {}", to_value(shown));
        let label = if self.label.is_empty() { label } else { format!("{}, {label}", self.label) };
        Self { context, label, row: self.row.clone() }
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
