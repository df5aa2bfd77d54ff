//! Several loops, one to a thread, on one port.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;

use readily_protocols::contract::App;

use crate::handle::Handle;
use crate::reactor::Reactor;
use crate::sys::Sys;

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
}

/// Whether each loop stays on one processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pinning {
    /// The system moves them as it likes.
    #[default]
    Free,
    /// The n-th loop on the n-th processor that the process may use.
    Pinned,
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
        Fleet { loops, pinning: Pinning::Free }
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

    /// Runs all loops until each has ended; `ready` is told once when all of them are made.
    ///
    /// The first loop runs on the calling thread, and its signals are the fleet's: when it drains,
    /// all drain.
    ///
    /// # Errors
    /// The first error of a constructor or of a loop, after all have ended.
    pub fn run<A, S, M, R>(self, make: M, ready: R) -> io::Result<()>
    where
        A: App<Mail: Send>,
        S: Sys,
        M: Fn(Seat) -> io::Result<Reactor<A, S>> + Sync,
        R: FnOnce(),
    {
        let loops = self.loops.get();
        let make = &make;
        thread::scope(|scope| {
            let (made, makes) = mpsc::channel();
            let mut threads = Vec::with_capacity(loops);
            let mut result = Ok(());
            for index in 1..loops {
                let made = made.clone();
                let name = format!("readily-loop-{index}");
                let spawned = thread::Builder::new().name(name).spawn_scoped(scope, move || {
                    self.pinning.apply(index);
                    let reactor = make(Seat { index, loops });
                    let handle = reactor.as_ref().ok().map(Reactor::handle);
                    // The receiver waits for one message from each.
                    let _ = made.send(handle);
                    reactor?.run()
                });
                match spawned {
                    Ok(thread) => threads.push(thread),
                    Err(error) => result = Err(error),
                }
            }
            self.pinning.apply(0);
            let first = catch_unwind(AssertUnwindSafe(|| make(Seat { index: 0, loops })));
            // A constructor that panics drops its own sender; the last one must not be kept alive
            // here.
            drop(made);
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
            threads.into_iter().map(join).fold(result.and(led), |all, one| all.and(one))
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

impl Pinning {
    /// A processor that cannot be had is no reason not to serve.
    fn apply(self, index: usize) {
        if self == Pinning::Free {
            return;
        }
        let Ok(allowed) = rustix::thread::sched_getaffinity(None) else { return };
        let processors = (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        let processors: Vec<usize> = processors.collect();
        let mut one = rustix::thread::CpuSet::new();
        if let Some(processor) = processors.get(index % processors.len().max(1)) {
            one.set(*processor);
            let _ = rustix::thread::sched_setaffinity(None, &one);
        }
    }
}

/// A port that is taken for a fleet before its loops are made, so that all of them get the same
/// one.
#[derive(Debug)]
pub struct Reservation {
    address: SocketAddr,
    /// Bound and not listening: the kernel gives it no connection.
    _socket: socket2::Socket,
}

impl Reservation {
    /// Takes a port; the system's choice for port 0.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub fn new(at: SocketAddr) -> io::Result<Self> {
        let domain = socket2::Domain::for_address(at);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&at.into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Reservation { address, _socket: socket })
    }

    /// Where each loop listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
