//! What each vendor documents of its requests, its answers and its errors.

use serde_json::{Map, Value, json};

use super::http::{Answer, Request};
use super::{KEY, Served};

/// The path at which both apis make images.
const GENERATIONS: &str = "/v1/images/generations";

/// Seedream 4.5's least number of pixels.
const LEAST_PIXELS: u64 = 3_686_400;

/// The longest side that these servers draw.
const LONGEST_SIDE: u32 = 16_384;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Aisa,
    OpenAi,
}

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) api: Api,
    pub(super) provider: String,
    pub(super) key: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) fields: Vec<String>,
    pub(super) answers_urls: bool,
}

/// A request that keeps all rules.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) model: String,
    pub(super) prompt: String,
    pub(super) images: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) is_transparent: bool,
}

/// A rule that a request broke, in the vendor's words.
#[derive(Debug)]
pub(super) struct Objection {
    status: u16,
    kind: &'static str,
    code: &'static str,
    pub(super) message: String,
}

impl Objection {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Objection {
        Objection { status, kind: "invalid_request_error", code, message: message.into() }
    }

    fn of_key(code: &'static str, message: &str) -> Objection {
        Objection { kind: "authentication_error", ..Objection::new(401, code, message) }
    }
}

impl Rules {
    pub(super) fn aisa() -> Rules {
        Rules {
            api: Api::Aisa,
            provider: "aisa".to_string(),
            key: Some(KEY.to_string()),
            models: vec!["seedream-4-5-251128".to_string()],
            fields: ["model", "prompt", "n", "size"].map(str::to_string).to_vec(),
            answers_urls: true,
        }
    }

    pub(super) fn openai() -> Rules {
        Rules {
            api: Api::OpenAi,
            provider: "studio".to_string(),
            key: None,
            models: Vec::new(),
            fields: ["model", "prompt", "n", "size", "quality"].map(str::to_string).to_vec(),
            answers_urls: false,
        }
    }

    pub(super) fn manifest_lines(&self, base_url: &str) -> String {
        let Rules { provider, key, .. } = self;
        let api = if ["aisa", "openai"].contains(&provider.as_str()) { "" } else { "api = \"openai-images\"\n" };
        let variable = provider.to_ascii_uppercase().replace('-', "_");
        let is_named = !api.is_empty() && key.is_some();
        let key = if is_named { format!("api_key_env = \"{variable}_API_KEY\"\n") } else { String::new() };
        format!("[providers.{provider}]\n{api}{key}base_url = \"{base_url}\"\n")
    }

    /// Check a POST against every rule, as the vendor would before it spends a second on it.
    pub(super) fn order(&self, request: &Request) -> Result<Order, Objection> {
        check_address(request)?;
        self.check_key(request)?;
        let fields = json_object(request)?;
        self.check_fields(fields)?;
        let model = text(fields, "model")?.ok_or_else(|| missing("model"))?;
        self.check_model(model)?;
        let prompt = text(fields, "prompt")?.ok_or_else(|| missing("prompt"))?;
        if prompt.is_empty() {
            return Err(Objection::new(400, "invalid_request", "prompt must not be empty"));
        }
        let images = self.images(fields)?;
        check_quality(fields)?;
        let (width, height) = self.size(fields)?;
        let is_transparent = text(fields, "background")? == Some("transparent");
        Ok(Order { model: model.to_string(), prompt: prompt.to_string(), images, width, height, is_transparent })
    }

    fn check_key(&self, request: &Request) -> Result<(), Objection> {
        let Some(key) = &self.key else { return Ok(()) };
        match request.bearer() {
            None => Err(Objection::of_key("missing_api_key", "no bearer token in the Authorization header")),
            Some(given) if given != key => Err(Objection::of_key("invalid_api_key", "the API key is not valid")),
            Some(_) => Ok(()),
        }
    }

    fn check_fields(&self, fields: &Map<String, Value>) -> Result<(), Objection> {
        match fields.keys().find(|field| !self.fields.contains(field)) {
            Some(field) => Err(Objection::new(400, "invalid_request", format!("unknown field `{field}`"))),
            None => Ok(()),
        }
    }

    fn check_model(&self, model: &str) -> Result<(), Objection> {
        if self.models.is_empty() || self.models.iter().any(|known| known == model) {
            return Ok(());
        }
        match self.api {
            Api::Aisa => {
                let message = format!("model `{model}` is not routed through this endpoint");
                Err(Objection { kind: "openai_error", ..Objection::new(404, "openai_error", message) })
            }
            Api::OpenAi => Err(Objection::new(404, "model_not_found", format!("the model `{model}` does not exist"))),
        }
    }

    fn images(&self, fields: &Map<String, Value>) -> Result<usize, Objection> {
        let Some(value) = fields.get("n") else { return Ok(1) };
        let number = value.as_i64().ok_or_else(|| mistyped("n", "an integer"))?;
        let most = if self.api == Api::OpenAi { 10 } else { 1000 };
        if (1..=most).contains(&number) {
            return Ok(usize::try_from(number).expect("it is at least one"));
        }
        Err(Objection::new(400, "invalid_request", format!("n must be at least 1, and {number} is not served")))
    }

    fn size(&self, fields: &Map<String, Value>) -> Result<(u32, u32), Objection> {
        let size = match (self.api, text(fields, "size")?) {
            (Api::Aisa, None) => return Err(missing("size")),
            (Api::OpenAi, None | Some("auto")) => return Ok((1024, 1024)),
            (_, Some(size)) => size,
        };
        let (width, height) = pixels(size).ok_or_else(|| {
            Objection::new(400, "invalid_request", format!("size must be WIDTHxHEIGHT, got `{size}`"))
        })?;
        if self.api == Api::Aisa && u64::from(width) * u64::from(height) < LEAST_PIXELS {
            let message = format!("image size must be at least {LEAST_PIXELS} pixels");
            return Err(Objection::new(400, "InvalidParameter", message));
        }
        Ok((width, height))
    }

    /// The refusal of a prompt.
    pub(super) fn refusal(&self) -> Objection {
        let message = "the prompt was refused by the content policy";
        match self.api {
            Api::Aisa => Objection::new(422, "content_policy_violation", message),
            Api::OpenAi => {
                Objection { kind: "image_generation_user_error", ..Objection::new(400, "moderation_blocked", message) }
            }
        }
    }

    pub(super) fn error(&self, objection: &Objection, request_number: usize) -> Answer {
        Answer::json(objection.status, &self.error_body(objection, request_number))
    }

    /// An error, but with status 200.
    pub(super) fn error_in_200(&self, request_number: usize) -> Answer {
        let objection = Objection::new(200, "upstream_error", "the model gave no image");
        self.error(&objection, request_number)
    }

    fn error_body(&self, objection: &Objection, request_number: usize) -> Value {
        let Objection { kind, code, message, .. } = objection;
        match self.api {
            Api::Aisa => json!({ "error": {
                "type": kind, "code": code, "message": message, "request_id": format!("req-{request_number:06}"),
            }}),
            Api::OpenAi => json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }),
        }
    }

    /// The answer to an order that went well.
    pub(super) fn success(&self, order: &Order, pictures: &[Served], size: (u32, u32), sequence: usize) -> Answer {
        let data: Vec<Value> = pictures.iter().map(|served| self.datum(served, size)).collect();
        let mut body = json!({ "created": 1_776_495_432 + sequence, "data": data });
        let count = pictures.len() as u64;
        let tokens = (count * u64::from(size.0) * u64::from(size.1) + 128) / 256;
        if self.api == Api::Aisa {
            body["model"] = json!(order.model);
            body["usage"] = json!({ "generated_images": count, "output_tokens": tokens, "total_tokens": tokens });
        } else {
            let sum = tokens + 12;
            body["usage"] = json!({ "input_tokens": 12, "output_tokens": tokens, "total_tokens": sum });
        }
        Answer::json(200, &body)
    }

    fn datum(&self, served: &Served, (width, height): (u32, u32)) -> Value {
        let mut datum = if self.answers_urls {
            json!({ "url": served.url })
        } else {
            json!({ "b64_json": super::picture::base64(&served.bytes) })
        };
        if self.api == Api::Aisa {
            datum["size"] = json!(format!("{width}x{height}"));
        }
        datum
    }
}

fn check_address(request: &Request) -> Result<(), Objection> {
    if request.method == "POST" && request.path == GENERATIONS {
        return Ok(());
    }
    let message = format!("{} {} is no endpoint of this server", request.method, request.path);
    Err(Objection::new(404, "unknown_endpoint", message))
}

fn json_object(request: &Request) -> Result<&Map<String, Value>, Objection> {
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Objection::new(400, "invalid_request", "Content-Type must be application/json"));
    }
    request.body.as_object().ok_or_else(|| Objection::new(400, "json_parse_error", "the body is no JSON object"))
}

fn text<'fields>(fields: &'fields Map<String, Value>, field: &str) -> Result<Option<&'fields str>, Objection> {
    match fields.get(field) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| mistyped(field, "a string")),
    }
}

fn check_quality(fields: &Map<String, Value>) -> Result<(), Objection> {
    match text(fields, "quality")? {
        None | Some("auto" | "low" | "medium" | "high") => Ok(()),
        Some(other) => Err(Objection::new(400, "invalid_request", format!("quality `{other}` is not known"))),
    }
}

fn missing(field: &str) -> Objection {
    Objection::new(400, "missing_parameter", format!("`{field}` is required"))
}

fn mistyped(field: &str, wanted: &str) -> Objection {
    Objection::new(400, "invalid_parameter_type", format!("`{field}` must be {wanted}"))
}

/// An error that repeats the key.
pub(super) fn echo(request: &Request) -> Objection {
    let key = request.bearer().unwrap_or("none");
    Objection::new(400, "invalid_request", format!("the request with key {key} was not understood"))
}

/// `WIDTHxHEIGHT` in plain digits, and nothing else.
fn pixels(size: &str) -> Option<(u32, u32)> {
    let parse = |digits: &str| {
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|side| is_plain && *side <= LONGEST_SIDE)
    };
    let (width, height) = size.split_once('x')?;
    Some((parse(width)?, parse(height)?))
}
