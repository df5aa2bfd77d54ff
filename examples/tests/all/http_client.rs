//! `http_client` against our own servers, and against one that breaks off.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use crate::server::{Server, example, run};
use crate::tools::Scratch;

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

/// What one complained of: one line, and that exit code.
#[track_caller]
fn complains(code: i32, arguments: &[&str]) -> String {
    let output = fetch(arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), err.lines().count()), (Some(code), 1), "{err}");
    err.strip_prefix("http_client: ").expect(&err).trim_end().to_owned()
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
        (&[][..], "a URL is needed"),
        (&["https://a/"], "has no TLS"),
        (&["--data", "/no/such/file", "http://a/"], "cannot open /no/such/file"),
        (&["--output", "/no/such/file", "http://a/"], "cannot open /no/such/file"),
    ] {
        let told = complains(2, arguments);
        assert!(told.contains(part), "{told}");
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
