//! From a vendor's answer to originals in the cache: fetched, decoded, stored, filed; then the request is closed.
//!
//! The same way for an answer that has just come and for one that a killed run left. Free, and safe to do again.

use std::sync::Arc;

use crate::cache::Outcome;
use crate::execute::Run;
use crate::execute::purchase::{Taken, cache_note};
use crate::files::Durable;
use crate::lock::Take;
use crate::model::Api;
use crate::name::AssetName;
use crate::picture::Picture;
use crate::plan::{Note, rounded};
use crate::provider::download::{DownloadError, Downloader};
use crate::provider::hosts::Hosts;
use crate::provider::{Empty, Payload, response};
use crate::recipe::{Background, Fingerprint, Recipe};
use crate::size::Asked;
use crate::transform::{Examined, examine};

/// An answer that is safe in the journal.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) id: String,
    pub(super) provider: String,
    pub(super) model_id: String,
    pub(super) api: Api,
    pub(super) asked: Option<Asked>,
    pub(super) price: Option<f64>,
    pub(super) at: String,
    pub(super) body: Arc<Vec<u8>>,
}

/// What an answer brought.
pub(super) enum Came {
    /// Images, some of which may still have to be fetched.
    Images(Taken),
    /// None that can be used. The request is still open.
    Empty(Empty),
}

/// Why one image of an answer can't be kept.
enum Lost {
    /// For good: it was paid, perhaps, and there is nothing to show for it.
    Gone(String),
    /// For now: the answer stays in the journal.
    Later(Note),
}

/// Keeps every image of an answer, and closes the request once none is left to fetch.
pub(super) async fn take_up(run: &Run<'_>, name: &AssetName, recipe: &Recipe, answered: Answered) -> Came {
    let answer = match response(answered.api, &answered.body) {
        Ok(answer) => answer,
        Err(empty) => return Came::Empty(empty),
    };
    let fingerprint = recipe.fingerprint();
    let mut taken = Taken { takes: Vec::new(), cost_usd: None, warnings: Vec::new(), error: None };
    let mut gone = Vec::new();
    let paid = answer.images.iter().filter(|image| image.is_ok()).count();
    let paid = f64::from(u32::try_from(paid).unwrap_or(u32::MAX));
    let price = answer.cost_usd.map(|cost| rounded(cost / paid.max(1.0))).or(answered.price);
    for payload in answer.images {
        match keep(run, recipe, fingerprint, &answered, price, payload).await {
            Ok((take, warnings)) => {
                taken.takes.push(take);
                taken.warnings.extend(warnings);
            }
            Err(Lost::Gone(why)) => gone.push(why),
            Err(Lost::Later(note)) => taken.error = Some(note),
        }
    }
    taken.cost_usd = answer.cost_usd.or_else(|| answered.price.map(|price| rounded(price * paid)));
    if taken.error.is_some() {
        return Came::Images(taken);
    }
    if let Some(why) = gone.first().filter(|_| taken.takes.is_empty()) {
        return Came::Empty(Empty::Nothing(why.clone()));
    }
    taken.warnings.extend(
        gone.iter().map(|why| Note::new("lost-image", format!("an image of `{name}` can't be used: {why}"), "")),
    );
    let (cache, id) = (Arc::clone(run.cache), answered.id.clone());
    let closed = tokio::task::spawn_blocking(move || cache.end(fingerprint, &id, &Outcome::Closed)).await;
    if let Ok(Err(error)) = closed {
        taken.error = Some(cache_note(&error));
    }
    Came::Images(taken)
}

async fn keep(
    run: &Run<'_>,
    recipe: &Recipe,
    fingerprint: Fingerprint,
    answered: &Answered,
    price: Option<f64>,
    payload: Result<Payload, String>,
) -> Result<(Take, Vec<Note>), Lost> {
    let bytes = match payload {
        Err(why) => return Err(Lost::Gone(why)),
        Ok(Payload::Bytes(bytes)) => bytes,
        Ok(Payload::Url(url)) => fetch(run, answered, &url).await?,
    };
    let (asked, background) = (answered.asked.clone(), recipe.background);
    let cache = Arc::clone(run.cache);
    let take = Take {
        hash: crate::digest::Digest::of(&bytes),
        provider: answered.provider.clone(),
        model_id: answered.model_id.clone(),
        asked: answered.asked.as_ref().map(ToString::to_string),
        wording: Some(recipe.hints()).filter(|hints| !hints.is_empty()),
        cost_usd: price,
        generated: Some(answered.at.clone()),
        kind: None,
        fingerprint: None,
    };
    let stored = tokio::task::spawn_blocking(move || {
        let examined = match examine(&bytes) {
            Ok(examined) => examined,
            Err(why) => {
                let _ = cache.put_aside(&bytes);
                return Err(Lost::Gone(format!("it is {why}")));
            }
        };
        let keep = || {
            cache.put_original(&bytes, Durable::Yes)?;
            cache.add_take(fingerprint, &take, Durable::Yes)
        };
        keep().map_err(|error| Lost::Later(cache_note(&error)))?;
        Ok((take, differences(&examined, asked.as_ref(), background)))
    });
    stored.await.unwrap_or_else(|panic| Err(Lost::Later(Note::new("internal", format!("storing failed: {panic}"), ""))))
}

async fn fetch(run: &Run<'_>, answered: &Answered, url: &str) -> Result<Vec<u8>, Lost> {
    if run.policy.offline {
        let note = Note::new(
            "offline",
            "the answer's picture must be fetched, and this run may not",
            "run it without --offline",
        );
        return Err(Lost::Later(note));
    }
    let provider = run.registry.providers.get(&answered.provider);
    let base = provider.and_then(|provider| provider.base_url.as_ref());
    let trusted = base.is_some_and(|base| run.trusted_hosts.contains(base.host()));
    let hosts = Hosts {
        loopback: base.is_some_and(crate::model::BaseUrl::is_loopback),
        trusted: run.trusted_hosts.hosts().filter(|_| trusted).map(str::to_string).collect(),
    };
    match Downloader::new(hosts).fetch(url).await {
        Ok(bytes) => Ok(bytes),
        Err(DownloadError::Failed(why)) => {
            let message = format!("a picture is made, but can't be fetched yet: {why}");
            Err(Lost::Later(Note::new(
                "download",
                message,
                "run `tintype sync` again: it is fetched without being paid again",
            )))
        }
        Err(gone @ (DownloadError::Gone(_) | DownloadError::Refused(_))) => Err(Lost::Gone(gone.to_string())),
    }
}

/// What came back and what was asked for.
fn differences(examined: &Examined, asked: Option<&Asked>, background: Option<Background>) -> Vec<Note> {
    let Picture { format, width, height } = examined.picture;
    let mut notes = Vec::new();
    if let Some(asked) = asked.filter(|asked| !asked.is_met_by(width, height)) {
        let message = format!("{asked} was asked for, {width}x{height} came");
        notes.push(Note::new("other-size", message, "the output is made of what came"));
    }
    if background == Some(Background::Transparent) && !examined.has_alpha {
        let came = if format.has_alpha() {
            format!("an opaque {format} came")
        } else {
            format!("a {format} came, which can't have one")
        };
        let message = format!("a transparent background was asked for, {came}");
        let help = "say in the prompt that the background is transparent, or try a `variant` or another model";
        notes.push(Note::new("no-alpha", message, help));
        if !format.has_alpha() {
            notes.push(Note::new("other-format", format!("a png was asked for, a {format} came"), ""));
        }
    }
    notes
}
