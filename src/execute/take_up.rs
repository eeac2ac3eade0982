//! From a vendor's answer to takes in the cache: fetched, decoded, stored, entered in the ledger, filed; then the request
//! is closed.
//!
//! The same way for an answer that has just come and for one that a killed run left, wanted or not: what was asked stands
//! beside it in the journal. Free, and safe to do again.

use std::io;
use std::sync::Arc;

use crate::cache::{Intent, LedgerKind, LedgerLine, OpenRequest, Outcome, RequestState};
use crate::digest::Digest;
use crate::execute::Run;
use crate::execute::purchase::{Taken, cache_note};
use crate::files::Durable;
use crate::lock::Take;
use crate::model::Api;
use crate::picture::{Format, Picture};
use crate::plan::{Note, refused, rounded};
use crate::provider::download::{DownloadError, Downloader};
use crate::provider::hosts::Hosts;
use crate::provider::verdict::{Verdict, judge_empty};
use crate::provider::{Empty, Payload, response};
use crate::recipe::Fingerprint;
use crate::size::Asked;
use crate::transform::{Examined, examine};

/// An answer that is safe in the journal.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) fingerprint: Fingerprint,
    /// The request's name in the journal.
    pub(super) id: String,
    /// What was asked.
    pub(super) intent: Intent,
    /// The date of what came.
    pub(super) at: String,
    pub(super) body: Arc<Vec<u8>>,
    /// Who has come by it.
    pub(super) by: By,
}

/// Who has come by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Who asked for it, just now.
    Asking,
    /// Who wants the very same, and found it in the journal.
    Wanting,
    /// Nobody wants it any more: what can't be had now is left for later.
    Sweeping,
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

impl Answered {
    /// The answer that a request has in the journal; none where its copy there is damaged.
    pub(super) fn left(run: &Run<'_>, fingerprint: Fingerprint, request: &OpenRequest, by: By) -> Option<Self> {
        let RequestState::Answered { at, .. } = &request.state else { return None };
        let body = Arc::new(run.cache.answer_body(fingerprint, request)?);
        Some(Self { fingerprint, id: request.id.clone(), intent: request.intent.clone(), at: at.clone(), body, by })
    }

    /// A line of the ledger for one of its images.
    fn line(&self, number: usize, take: Option<Digest>, cost_usd: Option<f64>) -> LedgerLine {
        let intent = self.intent.clone();
        LedgerLine {
            kind: LedgerKind::Paid,
            time: intent.sent,
            project: intent.project,
            asset: intent.asset,
            model: intent.model,
            provider: intent.provider,
            model_id: intent.model_id,
            fingerprint: self.fingerprint,
            take,
            cost_usd,
            once: format!("{}/{number}", self.id),
        }
    }
}

/// Keeps every image of an answer and closes the request once none is left to fetch. The ledger comes before the files: it
/// is by the ledger that a run after a kill knows which of a request's images are takes already.
pub(super) async fn take_up(run: &Run<'_>, name: &str, answered: Answered) -> Came {
    let mut taken = Taken { takes: Vec::new(), cost_usd: None, warnings: Vec::new(), error: None };
    let Some(api) = Api::parse(&answered.intent.api) else {
        let message = format!("`{name}` was answered in a wire format that this version doesn't know");
        taken.error = Some(Note::new("newer", message, "use the newer tintype that asked"));
        return Came::Images(taken);
    };
    let answer = match response(api, &answered.body) {
        Ok(answer) => answer,
        Err(empty) => return Came::Empty(empty),
    };
    let (mut gone, mut lines) = (Vec::new(), Vec::new());
    let paid = answer.images.iter().filter(|image| image.is_ok()).count();
    let paid = f64::from(u32::try_from(paid).unwrap_or(u32::MAX));
    let price = answer.cost_usd.map(|cost| rounded(cost / paid.max(1.0))).or(answered.intent.cost_usd);
    for (number, payload) in answer.images.into_iter().enumerate() {
        let was_made = payload.is_ok();
        match keep(run, &answered, price, payload).await {
            Ok((take, warnings)) => {
                lines.push(answered.line(number + 1, Some(take.hash), price));
                taken.takes.push(take);
                taken.warnings.extend(warnings);
            }
            Err(Lost::Gone(why)) => {
                lines.extend(was_made.then(|| answered.line(number + 1, None, price)));
                gone.push(why);
            }
            Err(Lost::Later(note)) => taken.error = Some(note),
        }
    }
    taken.cost_usd = answer.cost_usd.or_else(|| answered.intent.cost_usd.map(|price| rounded(price * paid)));
    if taken.takes.is_empty() && taken.error.is_none() && answer.cost_usd.is_none() {
        // Whether that was billed is in doubt.
        lines.clear();
    }
    let (cache, is_new) = (Arc::clone(run.cache), answered.by == By::Asking);
    let entered = on_disk(move || cache.enter(lines, is_new, durable(price))).await;
    taken.error = taken.error.or(entered.err());
    let (cache, fingerprint, takes) = (Arc::clone(run.cache), answered.fingerprint, taken.takes.clone());
    let file = move || takes.iter().try_for_each(|take| cache.add_take(fingerprint, take, durable(price)));
    if let Err(note) = on_disk(file).await {
        taken.takes.clear();
        taken.error = Some(note);
    }
    if taken.error.is_some() {
        return Came::Images(taken);
    }
    if let Some(why) = gone.first().filter(|_| taken.takes.is_empty()) {
        return Came::Empty(Empty::Nothing(why.clone()));
    }
    taken.warnings.extend(
        gone.iter().map(|why| Note::new("lost-image", format!("an image of `{name}` can't be used: {why}"), "")),
    );
    let (cache, Answered { fingerprint, id, .. }) = (Arc::clone(run.cache), answered);
    taken.error = on_disk(move || cache.end(fingerprint, &id, &Outcome::Closed)).await.err();
    Came::Images(taken)
}

/// What costs nothing may be lost in a power cut.
fn durable(price: Option<f64>) -> Durable {
    if price == Some(0.0) { Durable::No } else { Durable::Yes }
}

/// Writes to the cache without keeping other requests waiting.
async fn on_disk(write: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), Note> {
    let written = tokio::task::spawn_blocking(write).await;
    written.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| cache_note(&error))
}

/// How a request ended whose answer, from an earlier run, holds no image: it counts as what it says. Also what there is to
/// say of it.
pub(super) fn without_image(name: &str, provider: &str, empty: &Empty) -> (Outcome, Option<Note>) {
    match judge_empty(empty) {
        Verdict::Unknown(why) => (Outcome::Unusable(why.clone()), Some(unusable(name, provider, &why))),
        Verdict::Refused(words) => (Outcome::Refused(words.clone()), Some(refused(name, &words))),
        _ => (Outcome::Closed, None),
    }
}

/// Nothing of the answer can be used: it was paid for, perhaps, so it isn't asked for again by itself.
pub(super) fn unusable(name: &str, provider: &str, why: &str) -> Note {
    let message = format!("{provider} answered for `{name}` without a usable image: {why}");
    Note::new("no-image", message, "it may have been billed; `tintype sync --resend-unknown` asks again")
}

async fn keep(
    run: &Run<'_>,
    answered: &Answered,
    price: Option<f64>,
    payload: Result<Payload, String>,
) -> Result<(Take, Vec<Note>), Lost> {
    // So many pictures are in memory at once, however many answers have come.
    let _room = run.room.acquire().await.expect("the semaphore is never closed");
    let bytes = match payload {
        Err(why) => return Err(Lost::Gone(why)),
        Ok(Payload::Bytes(bytes)) => bytes,
        Ok(Payload::Url(url)) => fetch(run, answered, &url).await?,
    };
    let intent = &answered.intent;
    let (asked, transparent) =
        (intent.asked.as_deref().and_then(Asked::parse), intent.transparent && intent.key.is_none());
    let cache = Arc::clone(run.cache);
    let take = Take {
        hash: Digest::of(&bytes),
        provider: intent.provider.clone(),
        model_id: intent.model_id.clone(),
        asked: intent.asked.clone(),
        wording: intent.wording.clone(),
        key: intent.key,
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
        cache.put_hashed(take.hash, &bytes, durable(price)).map_err(|error| Lost::Later(cache_note(&error)))?;
        Ok((take, differences(&examined, asked.as_ref(), transparent)))
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
    let provider = run.registry.providers.get(&answered.intent.provider);
    let base = provider.and_then(|provider| provider.base_url.as_ref());
    let trusted = base.is_some_and(|base| run.trusted_hosts.contains(base.host()));
    let hosts = Hosts {
        loopback: base.is_some_and(crate::model::BaseUrl::is_loopback),
        trusted: run.trusted_hosts.hosts().filter(|_| trusted).map(str::to_string).collect(),
    };
    // Another project may know the way, and the recipe may come back: only who is told to gives such an answer up.
    let may_give_up = answered.by != By::Sweeping || (base.is_some() && run.policy.resend_unknown);
    match Downloader::new(hosts).fetch(url).await {
        Ok(bytes) => Ok(bytes),
        Err(gone @ (DownloadError::Gone(_) | DownloadError::Refused(_))) if may_give_up => {
            Err(Lost::Gone(gone.to_string()))
        }
        Err(why) => Err(Lost::Later(Note::new(
            "download",
            format!("a picture is made, but can't be fetched yet: {why}"),
            "run `tintype sync` again: it is fetched without being paid again",
        ))),
    }
}

/// What came back and what was asked for.
fn differences(examined: &Examined, asked: Option<&Asked>, transparent: bool) -> Vec<Note> {
    let Picture { format, width, height } = examined.picture;
    let mut notes = Vec::new();
    // A drawing has no pixels of its own.
    let is_other = |asked: &&Asked| format != Format::Svg && !asked.is_met_by(width, height);
    if let Some(asked) = asked.filter(is_other) {
        let message = format!("{asked} was asked for, {width}x{height} came");
        notes.push(Note::new("other-size", message, "the output is made of what came"));
    }
    if transparent && !examined.has_alpha {
        let came = if examined.painted_checkers {
            format!("an opaque {format} with a painted checkerboard came")
        } else if format.has_alpha() {
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
