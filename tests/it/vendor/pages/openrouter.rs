//! OpenRouter docs, `POST /api/v1/images`, 2026: one schema for many models, and wishes that are passed over in silence.

use serde_json::{Value, json};

use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid};
use crate::vendor::order::{Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::{Format, base64};
use crate::vendor::rules::Rules;
use crate::vendor::sizes::{self, Size};

use super::aisa_chat::check_image;
use super::openrouter_models::{Knob, Model};

const FIELDS: [&str; 14] = [
    "model",
    "prompt",
    "n",
    "size",
    "resolution",
    "aspect_ratio",
    "background",
    "quality",
    "output_format",
    "output_compression",
    "input_references",
    "seed",
    "stream",
    "provider",
];

const TIERS: [&str; 4] = ["512", "1K", "2K", "4K"];

const RATIOS: [&str; 22] = [
    "1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5", "5:4", "8:1", "9:16", "16:9",
    "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9", "auto",
];

/// How far pixels may lie from the ratio that is asked for beside them.
const TOLERANCE: f64 = 0.02;

pub(super) fn order(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let fields = Fields::json(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    let name = fields.required("model")?;
    let added = || rules.serves(name, &[]).then(Model::unspecified);
    let model = Model::named(name)
        .or_else(added)
        .ok_or_else(|| Objection::new(Breach::UnknownModel, format!("{name} is not a valid model ID")))?;
    let mut order = Order::new(Page::OpenRouter, name, fields.required("prompt")?);
    fields.integer("n", 1..=10)?;
    order.images = fields.images(model.most_images, 1)?;
    check_references(&fields, &model)?;
    let size = size(&fields, &model, &mut order.overlooked)?;
    let mut order = order.sized(size);
    check_look(&fields, &model, &mut order)?;
    check_the_rest(&fields, &model, &mut order.overlooked)?;
    Ok(order)
}

fn check_references(fields: &Fields, model: &Model) -> Result<(), Objection> {
    let references = fields.list("input_references")?.unwrap_or_default();
    let most = model.most_references;
    ensure(references.len() <= most, format!("input_references takes at most {most}, got {}", references.len()))?;
    for reference in references {
        let reference = Fields::of(reference, "input_references[*]")?;
        reference.one_of("type", &["image_url"])?.ok_or_else(|| invalid("input_references[*].type is image_url"))?;
        check_image(&reference)?;
    }
    Ok(())
}

/// `size` is pixels or a tier; a tier may also stand in `resolution`, and a ratio beside it.
fn size(fields: &Fields, model: &Model, overlooked: &mut Vec<String>) -> Result<Size, Objection> {
    let size = fields.text("size")?;
    let resolution = fields.one_of("resolution", &TIERS)?;
    let ratio = fields.one_of("aspect_ratio", &RATIOS)?;
    let pixels = size.and_then(sizes::pixels);
    let tier_in_size = size.filter(|_| pixels.is_none());
    if let Some(tier) = tier_in_size {
        ensure(TIERS.contains(&tier), format!("size must be WIDTHxHEIGHT or a tier, got `{tier}`"))?;
        ensure(resolution.is_none_or(|known| known == tier), "size and resolution contradict each other")?;
    }
    if let Some(tier) = tier_in_size.or(resolution) {
        let known = model.tiers.join(", ");
        ensure(model.tiers.contains(&tier), format!("resolution {tier} is not supported by this model: [{known}]"))?;
    }
    let Some(pixels) = pixels else {
        let tier = tier_in_size.or(resolution).unwrap_or(model.usual_tier);
        let ratio = clamp(ratio.filter(|ratio| *ratio != "auto").unwrap_or("1:1"), model, overlooked);
        return Ok(model.pixels(tier, ratio));
    };
    if let Some(ratio) = ratio.filter(|ratio| *ratio != "auto") {
        let distance = (sizes::ratio_of(pixels) / sizes::ratio(ratio) - 1.0).abs();
        ensure(distance <= TOLERANCE, "size and aspect_ratio contradict each other")?;
    }
    ensure(resolution.is_none_or(|tier| tier == sizes::tier_of(pixels)), "size and resolution contradict each other")?;
    if let Some(bounds) = model.bounds {
        bounds.check(pixels).map_err(|message| Objection::new(Breach::Size, message))?;
    }
    if !model.snaps() {
        return Ok(pixels);
    }
    let (wide, tier) = (sizes::ratio_of(pixels), sizes::tier_of(pixels));
    let tier = if model.tiers.contains(&tier) { tier } else { model.usual_tier };
    let drawn = model.pixels(tier, sizes::nearest(wide, model.ratios));
    if drawn != pixels {
        overlooked.push(format!("size {} became {}x{}", size.unwrap_or_default(), drawn.0, drawn.1));
    }
    Ok(drawn)
}

/// The docs: providers clamp to their supported subset.
fn clamp<'ratio>(ratio: &'ratio str, model: &Model, overlooked: &mut Vec<String>) -> &'ratio str {
    if model.ratios.is_empty() || model.ratios.contains(&ratio) {
        return ratio;
    }
    let nearest = sizes::nearest(sizes::ratio(ratio), model.ratios);
    overlooked.push(format!("aspect_ratio {ratio} became {nearest}"));
    nearest
}

fn check_look(fields: &Fields, model: &Model, order: &mut Order) -> Result<(), Objection> {
    let background = fields.one_of("background", &["auto", "transparent", "opaque"])?;
    let format = fields.one_of("output_format", &["png", "jpeg", "webp", "svg"])?;
    ensure(format != Some("svg"), "output_format svg is not supported by this model")?;
    let compression = fields.integer("output_compression", 0..=100)?;
    let quality = fields.one_of("quality", &["auto", "low", "medium", "high"])?;
    order.is_transparent = background == Some("transparent");
    if order.is_transparent {
        ensure(model.takes(Knob::Transparency), "background transparent is not supported by this model")?;
        let has_alpha = matches!(format, Some("png" | "webp"));
        ensure(has_alpha, "background transparent requires output_format png or webp")?;
    }
    if model.takes(Knob::OutputFormat) {
        order.format = format.and_then(Format::named);
    } else if let Some(format) = format {
        order.overlooked.push(format!("output_format {format}"));
    }
    let is_compressed = matches!(format, Some("jpeg" | "webp")) && model.takes(Knob::OutputFormat);
    if let Some(compression) = compression.filter(|_| !is_compressed) {
        order.overlooked.push(format!("output_compression {compression}"));
    }
    if let Some(quality) = quality.filter(|quality| !model.takes(Knob::Quality) && *quality != "auto") {
        order.overlooked.push(format!("quality {quality}"));
    }
    Ok(())
}

fn check_the_rest(fields: &Fields, model: &Model, overlooked: &mut Vec<String>) -> Result<(), Objection> {
    let seed = fields.integer("seed", i64::MIN..=i64::MAX)?;
    ensure(seed.is_none() || model.takes(Knob::Seed), "seed is not supported by this model")?;
    if fields.boolean("stream")? == Some(true) {
        ensure(!model.streams(), "stream is not supported by this server")?; // the one place where it knows less
        overlooked.push("stream".to_string());
    }
    if let Some(provider) = fields.object("provider")? {
        provider.only(&["only", "order", "ignore", "sort", "allow_fallbacks", "options"], &[])?;
        for list in ["only", "order", "ignore"] {
            provider.list(list)?;
        }
        provider.boolean("allow_fallbacks")?;
        provider.object("options")?;
    }
    Ok(())
}

pub(super) fn success(rules: &Rules, made: &Made) -> Value {
    let data = made.pictures.iter().map(|served| {
        let mut datum = json!({ "b64_json": base64(&served.bytes) });
        if !rules.hides_media_types {
            datum["media_type"] = json!(served.content_type);
        }
        datum
    });
    let data: Vec<Value> = data.collect();
    let listed = Model::named(&made.order.model).unwrap_or_else(Model::unspecified).cost_usd;
    let count = u32::try_from(data.len()).expect("it is at most ten");
    let cost = rules.charge_usd.unwrap_or(listed) * f64::from(count);
    let tokens = 4175 * count;
    json!({
        "created": made.created(),
        "data": data,
        "usage": { "prompt_tokens": 0, "completion_tokens": tokens, "total_tokens": tokens, "cost": cost },
    })
}

/// OpenRouter docs, Errors and Debugging.
pub(super) fn error(objection: &Objection) -> (u16, Value) {
    let (status, error_type) = match objection.breach {
        Breach::UnknownEndpoint => (404, "invalid_request"),
        Breach::MissingKey | Breach::WrongKey => (401, "authentication"),
        Breach::BadReference => (400, "invalid_image"),
        Breach::Refused => (400, "content_policy_violation"),
        Breach::NoCredit => (402, "payment_required"),
        Breach::Upstream => (502, "provider_unavailable"),
        Breach::ContentType
        | Breach::Syntax
        | Breach::UnknownField
        | Breach::Missing
        | Breach::Mistyped
        | Breach::Invalid
        | Breach::Size
        | Breach::NotAList
        | Breach::UnknownModel
        | Breach::OtherEndpoint
        | Breach::RouteClosed => (400, "invalid_request"),
    };
    let mut body = json!({ "error": {
        "code": status, "message": objection.message, "metadata": { "error_type": error_type },
    }});
    if objection.breach == Breach::UnknownModel {
        body["error"]["availability"] = json!({ "code": "model_not_found", "retryable": false });
    }
    (status, body)
}
