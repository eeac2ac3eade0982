//! Google docs, `models.generateContent`, as AIsa passes it on: the same body and answer, but a bearer token.

use serde_json::{Value, json};

use crate::vendor::Fault;
use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid, missing};
use crate::vendor::order::{Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::{base64, draft};
use crate::vendor::references;
use crate::vendor::rules::Rules;
use crate::vendor::sizes;

const MODEL: &str = "gemini-3-pro-image-preview";

const FIELDS: [&str; 6] =
    ["contents", "generationConfig", "safetySettings", "systemInstruction", "tools", "toolConfig"];

pub(super) const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

pub(super) const TIERS: [&str; 3] = ["1K", "2K", "4K"];

/// The most bytes of an inline picture, as base64 has them.
const LONGEST_DATA: usize = (7 << 20) / 3 * 4;

pub(super) const MOST_REFERENCES: usize = 14;

pub(super) fn order(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let model = request.path.rsplit('/').next().unwrap_or_default().trim_end_matches(":generateContent");
    if !rules.serves(model, &[MODEL]) {
        return Err(Objection::new(Breach::UnknownModel, format!("models/{model} is not found")));
    }
    let fields = Fields::json(request)?;
    fields.only(&FIELDS, &rules.fields)?;
    let contents = fields.list("contents")?.ok_or_else(|| missing("contents"))?;
    let mut prompt = String::new();
    for content in contents {
        prompt = check_content(content)?;
    }
    ensure(!prompt.is_empty(), "the last of contents holds no text")?;
    let (tier, ratio) = match fields.object("generationConfig")? {
        Some(config) => check_config(&config, rules)?,
        None => ("1K", "1:1"),
    };
    Ok(Order::new(Page::Gemini, model, &prompt).sized(sizes::gemini(tier, ratio)))
}

/// The texts of a turn.
fn check_content(content: &Value) -> Result<String, Objection> {
    let content = Fields::of(content, "contents[*]")?;
    content.only(&["role", "parts"], &[])?;
    content.one_of("role", &["user", "model"])?;
    let parts = content.list("parts")?.ok_or_else(|| missing("contents[*].parts"))?;
    let (mut texts, mut pictures) = (Vec::new(), 0);
    for part in parts {
        let part = Fields::of(part, "contents[*].parts[*]")?;
        part.only(&["text", "inlineData", "inline_data"], &[])?;
        let inline = part.object("inlineData")?.or(part.object("inline_data")?);
        match (part.text("text")?, inline) {
            (Some(text), None) => texts.push(text),
            (None, Some(inline)) => {
                check_inline(&inline)?;
                pictures += 1;
            }
            _ => return Err(invalid("a part must set exactly one of its fields")),
        }
    }
    ensure(pictures <= MOST_REFERENCES, format!("at most {MOST_REFERENCES} pictures in a prompt, got {pictures}"))?;
    Ok(texts.join("\n"))
}

/// Google reads both spellings of a name.
fn check_inline(inline: &Fields) -> Result<(), Objection> {
    inline.only(&["mimeType", "mime_type", "data"], &[])?;
    let media_type = inline.text("mimeType")?.or(inline.text("mime_type")?);
    let media_type = media_type.ok_or_else(|| missing("inlineData.mimeType"))?;
    let data = inline.required("data")?;
    ensure(data.len() <= LONGEST_DATA, "an inline picture has at most 7 MB")?;
    references::check_inline(data, media_type)?;
    Ok(())
}

fn check_config<'request>(
    config: &Fields<'request>,
    rules: &Rules,
) -> Result<(&'request str, &'request str), Objection> {
    config.only(&["responseModalities", "imageConfig", "seed"], &rules.fields)?;
    config.integer("seed", i64::from(i32::MIN)..=i64::from(i32::MAX))?;
    if let Some(modalities) = config.list("responseModalities")? {
        let is_known = |modality: &Value| ["TEXT", "IMAGE"].iter().any(|known| modality == known);
        ensure(modalities.iter().all(is_known), "responseModalities may hold TEXT and IMAGE")?;
        ensure(modalities.iter().any(|modality| modality == "IMAGE"), "this model answers with images")?;
    }
    let Some(image) = config.object("imageConfig")? else { return Ok(("1K", "1:1")) };
    image.only(&["aspectRatio", "imageSize"], &rules.fields)?;
    let tier = image.one_of("imageSize", &TIERS)?.unwrap_or("1K");
    Ok((tier, image.one_of("aspectRatio", &RATIOS)?.unwrap_or("1:1")))
}

pub(super) fn success(rules: &Rules, made: &Made) -> Value {
    let inline = |content_type: &str, bytes: &[u8]| {
        if rules.candidates.are_snake_case {
            json!({ "inline_data": { "mime_type": content_type, "data": base64(bytes) } })
        } else {
            json!({ "inlineData": { "mimeType": content_type, "data": base64(bytes) } })
        }
    };
    let mut parts = Vec::new();
    if rules.candidates.have_thoughts && !made.pictures.is_empty() {
        let mut sketch = inline("image/png", &draft());
        sketch["thought"] = json!(true);
        parts.push(json!({ "text": "First a sketch.", "thought": true }));
        parts.push(sketch);
    }
    parts.extend(made.pictures.iter().map(|served| inline(served.content_type, &served.bytes)));
    let candidate = |parts: Value, reason: &str| {
        if rules.candidates.lack_content {
            json!({ "role": "model", "parts": parts, "finishReason": reason, "index": 0 })
        } else {
            json!({ "content": { "role": "model", "parts": parts }, "finishReason": reason, "index": 0 })
        }
    };
    let tokens = if made.size.0.max(made.size.1) > 3200 { 2000 } else { 1120 };
    let mut body = json!({
        "usageMetadata": { "promptTokenCount": 12, "candidatesTokenCount": tokens, "totalTokenCount": 12 + tokens },
        "modelVersion": made.order.model,
        "responseId": format!("response-{:06}", made.request_number),
    });
    match made.fault {
        Some(Fault::Refuse) => body["promptFeedback"] = json!({ "blockReason": "PROHIBITED_CONTENT" }),
        Some(Fault::Blocked { reason }) => body["promptFeedback"] = json!({ "blockReason": reason }),
        Some(Fault::NoImage { finish_reason }) => {
            body["candidates"] = json!([{
                "finishReason": finish_reason, "index": 0, "finishMessage": "Unable to show the generated image.",
            }]);
        }
        Some(Fault::TextOnly) => {
            body["candidates"] = json!([candidate(json!([{ "text": "I would rather not." }]), "STOP")]);
        }
        Some(Fault::EmptyData) => body["candidates"] = json!([]),
        _ => body["candidates"] = json!([candidate(Value::from(parts), "STOP")]),
    }
    body
}

/// Google docs: `google.rpc.Status`; AIsa's own troubles come in the same form.
pub(super) fn error(objection: &Objection) -> (u16, Value) {
    let (status, name) = match objection.breach {
        Breach::MissingKey | Breach::WrongKey => (401, "UNAUTHENTICATED"),
        Breach::UnknownEndpoint | Breach::UnknownModel | Breach::OtherEndpoint => (404, "NOT_FOUND"),
        Breach::NoCredit => (402, "FAILED_PRECONDITION"),
        Breach::Upstream => (500, "INTERNAL"),
        Breach::ContentType
        | Breach::Syntax
        | Breach::UnknownField
        | Breach::Missing
        | Breach::Mistyped
        | Breach::Invalid
        | Breach::Size
        | Breach::NotAList
        | Breach::BadReference
        | Breach::RouteClosed
        | Breach::Refused => (400, "INVALID_ARGUMENT"),
    };
    (status, json!({ "error": { "code": status, "message": objection.message, "status": name } }))
}
