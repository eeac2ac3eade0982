//! The server: addresses to answers. Everything that it may do is here; what it may not is in [`guard`](super::guard).

use std::convert::Infallible;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

use crate::cli::Context;
use crate::cli::failure::Failure;
use crate::cli::gallery::detail::{Whole, detail, followers};
use crate::cli::gallery::guard::{HEADERS, admit, is_same};
use crate::cli::gallery::hub::{Hub, Said};
use crate::cli::gallery::page::{INDEX, PARTS, Part};
use crate::cli::gallery::pictures::{self, answer};
use crate::cli::watch::{Answer, Order, Signal};
use crate::plan::Note;
use crate::project::Agreed;

/// How often a silent line is kept from being taken for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";
/// What may change at any time.
const AGAIN: &str = "no-cache";

/// What the server answers from.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) hub: Arc<Hub>,
    pub(super) sender: Sender<Signal>,
    pub(super) context: &'static Context,
    pub(super) manifest: PathBuf,
    pub(super) token: String,
    pub(super) port: u16,
}

/// The same for every request, and the project as it was opened for the last one.
struct Desk {
    server: Server,
    whole: Mutex<Option<(u64, Arc<Whole>)>>,
}

type Reply = Response<Body>;

impl Server {
    /// Serves until the process ends.
    pub(super) fn start(self, listener: TcpListener) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let desk = Arc::new(Desk { server: self, whole: Mutex::default() });
        std::thread::Builder::new().name("gallery".to_string()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let _ = axum::serve(listener, router(desk)).await;
            });
        })?;
        Ok(())
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/{token}/", get(index))
        .route("/{token}/state", get(state))
        .route("/{token}/asset", get(asset))
        .route("/{token}/followers", get(followed))
        .route("/{token}/events", get(events))
        .route("/{token}/do", post(carry_out))
        .route("/{token}/thumb/{version}/{*name}", get(thumb))
        .route("/{token}/take/{hash}", get(take))
        .route("/{token}/original/{hash}", get(original))
        .route("/{token}/output/{version}/{*path}", get(output))
        .route("/{token}/reference/{*path}", get(reference))
        .route("/{token}/{part}", get(part))
        .fallback(async || plain(StatusCode::NOT_FOUND, "there is nothing here"))
        .layer(from_fn_with_state(Arc::clone(&desk), guarded))
        .with_state(desk)
}

/// Lets nobody through who may not ask, and no answer out without its headers.
async fn guarded(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Reply {
    let server = &desk.server;
    let token = request.uri().path().split('/').nth(1).unwrap_or_default();
    let mut reply = match admit(request.method(), request.headers(), server.port) {
        Err((status, why)) => plain(status, why),
        Ok(()) if is_same(token, &server.token) => next.run(request).await,
        Ok(()) => match server.hub.redeem(token) {
            Some(path) => elsewhere(path),
            None => {
                plain(StatusCode::FORBIDDEN, "this address is of another run: take the one that tintype has written")
            }
        },
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        reply.headers_mut().entry(HeaderName::from_static(name)).or_insert(value);
    }
    reply
}

fn plain(status: StatusCode, text: &str) -> Reply {
    let built = Response::builder().status(status).header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    built.body(Body::from(format!("{text}\n"))).expect("these headers are sound")
}

fn elsewhere(path: &str) -> Reply {
    let built = Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, path);
    built.body(Body::empty()).expect("a token is a sound header")
}

fn refused(status: StatusCode, code: &str, message: &str, help: Option<&str>) -> Reply {
    let error = json!({ "error": { "code": code, "message": message, "help": help } });
    let mut reply = plain(status, &error.to_string());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    reply
}

fn failed(failure: &Failure) -> Reply {
    let (message, help) = failure.parts();
    refused(StatusCode::CONFLICT, failure.code(), &message, help.as_deref())
}

fn of_part(part: &Part, headers: &HeaderMap) -> Reply {
    answer(part.text.as_bytes().to_vec(), part.kind, AGAIN, headers)
}

async fn index(headers: HeaderMap) -> Reply {
    of_part(&INDEX, &headers)
}

async fn part(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Reply {
    match PARTS.iter().find(|part| part.name == name) {
        Some(part) => of_part(part, &headers),
        None => plain(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

/// Work that would hold up everybody else, on a thread of its own.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok().flatten()
}

async fn shown(work: impl FnOnce() -> Option<Reply> + Send + 'static) -> Reply {
    aside(work).await.unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "there is no such picture"))
}

async fn state(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Reply {
    let document = aside(move || Some(desk.server.hub.state().to_string())).await.unwrap_or_default();
    answer(document.into_bytes(), JSON, AGAIN, &headers)
}

async fn thumb(
    State(desk): State<Arc<Desk>>,
    Path((_, _, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Reply {
    shown(move || pictures::thumb(&desk.server.hub, &name, &headers)).await
}

async fn take(State(desk): State<Arc<Desk>>, Path((_, hash)): Path<(String, String)>, headers: HeaderMap) -> Reply {
    shown(move || pictures::original(desk.last()?.as_ref(), &hash, true, &headers)).await
}

async fn original(State(desk): State<Arc<Desk>>, Path((_, hash)): Path<(String, String)>, headers: HeaderMap) -> Reply {
    shown(move || pictures::original(desk.last()?.as_ref(), &hash, false, &headers)).await
}

async fn output(
    State(desk): State<Arc<Desk>>,
    Path((_, _, path)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Reply {
    shown(move || pictures::output(desk.last()?.as_ref(), &path, &headers)).await
}

async fn reference(
    State(desk): State<Arc<Desk>>,
    Path((_, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Reply {
    shown(move || pictures::reference(desk.last()?.as_ref(), &path, &headers)).await
}

#[derive(Deserialize)]
struct Asked {
    name: String,
    take: Option<String>,
}

impl Desk {
    /// The whole project, opened anew where anything may have changed.
    fn whole(&self) -> Result<Arc<Whole>, Failure> {
        let orders = self.server.hub.orders();
        let mut known = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, whole)) = known.as_ref().filter(|(of, _)| *of == orders) {
            return Ok(Arc::clone(whole));
        }
        let whole = Arc::new(Whole::open(self.server.context, &self.server.manifest)?);
        *known = Some((orders, Arc::clone(&whole)));
        Ok(whole)
    }

    /// The same or, while the manifest is broken, as it was before: its pictures are still worth seeing.
    fn last(&self) -> Option<Arc<Whole>> {
        let known =
            || self.whole.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, whole)| Arc::clone(whole));
        self.whole().ok().or_else(known)
    }
}

async fn asset(State(desk): State<Arc<Desk>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Reply {
    let made = aside(move || {
        let whole = match desk.whole() {
            Ok(whole) => whole,
            Err(failure) => return Some(Err(failure)),
        };
        Some(Ok(detail(&whole, &desk.server.hub, &asked.name)))
    });
    match made.await {
        Some(Ok(Some(document))) => answer(document.to_string().into_bytes(), JSON, AGAIN, &headers),
        Some(Err(failure)) => failed(&failure),
        _ => refused(StatusCode::NOT_FOUND, "no-such-asset", "no asset has this name", None),
    }
}

async fn followed(State(desk): State<Arc<Desk>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Reply {
    let take = asked.take.unwrap_or_default();
    let made = aside(move || Some(desk.whole().and_then(|whole| followers(&whole, &asked.name, &take)))).await;
    match made {
        Some(Ok(document)) => answer(document.to_string().into_bytes(), JSON, AGAIN, &headers),
        Some(Err(failure)) => failed(&failure),
        None => plain(StatusCode::INTERNAL_SERVER_ERROR, "it can't be told"),
    }
}

async fn events(State(desk): State<Arc<Desk>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let messages = desk.server.hub.listen();
    let next = |mut messages: tokio::sync::broadcast::Receiver<(&'static str, Arc<str>)>| async move {
        loop {
            match messages.recv().await {
                Ok((kind, document)) => {
                    return Some((Ok(Event::default().event(kind).data(&*document)), messages));
                }
                // The next change has a number that is too high: the page asks for everything.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    };
    Sse::new(stream::unfold(messages, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

#[derive(Deserialize)]
struct ToDo {
    action: String,
    #[serde(default)]
    names: Vec<String>,
    take: Option<String>,
    cost_usd: Option<f64>,
    #[serde(default)]
    images: u32,
}

async fn carry_out(State(desk): State<Arc<Desk>>, body: Bytes) -> Reply {
    let to_do: ToDo = match serde_json::from_slice(&body) {
        Ok(to_do) => to_do,
        Err(error) => return refused(StatusCode::BAD_REQUEST, "usage", &format!("this can't be read: {error}"), None),
    };
    let order = match order(&to_do, &desk.server.hub) {
        Ok(order) => order,
        Err(note) => return refused(StatusCode::BAD_REQUEST, note.code, &note.message, note.help.as_deref()),
    };
    let (said, heard) = oneshot::channel();
    let is_spending = order.may_spend();
    let hub = Arc::clone(&desk.server.hub);
    let answer: Answer = Box::new(move |ended| {
        let failure = ended.err().map(|failure| (failure.code(), failure.parts()));
        if let (true, Err(failure)) = (is_spending, ended) {
            hub.tell("notice", &json!(Said::of(failure)));
        }
        let _ = said.send(failure);
    });
    if desk.server.sender.send(Signal::Asked(order, answer)).is_err() {
        return refused(StatusCode::CONFLICT, "ended", "tintype is about to end", None);
    }
    if is_spending {
        return ok(StatusCode::ACCEPTED);
    }
    match heard.await {
        Ok(None) => ok(StatusCode::OK),
        Ok(Some((code, (message, help)))) => refused(StatusCode::CONFLICT, code, &message, help.as_deref()),
        Err(_) => refused(StatusCode::CONFLICT, "ended", "tintype is about to end", None),
    }
}

fn ok(status: StatusCode) -> Reply {
    let mut reply = plain(status, &json!({ "ok": true }).to_string());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    reply
}

/// What the page asks for. What it spends is what stood on the button.
fn order(to_do: &ToDo, hub: &Hub) -> Result<Order, Note> {
    let ToDo { names, take, .. } = to_do;
    let unknown = names.iter().find(|name| hub.row(name).is_none());
    if let Some(name) = unknown {
        return Err(Note::new("no-such-asset", format!("no asset is called `{name}`"), ""));
    }
    let agreed = Some(Agreed { images: to_do.images, cost_usd: to_do.cost_usd });
    let one = || names.first().filter(|_| names.len() == 1).cloned();
    let which = || Note::new("usage", "name one asset", "");
    match to_do.action.as_str() {
        "generate" => Ok(Order::Sync { names: names.clone(), draft: false, agreed }),
        "draft" => Ok(Order::Sync { names: names.clone(), draft: true, agreed }),
        "reroll" if !names.is_empty() => Ok(Order::Reroll { names: names.clone(), draft: false, agreed }),
        "pick" => {
            let take = take.clone().ok_or_else(|| Note::new("usage", "name a take", ""))?;
            Ok(Order::Pick { name: one().ok_or_else(which)?, take, undo: false })
        }
        "accept" if !names.is_empty() => Ok(Order::Accept { names: names.clone() }),
        "adopt" => Ok(Order::Adopt { name: one().ok_or_else(which)? }),
        "undo" => {
            let (name, take) = hub.undo().ok_or_else(|| Note::new("usage", "there is no choice to take back", ""))?;
            Ok(Order::Pick { name, take, undo: true })
        }
        other => Err(Note::new("usage", format!("`{other}` can't be asked for like this"), "")),
    }
}
