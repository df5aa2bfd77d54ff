//! One masked message in, and the same one out.

use std::hint::black_box;
use std::io::{self, Read, Write};

use criterion::{BenchmarkId, Criterion, Throughput};
use readily::websocket::{Handler, Message, NotSent, Socket, WebSocket};
use readily::{Alone, Fault, Machine};
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::size::bytes;
use readily_benches::line::Line;

/// The sizes of a message in bytes.
const SIZES: [usize; 3] = [16, 1024, 64 * 1024];

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[derive(Machine)]
enum Conn {
    Socket(WebSocket<Echo>),
}

struct Echo;

impl Handler<Alone<Conn>> for Echo {
    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Alone<Conn>>,
    ) -> Result<(), Fault> {
        socket.message(message).map_err(|_: NotSent| Fault::Local("no room for an answer"))
    }
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("websocket");
    for size in SIZES {
        let payload: Vec<u8> = (0..size).map(|at| at as u8).collect();
        let (request, answer) = (frame(&payload, Some(MASK)), frame(&payload, None));
        group.throughput(Throughput::Bytes(size as u64));

        let mut line = Line::new(Conn::Socket(WebSocket::new(Echo)));
        assert!(line.answers(&request) == answer, "readily, {size} B: not the message");
        group.bench_function(BenchmarkId::new("readily, echo", bytes(size)), |b| {
            b.iter(|| assert_eq!(line.time(&request), answer.len()));
        });

        let mut peer = peer(&request);
        echo(&mut peer);
        let kept = peer.get_mut().kept.take();
        assert!(kept.as_ref() == Some(&answer), "tungstenite, {size} B: not the message");
        group.bench_function(BenchmarkId::new("tungstenite, echo", bytes(size)), |b| {
            b.iter(|| assert_eq!(echo(&mut peer), answer.len()));
        });
    }
    group.finish();
}

/// A binary message in one frame.
fn frame(payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = Frame::message(payload.to_vec(), OpCode::Data(Data::Binary), true);
    frame.header_mut().mask = mask;
    let mut bytes = Vec::new();
    frame.format(&mut bytes).expect("a vector takes everything");
    bytes
}

/// tungstenite's server with its defaults, on a stream in memory.
fn peer(request: &[u8]) -> tungstenite::WebSocket<Memory> {
    let memory = Memory { input: request.to_vec(), at: 0, sent: 0, kept: Some(Vec::new()) };
    tungstenite::WebSocket::from_raw_socket(memory, Role::Server, None)
}

/// Sends one message back, and says how many bytes that took.
fn echo(peer: &mut tungstenite::WebSocket<Memory>) -> usize {
    let memory = peer.get_mut();
    (memory.at, memory.sent) = (0, 0);
    let message = peer.read().expect("the message is there");
    peer.send(message).expect("a stream in memory takes everything");
    peer.get_ref().sent
}

/// A stream that has the same message again and again.
struct Memory {
    input: Vec<u8>,
    at: usize,
    sent: usize,
    /// What was sent, while that is of interest.
    kept: Option<Vec<u8>>,
}

impl Read for Memory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = black_box(&self.input[self.at..]).read(into)?;
        self.at += n;
        if n == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(n) }
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
        let n = black_box(bytes).len();
        self.sent += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
