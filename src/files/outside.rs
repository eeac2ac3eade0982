//! Files that the user names on the command line: they may lie anywhere.

use std::path::Path;

use crate::files::{FileError, MAX_PICTURE, read_bounded};

/// The bytes of a picture anywhere.
pub fn read_outside(path: &Path) -> Result<Vec<u8>, FileError> {
    read_bounded(path, &path.display().to_string(), MAX_PICTURE)
}
