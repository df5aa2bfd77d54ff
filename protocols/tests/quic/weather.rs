//! Loss, duplication, reordering and corruption: a conversation is finished, or fails cleanly.

use std::time::Duration;

use readily_protocols::quic::Limits;

use crate::talk::Talk;
use crate::world::Weather;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn g20_a_conversation_is_finished_or_fails_cleanly_whatever_the_weather() {
    let mut finished = 0;
    let mut failed = 0;
    for seed in 0..120 {
        let weather = Weather {
            loss: seed % 31,
            doubled: seed * 7 % 51,
            reordered: seed * 11 % 51,
            corrupted: seed * 3 % 11,
            delay: 1 + seed * 13 % 100,
        };
        let mut talk = Talk::new(seed, weather, Limits::DEFAULT);
        [1, 1000, 60_000].into_iter().for_each(|bytes| _ = talk.ask(bytes));
        let took = talk.finish(30 * MINUTE);
        assert!(took.is_some(), "seed {seed} hangs: {weather:?} {:?}", talk.client);
        if talk.client.all_well() && talk.server.all_well() {
            finished += 1;
        } else {
            failed += 1;
        }
        talk.world.weather = Weather::CLEAR;
        assert!(talk.until_empty(2 * MINUTE), "seed {seed}: all connections end");
        for node in &talk.world.nodes {
            assert_eq!((node.quic.open_streams(), node.quic.half_open()), (0, 0), "seed {seed}");
            assert_eq!((node.deadline(), node.is_owing()), (None, false), "seed {seed}");
        }
    }
    println!("{finished} {failed}");
    assert!(finished >= 110, "{finished} finished, {failed} failed");
}

#[test]
fn a_link_that_is_gone_for_a_while_delays_and_loses_nothing() {
    for (pause, well) in [(1, true), (5, true), (10, true), (40, false)] {
        let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
        talk.ask(1 << 20);
        talk.run(Duration::from_millis(60));
        assert!(!talk.client.all_over());
        talk.world.weather.loss = 100;
        talk.run(Duration::from_secs(pause));
        talk.world.weather.loss = 0;
        assert!(talk.finish(2 * MINUTE).is_some());
        assert_eq!(talk.client.all_well() && talk.server.all_well(), well, "{pause} s");
    }
}
