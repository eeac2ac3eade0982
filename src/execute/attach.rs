//! The reference pictures of a recipe, read just before they are sent: exactly the bytes that the recipe names.

use std::sync::Arc;

use crate::digest::Digest;
use crate::execute::Run;
use crate::name::{AssetName, ProjectPath};
use crate::picture::Picture;
use crate::plan::Note;
use crate::provider::Attachment;
use crate::publish::original;
use crate::recipe::{Origin, Recipe, Reference};
use crate::resolve::AssetOrigin;

/// Reads all references of a recipe, in order.
pub(super) async fn attach(run: &Run<'_>, name: &AssetName, recipe: &Recipe) -> Result<Arc<Vec<Attachment>>, Note> {
    let mut attachments = Vec::with_capacity(recipe.references.len());
    for reference in &recipe.references {
        attachments.push(read(run, name, reference).await?);
    }
    Ok(Arc::new(attachments))
}

async fn read(run: &Run<'_>, name: &AssetName, reference: &Reference) -> Result<Attachment, Note> {
    let hash = reference.hash;
    let (what, file) = match &reference.origin {
        Origin::Path(path) => (format!("`{path}`"), ProjectPath::new(path).ok()),
        Origin::Asset(other) => (format!("the original of `{other}`"), source_of(run, other)),
    };
    let bytes = match file {
        Some(path) => {
            let files = Arc::clone(run.files);
            tokio::task::spawn_blocking(move || files.read_picture(&path).map_err(|error| error.reason)).await
        }
        None => Ok(original(run.cache, run.files, run.lock, hash).map_err(|_| "it is in no cache".to_string())),
    };
    let failed = |why: &str| {
        let message = format!("`{name}` was not asked for: its reference {what} can't be sent: {why}");
        Note::new("reference", message, "run `tintype sync` again")
    };
    let bytes = bytes.map_err(|panic| failed(&panic.to_string()))?.map_err(|why| failed(&why))?;
    if Digest::of(&bytes) != hash {
        return Err(failed("it changed while this run was under way"));
    }
    let format = Picture::read(&bytes).map_err(|why| failed(&format!("it is {why}")))?.format;
    Ok(Attachment { bytes, format })
}

/// The file of an asset that was made by hand.
fn source_of(run: &Run<'_>, name: &str) -> Option<ProjectPath> {
    match &run.assets.by_name.get(name)?.origin {
        AssetOrigin::Source { path, .. } => Some(path.clone()),
        AssetOrigin::Generated(_) => None,
    }
}
