//! The load generator against servers that lie.

use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use readily_benches::deflate;
use readily_benches::page::PAGE;
use readily_benches::scratch::Scratch;
use readily_benches::summary::Summary;
use readily_benches::tls;
use readily_benches::websocket::{ACCEPT, COMPRESSED, MASKED, server_frame};
use rustls::{ServerConnection, StreamOwned};

use crate::{LOAD, assert_one_line, run};

/// What a server does when it has read something.
#[derive(Clone, Copy)]
enum Say {
    /// It answers.
    This(fn(Vec<u8>) -> Vec<u8>),
    /// It answers, and closes the connection.
    Last(fn(Vec<u8>) -> Vec<u8>),
}

use Say::{Last, This};

/// Takes one connection after the other and says what is in its list, one thing for each read;
/// then it stays silent until the client is gone.
fn liar(connections: Vec<Vec<Say>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> Result<()> {
        'connections: for says in connections {
            let (mut stream, _) = listener.accept()?;
            for say in says {
                let mut request = vec![0; 16 * 1024];
                let read = stream.read(&mut request)?;
                request.truncate(read);
                match say {
                    This(answer) => stream.write_all(&answer(request))?,
                    Last(answer) => {
                        stream.write_all(&answer(request))?;
                        continue 'connections;
                    }
                }
            }
            // The end of the client, so that no reset overtakes the answer; its own may be one.
            let _ = stream.read_to_end(&mut Vec::new());
        }
        Ok(())
    });
    Ok(address)
}

/// Runs the load generator on one connection; a silent server is given up after a second.
fn load(to: SocketAddr, arguments: &str) -> Result<std::process::Output> {
    run(LOAD, &format!("--connect {to} --connections 1 --stall 1 {arguments}"))
}

fn assert_noticed(arguments: &str, connections: Vec<Vec<Say>>, expected: &str) -> Result<()> {
    let output = load(liar(connections)?, arguments)?;
    assert_eq!(output.status.code(), Some(1), "{arguments}: {expected}");
    assert_one_line(&output, expected);
    Ok(())
}

const SILENCE: &str = "nothing for 1 s, 1 of 1 connections wait";

#[test]
fn every_lie_is_noticed() -> Result<()> {
    let echo = "--requests 1 --size 64";
    let http = "--requests 1 --protocol http";
    let websocket = "--requests 1 --protocol websocket --size 1";
    let deflate = "--requests 1 --protocol websocket --size 1024 --deflate";
    for (talk, lie, expected) in [
        (echo, This(flip_last), "wrong byte"),
        (echo, This(swap_first), "wrong byte"),
        (echo, This(and_more), "1 B that nobody sent"),
        (echo, This(all_but_one), SILENCE),
        (echo, Last(all_but_one), "round trip 0: closed by the server"),
        (http, This(|_| b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec()), "status 404 instead of 200"),
        (http, This(|_| page("", &PAGE[1..])), SILENCE),
        (http, This(|_| page("", &format!("{PAGE}!"))), "1 B that nobody sent"),
        (websocket, This(|_| page("", PAGE)), "status 200 instead of 101"),
        (websocket, This(|_| Vec::new()), SILENCE),
        (deflate, This(|_| upgraded("")), "the offer of deflate was not agreed to"),
        (deflate, This(|_| upgraded("permessage-deflate")), "the offer of deflate was not"),
    ] {
        assert_noticed(talk, vec![vec![lie]], expected)?;
    }
    Ok(())
}

#[test]
fn every_request_has_its_own_answer() -> Result<()> {
    let json = "--requests 1 --protocol http --request json";
    let plaintext = "--requests 1 --protocol http --request plaintext";
    let upload = "--requests 1 --protocol http --request upload";
    for (talk, lie, expected) in [
        (json, This(|_| answer("", r#"{"message":"Hello, World?"}"#)), "wrong byte 63 at 24"),
        (json, This(|_| answer("", "Hello, World!")), "a body of 13 B instead of 27"),
        (plaintext, This(|_| answer("", "Hello, world!")), "wrong byte 119 at 7"),
        (upload, This(|_| answer("", "10239")), "wrong byte 51 at 3"),
        (upload, This(|_| answer("", "1024")), "a body of 4 B instead of 5"),
    ] {
        assert_noticed(talk, vec![vec![lie]], expected)?;
    }
    Ok(())
}

#[test]
fn lies_among_pipelined_answers_are_noticed() -> Result<()> {
    // The first request goes alone, the other three together.
    let talk = "--requests 4 --protocol http --request plaintext --pipeline 3";
    for (lie, expected) in [
        (This(|_| [hello(vec![]), hello(vec![])].concat()), SILENCE),
        (This(|_| hello(vec![]).repeat(4)), "hello"),
        (
            This(|_| [hello(vec![]), answer("", "Hello, world!"), hello(vec![])].concat()),
            "round trip 2: wrong byte 119 at 7",
        ),
        (This(|_| [hello(vec![]), b"HTTP/1.1 500 Oh\r\n\r\n".to_vec()].concat()), "status 500"),
        (Last(|_| hello(vec![]).repeat(2)), "round trip 3: closed by the server"),
    ] {
        let length = hello(vec![]).len();
        let expected = expected.replace("hello", &format!("{length} B that nobody sent"));
        assert_noticed(talk, vec![vec![This(hello), lie]], &expected)?;
    }
    Ok(())
}

#[test]
fn lies_on_connections_of_one_request_are_noticed() -> Result<()> {
    let echo = "--requests 3 --size 64 --fresh";
    let http = "--requests 2 --protocol http --request plaintext --fresh";
    let right = vec![This(same)];
    for (talk, connections, expected) in [
        (echo, vec![vec![This(flip_last)]], "round trip 0: wrong byte"),
        (echo, vec![right.clone(), vec![This(and_more)]], "round trip 1: 1 B that nobody sent"),
        (echo, vec![right.clone(), vec![This(all_but_one)]], SILENCE),
        (echo, vec![right, vec![Last(all_but_one)]], "round trip 1: closed by the server"),
        // Who announces the end has to bring it, and nothing else.
        (http, vec![vec![This(goodbye)]], SILENCE),
        (http, vec![vec![This(|_| [goodbye(vec![]), vec![0]].concat())]], "1 B that nobody sent"),
        (http, vec![vec![Last(goodbye)], vec![Last(|_| vec![])]], "closed by the server"),
    ] {
        assert_noticed(talk, connections, expected)?;
    }
    Ok(())
}

#[test]
fn lies_are_noticed_for_as_long_as_time_is_left() -> Result<()> {
    for talk in ["--seconds 60 --size 64", "--seconds 60 --warm-up 60 --size 64"] {
        assert_noticed(talk, vec![vec![This(same), This(same), This(flip_last)]], "wrong byte")?;
        assert_noticed(talk, vec![vec![This(same), This(same)]], SILENCE)?;
    }
    let talk = "--seconds 60 --size 64 --rate 1000 --arrivals even";
    for (lie, expected) in [
        (This(flip_last), "round trip 2: wrong byte"),
        (This(and_more), "round trip 2: 1 B that nobody sent"),
        (Last(all_but_one), "round trip 2: closed by the server"),
    ] {
        assert_noticed(talk, vec![vec![This(same), This(same), lie]], expected)?;
    }
    Ok(())
}

#[test]
fn what_is_never_answered_is_late() -> Result<()> {
    let to = liar(vec![vec![This(same)]])?;
    let talk = "--seconds 0.1 --size 1 --rate 200 --arrivals even --json";
    let output = load(to, talk)?;
    assert!(output.status.success(), "{output:?}");
    let json = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = Summary::from_json(json.trim()).map_err(std::io::Error::other)?;
    assert_eq!((summary.round_trips, summary.timed), (1, 0));
    // One arrival in each 5 ms, and none at the end itself. Only one was ever sent.
    let count = |latencies: &[(u64, u64)]| latencies.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!([count(&summary.latencies), count(&summary.sent_latencies)], [19, 1]);
    assert!(summary.latencies.iter().all(|(nanos, _)| *nanos > 1_000_000_000), "{summary:?}");
    Ok(())
}

#[test]
fn an_answer_that_is_the_last_one_is_followed_by_a_new_connection() -> Result<()> {
    let last = vec![This(|_| page("connection: close\r\n", PAGE))];
    let to = liar(vec![last; 4])?;
    let output = load(to, "--protocol http --requests 3")?;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("3 round trips"), "{output:?}");
    Ok(())
}

#[test]
fn requests_behind_the_last_answer_are_sent_again() -> Result<()> {
    // Of three that were sent together, one is answered; two come again.
    let two: fn(Vec<u8>) -> Vec<u8> = |requests| {
        let count = requests.windows(4).filter(|window| window == b"GET ").count();
        hello(vec![]).repeat(count)
    };
    let to = liar(vec![vec![This(hello), This(goodbye)], vec![This(two)]])?;
    let output = load(to, "--protocol http --request plaintext --requests 4 --pipeline 3")?;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("4 round trips"), "{output:?}");
    Ok(())
}

#[test]
fn each_request_has_a_connection_where_it_should() -> Result<()> {
    for (connections, talk) in [
        (vec![vec![Last(goodbye)]; 5], "--protocol http --request plaintext --fresh"),
        // This server does not say that it closes, and stays; the client ends it.
        (vec![vec![This(hello)]; 5], "--protocol http --request plaintext --fresh"),
        (vec![vec![This(same)]; 5], "--size 64 --fresh"),
    ] {
        let output = load(liar(connections)?, &format!("{talk} --requests 5"))?;
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("5 round"), "{output:?}");
    }
    Ok(())
}

#[test]
fn compressed_messages_are_inflated_and_compared() -> Result<()> {
    let talk = "--requests 3 --protocol websocket --size 1024 --deflate";
    let upgrade = This(|_| upgraded(BOTH));
    let output = load(liar(vec![vec![upgrade, This(mirror), This(mirror), This(mirror)]])?, talk)?;
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("3 round trips"), "{output:?}");
    for (lie, expected) in [
        (This(|frame| flip_first(mirror(frame))), "a frame that begins with c3"),
        (This(|frame| and_more(mirror(frame))), "1 B that nobody sent"),
        (This(|frame| reworded(mirror(frame))), "round trip 1: wrong byte"),
        (This(|_| vec![0xc2, 1, 0]), "a message that inflates to 0 B instead of 1024"),
    ] {
        assert_noticed(talk, vec![vec![upgrade, This(mirror), lie]], expected)?;
    }
    Ok(())
}

#[test]
fn handshakes_that_are_not_resumed_are_noticed() -> Result<()> {
    let scratch = Scratch::new().map_err(Error::other)?;
    let cert = scratch.path("pem");
    let mut config = tls::server(&cert, &[]).map_err(Error::other)?;
    config.send_tls13_tickets = 0;
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0")?);
    let to = listener.local_addr()?;
    thread::spawn(move || -> Result<()> {
        loop {
            let (stream, _) = listener.accept()?;
            let session = ServerConnection::new(Arc::clone(&config)).map_err(Error::other)?;
            let mut stream = StreamOwned::new(session, stream);
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            stream.write_all(&byte)?;
            stream.flush()?;
        }
    });
    let talk = format!("--requests 3 --size 1 --fresh --resume --trust {}", cert.display());
    let output = load(to, &talk)?;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_one_line(&output, "3 of 3 handshakes were not resumed");
    Ok(())
}

/// What has to be agreed to.
const BOTH: &str = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";

fn upgraded(extensions: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switch\r\nsec-websocket-accept: {ACCEPT}\r\n\
         sec-websocket-extensions: {extensions}\r\n\r\n"
    )
    .into()
}

/// A frame of 126 to 65,535 bytes as it came, without its mask.
fn mirror(mut frame: Vec<u8>) -> Vec<u8> {
    frame[1] &= !MASKED;
    let mask: Vec<u8> = frame.drain(4..8).collect();
    for (byte, mask) in frame[4..].iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    frame
}

/// Another message of 1,024 bytes in a compressed frame of 126 to 65,535 bytes.
fn reworded(frame: Vec<u8>) -> Vec<u8> {
    let message = deflate::inflate(&frame[4..], 1_024).map(flip_last).unwrap_or_default();
    let mut other = Vec::new();
    server_frame(COMPRESSED, &deflate::compress(&message).unwrap_or_default(), &mut other);
    other
}

fn same(message: Vec<u8>) -> Vec<u8> {
    message
}

fn flip_first(mut message: Vec<u8>) -> Vec<u8> {
    message[0] ^= 1;
    message
}

fn flip_last(mut message: Vec<u8>) -> Vec<u8> {
    if let Some(last) = message.last_mut() {
        *last ^= 1;
    }
    message
}

fn swap_first(mut message: Vec<u8>) -> Vec<u8> {
    message.swap(0, 1);
    message
}

fn and_more(message: Vec<u8>) -> Vec<u8> {
    [message, vec![0]].concat()
}

fn all_but_one(mut message: Vec<u8>) -> Vec<u8> {
    message.pop();
    message
}

fn hello(_: Vec<u8>) -> Vec<u8> {
    answer("", "Hello, World!")
}

fn goodbye(_: Vec<u8>) -> Vec<u8> {
    answer("connection: close\r\n", "Hello, World!")
}

fn answer(headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}").into()
}

/// An answer of 200 that promises the page.
fn page(headers: &str, body: &str) -> Vec<u8> {
    let length = PAGE.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}").into()
}
