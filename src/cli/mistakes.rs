//! Mistakes in the user's files as a person sees them: each with its line, its underline and the way out.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};
use unicode_width::UnicodeWidthChar;

use crate::cli::talk::{RED, Screen};
use crate::cli::words::{counted, several, wrap};
use crate::diagnostic::{Diagnostic, Label};

/// Columns of a report that no terminal shows.
const WIDTH: usize = 80;
/// Columns that miette takes before a message, and before a help.
const MESSAGE: usize = 4;
const HELP: usize = 8;
/// Columns that a line's frame takes, without its number.
const FRAME: usize = 4;
/// A piece of code in a message isn't broken into lines, unless it is longer.
const UNBROKEN: usize = 48;
/// So many mistakes of one kind are shown of one place, which may make thousands of assets.
const MOST: usize = 10;
const NO_BREAK: &str = "\u{a0}";

/// All of them, and how many they are.
pub(crate) fn render(mistakes: &[Diagnostic], screen: Screen) -> String {
    let handler = handler(screen);
    let mut text = String::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for mistake in mistakes {
        let place = mistake.labels.first().map(|label| (label.source.name(), label.span.start));
        let nth = places.entry((mistake.code, place)).or_default();
        *nth += 1;
        if *nth <= MOST {
            one(&mut text, mistake, &handler, screen);
            text.push('\n');
        }
    }
    let hidden: usize = places.values().map(|count| count.saturating_sub(MOST)).sum();
    if hidden > 0 {
        text.push_str(&counted(hidden, "more mistake"));
        text.push_str(" like these, which --format json shows\n\n");
    }
    let mut files: Vec<&str> =
        mistakes.iter().filter_map(|mistake| Some(mistake.labels.first()?.source.name())).collect();
    files.sort_unstable();
    files.dedup();
    let place = if files.is_empty() { String::new() } else { format!(" in {}", several(&files, 3)) };
    let count = counted(mistakes.len(), "mistake");
    format!("{text}{}: {count}{place}", screen.paint(RED.bold(), "error"))
}

/// The message, each file's places, and the way out last. miette knows one file a report: the places in each other file
/// are a report of their own, of which only the places are shown.
fn one(text: &mut String, mistake: &Diagnostic, handler: &GraphicalReportHandler, screen: Screen) {
    let mut files: Vec<Vec<&Label>> = Vec::new();
    for label in &mistake.labels {
        match files.iter_mut().find(|labels| labels[0].source == label.source) {
            Some(labels) => labels.push(label),
            None => files.push(vec![label]),
        }
    }
    let last = files.len().saturating_sub(1);
    for index in 0..files.len().max(1) {
        let mut report = Report::of(files.get(index).map_or(&[], Vec::as_slice), screen);
        if index == 0 {
            report.code = Some(mistake.code);
            report.message = lines(&mistake.message, MESSAGE, screen);
        }
        if index == last {
            report.help = mistake.help.as_deref().map(|help| lines(help, HELP, screen));
        }
        let mut shown = String::new();
        handler.render_report(&mut shown, &report).expect("a text takes any text");
        // A report without a message has an empty line in its place.
        text.push_str(if index == 0 { &shown } else { shown.split_once('\n').map_or("", |(_, rest)| rest) });
    }
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

/// What is said of one file, in miette's terms.
#[derive(Debug)]
struct Report {
    code: Option<&'static str>,
    message: String,
    help: Option<String>,
    snippet: Option<Snippet>,
    labels: Vec<LabeledSpan>,
}

impl Report {
    /// Only the places, all of one file.
    fn of(labels: &[&Label], screen: Screen) -> Self {
        let lines = labels.iter().map(|label| label.source.position(label.span.start).0);
        let digits = (lines.max().unwrap_or(1) + 1).to_string().len();
        let room = screen.width.unwrap_or(WIDTH).saturating_sub(FRAME + digits);
        let (snippet, spans) = Snippet::of(labels, room).unzip();
        let labels = labels.iter().zip(spans.unwrap_or_default()).map(|(label, span)| {
            let text = (!label.text.is_empty()).then(|| screen.plain(&label.text));
            LabeledSpan::new(text, span.start, span.len())
        });
        Self { code: None, message: String::new(), help: None, labels: labels.collect(), snippet }
    }
}

/// `text` in lines that have room right of what miette writes before them.
fn lines(text: &str, before: usize, screen: Screen) -> String {
    let text = unbroken(&screen.plain(text));
    wrap(&text, 0, 0, Some(screen.width.unwrap_or(WIDTH) - before)).replace(NO_BREAK, " ")
}

/// The text with what is to be copied from it held together: `a name = "value"` and `{{ expression }}`.
fn unbroken(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['`', '{']) {
        let close = if rest[start..].starts_with('`') { "`" } else { "}}" };
        let piece = rest[start + 1..].find(close).map(|end| &rest[start..start + 1 + end + close.len()]);
        let end = piece.filter(|piece| piece.chars().count() <= UNBROKEN).map_or(1, str::len) + start;
        shown.push_str(&rest[..start]);
        shown.push_str(&rest[start..end].replace(' ', NO_BREAK));
        rest = &rest[end..];
    }
    shown + rest
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
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
}

/// A file's text as it may be shown: long lines cut, and nothing in it that a terminal would act on.
#[derive(Debug)]
struct Snippet {
    name: String,
    text: String,
    /// Columns that the first place has lost to the left of its line.
    hidden: (usize, usize),
}

impl Snippet {
    /// The text, with lines cut that have no room, as a prompt may be a page; and the labels' spans in it.
    fn of(labels: &[&Label], room: usize) -> Option<(Self, Vec<Range<usize>>)> {
        let source = &labels.first()?.source;
        let mut text = String::with_capacity(source.text().len());
        let mut shown: Vec<Option<Range<usize>>> = vec![None; labels.len()];
        let (mut start, mut hidden) = (0, (0, 0));
        for line in source.text().split_inclusive('\n') {
            let ends = start + line.len();
            let is_last = ends == source.text().len();
            let here =
                |label: &Label| (start..ends).contains(&label.span.start) || (is_last && label.span.start >= ends);
            let marks: Vec<(usize, usize)> = labels
                .iter()
                .filter(|label| here(label))
                .map(|label| {
                    let first = (label.span.start - start).min(line.len());
                    let end = label.span.end.saturating_sub(start).clamp(first, line.trim_end().len().max(first));
                    let words = columns(&line[first..end]) / 2 + 4 + columns(&label.text);
                    (first, first + words)
                })
                .collect();
            let kept = keep(line, &marks, room);
            if kept.start > 0 {
                text.push('…');
            }
            let begin = text.len();
            let place = |at: usize| begin + (at.saturating_sub(start)).clamp(kept.start, kept.end) - kept.start;
            for (label, shown) in labels.iter().zip(&mut shown).filter(|(label, _)| here(label)) {
                // No more than the line: a place may be a whole file.
                let end = label.span.end.min(start + line.trim_end().len()).max(label.span.start);
                *shown = Some(place(label.span.start)..place(end));
            }
            if here(labels[0]) {
                hidden = (begin, line[..kept.start].chars().count());
            }
            text.extend(line[kept.clone()].chars().map(harmless));
            if kept.end < line.len() {
                text.push_str(if line.ends_with('\n') { "…\n" } else { "…" });
            }
            start = ends;
        }
        let shown = shown.into_iter().map(|span| visible(span.unwrap_or(0..0), &text)).collect();
        let text = if text.is_empty() { " ".to_string() } else { text };
        Some((Self { name: source.name().to_string(), text, hidden }, shown))
    }
}

/// The part of a line that is shown: its beginning or, where the places that are spoken of lie too far right, what is
/// around them. A mark is where it begins, and how far right what is written under it comes.
fn keep(line: &str, marks: &[(usize, usize)], room: usize) -> Range<usize> {
    let text = line.trim_end();
    let first = marks.iter().map(|(first, _)| *first).min().unwrap_or(0);
    let reach = marks.iter().map(|(first, reach)| columns(&line[..*first]) + reach - first).max().unwrap_or(0);
    if columns(text) <= room && reach <= room {
        return 0..line.len();
    }
    // What comes before the place says which value it is in.
    let from = if reach <= room { 0 } else { back(text, first.min(text.len()), room / 3) };
    // The dots take room, too.
    let room = room.saturating_sub(1 + usize::from(from > 0));
    let mut taken = 0;
    for (at, character) in text[from..].char_indices() {
        taken += column(character);
        // A character in place of the dots is no less to read.
        if taken > room && text[from + at..].chars().nth(1).is_some() {
            return from..from + at;
        }
    }
    from..line.len()
}

/// So many columns before a place.
fn back(text: &str, at: usize, most: usize) -> usize {
    let mut taken = 0;
    for (index, character) in text[..at].char_indices().rev() {
        taken += column(character);
        if taken > most {
            return index + character.len_utf8();
        }
    }
    0
}

/// Columns that a text takes on a terminal.
fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(character: char) -> usize {
    // miette shows a tab so wide, at most.
    if character == '\t' { 4 } else { harmless(character).width().unwrap_or(0) }
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
        // miette counts bytes, of what is shown; people, and the JSON, count the characters of the file.
        let line_start = self.text[..span.offset()].rfind('\n').map_or(0, |newline| newline + 1);
        let (begin, hidden) = self.hidden;
        let column = match before {
            0 if hidden > 0 && begin <= span.offset() => self.text[begin..span.offset()].chars().count() + hidden,
            0 => self.text[line_start..span.offset()].chars().count(),
            _ => found.column(),
        };
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
        let text = render(&[mistake], Screen::paper());
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
        let text = render(&[Diagnostic::new("unknown-key", "no").label(&source, 0..5, "this")], Screen::paper());
        assert!(text.lines().all(|line| line.chars().count() <= 80) && text.contains('…'), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
