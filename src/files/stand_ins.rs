//! Which files are stand-ins for pictures that couldn't be made: a list of paths, so that those which nobody declares any longer
//! can go. Their own marks say what they are; without the list, they only stay longer.

use std::collections::BTreeSet;

use crate::files::{Files, STATE, read_regular_text};
use crate::name::ProjectPath;

/// In `.tintype`: a line a path.
const FILE: &str = "stand-ins";

impl Files {
    /// The paths that stand-ins were drawn at.
    pub(crate) fn read_stand_ins(&self) -> BTreeSet<ProjectPath> {
        let text = read_regular_text(&self.root().join(STATE).join(FILE)).unwrap_or_default();
        text.lines().filter_map(|line| ProjectPath::new(line).ok()).collect()
    }

    /// Writes them down where they are others than before.
    pub(crate) fn write_stand_ins(&self, paths: &BTreeSet<ProjectPath>) {
        if self.read_stand_ins() != *paths {
            let lines: Vec<&str> = paths.iter().flat_map(|path| [path.as_str(), "\n"]).collect();
            self.write_state(FILE, lines.concat().as_bytes(), 0);
        }
    }
}
