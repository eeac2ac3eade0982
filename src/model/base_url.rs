//! A provider's address: checked once for what a manifest from a stranger's pull request must not do.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An `https` or `http` address without user, query or fragment, and without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    https: bool,
}

impl BaseUrl {
    /// Checks an address; the error says what is wrong with it and never repeats what may be a secret.
    pub fn new(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme: write https://…")?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err("its scheme is neither https nor http".to_string()),
        };
        if rest.contains(['?', '#']) {
            return Err("it has a query or a fragment; only a host and a path may stand in it".to_string());
        }
        if rest.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\') {
            return Err("it has a character that no address has".to_string());
        }
        let authority = rest.split('/').next().unwrap_or(rest);
        if authority.contains('@') {
            return Err("it has a user or a password in it".to_string());
        }
        let host = host_of(authority).ok_or("it has no host")?;
        Ok(Self { text: text.trim_end_matches('/').to_string(), host, https })
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of a route: `path` behind this one, or behind its parent for each `../` in front, with `id` in place of
    /// `{model}`. It can't leave the host.
    pub fn join(&self, path: &str, id: &str) -> String {
        let root = self.text.find("://").map_or(0, |scheme| scheme + 3);
        let (mut base, mut below) = (self.text.as_str(), path);
        while let Some(rest) = below.strip_prefix("../") {
            below = rest;
            base = base[root..].rfind('/').map_or(base, |slash| &base[..root + slash]);
        }
        format!("{base}/{}", below.replace("{model}", &percent_encoded(id)))
    }

    /// The host in lower case, without port; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the connection is encrypted.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || self.host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
    }
}

fn host_of(authority: &str) -> Option<String> {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// What may stand in a path stays; anything else is written as bytes (RFC 3986).
fn percent_encoded(id: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    id.bytes().map(encode).collect()
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn loopback_is_told_from_what_only_looks_like_it() {
        for (text, loopback) in [
            ("http://127.0.0.1:8080/v1", true),
            ("http://localhost/v1", true),
            ("http://[::1]:1/", true),
            ("https://localhost.evil.example/v1", false),
            ("https://127.0.0.1.evil.example", false),
            ("https://api.aisa.one/v1", false),
        ] {
            assert_eq!(BaseUrl::new(text).map(|url| url.is_loopback()), Ok(loopback), "{text}");
        }
    }

    #[test]
    fn a_route_stands_below_its_base() {
        for (base, path, expected) in [
            ("https://api.aisa.one/v1", "images/generations", "https://api.aisa.one/v1/images/generations"),
            ("https://api.aisa.one/v1/", "models/{model}:go", "https://api.aisa.one/v1/models/a/b%3F:go"),
            ("http://127.0.0.1:1/x/v1", "../v1beta/images", "http://127.0.0.1:1/x/v1beta/images"),
            ("http://127.0.0.1:1", "../v1beta/images", "http://127.0.0.1:1/v1beta/images"),
            ("http://127.0.0.1:1/v1", "../../../images", "http://127.0.0.1:1/images"),
        ] {
            assert_eq!(
                BaseUrl::new(base).map(|base| base.join(path, "a/b?")).as_deref(),
                Ok(expected),
                "{base} {path}"
            );
        }
    }

    #[test]
    fn addresses_that_hide_something_are_refused() {
        for text in [
            "api.aisa.one",
            "ftp://x",
            "https://",
            "https://u:p@h/",
            "https://h/?key=1",
            "https://h/#x",
            "https://h\\@x",
        ] {
            assert!(BaseUrl::new(text).is_err(), "{text}");
        }
    }
}
