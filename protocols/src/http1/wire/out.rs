//! Where bytes are written to.

use crate::contract::Tx;

/// What a message is written to: the send buffer of a connection, or a `Vec<u8>` of whoever brings
/// a loop of their own.
///
/// It cannot be implemented elsewhere.
pub trait Out: Sealed {
    /// Lends `n` bytes to be written in place; `put` says how many of them it used.
    fn fill(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize);

    /// Appends a copy of `bytes`.
    fn write(&mut self, bytes: &[u8]);
}

pub trait Sealed {}

impl Sealed for Tx {}
impl Sealed for Vec<u8> {}

impl Out for Tx {
    #[inline(always)]
    fn fill(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize) {
        Tx::fill(self, n, put);
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        Tx::write(self, bytes);
    }
}

impl Out for Vec<u8> {
    fn fill(&mut self, n: usize, put: impl FnOnce(&mut [u8]) -> usize) {
        let start = self.len();
        self.resize(start + n, 0);
        let used = put(&mut self[start..]);
        self.truncate(start + used);
    }

    fn write(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
