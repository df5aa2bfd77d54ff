//! One run of a load generator: how long it is, which part of it is timed, what is counted there.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::process::{Pid, getpid};

use crate::cli::{Arguments, BadArgument};
use crate::driver::Length;
use crate::failure::Failure;
use crate::process::{self, Family};
use crate::summary::{Summary, recorded};

/// Of recorded latencies.
const SIGNIFICANT_DIGITS: u8 = 3;
/// In nanoseconds: an hour. What is longer counts as that.
const LONGEST: u64 = 3_600_000_000_000;

/// What every load generator that counts units takes, beside what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long it goes on.
    pub length: Length,
    /// The server, for what it uses meanwhile.
    pub server: Option<Pid>,
}

impl Options {
    /// `--requests N` or `--seconds S [--warm-up S]`, and `--server-pid PID`.
    ///
    /// # Errors
    /// Where none or both of the two lengths are there, or one of them is nothing.
    pub fn among(arguments: &mut Arguments) -> Result<Self, BadArgument> {
        Ok(Self { length: length(arguments)?, server: server(arguments)? })
    }
}

/// `--server-pid PID`.
///
/// # Errors
/// Where it is no process id.
pub fn server(arguments: &mut Arguments) -> Result<Option<Pid>, BadArgument> {
    let Some(id) = arguments.option::<i32>("--server-pid")? else { return Ok(None) };
    // Anything below is a group of processes, or none.
    let pid = Some(id).filter(|id| *id > 0).and_then(Pid::from_raw);
    pid.map(Some).ok_or_else(|| BadArgument(format!("--server-pid {id}: no process has it")))
}

fn length(arguments: &mut Arguments) -> Result<Length, BadArgument> {
    let requests = arguments.option("--requests")?;
    let timed = arguments.option::<f64>("--seconds")?;
    let warm_up = arguments.option::<f64>("--warm-up")?;
    match (requests, timed, warm_up) {
        (Some(0), ..) => Err(BadArgument("--requests is at least 1".to_owned())),
        (Some(requests), None, None) => Ok(Length::Requests(requests)),
        (None, Some(timed), warm_up) if timed > 0.0 => Ok(Length::Seconds {
            warm_up: seconds("--warm-up", warm_up.unwrap_or(0.0))?,
            timed: seconds("--seconds", timed)?,
        }),
        (None, Some(_), _) => Err(BadArgument("--seconds is more than 0".to_owned())),
        (None, None, None) => Err(BadArgument("--requests or --seconds is missing".to_owned())),
        _ => Err(BadArgument("--requests excludes --seconds and --warm-up".to_owned())),
    }
}

fn seconds(name: &str, value: f64) -> Result<Duration, BadArgument> {
    Duration::try_from_secs_f64(value)
        .map_err(|error| BadArgument(format!("{name} {value}: {error}")))
}

/// A run under way: asked before each unit, told of each that is done.
#[derive(Debug)]
pub struct Trial {
    options: Options,
    phase: Phase,
    /// When the phase began.
    since: Instant,
    server: Option<Family>,
    before: Used,
    started: u64,
    done: u64,
    timed: u64,
    latencies: Histogram<u64>,
    measured: Option<(Duration, Used)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Timed,
    Over,
}

impl Trial {
    /// Begins now; all that was opened before is not timed.
    ///
    /// # Errors
    /// Where the usage of a process cannot be read.
    pub fn begin(options: Options) -> Result<Self, Failure> {
        let phase = match options.length {
            Length::Seconds { warm_up, .. } if !warm_up.is_zero() => Phase::WarmUp,
            _ => Phase::Timed,
        };
        let latencies = histogram()?;
        let server = options.server.map(Family::of).transpose()?;
        let before = Used::before(server.as_ref())?;
        Ok(Self {
            options,
            phase,
            since: Instant::now(),
            server,
            before,
            started: 0,
            done: 0,
            timed: 0,
            latencies,
            measured: None,
        })
    }

    /// Whether so many more units may begin together; they are counted as begun then.
    ///
    /// Where their number is given, the last ones may go past it.
    #[inline]
    pub fn starts(&mut self, units: u64) -> bool {
        let starts = match self.options.length {
            Length::Requests(requests) => self.started < requests,
            Length::Seconds { .. } => self.phase != Phase::Over,
        };
        if starts {
            self.started += units;
        }
        starts
    }

    /// A unit is done, this long after it began.
    #[inline]
    pub fn record(&mut self, latency: Duration) {
        self.done += 1;
        if self.phase == Phase::Timed {
            self.timed += 1;
            self.latencies.saturating_record(latency.as_nanos() as u64);
        }
    }

    /// Units that have begun and are not done.
    #[inline]
    pub fn under_way(&self) -> u64 {
        self.started - self.done
    }

    /// Units that are done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Moves on to the timed part or out of it, if it is time; called often, at best in each turn.
    ///
    /// # Errors
    /// Where the usage of a process cannot be read.
    #[inline]
    pub fn tick(&mut self, now: Instant) -> Result<(), Failure> {
        let elapsed = now.saturating_duration_since(self.since);
        match (self.options.length, self.phase) {
            (Length::Seconds { warm_up, .. }, Phase::WarmUp) if elapsed >= warm_up => self.warm(),
            (Length::Seconds { timed, .. }, Phase::Timed) if elapsed >= timed => self.end(),
            _ => Ok(()),
        }
    }

    /// When [`tick`](Self::tick) has something to do; none where no time is set.
    pub fn due(&self) -> Option<Instant> {
        match (self.options.length, self.phase) {
            (Length::Seconds { warm_up, .. }, Phase::WarmUp) => Some(self.since + warm_up),
            (Length::Seconds { timed, .. }, Phase::Timed) => Some(self.since + timed),
            _ => None,
        }
    }

    /// Whether no more units begin.
    pub fn is_over(&self) -> bool {
        match self.options.length {
            Length::Requests(requests) => self.started >= requests,
            Length::Seconds { .. } => self.phase == Phase::Over,
        }
    }

    /// What was found; what is timed ends now, if it has not ended before.
    ///
    /// # Errors
    /// Where the usage of a process cannot be read.
    pub fn finish(mut self) -> Result<Summary, Failure> {
        self.end()?;
        let (elapsed, used) = self.measured.unwrap_or_default();
        let seconds = elapsed.as_secs_f64();
        let told = self.server.is_some();
        Ok(Summary {
            round_trips: self.done,
            timed: self.timed,
            seconds,
            per_second: if seconds > 0.0 { self.timed as f64 / seconds } else { 0.0 },
            latencies: recorded(&self.latencies),
            sent_latencies: Vec::new(),
            generator_cpu_seconds: used.own.saturating_sub(self.before.own).as_secs_f64(),
            server_cpu_seconds: told
                .then(|| used.server.saturating_sub(self.before.server).as_secs_f64()),
            server_switches: told.then(|| used.switches.saturating_sub(self.before.switches)),
            lost: 0,
        })
    }

    #[cold]
    fn warm(&mut self) -> Result<(), Failure> {
        self.phase = Phase::Timed;
        self.before = Used::before(self.server.as_ref())?;
        self.since = Instant::now();
        Ok(())
    }

    #[cold]
    fn end(&mut self) -> Result<(), Failure> {
        if self.measured.is_none() {
            let elapsed = self.since.elapsed();
            self.measured = Some((elapsed, Used::after(self.server.as_ref())?));
        }
        self.phase = Phase::Over;
        Ok(())
    }
}

/// An empty one for latencies in nanoseconds.
///
/// # Errors
/// Never with its own bounds.
pub fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_max(LONGEST, SIGNIFICANT_DIGITS).map_err(Failure::failed)
}

/// What both sides have used.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    own: Duration,
    server: Duration,
    switches: u64,
}

// Switches take long to read where there are many threads: before the clocks at the beginning, and
// after them at the end, so that the time is in no figure.
impl Used {
    fn before(server: Option<&Family>) -> Result<Self, Failure> {
        let switches = server.map_or(0, Family::switches);
        Ok(Self { switches, ..Self::clocks(server)? })
    }

    fn after(server: Option<&Family>) -> Result<Self, Failure> {
        let clocks = Self::clocks(server)?;
        Ok(Self { switches: server.map_or(0, Family::switches), ..clocks })
    }

    fn clocks(server: Option<&Family>) -> Result<Self, Failure> {
        let server = server.map_or(Duration::ZERO, Family::cpu);
        Ok(Self { own: process::cpu_time(getpid())?, server, switches: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options, BadArgument> {
        let mut arguments = Arguments::new(line.split_whitespace().map(str::to_owned));
        let options = Options::among(&mut arguments)?;
        arguments.finish()?;
        Ok(options)
    }

    #[test]
    fn lengths_that_make_no_sense_are_refused() {
        for (line, expected) in [
            ("", "--requests or --seconds is missing"),
            ("--requests 0", "--requests is at least 1"),
            ("--requests 1 --seconds 1", "--requests excludes --seconds and --warm-up"),
            ("--requests 1 --warm-up 1", "--requests excludes --seconds and --warm-up"),
            ("--seconds 0", "--seconds is more than 0"),
            ("--seconds -1", "--seconds is more than 0"),
            ("--seconds NaN", "--seconds is more than 0"),
            ("--seconds 1 --server-pid 0", "--server-pid 0: no process has it"),
            ("--seconds 1 --server-pid -5", "--server-pid -5: no process has it"),
        ] {
            assert_eq!(options(line).map(|_| ()), Err(BadArgument(expected.to_owned())), "{line}");
        }
        assert!(options("--seconds 1 --warm-up -1").is_err());
        assert!(options("--seconds inf").is_err());
    }

    fn begin(line: &str) -> Result<Trial, Failure> {
        Trial::begin(options(line).map_err(Failure::failed)?)
    }

    #[test]
    fn a_number_of_units_begins_and_no_more() -> Result<(), Failure> {
        let mut trial = begin("--requests 3")?;
        for (units, begins) in [(1, true), (1, true), (4, true), (1, false)] {
            assert_eq!(trial.starts(units), begins);
        }
        assert!(trial.is_over());
        for micros in [5, 5, 7] {
            trial.record(Duration::from_micros(micros));
        }
        assert_eq!(trial.under_way(), 3);
        let summary = trial.finish()?;
        assert_eq!((summary.round_trips, summary.timed), (3, 3));
        let [(five, 2), (seven, 1)] = summary.latencies[..] else {
            panic!("{:?}", summary.latencies);
        };
        assert!(five.abs_diff(5_000) <= 5 && seven.abs_diff(7_000) <= 7, "{five} {seven}");
        assert_eq!(summary.server_switches, None);
        Ok(())
    }

    #[test]
    fn only_what_is_done_in_the_timed_part_is_timed() -> Result<(), Failure> {
        const SECOND: Duration = Duration::from_secs(1);
        let mut trial = begin("--seconds 60 --warm-up 50")?;
        // The time since the phase began, and what is timed of four units, one after each tick.
        for (after, timed) in [(49, 0), (50, 1), (59, 2), (60, 2)] {
            assert!(trial.starts(1));
            trial.tick(trial.since + after * SECOND)?;
            trial.record(SECOND);
            assert_eq!(trial.timed, timed, "{after}");
        }
        assert!(trial.is_over() && !trial.starts(1) && trial.due().is_none());
        let summary = trial.finish()?;
        assert_eq!((summary.round_trips, summary.timed), (4, 2));
        Ok(())
    }

    #[test]
    fn the_usage_of_a_server_is_read() -> Result<(), Failure> {
        let line = format!("--requests 1 --server-pid {}", std::process::id());
        let summary = begin(&line)?.finish()?;
        assert!(summary.server_cpu_seconds.is_some() && summary.server_switches.is_some());
        Ok(())
    }
}
