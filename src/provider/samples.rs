//! For tests: routes, asks and pictures to make requests of.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::capability::{Facts, Field, Fields, Price};
use crate::model::{Api, Route, Wire};
use crate::picture::Format;
use crate::provider::{Ask, Attachment, Request};
use crate::recipe::Value;

static NO_OPTIONS: BTreeMap<String, Value> = BTreeMap::new();

/// A route whose request has these fields and no others.
pub(crate) fn route(api: Api, id: &str, fields: &[Field]) -> Route {
    Route {
        provider: "studio".to_string(),
        id: id.to_string(),
        wire: Wire::Spoken(api),
        path: api.path().to_string(),
        price: Price::Unknown,
        facts: Facts { fields: Some(Fields::of(fields)), ..Facts::default() },
    }
}

/// One image of this wording, and nothing else asked.
pub(crate) fn ask<'a>(route: &'a Route, prompt: &'a str) -> Ask<'a> {
    Ask {
        route,
        prompt,
        asked: None,
        n: 1,
        seed: None,
        quality: None,
        background: None,
        negative_prompt: None,
        references: &[],
        options: &NO_OPTIONS,
    }
}

/// Two references; in base64 they are `b25l` and `dHdv`.
pub(crate) fn references() -> [Attachment; 2] {
    [
        Attachment { bytes: b"one".to_vec(), format: Format::Png },
        Attachment { bytes: b"two".to_vec(), format: Format::Jpeg },
    ]
}

/// A request's body, which is JSON and says so.
pub(crate) fn body(request: &Request) -> Json {
    assert_eq!(request.content_type, "application/json");
    serde_json::from_slice(&request.body).unwrap()
}
