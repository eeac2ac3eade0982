//! What a run has read of the project, to tell later whether any of it says something else: by content, not by time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::files::{Files, Inputs, Stamp};

/// The contents of longer files aren't compared: a new time is a new content.
const LONGEST: u64 = 1 << 20;

/// Files and folders of a project, as they were read.
#[derive(Debug, Clone)]
pub struct Watched {
    root: PathBuf,
    known: BTreeMap<PathBuf, Known>,
    /// Where they really lie: links may lead elsewhere.
    real: BTreeSet<PathBuf>,
}

/// One of them: none where there was nothing.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    stamp: Option<Stamp>,
    content: Option<Digest>,
    is_folder: bool,
}

impl Files {
    /// All that was read so far.
    pub fn watched(&self) -> Watched {
        Watched::of(&self.root, self.inputs())
    }
}

impl Watched {
    pub(crate) fn of(root: &Path, inputs: Inputs) -> Self {
        let known = inputs.into_iter().map(|(path, stamp)| {
            let path = if path == "." { root.to_path_buf() } else { root.join(path) };
            let now = Known::look(&path);
            // What has changed since it was read has a content that nobody has read.
            let content = now.content.filter(|_| now.stamp == stamp);
            (path, Known { stamp, content, is_folder: now.is_folder })
        });
        let known: BTreeMap<PathBuf, Known> = known.collect();
        let real = real_places(known.keys());
        Self { root: root.to_path_buf(), known, real }
    }

    /// How many files and folders these are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The folders in which something would happen if any of it changed: its own or, while that isn't there, the nearest above.
    /// Where a file is a link, the folder that it leads to as well.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let is_folder = |path: &&PathBuf| self.known.get(*path).is_some_and(|known| known.is_folder);
        let paths = self.known.keys().chain(&self.real);
        let (folders, files): (Vec<_>, Vec<_>) = paths.partition(is_folder);
        let parents: BTreeSet<&Path> = files.into_iter().filter_map(|path| path.parent()).collect();
        let there = |folder: &Path| folder.ancestors().find(|folder| folder.is_dir()).map(Path::to_path_buf);
        let mut all: BTreeSet<PathBuf> = parents.into_iter().filter_map(there).collect();
        all.extend(folders.into_iter().cloned());
        all.insert(self.root.clone());
        all
    }

    /// Whether what happens at a path may concern any of it.
    pub fn concerns(&self, path: &Path) -> bool {
        let is_listed = path.parent().and_then(|folder| self.known.get(folder)).is_some_and(|known| known.is_folder);
        let is_on_the_way = || {
            let next = self.known.range(path.to_path_buf()..).next();
            next.is_some_and(|(known, _)| known.starts_with(path))
        };
        is_listed || self.real.contains(path) || is_on_the_way()
    }

    /// What says something else than when this was asked the last time.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (path, known) in &mut self.known {
            if stamp_of(path) == known.stamp {
                continue;
            }
            let now = Known::look(path);
            if now.is_unknown() || known.is_unknown() || now.content != known.content {
                let is_cut = now.size() * 4 < known.size() * 3;
                changes.push(Change { path: path.clone(), is_cut });
            }
            *known = now;
        }
        changes
    }
}

/// A file or folder that says something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub path: PathBuf,
    /// Whether much of it is gone, as if it were in the middle of being saved.
    pub is_cut: bool,
}

impl Known {
    fn size(&self) -> u64 {
        self.stamp.filter(|_| !self.is_folder).map_or(0, |stamp| stamp.size())
    }

    fn look(path: &Path) -> Self {
        let metadata = fs::metadata(path).ok();
        let stamp = metadata.as_ref().map(Stamp::of);
        let is_folder = metadata.as_ref().is_some_and(fs::Metadata::is_dir);
        let content = match metadata {
            Some(_) if is_folder => names(path),
            Some(metadata) if metadata.is_file() && metadata.len() <= LONGEST => {
                fs::read(path).ok().map(|bytes| Digest::of(&bytes))
            }
            _ => None,
        };
        Self { stamp, content, is_folder }
    }

    /// Whether there was something whose content isn't known.
    const fn is_unknown(&self) -> bool {
        self.stamp.is_some() && self.content.is_none()
    }
}

/// Where these really lie, as far as that is elsewhere.
fn real_places<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    let mut folders: HashMap<&Path, Option<PathBuf>> = HashMap::new();
    let mut real = BTreeSet::new();
    for path in paths {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { continue };
        let place = if path.is_symlink() {
            fs::canonicalize(path).ok()
        } else {
            let folder = folders.entry(folder).or_insert_with(|| fs::canonicalize(folder).ok());
            folder.as_ref().map(|folder| folder.join(name))
        };
        real.extend(place.filter(|place| place != path));
    }
    real
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}

/// A folder's content is what lies in it by name.
fn names(folder: &Path) -> Option<Digest> {
    let entries = fs::read_dir(folder).ok()?;
    let names: BTreeSet<String> =
        entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    Some(Digest::of(names.into_iter().collect::<Vec<_>>().join("\0").as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::files::{Files, Watched};

    fn project() -> (tempfile::TempDir, Watched) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("images.toml"), "one").expect("a manifest");
        fs::create_dir(folder.path().join("art")).expect("a folder");
        let files = Files::open(&folder.path().join("images.toml")).expect("the project opens");
        files.read_manifest().expect("read");
        files.read_lockfile().expect("read");
        let watched = files.watched();
        (folder, watched)
    }

    fn write(folder: &Path, text: &str) {
        fs::write(folder.join("images.toml"), text).expect("written");
    }

    #[test]
    fn only_another_content_is_a_change() {
        let (folder, mut watched) = project();
        assert!(watched.changes().is_empty());
        write(folder.path(), "one");
        assert!(watched.changes().is_empty(), "saved as it was");
        write(folder.path(), "two");
        assert!(watched.changes().len() == 1 && watched.changes().is_empty(), "said once");
        fs::remove_file(folder.path().join("images.toml")).expect("removed");
        assert!(!watched.changes().is_empty());
        write(folder.path(), "two");
        assert!(!watched.changes().is_empty(), "it is there again");
        fs::write(folder.path().join("other.txt"), "x").expect("written");
        assert!(watched.changes().is_empty(), "nobody has read that");
        fs::write(folder.path().join("images.lock"), "x").expect("written");
        assert!(!watched.changes().is_empty(), "what wasn't there was looked for");
    }

    #[test]
    fn what_changed_after_it_was_read_is_a_change() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(folder.path(), "one");
        let files = Files::open(&folder.path().join("images.toml")).expect("the project opens");
        files.read_manifest().expect("read");
        write(folder.path(), "two");
        assert!(!files.watched().changes().is_empty());
    }

    #[test]
    fn what_concerns_it_is_told_by_its_path() {
        let (folder, watched) = project();
        let root = fs::canonicalize(folder.path()).expect("a real place");
        assert!(watched.concerns(&root.join("images.toml")) && watched.concerns(&root.join("images.lock")));
        assert!(!watched.concerns(&root.join("assets/hero.png")) && !watched.concerns(&root.join("images.toml~")));
        assert_eq!(watched.folders().into_iter().collect::<Vec<_>>(), [root]);
    }
}
