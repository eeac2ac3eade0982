//! The fields of a request, read as strictly as a schema would: unknown names and other JSON types are refused.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::http::Request;
use super::objection::{Breach, Objection, invalid, missing, mistyped};

/// One object of a request's body.
pub(super) struct Fields<'request> {
    map: &'request Map<String, Value>,
    /// A form knows texts only, so that its numbers are written out.
    is_form: bool,
}

impl<'request> Fields<'request> {
    /// The body of a request that must be JSON.
    pub(super) fn json(request: &'request Request) -> Result<Fields<'request>, Objection> {
        if request.media_type() != "application/json" {
            return Err(Objection::new(Breach::ContentType, "Content-Type must be application/json"));
        }
        let map = request.body.as_object();
        let map = map.ok_or_else(|| Objection::new(Breach::Syntax, "the body is no JSON object"))?;
        Ok(Fields { map, is_form: false })
    }

    /// The text fields of a request that must be a form.
    pub(super) fn form(request: &'request Request) -> Result<Fields<'request>, Objection> {
        if request.media_type() != "multipart/form-data" {
            return Err(Objection::new(Breach::ContentType, "Content-Type must be multipart/form-data"));
        }
        let map = request.body.as_object();
        let map = map.ok_or_else(|| Objection::new(Breach::Syntax, "the body is no form with that boundary"))?;
        Ok(Fields { map, is_form: true })
    }

    /// A value that must be an object.
    pub(super) fn of(value: &'request Value, name: &str) -> Result<Fields<'request>, Objection> {
        let map = value.as_object().ok_or_else(|| mistyped(name, "an object"))?;
        Ok(Fields { map, is_form: false })
    }

    /// No field but these, and those that a test has allowed.
    pub(super) fn only(&self, known: &[&str], allowed: &[String]) -> Result<(), Objection> {
        let is_known = |field: &String| known.contains(&field.as_str()) || allowed.contains(field);
        match self.map.keys().find(|field| !is_known(field)) {
            Some(field) => Err(Objection::new(Breach::UnknownField, format!("unknown field `{field}`"))),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, field: &str) -> Option<&'request Value> {
        self.map.get(field)
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.map.contains_key(field)
    }

    pub(super) fn text(&self, field: &str) -> Result<Option<&'request str>, Objection> {
        let text = |value: &'request Value| value.as_str().ok_or_else(|| mistyped(field, "a string"));
        self.get(field).map(text).transpose()
    }

    /// A text that must be there and must say something.
    pub(super) fn required(&self, field: &str) -> Result<&'request str, Objection> {
        match self.text(field)? {
            None => Err(missing(field)),
            Some("") => Err(invalid(format!("{field} must not be empty"))),
            Some(text) => Ok(text),
        }
    }

    pub(super) fn one_of(&self, field: &str, known: &[&str]) -> Result<Option<&'request str>, Objection> {
        match self.text(field)? {
            Some(text) if !known.contains(&text) => {
                Err(invalid(format!("{field} `{text}` is none of {}", known.join(", "))))
            }
            text => Ok(text),
        }
    }

    pub(super) fn integer(&self, field: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Objection> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = if self.is_form { value.as_str().and_then(|text| text.parse().ok()) } else { value.as_i64() };
        let number = number.ok_or_else(|| mistyped(field, "an integer"))?;
        if range.contains(&number) {
            return Ok(Some(number));
        }
        Err(invalid(format!("{field} must lie in {}..{}, and {number} does not", range.start(), range.end())))
    }

    /// How many pictures are asked for by `n`.
    pub(super) fn images(&self, most: i64, default: usize) -> Result<usize, Objection> {
        let count = self.integer("n", 1..=most)?;
        Ok(count.map_or(default, |count| usize::try_from(count).expect("it is at least one")))
    }

    pub(super) fn boolean(&self, field: &str) -> Result<Option<bool>, Objection> {
        let boolean = |value: &Value| value.as_bool().ok_or_else(|| mistyped(field, "a boolean"));
        self.get(field).map(boolean).transpose()
    }

    pub(super) fn list(&self, field: &str) -> Result<Option<&'request [Value]>, Objection> {
        let list = |value: &'request Value| value.as_array().ok_or_else(|| mistyped(field, "an array"));
        Ok(self.get(field).map(list).transpose()?.map(Vec::as_slice))
    }

    pub(super) fn object(&self, field: &str) -> Result<Option<Fields<'request>>, Objection> {
        self.get(field).map(|value| Fields::of(value, field)).transpose()
    }
}
