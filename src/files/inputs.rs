//! What of the project was read, with the stamps that it had before: a later run that finds the same stamps would read
//! the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::PoisonError;

use crate::files::Files;
use crate::files::stat::Stamp;
use crate::name::ProjectPath;

/// A path in the project (`.` for its folder) and the stamp of what was there; none where there was nothing.
pub(crate) type Inputs = BTreeMap<String, Option<Stamp>>;

impl Files {
    /// Notes what is about to be read. The first stamp counts: what changes while a run lasts has another one afterwards.
    pub(crate) fn note(&self, path: &str, stamp: Option<Stamp>) {
        let path = if path.is_empty() { "." } else { path };
        self.lock_inputs().entry(path.to_string()).or_insert(stamp);
    }

    /// Notes a folder whose names are about to be read.
    pub(crate) fn note_folder(&self, path: &str, real: &Path) {
        self.note(path, fs::symlink_metadata(real).ok().map(|metadata| Stamp::of(&metadata)));
    }

    /// Notes what this run itself has written.
    #[cfg(feature = "generate")]
    pub(crate) fn note_written(&self, path: &str, stamp: Stamp) {
        self.lock_inputs().insert(path.to_string(), Some(stamp));
    }

    /// All that was read of the project, but for the contents of outputs.
    pub(crate) fn inputs(&self) -> Inputs {
        #[cfg(feature = "generate")]
        let mut inputs = self.part.as_ref().map(|part| part.inputs.clone()).unwrap_or_default();
        #[cfg(not(feature = "generate"))]
        let mut inputs = Inputs::new();
        inputs.extend(self.lock_inputs().iter().map(|(path, stamp)| (path.clone(), *stamp)));
        inputs
    }

    /// Whether this run has read anything of the project that the last one hadn't.
    #[cfg(feature = "generate")]
    pub(crate) fn has_new_inputs(&self) -> bool {
        let is_known = |path: &String| self.part.as_ref().is_some_and(|part| part.inputs.contains_key(path));
        !self.lock_inputs().keys().all(is_known)
    }

    /// The manifest's whole text, if the file is still the one that was read.
    #[cfg(feature = "generate")]
    pub(crate) fn manifest_as_read(&self) -> Option<String> {
        let (text, stamp) = self.read_stamped_text(&self.manifest).ok()?;
        (self.lock_inputs().get(&self.manifest) == Some(&Some(stamp))).then_some(text)
    }

    /// The stamp of an output that was looked at or written.
    pub(crate) fn stamp(&self, path: &ProjectPath) -> Option<Stamp> {
        let known = self.lock_index().stamp(path.as_str());
        #[cfg(feature = "generate")]
        let known = known.or_else(|| self.part.as_ref()?.output(path.as_str()));
        known
    }

    fn lock_inputs(&self) -> std::sync::MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
