//! References and sources: pictures of the project that are read, and remembered by their digests once they were seen to be
//! images.

use std::fs;
use std::io::Read;

use crate::digest::Digest;
use crate::files::open::{Links, open};
use crate::files::stat::Stamp;
use crate::files::{FileError, Files};
use crate::name::ProjectPath;

/// No reference or source may be larger, in bytes: vendors take at most 50 MB.
pub(crate) const MAX_PICTURE: u64 = 64 << 20;

/// So much of a picture is read for its header: more than PNG and WebP need, and all but the longest metadata of a JPEG.
const HEAD: usize = 64 << 10;

impl Files {
    /// The bytes of a reference or source. Links may lead to other places of the project, not out of it.
    pub fn read_picture(&self, path: &ProjectPath) -> Result<Vec<u8>, FileError> {
        self.read_stamped_picture(path).map(|(bytes, _)| bytes)
    }

    /// The same, and the stamp that the file had when it was opened.
    pub(crate) fn read_stamped_picture(&self, path: &ProjectPath) -> Result<(Vec<u8>, Stamp), FileError> {
        let real = fs::canonicalize(self.locate(path)).map_err(|error| FileError::io(path, &error))?;
        if !real.starts_with(&self.root) {
            return Err(FileError::outside(path));
        }
        self.read_beneath(&real, path.as_str(), MAX_PICTURE)
    }

    /// The digest of a reference or source, through the stat index; the first bytes prove it an image only when read.
    pub fn picture_digest(&self, path: &ProjectPath) -> Option<Digest> {
        let metadata = fs::metadata(self.locate(path)).ok().filter(fs::Metadata::is_file)?;
        let stamp = Stamp::of(&metadata);
        let digest = self.lock_index().trusted(&picture_key(path), &stamp)?;
        self.note(path.as_str(), Some(stamp));
        Some(digest)
    }

    /// The first bytes of a reference or source whose digest is known: its header, unless that is uncommonly long.
    pub(crate) fn picture_head(&self, path: &ProjectPath) -> Option<Vec<u8>> {
        let (file, _) = open(&self.locate(path), Links::Followed).ok()?;
        let mut head = Vec::with_capacity(HEAD);
        file.take(HEAD as u64).read_to_end(&mut head).ok().map(|_| head)
    }

    /// Remembers the digest of a reference or source whose bytes were read, and were an image.
    pub(crate) fn remember_picture(&self, path: &ProjectPath, stamp: Stamp, digest: Digest) {
        self.note(path.as_str(), Some(stamp));
        self.lock_index().record(&picture_key(path), stamp, digest);
    }
}

/// References are remembered apart from outputs: to be one, a file must have been seen to be an image.
fn picture_key(path: &ProjectPath) -> String {
    format!("image:{path}")
}
