//! The journal of paid requests: one file a recipe, which exists while something about its requests is open.
//!
//! Order of things: intent, request, answer, images stored, closed; each record is on the disk before the next step. What
//! a killed run leaves says how far it came: an answer is taken up, an intent without an answer is *unknown* and never
//! sent again by itself. A damaged record counts as unknown, never as not paid, and so does whatever lies in the journal's
//! place and is no file. What a newer version wrote is left as it is, and nothing is asked for beside it.

mod answer;
#[cfg(feature = "generate")]
mod write;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::journal::answer::body_without_record;
use crate::cache::record::{Record, Unreadable};
use crate::digest::Digest;
use crate::files::read_regular;
use crate::recipe::Fingerprint;
use crate::transform::Rgb;

#[cfg(feature = "generate")]
pub(crate) use crate::cache::journal::write::{Heard, Outcome};

/// What is open of one recipe's requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    /// Requests that aren't closed, oldest first.
    pub open: Vec<OpenRequest>,
    /// Whether a newer version of tintype wrote some of it: then nothing can be said of what is open.
    pub newer: bool,
}

/// A request that was sent, or was about to be.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// Its name in the journal.
    pub id: String,
    /// What was asked.
    pub intent: Intent,
    /// How far it came.
    pub state: RequestState,
    /// How many of its images are takes already: the run that filed them died before it closed the request.
    pub filed: u32,
}

/// What a request asks, and all that it takes to take its answer up without knowing the recipe.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Intent {
    /// When it was written down, as `2026-11-20T21:04:05Z`.
    pub sent: String,
    /// The name of the project's folder.
    pub project: Option<String>,
    /// For which asset.
    pub asset: String,
    /// Which model.
    pub model: String,
    /// Who was asked.
    pub provider: String,
    /// Under which id of the model.
    pub model_id: String,
    /// In which wire format.
    pub api: String,
    /// For which size.
    pub asked: Option<String>,
    /// What was said beside the prompt.
    pub wording: Option<String>,
    /// The colour that the ground was asked for in, to be taken away.
    pub key: Option<Rgb>,
    /// Whether the ground was to be transparent.
    pub transparent: bool,
    /// For how many images.
    pub images: u32,
    /// Price of one image in US dollars, where it is known.
    pub cost_usd: Option<f64>,
}

/// How far a request came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// Sent, or about to be, and nothing heard: it may have been billed.
    Unknown,
    /// Answered; the answer's body is in the journal.
    Answered {
        /// When, as `2026-11-20T21:04:05Z`.
        at: String,
        /// The digest of the body.
        body: Digest,
    },
    /// Answered, perhaps billed, and without an image that could be used.
    Unusable(String),
    /// The vendor refused the prompt.
    Refused(String),
}

impl Journal {
    pub(crate) fn read(folder: &Path, fingerprint: Fingerprint) -> Self {
        let bytes = match read_file(&file(folder, fingerprint)) {
            Ok(None) => return Self::default(),
            Ok(Some(bytes)) => bytes,
            // Something was written there: what it said is anybody's guess.
            Err(_) => Vec::new(),
        };
        let mut journal = Self::of(&bytes);
        for request in journal.open.iter_mut().filter(|request| request.state == RequestState::Unknown) {
            // The run may have been killed between the answer and its record, or the record is damaged.
            if let Some(body) = body_without_record(folder, fingerprint, &request.id) {
                request.state = RequestState::Answered { at: request.intent.sent.clone(), body };
            }
        }
        journal
    }

    /// What the records say by themselves, without the answers that lie beside them. Pure.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut journal = Self::default();
        let mut requests: BTreeMap<usize, OpenRequest> = BTreeMap::new();
        for (number, record) in Record::lines(bytes).enumerate() {
            let applied = record.and_then(|record| apply(&record, number, &mut requests));
            match applied {
                Ok(()) => {}
                Err(Unreadable::Newer) => journal.newer = true,
                Err(Unreadable::Damaged) => {
                    requests.insert(number, damaged(number));
                }
            }
        }
        if bytes.iter().all(|byte| *byte == b'\n') {
            requests.insert(0, damaged(0));
        }
        journal.open = requests.into_values().collect();
        journal
    }

    /// Requests that may have been billed and brought nothing.
    pub fn unknown(&self) -> impl Iterator<Item = &OpenRequest> {
        self.open.iter().filter(|request| matches!(request.state, RequestState::Unknown | RequestState::Unusable(_)))
    }

    /// Whether one of them may have cost something.
    pub fn may_have_been_billed(&self) -> bool {
        self.newer || self.unknown().any(|request| request.intent.cost_usd != Some(0.0))
    }

    /// The vendor's words, if it refused.
    pub fn refused(&self) -> Option<&str> {
        self.open.iter().find_map(|request| match &request.state {
            RequestState::Refused(words) => Some(words.as_str()),
            _ => None,
        })
    }

    /// Images in answers that were not taken up yet, and can be.
    pub fn answered(&self) -> u32 {
        let answered = self.open.iter().filter(|request| matches!(request.state, RequestState::Answered { .. }));
        let left = answered.map(|request| request.intent.images.saturating_sub(request.filed));
        if self.newer { 0 } else { left.fold(0, u32::saturating_add) }
    }
}

/// A record that can't be read stands for a request that may have been paid.
fn damaged(number: usize) -> OpenRequest {
    let intent = Intent { images: 1, ..Intent::default() };
    OpenRequest { id: format!("damaged-{number}"), intent, state: RequestState::Unknown, filed: 0 }
}

fn file(folder: &Path, fingerprint: Fingerprint) -> PathBuf {
    folder.join(fingerprint.0.hex())
}

/// The bytes of a regular file, `None` where there is nothing. A pipe isn't waited for, a link not followed.
fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read_regular(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        read => read.map(Some),
    }
}

fn apply(record: &Record, number: usize, requests: &mut BTreeMap<usize, OpenRequest>) -> Result<(), Unreadable> {
    let id = record.field("id").to_string();
    let known = requests.iter().find(|(_, request)| request.id == id).map(|(number, _)| *number);
    let mut set = |state| {
        if let Some(request) = known.and_then(|known| requests.get_mut(&known)) {
            request.state = state;
        }
    };
    match record.field("kind") {
        "intent" => {
            requests.insert(number, OpenRequest { id, intent: intent(record), state: RequestState::Unknown, filed: 0 });
        }
        "answer" => {
            let body = record.field("body").parse().map_err(|_| Unreadable::Newer)?;
            let state = RequestState::Answered { at: record.field("at").to_string(), body };
            // It says again what was asked: it is of use where the intent is damaged.
            requests.insert(known.unwrap_or(number), OpenRequest { id, intent: intent(record), state, filed: 0 });
        }
        "unusable" => set(RequestState::Unusable(record.field("words").to_string())),
        "refused" => set(RequestState::Refused(record.field("words").to_string())),
        "closed" => {
            known.map(|known| requests.remove(&known));
        }
        _ => return Err(Unreadable::Newer),
    }
    Ok(())
}

fn intent(record: &Record) -> Intent {
    let text = |key: &str| record.text(key).unwrap_or_default();
    Intent {
        sent: text("sent"),
        project: record.text("project"),
        asset: text("asset"),
        model: text("model"),
        provider: text("provider"),
        model_id: text("model_id"),
        api: text("api"),
        asked: record.text("asked"),
        wording: record.text("wording"),
        key: Rgb::parse(record.field("key")),
        transparent: record.field("background") == "transparent",
        images: record.field("images").parse().unwrap_or(1),
        cost_usd: record.dollars("cost_usd"),
    }
}

#[cfg(all(test, feature = "generate"))]
mod tests;
