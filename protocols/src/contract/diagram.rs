//! What the derive knows of a machine besides its code.

use super::Timeouts;

/// One state of a machine, as its attributes declare it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StateInfo {
    /// The variant's name.
    pub name: &'static str,
    /// Positions, in [`Machine::STATES`](super::Machine::STATES), of what it may become.
    pub becomes: &'static [usize],
    /// Its deadlines.
    pub timeouts: Timeouts,
}

/// A machine's states and transitions as text, made from the same declaration as its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diagram {
    /// A Mermaid `stateDiagram-v2`.
    pub mermaid: &'static str,
    /// A Graphviz `digraph`.
    pub dot: &'static str,
}
