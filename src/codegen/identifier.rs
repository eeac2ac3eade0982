//! From a picture's name to a path of Rust identifiers: modules for its folders, a constant for its last part.

/// Words that can't be identifiers as they are, but can with `r#`.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
/// The module of all atlases.
pub(crate) const ATLASES: &str = "atlases";
/// Words that can't be identifiers at all.
const PATHS: [&str; 3] = ["crate", "self", "super"];

/// `icons/iron-sword` is `icons`, `IRON_SWORD`.
pub(crate) fn identifiers(name: &str) -> Vec<String> {
    let mut parts: Vec<&str> = name.split('/').collect();
    let last = parts.pop().unwrap_or_default();
    parts.into_iter().map(module).chain([constant(last)]).collect()
}

/// The module in which an atlas's frames are.
pub(crate) fn atlas_module(name: &str) -> Vec<String> {
    std::iter::once(ATLASES.to_string()).chain(name.split('/').map(module)).collect()
}

fn module(part: &str) -> String {
    let name = snake(part);
    match name.as_str() {
        word if KEYWORDS.contains(&word) => format!("r#{word}"),
        word if PATHS.contains(&word) => format!("{word}_"),
        _ => name,
    }
}

fn constant(part: &str) -> String {
    snake(part).to_ascii_uppercase()
}

/// Lower case, words apart, and nothing that can't stand in an identifier.
fn snake(part: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for character in part.chars() {
        if character.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            name.push('_');
        }
        name.push(if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' });
        before = character;
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) || name == "_" || name.is_empty() {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    use crate::codegen::identifier::{KEYWORDS, identifiers};

    #[test]
    fn names_become_identifiers() {
        let table = [
            ("hero", "HERO"),
            ("icons/iron-sword", "icons::IRON_SWORD"),
            ("ui/Button", "ui::BUTTON"),
            ("ui/heroBig", "ui::HERO_BIG"),
            ("HTML5/logo2x", "html5::LOGO2X"),
            ("16-ton", "_16_TON"),
            ("3d/cube", "_3d::CUBE"),
            ("type/match", "r#type::MATCH"),
            ("self/crate/super", "self_::crate_::SUPER"),
            ("-/_", "__::__"),
            ("--", "__"),
        ];
        for (name, path) in table {
            assert_eq!(identifiers(name).join("::"), path, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn whatever_the_name_they_are_identifiers(name in "[A-Za-z0-9_-]{1,12}(/[A-Za-z0-9_-]{1,12}){0,3}") {
            for part in identifiers(&name) {
                let bare = part.strip_prefix("r#").unwrap_or(&part);
                prop_assert!(bare.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'), "{}", part);
                prop_assert!(bare != "_" && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{}", part);
                prop_assert!(!KEYWORDS.contains(&part.as_str()), "{}", part);
            }
        }
    }
}
