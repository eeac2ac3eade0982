//! The pages of the vendors' documentation: one file each, with its requests, its answers and its errors.
//!
//! A page is a closed set of rules, and so is the list of pages; nothing here knows who asks.

use serde_json::Value;

use super::http::Request;
use super::objection::Objection;
use super::order::{Made, Order};
use super::rules::Rules;

#[path = "pages/aisa_chat.rs"]
mod aisa_chat;
#[path = "pages/aisa_images.rs"]
mod aisa_images;
#[path = "pages/gemini.rs"]
mod gemini;
#[path = "pages/openai.rs"]
mod openai;
#[path = "pages/openrouter.rs"]
mod openrouter;
#[path = "pages/openrouter_models.rs"]
mod openrouter_models;
#[path = "pages/powertokens.rs"]
mod powertokens;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    AisaImages,
    AisaMovedImages,
    AisaEdits,
    AisaChat,
    AisaMovedChat,
    Gemini,
    OpenRouter,
    PowerTokens,
    OpenAiGenerations,
    OpenAiEdits,
}

/// The form of a vendor's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Aisa,
    Google,
    OpenRouter,
    PowerTokens,
    OpenAi,
}

impl Page {
    pub(super) fn order(self, rules: &Rules, request: &Request) -> Result<Order, Objection> {
        match self {
            Page::AisaImages => aisa_images::generation(rules, request),
            Page::AisaMovedImages => aisa_images::moved_generation(rules, request),
            Page::AisaEdits => aisa_images::edit(rules, request),
            Page::AisaChat => aisa_chat::order(rules, request),
            Page::AisaMovedChat => aisa_chat::moved_order(rules, request),
            Page::Gemini => gemini::order(rules, request),
            Page::OpenRouter => openrouter::order(rules, request),
            Page::PowerTokens => powertokens::order(rules, request),
            Page::OpenAiGenerations => openai::generation(rules, request),
            Page::OpenAiEdits => openai::edit(rules, request),
        }
    }

    pub(super) fn success(self, rules: &Rules, made: &Made) -> Value {
        match self {
            Page::AisaImages | Page::AisaMovedImages | Page::AisaEdits => aisa_images::success(made),
            Page::AisaChat | Page::AisaMovedChat => aisa_chat::success(rules, made),
            Page::Gemini => gemini::success(rules, made),
            Page::OpenRouter => openrouter::success(rules, made),
            Page::PowerTokens => powertokens::success(made),
            Page::OpenAiGenerations | Page::OpenAiEdits => openai::success(made),
        }
    }

    pub(super) fn dialect(self) -> Dialect {
        match self {
            Page::AisaImages | Page::AisaMovedImages | Page::AisaEdits | Page::AisaChat | Page::AisaMovedChat => {
                Dialect::Aisa
            }
            Page::Gemini => Dialect::Google,
            Page::OpenRouter => Dialect::OpenRouter,
            Page::PowerTokens => Dialect::PowerTokens,
            Page::OpenAiGenerations | Page::OpenAiEdits => Dialect::OpenAi,
        }
    }
}

impl Dialect {
    /// Status and body of an error.
    pub(super) fn error(self, objection: &Objection, request_number: usize) -> (u16, Value) {
        match self {
            Dialect::Aisa => aisa_images::error(objection, request_number),
            Dialect::Google => gemini::error(objection),
            Dialect::OpenRouter => openrouter::error(objection),
            Dialect::PowerTokens => powertokens::error(objection),
            Dialect::OpenAi => openai::error(objection),
        }
    }
}
