//! images.lock: which recipe, takes and outputs each asset has, as a value.
//!
//! [`read`](Lockfile::read) and [`render`](Lockfile::render) are its two ways; the text is canonical, so that it merges
//! and reviews well. [`merge()`] makes one of two, and [`sides`] tells the two apart that a text with conflict marks holds.
//! Knows no disk: [`crate::files`] carries the text.

mod canonical;
mod marks;
mod merge;
#[cfg(feature = "generate")]
mod part;
mod read;
mod write;

#[cfg(feature = "generate")]
#[cfg(feature = "generate")]
pub(crate) use crate::lock::canonical::ATLAS;
pub use crate::lock::marks::{Sides, sides};
pub use crate::lock::merge::{Conflict, Merged, Quarrel, Side, common, merge};
#[cfg(feature = "generate")]
pub(crate) use crate::lock::part::{occurrences, part, with_part};
pub(crate) use crate::lock::read::read_take;
#[cfg(feature = "generate")]
pub(crate) use crate::lock::write::render_single_take;

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::manifest::Publish;
use crate::name::{AssetName, ProjectPath};
use crate::picture::MAX_SIDE;
use crate::recipe::{Fingerprint, Origin, Recipe};
use crate::resolve::Asset;
use crate::transform::Rgb;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: i64 = 1;

/// All that is locked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lockfile {
    /// By name.
    pub entries: BTreeMap<AssetName, Entry>,
    /// The atlases, by name.
    pub atlases: BTreeMap<AssetName, LockedAtlas>,
}

/// What is locked of one atlas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedAtlas {
    /// The digest of what was packed, and how.
    pub recipe: Digest,
    /// Its frames, by name.
    pub frames: Vec<Frame>,
    /// Its sheets, in order.
    pub pages: Vec<LockedPage>,
}

impl LockedAtlas {
    /// Whether each frame lies in a sheet, and is a part of its whole picture: who draws by it never draws beside.
    pub(crate) fn is_sound(&self) -> bool {
        let within =
            |start: u32, length: u32, of: u32| length > 0 && start.checked_add(length).is_some_and(|end| end <= of);
        let is_whole = |frame: &Frame| {
            let Some(page) = self.pages.get(frame.page as usize) else { return false };
            within(frame.x, frame.width, page.width)
                && within(frame.y, frame.height, page.height)
                && within(frame.left, frame.width, frame.full_width)
                && within(frame.top, frame.height, frame.full_height)
                && frame.full_width.max(frame.full_height) <= MAX_SIDE
        };
        self.pages.iter().all(|page| page.width.max(page.height) <= MAX_SIDE) && self.frames.iter().all(is_whole)
    }
}

/// Where a picture lies in an atlas. All numbers are pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The picture's name.
    pub name: String,
    /// The number of its sheet, from 0.
    pub page: u32,
    /// Its place in the sheet.
    pub x: u32,
    /// Its place in the sheet.
    pub y: u32,
    /// What of it is in the sheet.
    pub width: u32,
    /// What of it is in the sheet.
    pub height: u32,
    /// What was cut off at its left.
    pub left: u32,
    /// What was cut off above it.
    pub top: u32,
    /// The whole picture.
    pub full_width: u32,
    /// The whole picture.
    pub full_height: u32,
}

impl Frame {
    /// What is locked behind its name: the sheet, the place there, the size there, what was cut off, the size of the whole.
    pub(crate) const fn numbers(&self) -> [u32; 9] {
        [self.page, self.x, self.y, self.width, self.height, self.left, self.top, self.full_width, self.full_height]
    }

    pub(crate) const fn of(name: String, numbers: [u32; 9]) -> Self {
        let [page, x, y, width, height, left, top, full_width, full_height] = numbers;
        Self { name, page, x, y, width, height, left, top, full_width, full_height }
    }

    /// Whether borders were cut off.
    pub const fn is_trimmed(&self) -> bool {
        self.width != self.full_width || self.height != self.full_height
    }
}

/// A sheet of an atlas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPage {
    /// Where it is.
    pub path: ProjectPath,
    /// The digest of its bytes.
    pub hash: Digest,
    /// Its length.
    pub bytes: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// What is locked of one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where its original comes from.
    pub origin: EntryOrigin,
    /// Its files, by path.
    pub outputs: Vec<LockedOutput>,
}

/// Where a locked asset's original comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryOrigin {
    /// A model drew it.
    Generated(Box<Generated>),
    /// It was made by hand, or is another asset's.
    Source {
        /// The file, or the other asset.
        origin: Origin,
        /// The digest of its bytes.
        hash: Digest,
    },
}

/// The takes of a recipe that an asset has.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The recipe, whole, so that a plan can say what changed.
    pub recipe: Recipe,
    /// The take that makes the outputs.
    pub chosen: Digest,
    /// Numbered from 1 in this order: by date, then by hash.
    pub takes: Vec<Take>,
}

impl Generated {
    /// The take of this hash, and its number.
    pub fn take(&self, hash: Digest) -> Option<(usize, &Take)> {
        self.takes.iter().enumerate().find(|(_, take)| take.hash == hash).map(|(index, take)| (index + 1, take))
    }

    /// The takes that are drafts, or those that aren't.
    pub fn takes_of(&self, is_draft: bool) -> impl Iterator<Item = &Take> {
        self.takes.iter().filter(move |take| take.is_draft() == is_draft)
    }

    /// Which of these makes the outputs: the chosen one or, where that is of the other kind, the first.
    pub fn chosen_of(&self, is_draft: bool) -> Option<Digest> {
        let mut takes = self.takes_of(is_draft).peekable();
        let first = takes.peek()?.hash;
        Some(takes.find(|take| take.hash == self.chosen).map_or(first, |take| take.hash))
    }

    /// Whether it is only tried out so far: there is no take but drafts.
    pub fn is_draft(&self) -> bool {
        self.takes.iter().all(Take::is_draft)
    }

    /// The fingerprint that its drafts were made for; none without drafts.
    pub fn drafted(&self) -> Option<Fingerprint> {
        let chosen = self.chosen_of(true)?;
        let draft = self.takes.iter().find(|take| take.hash == chosen)?;
        draft.fingerprint.or_else(|| Some(self.fingerprint()))
    }

    /// The recipe's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.recipe.fingerprint()
    }
}

/// One image that a model returned, and what is known of how it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// The digest of its original's bytes.
    pub hash: Digest,
    /// Who made it.
    pub provider: String,
    /// The model's id there.
    pub model_id: String,
    /// The size that was asked of the vendor.
    pub asked: Option<String>,
    /// What was said beside the prompt: what the references show, which ground the picture is to have.
    pub wording: Option<String>,
    /// The colour that its ground was asked for in, to be taken away from every file that is made of it.
    pub key: Option<Rgb>,
    /// What it cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// When, as `2026-11-20T21:04:05Z`; the placeholder's takes have no date.
    pub generated: Option<String>,
    /// What it is, if it isn't an ordinary take.
    pub kind: Option<TakeKind>,
    /// The recipe that it was made for, if it isn't the entry's.
    pub fingerprint: Option<Fingerprint>,
}

impl Take {
    /// Whether it was made cheaply, to be replaced.
    pub fn is_draft(&self) -> bool {
        self.kind == Some(TakeKind::Draft)
    }
}

/// A take that didn't simply come from its entry's recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeKind {
    /// Made cheaply, to be replaced.
    Draft,
    /// A file that was taken in.
    Adopted,
    /// Kept for a recipe that changed.
    Accepted,
}

impl TakeKind {
    const ALL: [Self; 3] = [Self::Draft, Self::Adopted, Self::Accepted];

    /// The kind of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name in the lockfile.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Adopted => "adopted",
            Self::Accepted => "accepted",
        }
    }
}

/// A file that was made of a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedOutput {
    /// Where it is.
    pub path: ProjectPath,
    /// The digest of its bytes.
    pub hash: Digest,
    /// The digest of the settings that made it.
    pub settings: Digest,
    /// Its length.
    pub bytes: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The take that it was made of, where each take makes a file.
    pub take: Option<Digest>,
    /// The colour that most of it has, for the place where it will be; none of a further width.
    pub color: Option<Rgb>,
    /// A blurred picture of it for that place: its ThumbHash, in base64.
    pub thumbhash: Option<String>,
}

impl Lockfile {
    /// The entry of an asset.
    pub fn get(&self, name: &AssetName) -> Option<&Entry> {
        self.entries.get(name)
    }
}

impl Origin {
    /// What an entry's `source` names: a path, or `asset:NAME`.
    fn of_source(text: &str) -> Option<Self> {
        match text.strip_prefix("asset:") {
            Some(name) => AssetName::new(name).ok().map(|name| Self::Asset(name.to_string())),
            None => ProjectPath::new(text).ok().map(|path| Self::Path(path.to_string())),
        }
    }
}

impl Entry {
    /// The takes, none for an asset made by hand.
    pub fn takes(&self) -> &[Take] {
        match &self.origin {
            EntryOrigin::Generated(generated) => &generated.takes,
            EntryOrigin::Source { .. } => &[],
        }
    }

    /// The original that makes its outputs, where no take is named.
    pub fn original(&self) -> Digest {
        match &self.origin {
            EntryOrigin::Generated(generated) => generated.chosen,
            EntryOrigin::Source { hash, .. } => *hash,
        }
    }

    /// The generated part, if there is one.
    pub fn generated(&self) -> Option<&Generated> {
        match &self.origin {
            EntryOrigin::Generated(generated) => Some(generated),
            EntryOrigin::Source { .. } => None,
        }
    }
}

/// The numbers of the takes that make files, from 1.
pub(crate) fn published(asset: &Asset, entry: Option<&Entry>) -> Vec<usize> {
    let takes = entry.map_or(&[][..], Entry::takes);
    match asset.publish {
        Publish::All => (1..=takes.len().max(asset.takes() as usize)).collect(),
        Publish::Chosen => {
            let chosen = entry.and_then(Entry::generated).and_then(|generated| generated.take(generated.chosen));
            vec![chosen.map_or(1, |(number, _)| number)]
        }
    }
}

/// Brings takes into their order, each once.
pub fn order_takes(takes: &mut Vec<Take>) {
    takes.sort_by(|one, other| (&one.generated, one.hash).cmp(&(&other.generated, other.hash)));
    takes.dedup_by_key(|take| take.hash);
}

#[cfg(test)]
mod tests;
