//! `showcase`: what its own table says, done. Its page has tests of its own.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use rustls::version::TLS13;

use crate::client::Client;
use crate::http::Http;
use crate::server::{Server, example, run, socket_path};
use crate::tls_echo;
use crate::tools::Scratch;

/// The table: each service, and what its command prints. Commands that need more than bash and perl
/// are not run here: their services have tests below.
const TOUR: [(&str, Option<&str>); 10] = [
    ("HTTP, WebSocket", None),
    ("TCP echo", Some("hello\n")),
    ("Unix echo", Some("hello\n")),
    ("TLS echo", None),
    ("QUIC echo", None),
    ("UDP echo", Some("hello\n")),
    ("TCP relay", Some("hello\n")),
    ("key_value", Some("OK\nOK\nVALUE 5\nhello\nBYE\n")),
    ("HTTP notebook", None),
    ("HTTP echo", None),
];

/// A showcase with every port of the system's choice.
pub(crate) fn start(socket: &Path, more: &[&str]) -> Server {
    let socket = socket.display().to_string();
    Server::on_loopback("showcase", &[&["--unix", &socket], more].concat())
}

/// Where a service of the table listens.
pub(crate) fn service(server: &Server, name: &str) -> SocketAddr {
    let line = server.preface.iter().find_map(|line| line.strip_prefix(name)).expect(name);
    line.trim().parse().expect(line)
}

#[test]
fn each_command_of_its_table_works() {
    let path = socket_path("showcase");
    let server = start(&path, &[]);
    let lines: Vec<&str> = server.preface.iter().map(String::as_str).collect();
    assert_eq!(lines.len(), 2 * TOUR.len() + 1, "{lines:#?}");
    for (row, (name, prints)) in lines.chunks_exact(2).zip(TOUR) {
        assert!(row[0].starts_with(name), "{row:?}");
        let Some(expected) = prints else { continue };
        let output = run(Command::new("timeout").args(["60", "bash", "-c", row[1]]));
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{row:?}\n{told}");
    }
    let last = server.stop().pop().expect("a line");
    let parts = ["open 0 | accepted 5 | in ", " | datagrams 1 | keys 1, subscribers 0, dropped 0"];
    assert!(parts.iter().all(|part| last.contains(part)), "{last}");
    assert!(!path.exists());
}

#[test]
fn it_answers_by_path() {
    let server = start(&socket_path("paths"), &[]);
    let mut client = Client::connect(server.ip());
    for (asked, status, part) in [
        ("GET /", "200 OK", "content-security-policy: default-src 'none'"),
        ("HEAD /", "200 OK", "content-type: text/html; charset=utf-8"),
        ("GET /health", "200 OK", "content-length: 2"),
        ("GET /health?all", "200 OK", "content-length: 2"),
        ("POST /health", "405 Method Not Allowed", "allow: GET, HEAD"),
        ("GET /diagram", "200 OK", "content-type: text/plain; charset=utf-8"),
        ("GET /nothing", "404 Not Found", "content-length: "),
        ("GET /live", "426 Upgrade Required", "upgrade: websocket"),
        ("GET /echo", "426 Upgrade Required", "upgrade: websocket"),
    ] {
        client.send(format!("{asked} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(client.line(), format!("HTTP/1.1 {status}\r"), "{asked}");
        let mut fields = Vec::new();
        let length = loop {
            let line = client.line();
            match line.trim_end() {
                "" => break length_in(&fields),
                field => fields.push(field.to_owned()),
            }
        };
        assert!(fields.iter().any(|field| field.starts_with(part)), "{asked}: {fields:#?}");
        client.skip(if asked.starts_with("HEAD") { 0 } else { length });
    }
    server.stop();
}

fn length_in(fields: &[String]) -> u64 {
    let length = fields.iter().find_map(|field| field.strip_prefix("content-length: "));
    length.map_or(0, |length| length.parse().expect("a number"))
}

#[test]
fn its_web_services_answer() {
    let site = Scratch::folder("showcase-site", &[("index.html", b"<h1>here</h1>")]);
    let server = start(&socket_path("web"), &["--root", site.path()]);
    let mut notes = Http::to(service(&server, "HTTP notebook"));
    let kind = "content-type: application/json\r\n";
    assert_eq!(notes.ask("POST /notes", kind, br#"{"text":"a"}"#).status, 201);
    assert!(notes.ask("GET /notes", "", b"").text().contains(r#""text":"a""#));
    assert_eq!(notes.ask("GET /slow?ms=1", "", b"").text(), r#"{"slept_ms":1}"#);
    assert_eq!(notes.ask("GET /primes/10", "", b"").text(), r#"{"below":10,"primes":4}"#);
    let mut echo = Http::to(service(&server, "HTTP echo"));
    assert_eq!(echo.ask("PUT /", "", b"hello").text(), "hello");
    let mut files = Http::to(service(&server, "HTTP files"));
    assert_eq!(files.ask("GET /", "", b"").text(), "<h1>here</h1>");
    let counts = notes.ask("GET /metrics", "", b"");
    let requests = r#"readily_http_requests_total{loop="0",class="2xx"} 5"#;
    assert!(counts.text().contains(requests), "{}", counts.text());
    assert!(counts.text().contains("readily_accepted_total"), "{}", counts.text());
    drop((notes, echo, files));
    server.stop();
}

#[test]
fn one_certificate_secures_tls_and_quic() {
    let saved = Scratch::new("showcase.pem");
    let server = start(&socket_path("secured"), &["--cert-out", saved.path()]);
    let mut tls = tls_echo::connect(service(&server, "TLS echo"), saved.path(), &TLS13);
    tls.write_all(b"hello\n").expect("it is read");
    let mut answer = [0; 6];
    tls.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"hello\n");
    drop(tls);
    let at = service(&server, "QUIC echo").to_string();
    let mut client = example("quic_client");
    let output = run(client.args(["--connect", &at, "--ca", saved.path(), "--bytes", "1MiB"]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    server.stop();
}

#[test]
fn it_ends_in_order_what_can_end() {
    let server = start(&socket_path("ending"), &[]);
    let mut client = Client::connect(service(&server, "TCP echo"));
    client.send("hello\n").reads("hello\n");
    server.terminate();
    client.ends();
    drop(client);
    let printed = server.ends();
    let told = printed.iter().any(|line| line.starts_with("ending within 5s"));
    assert!(told, "{printed:#?}");
    let last = printed.last().expect("a line");
    assert!(last.starts_with("open 0 | accepted 1 | in 6 B out 6 B |"), "{last}");
}
