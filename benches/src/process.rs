//! Processes: started here, waited for with a limit, read from `/proc`.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::time::ClockId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::failure::Failure;
use crate::scratch::Scratch;

/// How many of the last lines of a dead process's stderr are shown.
const STDERR_LINES: usize = 5;

/// A closed stdout or a reset connection is seen just before the end that it announces.
const DEATH_LIMIT: Duration = Duration::from_millis(500);

/// A child process that cannot outlive its owner, and is never waited for without a limit.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stderr: PathBuf,
    /// Bytes of stdout that came after the last line handed out.
    unread: Vec<u8>,
}

impl Process {
    /// Starts `command`; `name` is what failures call it.
    pub fn start(name: &str, command: &mut Command, scratch: &Scratch) -> Result<Self, Failure> {
        let stderr = scratch.path("stderr");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr)?)
            .spawn()
            .map_err(|error| Failure::from(error).during(name))?;
        Ok(Self { name: name.to_owned(), child, stderr, unread: Vec::new() })
    }

    /// The next line of its stdout, without the end of line.
    pub fn line_within(&mut self, limit: Duration) -> Result<String, Failure> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line = self.unread.drain(..=end).collect::<Vec<_>>();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            let Some(stdout) = &mut self.child.stdout else {
                return Err(Failure::failed(format!("{} has no stdout", self.name)));
            };
            if !is_readable_before(&*stdout, deadline)? {
                return Err(self.late("said nothing", limit));
            }
            let mut some = [0; 4096];
            match stdout.read(&mut some)? {
                0 => return Err(self.obituary()),
                read => self.unread.extend_from_slice(&some[..read]),
            }
        }
    }

    /// Its exit status.
    pub fn wait_within(&mut self, limit: Duration) -> Result<ExitStatus, Failure> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        let pidfd = pidfd_open(self.pid(), PidfdFlags::empty())?;
        if !is_readable_before(&pidfd, Instant::now() + limit)? {
            return Err(self.late("did not end", limit));
        }
        Ok(self.child.wait()?)
    }

    /// Waits for an end that must be exit code 0.
    pub fn succeed_within(&mut self, limit: Duration) -> Result<(), Failure> {
        if self.wait_within(limit)?.success() { Ok(()) } else { Err(self.obituary()) }
    }

    /// The better account of `failure`: the end of this process, if it has ended.
    pub fn explain(&mut self, failure: Failure) -> Failure {
        match self.wait_within(DEATH_LIMIT) {
            Ok(_) => self.obituary(),
            Err(_) => failure,
        }
    }

    /// Sends a signal to it.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        Ok(kill_process(self.pid(), signal)?)
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn late(&self, what: &str, limit: Duration) -> Failure {
        let seconds = limit.as_secs();
        let stderr = self.stderr_tail();
        Failure::failed(format!("{} {what} within {seconds} s{stderr}", self.name))
    }

    fn obituary(&mut self) -> Failure {
        let status = match self.wait_within(DEATH_LIMIT) {
            Ok(status) => status.to_string(),
            Err(_) => "closed its stdout".to_owned(),
        };
        Failure::failed(format!("{} ended: {status}{}", self.name, self.stderr_tail()))
    }

    fn stderr_tail(&self) -> String {
        let text = fs::read(&self.stderr).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(STDERR_LINES)..];
        if tail.is_empty() { String::new() } else { format!("; stderr: {}", tail.join(" | ")) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is the usual case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of memory that a process has in RAM.
pub fn resident_bytes(pid: Pid) -> Result<u64, Failure> {
    // `status` may lag behind by some pages for each CPU, `smaps_rollup` counts.
    let (file, label) = match read(pid, "smaps_rollup") {
        Ok(rollup) => (rollup, "Rss:"),
        Err(_) => (read(pid, "status")?, "VmRSS:"),
    };
    let kib = file
        .lines()
        .find_map(|line| line.strip_prefix(label))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| Failure::failed(format!("no {label} of process {}", pid.as_raw_pid())))
}

/// Time that all threads of a process have spent on a CPU, in user space and in the kernel; those
/// that have ended are in it.
pub fn cpu_time(pid: Pid) -> Result<Duration, Failure> {
    // The sum over `/proc/PID/task/*/schedstat` has the same unit, but forgets ended threads.
    let clock = ClockId::pid_cpu_clock_id(nix::unistd::Pid::from_raw(pid.as_raw_pid()))
        .and_then(ClockId::now)
        .map_err(|errno| Failure::from(std::io::Error::from(errno)))?;
    Ok(clock.into())
}

/// A process and all that descend from it, found once: to look for them takes milliseconds.
#[derive(Clone, Debug)]
pub struct Family(Vec<Pid>);

impl Family {
    /// Those that there are now.
    ///
    /// # Errors
    /// Where `/proc` cannot be read.
    pub fn of(pid: Pid) -> Result<Self, Failure> {
        let mut family = vec![pid];
        family.extend(descendants(pid)?);
        Ok(Self(family))
    }

    /// Time on a CPU by now; some microseconds to read. Processes that have ended have none.
    pub fn cpu(&self) -> Duration {
        self.0.iter().filter_map(|pid| cpu_time(*pid).ok()).sum()
    }

    /// Context switches by now, without those of ended threads; a file for each thread to read.
    pub fn switches(&self) -> u64 {
        self.0.iter().map(|pid| switches(*pid)).sum()
    }
}

fn switches(pid: Pid) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())) else { return 0 };
    // As many threads come and go as a server likes.
    let tasks = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok());
    tasks.map(|status| switches_in_status(&status)).sum()
}

/// `voluntary_ctxt_switches: N` and `nonvoluntary_ctxt_switches: N`, together.
fn switches_in_status(status: &str) -> u64 {
    let counts = status.lines().filter_map(|line| {
        line.strip_prefix("voluntary_ctxt_switches:")
            .or_else(|| line.strip_prefix("nonvoluntary_ctxt_switches:"))
    });
    counts.filter_map(|count| count.trim().parse::<u64>().ok()).sum()
}

/// How many descriptors a process has open.
pub fn descriptors(pid: Pid) -> Result<usize, Failure> {
    Ok(fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid()))?.count())
}

/// The first child of a process, if it has one.
pub fn child_of(parent: Pid) -> Result<Option<Pid>, Failure> {
    let of_it = |(_, other): &(Pid, i32)| *other == parent.as_raw_pid();
    Ok(parents()?.into_iter().find(of_it).map(|(pid, _)| pid))
}

/// Children of a process, their children, and so on.
// Not every kernel lists children with their parent, so all processes are looked at.
fn descendants(pid: Pid) -> Result<Vec<Pid>, Failure> {
    let parents = parents()?;
    let mut family = vec![pid];
    let mut visited = 0;
    while let Some(member) = family.get(visited).map(|member| member.as_raw_pid()) {
        visited += 1;
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
    }
    Ok(family.split_off(1))
}

/// Every process of the system with the id of its parent.
fn parents() -> Result<Vec<(Pid, i32)>, Failure> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // A process may end between the listing and the look.
        if let Some(pid) = pid
            && let Ok(stat) = read(pid, "stat")
            && let Some(parent) = parent_in_stat(&stat)
        {
            parents.push((pid, parent));
        }
    }
    Ok(parents)
}

/// The fourth field; the second one is a name in parentheses that may hold anything.
fn parent_in_stat(stat: &str) -> Option<i32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

fn read(pid: Pid, file: &str) -> Result<String, Failure> {
    Ok(fs::read_to_string(format!("/proc/{}/{file}", pid.as_raw_pid()))?)
}

fn is_readable_before(fd: impl AsFd, deadline: Instant) -> Result<bool, Failure> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout =
            Timespec::try_from(left).map_err(|_| Failure::failed("a limit is too long"))?;
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_is_found_behind_any_name() {
        for (stat, parent) in [
            ("7 (sh) S 5 7 7", Some(5)),
            ("7 (a) b (c)) R 12 7", Some(12)),
            ("7 (sh)", None),
            ("", None),
        ] {
            assert_eq!(parent_in_stat(stat), parent, "{stat}");
        }
    }

    #[test]
    fn switches_of_both_kinds_count() {
        let status = "Name:\tsh\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t5\n";
        for (status, switches) in [(status, 12), ("Name:\tsh\n", 0)] {
            assert_eq!(switches_in_status(status), switches, "{status}");
        }
    }

    #[test]
    fn what_descends_is_part_of_the_usage() -> Result<(), Failure> {
        let scratch = Scratch::new()?;
        let mut command = Command::new("sh");
        // The shell in the middle ends with its parent's stdout, which nobody reads.
        command.args(["-c", "sh -c 'echo ready; while echo; do sleep 1; done'; true"]);
        let mut process = Process::start("sh", &mut command, &scratch)?;
        process.line_within(Duration::from_secs(10))?;
        assert!(!descendants(process.pid())?.is_empty());
        assert!(Family::of(process.pid())?.cpu() > cpu_time(process.pid())?);
        Ok(())
    }

    #[test]
    fn own_process_is_readable() -> Result<(), Failure> {
        let pid = rustix::process::getpid();
        assert!(resident_bytes(pid)? > 100 * 1024);
        assert!(cpu_time(pid)? > Duration::ZERO);
        assert!(descriptors(pid)? > 2);
        assert!(Family::of(pid)?.cpu() > Duration::ZERO);
        Ok(())
    }
}
