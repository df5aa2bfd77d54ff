//! A crowd that shakes hands at once, and those who are served meanwhile.

use std::time::Duration;

use readily::echo::Echo;
use readily::{Address, Config};

use crate::caller::Caller;
use crate::keys::{self, BOTH};
use crate::place::Place;
use crate::town::Conn;

const FRIENDS: usize = 40;
const CROWD: usize = 400;
const QUESTION: &[u8] = b"there?";

/// When each of the crowd says hello.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hello {
    /// As it comes.
    AtOnce,
    /// When all of them were accepted.
    Together,
}

/// A loop, who is served, and who wants to be.
struct Scene {
    place: Place,
    friends: Vec<Caller>,
    crowd: Vec<Caller>,
}

impl Scene {
    /// All friends have shaken hands; the crowd is about to.
    fn new(hello: Hello) -> Scene {
        let mut place = Place::quiet(Config::default());
        let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
        let mut friends = callers(&mut place, &at, FRIENDS);
        place.settle_with(|sim| friends.iter_mut().for_each(|friend| friend.talk(sim)));
        assert_eq!(place.counters().handshaking, 0);
        let crowd = callers(&mut place, &at, CROWD);
        if hello == Hello::Together {
            place.settle();
            assert_eq!(place.counters().handshaking, CROWD as u64);
        }
        Scene { place, friends, crowd }
    }

    /// How many of the crowd the server has shaken hands with.
    fn shaken(&self) -> u64 {
        let counters = self.place.counters();
        counters.accepted - counters.handshaking - FRIENDS as u64
    }

    /// A friend asks; says how many turns it waits for its answer.
    fn ask(&mut self, nth: usize) -> usize {
        let friend = &mut self.friends[nth % FRIENDS];
        friend.say(QUESTION);
        let mut turns = 0;
        while std::mem::take(&mut friend.heard) != QUESTION {
            friend.send(self.place.sim(), usize::MAX);
            self.place.turn(Some(Duration::ZERO));
            friend.listen(self.place.sim());
            turns += 1;
        }
        turns
    }
}

fn callers(place: &mut Place, at: &Address, n: usize) -> Vec<Caller> {
    let config = keys::client(&BOTH);
    (0..n).map(|_| Caller::new(place.sim(), at, &config)).collect()
}

#[test]
fn who_is_served_waits_for_a_few_handshakes_and_never_for_the_crowd() {
    for hello in [Hello::AtOnce, Hello::Together] {
        let mut scene = Scene::new(hello);
        let quiet = {
            let mut alone = Scene::new(Hello::Together);
            (0..FRIENDS).map(|nth| alone.ask(nth)).max()
        };
        let (mut asked, mut longest) = (0, 0);
        while scene.shaken() < CROWD as u64 {
            for newcomer in &mut scene.crowd {
                newcomer.talk(scene.place.sim());
            }
            let before = scene.shaken();
            let turns = scene.ask(asked);
            let most = (turns * Config::TURN_HANDSHAKES) as u64;
            assert!(scene.shaken() - before <= most, "{hello:?}: {turns} turns, question {asked}");
            (asked, longest) = (asked + 1, longest.max(turns));
        }
        // Each of the crowd has two turns at least: one for its hello, one for the rest.
        assert!(asked >= 2 * CROWD / Config::TURN_HANDSHAKES / longest, "{hello:?}: {asked}");
        assert_eq!(Some(longest), quiet, "{hello:?}: as if nobody else were there");
        scene
            .place
            .settle_with(|sim| scene.crowd.iter_mut().for_each(|newcomer| newcomer.talk(sim)));
        let counters = scene.place.counters();
        assert_eq!((counters.handshakes_failed, counters.handshakes_timed_out), (0, 0));
        assert!(scene.crowd.iter().all(|newcomer| !newcomer.is_handshaking()), "{hello:?}");
        scene.place.end();
    }
}

#[test]
fn thousands_who_say_nothing_take_turns_and_nobody_who_is_served_waits_for_them() {
    const SILENT: usize = 3_000;
    const MOST: usize = Config::HANDSHAKES_MAX;
    let mut place = Place::quiet(Config::default());
    let at = place.secure(443, |_, _| Some(Conn::Echo(Echo)));
    let friends = callers(&mut place, &at, 1);
    let mut scene = Scene { place, friends, crowd: Vec::new() };
    let quiet = {
        scene.ask(0);
        scene.ask(0)
    };
    let silent = callers(&mut scene.place, &at, SILENT);
    scene.place.settle();
    for round in 0..SILENT.div_ceil(MOST) {
        let counters = scene.place.counters();
        let left = SILENT - round * MOST;
        assert_eq!(counters.handshaking, left.min(MOST) as u64, "round {round}");
        assert_eq!(counters.handshakes_timed_out, (round * MOST) as u64, "round {round}");
        assert_eq!(counters.buffered, 0, "they cost no buffer");
        assert_eq!(scene.ask(0), quiet, "round {round}");
        scene.place.wait(Config::HANDSHAKE_WITHIN);
    }
    let counters = scene.place.counters();
    assert_eq!((counters.handshaking, counters.handshakes_timed_out), (0, SILENT as u64));
    assert!(counters.handshakes_exhausted > 0 && counters.open == 1);
    assert!(silent.iter().all(|silent| scene.place.sim().was_reset(silent.id)));
    scene.place.end();
}
