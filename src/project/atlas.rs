//! The sheets of the project's atlases: whether they are as declared and locked, and packing those that aren't.

use std::collections::BTreeSet;

use crate::atlas::{Atlas, AtlasState, PlannedAtlas};
use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::{LockedAtlas, LockedPage, Lockfile};
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Plan};
use crate::project::{Allowed, Project};

/// Stands for a sheet's settings where a file is recorded: all of them are in the recipe that stands for its take.
pub(crate) fn sheet_settings() -> Digest {
    Digest::of(b"sheet")
}

impl Project {
    /// The atlases about which something is to be done while this is locked, and that is planned.
    pub(crate) fn atlases_to_pack(&self, lock: &Lockfile, plan: &Plan, allowed: &Allowed) -> Vec<PlannedAtlas> {
        let busy = plan.iter().filter(|one| one.action != Action::Keep);
        let busy: BTreeSet<&AssetName> = busy.map(|one| &one.name).collect();
        let declared = self.atlases.iter().filter_map(|atlas| {
            let locked = lock.atlases.get(&atlas.name);
            let state = self.atlas_state(atlas, lock);
            // What is in the way of a sheet is said even where the pictures change.
            let state = match state {
                Some(AtlasState::Blocked(_) | AtlasState::New) => state,
                state if atlas.members.iter().any(|name| busy.contains(name)) => {
                    Some(state.unwrap_or(AtlasState::Follows))
                }
                state => state,
            };
            Some(PlannedAtlas { name: atlas.name.clone(), paths: paths(atlas, locked), state: state? })
        });
        let is_undeclared =
            |name: &AssetName| !allowed.no_prune && self.atlases.iter().all(|atlas| atlas.name != *name);
        let undeclared = lock.atlases.iter().filter(|(name, _)| is_undeclared(name));
        let undeclared = undeclared.map(|(name, locked)| {
            let paths = locked.pages.iter().map(|page| page.path.clone()).collect();
            PlannedAtlas { name: name.clone(), paths, state: AtlasState::Undeclared }
        });
        let mut atlases: Vec<PlannedAtlas> = declared.chain(undeclared).collect();
        atlases.sort_by(|one, other| one.name.cmp(&other.name));
        atlases
    }

    /// What is wrong with an atlas; nothing, too, while there is nothing to be done as its pictures aren't there.
    pub(crate) fn atlas_state(&self, atlas: &Atlas, lock: &Lockfile) -> Option<AtlasState> {
        let locked = lock.atlases.get(&atlas.name);
        let Some(contents) = atlas.contents(&self.manifest, &self.assets, lock) else {
            return locked.is_none().then_some(AtlasState::New);
        };
        let recipe = atlas.recipe(&contents);
        if let Some(blocked) = self.in_the_way(atlas, locked) {
            return Some(AtlasState::Blocked(blocked));
        }
        match locked {
            None => Some(AtlasState::New),
            Some(locked) if locked.recipe != recipe => Some(AtlasState::Changed),
            Some(locked) => {
                let is_missing = |page: &LockedPage| self.lacks_sheet(page);
                locked.pages.iter().any(is_missing).then_some(AtlasState::Missing)
            }
        }
    }

    /// Why a sheet can't be written where it belongs.
    fn in_the_way(&self, atlas: &Atlas, locked: Option<&LockedAtlas>) -> Option<String> {
        paths(atlas, locked).iter().find_map(|path| {
            let page = locked.and_then(|locked| locked.pages.iter().find(|page| page.path == *path));
            match self.files.look(path) {
                FileState::Missing => None,
                FileState::File { digest } if self.is_sheet(digest, page) || self.files.is_stand_in(path) => None,
                FileState::File { .. } if page.is_some() => Some(format!("{path} was edited since tintype packed it")),
                FileState::File { .. } => Some(format!("{path} isn't tintype's")),
                FileState::Other(what) => Some(format!("{path} is {what}")),
                FileState::Unreadable(reason) => Some(format!("{path} can't be read: {reason}")),
            }
        })
    }

    /// Whether a sheet isn't there, or something stands in for it. One that is as locked costs one look.
    pub(crate) fn lacks_sheet(&self, page: &LockedPage) -> bool {
        match self.files.look(&page.path) {
            FileState::Missing => true,
            FileState::File { digest } => !self.is_sheet(digest, Some(page)) && self.files.is_stand_in(&page.path),
            FileState::Other(_) | FileState::Unreadable(_) => false,
        }
    }

    /// Whether a file's content is a sheet that tintype packed.
    fn is_sheet(&self, digest: Digest, page: Option<&LockedPage>) -> bool {
        page.is_some_and(|page| page.hash == digest) || !self.cache.made(digest).is_empty()
    }

    /// Every file of the atlases that are locked and declared.
    pub(crate) fn sheets(&self, lock: &Lockfile) -> Vec<ProjectPath> {
        let locked = self.atlases.iter().filter_map(|atlas| lock.atlases.get(&atlas.name));
        locked.flat_map(|locked| &locked.pages).map(|page| page.path.clone()).collect()
    }
}

/// The sheets that are locked, and the first one in any case.
fn paths(atlas: &Atlas, locked: Option<&LockedAtlas>) -> Vec<ProjectPath> {
    let further = locked.into_iter().flat_map(|locked| locked.pages.iter().map(|page| page.path.clone()));
    std::iter::once(atlas.path.clone()).chain(further.filter(|path| *path != atlas.path)).collect()
}
