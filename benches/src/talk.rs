//! What is said on a connection: the load generator says it, the figures ask for it.

use std::fmt;

/// What a unit consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// A message of `size` bytes, and the same bytes back.
    Echo {
        /// Bytes of a message.
        size: usize,
    },
    /// A new connection, a message of `size` bytes, the same bytes back, and the end.
    Connect {
        /// Bytes of a message.
        size: usize,
        /// Where there is TLS.
        handshake: Handshake,
    },
    /// A request, and the answer to it.
    Http(Get),
    /// A binary WebSocket message of `size` bytes, and the same message back.
    WebSocket {
        /// Bytes of a message.
        size: usize,
        /// Whether both of them are compressed.
        compression: Compression,
    },
}

impl Talk {
    /// Messages of a WebSocket, as they are.
    pub const fn websocket(size: usize) -> Self {
        Self::WebSocket { size, compression: Compression::Off }
    }

    /// Bytes of a message; 0 where they are fixed.
    pub fn size(self) -> usize {
        match self {
            Self::Echo { size } | Self::Connect { size, .. } | Self::WebSocket { size, .. } => size,
            Self::Http(_) => 0,
        }
    }

    /// How many units may be under way on one connection.
    pub fn pipeline(self) -> u32 {
        match self {
            Self::Http(Get { pipeline, .. }) => pipeline,
            Self::Echo { .. } | Self::Connect { .. } | Self::WebSocket { .. } => 1,
        }
    }

    /// How connections under TLS begin.
    pub fn handshake(self) -> Handshake {
        match self {
            Self::Connect { handshake, .. } => handshake,
            Self::Echo { .. } | Self::Http(_) | Self::WebSocket { .. } => Handshake::Full,
        }
    }

    /// What a unit leaves of its connection.
    pub fn lifetime(self) -> Lifetime {
        match self {
            Self::Http(Get { connection, .. }) => connection,
            Self::Connect { .. } => Lifetime::OneRequest,
            Self::Echo { .. } | Self::WebSocket { .. } => Lifetime::Kept,
        }
    }
}

/// How a connection under TLS begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handshake {
    /// As with a server that was never met.
    Full,
    /// By a ticket of a connection before it: only those that are open at first have none.
    Resumed,
}

/// Whether the messages of a WebSocket are compressed (permessage-deflate, without context).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// It is not offered.
    Off,
    /// It has to be agreed to, and used.
    On,
}

/// Requests of HTTP, and how they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Get {
    /// What is asked for.
    pub request: Request,
    /// Requests in one write, at least 1; their answers come in the same order.
    pub pipeline: u32,
    /// What becomes of the connection.
    pub connection: Lifetime,
}

impl Get {
    /// One request at a time, on connections that stay.
    pub const fn kept(request: Request) -> Self {
        Self { request, pipeline: 1, connection: Lifetime::Kept }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `GET /`, with all nine headers of a browser.
    Browser,
    /// `GET /`, with the first three of them.
    Short,
    /// `GET /plaintext`.
    Plaintext,
    /// `GET /json`.
    Json,
    /// `POST /upload`, with a body of 10 KiB.
    Upload,
    /// `GET /large`, a file of 100 MiB.
    File,
    /// `POST /echo`, with 1 MiB in chunks, which comes back in chunks.
    Stream,
}

/// How long a connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the run.
    Kept,
    /// For one request, which connecting belongs to.
    OneRequest,
}

impl fmt::Display for Talk {
    /// The arguments of `load`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo { size } => write!(f, "--size {size}"),
            Self::Connect { size, handshake: Handshake::Full } => {
                write!(f, "--size {size} --fresh")
            }
            Self::Connect { size, handshake: Handshake::Resumed } => {
                write!(f, "--size {size} --fresh --resume")
            }
            Self::Http(get) => write!(f, "--protocol http{get}"),
            Self::WebSocket { size, compression: Compression::Off } => {
                write!(f, "--protocol websocket --size {size}")
            }
            Self::WebSocket { size, compression: Compression::On } => {
                write!(f, "--protocol websocket --size {size} --deflate")
            }
        }
    }
}

impl fmt::Display for Get {
    /// Those of its own, each after a space; what is the default is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.request {
            Request::Browser => "",
            Request::Short => " --request short",
            Request::Plaintext => " --request plaintext",
            Request::Json => " --request json",
            Request::Upload => " --request upload",
            Request::File => " --request file",
            Request::Stream => " --request stream",
        })?;
        if self.pipeline > 1 {
            write!(f, " --pipeline {}", self.pipeline)?;
        }
        match self.connection {
            Lifetime::Kept => Ok(()),
            Lifetime::OneRequest => f.write_str(" --fresh"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_load() {
        let json = Get { pipeline: 16, ..Get::kept(Request::Json) };
        let fresh = Get { connection: Lifetime::OneRequest, ..Get::kept(Request::Plaintext) };
        let connect = |handshake| Talk::Connect { size: 64, handshake };
        for (talk, expected) in [
            (Talk::Echo { size: 1 }, "--size 1"),
            (connect(Handshake::Full), "--size 64 --fresh"),
            (connect(Handshake::Resumed), "--size 64 --fresh --resume"),
            (Talk::websocket(7), "--protocol websocket --size 7"),
            (
                Talk::WebSocket { size: 7, compression: Compression::On },
                "--protocol websocket --size 7 --deflate",
            ),
            (Talk::Http(Get::kept(Request::Browser)), "--protocol http"),
            (Talk::Http(Get::kept(Request::Short)), "--protocol http --request short"),
            (Talk::Http(Get::kept(Request::Upload)), "--protocol http --request upload"),
            (Talk::Http(Get::kept(Request::File)), "--protocol http --request file"),
            (Talk::Http(Get::kept(Request::Stream)), "--protocol http --request stream"),
            (Talk::Http(json), "--protocol http --request json --pipeline 16"),
            (Talk::Http(fresh), "--protocol http --request plaintext --fresh"),
        ] {
            assert_eq!(talk.to_string(), expected);
        }
    }
}
