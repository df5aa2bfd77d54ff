//! What the kernel is told about a source, and gives back with each event.

use readily_protocols::contract::Id;

/// A source as 64 bits: index in the low half, generation in the high half.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Token(pub u64);

/// A source as the loop sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A connection of the slab.
    Conn(Id),
    /// A listener, by position.
    Listener(u16),
    /// A datagram endpoint, by position.
    Endpoint(u16),
    /// A signal arrived.
    Signals,
    /// A waker was called.
    Waker,
}

/// Indices from here on are no connections: a loop has far fewer descriptors.
const SPECIAL: u32 = u32::MAX - 3;

impl Source {
    /// As a token.
    #[inline]
    pub const fn token(self) -> Token {
        let (index, generation) = match self {
            Source::Conn(id) => (id.index, id.generation),
            Source::Listener(at) => (SPECIAL, at as u32),
            Source::Endpoint(at) => (SPECIAL + 1, at as u32),
            Source::Signals => (SPECIAL + 2, 0),
            Source::Waker => (SPECIAL + 3, 0),
        };
        Token((generation as u64) << 32 | index as u64)
    }

    /// From a token.
    #[inline]
    pub const fn of(token: Token) -> Source {
        let (index, generation) = (token.0 as u32, (token.0 >> 32) as u32);
        if index < SPECIAL {
            return Source::Conn(Id { index, generation });
        }
        match index - SPECIAL {
            0 => Source::Listener(generation as u16),
            1 => Source::Endpoint(generation as u16),
            2 => Source::Signals,
            _ => Source::Waker,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_source() {
        let sources = [
            Source::Conn(Id { index: 0, generation: 0 }),
            Source::Conn(Id { index: SPECIAL - 1, generation: u32::MAX }),
            Source::Listener(0),
            Source::Listener(u16::MAX),
            Source::Endpoint(7),
            Source::Signals,
            Source::Waker,
        ];
        for source in sources {
            assert_eq!(Source::of(source.token()), source);
        }
    }
}
