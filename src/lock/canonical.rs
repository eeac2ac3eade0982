//! The lockfile as tintype itself writes it, read line by line: several times as fast as any TOML, and most of what a run
//! reads.
//!
//! What isn't to the letter as [`render`](Lockfile::render) writes it is for the TOML reader, whose word counts: an entry
//! by itself where that can be, else all. Nothing is read here that it would read otherwise.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::lock::write::HEAD;
use crate::lock::{
    Entry, EntryOrigin, Frame, Generated, LockedAtlas, LockedOutput, LockedPage, Lockfile, Take, TakeKind, VERSION,
    order_takes,
};
use crate::manifest::quote::quote;
use crate::name::{AssetName, ProjectPath};
use crate::recipe::{Background, Fingerprint, Origin, Quality, Ratio, Recipe, Reference, Size};
use crate::transform::Rgb;

pub(crate) const ENTRY: &str = "\n[[asset]]\n";
/// The atlases stand behind all entries.
pub(crate) const ATLAS: &str = "\n[[atlas]]\n";

/// The lockfile of a text that is canonical, as far as can be seen line by line.
pub(crate) fn read(text: &str) -> Option<Lockfile> {
    let mut rest = text.strip_prefix(HEAD)?.strip_prefix(&format!("version = {VERSION}\n"))?;
    let mut entries = BTreeMap::new();
    while let Some(entry) = rest.strip_prefix(ENTRY) {
        let mut lines = Lines { rest: entry, is_canonical: true };
        let read = read_entry(&mut lines).filter(|_| lines.is_canonical && lines.is_at_end());
        let (name, entry) = match read {
            Some(read) => {
                rest = lines.rest;
                read
            }
            None => {
                let end = entry.find(ENTRY).or_else(|| entry.find(ATLAS)).unwrap_or(entry.len());
                rest = &entry[end..];
                read_alone(&entry[..end])?
            }
        };
        if entries.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return None;
        }
        entries.insert(name, entry);
    }
    let mut atlases = BTreeMap::new();
    while let Some(atlas) = rest.strip_prefix(ATLAS) {
        let mut lines = Lines { rest: atlas, is_canonical: true };
        let (name, atlas) = read_atlas(&mut lines).filter(|_| lines.is_canonical && lines.is_at_end())?;
        rest = lines.rest;
        if atlases.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return None;
        }
        atlases.insert(name, atlas);
    }
    rest.is_empty().then_some(Lockfile { entries, atlases })
}

fn read_atlas(lines: &mut Lines<'_>) -> Option<(AssetName, LockedAtlas)> {
    let name = lines.parsed("name", |text| AssetName::new(text).ok())?;
    let recipe = lines.digest("recipe")?;
    lines.line("frames = [")?;
    let mut frames = Vec::new();
    while let Some(frame) = lines.frame() {
        frames.push(frame);
    }
    lines.line("]")?;
    let mut pages = Vec::new();
    while lines.opens("[[atlas.pages]]") {
        pages.push(LockedPage {
            path: lines.parsed("path", |text| ProjectPath::new(text).ok())?,
            hash: lines.digest("hash")?,
            bytes: lines.number("bytes")?,
            width: lines.number("width").and_then(side)?,
            height: lines.number("height").and_then(side)?,
        });
    }
    let atlas = LockedAtlas { recipe, frames, pages };
    atlas.is_sound().then_some((name, atlas))
}

/// One entry by itself, of any shape. Where a text of several lines makes it seem to end too early, it can't be read.
fn read_alone(entry: &str) -> Option<(AssetName, Entry)> {
    let mut alone = Lockfile::read_toml(&format!("version = {VERSION}\n{ENTRY}{entry}")).ok()?;
    alone.entries.pop_first().filter(|_| alone.entries.is_empty())
}

fn read_entry(lines: &mut Lines<'_>) -> Option<(AssetName, Entry)> {
    let name = lines.parsed("name", |text| AssetName::new(text).ok())?;
    let origin = match lines.parsed("source", Origin::of_source) {
        Some(origin) => EntryOrigin::Source { origin, hash: lines.digest("hash")? },
        None => EntryOrigin::Generated(Box::new(read_generated(lines)?)),
    };
    let mut outputs: Vec<LockedOutput> = Vec::new();
    while lines.opens("[[asset.outputs]]") {
        outputs.push(read_output(lines)?);
    }
    outputs.is_sorted_by(|one, other| one.path <= other.path).then_some((name, Entry { origin, outputs }))
}

fn read_generated(lines: &mut Lines<'_>) -> Option<Generated> {
    let fingerprint = lines.digest("fingerprint").map(Fingerprint)?;
    let chosen = lines.digest("chosen")?;
    let recipe = lines.opens("[asset.recipe]").then(|| read_recipe(lines))??;
    let mut takes = Vec::new();
    while lines.opens("[[asset.takes]]") {
        takes.push(read_take(lines)?);
    }
    order_takes(&mut takes);
    (recipe.fingerprint() == fingerprint).then_some(Generated { recipe, chosen, takes })
}

fn read_recipe(lines: &mut Lines<'_>) -> Option<Recipe> {
    let mut recipe = Recipe {
        model: lines.text("model")?,
        prompt: lines.text("prompt")?,
        size: lines.parsed("size", Size::parse),
        aspect_ratio: lines.parsed("aspect_ratio", Ratio::parse),
        references: Vec::new(),
        seed: lines.number("seed"),
        quality: lines.parsed("quality", Quality::parse),
        background: lines.parsed("background", Background::parse),
        negative_prompt: lines.text("negative_prompt"),
        variant: lines.number("variant"),
        // Vendors' own fields are of any shape: an entry that has some isn't read here.
        options: BTreeMap::new(),
    };
    while lines.opens("[[asset.recipe.references]]") {
        let origin = lines.text("path").map(Origin::Path);
        let origin = origin.or_else(|| lines.text("asset").map(Origin::Asset));
        let origin = origin.or_else(|| lines.text("url").map(Origin::Url))?;
        recipe.references.push(Reference { origin, hash: lines.digest("hash")?, hint: lines.text("hint") });
    }
    Some(recipe)
}

fn read_take(lines: &mut Lines<'_>) -> Option<Take> {
    Some(Take {
        hash: lines.digest("hash")?,
        provider: lines.text("provider")?,
        model_id: lines.text("model_id")?,
        asked: lines.text("asked"),
        wording: lines.text("wording"),
        key: lines.parsed("key", |text| Rgb::parse(text).filter(|key| key.to_string() == text)),
        cost_usd: lines.raw("cost_usd", |text| {
            let cost = text.parse().ok().filter(|cost: &f64| cost.is_finite() && *cost >= 0.0)?;
            (format!("{cost:?}") == text).then_some(cost)
        }),
        generated: lines.raw("generated", |text| {
            let date = humantime::parse_rfc3339(text).ok()?;
            Some(humantime::format_rfc3339_seconds(date).to_string()).filter(|date| date == text)
        }),
        kind: lines.parsed("kind", TakeKind::parse),
        fingerprint: lines.digest("fingerprint").map(Fingerprint),
    })
}

/// A side in pixels.
fn side(number: u64) -> Option<u32> {
    u32::try_from(number).ok().filter(|side| *side > 0)
}

fn read_output(lines: &mut Lines<'_>) -> Option<LockedOutput> {
    Some(LockedOutput {
        path: lines.parsed("path", |text| ProjectPath::new(text).ok())?,
        hash: lines.digest("hash")?,
        settings: lines.digest("settings")?,
        bytes: lines.number("bytes")?,
        width: lines.number("width").and_then(side)?,
        height: lines.number("height").and_then(side)?,
        take: lines.digest("take"),
        color: lines.parsed("color", |text| Rgb::parse(text).filter(|color| color.to_string() == text)),
        thumbhash: lines.text("thumbhash"),
    })
}

/// The lines that are left. A field that isn't there is `None`; one that is there and isn't canonical ends it all.
struct Lines<'a> {
    rest: &'a str,
    is_canonical: bool,
}

impl<'a> Lines<'a> {
    /// Whether the entry is over.
    fn is_at_end(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with(ENTRY) || self.rest.starts_with(ATLAS)
    }

    /// This very line, if it is the next one.
    fn line(&mut self, line: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(line)?.strip_prefix('\n')?;
        Some(())
    }

    /// A frame of an atlas, if the next line is one.
    fn frame(&mut self) -> Option<Frame> {
        let (line, rest) = self.rest.strip_prefix("  [")?.split_once("],\n")?;
        // A name in quotes may hold commas, numbers don't.
        let mut fields = line.rsplitn(10, ", ");
        let mut numbers = [0; 9];
        for number in numbers.iter_mut().rev() {
            *number = decimal(fields.next()?).and_then(|number| u32::try_from(number).ok())?;
        }
        let name = match unquoted(fields.next()?)? {
            Text::Plain(name) => name.to_string(),
            Text::Escaped(name) => name,
        };
        self.rest = rest;
        Some(Frame::of(name, numbers))
    }

    /// Whether a table of this title comes next, after its empty line.
    fn opens(&mut self, title: &str) -> bool {
        let line = self.rest.strip_prefix('\n').and_then(|rest| rest.strip_prefix(title)?.strip_prefix('\n'));
        line.is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    /// The field of this key, if it is the next line.
    fn raw<T>(&mut self, key: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Option<T> {
        let value = self.rest.strip_prefix(key)?.strip_prefix(" = ")?;
        let (line, rest) = value.split_once('\n')?;
        let read = read(line);
        self.is_canonical &= read.is_some();
        self.rest = rest;
        read
    }

    fn parsed<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.raw(key, |line| match unquoted(line)? {
            Text::Plain(text) => read(text),
            Text::Escaped(text) => read(&text),
        })
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.parsed(key, |text| Some(text.to_string()))
    }

    fn digest(&mut self, key: &str) -> Option<Digest> {
        self.parsed(key, |text| text.parse().ok())
    }

    /// A number that TOML can hold.
    fn number(&mut self, key: &str) -> Option<u64> {
        self.raw(key, decimal)
    }
}

/// A number as it is written, if TOML can hold it.
fn decimal(text: &str) -> Option<u64> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| is_decimal && i64::try_from(*number).is_ok())
}

enum Text<'a> {
    Plain(&'a str),
    Escaped(String),
}

/// What a basic string holds that stands as `quote` writes it.
fn unquoted(quoted: &str) -> Option<Text<'_>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"').filter(|_| quoted.len() > 1)?;
    if !inner.bytes().any(|byte| matches!(byte, b'"' | b'\\') || byte.is_ascii_control()) {
        return Some(Text::Plain(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'u' => {
                    let hex = characters.as_str().get(..4)?;
                    characters = characters.as_str()[4..].chars();
                    char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
                }
                other => other,
            },
            other => other,
        });
    }
    (quote(&text) == quoted).then_some(Text::Escaped(text))
}
