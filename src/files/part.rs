//! The files of a project of which a run works on a part: of manifest and lockfile it reads that part, and where the last
//! run's conclusions still hold, files bear the stamps that they had then.

use crate::files::Files;
use crate::files::inputs::Inputs;
use crate::files::stat::Stamp;

#[derive(Debug)]
pub(crate) struct Part {
    /// As much of the manifest as the part has.
    pub(crate) manifest: String,
    /// As much of the lockfile.
    pub(crate) lockfile: String,
    /// What was read of the whole project before.
    pub(crate) inputs: Inputs,
    /// The outputs of the whole project.
    pub(crate) outputs: Inputs,
}

impl Files {
    /// The same files, of which a part is worked on.
    pub(crate) fn part(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// Settles what is read of the lockfile, once it is known which assets the part has.
    pub(crate) fn read_of_lockfile(&mut self, entries: String) {
        if let Some(part) = &mut self.part {
            part.lockfile = entries;
        }
    }
}

impl Part {
    /// The stamp of an output that wasn't touched.
    pub(crate) fn output(&self, path: &str) -> Option<Stamp> {
        self.outputs.get(path).copied().flatten()
    }
}
