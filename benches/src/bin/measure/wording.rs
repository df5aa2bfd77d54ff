//! How the figures say what they do.

use readily_benches::bench::Lengths;
use readily_benches::contender::Contender;
use readily_benches::talk::Talk;

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
    eprintln!("{figure}: {}: {what}", contender.label);
}
