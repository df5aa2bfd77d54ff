//! How long a file may take, and what waits meanwhile.

use std::time::Duration;

use readily::sys::sim::Link;
use readily::{Config, End, FILE_CHARGE, Fault, Reason, Step};

use crate::drawer::file;
use crate::roads::{ALL, Over, Road};
use crate::troupe::Actor;

/// How much a loop reads at once of a file that cannot be sent from.
const BLOCK: u64 = 64 * 1024;

fn sends(n: u64) -> impl FnMut() -> Actor + 'static {
    let file = file(&vec![7; n as usize]);
    move || {
        let mut file = Some(file.clone());
        Actor::new(move |io, _| {
            file.take().into_iter().for_each(|file| io.tx.send_file(file, 0..n));
            Ok(Step::Wait)
        })
    }
}

fn patient(millis: u64) -> Config {
    let mut config = Config::default();
    config.send_stall = Duration::from_millis(millis);
    config
}

#[test]
fn a_peer_that_takes_nothing_of_a_file_is_given_up() {
    const L: u64 = 50;
    for over in [Over::Sendfile, Over::Socket, Over::Tls] {
        for (millis, ended) in [(L - 1, 0), (L, 1), (L + 1, 1)] {
            let link = Link { window: 10..=10, ..Link::perfect() };
            let mut road = Road::new(over, link, patient(L), sends(1000));
            road.stop();
            road.settle();
            road.house.wait(Duration::from_millis(millis));
            let counters = road.house.counters();
            assert_eq!(counters.ended_timed_out, ended, "{over:?}, {millis}");
            let stalled = End::Fault(Fault::TimedOut(Reason::SendStall));
            assert!(road.house.reactor.app().gone.iter().all(|(_, why)| *why == stalled));
        }
    }
}

#[test]
fn a_peer_that_takes_a_little_again_and_again_is_not() {
    for over in [Over::Sendfile, Over::Socket, Over::Tls] {
        let slow = Duration::from_millis(20);
        let link = Link { window: 10..=10, delay: slow..=slow, ..Link::perfect() };
        let mut road = Road::new(over, link, patient(50), sends(1000));
        road.house.wait(Duration::from_secs(10));
        assert_eq!(road.heard().len(), 1000, "{over:?}");
        assert_eq!(road.house.counters().ended, 0);
    }
}

#[test]
fn a_long_file_takes_no_more_memory_than_a_block() {
    const LENGTH: u64 = 10 * 1024 * 1024;
    for over in ALL {
        let link = Link { window: 100_000..=100_000, ..Link::perfect() };
        let mut road = Road::new(over, link, Config::default(), sends(LENGTH));
        let (mut most, mut heard) = (0, 0);
        while heard < LENGTH as usize {
            if over == Over::Stream {
                road.go_on();
                road.settle();
            }
            road.house.turn();
            most = most.max(road.house.counters().buffered);
            let now = road.heard().len();
            assert!(over != Over::Stream || now > heard);
            heard = now;
        }
        // Ciphertext waits beside what it is made of.
        let blocks = match over {
            Over::Sendfile => 0,
            Over::Socket | Over::Stream => 1,
            Over::Tls => 2,
        };
        assert!(most <= blocks * BLOCK + FILE_CHARGE as u64, "{over:?}: {most}");
    }
}
