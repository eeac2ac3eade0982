//! Writing into the cache: temporary file beside the target, synced, renamed, folder synced, for all that was paid for.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use crate::cache::journal::{Heard, Intent, Journal, OpenRequest, Outcome};
use crate::cache::ledger::{LedgerLine, enter, place};
use crate::cache::{CHOSEN, Cache, Made, TURNS};
use crate::digest::Digest;
use crate::failpoint;
use crate::files::{Durable, open_or_make, read_regular, read_regular_text, replace, sync_folder};
use crate::lock::{Take, render_single_take};
use crate::recipe::Fingerprint;

/// Room for one image, in bytes: its answer in base64, and the image itself.
const ROOM: usize = 8 << 20;
/// Room is looked for up to so many images: those that are under way at one time.
const MOST_ROOM: u32 = 8;

impl Cache {
    /// Keeps an original. One that is there, whole, stays as it is.
    pub(crate) fn put_original(&self, bytes: &[u8], durable: Durable) -> io::Result<Digest> {
        let hash = Digest::of(bytes);
        self.put_hashed(hash, bytes, durable).map(|()| hash)
    }

    /// The same of one whose digest is known, for whoever has just hashed it.
    pub(crate) fn put_hashed(&self, hash: Digest, bytes: &[u8], durable: Durable) -> io::Result<()> {
        let path = self.original_path(hash);
        if read_regular(&path).is_ok_and(|known| known == bytes) {
            return Ok(());
        }
        let folder = private_folder(path.parent().unwrap_or(&self.root), durable)?;
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            self.quarantine(&path);
        }
        replace(&folder, &path, bytes, durable)
    }

    /// Keeps a picture that was fetched as a reference.
    pub(crate) fn put_reference(&self, bytes: &[u8]) -> io::Result<Digest> {
        let hash = Digest::of(bytes);
        let path = self.reference_path(hash);
        let folder = private_folder(path.parent().unwrap_or(&self.root), Durable::No)?;
        replace(&folder, &path, bytes, Durable::No)?;
        Ok(hash)
    }

    /// Keeps a file that was made, so that no other checkout has to make it again; its digest stands before it. A failure
    /// costs that one some time and nothing else.
    pub(crate) fn put_derived(&self, take: Digest, settings: Digest, bytes: &[u8]) {
        let path = self.derived_path(take, settings);
        let Ok(folder) = private_folder(path.parent().unwrap_or(&self.root), Durable::No) else { return };
        let _ = replace(&folder, &path, &[Digest::of(bytes).as_bytes(), bytes].concat(), Durable::No);
    }

    /// Files a take under its recipe, for every project that has the same.
    pub(crate) fn add_take(&self, fingerprint: Fingerprint, take: &Take, durable: Durable) -> io::Result<()> {
        let folder = private_folder(&self.takes_path(fingerprint), durable)?;
        replace(&folder, &folder.join(take.hash.hex()), render_single_take(take).as_bytes(), durable)
    }

    /// Remembers which of a recipe's takes was chosen last: the next asset that draws on them gets that one first, so
    /// that what refers to it stays as it is.
    pub(crate) fn remember_choice(&self, fingerprint: Fingerprint, chosen: Digest) -> io::Result<()> {
        let folder = private_folder(&self.takes_path(fingerprint), Durable::No)?;
        let (path, text) = (folder.join(CHOSEN), chosen.to_string());
        if read_regular_text(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        replace(&folder, &path, text.as_bytes(), Durable::No)
    }

    /// Records from what a file is about to be made. Written before the file, so that a killed run leaves none unknown.
    pub(crate) fn record_made(&self, output: Digest, take: Digest, settings: Digest) -> io::Result<()> {
        let made: Made = (take, settings);
        if self.made(output).contains(&made) {
            return Ok(());
        }
        let shard = output.as_bytes()[0];
        let path = self.made_path(shard);
        private_folder(path.parent().unwrap_or(&self.root), Durable::No)?;
        let line = format!("\n{} {} {}\n", output.hex(), take.hex(), settings.hex());
        open_or_make(&path)?.write_all(line.as_bytes())?;
        failpoint::reach("after-made")?;
        let mut shards = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        shards.entry(shard).or_default().entry(output).or_default().push(made);
        Ok(())
    }

    /// Sets aside what was paid for and can't be used: kept, never offered.
    pub(crate) fn put_aside(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let folder = private_folder(&self.root.join("quarantine"), Durable::Yes)?;
        let path = folder.join(Digest::of(bytes).hex());
        replace(&folder, &path, bytes, Durable::Yes)?;
        Ok(path)
    }

    /// Sets an original aside, whatever it is that bears its name.
    pub(crate) fn set_aside(&self, hash: Digest) {
        self.quarantine(&self.original_path(hash));
    }

    pub(crate) fn quarantine(&self, path: &Path) {
        let Ok(folder) = private_folder(&self.root.join("quarantine"), Durable::No) else { return };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let free = (1..10_000).map(|number| folder.join(format!("{name}-{number}"))).find(|path| !path.exists());
        if let Some(free) = free {
            let _ = fs::rename(path, free);
        }
    }

    /// Before a request is sent.
    pub(crate) fn intend(&self, fingerprint: Fingerprint, intent: &Intent) -> io::Result<String> {
        let folder = private_folder(&self.journal_folder(), intent.durable())?;
        let _turn = self.turn(fingerprint);
        failpoint::reach("before-intent")?;
        let id = Journal::intend(&folder, fingerprint, intent)?;
        failpoint::reach("after-intent").map(|()| id)
    }

    fn turn(&self, fingerprint: Fingerprint) -> MutexGuard<'_, ()> {
        let number = usize::from(fingerprint.0.as_bytes()[0]) % TURNS;
        self.turns[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the answer has come.
    pub(crate) fn answer(&self, fingerprint: Fingerprint, heard: &Heard<'_>) -> io::Result<()> {
        let _turn = self.turn(fingerprint);
        failpoint::reach("before-answer")?;
        Journal::answer(&self.journal_folder(), fingerprint, heard)?;
        failpoint::reach("after-answer")
    }

    /// The body of an answer, if it is there and whole.
    pub(crate) fn answer_body(&self, fingerprint: Fingerprint, request: &OpenRequest) -> Option<Vec<u8>> {
        Journal::body(&self.journal_folder(), fingerprint, request)
    }

    /// The recipes of which an answer lies in the journal: a look into one folder.
    pub(crate) fn answers(&self) -> BTreeSet<Fingerprint> {
        Journal::answers(&self.journal_folder())
    }

    /// Whether there is an answer that nobody has tried to take up in vain.
    pub(crate) fn has_new_answers(&self) -> bool {
        Journal::has_new_answers(&self.journal_folder())
    }

    /// Remembers that an answer couldn't be taken up. Not to remember it costs another try.
    pub(crate) fn tried(&self, fingerprint: Fingerprint, id: &str) {
        let _ = Journal::tried(&self.journal_folder(), fingerprint, id);
    }

    /// When a request has ended. What can't be used is kept, for whoever wants to complain of it.
    pub(crate) fn end(&self, fingerprint: Fingerprint, id: &str, outcome: &Outcome) -> io::Result<()> {
        let _turn = self.turn(fingerprint);
        failpoint::reach("before-end")?;
        let folder = self.journal_folder();
        if *outcome != Outcome::Closed {
            let body = Journal::read(&folder, fingerprint).body_place(&folder, fingerprint, id);
            if let Some(body) = body.and_then(|path| read_regular(&path).ok()) {
                self.put_aside(&body)?;
            }
        }
        if let Some(place) = Journal::folder_in_its_place(&folder, fingerprint) {
            self.quarantine(&place);
        }
        Journal::end(&folder, fingerprint, id, outcome)?;
        failpoint::reach("after-end")
    }

    /// Enters what was paid or saved. An image of which it isn't known that it is new is looked for first.
    pub(crate) fn enter(&self, mut lines: Vec<LedgerLine>, all_new: bool, durable: Durable) -> io::Result<()> {
        let path = self.ledger_path();
        if !all_new {
            let ledger = self.ledger()?;
            lines.retain(|line| !ledger.has(line));
        }
        if lines.is_empty() {
            return Ok(());
        }
        private_folder(&self.root, durable)?;
        let is_first = !path.exists();
        let file = enter(&path, &lines)?;
        if durable == Durable::Yes {
            file.sync_data()?;
        }
        failpoint::reach("after-ledger")?;
        if durable == Durable::Yes && is_first { sync_folder(&self.root) } else { Ok(()) }
    }

    /// Whether so many images find room here: found out before anything is paid. What is written goes at once.
    pub(crate) fn probe(&self, images: u32) -> io::Result<()> {
        let folder = private_folder(&self.root, Durable::No)?;
        place(&self.ledger_path())?;
        let mut file = tempfile::tempfile_in(folder)?;
        let piece = vec![0; ROOM];
        (0..images.clamp(1, MOST_ROOM)).try_for_each(|_| file.write_all(&piece))
    }

    /// Whether something could be written here, found out without making the folder: where it isn't there yet, the nearest
    /// one above it is tried.
    pub(crate) fn could_write(&self) -> io::Result<()> {
        let folder = self.root.ancestors().find(|folder| folder.symlink_metadata().is_ok());
        tempfile::tempfile_in(folder.unwrap_or(&self.root)).map(|_| ())
    }

    /// Takes the right to ask for a recipe, if nobody has it.
    pub(crate) fn try_lock(&self, fingerprint: Fingerprint) -> io::Result<Option<RecipeLock>> {
        private_folder(&self.root.join("locks"), Durable::No)?;
        RecipeLock::try_lock(self.lock_path(fingerprint))
    }
}

/// Makes a folder that only its owner may look into. Where what it will hold must last, so must its own name.
pub(crate) fn private_folder(folder: &Path, durable: Durable) -> io::Result<PathBuf> {
    if folder.is_dir() {
        return Ok(folder.to_path_buf());
    }
    let new = folder.ancestors().take_while(|ancestor| !ancestor.is_dir()).collect::<Vec<_>>();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    if durable == Durable::Yes {
        for parent in new.iter().filter_map(|folder| folder.parent()) {
            sync_folder(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
    }
    Ok(folder.to_path_buf())
}

/// The right to send requests for one recipe, among all processes that share the cache. Given back on drop.
#[derive(Debug)]
pub(crate) struct RecipeLock {
    file: File,
    path: PathBuf,
}

impl RecipeLock {
    fn try_lock(path: PathBuf) -> io::Result<Option<Self>> {
        let file = open_or_make(&path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path) => Ok(Some(Self { file, path })),
            // Whoever held it removed the file in between: the lock on it means nothing now.
            Ok(()) | Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for RecipeLock {
    fn drop(&mut self) {
        // Removed while it is held, so that nobody locks a file that is about to go; a new one is another lock.
        if cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let inode = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => inode(open) == inode(named),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::cache::{Cache, Intent, NoOriginal, Outcome};
    use crate::digest::Digest;
    use crate::files::Durable;
    use crate::lock::Take;
    use crate::recipe::Fingerprint;

    fn take(bytes: &[u8], date: &str) -> Take {
        Take {
            hash: Digest::of(bytes),
            provider: "aisa".to_string(),
            model_id: "seedream".to_string(),
            asked: Some("2048x2048".to_string()),
            wording: None,
            key: None,
            cost_usd: Some(0.04),
            generated: Some(date.to_string()),
            kind: None,
            fingerprint: None,
        }
    }

    #[test]
    fn a_damaged_original_is_set_aside_and_never_served() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let hash = cache.put_original(b"picture", Durable::Yes).expect("stored");
        assert_eq!(cache.original(hash), Ok(b"picture".to_vec()));
        fs::remove_file(cache.original_path(hash)).expect("removed");
        fs::write(cache.original_path(hash), b"pictuRe").expect("written");
        assert_eq!(cache.original(hash), Err(NoOriginal::Damaged));
        assert_eq!(cache.original(hash), Err(NoOriginal::Missing), "it lies in quarantine");
        cache.put_original(b"picture", Durable::Yes).expect("healed");
        assert_eq!(cache.original(hash), Ok(b"picture".to_vec()));
    }

    #[test]
    fn takes_are_found_by_fingerprint_in_the_order_of_their_dates() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let fingerprint = Fingerprint(Digest::of(b"recipe"));
        for (bytes, date) in [(&b"second"[..], "2026-11-21T00:00:00Z"), (b"first", "2026-11-20T00:00:00Z")] {
            cache.put_original(bytes, Durable::No).expect("stored");
            cache.add_take(fingerprint, &take(bytes, date), Durable::No).expect("stored");
        }
        cache.add_take(fingerprint, &take(b"gone", "2026-11-19T00:00:00Z"), Durable::No).expect("stored");
        let found = cache.takes(fingerprint);
        let hashes: Vec<Digest> = found.takes.iter().map(|take| take.hash).collect();
        assert_eq!(hashes, [Digest::of(b"first"), Digest::of(b"second")], "one without its original isn't at hand");
        assert_eq!(cache.takes(Fingerprint(Digest::of(b"other"))).takes, []);
    }

    #[test]
    fn a_record_that_cant_be_read_is_counted_not_ignored() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let fingerprint = Fingerprint(Digest::of(b"recipe"));
        cache.add_take(fingerprint, &take(b"x", "2026-11-20T00:00:00Z"), Durable::No).expect("stored");
        fs::write(cache.takes_path(fingerprint).join(Digest::of(b"x").hex()), "torn").expect("written");
        assert_eq!(cache.takes(fingerprint).damaged, 1);
    }

    #[test]
    fn one_holder_at_a_time_has_a_recipe() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let fingerprint = Fingerprint(Digest::of(b"recipe"));
        let held = cache.try_lock(fingerprint).expect("tried").expect("free");
        assert!(cache.try_lock(fingerprint).expect("tried").is_none());
        drop(held);
        assert!(cache.try_lock(fingerprint).expect("tried").is_some());
    }

    #[test]
    fn requests_of_one_recipe_side_by_side_lose_no_record() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let fingerprint = Fingerprint(Digest::of(b"recipe"));
        let intent = Intent { provider: "aisa".to_string(), images: 1, cost_usd: Some(0.04), ..Intent::default() };
        let ask_and_close = || {
            for _ in 0..20 {
                let id = cache.intend(fingerprint, &intent).expect("written");
                assert!(cache.journal(fingerprint).open.iter().any(|request| request.id == id), "{id} is open");
                cache.end(fingerprint, &id, &Outcome::Closed).expect("written");
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(ask_and_close);
            }
        });
        assert_eq!(cache.journal(fingerprint).open, []);
    }

    #[test]
    fn the_record_of_files_made_outlives_the_process() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [output, take, settings] = [b"o", b"t", b"s"].map(|bytes| Digest::of(bytes));
        Cache::new(folder.path()).record_made(output, take, settings).expect("recorded");
        assert_eq!(Cache::new(folder.path()).made(output), [(take, settings)]);
        assert_eq!(Cache::new(folder.path()).made(take), []);
    }
}
