//! Which hosts and addresses a picture may be fetched from.
//!
//! Pure: parses nothing itself, asks no resolver. Knows no vendor.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// The hosts that may be reached besides public ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hosts {
    /// This computer: only where the provider itself is on it.
    pub(crate) loopback: bool,
    /// Names or addresses that the user trusts, and where the provider itself is.
    pub(crate) trusted: Vec<String>,
}

impl Hosts {
    /// Whether this URL may be fetched, as far as its text tells; the error says why not.
    pub(crate) fn admit(&self, url: &Url) -> Result<(), String> {
        let Some(host) = host_of(url) else { return Err("an address without a host".to_string()) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("an address at `{host}` that holds a name or a password"));
        }
        let at_home = self.trusts(&host) || (self.loopback && is_loopback(&host));
        match url.scheme() {
            "https" => {}
            "http" if at_home => {}
            scheme => return Err(format!("an address at `{host}` that is `{scheme}`, not https")),
        }
        if at_home || is_public_host(&host) { Ok(()) } else { Err(format!("`{host}` is no public host")) }
    }

    /// Whether `host` may turn out to be at this address. Asked at each connection, so that a name can't be public when
    /// it is looked at and private when it is used.
    pub(crate) fn admit_address(&self, host: &str, address: IpAddr) -> bool {
        let host = normal(host);
        self.trusts(&host) || is_public(address) || (self.loopback && is_loopback(&host) && address.is_loopback())
    }

    fn trusts(&self, host: &str) -> bool {
        self.trusted.iter().any(|trusted| normal(trusted) == *host)
    }
}

/// The host in lower case, without brackets and final dot.
pub(crate) fn host_of(url: &Url) -> Option<String> {
    url.host_str().map(normal).filter(|host| !host.is_empty())
}

/// One spelling for each host: DNS knows no case, and a name may end in a dot.
pub(crate) fn normal(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a host, as [`host_of`] gives it, is this computer for certain. A name below `localhost` isn't: some resolvers
/// ask the network for it.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost",
    }
}

/// Names that are meant to be this computer (RFC 6761).
fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Whether a host may be public. The URL parser has turned decimal, octal and hexadecimal forms into addresses before.
fn is_public_host(host: &str) -> bool {
    match host.parse() {
        Ok(address) => is_public(address),
        Err(_) => !is_localhost(host),
    }
}

/// Whether an address is in the public Internet (IANA's special-purpose address registries).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// 198.18.0.0/15 counts as public: tunnels answer names with it, and nobody has anything else there.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    !(a == 0
        || a >= 240
        || is_shared
        || is_protocol
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match address.segments() {
        // NAT64, by which a network without IPv4 reaches it, and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments, Teredo among them; documentation.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use reqwest::Url;

    use super::{Hosts, is_public};

    fn admits(hosts: &Hosts, url: &str) -> bool {
        hosts.admit(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn only_public_addresses_are_public() {
        for (address, expected) in [
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("198.18.0.7", true),
            ("172.32.0.1", true),
            ("2606:4700::1111", true),
            ("64:ff9b::808:808", true),
            ("2002:808:808::1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.8.8.8", false),
            ("169.254.169.254", false),
            ("172.31.255.1", false),
            ("192.0.0.8", false),
            ("192.168.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("::10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::808:808", false),
            ("2002:a00:1::1", false),
            ("2001:0:1::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd12::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse::<IpAddr>().unwrap()), expected, "{address}");
        }
        assert!(is_public("::ffff:8.8.8.8".parse::<IpAddr>().unwrap()));
    }

    #[test]
    fn a_public_provider_sends_nobody_home() {
        let hosts = Hosts::default();
        assert!(admits(&hosts, "https://cdn.aisa.one/a.png?sig=1"));
        assert!(admits(&hosts, "https://8.8.8.8:8443/a.png"));
        for url in [
            "http://cdn.aisa.one/a.png",
            "ftp://cdn.aisa.one/a.png",
            "file:///etc/passwd",
            "data:image/png;base64,AA",
            "https://user@cdn.aisa.one/a.png",
            "https://:password@cdn.aisa.one/a.png",
            "https://localhost/a",
            "https://LOCALHOST./a",
            "https://x.localhost/a",
            "https://127.0.0.1/a",
            "https://127.0.0.1./a",
            "https://2130706433/a",
            "https://0x7f.1/a",
            "https://0177.0.0.1/a",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a",
            "https://[::ffff:127.0.0.1]/a",
            "https://[::ffff:7f00:1]/a",
            "https://10.0.0.1/a",
            "http://127.0.0.1/a",
        ] {
            assert!(!admits(&hosts, url), "{url}");
        }
    }

    #[test]
    fn a_local_provider_may_send_one_home_and_no_further() {
        let hosts = Hosts { loopback: true, trusted: Vec::new() };
        for url in ["http://127.0.0.1:8080/a", "http://localhost/a", "https://[::1]/a", "https://cdn.aisa.one/a"] {
            assert!(admits(&hosts, url), "{url}");
        }
        for url in ["http://10.0.0.1/a", "https://192.168.0.1/a", "http://cdn.aisa.one/a", "http://x.localhost/a"] {
            assert!(!admits(&hosts, url), "{url}");
        }
        let home = "127.0.0.1".parse().unwrap();
        assert!(hosts.admit_address("localhost", home));
        assert!(!hosts.admit_address("rebound.example", home));
    }

    #[test]
    fn a_trusted_host_may_be_private_and_plain() {
        let hosts = Hosts { loopback: false, trusted: vec!["Box.lan".to_string(), "192.168.0.9".to_string()] };
        for url in ["http://box.lan:8080/a", "https://box.lan./a", "http://192.168.0.9/a"] {
            assert!(admits(&hosts, url), "{url}");
        }
        assert!(!admits(&hosts, "http://192.168.0.8/a"));
        assert!(!admits(&hosts, "http://evil.box.lan/a"));
        assert!(hosts.admit_address("box.lan.", "192.168.0.9".parse().unwrap()));
        assert!(!hosts.admit_address("other.lan", "192.168.0.9".parse().unwrap()));
    }
}
