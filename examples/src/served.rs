//! What a loop did, as the last lines of an example.

use std::fmt::{self, Display};

use readily::{App, Reactor};

/// What a loop counted: one line, and one more for each thing that only a protocol knows of.
#[derive(Debug)]
pub struct Served<'a, A: App>(pub &'a Reactor<A>);

impl<A: App> Display for Served<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = self.0.counters();
        for (what, count) in [
            ("connections", counted.accepted),
            ("streams", counted.streams),
            ("handshakes failed", counted.handshakes_failed + counted.handshakes_timed_out),
            ("truncated", counted.truncated),
        ] {
            // What an example does not do is not worth a word, except that nobody came.
            if count > 0 || what == "connections" && counted.streams == 0 {
                write!(f, "{what} {count}, ")?;
            }
        }
        write!(f, "bytes in {}, out {}", counted.bytes_in, counted.bytes_out)?;
        self.0.tally().iter().try_for_each(|(name, count)| write!(f, "\n  {count} {name}"))
    }
}
