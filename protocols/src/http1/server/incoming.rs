//! The body of a request, as it comes.

use std::cell::Cell;

use crate::contract::Rx;
use crate::http1::Limits;
use crate::http1::syntax::head::field_lines;
use crate::http1::syntax::headers::text;
use crate::http1::syntax::refusal::Refusal;
use crate::http1::wire::{Found, Receiving};

/// The body of a request that is streamed, for one call.
///
/// What is not consumed stays where it arrived; while that is full, nothing more is read from the
/// socket. A client that waits for `100 Continue` is told to send when its body is first asked for
/// before an answer has begun, and never otherwise.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(super) rx: &'a mut Rx,
    pub(super) receiving: &'a mut Receiving,
    pub(super) limits: &'a Limits,
    /// How much of it was received, and how much may be.
    pub(super) received: &'a mut u64,
    pub(super) most: u64,
    /// Whether it has not ended: shared with the answer, which ends the connection then.
    pub(super) early: &'a Cell<bool>,
    pub(super) asked: bool,
    pub(super) refusal: Option<Refusal>,
}

impl Incoming<'_> {
    /// The next bytes that have arrived, out of their frame: perhaps not all, and none when more
    /// has to come or it [has ended](Incoming::is_ended).
    pub fn bytes(&mut self) -> &[u8] {
        let length = self.look();
        &self.rx.bytes()[..length]
    }

    /// Says that the first `n` of [`bytes`](Incoming::bytes) are done with.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, n: usize) {
        assert!(n <= self.look(), "consumed more than there is");
        if let Receiving::Body(decoder) = self.receiving
            && n > 0
        {
            decoder.took(n);
            self.rx.consume(n);
            *self.received += n as u64;
            self.look();
        }
    }

    /// Whether all of it was consumed. A body that is cut short ends the exchange by itself, so
    /// this is never true for half of one.
    pub fn is_ended(&mut self) -> bool {
        self.look();
        matches!(self.receiving, Receiving::Ended(_) | Receiving::Done)
    }

    /// How many bytes were consumed.
    pub fn received(&self) -> u64 {
        *self.received
    }

    /// The trailers, once it has ended. They are no headers: nothing that frames, routes or
    /// authorises a request can come here.
    pub fn trailers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let section = match *self.receiving {
            Receiving::Ended(length) => &self.rx.bytes()[..usize::from(length)],
            _ => &[],
        };
        field_lines(section).map(|(name, value)| (text(name), value))
    }

    /// Takes what is at the front out of its frame, and says how many bytes of data are there.
    pub(super) fn look(&mut self) -> usize {
        self.asked = true;
        let Receiving::Body(decoder) = self.receiving else {
            self.early.set(false);
            return 0;
        };
        if self.refusal.is_some() {
            return 0;
        }
        match decoder.decode(self.rx.bytes(), self.limits) {
            Ok(Found::Data { skip, length }) => {
                self.rx.consume(skip);
                if *self.received + length as u64 > self.most {
                    self.refusal = Some(Refusal::BodyTooLarge);
                    return 0;
                }
                length
            }
            Ok(Found::Wanting { skip }) => {
                self.rx.consume(skip);
                // No more of the trailers can come.
                if self.rx.is_full() {
                    self.refusal = Some(Refusal::TrailersTooLarge);
                }
                0
            }
            Ok(Found::End { skip, trailers }) => {
                self.rx.consume(skip);
                // It is within its limit.
                *self.receiving = Receiving::Ended(trailers as u16);
                self.early.set(false);
                0
            }
            Err(refusal) => {
                self.refusal = Some(refusal);
                0
            }
        }
    }
}
