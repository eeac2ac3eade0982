//! A lockfile's text that a merge stopped in: what either side's text was, told from the marks.
//!
//! Reads lines only. Nothing in a canonical lockfile begins like a mark, as each text stands in one line behind its key.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Source};
use crate::files::LOCKFILE;
use crate::manifest::table::conflict;

/// The texts of both sides. What a merge of lines has put together by itself is in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// The text with what stands first between each pair of marks.
    pub ours: String,
    /// The text with what stands last.
    pub theirs: String,
    /// The text with what stood there before, if the marks say that.
    pub base: Option<String>,
}

/// Where a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Both,
    Ours,
    Base,
    Theirs,
}

/// A line that isn't the lockfile's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Opens,
    Base,
    Parts,
    Closes,
}

/// The sides of a text with marks; none of one without. Marks that don't close, or stand in no order, are an error.
pub fn sides(text: &str) -> Result<Option<Sides>, Vec<Diagnostic>> {
    if conflict(text).is_none() {
        return Ok(None);
    }
    let (mut ours, mut theirs, mut base) = (String::new(), String::new(), String::new());
    let (mut part, mut all_have_base) = (Part::Both, true);
    let (mut offset, mut opened) = (0, 0..0);
    for line in text.split_inclusive('\n') {
        let place = offset..offset + line.trim_end().len();
        offset += line.len();
        part = match (mark(line), part) {
            (None, part) => {
                for (own, side) in [(Part::Ours, &mut ours), (Part::Base, &mut base), (Part::Theirs, &mut theirs)] {
                    if part == Part::Both || part == own {
                        side.push_str(line);
                    }
                }
                part
            }
            (Some(Mark::Opens), Part::Both) => {
                opened = place;
                Part::Ours
            }
            (Some(Mark::Base), Part::Ours) => Part::Base,
            (Some(Mark::Parts), Part::Base) => Part::Theirs,
            (Some(Mark::Parts), Part::Ours) => {
                all_have_base = false;
                Part::Theirs
            }
            (Some(Mark::Closes), Part::Theirs) => Part::Both,
            _ => return Err(vec![disorder(text, place, "this mark has no partner")]),
        };
    }
    if part != Part::Both {
        return Err(vec![disorder(text, opened, "this mark is never closed")]);
    }
    Ok(Some(Sides { ours, theirs, base: all_have_base.then_some(base) }))
}

/// The mark that a line is. Longer ones, as in what a merge of merges takes for the base, are none.
fn mark(line: &str) -> Option<Mark> {
    let line = line.trim_end();
    let is = |mark: &str| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    match line {
        "=======" => Some(Mark::Parts),
        _ if is("<<<<<<<") => Some(Mark::Opens),
        _ if is("|||||||") => Some(Mark::Base),
        _ if is(">>>>>>>") => Some(Mark::Closes),
        _ => None,
    }
}

fn disorder(text: &str, place: Range<usize>, label: &str) -> Diagnostic {
    let error = Diagnostic::new("lock-conflict", "the conflict marks in images.lock are out of order");
    error.label(&Source::new(LOCKFILE, text), place, label).help(
        "take one side whole, with `git checkout --ours images.lock` or --theirs; pictures that only the other side has \
         are still found in the cache of who paid for them",
    )
}

#[cfg(test)]
mod tests {
    use crate::lock::marks::{Sides, sides};

    fn told(text: &str) -> [String; 3] {
        let Sides { ours, theirs, base } = sides(text).expect("marks in order").expect("some marks");
        [ours, theirs, base.unwrap_or_else(|| "none".to_string())]
    }

    fn texts(ours: &str, theirs: &str, base: &str) -> [String; 3] {
        [ours, theirs, base].map(str::to_string)
    }

    #[test]
    fn each_side_is_the_text_without_the_marks_and_the_other_one() {
        let two = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n";
        assert_eq!(told(two), texts("a\nb\nd\n", "a\nc\nd\n", "none"));
        assert_eq!(told(&two.replace('\n', "\r\n")), texts("a\r\nb\r\nd\r\n", "a\r\nc\r\nd\r\n", "none"));
        let three = "<<<<<<< ours\nb\n||||||| 1a2b3c\nx\n=======\nc\n>>>>>>> theirs";
        assert_eq!(told(three), texts("b\n", "c\n", "x\n"));
        let nested = three.replace("x\n", "<<<<<<<<< one\nx\n=========\ny\n>>>>>>>>> two\n");
        assert_eq!(told(&nested), texts("b\n", "c\n", "<<<<<<<<< one\nx\n=========\ny\n>>>>>>>>> two\n"));
        assert_eq!(told(&format!("{three}\n{two}"))[2], "none");
        assert_eq!(sides("version = 1\n"), Ok(None));
    }

    #[test]
    fn marks_out_of_order_are_an_error_with_their_line() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n", 2),
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n", 2),
            ("a\n=======\n", 2),
            ("a\n>>>>>>> x\n", 2),
            ("<<<<<<< a\nb\n>>>>>>> c\n", 3),
            ("<<<<<<< a\n<<<<<<< b\n", 2),
            ("<<<<<<< a\n=======\n=======\n", 3),
            ("<<<<<<< a\n=======\n||||||| b\n", 3),
        ] {
            let error = sides(text).expect_err(text).remove(0);
            let label = &error.labels[0];
            assert_eq!(label.source.position(label.span.start).0, line, "{text:?}");
        }
    }
}
