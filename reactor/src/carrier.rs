//! What carries a connection's bytes: a plain socket.
//!
//! The loop asks a carrier for two things: fill `rx`, and send what is in `tx`. TLS and the streams
//! of a QUIC endpoint are carriers of the same shape, with bytes of their own in between.

use std::io::{ErrorKind, IoSlice};

use readily_protocols::contract::{App, Half, Rx, Tx};

use crate::pool::Pool;
use crate::slot::{Flags, Slot};
use crate::sys::Sys;

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
}

/// What a flush came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flushed {
    /// Bytes that were sent.
    pub(crate) bytes: usize,
    /// System calls that were made.
    pub(crate) calls: u64,
    /// Why the stream failed, if it did.
    pub(crate) failed: Option<ErrorKind>,
}

/// Reads once into `rx`, which has a block, and keeps in `flags` what that says of the next read.
#[inline(always)]
pub(crate) fn read<S: Sys>(
    sys: &mut S,
    stream: &mut S::Stream,
    flags: &mut Flags,
    rx: &mut Rx,
) -> Received {
    loop {
        let space = rx.space();
        let wanted = space.len();
        match sys.read(stream, space) {
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

/// Reads once, into what is unread already or into a block of the pool.
pub(crate) fn receive<A: App, S: Sys>(
    slot: &mut Slot<A, S>,
    sys: &mut S,
    pool: &mut Pool,
) -> Received {
    let Some(stream) = &mut slot.stream else { return Received::Nothing };
    let rx = slot.rx.get_or_insert_with(|| pool.receiver());
    if rx.has_block() {
        rx.make_space();
    } else {
        rx.lend(pool.block());
    }
    read(sys, stream, &mut slot.flags, rx)
}

/// Writes what waits in `tx` until it is sent or the socket takes no more.
///
/// Nearly always one write of one block takes all of it: that is done here, the rest elsewhere.
#[inline(always)]
pub(crate) fn write<S: Sys>(
    sys: &mut S,
    stream: &mut S::Stream,
    flags: &mut Flags,
    tx: &mut Tx,
    pool: &mut Pool,
) -> Flushed {
    let mut flushed = Flushed { bytes: 0, calls: 0, failed: None };
    if !flags.has(Flags::WRITABLE) || tx.is_empty() {
        return flushed;
    }
    if let Some(bytes) = tx.whole() {
        let offered = bytes.len();
        flushed.calls = 1;
        match sys.write(stream, bytes) {
            Ok(n) if n == offered => {
                tx.clear_head();
                flushed.bytes = n;
                return flushed;
            }
            result => {
                let result = result.map(|n| (n, n < offered));
                note_write(result, flags, tx, pool, &mut flushed);
            }
        }
    }
    write_on(sys, stream, flags, (tx, pool), flushed)
}

#[inline(never)]
fn write_on<S: Sys>(
    sys: &mut S,
    stream: &mut S::Stream,
    flags: &mut Flags,
    (tx, pool): (&mut Tx, &mut Pool),
    mut flushed: Flushed,
) -> Flushed {
    while flushed.failed.is_none() && flags.has(Flags::WRITABLE) && !tx.is_empty() {
        flushed.calls += 1;
        let mut slices = [IoSlice::new(&[]); SLICES];
        let used = tx.slices(&mut slices);
        let offered: usize = slices[..used].iter().map(|slice| slice.len()).sum();
        let result = match &slices[..used] {
            [one] => sys.write(stream, one),
            several => sys.write_vectored(stream, several),
        };
        note_write(result.map(|n| (n, n < offered)), flags, tx, pool, &mut flushed);
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
        Ok((0, _)) => flushed.failed = Some(ErrorKind::WriteZero),
        Ok((n, short)) => {
            tx.consume(n, |block| pool.give_block(block));
            flushed.bytes += n;
            if short {
                flags.clear(Flags::WRITABLE);
            }
        }
        Err(ErrorKind::Interrupted) => {}
        Err(ErrorKind::WouldBlock) => flags.clear(Flags::WRITABLE),
        Err(kind) => flushed.failed = Some(kind),
    }
}

/// Writes what waits in a slot.
pub(crate) fn flush<A: App, S: Sys>(
    slot: &mut Slot<A, S>,
    sys: &mut S,
    pool: &mut Pool,
) -> Flushed {
    match (&mut slot.stream, &mut slot.tx) {
        (Some(stream), Some(tx)) => write(sys, stream, &mut slot.flags, tx, pool),
        _ => Flushed { bytes: 0, calls: 0, failed: None },
    }
}
