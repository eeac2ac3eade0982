//! Opening a file that somebody else may have put there: never through a link where none belongs, never waiting for
//! the other end of a pipe, never more than a limit.
//!
//! A look at a path says what lay there then; what counts is what was opened.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use crate::digest::Digest;
use crate::files::FileError;

/// No file that is read whole, of those that tintype writes for itself, is longer in bytes.
const LONGEST: u64 = 512 << 20;

/// Whether the last part of a path may be a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Followed,
    Refused,
}

/// A file that was opened, and what it is.
pub(crate) type Opened = (File, Metadata);

/// Opens whatever lies at a path, for reading.
pub(crate) fn open(path: &Path, links: Links) -> io::Result<Opened> {
    let mut options = OpenOptions::new();
    guarded(options.read(true), links);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

#[cfg(unix)]
fn guarded(options: &mut OpenOptions, links: Links) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let nofollow = if links == Links::Refused { OFlags::NOFOLLOW } else { OFlags::empty() };
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY | nofollow).bits().cast_signed());
}

#[cfg(not(unix))]
fn guarded(_options: &mut OpenOptions, _links: Links) {}

/// The bytes of a file of at most `limit` bytes, and of nothing that isn't one.
pub(crate) fn read_all((file, metadata): Opened, shown: &str, limit: u64) -> Result<Vec<u8>, FileError> {
    if !metadata.is_file() {
        return Err(FileError {
            help: Some("name a file"),
            ..FileError::new(shown, if metadata.is_dir() { "it is a folder" } else { "it is not a file" })
        });
    }
    let too_long = |length: u64| {
        let (length, limit) = (length >> 20, limit >> 20);
        Err(FileError::new(shown, format!("it has {length} MiB; at most {limit} are read")))
    };
    if metadata.len() > limit {
        return too_long(metadata.len());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    // It may grow while it is read.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| FileError::io(shown, &error))?;
    if bytes.len() as u64 > limit { too_long(bytes.len() as u64) } else { Ok(bytes) }
}

/// The bytes of a regular file that lies right here. One that is too long is none that tintype has written.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let (file, metadata) = open_regular(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(LONGEST)).unwrap_or_default());
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// The text of a regular file that lies right here.
pub(crate) fn read_regular_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_regular(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The digest of a regular file that lies right here, read piece by piece.
pub(crate) fn hash_regular(path: &Path) -> io::Result<Digest> {
    let (file, _) = open_regular(path)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(Digest::from_hash(hasher.finalize()))
}

fn open_regular(path: &Path) -> io::Result<Opened> {
    regular(open(path, Links::Refused)?.0)
}

fn regular(file: File) -> io::Result<Opened> {
    let metadata = file.metadata()?;
    let is_one = metadata.is_file();
    if is_one { Ok((file, metadata)) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")) }
}

/// Opens a file to lock or to add to, making it where it is missing. What isn't one isn't opened.
#[cfg(feature = "generate")]
pub(crate) fn open_or_make(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    guarded(options.create(true).read(true).append(true), Links::Refused);
    regular(options.open(path)?).map(|(file, _)| file)
}
