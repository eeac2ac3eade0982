//! A run as a person follows it: bars on a terminal, elsewhere one line for each asset that is done with.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::builder::styling::Style;

use crate::cli::bars::Bars;
use crate::cli::describe::{name_width, question, spending};
use crate::cli::failure::help;
use crate::cli::interrupt::Begun;
use crate::cli::talk::{BOLD, DIM, GREEN, RED, Talk, Volume, YELLOW};
use crate::cli::words::{counted, files, price, wrap};
use crate::event::{AssetResult, Event, Report, Verdict};
use crate::name::AssetName;
use crate::plan::{Action, Note, Plan, PlannedAsset};

/// The longest first word of a line: `skipped`, `warning`.
const VERDICT_WIDTH: usize = 7;
/// Outputs named before the rest is only counted.
const OUTPUTS: usize = 2;

/// Tells a person.
pub(crate) struct Human<'a> {
    talk: &'a Talk,
    begun: Begun,
    bars: Option<Bars>,
    name_width: AtomicUsize,
    /// Warnings that were given: many assets may have the same.
    said: Mutex<BTreeSet<String>>,
}

impl<'a> Human<'a> {
    pub(crate) fn new(talk: &'a Talk, begun: Begun) -> Self {
        let bars = talk.bars.clone().map(|all| Bars::new(all, talk.err));
        Self { talk, begun, bars, name_width: AtomicUsize::new(0), said: Mutex::default() }
    }

    /// The run is over, well or not: no bar stays on the screen.
    pub(crate) fn end(&self) {
        if let Some(bars) = &self.bars {
            bars.end();
        }
    }

    fn planned(&self, plan: &Plan) {
        let busy = || plan.iter().filter(|one| one.action != Action::Keep);
        let is_verbose = self.talk.volume == Volume::Verbose;
        let told = plan.iter().filter(|one| is_verbose || one.action != Action::Keep);
        self.name_width.store(name_width(told.map(|one| &one.name)), Ordering::Relaxed);
        if is_verbose {
            for one in plan.iter().filter(|one| one.action == Action::Keep) {
                self.line("keep", DIM, &one.name, &files(&one.outputs, OUTPUTS));
            }
        }
        if let Some(spending) = spending(plan) {
            self.talk.say(&spending);
        }
        if let Some(bars) = &self.bars {
            bars.plan(busy().count());
        }
    }

    fn started(&self, one: &PlannedAsset) {
        self.begun.set();
        if let Some(bars) = &self.bars {
            bars.start(&one.name, one.action.name());
        }
    }

    fn finished(&self, asset: &PlannedAsset, result: &AssetResult) {
        if let Some(bars) = &self.bars {
            bars.finish(&asset.name);
        }
        match (&result.error, result.verdict) {
            (None, _) => {
                let bill = if result.images > 0 { format!("  {}", price(result.cost_usd)) } else { String::new() };
                self.line("done", GREEN, &asset.name, &format!("{}{bill}", files(&asset.outputs, OUTPUTS)));
            }
            (Some(error), verdict) => {
                let style = if verdict == Verdict::Failed { RED } else { YELLOW };
                self.talk.complain(&self.note(verdict.name(), style, &asset.name, error));
            }
        }
        for warning in &result.warnings {
            let is_new = self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(warning.message.clone());
            if is_new {
                self.talk.say(&self.note("warning", YELLOW, &asset.name, warning));
            }
        }
    }

    /// One step on the way of an asset: on its bar, or, where every request is wanted, on a line.
    fn step(&self, name: &AssetName, words: &str) {
        let words = self.talk.err.plain(words);
        match &self.bars {
            Some(bars) => bars.tell(name, &words),
            None if self.talk.volume == Volume::Verbose => self.line("", DIM, name, &words),
            None => {}
        }
    }

    fn line(&self, verdict: &str, style: Style, name: &AssetName, words: &str) {
        self.talk.say(format!("{}{words}", self.head(verdict, style, name)).trim_end());
    }

    fn note(&self, verdict: &str, style: Style, name: &AssetName, note: &Note) -> String {
        let screen = self.talk.err;
        let indent = VERDICT_WIDTH + 2 + self.name_width.load(Ordering::Relaxed).max(name.as_str().len()) + 2;
        let message = wrap(&screen.plain(&note.message), VERDICT_WIDTH + 2, indent, screen.width);
        format!("{}{message}{}", self.head(verdict, style, name), help(note, VERDICT_WIDTH + 2, screen))
    }

    fn warning(&self, note: &Note) -> String {
        let screen = self.talk.err;
        let verdict = screen.paint(YELLOW, &format!("{:<VERDICT_WIDTH$}", "warning"));
        let message = wrap(&screen.plain(&note.message), VERDICT_WIDTH + 2, VERDICT_WIDTH + 2, screen.width);
        format!("{verdict}  {message}{}", help(note, VERDICT_WIDTH + 2, screen))
    }

    fn head(&self, verdict: &str, style: Style, name: &AssetName) -> String {
        let screen = self.talk.err;
        let verdict = screen.paint(style, &format!("{verdict:<VERDICT_WIDTH$}"));
        let name = format!("{:<1$}", name.as_str(), self.name_width.load(Ordering::Relaxed));
        format!("{verdict}  {}  ", screen.paint(BOLD, &name))
    }
}

impl Report for Human<'_> {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Planned(plan) => self.planned(plan),
            Event::Noticed(note) => {
                let screen = self.talk.err;
                let words = wrap(&screen.plain(&note.message), 9, 9, screen.width);
                self.talk.say(&format!("{}: {words}{}", screen.paint(YELLOW, "warning"), help(note, 2, screen)));
            }
            Event::Waiting { what } => self.talk.say(&format!("waiting for {}", self.talk.err.plain(what))),
            Event::Fetching { url } => self.talk.say(&format!("fetching {}", self.talk.err.plain(url))),
            Event::Started(one) => self.started(one),
            Event::Asking { name, provider, images } => {
                self.step(name, &format!("asking {provider} for {}", counted(*images as usize, "image")));
            }
            Event::Retrying { name, provider, after, why } => {
                self.step(name, &format!("{provider}: retrying in {}: {why}", seconds(*after)));
            }
            Event::HandedOver { name, from, to, why } => {
                let words = format!("{from} couldn't, asking {to}: {why}");
                self.step(name, &words);
            }
            Event::Recovered { name, images } => {
                let name = self.talk.err.plain(name);
                self.talk.say(&format!("kept {} of `{name}` that an earlier run paid for", counted(*images, "image")));
            }
            Event::StoodIn { asset, paths } => {
                self.line("filled", YELLOW, &asset.name, &files(paths, OUTPUTS));
            }
            Event::Warning(note) => self.talk.say(&self.warning(note)),
            Event::Finished { asset, result } => self.finished(asset, result),
        }
    }

    fn confirm(&self, plan: &Plan) -> bool {
        self.talk.ask(&question(plan))
    }
}

fn seconds(pause: Duration) -> String {
    if pause < Duration::from_secs(10) {
        format!("{:.1}s", pause.as_secs_f64())
    } else {
        format!("{}s", pause.as_secs())
    }
}
