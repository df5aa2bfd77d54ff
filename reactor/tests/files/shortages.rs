//! Files that have not what was promised of them, and peers that go before they have got it.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::sync::Arc;

use readily::sys::sim::Link;
use readily::{Config, End, Fault, File, Marks, Step};

use crate::drawer::file;
use crate::house::House;
use crate::roads::{ALL, Over, Road};
use crate::troupe::Actor;

const CUT: &str = "file: it has not what was promised of it";

/// Queues this once, and waits.
fn sends(file: &File, to: u64) -> impl FnMut() -> Actor + 'static {
    let file = file.clone();
    move || {
        let mut file = Some(file.clone());
        Actor::new(move |io, _| {
            file.take().into_iter().for_each(|file| io.tx.send_file(file, 0..to));
            Ok(Step::Wait)
        })
    }
}

#[test]
fn a_file_that_is_shorter_ends_its_connection() {
    const L: u64 = 5000;
    let file = file(&[7; L as usize]);
    for over in ALL {
        for (to, cut) in [(L - 1, 0), (L, 0), (L + 1, 1), (u64::MAX, 1)] {
            let mut road = Road::wide(over, sends(&file, to));
            road.settle();
            assert_eq!(road.heard().len() as u64, to.min(L), "{over:?} to {to}");
            assert_eq!(road.was_cut(), cut == 1, "{over:?} to {to}");
            let counters = road.house.counters();
            assert_eq!((counters.files_cut, counters.ended_local_fault), (cut, cut));
            let gone = &road.house.reactor.app().gone;
            assert!(gone.iter().all(|(_, why)| *why == End::Fault(Fault::Local(CUT))), "{gone:?}");
        }
    }
}

#[test]
fn a_file_that_becomes_shorter_meanwhile_ends_its_connection() {
    for over in ALL {
        for left in [0, 1, 999, 1000, 1001, 150_000] {
            let file = file(&[7; 200_000]);
            let link = Link { window: 1000..=1000, ..Link::perfect() };
            let mut road = Road::new(over, link, Config::default(), sends(&file, 200_000));
            road.stop();
            road.settle();
            file.as_ref().set_len(left).expect("a shorter file");
            road.go_on();
            road.finish();
            assert!(road.was_cut(), "{over:?}, {left}");
            assert!(road.heard().len() < 200_000 && road.heard().iter().all(|byte| *byte == 7));
            let counters = road.house.counters();
            assert_eq!((counters.files_cut, counters.open, counters.buffered), (1, 0, 0));
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_ends_its_connection() {
    let null = OpenOptions::new().write(true).open("/dev/null").expect("a file");
    let folder = std::fs::File::open(std::env::temp_dir()).expect("a folder");
    for file in [File::from(null), folder.into()] {
        for over in ALL {
            let mut road = Road::wide(over, sends(&file, 1));
            road.settle();
            assert!(road.was_cut() && road.heard().is_empty(), "{over:?}, {file:?}");
            assert_eq!(road.house.counters().files_cut, 1);
        }
    }
}

#[test]
fn a_file_that_fails_after_the_machine_has_ended_is_cut_too() {
    for over in ALL {
        let file = file(b"short");
        let mut road = Road::wide(over, move || {
            let file = file.clone();
            Actor::new(move |io, _| {
                io.tx.send_file(file.clone(), 0..6);
                Ok(Step::Finish)
            })
        });
        road.settle();
        assert!(road.was_cut(), "{over:?}");
        let counters = road.house.counters();
        assert_eq!((counters.files_cut, counters.open, counters.buffered), (1, 0, 0));
    }
}

#[test]
fn a_peer_that_goes_lets_go_of_the_file() {
    for over in [Over::Sendfile, Over::Socket, Over::Tls] {
        for window in [1, 1000, 100_000] {
            let held = Arc::new(file(&[7; 200_000]).as_ref().try_clone().expect("a file"));
            let link = Link { window: window..=window, ..Link::perfect() };
            let mut given = Some(File::from(held.clone()));
            let mut road = Road::new(over, link, Config::default(), move || {
                let mut file = given.take();
                Actor::new(move |io, _| {
                    file.take().into_iter().for_each(|file| io.tx.send_file(file, 0..200_000));
                    Ok(Step::Wait)
                })
            });
            road.stop();
            road.settle();
            assert_eq!(Arc::strong_count(&held), 2, "{over:?}, {window}");
            road.reset();
            road.settle();
            assert_eq!(Arc::strong_count(&held), 1, "{over:?}, {window}");
            let gone = road.house.reactor.app().gone[0].1;
            assert_eq!(gone, End::Transport(ErrorKind::ConnectionReset));
            let counters = road.house.counters();
            assert_eq!((counters.files_cut, counters.open, counters.buffered), (0, 0, 0));
        }
    }
}

#[test]
fn as_many_files_wait_as_the_cap_has_charges_for() {
    const L: usize = 8;
    let page = file(&[7; 100]);
    for (n, overflows) in [(L - 1, 0), (L, 0), (L + 1, 1)] {
        let cap = L * readily::FILE_CHARGE;
        let mut config = Config::default();
        config.send_marks = Marks { high: cap, low: cap / 2, cap };
        let page = page.clone();
        let mut house = House::with(config, readily::Listen::default(), move || {
            let mut page = Some(page.clone());
            Actor::new(move |io, _| {
                page.take().into_iter().for_each(|page| {
                    (0..n).for_each(|_| io.tx.send_file(page.clone(), 0..100));
                });
                Ok(Step::Wait)
            })
        });
        let client = house.connect();
        house.settle();
        assert_eq!(house.counters().ended_overflow, overflows, "{n}");
        assert_eq!(house.sim().received(client).len(), if overflows == 1 { 0 } else { n * 100 });
    }
}
