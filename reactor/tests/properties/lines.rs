//! A small protocol of several states, to be cut into pieces.

use readily::echo::Echo;
use readily::{Alone, Fault, Io, Machine, State, Step};

/// `3 abc` is answered with `cba`, `= ` makes an echo of the rest, `. ` ends.
#[derive(Machine)]
pub(crate) enum Lines {
    #[becomes(Body, Echo)]
    Head(Head),
    #[becomes(Head)]
    Body(Body),
    Echo(Echo),
}

pub(crate) struct Head;

/// How many bytes are still to come.
pub(crate) struct Body(usize);

const HEAD_MAX: usize = 4;

impl State<Lines> for Head {
    fn advance(&mut self, io: &mut Io<'_, Alone<Lines>>) -> Result<Step<Self, Lines>, Fault> {
        let Some(end) = io.rx.bytes().iter().position(|byte| *byte == b' ') else {
            return match (io.rx.len() > HEAD_MAX, io.rx.has_ended(), io.rx.is_empty()) {
                (true, ..) => Err(Fault::Peer("a long head")),
                (_, true, true) => Ok(Step::Finish),
                (_, true, false) => Err(Fault::Peer("half a head")),
                _ => Ok(Step::Wait),
            };
        };
        if end > HEAD_MAX {
            return Err(Fault::Peer("a long head"));
        }
        let head = io.rx.bytes()[..end].to_vec();
        io.rx.consume(end + 1);
        match &head[..] {
            b"=" => Ok(Step::becomes(Echo)),
            b"." => Ok(Step::Finish),
            number => match std::str::from_utf8(number).ok().and_then(|text| text.parse().ok()) {
                Some(length) => Ok(Step::becomes(Body(length))),
                None => Err(Fault::Peer("no head")),
            },
        }
    }
}

impl State<Lines> for Body {
    fn advance(&mut self, io: &mut Io<'_, Alone<Lines>>) -> Result<Step<Self, Lines>, Fault> {
        if io.rx.len() < self.0 {
            let short = Err(Fault::Peer("half a body"));
            return if io.rx.has_ended() { short } else { Ok(Step::Wait) };
        }
        let answer: Vec<u8> = io.rx.bytes()[..self.0].iter().rev().copied().collect();
        io.rx.consume(self.0);
        io.tx.write(&answer);
        Ok(Step::becomes(Head))
    }
}

/// What is said, what is answered, and what the client's end is for it.
pub(crate) const TRANSCRIPTS: &[(&str, &str)] = &[
    ("", ""),
    ("3 abc", "cba"),
    ("0 ", ""),
    ("3 abc2 xy10 0123456789", "cbayx9876543210"),
    ("1 a= 3 abc. ", "a3 abc. "),
    ("= ", ""),
    ("2 ab. 3 abc", "ba"),
    ("2 abnonsense", "ba"),
    ("1 x12345 ", "x"),
    ("2 ab3 a", "ba"),
    ("2 ab3", "ba"),
    ("x y", ""),
];
