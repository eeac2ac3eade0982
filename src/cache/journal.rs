//! The journal of paid requests: one file a recipe, which exists while something about its requests is open.
//!
//! Order of things: intent, request, answer, images stored, closed; each record is on the disk before the next step. What
//! a killed run leaves says how far it came: an answer is taken up, an intent without an answer is *unknown* and never
//! sent again by itself. A damaged record counts as unknown, never as not paid, and so does whatever lies in the journal's
//! place and is no file. What a newer version wrote is left as it is, and nothing is asked for beside it.

use std::collections::BTreeMap;
#[cfg(feature = "generate")]
use std::collections::BTreeSet;
use std::fs;
#[cfg(feature = "generate")]
use std::fs::OpenOptions;
use std::io;
#[cfg(feature = "generate")]
use std::io::Write;
use std::path::{Path, PathBuf};
#[cfg(feature = "generate")]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "generate")]
use crate::cache::record::line;
use crate::cache::record::{Record, Unreadable};
use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::{Durable, replace};
use crate::recipe::Fingerprint;

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
    /// What was put before the prompt.
    pub wording: Option<String>,
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
        let mut journal = Self::default();
        let mut requests: BTreeMap<usize, OpenRequest> = BTreeMap::new();
        for (number, record) in Record::lines(&bytes).enumerate() {
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
        for request in journal.open.iter_mut().filter(|request| request.state == RequestState::Unknown) {
            // The run may have been killed between the answer and its record, or the record is damaged.
            if let Some(body) = body_without_record(folder, fingerprint, &request.id) {
                request.state = RequestState::Answered { at: request.intent.sent.clone(), body };
            }
        }
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
        if self.newer { 0 } else { answered.map(|request| request.intent.images).sum() }
    }
}

/// A record that can't be read stands for a request that may have been paid.
fn damaged(number: usize) -> OpenRequest {
    let intent = Intent { images: 1, ..Intent::default() };
    OpenRequest { id: format!("damaged-{number}"), intent, state: RequestState::Unknown }
}

fn file(folder: &Path, fingerprint: Fingerprint) -> PathBuf {
    folder.join(fingerprint.0.hex())
}

/// The end of the names of answers' bodies, and of the marks of those that were tried in vain.
const BODY: &str = ".body";
#[cfg(feature = "generate")]
const TRIED: &str = ".tried";

/// What belongs to a request is filed under it: two answers may be the same to the last byte, and one of them taken up.
fn request_file(folder: &Path, fingerprint: Fingerprint, id: &str, end: &str) -> PathBuf {
    folder.join(format!("{}.{id}{end}", fingerprint.0.hex()))
}

/// The name says what must be in it, so that it is of use without its record.
fn body_file(folder: &Path, fingerprint: Fingerprint, id: &str, body: Digest) -> PathBuf {
    request_file(folder, fingerprint, id, &format!(".{}{BODY}", body.short()))
}

fn body_without_record(folder: &Path, fingerprint: Fingerprint, id: &str) -> Option<Digest> {
    let start = format!("{}.{id}.", fingerprint.0.hex());
    let name = names(folder).find(|name| name.starts_with(&start) && name.ends_with(BODY))?;
    let body = Digest::of(&read_file(&folder.join(&name)).ok()??);
    (body_file(folder, fingerprint, id, body) == folder.join(name)).then_some(body)
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// The bytes of a regular file, `None` where there is nothing. A pipe isn't waited for, a link not followed.
fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let nothing = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    match fs::symlink_metadata(path) {
        Err(error) if nothing(&error) => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(_) => {}
    }
    match fs::read(path) {
        Err(error) if nothing(&error) => Ok(None),
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
            requests.insert(number, OpenRequest { id, intent: intent(record), state: RequestState::Unknown });
        }
        "answer" => {
            let body = record.field("body").parse().map_err(|_| Unreadable::Newer)?;
            let state = RequestState::Answered { at: record.field("at").to_string(), body };
            // It says again what was asked: it is of use where the intent is damaged.
            requests.insert(known.unwrap_or(number), OpenRequest { id, intent: intent(record), state });
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
        transparent: record.field("background") == "transparent",
        images: record.field("images").parse().unwrap_or(1),
        cost_usd: record.dollars("cost_usd"),
    }
}

#[cfg(feature = "generate")]
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
#[cfg(feature = "generate")]
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
#[cfg(feature = "generate")]
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
#[cfg(feature = "generate")]
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

    /// The body of an answer, whose hash was checked.
    pub(crate) fn body(folder: &Path, fingerprint: Fingerprint, request: &OpenRequest) -> Option<Vec<u8>> {
        let RequestState::Answered { body: digest, .. } = &request.state else { return None };
        let read = read_file(&body_file(folder, fingerprint, &request.id, *digest)).ok().flatten();
        read.filter(|body| Digest::of(body) == *digest)
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

    fn remove_answer(&self, folder: &Path, fingerprint: Fingerprint, id: &str) -> io::Result<()> {
        let body = self.body_place(folder, fingerprint, id);
        body.map_or(Ok(()), |body| remove(&body))?;
        remove(&request_file(folder, fingerprint, id, TRIED))
    }

    /// Where the body of a request's answer belongs, if it has one.
    pub(crate) fn body_place(&self, folder: &Path, fingerprint: Fingerprint, id: &str) -> Option<PathBuf> {
        self.open.iter().find(|request| request.id == id).and_then(|request| match request.state {
            RequestState::Answered { body, .. } => Some(body_file(folder, fingerprint, id, body)),
            _ => None,
        })
    }

    /// The journal's place, where a folder lies: whatever is in it isn't ours to remove.
    pub(crate) fn folder_in_its_place(folder: &Path, fingerprint: Fingerprint) -> Option<PathBuf> {
        let path = file(folder, fingerprint);
        let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        is_folder.then_some(path)
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

    /// Nothing is written beside what isn't understood.
    fn refuse_newer(&self) -> io::Result<()> {
        let error = || io::Error::other("its journal was written by a newer tintype: use that version");
        if self.newer { Err(error()) } else { Ok(()) }
    }
}

#[cfg(feature = "generate")]
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Adds a record. The first one of a recipe comes to be whole or not at all, so that an empty journal is a damaged one.
#[cfg(feature = "generate")]
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
    let mut file = OpenOptions::new().append(true).open(&path)?;
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
#[cfg(feature = "generate")]
static COUNT: AtomicU64 = AtomicU64::new(0);

#[cfg(feature = "generate")]
fn nanoseconds() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos())
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::cache::journal::{Heard, Intent, Journal, Outcome};
    use crate::cache::record::line;
    use crate::digest::Digest;
    use crate::recipe::Fingerprint;

    const AT: &str = "2026-11-20T21:04:05Z";

    fn intent() -> Intent {
        Intent {
            sent: AT.to_string(),
            project: Some("site".to_string()),
            asset: "hero".to_string(),
            model: "seedream-4.5".to_string(),
            provider: "aisa".to_string(),
            model_id: "seedream".to_string(),
            api: "openai-images".to_string(),
            asked: Some("2048x2048".to_string()),
            wording: Some("Image 1 is the \"helmet\".".to_string()),
            transparent: true,
            images: 2,
            cost_usd: Some(0.04),
        }
    }

    fn fingerprint() -> Fingerprint {
        Fingerprint(Digest::of(b"recipe"))
    }

    fn read(folder: &Path) -> Journal {
        Journal::read(folder, fingerprint())
    }

    fn intend(folder: &Path) -> String {
        Journal::intend(folder, fingerprint(), &intent()).expect("written")
    }

    fn answer(folder: &Path, id: &str, body: &[u8]) {
        let heard = Heard { id, intent: &intent(), at: AT, body };
        Journal::answer(folder, fingerprint(), &heard).expect("written");
    }

    fn end(folder: &Path, id: &str, outcome: &Outcome) {
        Journal::end(folder, fingerprint(), id, outcome).expect("written");
    }

    fn place(folder: &Path) -> std::path::PathBuf {
        folder.join(fingerprint().0.hex())
    }

    #[test]
    fn a_request_goes_from_unknown_to_answered_to_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let id = intend(folder);
        let journal = read(folder);
        assert_eq!((journal.unknown().count(), &journal.open[0].intent), (1, &intent()));

        answer(folder, &id, b"{}");
        let journal = read(folder);
        assert_eq!((journal.unknown().count(), journal.answered()), (0, 2));
        assert_eq!(Journal::body(folder, fingerprint(), &journal.open[0]).as_deref(), Some(&b"{}"[..]));
        assert_eq!(Journal::answers(folder).into_iter().collect::<Vec<_>>(), [fingerprint()]);
        assert!(Journal::has_new_answers(folder));
        Journal::tried(folder, fingerprint(), &id).expect("written");
        assert!(!Journal::has_new_answers(folder) && Journal::answers(folder).len() == 1);

        end(folder, &id, &Outcome::Closed);
        assert_eq!(fs::read_dir(folder).expect("readable").count(), 0, "nothing open leaves nothing behind");
    }

    #[test]
    fn a_lost_request_is_in_doubt_only_if_it_had_a_price() {
        for (cost_usd, in_doubt) in [(Some(0.04), true), (None, true), (Some(0.0), false)] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let asked = Intent { cost_usd, ..intent() };
            Journal::intend(folder.path(), fingerprint(), &asked).expect("written");
            assert_eq!(read(folder.path()).may_have_been_billed(), in_doubt, "{cost_usd:?}");
        }
    }

    #[test]
    fn a_refusal_and_an_unusable_answer_are_remembered() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = intend(folder.path());
        end(folder.path(), &id, &Outcome::Refused("no \"weapons\"\n".to_string()));
        assert_eq!(read(folder.path()).refused(), Some("no \"weapons\"\n"));
        let id = intend(folder.path());
        end(folder.path(), &id, &Outcome::Unusable("no image".to_string()));
        assert_eq!(read(folder.path()).unknown().count(), 1);
    }

    #[test]
    fn one_of_two_answers_that_are_the_same_outlives_the_other() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let (one, other) = (intend(folder), intend(folder));
        answer(folder, &one, b"{}");
        answer(folder, &other, b"{}");
        end(folder, &one, &Outcome::Closed);
        let journal = read(folder);
        assert_eq!((journal.open.len(), journal.answered()), (1, 2));
        assert!(Journal::body(folder, fingerprint(), &journal.open[0]).is_some(), "its body is its own");
    }

    /// One request is closed, one answered, one open: in that order of their last records.
    fn a_long_one(folder: &Path) -> Vec<u8> {
        let (first, second) = (intend(folder), intend(folder));
        end(folder, &first, &Outcome::Closed);
        answer(folder, &second, b"{}");
        intend(folder);
        fs::read(place(folder)).expect("readable")
    }

    #[test]
    fn a_journal_cut_at_any_byte_never_says_not_paid() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let whole = a_long_one(folder.path());
        for length in 0..whole.len() {
            fs::write(place(folder.path()), &whole[..length]).expect("written");
            let journal = read(folder.path());
            assert!(journal.unknown().count() >= 1 || journal.answered() > 0, "cut at {length}");
            if length % 8 != 0 && length + 40 < whole.len() {
                continue;
            }
            // What is written after it is whole, and what is closed is closed.
            let free = Intent { cost_usd: Some(0.0), ..intent() };
            let id = Journal::intend(folder.path(), fingerprint(), &free).expect("written");
            let open = |journal: &Journal| journal.open.iter().any(|request| request.id == id);
            assert!(open(&read(folder.path())), "cut at {length}");
            end(folder.path(), &id, &Outcome::Closed);
            assert!(!open(&read(folder.path())), "cut at {length}");
        }
    }

    #[test]
    fn a_byte_that_changed_costs_its_own_record_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let whole = a_long_one(folder.path());
        let sound = read(folder.path());
        for index in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[index] ^= 1 << (index % 8);
            fs::write(place(folder.path()), &flipped).expect("written");
            let journal = read(folder.path());
            assert!(!journal.newer, "flipped at {index}");
            let is_there = |id: &str| journal.open.iter().any(|request| request.id == id);
            let lost = sound.open.iter().filter(|request| !is_there(&request.id)).count();
            // A line end that is gone makes two records one.
            let damaged = journal.open.iter().filter(|request| request.id.starts_with("damaged")).count();
            assert!(lost <= damaged && (damaged > 0 || lost == 0), "flipped at {index}");
            assert!(journal.unknown().count() >= 1, "flipped at {index}");
        }
    }

    #[test]
    fn an_answer_is_of_use_without_its_intent() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = intend(folder.path());
        answer(folder.path(), &id, b"{}");
        let mut bytes = fs::read(place(folder.path())).expect("readable");
        bytes[20] ^= 1;
        fs::write(place(folder.path()), &bytes).expect("written");
        let journal = read(folder.path());
        assert_eq!((journal.answered(), journal.unknown().count()), (2, 1));
        let answered = journal.open.iter().find(|request| request.id == id).expect("open");
        assert_eq!(answered.intent, intent());
        assert!(Journal::body(folder.path(), fingerprint(), answered).is_some());
    }

    #[test]
    fn an_answer_is_of_use_without_its_record() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = intend(folder.path());
        let before = fs::read(place(folder.path())).expect("readable");
        answer(folder.path(), &id, b"{}");
        fs::write(place(folder.path()), &before).expect("written");
        let journal = read(folder.path());
        assert_eq!((journal.answered(), journal.unknown().count()), (2, 0));
        assert_eq!(Journal::body(folder.path(), fingerprint(), &journal.open[0]).as_deref(), Some(&b"{}"[..]));
        let body = journal.body_place(folder.path(), fingerprint(), &id).expect("a place");
        fs::write(&body, b"[]").expect("written");
        assert_eq!(read(folder.path()).unknown().count(), 1, "a body that isn't what it was is none");
        fs::write(&body, b"{}").expect("written");
        end(folder.path(), &id, &Outcome::Closed);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
    }

    #[test]
    fn a_torn_record_costs_only_itself() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(place(folder.path()), "0123 { v = \"1\", ki").expect("written");
        let id = intend(folder.path());
        end(folder.path(), &id, &Outcome::Closed);
        assert_eq!(read(folder.path()).unknown().count(), 1, "the torn one stays unknown");
    }

    #[test]
    fn what_a_newer_version_wrote_stays_as_it_is() {
        let records = [
            line(&[("kind", "settled".to_string()), ("id", "1".to_string())]),
            line(&[("kind", "intent".to_string())]).replace("v = \"1\"", "v = \"2\""),
        ];
        for mut record in records {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let id = intend(folder.path());
            let (_, text) = record.trim_end().split_once(' ').expect("a checksum");
            record = format!("{} {text}\n", Digest::of(text.as_bytes()).short());
            let bytes = [fs::read(place(folder.path())).expect("readable"), record.into_bytes()].concat();
            fs::write(place(folder.path()), &bytes).expect("written");
            let journal = read(folder.path());
            assert!(journal.newer && journal.may_have_been_billed() && journal.answered() == 0);
            let refused = Journal::intend(folder.path(), fingerprint(), &intent()).expect_err("not understood");
            assert!(refused.to_string().contains("newer tintype"), "{refused}");
            Journal::end(folder.path(), fingerprint(), &id, &Outcome::Closed).expect_err("not understood");
            assert_eq!(fs::read(place(folder.path())).expect("readable"), bytes);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_counts_as_damaged() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = folder.path().join("elsewhere");
        fs::write(&target, "").expect("written");
        for kind in ["folder", "link", "pipe"] {
            let path = place(folder.path());
            match kind {
                "folder" => fs::create_dir(path).expect("made"),
                "link" => std::os::unix::fs::symlink(&target, path).expect("made"),
                _ => {
                    let made = std::process::Command::new("mkfifo").arg(path).status();
                    assert!(made.is_ok_and(|status| status.success()), "mkfifo is there");
                }
            }
            assert_eq!(read(folder.path()).unknown().count(), 1, "{kind}");
            let refused = Journal::intend(folder.path(), fingerprint(), &intent());
            assert!(refused.is_err(), "{kind}");
            let _ = fs::remove_file(place(folder.path()));
            let _ = fs::remove_dir(place(folder.path()));
        }
    }
}
