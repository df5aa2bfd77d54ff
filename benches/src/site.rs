//! The HTTP service of the comparison, on Readily's server: a page, a line of text, JSON, and an
//! upload.

use std::io::{Cursor, Write};

use readily::http1::{Answer, Limits, Reply, Request, Service, Status};
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

/// Answers by path. It holds nothing, so that a connection costs nothing for it.
///
/// `GET /` is the page, `GET /plaintext` and `GET /json` a greeting, `POST /upload` the length of
/// its body in decimal; all else is answered 404. Nothing is allocated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Site;

impl<M: Machine> Service<M> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        _: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        match (request.method(), request.path()) {
            ("GET", "/") => reply.ok(HTML, PAGE.as_bytes()),
            ("GET", "/plaintext") => reply.ok(TEXT, GREETING.as_bytes()),
            ("GET", "/json") => json(reply, &Greeting { message: GREETING }),
            ("POST", "/upload") => number(reply, request.body().len()),
            _ => reply.not_found(),
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
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        for (request, status, content_type, body) in [
            (get("/"), "200 OK", HTML, PAGE),
            (get("/plaintext"), "200 OK", TEXT, GREETING),
            (get("/json"), "200 OK", JSON, r#"{"message":"Hello, World!"}"#),
            (upload, "200 OK", TEXT, "10240"),
            (get("/upload"), "404 Not Found", "text/plain", "Not Found"),
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
