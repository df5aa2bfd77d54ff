//! Cases that a review of the loop found by reading: each was a defect once.

#[path = "common/house.rs"]
mod house;
#[path = "common/troupe.rs"]
mod troupe;
use house::House;
use readily::*;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;
use troupe::*;

#[test]
fn a_state_that_adopts_into_an_end_of_its_own_harms_nobody_else() {
    let mut n = 0;
    let mut h = House::with(Config::default(), Listen::default(), move || {
        n += 1;
        if n == 1 {
            let mut own = Tx::default();
            own.set_marks(Marks::default());
            Actor::new(move |io, _| {
                own.adopt(io.rx, usize::MAX);
                Ok(Step::Wait)
            })
        } else {
            Actor::new(echo)
        }
    });
    let a = h.connect();
    let b = h.connect();
    h.settle();
    h.say(a, b"hello");
    h.say(b, b"world");
    let got = String::from_utf8_lossy(h.sim().received(b)).into_owned();
    assert_eq!(got, "world");
}

fn noter(io: &mut Io<'_, Troupe>, cue: Cue) -> Does {
    let id = io.id();
    let code = match cue {
        Cue::Advance => 1,
        Cue::Mail(_) => 2,
        Cue::Expire(_) => 3,
    };
    io.app.heard.push((id, code));
    if cue == Cue::Advance {
        io.rx.consume(io.rx.len());
        if io.draining() {
            return Ok(Step::Finish);
        }
        return Ok(Step::Wait);
    }
    Ok(Step::Ignore)
}

#[test]
fn a_wake_is_told_beside_mail() {
    let mut h = House::new(Config::default(), noter);
    let a = h.connect();
    h.settle();
    let id = h.id(a);
    h.reactor.app_mut().heard.clear();
    let handle = h.reactor.handle();
    handle.wake(id).unwrap();
    handle.mail(To::Conn(id), 7).unwrap();
    h.settle();
    assert!(h.reactor.app().heard.iter().any(|x| x.1 == 1), "woken, never advanced");
}

#[test]
fn a_drain_is_told_beside_mail() {
    let mut h = House::new(Config::default(), noter);
    let a = h.connect();
    h.settle();
    let id = h.id(a);
    let handle = h.reactor.handle();
    handle.drain();
    handle.mail(To::Conn(id), 7).unwrap();
    h.settle();
    assert!(h.sim().is_ended(a), "not told of the drain");
}

#[test]
fn bytes_are_told_beside_mail() {
    let config = {
        let mut c = Config::default();
        c.turn_reads = 1;
        c.sanitizer = Sanitizer::Off;
        c
    };
    let mut first = true;
    let mut h = House::with(config, Listen::default(), move || {
        let mut seen = 0usize;
        let mut mailed = !std::mem::replace(&mut first, false);
        Actor::new(move |io, cue| {
            if let Cue::Mail(_) = cue {
                return Ok(Step::Ignore);
            }
            seen += io.rx.len();
            io.rx.consume(io.rx.len());
            let id = io.id();
            io.app.heard.push((id, seen as u32));
            if seen > 0 && !mailed {
                mailed = true;
                let me = io.me();
                io.mail(me, 1).unwrap();
            }
            Ok(Step::Wait)
        })
    });
    let mut link = readily::sys::sim::Link::perfect();
    link.window = 1 << 20..=1 << 20;
    h.sim().set_link(link);
    let a = h.connect();
    h.settle();
    h.say(a, &vec![1; 128 * 1024 + 10]);
    assert_eq!(h.reactor.app().heard.last().unwrap().1, 128 * 1024 + 10);
}

fn linger_case(early: bool) -> (bool, u128) {
    let mut h = House::with(Config::default(), Listen::default(), move || {
        let mut said = false;
        Actor::new(move |io, _| {
            if io.rx.is_empty() {
                return Ok(Step::Wait);
            }
            io.rx.consume(io.rx.len());
            if !said {
                said = true;
                io.tx.write(b"bye");
                if early {
                    io.tx.finish();
                }
                return Ok(Step::Wait);
            }
            Ok(Step::Finish)
        })
    });
    let a = h.connect();
    h.settle();
    h.say(a, b"x");
    h.say(a, b"x");
    let begin = h.sim().elapsed();
    for _ in 0..60 {
        h.wait(Duration::from_secs(1));
        if h.counters().open == 0 {
            break;
        }
        h.say(a, b"x");
    }
    (h.counters().open == 0, (h.sim().elapsed() - begin).as_secs().into())
}

#[test]
fn a_lingering_close_ends_also_when_our_half_ended_before() {
    assert!(linger_case(true).0);
}

#[test]
fn what_is_free_in_a_block_is_no_overflow() {
    let mut c = Config::default();
    c.send_marks = Marks { high: 16 * 1024, low: 4 * 1024, cap: 64 * 1024 };
    let mut h = House::new(c, |io, _| {
        if !io.rx.is_empty() {
            io.rx.consume(io.rx.len());
            io.tx.write(b"head");
            io.tx.write(b"body");
        }
        Ok(Step::Wait)
    });
    let a = h.connect();
    h.settle();
    h.say(a, b"x");
    assert_eq!(h.sim().received(a), b"headbody");
}

#[test]
fn a_side_with_room_goes_on_between_the_marks() {
    // First two connections are linked; each moves what it has to the other.
    let mut c = Config::default();
    c.sanitizer = Sanitizer::On;
    let mut h = House::new(c, |io, _| {
        if let Peer::Open { tx, .. } = &mut io.peer {
            tx.adopt(io.rx, usize::MAX);
        }
        if let [b'L', ..] = io.rx.bytes() {
            io.rx.consume(1);
            let to = io.app.heard[0].0;
            io.link(to);
        }
        if io.app.heard.is_empty() {
            let id = io.id();
            io.app.heard.push((id, 0));
        }
        Ok(Step::Wait)
    });
    let mut link = readily::sys::sim::Link::perfect();
    link.window = 32768..=32768;
    h.sim().set_link(link);
    let a = h.connect();
    h.settle();
    let b = h.connect();
    h.settle();
    h.say(b, b"L");
    h.sim().stop_reading(a);
    h.sim().send(b, &vec![1; 3 << 20]);
    h.settle();
    // Reads a part only: a part of the window comes free.
    for _ in 0..200 {
        h.sim().start_reading(a);
        h.turn();
        h.sim().stop_reading(a);
        h.say(a, b"up");
        if !h.reactor.app().gone.is_empty() {
            break;
        }
    }
    assert!(h.reactor.app().gone.is_empty(), "{:?}", h.reactor.app().gone);
}

/// A loop of a fleet with one machine that never ends by itself, and a drain that takes an hour.
fn stubborn() -> std::io::Result<Reactor<Troupe>> {
    let mut config = Config::default();
    config.drain_within = Duration::from_secs(3600);
    config.sanitizer = Sanitizer::Off;
    let mut reactor = Reactor::with(Troupe::default(), Mio::new()?, config)?;
    reactor
        .listen(&SocketAddr::from(([127, 0, 0, 1], 0)).into(), |_, _| Some(Actor::new(swallow)))?;
    Ok(reactor)
}

#[test]
fn an_abort_of_the_first_loop_reaches_the_others() {
    let handles: Mutex<Vec<Handle<u32>>> = Mutex::default();
    let fleet = Fleet::new(2.try_into().expect("not zero"));
    let connected = Mutex::new(Vec::new());
    let run = || {
        let make = |seat: Seat| {
            let mut reactor = stubborn()?;
            if seat.index == 0 {
                handles.lock().expect("nobody panics").push(reactor.handle());
            }
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            let to = Connect::to(listener.local_addr()?);
            reactor.connect(to, Actor::new(swallow)).expect("a place");
            connected.lock().expect("nobody panics").push(listener);
            Ok(reactor)
        };
        let ready = || handles.lock().expect("nobody panics").iter().for_each(Handle::abort);
        fleet.run(make, ready)
    };
    assert!(run().is_ok());
}

#[test]
fn a_fleet_whose_first_loop_cannot_be_made_ends() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = std::panic::catch_unwind(|| {
            Fleet::new(2.try_into().unwrap()).run(
                |seat| {
                    if seat.index == 0 {
                        std::panic::resume_unwind(Box::new("x"));
                    }
                    let mut r: Reactor<Troupe> = Reactor::new(Troupe::default())?;
                    r.listen(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into(), |_, _| {
                        Some(Actor::new(swallow))
                    })?;
                    Ok(r)
                },
                || (),
            )
        });
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(Duration::from_secs(3)).is_ok(), "the fleet hangs");
}

struct Frozen(std::time::Instant);
impl Endpoint<Troupe> for Frozen {
    fn handle(&mut self, _: Datagram<'_>, _: &mut Desk<'_, Troupe>) {}
    fn poll_transmit(
        &mut self,
        _: &mut Vec<u8>,
        _: usize,
        _: &mut Desk<'_, Troupe>,
    ) -> Option<Transmit> {
        None
    }
    fn deadline(&self) -> Option<std::time::Instant> {
        Some(self.0)
    }
    fn expire(&mut self, _: &mut Desk<'_, Troupe>) {}
}

#[test]
fn an_endpoint_with_a_frozen_deadline_has_not_the_loop_for_itself() {
    let mut h = House::new(Config::default(), swallow);
    let now = std::time::Instant::now() - Duration::from_secs(10);
    h.reactor.bind(([10, 0, 0, 1], 53).into(), Bind::default(), Frozen(now)).unwrap();
    let mut counts = vec![];
    for _ in 0..4 {
        h.sim().advance(Duration::from_millis(1));
        let b = h.counters().deadlines;
        h.turn();
        counts.push(h.counters().deadlines - b);
    }
    assert!(counts.iter().all(|n| *n < 10));
}

#[test]
fn signals_are_merged_and_told_to_the_linked_state_once() {
    // The second links itself with the first; what it says is one bit for each letter.
    let mut h = House::new(Config::default(), |io, cue| {
        if io.app.heard.is_empty() {
            let id = io.id();
            io.app.heard.push((id, 0));
        }
        let (id, signals) = (io.id(), io.signals);
        if cue == Cue::Advance && signals != Signals(0) {
            io.app.heard.push((id, u32::from(signals.0)));
        }
        while let Some(letter) = io.rx.bytes().first().copied() {
            io.rx.consume(1);
            match letter {
                b'L' => {
                    let to = io.app.heard[0].0;
                    io.link(to);
                }
                letter => io.signal(Signals(1 << (letter - b'0'))),
            }
        }
        Ok(Step::Wait)
    });
    let first = h.connect();
    h.settle();
    let second = h.connect();
    h.settle();
    h.say(second, b"L");
    h.say(second, b"0131");
    let first = h.id(first);
    assert_eq!(h.reactor.app().heard, [(first, 0), (first, 0b1011)]);
}
