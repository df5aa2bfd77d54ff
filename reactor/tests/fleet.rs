//! Several loops on one port.

#[path = "common/troupe.rs"]
mod troupe;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use readily::{
    Config, Fleet, Handle, Listen, Mio, Pinning, PortSharing, Reactor, Reservation, Seat,
};
use rustix::thread::{CpuSet, sched_getaffinity};

use troupe::{Actor, Troupe, echo, swallow};

fn two() -> Fleet {
    Fleet::new(NonZeroUsize::new(2).expect("two"))
}

/// One loop of a fleet, whose connections say which loop has them and then send back what they get.
fn make(seat: Seat, at: SocketAddr) -> io::Result<Reactor<Troupe>> {
    let mut reactor = Reactor::with(Troupe::default(), Mio::new()?, Config::default())?;
    let options = Listen { sharing: PortSharing::Shared, ..Listen::default() };
    reactor.listen_with(&at.into(), options, move |_, _| {
        let mut greeting = Some(seat.index as u8);
        Some(Actor::new(move |io, cue| {
            if let Some(index) = greeting.take() {
                let me = io.id();
                io.app.heard.push((me, index.into()));
                // An application belongs to one loop.
                assert!(io.app.heard.iter().all(|(_, heard)| *heard == u32::from(index)));
                io.tx.write(&[index]);
            }
            echo(io, cue)
        }))
    })?;
    Ok(reactor)
}

/// Handles of loops, as their threads make them.
type Handles = Mutex<Vec<Handle<u32>>>;

#[test]
fn two_loops_share_a_port_and_a_drain_ends_both() {
    for (pinning, drained) in [(Pinning::Free, 0), (Pinning::Pinned, 0)] {
        let port = Reservation::new(([127, 0, 0, 1], 0).into()).expect("a port");
        let at = port.address();
        let handles = Handles::default();
        let (ready, is_ready) = mpsc::channel();
        let run = || {
            let made = |seat: Seat| {
                let reactor = make(seat, at)?;
                if seat.index == drained {
                    handles.lock().expect("a lock").push(reactor.handle());
                }
                Ok(reactor)
            };
            let fleet = two().pinning(pinning);
            fleet.run(made, move || ready.send(()).expect("somebody waits"))
        };
        std::thread::scope(|scope| {
            let fleet = scope.spawn(run);
            is_ready.recv().expect("the fleet is ready");
            let (mut seen, mut open) = (BTreeSet::new(), Vec::new());
            // The kernel spreads them by a hash: a thousand on one side do not happen.
            while seen.len() < 2 && open.len() < 1000 {
                let mut stream = TcpStream::connect(at).expect("a connection");
                let mut index = [0];
                stream.read_exact(&mut index).expect("a greeting");
                stream.write_all(b"x").expect("written");
                stream.read_exact(&mut [0]).expect("an echo");
                seen.insert(index[0]);
                open.push(stream);
            }
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1], "{} connections", open.len());
            handles.lock().expect("a lock")[0].drain();
            for mut stream in open {
                assert_eq!(stream.read(&mut [0]).expect("an end in order"), 0);
            }
            fleet.join().expect("a thread").expect("the fleet");
        });
        drop(port);
        let refused = TcpStream::connect(at).expect_err("nobody listens");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}

#[test]
fn a_constructor_that_fails_ends_the_fleet_with_its_error() {
    for failing in 0..3 {
        let port = Reservation::new(([127, 0, 0, 1], 0).into()).expect("a port");
        let ready = AtomicUsize::new(0);
        let result = Fleet::new(NonZeroUsize::new(3).expect("three")).run(
            |seat| match seat.index == failing {
                true => Err(io::Error::other("not this one")),
                false => make(seat, port.address()),
            },
            || ready.store(1, Ordering::Relaxed),
        );
        assert_eq!(result.expect_err("an error").to_string(), "not this one");
        assert_eq!(ready.into_inner(), 0, "it never was ready");
    }
}

#[test]
fn a_constructor_that_panics_does_not_leave_the_others_running() {
    let port = Reservation::new(([127, 0, 0, 1], 0).into()).expect("a port");
    let result = two().run(
        |seat| match seat.index {
            // Without a message on stderr.
            1 => std::panic::resume_unwind(Box::new("as the test has planned")),
            _ => make(seat, port.address()),
        },
        || (),
    );
    assert!(result.is_err());
}

#[test]
fn the_loops_of_a_fleet_have_their_seats_and_mail_each_other() {
    let handles = Handles::default();
    let seats = Mutex::new(BTreeSet::new());
    let loops = NonZeroUsize::new(4).expect("four");
    let made = |seat: Seat| {
        let mut reactor: Reactor<Troupe> = Reactor::new(Troupe::default())?;
        seats.lock().expect("a lock").insert((seat.index, seat.loops));
        handles.lock().expect("a lock").push(reactor.handle());
        // Something to wait for: a loop without anything is over at once.
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        reactor.listen(&at.into(), |_, _| Some(Actor::new(swallow)))?;
        reactor.app_mut().answer = Some(Box::new(|_, fx| fx.drain()));
        Ok(reactor)
    };
    let mail = || {
        for handle in &*handles.lock().expect("a lock") {
            handle.mail(readily::To::App, 1).expect("room");
        }
    };
    Fleet::new(loops).run(made, mail).expect("the fleet");
    let expected: BTreeSet<_> = (0..4).map(|index| (index, 4)).collect();
    assert_eq!(seats.into_inner().expect("a lock"), expected);
}

#[test]
fn the_nth_pinned_loop_is_on_the_nth_processor_alone() {
    let processors = |set: &CpuSet| -> Vec<usize> {
        (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
    };
    let allowed = processors(&sched_getaffinity(None).expect("a set"));
    let loops = NonZeroUsize::new(allowed.len() + 1).expect("some");
    let seen = Mutex::new(vec![Vec::new(); loops.get()]);
    let made = |seat: Seat| {
        let mine = processors(&sched_getaffinity(None)?);
        seen.lock().expect("a lock")[seat.index] = mine;
        Reactor::new(Troupe::default())
    };
    // The calling thread is the first loop, and stays pinned.
    std::thread::scope(|scope| {
        let fleet = || Fleet::new(loops).pinning(Pinning::Pinned).run(made, || ());
        scope.spawn(fleet).join().expect("a thread").expect("the fleet");
    });
    let expected: Vec<_> = allowed.iter().cycle().take(loops.get()).map(|cpu| vec![*cpu]).collect();
    assert_eq!(seen.into_inner().expect("a lock"), expected);
}
