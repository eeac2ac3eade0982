//! JSON by RFC 8259, strictly: what other parsers forgive is a mistake here, with what to write instead.
//!
//! Mistakes whose end is plain (a comma too many, a key twice, a number too large) don't stop the reading; others do.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source};
use crate::rows::faults::Faults;
use crate::rows::node::{Key, Kind, MAX_DEPTH, Node};

/// Reads a document.
pub(crate) fn parse(source: &Arc<Source>, text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut parser = Parser { text, at: 0, depth: 0, faults: Faults::new(source) };
    let node = parser.document();
    match node {
        Some(node) if parser.faults.is_empty() => Ok(node),
        _ => Err(parser.faults.found()),
    }
}

struct Parser<'t, 's> {
    text: &'t str,
    /// Always between two characters.
    at: usize,
    depth: usize,
    faults: Faults<'s>,
}

/// `None` is a mistake after which there is no knowing what is meant; it has been noted.
impl<'t> Parser<'t, '_> {
    fn document(&mut self) -> Option<Node> {
        let node = self.value()?;
        self.skip_space();
        if self.at == self.text.len() {
            return Some(node);
        }
        self.stop("something follows the end of the JSON value", "a JSON file holds one value: one list or one object")
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Takes an ASCII character, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The next character's place; that of nothing at the end.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.rest().chars().next().map_or(0, char::len_utf8)
    }

    fn stop<T>(&mut self, message: &str, help: &str) -> Option<T> {
        let rest = self.rest();
        let (message, help) = if rest.is_empty() {
            ("the file ends in the middle".to_string(), "what was opened with [, { or \" must be closed")
        } else if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
            ("JSON has no comments".to_string(), "take the comment out, or write the file as .toml")
        } else if rest.starts_with('\'') {
            ("a string stands in single quotes".to_string(), "JSON has double quotes only: \"text\"")
        } else {
            (message.to_string(), help)
        };
        self.faults.syntax(format!("this is not JSON: {message}"), self.here(), help);
        None
    }

    fn value(&mut self) -> Option<Node> {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::map)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word()?,
        };
        Some(Node { kind, span: start..self.at })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Kind>) -> Option<Kind> {
        if self.depth == MAX_DEPTH {
            let message = format!("values lie more than {MAX_DEPTH} deep in each other");
            self.faults.syntax(message, self.here(), "write it flatter");
            return None;
        }
        self.depth += 1;
        self.at += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn list(&mut self) -> Option<Kind> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Some(Kind::List(items));
        }
        loop {
            items.push(self.value()?);
            if !self.goes_on(b']', "a comma or ] must follow here")? {
                return Some(Kind::List(items));
            }
        }
    }

    fn map(&mut self) -> Option<Kind> {
        let mut entries = Vec::new();
        let mut seen = BTreeMap::new();
        self.skip_space();
        if self.take(b'}') {
            return Some(Kind::Map(entries));
        }
        loop {
            let key = self.key()?;
            self.skip_space();
            if !self.take(b':') {
                return self.stop("a colon must follow the key", "write \"key\": value");
            }
            let value = self.value()?;
            if let Some(first) = seen.insert(key.name.clone(), key.span.start) {
                let (line, _) = self.faults.position(first);
                let message = format!("the key `{}` is there twice, first in line {line}", key.name);
                self.faults.syntax(message, key.span, "take one out, or rename it: each key of an object once");
            } else {
                entries.push((key, value));
            }
            if !self.goes_on(b'}', "a comma or } must follow here")? {
                return Some(Kind::Map(entries));
            }
        }
    }

    fn key(&mut self) -> Option<Key> {
        self.skip_space();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.stop("a key in quotes must stand here", "keys stand in double quotes: \"key\": value");
        }
        Some(Key { name: self.string()?, span: start..self.at })
    }

    /// Whether a comma follows, and not `end`. A comma before `end` is noted and forgiven.
    fn goes_on(&mut self, end: u8, expected: &str) -> Option<bool> {
        self.skip_space();
        if self.take(end) {
            return Some(false);
        }
        let comma = self.here();
        if !self.take(b',') {
            return self.stop(expected, "put a comma between two values, and close what was opened");
        }
        self.skip_space();
        if self.take(end) {
            let message = format!("this is not JSON: a comma stands before {}", char::from(end));
            self.faults.syntax(message, comma, "take the comma out: none stands after the last value");
            return Some(false);
        }
        Some(true)
    }

    fn word(&mut self) -> Option<Kind> {
        let start = self.at;
        let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '+' | '.');
        let length = self.rest().find(|character| !is_part(character)).unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        self.at += length;
        match word {
            "null" => return Some(Kind::Null),
            "true" => return Some(Kind::Boolean(true)),
            "false" => return Some(Kind::Boolean(false)),
            "" => {
                let help = "write a string in quotes, a number, true, false, null, [ ] or { }";
                return self.stop("a value must stand here", help);
            }
            _ => {}
        }
        let help = match word.to_ascii_lowercase().as_str() {
            "true" | "false" | "null" => format!("write {}", word.to_ascii_lowercase()),
            "none" | "undefined" => "write null".to_string(),
            "nan" | "infinity" => "JSON has finite numbers only: write null, or a string".to_string(),
            _ if word.starts_with(['+', '.']) => "a number begins with a digit or a minus".to_string(),
            _ => format!("a string stands in quotes: \"{word}\""),
        };
        self.faults.syntax(format!("this is not JSON: `{word}` is no value"), start..self.at, help);
        Some(Kind::Null)
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let (text, span) = (&self.text[start..self.at], start..self.at);
        let Some(is_whole) = is_whole_number(text) else {
            let help = "write it like 12, -0.5 or 1e3: no leading zero, digits on both sides of the point";
            self.faults.syntax(format!("this is not JSON: `{text}` is no number"), span, help);
            return Kind::Null;
        };
        if is_whole {
            if let Ok(number) = text.parse() {
                return Kind::Integer(number);
            }
            let message = format!("the number `{text}` is too large to be kept exactly");
            self.faults.add("bad-value", message, span, "over 63 bits", "put it into quotes, or write it with a point");
            return Kind::Null;
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Kind::Float(number),
            _ => {
                self.faults.add(
                    "bad-value",
                    format!("the number `{text}` is too large"),
                    span,
                    "here",
                    "put it into quotes",
                );
                Kind::Null
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        let mut string = String::new();
        loop {
            let length = self.rest().find(|character| matches!(character, '"' | '\\' | '\0'..='\x1f'));
            let plain = &self.rest()[..length.unwrap_or(self.rest().len())];
            string.push_str(plain);
            self.at += plain.len();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Some(string);
                }
                Some(b'\\') => string.push(self.escape()),
                None | Some(b'\n' | b'\r') => {
                    let message = "this is not JSON: the string isn't closed on its line";
                    self.faults.syntax(message, start..self.at, "close it with \", and write a line break as \\n");
                    return None;
                }
                Some(byte) => {
                    let message = format!("this is not JSON: the control character U+{byte:04X} stands in a string");
                    let help =
                        if byte == b'\t' { "write a tab as \\t".to_string() } else { format!("write \\u{byte:04x}") };
                    self.faults.syntax(message, self.here(), help);
                    self.at += 1;
                }
            }
        }
    }

    /// What a backslash and what follows mean. U+FFFD stands for what means nothing.
    fn escape(&mut self) -> char {
        let start = self.at;
        self.at += 1;
        let byte = self.peek();
        let plain = match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => {
                let help =
                    "write \\\\ for a backslash; others are \\\" \\/ \\b \\f \\n \\r \\t and \\u with four digits";
                let span = start..self.here().end;
                let message = format!("this is not JSON: `{}` is no escape", &self.text[span.clone()].escape_debug());
                self.faults.syntax(message, span, help);
                return char::REPLACEMENT_CHARACTER;
            }
        };
        self.at += 1;
        plain
    }

    /// `\u` and four digits, or two of them that are one character. Stands at the `u`.
    fn unicode(&mut self, start: usize) -> char {
        self.at += 1;
        let high = self.four_digits();
        let decoded = match high {
            Some(0xd800..=0xdbff) if self.rest().starts_with("\\u") => {
                self.at += 2;
                let low = self.four_digits();
                char::decode_utf16(high.into_iter().chain(low)).next().and_then(Result::ok)
            }
            unit => char::decode_utf16(unit).next().and_then(Result::ok),
        };
        decoded.unwrap_or_else(|| {
            let span = start..self.at;
            let message = format!("this is not JSON: `{}` is no character", &self.text[span.clone()]);
            let help = "write four hexadecimal digits; above U+FFFF two escapes in a row, like \\ud83d\\ude00";
            self.faults.syntax(message, span, help);
            char::REPLACEMENT_CHARACTER
        })
    }

    fn four_digits(&mut self) -> Option<u16> {
        let length = self.rest().bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
        let digits = &self.rest()[..length];
        self.at += length;
        if length == 4 { u16::from_str_radix(digits, 16).ok() } else { None }
    }
}

/// By RFC 8259: whether a number is whole, or none if it isn't a number.
fn is_whole_number(text: &str) -> Option<bool> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_number = digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    is_number.then_some(fraction.is_none() && exponent.is_none())
}
