//! What a peer of TLS may cost: time, places, and memory.

use std::time::Duration;

use readily::echo::Echo;
use readily::sys::sim::{Link, Sim};
use readily::{Address, Config, End, Fault, Marks, Reason, Step, tls};

use crate::caller::{Caller, Ended};
use crate::keys::{self, BOTH};
use crate::place::Place;
use crate::town::Conn;

const BLOCK: u64 = 64 * 1024;

/// A loop with an echo on TLS.
fn echo_place(config: Config) -> (Place, Address) {
    let mut place = Place::quiet(config);
    let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
    (place, at)
}

fn caller(place: &mut Place, at: &Address) -> Caller {
    Caller::new(place.sim(), at, &keys::client(&BOTH))
}

/// Whether this client gets its echo now.
fn is_served(place: &mut Place, caller: &mut Caller) -> bool {
    caller.say(b"there?");
    place.settle_with(|sim| caller.talk(sim));
    std::mem::take(&mut caller.heard) == b"there?"
}

#[test]
fn a_handshake_that_does_not_end_is_ended_in_time_however_it_is_drawn_out() {
    const WITHIN: Duration = Config::HANDSHAKE_WITHIN;
    // How many bytes are sent at first, and how many in each tenth of a second after.
    for (first, drip) in [(0, 0), (1, 0), (100, 0), (usize::MAX, 0), (0, 1), (5, 1), (200, 1)] {
        let (mut place, at) = echo_place(Config::default());
        let mut all: Vec<Caller> = (0..20).map(|_| caller(&mut place, &at)).collect();
        for caller in &mut all {
            caller.send(place.sim(), first);
        }
        place.settle();
        assert_eq!(place.counters().handshaking, 20);
        while place.sim().elapsed() < WITHIN - Duration::from_millis(1) {
            let left = WITHIN - Duration::from_millis(1) - place.sim().elapsed();
            place.wait(left.min(Duration::from_millis(100)));
            for caller in &mut all {
                caller.listen(place.sim());
                caller.send(place.sim(), drip);
            }
        }
        let told = format!("{first} and then {drip}");
        assert_eq!(place.counters().handshakes_timed_out, 0, "{told}");
        place.wait(Duration::from_millis(1));
        let counters = place.counters();
        assert_eq!((counters.handshakes_timed_out, counters.open), (20, 0), "{told}");
        assert_eq!((counters.calls, counters.buffered), (0, 0), "{told}");
        assert!(all.iter().all(|caller| place.sim().was_reset(caller.id)), "{told}");
        place.end();
    }
}

#[test]
fn who_is_served_is_served_while_handshakes_wait_for_their_turn() {
    let mut config = Config::default();
    config.handshakes_max = 5;
    let (mut place, at) = echo_place(config);
    let mut friend = caller(&mut place, &at);
    assert!(is_served(&mut place, &mut friend));
    let silent: Vec<Caller> = (0..12).map(|_| caller(&mut place, &at)).collect();
    let mut late = caller(&mut place, &at);
    place.settle_with(|sim| late.talk(sim));
    assert_eq!((place.counters().handshaking, place.counters().accepted), (5, 6));
    assert!(is_served(&mut place, &mut friend));
    assert!(late.is_handshaking());
    // Twelve silent ones are three rounds of five, and the last has room for one more.
    for round in 1..=3 {
        place.wait(Config::HANDSHAKE_WITHIN);
        place.settle_with(|sim| late.talk(sim));
        assert!(is_served(&mut place, &mut friend), "round {round}");
        assert_eq!(!late.is_handshaking(), round >= 2, "round {round}");
    }
    assert!(is_served(&mut place, &mut late));
    assert_eq!(place.counters().handshakes_timed_out, silent.len() as u64);
    place.end();
}

#[test]
fn a_peer_that_never_reads_costs_its_caps_and_then_its_connection() {
    const HIGH: usize = 100_000;
    let mut config = Config::default();
    config.send_marks = Marks { high: HIGH, low: HIGH / 2, cap: 1 << 20 };
    let mut place = Place::quiet(config);
    // One who is asked nothing and says more than anybody wants to hear.
    let at = place.secure(443, |_, _| {
        Some(Conn::act(|io| {
            while io.tx.room() > 0 {
                io.tx.write(&[b'x'; 5_000]);
            }
            io.rx.consume(io.rx.len());
            Ok(if io.rx.is_drained() { Step::Finish } else { Step::Wait })
        }))
    });
    let mut deaf = caller(&mut place, &at);
    let mut shaken = false;
    place.settle_with(|sim| {
        if !shaken {
            deaf.listen(sim);
            shaken = !deaf.is_handshaking();
            deaf.send(sim, usize::MAX);
            if shaken {
                sim.stop_reading(deaf.id);
            }
        }
    });
    let held = place.counters().buffered;
    // Plaintext up to its mark and a piece more, ciphertext up to a block and what does not fit it.
    let most = HIGH as u64 + 2 * BLOCK + 16_384;
    assert!(held > BLOCK && held <= most, "{held} bytes are held, and {most} at most");
    // It may send what it likes: that costs nothing more.
    for _ in 0..50 {
        deaf.say(&[b'y'; 4_000]);
        deaf.send(place.sim(), usize::MAX);
        place.settle();
    }
    assert!(place.counters().buffered <= most);
    place.wait(Config::SEND_STALL);
    let ends = place.reactor.app().ends();
    assert_eq!(ends, [End::Fault(Fault::TimedOut(Reason::SendStall))]);
    assert_eq!((place.counters().open, place.counters().buffered), (0, 0));
    place.end();
}

#[test]
fn a_peer_that_says_more_than_it_reads_is_not_read_from() {
    let (mut place, at) = echo_place(Config::default());
    let mut deaf = caller(&mut place, &at);
    assert!(is_served(&mut place, &mut deaf));
    place.sim().stop_reading(deaf.id);
    let mut said = 0;
    while place.sim().unread(deaf.id) == 0 {
        deaf.say(&[b'y'; 16_000]);
        said += 16_000;
        deaf.send(place.sim(), usize::MAX);
        place.settle();
        assert!(said < 4_000_000, "it is read from for ever");
    }
    let Config { send_marks, receive_max, .. } = Config::default();
    let most = (send_marks.high + receive_max) as u64 + 4 * BLOCK;
    let held = place.counters().buffered;
    assert!(held <= most, "{held} bytes are held, and {most} at most");
    // And it gets all of it when it reads again.
    place.sim().start_reading(deaf.id);
    place.settle_with(|sim| deaf.talk(sim));
    assert_eq!(deaf.heard.len(), said);
    assert_eq!(place.counters().buffered, 0, "who waits for nothing holds nothing");
    deaf.close();
    place.settle_with(|sim| deaf.talk(sim));
    assert_eq!(deaf.ended, Some(Ended::InOrder));
    place.end();
}

#[test]
fn an_idle_connection_holds_no_buffer() {
    let (mut place, at) = echo_place(Config::default());
    let mut all: Vec<Caller> = (0..30).map(|_| caller(&mut place, &at)).collect();
    for caller in &mut all {
        assert!(is_served(&mut place, caller));
    }
    assert_eq!((place.counters().open, place.counters().buffered), (30, 0));
    // A hello that is not whole is with the session already.
    let mut half = caller(&mut place, &at);
    half.send(place.sim(), 50);
    place.settle();
    assert_eq!((place.counters().handshaking, place.counters().buffered), (1, 0));
    place.reactor.abort();
    place.run_out();
}

#[test]
fn the_budget_is_shared_by_ciphertext_too() {
    let mut sim = Sim::new(1);
    sim.set_link(Link { window: 1_000..=1_000, ..Link::perfect() });
    let mut config = Config::default();
    config.buffers_max = 1_000_000;
    config.send_stall = Duration::from_secs(3600);
    let mut place = Place::new(0, sim, config);
    let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
    let mut all: Vec<Caller> = (0..40).map(|_| caller(&mut place, &at)).collect();
    place.settle_with(|sim| all.iter_mut().for_each(|caller| caller.talk(sim)));
    for caller in &mut all {
        place.sim().stop_reading(caller.id);
        caller.say(&[b'x'; 200_000]);
        caller.send(place.sim(), usize::MAX);
    }
    for _ in 0..2_000 {
        place.step();
        assert!(place.counters().buffered <= 1_000_000 + 4 * BLOCK);
    }
    let shed = place.counters().ended_shed as usize;
    assert!(place.counters().starved > 0 && shed < 40, "{:?}", place.counters());
    for caller in &mut all {
        place.sim().start_reading(caller.id);
    }
    place.settle_with(|sim| all.iter_mut().for_each(|caller| caller.talk(sim)));
    let whole = all.iter().filter(|caller| caller.heard.len() == 200_000).count();
    assert_eq!(whole, 40 - shed, "whoever was not shed is served");
    assert_eq!(place.counters().buffered, 0);
    place.reactor.abort();
    place.run_out();
}

#[test]
fn a_hello_in_pieces_is_heard_and_one_that_is_too_large_is_refused() {
    let (mut place, at) = echo_place(Config::default());
    let mut slow = caller(&mut place, &at);
    place.settle_with(|sim| {
        slow.listen(sim);
        slow.send(sim, 1);
    });
    assert!(is_served(&mut place, &mut slow));
    let client = place.sim().connect(&at);
    let record = [&[22, 3, 1, 0x10, 0][..], &[1, 0, 0xff, 0xff], &[0; 4092]].concat();
    let more = [&[22, 3, 1, 0x10, 0][..], &[0; 4096]].concat();
    place.sim().send(client, &record);
    for _ in 0..6 {
        place.sim().send(client, &more);
        place.settle();
        assert!(place.counters().buffered <= 2 * 16_384);
    }
    assert_eq!(place.tally(tls::HELLO_TOO_LARGE), 1);
    assert_eq!(place.sim().take(client), [21, 3, 3, 0, 2, 2, 50]);
    assert!(place.sim().is_ended(client) && !place.sim().was_reset(client));
    assert!(is_served(&mut place, &mut slow));
    place.reactor.abort();
    place.run_out();
}
