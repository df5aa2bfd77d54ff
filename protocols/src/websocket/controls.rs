//! Pings and pongs: how many there may be, and the one answer that waits.

use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{Control, OpCode};

use crate::contract::Tx;

use super::close::Refusal;
use super::frame::{self, CONTROL_MAX, Mask};
use super::limits::{Limits, reason};

/// What is remembered of the peer's control frames.
#[derive(Debug)]
pub(super) struct Controls {
    /// When the current second began.
    second: Option<Instant>,
    /// The payload of the latest ping that was not answered for want of room; its length is the
    /// last byte.
    pong: Option<Box<[u8; CONTROL_MAX + 1]>>,
    /// How many came in the current second.
    count: u16,
}

const PONG: OpCode = OpCode::Control(Control::Pong);

/// How long they are counted together.
const SECOND: Duration = Duration::from_secs(1);

impl Controls {
    pub(super) const NONE: Controls = Controls { second: None, pong: None, count: 0 };

    /// Counts one.
    ///
    /// # Errors
    /// One too many.
    pub(super) fn count(&mut self, now: Instant, limits: &Limits) -> Result<(), Refusal> {
        match self.second {
            Some(second) if now.saturating_duration_since(second) < SECOND => {}
            _ => (self.second, self.count) = (Some(now), 0),
        }
        if self.count >= limits.controls_per_second {
            return Err(Refusal::policy(reason::TOO_MANY_CONTROLS));
        }
        self.count += 1;
        Ok(())
    }

    /// Answers a ping, or keeps the answer in the place of an older one until there is room.
    pub(super) fn answer(&mut self, payload: &[u8], tx: &mut Tx, mask: Option<Mask>) {
        if tx.room() > 0 {
            return frame::write(tx, frame::whole(PONG), payload, mask);
        }
        let pong = self.pong.get_or_insert_with(|| Box::new([0; CONTROL_MAX + 1]));
        pong[..payload.len()].copy_from_slice(payload);
        pong[CONTROL_MAX] = payload.len() as u8;
    }

    /// Sends the answer that waits, room or not.
    #[inline(never)]
    pub(super) fn send_pong(&mut self, tx: &mut Tx, mask: Option<Mask>) {
        if let Some(pong) = self.pong.take() {
            let len = usize::from(pong[CONTROL_MAX]);
            frame::write(tx, frame::whole(PONG), &pong[..len], mask);
        }
    }

    #[inline]
    pub(super) fn has_pong(&self) -> bool {
        self.pong.is_some()
    }

    /// Bytes of memory that it holds beside itself.
    pub(super) fn held(&self) -> usize {
        self.pong.as_ref().map_or(0, |pong| pong.len())
    }
}
