//! The request of the wire format `openrouter-images`: `POST {base_url}/images`, OpenRouter's router for pictures.
//!
//! One pure function, from an [`Ask`] to a request; the answer is that of `openai-images`, with a `usage.cost`. Knows
//! no network and no key.
//!
//! OpenRouter documents `model`, `prompt`, `n`, `size` or `resolution` with `aspect_ratio`, `quality`, `background`,
//! `output_format`, `output_compression`, `input_references`, `seed`, `provider` and `stream` (OpenRouter docs, images,
//! 2026). There is no `response_format` and no `watermark`; an answer is always base64. `stream` is never sent: nothing
//! reads it. `provider` and `output_compression` come through the options.

use serde_json::{Map, Value as Json};

use crate::capability::Field;
use crate::provider::json::{finish, insert};
use crate::provider::openai_images::fields;
use crate::provider::payload::image_url;
use crate::provider::{Ask, Request};
use crate::size::Asked;

/// The request: model, prompt, and those of the optional fields that the route is known to have.
pub(crate) fn request(ask: &Ask<'_>) -> Request {
    let mut body = fields(ask);
    size(&mut body, ask);
    let references = ask.references.iter().map(image_url).collect::<Vec<_>>();
    let is_shown = ask.route.fields().has(Field::References) && !references.is_empty();
    insert(&mut body, "input_references", is_shown.then_some(references));
    finish(body, ask)
}

/// Pixels, or a tier and a ratio: never both, as a contradiction is refused (OpenRouter docs, images, 2026).
fn size(body: &mut Map<String, Json>, ask: &Ask<'_>) {
    let has = |field| ask.route.fields().has(field);
    match ask.asked {
        Some(pixels @ Asked::Pixels(..)) => insert(body, "size", has(Field::Size).then(|| pixels.to_string())),
        Some(Asked::Shape { tier, ratio }) => {
            insert(body, "resolution", tier.as_deref().filter(|_| has(Field::Tier)));
            insert(body, "aspect_ratio", ratio.as_deref().filter(|_| has(Field::Ratio)));
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use crate::capability::Field;
    use crate::model::{Api, Route};
    use crate::provider::Ask;
    use crate::provider::openrouter_images::request;
    use crate::provider::samples::{ask, body, references, route};
    use crate::recipe::{Background, Quality, Value};
    use crate::size::Asked;

    const PANDA: &str = "a red panda astronaut floating in space, studio lighting";

    fn seedream(fields: &[Field]) -> Route {
        route(Api::OpenrouterImages, "bytedance-seed/seedream-4.5", fields)
    }

    fn shape(tier: Option<&str>, ratio: Option<&str>) -> Asked {
        Asked::Shape { tier: tier.map(str::to_string), ratio: ratio.map(str::to_string) }
    }

    /// The values of the examples on OpenRouter's page (OpenRouter docs, images, 2026).
    #[test]
    fn every_field_is_sent_as_it_is_documented() {
        let (route, shape, references) = (seedream(&Field::ALL), shape(Some("2K"), Some("16:9")), references());
        let only = Value::Table(BTreeMap::from([("allow_fallbacks".to_string(), Value::Boolean(false))]));
        let options = BTreeMap::from([("provider".to_string(), only)]);
        let sent = request(&Ask {
            asked: Some(&shape),
            seed: Some(7),
            quality: Some(Quality::High),
            background: Some(Background::Transparent),
            references: &references,
            options: &options,
            ..ask(&route, PANDA)
        });
        let expected = json!({
            "model": "bytedance-seed/seedream-4.5",
            "prompt": PANDA,
            "n": 1,
            "resolution": "2K",
            "aspect_ratio": "16:9",
            "quality": "high",
            "background": "transparent",
            "output_format": "png",
            "seed": 7,
            "input_references": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,b25l"}},
                {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,dHdv"}},
            ],
            "provider": {"allow_fallbacks": false},
        });
        assert_eq!((sent.path.as_str(), body(&sent)), ("images", expected));
    }

    #[test]
    fn a_field_is_sent_only_where_the_route_has_it() {
        let (route, references) = (seedream(&[]), references());
        for asked in [Asked::Pixels(2048, 2048), shape(Some("2K"), Some("16:9"))] {
            let sent = request(&Ask {
                asked: Some(&asked),
                seed: Some(7),
                quality: Some(Quality::High),
                background: Some(Background::Transparent),
                references: &references,
                ..ask(&route, PANDA)
            });
            assert_eq!(body(&sent), json!({"model": "bytedance-seed/seedream-4.5", "prompt": PANDA}));
        }
    }

    #[test]
    fn a_size_is_either_pixels_or_a_shape() {
        let route = seedream(&[Field::Size, Field::Tier, Field::Ratio]);
        for (asked, expected) in [
            (Some(Asked::Pixels(2048, 2048)), [json!("2048x2048"), Json::Null, Json::Null]),
            (Some(shape(Some("4K"), None)), [Json::Null, json!("4K"), Json::Null]),
            (Some(shape(None, Some("9:19.5"))), [Json::Null, Json::Null, json!("9:19.5")]),
            (None, [Json::Null, Json::Null, Json::Null]),
        ] {
            let body = body(&request(&Ask { asked: asked.as_ref(), ..ask(&route, PANDA) }));
            assert_eq!(["size", "resolution", "aspect_ratio"].map(|name| body[name].clone()), expected, "{asked:?}");
        }
    }
}
