//! The pictures that the page shows: outputs, originals, references, and small ones of them. Nothing else of the machine.

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};

use crate::cli::gallery::detail::Whole;
use crate::cli::gallery::guard::SANDBOX;
use crate::cli::gallery::hub::Hub;
use crate::digest::Digest;
use crate::lock::Entry;
use crate::name::ProjectPath;
use crate::picture::Picture;
use crate::project::Project;
use crate::resolve::Asset;

/// A picture under an address that changes with it.
const FOR_EVER: &str = "private, max-age=31536000, immutable";
/// One under an address that stays.
const AGAIN: &str = "private, no-cache";

/// An answer to a request that has these headers.
pub(super) fn answer(bytes: Vec<u8>, kind: &str, cache: &str, asked: &HeaderMap) -> Response<Body> {
    let etag = format!("\"{}\"", &Digest::of(&bytes).hex()[..32]);
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag));
    let built = Response::builder()
        .status(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
        .header(header::ETAG, etag)
        .header(header::CACHE_CONTROL, cache);
    let built =
        if is_known { built.body(Body::empty()) } else { built.header(header::CONTENT_TYPE, kind).body(bytes.into()) };
    built.expect("these headers are sound")
}

/// A picture. Should somebody open it by itself, no script in it runs.
fn picture(bytes: Vec<u8>, cache: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let kind = match Picture::read_output(&bytes) {
        Ok(picture) => picture.format.media_type(),
        // Only pictures leave by this door.
        Err(_) => return None,
    };
    let mut answer = answer(bytes, kind, cache, asked);
    let sandbox = header::HeaderValue::from_static(SANDBOX);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, sandbox);
    Some(answer)
}

/// The small picture of an asset.
pub(super) fn thumb(hub: &Hub, name: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let (project, shown) = (hub.viewer()?, hub.row(name)?.picture?);
    picture(small(&project, shown.bytes(&project)?), FOR_EVER, asked)
}

/// An original that some asset has as a take; small, if that is wanted.
pub(super) fn original(whole: &Whole, hash: &str, is_small: bool, asked: &HeaderMap) -> Option<Response<Body>> {
    let hash: Digest = hash.parse().ok()?;
    // The cache is other projects', too.
    let mut takes = whole.survey.lock.entries.values().flat_map(Entry::takes);
    let bytes = whole.project.read_original(takes.find(|take| take.hash == hash)?.hash)?;
    picture(if is_small { small(&whole.project, bytes) } else { bytes }, FOR_EVER, asked)
}

/// A file that some asset declares.
pub(super) fn output(whole: &Whole, path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let (project, path) = (&whole.project, ProjectPath::new(path).ok()?);
    let locked = whole.survey.lock.entries.values().flat_map(|entry| &entry.outputs).any(|output| output.path == path);
    let is_own = locked || project.assets().by_name.values().any(|asset| declares(asset, &path));
    picture(project.read_picture(&path).ok().filter(|_| is_own)?, AGAIN, asked)
}

/// A file that some asset is made from.
pub(super) fn reference(whole: &Whole, path: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let (project, path) = (&whole.project, ProjectPath::new(path).ok()?);
    let is_read = project.assets().by_name.values().any(|asset| asset.reads().contains(&&path));
    let bytes = project.read_picture(&path).ok().filter(|_| is_read)?;
    picture(small(project, bytes), AGAIN, asked)
}

fn declares(asset: &Asset, path: &ProjectPath) -> bool {
    (1..=asset.takes() as usize).any(|take| asset.paths(take).any(|own| own == *path))
}

/// The name of a small picture's file.
pub(super) fn extension(bytes: &[u8]) -> &'static str {
    Picture::read_output(bytes).map_or("bin", |picture| picture.format.extension())
}

/// The small picture of these bytes, or they themselves: what can't be read here the browser may.
pub(super) fn small(project: &Project, bytes: Vec<u8>) -> Vec<u8> {
    project.thumbnail(&bytes).unwrap_or(bytes)
}
