//! Sends back what arrives: the machine to read first.

use crate::contract::{Fault, Io, Machine, State, Step};

/// The echo of RFC 862 over a byte stream.
///
/// It holds nothing. What it cannot send yet stays in `rx`, so a peer that does not read its
/// answers is soon not read from; when the peer ends its half, the last of its bytes is sent back
/// before ours ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Echo;

impl<M: Machine> State<M> for Echo {
    #[inline]
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.adopt(io.rx, usize::MAX);
        let over = io.rx.has_ended() || io.draining();
        Ok(if over && io.rx.is_empty() { Step::Finish } else { Step::Wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, one_state};

    one_state!(Conn(Echo));

    #[test]
    fn every_cut_of_the_input_is_echoed_the_same() {
        let input = b"one\ntwo\nthree";
        for cut in 0..=input.len() {
            let mut script = Script::new(Conn(Echo));
            script.feed(&input[..cut]).feed(&input[cut..]).end();
            assert_eq!((script.sent(), script.over()), (&input[..], Some(Ok(()))), "cut at {cut}");
        }
    }
}
