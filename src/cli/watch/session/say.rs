//! What a session says on the terminal: what came of an order, and what it waits for.

use crate::cli::args::Format;
use crate::cli::describe;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::document;
use crate::cli::watch::keys;
use crate::cli::watch::order::{Done, Order};
use crate::cli::watch::session::Session;
use crate::cli::words::counted;
use crate::files::Watched;
use crate::plan::Action;
use crate::project::Agreed;

impl Session {
    pub(super) fn say_done(&mut self, order: &Order, done: &Done) -> Result<(), Failure> {
        let talk = &self.context.talk;
        self.shown = None;
        self.refused = None;
        self.assets = done.plan.iter().filter(|one| one.action != Action::Prune).count();
        if let Order::Pick { undo: true, .. } = order {
            self.choices.pop();
        } else {
            self.choices.extend(done.chosen_before.iter().cloned());
        }
        match &done.synced {
            Some(synced) => {
                self.spent.add(synced, order.is_agreed());
                let made = synced.results.iter().filter(|(_, result)| result.images > 0);
                self.last = made.map(|(name, _)| name.clone()).next_back().or(self.last.take());
                let is_settled = synced.plan.is_settled();
                if talk.format == Format::Json {
                    talk.answer(&one_line(&document(&synced.plan, Some(synced))))?;
                } else if !is_settled || self.is_first {
                    talk.remark(&describe::made(synced, talk.out))?;
                }
            }
            None if matches!(order, Order::Sync { .. }) && self.is_first => {
                talk.remark(&describe::nothing(done.plan.assets.len()))?;
            }
            None => {
                let (what, names) = order.words();
                if !names.is_empty() {
                    talk.say(&talk.err.plain(&format!("{what} {}: done", names.join(", "))));
                }
            }
        }
        if !matches!(order, Order::Look) || !self.setup.automatic {
            self.say_first();
        }
        Ok(())
    }

    pub(super) fn say_failed(&mut self, order: &Order, failure: &Failure, planned: Option<Agreed>) {
        let text = failure.text(self.context.talk.err);
        if self.shown.as_ref() != Some(&text) {
            failure.show(&self.context.talk);
        }
        self.shown = Some(text);
        if let (Exit::Refused, Some(planned), true) = (failure.exit, planned, order.may_spend()) {
            self.refused = Some((order.clone(), planned));
            if self.has_keys && failure.code() == "consent" {
                self.context.talk.say("press g to agree");
            }
        }
        self.say_first();
    }

    /// Once everything stands: what is watched, and which keys there are.
    fn say_first(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            return;
        }
        let talk = &self.context.talk;
        let files = self.watched.as_ref().map_or(0, Watched::len);
        let how = if self.watcher.polls() { "looking twice a second at" } else { "watching" };
        talk.say(&format!("{how} {}; Ctrl-C ends it", counted(files, "file")));
        if self.has_keys {
            talk.say(keys::LINE);
        }
    }
}

/// A document in a line of its own: there will be more.
fn one_line(document: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    format!("{value}\n")
}
