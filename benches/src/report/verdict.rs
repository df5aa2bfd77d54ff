//! Who is ahead of whom: computed from the readings, never written by hand.

use crate::results::{Entry, Idle, Outcome, Results, Role, Work};
use crate::spread::Spread;

/// What entries are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Throughput,
    Cpu,
    /// p99 of the closed loop.
    Latency,
    /// p99 of the open loop, at each of its rates.
    Offered,
    /// Of idle connections, at the largest number that both have held.
    Memory,
    Instructions,
}

/// How sure it is that one is ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// In every round, or at every rate: so many of them.
    Clear(usize),
    /// It was read once.
    OneReading,
    /// At some rates and not at others: how many, and of how many.
    AtSomeRates(usize, usize),
    /// The median is ahead, and not every round: how many, and of how many.
    WithinSpread(usize, usize),
    /// Both did not have the same number of connections, so nothing is sure.
    Unlike,
}

/// One entry is ahead of another in one measure of one work.
#[derive(Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) work: &'a Work,
    pub(crate) measure: Measure,
    /// The one of both that is not Readily, whoever is ahead.
    pub(crate) peer: &'a Entry,
    /// How many times better; infinite where the other could not keep up with the rate.
    pub(crate) times: Spread,
    pub(crate) certainty: Certainty,
    /// What Readily had; of several rounds the median.
    pub(crate) subject: f64,
    /// What the peer had.
    pub(crate) other: f64,
    /// The rate, or the number of idle connections, that both figures are of.
    pub(crate) at: Option<f64>,
    /// What has to be known before it is believed.
    pub(crate) caveat: Option<String>,
}

/// How Readily stands against the best peer, for an overview.
#[derive(Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) peer: &'a Entry,
    /// How many times better Readily is; below 1 where the peer is.
    pub(crate) times: f64,
    pub(crate) certainty: Certainty,
}

/// Everything that can be said about who is ahead.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    /// Where peers are ahead of Readily, the clear ones first, then by how far.
    pub(crate) others: Vec<Finding<'a>>,
    /// Where Readily is ahead of peers, in the order of the works.
    pub(crate) subject: Vec<Finding<'a>>,
    /// Works in which Readily has no figures and others have, with the reason.
    pub(crate) without: Vec<(&'a Work, String)>,
    /// Pairs of Readily and a peer that were compared, over all works and measures.
    pub(crate) compared: usize,
}

impl Measure {
    pub(crate) const ALL: [Self; 6] = [
        Self::Throughput,
        Self::Cpu,
        Self::Latency,
        Self::Offered,
        Self::Memory,
        Self::Instructions,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Cpu => "CPU per unit",
            Self::Latency => "p99",
            Self::Offered => "p99 at an offered rate",
            Self::Memory => "memory per connection",
            Self::Instructions => "instructions per unit",
        }
    }

    /// Whether its readings were taken with the busy connections of the entry.
    fn is_of_busy_connections(self) -> bool {
        self != Self::Memory
    }
}

impl Certainty {
    /// For a table.
    pub(crate) fn words(self, measure: Measure) -> String {
        match (self, measure) {
            (Self::Clear(of), Measure::Offered) => format!("clear: at all {of} rates"),
            (Self::Clear(of), _) => format!("clear: in all {of} rounds"),
            (Self::OneReading, _) => "one reading".to_owned(),
            (Self::AtSomeRates(won, of), _) => format!("at {won} of {of} rates"),
            (Self::WithinSpread(won, of), _) => {
                format!("within the spread: in {won} of {of} rounds")
            }
            (Self::Unlike, _) => "under another load".to_owned(),
        }
    }

    pub(crate) fn is_clear(self) -> bool {
        matches!(self, Self::Clear(_))
    }

    /// Whether it may be chance, or says nothing about the servers.
    pub(crate) fn is_doubtful(self) -> bool {
        matches!(self, Self::WithinSpread(..) | Self::Unlike)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Clear(_) => 0,
            Self::OneReading => 1,
            Self::AtSomeRates(..) => 2,
            Self::WithinSpread(..) => 3,
            Self::Unlike => 4,
        }
    }
}

/// Compares the subject of each work with each of its peers.
pub(crate) fn verdict(results: &Results) -> Verdict<'_> {
    let mut verdict = Verdict { others: vec![], subject: vec![], without: vec![], compared: 0 };
    for work in &results.works {
        if let Some(reason) = without_subject(work) {
            verdict.without.push((work, reason));
        }
        for comparison in Measure::ALL.iter().flat_map(|measure| comparisons(work, *measure)) {
            verdict.compared += 1;
            verdict.others.extend(comparison.finding(Side::Peer));
            verdict.subject.extend(comparison.finding(Side::Subject));
        }
    }
    verdict.others.sort_by(|a, b| {
        let by_rank = a.certainty.rank().cmp(&b.certainty.rank());
        by_rank.then(b.times.median.total_cmp(&a.times.median))
    });
    verdict
}

/// How Readily stands in one measure of one work; `None` where there is nobody to compare with.
///
/// A peer that had another number of connections is left out.
pub(crate) fn standing(work: &Work, measure: Measure) -> Option<Standing<'_>> {
    comparisons(work, measure)
        .into_iter()
        .filter(|comparison| comparison.differing_connections().is_none())
        .filter_map(|comparison| {
            let leads = comparison.leads(Side::Subject);
            let times = middle(&leads)?.median;
            let agreeing = leads.iter().filter(|lead| (**lead > 1.0) == (times > 1.0)).count();
            let certainty = comparison.certainty(agreeing);
            Some(Standing { peer: comparison.peer, times, certainty })
        })
        .min_by(|a, b| a.times.total_cmp(&b.times))
}

/// Whether the load generator, not the server, set the throughput of an entry.
pub(crate) fn is_limited_by_generator(entry: &Entry) -> bool {
    let median = |readings: Vec<f64>| Spread::of(&readings).map_or(0.0, |spread| spread.median);
    let generator = median(entry.rounds.iter().map(|round| round.generator_busy).collect());
    let server = median(entry.rounds.iter().map(|round| round.server_busy).collect());
    generator > 0.95 && server < 0.9
}

/// The entries that have figures.
pub(crate) fn measured(work: &Work) -> impl Iterator<Item = &Entry> {
    work.entries.iter().filter(|entry| entry.outcome == Outcome::Measured)
}

fn without_subject(work: &Work) -> Option<String> {
    let mut subjects = work.entries.iter().filter(|entry| entry.role == Role::Subject);
    let has_peer = measured(work).any(|entry| entry.role == Role::Peer);
    let subject = subjects.next().filter(|_| has_peer)?;
    match &subject.outcome {
        Outcome::Measured => None,
        Outcome::Failed(why) => Some(format!("failed: {why}")),
        Outcome::Missing(why) | Outcome::Absent(why) => Some(why.clone()),
    }
}

fn comparisons(work: &Work, measure: Measure) -> Vec<Comparison<'_>> {
    let with = |role: Role| measured(work).filter(move |entry| entry.role == role);
    let Some(subject) = with(Role::Subject).next() else { return Vec::new() };
    with(Role::Peer)
        .map(|peer| Comparison {
            work,
            measure,
            subject,
            peer,
            readings: readings(measure, subject, peer),
        })
        .filter(|comparison| !comparison.readings.is_empty())
        .collect()
}

/// The subject and a peer in one measure.
struct Comparison<'a> {
    work: &'a Work,
    measure: Measure,
    subject: &'a Entry,
    peer: &'a Entry,
    readings: Vec<Reading>,
}

/// One round, rate or count of both.
#[derive(Clone, Copy)]
struct Reading {
    subject: f64,
    peer: f64,
    at: Option<f64>,
}

/// Who of both is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Subject,
    Peer,
}

impl<'a> Comparison<'a> {
    /// How many times better `side` was, reading by reading.
    fn leads(&self, side: Side) -> Vec<f64> {
        self.readings.iter().map(|reading| self.lead(reading, side)).collect()
    }

    fn lead(&self, reading: &Reading, side: Side) -> f64 {
        let (own, other) = match side {
            Side::Subject => (reading.subject, reading.peer),
            Side::Peer => (reading.peer, reading.subject),
        };
        match self.measure {
            Measure::Throughput => own / other,
            _ => other / own,
        }
    }

    fn finding(&self, side: Side) -> Option<Finding<'a>> {
        let leads = self.leads(side);
        let won = leads.iter().filter(|lead| **lead > 1.0).count();
        let (times, shown) = if self.measure == Measure::Offered {
            self.at_won_rates(side)?
        } else {
            (middle(&leads)?, self.medians()?)
        };
        (times.median > 1.0).then(|| Finding {
            work: self.work,
            measure: self.measure,
            peer: self.peer,
            times,
            certainty: self.certainty(won),
            subject: shown.subject,
            other: shown.peer,
            at: shown.at,
            caveat: self.caveat(),
        })
    }

    /// The lead at the rates that `side` has won, and a rate in their middle.
    ///
    /// A median over all rates would hide one at which the other is ahead.
    fn at_won_rates(&self, side: Side) -> Option<(Spread, Reading)> {
        let mut won: Vec<(f64, Reading)> = self
            .readings
            .iter()
            .map(|reading| (self.lead(reading, side), *reading))
            .filter(|(lead, _)| *lead > 1.0)
            .collect();
        won.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (min, max) = (won.first()?.0, won.last()?.0);
        let (median, reading) = won[(won.len() - 1) / 2];
        Some((Spread { median, min, max }, reading))
    }

    fn medians(&self) -> Option<Reading> {
        let median = |of: fn(&Reading) -> f64| {
            Some(Spread::of(&self.readings.iter().map(of).collect::<Vec<_>>())?.median)
        };
        Some(Reading {
            subject: median(|reading| reading.subject)?,
            peer: median(|reading| reading.peer)?,
            at: self.readings.first()?.at,
        })
    }

    fn differing_connections(&self) -> Option<(u64, u64)> {
        let (subject, peer) = (self.subject.connections, self.peer.connections);
        (self.measure.is_of_busy_connections() && subject != peer).then_some((subject, peer))
    }

    fn certainty(&self, won: usize) -> Certainty {
        match (self.measure, self.readings.len()) {
            _ if self.differing_connections().is_some() => Certainty::Unlike,
            (_, 1) => Certainty::OneReading,
            (_, of) if won == of => Certainty::Clear(of),
            (Measure::Offered, of) => Certainty::AtSomeRates(won, of),
            (_, of) => Certainty::WithinSpread(won, of),
        }
    }

    fn caveat(&self) -> Option<String> {
        if let Some((subject, peer)) = self.differing_connections() {
            return Some(format!("connections: {peer}, Readily {subject}"));
        }
        let limited =
            [self.subject, self.peer].into_iter().filter(|entry| is_limited_by_generator(entry));
        let is_rate = self.measure == Measure::Throughput;
        (is_rate && limited.count() > 0).then(|| "the generator was the limit".to_owned())
    }
}

/// The spread of ratios: the middle of a half and a double is 1, whoever is held against whom.
fn middle(leads: &[f64]) -> Option<Spread> {
    let logarithms: Vec<f64> = leads.iter().map(|lead| lead.ln()).collect();
    let Spread { median, min, max } = Spread::of(&logarithms)?;
    Some(Spread { median: median.exp(), min: min.exp(), max: max.exp() })
}

fn readings(measure: Measure, subject: &Entry, peer: &Entry) -> Vec<Reading> {
    let pairs: Vec<Reading> = match measure {
        Measure::Throughput => in_turns(subject, peer, |entry, at| entry.rounds[at].per_second),
        Measure::Cpu => in_turns(subject, peer, |entry, at| entry.rounds[at].cpu_us),
        Measure::Latency => in_turns(subject, peer, |entry, at| entry.rounds[at].latency.p99),
        Measure::Offered => at_rates(subject, peer),
        Measure::Memory => idle(subject, peer).into_iter().collect(),
        Measure::Instructions => subject
            .counted
            .instructions
            .zip(peer.counted.instructions)
            .map(|(subject, peer)| Reading { subject, peer, at: None })
            .into_iter()
            .collect(),
    };
    pairs.into_iter().filter(|pair| pair.subject > 0.0 && pair.peer > 0.0).collect()
}

/// Round by round: what disturbs a round disturbs both.
fn in_turns(subject: &Entry, peer: &Entry, of: impl Fn(&Entry, usize) -> f64) -> Vec<Reading> {
    (0..subject.rounds.len().min(peer.rounds.len()))
        .map(|at| Reading { subject: of(subject, at), peer: of(peer, at), at: None })
        .filter(|reading| reading.subject.is_finite() && reading.peer.is_finite())
        .collect()
}

fn at_rates(subject: &Entry, peer: &Entry) -> Vec<Reading> {
    let more = if subject.offered.len() >= peer.offered.len() { subject } else { peer };
    let rates = more.offered.iter().map(|offered| offered.rate);
    rates
        .filter_map(|rate| {
            let (subject, peer) = (p99_at(subject, rate)?, p99_at(peer, rate)?);
            Some(Reading { subject, peer, at: Some(rate) })
        })
        .collect()
}

/// Infinite at a rate that was not tried, since the entry did not keep up with a lower one.
fn p99_at(entry: &Entry, rate: f64) -> Option<f64> {
    let found = entry.offered.iter().find(|offered| offered.rate == rate);
    let given_up = || entry.offered.last().is_some_and(|last| last.rate < rate);
    match found {
        Some(offered) => Some(offered.intended.p99),
        None => given_up().then_some(f64::INFINITY),
    }
}

fn idle(subject: &Entry, peer: &Entry) -> Option<Reading> {
    // Less than a byte is noise, and no ratio can be taken of it.
    let each = |idle: &Idle| idle.bytes_each.max(1.0);
    let held =
        |connections: u64| peer.idle.iter().find(move |other| other.connections == connections);
    let (own, other) =
        subject.idle.iter().rev().find_map(|own| Some((own, held(own.connections)?)))?;
    Some(Reading { subject: each(own), peer: each(other), at: Some(own.connections as f64) })
}
