//! A recipe some of whose references aren't known by content yet, and what completes it.

use crate::digest::Digest;
use crate::manifest::Place;
use crate::name::{AssetName, ProjectPath, TakeId};
use crate::recipe::{Origin, Recipe, Reference};

/// A recipe whose references to other assets may still be open, and what is asked beside it.
#[derive(Debug, Clone)]
pub struct OpenRecipe {
    /// The recipe but for its references.
    pub recipe: Recipe,
    /// The references, in order.
    pub references: Vec<OpenReference>,
    /// Providers in order of preference; the registry's order where none is named.
    pub providers: Option<Vec<String>>,
    /// How many takes to have.
    pub takes: u32,
    /// Where the size, or else the model, is written: for errors about what the model can do.
    pub size_place: Option<Place>,
    /// Where the model is written.
    pub model_place: Place,
}

/// A reference whose bytes are known, or will be once another asset is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReference {
    /// Where its bytes come from.
    pub origin: OpenOrigin,
    /// What the model is told that it shows.
    pub hint: Option<String>,
}

/// Where the bytes of a reference come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenOrigin {
    /// A file of the project.
    File {
        /// The file.
        path: ProjectPath,
        /// The digest of its bytes.
        hash: Digest,
    },
    /// Another asset's original.
    Asset {
        /// The asset.
        name: AssetName,
        /// Which of its takes; the chosen one where absent.
        take: Option<TakeId>,
    },
    /// A picture on the web: fetched once, then pinned by its hash.
    Url(String),
}

impl OpenRecipe {
    /// The recipe, once `hash_of` knows the content of every reference that isn't a file.
    pub fn complete(&self, hash_of: &dyn Fn(&OpenOrigin) -> Option<Digest>) -> Option<Recipe> {
        let complete = |reference: &OpenReference| {
            let (origin, hash) = match &reference.origin {
                OpenOrigin::File { path, hash } => (Origin::Path(path.to_string()), *hash),
                open @ OpenOrigin::Asset { name, .. } => (Origin::Asset(name.to_string()), hash_of(open)?),
                open @ OpenOrigin::Url(url) => (Origin::Url(url.clone()), hash_of(open)?),
            };
            Some(Reference { origin, hash, hint: reference.hint.clone() })
        };
        let references = self.references.iter().map(complete).collect::<Option<Vec<_>>>()?;
        Some(Recipe { references, ..self.recipe.clone() })
    }
}
