//! The contract between a driver, which owns sockets, buffers, readiness, timers and links, and a
//! state, which owns only its own meaning.
//!
//! A stream state implements [`State`]; the derive joins states into a [`Machine`]; a driver calls
//! [`drive`] with an [`Io`] that lends both ends of the connection for one call. A datagram
//! protocol implements [`Endpoint`].

mod address;
mod block;
mod deadline;
mod diagram;
mod drive;
mod effects;
mod endpoint;
mod fault;
mod file;
mod id;
mod io;
mod machine;
mod outbox;
mod peer;
mod piece;
mod rx;
mod shared;
mod streams;
mod tally;
mod tx;

pub use address::{Address, AddressError, Origin, Remote, Resumption, Secured};
pub use block::{BLOCK_MIN, Block};
pub use deadline::{Reason, Timeouts};
pub use diagram::{Diagram, StateInfo};
pub use drive::{Cause, TRANSITIONS_MAX, drive};
pub use effects::{
    Busy, CONNECTS_PER_CALL, Connect, DATE_LEN, Effect, Effects, Full, Job, Over, Rooms, TimerId,
    To, http_date,
};
pub use endpoint::{Datagram, Desk, Ecn, Endpoint, Transmit};
pub use fault::{End, Fault};
pub use file::File;
pub use id::{EndpointId, Id};
pub use io::{Io, Signals};
pub use machine::{Alone, App, Edge, Entered, Machine, Never, Next, State, Step};
pub use outbox::{Bell, Letter, Outbox};
pub use peer::Peer;
pub use piece::Piece;
pub use rx::{Half, Rx};
pub use streams::{Release, StreamEvent, StreamKey, Streams};
pub use tally::Tally;
pub use tx::{ADOPT_MIN, FILE_CHARGE, FILES_LOW, Mark, Marks, Tx};
