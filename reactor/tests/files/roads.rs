//! A loop that sends on each kind of carrier, in a world of memory.

use readily::sys::sim::{ClientId, Link, Sendfile};
use readily::{Bind, Config, Listen, Release};

use crate::house::House;
use crate::toy::Toys;
use crate::toys::{Net, nudge};
use crate::troupe::Actor;

/// What carries a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Over {
    /// A plain socket, with `sendfile`.
    Sendfile,
    /// A plain socket of a system that has none.
    Socket,
    /// A toy of TLS.
    Tls,
    /// A stream of an endpoint.
    Stream,
}

pub(crate) const ALL: [Over; 4] = [Over::Sendfile, Over::Socket, Over::Tls, Over::Stream];

/// One loop and one peer of it.
pub(crate) struct Road {
    pub(crate) house: House,
    over: Over,
    client: Option<ClientId>,
    net: Net,
    key: u32,
}

impl Road {
    /// What `first` makes is served to one peer, who takes `link.window` bytes at once.
    pub(crate) fn new(
        over: Over,
        link: Link,
        config: Config,
        mut first: impl FnMut() -> Actor + 'static,
    ) -> Road {
        let tls = (over == Over::Tls).then(|| Toys.into());
        let options = Listen { tls, ..Listen::default() };
        let takes = *link.window.end() as usize;
        let mut road = if over == Over::Stream {
            let house = House::new(config, crate::troupe::echo);
            let mut road = Road { house, over, client: None, net: Net::default(), key: 0 };
            let net = road.net.clone();
            net.takes(takes);
            let bound = road.house.reactor.bind_streams(
                net.at(),
                Bind::default(),
                net.clone(),
                move |_, _| Some(first()),
            );
            bound.expect("a port");
            road.key = net.opened(b"", false);
            road
        } else {
            let house = House::with(config, options, first);
            Road { house, over, client: None, net: Net::default(), key: 0 }
        };
        road.house.sim().set_link(link);
        if over == Over::Sendfile {
            road.house.sim().set_sendfile(Sendfile::Works);
        }
        if over != Over::Stream {
            let client = road.house.connect();
            road.client = Some(client);
            if over == Over::Tls {
                road.house.sim().send(client, b"!");
            }
        }
        road
    }

    /// A peer that takes as much as it is given.
    pub(crate) fn wide(over: Over, first: impl FnMut() -> Actor + 'static) -> Road {
        Road::new(over, Link::perfect(), Config::default(), first)
    }

    /// The peer takes nothing for now; an endpoint's does so after each refusal anyway.
    pub(crate) fn stop(&mut self) {
        if let Some(client) = self.client {
            self.house.sim().stop_reading(client);
        }
    }

    pub(crate) fn go_on(&mut self) {
        match self.client {
            Some(client) => self.house.sim().start_reading(client),
            None => self.net.takes_more(),
        }
    }

    /// The peer cuts it.
    pub(crate) fn reset(&mut self) {
        let client = self.client.expect("a socket");
        self.house.sim().reset(client);
    }

    /// Lets all happen that can.
    pub(crate) fn settle(&mut self) {
        match self.over {
            Over::Stream => nudge(&mut self.house),
            _ => self.house.settle(),
        }
    }

    /// The same, with a peer that takes more again and again.
    pub(crate) fn finish(&mut self) {
        self.settle();
        if self.over != Over::Stream {
            return;
        }
        while self.net.stream(self.key).released.is_none() && !self.net.stream(self.key).finished {
            let before = self.heard().len();
            self.net.takes_more();
            self.settle();
            let over = self.net.stream(self.key).released.is_some();
            assert!(over || self.heard().len() > before, "nothing more comes");
        }
    }

    /// What the peer has got, without what the toy of TLS adds to it.
    pub(crate) fn heard(&mut self) -> Vec<u8> {
        let Some(client) = self.client else { return self.net.stream(self.key).heard };
        let all = self.house.sim().received(client);
        let all = all.strip_prefix(b"!").unwrap_or(all);
        if self.over == Over::Tls {
            all.strip_suffix(b".").unwrap_or(all).to_vec()
        } else {
            all.to_vec()
        }
    }

    /// Whether the peer was told that it has not got all.
    pub(crate) fn was_cut(&mut self) -> bool {
        match self.client {
            Some(client) => self.house.sim().was_reset(client),
            None => self.net.stream(self.key).released == Some(Release::Reset),
        }
    }
}
