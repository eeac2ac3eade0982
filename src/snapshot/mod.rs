//! The snapshot: what a run concluded of a project in which nothing was to be done, so that the next one only asks
//! whether that still holds: one compact file is read, and everything that the conclusion stands on is looked at, not
//! opened.
//!
//! A cache of conclusions. Deleted, damaged or written by another program, it costs time and nothing else: every doubt
//! is answered by `None`, and the long way is taken. [`Snapshot::find`] is the one door; `but_for_manifest` is
//! the same one for a project whose manifest was edited and nothing else, of which only what the edit touches is looked at
//! anew.

mod bytes;
mod look;
mod rows;
#[cfg(feature = "generate")]
mod write;

use std::collections::BTreeMap;
#[cfg(feature = "generate")]
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::digest::Digest;
use crate::files::{Folder, Opened, STATE, Stamp, folder_of, real};
#[cfg(feature = "generate")]
use crate::files::{Inputs, Watched};
#[cfg(feature = "generate")]
use crate::name::AssetName;
use crate::plan::Plan;
pub(crate) use crate::snapshot::bytes::{Reader, Writer};
use crate::snapshot::look::folders_hold;
pub(crate) use crate::snapshot::look::{Expected, all_hold, by_folder};
use crate::snapshot::rows::read_rows;
#[cfg(feature = "generate")]
pub(crate) use crate::snapshot::write::Conclusion;

/// The snapshot's file in the state folder; a new form gets a new name.
const FILE: &str = "snapshot-v1";
/// No project's snapshot is longer, in bytes.
const LONGEST: u64 = 1 << 30;
/// The file begins with the digest of its head and the length of that.
const START: usize = 40;

/// What conclusions stand on besides the project's files.
#[derive(Debug, Clone)]
pub struct World<'a> {
    /// Who concludes: another version, or another build, may come to something else.
    pub program: String,
    /// The cache's folder, whatever the manifest says; or where it lies if that says nothing.
    pub cache: (Option<&'a Path>, &'a Path),
    /// Hosts that may be sent keys, besides the built-in ones.
    pub trusted_hosts: String,
    /// The environment's variables: of those that hold keys it matters which are set.
    pub variables: &'a BTreeMap<String, String>,
}

impl World<'_> {
    pub(crate) fn digest(&self) -> Digest {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut encoder = crate::digest::Encoder::new();
        encoder
            .field(1, env!("CARGO_PKG_VERSION").as_bytes())
            .field(2, self.program.as_bytes())
            .optional(3, self.cache.0.map(path).as_deref().map(str::as_bytes))
            .field(4, path(self.cache.1).as_bytes())
            .field(5, self.trusted_hosts.as_bytes());
        encoder.digest("tintype 2026-11 snapshot world v1")
    }

    /// Whether a variable is set; an empty one isn't.
    pub(crate) fn is_set(&self, variable: &str) -> bool {
        self.variables.get(variable).is_some_and(|value| !value.trim().is_empty())
    }
}

/// What was concluded, and still holds as far as the manifest and all that it names go: the project declares what it did.
#[derive(Debug)]
pub struct Snapshot {
    opened: Opened,
    root: Folder,
    bytes: Vec<u8>,
    head: Head,
    is_settled: OnceLock<bool>,
}

#[derive(Debug)]
struct Head {
    cache: PathBuf,
    assets: u64,
    outputs: u64,
    rows: Digest,
    /// The length of the rows, in bytes: behind them is the manifest.
    rows_length: u64,
    #[cfg_attr(not(feature = "generate"), expect(dead_code, reason = "only a sync works on a part"))]
    manifest: Digest,
    /// Where in the bytes they are: assets that others refer to, inputs, outputs.
    #[cfg_attr(not(feature = "generate"), expect(dead_code, reason = "only a sync works on a part"))]
    referred: Range<usize>,
    inputs: Range<usize>,
    looked_at: Range<usize>,
}

impl Snapshot {
    /// The snapshot of a manifest's project, if everything is as it was that says what is declared.
    pub fn find(manifest: &Path, world: &World<'_>) -> Option<Self> {
        let found = Self::read(manifest, world)?;
        all_hold(&found.root, &found.expected_inputs()?).then_some(found)
    }

    /// The same, whatever the manifest has become.
    #[cfg(feature = "generate")]
    pub(crate) fn but_for_manifest(manifest: &Path, world: &World<'_>) -> Option<Self> {
        let found = Self::read(manifest, world)?;
        let name = manifest.file_name().and_then(OsStr::to_str)?;
        let mut inputs = found.expected_inputs()?;
        let beside = inputs.iter_mut().filter(|folder| folder.folder.is_empty());
        beside.for_each(|folder| folder.files.retain(|(file, _)| *file != name));
        all_hold(&found.root, &inputs).then_some(found)
    }

    /// What was concluded in this very world, whether it still holds or not.
    fn read(manifest: &Path, world: &World<'_>) -> Option<Self> {
        let folder = folder_of(manifest);
        let root = Folder::open(folder).ok()?;
        let opened = root.within(STATE.as_ref()).ok()?.open_file(FILE.as_ref()).ok()?;
        let bytes = read_head(&opened)?;
        let written = Stamp::of(&opened.1);
        let mut reader = Reader(&bytes);
        let is_ours = reader.digest()? == world.digest()
            && Path::new(reader.text()?) == real(folder)
            && Some(reader.text()?) == manifest.file_name().and_then(OsStr::to_str);
        let cache = PathBuf::from(reader.text()?);
        let is_there = Path::new(reader.text()?) == real(&cache);
        let keys = reader.list(|reader| Some((reader.text()?, reader.flag()?)))?;
        let same_keys = keys.into_iter().all(|(variable, was_set)| world.is_set(variable) == was_set);
        // What is stamped as late as the snapshot may have changed within the same tick (git's rule for racy entries).
        let latest = reader.number()?.cast_signed();
        let is_older = i128::from(latest) < written.modified();
        let (assets, outputs) = (reader.number()?, reader.number()?);
        let (rows_length, rows, manifest) = (reader.number()?, reader.digest()?, reader.digest()?);
        let mut next = || {
            let length = reader.count()?;
            let start = bytes.len() - reader.0.len();
            reader.bytes(length).map(|_| start..start + length)
        };
        let (referred, inputs, looked_at) = (next()?, next()?, next()?);
        if !(is_ours && is_there && same_keys && is_older) {
            return None;
        }
        let head = Head { cache, assets, outputs, rows, rows_length, manifest, referred, inputs, looked_at };
        Some(Self { opened, root, bytes, head, is_settled: OnceLock::new() })
    }

    /// Whether the project is as sound as it was: no output's folder leads elsewhere by now.
    pub fn is_sound(&self) -> bool {
        self.expected_outputs().is_some_and(|outputs| folders_hold(&self.root, &outputs))
    }

    /// Whether there is still nothing to be done: each output is the file that it was.
    pub fn is_settled(&self) -> bool {
        *self.is_settled.get_or_init(|| self.expected_outputs().is_some_and(|outputs| all_hold(&self.root, &outputs)))
    }

    fn expected_inputs(&self) -> Option<Vec<Expected<'_>>> {
        Expected::read(&mut Reader(&self.bytes[self.head.inputs.clone()]))
    }

    fn expected_outputs(&self) -> Option<Vec<Expected<'_>>> {
        Expected::read(&mut Reader(&self.bytes[self.head.looked_at.clone()]))
    }

    /// How many assets are declared.
    pub fn assets(&self) -> usize {
        usize::try_from(self.head.assets).unwrap_or(usize::MAX)
    }

    /// How many files are declared.
    pub fn outputs(&self) -> usize {
        usize::try_from(self.head.outputs).unwrap_or(usize::MAX)
    }

    /// The folder of the project's cache.
    pub fn cache_folder(&self) -> &Path {
        &self.head.cache
    }

    /// The plan in which nothing is to be done, if that still holds.
    pub fn plan(&self) -> Option<Plan> {
        if !self.is_settled() {
            return None;
        }
        let mut file = &self.opened.0;
        file.seek(SeekFrom::Start((START + self.bytes.len()) as u64)).ok()?;
        let mut rows = Vec::new();
        file.take(self.head.rows_length).read_to_end(&mut rows).ok()?;
        (Digest::of(&rows) == self.head.rows).then(|| read_rows(&rows)).flatten()
    }
}

/// What a run needs that works on a part of the project.
#[cfg(feature = "generate")]
impl Snapshot {
    /// The manifest's text as it was.
    pub(crate) fn manifest(&self) -> Option<String> {
        let mut file = &self.opened.0;
        file.seek(SeekFrom::Start(START as u64 + self.bytes.len() as u64 + self.head.rows_length)).ok()?;
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        (Digest::of(text.as_bytes()) == self.head.manifest).then_some(text)
    }

    /// The assets that others refer to.
    pub(crate) fn referred(&self) -> Option<BTreeSet<AssetName>> {
        let mut reader = Reader(&self.bytes[self.head.referred.clone()]);
        reader.list(|reader| AssetName::new(reader.text()?).ok()).map(|names| names.into_iter().collect())
    }

    /// What was read, to tell later whether it says something else.
    #[cfg(feature = "generate")]
    pub fn watched(&self, manifest: &Path) -> Option<Watched> {
        Some(Watched::of(&real(folder_of(manifest)), self.stamps()?.0))
    }

    /// The stamps of all that was read, and of all outputs; none where nothing was.
    pub(crate) fn stamps(&self) -> Option<(Inputs, Inputs)> {
        let stamps = |folders: Vec<Expected<'_>>| {
            let named = folders.into_iter().flat_map(|Expected { folder, files }| {
                let path = move |name| if folder.is_empty() { String::from(name) } else { format!("{folder}/{name}") };
                files.into_iter().map(move |(name, stamp)| (path(name), stamp.map(Stamp::from_numbers)))
            });
            named.collect()
        };
        Some((stamps(self.expected_inputs()?), stamps(self.expected_outputs()?)))
    }
}

/// The part that is needed each time, whole.
fn read_head((file, metadata): &Opened) -> Option<Vec<u8>> {
    let length = metadata.is_file().then_some(metadata.len())?;
    let (mut file, mut start) = (file, [0; START]);
    file.read_exact(&mut start).ok()?;
    let mut reader = Reader(&start);
    let (digest, head) = (reader.digest()?, reader.number()?);
    let mut bytes = vec![0; usize::try_from(head).ok().filter(|_| head <= length.min(LONGEST))?];
    file.read_exact(&mut bytes).ok()?;
    (Digest::of(&bytes) == digest).then_some(bytes)
}

#[cfg(all(test, feature = "generate"))]
mod tests;
