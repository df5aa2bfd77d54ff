//! Panics, refusals, drains, and system calls that fail, on connections of TLS.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use readily::echo::Echo;
use readily::sys::faults::{Call, Faulty, Plan};
use readily::sys::sim::{Chance, Link, Sim};
use readily::tls::{Acceptor, Fed, Session};
use readily::{Address, Config, Fault, Listen, Rx, Secured, Step, Turn, Tx};
use rustix::io::Errno;

use crate::caller::{Caller, Ended};
use crate::keys::{self, BOTH};
use crate::place::Place;
use crate::planned::planned_panic;
use crate::town::{Conn, Town};

fn caller(place: &mut Place, at: &Address) -> Caller {
    Caller::new(place.sim(), at, &keys::client(&BOTH))
}

fn is_served(place: &mut Place, caller: &mut Caller) -> bool {
    caller.say(b"there?");
    place.settle_with(|sim| caller.talk(sim));
    std::mem::take(&mut caller.heard) == b"there?"
}

#[test]
fn a_closure_that_panics_or_refuses_costs_one_connection() {
    let mut place = Place::quiet(Config::default());
    let count = Cell::new(0);
    let at = place.secure(443, move |app: &mut Town, accepted| {
        let secured = accepted.secured.expect("it is secured");
        assert_eq!(secured.alpn.as_deref(), Some(keys::ALPN));
        assert_eq!(secured.server_name.as_deref(), Some(keys::NAME));
        count.set(count.get() + 1);
        match count.get() {
            2 => {
                app.panicked += 1;
                planned_panic()
            }
            3 => None,
            _ => Some(Conn::Echo(Echo)),
        }
    });
    let mut all: Vec<Caller> = (0..4).map(|_| caller(&mut place, &at)).collect();
    let served: Vec<bool> = all.iter_mut().map(|one| is_served(&mut place, one)).collect();
    assert_eq!(served, [true, false, false, true]);
    assert!([1, 2].iter().all(|at| place.sim().was_reset(all[*at].id)));
    let counters = place.counters();
    assert_eq!((counters.panics, counters.refused_by_closure, counters.open), (1, 1, 2));
    assert_eq!(counters.handshakes_failed, 0, "the handshake was done");
    place.end();
}

#[test]
fn a_machine_that_panics_costs_one_connection() {
    let mut place = Place::quiet(Config::default());
    // It panics in the call with this number, the first of which is before any byte has come.
    let fatal = Rc::new(Cell::new(0));
    let by = Rc::clone(&fatal);
    let at = place.secure(443, move |_, _| {
        let (by, mut calls) = (Rc::clone(&by), 0);
        Some(Conn::act(move |io| {
            calls += 1;
            io.tx.adopt(io.rx, usize::MAX);
            if by.get() == calls {
                by.set(0);
                io.app.panicked += 1;
                planned_panic();
            }
            Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
        }))
    });
    let mut friend = caller(&mut place, &at);
    assert!(is_served(&mut place, &mut friend));
    for call in 1..=3 {
        let mut doomed = caller(&mut place, &at);
        fatal.set(call);
        assert!((0..3).any(|_| !is_served(&mut place, &mut doomed)), "call {call}");
        assert!(place.sim().was_reset(doomed.id), "call {call}");
        assert_eq!(place.counters().ended_panicked, call, "call {call}");
        assert!(is_served(&mut place, &mut friend), "call {call}");
    }
    place.end();
}

/// A session of nothing that panics when it is asked for one of these.
#[derive(Clone, Debug)]
pub(crate) struct Fragile(pub(crate) &'static str);

impl Fragile {
    pub(crate) fn touch(&self, what: &str) {
        if self.0 == what {
            planned_panic();
        }
    }
}

impl Acceptor for Fragile {
    fn accept(&self) -> Result<Box<dyn Session>, Fault> {
        self.touch("accept");
        Ok(Box::new(self.clone()))
    }
}

impl Session for Fragile {
    fn feed(&mut self, cipher: &mut Rx, _: &mut Tx, plain: &mut Rx) -> Result<Fed, Fault> {
        self.touch("feed");
        if plain.has_block() {
            let n = cipher.len();
            plain.space()[..n].copy_from_slice(cipher.bytes());
            plain.commit(n);
            cipher.consume(n);
            return Ok(Fed::Wait);
        }
        Ok(Fed::Held)
    }

    fn seal(&mut self, plain: &mut Tx, out: &mut Tx) -> Result<(), Fault> {
        self.touch("seal");
        while let Some((bytes, _)) = plain.front() {
            let n = bytes.len();
            out.write(bytes);
            plain.consume(n, drop);
        }
        Ok(())
    }

    fn close(&mut self, _: &mut Tx) {
        self.touch("close");
    }

    fn is_handshaking(&self) -> bool {
        self.touch("is_handshaking");
        false
    }

    fn secured(&self) -> Secured {
        self.touch("secured");
        Secured::default()
    }
}

#[test]
fn a_session_that_panics_costs_one_connection() {
    for what in ["nothing", "accept", "feed", "is_handshaking", "secured", "seal", "close"] {
        let mut place = Place::quiet(Config::default());
        let options = Listen { tls: Some(Fragile(what).into()), ..Listen::default() };
        let fragile = place.listen(443, options, |_, _| {
            Some(Conn::act(|io| {
                let heard = io.tx.adopt(io.rx, usize::MAX) > 0;
                Ok(if heard || io.rx.has_ended() { Step::Finish } else { Step::Wait })
            }))
        });
        let plain = place.listen(80, Listen::default(), |_, _| Some(Conn::Echo(Echo)));
        let [doomed, friend] = [&fragile, &plain].map(|at| place.sim().connect(at));
        for id in [doomed, friend] {
            place.sim().send(id, b"hello");
            place.sim().shutdown(id);
        }
        // The town does not know of a panic that is not its own.
        for _ in 0..50 {
            place.reactor.turn(Some(Duration::ZERO)).expect("the wait");
        }
        assert_eq!(place.sim().take(friend), b"hello", "{what}");
        assert_eq!(place.counters().panics, u64::from(what != "nothing"), "{what}");
        let sim = place.sim();
        assert!(sim.was_reset(doomed) || sim.is_ended(doomed), "{what}");
        assert_eq!((place.counters().open, place.counters().buffered), (0, 0), "{what}");
    }
}

#[test]
fn a_drain_ends_what_is_idle_in_order_and_waits_for_handshakes() {
    for finishes in [true, false] {
        let mut place = Place::quiet(Config::default());
        let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
        let mut idle: Vec<Caller> = (0..5).map(|_| caller(&mut place, &at)).collect();
        assert!(idle.iter_mut().all(|one| is_served(&mut place, one)));
        let mut half = caller(&mut place, &at);
        half.send(place.sim(), 40);
        place.settle();
        place.reactor.drain_within(Duration::from_secs(5));
        place.settle_with(|sim| idle.iter_mut().for_each(|one| one.talk(sim)));
        assert!(idle.iter().all(|one| one.ended == Some(Ended::InOrder)));
        assert!(idle.iter().all(|one| !place.sim().was_reset(one.id)));
        for one in &idle {
            place.sim().close(one.id);
        }
        place.settle();
        assert_eq!((place.counters().open, place.counters().handshaking), (1, 1));
        if finishes {
            half.say(b"there?");
            place.settle_with(|sim| half.talk(sim));
            assert_eq!((&half.heard[..], half.ended), (&b"there?"[..], Some(Ended::InOrder)));
            place.sim().close(half.id);
        }
        let counters = place.run_out();
        assert_eq!(counters.ended_finished, 5 + u64::from(finishes));
        assert_eq!(counters.handshakes_timed_out, 0, "the drain has ended it before");
    }
}

/// How one run of the fault sweep came out.
struct Outcome {
    calls: Vec<Call>,
    hits: usize,
    unserved: usize,
    turned_away: usize,
}

/// Three clients of an echo on narrow links, then a drain; `None` where there was no loop.
fn scene(plan: Plan) -> Option<Outcome> {
    let mut sim = Sim::new(1);
    sim.set_link(Link { window: 900..=900, ..Link::perfect() });
    let mut place = Place::with(0, Faulty::new(sim, plan), Config::default()).ok()?;
    let tls = Some(readily::tls::Server::new(keys::server(&BOTH)).into());
    let options = Listen { tls, ..Listen::default() };
    let at = Address::Ip(([10, 0, 0, 1], 443).into());
    place.reactor.listen_with(&at, options, |_, _| Some(Conn::Echo(Echo))).ok()?;
    let mut all: Vec<Caller> = (0..3).map(|_| caller(&mut place, &at)).collect();
    let text = [b'a'; 3_000];
    for one in &mut all {
        one.say(&text);
    }
    let mut closed = [false; 3];
    for turn in 0..400 {
        for (one, closed) in all.iter_mut().zip(&mut closed) {
            one.talk(place.sim());
            assert!(text.starts_with(&one.heard), "wrong bytes");
            if !*closed && one.heard.len() == text.len() && turn > 20 {
                *closed = true;
                one.close();
            }
        }
        place.step();
    }
    let sim = place.sim();
    let served = |one: &Caller| {
        let whole = one.heard.len() == text.len() && one.ended == Some(Ended::InOrder);
        whole && !sim.was_reset(one.id)
    };
    let unserved = all.iter().filter(|one| !served(one)).count();
    place.reactor.drain();
    while place.turn(Some(Duration::from_millis(100))) == Turn::More {}
    assert_eq!(place.sim().descriptors().all(), 0, "nothing leaked");
    let counters = place.counters();
    assert_eq!((counters.open, counters.buffered, counters.handshaking), (0, 0, 0));
    let (calls, hits) = (place.reactor.sys_mut().calls().to_vec(), place.reactor.sys_mut().hits());
    let turned_away = counters.refused_descriptors as usize;
    Some(Outcome { calls, hits, unserved, turned_away })
}

#[test]
fn each_system_call_may_fail_in_each_way() {
    let counted = scene(Plan::Count).expect("a loop");
    assert_eq!(counted.unserved, 0);
    let mut failed = 0;
    for (k, call) in counted.calls.iter().enumerate() {
        for errno in call.errnos() {
            let Some(outcome) = scene(Plan::Once(k, *errno)) else {
                assert!(matches!(call, Call::Waker | Call::Listen | Call::Spare), "{call:?}");
                continue;
            };
            let of_one = matches!(call, Call::Register | Call::Read | Call::Write | Call::Shutdown);
            let hurts = of_one && ![Errno::INTR, Errno::AGAIN].contains(errno);
            let told = format!("{call:?} number {k} fails with {errno:?}");
            assert_eq!(outcome.hits, 1, "{told}");
            assert!(outcome.unserved <= outcome.turned_away + usize::from(hurts), "{told}");
            failed += 1;
        }
    }
    assert!(failed > 100, "only {failed} calls failed");
}

#[test]
fn interrupted_calls_and_calls_that_find_nothing_cost_nobody_anything() {
    for n in 2..=20 {
        assert_eq!(scene(Plan::Every(n, Errno::INTR)).map(|outcome| outcome.unserved), Some(0));
    }
    for seed in 0..20 {
        let plan = Plan::Some(seed, Chance::percent(5 + seed as u32 * 2), Errno::AGAIN);
        assert_eq!(scene(plan).map(|outcome| outcome.unserved), Some(0), "{plan:?}");
    }
}
