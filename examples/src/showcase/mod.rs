//! What the showcase serves: states of the library, of [`key_value`](crate::key_value), and one of
//! its own, in one machine; and a page that shows it at work.

mod board;
mod feed;
mod host;
mod json;
mod live;
mod news;
mod site;
mod snapshot;
mod tour;
mod visitor;
mod web;

use readily::echo::Echo;
use readily::http1::Server;
use readily::metrics::Metrics;
use readily::relay::Relay;
use readily::websocket::{Encoded, WebSocket};
use readily::{Address, App, Connect, Effects, End, Fault, Id, Io, Machine, Peer, State, Step};

use crate::http_api::{self, Api, Letter, Letters};
use crate::http_echo::{self, Echoed};
use crate::key_value::{Change, Login, Quit, Ready, Store, Subscribed, Value};
use crate::reports::Reports;
use crate::static_files::{self, Folder};

pub use board::Board;
pub use feed::{Feed, Mirror};
pub use host::Host;
pub use live::{Figures, Live};
pub use news::News;
pub use site::Site;
pub use tour::{Stop, Tour, with_bash, with_perl};
pub use visitor::{CHATTER, SESSION, Script, Visitor, Visits};

/// The password of `key_value`: everybody may try it.
pub const PASSWORD: &str = "sesame";

/// What a connection of this loop can be: which it is, its listener decides.
#[derive(Machine, Debug)]
#[machine(app = Showcase)]
#[max_size(104)]
pub enum Conn {
    /// A client of the page and of what else is there over HTTP.
    #[becomes(Live, Mirror)]
    Http(Server<Site>),
    /// Somebody who watches the page.
    Live(WebSocket<Feed>),
    /// A WebSocket that is sent back what it sends.
    Mirror(WebSocket<Mirror>),
    /// Of any echo, or the far side of a relay.
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
    /// A client of one of these services, that this loop sent there.
    Visitor(Visitor),
    /// A client of the notebook.
    Notebook(Server<http_api::Site<Conn>>),
    /// A client of the echo over HTTP.
    HttpEcho(Server<http_echo::Echo>),
    /// A client of the folder, where there is one.
    Files(Server<Folder>),
}

/// What all connections share.
#[derive(Debug)]
pub struct Showcase {
    /// What the clients of `key_value` set.
    pub store: Store,
    /// Where the relay leads.
    pub backend: Option<Address>,
    /// What the page is told, and who looks at it.
    pub board: Board,
    /// Who can be sent to look at it all.
    pub visits: Visits,
    /// The notebook.
    pub api: Api,
    /// What was sent back over HTTP.
    pub echoed: Echoed,
    /// What the folder's connections share.
    pub folder: static_files::Shared,
}

/// What travels in the loop.
#[derive(Clone, Debug)]
pub enum Mail {
    /// To a subscriber of `key_value`.
    Change(Change),
    /// To everybody who watches the page; encoded once for all of them.
    Feed(Encoded),
    /// Of the notebook.
    Api(Letter),
}

impl From<Letter> for Mail {
    fn from(letter: Letter) -> Self {
        Mail::Api(letter)
    }
}

impl Letters for Mail {
    fn letter(self) -> Result<Letter, Self> {
        match self {
            Mail::Api(letter) => Ok(letter),
            other => Err(other),
        }
    }
}

impl From<Change> for Mail {
    fn from(change: Change) -> Self {
        Mail::Change(change)
    }
}

impl TryFrom<Mail> for Change {
    type Error = Mail;

    fn try_from(mail: Mail) -> Result<Self, Mail> {
        match mail {
            Mail::Change(change) => Ok(change),
            other => Err(other),
        }
    }
}

impl Showcase {
    /// Nothing is stored, and nobody is there.
    pub fn new() -> Self {
        let (board, visits) = (Board::default(), Visits::default());
        let (api, echoed) = (Api::default(), Echoed::default());
        let (store, folder) = (Store::new(PASSWORD), static_files::Shared::default());
        Showcase { store, backend: None, board, visits, api, echoed, folder }
    }

    /// Counts what is asked over HTTP there.
    pub fn report(&mut self, metrics: &Metrics) {
        self.api.reports = Reports::new(metrics, None, 0);
        self.folder.reports = Reports::new(metrics, None, 0);
    }
}

impl Default for Showcase {
    fn default() -> Self {
        Showcase::new()
    }
}

impl App for Showcase {
    type Mail = Mail;
    type Conn = Conn;

    fn receive(&mut self, mail: Mail, fx: &mut Effects<Self>) {
        match mail {
            Mail::Api(Letter::Beat) => self.api.listeners.beat(fx),
            Mail::Feed(_) => {
                fx.publish(self.board.watchers(), &mail);
            }
            // These are for connections.
            Mail::Api(_) | Mail::Change(_) => {}
        }
    }

    fn gone(&mut self, id: Id, _: End, _: &mut Effects<Self>) {
        self.store.forget(id);
        self.board.forget(id);
        self.api.listeners.forget(id);
        self.visits.forget(id);
    }
}

impl AsMut<Store> for Showcase {
    fn as_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

impl AsMut<Api> for Showcase {
    fn as_mut(&mut self) -> &mut Api {
        &mut self.api
    }
}

impl AsMut<Echoed> for Showcase {
    fn as_mut(&mut self) -> &mut Echoed {
        &mut self.echoed
    }
}

impl AsMut<static_files::Shared> for Showcase {
    fn as_mut(&mut self) -> &mut static_files::Shared {
        &mut self.folder
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
