//! What an edit of a manifest touches, where that is told by comparing texts: the tables of single assets that differ.
//!
//! Reads no TOML: it cuts the text at its headers. Whatever could make a line that looks like a header something else is
//! no excerpt at all, and the excerpt is parsed like any manifest.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::AssetName;

/// A manifest with everything but the tables of assets that are as they were.
#[derive(Debug, PartialEq)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// The assets whose tables differ.
    pub(crate) touched: BTreeSet<AssetName>,
}

/// A header's line and all up to the next one; the first part of a manifest has none.
struct Part<'a> {
    text: &'a str,
    /// The asset whose table it is, or belongs to.
    asset: Option<&'a str>,
}

/// The excerpt of `now` that differs from `before`. None where more may differ than tables of assets that both have.
pub(crate) fn excerpt(before: &str, now: &str) -> Option<Excerpt> {
    let (before, now) = (parts(before), parts(now));
    let is_alike = |(before, now): (&Part<'_>, &Part<'_>)| {
        before.asset == now.asset && (before.text == now.text || (before.is_closed() && now.is_closed()))
    };
    if before.len() != now.len() || !before.iter().zip(&now).all(is_alike) {
        return None;
    }
    let differing = before.iter().zip(&now).filter(|(before, now)| before.text != now.text);
    let names: BTreeMap<&str, AssetName> =
        differing.map(|(_, now)| Some((now.asset?, AssetName::new(now.asset?).ok()?))).collect::<Option<_>>()?;
    let is_in = |part: &&Part<'_>| part.asset.is_none_or(|asset| names.contains_key(asset));
    let text = now.iter().filter(is_in).map(|part| part.text).collect();
    Some(Excerpt { text, touched: names.into_values().collect() })
}

impl Part<'_> {
    /// Whether no text of several lines begins in it and goes on in the next part: that one's header would be none.
    fn is_closed(&self) -> bool {
        ["\"\"\"", "'''"].iter().all(|quotes| self.text.matches(quotes).count().is_multiple_of(2))
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut asset, mut at) = (0, None, 0);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            parts.push(Part { text: &text[start..at], asset });
            (start, asset) = (at, asset_of(line.trim_start()));
        }
        at += line.len();
    }
    parts.push(Part { text: &text[start..], asset });
    parts
}

/// The asset of a header as most people write it: `[assets.NAME]`, or of a table of its own keys.
fn asset_of(header: &str) -> Option<&str> {
    let key = header.trim_start_matches('[').strip_prefix("assets.")?;
    let (name, rest) = match key.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').filter(|(name, _)| !name.contains(['\\', '{']))?,
        None => key.split_at(key.find(|next: char| !(next.is_ascii_alphanumeric() || "-_".contains(next)))?),
    };
    (!name.is_empty() && rest.starts_with([']', '.'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    const BEFORE: &str = "\
[defaults]
model = \"placeholder\"

[assets.one]
prompt = \"one\"

[assets.one.output]
width = 10

[assets.\"ui/two\"]
prompt = \"\"\"
two\"\"\"

[styles.plain]
prompt = \"{{ prompt }}\"

[assets.\"many/{{ item }}\"]
prompt = \"{{ item }}\"
matrix = { item = [\"a\"] }
";

    fn cut(now: &str) -> Option<(String, Vec<String>)> {
        let excerpt = excerpt(BEFORE, now)?;
        Some((excerpt.text, excerpt.touched.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn an_edit_of_one_asset_leaves_out_the_other_ones() {
        let (text, touched) = cut(&BEFORE.replace("\"one\"", "\"another\"")).expect("an excerpt");
        assert_eq!(touched, ["one"]);
        assert!(
            text.contains("another")
                && text.contains("width = 10")
                && text.contains("styles")
                && text.contains("many/")
        );
        assert!(!text.contains("ui/two"));
        let (text, touched) = cut(&BEFORE.replace("two\"\"\"", "too\"\"\"")).expect("an excerpt");
        assert_eq!(touched, ["ui/two"]);
        assert!(text.contains("too\"\"\"") && !text.contains("assets.one"));
        assert_eq!(cut(BEFORE).expect("nothing differs").1, Vec::<String>::new());
    }

    #[test]
    fn what_may_touch_more_has_no_excerpt() {
        let edits = [
            ("a default", "placeholder", "other"),
            ("a style", "{{ prompt }}", "{{ prompt }}, flat"),
            ("an asset of several cells", "[\"a\"]", "[\"a\", \"b\"]"),
            ("a new asset", "[assets.one]\n", "[assets.new]\nprompt = \"new\"\n[assets.one]\n"),
            ("an asset that is gone", "[assets.one.output]\nwidth = 10\n", ""),
            ("another name", "ui/two", "ui/too"),
            ("a text that swallows the next asset", "prompt = \"one\"", "prompt = \"\"\"one"),
            ("an indented header", "width = 10\n", "width = 10\n  [assets.new]\n"),
        ];
        for (what, from, to) in edits {
            assert!(BEFORE.contains(from), "{what}");
            assert_eq!(cut(&BEFORE.replacen(from, to, 1)), None, "{what}");
        }
    }
}
