//! Writing into the project: beside the target first, then renamed, never through a link.
//!
//! Decides nothing: whether a file may be replaced was settled by the plan.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use crate::digest::Digest;
use crate::failpoint;
use crate::files::folder::{Durable, Folder, UNFINISHED, UNFINISHED_DIGITS};
use crate::files::stat::{FILE, Stamp};
use crate::files::{FileError, Files, LOCKFILE, STATE, read_regular};
use crate::name::ProjectPath;

/// What lies further ahead than a few of the file system's ticks, in nanoseconds, has a clock of its own: no waiting helps.
const TICKS: i128 = 20_000_000;

impl Files {
    /// Puts `bytes`, which have this digest, at an output's path, whole or not at all, making the folders above it.
    pub fn write(&self, path: &ProjectPath, bytes: &[u8], digest: Digest) -> Result<(), FileError> {
        self.put(path, digest, |folder, target| folder.replace(target, bytes, Durable::No))
    }

    /// The same, of a file elsewhere that has these very bytes: where it can, the file system keeps them once.
    pub(crate) fn write_like(
        &self,
        path: &ProjectPath,
        bytes: &[u8],
        digest: Digest,
        twin: &fs::File,
    ) -> Result<(), FileError> {
        self.put(path, digest, |folder, target| folder.replace_like(target, bytes, twin))
    }

    fn put(
        &self,
        path: &ProjectPath,
        digest: Digest,
        put: impl FnOnce(&Folder, &Path) -> io::Result<fs::Metadata>,
    ) -> Result<(), FileError> {
        let (way, _) = self.way_to(path)?;
        let write = || {
            let _tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
            let mut folder = Folder::open(self.root())?;
            for part in &way {
                folder = folder.make(part)?;
            }
            put(&folder, &self.locate(path))
        };
        let metadata = write().map_err(|error| FileError::io(path, &error))?;
        self.lock_index().wrote(path.as_str(), Stamp::of(&metadata), digest);
        Ok(())
    }

    /// Removes an output's file, and the folders that it leaves empty.
    pub fn remove(&self, path: &ProjectPath) -> Result<(), FileError> {
        let (way, name) = self.way_to(path)?;
        let remove = || {
            let _tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
            failpoint::reach("before-remove")?;
            let mut folders = vec![Folder::open(self.root())?];
            for part in &way {
                folders.push(folders[folders.len() - 1].within(part)?);
            }
            folders[way.len()].remove_file(&name)?;
            let mut up = way.iter().enumerate().rev();
            while up.next().is_some_and(|(depth, part)| folders[depth].remove_folder(part).is_ok()) {}
            Ok(())
        };
        match remove() {
            Err(error) if io::Error::kind(&error) != io::ErrorKind::NotFound => Err(FileError::io(path, &error)),
            _ => {
                self.lock_index().forget(path.as_str());
                Ok(())
            }
        }
    }

    /// Writes the lockfile, and makes sure that it is on the disk.
    pub fn write_lockfile(&self, text: &str) -> Result<(), FileError> {
        let write = || Folder::open(self.root())?.replace(&self.root().join(LOCKFILE), text.as_bytes(), Durable::Yes);
        let metadata = write().map_err(|error| FileError::io(LOCKFILE, &error))?;
        self.note_written(LOCKFILE, Stamp::of(&metadata));
        Ok(())
    }

    /// The state folder, made where it is missing, with a .gitignore of its own.
    pub fn state_folder(&self) -> Result<PathBuf, FileError> {
        let make = || -> io::Result<()> {
            let state = Folder::open(self.root())?.make(STATE.as_ref())?;
            let ignore = Path::new(".gitignore");
            if state.open_file(ignore.as_os_str()).is_err() {
                state.replace(ignore, b"*\n", Durable::No)?;
            }
            Ok(())
        };
        make().map_err(|error| FileError::io(STATE, &error))?;
        Ok(self.root().join(STATE))
    }

    /// Writes the stat index where it has changed. A failure costs the next run some hashing and nothing else.
    pub fn save_index(&self) {
        let index = self.lock_index();
        // What is known of a part would take the place of what is known of all.
        if index.is_dirty() && self.part.is_none() {
            self.write_state(FILE, index.render().as_bytes(), index.latest());
        }
    }

    /// Writes a file of the state folder, which speaks of files that were stamped at the `latest` then. A failure costs the
    /// next run some time and nothing else.
    pub(crate) fn write_state(&self, name: &str, bytes: &[u8], latest: i128) {
        let Ok(state) = self.state_folder() else { return };
        let write = || Folder::open(&state)?.replace(&state.join(name), bytes, Durable::No);
        // What was written in the same tick wouldn't be trusted by the next run: wait the tick out.
        for _ in 0..5 {
            let ahead = write().map_or(-1, |metadata| latest - Stamp::of(&metadata).modified());
            if !(0..TICKS).contains(&ahead) {
                return;
            }
            thread::sleep(Duration::from_millis(4));
        }
    }

    /// Keeps a file in a folder of the state folder. A failure costs somebody time and nothing else.
    pub(crate) fn write_small(&self, folder: &str, name: &str, bytes: &[u8]) {
        let Ok(state) = self.state_folder() else { return };
        let write = || Folder::open(&state)?.make(folder.as_ref())?.replace(Path::new(name), bytes, Durable::No);
        let _ = write();
    }

    /// The bytes of such a file.
    pub(crate) fn read_small(&self, folder: &str, name: &str) -> Option<Vec<u8>> {
        read_regular(&self.root().join(STATE).join(folder).join(name)).ok()
    }

    /// When a file of the state folder was written, if it holds these bytes.
    pub(crate) fn has_state(&self, name: &str, bytes: &[u8]) -> Option<i128> {
        let path = self.root().join(STATE).join(name);
        let metadata = fs::symlink_metadata(&path).ok().filter(|metadata| metadata.len() == bytes.len() as u64)?;
        read_regular(&path).is_ok_and(|known| known == bytes).then(|| Stamp::of(&metadata).modified())
    }

    /// Removes temporary files that a killed run left beside these outputs and the lockfile. For whoever holds the
    /// project's lock: nobody else is about to rename one of them.
    pub(crate) fn sweep<'a>(&self, outputs: impl Iterator<Item = &'a ProjectPath>) {
        let folder = |path: &'a ProjectPath| path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        let folders: BTreeSet<&str> = outputs.map(folder).chain([""]).collect();
        for place in folders.into_iter().filter_map(|folder| self.real_folder(folder).ok()) {
            for entry in fs::read_dir(place).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_ours = name.strip_prefix(UNFINISHED).is_some_and(|rest| rest.len() == UNFINISHED_DIGITS);
                if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Whether outputs could be written: the nearest existing folder above the path takes new files.
    pub fn probe(&self, path: &ProjectPath) -> Result<(), FileError> {
        let (way, _) = self.way_to(path)?;
        let mut shown = ".".to_string();
        let mut probe = || {
            let mut folder = Folder::open(self.root())?;
            let mut gone = PathBuf::new();
            for part in &way {
                folder = match folder.within(part) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                    inner => {
                        gone.push(part);
                        shown = gone.display().to_string();
                        inner?
                    }
                };
            }
            folder.probe()
        };
        let probed = probe();
        probed.map_err(|error| FileError::io(shown, &error))
    }

    /// The folders to go through from the root to an output's file, as far as links say, and the file's name. None of them
    /// may be a link: one that has become one since isn't followed.
    fn way_to(&self, path: &ProjectPath) -> Result<(Vec<OsString>, OsString), FileError> {
        let place = self.real_place(path).map_err(|reason| FileError::new(path, reason))?;
        let way = place.strip_prefix(self.root()).map_err(|_| FileError::outside(path))?;
        let mut way: Vec<OsString> = way.iter().map(OsStr::to_os_string).collect();
        let file = way.pop().ok_or_else(|| FileError::outside(path))?;
        Ok((way, file))
    }
}

/// Writes `bytes` to a temporary file in `folder` and renames it to `target`: whole or not at all.
pub(crate) fn replace(folder: &Path, target: &Path, bytes: &[u8], durable: Durable) -> io::Result<()> {
    Folder::open(folder)?.replace(target, bytes, durable).map(|_| ())
}

/// Makes the names in a folder durable, where the system has such a thing.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    Folder::open(folder)?.sync()
}
