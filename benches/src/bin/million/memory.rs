//! The memory of the whole machine, as the kernel tells it.

use std::fs;

use readily_benches::failure::Failure;

/// Bytes, at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// What programs could still have.
    pub(crate) available: u64,
    /// What the kernel keeps in small objects: sockets, files, entries of epoll.
    pub(crate) slab: u64,
    /// Buffers of all TCP sockets.
    pub(crate) tcp: u64,
}

impl Memory {
    pub(crate) fn now() -> Result<Self, Failure> {
        let meminfo = fs::read_to_string("/proc/meminfo")?;
        let sockstat = fs::read_to_string("/proc/net/sockstat")?;
        let kib = |label| field(&meminfo, label, 1).map(|kib| kib * 1024);
        let pages = field(&sockstat, "TCP:", 10);
        let page = rustix::param::page_size() as u64;
        let missing = || Failure::failed("meminfo and sockstat are not as expected");
        Ok(Memory {
            available: kib("MemAvailable:").ok_or_else(missing)?,
            slab: kib("Slab:").ok_or_else(missing)?,
            tcp: pages.ok_or_else(missing)? * page,
        })
    }
}

/// The word `at` of the line that begins with `label`.
fn field(file: &str, label: &str, at: usize) -> Option<u64> {
    let line = file.lines().find(|line| line.starts_with(label))?;
    line.split_whitespace().nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_label_and_place() {
        let meminfo = "MemTotal:  100 kB\nMemAvailable:   70 kB\nSlab: 9 kB\n";
        let sockstat = "sockets: used 4\nTCP: inuse 1 orphan 0 tw 2 alloc 3 mem 17\nUDP: mem 5\n";
        for (file, label, at, expected) in [
            (meminfo, "MemAvailable:", 1, Some(70)),
            (meminfo, "Slab:", 1, Some(9)),
            (meminfo, "Slab:", 2, None),
            (meminfo, "Slabs:", 1, None),
            (sockstat, "TCP:", 10, Some(17)),
            (sockstat, "TCP:", 11, None),
        ] {
            assert_eq!(field(file, label, at), expected, "{label} {at}");
        }
    }
}
