//! What is stated about a route: by the vendor, in models.toml, by the user in a manifest. Each level lies over the next.

use std::time::Duration;

use crate::capability::{Edits, Fields, Sizes};
use crate::recipe::Size;

/// Everything that may be stated of a provider, a model or a route; what is absent is unknown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Which sizes it draws.
    pub sizes: Sizes,
    /// What is asked for where the recipe says nothing.
    pub default_size: Option<Size>,
    /// The request's optional fields; those of the wire format where absent.
    pub fields: Option<Fields>,
    /// How references travel, in `openai-images`.
    pub edits: Option<Edits>,
    /// Most images in one request.
    pub max_images: Option<u32>,
    /// Most references in one request.
    pub max_references: Option<u32>,
    /// Most images and references together.
    pub max_together: Option<u32>,
    /// Most characters of a prompt.
    pub max_prompt: Option<u32>,
    /// The greatest seed.
    pub max_seed: Option<u64>,
    /// Formats of the returned bytes.
    pub formats: Vec<String>,
    /// How long a returned address can be fetched.
    pub url_lifetime: Option<Duration>,
    /// Whether the vendor still lists it, in words.
    pub status: Option<String>,
    /// Where these facts stand.
    pub source: Vec<String>,
}

impl Facts {
    /// These facts, and those of `base` where these say nothing.
    #[must_use]
    pub fn over(self, base: &Self) -> Self {
        let list = |own: Vec<String>, base: &[String]| if own.is_empty() { base.to_vec() } else { own };
        Self {
            sizes: self.sizes.over(&base.sizes),
            default_size: self.default_size.or_else(|| base.default_size.clone()),
            fields: self.fields.or(base.fields),
            edits: self.edits.or(base.edits),
            max_images: self.max_images.or(base.max_images),
            max_references: self.max_references.or(base.max_references),
            max_together: self.max_together.or(base.max_together),
            max_prompt: self.max_prompt.or(base.max_prompt),
            max_seed: self.max_seed.or(base.max_seed),
            formats: list(self.formats, &base.formats),
            url_lifetime: self.url_lifetime.or(base.url_lifetime),
            status: self.status.or_else(|| base.status.clone()),
            source: list(self.source, &base.source),
        }
    }
}
