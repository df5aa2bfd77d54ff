//! Handshakes of TLS: how many, how fast, and how long. The session is one of two bytes.

use std::time::Duration;

use readily::sys::sim::ClientId;
use readily::tls::{Acceptor, Fed, Session};
use readily::{Config, Fault, Listen, Rx, Secured, Tx};

use crate::house::House;
use crate::troupe::{Actor, swallow};
use crate::{around, config};

/// Every limit of these tests; a time is in milliseconds.
const L: u64 = 5;
const LIMIT: usize = L as usize;

/// Shakes hands on `!`, ends on `.`, and is told everything else.
#[derive(Default)]
struct Toy {
    is_done: bool,
}

struct Toys;

impl Acceptor for Toys {
    fn accept(&self) -> Result<Box<dyn Session>, Fault> {
        Ok(Box::new(Toy::default()))
    }
}

impl Session for Toy {
    fn feed(&mut self, cipher: &mut Rx, out: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault> {
        while let Some(byte) = cipher.bytes().first().copied() {
            match (self.is_done, byte) {
                (false, b'!') => {
                    self.is_done = true;
                    out.write(b"!");
                }
                (false, _) => return Err(Fault::Peer("toy: no handshake")),
                (true, b'.') => return Ok(Fed::Closed),
                (true, byte) => {
                    let Some(to) = plain.space().first_mut() else { return Ok(Fed::Held) };
                    *to = byte;
                    plain.commit(1);
                }
            }
            cipher.consume(1);
        }
        Ok(Fed::Wait)
    }

    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) {
        while let Some((bytes, _)) = plain.front() {
            let n = bytes.len();
            out.write(bytes);
            plain.consume(n, drop);
        }
    }

    fn close(&mut self, out: &mut Tx) {
        out.write(b".");
    }

    fn is_handshaking(&self) -> bool {
        !self.is_done
    }

    fn secured(&self) -> Secured {
        Secured { alpn: Some(b"toy"[..].into()), server_name: None }
    }
}

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
