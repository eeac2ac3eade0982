//! One request of a purchase: permit, budget, intent, post, answer; each step on the disk before the next.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Cache, Heard, Intent, Outcome};
use crate::event::Event;
use crate::execute::purchase::{NoTakes, Purchase, Taken, cache_note, interrupted};
use crate::execute::purse::Reserved;
use crate::execute::take_up::{Answered, By, Came, take_up, unusable};
use crate::ground::said;
use crate::model::Provider;
use crate::plan::{Note, maybe_billed, refused};
use crate::provider::http::{Line, Reply, Sent};
use crate::provider::verdict::{Verdict, judge, judge_empty};
use crate::provider::{Ask, Attachment, Request, request};
use crate::recipe::Background;
use crate::route::Candidate;

/// No answer may be longer, in bytes, for each image that was asked for: 64 MiB of picture in base64, and words.
const LARGEST_IMAGE: usize = 90 << 20;

/// What one request led to.
pub(super) enum Step {
    Taken(Taken),
    Unsent(String),
    Again { after: Option<Duration>, why: String, unbilled: bool },
}

/// One request to one provider, as often as it is sent.
pub(super) struct Sending<'a> {
    pub(super) line: &'a Line,
    pub(super) provider: &'a Provider,
    pub(super) candidate: &'a Candidate,
    pub(super) images: u32,
    pub(super) request: &'a Request,
}

/// What was heard, whatever it means.
struct Said {
    status: u16,
    retry_after: Option<Duration>,
    body: Arc<Vec<u8>>,
}

/// A request that was written down.
struct Noted<'a> {
    id: String,
    intent: Intent,
    reserved: Reserved,
    sending: &'a Sending<'a>,
}

impl Purchase<'_> {
    pub(super) fn request(&self, candidate: &Candidate, images: u32, references: &[Attachment]) -> Request {
        let none = BTreeMap::new();
        let prompt = said(&self.recipe.hints(), &self.recipe.prompt, candidate.key);
        let ask = Ask {
            route: &candidate.route,
            prompt: &prompt,
            asked: candidate.asked.as_ref(),
            n: images,
            seed: self.recipe.seed,
            quality: self.recipe.quality,
            background: self.recipe.background.filter(|_| candidate.key.is_none()),
            negative_prompt: self.recipe.negative_prompt.as_deref(),
            references,
            options: self.recipe.options.get(&candidate.route.provider).unwrap_or(&none),
        };
        request(candidate.api, &ask)
    }

    /// What goes into the journal, for whoever takes the answer up.
    fn intent(&self, candidate: &Candidate, images: u32) -> Intent {
        Intent {
            sent: now(),
            project: self.run.project.clone(),
            asset: self.one.name.to_string(),
            model: self.recipe.model.clone(),
            provider: candidate.route.provider.clone(),
            model_id: candidate.route.id.clone(),
            api: candidate.api.name().to_string(),
            asked: candidate.asked.as_ref().map(ToString::to_string),
            wording: Some(said(&self.recipe.hints(), "", candidate.key)).filter(|wording| !wording.is_empty()),
            key: candidate.key,
            transparent: self.recipe.background == Some(Background::Transparent),
            images,
            cost_usd: candidate.cost_usd,
        }
    }

    /// One request: permit, budget, intent, post, answer.
    pub(super) async fn send(&self, sending: &Sending<'_>) -> Result<Step, NoTakes> {
        let Sending { line, provider, candidate, images, request } = *sending;
        let route = &candidate.route;
        let permit = line.permit().await;
        if self.run.stop.is_requested() {
            return Err(NoTakes::Final(interrupted(self.one)));
        }
        let whom = format!("{} {}", route.provider, route.id);
        let reserved = self.run.purse.reserve(&whom, images, candidate.cost_usd).map_err(|why| {
            NoTakes::Final(Note::new(
                "budget",
                format!("`{}` was not asked for: {why}", self.one.name),
                "run `tintype sync --yes`, raise the budget, or name fewer assets",
            ))
        })?;
        let intent = self.intent(candidate, images);
        let (fingerprint, written) = (self.fingerprint, intent.clone());
        let id = match self.on_disk(move |cache| cache.intend(fingerprint, &written)).await {
            Ok(id) => id,
            Err(failed) => {
                self.run.purse.release(&reserved);
                return Err(failed);
            }
        };
        self.run.report.event(&Event::Asking { name: &self.one.name, provider: &provider.name, images });
        let sent = line.post(request, &route.id, LARGEST_IMAGE.saturating_mul(images as usize)).await;
        drop(permit);
        let noted = Noted { id, intent, reserved, sending };
        match sent {
            Sent::Unsent(why) => {
                self.close(&noted).await?;
                Ok(Step::Unsent(why))
            }
            Sent::Unknown(why) if !provider.bills_failures || candidate.cost_usd == Some(0.0) => {
                self.close(&noted).await?;
                Ok(Step::Again { after: None, why, unbilled: true })
            }
            Sent::Unknown(why) => {
                let journal = self.run.cache.journal(self.fingerprint);
                let mut note = maybe_billed(&self.one.name, &journal, 0);
                note.message = format!("{} ({why})", note.message);
                Err(NoTakes::Final(note))
            }
            Sent::Answered(reply) => self.hear(&noted, reply).await,
        }
    }

    /// What an answer means.
    async fn hear(&self, noted: &Noted<'_>, reply: Reply) -> Result<Step, NoTakes> {
        let provider = noted.sending.provider;
        let verdict = judge(provider.vendor, reply.status, &reply.body);
        let said = Said { status: reply.status, retry_after: reply.retry_after, body: Arc::new(reply.body) };
        if verdict != Verdict::Answer {
            return self.follow(noted, verdict, &said).await;
        }
        let answered = self.keep_answer(noted, &said.body).await;
        match take_up(self.run, self.one.name.as_str(), answered).await {
            Came::Images(taken) => {
                self.run.purse.settle(&noted.reserved, taken.cost_usd);
                Ok(Step::Taken(taken))
            }
            Came::Empty(empty) => self.follow(noted, judge_empty(&empty), &said).await,
        }
    }

    /// What follows from an answer without an image.
    async fn follow(&self, noted: &Noted<'_>, verdict: Verdict, reply: &Said) -> Result<Step, NoTakes> {
        let (name, provider) = (&self.one.name, noted.sending.provider);
        let failed = |code, why: &str, help: &str| {
            NoTakes::Final(Note::new(code, format!("{} couldn't make `{name}`: {why}", provider.name), help))
        };
        match verdict {
            Verdict::Unknown(why) => {
                let _ = self.run.cache.put_aside(&reply.body);
                self.end(&noted.id, Outcome::Unusable(why.clone())).await?;
                Err(NoTakes::Final(unusable(name.as_str(), &provider.name, &why)))
            }
            Verdict::Refused(words) => {
                self.release(noted);
                self.end(&noted.id, Outcome::Refused(words.clone())).await?;
                Err(NoTakes::Final(refused(name.as_str(), &words)))
            }
            verdict => {
                self.close(noted).await?;
                match verdict {
                    Verdict::Retry(why, after) => {
                        let unbilled = reply.status == 429 || reply.status == 200 || !provider.bills_failures;
                        Ok(Step::Again { after: reply.retry_after.or(after), why, unbilled })
                    }
                    Verdict::NotHere(why) => Err(NoTakes::Moved(why)),
                    Verdict::NoCredit(why) => Err(NoTakes::NoCredit(why)),
                    Verdict::WrongKey(why) => {
                        let variable = provider.api_key_env.as_deref().unwrap_or("its key");
                        Err(failed("wrong-key", &why, &format!("look at {variable} in the environment or in .env")))
                    }
                    _ => Err(failed("provider", &verdict.words(), "")),
                }
            }
        }
    }

    /// Writes the answer down before anything in it is looked at.
    async fn keep_answer(&self, noted: &Noted<'_>, body: &Arc<Vec<u8>>) -> Answered {
        let now = now();
        let at = self.not_before.clone().map_or(now.clone(), |newest| newest.max(now));
        let answered = Answered {
            fingerprint: self.fingerprint,
            id: noted.id.clone(),
            intent: noted.intent.clone(),
            at,
            body: Arc::clone(body),
            by: By::Asking,
        };
        let fingerprint = self.fingerprint;
        let (id, intent, at, body) =
            (answered.id.clone(), answered.intent.clone(), answered.at.clone(), Arc::clone(body));
        // Where the answer finds no room its images may still: go on, and leave the intent open if they don't.
        let written = self
            .on_disk(move |cache| cache.answer(fingerprint, &Heard { id: &id, intent: &intent, at: &at, body: &body }));
        let _ = written.await;
        answered
    }

    /// Gives back what the request had set aside of the budget.
    fn release(&self, noted: &Noted<'_>) {
        self.run.purse.release(&noted.reserved);
    }

    async fn close(&self, noted: &Noted<'_>) -> Result<(), NoTakes> {
        self.release(noted);
        self.end(&noted.id, Outcome::Closed).await
    }

    pub(super) async fn end(&self, id: &str, outcome: Outcome) -> Result<(), NoTakes> {
        let (fingerprint, id) = (self.fingerprint, id.to_string());
        self.on_disk(move |cache| cache.end(fingerprint, &id, &outcome)).await
    }

    /// Writes to the cache, and waits until it is on the disk, without keeping other requests waiting.
    async fn on_disk<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Cache) -> io::Result<T> + Send + 'static,
    ) -> Result<T, NoTakes> {
        let cache = Arc::clone(self.run.cache);
        let written = tokio::task::spawn_blocking(move || write(&cache)).await;
        written.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| NoTakes::Final(cache_note(&error)))
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}
