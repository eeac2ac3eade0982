//! Mistakes in the user's files as a person sees them: each with its line, its underline and the way out.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::cli::talk::{RED, Screen};
use crate::cli::words::{counted, several, wrap};
use crate::diagnostic::{Diagnostic, Label, Source};

/// Columns of a report that no terminal shows.
const WIDTH: usize = 80;
/// Columns that miette takes before a message, and before a help.
const MESSAGE: usize = 4;
const HELP: usize = 8;
/// Columns that a line's number and frame take.
const FRAME: usize = 9;

/// All of them, and how many they are.
pub(crate) fn render(mistakes: &[Diagnostic], screen: Screen) -> String {
    let handler = handler(screen);
    let mut text = String::new();
    for mistake in mistakes {
        handler.render_report(&mut text, &Mistake::of(mistake, screen)).expect("a text takes any text");
        text.push('\n');
    }
    let mut files: Vec<&str> =
        mistakes.iter().filter_map(|mistake| Some(mistake.labels.first()?.source.name())).collect();
    files.sort_unstable();
    files.dedup();
    let place = if files.is_empty() { String::new() } else { format!(" in {}", several(&files, 3)) };
    let count = counted(mistakes.len(), "mistake");
    format!("{text}{}: {count}{place}", screen.paint(RED.bold(), "error"))
}

fn handler(screen: Screen) -> GraphicalReportHandler {
    let characters = if screen.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if screen.is_colored() { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(screen.width.unwrap_or(WIDTH))
        .with_links(false)
        // miette would break `--resend-unknown` at its hyphens.
        .with_wrap_lines(false)
        .without_syntax_highlighting()
}

/// A diagnostic in miette's terms. miette knows one file a report: places in other files are reports of their own below it.
#[derive(Debug)]
struct Mistake {
    code: Option<&'static str>,
    message: String,
    help: Option<String>,
    snippet: Option<Snippet>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Mistake>,
}

impl Mistake {
    fn of(mistake: &Diagnostic, screen: Screen) -> Self {
        let first = mistake.labels.first().map(|label| &label.source);
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
            mistake.labels.iter().partition(|label| first.is_some_and(|first| Arc::ptr_eq(first, &label.source)));
        let mut one = Self::at(&here, &mistake.message, screen);
        one.code = Some(mistake.code);
        one.help = mistake.help.as_deref().map(|help| lines(help, HELP, screen));
        one.elsewhere = elsewhere.iter().map(|label| Self::at(&[*label], &label.text, screen)).collect();
        one
    }

    fn at(labels: &[&Label], message: &str, screen: Screen) -> Self {
        let spans: Vec<Range<usize>> = labels.iter().map(|label| label.span.clone()).collect();
        let room = screen.width.unwrap_or(WIDTH).saturating_sub(FRAME);
        let shown = labels.first().map(|label| Snippet::of(&label.source, &spans, room));
        let (snippet, spans) = shown.map_or((None, spans), |(snippet, spans)| (Some(snippet), spans));
        let labels = labels.iter().zip(spans).map(|(label, span)| {
            let text = (!label.text.is_empty()).then(|| screen.plain(&label.text));
            LabeledSpan::new(text, span.start, span.len())
        });
        let message = lines(message, MESSAGE, screen);
        Self { code: None, message, help: None, labels: labels.collect(), snippet, elsewhere: Vec::new() }
    }
}

/// `text` in lines that have room right of what miette writes before them.
fn lines(text: &str, before: usize, screen: Screen) -> String {
    wrap(&screen.plain(text), 0, 0, Some(screen.width.unwrap_or(WIDTH) - before))
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl miette::Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.code.is_some() { Severity::Error } else { Severity::Advice })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let elsewhere = self.elsewhere.iter().map(|mistake| mistake as &dyn miette::Diagnostic);
        (!self.elsewhere.is_empty()).then(|| Box::new(elsewhere) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>)
    }
}

/// A file's text as it may be shown: long lines cut, and nothing in it that a terminal would act on.
#[derive(Debug)]
struct Snippet {
    name: String,
    text: String,
}

impl Snippet {
    /// The text, with lines cut that have no room, as a prompt may be a page; and the spans in it.
    fn of(source: &Source, spans: &[Range<usize>], room: usize) -> (Self, Vec<Range<usize>>) {
        let mut text = String::with_capacity(source.text().len());
        let mut shown = vec![0..0; spans.len()];
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let marked = spans.iter().map(|span| span.start).filter(|at| (start..start + line.len()).contains(at));
            let kept = keep(line, marked.max().map_or(0, |at| at - start), room);
            let place = |at: usize| text.len() + at.saturating_sub(start).min(kept.len());
            for (span, shown) in spans.iter().zip(&mut shown) {
                if span.start >= start {
                    shown.start = place(span.start);
                }
                if span.end >= start {
                    shown.end = place(span.end);
                }
            }
            text.extend(kept.chars().map(harmless));
            if kept.len() < line.len() {
                text.push_str(if line.ends_with('\n') { "…\n" } else { "…" });
            }
            start += line.len();
        }
        let shown = shown.into_iter().map(|span| visible(span, &text)).collect();
        (Self { name: source.name().to_string(), text: if text.is_empty() { " ".to_string() } else { text } }, shown)
    }
}

/// The part of a line that is shown: as much as there is room for, and at least the place that is spoken of.
fn keep(line: &str, marked: usize, room: usize) -> &str {
    let (text, most) = (line.trim_end(), room.max(line[..marked].chars().count() + room / 2));
    // A character in place of the dots is no less to read.
    match text.char_indices().nth(most) {
        Some((end, _)) if text[end..].chars().nth(1).is_some() => &line[..end],
        _ => line,
    }
}

/// As many bytes of something that stands still.
fn harmless(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => character,
        _ if character.is_ascii_control() => '?',
        '\u{80}'..='\u{9f}' => '¿',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        _ => character,
    }
}

/// A span that covers something, on its first line: an empty one would point at nothing, at a file's end even beyond it.
fn visible(span: Range<usize>, text: &str) -> Range<usize> {
    let mut start = span.start.min(text.len());
    if start == text.len() || (span.is_empty() && text[start..].starts_with(['\n', '\r'])) {
        start = text[..start].char_indices().next_back().map_or(0, |(at, _)| at);
    }
    let end = span.end.min(text.len());
    let next = text[start..].chars().next().map_or(1, char::len_utf8);
    start..end.max(start + next)
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, before, after)?;
        // miette counts bytes; people, and the JSON, count characters.
        let line_start = self.text[..span.offset()].rfind('\n').map_or(0, |newline| newline + 1);
        let column = if before == 0 { self.text[line_start..span.offset()].chars().count() } else { found.column() };
        let (data, line, lines) = (found.data(), found.line(), found.line_count());
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, *found.span(), line, column, lines)))
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::mistakes::render;
    use crate::cli::talk::Screen;
    use crate::diagnostic::{Diagnostic, Source};

    #[track_caller]
    fn check(mistake: Diagnostic, expected: &[&str]) {
        let text = render(&[mistake], Screen::plain_file());
        for part in expected {
            assert!(text.contains(part), "{part:?} isn't in\n{text}");
        }
    }

    #[test]
    fn an_empty_place_still_shows_its_line() {
        for (text, at, line) in
            [("a = 1\nb = 2\n", 6, "2 │ b = 2"), ("a = 1\n", 6, "1 │ a = 1"), ("", 0, "1 │ "), ("\n", 0, "1 │ ")]
        {
            let source = Source::new("images.toml", text);
            check(Diagnostic::new("missing-key", "no prompt").label(&source, at..at, "here"), &[line, "╰── here"]);
        }
    }

    #[test]
    fn a_place_in_another_file_is_shown_below() {
        let (one, other) = (Source::new("images.toml", "a = 1\n"), Source::new("more.toml", "x = 1\r\nb = 2\r\n"));
        let mistake = Diagnostic::new("twice", "two of them").label(&one, 0..1, "this").label(&other, 7..8, "and that");
        check(mistake, &["images.toml:1:1", "more.toml:2:1", "2 │ b = 2", "error: 1 mistake in images.toml"]);
    }

    #[test]
    fn columns_count_characters() {
        let source = Source::new("images.toml", "é = 1\n");
        check(Diagnostic::new("bad-value", "no").label(&source, 5..6, "this"), &["images.toml:1:5"]);
    }

    #[test]
    fn a_long_line_is_cut_and_nothing_in_it_reaches_the_terminal() {
        let source = Source::new("images.toml", &format!("promt = \"\u{1b}[31m{}\"\n", "word ".repeat(100)));
        let text = render(&[Diagnostic::new("unknown-key", "no").label(&source, 0..5, "this")], Screen::plain_file());
        assert!(text.lines().all(|line| line.chars().count() <= 80) && text.contains('…'), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
