//! Mistakes of one file, collected: many at once, but never thousands.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Source, sort};

/// So many are told of; the rest is counted.
const MOST: usize = 20;

/// What is wrong with a file so far.
pub(crate) struct Faults<'s> {
    pub(crate) source: &'s Arc<Source>,
    found: Vec<Diagnostic>,
    hidden: usize,
}

impl<'s> Faults<'s> {
    pub(crate) const fn new(source: &'s Arc<Source>) -> Self {
        Self { source, found: Vec::new(), hidden: 0 }
    }

    /// Adds a mistake with its place and its cure.
    pub(crate) fn add(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
        label: &str,
        help: impl Into<String>,
    ) {
        if self.found.len() == MOST {
            self.hidden += 1;
        } else {
            self.found.push(Diagnostic::new(code, message).label(self.source, span, label).help(help));
        }
    }

    pub(crate) fn syntax(&mut self, message: impl Into<String>, span: Range<usize>, help: impl Into<String>) {
        self.add("syntax", message, span, "here", help);
    }

    /// Line and column of an offset, for a message. Not worked out for mistakes that are only counted: each looks through
    /// the whole file.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        if self.found.len() == MOST { (0, 0) } else { self.source.position(offset) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of the file.
    pub(crate) fn found(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        sort(&mut found);
        if self.hidden > 0 {
            let message = format!("`{}` has {} more mistakes", self.source.name(), self.hidden);
            found.push(Diagnostic::new("too-many", message).help("mend these first; the others are shown then"));
        }
        found
    }
}
