//! One topic: its log, and who stands where in it.

use std::time::Instant;

use slab::Slab;

use super::super::Encoded;
use super::counts::Counts;
use super::kept::{Kept, Rest};
use super::log::{Log, charge};
use super::policy::{Policy, Refused, Slow};

/// One topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Box<str>,
    pub(super) policy: Policy,
    /// Whether it stays without subscribers.
    pub(super) is_open: bool,
    log: Log,
    seats: Slab<Seat>,
    /// The seats of those who have taken all, in the order in which they did.
    asleep: Vec<usize>,
    /// How many seats are [`Place::Latest`].
    latest: usize,
    /// How many seats are [`Place::Kept`].
    missing: usize,
    kept: Kept,
    /// What was published in the turn of this time, as it is charged.
    turn: Option<(Instant, usize)>,
}

/// One subscription.
#[derive(Debug)]
struct Seat {
    /// Whose it is: the index of a connection.
    member: u32,
    place: Place,
    /// Its position among those who are asleep.
    asleep_at: Option<usize>,
}

/// What a subscriber takes next.
#[derive(Debug)]
enum Place {
    /// The message of this number, or the oldest.
    At(u64),
    /// The newest: it fell behind, and is only told how things stand.
    Latest,
    /// What it had when it fell behind, with how many of them it has taken, and nothing that came
    /// later.
    Kept(Rest, usize),
}

/// What becomes of a subscriber that fell behind, besides what its topic does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It has to go.
    Goes,
    /// It has nothing to take any more.
    HasNothing,
}

impl Topic {
    pub(super) fn new(name: &str, policy: Policy) -> Self {
        Topic {
            name: name.into(),
            policy,
            is_open: false,
            log: Log::default(),
            seats: Slab::new(),
            asleep: Vec::new(),
            latest: 0,
            missing: 0,
            kept: Kept::default(),
            turn: None,
        }
    }

    /// Whether nobody would miss it.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_open && self.seats.is_empty()
    }

    pub(super) fn subscribers(&self) -> usize {
        self.seats.len()
    }

    /// What waits in its log and besides it, as it is charged.
    pub(super) fn held(&self) -> usize {
        self.log.charge() + self.kept.charge()
    }

    /// A seat for somebody, who has nothing to take yet.
    pub(super) fn enter(&mut self, member: u32) -> usize {
        let place = Place::At(self.log.enter());
        let at = self.seats.insert(Seat { member, place, asleep_at: None });
        self.sleep(at);
        at
    }

    /// Gives a seat up; whether something waited for it.
    pub(super) fn leave(&mut self, at: usize) -> bool {
        self.unlist(at);
        let Some(seat) = self.seats.try_remove(at) else { return false };
        match seat.place {
            Place::At(cursor) => self.log.leave(cursor),
            Place::Latest => self.latest -= 1,
            Place::Kept(rest, _) => {
                self.missing -= 1;
                self.kept.release(rest);
            }
        }
        self.trim();
        seat.asleep_at.is_none()
    }

    /// What the subscriber of that seat takes next.
    #[inline]
    pub(super) fn next(&self, at: usize) -> Option<&Encoded> {
        match &self.seats.get(at)?.place {
            Place::At(cursor) => self.log.at(*cursor),
            Place::Latest => self.log.last(),
            Place::Kept(rest, taken) => rest.get(*taken),
        }
    }

    /// It has taken that; whether there is nothing more.
    #[inline]
    pub(super) fn taken(&mut self, at: usize) -> bool {
        let Some(seat) = self.seats.get_mut(at) else { return false };
        let has_all = match &mut seat.place {
            Place::At(cursor) => {
                *cursor = self.log.step(*cursor);
                *cursor == self.log.end()
            }
            Place::Latest => {
                self.latest -= 1;
                seat.place = Place::At(self.log.enter());
                true
            }
            Place::Kept(rest, taken) => {
                *taken += 1;
                let is_last = *taken == rest.len();
                if is_last {
                    let place = std::mem::replace(&mut seat.place, Place::At(self.log.enter()));
                    self.missing -= 1;
                    if let Place::Kept(rest, _) = place {
                        self.kept.release(rest);
                    }
                }
                is_last
            }
        };
        if has_all {
            self.sleep(at);
        }
        self.trim();
        has_all
    }

    /// Whether a message may be published now.
    pub(super) fn admit(&mut self, message: &Encoded, now: Instant) -> Result<(), Refused> {
        let size = charge(message);
        if size > self.policy.burst() {
            return Err(Refused::TooLarge);
        }
        if size > self.burst_left(now) {
            return Err(Refused::Burst);
        }
        self.turn = Some((now, self.published(now) + size));
        Ok(())
    }

    /// How much may be published in this turn.
    pub(super) fn burst_left(&self, now: Instant) -> usize {
        match self.policy.slow {
            // Nobody was asked to take any of it since: they would be called slow for what they
            // cannot know of. Half a backlog, since some are asked only in the turn that follows.
            Slow::Close | Slow::DropNewest => {
                self.policy.burst().saturating_sub(self.published(now))
            }
            Slow::DropOldest | Slow::Coalesce => self.policy.burst(),
        }
    }

    /// What was published in this turn and not taken by all.
    fn published(&self, now: Instant) -> usize {
        let published = self.turn.filter(|(at, _)| *at == now).map_or(0, |(_, size)| size);
        published.min(self.log.charge())
    }

    /// Whether there is room for a message, when all is done that costs nobody anything.
    pub(super) fn has_room(&self, message: &Encoded) -> bool {
        self.log.charge() + charge(message) <= self.policy.backlog
    }

    /// Makes some room: the slowest meet the policy. Gives the members back of whom that is not
    /// all.
    pub(super) fn make_room(&mut self, counts: &mut Counts) -> Vec<(u32, Fate)> {
        let behind = u64::from(self.log.readers_at_front());
        if behind == 0 || self.policy.slow == Slow::DropOldest {
            counts.dropped_oldest += behind;
            self.log.drop_front();
            return Vec::new();
        }
        let seats: Vec<usize> = self.slowest().collect();
        if self.policy.slow == Slow::Close {
            let member = |at| Some((self.seats.get(at)?.member, Fate::Goes));
            return seats.into_iter().filter_map(member).collect();
        }
        let mut fates = Vec::new();
        if self.policy.slow == Slow::DropNewest {
            fates = self.keep_rest_of(seats, counts);
        } else {
            self.coalesce(seats, counts);
        }
        self.log.trim(0);
        fates
    }

    /// Those who stand at the front keep what they have, as far as there is room for it besides the
    /// log, and miss what comes.
    fn keep_rest_of(&mut self, seats: Vec<usize>, counts: &mut Counts) -> Vec<(u32, Fate)> {
        let rest = self.kept.keep(self.log.messages(), self.policy.backlog);
        let dropped = (self.log.len() - rest.len()) as u64;
        let mut fates = Vec::new();
        for at in seats {
            let Some(seat) = self.seats.get_mut(at) else { continue };
            let Place::At(cursor) = seat.place else { continue };
            self.log.leave(cursor);
            counts.dropped_newest += dropped;
            if rest.is_empty() {
                seat.place = Place::At(self.log.enter());
                fates.push((seat.member, Fate::HasNothing));
                self.sleep(at);
            } else {
                seat.place = Place::Kept(rest.clone(), 0);
                self.missing += 1;
            }
        }
        fates
    }

    /// Those who stand at the front are told how things stand, and no more.
    fn coalesce(&mut self, seats: Vec<usize>, counts: &mut Counts) {
        let waiting = self.log.len() as u64;
        for at in seats {
            let Some(seat) = self.seats.get_mut(at) else { continue };
            let Place::At(cursor) = seat.place else { continue };
            seat.place = Place::Latest;
            self.latest += 1;
            // One is counted as soon as a newer one comes, as for those who are there already.
            counts.coalesced += waiting - 1;
            self.log.leave(cursor);
        }
    }

    /// Appends a message, and says for how many it is; `wake` is told whose they are that have
    /// something to take now and had nothing before.
    pub(super) fn append(
        &mut self,
        message: &Encoded,
        counts: &mut Counts,
        mut wake: impl FnMut(u32),
    ) -> usize {
        counts.coalesced += self.latest as u64;
        counts.dropped_newest += self.missing as u64;
        let reached = self.seats.len() - self.missing;
        if reached == 0 {
            return 0;
        }
        self.log.push(message.clone());
        for at in self.asleep.drain(..) {
            if let Some(seat) = self.seats.get_mut(at) {
                seat.asleep_at = None;
                wake(seat.member);
            }
        }
        self.trim();
        reached
    }

    /// The seats of those who take the oldest message next.
    fn slowest(&self) -> impl Iterator<Item = usize> {
        let is_behind = |seat: &Seat| match seat.place {
            Place::At(cursor) => self.log.is_at_front(cursor),
            Place::Latest | Place::Kept(..) => false,
        };
        self.seats.iter().filter(move |(_, seat)| is_behind(seat)).map(|(at, _)| at)
    }

    /// Frees what nobody takes; the newest is kept for those who are told only that.
    #[inline]
    fn trim(&mut self) {
        self.log.trim(usize::from(self.latest > 0));
    }

    fn sleep(&mut self, at: usize) {
        if let Some(seat) = self.seats.get_mut(at) {
            seat.asleep_at = Some(self.asleep.len());
            self.asleep.push(at);
        }
    }

    /// Takes a seat out of the list of those who are asleep.
    fn unlist(&mut self, at: usize) {
        let Some(place) = self.seats.get(at).and_then(|seat| seat.asleep_at) else { return };
        self.asleep.swap_remove(place);
        if let Some(moved) = self.asleep.get(place)
            && let Some(moved) = self.seats.get_mut(*moved)
        {
            moved.asleep_at = Some(place);
        }
    }
}
