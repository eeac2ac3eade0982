//! JSON on the wire: a field is put in where it is asked for, the user's own options last, and an answer is read as it
//! comes.
//!
//! Knows no vendor's fields.

use serde_json::{Map, Number, Value as Json};

use crate::provider::{Ask, Empty, Request};
use crate::recipe::Value;

/// Puts a field in where there is a value for it.
pub(crate) fn insert(body: &mut Map<String, Json>, name: &str, value: Option<impl Into<Json>>) {
    if let Some(value) = value {
        body.insert(name.to_string(), value.into());
    }
}

/// The body, with the options laid over it, as a request to the route's own path.
pub(crate) fn finish(body: Map<String, Json>, ask: &Ask<'_>) -> Request {
    Request {
        path: ask.route.path.clone(),
        content_type: "application/json".to_string(),
        body: Json::Object(with_options(body, ask)).to_string().into_bytes(),
    }
}

/// The fields, with the options laid over them: tables are merged, so that `generationConfig = { temperature = 1 }` adds to
/// what is asked for; anything else takes the place of what was there.
pub(crate) fn with_options(mut fields: Map<String, Json>, ask: &Ask<'_>) -> Map<String, Json> {
    for (name, value) in ask.options {
        merge(fields.entry(name.clone()).or_insert(Json::Null), json(value));
    }
    fields
}

fn merge(field: &mut Json, option: Json) {
    match (field, option) {
        (Json::Object(fields), Json::Object(options)) => {
            for (name, value) in options {
                merge(fields.entry(name).or_insert(Json::Null), value);
            }
        }
        (field, option) => *field = option,
    }
}

/// An answer's body.
pub(crate) fn read(body: &[u8]) -> Result<Json, Empty> {
    serde_json::from_slice(body).map_err(|_| Empty::Nothing("the answer isn't JSON".to_string()))
}

/// A text that says something.
pub(crate) fn text(value: &Json) -> Option<&str> {
    value.as_str().filter(|text| !text.trim().is_empty())
}

/// A value of the options as JSON.
fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            Json::Object(entries.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}
