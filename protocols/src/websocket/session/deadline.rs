//! The one deadline of each phase.

use std::time::Instant;

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
            self.heard = Some(now);
        }
    }

    #[inline(never)]
    fn set_deadline(&mut self, heard: bool, unread: bool, now: Instant, limits: &Limits) {
        match self.phase {
            Phase::Leaving => {
                (self.phase, self.due) = (Phase::Closing, now.checked_add(limits.close_within));
            }
            Phase::Over => self.due = None,
            Phase::Parting | Phase::Closing => {}
            _ if unread || self.partial.is_some() => {
                if self.phase != Phase::Partial {
                    (self.phase, self.due) =
                        (Phase::Partial, now.checked_add(limits.assembly_within));
                }
            }
            Phase::Pinged if !heard => {}
            _ => {
                self.be_idle();
                self.due = now.checked_add(limits.ping_after);
            }
        }
    }

    /// The deadline has passed. A peer that we do not read from, since it does not read from us or
    /// `held` says so, is not blamed for what it could not say: the loop's send stall is for it.
    ///
    /// # Errors
    /// The peer's time is over.
    pub(in crate::websocket) fn expire(
        &mut self,
        tx: &mut Tx,
        held: bool,
        now: Instant,
        limits: &Limits,
    ) -> Result<(), Fault> {
        if self.phase == Phase::Idle
            && let Some(heard) = self.heard.take()
        {
            self.due = heard.checked_add(limits.ping_after);
            if self.due.is_none_or(|due| due > now) {
                return Ok(());
            }
        }
        let held = held || tx.room() == 0;
        let wait = match self.phase {
            Phase::New | Phase::Over | Phase::Leaving | Phase::Parting => return Ok(()),
            Phase::Idle if tx.is_empty() => {
                self.write(tx, frame::whole(OpCode::Control(Control::Ping)), &[]);
                self.phase = Phase::Pinged;
                limits.pong_within
            }
            Phase::Idle => limits.ping_after,
            Phase::Pinged if !tx.is_empty() => limits.pong_within,
            Phase::Partial if held => limits.assembly_within,
            Phase::Pinged => {
                let refusal = Refusal { code: CloseCode::INTERNAL, reason: reason::NO_PONG };
                return Err(self.refuse(tx, refusal));
            }
            Phase::Partial => {
                return Err(self.refuse(tx, Refusal::policy(reason::ASSEMBLY_TIMED_OUT)));
            }
            Phase::Closing => {
                return Err(self.refuse(tx, Refusal::policy(reason::CLOSE_TIMED_OUT)));
            }
        };
        self.due = now.checked_add(wait);
        Ok(())
    }

    /// Nothing is waited for any more: the deadline that there was is not one for a ping.
    #[inline]
    pub(super) fn be_idle(&mut self) {
        if self.phase != Phase::Idle {
            (self.phase, self.due, self.heard) = (Phase::Idle, None, None);
        }
    }
}
