//! 1: whole, byte by byte, and cut at every offset, the same input gives the same output and the
//! same states.

use std::time::Duration;

use readily::sys::sim::{Link, Sim};
use readily::testing::Script;
use readily::{Address, Alone, Config, Reactor, Turn};

use crate::lines::{Head, Lines, TRANSCRIPTS};

/// All that can be seen of a conversation.
type Seen = (Vec<u8>, Vec<String>);

/// Without a loop: what was sent, and the states and the end.
fn on_paper(pieces: &[&[u8]]) -> Seen {
    let mut script = Script::new(Lines::Head(Head));
    for piece in pieces {
        script.feed(piece);
    }
    script.end();
    let states = script.states().iter().map(|state| (*state).to_owned());
    let end = format!("{:?}", script.over());
    (script.sent().to_vec(), states.chain([end]).collect())
}

/// In the loop: what was received, and the transitions and the ends that were counted.
fn in_the_loop(pieces: &[&[u8]], link: Link) -> Seen {
    let mut sim = Sim::new(1);
    sim.set_link(link);
    let mut reactor = Reactor::with(Alone::new(), sim, Config::default()).expect("a loop");
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, |_, _| Some(Lines::Head(Head))).expect("a listener");
    let client = reactor.sys_mut().connect(&at);
    let turn = |reactor: &mut Reactor<_, Sim>| {
        assert_eq!(reactor.turn(Some(Duration::from_millis(10))).expect("the wait"), Turn::More);
        reactor.check();
    };
    turn(&mut reactor);
    for piece in pieces {
        reactor.sys_mut().send(client, piece);
        turn(&mut reactor);
    }
    reactor.sys_mut().shutdown(client);
    while reactor.counters().accepted == 0 || reactor.counters().open > 0 {
        turn(&mut reactor);
    }
    while !reactor.sys_mut().is_ended(client) {
        turn(&mut reactor);
    }
    let counters = reactor.counters();
    let ends = format!("{} {}", counters.ended_finished, counters.ended_peer_fault);
    let edges = format!("{:?}", reactor.states().edges);
    (reactor.sys_mut().take(client), vec![edges, ends])
}

/// Runs one way for every way of cutting `input` that is tried, and compares it with the whole.
fn cut(input: &[u8], output: &[u8], way: impl Fn(&[&[u8]]) -> Seen) {
    let whole = way(&[input]);
    assert_eq!(whole.0, output, "{:?}", input.escape_ascii().to_string());
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(way(&bytes), whole, "byte by byte");
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let pieces = [&input[..first], &input[first..second], &input[second..]];
            assert_eq!(way(&pieces), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn property_1_on_paper() {
    for (input, output) in TRANSCRIPTS {
        cut(input.as_bytes(), output.as_bytes(), on_paper);
    }
}

#[test]
fn property_1_in_the_loop() {
    let narrow = Link { window: 1..=1, ..Link::perfect() };
    for (input, output) in TRANSCRIPTS {
        for link in [Link::perfect(), narrow.clone()] {
            cut(input.as_bytes(), output.as_bytes(), |pieces| in_the_loop(pieces, link.clone()));
        }
    }
}

#[test]
fn property_1_whatever_the_link_does() {
    for (input, output) in TRANSCRIPTS {
        let whole = in_the_loop(&[input.as_bytes()], Link::perfect());
        assert_eq!(in_the_loop(&[input.as_bytes()], Link::rough()), whole, "{output}");
    }
}
