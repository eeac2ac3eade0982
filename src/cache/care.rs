//! Looking after the cache: what is in it, what of it may go, and who may be at work in it meanwhile.
//!
//! Knows neither projects nor prices: what is in use, and what was free, the caller says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::cache::store::private_folder;
use crate::digest::Digest;
use crate::files::{Durable, Links, UNFINISHED, hash_regular, open, open_or_make, read_regular_text};
use crate::lock::{Take, read_take};
use crate::recipe::Fingerprint;

/// Every run that writes holds this shared; who throws things away holds it alone.
const IN_USE: &str = "in-use";

/// So many files of so many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub count: usize,
    /// All their bytes.
    pub bytes: u64,
}

/// What is in the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// Pictures as they were made.
    pub originals: Amount,
    /// What is known of them: which recipe, from whom, for how much.
    pub takes: Amount,
    /// Files that were made of originals.
    pub derived: Amount,
    /// Pictures on the web that were fetched as references.
    pub references: Amount,
    /// What was set aside as damaged, or as no usable picture.
    pub quarantine: Amount,
    /// What killed runs left unfinished.
    pub unfinished: Amount,
    /// Requests whose end isn't known yet.
    pub open_requests: usize,
    /// Everything together.
    pub all: Amount,
}

/// Why something may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waste {
    /// A killed run left it, or a lock.
    Unfinished,
    /// It can be made again of its original.
    Derived,
    /// It can be fetched again.
    Reference,
    /// It can be drawn again.
    Drawing,
    /// Nobody here uses it, but it was paid for.
    Original,
    /// It was set aside, and may have been paid for.
    Quarantine,
}

/// A file that may go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// Why.
    pub waste: Waste,
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
}

/// What stays, and what may go besides that which is free.
pub(crate) struct Rules<'a> {
    /// Content that stays, free or not.
    pub(crate) in_use: &'a BTreeSet<Digest>,
    /// Whether a take can be made again for nothing.
    pub(crate) is_free: &'a dyn Fn(&Take) -> bool,
    /// Paid originals may go.
    pub(crate) originals: bool,
    /// What was set aside may go.
    pub(crate) quarantine: bool,
}

impl Amount {
    fn of(files: &[Found]) -> Self {
        Self { count: files.len(), bytes: files.iter().map(|file| file.bytes).sum() }
    }
}

/// A file, or whatever else lies there.
struct Found {
    path: PathBuf,
    bytes: u64,
}

impl Found {
    fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    fn is_unfinished(&self) -> bool {
        self.name().starts_with(UNFINISHED)
    }

    /// The content that its name promises.
    fn digest(&self) -> Option<Digest> {
        format!("b3:{}", self.name()).parse().ok()
    }
}

impl Cache {
    /// Counts what is here.
    pub fn stock(&self) -> Stock {
        let all = self.found("");
        let of = |kind: &str| {
            let found = self.found(kind);
            Amount::of(&found.into_iter().filter(|file| file.digest().is_some()).collect::<Vec<_>>())
        };
        let requests = self.found("journal").iter().filter_map(Found::digest).collect::<BTreeSet<_>>();
        let open = requests.into_iter().map(|digest| self.journal(Fingerprint(digest)).open.len());
        Stock {
            originals: of("originals"),
            takes: of("takes"),
            derived: of("derived"),
            references: of("references"),
            quarantine: Amount::of(&self.found("quarantine")),
            open_requests: open.sum(),
            all: Amount::of(&all),
            unfinished: Amount::of(&all.into_iter().filter(Found::is_unfinished).collect::<Vec<_>>()),
        }
    }

    /// The content of every original, as their names say, whatever lies there.
    pub fn originals(&self) -> Vec<Digest> {
        let mut originals: Vec<Digest> = self.found("originals").iter().filter_map(Found::digest).collect();
        originals.sort();
        originals
    }

    /// Records of takes that can't be read: each may be a paid picture.
    pub fn unreadable_takes(&self) -> Vec<PathBuf> {
        let records = self.found("takes").into_iter().filter(|file| file.digest().is_some());
        records.filter(|file| read_record(&file.path).is_none()).map(|file| file.path).collect()
    }

    /// What may go by these rules.
    pub(crate) fn waste(&self, rules: &Rules<'_>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut add = |waste: Waste, file: Found| pieces.push(Piece { waste, path: file.path, bytes: file.bytes });
        for file in self.found("").into_iter().filter(Found::is_unfinished) {
            add(Waste::Unfinished, file);
        }
        for file in self.found("locks").into_iter().filter(|file| !file.is_unfinished()) {
            add(Waste::Unfinished, file);
        }
        for file in self.found("derived").into_iter().filter(|file| !file.is_unfinished()) {
            add(Waste::Derived, file);
        }
        let unused = |file: &Found| file.digest().is_some_and(|digest| !rules.in_use.contains(&digest));
        for file in self.found("references").into_iter().filter(unused) {
            add(Waste::Reference, file);
        }
        let free = self.free(rules.is_free);
        for file in self.found("originals").into_iter().filter(unused) {
            let is_free = file.digest().is_some_and(|digest| free.get(&digest) == Some(&true));
            match (is_free, rules.originals) {
                (true, _) => add(Waste::Drawing, file),
                (false, true) => add(Waste::Original, file),
                (false, false) => {}
            }
        }
        for file in self.found("quarantine").into_iter().filter(|file| rules.quarantine && !file.is_unfinished()) {
            add(Waste::Quarantine, file);
        }
        pieces.sort();
        pieces
    }

    /// For each original that a record speaks of, whether all of them say that it was free.
    fn free(&self, is_free: &dyn Fn(&Take) -> bool) -> BTreeMap<Digest, bool> {
        let mut free = BTreeMap::new();
        for record in self.found("takes") {
            if let Some(digest) = record.digest() {
                *free.entry(digest).or_insert(true) &= read_record(&record.path).is_some_and(|take| is_free(&take));
            }
        }
        free
    }

    /// Throws a piece away. An unfinished original that turns out to be whole may be all that there is of a paid picture:
    /// it is put in its place instead.
    pub(crate) fn discard(&self, piece: &Piece) -> io::Result<()> {
        if piece.waste == Waste::Unfinished
            && let Some(shard) = piece.path.parent().filter(|shard| shard.starts_with(self.root.join("originals")))
            && let Ok(hash) = hash_regular(&piece.path)
            && shard.ends_with(&hash.hex()[..2])
            && !self.has_original(hash)
        {
            return fs::rename(&piece.path, self.original_path(hash));
        }
        if fs::symlink_metadata(&piece.path)?.is_dir() {
            fs::remove_dir_all(&piece.path)
        } else {
            fs::remove_file(&piece.path)
        }
    }

    /// Says that a run is at work here until the file is dropped. `None` where the cache can't be written to: then nobody
    /// can throw anything away either. Who throws things away just now is waited for.
    pub(crate) fn share(&self, wait: &dyn Fn()) -> Option<File> {
        let file = self.in_use().ok()?;
        match file.try_lock_shared() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) => wait(),
            Err(TryLockError::Error(_)) => return None,
        }
        file.lock_shared().ok().map(|()| file)
    }

    /// The same at once, and only where nothing has to be made for it.
    pub(crate) fn try_share(&self) -> Option<File> {
        let (file, _) = open(&self.root.join(IN_USE), Links::Refused).ok()?;
        file.try_lock_shared().ok().map(|()| file)
    }

    /// Waits until no run is at work here, and keeps others waiting until the file is dropped.
    pub(crate) fn close_off(&self, wait: &dyn Fn()) -> io::Result<File> {
        let file = self.in_use()?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => wait(),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.lock()?;
        Ok(file)
    }

    fn in_use(&self) -> io::Result<File> {
        open_or_make(&private_folder(&self.root, Durable::No)?.join(IN_USE))
    }

    /// Everything below a folder of the cache that isn't a folder, and what bears an original's name though it is one.
    fn found(&self, kind: &str) -> Vec<Found> {
        let mut found = Vec::new();
        walk(&if kind.is_empty() { self.root.clone() } else { self.root.join(kind) }, kind == "originals", &mut found);
        found
    }
}

fn walk(folder: &Path, with_odd_folders: bool, found: &mut Vec<Found>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = Found { path: entry.path(), bytes: entry.metadata().map_or(0, |metadata| metadata.len()) };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && !(with_odd_folders && file.digest().is_some()) {
            walk(&file.path, with_odd_folders, found);
        } else {
            found.push(file);
        }
    }
}

fn read_record(path: &Path) -> Option<Take> {
    read_take(&read_regular_text(path).ok()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use crate::cache::Cache;
    use crate::cache::care::{Rules, Waste};
    use crate::digest::Digest;
    use crate::files::Durable;

    #[test]
    fn an_unfinished_original_that_is_whole_is_put_in_its_place_and_half_a_one_goes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let hash = cache.put_original(b"picture", Durable::No).expect("stored");
        let shard = cache.original_path(hash).parent().expect("a shard").to_path_buf();
        fs::rename(cache.original_path(hash), shard.join(".tintype-1")).expect("renamed");
        fs::write(shard.join(".tintype-2"), b"pict").expect("written");
        let rules = Rules { in_use: &BTreeSet::new(), is_free: &|_| true, originals: false, quarantine: false };
        let waste = cache.waste(&rules);
        assert_eq!(waste.iter().map(|piece| piece.waste).collect::<Vec<_>>(), [Waste::Unfinished; 2]);
        for piece in &waste {
            cache.discard(piece).expect("gone");
        }
        assert_eq!(cache.original(hash), Ok(b"picture".to_vec()));
        assert_eq!(cache.waste(&rules), [], "an original that no record speaks of stays");
        assert_eq!(cache.originals(), [Digest::of(b"picture")]);
    }

    #[test]
    fn who_throws_things_away_is_alone_and_those_who_write_are_many() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [one, two] = [Cache::new(folder.path()), Cache::new(folder.path())];
        let never = || panic!("nobody waits");
        let held = [one.share(&never), two.share(&never)];
        std::thread::scope(|scope| {
            let (said, heard) = std::sync::mpsc::channel();
            let closing = scope.spawn(move || two.close_off(&|| said.send(()).expect("heard")).map(drop));
            heard.recv().expect("it waits");
            drop(held);
            closing.join().expect("no panic").expect("closed off");
        });
        drop(one.share(&never).expect("free again"));
    }
}
