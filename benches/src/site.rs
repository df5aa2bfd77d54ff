//! The HTTP service of the comparison, on Readily's server and its router: a page, a line of text,
//! JSON, an upload, and an echo of a body as it comes.

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use readily::http1::router::{Router, Routes};
use readily::http1::{
    Answer, Flow, Incoming, Intake, Length, Limits, Outgoing, Reply, Request, Service, Status,
};
use readily::{Desk, Machine};
use serde::Serialize;

use crate::page::PAGE;

/// What `/plaintext` says, and `/json` in its message.
pub const GREETING: &str = "Hello, World!";

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain";
const JSON: &str = "application/json";

/// No peer ends a connection after so many requests, so this one does not either.
const LIMITS: Limits = Limits { requests: u32::MAX, ..Limits::DEFAULT };

const ECHO: &str = "/echo";
const BYTES: &str = "application/octet-stream";

static ROUTER: LazyLock<Router<Page>> = LazyLock::new(|| {
    let routes = Routes::new()
        .get("/", Page::Home)
        .get("/plaintext", Page::Plaintext)
        .get("/json", Page::Json)
        .post("/upload", Page::Upload)
        .post(ECHO, Page::Echo);
    routes.build().expect("these routes differ")
});

/// Answers by method and path. It holds nothing, so that a connection costs nothing for it.
///
/// `GET /` is the page, `GET /plaintext` and `GET /json` a greeting, `POST /upload` the length of
/// its body in decimal, `POST /echo` its body as it comes; another path is answered 404, another
/// method 405. Nothing is allocated where a body is not streamed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site;

/// What there is.
#[derive(Clone, Copy, Debug)]
enum Page {
    Home,
    Plaintext,
    Json,
    Upload,
    Echo,
}

impl<M: Machine> Service<M> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        _: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let found = match ROUTER.find(request) {
            Ok(found) => found,
            Err(miss) => return miss.answer(reply),
        };
        match found.route {
            Page::Home => reply.ok(HTML, PAGE.as_bytes()),
            Page::Plaintext => reply.ok(TEXT, GREETING.as_bytes()),
            Page::Json => json(reply, &Greeting { message: GREETING }),
            Page::Upload => number(reply, request.body().len()),
            Page::Echo => reply.status(Status::OK).content_type(BYTES).stream(Length::Unknown),
        }
    }

    fn intake(&mut self, request: &Request<'_>) -> Intake {
        if request.path() == ECHO { Intake::Stream } else { Intake::Whole }
    }

    fn send(
        &mut self,
        body: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        _: &mut Desk<'_, M::App>,
    ) -> Flow {
        loop {
            let bytes = body.bytes();
            let n = bytes.len().min(out.room());
            if n == 0 {
                return if body.is_ended() { Flow::Done } else { Flow::Wait };
            }
            out.write(&bytes[..n]);
            body.consume(n);
        }
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}

#[derive(Serialize)]
struct Greeting<'a> {
    message: &'a str,
}

fn json<M: Machine>(reply: Reply<'_, Site, M>, value: &impl Serialize) -> Answer<Site, M> {
    let mut body = Small::new([0; 64]);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => reply.ok(JSON, written(&body)),
        Err(_) => reply.plain(Status::INTERNAL_SERVER_ERROR),
    }
}

fn number<M: Machine>(reply: Reply<'_, Site, M>, number: usize) -> Answer<Site, M> {
    let mut body = Small::new([0; 64]);
    match write!(body, "{number}") {
        Ok(()) => reply.ok(TEXT, written(&body)),
        Err(_) => reply.plain(Status::INTERNAL_SERVER_ERROR),
    }
}

/// A body on the stack.
type Small = Cursor<[u8; 64]>;

fn written(body: &Small) -> &[u8] {
    &body.get_ref()[..body.position() as usize]
}

#[cfg(test)]
mod tests {
    use readily::http1::Server;
    use readily::testing::Script;

    use super::*;

    #[derive(Machine)]
    enum Conn {
        Http(Server<Site>),
    }

    #[test]
    fn every_route_has_its_answer() {
        let upload = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10240\r\n\r\n";
        let upload = upload.to_owned() + &"x".repeat(10_240);
        let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                    5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        for (request, status, content_type, body) in [
            (get("/"), "200 OK", HTML, PAGE),
            (get("/plaintext"), "200 OK", TEXT, GREETING),
            (get("/json"), "200 OK", JSON, r#"{"message":"Hello, World!"}"#),
            (upload, "200 OK", TEXT, "10240"),
            (get("/upload"), "405 Method Not Allowed", "text/plain", "Method Not Allowed"),
            (echo.to_owned(), "200 OK", BYTES, "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
            (get("/other"), "404 Not Found", "text/plain", "Not Found"),
        ] {
            let mut script = Script::new(Conn::Http(Server::new(Site)));
            let sent = script.feed(request.as_bytes()).sent();
            let answer = String::from_utf8_lossy(sent);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
            assert!(answer.contains(&format!("content-type: {content_type}")), "{answer}");
            assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
        }
    }
}
