//! An application whose connections do what the test says.

use std::time::Instant;

use readily::{App, Effects, End, Fault, Id, Io, Machine, Reason, State, Step};

/// Why an actor is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cue {
    Advance,
    Mail(u32),
    Expire(Reason),
}

/// What an actor does next.
pub(crate) type Does = Result<Step<Actor, Actor>, Fault>;

pub(crate) type Act = Box<dyn FnMut(&mut Io<'_, Troupe>, Cue) -> Does>;
type Answer = Box<dyn FnMut(u32, &mut Effects<Troupe>)>;

/// What has become of every connection, and what was heard.
#[derive(Default)]
pub(crate) struct Troupe {
    pub(crate) gone: Vec<(Id, End)>,
    /// Mail to the application.
    pub(crate) mail: Vec<u32>,
    /// What actors noted.
    pub(crate) heard: Vec<(Id, u32)>,
    /// What the application does with its mail besides.
    pub(crate) answer: Option<Answer>,
    /// What it does when a connection is gone.
    pub(crate) mourn: Option<Box<dyn FnMut(Id)>>,
}

impl App for Troupe {
    type Mail = u32;
    type Conn = Actor;

    fn receive(&mut self, mail: u32, fx: &mut Effects<Self>) {
        self.mail.push(mail);
        if let Some(answer) = &mut self.answer {
            answer(mail, fx);
        }
    }

    fn gone(&mut self, id: Id, why: End, _: &mut Effects<Self>) {
        self.gone.push((id, why));
        if let Some(mourn) = &mut self.mourn {
            mourn(id);
        }
    }
}

/// A connection that is one closure.
#[derive(Machine)]
#[machine(app = Troupe)]
pub(crate) struct Actor {
    pub(crate) act: Act,
    /// Its own deadline.
    pub(crate) due: Option<Box<dyn Fn() -> Option<Instant>>>,
}

impl Actor {
    pub(crate) fn new(act: impl FnMut(&mut Io<'_, Troupe>, Cue) -> Does + 'static) -> Self {
        Actor { act: Box::new(act), due: None }
    }
}

impl State<Actor> for Actor {
    fn advance(&mut self, io: &mut Io<'_, Troupe>) -> Does {
        (self.act)(io, Cue::Advance)
    }

    fn deadline(&self) -> Option<Instant> {
        self.due.as_ref().and_then(|due| due())
    }

    fn expire(&mut self, why: Reason, io: &mut Io<'_, Troupe>) -> Does {
        (self.act)(io, Cue::Expire(why))
    }

    fn receive(&mut self, mail: u32, io: &mut Io<'_, Troupe>) -> Does {
        (self.act)(io, Cue::Mail(mail))
    }
}

/// Sends back what arrives.
pub(crate) fn echo(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    io.tx.adopt(io.rx, usize::MAX);
    let over = io.rx.has_ended() || io.draining();
    Ok(if over && io.rx.is_empty() { Step::Finish } else { Step::Wait })
}

/// Takes everything and answers nothing.
pub(crate) fn swallow(io: &mut Io<'_, Troupe>, _: Cue) -> Does {
    io.rx.consume(io.rx.len());
    Ok(if io.rx.has_ended() { Step::Finish } else { Step::Wait })
}
