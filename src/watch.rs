//! Notices that something happened to files that a run has read: the file system says so or, where it can't, every half second.
//!
//! Folders are watched, not files: editors save by renaming. Whether a content is another one is for [`Watched`] to say.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::files::Watched;

/// How often to look where the file system doesn't say anything.
const POLL: Duration = Duration::from_millis(500);

/// Tells somebody, again and again, that it is time to look.
pub struct Watcher {
    watched: Arc<Mutex<Option<Watched>>>,
    eyes: Eyes,
}

enum Eyes {
    /// The file system's own, on these folders.
    Native(Box<RecommendedWatcher>, BTreeSet<PathBuf>),
    /// A clock.
    Polling,
}

impl Watcher {
    /// A watcher that calls `touched`, from a thread of its own, when something happens to what it follows. Also says why it has to
    /// poll, if it isn't told to.
    pub fn new(poll: bool, touched: impl Fn() + Send + Clone + 'static) -> (Self, Option<String>) {
        let watched: Arc<Mutex<Option<Watched>>> = Arc::default();
        if !poll {
            let (known, tell) = (Arc::clone(&watched), touched.clone());
            let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if event.map_or(true, |event| concerns(known.as_ref(), &event)) {
                    tell();
                }
            });
            match made {
                Ok(watcher) => {
                    let eyes = Eyes::Native(Box::new(watcher), BTreeSet::new());
                    return (Self { watched, eyes }, None);
                }
                Err(error) => {
                    poll_with(touched);
                    return (Self { watched, eyes: Eyes::Polling }, Some(why(&error)));
                }
            }
        }
        poll_with(touched);
        (Self { watched, eyes: Eyes::Polling }, None)
    }

    /// Follows these files from now on. The reason, where one of their folders can't be watched: a watcher that polls is needed.
    pub fn follow(&mut self, files: &Watched) -> Result<(), String> {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(files.clone());
        let Eyes::Native(watcher, folders) = &mut self.eyes else { return Ok(()) };
        let wanted = files.folders();
        for gone in folders.difference(&wanted) {
            // It may have been removed.
            let _ = watcher.unwatch(gone);
        }
        folders.retain(|folder| wanted.contains(folder));
        for folder in wanted {
            // A folder that was removed and made anew is another one: watching one twice is no mistake.
            watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(|error| why(&error))?;
            folders.insert(folder);
        }
        Ok(())
    }

    /// Whether it looks every now and then, as it isn't told.
    pub const fn polls(&self) -> bool {
        matches!(self.eyes, Eyes::Polling)
    }
}

fn poll_with(touched: impl Fn() + Send + 'static) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(POLL);
            touched();
        }
    });
}

/// Whether an event may mean that one of these files says something else: reading them is an event, too.
fn concerns(watched: Option<&Watched>, event: &notify::Event) -> bool {
    let is_reading = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    let is_one = |watched: &Watched| event.paths.iter().any(|path| watched.concerns(path));
    event.need_rescan() || (!is_reading && watched.is_none_or(is_one))
}

/// Why the file system can't tell, and what would help.
fn why(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "the system's limit on watched folders is reached: raise fs.inotify.max_user_watches \
                                     (sysctl) to be told at once"
                .to_string()
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(24) => {
            "the system's limit on watchers is reached: raise fs.inotify.max_user_instances (sysctl) to be told at once"
                .to_string()
        }
        _ => format!("the file system doesn't tell of changes: {error}"),
    }
}
