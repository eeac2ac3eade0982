//! Names of assets and paths in the project: checked once, then trusted.
//!
//! Looks at text only; what lies on the disk at a path is for [`crate::files`] to say.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::digest::Digest;

/// The name of an asset: ASCII letters, digits, `-`, `_`, and `/` between folders.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetName(String);

impl AssetName {
    /// Checks a name; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name can't be empty".to_string());
        }
        if let Some(character) = text.chars().find(|character| !is_name_character(*character)) {
            return Err(format!("`{character}` can't stand in a name"));
        }
        if text.split('/').any(str::is_empty) {
            return Err("each folder of a name needs letters: no `/` at the ends, no `//`".to_string());
        }
        if text.len() > 200 {
            return Err(format!("a name has at most 200 characters, this one has {}", text.len()));
        }
        Ok(Self(text.to_string()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '/')
}

/// What to write instead of a name that isn't one.
pub fn suggest_name(text: &str) -> Option<String> {
    let replaced: String =
        text.chars().map(|character| if is_name_character(character) { character } else { '-' }).collect();
    let name =
        replaced.split('/').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect::<Vec<_>>();
    AssetName::new(&name.join("/")).ok().map(|name| name.0)
}

impl fmt::Display for AssetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for AssetName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A path of a file in the project, relative to the manifest's folder, with `/` on every system, without `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPath(String);

/// Names that Windows keeps for devices, whatever their extension.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

impl ProjectPath {
    /// Checks a path; the error says what is wrong with it. `.` parts are dropped.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a path can't be empty".to_string());
        }
        if text.contains('\0') {
            return Err("a path can't hold a NUL character".to_string());
        }
        if text.starts_with('/') || text.starts_with('~') || text.get(1..2) == Some(":") {
            return Err("the path leaves the project: it must be relative to the manifest's folder".to_string());
        }
        if text.contains('\\') {
            return Err("the path has a `\\`: write `/`, on every system".to_string());
        }
        let mut parts = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty() && *part != ".") {
            check_part(part)?;
            parts.push(part);
        }
        if parts.is_empty() {
            return Err("the path names a folder, not a file".to_string());
        }
        Ok(Self(parts.join("/")))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two paths have in common that some file system takes for one: letter case and Unicode form don't count.
    pub fn folded(&self) -> String {
        if self.0.is_ascii() {
            return self.0.to_ascii_lowercase();
        }
        self.0.nfc().flat_map(char::to_lowercase).nfc().collect()
    }

    /// The extension of the last part, without the dot.
    pub fn extension(&self) -> Option<&str> {
        let file = self.0.rsplit('/').next().unwrap_or(&self.0);
        file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }
}

fn check_part(part: &str) -> Result<(), String> {
    if part == ".." {
        return Err("the path leaves the project: `..` can't stand in it".to_string());
    }
    if part.len() > 255 {
        return Err(format!("a part of the path has {} bytes; file systems allow 255", part.len()));
    }
    if part.ends_with(['.', ' ']) {
        return Err(format!("`{part}` ends in a dot or a space, which Windows drops"));
    }
    if let Some(character) = part.chars().find(|character| character.is_control() || r#"<>:"|?*"#.contains(*character))
    {
        return Err(format!("`{}` can't stand in a file name on Windows", character.escape_default()));
    }
    let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
    if DEVICES.contains(&stem.as_str()) {
        return Err(format!("`{part}` is the name of a device on Windows"));
    }
    Ok(())
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A take as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeId {
    /// By its number, from 1.
    Number(usize),
    /// By its hash in hexadecimal digits, or by as much of it as is unique.
    Hash(String),
}

/// Fewer digits of a hash are a slip of the hand.
const SHORTEST_HASH: usize = 4;

impl TakeId {
    /// Reads `2`, `b3:1f0c…` or `1f0c…`; `None` if it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<u16>() {
            return (number > 0).then(|| Self::Number(usize::from(number)));
        }
        let digits = text.strip_prefix("b3:").unwrap_or(text).to_ascii_lowercase();
        let is_hash = (SHORTEST_HASH..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then_some(Self::Hash(digits))
    }

    /// The take that is meant, among all of an asset in their order; `None` where there is none, or more than one.
    pub fn find(&self, takes: &[Digest]) -> Option<Digest> {
        match self {
            Self::Number(number) => takes.get(number.checked_sub(1)?).copied(),
            Self::Hash(digits) => {
                let mut meant = takes.iter().filter(|take| take.hex().starts_with(digits.as_str()));
                meant.next().filter(|_| meant.next().is_none()).copied()
            }
        }
    }
}

impl fmt::Display for TakeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Hash(digits) => write!(formatter, "b3:{digits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AssetName, ProjectPath, TakeId, suggest_name};
    use crate::digest::Digest;

    #[test]
    fn a_take_is_named_by_number_or_by_hash() {
        let takes = [Digest::of(b"one"), Digest::of(b"two")];
        let find = |text: &str| TakeId::parse(text).and_then(|take| take.find(&takes));
        assert_eq!(find("2"), Some(takes[1]));
        assert_eq!(find("3"), None);
        assert_eq!(find(&takes[0].to_string()), Some(takes[0]));
        assert_eq!(find(&takes[0].hex()[..6].to_uppercase()), Some(takes[0]));
        for bad in ["", "0", "-1", "b3:", "b3:12", "first", "b3:xyzxyz"] {
            assert_eq!(TakeId::parse(bad), None, "{bad}");
        }
        assert_eq!(TakeId::Hash(String::new()).find(&takes), None, "two begin like that");
    }

    #[test]
    fn names_are_letters_digits_and_folders() {
        for good in ["hero", "ui/button", "a-b_c/1"] {
            assert!(AssetName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a b", "ä", "a.b", "../x"] {
            assert!(AssetName::new(bad).is_err(), "{bad}");
        }
        assert_eq!(suggest_name("ui button.png").as_deref(), Some("ui-button-png"));
        assert_eq!(suggest_name("é"), None);
    }

    #[test]
    fn paths_stay_inside_and_work_on_every_system() {
        let long = "x".repeat(300);
        for bad in [
            "",
            "/etc/x",
            "../x",
            "a/../../x",
            "a/..",
            "C:\\x",
            "C:/x",
            "~/x",
            "a\\b",
            "x.",
            "x ",
            "CON",
            "con.png",
            "a/aux.txt",
            "a:b",
            "a\nb",
            "a\0b",
            "what?.png",
            long.as_str(),
            ".",
            "./",
        ] {
            assert!(ProjectPath::new(bad).is_err(), "{bad:?}");
        }
        for (good, normal) in [("a/b.png", "a/b.png"), ("./a//b.png", "a/b.png"), ("console.png", "console.png")] {
            assert_eq!(ProjectPath::new(good).map(|path| path.to_string()).as_deref(), Ok(normal));
        }
    }

    #[test]
    fn twins_fold_to_one() {
        let folded = |text: &str| ProjectPath::new(text).expect("a good path").folded();
        assert_eq!(folded("A/Hero.PNG"), folded("a/hero.png"));
        assert_eq!(folded("caf\u{e9}.png"), folded("cafe\u{301}.png"));
    }

    #[test]
    fn an_extension_is_what_follows_the_last_dot_of_the_file() {
        let extension = |text: &str| ProjectPath::new(text).expect("a good path").extension().map(str::to_string);
        assert_eq!(extension("a.b/c.tar.gz").as_deref(), Some("gz"));
        assert_eq!(extension("a.b/c"), None);
        assert_eq!(extension(".hidden"), None);
    }
}
