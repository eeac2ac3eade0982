//! A session: what happens on the disk, on the keyboard and on the page, and what is done about it, one after the other.
//!
//! An order is carried out on a thread of its own, so that a change in the middle of it is heard: what is paid for is finished
//! and kept, and the newest wording is made next.

mod say;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gallery::Hub;
use crate::cli::interrupt::Begun;
use crate::cli::watch::Setup;
use crate::cli::watch::keys;
use crate::cli::watch::order::{Bench, Ended, Order};
use crate::cli::watch::told::Told;
use crate::cli::words::{counted, dollars};
use crate::digest::Digest;
use crate::event::Stop;
use crate::files::{Change, LOCKFILE, Watched};
use crate::name::AssetName;
use crate::project::{Agreed, Spent};
use crate::watch::Watcher;

/// A burst of saves is over once nothing has happened for so long.
const QUIET: Duration = Duration::from_millis(25);
/// And after so long, whatever goes on.
const LONGEST: Duration = Duration::from_secs(1);
/// A file that can't be read may be in the middle of being saved.
pub(super) const PATIENCE: Duration = Duration::from_millis(150);

/// Something happened.
pub(in crate::cli) enum Signal {
    /// On the disk, perhaps.
    Touched,
    /// A key was pressed.
    Key(char),
    /// The page asks for something.
    Asked(Order, Answer),
    /// This is what the run that is under way works on.
    Reading(Watched),
    /// What was under way is over; with what it would have spent.
    Ended(Box<Ended>, Option<Agreed>),
    /// Ctrl-C.
    Interrupted,
}

/// Where to say what came of an order.
pub(in crate::cli) type Answer = Box<dyn FnOnce(Result<(), &Failure>) + Send>;

/// What is under way.
struct Running {
    stop: Stop,
    begun: Begun,
    answer: Option<Answer>,
}

pub(super) struct Session {
    context: &'static Context,
    manifest: PathBuf,
    setup: Setup,
    hub: Option<Arc<Hub>>,
    sender: Sender<Signal>,
    watcher: Watcher,
    watched: Option<Watched>,
    spent: Spent,
    queue: VecDeque<(Order, Option<Answer>)>,
    /// Keys that were pressed while something was under way: what they mean depends on how that ends.
    pressed: VecDeque<char>,
    running: Option<Running>,
    /// What was heard while something else was waited for.
    heard: VecDeque<Signal>,
    /// Whether something has changed since what is under way was begun.
    is_outrun: bool,
    /// Whether this is to end once nothing is under way any more.
    ends: Option<Exit>,
    /// Choices that can be taken back, the last one last.
    choices: Vec<(AssetName, Digest)>,
    /// The asset that was made last.
    last: Option<AssetName>,
    /// What nobody has agreed to yet, and its price.
    refused: Option<(Order, Agreed)>,
    /// The last mistake that was shown: once is enough.
    shown: Option<String>,
    /// How many assets were declared the last time.
    assets: usize,
    has_keys: bool,
    is_first: bool,
}

impl Session {
    pub(super) fn new(
        context: &'static Context,
        manifest: PathBuf,
        setup: Setup,
        hub: Option<Arc<Hub>>,
        sender: Sender<Signal>,
    ) -> Self {
        let touch = sender.clone();
        let (watcher, why) = Watcher::new(setup.poll, move || drop(touch.send(Signal::Touched)));
        if let Some(why) = why {
            context.talk.say(&format!("looking twice a second: {why}"));
        }
        Self {
            context,
            manifest,
            setup,
            hub,
            sender,
            watcher,
            watched: None,
            spent: Spent::default(),
            queue: VecDeque::new(),
            pressed: VecDeque::new(),
            running: None,
            heard: VecDeque::new(),
            is_outrun: false,
            ends: None,
            choices: Vec::new(),
            last: None,
            refused: None,
            shown: None,
            assets: 0,
            has_keys: false,
            is_first: true,
        }
    }

    /// From now on, Ctrl-C lets what is paid for be finished, and ends the session.
    pub(super) fn listen(&self) {
        let sender = self.sender.clone();
        // Without a handler Ctrl-C ends everything at once: paid answers are on the disk even then.
        let _ = ctrlc::set_handler(move || drop(sender.send(Signal::Interrupted)));
    }

    /// Goes on until somebody ends it.
    pub(super) fn run(&mut self, signals: &Receiver<Signal>, has_keys: bool) -> Result<Exit, Failure> {
        self.has_keys = has_keys;
        if self.hub.is_some() {
            self.queue.push_back((Order::Look, None));
        }
        if self.setup.automatic {
            self.queue.push_back((self.own_sync(), None));
        }
        loop {
            if self.running.is_none() {
                if let Some(exit) = self.ends {
                    return Ok(exit);
                }
                self.begin_next();
            }
            let signal = match self.heard.pop_front() {
                Some(signal) => signal,
                None => signals.recv().expect("the session holds a sender itself"),
            };
            match signal {
                Signal::Touched => self.touched(signals),
                Signal::Key(key) if self.running.is_some() && "gdru".contains(key) => self.pressed.push_back(key),
                Signal::Key(key) => self.key(key),
                Signal::Asked(order, answer) => self.queue.push_back((order, Some(answer))),
                Signal::Reading(watched) => {
                    self.watched = Some(watched);
                    self.follow();
                    let changes = self.look_until_whole(signals);
                    self.changed(&changes);
                }
                Signal::Ended(ended, planned) => self.ended(*ended, planned, signals)?,
                Signal::Interrupted => self.interrupted(),
            }
        }
    }

    /// What a change on the disk leads to.
    fn own_sync(&self) -> Order {
        Order::Sync { names: Vec::new(), draft: self.setup.draft, agreed: None }
    }

    fn begin_next(&mut self) {
        while self.queue.is_empty()
            && let Some(key) = self.pressed.pop_front()
        {
            self.key(key);
        }
        let Some((order, answer)) = self.queue.pop_front() else { return };
        let (stop, begun) = (Stop::default(), Begun::default());
        let told = Told::new(&self.context.talk, self.hub.clone(), begun.clone());
        let (context, sender, before, assets) = (self.context, self.sender.clone(), self.spent, self.assets);
        let (manifest, options) = (self.manifest.clone(), self.setup.options.clone());
        if let Some(hub) = &self.hub {
            hub.begin(&order);
        }
        self.running = Some(Running { stop: stop.clone(), begun, answer });
        self.is_outrun = false;
        std::thread::spawn(move || {
            let reading = |watched| drop(sender.send(Signal::Reading(watched)));
            let bench = Bench {
                context,
                manifest: &manifest,
                options: &options,
                before,
                assets,
                reading: &reading,
                report: &told,
                stop: &stop,
            };
            // A bug in one run has been said by then; it ends that run alone.
            let ended = catch_unwind(AssertUnwindSafe(|| bench.carry_out(order.clone()))).unwrap_or_else(|_| {
                let message = "this came to nothing, for a bug in tintype";
                let done = Err(Failure::new(Exit::Failed, "internal", message, "change anything to try it once more"));
                Ended { order, done, watched: None }
            });
            told.end();
            drop(sender.send(Signal::Ended(Box::new(ended), told.planned())));
        });
    }

    /// Waits until a burst of events is over, then looks whether anything says something else.
    fn touched(&mut self, signals: &Receiver<Signal>) {
        self.wait_for(QUIET, Instant::now(), signals);
        let changes = self.look_until_whole(signals);
        self.changed(&changes);
    }

    /// What says something else. Editors don't save in one go, and half a manifest may be a sound one: with fewer assets, whose
    /// files would go.
    fn look_until_whole(&mut self, signals: &Receiver<Signal>) -> Vec<Change> {
        let began = Instant::now();
        let mut changes = self.look();
        while changes.iter().any(|change| change.is_cut) {
            self.wait_for(PATIENCE, began, signals);
            let more = self.look();
            if more.is_empty() {
                break;
            }
            let earlier = std::mem::replace(&mut changes, more);
            changes.extend(earlier.into_iter().map(|change| Change { is_cut: false, ..change }));
        }
        changes
    }

    /// Until nothing has happened for so long.
    fn wait_for(&mut self, quiet: Duration, began: Instant, signals: &Receiver<Signal>) {
        while began.elapsed() < LONGEST {
            match signals.recv_timeout(quiet) {
                Ok(Signal::Touched) => {}
                Ok(other) => self.heard.push_back(other),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&mut self) -> Vec<Change> {
        self.watched.as_mut().map(Watched::changes).unwrap_or_default()
    }

    fn changed(&mut self, changes: &[Change]) {
        // The lockfile says what was made: another one is to be seen, not to be paid for.
        let is_lockfile = |change: &Change| change.path.file_name().is_some_and(|name| name == LOCKFILE);
        let has_inputs = !changes.iter().all(is_lockfile);
        if let Some(running) = &self.running {
            self.is_outrun |= has_inputs;
            // Nobody has asked for just this: what is paid for is finished, then the newest wording is made.
            if has_inputs && self.setup.automatic && running.answer.is_none() {
                running.stop.request();
            }
        } else if has_inputs && self.setup.automatic {
            self.enqueue(self.own_sync());
        } else if !changes.is_empty() && self.hub.is_some() {
            self.enqueue(Order::Look);
        }
    }

    fn enqueue(&mut self, order: Order) {
        if self.queue.iter().all(|(known, _)| *known != order) {
            self.queue.push_back((order, None));
        }
    }

    fn ended(&mut self, ended: Ended, planned: Option<Agreed>, signals: &Receiver<Signal>) -> Result<(), Failure> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let Ended { order, done, watched } = ended;
        let has_read = watched.is_some();
        self.watched = watched.or(self.watched.take());
        let may_be_half = done.as_ref().err().is_some_and(|failure| failure.exit == Exit::Invalid);
        if may_be_half && running.answer.is_none() && self.was_half_saved() {
            self.enqueue(order);
            return Ok(());
        }
        match &done {
            Ok(done) => self.say_done(&order, done)?,
            Err(_) if self.watched.is_none() => {}
            Err(failure) => self.say_failed(&order, failure, planned),
        }
        if let Some(hub) = &self.hub {
            hub.end(&order, &done, self.spent, self.undoable().as_ref());
        }
        // Whoever asked knows of it only when the page does: the next click may take back what this one did.
        if let Some(answer) = running.answer {
            answer(done.as_ref().map(|_| ()));
        }
        if let (Err(failure), None) = (done, &self.watched) {
            // There is nothing whose change could be waited for.
            return Err(failure);
        }
        self.follow();
        let changes = if has_read { self.look_until_whole(signals) } else { Vec::new() };
        if self.is_outrun && changes.is_empty() {
            self.enqueue(if self.setup.automatic { self.own_sync() } else { Order::Look });
        }
        self.changed(&changes);
        Ok(())
    }

    /// Whether what couldn't be read is something else a moment later: editors don't save in one go.
    fn was_half_saved(&mut self) -> bool {
        std::thread::sleep(PATIENCE);
        !self.look().is_empty()
    }

    /// Watches what was read last. Where the file system can't tell, looks now and then.
    fn follow(&mut self) {
        let Some(watched) = &self.watched else { return };
        if let Err(why) = self.watcher.follow(watched) {
            self.context.talk.say(&format!("looking twice a second: {why}"));
            let touch = self.sender.clone();
            self.watcher = Watcher::new(true, move || drop(touch.send(Signal::Touched))).0;
        }
    }

    /// The last choice that can be taken back.
    fn undoable(&self) -> Option<(AssetName, Digest)> {
        self.choices.last().cloned()
    }

    fn key(&mut self, key: char) {
        let talk = &self.context.talk;
        let order = match key {
            'g' => Some(match self.refused.take() {
                Some((order, price)) => order.agreed_to(price),
                None => Order::Sync { names: Vec::new(), draft: false, agreed: None },
            }),
            'd' => Some(Order::Sync { names: Vec::new(), draft: true, agreed: None }),
            'r' => self.last.as_ref().map(|name| Order::Reroll {
                names: vec![name.to_string()],
                draft: self.setup.draft,
                agreed: None,
            }),
            'u' => self.undoable().map(|(name, take)| Order::Pick {
                name: name.to_string(),
                take: take.to_string(),
                undo: true,
            }),
            'o' => {
                match &self.hub {
                    Some(hub) => hub.open(talk),
                    None => talk.say("the gallery isn't served: start with `tintype watch --gallery`"),
                }
                return;
            }
            'q' => {
                self.end(Exit::Done);
                return;
            }
            _ => {
                talk.say(keys::LINE);
                return;
            }
        };
        match order {
            Some(order) => self.queue.push_back((order, None)),
            None if key == 'r' => talk.say("nothing was made in this session yet"),
            None => talk.say("there is no choice to take back"),
        }
    }

    fn interrupted(&mut self) {
        if self.ends.is_some() {
            let message = "stopped at once; requests that were under way may have been billed: `tintype plan` tells";
            self.context.talk.say(message);
            // Whoever holds the terminal in another mode gives it back only at the end of the loop.
            self.running = None;
        }
        self.end(Exit::Interrupted);
    }

    /// Ends the session, once what is paid for is finished.
    fn end(&mut self, exit: Exit) {
        let talk = &self.context.talk;
        self.queue.clear();
        self.ends = Some(exit);
        if let Some(running) = &self.running {
            running.stop.request();
            if running.begun.is_set() {
                talk.say("finishing what is paid for; press Ctrl-C to stop at once");
            } else {
                // Nothing was begun: there is nothing to wait for.
                self.running = None;
            }
        }
        if let (Some(cost), true) = (self.spent.cost_usd, self.spent.images > 0) {
            talk.say(&format!("this session: {}, {}", counted(self.spent.images as usize, "image"), dollars(cost)));
        }
    }
}
