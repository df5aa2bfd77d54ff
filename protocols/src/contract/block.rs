//! The memory that bytes travel in.

/// The least capacity of a block that is kept past a call.
pub const BLOCK_MIN: usize = 4 * 1024;

/// A piece of memory that was cleared once, when it was made, and is reused without clearing.
///
/// What it holds beyond the part in use is whatever it held before, of any connection of the loop:
/// only the carrier writes there, and nobody reads it.
#[derive(Default)]
pub struct Block(Box<[u8]>);

impl Block {
    /// A block of `capacity` bytes; of none for zero, which allocates nothing.
    pub fn new(capacity: usize) -> Self {
        Block(vec![0; capacity].into_boxed_slice())
    }

    /// Its size in bytes; zero for the empty block.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.0.len()
    }

    /// The whole of it.
    #[inline]
    pub fn all(&self) -> &[u8] {
        &self.0
    }

    /// The whole of it, to be written to.
    #[inline]
    pub fn all_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// What is in it, leaving the empty block.
    #[inline]
    pub fn take(&mut self) -> Block {
        std::mem::take(self)
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({})", self.capacity())
    }
}
