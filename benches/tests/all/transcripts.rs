//! What is written on a connection, in pieces of any size, and what comes back until its end.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::thread;

use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;

use crate::peers::{launch, start};
use crate::routes::{connect, get};
use crate::{PEER_BLOCKING, PEER_MIO, PEER_RAW, PEER_TOKIO};

const PLAIN: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\
    content-length: 13\r\n\r\nHello, World!";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\n0";
const SEVEN: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\n7";

/// Whole, in two pieces, and byte by byte.
const PIECES: [usize; 3] = [usize::MAX, 40, 1];

#[test]
fn the_limit_of_http() -> Result<(), Failure> {
    let plain = String::from_utf8_lossy(&get("/plaintext")).into_owned();
    let last = "GET /plaintext HTTP/1.1\r\nConnection: Close\r\n\r\n";
    let old = "GET /plaintext HTTP/1.0\r\n\r\n";
    let upload =
        |length: &str| format!("POST /upload HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
    let lost = "POST /none HTTP/1.1\r\ncontent-length: 7\r\n\r\n1234567";
    let cases = [
        (String::new(), String::new()),
        (plain.clone(), PLAIN.to_owned()),
        (plain.repeat(3), PLAIN.repeat(3)),
        (format!("{}1234567{plain}", upload("7")), format!("{SEVEN}{PLAIN}")),
        (format!("{}{plain}", upload("0")), format!("{EMPTY}{PLAIN}")),
        (format!("{lost}{plain}"), format!("{NOT_FOUND}{PLAIN}")),
        (format!("{plain}{last}"), PLAIN.repeat(2)),
        (format!("{plain}{old}"), PLAIN.repeat(2)),
        (format!("{plain}GET / HTTP/1.1\r\nhost"), PLAIN.to_owned()),
        (format!("{plain}{}", upload("x")), PLAIN.to_owned()),
        (format!("{plain}no request\r\n\r\n"), PLAIN.to_owned()),
        (
            format!("{plain}POST /upload HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"),
            PLAIN.to_owned(),
        ),
    ];
    let scratch = Scratch::new()?;
    let server = start(launch(PEER_RAW, "http"), &scratch)?;
    for (sent, expected) in cases {
        for piece in PIECES {
            let received = exchange(server.address(), sent.as_bytes(), piece)?;
            assert_eq!(String::from_utf8_lossy(&received), expected, "{sent} by {piece} B");
        }
    }
    server.stop()
}

#[test]
fn an_echo_says_all_to_a_client_that_has_ended() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    for (program, words) in [
        (PEER_RAW, "echo"),
        (PEER_BLOCKING, "one"),
        (PEER_BLOCKING, "threads"),
        (PEER_MIO, ""),
        (PEER_TOKIO, "echo"),
    ] {
        let server = start(launch(program, words), &scratch)?;
        for (size, piece) in [(0, 1), (1, 1), (1_000, 1), (100_000, 4_096), (1 << 20, usize::MAX)] {
            let sent: Vec<u8> = (0..size).map(|at: usize| (at % 251) as u8).collect();
            let received = exchange(server.address(), &sent, piece)?;
            assert!(received == sent, "{program} {words}: {size} B by {piece} B");
        }
        server.stop()?;
    }
    Ok(())
}

/// Writes `sent` in pieces of `piece` bytes, ends its half, and reads to the end.
fn exchange(to: SocketAddr, sent: &[u8], piece: usize) -> Result<Vec<u8>, Failure> {
    let stream = connect(to)?;
    stream.set_nodelay(true)?;
    thread::scope(|scope| {
        scope.spawn(|| {
            // A server that has heard enough closes: what it has said counts.
            let _ = sent.chunks(piece).try_for_each(|bytes| (&stream).write_all(bytes));
            let _ = stream.shutdown(Shutdown::Write);
        });
        let mut received = Vec::new();
        match (&stream).read_to_end(&mut received) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error.into()),
            _ => Ok(received),
        }
    })
}
