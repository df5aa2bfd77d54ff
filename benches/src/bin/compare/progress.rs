//! How far a comparison is: a bar in a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use readily_benches::contender::Contender;

use crate::effort::{Counting, Effort};
use crate::works::{Extra, Work};

const LOOK: &str = "{spinner} [{elapsed_precise}] {wide_bar} {pos}/{len}, {eta} left  {msg}";

/// One step is one run of a generator.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(works: &[&Work], effort: &Effort) -> Self {
        let steps = works.iter().map(|work| steps(work, effort)).sum();
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(steps)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(LOOK) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar }
    }

    /// A work begins.
    pub(crate) fn begin(&self, work: &Work) {
        if self.bar.is_hidden() {
            eprintln!("{}: {}", work.name, work.title);
        }
    }

    /// A step begins.
    pub(crate) fn step(&self, work: &Work, contender: Contender, what: &str) {
        self.bar.set_message(format!("{}: {}, {what}", work.name, contender.label));
        self.bar.inc(1);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// As many as there are when nothing fails.
fn steps(work: &Work, effort: &Effort) -> u64 {
    let extras = work.extra.iter().map(|extra| match extra {
        Extra::Offered => effort.shares.len(),
        Extra::Scaling => effort.scaling.len(),
        Extra::Idle => effort.idle.len(),
        Extra::Counted => usize::from(effort.counting == Counting::On),
        Extra::Held => usize::from(!effort.held.is_empty()),
    });
    (work.entries.len() * (1 + effort.rounds + extras.sum::<usize>())) as u64
}
