//! The sources of a project: every text below the manifest's folder, but for what declares pictures, what is made of them,
//! and what git leaves out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ignore::{DirEntry, WalkBuilder};

use crate::codegen::is_generated;
use crate::files::{LOCKFILE, MANIFEST, STATE};

/// Folders that nobody writes in.
const FOREIGN: [&str; 4] = [".git", "target", "node_modules", STATE];
/// No source is longer, in bytes.
const LONGEST: u64 = 2 << 20;

/// What isn't a source, by its path in the project.
#[derive(Debug, Clone, Default)]
pub(super) struct Aside {
    pub(super) files: BTreeSet<String>,
    /// With all that is in them.
    pub(super) folders: Vec<String>,
}

/// Reads each source, in the order of their paths, and gives it on with its path as people know it. What can't be read is
/// nobody's source.
pub(super) fn each_source(root: &Path, aside: Aside, mut read: impl FnMut(&str, &str)) {
    let folder = root.to_path_buf();
    let mut walk = WalkBuilder::new(root);
    // Ignored is what the project ignores, with or without git, and not what this machine does besides.
    walk.hidden(false).require_git(false).git_global(false);
    walk.sort_by_file_path(Path::cmp).filter_entry(move |entry| is_own(entry, &folder, &aside));
    for entry in walk.build().flatten() {
        let is_short = |metadata: fs::Metadata| metadata.is_file() && metadata.len() <= LONGEST;
        // The walker's own limit would put its filter out of force.
        if !entry.metadata().is_ok_and(is_short) {
            continue;
        }
        let (Some(path), Ok(bytes)) = (shown(entry.path(), root), fs::read(entry.path())) else { continue };
        if !bytes.contains(&0) && !is_generated(&bytes) {
            read(&path, &String::from_utf8_lossy(&bytes));
        }
    }
}

fn is_own(entry: &DirEntry, root: &Path, aside: &Aside) -> bool {
    let Some(path) = shown(entry.path(), root) else { return false };
    let name = entry.file_name().to_string_lossy();
    let is_aside = if entry.file_type().is_some_and(|kind| kind.is_dir()) {
        FOREIGN.contains(&&*name) || aside.folders.contains(&path)
    } else {
        // Another project's manifest and lockfile, too, only declare.
        [MANIFEST, LOCKFILE].contains(&&*name) || aside.files.contains(&path)
    };
    entry.depth() == 0 || !is_aside
}

/// A path in the project, with `/` on every system.
fn shown(path: &Path, root: &Path) -> Option<String> {
    let parts: Vec<_> = path.strip_prefix(root).ok()?.iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}
