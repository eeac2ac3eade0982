//! One line of a journal or a ledger: a checksum, then a TOML table of texts. A torn or damaged line costs itself only.
//!
//! Knows how a line is written and read, and nothing of what it says.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::manifest::quote::quote;

/// The version of the lines.
const VERSION: &str = "1";

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record(BTreeMap<String, String>);

/// Why a line says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is torn, or its bytes changed.
    Damaged,
    /// It is whole, and another version wrote it.
    Newer,
}

impl Record {
    pub(crate) fn read(line: &[u8]) -> Result<Self, Unreadable> {
        let whole = std::str::from_utf8(line).ok().and_then(|line| line.split_once(' '));
        let whole = whole.filter(|(checksum, text)| Digest::of(text.as_bytes()).short() == *checksum);
        let (_, text) = whole.ok_or(Unreadable::Damaged)?;
        // What was written as it stands here, and can't be understood, is no damage.
        Self::parse(text).filter(|record| record.field("v") == VERSION).ok_or(Unreadable::Newer)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = format!("record = {text}");
        let document = DeTable::parse(&text).ok()?;
        let table = document.get_ref().get("record")?.get_ref().as_table()?;
        let fields = table.iter().filter_map(|(key, value)| match value.get_ref() {
            DeValue::String(text) => Some((key.get_ref().to_string(), text.to_string())),
            _ => None,
        });
        Some(Self(fields.collect()))
    }

    /// The lines of a file, torn ones among them. Blank lines are none: each record begins with a line end of its own, so
    /// that a torn one before it costs itself only.
    pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = Result<Self, Unreadable>> + '_ {
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Self::read)
    }

    /// A field; empty where there is none.
    pub(crate) fn field(&self, key: &str) -> &str {
        self.maybe(key).unwrap_or_default()
    }

    pub(crate) fn maybe(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    /// An amount that can be one.
    pub(crate) fn dollars(&self, key: &str) -> Option<f64> {
        self.field(key).parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)
    }
}

/// A record's line, with its end.
#[cfg(feature = "generate")]
pub(crate) fn line(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {}", quote(value))).collect();
    let table = format!("{{ v = \"{VERSION}\", {} }}", fields.join(", "));
    format!("{} {table}\n", Digest::of(table.as_bytes()).short())
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use crate::cache::record::{Record, Unreadable, line};
    use crate::digest::Digest;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let text = line(&[("kind", "intent".to_string()), ("words", "no \"weapons\"\nor \u{7f}".to_string())]);
        assert_eq!(text.matches('\n').count(), 1);
        let record = Record::lines(text.as_bytes()).next().expect("one line").expect("whole");
        assert_eq!((record.field("kind"), record.field("words")), ("intent", "no \"weapons\"\nor \u{7f}"));
        assert_eq!((record.field("none"), record.maybe("none")), ("", None));
    }

    #[test]
    fn whatever_bit_is_turned_over_the_line_says_nothing() {
        let whole = line(&[("kind", "intent".to_string())]);
        for (index, bit) in (0..whole.len() - 1).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut bytes = whole.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            assert!(Record::lines(&bytes).all(|record| record == Err(Unreadable::Damaged)), "byte {index} bit {bit}");
        }
    }

    #[test]
    fn a_whole_line_that_says_something_else_is_another_versions() {
        for text in ["{ v = \"2\", kind = \"intent\" }", "{ kind = \"intent\" }", "something new"] {
            let line = format!("{} {text}", Digest::of(text.as_bytes()).short());
            assert_eq!(Record::read(line.as_bytes()), Err(Unreadable::Newer), "{text}");
        }
        assert_eq!(Record::read(b"no checksum at all"), Err(Unreadable::Damaged));
    }
}
