//! AIsa docs, Image Generation via Chat: `POST /v1/chat/completions` of April 2026, and what July 2026 left of it.

use serde_json::{Value, json};

use crate::vendor::Fault;
use crate::vendor::fields::Fields;
use crate::vendor::http::Request;
use crate::vendor::objection::{Breach, Objection, ensure, invalid, missing};
use crate::vendor::order::{Delivery, Made, Order};
use crate::vendor::pages::Page;
use crate::vendor::picture::base64;
use crate::vendor::references;
use crate::vendor::rules::{ChatImage, Rules};

use super::aisa_images::WAN_REFERENCES;

const WAN: [&str; 2] = ["wan2.7-image", "wan2.7-image-pro"];

const SEEDREAM: &str = "seedream-4-5-251128";

/// ModelArk's limit for Seedream; AIsa names none.
const SEEDREAM_REFERENCES: usize = 14;

pub(super) fn order(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let (fields, model) = model(rules, request)?;
    if !rules.serves(model, &WAN) {
        return Err(Objection::new(Breach::UnknownModel, format!("model `{model}` draws no images here")));
    }
    checked(rules, &fields, Page::AisaChat, model, 4)
}

pub(super) fn moved_order(rules: &Rules, request: &Request) -> Result<Order, Objection> {
    let (fields, model) = model(rules, request)?;
    if WAN.contains(&model) {
        let message = format!("model `{model}` is not supported on this route; supported: POST /v1/images/generations");
        return Err(Objection::new(Breach::RouteClosed, message));
    }
    if !rules.serves(model, &[SEEDREAM]) {
        return Err(Objection::new(Breach::UnknownModel, format!("model `{model}` draws no images here")));
    }
    checked(rules, &fields, Page::AisaMovedChat, model, 1)
}

fn model<'request>(rules: &Rules, request: &'request Request) -> Result<(Fields<'request>, &'request str), Objection> {
    let fields = Fields::json(request)?;
    if !fields.has("messages") {
        return Err(missing("messages")); // what Gemini's `contents` gets to hear, too
    }
    fields.only(&["model", "messages", "n"], &rules.fields)?;
    let model = fields.required("model")?;
    Ok((fields, model))
}

fn checked(rules: &Rules, fields: &Fields, page: Page, model: &str, default_images: usize) -> Result<Order, Objection> {
    let messages = fields.list("messages")?.ok_or_else(|| missing("messages"))?;
    let most = if model == SEEDREAM { SEEDREAM_REFERENCES } else { WAN_REFERENCES };
    let mut prompt = None;
    for message in messages {
        let said = Said::read(message, rules)?;
        ensure(said.pictures <= most, format!("at most {most} image_url parts, got {}", said.pictures))?;
        if said.is_of_user {
            prompt = Some(said.text);
        }
    }
    let prompt = prompt.filter(|text| !text.is_empty());
    let prompt = prompt.ok_or_else(|| invalid("messages hold no text of the user"))?;
    let images = fields.images(4, default_images)?;
    let is_url = matches!(rules.chat_image, ChatImage::Url | ChatImage::UrlObject);
    let delivery = if is_url { Delivery::Url } else { Delivery::Base64 };
    Ok(Order { images, delivery, ..Order::new(page, model, &prompt).sized((2048, 2048)) })
}

/// One message.
struct Said {
    is_of_user: bool,
    text: String,
    pictures: usize,
}

impl Said {
    fn read(message: &Value, rules: &Rules) -> Result<Said, Objection> {
        let fields = Fields::of(message, "messages[*]")?;
        fields.only(&["role", "content"], &rules.fields)?;
        let role = fields.one_of("role", &["user", "system", "assistant"])?;
        let role = role.ok_or_else(|| missing("messages[*].role"))?;
        let content = fields.get("content").ok_or_else(|| missing("messages[*].content"))?;
        let content = content
            .as_array()
            .ok_or_else(|| Objection::new(Breach::NotAList, "Input should be a valid list: messages[*].content"))?;
        let mut texts = Vec::new();
        let mut pictures = 0;
        for part in content {
            let part = Fields::of(part, "messages[*].content[*]")?;
            match part.one_of("type", &["text", "image_url"])? {
                Some("text") => {
                    part.only(&["type", "text"], &[])?;
                    texts.push(part.required("text")?);
                }
                Some(_) => {
                    ensure(texts.is_empty(), "messages[*].content: image_url parts go before the text part")?;
                    check_image(&part)?;
                    pictures += 1;
                }
                None => return Err(missing("messages[*].content[*].type")),
            }
        }
        Ok(Said { is_of_user: role == "user", text: texts.join("\n"), pictures })
    }
}

/// An `image_url` part, which OpenRouter's references are, too.
pub(super) fn check_image(part: &Fields) -> Result<(), Objection> {
    part.only(&["type", "image_url"], &[])?;
    let image = part.object("image_url")?.ok_or_else(|| missing("image_url"))?;
    image.only(&["url"], &[])?;
    references::check_url(image.required("url")?)?;
    Ok(())
}

pub(super) fn success(rules: &Rules, made: &Made) -> Value {
    let choice = |index: usize, finish_reason: &str, content: Value| {
        json!({
            "index": index, "finish_reason": finish_reason,
            "message": { "role": "assistant", "content": content },
        })
    };
    let choices = match made.fault {
        Some(Fault::NoImage { finish_reason }) => vec![choice(0, finish_reason, json!([]))],
        Some(Fault::TextOnly) => vec![choice(0, "stop", json!([{ "type": "text", "text": "I would rather not." }]))],
        _ => {
            let image = |served| json!([{ "type": "image", "image": image(rules.chat_image, served) }]);
            made.pictures.iter().enumerate().map(|(index, served)| choice(index, "stop", image(served))).collect()
        }
    };
    let tokens = 8 * choices.len();
    json!({
        "id": format!("chatcmpl-{:08}", made.request_number),
        "object": "chat.completion",
        "created": made.created(),
        "model": made.order.model,
        "choices": choices,
        "usage": { "prompt_tokens": 104, "completion_tokens": tokens, "total_tokens": 104 + tokens },
    })
}

fn image(form: ChatImage, served: &crate::vendor::Served) -> Value {
    match form {
        ChatImage::Url => json!(served.url),
        ChatImage::UrlObject => json!({ "url": served.url }),
        ChatImage::Base64 => json!(base64(&served.bytes)),
        ChatImage::DataUrl => json!(format!("data:{};base64,{}", served.content_type, base64(&served.bytes))),
    }
}
