//! Where the loops of a fleet run.

/// Whether each loop stays on one processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pinning {
    /// The system moves them as it likes.
    #[default]
    Free,
    /// The n-th loop on the n-th processor that the process may use.
    Pinned,
}

impl Pinning {
    /// A processor that cannot be had is no reason not to serve.
    pub(super) fn apply(self, index: usize) {
        if self == Pinning::Free {
            return;
        }
        let Ok(allowed) = rustix::thread::sched_getaffinity(None) else { return };
        let processors = (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        let processors: Vec<usize> = processors.collect();
        let mut one = rustix::thread::CpuSet::new();
        if let Some(processor) = processors.get(index % processors.len().max(1)) {
            one.set(*processor);
            let _ = rustix::thread::sched_setaffinity(None, &one);
        }
    }
}
