//! A run as a session hears it: lines for the person, steps for the page, and what would be spent.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::args::Format;
use crate::cli::gallery::Hub;
use crate::cli::human::Human;
use crate::cli::interrupt::Begun;
use crate::cli::talk::Talk;
use crate::event::{Event, Report};
use crate::plan::Plan;
use crate::project::Agreed;

/// Tells both, and asks nobody: a session goes on while somebody thinks about it.
pub(super) struct Told {
    human: Option<Human<'static>>,
    hub: Option<Arc<Hub>>,
    begun: Begun,
    /// What the last plan would spend.
    planned: Mutex<Option<Agreed>>,
}

impl Told {
    pub(super) fn new(talk: &'static Talk, hub: Option<Arc<Hub>>, begun: Begun) -> Self {
        let human = (talk.format == Format::Human).then(|| Human::new(talk, begun.clone()));
        Self { human, hub, begun, planned: Mutex::default() }
    }

    pub(super) fn end(&self) {
        if let Some(human) = &self.human {
            human.end();
        }
    }

    pub(super) fn planned(&self) -> Option<Agreed> {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report for Told {
    fn event(&self, event: &Event<'_>) {
        if let Event::Planned(plan) = event {
            *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(Agreed::of(plan));
        }
        if let Event::Started(_) = event {
            self.begun.set();
        }
        if let Some(hub) = &self.hub {
            hub.hear(event);
        }
        if let Some(human) = &self.human {
            human.event(event);
        }
    }

    fn confirm(&self, _plan: &Plan) -> bool {
        false
    }
}
