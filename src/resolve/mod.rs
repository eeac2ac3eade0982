//! From the manifest as written to assets with every question answered: inherited keys, rendered paths, read references.
//!
//! Reads references through [`Files`]; knows no provider, no cache and no lockfile.

pub(crate) mod cell;
mod expand;
mod listing;
mod merge;
mod output;
mod reference;
mod template;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, nearest};
use crate::digest::Digest;
use crate::files::Files;
use crate::manifest::{AssetKeys, Manifest, Place, Publish};
use crate::model::Registry;
use crate::name::{AssetName, ProjectPath};
use crate::picture::Picture;
use crate::recipe::{Origin, Ratio, Recipe, Reference, Size};
use crate::transform::Settings;

use crate::resolve::cell::{CellName, Said};
use crate::resolve::expand::{Declared, expand};
use crate::resolve::output::Outputs;
use crate::resolve::reference::References;

pub use crate::resolve::output::Protected;

/// Every asset of a project.
#[derive(Debug)]
pub struct Assets {
    /// By name.
    pub by_name: BTreeMap<AssetName, Asset>,
    /// The names, each after all that it refers to, otherwise in alphabetical order.
    pub order: Vec<AssetName>,
}

/// One picture: how it is made, and what is made of it.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its name.
    pub name: AssetName,
    /// Where it is declared.
    pub place: Place,
    /// Where its original comes from.
    pub origin: AssetOrigin,
    /// Which takes make outputs.
    pub publish: Publish,
    /// The files to make of each published take; none of a picture that only serves as a reference.
    pub outputs: Vec<Output>,
    /// For `--tag`.
    pub tags: Vec<String>,
    /// A text for people who don't see the picture.
    pub alt: Option<String>,
    /// Never regenerate.
    pub hold: bool,
    /// Which of a table's assets it is.
    pub(crate) cell: CellName,
}

/// Where an asset's original comes from.
#[derive(Debug, Clone)]
pub enum AssetOrigin {
    /// A model draws it.
    Generated(Box<Draft>),
    /// It was made by hand.
    Source {
        /// The file.
        path: ProjectPath,
        /// The digest of its bytes.
        hash: Digest,
        /// What its header says.
        picture: Picture,
    },
}

/// A recipe whose references to other assets may still be open, and what is asked beside it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The recipe but for its references.
    pub recipe: Recipe,
    /// The references, in order.
    pub references: Vec<DraftReference>,
    /// Providers in order of preference; the registry's order where none is named.
    pub providers: Option<Vec<String>>,
    /// How many takes to have.
    pub takes: u32,
    /// Where the size, or else the model, is written: for errors about what the model can do.
    pub size_place: Option<Place>,
    /// Where the model is written.
    pub model_place: Place,
}

/// A reference whose bytes are known, or will be once another asset is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftReference {
    /// Where its bytes come from.
    pub origin: DraftOrigin,
    /// What the model is told that it shows.
    pub hint: Option<String>,
}

/// Where the bytes of a reference come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftOrigin {
    /// A file of the project.
    File {
        /// The file.
        path: ProjectPath,
        /// The digest of its bytes.
        hash: Digest,
    },
    /// Another asset's chosen original.
    Asset(AssetName),
}

impl Draft {
    /// The recipe, once `original` knows the original of every asset referred to.
    pub fn complete(&self, original: &dyn Fn(&AssetName) -> Option<Digest>) -> Option<Recipe> {
        let complete = |reference: &DraftReference| match &reference.origin {
            DraftOrigin::File { path, hash } => {
                Some(Reference { origin: Origin::Path(path.to_string()), hash: *hash, hint: reference.hint.clone() })
            }
            DraftOrigin::Asset(name) => Some(Reference {
                origin: Origin::Asset(name.to_string()),
                hash: original(name)?,
                hint: reference.hint.clone(),
            }),
        };
        let references = self.references.iter().map(complete).collect::<Option<Vec<_>>>()?;
        Some(Recipe { references, ..self.recipe.clone() })
    }
}

impl Asset {
    /// The assets whose originals this one sends along.
    pub fn refers_to(&self) -> impl Iterator<Item = &AssetName> {
        let references = match &self.origin {
            AssetOrigin::Generated(draft) => draft.references.as_slice(),
            AssetOrigin::Source { .. } => &[],
        };
        references.iter().filter_map(|reference| match &reference.origin {
            DraftOrigin::Asset(name) => Some(name),
            DraftOrigin::File { .. } => None,
        })
    }

    /// The files that it is made from.
    pub fn reads(&self) -> Vec<&ProjectPath> {
        match &self.origin {
            AssetOrigin::Source { path, .. } => vec![path],
            AssetOrigin::Generated(draft) => {
                let files = draft.references.iter().filter_map(|reference| match &reference.origin {
                    DraftOrigin::File { path, .. } => Some(path),
                    DraftOrigin::Asset(_) => None,
                });
                files.collect()
            }
        }
    }

    /// How many takes it is to have.
    pub fn takes(&self) -> u32 {
        match &self.origin {
            AssetOrigin::Generated(draft) => draft.takes,
            AssetOrigin::Source { .. } => 1,
        }
    }

    /// The files made of take number `take`, from 1.
    pub fn paths(&self, take: usize) -> impl Iterator<Item = ProjectPath> {
        self.outputs.iter().map(move |output| output.path(take))
    }

    /// The largest width and the largest height that any of its outputs is given.
    pub fn largest_sides(&self) -> (Option<u32>, Option<u32>) {
        let sides = || self.outputs.iter().map(|output| &output.settings);
        (sides().filter_map(|settings| settings.width).max(), sides().filter_map(|settings| settings.height).max())
    }
}

/// A file made of a take.
#[derive(Debug, Clone)]
pub struct Output {
    pub(crate) path: OutputPath,
    /// How it is made.
    pub settings: Settings,
    /// Where it is declared.
    pub place: Place,
}

/// The same for every take, or one for each.
#[derive(Debug, Clone)]
pub(crate) enum OutputPath {
    Fixed(ProjectPath),
    /// The parts around the take's number.
    PerTake(Vec<String>),
}

impl Output {
    /// The path of the file made of take number `take`, from 1.
    pub fn path(&self, take: usize) -> ProjectPath {
        match &self.path {
            OutputPath::Fixed(path) => path.clone(),
            OutputPath::PerTake(parts) => ProjectPath::new(&parts.join(&take.to_string()))
                .expect("a number in place of a number keeps a path sound"),
        }
    }
}

/// Answers every question that the manifest leaves open, for each asset for which that is possible, and finds every
/// mistake that is left.
pub fn resolve(
    manifest: &Manifest,
    registry: &Registry,
    files: &Files,
    protected: &Protected,
) -> (Assets, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut references = References::new(files);
    let mut outputs = Outputs::new(manifest, files, protected, &mut found);
    let mut by_name = BTreeMap::new();
    let (declared, places) = expand(manifest, files, &mut found);
    let mut said = Said::default();
    for (name, keys) in &declared {
        let mut own = Vec::new();
        let origin = origin(name, keys, &declared, manifest, registry, &mut references, &mut own);
        let outputs = outputs.resolve(name, keys, &mut own);
        said.add(own, name.as_str(), &places[name].1);
        let (Some(origin), Some(outputs)) = (origin, outputs) else { continue };
        let asset = Asset {
            name: name.clone(),
            place: keys.place.clone(),
            origin: with_output_shape(origin, &outputs),
            publish: keys.publish.as_ref().map_or(Publish::Chosen, |publish| publish.value),
            outputs,
            tags: keys.tags.iter().map(|tag| tag.value.clone()).collect(),
            alt: keys.alt.as_ref().map(|alt| alt.value.clone()),
            hold: keys.hold.as_ref().is_some_and(|hold| hold.value),
            cell: places[name].1.clone(),
        };
        by_name.insert(name.clone(), asset);
    }
    found.extend(said.mistakes());
    outputs.refuse_protected(&references, &mut found);
    let order = reference::order(&by_name, &mut found);
    (Assets { by_name, order }, found)
}

fn origin(
    name: &AssetName,
    keys: &AssetKeys,
    declared: &Declared,
    manifest: &Manifest,
    registry: &Registry,
    references: &mut References<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<AssetOrigin> {
    if let Some(source) = &keys.source {
        if let Some(prompt) = &keys.prompt {
            let error =
                prompt.error("bad-value", format!("`{name}` has a `source` and a `prompt`"), "one of them too many");
            found.push(error.help("a `source` is made by hand: take the prompt out, or the source"));
            return None;
        }
        let (path, hash, picture) = references.read(source, "source", found)?;
        return Some(AssetOrigin::Source { path, hash, picture });
    }
    let (prompt, model) = (prompt(name, keys, found), model(name, keys, manifest, registry, found));
    let providers = providers(keys, manifest, registry, found);
    let resolved = references.resolve(&keys.references, declared, found);
    if let (Some(ratio), Some(Size::Pixels { width, height })) =
        (&keys.aspect_ratio, keys.size.as_ref().map(|size| &size.value))
    {
        let error = ratio.error(
            "bad-value",
            format!("`{name}` has a size in pixels and an aspect ratio"),
            "one of them too many",
        );
        found.push(
            error.help(format!(
                "take `aspect_ratio` out: {width}x{height} has one; or write a tier, like size = \"2K\""
            )),
        );
    }
    // A reference that can't be read leaves the rest to be looked at.
    let (prompt, model, references) = (prompt?, model?, resolved.unwrap_or_default());
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
    Some(AssetOrigin::Generated(Box::new(Draft {
        recipe,
        references,
        providers,
        takes: keys.n.as_ref().map_or(1, |takes| takes.value),
        size_place: size_place.cloned(),
        model_place: keys.model.as_ref().map_or(&keys.place, |model| &model.place).clone(),
    })))
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

/// The canonical name of the model.
fn model(
    name: &AssetName,
    keys: &AssetKeys,
    manifest: &Manifest,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Option<String> {
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

fn providers(
    keys: &AssetKeys,
    manifest: &Manifest,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<String>> {
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

/// With no size written, but an output of a certain width and height, that shape is what is asked for: the first one's.
fn with_output_shape(mut origin: AssetOrigin, outputs: &[Output]) -> AssetOrigin {
    let shape = |output: &Output| Some((output.settings.width?, output.settings.height?, output.place.clone()));
    if let AssetOrigin::Generated(draft) = &mut origin
        && draft.recipe.size.is_none()
        && draft.recipe.aspect_ratio.is_none()
        && let Some((width, height, place)) = outputs.iter().find_map(shape)
    {
        draft.recipe.size = Some(Size::Auto);
        draft.recipe.aspect_ratio = Some(Ratio::of(width, height));
        draft.size_place = Some(place);
    }
    origin
}
