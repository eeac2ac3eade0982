//! Buying takes: under the recipe's lock, within the budget, written down before and after each request.

use std::io;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use crate::cache::{Outcome, RecipeLock, RequestState};
use crate::event::Event;
use crate::execute::attach::attach;
use crate::execute::request::{Sending, Step};
use crate::execute::take_up::{Answered, By, Came, take_up, without_image};
use crate::execute::{Got, Run};
use crate::lock::Take;
use crate::model::Provider;
use crate::plan::{Note, PlannedAsset, maybe_billed, newer, refused};
use crate::provider::Attachment;
use crate::provider::verdict::Patience;
use crate::recipe::{Fingerprint, Recipe};
use crate::route::Candidate;

/// How often a recipe that another run works on is looked at again.
const POLL: Duration = Duration::from_millis(50);
/// A provider that can't be reached at all is tried this often again.
const RETRIES_UNSENT: u32 = 1;

/// One asset's purchase.
pub(super) struct Purchase<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) one: &'a PlannedAsset,
    pub(super) recipe: &'a Recipe,
    pub(super) fingerprint: Fingerprint,
    /// No take is dated before the newest that is locked.
    pub(super) not_before: Option<String>,
}

/// Why a request brought nothing.
pub(super) enum NoTakes {
    /// The vendor doesn't have the model on this route: another one may do.
    Moved(String),
    /// The account has no money left: another provider may do.
    NoCredit(String),
    /// Another provider may do.
    HandOver(String),
    /// Nobody else is asked.
    Final(Note),
}

/// Takes up answers that a killed run left, then buys what is still missing.
pub(super) async fn purchase(run: &Run<'_>, one: &PlannedAsset, recipe: &Recipe, mut got: Got) -> Got {
    let fingerprint = recipe.fingerprint();
    let not_before = got.takes.iter().filter_map(|take| take.generated.clone()).max();
    let purchase = Purchase { run, one, recipe, fingerprint, not_before };
    let _right = match purchase.lock().await {
        Ok(right) => right,
        Err(note) => {
            got.error = Some(note);
            return got;
        }
    };
    // Whoever had the lock may have made it meanwhile.
    let cached = run.cache.takes(fingerprint);
    for take in &cached.takes {
        if purchase.missing(&got) > 0 && got.takes.iter().all(|known| known.hash != take.hash) {
            got.takes.push(take.clone());
        }
    }
    let lost = cached.in_doubt(&got.takes);
    let recovered = purchase.take_up_answers(&mut got).await;
    if recovered && one.images == 0 {
        // The plan had no price in it: what an answer held less than was hoped for is for the next one to announce.
        if got.error.is_none() && purchase.missing(&got) > 0 {
            got.error = purchase.may_ask(lost).err();
            purchase.say_what_is_missing(&mut got);
        }
        return got;
    }
    if got.error.is_none() && purchase.missing(&got) > 0 {
        match purchase.may_ask(lost).and_then(|()| purchase.was_planned()) {
            Ok(()) => purchase.buy(&mut got).await,
            Err(note) => got.error = Some(note),
        }
    }
    got
}

impl Purchase<'_> {
    fn missing(&self, got: &Got) -> u32 {
        self.one.work.wanted.saturating_sub(u32::try_from(got.takes.len()).unwrap_or(u32::MAX))
    }

    /// One request at a time for a recipe, among all runs that share the cache.
    async fn lock(&self) -> Result<RecipeLock, Note> {
        let mut said = false;
        loop {
            match self.run.cache.try_lock(self.fingerprint) {
                Ok(Some(right)) => return Ok(right),
                Err(error) => return Err(cache_note(&error)),
                Ok(None) if self.run.stop.is_requested() => return Err(interrupted(self.one)),
                Ok(None) => {
                    if !said {
                        self.run
                            .report
                            .event(&Event::Waiting { what: format!("another run that makes `{}`", self.one.name) });
                        said = true;
                    }
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// What was held back when the plan was made has no price in it, even if another run settled the doubt meanwhile.
    fn was_planned(&self) -> Result<(), Note> {
        let message = || format!("another run asked for `{}` in vain meanwhile", self.one.name);
        self.one.error.as_ref().map_or(Ok(()), |_| Err(Note::new("provider", message(), "run `tintype sync` again")))
    }

    /// Whether there were any.
    async fn take_up_answers(&self, got: &mut Got) -> bool {
        let mut any = false;
        let journal = self.run.cache.journal(self.fingerprint);
        for request in journal.open.iter().filter(|_| !journal.newer) {
            if !matches!(request.state, RequestState::Answered { .. }) {
                continue;
            }
            any = true;
            let Some(answered) = Answered::left(self.run, self.fingerprint, request, By::Wanting) else {
                let words = "the journal's copy of the answer is damaged".to_string();
                let _ = self.end(&request.id, Outcome::Unusable(words)).await;
                continue;
            };
            match take_up(self.run, self.one.name.as_str(), answered).await {
                // Whoever asked has reported what it cost.
                Came::Images(taken) => self.receive(Taken { cost_usd: Some(0.0), ..taken }, got),
                Came::Empty(empty) => {
                    let (outcome, note) = without_image(self.one.name.as_str(), &request.intent.provider, &empty);
                    let failed = self.end(&request.id, outcome).await.err();
                    got.error = got.error.take().or(note);
                    if let Some(NoTakes::Final(note)) = failed {
                        got.error = got.error.take().or(Some(note));
                    }
                }
            }
        }
        any
    }

    fn say_what_is_missing(&self, got: &mut Got) {
        if got.error.is_none() && self.missing(got) > 0 {
            let message =
                format!("{} of {} images came for `{}`", got.takes.len(), self.one.work.wanted, self.one.name);
            got.warnings.push(Note::new("fewer-images", message, "the next sync asks for the rest"));
        }
    }

    /// What was refused or may have been billed isn't asked for again, unless the user said so.
    fn may_ask(&self, damaged: usize) -> Result<(), Note> {
        let (cache, policy) = (self.run.cache, self.run.policy);
        let journal = cache.journal(self.fingerprint);
        if journal.newer {
            return Err(newer(&self.one.name));
        }
        if (journal.may_have_been_billed() || damaged > 0) && !policy.resend_unknown {
            return Err(maybe_billed(&self.one.name, &journal, damaged));
        }
        if let Some(words) = journal.refused().filter(|_| !policy.retry_refused) {
            return Err(refused(self.one.name.as_str(), words));
        }
        if policy.offline {
            return Err(Note::new(
                "offline",
                format!("`{}` must be asked for, and this run may not", self.one.name),
                "",
            ));
        }
        for request in &journal.open {
            if !matches!(request.state, RequestState::Answered { .. }) {
                cache.end(self.fingerprint, &request.id, &Outcome::Closed).map_err(|error| cache_note(&error))?;
            }
        }
        Ok(())
    }

    /// Splits what is missing into requests; each image that comes is kept, whatever becomes of the others.
    async fn buy(&self, got: &mut Got) {
        let references = match attach(self.run, &self.one.name, self.recipe).await {
            Ok(references) => references,
            Err(note) => {
                got.error = Some(note);
                return;
            }
        };
        let most = self.one.first().map_or(1, |candidate| candidate.max_images);
        let mut rest = self.missing(got);
        let mut sizes = Vec::new();
        while rest > 0 {
            sizes.push(rest.min(most));
            rest -= rest.min(most);
        }
        let requests = sizes.iter().map(|images| self.ask_in_turn(*images, &references));
        let answers: Vec<_> = stream::iter(requests).buffer_unordered(self.run.jobs.max(1)).collect().await;
        for taken in answers {
            self.receive(taken, got);
        }
        self.say_what_is_missing(got);
    }

    fn receive(&self, taken: Taken, got: &mut Got) {
        got.paid(u32::try_from(taken.takes.len()).unwrap_or(u32::MAX), taken.cost_usd);
        for mut take in taken.takes {
            take.generated = take.generated.max(self.not_before.clone());
            got.add(take);
        }
        for warning in taken.warnings {
            // Requests of one asset often have the same to say.
            if !got.warnings.contains(&warning) {
                got.warnings.push(warning);
            }
        }
        got.error = got.error.take().or(taken.error);
    }

    /// Asks one route after the other, as long as those before certainly didn't bill.
    async fn ask_in_turn(&self, images: u32, references: &[Attachment]) -> Taken {
        let mut taken = Taken::none();
        let mut rest = images;
        let candidates = &self.one.candidates;
        let mut at = 0;
        while let Some(candidate) = candidates.get(at) {
            let (why, code, moved) = match self.ask_piecewise(candidate, references, &mut rest, &mut taken).await {
                Ok(()) => return taken,
                Err(NoTakes::Final(note)) => return Taken { error: Some(note), ..taken },
                Err(NoTakes::Moved(why)) => (why, "not-served", true),
                Err(NoTakes::NoCredit(why)) => (why, "no-credit", false),
                Err(NoTakes::HandOver(why)) => (why, "provider", false),
            };
            // What stands against a provider stands against all its routes.
            let may_do = |other: &&Candidate| moved || other.route.provider != candidate.route.provider;
            let later = candidates[at + 1..].iter().find(may_do).filter(|_| !self.run.stop.is_requested());
            let Some(next) = later else {
                let from = &candidate.route.provider;
                let message = format!("{from} can't make `{}`: {why}", self.one.name);
                return Taken { error: Some(Note::new(code, message, cure(code, &why))), ..taken };
            };
            taken.warnings.push(self.go_on(candidate, next, &why));
            taken.warnings.extend(untold(next));
            at = candidates.iter().position(|other| std::ptr::eq(other, next)).unwrap_or(candidates.len());
        }
        Taken { error: Some(Note::new("provider", "there is nobody to ask", "")), ..taken }
    }

    /// Says that another route is taken, and why.
    fn go_on(&self, from: &Candidate, next: &Candidate, why: &str) -> Note {
        let (provider, other) = (&from.route.provider, &next.route.provider);
        let name = &self.one.name;
        if provider != other {
            self.run.report.event(&Event::HandedOver { name, from: provider, to: other, why });
            return Note::new("handed-over", format!("{provider} couldn't serve, {other} was asked: {why}"), "");
        }
        let label = |candidate: &Candidate| {
            let path = candidate.route.path.replace("{model}", &candidate.route.id);
            format!("{provider}'s {}", path.trim_start_matches("../"))
        };
        let (old, new) = (label(from), label(next));
        self.run.report.event(&Event::HandedOver { name, from: &old, to: &new, why });
        let model = &self.recipe.model;
        let help = format!("to go there at once, write the routes that you use under [models.\"{model}\"] routes");
        Note::new("route-moved", format!("{old} doesn't serve {model}, {new} was asked: {why}"), help)
    }

    /// Asks one provider for `rest` images. The requests are cut for the first one: another may return fewer at once.
    async fn ask_piecewise(
        &self,
        candidate: &Candidate,
        references: &[Attachment],
        rest: &mut u32,
        taken: &mut Taken,
    ) -> Result<(), NoTakes> {
        while *rest > 0 && taken.error.is_none() {
            let images = (*rest).min(candidate.max_images);
            let more = self.ask(candidate, images, references).await?;
            *rest -= images;
            taken.takes.extend(more.takes);
            taken.warnings.extend(more.warnings);
            taken.cost_usd = taken.cost_usd.zip(more.cost_usd).map(|(sum, cost)| sum + cost);
            taken.error = more.error;
        }
        Ok(())
    }

    /// Asks one provider, as often as its documents and its settings allow.
    async fn ask(&self, candidate: &Candidate, images: u32, references: &[Attachment]) -> Result<Taken, NoTakes> {
        let route = &candidate.route;
        let provider = &self.run.registry.providers[&route.provider];
        let key = self.run.keys.get(&provider.name);
        let line = self.run.lines.get(provider, key).map_err(NoTakes::HandOver)?;
        let request = self.request(candidate, images, references);
        if let Some(why) = self.run.moved.why(route, &request.path) {
            return Err(NoTakes::Moved(why));
        }
        let sending = Sending { line: &line, provider, candidate, images, request: &request };
        let mut patience = Patience::new(provider.max_retries);
        let mut unsent = Patience::new(RETRIES_UNSENT.min(provider.max_retries));
        // Nobody else is asked once a try may have been billed, however those after it ended.
        let mut is_certain = true;
        loop {
            let (pause, why) = match self.send(&sending).await {
                Ok(Step::Taken(taken)) => return Ok(taken),
                Ok(Step::Unsent(why)) => (unsent.next(None), why),
                Ok(Step::Again { after, why, unbilled }) => {
                    is_certain &= unbilled;
                    (patience.next(after), why)
                }
                Err(NoTakes::Moved(why) | NoTakes::NoCredit(why) | NoTakes::HandOver(why)) if !is_certain => {
                    return Err(NoTakes::Final(self.gave_up(provider, &why)));
                }
                Err(NoTakes::Moved(why)) => {
                    if self.has_another_route(candidate) {
                        self.run.moved.remember(route, &request.path, &why);
                    }
                    return Err(NoTakes::Moved(why));
                }
                Err(other) => return Err(other),
            };
            let Some(pause) = pause else {
                return Err(if is_certain {
                    NoTakes::HandOver(why)
                } else {
                    NoTakes::Final(self.gave_up(provider, &why))
                });
            };
            let name = &self.one.name;
            self.run.report.event(&Event::Retrying { name, provider: &provider.name, after: pause, why: &why });
            self.sleep(pause).await?;
        }
    }

    /// Whether the same provider has another way to the model.
    fn has_another_route(&self, candidate: &Candidate) -> bool {
        let provider = &candidate.route.provider;
        self.one.candidates.iter().any(|other| other.route.provider == *provider && other.route != candidate.route)
    }

    fn gave_up(&self, provider: &Provider, why: &str) -> Note {
        let message = format!("{} couldn't make `{}`: {why}", provider.name, self.one.name);
        Note::new("provider", message, "run `tintype sync` again later")
    }

    /// A pause that a stop ends.
    async fn sleep(&self, pause: Duration) -> Result<(), NoTakes> {
        let end = tokio::time::Instant::now() + pause;
        while tokio::time::Instant::now() < end {
            if self.run.stop.is_requested() {
                return Err(NoTakes::Final(interrupted(self.one)));
            }
            tokio::time::sleep_until(end.min(tokio::time::Instant::now() + POLL)).await;
        }
        Ok(())
    }
}

/// Takes that came of one request.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) takes: Vec<Take>,
    pub(super) cost_usd: Option<f64>,
    pub(super) warnings: Vec<Note>,
    pub(super) error: Option<Note>,
}

impl Taken {
    fn none() -> Self {
        Self { takes: Vec::new(), cost_usd: Some(0.0), warnings: Vec::new(), error: None }
    }
}

pub(super) fn interrupted(one: &PlannedAsset) -> Note {
    Note::new(
        "interrupted",
        format!("`{}` was not asked for: the run was stopped", one.name),
        "run `tintype sync` again",
    )
}

pub(super) fn cache_note(error: &io::Error) -> Note {
    let message = format!("the cache can't be written: {}", crate::files::describe(error));
    Note::new("cache", message, "make room or mend the permissions, then run `tintype sync` again")
}

/// What is in doubt about a route that wasn't the plan's.
fn untold(candidate: &Candidate) -> impl Iterator<Item = Note> + '_ {
    let help = "look at what comes, or name a provider that documents it in `provider`";
    candidate.doubts.iter().map(move |doubt| Note::new("untold", doubt.clone(), help))
}

fn cure(code: &str, why: &str) -> &'static str {
    match code {
        "no-credit" => "top the provider's account up, or name another in `provider`",
        "not-served" => {
            "look at what the provider serves, or name another in `provider`; `tintype models` shows who else does"
        }
        _ if why.starts_with("no connection") => "is the server up, and the base_url right?",
        _ => "run `tintype sync` again later, or name another in `provider`",
    }
}
