//! What every figure needs: the programs, the load generator, runs of two lengths.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::callgrind;
use crate::contender::{Contender, Programs};
use crate::driver::{Driver, Length, Load};
use crate::failure::Failure;
use crate::memcheck::{self, Allocations};
use crate::scratch::Scratch;
use crate::server::{Server, Under};
use crate::strace::{self, Calls};
use crate::talk::Talk;

/// The generator of all that goes over TCP.
const LOAD: &str = "load";

/// What an echo is measured with.
pub const MESSAGE: Talk = Talk::Echo { size: 1024 };

/// As many connections as fit beside a client within 20,000 descriptors.
pub const MANY: u64 = 15_000;

/// The programs, and what runs of them share.
#[derive(Debug)]
pub struct Bench<'a> {
    /// Where they are.
    pub programs: Programs,
    /// For the files of the runs.
    pub scratch: &'a Scratch,
    /// Rounds of what is timed.
    pub rounds: usize,
}

/// Two runs that differ in nothing but their number of round trips.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Round trips of the one.
    pub short: u64,
    /// And of the other.
    pub long: u64,
}

impl Lengths {
    /// Round trips that only the longer one has.
    pub fn further(self) -> f64 {
        (self.long - self.short) as f64
    }
}

impl<'a> Bench<'a> {
    /// With programs that are built already.
    pub fn new(programs: Programs, rounds: usize, scratch: &'a Scratch) -> Result<Self, Failure> {
        Ok(Self { programs, scratch, rounds })
    }

    /// One of the load generators.
    pub fn driver(&self, program: &str) -> Result<Driver<'a>, Failure> {
        Ok(Driver::new(self.programs.binary(program)?, self.scratch))
    }

    /// Starts a contender; a relay gets the address `to`.
    pub fn start(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        under: &Under,
    ) -> Result<Server, Failure> {
        let launch = self.programs.launch(contender, to, self.scratch)?;
        Server::start(launch, under, self.scratch)
    }

    /// User-space instructions for each round trip.
    pub fn instructions_per_round_trip(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        load: Load,
        lengths: Lengths,
    ) -> Result<f64, Failure> {
        let count = |load| {
            let out = self.scratch.path("callgrind");
            self.run(contender, to, &Under::Callgrind(out.clone()), load)?;
            callgrind::instructions(&out)
        };
        let (short, long) = both(load, lengths, count)?;
        Ok((long as f64 - short as f64) / lengths.further())
    }

    /// Heap allocations, and bytes of them, that the longer run made beyond the shorter one.
    pub fn further_allocations(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        load: Load,
        lengths: Lengths,
    ) -> Result<(f64, f64), Failure> {
        let count = |load| {
            let out = self.scratch.path("memcheck");
            self.run(contender, to, &Under::Memcheck(out.clone()), load)?;
            memcheck::allocations(&out)
        };
        let (short, long) = both(load, lengths, count)?;
        let further = |read: fn(Allocations) -> u64| read(long) as f64 - read(short) as f64;
        Ok((further(|run| run.count), further(|run| run.bytes)))
    }

    /// System calls by name that the longer run made beyond the shorter one.
    pub fn further_calls(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        load: Load,
        lengths: Lengths,
    ) -> Result<BTreeMap<String, f64>, Failure> {
        let count = |load| -> Result<Calls, Failure> {
            let out = self.scratch.path("strace");
            self.run(contender, to, &Under::Strace(out.clone()), load)?;
            strace::calls(&out)
        };
        let (short, long) = both(load, lengths, count)?;
        let further = long.into_iter().map(|(name, calls)| {
            let before = short.get(&name).copied().unwrap_or_default();
            (name, calls as f64 - before as f64)
        });
        Ok(further.collect())
    }

    /// Drives a running server; its CPU time for each unit, in microseconds.
    pub fn cpu_per_round_trip(&self, server: &mut Server, load: Load) -> Result<f64, Failure> {
        let summary = self.driver(LOAD)?.run(server, &load.to_string())?;
        summary.cpu_us().ok_or_else(|| Failure::failed("the server's CPU time is not known"))
    }

    fn run(
        &self,
        contender: Contender,
        to: Option<SocketAddr>,
        under: &Under,
        load: Load,
    ) -> Result<(), Failure> {
        let mut server = self.start(contender, to, under)?;
        self.driver(LOAD)?.run(&mut server, &load.to_string())?;
        server.stop()
    }
}

/// The shorter run and the longer one.
fn both<T>(
    load: Load,
    lengths: Lengths,
    run: impl Fn(Load) -> Result<T, Failure>,
) -> Result<(T, T), Failure> {
    let of = |requests| Load { length: Length::Requests(requests), ..load };
    Ok((run(of(lengths.short))?, run(of(lengths.long))?))
}

/// The arguments of `load` for connections that stay, with one round trip each.
pub fn hold(connections: u64, talk: Talk) -> String {
    format!("--connections 0 --requests 0 {talk} --idle {connections} --hold")
}
