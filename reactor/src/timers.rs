//! Deadlines: a hierarchical timing wheel, with O(1) arm, re-arm and disarm.
//!
//! Four levels of 64 buckets of 1 ms, 64 ms, 4.1 s and 4.4 min; what lies beyond 4.6 h waits in the
//! last level and is sorted in again when its bucket comes up. An entry fires in the first
//! millisecond that begins at or after its time: never early, at most 1 ms late by the wheel
//! itself.

/// Nanoseconds since the loop began.
pub(crate) type Nanos = u64;

/// No deadline.
pub(crate) const NEVER: Nanos = u64::MAX;

const TICK: Nanos = 1_000_000;
const BITS: u32 = 6;
const BUCKETS: usize = 1 << BITS;
const LEVELS: usize = 4;
const SPAN: u64 = 1 << (BITS * LEVELS as u32);
const NIL: u32 = u32::MAX;

/// An armed deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Key(u32);

impl Key {
    /// Of nothing that is armed.
    pub(crate) const NONE: Key = Key(NIL);

    pub(crate) fn is_none(self) -> bool {
        self == Key::NONE
    }
}

/// All deadlines of a loop, each with what it is for.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    nodes: slab::Slab<Node<T>>,
    levels: [Level; LEVELS],
    /// The next tick that was not handled yet.
    tick: u64,
    /// No entry is due before this tick; it may be too early, and is looked up anew when it has
    /// come.
    soonest: u64,
}

#[derive(Debug)]
struct Node<T> {
    tick: u64,
    what: T,
    previous: u32,
    next: u32,
    bucket: u16,
}

#[derive(Debug)]
struct Level {
    heads: [u32; BUCKETS],
    tails: [u32; BUCKETS],
    occupied: u64,
}

impl<T: Copy> Timers<T> {
    pub(crate) fn new() -> Self {
        let level = || Level { heads: [NIL; BUCKETS], tails: [NIL; BUCKETS], occupied: 0 };
        Timers {
            nodes: slab::Slab::new(),
            levels: [level(), level(), level(), level()],
            tick: 0,
            soonest: u64::MAX,
        }
    }

    /// How many are armed.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Arms one more.
    pub(crate) fn arm(&mut self, at: Nanos, what: T) -> Key {
        let tick = at.div_ceil(TICK);
        let key =
            self.nodes.insert(Node { tick, what, previous: NIL, next: NIL, bucket: 0 }) as u32;
        self.place(key);
        Key(key)
    }

    /// Moves one that is armed.
    pub(crate) fn rearm(&mut self, key: Key, at: Nanos) {
        self.unlink(key.0);
        self.nodes[key.0 as usize].tick = at.div_ceil(TICK);
        self.place(key.0);
    }

    /// Forgets one that is armed.
    pub(crate) fn disarm(&mut self, key: Key) {
        self.unlink(key.0);
        self.nodes.remove(key.0 as usize);
    }

    /// Takes out one that is due; its key is no longer armed.
    #[inline]
    pub(crate) fn due(&mut self, now: Nanos) -> Option<T> {
        if now < self.soonest.saturating_mul(TICK) {
            return None;
        }
        let due = self.due_at(now / TICK);
        if due.is_none() {
            self.soonest = self.next_tick().unwrap_or(u64::MAX);
        }
        due
    }

    fn due_at(&mut self, now: u64) -> Option<T> {
        loop {
            let bucket = (self.tick % BUCKETS as u64) as usize;
            let head = self.levels[0].heads[bucket];
            if head != NIL && self.tick <= now {
                self.unlink(head);
                return Some(self.nodes.remove(head as usize).what);
            }
            let next = self.next_tick().filter(|next| *next <= now);
            let Some(next) = next else {
                self.skip_to(now + 1);
                return None;
            };
            self.skip_to(next);
        }
    }

    /// When the next one may be due, at the latest: a wait that long does not miss it. Never if
    /// there is none.
    #[inline]
    pub(crate) fn next(&self) -> Nanos {
        self.soonest.saturating_mul(TICK)
    }

    /// The next tick at which something fires or a bucket of a higher level must be sorted in.
    fn next_tick(&self) -> Option<u64> {
        let mut least: Option<u64> = None;
        for (at, level) in self.levels.iter().enumerate() {
            if level.occupied == 0 {
                continue;
            }
            let shift = BITS * at as u32;
            let here = self.tick >> shift;
            let rotated = level.occupied.rotate_right((here % BUCKETS as u64) as u32);
            // The bucket in which a higher level stands now was sorted in already: what is in it
            // lies one turn of that level ahead.
            let ahead = match (at, rotated & !1) {
                (0, _) => rotated.trailing_zeros(),
                (_, 0) => BUCKETS as u32,
                (_, later) => later.trailing_zeros(),
            };
            let tick = (here + u64::from(ahead)) << shift;
            least = Some(least.map_or(tick, |least| least.min(tick)));
        }
        least
    }

    /// Moves on to `tick`, before which nothing fires, and sorts in what begins there.
    fn skip_to(&mut self, tick: u64) {
        let from = self.tick;
        self.tick = tick.max(from);
        for at in (1..LEVELS).rev() {
            let shift = BITS * at as u32;
            if from >> shift != self.tick >> shift {
                let bucket = ((self.tick >> shift) % BUCKETS as u64) as usize;
                let mut key = std::mem::replace(&mut self.levels[at].heads[bucket], NIL);
                self.levels[at].tails[bucket] = NIL;
                self.levels[at].occupied &= !(1 << bucket);
                while key != NIL {
                    let next = self.nodes[key as usize].next;
                    self.place(key);
                    key = next;
                }
            }
        }
    }

    fn place(&mut self, key: u32) {
        let tick = self.nodes[key as usize].tick.clamp(self.tick, self.tick + SPAN - 1);
        self.soonest = self.soonest.min(tick);
        let distance = tick ^ self.tick;
        let level = match distance {
            0..=63 => 0,
            _ => ((63 - distance.leading_zeros()) / BITS).min(LEVELS as u32 - 1) as usize,
        };
        let bucket = ((tick >> (BITS * level as u32)) % BUCKETS as u64) as usize;
        // Behind the others, so that those of one time fire in the order they were armed in.
        let tail = std::mem::replace(&mut self.levels[level].tails[bucket], key);
        self.levels[level].occupied |= 1 << bucket;
        match tail {
            NIL => self.levels[level].heads[bucket] = key,
            tail => self.nodes[tail as usize].next = key,
        }
        let node = &mut self.nodes[key as usize];
        (node.previous, node.next) = (tail, NIL);
        node.bucket = (level * BUCKETS + bucket) as u16;
    }

    fn unlink(&mut self, key: u32) {
        let Node { previous, next, bucket, .. } = self.nodes[key as usize];
        let (level, bucket) = (bucket as usize / BUCKETS, bucket as usize % BUCKETS);
        if previous == NIL {
            self.levels[level].heads[bucket] = next;
            if next == NIL {
                self.levels[level].occupied &= !(1 << bucket);
            }
        } else {
            self.nodes[previous as usize].next = next;
        }
        match next {
            NIL => self.levels[level].tails[bucket] = previous,
            next => self.nodes[next as usize].previous = previous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(timers: &mut Timers<u64>, now: Nanos) -> Vec<u64> {
        let mut fired: Vec<u64> = std::iter::from_fn(|| timers.due(now)).collect();
        fired.sort_unstable();
        fired
    }

    #[test]
    fn each_fires_in_its_millisecond_and_never_early() {
        let times =
            [0, 1, 999_999, TICK, 63 * TICK, 64 * TICK, 65 * TICK, 4096 * TICK, 5000 * TICK];
        let far = [1 << 40, 1 << 44, (1 << 44) + TICK, SPAN * TICK, 3 * SPAN * TICK + 5];
        for at in times.into_iter().chain(far) {
            let mut timers = Timers::new();
            timers.arm(at, at);
            let due = at.div_ceil(TICK) * TICK;
            if due > 0 {
                assert_eq!(timers.due(due - 1), None, "{at} is early");
            }
            assert_eq!(timers.due(due), Some(at), "{at} is late");
            assert_eq!(timers.len(), 0);
        }
    }

    #[test]
    fn those_of_one_time_fire_in_the_order_they_were_armed_in() {
        for at in [5 * TICK, 100 * TICK, 5000 * TICK] {
            let mut timers = Timers::new();
            for name in 0..20 {
                timers.arm(at, name);
            }
            let order: Vec<u64> = std::iter::from_fn(|| timers.due(at)).collect();
            assert_eq!(order, (0..20).collect::<Vec<_>>(), "at {at}");
        }
    }

    #[test]
    fn it_agrees_with_a_sorted_list_over_random_operations() {
        for seed in 0..200_u64 {
            let mut state = seed;
            let mut random = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 20
            };
            let (mut timers, mut model, mut now) = (Timers::new(), Vec::new(), 0);
            for name in 0..300_u64 {
                let range =
                    [TICK, 100 * TICK, 10_000 * TICK, 100_000_000 * TICK][random() as usize % 4];
                match random() % 4 {
                    0 | 1 => {
                        let at = now + random() % range;
                        model.push((at, name, timers.arm(at, name)));
                    }
                    2 if !model.is_empty() => {
                        let at = random() as usize % model.len();
                        if random() % 2 == 0 {
                            timers.disarm(model.swap_remove(at).2);
                        } else {
                            model[at].0 = now + random() % range;
                            timers.rearm(model[at].2, model[at].0);
                        }
                    }
                    _ => {
                        now += random() % range;
                        let mut due: Vec<u64> = Vec::new();
                        model.retain(|(at, name, _)| {
                            let is_due = at.div_ceil(TICK) <= now / TICK;
                            if is_due {
                                due.push(*name);
                            }
                            !is_due
                        });
                        due.sort_unstable();
                        assert_eq!(fired(&mut timers, now), due, "seed {seed} at {now}");
                    }
                }
                let least = model.iter().map(|(at, ..)| at.div_ceil(TICK)).min();
                let next = timers.next() / TICK;
                let sleeps_past = least.is_some_and(|least| next > least);
                assert!(!sleeps_past, "seed {seed}: would sleep past {least:?} until {next:?}");
            }
        }
    }
}
