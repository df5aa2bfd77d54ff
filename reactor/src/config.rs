//! The limits of a loop: each a knob with a default that is a named constant.

use std::time::Duration;

use readily_protocols::contract::Marks;

/// What a loop allows. Every limit is on by default.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How many connections may be open, over all listeners. `None`: what the process may have of
    /// descriptors, less [`Config::DESCRIPTORS_KEPT`], or half of them where that is more.
    pub connections_max: Option<usize>,
    /// How many unread bytes a connection may keep.
    pub receive_max: usize,
    /// The marks of each send buffer.
    pub send_marks: Marks,
    /// How much memory the buffers of all connections together may take, in bytes, and what their
    /// machines say that they hold. What rustls and quinn keep inside is not among it: it has
    /// limits for each connection. From nine tenths on nothing is
    /// read, from 98 % on who comes is turned away, past all of it whoever needs more is ended.
    pub buffers_max: usize,
    /// How many bytes of one connection are read in one turn before others have theirs.
    pub turn_bytes: usize,
    /// How many reads of one connection are made in one turn before others have theirs.
    pub turn_reads: usize,
    /// How many bytes of files `sendfile` sends for one connection in one visit before others have
    /// theirs. Where files are read instead, it is one
    /// block a visit.
    pub turn_file_bytes: usize,
    /// How many deadlines fire in one turn before sockets are served again.
    pub turn_deadlines: usize,
    /// How many pieces of mail may wait.
    pub mail_max: usize,
    /// How many timers that mail may wait.
    pub mail_timers_max: usize,
    /// How many letters from other threads may wait.
    pub letters_max: usize,
    /// How many offloaded jobs may be unanswered.
    pub jobs_max: usize,
    /// How long a peer may take none of the bytes that wait for it.
    pub send_stall: Duration,
    /// How long a peer may send nothing more, after our end, without ending its half.
    pub linger_idle: Duration,
    /// How long it may take in all.
    pub linger_within: Duration,
    /// How many bytes it may still send; they are discarded.
    pub linger_bytes: usize,
    /// How long a drain waits before it aborts what is left.
    pub drain_within: Duration,
    /// How long a listener that had no descriptor waits before it tries again by itself; one that
    /// is freed by this loop wakes it at once.
    pub accept_retry: Duration,
    /// A turn that takes longer is counted as slow.
    pub slow_turn: Duration,
    /// How long the handshake of TLS may take.
    pub handshake_within: Duration,
    /// How many handshakes of TLS may be under way.
    pub handshakes_max: usize,
    /// How many handshakes of TLS are gone on with in one turn: they are costly, and others wait
    /// meanwhile.
    pub turn_handshakes: usize,
    /// How many calls without progress a state may ask for in a row.
    pub spins_max: u8,
    /// Whether a connection that nothing can wake is ended, and its state named.
    pub sanitizer: Sanitizer,
    /// Seeds the loop's generator; `None`: from the clock.
    pub seed: Option<u64>,
}

/// Whether states that can never go on are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sanitizer {
    /// After every call.
    On,
    /// Only spinning and frozen deadlines, which cost others their time.
    Off,
}

impl Config {
    /// Descriptors that are kept for listeners, logs and the like.
    pub const DESCRIPTORS_KEPT: usize = 64;
    /// Default of [`receive_max`](Config::receive_max).
    pub const RECEIVE_MAX: usize = 64 * 1024;
    /// Default of [`buffers_max`](Config::buffers_max).
    pub const BUFFERS_MAX: usize = 512 * 1024 * 1024;
    /// Default of [`turn_bytes`](Config::turn_bytes).
    pub const TURN_BYTES: usize = 256 * 1024;
    /// Default of [`turn_reads`](Config::turn_reads).
    pub const TURN_READS: usize = 16;
    /// Default of [`turn_file_bytes`](Config::turn_file_bytes): few sockets take more at once, and
    /// to copy it takes the kernel some tenths of a millisecond.
    pub const TURN_FILE_BYTES: usize = 1024 * 1024;
    /// Default of [`turn_deadlines`](Config::turn_deadlines).
    pub const TURN_DEADLINES: usize = 4096;
    /// Default of [`mail_max`](Config::mail_max).
    pub const MAIL_MAX: usize = 1 << 20;
    /// Default of [`mail_timers_max`](Config::mail_timers_max).
    pub const MAIL_TIMERS_MAX: usize = 1 << 16;
    /// Default of [`letters_max`](Config::letters_max).
    pub const LETTERS_MAX: usize = 1 << 16;
    /// Default of [`jobs_max`](Config::jobs_max).
    pub const JOBS_MAX: usize = 1024;
    /// Default of [`send_stall`](Config::send_stall).
    pub const SEND_STALL: Duration = Duration::from_secs(20);
    /// Default of [`linger_idle`](Config::linger_idle).
    pub const LINGER_IDLE: Duration = Duration::from_secs(2);
    /// Default of [`linger_within`](Config::linger_within).
    pub const LINGER_WITHIN: Duration = Duration::from_secs(5);
    /// Default of [`linger_bytes`](Config::linger_bytes).
    pub const LINGER_BYTES: usize = 1024 * 1024;
    /// Default of [`drain_within`](Config::drain_within).
    pub const DRAIN_WITHIN: Duration = Duration::from_secs(30);
    /// Default of [`accept_retry`](Config::accept_retry).
    pub const ACCEPT_RETRY: Duration = Duration::from_millis(10);
    /// Default of [`slow_turn`](Config::slow_turn).
    pub const SLOW_TURN: Duration = Duration::from_millis(10);
    /// Default of [`handshake_within`](Config::handshake_within).
    pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
    /// Default of [`handshakes_max`](Config::handshakes_max).
    pub const HANDSHAKES_MAX: usize = 1024;
    /// Default of [`turn_handshakes`](Config::turn_handshakes).
    pub const TURN_HANDSHAKES: usize = 8;
    /// Default of [`spins_max`](Config::spins_max).
    pub const SPINS_MAX: u8 = 32;
}

impl Config {
    /// What a loop could not work with.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let needed = [
            (self.receive_max, "receive_max is 0: nothing could be read"),
            (self.send_marks.high, "send_marks.high is 0: nothing could be written"),
            (self.turn_bytes, "turn_bytes is 0: nothing could be read"),
            (self.turn_reads, "turn_reads is 0: nothing could be read"),
            (self.turn_file_bytes, "turn_file_bytes is 0: no file could be sent"),
            (self.turn_deadlines, "turn_deadlines is 0: no deadline could fire"),
            (self.letters_max, "letters_max is 0: no other thread could be heard"),
            (self.handshakes_max, "handshakes_max is 0: no TLS connection could be made"),
            (self.turn_handshakes, "turn_handshakes is 0: no TLS connection could be made"),
            (usize::from(self.spins_max), "spins_max is 0: no state could yield"),
        ];
        let cap = self.send_marks.cap < self.send_marks.high;
        let cap = cap.then_some("send_marks.cap is below send_marks.high");
        needed.iter().find(|(value, _)| *value == 0).map(|(_, why)| *why).or(cap)
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            connections_max: None,
            receive_max: Config::RECEIVE_MAX,
            send_marks: Marks::default(),
            buffers_max: Config::BUFFERS_MAX,
            turn_bytes: Config::TURN_BYTES,
            turn_reads: Config::TURN_READS,
            turn_file_bytes: Config::TURN_FILE_BYTES,
            turn_deadlines: Config::TURN_DEADLINES,
            mail_max: Config::MAIL_MAX,
            mail_timers_max: Config::MAIL_TIMERS_MAX,
            letters_max: Config::LETTERS_MAX,
            jobs_max: Config::JOBS_MAX,
            send_stall: Config::SEND_STALL,
            linger_idle: Config::LINGER_IDLE,
            linger_within: Config::LINGER_WITHIN,
            linger_bytes: Config::LINGER_BYTES,
            drain_within: Config::DRAIN_WITHIN,
            accept_retry: Config::ACCEPT_RETRY,
            slow_turn: Config::SLOW_TURN,
            handshake_within: Config::HANDSHAKE_WITHIN,
            handshakes_max: Config::HANDSHAKES_MAX,
            turn_handshakes: Config::TURN_HANDSHAKES,
            spins_max: Config::SPINS_MAX,
            sanitizer: if cfg!(debug_assertions) { Sanitizer::On } else { Sanitizer::Off },
            seed: None,
        }
    }
}
