//! Machines that are broken on purpose: each is found, and its state named.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use readily::sys::sim::Sim;
use readily::{
    Address, App, Config, End, Event, Fault, Id, Io, Machine, Reactor, Reason, Sanitizer, State,
    Step,
};

/// Why each connection was gone.
#[derive(Default)]
struct Hospital(Vec<End>);

impl App for Hospital {
    type Mail = ();
    type Conn = Broken;

    fn gone(&mut self, _: Id, why: End, _: &mut readily::Effects<Self>) {
        self.0.push(why);
    }
}

#[derive(Machine)]
#[machine(app = Hospital)]
enum Broken {
    Stalls(Stalls),
    Spins(Spins),
    Freezes(Freezes),
    Lingers(Lingers),
    Cycles(Cycles),
}

/// Never takes what arrives.
struct Stalls;

impl State<Broken> for Stalls {
    fn advance(&mut self, _: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        Ok(Step::Wait)
    }
}

/// Wants to be called again and again, and does nothing.
struct Spins;

impl State<Broken> for Spins {
    fn advance(&mut self, _: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        Ok(Step::Yield)
    }
}

/// Lets its deadline pass, and leaves it there.
struct Freezes(Option<Instant>);

impl State<Broken> for Freezes {
    fn advance(&mut self, io: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        self.0.get_or_insert(io.now() + Duration::from_secs(1));
        Ok(Step::Wait)
    }

    fn deadline(&self) -> Option<Instant> {
        self.0
    }

    fn expire(&mut self, _: Reason, _: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        Ok(Step::Wait)
    }
}

/// Takes everything, and stays when its peer has ended.
struct Lingers;

impl State<Broken> for Lingers {
    fn advance(&mut self, io: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        io.rx.consume(io.rx.len());
        Ok(Step::Wait)
    }
}

/// Moves its deadline, but never past the present.
struct Cycles(Option<Instant>);

impl State<Broken> for Cycles {
    fn advance(&mut self, io: &mut Io<'_, Hospital>) -> Result<Step<Self, Broken>, Fault> {
        self.0 = Some(io.now());
        Ok(Step::Wait)
    }

    fn deadline(&self) -> Option<Instant> {
        self.0
    }

    fn expire(
        &mut self,
        _: Reason,
        io: &mut Io<'_, Hospital>,
    ) -> Result<Step<Self, Broken>, Fault> {
        self.advance(io)
    }
}

/// What a client does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// Only connects.
    Nothing,
    /// Sends a little and ends its half.
    Ends,
    /// Sends more than may be unread.
    Floods,
}

/// What the loop has to say of one connection.
fn examine(first: fn() -> Broken, does: Does) -> (Vec<(String, String)>, Vec<End>, bool) {
    let mut config = Config::default();
    config.sanitizer = Sanitizer::On;
    let mut reactor = Reactor::with(Hospital::default(), Sim::new(1), config).expect("a loop");
    let found = Rc::new(RefCell::new(Vec::new()));
    let findings = Rc::clone(&found);
    reactor.trace(move |event| {
        if let Event::Stuck { finding, state } = event {
            findings.borrow_mut().push(((*state).to_owned(), (*finding).to_owned()));
        }
    });
    let at = Address::Ip(([10, 0, 0, 1], 80).into());
    reactor.listen(&at, move |_, _| Some(first())).expect("a listener");
    let client = reactor.sys_mut().connect(&at);
    match does {
        Does::Nothing => {}
        Does::Ends => {
            reactor.sys_mut().send(client, b"hello");
            reactor.sys_mut().shutdown(client);
        }
        Does::Floods => reactor.sys_mut().send(client, &vec![0; 200_000]),
    }
    for _ in 0..200 {
        reactor.turn(Some(Duration::from_millis(50))).expect("the wait");
        reactor.check();
    }
    let reset = reactor.sys_mut().was_reset(client);
    (found.take(), reactor.app().0.clone(), reset)
}

/// A machine, who meets it, and what is said of it.
struct Case {
    first: fn() -> Broken,
    does: Does,
    state: &'static str,
    finding: &'static str,
}

fn case(first: fn() -> Broken, does: Does, (state, finding): (&'static str, &'static str)) -> Case {
    Case { first, does, state, finding }
}

#[test]
fn a_broken_machine_is_found_and_its_state_named() {
    for Case { first, does, state, finding } in [
        case(|| Broken::Stalls(Stalls), Does::Ends, ("Stalls", "stall")),
        case(|| Broken::Stalls(Stalls), Does::Floods, ("Stalls", "stall")),
        case(|| Broken::Spins(Spins), Does::Nothing, ("Spins", "spins")),
        case(|| Broken::Freezes(Freezes(None)), Does::Nothing, ("Freezes", "frozen deadline")),
        case(|| Broken::Cycles(Cycles(None)), Does::Nothing, ("Cycles", "frozen deadline")),
        case(|| Broken::Lingers(Lingers), Does::Ends, ("Lingers", "zombie")),
    ] {
        let (found, gone, reset) = examine(first, does);
        let told = format!("{state} and a client that {does:?}: {found:?} {gone:?}");
        assert!(matches!(&gone[..], [End::Stuck(why)] if why.starts_with(finding)), "{told}");
        assert!(
            matches!(&found[..], [(named, why)] if named == state && why.starts_with(finding)),
            "{told}"
        );
        assert!(reset, "{told}");
    }
}

#[test]
fn what_waits_for_its_peer_is_left_alone() {
    let idle: [fn() -> Broken; 2] = [|| Broken::Stalls(Stalls), || Broken::Lingers(Lingers)];
    for first in idle {
        assert_eq!(examine(first, Does::Nothing), (vec![], vec![], false));
    }
}
