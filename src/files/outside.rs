//! Files that the user names on the command line: they may lie anywhere.

use std::path::Path;

use crate::files::open::read_all;
#[cfg(feature = "generate")]
use crate::files::{Durable, folder_of, replace};
use crate::files::{FileError, Links, MAX_PICTURE, MAX_TEXT, open, text_of};

/// Whether a folder anywhere has a file of this name.
pub(crate) fn holds_file(folder: &Path, name: &str) -> bool {
    folder.join(name).is_file()
}

/// The bytes of a picture anywhere.
pub fn read_outside(path: &Path) -> Result<Vec<u8>, FileError> {
    read(path, MAX_PICTURE)
}

/// A text anywhere.
pub fn read_text_outside(path: &Path) -> Result<String, FileError> {
    text_of(&path.display().to_string(), read(path, MAX_TEXT)?)
}

/// Writes a text over a file that is there, whole or not at all. Where that is a link, the file is that at its end.
#[cfg(feature = "generate")]
pub fn write_outside(path: &Path, text: &str) -> Result<(), FileError> {
    let write = || {
        let real = path.canonicalize()?;
        replace(folder_of(&real), &real, text.as_bytes(), Durable::Yes)
    };
    write().map_err(|error| FileError::io(path.display(), &error))
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let shown = path.display().to_string();
    let opened = open(path, Links::Followed).map_err(|error| FileError::io(&shown, &error))?;
    read_all(opened, &shown, limit)
}
