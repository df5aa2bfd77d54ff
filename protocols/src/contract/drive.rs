//! Advance until it waits: the one place where a machine is called.

use super::{App, Fault, Io, Machine, Next, Reason};

/// How many states one call may pass through; more is a cycle of states that never waits.
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

/// Calls `machine` for `cause`, and again for each new state until one waits; `moved` is told of each
/// transition, as positions in [`Machine::STATES`].
///
/// # Errors
/// The fault of a state, or [`Fault::Local`] past [`TRANSITIONS_MAX`].
#[inline]
pub fn drive<M: Machine>(
    machine: &mut M,
    cause: Cause<<M::App as App>::Mail>,
    io: &mut Io<'_, M::App>,
    mut moved: impl FnMut(usize, usize),
) -> Result<Next, Fault> {
    let mut from = machine.state();
    let mut next = match cause {
        Cause::Advance => machine.advance(io)?,
        Cause::Expire(why) => machine.expire(why, io)?,
        Cause::Mail(mail) => machine.receive(mail, io)?,
    };
    let mut transitions = 0;
    while next == Next::Advance {
        let to = machine.state();
        moved(from, to);
        transitions += 1;
        if transitions > TRANSITIONS_MAX {
            return Err(Fault::Local("a cycle of states that never waits"));
        }
        from = to;
        next = machine.advance(io)?;
    }
    Ok(next)
}
