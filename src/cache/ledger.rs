//! The ledger: what was paid and what the cache saved, one line an image, only ever added to.
//!
//! It outlives lockfiles and journals. An image is entered before its request is closed, so that a killed run may enter it
//! once more: a line says of which request it is, and counts once. A torn line costs itself.

use std::collections::HashSet;
#[cfg(feature = "generate")]
use std::fs::File;
use std::io;
#[cfg(feature = "generate")]
use std::io::Write;
use std::path::Path;

#[cfg(feature = "generate")]
use crate::cache::record::line;
use crate::cache::record::{Record, Unreadable};
use crate::digest::Digest;
#[cfg(feature = "generate")]
use crate::files::open_or_make;
use crate::files::read_regular;
use crate::recipe::Fingerprint;

/// All that was paid through a cache, and all that it saved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// Images, in the order in which they were entered.
    pub lines: Vec<LedgerLine>,
    /// Lines that say nothing any more.
    pub damaged: usize,
    /// Lines of a newer version.
    pub newer: usize,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLine {
    /// Whether it was paid, or came from the cache.
    pub kind: LedgerKind,
    /// When it was asked for, or taken from the cache, as `2026-11-20T21:04:05Z`.
    pub time: String,
    /// The name of the project's folder.
    pub project: Option<String>,
    /// The asset.
    pub asset: String,
    /// The model.
    pub model: String,
    /// Who made it.
    pub provider: String,
    /// The model's id there.
    pub model_id: String,
    /// The recipe's fingerprint.
    pub fingerprint: Fingerprint,
    /// The original; none of an image that was paid and can't be used.
    pub take: Option<Digest>,
    /// What it cost in US dollars, or would have; `None` where that isn't known.
    pub cost_usd: Option<f64>,
    /// What it is an image of, so that none counts twice: a request and a number, or a project and an asset.
    pub(crate) once: String,
}

/// What became of the price of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LedgerKind {
    /// It was paid.
    Paid,
    /// It was not: the cache had the picture.
    Saved,
}

impl Ledger {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let bytes = match read_regular(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read?,
        };
        Ok(Self::of(&bytes))
    }

    /// What the lines of a ledger say. Pure.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut ledger = Self::default();
        let mut known = HashSet::new();
        for record in Record::lines(bytes) {
            match record.and_then(|record| LedgerLine::of(&record)) {
                Ok(line) if known.insert((line.kind, line.once.clone())) => ledger.lines.push(line),
                Ok(_) => {}
                Err(Unreadable::Damaged) => ledger.damaged += 1,
                Err(Unreadable::Newer) => ledger.newer += 1,
            }
        }
        ledger
    }

    /// The images that a request of the journal brought, as far as they are of use.
    pub(crate) fn images_of(&self, request: &str) -> impl Iterator<Item = Digest> {
        let is_its =
            move |line: &&LedgerLine| line.once.strip_prefix(request).is_some_and(|rest| rest.starts_with('/'));
        self.lines.iter().filter(is_its).filter_map(|line| line.take)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn has(&self, line: &LedgerLine) -> bool {
        self.lines.iter().any(|known| known.kind == line.kind && known.once == line.once)
    }
}

impl LedgerLine {
    fn of(record: &Record) -> Result<Self, Unreadable> {
        let kind = match record.field("kind") {
            "paid" => LedgerKind::Paid,
            "saved" => LedgerKind::Saved,
            _ => return Err(Unreadable::Newer),
        };
        let text = |key: &str| record.field(key).to_string();
        Ok(Self {
            kind,
            time: text("time"),
            project: record.text("project"),
            asset: text("asset"),
            model: text("model"),
            provider: text("provider"),
            model_id: text("model_id"),
            fingerprint: record.field("fingerprint").parse().map(Fingerprint).map_err(|_| Unreadable::Newer)?,
            take: record.maybe("take").map(str::parse).transpose().map_err(|_| Unreadable::Newer)?,
            cost_usd: record.dollars("cost_usd"),
            once: text("once"),
        })
    }

    /// The day, as `2026-11-20`.
    pub fn day(&self) -> &str {
        self.time.split('T').next().unwrap_or_default()
    }

    #[cfg(feature = "generate")]
    fn render(&self) -> String {
        let kind = match self.kind {
            LedgerKind::Paid => "paid",
            LedgerKind::Saved => "saved",
        };
        let mut fields = vec![("kind", kind.to_string()), ("time", self.time.clone())];
        fields.extend(self.project.clone().map(|project| ("project", project)));
        fields.extend([
            ("asset", self.asset.clone()),
            ("model", self.model.clone()),
            ("provider", self.provider.clone()),
            ("model_id", self.model_id.clone()),
            ("fingerprint", self.fingerprint.to_string()),
        ]);
        fields.extend(self.take.map(|take| ("take", take.to_string())));
        fields.extend(self.cost_usd.map(|cost| ("cost_usd", cost.to_string())));
        fields.push(("once", self.once.clone()));
        line(&fields)
    }
}

/// Adds lines, in one go, so that those of two runs don't mix. Each begins on a line of its own, whatever is torn before it.
#[cfg(feature = "generate")]
pub(crate) fn enter(path: &Path, lines: &[LedgerLine]) -> io::Result<File> {
    let text = lines.iter().fold(String::new(), |text, line| text + "\n" + &line.render());
    let mut file = open_or_make(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Whether a ledger is, or can be, at its place: to write into a pipe would be to wait for a reader.
#[cfg(feature = "generate")]
pub(crate) fn place(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::other("the ledger is not a file")),
        _ => Ok(()),
    }
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use std::fs;

    use crate::cache::ledger::{Ledger, LedgerKind, LedgerLine, enter};
    use crate::digest::Digest;
    use crate::recipe::Fingerprint;

    fn paid(once: &str) -> LedgerLine {
        LedgerLine {
            kind: LedgerKind::Paid,
            time: "2026-11-20T21:04:05Z".to_string(),
            project: Some("site".to_string()),
            asset: "hero".to_string(),
            model: "seedream-4.5".to_string(),
            provider: "aisa".to_string(),
            model_id: "seedream".to_string(),
            fingerprint: Fingerprint(Digest::of(b"recipe")),
            take: Some(Digest::of(b"picture")),
            cost_usd: Some(0.04),
            once: once.to_string(),
        }
    }

    #[test]
    fn a_line_is_read_as_it_was_entered_and_counts_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ledger");
        assert_eq!(Ledger::read(&path).expect("none yet"), Ledger::default());
        let unknown = LedgerLine { project: None, take: None, cost_usd: None, ..paid("2/1") };
        let saved = LedgerLine { kind: LedgerKind::Saved, ..paid("1/1") };
        enter(&path, &[paid("1/1"), unknown.clone()]).expect("written");
        enter(&path, &[paid("1/1"), saved.clone()]).expect("written");
        let ledger = Ledger::read(&path).expect("readable");
        assert_eq!(ledger.lines, [paid("1/1"), unknown, saved]);
        assert_eq!((ledger.damaged, ledger.lines[0].day()), (0, "2026-11-20"));
    }

    #[test]
    fn a_ledger_cut_at_any_byte_loses_its_last_line_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ledger");
        enter(&path, &[paid("1/1")]).expect("written");
        let first = fs::read(&path).expect("readable").len();
        enter(&path, &[paid("2/1")]).expect("written");
        let whole = fs::read(&path).expect("readable");
        for length in first..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            enter(&path, &[paid("3/1")]).expect("written");
            let ledger = Ledger::read(&path).expect("readable");
            let entered: Vec<&str> = ledger.lines.iter().map(|line| line.once.as_str()).collect();
            // Cut before the line's end, it is whole all the same.
            let expected: &[&str] = if length == whole.len() - 1 { &["1/1", "2/1", "3/1"] } else { &["1/1", "3/1"] };
            assert_eq!(entered, expected, "cut at {length}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_neither_read_nor_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ledger");
        fs::create_dir(&path).expect("made");
        assert!(Ledger::read(&path).is_err() && enter(&path, &[paid("1/1")]).is_err());
    }
}
