//! The real loop in a thousand random worlds.
//!
//! `READILY_SEED=n` replays one of them; a failure prints its seed. `READILY_TRACE=1` prints what
//! the loop does.

#[path = "sim/client.rs"]
mod client;
#[path = "sim/town.rs"]
mod town;
#[path = "sim/world.rs"]
mod world;

use world::World;

/// Runs the seeds of one part, or the one that was asked for, in its part.
fn live(part: u64) {
    match std::env::var("READILY_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().expect("READILY_SEED is a number");
            if seed % 4 == part {
                World::new(seed).run();
            }
        }
        Err(_) => {
            for seed in (part..1000).step_by(4) {
                World::new(seed).run();
            }
        }
    }
}

#[test]
fn the_first_quarter_of_a_thousand_worlds() {
    live(0);
}

#[test]
fn the_second_quarter_of_a_thousand_worlds() {
    live(1);
}

#[test]
fn the_third_quarter_of_a_thousand_worlds() {
    live(2);
}

#[test]
fn the_fourth_quarter_of_a_thousand_worlds() {
    live(3);
}

#[test]
fn the_same_seed_is_the_same_run() {
    let hashes =
        |seeds: std::ops::Range<u64>| seeds.map(|seed| World::new(seed).run()).collect::<Vec<_>>();
    let first = hashes(0..50);
    assert_eq!(first, hashes(0..50));
    assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 50);
}

#[test]
#[should_panic(expected = "got wrong bytes")]
fn a_lost_byte_is_found() {
    for seed in 0..50 {
        World::new(seed).losing_bytes().run();
    }
}
