//! Who may ask: only this machine, only under the name that it was told, only with this run's token, and to do anything only
//! from the page itself.
//!
//! A page elsewhere can make a browser send requests here (and, with a name that it points to this machine, even read what comes):
//! it knows no token, its requests name another origin or another host.

use axum::http::{HeaderMap, Method, StatusCode, header};

/// What no answer goes without: no script but the page's own, no other site that could embed or read it, no address that leaks.
pub(super) const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// What a picture gets besides: should it be opened by itself, nothing in it runs.
pub(super) const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A name for this run's page that nobody can guess.
pub(super) fn token() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes.iter().fold("t-".to_string(), |token, byte| format!("{token}{byte:02x}")))
}

/// Whether a request may be answered, as far as its head tells.
pub(super) fn admit(method: &Method, headers: &HeaderMap, port: u16) -> Result<(), (StatusCode, &'static str)> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if !text(header::HOST).is_some_and(|host| hosts.iter().any(|known| known == host)) {
        return Err((StatusCode::FORBIDDEN, "this is served under 127.0.0.1 alone"));
    }
    let origin = text(header::ORIGIN).map(|origin| origin.strip_prefix("http://").unwrap_or(origin));
    let is_own = |origin: &str| hosts.iter().any(|known| known == origin);
    if origin.is_some_and(|origin| !is_own(origin)) {
        return Err((StatusCode::FORBIDDEN, "another site may not ask"));
    }
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err((StatusCode::FORBIDDEN, "another site may not ask"));
    }
    if *method == Method::POST {
        let is_json = text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
        if origin.is_none() || !is_json {
            return Err((StatusCode::FORBIDDEN, "only the page itself may ask for anything to be done"));
        }
    }
    Ok(())
}

/// Whether these are the same, in a time that doesn't tell how much of them is.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let difference = one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::{admit, is_same, token};

    fn asked(method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a value"));
        }
        admit(method, &map, 4173).is_ok()
    }

    #[test]
    fn only_the_page_itself_is_answered() {
        let get = |headers: &[(&'static str, &str)]| asked(&Method::GET, headers);
        assert!(get(&[("host", "127.0.0.1:4173")]) && get(&[("host", "localhost:4173"), ("sec-fetch-site", "none")]));
        for host in ["evil.example:4173", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:4173.evil.example", ""] {
            assert!(!get(&[("host", host)]), "{host}");
        }
        assert!(!get(&[]));
        let from = |origin| [("host", "127.0.0.1:4173"), ("origin", origin)];
        assert!(get(&from("http://127.0.0.1:4173")));
        for origin in ["http://evil.example", "null", "https://127.0.0.1:4173", "http://127.0.0.1:4174"] {
            assert!(!get(&from(origin)), "{origin}");
        }
        assert!(!get(&[("host", "127.0.0.1:4173"), ("sec-fetch-site", "cross-site")]));
        assert!(!get(&[("host", "127.0.0.1:4173"), ("sec-fetch-site", "same-site")]), "another port is another site");
    }

    #[test]
    fn to_do_anything_takes_an_origin_and_json() {
        let head = ("host", "127.0.0.1:4173");
        let (origin, json) = (("origin", "http://127.0.0.1:4173"), ("content-type", "application/json"));
        assert!(asked(&Method::POST, &[head, origin, json]));
        assert!(!asked(&Method::POST, &[head, json]), "a form of another site may leave the origin out");
        assert!(!asked(&Method::POST, &[head, origin]));
        assert!(!asked(&Method::POST, &[head, origin, ("content-type", "text/plain")]));
    }

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (token().expect("random"), token().expect("random"));
        assert!(one.len() == 34 && one != other);
        assert!(is_same(&one, &one.clone()) && !is_same(&one, &other) && !is_same(&one, &one[..33]));
    }
}
