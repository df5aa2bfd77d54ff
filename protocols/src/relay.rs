//! Passes bytes between two linked connections.

use crate::contract::{Fault, Half, Io, Machine, Peer, State, Step};

/// One end of a relay: the same state stands at both ends of a link.
///
/// What arrives here is moved to the peer's send buffer while that has room, large blocks without
/// copying; beyond that the loop does not read here. Each half is passed on alone: the end of our
/// peer's half ends only what we send to the other side, a reset resets it. It finishes when both
/// directions have ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Relay;

impl<M: Machine> State<M> for Relay {
    #[inline]
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        match &mut io.peer {
            Peer::Open { tx, .. } => {
                tx.adopt(io.rx, usize::MAX);
                match io.rx.half() {
                    Half::Ended if io.rx.is_empty() => tx.finish(),
                    Half::Aborted => tx.abort(),
                    _ => {}
                }
                let over = io.rx.is_drained() && !io.tx.may_send();
                Ok(if over { Step::Finish } else { Step::Wait })
            }
            Peer::Connecting(_) => Ok(Step::Wait),
            Peer::Gone(_, why) if why.in_order() => Ok(Step::Finish),
            Peer::Gone(..) | Peer::Failed(..) | Peer::None => {
                Err(Fault::Local("the other side of the relay is gone"))
            }
        }
    }
}
