//! What handlers asked for is carried out here, after the handler has returned.

use readily_protocols::contract::{App, Cause, Effect, End, Id, Letter, To};

use crate::reactor::Reactor;
use crate::slot::{Link, Phase};
use crate::sys::Sys;

impl<A: App, S: Sys> Reactor<A, S> {
    /// Carries out what is on the list. Nothing here calls a machine: who is concerned is queued.
    pub(crate) fn carry_out(&mut self) {
        // An end that is among it asks the application, which may ask for more: that comes behind.
        if std::mem::replace(&mut self.carries_out, true) {
            return;
        }
        let mut list = std::mem::take(self.fx.list());
        while !list.is_empty() {
            self.tracing.note(&list);
            for effect in list.drain(..) {
                self.carry_out_one(effect);
            }
            std::mem::swap(&mut list, self.fx.list());
        }
        *self.fx.list() = list;
        self.carries_out = false;
        self.grant();
    }

    fn carry_out_one(&mut self, effect: Effect<A>) {
        match effect {
            Effect::Connect(id, connect, machine) => {
                self.begin_connect(id, connect, machine);
                self.reserve_ids();
            }
            Effect::Link(one, other) => self.link(one, other),
            Effect::Unlink(id) => {
                if let Some(index) = self.find(id) {
                    self.unlink(index);
                }
            }
            Effect::Signal(id, signals) => {
                if let Some(index) = self.find(id)
                    && let Some(peer) = self.slots[index].peer()
                {
                    let peer = peer.index as usize;
                    self.slots[peer].signals.0 |= signals.0;
                    self.call_later(peer);
                }
            }
            Effect::Mail(to, mail) => self.mail.push_back((to, mail)),
            Effect::Wake(id) => self.wake(id),
            Effect::Close(id) => {
                if let Some(index) = self.find(id)
                    && self.slots[index].phase != Phase::Reserved
                {
                    self.end(index, End::Aborted);
                }
            }
            Effect::Offload(job) => match self.sys.offload(job) {
                Ok(()) => {
                    self.jobs += 1;
                    self.counters.jobs += 1;
                }
                // There is not one thread to be had: it is done here, since an answer was promised.
                Err(job) => {
                    self.jobs += 1;
                    self.counters.jobs_refused += 1;
                    job();
                }
            },
            Effect::After(timer, at, to, mail) => self.mail_after(timer, at, to, mail),
            Effect::Cancel(timer) => self.cancel_mail(timer),
            Effect::Drain => self.drain(),
        }
    }

    /// Makes the two each other's peer; whoever loses its peer is told.
    fn link(&mut self, one: Id, other: Id) {
        let Some(a) = self.find(one) else { return };
        let Some(b) = self.find(other) else {
            // The other is gone already: say so, or the asker would wait for it.
            self.unlink(a);
            self.slots[a].link = self.epitaph(other);
            return self.call_later(a);
        };
        if a == b {
            return;
        }
        self.unlink(a);
        self.unlink(b);
        self.slots[a].link = Link::To(other);
        self.slots[b].link = Link::To(one);
        self.call_later(a);
        self.call_later(b);
    }

    /// How a connection ended that is not there any more: known to the end of the turn.
    fn epitaph(&self, id: Id) -> Link {
        let slot =
            self.slots.get(id.index as usize).filter(|slot| slot.generation == id.generation);
        match slot.map(|slot| &slot.link) {
            Some(how @ (Link::Failed(..) | Link::Gone(_))) => how.clone(),
            _ => Link::gone(id, End::Aborted),
        }
    }

    fn unlink(&mut self, index: usize) {
        let link = std::mem::replace(&mut self.slots[index].link, Link::None);
        if let Link::To(peer) = link {
            self.slots[peer.index as usize].link = Link::None;
            self.call_later(peer.index as usize);
        }
    }

    fn wake(&mut self, id: Id) {
        if let Some(index) = self.find(id)
            && self.slots[index].phase == Phase::Open
        {
            self.call_later(index);
        }
    }

    /// Takes in what other threads asked for.
    pub(crate) fn take_letters(&mut self) {
        if !self.outbox.has_letters() {
            return;
        }
        let mut letters = std::collections::VecDeque::new();
        self.outbox.take(&mut letters);
        for letter in letters {
            match letter {
                Letter::Mail(to, mail) => self.mail.push_back((to, mail)),
                Letter::Answer(to, mail) => {
                    self.jobs -= 1;
                    self.mail.push_back((to, mail));
                }
                Letter::Done(id) => {
                    self.jobs -= 1;
                    self.wake(id);
                }
                Letter::JobPanicked(whose) => {
                    self.jobs -= 1;
                    self.counters.jobs_panicked += 1;
                    if let Some(id) = whose {
                        self.wake(id);
                    }
                }
                Letter::Wake(id) => self.wake(id),
                Letter::Drain => self.drain(),
                Letter::Abort => self.abort(),
            }
        }
        self.grant();
    }

    /// Delivers what was mailed before this turn; what is mailed meanwhile has the next one.
    pub(crate) fn deliver_mail(&mut self) {
        if self.mail.is_empty() {
            return;
        }
        self.grant();
        for _ in 0..self.mail.len() {
            let Some((to, mail)) = self.mail.pop_front() else { break };
            self.counters.mail += 1;
            match to {
                To::App => self.mail_app(mail),
                To::Conn(id) => match self.find(id) {
                    Some(index) if self.slots[index].phase == Phase::Open => {
                        self.visit(id, Cause::Mail(mail));
                    }
                    _ => self.drop_mail(mail),
                },
                To::Endpoint(id) => self.mail_endpoint(id, mail),
            }
        }
        self.grant();
    }
}
