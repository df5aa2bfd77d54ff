//! The endpoint, as the loop sees it.

use std::time::Instant;

use super::datagrams::{Datagrams, Replies};
use super::{Quic, core::Core};
use crate::contract::{App, Datagram, Desk, Effects, Endpoint, Streams, Transmit};

impl<A: App, D: Datagrams<A>> Endpoint<A> for Quic<D> {
    fn handle(&mut self, datagram: Datagram<'_>, desk: &mut Desk<'_, A>) {
        let (now, wall) = (desk.fx.now(), desk.fx.wall());
        if let Some(at) = self.core.handle(now, wall, &datagram) {
            self.hand_out(at, desk);
        }
        count(&mut self.core, desk.fx);
    }

    fn poll_transmit(
        &mut self,
        into: &mut Vec<u8>,
        segments: usize,
        desk: &mut Desk<'_, A>,
    ) -> Option<Transmit> {
        let transmit = self.core.transmit(desk.fx.now(), segments, into);
        count(&mut self.core, desk.fx);
        transmit
    }

    fn deadline(&self) -> Option<Instant> {
        self.core.deadline()
    }

    fn expire(&mut self, desk: &mut Desk<'_, A>) {
        self.core.expire(desk.fx.now());
        count(&mut self.core, desk.fx);
    }

    fn dropped(&self) -> u64 {
        self.core.dropped
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(&mut self.core)
    }

    fn drain(&mut self, _: &mut Desk<'_, A>) {
        self.core.shared.draining = true;
    }

    fn is_owing(&self) -> bool {
        self.core.shared.owing > 0
    }

    fn close(&mut self, desk: &mut Desk<'_, A>) {
        self.core.close(desk.fx.now());
        count(&mut self.core, desk.fx);
    }
}

impl<D> Quic<D> {
    /// Hands the application datagrams of a connection out, as long as there are some.
    fn hand_out<A: App>(&mut self, at: u32, desk: &mut Desk<'_, A>)
    where
        D: Datagrams<A>,
    {
        let Some((connection, shared)) = self.core.parts(at) else { return };
        let news = connection.take_news();
        if news.established {
            let mut first = Replies::new(&mut connection.quinn, &mut shared.counts);
            self.datagrams.established(&mut first, desk);
        }
        if !news.datagrams {
            return;
        }
        while let Some(datagram) = connection.quinn.datagrams().recv() {
            let mut replies = Replies::new(&mut connection.quinn, &mut shared.counts);
            self.datagrams.receive(&datagram, &mut replies, desk);
        }
        // It is in the queue of those that may have something to send, since a datagram was for it.
    }
}

/// Hands over what happened; a call without a desk leaves it to the next.
fn count<A: App>(core: &mut Core, fx: &mut Effects<A>) {
    core.shared.counts.drain(..).for_each(|name| fx.count(name));
}
