//! Mail from other threads, timers, and work that blocks.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use readily::{Effects, Step, TimerId, To};

use crate::net::{connect, listen, reactor, talk, until};
use crate::planned::planned_panic;
use crate::troupe::{Cue, Troupe};

#[test]
fn mail_from_another_thread_ends_the_wait() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, |io, cue| {
        if let Cue::Mail(mail) = cue {
            io.tx.write(mail.to_string().as_bytes());
        }
        Ok(Step::Wait)
    });
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    let id = reactor.connections().next().expect("a connection").id;
    for round in 0..100 {
        let handle = reactor.handle();
        let thread = std::thread::spawn(move || {
            handle.mail(To::App, round).expect("room");
            handle.mail(To::Conn(id), round % 10).expect("room");
        });
        // For ever, if it were not for the mail.
        while reactor.app().mail.len() <= round as usize {
            reactor.turn(None).expect("the wait");
        }
        let told = talk(&mut reactor, &mut stream, b"", 1);
        assert_eq!(told, (round % 10).to_string().as_bytes());
        thread.join().expect("a thread");
    }
    assert_eq!(reactor.app().mail, (0..100).collect::<Vec<_>>());
}

#[test]
fn a_wake_from_another_thread_calls_the_machine() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, |io, _| {
        let me = io.id();
        io.app.heard.push((me, 0));
        Ok(Step::Wait)
    });
    let _stream = connect(&mut reactor, at);
    let id = reactor.connections().next().expect("a connection").id;
    let calls = reactor.app().heard.len();
    let handle = reactor.handle();
    let thread = std::thread::spawn(move || handle.wake(id).expect("room"));
    while reactor.app().heard.len() == calls {
        reactor.turn(None).expect("the wait");
    }
    thread.join().expect("a thread");
    assert_eq!(reactor.app().heard.len(), calls + 1);
}

/// Asks for a job on behalf of the application.
fn offload(fx: &mut Effects<Troupe>, job: impl FnOnce() -> u32 + Send + 'static) {
    fx.offload(To::App, job).expect("room");
}

#[test]
fn a_job_is_answered_and_one_that_panics_is_counted() {
    let mut reactor = reactor();
    let (go, gate) = mpsc::channel::<()>();
    let mut gate = Some(gate);
    reactor.app_mut().answer = Some(Box::new(move |mail, fx| match mail {
        0 => {
            // It blocks until the loop has gone on.
            let gate = gate.take().expect("one job");
            offload(fx, move || gate.recv().map_or(100, |()| 101));
        }
        1 => offload(fx, || planned_panic()),
        2 => offload(fx, || 102),
        _ => {}
    }));
    let handle = reactor.handle();
    handle.mail(To::App, 0).expect("room");
    until(&mut reactor, |reactor| reactor.counters().jobs == 1);
    handle.mail(To::App, 1).expect("room");
    handle.mail(To::App, 2).expect("room");
    until(&mut reactor, |reactor| reactor.app().mail.contains(&102));
    assert!(!reactor.app().mail.contains(&101), "the first still blocks");
    go.send(()).expect("the job");
    until(&mut reactor, |reactor| reactor.app().mail.contains(&101));
    until(&mut reactor, |reactor| reactor.counters().jobs_panicked == 1);
    assert_eq!(reactor.counters().jobs, 3);
    reactor.run().expect("the loop is over when no answer is to come");
}

#[test]
fn timers_come_in_their_order_and_not_early() {
    let mut reactor = reactor();
    let begun = Instant::now();
    let wait = |ms| Duration::from_millis(ms);
    for ms in [30, 10, 20] {
        reactor.after(wait(ms), To::App, ms as u32).expect("room");
    }
    let cancelled: TimerId = reactor.after(wait(15), To::App, 15).expect("room");
    reactor.app_mut().answer = Some(Box::new(move |_, fx| fx.cancel(cancelled)));
    reactor.run().expect("the loop is over with its last timer");
    assert!(begun.elapsed() >= wait(30));
    assert_eq!(reactor.app().mail, [10, 20, 30]);
}
