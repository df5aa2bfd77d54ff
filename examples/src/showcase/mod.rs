//! What the showcase serves: states of the library, of [`key_value`](crate::key_value), and one of
//! its own, in one machine.

mod live;
mod tour;

use readily::echo::Echo;
use readily::relay::Relay;
use readily::{Address, App, Connect, End, Fault, Id, Io, Machine, Peer, State, Step};

use crate::key_value::{Change, Login, Quit, Ready, Store, Subscribed, Value};

pub use live::{Figures, Live};
pub use tour::Tour;

/// What a connection of this loop can be: which it is, its listener decides.
#[derive(Machine, Debug)]
#[machine(app = Showcase)]
#[max_size(72)]
pub enum Conn {
    /// Of either echo, or the far side of a relay.
    #[deadline(idle = "60s")]
    Echo(Echo),
    /// A client of the relay.
    #[becomes(Relay)]
    #[deadline(within = "10s")]
    Dial(Dial),
    /// Either end of a relay.
    #[deadline(idle = "60s")]
    Relay(Relay),
    /// A client of the store; from here on as in [`key_value::Conn`](crate::key_value::Conn).
    #[becomes(Ready, Quit)]
    #[deadline(within = "10s")]
    Login(Login),
    /// Between two requests.
    #[becomes(Value, Subscribed, Quit)]
    #[deadline(idle = "60s")]
    Ready(Ready),
    /// In the middle of a `SET`.
    #[becomes(Ready, Quit)]
    #[deadline(within = "30s", idle = "10s")]
    Value(Value),
    /// Told of changes.
    #[becomes(Quit)]
    #[deadline(idle = "60s")]
    Subscribed(Subscribed),
    /// Says the last line.
    Quit(Quit),
}

/// What all connections share.
#[derive(Debug)]
pub struct Showcase {
    /// What the clients of `key_value` set.
    pub store: Store,
    /// Where the relay leads.
    pub backend: Option<Address>,
}

impl App for Showcase {
    type Mail = Change;
    type Conn = Conn;

    fn gone(&mut self, id: Id, _: End) {
        self.store.forget(id);
    }
}

impl AsMut<Store> for Showcase {
    fn as_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

/// Waits for the relay's one backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dial;

impl State<Conn> for Dial {
    fn advance(&mut self, io: &mut Io<'_, Showcase>) -> Result<Step<Self, Conn>, Fault> {
        match (&io.peer, io.app.backend.clone()) {
            (Peer::None, Some(backend)) => {
                let id = io.connect(Connect::to(backend), Conn::Relay(Relay));
                io.link(id.map_err(|_| Fault::Local("too many connects in one call"))?);
                Ok(Step::Wait)
            }
            (Peer::Connecting(_), _) => Ok(Step::Wait),
            (Peer::Open { .. } | Peer::Gone(..), _) => Ok(Step::becomes(Relay)),
            (Peer::Failed(..) | Peer::None, _) => Ok(Step::Finish),
        }
    }
}
