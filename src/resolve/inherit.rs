//! Merging: the defaults below, the asset above.
//!
//! References and tags append; options and output merge by key; size and aspect ratio go together; all else replaces.

use std::collections::BTreeMap;

use crate::manifest::{AssetKeys, OutputKey, OutputKeys, Spanned};
use crate::picture::Format;

/// The asset's keys with the defaults filled in.
pub(crate) fn inherit(defaults: &AssetKeys, asset: &AssetKeys) -> AssetKeys {
    let defaults = defaults.clone();
    let asset = asset.clone();
    let shaped = asset.size.is_some() || asset.aspect_ratio.is_some();
    let mut options = defaults.options;
    for (provider, fields) in asset.options {
        let place = fields.place.clone();
        let merged = options.entry(provider).or_insert_with(|| Spanned { value: BTreeMap::new(), place });
        merged.value.extend(fields.value);
    }
    AssetKeys {
        place: asset.place,
        prompt: asset.prompt,
        source: asset.source,
        alt: asset.alt,
        hold: asset.hold,
        model: asset.model.or(defaults.model),
        provider: asset.provider.or(defaults.provider),
        size: if shaped { asset.size } else { defaults.size },
        aspect_ratio: if shaped { asset.aspect_ratio } else { defaults.aspect_ratio },
        references: defaults.references.into_iter().chain(asset.references).collect(),
        seed: asset.seed.or(defaults.seed),
        n: asset.n.or(defaults.n),
        publish: asset.publish.or(defaults.publish),
        quality: asset.quality.or(defaults.quality),
        background: asset.background.or(defaults.background),
        variant: asset.variant.or(defaults.variant),
        options,
        tags: defaults.tags.into_iter().chain(asset.tags).collect(),
        output: inherit_output(defaults.output, asset.output),
    }
}

/// A list replaces what is inherited as a whole, but each of its outputs inherits from a single one. Of an inherited list,
/// a single output has nothing.
fn inherit_output(defaults: OutputKey, asset: OutputKey) -> OutputKey {
    match (defaults, asset) {
        (defaults, OutputKey::Absent) => defaults,
        (OutputKey::One(defaults), OutputKey::One(asset)) => {
            OutputKey::One(Box::new(inherit_one_output(*defaults, *asset)))
        }
        (OutputKey::One(defaults), OutputKey::List(asset)) => {
            OutputKey::List(asset.into_iter().map(|asset| inherit_one_output((*defaults).clone(), asset)).collect())
        }
        (OutputKey::Absent | OutputKey::List(_), asset) => asset,
    }
}

fn inherit_one_output(defaults: OutputKeys, asset: OutputKeys) -> OutputKeys {
    // A path that says its format overrides a format from further away.
    let speaks = asset.path.as_ref().is_some_and(|path| names_a_format(&path.value));
    let inherited = if speaks { None } else { defaults.format };
    OutputKeys {
        place: asset.place,
        path: asset.path.or(defaults.path),
        format: asset.format.or(inherited),
        width: asset.width.or(defaults.width),
        height: asset.height.or(defaults.height),
        fit: asset.fit.or(defaults.fit),
        quality: asset.quality.or(defaults.quality),
        widths: asset.widths.or(defaults.widths),
    }
}

fn names_a_format(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| Format::from_extension(extension).is_some())
}
