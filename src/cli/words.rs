//! Small words that every answer for people is made of.

use std::borrow::Cow;
use std::fmt::Display;

/// A line of text without what a terminal would act on: control characters, and marks that turn the reading direction.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    // Most texts are as they stand.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let is_mark =
        |character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let shown = text.chars().filter(|character| !is_mark(*character));
    shown
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .filter(|character| !character.is_control())
        .collect()
}

/// `1 image`, `3 images`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// An amount with as many digits as it has, and at least the cents.
pub(crate) fn dollars(amount: f64) -> String {
    let digits = format!("{amount:.6}");
    let shortest = digits.find('.').map_or(digits.len(), |point| point + 3);
    let end = digits.trim_end_matches('0').len().max(shortest);
    format!("${}", &digits[..end])
}

/// `48213 bytes`, and from a MiB on `3.4 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" }),
        // Tenths are enough, and shorter numbers are read more easily.
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20),
    }
}

/// A price that may be nothing or unknown.
pub(crate) fn price(cost_usd: Option<f64>) -> String {
    match cost_usd {
        None => "price unknown".to_string(),
        Some(0.0) => "free".to_string(),
        Some(amount) => dollars(amount),
    }
}

/// The same of what may turn out to be less.
pub(crate) fn at_most(cost_usd: Option<f64>) -> String {
    match cost_usd {
        None => "at an unknown price".to_string(),
        Some(0.0) => "for nothing".to_string(),
        Some(amount) => format!("up to {}", dollars(amount)),
    }
}

/// The first of several names, and how many more there are.
pub(crate) fn several<T: Display>(names: &[T], most: usize) -> String {
    let shown: Vec<String> = names.iter().take(most).map(ToString::to_string).collect();
    let rest = names.len().saturating_sub(shown.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The files that an asset has.
pub(crate) fn files<T: Display>(paths: &[T], most: usize) -> String {
    if paths.is_empty() { "no file".to_string() } else { several(paths, most) }
}

/// `text` in lines of at most `width` columns; each but the first begins with `indent`. Escape sequences take no room.
pub(crate) fn wrap(text: &str, indent: usize, first: usize, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_string() };
    let mut lines = String::new();
    let mut column = first;
    for (index, word) in text.split(' ').enumerate() {
        let length = visible(word);
        if index > 0 && column + 1 + length > width && column > indent {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            column = indent;
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

/// Columns that a text takes, escape sequences aside.
fn visible(text: &str) -> usize {
    let mut columns = 0;
    let mut in_sequence = false;
    for character in text.chars() {
        match (character, in_sequence) {
            ('\u{1b}', _) => in_sequence = true,
            ('m', true) => in_sequence = false,
            (_, true) => {}
            (_, false) => columns += 1,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use crate::cli::words::{at_most, counted, dollars, plain, price, several, wrap};

    #[test]
    fn amounts_have_cents_and_more_where_they_need_more() {
        for (amount, text) in
            [(0.04, "$0.04"), (1.2, "$1.20"), (0.0035, "$0.0035"), (12.0, "$12.00"), (0.000_001, "$0.000001")]
        {
            assert_eq!(dollars(amount), text);
        }
        assert_eq!([price(None), price(Some(0.0))], ["price unknown", "free"]);
        assert_eq!(
            [at_most(None), at_most(Some(0.0)), at_most(Some(0.04))],
            ["at an unknown price", "for nothing", "up to $0.04"]
        );
    }

    #[test]
    fn a_terminal_finds_nothing_to_act_on() {
        assert_eq!(plain("a\u{1b}[31mred\u{7}\r\nline\u{9b}2J\u{202e}"), "a[31mred  line2J");
    }

    #[test]
    fn lists_are_cut_and_counted() {
        assert_eq!(several(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!([counted(1, "image"), counted(0, "image")], ["1 image", "0 images"]);
    }

    #[test]
    fn lines_break_between_words_and_count_no_colours() {
        assert_eq!(wrap("aaa \u{1b}[31mbbb\u{1b}[0m ccc", 2, 0, Some(8)), "aaa \u{1b}[31mbbb\u{1b}[0m\n  ccc");
        assert_eq!(wrap("aaa bbb", 2, 0, None), "aaa bbb");
    }
}
