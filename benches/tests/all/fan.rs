//! The load generator of a broadcast: against honest servers, and liars.

use std::io::{Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::thread;

use readily_benches::driver::Driver;
use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::websocket::{BINARY, PING, PONG, client_frame, server_frame};

use crate::peers::{launch, start};
use crate::{FAN_LOAD, PEER_READILY, PEER_TOKIO, assert_one_line, run};

#[test]
fn every_message_is_delivered_to_all() -> std::result::Result<(), Failure> {
    let scratch = Scratch::new()?;
    let driver = Driver::new(FAN_LOAD.into(), &scratch);
    for (program, words) in
        [(PEER_READILY, "broadcast"), (PEER_TOKIO, "broadcast"), (PEER_TOKIO, "fast-broadcast")]
    {
        let mut server = start(launch(program, words), &scratch)?;
        for (subscribers, size, in_flight, requests, delivered) in [
            (1, 1, 1, 100, 100),
            (20, 1_024, 1, 401, 420),
            (20, 126, 4, 400, 400),
            (3, 70_000, 2, 30, 30),
        ] {
            let words = format!(
                "--subscribers {subscribers} --size {size} --in-flight {in_flight} \
                 --requests {requests}"
            );
            let summary = driver.run(&mut server, &words)?;
            assert_eq!((summary.round_trips, summary.timed), (delivered, delivered), "{words}");
        }
        let words = "--subscribers 10 --size 64 --seconds 0.2 --warm-up 0.1";
        let summary = driver.run(&mut server, words)?;
        assert!(summary.timed > 0 && summary.round_trips > summary.timed, "{summary}");
        assert!(summary.server_cpu_seconds.is_some_and(|seconds| seconds > 0.0));
        server.stop()?;
    }
    Ok(())
}

/// Bytes of a message that is lied about; its frame as it is sent has 6 more.
const SIZE: usize = 32;

const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\n\
                        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Serves one connection, until its client has ended.
fn server(serve: impl FnOnce(&mut TcpStream) -> Result<()> + Send + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> Result<()> {
        let (mut stream, _) = listener.accept()?;
        serve(&mut stream)?;
        // No reset may overtake what was sent.
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    });
    Ok(address)
}

/// Answers the upgrade, and the ping behind it by a frame that begins with `first`.
fn join(stream: &mut TcpStream, upgraded: &str, first: u8) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(read::<1>(stream)?);
    }
    stream.write_all(upgraded.as_bytes())?;
    let mut ping = Vec::new();
    client_frame(PING, b"here", &mut ping);
    assert_eq!(read::<10>(stream)?[..], ping);
    let mut pong = Vec::new();
    server_frame(first, b"here", &mut pong);
    stream.write_all(&pong)
}

/// Reads the message of a publisher; the frame that goes to all.
fn message(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let sent = read::<{ SIZE + 6 }>(stream)?;
    let (head, payload) = sent.split_at(6);
    let payload = payload.iter().zip(head[2..].iter().cycle()).map(|(byte, mask)| byte ^ mask);
    let mut frame = Vec::new();
    server_frame(BINARY, &payload.collect::<Vec<_>>(), &mut frame);
    Ok(frame)
}

fn read<const N: usize>(stream: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn load(to: SocketAddr, requests: u32) -> Result<Output> {
    let words = format!("--subscribers 1 --size {SIZE} --requests {requests} --stall 1");
    run(FAN_LOAD, &format!("--connect {to} {words}"))
}

#[test]
fn every_lie_about_a_message_is_noticed() -> Result<()> {
    type Lie = fn(Vec<u8>) -> Vec<u8>;
    let lies: [(Lie, &str); 7] = [
        (|frame| flipped(frame, 0), "subscriber 0: message 0: 83 at byte 0 of its frame"),
        (|frame| flipped(frame, 1), "message 0: 21 at byte 1 of its frame, 20 was expected"),
        (|frame| flipped(frame, SIZE + 1), "at byte 33 of its frame"),
        (|frame| frame[1..].to_vec(), "message 0: 20 at byte 0 of its frame, 82 was expected"),
        (|frame| [frame, vec![0]].concat(), "1 B that nobody sent"),
        (|frame| frame.repeat(2), "34 B that nobody sent"),
        (|frame| frame[..33].to_vec(), "nothing for 1 s, 1 deliveries wait after 0 of them"),
    ];
    for (lie, expected) in lies {
        let to = server(move |stream| {
            join(stream, UPGRADED, PONG)?;
            let frame = message(stream)?;
            stream.write_all(&lie(frame))
        })?;
        let output = load(to, 1)?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn every_lie_of_an_opening_is_noticed() -> Result<()> {
    for (upgraded, pong, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", PONG, "subscriber 0: status 200 instead of 101"),
        ("HTTP/1.1 101 OK\r\n\r\n", PONG, "the upgrade's key was not accepted"),
        ("220 ready\r\n\r\n", PONG, "subscriber 0: not an HTTP answer"),
        ("", PONG, "subscriber 0: nothing for 1 s"),
        (&format!("{UPGRADED}?"), PONG, "1 B that nobody sent"),
        (UPGRADED, BINARY, "a ping was answered by [82, 04, 68, 65, 72, 65]"),
    ] {
        let upgraded = upgraded.to_owned();
        let to = server(move |stream| join(stream, &upgraded, pong))?;
        let output = load(to, 1)?;
        assert_eq!(output.status.code(), Some(1), "{expected}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

#[test]
fn a_ping_between_messages_is_answered() -> Result<()> {
    let to = server(|stream| {
        join(stream, UPGRADED, PONG)?;
        for _ in 0..2 {
            let frame = message(stream)?;
            let (mut ping, mut pong) = (Vec::new(), Vec::new());
            server_frame(PING, b"you?", &mut ping);
            client_frame(PONG, b"you?", &mut pong);
            stream.write_all(&ping)?;
            assert_eq!(read::<10>(stream)?[..], pong);
            stream.write_all(&frame)?;
        }
        Ok(())
    })?;
    let output = load(to, 2)?;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("2 round trips"), "{output:?}");
    Ok(())
}

#[test]
fn bad_arguments_are_one_line_and_exit_code_2() -> Result<()> {
    for (words, expected) in [
        ("--size 1 --requests 1", "--subscribers is missing"),
        ("--subscribers 0 --size 1 --requests 1", "--subscribers, --in-flight and --stall are"),
        ("--subscribers 1 --size 0 --requests 1", "--size is 1 to 1048576"),
        ("--subscribers 1 --size 1 --seconds 0", "--seconds is more than 0"),
    ] {
        let output = run(FAN_LOAD, &format!("--connect 127.0.0.1:1 {words}"))?;
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert_one_line(&output, expected);
    }
    Ok(())
}

fn flipped(mut frame: Vec<u8>, at: usize) -> Vec<u8> {
    frame[at] ^= 1;
    frame
}
