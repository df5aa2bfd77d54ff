//! What is said on a connection: the load generator says it, the figures ask for it.

use std::fmt;

/// What a round trip consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// A message of `size` bytes, and the same bytes back.
    Echo {
        /// Bytes of a message.
        size: usize,
    },
    /// A request for `/`, and the page.
    Http(Request),
    /// A binary WebSocket message of `size` bytes, and the same message back.
    WebSocket {
        /// Bytes of a message.
        size: usize,
    },
}

impl Talk {
    /// Bytes of a message; 0 where they are fixed.
    pub fn size(self) -> usize {
        match self {
            Self::Echo { size } | Self::WebSocket { size } => size,
            Self::Http(_) => 0,
        }
    }
}

/// A request for `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// All nine headers of a browser.
    Browser,
    /// Its first three.
    Short,
}

impl fmt::Display for Talk {
    /// The arguments of `load`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo { size } => write!(f, "--size {size}"),
            Self::Http(Request::Browser) => f.write_str("--protocol http"),
            Self::Http(Request::Short) => f.write_str("--protocol http --request short"),
            Self::WebSocket { size } => write!(f, "--protocol websocket --size {size}"),
        }
    }
}
