//! What to do about each asset, why, and for how much: thought, no looking.
//!
//! Pure: the same assets, lockfile and observations give the same plan on every machine.

mod asset;
mod files;
mod notes;
mod prune;
mod reason;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::atlas::PlannedAtlas;
use crate::codegen::CodeFile;
use crate::digest::Digest;
use crate::lock::{Lockfile, Take};
use crate::model::{Api, Registry};
use crate::name::{AssetName, ProjectPath};
use crate::observe::Observed;
use crate::plan::asset::Context;
use crate::plan::notes::unavailable;
use crate::plan::prune::prune;
use crate::recipe::{Fingerprint, Recipe};
use crate::resolve::{Asset, AssetOrigin, Assets};
use crate::route::{Candidate, Routes};

pub use crate::plan::files::{FileJob, FileVerdict, Why, file_jobs};
#[cfg(feature = "generate")]
pub(crate) use crate::plan::notes::{blocked, maybe_billed, newer, refused};
#[cfg(feature = "generate")]
pub(crate) use crate::plan::prune::{Removal, removal};
pub use crate::plan::reason::{Reason, ReasonCode};

/// What happens to an asset. In this order one takes precedence over the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// A file of somebody else's is in the way.
    Blocked,
    /// Its original is needed and in no cache.
    Unavailable,
    /// Images are made.
    Generate,
    /// Files are made from an original that is at hand, or a recipe comes back that has takes.
    Restore,
    /// Files are made anew because their settings changed.
    Transform,
    /// Nothing.
    Keep,
    /// Files that nobody declares any longer go.
    Prune,
}

impl Action {
    /// All actions, in the order in which totals list them.
    pub const ALL: [Self; 7] =
        [Self::Keep, Self::Restore, Self::Transform, Self::Generate, Self::Prune, Self::Blocked, Self::Unavailable];

    /// The name in JSON and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Unavailable => "unavailable",
            Self::Generate => "generate",
            Self::Restore => "restore",
            Self::Transform => "transform",
            Self::Keep => "keep",
            Self::Prune => "prune",
        }
    }
}

/// Something worth saying about one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A stable name for the kind, in kebab case.
    pub code: &'static str,
    /// What it is, in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Note {
    /// A note with its way out.
    pub fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let help = help.into();
        Self { code, message: message.into(), help: (!help.is_empty()).then_some(help) }
    }
}

/// What a sync would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Each asset, by name; those that are no longer declared among them.
    pub assets: Vec<Arc<PlannedAsset>>,
    /// Atlases that aren't as they are declared and locked.
    pub atlases: Vec<PlannedAtlas>,
    /// Files of generated code that don't say what is locked.
    pub code: Vec<CodeFile>,
}

/// What a sync would do about one asset.
#[derive(Debug, Clone)]
pub struct PlannedAsset {
    /// Its name.
    pub name: AssetName,
    /// What happens.
    pub action: Action,
    /// Why, most important first.
    pub reasons: Vec<Reason>,
    /// The model, for an asset that one draws.
    pub model: Option<String>,
    /// The provider that would be asked first, for its picture or for another take.
    pub provider: Option<String>,
    /// In which wire format.
    pub api: Option<Api>,
    /// The ways to its picture, in order of preference, as far as their keys are set; none where nothing is to be done.
    pub candidates: Vec<Candidate>,
    /// Variables of which one must be set before its picture can be asked for; empty if one is.
    pub missing_keys: Vec<String>,
    /// The sizes that its files get, in pixels, where the size that is asked for first is another one.
    pub made_into: Vec<(u32, u32)>,
    /// Images to ask for.
    pub images: u32,
    /// Their price in US dollars; `None` where it isn't known.
    pub cost_usd: Option<f64>,
    /// The files that it has or will have.
    pub outputs: Vec<ProjectPath>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its text for people who don't see the picture.
    pub alt: Option<String>,
    /// Worth knowing.
    pub warnings: Vec<Note>,
    /// Why it will fail without anything being sent.
    pub error: Option<Note>,
    /// Whether it isn't tried at all, as nobody may pay for it now; the error says why.
    pub set_aside: bool,
    /// What to carry out.
    pub work: Work,
}

/// What carrying out a planned asset takes.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Work {
    /// The recipe to make, or to keep; `None` while it waits for another asset, and for an asset made by hand.
    pub recipe: Option<Recipe>,
    /// Whether a reference, or another asset's original, isn't known yet.
    pub waits: bool,
    /// Takes that the asset has or gets without buying, in order.
    pub takes: Vec<Take>,
    /// The take that makes the outputs, if it is known.
    pub chosen: Option<Digest>,
    /// How many takes it is to have.
    pub wanted: u32,
    /// Whether a take that is new is the one to choose.
    pub prefers_new: bool,
    /// For a draft: the recipe that it stands in for, which is what is locked.
    pub drafted: Option<Recipe>,
    /// Whether takes are to be asked for, or taken up from an answer.
    pub incomplete: bool,
    /// Files of its own that it no longer declares.
    pub remove: Vec<ProjectPath>,
    /// Whether the lockfile will say something else of it.
    pub changes_lock: bool,
}

impl PlannedAsset {
    /// Whether making it isn't known to cost nothing.
    pub fn spends(&self) -> bool {
        self.images > 0 && self.cost_usd != Some(0.0)
    }

    /// Whether the originals of those that it refers to have to be at hand: to be sent, or for its files.
    pub(crate) fn needs_originals(&self, asset: &Asset) -> bool {
        let shares = matches!(asset.origin, AssetOrigin::Shared(_)) && self.action != Action::Keep;
        self.work.incomplete || self.work.waits || shares
    }

    /// Who would be asked first.
    pub fn first(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

impl Plan {
    /// Each asset, by name.
    pub fn iter(&self) -> impl Iterator<Item = &PlannedAsset> {
        self.assets.iter().map(Arc::as_ref)
    }

    /// Whether there is nothing to do at all.
    pub fn is_settled(&self) -> bool {
        self.code.is_empty() && self.atlases.is_empty() && self.iter().all(|asset| asset.action == Action::Keep)
    }

    /// Whether the lockfile will change.
    pub fn changes_lock(&self) -> bool {
        self.iter().any(|asset| asset.work.changes_lock) || self.atlases.iter().any(|atlas| atlas.state.changes_lock())
    }

    /// Images that aren't known to cost nothing.
    pub fn paid_images(&self) -> u32 {
        self.iter().filter(|asset| asset.spends()).map(|asset| asset.images).sum()
    }

    /// The price of all images in US dollars, `None` where one isn't known.
    pub fn cost_usd(&self) -> Option<f64> {
        let costs = self.iter().map(|asset| if asset.images == 0 { Some(0.0) } else { asset.cost_usd });
        costs.sum::<Option<f64>>().map(rounded)
    }
}

/// Dollars to a millionth: sums of prices shouldn't end in ...0001.
pub fn rounded(dollars: f64) -> f64 {
    // The sum of no prices at all is -0.0, which nobody wants to read.
    (dollars * 1e6).round() / 1e6 + 0.0
}

/// What the user allows and has.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct Policy {
    /// Providers whose key is set, or that need none.
    pub usable: BTreeSet<String>,
    /// Nothing may go over the network.
    pub offline: bool,
    /// Files that aren't tintype's may be replaced.
    pub overwrite: bool,
    /// Requests that may have been billed may be sent again.
    pub resend_unknown: bool,
    /// Requests that were refused may be sent again.
    pub retry_refused: bool,
    /// What is no longer declared stays.
    pub no_prune: bool,
    /// One more take of each asset, and that chosen.
    pub more: bool,
    /// Only these assets, of a project that has more.
    pub selected: Option<BTreeSet<AssetName>>,
}

impl Policy {
    fn selects(&self, name: &AssetName) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.contains(name))
    }
}

/// The plan for all that is declared and locked.
pub fn plan(
    assets: &Assets,
    lock: &Lockfile,
    observed: &Observed,
    routes: &Routes,
    registry: &Registry,
    policy: &Policy,
) -> Plan {
    let mut planned = Vec::new();
    let mut bought: HashMap<Fingerprint, (AssetName, u32)> = HashMap::new();
    for (name, asset) in assets.by_name.iter().filter(|(name, _)| policy.selects(name)) {
        let facts = &observed.facts[name];
        let asset = if facts.is_draft { Cow::Owned(asset.as_draft()) } else { Cow::Borrowed(asset) };
        let context = Context { assets, asset: &asset, entry: lock.get(name), facts, registry, policy };
        let mut one = context.plan(routes.get(name, facts.is_draft));
        share(&mut one, context.facts.fingerprint, context.is_reproducible(), &mut bought);
        planned.push(one);
    }
    want_needed_originals(&mut planned, assets, observed, registry);
    if policy.selected.is_none() && !policy.no_prune {
        let declared: BTreeSet<&ProjectPath> = planned.iter().flat_map(|one| &one.outputs).collect();
        let pruned: Vec<_> =
            observed.undeclared.iter().map(|(name, outputs)| prune(name, outputs, &declared)).collect();
        planned.extend(pruned);
        planned.sort_by(|one, other| one.name.cmp(&other.name));
    }
    spare_declared(&mut planned, assets);
    Plan { assets: planned.into_iter().map(Arc::new).collect(), ..Plan::default() }
}

/// A file that one asset gives up and another one declares stays: it is the other's to replace. One that has become a
/// source or a reference is the user's now.
fn spare_declared(planned: &mut [PlannedAsset], assets: &Assets) {
    if planned.iter().all(|one| one.work.remove.is_empty()) {
        return;
    }
    let paths = |asset: &'_ Asset| (1..=asset.takes() as usize).flat_map(|take| asset.paths(take)).collect::<Vec<_>>();
    let owners: HashMap<ProjectPath, &AssetName> =
        assets.by_name.values().flat_map(|asset| paths(asset).into_iter().map(|path| (path, &asset.name))).collect();
    let read: BTreeSet<String> = assets.by_name.values().flat_map(Asset::reads).map(ProjectPath::folded).collect();
    for one in planned {
        let name = &one.name;
        let is_free = |path: &ProjectPath| owners.get(path).is_none_or(|owner| *owner == name);
        one.work.remove.retain(|path| is_free(path) && !read.contains(&path.folded()));
    }
}

/// Two assets with one recipe: one buys, the other shares.
fn share(
    one: &mut PlannedAsset,
    fingerprint: Option<Fingerprint>,
    reproducible: bool,
    bought: &mut HashMap<Fingerprint, (AssetName, u32)>,
) {
    let Some(fingerprint) = fingerprint.filter(|_| one.images > 0 && !reproducible) else { return };
    let price = one.cost_usd.map(|cost| cost / f64::from(one.images));
    match bought.get_mut(&fingerprint) {
        None => {
            bought.insert(fingerprint, (one.name.clone(), one.images));
        }
        Some((other, images)) => {
            let more = one.images.saturating_sub(*images);
            one.reasons.push(Reason::new(ReasonCode::Cached, format!("shares the picture of `{other}`: one recipe")));
            if more == 0 {
                one.action = Action::Restore;
            }
            *images = (*images).max(one.images);
            one.images = more;
            one.cost_usd = if more == 0 { Some(0.0) } else { price.map(|price| rounded(price * f64::from(more))) };
        }
    }
}

/// An original that another asset must send, or makes its files of, has to be at hand, even where its own asset is as
/// locked.
fn want_needed_originals(planned: &mut [PlannedAsset], assets: &Assets, observed: &Observed, registry: &Registry) {
    let is_needing = |one: &&PlannedAsset| {
        one.error.is_none() && assets.by_name.get(&one.name).is_some_and(|asset| one.needs_originals(asset))
    };
    let needing = planned.iter().filter(is_needing);
    let needed = |one: &PlannedAsset| {
        let others = assets.follows(&assets.by_name[&one.name]);
        others.map(|other| (other.clone(), one.name.clone())).collect::<Vec<_>>()
    };
    let wanted: BTreeMap<AssetName, AssetName> = needing.flat_map(needed).collect();
    for one in planned.iter_mut().filter(|one| wanted.contains_key(&one.name) && !one.work.incomplete) {
        let facts = &observed.facts[&one.name];
        let AssetOrigin::Generated(_) = &assets.by_name[&one.name].origin else { continue };
        let at_hand = facts.original.is_none_or(|original| facts.at_hand.contains(&original));
        if at_hand || matches!(one.action, Action::Blocked | Action::Unavailable) {
            continue;
        }
        let reason = format!("its original is needed for `{}` and is in no cache", wanted[&one.name]);
        one.reasons.push(Reason::new(ReasonCode::Missing, reason.clone()));
        if one.work.recipe.as_ref().is_some_and(|recipe| is_reproducible(&recipe.model, registry)) {
            one.action = Action::Restore;
        } else {
            one.action = Action::Unavailable;
            one.error = Some(unavailable(&one.name, &reason));
        }
    }
}

fn is_reproducible(model: &str, registry: &Registry) -> bool {
    registry.model(model).is_some_and(crate::model::Model::is_reproducible)
}

impl PlannedAsset {
    pub(crate) fn nothing(name: &AssetName, action: Action) -> Self {
        Self {
            name: name.clone(),
            action,
            reasons: Vec::new(),
            model: None,
            provider: None,
            api: None,
            candidates: Vec::new(),
            missing_keys: Vec::new(),
            made_into: Vec::new(),
            images: 0,
            cost_usd: Some(0.0),
            outputs: Vec::new(),
            tags: Vec::new(),
            alt: None,
            warnings: Vec::new(),
            error: None,
            set_aside: false,
            work: Work::default(),
        }
    }
}

#[cfg(test)]
mod tests;
