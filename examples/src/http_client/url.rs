//! Addresses of pages: what is said to whom.

use std::str::FromStr;

use readily::http1::RequestLine;

/// What a server is spoken to over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scheme {
    /// A plain socket.
    Http,
    /// TLS.
    Https,
}

/// A URL of the form `http://HOST[:PORT][/PATH][?QUERY]`, or of https. What is behind a `#` is not
/// sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    /// As it was given.
    pub text: String,
    /// What the server is spoken to over.
    pub scheme: Scheme,
    /// Host and port as they are written: what the server is told.
    pub host: String,
    /// Path and query.
    pub target: String,
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("expected http://HOST[:PORT][/PATH] or https".to_owned());
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(format!("`{scheme}` is not spoken, only http and https")),
        };
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let target = match path {
            path if path.starts_with('/') => path.to_owned(),
            query => format!("/{query}"),
        };
        RequestLine::get(&target, host).map_err(|bad| bad.to_string())?;
        Ok(Url { text: text.to_owned(), scheme, host: host.to_owned(), target })
    }
}

impl Url {
    /// What is looked for to connect: the name or address, and the port.
    pub fn authority(&self) -> (String, u16) {
        let known = match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        };
        let (name, port) = match self.host.rsplit_once(':') {
            // The colons of an address in brackets are its own.
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().unwrap_or(known)),
            _ => (self.host.as_str(), known),
        };
        (name.trim_start_matches('[').trim_end_matches(']').to_owned(), port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, host, target, authority) in [
            ("http://a", "a", "/", ("a", 80)),
            ("HTTP://a:8080/b/c?d#e", "a:8080", "/b/c?d", ("a", 8080)),
            ("http://a?b", "a", "/?b", ("a", 80)),
            ("http://[::1]/", "[::1]", "/", ("::1", 80)),
            ("http://[::1]:81/", "[::1]:81", "/", ("::1", 81)),
            ("https://a", "a", "/", ("a", 443)),
            ("HTTPS://a:8443/b", "a:8443", "/b", ("a", 8443)),
        ] {
            let url: Url = text.parse().expect(text);
            assert_eq!((&url.host[..], &url.target[..]), (host, target), "{text}");
            assert_eq!(url.authority(), (authority.0.to_owned(), authority.1), "{text}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, part) in [
            ("example.org", "expected http://"),
            ("ftp://a/", "`ftp` is not spoken"),
            ("http://", "the host is none"),
            ("http://u@a/", "the host is none"),
            ("http://a:99999/", "the host is none"),
            ("http://a/b c", "the target is none"),
            ("http://a/%zz", "the target is none"),
            ("http://a/\r\nx: y", "the target is none"),
        ] {
            let told = text.parse::<Url>().expect_err(text);
            assert!(told.contains(part), "{text}: {told}");
        }
    }
}
