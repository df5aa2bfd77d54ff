//! Connections that come and go: slots are freed and used again.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use readily::Machine;
use readily::echo::Echo;
use readily_benches::simulated::{BATCH, World};

/// How many stay.
const HELD: usize = 1_000;

#[derive(Machine)]
enum Conn {
    Echo(Echo),
}

/// As large as a slot of the loop that is measured.
type Value = [u8; World::<Conn>::slot_size()];

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("slab");
    group.throughput(Throughput::Elements(BATCH as u64));
    let beside = format!("{BATCH} at a time");

    let mut world = None;
    group.bench_function(BenchmarkId::new("a loop, connect and close", &beside), |b| {
        let world = world.get_or_insert_with(|| {
            let mut world = World::new(|| Conn::Echo(Echo)).expect("a loop in memory");
            world.connect(HELD).expect("the clients connect");
            world
        });
        b.iter(|| {
            let clients = world.connect(BATCH).expect("the clients connect");
            world.close(&clients).expect("the loop lets them go");
        });
        assert_eq!(world.open(), HELD as u64, "not as many are left as stay");
    });

    let mut slab = ::slab::Slab::new();
    (0..HELD).for_each(|_| _ = slab.insert(value(0)));
    group.bench_function(BenchmarkId::new("the slab crate, insert and remove", &beside), |b| {
        b.iter(|| {
            let keys: [usize; BATCH] = std::array::from_fn(|at| slab.insert(value(at)));
            for (at, key) in keys.into_iter().enumerate() {
                assert_eq!(black_box(slab.remove(key))[0], at as u8, "not what was put there");
            }
        });
        assert_eq!(slab.len(), HELD, "not as many are left as stay");
    });
    group.finish();
}

fn value(at: usize) -> Value {
    black_box([at as u8; World::<Conn>::slot_size()])
}
