//! One connection: quinn's, and what is kept beside it.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{
    ConnectionError, Dir, Event, Side, StreamEvent, StreamId, Transmit, TransportErrorCode, VarInt,
};

use super::limits::{
    BROKEN, CLOSED, CLOSED_BY_PEER, ESTABLISHED, HANDSHAKE_TIMEOUT, IDLE, RESET_BY_PEER,
    STREAM_OPENED, STREAM_REFUSED,
};
use super::shared::Shared;
use super::validation::Unvalidated;

/// The code that says that nothing is wrong.
pub(super) const NO_ERROR: VarInt = VarInt::from_u32(0);
/// The code of a connection whose handshake took too long.
const SLOW: VarInt = VarInt::from_u32(1);
/// More datagrams in one piece than this do not fit the largest send (64 KiB) at every MTU.
const SEGMENTS_MAX: usize = 10;
/// In the place of a key: the loop has released the stream, and its last bytes are on their way.
const LINGERING: u32 = u32::MAX;

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// It must be over by then.
    Handshake(Instant),
    Established,
    /// Nothing more can be said on it; it is kept until it is drained.
    Lost(ErrorKind),
}

/// What the application's datagrams are to be told.
#[derive(Clone, Copy, Default)]
pub(super) struct News {
    pub(super) established: bool,
    pub(super) datagrams: bool,
}

/// What a connection of ours goes to: others to the same use it too.
pub(super) type Target = (SocketAddr, Box<str>);

pub(super) struct Connection {
    pub(super) quinn: quinn_proto::Connection,
    pub(super) stage: Stage,
    /// Where the handshake was made with. The address of a later path may not be validated.
    pub(super) remote: SocketAddr,
    pub(super) target: Option<Box<Target>>,
    /// While the peer's address is not proven.
    pub(super) unvalidated: Option<Box<Unvalidated>>,
    /// Whether it is in the queue of those that may have something to send.
    pub(super) dirty: bool,
    /// What the application's datagrams were not told yet.
    news: News,
    /// The time of its entry among the timers.
    pub(super) armed: Option<Instant>,
    /// The key of each stream, in the order of the streams.
    streams: Vec<(StreamId, u32)>,
    /// Streams that wait for the handshake, or for the peer to allow more.
    opening: VecDeque<u32>,
}

impl Connection {
    pub(super) fn new(quinn: quinn_proto::Connection, handshake_by: Instant) -> Self {
        Connection {
            remote: quinn.remote_address(),
            quinn,
            stage: Stage::Handshake(handshake_by),
            target: None,
            unvalidated: None,
            dirty: false,
            news: News::default(),
            armed: None,
            streams: Vec::new(),
            opening: VecDeque::new(),
        }
    }

    /// When it wants to be called.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        let quinn = self.quinn.poll_timeout();
        match self.stage {
            Stage::Handshake(by) => Some(quinn.map_or(by, |quinn| quinn.min(by))),
            _ => quinn,
        }
    }

    /// Its time has come.
    pub(super) fn expire(&mut self, at: u32, now: Instant, shared: &mut Shared) {
        if matches!(self.stage, Stage::Handshake(by) if by <= now) {
            shared.count(HANDSHAKE_TIMEOUT);
            let why = Bytes::from_static(b"the handshake took too long");
            self.quinn.close(now, SLOW, why);
            self.lose(at, ErrorKind::TimedOut, shared);
        }
        self.quinn.handle_timeout(now);
    }

    /// Ends it at once, in order as far as the connection goes.
    pub(super) fn close(&mut self, at: u32, now: Instant, shared: &mut Shared) {
        if !matches!(self.stage, Stage::Lost(_)) {
            shared.count(CLOSED);
            self.quinn.close(now, NO_ERROR, Bytes::new());
            self.lose(at, ErrorKind::ConnectionAborted, shared);
        }
    }

    /// Builds what it has to send next.
    pub(super) fn transmit(
        &mut self,
        now: Instant,
        segments: usize,
        into: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let mut segments = segments.clamp(1, SEGMENTS_MAX);
        if let Some(unvalidated) = &self.unvalidated {
            segments = segments.min(unvalidated.allowance(self.quinn.current_mtu()));
        }
        if segments == 0 {
            return None;
        }
        let transmit = self.quinn.poll_transmit(now, segments, into)?;
        if let Some(unvalidated) = &mut self.unvalidated {
            unvalidated.send(transmit.size);
        }
        Some(transmit)
    }

    /// Accounts for a datagram of this connection.
    pub(super) fn receive(&mut self, from: SocketAddr, bytes: &[u8]) {
        if let Some(unvalidated) = &mut self.unvalidated
            && from == self.remote
            && unvalidated.receive(bytes)
        {
            self.unvalidated = None;
        }
    }

    /// Takes what quinn has to tell.
    pub(super) fn on_event(&mut self, at: u32, event: Event, shared: &mut Shared) {
        match event {
            Event::Connected => self.establish(at, shared),
            Event::ConnectionLost { reason } => self.fail(at, &reason, shared),
            Event::Stream(event) => self.on_stream_event(at, event, shared),
            Event::DatagramReceived => self.news.datagrams = true,
            Event::HandshakeDataReady | Event::DatagramsUnblocked => {}
        }
    }

    /// Waits for a stream of ours.
    pub(super) fn open(&mut self, key: u32, shared: &mut Shared) {
        self.opening.push_back(key);
        self.open_next(shared);
    }

    /// Does not wait for it any more.
    pub(super) fn forget_opening(&mut self, key: u32) {
        self.opening.retain(|waiting| *waiting != key);
    }

    /// The loop has released a stream; what was written is still delivered if it `lingers`.
    pub(super) fn release(&mut self, id: StreamId, lingers: bool, shared: &mut Shared) {
        let Ok(place) = self.place(id) else { return };
        if lingers {
            self.streams[place].1 = LINGERING;
            shared.owing += 1;
        } else {
            self.streams.remove(place);
        }
    }

    /// The keys of the streams that the loop has not released, when the connection is dropped.
    pub(super) fn keys(&self) -> impl Iterator<Item = u32> + '_ {
        self.streams.iter().map(|(_, key)| *key)
    }

    fn establish(&mut self, at: u32, shared: &mut Shared) {
        if !matches!(self.stage, Stage::Handshake(_)) {
            return;
        }
        self.leave_handshake(shared);
        self.stage = Stage::Established;
        self.remote = self.quinn.remote_address();
        self.unvalidated = None;
        self.news.established = true;
        shared.count(ESTABLISHED);
        shared.mark_dirty(at, &mut self.dirty);
        self.open_next(shared);
    }

    fn fail(&mut self, at: u32, reason: &ConnectionError, shared: &mut Shared) {
        if matches!(self.stage, Stage::Lost(_)) {
            return;
        }
        let (name, why) = told(reason);
        shared.count(name);
        self.lose(at, why, shared);
    }

    /// Tells all streams that there is no connection any more.
    fn lose(&mut self, at: u32, why: ErrorKind, shared: &mut Shared) {
        self.leave_handshake(shared);
        self.stage = Stage::Lost(why);
        self.opening.drain(..).for_each(|key| shared.streams.unreachable(key, why));
        let all = self.streams.len();
        self.streams.retain(|(_, key)| *key != LINGERING);
        shared.owing -= all - self.streams.len();
        self.keys().for_each(|key| shared.streams.lost(key, why));
        if let Some(target) = &self.target
            && shared.targets.get(&**target) == Some(&at)
        {
            shared.targets.remove(&**target);
        }
        shared.mark_dirty(at, &mut self.dirty);
    }

    fn leave_handshake(&mut self, shared: &mut Shared) {
        if matches!(self.stage, Stage::Handshake(_)) && self.quinn.side() == Side::Server {
            shared.half_open -= 1;
        }
    }

    fn on_stream_event(&mut self, at: u32, event: StreamEvent, shared: &mut Shared) {
        match event {
            StreamEvent::Opened { dir } => self.accept(at, dir, shared),
            StreamEvent::Available { .. } => self.open_next(shared),
            StreamEvent::Readable { id } => {
                if let Some(key) = self.key(id) {
                    shared.streams.readable(key);
                }
            }
            StreamEvent::Writable { id } => {
                if let Some(key) = self.key(id) {
                    shared.streams.writable(key);
                }
            }
            StreamEvent::Finished { id } => self.on_finished(id, shared),
            StreamEvent::Stopped { id, error_code } => self.on_stopped(at, id, error_code, shared),
        }
    }

    fn accept(&mut self, at: u32, dir: Dir, shared: &mut Shared) {
        while let Some(id) = self.quinn.streams().accept(dir) {
            if dir == Dir::Bi && !shared.draining {
                let key = shared.streams.opened(at, id);
                self.insert(id, key);
                shared.count(STREAM_OPENED);
                continue;
            }
            shared.count(STREAM_REFUSED);
            // Both fail only where there is nothing left to refuse.
            let _ = self.quinn.recv_stream(id).stop(NO_ERROR);
            if dir == Dir::Bi {
                let _ = self.quinn.send_stream(id).reset(NO_ERROR);
            }
            shared.mark_dirty(at, &mut self.dirty);
        }
    }

    fn open_next(&mut self, shared: &mut Shared) {
        while self.stage == Stage::Established
            && let Some(&key) = self.opening.front()
            && let Some(id) = self.quinn.streams().open(Dir::Bi)
        {
            self.opening.pop_front();
            self.insert(id, key);
            shared.streams.connected(key, id);
        }
    }

    /// All that was written on a stream has arrived.
    fn on_finished(&mut self, id: StreamId, shared: &mut Shared) {
        let Ok(place) = self.place(id) else { return };
        match self.streams[place].1 {
            LINGERING => {
                self.streams.remove(place);
                shared.owing -= 1;
            }
            key => {
                if let Some(stream) = shared.streams.of_mut(key) {
                    stream.delivered = true;
                }
            }
        }
    }

    /// The peer does not want what is written on a stream: it is told where that ends (RFC 9000,
    /// section 3.5).
    fn on_stopped(&mut self, at: u32, id: StreamId, code: VarInt, shared: &mut Shared) {
        let _ = self.quinn.send_stream(id).reset(code);
        shared.mark_dirty(at, &mut self.dirty);
        let Ok(place) = self.place(id) else { return };
        match self.streams[place].1 {
            LINGERING => {
                self.streams.remove(place);
                shared.owing -= 1;
            }
            key => shared.streams.stopped(key),
        }
    }

    fn key(&self, id: StreamId) -> Option<u32> {
        let (_, key) = self.streams[self.place(id).ok()?];
        (key != LINGERING).then_some(key)
    }

    fn insert(&mut self, id: StreamId, key: u32) {
        if let Err(place) = self.place(id) {
            self.streams.insert(place, (id, key));
        }
    }

    fn place(&self, id: StreamId) -> Result<usize, usize> {
        self.streams.binary_search_by_key(&id, |(known, _)| *known)
    }

    /// What has happened for the application's datagrams since this was asked.
    pub(super) fn take_news(&mut self) -> News {
        mem::take(&mut self.news)
    }
}

/// Why a connection was lost, as it is counted and as a stream sees it.
fn told(reason: &ConnectionError) -> (&'static str, ErrorKind) {
    match reason {
        ConnectionError::TimedOut => (IDLE, ErrorKind::TimedOut),
        ConnectionError::Reset => (RESET_BY_PEER, ErrorKind::ConnectionReset),
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::CONNECTION_REFUSED =>
        {
            (CLOSED_BY_PEER, ErrorKind::ConnectionRefused)
        }
        ConnectionError::ConnectionClosed(_) | ConnectionError::ApplicationClosed(_) => {
            (CLOSED_BY_PEER, ErrorKind::ConnectionAborted)
        }
        ConnectionError::LocallyClosed => (CLOSED, ErrorKind::ConnectionAborted),
        ConnectionError::VersionMismatch => (BROKEN, ErrorKind::Unsupported),
        ConnectionError::TransportError(_) => (BROKEN, ErrorKind::InvalidData),
        ConnectionError::CidsExhausted => (BROKEN, ErrorKind::Other),
    }
}
