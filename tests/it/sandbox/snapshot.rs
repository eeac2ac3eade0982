//! A folder's files at one moment, and how two moments differ.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Path to state. Links are not followed, and nothing but plain files is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    contents: String,
    modified: Option<SystemTime>,
}

impl Snapshot {
    /// Walk a folder; `is_left_out` judges each path relative to it.
    pub(super) fn take(folder: &Path, is_left_out: &dyn Fn(&str) -> bool) -> Snapshot {
        let mut entries = BTreeMap::new();
        walk(folder, "", &mut |relative, path| {
            if is_left_out(relative) {
                return false;
            }
            if !path.is_dir() || path.is_symlink() {
                entries.insert(relative.to_string(), Entry::of(path));
            }
            true
        });
        Snapshot { entries }
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.entries.keys().cloned().collect()
    }

    /// The BLAKE3 of a file.
    #[track_caller]
    pub(crate) fn hash(&self, path: &str) -> &str {
        let entry = self.entries.get(path).unwrap_or_else(|| panic!("{path} is not among {:?}", self.paths()));
        &entry.contents
    }

    /// One line for each file that was added, removed, changed, or written again with the same contents.
    pub(crate) fn changes_to(&self, after: &Snapshot) -> Vec<String> {
        let removed = self.entries.keys().filter(|path| !after.entries.contains_key(*path));
        let others = after.entries.iter().filter_map(|(path, entry)| match self.entries.get(path) {
            None => Some(format!("added {path}")),
            Some(before) if before.contents != entry.contents => Some(format!("changed {path}")),
            Some(before) if before.modified != entry.modified => Some(format!("written again {path}")),
            Some(_) => None,
        });
        removed.map(|path| format!("removed {path}")).chain(others).collect()
    }
}

impl Entry {
    fn of(path: &Path) -> Entry {
        let metadata = path.symlink_metadata().ok();
        let contents = match &metadata {
            Some(metadata) if metadata.is_file() => match fs::read(path) {
                Ok(bytes) => blake3::hash(&bytes).to_hex().to_string(),
                Err(error) => format!("unreadable: {error}"),
            },
            Some(metadata) if metadata.is_symlink() => format!("link to {:?}", fs::read_link(path).ok()),
            _ => "no plain file".to_string(),
        };
        Entry { contents, modified: metadata.and_then(|metadata| metadata.modified().ok()) }
    }
}

/// Visit everything below a folder, in order; a visit that says no keeps the walk out of that folder.
fn walk(folder: &Path, prefix: &str, visit: &mut dyn FnMut(&str, &Path) -> bool) {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if visit(&relative, &path) && path.is_dir() && !path.is_symlink() {
            walk(&path, &relative, visit);
        }
    }
}

/// The contents of every plain file below a folder.
pub(super) fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    walk(folder, "", &mut |relative, path| {
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            files.push((relative.to_string(), fs::read(path).unwrap_or_default()));
        }
        true
    });
    files
}
