//! Streams of endpoints: each is a connection of the loop, in a slot like any other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use readily_protocols::contract::{
    App, Cause, End, EndpointId, Id, Remote, StreamEvent, StreamKey, Streams,
};

use crate::carrier::{Layer, StreamOf};
use crate::listener::{Accepted, Through};
use crate::reactor::Reactor;
use crate::slot::Phase;
use crate::sys::{Close, Readiness, Sys};

/// A short read of a stream does not say that its end is not there already.
const READABLE: Readiness = Readiness::READABLE.and(Readiness::DRAIN);

impl<A: App, S: Sys> Reactor<A, S> {
    /// Serves the streams of an endpoint that became ready.
    pub(crate) fn serve_streams(&mut self, at: usize) {
        self.endpoints[at].has_news = false;
        for _ in 0..self.endpoints[at].budget() {
            let event = self.ask_streams(at, |streams| streams.poll_event());
            let Some(event) = event.flatten() else { return };
            match event {
                StreamEvent::Opened(key) => self.admit_stream(at, key),
                StreamEvent::Connected(id) if self.is_connecting(id) => self.stream_is_made(at, id),
                StreamEvent::Unreachable(id, kind) if self.is_connecting(id) => {
                    self.end(id.index as usize, End::Unreachable(kind));
                }
                StreamEvent::Readable(id) => self.stream_is_ready(id, READABLE),
                StreamEvent::Writable(id) => self.stream_is_ready(id, Readiness::WRITABLE),
                StreamEvent::Connected(_) | StreamEvent::Unreachable(..) => {}
            }
        }
        // One datagram can open a hundred: the rest come after others.
        self.endpoints[at].has_news = true;
    }

    /// A stream that was asked for is there: now it is known what was agreed.
    fn stream_is_made(&mut self, at: usize, id: Id) {
        let index = id.index as usize;
        if let Some(Layer::Stream(of)) = self.layers.of(index, self.slots[index].flags) {
            let key = of.key();
            if let Some(origin) = self.ask_streams(at, |streams| streams.origin(key)) {
                self.slots[index].remote = Remote::from(origin);
            }
        }
        self.connect_is_made(id);
    }

    fn stream_is_ready(&mut self, id: Id, what: Readiness) {
        match self.slots.get_mut(id.index as usize) {
            // One that is closing has still to send what is queued.
            Some(slot) if slot.generation == id.generation && slot.phase != Phase::Dead => {
                slot.flags.take_in(what);
                self.visit(id, Cause::Advance);
            }
            _ => self.counters.stale_events += 1,
        }
    }

    fn is_connecting(&self, id: Id) -> bool {
        self.find(id).is_some_and(|index| self.slots[index].phase == Phase::Connecting)
    }

    /// A peer has opened a stream: it gets a slot and a machine, or is refused.
    fn admit_stream(&mut self, at: usize, key: StreamKey) {
        let of = StreamOf::new(at, key);
        let machine = self.first_of_stream(at, key);
        let Some((machine, remote)) = machine else {
            self.counters.streams_refused += 1;
            return self.release_stream(of, Close::Reset);
        };
        let id = self.insert_slot();
        if self.ask_streams(at, |streams| streams.attach(key, id)).is_none() {
            self.slots.remove(id.index as usize);
            return self.release_stream(of, Close::Reset);
        }
        self.counters.streams += 1;
        self.counters.open += 1;
        let index = id.index as usize;
        let slot = &mut self.slots[index];
        slot.machine = Some(machine);
        slot.remote = remote;
        slot.phase = Phase::Open;
        slot.flags.take_in(READABLE.and(Readiness::WRITABLE));
        self.layers.put(index, Layer::Stream(of), &mut slot.flags);
        self.tracing.accepted(id, &self.slots[index].remote.address());
        self.open(id);
    }

    fn first_of_stream(&mut self, at: usize, key: StreamKey) -> Option<(A::Conn, Remote)> {
        let full = self.counters.open >= self.connections_max as u64;
        if full || self.refuses_for_memory() || self.fx.draining() {
            return None;
        }
        let origin = self.ask_streams(at, |streams| streams.origin(key))?;
        let through = Through::Endpoint(EndpointId(at as u16));
        let accepted =
            Accepted { from: &origin.address, through, secured: origin.secured.as_ref() };
        let (app, first) = (&mut self.app, self.endpoints[at].first()?);
        match catch_unwind(AssertUnwindSafe(|| first(app, &accepted))) {
            Ok(machine) => machine.map(|machine| (machine, Remote::from(origin))),
            Err(_) => {
                self.counters.panics += 1;
                None
            }
        }
    }

    /// Asks an endpoint for something of its streams; none where it has none, or panicked.
    pub(crate) fn ask_streams<T>(
        &mut self,
        at: usize,
        what: impl FnOnce(&mut dyn Streams) -> T,
    ) -> Option<T> {
        let slot = &mut self.endpoints[at];
        let streams = slot.streams()?;
        let answer = catch_unwind(AssertUnwindSafe(|| what(streams)));
        if answer.is_err() {
            slot.note_panic();
        }
        answer.ok()
    }
}
