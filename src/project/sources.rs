//! What a project's sources may say of it: the files that its assets make, and the ones that only declare them.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::Lockfile;
use crate::name::{AssetName, ProjectPath};
use crate::project::Project;
use crate::resolve::output_dir;

impl Project {
    /// The folder of all outputs, with a slash at its end; empty for the project's own.
    pub fn output_folder(&self) -> String {
        // One that can't be read would have been a mistake.
        output_dir(&self.manifest).unwrap_or_default()
    }

    /// The files that each declared asset is to have, and those that it has locked, as far as the lockfile can be read.
    pub fn files_of_assets(&self) -> BTreeMap<AssetName, BTreeSet<ProjectPath>> {
        let text = self.files.read_lockfile().ok().flatten();
        let lock = text.and_then(|text| Lockfile::read(&text).ok()).unwrap_or_default();
        let files = self.assets.by_name.iter().map(|(name, asset)| {
            let declared = (1..=asset.takes() as usize).flat_map(|take| asset.paths(take));
            let locked = lock.get(name).into_iter().flat_map(|entry| &entry.outputs).map(|output| output.path.clone());
            (name.clone(), declared.chain(locked).collect())
        });
        files.collect()
    }

    /// The files of the project that were read for it: the manifest, and all that it names.
    pub fn inputs(&self) -> BTreeSet<String> {
        self.files.inputs().into_keys().collect()
    }
}
