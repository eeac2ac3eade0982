//! The cache: every paid original by content, takes by fingerprint, the journal of paid requests,
//! the ledger of what they cost, the record of files made.
//!
//! Shared by all projects of a user. Reading is here; writing is in `store`, tidying in `care`. Knows no manifest and no provider.

#[cfg(feature = "generate")]
mod care;
mod journal;
mod ledger;
mod own;
mod record;
#[cfg(feature = "generate")]
mod owner;
#[cfg(feature = "generate")]
mod store;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::digest::Encoder;
use crate::files::{Links, hash_regular, open, read_regular, read_regular_text};
use crate::lock::{Take, order_takes, read_take};
use crate::recipe::Fingerprint;

#[cfg(feature = "generate")]
pub(crate) use crate::cache::care::Rules;
#[cfg(feature = "generate")]
pub use crate::cache::care::{Amount, Piece, Stock, Waste};
#[cfg(feature = "generate")]
pub(crate) use crate::cache::journal::{Heard, Outcome};
pub use crate::cache::journal::{Intent, Journal, OpenRequest, RequestState};
pub use crate::cache::ledger::{Ledger, LedgerKind, LedgerLine};
#[cfg(feature = "generate")]
pub(crate) use crate::cache::owner::Other;
#[cfg(fuzzing)]
use crate::cache::record::Record;
#[cfg(feature = "generate")]
pub(crate) use crate::cache::store::RecipeLock;

/// The version of the layout, and the folder that holds it; another version gets another folder.
const VERSION: &str = "v1";

/// Recipes whose journals are written at the same time, at most.
#[cfg(feature = "generate")]
const TURNS: usize = 64;

/// Takes of one recipe that the cache knows of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CachedTakes {
    /// Those whose originals are at hand, the one that was chosen last first, then by date.
    pub takes: Vec<Take>,
    /// Records that can't be read: each may be a paid picture.
    pub damaged: usize,
    /// Takes that were paid for and whose originals are gone.
    pub lost: Vec<Digest>,
}

impl CachedTakes {
    /// How many pictures were paid for, perhaps, and can't be had, besides `known` ones.
    pub fn in_doubt(&self, known: &[Take]) -> usize {
        let is_known = |hash: &Digest| known.iter().any(|take| take.hash == *hash);
        self.damaged + self.lost.iter().filter(|hash| !is_known(hash)).count()
    }
}

/// Beside the takes of a recipe: which of them was chosen last.
const CHOSEN: &str = "chosen";

/// The original's bytes can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOriginal {
    /// There is none of this hash.
    Missing,
    /// What lies there has another hash; it was set aside.
    Damaged,
}

/// From which take and with which settings (both by digest) a file was made.
type Made = (Digest, Digest);

/// A cache folder.
#[derive(Debug)]
pub struct Cache {
    root: PathBuf,
    /// Whose turn it is to write a recipe's journal: requests for one recipe may run side by side.
    #[cfg(feature = "generate")]
    turns: [Mutex<()>; TURNS],
    made: Mutex<HashMap<u8, HashMap<Digest, Vec<Made>>>>,
}

impl Cache {
    /// The cache in `folder`, which need not exist: nothing is written before there is something to keep.
    pub fn new(folder: &Path) -> Self {
        Self {
            root: folder.join(VERSION),
            #[cfg(feature = "generate")]
            turns: std::array::from_fn(|_| Mutex::default()),
            made: Mutex::default(),
        }
    }

    fn original_path(&self, hash: Digest) -> PathBuf {
        self.sharded("originals", hash)
    }

    /// Pictures on the web that were fetched as references, by content. They were free, and can go at any time.
    #[cfg(feature = "generate")]
    fn reference_path(&self, hash: Digest) -> PathBuf {
        self.sharded("references", hash)
    }

    /// The bytes of a picture that was fetched as a reference, if they are there and whole.
    #[cfg(feature = "generate")]
    pub(crate) fn reference(&self, hash: Digest) -> Option<Vec<u8>> {
        read_regular(&self.reference_path(hash)).ok().filter(|bytes| Digest::of(bytes) == hash)
    }

    /// Files that were made of originals, by what they were made of and how. They can be made again at any time.
    #[cfg(feature = "generate")]
    fn derived_path(&self, take: Digest, settings: Digest) -> PathBuf {
        let mut encoder = Encoder::new();
        encoder.field(1, take.as_bytes()).field(2, settings.as_bytes());
        self.sharded("derived", encoder.digest("tintype 2026-11 derived v1"))
    }

    /// The file that these settings make of this original, if it was made before and is whole.
    #[cfg(feature = "generate")]
    pub(crate) fn derived(&self, take: Digest, settings: Digest) -> Option<Vec<u8>> {
        let kept = read_regular(&self.derived_path(take, settings)).ok()?;
        let (digest, bytes) = kept.split_first_chunk()?;
        (Digest::of(bytes) == Digest::from_bytes(*digest)).then(|| bytes.to_vec())
    }

    fn takes_path(&self, fingerprint: Fingerprint) -> PathBuf {
        self.sharded("takes", fingerprint.0)
    }

    fn sharded(&self, kind: &str, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        self.root.join(kind).join(&hex[..2]).join(hex)
    }

    fn made_path(&self, shard: u8) -> PathBuf {
        self.root.join("made").join(format!("{shard:02x}"))
    }

    /// Whether an original seems to be at hand, without reading it.
    pub fn has_original(&self, hash: Digest) -> bool {
        fs::symlink_metadata(self.original_path(hash)).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
    }

    /// An original's bytes, whose hash was checked.
    pub fn original(&self, hash: Digest) -> Result<Vec<u8>, NoOriginal> {
        let path = self.original_path(hash);
        if !self.has_original(hash) {
            return Err(NoOriginal::Missing);
        }
        match read_regular(&path) {
            Ok(bytes) if Digest::of(&bytes) == hash => return Ok(bytes),
            Err(error) if error.kind() != io::ErrorKind::FileTooLarge => return Err(NoOriginal::Missing),
            _ => {}
        }
        #[cfg(feature = "generate")]
        self.quarantine(&path);
        Err(NoOriginal::Damaged)
    }

    /// An original's file, if it is as long as it has to be: what has its bytes can share its blocks.
    #[cfg(feature = "generate")]
    pub(crate) fn original_file(&self, hash: Digest, length: usize) -> Option<fs::File> {
        let (file, metadata) = open(&self.original_path(hash), Links::Refused).ok()?;
        (metadata.is_file() && metadata.len() == length as u64).then_some(file)
    }

    /// Whether an original has the bytes that its name says, read piece by piece.
    pub fn check_original(&self, hash: Digest) -> Result<(), NoOriginal> {
        match hash_regular(&self.original_path(hash)) {
            Err(_) => Err(NoOriginal::Missing),
            Ok(found) if found == hash => Ok(()),
            Ok(_) => Err(NoOriginal::Damaged),
        }
    }

    /// The takes of a recipe.
    pub fn takes(&self, fingerprint: Fingerprint) -> CachedTakes {
        let folder = self.takes_path(fingerprint);
        let Ok(entries) = fs::read_dir(&folder) else { return CachedTakes::default() };
        let mut found = CachedTakes::default();
        let mut chosen = None;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = || read_regular_text(&entry.path()).ok();
            if name == CHOSEN {
                chosen = text().and_then(|text| text.trim().parse::<Digest>().ok());
            } else if !name.starts_with('.') {
                match text().and_then(|text| read_take(&text)).filter(|take| take.hash.hex() == name) {
                    Some(take) if self.has_original(take.hash) => found.takes.push(take),
                    Some(take) => found.lost.extend((take.cost_usd != Some(0.0)).then_some(take.hash)),
                    None => found.damaged += 1,
                }
            }
        }
        order_takes(&mut found.takes);
        if let Some(first) = chosen.and_then(|chosen| found.takes.iter().position(|take| take.hash == chosen)) {
            let take = found.takes.remove(first);
            found.takes.insert(0, take);
        }
        found
    }

    /// From what a file with these bytes was made, if tintype made one anywhere.
    pub fn made(&self, output: Digest) -> Vec<(Digest, Digest)> {
        let shard = output.as_bytes()[0];
        let mut shards = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let records = shards.entry(shard).or_insert_with(|| read_made(&self.made_path(shard)).unwrap_or_default());
        records.get(&output).cloned().unwrap_or_default()
    }

    /// What is open of the requests for a recipe.
    pub fn journal(&self, fingerprint: Fingerprint) -> Journal {
        let mut journal = Journal::read(&self.journal_folder(), fingerprint);
        if journal.answered() > 0 {
            let ledger = self.ledger().unwrap_or_default();
            let takes = self.takes_path(fingerprint);
            let is_filed = |take: &Digest| takes.join(take.hex()).symlink_metadata().is_ok();
            for request in &mut journal.open {
                let filed = ledger.images_of(&request.id).filter(is_filed).count();
                request.filed = u32::try_from(filed).unwrap_or(u32::MAX);
            }
        }
        journal
    }

    /// What dead runs left open of the requests for a recipe: what a living one is just asking for isn't in doubt.
    pub fn left_open(&self, fingerprint: Fingerprint) -> Journal {
        if self.journal(fingerprint).open.is_empty() || self.is_busy(fingerprint) {
            return Journal::default();
        }
        // Once more: whoever was busy a moment ago may have closed what was open.
        self.journal(fingerprint)
    }

    /// Whether a run is working on a recipe now.
    fn is_busy(&self, fingerprint: Fingerprint) -> bool {
        let lock = open(&self.lock_path(fingerprint), Links::Refused);
        lock.is_ok_and(|(lock, _)| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    fn lock_path(&self, fingerprint: Fingerprint) -> PathBuf {
        self.root.join("locks").join(fingerprint.0.hex())
    }

    fn journal_folder(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// All that was paid through this cache, and all that it saved.
    pub fn ledger(&self) -> io::Result<Ledger> {
        Ledger::read(&self.ledger_path())
    }

    fn ledger_path(&self) -> PathBuf {
        self.root.join("ledger")
    }
}

/// A journal, and of each of its lines the kind and the request, where it can be read.
#[cfg(fuzzing)]
pub type Told = (Journal, Vec<Option<(String, String)>>);

/// Reads whatever a journal may hold. For the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn read_anything(bytes: &[u8]) -> Told {
    let told = |record: Record| (record.field("kind").to_string(), record.field("id").to_string());
    (Journal::of(bytes), Record::lines(bytes).map(|record| record.ok().map(told)).collect())
}

/// A line a file: three digests in hex. A torn line is a file that will be made again.
fn read_made(path: &Path) -> io::Result<HashMap<Digest, Vec<Made>>> {
    let mut records: HashMap<Digest, Vec<Made>> = HashMap::new();
    for line in read_regular_text(path)?.lines() {
        let digests: Vec<Digest> = line.split(' ').filter_map(|hex| format!("b3:{hex}").parse().ok()).collect();
        if let [output, take, settings] = digests[..] {
            records.entry(output).or_default().push((take, settings));
        }
    }
    Ok(records)
}
