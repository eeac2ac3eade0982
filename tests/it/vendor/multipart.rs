//! Forms: `multipart/form-data`, as RFC 7578 has it.

use serde_json::{Map, Value};

/// A file of a form.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// A form's texts by name, and its files in order.
#[derive(Default)]
pub(super) struct Form {
    pub(super) texts: Map<String, Value>,
    pub(super) files: Vec<File>,
}

/// The boundary that a content type names, where it is that of a form.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    let is_form = kind.trim() == "multipart/form-data";
    let boundary = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    is_form.then(|| boundary.trim_matches('"'))
}

/// Nothing where the body isn't a whole form.
pub(super) fn parse(body: &[u8], boundary: &str) -> Option<Form> {
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let body = [b"\r\n", body].concat(); // the first delimiter has no line before it
    let mut form = Form::default();
    let mut rest = &body[find(&body, &delimiter)? + delimiter.len()..];
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, &delimiter)?;
        form.take(&part[..end])?;
        rest = &part[end + delimiter.len()..];
    }
    Some(form)
}

impl Form {
    fn take(&mut self, part: &[u8]) -> Option<()> {
        let split = find(part, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&part[..split]).ok()?;
        let bytes = &part[split + 4..];
        let header = |name: &str| {
            let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
            lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
        };
        let disposition = header("content-disposition")?.strip_prefix("form-data;")?;
        let parameter = |name: &str| {
            let parameters = disposition.split(';').filter_map(|parameter| parameter.trim().split_once('='));
            parameters.filter(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"').to_string()).next()
        };
        let field = parameter("name")?;
        match parameter("filename") {
            Some(name) => {
                let content_type = header("content-type").unwrap_or_default().to_string();
                self.files.push(File { field, name, content_type, bytes: bytes.to_vec() });
            }
            None => {
                self.texts.insert(field, Value::from(std::str::from_utf8(bytes).ok()?));
            }
        }
        Some(())
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
