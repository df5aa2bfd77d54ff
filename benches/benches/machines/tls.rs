//! TLS 1.3: records in and out of a session, and the server's side of a handshake.

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use readily::tls::{Acceptor, Fed, Server, Session};
use readily::{Rx, Tx};
use readily_benches::scratch::Scratch;
use readily_benches::tls::{SERVER_NAME, client, server};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

use crate::size::bytes;
use readily_benches::line;

/// What one record carries, in bytes; the second is the most that it can.
const SIZES: [usize; 2] = [1024, 16 * 1024];

/// How many records are made in advance, since each can be read only once.
const AHEAD: usize = 64;

pub(crate) fn bench(criterion: &mut Criterion) {
    let scratch = Scratch::new().expect("a directory for the certificate");
    let cert = scratch.path("pem");
    let server = Arc::new(server(&cert, &[]).expect("a certificate"));
    let client = Arc::new(client(&cert, &[]).expect("trust in it"));
    let mut group = criterion.benchmark_group("tls");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let payload: Vec<u8> = (0..size).map(|at| at as u8).collect();
        records::<Readily>(&mut group, (&server, &client), &payload);
        records::<Rustls>(&mut group, (&server, &client), &payload);
    }
    group.throughput(Throughput::Elements(1));
    handshake::<Readily>(&mut group, (&server, &client));
    handshake::<Rustls>(&mut group, (&server, &client));
    group.finish();
}

/// What both sides of a connection are made of.
type Configs<'a> = (&'a Arc<ServerConfig>, &'a Arc<ClientConfig>);

/// The server's side of one connection, in memory.
trait Side {
    const NAME: &'static str;

    fn new(config: &Arc<ServerConfig>) -> Self;
    /// Takes in what the client sent, hands out what that decrypts to, and says how much it is.
    fn take_in(&mut self, records: &[u8], plain: impl FnMut(&[u8])) -> usize;
    /// Encrypts `plain`, if there is any; what there is to send goes to `out`.
    fn send(&mut self, plain: &[u8], out: impl FnMut(&[u8]));
}

/// A session of Readily, with the ends that a loop lends it.
struct Readily {
    session: Box<dyn Session>,
    cipher: Rx,
    plain: Rx,
    waits: Tx,
    out: Tx,
}

impl Side for Readily {
    const NAME: &'static str = "readily";

    fn new(config: &Arc<ServerConfig>) -> Self {
        let session = Server::new(Arc::clone(config)).accept().expect("a session");
        let [cipher, plain] = [line::receiver(), line::receiver()];
        Readily { session, cipher, plain, waits: line::sender(), out: line::sender() }
    }

    fn take_in(&mut self, records: &[u8], mut plain: impl FnMut(&[u8])) -> usize {
        assert_eq!(line::read(&mut self.cipher, records), records.len(), "a block takes it");
        let fed = self.session.feed(&mut self.cipher, &mut self.out, &mut self.plain);
        assert_eq!(fed, Ok(Fed::Wait));
        plain(self.plain.bytes());
        let n = self.plain.len();
        self.plain.consume(n);
        assert!(self.cipher.rewind() && self.plain.rewind(), "something was left");
        n
    }

    fn send(&mut self, plain: &[u8], out: impl FnMut(&[u8])) {
        self.waits.write(plain);
        self.session.seal(&mut self.waits, &mut self.out).expect("keys that are good");
        line::drain(&mut self.out, &mut self.cipher, out);
    }
}

/// rustls as its users have it, with a buffer on either side.
struct Rustls {
    connection: ServerConnection,
    buffer: Vec<u8>,
    out: Vec<u8>,
}

impl Side for Rustls {
    const NAME: &'static str = "rustls alone";

    fn new(config: &Arc<ServerConfig>) -> Self {
        let connection = ServerConnection::new(Arc::clone(config)).expect("a connection");
        Rustls { connection, buffer: vec![0; line::BLOCK], out: Vec::new() }
    }

    fn take_in(&mut self, mut records: &[u8], mut plain: impl FnMut(&[u8])) -> usize {
        let mut n = 0;
        while !records.is_empty() {
            self.connection.read_tls(&mut records).expect("a slice can be read");
            self.connection.process_new_packets().expect("the client follows the protocol");
            while let Ok(read @ 1..) = self.connection.reader().read(&mut self.buffer[n..]) {
                n += read;
            }
        }
        plain(&self.buffer[..n]);
        n
    }

    fn send(&mut self, plain: &[u8], mut out: impl FnMut(&[u8])) {
        self.connection.writer().write_all(plain).expect("it has room");
        self.out.clear();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.out).expect("a vector takes everything");
        }
        out(&self.out);
    }
}

fn records<S: Side>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    configs: Configs<'_>,
    payload: &[u8],
) {
    let (mut side, mut client, _) = shake::<S>(configs);
    check(&mut side, &mut client, payload);
    let id = |what| BenchmarkId::new(format!("{}, record {what}", S::NAME), bytes(payload.len()));
    group.bench_function(id("in"), |b| {
        b.iter_custom(|iterations| take_in_records(&mut side, &mut client, payload, iterations));
    });
    // The client does not read these: what is encrypted does not depend on it.
    group.bench_function(id("out"), |b| {
        b.iter(|| side.send(black_box(payload), |record| _ = black_box(record)));
    });
}

/// How long it takes to read that many records, which the client makes meanwhile.
fn take_in_records<S: Side>(
    side: &mut S,
    client: &mut ClientConnection,
    payload: &[u8],
    iterations: u64,
) -> Duration {
    let (mut left, mut took) = (iterations as usize, Duration::ZERO);
    while left > 0 {
        let n = left.min(AHEAD);
        let records: Vec<Vec<u8>> = (0..n).map(|_| encrypt(client, payload)).collect();
        let began = Instant::now();
        for record in &records {
            let came = side.take_in(record, |plain| _ = black_box(plain));
            assert_eq!(came, payload.len(), "not what was sent");
        }
        took += began.elapsed();
        left -= n;
    }
    took
}

fn handshake<S: Side>(group: &mut BenchmarkGroup<'_, WallTime>, configs: Configs<'_>) {
    let (mut side, mut client, _) = shake::<S>(configs);
    check(&mut side, &mut client, b"hello");
    let id = BenchmarkId::new(format!("{}, handshake", S::NAME), "the server's side");
    group.bench_function(id, |b| {
        b.iter_custom(|iterations| (0..iterations).map(|_| shake::<S>(configs).2).sum());
    });
}

/// A connection after its handshake, and how long the server's side of that took.
fn shake<S: Side>((server, client): Configs<'_>) -> (S, ClientConnection, Duration) {
    let name = SERVER_NAME.try_into().expect("it is a name");
    let mut client = ClientConnection::new(Arc::clone(client), name).expect("a connection");
    let mut hello = Vec::with_capacity(line::BLOCK);
    write_out(&mut client, &mut hello);

    let began = Instant::now();
    let mut side = S::new(server);
    side.take_in(&hello, |_| ());
    let mut flight = Vec::with_capacity(line::BLOCK);
    side.send(&[], |piece| flight.extend_from_slice(piece));
    let mut took = began.elapsed();

    read_in(&mut client, &flight);
    let mut finished = Vec::with_capacity(line::BLOCK);
    write_out(&mut client, &mut finished);

    let began = Instant::now();
    side.take_in(&finished, |_| ());
    let mut tickets = Vec::with_capacity(line::BLOCK);
    side.send(&[], |piece| tickets.extend_from_slice(piece));
    took += began.elapsed();

    read_in(&mut client, &tickets);
    assert!(!client.is_handshaking(), "the handshake did not come to its end");
    (side, client, took)
}

/// Both directions carry the bytes.
fn check<S: Side>(side: &mut S, client: &mut ClientConnection, payload: &[u8]) {
    let mut heard = Vec::new();
    side.take_in(&encrypt(client, payload), |plain| heard.extend_from_slice(plain));
    assert!(heard == payload, "{}: not what was sent to it", S::NAME);
    let mut records = Vec::new();
    side.send(payload, |piece| records.extend_from_slice(piece));
    read_in(client, &records);
    heard.clear();
    // At the end of what is there it says that it would block.
    let _ = client.reader().read_to_end(&mut heard);
    assert!(heard == payload, "{}: not what it sent", S::NAME);
}

fn encrypt(client: &mut ClientConnection, payload: &[u8]) -> Vec<u8> {
    client.writer().write_all(payload).expect("it has room");
    let mut record = Vec::with_capacity(payload.len() + 256);
    write_out(client, &mut record);
    record
}

fn write_out(client: &mut ClientConnection, to: &mut Vec<u8>) {
    while client.wants_write() {
        client.write_tls(to).expect("a vector takes everything");
    }
}

fn read_in(client: &mut ClientConnection, mut records: &[u8]) {
    while !records.is_empty() {
        client.read_tls(&mut records).expect("a slice can be read");
        client.process_new_packets().expect("the server follows the protocol");
    }
}
