//! Handshakes of TLS: how many, how fast, and how long.

use std::time::Duration;

use readily::sys::sim::ClientId;
use readily::{Config, Listen};

use crate::house::House;
use crate::toy::Toys;
use crate::troupe::{Actor, swallow};
use crate::{around, config};

/// Every limit of these tests; a time is in milliseconds.
const L: u64 = 5;
const LIMIT: usize = L as usize;

fn secured(config: Config) -> House {
    let options = Listen { tls: Some(Toys.into()), ..Listen::default() };
    House::with(config, options, || Actor::new(swallow))
}

fn clients(house: &mut House, n: u64) -> Vec<ClientId> {
    (0..n).map(|_| house.connect()).collect()
}

pub(crate) fn a_handshake() {
    let timed_out = |n| {
        let mut house = secured(config(|c| c.handshake_within = Duration::from_millis(L)));
        house.connect();
        house.settle();
        house.wait(Duration::from_millis(n));
        assert_eq!(house.counters().handshaking, 1 - house.counters().handshakes_timed_out);
        house.counters().handshakes_timed_out
    };
    around(L, timed_out, [0, 1, 1]);
}

pub(crate) fn handshakes_under_way() {
    let waiting = |n| {
        let mut house = secured(config(|c| c.handshakes_max = LIMIT));
        let all = clients(&mut house, n);
        house.settle();
        assert!(house.counters().handshaking <= L);
        let waiting = n - house.counters().accepted;
        assert!(house.counters().handshakes_exhausted > 0 || waiting == 0);
        // One that is done makes room for the next.
        house.say(all[0], b"!");
        assert_eq!(house.counters().accepted, n);
        waiting
    };
    around(L, waiting, [0, 0, 1]);
}

pub(crate) fn handshakes_in_a_turn() {
    let left = |n| {
        let mut house = secured(config(|c| c.turn_handshakes = LIMIT));
        let all = clients(&mut house, n);
        house.settle();
        for client in all {
            house.sim().send(client, b"!");
        }
        // They say hello together.
        while house.counters().handshaking == n {
            house.turn();
        }
        house.counters().handshaking
    };
    around(L, left, [0, 0, 1]);
}

pub(crate) fn a_secured_listener() {
    let mut house = secured(Config::default());
    let client = house.connect();
    house.settle();
    assert_eq!((house.counters().handshaking, house.counters().calls), (1, 0));
    // What comes with the last of the handshake is for the machine.
    house.say(client, b"!hello");
    assert_eq!(house.sim().take(client), b"!");
    assert_eq!((house.counters().handshaking, house.counters().calls), (0, 1));
    house.say(client, b".");
    assert!(house.counters().ended_finished == 1 && house.sim().take(client) == b".");
    // Its socket is kept until that ends as well.
    assert_eq!(house.counters().open, 1);
    house.sim().close(client);
    house.settle();
    // One that does not know how is told why it is not served, by the tally.
    let client = house.connect();
    house.say(client, b"?");
    let counters = *house.counters();
    assert_eq!((counters.handshakes_failed, counters.handshaking, counters.open), (1, 0, 1));
    assert_eq!(house.reactor.tally().of("toy: no handshake"), 1);
    // One that is cut after the handshake has not ended in order.
    let client = house.connect();
    house.say(client, b"!");
    house.sim().shutdown(client);
    house.settle();
    assert_eq!(house.counters().truncated, 1);
}
