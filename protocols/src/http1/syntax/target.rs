//! The grammar of targets and hosts.

use super::refusal::Refusal;

/// What a byte may be part of.
const PATH: u8 = 1;
const HOST: u8 = 2;
/// It begins an escape.
const ESCAPE: u8 = 4;

/// For each byte, what it may be part of.
///
/// A target takes what RFC 3986 allows, and besides `[`, `]`, `^`, `` ` ``, `{`, `|` and `}`, which
/// browsers send as they are (WHATWG URL). No control byte, space, `"`, `#`, `<`, `>`, `\`, DEL or
/// byte past ASCII.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        if !matches!(byte as u8, b'"' | b'#' | b'<' | b'>' | b'\\') {
            bytes[byte] |= PATH;
        }
        let is_host = matches!(byte as u8,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~');
        if is_host {
            bytes[byte] |= HOST;
        }
        if byte as u8 == b'%' {
            bytes[byte] |= ESCAPE;
        }
        byte += 1;
    }
    bytes
};

/// Checks the target against the method, and against the host where it names one itself
/// (RFC 9112, section 3.2).
#[inline]
pub(in crate::http1) fn check(
    method: &[u8],
    target: &[u8],
    host: Option<&[u8]>,
) -> Result<(), Refusal> {
    if target.first() == Some(&b'/') && method != b"CONNECT" {
        return if is_path(target) { Ok(()) } else { Err(Refusal::BadTarget) };
    }
    check_other(method, target, host)
}

/// The forms that no browser sends: `*`, and a whole URI.
#[cold]
fn check_other(method: &[u8], target: &[u8], host: Option<&[u8]>) -> Result<(), Refusal> {
    if method == b"CONNECT" {
        // The only form it takes is a host and a port.
        let has_port = target.rsplit(|byte| *byte == b':').next().is_some_and(is_digits);
        return match host {
            _ if !is_host(target) || !has_port => Err(Refusal::BadTarget),
            Some(host) if !host.eq_ignore_ascii_case(target) => Err(Refusal::HostMismatch),
            _ => Ok(()),
        };
    }
    if target == b"*" {
        return if method == b"OPTIONS" { Ok(()) } else { Err(Refusal::BadTarget) };
    }
    let rest = ["http://", "https://"].iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    });
    let rest = rest.ok_or(Refusal::BadTarget)?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if !is_host(authority) || !is_path(path) {
        return Err(Refusal::BadTarget);
    }
    match host {
        Some(host) if !host.eq_ignore_ascii_case(authority) => Err(Refusal::HostMismatch),
        _ => Ok(()),
    }
}

/// Whether it is a path and a query. `%` needs its two digits, and `%00` is none of either.
#[inline]
fn is_path(bytes: &[u8]) -> bool {
    let (mut all, mut any) = (PATH, 0);
    for byte in bytes {
        let class = BYTES[usize::from(*byte)];
        all &= class;
        any |= class;
    }
    all != 0 && (any & ESCAPE == 0 || has_sound_escapes(bytes))
}

#[cold]
fn has_sound_escapes(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| *byte == b'%');
    parts.next();
    parts.all(|part| match part {
        [high, low, ..] => {
            high.is_ascii_hexdigit() && low.is_ascii_hexdigit() && part[..2] != *b"00"
        }
        _ => false,
    })
}

#[cold]
fn is_port_of_five(digits: &[u8]) -> bool {
    digits.len() == 5 && *digits <= b"65535"[..]
}

#[inline]
fn is_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// Whether it is a name or an address with or without a port: one that a client may send, so no
/// user, no list, no path, and not nothing.
#[inline]
pub(in crate::http1) fn is_host(bytes: &[u8]) -> bool {
    if bytes.first() == Some(&b'[') {
        return is_bracketed(bytes);
    }
    let end = bytes.iter().position(|byte| BYTES[usize::from(*byte)] & HOST == 0);
    let (name, port) = bytes.split_at(end.unwrap_or(bytes.len()));
    !name.is_empty() && is_port(port)
}

#[cold]
fn is_bracketed(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b']') else { return false };
    let address = std::str::from_utf8(&bytes[1..end]).unwrap_or_default();
    address.parse::<std::net::Ipv6Addr>().is_ok() && is_port(&bytes[end + 1..])
}

/// Whether it is nothing, or a colon and a port.
#[inline]
fn is_port(bytes: &[u8]) -> bool {
    match bytes {
        [] => true,
        [b':', digits @ ..] if is_digits(digits) => digits.len() < 5 || is_port_of_five(digits),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "a",
            "example.org",
            "a_b-c.d",
            "1.2.3.4",
            "1.2.3.4:80",
            "a:65535",
            "a:0",
            "[::1]",
            "[::1]:8080",
            "[2001:db8::1]:1",
            "xn--e1aybc.example",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":",
            ":80",
            "a:",
            "a:65536",
            "a:100000",
            "a:+1",
            "a:b",
            "a,b",
            "a, b",
            "u@a",
            "a/b",
            "a/",
            "a?b",
            "a#b",
            "a b",
            "[",
            "[]",
            "[::1",
            "[::1]a",
            "[::1]:",
            "[1.2.3.4]",
            "[fe80::1%25eth0]",
            "a\u{e9}",
            "a\\b",
            "a:1:2",
            "::1",
            "%61",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn paths() {
        for path in ["/", "", "/a?b=c&d", "/%20%ff", "/a[]=1|{}^`", "/~!$&'()*+,;=:@-._", "?"] {
            assert!(is_path(path.as_bytes()), "{path}");
        }
        for path in
            ["/#a", "/a b", "/\"", "/<", "/>", "/\\", "/%", "/%2", "/%zz", "/%00", "/\u{e9}"]
        {
            assert!(!is_path(path.as_bytes()), "{path}");
        }
    }
}
