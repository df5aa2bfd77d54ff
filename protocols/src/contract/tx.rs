//! The sending end of a connection.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;

use super::{BLOCK_MIN, Block, Half, Piece, Rx};

/// From this many bytes on, [`Tx::adopt`] moves a block instead of copying behind other bytes.
pub const ADOPT_MIN: usize = 4 * 1024;

/// Shared and static pieces below this are copied: a piece costs more than its bytes.
const SHARE_MIN: usize = 256;

/// How much may wait to be sent on one connection, in bytes of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marks {
    /// At this much, [`Tx::room`] is zero and whoever fills the buffer is not read from.
    pub high: usize,
    /// At this much or less, those who wait for room are advanced again.
    pub low: usize,
    /// A write that would pass this ends the connection.
    pub cap: usize,
}

impl Default for Marks {
    fn default() -> Self {
        Marks { high: 256 * 1024, low: 64 * 1024, cap: 2 * 1024 * 1024 }
    }
}

/// What waits to be sent: a bounded queue of pieces, charged by the memory they pin.
///
/// A state asks [`room`](Tx::room) and writes that much. Writing more is allowed up to the hard
/// cap; past it the write is dropped and the driver ends the connection, since a hole in a stream
/// is worse than its end. Nothing here blocks, and nothing is sent during the call.
#[derive(Debug, Default)]
pub struct Tx {
    pieces: VecDeque<Piece>,
    len: usize,
    charge: usize,
    marks: Marks,
    half: Half,
    overflowed: bool,
    /// Pieces at the front that [`Tx::fit`] has seen.
    fitted: usize,
    /// What waits before all pieces: `start..end` of a block of our own. Most answers need no more.
    block: Block,
    start: u32,
    end: u32,
}

impl Tx {
    /// An empty end with these marks.
    pub fn new(marks: Marks) -> Self {
        let mut tx = Tx::default();
        tx.set_marks(marks);
        tx
    }

    /// How many bytes may be written before whoever writes should wait; an advice, see the type.
    ///
    /// At zero nothing is read for this connection, so that echoes and relays hold their peer back.
    /// A state that sends of its own accord and has to read meanwhile stops earlier, or two such
    /// peers wait for each other.
    #[inline]
    pub fn room(&self) -> usize {
        if self.half == Half::Open { self.marks.high.saturating_sub(self.charge) } else { 0 }
    }

    /// How many bytes may be written before the hard cap: one more would end the connection.
    #[inline]
    pub fn left(&self) -> usize {
        if self.half == Half::Open { self.marks.cap.saturating_sub(self.charge) } else { 0 }
    }

    /// Whether this half is still open: bytes written after [`finish`](Tx::finish) are dropped.
    #[inline]
    pub fn may_send(&self) -> bool {
        self.half == Half::Open
    }

    /// Queues a copy of `bytes`.
    pub fn write(&mut self, bytes: &[u8]) {
        self.fill(bytes.len(), |to| {
            to.copy_from_slice(bytes);
            bytes.len()
        });
    }

    /// Lends `n` bytes to be written in place; `put` says how many of them it used.
    ///
    /// What `put` finds there is not cleared. Nothing is lent past the hard cap or after the end.
    ///
    /// # Panics
    /// If `put` says that it used more than `n`.
    pub fn fill(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize) {
        if n == 0 || !self.admits(n) {
            return;
        }
        if self.pieces.is_empty() && self.block.capacity() - self.end as usize >= n {
            let at = self.end as usize;
            let used = put(&mut self.block.all_mut()[at..at + n]);
            assert!(used <= n, "used more than was lent");
            return self.extend_head(used);
        }
        if self.tail_space() < n {
            self.push_block(n);
        }
        let Some(Piece::Block { block, end, .. }) = self.pieces.back_mut() else { return };
        let at = *end as usize;
        let used = put(&mut block.all_mut()[at..at + n]);
        assert!(used <= n, "used more than was lent");
        *end += used as u32;
        self.len += used;
        if used == 0 {
            self.drop_empty_tail();
        }
    }

    /// Queues bytes that other connections send too, without copying them.
    pub fn share(&mut self, bytes: Bytes) {
        if bytes.len() < SHARE_MIN {
            self.write(&bytes);
        } else if self.admits(bytes.len()) {
            self.push(Piece::Shared(bytes));
        }
    }

    /// Queues bytes of the program, without copying large ones.
    pub fn write_static(&mut self, bytes: &'static [u8]) {
        if bytes.len() < SHARE_MIN {
            self.write(bytes);
        } else if self.admits(bytes.len()) {
            self.push(Piece::Static(bytes));
        }
    }

    /// Moves up to `n` unread bytes of `rx` here and says how many: none where there is no room.
    ///
    /// The whole of a block is moved by moving the block, when nothing waits before it or it is
    /// well filled; everything else is copied.
    #[inline(always)]
    pub fn adopt(&mut self, rx: &mut Rx, n: usize) -> usize {
        let have = rx.len();
        if self.len > 0 || n < have || have == 0 || self.room() == 0 {
            return self.adopt_behind(rx, n);
        }
        (self.start, self.end) = rx.swap_block(&mut self.block);
        (self.len, self.charge) = (have, self.block.capacity());
        have
    }

    #[inline(never)]
    fn adopt_behind(&mut self, rx: &mut Rx, n: usize) -> usize {
        let have = rx.len();
        if have == 0 || self.room() == 0 {
            return 0;
        }
        if n >= have && have >= ADOPT_MIN {
            let mut block = Block::default();
            let (start, end) = rx.swap_block(&mut block);
            self.push(Piece::Block { block, start, end });
            return have;
        }
        let mut moved = 0;
        // More than once, since filling what is free of the last block takes no room.
        while moved < n.min(have) && self.room() > 0 {
            let part = (n.min(have) - moved).min(self.room());
            self.write(&rx.bytes()[..part]);
            rx.consume(part);
            moved += part;
        }
        moved
    }

    /// Ends this half in order: what is queued is sent, then the end.
    #[inline]
    pub fn finish(&mut self) {
        if self.half == Half::Open {
            self.half = Half::Ended;
        }
    }

    /// Cuts the connection: what is queued is dropped and the peer is told by a reset.
    pub fn abort(&mut self) {
        self.half = Half::Aborted;
        self.pieces.clear();
        (self.start, self.end) = (0, 0);
        (self.len, self.charge, self.fitted) = (0, 0, 0);
    }

    /// How far this half has come.
    #[inline]
    pub fn half(&self) -> Half {
        self.half
    }

    /// How many bytes wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn admits(&mut self, n: usize) -> bool {
        if self.half != Half::Open {
            return false;
        }
        if self.charge + n > self.marks.cap && self.tail_space() < n {
            self.overflowed = true;
        }
        !self.overflowed
    }

    fn tail_space(&self) -> usize {
        match self.pieces.back() {
            Some(Piece::Block { block, end, .. }) => block.capacity() - *end as usize,
            None if self.start < self.end => self.block.capacity() - self.end as usize,
            _ => 0,
        }
    }

    #[inline]
    fn extend_head(&mut self, n: usize) {
        if self.start == self.end && n > 0 {
            self.charge += self.block.capacity();
        }
        self.end += n as u32;
        self.len += n;
    }

    fn push_block(&mut self, n: usize) {
        let block = Block::new(n.next_multiple_of(BLOCK_MIN));
        self.push(Piece::Block { block, start: 0, end: 0 });
    }

    /// A piece of no bytes must not wait: a write of nothing looks like an error.
    fn drop_empty_tail(&mut self) {
        if let Some(Piece::Block { block, start, end }) = self.pieces.back_mut()
            && start == end
        {
            self.charge -= block.capacity();
            self.pieces.pop_back();
        }
    }

    #[inline]
    fn push(&mut self, piece: Piece) {
        self.len += piece.bytes().len();
        self.charge += piece.charge();
        self.pieces.push_back(piece);
    }
}

/// A place in the queue to come back to: see [`Tx::rollback`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    head_end: u32,
    pieces: usize,
    tail_end: u32,
    half: Half,
    overflowed: bool,
}

impl Mark {
    /// How far the half had come then.
    #[inline]
    pub fn half(&self) -> Half {
        self.half
    }
}

/// The carrier's side: how bytes get out.
impl Tx {
    /// Changes the marks; a low one that is not below the high one, which nobody could fall under
    /// after being held up, is put there.
    pub fn set_marks(&mut self, marks: Marks) {
        self.marks = Marks { low: marks.low.min(marks.high.saturating_sub(1)), ..marks };
    }

    /// Gives memory for the next small writes, so that they allocate nothing.
    #[inline]
    pub fn lend(&mut self, block: Block) {
        debug_assert!(self.block.capacity() == 0, "a block is already lent");
        self.block = block;
    }

    /// Whether [`lend`](Tx::lend) would be of use.
    #[inline]
    pub fn wants_block(&self) -> bool {
        self.block.capacity() == 0
    }

    /// Takes unused memory back; the empty block if none is left.
    #[inline]
    pub fn reclaim(&mut self) -> Block {
        if self.start == self.end { self.block.take() } else { Block::default() }
    }

    /// Whether it is as new: empty, open, and not overflowed.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.len == 0 && self.half == Half::Open && !self.overflowed
    }

    /// Whether a write was dropped at the hard cap.
    #[inline]
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether at most the low mark waits.
    #[inline]
    pub fn is_low(&self) -> bool {
        self.charge <= self.marks.low
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn charge(&self) -> usize {
        self.charge
    }

    /// All that waits, if that is in one place.
    #[inline(always)]
    pub fn whole(&self) -> Option<&[u8]> {
        (self.start < self.end && self.pieces.is_empty()).then(|| self.head())
    }

    /// Says that [`whole`](Tx::whole) was sent.
    #[inline(always)]
    pub fn clear_head(&mut self) {
        debug_assert!(self.pieces.is_empty(), "all that waits is in one place");
        (self.len, self.charge) = (0, 0);
        (self.start, self.end) = (0, 0);
    }

    /// The first bytes that wait, and whether there are more behind them.
    #[inline]
    pub fn front(&self) -> Option<(&[u8], bool)> {
        if self.start < self.end {
            return Some((self.head(), !self.pieces.is_empty()));
        }
        self.pieces.front().map(|piece| (piece.bytes(), self.pieces.len() > 1))
    }

    /// Puts as much of what waits as fits into `slices`, in order, and says how many it used.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let head = (self.start < self.end).then(|| self.head());
        let all = head.into_iter().chain(self.pieces.iter().map(Piece::bytes));
        all.zip(slices.iter_mut()).map(|(bytes, slice)| *slice = IoSlice::new(bytes)).count()
    }

    /// Drops the first `n` bytes, which were sent; blocks that became free go to `recycle`.
    ///
    /// # Panics
    /// If fewer wait.
    #[inline]
    pub fn consume(&mut self, n: usize, recycle: impl FnMut(Block)) {
        self.len -= n;
        let head = (self.end - self.start) as usize;
        if n < head {
            self.start += n as u32;
            return;
        }
        if head > 0 {
            (self.start, self.end) = (0, 0);
            self.charge -= self.block.capacity();
        }
        if n > head || !self.pieces.is_empty() {
            self.consume_pieces(n - head, recycle);
        }
    }

    fn consume_pieces(&mut self, mut n: usize, mut recycle: impl FnMut(Block)) {
        while let Some(piece) = self.pieces.front_mut() {
            let here = piece.bytes().len();
            if n < here {
                let charge = piece.charge();
                piece.skip(n);
                self.charge -= charge - piece.charge();
                return;
            }
            n -= here;
            self.charge -= piece.charge();
            self.fitted = self.fitted.saturating_sub(1);
            if let Some(Piece::Block { block, .. }) = self.pieces.pop_front() {
                recycle(block);
            }
        }
        assert!(n == 0, "sent more than there was");
    }

    #[inline]
    fn head(&self) -> &[u8] {
        &self.block.all()[self.start as usize..self.end as usize]
    }

    /// Moves what stays to blocks that fit, so that its charge is at most twice its bytes (or
    /// [`BLOCK_MIN`] a piece); blocks that became free go to `recycle`.
    pub fn fit(&mut self, mut recycle: impl FnMut(Block)) {
        let Tx { block, start, end, charge, .. } = self;
        if start < end {
            shrink(block, start, end, charge, &mut recycle);
        }
        for piece in self.pieces.iter_mut().skip(self.fitted) {
            if let Piece::Block { block, start, end } = piece {
                shrink(block, start, end, charge, &mut recycle);
            }
        }
        // The last piece can still be written to, so it is looked at again.
        self.fitted = self.pieces.len().saturating_sub(1);
    }

    /// Remembers where the queue ends now.
    #[inline]
    pub fn mark(&self) -> Mark {
        let tail_end = match self.pieces.back() {
            Some(Piece::Block { end, .. }) => *end,
            _ => 0,
        };
        Mark {
            head_end: self.end,
            pieces: self.pieces.len(),
            tail_end,
            half: self.half,
            overflowed: self.overflowed,
        }
    }

    /// Forgets all that was written since `mark`, an end included. An abort since then cannot be
    /// taken back: what it dropped is gone.
    pub fn rollback(&mut self, mark: Mark) {
        if self.half == Half::Aborted {
            return;
        }
        self.pieces.truncate(mark.pieces);
        if let Some(Piece::Block { end, .. }) = self.pieces.back_mut() {
            *end = mark.tail_end;
        }
        self.end = mark.head_end;
        if self.start >= self.end {
            (self.start, self.end) = (0, 0);
        }
        let head = self.head().len();
        self.len = head + self.pieces.iter().map(|piece| piece.bytes().len()).sum::<usize>();
        let block = if head > 0 { self.block.capacity() } else { 0 };
        self.charge = block + self.pieces.iter().map(Piece::charge).sum::<usize>();
        self.fitted = self.fitted.min(self.pieces.len());
        (self.half, self.overflowed) = (mark.half, mark.overflowed);
    }
}

/// Moves bytes out of a block that is much too large for them.
fn shrink(
    block: &mut Block,
    start: &mut u32,
    end: &mut u32,
    charge: &mut usize,
    recycle: &mut impl FnMut(Block),
) {
    let n = (*end - *start) as usize;
    if block.capacity() <= BLOCK_MIN.max(2 * n) {
        return;
    }
    let mut fitting = Block::new(n.next_multiple_of(BLOCK_MIN));
    fitting.all_mut()[..n].copy_from_slice(&block.all()[*start as usize..*end as usize]);
    *charge = *charge - block.capacity() + fitting.capacity();
    (*start, *end) = (0, n as u32);
    recycle(std::mem::replace(block, fitting));
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            tx.front().map_or(&[][..], |(bytes, _)| bytes),
            slices[0].get(..).unwrap_or(&[])
        );
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
}
