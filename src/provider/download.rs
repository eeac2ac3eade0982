//! Fetches a picture that is paid for, from wherever the vendor put it.
//!
//! The address comes from outside: it goes only where [`Hosts`] lets it, at each hop and each connection, and carries no
//! key. Asking again is free, so it may. Knows nothing of what the bytes are.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT_ENCODING, LOCATION};
use reqwest::{Client, Response, Url};

use crate::failpoint;
use crate::provider::complaint::tidy;
use crate::provider::hosts::{Hosts, host_of, is_loopback, normal};
use crate::provider::http::{End, builder, read_body, retry_after, root_cause};
use crate::provider::verdict::Patience;

/// No picture has more bytes.
pub(crate) const LARGEST: usize = 64 * 1024 * 1024;
/// Redirects followed in a row.
const MOST_HOPS: usize = 3;
/// Further tries after a failure that may pass.
const RETRIES: u32 = 2;
/// A server that sends nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(20);

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DownloadError {
    /// The vendor no longer has it there: the link has expired.
    Gone(String),
    /// We don't go there, or don't take so much.
    Refused(String),
    /// It may work later.
    Failed(String),
}

impl fmt::Display for DownloadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(words) | Self::Refused(words) | Self::Failed(words) => formatter.write_str(words),
        }
    }
}

impl Error for DownloadError {}

/// How one try failed.
enum Missed {
    /// For good.
    ForGood(DownloadError),
    /// It may be tried again, after the pause that the server asks for.
    ForNow(String, Option<Duration>),
}

/// Bounds on one download.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    bytes: usize,
    time: Duration,
    first_pause: Duration,
}

const BOUNDS: Bounds = Bounds { bytes: LARGEST, time: Duration::from_secs(120), first_pause: Duration::from_secs(1) };

/// Fetches pictures for one provider.
#[derive(Debug)]
pub(crate) struct Downloader {
    hosts: Arc<Hosts>,
    bounds: Bounds,
}

impl Downloader {
    /// `hosts` are those that this provider may send us to besides public ones.
    pub(crate) fn new(hosts: Hosts) -> Self {
        Self { hosts: Arc::new(hosts), bounds: BOUNDS }
    }

    /// Fetches one picture whole, with a few tries, in bounded time.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Vec<u8>, DownloadError> {
        let late =
            || DownloadError::Failed(format!("not there within {}", humantime::format_duration(self.bounds.time)));
        tokio::time::timeout(self.bounds.time, self.try_and_try(url)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn try_and_try(&self, url: &str) -> Result<Vec<u8>, DownloadError> {
        let mut patience = Patience::starting_with(self.bounds.first_pause, RETRIES);
        loop {
            match self.follow(url).await {
                Ok(bytes) => return Ok(bytes),
                Err(Missed::ForGood(error)) => return Err(error),
                Err(Missed::ForNow(words, asked)) => match patience.next(asked) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(DownloadError::Failed(words)),
                },
            }
        }
    }

    /// One try, along a few redirects, each judged like the first address.
    async fn follow(&self, url: &str) -> Result<Vec<u8>, Missed> {
        let mut url = Url::parse(url).map_err(|_| refused("an address that is none"))?;
        for _ in 0..=MOST_HOPS {
            self.hosts.admit(&url).map_err(|words| refused(&words))?;
            let response = self.get(url.clone()).await?;
            if !response.status().is_redirection() {
                return self.receive(response).await;
            }
            url = next_hop(&url, &response)?;
        }
        Err(refused(&format!("more than {MOST_HOPS} redirects")))
    }

    async fn get(&self, url: Url) -> Result<Response, Missed> {
        let client = self.client(&url).map_err(|error| missed(&error))?;
        client.get(url).header(ACCEPT_ENCODING, "identity").send().await.map_err(|error| missed(&error))
    }

    /// A client for one hop; making one takes milliseconds. Its resolver guards the host of this hop.
    fn client(&self, url: &Url) -> reqwest::Result<Client> {
        let host = host_of(url).unwrap_or_default();
        let mut builder = builder().read_timeout(SILENCE);
        if is_loopback(&host) {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // So that a computer without certificates can still use a server of its own.
            builder = builder.tls_certs_only([]);
        }
        builder.dns_resolver(Arc::new(Guard { hosts: Arc::clone(&self.hosts), host })).build()
    }

    async fn receive(&self, response: Response) -> Result<Vec<u8>, Missed> {
        let status = response.status().as_u16();
        match status {
            200 => {}
            403 | 404 | 410 => return Err(gone(status)),
            408 | 429 | 500..=599 => {
                let asked = retry_after(response.headers(), SystemTime::now());
                return Err(Missed::ForNow(format!("status {status}"), asked));
            }
            _ => return Err(Missed::ForGood(DownloadError::Failed(format!("status {status}")))),
        }
        failpoint::reach("in-download").map_err(|error| Missed::ForNow(error.to_string(), None))?;
        match read_body(response, self.bounds.bytes).await {
            (body, End::Whole) if body.is_empty() => Err(Missed::ForNow("an empty answer".to_string(), None)),
            (body, End::Whole) => Ok(body),
            (_, End::TooLong) => Err(refused(&format!("more than {} bytes", self.bounds.bytes))),
            (_, End::Broken(error)) => Err(missed(&error)),
        }
    }
}

/// Where a redirect leads.
fn next_hop(url: &Url, response: &Response) -> Result<Url, Missed> {
    let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let joined = target.and_then(|target| url.join(target).ok());
    joined.ok_or_else(|| {
        Missed::ForGood(DownloadError::Failed(format!("status {} that leads nowhere", response.status().as_u16())))
    })
}

fn refused(words: &str) -> Missed {
    Missed::ForGood(DownloadError::Refused(tidy(words)))
}

fn gone(status: u16) -> Missed {
    Missed::ForGood(DownloadError::Gone(format!("status {status}: the link has expired")))
}

/// What a failed connection or a broken body means.
fn missed(error: &reqwest::Error) -> Missed {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(NotAdmitted(host)) = current.downcast_ref() {
            return refused(&format!("`{host}` is no public host"));
        }
        cause = current.source();
    }
    Missed::ForNow(tidy(&root_cause(error)), None)
}

/// A resolver that gives no address that [`Hosts`] doesn't admit: what is connected to is what was judged. It judges the
/// host of one hop; the one other name it may be asked for is that of the user's own proxy, which may well be private
/// (and which then resolves the host, and guards its network, itself).
#[derive(Debug)]
struct Guard {
    hosts: Arc<Hosts>,
    host: String,
}

/// A name all of whose addresses are where we don't go.
#[derive(Debug)]
struct NotAdmitted(String);

impl fmt::Display for NotAdmitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is no public host", self.0)
    }
}

impl Error for NotAdmitted {}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = Arc::clone(&self.hosts);
        let host = normal(name.as_str());
        let is_guarded = host == self.host;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_empty = found.is_empty();
            let kept: Vec<SocketAddr> =
                found.into_iter().filter(|address| !is_guarded || hosts.admit_address(&host, address.ip())).collect();
            if kept.is_empty() && !is_empty {
                return Err(Box::new(NotAdmitted(host)) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::Arc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Bounds, DownloadError, Downloader, Guard, Missed, missed};
    use crate::provider::hosts::Hosts;
    use crate::provider::http::builder;
    use crate::provider::loopback::{Loopback, answer};

    const PICTURE: &[u8] = b"\x89PNG and so on";

    fn downloader(loopback: bool) -> Downloader {
        let bounds = Bounds { bytes: 1024, time: Duration::from_secs(2), first_pause: Duration::from_millis(5) };
        Downloader { bounds, ..Downloader::new(Hosts { loopback, trusted: Vec::new() }) }
    }

    async fn fetch(url: &str) -> Result<Vec<u8>, DownloadError> {
        downloader(true).fetch(url).await
    }

    #[tokio::test]
    async fn a_picture_is_fetched_without_credentials() {
        let server = Loopback::answering(answer(200, "", PICTURE));
        assert_eq!(fetch(&format!("{}/a.png?sig=1#x", server.url)).await.as_deref(), Ok(PICTURE));
        let request = server.requests()[0].to_lowercase();
        assert!(request.starts_with("get /a.png?sig=1 http/1.1\r\n"), "{request}");
        assert!(
            !request.contains("authorization") && request.contains("\r\naccept-encoding: identity\r\n"),
            "{request}"
        );
        assert!(!request.contains("referer") && !request.contains("cookie"), "{request}");
    }

    #[tokio::test]
    async fn an_expired_link_is_told_apart_and_asked_for_once() {
        for status in [403, 404, 410] {
            let server = Loopback::answering(answer(status, "", b"<Error/>"));
            assert!(matches!(fetch(&server.url).await, Err(DownloadError::Gone(_))), "{status}");
            assert_eq!(server.requests().len(), 1);
        }
        let server = Loopback::answering(answer(400, "", b""));
        assert_eq!(fetch(&server.url).await, Err(DownloadError::Failed("status 400".to_string())));
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_a_few_times() {
        let server = Loopback::start(|stream, number| {
            let answers = [
                answer(503, "retry-after: 0\r\n", b""),
                b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort".to_vec(),
                answer(200, "", PICTURE),
            ];
            let _ = stream.write_all(&answers[number]);
        });
        assert_eq!(fetch(&server.url).await.as_deref(), Ok(PICTURE));
        let hopeless = Loopback::answering(answer(500, "", b""));
        assert_eq!(fetch(&hopeless.url).await, Err(DownloadError::Failed("status 500".to_string())));
        assert_eq!(hopeless.requests().len(), 3);
    }

    #[tokio::test]
    async fn a_body_that_is_short_or_empty_is_never_taken() {
        for cut in [
            "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "",
        ] {
            let server = Loopback::answering(cut);
            assert!(matches!(fetch(&server.url).await, Err(DownloadError::Failed(_))), "{cut}");
            assert_eq!(server.requests().len(), 3);
        }
    }

    #[tokio::test]
    async fn an_endless_body_is_left_at_the_limit() {
        let server = Loopback::start(|stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        });
        assert!(matches!(fetch(&server.url).await, Err(DownloadError::Refused(_))));
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_trickle_is_given_up_in_time() {
        let server = Loopback::start(|stream, _| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
            let _ = stream.read(&mut [0; 8]);
        });
        let begun = Instant::now();
        assert!(matches!(fetch(&server.url).await, Err(DownloadError::Failed(_))));
        assert!(begun.elapsed() < Duration::from_secs(8));
    }

    #[tokio::test]
    async fn redirects_are_followed_three_times_and_judged_each_time() {
        let last = Loopback::answering(answer(200, "", PICTURE));
        let mut url = last.url.clone();
        let mut hops = Vec::new();
        for status in [302, 307, 301, 308] {
            let hop = Loopback::answering(answer(status, &format!("location: {url}/x\r\n"), b""));
            url.clone_from(&hop.url);
            hops.push(hop);
        }
        assert_eq!(fetch(&hops[2].url).await.as_deref(), Ok(PICTURE));
        assert!(matches!(fetch(&hops[3].url).await, Err(DownloadError::Refused(_))));
        let away = Loopback::answering(answer(302, "location: http://169.254.169.254/latest\r\n", b""));
        assert!(matches!(fetch(&away.url).await, Err(DownloadError::Refused(_))));
        let nowhere = Loopback::answering(answer(302, "", b""));
        assert!(matches!(fetch(&nowhere.url).await, Err(DownloadError::Failed(_))));
    }

    #[tokio::test]
    async fn a_public_provider_gets_nobody_to_look_at_home() {
        let server = Loopback::answering(answer(200, "", PICTURE));
        let downloader = downloader(false);
        for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost"), "no address".to_string()] {
            assert!(matches!(downloader.fetch(&url).await, Err(DownloadError::Refused(_))), "{url}");
        }
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn a_name_that_turns_out_to_be_private_is_not_connected_to() {
        let server = Loopback::answering(answer(200, "", PICTURE));
        let url = server.url.replace("127.0.0.1", "localhost");
        let get = |host: &str| {
            let guard = Guard { hosts: Arc::new(Hosts::default()), host: host.to_string() };
            let client = builder().no_proxy().tls_certs_only([]).dns_resolver(Arc::new(guard)).build().unwrap();
            client.get(&url).send()
        };
        let error = get("localhost").await.unwrap_err();
        assert!(error.is_connect(), "a name without an address counts as unsent");
        assert!(matches!(missed(&error), Missed::ForGood(DownloadError::Refused(_))), "{error:?}");
        assert!(server.requests().is_empty());
        assert!(get("other.example").await.is_ok(), "as with the name of the user's proxy");
    }

    #[tokio::test]
    async fn no_message_holds_a_signature() {
        for url in
            ["http://10.0.0.1/a?sig=canary", "https://u:canary@a.b/c", "canary", "http://127.0.0.1:1/?sig=canary"]
        {
            let words = fetch(url).await.unwrap_err().to_string();
            assert!(!words.contains("canary"), "{words}");
        }
    }
}
