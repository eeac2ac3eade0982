//! Writing into the project: beside the target first, then renamed, never through a link.
//!
//! Decides nothing: whether a file may be replaced was settled by the plan.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::digest::Digest;
use crate::failpoint;
use crate::files::stat::{FILE, Stamp};
use crate::files::{FileError, Files, LOCKFILE, STATE};
use crate::name::ProjectPath;

/// Begins the names of temporary files.
const PREFIX: &str = ".tintype-";

impl Files {
    /// Puts `bytes` at an output's path, whole or not at all, making the folders above it.
    pub fn write(&self, path: &ProjectPath, bytes: &[u8]) -> Result<(), FileError> {
        let target = self.writable_place(path)?;
        let folder = target.parent().unwrap_or(self.root());
        replace(folder, &target, bytes, Durable::No).map_err(|error| FileError::io(path, &error))?;
        // Stamped after the rename, which changes an inode's time.
        if let Ok(metadata) = fs::symlink_metadata(&target) {
            self.lock_index().record(path.as_str(), Stamp::of(&metadata), Digest::of(bytes));
        }
        Ok(())
    }

    /// Removes an output's file, and the folders that it leaves empty.
    pub fn remove(&self, path: &ProjectPath) -> Result<(), FileError> {
        let target = self.real_folder_of(path)?;
        failpoint::reach("before-remove").map_err(|error| FileError::io(path, &error))?;
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(FileError::io(path, &error)),
            _ => self.lock_index().forget(path.as_str()),
        }
        let mut folder = target.parent();
        while let Some(empty) = folder.filter(|folder| *folder != self.root() && fs::remove_dir(folder).is_ok()) {
            folder = empty.parent();
        }
        Ok(())
    }

    /// Writes the lockfile, and makes sure that it is on the disk.
    pub fn write_lockfile(&self, text: &str) -> Result<(), FileError> {
        replace(self.root(), &self.root().join(LOCKFILE), text.as_bytes(), Durable::Yes)
            .map_err(|error| FileError::io(LOCKFILE, &error))
    }

    /// The state folder, made where it is missing, with a .gitignore of its own.
    pub fn state_folder(&self) -> Result<PathBuf, FileError> {
        let state = self.root().join(STATE);
        let make = || -> io::Result<()> {
            fs::create_dir_all(&state)?;
            let ignore = state.join(".gitignore");
            if !ignore.exists() {
                replace(&state, &ignore, b"*\n", Durable::No)?;
            }
            Ok(())
        };
        make().map_err(|error| FileError::io(STATE, &error))?;
        Ok(state)
    }

    /// Writes the stat index where it has changed. A failure costs the next run some hashing and nothing else.
    pub fn save_index(&self) {
        let index = self.lock_index();
        if !index.is_dirty() {
            return;
        }
        let Ok(state) = self.state_folder() else { return };
        let text = index.render();
        // Files written in the same tick as the index would be read again by the next run: wait the tick out.
        for _ in 0..5 {
            let written = replace(&state, &state.join(FILE), text.as_bytes(), Durable::No);
            let stamp = written.and_then(|()| fs::metadata(state.join(FILE))).map(|metadata| Stamp::of(&metadata));
            if !stamp.is_ok_and(|stamp| stamp.latest() <= index.latest()) {
                return;
            }
            thread::sleep(Duration::from_millis(4));
        }
    }

    /// Removes temporary files that a killed run left beside these outputs and the lockfile. For whoever holds the
    /// project's lock: nobody else is about to rename one of them.
    pub(crate) fn sweep<'a>(&self, outputs: impl Iterator<Item = &'a ProjectPath>) {
        let folders = outputs.filter_map(|path| self.real_folder_of(path).ok()?.parent().map(Path::to_path_buf));
        for folder in folders.chain([self.root().to_path_buf()]).collect::<BTreeSet<_>>() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_ours = name.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 6);
                if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Whether outputs could be written: the nearest existing folder above the path takes new files.
    pub fn probe(&self, path: &ProjectPath) -> Result<(), FileError> {
        let target = self.real_folder_of(path)?;
        let mut folder = target.parent();
        while let Some(missing) = folder.filter(|folder| !folder.exists()) {
            folder = missing.parent();
        }
        let folder = folder.unwrap_or(self.root());
        let shown = folder.strip_prefix(self.root()).unwrap_or(folder).display().to_string();
        let shown = if shown.is_empty() { ".".to_string() } else { shown };
        let made = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder);
        made.and_then(|mut file| file.write_all(b"x")).map_err(|error| FileError::io(shown, &error))
    }

    fn real_folder_of(&self, path: &ProjectPath) -> Result<PathBuf, FileError> {
        let (folder, file) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let place = self.real_folder(folder).map_err(|reason| FileError::new(path, reason))?;
        Ok(place.join(file))
    }

    fn writable_place(&self, path: &ProjectPath) -> Result<PathBuf, FileError> {
        let target = self.real_folder_of(path)?;
        fs::create_dir_all(target.parent().unwrap_or(self.root())).map_err(|error| FileError::io(path, &error))?;
        // Once more, now that all folders exist: none may have become a link in between.
        self.real_folder_of(path)
    }
}

/// Whether a write must survive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    /// File and folder are synced.
    Yes,
    /// Losing the write costs time only.
    No,
}

/// Writes `bytes` to a temporary file in `folder` and renames it to `target`: whole or not at all.
pub(crate) fn replace(folder: &Path, target: &Path, bytes: &[u8], durable: Durable) -> io::Result<()> {
    let mut file = NamedTempFile::with_prefix_in(PREFIX, folder)?;
    file.write_all(bytes)?;
    if durable == Durable::Yes {
        file.as_file().sync_all()?;
    }
    share(file.as_file())?;
    failpoint::reach_file("before-rename", target)?;
    file.persist(target).map_err(|error| error.error)?;
    failpoint::reach_file("after-rename", target)?;
    if durable == Durable::Yes {
        sync_folder(folder)?;
    }
    Ok(())
}

/// Temporary files are born private; what is put in place has the permissions that any new file has.
#[cfg(unix)]
fn share(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn share(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Makes the names in a folder durable, where the system has such a thing.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
