//! The line to one provider: the only place from which a paid request is sent.
//!
//! Tells apart what never reached the vendor, what it answered, and what may have been billed though no answer came.
//! Knows no wire format, never sends anything twice and follows no redirect; what to do next is the caller's affair.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, Url, redirect, retry};
use rustls::crypto::{CryptoProvider, ring};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::BaseUrl;
use crate::provider::Request;
use crate::provider::complaint::tidy;
use crate::provider::hosts::{host_of, is_loopback};
use crate::secret::Secret;

/// A connection that takes longer is none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No more of an error's text is read.
const ERROR_LIMIT: usize = 64 * 1024;
/// Longer pauses than this are all one.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// A shorter key could stand in a picture's base64 by chance, and hiding it would spoil the picture.
const SHORTEST_HIDDEN_IN_PICTURES: usize = 12;

/// What a line is made from.
#[derive(Debug, Clone)]
pub(crate) struct LineConfig {
    /// Where the provider's api begins.
    pub(crate) base_url: String,
    /// The key, if it wants one.
    pub(crate) key: Option<Secret>,
    /// Requests in flight at a time.
    pub(crate) concurrency: usize,
    /// Requests begun in a minute, evenly spaced.
    pub(crate) requests_per_minute: Option<u32>,
    /// How long one request may take, answer included.
    pub(crate) timeout: Duration,
    /// Whether plain http will do for a host that isn't this computer: the user trusts it. No key goes there.
    pub(crate) allow_http: bool,
}

/// A line to one provider.
#[derive(Debug)]
pub(crate) struct Line {
    client: Client,
    base_url: BaseUrl,
    key: Option<Secret>,
    timeout: Duration,
    seats: Semaphore,
    pace: Pace,
}

/// Leave to send one request. Whoever holds it has a seat on the line.
#[derive(Debug)]
#[must_use = "the seat is given up when the permit is dropped"]
pub(crate) struct Permit<'a> {
    _seat: Option<SemaphorePermit<'a>>,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The vendor answered, whatever it said.
    Answered(Reply),
    /// It provably never reached the vendor: no address, no connection, no TLS. Nothing can be billed.
    Unsent(String),
    /// It may have been billed: the connection was there, and no whole answer came.
    Unknown(String),
}

/// A vendor's answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status; that of a redirect too.
    pub(crate) status: u16,
    /// The pause that the vendor asks for.
    pub(crate) retry_after: Option<Duration>,
    /// The body, without this line's key should the vendor have echoed it. Of an error's text, the beginning.
    pub(crate) body: Vec<u8>,
}

impl Line {
    /// Opens nothing yet. The error says what is wrong with the configuration or with this computer's certificates.
    pub(crate) fn new(config: LineConfig) -> Result<Self, String> {
        let url = Url::parse(&config.base_url).map_err(|error| format!("the base URL is none: {error}"))?;
        let host = host_of(&url).ok_or("the base URL has no host")?;
        let local = is_loopback(&host);
        check_base(&url, &host, local || (config.allow_http && config.key.is_none()))?;
        // So that a connection that isn't there yet always counts as such, and not as a request that took too long.
        let connect = CONNECT_TIMEOUT.min(config.timeout / 2);
        let mut builder = builder().timeout(config.timeout).connect_timeout(connect).default_headers(headers(&config)?);
        builder = if local { builder.no_proxy() } else { builder };
        builder = if url.scheme() == "https" { builder.https_only(true) } else { builder.tls_certs_only([]) };
        Ok(Self {
            client: builder.build().map_err(|error| format!("no connection can be made: {}", root_cause(&error)))?,
            base_url: BaseUrl::new(&config.base_url)?,
            key: config.key,
            timeout: config.timeout,
            seats: Semaphore::new(config.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            pace: Pace::new(config.requests_per_minute),
        })
    }

    /// Waits for a seat on the line and for the provider's pace. Apart from sending, so that the caller can write down
    /// what it is about to do in between.
    pub(crate) async fn permit(&self) -> Permit<'_> {
        // The semaphore is never closed.
        let seat = self.seats.acquire().await.ok();
        tokio::time::sleep(self.pace.wait(Instant::now())).await;
        Permit { _seat: seat }
    }

    /// Sends a request for the model `id`, once, and reads an answer of up to `limit` bytes.
    pub(crate) async fn post(&self, request: &Request, id: &str, limit: usize) -> Sent {
        let url = self.base_url.join(&request.path, id);
        let request = self.client.post(url).header(CONTENT_TYPE, &request.content_type).body(request.body.clone());
        match request.send().await {
            Ok(response) => self.receive(response, limit).await,
            Err(error) if error.is_builder() || error.is_connect() => {
                Sent::Unsent(self.clean(&format!("no connection: {}", root_cause(&error))))
            }
            Err(error) => Sent::Unknown(self.broken(&error)),
        }
    }

    async fn receive(&self, response: Response, limit: usize) -> Sent {
        let status = response.status();
        let retry_after = retry_after(response.headers(), SystemTime::now());
        let limit = if status.is_success() { limit } else { ERROR_LIMIT };
        let (body, end) = read_body(response, limit).await;
        match end {
            // A status without a picture says what there is to know, even where the text that explains it was cut.
            End::TooLong if status.is_success() => Sent::Unknown(format!("the answer is longer than {limit} bytes")),
            End::Broken(error) if status.is_success() => Sent::Unknown(self.broken(&error)),
            _ => Sent::Answered(Reply {
                status: status.as_u16(),
                retry_after,
                body: self.without_key(body, status.is_success()),
            }),
        }
    }

    /// An error's wording after the connection was there.
    fn broken(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no whole answer within {}", humantime::format_duration(self.timeout));
        }
        self.clean(&format!("the connection broke before the whole answer was there: {}", root_cause(error)))
    }

    fn clean(&self, text: &str) -> String {
        tidy(&self.key.as_ref().map_or_else(|| text.to_string(), |key| key.redact(text)))
    }

    /// A body that can be kept: some vendors echo the key in an error.
    fn without_key(&self, body: Vec<u8>, may_hold_picture: bool) -> Vec<u8> {
        let Some(key) = &self.key else { return body };
        if may_hold_picture && key.expose().len() < SHORTEST_HIDDEN_IN_PICTURES {
            return body;
        }
        match String::from_utf8(body) {
            Ok(text) => key.redact(&text).into_bytes(),
            Err(error) => key.redact_bytes(error.into_bytes()),
        }
    }
}

/// What is wrong with a base URL; nothing of it but the host is ever shown.
fn check_base(url: &Url, host: &str, http_will_do: bool) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("the base URL at `{host}` holds a name or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("the base URL at `{host}` has something after its path"));
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if http_will_do => Ok(()),
        scheme => Err(format!("the base URL at `{host}` is `{scheme}`, not https")),
    }
}

/// The headers of each request. The key stands here and nowhere else.
fn headers(config: &LineConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(key) = &config.key {
        let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| "the key holds characters that no header can carry".to_string())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// What all clients have in common: no redirect, no retry, no referer, no compression, no connection kept. A kept one
/// may be dead without our knowing, and a request lost on it may have been billed; a fresh one costs a few milliseconds
/// against the seconds that a picture takes.
pub(crate) fn builder() -> ClientBuilder {
    if CryptoProvider::get_default().is_none() {
        // Fails only if another thread was first, which will do.
        let _ = ring::default_provider().install_default();
    }
    Client::builder()
        .user_agent(concat!("tintype/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
}

/// How reading a body ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With its last byte.
    Whole,
    /// It went on past the limit.
    TooLong,
    /// It broke off.
    Broken(reqwest::Error),
}

/// Reads a body, counting its bytes as they come: no header's promise is believed.
pub(crate) async fn read_body(mut response: Response, limit: usize) -> (Vec<u8>, End) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return (body, End::Whole),
            Ok(Some(chunk)) if chunk.len() > limit - body.len() => return (body, End::TooLong),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return (body, End::Broken(error)),
        }
    }
}

/// The innermost reason, which alone says anything; it never holds a URL.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_timeout() { "timed out".to_string() } else { cause.to_string().to_lowercase() }
}

/// The pause that an answer asks for: seconds or a date (RFC 9110), or OpenAI's header in milliseconds.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| *number >= 0.0 && number.is_finite());
    let seconds = |number: f64| Duration::try_from_secs_f64(number).unwrap_or(LONGEST_RETRY_AFTER);
    let date =
        |text: &str| httpdate::parse_http_date(text).ok().map(|date| date.duration_since(now).unwrap_or_default());
    let in_milliseconds = text("retry-after-ms").and_then(number).map(|number| seconds(number / 1000.0));
    let plain = || text(RETRY_AFTER.as_str()).and_then(|text| number(text).map(seconds).or_else(|| date(text)));
    in_milliseconds.or_else(plain).map(|pause| pause.min(LONGEST_RETRY_AFTER))
}

/// Spaces requests evenly. By hand, as the usual crate for it would bring 44 others along.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(requests_per_minute: Option<u32>) -> Self {
        let interval = requests_per_minute.map_or(Duration::ZERO, |count| Duration::from_secs(60) / count.max(1));
        Self { interval, next: Mutex::new(None) }
    }

    /// Takes the next slot and says how long it is until then.
    fn wait(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.map_or(now, |next| next.max(now));
        *next = Some(slot + self.interval);
        slot - now
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant, SystemTime};

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{Line, LineConfig, Pace, Reply, Sent, retry_after};
    use crate::provider::Request;
    use crate::provider::loopback::{Loopback, answer};
    use crate::secret::Secret;

    const KEY: &str = "canary-0123456789";

    fn config(base_url: &str) -> LineConfig {
        LineConfig {
            base_url: base_url.to_string(),
            key: Some(Secret::new(KEY)),
            concurrency: 4,
            requests_per_minute: None,
            timeout: Duration::from_secs(20),
            allow_http: false,
        }
    }

    fn line(base_url: &str) -> Line {
        Line::new(config(base_url)).unwrap()
    }

    fn hasty(base_url: &str) -> Line {
        Line::new(LineConfig { timeout: Duration::from_millis(400), ..config(base_url) }).unwrap()
    }

    async fn post(line: &Line) -> Sent {
        let request = Request {
            path: "images/generations".to_string(),
            content_type: "application/json".to_string(),
            body: b"{\"prompt\":\"a fox\"}".to_vec(),
        };
        line.post(&request, "fox", 1024).await
    }

    fn reply(sent: Sent) -> Reply {
        match sent {
            Sent::Answered(reply) => reply,
            other => panic!("no answer: {other:?}"),
        }
    }

    fn unknown(sent: Sent) -> String {
        match sent {
            Sent::Unknown(words) => words,
            other => panic!("not unknown: {other:?}"),
        }
    }

    fn unsent(sent: Sent) -> String {
        match sent {
            Sent::Unsent(words) => words,
            other => panic!("not unsent: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_request_carries_the_key_in_one_header_and_arrives_once() {
        let vendor = Loopback::answering(answer(200, "retry-after: 7\r\n", b"{}"));
        let reply = reply(post(&line(&format!("{}/v1/", vendor.url))).await);
        assert_eq!((reply.status, reply.retry_after, &reply.body[..]), (200, Some(Duration::from_secs(7)), &b"{}"[..]));
        let requests = vendor.requests();
        assert_eq!(requests.len(), 1);
        let request = &requests[0];
        assert!(request.starts_with("POST /v1/images/generations HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"prompt\":\"a fox\"}"), "{request}");
        assert_eq!(request.matches(KEY).count(), 1);
        assert!(request.contains(&format!("authorization: Bearer {KEY}\r\n")), "{request}");
        assert!(request.contains(&format!("user-agent: tintype/{}\r\n", env!("CARGO_PKG_VERSION"))), "{request}");
        assert!(!request.contains("accept-encoding") && !request.contains("referer"), "{request}");
    }

    #[tokio::test]
    async fn no_key_means_no_header() {
        let vendor = Loopback::answering(answer(200, "", b"{}"));
        let line = Line::new(LineConfig { key: None, ..config(&vendor.url) }).unwrap();
        reply(post(&line).await);
        assert!(!vendor.requests()[0].to_lowercase().contains("authorization"));
    }

    #[tokio::test]
    async fn a_refused_port_is_unsent() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let words = unsent(post(&line(&format!("http://127.0.0.1:{port}"))).await);
        assert!(words.contains("refused"), "{words}");
    }

    #[tokio::test]
    async fn a_failed_or_hanging_tls_handshake_is_unsent() {
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", plain.local_addr().unwrap());
        thread::spawn(move || plain.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        // Without the system's certificates there is no https at all, and that is said before anything is sent.
        let Ok(line) = Line::new(config(&url)) else { return };
        unsent(post(&line).await);
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let words = unsent(post(&hasty(&format!("https://{}", silent.local_addr().unwrap()))).await);
        assert!(words.contains("timed out"), "{words}");
    }

    #[tokio::test]
    async fn a_connection_closed_before_the_answer_may_have_been_billed() {
        let vendor = Loopback::start(|_, _| {});
        unknown(post(&line(&vendor.url)).await);
        assert_eq!(vendor.requests().len(), 1, "never sent again by itself");
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_may_have_been_billed() {
        let vendor = Loopback::start(|stream, _| drop(stream.read(&mut [0; 8])));
        let begun = Instant::now();
        let words = unknown(post(&hasty(&vendor.url)).await);
        assert!(words.contains("400ms") && begun.elapsed() < Duration::from_secs(5), "{words}");
        assert_eq!(vendor.requests().len(), 1);
    }

    #[tokio::test]
    async fn an_answer_that_comes_too_slowly_may_have_been_billed() {
        let vendor = Loopback::start(|stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        unknown(post(&hasty(&vendor.url)).await);
    }

    #[tokio::test]
    async fn a_reset_after_the_headers_may_have_been_billed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.peek(&mut [0; 1]).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{").unwrap();
            thread::sleep(Duration::from_millis(100));
            // A socket closed with unread bytes resets its connection.
        });
        unknown(post(&line(&url)).await);
    }

    #[tokio::test]
    async fn a_cut_answer_may_have_been_billed() {
        for cut in [
            "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"data\":[",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"data\":[\r\n",
            "HTTP/1.1 200 OK\r\ncontent-le",
            "no http at all",
        ] {
            let vendor = Loopback::answering(cut);
            unknown(post(&line(&vendor.url)).await);
            assert_eq!(vendor.requests().len(), 1, "{cut}");
        }
    }

    #[tokio::test]
    async fn an_endless_answer_is_left_at_the_limit() {
        let vendor = Loopback::start(|stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        });
        let words = unknown(post(&line(&vendor.url)).await);
        assert!(words.contains("1024 bytes"), "{words}");
        let exact = Loopback::answering(answer(200, "", &[b' '; 1024]));
        assert_eq!(reply(post(&line(&exact.url)).await).body.len(), 1024);
    }

    #[tokio::test]
    async fn an_errors_status_counts_even_where_its_text_is_cut_or_endless() {
        let cut = Loopback::answering("HTTP/1.1 429 X\r\ncontent-length: 1000\r\nretry-after: 3\r\n\r\n{\"err");
        let cut = reply(post(&line(&cut.url)).await);
        assert_eq!((cut.status, cut.retry_after), (429, Some(Duration::from_secs(3))));
        let endless = Loopback::start(|stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 500 X\r\n\r\n");
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        });
        assert_eq!(reply(post(&line(&endless.url)).await).status, 500);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_nobody_else_hears_of_it() {
        for status in [301, 302, 303, 307, 308] {
            let other = Loopback::answering(answer(200, "", b"{}"));
            let vendor = Loopback::answering(answer(status, &format!("location: {}/x\r\n", other.url), b""));
            assert_eq!(reply(post(&line(&vendor.url)).await).status, status);
            assert_eq!((vendor.requests().len(), other.requests().len()), (1, 0));
        }
    }

    #[tokio::test]
    async fn an_echoed_key_is_gone_from_what_is_kept() {
        for status in [200, 401] {
            let vendor = Loopback::answering(answer(status, "", format!("{{\"error\":\"bad {KEY}\"}}").as_bytes()));
            let reply = reply(post(&line(&vendor.url)).await);
            assert_eq!(reply.body, b"{\"error\":\"bad [key]\"}");
        }
        let vendor = Loopback::answering(answer(401, "", &[b"\xff ", KEY.as_bytes()].concat()));
        let binary = reply(post(&line(&vendor.url)).await).body;
        assert!(!String::from_utf8_lossy(&binary).contains("canary"));
        let picture = Loopback::answering(answer(200, "", b"{\"b64_json\":\"abcd\"}"));
        let short = Line::new(LineConfig { key: Some(Secret::new("abcd")), ..config(&picture.url) }).unwrap();
        assert_eq!(reply(post(&short).await).body, b"{\"b64_json\":\"abcd\"}");
    }

    #[tokio::test]
    async fn the_next_request_has_a_connection_of_its_own() {
        let vendor = Loopback::start(|stream, _| {
            let _ = stream.write_all(&answer(200, "connection: keep-alive\r\n", b"{}"));
            let _ = stream.read(&mut [0; 8]);
        });
        let line = line(&vendor.url);
        reply(post(&line).await);
        reply(post(&line).await);
        assert_eq!(vendor.requests().len(), 2);
    }

    #[test]
    fn a_line_that_could_leak_the_key_is_never_opened() {
        let trusted = |url: &str, key: Option<&str>| {
            Line::new(LineConfig { key: key.map(Secret::new), allow_http: true, ..config(url) }).map(drop)
        };
        for url in [
            "http://api.aisa.one/v1",
            "http://x.localhost/v1",
            "ftp://api.aisa.one/v1",
            "https://user:secret-word@api.aisa.one/v1",
            "https://api.aisa.one/v1?key=secret-word",
            "https://api.aisa.one/v1#secret-word",
            "api.aisa.one/v1",
            "",
        ] {
            let error = Line::new(config(url)).map(drop).unwrap_err();
            assert!(!error.contains("secret-word"), "{error}");
        }
        assert!(trusted("http://box.lan:8080/v1", Some(KEY)).is_err(), "a key goes nowhere without TLS");
        assert_eq!(trusted("http://box.lan:8080/v1", None), Ok(()));
        assert_eq!(trusted("http://127.0.0.1:8080/v1", Some(KEY)), Ok(()));
        let error = trusted("http://127.0.0.1", Some("ca\u{1}nary")).unwrap_err();
        assert!(!error.contains("nary"), "{error}");
    }

    #[test]
    fn nothing_that_can_be_printed_holds_the_key() {
        let config = config("http://127.0.0.1:1");
        assert!(!format!("{config:?}").contains("canary"));
        assert!(!format!("{:?}", Line::new(config).unwrap()).contains("canary"));
    }

    #[tokio::test]
    async fn no_more_requests_than_seats_are_in_flight() {
        let line = Line::new(LineConfig { concurrency: 2, ..config("http://127.0.0.1:1") }).unwrap();
        let held = (line.permit().await, line.permit().await);
        let third = tokio::time::timeout(Duration::from_millis(50), line.permit());
        assert!(third.await.is_err());
        drop(held);
        drop(line.permit().await);
    }

    #[test]
    fn requests_are_spaced_evenly() {
        let (pace, now) = (Pace::new(Some(60)), Instant::now());
        let waits: Vec<u64> = (0..3).map(|_| pace.wait(now).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2]);
        assert_eq!(pace.wait(now + Duration::from_secs(60)), Duration::ZERO, "an idle minute saves up nothing");
        assert_eq!(pace.wait(now + Duration::from_secs(60)), Duration::from_secs(1));
        let free = Pace::new(None);
        assert_eq!(free.wait(now) + free.wait(now), Duration::ZERO);
    }

    #[test]
    fn a_pause_is_read_in_each_of_its_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (name, value, expected) in [
            ("retry-after", "120", Some(120.0)),
            ("retry-after", " 0 ", Some(0.0)),
            ("retry-after", "1.5", Some(1.5)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT", Some(60.0)),
            ("retry-after", "Sun, 06 Nov 1994 08:40:37 GMT", Some(0.0)),
            ("retry-after", "1000000000", Some(86_400.0)),
            ("retry-after", "99999999999999999999999999999999", Some(86_400.0)),
            ("retry-after", "-5", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            ("retry-after-ms", "250", Some(0.25)),
            ("retry-after-ms", "-1", None),
            ("x-other", "1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert_eq!(retry_after(&headers, now).map(|pause| pause.as_secs_f64()), expected, "{name}: {value}");
        }
    }
}
