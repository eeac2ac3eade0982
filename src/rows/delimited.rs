//! CSV by RFC 4180, and TSV: from text to records of cells. Knows no heads and no columns.

use std::ops::Range;

use crate::rows::faults::Faults;

/// What sets CSV and TSV apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Stands between two cells.
    separator: u8,
    /// How messages call it.
    pub(crate) separator_name: &'static str,
    /// Whether a quote may stand in a cell that doesn't begin with one.
    quotes_anywhere: bool,
}

pub(crate) const COMMAS: Rules = Rules { separator: b',', separator_name: "comma", quotes_anywhere: false };
pub(crate) const TABS: Rules = Rules { separator: b'\t', separator_name: "tab", quotes_anywhere: true };

/// A cell's text without its quotes, and where it stands with them.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// A line, or several with quotes around the line breaks.
#[derive(Debug)]
pub(crate) struct Record {
    /// At least one.
    pub(crate) cells: Vec<Cell>,
    pub(crate) span: Range<usize>,
    /// Whether a mistake in it has been noted: its cells count for nothing.
    pub(crate) is_broken: bool,
}

/// All records of a file; empty lines are none.
pub(crate) fn records(text: &str, rules: Rules, faults: &mut Faults<'_>) -> Vec<Record> {
    let mut reader = Reader { text, at: 0, rules, faults, is_broken: false };
    let mut records = Vec::new();
    while reader.at < text.len() {
        if !reader.line_end() {
            records.push(reader.record());
        }
    }
    records
}

struct Reader<'t, 'f, 's> {
    text: &'t str,
    /// Always between two characters.
    at: usize,
    rules: Rules,
    faults: &'f mut Faults<'s>,
    is_broken: bool,
}

impl<'t> Reader<'t, '_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn fault(&mut self, message: &str, span: Range<usize>, help: &str) {
        self.is_broken = true;
        self.faults.syntax(message, span, help);
    }

    /// Takes the end of a line, if it is next.
    fn line_end(&mut self) -> bool {
        let length = if self.rest().starts_with("\r\n") { 2 } else { usize::from(self.rest().starts_with('\n')) };
        self.at += length;
        length > 0
    }

    fn record(&mut self) -> Record {
        let start = self.at;
        let mut cells = Vec::new();
        self.is_broken = false;
        loop {
            cells.push(self.cell());
            let end = self.at;
            if self.peek() == Some(self.rules.separator) {
                self.at += 1;
            } else {
                let is_end = self.line_end() || self.at == self.text.len();
                debug_assert!(is_end, "a cell ends at a separator, a line's end or the text's");
                return Record { cells, span: start..end, is_broken: self.is_broken };
            }
        }
    }

    fn cell(&mut self) -> Cell {
        let start = self.at;
        let text = if self.peek() == Some(b'"') { self.quoted() } else { self.plain().to_string() };
        Cell { text, span: start..self.at }
    }

    /// Up to the next separator or line end.
    fn plain(&mut self) -> &'t str {
        let start = self.at;
        let mut quote = None;
        loop {
            match self.peek() {
                None | Some(b'\n') => break,
                Some(byte) if byte == self.rules.separator => break,
                Some(b'\r') if self.rest().starts_with("\r\n") => break,
                Some(b'\r') => {
                    let help = "save the file with line ends LF or CRLF, or put the cell into quotes";
                    self.fault("a carriage return stands without a line feed", self.at..self.at + 1, help);
                }
                Some(b'"') if !self.rules.quotes_anywhere => quote = quote.or(Some(self.at)),
                Some(_) => {}
            }
            self.at += 1;
        }
        if let Some(quote) = quote {
            let help = "put the whole cell into quotes and double those inside: \"a \"\"word\"\" in quotes\"";
            self.fault("a quote stands inside a cell that doesn't begin with one", quote..quote + 1, help);
        }
        &self.text[start..self.at]
    }

    /// From an opening quote to behind the closing one.
    fn quoted(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        let mut cell = String::new();
        while let Some(length) = self.rest().find('"') {
            cell.push_str(&self.rest()[..length]);
            self.at += length + 1;
            if self.peek() != Some(b'"') {
                self.after_quote(start);
                return cell;
            }
            cell.push('"');
            self.at += 1;
        }
        let help = "close it with a quote; a quote inside the cell is written twice";
        self.fault("a quoted cell isn't closed before the end of the file", start..start + 1, help);
        self.at = self.text.len();
        cell
    }

    /// Behind a closing quote nothing but the cell's end may stand.
    fn after_quote(&mut self, start: usize) {
        let is_end = |reader: &Self| match reader.peek() {
            None | Some(b'\n') => true,
            Some(b'\r') => reader.rest().starts_with("\r\n"),
            Some(byte) => byte == reader.rules.separator,
        };
        if is_end(self) {
            return;
        }
        let closing = self.at - 1;
        let (line, column) = self.faults.position(start);
        let help = format!(
            "a quote inside a quoted cell is written twice (\"\"), and nothing but a {} follows the closing one; \
             this cell begins in line {line}, column {column}",
            self.rules.separator_name
        );
        self.fault("text stands after a cell's closing quote", closing..closing + 1, &help);
        while !is_end(self) {
            self.at += 1;
        }
    }
}
