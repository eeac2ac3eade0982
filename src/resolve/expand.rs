//! From `[assets.NAME]` as written to one asset each: rows and matrix multiplied out, templates rendered, styles and defaults
//! merged below.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use minijinja::Value;

use crate::diagnostic::{Diagnostic, Label, Source, grouped, nearest};
use crate::files::Files;
use crate::manifest::asset::{Scope, read};
use crate::manifest::include::unreadable;
use crate::manifest::parse::{MAX_ASSETS, title};
use crate::manifest::table::{Field, Problems};
use crate::manifest::tree::{Entry, Node, Tree, is_template};
use crate::manifest::{AssetKeys, Manifest, Place};
use crate::name::{AssetName, suggest_name};
use crate::resolve::cell::{Cell, CellName, Said};
use crate::resolve::explain::{Explanation, Layer, Witness};
use crate::resolve::listing::data;
use crate::resolve::merge::merge;
use crate::resolve::multiply::reserved;
use crate::resolve::template::{Context, Templates, to_value};

/// Every asset that is declared, with its keys as they come to be.
pub(crate) type Declared = BTreeMap<AssetName, AssetKeys>;

/// Where each name comes from: in the manifest, and the cell or row.
pub(crate) type Places = BTreeMap<AssetName, (Place, CellName)>;

/// Multiplies out, renders and merges everything that the manifest declares.
pub(crate) fn expand(manifest: &Manifest, files: &Files, found: &mut Vec<Diagnostic>) -> (Declared, Places) {
    let mut expansion = Expansion::of(manifest, files, None, found);
    expansion.all(found);
    (expansion.declared, expansion.places)
}

/// Does it for one asset alone, and says what came of what.
pub fn explain(manifest: &Manifest, files: &Files, name: &AssetName) -> Option<Explanation> {
    let mut found = Vec::new();
    let mut expansion = Expansion::of(manifest, files, Some(name), &mut found);
    expansion.all(&mut found);
    expansion.explanation
}

pub(crate) struct Expansion<'a> {
    manifest: &'a Manifest,
    pub(crate) files: &'a Files,
    pub(crate) templates: Templates,
    /// What every template may name.
    pub(crate) base: Context,
    declared: Declared,
    prompt_files: HashMap<String, Arc<Source>>,
    /// The one asset that is looked for; all of them where absent.
    only: Option<&'a AssetName>,
    /// Why that one is as it is.
    explanation: Option<Explanation>,
    places: Places,
}

impl<'a> Expansion<'a> {
    fn of(manifest: &'a Manifest, files: &'a Files, only: Option<&'a AssetName>, found: &mut Vec<Diagnostic>) -> Self {
        let mut expansion = Self {
            manifest,
            files,
            templates: Templates::new(),
            base: Context::new(),
            declared: BTreeMap::new(),
            prompt_files: HashMap::new(),
            only,
            explanation: None,
            places: BTreeMap::new(),
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

    fn cell(&mut self, entry: &Entry, mut cell: Cell, said: &mut Said, found: &mut Vec<Diagnostic>) {
        let mut own = Vec::new();
        let name = self.name(entry, &cell, &mut own);
        if self.only.is_some() && self.only != name.as_ref() {
            return;
        }
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
        let mut prompt = self.prompt(&own, &cell.context, found);
        if found.len() > before {
            // Its wording may be what is wrong: that the styles have none to wrap would be no other mistake.
            prompt.get_or_insert(Node { value: Tree::Text(String::new()), place: entry.node.place.clone() });
        }
        let place = prompt.as_ref().map(|prompt| prompt.place.clone());
        let mut prompts = Vec::new();
        let (rendered, prompt) = self.wrap(&styles, prompt, cell, &mut prompts, found);
        if self.only.is_some() {
            let explanation = self.witness(entry, cell, &styles, place.as_ref()).explain(&self.templates);
            self.explanation = Some(Explanation { prompts, ..explanation });
        }
        if found.len() > before {
            return None;
        }
        let layers = std::iter::once(defaults).chain(rendered).chain([own]).collect();
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

    /// What made an asset whose own wording is from `prompt`.
    fn witness<'b>(
        &'b self,
        entry: &'b Entry,
        cell: &'b Cell,
        styles: &'b [Entry],
        prompt: Option<&'b Place>,
    ) -> Witness<'b> {
        Witness {
            manifest: self.manifest,
            entry,
            context: &cell.context,
            row: cell.of.row.as_ref(),
            styles,
            prompt_files: &self.prompt_files,
            prompt,
        }
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
        // A template that comes to nothing names none.
        let is_there = |name: &&Node| name.as_text() != Some("") || !name.place.is_template();
        for name in names.into_iter().filter(is_there) {
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
    fn prompt(&mut self, own: &Node, context: &Context, found: &mut Vec<Diagnostic>) -> Option<Node> {
        let (prompt, file) = (own.get("prompt"), own.get("prompt_file"));
        let Some(file) = file else { return prompt.cloned() };
        if prompt.is_some() {
            let error =
                file.place.error("bad-value", "a `prompt` and a `prompt_file` stand here", "one of them too many");
            found.push(error.help("take one of them out"));
            return None;
        }
        let Some(path) = file.as_text() else {
            found.push(file.place.error("bad-type", "`prompt_file` must be a path", "not this"));
            return None;
        };
        let source = self.prompt_file(path, &file.place, found)?;
        let place = Place { span: 0..source.text().len(), source };
        let rendered = self.templates.text(place.source.text(), &place, context);
        rendered.map_err(|mistake| found.push(mistake)).ok().map(|text| Node { value: Tree::Text(text), place })
    }

    /// The text of a prompt file, read once for all cells.
    fn prompt_file(&mut self, path: &str, place: &Place, found: &mut Vec<Diagnostic>) -> Option<Arc<Source>> {
        if let Some(known) = self.prompt_files.get(path) {
            return Some(Arc::clone(known));
        }
        match self.files.read_project_text(path) {
            Ok(text) => {
                let source = Source::new(path, &text);
                self.prompt_files.insert(path.to_string(), Arc::clone(&source));
                Some(source)
            }
            Err(error) => {
                found.push(unreadable(place, "the prompt file ", &error, self.files));
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
        prompts: &mut Vec<(Layer, String)>,
        found: &mut Vec<Diagnostic>,
    ) -> (Vec<Node>, Option<Node>) {
        let mut rendered = Vec::new();
        let mut note = |layer: Layer, prompt: Option<&Node>| {
            let text = prompt.and_then(Node::as_text).map(crate::recipe::fold_white_space);
            prompts.extend(text.map(|text| (layer, text)));
        };
        if self.only.is_some() {
            note(Layer::Asset, prompt.as_ref());
        }
        for style in styles {
            let layer = Layer::Style(style.key.clone());
            let mut context = cell.context.clone();
            if let Some(text) = prompt.as_ref().and_then(Node::as_text) {
                context.insert(Arc::from("prompt"), Value::from(crate::recipe::fold_white_space(text)));
            }
            let style = self.table(&style.node, &context, found);
            prompt = self.prompt(&style, &context, found).or(prompt);
            if self.only.is_some() {
                note(layer, prompt.as_ref());
            }
            rendered.push(style);
        }
        (rendered, prompt)
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

fn set_prompt(merged: &mut Node, prompt: Option<Node>) {
    let Tree::Table(entries) = &mut merged.value else { return };
    entries.retain(|entry| !["prompt", "prompt_file", "style"].contains(&entry.key.as_str()));
    if let Some(node) = prompt {
        entries.push(Entry { key: "prompt".to_string(), key_place: node.place.clone(), node });
    }
}
