//! Names of things that live in a loop.

use std::fmt;

/// One connection of one loop: a slab index and the generation that was given to it.
///
/// Guarantee: an id is never given to two connections of a loop, short of 2^32 later connections of
/// which one lands in the same slot; what is addressed to an ended connection reaches nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    /// Position in the slab.
    pub index: u32,
    /// Which occupant of that position.
    pub generation: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One datagram endpoint of one loop; endpoints live as long as their loop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EndpointId(pub u16);
