//! The sending end of a connection.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::{BLOCK_MIN, Block, File, Half, Piece, Rx};

mod drain;
#[cfg(test)]
mod tests;

pub use drain::Mark;

/// From this many bytes on, [`Tx::adopt`] moves a block instead of copying behind other bytes.
pub const ADOPT_MIN: usize = 4 * 1024;

/// Shared and static pieces below this are copied: a piece costs more than its bytes.
const SHARE_MIN: usize = 256;

/// What a file that waits is charged, in bytes, however long it is: the kernel's side of an open
/// file and ours are less. It bounds how many wait on one connection, each with its descriptor.
pub const FILE_CHARGE: usize = 4 * 1024;

/// How many bytes that wait, those of files included, are a low mark, where the marks for memory
/// have no lower one to say: [`Tx::is_low`]. It bridges the time until a state has queued more.
pub const FILES_LOW: usize = 1024 * 1024;

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
    /// The low mark, or less while [`want`](Tx::want) says so.
    low: usize,
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

    /// Says that `n` bytes are to be written at once and there is too little [left](Tx::left) for
    /// them: whoever does is advanced as for room when there is that much, and not before.
    pub fn want(&mut self, n: usize) {
        self.low = self.low.min(self.marks.cap.saturating_sub(n));
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
    #[inline]
    pub fn fill(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize) {
        if n == 0 || !self.admits(n) {
            return;
        }
        let at = self.end as usize;
        if !self.pieces.is_empty() || self.block.capacity() - at < n {
            return self.fill_behind(n, put);
        }
        let used = put(&mut self.block.all_mut()[at..at + n]);
        assert!(used <= n, "used more than was lent");
        self.extend_head(used);
    }

    /// The same where the block in front has not that much free.
    #[inline(never)]
    fn fill_behind(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize) {
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

    /// Queues bytes `range` of a file, which are read as they are sent: by `sendfile` on a plain
    /// socket, a block at a time elsewhere. An empty range queues nothing.
    ///
    /// Whatever its length, it is charged [`FILE_CHARGE`]: [`room`](Tx::room) says nothing of how
    /// long it takes. Whoever sends a long one in parts queues the next as soon as
    /// [`is_low`](Tx::is_low), for which it is advanced as it is for room.
    ///
    /// A file that turns out to be shorter than the range, or that cannot be read, ends the
    /// connection by a reset: the peer was promised more.
    pub fn send_file(&mut self, file: File, range: Range<u64>) {
        if range.is_empty() || self.half != Half::Open {
            return;
        }
        let n = usize::try_from(range.end - range.start).ok();
        let fits = n.is_some_and(|n| self.len.checked_add(n).is_some());
        if !fits || self.charge + FILE_CHARGE > self.marks.cap {
            self.overflowed = true;
        }
        if !self.overflowed {
            self.push(Piece::File { file, range });
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

    /// How many bytes wait, those of files included.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn admits(&mut self, n: usize) -> bool {
        let is_common = self.half == Half::Open && !self.overflowed;
        (is_common && self.charge + n <= self.marks.cap) || self.admits_at_cap(n)
    }

    #[cold]
    fn admits_at_cap(&mut self, n: usize) -> bool {
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
        self.len += piece.len();
        self.charge += piece.charge();
        self.pieces.push_back(piece);
    }
}
