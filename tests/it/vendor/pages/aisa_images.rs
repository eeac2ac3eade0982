//! AIsa docs, `POST /v1/images/generations` of April 2026 and of July 2026, `POST /v1/images/edits`, and Error Codes.

use serde_json::{Value, json};

use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid, missing};
use crate::vendor::order::{Delivery, Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::base64;
use crate::vendor::rules::Rules;
use crate::vendor::sizes::{self, Bounds, Size};

use super::openai;

const FIELDS: [&str; 4] = ["model", "prompt", "n", "size"];

/// The models that this endpoint serves since July 2026.
const MOVED: [&str; 4] = ["seedream-5-0-260128", "wan2.7-image", "wan2.7-image-pro", "gpt-image-2"];

/// Alibaba Model Studio's limit for Wan; AIsa names none.
pub(super) const WAN_REFERENCES: usize = 9;

const EDITED: [&str; 3] = ["wan2.7-image", "wan2.7-image-pro", "gpt-image-2"];

pub(super) fn generation(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::json(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    let model = model(&fields, rules, &["seedream-4-5-251128"])?;
    let prompt = fields.required("prompt")?;
    let images = fields.images(1000, 1)?; // the page sets no upper bound
    let size = size(&fields)?.ok_or_else(|| missing("size"))?;
    // The page sets no upper bound for the size either.
    let bounds = Bounds { most: u64::MAX, stretch: u32::MAX, ..sizes::SEEDREAM_4_5 };
    bounds.check(size).map_err(|message| Objection::new(Breach::Size, message))?;
    order(rules, &fields, Order { images, ..Order::new(Page::AisaImages, model, prompt).sized(size) })
}

pub(super) fn moved_generation(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::json(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    let model = model(&fields, rules, &MOVED)?;
    moved(rules, &fields, Page::AisaMovedImages, model)
}

/// The page names the models and says no more than that the endpoint is compatible: OpenAI's form, and only these fields.
pub(super) fn edit(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::form(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    openai::check_files(request)?;
    let model = model(&fields, rules, &EDITED)?;
    let is_too_many = model.starts_with("wan") && request.files.len() > WAN_REFERENCES;
    ensure(!is_too_many, format!("at most {WAN_REFERENCES} images"))?;
    moved(rules, &fields, Page::AisaEdits, model)
}

fn moved(rules: &Rules, fields: &Fields, page: Page, model: &str) -> Result<Order, Objection> {
    let prompt = fields.required("prompt")?;
    let is_wan = model.starts_with("wan");
    // Upstream, Wan draws four where nobody says how many.
    let images = if is_wan { fields.images(4, 4)? } else { fields.images(10, 1)? };
    let bounds = match model {
        "seedream-5-0-260128" => sizes::SEEDREAM_5,
        "wan2.7-image" => sizes::WAN,
        "wan2.7-image-pro" => sizes::WAN_PRO,
        _ => sizes::GPT_IMAGE_2,
    };
    let size = match size(fields)? {
        None if model.starts_with("gpt-image") => (1024, 1024),
        None => (2048, 2048),
        Some(size) => size,
    };
    bounds.check(size).map_err(|message| Objection::new(Breach::Size, message))?;
    order(rules, fields, Order { images, ..Order::new(page, model, prompt).sized(size) })
}

/// A test may have allowed a field that says what the picture is to be.
fn order(rules: &Rules, fields: &Fields, order: Order) -> Result<Order, Objection> {
    let is_transparent = fields.text("background")? == Some("transparent");
    let delivery = if rules.answers_urls { Delivery::Url } else { Delivery::Base64 };
    Ok(Order { is_transparent, delivery, ..order })
}

fn model<'request>(fields: &Fields<'request>, rules: &Rules, named: &[&str]) -> Result<&'request str, Objection> {
    let model = fields.required("model")?;
    if rules.serves(model, named) {
        return Ok(model);
    }
    let message = format!("model `{model}` is not routed through this endpoint");
    Err(Objection::new(Breach::OtherEndpoint, message))
}

fn size(fields: &Fields) -> Result<Option<Size>, Objection> {
    let Some(size) = fields.text("size")? else { return Ok(None) };
    let pixels = sizes::pixels(size).ok_or_else(|| invalid(format!("size must be WIDTHxHEIGHT, got `{size}`")))?;
    Ok(Some(pixels))
}

pub(super) fn success(made: &Made) -> Value {
    let data = made.pictures.iter().map(|served| match made.order.delivery {
        Delivery::Url => json!({ "url": served.url, "size": made.size_text() }),
        Delivery::Base64 => json!({ "b64_json": base64(&served.bytes), "size": made.size_text() }),
    });
    json!({
        "model": made.order.model,
        "created": made.created(),
        "data": data.collect::<Vec<_>>(),
        "usage": {
            "generated_images": made.pictures.len(), "output_tokens": made.tokens(), "total_tokens": made.tokens(),
        },
    })
}

/// AIsa docs, Error Codes; the chat page's own words are among them.
pub(super) fn error(objection: &Objection, request_number: usize) -> (u16, Value) {
    let (status, kind, code) = match objection.breach {
        Breach::UnknownEndpoint => (404, "invalid_request_error", "unknown_endpoint"),
        Breach::MissingKey => (401, "authentication_error", "missing_api_key"),
        Breach::WrongKey => (401, "authentication_error", "invalid_api_key"),
        Breach::Syntax => (400, "invalid_request_error", "json_parse_error"),
        Breach::ContentType | Breach::UnknownField | Breach::Invalid | Breach::BadReference => {
            (400, "invalid_request_error", "invalid_request")
        }
        Breach::Missing => (400, "invalid_request_error", "missing_parameter"),
        Breach::Mistyped => (400, "invalid_request_error", "invalid_parameter_type"),
        Breach::Size => (400, "invalid_request_error", "InvalidParameter"),
        Breach::NotAList => (400, "invalid_request_error", "invalid_parameter_error"),
        Breach::UnknownModel => (404, "invalid_request_error", "unknown_model"),
        Breach::OtherEndpoint => (404, "openai_error", "openai_error"),
        Breach::RouteClosed => (400, "invalid_request_error", "model_route_not_supported"),
        Breach::Refused => (422, "invalid_request_error", "content_policy_violation"),
        Breach::NoCredit => (402, "invalid_request_error", "insufficient_wallet_balance"),
        Breach::Upstream => (502, "upstream_error", "upstream_error"),
    };
    let request_id = format!("req-{request_number:06}");
    let message = &objection.message;
    (status, json!({ "error": { "type": kind, "code": code, "message": message, "request_id": request_id } }))
}
