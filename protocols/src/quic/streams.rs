//! The streams of an endpoint, as the loop's carrier sees them.

use std::io::{ErrorKind, IoSlice};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use quinn_proto::crypto::rustls::HandshakeData;
use quinn_proto::{FinishError, ReadError, SendStream, StreamId, WriteError};

use super::connection::{Connection, NO_ERROR};
use super::core::Core;
use super::table::{Stream, Way};
use crate::contract::{Id, Origin, Release, Secured, StreamEvent, StreamKey, Streams};

impl Streams for Core {
    fn poll_event(&mut self) -> Option<StreamEvent> {
        self.shared.streams.poll()
    }

    fn origin(&self, key: StreamKey) -> Origin {
        let stream = self.shared.streams.of(key.0);
        match stream.and_then(|stream| self.of(stream.connection)) {
            Some(connection) => origin(connection),
            None => Origin {
                address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into(),
                secured: None,
            },
        }
    }

    fn attach(&mut self, key: StreamKey, id: Id) {
        self.shared.streams.attach(key.0, id);
    }

    fn open(
        &mut self,
        to: SocketAddr,
        name: &str,
        id: Id,
        now: Instant,
    ) -> Result<StreamKey, ErrorKind> {
        let at = self.connect(to, name, now)?;
        let key = self.shared.streams.opening(at, id);
        if let Some((connection, shared)) = self.parts(at) {
            connection.open(key, shared);
        }
        Ok(StreamKey(key))
    }

    fn read(&mut self, key: StreamKey, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let Core { shared, .. } = self;
        let stream = shared.streams.of_mut(key.0).ok_or(ErrorKind::NotConnected)?;
        let (at, id, lost) = match (stream.read, stream.quinn) {
            (Way::Ended, _) => return Ok(0),
            (Way::Failed(why), _) => return Err(why),
            (Way::Open, None) => return Err(ErrorKind::WouldBlock),
            (Way::Open, Some(id)) => (stream.connection, id, stream.lost),
        };
        let (connection, shared) = self.parts(at).ok_or(ErrorKind::NotConnected)?;
        let (read, way, transmit) = copy(connection, id, into);
        if let Some(stream) = shared.streams.of_mut(key.0) {
            stream.read = way;
        }
        if transmit {
            shared.mark_dirty(at, &mut connection.dirty);
        }
        match way {
            _ if read > 0 => Ok(read),
            Way::Ended => Ok(0),
            Way::Failed(why) => Err(why),
            Way::Open => Err(lost.unwrap_or(ErrorKind::WouldBlock)),
        }
    }

    fn write(&mut self, key: StreamKey, slices: &[IoSlice<'_>]) -> Result<usize, ErrorKind> {
        let stream = self.shared.streams.of(key.0).ok_or(ErrorKind::NotConnected)?;
        let (at, id) = match *stream {
            Stream { write: Way::Failed(why), .. } | Stream { lost: Some(why), .. } => {
                return Err(why);
            }
            Stream { write: Way::Ended, .. } => return Err(ErrorKind::BrokenPipe),
            Stream { quinn: None, .. } => return Err(ErrorKind::WouldBlock),
            Stream { connection, quinn: Some(id), .. } => (connection, id),
        };
        let (connection, shared) = self.parts(at).ok_or(ErrorKind::NotConnected)?;
        let written = write_all(&mut connection.quinn.send_stream(id), slices);
        // Being blocked is told to the peer as well.
        shared.mark_dirty(at, &mut connection.dirty);
        written
    }

    fn finish(&mut self, key: StreamKey) {
        let Some(stream) = self.shared.streams.of_mut(key.0) else { return };
        if let (Way::Open, Some(id), at) = (stream.write, stream.quinn, stream.connection) {
            stream.write = Way::Ended;
            self.end(at, id);
        }
    }

    fn release(&mut self, key: StreamKey, how: Release) {
        let Some(stream) = self.shared.streams.remove(key.0) else { return };
        let at = stream.connection;
        match stream.quinn {
            None => {
                if let Some(connection) = self.of_mut(at) {
                    connection.forget_opening(key.0);
                }
            }
            Some(id) if stream.lost.is_none() => self.leave(at, id, &stream, how),
            Some(id) => {
                if let Some((connection, shared)) = self.parts(at) {
                    connection.release(id, false, shared);
                }
            }
        }
    }
}

impl Core {
    /// Ends our half of a stream.
    fn end(&mut self, at: u32, id: StreamId) {
        let Some((connection, shared)) = self.parts(at) else { return };
        if let Err(FinishError::Stopped(code)) = connection.quinn.send_stream(id).finish() {
            // It fails only where it was reset before.
            let _ = connection.quinn.send_stream(id).reset(code);
        }
        shared.mark_dirty(at, &mut connection.dirty);
    }

    /// Leaves a stream whose connection is there.
    fn leave(&mut self, at: u32, id: StreamId, stream: &Stream, how: Release) {
        if how == Release::InOrder && stream.write == Way::Open {
            self.end(at, id);
        }
        let Some((connection, shared)) = self.parts(at) else { return };
        if how == Release::Reset && !stream.delivered {
            let _ = connection.quinn.send_stream(id).reset(NO_ERROR);
        }
        if stream.read == Way::Open {
            // It fails only where the peer has ended its half and that was seen.
            let _ = connection.quinn.recv_stream(id).stop(NO_ERROR);
        }
        let broken = matches!(stream.write, Way::Failed(_));
        let lingers = how == Release::InOrder && !stream.delivered && !broken;
        connection.release(id, lingers, shared);
        shared.mark_dirty(at, &mut connection.dirty);
        // What a reset gives back may let others write.
        self.settle(at);
    }
}

fn origin(connection: &Connection) -> Origin {
    let agreed = connection.quinn.crypto_session().handshake_data();
    let agreed = agreed.and_then(|data| data.downcast::<HandshakeData>().ok());
    let (alpn, named) = agreed.map_or((None, None), |data| (data.protocol, data.server_name));
    let ours = connection.target.as_ref().map(|target| target.1.clone());
    let secured = Secured {
        alpn: alpn.map(Vec::into_boxed_slice),
        server_name: ours.or(named.map(String::into_boxed_str)),
        ..Secured::default()
    };
    Origin { address: connection.remote.into(), secured: Some(secured) }
}

/// Copies what has arrived in order; says how much, how the peer's half is then, and whether the
/// peer is to be told that it may send more.
fn copy(connection: &mut Connection, id: StreamId, into: &mut [u8]) -> (usize, Way, bool) {
    let mut stream = connection.quinn.recv_stream(id);
    // It was stopped or has ended, and quinn has forgotten it.
    let Ok(mut chunks) = stream.read(true) else { return (0, Way::Ended, false) };
    let mut read = 0;
    let way = loop {
        let space = into.len() - read;
        if space == 0 {
            break Way::Open;
        }
        match chunks.next(space) {
            Ok(Some(chunk)) => {
                into[read..read + chunk.bytes.len()].copy_from_slice(&chunk.bytes);
                read += chunk.bytes.len();
            }
            Ok(None) => break Way::Ended,
            Err(ReadError::Blocked) => break Way::Open,
            Err(ReadError::Reset(_)) => break Way::Failed(ErrorKind::ConnectionReset),
        }
    };
    (read, way, chunks.finalize().should_transmit())
}

fn write_all(stream: &mut SendStream<'_>, slices: &[IoSlice<'_>]) -> Result<usize, ErrorKind> {
    let mut written = 0;
    for slice in slices.iter().filter(|slice| !slice.is_empty()) {
        match stream.write(slice) {
            Ok(n) => {
                written += n;
                if n < slice.len() {
                    break;
                }
            }
            Err(_) if written > 0 => break,
            Err(WriteError::Blocked) => return Err(ErrorKind::WouldBlock),
            Err(WriteError::Stopped(_) | WriteError::ClosedStream) => {
                return Err(ErrorKind::BrokenPipe);
            }
        }
    }
    Ok(written)
}
