//! Whose api this is, what of it varies, and which page of its documentation a request falls under.

use serde_json::Value;

use super::KEY;
use super::fault::Fault;
use super::http::{Answer, Request};
use super::objection::{Breach, Objection};
use super::order::{Made, Order};
use super::pages::{Dialect, Page};

/// A vendor, at a time: AIsa moved its models to other endpoints in July 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum House {
    Aisa,
    AisaMoved,
    OpenRouter,
    PowerTokens,
    OpenAi,
}

/// How AIsa's chat hands over an image; it depends on the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChatImage {
    /// `"image": "https://…"`
    #[default]
    Url,
    /// `"image": {"url": "https://…"}`
    UrlObject,
    /// `"image": "iVBORw0…"`
    Base64,
    /// `"image": "data:image/png;base64,iVBORw0…"`
    DataUrl,
}

/// How `generateContent` spells its candidates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidates {
    /// `parts` lie in the candidate itself, as AIsa's schema has it.
    pub(super) lack_content: bool,
    pub(super) are_snake_case: bool,
    /// Thoughts come first, a sketch among them.
    pub(super) have_thoughts: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) house: House,
    pub(super) provider: String,
    pub(super) key: Option<String>,
    /// Models that a test adds; where the vendor itself names none, all are served as long as this is empty.
    pub(super) models: Vec<String>,
    /// Fields that a test adds.
    pub(super) fields: Vec<String>,
    pub(super) answers_urls: bool,
    pub(super) chat_image: ChatImage,
    pub(super) candidates: Candidates,
    /// What OpenRouter says that an image costs, where that isn't the price on its list.
    pub(super) charge_usd: Option<f64>,
    /// OpenRouter's `media_type` may be missing.
    pub(super) hides_media_types: bool,
}

impl House {
    fn provider(self) -> &'static str {
        match self {
            House::Aisa | House::AisaMoved => "aisa",
            House::OpenRouter => "openrouter",
            House::PowerTokens => "powertokens",
            House::OpenAi => "studio",
        }
    }

    /// The page of the documentation that an address falls under.
    fn page(self, method: &str, path: &str) -> Option<Page> {
        if method != "POST" {
            return None;
        }
        match (self, path) {
            (House::Aisa, "/v1/images/generations") => Some(Page::AisaImages),
            (House::AisaMoved, "/v1/images/generations") => Some(Page::AisaMovedImages),
            (House::AisaMoved, "/v1/images/edits") => Some(Page::AisaEdits),
            (House::Aisa, "/v1/chat/completions") => Some(Page::AisaChat),
            (House::AisaMoved, "/v1/chat/completions") => Some(Page::AisaMovedChat),
            (House::Aisa, _) if is_generate_content(path, "/v1/models/") => Some(Page::Gemini),
            (House::AisaMoved, _) if is_generate_content(path, "/v1beta/models/") => Some(Page::Gemini),
            (House::OpenRouter, "/api/v1/images") => Some(Page::OpenRouter),
            (House::PowerTokens, "/v1/images/generations") => Some(Page::PowerTokens),
            (House::OpenAi, "/v1/images/generations") => Some(Page::OpenAiGenerations),
            (House::OpenAi, "/v1/images/edits") => Some(Page::OpenAiEdits),
            _ => None,
        }
    }

    /// The words for what belongs to no page.
    fn dialect(self) -> Dialect {
        match self {
            House::Aisa | House::AisaMoved => Dialect::Aisa,
            House::OpenRouter => Dialect::OpenRouter,
            House::PowerTokens => Dialect::PowerTokens,
            House::OpenAi => Dialect::OpenAi,
        }
    }
}

fn is_generate_content(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(":generateContent")).is_some()
}

impl Rules {
    pub(super) fn of(house: House) -> Rules {
        Rules {
            house,
            provider: house.provider().to_string(),
            key: (house != House::OpenAi).then(|| KEY.to_string()),
            models: Vec::new(),
            fields: Vec::new(),
            answers_urls: matches!(house, House::Aisa | House::AisaMoved | House::PowerTokens),
            chat_image: ChatImage::default(),
            candidates: Candidates::default(),
            charge_usd: None,
            hides_media_types: false,
        }
    }

    pub(super) fn manifest_lines(&self, base_url: &str) -> String {
        let Rules { provider, key, .. } = self;
        let is_built_in = ["aisa", "openai", "openrouter", "powertokens"].contains(&provider.as_str());
        let api = if is_built_in { "" } else { "api = \"openai-images\"\n" };
        let variable = provider.to_ascii_uppercase().replace('-', "_");
        let is_named = !api.is_empty() && key.is_some();
        let key = if is_named { format!("api_key_env = \"{variable}_API_KEY\"\n") } else { String::new() };
        format!("[providers.{provider}]\n{api}{key}base_url = \"{base_url}\"\n")
    }

    /// Where the paths of this vendor's api start.
    pub(super) fn base_path(&self) -> &'static str {
        if self.house == House::OpenRouter { "/api/v1" } else { "/v1" }
    }

    /// Whether a request counts when it comes in, or only when its answer goes out.
    pub(super) fn bills_on_arrival(&self) -> bool {
        // OpenRouter docs: failed, cancelled and disconnected requests are not billed.
        self.house != House::OpenRouter
    }

    /// Whether this vendor ever answers as the fault has it.
    pub(super) fn can_play(&self, fault: &Fault) -> bool {
        let is_aisa = matches!(self.house, House::Aisa | House::AisaMoved);
        match fault {
            Fault::NoImage { .. } | Fault::TextOnly | Fault::Blocked { .. } => is_aisa,
            Fault::FailedEntry { .. } | Fault::FailedEntries { .. } => self.house == House::PowerTokens,
            fault => self.answers_urls || !fault.is_of_download(),
        }
    }

    /// A model that the page names, or that a test has added.
    pub(super) fn serves(&self, model: &str, named: &[&str]) -> bool {
        named.contains(&model) || self.models.iter().any(|added| added == model)
    }

    /// Check a POST against every rule, as the vendor would before it spends a second on it.
    pub(super) fn order(&self, request: &Request) -> Result<Order, Objection> {
        let page = self.house.page(&request.method, &request.path).ok_or_else(|| {
            let message = format!("{} {} is no endpoint of this server", request.method, request.path);
            Objection::new(Breach::UnknownEndpoint, message)
        })?;
        self.check_key(request)?;
        page.order(self, request)
    }

    fn check_key(&self, request: &Request) -> Result<(), Objection> {
        let Some(key) = &self.key else { return Ok(()) };
        match request.bearer() {
            None => Err(Objection::new(Breach::MissingKey, "no bearer token in the Authorization header")),
            Some(given) if given != key => Err(Objection::new(Breach::WrongKey, "the API key is not valid")),
            Some(_) => Ok(()),
        }
    }

    /// An error in the words of the page that was asked.
    pub(super) fn error(&self, objection: &Objection, request: &Request, request_number: usize) -> Answer {
        let (status, body) = self.worded(objection, request, request_number);
        Answer::json(status, &body)
    }

    /// An error, but with status 200.
    pub(super) fn error_in_200(&self, request: &Request, request_number: usize) -> Answer {
        let objection = Objection::new(Breach::Upstream, "the model gave no image");
        Answer::json(200, &self.worded(&objection, request, request_number).1)
    }

    fn worded(&self, objection: &Objection, request: &Request, request_number: usize) -> (u16, Value) {
        let page = self.house.page(&request.method, &request.path);
        page.map_or(self.house.dialect(), Page::dialect).error(objection, request_number)
    }

    /// The answer to an order that went well, or nearly.
    pub(super) fn success(&self, made: &Made) -> Answer {
        Answer::json(200, &made.order.page.success(self, made))
    }
}

/// An error that repeats the key.
pub(super) fn echo(request: &Request) -> Objection {
    let key = request.bearer().unwrap_or("none");
    Objection::new(Breach::Invalid, format!("the request with key {key} was not understood"))
}
