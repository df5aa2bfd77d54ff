//! The receiving end of a connection.

use super::{BLOCK_MIN, Block};

/// How far one direction of a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Half {
    /// Bytes may still come.
    #[default]
    Open,
    /// It ended in order: what is there is all there will be.
    Ended,
    /// It was cut: what is there may be incomplete.
    Aborted,
}

/// What has arrived and was not consumed: one contiguous piece of memory, so that a parser sees a
/// slice.
///
/// A state reads [`bytes`](Rx::bytes) and [`consume`](Rx::consume)s. What it leaves stays, across
/// calls and across a change of state. Its size is bounded by the carrier, which stops reading when
/// it is full: a state that waits for more than that must refuse instead
/// ([`is_full`](Rx::is_full)).
#[derive(Debug, Default)]
pub struct Rx {
    block: Block,
    start: u32,
    end: u32,
    cap: u32,
    half: Half,
}

impl Rx {
    /// An empty end that will hold at most `cap` unread bytes.
    pub fn new(cap: usize) -> Self {
        Rx { cap: cap.min(u32::MAX as usize) as u32, ..Rx::default() }
    }

    /// The unread bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.block.all()[self.start as usize..self.end as usize]
    }

    /// The unread bytes, for a parser that works in place (unmasking, decryption).
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.block.all_mut()[self.start as usize..self.end as usize]
    }

    /// Drops the first `n` unread bytes.
    ///
    /// # Panics
    /// If there are fewer: a bug of the caller, which costs its own connection only.
    #[inline(always)]
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.len(), "consumed more than there is");
        self.start += n as u32;
    }

    /// How many bytes are unread.
    #[inline]
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether none is.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether no more can arrive before some is consumed.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.len() >= self.cap as usize
    }

    /// Whether the peer has ended its half, in order or not; unread bytes may still be there.
    #[inline]
    pub fn has_ended(&self) -> bool {
        self.half != Half::Open
    }

    /// Whether the peer's half has ended and every byte of it was consumed.
    #[inline]
    pub fn is_drained(&self) -> bool {
        self.has_ended() && self.is_empty()
    }

    /// How far the peer's half has come.
    #[inline]
    pub fn half(&self) -> Half {
        self.half
    }
}

/// The carrier's side: how bytes get in.
impl Rx {
    /// Lends a block to read into, if it has none.
    #[inline]
    pub fn lend(&mut self, block: Block) {
        debug_assert!(self.block.capacity() == 0, "a block is already lent");
        self.block = block;
        (self.start, self.end) = (0, 0);
    }

    /// Whether it has memory to read into.
    #[inline]
    pub fn has_block(&self) -> bool {
        self.block.capacity() != 0
    }

    /// Takes the block back when nothing in it is unread; the empty block otherwise.
    #[inline]
    pub fn reclaim(&mut self) -> Block {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            self.block.take()
        } else {
            Block::default()
        }
    }

    /// Makes the whole block available again when nothing in it is unread; says whether there is
    /// one and that is so.
    #[inline]
    pub fn rewind(&mut self) -> bool {
        if !self.is_empty() || !self.has_block() {
            return false;
        }
        (self.start, self.end) = (0, 0);
        true
    }

    /// Where the next bytes go. It may be larger than what is still allowed by the cap when the
    /// block is a loop's hot one; [`is_full`](Rx::is_full) is asked before, not during, a read.
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        let end = self.end as usize;
        &mut self.block.all_mut()[end..]
    }

    /// Says that the first `n` bytes of [`space`](Rx::space) were filled.
    #[inline(always)]
    pub fn commit(&mut self, n: usize) {
        assert!(self.end as usize + n <= self.block.capacity(), "committed more than was lent");
        self.end += n as u32;
    }

    /// Says that the peer's half ended; an abort is not taken back by a later end.
    pub fn close(&mut self, half: Half) {
        if self.half == Half::Open {
            self.half = half;
        }
    }

    /// Makes room for a read behind unread bytes: slides them to the front, or grows the block by
    /// at least half, so that a head that arrives byte by byte is copied a constant number of
    /// times.
    pub fn make_space(&mut self) {
        let spare = self.block.capacity() - self.end as usize;
        let wanted = (self.len() / 2).max(BLOCK_MIN / 2);
        if spare > 0 && (spare >= wanted || self.block.capacity() >= self.cap as usize) {
            return;
        }
        let needed = (self.len() + wanted).max(BLOCK_MIN);
        if needed <= self.block.capacity() {
            let (start, end) = (self.start as usize, self.end as usize);
            self.block.all_mut().copy_within(start..end, 0);
            (self.start, self.end) = (0, (end - start) as u32);
        } else {
            self.move_to(Block::new(needed.next_power_of_two()));
        }
    }

    /// Moves the unread bytes to a block that fits when they would pin a much larger one; gives the
    /// large one back. Much larger is more than [`make_space`](Rx::make_space) ever makes it.
    #[inline]
    pub fn fit(&mut self) -> Block {
        if self.block.capacity() > BLOCK_MIN.max(4 * self.len()) {
            self.move_to(Block::new(self.len().next_multiple_of(BLOCK_MIN)))
        } else {
            Block::default()
        }
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn charge(&self) -> usize {
        self.block.capacity()
    }

    /// Gives its block away for `other`, which holds nothing, and says which part is unread.
    #[inline]
    pub(super) fn swap_block(&mut self, other: &mut Block) -> (u32, u32) {
        std::mem::swap(&mut self.block, other);
        let part = (self.start, self.end);
        (self.start, self.end) = (0, 0);
        part
    }

    fn move_to(&mut self, mut block: Block) -> Block {
        let n = self.len();
        block.all_mut()[..n].copy_from_slice(self.bytes());
        (self.start, self.end) = (0, n as u32);
        std::mem::replace(&mut self.block, block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: usize = 64 * 1024;

    /// Fills up to `n` bytes as a carrier does, and says how many bytes were moved to make room.
    fn read(rx: &mut Rx, n: usize) -> usize {
        let (before, start) = (rx.block.all().as_ptr(), rx.start);
        if rx.has_block() {
            rx.make_space();
        } else {
            rx.lend(Block::new(CAP));
        }
        let moved = rx.block.all().as_ptr() != before || rx.start != start;
        let moved = if moved { rx.len() } else { 0 };
        let at = rx.len() as u8;
        let space = rx.space();
        let n = n.min(space.len());
        space[..n].fill(at);
        rx.commit(n);
        moved
    }

    #[test]
    fn a_head_that_is_dripped_byte_by_byte_is_copied_a_few_times() {
        let mut rx = Rx::new(CAP);
        let mut moved = 0;
        while !rx.is_full() {
            moved += read(&mut rx, 1);
            // As after each call: what is left keeps only what it needs.
            let before = rx.block.all().as_ptr();
            drop(rx.fit());
            if rx.block.all().as_ptr() != before {
                moved += rx.len();
            }
            assert!(rx.charge() <= BLOCK_MIN.max(4 * rx.len()), "{} for {}", rx.charge(), rx.len());
        }
        assert_eq!(rx.len(), CAP);
        assert!(rx.bytes().iter().enumerate().all(|(at, byte)| at as u8 == *byte));
        assert!(moved <= 4 * CAP, "{moved} bytes were copied for {CAP}");
    }

    #[test]
    fn a_window_that_slides_is_copied_a_few_times() {
        for keeps in [1, 1000, 5000, 40_000, CAP - 1] {
            let (mut rx, mut moved, mut read_in_all) = (Rx::new(CAP), 0, 0);
            while read_in_all < 2_000_000 {
                moved += read(&mut rx, 100);
                read_in_all += 100;
                let unread = rx.len();
                rx.consume(unread.saturating_sub(keeps));
                assert!(rx.charge() <= 4 * CAP);
            }
            assert!(moved <= 4 * read_in_all, "{moved} copied for {read_in_all}, keeping {keeps}");
        }
    }

    #[test]
    fn there_is_room_for_a_read_until_it_is_full() {
        let mut rx = Rx::new(100);
        for at in 0..100 {
            assert!(!rx.is_full(), "at {at}");
            read(&mut rx, 1);
            assert_eq!(rx.len(), at + 1);
        }
        assert!(rx.is_full());
        rx.consume(1);
        assert!(!rx.is_full());
        assert_eq!(rx.bytes().len(), 99);
    }

    #[test]
    fn a_block_is_given_back_when_nothing_in_it_is_unread() {
        let mut rx = Rx::new(CAP);
        read(&mut rx, 10);
        rx.consume(9);
        assert_eq!((rx.reclaim().capacity(), rx.rewind()), (0, false));
        rx.consume(1);
        assert!(rx.rewind());
        assert_eq!((rx.reclaim().capacity(), rx.has_block(), rx.charge()), (CAP, false, 0));
    }

    #[test]
    fn an_abort_is_not_taken_back_and_an_end_is_the_end() {
        use Half::{Aborted, Ended, Open};
        for (first, second, half) in [
            (Ended, Aborted, Ended),
            (Aborted, Ended, Aborted),
            (Open, Ended, Ended),
            (Open, Open, Open),
        ] {
            let mut rx = Rx::new(CAP);
            read(&mut rx, 1);
            rx.close(first);
            rx.close(second);
            assert_eq!((rx.half(), rx.has_ended(), rx.is_drained()), (half, half != Open, false));
            rx.consume(1);
            assert_eq!(rx.is_drained(), half != Open);
        }
    }

    #[test]
    #[should_panic = "consumed more than there is"]
    fn more_than_there_is_cannot_be_consumed() {
        let mut rx = Rx::new(CAP);
        read(&mut rx, 3);
        rx.consume(4);
    }
}
