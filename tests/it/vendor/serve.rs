//! Connections: one thread each, from the first byte of a request to the last byte of its answer.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::http::{Answer, Request, read_request};
use super::objection::{Breach, Objection};
use super::order::{Made, Order};
use super::pages::Page;
use super::rules::echo;
use super::{FOREVER, Fault, Served, Shared};

/// The pieces of a slow download.
const PIECES: u32 = 20;

/// How an answer leaves.
enum Delivery {
    Whole,
    HeadOnly,
    Half,
    HalfThenGate,
    Slow(Duration),
    Endless,
}

/// What a connection does about a request; nothing means that it closes.
type Reply = Option<(Answer, Delivery)>;

pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.is_stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            if let Ok(registered) = stream.try_clone() {
                shared.lock().connections.insert(number, registered);
            }
            let _client_went_away = converse(&shared, &stream);
            let _already_closed = stream.shutdown(Shutdown::Both);
            shared.lock().connections.remove(&number);
        });
    }
}

fn converse(shared: &Shared, stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let reply = match request.method.as_str() {
            "GET" if request.path.starts_with("/cdn/") => Some(download(shared, &request)),
            _ => post(shared, stream, &request),
        };
        let Some((answer, delivery)) = reply else { return Ok(()) };
        let keep_alive = shared.lock().keep_alive && matches!(delivery, Delivery::Whole);
        deliver(shared, stream, &answer, &delivery, keep_alive)?;
        if !keep_alive {
            return Ok(());
        }
    }
    Ok(())
}

/// Counts a POST as under way for as long as this lives.
struct InFlight<'shared>(&'shared Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

fn post(shared: &Shared, stream: &TcpStream, request: &Request) -> Reply {
    let in_flight = InFlight(shared); // before the state, to be dropped after it
    let mut state = shared.lock();
    state.record(request);
    let request_number = state.requests.len();
    let order = match state.rules.order(request) {
        Ok(order) => order,
        Err(objection) => {
            state.broken_rules.push(objection.message.clone());
            let answer = state.rules.error(&objection, request, request_number);
            drop(state);
            shared.changed.notify_all();
            return Some((answer, Delivery::Whole));
        }
    };
    state.note_overlooked(&order);
    let fault = state.fault_for(&order.prompt);
    let bills_on_arrival = state.rules.bills_on_arrival();
    let latency = state.latency;
    if fault == Some(Fault::GateBeforeBilling) {
        drop(state);
        shared.changed.notify_all();
        shared.wait_at_the_gate();
        state = shared.lock();
    }
    if !bills_on_arrival {
        drop(state);
        shared.changed.notify_all();
        wait(shared, latency, fault.as_ref());
        if is_gone(stream) {
            return None;
        }
        state = shared.lock();
    }
    if state.is_stopping {
        drop(state);
        return None;
    }
    let is_lost = !bills_on_arrival && fault.as_ref().is_some_and(Fault::breaks_the_connection);
    let is_billed = fault.as_ref().is_none_or(Fault::is_billed) && !is_lost;
    let pictures = if is_billed { state.bill(&order, fault.as_ref(), &origin(shared)) } else { Vec::new() };
    drop(state);
    shared.changed.notify_all();
    if bills_on_arrival {
        wait(shared, latency, fault.as_ref());
    }
    let reply = answer(shared, request, &order, &pictures, fault.as_ref(), request_number);
    drop(in_flight);
    reply
}

/// The time between a request and its answer.
fn wait(shared: &Shared, latency: Duration, fault: Option<&Fault>) {
    shared.pause(latency);
    match fault {
        Some(Fault::HangForever) => shared.pause(FOREVER),
        Some(Fault::Delay(duration)) => shared.pause(*duration),
        Some(Fault::Gate) => shared.wait_at_the_gate(),
        _ => {}
    }
}

/// Whether the client has closed the connection.
fn is_gone(stream: &TcpStream) -> bool {
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let restored = stream.set_nonblocking(false);
    let is_open = match peeked {
        Ok(count) => count > 0,
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    };
    !is_open || restored.is_err()
}

fn answer(
    shared: &Shared,
    request: &Request,
    order: &Order,
    pictures: &[Served],
    fault: Option<&Fault>,
    request_number: usize,
) -> Reply {
    let state = shared.lock();
    let rules = &state.rules;
    let size = state.shape.size_for(order, fault);
    let success = || rules.success(&Made { order, pictures, size, request_number, fault });
    let error = |objection: &Objection| rules.error(objection, request, request_number);
    let reply = match fault {
        Some(Fault::HangForever | Fault::CloseBeforeAnswer) => return None,
        Some(Fault::ResetAfterHeaders) => (success(), Delivery::HeadOnly),
        Some(Fault::CutBody) => (success(), Delivery::Half),
        // Gemini refuses with status 200, in the form of an answer.
        Some(Fault::Refuse) if order.page != Page::Gemini => {
            let message = "the prompt was refused by the content policy";
            (error(&Objection::new(Breach::Refused, message)), Delivery::Whole)
        }
        Some(Fault::NoCredit) => {
            (error(&Objection::new(Breach::NoCredit, "insufficient credits: top up your account")), Delivery::Whole)
        }
        Some(Fault::EchoKey) => (error(&echo(request)), Delivery::Whole),
        Some(Fault::ErrorIn200) => (rules.error_in_200(request, request_number), Delivery::Whole),
        Some(Fault::Redirect { to }) => (Answer::json(307, &Value::Null).with_header("Location", to), Delivery::Whole),
        Some(Fault::Status { status, headers, body, .. }) => (status_answer(*status, headers, body), Delivery::Whole),
        _ => (success(), Delivery::Whole),
    };
    Some(reply)
}

fn status_answer(status: u16, headers: &[(String, String)], body: &str) -> Answer {
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let mut answer = Answer::new(status, "application/json", body);
    if is_typed {
        answer.headers.clear();
    }
    answer.headers.extend(headers.iter().cloned());
    answer
}

fn download(shared: &Shared, request: &Request) -> (Answer, Delivery) {
    let mut state = shared.lock();
    state.downloads.push(request.clone());
    let fault = state.queued_downloads.pop_front();
    let served = state.served.get(&format!("{}{}", origin(shared), request.path)).cloned();
    let has_key = request.header("authorization").is_some();
    if has_key {
        state.broken_rules.push("a download carries an Authorization header".to_string());
    }
    drop(state);
    shared.changed.notify_all();
    let plain = |status, text: &str| (Answer::new(status, "text/plain", text), Delivery::Whole);
    let Some(served) = served else { return plain(404, "no such picture") };
    if has_key {
        return plain(400, "a signed address takes no other authorization");
    }
    let answer = Answer::new(200, served.content_type, served.bytes);
    match fault.or(served.fault) {
        Some(Fault::DownloadStatus(status)) => plain(status, "no picture now"),
        Some(Fault::DownloadTruncated) => (answer, Delivery::Half),
        Some(Fault::DownloadEndless) => (answer, Delivery::Endless),
        Some(Fault::DownloadSlow(duration)) => (answer, Delivery::Slow(duration)),
        Some(Fault::DownloadGate) => (answer, Delivery::HalfThenGate),
        _ => (answer, Delivery::Whole),
    }
}

fn deliver(
    shared: &Shared,
    mut stream: &TcpStream,
    answer: &Answer,
    delivery: &Delivery,
    keep_alive: bool,
) -> std::io::Result<()> {
    let length = (!matches!(delivery, Delivery::Endless)).then_some(answer.body.len());
    stream.write_all(&answer.head(length, keep_alive))?;
    let (first, second) = answer.body.split_at(answer.body.len() / 2);
    match delivery {
        Delivery::Whole => stream.write_all(&answer.body),
        Delivery::HeadOnly => Ok(()),
        Delivery::Half => stream.write_all(first),
        Delivery::HalfThenGate => {
            stream.write_all(first)?;
            shared.wait_at_the_gate();
            stream.write_all(second)
        }
        Delivery::Slow(duration) => trickle(shared, stream, &answer.body, *duration),
        Delivery::Endless => {
            stream.write_all(&answer.body)?;
            while !shared.is_stopping() {
                stream.write_all(&[0; 8192])?;
            }
            Ok(())
        }
    }
}

fn trickle(shared: &Shared, mut stream: &TcpStream, body: &[u8], duration: Duration) -> std::io::Result<()> {
    for piece in body.chunks(body.len().div_ceil(PIECES as usize).max(1)) {
        shared.pause(duration / PIECES);
        stream.write_all(piece)?;
    }
    Ok(())
}

fn origin(shared: &Shared) -> String {
    format!("http://{}", shared.address)
}

/// A name that nobody finds by trying.
pub(super) fn unguessable() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
