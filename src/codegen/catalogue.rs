//! What code can name: each picture with its files, under a name of its own.

use std::collections::BTreeMap;

use crate::atlas::Atlas;
use crate::codegen::identifier::{ATLASES, atlas_module, identifiers};
use crate::diagnostic::Diagnostic;
use crate::lock::{Entry, Frame, LockedAtlas, LockedPage, Lockfile, published};
use crate::manifest::Manifest;
use crate::name::ProjectPath;
use crate::picture::Format;
use crate::resolve::{Asset, Assets, Figure, Output, figures};
use crate::transform::Rgb;

/// Every picture that is made, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalogue {
    pub(crate) pictures: Vec<Picture>,
    /// By name.
    pub(crate) atlases: Vec<Packed>,
}

/// An atlas as it is packed.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    pub(crate) name: String,
    /// Its sheets, in order.
    pub(crate) pages: Vec<File>,
    /// By name.
    pub(crate) frames: Vec<Frame>,
}

/// One picture.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) name: String,
    pub(crate) alt: Option<String>,
    /// In the order in which they are declared; at least one.
    pub(crate) files: Vec<File>,
}

/// One of its files.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) path: ProjectPath,
    pub(crate) format: Format,
    /// In pixels.
    pub(crate) width: u32,
    /// In pixels.
    pub(crate) height: u32,
    /// Its length.
    pub(crate) bytes: u64,
    pub(crate) home: Home,
    /// What stands in its place until it is there.
    pub(crate) preview: Preview,
}

/// What stands in a picture's place until it is there, as far as it is locked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preview {
    pub(crate) color: Option<Rgb>,
    /// In base64.
    pub(crate) thumbhash: Option<String>,
}

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Home {
    /// At its path.
    Project,
    /// A stand-in of this name, beside the code.
    BesideCode(String),
}

impl Catalogue {
    /// The pictures that are locked. What is declared and not locked isn't among them, unless `else_file` has something for it.
    pub(crate) fn new(
        manifest: &Manifest,
        assets: &Assets,
        atlases: &[Atlas],
        lock: &Lockfile,
        else_file: impl Fn(&Asset, &Output, &ProjectPath) -> Option<File>,
    ) -> Self {
        let takes = |asset: &Asset| published(asset, lock.get(&asset.name));
        let mut pictures: Vec<Picture> = figures(manifest, assets.by_name.values(), takes)
            .into_iter()
            .filter_map(|figure| {
                let entry = lock.get(&figure.asset.name);
                let file = |output: &&Output| {
                    let path = output.path(figure.take);
                    else_file(figure.asset, output, &path).or_else(|| locked(entry?, output, &path))
                };
                let files: Vec<File> = figure.outputs.iter().filter_map(file).collect();
                let is_any = !files.is_empty();
                is_any.then(|| Picture { name: figure.name, alt: figure.asset.alt.clone(), files })
            })
            .collect();
        pictures.sort_by(|one, other| one.name.cmp(&other.name));
        let packed = |atlas: &Atlas| Some(packed(atlas, lock.atlases.get(&atlas.name)?));
        Self { pictures, atlases: atlases.iter().filter_map(packed).collect() }
    }
}

impl Catalogue {
    /// Gives each picture that is declared to be in an atlas and isn't packed yet a sheet of its own: its file.
    pub(crate) fn fill(&mut self, manifest: &Manifest, assets: &Assets, atlases: &[Atlas], lock: &Lockfile) {
        for atlas in atlases {
            let figures = atlas.figures(manifest, assets, |asset| published(asset, lock.get(&asset.name)));
            let known = self.atlases.iter().position(|packed| packed.name == atlas.name.as_str());
            let index = known.unwrap_or_else(|| {
                self.atlases.push(Packed { name: atlas.name.to_string(), pages: Vec::new(), frames: Vec::new() });
                self.atlases.len() - 1
            });
            let packed = &mut self.atlases[index];
            for (figure, _) in figures {
                let Err(at) = packed.frames.binary_search_by(|frame| frame.name.cmp(&figure.name)) else { continue };
                let Some(picture) = self.pictures.iter().find(|picture| picture.name == figure.name) else { continue };
                let file = picture.files[0].clone();
                let page = u32::try_from(packed.pages.len()).expect("a file has no more lines");
                let (width, height) = (file.width, file.height);
                let frame = Frame::of(figure.name, [page, 0, 0, width, height, 0, 0, width, height]);
                packed.frames.insert(at, frame);
                packed.pages.push(file);
            }
        }
        self.atlases.retain(|packed| !packed.pages.is_empty());
        self.atlases.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

fn packed(atlas: &Atlas, locked: &LockedAtlas) -> Packed {
    let page = |page: &LockedPage| {
        let LockedPage { path, width, height, bytes, .. } = page;
        let (path, width, height, bytes) = (path.clone(), *width, *height, *bytes);
        File { path, format: atlas.format, width, height, bytes, home: Home::Project, preview: Preview::default() }
    };
    let pages = locked.pages.iter().map(page).collect();
    Packed { name: atlas.name.to_string(), pages, frames: locked.frames.clone() }
}

/// The files of all that is published: of the takes that are locked or, where none are, of those that will be made.
pub(crate) fn published_files(manifest: &Manifest, assets: &Assets, lock: &Lockfile) -> Vec<ProjectPath> {
    let figures = figures(manifest, assets.by_name.values(), |asset| published(asset, lock.get(&asset.name)));
    figures.iter().flat_map(|figure| figure.outputs.iter().map(|output| output.path(figure.take))).collect()
}

/// Atlases whose names can't be told apart in Rust, or from what else is there.
pub(crate) fn atlas_clashes(assets: &Assets, atlases: &[Atlas]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if atlases.is_empty() {
        return found;
    }
    let inside = |asset: &&Asset| identifiers(asset.name.as_str()).first().is_some_and(|first| first == ATLASES);
    if let Some(asset) = assets.by_name.values().find(inside) {
        let message = format!("`{}` would be among the atlases in Rust, which are in a module `{ATLASES}`", asset.name);
        found.push(asset.place.error("name-clash", message, "this name").help("rename it"));
    }
    let mut modules: BTreeMap<String, &Atlas> = BTreeMap::new();
    for atlas in atlases {
        let module = atlas_module(atlas.name.as_str()).join("::");
        if let Some(other) = modules.insert(module.clone(), atlas) {
            let message = format!("the atlases `{}` and `{}` would both be `{module}` in Rust", other.name, atlas.name);
            let error = atlas.place.error("name-clash", message, "this one");
            found.push(
                error.label(&other.place.source, other.place.span.clone(), "and this one").help("rename one of them"),
            );
        }
    }
    found
}

/// Names that two pictures share, and names that can't be told apart in Rust where that is written.
pub(crate) fn clashes(manifest: &Manifest, assets: &Assets, rust: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut names: BTreeMap<String, Figure<'_>> = BTreeMap::new();
    for figure in figures(manifest, assets.by_name.values(), |asset| published(asset, None)) {
        let key = if rust { identifiers(&figure.name).join("::") } else { figure.name.clone() };
        let Some(other) = names.get(&key) else {
            names.insert(key, figure);
            continue;
        };
        let (first, second) = (whose(other), whose(&figure));
        let message = if other.name == figure.name {
            format!("{first} and {second} would both be `{}` in code", figure.name)
        } else {
            format!("{first} and {second} would both be `{key}` in Rust")
        };
        let place = |figure: &Figure<'_>| match figure.outputs.first() {
            Some(output) if figure.name != figure.asset.name.as_str() => output.place.clone(),
            _ => figure.asset.place.clone(),
        };
        let help = if figure.name == figure.asset.name.as_str() {
            "rename one of them"
        } else {
            "give its output another path"
        };
        let before = place(other);
        let error =
            place(&figure).error("name-clash", message, "this one").label(&before.source, before.span, "and this one");
        found.push(error.help(help));
    }
    found
}

fn whose(figure: &Figure<'_>) -> String {
    if figure.name == figure.asset.name.as_str() {
        return format!("`{}`", figure.asset.name);
    }
    let path = figure.outputs.first().map(|output| output.path(figure.take).to_string()).unwrap_or_default();
    format!("`{path}` of `{}`", figure.asset.name)
}

fn locked(entry: &Entry, output: &Output, path: &ProjectPath) -> Option<File> {
    let locked = entry.outputs.iter().find(|locked| locked.path == *path)?;
    let (width, height, bytes) = (locked.width, locked.height, locked.bytes);
    let preview = Preview { color: locked.color, thumbhash: locked.thumbhash.clone() };
    let (path, format) = (path.clone(), output.settings.format);
    Some(File { path, format, width, height, bytes, home: Home::Project, preview })
}
