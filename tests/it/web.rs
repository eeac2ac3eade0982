//! A web server on the loopback interface that serves pictures, for references by address. It counts what it is asked for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What lies at each path, and which paths were asked for.
#[derive(Default)]
struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
    asked: Vec<String>,
}

/// A server whose thread ends with the test's process.
pub(crate) struct Web {
    port: u16,
    shelf: Arc<Mutex<Shelf>>,
}

impl Web {
    pub(crate) fn start() -> Web {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let shared = Arc::clone(&shelf);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &shared);
            }
        });
        Web { port, shelf }
    }

    /// The address of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Put a file there; no bytes take it away.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) -> &Web {
        if bytes.is_empty() {
            self.lock().files.remove(path);
        } else {
            self.lock().files.insert(path.to_string(), bytes);
        }
        self
    }

    /// How often anything was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.lock().asked.len()
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, shelf: &Mutex<Shelf>) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    // The whole head is read before anything is answered.
    let _ = lines.find(String::is_empty);
    let target = first.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_string();
    let path = target.split('?').next().unwrap_or("").to_string();
    let mut shelf = lock(shelf);
    shelf.asked.push(target);
    let (status, body) = match shelf.files.get(&path) {
        Some(bytes) => ("200 OK", bytes.clone()),
        None => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
