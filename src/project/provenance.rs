//! Where each picture comes from: which a model drew, which one, when, and what hands have done since. For stores and laws
//! that want to know.

use crate::files::FileState;
use crate::lock::{Entry, EntryOrigin, Lockfile, Take, TakeKind};
use crate::name::{AssetName, ProjectPath};
use crate::project::{Project, ProjectError};
use crate::recipe::Origin;

/// Where one picture comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The asset.
    pub name: AssetName,
    /// Who made it.
    pub maker: Maker,
    /// Whether one of its files isn't as it was made, or was brought in by hand.
    pub is_edited: bool,
    /// Its files.
    pub files: Vec<ProjectPath>,
}

/// Who made a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Maker {
    /// A model.
    Model {
        /// Its canonical name.
        model: String,
        /// The provider that was asked, and its id for the model; none for a picture that was brought in by hand.
        vendor: Option<(String, String)>,
        /// When, as `2026-11-20T21:04:05Z`, where that is known.
        date: Option<String>,
    },
    /// People.
    Hand,
    /// Nobody yet.
    Nobody,
}

impl Project {
    /// Where each declared picture comes from, by name. Reads the lockfile, and looks at the files.
    pub fn provenance(&self) -> Result<Vec<Provenance>, ProjectError> {
        let text = self.files.read_lockfile()?;
        let lock = text.as_deref().map(Lockfile::read).transpose()?.unwrap_or_default();
        Ok(self.assets.by_name.keys().map(|name| self.provenance_of(name, &lock)).collect())
    }

    fn provenance_of(&self, name: &AssetName, lock: &Lockfile) -> Provenance {
        let entry = lock.get(name);
        let files = entry.map_or(Vec::new(), |entry| entry.outputs.iter().map(|output| output.path.clone()).collect());
        let is_other = |entry: &Entry| {
            entry.outputs.iter().any(|output| match self.files.look(&output.path) {
                FileState::File { digest } => digest != output.hash && self.cache.made(digest).is_empty(),
                FileState::Missing => false,
                FileState::Other(_) | FileState::Unreadable(_) => true,
            })
        };
        let take = chosen(name, lock);
        let is_adopted = take.is_some_and(|(_, take)| take.kind == Some(TakeKind::Adopted));
        let maker = match (entry, take) {
            (None, _) => Maker::Nobody,
            (Some(_), None) => Maker::Hand,
            (Some(_), Some((model, take))) => Maker::Model {
                model: model.to_string(),
                vendor: (!is_adopted).then(|| (take.provider.clone(), take.model_id.clone())),
                date: take.generated.clone(),
            },
        };
        Provenance { name: name.clone(), maker, is_edited: is_adopted || entry.is_some_and(is_other), files }
    }
}

/// The model and the take that an asset's files are made of: its own, or that of the asset whose original it shares. None of a
/// picture made by hand.
pub(crate) fn chosen<'a>(name: &AssetName, lock: &'a Lockfile) -> Option<(&'a str, &'a Take)> {
    let mut entry = lock.get(name)?;
    // As many steps as there are entries: a circle is refused in a manifest, and not in a lockfile.
    for _ in 0..lock.entries.len() {
        match &entry.origin {
            EntryOrigin::Generated(generated) => {
                let (_, take) = generated.take(generated.chosen)?;
                return Some((&generated.recipe.model, take));
            }
            EntryOrigin::Source { origin: Origin::Asset(other), .. } => {
                entry = lock.get(&AssetName::new(other).ok()?)?;
            }
            EntryOrigin::Source { .. } => return None,
        }
    }
    None
}
