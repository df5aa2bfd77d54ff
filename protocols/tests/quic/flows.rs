//! What is done on streams: an echo, and one who sends, reads back and compares.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IoSlice};

use readily_protocols::contract::{Id, Release, StreamEvent, StreamKey, Streams};
use readily_protocols::quic::Datagrams;

use crate::world::{App, NAME, Node, at};

/// The byte at a place of what is sent.
fn pattern(place: usize) -> u8 {
    (place ^ (place >> 7) ^ (place >> 15)) as u8
}

#[derive(Debug)]
enum Role {
    /// Sends back what comes.
    Echo,
    /// Sends so many bytes, and expects them back.
    Ask(usize),
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Flow {
    key: StreamKey,
    role: Role,
    connected: bool,
    /// Whether it reads nothing for the time being.
    pub(crate) paused: bool,
    pub(crate) sent: usize,
    pub(crate) received: usize,
    waiting: Vec<u8>,
    ended: bool,
    finished: bool,
    pub(crate) over: Option<Result<(), ErrorKind>>,
}

/// All streams of a node.
#[derive(Default, Debug)]
pub(crate) struct Flows {
    pub(crate) all: BTreeMap<Id, Flow>,
    next: u32,
    /// Whether streams that peers open start out paused.
    pub(crate) pause_new: bool,
}

impl Flows {
    /// Opens a stream to node 0 that asks for `bytes` to be echoed.
    pub(crate) fn ask<D: Datagrams<App>>(&mut self, node: &mut Node<D>, bytes: usize) -> Id {
        self.ask_as(node, NAME, bytes)
    }

    /// The same under another name of the server's.
    pub(crate) fn ask_as<D: Datagrams<App>>(
        &mut self,
        node: &mut Node<D>,
        name: &str,
        bytes: usize,
    ) -> Id {
        let (id, now) = (self.id(), node.now());
        match node.streams().open(at(0), name, id, now) {
            Ok(key) => self.all.insert(id, Flow::new(key, Role::Ask(bytes))),
            Err(why) => panic!("not even tried: {why}"),
        };
        id
    }

    /// Does all that can be done.
    pub(crate) fn turn<D: Datagrams<App>>(&mut self, node: &mut Node<D>) {
        let streams = node.streams();
        while let Some(event) = streams.poll_event() {
            let id = match event {
                StreamEvent::Opened(key) => {
                    let id = self.id();
                    let flow = Flow { connected: true, ..Flow::new(key, Role::Echo) };
                    self.all.insert(id, Flow { paused: self.pause_new, ..flow });
                    assert!(streams.origin(key).secured.is_some());
                    streams.attach(key, id);
                    id
                }
                StreamEvent::Connected(id) => {
                    self.flow(id).connected = true;
                    id
                }
                StreamEvent::Unreachable(id, why) => {
                    self.flow(id).end(streams, Err(why));
                    continue;
                }
                StreamEvent::Readable(id) | StreamEvent::Writable(id) => id,
            };
            let flow = self.flow(id);
            assert!(flow.connected, "told before it was connected");
            flow.advance(streams);
        }
    }

    /// All read on.
    pub(crate) fn resume<D: Datagrams<App>>(&mut self, node: &mut Node<D>) {
        self.pause_new = false;
        for flow in self.all.values_mut() {
            flow.paused = false;
            flow.advance(node.streams());
        }
    }

    /// How each of them ended, in order; not at all yet where it says nothing.
    pub(crate) fn ends(&self) -> Vec<Option<Result<(), ErrorKind>>> {
        self.all.values().map(|flow| flow.over).collect()
    }

    pub(crate) fn all_over(&self) -> bool {
        self.all.values().all(|flow| flow.over.is_some())
    }

    /// All of them ended well.
    pub(crate) fn all_well(&self) -> bool {
        self.all.values().all(|flow| flow.over == Some(Ok(())))
    }

    fn flow(&mut self, id: Id) -> &mut Flow {
        let flow = self.all.get_mut(&id).expect("an event names a stream that is there");
        assert!(flow.over.is_none(), "an event names {id}, which was released");
        flow
    }

    fn id(&mut self) -> Id {
        self.next += 1;
        Id { index: self.next, generation: 1 }
    }
}

impl Flow {
    fn new(key: StreamKey, role: Role) -> Flow {
        Flow {
            key,
            role,
            connected: false,
            paused: false,
            sent: 0,
            received: 0,
            waiting: Vec::new(),
            ended: false,
            finished: false,
            over: None,
        }
    }

    fn advance(&mut self, streams: &mut dyn Streams) {
        if self.over.is_some() || !self.connected {
            return;
        }
        match self.work(streams) {
            Ok(()) if self.ended && self.finished => self.end(streams, Ok(())),
            Ok(()) => {}
            Err(why) => self.end(streams, Err(why)),
        }
    }

    fn end(&mut self, streams: &mut dyn Streams, how: Result<(), ErrorKind>) {
        self.over = Some(how);
        let release = if how.is_ok() { Release::InOrder } else { Release::Reset };
        streams.release(self.key, release);
    }

    fn work(&mut self, streams: &mut dyn Streams) -> Result<(), ErrorKind> {
        loop {
            let wrote = self.write(streams)?;
            let read = self.read(streams)?;
            if !wrote && !read {
                return Ok(());
            }
        }
    }

    /// Writes in two slices, as the loop does.
    fn write(&mut self, streams: &mut dyn Streams) -> Result<bool, ErrorKind> {
        if let Role::Ask(bytes) = self.role
            && self.waiting.is_empty()
        {
            let end = bytes.min(self.sent + 16 * 1024);
            self.waiting.extend((self.sent..end).map(pattern));
        }
        let all_there = match self.role {
            Role::Echo => self.ended,
            Role::Ask(_) => self.waiting.is_empty(),
        };
        if all_there && self.waiting.is_empty() && !self.finished {
            self.finished = true;
            streams.finish(self.key);
        }
        if self.waiting.is_empty() {
            return Ok(false);
        }
        let (first, second) = self.waiting.split_at(self.waiting.len() / 3);
        match streams.write(self.key, &[IoSlice::new(first), IoSlice::new(second)]) {
            Ok(n) => {
                self.sent += n;
                self.waiting.drain(..n);
                Ok(true)
            }
            Err(ErrorKind::WouldBlock) => Ok(false),
            Err(why) => Err(why),
        }
    }

    fn read(&mut self, streams: &mut dyn Streams) -> Result<bool, ErrorKind> {
        // An echo takes no more than it has sent back.
        let held = matches!(self.role, Role::Echo) && !self.waiting.is_empty();
        if self.paused || self.ended || held {
            return Ok(false);
        }
        let mut into = [0; 5000];
        let n = match streams.read(self.key, &mut into) {
            Ok(n) => n,
            Err(ErrorKind::WouldBlock) => return Ok(false),
            Err(why) => return Err(why),
        };
        self.ended = n == 0;
        match self.role {
            Role::Echo => self.waiting.extend_from_slice(&into[..n]),
            Role::Ask(bytes) => {
                let wrong = (self.received..).zip(&into[..n]).find(|(at, b)| pattern(*at) != **b);
                assert_eq!(wrong, None);
                assert!(self.received + n <= bytes && (n > 0 || self.received == bytes));
            }
        }
        self.received += n;
        Ok(true)
    }
}
