//! Vendors: what one request asks, what one answer brings, and how the two travel.
//!
//! Knows wire formats, errors and the network; knows no manifest, no cache, no plan and no price. Whether a request may
//! be sent at all, and what is written down before and after, is the caller's affair.

use std::collections::BTreeMap;

#[cfg(fuzzing)]
use crate::model::Vendor;
use crate::model::{Api, Route};
use crate::picture::Format;
use crate::provider::complaint::Complaint;
use crate::recipe::{Background, Quality, Value};
use crate::size::Asked;

mod chat_images;
mod complaint;
pub(crate) mod download;
mod gemini_generate_content;
pub(crate) mod hosts;
pub(crate) mod http;
mod json;
#[cfg(test)]
mod loopback;
mod openai_edits;
mod openai_images;
mod openrouter_images;
mod payload;
pub(crate) mod placeholder;
mod powertokens_images;
pub(crate) mod reach;
#[cfg(test)]
mod samples;
pub(crate) mod verdict;

/// What is asked of a vendor in one request.
#[derive(Debug, Clone)]
pub(crate) struct Ask<'a> {
    /// The way: the model's id there, and which optional fields its documented request has. No other is ever sent.
    pub(crate) route: &'a Route,
    /// The wording.
    pub(crate) prompt: &'a str,
    /// The size; `None`: the vendor's default.
    pub(crate) asked: Option<&'a Asked>,
    /// How many images.
    pub(crate) n: u32,
    /// The sampling seed.
    pub(crate) seed: Option<u64>,
    /// How much work the model is to put in.
    pub(crate) quality: Option<Quality>,
    /// The ground behind the picture.
    pub(crate) background: Option<Background>,
    /// What not to draw.
    pub(crate) negative_prompt: Option<&'a str>,
    /// The pictures to go by, in order.
    pub(crate) references: &'a [Attachment],
    /// Vendor fields, sent as they are, merged last.
    pub(crate) options: &'a BTreeMap<String, Value>,
}

/// A reference picture as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// The file's bytes.
    pub(crate) bytes: Vec<u8>,
    /// What they are, as read from themselves.
    pub(crate) format: Format,
}

/// A request, ready to be sent, as often as need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Below the provider's base URL; `../` and `{model}` as in [`Route::path`].
    pub(crate) path: String,
    /// The media type of the body.
    pub(crate) content_type: String,
    /// What is sent.
    pub(crate) body: Vec<u8>,
}

/// An image as an answer carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Where it can be fetched, for a short while.
    Url(String),
    /// Its bytes.
    Bytes(Vec<u8>),
}

/// An answer with at least one image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// An entry for each image, in the vendor's order; one that failed by itself says why.
    pub(crate) images: Vec<Result<Payload, String>>,
    /// The vendor's own figure for all of them, where the wire format has one.
    pub(crate) cost_usd: Option<f64>,
}

/// An answer that calls itself a success and holds no image.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Empty {
    /// An error in the place of an image: it counts as what it says.
    Complaint(Box<Complaint>),
    /// The vendor won't draw this, in its own words.
    Refused(String),
    /// Nothing that can be used, in our words.
    Nothing(String),
}

impl Empty {
    /// The value of an `error` field.
    pub(crate) fn complaint(error: &serde_json::Value) -> Self {
        Self::Complaint(Box::new(Complaint::from_error(error)))
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Refused(words) | Self::Nothing(words) => words.clone(),
            Self::Complaint(complaint) => match complaint.words() {
                empty if empty.is_empty() => "an error without a text".to_string(),
                words => words,
            },
        }
    }
}

/// Takes whatever a vendor, or somebody in its place, may answer. For the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn read_anything(api: Api, status: u16, body: &[u8]) {
    for vendor in [Vendor::Aisa, Vendor::OpenAi, Vendor::OpenRouter, Vendor::PowerTokens] {
        let _ = verdict::judge(vendor, status, body);
    }
    if let Err(empty) = response(api, body) {
        let _ = verdict::judge_empty(&empty);
    }
}

/// The one request of each wire format. Pure.
pub(crate) fn request(api: Api, ask: &Ask<'_>) -> Request {
    debug_assert!(["model", "prompt", "n", "size"].iter().all(|name| !ask.options.contains_key(*name)), "reserved");
    match api {
        Api::OpenaiImages if ask.references.is_empty() => openai_images::request(ask),
        Api::OpenaiImages => openai_edits::request(ask),
        Api::ChatImages => chat_images::request(ask),
        Api::GeminiGenerateContent => gemini_generate_content::request(ask),
        Api::OpenrouterImages => openrouter_images::request(ask),
        Api::PowertokensImages => powertokens_images::request(ask),
        Api::Placeholder => unreachable!("the placeholder is drawn, not asked"),
    }
}

/// The images in an answer's body, or what it holds instead. Pure.
pub(crate) fn response(api: Api, body: &[u8]) -> Result<Answer, Empty> {
    match api {
        Api::OpenaiImages | Api::OpenrouterImages | Api::PowertokensImages => openai_images::response(body),
        Api::ChatImages => chat_images::response(body),
        Api::GeminiGenerateContent => gemini_generate_content::response(body),
        Api::Placeholder => Err(Empty::Nothing("the placeholder answers nobody".to_string())),
    }
}
