//! The keys of `[defaults]`, of styles and of `[assets.NAME]`.
//!
//! Types and bounds only; whether a model can do what is asked is for [`crate::route`].

use std::collections::BTreeMap;

use crate::manifest::output::output;
use crate::manifest::table::{Field, Problems, Table};
use crate::manifest::tree::Tree;
use crate::manifest::vendors::SIZE_FORM;
use crate::manifest::{AssetKeys, Publish, ReferenceKey, ReferenceOrigin, Spanned};
use crate::name::TakeId;
use crate::recipe::{Background, Quality, Ratio, Size, Value};

/// Fields of a request that tintype itself fills in.
const OWN_FIELDS: [&str; 4] = ["n", "model", "prompt", "size"];
/// More takes of one asset than anyone looks at.
const MAX_TAKES: u32 = 100;

/// What a draft has of its asset.
const NOT_DRAFTED: [&str; 18] = [
    "prompt",
    "prompt_file",
    "source",
    "alt",
    "hold",
    "matrix",
    "rows",
    "style",
    "references",
    "seed",
    "n",
    "publish",
    "background",
    "negative_prompt",
    "variant",
    "options",
    "tags",
    "output",
];

/// What separates an asset from the defaults: which keys may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Defaults,
    Style,
    Asset,
    Draft,
}

/// Reads the keys of an asset or of the defaults.
pub(crate) fn read(field: &Field<'_>, title: &str, scope: Scope, problems: &mut Problems<'_>) -> Option<AssetKeys> {
    let mut table = field.table(title, &[], problems)?;
    refuse_misplaced(&mut table, scope, problems);
    // What they say is used up before values are read.
    if let Some(style) = table.take("style") {
        strings(&style.into_list(), problems);
    }
    table.string("prompt_file", problems);
    if let Some(matrix) = table.take("matrix").filter(|matrix| !matches!(matrix.value, Tree::Table(_))) {
        let error = matrix.place.error("bad-type", "`matrix` must be a table of lists", "not this");
        problems.add(error.help("write matrix = { item = [\"sword\", \"shield\"] }"));
    }
    if let Some(field) = table.take("rows") {
        let _ = rows_keys(&field, problems);
    }
    let one = scope != Scope::Defaults;
    let keys = AssetKeys {
        place: field.key_place.clone(),
        prompt: if one { table.string("prompt", problems) } else { None },
        source: if one { table.string("source", problems) } else { None },
        alt: if one { table.string("alt", problems) } else { None },
        hold: if one { table.boolean("hold", problems) } else { None },
        model: table.string("model", problems),
        provider: providers(&mut table, problems),
        size: size(&mut table, problems),
        aspect_ratio: table.parsed("aspect_ratio", "a ratio like `16:9`", Ratio::parse, problems),
        references: references(&mut table, problems),
        seed: table.integer_u64("seed", problems),
        n: table.integer_u32("n", 1..=MAX_TAKES, problems),
        publish: table.parsed("publish", "`chosen` or `all`", publish, problems),
        quality: table.parsed("quality", "`auto`, `low`, `medium` or `high`", Quality::parse, problems),
        background: table.parsed("background", "`auto`, `transparent` or `opaque`", Background::parse, problems),
        negative_prompt: table.string("negative_prompt", problems),
        variant: table.integer_u64("variant", problems),
        options: options(&mut table, problems),
        tags: strings(&table.list("tags"), problems),
        output: output(&mut table, title, problems),
        variables: minijinja::Value::UNDEFINED,
    };
    table.finish(problems);
    Some(keys)
}

fn refuse_misplaced(table: &mut Table<'_>, scope: Scope, problems: &mut Problems<'_>) {
    let (keys, what): (&[&'static str], _) = match scope {
        Scope::Defaults => (&["prompt", "prompt_file", "source", "alt", "hold", "matrix", "rows"], "a default"),
        Scope::Style => (&["source", "matrix", "rows", "style"], "part of a style"),
        Scope::Asset => (&[], ""),
        Scope::Draft => return refuse_in_draft(table, problems),
    };
    for key in keys {
        if let Some(field) = table.take(key) {
            let message = format!("`{key}` can't be {what}: it belongs to one asset");
            problems.add(field.key_place.error("misplaced-key", message, "not here").help("write it in [assets.NAME]"));
        }
    }
}

/// A draft is the same picture made cheaply: what it shows isn't another.
fn refuse_in_draft(table: &mut Table<'_>, problems: &mut Problems<'_>) {
    for key in NOT_DRAFTED {
        if let Some(field) = table.take(key) {
            let message = format!("`{key}` can't be another one in a draft");
            let error = field.key_place.error("misplaced-key", message, "not here");
            problems.add(error.help("a draft has its own `model`, `provider`, `size`, `aspect_ratio` and `quality`"));
        }
    }
}

/// `rows`, as far as it is written.
pub(crate) struct RowsKeys {
    pub(crate) path: Spanned<String>,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) at: Option<String>,
    pub(crate) condition: Option<Spanned<String>>,
}

/// Reads the path of a table of rows, or a table of how to read it.
pub(crate) fn rows_keys(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<RowsKeys> {
    if let Tree::Text(path) = field.value {
        let path = Spanned { value: path.clone(), place: field.place.clone() };
        return Some(RowsKeys { path, columns: None, at: None, condition: None });
    }
    if !matches!(field.value, Tree::Table(_)) {
        return field.mistyped("a path in quotes, or a table with one", problems);
    }
    let mut table = field.table("rows", &[], problems)?;
    let path = table.string("path", problems);
    let columns = table.take("columns").map(|field| {
        field.into_list().iter().filter_map(|field| Some(field.string(problems)?.value)).collect::<Vec<_>>()
    });
    let at = table.string("at", problems).map(|at| at.value);
    let condition = table.string("where", problems);
    table.finish(problems);
    let Tree::Table(entries) = field.value else { return None };
    if path.is_none() && !entries.iter().any(|entry| entry.key == "path") {
        let error = field.place.error("missing-key", "`rows` has no `path`", "this table");
        problems.add(error.help(r#"write rows = "data/cards.csv", or { path = "data/cards.csv", where = "…" }"#));
    }
    Some(RowsKeys { path: path?, columns, at, condition })
}

fn size(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Spanned<Size>> {
    // `auto` is what an absent size with an output shape stands for; nobody writes it.
    let parse = |text: &str| Size::parse(text).filter(|size| *size != Size::Auto);
    table.parsed("size", SIZE_FORM, parse, problems)
}

fn publish(text: &str) -> Option<Publish> {
    match text {
        "chosen" => Some(Publish::Chosen),
        "all" => Some(Publish::All),
        _ => None,
    }
}

fn strings(fields: &[Field<'_>], problems: &mut Problems<'_>) -> Vec<Spanned<String>> {
    fields.iter().filter_map(|field| field.string(problems)).collect()
}

fn providers(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Option<Vec<Spanned<String>>> {
    let field = table.take("provider")?;
    let place = field.place.clone();
    let providers = strings(&field.into_list(), problems);
    if providers.is_empty() {
        problems
            .add(place.error("bad-value", "`provider` names nobody", "empty").help("name one, or take the key out"));
    }
    Some(providers)
}

fn references(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Vec<Spanned<ReferenceKey>> {
    let fields = table.list("references").into_iter().filter(|field| !comes_to_nothing(field));
    fields.filter_map(|field| reference(&field, problems)).collect()
}

/// Whether what a reference refers to is a template that came out empty: it drops out, as any empty item of a list does.
fn comes_to_nothing(field: &Field<'_>) -> bool {
    let Tree::Table(entries) = field.value else { return false };
    let mut origins = entries.iter().filter(|entry| ["path", "asset"].contains(&entry.key.as_str()));
    origins.any(|entry| entry.node.as_text() == Some("") && entry.node.place.is_template())
}

fn reference(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Spanned<ReferenceKey>> {
    let place = field.place.clone();
    // A template may come to nothing or to anything.
    if matches!(field.value, Tree::Table(entries) if entries.iter().any(|entry| entry.node.is_open())) {
        return None;
    }
    let Tree::Table(_) = field.value else {
        let written = field.string(problems)?.value;
        return Some(Spanned { value: ReferenceKey { origin: reference_origin(written), hint: None }, place });
    };
    let mut table = field.table("a reference", &[], problems)?;
    let hint = table.string("hint", problems).map(|hint| hint.value);
    let path = table.string("path", problems).map(|path| path.value);
    let asset = table.string("asset", problems).map(|asset| asset.value);
    let take = table.take("take").map(|field| (field.key_place.clone(), take(&field, problems)));
    table.finish(problems);
    let origin = match (path, asset, take) {
        (None, Some(name), take) => {
            let take = match take {
                Some((_, take)) => Some(take?),
                None => None,
            };
            ReferenceOrigin::Asset { name, take }
        }
        (Some(path), None, None) => reference_origin(path),
        (Some(_), None, Some((place, _))) => {
            let error = place.error("bad-value", "a `take` is of an asset, not of a path", "of what?");
            problems.add(error.help(r#"write { asset = "logo", take = 2 }, or take `take` out"#));
            return None;
        }
        _ => {
            let error = place.error("bad-value", "a reference has either a `path` or an `asset`", "one of them");
            problems.add(error.help(r#"write { path = "art/board.png" } or { asset = "logo" }"#));
            return None;
        }
    };
    Some(Spanned { value: ReferenceKey { origin, hint }, place })
}

/// A reference in short: `asset:NAME`, a URL, or else a path.
fn reference_origin(written: String) -> ReferenceOrigin {
    if let Some(name) = written.strip_prefix("asset:") {
        return ReferenceOrigin::Asset { name: name.to_string(), take: None };
    }
    if written.contains("://") { ReferenceOrigin::Url(written) } else { ReferenceOrigin::Path(written) }
}

/// A take's number or hash.
fn take(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<TakeId> {
    let written = match field.value {
        Tree::Integer(Ok(number)) => number.to_string(),
        Tree::Text(text) => text.clone(),
        _ => return field.mistyped("a take's number or hash", problems),
    };
    let take = TakeId::parse(&written);
    if take.is_none() {
        let error = field.place.error("bad-value", format!("`{written}` is no take"), "not this");
        problems.add(error.help("write its number, from 1, or its hash: `tintype show NAME` lists both"));
    }
    take
}

type Options = BTreeMap<String, Spanned<BTreeMap<String, Value>>>;

fn options(table: &mut Table<'_>, problems: &mut Problems<'_>) -> Options {
    let mut all = BTreeMap::new();
    let Some(mut options) = table.table("options", "options", &[], problems) else { return all };
    for field in options.take_rest() {
        let Some(entries) = field.json_table(problems) else { continue };
        for own in OWN_FIELDS {
            if entries.contains_key(own) {
                let message = format!("`{own}` can't stand in `options`: it is sent from the asset's own keys");
                problems
                    .add(field.place.error("bad-value", message, "in this table").help(format!("take `{own}` out")));
            }
        }
        all.insert(field.key.to_string(), Spanned { value: entries, place: field.key_place.clone() });
    }
    all
}

/// Every string below a value, with its place: for what must not stand anywhere.
pub(crate) fn each_string<'t>(field: &Field<'t>, visit: &mut dyn FnMut(&Field<'t>, &str)) {
    match field.value {
        Tree::Text(text) => visit(field, text),
        Tree::List(_) => field.clone().into_list().iter().for_each(|item| each_string(item, visit)),
        Tree::Table(entries) => entries.iter().for_each(|entry| each_string(&Field::of(entry), visit)),
        _ => {}
    }
}
