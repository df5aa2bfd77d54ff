//! The clients: threads that hold connections, each with a descriptor table of its own.
//!
//! A thread's connections are opened in waves, each with a round trip, and are then left alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{setsockopt, sockopt as nix_sockopt};
use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType};
use rustix::net::{bind, connect, shutdown, socket_with};

/// Bytes of a message.
pub(crate) const MESSAGE: usize = 1024;
/// Connections of a thread that wait for an answer at once.
const WAVE: usize = 64;
/// Addresses of each thread: the fewer of an address's ports are taken, the sooner the kernel
/// finds a free one.
const ADDRESSES: usize = 8;
/// How long one answer may take.
const STALL: Duration = Duration::from_secs(60);
/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);
/// Threads hold little on their stacks.
const STACK: usize = 128 * 1024;

/// What all threads are to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    /// So many connections in all, each with a round trip as it is opened.
    Open(usize),
    /// So many round trips in all, on connections chosen at random.
    Again(usize),
    /// End every connection in order, and see the server do so too.
    Close,
}

/// What is so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) open: AtomicU64,
    pub(crate) round_trips: AtomicU64,
    pub(crate) closed: AtomicU64,
}

/// All clients.
#[derive(Debug)]
pub(crate) struct Crowd {
    orders: Vec<Sender<Order>>,
    reports: Receiver<Result<(), Failure>>,
    counts: Arc<Counts>,
}

impl Crowd {
    /// So many threads, with nothing open.
    pub(crate) fn gather(server: SocketAddr, members: usize) -> Result<Self, Failure> {
        let (report, reports) = channel();
        let (counts, pattern) = (Arc::<Counts>::default(), Arc::new(Pattern::new(MESSAGE)));
        let mut orders = Vec::with_capacity(members);
        for index in 0..members {
            let (order, own_orders) = channel();
            let (report, pattern, counts) = (report.clone(), pattern.clone(), counts.clone());
            let (random, sockets) = (index as u64, Vec::new());
            let member = Member { server, index, members, pattern, counts, random, sockets };
            let thread = thread::Builder::new().name(format!("client-{index}")).stack_size(STACK);
            thread.spawn(move || member.obey(&own_orders, &report))?;
            orders.push(order);
        }
        Ok(Crowd { orders, reports, counts })
    }

    /// Has an order carried out by all; `watch` sees the progress.
    pub(crate) fn carry_out(
        &self,
        order: Order,
        mut watch: impl FnMut(&Counts),
    ) -> Result<(), Failure> {
        for member in &self.orders {
            member.send(order).map_err(|_| Failure::failed("a client thread has ended"))?;
        }
        let mut reported = 0;
        while reported < self.orders.len() {
            match self.reports.recv_timeout(TICK) {
                Ok(report) => {
                    report?;
                    reported += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::failed("the client threads have ended"));
                }
            }
            watch(&self.counts);
        }
        Ok(())
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// One thread's share.
struct Member {
    server: SocketAddr,
    index: usize,
    members: usize,
    pattern: Arc<Pattern>,
    counts: Arc<Counts>,
    /// The state of its generator.
    random: u64,
    sockets: Vec<OwnedFd>,
}

impl Member {
    fn obey(mut self, orders: &Receiver<Order>, reports: &Sender<Result<(), Failure>>) {
        // What others open is not in it, nor do theirs count in its limit.
        let mut left = unshare(CloneFlags::CLONE_FILES).map_err(Failure::failed);
        for order in orders {
            let done = std::mem::replace(&mut left, Ok(())).and_then(|()| self.carry_out(order));
            // Nobody hears it when another one has failed already.
            let _ = reports.send(done);
        }
    }

    fn carry_out(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Open(all) => self.open(self.share(all)),
            Order::Again(all) => self.again(self.share(all)),
            Order::Close => self.close(),
        }
    }

    fn share(&self, all: usize) -> usize {
        all / self.members + usize::from(self.index < all % self.members)
    }

    fn open(&mut self, to: usize) -> Result<(), Failure> {
        while self.sockets.len() < to {
            let wave = self.sockets.len()..to.min(self.sockets.len() + WAVE);
            for at in wave.clone() {
                let socket = self.dial(at).map_err(|failure| failure.during("a connection"))?;
                self.sockets.push(socket);
                self.counts.open.fetch_add(1, Ordering::Relaxed);
                self.say(at, 0)?;
            }
            for at in wave {
                self.hear(at, 0)?;
            }
        }
        Ok(())
    }

    /// One at a time, so that none waits for this thread.
    fn again(&mut self, round_trips: usize) -> Result<(), Failure> {
        for sequence in 1..=round_trips as u64 {
            let at = (self.random() % self.sockets.len().max(1) as u64) as usize;
            self.say(at, sequence)?;
            self.hear(at, sequence)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        while !self.sockets.is_empty() {
            let wave = self.sockets.split_off(self.sockets.len().saturating_sub(WAVE));
            for socket in &wave {
                shutdown(socket, Shutdown::Write)?;
            }
            for socket in wave {
                match rustix::io::read(&socket, &mut [0; 1])? {
                    0 => self.counts.closed.fetch_add(1, Ordering::Relaxed),
                    _ => return Err(Failure::failed("a byte that nobody asked for")),
                };
            }
        }
        Ok(())
    }

    fn dial(&self, at: usize) -> Result<OwnedFd, Failure> {
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // Without it a port would be taken at `bind`, before the kernel knows that the other end
        // makes it unique.
        setsockopt(&socket, nix_sockopt::IpBindAddressNoPort, &true).map_err(Failure::failed)?;
        let line = self.index * ADDRESSES + at % ADDRESSES + 1;
        let from = Ipv4Addr::new(127, 1, (line >> 8) as u8, line as u8);
        bind(&socket, &SocketAddr::from((from, 0)))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(STALL))?;
        set_socket_timeout(&socket, Timeout::Send, Some(STALL))?;
        connect(&socket, &self.server)?;
        Ok(socket)
    }

    fn message(&self, at: usize, sequence: u64) -> &[u8] {
        self.pattern.message(at * self.members + self.index, sequence)
    }

    fn say(&self, at: usize, sequence: u64) -> Result<(), Failure> {
        let mut left = self.message(at, sequence);
        while !left.is_empty() {
            left = &left[rustix::io::write(&self.sockets[at], left)?..];
        }
        Ok(())
    }

    fn hear(&self, at: usize, sequence: u64) -> Result<(), Failure> {
        let (mut back, mut filled) = ([0; MESSAGE], 0);
        while filled < MESSAGE {
            match rustix::io::read(&self.sockets[at], &mut back[filled..])? {
                0 => return Err(Failure::failed("the server ended a connection")),
                read => filled += read,
            }
        }
        if back != self.message(at, sequence) {
            return Err(Failure::failed("a byte came back that was not sent"));
        }
        self.counts.round_trips.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A step of Knuth's generator; its upper half is good enough to choose by.
    fn random(&mut self) -> u64 {
        let step = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = step.wrapping_add(1_442_695_040_888_963_407);
        self.random >> 32
    }
}
