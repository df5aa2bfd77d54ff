//! The loop over all connections.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::talk::{Get, Handshake, Lifetime, Request, Talk};
use readily_benches::trial::{self, Trial};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::connection::{Connection, More, Progress};
use crate::exchange::{Script, Then, Verify};
use crate::offer::{Offer, Rate};
use crate::pace::{Next, Pace};
use crate::wire::Dialer;

/// Connections opened before each of them has had an answer: below every server's backlog.
const WAVE: usize = 64;
const EVENTS: usize = 1024;
const SCRATCH: usize = 64 * 1024;
/// What is read of a file at once: the fewer calls the generator makes, the less it is the limit.
const FILE_SCRATCH: usize = 1 << 20;
const SIGNAL: u64 = u64::MAX;

/// Sleeping is not exact, so what is nearer than this is waited for awake.
const SPIN: Duration = Duration::from_micros(100);
const NOT_AT_ALL: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    /// TLS, for servers with a certificate of this file.
    pub(crate) trust: Option<PathBuf>,
    pub(crate) talk: Talk,
    /// Busy connections.
    pub(crate) connections: usize,
    /// Further connections, with one unit each.
    pub(crate) idle: usize,
    /// The units of `connections`, beside those that open them; `None` where there are none.
    pub(crate) trial: Option<trial::Options>,
    /// When units begin, if that is not when others end.
    pub(crate) rate: Option<Rate>,
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
    /// The idle ones first: they are older than every unit, as they would be in service.
    connections: Vec<Connection>,
    /// Connections with a unit under way, or an end that is awaited.
    outstanding: usize,
    round_trips: u64,
    /// Handshakes that were to be resumed and were not.
    full_handshakes: usize,
    pace: Pace,
}

/// What became of a connection by its answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Units that were sent with those answered are still under way.
    Unfinished,
    /// All that was sent is answered.
    Finished,
    /// It is closed; there may be another one in its place.
    Gone,
}

impl Client {
    /// Opens every connection, with one unit on each, unless each unit has one of its own.
    pub(crate) fn open(plan: Plan) -> Result<Self, Failure> {
        let script = Script::new(plan.talk, plan.verify);
        let total = plan.idle + plan.connections;
        let mut client = Self {
            dialer: Dialer::new(plan.connect, plan.talk, plan.trust.as_deref())?,
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS),
            scratch: vec![0; scratch_size(plan.talk)],
            connections: (0..total).map(|index| Connection::new(index, &script)).collect(),
            script,
            outstanding: 0,
            round_trips: 0,
            full_handshakes: 0,
            pace: Pace::Opening,
            plan,
        };
        let opened = match client.plan.talk.lifetime() {
            Lifetime::Kept => total,
            Lifetime::OneRequest => 0,
        };
        for wave in (0..opened).step_by(WAVE) {
            for index in wave..opened.min(wave + WAVE) {
                client.connect(index)?;
                let now = Instant::now();
                client.begin(index, 1, now)?;
            }
            client.settle()?;
        }
        Ok(client)
    }

    /// Does the units that are left, and reports.
    pub(crate) fn run(&mut self) -> Result<Summary, Failure> {
        let found = match (self.plan.trial, self.plan.rate) {
            (None, _) => Summary::default(),
            (Some(options), None) => self.closed_loop(options)?,
            (Some(options), Some(rate)) => self.open_loop(options, rate)?,
        };
        // Those that are first at the same time have no ticket.
        if self.full_handshakes > self.plan.connections {
            return Err(Failure::failed(format!(
                "{} of {} handshakes were not resumed",
                self.full_handshakes, self.round_trips
            )));
        }
        Ok(Summary { round_trips: self.round_trips, ..found })
    }

    /// Keeps every connection open until `terminate` is readable.
    pub(crate) fn hold(&mut self, terminate: &UnixStream) -> Result<(), Failure> {
        epoll::add(&self.epoll, terminate, EventData::new_u64(SIGNAL), EventFlags::IN)?;
        loop {
            self.wait(None)?;
            if self.events.iter().any(|event| event.data.u64() == SIGNAL) {
                return Ok(());
            }
            self.serve_all()?;
        }
    }

    /// Each connection begins as soon as it has ended.
    fn closed_loop(&mut self, options: trial::Options) -> Result<Summary, Failure> {
        let trial = Box::new(Trial::begin(options)?);
        self.pace = Pace::Closed { trial, clock: Instant::now() };
        for index in self.plan.idle..self.connections.len() {
            let now = Instant::now();
            self.proceed(index, now)?;
        }
        self.settle()?;
        std::mem::replace(&mut self.pace, Pace::Opening).finish()
    }

    /// Units begin when it is time for them.
    fn open_loop(&mut self, options: trial::Options, rate: Rate) -> Result<Summary, Failure> {
        let free = self.plan.idle..self.connections.len();
        self.pace = Pace::Open(Box::new(Offer::new(options, rate, free)?));
        loop {
            let now = Instant::now();
            self.dispatch(now)?;
            let outstanding = self.outstanding;
            let Pace::Open(offer) = &mut self.pace else { break };
            let Some(wake) = offer.tick(now, outstanding)? else { break };
            self.sleep(wake.saturating_duration_since(now))?;
            self.wait(Some(&NOT_AT_ALL))?;
            self.serve_all()?;
        }
        let now = Instant::now();
        if let Pace::Open(offer) = &mut self.pace {
            let under_way = self.connections.iter().filter(|connection| connection.is_busy());
            offer.give_up(under_way, now);
        }
        std::mem::replace(&mut self.pace, Pace::Opening).finish()
    }

    /// Begins what should have begun by now, as long as there are connections for it.
    fn dispatch(&mut self, now: Instant) -> Result<(), Failure> {
        while let Pace::Open(offer) = &mut self.pace
            && let Some((index, intended)) = offer.assign(now)
        {
            self.begin(index, 1, intended)?;
        }
        Ok(())
    }

    fn connect(&mut self, index: usize) -> Result<(), Failure> {
        let failed = |failure: Failure| failure.during(&format!("connection {index}"));
        let wire = self.dialer.dial().map_err(failed)?;
        // This closes an old one, which leaves epoll by that.
        self.connections[index].open(wire, &self.script)
    }

    fn register(&self, index: usize) -> Result<(), Failure> {
        let connection = &self.connections[index];
        let mut interest = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        // What has said all that it ever will would only be woken up by it.
        if self.plan.talk.lifetime() == Lifetime::Kept || !connection.has_sent() {
            interest |= EventFlags::OUT;
        }
        let data = EventData::new_u64(index as u64);
        Ok(epoll::add(&self.epoll, connection.socket()?, data, interest)?)
    }

    /// Starts so many units on a connection that has none.
    fn begin(&mut self, index: usize, units: u32, intended: Instant) -> Result<(), Failure> {
        self.outstanding += 1;
        let is_fresh = self.plan.talk.lifetime() == Lifetime::OneRequest;
        let started = match self.pace {
            Pace::Closed { .. } if !is_fresh => intended,
            // Writing to the connections before this one has taken its time.
            _ => Instant::now(),
        };
        if is_fresh {
            self.connect(index)?;
        }
        self.connections[index].begin(units, intended, started, &self.script)?;
        let is_new = is_fresh || matches!(self.pace, Pace::Opening);
        if is_new { self.register(index) } else { Ok(()) }
    }

    /// Turns until no connection has anything under way.
    fn settle(&mut self) -> Result<(), Failure> {
        let stall = Timespec::try_from(self.plan.stall)
            .map_err(|_| Failure::failed("--stall is too long"))?;
        while self.outstanding > 0 {
            self.wait(Some(&stall))?;
            if self.events.is_empty() {
                return Err(Failure::failed(format!(
                    "nothing for {} s, {} of {} connections wait after {} round trips",
                    self.plan.stall.as_secs(),
                    self.outstanding,
                    self.connections.len(),
                    self.round_trips
                )));
            }
            self.serve_all()?;
            self.pace.tick()?;
        }
        Ok(())
    }

    /// Sleeps unless something happens; what is near is left to the caller.
    fn sleep(&self, time: Duration) -> Result<(), Failure> {
        let Some(time) = time.checked_sub(SPIN).filter(|time| !time.is_zero()) else {
            return Ok(());
        };
        let time = Timespec::try_from(time).map_err(|_| Failure::failed("--rate is too low"))?;
        match poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], Some(&time)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Waits for events, and leaves them in `events`: none where there were none within `limit`.
    #[inline]
    fn wait(&mut self, limit: Option<&Timespec>) -> Result<(), Failure> {
        loop {
            self.events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut self.events), limit) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    #[inline]
    fn serve_all(&mut self) -> Result<(), Failure> {
        for at in 0..self.events.len() {
            let Event { flags, data, .. } = self.events[at];
            self.serve(data.u64() as usize, flags)?;
        }
        Ok(())
    }

    #[inline]
    fn serve(&mut self, index: usize, ready: EventFlags) -> Result<(), Failure> {
        const READABLE: EventFlags =
            EventFlags::IN.union(EventFlags::RDHUP).union(EventFlags::HUP).union(EventFlags::ERR);
        self.connections[index].flush(&self.script)?;
        if !ready.intersects(READABLE) {
            return Ok(());
        }
        loop {
            let connection = &mut self.connections[index];
            match connection.read(ready, &mut self.script, &mut self.scratch)? {
                // A read may have ended a TLS handshake, which the message waited for.
                Progress::Part(More::No) => return connection.flush(&self.script),
                Progress::Part(More::Perhaps) => {}
                Progress::End => {
                    connection.close();
                    return self.vacate(index, Instant::now());
                }
                Progress::Answers(count, then, more) => {
                    let after = self.answered(index, count, then)?;
                    let is_over = match after {
                        After::Unfinished => more == More::No,
                        // The end, which nobody has asked for or which is awaited.
                        After::Finished => !ready.contains(EventFlags::RDHUP),
                        After::Gone => true,
                    };
                    if is_over {
                        return Ok(());
                    }
                }
            }
        }
    }

    #[inline]
    fn answered(&mut self, index: usize, count: u32, then: Then) -> Result<After, Failure> {
        let now = Instant::now();
        self.round_trips += u64::from(count);
        let connection = &mut self.connections[index];
        self.pace.record(connection.intended, connection.started, now, count);
        let after = match (self.plan.talk.lifetime(), then) {
            (_, Then::Keep) if connection.is_busy() => return Ok(After::Unfinished),
            (Lifetime::Kept, Then::Keep) => After::Finished,
            (Lifetime::Kept, Then::Close) => {
                self.connect(index)?;
                self.register(index)?;
                // Units that were sent behind the last answer go on, on the new connection.
                if self.connections[index].is_busy() {
                    return Ok(After::Gone);
                }
                After::Gone
            }
            (Lifetime::OneRequest, Then::Keep) => {
                if self.plan.talk.handshake() == Handshake::Resumed && !connection.has_resumed() {
                    self.full_handshakes += 1;
                }
                connection.close();
                After::Gone
            }
            // The end is the server's, which leaves this side without one that lingers.
            (Lifetime::OneRequest, Then::Close) => {
                connection.await_end();
                return Ok(After::Finished);
            }
        };
        self.vacate(index, now)?;
        Ok(after)
    }

    /// A connection has nothing under way any more.
    #[inline]
    fn vacate(&mut self, index: usize, now: Instant) -> Result<(), Failure> {
        self.outstanding -= 1;
        match &mut self.pace {
            Pace::Opening => Ok(()),
            Pace::Closed { .. } => self.proceed(index, now),
            Pace::Open(offer) => {
                offer.vacate(index);
                self.dispatch(now)
            }
        }
    }

    /// Goes on with the next units of a closed loop, if any are left.
    #[inline]
    fn proceed(&mut self, index: usize, now: Instant) -> Result<(), Failure> {
        match self.pace.next(self.plan.talk.pipeline()) {
            Next::Units(units) => self.begin(index, units, now),
            Next::Nothing => Ok(()),
        }
    }
}

fn scratch_size(talk: Talk) -> usize {
    match talk {
        Talk::Http(Get { request: Request::File, .. }) => FILE_SCRATCH,
        _ => SCRATCH,
    }
}
