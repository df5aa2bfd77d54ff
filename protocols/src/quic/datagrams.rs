//! Application datagrams: unreliable messages on a connection (RFC 9221).

use std::net::SocketAddr;

use bytes::Bytes;
use quinn_proto::{Connection, SendDatagramError};

use super::limits::{DATAGRAM_DROPPED, DATAGRAM_UNSENT};
use crate::contract::{App, Desk};

/// What is done with the datagrams of an endpoint's connections.
pub trait Datagrams<A: App> {
    /// A connection, of a peer's or of ours, is there: what is to be sent first goes here.
    fn established(&mut self, first: &mut Replies<'_>, desk: &mut Desk<'_, A>) {
        let _ = (first, desk);
    }

    /// Takes one datagram of a connection; answers go back on the same.
    fn receive(&mut self, datagram: &[u8], replies: &mut Replies<'_>, desk: &mut Desk<'_, A>);
}

/// None: peers are not offered the extension, and break the protocol by using it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NoDatagrams;

impl<A: App> Datagrams<A> for NoDatagrams {
    fn receive(&mut self, _: &[u8], _: &mut Replies<'_>, _: &mut Desk<'_, A>) {}
}

/// Each is sent back.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct EchoDatagrams;

impl<A: App> Datagrams<A> for EchoDatagrams {
    fn receive(&mut self, datagram: &[u8], replies: &mut Replies<'_>, _: &mut Desk<'_, A>) {
        // What cannot be sent is counted; nobody waits for it.
        let _ = replies.send(datagram);
    }
}

/// Why a datagram was not queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unsent {
    /// It is larger than [`Replies::max`].
    TooLarge,
    /// The peer takes none.
    Unsupported,
}

/// Where answers to a datagram go: the connection that it came on.
#[derive(Debug)]
pub struct Replies<'a> {
    connection: Quinn<'a>,
    counts: &'a mut Vec<&'static str>,
}

struct Quinn<'a>(&'a mut Connection);

impl std::fmt::Debug for Quinn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.remote_address().fmt(f)
    }
}

impl<'a> Replies<'a> {
    pub(super) fn new(
        connection: &'a mut Connection,
        counts: &'a mut Vec<&'static str>,
    ) -> Replies<'a> {
        Replies { connection: Quinn(connection), counts }
    }

    /// Queues a datagram; the oldest that wait give way to it where they must, and are counted.
    ///
    /// # Errors
    /// [`Unsent`], counted too.
    pub fn send(&mut self, datagram: &[u8]) -> Result<(), Unsent> {
        let mut datagrams = self.connection.0.datagrams();
        let fits = datagrams.send_buffer_space() >= datagram.len();
        match datagrams.send(Bytes::copy_from_slice(datagram), true) {
            Ok(()) => {
                if !fits {
                    self.counts.push(DATAGRAM_DROPPED);
                }
                Ok(())
            }
            Err(why) => {
                self.counts.push(DATAGRAM_UNSENT);
                Err(match why {
                    SendDatagramError::TooLarge => Unsent::TooLarge,
                    _ => Unsent::Unsupported,
                })
            }
        }
    }

    /// The largest datagram that can be sent now, in bytes; it may change with the path. `None`
    /// where the peer takes none.
    pub fn max(&mut self) -> Option<usize> {
        self.connection.0.datagrams().max_size()
    }

    /// The peer's address.
    pub fn to(&self) -> SocketAddr {
        self.connection.0.remote_address()
    }
}
