//! What carries a connection's bytes: a plain socket.
//!
//! The loop asks a carrier for two things: fill `rx`, and send what is in `tx`. TLS and the streams of
//! a QUIC endpoint are carriers of the same shape, with bytes of their own in between.

use std::io::{ErrorKind, IoSlice};

use readily_protocols::contract::{App, Half};

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

/// Reads once, into what is unread already or into a block of the pool.
#[inline]
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
        rx.lend(pool.read_block());
    }
    let space = rx.space();
    let wanted = space.len();
    loop {
        match sys.read(stream, space) {
            Ok(0) => {
                slot.flags.clear(Flags::READABLE);
                rx.close(Half::Ended);
                return Received::Ended;
            }
            Ok(n) => {
                // Less than was asked for means that no more is there, and that the next bytes make a
                // new edge; not so when the end came with the same event, or urgent data is on its way.
                if n < wanted && !slot.flags.has(Flags::DRAIN) {
                    slot.flags.clear(Flags::READABLE);
                }
                rx.commit(n);
                return Received::Bytes(n);
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => {
                    slot.flags.clear(Flags::READABLE);
                    slot.flags.clear(Flags::DRAIN);
                    return Received::Nothing;
                }
                kind => {
                    slot.flags.clear(Flags::READABLE);
                    rx.close(Half::Aborted);
                    return Received::Failed(kind);
                }
            },
        }
    }
}

/// Writes what waits until it is sent or the socket takes no more.
#[inline]
pub(crate) fn flush<A: App, S: Sys>(
    slot: &mut Slot<A, S>,
    sys: &mut S,
    pool: &mut Pool,
) -> Flushed {
    let mut flushed = Flushed { bytes: 0, calls: 0, failed: None };
    let (Some(stream), Some(tx)) = (&mut slot.stream, &mut slot.tx) else { return flushed };
    while slot.flags.has(Flags::WRITABLE)
        && let Some((bytes, more)) = tx.front()
    {
        flushed.calls += 1;
        let (offered, result) = if more {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let used = tx.slices(&mut slices);
            let offered = slices[..used].iter().map(|slice| slice.len()).sum();
            (offered, sys.write_vectored(stream, &slices[..used]))
        } else {
            (bytes.len(), sys.write(stream, bytes))
        };
        match result {
            Ok(0) => {
                flushed.failed = Some(ErrorKind::WriteZero);
                return flushed;
            }
            Ok(n) => {
                tx.consume(n, |block| pool.give_block(block));
                flushed.bytes += n;
                if n < offered {
                    slot.flags.clear(Flags::WRITABLE);
                }
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => slot.flags.clear(Flags::WRITABLE),
                kind => {
                    flushed.failed = Some(kind);
                    return flushed;
                }
            },
        }
    }
    flushed
}
