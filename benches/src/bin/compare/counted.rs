//! Figures that do not depend on how busy the machine is.

use readily_benches::bench::Lengths;
use readily_benches::catalogue::URING;
use readily_benches::contender::Contender;
use readily_benches::driver::Load;
use readily_benches::failure::Failure;
use readily_benches::results::{Entry, Outcome};

use crate::effort::Counting;
use crate::stage::{Behind, Stage};
use crate::works::{Task, Work};

/// The difference of both counts.
const LENGTHS: Lengths = Lengths { short: 2_000, long: 8_000 };

/// Instructions, system calls and allocations, where the tools are there.
pub(crate) fn count(
    stage: &Stage<'_>,
    work: &Work,
    contender: Contender,
    behind: &Behind,
    entry: &mut Entry,
) {
    let (Counting::On, Task::Talk(talk)) = (stage.effort.counting, work.task) else { return };
    stage.progress.step(work, contender, "counted");
    if entry.outcome != Outcome::Measured {
        return;
    }
    if contender.words.contains(&URING) {
        entry.notes.push("Nothing was counted: valgrind does not run io_uring.".to_owned());
        return;
    }
    let Ok(to) = behind.address() else { return };
    let connections = work.connections_of(contender);
    let load = Load::of(connections, talk);
    let bench = &stage.bench;
    let mut notes = Vec::new();
    let mut or_note = |what: &str, reading: Result<f64, Failure>| {
        reading.map_err(|failure| notes.push(format!("{what} were not counted: {failure}."))).ok()
    };
    entry.counted.instructions =
        or_note("Instructions", bench.instructions_per_round_trip(contender, to, load, LENGTHS));
    entry.counted.system_calls = or_note(
        "System calls",
        bench
            .further_calls(contender, to, load, LENGTHS)
            .map(|calls| calls.values().sum::<f64>() / LENGTHS.further()),
    );
    entry.counted.allocations = or_note(
        "Allocations",
        bench
            .further_allocations(contender, to, load, LENGTHS)
            .map(|(count, _)| count / LENGTHS.further()),
    );
    entry.notes.extend(notes);
}
