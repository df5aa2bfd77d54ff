//! Byte streams that an endpoint carries: each is served as a connection of the loop.

use std::io::{ErrorKind, IoSlice};

use super::{Id, Origin};

/// One stream of an endpoint, by a name that the endpoint chose; good until it is released.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StreamKey(pub u32);

/// What the loop has to know of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamEvent {
    /// The peer has opened it: it waits to be attached or released.
    Opened(StreamKey),
    /// One that was asked for by [`Streams::open`] is made: it can be read and written.
    Connected(Id),
    /// One that was asked for cannot be made.
    Unreachable(Id, ErrorKind),
    /// A read may find something: bytes, the end, or that the stream has failed.
    Readable(Id),
    /// A write that was refused may be taken now, or fail.
    Writable(Id),
}

/// How the loop leaves a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Release {
    /// What was written is still delivered, then the end; the peer is asked to send no more.
    InOrder,
    /// Both directions are cut.
    Reset,
}

/// The streams of an [`Endpoint`](super::Endpoint), as the loop's carrier sees them.
///
/// They behave as sockets do: readiness is told once, when it begins, and again only after an
/// operation has returned `WouldBlock`; it may be told more often. Nothing here sends: what a call
/// has made due is pulled by [`poll_transmit`](super::Endpoint::poll_transmit).
pub trait Streams {
    /// What has happened since the last call; `None` when that is all.
    fn poll_event(&mut self) -> Option<StreamEvent>;

    /// Where a stream comes from. It costs an allocation, and is asked for once.
    fn origin(&self, key: StreamKey) -> Origin;

    /// Says which connection of the loop a stream is from now on; events name it.
    fn attach(&mut self, key: StreamKey, id: Id);

    /// Opens a stream to `to`, where `name` is what the peer must prove to be, on a connection that
    /// is there already or a new one. [`StreamEvent::Connected`] tells when it is made.
    ///
    /// # Errors
    /// Why it cannot even be tried; `Unsupported` for an endpoint that only answers.
    fn open(
        &mut self,
        to: std::net::SocketAddr,
        name: &str,
        id: Id,
        now: std::time::Instant,
    ) -> Result<StreamKey, ErrorKind>;

    /// Reads into `into`, which is not empty; zero is the end of the peer's half.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; else the stream has failed.
    fn read(&mut self, key: StreamKey, into: &mut [u8]) -> Result<usize, ErrorKind>;

    /// Writes some of the slices, in order.
    ///
    /// # Errors
    /// `WouldBlock` when nothing can be taken; else the stream has failed.
    fn write(&mut self, key: StreamKey, slices: &[IoSlice<'_>]) -> Result<usize, ErrorKind>;

    /// Ends our half: what was written is delivered, then the end.
    fn finish(&mut self, key: StreamKey);

    /// The loop will not ask for this stream again; no event may name its connection any more.
    fn release(&mut self, key: StreamKey, how: Release);
}
