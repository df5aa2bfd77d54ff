//! Requests and answers in the types of the crate `http`.
#![cfg(feature = "http1")]

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use readily_protocols::contract::{
    App, Desk, Diagram, Fault, Io, Machine, Never, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::http1::{Answer, Reply, Request, Server, Service, Status, reason};
use readily_protocols::testing::Script;

#[derive(Default)]
struct World(Vec<http::Request<Bytes>>);

impl App for World {
    type Mail = Never;
    type Conn = Conn;
}

struct Conn(Server<Site>);

/// What the derive writes for it.
impl Machine for Conn {
    type App = World;
    const STATES: &'static [StateInfo] =
        &[StateInfo { name: "Http", becomes: &[], timeouts: Timeouts::NONE }];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::advance(&mut self.0, io), self)
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, World>) -> Result<Next, Fault> {
        Step::settle(State::<Conn>::expire(&mut self.0, why, io), self)
    }

    fn receive(&mut self, mail: Never, _: &mut Io<'_, World>) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        State::<Conn>::deadline(&self.0)
    }

    fn state(&self) -> usize {
        0
    }
}

/// Notes each request, and gives the answer that its path names.
struct Site;

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        desk: &mut Desk<'_, World>,
    ) -> Answer<Self, Conn> {
        match request.to_http() {
            Ok(copy) => desk.app.0.push(copy),
            Err(_) => return reply.bad_request(),
        }
        match request.path() {
            "/fields" => reply.http(with_fields()),
            "/draft" => reply.status(Status::CREATED).headers(with_fields().headers()).body(b"d"),
            "/early" => reply.http(status(StatusCode::EARLY_HINTS)),
            "/odd" => reply.http(status(StatusCode::from_u16(799).unwrap())),
            "/none" => reply.http(status(StatusCode::NO_CONTENT)),
            _ => reply.http(status(StatusCode::IM_A_TEAPOT)),
        }
    }
}

fn status(status: StatusCode) -> http::Response<&'static str> {
    let mut response = http::Response::new("short and stout");
    *response.status_mut() = status;
    response
}

/// An answer with fields of its own, and with all that the server writes itself.
fn with_fields() -> http::Response<Vec<u8>> {
    let response = http::Response::builder()
        .header("Set-Cookie", "a=1")
        .header("Content-Type", "text/plain")
        .header("Set-Cookie", "b=2")
        .header("X-Bytes", HeaderValue::from_bytes(b"\xe9\t\"").unwrap());
    let reserved = [
        ("connection", "close"),
        ("content-length", "99"),
        ("date", "never"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
    ];
    let all = reserved.into_iter().fold(response, |all, (name, value)| all.header(name, value));
    all.body(b"body".to_vec()).unwrap()
}

/// What one request on a connection of its own comes to.
struct Outcome {
    /// The answer without its date.
    sent: String,
    /// How often it was counted that a field was dropped.
    dropped: u64,
    seen: Vec<http::Request<Bytes>>,
}

fn ask(request: &str) -> Outcome {
    let mut script = Script::new(Conn(Server::new(Site)));
    script.feed(request.as_bytes());
    let sent: String = script.sent().iter().map(|byte| char::from(*byte)).collect();
    let lines = sent.split("\r\n").filter(|line| !line.starts_with("date: "));
    Outcome {
        sent: lines.collect::<Vec<_>>().join(" | "),
        dropped: script.effects().tally().of(reason::FIELD_DROPPED),
        seen: std::mem::take(&mut script.app().0),
    }
}

#[test]
fn answers() {
    let own = "set-cookie: a=1 | set-cookie: b=2 | content-type: text/plain | x-bytes: \u{e9}\t\"";
    let teapot = "HTTP/1.1 418  | content-length: 15 |  | short and stout";
    let whole = format!("HTTP/1.1 200 OK | {own} | content-length: 4 |  | body");
    let head = format!("HTTP/1.1 200 OK | {own} | content-length: 4 |  | ");
    let draft = format!("HTTP/1.1 201 Created | {own} | content-length: 1 |  | d");
    let failed = "HTTP/1.1 500 Internal Server Error | content-type: text/plain; charset=utf-8 | \
                  content-length: 21 |  | Internal Server Error";
    for (request, answer, is_counted) in [
        ("GET /", teapot, false),
        ("GET /fields", &whole, true),
        ("HEAD /fields", &head, true),
        ("GET /draft", &draft, false),
        ("GET /early", failed, false),
        ("GET /odd", failed, false),
        ("GET /none", "HTTP/1.1 204 No Content |  | ", false),
    ] {
        let outcome = ask(&format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(outcome.sent, answer, "{request}");
        assert_eq!(outcome.dropped, u64::from(is_counted), "{request}");
    }
}

#[test]
fn a_request_is_copied_whole() {
    let bytes = "POST /a%20b?c=d HTTP/1.0\r\nHost: h:1\r\nX-A: 1\r\nx-a:  2 \r\nX-B: \u{e9}\r\n\
                 Content-Length: 4\r\n\r\nbody";
    let Outcome { seen, .. } = ask(bytes);
    let [request] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(
        (request.method(), request.version()),
        (&http::Method::POST, http::Version::HTTP_10)
    );
    assert_eq!(request.uri().path_and_query().map(|path| path.as_str()), Some("/a%20b?c=d"));
    let mut headers = HeaderMap::new();
    headers.append("host", HeaderValue::from_static("h:1"));
    headers.append("x-a", HeaderValue::from_static("1"));
    headers.append("x-a", HeaderValue::from_static("2"));
    headers.append("x-b", HeaderValue::from_bytes("\u{e9}".as_bytes()).unwrap());
    headers.append("content-length", HeaderValue::from_static("4"));
    assert_eq!(request.headers(), &headers);
    assert_eq!(request.body().as_ref(), b"body");
}

#[test]
fn targets_of_all_forms_are_copied() {
    for (line, uri) in [
        ("GET /", "/"),
        ("GET /?", "/?"),
        ("GET http://a/b?c", "http://a/b?c"),
        ("OPTIONS *", "*"),
        ("GET /a[]=1|{}^~!$&'()*+,;=:@?`", "/a[]=1|{}^~!$&'()*+,;=:@?`"),
    ] {
        let Outcome { sent, seen, .. } = ask(&format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(sent.starts_with("HTTP/1.1 418 "), "{line}: {sent}");
        assert_eq!(seen.iter().map(|copy| copy.uri().to_string()).collect::<Vec<_>>(), [uri]);
    }
    let refused = ask("GET /` HTTP/1.1\r\nHost: a\r\n\r\n").sent;
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
}
