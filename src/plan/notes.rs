//! What a plan says where it can't do what was asked: each note with its way out.

use crate::cache::{Journal, RequestState};
use crate::name::{AssetName, ProjectPath};
use crate::plan::Note;

/// Its original is needed, and in no cache.
pub(crate) fn unavailable(name: &AssetName, detail: &str) -> Note {
    Note::new(
        "unavailable",
        format!("`{name}` can't be made here: {detail}"),
        "it is never bought again by itself: point [cache] dir or TINTYPE_CACHE_DIR at the cache that has it, take the \
         output back from version control, or change the recipe (a `variant` will do) to have a new one made",
    )
}

/// A file that was edited outlives its declaration.
pub(crate) fn stays(path: &ProjectPath) -> Note {
    Note::new("edited", format!("`{path}` was edited by hand: it stays as an ordinary file"), "")
}

/// A request for this recipe may have been billed and brought nothing.
pub(crate) fn maybe_billed(name: &AssetName, journal: &Journal, damaged: usize) -> Note {
    let detail = journal.unknown().find_map(|request| match &request.state {
        RequestState::Unusable(words) => Some(format!("{} answered without a usable image: {words}", request.provider)),
        RequestState::Unknown if !request.provider.is_empty() => {
            Some(format!("a request to {} was sent and its answer was lost", request.provider))
        }
        _ => None,
    });
    let detail = detail.unwrap_or_else(|| {
        let what = if damaged > 0 { "takes" } else { "requests" };
        format!("the cache's record of its {what} is damaged")
    });
    Note::new(
        "maybe-billed",
        format!("`{name}` may have been paid for already: {detail}"),
        "look at the vendor's bill; `tintype sync --resend-unknown` sends it again",
    )
}

/// The vendor refused the prompt.
pub(crate) fn refused(name: &AssetName, words: &str) -> Note {
    Note::new(
        "refused",
        format!("the vendor refused the prompt of `{name}`: {words}"),
        "change the wording; `tintype sync --retry-refused` sends the same one again",
    )
}
