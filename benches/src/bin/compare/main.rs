//! The whole comparison by one command: every server at every work, and a report of it.
//!
//! It builds what is missing, lets every entry pass a gate, takes rounds in turns, and writes a
//! page, raw data and a table for the terminal.

mod build;
mod counted;
mod effort;
mod entry;
mod extras;
mod generators;
mod options;
mod progress;
mod stage;
mod works;

use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use readily_benches::affinity::Cores;
use readily_benches::bench::Bench;
use readily_benches::cli;
use readily_benches::contender::Programs;
use readily_benches::failure::Failure;
use readily_benches::machine;
use readily_benches::report;
use readily_benches::results::{Outcome, Results};
use readily_benches::scratch::Scratch;

use crate::options::{Options, Source};
use crate::progress::Progress;
use crate::stage::Stage;

fn main() -> ExitCode {
    cli::run(options::USAGE, options::parse, work)
}

fn work(options: Options) -> Result<(), Failure> {
    let results = match &options.source {
        Source::Measure => measure(&options)?,
        Source::File(file) => read(file)?,
    };
    let files = report::write(&results, &options.out)?;
    if options.json {
        println!("{}", serde_json::to_string(&results).map_err(Failure::failed)?);
    } else {
        println!("{}", report::terminal(&results));
        for file in files {
            println!("wrote {}", file.display());
        }
    }
    let entries = || results.works.iter().flat_map(|work| &work.entries);
    match entries().filter(|entry| matches!(entry.outcome, Outcome::Failed(_))).count() {
        0 => Ok(()),
        failed => Err(Failure::failed(format!("entries that failed: {failed}"))),
    }
}

fn measure(options: &Options) -> Result<Results, Failure> {
    // Before half an hour of work, not after it.
    std::fs::create_dir_all(&options.out)
        .map_err(|error| Failure::from(error).during(&options.out.display().to_string()))?;
    let programs = match &options.servers {
        Some(directory) => Programs::new(directory.clone()),
        None => {
            let programs = Programs::beside_this()?;
            build::missing(&options.works, &programs)?;
            programs
        }
    };
    let scratch = Scratch::new()?;
    let stage = Stage {
        bench: Bench::new(programs, options.effort.rounds, &scratch)?,
        cores: Cores::of_this_process()?,
        effort: options.effort,
        progress: Progress::new(&options.works, &options.effort),
    };
    let (date, start) = (SystemTime::now(), Instant::now());
    let machine = machine::describe();
    let mut results = Results {
        date: machine::utc(date),
        took_seconds: 0.0,
        command: options.command(),
        machine,
        works: Vec::new(),
    };
    for work in &options.works {
        results.works.push(stage.compare(work));
        results.took_seconds = start.elapsed().as_secs_f64();
        // Whoever ends a long run early keeps what there was.
        report::write(&results, &options.out)?;
    }
    stage.progress.finish();
    Ok(results)
}

fn read(file: &std::path::Path) -> Result<Results, Failure> {
    let during = |failure: Failure| failure.during(&file.display().to_string());
    let text = std::fs::read_to_string(file).map_err(|error| during(error.into()))?;
    serde_json::from_str(&text).map_err(|error| during(Failure::failed(error)))
}
