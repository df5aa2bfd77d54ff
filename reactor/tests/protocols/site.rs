//! What is served by HTTP and WebSocket.

use readily::http1::{Answer, Reply, Request, Service};
use readily::websocket::{self, CloseCode, Encoded, Handler, Heard, Message, NotSent, Socket};
use readily::{Desk, Fault, To};

use crate::town::{Conn, Town};

/// A body that is larger than what a socket takes at once.
pub(crate) const LARGE: &[u8] = &[b'.'; 150_000];

/// A few pages.
pub(crate) struct Site;

impl Service<Conn> for Site {
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, Conn>,
        _: &mut Desk<'_, Town>,
    ) -> Answer<Self, Conn> {
        match (request.method(), request.path()) {
            ("GET", "/hello") => reply.ok("text/plain", b"hello"),
            ("GET", "/large") => reply.status(http_ok()).body_static(LARGE),
            ("POST", "/echo") => reply.ok("application/octet-stream", request.body()),
            ("GET", "/last") => reply.close().ok("text/plain", b"bye"),
            ("GET", "/chat") => websocket::upgrade(request, reply, Chat),
            _ => reply.not_found(),
        }
    }
}

fn http_ok() -> readily::http1::Status {
    readily::http1::Status::OK
}

/// Sends back what is said, or to all what begins so; leaves who asks for it.
pub(crate) struct Chat;

impl Handler<Town> for Chat {
    fn open(&mut self, socket: &mut Socket<'_, Town>) -> Result<(), Fault> {
        let me = socket.id();
        socket.app.room.push(me);
        Ok(())
    }

    fn message(
        &mut self,
        message: Message<'_>,
        socket: &mut Socket<'_, Town>,
    ) -> Result<(), Fault> {
        let full = |_: NotSent| Fault::Local("no room for an answer");
        match message {
            Message::Text("leave") => {
                socket.close(CloseCode::NORMAL, "as you like");
                Ok(())
            }
            Message::Text(text) if text.starts_with("all: ") => {
                let news = Encoded::text(text);
                for member in socket.app.room.clone() {
                    let sent = socket.fx.mail(To::Conn(member), news.clone());
                    sent.map_err(|_| Fault::Local("too much mail"))?;
                }
                Ok(())
            }
            message => socket.message(message).map_err(full),
        }
    }

    fn mail(&mut self, news: Encoded, socket: &mut Socket<'_, Town>) -> Result<Heard, Fault> {
        // Who does not read misses what does not fit.
        let _ = socket.send(&news);
        Ok(Heard::Taken)
    }
}
