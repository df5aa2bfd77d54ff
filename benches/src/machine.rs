//! What figures depend on beside the code: the machine, its settings, the versions.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use crate::results::Machine;
use crate::tool::{HAPROXY, NGINX, STRACE, VALGRIND};

/// The versions of all crates that the peers are built from.
const LOCK: &str = include_str!("../../Cargo.lock");

/// Programs that run beside a measurement disturb it from here on.
const LOAD_LIMIT: f64 = 0.5;

/// The version of a crate that a peer is built from; the newest where there are several.
pub fn crate_version(name: &str) -> Option<&'static str> {
    let line = format!("name = \"{name}\"");
    LOCK.split("[[package]]")
        .filter(|package| package.lines().any(|one| one == line))
        .filter_map(|package| package.lines().find_map(|one| one.strip_prefix("version = \"")))
        .filter_map(|version| version.strip_suffix('"'))
        .last()
}

/// A time as a date of HTTP has it.
pub fn utc(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}

/// This machine, now.
pub fn describe() -> Machine {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let uname = rustix::system::uname();
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let is_virtual = cpuinfo("flags")
        .is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor"));
    let facts = [
        (
            "processor",
            cpuinfo("model name").unwrap_or_else(|| uname.machine().to_string_lossy().into_owned()),
        ),
        ("cores", cores.to_string()),
        ("memory", memory()),
        ("virtual machine", if is_virtual { "yes" } else { "not known to be one" }.to_owned()),
        ("frequency governor", governor.clone().unwrap_or_else(|| "not known".to_owned())),
        ("system", format!("Linux {}", uname.release().to_string_lossy())),
        ("compiler", said(Command::new("rustc").arg("--version"))),
        ("profile", profile().to_owned()),
        ("revision", revision()),
        ("tools", [VALGRIND, STRACE, HAPROXY, NGINX].map(|tool| tool.version()).join(", ")),
    ];
    Machine {
        facts: facts.map(|(name, value)| (name.to_owned(), value)).into(),
        warnings: warnings(cores, is_virtual, governor.as_deref()),
    }
}

fn warnings(cores: usize, is_virtual: bool, governor: Option<&str>) -> Vec<String> {
    let mut warnings = Vec::new();
    if cfg!(debug_assertions) {
        warnings.push("This is a debug build: no figure means anything.".to_owned());
    }
    if cores < 3 {
        warnings.push(format!(
            "There are {cores} cores: the server has one, and the generator shares the other with \
             everything else. Throughput is often the generator's; CPU per unit is the server's."
        ));
    }
    if is_virtual {
        warnings.push(
            "It is a virtual machine: what its neighbours do is in every timing. Ratios within a \
             round stand, absolutes do not."
                .to_owned(),
        );
    }
    if governor.is_none_or(|governor| governor != "performance") {
        let is = governor.unwrap_or("not known");
        warnings.push(format!("The frequency governor is {is}, so clocks may change."));
    }
    if let Some(load) = load_average().filter(|load| *load > LOAD_LIMIT) {
        warnings.push(format!("Other programs were running: the load average was {load:.1}."));
    }
    warnings
}

/// The load of the last minute.
pub fn load_average() -> Option<f64> {
    read("/proc/loadavg")?.split_whitespace().next()?.parse().ok()
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) {
        "debug"
    } else {
        "release: lto = \"fat\", codegen-units = 1, overflow-checks = true, for all Rust programs"
    }
}

fn revision() -> String {
    let head = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]));
    match said(Command::new("git").args(["status", "--porcelain", "--untracked-files=no"])).as_str()
    {
        "" => head,
        _ => format!("{head}, with changes"),
    }
}

fn memory() -> String {
    let kib = read("/proc/meminfo").and_then(|text| {
        let rest = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    kib.map_or_else(|| "not known".to_owned(), |kib| format!("{} GiB", (kib + (1 << 19)) >> 20))
}

fn cpuinfo(field: &str) -> Option<String> {
    let text = read("/proc/cpuinfo")?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn said(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        assert!(crate_version("tokio").is_some_and(|version| version.starts_with("1.")));
        assert_eq!(crate_version("readily"), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(crate_version("toki"), None);
    }

    #[test]
    fn every_fact_says_something() {
        for (name, value) in describe().facts {
            assert!(!value.is_empty(), "{name}");
        }
    }
}
