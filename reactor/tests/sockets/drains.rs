//! Shutting down.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use readily::{Config, End, Step, TERMINATE, Turn};
use rustix::process::{Signal, getpid, kill_process};

use crate::net::{connect, listen, reactor, reactor_with, talk, until};
use crate::troupe::{echo, swallow};

#[test]
fn a_drain_lets_everybody_finish_and_takes_in_who_waits() {
    let mut config = Config::default();
    config.linger_idle = Duration::from_millis(20);
    let mut reactor = reactor_with(config);
    let at = listen(&mut reactor, echo);
    let mut idle = connect(&mut reactor, at);
    // It waits in the kernel when the drain begins.
    let mut waits = TcpStream::connect(at).expect("a connection");
    reactor.drain();
    reactor.run().expect("the loop");
    for stream in [&mut idle, &mut waits] {
        assert_eq!(stream.read(&mut [0]).expect("an end in order"), 0);
    }
    assert_eq!(
        TcpStream::connect(at).map_err(|e| e.kind()).err(),
        Some(ErrorKind::ConnectionRefused)
    );
    let counters = reactor.counters();
    assert_eq!((counters.accepted, counters.ended_finished, counters.open), (2, 2, 0));
}

#[test]
fn a_drain_resets_who_has_not_finished_in_time() {
    let mut reactor = reactor();
    let at = listen(&mut reactor, swallow);
    let mut stream = connect(&mut reactor, at);
    let within = Duration::from_millis(30);
    let begun = Instant::now();
    reactor.drain_within(within);
    reactor.run().expect("the loop");
    assert!(begun.elapsed() >= within, "not early");
    let error = stream.read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(reactor.counters().ended_aborted, 1);
}

#[test]
fn a_conversation_is_finished_while_the_loop_drains() {
    let mut reactor = reactor();
    // Says goodbye when it is told that the loop drains, and stays for one more answer.
    let at = listen(&mut reactor, |io, _| {
        if io.draining() && io.rx.is_empty() {
            io.tx.write(b"bye?");
            return Ok(Step::Wait);
        }
        let said = io.rx.len();
        io.rx.consume(said);
        Ok(if said > 0 { Step::Finish } else { Step::Wait })
    });
    let mut stream = connect(&mut reactor, at);
    stream.set_nonblocking(true).expect("a socket");
    reactor.drain();
    assert_eq!(talk(&mut reactor, &mut stream, b"", 4), b"bye?");
    assert!(reactor.is_draining() && reactor.counters().open == 1);
    assert_eq!(talk(&mut reactor, &mut stream, b"bye", usize::MAX), b"");
    drop(stream);
    reactor.run().expect("the loop");
    assert_eq!(reactor.counters().ended_finished, 1);
}

#[test]
fn a_second_signal_aborts() {
    let mut reactor = reactor();
    reactor.drain_on_signals().expect("signals");
    let at = listen(&mut reactor, swallow);
    let mut stream = connect(&mut reactor, at);
    let term = Signal::TERM;
    assert_eq!(term.as_raw(), TERMINATE);
    kill_process(getpid(), term).expect("a signal");
    until(&mut reactor, |reactor| reactor.is_draining());
    for _ in 0..3 {
        assert_eq!(reactor.turn(Some(Duration::ZERO)).expect("the wait"), Turn::More);
    }
    assert!(!reactor.is_aborting() && reactor.counters().open == 1);
    kill_process(getpid(), term).expect("a signal");
    reactor.run().expect("the loop");
    assert_eq!(reactor.app().gone.last().map(|(_, why)| *why), Some(End::Aborted));
    let error = stream.read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn an_abort_ends_even_with_somebody_in_the_backlog() {
    for waiting in [0, 1, 5] {
        let mut reactor = reactor();
        let at = listen(&mut reactor, swallow);
        let served = connect(&mut reactor, at);
        let waits: Vec<_> = (0..waiting).map(|_| TcpStream::connect(at)).collect();
        reactor.handle().abort();
        // It would wait for ever for a connection that was taken in after the abort.
        let mut turn = Turn::More;
        for _ in 0..100 {
            turn = reactor.turn(Some(Duration::from_millis(1))).expect("the wait");
        }
        assert_eq!(turn, Turn::Over, "with {waiting} in the backlog");
        assert_eq!(reactor.counters().open, 0);
        drop((served, waits));
    }
}
