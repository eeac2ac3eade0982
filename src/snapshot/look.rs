//! Whether files are as they were: each is looked at in its folder, which is held open, and none is opened.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::thread;

use crate::files::{Folder, Stamp};
use crate::snapshot::bytes::{Reader, Writer};

/// More files than this are looked at by several threads: to start one costs as much as some dozens of looks.
const ALONE: usize = 1_000;
/// So many threads at most: the file system's own locks are in the way of more.
const THREADS: usize = 4;

/// The files of one folder with what they are to be; none: nothing may lie there.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    /// From the project's folder; empty for that itself.
    pub(crate) folder: &'a str,
    pub(crate) files: Vec<ExpectedFile<'a>>,
}

/// Files that are to bear these stamps, by folder; `None` where one is stamped with what can't be written down.
pub(crate) fn by_folder<'a>(files: impl Iterator<Item = (&'a str, Option<Stamp>)>) -> Option<Vec<Expected<'a>>> {
    let mut folders: BTreeMap<&str, Vec<ExpectedFile<'_>>> = BTreeMap::new();
    for (path, stamp) in files {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let numbers = match stamp {
            Some(stamp) => Some(stamp.numbers()?),
            None => None,
        };
        folders.entry(folder).or_default().push((name, numbers));
    }
    Some(folders.into_iter().map(|(folder, files)| Expected { folder, files }).collect())
}

/// A name, and the numbers of its stamp.
pub(crate) type ExpectedFile<'a> = (&'a str, Option<[u64; 4]>);

impl<'a> Expected<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Vec<Self>> {
        reader.list(|reader| {
            let folder = reader.text()?;
            let files = reader.list(|reader| {
                let name = reader.text()?;
                let is_there = reader.flag()?;
                let mut numbers = || Some([reader.number()?, reader.number()?, reader.number()?, reader.number()?]);
                Some((name, if is_there { Some(numbers()?) } else { None }))
            })?;
            Some(Self { folder, files })
        })
    }

    pub(crate) fn write(all: &[Self], writer: &mut Writer) {
        writer.list(all.iter(), |writer, one| {
            writer.text(one.folder);
            writer.list(one.files.iter(), |writer, (name, stamp)| {
                writer.text(name);
                writer.flag(stamp.is_some());
                for number in stamp.iter().flatten() {
                    writer.number(*number);
                }
            });
        });
    }
}

/// Whether each file is what it is to be.
pub(crate) fn all_hold(root: &Folder, expected: &[Expected<'_>]) -> bool {
    let count: usize = expected.iter().map(|folder| folder.files.len()).sum();
    // Even to ask for the number of cores takes longer than to look at a hundred files.
    let cores = if count <= ALONE { 1 } else { thread::available_parallelism().map_or(1, usize::from).min(THREADS) };
    if cores == 1 {
        return hold(root, expected, 0..count);
    }
    let share = count.div_ceil(cores);
    thread::scope(|scope| {
        let others: Vec<_> = (1..cores)
            .map(|number| scope.spawn(move || hold(root, expected, number * share..(number + 1) * share)))
            .collect();
        let own = hold(root, expected, 0..share);
        others.into_iter().all(|other| other.join().unwrap_or(false)) && own
    })
}

/// The same for the files of these numbers, counted through all folders.
fn hold(root: &Folder, expected: &[Expected<'_>], numbers: std::ops::Range<usize>) -> bool {
    let mut way = Way { root, open: Vec::new() };
    let mut first = 0;
    for folder in expected {
        let files = &folder.files;
        let range = numbers.start.clamp(first, first + files.len())..numbers.end.clamp(first, first + files.len());
        let mine = &files[range.start - first..range.end - first];
        first += files.len();
        if !mine.is_empty() && !way.to(folder.folder).is_ok_and(|folder| mine.iter().all(|file| holds(folder, file))) {
            return false;
        }
    }
    true
}

/// Whether no folder has become something else: a link leads elsewhere, and nothing may be written through it. One that is
/// gone is none of that.
pub(crate) fn folders_hold(root: &Folder, expected: &[Expected<'_>]) -> bool {
    let mut way = Way { root, open: Vec::new() };
    let is_one =
        |opened: io::Result<&Folder>| opened.map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |_| true);
    expected.iter().all(|one| is_one(way.to(one.folder)))
}

fn holds(folder: &Folder, (name, expected): &ExpectedFile<'_>) -> bool {
    let found = folder.stamp(OsStr::new(name));
    found.is_ok_and(|found| {
        found.as_ref().and_then(Stamp::numbers) == *expected && found.is_some() == expected.is_some()
    })
}

/// The way from the project's folder down, kept open for what lies beside. No part of it may be a link.
struct Way<'a> {
    root: &'a Folder,
    open: Vec<(&'a str, Folder)>,
}

impl<'a> Way<'a> {
    fn to(&mut self, path: &'a str) -> io::Result<&Folder> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let shared = self.open.iter().zip(&parts).take_while(|((open, _), part)| open == *part).count();
        self.open.truncate(shared);
        for part in &parts[shared..] {
            let above = self.open.last().map_or(self.root, |(_, folder)| folder);
            let folder = above.within(OsStr::new(part))?;
            self.open.push((part, folder));
        }
        Ok(self.open.last().map_or(self.root, |(_, folder)| folder))
    }
}
