//! The carrier's side of the sending end: how bytes get out.

use std::io::IoSlice;
use std::ops::Range;

use super::{BLOCK_MIN, Block, FILES_LOW, File, Half, Marks, Piece, Tx};

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

/// What a carrier uses.
impl Tx {
    /// Changes the marks; a low one that is not below the high one, which nobody could fall under
    /// after being held up, is put there.
    pub fn set_marks(&mut self, marks: Marks) {
        self.low = marks.low.min(marks.high.saturating_sub(1));
        self.marks = Marks { low: self.low, ..marks };
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

    /// Whether at most the low mark waits, and at most [`FILES_LOW`] where files do; less where
    /// more room is [wanted](Tx::want).
    #[inline]
    pub fn is_low(&self) -> bool {
        // What is in memory is charged at least its bytes, so only files can be longer.
        self.charge <= self.low && self.len <= self.low.max(FILES_LOW)
    }

    /// Those who wait for room are advanced now: no more of it is wanted than the low mark says.
    pub fn be_low(&mut self) {
        self.low = self.marks.low;
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

    /// The first bytes that wait, and whether there are more behind them; none where a
    /// [file](Tx::front_file) is in front.
    #[inline]
    pub fn front(&self) -> Option<(&[u8], bool)> {
        if self.start < self.end {
            return Some((self.head(), !self.pieces.is_empty()));
        }
        let piece = self.pieces.front()?;
        Some((piece.bytes()?, self.pieces.len() > 1))
    }

    /// The file in front, and which of its bytes are to be sent: never none of them.
    ///
    /// Whoever can send from a file does so, and [`consume`](Tx::consume)s what was sent; whoever
    /// cannot reads some of it and has that [loaded](Tx::load).
    #[inline]
    pub fn front_file(&self) -> Option<(&File, Range<u64>)> {
        if self.start < self.end {
            return None;
        }
        match self.pieces.front() {
            Some(Piece::File { file, range }) => Some((file, range.clone())),
            _ => None,
        }
    }

    /// Puts the first `n` bytes of `block`, which were read from the [file](Tx::front_file) in
    /// front, in their place; the rest of the file stays behind them.
    ///
    /// # Panics
    /// If no file is in front, or fewer of its bytes are to be sent.
    pub fn load(&mut self, block: Block, n: usize) {
        assert!(self.start == self.end, "bytes are in front, and no file");
        let Some(piece @ Piece::File { .. }) = self.pieces.front_mut() else {
            panic!("no file is in front");
        };
        assert!(n > 0 && n <= piece.len() && n <= block.capacity(), "loaded more than there is");
        piece.skip(n);
        if piece.len() == 0 {
            self.charge -= piece.charge();
            self.pieces.pop_front();
        }
        self.charge += block.capacity();
        self.pieces.push_front(Piece::Block { block, start: 0, end: n as u32 });
        self.fitted = 0;
    }

    /// Puts as much of what waits as fits into `slices`, in order, and says how many it used:
    /// none of what is behind a [file](Tx::front_file).
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let head = (self.start < self.end).then(|| self.head());
        let all = head.into_iter().chain(self.pieces.iter().map_while(Piece::bytes));
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
            let here = piece.len();
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
        self.len = head + self.pieces.iter().map(Piece::len).sum::<usize>();
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
