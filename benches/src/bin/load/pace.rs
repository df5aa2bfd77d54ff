//! Who decides when a unit begins.

use std::time::Instant;

use readily_benches::failure::Failure;
use readily_benches::summary::Summary;
use readily_benches::trial::Trial;

use crate::offer::Offer;

pub(crate) enum Pace {
    /// One unit for each connection, which nobody counts.
    Opening,
    /// The end of the one before.
    Closed {
        trial: Box<Trial>,
        /// When the last answer came.
        clock: Instant,
    },
    /// A schedule.
    Open(Box<Offer>),
}

/// What a connection does next in a closed loop.
pub(crate) enum Next {
    Units(u32),
    Nothing,
}

impl Pace {
    /// So many units that began together have ended.
    #[inline]
    pub(crate) fn record(&mut self, intended: Instant, started: Instant, now: Instant, units: u32) {
        match self {
            Self::Opening => {}
            Self::Closed { trial, clock } => {
                *clock = now;
                let latency = now.saturating_duration_since(started);
                for _ in 0..units {
                    trial.record(latency);
                }
            }
            Self::Open(offer) => offer.record(intended, started, now),
        }
    }

    /// Up to `most` units of a closed loop.
    #[inline]
    pub(crate) fn next(&mut self, most: u32) -> Next {
        let Self::Closed { trial, .. } = self else { return Next::Nothing };
        match (0..most).take_while(|_| trial.starts(1)).count() {
            0 => Next::Nothing,
            units => Next::Units(units as u32),
        }
    }

    /// Moves on to the timed part of a closed loop or out of it.
    #[inline]
    pub(crate) fn tick(&mut self) -> Result<(), Failure> {
        match self {
            Self::Closed { trial, clock } => trial.tick(*clock),
            Self::Opening | Self::Open(_) => Ok(()),
        }
    }

    /// What was found.
    pub(crate) fn finish(self) -> Result<Summary, Failure> {
        match self {
            Self::Opening => Ok(Summary::default()),
            Self::Closed { trial, .. } => trial.finish(),
            Self::Open(offer) => offer.finish(),
        }
    }
}
