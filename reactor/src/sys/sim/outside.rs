//! The world outside of the loop: clients, and the other side of what it connects to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use readily_protocols::contract::Address;

use super::super::Close;
use super::Sim;
use super::ends::{EndRef, Holder};
use super::schedule::Delivery;

/// One connection, seen from the outside: made by [`Sim::connect`], or taken by a server and then
/// given by [`Sim::accepted`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientId(pub(super) u32);

/// What a client keeps when its stream is gone.
#[derive(Debug)]
pub(super) struct Client {
    end: EndRef,
    received: Vec<u8>,
    reading: Reading,
    ended: bool,
    reset: bool,
    refused: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Goes,
    Stopped,
}

/// The outside world: clients. Calls on a client whose stream has ended do nothing.
impl Sim {
    /// Asks for a connection to `to`; what is sent before it is made waits for it.
    pub fn connect(&mut self, to: &Address) -> ClientId {
        let target = self.find(to);
        let client = self.new_client(EndRef { index: 0, generation: 0 });
        self.clients[client.0 as usize].end = self.open_stream(Holder::Client(client.0), target);
        client
    }

    /// Sends bytes; what the window does not take is sent when the loop has read.
    pub fn send(&mut self, client: ClientId, bytes: &[u8]) {
        let Some(end) = self.sending(client) else { return };
        self.ends.push(end.index ^ 1, bytes);
        if !self.ends[end.index].connecting {
            self.pump(end.other());
        }
    }

    /// Sends one byte of urgent data, which is not in the stream: reads of the loop stop where it
    /// was.
    pub fn send_urgent(&mut self, client: ClientId) {
        let Some(end) = self.sending(client) else { return };
        if self.ends[end.index ^ 1].held_back() == 0 && !self.ends[end.index].connecting {
            self.travel(end.other(), Delivery::Urgent(end.other()));
        }
    }

    /// Ends the client's half, behind all that it has sent.
    pub fn shutdown(&mut self, client: ClientId) {
        if let Some(end) = self.sending(client) {
            self.finish(end.other());
            self.settle(end);
        }
    }

    /// Resets the connection; what was sent and has not arrived is lost.
    pub fn reset(&mut self, client: ClientId) {
        self.drop_client(client, Close::Reset);
    }

    /// Closes the connection as a process does that ends: no half of it is left.
    pub fn close(&mut self, client: ClientId) {
        self.drop_client(client, Close::InOrder);
    }

    /// Reads no more: what the loop sends fills the window.
    pub fn stop_reading(&mut self, client: ClientId) {
        self.clients[client.0 as usize].reading = Reading::Stopped;
    }

    /// Reads again.
    pub fn start_reading(&mut self, client: ClientId) {
        self.clients[client.0 as usize].reading = Reading::Goes;
        if let Some(end) = self.live(client) {
            self.absorb(client.0);
            self.settle(end);
        }
    }

    /// All that the client has read and that was not taken.
    pub fn received(&self, client: ClientId) -> &[u8] {
        &self.clients[client.0 as usize].received
    }

    /// What the client has read since this was asked last.
    pub fn take(&mut self, client: ClientId) -> Vec<u8> {
        std::mem::take(&mut self.clients[client.0 as usize].received)
    }

    /// Whether the connection was made, whatever came of it.
    pub fn is_connected(&self, client: ClientId) -> bool {
        let connecting = self.live(client).is_some_and(|end| self.ends[end.index].connecting);
        !connecting && !self.clients[client.0 as usize].refused
    }

    /// Whether the connection could not be made.
    pub fn was_refused(&self, client: ClientId) -> bool {
        self.clients[client.0 as usize].refused
    }

    /// Whether the client has read the end of the loop's half.
    pub fn is_ended(&self, client: ClientId) -> bool {
        self.clients[client.0 as usize].ended
    }

    /// Whether the connection was reset, by the loop or on its way.
    pub fn was_reset(&self, client: ClientId) -> bool {
        self.clients[client.0 as usize].reset
    }

    /// How many bytes the client has sent that the loop has not read.
    pub fn unread(&self, client: ClientId) -> usize {
        let end = self.clients[client.0 as usize].end;
        if self.ends.has(end) { self.ends[end.index ^ 1].bytes.len() } else { 0 }
    }

    /// Where the client is, as the loop is told.
    pub fn address(&self, client: ClientId) -> Address {
        let [_, a, b, c] = client.0.to_be_bytes();
        Address::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, a, b, c)), 1024))
    }

    /// Closes the connection if it is open, and forgets it: a later client may get its id.
    pub fn forget(&mut self, client: ClientId) {
        self.drop_client(client, Close::InOrder);
        self.clients[client.0 as usize].received = Vec::new();
        self.free_clients.push(client);
    }
}

/// What the network tells a client.
impl Sim {
    pub(super) fn new_client(&mut self, end: EndRef) -> ClientId {
        let (received, reading) = (Vec::new(), Reading::Goes);
        let client = Client { end, received, reading, ended: false, reset: false, refused: false };
        if let Some(free) = self.free_clients.pop() {
            self.clients[free.0 as usize] = client;
            return free;
        }
        self.clients.push(client);
        ClientId(self.clients.len() as u32 - 1)
    }

    /// Reads all that has arrived.
    #[inline]
    pub(super) fn absorb(&mut self, client: u32) {
        let Client { end, received, reading, .. } = &mut self.clients[client as usize];
        let (end, arrived) = (*end, self.ends[end.index].arrived);
        if *reading == Reading::Stopped || arrived == 0 {
            return;
        }
        self.ends.take(end.index, arrived, |bytes| received.extend_from_slice(bytes));
        self.opened(end);
    }

    /// Lets a client know what has become of its stream, and close its end when that is over.
    pub(super) fn settle(&mut self, end: EndRef) {
        let this = &self.ends[end.index];
        let Holder::Client(client) = this.holder else { return };
        let client = &mut self.clients[client as usize];
        client.refused |= this.failure != 0;
        client.reset |= this.reset;
        if this.arrived > 0 {
            return;
        }
        client.ended |= this.ended;
        if !this.is_sound() || (this.ended && this.finished) {
            self.ends.release(end);
        }
    }

    /// The client's end, while it is held.
    fn live(&self, client: ClientId) -> Option<EndRef> {
        let end = self.clients[client.0 as usize].end;
        let held = self.ends.has(end) && self.ends[end.index].holder == Holder::Client(client.0);
        held.then_some(end)
    }

    /// The same, while bytes can be sent from it.
    fn sending(&self, client: ClientId) -> Option<EndRef> {
        self.live(client).filter(|end| !self.ends[end.index].finished)
    }

    fn drop_client(&mut self, client: ClientId, how: Close) {
        if let Some(end) = self.live(client) {
            self.close_end(end, how);
        }
    }
}
