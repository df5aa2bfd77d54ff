//! The loop over all connections.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::histogram::Histogram;
use readily_benches::summary::Summary;
use readily_benches::talk::Talk;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::connection::{Answer, Connection};
use crate::exchange::{Script, Then, Verify};
use crate::wire::{Dialer, Wire};

/// Connections opened before each of them has had an answer: below every server's backlog.
const WAVE: usize = 64;
const EVENTS: usize = 1024;
const SCRATCH: usize = 64 * 1024;
const SIGNAL: u64 = u64::MAX;

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    /// TLS, for servers with a certificate of this file.
    pub(crate) trust: Option<PathBuf>,
    pub(crate) talk: Talk,
    /// Connections that share `requests`.
    pub(crate) connections: usize,
    /// Further connections, with one round trip each.
    pub(crate) idle: usize,
    /// Round trips over all `connections`, the first of each included.
    pub(crate) requests: u64,
    pub(crate) verify: Verify,
    /// How long nothing may happen.
    pub(crate) stall: Duration,
}

/// All connections and the loop that drives them.
pub(crate) struct Client {
    plan: Plan,
    dialer: Dialer,
    script: Script,
    epoll: OwnedFd,
    events: Vec<Event>,
    scratch: Vec<u8>,
    connections: Vec<Connection>,
    /// Connections with round trips left.
    outstanding: usize,
    round_trips: u64,
    latencies: Histogram,
}

impl Client {
    /// Opens every connection, with one round trip on each.
    pub(crate) fn open(plan: Plan) -> Result<Self, Failure> {
        let mut client = Self {
            dialer: Dialer::new(plan.connect, plan.stall, plan.trust.as_deref())?,
            script: Script::new(plan.talk, plan.verify),
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            scratch: vec![0; SCRATCH],
            connections: Vec::with_capacity(plan.connections + plan.idle),
            outstanding: 0,
            round_trips: 0,
            latencies: Histogram::new(),
            plan,
        };
        // The idle ones first: they are older than every request, as they would be in service.
        let total = client.plan.idle + client.plan.connections;
        while client.connections.len() < total {
            let wave = client.connections.len()..total.min(client.connections.len() + WAVE);
            for index in wave {
                client.connect(index)?;
            }
            client.settle()?;
        }
        Ok(client)
    }

    /// Does the round trips that are left, and reports.
    pub(crate) fn run(&mut self) -> Result<Summary, Failure> {
        // Only what follows is timed.
        self.latencies = Histogram::new();
        let opening = self.round_trips;
        let start = Instant::now();
        for index in 0..self.plan.connections {
            let quota = self.quota(index);
            self.begin(self.plan.idle + index, quota - 1)?;
        }
        self.settle()?;
        let timed = self.round_trips - opening;
        let micros = |duration: Duration| duration.as_nanos() as f64 / 1_000.0;
        Ok(Summary {
            round_trips: self.round_trips,
            per_second: timed as f64 / start.elapsed().as_secs_f64(),
            p50_us: micros(self.latencies.quantile(0.5)),
            p99_us: micros(self.latencies.quantile(0.99)),
            max_us: micros(self.latencies.max()),
        })
    }

    /// Keeps every connection open until `terminate` is readable.
    pub(crate) fn hold(&mut self, terminate: &UnixStream) -> Result<(), Failure> {
        epoll::add(&self.epoll, terminate, EventData::new_u64(SIGNAL), EventFlags::IN)?;
        while !self.turn(None)? {}
        Ok(())
    }

    fn connect(&mut self, index: usize) -> Result<(), Failure> {
        let wire = self.dial(index)?;
        self.connections.push(Connection::new(wire, index, &self.script));
        self.register(index)?;
        self.begin(index, 1)
    }

    /// Puts a new connection in the place of one that the server is about to close.
    fn reconnect(&mut self, index: usize) -> Result<(), Failure> {
        let wire = self.dial(index)?;
        // This closes the old one, which leaves epoll by that.
        self.connections[index].replace(wire, &self.script);
        self.register(index)
    }

    fn dial(&self, index: usize) -> Result<Wire, Failure> {
        self.dialer.dial().map_err(|failure| failure.during(&format!("connection {index}")))
    }

    fn register(&self, index: usize) -> Result<(), Failure> {
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let data = EventData::new_u64(index as u64);
        Ok(epoll::add(&self.epoll, self.connections[index].socket(), data, interest)?)
    }

    fn begin(&mut self, index: usize, round_trips: u64) -> Result<(), Failure> {
        if round_trips == 0 {
            return Ok(());
        }
        self.outstanding += 1;
        self.connections[index].begin(round_trips, &self.script)
    }

    /// Round trips of one busy connection: an equal share, the rest to the first ones.
    fn quota(&self, index: usize) -> u64 {
        let connections = self.plan.connections as u64;
        let rest = self.plan.requests % connections;
        self.plan.requests / connections + u64::from((index as u64) < rest)
    }

    /// Turns until no connection has a round trip left.
    fn settle(&mut self) -> Result<(), Failure> {
        let stall = Timespec::try_from(self.plan.stall)
            .map_err(|_| Failure::failed("--stall is too long"))?;
        while self.outstanding > 0 {
            self.turn(Some(&stall))?;
        }
        Ok(())
    }

    /// Waits for events and serves them; tells whether the signal was among them.
    fn turn(&mut self, stall: Option<&Timespec>) -> Result<bool, Failure> {
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), stall) {
            Ok(0) => {
                return Err(Failure::failed(format!(
                    "nothing for {} s, {} of {} connections wait after {} round trips",
                    self.plan.stall.as_secs(),
                    self.outstanding,
                    self.connections.len(),
                    self.round_trips
                )));
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let mut signalled = false;
        for at in 0..self.events.len() {
            let Event { flags, data, .. } = self.events[at];
            if data.u64() == SIGNAL {
                signalled = true;
            } else {
                self.serve(data.u64() as usize, flags)?;
            }
        }
        Ok(signalled)
    }

    fn serve(&mut self, index: usize, ready: EventFlags) -> Result<(), Failure> {
        self.connections[index].flush(&self.script)?;
        if !ready.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
        {
            return Ok(());
        }
        loop {
            let connection = &mut self.connections[index];
            match connection.read(&self.script, &mut self.scratch)? {
                // A read may have ended a TLS handshake, which the message waited for.
                Answer::Partial { drained: true } => return connection.flush(&self.script),
                Answer::Partial { drained: false } => {}
                Answer::Whole(latency, then) => {
                    self.latencies.record(latency);
                    self.round_trips += 1;
                    if connection.is_finished() {
                        self.outstanding -= 1;
                    }
                    if then == Then::Close {
                        self.reconnect(index)?;
                    }
                    self.connections[index].next(&self.script)?;
                    // An end of stream in the same event has no event of its own.
                    if then == Then::Close || !ready.contains(EventFlags::RDHUP) {
                        return Ok(());
                    }
                }
            }
        }
    }
}
