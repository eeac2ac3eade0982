//! What the files of a project are for: none of them may be written over by what is made.

use std::collections::HashMap;

use crate::files::{LOCKFILE, STATE};
use crate::manifest::Manifest;
use crate::name::ProjectPath;

/// Files that are something already, by folded path.
#[derive(Debug)]
pub(crate) struct Roles(HashMap<String, &'static str>);

impl Roles {
    /// The files that make up the manifest, and those that lie beside it.
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let mut roles = Self(HashMap::new());
        roles.add(manifest.source.name(), "is the manifest");
        roles.add(LOCKFILE, "is the lockfile");
        roles.add(".env", "holds keys");
        manifest.included.iter().for_each(|path| roles.add(path, "is an include"));
        manifest.data.iter().for_each(|(_, path)| roles.add(&path.value, "is data of the manifest"));
        roles
    }

    /// Another one; `role` is what is said of it, as in `is the manifest`.
    pub(crate) fn add(&mut self, path: &str, role: &'static str) {
        if let Ok(path) = ProjectPath::new(path) {
            self.0.insert(path.folded(), role);
        }
    }

    /// A file that is read for a picture.
    pub(crate) fn add_read(&mut self, path: &str) {
        self.add(path, "is a reference or a source");
    }

    /// Why nothing may be made at a path, which is folded.
    pub(crate) fn of(&self, folded: &str) -> Option<&'static str> {
        let is_state = folded.split('/').next() == Some(STATE);
        self.0.get(folded).copied().or(is_state.then_some("lies in tintype's own folder"))
    }
}
