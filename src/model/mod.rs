//! Models, the providers that serve them, and what is known of both: limits, prices, wire formats.
//!
//! Facts only. Nothing here enters a fingerprint, so a corrected limit never makes a picture anew.

mod base_url;
mod hosts;
mod registry;
#[cfg(test)]
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::capability::{Edits, Facts, Field, Fields, Price};

pub use crate::model::base_url::BaseUrl;
pub use crate::model::hosts::TrustedHosts;
pub use crate::model::registry::Registry;

/// A wire format: how a request and its answer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// `POST /images/generations`, and `/images/edits` for references, as OpenAI has them and many servers speak them.
    OpenaiImages,
    /// `POST /chat/completions` with pictures in the messages, as AIsa has it for Wan.
    ChatImages,
    /// `POST /models/{model}:generateContent`, as Google has it and AIsa passes it on.
    GeminiGenerateContent,
    /// `POST /images`, OpenRouter's router for pictures.
    OpenrouterImages,
    /// `POST /images/generations`, as PowerTokens has it for Seedream.
    PowertokensImages,
    /// Drawn here, without any server.
    Placeholder,
}

impl Api {
    /// The wire formats that a provider of the user's own may speak.
    pub const WIRE: [Self; 5] = [
        Self::OpenaiImages,
        Self::ChatImages,
        Self::GeminiGenerateContent,
        Self::OpenrouterImages,
        Self::PowertokensImages,
    ];

    /// The name in manifests and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenaiImages => "openai-images",
            Self::ChatImages => "chat-images",
            Self::GeminiGenerateContent => "gemini-generate-content",
            Self::OpenrouterImages => "openrouter-images",
            Self::PowertokensImages => "powertokens-images",
            Self::Placeholder => "placeholder",
        }
    }

    /// The path below the base URL where it is usually found.
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenaiImages | Self::PowertokensImages => "images/generations",
            Self::ChatImages => "chat/completions",
            Self::GeminiGenerateContent => "models/{model}:generateContent",
            Self::OpenrouterImages => "images",
            Self::Placeholder => "",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::WIRE.into_iter().chain([Self::Placeholder]).find(|api| api.name() == text)
    }

    /// The fields that the format has words for: no route of it can have another.
    pub const fn fields(self) -> Fields {
        use Field::{
            Background, N, NegativePrompt, OutputFormat, Quality, Ratio, References, Seed, Size, Tier, Watermark,
        };
        match self {
            Self::OpenaiImages => Fields::of(&[
                N,
                Size,
                Tier,
                References,
                Seed,
                Quality,
                Background,
                NegativePrompt,
                OutputFormat,
                Watermark,
            ]),
            Self::ChatImages => Fields::of(&[N, References]),
            Self::GeminiGenerateContent => Fields::of(&[Tier, Ratio, References, Seed]),
            Self::OpenrouterImages => {
                Fields::of(&[N, Size, Tier, Ratio, References, Seed, Quality, Background, OutputFormat])
            }
            Self::PowertokensImages => Fields::of(&[N, Size, Tier, References, Seed, Watermark]),
            Self::Placeholder => Fields::of(&[N, Size, References, Seed, Quality, Background, NegativePrompt]),
        }
    }

    /// What the format's documents state, where model and route say nothing else.
    pub fn facts(self) -> Facts {
        use crate::capability::Support::Untold;
        use Field::{
            Background, N, NegativePrompt, OutputFormat, Quality, Ratio, References, Seed, Size, Tier, Watermark,
        };
        let fields = match self {
            Self::OpenaiImages => Fields::of(&[N, Size, References, Quality, Background, OutputFormat]),
            Self::ChatImages => Fields::of(&[N, References]),
            Self::GeminiGenerateContent => Fields::of(&[Tier, Ratio, References]).with(Seed, Untold),
            // Its providers may pass over what they have no knob for (OpenRouter docs, images, 2026).
            Self::OpenrouterImages => [References, Seed, Quality, Background, OutputFormat]
                .into_iter()
                .fold(Fields::of(&[N, Size, Tier, Ratio]), |fields, field| fields.with(field, Untold)),
            Self::PowertokensImages => Fields::of(&[N, Size, References, Watermark]).with(Seed, Untold),
            Self::Placeholder => Fields::of(&[N, Size, References, Seed, Quality, Background, NegativePrompt]),
        };
        let max_references = match self {
            Self::OpenrouterImages => Some(16),  // OpenRouter docs, images, 2026
            Self::PowertokensImages => Some(14), // PowerTokens docs, images/generations, 2026
            _ => None,
        };
        let max_seed = match self {
            // PowerTokens docs, images/generations, 2026; an int32 in Google's discovery document, v1beta, 2026.
            Self::PowertokensImages | Self::GeminiGenerateContent => Some(2_147_483_647),
            _ => Some(i64::MAX.unsigned_abs()),
        };
        let max_together = matches!(self, Self::PowertokensImages).then_some(15); // BytePlus ModelArk docs, 2026
        let max_images = matches!(self, Self::Placeholder).then_some(100);
        let fields = Some(fields);
        Facts { fields, max_images, max_references, max_together, max_seed, ..Facts::default() }
    }
}

/// Whose habits a provider has: which errors it sends and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// AIsa.
    Aisa,
    /// OpenAI, and any server that follows it.
    OpenAi,
    /// OpenRouter.
    OpenRouter,
    /// PowerTokens.
    PowerTokens,
    /// Nobody: drawn here.
    Placeholder,
}

impl Vendor {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "aisa" => Some(Self::Aisa),
            "openai" => Some(Self::OpenAi),
            "openrouter" => Some(Self::OpenRouter),
            "powertokens" => Some(Self::PowerTokens),
            "placeholder" => Some(Self::Placeholder),
            _ => None,
        }
    }
}

/// A provider: where requests go, with which key and how politely.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name in manifests.
    pub name: String,
    /// Where it is; none for the placeholder.
    pub base_url: Option<BaseUrl>,
    /// The wire format of its routes, where they don't say it themselves.
    pub api: Option<Wire>,
    /// The variable that holds its key; none where it needs no key.
    pub api_key_env: Option<String>,
    /// Whose errors it sends.
    pub vendor: Vendor,
    /// Whether a request without an answer may have been billed.
    pub bills_failures: bool,
    /// Requests in flight.
    pub concurrency: u32,
    /// Requests begun in a minute; no limit where absent.
    pub requests_per_minute: Option<u32>,
    /// The longest wait for an answer.
    pub timeout: Duration,
    /// Tries after the first.
    pub max_retries: u32,
    /// The price of its routes, where they don't say it themselves.
    pub price: Price,
    /// What is stated of all its routes.
    pub facts: Facts,
}

/// A model and who serves it.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its canonical name.
    pub name: String,
    /// What is stated of it, whoever serves it.
    pub facts: Facts,
    /// Who serves it, in the registry's order of preference.
    pub routes: Vec<Arc<Route>>,
}

impl Model {
    /// Whether its takes cost nothing and can be made again at any time, byte for byte.
    pub fn is_reproducible(&self) -> bool {
        self.routes.iter().all(|route| route.wire == Wire::Spoken(Api::Placeholder))
    }
}

/// The wire format of a route, which may be one that this version knows by name only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wire {
    /// One that can be used.
    Spoken(Api),
    /// One that can't, by its name.
    Unspoken(String),
}

impl Wire {
    /// The name in manifests and JSON.
    pub fn name(&self) -> &str {
        match self {
            Self::Spoken(api) => api.name(),
            Self::Unspoken(name) => name,
        }
    }
}

/// One way to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The provider's name.
    pub provider: String,
    /// The model's id there.
    pub id: String,
    /// The wire format.
    pub wire: Wire,
    /// The path below the provider's base URL; `../` leaves the base URL's last folder, `{model}` is the id.
    pub path: String,
    /// Price of one image in US dollars.
    pub price: Price,
    /// What is stated of it: by itself, the model, the provider and the wire format, in this order.
    pub facts: Facts,
}

impl Route {
    /// The request's optional fields.
    pub fn fields(&self) -> Fields {
        self.facts.fields.unwrap_or_default()
    }

    /// How references travel, in `openai-images`.
    pub fn edits(&self) -> Edits {
        self.facts.edits.unwrap_or_default()
    }
}

/// By name.
pub(crate) type ByName<T> = BTreeMap<String, T>;
