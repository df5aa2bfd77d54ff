//! The application that all of these tests run.

use std::collections::BTreeMap;
use std::time::Duration;

use readily::echo::Echo;
use readily::http1;
use readily::relay::Relay;
use readily::websocket::{Encoded, WebSocket};
use readily::{Address, App, Connect, End, Fault, Id, Io, Machine, Peer, State, Step};

use crate::site::{Chat, Site};

/// What has become of every connection.
#[derive(Default)]
pub(crate) struct Town {
    /// How often each was gone, and why.
    pub(crate) gone: BTreeMap<Id, Vec<End>>,
    /// How often a handler or a closure has panicked.
    pub(crate) panicked: u64,
    /// Who waits to be linked with the next who comes.
    waiting: Option<Id>,
    /// Who is in the chat.
    pub(crate) room: Vec<Id>,
}

impl App for Town {
    type Mail = Encoded;
    type Conn = Conn;

    fn gone(&mut self, id: Id, why: End, _: &mut readily::Effects<Self>) {
        self.gone.entry(id).or_default().push(why);
    }
}

impl Town {
    /// How connections ended, in the order of their ids.
    pub(crate) fn ends(&self) -> Vec<End> {
        self.gone.values().flatten().copied().collect()
    }
}

/// What a connection can be.
#[derive(Machine)]
#[machine(app = Town)]
pub(crate) enum Conn {
    #[deadline(idle = "1h")]
    Echo(Echo),
    #[becomes(Relay)]
    Dial(Dial),
    #[becomes(Relay)]
    #[deadline(within = "1h")]
    Meet(Meet),
    #[deadline(idle = "1h")]
    Relay(Relay),
    #[deadline(idle = "1h")]
    Act(Act),
    #[becomes(WebSocket)]
    Http(http1::Server<Site>),
    WebSocket(WebSocket<Chat>),
}

/// How long a relay waits for where it connects to.
const PATIENCE: Duration = Duration::from_secs(100);

/// Connects to where it relays.
pub(crate) struct Dial(pub(crate) Connect);

impl Dial {
    /// There, however it is said.
    pub(crate) fn by(connect: Connect) -> Dial {
        Dial(Connect { within: PATIENCE, ..connect })
    }

    pub(crate) fn to(at: &Address) -> Dial {
        Dial(Connect { within: PATIENCE, ..Connect::to(at.clone()) })
    }
}

impl State<Conn> for Dial {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        // The link is made after this call, so a relay would not see it yet.
        if !matches!(io.peer, Peer::None) {
            return Ok(Step::becomes(Relay));
        }
        let busy = |_| Fault::Local("too many connections at once");
        let other = io.connect(self.0.clone(), Conn::Relay(Relay)).map_err(busy)?;
        io.link(other);
        Ok(Step::Wait)
    }
}

/// Relays to whoever comes next, or to who came before.
pub(crate) struct Meet;

impl State<Conn> for Meet {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Result<Step<Self, Conn>, Fault> {
        if !matches!(io.peer, Peer::None) {
            return Ok(Step::becomes(Relay));
        }
        let me = io.id();
        match io.app.waiting.take() {
            Some(other) if other != me => io.link(other),
            _ => io.app.waiting = Some(me),
        }
        Ok(Step::Wait)
    }
}

/// What an act does next.
pub(crate) type Does = Result<Step<Act, Conn>, Fault>;

/// A connection that is one closure.
pub(crate) struct Act(Box<Doing>);

type Doing = dyn FnMut(&mut Io<'_, Town>) -> Does;

impl Conn {
    /// What this does.
    pub(crate) fn act(act: impl FnMut(&mut Io<'_, Town>) -> Does + 'static) -> Conn {
        Conn::Act(Act(Box::new(act)))
    }
}

impl State<Conn> for Act {
    fn advance(&mut self, io: &mut Io<'_, Town>) -> Does {
        (self.0)(io)
    }
}
