//! The project's files: the only door through which the manifest, references and outputs are read, looked at and written.
//!
//! Every path stays beneath the manifest's folder. Knows nothing of assets, recipes or the cache.

mod error;
mod find;
mod folder;
mod inputs;
mod open;
mod outside;
#[cfg(feature = "generate")]
mod part;
mod pictures;
mod pins;
#[cfg(feature = "generate")]
mod stand_ins;
mod stat;
#[cfg(feature = "generate")]
mod watched;
#[cfg(feature = "generate")]
mod write;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::digest::Digest;
use crate::files::open::read_all;
use crate::files::stat::StatIndex;
use crate::mark::is_marked;
use crate::name::ProjectPath;

pub(crate) use crate::files::error::not_utf8;
pub use crate::files::error::{FileError, describe};
pub(crate) use crate::files::folder::Folder;
#[cfg(feature = "generate")]
pub(crate) use crate::files::folder::{Durable, UNFINISHED};
pub(crate) use crate::files::inputs::Inputs;
#[cfg(feature = "generate")]
pub(crate) use crate::files::open::open_or_make;
pub(crate) use crate::files::open::{Links, Opened, hash_regular, open, read_regular, read_regular_text};
pub(crate) use crate::files::outside::holds_file;
#[cfg(feature = "generate")]
pub use crate::files::outside::write_outside;
pub use crate::files::outside::{read_outside, read_text_outside};
#[cfg(feature = "generate")]
pub(crate) use crate::files::part::Part;
pub(crate) use crate::files::pictures::MAX_PICTURE;
pub(crate) use crate::files::stat::Stamp;
#[cfg(feature = "generate")]
pub use crate::files::watched::{Change, Watched};
#[cfg(feature = "generate")]
pub(crate) use crate::files::write::{replace, sync_folder};

/// The file name of the manifest.
pub const MANIFEST: &str = "images.toml";
/// The file name of the lockfile.
pub const LOCKFILE: &str = "images.lock";
/// The folder beside the manifest for what may be lost at any time.
pub const STATE: &str = ".tintype";
/// No manifest or lockfile may be longer, in bytes.
const MAX_TEXT: u64 = 256 << 20;
/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// Nothing, or an empty file: an interrupted copy leaves one, and there is nothing in it to lose.
    Missing,
    /// A file with this content.
    File {
        /// The digest of its bytes.
        digest: Digest,
    },
    /// Something that is no file of ours to replace: a folder, a link, a device.
    Other(&'static str),
    /// A file that can't be read.
    Unreadable(String),
}

/// The files beneath one manifest's folder.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    manifest: String,
    index: Mutex<StatIndex>,
    folders: Mutex<HashMap<String, Result<PathBuf, String>>>,
    inputs: Mutex<Inputs>,
    /// What of the project this run works on, if not on all.
    #[cfg(feature = "generate")]
    part: Option<Part>,
    /// Who removes empty folders waits for those who write into them.
    #[cfg(feature = "generate")]
    tree: std::sync::RwLock<()>,
}

impl Files {
    /// The project of the manifest at `manifest_path`, which must exist.
    pub fn open(manifest_path: &Path) -> Result<Self, FileError> {
        let mut files = Self::without_index(manifest_path)?;
        files.index = Mutex::new(StatIndex::load(&files.root.join(STATE)));
        Ok(files)
    }

    /// The same, knowing no file from before.
    pub(crate) fn without_index(manifest_path: &Path) -> Result<Self, FileError> {
        let shown = manifest_path.display().to_string();
        let metadata = fs::metadata(manifest_path).map_err(|error| FileError::io(&shown, &error))?;
        if !metadata.is_file() {
            return Err(FileError::new(&shown, "it is not a file"));
        }
        let root = fs::canonicalize(folder_of(manifest_path)).map_err(|error| FileError::io(&shown, &error))?;
        let name = manifest_path.file_name().and_then(|name| name.to_str()).unwrap_or(MANIFEST);
        Ok(Self {
            root,
            manifest: name.to_string(),
            index: Mutex::default(),
            folders: Mutex::default(),
            inputs: Mutex::default(),
            #[cfg(feature = "generate")]
            part: None,
            #[cfg(feature = "generate")]
            tree: std::sync::RwLock::default(),
        })
    }

    /// The manifest's folder, absolute and without links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The manifest's file name.
    pub fn manifest_name(&self) -> &str {
        &self.manifest
    }

    /// Where a project path lies on this system.
    pub fn locate(&self, path: &ProjectPath) -> PathBuf {
        self.root.join(path.as_str())
    }

    /// The manifest's text.
    pub fn read_manifest(&self) -> Result<String, FileError> {
        #[cfg(feature = "generate")]
        if let Some(part) = &self.part {
            return Ok(part.manifest.clone());
        }
        self.read_text(&self.manifest)
    }

    /// The lockfile's text, `None` where there is none.
    pub fn read_lockfile(&self) -> Result<Option<String>, FileError> {
        #[cfg(feature = "generate")]
        if let Some(part) = &self.part {
            return Ok(Some(part.lockfile.clone()));
        }
        match self.read_text(LOCKFILE) {
            Err(error) if error.missing => Ok(None),
            other => other.map(Some),
        }
    }

    /// A text of the project: a prompt, a table of rows. Links may lead to other places of the project, not out of it.
    pub fn read_project_text(&self, path: &str) -> Result<String, FileError> {
        text_of(path, self.read_project_file(path)?)
    }

    /// The bytes of a table of rows or of other data of the project.
    pub fn read_project_file(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let real = self.inside(path)?;
        let (bytes, stamp) = self.read_beneath(&real, path, MAX_TEXT)?;
        self.note(path, Some(stamp));
        Ok(bytes)
    }

    /// Where a path of the project really leads, if it stays inside.
    fn inside(&self, written: &str) -> Result<PathBuf, FileError> {
        let path = ProjectPath::new(written).map_err(|reason| FileError {
            help: Some("write a path inside the project, with `/`"),
            ..FileError::new(written, reason)
        })?;
        let real = fs::canonicalize(self.locate(&path)).map_err(|error| FileError::io(&path, &error))?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(FileError::outside(&path)) }
    }

    fn read_text(&self, name: &str) -> Result<String, FileError> {
        let (text, stamp) = self.read_stamped_text(name).inspect_err(|error| {
            if error.missing {
                self.note(name, None);
            }
        })?;
        self.note(name, Some(stamp));
        Ok(text)
    }

    /// The text of a file beside the manifest, and the stamp that it had.
    fn read_stamped_text(&self, name: &str) -> Result<(String, Stamp), FileError> {
        let opened = open(&self.root.join(name), Links::Followed).map_err(|error| FileError::io(name, &error))?;
        let stamp = Stamp::of(&opened.1);
        Ok((text_of(name, read_all(opened, name, MAX_TEXT)?)?, stamp))
    }

    /// Reads a file by the place where it really lies: no part of it may be a link by now.
    fn read_beneath(&self, real: &Path, shown: &str, limit: u64) -> Result<(Vec<u8>, Stamp), FileError> {
        let failed = |error: io::Error| FileError::io(shown, &error);
        let (folder, name) = self.folder_at(real).map_err(failed)?;
        let opened = folder.open_file(&name).map_err(failed)?;
        let stamp = Stamp::of(&opened.1);
        Ok((read_all(opened, shown, limit)?, stamp))
    }

    /// The folder of a real place, held open, and the name in it.
    fn folder_at(&self, real: &Path) -> io::Result<(Folder, OsString)> {
        let relative = real.strip_prefix(&self.root).map_err(io::Error::other)?;
        let name = relative.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let parts = relative.parent().into_iter().flat_map(Path::components);
        let folder =
            parts.into_iter().try_fold(Folder::open(&self.root)?, |folder, part| folder.within(part.as_os_str()))?;
        Ok((folder, name.to_os_string()))
    }

    /// A `.env` beside the manifest, `None` where there is none.
    pub fn read_dotenv(&self) -> Result<Option<String>, FileError> {
        match self.read_text(".env") {
            Err(error) if error.missing => Ok(None),
            other => other.map(Some),
        }
    }

    /// Whether the file at an output's path stands in for a picture that couldn't be made: its mark says so.
    pub(crate) fn is_stand_in(&self, path: &ProjectPath) -> bool {
        self.read_picture(path).is_ok_and(|bytes| is_marked(&bytes))
    }

    /// What lies at an output's path: one lstat where the stat index vouches for the content, else the bytes are hashed.
    pub fn look(&self, path: &ProjectPath) -> FileState {
        self.look_or_hash(path, |stamp| self.lock_index().trusted(path.as_str(), stamp))
    }

    /// The same, with the bytes read in full whatever the stat index says.
    pub fn hash(&self, path: &ProjectPath) -> FileState {
        self.look_or_hash(path, |_| None)
    }

    fn look_or_hash(&self, path: &ProjectPath, known: impl FnOnce(&Stamp) -> Option<Digest>) -> FileState {
        let real = self.locate(path);
        let metadata = match fs::symlink_metadata(&real) {
            Ok(metadata) => metadata,
            // A file where a folder is expected hides the path as well as nothing does; writing will say so.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return FileState::Missing;
            }
            Err(error) => return FileState::Unreadable(describe(&error)),
        };
        if metadata.is_dir() {
            return FileState::Other("a folder");
        }
        if metadata.is_symlink() {
            return FileState::Other("a link");
        }
        if !metadata.is_file() {
            return FileState::Other("no regular file");
        }
        if metadata.len() == 0 {
            return FileState::Missing;
        }
        let stamp = Stamp::of(&metadata);
        if let Some(digest) = known(&stamp) {
            return FileState::File { digest };
        }
        match hash_regular(&real) {
            Ok(digest) => {
                self.lock_index().record(path.as_str(), stamp, digest);
                FileState::File { digest }
            }
            Err(error) => FileState::Unreadable(describe(&error)),
        }
    }

    /// Where an output's file really lies once links in its folders are followed; an error if that is out of the project.
    /// Folders that don't exist yet are where their nearest existing parent says.
    pub fn real_place(&self, path: &ProjectPath) -> Result<PathBuf, String> {
        let (folder, file) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let place = folders.entry(folder.to_string()).or_insert_with(|| self.real_folder(folder));
        place.as_ref().map(|place| place.join(file)).map_err(Clone::clone)
    }

    fn real_folder(&self, folder: &str) -> Result<PathBuf, String> {
        let mut existing = folder;
        loop {
            let candidate = if existing.is_empty() { self.root.clone() } else { self.root.join(existing) };
            match fs::canonicalize(&candidate) {
                Ok(real) if real.starts_with(&self.root) => {
                    return Ok(real.join(folder[existing.len()..].trim_start_matches('/')));
                }
                Ok(_) => return Err(format!("`{existing}` is a link that leads out of the project")),
                Err(_) if fs::symlink_metadata(&candidate).is_ok_and(|metadata| metadata.is_symlink()) => {
                    return Err(format!("`{existing}` is a link that leads nowhere"));
                }
                Err(_) if existing.is_empty() => return Err("the project's folder can't be read".to_string()),
                Err(_) => existing = existing.rsplit_once('/').map_or("", |(parent, _)| parent),
            }
        }
    }

    fn lock_index(&self) -> std::sync::MutexGuard<'_, StatIndex> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The folder that a manifest lies in.
pub(crate) fn folder_of(manifest: &Path) -> &Path {
    manifest.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folder without links, as far as it exists.
pub(crate) fn real(folder: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut existing = folder;
    loop {
        match (std::path::absolute(existing).and_then(fs::canonicalize), existing.parent(), existing.file_name()) {
            (Ok(real), _, _) => return rest.iter().rev().fold(real, |path, part| path.join(part)),
            (Err(_), Some(parent), Some(name)) => {
                rest.push(name.to_os_string());
                existing = parent;
            }
            _ => return folder.to_path_buf(),
        }
    }
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, FileError> {
    let text = String::from_utf8(bytes).map_err(|error| FileError {
        help: Some("save the file as UTF-8"),
        ..FileError::new(name, not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))
    })?;
    // A mark that some editors put before all else is no part of the text.
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use std::fs;

    use crate::digest::Digest;
    use crate::files::{FileError, FileState, Files};
    use crate::name::ProjectPath;

    fn project() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("images.toml"), "").expect("a manifest");
        let files = Files::open(&folder.path().join("images.toml")).expect("the project opens");
        (folder, files)
    }

    fn path(text: &str) -> ProjectPath {
        ProjectPath::new(text).expect("a good path")
    }

    fn write(files: &Files, name: &str) -> Result<(), FileError> {
        files.write(&path(name), b"picture", Digest::of(b"picture"))
    }

    #[test]
    fn a_written_file_is_seen_with_its_digest_and_an_empty_one_is_missing() {
        let (_folder, files) = project();
        write(&files, "a/b/c.png").expect("written");
        assert_eq!(files.look(&path("a/b/c.png")), FileState::File { digest: Digest::of(b"picture") });
        fs::write(files.locate(&path("empty.png")), "").expect("written");
        assert_eq!(files.look(&path("empty.png")), FileState::Missing);
        assert_eq!(files.look(&path("a/b")), FileState::Other("a folder"));
    }

    #[test]
    fn an_edit_of_the_same_size_right_after_writing_is_seen_by_a_later_run() {
        let (folder, files) = project();
        write(&files, "a.png").expect("written");
        files.save_index();
        fs::write(files.locate(&path("a.png")), b"PICTURE").expect("edited");
        let later = Files::open(&folder.path().join("images.toml")).expect("the project opens");
        assert_eq!(later.look(&path("a.png")), FileState::File { digest: Digest::of(b"PICTURE") });
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_a_link_out_of_the_project_is_refused() {
        let (folder, files) = project();
        let outside = tempfile::tempdir().expect("a temporary folder");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("art")).expect("a link");
        assert!(files.real_place(&path("art/x.png")).is_err());
        assert!(write(&files, "art/new/x.png").is_err());
        assert_eq!(fs::read_dir(outside.path()).expect("readable").count(), 0);
    }
}
