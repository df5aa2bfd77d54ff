//! Processes: started here, waited for with a limit, read from `/proc`.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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

/// Time that all threads of a process have spent on a CPU, in user space and in the kernel.
pub fn cpu_time(pid: Pid) -> Result<Duration, Failure> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid()))? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        let nanos = schedstat.split_whitespace().next().and_then(|field| field.parse().ok());
        total += Duration::from_nanos(
            nanos.ok_or_else(|| Failure::failed(format!("schedstat says {schedstat:?}")))?,
        );
    }
    Ok(total)
}

/// How many descriptors a process has open.
pub fn descriptors(pid: Pid) -> Result<usize, Failure> {
    Ok(fs::read_dir(format!("/proc/{}/fd", pid.as_raw_pid()))?.count())
}

/// The first child of a process, if it has one.
pub fn child_of(parent: Pid) -> Result<Option<Pid>, Failure> {
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        // A process may end between the listing and the look.
        if let Some(pid) = pid
            && let Ok(stat) = read(pid, "stat")
            && parent_in_stat(&stat) == Some(parent.as_raw_pid())
        {
            return Ok(Some(pid));
        }
    }
    Ok(None)
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
    fn own_process_is_readable() -> Result<(), Failure> {
        let pid = rustix::process::getpid();
        assert!(resident_bytes(pid)? > 100 * 1024);
        assert!(cpu_time(pid)? > Duration::ZERO);
        assert!(descriptors(pid)? > 2);
        Ok(())
    }
}
