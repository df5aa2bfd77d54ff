//! 6: what is addressed to a connection that has ended reaches nobody.

use std::cell::RefCell;
use std::io::Write;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use readily::{Address, Config, Id, Listen, Peer, Reactor, Step, To};

use crate::house::House;
use crate::troupe::{Actor, Cue, Troupe};

/// Notes each byte and each mail; `u32::MAX` for a call without either.
fn diarist() -> Actor {
    Actor::new(|io, cue| {
        let (me, bytes) = (io.id(), io.rx.bytes().to_vec());
        io.rx.consume(bytes.len());
        let mail = match cue {
            Cue::Mail(mail) => Some(mail),
            _ => None,
        };
        let before = io.app.heard.len();
        io.app.heard.extend(bytes.into_iter().map(u32::from).chain(mail).map(|what| (me, what)));
        if io.app.heard.len() == before {
            io.app.heard.push((me, u32::MAX));
        }
        Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
    })
}

#[test]
fn property_6_mail_timers_wakes_and_closes_for_the_dead_reach_nobody() {
    let mut house = House::with(Config::default(), Listen::default(), diarist);
    for trial in 0..200_u32 {
        let victim = house.connect();
        house.settle();
        let dead = house.id(victim);
        let handle = house.reactor.handle();
        // Some are on their way when it ends, some are sent after it.
        let timer = Duration::from_millis(5);
        house.reactor.after(timer, To::Conn(dead), 1).expect("room");
        if trial % 2 == 0 {
            handle.mail(To::Conn(dead), 2).expect("room");
            handle.wake(dead).expect("room");
        }
        house.reactor.app_mut().answer = Some(Box::new(move |_, fx| fx.close(dead)));
        handle.mail(To::App, 0).expect("room");
        house.settle();
        assert_eq!(house.reactor.app().gone.last().map(|(id, _)| *id), Some(dead));
        house.reactor.app_mut().heard.clear();

        let newcomer = house.connect();
        house.settle();
        let alive = house.id(newcomer);
        assert_eq!(alive.index, dead.index, "the slot is used again");
        assert_ne!(alive.generation, dead.generation);
        handle.mail(To::Conn(dead), 3).expect("room");
        handle.wake(dead).expect("room");
        house.reactor.app_mut().answer = Some(Box::new(move |_, fx| {
            fx.close(dead);
            fx.wake(dead);
            fx.mail(To::Conn(dead), 4).expect("room");
        }));
        handle.mail(To::App, 0).expect("room");
        house.wait(Duration::from_millis(10));
        assert_eq!(house.reactor.app().heard, [(alive, u32::MAX)], "trial {trial}");
        house.sim().reset(newcomer);
        house.settle();
    }
    let dead_letters = house.counters().mail_dead;
    assert_eq!(dead_letters, 200 * 3, "two mails and a timer for each");
}

#[test]
fn property_6_a_link_with_the_dead_is_told_so() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let dead = Rc::new(RefCell::new(None::<Id>));
    let (tell, target) = (Rc::clone(&told), Rc::clone(&dead));
    let mut house = House::with(Config::default(), Listen::default(), move || {
        let (tell, target) = (Rc::clone(&tell), Rc::clone(&target));
        Actor::new(move |io, _| {
            if let Peer::Gone(id, _) = io.peer {
                tell.borrow_mut().push((io.id(), id));
            }
            assert!(!matches!(io.peer, Peer::Open { .. }), "linked with a stranger");
            if !io.rx.is_empty() {
                io.rx.consume(io.rx.len());
                let other = target.borrow().expect("a target");
                io.link(other);
            }
            Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
        })
    });
    let victim = house.connect();
    house.settle();
    let target = house.id(victim);
    *dead.borrow_mut() = Some(target);
    house.sim().reset(victim);
    house.settle();
    // The first to come has the dead one's slot, and must not be taken for it.
    let [in_its_slot, asker] = [house.connect(), house.connect()];
    house.settle();
    assert_eq!(house.id(in_its_slot).index, target.index);
    house.say(asker, b"link");
    let asker = house.id(asker);
    assert_eq!(told.borrow()[..], [(asker, target)]);
}

#[test]
fn property_6_a_stale_event_reaches_nobody_on_real_sockets() {
    const TRIALS: usize = 2000;
    let mut reactor: Reactor<Troupe> = Reactor::new(Troupe::default()).expect("a loop");
    let here = Address::Ip(([127, 0, 0, 1], 0).into());
    let victim = Rc::new(RefCell::new(None::<Id>));
    let target = Rc::clone(&victim);
    let at = reactor.listen(&here, move |_, _| {
        let target = Rc::clone(&target);
        Some(Actor::new(move |io, _| {
            let (me, bytes) = (io.id(), io.rx.bytes().to_vec());
            io.rx.consume(bytes.len());
            io.app.heard.extend(bytes.iter().map(|byte| (me, u32::from(*byte))));
            if bytes == b"k"
                && let Some(victim) = target.borrow_mut().take()
            {
                io.close(victim);
            }
            Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
        }))
    });
    let at = at.expect("a listener").ip().expect("an IP address");
    let (mut reused, mut events) = (0, 0);
    for trial in 0..TRIALS {
        let mut killer = connect(at);
        let killer_id = accept(&mut reactor);
        let mut prey = connect(at);
        let prey_id = accept(&mut reactor);
        *victim.borrow_mut() = Some(prey_id);
        // What is told of new connections, that they can be written to, is not of this batch.
        while reactor.counters().events > events {
            events = reactor.counters().events;
            reactor.turn(Some(Duration::ZERO)).expect("the wait");
        }
        reactor.app_mut().heard.clear();
        // Both are ready in the next batch, and one behind them in the backlog.
        killer.write_all(b"k").expect("written");
        prey.write_all(b"v").expect("written");
        let mut newcomer = connect(at);
        newcomer.write_all(b"n").expect("written");
        while reactor.app().heard.len() < 2 {
            reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
            reactor.check();
        }
        let [(first, k), (second, n)] = reactor.app().heard[..] else { panic!("trial {trial}") };
        assert_eq!((first, k, n), (killer_id, b'k'.into(), b'n'.into()), "trial {trial}");
        assert_ne!(second, prey_id);
        let gone = reactor.app().gone.iter().filter(|(id, _)| *id == prey_id).count();
        assert_eq!(gone, 1, "trial {trial}");

        // Who comes now has the slot of the dead.
        drop((killer, newcomer, prey));
        let mut heir = connect(at);
        heir.write_all(b"h").expect("written");
        while reactor.app().heard.len() < 3 {
            reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
        }
        let (heir_id, h) = reactor.app().heard[2];
        assert_eq!(h, b'h'.into(), "trial {trial}");
        reused += usize::from(heir_id.index == prey_id.index);
        drop(heir);
        while reactor.counters().open > 0 {
            reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
        }
    }
    let stale = reactor.counters().stale_events;
    assert!(stale >= TRIALS as u64, "{stale} stale events");
    assert!(reused > 0, "no slot was used again");
}

/// A connection that ends with a reset, so that it leaves no port behind.
fn connect(at: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).expect("a connection");
    let reset = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    reset.expect("a socket");
    stream
}

fn accept(reactor: &mut Reactor<Troupe>) -> Id {
    let accepted = reactor.counters().accepted;
    while reactor.counters().accepted == accepted {
        reactor.turn(Some(Duration::from_secs(5))).expect("the wait");
    }
    reactor.connections().map(|open| open.id).max_by_key(|id| id.generation).expect("a connection")
}
