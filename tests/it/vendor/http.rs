//! HTTP/1.1 by hand, so that every byte, and every missing byte, is ours to choose.

use std::io::{BufRead, Read};
use std::time::Instant;

use serde_json::Value;

use super::multipart::{self, File};
use super::references;

/// What a client sent. Header names are in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The JSON, or an object of a form's text fields; null where it is neither.
    pub(crate) body: Value,
    /// The pictures that came along, decoded and in order, whatever the api.
    pub(crate) references: Vec<Vec<u8>>,
    /// The files of a form.
    pub(crate) files: Vec<File>,
    pub(crate) raw: Vec<u8>,
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What follows `Bearer ` in the authorization.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The content type without its parameters.
    pub(crate) fn media_type(&self) -> &str {
        self.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim()
    }

    /// What is to be drawn, wherever the api has it: a field, or the texts of the last message.
    pub(crate) fn prompt(&self) -> Option<String> {
        if let Some(prompt) = self.body["prompt"].as_str() {
            return Some(prompt.to_string());
        }
        let last = |list: &str, parts: &str| self.body[list].as_array()?.last()?[parts].as_array();
        let parts = last("messages", "content").or_else(|| last("contents", "parts"))?;
        let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    fn read(&mut self, raw: Vec<u8>) {
        let content_type = self.header("content-type").unwrap_or_default();
        match multipart::boundary(content_type).map(|boundary| multipart::parse(&raw, boundary)) {
            Some(Some(form)) => {
                self.body = Value::Object(form.texts);
                self.files = form.files;
            }
            Some(None) => {}
            None => self.body = serde_json::from_slice(&raw).unwrap_or(Value::Null),
        }
        self.references = references::carried(&self.body, &self.files);
        self.raw = raw;
    }
}

/// The next request of a connection; none when the client is done.
pub(super) fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let headers = read_headers(reader)?;
    let mut request = Request {
        method: method.to_string(),
        path: path.to_string(),
        headers,
        body: Value::Null,
        references: Vec::new(),
        files: Vec::new(),
        raw: Vec::new(),
        at: super::now(),
    };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let raw = match request.header("transfer-encoding") {
        Some("chunked") => read_chunks(reader)?,
        _ => read_body(reader, length)?,
    };
    request.read(raw);
    Ok(Some(request))
}

fn read_headers(reader: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_string())),
            None => return Ok(headers),
        }
    }
}

fn read_body(reader: &mut impl BufRead, length: u64) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(body) }
}

/// A body whose length nobody knew in advance, as forms may be.
fn read_chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = line.split(';').next().map(str::trim).unwrap_or_default();
        let length = u64::from_str_radix(length, 16).map_err(|_| std::io::ErrorKind::InvalidData)?;
        body.extend(read_body(reader, length)?);
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Answer {
        Answer::new(status, "application/json", body.to_string())
    }

    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    /// Status line and headers; without a length, the body ends with the connection.
    pub(super) fn head(&self, length: Option<usize>, keep_alive: bool) -> Vec<u8> {
        let mut lines = vec![format!("HTTP/1.1 {} {}", self.status, reason(self.status))];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.extend(length.map(|length| format!("Content-Length: {length}")));
        lines.push(format!("Connection: {}\r\n\r\n", if keep_alive { "keep-alive" } else { "close" }));
        lines.join("\r\n").into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Other",
    }
}
