//! Which processors a program may run on.

use std::fs;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::failure::Failure;

/// Where servers and generators run.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    all: CpuSet,
    server: CpuSet,
    generator: CpuSet,
}

/// Who is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The server under measurement: on a core of its own.
    Server,
    /// What drives it, or serves behind it: on the others.
    Generator,
    /// Either of them, on all cores.
    Anywhere,
}

impl Cores {
    /// The first processor that this process may use is the server's, those of other cores are the
    /// generator's; where there is only one, they share it.
    pub fn of_this_process() -> Result<Self, Failure> {
        let all = sched_getaffinity(None)?;
        let first = (0..CpuSet::MAX_CPU).find(|processor| all.is_set(*processor));
        let (mut server, mut generator) = (CpuSet::new(), all);
        if let Some(first) = first {
            server.set(first);
            // The other half of that core is nobody's, if there is anything else for the generator.
            for processor in [siblings(first), vec![first]].concat() {
                if generator.count() > 1 {
                    generator.unset(processor);
                }
            }
        }
        Ok(Self { all, server, generator })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.count() as usize
    }

    /// Does `start` so that the processes that it starts stay on that side.
    ///
    /// A process inherits the affinity of the thread that starts it.
    pub fn on<T>(
        &self,
        side: Side,
        start: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let here = match side {
            Side::Server => &self.server,
            Side::Generator => &self.generator,
            Side::Anywhere => &self.all,
        };
        sched_setaffinity(None, here)?;
        let started = start();
        sched_setaffinity(None, &self.all)?;
        started
    }
}

/// The processors of the same core, where the system tells.
fn siblings(processor: usize) -> Vec<usize> {
    let file = format!("/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list");
    let list = fs::read_to_string(file).unwrap_or_default();
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().filter(|sibling| *sibling != processor).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_child_stays_on_its_side() -> Result<(), Failure> {
        let cores = Cores::of_this_process()?;
        for (side, expected) in [(Side::Server, 1), (Side::Anywhere, cores.count())] {
            let output = cores.on(side, || Ok(Command::new("nproc").output()?))?;
            let seen = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            assert_eq!(seen, expected.to_string(), "{side:?}");
        }
        let apart = !cores.generator.is_set(0) || !cores.server.is_set(0);
        assert!(apart || cores.count() == 1);
        Ok(())
    }
}
