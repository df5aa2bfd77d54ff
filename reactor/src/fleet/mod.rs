//! Several loops, one to a thread, on one port.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;

use readily_protocols::contract::App;

use crate::handle::Handle;
use crate::reactor::Reactor;
use crate::sys::Sys;

mod descriptors;
mod pinning;
mod reservation;

pub use self::descriptors::Descriptors;
use self::descriptors::{Gate, Way};
pub use self::pinning::Pinning;
pub use self::reservation::Reservation;

/// How many loops, and where they run.
///
/// Each loop is made by a constructor that runs inside its thread, so neither machines nor
/// applications need to be `Send`. They share a port by `SO_REUSEPORT`: see
/// [`PortSharing::Shared`](crate::sys::PortSharing::Shared); the kernel spreads connections by the
/// hash of their addresses, so a few connections may fall unevenly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fleet {
    loops: NonZeroUsize,
    pinning: Pinning,
    descriptors: Descriptors,
}

/// One loop of a fleet, as its constructor sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// Which one, from zero.
    pub index: usize,
    /// Of how many.
    pub loops: usize,
}

impl Fleet {
    /// So many loops.
    pub fn new(loops: NonZeroUsize) -> Self {
        Fleet { loops, pinning: Pinning::Free, descriptors: Descriptors::Shared }
    }

    /// One loop for each processor that the process may use.
    pub fn per_core() -> Self {
        Fleet::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// The same with this pinning.
    #[must_use]
    pub fn pinning(self, pinning: Pinning) -> Self {
        Fleet { pinning, ..self }
    }

    /// The same with these descriptor tables.
    #[must_use]
    pub fn descriptors(self, descriptors: Descriptors) -> Self {
        Fleet { descriptors, ..self }
    }

    /// Runs all loops until each has ended; `ready` is told once when all of them are made.
    ///
    /// The first loop runs on the calling thread, and its signals are the fleet's: when it drains,
    /// all drain.
    ///
    /// # Errors
    /// The first error of a constructor or of a loop, after all have ended. Where a loop has no
    /// thread or no descriptor table, none is made.
    pub fn run<A, S, M, R>(self, make: M, ready: R) -> io::Result<()>
    where
        A: App<Mail: Send>,
        S: Sys,
        M: Fn(Seat) -> io::Result<Reactor<A, S>> + Sync,
        R: FnOnce(),
    {
        let Fleet { pinning, descriptors, loops } = self;
        let (loops, make, gate) = (loops.get(), &make, &Gate::default());
        // What there is no other table for is not split.
        if loops > 1 {
            descriptors.prepare();
        }
        thread::scope(|scope| {
            let (made, makes) = mpsc::channel();
            let (settled, settles) = mpsc::channel();
            let mut way = gate.hold();
            let start = move |index| {
                let (made, settled) = (made.clone(), settled.clone());
                let thread = thread::Builder::new().name(format!("readily-loop-{index}"));
                thread.spawn_scoped(scope, move || {
                    let table = descriptors.take();
                    // The receiver waits for one message from each.
                    let _ = settled.send(table.is_ok());
                    drop(settled);
                    if gate.pass() == Way::Shut {
                        return table;
                    }
                    pinning.apply(index);
                    let reactor = make(Seat { index, loops });
                    let handle = reactor.as_ref().ok().map(Reactor::handle);
                    let _ = made.send(handle);
                    reactor?.run()
                })
            };
            // This drops the channels' own senders: a thread that sends nothing must not be waited
            // for.
            let threads = (1..loops).map(start).collect::<io::Result<Vec<_>>>()?;
            if !settles.iter().all(|has_table| has_table) {
                drop(way);
                return threads.into_iter().try_for_each(join);
            }
            *way = Way::Open;
            drop(way);
            pinning.apply(0);
            let first = catch_unwind(AssertUnwindSafe(|| make(Seat { index: 0, loops })));
            let others = Others(makes.iter().take(threads.len()).flatten().collect());
            let led = first.unwrap_or_else(|panic| resume_unwind(panic)).and_then(|mut first| {
                if others.0.len() == loops - 1 {
                    ready();
                } else {
                    first.drain();
                }
                lead(&mut first, &others.0)
            });
            drop(others);
            threads.into_iter().map(join).fold(led, |all, one| all.and(one))
        })
    }
}

/// The other loops; they drain when the first is over, by a panic as well.
struct Others<Mail>(Vec<Handle<Mail>>);

impl<Mail> Drop for Others<Mail> {
    fn drop(&mut self) {
        self.0.iter().for_each(Handle::drain);
    }
}

/// Runs the first loop; when it begins to drain, so do the others.
fn lead<A: App, S: Sys>(first: &mut Reactor<A, S>, others: &[Handle<A::Mail>]) -> io::Result<()> {
    if others.is_empty() {
        return first.run();
    }
    let (mut draining, mut aborting) = (false, false);
    loop {
        let turn = first.turn(None)?;
        if first.is_draining() && !std::mem::replace(&mut draining, true) {
            others.iter().for_each(Handle::drain);
        }
        if first.is_aborting() && !std::mem::replace(&mut aborting, true) {
            others.iter().for_each(Handle::abort);
        }
        if turn == crate::Turn::Over {
            return Ok(());
        }
    }
}

fn join(thread: thread::ScopedJoinHandle<'_, io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a loop of the fleet panicked")))
}
