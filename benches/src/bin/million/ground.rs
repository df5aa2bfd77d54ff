//! What a run stands on: limits that are high enough, memory, and a network of its own.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use readily_benches::failure::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::memory::Memory;

/// Memory for each pair of sockets: the kernel's, and that of both processes.
const PAIR_BYTES: u64 = 9 * 1024;
/// What both processes and the machine need besides.
const SPARE_BYTES: u64 = 512 << 20;
/// Descriptors of a table that are not connections: Readily keeps as many.
const KEPT: usize = 64;
/// How full tables are meant to be: the kernel spreads connections by a hash, so that some get
/// more than their share.
const FULL_PERCENT: usize = 90;
/// Connections of one client thread at most, so that its addresses do not run out of ports.
const MEMBER_MAX: usize = 18_000;

/// How a run is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    pub(crate) connections: usize,
    /// Descriptors in a table.
    pub(crate) descriptors: usize,
    /// Loops of the server.
    pub(crate) loops: NonZeroUsize,
    /// Threads of the client.
    pub(crate) members: usize,
}

impl Ground {
    /// Checks all that a run needs, and puts this process into a network namespace of its own.
    ///
    /// # Errors
    /// With everything that is missing, one a line.
    pub(crate) fn prepare(
        connections: usize,
        loops: Option<NonZeroUsize>,
    ) -> Result<Self, Failure> {
        let descriptors = raise_descriptors()?;
        let mut missing = shortages(connections)?;
        let room = descriptors.saturating_sub(KEPT);
        if room < KEPT {
            missing.push(format!("descriptors: a table may have {descriptors}, too few"));
        }
        let least = connections.div_ceil((room * FULL_PERCENT / 100).max(1));
        let loops = loops.or(NonZeroUsize::new(least)).unwrap_or(NonZeroUsize::MIN);
        if loops.get() * room < connections {
            missing.push(format!("loops: {loops} hold {} connections", loops.get() * room));
        }
        missing.extend(enter_network().err());
        if !missing.is_empty() {
            let list = missing.join("\n  ");
            return Err(Failure::Missing(format!(
                "{connections} connections need more:\n  {list}"
            )));
        }
        let members = connections.div_ceil(room.min(MEMBER_MAX));
        Ok(Ground { connections, descriptors, loops, members })
    }
}

/// Raises this process's limit as far as it may by itself; child processes have the same.
fn raise_descriptors() -> Result<usize, Failure> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    // Nothing is gained from more in one table, and vectors are sized by it.
    Ok(limit.maximum.map_or(1 << 20, |most| usize::try_from(most).unwrap_or(usize::MAX)))
}

/// What the machine has too little of.
fn shortages(connections: usize) -> Result<Vec<String>, Failure> {
    let pairs = connections as u64;
    let memory = Memory::now()?.available >> 20;
    let memory_needed = (pairs * PAIR_BYTES + SPARE_BYTES) >> 20;
    let in_use = number("/proc/sys/fs/file-nr", 0)?;
    let files = number("/proc/sys/fs/file-max", 0)?.saturating_sub(in_use);
    let watches = number("/proc/sys/fs/epoll/max_user_watches", 0)?;
    // Messages on their way: connections are opened in waves, so there are never many.
    let buffers = number("/proc/sys/net/ipv4/tcp_mem", 1)? * rustix::param::page_size() as u64;
    let threads = number("/proc/sys/kernel/threads-max", 0)?;
    let needs = [
        ("memory (MemAvailable)", memory, memory_needed, " MiB"),
        ("open files (fs.file-max)", files, 2 * pairs + 4096, ""),
        ("watches (fs.epoll.max_user_watches)", watches, pairs + 4096, ""),
        ("TCP buffers (net.ipv4.tcp_mem)", buffers >> 20, 64, " MiB"),
        ("threads (kernel.threads-max)", threads, 1024, ""),
    ];
    let short = needs.into_iter().filter(|(_, have, need, _)| have < need);
    Ok(short
        .map(|(what, have, need, unit)| format!("{what}: {have}{unit} of {need}{unit}"))
        .collect())
}

fn number(path: &str, at: usize) -> Result<u64, Failure> {
    let file = fs::read_to_string(path)?;
    let word = file.split_whitespace().nth(at).and_then(|word| word.parse().ok());
    word.ok_or_else(|| Failure::failed(format!("{path} says {file:?}")))
}

/// Makes a network with nothing but a loopback, for this process and its children.
fn enter_network() -> Result<(), String> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => {}
        Err(Errno::EPERM) => become_root_of_a_namespace()
            .map_err(|why| format!("a network namespace: root, or user namespaces ({why})"))?,
        Err(errno) => return Err(format!("a network namespace: {errno}")),
    }
    let mut ip = Command::new("ip");
    let ip = ip.args(["link", "set", "lo", "up"]).stdout(Stdio::null()).stderr(Stdio::null());
    match ip.status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("ip link set lo up: {status}")),
        Err(error) => return Err(format!("ip, of iproute2: {error}")),
    }
    // Each connection that was closed is kept for a minute by who ended first; beyond a limit the
    // kernel complains in its log. Nothing else depends on it.
    let _ = fs::write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "4000000");
    Ok(())
}

/// A user namespace, in which this process may make a network.
fn become_root_of_a_namespace() -> io::Result<()> {
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {} 1", user.as_raw()))?;
    fs::write("/proc/self/gid_map", format!("0 {} 1", group.as_raw()))
}
