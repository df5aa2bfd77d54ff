//! The one deadline of each phase.

use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::{Phase, Session};
use crate::contract::{Fault, Tx};
use crate::websocket::close::{CloseCode, Refusal};
use crate::websocket::frame;
use crate::websocket::limits::{Limits, reason};

impl Session {
    #[inline]
    pub(in crate::websocket) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Sets the deadline of what it waits for, at the end of a call: `heard` says whether bytes of
    /// the peer were there, `unread` whether some still are.
    ///
    /// The time of a message is not the peer's while it is [held](Phase::Held), and is given anew
    /// behind that.
    #[inline]
    pub(in crate::websocket) fn settle(
        &mut self,
        heard: bool,
        unread: bool,
        now: Instant,
        limits: &Limits,
    ) {
        let stays_idle = self.phase == Phase::Idle && self.due.is_some();
        if !stays_idle || unread || self.partial.is_some() {
            return self.set_deadline(heard, unread, now, limits);
        }
        if heard {
            self.since = Some(now);
        }
    }

    #[inline(never)]
    fn set_deadline(&mut self, heard: bool, unread: bool, now: Instant, limits: &Limits) {
        match self.phase {
            Phase::Leaving => {
                (self.phase, self.due) = (Phase::Closing, now.checked_add(limits.close_within));
            }
            Phase::Over => self.due = None,
            // There is nothing to be late with: it is only looked at again.
            Phase::Held => self.due = now.checked_add(look_again(limits)),
            Phase::Parting | Phase::Closing => {}
            _ if unread || self.partial.is_some() => {
                if !self.is_inside() {
                    self.begin_partial(now, limits);
                } else if heard {
                    self.phase = Phase::Partial;
                    self.wait_inside(limits.ping_after, now, limits);
                }
            }
            Phase::Pinged if !heard => {}
            _ => {
                self.be_idle();
                self.due = now.checked_add(limits.ping_after);
            }
        }
    }

    /// The deadline has passed. A peer that we do not read from, since it does not read from us, is
    /// not blamed for what it could not say: the loop's send stall is for it.
    ///
    /// # Errors
    /// The peer's time is over.
    pub(in crate::websocket) fn expire(
        &mut self,
        tx: &mut Tx,
        now: Instant,
        limits: &Limits,
    ) -> Result<(), Fault> {
        if self.is_inside() {
            return self.expire_inside(tx, now, limits);
        }
        if self.phase == Phase::Idle
            && let Some(heard) = self.since.take()
        {
            self.due = heard.checked_add(limits.ping_after);
            if self.due.is_none_or(|due| due > now) {
                return Ok(());
            }
        }
        let wait = match self.phase {
            Phase::Idle | Phase::Pinged => self.ask(tx, limits)?,
            Phase::Held => look_again(limits),
            Phase::Closing => {
                return Err(self.refuse(tx, Refusal::policy(reason::CLOSE_TIMED_OUT)));
            }
            _ => return Ok(()),
        };
        self.due = now.checked_add(wait);
        Ok(())
    }

    /// The same inside a message, which has an end of its time, and where a peer of which nothing
    /// is heard is asked as well.
    fn expire_inside(&mut self, tx: &mut Tx, now: Instant, limits: &Limits) -> Result<(), Fault> {
        if tx.room() == 0 {
            self.begin_partial(now, limits);
            return Ok(());
        }
        if self.assembled_by(limits).is_some_and(|end| end <= now) {
            return Err(self.refuse(tx, Refusal::policy(reason::ASSEMBLY_TIMED_OUT)));
        }
        let wait = self.ask(tx, limits)?;
        self.wait_inside(wait, now, limits);
        Ok(())
    }

    /// Asks a peer of which nothing was heard whether it is there, and says how long that may take;
    /// nobody is asked, or left, behind what still waits to be sent.
    ///
    /// # Errors
    /// It was asked before.
    fn ask(&mut self, tx: &mut Tx, limits: &Limits) -> Result<Duration, Fault> {
        let pinged = match self.phase {
            Phase::Idle => Some(Phase::Pinged),
            Phase::Partial => Some(Phase::PartialPinged),
            _ => None,
        };
        match pinged {
            Some(_) if !tx.is_empty() => Ok(limits.ping_after),
            Some(pinged) => {
                self.write(tx, frame::whole(OpCode::Control(Control::Ping)), &[]);
                self.phase = pinged;
                Ok(limits.pong_within)
            }
            None if !tx.is_empty() => Ok(limits.pong_within),
            None => {
                let refusal = Refusal { code: CloseCode::INTERNAL, reason: reason::NO_PONG };
                Err(self.refuse(tx, refusal))
            }
        }
    }

    /// A message, or a frame, begins now, or its time does.
    fn begin_partial(&mut self, now: Instant, limits: &Limits) {
        (self.phase, self.since) = (Phase::Partial, Some(now));
        self.wait_inside(limits.ping_after, now, limits);
    }

    /// The deadline inside a message: its own, or that of the next sign of life.
    fn wait_inside(&mut self, wait: Duration, now: Instant, limits: &Limits) {
        let alive = now.checked_add(wait);
        self.due = self.assembled_by(limits).into_iter().chain(alive).min();
    }

    /// When the message that has begun has to be there.
    fn assembled_by(&self, limits: &Limits) -> Option<Instant> {
        self.since?.checked_add(limits.assembly_within)
    }

    /// Whether a message or a frame has begun, and its time is the peer's.
    #[inline]
    pub(super) fn is_inside(&self) -> bool {
        matches!(self.phase, Phase::Partial | Phase::PartialPinged)
    }

    /// Nothing is waited for any more: the deadline that there was is not one for a ping.
    #[inline]
    pub(super) fn be_idle(&mut self) {
        if self.phase != Phase::Idle {
            (self.phase, self.due, self.since) = (Phase::Idle, None, None);
        }
    }
}

/// After how long one that is held is looked at again.
fn look_again(limits: &Limits) -> Duration {
    limits.ping_after.min(limits.assembly_within)
}
