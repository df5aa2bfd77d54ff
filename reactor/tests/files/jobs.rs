//! Work on another thread whose end is told by a wake.

use std::sync::{Arc, Mutex};

use readily::{Busy, Config, Listen, Step};

use crate::house::House;
use crate::planned::planned_panic;
use crate::troupe::Actor;

#[test]
fn a_connection_is_advanced_when_its_job_is_done() {
    let mut house = House::with(Config::default(), Listen::default(), || {
        let found = Arc::new(Mutex::new(None));
        let mut asked = false;
        Actor::new(move |io, _| {
            if let Some(answer) = found.lock().expect("no panic").take() {
                io.tx.write(answer);
                return Ok(Step::Finish);
            }
            if !std::mem::replace(&mut asked, true) {
                let (me, found) = (io.id(), found.clone());
                let job = move || *found.lock().expect("no panic") = Some(b"found");
                io.fx.offload_then_wake(me, job).expect("room");
            }
            Ok(Step::Wait)
        })
    });
    let client = house.connect();
    house.settle();
    assert_eq!(house.sim().received(client), b"found");
    assert_eq!((house.counters().jobs, house.counters().jobs_panicked), (1, 0));
}

#[test]
fn a_connection_is_advanced_when_its_job_panicked() {
    let mut house = House::with(Config::default(), Listen::default(), || {
        let mut calls = 0;
        Actor::new(move |io, _| {
            calls += 1;
            if calls == 1 {
                let me = io.id();
                io.fx.offload_then_wake(me, || planned_panic()).expect("room");
                return Ok(Step::Wait);
            }
            io.tx.write(b"nothing found");
            Ok(Step::Finish)
        })
    });
    let client = house.connect();
    house.settle();
    assert_eq!(house.sim().received(client), b"nothing found");
    assert_eq!((house.counters().jobs, house.counters().jobs_panicked), (1, 1));
}

#[test]
fn a_job_of_one_that_is_gone_wakes_nobody() {
    let mut house = House::with(Config::default(), Listen::default(), || {
        Actor::new(move |io, _| {
            let me = io.id();
            io.fx.offload_then_wake(me, || ()).expect("room");
            Ok(Step::Finish)
        })
    });
    let client = house.connect();
    house.settle();
    house.sim().close(client);
    house.settle();
    let counters = house.counters();
    assert_eq!((counters.jobs, counters.open, counters.calls), (1, 0, 1));
}

#[test]
fn as_many_jobs_are_taken_as_the_limit_says() {
    const L: usize = 3;
    for (n, refused) in [(L - 1, 0), (L, 0), (L + 1, 1)] {
        let mut config = Config::default();
        config.jobs_max = L;
        let mut house = House::with(config, Listen::default(), move || {
            Actor::new(move |io, _| {
                let me = io.id();
                let asked = (0..n).map(|_| io.fx.offload_then_wake(me, || ()));
                let busy = asked.filter(|asked| *asked == Err(Busy)).count();
                io.tx.write(&[busy as u8]);
                Ok(Step::Finish)
            })
        });
        let client = house.connect();
        house.settle();
        assert_eq!(house.sim().received(client), [refused], "{n}");
    }
}
