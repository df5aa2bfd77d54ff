//! Each message of anybody goes to everybody, the sender included: encoded once, and shared.

use std::net::SocketAddr;

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::websocket::{
    Encoded, Handler, Heard, Limits, Message, Policy, Slow, Socket, Topics, WebSocket, upgrade,
};
use readily::{App, Desk, Effects, End, Fault, Id, Machine, Reactor, To};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;

pub(crate) const BROADCAST: Subcommand = Subcommand { usage: "broadcast --listen ADDR", prepare };

/// Some clients send a message in one frame, however long it is.
const LIMITS: Limits = Limits { frame_max: Limits::DEFAULT.message_max, ..Limits::DEFAULT };

/// A message may be a part of it.
const POLICY: Policy = Policy { slow: Slow::Close, backlog: 8 << 20 };

const TOPIC: &str = "all";

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    Ok(Box::new(move || serve(listen)))
}

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let mut reactor = Reactor::new(Room { topics: Topics::new(POLICY) })?;
    let bound = reactor.listen(&listen.into(), |_, _| Some(Conn::Http(Server::new(Door))))?;
    reactor.drain_on_signals()?;
    cli::announce(bound.ip().unwrap_or(listen))?;
    Ok(reactor.run()?)
}

#[derive(Machine)]
#[machine(app = Room)]
enum Conn {
    #[becomes(Member)]
    Http(Server<Door>),
    Member(WebSocket<Member>),
}

/// Who is there.
struct Room {
    topics: Topics,
}

/// Somebody fell behind.
struct Behind;

impl App for Room {
    type Mail = Behind;
    type Conn = Conn;

    fn gone(&mut self, id: Id, _: End, _: &mut Effects<Self>) {
        self.topics.leave(id);
    }
}

/// Upgrades whoever asks, at any path.
struct Door;

impl Service<Conn> for Door {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Room>,
    ) -> Answer<Self, Conn> {
        upgrade(request, reply, Member)
    }
}

struct Member;

impl Handler<Room> for Member {
    fn open(&mut self, socket: &mut Socket<'_, Room>) -> Result<(), Fault> {
        let id = socket.id();
        let subscribed = socket.app.topics.subscribe(id, TOPIC);
        subscribed.map_err(|_| Fault::Local("no room for a subscriber"))
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Room>,
    ) -> Result<(), Fault> {
        let encoded = match message {
            Message::Text(text) => Encoded::text(text),
            Message::Binary(bytes) => Encoded::binary(bytes),
        };
        let Socket { app: Room { topics }, fx, .. } = socket;
        let published = topics.publish(TOPIC, &encoded, fx);
        for id in topics.fallen() {
            // Where not even mail has room, a reset has to do.
            if fx.mail(To::Conn(id), Behind).is_err() {
                fx.close(id);
            }
        }
        published.map(drop).map_err(|_| Fault::Peer("it publishes too much at once"))
    }

    fn mail(&mut self, _: Behind, socket: &mut Socket<'_, Room>) -> Result<Heard, Fault> {
        socket.pull(|room| &mut room.topics);
        Ok(Heard::Taken)
    }

    fn room(&mut self, socket: &mut Socket<'_, Room>) -> Result<(), Fault> {
        socket.pull(|room| &mut room.topics);
        Ok(())
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}
