//! Ctrl-C and its kin: the first lets a sync finish what is paid for, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::talk::Talk;
use crate::event::Stop;

/// Whether a sync has begun to work on something: before that there is nothing to finish.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun(Arc<AtomicBool>);

impl Begun {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// From now on, Ctrl-C (on Unix also SIGTERM and SIGHUP) asks the sync to stop.
pub(crate) fn listen(stop: &Stop, begun: &Begun, talk: &Arc<Talk>) {
    let (stop, begun, talk) = (stop.clone(), begun.clone(), Arc::clone(talk));
    let handler = move || {
        if !begun.is_set() {
            end(&talk, "interrupted: nothing was begun");
        } else if stop.is_requested() {
            end(&talk, "stopped at once; requests that were under way may have been billed: `tintype plan` tells");
        }
        stop.request();
        talk.say("finishing what is paid for; press Ctrl-C again to stop at once");
    };
    // Without a handler Ctrl-C ends the run at once: paid answers are on the disk even then.
    let _ = ctrlc::set_handler(handler);
}

/// There is no way back from here to `main`: the run may hang in a request, or wait for an answer on stdin.
fn end(talk: &Talk, message: &str) -> ! {
    talk.drop_bars();
    if talk.format == Format::Json {
        Failure::new(Exit::Interrupted, "interrupted", message, "").show(talk);
    } else {
        // The terminal has written ^C into the line.
        let gap = if talk.err.is_terminal { "\n" } else { "" };
        talk.say(&format!("{gap}{message}"));
    }
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
