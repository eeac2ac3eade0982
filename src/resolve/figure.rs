//! What a project's pictures are called where somebody names them: in code, in a sheet.
//!
//! A picture is called like its asset. Where an asset makes several, a cell of a sheet is `asset/cell`, a published take
//! `asset-1`, and what further outputs show is called by their path below the output folder. Files that differ in width or
//! format alone are one picture's.

use crate::manifest::{Manifest, Publish};
use crate::name::AssetName;
use crate::resolve::{Asset, Output, output_dir};

/// The files of one picture: of one asset, of one take of it.
pub(crate) struct Figure<'a> {
    pub(crate) name: String,
    pub(crate) asset: &'a Asset,
    /// The number of the take, from 1.
    pub(crate) take: usize,
    /// In the order in which they are declared; at least one.
    pub(crate) outputs: Vec<&'a Output>,
}

/// Every picture of these assets, of the takes that make files: their numbers are given by `takes`.
pub(crate) fn figures<'a>(
    manifest: &Manifest,
    assets: impl Iterator<Item = &'a Asset>,
    takes: impl Fn(&Asset) -> Vec<usize>,
) -> Vec<Figure<'a>> {
    let dir = output_dir(manifest).unwrap_or_default();
    let mut figures = Vec::new();
    for asset in assets {
        for take in takes(asset) {
            let mut own: Vec<(String, Figure<'a>)> = Vec::new();
            for output in &asset.outputs {
                let stem = stem(output, take);
                if let Some((_, figure)) = own.iter_mut().find(|(known, _)| *known == stem) {
                    figure.outputs.push(output);
                    continue;
                }
                let name = name(&asset.name, asset.publish, output, take, stem.strip_prefix(&dir).unwrap_or(&stem));
                own.push((stem, Figure { name, asset, take, outputs: vec![output] }));
            }
            figures.extend(own.into_iter().map(|(_, figure)| figure));
        }
    }
    figures
}

/// The path without what tells widths and formats apart.
fn stem(output: &Output, take: usize) -> String {
    let path = output.path(take);
    let path = path.as_str();
    let stem = path.strip_suffix(output.settings.format.extension()).and_then(|stem| stem.strip_suffix('.'));
    // An extension that is written otherwise: `.jpeg`.
    let stem = stem.or_else(|| Some(path.rsplit_once('.')?.0)).unwrap_or(path);
    let narrow = output.part.width.and_then(|width| stem.strip_suffix(&format!("-{width}w")));
    narrow.unwrap_or(stem).to_string()
}

fn name(asset: &AssetName, publish: Publish, output: &Output, take: usize, below: &str) -> String {
    if output.part.declared > 0 {
        return below.to_string();
    }
    let cell = output.part.cell.iter().map(|cell| format!("/{cell}"));
    let take = (publish == Publish::All).then(|| format!("-{take}"));
    std::iter::once(asset.to_string()).chain(cell).chain(take).collect()
}
