//! Whether two texts of code differ in layout alone: a project's formatter may have its way with what was generated.

use crate::codegen::Language;

/// Whether nothing but a formatter stands between two texts: white space, the kind of quotes, last commas, semicolons, quotes
/// around keys. What stands in quotes counts to the letter.
pub(crate) fn is_same_but_for_layout(one: &str, other: &str, language: Language) -> bool {
    one == other || bare(one, language) == bare(other, language)
}

/// The text without its layout.
fn bare(text: &str, language: Language) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = comment(rest, language).unwrap_or(0);
        if length > 0 {
            bare.extend(rest[..length].chars().filter(|character| !character.is_whitespace()));
            rest = &rest[length..];
            continue;
        }
        rest = &rest[character.len_utf8()..];
        if language.quotes().contains(&character) {
            rest = quoted(rest, character, &mut bare);
        } else if matches!(character, ')' | ']' | '}') {
            if bare.ends_with(',') {
                bare.pop();
            }
            bare.push(character);
        } else if !character.is_whitespace() && character != ';' {
            bare.push(character);
        }
    }
    bare
}

/// The length of the comment that a text begins with.
fn comment(text: &str, language: Language) -> Option<usize> {
    if language == Language::Json {
        return None;
    }
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| text.find("*/").map_or(text.len(), |end| end + 2))
}

/// Takes what stands in quotes, and gives what is behind them. A quote needs no backslash where the others are around it.
fn quoted<'a>(text: &'a str, quote: char, bare: &mut String) -> &'a str {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return &text[at + character.len_utf8()..];
        }
        if character != '\\' {
            bare.push(character);
        } else if let Some((_, escaped)) = characters.next() {
            if !matches!(escaped, '"' | '\'' | '`') {
                bare.push('\\');
            }
            bare.push(escaped);
        }
    }
    ""
}

impl Language {
    /// What a text may stand in. In Rust, an apostrophe begins a lifetime as well.
    const fn quotes(self) -> &'static [char] {
        match self {
            Self::TypeScript => &['"', '\'', '`'],
            Self::Rust | Self::Json => &['"'],
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::codegen::Language;
    use crate::codegen::layout::is_same_but_for_layout;

    const CODE: &str = "// don't\nexport const a = {\n  \"b\": [1, 2],\n  \"c-d\": \"it's \\\"so\\\", isn't it;\",\n};\nf(`${x}, \"y\"`);\n";

    #[test]
    fn a_formatter_changes_nothing_but_layout() {
        let formatted =
            "// don't\nexport const a = { b: [1, 2], 'c-d': 'it\\'s \"so\", isn\\'t it;' }\nf(`${x}, \"y\"`)\n";
        assert!(is_same_but_for_layout(CODE, formatted, Language::TypeScript));
        let rust = "/// Isn't it\npub static A: &'static str = f(1, 2);\n";
        assert!(is_same_but_for_layout(
            rust,
            "/// Isn't it\npub static A: &'static str =\n    f(\n  1,\n  2,\n);",
            Language::Rust
        ));
    }

    #[test]
    fn what_is_said_counts_to_the_letter() {
        for (old, new) in [
            ("[1, 2]", "[12]"),
            ("[1, 2]", "[1, 3]"),
            (", isn't", " isn't"),
            ("isn't it;", "isn't it"),
            ("it's ", "it s "),
            ("\\\"so\\\"", "so"),
            ("don't", "dont"),
            ("${x}, ", "${x} "),
        ] {
            let changed = CODE.replacen(old, new, 1);
            assert_ne!(CODE, changed);
            assert!(!is_same_but_for_layout(CODE, &changed, Language::TypeScript), "{old} and {new}");
        }
        let cut = "{ \"a\": \"b";
        assert!(
            is_same_but_for_layout(cut, "{\"a\":\"b", Language::Json)
                && !is_same_but_for_layout(cut, "", Language::Json)
        );
    }
}
