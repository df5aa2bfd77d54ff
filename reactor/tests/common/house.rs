//! The real loop in a world of memory, with a clock of its own.

use std::time::Duration;

use readily::sys::sim::{ClientId, Sim};
use readily::{Address, Config, Counters, Id, Io, Listen, Reactor, Turn};

use crate::troupe::{Actor, Cue, Does, Troupe};

/// One loop with one listener, and the clients it has.
pub(crate) struct House {
    pub(crate) reactor: Reactor<Troupe, Sim>,
    pub(crate) at: Address,
}

impl House {
    /// Every connection does what `act` does.
    pub(crate) fn new(config: Config, act: fn(&mut Io<'_, Troupe>, Cue) -> Does) -> House {
        House::with(config, Listen::default(), move || Actor::new(act))
    }

    /// Every connection is what `first` makes.
    pub(crate) fn with(
        config: Config,
        options: Listen,
        mut first: impl FnMut() -> Actor + 'static,
    ) -> House {
        let mut reactor = Reactor::with(Troupe::default(), Sim::new(1), config).expect("a loop");
        let at = Address::Ip(([10, 0, 0, 1], 80).into());
        reactor.listen_with(&at, options, move |_, _| Some(first())).expect("a listener");
        House { reactor, at }
    }

    pub(crate) fn sim(&mut self) -> &mut Sim {
        self.reactor.sys_mut()
    }

    pub(crate) fn connect(&mut self) -> ClientId {
        let at = self.at.clone();
        self.sim().connect(&at)
    }

    /// Sends, and lets the loop do what it does of it.
    pub(crate) fn say(&mut self, client: ClientId, bytes: &[u8]) {
        self.sim().send(client, bytes);
        self.settle();
    }

    /// One turn that does not wait.
    pub(crate) fn turn(&mut self) {
        self.reactor.turn(Some(Duration::ZERO)).expect("the wait");
        self.reactor.check();
    }

    /// Turns until there is nothing to do now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..SETTLES {
            let before = *self.counters();
            self.turn();
            let after = Counters { turns: before.turns, ..*self.counters() };
            if after == before && self.sim().is_quiescent() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// Lets that much time pass, in steps of a millisecond at most.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.sim().elapsed() + time;
        while self.sim().elapsed() < until {
            let left = (until - self.sim().elapsed()).min(Duration::from_millis(1));
            if self.reactor.turn(Some(left)).expect("the wait") == Turn::Over {
                self.sim().advance(left);
            }
        }
        self.settle();
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.reactor.counters()
    }

    /// The connection of a client.
    pub(crate) fn id(&mut self, client: ClientId) -> Id {
        let address = self.sim().address(client);
        let mut open = self.reactor.connections();
        open.find(|open| open.remote.address() == address).expect("it is connected").id
    }
}

const SETTLES: usize = 20_000;
