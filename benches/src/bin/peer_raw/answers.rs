//! The answers of the HTTP server, written in advance as far as they are the same each time.

use std::io::{Cursor, Write};

use readily_benches::failure::Failure;
use readily_benches::page::PAGE;
use readily_benches::site::GREETING;
use serde::Serialize;

use crate::output::Output;

const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// Bytes of the longest answer that is not written in advance.
const SHORT: usize = 128;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route {
    Page,
    Plaintext,
    Json,
    Upload,
    Nothing,
}

impl Route {
    pub(crate) fn of(method: &str, path: &str) -> Self {
        match (method, path) {
            ("GET", "/") => Self::Page,
            ("GET", "/plaintext") => Self::Plaintext,
            ("GET", "/json") => Self::Json,
            ("POST", "/upload") => Self::Upload,
            _ => Self::Nothing,
        }
    }
}

/// What is the same each time.
#[derive(Debug)]
pub(crate) struct Answers {
    page: Vec<u8>,
    plaintext: Vec<u8>,
    json_head: Vec<u8>,
}

#[derive(Serialize)]
struct Greeting<'a> {
    message: &'a str,
}

impl Answers {
    pub(crate) fn written() -> Result<Self, Failure> {
        let json = serde_json::to_vec(&Greeting { message: GREETING }).map_err(Failure::failed)?;
        Ok(Self {
            page: whole("text/html; charset=utf-8", PAGE),
            plaintext: whole("text/plain", GREETING),
            json_head: head("application/json", json.len()).into(),
        })
    }

    /// Writes the answer to a request whose body had `received` bytes.
    #[inline(always)]
    pub(crate) fn write(&self, route: Route, received: u64, output: &mut Output<'_>) {
        match route {
            Route::Page => output.push(&self.page),
            Route::Plaintext => output.push(&self.plaintext),
            Route::Json => self.json(output),
            Route::Upload => number(received, output),
            Route::Nothing => output.push(NOT_FOUND),
        }
    }

    /// Serialised each time; its length is that of the first time.
    fn json(&self, output: &mut Output<'_>) {
        let mut body = Cursor::new([0; SHORT]);
        // It fits: it did when the head was written, and it is the same value.
        let _ = serde_json::to_writer(&mut body, &Greeting { message: GREETING });
        output.push(&self.json_head);
        output.push(filled(&body));
    }
}

fn number(received: u64, output: &mut Output<'_>) {
    let mut body = Cursor::new([0; SHORT]);
    // It fits: a number has 20 digits at most.
    let _ = write!(body, "{received}");
    let body = filled(&body);
    output.push(head("text/plain", body.len()).as_bytes());
    output.push(body);
}

fn filled(cursor: &Cursor<[u8; SHORT]>) -> &[u8] {
    &cursor.get_ref()[..cursor.position() as usize]
}

fn whole(content_type: &str, body: &str) -> Vec<u8> {
    [head(content_type, body.len()).as_bytes(), body.as_bytes()].concat()
}

fn head(content_type: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n")
}
