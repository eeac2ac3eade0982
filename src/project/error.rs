//! Why a project can't be worked with: for programs to match, and for people to read.

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::files::FileError;
use crate::plan::Note;

/// Why a project can't be worked with, or a run was refused before it began.
#[derive(Debug)]
pub enum ProjectError {
    /// The manifest or the lockfile has mistakes.
    Invalid(Vec<Diagnostic>),
    /// A file can't be read or written.
    File(FileError),
    /// No asset has this name.
    NoSuchAsset(Note),
    /// What was asked for can't be done with this asset.
    NotPossible(Note),
    /// A key is needed and not set.
    MissingKey(Note),
    /// It would cost more than is allowed, or nobody agreed.
    Refused(Note),
    /// The lockfile would change, and may not.
    OutOfDate(Note),
    /// The cache, or this machine, can't be worked with.
    Broken(Note),
}

impl fmt::Display for ProjectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(diagnostics) => {
                for (index, diagnostic) in diagnostics.iter().enumerate() {
                    write!(formatter, "{}{diagnostic}", if index > 0 { "\n" } else { "" })?;
                }
                Ok(())
            }
            Self::File(error) => error.fmt(formatter),
            Self::NoSuchAsset(note)
            | Self::NotPossible(note)
            | Self::MissingKey(note)
            | Self::Refused(note)
            | Self::OutOfDate(note)
            | Self::Broken(note) => formatter.write_str(&note.message),
        }
    }
}

impl std::error::Error for ProjectError {}

impl From<Vec<Diagnostic>> for ProjectError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Invalid(diagnostics)
    }
}

impl From<FileError> for ProjectError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
