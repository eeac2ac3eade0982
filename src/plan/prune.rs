//! Files that nobody declares any longer: those that tintype made go, those that somebody edited stay.

use std::collections::BTreeSet;

use crate::digest::Digest;
use crate::files::FileState;
use crate::lock::LockedOutput;
use crate::name::{AssetName, ProjectPath};
use crate::observe::Seen;
use crate::plan::notes::stays;
use crate::plan::{Action, PlannedAsset, Reason, ReasonCode};

/// What happens to an asset that is no longer declared.
pub(crate) fn prune(
    name: &AssetName,
    outputs: &[(LockedOutput, Seen)],
    declared: &BTreeSet<&ProjectPath>,
) -> PlannedAsset {
    let mut one = PlannedAsset::nothing(name, Action::Prune);
    one.reasons.push(Reason::new(ReasonCode::Undeclared, "no longer declared"));
    one.work.changes_lock = true;
    for (output, seen) in outputs.iter().filter(|(output, _)| !declared.contains(&output.path)) {
        match removal(seen, output.hash) {
            Removal::Remove => one.work.remove.push(output.path.clone()),
            Removal::Gone => {}
            Removal::Keep => one.warnings.push(stays(&output.path)),
        }
    }
    one.outputs = outputs.iter().map(|(output, _)| output.path.clone()).collect();
    one
}

/// What happens to one file.
pub(crate) enum Removal {
    Remove,
    Gone,
    Keep,
}

/// Whether a locked file that is no longer declared may go.
pub(crate) fn removal(seen: &Seen, locked: Digest) -> Removal {
    match seen.state {
        FileState::Missing => Removal::Gone,
        FileState::File { digest } if digest == locked || !seen.made.is_empty() => Removal::Remove,
        _ => Removal::Keep,
    }
}
