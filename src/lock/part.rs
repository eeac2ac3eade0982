//! Some entries of a lockfile's text, and the text with those entries as they are now: what a run that works on a few
//! assets of many reads and writes.
//!
//! Only for a text in which each line `[[asset]]` begins an entry, as in all that tintype writes.

use std::collections::BTreeMap;

use memchr::memmem::{Finder, find_iter};

use crate::lock::canonical::ENTRY;
use crate::manifest::quote::quote;
use crate::name::AssetName;

/// The lockfile with the entries of `names` alone. None where that can't be told from its lines.
pub(crate) fn part<'a>(text: &str, names: impl Iterator<Item = &'a AssetName>) -> Option<String> {
    if ["\"\"\"", "'''"].iter().any(|quotes| occurrences(text, quotes) > 0) {
        return None;
    }
    let mut wanted: BTreeMap<String, usize> = names.map(|name| (quote(name.as_str()), 0)).collect();
    let (head, entries) = entries(text);
    let mut part = head.to_string();
    for entry in entries {
        if let Some(seen) = wanted.get_mut(name(entry)?) {
            *seen += 1;
            part.push_str(entry);
        }
    }
    wanted.values().all(|seen| *seen == 1).then_some(part)
}

/// The lockfile with each entry that `part` has, too, in place of its own.
pub(crate) fn with_part(text: &str, part: &str) -> String {
    let (_, changed) = entries(part);
    let changed: BTreeMap<&str, &str> = changed.filter_map(|entry| Some((name(entry)?, entry))).collect();
    let (head, entries) = entries(text);
    let mut whole = String::with_capacity(text.len() + part.len());
    whole.push_str(head);
    for entry in entries {
        whole.push_str(name(entry).and_then(|name| changed.get(name)).unwrap_or(&entry));
    }
    whole
}

/// How often `what` stands in a text.
pub(crate) fn occurrences(text: &str, what: &str) -> usize {
    find_iter(text.as_bytes(), what).count()
}

/// What stands before the first entry, and each entry with its title.
fn entries(text: &str) -> (&str, impl Iterator<Item = &str>) {
    let finder = Finder::new(ENTRY);
    let find = move |text: &str| finder.find(text.as_bytes());
    let (head, mut rest) = text.split_at(find(text).unwrap_or(text.len()));
    let next = move || {
        let end = find(rest.get(1..)?).map_or(rest.len(), |end| end + 1);
        let (entry, after) = rest.split_at(end);
        rest = after;
        Some(entry)
    };
    (head, std::iter::from_fn(next))
}

/// An entry's name as it is written.
fn name(entry: &str) -> Option<&str> {
    entry.strip_prefix(ENTRY)?.strip_prefix("name = ")?.split_once('\n').map(|(name, _)| name)
}
