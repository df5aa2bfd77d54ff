//! `http_echo`: every request comes back.

use crate::client::Noise;
use crate::http::Http;
use crate::server::{Server, run};
use crate::tools::{self, Scratch};

const NAME: &str = "http_echo";
/// A body that is larger than what a server puts together by default.
const BODY: usize = 3 << 20;

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
fn a_body_of_any_length_comes_back_as_it_comes() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    let sizes = [1, 1000, 65_536, 300_000, (1 << 20) + 1, 20 << 20];
    for (seed, size) in (1..).zip(sizes) {
        let body = Noise::bytes(seed, size as u64);
        let head = format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/x-any; a=b\r\n\
             content-length: {size}\r\n\r\n"
        );
        let answer = http.exchange(&[head.as_bytes(), &body].concat());
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/x-any; a=b"));
        assert_eq!(answer.header("content-length"), size.to_string());
        assert!(answer.body == body, "{size} bytes");
        // The same in chunks, which come back as such.
        let mut sent = b"PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for chunk in body.chunks(70_001) {
            sent.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
            sent.extend_from_slice(chunk);
            sent.extend_from_slice(b"\r\n");
        }
        sent.extend_from_slice(b"0\r\nX-Checksum: 7\r\nx-Other:  \r\n\r\n");
        let answer = http.exchange(&sent);
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.body == body, "{size} bytes in chunks");
        let trailers = [("x-checksum", "7"), ("x-other", "")];
        assert_eq!(answer.trailers, trailers.map(|(name, value)| (name.into(), value.into())));
    }
    drop(http);
    let total: usize = sizes.iter().sum();
    let printed = server.stop();
    assert_eq!(printed[0], format!("requests 12, bytes of bodies {}", 2 * total));
    assert_eq!(printed.len(), 2, "{printed:#?}");
}

#[test]
fn a_body_comes_back_before_it_has_ended() {
    let server = Server::on_loopback(NAME, &[]);
    let mut http = Http::to(server.ip());
    http.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut back = Vec::new();
    for (nth, word) in ["one", "two", "three"].into_iter().enumerate() {
        http.send(format!("{:x}\r\n{word}\r\n", word.len()));
        if nth == 0 {
            assert_eq!(http.head().header("transfer-encoding"), "chunked");
        }
        http.chunk(&mut back);
        assert!(back.ends_with(word.as_bytes()), "{}", back.escape_ascii());
    }
    http.send("0\r\n\r\n");
    assert_eq!(http.chunk(&mut back), 0);
    server.stop();
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
    let body = Noise::bytes(7, BODY as u64);
    let file = Scratch::holding("curl-body", &body);
    let sent = format!("@{}", file.path());
    let url = format!("http://{}/", server.address);
    let curl = |options: &[&str]| tools::curl(&[options, &[&url]].concat()).stdout;
    // A body of this size it sends only when it is asked to.
    assert!(curl(&["--data-binary", &sent]) == body);
    assert!(curl(&["--data-binary", &sent, "-H", "expect:"]) == body);
    assert!(curl(&["-T", file.path()]) == body);
    assert!(curl(&["-T", file.path(), "-H", "transfer-encoding: chunked"]) == body);
    assert!(curl(&["-0", "-T", file.path()]) == body);
    assert_eq!(curl(&["-d", "a=b"]), b"a=b");
    let head = String::from_utf8(curl(&["-A", "me", "-H", "x-y: z"])).expect("UTF-8");
    assert!(head.contains("\nUser-Agent: me\n") && head.ends_with("\nx-y: z\n"), "{head}");
    // It was asked for the body before it sent it, and kept the connection.
    let told =
        tools::curl(&["-v", "-T", file.path(), "-o", "/dev/null", &url, "-o", "/dev/null", &url]);
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(told.contains("< HTTP/1.1 100 Continue") && told.contains("Re-using"), "{told}");
    let printed = server.stop();
    assert_eq!(printed[0], format!("requests 9, bytes of bodies {}", 6 * BODY + 3));
}

#[test]
fn python_keeps_its_connection_and_sends_chunks() {
    let Some(mut python) = tools::python("http.client", "no Python has asked `http_echo`") else {
        return;
    };
    let server = Server::on_loopback(NAME, &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/http_echo.py");
    let output = run(python.args([script, &server.address]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*told), (Some(0), ""));
    let printed = server.stop();
    assert!(printed[0].starts_with("requests 106, "), "{printed:#?}");
    assert!(printed[1].starts_with("connections 1, "), "{printed:#?}");
}
