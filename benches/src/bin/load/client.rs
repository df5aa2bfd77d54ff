//! The loop over all connections.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::histogram::Histogram;
use readily_benches::pattern::Pattern;
use readily_benches::summary::Summary;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::connection::{Answer, Connection};

/// Connections opened before each of them has had an answer: below every server's backlog.
const WAVE: usize = 64;
const EVENTS: usize = 1024;
const SCRATCH: usize = 64 * 1024;
const SIGNAL: u64 = u64::MAX;

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    /// Connections that share `requests`.
    pub(crate) connections: usize,
    /// Further connections, with one round trip each.
    pub(crate) idle: usize,
    /// Bytes of one message.
    pub(crate) size: usize,
    /// Round trips over all `connections`, the first of each included.
    pub(crate) requests: u64,
    pub(crate) verify: Verify,
    /// How long nothing may happen.
    pub(crate) stall: Duration,
}

/// Whether the bytes of each answer are compared with those sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verify {
    On,
    Off,
}

impl FromStr for Verify {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("on or off is expected"),
        }
    }
}

/// All connections and the loop that drives them.
pub(crate) struct Client {
    plan: Plan,
    epoll: OwnedFd,
    events: Vec<Event>,
    pattern: Pattern,
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
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            pattern: Pattern::new(plan.size),
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
        let stream = TcpStream::connect_timeout(&self.plan.connect, self.plan.stall)
            .map_err(|error| Failure::from(error).during(&format!("connection {index}")))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, &stream, EventData::new_u64(index as u64), interest)?;
        self.connections.push(Connection::new(stream, index));
        self.begin(index, 1)
    }

    fn begin(&mut self, index: usize, round_trips: u64) -> Result<(), Failure> {
        if round_trips == 0 {
            return Ok(());
        }
        self.outstanding += 1;
        self.connections[index].begin(round_trips, &self.pattern)
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
        let connection = &mut self.connections[index];
        connection.flush(&self.pattern)?;
        if !ready.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
        {
            return Ok(());
        }
        loop {
            match connection.read(&self.pattern, &mut self.scratch, self.plan.verify)? {
                Answer::Partial { drained: true } => return Ok(()),
                Answer::Partial { drained: false } => {}
                Answer::Whole(latency) => {
                    self.latencies.record(latency);
                    self.round_trips += 1;
                    if connection.is_finished() {
                        self.outstanding -= 1;
                    }
                    connection.next(&self.pattern)?;
                    // An end of stream in the same event has no event of its own.
                    if !ready.contains(EventFlags::RDHUP) {
                        return Ok(());
                    }
                }
            }
        }
    }
}
