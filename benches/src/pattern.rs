//! The bytes of each message: known in advance, different for each connection and round trip.

/// Where a message may begin in the table; a prime, so that steps do not fall into line.
const WINDOW: usize = 65_521;

/// The words of a text: what is compressible, though no two messages are the same.
const WORDS: [&str; 16] = [
    "buffer ",
    "close ",
    "connection ",
    "deadline ",
    "frame ",
    "handle ",
    "header ",
    "loop ",
    "machine ",
    "message ",
    "open ",
    "peer ",
    "reader ",
    "state ",
    "timer ",
    "writer ",
];

/// A fixed table of pseudo-random bytes or words; each message is a slice of it.
///
/// Nothing is built per message: sending writes the slice, checking compares with it.
#[derive(Debug)]
pub struct Pattern {
    bytes: Vec<u8>,
    size: usize,
}

impl Pattern {
    /// A table for messages of `size` bytes.
    pub fn new(size: usize) -> Self {
        let bytes = (0..(WINDOW + size) as u64).map(|at| mix(at).to_le_bytes()[0]).collect();
        Self { bytes, size }
    }

    /// The same for messages that can be compressed to about a third: a text without sense.
    pub fn of_words(size: usize) -> Self {
        let words = (0..).flat_map(|at| WORDS[(mix(at) % WORDS.len() as u64) as usize].bytes());
        Self { bytes: words.take(WINDOW + size).collect(), size }
    }

    /// The message of one connection's round trip `sequence`.
    pub fn message(&self, connection: usize, sequence: u64) -> &[u8] {
        let start = (mix((connection as u64) << 40 | sequence) % WINDOW as u64) as usize;
        &self.bytes[start..start + self.size]
    }
}

/// The finaliser of splitmix64: every input bit reaches every output bit.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_size_and_differ() {
        for size in [1, 2, 1024, 1 << 20] {
            for pattern in [Pattern::new(size), Pattern::of_words(size)] {
                assert_eq!(pattern.message(0, 0).len(), size);
                assert_eq!(pattern.message(14_999, u64::from(u32::MAX)).len(), size);
            }
        }
        let pattern = Pattern::new(64);
        assert_ne!(pattern.message(0, 0), pattern.message(0, 1));
        assert_ne!(pattern.message(0, 0), pattern.message(1, 0));
        assert_eq!(pattern.message(3, 7), Pattern::new(64).message(3, 7));
    }
}
