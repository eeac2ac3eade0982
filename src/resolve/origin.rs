//! Where each asset's original comes from: a model with its recipe, a file, or another asset.

use crate::diagnostic::{Diagnostic, nearest};
use crate::manifest::{AssetKeys, Manifest, Place, Spanned};
use crate::model::Registry;
use crate::name::AssetName;
use crate::recipe::{Recipe, Size};
use crate::resolve::expand::Declared;
use crate::resolve::reference::{References, declared_asset};
use crate::resolve::{AssetOrigin, OpenRecipe};

/// Finds out for each asset where its original comes from.
pub(crate) struct Origins<'a> {
    pub(crate) declared: &'a Declared,
    pub(crate) manifest: &'a Manifest,
    pub(crate) registry: &'a Registry,
    pub(crate) references: References<'a>,
}

impl Origins<'_> {
    /// Where the original of an asset comes from.
    pub(crate) fn resolve(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<AssetOrigin> {
        match &keys.source {
            Some(source) => self.source(name, keys, source, found),
            None => self.generated(name, keys, found).map(|open| AssetOrigin::Generated(Box::new(open))),
        }
    }

    /// How an asset's picture is drawn while it is only tried out: what `[draft]` says goes over its own keys.
    pub(crate) fn draft(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        draft: &AssetKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<OpenRecipe> {
        if keys.source.is_some() {
            return None;
        }
        let mut keys = keys.clone();
        keys.model = draft.model.clone().or(keys.model);
        keys.provider = draft.provider.clone().or(keys.provider);
        keys.quality = draft.quality.clone().or(keys.quality);
        if draft.size.is_some() || draft.aspect_ratio.is_some() {
            (keys.size, keys.aspect_ratio) = (draft.size.clone(), draft.aspect_ratio.clone());
        }
        self.generated(name, &keys, found)
    }

    fn source(
        &mut self,
        name: &AssetName,
        keys: &AssetKeys,
        source: &Spanned<String>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<AssetOrigin> {
        if let Some(prompt) = &keys.prompt {
            let error =
                prompt.error("bad-value", format!("`{name}` has a `source` and a `prompt`"), "one of them too many");
            found.push(error.help("a `source` is made by hand: take the prompt out, or the source"));
            return None;
        }
        if let Some(other) = source.value.strip_prefix("asset:") {
            let other = declared_asset(other, &source.place, self.declared, found)?;
            return Some(AssetOrigin::Shared(other));
        }
        let (path, hash, picture) = self.references.read(source, "source", found)?;
        Some(AssetOrigin::Source { path, hash, picture })
    }

    fn generated(&mut self, name: &AssetName, keys: &AssetKeys, found: &mut Vec<Diagnostic>) -> Option<OpenRecipe> {
        let (prompt, model) = (prompt(name, keys, found), self.model(name, keys, found));
        let providers = self.providers(keys, found);
        let references = self.references.resolve(&keys.references, self.declared, found);
        refuse_two_shapes(name, keys, found);
        // A reference that can't be read leaves the rest to be looked at.
        let (prompt, model, references) = (prompt?, model?, references.unwrap_or_default());
        let recipe = Recipe {
            model,
            prompt,
            size: keys.size.as_ref().map(|size| size.value.clone()),
            aspect_ratio: keys.aspect_ratio.as_ref().map(|ratio| ratio.value),
            references: Vec::new(),
            seed: keys.seed.as_ref().map(|seed| seed.value),
            quality: keys.quality.as_ref().map(|quality| quality.value),
            negative_prompt: negative_prompt(keys),
            background: keys.background.as_ref().map(|background| background.value),
            variant: keys.variant.as_ref().map(|variant| variant.value),
            options: keys.options.iter().map(|(provider, fields)| (provider.clone(), fields.value.clone())).collect(),
        };
        let size_place =
            keys.size.as_ref().map(|size| &size.place).or(keys.aspect_ratio.as_ref().map(|ratio| &ratio.place));
        Some(OpenRecipe {
            recipe,
            references,
            providers,
            takes: keys.n.as_ref().map_or(1, |takes| takes.value),
            size_place: size_place.cloned(),
            model_place: keys.model.as_ref().map_or(&keys.place, |model| &model.place).clone(),
        })
    }

    /// The canonical name of the model.
    fn model(&self, name: &AssetName, keys: &AssetKeys, found: &mut Vec<Diagnostic>) -> Option<String> {
        let (manifest, registry) = (self.manifest, self.registry);
        let Some(written) = &keys.model else {
            let error = keys.place.error("missing-key", format!("`{name}` has no model"), "this asset");
            found.push(error.help(r#"write model = "placeholder" to begin with, here or under [defaults]"#));
            return None;
        };
        let known = || registry.models.values().map(|model| model.name.as_str());
        match registry.model(&written.value) {
            Some(model) => Some(model.name.clone()),
            // Declared, but with a mistake of its own.
            None if manifest.models.contains_key(&written.value) => None,
            None => {
                let help = nearest(&written.value, known()).map_or_else(
                    || {
                        format!(
                            "known are {}; one of your own is declared as [models.\"{}\"]",
                            known().collect::<Vec<_>>().join(", "),
                            written.value
                        )
                    },
                    |near| format!("did you mean `{near}`?"),
                );
                found.push(
                    written
                        .error("unknown-model", format!("no model `{}` is known", written.value), "this model")
                        .help(help),
                );
                None
            }
        }
    }

    fn providers(&self, keys: &AssetKeys, found: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        let (manifest, registry) = (self.manifest, self.registry);
        let known = || registry.providers.keys().map(String::as_str).filter(|name| *name != "placeholder");
        let mut refuse = |place: &Place, name: &str| {
            if manifest.providers.contains_key(name) {
                return; // declared, but with a mistake of its own
            }
            let help = nearest(name, known()).map_or_else(
                || {
                    format!(
                        "known are {}; one of your own is declared as [providers.{name}]",
                        known().collect::<Vec<_>>().join(", ")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            found.push(
                place.error("unknown-provider", format!("no provider `{name}` is known"), "this provider").help(help),
            );
        };
        for (name, options) in &keys.options {
            if !registry.providers.contains_key(name) {
                refuse(&options.place, name);
            }
        }
        let providers = keys.provider.as_ref()?;
        for provider in providers {
            if !registry.providers.contains_key(&provider.value) {
                refuse(&provider.place, &provider.value);
            }
        }
        Some(providers.iter().map(|provider| provider.value.clone()).collect())
    }
}

fn refuse_two_shapes(name: &AssetName, keys: &AssetKeys, found: &mut Vec<Diagnostic>) {
    let size = keys.size.as_ref().map(|size| &size.value);
    let (Some(ratio), Some(Size::Pixels { width, height })) = (&keys.aspect_ratio, size) else { return };
    let message = format!("`{name}` has a size in pixels and an aspect ratio");
    let help = format!("take `aspect_ratio` out: {width}x{height} has one; or write a tier, like size = \"2K\"");
    found.push(ratio.error("bad-value", message, "one of them too many").help(help));
}

fn negative_prompt(keys: &AssetKeys) -> Option<String> {
    let folded = crate::recipe::fold_white_space(&keys.negative_prompt.as_ref()?.value);
    (!folded.is_empty()).then_some(folded)
}

fn prompt(name: &AssetName, keys: &AssetKeys, found: &mut Vec<Diagnostic>) -> Option<String> {
    let Some(prompt) = &keys.prompt else {
        let error = keys.place.error("missing-key", format!("`{name}` has no prompt"), "this asset");
        found.push(
            error.help(r#"write prompt = "what to draw", or source = "art/file.png" for a picture made by hand"#),
        );
        return None;
    };
    let folded = crate::recipe::fold_white_space(&prompt.value);
    if folded.is_empty() {
        found.push(
            prompt.error("bad-value", format!("the prompt of `{name}` is empty"), "empty").help("say what to draw"),
        );
        return None;
    }
    Some(folded)
}
