//! Bars on a terminal: one for the whole run, and a line for each asset in work.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::talk::Screen;
use crate::name::AssetName;

/// More lines would push what was said before off the screen.
const MOST: usize = 8;
/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// All that moves.
pub(crate) struct Bars {
    all: MultiProgress,
    unicode: bool,
    moving: Mutex<Moving>,
}

#[derive(Default)]
struct Moving {
    /// How many assets are to be worked on.
    planned: usize,
    overall: Option<ProgressBar>,
    spinners: BTreeMap<AssetName, ProgressBar>,
}

impl Bars {
    pub(crate) fn new(all: MultiProgress, screen: Screen) -> Self {
        Self { all, unicode: screen.unicode, moving: Mutex::default() }
    }

    /// So many assets will be worked on. No bar before the first of them: a question may come first.
    pub(crate) fn plan(&self, assets: usize) {
        self.moving().planned = assets;
    }

    /// An asset is in work.
    pub(crate) fn start(&self, name: &AssetName, words: &str) {
        let mut moving = self.moving();
        let planned = moving.planned;
        let bar = moving.overall.get_or_insert_with(|| self.overall(planned)).clone();
        if moving.spinners.len() >= MOST {
            return;
        }
        let spinner = self.all.insert_before(&bar, ProgressBar::new_spinner());
        let dots = if self.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "|/-\\ " };
        spinner.set_style(style("{spinner} {prefix}  {wide_msg}").tick_chars(dots));
        spinner.set_prefix(name.to_string());
        spinner.set_message(words.to_string());
        spinner.enable_steady_tick(TICK);
        moving.spinners.insert(name.clone(), spinner);
    }

    fn overall(&self, assets: usize) -> ProgressBar {
        let bar = self.all.add(ProgressBar::new(assets as u64));
        let blocks = if self.unicode { "━━─" } else { "==-" };
        bar.set_style(style("{bar:24} {pos} of {len}  {elapsed}").progress_chars(blocks));
        bar
    }

    /// What is going on with it now.
    pub(crate) fn tell(&self, name: &AssetName, words: &str) {
        if let Some(spinner) = self.moving().spinners.get(name) {
            spinner.set_message(words.to_string());
        }
    }

    /// It is done with.
    pub(crate) fn finish(&self, name: &AssetName) {
        let mut moving = self.moving();
        if let Some(spinner) = moving.spinners.remove(name) {
            spinner.finish_and_clear();
            self.all.remove(&spinner);
        }
        if let Some(bar) = &moving.overall {
            bar.inc(1);
        }
    }

    /// The run is over.
    pub(crate) fn end(&self) {
        let mut moving = self.moving();
        for bar in std::mem::take(&mut moving.spinners).into_values().chain(moving.overall.take()) {
            bar.finish_and_clear();
        }
        // What can't be cleared is on a screen that is gone.
        let _ = self.all.clear();
    }

    fn moving(&self) -> std::sync::MutexGuard<'_, Moving> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are sound")
}
