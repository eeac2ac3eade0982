//! From the manifest as written to assets with every question answered: inherited keys, rendered paths, read references.
//!
//! Reads references through [`Files`]; knows no provider, no cache and no lockfile.

pub(crate) mod cell;
mod expand;
mod explain;
mod figure;
mod listing;
mod merge;
mod multiply;
mod open_recipe;
mod origin;
mod output;
mod reference;
mod render;
mod roles;
mod settings;
mod template;

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::files::Files;
use crate::manifest::{Manifest, Place, Publish};
use crate::model::{Registry, TrustedHosts};
use crate::name::{AssetName, ProjectPath};
use crate::picture::Picture;
use crate::recipe::{Ratio, Size};
use crate::transform::Settings;

use crate::resolve::cell::{CellName, Said};
use crate::resolve::expand::expand;
use crate::resolve::origin::Origins;
use crate::resolve::output::Outputs;
use crate::resolve::reference::References;

pub use crate::resolve::expand::explain;
pub use crate::resolve::explain::{Explanation, Layer, Variable, VariableOrigin, Wording};
pub(crate) use crate::resolve::figure::{Figure, figures};
pub use crate::resolve::open_recipe::{OpenOrigin, OpenRecipe, OpenReference};
pub use crate::resolve::output::Protected;
pub(crate) use crate::resolve::output::output_dir;
pub use crate::resolve::render::render;
pub(crate) use crate::resolve::roles::Roles;

/// Every asset of a project.
#[derive(Debug, Clone)]
pub struct Assets {
    /// By name.
    pub by_name: BTreeMap<AssetName, Asset>,
    /// The names, each after all that it refers to, otherwise in alphabetical order.
    pub order: Vec<AssetName>,
}

impl Assets {
    /// The asset whose original this one's is: itself, unless it shares another's.
    pub fn owner<'a>(&'a self, asset: &'a Asset) -> &'a Asset {
        let mut owner = asset;
        // Circles have been refused.
        while let AssetOrigin::Shared(other) = &owner.origin {
            let Some(next) = self.by_name.get(other) else { break };
            owner = next;
        }
        owner
    }

    /// The assets whose originals this one needs, and those that own them.
    pub fn follows<'a>(&'a self, asset: &'a Asset) -> impl Iterator<Item = &'a AssetName> {
        let owner = |other: &'a AssetName| self.by_name.get(other).map(|other| &self.owner(other).name);
        asset
            .refers_to()
            .flat_map(move |other| std::iter::once(other).chain(owner(other).filter(move |owner| *owner != other)))
    }

    /// The file that an asset's original is, where it was made by hand.
    pub fn source_file(&self, asset: &Asset) -> Option<&ProjectPath> {
        match &self.by_name.get(&self.owner(asset).name)?.origin {
            AssetOrigin::Source { path, .. } => Some(path),
            AssetOrigin::Generated(_) | AssetOrigin::Shared(_) => None,
        }
    }
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
    /// How it is drawn while it is only tried out; none where `[draft]` says nothing.
    pub draft: Option<Box<OpenRecipe>>,
    /// Which of a table's assets it is.
    pub(crate) cell: CellName,
}

/// Where an asset's original comes from.
#[derive(Debug, Clone)]
pub enum AssetOrigin {
    /// A model draws it.
    Generated(Box<OpenRecipe>),
    /// It was made by hand.
    Source {
        /// The file.
        path: ProjectPath,
        /// The digest of its bytes.
        hash: Digest,
        /// What its header says.
        picture: Picture,
    },
    /// It is another asset's, of which this one makes other files.
    Shared(AssetName),
}

impl Asset {
    /// The assets whose originals this one needs: to send them along, or to make its files of them.
    pub fn refers_to(&self) -> impl Iterator<Item = &AssetName> {
        let shared = match &self.origin {
            AssetOrigin::Shared(other) => Some(other),
            AssetOrigin::Generated(_) | AssetOrigin::Source { .. } => None,
        };
        let sent = self.references().iter().filter_map(|reference| match &reference.origin {
            OpenOrigin::Asset { name, .. } => Some(name),
            OpenOrigin::File { .. } | OpenOrigin::Url(_) => None,
        });
        shared.into_iter().chain(sent)
    }

    /// The pictures on the web that it sends along.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.references().iter().filter_map(|reference| match &reference.origin {
            OpenOrigin::Url(url) => Some(url.as_str()),
            OpenOrigin::File { .. } | OpenOrigin::Asset { .. } => None,
        })
    }

    fn references(&self) -> &[OpenReference] {
        match &self.origin {
            AssetOrigin::Generated(open) => &open.references,
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => &[],
        }
    }

    /// The files that it is made from.
    pub fn reads(&self) -> Vec<&ProjectPath> {
        match &self.origin {
            AssetOrigin::Source { path, .. } => vec![path],
            AssetOrigin::Shared(_) => Vec::new(),
            AssetOrigin::Generated(open) => {
                let files = open.references.iter().filter_map(|reference| match &reference.origin {
                    OpenOrigin::File { path, .. } => Some(path),
                    OpenOrigin::Asset { .. } | OpenOrigin::Url(_) => None,
                });
                files.collect()
            }
        }
    }

    /// The same picture as it is tried out; itself, where there is no other way for it.
    #[must_use]
    pub fn as_draft(&self) -> Self {
        let origin = self.draft.clone().map_or_else(|| self.origin.clone(), AssetOrigin::Generated);
        Self { origin, ..self.clone() }
    }

    /// How many takes it is to have.
    pub fn takes(&self) -> u32 {
        match &self.origin {
            AssetOrigin::Generated(open) => open.takes,
            AssetOrigin::Source { .. } | AssetOrigin::Shared(_) => 1,
        }
    }

    /// How many files it is to have.
    pub fn files(&self) -> usize {
        let published = match self.publish {
            Publish::All => self.takes() as usize,
            Publish::Chosen => 1,
        };
        published * self.outputs.len()
    }

    /// The files made of take number `take`, from 1.
    pub fn paths(&self, take: usize) -> impl Iterator<Item = ProjectPath> {
        self.outputs.iter().map(move |output| output.path(take))
    }

    /// The largest width and the largest height that any of its outputs is given.
    pub fn largest_sides(&self) -> (Option<u32>, Option<u32>) {
        let sides = || self.outputs.iter().map(|output| output.settings.shown_sides());
        (sides().filter_map(|(width, _)| width).max(), sides().filter_map(|(_, height)| height).max())
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
    /// Which of its asset's files it is.
    pub(crate) part: Part,
    /// The file of its palette, if its colours are from one.
    pub(crate) palette: Option<String>,
}

/// Which file of an asset's an output is: by the output that declares it, the cell of a sheet, the width.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The number of the output that declares it, from 0.
    pub(crate) declared: usize,
    /// The cell's name.
    pub(crate) cell: Option<String>,
    /// One of the further widths, in pixels.
    pub(crate) width: Option<u32>,
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
    trusted: &TrustedHosts,
) -> (Assets, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut outputs = Outputs::new(manifest, files, protected, &mut found);
    let mut by_name = BTreeMap::new();
    let (declared, places) = expand(manifest, files, &mut found);
    let mut origins = Origins { declared: &declared, manifest, registry, references: References::new(files, trusted) };
    let mut said = Said::default();
    for (name, keys) in &declared {
        let mut own = Vec::new();
        let origin = origins.resolve(name, keys, &mut own);
        let outputs = outputs.resolve(name, keys, &mut own);
        // What is wrong with the asset would be said of its draft once more.
        let draft = manifest.draft.as_ref().filter(|_| own.is_empty());
        let draft = draft.and_then(|draft| origins.draft(name, keys, draft, &mut own));
        said.add(own, name.as_str(), &places[name].1);
        let (Some(origin), Some(outputs)) = (origin, outputs) else { continue };
        let asset = Asset {
            name: name.clone(),
            place: keys.place.clone(),
            origin: with_output_shape(origin, &outputs),
            draft: draft.map(|draft| Box::new(with_shape_of(draft, &outputs))),
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
    outputs.refuse_protected(&origins.references, &mut found);
    let order = reference::order(&by_name, &mut found);
    (Assets { by_name, order }, found)
}

/// With no size written, but an output of a certain width and height, that shape is what is asked for: the first one's.
fn with_output_shape(origin: AssetOrigin, outputs: &[Output]) -> AssetOrigin {
    match origin {
        AssetOrigin::Generated(open) => AssetOrigin::Generated(Box::new(with_shape_of(*open, outputs))),
        other => other,
    }
}

fn with_shape_of(mut open: OpenRecipe, outputs: &[Output]) -> OpenRecipe {
    let shape = |output: &Output| {
        let (width, height) = output.settings.shown_sides();
        Some((width?, height?, output.place.clone()))
    };
    if open.recipe.size.is_none()
        && open.recipe.aspect_ratio.is_none()
        && let Some((width, height, place)) = outputs.iter().find_map(shape)
    {
        open.recipe.size = Some(Size::Auto);
        open.recipe.aspect_ratio = Some(Ratio::of(width, height));
        open.size_place = Some(place);
    }
    open
}

#[cfg(all(test, feature = "generate"))]
mod tests;
