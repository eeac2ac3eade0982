//! Keys while a session goes on: each is heard at once on a terminal of Unix, with Enter elsewhere.

use std::io::{self, IsTerminal, Read};
use std::sync::mpsc::Sender;

use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::watch::session::Signal;

/// What they do, for the line that says so.
pub(super) const LINE: &str = "g generate · d draft · r reroll the last · o open the gallery · u undo · q quit";

/// Listens to keys until it is dropped; the terminal is then as it was.
pub(super) struct Keys {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Keys {
    /// Listens, if somebody sits there.
    pub(super) fn listen(context: &Context, sender: Sender<Signal>) -> Option<Self> {
        let is_there =
            context.talk.format == Format::Human && context.talk.err.is_terminal && io::stdin().is_terminal();
        if !is_there {
            return None;
        }
        let keys = Self::at_once();
        std::thread::spawn(move || {
            for byte in io::stdin().lock().bytes() {
                let Ok(byte) = byte else { return };
                if !byte.is_ascii_whitespace() && sender.send(Signal::Key(char::from(byte))).is_err() {
                    return;
                }
            }
        });
        Some(keys)
    }

    /// Lets the terminal give each key away as it is pressed, unseen. Ctrl-C stays what it is.
    #[cfg(unix)]
    fn at_once() -> Self {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &modes);
        }
        Self { before }
    }

    #[cfg(not(unix))]
    fn at_once() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for Keys {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
