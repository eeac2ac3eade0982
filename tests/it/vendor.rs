//! A vendor on the loopback interface: it holds to its documented rules, bills, keeps a ledger, and fails on demand.
//!
//! It knows nothing of tintype. What it answers is what the vendor's documentation says; what it refuses, it doesn't bill.

#![allow(dead_code, reason = "each test file uses a part of this; so do the benchmarks")]

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

// The paths are spelled out so that a benchmark can take this file in by its path, too.
#[path = "vendor/fault.rs"]
mod fault;
#[path = "vendor/fields.rs"]
mod fields;
#[path = "vendor/http.rs"]
mod http;
#[path = "vendor/ledger.rs"]
mod ledger;
#[path = "vendor/multipart.rs"]
mod multipart;
#[path = "vendor/objection.rs"]
mod objection;
#[path = "vendor/options.rs"]
mod options;
#[path = "vendor/order.rs"]
mod order;
#[path = "vendor/pages.rs"]
mod pages;
#[path = "vendor/picture.rs"]
mod picture;
#[path = "vendor/references.rs"]
mod references;
#[path = "vendor/rules.rs"]
mod rules;
#[path = "vendor/serve.rs"]
mod serve;
#[path = "vendor/sizes.rs"]
mod sizes;
#[path = "vendor/tests.rs"]
#[cfg(all(test, not(feature = "failpoints")))]
mod tests;

#[allow(unused_imports, reason = "not every user of this file names all of them")]
pub(crate) use {
    fault::Fault,
    http::Request,
    ledger::{Bill, Sold},
    picture::Format,
    rules::ChatImage,
};

use picture::{Easel, Shape};
use rules::{House, Rules};

/// The one key that these vendors accept. No test may ever find it in a file or in an output.
pub(crate) const KEY: &str = "sk-canary-7d1f4c0b93ae58e2";

/// The longest that a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(86_400);

/// A server of one vendor's api. It stops when dropped, whatever it is busy with.
pub(crate) struct Vendor {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    rules: Rules,
    shape: Shape,
    latency: Duration,
    keep_alive: bool,
    queued: VecDeque<Fault>,
    by_prompt: Vec<(String, Fault)>,
    queued_downloads: VecDeque<Fault>,
    requests: Vec<Request>,
    downloads: Vec<Request>,
    broken_rules: Vec<String>,
    overlooked: Vec<String>,
    bills: Vec<Bill>,
    served: HashMap<String, Served>,
    easel: Easel,
    in_flight: usize,
    max_in_flight: usize,
    gate_is_open: bool,
    is_stopping: bool,
    connections: HashMap<u64, TcpStream>,
}

/// A picture, where it was made and where it can be fetched.
#[derive(Clone)]
struct Served {
    url: String,
    bytes: Vec<u8>,
    content_type: &'static str,
    fault: Option<Fault>,
}

impl Vendor {
    /// AIsa in April 2026: Seedream at `images/generations`, Wan in the chat, Gemini at `generateContent`.
    pub(crate) fn aisa() -> Vendor {
        Vendor::start(Rules::of(House::Aisa))
    }

    /// AIsa since July 2026: Wan, GPT Image and the newer Seedream at `images`, the older Seedream in the chat.
    pub(crate) fn aisa_moved() -> Vendor {
        Vendor::start(Rules::of(House::AisaMoved))
    }

    /// OpenRouter's `POST /api/v1/images`: many models, base64 only; what fails isn't billed.
    pub(crate) fn openrouter() -> Vendor {
        Vendor::start(Rules::of(House::OpenRouter))
    }

    /// PowerTokens' `POST /v1/images/generations`: Seedream, with references, seeds and sets.
    pub(crate) fn powertokens() -> Vendor {
        Vendor::start(Rules::of(House::PowerTokens))
    }

    /// A server of one's own that speaks OpenAI's `images` api: no key, answers in base64.
    pub(crate) fn openai() -> Vendor {
        Vendor::start(Rules::of(House::OpenAi))
    }

    fn start(rules: Rules) -> Vendor {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared { address, state: Mutex::new(State::new(rules)), changed: Condvar::new() });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve::accept(&listener, &shared)
        });
        Vendor { shared, acceptor: Some(acceptor) }
    }

    /// Play this at the next POST that keeps the rules; several queue up.
    #[track_caller]
    pub(crate) fn next(&self, fault: Fault) -> &Vendor {
        self.assert_can_play(&fault);
        self.shared.lock().queued.push_back(fault);
        self
    }

    /// Play this at each POST whose prompt holds `part`, until `heal`.
    #[track_caller]
    pub(crate) fn when(&self, part: &str, fault: Fault) -> &Vendor {
        self.assert_can_play(&fault);
        self.shared.lock().by_prompt.push((part.to_string(), fault));
        self
    }

    /// Play this download fault at the next download only; as `next` or `when` it sticks to the pictures of that POST.
    #[track_caller]
    pub(crate) fn next_download(&self, fault: Fault) -> &Vendor {
        assert!(fault.is_of_download(), "{fault:?} isn't a fault of downloads");
        self.assert_can_play(&fault);
        self.shared.lock().queued_downloads.push_back(fault);
        self
    }

    /// No more faults: neither queued ones, nor by prompt, nor those that stick to pictures already sold.
    pub(crate) fn heal(&self) -> &Vendor {
        let mut state = self.shared.lock();
        state.queued.clear();
        state.by_prompt.clear();
        state.queued_downloads.clear();
        state.served.values_mut().for_each(|served| served.fault = None);
        drop(state);
        self
    }

    /// Let pass what waits at a gate, now and from now on.
    pub(crate) fn open(&self) -> &Vendor {
        self.shared.lock().gate_is_open = true;
        self.shared.changed.notify_all();
        self
    }

    /// How many images were billed.
    pub(crate) fn billed(&self) -> usize {
        self.bills().iter().map(|bill| bill.pictures.len()).sum()
    }

    /// How many images were billed for prompts that hold `part`.
    pub(crate) fn billed_for(&self, part: &str) -> usize {
        self.bills().iter().filter(|bill| bill.prompt.contains(part)).map(|bill| bill.pictures.len()).sum()
    }

    pub(crate) fn bills(&self) -> Vec<Bill> {
        self.shared.lock().bills.clone()
    }

    /// Every POST in order of arrival, refused ones included.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// The prompts of all POSTs, in order of arrival.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.requests().iter().filter_map(Request::prompt).collect()
    }

    pub(crate) fn downloads(&self) -> Vec<Request> {
        self.shared.lock().downloads.clone()
    }

    /// The most POSTs that were under way at one time.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.shared.lock().max_in_flight
    }

    /// What this vendor refused because a request broke its rules; played faults aren't among them.
    pub(crate) fn broken_rules(&self) -> Vec<String> {
        self.shared.lock().broken_rules.clone()
    }

    /// What was passed over or changed without a word, as the documentation warns: a clamped ratio, a quality.
    pub(crate) fn overlooked(&self) -> Vec<String> {
        self.shared.lock().overlooked.clone()
    }

    /// Wait until `count` POSTs have come in. What is billed on arrival is billed by then.
    #[track_caller]
    pub(crate) fn wait_for_requests(&self, count: usize) -> &Vendor {
        let seen = self.shared.wait_until(PATIENCE, |state| state.requests.len() >= count);
        assert!(seen, "waited for {count} requests, {} came: {:?}", self.requests().len(), self.prompts());
        self
    }

    #[track_caller]
    pub(crate) fn wait_for_downloads(&self, count: usize) -> &Vendor {
        let seen = self.shared.wait_until(PATIENCE, |state| state.downloads.len() >= count);
        assert!(seen, "waited for {count} downloads, {} came", self.downloads().len());
        self
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// `http://127.0.0.1:PORT/v1`, or `/api/v1` where the vendor has it so.
    pub(crate) fn base_url(&self) -> String {
        format!("{}{}", self.origin(), self.shared.lock().rules.base_path())
    }

    /// The block of a manifest that sends this vendor's provider here.
    pub(crate) fn manifest_lines(&self) -> String {
        let base_url = self.base_url();
        self.shared.lock().rules.manifest_lines(&base_url)
    }

    #[track_caller]
    fn assert_can_play(&self, fault: &Fault) {
        let can_play = self.shared.lock().rules.can_play(fault);
        assert!(can_play, "{fault:?} is not of this vendor, or needs it `with_urls`");
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_stopping = true;
        for connection in state.connections.values() {
            let _already_closed = connection.shutdown(std::net::Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        let _wakes_the_acceptor = TcpStream::connect(self.shared.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _panicked = acceptor.join();
        }
    }
}

/// A base URL at which nobody listens: connections are refused.
pub(crate) fn closed_base_url() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    format!("http://{address}/v1")
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `is_so` came true within `patience`. A vendor that stops waits for nothing.
    fn wait_until(&self, patience: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), patience, |state| !state.is_stopping && !is_so(state))
            .unwrap_or_else(PoisonError::into_inner);
        is_so(&state)
    }

    /// Sleep, but not longer than this vendor lives.
    fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.wait_until(duration, |_| false);
        }
    }

    fn wait_at_the_gate(&self) {
        self.wait_until(FOREVER, |state| state.gate_is_open);
    }

    fn is_stopping(&self) -> bool {
        self.lock().is_stopping
    }
}

impl State {
    fn new(rules: Rules) -> State {
        State {
            rules,
            shape: Shape::default(),
            latency: Duration::ZERO,
            keep_alive: false,
            queued: VecDeque::new(),
            by_prompt: Vec::new(),
            queued_downloads: VecDeque::new(),
            requests: Vec::new(),
            downloads: Vec::new(),
            broken_rules: Vec::new(),
            overlooked: Vec::new(),
            bills: Vec::new(),
            served: HashMap::new(),
            easel: Easel::default(),
            in_flight: 0,
            max_in_flight: 0,
            gate_is_open: false,
            is_stopping: false,
            connections: HashMap::new(),
        }
    }
}

/// When something happened, for tests of pace and retries.
fn now() -> Instant {
    Instant::now()
}
