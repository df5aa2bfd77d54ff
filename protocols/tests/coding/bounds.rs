//! Memory and output are bounded, whatever goes in.

use readily_protocols::http1::coding::{Compressor, Level, Until, most};

use crate::support::{all, coded, noise, rows, stepped};

/// More than every window and block, several times.
const LARGE: usize = 1024 * 1024;

#[test]
fn what_cannot_be_made_smaller_grows_by_little() {
    for n in [0, 1, 10, 1000, 65_536, 300_000] {
        let content = noise(n);
        for (coding, level) in all() {
            let out = coded(&mut Compressor::new(coding, level), &content).len();
            assert!(out <= most(n, 0), "{coding} {level:?}: {n} became {out}");
        }
    }
}

#[test]
fn each_flush_costs_little() {
    for part in [1, 3, 50, 1000] {
        let content = noise(part * 1000);
        for (coding, level) in all() {
            let mut compressor = Compressor::new(coding, level);
            let mut out = Vec::new();
            for part in content.chunks(part) {
                compressor.write(part, &mut out).expect("a part");
                compressor.flush(&mut out).expect("a flush");
            }
            compressor.finish(&mut out).expect("an end");
            let (n, out) = (content.len(), out.len());
            assert!(out <= most(n, 1000), "{coding} {level:?}: {n} in {part}s became {out}");
        }
    }
}

#[test]
fn memory_stays_under_its_bound() {
    let mixed: Vec<u8> = rows(LARGE)
        .chunks(5000)
        .zip(noise(LARGE).chunks(5000))
        .flat_map(|(a, b)| [a, b].concat())
        .collect();
    for content in [vec![0; LARGE], noise(LARGE), rows(LARGE), mixed] {
        for (coding, level) in all() {
            let bound = Compressor::held_most(coding, level);
            let mut compressor = Compressor::new(coding, level);
            let mut highest = compressor.held();
            for part in content.chunks(300_000) {
                let until = if part.len() % 7 == 0 { Until::Flushed } else { Until::Taken };
                stepped(&mut compressor, part, until, 16 * 1024);
                highest = highest.max(compressor.held());
            }
            stepped(&mut compressor, &[], Until::Ended, 16 * 1024);
            highest = highest.max(compressor.held());
            assert!(highest <= bound, "{coding} {level:?} held {highest} of {bound}");
            compressor.reset();
            assert!(compressor.held() <= bound, "{coding} {level:?} after a reset");
        }
    }
}

#[test]
fn every_level_makes_rows_a_quarter() {
    let content = rows(100_000);
    for (coding, level) in all() {
        let out = coded(&mut Compressor::new(coding, level), &content).len();
        assert!(out < content.len() / 4, "{coding} {level:?}: {out}");
    }
}

#[test]
fn nothing_of_one_content_is_in_the_next() {
    let secret = rows(20_000);
    for (coding, level) in all() {
        let mut used = Compressor::new(coding, level);
        let mut out = Vec::new();
        // Left in the middle, as when a client goes away.
        used.write(&secret, &mut out).expect("a part");
        used.reset();
        let after = coded(&mut used, &secret);
        let new = coded(&mut Compressor::new(coding, level), &secret);
        assert_eq!(after, new, "{coding} {level:?}");
        assert_eq!((used.coding(), used.level()), (coding, level));
    }
    assert_eq!(Level::default(), Level::Balanced);
}
