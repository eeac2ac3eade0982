//! Why a file couldn't be read or written, in words that anybody understands.

use std::fmt;
use std::io;

/// Why a file of the project couldn't be read or written.
#[derive(Debug)]
pub struct FileError {
    /// The path as people know it.
    pub path: String,
    /// What happened, in a few words.
    pub reason: String,
    /// Whether there is no such file.
    pub missing: bool,
    /// What to do about it, where that isn't plain.
    pub help: Option<&'static str>,
}

impl FileError {
    pub(crate) fn new(path: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self { path: path.to_string(), reason: reason.into(), missing: false, help: None }
    }

    pub(crate) fn outside(path: impl fmt::Display) -> Self {
        let help = "copy the file into the project: a link may lead to other places of it, not out of it";
        Self { help: Some(help), ..Self::new(path, "the path leaves the project through a link") }
    }

    pub(crate) fn io(path: impl fmt::Display, error: &io::Error) -> Self {
        let missing = error.kind() == io::ErrorKind::NotFound;
        Self { missing, ..Self::new(path, describe(error)) }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.path, self.reason)
    }
}

impl std::error::Error for FileError {}

/// An I/O error in plain words, without the system's number.
pub fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_string(),
        io::ErrorKind::PermissionDenied => "permission denied".to_string(),
        io::ErrorKind::StorageFull => "no space left on the disk".to_string(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        io::ErrorKind::InvalidData => "the file is not UTF-8 text".to_string(),
        // Too many links, one to the next, is a kind without a stable name.
        _ => {
            let words = error.to_string().to_lowercase();
            words.split(" (os error").next().unwrap_or_default().to_string()
        }
    }
}

/// That bytes aren't UTF-8 from an offset on, in plain words.
pub(crate) fn not_utf8(bytes: &[u8], offset: usize) -> String {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return "it isn't UTF-8 text: it begins like UTF-16".to_string();
    }
    let before = String::from_utf8_lossy(&bytes[..offset]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = bytes.get(offset).copied().unwrap_or_default();
    format!("it isn't UTF-8 text: line {line}, column {column} has the byte 0x{byte:02X}")
}
