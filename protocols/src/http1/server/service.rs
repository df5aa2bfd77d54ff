//! What the user writes: the answers.

use crate::contract::{App, Desk, Machine};
use crate::http1::access::Record;
use crate::http1::{Answer, Incoming, Limits, Outgoing, Reply, Request, Status};

/// What answers requests: implemented on the user's type, one value for each connection.
///
/// Nothing is boxed for an exchange: what belongs to one that goes on lives in the service itself.
/// One request of a connection is served at a time, in the order in which they came.
///
/// | what | how |
/// | --- | --- |
/// | answer at once | [`call`](Service::call) |
/// | receive a body as it comes | [`intake`](Service::intake), then [`resume`](Service::resume) |
/// | answer later | [`Reply::later`], then [`resume`](Service::resume) |
/// | send a body as the peer takes it | [`Draft::stream`], then [`send`](Service::send) |
///
/// [`Draft::stream`]: super::Draft::stream
pub trait Service<M: Machine>: Sized {
    /// Whether [`finished`](Service::finished) is called; if not, an access log costs nothing.
    const LOGGED: bool = false;

    /// Answers one request, whose body has arrived whole, unless [`intake`](Service::intake) chose
    /// to stream it.
    ///
    /// An answer given at once may be as long as what the connection may hold unsent
    /// ([`Tx::left`](crate::contract::Tx::left)); a longer one ends the connection.
    fn call(
        &mut self,
        request: &Request<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M>;

    /// Says what becomes of the body that follows a head; not called for a request without one.
    fn intake(&mut self, request: &Request<'_>) -> Intake {
        let _ = request;
        Intake::Whole
    }

    /// Goes on with a request that was not answered by [`call`](Service::call): called when more of
    /// its body arrived or that has ended, after a wake, after mail, and when nothing is new.
    ///
    /// By default it answers 500.
    fn resume(
        &mut self,
        body: &mut Incoming<'_>,
        reply: Reply<'_, Self, M>,
        desk: &mut Desk<'_, M::App>,
    ) -> Answer<Self, M> {
        let _ = (body, desk);
        reply.plain(Status::INTERNAL_SERVER_ERROR)
    }

    /// Goes on with an answer that was begun by [`Draft::stream`](super::Draft::stream): called
    /// until it is done, when there is room, when more of the request's body arrived, after a wake,
    /// and after mail.
    ///
    /// By default it cuts the connection.
    fn send(
        &mut self,
        body: &mut Incoming<'_>,
        out: &mut Outgoing<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Flow {
        let _ = (body, out, desk);
        Flow::Abort
    }

    /// Takes mail for this connection; what is open goes on then.
    ///
    /// # Errors
    /// The mail, if it is for somebody else: the loop counts it. By default that is all mail.
    fn mail(
        &mut self,
        mail: <M::App as App>::Mail,
        desk: &mut Desk<'_, M::App>,
    ) -> Result<(), <M::App as App>::Mail> {
        let _ = desk;
        Err(mail)
    }

    /// Called after each exchange, when all of the answer is in the send buffer or it was given up;
    /// only where [`LOGGED`](Service::LOGGED) says so.
    fn finished(&mut self, record: &Record<'_>, desk: &mut Desk<'_, M::App>) {
        let _ = (record, desk);
    }

    /// How many bytes of memory it holds besides its own size, such as a compressor: asked again
    /// after every call. They count as buffers of its connection do.
    fn held(&self) -> usize {
        0
    }

    /// What a connection may ask for: the same for its whole life.
    fn limits(&self) -> &Limits {
        &Limits::DEFAULT
    }
}

/// What becomes of the body of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intake {
    /// It is put together, up to [`Limits::body`]: 413 for more.
    Whole,
    /// It is put together, up to that many bytes.
    WholeUpTo(u64),
    /// It comes in pieces and of any length: [`Service::call`] sees the head alone.
    Stream,
    /// The same, up to that many bytes.
    StreamUpTo(u64),
}

/// What comes after a call of [`Service::send`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// It goes on when something new happens.
    Wait,
    /// More could be sent at once: call again, after others had their turn.
    Yield,
    /// The answer is complete.
    Done,
    /// It cannot be completed: the connection is reset, so that the peer does not take what it has
    /// for all.
    Abort,
}
