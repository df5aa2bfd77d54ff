//! The same, written without a thought for what it costs: a queue for each subscription.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use readily_protocols::websocket::{Counts, Policy, Slow};

/// A message: its text, and what it costs.
pub(crate) type Item = (String, usize);

#[derive(Debug, Default)]
struct Queue {
    items: VecDeque<Item>,
    /// Whether it met the policy and has not taken all since.
    lapsed: bool,
    /// What it had then.
    had: usize,
}

impl Queue {
    fn cost(&self) -> usize {
        self.items.iter().map(|(_, cost)| cost).sum()
    }
}

/// All queues, by subscriber and topic.
#[derive(Debug)]
pub(crate) struct Model {
    policy: Policy,
    queues: BTreeMap<(u32, String), Queue>,
    awake: BTreeSet<u32>,
    behind: BTreeSet<u32>,
    pub(crate) counts: Counts,
}

impl Model {
    pub(crate) fn new(policy: Policy) -> Self {
        Model {
            policy,
            queues: BTreeMap::new(),
            awake: BTreeSet::new(),
            behind: BTreeSet::new(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn subscribe(&mut self, who: u32, topic: &str) -> bool {
        if self.behind.contains(&who) {
            self.counts.refused += 1;
            return false;
        }
        self.queues.entry((who, topic.to_owned())).or_default();
        true
    }

    pub(crate) fn unsubscribe(&mut self, who: u32, topic: &str) {
        self.queues.remove(&(who, topic.to_owned()));
        // Whoever is subscribed to nothing is not known any more.
        if !self.queues.keys().any(|(other, _)| *other == who) {
            self.awake.remove(&who);
        }
    }

    pub(crate) fn leave(&mut self, who: u32) {
        self.queues.retain(|(other, _), _| *other != who);
        self.awake.remove(&who);
        self.behind.remove(&who);
    }

    /// How many it is for, and who has to be woken.
    pub(crate) fn publish(&mut self, topic: &str, item: &Item) -> (usize, Vec<u32>) {
        if !self.queues.keys().any(|(_, other)| other == topic) {
            return (0, Vec::new());
        }
        self.counts.published += 1;
        let (mut reached, mut fell, mut woken) = (0, Vec::new(), Vec::new());
        for ((who, _), queue) in self.queues.iter_mut().filter(|((_, other), _)| other == topic) {
            match offer(self.policy, queue, item, &mut self.counts) {
                Offered::Reached => reached += 1,
                Offered::Missed => {}
                Offered::Fell => fell.push(*who),
            }
            if self.awake.insert(*who) {
                woken.push(*who);
            }
        }
        for who in fell {
            self.leave(who);
            self.behind.insert(who);
            self.counts.closed_slow += 1;
        }
        (reached, woken)
    }

    pub(crate) fn is_behind(&self, who: u32) -> bool {
        self.behind.contains(&who)
    }

    /// Whether nothing waits for it, so that it falls asleep.
    pub(crate) fn has_all(&mut self, who: u32) -> bool {
        let mut own = self.queues.iter().filter(|((other, _), _)| *other == who);
        let has_all = own.all(|(_, queue)| queue.items.is_empty());
        if has_all {
            self.awake.remove(&who);
        }
        has_all
    }

    /// It is next in one of its queues, and is taken from there.
    pub(crate) fn take(&mut self, who: u32, is: impl Fn(&str) -> bool) -> bool {
        let mut own = self.queues.iter_mut().filter(|((other, _), _)| *other == who);
        let Some((_, queue)) =
            own.find(|(_, queue)| queue.items.front().is_some_and(|(text, _)| is(text)))
        else {
            return false;
        };
        queue.items.pop_front();
        queue.lapsed &= !queue.items.is_empty();
        queue.had = if queue.lapsed { queue.had } else { 0 };
        self.counts.delivered += 1;
        true
    }

    /// What is kept for those who fell behind, if each had a list of its own.
    pub(crate) fn kept(&self) -> usize {
        self.queues.values().map(|queue| queue.had).sum()
    }

    /// The most that waits for one subscriber, over all topics.
    pub(crate) fn held(&self, topics: &[&str]) -> usize {
        let of = |topic: &&str| {
            let own = self.queues.iter().filter(|((_, other), _)| other == topic);
            own.filter(|(_, queue)| !(queue.lapsed && self.policy.slow == Slow::DropNewest))
                .map(|(_, queue)| queue.cost())
                .max()
                .unwrap_or(0)
        };
        topics.iter().map(of).sum()
    }
}

enum Offered {
    Reached,
    Missed,
    Fell,
}

fn offer(policy: Policy, queue: &mut Queue, item: &Item, counts: &mut Counts) -> Offered {
    let is_full = queue.cost() + item.1 > policy.backlog;
    match policy.slow {
        Slow::Close if is_full => return Offered::Fell,
        Slow::DropNewest if is_full || queue.lapsed => {
            queue.had = if queue.lapsed { queue.had } else { queue.cost() };
            queue.lapsed = true;
            counts.dropped_newest += 1;
            return Offered::Missed;
        }
        Slow::DropOldest => {
            while queue.cost() + item.1 > policy.backlog {
                queue.items.pop_front();
                counts.dropped_oldest += 1;
            }
        }
        Slow::Coalesce if is_full || queue.lapsed => {
            queue.lapsed = true;
            counts.coalesced += queue.items.len() as u64;
            queue.items.clear();
        }
        _ => {}
    }
    queue.items.push_back(item.clone());
    Offered::Reached
}
