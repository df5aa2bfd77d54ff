//! The very same machine on Readily's loop and on tokio: every byte is the same.

mod deadlines;
mod effects;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use readily_benches::failure::Failure;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Launch, Server, Under};
use tokio::runtime::{Builder, LocalOptions};

use crate::{PEER_READILY, PEER_TOKIO};

/// Far longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client sends before it ends its half, in pieces.
type Pieces = Vec<Vec<u8>>;

fn whole(text: impl AsRef<[u8]>) -> Pieces {
    vec![text.as_ref().to_vec()]
}

fn byte_by_byte(text: &str) -> Pieces {
    text.bytes().map(|byte| vec![byte]).collect()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn upload() -> String {
    format!("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10240\r\n\r\n{:10240}", "")
}

/// All that a client hears until the server's end.
fn hears(server: &Server, pieces: &Pieces) -> Result<Vec<u8>, Failure> {
    let mut stream = TcpStream::connect(server.address())?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut inward = stream.try_clone()?;
    let reader = thread::spawn(move || {
        let mut heard = Vec::new();
        inward.read_to_end(&mut heard).map(|_| heard)
    });
    for piece in pieces {
        stream.write_all(piece)?;
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(reader.join().map_err(|_| Failure::failed("the reader panicked"))??)
}

/// The same without what depends on the second of the answer.
fn undated(mut heard: Vec<u8>) -> Vec<u8> {
    const NAME: &[u8] = b"\r\ndate: ";
    let dates = heard.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    let starts: Vec<usize> = dates.map(|(at, _)| at + NAME.len()).collect();
    for start in starts {
        heard[start..start + readily::DATE_LEN].fill(b'-');
    }
    heard
}

/// What each client hears of a program.
fn heard_of(program: &str, word: &str, transcripts: &[Pieces]) -> Result<Vec<Vec<u8>>, Failure> {
    let scratch = Scratch::new()?;
    let mut launch = Launch::announced(program, program.into());
    launch.arguments.insert(0, word.into());
    let server = Server::start(launch, &Under::Nothing, &scratch)?;
    let heard = transcripts.iter().map(|pieces| hears(&server, pieces).map(undated)).collect();
    server.stop()?;
    heard
}

/// Has both runtimes serve each transcript, and compares every byte; gives what was heard.
fn on_both(word: &str, transcripts: &[Pieces]) -> Result<Vec<Vec<u8>>, Failure> {
    let on_readily = heard_of(PEER_READILY, word, transcripts)?;
    let on_tokio = heard_of(PEER_TOKIO, word, transcripts)?;
    for (nth, (one, other)) in on_readily.iter().zip(&on_tokio).enumerate() {
        let texts = [one, other].map(|heard| String::from_utf8_lossy(heard));
        assert!(one == other, "transcript {nth}: {:?} and {:?}", texts[0], texts[1]);
    }
    Ok(on_readily)
}

#[test]
fn an_echo_is_the_same_on_both() -> Result<(), Failure> {
    let long: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let transcripts = [
        Vec::new(),
        whole("one"),
        byte_by_byte("one, two, three"),
        vec![b"one".to_vec(), long.clone(), b"two".to_vec()],
        long.chunks(7_001).map(<[u8]>::to_vec).collect(),
    ];
    let heard = on_both("machine-echo", &transcripts)?;
    for (heard, pieces) in heard.iter().zip(&transcripts) {
        assert!(*heard == pieces.concat());
    }
    Ok(())
}

#[test]
fn connections_that_share_buffers_get_their_own_bytes() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut launch = Launch::announced("tokio", PEER_TOKIO.into());
    launch.arguments.insert(0, "machine-echo".into());
    let server = Server::start(launch, &Under::Nothing, &scratch)?;
    let connect = |_| TcpStream::connect(server.address());
    let mut streams: Vec<TcpStream> = (0..100).map(connect).collect::<Result<_, _>>()?;
    for size in [1, 1_000, 100_000, 10] {
        for (nth, stream) in streams.iter_mut().enumerate() {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&vec![nth as u8; size])?;
        }
        for (nth, stream) in streams.iter_mut().enumerate() {
            let mut heard = vec![0; size];
            stream.read_exact(&mut heard)?;
            assert!(heard.iter().all(|byte| *byte == nth as u8), "{size} bytes to {nth}");
        }
    }
    drop(streams);
    server.stop()
}

#[test]
fn half_a_request_stays_with_its_connection() -> Result<(), Failure> {
    let scratch = Scratch::new()?;
    let mut launch = Launch::announced("tokio", PEER_TOKIO.into());
    launch.arguments.insert(0, "machine-http".into());
    let server = Server::start(launch, &Under::Nothing, &scratch)?;
    let connect = |_| TcpStream::connect(server.address());
    let mut streams: Vec<TcpStream> = (0..20).map(connect).collect::<Result<_, _>>()?;
    let request = |nth: usize| get(["/plaintext", "/json", "/nowhere"][nth % 3]);
    for is_first in [true, false] {
        for (nth, stream) in streams.iter_mut().enumerate() {
            let request = request(nth);
            let (first, second) = request.split_at(10);
            stream.write_all(if is_first { first } else { second }.as_bytes())?;
        }
        // Whoever answers this has read what came before it.
        hears(&server, &whole(get("/")))?;
    }
    for (nth, stream) in streams.iter_mut().enumerate() {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.shutdown(Shutdown::Write)?;
        let mut heard = String::new();
        stream.read_to_string(&mut heard)?;
        let body = ["Hello, World!", r#"{"message":"Hello, World!"}"#, "Not Found"][nth % 3];
        assert!(heard.ends_with(&format!("\r\n\r\n{body}")), "{nth}: {heard}");
    }
    server.stop()
}

#[test]
fn http_is_the_same_on_both() -> Result<(), Failure> {
    let mix = [get("/"), upload(), get("/json"), get("/nowhere"), get("/plaintext")].concat();
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let cases = [
        (Vec::new(), 0),
        (whole(get("/")), 1),
        (whole(mix.repeat(20)), 100),
        (mix.as_bytes().chunks(997).map(<[u8]>::to_vec).collect(), 5),
        (byte_by_byte(&[get("/json"), get("/")].concat()), 2),
        // Nothing is answered after the last, after what is no request, and after half of one.
        (whole([get("/"), last.to_owned(), get("/")].concat()), 2),
        (whole("GET / HTTP/1.0\r\n\r\n"), 1),
        (whole([get("/"), "no request\r\n\r\n".to_owned(), get("/")].concat()), 2),
        (vec![get("/").into(), get("/").as_bytes()[..20].to_vec()], 1),
        (whole(&upload()[..5_000]), 0),
        // What is refused is answered, whatever still comes.
        (whole(["no request\r\n\r\n".to_owned(), "x".repeat(500_000)].concat()), 1),
    ];
    let transcripts = cases.each_ref().map(|(pieces, _)| pieces.clone());
    let heard = on_both("machine-http", &transcripts)?;
    for (nth, (heard, (_, expected))) in heard.iter().zip(&cases).enumerate() {
        let answers = String::from_utf8_lossy(heard).matches("HTTP/1.1 ").count();
        assert_eq!(answers, *expected, "transcript {nth}");
    }
    Ok(())
}

/// Runs this on tokio as it is for machines.
fn on_tokio<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(work)
}
