//! Topics: what is published once for many.
//!
//! [`Topics`] is a value of the application. Whoever subscribes is woken when something is
//! published, and [pulls](super::Socket::pull) it while there is room in its send buffer. A message
//! is encoded once, and lies once in the topic's log however many read it there; publishing costs
//! the same for thousands that are behind as for one.
//!
//! ```
//! use readily_protocols::contract::{App, Effects, End, Fault, Id, Machine};
//! use readily_protocols::websocket::{Encoded, Handler, Message, Policy, Slow, Socket, Topics};
//!
//! struct News<C> {
//!     topics: Topics,
//!     conn: std::marker::PhantomData<C>,
//! }
//!
//! impl<C: Machine<App = Self> + 'static> App for News<C> {
//!     /// A topic and a message, from another loop: `Encoded` is `Send`, and is sent, not encoded,
//!     /// once for each loop. Whoever publishes mails it to the application of each.
//!     type Mail = (&'static str, Encoded);
//!     type Conn = C;
//!
//!     fn receive(&mut self, (topic, message): Self::Mail, fx: &mut Effects<Self>) {
//!         // Refusals are counted.
//!         let _ = self.topics.publish(topic, &message, fx);
//!     }
//!
//!     fn gone(&mut self, id: Id, _: End, _: &mut Effects<Self>) {
//!         self.topics.leave(id);
//!     }
//! }
//!
//! /// Hears of everything that it names.
//! struct Reader;
//!
//! impl<C: Machine<App = News<C>> + 'static> Handler<News<C>> for Reader {
//!     fn message(
//!         &mut self,
//!         message: Message<'_>,
//!         socket: &mut Socket<'_, News<C>>,
//!     ) -> Result<(), Fault> {
//!         let Message::Text(topic) = message else { return Ok(()) };
//!         let id = socket.id();
//!         socket.app.topics.subscribe(id, topic).map_err(|_| Fault::Peer("it asks for too much"))
//!     }
//!
//!     fn room(&mut self, socket: &mut Socket<'_, News<C>>) -> Result<(), Fault> {
//!         socket.pull(|app| &mut app.topics);
//!         Ok(())
//!     }
//! }
//!
//! let mut topics = Topics::new(Policy { slow: Slow::DropOldest, ..Policy::DEFAULT });
//! topics.open("prices", Policy { slow: Slow::Coalesce, ..Policy::DEFAULT })?;
//! # Ok::<(), readily_protocols::websocket::Refused>(())
//! ```
//!
//! Guarantees: the messages of one topic come in the order in which they were published, and no
//! topic of a connection keeps another waiting. A subscriber that reads slowly delays nobody. What
//! waits for it is at most the [backlog](Policy::backlog) of each of its topics, besides its send
//! buffer; past that it meets the policy. Pings, pongs and closes do not pass here and are never
//! dropped. All orders are fixed: the same calls have the same results.

mod counts;
mod kept;
mod log;
mod members;
mod policy;
mod pull;
mod topic;

use std::collections::BTreeMap;

use slab::Slab;

use crate::contract::{App, Effects, Id};

use super::Encoded;

pub use counts::Counts;
pub use policy::{Bounds, Policy, Refused, Slow, UnknownSlow};
pub use pull::Pulled;

use members::{Members, Subscription};
use topic::{Fate, Topic};

/// What a subscriber takes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// This.
    Message(Encoded),
    /// Nothing: it is woken when there is something.
    Nothing,
    /// It fell behind, and has to be closed.
    Behind,
}

/// Who is subscribed to what, and what waits for them.
#[derive(Debug)]
pub struct Topics {
    policy: Policy,
    bounds: Bounds,
    names: BTreeMap<Box<str>, usize>,
    topics: Slab<Topic>,
    members: Members,
    /// Those who fell behind and were not told of by [`Topics::fallen`].
    fallen: Vec<Id>,
    counts: Counts,
}

impl Default for Topics {
    fn default() -> Self {
        Topics::new(Policy::DEFAULT)
    }
}

impl Topics {
    /// No topics yet; those that come have this policy.
    pub const fn new(policy: Policy) -> Self {
        Topics::with(policy, Bounds::DEFAULT)
    }

    /// No topics yet, and at most so many of everything.
    pub const fn with(policy: Policy, bounds: Bounds) -> Self {
        Topics {
            policy,
            bounds,
            names: BTreeMap::new(),
            topics: Slab::new(),
            members: Members::new(),
            fallen: Vec::new(),
            counts: Counts::NONE,
        }
    }

    /// Makes a topic of a policy of its own, or gives one another policy. It is there until it is
    /// [closed](Topics::close), with and without subscribers.
    ///
    /// # Errors
    /// [`Refused::Topics`] and [`Refused::Name`].
    pub fn open(&mut self, name: &str, policy: Policy) -> Result<(), Refused> {
        let at = self.find_or_make(name)?;
        if let Some(topic) = self.topics.get_mut(at) {
            (topic.policy, topic.is_open) = (policy, true);
        }
        Ok(())
    }

    /// A topic that was opened goes with its last subscriber from now on.
    pub fn close(&mut self, name: &str) {
        let Some(at) = self.find(name) else { return };
        if let Some(topic) = self.topics.get_mut(at) {
            topic.is_open = false;
        }
        self.drop_if_idle(at);
    }

    /// What is published under that name goes to this connection as well, from now on. Who is
    /// subscribed already stays so.
    ///
    /// # Errors
    /// [`Refused`] where a bound is met, or the connection fell behind.
    pub fn subscribe(&mut self, id: Id, name: &str) -> Result<(), Refused> {
        // Whoever had that index before is gone, even if nobody said so.
        if let Some(other) = self.members.id(id.index).filter(|other| *other != id) {
            self.leave(other);
        }
        self.find_or_make(name).and_then(|topic| {
            let subscribed = self.enter(id, topic);
            self.drop_if_idle(topic);
            subscribed.inspect_err(|_| self.counts.refused += 1)
        })
    }

    /// Undoes that; what waited for it is not sent.
    pub fn unsubscribe(&mut self, id: Id, name: &str) {
        let Some(topic) = self.find(name) else { return };
        let Some(member) = self.members.of_mut(id) else { return };
        let Some(seat) = member.seat(topic) else { return };
        let waited = self.topics.get_mut(topic).is_some_and(|topic| topic.leave(seat));
        member.unsubscribe(topic, waited);
        if member.subscriptions().is_empty() {
            self.members.remove(id);
        }
        self.drop_if_idle(topic);
    }

    /// Forgets a connection: for [`App::gone`].
    pub fn leave(&mut self, id: Id) {
        if self.members.of(id).is_some_and(|member| member.is_behind) {
            self.fallen.retain(|other| *other != id);
        }
        if let Some(member) = self.members.remove(id) {
            self.vacate(member.subscriptions());
        }
    }

    /// Publishes a message, and says for how many subscribers it is: those who miss it under their
    /// policy are not among them. Who had nothing to take is woken.
    ///
    /// A name that nobody is subscribed to is no error.
    ///
    /// # Errors
    /// [`Refused::TooLarge`], and [`Refused::Burst`] under [`Slow::Close`] and
    /// [`Slow::DropNewest`].
    pub fn publish<A: App>(
        &mut self,
        name: &str,
        message: &Encoded,
        fx: &mut Effects<A>,
    ) -> Result<usize, Refused> {
        let Some(at) = self.find(name) else { return Ok(0) };
        let admitted =
            self.topics.get_mut(at).map_or(Ok(()), |topic| topic.admit(message, fx.now()));
        admitted.inspect_err(|_| self.counts.refused += 1)?;
        while let Some(topic) = self.topics.get_mut(at)
            && !topic.has_room(message)
        {
            for (index, fate) in topic.make_room(&mut self.counts) {
                match fate {
                    Fate::Goes => self.fall(index, fx),
                    Fate::HasNothing => self.lose(index),
                }
            }
        }
        let Topics { topics, members, counts, .. } = self;
        counts.published += 1;
        let reached = topics.get_mut(at).map_or(0, |topic| {
            topic.append(message, counts, |index| {
                if members.at_mut(index).is_some_and(members::Member::rouse)
                    && let Some(id) = members.id(index)
                {
                    fx.wake(id);
                }
            })
        });
        self.drop_if_idle(at);
        Ok(reached)
    }

    /// How many bytes may be published now, as they are [charged](Policy::backlog), before one is
    /// refused. Each turn of the loop begins anew.
    pub fn burst_left<A: App>(&self, name: &str, fx: &Effects<A>) -> usize {
        let topic = self.find(name).and_then(|at| self.topics.get(at));
        topic.map_or(self.policy.burst(), |topic| topic.burst_left(fx.now()))
    }

    /// What a connection takes next, in turns from its topics. It stays until it is
    /// [taken](Topics::taken). [`Socket::pull`](super::Socket::pull) does both.
    #[inline]
    pub fn next(&mut self, id: Id) -> Next {
        let Some(member) = self.members.of_mut(id) else { return Next::Nothing };
        if member.is_behind {
            return Next::Behind;
        }
        let topics = &self.topics;
        let next = member.asked().find_map(|asked| topics.get(asked.topic)?.next(asked.seat));
        next.cloned().map_or(Next::Nothing, Next::Message)
    }

    /// A connection has taken what [`next`](Topics::next) gave, with nothing published between.
    #[inline]
    pub fn taken(&mut self, id: Id) {
        if self.advance(id) {
            self.counts.delivered += 1;
        }
    }

    /// A connection can never take what [`next`](Topics::next) gave: it is dropped and counted.
    pub fn skip(&mut self, id: Id) {
        if self.advance(id) {
            self.counts.too_large += 1;
        }
    }

    /// Who fell behind under [`Slow::Close`] since this was asked last, and is still there.
    ///
    /// They were woken, and their next pull closes them. One whose send buffer is full has no
    /// [`room`](super::Handler::room), so it does not pull until it reads: mail it, and pull where
    /// the mail arrives, to close it at once.
    pub fn fallen(&mut self) -> Vec<Id> {
        std::mem::take(&mut self.fallen)
    }

    /// How many subscribers that topic has.
    pub fn subscribers(&self, name: &str) -> usize {
        self.find(name).and_then(|at| self.topics.get(at)).map_or(0, Topic::subscribers)
    }

    /// Bytes of memory that wait in all topics, as they are [charged](Policy::backlog).
    pub fn held(&self) -> usize {
        self.topics.iter().map(|(_, topic)| topic.held()).sum()
    }

    /// What became of everything so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    fn find_or_make(&mut self, name: &str) -> Result<usize, Refused> {
        if let Some(at) = self.find(name) {
            return Ok(at);
        }
        let refused = if name.len() > self.bounds.name_max {
            Refused::Name
        } else if self.names.len() >= self.bounds.topics_max {
            Refused::Topics
        } else {
            let at = self.topics.insert(Topic::new(name, self.policy));
            self.names.insert(name.into(), at);
            return Ok(at);
        };
        self.counts.refused += 1;
        Err(refused)
    }

    fn enter(&mut self, id: Id, topic: usize) -> Result<(), Refused> {
        match self.members.of(id) {
            Some(member) if member.is_behind => return Err(Refused::Behind),
            Some(member) if member.seat(topic).is_some() => return Ok(()),
            Some(member) if member.subscriptions().len() >= self.bounds.subscriptions_max => {
                return Err(Refused::Subscriptions);
            }
            None if self.bounds.subscriptions_max == 0 => return Err(Refused::Subscriptions),
            Some(_) => {}
            None => self.members.insert(id),
        }
        if let Some(member) = self.members.of_mut(id)
            && let Some(at) = self.topics.get_mut(topic)
        {
            member.subscribe(Subscription { topic, seat: at.enter(id.index) });
        }
        Ok(())
    }

    /// Somebody lost what it should have got, and has to go.
    fn fall<A: App>(&mut self, index: u32, fx: &mut Effects<A>) {
        let Some(id) = self.members.id(index) else { return };
        let Some(member) = self.members.at_mut(index) else { return };
        member.is_behind = true;
        let subscriptions = member.give_up();
        if member.is_asleep() {
            fx.wake(id);
        }
        self.vacate(&subscriptions);
        self.fallen.push(id);
        self.counts.closed_slow += 1;
    }

    /// Somebody lost what waited for it in one of its topics.
    fn lose(&mut self, index: u32) {
        if let Some(member) = self.members.at_mut(index) {
            member.calm();
        }
    }

    fn vacate(&mut self, subscriptions: &[Subscription]) {
        for at in subscriptions {
            if let Some(topic) = self.topics.get_mut(at.topic) {
                topic.leave(at.seat);
            }
            self.drop_if_idle(at.topic);
        }
    }

    /// The next message goes from the log, or its reader does; whether there was one.
    #[inline]
    fn advance(&mut self, id: Id) -> bool {
        let Some(member) = self.members.of_mut(id) else { return false };
        let topics = &self.topics;
        let has_next = |at: &Subscription| {
            topics.get(at.topic).is_some_and(|topic| topic.next(at.seat).is_some())
        };
        let Some(Subscription { topic, seat }) = member.asked().find(has_next) else {
            return false;
        };
        let has_all = self.topics.get_mut(topic).is_some_and(|topic| topic.taken(seat));
        member.took(topic, has_all);
        true
    }

    fn drop_if_idle(&mut self, at: usize) {
        if self.topics.get(at).is_some_and(Topic::is_idle)
            && let Some(topic) = self.topics.try_remove(at)
        {
            self.names.remove(&topic.name);
        }
    }
}
