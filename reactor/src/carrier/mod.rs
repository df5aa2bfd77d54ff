//! What carries a connection's bytes: a socket, TLS on a socket, or a stream of an endpoint.
//!
//! The loop asks a carrier for two things: fill `rx`, and send what is in `tx`. The machine above
//! does not know which one it is. Here is what all of them share, over a [`Pipe`]; a plain socket
//! needs no more.

use std::io::{self, ErrorKind, IoSlice};

use readily_protocols::contract::{App, End, Fault, Half, Rx, Tx};

use crate::pool::Pool;
use crate::reactor::Reactor;
use crate::slot::{Flags, Slot};
use crate::sys::{Close, Sys};

mod files;
mod layers;
mod stream;
mod tls;

pub(crate) use layers::{Layer, Layers};
pub(crate) use stream::StreamOf;
pub(crate) use tls::{PANICKED, Tls};

/// How many pieces one system call sends.
const SLICES: usize = 16;

/// What a read came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Received {
    /// Bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The end of the peer's half.
    Ended,
    /// The stream has failed.
    Failed(ErrorKind),
    /// The peer has broken the rules of the carrier.
    Broken(Fault),
}

impl Received {
    /// Whether nothing more will come, and not since that was said in order.
    #[inline]
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Received::Failed(_) | Received::Broken(_))
    }
}

/// What a flush came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flushed {
    /// Bytes that were sent.
    pub(crate) bytes: usize,
    /// Writes that were made.
    pub(crate) calls: u64,
    /// Why it cannot go on, if so.
    pub(crate) failed: Option<Failure>,
}

/// Why what waits cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The stream has failed.
    Transport(ErrorKind),
    /// We cannot go on, and the peer must not take that for an end.
    Fault(Fault),
}

/// A file is shorter than the range that was to be sent, or could not be read.
pub(crate) const FILE_CUT: &str = "file: it has not what was promised of it";

impl Failure {
    /// What that is for its connection.
    pub(crate) fn end(self) -> End {
        match self {
            Failure::Transport(kind) => End::Transport(kind),
            Failure::Fault(fault) => End::Fault(fault),
        }
    }
}

/// Where bytes come from and go to: a socket or a stream, with the errors of a socket.
pub(crate) trait Pipe {
    /// Whether a write that took less than was offered says that it takes no more now.
    const SHORT_IS_FULL: bool = true;

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// The same, where more follows at once.
    fn write_ahead(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_vectored(slices)
    }
}

impl<P: Pipe> Pipe for &mut P {
    const SHORT_IS_FULL: bool = P::SHORT_IS_FULL;

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (**self).read(into)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (**self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).write_vectored(slices)
    }

    fn write_ahead(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).write_ahead(slices)
    }
}

/// A socket, and the system it is of.
pub(crate) struct Socket<'a, S: Sys>(pub(crate) &'a mut S, pub(crate) &'a mut S::Stream);

impl<S: Sys> Pipe for Socket<'_, S> {
    #[inline(always)]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(self.1, into)
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(self.1, bytes)
    }

    #[inline(always)]
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(self.1, slices)
    }

    fn write_ahead(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_ahead(self.1, slices)
    }
}

/// Reads once into `rx`, which has a block, and keeps in `flags` what that says of the next read.
#[inline(always)]
pub(crate) fn read(mut pipe: impl Pipe, flags: &mut Flags, rx: &mut Rx) -> Received {
    loop {
        let space = rx.space();
        let wanted = space.len();
        match pipe.read(space) {
            Ok(n) if n > 0 => {
                // Less than was asked for means that no more is there, and that the next bytes make
                // a new edge; not so when the end came with the same event, or urgent data is on
                // its way.
                if n < wanted && !flags.has(Flags::DRAIN) {
                    flags.clear(Flags::READABLE);
                }
                rx.commit(n);
                return Received::Bytes(n);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return read_nothing(result, flags, rx),
        }
    }
}

#[cold]
fn read_nothing(result: std::io::Result<usize>, flags: &mut Flags, rx: &mut Rx) -> Received {
    flags.clear(Flags::READABLE);
    match result.map_err(|error| error.kind()) {
        // The write that found out has taken the error with it: this is no end in order.
        Ok(_) if flags.has(Flags::LOST) => {
            rx.close(Half::Aborted);
            Received::Failed(ErrorKind::ConnectionReset)
        }
        Ok(_) => {
            rx.close(Half::Ended);
            Received::Ended
        }
        Err(ErrorKind::WouldBlock) => {
            flags.clear(Flags::DRAIN);
            Received::Nothing
        }
        Err(kind) => {
            rx.close(Half::Aborted);
            Received::Failed(kind)
        }
    }
}

/// Gives `rx` memory to read into: a block of the pool, or more of its own behind what is unread.
fn make_room(rx: &mut Rx, pool: &mut Pool) {
    if rx.has_block() {
        rx.make_space();
    } else {
        rx.lend(pool.block());
    }
}

/// Writes what waits in `tx` until it is sent, the socket takes no more or a file is in front.
///
/// Nearly always one write of one block takes all of it: that is done here, the rest elsewhere.
#[inline(always)]
pub(crate) fn write<P: Pipe>(
    mut pipe: P,
    flags: &mut Flags,
    tx: &mut Tx,
    pool: &mut Pool,
) -> Flushed {
    if !flags.has(Flags::WRITABLE) || tx.is_empty() {
        return Flushed::NONE;
    }
    let mut flushed = Flushed::NONE;
    if let Some(bytes) = tx.whole() {
        let offered = bytes.len();
        match pipe.write(bytes) {
            Ok(n) if n == offered => {
                tx.clear_head();
                return Flushed { bytes: n, calls: 1, failed: None };
            }
            result => {
                flushed.calls = 1;
                let result = result.map(|n| (n, P::SHORT_IS_FULL && n < offered));
                note_write(result, flags, tx, pool, &mut flushed);
            }
        }
    }
    write_on(pipe, flags, (tx, pool), flushed)
}

#[inline(never)]
fn write_on<P: Pipe>(
    mut pipe: P,
    flags: &mut Flags,
    (tx, pool): (&mut Tx, &mut Pool),
    mut flushed: Flushed,
) -> Flushed {
    while flushed.failed.is_none() && flags.has(Flags::WRITABLE) && !tx.is_empty() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let used = tx.slices(&mut slices);
        if used == 0 {
            break;
        }
        flushed.calls += 1;
        let offered: usize = slices[..used].iter().map(|slice| slice.len()).sum();
        let result = match &slices[..used] {
            // A file mostly: its first bytes travel with those before it.
            some if offered < tx.len() => pipe.write_ahead(some),
            [one] => pipe.write(one),
            several => pipe.write_vectored(several),
        };
        let result = result.map(|n| (n, P::SHORT_IS_FULL && n < offered));
        note_write(result, flags, tx, pool, &mut flushed);
    }
    flushed
}

/// Keeps what a write says of the next one; `short` is whether it took less than was offered.
#[inline(never)]
fn note_write(
    result: std::io::Result<(usize, bool)>,
    flags: &mut Flags,
    tx: &mut Tx,
    pool: &mut Pool,
    flushed: &mut Flushed,
) {
    match result.map_err(|error| error.kind()) {
        Ok((0, _)) => flushed.failed = Some(Failure::Transport(ErrorKind::WriteZero)),
        Ok((n, short)) => {
            tx.consume(n, |block| pool.give_block(block));
            flushed.bytes += n;
            if short {
                flags.clear(Flags::WRITABLE);
            }
        }
        Err(ErrorKind::Interrupted) => {}
        Err(ErrorKind::WouldBlock) => flags.clear(Flags::WRITABLE),
        Err(kind) => flushed.failed = Some(Failure::Transport(kind)),
    }
}

impl Flushed {
    const NONE: Flushed = Flushed { bytes: 0, calls: 0, failed: None };

    /// Adds what a later one came to.
    fn add(&mut self, later: Flushed) {
        self.bytes += later.bytes;
        self.calls += later.calls;
        self.failed = self.failed.or(later.failed);
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// Reads once for a connection, into what is unread already or into a block of the pool.
    pub(crate) fn carry_in(&mut self, index: usize) -> Received {
        let Slot { stream, rx, flags, .. } = &mut self.slots[index];
        let rx = rx.get_or_insert_with(|| self.pool.receiver());
        make_room(rx, &mut self.pool);
        match (self.layers.of(index, *flags), stream) {
            (None, Some(stream)) => read(Socket(&mut self.sys, stream), flags, rx),
            (Some(Layer::Tls(tls)), Some(stream)) => {
                let mut socket = Socket(&mut self.sys, stream);
                tls.receive(&mut socket, flags, rx, &mut self.pool)
            }
            (Some(Layer::Stream(of)), _) => {
                let endpoint = &mut self.endpoints[of.endpoint()];
                read(of.pipe(endpoint), flags, rx)
            }
            _ => Received::Nothing,
        }
    }

    /// Sends what waits for a connection, as far as it can be sent now.
    pub(crate) fn carry_out_of(&mut self, index: usize) -> Flushed {
        let flushed = self.carry_bytes(index);
        match &self.slots[index].tx {
            Some(tx) if tx.front_file().is_some() => self.carry_files(index, flushed),
            _ => flushed,
        }
    }

    /// The same, up to the first file.
    #[inline]
    fn carry_bytes(&mut self, index: usize) -> Flushed {
        let slot = &mut self.slots[index];
        let over = slot.has_said_all();
        let Slot { stream, tx, flags, .. } = slot;
        match (self.layers.of(index, *flags), stream, tx) {
            (None, Some(stream), Some(tx)) => {
                write(Socket(&mut self.sys, stream), flags, tx, &mut self.pool)
            }
            (Some(Layer::Tls(tls)), Some(stream), tx) => {
                let mut socket = Socket(&mut self.sys, stream);
                let tx = tx.as_deref_mut();
                tls.flush(&mut socket, flags, (tx, over), &mut self.pool)
            }
            (Some(Layer::Stream(of)), _, Some(tx)) => {
                let endpoint = &mut self.endpoints[of.endpoint()];
                write(of.pipe(endpoint), flags, tx, &mut self.pool)
            }
            _ => Flushed::NONE,
        }
    }

    /// Reads once for a connection whose machine has ended, and forgets what it read.
    pub(crate) fn carry_away(&mut self, index: usize) -> Received {
        let Slot { stream, flags, .. } = &mut self.slots[index];
        let Some(stream) = stream else { return Received::Ended };
        let mut rx = self.pool.receiver();
        make_room(&mut rx, &mut self.pool);
        // What is encrypted is not decrypted any more: it is for nobody.
        let received = read(Socket(&mut self.sys, stream), flags, &mut rx);
        rx.consume(rx.len());
        self.pool.give_block(rx.reclaim());
        if !rx.has_ended() {
            self.pool.give_receiver(rx);
        }
        received
    }

    /// Ends our half of a connection that has sent all; says whether it could.
    pub(crate) fn carry_end(&mut self, index: usize) -> bool {
        let Slot { stream, flags, .. } = &mut self.slots[index];
        match (self.layers.of(index, *flags), stream) {
            (Some(Layer::Stream(of)), _) => {
                of.finish(&mut self.endpoints[of.endpoint()]);
                true
            }
            (_, Some(stream)) => self.sys.shutdown(stream).is_ok(),
            _ => false,
        }
    }

    /// Lets go of a stream that no slot has.
    pub(crate) fn release_stream(&mut self, of: StreamOf, how: Close) {
        of.release(&mut self.endpoints[of.endpoint()], how);
    }

    /// Lets go of what carried a connection.
    pub(crate) fn carry_no_more(&mut self, index: usize, how: Close) {
        let Slot { stream, flags, .. } = &mut self.slots[index];
        match self.layers.take(index, *flags) {
            Some(Layer::Stream(of)) => of.release(&mut self.endpoints[of.endpoint()], how),
            Some(Layer::Tls(tls)) => self.counters.panics += u64::from(tls.has_panicked()),
            None => {}
        }
        if let Some(stream) = stream.take() {
            self.sys.close(stream, how);
        }
    }
}
