//! What waits, in every way it can be queued, sent, kept and taken back.

use std::io::IoSlice;

use super::*;

mod files;

/// One way to queue bytes.
type Queue = fn(&mut Tx, &'static [u8]);

fn adopt(tx: &mut Tx, bytes: &[u8]) {
    let mut rx = filled(bytes);
    while !rx.is_empty() {
        assert!(tx.adopt(&mut rx, usize::MAX) > 0);
    }
}

fn filled(bytes: &[u8]) -> Rx {
    let mut rx = Rx::new(64 * 1024);
    rx.lend(Block::new(64 * 1024));
    rx.space()[..bytes.len()].copy_from_slice(bytes);
    rx.commit(bytes.len());
    rx
}

const WAYS: [Queue; 5] = [
    |tx, bytes| tx.write(bytes),
    |tx, bytes| {
        tx.fill(bytes.len() + 3, |to| {
            to[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        });
    },
    |tx, bytes| tx.share(Bytes::from_static(bytes)),
    |tx, bytes| tx.write_static(bytes),
    |tx, bytes| adopt(tx, bytes),
];

fn lent() -> Tx {
    let mut tx = Tx::new(Marks::default());
    tx.lend(Block::new(64 * 1024));
    tx
}

/// All that waits, by way of the slices.
fn waiting(tx: &Tx) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 64];
    let used = tx.slices(&mut slices);
    let all: Vec<u8> = slices[..used].iter().flat_map(|slice| slice.to_vec()).collect();
    assert_eq!(all.len(), tx.len());
    assert_eq!(tx.is_empty(), all.is_empty());
    if let Some(whole) = tx.whole() {
        assert_eq!(whole, all);
    }
    assert_eq!(tx.front().map_or(&[][..], |(bytes, _)| bytes), slices[0].get(..).unwrap_or(&[]));
    all
}

/// The charge as it must be: what all the blocks hold that something waits in.
fn check_charge(tx: &Tx) {
    let head = if tx.start < tx.end { tx.block.capacity() } else { 0 };
    let pieces: usize = tx.pieces.iter().map(Piece::charge).sum();
    assert_eq!(tx.charge(), head + pieces);
}

static DATA: [u8; 9000] = {
    let (mut data, mut at) = ([0; 9000], 0);
    while at < data.len() {
        data[at] = (at % 251) as u8;
        at += 1;
    }
    data
};

/// Three writes in each of their ways and sizes: every order of them.
fn every_queue(mut each: impl FnMut(Tx, &[u8])) {
    const SIZES: [usize; 4] = [1, SHARE_MIN, ADOPT_MIN, 9000];
    for case in 0..(WAYS.len() * SIZES.len()).pow(2) * WAYS.len() {
        let way = |nth: usize| {
            let digit = case / (WAYS.len() * SIZES.len()).pow(nth as u32);
            (WAYS[digit % WAYS.len()], SIZES[digit / WAYS.len() % SIZES.len()])
        };
        for mut tx in [lent(), Tx::new(Marks::default())] {
            let mut expected = Vec::new();
            for nth in 0..3 {
                let (queue, size) = way(nth);
                queue(&mut tx, &DATA[..size]);
                expected.extend_from_slice(&DATA[..size]);
            }
            each(tx, &expected);
        }
    }
}

#[test]
fn bytes_wait_in_the_order_they_were_queued_in() {
    every_queue(|tx, expected| {
        assert!(waiting(&tx) == expected);
        check_charge(&tx);
    });
}

#[test]
fn what_was_sent_is_dropped_wherever_it_ends() {
    let mut tx = lent();
    tx.write(&DATA[..10]);
    tx.write_static(&DATA[..300]);
    tx.write(&DATA[..7]);
    adopt(&mut tx, &DATA[..ADOPT_MIN]);
    let all = waiting(&tx);
    for first in 0..=all.len() {
        for second in [0, 1, 300, all.len() - first] {
            let second = second.min(all.len() - first);
            let mut tx = lent();
            tx.write(&DATA[..10]);
            tx.write_static(&DATA[..300]);
            tx.write(&DATA[..7]);
            adopt(&mut tx, &DATA[..ADOPT_MIN]);
            let mut freed = 0;
            tx.consume(first, |block| freed += block.capacity());
            tx.consume(second, |block| freed += block.capacity());
            assert!(waiting(&tx) == all[first + second..], "{first} and {second}");
            check_charge(&tx);
            assert_eq!(tx.is_idle(), first + second == all.len());
        }
    }
}

#[test]
fn what_stays_is_moved_to_blocks_that_fit() {
    every_queue(|mut tx, expected| {
        let mut recycled = 0;
        for _ in 0..2 {
            tx.fit(|block| recycled += block.capacity());
            assert!(waiting(&tx) == expected);
            check_charge(&tx);
            let pieces = tx.pieces.len() + 1;
            assert!(tx.charge() <= 2 * expected.len() + pieces * BLOCK_MIN, "{}", tx.charge());
        }
        tx.consume(expected.len(), drop);
        assert!(tx.is_idle() && tx.charge() == 0);
    });
}

#[test]
fn all_that_was_written_since_a_mark_is_taken_back() {
    every_queue(|mut tx, expected| {
        let mark = tx.mark();
        for (nth, queue) in WAYS.iter().enumerate() {
            queue(&mut tx, &DATA[..100 << nth]);
        }
        tx.finish();
        tx.rollback(mark);
        assert!(waiting(&tx) == expected);
        check_charge(&tx);
        assert!(tx.may_send());
        tx.write(b"goes on");
        assert!(waiting(&tx) == [expected, b"goes on"].concat());
    });
    // An empty end as well, and one that has overflowed since.
    for mut tx in [lent(), Tx::new(Marks::default())] {
        let mark = tx.mark();
        adopt(&mut tx, &DATA);
        tx.write(&vec![0; 1 << 22]);
        assert!(tx.has_overflowed());
        tx.rollback(mark);
        assert!(tx.is_idle() && tx.charge() == 0);
    }
}

#[test]
fn more_room_than_the_low_mark_leaves_may_be_wanted() {
    const L: usize = 16 * 1024;
    let marks = Marks { high: L, low: L / 2, cap: 2 * L };
    // How much is wanted, and the most that may wait then.
    for (wanted, low) in [(0, L / 2), (L + L / 2, L / 2), (L + L / 2 + 1, L / 2 - 1), (2 * L, 0)] {
        for (waits, is_low) in [(low, true), (low + 1, false)] {
            let mut tx = Tx::new(marks);
            // Shared, so that each byte is charged as one.
            tx.share(vec![0; waits].into());
            tx.want(wanted);
            // Who wants less is called with the others.
            tx.want(1);
            assert_eq!(tx.is_low(), is_low, "{waits} of {wanted}");
            tx.be_low();
            assert_eq!(tx.is_low(), waits <= L / 2);
        }
    }
}

#[test]
fn the_marks_hold_at_their_edges() {
    const L: usize = 16 * 1024;
    let marks = Marks { high: L, low: L / 2, cap: 2 * L };
    for (written, room, is_low) in [
        (L / 2 - BLOCK_MIN, L / 2 + BLOCK_MIN, true),
        (L / 2, L / 2, true),
        (L / 2 + 1, L / 2 - BLOCK_MIN, false),
        (L - BLOCK_MIN, BLOCK_MIN, false),
        (L, 0, false),
        (L + BLOCK_MIN, 0, false),
    ] {
        let mut tx = Tx::new(marks);
        tx.write(&vec![0; written]);
        assert_eq!((tx.room(), tx.is_low()), (room, is_low), "{written}");
    }
    for (size, overflows) in [(2 * L - 1, false), (2 * L, false), (2 * L + 1, true)] {
        for queue in [(|tx, n| tx.write(&vec![0; n])) as fn(&mut Tx, usize), |tx, n| {
            tx.share(vec![0; n].into())
        }] {
            let mut tx = Tx::new(marks);
            queue(&mut tx, size);
            assert_eq!(tx.has_overflowed(), overflows, "{size}");
            assert_eq!(tx.len(), if overflows { 0 } else { size });
            assert!(tx.charge() <= marks.cap);
        }
    }
}

#[test]
fn whatever_is_written_the_cap_is_not_passed() {
    let marks = Marks { high: 8 * 1024, low: 1024, cap: 32 * 1024 };
    for (nth, queue) in WAYS[..4].iter().enumerate() {
        for size in [1, 255, 256, 257, 1000, 4095, 4096, 4097] {
            let mut tx = Tx::new(marks);
            while !tx.has_overflowed() {
                queue(&mut tx, &DATA[..size]);
                assert!(tx.charge() <= marks.cap, "way {nth}, {size}: {}", tx.charge());
            }
        }
    }
}

#[test]
fn a_thousand_blocks_of_one_byte_are_not_a_thousand_bytes() {
    let mut tx = Tx::new(Marks::default());
    let mut adopted = 0;
    while tx.room() > 0 && adopted < 1000 {
        adopted += tx.adopt(&mut filled(b"x"), usize::MAX);
        check_charge(&tx);
    }
    // Small ones are joined; none of them brings its block along.
    let held: usize = tx.block.capacity() + tx.pieces.iter().map(Piece::charge).sum::<usize>();
    assert_eq!((adopted, tx.charge()), (1000, held));
    tx.fit(drop);
    assert!(tx.charge() <= 3 * BLOCK_MIN, "{}", tx.charge());
}

#[test]
fn nothing_is_queued_after_the_end() {
    for queue in WAYS[..4].iter() {
        let mut tx = lent();
        tx.write(b"last");
        tx.finish();
        queue(&mut tx, &DATA);
        assert_eq!((waiting(&tx), tx.room(), tx.half()), (b"last".to_vec(), 0, Half::Ended));
        let mut rx = filled(b"more");
        assert_eq!((tx.adopt(&mut rx, 4), rx.len()), (0, 4));
        tx.abort();
        assert_eq!((waiting(&tx), tx.charge(), tx.half()), (vec![], 0, Half::Aborted));
    }
}

#[test]
fn only_as_much_is_adopted_as_was_asked_for() {
    for (n, left) in [(0, 5000), (1, 4999), (4999, 1), (5000, 0), (5001, 0)] {
        let mut tx = lent();
        let mut rx = filled(&DATA[..5000]);
        assert_eq!((tx.adopt(&mut rx, n), rx.len()), (5000 - left, left));
        assert!(waiting(&tx) == DATA[..5000 - left] && rx.bytes() == &DATA[5000 - left..5000]);
    }
}
