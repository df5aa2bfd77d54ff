//! Clients of the loop's own services: they come when somebody who watches asks for them, so that
//! there is something to see.

use std::time::{Duration, Instant};

use readily::{Address, Connect, Effects, Fault, Id, Io, Reason, State, Step};

use super::{Conn, Showcase};

/// What a visitor says, one piece after the other.
pub type Script = &'static [&'static str];

/// For an echo, or a relay to one.
pub const CHATTER: Script = &["one\n", "two\n", "three\n", "four\n", "five\n"];
/// For `key_value`, whose password is [`PASSWORD`](super::PASSWORD): through each of its states.
pub const SESSION: Script =
    &["AUTH sesame\n", "SET it 5\n", "hello\n", "GET it\n", "SUBSCRIBE it\n", "QUIT\n"];

/// How many visitors there may be at once.
const VISITORS_MAX: usize = 96;
/// How long a visitor thinks before it goes on, at least and at most.
const THINKS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1400)];

/// Where visitors go, and who is there.
#[derive(Debug, Default)]
pub struct Visits {
    places: Vec<(Address, Script)>,
    under_way: Vec<Id>,
}

impl Visits {
    /// To these services, and what is said there.
    pub fn to(places: impl IntoIterator<Item = (Address, Script)>) -> Self {
        Visits { places: places.into_iter().collect(), under_way: Vec::new() }
    }

    /// Sends a few visitors to each place, as far as there is room.
    pub(super) fn begin(&mut self, fx: &mut Effects<Showcase>) {
        for (place, script) in self.places.iter().chain(&self.places) {
            if self.under_way.len() >= VISITORS_MAX {
                return;
            }
            let visitor = Visitor { script, goes_on: None };
            let id = fx.connect(Connect::to(place.clone()), Conn::Visitor(visitor));
            // What is too much for one call comes with the next wish.
            self.under_way.extend(id);
        }
    }

    pub(super) fn forget(&mut self, id: Id) {
        self.under_way.retain(|visitor| *visitor != id);
    }
}

/// Says its piece bit by bit, forgets what comes back, and leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visitor {
    script: Script,
    goes_on: Option<Instant>,
}

impl State<Conn> for Visitor {
    fn advance(&mut self, io: &mut Io<'_, Showcase>) -> Result<Step<Self, Conn>, Fault> {
        io.rx.consume(io.rx.len());
        match self.goes_on {
            _ if io.rx.has_ended() || io.draining() => Ok(Step::Finish),
            None => Ok(self.go_on(io)),
            Some(_) => Ok(Step::Wait),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.goes_on
    }

    fn expire(&mut self, _: Reason, io: &mut Io<'_, Showcase>) -> Result<Step<Self, Conn>, Fault> {
        Ok(self.go_on(io))
    }
}

impl Visitor {
    fn go_on(&mut self, io: &mut Io<'_, Showcase>) -> Step<Self, Conn> {
        let Some((words, rest)) = self.script.split_first() else { return Step::Finish };
        io.tx.write(words.as_bytes());
        self.script = rest;
        let [least, most] = THINKS;
        let more = io.random() % (most - least).as_millis() as u64;
        self.goes_on = Some(io.now() + least + Duration::from_millis(more));
        Step::Wait
    }
}
