//! The loop: one turn of it on one screen.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use readily_protocols::contract::{
    App, CONNECTS_PER_CALL, Cause, Effects, End, Id, Machine, Outbox, Rooms, To,
};
use slab::Slab;

use crate::call::Running;
use crate::carrier::Layers;
use crate::chores::Chores;
use crate::clock::{Clock, in_nanos};
use crate::config::Config;
use crate::counters::{Counters, StateCounters};
use crate::drain::Drain;
use crate::endpoints::EndpointSlot;
use crate::listener::Listener;
use crate::mail::MailTimers;
use crate::metrics::Publisher;
use crate::pool::{Hot, Pool};
use crate::signals::SignalTable;
use crate::slot::{Flags, Phase, Slot};
use crate::sys::{Batch, Mio, Readiness, Ready, Source, Sys};
use crate::timers::{NEVER, Nanos, Timers};
use crate::trace::Tracing;

/// One loop: an application, its connections and endpoints, and the [`Sys`] they live on.
///
/// It is single-threaded and not `Send`; several of them make a [`Fleet`](crate::Fleet).
pub struct Reactor<A: App, S: Sys = Mio> {
    pub(crate) app: A,
    pub(crate) sys: S,
    pub(crate) slots: Slab<Slot<A, S>>,
    pub(crate) layers: Layers,
    pub(crate) listeners: Vec<Listener<A, S>>,
    pub(crate) endpoints: Vec<EndpointSlot<A, S>>,
    pub(crate) fx: Effects<A>,
    /// How many outgoing connections could not be begun in this turn, and those of them that end
    /// in the next.
    pub(crate) failed: usize,
    pub(crate) unmade: Vec<(Id, End)>,
    /// What was asked for is being carried out.
    pub(crate) carries_out: bool,
    pub(crate) queue: VecDeque<Id>,
    pub(crate) starved: VecDeque<Id>,
    pub(crate) graveyard: Vec<u32>,
    pub(crate) timers: Timers<Alarm>,
    pub(crate) mail: VecDeque<(To, A::Mail)>,
    pub(crate) mail_timers: MailTimers<A::Mail>,
    pub(crate) outbox: Arc<Outbox<A::Mail>>,
    pub(crate) pool: Pool,
    pub(crate) hot: Hot,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    pub(crate) states: StateCounters,
    pub(crate) signals: SignalTable<A>,
    pub(crate) drain: Drain,
    /// Whether it was ever told to shut down at once.
    pub(crate) aborted: bool,
    pub(crate) tracing: Tracing,
    pub(crate) publisher: Option<Box<Publisher>>,
    pub(crate) chores: Chores,
    pub(crate) jobs: usize,
    pub(crate) connections_max: usize,
    /// Nine tenths of the buffer budget.
    pub(crate) tight_at: u64,
    pub(crate) generation: u32,
    /// Handshakes that were gone on with in this turn.
    pub(crate) shaken: usize,
    slow_at: Nanos,
    pub(crate) running: Option<Running>,
    ready: Vec<Ready>,
    /// How many of `ready` this turn has taken in.
    taken: usize,
    /// For how many turns in a row there has been more than that.
    pub(crate) full_turns: u8,
}

/// How old the clock's reading may be when the next wait is measured from it.
const CLOCK_AGE: Nanos = 1_000_000;

/// What a deadline is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alarm {
    Conn(Id),
    Listener(u16),
    Endpoint(u16),
    /// A timer that mails, in two halves: an alarm is kept for each connection.
    Mail([u32; 2]),
    Drain,
}

/// Whether there is anything left to turn for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// There are connections, listeners, endpoints or timers.
    More,
    /// There are none: nothing will ever happen again.
    Over,
}

impl<A: App> Reactor<A> {
    /// A loop on the kernel, with every default.
    ///
    /// # Errors
    /// Where no descriptor is left for it.
    pub fn new(app: A) -> io::Result<Self> {
        Reactor::with(app, Mio::new()?, Config::default())
    }
}

impl<A: App, S: Sys> Reactor<A, S> {
    /// A loop on `sys`.
    ///
    /// # Errors
    /// Where the waker cannot be made; `InvalidInput` for a config that no loop could work with.
    pub fn with(app: A, mut sys: S, config: Config) -> io::Result<Self> {
        if let Some(mistake) = config.mistake() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, mistake));
        }
        let waker = sys.waker()?;
        // A wake that fails has a full counter behind it: the loop wakes anyway.
        let wake = Box::new(move || drop(waker.wake()));
        let outbox = Arc::new(Outbox::new(config.letters_max, wake));
        let clock = Clock::new(&sys);
        let seed = config.seed.unwrap_or_else(|| sys.seed());
        let descriptors = sys.descriptors_max();
        let descriptors = descriptors.saturating_sub(Config::DESCRIPTORS_KEPT).max(descriptors / 2);
        let mut pool = Pool::new(config.receive_max, config.send_marks);
        let mut reactor = Reactor {
            app,
            slots: Slab::new(),
            layers: Layers::default(),
            listeners: Vec::new(),
            endpoints: Vec::new(),
            fx: Effects::new(clock.start(), clock.wall(), seed, outbox.clone()),
            failed: 0,
            unmade: Vec::new(),
            carries_out: false,
            queue: VecDeque::new(),
            starved: VecDeque::new(),
            graveyard: Vec::new(),
            timers: Timers::new(),
            mail: VecDeque::new(),
            mail_timers: MailTimers::default(),
            outbox,
            hot: Hot::new(&mut pool),
            pool,
            clock,
            counters: Counters::default(),
            states: StateCounters::new(A::Conn::STATES.len()),
            signals: SignalTable::default(),
            drain: Drain::default(),
            aborted: false,
            tracing: Tracing::default(),
            publisher: None,
            chores: Chores::default(),
            jobs: 0,
            connections_max: config.connections_max.unwrap_or(descriptors),
            tight_at: config.buffers_max as u64 / 10 * 9,
            generation: 0,
            shaken: 0,
            slow_at: in_nanos(config.slow_turn),
            running: None,
            ready: Vec::new(),
            taken: 0,
            full_turns: 0,
            config,
            sys,
        };
        reactor.reserve_ids();
        reactor.grant();
        Ok(reactor)
    }

    /// Turns until there is nothing left: a drain has ended, or there never was anything.
    ///
    /// # Errors
    /// Those of the wait itself; no connection causes one.
    pub fn run(&mut self) -> io::Result<()> {
        while self.turn(None)? == Turn::More {}
        Ok(())
    }

    /// Waits for something to happen, at most `timeout` (for ever if none), and does all of it.
    ///
    /// # Errors
    /// Those of the wait itself; no connection causes one.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<Turn> {
        let timeout = self.patience(timeout);
        self.ready.clear();
        self.taken = 0;
        match self.sys.poll(&mut self.ready, timeout) {
            Ok(Batch::Whole) => self.full_turns = 0,
            Ok(Batch::Full) => self.full_turns = self.full_turns.saturating_add(1),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        self.begin();
        self.guard(Reactor::work);
        self.bury();
        self.finish_turn();
        if self.is_over() {
            self.publish_last();
            return Ok(Turn::Over);
        }
        Ok(Turn::More)
    }

    /// All that a turn does; it can be begun again in the middle.
    fn work(&mut self) {
        self.take_readiness();
        self.take_letters();
        self.end_unmade();
        self.begin_drain();
        self.fire_deadlines();
        self.deliver_mail();
        self.accept_waiting();
        self.serve_queue();
        self.serve_endpoints();
    }

    /// How long the wait may be: not at all while work is left from the last turn.
    fn patience(&self, timeout: Option<Duration>) -> Option<Duration> {
        let busy = !self.queue.is_empty()
            || !self.mail.is_empty()
            || !self.graveyard.is_empty()
            || !self.unmade.is_empty()
            || self.drain.is_asked()
            || (self.fx.draining() && self.listeners.iter().any(Listener::is_open))
            || self.listeners.iter().any(Listener::is_eager)
            || self.endpoints.iter().any(EndpointSlot::is_eager)
            || self.is_over();
        if busy {
            return Some(Duration::ZERO);
        }
        // Measured from the clock's last reading, which is at most `CLOCK_AGE` old.
        let next = self.timers.next().min(self.publish_at()).min(self.chores_at());
        let wait = || Duration::from_nanos(next.saturating_sub(self.clock.now()));
        match (timeout, (next != NEVER).then(wait)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn begin(&mut self) {
        self.read_clock();
        (self.shaken, self.failed) = (0, 0);
        self.counters.turns += 1;
        self.counters.events += self.ready.len() as u64;
        self.publish_if_due();
        self.do_chores_if_due();
    }

    #[inline]
    fn read_clock(&mut self) {
        let new_wall = self.clock.read(&self.sys);
        self.fx.set_nanos(self.clock.now());
        if new_wall {
            self.fx.set_wall(self.clock.wall());
        }
    }

    /// Says how much handlers may ask for, after some of it was asked for or carried out.
    pub(crate) fn grant(&mut self) {
        self.fx.set_rooms(Rooms {
            mail: self.config.mail_max.saturating_sub(self.mail.len()),
            jobs: self.config.jobs_max.saturating_sub(self.jobs),
            timers: self.config.mail_timers_max.saturating_sub(self.mail_timers.len()),
        });
    }

    fn take_readiness(&mut self) {
        while let Some(event) = self.ready.get(self.taken) {
            self.taken += 1;
            match Source::of(event.token) {
                Source::Conn(id) => self.ready(id, event.what),
                Source::Listener(at) => self.listeners[usize::from(at)].ready(),
                Source::Endpoint(at) => self.endpoints[usize::from(at)].ready(event.what),
                Source::Signals => self.take_signals(),
                Source::Waker => {}
            }
        }
    }

    /// Keeps readiness in the slot, and visits it if there is anything to do.
    #[inline]
    fn ready(&mut self, id: Id, what: Readiness) {
        let slot = match self.slots.get_mut(id.index as usize) {
            Some(slot) if slot.generation == id.generation && slot.phase != Phase::Dead => slot,
            _ => {
                self.counters.stale_events += 1;
                return;
            }
        };
        slot.flags.take_in(what);
        if self.visit_quietly(id) {
            return;
        }
        let slot = &self.slots[id.index as usize];
        if slot.phase == Phase::Securing {
            // They have a budget: whoever came first is the first.
            return self.enqueue(id.index as usize);
        }
        let idle = what == Readiness::WRITABLE && slot.phase == Phase::Open && !slot.has_output();
        if !idle {
            self.visit(id, Cause::Advance);
        }
    }

    /// Visits each that was queued when this began; who is queued meanwhile has the next turn.
    fn serve_queue(&mut self) {
        for _ in 0..self.queue.len() {
            let Some(id) = self.queue.pop_front() else { return };
            self.slots[id.index as usize].flags.clear(Flags::QUEUED);
            self.visit(id, Cause::Advance);
        }
    }

    /// Gives the slots of this turn's dead back: only now, so that no event of this turn can reach
    /// whoever comes after them.
    fn bury(&mut self) {
        if self.graveyard.is_empty() {
            return;
        }
        let slots = &self.slots;
        let alive = |id: &Id| slots[id.index as usize].phase != Phase::Dead;
        self.queue.retain(alive);
        self.starved.retain(alive);
        for index in self.graveyard.drain(..) {
            self.slots.remove(index as usize);
        }
        self.wake_listeners();
    }

    fn finish_turn(&mut self) {
        let took = self.sys.nanos().saturating_sub(self.clock.now());
        if took > self.slow_at.min(CLOCK_AGE) {
            self.counters.slow_turns += u64::from(took > self.slow_at);
            self.read_clock();
        }
        self.end_drain_if_done();
    }

    /// Whether nothing can happen any more.
    fn is_over(&self) -> bool {
        self.counters.open == 0
            && self.slots.len() == self.fx.connects_left()
            && self.listeners.iter().all(|listener| !listener.is_open())
            && self.endpoints.iter().all(|endpoint| !endpoint.is_open())
            && self.mail.is_empty()
            && (self.jobs == 0 || self.drain.is_over())
            && (self.timers.len() == 0 || self.drain.is_over())
    }

    /// Slots whose ids handlers may be given for outgoing connections.
    pub(crate) fn reserve_ids(&mut self) {
        // Once everything is to end, an application that always asks for another gets none.
        while !self.aborted && self.fx.reserved().len() < CONNECTS_PER_CALL {
            let id = self.insert_slot();
            self.fx.reserved().push(id);
        }
    }

    /// A new slot with an id of its own.
    pub(crate) fn insert_slot(&mut self) -> Id {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let index = self.slots.insert(Slot::reserved(generation)) as u32;
        Id { index, generation }
    }

    /// Puts a connection into the run queue, once.
    pub(crate) fn enqueue(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        if !slot.flags.has(Flags::QUEUED) && slot.phase != Phase::Dead {
            slot.flags.set(Flags::QUEUED);
            self.queue.push_back(Id { index: index as u32, generation: slot.generation });
        }
    }

    /// Has the machine called in the next turn, whether or not bytes arrive.
    pub(crate) fn call_later(&mut self, index: usize) {
        self.slots[index].flags.set(Flags::CALL);
        self.enqueue(index);
    }

    /// The id of what is in a slot.
    pub(crate) fn id_of(&self, index: usize) -> Id {
        Id { index: index as u32, generation: self.slots[index].generation }
    }

    /// The slot of a connection that has not ended.
    pub(crate) fn find(&self, id: Id) -> Option<usize> {
        let slot = self.slots.get(id.index as usize)?;
        let alive = match slot.phase {
            Phase::Open | Phase::Connecting | Phase::Reserved => true,
            // One that came in is known to nobody yet.
            Phase::Securing => slot.machine.is_some(),
            Phase::Closing | Phase::Dead => false,
        };
        (alive && slot.generation == id.generation).then_some(id.index as usize)
    }
}

impl<A: App, S: Sys> std::fmt::Debug for Reactor<A, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reactor").field("counters", &self.counters).finish_non_exhaustive()
    }
}
