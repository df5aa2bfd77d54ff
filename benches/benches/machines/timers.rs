//! The loop's deadlines: its timing wheel alone, and what they add to a round trip.

// The wheel is private to the loop; this is the very file, compiled once more.
#[path = "../../../reactor/src/timers.rs"]
#[expect(dead_code, reason = "the loop uses more of it than is measured here")]
mod wheel;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use readily::Machine;
use readily::echo::Echo;
use readily::sys::sim::Rng;
use readily_benches::simulated::{BATCH, World};

use crate::size::{count, crowds};
use wheel::{Key, Nanos, Timers};

/// How far ahead each deadline is: a minute, as that of an idle connection is.
const AHEAD: Nanos = 60_000_000_000;

/// How much later each deadline is moved than the one before: the time of one event of a busy loop.
const EVENT: Nanos = 1_000;

/// How many connections talk where a whole loop is measured.
const CONNECTIONS: usize = 1_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(1));
    for armed in crowds() {
        fire::<Wheel>(&mut group, "readily's wheel", armed);
        fire::<Tree>(&mut group, "a BTreeSet", armed);
        move_later::<Wheel>(&mut group, "readily's wheel", armed);
        move_later::<Tree>(&mut group, "a BTreeSet", armed);
    }
    group.throughput(Throughput::Elements(BATCH as u64));
    round_trip(&mut group, "without deadlines", || Forever::Echo(Echo));
    round_trip(&mut group, "each moves its own later", || Limited::Echo(Echo));
    group.finish();
}

/// Deadlines of numbered connections, however they are kept.
trait Deadlines {
    fn new() -> Self;
    fn arm(&mut self, at: Nanos, name: u32);
    fn move_later(&mut self, at: Nanos, name: u32);
    fn due(&mut self, now: Nanos) -> Option<u32>;
}

struct Wheel {
    timers: Timers<u32>,
    keys: Vec<Key>,
}

impl Deadlines for Wheel {
    fn new() -> Self {
        Wheel { timers: Timers::new(), keys: Vec::new() }
    }

    fn arm(&mut self, at: Nanos, name: u32) {
        let index = name as usize;
        if index == self.keys.len() {
            self.keys.push(Key::NONE);
        }
        self.keys[index] = self.timers.arm(at, name);
    }

    fn move_later(&mut self, at: Nanos, name: u32) {
        self.timers.rearm(self.keys[name as usize], at);
    }

    fn due(&mut self, now: Nanos) -> Option<u32> {
        self.timers.due(now)
    }
}

/// What the standard library has for it.
struct Tree {
    order: BTreeSet<(Nanos, u32)>,
    times: Vec<Nanos>,
}

impl Deadlines for Tree {
    fn new() -> Self {
        Tree { order: BTreeSet::new(), times: Vec::new() }
    }

    fn arm(&mut self, at: Nanos, name: u32) {
        let index = name as usize;
        if index == self.times.len() {
            self.times.push(at);
        }
        self.times[index] = at;
        self.order.insert((at, name));
    }

    fn move_later(&mut self, at: Nanos, name: u32) {
        let before = std::mem::replace(&mut self.times[name as usize], at);
        self.order.remove(&(before, name));
        self.order.insert((at, name));
    }

    fn due(&mut self, now: Nanos) -> Option<u32> {
        let (at, name) = *self.order.first()?;
        (at <= now).then(|| self.order.pop_first())?;
        Some(name)
    }
}

/// Deadlines with a clock.
struct Armed<D> {
    deadlines: D,
    now: Nanos,
    armed: usize,
    rng: Rng,
}

impl<D: Deadlines> Armed<D> {
    /// Their times are spread over a minute.
    fn new(armed: usize) -> Self {
        let mut all = Armed { deadlines: D::new(), now: 0, armed, rng: Rng::new(3) };
        for name in 0..armed {
            let at = AHEAD * (name as u64 + 1) / armed as u64;
            all.deadlines.arm(at, name as u32);
        }
        all
    }

    /// Lets the next one fire, and arms it again.
    fn fire(&mut self) -> u32 {
        loop {
            if let Some(name) = self.deadlines.due(self.now) {
                self.deadlines.arm(self.now + AHEAD, name);
                return name;
            }
            self.now += AHEAD / self.armed as u64;
        }
    }

    /// Something happens on a connection: its deadline is a minute away again.
    fn move_later(&mut self) -> Option<u32> {
        self.now += EVENT;
        let name = self.rng.index(self.armed) as u32;
        self.deadlines.move_later(self.now + AHEAD, name);
        self.deadlines.due(self.now)
    }
}

/// Each in its turn, and again in the next minute.
fn check_fire<D: Deadlines>(all: &mut Armed<D>) {
    for round in 0..2 {
        let mut fired: Vec<u32> = (0..all.armed).map(|_| all.fire()).collect();
        fired.sort_unstable();
        assert!(fired.iter().copied().eq(0..all.armed as u32), "not each fired in round {round}");
    }
}

fn fire<D: Deadlines>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, armed: usize) {
    let mut all = None;
    group.bench_function(BenchmarkId::new(format!("{name}, fire and arm"), of(armed)), |b| {
        let all = all.get_or_insert_with(|| {
            let mut all = Armed::<D>::new(armed);
            check_fire(&mut all);
            all
        });
        b.iter(|| black_box(all.fire()));
    });
}

fn move_later<D: Deadlines>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, armed: usize) {
    let mut all = None;
    group.bench_function(BenchmarkId::new(format!("{name}, move later"), of(armed)), |b| {
        let all = all.get_or_insert_with(|| {
            check_fire(&mut Armed::<D>::new(1_000));
            let mut all = Armed::<D>::new(armed);
            // Each has moved at least once before it could fire.
            (0..armed as u32).for_each(|name| all.deadlines.move_later(AHEAD, name));
            all
        });
        b.iter(|| assert_eq!(all.move_later(), None, "it fired although it was moved"));
    });
}

fn of(armed: usize) -> String {
    format!("{} armed", count(armed))
}

#[derive(Machine)]
enum Forever {
    Echo(Echo),
}

#[derive(Machine)]
enum Limited {
    #[deadline(idle = "60s")]
    Echo(Echo),
}

/// Round trips of a whole loop, a millisecond after each few.
fn round_trip<M: Machine<App = readily::Alone<M>> + 'static>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    accept: fn() -> M,
) {
    let mut world = None;
    let id = BenchmarkId::new("a loop's round trips", name);
    group.bench_function(id, |b| {
        let (world, clients) = world.get_or_insert_with(|| {
            let mut world = World::new(accept).expect("a loop in memory");
            let clients = world.connect(CONNECTIONS).expect("the clients connect");
            (world, clients)
        });
        b.iter(|| {
            world.talk(clients, BATCH).expect("each byte comes back");
            world.pass(Duration::from_millis(1));
        });
        assert_eq!(world.open(), CONNECTIONS as u64, "a connection was ended");
    });
}
