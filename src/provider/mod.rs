//! Vendors: what one request asks, what one answer brings, and how the two travel.
//!
//! Knows wire formats, errors and the network; knows no manifest, no cache, no plan and no price. Whether a request may
//! be sent at all, and what is written down before and after, is the caller's affair.

use std::collections::BTreeMap;

use crate::model::Fields;
use crate::recipe::{Quality, Value};

mod complaint;
pub(crate) mod download;
pub(crate) mod hosts;
pub(crate) mod http;
#[cfg(test)]
mod loopback;
pub(crate) mod openai_images;
pub(crate) mod placeholder;
pub(crate) mod verdict;

/// What is asked of a vendor in one request.
#[derive(Debug, Clone)]
pub(crate) struct Ask<'a> {
    /// The model's id at this vendor.
    pub(crate) model_id: &'a str,
    /// The wording.
    pub(crate) prompt: &'a str,
    /// The size as it goes on the wire (`2048x2048`).
    pub(crate) size: Option<&'a str>,
    /// How many images.
    pub(crate) n: u32,
    /// The sampling seed.
    pub(crate) seed: Option<u64>,
    /// How much work the model is to put in.
    pub(crate) quality: Option<Quality>,
    /// The optional fields that this route documents; the registry's data, so that none is ever guessed.
    pub(crate) fields: Fields,
    /// Vendor fields, sent as they are, merged last.
    pub(crate) options: &'a BTreeMap<String, Value>,
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
    /// The vendor's own figure, where the wire format has one.
    pub(crate) cost_usd: Option<f64>,
}
