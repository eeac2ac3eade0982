//! For tests: a server on loopback that does what a case tells it to, and remembers what it was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server; each connection is handled by one closure on a thread of its own.
pub(crate) struct Loopback {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Loopback {
    /// Starts a server. The closure gets the connection, the request (head and body), and the request's number from 0.
    pub(crate) fn start(handle: impl Fn(&mut TcpStream, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (handle, record) = (Arc::new(handle), Arc::clone(&seen));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (handle, record) = (Arc::clone(&handle), Arc::clone(&record));
                thread::spawn(move || {
                    let request = read_request(&mut stream);
                    let number = {
                        let mut seen = record.lock().unwrap();
                        seen.push(request);
                        seen.len() - 1
                    };
                    handle(&mut stream, number);
                });
            }
        });
        Self { url, seen }
    }

    /// A server that gives each request the same answer and closes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |stream, _| {
            let _ = stream.write_all(&answer);
        })
    }

    /// All requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// Reads one request, as far as its `content-length` says, or until the other side stops.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A whole answer with its length.
pub(crate) fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}
