//! What a vendor says went wrong, in whichever shape it says so, made fit for a message.
//!
//! Knows shapes, not what follows from them; that is the verdict's affair.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::secret::mask_keys;

/// A message shows no more characters of a vendor's text.
const LONGEST: usize = 300;
/// No more characters of a text are looked at.
const READ: usize = 4_000;
/// AIsa's code for a model that has moved to another route (AIsa docs, chat/completions, 2026-07).
const ROUTE_CLOSED: &str = "model_route_not_supported";

/// An error as a vendor words it. AIsa's shapes vary by route: `error` is a text or an object, `code` lies on top or
/// inside (AIsa docs, api-reference/errors, 2026); OpenAI's is `{"error":{"message","type","param","code"}}` (OpenAI's
/// OpenAPI file); Google's has a `status` and `details` (Gemini API, discovery document, 2026); OpenRouter's has
/// `metadata` and `availability` (OpenRouter docs, api_reference/errors-and-debugging, 2026); local servers answer
/// `{"error":"text"}` (sd.cpp) or `{"detail":…}` (vLLM-Omni).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The machine-readable codes, the most telling first.
    codes: Vec<String>,
    /// Broader or finer names, of no use to people: `type`, and the reasons in Google's details.
    kinds: Vec<String>,
    /// The code of the vendor behind this one, where it is passed on: about that vendor's account as often as about
    /// ours.
    upstream: Option<String>,
    /// The text for people; may be empty.
    message: String,
    /// What the text leaves out: why the prompt was flagged, what it is upstream, where else a model is served.
    asides: Vec<String>,
    /// Whether it says what was flagged in the prompt, or why.
    pub(crate) is_flagged: bool,
    /// `error.retryable`, where given.
    pub(crate) retryable: Option<bool>,
    /// `error.availability.retryable`, where given.
    pub(crate) is_passing: Option<bool>,
    /// How long it asks to wait.
    pub(crate) retry_after: Option<Duration>,
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
        match error {
            Value::Object(fields) => Self { message: text_of(error), ..Self::from_fields(fields) },
            _ => Self { message: text_of(error), ..Self::default() },
        }
    }

    fn from_top(top: &Map<String, Value>) -> Self {
        let inner = ["error", "detail"].iter().find_map(|name| top.get(*name).filter(|value| !value.is_null()));
        let inner = inner.map(Self::from_error).unwrap_or_default();
        let outer = Self::from_fields(top);
        let or_top =
            |text: String| if text.is_empty() { top.get("message").map(text_of).unwrap_or_default() } else { text };
        Self {
            codes: [inner.codes, outer.codes].concat(),
            kinds: [inner.kinds, outer.kinds].concat(),
            upstream: inner.upstream.or(outer.upstream),
            message: or_top(inner.message),
            asides: [inner.asides, outer.asides].concat(),
            is_flagged: inner.is_flagged || outer.is_flagged,
            retryable: inner.retryable.or(outer.retryable),
            is_passing: inner.is_passing.or(outer.is_passing),
            retry_after: inner.retry_after.or(outer.retry_after),
        }
    }

    /// All but the text.
    fn from_fields(fields: &Map<String, Value>) -> Self {
        let object = |name: &str| fields.get(name).and_then(Value::as_object);
        let (availability, metadata) = (object("availability"), object("metadata"));
        let details = fields.get("details").and_then(Value::as_array);
        let details: Vec<_> = details.into_iter().flatten().filter_map(Value::as_object).collect();
        let codes: Vec<String> = [
            word(Some(fields), "code"),
            word(availability, "code"),
            // Beside `metadata` in its other api formats, and in the errors that carry an `availability`.
            word(metadata, "error_type").or_else(|| word(Some(fields), "error_type")),
            word(Some(fields), "status").filter(|status| is_canonical(status)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let reasons = texts(metadata.and_then(|metadata| metadata.get("reasons")));
        // `flagged_input` and `reasons` are of moderation, `patterns` of a guardrail; the input itself isn't repeated.
        let is_flagged = !reasons.is_empty()
            || word(metadata, "flagged_input").is_some()
            || !texts(metadata.and_then(|metadata| metadata.get("patterns"))).is_empty();
        // The body lists the routes that do serve the model (AIsa docs, chat/completions, 2026-07); which field does,
        // isn't said.
        let routes = fields.iter().filter(|(name, _)| name.contains("route") || name.contains("endpoint"));
        let is_closed = codes.iter().any(|code| code == ROUTE_CLOSED);
        let routes = routes.filter(|_| is_closed).flat_map(|(_, value)| texts(Some(value)));
        let upstream = word(metadata, "provider_code");
        let asked = availability.and_then(|availability| availability.get("retry_after")).and_then(Value::as_f64);
        Self {
            kinds: word(Some(fields), "type")
                .into_iter()
                .chain(details.iter().filter_map(|detail| word(Some(detail), "reason")))
                .collect(),
            asides: reasons.into_iter().chain(upstream.clone()).chain(routes).collect(),
            upstream,
            message: String::new(),
            is_flagged,
            retryable: fields.get("retryable").and_then(Value::as_bool),
            is_passing: availability.and_then(|availability| availability.get("retryable")).and_then(Value::as_bool),
            retry_after: asked
                .or_else(|| details.iter().find_map(|detail| seconds(&word(Some(detail), "retryDelay")?)))
                .and_then(pause),
            codes,
        }
    }

    /// Whether one of these identifiers is among its codes. An error that is nothing but one word is that code.
    pub(crate) fn is_called(&self, identifiers: &[&str]) -> bool {
        let lone = Some(&self.message).filter(|message| self.codes.is_empty() && message.bytes().all(is_code_byte));
        let names = self.codes.iter().chain(&self.kinds).chain(lone);
        names.into_iter().any(|name| identifiers.iter().any(|identifier| is_name(name, identifier)))
    }

    /// Whether the vendor behind this one calls it so.
    pub(crate) fn is_called_upstream(&self, identifiers: &[&str]) -> bool {
        self.upstream.as_ref().is_some_and(|name| identifiers.iter().any(|identifier| is_name(name, identifier)))
    }

    /// Whether its text names one of these identifiers. The text may repeat the prompt and point to documentation, so
    /// of the identifiers only those count that AIsa passes on as a text: an upstream's, which no prose contains, and
    /// its own for a closed route.
    pub(crate) fn says(&self, identifiers: &[&str]) -> bool {
        let words = self.message.split_whitespace().filter(|word| !word.contains("://"));
        let mut words = words.flat_map(|word| word.split(|character| !u8::try_from(character).is_ok_and(is_code_byte)));
        words.any(|word| {
            let mut telling = identifiers.iter().filter(|name| is_camel_case(name) || **name == ROUTE_CLOSED);
            telling.any(|identifier| is_name(word, identifier))
        })
    }

    /// Code and text for a message; empty if the vendor said nothing.
    pub(crate) fn words(&self) -> String {
        let mut words = match self.codes.first() {
            Some(code) if self.message.is_empty() => code.clone(),
            Some(code) if !self.message.contains(code) => format!("{code}: {}", self.message),
            _ => self.message.clone(),
        };
        let asides: Vec<&str> =
            self.asides.iter().map(String::as_str).filter(|aside| !self.message.contains(aside)).collect();
        if !asides.is_empty() {
            words = format!("{words} ({})", asides.join(", "));
        }
        tidy(&words)
    }
}

/// A text that isn't empty. A number isn't one: it says no more than the status does.
fn word(fields: Option<&Map<String, Value>>, name: &str) -> Option<String> {
    fields?.get(name)?.as_str().filter(|text| !text.is_empty()).map(ToString::to_string)
}

/// A text, or the texts in a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.map_or(&[][..], |value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    items.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(ToString::to_string).collect()
}

/// Google's codes: `RESOURCE_EXHAUSTED`, while elsewhere a `status` may be `failed`.
fn is_canonical(status: &str) -> bool {
    status.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn is_code_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
}

/// `InvalidParameter`, not `invalid_parameter` nor `INVALID_PARAMETER`.
fn is_camel_case(identifier: &str) -> bool {
    identifier.starts_with(|first: char| first.is_ascii_uppercase()) && identifier.contains(char::is_lowercase)
}

/// Whether a code is this identifier, wholly or up to a dot: `InvalidParameter.Size`. ModelArk's are also put together:
/// `OutputImageSensitiveContentDetected` is a `SensitiveContentDetected`.
fn is_name(code: &str, identifier: &str) -> bool {
    code.split('.').any(|part| part == identifier) || (is_camel_case(identifier) && code.contains(identifier))
}

/// A span as Google writes it, in seconds: `27s`, `1.5s`.
fn seconds(text: &str) -> Option<f64> {
    text.strip_suffix('s')?.parse().ok()
}

/// A pause of so many seconds; one without an end is longer than anybody waits.
fn pause(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
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
    use std::time::Duration;

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
    fn what_the_text_leaves_out_is_added_to_it() {
        for (body, words) in [
            (
                r#"{"error":{"message":"flagged","metadata":{"reasons":["violence","gore"],"flagged_input":"a war"}}}"#,
                "flagged (violence, gore)",
            ),
            (r#"{"error":{"message":"no violence","metadata":{"reasons":["violence"]}}}"#, "no violence"),
            (
                r#"{"error":{"code":500,"message":"no","metadata":{"error_type":"unmapped","provider_code":"E7"}}}"#,
                "unmapped: no (E7)",
            ),
            (
                r#"{"error":{"message":"busy","error_type":"x","availability":{"code":"capacity_exhausted"}}}"#,
                "capacity_exhausted: busy",
            ),
            (r#"{"error":{"code":429,"message":"later","status":"RESOURCE_EXHAUSTED"}}"#, "RESOURCE_EXHAUSTED: later"),
            (r#"{"status":"failed","error":{"message":"later","status":"failed"}}"#, "later"),
            (
                r#"{"error":{"code":"model_route_not_supported","message":"moved","routes":["/v1/images/edits"]}}"#,
                "model_route_not_supported: moved (/v1/images/edits)",
            ),
            (r#"{"error":{"code":"model_not_found","message":"gone","routes":["/v1/x"]}}"#, "model_not_found: gone"),
        ] {
            assert_eq!(Complaint::read(body.as_bytes()).words(), words, "{body}");
        }
    }

    #[test]
    fn a_code_counts_in_its_fields_and_in_the_text_only_where_no_prose_has_it() {
        let codes = ["model_not_found", "ModelNotOpen", "model_route_not_supported"];
        for (body, is_called, says) in [
            (r#"{"error":{"code":"model_not_found"}}"#, true, false),
            (r#"{"error":{"type":"model_not_found"}}"#, true, false),
            (r#"{"error":{"code":"x"},"code":"model_not_found"}"#, true, false),
            (r#"{"error":{"metadata":{"error_type":"model_not_found"}}}"#, true, false),
            (r#"{"error_type":"model_not_found","error":{"code":"server_error"}}"#, true, false),
            (r#"{"error":{"message":"x"},"availability":{"code":"model_not_found"}}"#, true, false),
            (r#"{"error":"model_not_found"}"#, true, false),
            (r#"{"error":{"code":"ModelNotOpen.Paused"}}"#, true, false),
            (r#"{"error":{"code":"Upstream.ModelNotOpen"}}"#, true, false),
            (r#"{"error":{"code":"AccountModelNotOpen"}}"#, true, false),
            (r#"{"error":{"code":"fine_tuned_model_not_found"}}"#, false, false),
            (r#"{"error":{"code":"model"}}"#, false, false),
            (r#"{"error":{"metadata":{"provider_code":"model_not_found"}}}"#, false, false),
            (r#"{"error":"the prompt `a model_not_found page` is too short"}"#, false, false),
            (r#"{"error":"upstream: ModelNotOpen"}"#, false, true),
            (r#"{"error":"upstream: {code=ModelNotOpen, status=404}"}"#, false, true),
            (r#"{"error":"see https://a.b/errors#ModelNotOpen"}"#, false, false),
            (r#"{"error":"400 model_route_not_supported: use /v1/images/generations"}"#, false, true),
            ("", false, false),
        ] {
            let complaint = Complaint::read(body.as_bytes());
            assert_eq!((complaint.is_called(&codes), complaint.says(&codes)), (is_called, says), "{body}");
        }
    }

    #[test]
    fn the_pause_that_a_body_asks_for_is_read() {
        let after = |body: &str| Complaint::read(body.as_bytes()).retry_after;
        let google =
            |delay: &str| after(&format!(r#"{{"error":{{"details":[{{"a":1}},{{"retryDelay":"{delay}"}}]}}}}"#));
        assert_eq!(google("27s"), Some(Duration::from_secs(27)));
        assert_eq!(google("1.5s"), Some(Duration::from_millis(1_500)));
        assert_eq!(google("1e300s"), Some(Duration::MAX));
        for nothing in ["", "s", "27", "-1s", "NaNs", "soon"] {
            assert_eq!(google(nothing), None, "{nothing}");
        }
        let router = |seconds: &str| after(&format!(r#"{{"error":{{"availability":{{"retry_after":{seconds}}}}}}}"#));
        assert_eq!(router("40"), Some(Duration::from_secs(40)));
        assert_eq!(router("0"), Some(Duration::ZERO));
        assert_eq!(router("null"), None);
        assert_eq!(router("-5"), None);
        assert_eq!(after(r#"{"error":"x","availability":{"retry_after":7}}"#), Some(Duration::from_secs(7)));
        assert_eq!(after(r#"{"error":"x"}"#), None);
    }

    #[test]
    fn a_foreign_text_is_made_fit_for_a_message() {
        assert_eq!(tidy("see https://a.b/c?sig=1 now"), "see https://a.b/c now");
        assert_eq!(tidy("bad key sk-A123456789012345"), format!("bad key {}", "*".repeat(19)));
        assert_eq!(tidy("a\u{202e}b\r\nc\0"), "a b c");
        assert_eq!(tidy(&"é".repeat(9_999)).chars().count(), LONGEST);
    }
}
