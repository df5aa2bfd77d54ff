//! What a client of the outside world does, and what it must get for it.

use std::fmt;

use readily::sys::sim::{ClientId, Rng, Sim};

use crate::town::reply;

/// What a client talks to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The echo.
    Echo,
    /// A relay to the loop's own echo.
    RelayInside,
    /// A relay to an echo outside.
    RelayOutside,
    /// A relay to a server that refuses, or to nobody.
    RelayRefused,
    /// A relay to a server that never answers.
    RelayBlackhole,
    /// The line protocol.
    Lines,
    /// The same, until a line that makes the machine panic.
    Panic,
}

/// One step of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Send(usize),
    Urgent,
    StopReading,
    StartReading,
    Pause,
    HalfClose,
    Reset,
    Close,
}

/// One client with its script.
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) kind: Kind,
    /// All that it may send; the first `sent` bytes of it were.
    bytes: Vec<u8>,
    sent: usize,
    /// All that it may get; the first `got` bytes of it were.
    expected: Vec<u8>,
    got: usize,
    script: Vec<Act>,
    /// Whether its script lets the conversation end in order.
    pub(crate) patient: bool,
}

impl Client {
    /// Draws a client that sends about so many bytes.
    pub(crate) fn draw(id: ClientId, kind: Kind, size: usize, rng: &mut Rng) -> Client {
        let (bytes, expected) = match kind {
            Kind::Lines => lines(size, b"abcdefgh@~#@~#=.", rng),
            Kind::Panic => {
                let (bytes, expected) = lines(size.min(300), b"ab@~#", rng);
                ([&bytes[..], b"!\n"].concat(), expected)
            }
            _ => {
                let bytes: Vec<u8> = (0..rng.index(size + 1)).map(|_| rng.draw() as u8).collect();
                (bytes.clone(), bytes)
            }
        };
        let (script, patient) = script(bytes.len(), rng);
        Client { id, kind, bytes, sent: 0, expected, got: 0, script, patient }
    }

    /// Does the next step, if there is one; the last comes first.
    pub(crate) fn act(&mut self, sim: &mut Sim) {
        match self.script.pop() {
            Some(Act::Send(n)) => {
                let end = (self.sent + n).min(self.bytes.len());
                sim.send(self.id, &self.bytes[self.sent..end]);
                self.sent = end;
            }
            Some(Act::Urgent) => sim.send_urgent(self.id),
            Some(Act::StopReading) => sim.stop_reading(self.id),
            Some(Act::StartReading) => sim.start_reading(self.id),
            Some(Act::HalfClose) => sim.shutdown(self.id),
            Some(Act::Reset) => sim.reset(self.id),
            Some(Act::Close) => sim.close(self.id),
            Some(Act::Pause) | None => {}
        }
    }

    pub(crate) fn has_acted(&self) -> bool {
        self.script.is_empty()
    }

    /// Looks at what arrived since the last time: it must be what comes next.
    ///
    /// # Panics
    /// If a byte was lost, doubled, changed or reordered.
    pub(crate) fn check(&mut self, sim: &Sim) {
        let received = sim.received(self.id);
        let new = &received[self.got..];
        let next = &self.expected[self.got.min(self.expected.len())..];
        assert!(
            next.starts_with(new),
            "{:?} {:?} got wrong bytes from {} on: {:?} instead of {:?}",
            self.kind,
            self.id,
            self.got,
            &new[..new.len().min(40)],
            &next[..next.len().min(40)],
        );
        self.got = received.len();
        let echoes = !matches!(self.kind, Kind::Lines | Kind::Panic);
        assert!(!echoes || self.got <= self.sent, "{:?} got more than it sent", self.id);
    }

    /// Whether nothing more will happen to it.
    pub(crate) fn is_over(&self, sim: &Sim) -> bool {
        let cut = sim.was_reset(self.id) || sim.was_refused(self.id);
        self.has_acted() && (!self.patient || cut || sim.is_ended(self.id))
    }

    /// Whether it got all that it should, or none of it where nobody is there.
    pub(crate) fn is_served(&self, sim: &Sim) -> bool {
        match self.kind {
            Kind::RelayRefused | Kind::RelayBlackhole => sim.was_reset(self.id) && self.got == 0,
            Kind::Panic => sim.was_reset(self.id),
            _ => sim.is_ended(self.id) && self.got == self.expected.len(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Client { id, kind, bytes, sent, expected, got, script, .. } = self;
        let (bytes, expected) = (bytes.len(), expected.len());
        write!(
            f,
            "{id:?} {kind:?} sent {sent}/{bytes} got {got}/{expected} next {:?}",
            script.last()
        )
    }
}

/// A conversation of lines that begin with one of these, and the answers.
fn lines(size: usize, kinds: &[u8], rng: &mut Rng) -> (Vec<u8>, Vec<u8>) {
    let (mut bytes, mut expected) = (Vec::new(), Vec::new());
    while bytes.len() < size {
        let first = kinds[rng.index(kinds.len())];
        let rare = (first == b'=' || first == b'.') && !rng.draw().is_multiple_of(8);
        let first = if rare { b'z' } else { first };
        let mut line = vec![first];
        line.extend((0..rng.index(30)).map(|_| b'a' + rng.below(26) as u8));
        expected.extend(reply(&line));
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        let rest: Vec<u8> = (0..rng.index(200)).map(|_| rng.draw() as u8).collect();
        match first {
            // What follows is sent back as it is.
            b'=' => {
                expected.extend_from_slice(&rest);
                bytes.extend_from_slice(&rest);
                break;
            }
            // What follows is read and dropped.
            b'.' => {
                bytes.extend_from_slice(&rest);
                break;
            }
            _ => {}
        }
    }
    (bytes, expected)
}

/// Sends so many bytes in pieces, with everything in between that clients do.
fn script(mut len: usize, rng: &mut Rng) -> (Vec<Act>, bool) {
    let mut acts = Vec::new();
    let piece = 1 + rng.index(4000);
    while len > 0 {
        let n = (1 + rng.index(piece)).min(len);
        acts.push(Act::Send(n));
        len -= n;
        match rng.index(12) {
            0 => acts.push(Act::StopReading),
            1 | 2 => acts.push(Act::StartReading),
            3 | 4 => acts.push(Act::Pause),
            5 => acts.push(Act::Urgent),
            _ => {}
        }
    }
    let last = match rng.index(8) {
        0 => Act::Reset,
        1 => Act::Close,
        _ => Act::HalfClose,
    };
    if last != Act::HalfClose {
        acts.truncate(rng.index(acts.len() + 1));
    }
    acts.extend([last, Act::StartReading]);
    acts.reverse();
    (acts, last == Act::HalfClose)
}
