//! How much is done in one turn, and how much may be asked for.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use readily::sys::sim::{Link, Sendfile};
use readily::{Config, Effects, Listen, Sanitizer, Step, To};

use crate::drawer::file;
use crate::house::House;
use crate::troupe::{Actor, Troupe, swallow};
use crate::{around, config};

/// What one read of the loop takes at most.
const READ: u64 = 64 * 1024;

/// How often the visit of one connection was cut off that has sent `n` bytes.
fn cuts(config: Config, n: u64) -> u64 {
    let mut house = House::new(config, swallow);
    house.sim().set_link(Link { window: 1 << 24..=1 << 24, ..Link::perfect() });
    let client = house.connect();
    house.settle();
    house.say(client, &vec![0; n as usize]);
    assert_eq!(house.counters().bytes_in, n, "who is cut off goes on in the next turn");
    house.counters().budget_cuts
}

pub(crate) fn bytes_in_a_turn() {
    // The first read is free; the budget counts those that follow it.
    let limit = config(|c| c.turn_bytes = READ as usize);
    around(2 * READ, |n| cuts(limit.clone(), n), [0, 1, 1]);
}

pub(crate) fn reads_in_a_turn() {
    let limit = config(|c| c.turn_reads = 2);
    around(3 * READ, |n| cuts(limit.clone(), n), [0, 1, 1]);
}

pub(crate) fn bytes_of_files_in_a_turn() {
    const L: u64 = 10_000;
    let cuts = |n| {
        let act = move || {
            let mut file = Some(file(&vec![0; n as usize]));
            Actor::new(move |io, _| {
                file.take().into_iter().for_each(|file| io.tx.send_file(file, 0..n));
                Ok(Step::Wait)
            })
        };
        let config = config(|c| c.turn_file_bytes = L as usize);
        let mut house = House::with(config, Listen::default(), act);
        house.sim().set_sendfile(Sendfile::Works);
        house.connect();
        house.settle();
        assert_eq!(house.counters().bytes_sendfile, n, "who is cut off goes on later");
        house.counters().budget_cuts
    };
    around(L, cuts, [0, 0, 1]);
}

pub(crate) fn deadlines_in_a_turn() {
    const L: u64 = 20;
    let fired = |n| {
        let mut house = House::new(config(|c| c.turn_deadlines = L as usize), swallow);
        for at in 0..n {
            let wait = Duration::from_millis(5);
            house.reactor.after(wait, To::App, at as u32).expect("room");
        }
        while house.reactor.app().mail.is_empty() {
            house.reactor.turn(Some(Duration::from_millis(5))).expect("the wait");
        }
        let fired = house.reactor.app().mail.len() as u64;
        house.settle();
        assert_eq!(house.reactor.app().mail.len() as u64, n, "the rest has the next turn");
        fired
    };
    around(L, fired, [L - 1, L, L]);
}

/// How many of `n` requests that a call makes are taken, and whether one is when they are done
/// with.
fn taken(
    config: Config,
    n: u64,
    ask: impl Fn(&mut Effects<Troupe>, u32) -> bool + Clone + 'static,
) -> u64 {
    let taken = Rc::new(Cell::new(0));
    let count = Rc::clone(&taken);
    let first = move || {
        let (ask, count) = (ask.clone(), Rc::clone(&count));
        Actor::new(move |io, _| {
            let wanted = io.rx.len();
            io.rx.consume(wanted);
            count.set((0..wanted).filter(|at| ask(io.fx, *at as u32)).count() as u64);
            Ok(Step::Wait)
        })
    };
    let mut house = House::with(config, Listen::default(), first);
    let client = house.connect();
    house.say(client, &vec![0; n as usize]);
    let taken_at_once = taken.get();
    house.wait(Duration::from_millis(10));
    assert_eq!(house.reactor.app().mail.len() as u64, taken_at_once, "what is taken is done");
    house.say(client, b"1");
    assert_eq!(taken.get(), 1, "there is room again");
    taken_at_once
}

pub(crate) fn mail_that_waits() {
    const L: u64 = 20;
    let limit = config(|c| c.mail_max = L as usize);
    let mail = |n| taken(limit.clone(), n, |fx, mail| fx.mail(To::App, mail).is_ok());
    around(L, mail, [L - 1, L, L]);
}

pub(crate) fn timers_that_wait() {
    const L: u64 = 20;
    let limit = config(|c| c.mail_timers_max = L as usize);
    let wait = Duration::from_millis(1);
    let timers = |n| taken(limit.clone(), n, move |fx, mail| fx.after(wait, To::App, mail).is_ok());
    around(L, timers, [L - 1, L, L]);
}

pub(crate) fn jobs_that_are_not_answered() {
    const L: u64 = 20;
    let limit = config(|c| c.jobs_max = L as usize);
    let jobs = |n| taken(limit.clone(), n, |fx, mail| fx.offload(To::App, move || mail).is_ok());
    around(L, jobs, [L - 1, L, L]);
}

pub(crate) fn letters_that_wait() {
    const L: u64 = 20;
    let posted = |n| {
        let mut house = House::new(config(|c| c.letters_max = L as usize), swallow);
        let handle = house.reactor.handle();
        let posted = (0..n).filter(|at| handle.mail(To::App, *at as u32).is_ok()).count() as u64;
        handle.drain();
        house.settle();
        assert_eq!(house.reactor.app().mail.len() as u64, posted);
        assert!(house.reactor.is_draining(), "what shuts a loop down has room always");
        posted
    };
    around(L, posted, [L - 1, L, L]);
}

pub(crate) fn calls_without_progress() {
    const L: u64 = 5;
    let stuck = |n| {
        let mut house =
            House::with(config(|c| c.spins_max = L as u8), Listen::default(), move || {
                let mut left = n;
                Actor::new(move |_, _| {
                    left = u64::saturating_sub(left, 1);
                    Ok(if left > 0 { Step::Yield } else { Step::Wait })
                })
            });
        house.connect();
        house.settle();
        house.counters().ended_stuck
    };
    // The last call of each waits: n calls ask for n - 1 more.
    around(L + 1, stuck, [0, 1, 1]);
}

pub(crate) fn the_sanitizer() {
    for (sanitizer, found) in [(Sanitizer::Off, 0), (Sanitizer::On, 1)] {
        let mut house = House::new(config(|c| c.sanitizer = sanitizer), |_, _| Ok(Step::Wait));
        let client = house.connect();
        house.sim().shutdown(client);
        house.settle();
        assert_eq!(house.counters().ended_stuck, found, "{sanitizer:?}");
    }
}

pub(crate) fn the_seed() {
    let draw = |seed| {
        let mut house = House::new(config(|c| c.seed = seed), |io, _| {
            let (me, number) = (io.id(), io.random());
            io.app.heard.push((me, number as u32));
            Ok(Step::Wait)
        });
        house.connect();
        house.settle();
        house.reactor.app().heard[0].1
    };
    assert_eq!(draw(Some(1)), draw(Some(1)));
    assert_ne!(draw(Some(1)), draw(Some(2)));
    // Without one it is the system's, which is seeded here.
    assert_eq!(draw(None), draw(None));
}
