//! A fleet whose loops have a descriptor table each.
//!
//! It lowers the limit of descriptors, copies tables and takes signals, so it has a process of its
//! own, and is one test.

#[path = "common/troupe.rs"]
#[expect(dead_code, reason = "each test takes what it needs of it")]
mod troupe;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::SigSet;
use readily::{
    Config, Descriptors, Fleet, Handle, Listen, Mio, PortSharing, Reactor, Reservation, Seat, Step,
    To,
};
use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};

use troupe::{Actor, Troupe};

const LOOPS: usize = 3;
/// What one table may hold.
const DESCRIPTORS: u64 = 256;
/// Clients are threads with tables of their own too.
const CLIENTS: usize = 3;
/// More than one table could hold, and about half of that on each loop.
const EACH: usize = 140;
const ROUNDS: usize = 12;
const MESSAGE: usize = 96;
/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Mail that a loop hands on to the reactor outside.
const HAND_ON: u32 = 1;
/// Mail that asks for a job, and what the job mails.
const ASK: u32 = 2;
const ANSWER: u32 = 3;

/// What loops have heard, and the ways into them.
#[derive(Default)]
struct World {
    handles: Mutex<Vec<Handle<u32>>>,
    outside: Mutex<Option<Handle<u32>>>,
    answers: AtomicUsize,
    handed_on: AtomicUsize,
}

#[test]
fn loops_with_a_table_each_hold_more_than_one_table_and_are_reached_by_all_ways() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(DESCRIPTORS), ..limit }).expect("a limit");
    static WORLD: World = World {
        handles: Mutex::new(Vec::new()),
        outside: Mutex::new(None),
        answers: AtomicUsize::new(0),
        handed_on: AtomicUsize::new(0),
    };
    let outside = start_outside(&WORLD);
    let port = Reservation::new(([127, 0, 0, 1], 0).into()).expect("a port");
    let at = port.address();

    let (ready, is_ready) = mpsc::channel();
    let (left, has_left) = mpsc::channel();
    // The fleet begins on the thread that may catch its signals.
    let client = thread::spawn(move || {
        leave_the_table();
        left.send(()).expect("it waits");
        is_ready.recv().expect("the fleet is ready");
        visit(&WORLD, at);
    });
    // What clients copied must not have the first loop's listener in it.
    has_left.recv().expect("a table");
    let fleet = Fleet::new(NonZeroUsize::new(LOOPS).expect("some"));
    let fleet = fleet.descriptors(Descriptors::PerLoop);
    let result = fleet.run(|seat| make(seat, at, &WORLD), || ready.send(()).expect("it waits"));
    client.join().expect("all went well");
    result.expect("the fleet");

    let answers = WORLD.answers.load(Ordering::Relaxed);
    assert_eq!(answers, LOOPS, "a job of each loop");
    let handle = WORLD.outside.lock().expect("a lock").clone().expect("a handle");
    handle.drain();
    let handed_on = WORLD.handed_on.load(Ordering::Relaxed);
    assert_eq!(outside.join().expect("the reactor outside"), handed_on);
    assert!(handed_on >= CLIENTS * EACH * ROUNDS, "{handed_on}");

    until("couriers are gone", || couriers() == 0);
    what_the_first_loop_opens_is_in_no_other_table();
    constructors_that_fail_end_the_fleet();
}

/// A reactor that was made before tables were split, in a thread of its own; its result is how much
/// mail it got.
fn start_outside(world: &'static World) -> thread::JoinHandle<usize> {
    let (made, is_made) = mpsc::channel();
    let thread = thread::spawn(move || {
        let mut reactor = Reactor::new(Troupe::default()).expect("a reactor");
        // Something to wait for: a loop without anything is over at once.
        reactor.listen(&SocketAddr::from(([127, 0, 0, 1], 0)).into(), |_, _| None).expect("a port");
        made.send(reactor.handle()).expect("it waits");
        reactor.run().expect("no error");
        reactor.app().mail.len()
    });
    *world.outside.lock().expect("a lock") = Some(is_made.recv().expect("a handle"));
    thread
}

fn make(seat: Seat, at: SocketAddr, world: &'static World) -> io::Result<Reactor<Troupe>> {
    let mut reactor = Reactor::with(Troupe::default(), Mio::new()?, Config::default())?;
    match (seat.index, reactor.drain_on_signals()) {
        (0, caught) => caught?,
        (_, refused) => {
            assert_eq!(refused.expect_err("another table").kind(), ErrorKind::Unsupported);
            // Nor does a handler run here.
            let blocked = SigSet::thread_get_mask().expect("a mask");
            assert!(blocked.contains(nix::sys::signal::SIGTERM));
        }
    }
    let options = Listen { sharing: PortSharing::Shared, ..Listen::default() };
    reactor.listen_with(&at.into(), options, move |_, _| {
        let mut greeting = Some(seat.index as u8);
        // It stays through a drain, until its peer goes.
        Some(Actor::new(move |io, _| {
            if let Some(index) = greeting.take() {
                io.tx.write(&[index]);
            }
            io.tx.adopt(io.rx, usize::MAX);
            let over = io.rx.has_ended() && io.rx.is_empty();
            Ok(if over { Step::Finish } else { Step::Wait })
        }))
    })?;
    let outside = world.outside.lock().expect("a lock").clone().expect("a handle");
    reactor.app_mut().answer = Some(Box::new(move |mail, fx| match mail {
        HAND_ON => {
            world.handed_on.fetch_add(1, Ordering::Relaxed);
            outside.mail(To::App, HAND_ON).expect("room");
        }
        ASK => fx.offload(To::App, || ANSWER).expect("room"),
        _ => drop(world.answers.fetch_add(1, Ordering::Relaxed)),
    }));
    world.handles.lock().expect("a lock").push(reactor.handle());
    Ok(reactor)
}

/// What clients do, up to their last connection.
fn visit(world: &'static World, at: SocketAddr) {
    let (talked, refused) = (Barrier::new(CLIENTS + 1), Barrier::new(CLIENTS + 1));
    let seen = Mutex::new(BTreeSet::new());
    for handle in &*world.handles.lock().expect("a lock") {
        handle.mail(To::App, ASK).expect("room");
    }
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (talked, refused, seen) = (&talked, &refused, &seen);
            scope.spawn(move || {
                leave_the_table();
                let mut open = Vec::with_capacity(EACH);
                for _ in 0..EACH {
                    let (index, stream) = greeted(at);
                    seen.lock().expect("a lock").insert(index);
                    open.push(stream);
                }
                talk(world, client, &mut open);
                talked.wait();
                // All of them are open until every listener is closed.
                refused.wait();
            });
        }
        talked.wait();
        assert_eq!(seen.lock().expect("a lock").len(), LOOPS);
        kill_process(getpid(), Signal::TERM).expect("a signal");
        // A copy of a listener in another table would go on taking them.
        until("nobody listens", || is_refused(at));
        refused.wait();
    });
}

/// Talks on all connections while their loops are woken for each message; checks every byte.
fn talk(world: &World, client: usize, open: &mut [TcpStream]) {
    let handles = world.handles.lock().expect("a lock").clone();
    let message = |at: usize, round: usize| -> [u8; MESSAGE] {
        std::array::from_fn(|byte| (client * 31 + at * 7 + round * 3 + byte) as u8)
    };
    for round in 0..ROUNDS {
        for (at, stream) in open.iter_mut().enumerate() {
            stream.write_all(&message(at, round)).expect("written");
            handles[at % LOOPS].mail(To::App, HAND_ON).expect("room");
        }
        for (at, stream) in open.iter_mut().enumerate() {
            let mut back = [0; MESSAGE];
            stream.read_exact(&mut back).expect("an echo");
            assert_eq!(back, message(at, round), "connection {at} of {client}, round {round}");
        }
    }
    for stream in open {
        stream.set_nonblocking(true).expect("an option");
        let more = stream.read(&mut [0]).expect_err("not a byte more, and no end");
        assert_eq!(more.kind(), ErrorKind::WouldBlock);
    }
}

fn greeted(at: SocketAddr) -> (u8, TcpStream) {
    let mut stream = TcpStream::connect(at).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let mut index = [0];
    stream.read_exact(&mut index).expect("a greeting");
    (index[0], stream)
}

fn is_refused(at: SocketAddr) -> bool {
    match TcpStream::connect(at) {
        // A connect to a free port can meet itself.
        Ok(stream) => stream.local_addr().is_ok_and(|local| local == at),
        Err(error) => error.kind() == ErrorKind::ConnectionRefused,
    }
}

/// A table of its own for a client; a signal handler must not run where its descriptors mean
/// something else.
fn leave_the_table() {
    SigSet::all().thread_block().expect("a mask");
    unshare(CloneFlags::CLONE_FILES).expect("a table");
}

fn couriers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("threads").flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "readily-courier").count()
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::yield_now();
    }
}

/// Had a table been copied while the first loop was made already, a listener of its would live on
/// in the copy.
fn what_the_first_loop_opens_is_in_no_other_table() {
    for _ in 0..30 {
        let (opened, handle) = (Mutex::new(None), Mutex::new(None));
        let made = |seat: Seat| {
            if seat.index == 0 {
                *opened.lock().expect("a lock") = Some(TcpListener::bind(("127.0.0.1", 0))?);
            }
            let mut reactor: Reactor<Troupe> = Reactor::new(Troupe::default())?;
            // Something to wait for.
            reactor.listen(&SocketAddr::from(([127, 0, 0, 1], 0)).into(), |_, _| None)?;
            if seat.index == 0 {
                *handle.lock().expect("a lock") = Some(reactor.handle());
            }
            Ok(reactor)
        };
        let ready = || {
            let listener = opened.lock().expect("a lock").take().expect("a listener");
            let at = listener.local_addr().expect("an address");
            drop(listener);
            assert!(is_refused(at), "nobody listens");
            handle.lock().expect("a lock").take().expect("a handle").drain();
        };
        let fleet = Fleet::new(NonZeroUsize::new(8).expect("some"));
        fleet.descriptors(Descriptors::PerLoop).run(made, ready).expect("the fleet");
    }
}

fn constructors_that_fail_end_the_fleet() {
    for failing in 0..LOOPS {
        let ready = AtomicUsize::new(0);
        let fleet = Fleet::new(NonZeroUsize::new(LOOPS).expect("some"));
        let result = fleet.descriptors(Descriptors::PerLoop).run(
            |seat| match seat.index == failing {
                true => Err(io::Error::other("not this one")),
                false => Reactor::new(Troupe::default()),
            },
            || ready.store(1, Ordering::Relaxed),
        );
        assert_eq!(result.expect_err("an error").to_string(), "not this one");
        assert_eq!(ready.into_inner(), 0, "it never was ready");
    }
}
