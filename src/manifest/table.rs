//! Reading one TOML table key by key: each key is asked for once, and what nobody asked for is an error.
//!
//! All errors are collected, none stops the reading. Knows TOML and types, no key by name.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Source, nearest};
use crate::manifest::tree::{Entry, Node, Tree, is_template};
use crate::manifest::{Place, Spanned};
use crate::recipe::Value;
use crate::secret::KEY_NAMES;

/// Keys that have a table, in assets, styles, models and providers.
const TABLE_KEYS: [&str; 9] =
    ["options", "output", "matrix", "rows", "references", "cost_usd", "routes", "sizes", "fields"];

/// What is wrong so far, and in which file.
pub(crate) struct Problems<'s> {
    pub(crate) source: &'s Arc<Source>,
    pub(crate) found: Vec<Diagnostic>,
}

impl Problems<'_> {
    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        Place { source: Arc::clone(self.source), span }
    }

    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}

/// A value with where it stands, not looked at yet.
#[derive(Clone)]
pub(crate) struct Field<'t> {
    pub(crate) key: &'t str,
    pub(crate) key_place: Place,
    pub(crate) value: &'t Tree,
    pub(crate) place: Place,
}

/// A table whose keys are asked for one by one.
pub(crate) struct Table<'t> {
    /// How messages call it: `[assets.hero]`.
    pub(crate) title: String,
    fields: Vec<Field<'t>>,
    known: Vec<&'static str>,
    later: &'static [&'static str],
}

impl<'t> Table<'t> {
    /// `later` are the keys that are part of the manifest but that this version can't carry out.
    pub(crate) fn new(title: impl Into<String>, entries: &'t [Entry], later: &'static [&'static str]) -> Self {
        let fields = entries.iter().map(Field::of).collect();
        Self { title: title.into(), fields, known: Vec::new(), later }
    }

    /// The value of a key, taken out.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Field<'t>> {
        self.known.push(key);
        let at = self.fields.iter().position(|field| field.key == key)?;
        Some(self.fields.swap_remove(at)).filter(|field| !matches!(field.value, Tree::Open))
    }

    /// All keys that are left, for tables whose keys are names.
    pub(crate) fn take_rest(&mut self) -> Vec<Field<'t>> {
        let mut fields = std::mem::take(&mut self.fields);
        fields.retain(|field| !matches!(field.value, Tree::Open));
        fields
    }

    pub(crate) fn string(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
        self.take(key)?.string(problems)
    }

    /// A string that `parse` understands; `expected` says what it would have.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<T>> {
        let text = self.string(key, problems)?;
        let Some(value) = parse(&text.value) else {
            let words = expected.split('`').skip(1).step_by(2);
            let help = nearest(&text.value, words)
                .map_or_else(|| format!("write {expected}"), |word| format!("did you mean `{word}`? Write {expected}"));
            problems.add(text.error("bad-value", format!("`{}` is no {key}", text.value), "not this").help(help));
            return None;
        };
        Some(Spanned { value, place: text.place })
    }

    /// A whole number within bounds.
    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<i64>,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<i64>> {
        let field = self.take(key)?;
        let Tree::Integer(integer) = field.value else {
            return field.mistyped("a whole number", problems);
        };
        match integer {
            Ok(value) if bounds.contains(value) => Some(Spanned { value: *value, place: field.place }),
            _ => {
                let (least, most) = (bounds.start(), bounds.end());
                let help = match *most {
                    i64::MAX => format!("write a whole number from {least}"),
                    most => format!("write a whole number from {least} to {most}"),
                };
                problems.add(
                    field
                        .place
                        .error("bad-value", format!("`{key}` is out of range"), "too large or too small")
                        .help(help),
                );
                None
            }
        }
    }

    pub(crate) fn integer_u32(
        &mut self,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<u32>> {
        let bounds = i64::from(*bounds.start())..=i64::from(*bounds.end());
        let number = self.integer(key, bounds, problems)?;
        let value = u32::try_from(number.value).expect("the bounds are those of a u32");
        Some(Spanned { value, place: number.place })
    }

    pub(crate) fn integer_u64(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Spanned<u64>> {
        let number = self.integer(key, 0..=i64::MAX, problems)?;
        Some(Spanned { value: number.value.unsigned_abs(), place: number.place })
    }

    /// A finite number that isn't negative: money, ratios.
    pub(crate) fn amount(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Spanned<f64>> {
        self.take(key)?.amount(problems)
    }

    pub(crate) fn boolean(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Spanned<bool>> {
        let field = self.take(key)?;
        match field.value {
            Tree::Boolean(value) => Some(Spanned { value: *value, place: field.place }),
            _ => field.mistyped("true or false", problems),
        }
    }

    pub(crate) fn duration(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Duration> {
        let parse = |text: &str| humantime::parse_duration(text).ok().filter(|duration| !duration.is_zero());
        Some(self.parsed(key, "a duration like `180s` or `3m`", parse, problems)?.value)
    }

    pub(crate) fn table(
        &mut self,
        key: &'static str,
        title: impl Into<String>,
        later: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Table<'t>> {
        self.take(key)?.table(title, later, problems)
    }

    /// A list, or a single value that stands for a list of one.
    pub(crate) fn list(&mut self, key: &'static str) -> Vec<Field<'t>> {
        self.take(key).map(Field::into_list).unwrap_or_default()
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self, problems: &mut Problems<'_>) {
        for field in self.fields {
            let key = field.key;
            if is_literal_key(key, field.value) {
                continue; // reported as what it is
            }
            if self.later.contains(&key) {
                problems.add(not_yet(&field.key_place, &format!("`{key}` in {}", self.title)));
                continue;
            }
            let message = format!("unknown key `{key}` in {}", self.title);
            let mut diagnostic = field.key_place.error("unknown-key", message, "not a key that belongs here");
            let known = self.known.iter().chain(self.later).copied();
            if let Some(help) = dotted(&self.title, &field) {
                diagnostic = diagnostic.help(help);
            } else if let Some(near) = nearest(key, known) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            } else {
                diagnostic = diagnostic.help(format!("the keys here are {}", listed(&self.known)));
            }
            problems.add(diagnostic);
        }
    }
}

impl<'t> Field<'t> {
    /// An entry of a table.
    pub(crate) fn of(entry: &'t Entry) -> Self {
        let Entry { key, key_place, node } = entry;
        Self { key, key_place: key_place.clone(), value: &node.value, place: node.place.clone() }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&'t str> {
        match self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Reports that the value has another type than `expected`.
    pub(crate) fn mistyped<T>(&self, expected: &str, problems: &mut Problems<'_>) -> Option<T> {
        let message = format!("`{}` must be {expected}, not {}", self.key, type_name(self.value));
        let mut error = self.place.error("bad-type", message, format!("expected {expected}"));
        error.help = self.rewritten(expected);
        problems.add(error);
        None
    }

    /// How to write what is likely meant.
    fn rewritten(&self, expected: &str) -> Option<String> {
        let written = self.place.source.text().get(self.place.span.clone())?;
        let wants_text = expected.starts_with("a string");
        if is_template(written) {
            let is_plain = !matches!(self.value, Tree::List(_) | Tree::Table(_));
            let of_text = self.as_text().and_then(|text| filter(text.trim(), expected));
            let of_text =
                of_text.map(|filter| format!("cells of csv and tsv are text: `{filter}` makes {expected} of one"));
            return of_text
                .or((wants_text && is_plain).then(|| "`{{ value | string }}` makes a text of it".to_string()));
        }
        match self.value {
            Tree::Integer(_) | Tree::Float(_) | Tree::Boolean(_) | Tree::Date(_) if wants_text => {
                Some(format!("put it into quotes: \"{written}\""))
            }
            Tree::List(_) if wants_text => Some("write one, without brackets".to_string()),
            Tree::Text(text) if filter(text.trim(), expected).is_some() => {
                Some(format!("write it without quotes: {} = {}", self.key, text.trim()))
            }
            Tree::Float(number) if expected == "a whole number" && number.fract() == 0.0 && number.abs() < 1e15 => {
                Some(format!("write it without a fraction: {number}"))
            }
            Tree::Text(_) if expected == "true or false" => Some("write true or false, without quotes".to_string()),
            _ => None,
        }
    }

    pub(crate) fn string(&self, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
        match self.as_text() {
            Some(text) => Some(Spanned { value: text.to_string(), place: self.place.clone() }),
            None => self.mistyped("a string in quotes", problems),
        }
    }

    pub(crate) fn amount(&self, problems: &mut Problems<'_>) -> Option<Spanned<f64>> {
        let number = match self.value {
            // Digits that no i64 holds are a number all the same, and what is lost of them is no money.
            Tree::Integer(Ok(integer)) => integer.to_string().parse(),
            Tree::Integer(Err(digits)) => digits.parse(),
            Tree::Float(float) => Ok(*float),
            _ => return self.mistyped("a number", problems),
        };
        match number {
            Ok(value) if f64::is_finite(value) && value >= 0.0 => Some(Spanned { value, place: self.place.clone() }),
            _ => {
                let message = format!("`{}` must be a number that isn't negative", self.key);
                problems.add(self.place.error("bad-value", message, "not this"));
                None
            }
        }
    }

    pub(crate) fn table(
        &self,
        title: impl Into<String>,
        later: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Table<'t>> {
        let Tree::Table(entries) = self.value else {
            let title = title.into();
            self.mistyped::<()>("a table", problems);
            if let Some(error) = problems.found.last_mut().filter(|_| title.starts_with('[')) {
                error.help = Some(format!("write {title} in a line of its own, and its keys in the lines below"));
            }
            return None;
        };
        Some(Table::new(title, entries, later))
    }

    pub(crate) fn into_list(self) -> Vec<Self> {
        let Tree::List(items) = self.value else { return vec![self] };
        let item = |item: &'t Node| Field {
            key: self.key,
            key_place: self.key_place.clone(),
            value: &item.value,
            place: item.place.clone(),
        };
        items.iter().filter(|item| !matches!(item.value, Tree::Open)).map(item).collect()
    }

    /// A vendor's field of any type that JSON has too.
    pub(crate) fn json(&self, problems: &mut Problems<'_>) -> Option<Value> {
        match self.value {
            Tree::Text(text) => Some(Value::String(text.clone())),
            Tree::Boolean(truth) => Some(Value::Boolean(*truth)),
            Tree::Integer(Ok(number)) => Some(Value::Integer(*number)),
            Tree::Integer(Err(_)) => self.mistyped("a number of at most 63 bits", problems),
            Tree::Float(number) if number.is_finite() => Some(Value::Float(*number)),
            Tree::Float(_) => self.mistyped("a finite number", problems),
            Tree::Date(_) => self.mistyped("a string (JSON has no dates)", problems),
            Tree::List(_) => {
                let items = self.clone().into_list();
                items.iter().map(|item| item.json(problems)).collect::<Option<Vec<_>>>().map(Value::Array)
            }
            Tree::Table(_) => self.json_table(problems).map(Value::Table),
            Tree::Open => None,
        }
    }

    pub(crate) fn json_table(&self, problems: &mut Problems<'_>) -> Option<BTreeMap<String, Value>> {
        let mut table = self.table(self.key, &[], problems)?;
        let mut entries = BTreeMap::new();
        for field in table.take_rest() {
            entries.insert(field.key.to_string(), field.json(problems)?);
        }
        Some(entries)
    }
}

/// What to write where a dot in a name that isn't quoted has made a table inside a table.
fn dotted(title: &str, field: &Field<'_>) -> Option<String> {
    let (group, name) = title.strip_prefix('[')?.strip_suffix(']')?.split_once('.')?;
    let (joint, how) = match group {
        "assets" => ("/", "quote it and write a slash"),
        "styles" | "models" | "providers" => (".", "quote it"),
        _ => return None,
    };
    let text = field.place.source.text().get(field.place.span.clone())?;
    if text.starts_with('{') || nearest(field.key, TABLE_KEYS).is_some() {
        return None;
    }
    let Tree::Table(mut entries) = Some(field.value).filter(|value| matches!(value, Tree::Table(_)))?.clone() else {
        return None;
    };
    let mut whole = format!("{}{joint}{}", name.trim_matches('"'), field.key);
    // Each further dot is a table that has nothing but a table.
    while let [entry] = entries.as_slice()
        && let Tree::Table(inner) = &entry.node.value
        && !TABLE_KEYS.contains(&entry.key.as_str())
    {
        whole = format!("{whole}{joint}{}", entry.key);
        entries = inner.clone();
    }
    Some(format!("a dot in a name makes a table inside a table: {how}, [{group}.\"{whole}\"]"))
}

/// A key or value of the manifest that this version can't carry out: refused, never ignored.
/// What makes of a text that looks like it what is expected.
fn filter(text: &str, expected: &str) -> Option<&'static str> {
    match expected {
        "a whole number" if text.parse::<i64>().is_ok() => Some("{{ value | int }}"),
        "a number" if text.parse::<f64>().is_ok_and(f64::is_finite) => Some("{{ value | float }}"),
        "true or false" if ["true", "false"].contains(&text) => Some("{{ value == 'true' }}"),
        _ => None,
    }
}

pub(crate) fn not_yet(place: &Place, what: &str) -> Diagnostic {
    place
        .error("not-yet", format!("{what} doesn't work in this version of tintype"), "not yet")
        .help("take it out for now: tintype refuses what it can't carry out rather than ignoring it")
}

/// Whether this is a key written where only the name of a variable may stand.
pub(crate) fn is_literal_key(key: &str, value: &Tree) -> bool {
    matches!(value, Tree::Text(_)) && key != "key" && KEY_NAMES.contains(&key.to_ascii_lowercase().as_str())
}

/// The first line that a merge has left for somebody to decide.
pub(crate) fn conflict(text: &str) -> Option<Range<usize>> {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark))
            || line.trim_end() == "======="
        {
            return Some(offset..offset + line.trim_end().len());
        }
        offset += line.len();
    }
    None
}

pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn type_name(value: &Tree) -> &'static str {
    match value {
        Tree::Text(_) => "a string",
        Tree::Integer(_) => "a whole number",
        Tree::Float(_) => "a fraction",
        Tree::Boolean(_) => "true or false",
        Tree::Date(_) => "a date",
        Tree::List(_) => "a list",
        Tree::Table(_) => "a table",
        Tree::Open => "a template",
    }
}
