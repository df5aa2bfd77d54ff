//! Streams that carry what was written, both ways, and no more than there is room for.

use std::time::Duration;

use readily_protocols::quic::Limits;
use readily_protocols::quic::limits::{ESTABLISHED, STREAM_OPENED};

use crate::flows::Flows;
use crate::talk::Talk;
use crate::world::{Weather, World, at, client_of, server};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn what_is_asked_comes_back_as_it_was_sent() {
    for sizes in [
        &[0][..],
        &[1],
        &[1199, 1200, 1201],
        &[256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1],
        &[1 << 20],
        &[1 << 20, 1 << 18, 5, 0, 1 << 20],
        &[10_000; 50],
    ] {
        let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
        sizes.iter().for_each(|size| _ = talk.ask(*size));
        assert!(talk.finish(MINUTE).is_some(), "{sizes:?}");
        assert!(talk.client.all_well() && talk.server.all_well(), "{sizes:?}");
        // One connection carries them all.
        let [server, client] = &talk.world.nodes[..] else { panic!("two nodes") };
        assert_eq!((server.quic.connections(), client.quic.connections()), (1, 1));
        assert_eq!((server.count(ESTABLISHED), client.count(ESTABLISHED)), (1, 1));
        assert_eq!(server.count(STREAM_OPENED), sizes.len() as u64);
        assert_eq!((server.quic.open_streams(), client.quic.open_streams()), (0, 0));
    }
}

#[test]
fn a_reader_that_stops_reading_stalls_the_writer_at_the_window_of_the_stream() {
    for window in [1000, 64 * 1024, 256 * 1024] {
        let limits = Limits { stream_window: window, ..Limits::DEFAULT };
        for (asked, sent) in [(window - 1, window - 1), (window, window), (window + 1, window)] {
            let mut talk = Talk::new(1, Weather::CLEAR, limits);
            talk.server.pause_new = true;
            let id = talk.ask(asked as usize);
            talk.run(Duration::from_secs(5));
            assert_eq!(talk.client.all[&id].sent, sent as usize, "{asked} of {window}");
            talk.resume();
            assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
        }
    }
}

#[test]
fn the_window_of_the_connection_bounds_all_its_streams() {
    let limits = Limits::DEFAULT;
    for (streams, sent) in [(3, 3 << 18), (4, 1 << 20), (5, 1 << 20), (20, 1 << 20)] {
        let mut talk = Talk::new(1, Weather::CLEAR, limits);
        talk.server.pause_new = true;
        let ids: Vec<_> = (0..streams).map(|_| talk.ask(1 << 20)).collect();
        talk.run(Duration::from_secs(5));
        let all: usize = ids.iter().map(|id| talk.client.all[id].sent).sum();
        assert_eq!(all, sent, "{streams} streams");
        talk.resume();
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
    }
}

#[test]
fn an_asker_that_stops_reading_stalls_the_echo() {
    let mut talk = Talk::new(1, Weather::CLEAR, Limits::DEFAULT);
    let id = talk.ask(4 << 20);
    talk.client.all.get_mut(&id).expect("it is there").paused = true;
    talk.run(Duration::from_secs(5));
    let echo = talk.server.all.values().next().expect("it was opened");
    assert_eq!(echo.sent, 256 * 1024, "the asker's window");
    // The echo holds one read; the rest waits at the asker, in the window towards the echo.
    assert!(talk.client.all[&id].sent <= 2 * 256 * 1024 + 5000);
    talk.resume();
    assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
}

#[test]
fn what_is_not_acknowledged_is_bounded_by_the_send_window() {
    for send_window in [10_000, 100_000] {
        let limits = Limits { send_window, ..Limits::DEFAULT };
        let mut talk = Talk::new(1, Weather::CLEAR, limits);
        talk.ask(1);
        assert!(talk.finish(MINUTE).is_some());
        talk.world.weather.loss = 100;
        let id = talk.ask(1 << 20);
        talk.run(Duration::from_secs(1));
        assert_eq!(talk.client.all[&id].sent, send_window as usize);
        talk.world.weather.loss = 0;
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
    }
}

#[test]
fn a_stream_past_the_limit_waits_for_another_to_end() {
    const L: u32 = 5;
    for (asked, opened) in [(L - 1, L - 1), (L, L), (L + 1, L), (3 * L, L)] {
        let limits = Limits { streams: L, ..Limits::DEFAULT };
        let mut talk = Talk::new(1, Weather::CLEAR, limits);
        talk.server.pause_new = true;
        (0..asked).for_each(|_| _ = talk.ask(1000));
        talk.run(Duration::from_secs(1));
        assert_eq!(talk.server.all.len(), opened as usize, "{asked} of {L}");
        talk.resume();
        assert!(talk.finish(MINUTE).is_some() && talk.client.all_well());
        assert_eq!(talk.server.all.len(), asked as usize);
    }
}

#[test]
fn connections_that_have_much_to_send_take_turns() {
    for segments in [1, 3] {
        let clients = (0..3).map(|seed| client_of(seed + 10, Limits::DEFAULT));
        let quics = [server(Limits::DEFAULT)].into_iter().chain(clients);
        let mut world = World::new(1, Weather::CLEAR, quics);
        let mut echo = Flows::default();
        echo.pause_new = true;
        let mut asks = [1, 2, 3].map(|nth| {
            let mut flows = Flows::default();
            flows.ask(&mut world.nodes[nth], 100_000);
            flows
        });
        world.run(Duration::from_secs(5), |world| {
            echo.turn(&mut world.nodes[0]);
            asks.iter_mut().zip(&mut world.nodes[1..]).for_each(|(flows, node)| flows.turn(node));
        });
        echo.resume(&mut world.nodes[0]);
        world.nodes[0].segments = segments;
        let to: Vec<_> = std::iter::from_fn(|| world.nodes[0].transmit()).map(|t| t.0.to).collect();
        let rounds: Vec<_> = to.chunks(3).take(9 / segments).collect();
        assert!(rounds.windows(2).all(|pair| pair[0] == pair[1]), "{to:?}");
        assert!([1, 2, 3].iter().all(|nth| rounds[0].contains(&at(*nth))), "{to:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_datagrams() {
    // Their sizes and times: the keys of TLS are random, and so is what is in them.
    let weather = Weather { loss: 10, doubled: 5, reordered: 20, corrupted: 2, delay: 20 };
    let run = |seed| {
        let mut talk = Talk::new(seed, weather, Limits::DEFAULT);
        (0..3).for_each(|_| _ = talk.ask(100_000));
        (talk.finish(MINUTE), talk.world.trace)
    };
    for seed in 1..4 {
        let (first, again) = (run(seed), run(seed));
        assert!(first.0.is_some() && first == again, "seed {seed}");
        assert_ne!(first.1, run(seed + 100).1);
    }
}
