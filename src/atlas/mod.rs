//! Sheets that pictures are packed into: what is in one, and whether what is locked of it still holds.
//!
//! A sheet is made of the files of other assets, as they are locked, and so follows them. Knows no disk, no cache and no
//! plan: who reads and writes the files is [`crate::project`].

mod declare;
#[cfg(feature = "generate")]
mod pack;
#[cfg(feature = "generate")]
mod sheet;

use std::collections::BTreeMap;

use crate::digest::{Digest, Encoder};
use crate::lock::{Frame, LockedAtlas, Lockfile, published};
use crate::manifest::{Manifest, Place};
use crate::name::{AssetName, ProjectPath};
use crate::picture::Format;
use crate::resolve::{Asset, Assets, Figure, Output, figures};

pub(crate) use crate::atlas::declare::declare;
#[cfg(feature = "generate")]
pub(crate) use crate::atlas::sheet::{NoSheet, Sheets, Sprite, laid_out, sheets};

/// Names the kind of digest; another version of it packs every atlas anew.
const RECIPE: &str = "tintype 2026-11 atlas v1";

/// An atlas that the manifest declares.
#[derive(Debug, Clone)]
pub struct Atlas {
    /// Its name.
    pub name: AssetName,
    /// Where it is declared.
    pub place: Place,
    /// The file of its first sheet.
    pub path: ProjectPath,
    /// The format of its sheets: one without loss.
    pub format: Format,
    /// How it is packed.
    pub packing: Packing,
    /// How many of its pixels make one of the game's: 2 where its files are called `…@2x`.
    pub scale: u32,
    /// The assets that are in it, in alphabetical order.
    pub members: Vec<AssetName>,
}

/// How sprites are laid out in a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// No side of a sheet is longer, in pixels.
    pub max_size: u32,
    /// Pixels between two sprites.
    pub padding: u32,
    /// Pixels by which each sprite's edge is drawn out, so that scaled ones don't show their neighbours.
    pub extrude: u32,
    /// Whether transparent borders are cut off.
    pub trim: bool,
    /// Whether the sides of a sheet are powers of two.
    pub power_of_two: bool,
}

impl Packing {
    /// The longest side that a sheet may really have.
    pub(crate) const fn longest(&self) -> u32 {
        if self.power_of_two { 1 << self.max_size.ilog2() } else { self.max_size }
    }
}

/// An atlas that isn't as it is declared and locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAtlas {
    /// Its name.
    pub name: AssetName,
    /// Its sheets as far as they are known: those that are locked, or the first one.
    pub paths: Vec<ProjectPath>,
    /// What is wrong with it.
    pub state: AtlasState,
}

/// What is wrong with an atlas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtlasState {
    /// It was never packed.
    New,
    /// What is in it, or how it is packed, is no longer what is locked.
    Changed,
    /// Pictures in it are about to be made, or to change.
    Follows,
    /// A sheet isn't there.
    Missing,
    /// A sheet can't be written, for this reason.
    Blocked(String),
    /// Nobody declares it any longer.
    Undeclared,
}

impl AtlasState {
    /// Whether the lockfile will say something else of it.
    pub const fn changes_lock(&self) -> bool {
        matches!(self, Self::New | Self::Changed | Self::Undeclared)
    }
}

/// A picture that is to be in an atlas, as it is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The frame's name.
    pub(crate) name: String,
    pub(crate) path: ProjectPath,
    /// The digest of the file's bytes.
    pub(crate) hash: Digest,
    /// What the file was made of: the take, and the settings.
    pub(crate) made_of: (Digest, Digest),
}

impl Atlas {
    /// What is to be in it while this is locked, by name; none while a picture isn't locked yet.
    pub(crate) fn contents(&self, manifest: &Manifest, assets: &Assets, lock: &Lockfile) -> Option<Vec<Member>> {
        let mut contents = Vec::new();
        for (figure, output) in self.figures(manifest, assets, |asset| published(asset, lock.get(&asset.name))) {
            let path = output.path(figure.take);
            let entry = lock.get(&figure.asset.name)?;
            let locked = entry.outputs.iter().find(|locked| locked.path == path)?;
            let made_of = (locked.take.unwrap_or_else(|| entry.original()), locked.settings);
            contents.push(Member { name: figure.name, path, hash: locked.hash, made_of });
        }
        contents.sort_by(|one, other| one.name.cmp(&other.name));
        Some(contents)
    }

    /// Its pictures, each with the file that is packed: the first one of the asset's first output.
    pub(crate) fn figures<'a>(
        &self,
        manifest: &Manifest,
        assets: &'a Assets,
        takes: impl Fn(&Asset) -> Vec<usize>,
    ) -> Vec<(Figure<'a>, &'a Output)> {
        let members = self.members.iter().filter_map(|name| assets.by_name.get(name));
        let main = |figure: Figure<'a>| {
            let output = *figure.outputs.first().filter(|output| output.part.declared == 0)?;
            Some((figure, output))
        };
        figures(manifest, members, takes).into_iter().filter_map(main).collect()
    }

    /// The digest of what is packed, and how.
    pub(crate) fn recipe(&self, contents: &[Member]) -> Digest {
        let Packing { max_size, padding, extrude, trim, power_of_two } = self.packing;
        let mut encoder = Encoder::new();
        encoder.field(1, self.path.as_str().as_bytes());
        for (tag, number) in
            (2..).zip([max_size, padding, extrude, u32::from(trim), u32::from(power_of_two), self.scale])
        {
            encoder.field(tag, &number.to_le_bytes());
        }
        for member in contents {
            encoder.field(20, member.name.as_bytes()).field(21, member.hash.as_bytes());
        }
        encoder.digest(RECIPE)
    }

    /// The file of the sheet of this number, from 0.
    #[cfg(feature = "generate")]
    pub(crate) fn page(&self, number: usize) -> ProjectPath {
        if number == 0 {
            return self.path.clone();
        }
        let (stem, extension) = stem(&self.path);
        ProjectPath::new(&format!("{stem}-{number}.{extension}")).expect("a number keeps a path sound")
    }
}

/// The file that says what is where in a sheet.
pub(crate) fn data_path(sheet: &ProjectPath) -> ProjectPath {
    ProjectPath::new(&format!("{}.json", stem(sheet).0)).expect("another extension keeps a path sound")
}

/// The path without its extension, and that. A sheet's path always has one.
fn stem(path: &ProjectPath) -> (&str, &str) {
    path.as_str().rsplit_once('.').unwrap_or((path.as_str(), ""))
}

/// The frames of each animation, by its name: those whose names differ in the number at their end alone, in its order.
pub(crate) fn animations<'a>(frames: impl Iterator<Item = &'a Frame>) -> BTreeMap<&'a str, Vec<&'a Frame>> {
    let mut numbered: BTreeMap<&str, Vec<(u64, &Frame)>> = BTreeMap::new();
    for frame in frames {
        let stem = frame.name.trim_end_matches(|character: char| character.is_ascii_digit());
        let Ok(number) = frame.name[stem.len()..].parse() else { continue };
        let Some(name) = stem.strip_suffix(['_', '-', '/']).filter(|name| !name.is_empty()) else { continue };
        numbered.entry(name).or_default().push((number, frame));
    }
    let several = numbered.into_iter().filter(|(_, frames)| frames.len() > 1);
    several
        .map(|(name, mut frames)| {
            frames.sort_by_key(|(number, _)| *number);
            (name, frames.into_iter().map(|(_, frame)| frame).collect())
        })
        .collect()
}

impl LockedAtlas {
    /// The frames of one sheet, by name.
    pub(crate) fn frames_of(&self, page: usize) -> impl Iterator<Item = &Frame> + Clone {
        self.frames.iter().filter(move |frame| frame.page as usize == page)
    }
}

#[cfg(test)]
mod tests {
    use crate::atlas::animations;
    use crate::lock::Frame;

    #[test]
    fn names_that_end_in_numbers_are_animations() {
        let names =
            ["hero/walk_10", "hero/walk_2", "hero/walk_1", "tile-1", "level2", "level3", "_1", "_2", "run/0", "run/1"];
        let frames: Vec<Frame> = names.iter().map(|name| Frame::of((*name).to_string(), [0; 9])).collect();
        let found: Vec<(&str, Vec<&str>)> = animations(frames.iter())
            .into_iter()
            .map(|(name, frames)| (name, frames.into_iter().map(|frame| frame.name.as_str()).collect()))
            .collect();
        assert_eq!(
            found,
            [("hero/walk", vec!["hero/walk_1", "hero/walk_2", "hero/walk_10"]), ("run", vec!["run/0", "run/1"])]
        );
    }
}
