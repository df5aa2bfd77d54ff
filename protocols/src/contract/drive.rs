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
    let mut from = machine.state();
    let extent = (io.rx.len(), io.tx.len());
    let mut first = match cause {
        Cause::Advance => None,
        Cause::Expire(why) => Some(machine.expire(why, io)?),
        Cause::Mail(mail) => Some(machine.receive(mail, io)?),
    };
    for _ in 0..TRANSITIONS_MAX {
        let next = match first.take() {
            Some(next) => next,
            None => machine.advance(io)?,
        };
        if next != Next::Advance {
            return Ok(next);
        }
        let to = machine.state();
        moved(from, to);
        from = to;
    }
    if (io.rx.len(), io.tx.len()) == extent {
        return Err(Fault::Local("a cycle of states that never waits"));
    }
    Ok(Next::Yield)
}
