//! Nothing of the derive is out of reach: the same machine, written by hand.

use std::time::Instant;

use readily_protocols::contract::{
    Alone, App, Diagram, Edge, Fault, Io, Machine, Next, Reason, State, StateInfo, Step, Timeouts,
};
use readily_protocols::testing::Script;

struct Login;
struct Quit;

impl<M: Machine + Edge<Login, Quit>> State<M> for Login {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        Ok(if io.rx.bytes().is_empty() { Step::Wait } else { Step::becomes(Quit) })
    }
}

impl<M: Machine> State<M> for Quit {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.write(b"bye");
        Ok(Step::Finish)
    }
}

mod derived {
    use super::{Login, Quit};

    #[derive(readily_derive::Machine)]
    #[machine(crate = "readily_protocols")]
    pub(super) enum Conn {
        #[becomes(Quit)]
        Login(Login),
        Quit(Quit),
    }
}

// The page docs/derive.md shows what follows.
enum Conn {
    Login(Login),
    Quit(Quit),
}

impl Edge<Login, Quit> for Conn {
    fn enter(to: Quit) -> Self {
        Conn::Quit(to)
    }
}

impl Machine for Conn {
    type App = Alone<Self>;
    const STATES: &'static [StateInfo] = &[
        StateInfo { name: "Login", becomes: &[1], timeouts: Timeouts::NONE },
        StateInfo { name: "Quit", becomes: &[], timeouts: Timeouts::NONE },
    ];
    const DIAGRAM: Diagram = Diagram { mermaid: "", dot: "" };

    fn advance(&mut self, io: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
        match self {
            Conn::Login(state) => {
                let stepped = State::<Self>::advance(state, io);
                Step::settle(stepped, self)
            }
            Conn::Quit(state) => {
                let stepped = State::<Self>::advance(state, io);
                Step::settle(stepped, self)
            }
        }
    }

    fn expire(&mut self, why: Reason, _: &mut Io<'_, Self::App>) -> Result<Next, Fault> {
        Err(Fault::TimedOut(why))
    }

    fn receive(
        &mut self,
        mail: <Self::App as App>::Mail,
        _: &mut Io<'_, Self::App>,
    ) -> Result<Next, Fault> {
        match mail {}
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn state(&self) -> usize {
        match self {
            Conn::Login(_) => 0,
            Conn::Quit(_) => 1,
        }
    }
}
// The page docs/derive.md shows what came before.

#[test]
fn both_machines_are_the_same() {
    let mut by_hand = Script::new(Conn::Login(Login));
    let mut derived = Script::new(derived::Conn::Login(Login));
    by_hand.feed(b"hello");
    derived.feed(b"hello");
    assert_eq!((by_hand.states(), by_hand.sent()), (&["Login", "Quit"][..], &b"bye"[..]));
    assert_eq!((derived.states(), derived.sent()), (by_hand.states(), by_hand.sent()));
    assert_eq!((by_hand.over(), derived.over()), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(Conn::STATES, derived::Conn::STATES);
}

#[test]
fn both_machines_time_out_the_same() {
    let mut by_hand = Script::new(Conn::Login(Login));
    let mut derived = Script::new(derived::Conn::Login(Login));
    by_hand.expire(Reason::Idle);
    derived.expire(Reason::Idle);
    let timed_out = Some(Err(Fault::TimedOut(Reason::Idle)));
    assert_eq!((by_hand.over(), derived.over()), (timed_out, timed_out));
}
