//! Clients of TLS that say what they like, how they like, over any network.

use readily::Address;
use readily::sys::sim::{Rng, Sim};
use rustls::ClientConfig;
use std::sync::Arc;

use crate::caller::{Caller, Ended};
use crate::place::noise;

/// How a client ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Last {
    /// By a `close_notify`, and waits for the server's.
    Close,
    /// The same, and ends the half of its socket at once.
    CloseAndShut,
    /// By the end of its socket's half alone: that is a truncation.
    Cut,
    /// By a reset.
    Reset,
    /// As a process that is killed.
    Vanish,
    /// By a bit that is wrong, and then as with a cut.
    Corrupt,
}

/// One client with what it says.
pub(crate) struct Talk {
    pub(crate) caller: Caller,
    says: Vec<u8>,
    said: usize,
    pub(crate) last: Last,
    /// It ends as soon as it has said this much, and sent this much.
    stops_at: (usize, usize),
    sent: usize,
    piece: usize,
    closed: bool,
    over: bool,
    heard: usize,
}

impl Talk {
    /// Draws a client that says about so much.
    pub(crate) fn draw(
        sim: &mut Sim,
        at: &Address,
        config: &Arc<ClientConfig>,
        (size, rng): (usize, &mut Rng),
    ) -> Talk {
        let last = match rng.index(12) {
            0 => Last::Cut,
            1 => Last::Reset,
            2 => Last::Vanish,
            3 => Last::Corrupt,
            n if n % 2 == 0 => Last::Close,
            _ => Last::CloseAndShut,
        };
        let says = noise(rng.index(size + 1), rng);
        let stops_at = (rng.index(says.len() + 1), rng.index(2_000 + says.len()));
        let piece = 1 + rng.index(20_000);
        let caller = Caller::new(sim, at, config);
        Talk {
            caller,
            says,
            said: 0,
            last,
            stops_at,
            sent: 0,
            piece,
            closed: false,
            over: false,
            heard: 0,
        }
    }

    /// Whether it ends as it should, and so must be served.
    pub(crate) fn is_patient(&self) -> bool {
        matches!(self.last, Last::Close | Last::CloseAndShut)
    }

    /// Does something.
    pub(crate) fn act(&mut self, sim: &mut Sim, rng: &mut Rng) {
        let id = self.caller.id;
        match rng.index(12) {
            _ if self.over => sim.start_reading(id),
            0 => sim.stop_reading(id),
            1 | 2 => sim.start_reading(id),
            3..=5 if self.said < self.says.len() => {
                let end = (self.said + 1 + rng.index(self.piece)).min(self.says.len());
                self.caller.say(&self.says[self.said..end]);
                self.said = end;
            }
            _ => self.send(sim, rng),
        }
        let patient = self.is_patient();
        let stops = self.said >= self.stops_at.0 && self.sent >= self.stops_at.1;
        // One that waits for what will not come, since it does not say more, ends where it is.
        let waits = self.said == self.says.len() && self.caller.wire.is_empty();
        if !patient && !self.over && (stops || waits) {
            self.stop(sim, rng);
        }
        let done = self.said == self.says.len() && !self.caller.is_handshaking();
        if patient && done && !self.closed {
            self.caller.close();
            self.closed = true;
        }
        if self.closed && self.caller.wire.is_empty() && !self.over {
            self.over = true;
            if self.last == Last::CloseAndShut {
                sim.shutdown(id);
            }
        }
    }

    fn send(&mut self, sim: &mut Sim, rng: &mut Rng) {
        let before = self.caller.wire.len();
        self.caller.send(sim, 1 + rng.index(self.piece));
        self.sent += before - self.caller.wire.len();
    }

    /// Ends as one that is not patient does.
    fn stop(&mut self, sim: &mut Sim, rng: &mut Rng) {
        let id = self.caller.id;
        self.over = true;
        sim.start_reading(id);
        match self.last {
            Last::Reset => sim.reset(id),
            Last::Vanish => sim.close(id),
            Last::Corrupt => {
                let at = rng.index(self.caller.wire.len());
                if let Some(byte) = self.caller.wire.get_mut(at) {
                    *byte ^= 1 << rng.index(8);
                }
                self.caller.send(sim, usize::MAX);
                sim.shutdown(id);
            }
            _ => sim.shutdown(id),
        }
    }

    /// Takes in what has arrived: it must be what comes next.
    ///
    /// # Panics
    /// If it is not.
    pub(crate) fn listen(&mut self, sim: &mut Sim) {
        self.caller.listen(sim);
        let heard = &self.caller.heard[self.heard..];
        let next = &self.says[self.heard.min(self.says.len())..self.said];
        let wrong = || format!("{:?} heard wrong bytes from {} on", self.caller.id, self.heard);
        assert!(next.starts_with(heard), "{}", wrong());
        self.heard = self.caller.heard.len();
        if let Some(Ended::Fault(fault)) = self.caller.ended {
            // By an alert; where the hello was wrong, the keys of both sides differ.
            assert!(self.last == Last::Corrupt, "{:?}: {fault:?}", self.last);
        }
    }

    /// Whether nothing more will happen to it.
    pub(crate) fn is_over(&self, sim: &Sim) -> bool {
        let id = self.caller.id;
        let gone = [Last::Reset, Last::Vanish].contains(&self.last);
        let cut = sim.was_reset(id) || sim.was_refused(id);
        cut || (self.over && (gone || sim.is_ended(id)))
    }

    /// Whether it got all that it should, and was told that it is all.
    pub(crate) fn is_served(&self, sim: &Sim) -> bool {
        let whole = self.heard == self.says.len() && self.caller.ended == Some(Ended::InOrder);
        whole && !sim.was_reset(self.caller.id)
    }
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Talk { caller, says, said, last, heard, over, .. } = self;
        let (id, wire, ended) = (caller.id, caller.wire.len(), caller.ended);
        let shakes = caller.is_handshaking();
        write!(f, "{id:?} {last:?} said {said}/{} heard {heard} over {over}", says.len())?;
        write!(f, " wire {wire} ended {ended:?} handshaking {shakes}")
    }
}
