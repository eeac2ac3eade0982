//! `tintype watch`: a sync, then one at each change of what it has read; and the session that the gallery works in, too.

mod keys;
mod order;
mod session;
mod told;

use std::sync::mpsc::channel;

use crate::cli::Context;
use crate::cli::args::{Format, WatchArguments};
use crate::cli::environment::locate_or_fail;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gallery::{self, Serving};
use crate::cli::watch::keys::Keys;
use crate::cli::watch::session::Session;
use crate::cli::{plan, sync};
use crate::project::SyncOptions;

pub(in crate::cli) use crate::cli::watch::order::{Done, Order, price};
pub(in crate::cli) use crate::cli::watch::session::{Answer, Signal};

/// How a session is to go.
pub(in crate::cli) struct Setup {
    /// What may be spent, and how.
    pub(in crate::cli) options: SyncOptions,
    /// Whether a change is carried out by itself, or only shown.
    pub(in crate::cli) automatic: bool,
    /// Whether what isn't finished is tried out.
    pub(in crate::cli) draft: bool,
    /// Whether to look every now and then instead of being told.
    pub(in crate::cli) poll: bool,
    /// Where the page is served, if it is.
    pub(in crate::cli) serving: Option<Serving>,
}

pub(super) fn run(context: &'static Context, arguments: &WatchArguments) -> Result<Exit, Failure> {
    let mut options = sync::spending(context, &arguments.spending, arguments.offline)?;
    options.allowed.no_prune = arguments.no_prune;
    options.placeholders = arguments.placeholders;
    let serving = arguments.gallery.then_some(Serving { port: arguments.port, open: !arguments.no_open });
    let setup = Setup { options, automatic: true, draft: arguments.draft, poll: arguments.poll, serving };
    watch(context, setup)
}

/// Works on what happens until somebody ends it.
pub(in crate::cli) fn watch(context: &'static Context, setup: Setup) -> Result<Exit, Failure> {
    if context.talk.format == Format::Json && setup.serving.is_some() {
        return Err(Failure::usage("the gallery has no answer for programs", "take --format json out"));
    }
    let manifest = locate_or_fail(context.manifest_path.as_deref())?;
    if setup.draft {
        // Said at once, not at the first change.
        plan::has_draft(context.open()?)?;
    }
    let (sender, signals) = channel();
    let gallery = match &setup.serving {
        Some(serving) => Some(gallery::serve(context, &manifest, &setup, serving, sender.clone())?),
        None => None,
    };
    let keys = Keys::listen(context, sender.clone());
    let mut session = Session::new(context, manifest, setup, gallery, sender);
    session.listen();
    let ended = session.run(&signals, keys.is_some());
    drop(keys);
    ended
}
