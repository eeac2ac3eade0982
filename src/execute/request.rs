//! One request of a purchase: permit, budget, intent, post, answer; each step on the disk before the next.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Cache, Intent, Outcome};
use crate::event::Event;
use crate::execute::purchase::{NoTakes, Purchase, Taken, cache_note, interrupted};
use crate::execute::take_up::{Answered, take_up};
use crate::model::{Provider, Vendor};
use crate::plan::{Note, maybe_billed, refused};
use crate::provider::Ask;
use crate::provider::http::{Line, Reply, Sent};
use crate::provider::openai_images;
use crate::provider::verdict::{Verdict, judge};
use crate::route::Candidate;

/// No answer may be longer, in bytes, for each image that was asked for: 64 MiB of picture in base64, and words.
const LARGEST_IMAGE: usize = 90 << 20;

/// What one request led to.
pub(super) enum Step {
    Taken(Taken),
    Unsent(String),
    Again { after: Option<Duration>, why: String, unbilled: bool },
}

impl Purchase<'_> {
    pub(super) fn body(&self, candidate: &Candidate, images: u32) -> Vec<u8> {
        let none = BTreeMap::new();
        let asked = candidate.asked();
        let ask = Ask {
            model_id: &candidate.route.id,
            prompt: &self.recipe.prompt,
            size: asked.as_deref(),
            n: images,
            seed: self.recipe.seed,
            quality: self.recipe.quality,
            fields: candidate.route.fields,
            options: self.recipe.options.get(&candidate.route.provider).unwrap_or(&none),
        };
        openai_images::request(&ask).to_string().into_bytes()
    }

    /// One request: permit, budget, intent, post, answer.
    pub(super) async fn send(
        &self,
        line: &Line,
        provider: &Provider,
        candidate: &Candidate,
        images: u32,
        body: &[u8],
    ) -> Result<Step, NoTakes> {
        let route = &candidate.route;
        let permit = line.permit().await;
        if self.run.stop.is_requested() {
            return Err(NoTakes::Final(interrupted(self.one)));
        }
        self.run.purse.reserve(images, route.cost_usd).map_err(|why| {
            NoTakes::Final(Note::new(
                "budget",
                format!("`{}` was not asked for: {why}", self.one.name),
                "run `tintype sync --yes`, raise the budget, or name fewer assets",
            ))
        })?;
        let intent = Intent {
            provider: route.provider.clone(),
            model_id: route.id.clone(),
            api: route.api.name(),
            asked: candidate.asked(),
            images,
            cost_usd: route.cost_usd,
        };
        let fingerprint = self.fingerprint;
        let id = self.on_disk(move |cache| cache.intend(fingerprint, &intent)).await?;
        self.run.report.event(&Event::Asking { name: &self.one.name, provider: &provider.name, images });
        let sent = line.post(&route.path, body.to_vec(), LARGEST_IMAGE.saturating_mul(images as usize)).await;
        drop(permit);
        match sent {
            Sent::Unsent(why) => {
                self.close(&id, images, candidate).await?;
                Ok(Step::Unsent(why))
            }
            Sent::Unknown(why) if !provider.bills_failures || route.cost_usd == Some(0.0) => {
                self.close(&id, images, candidate).await?;
                Ok(Step::Again { after: None, why, unbilled: true })
            }
            Sent::Unknown(why) => {
                let journal = self.run.cache.journal(self.fingerprint);
                let mut note = maybe_billed(&self.one.name, &journal, 0);
                note.message = format!("{} ({why})", note.message);
                Err(NoTakes::Final(note))
            }
            Sent::Answered(reply) => self.hear(provider, candidate, images, id, reply).await,
        }
    }

    /// What an answer means.
    async fn hear(
        &self,
        provider: &Provider,
        candidate: &Candidate,
        images: u32,
        id: String,
        reply: Reply,
    ) -> Result<Step, NoTakes> {
        let (name, vendor) = (&self.one.name, provider.vendor);
        let failed = |code, why: &str, help: &str| {
            NoTakes::Final(Note::new(code, format!("{} couldn't make `{name}`: {why}", provider.name), help))
        };
        match judge(vendor, reply.status, &reply.body) {
            Verdict::Answer => self.keep_answer(candidate, images, id, reply.body).await.map(Step::Taken),
            // Nothing but an error, but under a status that may be billed: kept like an answer, and not sent again.
            Verdict::Failed(_) if (200..300).contains(&reply.status) => {
                self.keep_answer(candidate, images, id, reply.body).await.map(Step::Taken)
            }
            Verdict::Refused(words) => {
                self.run.purse.release(images, candidate.route.cost_usd);
                self.end(&id, Outcome::Refused(words.clone())).await?;
                Err(NoTakes::Final(refused(name, &words)))
            }
            verdict => {
                self.close(&id, images, candidate).await?;
                match verdict {
                    Verdict::Retry(why) => {
                        let unbilled = reply.status == 429 || !provider.bills_failures || vendor == Vendor::Placeholder;
                        Ok(Step::Again { after: reply.retry_after, why, unbilled })
                    }
                    Verdict::NotHere(why) | Verdict::NoCredit(why) => Err(NoTakes::HandOver(why)),
                    Verdict::WrongKey(why) => {
                        let variable = provider.api_key_env.as_deref().unwrap_or("its key");
                        Err(failed("wrong-key", &why, &format!("look at {variable} in the environment or in .env")))
                    }
                    Verdict::Failed(why) | Verdict::Refused(why) => Err(failed("provider", &why, "")),
                    Verdict::Answer => Err(failed("provider", "an answer without content", "")),
                }
            }
        }
    }

    async fn keep_answer(
        &self,
        candidate: &Candidate,
        images: u32,
        id: String,
        body: Vec<u8>,
    ) -> Result<Taken, NoTakes> {
        let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        let at = self.not_before.clone().map_or(now.clone(), |newest| newest.max(now));
        let (fingerprint, body) = (self.fingerprint, Arc::new(body));
        let record = (id.clone(), at.clone(), Arc::clone(&body));
        // Where the answer finds no room its images may still: go on, and leave the intent open if they don't.
        let _ = self.on_disk(move |cache| cache.answer(fingerprint, &record.0, &record.1, &record.2)).await;
        let answered = Answered {
            id,
            provider: candidate.route.provider.clone(),
            model_id: candidate.route.id.clone(),
            asked: candidate.asked(),
            price: candidate.route.cost_usd,
            images,
            at,
            body,
        };
        Ok(take_up(self.run, &self.one.name, self.fingerprint, answered).await)
    }

    async fn close(&self, id: &str, images: u32, candidate: &Candidate) -> Result<(), NoTakes> {
        self.run.purse.release(images, candidate.route.cost_usd);
        self.end(id, Outcome::Closed).await
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
