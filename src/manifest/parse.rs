//! images.toml from text to [`Manifest`]: the top level, and the tables that aren't assets.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Source, nearest, sort};
use crate::manifest::asset::{Scope, each_string, read};
use crate::manifest::table::{Field, Problems, Table, conflict, is_literal_key, not_yet};
use crate::manifest::vendors;
use crate::manifest::{AssetKeys, Budget, Manifest, Place, Spanned};
use crate::name::{AssetName, suggest_name};
use crate::secret::find_keys;

/// Tables of the manifest that can't be carried out yet.
const LATER: [&str; 7] = ["include", "vars", "data", "styles", "draft", "atlases", "codegen"];
/// Tables that can.
const TABLES: [&str; 7] = ["defaults", "output", "cache", "budget", "providers", "models", "assets"];
/// More assets than one manifest may have.
const MAX_ASSETS: usize = 100_000;

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
    let source = Source::new(name, text);
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.to_string(), |rest| format!("   {rest}"));
    if let Some(conflict) = conflict(&text) {
        let message = format!("{name} has conflict marks from a merge");
        let error = Diagnostic::new("conflict", message).label(&source, conflict, "a merge stopped here");
        return Parsed { manifest: None, mistakes: vec![error.help("decide the merge, then run this again")] };
    }
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        let mistakes = errors.iter().map(|error| syntax_error(&source, error)).collect();
        return Parsed { manifest: None, mistakes };
    }
    let mut problems = Problems { source: &source, found: Vec::new() };
    if let Some(foreign) = foreign(document.get_ref(), &problems) {
        return Parsed { manifest: None, mistakes: vec![foreign] };
    }
    let manifest = read_document(document.get_ref(), &mut problems);
    let mut mistakes = problems.found;
    sort(&mut mistakes);
    Parsed { manifest: Some(manifest), mistakes }
}

fn syntax_error(source: &Arc<Source>, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let (line, _) = source.position(span.start);
    let message = error.message().lines().next().unwrap_or("unreadable").trim_end_matches(['.', ',']).to_string();
    Diagnostic::new("syntax", format!("this is not TOML: {message}"))
        .label(source, span, "here")
        .help(format!("mend line {line}: strings stand in quotes, tables in [brackets], each key once"))
}

/// A file of the same name that has none of our tables belongs to somebody else.
fn foreign(document: &DeTable<'_>, problems: &Problems<'_>) -> Option<Diagnostic> {
    let known = |key: &str| TABLES.contains(&key) || LATER.contains(&key) || nearest(key, TABLES).is_some();
    if document.is_empty() || document.keys().any(|key| known(key.get_ref())) {
        return None;
    }
    let first = document.keys().min_by_key(|key| key.span().start)?;
    let message = format!("this {} isn't tintype's: it has none of its tables", problems.source.name());
    Some(
        problems.place(first.span()).error("foreign-manifest", message, "another tool's key").help(
            "tintype reads [assets.NAME] tables; keep its manifest under another name, with --manifest-path FILE",
        ),
    )
}

fn read_document(document: &DeTable<'_>, problems: &mut Problems<'_>) -> Manifest {
    let mut root = Table::new("the manifest", document, &LATER, problems);
    let fields: Vec<_> = TABLES.iter().filter_map(|name| root.take(name)).collect();
    for field in &fields {
        refuse_keys(field, problems);
    }
    let mut by_name: BTreeMap<&str, Field<'_>> = fields.into_iter().map(|field| (field.key, field)).collect();
    let mut take = |name: &str| by_name.remove(name);
    let defaults = take("defaults").and_then(|field| read(&field, "[defaults]", Scope::Defaults, problems));
    let [output_dir, output_path] = take("output").map_or([None, None], |field| output(&field, problems));
    let manifest = Manifest {
        source: Arc::clone(problems.source),
        defaults: defaults.unwrap_or_else(|| AssetKeys::empty(problems.place(0..0))),
        output_dir,
        output_path,
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

fn output(field: &Field<'_>, problems: &mut Problems<'_>) -> [Option<Spanned<String>>; 2] {
    let Some(mut table) = field.table("[output]", &["disclose"], problems) else { return [None, None] };
    let keys = [table.string("dir", problems), table.string("path", problems)];
    table.finish(problems);
    keys
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

fn assets(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<AssetName, AssetKeys> {
    let mut assets = BTreeMap::new();
    let DeValue::Table(_) = field.value else {
        field.mistyped::<()>("a table of assets, like [assets.hero]", problems);
        return assets;
    };
    let Some(mut table) = field.table("[assets]", &[], problems) else { return assets };
    let fields = table.take_rest();
    if fields.len() > MAX_ASSETS {
        let message = format!("{} assets are declared; a manifest has at most {MAX_ASSETS}", fields.len());
        problems.add(field.key_place.error("too-many", message, "here"));
        return assets;
    }
    for field in fields {
        let title = if field.key.contains('/') {
            format!("[assets.\"{}\"]", field.key)
        } else {
            format!("[assets.{}]", field.key)
        };
        let name = asset_name(&field, problems);
        let keys = read(&field, &title, Scope::Asset, problems);
        if let (Some(name), Some(keys)) = (name, keys) {
            assets.insert(name, keys);
        }
    }
    assets
}

fn asset_name(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<AssetName> {
    if field.key.contains("{{") {
        problems.add(not_yet(&field.key_place, "a template in a name"));
        return None;
    }
    match AssetName::new(field.key) {
        Ok(name) => Some(name),
        Err(reason) => {
            let help = suggest_name(field.key).map_or_else(
                || "write letters, digits, - _ and / for folders".to_string(),
                |name| format!("write [assets.\"{name}\"]: letters, digits, - _ and / for folders"),
            );
            let message = format!("`{}` is no name for an asset: {reason}", field.key);
            problems.add(field.key_place.error("bad-name", message, "this name").help(help));
            None
        }
    }
}

impl AssetKeys {
    /// No key written.
    pub(crate) fn empty(place: Place) -> Self {
        Self {
            place,
            prompt: None,
            model: None,
            provider: None,
            size: None,
            aspect_ratio: None,
            references: Vec::new(),
            seed: None,
            n: None,
            publish: None,
            quality: None,
            background: None,
            variant: None,
            options: BTreeMap::new(),
            tags: Vec::new(),
            alt: None,
            hold: None,
            source: None,
            output: crate::manifest::OutputKey::default(),
        }
    }
}
