//! What a plan says where it can't do what was asked: each note with its way out.

use crate::cache::{Journal, RequestState};
use crate::name::{AssetName, ProjectPath};
use crate::observe::Unknown;
use crate::plan::{Note, Policy, ReasonCode};

/// Its original is needed, and in no cache.
pub(crate) fn unavailable(name: &AssetName, detail: &str) -> Note {
    Note::new(
        "unavailable",
        format!("`{name}` can't be made here: {detail}"),
        "it is never bought again by itself: point [cache] dir or TINTYPE_CACHE_DIR at the cache that has it, take the \
         output back from version control, or change the recipe (a `variant` will do) to have a new one made",
    )
}

/// A file in an output's place isn't tintype's to replace.
pub(crate) fn blocked(name: &AssetName, path: &ProjectPath, code: ReasonCode, detail: &str) -> Note {
    let help = match (code, detail) {
        (ReasonCode::Edited, _) => format!(
            "`tintype adopt {name}` keeps the edit as a take of its own; `tintype sync --overwrite` brings the picture back"
        ),
        (_, "it is a folder") => "move the folder away, or give the asset another output path".to_string(),
        _ => "move the file away or give the asset another output path; `tintype sync --overwrite` replaces it"
            .to_string(),
    };
    Note::new("blocked", format!("`{path}` is not overwritten: {detail}"), help)
}

/// A file that was edited outlives its declaration.
pub(crate) fn stays(path: &ProjectPath) -> Note {
    Note::new("edited", format!("`{path}` was edited by hand: it stays as an ordinary file"), "")
}

/// A file will show more pixels than are asked for.
pub(crate) fn enlarged(asked: (u32, u32), made: (u32, u32)) -> Note {
    let message = format!("{}x{} is made of a picture of {}x{}: it will look soft", made.0, made.1, asked.0, asked.1);
    Note::new("enlarged", message, "ask for a larger `size`, or make the output smaller")
}

/// Another take of a recipe with a seed.
pub(crate) fn seeded(name: &AssetName) -> Note {
    let message =
        format!("the recipe of `{name}` has a fixed seed: the same picture may come again, and is paid for again");
    Note::new("seeded", message, "take `seed` out, or write another")
}

/// A request for this recipe may have been billed and brought nothing.
pub(crate) fn maybe_billed(name: &AssetName, journal: &Journal, lost: usize) -> Note {
    let detail = journal.unknown().find_map(|request| match &request.state {
        RequestState::Unusable(words) => {
            Some(format!("{} answered without a usable image: {words}", request.intent.provider))
        }
        RequestState::Unknown if !request.intent.provider.is_empty() => {
            Some(format!("a request to {} was sent and its answer was lost", request.intent.provider))
        }
        _ => None,
    });
    let detail = detail.unwrap_or_else(|| {
        let detail = if lost > 0 {
            "the cache has lost a take of it, or can't read what it knows of one"
        } else {
            "the cache's record of its requests is damaged"
        };
        detail.to_string()
    });
    Note::new(
        "maybe-billed",
        format!("`{name}` may have been paid for already: {detail}"),
        "look at the vendor's bill; `tintype sync --resend-unknown` sends it again",
    )
}

/// What is open of its requests can't be read here.
pub(crate) fn newer(name: &AssetName) -> Note {
    Note::new(
        "newer",
        format!("`{name}` has requests that were written down by a newer tintype"),
        "use that version: what it paid for can't be told here",
    )
}

/// The vendor refused the prompt.
pub(crate) fn refused(name: &str, words: &str) -> Note {
    Note::new(
        "refused",
        format!("the vendor refused the prompt of `{name}`: {words}"),
        "change the wording; `tintype sync --retry-refused` sends the same one again",
    )
}

/// A reference whose content can't be had, if this one can't.
pub(crate) fn no_reference(name: &AssetName, unknown: &Unknown, policy: &Policy) -> Option<Note> {
    let (code, message, help) = match unknown {
        Unknown::NoTake { asset, take, of } => (
            "no-take",
            format!("`{name}` refers to take {take} of `{asset}`, and none of its {of} is it"),
            format!("`tintype show {asset}` lists them; or leave `take` out for the chosen one"),
        ),
        Unknown::Url(url, Some(why)) => (
            "reference",
            format!("`{name}` refers to {url}, which can't be fetched: {why}"),
            "mend the address, or commit the picture and write its path; then run `tintype sync` again".to_string(),
        ),
        Unknown::Url(url, None) if policy.offline => (
            "offline",
            format!("`{name}` refers to {url}, which must be fetched, and this run may not go over the network"),
            "run `tintype sync` without --offline or --frozen".to_string(),
        ),
        Unknown::Original(_) | Unknown::Url(_, None) => return None,
    };
    Some(Note::new(code, message, help))
}
