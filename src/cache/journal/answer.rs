//! The bodies of answers, each a file of its own beside the records: of use even where its record is missing.

#[cfg(feature = "generate")]
use std::collections::BTreeSet;
use std::fs;
#[cfg(feature = "generate")]
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::journal::read_file;
#[cfg(feature = "generate")]
use crate::cache::journal::write::remove;
#[cfg(feature = "generate")]
use crate::cache::journal::{Journal, OpenRequest, RequestState};
use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::{Durable, replace};
use crate::recipe::Fingerprint;

/// The end of the names of answers' bodies.
const BODY: &str = ".body";
/// The end of the marks of those that were tried in vain.
#[cfg(feature = "generate")]
const TRIED: &str = ".tried";

/// What belongs to a request is filed under it: two answers may be the same to the last byte, and one of them taken up.
fn request_file(folder: &Path, fingerprint: Fingerprint, id: &str, end: &str) -> PathBuf {
    folder.join(format!("{}.{id}{end}", fingerprint.0.hex()))
}

/// The name says what must be in it, so that it is of use without its record.
pub(crate) fn body_file(folder: &Path, fingerprint: Fingerprint, id: &str, body: Digest) -> PathBuf {
    request_file(folder, fingerprint, id, &format!(".{}{BODY}", body.short()))
}

/// What the answer of a request is whose record is missing: the file's name says what must be in it.
pub(crate) fn body_without_record(folder: &Path, fingerprint: Fingerprint, id: &str) -> Option<Digest> {
    let start = format!("{}.{id}.", fingerprint.0.hex());
    let name = names(folder).find(|name| name.starts_with(&start) && name.ends_with(BODY))?;
    let body = Digest::of(&read_file(&folder.join(&name)).ok()??);
    (body_file(folder, fingerprint, id, body) == folder.join(name)).then_some(body)
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

#[cfg(feature = "generate")]
impl Journal {
    /// The body of an answer, whose hash was checked.
    pub(crate) fn body(folder: &Path, fingerprint: Fingerprint, request: &OpenRequest) -> Option<Vec<u8>> {
        let RequestState::Answered { body: digest, .. } = &request.state else { return None };
        let read = read_file(&body_file(folder, fingerprint, &request.id, *digest)).ok().flatten();
        read.filter(|body| Digest::of(body) == *digest)
    }

    /// Where the body of a request's answer belongs, if it has one.
    pub(crate) fn body_place(&self, folder: &Path, fingerprint: Fingerprint, id: &str) -> Option<PathBuf> {
        self.open.iter().find(|request| request.id == id).and_then(|request| match request.state {
            RequestState::Answered { body, .. } => Some(body_file(folder, fingerprint, id, body)),
            _ => None,
        })
    }

    /// Removes the body of a request that needs it no longer.
    pub(crate) fn remove_answer(&self, folder: &Path, fingerprint: Fingerprint, id: &str) -> io::Result<()> {
        let body = self.body_place(folder, fingerprint, id);
        body.map_or(Ok(()), |body| remove(&body))?;
        remove(&request_file(folder, fingerprint, id, TRIED))
    }

    /// The recipes of which an answer lies in the journal.
    pub(crate) fn answers(folder: &Path) -> BTreeSet<Fingerprint> {
        let fingerprint = |name: String| {
            let (hex, _) = name.strip_suffix(BODY)?.split_once('.')?;
            format!("b3:{hex}").parse().ok().map(Fingerprint)
        };
        names(folder).filter_map(fingerprint).collect()
    }

    /// Whether an answer lies in the journal that nobody has tried to take up in vain.
    pub(crate) fn has_new_answers(folder: &Path) -> bool {
        let (bodies, others): (Vec<String>, Vec<String>) = names(folder).partition(|name| name.ends_with(BODY));
        let request = |body: &str| Some(body.trim_end_matches(BODY).rsplit_once('.')?.0.to_string());
        let was_tried = |body: &String| request(body).is_some_and(|name| others.contains(&(name + TRIED)));
        !bodies.iter().all(was_tried)
    }

    /// Remembers that an answer couldn't be taken up, so that a run with nothing to do needn't try again.
    pub(crate) fn tried(folder: &Path, fingerprint: Fingerprint, id: &str) -> io::Result<()> {
        replace(folder, &request_file(folder, fingerprint, id, TRIED), b"", Durable::No)
    }
}
