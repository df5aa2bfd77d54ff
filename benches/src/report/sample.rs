//! Results as a run might find them, for tests: who wins, loses, fails and is not there.

use crate::results::{
    Counted, Entry, Idle, Machine, Offered, Outcome, Percentiles, Results, Role, Round, Scaling,
    Work,
};
use crate::summary::percentiles;

/// Four works of three groups.
pub(crate) fn results() -> Results {
    Results {
        date: "Sun, 22 Nov 2026 18:40:00 GMT".to_owned(),
        took_seconds: 1_872.4,
        command: "cargo run --release -p readily-benches --bin compare".to_owned(),
        machine: machine(),
        works: vec![null(), echo(), connect(), http(), proxy()],
    }
}

/// A server with nothing read yet.
pub(crate) fn entry(label: &str, role: Role) -> Entry {
    Entry {
        label: label.to_owned(),
        role,
        version: "tokio 1.54.0".to_owned(),
        source: "benches/src/bin/peer_tokio/echo.rs".to_owned(),
        commands: vec![
            "peer_tokio echo --listen 127.0.0.1:0".to_owned(),
            "load --connect ADDR --connections 64 --size 1024 --seconds 1".to_owned(),
        ],
        outcome: Outcome::Measured,
        notes: Vec::new(),
        connections: 64,
        rounds: Vec::new(),
        latencies: Vec::new(),
        offered: Vec::new(),
        scaling: Vec::new(),
        idle: Vec::new(),
        held: None,
        counted: Counted::default(),
    }
}

/// A work without entries.
pub(crate) fn work(name: &str, title: &str, group: &str, unit: &str) -> Work {
    Work {
        name: name.to_owned(),
        title: title.to_owned(),
        group: group.to_owned(),
        unit: unit.to_owned(),
        notes: Vec::new(),
        entries: Vec::new(),
    }
}

/// A round of `per_second` units at `cpu_us` each, and a p99.
pub(crate) fn round(per_second: f64, cpu_us: f64, p99: f64) -> Round {
    Round {
        per_second,
        cpu_us,
        server_busy: per_second * cpu_us / 1e6,
        generator_busy: 0.9,
        switches: 0.02,
        latency: Percentiles { p50: p99 / 2.0, p99, ..Percentiles::default() },
    }
}

/// A rate at which the p99 was this.
pub(crate) fn offered(rate: f64, achieved: f64, p99: f64) -> Offered {
    let intended = Percentiles {
        p50: p99 / 3.0,
        p90: p99 / 1.5,
        p99,
        p999: p99 * 1.8,
        p9999: p99 * 2.7,
        max: p99 * 4.0,
    };
    let sent = Percentiles { p99: p99 * 0.8, p999: p99 * 1.2, ..intended };
    Offered { rate, achieved, intended, sent, latencies: latencies(p99 / 3.0, 2_000) }
}

/// How much each round differs from the middle one.
const WOBBLE: [f64; 5] = [1.0, 0.97, 1.04, 0.99, 1.02];

/// Five rounds around these figures, with latencies to match.
fn timed(label: &str, role: Role, per_second: f64, cpu_us: f64) -> Entry {
    let middle = 64.0 * 1e6 / per_second;
    let of = percentiles(&latencies(middle, 20_000));
    // No two servers have their best round at the same time.
    let mut wobble = WOBBLE;
    wobble.rotate_left(label.len() % WOBBLE.len());
    let rounds = wobble.map(|wobble| Round {
        latency: Percentiles { p99: of.p99 / wobble, p999: of.p999 * wobble, ..of },
        generator_busy: 0.8 + wobble / 20.0,
        ..round(per_second * wobble, cpu_us / wobble, 0.0)
    });
    let rounds = rounds.into();
    Entry { rounds, latencies: latencies(middle, 100_000), ..entry(label, role) }
}

/// Latencies with a long tail around a middle in microseconds.
fn latencies(middle: f64, units: u64) -> Vec<(u64, u64)> {
    let mut left = units;
    let mut latencies = Vec::new();
    for step in 0..160_u32 {
        let nanos = middle * 600.0 * 1.035f64.powf(f64::from(step));
        let share = if step < 15 { 0.045 } else { 0.062 };
        let count = ((left as f64 * share).ceil() as u64).min(left);
        left -= count;
        if count > 0 {
            latencies.push((nanos as u64, count));
        }
    }
    latencies
}

/// With the rates, the numbers of connections and the counts that the full run takes.
fn whole(entry: Entry, bytes: f64, instructions: f64) -> Entry {
    let Some(first) = entry.rounds.first().copied() else { return entry };
    let rates = [8_000.0, 24_000.0, 40_000.0, 56_000.0, 64_000.0, 72_000.0, 80_000.0, 88_000.0];
    let rates = rates.into_iter().take_while(|rate| *rate < first.per_second * 1.3);
    let offered = rates.map(|rate| {
        let room = 1.0 - rate / (first.per_second * 1.05);
        let p99 = if room > 0.02 { 60.0 * first.cpu_us.sqrt() / room } else { 400_000.0 };
        offered(rate, rate.min(first.per_second), p99)
    });
    let scaling = [1, 4, 16, 64, 256, 1_024, 4_096, 15_000].map(|connections| Scaling {
        connections,
        per_second: first.per_second,
        cpu_us: first.cpu_us * (0.9 + (connections as f64).log10().powi(2) / 12.0)
            + 4.0 / connections as f64,
    });
    let idle = [(1_000, 1.2), (15_000, 1.0)].map(|(connections, more)| Idle {
        connections,
        bytes_each: bytes * more,
        cpu_us: Some(first.cpu_us * 1.05),
    });
    Entry {
        held: Some(if bytes > 10_000.0 { 15_000 } else { 19_900 }),
        offered: offered.collect(),
        scaling: scaling.into(),
        idle: idle.into(),
        counted: Counted {
            instructions: Some(instructions),
            system_calls: Some(2.07),
            allocations: Some(if bytes > 1_000.0 { 5.0 } else { 0.0 }),
        },
        ..entry
    }
}

fn null() -> Work {
    let limit = timed("raw epoll", Role::Limit, 91_000.0, 9.1);
    Work {
        notes: vec!["What the generator can do at most is its rate by how busy it was.".to_owned()],
        entries: vec![limit],
        ..work("null", "The null run: 1 B echoes", "The generator itself", "round trip")
    }
}

/// The subject wins against tokio, is behind monoio in throughput, and has limits above it.
fn echo() -> Work {
    let blocking = Entry {
        connections: 1,
        notes: vec!["It serves one connection at a time, so it has one here.".to_owned()],
        ..timed("blocking, one at a time", Role::Peer, 31_000.0, 12.0)
    };
    let mut limited = timed("raw epoll", Role::Limit, 86_000.0, 9.6);
    for round in &mut limited.rounds {
        round.generator_busy = 0.99;
    }
    Work {
        notes: vec!["64 connections with one message of 1 KiB each.".to_owned()],
        entries: vec![
            whole(limited, 46.0, 62.0),
            blocking,
            whole(timed("thread per connection", Role::Peer, 52_000.0, 18.2), 10_240.0, 410.0),
            whole(timed("naive mio loop", Role::Peer, 79_500.0, 10.9), 1_120.0, 290.0),
            whole(timed("Readily", Role::Subject, 80_000.0, 10.4), 158.0, 332.0),
            whole(timed("tokio", Role::Peer, 69_000.0, 12.9), 16_718.0, 859.0),
            whole(timed("monoio, epoll", Role::Peer, 91_000.0, 10.6), 9_400.0, 640.0),
        ],
        ..work("echo-1k", "TCP echo, 1 KiB", "TCP echo", "round trip")
    }
}

fn connect() -> Work {
    Work {
        entries: vec![
            timed("Readily", Role::Subject, 12_000.0, 61.0),
            timed("tokio", Role::Peer, 12_100.0, 60.5),
        ],
        ..work("echo-connect", "TCP echo, a connection each", "TCP echo", "round trip")
    }
}

/// One fails, one is not installed, and a label has to be escaped.
fn http() -> Work {
    let failed = Outcome::Failed("the gate: status 500 <b>for</b> GET /plaintext".to_owned());
    let missing = Outcome::Missing("nginx is missing: apt-get install nginx".to_owned());
    Work {
        entries: vec![
            timed("raw epoll, httparse", Role::Limit, 78_000.0, 10.8),
            timed("Readily", Role::Subject, 71_000.0, 12.6),
            timed("hyper", Role::Peer, 52_000.0, 18.0),
            timed("hyper, 2 threads", Role::Peer, 54_000.0, 21.0),
            Entry { outcome: failed, ..timed("ntex <&\">", Role::Peer, 1.0, 1.0) },
            Entry { outcome: missing, ..entry("nginx", Role::Peer) },
        ],
        ..work("http-plain", "HTTP GET, plain text", "HTTP/1.1", "request")
    }
}

/// Here the subject is what fails.
fn proxy() -> Work {
    let failed = Outcome::Failed("round 2: the server has ended".to_owned());
    let absent = Outcome::Absent("It is not written yet.".to_owned());
    Work {
        entries: vec![
            Entry { outcome: failed, ..entry("Readily", Role::Subject) },
            timed("HAProxy", Role::Peer, 30_000.0, 31.0),
            Entry { outcome: absent, commands: vec![], ..entry("Readily, HTTP proxy", Role::Peer) },
        ],
        ..work("http-proxy", "HTTP proxy, GET, plain text", "Relay and proxy", "request")
    }
}

fn machine() -> Machine {
    let facts = [
        ("processor", "AMD EPYC"),
        ("cores", "2"),
        ("memory", "8 GiB"),
        ("system", "Linux 6.18"),
        ("compiler", "rustc 1.95.0"),
        ("profile", "release: lto = \"fat\", codegen-units = 1, overflow-checks = true"),
    ];
    Machine {
        facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        warnings: vec![
            "There are 2 cores: server and generator have one each.".to_owned(),
            "The frequency governor is not known, so clocks may change.".to_owned(),
        ],
    }
}
