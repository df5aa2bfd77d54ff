//! Why a request has no whole response, and whether it may be made again.

use std::fmt;

use crate::contract::{Fault, Reason};
use crate::http1::syntax::flaw::{Flaw, reason};
use crate::http1::wire::Cut;

/// A request that has no whole response, and never will on this connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What went wrong.
    pub cause: FailureCause,
    /// How far the exchange had come.
    pub progress: Progress,
    /// Whether the request has the same effect when it is made twice.
    pub idempotent: bool,
}

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureCause {
    /// The server sent what is refused.
    Refused(Flaw),
    /// The server ended the connection.
    Ended(Cut),
    /// The server reset the connection.
    Reset,
    /// A phase took too long.
    TimedOut(Phase),
    /// The caller could not complete its request.
    GivenUp,
    /// The caller sent a body that is not as long as it announced.
    WrongLength,
}

/// What took too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The server does not take the request: the loop's `send_stall`.
    Sending,
    /// Up to the first byte of the response.
    Answer,
    /// The head.
    Head,
    /// The body.
    Body,
    /// All of the exchange.
    Total,
}

/// How far an exchange had come when it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// No byte of the request has left.
    NotSent,
    /// Some of it was sent, and no byte of a response came. On a connection that was used before it
    /// is most likely stale: the server had ended it when the request came.
    Unanswered,
    /// Some of a response came.
    Partly,
}

/// Whether a request may be made again, on another connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// It may: the server has not acted on it, or its effect is the same twice (RFC 9110, section
    /// 9.2.2).
    Safe,
    /// The server may have acted on it already.
    Unsafe,
}

impl Failure {
    /// Whether the request may be made again, on another connection. A body that was streamed has
    /// to be there again, too.
    ///
    /// A time that has passed is no reason to make it again, though it were safe: the server is
    /// slow as it is.
    pub fn retry(&self) -> Retry {
        match (self.progress, self.cause) {
            (_, FailureCause::GivenUp | FailureCause::WrongLength) => Retry::Unsafe,
            (Progress::NotSent, _) => Retry::Safe,
            (Progress::Unanswered, FailureCause::Ended(_) | FailureCause::Reset)
                if self.idempotent =>
            {
                Retry::Safe
            }
            _ => Retry::Unsafe,
        }
    }

    /// The name under which it is counted: one of [`reason`](super::reason).
    pub fn reason(&self) -> &'static str {
        match self.cause {
            FailureCause::Refused(flaw) => flaw.reason(),
            FailureCause::Ended(cut) => cut.reason(),
            FailureCause::Reset => reason::RESET,
            FailureCause::TimedOut(Phase::Sending) => reason::SENDING_TIMED_OUT,
            FailureCause::TimedOut(Phase::Answer) => reason::ANSWER_TIMED_OUT,
            FailureCause::TimedOut(Phase::Head) => reason::HEAD_TIMED_OUT,
            FailureCause::TimedOut(Phase::Body) => reason::BODY_TIMED_OUT,
            FailureCause::TimedOut(Phase::Total) => reason::TOTAL_TIMED_OUT,
            FailureCause::GivenUp => reason::GIVEN_UP,
            FailureCause::WrongLength => reason::WRONG_LENGTH,
        }
    }

    /// How the connection ends.
    pub(super) fn fault(&self) -> Fault {
        match self.cause {
            FailureCause::GivenUp | FailureCause::WrongLength => Fault::Local(self.reason()),
            FailureCause::TimedOut(Phase::Sending) => Fault::TimedOut(Reason::SendStall),
            _ => Fault::Peer(self.reason()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason();
        f.write_str(reason.strip_prefix("http client: ").unwrap_or(reason))
    }
}

impl std::error::Error for Failure {}
