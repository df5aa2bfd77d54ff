//! A browser's request and the answer to it.

use httparse::{EMPTY_HEADER, Header, Response, Status};
use readily_benches::page::PAGE;
use readily_benches::talk::Request;

use crate::exchange::{Heard, Script, Then, surplus};

/// What a browser sends for a page on the same machine: nine headers.
const BROWSER: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Cookie: theme=dark; session=0123456789abcdef\r\n\
    \r\n";

/// The first three of them.
const SHORT: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: localhost:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    \r\n";

/// More than any server here sends.
const HEADERS: usize = 32;

/// One connection's answers.
pub(crate) struct Http {
    request: &'static [u8],
    /// The beginning of an answer whose end has not come yet.
    partial: Vec<u8>,
}

impl Http {
    pub(crate) fn new(request: Request) -> Self {
        let request = match request {
            Request::Browser => BROWSER,
            Request::Short => SHORT,
        };
        Self { request, partial: Vec::new() }
    }

    pub(crate) fn outgoing(&self) -> &'static [u8] {
        self.request
    }

    pub(crate) fn hear(&mut self, script: &Script, bytes: &[u8]) -> Result<Heard, String> {
        let mut joined = std::mem::take(&mut self.partial);
        let bytes = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        let heard = judge(script, bytes)?;
        if matches!(heard, Heard::Part) {
            self.partial = bytes.to_vec();
        }
        Ok(heard)
    }
}

/// Judges all bytes of an answer that have come so far.
fn judge(script: &Script, bytes: &[u8]) -> Result<Heard, String> {
    let Some((head, then, length)) = read_head(bytes)? else { return Ok(Heard::Part) };
    let body = &bytes[head..];
    if body.len() < length {
        return Ok(Heard::Part);
    }
    if body.len() > length {
        return Err(surplus(body.len() - length));
    }
    if length != PAGE.len() {
        return Err(format!("a page of {length} B instead of {}", PAGE.len()));
    }
    script.judge(body, PAGE.as_bytes(), 0)?;
    Ok(Heard::Whole(then))
}

/// The head's length, what follows the answer, and the body's length.
fn read_head(bytes: &[u8]) -> Result<Option<(usize, Then, usize)>, String> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = Response::new(&mut headers);
    let Status::Complete(head) =
        response.parse(bytes).map_err(|error| format!("not an HTTP answer: {error}"))?
    else {
        return Ok(None);
    };
    if response.code != Some(200) {
        return Err(format!("status {} instead of 200", response.code.unwrap_or_default()));
    }
    let length = value(response.headers, "content-length")
        .and_then(|text| text.parse().ok())
        .ok_or("an answer without a content-length")?;
    let closes = value(response.headers, "connection").is_some_and(|tokens| {
        tokens.split(',').any(|one| one.trim().eq_ignore_ascii_case("close"))
    });
    let then = if closes { Then::Close } else { Then::Keep };
    Ok(Some((head, then, length)))
}

/// The value of a header, as text.
pub(crate) fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(header.value).ok()
}

#[cfg(test)]
mod tests {
    use readily_benches::talk::Talk;

    use super::*;
    use crate::exchange::Verify;

    #[test]
    fn requests_are_whole() {
        for (bytes, count, length) in [(BROWSER, 9, 409), (SHORT, 3, 208)] {
            let mut headers = [EMPTY_HEADER; HEADERS];
            let mut request = httparse::Request::new(&mut headers);
            assert_eq!(request.parse(bytes), Ok(Status::Complete(length)));
            assert_eq!((request.headers.len(), bytes.len()), (count, length));
        }
    }

    #[test]
    fn answers_are_judged_at_every_cut() {
        let page = |headers: &str, body: &str| {
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{body}", PAGE.len())
        };
        let script = Script::new(Talk::Http(Request::Short), Verify::On);
        let short = format!("a page of 1 B instead of {}", PAGE.len());
        let changed = format!("?{}", &PAGE[1..]);
        for (answer, expected) in [
            (page("", PAGE), Ok(Then::Keep)),
            (page("connection: keep-alive\r\n", PAGE), Ok(Then::Keep)),
            (page("Connection: Close\r\n", PAGE), Ok(Then::Close)),
            (page("connection: upgrade, close\r\n", PAGE), Ok(Then::Close)),
            (page("", &changed), Err("wrong byte 63 at 0, 60 was expected")),
            (page("", &format!("{PAGE}!")), Err("1 B that nobody sent")),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n<".to_owned(), Err(&short)),
            ("HTTP/1.1 200 OK\r\n\r\nhi".to_owned(), Err("an answer without a content-length")),
            ("HTTP/1.1 404 Gone\r\n\r\n".to_owned(), Err("status 404 instead of 200")),
            ("SSH-2.0\r\n".to_owned(), Err("not an HTTP answer: invalid HTTP version")),
        ] {
            for cut in 0..answer.len() {
                let (first, second) = answer.as_bytes().split_at(cut);
                assert_eq!(judged(&script, [first, second]), expected.map_err(str::to_owned));
            }
        }
    }

    /// What both parts amount to; the first one alone is never a whole answer.
    fn judged(script: &Script, parts: [&[u8]; 2]) -> Result<Then, String> {
        let mut http = Http::new(Request::Short);
        let mut last = None;
        for part in parts {
            if last.is_some() {
                return Err(surplus(part.len()));
            }
            if let Heard::Whole(then) = http.hear(script, part)? {
                last = Some(then);
            }
        }
        last.ok_or_else(|| "an answer without an end".to_owned())
    }
}
