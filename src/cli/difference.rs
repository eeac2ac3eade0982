//! A changed wording, word by word.

use similar::{ChangeTag, TextDiff};

/// Unchanged words that are shown around a change where a wording is cut.
const CONTEXT: usize = 6;

/// A stretch of a changed wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// In both.
    Same(String),
    /// Only before.
    Old(String),
    /// Only now.
    New(String),
}

/// What changed between two wordings. Blanks between two changed words belong to the change.
pub(crate) fn difference(before: &str, now: &str) -> Vec<Part> {
    let diff = TextDiff::from_words(before, now);
    let (mut parts, mut old, mut new, mut blank) = (Vec::new(), String::new(), String::new(), String::new());
    for change in diff.iter_all_changes() {
        let value = change.value();
        let is_open = !old.is_empty() || !new.is_empty();
        match change.tag() {
            ChangeTag::Equal if is_open && value.trim().is_empty() => blank.push_str(value),
            ChangeTag::Equal => {
                close(&mut parts, &mut old, &mut new);
                same(&mut parts, &std::mem::take(&mut blank));
                same(&mut parts, value);
            }
            tag => {
                let gap = std::mem::take(&mut blank);
                old.push_str(&gap);
                new.push_str(&gap);
                if tag == ChangeTag::Delete { old.push_str(value) } else { new.push_str(value) }
            }
        }
    }
    close(&mut parts, &mut old, &mut new);
    same(&mut parts, &blank);
    parts
}

fn close(parts: &mut Vec<Part>, old: &mut String, new: &mut String) {
    if !old.is_empty() {
        parts.push(Part::Old(std::mem::take(old)));
    }
    if !new.is_empty() {
        parts.push(Part::New(std::mem::take(new)));
    }
}

fn same(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Same(before)) => before.push_str(text),
        _ => parts.push(Part::Same(text.to_string())),
    }
}

/// `a red [-fox-]{+panda+} on a moon`.
pub(crate) fn marked(parts: &[Part]) -> String {
    let mark = |part: &Part| match part {
        Part::Same(text) => text.clone(),
        Part::Old(text) => format!("[-{text}-]"),
        Part::New(text) => format!("{{+{text}+}}"),
    };
    parts.iter().map(mark).collect()
}

/// The same with long unchanged stretches cut to the words next to a change.
pub(crate) fn shortened(parts: Vec<Part>) -> Vec<Part> {
    let last = parts.len().saturating_sub(1);
    let cut = |(index, part): (usize, Part)| match part {
        Part::Same(text) => Part::Same(shorten(&text, index == 0, index == last)),
        changed => changed,
    };
    parts.into_iter().enumerate().map(cut).collect()
}

fn shorten(text: &str, is_first: bool, is_last: bool) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let (head, tail) = (if is_first { 0 } else { CONTEXT }, if is_last { 0 } else { CONTEXT });
    if words.len() <= head + tail + CONTEXT {
        return text.to_string();
    }
    let (head, tail) = (words[..head].join(" "), words[words.len() - tail..].join(" "));
    match (is_first, is_last) {
        (true, _) => format!("… {tail}"),
        (_, true) => format!("{head} …"),
        _ => format!("{head} … {tail}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::difference::{difference, marked, shortened};

    #[test]
    fn changed_words_stand_in_their_marks() {
        for (before, now, expected) in [
            ("a red fox on a moon", "a red panda on a moon", "a red [-fox-]{+panda+} on a moon"),
            ("a red fox here", "a blue panda here", "a [-red fox-]{+blue panda+} here"),
            ("a moon", "a moon at night", "a moon{+ at night+}"),
            ("a small moon", "a moon", "a [-small -]moon"),
            ("same", "same", "same"),
            ("fox", "panda", "[-fox-]{+panda+}"),
        ] {
            assert_eq!(marked(&difference(before, now)), expected);
        }
    }

    #[test]
    fn long_stretches_are_cut_around_the_change() {
        let words = (0..40).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        let parts = shortened(difference(&format!("{words} fox {words}"), &format!("{words} panda {words}")));
        assert_eq!(marked(&parts), "… w35 w36 w37 w38 w39 [-fox-]{+panda+} w0 w1 w2 w3 w4 …");
    }
}
