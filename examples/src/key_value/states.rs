//! The five states. Each does all it can with what is there, and says what it becomes.
//!
//! They are written for any machine `M` that holds them, so that the showcase can put them beside
//! others; the bounds name the edges that a state takes. States of one machine alone are written as
//! `impl State<Conn> for Login`.

use bytes::Bytes;
use readily::{App, Edge, Fault, Io, Machine, Reason, State, Step, Tx};

use super::{Change, LINE_MAX, Refusal, Request, Store};

/// Mail that may be a [`Change`].
pub trait Letter: Clone + From<Change> + TryInto<Change> {}

impl<L: Clone + From<Change> + TryInto<Change>> Letter for L {}

/// A machine whose application has a [`Store`].
pub trait Session: Machine<App: App<Mail: Letter> + AsMut<Store>> {}

impl<M: Machine<App: App<Mail: Letter> + AsMut<Store>>> Session for M {}

/// Waits for the password. Whoever does not begin with it has one answer and no second try.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Login;

impl<M: Session + Edge<Login, Ready> + Edge<Login, Quit>> State<M> for Login {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let Some((request, taken)) = Request::first(io.rx.bytes()) else {
            return Ok(wait(io));
        };
        let why = match request {
            Ok(Request::Auth(password)) if io.app.as_mut().admits(password) => {
                io.rx.consume(taken);
                io.tx.write(b"OK\n");
                return Ok(Step::becomes(Ready));
            }
            Ok(Request::Quit) => return Ok(Step::becomes(Quit::Asked)),
            Ok(Request::Auth(_)) => "wrong password",
            Err(Refusal::End(why)) => why,
            _ => "AUTH comes first",
        };
        Ok(Step::becomes(Quit::Refused(why)))
    }
}

/// Answers one request after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ready;

impl<M> State<M> for Ready
where
    M: Session + Edge<Ready, Value> + Edge<Ready, Subscribed> + Edge<Ready, Quit>,
{
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        // A peer that does not read its answers is asked nothing more until it does.
        while io.tx.room() > 0 {
            let Some((request, taken)) = Request::first(io.rx.bytes()) else {
                return Ok(wait(io));
            };
            match request {
                Ok(Request::Get(key)) => match io.app.as_mut().value(key) {
                    Some(value) => write_value(io.tx, "VALUE", value),
                    None => io.tx.write(b"NONE\n"),
                },
                Ok(Request::Set(key, length)) => {
                    let value = Value::new(key, length);
                    io.rx.consume(taken);
                    return Ok(Step::becomes(value));
                }
                // The line is not consumed: the next state finds it and answers it.
                Ok(Request::Subscribe(_)) => return Ok(Step::becomes(Subscribed::default())),
                Ok(Request::Quit) => return Ok(Step::becomes(Quit::Asked)),
                Ok(Request::Auth(_)) => refuse(io, "logged in already"),
                Err(Refusal::GoOn(why)) => refuse(io, why),
                Err(Refusal::End(why)) => return Ok(Step::becomes(Quit::Refused(why))),
            }
            io.rx.consume(taken);
        }
        Ok(Step::Wait)
    }
}

/// Takes in the value of a `SET`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    key: Bytes,
    length: usize,
    /// It grows with what arrives: to announce much costs the peer nothing, and so us nothing.
    /// It is memory of our own, which the loop's budget does not know; the length bounds it.
    bytes: Vec<u8>,
}

impl Value {
    fn new(key: &[u8], length: usize) -> Self {
        Value { key: Bytes::copy_from_slice(key), length, bytes: Vec::new() }
    }
}

impl<M: Session + Edge<Value, Ready> + Edge<Value, Quit>> State<M> for Value {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        let n = io.rx.len().min(self.length - self.bytes.len());
        self.bytes.extend_from_slice(&io.rx.bytes()[..n]);
        io.rx.consume(n);
        let end = match io.rx.bytes() {
            [] | [b'\r'] if io.rx.has_ended() => return Err(Fault::Peer("ended inside a value")),
            [] | [b'\r'] => return Ok(Step::Wait),
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return Ok(Step::becomes(Quit::Refused("the value is longer than it should be"))),
        };
        debug_assert_eq!(self.bytes.len(), self.length, "what is unread follows the value");
        io.rx.consume(end);
        let value = std::mem::take(&mut self.bytes).into_boxed_slice().into();
        let change = Change { key: self.key.clone(), value };
        match io.app.as_mut().set(&change) {
            Ok(watchers) => {
                io.tx.write(b"OK\n");
                let told = io.fx.publish(watchers.iter().copied(), &change.into());
                // The loop's queue of mail is full. A subscriber may miss a change, but not without
                // knowing it; who cannot be told even that is closed.
                watchers[told..].iter().for_each(|id| io.fx.close(*id));
            }
            Err(Refusal::GoOn(why) | Refusal::End(why)) => refuse(io, why),
        }
        Ok(Step::becomes(Ready))
    }
}

/// Is told of changes, and may ask for more keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Subscribed {
    /// Changes that had no room since the peer was last told.
    dropped: u64,
}

impl<M: Session + Edge<Subscribed, Quit>> State<M> for Subscribed {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        while io.tx.room() > 0 {
            self.tell_dropped(io.tx);
            let Some((request, taken)) = Request::first(io.rx.bytes()) else {
                return Ok(wait(io));
            };
            let id = io.id();
            match request {
                Ok(Request::Subscribe(key)) => match io.app.as_mut().subscribe(id, key) {
                    Ok(()) => io.tx.write(b"OK\n"),
                    Err(Refusal::GoOn(why) | Refusal::End(why)) => refuse(io, why),
                },
                Ok(Request::Quit) => return Ok(Step::becomes(Quit::Asked)),
                Ok(Request::Auth(_) | Request::Get(_)) => refuse(io, "not while subscribed"),
                // Its value would be taken for requests.
                Ok(Request::Set(..)) => {
                    return Ok(Step::becomes(Quit::Refused("not while subscribed")));
                }
                Err(Refusal::GoOn(why)) => refuse(io, why),
                Err(Refusal::End(why)) => return Ok(Step::becomes(Quit::Refused(why))),
            }
            io.rx.consume(taken);
        }
        Ok(Step::Wait)
    }

    /// Nobody said anything for a while: a line that asks nothing finds out whether the peer is
    /// there.
    fn expire(&mut self, _: Reason, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        io.tx.write(b"STILL HERE\n");
        Ok(Step::Wait)
    }

    fn receive(
        &mut self,
        mail: <M::App as App>::Mail,
        io: &mut Io<'_, M::App>,
    ) -> Result<Step<Self, M>, Fault> {
        let Ok(change) = mail.try_into() else { return Ok(Step::Ignore) };
        if io.tx.room() < change.value.len() + LINE_MAX {
            self.dropped += 1;
            io.app.as_mut().count_dropped();
            return Ok(Step::Wait);
        }
        self.tell_dropped(io.tx);
        let key = String::from_utf8_lossy(&change.key);
        write_value(io.tx, &format!("CHANGED {key}"), change.value);
        Ok(Step::Wait)
    }
}

impl Subscribed {
    fn tell_dropped(&mut self, tx: &mut Tx) {
        if self.dropped > 0 {
            tx.write(format!("DROPPED {}\n", std::mem::take(&mut self.dropped)).as_bytes());
        }
    }
}

/// Says the last line: how every conversation ends that the peer does not just leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quit {
    /// The peer wants to, or the server shuts down.
    Asked,
    /// The conversation cannot go on.
    Refused(&'static str),
}

impl<M: Session> State<M> for Quit {
    fn advance(&mut self, io: &mut Io<'_, M::App>) -> Result<Step<Self, M>, Fault> {
        match self {
            Quit::Asked => {
                io.tx.write(b"BYE\n");
                Ok(Step::Finish)
            }
            Quit::Refused(why) => {
                refuse(io, why);
                Err(Fault::Peer(why))
            }
        }
    }
}

/// What a state does that found no whole line.
fn wait<A: App, F, M: Edge<F, Quit>>(io: &Io<'_, A>) -> Step<F, M> {
    if io.rx.has_ended() {
        // A line without its end is no request.
        Step::Finish
    } else if io.draining() && io.rx.is_empty() {
        Step::becomes(Quit::Asked)
    } else {
        Step::Wait
    }
}

/// Answers a mistake and counts it.
fn refuse<A: App + AsMut<Store>>(io: &mut Io<'_, A>, why: &'static str) {
    io.app.as_mut().count(why);
    io.tx.write(format!("ERROR {why}\n").as_bytes());
}

fn write_value(tx: &mut Tx, what: &str, value: Bytes) {
    tx.write(format!("{what} {}\n", value.len()).as_bytes());
    tx.share(value);
    tx.write(b"\n");
}
