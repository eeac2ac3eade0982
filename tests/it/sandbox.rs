//! A temporary project in which `tintype` runs as a user's shell would run it: own home, own cache, nothing inherited.
//!
//! A sandbox is a handle: its methods take `&self` and give a handle or a `Run` back, so that a test reads as a story.
//! It knows nothing of how tintype lays out its files; what it checks, it checks by walking all of them.

#![allow(dead_code, reason = "each test file uses a part of this; so do the benchmarks")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::vendor::{KEY, Vendor};

// The paths are spelled out so that a benchmark can take this file in by its path, too.
#[path = "sandbox/invariants.rs"]
mod invariants;
#[path = "sandbox/run.rs"]
mod run;
#[path = "sandbox/snapshot.rs"]
mod snapshot;
#[path = "sandbox/tests.rs"]
#[cfg(all(test, not(feature = "failpoints")))]
mod tests;

#[allow(unused_imports, reason = "not every user of this file names all of them")]
pub(crate) use {
    invariants::Allowances,
    run::{Run, Running},
    snapshot::Snapshot,
};

/// Longer than any run may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A project, and the surroundings that it shares with its siblings.
#[derive(Clone)]
pub(crate) struct Sandbox {
    surroundings: Arc<Surroundings>,
    project: PathBuf,
    environment: Arc<Mutex<BTreeMap<String, String>>>,
}

struct Surroundings {
    root: PathBuf,
    outside: Snapshot,
    transcript: Mutex<Vec<String>>,
    _folder: TempDir,
}

impl Sandbox {
    #[track_caller]
    pub(crate) fn new() -> Sandbox {
        let folder = TempDir::new().expect("the system has room for a temporary folder");
        let root = folder.path().canonicalize().expect("the folder was just made");
        for name in ["project", "cache", "home", "tmp", "outside"] {
            fs::create_dir(root.join(name)).expect("the folder is empty");
        }
        fs::write(root.join("outside/canary.txt"), "not a file of the project\n").expect("the folder is writable");
        let outside = Snapshot::take(&root, &invariants::is_inside);
        let surroundings = Surroundings { root, outside, transcript: Mutex::default(), _folder: folder };
        Sandbox::within(Arc::new(surroundings), "project")
    }

    fn within(surroundings: Arc<Surroundings>, project: &str) -> Sandbox {
        let text = |folder: &str| surroundings.root.join(folder).to_string_lossy().into_owned();
        let mut environment: BTreeMap<String, String> = ["PATH", "SystemRoot"]
            .iter()
            .filter_map(|name| Some(((*name).to_string(), std::env::var(name).ok()?)))
            .collect();
        environment.insert("HOME".to_string(), text("home"));
        environment.insert("TMPDIR".to_string(), text("tmp"));
        environment.insert("TINTYPE_CACHE_DIR".to_string(), text("cache"));
        let project = surroundings.root.join(project);
        Sandbox { surroundings, project, environment: Arc::new(Mutex::new(environment)) }
    }

    /// Another project, empty, with the same cache and home and with this one's environment.
    #[track_caller]
    pub(crate) fn sibling(&self, name: &str) -> Sandbox {
        let sibling = Sandbox::within(Arc::clone(&self.surroundings), &format!("project-{name}"));
        fs::create_dir(&sibling.project).expect("no other project has this name");
        sibling.variables().clone_from(&self.variables());
        sibling
    }

    /// A sibling that holds copies of this project's files, as a fresh clone would: all but `.tintype/`.
    #[track_caller]
    pub(crate) fn clone_project(&self, name: &str) -> Sandbox {
        let copy = self.sibling(name);
        for path in self.files() {
            copy.write(&path, self.read(&path));
        }
        copy
    }

    /// Write images.toml.
    #[track_caller]
    pub(crate) fn manifest(&self, text: &str) -> Sandbox {
        self.write("images.toml", text)
    }

    /// Write images.toml with this vendor's provider block at its end, and set the key that the vendor asks for.
    #[track_caller]
    pub(crate) fn manifest_for(&self, vendor: &Vendor, text: &str) -> Sandbox {
        self.manifest(&format!("{}\n\n{}", text.trim_end(), vendor.manifest_lines())).env("AISA_API_KEY", KEY)
    }

    /// Replace the one occurrence of `old` in images.toml.
    #[track_caller]
    pub(crate) fn edit(&self, old: &str, new: &str) -> Sandbox {
        let manifest = self.read_text("images.toml");
        assert_eq!(manifest.matches(old).count(), 1, "`{old}` must stand once in the manifest:\n{manifest}");
        self.manifest(&manifest.replace(old, new))
    }

    /// Write a file of the project, folders included.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) -> Sandbox {
        let target = self.path(path);
        let folder = target.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("make the folder of {path}: {error}"));
        fs::write(&target, contents).unwrap_or_else(|error| panic!("write {path}: {error}"));
        self.clone()
    }

    /// The same as `write`, for the head of a story.
    #[track_caller]
    pub(crate) fn file(&self, path: &str, contents: impl AsRef<[u8]>) -> Sandbox {
        self.write(path, contents)
    }

    /// Remove a file, or a folder with all in it.
    #[track_caller]
    pub(crate) fn remove(&self, path: &str) -> Sandbox {
        remove(&self.path(path));
        self.clone()
    }

    /// Forget the cache, as on another machine.
    #[track_caller]
    pub(crate) fn empty_cache(&self) -> Sandbox {
        remove(&self.cache_path());
        fs::create_dir(self.cache_path()).expect("the cache was just removed");
        self.clone()
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap_or_else(|error| panic!("read {path}: {error}; there are {:?}", self.files()))
    }

    #[track_caller]
    pub(crate) fn read_text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap_or_else(|error| panic!("{path} is no text: {error}"))
    }

    #[track_caller]
    pub(crate) fn lockfile(&self) -> String {
        self.read_text("images.lock")
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    /// An assertion that reads on: the file is there.
    #[track_caller]
    pub(crate) fn has(&self, path: &str) -> Sandbox {
        assert!(self.exists(path), "{path} is missing; there are {:?}", self.files());
        self.clone()
    }

    /// An assertion that reads on: the file isn't there.
    #[track_caller]
    pub(crate) fn lacks(&self, path: &str) -> Sandbox {
        assert!(!self.exists(path), "{path} is there; it shouldn't be");
        self.clone()
    }

    /// Every file of the project but those of `.tintype/`, sorted, with `/` between folders.
    pub(crate) fn files(&self) -> Vec<String> {
        self.snapshot().paths()
    }

    /// Width, height and format of a picture in the project, by its bytes.
    #[track_caller]
    pub(crate) fn picture(&self, path: &str) -> (u32, u32, image::ImageFormat) {
        let bytes = self.read(path);
        let format = image::guess_format(&bytes).unwrap_or_else(|error| panic!("{path} is no picture: {error}"));
        let picture = image::load_from_memory_with_format(&bytes, format)
            .unwrap_or_else(|error| panic!("{path} doesn't decode: {error}"));
        (picture.width(), picture.height(), format)
    }

    /// Set a variable for the runs to come.
    pub(crate) fn env(&self, name: &str, value: &str) -> Sandbox {
        self.variables().insert(name.to_string(), value.to_string());
        self.clone()
    }

    /// Unset a variable for the runs to come, one of the sandbox's own too.
    pub(crate) fn without_env(&self, name: &str) -> Sandbox {
        self.variables().remove(name);
        self.clone()
    }

    /// Run `tintype` in the project and wait for its end. Words are split as a shell does, with simple quotes.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.spawn(arguments).wait()
    }

    /// The same, from a folder below the project.
    #[track_caller]
    pub(crate) fn run_in(&self, folder: &str, arguments: &str) -> Run {
        Running::start(self, folder, arguments).wait()
    }

    /// Start `tintype` and go on.
    #[track_caller]
    pub(crate) fn spawn(&self, arguments: &str) -> Running {
        Running::start(self, "", arguments)
    }

    /// Another program, in the project and with nothing inherited either: a shell, strace, a wrapper around `tintype`.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.project).env_clear().envs(self.variables().iter());
        command
    }

    /// The project's files as they are, but for `.tintype/`, which may change at any time.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.project, &|path| path == ".tintype")
    }

    /// An assertion that reads on: no file of the project was added, removed or written since.
    #[track_caller]
    pub(crate) fn unchanged_since(&self, before: &Snapshot) -> Sandbox {
        let changes = before.changes_to(&self.snapshot());
        assert!(changes.is_empty(), "files changed that shouldn't have: {changes:#?}");
        self.clone()
    }

    /// The place of a file of the project.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.project.clone() } else { self.project.join(path) }
    }

    pub(crate) fn cache_path(&self) -> PathBuf {
        self.root().join("cache")
    }

    pub(crate) fn home_path(&self) -> PathBuf {
        self.root().join("home")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.surroundings.root
    }

    /// A text without what differs from run to run: the sandbox's place and the ports.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = text.replace(self.root().to_string_lossy().as_ref(), "[sandbox]");
        let mut pieces = text.split("127.0.0.1:");
        let first = pieces.next().unwrap_or_default().to_string();
        pieces.fold(first, |redacted, piece| {
            let rest = piece.trim_start_matches(|character: char| character.is_ascii_digit());
            redacted + "127.0.0.1:[port]" + rest
        })
    }

    fn variables(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transcript(&self) -> MutexGuard<'_, Vec<String>> {
        self.surroundings.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A PNG of one colour, for references and for art made by hand.
pub(crate) fn png(width: u32, height: u32, rgba: [u8; 4]) -> Vec<u8> {
    let picture = image::RgbaImage::from_pixel(width, height, image::Rgba(rgba));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).expect("a picture is writable as PNG");
    bytes
}

#[track_caller]
fn remove(path: &Path) {
    let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.unwrap_or_else(|error| panic!("remove {}: {error}", path.display()));
}
