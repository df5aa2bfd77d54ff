//! One request and its answer; its head and its body alone.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use httparse::{EMPTY_HEADER, Response, Status};
use readily::Machine;
use readily::http1::wire::{Event, ServerSide};
use readily::http1::{Limits, Server, Starts};
use readily_benches::line::Line;
use readily_benches::page::{BROWSER, PAGE, SHORT};
use readily_benches::site::Site;

/// The size of the body that is sent to us, in bytes.
const UPLOAD: usize = 10 * 1024;

/// How many requests come at once when they are pipelined: all that one call answers.
const PIPELINED: usize = 16;

/// Room for more than any of the requests has.
const HEADERS: usize = 32;

/// The size of the body that is decoded alone, and of its chunks, in bytes.
const BODY: usize = 64 * 1024;
const CHUNKS: [usize; 3] = [16, 1024, 16 * 1024];

/// The head before it.
const CHUNKED: &str = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[derive(Machine)]
enum Conn {
    Http(Server<Site>),
}

/// Some requests that come at once.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    requests: usize,
    /// The body of each request, in bytes.
    sends: usize,
    /// The body of each answer.
    body: String,
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http");
    for case in cases() {
        group.throughput(Throughput::Elements(case.requests as u64));
        let mut line = Line::new(Conn::Http(Server::new(Site)));
        let expected = case.check(&line.answers(&case.bytes));
        group.bench_function(BenchmarkId::new("readily, request and answer", case.name), |b| {
            b.iter(|| assert_eq!(line.time(&case.bytes), expected));
        });
        assert_eq!(parse_all(&case.bytes, case.sends), case.requests);
        group.bench_function(BenchmarkId::new("httparse, head of the request", case.name), |b| {
            b.iter(|| parse_all(black_box(&case.bytes), case.sends));
        });
    }
    for (name, head) in [("GET, 3 headers", SHORT), ("GET, 9 headers", BROWSER)] {
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("readily, head of the request", name), |b| {
            b.iter(|| assert_eq!(read_head(black_box(head.as_bytes())), head.len()));
        });
    }
    for size in CHUNKS {
        let body = in_chunks(size);
        group.throughput(Throughput::Bytes(BODY as u64));
        let name = format!("{} KiB in chunks of {size} B", BODY >> 10);
        group.bench_function(BenchmarkId::new("readily, body of the request", name), |b| {
            b.iter(|| assert_eq!(read_body(black_box(&body)), BODY));
        });
    }
    group.finish();
}

fn cases() -> [Case; 4] {
    let get = |name, request: &str, requests| Case {
        name,
        bytes: request.repeat(requests).into(),
        requests,
        sends: 0,
        body: PAGE.to_owned(),
    };
    let head = "POST /upload HTTP/1.1\r\n\
        Host: localhost:8080\r\n\
        Content-Type: application/octet-stream\r\n\
        Content-Length: ";
    let post = format!("{head}{UPLOAD}\r\n\r\n{}", "x".repeat(UPLOAD));
    [
        get("GET, 3 headers", SHORT, 1),
        get("GET, 9 headers", BROWSER, 1),
        get("16 GETs at once, 3 headers", SHORT, PIPELINED),
        Case {
            name: "POST of 10 KiB, 3 headers",
            bytes: post.into(),
            requests: 1,
            sends: UPLOAD,
            body: UPLOAD.to_string(),
        },
    ]
}

impl Case {
    /// Checks what was answered, and says how many bytes that is.
    fn check(&self, answers: &[u8]) -> usize {
        let mut rest = answers;
        for _ in 0..self.requests {
            let mut headers = [EMPTY_HEADER; HEADERS];
            let mut answer = Response::new(&mut headers);
            let Ok(Status::Complete(head)) = answer.parse(rest) else {
                panic!("{}: no answer: {}", self.name, String::from_utf8_lossy(rest));
            };
            let field = |name| header_named(answer.headers, name);
            let length = self.body.len().to_string();
            assert_eq!((answer.code, field("content-length")), (Some(200), length.as_bytes()));
            let (body, others) = rest[head..].split_at(self.body.len());
            assert_eq!(String::from_utf8_lossy(body), self.body, "{}", self.name);
            rest = others;
        }
        assert_eq!(rest.len(), 0, "{}: more than was asked for", self.name);
        answers.len()
    }
}

fn header_named<'a>(headers: &[httparse::Header<'a>], name: &str) -> &'a [u8] {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    header.map_or(b"", |header| header.value)
}

/// Parses the head of each request, and says how many there are; bodies of `sends` bytes are
/// skipped.
fn parse_all(mut bytes: &[u8], sends: usize) -> usize {
    let mut requests = 0;
    while !bytes.is_empty() {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(Status::Complete(head)) = request.parse(bytes) else { panic!("no whole request") };
        black_box(&request);
        bytes = &bytes[head + sends..];
        requests += 1;
    }
    requests
}

/// Reads one head, and says how long it was.
fn read_head(bytes: &[u8]) -> usize {
    let mut starts = Starts::new();
    let received = ServerSide::new().receive(bytes, &Limits::DEFAULT, &mut starts);
    match received.map(|received| (received.used, received.event)) {
        Ok((used, Event::Request(head))) => {
            black_box(&head);
            used
        }
        other => panic!("no whole request: {other:?}"),
    }
}

/// Reads one request with its body out of its chunks, and says how long that was.
fn read_body(mut bytes: &[u8]) -> usize {
    let (mut http, mut starts, mut length) = (ServerSide::new(), Starts::new(), 0);
    loop {
        let received = http.receive(bytes, &Limits::DEFAULT, &mut starts);
        let received = received.expect("the body is sound");
        match received.event {
            Event::Request(_) => {}
            Event::Data(data) => length += black_box(data).len(),
            Event::End(_) => return length,
            other => panic!("no whole body: {other:?}"),
        }
        bytes = &bytes[received.used..];
    }
}

fn in_chunks(size: usize) -> Vec<u8> {
    let chunk = format!("{size:x}\r\n{}\r\n", "x".repeat(size));
    format!("{CHUNKED}{}0\r\n\r\n", chunk.repeat(BODY / size)).into()
}
