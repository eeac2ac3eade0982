//! Files that the user names on the command line: they may lie anywhere.

use std::path::Path;

use crate::files::open::read_all;
use crate::files::{FileError, Links, MAX_PICTURE, open};

/// The bytes of a picture anywhere.
pub fn read_outside(path: &Path) -> Result<Vec<u8>, FileError> {
    let shown = path.display().to_string();
    let opened = open(path, Links::Followed).map_err(|error| FileError::io(&shown, &error))?;
    read_all(opened, &shown, MAX_PICTURE)
}
