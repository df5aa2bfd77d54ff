//! One pass of a relay: what one end has received waits to be sent by the other.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use readily::relay::Relay;
use readily::{Id, Machine, Peer, Tx};

use crate::size::bytes;
use readily_benches::line::{self, Line};

/// How many bytes one read brought.
const SIZES: [usize; 2] = [1024, 64 * 1024];

/// Half a page: copies between the same places of two pages are slow on some processors.
const ASIDE: usize = 2048;

/// Where the other end is.
const OTHER: Id = Id { index: 1, generation: 1 };

#[derive(Machine)]
enum Conn {
    Relay(Relay),
}

/// What the other end has not sent yet when the pass begins.
#[derive(Clone, Copy)]
enum Behind {
    Nothing,
    OneByte,
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay");
    for size in SIZES {
        let payload: Vec<u8> = (0..size).map(|at| at as u8).collect();
        group.throughput(Throughput::Bytes(size as u64));
        for (name, behind) in [
            ("readily, nothing waits", Behind::Nothing),
            ("readily, behind a byte that waits", Behind::OneByte),
        ] {
            let mut relay = Linked::new(&payload, behind);
            relay.check(&payload);
            group.bench_function(BenchmarkId::new(name, bytes(size)), |b| {
                b.iter(|| assert_eq!(relay.pass(|piece| _ = black_box(piece)), relay.expected()));
            });
        }
        let mut copy = vec![0; ASIDE + size];
        let copy = &mut copy[ASIDE..];
        copy.copy_from_slice(&payload);
        assert!(copy == payload, "the copy is another one");
        group.bench_function(BenchmarkId::new("one copy of the bytes", bytes(size)), |b| {
            b.iter(|| black_box(&mut *copy).copy_from_slice(black_box(&payload)));
        });
    }
    group.finish();
}

/// One end, and what the other has to send.
struct Linked {
    line: Line<Conn>,
    other: Tx,
    behind: Behind,
    size: usize,
}

impl Linked {
    /// With `payload` in each block that is used, as if it had been read there: reading is not a
    /// part of the pass.
    fn new(payload: &[u8], behind: Behind) -> Self {
        let mut other = line::sender();
        other.fill(payload.len(), |to| {
            to.copy_from_slice(payload);
            0
        });
        let mut line = Line::linked(Conn::Relay(Relay));
        line::read(&mut line.rx, payload);
        line.rx.consume(payload.len());
        Linked { line, other, behind, size: payload.len() }
    }

    /// Passes on what was read, sends all that waits, and says how many bytes that were.
    fn pass(&mut self, mut sent: impl FnMut(&[u8])) -> usize {
        let Linked { line, other, behind, size } = self;
        if let Behind::OneByte = behind {
            other.write(b"\0");
        }
        assert!(line.rx.rewind(), "something was left");
        line.rx.commit(*size);
        line.call(Peer::Open { id: OTHER, tx: other });
        let mut n = 0;
        line::drain(other, &mut line.rx, |piece| {
            sent(piece);
            n += piece.len();
        });
        n
    }

    fn expected(&self) -> usize {
        self.size + usize::from(matches!(self.behind, Behind::OneByte))
    }

    /// Two passes, so that each block has had its turn.
    fn check(&mut self, payload: &[u8]) {
        for _ in 0..2 {
            let mut all = Vec::new();
            self.pass(|piece| all.extend_from_slice(piece));
            assert_eq!(all.len(), self.expected());
            assert!(all.ends_with(payload), "what came out is not what was read");
        }
    }
}
