//! An asset as one entry of a manifest that inherits nothing: what it would take to write it out by hand.
//!
//! Read again in a manifest without defaults, it is the same asset: a property test holds that.

mod output;

use crate::manifest::quote::{inline, key, quote};
use crate::manifest::tree::is_template;
use crate::manifest::{Manifest, Publish};
use crate::recipe::{Background, Quality, Size, Value};
use crate::resolve::output::output_dir;
use crate::resolve::render::output::outputs;
use crate::resolve::{Asset, AssetOrigin, OpenOrigin, OpenRecipe, OpenReference};

/// The entry's text, for a manifest whose outputs go where this one's do.
pub fn render(asset: &Asset, manifest: &Manifest) -> String {
    let dir = output_dir(manifest).unwrap_or_default();
    let mut lines = vec![format!("[assets.{}]", key(asset.name.as_str()))];
    match &asset.origin {
        AssetOrigin::Generated(open) => generated(open, &mut lines),
        AssetOrigin::Source { path, .. } => lines.push(format!("source = {}", text(path.as_str()))),
        AssetOrigin::Shared(other) => lines.push(format!("source = {}", quote(&format!("asset:{other}")))),
    }
    if asset.publish == Publish::All {
        lines.push("publish = \"all\"".to_string());
    }
    lines.extend(asset.alt.as_ref().map(|alt| format!("alt = {}", text(alt))));
    if !asset.tags.is_empty() {
        lines.push(format!("tags = {}", list(asset.tags.iter().map(|tag| text(tag)))));
    }
    if asset.hold {
        lines.push("hold = true".to_string());
    }
    match outputs(&asset.outputs, &dir).as_slice() {
        [] => lines.push("output = []".to_string()),
        [one] => lines.push(format!("output = {one}")),
        several => lines.push(format!("output = [\n  {},\n]", several.join(",\n  "))),
    }
    lines.join("\n") + "\n"
}

fn generated(open: &OpenRecipe, lines: &mut Vec<String>) {
    let recipe = &open.recipe;
    lines.push(format!("model = {}", text(&recipe.model)));
    if let Some(providers) = &open.providers {
        lines.push(format!("provider = {}", list(providers.iter().map(|provider| text(provider)))));
    }
    lines.push(format!("prompt = {}", text(&recipe.prompt)));
    // A shape that the outputs have isn't written: it comes from them again.
    if recipe.size != Some(Size::Auto) {
        lines.extend(recipe.size.as_ref().map(|size| format!("size = {}", quote(&size.to_string()))));
        lines.extend(recipe.aspect_ratio.map(|ratio| format!("aspect_ratio = {}", quote(&ratio.to_string()))));
    }
    if !open.references.is_empty() {
        lines.push(format!("references = {}", list(open.references.iter().map(reference))));
    }
    lines.extend(recipe.seed.map(|seed| format!("seed = {seed}")));
    if open.takes != 1 {
        lines.push(format!("n = {}", open.takes));
    }
    lines.extend(recipe.quality.map(Quality::name).map(|quality| format!("quality = {}", quote(quality))));
    lines.extend(recipe.background.map(Background::name).map(|ground| format!("background = {}", quote(ground))));
    lines.extend(recipe.negative_prompt.as_ref().map(|words| format!("negative_prompt = {}", text(words))));
    lines.extend(recipe.variant.map(|variant| format!("variant = {variant}")));
    for (provider, fields) in &recipe.options {
        lines.push(format!("options.{} = {}", key(provider), inline(&literal(&Value::Table(fields.clone())))));
    }
}

fn reference(reference: &OpenReference) -> String {
    let hint = reference.hint.as_ref().map(|hint| format!("hint = {}", text(hint)));
    let (name, value, take) = match &reference.origin {
        OpenOrigin::File { path, .. } => ("path", text(path.as_str()), None),
        OpenOrigin::Url(url) => ("path", text(url), None),
        OpenOrigin::Asset { name, take } => {
            let take = take.as_ref().map(|take| format!("take = {}", quote(&take.to_string())));
            ("asset", quote(name.as_str()), take)
        }
    };
    let fields = [Some(format!("{name} = {value}")), take, hint];
    format!("{{ {} }}", fields.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn text(plain: &str) -> String {
    quote(&escaped(plain))
}

/// A text that a template renders to itself.
fn escaped(plain: &str) -> String {
    if !is_template(plain) {
        return plain.to_string();
    }
    let mut escaped = String::new();
    let mut rest = plain;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        escaped.push_str(&rest[..at]);
        escaped.extend(["{{ '", &rest[at..at + 2], "' }}"]);
        rest = &rest[at + 2..];
    }
    escaped + rest
}

fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(escaped(text)),
        Value::Array(items) => Value::Array(items.iter().map(literal).collect()),
        Value::Table(fields) => {
            Value::Table(fields.iter().map(|(name, value)| (name.clone(), literal(value))).collect())
        }
        other => other.clone(),
    }
}
