//! All that the outside may hear of a run, and the one thing that it may say: stop.
//!
//! The library never prints; the command line's bars, lines and JSON are each a [`Report`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::name::{AssetName, ProjectPath};
use crate::plan::{Note, Plan, PlannedAsset};

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The plan stands; carrying it out comes next.
    Planned(&'a Plan),
    /// Another run has what this one needs.
    Waiting {
        /// For what: the project, or the recipe of an asset.
        what: String,
    },
    /// Something that no asset can be blamed for, and that is worth mending.
    Noticed(&'a Note),
    /// A picture on the web that is a reference is being fetched.
    Fetching {
        /// Its address.
        url: &'a str,
    },
    /// An asset is being worked on.
    Started(&'a PlannedAsset),
    /// A request is about to be sent.
    Asking {
        /// For which asset.
        name: &'a AssetName,
        /// Whom.
        provider: &'a str,
        /// For how many images.
        images: u32,
    },
    /// A request will be sent again.
    Retrying {
        /// For which asset.
        name: &'a AssetName,
        /// To whom.
        provider: &'a str,
        /// After how long.
        after: Duration,
        /// Because of what.
        why: &'a str,
    },
    /// A provider couldn't serve, and the next one is asked.
    HandedOver {
        /// For which asset.
        name: &'a AssetName,
        /// From whom.
        from: &'a str,
        /// To whom.
        to: &'a str,
        /// Because of what.
        why: &'a str,
    },
    /// Images that an earlier run paid for, and that nobody waits for any more, are in the cache now.
    Recovered {
        /// For which asset they were asked for.
        name: &'a str,
        /// How many.
        images: usize,
    },
    /// Files stand in for pictures that couldn't be made.
    StoodIn {
        /// Of which asset.
        asset: &'a PlannedAsset,
        /// Those that were drawn.
        paths: &'a [ProjectPath],
    },
    /// Something to know that belongs to no asset.
    Warning(&'a Note),
    /// An asset is done with.
    Finished {
        /// Which.
        asset: &'a PlannedAsset,
        /// How it went.
        result: &'a AssetResult,
    },
}

/// How an asset went.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetResult {
    /// In one word.
    pub verdict: Verdict,
    /// Why it isn't done.
    pub error: Option<Note>,
    /// Whether work can go on without it: its files are stand-ins, or older ones that stay.
    pub filled: bool,
    /// Worth knowing.
    pub warnings: Vec<Note>,
    /// Images that were made.
    pub images: u32,
    /// What they cost in US dollars; `None` where it isn't known.
    pub cost_usd: Option<f64>,
}

impl AssetResult {
    /// Done, with nothing to say.
    pub fn done() -> Self {
        Self {
            verdict: Verdict::Done,
            error: None,
            filled: false,
            warnings: Vec::new(),
            images: 0,
            cost_usd: Some(0.0),
        }
    }

    /// Done, as nothing was to be done.
    pub fn kept(one: &PlannedAsset) -> Self {
        Self { warnings: one.warnings.clone(), ..Self::done() }
    }

    /// Not done, because of `error`.
    pub fn not_done(verdict: Verdict, error: Note) -> Self {
        Self { verdict, error: Some(error), ..Self::done() }
    }
}

/// How an asset went, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As planned.
    Done,
    /// Not: the error says why.
    Failed,
    /// Not tried, because of another asset or a stop.
    Skipped,
}

impl Verdict {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Whoever listens to a run.
pub trait Report: Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);

    /// Asks whether to spend; the answer is no where nobody can be asked.
    fn confirm(&self, _plan: &Plan) -> bool {
        false
    }
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Report for Silent {
    fn event(&self, _event: &Event<'_>) {}
}

/// Says that a run is to stop: what is paid for is finished, nothing new is begun. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was asked to.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
