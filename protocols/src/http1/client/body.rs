//! The body of a response, as it comes.

use crate::contract::Rx;
use crate::http1::Limits;
use crate::http1::syntax::flaw::Flaw;
use crate::http1::wire::{Found, Hearing};

/// The body of a response that is streamed, for one call.
///
/// What is not consumed stays where it arrived; while that is full, nothing more is read from the
/// socket.
#[derive(Debug)]
pub struct ResponseBody<'a> {
    pub(super) rx: &'a mut Rx,
    pub(super) hearing: &'a mut Hearing,
    pub(super) limits: &'a Limits,
    /// How much of it was received, and how much may be.
    pub(super) received: &'a mut u64,
    pub(super) most: u64,
    pub(super) flaw: Option<Flaw>,
}

impl ResponseBody<'_> {
    /// The next bytes that have arrived, out of their frame: perhaps not all, and none when more
    /// has to come or it has ended.
    pub fn bytes(&mut self) -> &[u8] {
        let length = self.look();
        &self.rx.bytes()[..length]
    }

    /// Says that the first `n` of [`bytes`](ResponseBody::bytes) are done with.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.look(), "consumed more than there is");
        if let Hearing::Body(decoder) = self.hearing
            && n > 0
        {
            decoder.took(n);
            self.rx.consume(n);
            *self.received += n as u64;
        }
    }

    /// How many bytes were consumed.
    pub fn received(&self) -> u64 {
        *self.received
    }

    /// Whether all of it was consumed: [`Caller::ended`](super::Caller::ended) is called next.
    pub fn is_ended(&mut self) -> bool {
        self.look();
        matches!(self.hearing, Hearing::Ended(_))
    }

    /// Takes what is at the front out of its frame, and says how many bytes of data are there.
    pub(super) fn look(&mut self) -> usize {
        let Hearing::Body(decoder) = self.hearing else { return 0 };
        if self.flaw.is_some() {
            return 0;
        }
        match decoder.decode(self.rx.bytes(), self.limits) {
            Ok(Found::Data { skip, length }) => {
                self.rx.consume(skip);
                if *self.received + length as u64 > self.most {
                    self.flaw = Some(Flaw::BodyTooLarge);
                    return 0;
                }
                length
            }
            Ok(Found::Wanting { skip }) => {
                self.rx.consume(skip);
                // No more of the trailers can come.
                if self.rx.is_full() {
                    self.flaw = Some(Flaw::TrailersTooLarge);
                }
                0
            }
            Ok(Found::End { skip, trailers }) => {
                self.rx.consume(skip);
                // It is within its limit.
                *self.hearing = Hearing::Ended(trailers as u16);
                0
            }
            Err(refusal) => {
                self.flaw = Some(refusal.into());
                0
            }
        }
    }
}
