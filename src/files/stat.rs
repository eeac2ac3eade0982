//! The stat index: which content a file had when its size and times were these, so that unchanged files aren't read.
//!
//! A cache of facts: deleting or damaging it costs time and nothing else. Knows nothing of what the files are for.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use crate::digest::Digest;
use crate::files::read_regular_text;

/// The index's file in the state folder; a new form gets a new name.
pub(crate) const FILE: &str = "stat-v1";

/// What the file system says of a file without reading it. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    size: u64,
    modified: i128,
    changed: i128,
    inode: u64,
}

impl Stamp {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |time| i128::try_from(time.as_nanos()).unwrap_or(0));
        Self { size: metadata.len(), modified, changed: modified, inode: 0 }
    }

    /// The stamp of whatever bears a name in a folder, links not followed.
    #[cfg(unix)]
    pub(crate) fn of_stat(stat: &rustix::fs::Stat) -> Self {
        let nanoseconds = |seconds: i128, rest: i128| seconds * 1_000_000_000 + rest;
        Self {
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: nanoseconds(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
            changed: nanoseconds(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
            inode: stat.st_ino,
        }
    }

    /// The stamp as four numbers; none where a time is centuries away.
    pub(crate) fn numbers(&self) -> Option<[u64; 4]> {
        let time = |time: i128| i64::try_from(time).ok().map(i64::cast_unsigned);
        Some([self.size, time(self.modified)?, time(self.changed)?, self.inode])
    }

    /// The stamp of these numbers.
    #[cfg(feature = "generate")]
    pub(crate) fn from_numbers([size, modified, changed, inode]: [u64; 4]) -> Self {
        let time = |time: u64| i128::from(time.cast_signed());
        Self { size, modified: time(modified), changed: time(changed), inode }
    }

    /// The length in bytes.
    #[cfg(feature = "generate")]
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// When the content was last written, in nanoseconds since 1970.
    pub(crate) fn modified(&self) -> i128 {
        self.modified
    }

    /// The later of both times: no content from after it can hide behind this stamp.
    pub(crate) fn latest(&self) -> i128 {
        self.modified.max(self.changed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct StatIndex {
    entries: HashMap<String, (Stamp, Digest)>,
    /// What this run has written itself: no earlier index can vouch for it, and none needs to.
    own: HashSet<String>,
    /// The file system's clock when the index was written. A file stamped at that moment or later may have been edited
    /// within the same tick, so it is read again (git's rule for racy entries).
    written: i128,
    dirty: bool,
}

impl StatIndex {
    /// The index of a state folder; an empty one where it is missing or damaged.
    pub(crate) fn load(state: &Path) -> Self {
        let path = state.join(FILE);
        let read = || Some((read_regular_text(&path).ok()?, fs::metadata(&path).ok()?));
        let Some((text, metadata)) = read() else { return Self::default() };
        let entries = parse(&text).unwrap_or_default();
        Self { entries, written: Stamp::of(&metadata).modified, ..Self::default() }
    }

    /// The digest of a file whose stamp is as it was, unless the stamp is too young to be trusted.
    pub(crate) fn trusted(&self, key: &str, stamp: &Stamp) -> Option<Digest> {
        let (known, digest) = self.entries.get(key)?;
        (known == stamp && (stamp.latest() < self.written || self.own.contains(key))).then_some(*digest)
    }

    /// Remembers a file that was written with these bytes a moment ago.
    #[cfg(feature = "generate")]
    pub(crate) fn wrote(&mut self, key: &str, stamp: Stamp, digest: Digest) {
        self.own.insert(key.to_string());
        self.record(key, stamp, digest);
    }

    /// The stamp of a file that is known.
    pub(crate) fn stamp(&self, key: &str) -> Option<Stamp> {
        self.entries.get(key).map(|(stamp, _)| *stamp)
    }

    /// Remembers a digest that was read from the bytes.
    pub(crate) fn record(&mut self, key: &str, stamp: Stamp, digest: Digest) {
        self.dirty = true;
        self.entries.insert(key.to_string(), (stamp, digest));
    }

    #[cfg(feature = "generate")]
    pub(crate) fn forget(&mut self, key: &str) {
        self.dirty |= self.entries.remove(key).is_some();
    }

    #[cfg(feature = "generate")]
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The latest time that any entry carries.
    #[cfg(feature = "generate")]
    pub(crate) fn latest(&self) -> i128 {
        self.entries.values().map(|(stamp, _)| stamp.latest()).max().unwrap_or(0)
    }

    /// The index as text: a line an entry, closed by a digest of all that stands before it.
    #[cfg(feature = "generate")]
    pub(crate) fn render(&self) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for (key, (stamp, digest)) in &self.entries {
            let Stamp { size, modified, changed, inode } = stamp;
            // Writing to a String can't fail.
            let _ = writeln!(text, "{} {size} {modified} {changed} {inode} {key}", digest.hex());
        }
        let checksum = Digest::of(text.as_bytes()).hex();
        text + &checksum
    }
}

fn parse(text: &str) -> Option<HashMap<String, (Stamp, Digest)>> {
    let (body, checksum) = text.split_at_checked(text.len().checked_sub(64)?)?;
    if Digest::of(body.as_bytes()).hex() != checksum {
        return None;
    }
    body.lines().map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<(String, (Stamp, Digest))> {
    let mut fields = line.splitn(6, ' ');
    let digest = format!("b3:{}", fields.next()?).parse().ok()?;
    let size = fields.next()?.parse().ok()?;
    let modified = fields.next()?.parse().ok()?;
    let changed = fields.next()?.parse().ok()?;
    let inode = fields.next()?.parse().ok()?;
    Some((fields.next()?.to_string(), (Stamp { size, modified, changed, inode }, digest)))
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use crate::digest::Digest;
    use crate::files::stat::{Stamp, StatIndex, parse};

    #[test]
    fn the_index_reads_back_and_a_damaged_one_counts_as_empty() {
        let mut index = StatIndex::default();
        let stamp = Stamp { size: 7, modified: -5, changed: 9, inode: 3 };
        index.record("a b.png", stamp, Digest::of(b"x"));
        let text = index.render();
        assert_eq!(parse(&text).expect("sound")["a b.png"], (stamp, Digest::of(b"x")));
        assert!(parse(&text.replacen('7', "8", 1)).is_none());
        assert!(parse("").is_none());
    }

    #[test]
    fn a_stamp_as_young_as_the_index_is_not_trusted() {
        let mut index = StatIndex { written: 100, ..StatIndex::default() };
        for (time, trusted) in [(99, true), (100, false), (101, false)] {
            let stamp = Stamp { size: 1, modified: time, changed: 0, inode: 1 };
            index.record("a", stamp, Digest::of(b"x"));
            assert_eq!(index.trusted("a", &stamp).is_some(), trusted, "{time}");
        }
    }
}
