//! The write half of the journal, for whoever holds the recipe's lock: each record is on the disk before the next step.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cache::journal::answer::body_file;
use crate::cache::journal::{Intent, Journal, file};
use crate::cache::record::line;
use crate::digest::Digest;
use crate::files::{Durable, open_or_make, replace};
use crate::recipe::Fingerprint;

impl Intent {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("sent", self.sent.clone()),
            ("asset", self.asset.clone()),
            ("model", self.model.clone()),
            ("provider", self.provider.clone()),
            ("model_id", self.model_id.clone()),
            ("api", self.api.clone()),
            ("images", self.images.to_string()),
        ];
        let mut maybe = |key, value: Option<String>| fields.extend(value.map(|value| (key, value)));
        maybe("project", self.project.clone());
        maybe("asked", self.asked.clone());
        maybe("wording", self.wording.clone());
        maybe("key", self.key.map(|key| key.to_string()));
        maybe("background", self.transparent.then(|| "transparent".to_string()));
        maybe("cost_usd", self.cost_usd.map(|cost| cost.to_string()));
        fields
    }

    /// What is known to cost nothing may be lost in a power cut.
    pub(crate) fn durable(&self) -> Durable {
        if self.cost_usd == Some(0.0) { Durable::No } else { Durable::Yes }
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is open: its images are stored, or it certainly wasn't billed, or the user asked to send it again.
    Closed,
    /// The vendor refused the prompt.
    Refused(String),
    /// Answered without an image that could be used.
    Unusable(String),
}

/// An answer, as it is written down.
#[derive(Debug, Clone)]
pub(crate) struct Heard<'a> {
    /// The request's name in the journal.
    pub(crate) id: &'a str,
    /// What was asked.
    pub(crate) intent: &'a Intent,
    /// When it came.
    pub(crate) at: &'a str,
    /// The whole of it.
    pub(crate) body: &'a [u8],
}

/// The write half, for whoever holds the recipe's lock.
impl Journal {
    /// Before a request is sent: returns its id once the intent is on the disk.
    pub(crate) fn intend(folder: &Path, fingerprint: Fingerprint, intent: &Intent) -> io::Result<String> {
        Self::read(folder, fingerprint).refuse_newer()?;
        let id = format!("{}-{}-{}", nanoseconds(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut fields = vec![("kind", "intent".to_string()), ("id", id.clone())];
        fields.extend(intent.fields());
        append(folder, fingerprint, &fields, intent.durable())?;
        Ok(id)
    }

    /// The whole answer, before anything is downloaded or decoded.
    pub(crate) fn answer(folder: &Path, fingerprint: Fingerprint, heard: &Heard<'_>) -> io::Result<()> {
        let durable = heard.intent.durable();
        let digest = Digest::of(heard.body);
        replace(folder, &body_file(folder, fingerprint, heard.id, digest), heard.body, durable)?;
        let (id, at, body) = (heard.id.to_string(), heard.at.to_string(), digest.to_string());
        let mut fields = vec![("kind", "answer".to_string()), ("id", id), ("at", at), ("body", body)];
        fields.extend(heard.intent.fields());
        append(folder, fingerprint, &fields, durable)
    }

    /// How a request ended. When nothing of the recipe is open any more, its journal goes.
    pub(crate) fn end(folder: &Path, fingerprint: Fingerprint, id: &str, outcome: &Outcome) -> io::Result<()> {
        let (kind, words) = match outcome {
            Outcome::Closed => ("closed", None),
            Outcome::Refused(words) => ("refused", Some(words)),
            Outcome::Unusable(words) => ("unusable", Some(words)),
        };
        let before = Self::read(folder, fingerprint);
        before.refuse_newer()?;
        if before.open.iter().all(|request| request.id == id) && *outcome == Outcome::Closed {
            // The record first: a body without a record is litter, a record without its body would be an unknown.
            remove(&file(folder, fingerprint))?;
            return before.remove_answer(folder, fingerprint, id);
        }
        let mut fields = vec![("kind", kind.to_string()), ("id", id.to_string())];
        fields.extend(words.map(|words| ("words", words.clone())));
        let free = before.open.iter().find(|request| request.id == id).map(|request| request.intent.durable());
        append(folder, fingerprint, &fields, free.unwrap_or(Durable::Yes))?;
        before.remove_answer(folder, fingerprint, id)
    }

    /// The journal's place, where a folder lies: whatever is in it isn't ours to remove.
    pub(crate) fn folder_in_its_place(folder: &Path, fingerprint: Fingerprint) -> Option<PathBuf> {
        let path = file(folder, fingerprint);
        let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        is_folder.then_some(path)
    }

    /// Nothing is written beside what isn't understood.
    fn refuse_newer(&self) -> io::Result<()> {
        let error = || io::Error::other("its journal was written by a newer tintype: use that version");
        if self.newer { Err(error()) } else { Ok(()) }
    }
}

/// Removes a file that may be gone already.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Adds a record. The first one of a recipe comes to be whole or not at all, so that an empty journal is a damaged one.
fn append(folder: &Path, fingerprint: Fingerprint, fields: &[(&str, String)], durable: Durable) -> io::Result<()> {
    let path = file(folder, fingerprint);
    let record = line(fields);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return replace(folder, &path, record.as_bytes(), durable);
        }
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("the journal is not a file")),
        Ok(_) => {}
    }
    let mut file = open_or_make(&path)?;
    let length = file.metadata()?.len();
    // A torn record of a killed run has no line end: begin a new line, so that it costs itself only.
    if let Err(error) = file.write_all(format!("\n{record}").as_bytes()) {
        // A disk that is full keeps no half of it.
        let _ = file.set_len(length);
        return Err(error);
    }
    if durable == Durable::Yes { file.sync_data() } else { Ok(()) }
}

/// Tells requests of one nanosecond apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

fn nanoseconds() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos())
}
