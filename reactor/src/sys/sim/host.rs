//! What a process has besides its network: descriptors, signals, a waker, other threads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::io::Errno;

use super::super::{Wake, Work};
use super::rng::Rng;
use super::{Sim, error};

/// How many descriptors the loop has open.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Descriptors {
    /// Streams, which [`Sys::close`](crate::sys::Sys::close) closes: one that is only dropped
    /// stays.
    pub streams: usize,
    /// Listeners.
    pub listeners: usize,
    /// Datagram sockets, which are closed by dropping them.
    pub sockets: usize,
    /// Spare ones, which are closed by dropping them.
    pub spares: usize,
}

impl Descriptors {
    /// All of them.
    pub const fn all(&self) -> usize {
        self.streams + self.listeners + self.sockets + self.spares
    }
}

/// A descriptor that does nothing, until it is dropped.
#[derive(Debug)]
pub struct SimSpare(Rc<Cell<usize>>);

impl Drop for SimSpare {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// The process that the loop runs in.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) streams: usize,
    pub(super) listeners: usize,
    spares: Rc<Cell<usize>>,
    pub(super) descriptors_max: usize,
    woken: Arc<Woken>,
    caught: Vec<i32>,
    raised: Vec<i32>,
    killed: Option<i32>,
    pub(super) jobs: Jobs,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(&self) -> io::Result<()> {
        self.0.store(true, Ordering::Release);
        Ok(())
    }
}

/// How many jobs wait at first.
const JOBS_MAX: usize = 64;

/// `SIGKILL` and `SIGSTOP`.
const UNCATCHABLE: [i32; 2] = [9, 19];

impl Host {
    pub(super) fn new() -> Self {
        Host {
            streams: 0,
            listeners: 0,
            spares: Rc::default(),
            descriptors_max: usize::MAX,
            woken: Arc::default(),
            caught: Vec::new(),
            raised: Vec::new(),
            killed: None,
            jobs: Jobs { max: JOBS_MAX, ..Jobs::default() },
        }
    }

    pub(super) fn waker(&self) -> Arc<dyn Wake> {
        Arc::clone(&self.woken) as Arc<dyn Wake>
    }

    /// Whether a waker was called since this was asked last.
    #[inline]
    pub(super) fn take_woken(&mut self) -> bool {
        self.is_woken() && self.woken.0.swap(false, Ordering::AcqRel)
    }

    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn has_signals(&self) -> bool {
        !self.raised.is_empty()
    }

    pub(super) fn catch(&mut self, signals: &[i32]) -> io::Result<()> {
        if signals.iter().any(|signal| UNCATCHABLE.contains(signal) || *signal <= 0) {
            return Err(error(Errno::INVAL));
        }
        self.caught.extend(signals);
        Ok(())
    }

    pub(super) fn take_signals(&mut self) -> Vec<i32> {
        std::mem::take(&mut self.raised)
    }
}

/// The blocking pool: one thread that takes its time, and is this one.
#[derive(Default)]
pub(super) struct Jobs {
    queue: VecDeque<(u64, Work)>,
    pub(super) max: usize,
    pub(super) time: Option<RangeInclusive<Duration>>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jobs({})", self.queue.len())
    }
}

impl Jobs {
    pub(super) fn push(&mut self, work: Work, now: u64, rng: &mut Rng) -> Result<(), Work> {
        if self.queue.len() >= self.max {
            return Err(work);
        }
        let takes = self.time.as_ref().map_or(0, |time| rng.time(time).as_nanos() as u64);
        let begins = self.queue.back().map_or(now, |(ends, _)| *ends);
        self.queue.push_back((begins + takes, work));
        Ok(())
    }

    /// When the next job ends.
    pub(super) fn next(&self) -> Option<u64> {
        self.queue.front().map(|(ends, _)| *ends)
    }

    /// Runs one job that is due; says whether there was one. A panic ends the job, not the
    /// simulation.
    pub(super) fn run(&mut self, now: u64) -> bool {
        if self.next().is_none_or(|ends| ends > now) {
            return false;
        }
        let Some((_, work)) = self.queue.pop_front() else { return false };
        // As on a thread of a pool, which the panic would not leave either.
        let _ = catch_unwind(AssertUnwindSafe(work));
        true
    }
}

/// The outside world: the process.
impl Sim {
    /// How many descriptors are open.
    pub fn descriptors(&self) -> Descriptors {
        Descriptors {
            streams: self.host.streams,
            listeners: self.host.listeners,
            sockets: self.datagrams.open(),
            spares: self.host.spares.get(),
        }
    }

    /// Lets so many descriptors be open; whatever needs one more fails with `EMFILE`.
    pub fn set_descriptors_max(&mut self, max: usize) {
        self.host.descriptors_max = max;
    }

    /// Raises a signal; one that the loop does not catch kills it: see [`Sim::killed_by`].
    pub fn raise_signal(&mut self, signal: i32) {
        if self.host.caught.contains(&signal) {
            self.host.raised.push(signal);
        } else {
            self.host.killed.get_or_insert(signal);
        }
    }

    /// The first signal that was raised and not caught.
    pub fn killed_by(&self) -> Option<i32> {
        self.host.killed
    }

    /// How long a job of the blocking pool takes, and how many may wait; at once and 64 at first.
    pub fn set_jobs(&mut self, time: RangeInclusive<Duration>, max: usize) {
        (self.host.jobs.time, self.host.jobs.max) = (Some(time), max);
    }
}

/// The loop's calls.
impl Sim {
    /// Whether one more descriptor may be opened.
    pub(super) fn has_descriptor(&self) -> io::Result<()> {
        let full = self.descriptors().all() >= self.host.descriptors_max;
        if full { Err(error(Errno::MFILE)) } else { Ok(()) }
    }

    pub(super) fn open_spare(&mut self) -> io::Result<SimSpare> {
        self.has_descriptor()?;
        let spares = Rc::clone(&self.host.spares);
        spares.set(spares.get() + 1);
        Ok(SimSpare(spares))
    }
}
