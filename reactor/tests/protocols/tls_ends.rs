//! How connections of TLS end, and what each side is told of it.

use std::io::ErrorKind;
use std::time::Duration;

use readily::echo::Echo;
use readily::sys::sim::Sim;
use readily::{Accepted, Address, Config, End, Fault, Listen, Step, tls};
use rustls::version::TLS13;

use crate::caller::{Caller, Ended};
use crate::keys::{self, BOTH};
use crate::place::Place;
use crate::town::{Conn, Town};

/// A fatal alert without a key, of any kind.
fn is_alert(bytes: &[u8]) -> bool {
    bytes.len() == 7 && bytes.starts_with(&[21, 3]) && bytes[5] == 2
}

/// A client of this place that has shaken hands.
fn greet(place: &mut Place, at: &Address, versions: &[keys::Version]) -> Caller {
    let mut caller = Caller::new(place.sim(), at, &keys::client(versions));
    place.settle_with(|sim| caller.talk(sim));
    assert!(!caller.is_handshaking());
    caller
}

fn echo_place() -> (Place, Address) {
    let mut place = Place::quiet(Config::default());
    let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
    (place, at)
}

#[test]
fn an_end_in_order_and_a_cut_are_told_apart() {
    type Parting = fn(&mut Caller, &mut Sim);
    let unexpected = End::Transport(ErrorKind::UnexpectedEof);
    let cases: [(&str, Parting, End, Option<Ended>); 7] = [
        (
            "close_notify",
            |caller, sim| {
                caller.close();
                caller.talk(sim);
            },
            End::Finished,
            Some(Ended::InOrder),
        ),
        (
            "close_notify and the end of the socket",
            |caller, sim| {
                caller.close();
                caller.talk(sim);
                sim.shutdown(caller.id);
            },
            End::Finished,
            Some(Ended::InOrder),
        ),
        ("the end of the socket alone", |caller, sim| sim.shutdown(caller.id), unexpected, None),
        (
            "the end of the socket behind data",
            |caller, sim| {
                caller.say(b"last words");
                caller.talk(sim);
                sim.shutdown(caller.id);
            },
            unexpected,
            None,
        ),
        (
            "half a record",
            |caller, sim| {
                caller.say(b"last words");
                caller.send(sim, caller.wire.len() - 1);
                sim.shutdown(caller.id);
            },
            unexpected,
            None,
        ),
        (
            "half a close_notify",
            |caller, sim| {
                caller.close();
                caller.send(sim, caller.wire.len() - 1);
                sim.shutdown(caller.id);
            },
            unexpected,
            None,
        ),
        (
            "a reset",
            |caller, sim| sim.reset(caller.id),
            End::Transport(ErrorKind::ConnectionReset),
            None,
        ),
    ];
    for versions in [&BOTH[..1], &BOTH[1..]] {
        for (name, part, end, told) in cases {
            let (mut place, at) = echo_place();
            let mut caller = greet(&mut place, &at, versions);
            part(&mut caller, place.sim());
            place.settle_with(|sim| caller.listen(sim));
            assert_eq!(place.reactor.app().ends(), [end], "{name}");
            assert_eq!(caller.ended, told, "{name}");
            let truncated = u64::from(end == unexpected);
            assert_eq!(place.counters().truncated, truncated, "{name}");
            let reset = place.sim().was_reset(caller.id);
            assert_eq!(reset, told.is_none() && name != "a reset", "{name}");
            place.end();
        }
    }
}

#[test]
fn a_client_that_ends_its_half_with_its_handshake_is_still_answered() {
    for greeting in [&b"hello"[..], b""] {
        let mut place = Place::quiet(Config::default());
        let mut said = false;
        let at = place.secure(443, move |_, _| {
            Some(Conn::act(move |io| {
                if !std::mem::replace(&mut said, true) {
                    io.tx.write(greeting);
                }
                Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
            }))
        });
        // The client's last flight and its `close_notify` are one segment.
        let mut caller = Caller::new(place.sim(), &at, &keys::client(&[&TLS13]));
        caller.talk(place.sim());
        place.settle_with(|sim| {
            caller.listen(sim);
            if !caller.is_handshaking() && !caller.wire.is_empty() {
                caller.close();
                caller.send(sim, usize::MAX);
            }
        });
        let counters = place.counters();
        assert_eq!((counters.handshakes_failed, counters.ended_finished), (0, 1));
        assert_eq!((&caller.heard[..], caller.ended), (greeting, Some(Ended::InOrder)));
        place.end();
    }
}

#[test]
fn whoever_does_not_speak_tls_is_told_by_an_alert_and_costs_one_visit() {
    let long = [b"POST / HTTP/1.1\r\n".to_vec(), vec![b'x'; 100_000]].concat();
    let strangers: [&[u8]; 14] = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"EHLO localhost\r\n",
        b"\0\0\0\x08\x04\xd2\x16/",
        b"*1\r\n$4\r\nPING\r\n",
        b"\x80\x2e\x01\0\x02\0\x15\0\0\0\x10\x01\0\x80\x03\0\x80",
        b"\x17\x03\x03\0\x05hello",
        b"\x14\x03\x03\0\x01\x01",
        b"\x16\x03\x03\0\0",
        b"\x16\x03\x03\xff\xff",
        b"\xff\xff\xff\xff\xff",
        b"\0\0\0\0\0",
        &long,
    ];
    for stranger in strangers {
        let (mut place, at) = echo_place();
        let told = String::from_utf8_lossy(&stranger[..stranger.len().min(12)]).into_owned();
        let client = place.sim().connect(&at);
        place.sim().send(client, stranger);
        place.settle();
        let counters = place.counters();
        let (failed, calls) = (counters.handshakes_failed, counters.calls);
        assert_eq!((failed, calls, counters.handshaking), (1, 0, 0), "{told:?}: {counters:?}");
        let heard = place.sim().take(client);
        assert!(is_alert(&heard), "{told:?}: {heard:?}");
        assert!(place.sim().is_ended(client) && !place.sim().was_reset(client), "{told:?}");
        let reasons: u64 = place.reactor.tally().iter().map(|(_, n)| n).sum();
        assert_eq!(reasons, 1, "{told:?}");
        place.sim().close(client);
        place.settle();
        assert!(place.counters().open == 0 && place.counters().reads < 10, "{told:?}");
        place.end();
    }
}

#[test]
fn http_without_tls_is_answered_in_plain_and_costs_one_visit() {
    let long = [b"POST / HTTP/1.1\r\n".to_vec(), vec![b'x'; 100_000]].concat();
    let strangers: [&[u8]; 3] = [b"GET / HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n", &long];
    for stranger in strangers {
        for first in [1, 3, stranger.len()] {
            let mut place = Place::quiet(Config::default());
            let tls = tls::Server::new(keys::server(&BOTH)).plaintext(tls::Plaintext::Http400);
            let options = Listen { tls: Some(tls.into()), ..Listen::default() };
            let at = place.listen(443, options, |_, _| Some(Conn::Echo(Echo)));
            let client = place.sim().connect(&at);
            place.sim().send(client, &stranger[..first]);
            place.settle();
            place.sim().send(client, &stranger[first..]);
            place.settle();
            let counters = place.counters();
            assert_eq!((counters.handshakes_failed, counters.calls), (1, 0), "{counters:?}");
            assert_eq!(place.tally(tls::PLAIN_HTTP), 1);
            let heard = place.sim().take(client);
            assert!(heard.starts_with(b"HTTP/1.1 400 "), "{heard:?}");
            assert!(place.sim().is_ended(client) && !place.sim().was_reset(client));
            place.sim().close(client);
            place.settle();
            assert!(place.counters().open == 0 && place.counters().reads < 10);
            place.end();
        }
    }
}

#[test]
fn an_alert_arrives_however_much_was_on_its_way() {
    for more in [0, 1, 1_000, 200_000] {
        for versions in [&BOTH[..1], &BOTH[1..]] {
            let (mut place, at) = echo_place();
            let mut caller = greet(&mut place, &at, versions);
            let bad = [&[23, 3, 3, 0, 40][..], &[7; 40], &vec![9; more]].concat();
            place.sim().send(caller.id, &bad);
            place.settle_with(|sim| caller.listen(sim));
            assert_eq!(place.tally(tls::BAD_RECORD), 1);
            assert_eq!(place.reactor.app().ends(), [End::Fault(Fault::Peer(tls::BAD_RECORD))]);
            let told = (caller.ended, place.sim().was_reset(caller.id));
            assert_eq!(told, (Some(Ended::Fault(Fault::Peer(tls::ALERT))), false), "{more} more");
            place.sim().close(caller.id);
            place.settle();
            place.end();
        }
    }
}

#[test]
fn whatever_comes_after_our_end_breaks_one_connection_at_most() {
    let garbage: [&[u8]; 4] = [
        &[23, 3, 3, 0, 4, 1, 2, 3, 4],
        b"GET / HTTP/1.1\r\n\r\n",
        &[21, 3, 3, 0, 2, 2, 50],
        &[0; 99],
    ];
    for bytes in garbage {
        for versions in [&BOTH[..1], &BOTH[1..]] {
            let mut place = Place::quiet(Config::default());
            let at = place.secure(443, |_, _| {
                Some(Conn::act(|io| {
                    io.tx.finish();
                    io.rx.consume(io.rx.len());
                    Ok(Step::Wait)
                }))
            });
            let mut caller = greet(&mut place, &at, versions);
            assert_eq!(caller.ended, Some(Ended::InOrder));
            caller.say(b"a word after the server's last");
            caller.send(place.sim(), usize::MAX);
            place.sim().send(caller.id, bytes);
            for _ in 0..20 {
                place.reactor.turn(Some(Duration::ZERO)).expect("the wait");
            }
            // An assertion of rustls (0.23) says in debug builds that no alert follows another.
            let (ends, panics) = (place.reactor.app().ends(), place.counters().panics);
            assert!(matches!(ends[..], [End::Fault(_) | End::Transport(_)]), "{ends:?}");
            assert!(panics <= u64::from(cfg!(debug_assertions)));
            place.reactor.app_mut().panicked = panics;
            greet(&mut place, &at, versions);
            place.reactor.abort();
            place.run_out();
        }
    }
}

#[test]
fn a_cut_after_our_end_is_a_cut_too() {
    for secure in [true, false] {
        let mut place = Place::quiet(Config::default());
        let ends_first = |_: &mut Town, _: &Accepted<'_>| {
            Some(Conn::act(|io| {
                io.tx.finish();
                io.rx.consume(io.rx.len());
                Ok(Step::Wait)
            }))
        };
        if secure {
            let at = place.secure(443, ends_first);
            let caller = greet(&mut place, &at, &BOTH);
            place.sim().shutdown(caller.id);
        } else {
            let at = place.listen(80, Listen::default(), ends_first);
            let client = place.sim().connect(&at);
            place.settle();
            place.sim().reset(client);
        }
        place.settle();
        let kind = if secure { ErrorKind::UnexpectedEof } else { ErrorKind::ConnectionReset };
        assert_eq!(place.reactor.app().ends(), [End::Transport(kind)]);
        assert_eq!(place.counters().truncated, u64::from(secure));
        place.end();
    }
}
