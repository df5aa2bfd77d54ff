//! The masks of a client's frames (RFC 6455, section 5.3).

use std::fmt;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::frame::Mask;

/// Where the masks of a client come from: numbers that nobody can foretell who does not know the
/// seed.
///
/// A seed is for one connection: with the same one, both would have the same masks.
pub struct Masks(StdRng);

impl Masks {
    /// Masks from 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Masks(StdRng::from_seed(seed))
    }

    #[inline]
    pub(super) fn next(&mut self) -> Mask {
        self.0.next_u32().to_ne_bytes()
    }

    /// What proves that an answer is one to this request.
    pub(super) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.0.fill_bytes(&mut nonce);
        nonce
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks")
    }
}
