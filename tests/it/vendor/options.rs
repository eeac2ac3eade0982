//! How a vendor is set up for a test: its pace, its pictures, and what it takes and answers beyond its documentation.

use std::time::Duration;

use super::rules::ChatImage;
use super::{Format, State, Vendor};

impl Vendor {
    fn with(self, change: impl FnOnce(&mut State)) -> Vendor {
        change(&mut self.shared.lock());
        self
    }

    /// The format of the pictures; PNG unless said otherwise.
    pub(crate) fn format(self, format: Format) -> Vendor {
        self.with(|state| state.shape.format = format)
    }

    /// Pictures of this size, whatever was asked.
    pub(crate) fn answer_size(self, width: u32, height: u32) -> Vendor {
        self.with(|state| state.shape.size = Some((width, height)))
    }

    /// Pictures of this many bytes, by a chunk that decoders pass over.
    pub(crate) fn padded_to(self, bytes: usize) -> Vendor {
        self.with(|state| state.shape.padded_to = bytes)
    }

    /// The time between a request and its answer.
    pub(crate) fn latency(self, latency: Duration) -> Vendor {
        self.with(|state| state.latency = latency)
    }

    /// Connections stay open for the next request.
    pub(crate) fn keep_alive(self) -> Vendor {
        self.with(|state| state.keep_alive = true)
    }

    /// Ask for this key.
    pub(crate) fn key(self, key: &str) -> Vendor {
        self.with(|state| state.rules.key = Some(key.to_string()))
    }

    /// Take a field that the strict rules refuse.
    pub(crate) fn allow_field(self, field: &str) -> Vendor {
        self.with(|state| state.rules.fields.push(field.to_string()))
    }

    /// Serve this model too; a vendor that names none serves all.
    pub(crate) fn serving(self, model: &str) -> Vendor {
        self.with(|state| state.rules.models.push(model.to_string()))
    }

    /// Answer with addresses instead of base64.
    pub(crate) fn with_urls(self) -> Vendor {
        self.with(|state| state.rules.answers_urls = true)
    }

    /// Answer with base64 instead of addresses.
    pub(crate) fn with_base64(self) -> Vendor {
        self.with(|state| state.rules.answers_urls = false)
    }

    /// How the chat hands over its images; by address unless said otherwise.
    pub(crate) fn chat_image(self, form: ChatImage) -> Vendor {
        self.with(|state| state.rules.chat_image = form)
    }

    /// `generateContent` answers with `candidates[].parts[]`, as AIsa's schema has it.
    pub(crate) fn parts_without_content(self) -> Vendor {
        self.with(|state| state.rules.candidates.lack_content = true)
    }

    /// `generateContent` answers with `inline_data` and `mime_type`.
    pub(crate) fn in_snake_case(self) -> Vendor {
        self.with(|state| state.rules.candidates.are_snake_case = true)
    }

    /// `generateContent` puts thoughts before the image: a text and a sketch, both marked.
    pub(crate) fn thinking_aloud(self) -> Vendor {
        self.with(|state| state.rules.candidates.have_thoughts = true)
    }

    /// OpenRouter's `usage.cost` is this for each image, whatever the list says.
    pub(crate) fn charging(self, usd: f64) -> Vendor {
        self.with(|state| state.rules.charge_usd = Some(usd))
    }

    /// OpenRouter's answers lack `media_type`, which they may.
    pub(crate) fn without_media_types(self) -> Vendor {
        self.with(|state| state.rules.hides_media_types = true)
    }

    /// The provider's name in `manifest_lines`.
    pub(crate) fn named(self, provider: &str) -> Vendor {
        self.with(|state| state.rules.provider = provider.to_string())
    }
}
