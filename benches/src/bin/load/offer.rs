//! The open loop: what should begin when, what waits, and how late it was.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use readily_benches::driver::Length;
use readily_benches::failure::Failure;
use readily_benches::summary::{Summary, recorded};
use readily_benches::trial::{self, Trial, histogram};

use crate::connection::Connection;
use crate::schedule::{Arrivals, Schedule};

/// How long answers are waited for after the last arrival.
const GRACE: Duration = Duration::from_secs(1);

/// The account of both processes takes milliseconds to read, which those units that are under way
/// would be charged with. So they get this time to end before it is read.
const ROUND_OFF: Duration = Duration::from_millis(1);

/// How many units begin, and how they are spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) arrivals: Arrivals,
    pub(crate) seed: u64,
}

pub(crate) struct Offer {
    trial: Trial,
    schedule: Schedule,
    begun: Instant,
    /// The next arrival.
    next: Instant,
    /// Arrivals in it are timed; none before the warm-up is over.
    window: Range<Instant>,
    timed: Duration,
    /// Arrivals that have no connection yet.
    queue: VecDeque<Instant>,
    /// Connections without a unit; the one that is free for the longest time is first.
    free: VecDeque<usize>,
    intended: Histogram<u64>,
    sent: Histogram<u64>,
}

impl Offer {
    /// Begins now, with these connections; `options` set a time.
    pub(crate) fn new(
        options: trial::Options,
        rate: Rate,
        free: Range<usize>,
    ) -> Result<Self, Failure> {
        let Length::Seconds { warm_up, timed } = options.length else {
            return Err(Failure::failed("an open loop has no number of units"));
        };
        let trial = Trial::begin(options)?;
        let begun = Instant::now();
        let mut schedule = Schedule::new(rate.arrivals, rate.per_second, rate.seed);
        let next = arrival(begun, &mut schedule);
        let window = match trial.due() {
            Some(until) if warm_up.is_zero() => until - timed..until,
            _ => begun..begun,
        };
        Ok(Self {
            trial,
            schedule,
            begun,
            next,
            window,
            timed,
            queue: VecDeque::new(),
            free: free.collect(),
            intended: histogram()?,
            sent: histogram()?,
        })
    }

    /// What begins now: on which connection, and when it should have.
    #[inline]
    pub(crate) fn assign(&mut self, now: Instant) -> Option<(usize, Instant)> {
        while self.next <= now && !self.is_past(self.next) {
            self.queue.push_back(self.next);
            self.next = arrival(self.begun, &mut self.schedule);
        }
        let intended = *self.queue.front()?;
        let index = self.free.pop_front()?;
        self.queue.pop_front();
        Some((index, intended))
    }

    /// A connection has nothing to do.
    pub(crate) fn vacate(&mut self, index: usize) {
        self.free.push_back(index);
    }

    /// A unit has ended.
    #[inline]
    pub(crate) fn record(&mut self, intended: Instant, started: Instant, now: Instant) {
        self.trial.record(now.saturating_duration_since(started));
        if self.window.contains(&intended) {
            self.intended.saturating_record(nanos(intended, now));
            self.sent.saturating_record(nanos(started, now));
        }
    }

    /// Moves on if it is time; tells when there is something to do next, unless all is over.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        outstanding: usize,
    ) -> Result<Option<Instant>, Failure> {
        let Some(due) = self.trial.due() else { return Ok(self.ends(now, outstanding)) };
        if self.is_past(now) && outstanding > 0 && now < due + ROUND_OFF {
            return Ok(Some(now));
        }
        self.trial.tick(now)?;
        if let Some(until) = self.trial.due().filter(|until| *until != due) {
            // The warm-up is over. What should have begun while its end was read is left out.
            self.window = until - self.timed..until;
            while self.next < self.window.start {
                self.next = arrival(self.begun, &mut self.schedule);
            }
        }
        Ok(Some(self.next.min(due)))
    }

    /// What was not answered in time was at least as late as it is now.
    pub(crate) fn give_up<'a>(
        &mut self,
        under_way: impl Iterator<Item = &'a Connection>,
        now: Instant,
    ) {
        for connection in under_way.filter(|one| self.window.contains(&one.intended)) {
            self.intended.saturating_record(nanos(connection.intended, now));
            self.sent.saturating_record(nanos(connection.started, now));
        }
        for intended in self.queue.drain(..).filter(|intended| self.window.contains(intended)) {
            self.intended.saturating_record(nanos(intended, now));
        }
    }

    /// What was found.
    pub(crate) fn finish(self) -> Result<Summary, Failure> {
        let found = self.trial.finish()?;
        let latencies = recorded(&self.intended);
        Ok(Summary { latencies, sent_latencies: recorded(&self.sent), ..found })
    }

    /// Whether it is too late for an arrival.
    fn is_past(&self, time: Instant) -> bool {
        !self.window.is_empty() && time >= self.window.end
    }

    /// When to look again after the last arrival, unless there is nothing to wait for.
    fn ends(&self, now: Instant, outstanding: usize) -> Option<Instant> {
        let is_waited_for = outstanding > 0 || !self.queue.is_empty();
        let end = self.window.end + GRACE;
        (is_waited_for && now < end).then_some(end)
    }
}

fn arrival(begun: Instant, schedule: &mut Schedule) -> Instant {
    // So far away that no run gets there.
    const NEVER: Duration = Duration::from_secs(1 << 32);
    begun + schedule.next().min(NEVER)
}

fn nanos(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}
