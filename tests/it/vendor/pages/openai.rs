//! OpenAI docs, `POST /v1/images/generations` and `POST /v1/images/edits`: also what compatible servers speak.

use serde_json::{Value, json};

use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid, missing};
use crate::vendor::order::{Delivery, Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::{Format, base64};
use crate::vendor::references::{self, bad};
use crate::vendor::rules::Rules;
use crate::vendor::sizes::{self, Size};

/// What both endpoints take.
const FIELDS: [&str; 9] =
    ["model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "user"];

const MOST_REFERENCES: usize = 16;

/// The most characters of an `image_url`.
const LONGEST_URL: usize = 20_971_520;

pub(super) fn generation(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::json(request)?;
    fields.only(&[&FIELDS[..], &["moderation"]].concat(), &rules.fields)?;
    order(rules, &fields, Page::OpenAiGenerations)
}

/// Edits come as a form with files, or as JSON with addresses.
pub(super) fn edit(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = if request.media_type() == "application/json" {
        let fields = Fields::json(request)?;
        fields.only(&[&FIELDS[..], &["images", "input_fidelity", "moderation"]].concat(), &rules.fields)?;
        check_images(&fields)?;
        fields
    } else {
        let fields = Fields::form(request)?;
        fields.only(&[&FIELDS[..], &["input_fidelity"]].concat(), &rules.fields)?;
        check_files(request)?;
        fields
    };
    let order = order(rules, &fields, Page::OpenAiEdits)?;
    let fidelity = fields.one_of("input_fidelity", &["high", "low"])?;
    let is_settled = order.model.starts_with("gpt-image-2");
    ensure(fidelity.is_none() || !is_settled, "input_fidelity is not for this model")?;
    Ok(order)
}

/// One `image`, or `image[]` as often as there are files.
pub(super) fn check_files(request: &Request) -> Result<(), Objection> {
    let files = &request.files;
    if files.is_empty() {
        return Err(missing("image"));
    }
    ensure(files.len() <= MOST_REFERENCES, format!("at most {MOST_REFERENCES} images"))?;
    for file in files {
        let is_known = file.field == "image[]" || (file.field == "image" && files.len() == 1);
        if !is_known {
            return Err(Objection::new(Breach::UnknownField, format!("unexpected file field `{}`", file.field)));
        }
        references::check(&file.bytes, &file.content_type)?;
    }
    Ok(())
}

fn check_images(fields: &Fields) -> Result<(), Objection> {
    let images = fields.list("images")?.ok_or_else(|| missing("images"))?;
    let count = images.len();
    ensure((1..=MOST_REFERENCES).contains(&count), format!("images takes 1 to {MOST_REFERENCES}, got {count}"))?;
    for image in images {
        let image = Fields::of(image, "images[*]")?;
        image.only(&["image_url"], &[])?;
        let url = image.required("image_url")?;
        if url.len() > LONGEST_URL {
            return Err(bad("image_url is too long"));
        }
        references::check_url(url)?;
    }
    Ok(())
}

fn order(rules: &Rules, fields: &Fields, page: Page) -> Result<Order, Objection> {
    let model = fields.required("model")?;
    if !rules.models.is_empty() && !rules.serves(model, &[]) {
        return Err(Objection::new(Breach::UnknownModel, format!("the model `{model}` does not exist")));
    }
    let prompt = fields.required("prompt")?;
    let images = fields.images(10, 1)?;
    let known = ["auto", "low", "medium", "high", "xhigh", "max"];
    let known = if model.starts_with("gpt-image-2.5") { &known[..] } else { &known[..4] };
    let quality = fields.one_of("quality", known)?;
    let size = size(fields, model)?;
    let background = fields.one_of("background", &["auto", "transparent", "opaque"])?;
    let output_format = fields.one_of("output_format", &["png", "jpeg", "webp"])?;
    let is_transparent = background == Some("transparent");
    let is_opaque_format = output_format == Some("jpeg");
    ensure(!(is_transparent && is_opaque_format), "a transparent background needs output_format png or webp")?;
    fields.integer("output_compression", 0..=100)?;
    fields.one_of("moderation", &["auto", "low"])?;
    fields.text("user")?;
    Ok(Order {
        images,
        is_transparent,
        format: output_format.and_then(Format::named),
        delivery: if rules.answers_urls { Delivery::Url } else { Delivery::Base64 },
        echo: json!({
            "background": background.unwrap_or("opaque"),
            "output_format": output_format.unwrap_or("png"),
            "quality": quality.unwrap_or("medium"),
        }),
        ..Order::new(page, model, prompt).sized(size)
    })
}

fn size(fields: &Fields, model: &str) -> Result<Size, Objection> {
    let size = match fields.text("size")? {
        None | Some("auto") => return Ok((1024, 1024)),
        Some(size) => size,
    };
    let pixels = sizes::pixels(size).ok_or_else(|| invalid(format!("size must be WIDTHxHEIGHT, got `{size}`")))?;
    if model.starts_with("gpt-image-2") {
        sizes::GPT_IMAGE_2.check(pixels).map_err(|message| Objection::new(Breach::Size, message))?;
    } else if model.starts_with("gpt-image-1") {
        let is_known = ["1024x1024", "1536x1024", "1024x1536"].contains(&size);
        ensure(is_known, format!("size `{size}` is none of 1024x1024, 1536x1024, 1024x1536, auto"))?;
    }
    Ok(pixels) // a server of one's own draws what it is told to
}

pub(super) fn success(made: &Made) -> Value {
    let data = made.pictures.iter().map(|served| match made.order.delivery {
        Delivery::Url => json!({ "url": served.url }),
        Delivery::Base64 => json!({ "b64_json": base64(&served.bytes) }),
    });
    let (count, tokens) = (made.pictures.len(), made.tokens());
    let mut body = json!({
        "created": made.created(),
        "data": data.collect::<Vec<_>>(),
        "usage": {
            "input_tokens": 12, "output_tokens": tokens, "total_tokens": tokens + 12,
            "input_tokens_details": { "text_tokens": 12, "image_tokens": 0 },
        },
    });
    for (field, value) in made.order.echo.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    if count > 0 {
        body["size"] = json!(made.size_text());
    }
    body
}

pub(super) fn error(objection: &Objection) -> (u16, Value) {
    let (status, kind, code) = match objection.breach {
        Breach::UnknownEndpoint => (404, "invalid_request_error", "unknown_endpoint"),
        Breach::MissingKey => (401, "authentication_error", "missing_api_key"),
        Breach::WrongKey => (401, "authentication_error", "invalid_api_key"),
        Breach::Syntax => (400, "invalid_request_error", "json_parse_error"),
        Breach::Missing => (400, "invalid_request_error", "missing_parameter"),
        Breach::Mistyped => (400, "invalid_request_error", "invalid_parameter_type"),
        Breach::ContentType | Breach::UnknownField | Breach::Invalid | Breach::NotAList | Breach::RouteClosed => {
            (400, "invalid_request_error", "invalid_request")
        }
        Breach::Size => (400, "invalid_request_error", "invalid_value"),
        Breach::BadReference => (400, "invalid_request_error", "invalid_image_file"),
        Breach::UnknownModel | Breach::OtherEndpoint => (404, "invalid_request_error", "model_not_found"),
        Breach::Refused => (400, "image_generation_user_error", "moderation_blocked"),
        Breach::NoCredit => (429, "insufficient_quota", "insufficient_quota"),
        Breach::Upstream => (500, "server_error", "upstream_error"),
    };
    (status, json!({ "error": { "message": objection.message, "type": kind, "param": null, "code": code } }))
}
