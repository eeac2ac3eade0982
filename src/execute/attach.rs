//! The reference pictures of a recipe, read just before they are sent: exactly the bytes that the recipe names.

use std::sync::Arc;

use crate::digest::Digest;
use crate::execute::{Run, fetch};
use crate::name::{AssetName, ProjectPath};
use crate::picture::{Format, Picture};
use crate::plan::Note;
use crate::provider::Attachment;
use crate::recipe::{Origin, Recipe, Reference};
use crate::transform::{Settings, TransformError, transform};

/// A drawing is sent so large at least, in pixels of its longer side.
const DRAWN: u32 = 1024;

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
    let (what, bytes) = match &reference.origin {
        Origin::Path(path) => (format!("`{path}`"), file(run, ProjectPath::new(path).ok()).await),
        Origin::Asset(other) => (format!("the original of `{other}`"), of_asset(run, other, hash).await),
        Origin::Url(url) => (url.clone(), fetched(run, url, hash).await),
    };
    let failed = |why: &str| {
        let message = format!("`{name}` was not asked for: its reference {what} can't be sent: {why}");
        Note::new("reference", message, "run `tintype sync` again")
    };
    let bytes = bytes.map_err(|why| failed(&why))?;
    if Digest::of(&bytes) != hash {
        return Err(failed("it changed while this run was under way"));
    }
    let picture = Picture::read(&bytes).map_err(|why| failed(&format!("it is {why}")))?;
    if picture.format.is_sent() {
        return Ok(Attachment { bytes, format: picture.format });
    }
    let drawn = tokio::task::spawn_blocking(move || as_png(&bytes, &picture)).await;
    let bytes = drawn.map_err(|panic| failed(&panic.to_string()))?.map_err(|why| failed(&why.to_string()))?;
    Ok(Attachment { bytes, format: Format::Png })
}

/// A picture of a format that vendors don't take, as one that they do; a drawing large enough to see what it shows.
fn as_png(bytes: &[u8], picture: &Picture) -> Result<Vec<u8>, TransformError> {
    let side = picture.width.max(picture.height).max(DRAWN);
    let (width, height) = match picture.format {
        Format::Svg if picture.width >= picture.height => (Some(side), None),
        Format::Svg => (None, Some(side)),
        _ => (None, None),
    };
    let settings = Settings { width, height, ..Settings::of(Format::Png) };
    Ok(transform(bytes, &settings)?.bytes.into_owned())
}

async fn file(run: &Run<'_>, path: Option<ProjectPath>) -> Result<Vec<u8>, String> {
    let path = path.ok_or("it is no path of this project")?;
    let files = Arc::clone(run.files);
    let read = tokio::task::spawn_blocking(move || files.read_picture(&path).map_err(|error| error.reason));
    read.await.map_err(|panic| panic.to_string())?
}

async fn of_asset(run: &Run<'_>, name: &str, hash: Digest) -> Result<Vec<u8>, String> {
    let source = run.assets.by_name.get(name).and_then(|other| run.assets.source_file(other));
    match source {
        Some(path) => file(run, Some(path.clone())).await,
        None => {
            let place = run.place();
            let read = tokio::task::spawn_blocking(move || place.original(hash));
            read.await.map_err(|panic| panic.to_string())?.map_err(|_| "it is in no cache".to_string())
        }
    }
}

/// A picture on the web: as it was when it was pinned.
async fn fetched(run: &Run<'_>, url: &str, hash: Digest) -> Result<Vec<u8>, String> {
    if let Some(bytes) = run.cache.reference(hash) {
        return Ok(bytes);
    }
    let found = fetch(run.cache, run.trusted_hosts, url).await?;
    if found != hash {
        return Err(
            "it isn't the picture any more that images.lock has; `tintype sync --refresh` takes it as it is now"
                .to_string(),
        );
    }
    run.cache.reference(hash).ok_or_else(|| "the cache has lost it".to_string())
}
