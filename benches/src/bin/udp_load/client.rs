//! The loop over all sockets.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use readily_benches::failure::Failure;
use readily_benches::pattern::Pattern;
use readily_benches::summary::Summary;
use readily_benches::trial::{self, Trial};
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::window::{Heard, Window};

const EVENTS: usize = 1024;

/// A datagram without an echo for so long counts as lost.
const LOST_AFTER: Duration = Duration::from_millis(200);

/// How often it is looked for lost ones, and how late the timed part may end.
const STEP: Duration = Duration::from_millis(10);

/// What to do.
pub(crate) struct Plan {
    pub(crate) connect: SocketAddr,
    pub(crate) sockets: usize,
    /// Bytes of a datagram.
    pub(crate) size: usize,
    /// Datagrams under way on each socket.
    pub(crate) window: usize,
    /// How long nothing may come.
    pub(crate) stall: Duration,
}

/// All sockets and the loop that drives them.
pub(crate) struct Client {
    plan: Plan,
    pattern: Pattern,
    epoll: OwnedFd,
    sockets: Vec<(UdpSocket, Window)>,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// Datagrams that were sent again.
    lost: u64,
    /// Echoes that came again.
    again: u64,
}

impl Client {
    /// Opens every socket.
    pub(crate) fn open(plan: Plan) -> Result<Self, Failure> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let now = Instant::now();
        let mut sockets = Vec::with_capacity(plan.sockets);
        for index in 0..plan.sockets {
            let any: SocketAddr = match plan.connect {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any)?;
            socket.connect(plan.connect)?;
            socket.set_nonblocking(true)?;
            epoll::add(&epoll, &socket, EventData::new_u64(index as u64), EventFlags::IN)?;
            sockets.push((socket, Window::new(index, plan.window, now)));
        }
        Ok(Self {
            pattern: Pattern::new(plan.size),
            epoll,
            sockets,
            // One more than is expected, so that a longer one is seen.
            incoming: vec![0; plan.size + 1],
            outgoing: vec![0; plan.size],
            lost: 0,
            again: 0,
            plan,
        })
    }

    /// Does all round trips; also says how many datagrams were lost.
    pub(crate) fn run(mut self, options: trial::Options) -> Result<(Summary, u64), Failure> {
        let mut trial = Trial::begin(options)?;
        for index in 0..self.sockets.len() {
            for slot in 0..self.plan.window {
                self.begin(index, slot, Instant::now(), &mut trial)?;
            }
        }
        let step = Timespec::try_from(STEP).map_err(Failure::failed)?;
        let mut events = Vec::with_capacity(EVENTS);
        let mut heard = Instant::now();
        let mut looked = heard;
        while trial.under_way() > 0 || !trial.is_over() {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&step)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let now = Instant::now();
            trial.tick(now)?;
            for Event { data, .. } in events.iter().copied() {
                self.serve(data.u64() as usize, &mut trial)?;
                heard = now;
            }
            if now.duration_since(looked) >= STEP {
                looked = now;
                self.send_lost(now)?;
                self.check_stall(now.duration_since(heard), &trial)?;
            }
        }
        Ok((trial.finish()?, self.lost))
    }

    /// The next datagram of a slot, if there is to be one.
    fn begin(
        &mut self,
        index: usize,
        slot: usize,
        now: Instant,
        trial: &mut Trial,
    ) -> Result<(), Failure> {
        if !trial.starts(1) {
            return Ok(());
        }
        self.sockets[index].1.begin(slot, now, &self.pattern, &mut self.outgoing);
        self.send(index)
    }

    fn send(&self, index: usize) -> Result<(), Failure> {
        match self.sockets[index].0.send(&self.outgoing) {
            Ok(_) => Ok(()),
            // It is lost here rather than later.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(broken(index, &error)),
        }
    }

    /// Takes as many datagrams as can be there.
    fn serve(&mut self, index: usize, trial: &mut Trial) -> Result<(), Failure> {
        for _ in 0..self.plan.window {
            let (socket, window) = &mut self.sockets[index];
            let length = match socket.recv(&mut self.incoming) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(broken(index, &error)),
            };
            let now = Instant::now();
            let heard = window.hear(&self.incoming[..length], &self.pattern);
            match heard.map_err(|error| broken(index, &error))? {
                Heard::Echo(slot, begun) => {
                    trial.record(now.duration_since(begun));
                    self.begin(index, slot, now, trial)?;
                }
                Heard::Again => self.again += 1,
            }
            if self.again > self.lost {
                return Err(broken(index, &"an echo came twice of what was sent once"));
            }
        }
        Ok(())
    }

    fn send_lost(&mut self, now: Instant) -> Result<(), Failure> {
        for index in 0..self.sockets.len() {
            let mut late = true;
            while late {
                let window = &mut self.sockets[index].1;
                late = window.overdue(LOST_AFTER, now, &self.pattern, &mut self.outgoing);
                if late {
                    self.lost += 1;
                    self.send(index)?;
                }
            }
        }
        Ok(())
    }

    fn check_stall(&self, silence: Duration, trial: &Trial) -> Result<(), Failure> {
        if silence < self.plan.stall {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "nothing for {} s, {} datagrams wait after {} round trips",
            self.plan.stall.as_secs(),
            trial.under_way(),
            trial.done()
        )))
    }
}

fn broken(index: usize, error: &dyn std::fmt::Display) -> Failure {
    Failure::failed(format!("socket {index}: {error}"))
}
