//! Points at which a test makes a run fail: only in builds with the feature `failpoints`, which no user's binary has.
//!
//! Armed with `NAME[:NTH]=ACTION`, the run dies, fails, panics or stops where it reaches the point NAME for the NTH time.

#[cfg(feature = "failpoints")]
pub(crate) use crate::failpoint::armed::{arm, reach, reach_file};
#[cfg(not(feature = "failpoints"))]
pub(crate) use crate::failpoint::nothing::{reach, reach_file};

/// What a user's binary has.
#[cfg(not(feature = "failpoints"))]
mod nothing {
    use std::io;
    use std::path::Path;

    #[inline(always)]
    #[expect(clippy::inline_always, clippy::unnecessary_wraps, reason = "nothing of it is to be left")]
    pub(crate) fn reach(_point: &str) -> io::Result<()> {
        Ok(())
    }

    #[inline(always)]
    #[expect(clippy::inline_always, clippy::unnecessary_wraps, reason = "nothing of it is to be left")]
    pub(crate) fn reach_file(_point: &str, _target: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::io::{self, Write};
    use std::path::Path;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    static ARMED: OnceLock<Armed> = OnceLock::new();

    enum Armed {
        /// Names each point on stderr, and goes on.
        List,
        At {
            point: String,
            nth: u32,
            action: Action,
            reached: AtomicU32,
        },
    }

    #[derive(Clone, Copy)]
    enum Action {
        /// As SIGKILL does: no destructor runs, no buffer is flushed.
        Kill,
        Error,
        Panic,
        /// Says so on stderr, and stays there.
        Pause,
    }

    /// Arms what `text` says: `list`, or `NAME[:NTH]=kill|error|panic|pause`.
    pub(crate) fn arm(text: &str) {
        let armed = parse(text).unwrap_or_else(|| panic!("`{text}` is no failpoint: write NAME[:NTH]=ACTION, or list"));
        let _ = ARMED.set(armed);
    }

    fn parse(text: &str) -> Option<Armed> {
        if text == "list" {
            return Some(Armed::List);
        }
        let (point, action) = text.split_once('=')?;
        let (point, nth) = point.split_once(':').unwrap_or((point, "1"));
        let action = match action {
            "kill" => Action::Kill,
            "error" => Action::Error,
            "panic" => Action::Panic,
            "pause" => Action::Pause,
            _ => return None,
        };
        Some(Armed::At { point: point.to_string(), nth: nth.parse().ok()?, action, reached: AtomicU32::new(0) })
    }

    fn say(words: &str) {
        let _ = writeln!(io::stderr(), "failpoint: {words}");
    }

    /// A point in the order of things: what is asked for here is done here.
    pub(crate) fn reach(here: &str) -> io::Result<()> {
        match ARMED.get() {
            None => Ok(()),
            Some(Armed::List) => {
                say(here);
                Ok(())
            }
            Some(Armed::At { point, nth, action, reached }) => {
                let is_it = point == here && reached.fetch_add(1, Ordering::SeqCst) + 1 == *nth;
                if is_it { act(here, *action) } else { Ok(()) }
            }
        }
    }

    fn act(here: &str, action: Action) -> io::Result<()> {
        say(&format!("at {here}"));
        match action {
            Action::Kill => std::process::abort(),
            Action::Error => Err(io::Error::other(format!("failpoint {here}"))),
            Action::Panic => panic!("failpoint {here}"),
            Action::Pause => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
        }
    }

    /// The same where a file is put in place: the point is named after what the file is.
    pub(crate) fn reach_file(point: &str, target: &Path) -> io::Result<()> {
        reach(&format!("{point}-{}", kind(target)))
    }

    fn kind(target: &Path) -> &'static str {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let is_in = |folder: &str| target.iter().any(|part| part == folder);
        match () {
            () if name == "images.lock" => "lockfile",
            () if is_in(".tintype") => "state",
            () if is_in("originals") => "original",
            () if is_in("takes") => "take",
            () if is_in("journal") => "answer",
            () if is_in("quarantine") => "aside",
            () if is_in("references") => "reference",
            () => "output",
        }
    }
}
