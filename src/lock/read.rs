//! The lockfile from its text: whole, or an error with its line. A lockfile that can't be read never counts as empty.

use std::collections::BTreeMap;
use std::str::FromStr;

use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Source};
use crate::digest::Digest;
use crate::files::LOCKFILE;
use crate::lock::{
    Entry, EntryOrigin, Frame, Generated, LockedAtlas, LockedOutput, LockedPage, Lockfile, Take, TakeKind, VERSION,
    canonical, order_takes,
};
use crate::manifest::Spanned;
use crate::manifest::table::{Field, Problems, Table, conflict};
use crate::manifest::tree::{Node, Tree};
use crate::name::{AssetName, ProjectPath};
use crate::recipe::{Background, Origin, Quality, Ratio, Recipe, Reference, Size, Value};
use crate::transform::Rgb;

impl Lockfile {
    /// Reads the text of images.lock.
    pub fn read(text: &str) -> Result<Self, Vec<Diagnostic>> {
        canonical::read(text).map_or_else(|| Self::read_toml(text), Ok)
    }

    /// Reads any text: one that was merged or edited, or says what is wrong with it.
    pub(crate) fn read_toml(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new(LOCKFILE, text);
        if let Some(conflict) = conflict(text) {
            let error = Diagnostic::new("lock-conflict", "images.lock has conflict marks from a merge");
            return Err(vec![error.label(&source, conflict, "a merge stopped here").help(
                "run `tintype merge-lock images.lock`: it keeps what both sides paid for, and asks only about what two \
                 people decided differently. It is never read as empty, as that would buy pictures again",
            )]);
        }
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.to_string(), |rest| format!("   {rest}"));
        let (document, errors) = DeTable::parse_recoverable(&text);
        if let Some(error) = errors.first() {
            let message = error.message().lines().next().unwrap_or("unreadable").to_string();
            let diagnostic = Diagnostic::new("lock-damaged", format!("images.lock can't be read: {message}"));
            return Err(vec![mend(diagnostic.label(&source, error.span().unwrap_or(0..0), "here"))]);
        }
        let mut problems = Problems { source: &source, found: Vec::new() };
        let tree = Node::table(document.get_ref(), &source, document.span());
        let lockfile = read_document(&tree, &mut problems);
        if problems.found.is_empty() { Ok(lockfile) } else { Err(problems.found.into_iter().map(mend).collect()) }
    }
}

/// The one way out of a lockfile that isn't as tintype wrote it.
fn mend(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.help = Some(
        "take images.lock back from version control, or use the version of tintype that wrote it; without it, paid \
         pictures are still found in the cache"
            .to_string(),
    );
    diagnostic
}

fn read_document(document: &Node, problems: &mut Problems<'_>) -> Lockfile {
    let mut root = Table::new("images.lock", document.entries(), &[]);
    let version = root.integer("version", i64::MIN..=i64::MAX, problems);
    if version.as_ref().map(|version| version.value) != Some(VERSION) {
        let place = version.map_or_else(|| problems.place(0..0), |version| version.place);
        problems.add(place.error("lock-version", format!("images.lock isn't of version {VERSION}"), "another version"));
        return Lockfile::default();
    }
    let mut lockfile = Lockfile::default();
    for field in root.list("asset") {
        let Some((name, entry)) = read_entry(&field, problems) else { continue };
        insert(&mut lockfile, name, entry, problems);
    }
    for (name, atlas) in each(&root.list("atlas"), read_atlas, problems) {
        // Of two, which only a merge of lines leaves, either is as good: the next sync packs what isn't as declared.
        lockfile.atlases.insert(name, atlas);
    }
    root.finish(problems);
    lockfile
}

/// Two entries of one asset, left by a merge, unite if they only differ in takes.
fn insert(lockfile: &mut Lockfile, name: Spanned<AssetName>, entry: Entry, problems: &mut Problems<'_>) {
    let Some(known) = lockfile.entries.get_mut(&name.value) else {
        lockfile.entries.insert(name.value, entry);
        return;
    };
    let same = match (&mut known.origin, entry.origin) {
        (EntryOrigin::Generated(known), EntryOrigin::Generated(other))
            if known.recipe == other.recipe && known.chosen == other.chosen =>
        {
            known.takes.extend(other.takes);
            order_takes(&mut known.takes);
            true
        }
        (known, other) => *known == other,
    };
    if !same {
        let message = format!("`{}` is locked twice, with different recipes or choices", name.value);
        problems.add(name.error("lock-conflict", message, "the second one"));
    }
}

fn read_entry(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<(Spanned<AssetName>, Entry)> {
    let mut table = field.table("[[asset]]", &[], problems)?;
    let before = problems.found.len();
    let name = table.parsed("name", "an asset's name", |text| AssetName::new(text).ok(), problems);
    let fingerprint = parse::<Digest>(&mut table, "fingerprint", problems);
    let chosen = parse::<Digest>(&mut table, "chosen", problems);
    let source =
        table.parsed("source", "a path or `asset:NAME`", Origin::of_source, problems).map(|source| source.value);
    let hash = parse::<Digest>(&mut table, "hash", problems);
    let recipe = table.take("recipe").and_then(|field| recipe(&field, problems));
    let mut takes = each(&table.list("takes"), take, problems);
    let mut outputs = each(&table.list("outputs"), output, problems);
    table.finish(problems);
    if problems.found.len() > before {
        return None;
    }
    order_takes(&mut takes);
    outputs.sort_by(|one: &LockedOutput, other| one.path.cmp(&other.path));
    let origin = match (source, hash, recipe, chosen) {
        (Some(origin), Some(hash), None, None) => EntryOrigin::Source { origin, hash },
        (None, None, Some(recipe), Some(chosen)) if fingerprint == Some(recipe.fingerprint().0) => {
            EntryOrigin::Generated(Box::new(Generated { recipe, chosen, takes }))
        }
        _ => {
            let message = "this entry is incomplete, or was edited: its fingerprint isn't that of its recipe";
            problems.add(field.place.error("lock-damaged", message, "this entry"));
            return None;
        }
    };
    let Some(name) = name else {
        problems.add(field.place.error("lock-damaged", "this entry has no name", "this entry"));
        return None;
    };
    Some((name, Entry { origin, outputs }))
}

fn read_atlas(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<(AssetName, LockedAtlas)> {
    let mut table = field.table("[[atlas]]", &[], problems)?;
    let name = table.parsed("name", "an atlas's name", |text| AssetName::new(text).ok(), problems);
    let recipe = parse::<Digest>(&mut table, "recipe", problems);
    let frames = each(&table.list("frames"), frame, problems);
    let pages = each(&table.list("pages"), page, problems);
    table.finish(problems);
    let (name, atlas) = (name?, LockedAtlas { recipe: recipe?, frames, pages });
    if !atlas.is_sound() {
        let message = format!("a frame of the atlas `{}` lies outside of its sheet", name.value);
        let error = name.error("lock-damaged", message, "this atlas");
        problems.add(error.help("take its [[atlas]] out of the lockfile: the next sync packs it anew, for nothing"));
        return None;
    }
    Some((name.value, atlas))
}

fn frame(field: &Field<'_>, _: &mut Problems<'_>) -> Option<Frame> {
    let Tree::List(items) = field.value else { return None };
    let (name, numbers) = items.split_first()?;
    let Tree::Text(name) = &name.value else { return None };
    let number = |node: &Node| match node.value {
        Tree::Integer(Ok(number)) => u32::try_from(number).ok(),
        _ => None,
    };
    let numbers: Vec<u32> = numbers.iter().map(number).collect::<Option<_>>()?;
    Some(Frame::of(name.clone(), numbers.try_into().ok()?))
}

fn page(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<LockedPage> {
    let mut table = field.table("[[atlas.pages]]", &[], problems)?;
    let path = path(&mut table, "path", problems);
    let hash = parse(&mut table, "hash", problems);
    let bytes = table.integer_u64("bytes", problems).map(|bytes| bytes.value);
    let width = table.integer_u32("width", 1..=u32::MAX, problems).map(|width| width.value);
    let height = table.integer_u32("height", 1..=u32::MAX, problems).map(|height| height.value);
    table.finish(problems);
    Some(LockedPage { path: path?, hash: hash?, bytes: bytes?, width: width?, height: height? })
}

/// Reads each item of a list. One that lacks a field is an error too: nothing that was locked may fall out silently.
fn each<T>(
    fields: &[Field<'_>],
    read: fn(&Field<'_>, &mut Problems<'_>) -> Option<T>,
    problems: &mut Problems<'_>,
) -> Vec<T> {
    let mut items = Vec::new();
    for field in fields {
        let before = problems.found.len();
        match read(field, problems) {
            Some(item) => items.push(item),
            None if problems.found.len() == before => {
                problems.add(field.place.error("lock-damaged", "a field is missing here", "incomplete"));
            }
            None => {}
        }
    }
    items
}

/// A take by itself, as the cache keeps it.
pub(crate) fn read_take(text: &str) -> Option<Take> {
    let source = Source::new("take", text);
    let document = DeTable::parse(text).ok()?;
    let mut problems = Problems { source: &source, found: Vec::new() };
    let tree = Node::table(document.get_ref(), &source, document.span());
    let entry = tree.entries().iter().find(|entry| entry.key == "take")?;
    take(&Field::of(entry), &mut problems).filter(|_| problems.found.is_empty())
}

fn parse<T: FromStr>(table: &mut Table<'_>, key: &'static str, problems: &mut Problems<'_>) -> Option<T> {
    table.parsed(key, "a digest", |text| text.parse().ok(), problems).map(|parsed| parsed.value)
}

fn path(table: &mut Table<'_>, key: &'static str, problems: &mut Problems<'_>) -> Option<ProjectPath> {
    table.parsed(key, "a path inside the project", |text| ProjectPath::new(text).ok(), problems).map(|path| path.value)
}

fn recipe(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Recipe> {
    let mut table = field.table("[asset.recipe]", &[], problems)?;
    let model = table.string("model", problems);
    let prompt = table.string("prompt", problems);
    let size = table.parsed("size", "a size", Size::parse, problems).map(|size| size.value);
    let aspect_ratio = table.parsed("aspect_ratio", "a ratio", Ratio::parse, problems).map(|ratio| ratio.value);
    let seed = table.integer_u64("seed", problems).map(|seed| seed.value);
    let quality = table.parsed("quality", "a quality", Quality::parse, problems).map(|quality| quality.value);
    let background = table.parsed("background", "a background", Background::parse, problems);
    let background = background.map(|background| background.value);
    let negative_prompt = table.string("negative_prompt", problems).map(|negative| negative.value);
    let variant = table.integer_u64("variant", problems).map(|variant| variant.value);
    let references = each(&table.list("references"), reference, problems);
    let options = table.take("options").map(|field| options(&field, problems)).unwrap_or_default();
    table.finish(problems);
    let (model, prompt) = (model?.value, prompt?.value);
    Some(Recipe {
        model,
        prompt,
        size,
        aspect_ratio,
        references,
        seed,
        quality,
        background,
        negative_prompt,
        variant,
        options,
    })
}

fn reference(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Reference> {
    let mut table = field.table("[[asset.recipe.references]]", &[], problems)?;
    let path = table.string("path", problems);
    let asset = table.string("asset", problems);
    let url = table.string("url", problems);
    let hash = parse(&mut table, "hash", problems)?;
    let hint = table.string("hint", problems).map(|hint| hint.value);
    table.finish(problems);
    let origin = match (path, asset, url) {
        (Some(path), None, None) => Origin::Path(path.value),
        (None, Some(asset), None) => Origin::Asset(asset.value),
        (None, None, Some(url)) => Origin::Url(url.value),
        _ => {
            problems.add(field.place.error("lock-damaged", "this reference has no origin", "here"));
            return None;
        }
    };
    Some(Reference { origin, hash, hint })
}

fn options(field: &Field<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, BTreeMap<String, Value>> {
    let Some(mut table) = field.table("[asset.recipe.options]", &[], problems) else { return BTreeMap::new() };
    table.take_rest().iter().filter_map(|field| Some((field.key.to_string(), field.json_table(problems)?))).collect()
}

fn take(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<Take> {
    let mut table = field.table("[[asset.takes]]", &[], problems)?;
    let take = Take {
        hash: parse(&mut table, "hash", problems)?,
        provider: table.string("provider", problems)?.value,
        model_id: table.string("model_id", problems)?.value,
        asked: table.string("asked", problems).map(|asked| asked.value),
        wording: table.string("wording", problems).map(|wording| wording.value),
        key: table.parsed("key", Rgb::FORM, Rgb::parse, problems).map(|key| key.value),
        cost_usd: table.amount("cost_usd", problems).map(|cost| cost.value),
        generated: table.take("generated").and_then(|field| date(&field, problems)),
        kind: table
            .parsed("kind", "`draft`, `adopted` or `accepted`", TakeKind::parse, problems)
            .map(|kind| kind.value),
        fingerprint: parse(&mut table, "fingerprint", problems).map(crate::recipe::Fingerprint),
    };
    table.finish(problems);
    Some(take)
}

fn date(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<String> {
    match field.value {
        Tree::Date(date) => Some(date.clone()),
        _ => field.mistyped("a date", problems),
    }
}

fn output(field: &Field<'_>, problems: &mut Problems<'_>) -> Option<LockedOutput> {
    let mut table = field.table("[[asset.outputs]]", &[], problems)?;
    let output = LockedOutput {
        path: path(&mut table, "path", problems)?,
        hash: parse(&mut table, "hash", problems)?,
        settings: parse(&mut table, "settings", problems)?,
        bytes: table.integer_u64("bytes", problems)?.value,
        width: table.integer_u32("width", 1..=u32::MAX, problems)?.value,
        height: table.integer_u32("height", 1..=u32::MAX, problems)?.value,
        take: parse(&mut table, "take", problems),
        color: table.parsed("color", Rgb::FORM, Rgb::parse, problems).map(|color| color.value),
        thumbhash: table.string("thumbhash", problems).map(|hash| hash.value),
    };
    table.finish(problems);
    Some(output)
}
