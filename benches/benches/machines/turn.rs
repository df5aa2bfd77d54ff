//! Turns of the whole loop on the simulated network: what is quiet must cost nothing.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use readily::Machine;
use readily::echo::Echo;
use readily::sys::sim::ClientId;
use readily_benches::simulated::{BATCH, World};

use crate::size::{count, crowds};

/// A million round trips take a fifth of a second or more.
const SAMPLES: usize = 10;
const MEASUREMENT: Duration = Duration::from_secs(3);

/// How many speak at once when all of them do: as many events as one wait gives.
const WAVE: usize = 1024;

#[derive(Machine)]
enum Conn {
    Echo(Echo),
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("turn");
    group.sample_size(SAMPLES).measurement_time(MEASUREMENT);
    for connections in crowds() {
        // Built once, by the first of both that is asked for.
        let mut crowd = None;
        let of = format!("{} connections", count(connections));

        group.throughput(Throughput::Elements(BATCH as u64));
        group.sampling_mode(SamplingMode::Auto);
        group.bench_function(BenchmarkId::new(format!("{BATCH} of them speak"), &of), |b| {
            let (world, clients) = crowd.get_or_insert_with(|| gather(connections));
            b.iter(|| world.talk(clients, BATCH).expect("each byte comes back"));
        });

        group.throughput(Throughput::Elements(connections as u64));
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(BenchmarkId::new("each of them speaks", &of), |b| {
            let (world, clients) = crowd.get_or_insert_with(|| gather(connections));
            b.iter(|| all_speak(world, clients));
        });
    }
    group.finish();
}

/// That many connections, each of which has echoed once.
fn gather(connections: usize) -> (World<Conn>, Vec<ClientId>) {
    let mut world = World::new(|| Conn::Echo(Echo)).expect("a loop in memory");
    let clients = world.connect(connections).expect("the clients connect");
    assert_eq!(world.open(), connections as u64, "not each was accepted");
    all_speak(&mut world, &clients);
    (world, clients)
}

fn all_speak(world: &mut World<Conn>, clients: &[ClientId]) {
    for wave in clients.chunks(WAVE) {
        world.exchange(wave.iter().copied()).expect("each byte comes back");
    }
}
