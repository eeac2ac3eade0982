//! What is known of the disk and of the run so far: values alone, for the plan to think about.

use std::collections::{BTreeMap, BTreeSet};

use crate::cache::{CachedTakes, Journal};
use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{LockedOutput, Take};
use crate::name::{AssetName, ProjectPath, TakeId};
use crate::recipe::{Fingerprint, Recipe};
use crate::transform::Rgb;

/// Everything that a plan needs to know of the disk.
#[derive(Debug, Default)]
pub struct Observed {
    /// By asset.
    pub facts: BTreeMap<AssetName, Facts>,
    /// Outputs of assets that are locked and no longer declared.
    pub undeclared: BTreeMap<AssetName, Vec<(LockedOutput, Seen)>>,
}

/// What is known besides: what this run has made or fetched so far.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// The originals of assets that are made.
    pub originals: BTreeMap<AssetName, Originals>,
    /// Pictures on the web, by address: their content, or why they can't be fetched.
    pub pictures: BTreeMap<String, Result<Digest, String>>,
    /// Whether pictures on the web are to be fetched again, whatever is pinned.
    pub refresh: bool,
    /// Whether what isn't finished is tried out.
    pub drafts: bool,
    /// Assets that are to get one more take, however many they have.
    pub more: BTreeSet<AssetName>,
}

/// What an original's files need to know of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traits {
    /// The colour of its ground, which is to be taken away.
    pub key: Option<Rgb>,
    /// The id of the model that drew it; none of a picture made by hand.
    pub model: Option<String>,
}

impl Traits {
    /// Those of a take.
    pub fn of(take: &Take) -> Self {
        Self { key: take.key, model: Some(take.model_id.clone()) }
    }
}

/// The originals of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originals {
    /// The one that makes the outputs.
    pub chosen: Digest,
    /// What goes along with it into its files.
    pub traits: Traits,
    /// All takes, in their order; none of an asset made by hand.
    pub takes: Vec<Digest>,
    /// Whether they are drafts.
    pub is_draft: bool,
}

/// What is known of one asset.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The recipe, unless it waits for a reference; none for an asset made by hand.
    pub recipe: Option<Recipe>,
    /// For a picture that is only tried out, so that the recipe is its draft's: the one that it stands in for.
    pub drafted: Option<Recipe>,
    /// Whether it is only tried out.
    pub is_draft: bool,
    /// An asset that it refers to and that is only tried out.
    pub follows_draft: Option<AssetName>,
    /// The references that the recipe waits for.
    pub open: Vec<Unknown>,
    /// The recipe's fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// The fingerprint of the entry's recipe.
    pub locked_fingerprint: Option<Fingerprint>,
    /// The chosen original, as far as it is known before anything is made.
    pub original: Option<Digest>,
    /// What goes along with that original into its files.
    pub traits: Traits,
    /// The takes in their order, where they are known before anything is made.
    pub takes: Vec<Digest>,
    /// What lies at each declared and each locked output's path.
    pub files: BTreeMap<ProjectPath, Seen>,
    /// The cache's takes of this recipe.
    pub cached: CachedTakes,
    /// Takes that another name has locked for this recipe: the asset was renamed, or has a twin.
    pub kin: Vec<Take>,
    /// Originals that can be had, from the cache or from an output that is an untouched copy.
    pub at_hand: BTreeSet<Digest>,
    /// What is open of the requests for this recipe.
    pub journal: Journal,
}

impl Facts {
    /// What an asset that refers to this one needs to know.
    pub fn originals(&self) -> Option<Originals> {
        let (traits, takes) = (self.traits.clone(), self.takes.clone());
        Some(Originals { chosen: self.original?, traits, takes, is_draft: self.is_draft })
    }
}

/// A reference whose content isn't known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The asset's original isn't known before it is made.
    Original(AssetName),
    /// The asset has no such take.
    NoTake {
        /// The asset.
        asset: AssetName,
        /// The take that it is to have.
        take: TakeId,
        /// How many it has.
        of: usize,
    },
    /// The picture on the web isn't fetched yet or, with the reason, can't be.
    Url(String, Option<String>),
}

/// A file at an output's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What lies there.
    pub state: FileState,
    /// Whether its content is locked as some asset's output.
    pub locked: bool,
    /// From which takes, with which settings, tintype is known to have made it.
    pub made: Vec<(Digest, Digest)>,
}
