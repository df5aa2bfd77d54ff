//! How streams come to be: listeners, servers of the outside world, and connections to both.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use readily_protocols::contract::Address;
use rustix::io::Errno;

use super::super::{Close, Listen, PortSharing, Readiness, Token};
use super::ends::{EndRef, Holder};
use super::schedule::{Delivery, Target};
use super::{ClientId, Sim, SimListener, SimStream, error};

/// How long until a connection is asked for again that found a full backlog; doubled each time.
const RETRY: Duration = Duration::from_secs(1);
/// How often that is done.
const RETRIES: u8 = 6;
/// The first port that is given out.
pub(super) const PORTS: u16 = 49_152;

/// A listener of the loop.
#[derive(Debug)]
pub(super) struct Listening {
    at: Address,
    sharing: PortSharing,
    token: Token,
    backlog: usize,
    queue: VecDeque<EndRef>,
    pub(super) queued: bool,
}

/// What a server of the outside world does with connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Serving {
    /// It takes them: see [`Sim::accepted`].
    Accept,
    /// It takes them after this time.
    AcceptAfter(Duration),
    /// It refuses them (`ECONNREFUSED`).
    Refuse,
    /// It never answers.
    Blackhole,
}

/// A server of the outside world.
#[derive(Debug)]
pub(super) struct Server {
    at: Address,
    serving: Serving,
    accepted: VecDeque<ClientId>,
}

/// The outside world: servers.
impl Sim {
    /// Changes what is found at `at`, where the loop does not listen; nobody is there at first.
    pub fn serve(&mut self, at: &Address, serving: Serving) {
        match self.servers.iter_mut().find(|server| server.at == *at) {
            Some(server) => server.serving = serving,
            None => {
                let accepted = VecDeque::new();
                self.servers.push(Server { at: at.clone(), serving, accepted });
            }
        }
    }

    /// The next connection that the server at `at` has taken.
    pub fn accepted(&mut self, at: &Address) -> Option<ClientId> {
        self.servers.iter_mut().find(|server| server.at == *at)?.accepted.pop_front()
    }
}

/// The loop's calls.
impl Sim {
    pub(super) fn open_listener(
        &mut self,
        at: &Address,
        options: &Listen,
        token: Token,
    ) -> io::Result<(SimListener, Address)> {
        let at = self.with_port(at)?;
        let free = |other: &Listening| {
            let both_share = [other.sharing, options.sharing] == [PortSharing::Shared; 2];
            other.at != at || both_share
        };
        if !self.listeners.iter().flatten().all(free) {
            return Err(error(Errno::ADDRINUSE));
        }
        self.has_descriptor()?;
        self.host.listeners += 1;
        let listening = Listening {
            at: at.clone(),
            sharing: options.sharing,
            token,
            backlog: (options.backlog as usize).max(1),
            queue: VecDeque::new(),
            queued: false,
        };
        self.listeners.push(Some(listening));
        Ok((SimListener(self.listeners.len() as u32 - 1), at))
    }

    pub(super) fn take_waiting(&mut self, listener: u32) -> io::Result<(SimStream, Address)> {
        // As on Linux, a descriptor is asked for before the queue is looked at.
        self.has_descriptor()?;
        if let Some(errno) = self.accept_failures.pop_front() {
            return Err(error(errno));
        }
        let waiting = self.listeners[listener as usize].as_mut();
        let Some(end) = waiting.and_then(|listening| listening.queue.pop_front()) else {
            return Err(error(Errno::AGAIN));
        };
        if self.ends[end.index].reset && self.rng.hits(self.buggify.abort_accept) {
            self.ends.release(end);
            return Err(error(Errno::CONNABORTED));
        }
        self.host.streams += 1;
        self.ends[end.index].holder = Holder::Loop;
        Ok((SimStream(end), self.name_of(end.other())))
    }

    pub(super) fn close_listener(&mut self, listener: u32) {
        self.host.listeners -= 1;
        let Some(closed) = self.listeners[listener as usize].take() else { return };
        for end in closed.queue {
            self.close_end(end, Close::Reset);
        }
    }

    pub(super) fn begin_connect(&mut self, to: &Address) -> io::Result<SimStream> {
        self.has_descriptor()?;
        let target = self.find(to);
        if target == Target::Nobody && to.ip().is_none() {
            return Err(error(Errno::NOENT));
        }
        self.host.streams += 1;
        Ok(SimStream(self.open_stream(Holder::Loop, target)))
    }

    pub(super) fn outcome(&self, end: EndRef) -> io::Result<()> {
        let end = &self.ends[end.index];
        match end.failure {
            _ if end.connecting => Err(error(Errno::NOTCONN)),
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    /// What is to be reported of a listener.
    pub(super) fn listener_state(&self, listener: u32) -> Option<(Token, Readiness)> {
        let listening = self.listeners[listener as usize].as_ref()?;
        let waits = !listening.queue.is_empty();
        let state = if waits { Readiness::READABLE } else { Readiness::default() };
        Some((listening.token, state))
    }
}

/// How a connection is made.
impl Sim {
    /// A stream that asks to be connected.
    pub(super) fn open_stream(&mut self, holder: Holder, target: Target) -> EndRef {
        let link = self.links.len() as u16 - 1;
        let window = self.links[usize::from(link)].link.window.clone();
        let windows = [0, 1].map(|_| self.draw_window(&window));
        let end = self.ends.open([holder, Holder::Nobody], link, windows);
        self.ends[end.index].connecting = true;
        let delay = self.delay(end.other());
        self.schedule.push(self.now + delay, self.now, Delivery::Syn(end, target, 0));
        end
    }

    /// Who listens at an address.
    pub(super) fn find(&mut self, to: &Address) -> Target {
        let hears = |listening: &Listening| match (&listening.at, to) {
            (Address::Ip(at), Address::Ip(to)) if at.ip().is_unspecified() => {
                at.port() == to.port()
            }
            (at, to) => at == to,
        };
        let listening: Vec<u32> = (0..)
            .zip(&self.listeners)
            .filter(|(_, listening)| listening.as_ref().is_some_and(hears))
            .map(|(at, _)| at)
            .collect();
        if !listening.is_empty() {
            return Target::Listener(listening[self.rng.index(listening.len())]);
        }
        let server = (0..).zip(&self.servers).find(|(_, server)| server.at == *to);
        server.map_or(Target::Nobody, |(at, _)| Target::Server(at))
    }

    pub(super) fn deliver_syn(&mut self, from: EndRef, target: Target, tries: u8) {
        match target {
            Target::Nobody => self.refuse(from, Errno::CONNREFUSED),
            Target::Listener(at) => match &mut self.listeners[at as usize] {
                None => self.refuse(from, Errno::CONNREFUSED),
                Some(listening) if listening.queue.len() >= listening.backlog => {
                    self.ask_again(from, target, tries);
                }
                Some(listening) => {
                    listening.queue.push_back(from.other());
                    self.ends[from.index ^ 1].holder = Holder::Backlog(at);
                    self.travel(from, Delivery::Made(from));
                    self.raise_listener(at);
                }
            },
            Target::Server(at) => match self.servers[at as usize].serving {
                Serving::Blackhole => {}
                Serving::Refuse => self.refuse(from, Errno::CONNREFUSED),
                Serving::AcceptAfter(wait) if tries == 0 => {
                    let due = self.now + wait.as_nanos() as u64;
                    self.schedule.push(due, self.now, Delivery::Syn(from, target, 1));
                }
                Serving::Accept | Serving::AcceptAfter(_) => {
                    let client = self.new_client(from.other());
                    self.ends[from.index ^ 1].holder = Holder::Client(client.0);
                    self.servers[at as usize].accepted.push_back(client);
                    self.travel(from, Delivery::Made(from));
                }
            },
        }
    }

    pub(super) fn deliver_made(&mut self, to: EndRef) {
        if self.ends[to.index].connecting {
            self.ends[to.index].connecting = false;
            self.raise(to, Readiness::WRITABLE);
            self.pump(to.other());
        }
    }

    pub(super) fn deliver_failed(&mut self, to: EndRef, errno: i32) {
        let end = &mut self.ends[to.index];
        (end.connecting, end.failure) = (false, errno);
        self.raise(to, Readiness::READABLE.and(Readiness::WRITABLE).and(Readiness::DRAIN));
        self.settle(to);
    }

    fn refuse(&mut self, from: EndRef, why: Errno) {
        self.travel(from, Delivery::Failed(from, why.raw_os_error()));
    }

    fn ask_again(&mut self, from: EndRef, target: Target, tries: u8) {
        if tries == RETRIES {
            return self.refuse(from, Errno::TIMEDOUT);
        }
        let due = self.now + ((RETRY.as_nanos() as u64) << tries);
        self.schedule.push(due, self.now, Delivery::Syn(from, target, tries + 1));
    }

    fn draw_window(&mut self, bounds: &std::ops::RangeInclusive<u32>) -> u32 {
        self.rng.within(u64::from(*bounds.start())..=u64::from(*bounds.end())).max(1) as u32
    }

    /// The address to be used where the port is left open.
    pub(super) fn with_port(&mut self, at: &Address) -> io::Result<Address> {
        match at {
            Address::Ip(at) if at.port() == 0 => {
                let port = self.next_port;
                self.next_port = port.checked_add(1).ok_or_else(|| error(Errno::ADDRINUSE))?;
                Ok(Address::Ip(SocketAddr::new(at.ip(), port)))
            }
            at => Ok(at.clone()),
        }
    }

    /// The address of an end, as the other side sees it.
    fn name_of(&self, end: EndRef) -> Address {
        match self.ends[end.index].holder {
            Holder::Client(client) => self.address(ClientId(client)),
            _ => {
                let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
                Address::Ip(SocketAddr::new(host, PORTS | end.index as u16))
            }
        }
    }
}
