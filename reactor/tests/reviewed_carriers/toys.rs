//! An endpoint whose streams are in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use readily::*;

use crate::house::House;
use crate::troupe::{Actor, Cue, Does, Troupe};

/// One stream, as its peer sees it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Line {
    id: Option<Id>,
    says: VecDeque<u8>,
    ended: bool,
    pub(crate) heard: Vec<u8>,
    pub(crate) finished: bool,
    pub(crate) released: Option<Release>,
    pub(crate) reads: usize,
    full: bool,
    taken: usize,
}

#[derive(Default)]
pub(crate) struct Lines {
    lines: Vec<Line>,
    events: VecDeque<StreamEvent>,
    mail: Option<u32>,
    late: Option<Vec<u8>>,
    /// How many bytes a stream takes before it refuses once.
    takes: Option<usize>,
}

/// An endpoint, and the test's hands on it.
#[derive(Clone, Default)]
pub(crate) struct Net(Rc<RefCell<Lines>>);

impl Net {
    /// The peer opens a stream.
    pub(crate) fn opened(&self, says: &[u8], ended: bool) -> u32 {
        let mut state = self.0.borrow_mut();
        let key = state.lines.len() as u32;
        let says = says.iter().copied().collect();
        state.lines.push(Line { says, ended, ..Line::default() });
        state.events.push_back(StreamEvent::Opened(StreamKey(key)));
        key
    }

    pub(crate) fn says(&self, key: u32, says: &[u8], ended: bool) {
        let mut state = self.0.borrow_mut();
        let line = &mut state.lines[key as usize];
        line.says.extend(says);
        line.ended |= ended;
        let event = line.id.map(StreamEvent::Readable);
        state.events.extend(event);
    }

    pub(crate) fn stream(&self, key: u32) -> Line {
        self.0.borrow().lines[key as usize].clone()
    }

    /// It mails that to the application with the next datagram.
    pub(crate) fn mails(&self, mail: u32) {
        self.0.borrow_mut().mail = Some(mail);
    }

    /// A stream is there after the next look for packets.
    pub(crate) fn opens_in_transmit(&self, says: &[u8]) {
        self.0.borrow_mut().late = Some(says.to_vec());
    }

    /// What was asked for is made.
    pub(crate) fn connects(&self) {
        let mut state = self.0.borrow_mut();
        let ids: Vec<Id> = state.lines.iter().filter_map(|line| line.id).collect();
        state.events.extend(ids.into_iter().map(StreamEvent::Connected));
    }

    /// A stream takes so much at once, then nothing until it is told.
    pub(crate) fn takes(&self, n: usize) {
        self.0.borrow_mut().takes = Some(n);
    }

    /// Streams that are not released take more.
    pub(crate) fn takes_more(&self) {
        let mut state = self.0.borrow_mut();
        let events = state.lines.iter_mut().filter(|line| line.full && line.released.is_none());
        let events: Vec<_> = events
            .filter_map(|line| {
                (line.full, line.taken) = (false, 0);
                line.id.map(StreamEvent::Writable)
            })
            .collect();
        state.events.extend(events);
    }

    pub(crate) fn lines(&self) -> usize {
        self.0.borrow().lines.len()
    }

    pub(crate) fn endpoint(&self) -> EndpointId {
        EndpointId(0)
    }

    pub(crate) fn at(&self) -> SocketAddr {
        ([10, 0, 0, 1], 443).into()
    }
}

pub(crate) fn client() -> SocketAddr {
    ([10, 9, 9, 9], 999).into()
}

impl Endpoint<Troupe> for Net {
    fn handle(&mut self, _: Datagram<'_>, desk: &mut Desk<'_, Troupe>) {
        if let Some(mail) = self.0.borrow_mut().mail.take() {
            desk.fx.mail(To::App, mail).expect("room");
        }
    }

    fn poll_transmit(
        &mut self,
        _: &mut Vec<u8>,
        _: usize,
        _: &mut Desk<'_, Troupe>,
    ) -> Option<Transmit> {
        let late = self.0.borrow_mut().late.take();
        if let Some(says) = late {
            self.opened(&says, true);
        }
        None
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(self)
    }
}

impl Streams for Net {
    fn poll_event(&mut self) -> Option<StreamEvent> {
        self.0.borrow_mut().events.pop_front()
    }

    fn origin(&self, _: StreamKey) -> Origin {
        let secured = Some(Secured { alpn: Some(b"toy"[..].into()), ..Secured::default() });
        Origin { address: client().into(), secured }
    }

    fn attach(&mut self, key: StreamKey, id: Id) {
        self.0.borrow_mut().lines[key.0 as usize].id = Some(id);
    }

    fn open(&mut self, _: SocketAddr, _: &str, id: Id, _: Instant) -> Result<StreamKey, ErrorKind> {
        let mut state = self.0.borrow_mut();
        state.lines.push(Line { id: Some(id), ..Line::default() });
        Ok(StreamKey(state.lines.len() as u32 - 1))
    }

    fn read(&mut self, key: StreamKey, into: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut state = self.0.borrow_mut();
        let line = &mut state.lines[key.0 as usize];
        line.reads += 1;
        if line.says.is_empty() {
            return if line.ended { Ok(0) } else { Err(ErrorKind::WouldBlock) };
        }
        let n = into.len().min(line.says.len());
        into.iter_mut().zip(line.says.drain(..n)).for_each(|(to, byte)| *to = byte);
        Ok(n)
    }

    fn write(&mut self, key: StreamKey, slices: &[IoSlice<'_>]) -> Result<usize, ErrorKind> {
        let mut state = self.0.borrow_mut();
        let takes = state.takes;
        let line = &mut state.lines[key.0 as usize];
        assert!(!line.finished && line.released.is_none(), "written after its end");
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let n = takes.map_or(all.len(), |takes| all.len().min(takes - line.taken));
        if n == 0 {
            line.full = true;
            return Err(ErrorKind::WouldBlock);
        }
        line.taken += n;
        line.heard.extend_from_slice(&all[..n]);
        Ok(n)
    }

    fn finish(&mut self, key: StreamKey) {
        let line = &mut self.0.borrow_mut().lines[key.0 as usize];
        assert!(!line.finished, "finished twice");
        line.finished = true;
    }

    fn release(&mut self, key: StreamKey, how: Release) {
        let line = &mut self.0.borrow_mut().lines[key.0 as usize];
        assert!(line.released.is_none(), "released twice");
        line.released = Some(how);
    }
}

/// A loop whose streams all do what `act` does.
pub(crate) fn served(act: fn(&mut Io<'_, Troupe>, Cue) -> Does) -> (House, Net) {
    served_with(Config::default(), act)
}

pub(crate) fn served_with(
    config: Config,
    act: fn(&mut Io<'_, Troupe>, Cue) -> Does,
) -> (House, Net) {
    let mut house = House::new(config, crate::troupe::echo);
    let net = Net::default();
    let bound = house
        .reactor
        .bind_streams(net.at(), Bind::default(), net.clone(), move |_, _| Some(Actor::new(act)));
    bound.expect("a port");
    house.settle();
    (house, net)
}

/// A datagram arrives, and the loop does what it does of it.
pub(crate) fn nudge(house: &mut House) {
    let at = SocketAddr::from(([10, 0, 0, 1], 443));
    house.sim().send_datagram(client(), at, b"x");
    house.settle();
}
