//! A stream of an endpoint (QUIC) as a carrier.

use std::io::{self, ErrorKind, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{App, Release, StreamKey, Streams};

use crate::endpoints::EndpointSlot;
use crate::sys::{Close, Sys};

use super::Pipe;

/// Which stream of which endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamOf {
    endpoint: u16,
    key: StreamKey,
}

/// The stream, and the endpoint that moves its bytes.
pub(crate) struct Lent<'a, A: App, S: Sys> {
    endpoint: &'a mut EndpointSlot<A, S>,
    key: StreamKey,
}

impl StreamOf {
    pub(crate) fn new(endpoint: usize, key: StreamKey) -> Self {
        StreamOf { endpoint: endpoint as u16, key }
    }

    pub(crate) fn endpoint(self) -> usize {
        usize::from(self.endpoint)
    }

    pub(crate) fn key(self) -> StreamKey {
        self.key
    }

    pub(super) fn pipe<A: App, S: Sys>(self, endpoint: &mut EndpointSlot<A, S>) -> Lent<'_, A, S> {
        Lent { endpoint, key: self.key }
    }

    pub(super) fn finish<A: App, S: Sys>(self, endpoint: &mut EndpointSlot<A, S>) {
        // A panic is counted by the endpoint; the stream then ends with its connection.
        let _ = self.pipe(endpoint).ask(|streams, key| {
            streams.finish(key);
            Ok(0)
        });
    }

    pub(super) fn release<A: App, S: Sys>(self, endpoint: &mut EndpointSlot<A, S>, how: Close) {
        let how = match how {
            Close::InOrder => Release::InOrder,
            Close::Reset => Release::Reset,
        };
        let _ = self.pipe(endpoint).ask(|streams, key| {
            streams.release(key, how);
            Ok(0)
        });
    }
}

impl<A: App, S: Sys> Lent<'_, A, S> {
    /// Asks the endpoint for something; what comes of it may be a packet to be pulled.
    fn ask(
        &mut self,
        what: impl FnOnce(&mut dyn Streams, StreamKey) -> Result<usize, ErrorKind>,
    ) -> io::Result<usize> {
        let key = self.key;
        self.endpoint.stir();
        let Some(streams) = self.endpoint.streams() else {
            return Err(ErrorKind::Unsupported.into());
        };
        match catch_unwind(AssertUnwindSafe(|| what(streams, key))) {
            Ok(result) => result.map_err(io::Error::from),
            Err(_) => {
                self.endpoint.note_panic();
                Err(ErrorKind::Other.into())
            }
        }
    }
}

impl<A: App, S: Sys> Pipe for Lent<'_, A, S> {
    // Only a refusal makes an endpoint tell when it takes more.
    const SHORT_IS_FULL: bool = false;

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.ask(|streams, key| streams.read(key, into))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.ask(|streams, key| streams.write(key, slices))
    }
}
