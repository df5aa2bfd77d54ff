//! One state as a machine of any application.

use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use crate::contract::{
    App, Diagram, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};

/// A machine that is one state, under the application of whoever runs it: what the derive makes of
/// an enum with one variant, for a machine that runs inside another's state.
///
/// The state can become no other: [`Nobody`] has no edges.
pub struct Solo<A, S>(S, PhantomData<fn() -> A>);

impl<A, S> Solo<A, S> {
    /// This state, alone.
    pub const fn new(state: S) -> Self {
        Solo(state, PhantomData)
    }

    /// The state.
    pub fn inner(&self) -> &S {
        &self.0
    }
}

impl<A, S: fmt::Debug> fmt::Debug for Solo<A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Solo").field(&self.0).finish()
    }
}

const STATES: &[StateInfo] = &[StateInfo { name: "Solo", becomes: &[], timeouts: Timeouts::NONE }];

const DIAGRAM: Diagram = Diagram {
    mermaid: "stateDiagram-v2\n    [*] --> Solo\n    Solo --> [*]\n",
    dot: "digraph Solo {\n    Solo;\n}\n",
};

impl<A: App, S: State<Nobody<A>>> Machine for Solo<A, S> {
    type App = A;
    const STATES: &'static [StateInfo] = STATES;
    const DIAGRAM: Diagram = DIAGRAM;

    #[inline]
    fn advance(&mut self, io: &mut Io<'_, A>) -> Result<Next, Fault> {
        settle(self.0.advance(io))
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, A>) -> Result<Next, Fault> {
        settle(self.0.expire(why, io))
    }

    fn receive(&mut self, mail: A::Mail, io: &mut Io<'_, A>) -> Result<Next, Fault> {
        settle(self.0.receive(mail, io))
    }

    #[inline]
    fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    fn held(&self) -> usize {
        self.0.held()
    }

    #[inline]
    fn state(&self) -> usize {
        0
    }
}

#[inline]
fn settle<A: App, S>(stepped: Result<Step<S, Nobody<A>>, Fault>) -> Result<Next, Fault> {
    Step::settle(stepped, &mut Nobody(PhantomData))
}

/// The machine that the state of a [`Solo`] believes to be part of: a state names its machine, and
/// the machine its state, which for any state and any application would never come to an end.
pub struct Nobody<A>(PhantomData<fn() -> A>);

impl<A> fmt::Debug for Nobody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nobody")
    }
}

impl<A: App> Machine for Nobody<A> {
    type App = A;
    const STATES: &'static [StateInfo] = STATES;
    const DIAGRAM: Diagram = DIAGRAM;

    fn advance(&mut self, _: &mut Io<'_, A>) -> Result<Next, Fault> {
        Ok(Next::Finish)
    }

    fn expire(&mut self, _: Reason, _: &mut Io<'_, A>) -> Result<Next, Fault> {
        Ok(Next::Finish)
    }

    fn receive(&mut self, _: A::Mail, _: &mut Io<'_, A>) -> Result<Next, Fault> {
        Ok(Next::Ignore)
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn state(&self) -> usize {
        0
    }
}
