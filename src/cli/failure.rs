//! Why a command came to nothing, for people and for programs.

use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::exit::Exit;
use crate::cli::mistakes;
use crate::cli::talk::{CYAN, RED, Screen, Talk};
use crate::cli::words::wrap;
use crate::diagnostic::{Diagnostic, Label};
use crate::plan::Note;
use crate::project::ProjectError;
use crate::secret::mask_keys;

/// An end before the end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// Places in the user's files.
    Mistakes(Vec<Diagnostic>),
    /// Anything else.
    Note(Note),
}

impl Failure {
    /// A failure with its way out.
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit, why: Why::Note(Note::new(code, message, help)) }
    }

    /// Something on the command line. What was typed there may be a key in the wrong place.
    pub(crate) fn usage(message: &str, help: &str) -> Self {
        Self::new(Exit::Invalid, "usage", mask_keys(message), mask_keys(help))
    }

    /// The answer couldn't be written.
    pub(crate) fn output(reason: &str) -> Self {
        Self::new(Exit::Failed, "output", format!("the answer can't be written to stdout: {reason}"), "")
    }

    /// Says it on stderr.
    pub(crate) fn show(&self, talk: &Talk) {
        talk.complain(&match talk.format {
            Format::Json => self.json(),
            Format::Human | Format::Markdown | Format::Csv => self.human(talk.err),
        });
    }

    /// What it says to a person.
    pub(crate) fn text(&self, screen: Screen) -> String {
        self.human(screen)
    }

    /// The name of its kind: of the first mistake, where there are several.
    pub(crate) fn code(&self) -> &'static str {
        match &self.why {
            Why::Mistakes(mistakes) => mistakes.first().map_or("", |mistake| mistake.code),
            Why::Note(note) => note.code,
        }
    }

    /// What it says, and what to do about it, apart; mistakes in files with their excerpts.
    pub(crate) fn parts(&self) -> (String, Option<String>) {
        match &self.why {
            Why::Mistakes(mistakes) => (mistakes::render(mistakes, Screen::paper()), None),
            Why::Note(note) => (note.message.clone(), note.help.clone()),
        }
    }

    fn human(&self, screen: Screen) -> String {
        match &self.why {
            Why::Mistakes(mistakes) => mistakes::render(mistakes, screen),
            Why::Note(note) => error(note, screen),
        }
    }

    fn json(&self) -> String {
        let diagnostics = match &self.why {
            Why::Mistakes(mistakes) => mistakes.iter().map(DiagnosticRow::of_mistake).collect(),
            Why::Note(note) => vec![DiagnosticRow::of_note(note)],
        };
        serde_json::to_string(&Diagnostics { diagnostics }).expect("texts and numbers are JSON")
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        let (exit, note) = match error {
            ProjectError::Invalid(mistakes) => return Self { exit: Exit::Invalid, why: Why::Mistakes(mistakes) },
            ProjectError::File(error) => {
                (Exit::Invalid, Note::new("file", error.to_string(), error.help.unwrap_or_default()))
            }
            ProjectError::NoSuchAsset(note) | ProjectError::NotPossible(note) | ProjectError::MissingKey(note) => {
                (Exit::Invalid, note)
            }
            ProjectError::Broken(note) => (Exit::Failed, note),
            ProjectError::OutOfDate(note) => (Exit::OutOfDate, note),
            ProjectError::Refused(note) => (Exit::Refused, note),
        };
        Self { exit, why: Why::Note(note) }
    }
}

/// `error: message`, and the way out below it.
pub(crate) fn error(note: &Note, screen: Screen) -> String {
    let message = wrap(&screen.plain(&note.message), 7, 7, screen.width);
    format!("{}: {message}{}", screen.paint(RED.bold(), "error"), help(note, 2, screen))
}

/// The way out, on a line of its own, if there is one.
pub(crate) fn help(note: &Note, indent: usize, screen: Screen) -> String {
    let Some(help) = &note.help else { return String::new() };
    let text = wrap(&screen.plain(help), indent + 6, indent + 6, screen.width);
    format!("\n{}{}: {text}", " ".repeat(indent), screen.paint(CYAN, "help"))
}

#[derive(Serialize)]
struct Diagnostics<'a> {
    diagnostics: Vec<DiagnosticRow<'a>>,
}

#[derive(Serialize)]
struct DiagnosticRow<'a> {
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    labels: Vec<LabelRow<'a>>,
}

#[derive(Serialize)]
struct LabelRow<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    text: &'a str,
}

impl<'a> DiagnosticRow<'a> {
    fn of_mistake(mistake: &'a Diagnostic) -> Self {
        let labels = mistake.labels.iter().map(LabelRow::of).collect();
        Self { code: mistake.code, message: &mistake.message, help: mistake.help.as_deref(), labels }
    }

    fn of_note(note: &'a Note) -> Self {
        Self { code: note.code, message: &note.message, help: note.help.as_deref(), labels: Vec::new() }
    }
}

impl<'a> LabelRow<'a> {
    fn of(label: &'a Label) -> Self {
        let (line, column) = label.source.position(label.span.start);
        Self { file: label.source.name(), line, column, text: &label.text }
    }
}
