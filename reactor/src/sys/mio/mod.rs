//! The kernel, by way of mio: epoll, edge-triggered.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use readily_protocols::contract::{Address, Datagram, Transmit};
use rustix::fd::OwnedFd;
use signal_hook_mio::v1_0::Signals;

use super::{
    Batch, Bind, Close, Listen, Readiness, Ready, Source, StreamOptions, Sys, Token, Wake, Work,
    tables,
};

mod datagram;
mod offload;
mod stream;
mod waker;

pub use self::datagram::Socket;
pub use self::stream::{Listener, Stream};

/// How many events one wait takes in.
const EVENTS: usize = 1024;

/// The kernel's sockets, clock and signals.
pub struct Mio {
    start: Instant,
    began: u64,
    poll: mio::Poll,
    events: mio::Events,
    waker: Option<waker::Waker>,
    signals: Option<Signals>,
    datagrams: datagram::Buffers,
    pool: offload::Pool,
}

impl Mio {
    /// A wait of its own.
    ///
    /// # Errors
    /// Where no descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Mio {
            start: Instant::now(),
            began: monotonic(),
            poll: mio::Poll::new()?,
            events: mio::Events::with_capacity(EVENTS),
            waker: None,
            signals: None,
            datagrams: datagram::Buffers::default(),
            pool: offload::Pool::default(),
        })
    }
}

impl std::fmt::Debug for Mio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mio").field("poll", &self.poll).finish_non_exhaustive()
    }
}

impl Sys for Mio {
    type Stream = Stream;
    type Listener = Listener;
    type Socket = Socket;
    type Spare = OwnedFd;

    fn start(&self) -> Instant {
        self.start
    }

    #[inline]
    fn nanos(&self) -> u64 {
        monotonic().saturating_sub(self.began)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn seed(&mut self) -> u64 {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        time.as_nanos() as u64 ^ u64::from(std::process::id()) << 32
    }

    #[inline]
    fn poll(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<Batch> {
        let before = ready.len();
        self.poll.poll(&mut self.events, timeout)?;
        ready.extend(self.events.iter().map(|event| {
            let token = Token(event.token().0 as u64);
            Ready { token, what: readiness(event) }
        }));
        Ok(if ready.len() - before < EVENTS { Batch::Whole } else { Batch::Full })
    }

    fn waker(&mut self) -> io::Result<Arc<dyn Wake>> {
        if let Some(waker) = &self.waker {
            return Ok(waker.remote());
        }
        let waker = mio::Waker::new(self.poll.registry(), token(Source::Waker.token()))?;
        Ok(self.waker.insert(waker::Waker::new(waker)?).remote())
    }

    fn listen(
        &mut self,
        at: &Address,
        options: &Listen,
        to: Token,
    ) -> io::Result<(Listener, Address)> {
        let (mut listener, address) = Listener::open(at, options)?;
        self.poll.registry().register(&mut listener, token(to), mio::Interest::READABLE)?;
        Ok((listener, address))
    }

    fn accept(&mut self, listener: &mut Listener) -> io::Result<(Stream, Address)> {
        listener.accept()
    }

    fn unlisten(&mut self, mut listener: Listener) {
        // A failure here means that the kernel has forgotten it already.
        let _ = self.poll.registry().deregister(&mut listener);
    }

    fn connect(&mut self, to: &Address, options: &StreamOptions) -> io::Result<Stream> {
        Stream::connect(to, options)
    }

    fn connected(&mut self, stream: &Stream) -> io::Result<()> {
        stream.connected()
    }

    fn register(&mut self, stream: &mut Stream, to: Token) -> io::Result<()> {
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let both = both | mio::Interest::PRIORITY;
        self.poll.registry().register(stream, token(to), both)
    }

    #[inline(always)]
    fn read(&mut self, stream: &mut Stream, into: &mut [u8]) -> io::Result<usize> {
        match stream {
            Stream::Tcp(stream) => stream.read(into),
            Stream::Unix(stream) => stream.read(into),
        }
    }

    #[inline(always)]
    fn write(&mut self, stream: &mut Stream, bytes: &[u8]) -> io::Result<usize> {
        match stream {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, stream: &mut Stream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match stream {
            Stream::Tcp(stream) => stream.write_vectored(slices),
            Stream::Unix(stream) => stream.write_vectored(slices),
        }
    }

    fn write_ahead(&mut self, stream: &mut Stream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        stream.write_ahead(slices)
    }

    fn send_file(
        &mut self,
        stream: &mut Stream,
        file: &std::fs::File,
        mut at: u64,
        n: usize,
    ) -> io::Result<usize> {
        Ok(rustix::fs::sendfile(&*stream, file, Some(&mut at), n)?)
    }

    fn shutdown(&mut self, stream: &mut Stream) -> io::Result<()> {
        match stream {
            Stream::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        }
    }

    fn close(&mut self, mut stream: Stream, how: Close) {
        // Closing the only descriptor of a socket deregisters it; a duplicate held elsewhere (a
        // child process) would keep it in the set, so the order of the two matters.
        let _ = self.poll.registry().deregister(&mut stream);
        if how == Close::Reset {
            stream.reset_on_close();
        }
    }

    fn bind(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        to: Token,
    ) -> io::Result<(Socket, SocketAddr)> {
        let (mut socket, address) = Socket::open(at, options)?;
        let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
        self.poll.registry().register(socket.source(), token(to), both)?;
        Ok((socket, address))
    }

    fn receive(
        &mut self,
        socket: &mut Socket,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize> {
        self.datagrams.receive(socket, each)
    }

    fn segments_max(&self, socket: &Socket) -> usize {
        socket.segments_max()
    }

    fn transmit(
        &mut self,
        socket: &mut Socket,
        transmit: &Transmit,
        bytes: &[u8],
    ) -> io::Result<()> {
        socket.transmit(transmit, bytes)
    }

    fn spare(&mut self) -> io::Result<OwnedFd> {
        Ok(std::fs::File::open("/dev/null")?.into())
    }

    fn catch_signals(&mut self, signals: &[i32]) -> io::Result<()> {
        if !tables::can_catch_signals() {
            let why = "signals are caught by the first loop of a fleet with tables of their own";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        if let Some(source) = &self.signals {
            return signals.iter().try_for_each(|signal| source.add_signal(*signal));
        }
        let source = self.signals.insert(Signals::new(signals)?);
        let to = token(Source::Signals.token());
        self.poll.registry().register(source, to, mio::Interest::READABLE)
    }

    fn signals(&mut self) -> Vec<i32> {
        self.signals.as_mut().map(|source| source.pending().collect()).unwrap_or_default()
    }

    fn descriptors_max(&self) -> usize {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit.current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
    }

    fn offload(&mut self, work: Work) -> Result<(), Work> {
        self.pool.run(work)
    }
}

/// The clock that `Instant` reads, as a number.
#[inline]
fn monotonic() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[inline]
fn token(token: Token) -> mio::Token {
    const { assert!(usize::BITS >= 64, "a token is 64 bits: index and generation") };
    mio::Token(token.0 as usize)
}

#[inline]
fn readiness(event: &mio::event::Event) -> Readiness {
    let mut what = Readiness::default();
    if event.is_readable() {
        what = what.and(Readiness::READABLE);
    }
    if event.is_writable() {
        what = what.and(Readiness::WRITABLE);
    }
    if event.is_read_closed() || event.is_error() || event.is_priority() {
        what = what.and(Readiness::READABLE).and(Readiness::DRAIN);
    }
    what
}
