//! The two streams: results on stdout, everything else on stderr; and what the terminals behind them can show.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::cli::args::{Color, Format};
use crate::cli::failure::Failure;
use crate::cli::words::plain;
use crate::files::describe;

/// Good news, and what is new.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// What changes.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// What goes, or went wrong.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
/// What comes back.
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
/// Names.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is by the way.
pub(crate) const DIM: Style = Style::new().dimmed();

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Only errors.
    Quiet,
    /// What matters.
    Normal,
    /// Also what is unchanged, and each request.
    Verbose,
}

/// What a stream can show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    choice: ColorChoice,
    /// Whether somebody sees it at once.
    pub(crate) is_terminal: bool,
    /// Whether it shows more than ASCII.
    pub(crate) unicode: bool,
    /// Columns, if it is a terminal.
    pub(crate) width: Option<usize>,
}

/// A terminal that doesn't tell its width has this.
const WIDTH: usize = 80;
/// Longer lines are hard to read, however wide the window is.
const WIDEST: usize = 120;

impl Screen {
    fn new<S: anstream::stream::RawStream>(stream: &S, color: Color, width: Option<u16>) -> Self {
        let choice = match color {
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
            Color::Auto => AutoStream::choice(stream),
        };
        let is_terminal = stream.is_terminal();
        let columns = width.map_or(WIDTH, usize::from).clamp(40, WIDEST);
        Self { choice, is_terminal, unicode: !is_terminal || shows_unicode(), width: is_terminal.then_some(columns) }
    }

    /// What has no width and no colours: a file, a page.
    pub(crate) const fn paper() -> Self {
        Self { choice: ColorChoice::Never, is_terminal: false, unicode: true, width: None }
    }

    /// Whether it shows colours.
    pub(crate) fn is_colored(self) -> bool {
        self.choice != ColorChoice::Never
    }

    /// `text` in this style, where there are colours.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.is_colored() { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// `text` without what a terminal would act on, and with arrows and dots that it can show.
    pub(crate) fn plain(self, text: &str) -> String {
        self.shown(text).into_owned()
    }

    /// The same without a copy, where the text is as it is to be.
    pub(crate) fn shown(self, text: &str) -> Cow<'_, str> {
        let text = plain(text);
        if self.unicode || text.is_ascii() {
            return text;
        }
        text.replace('→', "->").replace('…', "...").replace('×', "x").into()
    }
}

#[cfg(unix)]
fn shows_unicode() -> bool {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let is_console = variable("TERM").is_some_and(|terminal| terminal == "linux" || terminal == "dumb");
    !is_console && (locale.ends_with("utf-8") || locale.ends_with("utf8"))
}

#[cfg(not(unix))]
fn shows_unicode() -> bool {
    ["WT_SESSION", "ConEmuTask", "TERM_PROGRAM"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Both streams.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) format: Format,
    pub(crate) volume: Volume,
    pub(crate) out: Screen,
    pub(crate) err: Screen,
    /// Bars that lines on stderr must not run into; drawn only while a sync goes on.
    pub(crate) bars: Option<MultiProgress>,
}

impl Talk {
    pub(crate) fn new(format: Format, color: Color, volume: Volume) -> Self {
        let width = |size: Option<(terminal_size::Width, _)>| size.map(|(width, _)| width.0);
        let out = Screen::new(&io::stdout(), color, width(terminal_size::terminal_size_of(io::stdout())));
        let err = Screen::new(&io::stderr(), color, width(terminal_size::terminal_size_of(io::stderr())));
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let has_bars = err.is_terminal && !is_dumb && format == Format::Human && volume > Volume::Quiet;
        let bars = has_bars.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { format, volume, out, err, bars }
    }

    /// The answer, or a part of it, on stdout. Nobody who stopped reading is an error.
    pub(crate) fn answer(&self, text: &str) -> Result<(), Failure> {
        let written = if text.contains('\u{1b}') {
            let mut stream = AutoStream::new(io::stdout(), self.out.choice).lock();
            stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
        } else {
            let mut stream = io::stdout().lock();
            stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::output(&describe(&error))),
            _ => Ok(()),
        }
    }

    /// What a person may like to know beside the answer, on stdout; not where only errors are wanted.
    pub(crate) fn remark(&self, text: &str) -> Result<(), Failure> {
        if self.volume == Volume::Quiet { Ok(()) } else { self.answer(&format!("{text}\n")) }
    }

    /// A line on stderr, whatever is wanted: errors.
    pub(crate) fn complain(&self, text: &str) {
        let write = || {
            let mut stream = AutoStream::new(io::stderr(), self.err.choice).lock();
            // Where even stderr is closed nobody is left to be told.
            let _ = writeln!(stream, "{text}").and_then(|()| stream.flush());
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// A line on stderr for people; not where only errors are wanted.
    pub(crate) fn say(&self, text: &str) {
        if self.format != Format::Json && self.volume > Volume::Quiet {
            self.complain(text);
        }
    }

    /// Takes the bars off the screen, for good.
    pub(crate) fn drop_bars(&self) {
        if let Some(bars) = &self.bars {
            // What can't be cleared is on a screen that is gone.
            let _ = bars.clear();
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// A question on stderr, which a line on stdin answers; no where nobody can be asked.
    pub(crate) fn ask(&self, question: &str) -> bool {
        let can_ask = self.format != Format::Json && self.volume > Volume::Quiet;
        if !(can_ask && self.err.is_terminal && io::stdin().is_terminal()) {
            return false;
        }
        // Not locked while it waits for an answer: Ctrl-C has something to say, too.
        let mut stream = AutoStream::new(io::stderr(), self.err.choice);
        let _ = write!(stream, "{question} [y/N] ").and_then(|()| stream.flush());
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }
}
