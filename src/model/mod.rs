//! Models, the providers that serve them, and what is known of both: limits, prices, wire formats.
//!
//! Facts only. Nothing here enters a fingerprint, so a corrected limit never makes a picture anew.

mod base_url;
mod registry;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::recipe::Size;

pub use crate::model::base_url::BaseUrl;
pub use crate::model::registry::{Registry, TrustedHosts};

/// A wire format: how a request and its answer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `POST /images/generations` as OpenAI has it and many servers speak it.
    OpenaiImages,
    /// Drawn here, without any server.
    Placeholder,
}

impl Api {
    /// The wire formats that a provider of the user's own may speak.
    pub const WIRE: [Self; 1] = [Self::OpenaiImages];

    /// The name in manifests and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenaiImages => "openai-images",
            Self::Placeholder => "placeholder",
        }
    }

    /// The path below the base URL where it is usually found.
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenaiImages => "images/generations",
            Self::Placeholder => "",
        }
    }

    /// Reads a name back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::OpenaiImages, Self::Placeholder].into_iter().find(|api| api.name() == text)
    }

    /// The request fields that the format documents, where a route says nothing else.
    pub const fn fields(self) -> Fields {
        match self {
            Self::OpenaiImages => Fields { n: true, size: true, quality: true, seed: false, references: false },
            Self::Placeholder => Fields { n: true, size: true, quality: true, seed: true, references: true },
        }
    }
}

/// Which optional fields a route's documented request has. One that it doesn't have is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent fields, each there or not")]
pub struct Fields {
    /// `n`, the number of images.
    pub n: bool,
    /// `size`.
    pub size: bool,
    /// `quality`.
    pub quality: bool,
    /// `seed`.
    pub seed: bool,
    /// Reference pictures.
    pub references: bool,
}

/// Whose habits a provider has: which errors it sends and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// AIsa.
    Aisa,
    /// OpenAI, and any server that follows it.
    OpenAi,
    /// Nobody: drawn here.
    Placeholder,
}

/// A provider: where requests go, with which key and how politely.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name in manifests.
    pub name: String,
    /// Where it is; none for the placeholder.
    pub base_url: Option<BaseUrl>,
    /// The wire format of its routes, for providers of the user's own.
    pub api: Option<Api>,
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
}

/// A model and who serves it.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its canonical name.
    pub name: String,
    /// Which sizes it draws.
    pub limits: Limits,
    /// What is asked for where nothing is written.
    pub default_size: Option<Size>,
    /// Who serves it, in the registry's order of preference.
    pub routes: Vec<Route>,
}

impl Model {
    /// Whether its takes cost nothing and can be made again at any time, byte for byte.
    pub fn is_reproducible(&self) -> bool {
        self.routes.iter().all(|route| route.api == Api::Placeholder)
    }
}

/// The sizes that a model draws. Unknown bounds are open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Fewest pixels.
    pub min_pixels: Option<u64>,
    /// Most pixels.
    pub max_pixels: Option<u64>,
    /// Least width divided by height.
    pub min_ratio: Option<f64>,
    /// Greatest width divided by height.
    pub max_ratio: Option<f64>,
    /// Both sides are whole multiples of it.
    pub multiple_of: Option<u32>,
}

/// One way to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The provider's name.
    pub provider: String,
    /// The model's id there.
    pub id: String,
    /// The wire format.
    pub api: Api,
    /// The path below the provider's base URL.
    pub path: String,
    /// The request's optional fields.
    pub fields: Fields,
    /// Price of one image in US dollars; unknown where absent.
    pub cost_usd: Option<f64>,
    /// Most images in one request.
    pub max_images: u32,
}

/// By name.
pub(crate) type ByName<T> = BTreeMap<String, T>;
