//! tokio's runtimes.

use std::future::Future;
use std::num::NonZero;

use readily_benches::cli::{Arguments, BadArgument};
use readily_benches::failure::Failure;
use tokio::runtime::Builder;

/// How many threads serve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(NonZero<usize>);

impl Threads {
    /// The thread of the program itself.
    pub(crate) const ONE: Self = Self(NonZero::<usize>::MIN);

    /// Takes `--threads N`; one unless told.
    pub(crate) fn among(arguments: &mut Arguments) -> Result<Self, BadArgument> {
        Ok(arguments.option("--threads")?.map_or(Self::ONE, Self))
    }
}

/// Runs a server to its end: one thread is tokio's current thread, more are those that steal work.
pub(crate) fn run(
    threads: Threads,
    server: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let mut builder = match threads.0.get() {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if threads.0.get() > 1 {
        builder.worker_threads(threads.0.get());
    }
    builder.enable_all().build()?.block_on(server)
}
