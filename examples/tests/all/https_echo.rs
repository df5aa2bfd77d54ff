//! `https_echo`: what curl, OpenSSL and load generators make of HTTP over TLS.

use std::io::{Read, Write};
use std::process::Command;

use rustls::version::{TLS12, TLS13};

use crate::client::Noise;
use crate::http::Http;
use crate::openssl;
use crate::server::{Server, run};
use crate::tls_echo::connect;
use crate::tools::{self, Scratch};

const NAME: &str = "https_echo";
/// A body that is larger than any buffer.
const BODY: usize = 3 << 20;
/// Below what one connection is answered, with 16 of them.
const REQUESTS: &str = "8000";

/// A server that saved its certificate, and where.
fn server(name: &str) -> (Server, Scratch) {
    let saved = Scratch::new(&format!("https-{name}.pem"));
    let server = Server::on_loopback(NAME, &["--cert-out", saved.path()]);
    (server, saved)
}

/// By the name in the certificate.
fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.ip().port())
}

#[test]
fn a_request_comes_back_and_then_the_end() {
    let (server, saved) = server("one");
    for version in [&TLS12, &TLS13] {
        let mut tls = connect(server.ip(), saved.path(), version);
        let head = "host: localhost\r\nconnection: close\r\ncontent-length: 4\r\n\r\n";
        tls.write_all(format!("POST / HTTP/1.1\r\n{head}body").as_bytes()).expect("it is read");
        let mut answer = String::new();
        // An end without a close_notify would be an error.
        tls.read_to_string(&mut answer).expect("an end in order");
        let whole = answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nbody");
        assert!(whole, "{answer}");
    }
    let printed = server.stop();
    assert_eq!(printed[0], "requests 2, bytes of bodies 8");
    assert!(printed[1].starts_with("connections 2, bytes in "), "{printed:#?}");
}

#[test]
fn who_speaks_http_without_tls_is_told_so_in_http() {
    let (server, _saved) = server("plain");
    for line in ["GET /", "POST /a", "OPTIONS *"] {
        let answer = Http::to(server.ip()).ask(line, "", b"");
        assert_eq!((answer.status, answer.header("connection")), (400, "close"), "{line}");
        assert!(answer.text().contains("https"), "{line}: {answer:?}");
    }
    let mut http = Http::to(server.ip());
    http.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(http.answer(true).status, 400);
    http.ends();
    let printed = server.stop();
    assert_eq!(printed[0], "requests 0, bytes of bodies 0");
    let told = printed.iter().any(|line| line == "  4 tls: a request of HTTP without TLS");
    assert!(told, "{printed:#?}");
}

#[test]
fn a_kept_connection_ends_in_order_when_the_server_does() {
    let (server, saved) = server("drain");
    let mut tls = connect(server.ip(), saved.path(), &TLS13);
    tls.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it is read");
    let mut first = [0; 15];
    tls.read_exact(&mut first).expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    server.terminate();
    tls.read_to_end(&mut Vec::new()).expect("an end in order");
    server.ends();
}

#[test]
fn curl_is_sent_back_what_it_sends_in_both_versions() {
    if !tools::has("curl", &["--version"], "`https_echo` was only asked by rustls") {
        return;
    }
    let (server, saved) = server("curl");
    let body = Noise::bytes(7, BODY as u64);
    let file = Scratch::holding("https-curl-body", &body);
    let sent = format!("@{}", file.path());
    let url = url(&server);
    for version in ["1.2", "1.3"] {
        let tls = format!("--tlsv{version}");
        let tls = ["--cacert", saved.path(), &tls, "--tls-max", version];
        let curl = |options: &[&str]| tools::curl(&[&tls, options, &[&url]].concat());
        let sent_back = |options: &[&str]| curl(options).stdout == body;
        assert!(sent_back(&["--data-binary", &sent]), "{version}");
        assert!(sent_back(&["--data-binary", &sent, "-H", "expect:"]), "{version}");
        assert!(sent_back(&["-T", file.path()]), "{version}");
        let chunked = ["-T", file.path(), "-H", "transfer-encoding: chunked"];
        assert!(sent_back(&chunked), "{version}");
        // One connection for both, and the protocol that was agreed on.
        let told = curl(&["-v", "-d", "a=b", &url]);
        let text = String::from_utf8_lossy(&told.stderr);
        assert_eq!(told.stdout, b"a=ba=b", "{text}");
        for part in [&format!("using TLSv{version} "), "ALPN: server accepted http/1.1", "Re-using"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let refused = tools::curl(&[&url]);
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(60), 0), "it is not trusted");
    let refused = tools::curl(&["--cacert", saved.path(), "--tls-max", "1.1", &url]);
    assert!(!refused.status.success(), "TLS 1.1 is too old");
    let printed = server.stop();
    assert_eq!(printed[0], format!("requests 12, bytes of bodies {}", 8 * BODY + 12));
}

#[test]
fn openssl_agrees_on_a_protocol_and_resumes_its_session() {
    if !tools::has("openssl", &["version"], "no session of `https_echo` was resumed by OpenSSL") {
        return;
    }
    let (server, saved) = server("openssl");
    let session = Scratch::new("https-session.pem");
    let ask = |arguments: &[&str]| {
        let trust = ["-CAfile", saved.path(), "-verify_return_error"];
        openssl::ask(&server, &[&trust, arguments].concat())
    };
    let names = ["-servername", "localhost", "-verify_hostname", "localhost"];
    for version in ["-tls1_2", "-tls1_3"] {
        let first = ask(&[&names[..], &[version, "-sess_out", session.path()]].concat());
        assert!(!first.is_resumed(), "{first:?}");
        for _ in 0..2 {
            let next = ask(&[&names[..], &[version, "-sess_in", session.path()]].concat());
            assert!(next.is_resumed(), "{next:?}");
        }
        for (offered, agreed) in [
            (&["-alpn", "http/1.1"][..], "ALPN protocol: http/1.1"),
            (&["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1"),
            (&[], "No ALPN negotiated"),
        ] {
            let told = ask(&[offered, &[version]].concat());
            assert!(told.served && told.has(agreed), "{offered:?}: {told:?}");
        }
        let told = ask(&["-alpn", "h2", version]);
        assert!(!told.served && told.has("alert number 120"), "{told:?}");
    }
    let printed = server.stop();
    let told = printed.iter().any(|line| line == "  2 tls: no application protocol in common");
    assert!(told, "{printed:#?}");
}

#[test]
fn a_session_of_an_earlier_server_is_begun_anew() {
    if !tools::has("openssl", &["version"], "OpenSSL took no session from one server to another") {
        return;
    }
    let (first, _saved) = server("earlier");
    let (second, _saved) = server("later");
    let session = Scratch::new("https-earlier-session.pem");
    for version in ["-tls1_2", "-tls1_3"] {
        let names = ["-servername", "localhost", version];
        let saved = openssl::ask(&first, &[&names[..], &["-sess_out", session.path()]].concat());
        assert!(!saved.is_resumed(), "{saved:?}");
        let next = openssl::ask(&second, &[&names[..], &["-sess_in", session.path()]].concat());
        assert!(!next.is_resumed(), "{next:?}");
    }
}

#[test]
fn load_generators_count_no_error() {
    let (server, _saved) = server("load");
    if tools::has("h2load", &["--version"], "h2load has asked nothing over TLS") {
        let mut command = Command::new("h2load");
        let output =
            run(command.args(["--h1", "-c", "16", "-m", "1", "-n", REQUESTS, &url(&server)]));
        let told = String::from_utf8_lossy(&output.stdout);
        let done = format!("{REQUESTS} done, {REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout");
        assert!(told.contains(&done) && told.contains(&format!("{REQUESTS} 2xx")), "{told}");
    }
    // Its own `--version` fails.
    if tools::has("sh", &["-c", "command -v wrk"], "wrk has asked nothing over TLS") {
        let mut command = Command::new("wrk");
        let output = run(command.args(["-t", "1", "-c", "8", "-d", "1s", &url(&server)]));
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains(" requests in "), "{told}");
        assert!(!told.contains("Socket errors") && !told.contains("Non-2xx"), "{told}");
    }
    server.stop();
}
