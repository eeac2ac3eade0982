//! What a vendor says went wrong, in whichever shape it says so, made fit for a message.
//!
//! Knows shapes, not what follows from them; that is the verdict's affair.

use serde_json::{Map, Value};

use crate::secret::mask_keys;

/// A message shows no more characters of a vendor's text.
const LONGEST: usize = 300;
/// No more characters of a text are looked at.
const READ: usize = 4_000;

/// An error as a vendor words it. AIsa's shapes vary by route: `error` is a text or an object, `code` lies on top or
/// inside (AIsa docs, api-reference/errors, 2026); OpenAI's is `{"error":{"message","type","param","code"}}` (OpenAI's
/// OpenAPI file); local servers answer `{"error":"text"}` (sd.cpp) or `{"detail":…}` (vLLM-Omni).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The machine-readable code; empty if there is none.
    code: String,
    /// The broader `type`; empty if there is none.
    kind: String,
    /// The text for people; may be empty.
    message: String,
    /// `error.retryable`, where given.
    pub(crate) retryable: Option<bool>,
}

impl Complaint {
    /// Reads an answer's whole body.
    pub(crate) fn read(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(top)) => Self::from_top(&top),
            Ok(other) => Self::from_error(&other),
            Err(_) => Self { message: plain_text(body), ..Self::default() },
        }
    }

    /// Reads the value of an `error` field.
    pub(crate) fn from_error(error: &Value) -> Self {
        let Value::Object(fields) = error else { return Self { message: text_of(error), ..Self::default() } };
        Self {
            code: code_in(fields, "code"),
            kind: code_in(fields, "type"),
            message: text_of(error),
            retryable: fields.get("retryable").and_then(Value::as_bool),
        }
    }

    fn from_top(top: &Map<String, Value>) -> Self {
        let inner = ["error", "detail"].iter().find_map(|name| top.get(*name).filter(|value| !value.is_null()));
        let inner = inner.map(Self::from_error).unwrap_or_default();
        let or_top = |text: String, name| if text.is_empty() { code_in(top, name) } else { text };
        Self {
            code: or_top(inner.code, "code"),
            kind: or_top(inner.kind, "type"),
            message: if inner.message.is_empty() {
                top.get("message").map(text_of).unwrap_or_default()
            } else {
                inner.message
            },
            retryable: inner.retryable.or_else(|| top.get("retryable").and_then(Value::as_bool)),
        }
    }

    /// Whether one of these identifiers stands in it. The text counts too: some gateways pass an upstream's error on
    /// as a text.
    pub(crate) fn mentions(&self, identifiers: &[&str]) -> bool {
        let texts = [&self.code, &self.kind, &self.message];
        identifiers.iter().any(|identifier| texts.iter().any(|text| text.contains(identifier)))
    }

    /// Code and text for a message; empty if the vendor said nothing.
    pub(crate) fn words(&self) -> String {
        if self.code.is_empty() || self.message.contains(&self.code) {
            tidy(&self.message)
        } else if self.message.is_empty() {
            tidy(&self.code)
        } else {
            tidy(&format!("{}: {}", self.code, self.message))
        }
    }
}

/// A code that is a text; a number says no more than the status does.
fn code_in(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_string()
}

/// The wording in an error of any shape: a text, a list of them, or an object that holds one.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let names = ["message", "msg", "detail", "error"];
            names.iter().find_map(|name| fields.get(*name)).map(text_of).unwrap_or_default()
        }
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The wording of a body that is no JSON; of a page, its title.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if !text.starts_with('<') {
        return text.chars().take(READ).collect();
    }
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    title.map(|(title, _)| title.to_string()).unwrap_or_default()
}

/// A foreign text for a message: one line, without control characters, keys and URL queries, and not long.
pub(crate) fn tidy(text: &str) -> String {
    let line: String =
        text.chars().take(READ).map(|character| if is_unfit(character) { ' ' } else { character }).collect();
    let words: Vec<&str> = line.split_whitespace().map(without_query).collect();
    mask_keys(&words.join(" ")).chars().take(LONGEST).collect()
}

/// Control characters, and those that turn the direction of what follows.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A URL's query may hold a signature.
fn without_query(word: &str) -> &str {
    if word.contains("://") { word.split_once('?').map_or(word, |(start, _)| start) } else { word }
}

#[cfg(test)]
mod tests {
    use super::{Complaint, LONGEST, tidy};

    #[test]
    fn every_shape_of_an_error_is_read() {
        for (body, words) in [
            (
                r#"{"error":{"code":"InvalidParameter","message":"image size must be"}}"#,
                "InvalidParameter: image size must be",
            ),
            (r#"{"error":{"message":"x_y is bad","code":"x_y","type":"t"}}"#, "x_y is bad"),
            (r#"{"error":{"message":"no","code":null,"type":"t"}}"#, "no"),
            (r#"{"error":"provider request failed","code":"upstream"}"#, "upstream: provider request failed"),
            (r#"{"error":null,"code":"busy","message":"later"}"#, "busy: later"),
            (r#"{"code":"only_a_code"}"#, "only_a_code"),
            (r#"{"error":{"code":404,"message":"gone"}}"#, "gone"),
            (r#"{"detail":"not ready"}"#, "not ready"),
            (r#"{"detail":[{"loc":["body","size"],"msg":"bad size","type":"v"},{"msg":"bad n"}]}"#, "bad size; bad n"),
            (r#"{"detail":{"message":"nested"}}"#, "nested"),
            (r#""just a text""#, "just a text"),
            ("upstream\nis\u{1b}[31m down", "upstream is [31m down"),
            ("<html><head><title>502 Bad Gateway</title></head>", "502 Bad Gateway"),
            ("<html>", ""),
            ("{}", ""),
            ("[]", ""),
            ("", ""),
        ] {
            assert_eq!(Complaint::read(body.as_bytes()).words(), words, "{body}");
        }
        assert_eq!(Complaint::read(br#"{"error":{"retryable":true}}"#).retryable, Some(true));
        assert_eq!(Complaint::read(br#"{"error":"x","retryable":false}"#).retryable, Some(false));
    }

    #[test]
    fn a_foreign_text_is_made_fit_for_a_message() {
        assert_eq!(tidy("see https://a.b/c?sig=1 now"), "see https://a.b/c now");
        assert_eq!(tidy("bad key sk-A123456789012345"), format!("bad key {}", "*".repeat(19)));
        assert_eq!(tidy("a\u{202e}b\r\nc\0"), "a b c");
        assert_eq!(tidy(&"é".repeat(9_999)).chars().count(), LONGEST);
    }
}
