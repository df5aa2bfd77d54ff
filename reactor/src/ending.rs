//! How a connection ends: in order, or at once.

use std::io::ErrorKind;

use readily_protocols::contract::{App, End, Fault, Half, Id, Machine};

use crate::carrier::Received;
use crate::listener::OUTGOING;
use crate::reactor::Reactor;
use crate::slot::{Flags, Link, Phase};
use crate::sys::{Close, Sys};
use crate::timers::{Key, NEVER};

impl<A: App, S: Sys> Reactor<A, S> {
    /// Ends a connection's machine, tells its peer and the application, and closes: in order when
    /// what is queued may still be said, by a reset otherwise.
    pub(crate) fn end(&mut self, index: usize, why: End) {
        if let End::Stuck(finding) = why {
            self.tracing.stuck(finding, self.slots[index].state());
        }
        let id = self.id_of(index);
        let slot = &mut self.slots[index];
        let (was_open, was_securing) = (slot.phase == Phase::Open, slot.phase == Phase::Securing);
        let machine = slot.machine.take();
        let link = std::mem::replace(&mut slot.link, Link::None);
        if let (true, Some(machine)) = (was_open, &machine) {
            self.states.now[machine.state()] -= 1;
        }
        if was_securing {
            self.end_handshaking(index);
            self.counters.connects_unsecured += 1;
        }
        self.count_end(why);
        self.calm(|_| drop(machine));
        if !was_open {
            // Kept until the turn ends, for whoever asks for a link with it now.
            self.slots[index].link = match why {
                End::Unreachable(kind) => Link::Failed(id, kind),
                why => Link::gone(id, why),
            };
        }
        if let Link::To(peer) = link {
            self.slots[peer.index as usize].link = match why {
                End::Unreachable(kind) => Link::Failed(id, kind),
                why => Link::gone(id, why),
            };
            self.call_later(peer.index as usize);
        }
        let in_order = matches!(
            why,
            End::Finished | End::Fault(Fault::Peer(_)) | End::Fault(Fault::TimedOut(_))
        );
        // A server whose certificate is refused is told so by an alert.
        if in_order && (was_open || was_securing) {
            self.close_in_order(index);
        } else {
            self.discard(index, Close::Reset);
        }
        self.tell_gone(id, why);
        self.trace_end(id, why);
    }

    /// Tells the application, and carries out what it asks for then.
    fn tell_gone(&mut self, id: Id, why: End) {
        // A panic forgets what was asked for in this call alone.
        let before = std::mem::take(self.fx.list());
        self.guarded(|app, fx| app.gone(id, why, fx));
        let asked = std::mem::replace(self.fx.list(), before);
        if !asked.is_empty() {
            self.fx.list().extend(asked);
            self.carry_out();
        }
    }

    pub(crate) fn close_in_order(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.phase = Phase::Closing;
        slot.patience = NEVER;
        if let Some(tx) = &mut slot.tx {
            tx.finish();
        }
        if let Some(rx) = &mut slot.rx {
            rx.consume(rx.len());
        }
        self.linger(index);
    }

    /// Sends what is queued, then our end, then discards what still arrives until the peer's end:
    /// closing with unread bytes would make the kernel send a reset, which cuts what the peer has
    /// not read yet (RFC 9112, section 9.6, tells it for HTTP).
    pub(crate) fn linger(&mut self, index: usize) {
        let flushed = self.carry_out_of(index);
        self.count_flush(index, flushed);
        if flushed.failed.is_some() {
            return self.cut(index);
        }
        let slot = &mut self.slots[index];
        if !slot.has_output() {
            // The end that TLS tells of comes before that of its socket.
            let is_layered = slot.flags.has(Flags::LAYERED);
            let drained = !is_layered && slot.rx.as_ref().is_some_and(|rx| rx.has_ended());
            if drained {
                return self.discard(index, Close::InOrder);
            }
            let was_shut = slot.flags.has(Flags::SHUT);
            if !was_shut || slot.patience == NEVER {
                // From now on the peer's end is waited for, also if ours was said long ago.
                slot.patience = self.clock.after(self.config.linger_within);
                slot.progressed = self.clock.now();
            }
            slot.flags.set(Flags::SHUT);
            // An endpoint delivers what it was given, whether or not we listen to its stream.
            let lingers = slot.stream.is_some() && (was_shut || self.carry_end(index));
            if !lingers {
                return self.discard(index, Close::InOrder);
            }
            if self.discards_all(index) {
                return self.discard(index, Close::InOrder);
            }
        }
        self.settle(index, NEVER);
    }

    /// Reads and forgets; says whether the connection can be closed now.
    fn discards_all(&mut self, index: usize) -> bool {
        for _ in 0..self.config.turn_reads {
            let slot = &mut self.slots[index];
            if !slot.flags.has(Flags::READABLE) {
                return false;
            }
            self.counters.reads += 1;
            match self.carry_away(index) {
                Received::Nothing => return false,
                Received::Ended | Received::Failed(_) | Received::Broken(_) => return true,
                Received::Bytes(n) => {
                    self.counters.bytes_in += n as u64;
                    let slot = &mut self.slots[index];
                    slot.progressed = self.clock.now();
                    slot.discarded = slot.discarded.saturating_add(n as u32);
                    if slot.discarded as usize > self.config.linger_bytes {
                        return true;
                    }
                }
            }
        }
        self.enqueue(index);
        false
    }

    /// Ends the lingering close of a connection that could not say all.
    pub(crate) fn cut(&mut self, index: usize) {
        self.counters.cut_short += u64::from(self.slots[index].has_output());
        self.discard(index, Close::Reset);
    }

    /// Closes the socket and frees what the slot holds; the slot itself is given back when the turn
    /// ends.
    pub(crate) fn discard(&mut self, index: usize, how: Close) {
        self.carry_no_more(index, how);
        let slot = &mut self.slots[index];
        debug_assert!(slot.phase != Phase::Dead, "a slot dies once");
        if !slot.timer.is_none() {
            self.timers.disarm(slot.timer);
            slot.timer = Key::NONE;
        }
        if let Some(mut rx) = slot.rx.take() {
            rx.consume(rx.len());
            self.pool.give_block(rx.reclaim());
        }
        if let Some(mut tx) = slot.tx.take() {
            tx.consume(tx.len(), |block| self.pool.give_block(block));
            self.pool.give_block(tx.reclaim());
        }
        let slot = &mut self.slots[index];
        slot.phase = Phase::Dead;
        self.counters.buffered -= u64::from(std::mem::take(&mut slot.held));
        slot.flags.clear(Flags::STARVED);
        self.counters.open -= 1;
        if slot.listener != OUTGOING {
            self.listeners[usize::from(slot.listener)].connections -= 1;
        }
        self.graveyard.push(index as u32);
        self.feed_starved();
    }

    fn count_end(&mut self, why: End) {
        let counters = &mut self.counters;
        counters.ended += 1;
        let kind = match why {
            End::Finished => &mut counters.ended_finished,
            End::Fault(Fault::Peer(_)) => &mut counters.ended_peer_fault,
            End::Fault(Fault::Local(_)) => &mut counters.ended_local_fault,
            End::Fault(Fault::TimedOut(_)) => &mut counters.ended_timed_out,
            End::Transport(kind) => {
                counters.truncated += u64::from(kind == ErrorKind::UnexpectedEof);
                &mut counters.ended_transport
            }
            End::Unreachable(_) => &mut counters.connects_failed,
            End::Panicked => &mut counters.ended_panicked,
            End::Overflow => &mut counters.ended_overflow,
            End::Shed => &mut counters.ended_shed,
            End::Aborted => &mut counters.ended_aborted,
            End::Stuck(_) => &mut counters.ended_stuck,
        };
        *kind += 1;
        if let End::Fault(fault) = why {
            self.count_fault(fault);
        }
    }

    /// Counts the reason of a fault by its text, so that each limit of each protocol has a count.
    pub(crate) fn count_fault(&mut self, fault: Fault) {
        if let Fault::Peer(why) | Fault::Local(why) = fault {
            self.fx.count(why);
        }
    }

    /// Whether the peer's half of a connection has ended.
    pub(crate) fn has_ended(&self, index: usize) -> bool {
        self.slots[index].rx.as_ref().is_some_and(|rx| rx.half() != Half::Open)
    }

    /// Whether nothing can be said in either direction any more.
    pub(crate) fn have_both_ended(&self, index: usize) -> bool {
        let slot = &self.slots[index];
        slot.has_heard_all() && slot.flags.has(Flags::SHUT) && !slot.has_output()
    }

    /// Whether it was cut.
    pub(crate) fn was_cut(&self, index: usize) -> bool {
        self.slots[index].rx.as_ref().is_some_and(|rx| rx.half() == Half::Aborted)
    }
}
