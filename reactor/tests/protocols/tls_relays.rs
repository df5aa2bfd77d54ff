//! TLS connections that are linked with others: what is said on one is encrypted on the other.

use std::time::Duration;

use readily::sys::sim::{Link, Rng, Serving, Sim};
use readily::{Config, Listen};

use crate::caller::{Caller, Ended};
use crate::guest::{Guest, Kind};
use crate::keys::{self, BOTH};
use crate::place::{Place, noise, seeds};
use crate::town::{Conn, Dial, Meet};

#[test]
fn what_a_plain_backend_says_is_encrypted_for_its_client() {
    let mut place = Place::quiet(Config::default());
    let backend = "10.0.1.1:80".parse().expect("an address");
    place.sim().serve(&backend, Serving::Accept);
    let to = backend.clone();
    let at = place.secure(443, move |_, _| Some(Conn::Dial(Dial::to(&to))));
    let mut caller = Caller::new(place.sim(), &at, &keys::client(&BOTH));
    place.settle_with(|sim| caller.talk(sim));
    let inside = place.sim().accepted(&backend).expect("a connection to the backend");
    let mut rng = Rng::new(1);
    for len in [1, 100, 5_000, 70_000, 300_000] {
        let (asked, answer) = (noise(len, &mut rng), noise(len, &mut rng));
        caller.say(&asked);
        place.settle_with(|sim| caller.talk(sim));
        assert!(place.sim().take(inside) == asked, "{len} bytes to the backend");
        place.sim().send(inside, &answer);
        place.settle_with(|sim| caller.talk(sim));
        assert_eq!(caller.ended, None, "{len} bytes to the client");
        assert!(std::mem::take(&mut caller.heard) == answer, "{len} bytes to the client");
    }
    caller.close();
    place.settle_with(|sim| caller.talk(sim));
    assert!(place.sim().is_ended(inside));
    place.sim().shutdown(inside);
    place.settle_with(|sim| caller.talk(sim));
    assert_eq!(caller.ended, Some(Ended::InOrder));
    place.end();
}

/// A loop where two of these meet, on a link of this kind.
fn meeting(seed: u64, kinds: [Kind; 2], link: Link) -> (Place, [Guest; 2]) {
    let mut sim = Sim::new(seed ^ 0x5eed);
    sim.set_link(link);
    let mut config = Config::default();
    config.send_stall = Duration::from_secs(3600);
    let mut place = Place::new(seed, sim, config);
    let secure = place.secure(443, |_, _| Some(Conn::Meet(Meet)));
    let plain = place.listen(80, Listen::default(), |_, _| Some(Conn::Meet(Meet)));
    let guests = kinds.map(|kind| {
        let at = if kind == Kind::Plain { &plain } else { &secure };
        Guest::new(place.sim(), kind, at)
    });
    (place, guests)
}

const MEETINGS: [[Kind; 2]; 4] = [
    [Kind::Plain, Kind::Plain],
    [Kind::Plain, Kind::Secure],
    [Kind::Secure, Kind::Plain],
    [Kind::Secure, Kind::Secure],
];

#[test]
fn two_who_meet_hear_each_other_whatever_carries_them() {
    for seed in seeds(24) {
        let mut rng = Rng::new(seed);
        let kinds = MEETINGS[rng.index(4)];
        let small = rng.index(2) == 0;
        let link = if small { Link { window: 300..=900, ..Link::rough() } } else { Link::rough() };
        let link = Link { window: (*link.window.start()).max(100)..=*link.window.end(), ..link };
        let (mut place, mut guests) = meeting(seed, kinds, link);
        let said = [(); 2].map(|()| noise(1 + rng.index(60_000), &mut rng));
        let mut at = [0; 2];
        let mut closed = [false; 2];
        while !(0..2).all(|n| closed[n] && guests[n].has_ended(place.sim())) {
            for n in 0..2 {
                let more = (at[n] + 1 + rng.index(5_000)).min(said[n].len());
                if rng.index(3) == 0 && at[n] < more {
                    guests[n].say(place.sim(), &said[n][at[n]..more]);
                    at[n] = more;
                } else if at[n] == said[n].len() && !closed[n] && guests[n].has_said_all() {
                    closed[n] = true;
                    guests[n].close(place.sim());
                }
                match rng.index(20) {
                    0 => place.sim().stop_reading(guests[n].id()),
                    1..=3 => place.sim().start_reading(guests[n].id()),
                    _ => {}
                }
                guests[n].talk(place.sim());
                assert!(said[1 - n].starts_with(guests[n].heard(place.sim())), "seed {seed}");
            }
            place.step();
        }
        for n in 0..2 {
            assert!(guests[n].heard(place.sim()) == said[1 - n], "seed {seed}, {kinds:?}");
            assert!(!place.sim().was_reset(guests[n].id()), "seed {seed}, {kinds:?}");
        }
        assert_eq!(place.end().ended_finished, 2);
    }
}

#[test]
fn a_half_that_ends_is_passed_on_alone_and_a_cut_cuts_the_other() {
    for kinds in MEETINGS {
        let (mut place, mut guests) = meeting(1, kinds, Link::perfect());
        place.settle_with(|sim| guests.iter_mut().for_each(|guest| guest.talk(sim)));
        guests[0].say(place.sim(), b"one");
        guests[0].close(place.sim());
        place.settle_with(|sim| guests.iter_mut().for_each(|guest| guest.talk(sim)));
        assert!(guests[1].has_ended(place.sim()) && !guests[0].has_ended(place.sim()));
        guests[1].say(place.sim(), b"two");
        place.settle_with(|sim| guests.iter_mut().for_each(|guest| guest.talk(sim)));
        assert_eq!(guests[1].heard(place.sim()), b"one", "{kinds:?}");
        assert_eq!(guests[0].heard(place.sim()), b"two", "{kinds:?}");
        // The second does not end its half, its socket does: for TLS that is a cut.
        let id = guests[1].id();
        match kinds[1] {
            Kind::Plain => place.sim().reset(id),
            Kind::Secure => place.sim().shutdown(id),
        }
        place.settle_with(|sim| guests[0].talk(sim));
        assert!(place.sim().was_reset(guests[0].id()), "{kinds:?}");
        assert_eq!(place.counters().truncated, u64::from(kinds[1] == Kind::Secure));
        assert_eq!((place.counters().open, place.counters().buffered), (0, 0));
        place.end();
    }
}

#[test]
fn one_who_does_not_read_holds_up_the_other_and_no_more() {
    for kinds in MEETINGS {
        let (mut place, mut guests) = meeting(1, kinds, Link::perfect());
        place.settle_with(|sim| guests.iter_mut().for_each(|guest| guest.talk(sim)));
        let deaf = guests[1].id();
        place.sim().stop_reading(deaf);
        let mut said = 0;
        while place.sim().unread(guests[0].id()) == 0 {
            guests[0].say(place.sim(), &[7; 10_000]);
            said += 10_000;
            place.settle_with(|sim| guests[0].talk(sim));
            assert!(said < 4_000_000, "{kinds:?}: it is read from for ever");
        }
        let Config { send_marks, receive_max, .. } = Config::default();
        let most = send_marks.high + receive_max + 4 * 65_536;
        assert!(place.counters().buffered <= most as u64, "{kinds:?}");
        place.sim().start_reading(deaf);
        place.settle_with(|sim| guests.iter_mut().for_each(|guest| guest.talk(sim)));
        assert_eq!(guests[1].heard(place.sim()).len(), said, "{kinds:?}");
        assert_eq!(place.counters().buffered, 0, "{kinds:?}");
        place.reactor.abort();
        place.run_out();
    }
}
