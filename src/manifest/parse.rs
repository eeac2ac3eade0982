//! images.toml from text to [`Manifest`]: the top level, and the tables that aren't assets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Source, grouped, nearest, sort};
use crate::manifest::asset::{Scope, each_string, read};
use crate::manifest::atlas::atlases;
use crate::manifest::table::{Field, Problems, Table, conflict, is_literal_key};
use crate::manifest::tree::{Entry, Node, Tree};
use crate::manifest::vendors;
use crate::manifest::{Budget, CodegenKeys, Manifest, Spanned};
use crate::secret::find_keys;
use crate::transform::Disclose;

/// The manifest's tables and lists.
const TABLES: [&str; 14] = [
    "include",
    "vars",
    "data",
    "defaults",
    "draft",
    "output",
    "atlases",
    "codegen",
    "cache",
    "budget",
    "styles",
    "providers",
    "models",
    "assets",
];
/// What the parser says, by how it begins, and what to do about it.
const CURES: [(&str, &str); 6] = [
    ("string values must be quoted", "put it into quotes, like model = \"placeholder\""),
    (
        "invalid unquoted key",
        "put the name into quotes, like [assets.\"ui/button\"]; a text of several lines begins and ends with three quotes",
    ),
    ("key with no value", "write `=` and a value behind the key; texts stand in quotes"),
    ("unclosed table", "close what was opened with [ and with a quote"),
    ("missing escaped value", "write a backslash twice (\\\\), or put the text into 'single quotes'"),
    ("invalid basic string", "close it with a quote; a text of several lines begins and ends with three quotes"),
];
/// Tables of ours that other tools have as well.
const COMMON: [&str; 3] = ["data", "output", "cache"];
/// More assets than one manifest may have.
pub(crate) const MAX_ASSETS: usize = 100_000;

/// A manifest as far as it could be read.
#[derive(Debug)]
pub struct Parsed {
    /// What could be read; none of a file that isn't TOML, or is somebody else's.
    pub manifest: Option<Manifest>,
    /// Every mistake, in the order of the file.
    pub mistakes: Vec<Diagnostic>,
}

/// Reads a manifest. What has mistakes is left out, so that what follows can find the mistakes of its own kind.
pub fn parse(name: &str, text: &str) -> Parsed {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = Source::new(name, text);
    if let Some(conflict) = conflict(text) {
        let message = format!("{name} has conflict marks from a merge");
        let error = Diagnostic::new("conflict", message).label(&source, conflict, "a merge stopped here");
        return Parsed { manifest: None, mistakes: vec![error.help("decide the merge, then run this again")] };
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut mistakes = errors.iter().map(|error| syntax_error(&source, error)).collect();
        sort(&mut mistakes);
        // The parser stumbles more than once over one place.
        mistakes.dedup_by_key(|mistake| mistake.labels.first().map(|label| source.position(label.span.start).0));
        return Parsed { manifest: None, mistakes };
    }
    let mut problems = Problems { source: &source, found: Vec::new() };
    let tree = Node::table(document.get_ref(), &source, document.span());
    if let Some(foreign) = foreign(&tree, &source) {
        return Parsed { manifest: None, mistakes: vec![foreign] };
    }
    let manifest = read_document(&tree, &mut problems);
    let mut mistakes = problems.found;
    sort(&mut mistakes);
    Parsed { manifest: Some(manifest), mistakes }
}

fn syntax_error(source: &Arc<Source>, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let (line, _) = source.position(span.start);
    let message = error.message().lines().next().unwrap_or("unreadable").trim_end_matches(['.', ',']).to_string();
    let (message, help) = match message.as_str() {
        "duplicate key" => {
            let again = source.text().get(span.clone()).unwrap_or_default();
            let help = "each key stands once in a table, and each table once in the file: take one of them out";
            (format!("this is not TOML: `{again}` stands there twice"), help.to_string())
        }
        _ if message.contains("recurs") => {
            ("values lie too deep in each other".to_string(), "write them flatter".to_string())
        }
        _ => {
            let cure = CURES.iter().find(|(words, _)| message.starts_with(words)).map(|(_, cure)| (*cure).to_string());
            let help = cure.unwrap_or_else(|| {
                format!("mend line {line}: strings stand in quotes, tables in [brackets], each key once")
            });
            (format!("this is not TOML: {message}"), help)
        }
    };
    if error.span().is_none() {
        return Diagnostic::new("syntax", format!("{}: {message}", source.name())).help(help);
    }
    Diagnostic::new("syntax", message).label(source, span, "here").help(help)
}

/// A file of the same name that has none of our tables belongs to somebody else.
fn foreign(document: &Node, source: &Source) -> Option<Diagnostic> {
    let known = |key: &str| TABLES.contains(&key) || nearest(key, TABLES).is_some();
    let entries = document.entries();
    if entries.iter().any(|entry| known(&entry.key) && !COMMON.contains(&entry.key.as_str())) {
        return None;
    }
    let others = entries.iter().filter(|entry| !COMMON.contains(&entry.key.as_str()));
    let first = others.min_by_key(|entry| entry.key_place.span.start)?;
    let message = format!("this {} isn't tintype's: it has none of its tables", source.name());
    Some(
        first.key_place.error("foreign-manifest", message, "another tool's key").help(
            "tintype reads [assets.NAME] tables; keep its manifest under another name, with --manifest-path FILE",
        ),
    )
}

fn read_document(document: &Node, problems: &mut Problems<'_>) -> Manifest {
    let mut root = Table::new("the manifest", document.entries(), &[]);
    let fields: Vec<_> = TABLES.iter().filter_map(|name| root.take(name)).collect();
    for field in &fields {
        refuse_keys(field, problems);
    }
    let others = fields.iter().find(|field| !["vars", "styles", "assets"].contains(&field.key));
    let others = others.map(|field| field.key_place.clone());
    let mut by_name: BTreeMap<&str, Field<'_>> = fields.into_iter().map(|field| (field.key, field)).collect();
    let mut take = |name: &str| by_name.remove(name);
    let OutputTable { dir: output_dir, path: output_path, disclose } =
        take("output").map(|field| output(&field, problems)).unwrap_or_default();
    let manifest = Manifest {
        source: Arc::clone(problems.source),
        included: BTreeSet::new(),
        others,
        include: take("include").map(|field| include(field, problems)).unwrap_or_default(),
        vars: take("vars").map(|field| vars(&field, problems)).unwrap_or_default(),
        data: take("data").map(|field| data(&field, problems)).unwrap_or_default(),
        defaults: defaults(take("defaults"), problems),
        draft: take("draft").and_then(|field| read(&field, "[draft]", Scope::Draft, problems)),
        styles: take("styles").map(|field| styles(&field, problems)).unwrap_or_default(),
        output_dir,
        output_path,
        disclose,
        atlases: take("atlases").map(|field| atlases(&field, problems)).unwrap_or_default(),
        codegen: take("codegen").and_then(|field| codegen(&field, problems)),
        cache_dir: take("cache").and_then(|field| cache(&field, problems)),
        budget: take("budget").and_then(|field| budget(&field, problems)).unwrap_or_default(),
        providers: take("providers").map(|field| vendors::providers(&field, problems)).unwrap_or_default(),
        models: take("models").map(|field| vendors::models(&field, problems)).unwrap_or_default(),
        assets: take("assets").map(|field| assets(&field, problems)).unwrap_or_default(),
    };
    root.finish(problems);
    manifest
}

/// A literal API key anywhere is an error, which doesn't show it.
fn refuse_keys(field: &Field<'_>, problems: &mut Problems<'_>) {
    let mut found = Vec::new();
    each_string(field, &mut |field, text| {
        if is_literal_key(field.key, field.value) || !find_keys(text).is_empty() {
            found.push(field.place.error("literal-key", "an API key stands in the manifest", "hidden here").help(
                "take it out, and withdraw it if it was committed; put it into the environment or into .env, \
                           and name the variable with api_key_env",
            ));
        }
    });
    problems.found.extend(found);
}

/// `[output]`.
#[derive(Default)]
struct OutputTable {
    dir: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    disclose: Option<Disclose>,
}

fn output(field: &Field<'_>, problems: &mut Problems<'_>) -> OutputTable {
    let Some(mut table) = field.table("[output]", &[], problems) else { return OutputTable::default() };
    let keys = OutputTable {
        dir: table.string("dir", problems),
        path: table.string("path", problems),
        disclose: table.take("disclose").and_then(|field| disclose(&field, problems)),
    };
    table.finish(problems);
    keys
}

fn disclose(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Disclose> {
    match field.value {
        Tree::Boolean(wanted) => wanted.then_some(Disclose::Model),
        Tree::Text(text) if text == "prompt" => Some(Disclose::Prompt),
        _ => field.mistyped("true, false or \"prompt\"", problems),
    }
}

fn codegen(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<CodegenKeys> {
    let mut table = field.table("[codegen]", &[], problems)?;
    let keys = CodegenKeys {
        rust: table.string("rust", problems),
        typescript: table.string("typescript", problems),
        json: table.string("json", problems),
        public_dir: table.string("public_dir", problems),
        base: table.string("base", problems),
    };
    table.finish(problems);
    Some(keys)
}

fn cache(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
    let mut table = field.table("[cache]", &["remote"], problems)?;
    let dir = table.string("dir", problems);
    table.finish(problems);
    dir
}

fn budget(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Budget> {
    let mut table = field.table("[budget]", &[], problems)?;
    let budget = Budget {
        max_cost_usd: table.amount("max_cost_usd", problems).map(|amount| amount.value),
        max_images: table.integer_u32("max_images", 0..=u32::MAX, problems).map(|number| number.value),
        confirm_above_usd: table.amount("confirm_above_usd", problems).map(|amount| amount.value),
    };
    table.finish(problems);
    Some(budget)
}

fn include(field: Field<'_>, problems: &mut Problems<'_>) -> Vec<Spanned<String>> {
    field.into_list().iter().filter_map(|field| field.string(problems)).collect()
}

fn vars(field: &Field<'_>, problems: &mut Problems<'_>) -> Vec<Entry> {
    match field.value {
        Tree::Table(entries) => entries.clone(),
        _ => field.mistyped("a table", problems).unwrap_or_default(),
    }
}

fn data(field: &Field<'_>, problems: &mut Problems<'_>) -> Vec<(String, Spanned<String>)> {
    let Some(mut table) = field.table("[data]", &[], problems) else { return Vec::new() };
    table.take_rest().iter().filter_map(|field| Some((field.key.to_string(), field.string(problems)?))).collect()
}

fn defaults(field: Option<Field<'_>>, problems: &mut Problems<'_>) -> Node {
    let Some(field) = field else { return Node { value: Tree::Table(Vec::new()), place: problems.place(0..0) } };
    let node = Node { value: field.value.clone(), place: field.place.clone() };
    check(&field, &node, "[defaults]", Scope::Defaults, problems);
    node
}

fn styles(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, Entry> {
    let Tree::Table(entries) = field.value else { return field.mistyped("a table", problems).unwrap_or_default() };
    for entry in entries {
        check(&Field::of(entry), &entry.node, &format!("[styles.{}]", entry.key), Scope::Style, problems);
    }
    entries.iter().map(|entry| (entry.key.clone(), entry.clone())).collect()
}

fn assets(field: &Field<'_>, problems: &mut Problems<'_>) -> Vec<Entry> {
    let Tree::Table(entries) = field.value else {
        let error = field.place.error("bad-type", "`assets` must be a table of assets by name", "not this");
        problems
            .add(error.help("write [assets.hero], in single brackets, and the keys of that asset in the lines below"));
        return Vec::new();
    };
    if entries.len() > MAX_ASSETS {
        let message = format!(
            "{} assets are declared; a manifest has at most {}",
            grouped(entries.len() as u64),
            grouped(MAX_ASSETS as u64)
        );
        problems.add(field.key_place.error("too-many", message, "here"));
        return Vec::new();
    }
    for entry in entries {
        check(&Field::of(entry), &entry.node, &title(&entry.key), Scope::Asset, problems);
    }
    entries.clone()
}

/// How messages call an asset's table.
pub(crate) fn title(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_bare { format!("[assets.{name}]") } else { format!("[assets.\"{name}\"]") }
}

/// Finds the mistakes of a table whatever its templates come to: unknown keys, wrong types.
fn check(field: &Field<'_>, node: &Node, title: &str, scope: Scope, problems: &mut Problems<'_>) {
    let opened = node.opened();
    if !matches!(opened.value, Tree::Table(_) | Tree::Open) {
        let message = format!("{title} must be a table");
        let error = field.place.error("bad-type", message, "not this");
        problems.add(error.help(format!("write {title} in a line of its own, and its keys in the lines below")));
        return;
    }
    let _ = read(&Field { value: &opened.value, ..field.clone() }, title, scope, problems);
}
