//! One run: open, hold, talk once more, close.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use readily_benches::cli::LISTENING_ON;
use readily_benches::failure::Failure;
use readily_benches::process::{self, Process};
use readily_benches::scratch::Scratch;
use rustix::process::{Pid, Signal, getpid};

use crate::crowd::{Crowd, Order};
use crate::ground::Ground;
use crate::memory::Memory;
use crate::outcome::Outcome;
use crate::serve::Census;

/// Round trips on connections chosen at random.
const CHOSEN: usize = 10_000;
/// How long nothing is done while all connections are open.
const HELD: Duration = Duration::from_secs(5);
const SERVER_LIMIT: Duration = Duration::from_secs(120);

/// Takes every figure.
pub(crate) fn run(ground: &Ground) -> Result<Outcome, Failure> {
    let scratch = Scratch::new()?;
    let began = Instant::now();
    let before = Memory::now()?;
    let mut server = start(ground, &scratch)?;
    let at = server.line_within(SERVER_LIMIT)?;
    let at = at.strip_prefix(LISTENING_ON).and_then(|at| at.parse().ok());
    let at = at.ok_or_else(|| Failure::failed("the server does not say where it listens"))?;
    let crowd = Crowd::gather(at, ground.members)?;
    let taken = take(ground, &crowd, server.pid(), before);
    let mut outcome = taken.map_err(|failure| server.explain(failure))?;
    server.signal(Signal::TERM)?;
    let censuses: Vec<Census> = serde_json::from_str(&server.line_within(SERVER_LIMIT)?)
        .map_err(|error| Failure::failed(error).during("what the server counted"))?;
    server.succeed_within(SERVER_LIMIT)?;
    outcome.count(&censuses);
    outcome.seconds = began.elapsed().as_secs_f64();
    Ok(outcome)
}

fn start(ground: &Ground, scratch: &Scratch) -> Result<Process, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--listen", "127.0.0.1:0", "--loops", &ground.loops.to_string()]);
    Process::start("million serve", &mut command, scratch)
}

fn take(ground: &Ground, crowd: &Crowd, pid: Pid, before: Memory) -> Result<Outcome, Failure> {
    let server_before = process::resident_bytes(pid)?;
    let bar = bar(ground.connections);
    let few = CHOSEN.min(ground.connections);
    let opening = open(crowd, few, &bar)?;
    let cpu_few = again(crowd, pid)?;
    let opening = opening + open(crowd, ground.connections, &bar)?;
    let after = Memory::now()?;
    let server_bytes = process::resident_bytes(pid)?;
    bar.set_message("held");
    let idle_from = process::cpu_time(pid)?;
    std::thread::sleep(HELD);
    let idle = process::cpu_time(pid)?.saturating_sub(idle_from);
    let cpu_all = again(crowd, pid)?;
    let closing = close(crowd, &bar)?;
    bar.finish_and_clear();

    let pairs = ground.connections as f64;
    Ok(Outcome {
        connections: ground.connections,
        loops: ground.loops.get(),
        descriptors: ground.descriptors,
        round_trips: crowd.counts().round_trips.load(Ordering::Relaxed),
        opened_per_second: pairs / opening.as_secs_f64(),
        server_bytes,
        server_bytes_each: server_bytes.saturating_sub(server_before) as f64 / pairs,
        client_bytes: process::resident_bytes(getpid())?,
        slab_bytes_each: after.slab.saturating_sub(before.slab) as f64 / pairs,
        tcp_bytes: after.tcp,
        held_seconds: HELD.as_secs_f64(),
        held_cpu_seconds: idle.as_secs_f64(),
        few,
        few_micros: cpu_few,
        all_micros: cpu_all,
        closed: crowd.counts().closed.load(Ordering::Relaxed),
        closed_per_second: pairs / closing.as_secs_f64(),
        accepted: 0,
        in_order: 0,
        otherwise: 0,
        fullest: 0,
        emptiest: 0,
        seconds: 0.0,
    })
}

fn bar(connections: usize) -> ProgressBar {
    let style = "{elapsed} [{bar:40}] {human_pos} of {human_len} connections open, {msg}";
    let style =
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(connections as u64).with_style(style)
}

fn open(crowd: &Crowd, connections: usize, bar: &ProgressBar) -> Result<Duration, Failure> {
    let (start, already) = (Instant::now(), bar.position());
    crowd.carry_out(Order::Open(connections), |counts| {
        let open = counts.open.load(Ordering::Relaxed);
        let rate = (open - already) as f64 / start.elapsed().as_secs_f64();
        bar.set_position(open);
        let round_trips = counts.round_trips.load(Ordering::Relaxed);
        bar.set_message(format!("{round_trips} round trips, {rate:.0} a second"));
    })?;
    Ok(start.elapsed())
}

/// The server's CPU time for each of some more round trips, in microseconds.
fn again(crowd: &Crowd, pid: Pid) -> Result<f64, Failure> {
    let from = process::cpu_time(pid)?;
    crowd.carry_out(Order::Again(CHOSEN), |_| {})?;
    let spent = process::cpu_time(pid)?.saturating_sub(from);
    Ok(spent.as_secs_f64() * 1e6 / CHOSEN as f64)
}

fn close(crowd: &Crowd, bar: &ProgressBar) -> Result<Duration, Failure> {
    let start = Instant::now();
    bar.set_message("closing");
    crowd.carry_out(Order::Close, |counts| {
        let closed = counts.closed.load(Ordering::Relaxed);
        bar.set_position(counts.open.load(Ordering::Relaxed).saturating_sub(closed));
    })?;
    Ok(start.elapsed())
}
