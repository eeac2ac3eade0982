//! From originals in the cache to output files: made, recorded, put in place whole, and never over what isn't ours.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::cache::{Cache, NoOriginal};
use crate::digest::Digest;
use crate::files::{Durable, FileState, Files, describe};
use crate::lock::{Entry, LockedOutput, Lockfile};
use crate::manifest::Publish;
use crate::name::{AssetName, ProjectPath};
use crate::observe::Facts;
use crate::picture::{Format, Picture};
use crate::plan::{FileJob, FileVerdict, Note, ReasonCode, blocked};
use crate::resolve::{Asset, AssetOrigin, Assets};
use crate::transform::{Finding, Made, Original, Preview, Settings, pixels_of};

/// Draws an original of this hash again, if it can.
pub(crate) type Redraw = Arc<dyn Fn(Digest) -> Option<Vec<u8>> + Send + Sync>;

/// Makes files.
pub(crate) struct Publisher<'a> {
    pub(crate) place: Place,
    pub(crate) assets: &'a Assets,
    pub(crate) overwrite: bool,
    /// As many pictures in memory as there are cores.
    pub(crate) cores: Arc<Semaphore>,
}

/// Where originals and files are, and what is locked of them.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) cache: Arc<Cache>,
    pub(crate) files: Arc<Files>,
    pub(crate) lock: Arc<Lockfile>,
}

/// An asset's files to make, with all that it takes, on whichever thread.
struct Making {
    place: Place,
    name: AssetName,
    /// The file that the original is, where it was made by hand.
    source: Option<ProjectPath>,
    redraw: Option<Redraw>,
    jobs: Vec<FileJob>,
    /// What lay in each one's place when the plan was made.
    before: Vec<FileState>,
    /// Those of which a preview is to be locked.
    previewed: BTreeSet<ProjectPath>,
    overwrite: bool,
}

/// Whose files are made.
pub(crate) struct Target<'a> {
    pub(crate) name: &'a AssetName,
    pub(crate) asset: &'a Asset,
    pub(crate) facts: &'a Facts,
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) redraw: Option<Redraw>,
}

impl Target<'_> {
    /// Whether a preview of this file is to be locked: not of the same in another width, nor where all that is locked of it stays.
    fn wants_preview(&self, job: &FileJob) -> bool {
        let takes = self.asset.takes() as usize;
        let mut narrow = self.asset.outputs.iter().filter(|output| output.part.width.is_some());
        let is_narrow = narrow.any(|output| (1..=takes).any(|take| output.path(take) == job.path));
        !is_narrow && locked_output(self, job).is_none_or(|locked| locked.settings != job.settings.digest())
    }

    /// A job's file as it is to be locked.
    fn output(&self, job: &FileJob, written: &Written) -> LockedOutput {
        let has_takes = matches!(self.asset.origin, AssetOrigin::Generated(_));
        LockedOutput {
            path: job.path.clone(),
            hash: written.hash,
            settings: job.settings.digest(),
            bytes: written.bytes,
            width: written.width,
            height: written.height,
            take: (self.asset.publish == Publish::All && has_takes).then_some(job.take),
            color: written.preview.as_ref().map(|preview| preview.color),
            thumbhash: written.preview.as_ref().map(|preview| preview.thumbhash.clone()),
        }
    }
}

/// A file as it is to be locked, and what is worth knowing of it.
type Locking = (LockedOutput, Vec<Note>);

/// The files of one asset.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) outputs: Vec<LockedOutput>,
    pub(crate) warnings: Vec<Note>,
    pub(crate) error: Option<Note>,
}

impl Published {
    /// Removes files that the asset no longer declares, once the new ones stand. Those that can't go yet stay locked, so
    /// that the next run knows of them.
    pub(crate) fn remove(&mut self, paths: &[ProjectPath], entry: Option<&Entry>, publisher: &Publisher<'_>) {
        if self.error.is_none() {
            self.error = publisher.place.remove(paths);
        }
        if self.error.is_some() {
            let left = |output: &&LockedOutput| paths.contains(&output.path) && publisher.place.is_ours(&output.path);
            self.outputs.extend(entry.into_iter().flat_map(|entry| &entry.outputs).filter(left).cloned());
            self.outputs.sort_by(|one, other| one.path.cmp(&other.path));
        }
    }
}

fn remove(paths: &[ProjectPath], files: &Files) -> Option<Note> {
    let failed = paths.iter().find_map(|path| files.remove(path).err())?;
    Some(Note::new(
        "files",
        format!("can't be removed: {failed}"),
        "mend the permissions, then run `tintype sync` again",
    ))
}

impl Publisher<'_> {
    /// Makes what is to be made of `jobs`; what stands already is locked as it is.
    pub(crate) async fn publish(&self, target: &Target<'_>, jobs: &[FileJob]) -> Published {
        let mut made = self.make(target, jobs.iter().filter(|job| self.is_to_make(job))).await.into_iter();
        let mut published = Published::default();
        for job in jobs {
            let output = match &job.verdict {
                FileVerdict::Fine(locked) => Ok((locked.clone(), Vec::new())),
                FileVerdict::Recorded(hash) => self.lock_recorded(target, job, *hash),
                FileVerdict::Foreign { code, detail } if !self.overwrite => {
                    Err(blocked(target.name, &job.path, *code, detail))
                }
                FileVerdict::Foreign { .. } | FileVerdict::Make(_) => made.next().expect("each was made, or failed"),
            };
            match output {
                Ok((output, warnings)) => {
                    published.outputs.push(output);
                    published.warnings.extend(warnings);
                }
                Err(note) => {
                    // What was locked of the file stays true of it, unless it was made of another take.
                    published.outputs.extend(locked_output(target, job).cloned());
                    published.error = Some(note);
                }
            }
        }
        published.outputs.sort_by(|one, other| one.path.cmp(&other.path));
        published
    }

    const fn is_to_make(&self, job: &FileJob) -> bool {
        match job.verdict {
            FileVerdict::Make(_) => true,
            FileVerdict::Foreign { .. } => self.overwrite,
            FileVerdict::Fine(_) | FileVerdict::Recorded(_) => false,
        }
    }

    fn lock_recorded(&self, target: &Target<'_>, job: &FileJob, hash: Digest) -> Result<Locking, Note> {
        let bytes =
            self.place.files.read_picture(&job.path).map_err(|error| Note::new("files", error.to_string(), ""))?;
        let Picture { width, height, .. } = Picture::read_output(&bytes)
            .map_err(|error| Note::new("files", format!("`{}` is {error}", job.path), ""))?;
        let preview = target.wants_preview(job).then(|| pixels_of(&bytes).ok()).flatten();
        let preview = preview.map(Preview::of);
        let bytes = bytes.len() as u64;
        Ok((target.output(job, &Written { hash, bytes, width, height, preview, findings: Vec::new() }), Vec::new()))
    }

    /// Makes these files on one core, one after the other: what is decoded for one of them serves the next.
    async fn make(&self, target: &Target<'_>, jobs: impl Iterator<Item = &FileJob>) -> Vec<Result<Locking, Note>> {
        let jobs: Vec<FileJob> = jobs.cloned().collect();
        if jobs.is_empty() {
            return Vec::new();
        }
        let _core = self.cores.acquire().await.expect("the semaphore is never closed");
        let seen = |job: &FileJob| target.facts.files.get(&job.path).map(|seen| seen.state.clone());
        let making = Making {
            place: self.place.clone(),
            name: target.name.clone(),
            source: self.assets.source_file(target.asset).cloned(),
            redraw: target.redraw.clone(),
            before: jobs.iter().map(|job| seen(job).unwrap_or(FileState::Missing)).collect(),
            previewed: jobs.iter().filter(|job| target.wants_preview(job)).map(|job| job.path.clone()).collect(),
            jobs: jobs.clone(),
            overwrite: self.overwrite,
        };
        let failed = |panic| Err(Note::new("internal", format!("making a file failed: {panic}"), ""));
        let made = tokio::task::spawn_blocking(move || making.make()).await;
        let made = made.unwrap_or_else(|panic| jobs.iter().map(|_| failed(panic.to_string())).collect());
        let locking = |(job, made): (&FileJob, Result<Written, Note>)| {
            let written = made?;
            let warnings = written.findings.iter().map(|finding| warning(*finding, &job.path)).collect();
            Ok((as_locked(target, job, target.output(job, &written)), warnings))
        };
        jobs.iter().zip(made).map(locking).collect()
    }
}

impl Making {
    fn make(&self) -> Vec<Result<Written, Note>> {
        let jobs: Vec<(&FileJob, &FileState)> = self.jobs.iter().zip(&self.before).collect();
        jobs.chunk_by(|(one, _), (other, _)| one.take == other.take).flat_map(|jobs| self.make_of_one(jobs)).collect()
    }

    /// The files that are made of one take.
    fn make_of_one(&self, jobs: &[(&FileJob, &FileState)]) -> Vec<Result<Written, Note>> {
        let take = jobs[0].0.take;
        let bytes = self.original(take);
        let bytes = bytes.as_deref();
        let mut original = Original::new(bytes.unwrap_or_default(), jobs.len());
        let write = |(job, before): &(&FileJob, &FileState)| {
            self.check_unchanged(job, before)?;
            bytes.map_err(Note::clone)?;
            self.place.save_original(&job.path)?;
            self.write(job, &mut original)
        };
        jobs.iter().map(write).collect()
    }

    /// Someone may have edited the file while its picture was being made.
    fn check_unchanged(&self, job: &FileJob, before: &FileState) -> Result<(), Note> {
        if self.overwrite {
            return Ok(());
        }
        let now = self.place.files.look(&job.path);
        let is_ours = match &now {
            FileState::Missing => true,
            FileState::File { digest } => !self.place.cache.made(*digest).is_empty(),
            _ => false,
        };
        if now == *before || is_ours {
            return Ok(());
        }
        Err(blocked(&self.name, &job.path, ReasonCode::Edited, "it was changed while tintype ran"))
    }

    fn original(&self, hash: Digest) -> Result<Vec<u8>, Note> {
        if let Some(path) = &self.source {
            let bytes =
                self.place.files.read_picture(path).map_err(|error| Note::new("files", error.to_string(), ""))?;
            return if Digest::of(&bytes) == hash { Ok(bytes) } else { Err(changed(path)) };
        }
        self.place
            .original(hash)
            .or_else(|missing| self.redraw.as_ref().and_then(|redraw| redraw(hash)).ok_or(missing))
            .map_err(|missing| {
                let what = match missing {
                    NoOriginal::Missing => "is in no cache",
                    NoOriginal::Damaged => "was damaged in the cache and is set aside there",
                };
                let message = format!("the original of `{}` {what}", self.name);
                Note::new(
                    "unavailable",
                    message,
                    "it is never bought again by itself: bring the cache back that has it",
                )
            })
    }

    fn write(&self, job: &FileJob, original: &mut Original<'_>) -> Result<Written, Note> {
        let (path, cache) = (&job.path, &self.place.cache);
        let made = self.made(job, original)?;
        let (bytes, is_copy) = (&*made.bytes, matches!(made.bytes, Cow::Borrowed(_)));
        let hash = if is_copy { job.take } else { Digest::of(bytes) };
        cache.record_made(hash, job.take, job.settings.digest()).map_err(|error| cache_error(&error))?;
        let twin = if is_copy { cache.original_file(hash, bytes.len()) } else { None };
        let written = match twin {
            Some(twin) => self.place.files.write_like(path, bytes, hash, &twin),
            None => self.place.files.write(path, bytes, hash),
        };
        written.map_err(|error| {
            Note::new(
                "files",
                format!("can't be written: {error}"),
                "mend it, then run `tintype sync` again: nothing is paid twice",
            )
        })?;
        let bytes = bytes.len() as u64;
        let preview = self.previewed.contains(path).then(|| preview(&made, job, original)).flatten();
        let Made { width, height, findings, .. } = made;
        Ok(Written { hash, bytes, width, height, preview, findings })
    }

    /// The file of an original: as it is, as an earlier run or another checkout has made it, or made anew and kept for them.
    fn made<'a>(&self, job: &FileJob, original: &mut Original<'a>) -> Result<Made<'a>, Note> {
        let (take, treatment) = (job.take, job.treatment());
        let settings = treatment.digest();
        let is_copy = original.is_copied(&treatment);
        let kept = if is_copy { None } else { self.place.cache.derived(take, settings) };
        if let Some(bytes) = kept
            && let Ok(Picture { width, height, .. }) = Picture::read_output(&bytes)
        {
            return Ok(Made { bytes: Cow::Owned(bytes), width, height, findings: Vec::new() });
        }
        let made = original.make(&treatment).map_err(|error| {
            let message = format!("`{}` can't be made: {error}", job.path);
            Note::new("transform", message, "the original is kept; change the output's settings")
        })?;
        // What there is something to say of is made again, so that it is said again.
        if !is_copy && made.findings.is_empty() {
            self.place.cache.put_derived(take, settings, &made.bytes);
        }
        Ok(made)
    }
}

impl Place {
    /// Removes files. An original that lies in one of them only is taken into the cache first.
    pub(crate) fn remove(&self, paths: &[ProjectPath]) -> Option<Note> {
        // Looked at again: someone may have edited one of them while pictures were being made.
        let ours: Vec<ProjectPath> = paths.iter().filter(|path| self.is_ours(path)).cloned().collect();
        ours.iter().find_map(|path| self.save_original(path).err()).or_else(|| remove(&ours, &self.files))
    }

    fn is_ours(&self, path: &ProjectPath) -> bool {
        let FileState::File { digest } = self.files.look(path) else { return false };
        let mut outputs = self.lock.entries.values().flat_map(|entry| &entry.outputs);
        outputs.any(|output| output.hash == digest) || !self.cache.made(digest).is_empty()
    }

    /// A file that is about to go may be the only copy of a paid original: then the cache takes it in first.
    fn save_original(&self, path: &ProjectPath) -> Result<(), Note> {
        let FileState::File { digest } = self.files.look(path) else { return Ok(()) };
        if self.cache.has_original(digest) {
            return Ok(());
        }
        for generated in self.lock.entries.values().filter_map(Entry::generated) {
            let Some((_, take)) = generated.take(digest) else { continue };
            let bytes = self.files.read_picture(path).map_err(|error| Note::new("files", error.to_string(), ""))?;
            self.cache.put_original(&bytes, Durable::Yes).map_err(|error| cache_error(&error))?;
            if take.kind.is_none() && take.fingerprint.is_none() {
                let filed = self.cache.add_take(generated.fingerprint(), take, Durable::Yes);
                filed.map_err(|error| cache_error(&error))?;
            }
        }
        Ok(())
    }

    /// An original from the cache or, healing the cache, from an output that is an untouched copy of it.
    pub(crate) fn original(&self, hash: Digest) -> Result<Vec<u8>, NoOriginal> {
        let missing = match self.cache.original(hash) {
            Ok(bytes) => return Ok(bytes),
            Err(missing) => missing,
        };
        let copies = self.lock.entries.values().flat_map(|entry| &entry.outputs).filter(|output| output.hash == hash);
        for copy in copies {
            if let Ok(bytes) = self.files.read_picture(&copy.path)
                && Digest::of(&bytes) == hash
            {
                // Healing is a favour: the bytes serve even where the cache can't be written.
                let _ = self.cache.put_original(&bytes, Durable::Yes);
                return Ok(bytes);
            }
        }
        Err(missing)
    }
}

/// What is locked of a job's file, if it was made of the same take.
fn locked_output<'a>(target: &Target<'a>, job: &FileJob) -> Option<&'a LockedOutput> {
    let entry = target.entry?;
    let same =
        |locked: &&LockedOutput| locked.path == job.path && locked.take.unwrap_or_else(|| entry.original()) == job.take;
    entry.outputs.iter().find(same)
}

/// The preview of a file that was made. An AVIF file can't be read: its pixels are written once more for that.
fn preview(made: &Made<'_>, job: &FileJob, original: &mut Original<'_>) -> Option<Preview> {
    let treatment = job.treatment();
    let as_png =
        Settings { format: Format::Png, quality: None, max_bytes: None, disclose: None, ..treatment.into_owned() };
    let readable =
        if job.settings.format == Format::Avif { original.make(&as_png).ok()?.bytes } else { made.bytes.clone() };
    Some(Preview::of(pixels_of(&readable).ok()?))
}

/// A file made anew from the locked take with the locked settings counts as the locked one, whatever encoder made it.
fn as_locked(target: &Target<'_>, job: &FileJob, output: LockedOutput) -> LockedOutput {
    locked_output(target, job).filter(|locked| locked.settings == output.settings).cloned().unwrap_or(output)
}

/// What is worth knowing of a file that was made.
fn warning(finding: Finding, path: &ProjectPath) -> Note {
    match finding {
        Finding::Enlarged => Note::new(
            "enlarged",
            format!("`{path}` shows its picture larger than it is: it will look soft"),
            "ask for a larger size, or make the output smaller",
        ),
        Finding::TextNotDrawn => Note::new(
            "text-not-drawn",
            format!("the text in `{path}`'s original isn't drawn, as fonts differ from one machine to the next"),
            "turn the text into paths where the picture was made",
        ),
        Finding::OddProfile => Note::new(
            "odd-profile",
            format!("the colour profile of `{path}`'s original isn't understood: its colours are taken for sRGB"),
            "convert the picture to sRGB where it was made",
        ),
        Finding::NothingKeyed => Note::new(
            "nothing-keyed",
            format!("nothing in `{path}` has the colour of `chroma_key`: its ground is still there"),
            "look at the picture, then name its ground's colour, or raise the key's `tolerance`",
        ),
    }
}

fn changed(path: &ProjectPath) -> Note {
    Note::new("changed", format!("`{path}` changed while tintype ran"), "run `tintype sync` again")
}

pub(crate) fn cache_error(error: &std::io::Error) -> Note {
    let message = format!("the cache can't be written: {}", describe(error));
    Note::new("cache", message, "make room or mend the permissions, then run `tintype sync` again")
}

struct Written {
    hash: Digest,
    bytes: u64,
    width: u32,
    height: u32,
    preview: Option<Preview>,
    findings: Vec<Finding>,
}
