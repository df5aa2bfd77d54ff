//! The connection that this one is linked to.

use std::io::ErrorKind;

use super::{End, Id, Tx};

/// The linked connection, as it is during one call; every change of it advances both ends.
#[derive(Debug, Default)]
pub enum Peer<'a> {
    /// No link was asked for.
    #[default]
    None,
    /// Its outgoing connection is not made yet.
    Connecting(Id),
    /// Its outgoing connection could not be made. The link is gone; another may be asked for.
    Failed(Id, ErrorKind),
    /// It has ended. What it had queued to this one is still in this one's send buffer.
    Gone(Id, End),
    /// It is there, and its send buffer can be filled.
    Open {
        /// Its id.
        id: Id,
        /// What is sent to it.
        tx: &'a mut Tx,
    },
}
