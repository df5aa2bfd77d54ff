//! Each message of anybody goes to everybody, the sender included: encoded once, and shared.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use readily::http1::{Answer, Reply, Request, Server, Service};
use readily::websocket::{
    CloseCode, Encoded, Handler, Heard, Limits, Message, Socket, WebSocket, upgrade,
};
use readily::{App, Desk, Effects, End, Fault, Id, Machine, Reactor};
use readily_benches::cli::{self, Arguments, BadArgument, Job, Subcommand};
use readily_benches::failure::Failure;

pub(crate) const BROADCAST: Subcommand = Subcommand { usage: "broadcast --listen ADDR", prepare };

/// Counted when somebody is closed for reading too slowly.
const TOO_SLOW: &str = "broadcast: somebody read too slowly and was closed";

/// Some clients send a message in one frame, however long it is.
const LIMITS: Limits = Limits { frame_max: Limits::DEFAULT.message_max, ..Limits::DEFAULT };

fn prepare(arguments: &mut Arguments) -> Result<Job, BadArgument> {
    let listen = arguments.required("--listen")?;
    Ok(Box::new(move || serve(listen)))
}

fn serve(listen: SocketAddr) -> Result<(), Failure> {
    let mut reactor = Reactor::new(Room::default())?;
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
#[derive(Default)]
struct Room {
    members: BTreeSet<Id>,
}

impl App for Room {
    type Mail = Encoded;
    type Conn = Conn;

    fn gone(&mut self, id: Id, _: End, _: &mut Effects<Self>) {
        self.members.remove(&id);
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
        socket.app.members.insert(socket.id());
        Ok(())
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
        let Socket { app: Room { members }, fx, .. } = socket;
        let told = fx.publish(members.iter().copied(), &encoded);
        // The loop's queue of mail is full: nobody may miss a message without knowing it.
        for id in members.iter().skip(told) {
            fx.close(*id);
        }
        Ok(())
    }

    fn mail(&mut self, mail: Encoded, socket: &mut Socket<'_, Room>) -> Result<Heard, Fault> {
        if socket.send(&mail).is_err() {
            socket.fx.count(TOO_SLOW);
            let id = socket.id();
            socket.app.members.remove(&id);
            socket.close(CloseCode::AGAIN, "you read too slowly");
        }
        Ok(Heard::Taken)
    }

    fn limits(&self) -> &Limits {
        &LIMITS
    }
}
