//! What happens between the two ends of a stream.

use rustix::io::Errno;

use super::super::{Close, Readiness};
use super::Sim;
use super::ends::{EndRef, Holder};
use super::link::Edges;
use super::schedule::Delivery;

impl Sim {
    /// Sends off what the window takes of the bytes that are held back for this end, and then the
    /// end of the stream where that is held back too.
    #[inline]
    pub(super) fn pump(&mut self, to: EndRef) {
        let end = &self.ends[to.index];
        let n = end.held_back().min(end.space());
        if n > 0 {
            self.launch(to, n);
        }
        let end = &mut self.ends[to.index];
        if end.finish_held && end.held_back() == 0 {
            end.finish_held = false;
            self.travel(to, Delivery::Fin(to));
        }
    }

    /// Puts `n` held back bytes on their way.
    fn launch(&mut self, to: EndRef, n: u32) {
        let end = &mut self.ends[to.index];
        end.flying += n;
        let link = &self.links[usize::from(end.link)];
        if link.is_instant {
            self.schedule.push(0, 0, Delivery::Bytes(to, n));
            return;
        }
        let (reset, split) = (self.rng.hits(link.link.reset), self.rng.hits(link.link.split));
        let pieces = if split { self.rng.within(2..=u64::from(link.link.pieces)) } else { 1 };
        if reset {
            self.travel(to, Delivery::Reset(to));
            self.travel(to.other(), Delivery::Reset(to.other()));
        }
        let mut left = n;
        for piece in (1..=pieces).rev() {
            let most = u64::from(left) - (piece - 1).min(u64::from(left) - 1);
            let some = if piece == 1 { left } else { self.rng.within(1..=most) as u32 };
            self.travel(to, Delivery::Bytes(to, some));
            left -= some;
            if left == 0 {
                break;
            }
        }
    }

    /// Puts something on its way to an end, behind all that is on its way there.
    pub(super) fn travel(&mut self, to: EndRef, what: Delivery) {
        let now = self.now;
        let end = &mut self.ends[to.index];
        let link = &self.links[usize::from(end.link)];
        if link.is_instant {
            self.schedule.push(0, 0, what);
            return;
        }
        let link = &link.link;
        let together = end.last_due > now && self.rng.hits(link.coalesce);
        if !together {
            let mut due = now + self.rng.time(&link.delay).as_nanos() as u64;
            if self.rng.hits(link.stall) {
                due += self.rng.time(&link.stall_time).as_nanos() as u64;
            }
            end.last_due = end.last_due.max(due);
        }
        self.schedule.push(end.last_due, now, what);
    }

    /// How long something that waits for nothing else takes to get to this end.
    pub(super) fn delay(&mut self, to: EndRef) -> u64 {
        let link = &self.links[usize::from(self.ends[to.index].link)];
        if link.is_instant { 0 } else { self.rng.time(&link.link.delay).as_nanos() as u64 }
    }

    /// Carries out what has arrived.
    #[inline]
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Bytes(to, n) if self.ends.has(to) => self.deliver_bytes(to, n),
            Delivery::Urgent(to) if self.ends.has(to) => self.deliver_urgent(to),
            Delivery::Fin(to) if self.ends.has(to) => self.deliver_fin(to),
            Delivery::Reset(to) if self.ends.has(to) => self.deliver_reset(to),
            Delivery::Space(to) if self.ends.has(to) => self.deliver_space(to),
            Delivery::Syn(from, target, tries) if self.ends.has(from) => {
                self.deliver_syn(from, target, tries);
            }
            Delivery::Made(to) if self.ends.has(to) => self.deliver_made(to),
            Delivery::Failed(to, errno) if self.ends.has(to) => self.deliver_failed(to, errno),
            Delivery::Datagram(key) => self.deliver_datagram(key),
            _ => {}
        }
    }

    #[inline]
    fn deliver_bytes(&mut self, to: EndRef, n: u32) {
        let end = &mut self.ends[to.index];
        let n = n.min(end.flying);
        if n == 0 || end.reset {
            return;
        }
        end.flying -= n;
        end.arrived += n;
        let announced = end.armed;
        end.armed &= self.buggify.edges == Edges::Each;
        match end.holder {
            Holder::Loop if announced => self.raise(to, Readiness::READABLE),
            Holder::Client(client) => self.absorb(client),
            // There is nobody to read them.
            Holder::Nobody => {
                self.ends.drop_bytes(to.index);
                self.send_reset(to.other());
            }
            Holder::Loop | Holder::Backlog(_) => {}
        }
    }

    fn deliver_urgent(&mut self, to: EndRef) {
        let end = &mut self.ends[to.index];
        if end.holder == Holder::Loop && end.is_sound() {
            end.urgent = true;
            self.urgent.push((to, end.arrived));
            self.raise(to, Readiness::READABLE.and(Readiness::DRAIN));
        }
    }

    fn deliver_fin(&mut self, to: EndRef) {
        let end = &mut self.ends[to.index];
        if end.reset || end.holder == Holder::Nobody {
            return;
        }
        end.ended = true;
        self.raise(to, Readiness::READABLE.and(Readiness::DRAIN));
        self.settle(to);
    }

    fn deliver_reset(&mut self, to: EndRef) {
        let drops = self.rng.hits(self.buggify.reset_drops);
        let end = &mut self.ends[to.index];
        if end.reset || end.holder == Holder::Nobody {
            return;
        }
        end.reset = true;
        if end.connecting {
            (end.connecting, end.failure) = (false, Errno::CONNRESET.raw_os_error());
        }
        if drops {
            self.ends.drop_bytes(to.index);
        } else {
            self.ends.drop_flying(to.index);
        }
        self.ends.drop_flying(to.index ^ 1);
        self.raise(to, Readiness::READABLE.and(Readiness::WRITABLE).and(Readiness::DRAIN));
        self.settle(to);
    }

    /// The reader at `from` has made space: whoever sends there may go on.
    #[inline]
    pub(super) fn opened(&mut self, from: EndRef) {
        if self.ends[from.index].held_back() > 0 {
            self.pump(from);
        }
        let sender = &self.ends[from.index ^ 1];
        if !sender.refused || !self.ends[from.index].is_spacious() {
            return;
        }
        let delay = self.delay(from.other());
        if delay == 0 {
            self.deliver_space(from.other());
        } else {
            self.schedule.push(self.now + delay, self.now, Delivery::Space(from.other()));
        }
    }

    fn deliver_space(&mut self, to: EndRef) {
        if self.ends[to.index].refused && self.ends[to.index ^ 1].is_spacious() {
            self.ends[to.index].refused = false;
            self.raise(to, Readiness::WRITABLE);
        }
    }

    /// Cuts the stream: what is on its way to this end is lost, or some of it, and then comes a
    /// reset.
    pub(super) fn send_reset(&mut self, to: EndRef) {
        if self.rng.hits(self.buggify.reset_drops) {
            self.ends.drop_flying(to.index);
        }
        let end = &self.ends[to.index];
        let held_back = end.held_back() as usize;
        let keeps = end.bytes.len() - held_back;
        self.ends[to.index].bytes.truncate(keeps);
        self.ends[to.index].finish_held = false;
        self.travel(to, Delivery::Reset(to));
    }

    /// Ends the half that sends to `to`.
    pub(super) fn finish(&mut self, to: EndRef) {
        self.ends[to.index ^ 1].finished = true;
        self.ends[to.index].finish_held = true;
        if !self.ends[to.index ^ 1].connecting {
            self.pump(to);
        }
    }

    /// Closes an end as a system does when its holder lets go of it: with unread bytes there, the
    /// other side gets a reset instead of an end.
    pub(super) fn close_end(&mut self, end: EndRef, how: Close) {
        let this = &self.ends[end.index];
        let cut = how == Close::Reset || this.arrived > 0 || this.connecting;
        if this.is_sound() && self.ends[end.index ^ 1].holder != Holder::Nobody {
            if cut {
                self.send_reset(end.other());
            } else if !this.finished {
                self.finish(end.other());
            }
        }
        self.ends.drop_arrived(end.index);
        self.ends.release(end);
    }
}
