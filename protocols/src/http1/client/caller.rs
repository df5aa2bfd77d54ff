//! What the user writes: the requests, and what becomes of their responses.

use std::fmt;
use std::ops::Deref;

use super::{Asked, Begin, Client, ClientLimits, Failure, ResponseBody};
use crate::contract::{App, Desk, Machine, Step};
use crate::http1::syntax::head::field_lines;
use crate::http1::syntax::headers::text;
use crate::http1::wire::Trailers;
use crate::http1::{Flow, Outgoing, ResponseHead};

/// Who makes requests: implemented on the user's type, one value for each connection.
///
/// Nothing is boxed for an exchange: what belongs to one lives in the caller itself. One request is
/// open at a time. Each that was begun ends in exactly one of [`response`](Caller::response),
/// [`ended`](Caller::ended), [`switched`](Caller::switched) and [`failed`](Caller::failed), unless
/// the caller itself wants no more of it, or the loop ends the connection without asking: then
/// [`App::gone`] is told.
///
/// | what | how |
/// | --- | --- |
/// | make a request | [`next`](Caller::next) |
/// | receive a response whole | [`response`](Caller::response) |
/// | receive it as it comes | [`Caller::head`], [`Caller::data`], [`Caller::ended`] |
/// | send a body as the server takes it | [`Draft::stream`], [`Caller::send`] |
/// | make a request again | [`failed`](Caller::failed) |
///
/// [`Draft::stream`]: super::Draft::stream
pub trait Caller<M: Machine>: Sized {
    /// The connection is free: begins a request, or waits, or leaves. Called after a wake and after
    /// mail, too, as long as it is free.
    fn next(&mut self, begin: Begin<'_>, desk: &mut Desk<'_, M::App>) -> Asked;

    /// Goes on with the body of a request that was begun by
    /// [`Draft::stream`](super::Draft::stream): called until it is done, when there is room, after
    /// a wake, and after mail. Not called any more once the server has answered with an error.
    ///
    /// By default it cuts the connection.
    fn send(&mut self, out: &mut Outgoing<'_>, desk: &mut Desk<'_, M::App>) -> Flow {
        let _ = (out, desk);
        Flow::Abort
    }

    /// Looks at an interim response (1xx), such as 103.
    fn interim(&mut self, head: &ResponseHead<'_>, desk: &mut Desk<'_, M::App>) {
        let _ = (head, desk);
    }

    /// The head of the final response is there: says what becomes of the body.
    fn head(&mut self, head: &ResponseHead<'_>, desk: &mut Desk<'_, M::App>) -> Wanted {
        let _ = (head, desk);
        Wanted::Whole
    }

    /// The response is whole, with its body.
    fn response(&mut self, response: &Response<'_>, desk: &mut Desk<'_, M::App>);

    /// Some of a body that is streamed is there. What is not consumed stays, and holds the server
    /// back; after that, a wake or mail goes on.
    ///
    /// [`Flow::Done`] says that the rest is not wanted: the connection ends. By default it is
    /// dropped as it comes.
    fn data(&mut self, body: &mut ResponseBody<'_>, desk: &mut Desk<'_, M::App>) -> Flow {
        let _ = desk;
        let there = body.bytes().len();
        body.consume(there);
        Flow::Wait
    }

    /// A body that was streamed or dropped has ended, to the byte.
    fn ended(&mut self, trailers: &Trailers<'_>, desk: &mut Desk<'_, M::App>) {
        let _ = (trailers, desk);
    }

    /// The server has switched, or made the tunnel that was asked for. What it sent behind its head
    /// is left in `io.rx` for the next state, made by [`Step::becomes`].
    ///
    /// By default the connection ends.
    fn switched(
        &mut self,
        head: &ResponseHead<'_>,
        desk: &mut Desk<'_, M::App>,
    ) -> Step<Client<Self>, M> {
        let _ = (head, desk);
        Step::Finish
    }

    /// The request has no whole response, and the connection ends. [`Failure::retry`] says whether
    /// it may be made again; that takes another connection: `desk.fx.connect(..)`.
    fn failed(&mut self, failure: Failure, desk: &mut Desk<'_, M::App>);

    /// The connection takes no further request: the server has closed it, it was idle for too long,
    /// it has made as many as it may, or the last one has failed. What is left to ask has to go
    /// elsewhere. Called once, last of all.
    fn closed(&mut self, desk: &mut Desk<'_, M::App>) {
        let _ = desk;
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

    /// How many bytes of memory it holds besides its own size: asked again after every call.
    fn held(&self) -> usize {
        0
    }

    /// What a connection may cost: the same for its whole life.
    fn limits(&self) -> &ClientLimits {
        &ClientLimits::DEFAULT
    }
}

/// What becomes of the body of a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// It is put together, up to `limits.sizes.body`: [`Caller::response`].
    Whole,
    /// It is put together, up to that many bytes.
    WholeUpTo(u64),
    /// It comes in pieces and of any length: [`Caller::data`].
    Stream,
    /// The same, up to that many bytes.
    StreamUpTo(u64),
    /// It is dropped as it comes, up to `limits.sizes.body`, so that the connection can be used
    /// again: [`Caller::ended`].
    Discard,
    /// Neither it nor the connection is wanted: it ends at once.
    Close,
}

/// One response with its body, lent for one call. It dereferences to its [`ResponseHead`].
#[derive(Clone, Copy)]
pub struct Response<'a> {
    pub(super) head: ResponseHead<'a>,
    pub(super) body: &'a [u8],
    pub(super) trailers: &'a [u8],
}

impl<'a> Response<'a> {
    /// Its head.
    pub fn head(&self) -> ResponseHead<'a> {
        self.head
    }

    /// Its body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Its trailers. They are no headers: nothing that frames, routes or authorises can come here.
    pub fn trailers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        field_lines(self.trailers).map(|(name, value)| (text(name), value))
    }
}

impl<'a> Deref for Response<'a> {
    type Target = ResponseHead<'a>;

    fn deref(&self) -> &ResponseHead<'a> {
        &self.head
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} bytes)", self.head, self.body.len())
    }
}
