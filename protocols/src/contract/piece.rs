//! What waits to be sent, by the memory that holds it.

use std::ops::Range;

use bytes::Bytes;

use super::{Block, FILE_CHARGE, File};

/// One piece of what waits to be sent.
#[derive(Debug)]
pub enum Piece {
    /// Bytes `start..end` of a block of our own.
    Block {
        /// The memory.
        block: Block,
        /// First byte that waits.
        start: u32,
        /// One past the last.
        end: u32,
    },
    /// Bytes shared with other connections: encoded once, counted by reference.
    Shared(Bytes),
    /// Bytes of the program itself.
    Static(&'static [u8]),
    /// Bytes of a file that nobody has read yet.
    File {
        /// The file.
        file: File,
        /// Which of its bytes wait: as many as memory could hold.
        range: Range<u64>,
    },
}

impl Piece {
    /// The bytes that wait, where they are in memory.
    #[inline]
    pub fn bytes(&self) -> Option<&[u8]> {
        Some(match self {
            Piece::Block { block, start, end } => &block.all()[*start as usize..*end as usize],
            Piece::Shared(bytes) => bytes,
            Piece::Static(bytes) => bytes,
            Piece::File { .. } => return None,
        })
    }

    /// How many bytes wait.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Piece::Block { start, end, .. } => (*end - *start) as usize,
            Piece::Shared(bytes) => bytes.len(),
            Piece::Static(bytes) => bytes.len(),
            Piece::File { range, .. } => (range.end - range.start) as usize,
        }
    }

    /// What it costs to keep, in bytes: the capacity of a block, not the part in use.
    #[inline]
    pub fn charge(&self) -> usize {
        match self {
            Piece::Block { block, .. } => block.capacity(),
            Piece::Shared(bytes) => bytes.len(),
            Piece::Static(bytes) => bytes.len(),
            Piece::File { .. } => FILE_CHARGE,
        }
    }

    /// Drops the first `n` bytes, which were sent.
    #[inline]
    pub(super) fn skip(&mut self, n: usize) {
        match self {
            Piece::Block { start, .. } => *start += n as u32,
            Piece::Shared(bytes) => bytes::Buf::advance(bytes, n),
            Piece::Static(bytes) => *bytes = &bytes[n..],
            Piece::File { range, .. } => range.start += n as u64,
        }
    }
}
