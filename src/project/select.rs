//! Which assets are meant: by name, by glob, by tag, with what they refer to or alone.

use std::collections::BTreeSet;

use wildmatch::WildMatch;

use crate::diagnostic::nearest;
use crate::name::AssetName;
use crate::plan::Note;
use crate::project::{Project, ProjectError};

/// Which assets are meant.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names or globs; all where empty.
    pub names: Vec<String>,
    /// Assets with one of these tags; all where empty.
    pub tags: Vec<String>,
    /// Without what they refer to.
    pub alone: bool,
}

impl Selection {
    /// Whether no asset is left out.
    pub fn is_everything(&self) -> bool {
        self.names.is_empty() && self.tags.is_empty()
    }
}

impl Project {
    /// The assets that are meant, with all that they refer to; `None`: the whole project.
    pub fn select(&self, selection: &Selection) -> Result<Option<BTreeSet<AssetName>>, ProjectError> {
        if selection.names.is_empty() && selection.tags.is_empty() {
            return Ok(None);
        }
        let mut selected: BTreeSet<AssetName> = self.named(&selection.names)?.into_iter().collect();
        let tagged = |name: &AssetName| self.assets.by_name[name].tags.iter().any(|tag| selection.tags.contains(tag));
        if !selection.tags.is_empty() {
            let named = !selection.names.is_empty();
            let all = self.assets.by_name.keys().filter(|name| tagged(name) && (!named || selected.contains(*name)));
            selected = all.cloned().collect();
            if selected.is_empty() {
                let message = format!("no asset has the tag `{}`", selection.tags.join("`, `"));
                return Err(ProjectError::NoSuchAsset(Note::new(
                    "no-such-asset",
                    message,
                    "`tintype list` shows all assets and their tags",
                )));
            }
        }
        let mut open: Vec<AssetName> = selected.iter().filter(|_| !selection.alone).cloned().collect();
        while let Some(name) = open.pop() {
            open.extend(
                self.assets.by_name[&name].refers_to().filter(|other| selected.insert((*other).clone())).cloned(),
            );
        }
        Ok(Some(selected))
    }

    /// The assets of these names or globs, each of which has to name one.
    pub(crate) fn named(&self, patterns: &[String]) -> Result<Vec<AssetName>, ProjectError> {
        let mut named = BTreeSet::new();
        for pattern in patterns {
            let glob = WildMatch::new(pattern);
            let mut matches = self.assets.by_name.keys().filter(|name| glob.matches(name.as_str())).peekable();
            if matches.peek().is_none() {
                return Err(self.no_such_asset(pattern));
            }
            named.extend(matches.cloned());
        }
        Ok(named.into_iter().collect())
    }

    fn no_such_asset(&self, pattern: &str) -> ProjectError {
        let near = nearest(pattern, self.assets.by_name.keys().map(AssetName::as_str));
        let help = near
            .map_or_else(|| "`tintype list` shows all assets".to_string(), |near| format!("did you mean `{near}`?"));
        ProjectError::NoSuchAsset(Note::new("no-such-asset", format!("no asset is called `{pattern}`"), help))
    }
}
