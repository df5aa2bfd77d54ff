//! The seam between the loop and the world: every system call goes through [`Sys`].
//!
//! The same loop runs on the kernel ([`Mio`]), on a network that exists only in memory ([`sim`]),
//! and on either of them with faults put in ([`faults`]).

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use readily_protocols::contract::{Address, Datagram, Transmit};

pub mod faults;
pub mod mio;
mod options;
pub mod sim;
pub(crate) mod tables;
mod token;

pub use self::mio::Mio;
pub use options::{Bind, Listen, PortSharing, Secure, StreamOptions};
pub use token::{Source, Token};

/// What a source became ready for. A hint only: the truth is what a read or a write returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ready {
    /// Which source.
    pub token: Token,
    /// For what.
    pub what: Readiness,
}

/// A set of readiness flags.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Readiness(pub u8);

impl Readiness {
    /// A read may return bytes, an end or an error.
    pub const READABLE: Readiness = Readiness(1);
    /// A write may take bytes or return an error.
    pub const WRITABLE: Readiness = Readiness(2);
    /// A short read does not mean that nothing more is there, and no further edge will come: the
    /// peer has ended its half, the connection failed, or urgent data is in the stream.
    pub const DRAIN: Readiness = Readiness(4);

    /// Whether all of `other` is set.
    #[inline]
    pub const fn has(self, other: Readiness) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    #[inline]
    pub const fn and(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    /// The flags as letters, for the trace.
    pub fn letters(self) -> &'static str {
        match self.0 & 7 {
            0 => "-",
            1 => "r",
            2 => "w",
            3 => "rw",
            4 => "d",
            5 => "rd",
            6 => "wd",
            _ => "rwd",
        }
    }
}

/// How a stream is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// What the kernel holds is still sent, then the end.
    InOrder,
    /// What the kernel holds is dropped, and the peer gets a reset.
    Reset,
}

/// Ends a wait of the loop from any thread.
pub trait Wake: Send + Sync {
    /// Makes the current or the next [`Sys::poll`] return at once.
    ///
    /// # Errors
    /// Those of the system call; the loop then sees the work at its next turn.
    fn wake(&self) -> io::Result<()>;
}

impl fmt::Debug for dyn Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wake")
    }
}

/// Work that blocks, with its answer inside.
pub type Work = Box<dyn FnOnce() + Send>;

/// Whether a wait has told of all that was ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Batch {
    /// It has.
    Whole,
    /// It has told of as much as one wait can: more may be ready.
    Full,
}

/// Every system call of the loop.
///
/// Readiness is edge-triggered: a source that is registered is reported once when it becomes ready,
/// and again only after an operation has returned `WouldBlock` (or moved less than was asked) and
/// it becomes ready anew. It may be reported more often. `Interrupted` may come from every call
/// that waits, accepts or moves bytes, and is retried by the loop.
pub trait Sys: 'static {
    /// A connected byte stream.
    type Stream: fmt::Debug;
    /// A source of streams.
    type Listener: fmt::Debug;
    /// A datagram socket.
    type Socket: fmt::Debug;
    /// A descriptor kept back for the day when there is none left.
    type Spare: fmt::Debug;

    /// When the monotonic clock of this system began to count.
    fn start(&self) -> Instant;

    /// How far it has counted, in nanoseconds. It is read twice a turn, hence a number.
    fn nanos(&self) -> u64;

    /// The wall clock.
    fn wall(&self) -> SystemTime;

    /// A number to seed the loop's generator with.
    fn seed(&mut self) -> u64;

    /// Waits until a source is ready, a waker was called or `timeout` has passed, and appends what
    /// is ready; says whether that is all.
    ///
    /// # Errors
    /// Those of the wait itself.
    fn poll(&mut self, ready: &mut Vec<Ready>, timeout: Option<Duration>) -> io::Result<Batch>;

    /// What wakes this loop from other threads.
    ///
    /// # Errors
    /// Where it cannot be made.
    fn waker(&mut self) -> io::Result<Arc<dyn Wake>>;

    /// Opens and registers a listener; says where it really listens.
    ///
    /// # Errors
    /// Those of the socket, bind and listen calls.
    fn listen(
        &mut self,
        at: &Address,
        options: &Listen,
        token: Token,
    ) -> io::Result<(Self::Listener, Address)>;

    /// Takes one waiting connection, non-blocking and not registered.
    ///
    /// # Errors
    /// `WouldBlock` when none waits; else see [`AcceptFailure`](crate::listener::AcceptFailure).
    fn accept(&mut self, listener: &mut Self::Listener) -> io::Result<(Self::Stream, Address)>;

    /// Closes a listener.
    fn unlisten(&mut self, listener: Self::Listener);

    /// Begins an outgoing connection, not registered. It is made or has failed when it becomes
    /// writable; [`connected`](Sys::connected) tells which.
    ///
    /// # Errors
    /// What fails at once.
    fn connect(&mut self, to: &Address, options: &StreamOptions) -> io::Result<Self::Stream>;

    /// How an outgoing connection has come out.
    ///
    /// # Errors
    /// `NotConnected` while it is still being made; else why it failed. A connection to itself has
    /// failed.
    fn connected(&mut self, stream: &Self::Stream) -> io::Result<()>;

    /// Registers a stream for both directions, once in its life.
    ///
    /// # Errors
    /// Those of the registration.
    fn register(&mut self, stream: &mut Self::Stream, token: Token) -> io::Result<()>;

    /// Reads into `into`, which is not empty; zero is the end of the peer's half.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; else the stream has failed.
    fn read(&mut self, stream: &mut Self::Stream, into: &mut [u8]) -> io::Result<usize>;

    /// Writes some of `bytes`, which are not empty.
    ///
    /// # Errors
    /// `WouldBlock` when nothing can be taken; else the stream has failed.
    fn write(&mut self, stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<usize>;

    /// Writes some of the slices, in order.
    ///
    /// # Errors
    /// As [`write`](Sys::write).
    fn write_vectored(
        &mut self,
        stream: &mut Self::Stream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize>;

    /// Writes some of the slices, in order, where more follows at once: it may be kept back until
    /// then, so that a head costs no packet of its own (`MSG_MORE`).
    ///
    /// # Errors
    /// As [`write`](Sys::write).
    fn write_ahead(
        &mut self,
        stream: &mut Self::Stream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        self.write_vectored(stream, slices)
    }

    /// Sends some of `n` bytes of a file from `at` on, without reading them into memory of ours
    /// (`sendfile`); none where the file has ended. What is less than `n` says nothing.
    ///
    /// # Errors
    /// `WouldBlock` when nothing can be taken; those of a connection where the stream has failed.
    /// All others say that this system, file and stream do not go together: it is to be read.
    fn send_file(
        &mut self,
        stream: &mut Self::Stream,
        file: &std::fs::File,
        at: u64,
        n: usize,
    ) -> io::Result<usize> {
        let _ = (stream, file, at, n);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads some of a file from `at` on; none where it has ended. It blocks while the disk does.
    ///
    /// # Errors
    /// Those of the read.
    fn read_file(&mut self, file: &std::fs::File, at: u64, into: &mut [u8]) -> io::Result<usize> {
        file.read_at(into, at)
    }

    /// Ends our half.
    ///
    /// # Errors
    /// Where the stream has failed already.
    fn shutdown(&mut self, stream: &mut Self::Stream) -> io::Result<()>;

    /// Deregisters and closes a stream.
    fn close(&mut self, stream: Self::Stream, how: Close);

    /// Opens and registers a datagram socket; says where it really is bound.
    ///
    /// # Errors
    /// Those of the socket and bind calls.
    fn bind(
        &mut self,
        at: SocketAddr,
        options: &Bind,
        token: Token,
    ) -> io::Result<(Self::Socket, SocketAddr)>;

    /// Takes one batch of waiting datagrams and says how many.
    ///
    /// # Errors
    /// `WouldBlock` when none waits. Others belong to a datagram sent before; the socket goes on.
    fn receive(
        &mut self,
        socket: &mut Self::Socket,
        each: &mut dyn FnMut(Datagram<'_>),
    ) -> io::Result<usize>;

    /// Sends `bytes` as `transmit` says.
    ///
    /// # Errors
    /// `WouldBlock` when the socket takes nothing now. Others lose this datagram only.
    fn transmit(
        &mut self,
        socket: &mut Self::Socket,
        transmit: &Transmit,
        bytes: &[u8],
    ) -> io::Result<()>;

    /// How many datagrams of one size one [`transmit`](Sys::transmit) may send (GSO); it may become
    /// less when the system turns out not to.
    fn segments_max(&self, socket: &Self::Socket) -> usize {
        let _ = socket;
        1
    }

    /// Opens a descriptor that does nothing.
    ///
    /// # Errors
    /// Where there is none to be had.
    fn spare(&mut self) -> io::Result<Self::Spare>;

    /// Asks for these signals to be reported by [`Source::Signals`]; they no longer have their
    /// default effect. Later calls add to it.
    ///
    /// # Errors
    /// For a signal that cannot be caught.
    fn catch_signals(&mut self, signals: &[i32]) -> io::Result<()>;

    /// The signals that arrived since the last call.
    fn signals(&mut self) -> Vec<i32>;

    /// How many descriptors this process may have.
    fn descriptors_max(&self) -> usize {
        usize::MAX
    }

    /// Runs `work` on a thread of the blocking pool; gives it back when there can be no thread.
    ///
    /// # Errors
    /// The work itself.
    fn offload(&mut self, work: Work) -> Result<(), Work>;
}
