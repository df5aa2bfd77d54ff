//! One loop with as many connections as memory holds, on a network that exists only in memory.

use std::time::Duration;

use readily::sys::sim::{ClientId, Rng, Sim};
use readily::{Address, Alone, Config, Machine, Reactor};

use crate::failure::Failure;

/// The size of a message in bytes.
pub const MESSAGE: usize = 64;

/// How many messages are on their way at once.
pub const BATCH: usize = 32;

/// How many connections begin at once: within the backlog of the listener.
const WAVE: usize = 1024;

/// A loop whose connections echo, its clients, and links without delay between them.
#[derive(Debug)]
pub struct World<M: Machine<App = Alone<M>> + 'static> {
    reactor: Reactor<Alone<M>, Sim>,
    at: Address,
    rng: Rng,
}

impl<M: Machine<App = Alone<M>> + 'static> World<M> {
    /// A loop without connections; `accept` makes the machine of each, which has to echo.
    ///
    /// # Errors
    /// Those of the loop.
    pub fn new(accept: fn() -> M) -> Result<Self, Failure> {
        let mut reactor = Reactor::with(Alone::new(), Sim::new(1), Config::default())?;
        let at = Address::Ip(([10, 0, 0, 1], 7).into());
        reactor.listen(&at, move |_, _| Some(accept()))?;
        Ok(World { reactor, at, rng: Rng::new(2) })
    }

    /// The size of a slot of this loop in bytes.
    pub const fn slot_size() -> usize {
        Reactor::<Alone<M>, Sim>::slot_size()
    }

    /// Opens that many connections, and returns when all of them are accepted.
    ///
    /// # Errors
    /// A loop that does not get on.
    pub fn connect(&mut self, connections: usize) -> Result<Vec<ClientId>, Failure> {
        let accepted = self.reactor.counters().accepted;
        let mut clients = Vec::with_capacity(connections);
        while clients.len() < connections {
            let wave = WAVE.min(connections - clients.len());
            clients.extend((0..wave).map(|_| self.reactor.sys_mut().connect(&self.at)));
            let wanted = accepted + clients.len() as u64;
            self.turn_until(|reactor| reactor.counters().accepted == wanted)?;
        }
        Ok(clients)
    }

    /// Closes these connections, and returns when the loop has freed their slots.
    ///
    /// # Errors
    /// A loop that does not get on.
    pub fn close(&mut self, clients: &[ClientId]) -> Result<(), Failure> {
        let left = self.reactor.counters().open.saturating_sub(clients.len() as u64);
        for client in clients {
            self.reactor.sys_mut().forget(*client);
        }
        self.turn_until(|reactor| reactor.counters().open == left)
    }

    /// Makes that many round trips of [`MESSAGE`] bytes, [`BATCH`] at a time, on connections drawn
    /// at random.
    ///
    /// # Errors
    /// Bytes that are missing, and a loop that does not get on.
    pub fn talk(&mut self, clients: &[ClientId], round_trips: usize) -> Result<(), Failure> {
        let mut left = round_trips;
        while left > 0 {
            let n = left.min(BATCH);
            let mut chosen = [None; BATCH];
            for one in &mut chosen[..n] {
                *one = Some(clients[self.rng.index(clients.len())]);
            }
            self.exchange(chosen.iter().copied().flatten())?;
            left -= n;
        }
        Ok(())
    }

    /// Makes one round trip of [`MESSAGE`] bytes on each of these, all at once.
    ///
    /// # Errors
    /// Bytes that are missing, and a loop that does not get on.
    pub fn exchange(
        &mut self,
        chosen: impl Iterator<Item = ClientId> + Clone,
    ) -> Result<(), Failure> {
        let mut sent = 0;
        for client in chosen.clone() {
            self.reactor.sys_mut().send(client, &[b'x'; MESSAGE]);
            sent += MESSAGE;
        }
        self.turn_until(|reactor| reactor.sys_mut().is_quiescent())?;
        let came: usize = chosen.map(|client| self.reactor.sys_mut().take(client).len()).sum();
        if came == sent {
            Ok(())
        } else {
            Err(Failure::failed(format!("{came} bytes came back of {sent}")))
        }
    }

    /// Lets time pass: nothing else does here.
    pub fn pass(&mut self, time: Duration) {
        self.reactor.sys_mut().advance(time);
    }

    /// How many connections are open.
    pub fn open(&self) -> u64 {
        self.reactor.counters().open
    }

    fn turn_until(
        &mut self,
        mut done: impl FnMut(&mut Reactor<Alone<M>, Sim>) -> bool,
    ) -> Result<(), Failure> {
        /// Far more than accepting a wave takes.
        const TURNS: usize = 10_000;
        for _ in 0..TURNS {
            if done(&mut self.reactor) {
                return Ok(());
            }
            self.reactor.turn(Some(Duration::ZERO))?;
        }
        Err(Failure::failed("the loop does not get on"))
    }
}
