//! What tintype has to say about a user's file: a code, a message, the places, the way out.
//!
//! Knows no terminal: the command line turns these into what a person or a program reads.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::secret::mask_keys;

/// A text file as a user wrote it, for showing places in it. What looks like an API key is masked, byte for byte, so
/// that no diagnostic can ever show one.
pub struct Source {
    name: String,
    raw: String,
    /// Made when something is shown: most files never are.
    masked: OnceLock<String>,
}

impl Source {
    /// `name` is the path as people know it, `text` the whole file.
    pub fn new(name: impl Into<String>, text: &str) -> Arc<Self> {
        Arc::new(Self { name: name.into(), raw: text.to_string(), masked: OnceLock::new() })
    }

    /// The path as people know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text with keys masked; spans keep their meaning.
    pub fn text(&self) -> &str {
        self.masked.get_or_init(|| mask_keys(&self.raw))
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.raw.len());
        while !self.raw.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.raw[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.raw == other.raw
    }
}

impl Eq for Source {}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Source").field(&self.name).finish()
    }
}

/// A place in a [`Source`], with what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub source: Arc<Source>,
    /// Byte offsets in the file's text.
    pub span: Range<usize>,
    /// A few words, shown beside the place.
    pub text: String,
}

/// One thing that is wrong, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable name for the kind, in kebab case.
    pub code: &'static str,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, most important first.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    /// A diagnostic without a place yet.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: mask_keys(&message.into()), help: None, labels: Vec::new() }
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(mask_keys(&help.into()));
        self
    }

    /// Adds a place.
    #[must_use]
    pub fn label(mut self, source: &Arc<Source>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = self.labels.first() {
            let (line, column) = label.source.position(label.span.start);
            write!(formatter, "{}:{line}:{column}: ", label.source.name())?;
        }
        formatter.write_str(&self.message)
    }
}

/// Puts diagnostics into the order of the file, each once.
pub fn sort(found: &mut Vec<Diagnostic>) {
    found.sort_by_cached_key(|diagnostic| {
        let first = diagnostic.labels.first();
        first.map(|label| (label.source.name().to_string(), label.span.start))
    });
    let mut seen = std::collections::HashSet::new();
    found.retain(|diagnostic| {
        let place = diagnostic.labels.first().map(|label| (label.source.name().to_string(), label.span.clone()));
        seen.insert((diagnostic.code, diagnostic.message.clone(), place))
    });
}

/// `value`, if it is the nearest of `known` and near enough to be what was meant.
pub fn nearest<'a>(value: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(value, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(value.chars().count()) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A whole number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Source, grouped, nearest};

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([grouped(7), grouped(1000), grouped(3_686_400)], ["7", "1,000", "3,686,400"]);
    }

    #[test]
    fn positions_count_characters_from_one() {
        let source = Source::new("images.toml", "é = 1\nab = 2\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(3), (1, 3));
        assert_eq!(source.position(7), (2, 1));
        assert_eq!(source.position(999), (3, 1));
    }

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(nearest("promt", ["prompt", "model"]), Some("prompt"));
        assert_eq!(nearest("zzz", ["prompt", "model"]), None);
    }
}
