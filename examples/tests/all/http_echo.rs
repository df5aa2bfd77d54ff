//! `http_echo`: every request comes back.

use std::process::Command;

use crate::client::Noise;
use crate::http::Http;
use crate::server::{Server, run};
use crate::tools::{self, Scratch};

const NAME: &str = "http_echo";
/// The largest body.
const BODY_MAX: usize = 1 << 20;

#[test]
fn a_request_without_a_body_comes_back_as_it_was() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer = http.ask(&format!("{method} /a/b?c=d"), "X-Y:  z \r\n", b"");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/plain; charset=utf-8")
        );
        assert_eq!(answer.text(), format!("{method} /a/b?c=d HTTP/1.1\nhost: localhost\nX-Y: z\n"));
    }
    let length = http.ask("HEAD /", "", b"").header("content-length").to_owned();
    assert_eq!(length, "HEAD / HTTP/1.1\nhost: localhost\n".len().to_string());
    drop(http);
    assert_eq!(server.stop()[0], "requests 8, bytes of bodies 0");
}

#[test]
fn a_body_comes_back_up_to_the_limit() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    for (seed, size) in (1..).zip([1, 1000, 65_536, 300_000, BODY_MAX - 1, BODY_MAX]) {
        let body = Noise::bytes(seed, size as u64);
        let answer = http.ask("POST /", "content-type: text/x-any; a=b\r\n", &body);
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/x-any; a=b"));
        assert!(answer.body == body, "{size} bytes");
    }
    let answer = http.ask("PUT /", "", b"what is it?");
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    // One more than the limit is refused before it comes.
    let line = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", BODY_MAX + 1);
    let answer = http.send(line).answer(false);
    assert_eq!((answer.status, answer.header("connection")), (413, "close"));
    http.ends();
    let printed = server.stop();
    assert!(printed[0].starts_with("requests 7, "), "{printed:#?}");
    assert_eq!(printed[2..], ["  1 http: the body is too large"]);
}

#[test]
fn bodies_are_answered_in_their_order_however_they_come() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let post = |body: &str| {
        format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    let bodies: Vec<String> = (0..100).map(|n| n.to_string().repeat(n)).collect();
    http.send(bodies.iter().map(|body| post(body)).collect::<String>());
    assert!(http.answer(false).text().starts_with("POST / HTTP/1.1\n"), "the first has none");
    bodies[1..].iter().for_each(|body| assert_eq!(http.answer(false).text(), body));
    for byte in post("slowly").bytes() {
        http.send([byte]);
    }
    assert_eq!(http.answer(false).text(), "slowly");
    // Whoever waits to be asked for the body is asked.
    let headers = "host: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n";
    http.send(format!("POST / HTTP/1.1\r\n{headers}\r\n"));
    assert_eq!(http.answer(false).status, 100);
    assert_eq!(http.send("body").answer(false).text(), "body");
    drop(http);
    server.stop();
}

#[test]
fn curl_is_sent_back_what_it_sends() {
    let server = Server::on_loopback(NAME, &[]);
    if !tools::has("curl", &["--version"], "`http_echo` was only asked by a client of our own") {
        assert_eq!(Http::to(server.ip()).ask("POST /", "", b"body").text(), "body");
        return;
    }
    let body = Noise::bytes(7, BODY_MAX as u64);
    let file = Scratch::holding("curl-body", &body);
    let sent = format!("@{}", file.path());
    let url = format!("http://{}/", server.address);
    let curl = |options: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["--noproxy", "*", "--max-time", "60", "-sS"]).args(options).arg(&url);
        run(&mut command).stdout
    };
    // A body of this size it sends only when it is asked to.
    assert!(curl(&["--data-binary", &sent]) == body);
    assert!(curl(&["-T", file.path(), "-H", "expect:"]) == body);
    assert_eq!(curl(&["-d", "a=b"]), b"a=b");
    let head = String::from_utf8(curl(&["-A", "me", "-H", "x-y: z"])).expect("UTF-8");
    assert!(head.contains("\nUser-Agent: me\n") && head.ends_with("\nx-y: z\n"), "{head}");
    let printed = server.stop();
    assert_eq!(printed[0], format!("requests 4, bytes of bodies {}", 2 * BODY_MAX + 3));
}
