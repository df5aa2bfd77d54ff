//! Which pages may open a WebSocket (RFC 6455, section 10.2).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::contract::Address;

/// Whose pages may open a WebSocket here: a browser opens one to any server for any page, with the
/// user's cookies, and says only in `Origin` which page it was.
///
/// A request without an `Origin` is no page's, and is not held back by this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origins {
    /// Pages of the host and port that the request names in `Host`. For a peer on a loopback
    /// address that must be a loopback name or address, so that no other name can be bent to it
    /// (DNS rebinding).
    SameHost,
    /// Those, and pages of these origins, as a browser writes them: `https://example.org`. A server
    /// behind a proxy on the same machine names its own origin here.
    Listed(&'static [&'static str]),
    /// Any page at all: for servers that know nobody, and hide nothing.
    Any,
}

impl Origins {
    /// Whether a page of `origin` may, in a request from `from` for `host`.
    pub(super) fn admit(self, origin: &[u8], host: &[u8], from: &Address) -> bool {
        let listed: &[&str] = match self {
            Origins::Any => return true,
            Origins::SameHost => &[],
            Origins::Listed(listed) => listed,
        };
        if listed.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(origin)) {
            return true;
        }
        let is_local = from.ip().is_some_and(|at| at.ip().to_canonical().is_loopback());
        is_same(origin, host) && (!is_local || is_loopback(host))
    }
}

/// Whether an origin is a web page of that host and port.
fn is_same(origin: &[u8], host: &[u8]) -> bool {
    let (authority, port) =
        match (origin.strip_prefix(b"http://"), origin.strip_prefix(b"https://")) {
            (Some(authority), _) => (authority, 80),
            (_, Some(authority)) => (authority, 443),
            _ => return false,
        };
    match (split(authority, port), split(host, port)) {
        (Some((name, port)), Some((host, its_port))) => {
            name.eq_ignore_ascii_case(host) && port == its_port
        }
        _ => false,
    }
}

/// A host, and its port or the one that it has without saying so; none if it is no host.
fn split(authority: &[u8], default: u16) -> Option<(&[u8], u16)> {
    // A colon in brackets is part of an IPv6 address.
    let ends = authority.iter().rposition(|byte| *byte == b']').unwrap_or(0);
    let colon = authority[ends..].iter().position(|byte| *byte == b':');
    let (host, port) = match colon {
        Some(at) => {
            let (host, port) = authority.split_at(ends + at);
            (host, digits(&port[1..])?)
        }
        None => (authority, default),
    };
    let fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~[]:".contains(byte);
    (!host.is_empty() && host.iter().all(fine)).then_some((host, port))
}

/// A port in digits alone.
fn digits(text: &[u8]) -> Option<u16> {
    let text = str::from_utf8(text).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Whether a name can only mean this machine (RFC 6761, section 6.3).
fn is_loopback(host: &[u8]) -> bool {
    let Some((name, _)) = split(host, 0) else { return false };
    let Ok(name) = str::from_utf8(name) else { return false };
    let name = name.to_ascii_lowercase();
    let is_v6 = |inside: &str| inside.parse::<Ipv6Addr>().is_ok_and(|at| at.is_loopback());
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|at| at.is_loopback())
        || name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).is_some_and(is_v6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: &str = "192.0.2.1:1";
    const NEAR: &str = "127.0.0.1:1";

    fn admits(origins: Origins, origin: &str, host: &str, from: &str) -> bool {
        let from: Address = from.parse().expect(from);
        origins.admit(origin.as_bytes(), host.as_bytes(), &from)
    }

    #[test]
    fn pages_of_the_same_host_and_no_others() {
        let host = "example.org";
        for (origin, is_same) in [
            ("http://example.org", true),
            ("https://example.org", true),
            ("http://EXAMPLE.org", true),
            ("http://example.org:80", true),
            ("https://example.org:443", true),
            ("https://example.org:80", false),
            ("http://example.org:443", false),
            ("http://example.org:8080", false),
            ("http://example.org:", false),
            ("http://example.org:080", true),
            ("http://example.org:+80", false),
            ("http://example.org:65616", false),
            ("http://example.org:80:80", false),
            ("http://example.org/", false),
            ("http://example.org/path", false),
            ("http://example.org?", false),
            ("http://example.org#", false),
            ("http://example.org ", false),
            (" http://example.org", false),
            ("http://example.org.", false),
            ("http://example.org.evil.test", false),
            ("http://evil.test/example.org", false),
            ("http://evil.test#example.org", false),
            ("http://example.org@evil.test", false),
            ("http://evil.test@example.org", false),
            ("http://sub.example.org", false),
            ("http://xexample.org", false),
            ("http://example.or", false),
            ("http://example.org, http://evil.test", false),
            ("http://example.org http://example.org", false),
            ("http://", false),
            ("http:/example.org", false),
            ("http:example.org", false),
            ("//example.org", false),
            ("example.org", false),
            ("ftp://example.org", false),
            ("ws://example.org", false),
            ("file://", false),
            ("chrome-extension://example.org", false),
            ("null", false),
            ("", false),
            ("http://ex\u{e4}mple.org", false),
            ("http://example.org\0", false),
        ] {
            assert_eq!(admits(Origins::SameHost, origin, host, FAR), is_same, "{origin:?}");
            assert!(admits(Origins::Any, origin, host, FAR));
        }
    }

    #[test]
    fn the_port_of_the_host_counts() {
        for (origin, host, is_same) in [
            ("http://example.org:8080", "example.org:8080", true),
            ("http://example.org", "example.org:80", true),
            ("https://example.org", "example.org:443", true),
            ("https://example.org", "example.org:80", false),
            ("http://example.org", "example.org:8080", false),
            ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080", true),
            ("http://[2001:db8::1]", "[2001:db8::1]", true),
            ("http://[2001:db8::1]", "[2001:db8::1]:81", false),
            ("http://[2001:db8::1]", "[2001:db8::2]", false),
            ("http://", "", false),
        ] {
            assert_eq!(admits(Origins::SameHost, origin, host, FAR), is_same, "{origin} {host}");
        }
    }

    #[test]
    fn a_name_that_was_bent_to_this_machine_is_no_name_of_it() {
        for (host, is_ours) in [
            ("localhost:8080", true),
            ("LOCALHOST:8080", true),
            ("app.localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("127.1.2.3:8080", true),
            ("[::1]:8080", true),
            ("evil.test:8080", false),
            ("127.0.0.1.evil.test:8080", false),
            ("localhost.evil.test:8080", false),
            ("xlocalhost:8080", false),
            ("192.0.2.1:8080", false),
            ("[2001:db8::1]:8080", false),
        ] {
            let origin = format!("http://{host}");
            for near in [NEAR, "[::1]:1", "[::ffff:127.0.0.1]:1"] {
                assert_eq!(admits(Origins::SameHost, &origin, host, near), is_ours, "{host}");
            }
            assert!(admits(Origins::SameHost, &origin, host, FAR), "{host}");
            assert!(admits(Origins::SameHost, &origin, host, "unix:/run/a.sock"), "{host}");
        }
    }

    #[test]
    fn listed_origins_are_admitted_as_they_are_written() {
        let listed = Origins::Listed(&["https://example.org", "null"]);
        for (origin, admitted) in [
            ("https://example.org", true),
            ("null", true),
            ("http://proxied.test", true),
            ("http://example.org", false),
            ("https://example.org:443", false),
            ("https://sub.example.org", false),
        ] {
            assert_eq!(admits(listed, origin, "proxied.test", FAR), admitted, "{origin}");
        }
        // A list is also what lets a proxy on this machine pass on another name.
        assert!(admits(listed, "https://example.org", "example.org", NEAR));
        assert!(!admits(listed, "http://proxied.test", "proxied.test", NEAR));
    }
}
