//! `http_client` against our own servers, and against one that breaks off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::server::{self, Server, example, run};
use crate::tools::{self, Scratch};

const CLIENT: &str = "http_client";

fn fetch(arguments: &[&str]) -> Output {
    run(example(CLIENT).args(arguments))
}

/// What one printed that ended well.
#[track_caller]
fn prints(arguments: &[&str]) -> String {
    let output = fetch(arguments);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), err.as_ref()), (Some(0), ""), "{arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn complains(code: i32, arguments: &[&str]) -> String {
    server::complaint(CLIENT, code, &fetch(arguments))
}

#[test]
fn several_urls_are_fetched_in_their_order_on_one_connection() {
    let server = Server::on_loopback("http_hello", &[]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let (page, health) = (url("/"), url("/health"));
    let printed = prints(&[&health, &page, &health]);
    assert!(printed.starts_with("OK") && printed.ends_with("OK"), "{printed}");
    assert!(printed.contains("<html"), "{printed}");
    let printed = server.stop();
    assert!(printed.iter().any(|line| line.starts_with("connections 1,")), "{printed:#?}");
}

#[test]
fn heads_and_headers_and_files() {
    let server = Server::on_loopback("http_echo", &[]);
    let url = format!("http://{}/a?b", server.address);
    let printed = prints(&["--head", &url]);
    assert!(printed.starts_with("HTTP/1.1 200 OK\n") && printed.ends_with("\n\n"), "{printed}");
    let printed = prints(&["--header", "X-Sent: by me", &url]);
    assert!(printed.starts_with("GET /a?b HTTP/1.1"), "{printed}");
    assert!(printed.to_lowercase().contains("x-sent: by me"), "{printed}");
    // A body goes there and comes back, into a file.
    let (sent, got) = (Scratch::new("http_client.sent"), Scratch::new("http_client.got"));
    let body: Vec<u8> = (0..3_000_000u32).flat_map(|n| n.to_be_bytes()).take(3 << 20).collect();
    std::fs::write(sent.path(), &body).expect("a file");
    assert_eq!(prints(&["--data", sent.path(), "--output", got.path(), &url]), "");
    assert!(std::fs::read(got.path()).expect("a file") == body);
    let told =
        complains(1, &["--data", sent.path(), "--output", got.path(), "--limit", "1MiB", &url]);
    assert!(told.ends_with(": the body is too large"), "{told}");
    server.stop();
}

#[test]
fn what_goes_wrong_is_told_in_one_line() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let refused = format!("http://{}/", free.local_addr().expect("its address"));
    drop(free);
    let told = complains(1, &[&refused]);
    assert!(told.contains("cannot connect: connection refused"), "{told}");
    let server = Server::on_loopback("http_hello", &[]);
    let missing = format!("http://{}/none", server.address);
    let output = fetch(&[&missing]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).trim_end().ends_with("404 Not Found"));
    server.stop();
    for (arguments, part) in [
        (&[][..], "URL is needed: http://HOST"),
        (&["ftp://a/"], "only http and https"),
        (&["--ca", "/no/such/file", "https://a/"], "--ca /no/such/file: No such file"),
        (&["--ca", "/dev/null", "https://a/"], "no certificate in the PEM text"),
        (&["--data", "/no/such/file", "http://a/"], "cannot open /no/such/file"),
        (&["--output", "/no/such/file", "http://a/"], "cannot open /no/such/file"),
    ] {
        let told = complains(2, arguments);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn https_is_fetched_from_our_own_server_on_one_connection() {
    let saved = Scratch::new("http_client.pem");
    let server = Server::on_loopback("https_echo", &["--cert-out", saved.path()]);
    let port = server.ip().port();
    let by_name = format!("https://localhost:{port}/a?b");
    let by_address = format!("https://127.0.0.1:{port}/c");
    let printed = prints(&["--ca", saved.path(), &by_name, &by_name, &by_address]);
    assert_eq!(printed.matches("GET /a?b HTTP/1.1").count(), 2, "{printed}");
    assert_eq!(printed.matches("GET /c HTTP/1.1").count(), 1, "{printed}");
    let (sent, got) = (Scratch::new("https_client.sent"), Scratch::new("https_client.got"));
    let body: Vec<u8> = (0..3_000_000u32).flat_map(|n| n.to_be_bytes()).take(3 << 20).collect();
    std::fs::write(sent.path(), &body).expect("a file");
    let secure = ["--ca", saved.path(), "--data", sent.path(), "--output", got.path()];
    assert_eq!(prints(&[&secure[..], &[&by_name]].concat()), "");
    assert!(std::fs::read(got.path()).expect("a file") == body);
    let printed = server.stop();
    assert!(printed.iter().any(|line| line.starts_with("connections 3,")), "{printed:#?}");
}

#[test]
fn what_is_wrong_with_a_server_of_https_is_told() {
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let (certificate, key) = made("other.example");
    let certificate = Scratch::holding("https_client.other.pem", certificate);
    let key = Scratch::holding("https_client.other.key", key);
    let given = ["--cert", certificate.path(), "--key", key.path()];
    let (other, plain) =
        (Server::on_loopback("https_echo", &given), Server::on_loopback("http_hello", &[]));
    let saved = Scratch::new("https_client.pem");
    let own = Server::on_loopback("https_echo", &["--cert-out", saved.path()]);
    for (server, part) in [
        (&other, "tls: the certificate is for another name"),
        (&own, "tls: the issuer of the certificate is not trusted"),
        (&plain, "tls: the peer does not speak TLS"),
    ] {
        let url = format!("https://localhost:{}/", server.ip().port());
        let told = complains(1, &["--ca", certificate.path(), &url]);
        assert_eq!(told, format!("{url}: cannot connect: {part}"));
    }
    let url = format!("http://{}/", own.address);
    assert!(complains(1, &[&url]).ends_with("400 Bad Request"));
    for server in [other, plain, own] {
        server.stop();
    }
}

#[test]
fn openssl_serves_a_page() {
    let instead = "`http_client` fetched over TLS from our own servers alone";
    if !tools::has("openssl", &["version"], instead) {
        return;
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = Scratch::holding("openssl.pem", made.cert.pem());
    let key = Scratch::holding("openssl.key", made.signing_key.serialize_pem());
    for version in ["-tls1_2", "-tls1_3"] {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-www", "-accept", "127.0.0.1:0", "-naccept", "1", version]);
        command.args(["-cert", certificate.path(), "-key", key.path()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut openssl = command.spawn().expect("it starts");
        let lines = BufReader::new(openssl.stdout.take().expect("a pipe")).lines();
        let mut lines = lines.map(|line| line.expect("a line"));
        let address = lines.find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        let address = address.expect("it listens");
        let (_, port) = address.rsplit_once(':').expect("a port");
        let rest = thread::spawn(move || lines.count());
        let printed = prints(&["--ca", certificate.path(), &format!("https://localhost:{port}/")]);
        assert!(printed.contains("Secure Renegotiation IS"), "{version}: {printed}");
        openssl.wait().expect("a child");
        rest.join().expect("it read all");
    }
}

/// A server that answers its first request, ends that connection as it takes the second, and
/// answers again on the next.
#[test]
fn a_stale_connection_costs_no_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("its address");
    let served = thread::spawn(move || {
        let mut requests = 0;
        for answers in [1, 2] {
            let (mut stream, _) = listener.accept().expect("a connection");
            for nth in 0..2 {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    match stream.read(&mut byte) {
                        Ok(1) => head.push(byte[0]),
                        _ => return requests,
                    }
                }
                requests += 1;
                if nth < answers {
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";
                    stream.write_all(answer).expect("it is read");
                }
            }
        }
        requests
    });
    let url = format!("http://{at}/");
    assert_eq!(prints(&[&url, &url, &url]), "yesyesyes");
    assert_eq!(served.join().expect("it ends"), 4, "one of them was asked twice");
}
