//! What every figure needs: the programs, the load generator, runs of two lengths.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use readily_benches::callgrind;
use readily_benches::contender::{Contender, Programs};
use readily_benches::driver::{Driver, Load};
use readily_benches::failure::Failure;
use readily_benches::memcheck::{self, Allocations};
use readily_benches::process;
use readily_benches::quic_driver::QuicDriver;
use readily_benches::scratch::Scratch;
use readily_benches::server::{Server, Under};
use readily_benches::strace::{self, Calls};
use readily_benches::summary::Summary;
use readily_benches::talk::Talk;

/// What an echo is measured with.
pub(crate) const MESSAGE: Talk = Talk::Echo { size: 1024 };

/// As many connections as fit beside a client within 20,000 descriptors.
pub(crate) const MANY: u64 = 15_000;

pub(crate) struct Bench<'a> {
    programs: Programs,
    scratch: &'a Scratch,
    pub(crate) driver: Driver<'a>,
    pub(crate) rounds: usize,
}

/// Two runs that differ in nothing but their number of round trips.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) short: u64,
    pub(crate) long: u64,
}

impl Lengths {
    /// Round trips that only the longer one has.
    pub(crate) fn further(self) -> f64 {
        (self.long - self.short) as f64
    }
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        directory: PathBuf,
        rounds: usize,
        scratch: &'a Scratch,
    ) -> Result<Self, Failure> {
        let programs = Programs::new(directory);
        let driver = Driver::new(programs.binary("load")?, scratch);
        Ok(Self { programs, scratch, driver, rounds })
    }

    /// The load generator of QUIC.
    pub(crate) fn quic_driver(&self) -> Result<QuicDriver<'a>, Failure> {
        Ok(QuicDriver::new(self.programs.binary("quic_load")?, self.scratch))
    }

    /// Starts a contender; a relay gets the address `to`.
    pub(crate) fn start(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        under: &Under,
    ) -> Result<Server, Failure> {
        let launch = self.programs.launch(contender, to, self.scratch)?;
        Server::start(launch, under, self.scratch)
    }

    /// User-space instructions for each round trip.
    pub(crate) fn instructions_per_round_trip(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        load: Load,
        lengths: Lengths,
    ) -> Result<f64, Failure> {
        let count = |requests| {
            let out = self.scratch.path("callgrind");
            self.run(contender, to, &Under::Callgrind(out.clone()), Load { requests, ..load })?;
            callgrind::instructions(&out)
        };
        let (short, long) = (count(lengths.short)?, count(lengths.long)?);
        Ok((long as f64 - short as f64) / lengths.further())
    }

    /// Heap allocations, and bytes of them, that the longer run made beyond the shorter one.
    pub(crate) fn further_allocations(
        &self,
        contender: Contender,
        load: Load,
        lengths: Lengths,
    ) -> Result<(f64, f64), Failure> {
        let count = |requests| -> Result<Allocations, Failure> {
            let out = self.scratch.path("memcheck");
            self.run(contender, None, &Under::Memcheck(out.clone()), Load { requests, ..load })?;
            memcheck::allocations(&out)
        };
        let (short, long) = (count(lengths.short)?, count(lengths.long)?);
        let further = |read: fn(Allocations) -> u64| read(long) as f64 - read(short) as f64;
        Ok((further(|run| run.count), further(|run| run.bytes)))
    }

    /// System calls by name that the longer run made beyond the shorter one.
    pub(crate) fn further_calls(
        &self,
        contender: Contender,
        load: Load,
        lengths: Lengths,
    ) -> Result<BTreeMap<String, f64>, Failure> {
        let count = |requests| -> Result<Calls, Failure> {
            let out = self.scratch.path("strace");
            self.run(contender, None, &Under::Strace(out.clone()), Load { requests, ..load })?;
            strace::calls(&out)
        };
        let (short, long) = (count(lengths.short)?, count(lengths.long)?);
        let further = long.into_iter().map(|(name, calls)| {
            let before = short.get(&name).copied().unwrap_or_default();
            (name, calls as f64 - before as f64)
        });
        Ok(further.collect())
    }

    /// Drives a running server; its CPU time for each round trip beside what `load` says.
    pub(crate) fn cpu_per_round_trip(
        &self,
        server: &mut Server,
        load: Load,
    ) -> Result<(Duration, Summary), Failure> {
        let before = process::cpu_time(server.pid())?;
        let summary = self.driver.run(server, load)?;
        let spent = process::cpu_time(server.pid())?.saturating_sub(before);
        Ok((spent.div_f64(load.requests as f64), summary))
    }

    fn run(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        under: &Under,
        load: Load,
    ) -> Result<(), Failure> {
        let mut server = self.start(contender, to, under)?;
        self.driver.run(&mut server, load)?;
        server.stop()
    }
}

/// The command of runs of two lengths.
pub(crate) fn difference(connections: &str, talk: Talk, lengths: Lengths) -> String {
    format!(
        "load --connect ADDR --connections {connections} {talk} --requests {} and {} (the \
         difference counts)",
        lengths.short, lengths.long
    )
}

/// Says on stderr what is being done.
pub(crate) fn progress(figure: &str, contender: Contender, what: &str) {
    eprintln!("{figure}: {}: {what}", contender.label());
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1_000.0
}
