//! `http_hello`: what is there, what is not, and in which order it is answered.

use std::process::Command;

use crate::http::Http;
use crate::server::{Server, run};
use crate::tools;

const NAME: &str = "http_hello";

/// A request line, the status, the content type, and what the body begins with.
const CASES: [(&str, u16, &str, &str); 11] = [
    ("GET /", 200, "text/html; charset=utf-8", "<!doctype html>"),
    ("GET /?query", 200, "text/html; charset=utf-8", "<!doctype html>"),
    ("GET /health", 200, "text/plain; charset=utf-8", "OK"),
    ("GET http://localhost/health", 200, "text/plain; charset=utf-8", "OK"),
    ("GET /Health", 404, "text/plain; charset=utf-8", "Not Found"),
    ("GET /health/", 404, "text/plain; charset=utf-8", "Not Found"),
    ("GET //", 404, "text/plain; charset=utf-8", "Not Found"),
    ("DELETE /none", 404, "text/plain; charset=utf-8", "Not Found"),
    ("OPTIONS *", 404, "text/plain; charset=utf-8", "Not Found"),
    ("DELETE /", 405, "text/plain; charset=utf-8", "Method Not Allowed"),
    ("get /health", 405, "text/plain; charset=utf-8", "Method Not Allowed"),
];

#[test]
fn what_is_there_is_answered_and_what_is_not_is_not() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    for (line, status, kind, begins) in CASES {
        let answer = http.ask(line, "", b"");
        assert_eq!((answer.status, answer.header("content-type")), (status, kind), "{line}");
        assert!(answer.text().starts_with(begins), "{line}: {answer:?}");
        assert_eq!(answer.header("allow"), if status == 405 { "GET, HEAD" } else { "" }, "{line}");
        let Some(path) = line.strip_prefix("GET ") else { continue };
        // The same without its body.
        let head = http.ask(&format!("HEAD {path}"), "", b"");
        let of = |answer: &crate::http::Answer| {
            ["content-type", "content-length"].map(|name| answer.header(name).to_owned())
        };
        assert_eq!((head.status, of(&head)), (status, of(&answer)), "{line}");
    }
    http.ask("POST /health", "connection: close\r\n", b"body");
    http.ends();
    let printed = server.stop();
    assert_eq!(printed[0], "pages 4, checks 4, others 11");
    assert!(printed[1].starts_with("connections 1, bytes in "), "{printed:#?}");
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let paths: Vec<&str> = ["/health", "/", "/none"].into_iter().cycle().take(300).collect();
    http.send(paths.iter().map(|path| get(path)).collect::<String>());
    for path in paths {
        let status = if path == "/none" { 404 } else { 200 };
        let answer = http.answer(false);
        assert_eq!((answer.status, answer.body == b"OK"), (status, path == "/health"), "{path}");
    }
    server.terminate();
    http.ends();
    let printed = server.ends();
    assert_eq!(printed[0], "pages 100, checks 100, others 100");
}

#[test]
fn a_request_that_is_none_is_answered_and_the_others_go_on() {
    let server = Server::on_loopback(NAME, &[]);
    let mut other = Http::to(server.ip());
    assert_eq!(other.ask("GET /health", "", b"").status, 200);
    for (bytes, status) in [
        ("hello\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/3.0\r\nhost: a\r\n\r\n".to_owned(), 505),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(8192)), 414),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nb: {}\r\n\r\n", "a".repeat(8192)), 431),
    ] {
        let mut http = Http::to(server.ip());
        let answer = http.send(&bytes).answer(false);
        assert_eq!((answer.status, answer.header("connection")), (status, "close"), "{bytes:.40}");
        http.ends();
    }
    assert_eq!(other.ask("GET /health", "", b"").status, 200);
    // Each has a line of its own at the end.
    drop(other);
    let counted = server.stop().into_iter().filter(|line| line.starts_with("  1 http: "));
    assert_eq!(counted.count(), 5);
}

#[test]
fn curl_is_served() {
    let server = Server::on_loopback(NAME, &[]);
    if !tools::has("curl", &["--version"], "`http_hello` was only asked by a client of our own") {
        assert_eq!(Http::to(server.ip()).ask("GET /health", "", b"").text(), "OK");
        return;
    }
    let url = |path: &str| format!("http://{}{path}", server.address);
    let curl = |options: &[&str], path: &str| {
        let mut command = Command::new("curl");
        command.args(["--noproxy", "*", "--max-time", "60", "-sS"]).args(options).arg(url(path));
        let output = run(&mut command);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let status = ["-o", "-", "-w", " %{http_code} %{content_type} %{num_connects}"];
    let text = "text/plain; charset=utf-8";
    assert_eq!(curl(&status, "/health"), (Some(0), format!("OK 200 {text} 1")));
    assert_eq!(curl(&status, "/none"), (Some(0), format!("Not Found 404 {text} 1")));
    let (code, page) = curl(&["-i"], "/");
    assert!(code == Some(0) && page.trim_end().ends_with("</html>"), "{page}");
    let (code, head) = curl(&["-I"], "/");
    assert!(code == Some(0) && page.contains("content-length: ") && !head.contains("<"), "{head}");
    let (_, refused) = curl(&["-i", "-X", "PUT", "-d", "x"], "/");
    assert!(refused.contains(" 405 ") && refused.contains("allow: GET, HEAD"), "{refused}");
    // Exit code 22 is an HTTP error.
    assert_eq!(curl(&["--fail", "-o", "/dev/null"], "/none").0, Some(22));
    // Old clients are told that the connection ends, new ones keep it.
    let (_, old) = curl(&["-0i"], "/health");
    assert!(old.contains("connection: close"), "{old}");
    let again = url("/health");
    let kept = ["-w", " %{num_connects} ", &again, "-w", " %{num_connects} "];
    assert_eq!(curl(&kept, "/health"), (Some(0), "OK 1 OK 0 ".to_owned()));
    assert_eq!(server.stop()[0], "pages 2, checks 4, others 3");
}
