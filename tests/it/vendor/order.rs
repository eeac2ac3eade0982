//! A request that keeps all rules, and what becomes of it.

use serde_json::Value;

use super::pages::Page;
use super::picture::Format;
use super::sizes::Size;
use super::{Fault, Served};

/// How the pictures reach the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Url,
    Base64,
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) page: Page,
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) images: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) is_transparent: bool,
    /// The format that was asked for, where the api lets one ask.
    pub(super) format: Option<Format>,
    pub(super) delivery: Delivery,
    /// Fields that come back with the answer.
    pub(super) echo: Value,
    /// Wishes that the vendor passes over without a word, as its documentation says.
    pub(super) overlooked: Vec<String>,
}

impl Order {
    pub(super) fn new(page: Page, model: &str, prompt: &str) -> Order {
        Order {
            page,
            model: model.to_string(),
            prompt: prompt.to_string(),
            images: 1,
            width: 1024,
            height: 1024,
            is_transparent: false,
            format: None,
            delivery: Delivery::Base64,
            echo: Value::Null,
            overlooked: Vec::new(),
        }
    }

    pub(super) fn sized(self, (width, height): Size) -> Order {
        Order { width, height, ..self }
    }
}

/// An order that was carried out, and how it is to be told.
pub(super) struct Made<'order> {
    pub(super) order: &'order Order,
    pub(super) pictures: &'order [Served],
    /// The size of the pictures, which may be another than was asked.
    pub(super) size: Size,
    pub(super) request_number: usize,
    pub(super) fault: Option<&'order Fault>,
}

impl Made<'_> {
    pub(super) fn created(&self) -> usize {
        1_776_495_432 + self.request_number
    }

    /// Ark's count of tokens: a picture's pixels by 256.
    pub(super) fn tokens(&self) -> u64 {
        let count = self.pictures.len() as u64;
        (count * u64::from(self.size.0) * u64::from(self.size.1) + 128) / 256
    }

    pub(super) fn size_text(&self) -> String {
        format!("{}x{}", self.size.0, self.size.1)
    }
}
