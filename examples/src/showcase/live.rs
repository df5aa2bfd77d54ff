//! A line of figures that is printed again and again.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use readily::{Machine, Reactor};

use super::{Conn, Showcase};
use crate::say;

/// When the line is due, and how it is printed: a terminal has it once a second in the same place,
/// anything else every ten seconds as a new line.
#[derive(Debug)]
pub struct Live {
    is_terminal: bool,
    due: Instant,
}

/// What a loop counted, in one line.
#[derive(Debug)]
pub struct Figures<'a>(pub &'a Reactor<Showcase>);

impl Live {
    /// As standard output is.
    pub fn new(now: Instant) -> Self {
        let mut live = Live { is_terminal: io::stdout().is_terminal(), due: now };
        live.due += live.every();
        live
    }

    /// How long until the line is due.
    pub fn wait(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// Prints the line if it is due.
    pub fn show(&mut self, line: impl Display, now: Instant) {
        if !self.wait(now).is_zero() {
            return;
        }
        self.due = now + self.every();
        if self.is_terminal {
            // From the start of the line, without wrapping at its end, clearing what was there.
            let mut out = io::stdout();
            let _ = write!(out, "\r\x1b[?7l{line}\x1b[K\x1b[?7h").and_then(|()| out.flush());
        } else {
            say(line);
        }
    }

    /// Prints something else, below the line that stays.
    pub fn say(&self, line: impl Display) {
        if self.is_terminal {
            say("");
        }
        say(line);
    }

    fn every(&self) -> Duration {
        Duration::from_secs(if self.is_terminal { 1 } else { 10 })
    }
}

impl Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.0.counters();
        write!(f, "open {}", counted.open)?;
        let states = Conn::STATES.iter().zip(&self.0.states().now);
        for (state, now) in states.filter(|(_, now)| **now > 0) {
            write!(f, " {} {now}", state.name)?;
        }
        let (bytes_in, bytes_out) = (Size(counted.bytes_in), Size(counted.bytes_out));
        write!(f, " | accepted {} | in {bytes_in} out {bytes_out}", counted.accepted)?;
        write!(f, " | datagrams {} | {}", counted.datagrams_in, self.0.app().store)
    }
}

/// Bytes, for people.
struct Size(u64);

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..10_000 => write!(f, "{bytes} B"),
            bytes @ 10_000..10_000_000 => write!(f, "{} kB", bytes / 1000),
            bytes => write!(f, "{} MB", bytes / 1_000_000),
        }
    }
}
