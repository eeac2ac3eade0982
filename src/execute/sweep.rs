//! Paid answers that nobody waits for any more: their prompt was changed, their asset is gone, its file is blocked.
//!
//! They are fetched all the same and filed under the recipe that was asked for: what was paid for is kept. Asks for
//! nothing, and what can't be had now is left as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use crate::cache::{Outcome, RequestState};
use crate::event::Event;
use crate::execute::Run;
use crate::execute::purchase::cache_note;
use crate::execute::take_up::{Answered, By, Came, take_up, without_image};
use crate::plan::{Note, PlannedAsset};
use crate::recipe::{Fingerprint, Recipe};

/// Recipes whose answers are taken up at once.
const AT_ONCE: usize = 6;

/// Takes up every answer in the journal but those of `planned`, which take up their own.
pub(crate) async fn sweep(run: &Run<'_>, planned: &[Arc<PlannedAsset>]) {
    let answers = run.cache.answers();
    if answers.is_empty() {
        return;
    }
    // An asset that is only held back takes up what was answered, too.
    let held_back = |note: &Note| ["maybe-billed", "refused"].contains(&note.code);
    let waited_for = planned.iter().filter(|one| one.work.incomplete && one.error.as_ref().is_none_or(held_back));
    let waited_for: BTreeSet<Fingerprint> =
        waited_for.filter_map(|one| one.work.recipe.as_ref()).map(Recipe::fingerprint).collect();
    let stranded = answers.into_iter().filter(|fingerprint| !waited_for.contains(fingerprint));
    let work = stranded.map(|fingerprint| take_up_all(run, fingerprint));
    stream::iter(work).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn take_up_all(run: &Run<'_>, fingerprint: Fingerprint) {
    // Who has the recipe takes its answers up.
    let Ok(Some(_right)) = run.cache.try_lock(fingerprint) else { return };
    let journal = run.cache.journal(fingerprint);
    let answered = journal.open.iter().filter(|request| matches!(request.state, RequestState::Answered { .. }));
    for request in answered.filter(|_| !journal.newer) {
        if run.stop.is_requested() {
            return;
        }
        let name = request.intent.asset.as_str();
        let end =
            |outcome: &Outcome| run.cache.end(fingerprint, &request.id, outcome).err().map(|error| cache_note(&error));
        let Some(answered) = Answered::left(run, fingerprint, request, By::Sweeping) else {
            end(&Outcome::Unusable("the journal's copy of the answer is damaged".to_string()));
            continue;
        };
        let error = match take_up(run, name, answered).await {
            Came::Images(taken) => {
                if !taken.takes.is_empty() {
                    run.report.event(&Event::Recovered { name, images: taken.takes.len() });
                }
                if taken.error.is_some() && !run.policy.offline {
                    run.cache.tried(fingerprint, &request.id);
                }
                taken.error
            }
            Came::Empty(empty) => {
                let (outcome, note) = without_image(name, &request.intent.provider, &empty);
                end(&outcome).or(note)
            }
        };
        if let Some(error) = error {
            let message = format!("a paid answer for `{name}`, which isn't asked for any more: {}", error.message);
            run.report.event(&Event::Warning(&Note { message, ..error }));
        }
    }
}
