//! How many connections there may be, and how many come in at once.

use std::net::SocketAddr;

use readily::sys::sim::Sim;
use readily::udp_echo::UdpEcho;
use readily::{Address, Bind, Config, Listen, Reactor};

use crate::house::House;
use crate::troupe::{Actor, Troupe, echo, swallow};
use crate::{around, config};

const L: u64 = 7;

pub(crate) fn connections_of_a_loop() {
    let served = |n| {
        let mut house = House::new(config(|c| c.connections_max = Some(L as usize)), swallow);
        let clients: Vec<_> = (0..n).map(|_| house.connect()).collect();
        house.settle();
        let served = house.counters().accepted;
        // A place that is given back is given to who waits.
        house.sim().reset(clients[0]);
        house.settle();
        assert_eq!(house.counters().accepted, n, "nobody is lost");
        served
    };
    around(L, served, [L - 1, L, L]);
}

pub(crate) fn connections_of_a_listener() {
    let served = |n| {
        let options = Listen { connections_max: L as usize, ..Listen::default() };
        let mut house = House::with(Config::default(), options, || Actor::new(swallow));
        let other = Address::Ip(([10, 0, 0, 1], 81).into());
        house.reactor.listen(&other, |_, _| Some(Actor::new(echo))).expect("a listener");
        let clients: Vec<_> = (0..n).map(|_| house.connect()).collect();
        house.settle();
        let served = house.counters().accepted;
        let elsewhere = house.sim().connect(&other);
        house.say(elsewhere, b"hello");
        assert_eq!(house.sim().received(elsewhere), b"hello", "the other listener goes on");
        house.sim().reset(clients[0]);
        house.settle();
        assert_eq!(house.counters().accepted, n + 1, "nobody is lost");
        served
    };
    around(L, served, [L - 1, L, L]);
}

pub(crate) fn connections_that_wait() {
    let connected = |n| {
        let mut reactor =
            Reactor::with(Troupe::default(), Sim::new(1), Config::default()).expect("a loop");
        let at = Address::Ip(([10, 0, 0, 1], 80).into());
        let options = Listen { backlog: L as u32, ..Listen::default() };
        let listening = reactor.listen_with(&at, options, |_, _| Some(Actor::new(swallow)));
        let (id, _) = listening.expect("a listener");
        reactor.pause(id);
        let clients: Vec<_> = (0..n).map(|_| reactor.sys_mut().connect(&at)).collect();
        for _ in 0..10 {
            reactor.turn(Some(std::time::Duration::ZERO)).expect("the wait");
        }
        clients.iter().filter(|client| reactor.sys_mut().is_connected(**client)).count() as u64
    };
    around(L, connected, [L - 1, L, L]);
}

pub(crate) fn accepts_in_a_turn() {
    let accepted = |n| {
        let options = Listen { accept_budget: L as usize, ..Listen::default() };
        let mut house = House::with(Config::default(), options, || Actor::new(swallow));
        let _: Vec<_> = (0..n).map(|_| house.connect()).collect();
        // The first tells that they have come.
        while house.counters().accepted == 0 {
            house.turn();
        }
        let accepted = house.counters().accepted;
        house.settle();
        assert_eq!(house.counters().accepted, n, "nobody is lost");
        accepted
    };
    around(L, accepted, [L - 1, L, L]);
}

pub(crate) fn datagrams_in_a_turn() {
    // The system gives 32 at once, which is not cut.
    const L: u64 = 64;
    let taken = |n: u64| {
        let config = Config::default();
        let mut reactor = Reactor::with(Troupe::default(), Sim::new(1), config).expect("a loop");
        let at: SocketAddr = ([10, 0, 0, 1], 53).into();
        let options = Bind { budget: L as usize, ..Bind::default() };
        reactor.bind(at, options, UdpEcho::default()).expect("a socket");
        for n in 0..n {
            // Empty ones count as well.
            let bytes = &[1][..(n % 2) as usize];
            reactor.sys_mut().send_datagram(([10, 0, 0, 2], 1000).into(), at, bytes);
        }
        while reactor.counters().datagrams_in == 0 {
            reactor.turn(Some(std::time::Duration::ZERO)).expect("the wait");
        }
        let taken = reactor.counters().datagrams_in;
        reactor.turn(Some(std::time::Duration::ZERO)).expect("the wait");
        assert_eq!(reactor.counters().datagrams_in, n, "the rest has the next turn");
        taken
    };
    around(L, taken, [L - 1, L, L]);
}
