//! What the page shows: kept up by the session, read by the server, told to every page that listens.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gallery::guard::{is_same, token};
use crate::cli::gallery::project_name;
use crate::cli::gallery::rows::{Row, State, rows};
use crate::cli::talk::Talk;
use crate::cli::watch::{Done, Order, Setup};
use crate::digest::Digest;
use crate::event::{Event, Verdict};
use crate::name::AssetName;
use crate::plan::{Action, rounded};
use crate::project::{Project, Spent, SyncOptions};

/// So much may be said before a slow page has to ask for everything again.
const BACKLOG: usize = 1_024;

/// Something for the pages: its kind, and a document.
pub(super) type Message = (&'static str, Arc<str>);

/// The page's matter.
pub(in crate::cli) struct Hub {
    board: Mutex<Board>,
    messages: Sender<Message>,
    /// Where the page is: the server's address, and the path with the token.
    address: (String, String),
    /// What the browser is sent with, once: its command line is there for everybody on the machine to read.
    ticket: Mutex<Option<String>>,
    project: String,
    automatic: bool,
    options: SyncOptions,
}

#[derive(Default)]
struct Board {
    revision: u64,
    /// How often an order has ended: between two ends no asset is another one.
    orders: u64,
    rows: BTreeMap<String, Row>,
    running: Option<Running>,
    message: Option<Said>,
    undo: Option<Undo>,
    budget: Budget,
    pending: Pending,
    pending_draft: Option<Pending>,
    can_draft: bool,
    /// The project as it was looked at last, to read pictures with.
    viewer: Option<Arc<Project>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Running {
    what: &'static str,
    names: Vec<String>,
}

/// What is to be said to whoever looks at the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Said {
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) help: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Undo {
    name: String,
    /// The number of the take that comes back.
    take: usize,
    #[serde(skip)]
    hash: Digest,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Budget {
    spent_usd: Option<f64>,
    images: u32,
    max_cost_usd: Option<f64>,
    max_images: Option<u32>,
}

/// What is to be done, and its price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Pending {
    images: u32,
    cost_usd: Option<f64>,
    names: usize,
}

impl Default for Pending {
    fn default() -> Self {
        Self { images: 0, cost_usd: Some(0.0), names: 0 }
    }
}

impl Said {
    pub(super) fn of(failure: &Failure) -> Self {
        let (text, help) = failure.parts();
        let kind = if failure.exit == Exit::Refused { "refused" } else { "error" };
        Self { kind, text, help }
    }
}

impl Hub {
    pub(super) fn new(manifest: &Path, setup: &Setup, address: (String, String)) -> Self {
        let board = Board { budget: Budget { spent_usd: Some(0.0), ..Budget::default() }, ..Board::default() };
        Self {
            board: Mutex::new(board),
            messages: channel(BACKLOG).0,
            address,
            ticket: Mutex::default(),
            project: project_name(manifest),
            automatic: setup.automatic,
            options: setup.options.clone(),
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that the page shows.
    pub(super) fn state(&self) -> Value {
        let board = self.board();
        let mut state = self.head(&board);
        state["project"] = json!(self.project);
        state["assets"] = json!(board.rows.values().collect::<Vec<_>>());
        state
    }

    /// What is said from now on.
    pub(super) fn listen(&self) -> Receiver<Message> {
        self.messages.subscribe()
    }

    /// How many orders have ended.
    pub(super) fn orders(&self) -> u64 {
        self.board().orders
    }

    /// The project to read pictures with.
    pub(super) fn viewer(&self) -> Option<Arc<Project>> {
        self.board().viewer.clone()
    }

    /// An asset's row.
    pub(super) fn row(&self, name: &str) -> Option<Row> {
        self.board().rows.get(name).cloned()
    }

    /// What taking the last choice back means.
    pub(super) fn undo(&self) -> Option<(String, String)> {
        self.board().undo.as_ref().map(|undo| (undo.name.clone(), undo.hash.to_string()))
    }

    fn ticket(&self) -> MutexGuard<'_, Option<String>> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a ticket leads to, the first time that it is shown.
    pub(super) fn redeem(&self, shown: &str) -> Option<&str> {
        let mut ticket = self.ticket();
        let is_it = ticket.as_deref().is_some_and(|ticket| is_same(ticket, shown));
        if is_it { ticket.take().map(|_| self.address.1.as_str()) } else { None }
    }

    /// Opens the page in the browser.
    pub(in crate::cli) fn open(&self, talk: &Talk) {
        let (server, path) = &self.address;
        let Ok(ticket) = token() else { return };
        let address = format!("{server}/{ticket}");
        *self.ticket() = Some(ticket);
        let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
            "macos" => ("open", &[]),
            "windows" => ("cmd", &["/c", "start", ""]),
            _ => ("xdg-open", &[]),
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(&address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(mut child) => {
                // Whatever it says, the address has been told; it must not stay behind as a dead process.
                std::thread::spawn(move || child.wait());
            }
            Err(_) => talk.say(&format!("no browser could be opened: the page is at {server}{path}")),
        }
    }

    /// An order is being carried out from now on.
    pub(in crate::cli) fn begin(&self, order: &Order) {
        if *order == Order::Look {
            return;
        }
        let (what, names) = order.words();
        self.touch(None, |board| board.running = Some(Running { what, names }));
    }

    /// Something happened to an asset.
    pub(in crate::cli) fn hear(&self, event: &Event<'_>) {
        let progress = |name: &AssetName, text: String| {
            self.tell("progress", &json!({ "name": name.as_str(), "text": text }));
        };
        match event {
            Event::Started(one) if one.action == Action::Generate => {
                let name = one.name.as_str();
                self.touch(Some(name), |board| {
                    if let Some(row) = board.rows.get_mut(name) {
                        row.state = State::Generating;
                    }
                });
            }
            Event::Asking { name, provider, images } => {
                let images = if *images == 1 { "1 image".to_string() } else { format!("{images} images") };
                progress(name, format!("asking {provider} for {images}"));
            }
            Event::Retrying { name, provider, why, .. } => progress(name, format!("{provider}: trying again: {why}")),
            Event::HandedOver { name, from, to, .. } => progress(name, format!("{from} couldn't, asking {to}")),
            Event::Finished { asset, result } if result.verdict == Verdict::Failed => {
                let error = result.error.as_ref();
                let text = error.map_or_else(String::new, |error| error.message.clone());
                let help = error.and_then(|error| error.help.clone());
                self.tell(
                    "notice",
                    &json!({ "kind": "error", "text": text, "help": help, "name": asset.name.as_str() }),
                );
            }
            _ => {}
        }
    }

    /// An order was carried out, or came to nothing.
    pub(in crate::cli) fn end(
        &self,
        order: &Order,
        done: &Result<Done, Failure>,
        spent: Spent,
        undo: Option<&(AssetName, Digest)>,
    ) {
        let is_draft = matches!(order, Order::Sync { draft: true, .. } | Order::Reroll { draft: true, .. });
        self.change(|board| {
            board.running = None;
            board.orders += 1;
            board.budget.spent_usd = spent.cost_usd;
            board.budget.images = spent.images;
            match done {
                Ok(done) => self.show(board, done, is_draft, undo),
                Err(failure) => {
                    // What was begun and isn't under way any more.
                    for row in board.rows.values_mut().filter(|row| row.state == State::Generating) {
                        row.state = State::Pending;
                    }
                    let is_general = matches!(order, Order::Look | Order::Sync { .. });
                    if is_general && failure.exit != Exit::Refused {
                        board.message = Some(Said::of(failure));
                    }
                }
            }
        });
        if let Err(failure) = done
            && failure.exit == Exit::Refused
        {
            self.tell("notice", &json!(Said::of(failure)));
        }
    }

    fn show(&self, board: &mut Board, done: &Done, is_draft: bool, undo: Option<&(AssetName, Digest)>) {
        board.message = None;
        if done.plan.assets.is_empty() && done.project.is_none() {
            return;
        }
        board.rows = rows(&board.rows, done, is_draft);
        board.undo = undo.and_then(|(name, hash)| {
            let known = board.undo.as_ref().filter(|undo| undo.hash == *hash && undo.name == name.as_str());
            let found = done.lock.get(name).and_then(|entry| entry.generated()?.take(*hash));
            let Some((take, _)) = found else { return known.cloned() };
            Some(Undo { name: name.to_string(), take, hash: *hash })
        });
        board.pending = pending(board.rows.values());
        board.pending_draft = done.drafts.map(|drafts| Pending {
            images: drafts.images,
            cost_usd: drafts.cost_usd,
            names: board.pending.names,
        });
        if let Some(project) = &done.project {
            let limits = project.limits(&self.options);
            board.budget.max_cost_usd = limits.max_cost_usd;
            board.budget.max_images = Some(limits.max_images);
            board.can_draft = project.can_draft();
            if project.is_whole() {
                board.viewer = Some(Arc::clone(project));
            }
        }
    }

    /// Changes what is shown, and tells all pages what is another now.
    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        let before = board.rows.clone();
        change(&mut board);
        let changed: Vec<&Row> =
            board.rows.iter().filter(|(name, row)| before.get(*name) != Some(row)).map(|(_, row)| row).collect();
        let removed: Vec<_> = before.keys().filter(|name| !board.rows.contains_key(*name)).collect();
        let told = json!({ "assets": changed, "removed": removed });
        self.publish(board, &told);
    }

    /// Changes one asset, or none.
    fn touch(&self, name: Option<&str>, change: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        change(&mut board);
        let row = name.and_then(|name| board.rows.get(name));
        let told = json!({ "assets": row.into_iter().collect::<Vec<_>>(), "removed": [] });
        self.publish(board, &told);
    }

    /// Tells what is another now, while nothing else can change: revisions come in their order.
    fn publish(&self, mut board: MutexGuard<'_, Board>, rows: &Value) {
        board.revision += 1;
        let mut told = self.head(&board);
        told["assets"] = rows["assets"].clone();
        told["removed"] = rows["removed"].clone();
        self.tell("change", &told);
    }

    fn head(&self, board: &Board) -> Value {
        json!({
            "version": crate::cli::json::VERSION,
            "revision": board.revision,
            "automatic": self.automatic,
            "can_draft": board.can_draft,
            "budget": board.budget,
            "pending": board.pending,
            "pending_draft": board.pending_draft,
            "running": board.running,
            "can_undo": board.undo,
            "message": board.message,
        })
    }

    pub(super) fn tell(&self, kind: &'static str, document: &Value) {
        // Nobody may be listening.
        let _ = self.messages.send((kind, document.to_string().into()));
    }
}

/// What would be done about all that isn't finished.
fn pending<'a>(rows: impl Iterator<Item = &'a Row>) -> Pending {
    let open = rows.filter(|row| matches!(row.state, State::Pending | State::Draft | State::Placeholder));
    open.fold(Pending::default(), |sum, row| Pending {
        images: sum.images + row.images,
        cost_usd: sum
            .cost_usd
            .zip(if row.images == 0 { Some(0.0) } else { row.cost_usd })
            .map(|(sum, cost)| rounded(sum + cost)),
        names: sum.names + 1,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::cli::gallery::hub::Hub;
    use crate::cli::watch::Setup;
    use crate::project::SyncOptions;

    #[test]
    fn a_ticket_is_good_for_one_look() {
        let options = SyncOptions::default();
        let setup = Setup { options, automatic: false, draft: false, poll: false, serving: None };
        let address = ("http://127.0.0.1:1".to_string(), "/t-1/".to_string());
        let hub = Hub::new(Path::new("images.toml"), &setup, address);
        assert_eq!(hub.redeem(""), None, "nobody was sent yet");
        *hub.ticket() = Some("t-2".to_string());
        assert_eq!([hub.redeem("t-3"), hub.redeem("t-2"), hub.redeem("t-2")], [None, Some("/t-1/"), None]);
    }
}
