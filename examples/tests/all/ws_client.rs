//! `ws_client` with `ws_echo`, plain and secured, and with servers that do not do as they should.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Output, Stdio};
use std::thread;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::server::{self, PATIENCE, Server, example};
use crate::tools::Scratch;
use crate::wss::base64;

const CLIENT: &str = "ws_client";

/// Runs one with that standard input.
fn say(arguments: &[&str], lines: &str) -> Output {
    let mut command = example(CLIENT);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let (mut stdin, lines) = (child.stdin.take().expect("a pipe"), lines.to_owned());
    // What it prints is read meanwhile; one that has ended early says so by its exit code.
    let writer = thread::spawn(move || drop(stdin.write_all(lines.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic");
    output
}

/// What one printed that ended well.
#[track_caller]
fn hears(arguments: &[&str], lines: &str) -> String {
    let output = say(arguments, lines);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), err.as_ref()), (Some(0), ""), "{arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn complains(code: i32, arguments: &[&str]) -> String {
    server::complaint(CLIENT, code, &say(arguments, "hello\n"))
}

/// What went wrong with a server on the loopback address.
#[track_caller]
fn fails(arguments: &[&str]) -> String {
    let told = complains(1, arguments);
    let (host, what) = told.split_once(": ").expect("whose fault it is");
    assert!(host.starts_with("127.0.0.1:"), "{told}");
    what.to_owned()
}

#[test]
fn each_line_comes_back_before_it_closes() {
    let long = format!("{}\n", "a long line ".repeat(4_000));
    let lines = format!("hello\n\nwörld\n{long}last\n");
    for options in [&[][..], &["--deflate"], &["--protocol", "chat"]] {
        let echo = Server::on_loopback("ws_echo", options);
        let url = format!("ws://{}/any?path", echo.address);
        assert_eq!(hears(&[options, &[&url]].concat(), &lines), lines, "{options:?}");
        let printed = echo.stop();
        assert!(printed[0].starts_with("WebSockets 1, messages 5,"), "{printed:#?}");
    }
}

#[test]
fn a_message_may_be_as_long_as_both_sides_say() {
    let large = format!("{}\nlast\n", "x".repeat(3 << 20));
    // What the server takes, what the client takes, what is said, and how that comes out.
    let cases = [
        ("3145728", "3145728", &large[..], Ok(&large[..])),
        ("9", "9", "123456789\n1234567890\n", Err("closed with 1009 ")),
        ("10", "9", "123456789\n1234567890\n", Err("websocket: a frame is too large")),
    ];
    for deflate in [&[][..], &["--deflate"]] {
        for (server, client, lines, expected) in cases {
            let echo =
                Server::on_loopback("ws_echo", &[deflate, &["--max-message", server]].concat());
            let url = format!("ws://{}/", echo.address);
            let output = say(&[deflate, &["--max-message", client, &url]].concat(), lines);
            let heard = String::from_utf8_lossy(&output.stdout);
            match expected {
                Ok(whole) => assert!(output.status.success() && heard == whole, "{deflate:?}"),
                Err(why) => {
                    let told = server::complaint(CLIENT, 1, &output);
                    assert!(told.contains(&format!(": {why}")), "{told}");
                    assert_eq!(heard, "123456789\n", "what came before is printed");
                }
            }
            echo.stop();
        }
    }
}

#[test]
fn a_message_of_bytes_is_one_line_that_no_terminal_obeys() {
    let frames = [
        &[0x82, 5, 0, 0xff, b'\n', b'a', 0x1b][..],
        &[0x81, 4, b'a', b'\n', b'b', 7],
        &[0x88, 2, 3, 0xe8],
    ];
    let at = answering(Answer::Upgraded(frames.concat()));
    assert_eq!(hears(&[&at], ""), "\\x00\\xff\\na\\x1b\na b \n");
}

#[test]
fn nothing_to_say_is_said_too() {
    let echo = Server::on_loopback("ws_echo", &[]);
    let url = format!("ws://{}/", echo.address);
    assert_eq!(hears(&["--linger", "0", &url], ""), "");
    echo.stop();
}

#[test]
fn a_secured_server_is_talked_to_by_who_trusts_it() {
    let cert = Scratch::new("ws_client.pem");
    let echo = Server::on_loopback("ws_echo", &["--tls", "--cert-out", cert.path(), "--deflate"]);
    let url = format!("wss://{}/", echo.address);
    assert_eq!(hears(&["--ca", cert.path(), "--deflate", &url], "a\nb\n"), "a\nb\n");
    assert_eq!(fails(&[&url]), "tls: the issuer of the certificate is not trusted");
    // Plain to a secured one, and the other way round.
    fails(&[&url.replace("wss", "ws")]);
    echo.stop();
    let plain = Server::on_loopback("ws_echo", &[]);
    fails(&["--ca", cert.path(), &format!("wss://{}/", plain.address)]);
    plain.stop();
}

#[test]
fn a_mistake_is_one_line_and_exit_code_2() {
    for (arguments, expected) in [
        (&["http://localhost/"][..], "`http://localhost/`: expected ws://HOST"),
        (&["wsss://localhost/"], "`wsss://localhost/`: expected ws://HOST"),
        (&["ws://"], "`ws://`: "),
        (&["ws://localhost:99999/"], "`ws://localhost:99999/`: "),
        (&[], "URL is needed"),
        (&["--linger", "soon", "ws://localhost/"], "--linger `soon`: "),
        (&["--header", "no colon", "ws://localhost/"], "--header `no colon`: expected NAME:VALUE"),
        (&["--header", "Upgrade: h2c", "ws://localhost/"], "--header `Upgrade: h2c`: "),
        (&["--ca", "/none", "wss://localhost/"], "--ca /none: "),
    ] {
        let told = complains(2, arguments);
        assert!(told.starts_with(expected), "{arguments:?}: {told}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let refused = format!("ws://{}/", free.local_addr().expect("its address"));
    drop(free);
    assert_eq!(fails(&[&refused]), "cannot connect: connection refused");
}

/// What follows the handshake, and what the client makes of it.
#[test]
fn a_server_that_closes_for_a_reason_is_told() {
    let close = |code: u16, why: &str| {
        [&[0x88, 2 + why.len() as u8][..], &code.to_be_bytes(), why.as_bytes()].concat()
    };
    for (frames, expected) in [
        (close(1000, "done"), None),
        (close(1001, ""), None),
        (vec![0x88, 0], None),
        (close(1011, "out of\x07 order"), Some("closed with 1011 out of  order")),
        (close(4001, ""), Some("closed with 4001")),
        ([&[0x81, 2][..], b"hi", &close(1000, "")].concat(), None),
        (vec![], Some("websocket: ")),
        (vec![0x83, 0], Some("websocket: ")),
    ] {
        let at = answering(Answer::Upgraded(frames.clone()));
        match expected {
            None => {
                assert!(matches!(hears(&[&at], "hello\n").as_str(), "" | "hi\n"), "{frames:x?}")
            }
            Some(told) => {
                let said = fails(&[&at]);
                assert!(said.starts_with(told), "{said}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_no_upgrade_is_told() {
    const DECLINED: &str = "websocket: the server declined";
    for (answer, expected) in [
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", DECLINED),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", DECLINED),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", DECLINED),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "http client: "),
        ("SSH-2.0-other\r\n", "websocket: "),
        ("", "websocket: "),
    ] {
        let told = fails(&[&answering(Answer::Bytes(answer))]);
        assert!(told.starts_with(expected), "{answer}: {told}");
    }
}

/// What a server says to a handshake.
enum Answer {
    Bytes(&'static str),
    /// What it agrees to, then these frames.
    Upgraded(Vec<u8>),
}

/// A server for one client, which then hears it to its end.
fn answering(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("its address"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let key = key_of(&stream);
        let bytes = match answer {
            Answer::Bytes(text) => text.as_bytes().to_vec(),
            Answer::Upgraded(frames) => {
                let accept = accept(&key);
                let head = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                [head.as_bytes(), &frames].concat()
            }
        };
        stream.write_all(&bytes).expect("it takes it");
        stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    url
}

/// Reads a handshake, and says the key of it.
fn key_of(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let key = head.iter().find_map(|line| {
        line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
    });
    key.expect("a key").1.to_owned()
}

/// What proves that it was read (RFC 6455, section 4.2.2).
fn accept(key: &str) -> String {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    base64(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
}
