//! What sources say of a project's pictures: which assets they name, and which pictures they name that nobody makes.
//!
//! Pure: gets texts, knows no disk. Words are looked for, not meaning, so that it reads any language; what could be meant
//! counts as meant.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aho_corasick::{AhoCorasick, BuildError};
use serde::Serialize;

/// What ends a picture's name.
const PICTURES: [&str; 7] = ["avif", "gif", "jpeg", "jpg", "png", "svg", "webp"];
/// What a folder's name is followed by where the rest is put together at run time.
const DYNAMIC: [char; 8] = ['{', '$', '*', '"', '\'', '`', '%', '<'];

/// An asset that sources are to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// The files that are made of it.
    pub(super) files: Vec<String>,
}

/// A picture that a source names and no asset makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Missing {
    pub(super) path: String,
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
}

/// All that there is to find, and what was found of it so far.
pub(super) struct Code {
    finder: AhoCorasick,
    /// What each of the finder's words stands for.
    words: Vec<Word>,
    names: Vec<String>,
    is_named: Vec<bool>,
    /// The folder of all outputs, with a slash at its end.
    folder: String,
    made: BTreeSet<String>,
    missing: BTreeMap<(String, String), usize>,
}

/// What it means that a word stands somewhere.
#[derive(Debug, Clone, Default)]
struct Word {
    /// The assets that it names.
    names: Vec<usize>,
    /// The assets that it names where the rest of a name is put together behind it.
    begins: Vec<usize>,
    /// Whether it is the folder of all outputs.
    is_folder: bool,
}

impl Code {
    /// `folder` is that of all outputs, with a slash at its end, or empty; `made` are all files that have a right to be there.
    pub(super) fn new(wanted: Vec<Wanted>, folder: &str, made: BTreeSet<String>) -> Result<Self, BuildError> {
        let mut words: HashMap<String, Word> = HashMap::new();
        for (index, asset) in wanted.iter().enumerate() {
            for word in names(asset, folder) {
                words.entry(word).or_default().names.push(index);
            }
            for (slash, _) in asset.name.match_indices('/') {
                words.entry(asset.name[..=slash].to_string()).or_default().begins.push(index);
            }
        }
        if !folder.is_empty() {
            words.entry(folder.to_string()).or_default().is_folder = true;
        }
        let (texts, words): (Vec<String>, Vec<Word>) = words.into_iter().unzip();
        let is_named = vec![false; wanted.len()];
        let names = wanted.into_iter().map(|asset| asset.name).collect();
        let (folder, missing) = (folder.to_string(), BTreeMap::new());
        Ok(Self { finder: AhoCorasick::new(&texts)?, words, names, is_named, folder, made, missing })
    }

    /// Reads one source.
    pub(super) fn read(&mut self, file: &str, text: &str) {
        for found in self.finder.find_overlapping_iter(text) {
            let word = &self.words[found.pattern()];
            let (before, after) = (&text[..found.start()], &text[found.end()..]);
            if before.chars().next_back().is_some_and(is_word) {
                continue;
            }
            let next = after.chars().next();
            if !next.is_some_and(is_word) {
                word.names.iter().for_each(|index| self.is_named[*index] = true);
            }
            if next.is_some_and(|next| DYNAMIC.contains(&next)) {
                word.begins.iter().for_each(|index| self.is_named[*index] = true);
            }
            if word.is_folder
                && is_root(before)
                && let Some(rest) = picture(after)
            {
                let path = format!("{}{rest}", self.folder);
                if !self.made.contains(&path) {
                    let line = before.matches('\n').count() + 1;
                    self.missing.entry((path, file.to_string())).or_insert(line);
                }
            }
        }
    }

    /// The assets that nobody names, and the pictures that nobody makes.
    pub(super) fn found(self) -> (Vec<String>, Vec<Missing>) {
        let unused = self.names.into_iter().zip(self.is_named).filter(|(_, is_named)| !is_named).map(|(name, _)| name);
        let missing = self.missing.into_iter().map(|((path, file), line)| Missing { path, file, line });
        (unused.collect(), missing.collect())
    }
}

/// Letters, digits, `_` and `-`: what a name may be a part of.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-')
}

/// What a path may hold beside that.
fn is_path(character: char) -> bool {
    is_word(character) || matches!(character, '.' | '/' | '@' | '+')
}

/// All words by which an asset may be meant.
fn names(asset: &Wanted, folder: &str) -> BTreeSet<String> {
    let last = asset.name.rsplit('/').next().unwrap_or(&asset.name);
    let mut names = BTreeSet::from([asset.name.clone(), constant(last)]);
    for file in &asset.files {
        names.insert(file.clone());
        names.extend(file.rsplit('/').next().map(str::to_string));
        names.extend(file.strip_prefix(folder).map(str::to_string));
    }
    names
}

/// A name as a Rust constant: `icon-heroBanner` is `ICON_HERO_BANNER`.
fn constant(name: &str) -> String {
    let mut constant = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && was_small {
            constant.push('_');
        }
        was_small = character.is_ascii_lowercase() || character.is_ascii_digit();
        constant.push(if character == '-' { '_' } else { character.to_ascii_uppercase() });
    }
    constant
}

/// Whether a path that begins here begins in the project's folder, as far as can be told: `./`, `../../` and `/` may lead there.
fn is_root(before: &str) -> bool {
    let before_it = before.char_indices().rev().find(|(_, character)| !is_path(*character));
    let way = &before[before_it.map_or(0, |(at, character)| at + character.len_utf8())..];
    way.is_empty()
        || (way.ends_with('/') && way.split('/').all(|part| matches!(part, "" | "." | "..")) && !way.contains("//"))
}

/// The path that stands here, if it is a picture's and written out.
fn picture(after: &str) -> Option<&str> {
    let end = after.find(|character| !is_path(character)).unwrap_or(after.len());
    let path = after[..end].trim_end_matches('.');
    let (stem, extension) = path.rsplit_once('.')?;
    let is_plain =
        !stem.is_empty() && !stem.ends_with('/') && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (is_plain && PICTURES.contains(&extension.to_ascii_lowercase().as_str())).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::cli::check::code::{Code, Missing, Wanted, constant};

    fn wanted(name: &str, files: &[&str]) -> Wanted {
        Wanted { name: name.to_string(), files: files.iter().map(ToString::to_string).collect() }
    }

    fn read(text: &str) -> (Vec<String>, Vec<Missing>) {
        let assets = vec![
            wanted("icons/sword", &["assets/icons/sword.png"]),
            wanted("heroBanner", &["assets/img/banner.webp", "assets/img/banner-640.webp"]),
        ];
        let made = assets.iter().flat_map(|asset| asset.files.clone()).collect::<BTreeSet<_>>();
        let mut code = Code::new(assets, "assets/", made).expect("few words");
        code.read("src/main.rs", text);
        code.found()
    }

    #[test]
    fn an_asset_is_named_by_its_name_its_constant_and_its_files() {
        for text in [
            "load(\"icons/sword\")",
            "icons/sword",
            "IMAGES.SWORD;",
            "/assets/icons/sword.png",
            "url(icons/sword.png)",
            "the file sword.png.",
            "`icons/${kind}.png`",
            "\"icons/\" + kind",
            "icons/{kind}",
            "icons/*.png",
            "icons/%s",
            "icons/<kind>",
        ] {
            assert_eq!(read(text).0, ["heroBanner"], "{text}");
        }
        for text in ["heroBanner", "HERO_BANNER", "img/banner.webp", "banner-640.webp", "é\nheroBanner\né"] {
            assert_eq!(read(text).0, ["icons/sword"], "{text}");
        }
    }

    #[test]
    fn a_part_of_another_word_names_nothing() {
        for text in [
            "sword",
            "icons/swords",
            "icons/sword-2",
            "icons/sword_2",
            "my-icons/sword",
            "SWORDS",
            "THE_SWORD",
            "longsword.png",
            "herobanner",
            "heroBanners",
            "éheroBanner",
            "heroBanneré",
            "banner-320.webp",
            "icons/",
            "icons/ \"",
            "emoticons/${kind}",
        ] {
            assert_eq!(read(text).0, ["icons/sword", "heroBanner"], "{text}");
        }
    }

    #[test]
    fn a_picture_below_the_output_folder_that_nobody_makes_is_missing() {
        for (text, path) in [
            ("assets/axe.png", "assets/axe.png"),
            ("src=\"/assets/a/b.WEBP?v=2\"", "assets/a/b.WEBP"),
            ("url(../assets/axe.svg)", "assets/axe.svg"),
            ("./../assets/axe@2x.png", "assets/axe@2x.png"),
            ("See assets/axe.png.", "assets/axe.png"),
            ("“assets/axe.png”", "assets/axe.png"),
        ] {
            let expected = Missing { path: path.to_string(), file: "src/main.rs".to_string(), line: 2 };
            assert_eq!(read(&format!("\n{text}\n{text}")).1, [expected], "{text}");
        }
        for text in [
            "assets/icons/sword.png",
            "assets/axe.txt",
            "assets/${kind}.png",
            "assets/axe-{n}.png",
            "assets/*.png",
            "assets/",
            "assets/.png",
            "assets/../axe.png",
            "src/assets/axe.png",
            "https://example.com/assets/axe.png",
            "//assets/axe.png",
            "my-assets/axe.png",
        ] {
            assert_eq!(read(text).1, [], "{text}");
        }
    }

    #[test]
    fn where_outputs_lie_beside_the_manifest_no_picture_is_missed() {
        let mut code = Code::new(vec![wanted("hero", &["hero.png"])], "", BTreeSet::new()).expect("few words");
        code.read("index.html", "<img src=hero.png><img src=axe.png>");
        assert_eq!(code.found(), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_constant_is_the_name_in_capitals_with_its_words_apart() {
        for (name, text) in [
            ("sword", "SWORD"),
            ("long-sword", "LONG_SWORD"),
            ("longSword2Big", "LONG_SWORD2_BIG"),
            ("URL", "URL"),
            ("a_b", "A_B"),
        ] {
            assert_eq!(constant(name), text);
        }
    }
}
