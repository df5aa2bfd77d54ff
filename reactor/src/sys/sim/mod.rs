//! A network that exists only in memory, with a clock of its own: the same seed gives the same run.
//!
//! [`Sim`] is a [`Sys`], so the loop that runs on it is the loop that runs on the kernel. It plays
//! both sides: what the loop calls, and, by its own methods, the clients, servers, signals and bad
//! luck outside. Time passes only while the loop waits and nothing is due.
//!
//! ```
//! use readily::sys::sim::{Buggify, Link, Sim};
//! use readily::sys::{Listen, Source, Sys};
//!
//! let mut sim = Sim::new(7);
//! sim.set_link(Link::rough());
//! sim.set_buggify(Buggify::ROUGH);
//! let listen = ("10.0.0.1:80".parse()?, Listen::default());
//! let (mut listener, at) = sim.listen(&listen.0, &listen.1, Source::Listener(0).token())?;
//! let client = sim.connect(&at);
//! sim.send(client, b"hello");
//! while !sim.is_quiescent() {
//!     sim.poll(&mut Vec::new(), None)?;
//! }
//! assert!(sim.is_connected(client));
//! let (_stream, from) = sim.accept(&mut listener)?;
//! assert_eq!(from, sim.address(client));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod datagrams;
mod ends;
mod host;
mod link;
mod listening;
mod outside;
mod report;
mod rng;
mod schedule;
mod stream;
mod trace;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use readily_protocols::contract::{Address, Datagram, Transmit};
use rustix::io::Errno;

use super::faults::Call;
use super::{Batch, Bind, Close, Listen, Ready, StreamOptions, Sys, Token, Wake, Work};
use datagrams::Datagrams;
use ends::{EndRef, Ends};
use host::Host;
use listening::{Listening, Server};
use outside::Client;
use report::New;
use schedule::Schedule;
use trace::Trace;

pub use datagrams::SimSocket;
pub use host::{Descriptors, SimSpare};
pub use link::{Buggify, DatagramLink, Edges, Link};
pub use listening::Serving;
pub use outside::ClientId;
pub use rng::{Chance, Rng};

/// The wall clock of every simulation begins here: 2027-01-15 08:00:00 UTC.
const WALL_START: Duration = Duration::from_secs(1_800_000_000);
/// How many events one wait gives at first, as the real one does.
const BATCH: usize = 1024;
/// How many tokens of closed streams are remembered, to be reported out of place.
const CLOSED_KEPT: usize = 8;

/// Whether a simulated system can send from a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sendfile {
    /// Not at all: the loop reads the file and writes what it read.
    #[default]
    Unsupported,
    /// As a kernel does, and seldom as much as was asked for.
    Works,
}

/// The loop's stream. It must be given back by [`Sys::close`]: dropping it leaks its descriptor.
#[derive(Debug)]
pub struct SimStream(EndRef);

/// The loop's listener, closed by [`Sys::unlisten`].
#[derive(Debug)]
pub struct SimListener(u32);

/// A whole world for one loop.
#[derive(Debug)]
pub struct Sim {
    epoch: Instant,
    /// Nanoseconds since the start.
    now: u64,
    rng: Rng,
    links: Vec<Path>,
    buggify: Buggify,
    sendfile: Sendfile,
    batch: usize,
    schedule: Schedule,
    new: VecDeque<New>,
    ends: Ends,
    /// Marks of urgent data: how many arrived bytes are before each.
    urgent: Vec<(EndRef, u32)>,
    closed: [Option<Token>; CLOSED_KEPT],
    closings: usize,
    listeners: Vec<Option<Listening>>,
    accept_failures: VecDeque<Errno>,
    servers: Vec<Server>,
    clients: Vec<Client>,
    free_clients: Vec<ClientId>,
    datagrams: Datagrams,
    next_port: u16,
    host: Host,
    trace: Trace,
}

/// A link, and whether it needs any of the work that links make.
#[derive(Debug)]
struct Path {
    link: Link,
    is_instant: bool,
}

/// The world's own controls.
impl Sim {
    /// An empty world with perfect links.
    pub fn new(seed: u64) -> Self {
        let mut sim = Sim {
            epoch: Instant::now(),
            now: 0,
            rng: Rng::new(seed),
            links: Vec::new(),
            buggify: Buggify::NONE,
            sendfile: Sendfile::default(),
            batch: BATCH,
            schedule: Schedule::default(),
            new: VecDeque::new(),
            ends: Ends::default(),
            urgent: Vec::new(),
            closed: [None; CLOSED_KEPT],
            closings: 0,
            listeners: Vec::new(),
            accept_failures: VecDeque::new(),
            servers: Vec::new(),
            clients: Vec::new(),
            free_clients: Vec::new(),
            datagrams: Datagrams::new(),
            next_port: listening::PORTS,
            host: Host::new(),
            trace: Trace::default(),
        };
        sim.set_link(Link::perfect());
        sim
    }

    /// Changes how connections travel that are begun from now on.
    pub fn set_link(&mut self, link: Link) {
        let is_instant = link.is_instant();
        self.links.push(Path { link, is_instant });
    }

    /// Changes how readiness is told.
    pub fn set_buggify(&mut self, buggify: Buggify) {
        self.buggify = buggify;
    }

    /// Changes whether [`Sys::send_file`] works.
    pub fn set_sendfile(&mut self, sendfile: Sendfile) {
        self.sendfile = sendfile;
    }

    /// Changes how many events one wait gives.
    pub fn set_batch(&mut self, batch: usize) {
        self.batch = batch.max(1);
    }

    /// Fails the next calls of [`Sys::accept`] with these errors, one each; what is left of an
    /// earlier list is forgotten.
    pub fn fail_accepts(&mut self, errnos: &[Errno]) {
        self.accept_failures = errnos.iter().copied().collect();
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.now)
    }

    /// Lets time pass while the loop does not wait, as slow work in a handler would.
    pub fn advance(&mut self, time: Duration) {
        self.deliver_due();
        self.now = self.now.saturating_add(time.as_nanos() as u64);
    }

    /// Whether nothing will happen unless somebody acts or a timer of the loop passes.
    pub fn is_quiescent(&self) -> bool {
        self.schedule.next().is_none() && self.host.jobs.next().is_none() && !self.has_news()
    }

    /// A hash of every call of the loop and of what it was told, in order.
    pub fn trace_hash(&self) -> u64 {
        self.trace.hash()
    }
}

impl Sys for Sim {
    type Stream = SimStream;
    type Listener = SimListener;
    type Socket = SimSocket;
    type Spare = SimSpare;

    fn start(&self) -> Instant {
        self.epoch
    }

    fn nanos(&self) -> u64 {
        self.elapsed().as_nanos() as u64
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + WALL_START + self.elapsed()
    }

    fn seed(&mut self) -> u64 {
        self.rng.draw()
    }

    fn poll(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<Batch> {
        let first = ready.len();
        if !self.deliver_due() && !self.has_news() {
            self.wait(timeout);
        }
        self.report(ready);
        self.trace.note(Call::Poll, self.now, (ready.len() - first) as u64);
        for event in &ready[first..] {
            self.trace.note(Call::Poll, event.token.0, u64::from(event.what.0));
        }
        Ok(if ready.len() - first < self.batch { Batch::Whole } else { Batch::Full })
    }

    fn waker(&mut self) -> io::Result<Arc<dyn Wake>> {
        Ok(self.host.waker())
    }

    fn listen(
        &mut self,
        at: &Address,
        options: &Listen,
        token: Token,
    ) -> io::Result<(SimListener, Address)> {
        let result = self.open_listener(at, options, token);
        self.trace.note_done(Call::Listen, 0, &result);
        result
    }

    fn accept(&mut self, listener: &mut SimListener) -> io::Result<(SimStream, Address)> {
        let result = self.take_waiting(listener.0);
        self.trace.note_done(Call::Accept, listener.0, &result);
        result
    }

    fn unlisten(&mut self, listener: SimListener) {
        self.close_listener(listener.0);
    }

    fn connect(&mut self, to: &Address, _: &StreamOptions) -> io::Result<SimStream> {
        let result = self.begin_connect(to);
        self.trace.note_done(Call::Connect, 0, &result);
        result
    }

    fn connected(&mut self, stream: &SimStream) -> io::Result<()> {
        let result = self.outcome(stream.0);
        self.trace.note_done(Call::Connected, stream.0.index, &result);
        result
    }

    fn register(&mut self, stream: &mut SimStream, token: Token) -> io::Result<()> {
        self.register_end(stream.0, token);
        self.trace.note(Call::Register, u64::from(stream.0.index), token.0);
        Ok(())
    }

    #[inline]
    fn read(&mut self, stream: &mut SimStream, into: &mut [u8]) -> io::Result<usize> {
        let result = self.read_end(stream.0, into);
        self.trace.note_len(Call::Read, stream.0.index, &result);
        result
    }

    #[inline]
    fn write(&mut self, stream: &mut SimStream, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(stream, &[IoSlice::new(bytes)])
    }

    #[inline]
    fn write_vectored(
        &mut self,
        stream: &mut SimStream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        let result = self.write_end(stream.0, slices);
        self.trace.note_len(Call::Write, stream.0.index, &result);
        result
    }

    fn send_file(
        &mut self,
        stream: &mut SimStream,
        file: &std::fs::File,
        at: u64,
        n: usize,
    ) -> io::Result<usize> {
        if self.sendfile == Sendfile::Unsupported {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let result = self.send_file_end(stream.0, file, at, n);
        self.trace.note_len(Call::SendFile, stream.0.index, &result);
        result
    }

    fn shutdown(&mut self, stream: &mut SimStream) -> io::Result<()> {
        let result = self.shutdown_end(stream.0);
        self.trace.note_done(Call::Shutdown, stream.0.index, &result);
        result
    }

    fn close(&mut self, stream: SimStream, how: Close) {
        self.trace.note(Call::Close, u64::from(stream.0.index), how as u64);
        self.close_stream(stream.0, how);
    }

    fn bind(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        token: Token,
    ) -> io::Result<(SimSocket, SocketAddr)> {
        let result = self.open_socket(at, options, token);
        self.trace.note_done(Call::Bind, 0, &result);
        result
    }

    fn receive(
        &mut self,
        socket: &mut SimSocket,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize> {
        let result = self.take_batch(socket.index, each);
        self.trace.note_len(Call::Receive, socket.index, &result);
        result
    }

    fn segments_max(&self, _: &SimSocket) -> usize {
        self.datagrams.link.segments
    }

    fn transmit(
        &mut self,
        socket: &mut SimSocket,
        transmit: &Transmit,
        bytes: &[u8],
    ) -> io::Result<()> {
        let result = self.send_batch(socket.index, transmit, bytes);
        self.trace.note_done(Call::Transmit, socket.index, &result);
        result
    }

    fn spare(&mut self) -> io::Result<SimSpare> {
        let result = self.open_spare();
        self.trace.note_done(Call::Spare, 0, &result);
        result
    }

    fn catch_signals(&mut self, signals: &[i32]) -> io::Result<()> {
        self.host.catch(signals)
    }

    fn signals(&mut self) -> Vec<i32> {
        self.host.take_signals()
    }

    fn offload(&mut self, work: Work) -> Result<(), Work> {
        let result = self.host.jobs.push(work, self.now, &mut self.rng);
        self.trace.note(Call::Offload, 0, u64::from(result.is_ok()));
        result
    }
}

fn error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw_os_error())
}
