//! Files among what waits: nobody reads them here.

use super::*;

/// Some file: what is in it is no matter.
fn file() -> File {
    std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).expect("a file").into()
}

/// What waits, in order: so many bytes of memory, or that range of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Bytes(Vec<u8>),
    File(Range<u64>),
}

/// Takes all of it out, piece by piece.
fn parts(tx: &mut Tx) -> Vec<Part> {
    let mut parts = Vec::new();
    while !tx.is_empty() {
        let (part, n) = match (tx.front(), tx.front_file()) {
            (Some((bytes, _)), None) => (Part::Bytes(bytes.to_vec()), bytes.len()),
            (None, Some((_, range))) => {
                let n = (range.end - range.start) as usize;
                (Part::File(range), n)
            }
            both => panic!("{both:?}"),
        };
        parts.push(part);
        tx.consume(n, drop);
        check_charge(tx);
    }
    assert_eq!(tx.charge(), 0);
    parts
}

/// Bytes, a file, bytes, two files, bytes.
fn mixed() -> Tx {
    let mut tx = lent();
    tx.write(b"head");
    tx.send_file(file(), 10..17);
    tx.write(b"between");
    tx.send_file(file(), 5..5);
    tx.send_file(file(), 0..3);
    tx.send_file(file(), 90..91);
    tx.write_static(&DATA[..300]);
    tx
}

#[test]
fn files_wait_in_their_place() {
    let mut tx = mixed();
    assert_eq!(tx.len(), 4 + 7 + 7 + 3 + 1 + 300);
    assert!(tx.whole().is_none());
    let mut slices = [IoSlice::new(&[]); 9];
    assert_eq!(tx.slices(&mut slices), 1, "what is behind a file is not offered before it");
    let expected = [
        Part::Bytes(b"head".into()),
        Part::File(10..17),
        Part::Bytes(b"between".into()),
        Part::File(0..3),
        Part::File(90..91),
        Part::Bytes(DATA[..300].into()),
    ];
    assert_eq!(parts(&mut tx), expected);
}

#[test]
fn what_was_sent_of_a_file_is_dropped_wherever_it_ends() {
    let all = mixed().len();
    for first in 0..=all {
        let mut tx = mixed();
        tx.consume(first, drop);
        check_charge(&tx);
        assert_eq!(tx.len(), all - first);
        if (4..11).contains(&first) {
            assert_eq!(tx.front_file().map(|(_, range)| range), Some(10 + first as u64 - 4..17));
            assert!(tx.front().is_none());
        }
        tx.fit(drop);
        assert_eq!(parts(&mut tx).is_empty(), first == all);
    }
}

#[test]
fn what_was_read_of_a_file_takes_its_place() {
    for n in 1..=7 {
        let mut tx = mixed();
        tx.consume(4, drop);
        let mut block = Block::new(BLOCK_MIN);
        block.all_mut()[..n].copy_from_slice(&DATA[..n]);
        let len = tx.len();
        tx.load(block, n);
        check_charge(&tx);
        assert_eq!(tx.len(), len);
        let parts = parts(&mut tx);
        assert_eq!(parts[0], Part::Bytes(DATA[..n].into()));
        assert_eq!(parts[1] == Part::File(10 + n as u64..17), n < 7, "{parts:?}");
    }
}

#[test]
#[should_panic(expected = "loaded more than there is")]
fn no_more_is_loaded_than_was_to_be_sent() {
    let mut tx = lent();
    tx.send_file(file(), 0..7);
    tx.load(Block::new(BLOCK_MIN), 8);
}

#[test]
fn files_that_were_queued_since_a_mark_are_taken_back() {
    for queued in [0, 1] {
        let mut tx = lent();
        (0..queued).for_each(|_| tx.send_file(file(), 0..9));
        let (mark, charge) = (tx.mark(), tx.charge());
        tx.send_file(file(), 0..1 << 40);
        tx.write(b"more");
        tx.finish();
        tx.rollback(mark);
        check_charge(&tx);
        assert_eq!((tx.len(), tx.charge()), (9 * queued, charge));
    }
}

#[test]
fn a_file_is_charged_the_same_whatever_its_length() {
    const L: usize = 4;
    let marks = Marks { high: 2 * FILE_CHARGE, low: 1, cap: L * FILE_CHARGE };
    for (n, overflows) in [(L - 1, false), (L, false), (L + 1, true)] {
        for range in [0..1, 7..1 << 50, u64::MAX - 1..u64::MAX] {
            let mut tx = Tx::new(marks);
            (0..n).for_each(|_| tx.send_file(file(), range.clone()));
            assert_eq!(tx.has_overflowed(), overflows, "{n} of {range:?}");
            assert_eq!(tx.charge(), n.min(L) * FILE_CHARGE);
            assert_eq!(tx.room(), (2 * FILE_CHARGE).saturating_sub(tx.charge()));
        }
    }
}

#[test]
fn more_bytes_than_can_be_counted_overflow() {
    let mut tx = lent();
    tx.send_file(file(), 0..u64::MAX);
    assert_eq!((tx.len() as u64, tx.has_overflowed()), (u64::MAX, false));
    tx.send_file(file(), 0..1);
    assert!(tx.has_overflowed());
}

#[test]
fn few_bytes_of_files_are_low() {
    let l = FILES_LOW as u64;
    for (n, is_low) in [(l - 1, true), (l, true), (l + 1, false)] {
        let mut tx = lent();
        tx.send_file(file(), 0..n);
        assert_eq!(tx.is_low(), is_low, "{n}");
        tx.consume(1, drop);
        assert_eq!(tx.is_low(), n <= l + 1);
    }
}

#[test]
fn a_file_after_the_end_is_dropped() {
    let mut tx = lent();
    tx.finish();
    tx.send_file(file(), 0..9);
    assert!(tx.is_empty() && !tx.has_overflowed());
    let mut tx = mixed();
    tx.abort();
    assert!(tx.is_empty() && tx.charge() == 0 && tx.front_file().is_none());
}
