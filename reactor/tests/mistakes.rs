//! Configurations that no loop could work with are refused in words.

use std::io::ErrorKind;

use readily::sys::sim::Sim;
use readily::udp_echo::UdpEcho;
use readily::{Address, Alone, Bind, Config, Listen, Never, Reactor};

type Loop = Reactor<Alone<Never>, Sim>;

fn refused(change: fn(&mut Config)) -> String {
    let mut config = Config::default();
    change(&mut config);
    let error = Loop::with(Alone::new(), Sim::new(1), config).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string()
}

#[test]
fn a_limit_that_stops_everything_is_named() {
    type Change = fn(&mut Config);
    let cases: [(Change, &str); 8] = [
        (|config| config.receive_max = 0, "receive_max"),
        (|config| config.send_marks.high = 0, "send_marks.high"),
        (|config| config.send_marks.cap = 1, "send_marks.cap"),
        (|config| config.turn_bytes = 0, "turn_bytes"),
        (|config| config.turn_reads = 0, "turn_reads"),
        (|config| config.turn_deadlines = 0, "turn_deadlines"),
        (|config| config.letters_max = 0, "letters_max"),
        (|config| config.spins_max = 0, "spins_max"),
    ];
    for (change, name) in cases {
        assert!(refused(change).starts_with(name), "{name}");
    }
}

#[test]
fn a_budget_of_none_is_refused() {
    let mut reactor = Loop::with(Alone::new(), Sim::new(1), Config::default()).expect("a loop");
    let at: Address = "10.0.0.1:80".parse().expect("an address");
    let listen = Listen { accept_budget: 0, ..Listen::default() };
    let error = reactor.listen_with(&at, listen, |_, _| None).expect_err("refused");
    assert_eq!(error.to_string(), "accept_budget is 0");
    let bind = Bind { budget: 0, ..Bind::default() };
    let at = at.ip().expect("an IP address");
    let error = reactor.bind(at, bind, UdpEcho::default()).expect_err("refused");
    assert_eq!(error.to_string(), "budget is 0");
}
