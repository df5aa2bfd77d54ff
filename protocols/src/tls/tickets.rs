//! The keys of session tickets: what a client keeps to come back without a whole handshake.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::crypto::ring::Ticketer;
use rustls::server::ProducesTickets;
use rustls::time_provider::TimeProvider;

use super::{Certificates, Error};

/// How sessions are resumed.
///
/// The keys live in the [`Server`](super::Server) and its clones, so that what one loop of a fleet
/// gave out another takes. They are in memory only, and another server, of other settings, does
/// not know them. A ticket is good for the name that it was given out under alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tickets {
    /// After how long there is a new key, in whole seconds: a key opens what it has sealed for as
    /// long again, then it is gone. At most [`ROTATE_MAX`](Tickets::ROTATE_MAX); longer ones are
    /// cut to that.
    pub rotate: Duration,
    /// How many tickets a client of TLS 1.3 is given after a whole handshake; none is no resumption
    /// at all. One of TLS 1.2 is given one.
    pub count: usize,
}

impl Tickets {
    /// The default of [`rotate`](Tickets::rotate), and the most that it can be.
    pub const ROTATE_MAX: Duration = Duration::from_secs(6 * 60 * 60);

    /// No resumption.
    pub const NONE: Tickets = Tickets { rotate: Tickets::ROTATE_MAX, count: 0 };
}

impl Default for Tickets {
    fn default() -> Self {
        Tickets { rotate: Tickets::ROTATE_MAX, count: 2 }
    }
}

/// The keys of one server.
pub(super) struct Keys {
    /// In seconds.
    rotate: u64,
    certificates: Certificates,
    clock: Arc<dyn TimeProvider>,
    ring: Mutex<Ring>,
}

/// The keys that are good now.
struct Ring {
    current: Arc<dyn ProducesTickets>,
    previous: Option<Arc<dyn ProducesTickets>>,
    /// When the current one was made, in seconds since 1970.
    since: u64,
    /// What certificates they are for: a session with others is not continued.
    generation: u64,
}

impl Keys {
    pub(super) fn new(
        tickets: Tickets,
        certificates: Certificates,
        clock: Arc<dyn TimeProvider>,
    ) -> Result<Self, Error> {
        let rotate = tickets.rotate.clamp(Duration::from_secs(1), Tickets::ROTATE_MAX).as_secs();
        let since = clock.current_time().map_or(0, |now| now.as_secs());
        let generation = certificates.generation();
        let current = Ticketer::new().map_err(|_| Error::NoRandomness)?;
        let ring = Mutex::new(Ring { current, previous: None, since, generation });
        Ok(Keys { rotate, certificates, clock, ring })
    }

    /// Those that are good now; none where there is no time, or no randomness for new ones.
    fn ring(&self) -> Option<MutexGuard<'_, Ring>> {
        let now = self.clock.current_time()?.as_secs();
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, or two threads could put the newer keys away for the older certificates.
        let generation = self.certificates.generation();
        // A clock that was set back would keep a key for longer than it is good for.
        let age = now.checked_sub(ring.since);
        let (is_old, is_dead) = match age {
            Some(age) => (age >= self.rotate, age >= 2 * self.rotate),
            None => (true, true),
        };
        let is_dead = is_dead || ring.generation != generation;
        if is_old || is_dead {
            let old = std::mem::replace(&mut ring.current, Ticketer::new().ok()?);
            ring.previous = (!is_dead).then_some(old);
            (ring.since, ring.generation) = (now, generation);
        }
        Some(ring)
    }
}

impl ProducesTickets for Keys {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        // As long as a ticket of any age is surely taken for.
        self.rotate as u32
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let key = self.ring()?.current.clone();
        key.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        let ring = self.ring()?;
        let (current, previous) = (ring.current.clone(), ring.previous.clone());
        drop(ring);
        current.decrypt(cipher).or_else(|| previous?.decrypt(cipher))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("rotate", &self.rotate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustls::pki_types::UnixTime;

    use super::*;

    #[derive(Debug)]
    struct Hand(AtomicU64);

    impl TimeProvider for Hand {
        fn current_time(&self) -> Option<UnixTime> {
            Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
        }
    }

    const START: u64 = 1_000_000;

    fn keys(rotate: u64) -> (Keys, Arc<Hand>, Certificates) {
        let (hand, certificates) = (Arc::new(Hand(AtomicU64::new(START))), Certificates::new());
        let tickets = Tickets { rotate: Duration::from_secs(rotate), count: 2 };
        let keys = Keys::new(tickets, certificates.clone(), hand.clone()).expect("keys");
        (keys, hand, certificates)
    }

    #[test]
    fn a_key_seals_for_a_while_and_opens_for_as_long_again() {
        const HOUR: i64 = 3600;
        // When a ticket is made, when it is used, and whether it is good then.
        let cases: [(i64, i64, bool); 9] = [
            (0, 0, true),
            (0, 6 * HOUR - 1, true),
            (0, 6 * HOUR, true),
            (0, 12 * HOUR - 1, true),
            (0, 12 * HOUR, false),
            (6 * HOUR - 1, 12 * HOUR - 1, true),
            (6 * HOUR - 1, 18 * HOUR, false),
            (0, 1000 * HOUR, false),
            (0, -1, false),
        ];
        for (made, used, good) in cases {
            let (keys, hand, _) = keys(u64::MAX);
            hand.0.store(START.saturating_add_signed(made), Ordering::Relaxed);
            let ticket = keys.encrypt(b"session").expect("a ticket");
            hand.0.store(START.saturating_add_signed(used), Ordering::Relaxed);
            let opened = keys.decrypt(&ticket);
            assert_eq!(opened.as_deref(), good.then_some(&b"session"[..]), "{made} {used}");
        }
    }

    #[test]
    fn each_key_is_made_in_its_turn_and_lasts_two_of_them() {
        let (keys, hand, _) = keys(10);
        let mut made = Vec::new();
        for now in START..START + 100 {
            hand.0.store(now, Ordering::Relaxed);
            made.push((now, keys.encrypt(b"session").expect("a ticket")));
            for (then, ticket) in &made {
                let good = (now - START) / 10 - (then - START) / 10 < 2;
                assert_eq!(keys.decrypt(ticket).is_some(), good, "{then} at {now}");
            }
        }
        assert_eq!(keys.lifetime(), 10);
    }

    #[test]
    fn garbage_and_what_another_server_made_open_nothing() {
        let (one, other) = (keys(10).0, keys(10).0);
        let ticket = one.encrypt(b"session").expect("a ticket");
        assert_eq!(other.decrypt(&ticket), None);
        for at in 0..ticket.len() {
            let mut bad = ticket.clone();
            bad[at] ^= 1;
            assert_eq!(one.decrypt(&bad), None, "byte {at}");
            assert_eq!(one.decrypt(&ticket[..at]), None, "cut at {at}");
        }
        let long = [ticket.clone(), vec![0; 100]].concat();
        assert_eq!(one.decrypt(&long), None);
        assert!(one.decrypt(&ticket).is_some());
    }
}
