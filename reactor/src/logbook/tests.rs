//! What can be said of the parts without a thread.

use std::time::{Duration, Instant};

use super::pages::Shared;
use super::writer::Complaints;
use super::*;

#[test]
fn a_failure_is_spoken_of_at_most_once_a_minute() {
    let (start, mut complaints) = (Instant::now(), Complaints::default());
    for (second, is_due) in
        [(0, true), (0, false), (59, false), (60, true), (61, false), (119, false), (500, true)]
    {
        assert_eq!(complaints.are_due(start + Duration::from_secs(second)), is_due, "{second}");
    }
}

#[test]
fn memory_is_bounded_at_the_ring_and_given_back() {
    let shared = Shared::new(Options { ring: 3 * CHUNK, ..Options::default() });
    let (one, other) = (shared.add_pages(), shared.add_pages());
    let line = [b'a'; CHUNK / 2];
    let mut taken = 0;
    while one.push(&line, &shared).is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 6);
    assert_eq!(other.push(b"b\n", &shared), Err(Dropped), "all handles have one ring");
    let figures = Figures { lines: 6, dropped: 2, failures: 0, waiting: 3 * CHUNK as u64 };
    assert_eq!(shared.figures(), figures);
    let chunks = shared.take();
    assert_eq!(chunks.len(), 3);
    assert!(chunks.iter().all(|chunk| chunk.capacity() == CHUNK && chunk.len() == CHUNK));
    assert_eq!(other.push(b"b\n", &shared), Err(Dropped), "what is being written still counts");
    shared.give_chunk();
    assert_eq!(other.push(b"b\n", &shared), Ok(()));
}

#[test]
fn the_longest_line_is_a_chunk() {
    let shared = Shared::new(Options::default());
    let pages = shared.add_pages();
    for (length, result) in [(CHUNK - 1, Ok(())), (CHUNK, Ok(())), (CHUNK + 1, Err(Dropped))] {
        assert_eq!(pages.push(&vec![b'a'; length], &shared), result, "{length}");
    }
}

#[test]
fn the_figures_of_a_handle_outlive_it() {
    let shared = Shared::new(Options::default());
    let pages = shared.add_pages();
    assert_eq!(pages.push(b"a\n", &shared), Ok(()));
    drop(pages);
    for _ in 0..2 {
        assert_eq!(shared.figures().lines, 1);
        shared.take();
    }
}
