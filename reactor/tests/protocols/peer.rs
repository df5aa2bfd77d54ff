//! A QUIC client of the outside world: an endpoint that is driven by hand.

use std::io::{ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use readily::quic::{Limits, Quic, Secrets};
use readily::sys::Sys;
use readily::sys::sim::Sim;
use readily::{
    Alone, Datagram, Desk, Effects, Endpoint, Id, Never, Outbox, Release, StreamEvent, StreamKey,
    Streams,
};
use rustls::version::TLS13;

use crate::keys::{self, NAME};

type App = Alone<Never>;

/// How much one read takes.
const READ: usize = 10_000;

/// One client, and its streams in the order in which they were opened.
pub(crate) struct Peer {
    pub(crate) at: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) quic: Quic,
    fx: Effects<App>,
    pub(crate) calls: Vec<Call>,
    /// Its process is gone: nothing is sent or received any more.
    pub(crate) vanished: bool,
}

/// One stream, as the client sees it.
pub(crate) struct Call {
    key: StreamKey,
    pub(crate) connected: bool,
    says: Vec<u8>,
    pub(crate) said: usize,
    /// Whether it ends its half when it has said all.
    finishes: bool,
    finished: bool,
    pub(crate) heard: Vec<u8>,
    /// How the server's half has ended.
    pub(crate) ended: Option<Result<(), ErrorKind>>,
    /// Why no more can be said.
    pub(crate) refused: Option<ErrorKind>,
    /// Whether it reads.
    pub(crate) listens: bool,
    released: bool,
}

impl Call {
    /// Says more.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.says.extend_from_slice(bytes);
    }

    /// How much it was given to say.
    pub(crate) fn given(&self) -> usize {
        self.says.len()
    }

    /// Ends its half behind all that it says.
    pub(crate) fn finish(&mut self) {
        self.finishes = true;
    }

    /// Whether it heard all of this and then the end.
    pub(crate) fn has_heard(&self, all: &[u8]) -> bool {
        self.ended == Some(Ok(())) && self.heard == all
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (says, heard) = (self.says.len(), self.heard.len());
        write!(f, "{:?} connected {} said {}/{says}", self.key, self.connected, self.said)?;
        write!(f, " finished {} heard {heard} ended {:?}", self.finished, self.ended)?;
        write!(f, " refused {:?} listens {}", self.refused, self.listens)
    }
}

impl Peer {
    /// The client with this number, and no connection.
    pub(crate) fn new(number: u16, sim: &Sim, to: SocketAddr, limits: Limits) -> Peer {
        let mut seed = [7; 32];
        seed[..2].copy_from_slice(&number.to_le_bytes());
        let secrets = Secrets::fixed(seed);
        let quic = Quic::client(keys::client(&[&TLS13]), secrets, limits).expect("an endpoint");
        let outbox = Arc::new(Outbox::new(0, Box::new(|| ())));
        let fx = Effects::new(sim.start(), SystemTime::UNIX_EPOCH, 1, outbox);
        let [high, low] = number.to_be_bytes();
        let at = SocketAddr::from(([10, 8, high, low], 4433));
        let mut peer = Peer { at, to, quic, fx, calls: Vec::new(), vanished: false };
        peer.set_time(sim);
        peer
    }

    /// Opens a stream; it is the last of the calls.
    pub(crate) fn call(&mut self, sim: &Sim, says: &[u8]) -> &mut Call {
        self.set_time(sim);
        let id = Id { index: self.calls.len() as u32, generation: 1 };
        let (to, now) = (self.to, self.fx.now());
        let key = streams(&mut self.quic).open(to, NAME, id, now).expect("a stream");
        self.calls.push(Call {
            key,
            connected: false,
            says: says.to_vec(),
            said: 0,
            finishes: false,
            finished: false,
            heard: Vec::new(),
            ended: None,
            refused: None,
            listens: true,
            released: false,
        });
        self.calls.last_mut().expect("it was pushed")
    }

    /// Gives a stream up.
    pub(crate) fn release(&mut self, call: usize, how: Release) {
        let call = &mut self.calls[call];
        if !std::mem::replace(&mut call.released, true) {
            streams(&mut self.quic).release(call.key, how);
        }
    }

    /// Closes all of its connections.
    pub(crate) fn close(&mut self, sim: &mut Sim) {
        self.set_time(sim);
        self.quic.close(&mut Desk { app: &mut App::new(), fx: &mut self.fx });
        self.transmit(sim);
    }

    /// Takes in what has arrived, lets each call go on, and sends what there is.
    pub(crate) fn turn(&mut self, sim: &mut Sim) {
        self.set_time(sim);
        let came = sim.take_datagrams(self.at);
        if self.vanished {
            return;
        }
        for (from, mut bytes) in came {
            let datagram = Datagram { from, to: Some(self.at.ip()), ecn: None, bytes: &mut bytes };
            self.quic.handle(datagram, &mut Desk { app: &mut App::new(), fx: &mut self.fx });
        }
        if self.deadline().is_some_and(|deadline| deadline <= self.fx.now()) {
            self.quic.expire(&mut Desk { app: &mut App::new(), fx: &mut self.fx });
        }
        while let Some(event) = streams(&mut self.quic).poll_event() {
            self.note(event);
        }
        self.calls.iter_mut().for_each(|call| call.go_on(streams(&mut self.quic)));
        self.transmit(sim);
    }

    /// How long until it wants its turn.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let deadline = self.deadline().filter(|_| !self.vanished);
        deadline.map(|at| at.saturating_duration_since(self.fx.now()))
    }

    /// How often it counted that.
    pub(crate) fn tally(&self, name: &str) -> u64 {
        self.fx.tally().of(name)
    }

    fn deadline(&self) -> Option<Instant> {
        Endpoint::<App>::deadline(&self.quic)
    }

    fn set_time(&mut self, sim: &Sim) {
        self.fx.set_nanos(sim.nanos());
        self.fx.set_wall(sim.wall());
    }

    fn note(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Connected(id) => self.calls[id.index as usize].connected = true,
            StreamEvent::Unreachable(id, why) => {
                let call = &mut self.calls[id.index as usize];
                (call.ended, call.refused) = (Some(Err(why)), Some(why));
            }
            // Each call is tried anyway.
            StreamEvent::Readable(_) | StreamEvent::Writable(_) => {}
            StreamEvent::Opened(key) => panic!("a server opened {key:?}"),
        }
    }

    fn transmit(&mut self, sim: &mut Sim) {
        let mut into = Vec::new();
        loop {
            into.clear();
            let mut app = App::new();
            let mut desk = Desk { app: &mut app, fx: &mut self.fx };
            let Some(transmit) = self.quic.poll_transmit(&mut into, 10, &mut desk) else { return };
            for piece in into.chunks(transmit.segment.unwrap_or(into.len()).max(1)) {
                sim.send_datagram(self.at, transmit.to, piece);
            }
        }
    }
}

impl Call {
    fn go_on(&mut self, streams: &mut dyn Streams) {
        if self.released || !self.connected {
            return;
        }
        while self.said < self.says.len() && self.refused.is_none() {
            match streams.write(self.key, &[IoSlice::new(&self.says[self.said..])]) {
                Ok(n) => self.said += n,
                Err(ErrorKind::WouldBlock) => break,
                Err(why) => self.refused = Some(why),
            }
        }
        if self.finishes && self.said == self.says.len() && !self.finished {
            self.finished = true;
            streams.finish(self.key);
        }
        while self.listens && self.ended.is_none() {
            let mut into = [0; READ];
            match streams.read(self.key, &mut into) {
                Ok(0) => self.ended = Some(Ok(())),
                Ok(n) => self.heard.extend_from_slice(&into[..n]),
                Err(ErrorKind::WouldBlock) => break,
                Err(why) => self.ended = Some(Err(why)),
            }
        }
    }
}

fn streams(quic: &mut Quic) -> &mut dyn Streams {
    Endpoint::<App>::streams(quic).expect("it has streams")
}
