//! The streams of all connections, by the keys that the loop knows them by, and what is to be told.

use std::collections::VecDeque;
use std::io::ErrorKind;

use quinn_proto::StreamId;

use crate::contract::{Id, StreamEvent, StreamKey};

/// No connection: it is gone, and only the failure is left.
pub(super) const GONE: u32 = u32::MAX;

/// How far one direction of a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Open,
    /// It ended in order.
    Ended,
    Failed(ErrorKind),
}

/// One stream, as long as the loop has not released it.
#[derive(Debug)]
pub(super) struct Stream {
    /// Its connection's place, or [`GONE`].
    pub(super) connection: u32,
    /// What quinn knows it by; none while it waits to be opened.
    pub(super) quinn: Option<StreamId>,
    pub(super) read: Way,
    pub(super) write: Way,
    /// Whether all that was written, and the end, has arrived at the peer.
    pub(super) delivered: bool,
    /// Why its connection failed, if it has.
    pub(super) lost: Option<ErrorKind>,
    id: Option<Id>,
    /// Whether the event waits to be told.
    readable: bool,
    writable: bool,
}

#[derive(Debug)]
enum What {
    Opened,
    Connected,
    Unreachable(ErrorKind),
    Readable,
    Writable,
}

#[derive(Debug)]
struct Entry {
    /// Tells occupants of one place apart, so that no event reaches a later one.
    generation: u32,
    stream: Option<Stream>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    free: Vec<u32>,
    events: VecDeque<(u32, u32, What)>,
}

impl Table {
    /// Makes room for a stream that the peer has opened, and says so.
    pub(super) fn opened(&mut self, connection: u32, quinn: StreamId) -> u32 {
        let key = self.insert(connection, Some(quinn), None);
        self.push(key, What::Opened);
        key
    }

    /// Makes room for a stream that is to be opened for `id`.
    pub(super) fn opening(&mut self, connection: u32, id: Id) -> u32 {
        self.insert(connection, None, Some(id))
    }

    pub(super) fn of(&self, key: u32) -> Option<&Stream> {
        self.entries.get(key as usize)?.stream.as_ref()
    }

    pub(super) fn of_mut(&mut self, key: u32) -> Option<&mut Stream> {
        self.entries.get_mut(key as usize)?.stream.as_mut()
    }

    /// Names the connection of the loop; what the peer has sent already can be read.
    pub(super) fn attach(&mut self, key: u32, id: Id) {
        if let Some(stream) = self.of_mut(key) {
            stream.id = Some(id);
            self.readable(key);
        }
    }

    /// Forgets a stream; nothing is told of it any more.
    pub(super) fn remove(&mut self, key: u32) -> Option<Stream> {
        let entry = self.entries.get_mut(key as usize)?;
        let stream = entry.stream.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(key);
        Some(stream)
    }

    /// A stream that was waited for is there.
    pub(super) fn connected(&mut self, key: u32, quinn: StreamId) {
        if let Some(stream) = self.of_mut(key) {
            stream.quinn = Some(quinn);
            self.push(key, What::Connected);
        }
    }

    /// A stream that was waited for will not be.
    pub(super) fn unreachable(&mut self, key: u32, why: ErrorKind) {
        if let Some(stream) = self.of_mut(key) {
            stream.fail(why);
            stream.connection = GONE;
            self.push(key, What::Unreachable(why));
        }
    }

    /// The connection of a stream has failed; what has arrived can still be read.
    pub(super) fn lost(&mut self, key: u32, why: ErrorKind) {
        if let Some(stream) = self.of_mut(key) {
            stream.lost = Some(why);
            self.readable(key);
            self.writable(key);
        }
    }

    /// The connection of a stream is no more.
    pub(super) fn gone(&mut self, key: u32, why: ErrorKind) {
        if let Some(stream) = self.of_mut(key) {
            stream.fail(why);
            stream.connection = GONE;
        }
    }

    /// The peer does not want what is written.
    pub(super) fn stopped(&mut self, key: u32) {
        if let Some(stream) = self.of_mut(key) {
            stream.write = Way::Failed(ErrorKind::BrokenPipe);
            self.writable(key);
        }
    }

    pub(super) fn readable(&mut self, key: u32) {
        let fresh = self.of_mut(key).filter(|s| s.id.is_some() && !s.readable);
        if let Some(stream) = fresh {
            stream.readable = true;
            self.push(key, What::Readable);
        }
    }

    pub(super) fn writable(&mut self, key: u32) {
        let fresh = self.of_mut(key).filter(|s| s.id.is_some() && !s.writable);
        if let Some(stream) = fresh {
            stream.writable = true;
            self.push(key, What::Writable);
        }
    }

    /// What is to be told next.
    pub(super) fn poll(&mut self) -> Option<StreamEvent> {
        while let Some((key, generation, what)) = self.events.pop_front() {
            let Some(entry) = self.entries.get_mut(key as usize) else { continue };
            let Some(stream) = entry.stream.as_mut().filter(|_| entry.generation == generation)
            else {
                continue;
            };
            let (opened, id) = (matches!(what, What::Opened), stream.id);
            // Nobody has heard of it, and there is nothing left to hear from it.
            if opened && stream.connection == GONE {
                self.remove(key);
                continue;
            }
            let event = match (what, id) {
                (What::Opened, _) => StreamEvent::Opened(StreamKey(key)),
                (What::Connected, Some(id)) => StreamEvent::Connected(id),
                (What::Unreachable(why), Some(id)) => StreamEvent::Unreachable(id, why),
                (What::Readable, Some(id)) => {
                    stream.readable = false;
                    StreamEvent::Readable(id)
                }
                (What::Writable, Some(id)) => {
                    stream.writable = false;
                    StreamEvent::Writable(id)
                }
                (_, None) => continue,
            };
            return Some(event);
        }
        None
    }

    /// How many streams are not released.
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    fn insert(&mut self, connection: u32, quinn: Option<StreamId>, id: Option<Id>) -> u32 {
        let stream = Stream {
            connection,
            quinn,
            read: Way::Open,
            write: Way::Open,
            delivered: false,
            lost: None,
            id,
            readable: false,
            writable: false,
        };
        match self.free.pop() {
            Some(key) => {
                self.entries[key as usize].stream = Some(stream);
                key
            }
            None => {
                self.entries.push(Entry { generation: 0, stream: Some(stream) });
                self.entries.len() as u32 - 1
            }
        }
    }

    fn push(&mut self, key: u32, what: What) {
        let generation = self.entries[key as usize].generation;
        self.events.push_back((key, generation, what));
    }
}

impl Stream {
    /// Leaves nothing but the failure; an end that was read stays one.
    fn fail(&mut self, why: ErrorKind) {
        self.lost = Some(why);
        for way in [&mut self.read, &mut self.write] {
            if *way == Way::Open {
                *way = Way::Failed(why);
            }
        }
    }
}
