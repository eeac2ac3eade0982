//! The journal of paid requests: one file a recipe, which exists while something about its requests is open.
//!
//! Order of things: intent, request, answer, images stored, closed; each record is on the disk before the next step. What
//! a killed run leaves says how far it came: an answer is taken up, an intent without an answer is *unknown* and never
//! sent again by itself. Each record carries a checksum; a damaged one counts as unknown, never as not paid.

use std::collections::BTreeMap;
use std::fs;
#[cfg(feature = "generate")]
use std::fs::OpenOptions;
#[cfg(feature = "generate")]
use std::io::{self, Write};
use std::path::{Path, PathBuf};
#[cfg(feature = "generate")]
use std::sync::atomic::{AtomicU64, Ordering};

use toml::de::{DeTable, DeValue};

use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::{Durable, replace, sync_folder};
#[cfg(feature = "generate")]
use crate::manifest::quote::quote;
use crate::recipe::Fingerprint;

/// The version of the records.
const VERSION: &str = "1";

/// What is open of one recipe's requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journal {
    /// Requests that aren't closed, oldest first.
    pub open: Vec<OpenRequest>,
}

/// A request that was sent, or was about to be.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// Its name in the journal.
    pub id: String,
    /// Who was asked.
    pub provider: String,
    /// Under which id of the model.
    pub model_id: String,
    /// In which wire format.
    pub api: String,
    /// For which size.
    pub asked: Option<String>,
    /// For how many images.
    pub images: u32,
    /// Price of one image in US dollars, where it is known.
    pub cost_usd: Option<f64>,
    /// How far it came.
    pub state: RequestState,
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
        let Ok(bytes) = fs::read(file(folder, fingerprint)) else { return Self::default() };
        let mut requests: BTreeMap<usize, OpenRequest> = BTreeMap::new();
        for (number, line) in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
            match Record::read(line) {
                Some(record) => record.apply(number, &mut requests),
                None => {
                    requests.insert(number, damaged(number));
                }
            }
        }
        Self { open: requests.into_values().collect() }
    }

    /// Requests that may have been billed and brought nothing.
    pub fn unknown(&self) -> impl Iterator<Item = &OpenRequest> {
        self.open.iter().filter(|request| matches!(request.state, RequestState::Unknown | RequestState::Unusable(_)))
    }

    /// Whether one of them may have cost something.
    pub fn may_have_been_billed(&self) -> bool {
        self.unknown().any(|request| request.cost_usd != Some(0.0))
    }

    /// The vendor's words, if it refused.
    pub fn refused(&self) -> Option<&str> {
        self.open.iter().find_map(|request| match &request.state {
            RequestState::Refused(words) => Some(words.as_str()),
            _ => None,
        })
    }

    /// Images in answers that were not taken up yet.
    pub fn answered(&self) -> u32 {
        let answered = self.open.iter().filter(|request| matches!(request.state, RequestState::Answered { .. }));
        answered.map(|request| request.images).sum()
    }
}

/// A record that can't be read stands for a request that may have been paid.
fn damaged(number: usize) -> OpenRequest {
    OpenRequest {
        id: format!("damaged-{number}"),
        provider: String::new(),
        model_id: String::new(),
        api: String::new(),
        asked: None,
        images: 1,
        cost_usd: None,
        state: RequestState::Unknown,
    }
}

fn file(folder: &Path, fingerprint: Fingerprint) -> PathBuf {
    folder.join(fingerprint.0.hex())
}

/// One line: a checksum and a TOML table of strings.
struct Record(BTreeMap<String, String>);

impl Record {
    fn read(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (checksum, fields) = line.split_once(' ')?;
        if Digest::of(fields.as_bytes()).short() != checksum {
            return None;
        }
        let text = format!("record = {fields}");
        let document = DeTable::parse(&text).ok()?;
        let table = document.get_ref().get("record")?.get_ref().as_table()?;
        let fields = table.iter().filter_map(|(key, value)| match value.get_ref() {
            DeValue::String(text) => Some((key.get_ref().to_string(), text.to_string())),
            _ => None,
        });
        let record = Self(fields.collect());
        (record.field("v") == VERSION).then_some(record)
    }

    fn field(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn apply(&self, number: usize, requests: &mut BTreeMap<usize, OpenRequest>) {
        let id = self.field("id").to_string();
        let known = requests.iter_mut().find(|(_, request)| request.id == id).map(|(number, _)| *number);
        let mut set = |state| {
            if let Some(request) = known.and_then(|known| requests.get_mut(&known)) {
                request.state = state;
            }
        };
        match self.field("kind") {
            "intent" => {
                requests.insert(number, self.intent(id));
            }
            "answer" => match self.field("body").parse() {
                Ok(body) => set(RequestState::Answered { at: self.field("at").to_string(), body }),
                Err(_) => set(RequestState::Unknown),
            },
            "unusable" => set(RequestState::Unusable(self.field("words").to_string())),
            "refused" => set(RequestState::Refused(self.field("words").to_string())),
            "closed" => {
                known.map(|known| requests.remove(&known));
            }
            _ => {
                requests.insert(number, damaged(number));
            }
        }
    }

    fn intent(&self, id: String) -> OpenRequest {
        let text = |key: &str| self.0.get(key).cloned();
        OpenRequest {
            id,
            provider: text("provider").unwrap_or_default(),
            model_id: text("model_id").unwrap_or_default(),
            api: text("api").unwrap_or_default(),
            asked: text("asked"),
            images: self.field("images").parse().unwrap_or(1),
            cost_usd: self.field("cost_usd").parse().ok(),
            state: RequestState::Unknown,
        }
    }
}

/// What a request is about to ask.
#[cfg(feature = "generate")]
#[derive(Debug, Clone)]
pub(crate) struct Intent {
    pub(crate) provider: String,
    pub(crate) model_id: String,
    pub(crate) api: &'static str,
    pub(crate) asked: Option<String>,
    pub(crate) images: u32,
    pub(crate) cost_usd: Option<f64>,
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

/// The write half, for whoever holds the recipe's lock.
#[cfg(feature = "generate")]
impl Journal {
    /// Before a request is sent: returns its id once the intent is on the disk.
    pub(crate) fn intend(folder: &Path, fingerprint: Fingerprint, intent: &Intent) -> io::Result<String> {
        let id = format!("{}-{}-{}", nanoseconds(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut fields = vec![
            ("kind", "intent".to_string()),
            ("id", id.clone()),
            ("provider", intent.provider.clone()),
            ("model_id", intent.model_id.clone()),
            ("api", intent.api.to_string()),
            ("images", intent.images.to_string()),
        ];
        fields.extend(intent.asked.clone().map(|asked| ("asked", asked)));
        fields.extend(intent.cost_usd.map(|cost| ("cost_usd", cost.to_string())));
        append(folder, fingerprint, &fields)?;
        Ok(id)
    }

    /// The whole answer, before anything is downloaded or decoded.
    pub(crate) fn answer(folder: &Path, fingerprint: Fingerprint, id: &str, at: &str, body: &[u8]) -> io::Result<()> {
        let digest = Digest::of(body);
        replace(folder, &body_file(folder, digest), body, Durable::Yes)?;
        let fields = [("kind", "answer"), ("id", id), ("at", at), ("body", &digest.to_string())];
        append(folder, fingerprint, &fields.map(|(key, value)| (key, value.to_string())))
    }

    /// The body of an answer, whose hash was checked.
    pub(crate) fn body(folder: &Path, digest: Digest) -> Option<Vec<u8>> {
        fs::read(body_file(folder, digest)).ok().filter(|body| Digest::of(body) == digest)
    }

    /// How a request ended. When nothing of the recipe is open any more, its journal goes.
    pub(crate) fn end(folder: &Path, fingerprint: Fingerprint, id: &str, outcome: &Outcome) -> io::Result<()> {
        let (kind, words) = match outcome {
            Outcome::Closed => ("closed", None),
            Outcome::Refused(words) => ("refused", Some(words)),
            Outcome::Unusable(words) => ("unusable", Some(words)),
        };
        let before = Self::read(folder, fingerprint);
        if before.open.iter().all(|request| request.id == id) && *outcome == Outcome::Closed {
            Self::remove(folder, fingerprint, &before);
            return Ok(());
        }
        let mut fields = vec![("kind", kind.to_string()), ("id", id.to_string())];
        fields.extend(words.map(|words| ("words", words.clone())));
        append(folder, fingerprint, &fields)?;
        before.open.iter().filter(|request| request.id == id).for_each(|request| remove_body(folder, request));
        Ok(())
    }

    fn remove(folder: &Path, fingerprint: Fingerprint, journal: &Self) {
        // The record first: a body without a record is litter, a record without its body would be an unknown.
        let _ = fs::remove_file(file(folder, fingerprint));
        journal.open.iter().for_each(|request| remove_body(folder, request));
    }
}

/// An answer whose images are stored, or that has none, isn't needed any more.
#[cfg(feature = "generate")]
fn remove_body(folder: &Path, request: &OpenRequest) {
    if let RequestState::Answered { body, .. } = &request.state {
        let _ = fs::remove_file(body_file(folder, *body));
    }
}

#[cfg(feature = "generate")]
fn body_file(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{}.body", digest.hex()))
}

#[cfg(feature = "generate")]
fn append(folder: &Path, fingerprint: Fingerprint, fields: &[(&str, String)]) -> io::Result<()> {
    let path = file(folder, fingerprint);
    let is_new = !path.exists();
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} = {}", quote(value))).collect();
    let table = format!("{{ v = \"{VERSION}\", {} }}", fields.join(", "));
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    // A torn record of a killed run has no line end: begin a new line, so that it costs itself only.
    let torn = !is_new && fs::read(&path)?.last().is_some_and(|last| *last != b'\n');
    let start = if torn { "\n" } else { "" };
    file.write_all(format!("{start}{} {table}\n", Digest::of(table.as_bytes()).short()).as_bytes())?;
    file.sync_data()?;
    if is_new { sync_folder(folder) } else { Ok(()) }
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

    use crate::cache::journal::{Intent, Journal, Outcome, RequestState};
    use crate::digest::Digest;
    use crate::recipe::Fingerprint;

    fn intent() -> Intent {
        Intent {
            provider: "aisa".to_string(),
            model_id: "seedream".to_string(),
            api: "openai-images",
            asked: Some("2048x2048".to_string()),
            images: 2,
            cost_usd: Some(0.04),
        }
    }

    fn fingerprint() -> Fingerprint {
        Fingerprint(Digest::of(b"recipe"))
    }

    #[test]
    fn a_request_goes_from_unknown_to_answered_to_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let id = Journal::intend(folder, fingerprint(), &intent()).expect("written");
        let journal = Journal::read(folder, fingerprint());
        assert_eq!(journal.unknown().count(), 1);
        assert_eq!((journal.open[0].images, journal.open[0].cost_usd), (2, Some(0.04)));

        Journal::answer(folder, fingerprint(), &id, "2026-11-20T21:04:05Z", b"{}").expect("written");
        let journal = Journal::read(folder, fingerprint());
        assert_eq!((journal.unknown().count(), journal.answered()), (0, 2));
        let RequestState::Answered { body, .. } = journal.open[0].state else { panic!("answered") };
        assert_eq!(Journal::body(folder, body).as_deref(), Some(&b"{}"[..]));

        Journal::end(folder, fingerprint(), &id, &Outcome::Closed).expect("written");
        assert_eq!(fs::read_dir(folder).expect("readable").count(), 0, "nothing open leaves nothing behind");
    }

    #[test]
    fn a_lost_request_is_in_doubt_only_if_it_had_a_price() {
        for (cost_usd, in_doubt) in [(Some(0.04), true), (None, true), (Some(0.0), false)] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let asked = Intent { cost_usd, ..intent() };
            Journal::intend(folder.path(), fingerprint(), &asked).expect("written");
            let journal = Journal::read(folder.path(), fingerprint());
            assert_eq!(journal.may_have_been_billed(), in_doubt, "{cost_usd:?}");
        }
    }

    #[test]
    fn a_refusal_and_an_unusable_answer_are_remembered() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let id = Journal::intend(folder.path(), fingerprint(), &intent()).expect("written");
        Journal::end(folder.path(), fingerprint(), &id, &Outcome::Refused("no \"weapons\"\n".to_string()))
            .expect("written");
        assert_eq!(Journal::read(folder.path(), fingerprint()).refused(), Some("no \"weapons\"\n"));
        let id = Journal::intend(folder.path(), fingerprint(), &intent()).expect("written");
        Journal::end(folder.path(), fingerprint(), &id, &Outcome::Unusable("no image".to_string())).expect("written");
        assert_eq!(Journal::read(folder.path(), fingerprint()).unknown().count(), 1);
    }

    #[test]
    fn a_journal_cut_at_any_byte_never_says_not_paid() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Journal::intend(folder.path(), fingerprint(), &intent()).expect("written");
        let path = folder.path().join(fingerprint().0.hex());
        let whole = fs::read(&path).expect("readable");
        for length in 1..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            assert_eq!(Journal::read(folder.path(), fingerprint()).unknown().count(), 1, "cut at {length}");
        }
        for index in 0..whole.len() - 1 {
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            fs::write(&path, &flipped).expect("written");
            assert!(Journal::read(folder.path(), fingerprint()).unknown().count() >= 1, "flipped at {index}");
        }
    }

    #[test]
    fn a_torn_record_costs_only_itself() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(fingerprint().0.hex());
        fs::write(&path, "0123 { v = \"1\", ki").expect("written");
        let id = Journal::intend(folder.path(), fingerprint(), &intent()).expect("written");
        Journal::end(folder.path(), fingerprint(), &id, &Outcome::Closed).expect("written");
        assert_eq!(Journal::read(folder.path(), fingerprint()).unknown().count(), 1, "the torn one stays unknown");
    }
}
