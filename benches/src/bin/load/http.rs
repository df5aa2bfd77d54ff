//! Requests of HTTP and the answers to them.

use httparse::{EMPTY_HEADER, Header, Response, Status};
use readily_benches::content;
use readily_benches::page::{BROWSER, PAGE, SHORT};
use readily_benches::talk::{Get, Lifetime, Request, Talk};

use crate::exchange::{Heard, Script, Then, Verify, judge};
use crate::long::{Content, Long};

/// What a program sends that wants data.
const FEW: &str = "Host: localhost:8080\r\nUser-Agent: load\r\nAccept: */*\r\n";

/// Bytes of the body of an upload.
const UPLOAD: usize = 10 * 1024;

/// Bytes of the body of a stream, without its frame, and of each chunk of it.
const STREAM: usize = 1 << 20;
const CHUNK: usize = 8 << 10;

const KEEP_ALIVE: &str = "Connection: keep-alive\r\n";
const CLOSE: &str = "Connection: close\r\n";

/// More than any server here sends.
pub(crate) const HEADERS: usize = 32;

/// What all connections ask, and what they have heard.
pub(crate) struct Dialogue {
    /// As many requests as go out at once.
    requests: Vec<u8>,
    /// Bytes of one of them.
    length: usize,
    /// The body of the answer.
    body: Body,
    /// The last answer that was right, and what followed it: the same bytes are right again, so
    /// they are compared and not parsed. With a `Date`, they change once in a second.
    known: Vec<u8>,
    then: Then,
}

/// The body that is expected.
enum Body {
    Text(&'static str),
    /// That of the large file.
    File,
    Bytes(Vec<u8>),
}

impl Dialogue {
    pub(crate) fn new(talk: Talk) -> Self {
        let get = match talk {
            Talk::Http(get) => get,
            Talk::Echo { .. } | Talk::Connect { .. } | Talk::WebSocket { .. } => {
                Get::kept(Request::Short)
            }
        };
        let request = request(get);
        let body = match get.request {
            Request::Browser | Request::Short => Body::Text(PAGE),
            Request::Plaintext => Body::Text("Hello, World!"),
            Request::Json => Body::Text(r#"{"message":"Hello, World!"}"#),
            Request::Upload => Body::Text("10240"),
            Request::File => Body::File,
            Request::Stream => Body::Bytes(content::bytes(STREAM)),
        };
        Self {
            requests: request.repeat(get.pipeline as usize),
            length: request.len(),
            body,
            known: Vec::new(),
            then: Then::Keep,
        }
    }
}

/// The bytes of one request.
fn request(get: Get) -> Vec<u8> {
    let mut head = match get.request {
        Request::Browser => BROWSER.to_owned(),
        Request::Short => SHORT.to_owned(),
        Request::Plaintext => format!("GET /plaintext HTTP/1.1\r\n{FEW}\r\n"),
        Request::Json => format!("GET /json HTTP/1.1\r\n{FEW}\r\n"),
        Request::Upload => {
            format!("POST /upload HTTP/1.1\r\n{FEW}Content-Length: {UPLOAD}\r\n\r\n")
        }
        Request::File => format!("GET {} HTTP/1.1\r\n{FEW}\r\n", content::PATH),
        Request::Stream => {
            format!("POST /echo HTTP/1.1\r\n{FEW}Transfer-Encoding: chunked\r\n\r\n")
        }
    };
    if get.connection == Lifetime::OneRequest {
        head = head.replace(KEEP_ALIVE, "");
        head.insert_str(head.len() - "\r\n".len(), CLOSE);
    }
    let mut bytes = head.into_bytes();
    match get.request {
        Request::Upload => bytes.extend((b'a'..=b'z').cycle().take(UPLOAD)),
        Request::Stream => bytes.extend(in_chunks(&content::bytes(STREAM))),
        _ => {}
    }
    bytes
}

fn in_chunks(body: &[u8]) -> Vec<u8> {
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let mut bytes: Vec<u8> = body.chunks(CHUNK).flat_map(chunk).collect();
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

/// One connection's answers.
#[derive(Default)]
pub(crate) struct Http {
    /// How many requests go out now.
    batch: u32,
    /// The beginning of an answer whose end has not come yet.
    partial: Vec<u8>,
    /// One that is never put together.
    long: Option<Box<Long>>,
}

impl Http {
    pub(crate) fn begin(&mut self, units: u32) {
        self.batch = units;
    }

    #[inline]
    pub(crate) fn outgoing<'a>(&self, script: &'a Script) -> &'a [u8] {
        &script.http.requests[..self.batch as usize * script.http.length]
    }

    #[inline]
    pub(crate) fn hear(&mut self, script: &mut Script, bytes: &[u8]) -> Result<Heard, String> {
        let Dialogue { known, then, .. } = &script.http;
        if self.partial.is_empty() && !known.is_empty() && bytes.starts_with(known) {
            return Ok(Heard::Whole { end: known.len(), then: *then });
        }
        self.hear_another(script, bytes)
    }

    #[inline(never)]
    fn hear_another(&mut self, script: &mut Script, bytes: &[u8]) -> Result<Heard, String> {
        let content = match &script.http.body {
            Body::File => Content::File,
            Body::Bytes(bytes) => Content::Bytes(bytes),
            Body::Text(text) => {
                let text = *text;
                return self.hear_whole(text, script, bytes);
            }
        };
        let long = self.long.get_or_insert_with(|| Box::new(Long::new()));
        long.hear(script.verify, content, bytes)
    }

    fn hear_whole(
        &mut self,
        expected: &str,
        script: &mut Script,
        bytes: &[u8],
    ) -> Result<Heard, String> {
        let before = self.partial.len();
        self.partial.extend_from_slice(bytes);
        let heard = judge_answer(script.verify, expected, &self.partial)?;
        if let Heard::Whole { end, then } = heard {
            script.http.known = self.partial[..end].to_vec();
            script.http.then = then;
            self.partial.clear();
            // All that came before was a part of it.
            return Ok(Heard::Whole { end: end - before, then });
        }
        Ok(heard)
    }
}

/// Judges all bytes of an answer that have come so far; what follows it is not looked at.
fn judge_answer(verify: Verify, expected: &str, bytes: &[u8]) -> Result<Heard, String> {
    let Some((head, then, length)) = read_head(bytes)? else { return Ok(Heard::Part) };
    if length != expected.len() {
        return Err(format!("a body of {length} B instead of {}", expected.len()));
    }
    let Some(body) = bytes[head..].get(..length) else { return Ok(Heard::Part) };
    judge(verify, body, expected.as_bytes(), 0)?;
    Ok(Heard::Whole { end: head + length, then })
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
    let then = if closes(response.headers) { Then::Close } else { Then::Keep };
    Ok(Some((head, then, length)))
}

/// Whether the server says that this answer is the last one.
pub(crate) fn closes(headers: &[Header<'_>]) -> bool {
    value(headers, "connection")
        .is_some_and(|tokens| tokens.split(',').any(|one| one.trim().eq_ignore_ascii_case("close")))
}

/// The value of a header, as text.
pub(crate) fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(header.value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::surplus;

    const ALL: [Request; 7] = [
        Request::Browser,
        Request::Short,
        Request::Plaintext,
        Request::Json,
        Request::Upload,
        Request::File,
        Request::Stream,
    ];

    #[test]
    fn requests_are_whole() {
        for (asked, path, count, length) in [
            (Request::Browser, "/", 9, 409),
            (Request::Short, "/", 3, 208),
            (Request::Plaintext, "/plaintext", 3, 80),
            (Request::Json, "/json", 3, 75),
            (Request::Upload, "/upload", 4, 101),
        ] {
            let bytes = request(Get::kept(asked));
            let mut headers = [EMPTY_HEADER; HEADERS];
            let mut parsed = httparse::Request::new(&mut headers);
            assert_eq!(parsed.parse(&bytes), Ok(Status::Complete(length)), "{asked:?}");
            assert_eq!((parsed.path, parsed.headers.len()), (Some(path), count));
            let promised = value(parsed.headers, "content-length").unwrap_or("0");
            assert_eq!(promised.parse(), Ok(bytes.len() - length));
        }
    }

    #[test]
    fn a_request_of_its_own_asks_for_the_end() {
        for asked in ALL {
            let bytes = request(Get { connection: Lifetime::OneRequest, ..Get::kept(asked) });
            let mut headers = [EMPTY_HEADER; HEADERS];
            let mut parsed = httparse::Request::new(&mut headers);
            assert!(parsed.parse(&bytes).is_ok_and(|status| status.is_complete()));
            let said = parsed.headers.iter().filter(|header| header.name == "Connection");
            assert!(said.map(|header| header.value).eq([b"close"]), "{asked:?}");
        }
    }

    #[test]
    fn answers_are_judged_at_every_cut() {
        let short = format!("a body of 1 B instead of {}", PAGE.len());
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
                let expected = expected.map(|then| vec![then]).map_err(str::to_owned);
                assert_eq!(judged(Request::Short, 1, &[first, second]), expected);
            }
        }
    }

    #[test]
    fn pipelined_answers_are_judged_at_every_cut() {
        let json = |date: u32| {
            let body = r#"{"message":"Hello, World!"}"#;
            format!("HTTP/1.1 200 OK\r\ndate: {date}\r\ncontent-length: 27\r\n\r\n{body}")
        };
        let wrong = json(1).replace("World", "Wrold");
        let same = [json(1), json(1), json(1)].concat();
        let changing = [json(1), json(2), json(1)].concat();
        let two = [json(1), json(1)].concat();
        let last = [json(1), json(1).replace("date: 1", "connection: close")].concat();
        for (answers, expected) in [
            (same.clone(), Ok(vec![Then::Keep; 3])),
            (changing, Ok(vec![Then::Keep; 3])),
            (two.clone(), Ok(vec![Then::Keep; 2])),
            (last, Ok(vec![Then::Keep, Then::Close])),
            (two + &wrong, Err("wrong byte 114 at 20, 111 was expected")),
            (same + "H", Err("1 B that nobody sent")),
        ] {
            for first in 0..answers.len() {
                for second in [first, first + (answers.len() - first) / 2, answers.len() - 1] {
                    let (head, tail) = answers.as_bytes().split_at(second.max(first));
                    let (head, middle) = head.split_at(first);
                    let expected = expected.clone().map_err(str::to_owned);
                    assert_eq!(judged(Request::Json, 3, &[head, middle, tail]), expected);
                }
            }
        }
    }

    fn page(headers: &str, body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{body}", PAGE.len())
    }

    /// What follows each answer that is in all parts together, where `pipeline` are expected.
    fn judged(asked: Request, pipeline: u32, parts: &[&[u8]]) -> Result<Vec<Then>, String> {
        let talk = Talk::Http(Get { pipeline, ..Get::kept(asked) });
        let mut script = Script::new(talk, Verify::On);
        let mut http = Http::default();
        let mut found = Vec::new();
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                if found.len() == pipeline as usize {
                    return Err(surplus(rest.len()));
                }
                match http.hear(&mut script, rest)? {
                    Heard::Whole { end, then } => {
                        found.push(then);
                        rest = &rest[end..];
                    }
                    Heard::Part | Heard::Opened => break,
                }
            }
        }
        Ok(found)
    }
}
