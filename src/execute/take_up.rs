//! From a vendor's answer to originals in the cache: fetched, decoded, stored, filed; then the request is closed.
//!
//! The same way for an answer that has just come and for one that a killed run left. Free, and safe to do again.

use std::sync::Arc;

use crate::cache::Outcome;
use crate::execute::Run;
use crate::execute::purchase::{Taken, cache_note};
use crate::files::Durable;
use crate::lock::Take;
use crate::name::AssetName;
use crate::plan::{Note, rounded};
use crate::provider::Payload;
use crate::provider::download::{DownloadError, Downloader};
use crate::provider::hosts::Hosts;
use crate::provider::openai_images;
use crate::recipe::Fingerprint;
use crate::transform::{Examined, examine};

/// An answer that is safe in the journal.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) id: String,
    pub(super) provider: String,
    pub(super) model_id: String,
    pub(super) asked: Option<String>,
    pub(super) price: Option<f64>,
    pub(super) images: u32,
    pub(super) at: String,
    pub(super) body: Arc<Vec<u8>>,
}

/// Why one image of an answer can't be kept.
enum Lost {
    /// For good: it was paid, perhaps, and there is nothing to show for it.
    Gone(String),
    /// For now: the answer stays in the journal.
    Later(Note),
}

/// Keeps every image of an answer, and closes the request once none is left to fetch.
pub(super) async fn take_up(run: &Run<'_>, name: &AssetName, fingerprint: Fingerprint, answered: Answered) -> Taken {
    let answer = match openai_images::response(&answered.body) {
        Ok(answer) => answer,
        Err(why) => return unusable(run, name, fingerprint, &answered, &why),
    };
    let mut taken = Taken { takes: Vec::new(), cost_usd: None, warnings: Vec::new(), error: None };
    let mut gone = Vec::new();
    let paid = answer.images.iter().filter(|image| image.is_ok()).count();
    let paid = f64::from(u32::try_from(paid).unwrap_or(u32::MAX));
    let price = answer.cost_usd.map(|cost| rounded(cost / paid.max(1.0))).or(answered.price);
    for payload in answer.images {
        match keep(run, fingerprint, &answered, price, payload).await {
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
        return taken;
    }
    if let Some(why) = gone.first().filter(|_| taken.takes.is_empty()) {
        return Taken { warnings: taken.warnings, ..unusable(run, name, fingerprint, &answered, why) };
    }
    taken.warnings.extend(
        gone.iter().map(|why| Note::new("lost-image", format!("an image of `{name}` can't be used: {why}"), "")),
    );
    let (cache, id) = (Arc::clone(run.cache), answered.id.clone());
    let closed = tokio::task::spawn_blocking(move || cache.end(fingerprint, &id, &Outcome::Closed)).await;
    if let Ok(Err(error)) = closed {
        taken.error = Some(cache_note(&error));
    }
    taken
}

/// Nothing of the answer can be used: it was paid for, perhaps, so it isn't asked for again by itself.
fn unusable(run: &Run<'_>, name: &AssetName, fingerprint: Fingerprint, answered: &Answered, why: &str) -> Taken {
    let _ = run.cache.put_aside(&answered.body);
    let _ = run.cache.end(fingerprint, &answered.id, &Outcome::Unusable(why.to_string()));
    let message = format!("{} answered for `{name}` without a usable image: {why}", answered.provider);
    let help = "it may have been billed; `tintype sync --resend-unknown` asks again";
    Taken {
        cost_usd: answered.price.map(|price| price * f64::from(answered.images)),
        ..Taken::failed(Note::new("no-image", message, help))
    }
}

async fn keep(
    run: &Run<'_>,
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
    let asked = answered.asked.clone();
    let cache = Arc::clone(run.cache);
    let take = Take {
        hash: crate::digest::Digest::of(&bytes),
        provider: answered.provider.clone(),
        model_id: answered.model_id.clone(),
        asked: answered.asked.clone(),
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
        Ok((take, differences(&examined, asked.as_deref())))
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
    let trusted = base.is_some_and(|base| run.trusted_hosts.iter().any(|host| host == base.host()));
    let hosts = Hosts {
        loopback: base.is_some_and(crate::model::BaseUrl::is_loopback),
        trusted: if trusted { run.trusted_hosts.to_vec() } else { Vec::new() },
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
fn differences(examined: &Examined, asked: Option<&str>) -> Vec<Note> {
    let picture = examined.picture;
    let got = format!("{}x{}", picture.width, picture.height);
    match asked {
        Some(asked) if asked != got => {
            vec![Note::new(
                "other-size",
                format!("{asked} was asked for, {got} came"),
                "the output is made of what came",
            )]
        }
        _ => Vec::new(),
    }
}
