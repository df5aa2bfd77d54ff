//! Advance until it waits: the one place where a machine is called.

use super::{App, Fault, Io, Machine, Next, Reason};

/// How many states one call may pass through before others have their turn; that many without a
/// byte read or written are a cycle of states that never waits.
pub const TRANSITIONS_MAX: usize = 64;

/// Why a machine is called.
#[derive(Debug)]
pub enum Cause<Mail> {
    /// Something may have changed: see [`State::advance`](super::State::advance).
    Advance,
    /// A deadline has passed.
    Expire(Reason),
    /// Mail arrived.
    Mail(Mail),
}

/// Calls `machine` for `cause`, and again for each new state until one waits; `moved` is told of
/// each transition, as positions in [`Machine::STATES`].
///
/// # Errors
/// The fault of a state, or [`Fault::Local`] for a cycle of states that never waits.
#[inline(always)]
pub fn drive<M: Machine>(
    machine: &mut M,
    cause: Cause<<M::App as App>::Mail>,
    io: &mut Io<'_, M::App>,
    mut moved: impl FnMut(usize, usize),
) -> Result<Next, Fault> {
    let from = machine.state();
    let next = match cause {
        Cause::Advance => machine.advance(io),
        Cause::Expire(why) => machine.expire(why, io),
        Cause::Mail(mail) => machine.receive(mail, io),
    };
    // As it came: taking it apart and together again costs more than looking at it.
    let Ok(Next::Advance) = next else { return next };
    drive_on(machine, io, from, &mut moved)
}

/// The same from the first transition on; most calls make none.
#[inline(always)]
fn drive_on<M: Machine>(
    machine: &mut M,
    io: &mut Io<'_, M::App>,
    mut from: usize,
    moved: &mut impl FnMut(usize, usize),
) -> Result<Next, Fault> {
    let extent = (io.rx.len(), io.tx.len());
    for nth in 1.. {
        let to = machine.state();
        moved(from, to);
        from = to;
        if nth == TRANSITIONS_MAX {
            break;
        }
        let next = machine.advance(io);
        let Ok(Next::Advance) = next else { return next };
    }
    if (io.rx.len(), io.tx.len()) == extent {
        return Err(Fault::Local("a cycle of states that never waits"));
    }
    Ok(Next::Yield)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Alone, Diagram, Never, StateInfo, Timeouts};
    use crate::testing::Script;

    /// Goes round and round: two states, one call each.
    struct Wheel {
        state: usize,
        left: usize,
        /// Bytes that each state takes, and bytes that it writes.
        moves: (usize, usize),
    }

    impl Machine for Wheel {
        type App = Alone<Self>;
        const STATES: &'static [StateInfo] = &[
            StateInfo { name: "even", becomes: &[1], timeouts: Timeouts::NONE },
            StateInfo { name: "odd", becomes: &[0], timeouts: Timeouts::NONE },
        ];
        const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

        fn advance(&mut self, io: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
            let (takes, writes) = self.moves;
            if self.left == 0 || io.rx.len() < takes {
                return Ok(Next::Wait);
            }
            io.rx.consume(takes);
            io.tx.write(&[b'x'; 8][..writes]);
            self.left -= 1;
            self.state ^= 1;
            Ok(Next::Advance)
        }

        fn expire(&mut self, _: Reason, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
            Ok(Next::Wait)
        }

        fn receive(&mut self, mail: Never, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
            match mail {}
        }

        fn deadline(&self) -> Option<std::time::Instant> {
            None
        }

        fn state(&self) -> usize {
            self.state
        }
    }

    /// How it ended, and how many states it was in.
    fn turn(
        left: usize,
        moves: (usize, usize),
        bytes: usize,
    ) -> (Option<Result<(), Fault>>, usize) {
        let mut script = Script::new(Wheel { state: 0, left: 0, moves });
        script.feed(&vec![0; bytes]);
        let mut script = Script::new(Wheel { state: 0, left, moves });
        if bytes > 0 {
            script.feed(&vec![0; bytes]);
        }
        (script.over(), script.states().len() - 1)
    }

    #[test]
    fn a_cycle_without_bytes_is_a_fault() {
        const MAX: usize = TRANSITIONS_MAX;
        let cycle = Some(Err(Fault::Local("a cycle of states that never waits")));
        assert_eq!(turn(MAX - 1, (0, 0), 0), (None, MAX - 1));
        assert_eq!(turn(MAX, (0, 0), 0), (cycle, MAX));
        assert_eq!(turn(usize::MAX, (0, 0), 0), (cycle, MAX));
    }

    #[test]
    fn one_that_reads_or_writes_lets_others_have_their_turn() {
        const MANY: usize = 10 * TRANSITIONS_MAX + 3;
        // It reads, it writes, and it does both.
        assert_eq!(turn(usize::MAX, (1, 0), MANY), (None, MANY));
        assert_eq!(turn(MANY, (0, 1), 0), (None, MANY));
        assert_eq!(turn(usize::MAX, (2, 1), 2 * MANY), (None, MANY));
        assert_eq!(turn(usize::MAX, (1, 1), MANY), (None, MANY));
    }
}
