//! PowerTokens docs, `POST /v1/images/generations`, 2026: Seedream, much as its upstream ModelArk takes it.

use serde_json::{Value, json};

use crate::vendor::Fault;
use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid, mistyped};
use crate::vendor::order::{Delivery, Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::base64;
use crate::vendor::references::{self, bad};
use crate::vendor::rules::Rules;
use crate::vendor::sizes::{self, Bounds, Size};

const FIELDS: [&str; 9] = [
    "model",
    "prompt",
    "image",
    "size",
    "response_format",
    "seed",
    "sequential_image_generation",
    "sequential_image_generation_options",
    "watermark",
];

const MODELS: [&str; 3] = ["seedream-5-0-260128", "seedream-4-5-251128", "seedream-4-0-250828"];

const MOST_REFERENCES: usize = 14;

/// ModelArk docs: 10 MB a reference, here as base64 has them.
const LONGEST_URL: usize = (10 << 20) / 3 * 4;

/// ModelArk docs: references and pictures together.
const MOST_IN_ALL: i64 = 15;

pub(super) fn order(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::json(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    let model = fields.required("model")?;
    if !rules.serves(model, &MODELS) {
        return Err(Objection::new(Breach::UnknownModel, format!("the model `{model}` does not exist")));
    }
    let prompt = fields.required("prompt")?;
    let references = check_references(&fields)?;
    let images = images(&fields, references)?;
    let size = size(&fields, model)?;
    fields.integer("seed", -1..=2_147_483_647)?;
    fields.boolean("watermark")?;
    let delivery = match fields.one_of("response_format", &["url", "b64_json"])? {
        Some("b64_json") => Delivery::Base64,
        _ => Delivery::Url,
    };
    Ok(Order { images, delivery, ..Order::new(Page::PowerTokens, model, prompt).sized(size) })
}

/// How many references there are.
fn check_references(fields: &Fields) -> Result<usize, Objection> {
    let urls = match fields.get("image") {
        None => return Ok(0),
        Some(Value::String(url)) => vec![url.as_str()],
        Some(Value::Array(urls)) => {
            let url = |url: &'_ Value| url.as_str().map(str::to_string).ok_or_else(|| mistyped("image[*]", "a string"));
            let urls: Vec<String> = urls.iter().map(url).collect::<Result<_, _>>()?;
            return check_urls(&urls);
        }
        Some(_) => return Err(mistyped("image", "a string or an array of strings")),
    };
    check_urls(&urls)
}

fn check_urls<Url: AsRef<str>>(urls: &[Url]) -> Result<usize, Objection> {
    let count = urls.len();
    ensure((1..=MOST_REFERENCES).contains(&count), format!("image takes 1 to {MOST_REFERENCES}, got {count}"))?;
    for url in urls {
        if url.as_ref().len() > LONGEST_URL {
            return Err(bad("a reference has at most 10 MB"));
        }
        if let Some((width, height)) = references::check_url(url.as_ref())? {
            let (long, short) = (width.max(height), width.min(height));
            let is_drawable = short > 14 && long <= 6000 && long <= short * 16;
            if !is_drawable {
                return Err(bad(format!("a reference of {width}x{height} is too small, too large or too long")));
            }
        }
    }
    Ok(count)
}

fn images(fields: &Fields, references: usize) -> Result<usize, Objection> {
    let mode = fields.one_of("sequential_image_generation", &["auto", "disabled"])?;
    let options = fields.object("sequential_image_generation_options")?;
    let (Some("auto"), options) = (mode, &options) else {
        ensure(options.is_none(), "sequential_image_generation_options go with sequential_image_generation=auto")?;
        return Ok(1);
    };
    let room = MOST_IN_ALL - i64::try_from(references).expect("it is a small count");
    let most = match options {
        Some(options) => {
            options.only(&["max_images"], &[])?;
            options.integer("max_images", 1..=MOST_IN_ALL)?
        }
        None => None,
    };
    let images = most.unwrap_or(room);
    ensure(images <= room, format!("references and max_images together are at most {MOST_IN_ALL}"))?;
    Ok(usize::try_from(images).expect("it is at least one"))
}

fn size(fields: &Fields, model: &str) -> Result<Size, Objection> {
    let (levels, bounds): (&[&str], Bounds) = match model {
        "seedream-5-0-260128" => (&["2K", "3K"], sizes::SEEDREAM_5),
        "seedream-4-0-250828" => (&["1K", "2K", "4K"], sizes::SEEDREAM_4),
        _ => (&["2K", "4K"], sizes::SEEDREAM_4_5),
    };
    let size = match fields.text("size")? {
        None => return Ok((2048, 2048)),
        Some(level) if levels.contains(&level) => return Ok((sizes::side(level), sizes::side(level))),
        Some(size) => size,
    };
    let pixels = sizes::pixels(size)
        .ok_or_else(|| invalid(format!("size must be WIDTHxHEIGHT or one of {}, got `{size}`", levels.join(", "))))?;
    bounds.check(pixels).map_err(|message| Objection::new(Breach::Size, message))?;
    Ok(pixels)
}

pub(super) fn success(made: &Made) -> Value {
    let failed = |code: &str| json!({ "error": { "code": code, "message": "the image was held back by a review" } });
    let mut data: Vec<Value> = made
        .pictures
        .iter()
        .map(|served| match made.order.delivery {
            Delivery::Url => json!({ "url": served.url, "size": made.size_text() }),
            Delivery::Base64 => json!({ "b64_json": base64(&served.bytes), "size": made.size_text() }),
        })
        .collect();
    match made.fault {
        Some(Fault::FailedEntry { code }) => data.push(failed(code)),
        Some(Fault::FailedEntries { code }) => data.resize(made.order.images, failed(code)),
        _ => {}
    }
    json!({ "created": made.created(), "data": data, "metadata": {} })
}

/// PowerTokens documents no errors of its own; these are those of ModelArk, which is upstream.
pub(super) fn error(objection: &Objection) -> (u16, Value) {
    let (status, kind, code) = match objection.breach {
        Breach::MissingKey | Breach::WrongKey => (401, "Unauthorized", "AuthenticationError"),
        Breach::UnknownEndpoint | Breach::UnknownModel | Breach::OtherEndpoint => {
            (404, "NotFound", "InvalidEndpointOrModel")
        }
        Breach::Missing => (400, "BadRequest", "MissingParameter"),
        Breach::BadReference => (400, "BadRequest", "InvalidImageURL"),
        Breach::Refused => (400, "BadRequest", "InputTextSensitiveContentDetected"),
        Breach::NoCredit => (403, "Forbidden", "AccountOverdueError"),
        Breach::Upstream => (500, "InternalServerError", "InternalServiceError"),
        Breach::ContentType
        | Breach::Syntax
        | Breach::UnknownField
        | Breach::Mistyped
        | Breach::Invalid
        | Breach::Size
        | Breach::NotAList
        | Breach::RouteClosed => (400, "BadRequest", "InvalidParameter"),
    };
    (status, json!({ "error": { "code": code, "message": objection.message, "param": "", "type": kind } }))
}
