//! Who is subscribed to what.

use crate::contract::Id;

/// The subscribers, each at the index of its connection.
#[derive(Debug)]
pub(super) struct Members(Vec<Option<Member>>);

/// One connection that is subscribed to something, or was until it fell behind.
#[derive(Debug)]
pub(super) struct Member {
    generation: u32,
    /// Whether it was woken and has not found all taken since.
    is_awake: bool,
    /// Whether it has to be closed.
    pub(super) is_behind: bool,
    /// Which of its subscriptions is asked first.
    turn: u32,
    /// How many of them have something for it.
    ready: u32,
    subscriptions: Vec<Subscription>,
}

/// One subscription: a topic, and a seat there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) topic: usize,
    pub(super) seat: usize,
}

impl Members {
    pub(super) const fn new() -> Self {
        Members(Vec::new())
    }

    #[inline]
    pub(super) fn of(&self, id: Id) -> Option<&Member> {
        let member = self.0.get(id.index as usize)?.as_ref();
        member.filter(|member| member.generation == id.generation)
    }

    #[inline]
    pub(super) fn of_mut(&mut self, id: Id) -> Option<&mut Member> {
        let member = self.0.get_mut(id.index as usize)?.as_mut();
        member.filter(|member| member.generation == id.generation)
    }

    /// Who is at that index.
    pub(super) fn id(&self, index: u32) -> Option<Id> {
        let member = self.0.get(index as usize)?.as_ref()?;
        Some(Id { index, generation: member.generation })
    }

    pub(super) fn at_mut(&mut self, index: u32) -> Option<&mut Member> {
        self.0.get_mut(index as usize)?.as_mut()
    }

    pub(super) fn insert(&mut self, id: Id) {
        let index = id.index as usize;
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(Member {
            generation: id.generation,
            is_awake: false,
            is_behind: false,
            turn: 0,
            ready: 0,
            subscriptions: Vec::new(),
        });
    }

    pub(super) fn remove(&mut self, id: Id) -> Option<Member> {
        self.of(id)?;
        self.0.get_mut(id.index as usize)?.take()
    }
}

impl Member {
    pub(super) fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    pub(super) fn seat(&self, topic: usize) -> Option<usize> {
        self.subscriptions.iter().find(|other| other.topic == topic).map(|other| other.seat)
    }

    pub(super) fn subscribe(&mut self, subscription: Subscription) {
        self.subscriptions.push(subscription);
    }

    /// Forgets a subscription, for which something waited or not.
    pub(super) fn unsubscribe(&mut self, topic: usize, waited: bool) {
        if let Some(at) = self.subscriptions.iter().position(|other| other.topic == topic) {
            self.subscriptions.remove(at);
            self.ready -= u32::from(waited);
            self.turn -= u32::from((at as u32) < self.turn);
        }
    }

    /// Forgets all subscriptions; they were these.
    pub(super) fn give_up(&mut self) -> Vec<Subscription> {
        (self.ready, self.turn) = (0, 0);
        std::mem::take(&mut self.subscriptions)
    }

    /// One more subscription has something; whether it has to be woken for that.
    #[inline]
    pub(super) fn rouse(&mut self) -> bool {
        self.ready += 1;
        !std::mem::replace(&mut self.is_awake, true)
    }

    /// One subscription less has something.
    pub(super) fn calm(&mut self) {
        self.ready -= 1;
    }

    /// It has to be woken for something else.
    pub(super) fn is_asleep(&self) -> bool {
        !self.is_awake
    }

    /// The subscriptions in the order in which they are asked: none where none has anything, and
    /// it is to be woken again.
    #[inline]
    pub(super) fn asked(&mut self) -> impl Iterator<Item = Subscription> {
        self.is_awake = self.ready > 0;
        let (before, behind) =
            self.subscriptions.split_at((self.turn as usize).min(self.subscriptions.len()));
        let most = if self.is_awake { self.subscriptions.len() } else { 0 };
        behind.iter().chain(before).take(most).copied()
    }

    /// The one that is asked next has given a message; the one behind it is asked first now.
    #[inline]
    pub(super) fn took(&mut self, topic: usize, has_all: bool) {
        self.ready -= u32::from(has_all);
        if self.subscriptions.len() > 1
            && let Some(at) = self.subscriptions.iter().position(|other| other.topic == topic)
        {
            self.turn = (at as u32 + 1) % self.subscriptions.len() as u32;
        }
    }
}
