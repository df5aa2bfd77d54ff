//! The server's side of a connection as bytes in and out, for whoever brings a loop of their own.

use super::answer::{CONTINUE, write_head, write_refusal, write_switch};
use super::decoder::{Decoder, Found};
use super::encoder::{Encoder, Length, as_bytes};
use super::event::{Event, Misuse, Received, Trailers};
use super::out::Out;
use super::pen::Frame;
use super::terms::{Method, Terms};
use crate::contract::DATE_LEN;
use crate::http1::syntax::framing::{Body, Framing, Keep};
use crate::http1::syntax::head::{self, Head, Starts};
use crate::http1::syntax::refusal::Refusal;
use crate::http1::syntax::scan::{Bounds, Scan};
use crate::http1::{Limits, Name, Status, Value};

/// The server's side of one HTTP/1.1 connection: bytes in and events out, answers in and bytes out.
///
/// It owns no buffer and makes no system call. Show it what has arrived by
/// [`receive`](ServerSide::receive), which says how much of it is done with; write answers into a
/// `Vec<u8>` by [`respond`](ServerSide::respond). One request is open at a time: what is pipelined
/// behind it is not looked at before its answer is complete.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use std::time::SystemTime;
///
/// use readily_protocols::http1::wire::{Event, Length, ServerSide, date};
/// use readily_protocols::http1::{Limits, Name, Starts, Status, Value};
///
/// fn serve(mut stream: std::net::TcpStream) -> std::io::Result<()> {
///     let (mut http, mut starts, limits) = (ServerSide::new(), Starts::new(), Limits::DEFAULT);
///     let (mut input, mut output, mut block) = (Vec::new(), Vec::new(), [0; 4096]);
///     loop {
///         let received = match http.receive(&input, &limits, &mut starts) {
///             Ok(received) => received,
///             Err(refusal) => {
///                 http.refuse(refusal, &date(SystemTime::now()), &mut output);
///                 return stream.write_all(&output);
///             }
///         };
///         let mut wants = false;
///         match received.event {
///             Event::Request(head) => println!("{} {}", head.method(), head.target()),
///             Event::Data(data) => println!("{} bytes", data.len()),
///             Event::End(_) => {
///                 const TEXT: Value<'_> = Value::from_static("text/plain");
///                 let fields = [(Name::CONTENT_TYPE, TEXT)];
///                 let now = date(SystemTime::now());
///                 http.respond(Status::OK, &fields, Length::Known(6), &now, &mut output).ok();
///                 http.send(b"hello\n", &mut output).ok();
///                 http.finish(&[], &mut output).ok();
///             }
///             Event::Wanting => wants = true,
///             Event::Closed | Event::Paused | Event::Switched => return Ok(()),
///         }
///         let used = received.used;
///         input.drain(..used);
///         stream.write_all(&output)?;
///         output.clear();
///         if wants {
///             match stream.read(&mut block)? {
///                 0 => return Ok(()),
///                 n => input.extend_from_slice(&block[..n]),
///             }
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ServerSide {
    pub(in crate::http1) receiving: Receiving,
    pub(in crate::http1) sending: Sending,
    pub(in crate::http1) terms: Terms,
    /// Whether an empty line was skipped before the head.
    skipped: bool,
}

/// What is received next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Receiving {
    /// A head.
    Head(Scan),
    Body(Decoder),
    /// The body has ended, but for its trailer section of that length.
    Ended(u16),
    /// All of the request is there.
    Done,
    /// Nothing that this side could read.
    Over,
}

/// How far the answer has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Sending {
    /// Its head was not written.
    Nothing,
    Body(Encoder),
    Done,
    /// The connection speaks something else now.
    Switched,
}

impl ServerSide {
    /// A connection that was just accepted.
    pub const fn new() -> Self {
        let receiving = Receiving::Head(Scan::new());
        ServerSide { receiving, sending: Sending::Nothing, terms: Terms::NONE, skipped: false }
    }

    /// Looks at what has arrived and was not used yet, and says what it begins with.
    ///
    /// Bytes of a head are looked at once as they come, and read once they are whole.
    ///
    /// # Errors
    /// A [`Refusal`]: answer it by [`refuse`](ServerSide::refuse) and close; nothing behind it can
    /// be read.
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Received<Event<'a>>, Refusal> {
        if self.receiving == Receiving::Done && self.sending == Sending::Done {
            self.restart();
        }
        let received = match self.receiving {
            Receiving::Head(_) => {
                let skip = self.skip_line(input);
                match self.head(&input[skip..], limits, starts)? {
                    Some((head, _)) => {
                        Received { used: skip + head.size(), event: Event::Request(head) }
                    }
                    None => Received { used: skip, event: Event::Wanting },
                }
            }
            Receiving::Body(_) => self.data(input, limits)?,
            Receiving::Ended(_) | Receiving::Done => Received { used: 0, event: Event::Paused },
            Receiving::Over if self.sending == Sending::Switched => {
                Received { used: 0, event: Event::Switched }
            }
            Receiving::Over => Received { used: 0, event: Event::Closed },
        };
        Ok(received)
    }

    /// Says that nothing more will arrive, once [`receive`](ServerSide::receive) has found all that
    /// did: `unread` bytes are left of it. A request that is whole can still be answered.
    ///
    /// # Errors
    /// The text under which a head or a body that was cut is counted; otherwise the end is in
    /// order.
    pub fn end(&mut self, unread: usize) -> Result<(), &'static str> {
        use crate::http1::reason;
        let cut = match self.receiving {
            Receiving::Head(_) if unread > 0 => Err(reason::HEAD_CUT),
            Receiving::Body(_) => Err(reason::BODY_CUT),
            Receiving::Done => {
                self.terms.keep = Keep::Close;
                return Ok(());
            }
            _ => Ok(()),
        };
        self.receiving = Receiving::Over;
        cut
    }

    /// Whether the client waits for an interim answer before it sends its body, and none was sent.
    pub fn awaits_continue(&self) -> bool {
        self.terms.waits && self.sending == Sending::Nothing
    }

    /// Tells the client to go on and send its body, once, if it waits for that.
    pub fn send_continue(&mut self, out: &mut impl Out) {
        if self.awaits_continue() {
            self.terms.waits = false;
            out.write(CONTINUE);
        }
    }

    /// Writes the head of a final answer.
    ///
    /// `date`, `connection` and what frames the body are written besides `fields`. An answer before
    /// the end of the request's body says that the connection ends.
    ///
    /// # Errors
    /// [`Misuse::NotAsked`].
    pub fn respond(
        &mut self,
        status: Status,
        fields: &[(Name, Value<'_>)],
        length: Length,
        date: &[u8; DATE_LEN],
        out: &mut impl Out,
    ) -> Result<(), Misuse> {
        let is_asked = !matches!(self.receiving, Receiving::Head(_) | Receiving::Over);
        if !is_asked || self.sending != Sending::Nothing {
            return Err(Misuse::NotAsked);
        }
        if !matches!(self.receiving, Receiving::Done) {
            self.terms.keep = Keep::Close;
        }
        let status = self.terms.status(status);
        let (frame, encoder) = self.terms.frame(status, length);
        write_head(status, fields, date, (frame, self.terms.keep), out);
        self.sending = Sending::Body(encoder);
        Ok(())
    }

    /// Writes the next bytes of the answer's body, in their frame; nothing for HEAD.
    ///
    /// # Errors
    /// [`Misuse::NotBegun`], or [`Misuse::WrongLength`] for more than was announced.
    pub fn send(&mut self, data: &[u8], out: &mut impl Out) -> Result<(), Misuse> {
        match &mut self.sending {
            Sending::Body(encoder) => Ok(encoder.write(data, out)?),
            _ => Err(Misuse::NotBegun),
        }
    }

    /// Completes the answer; trailers are sent where the body is in chunks.
    ///
    /// # Errors
    /// [`Misuse::NotBegun`], or [`Misuse::WrongLength`] for less than was announced.
    pub fn finish(
        &mut self,
        trailers: &[(Name, Value<'_>)],
        out: &mut impl Out,
    ) -> Result<(), Misuse> {
        match &mut self.sending {
            Sending::Body(encoder) => encoder.end(as_bytes(trailers), out)?,
            _ => return Err(Misuse::NotBegun),
        }
        self.sending = Sending::Done;
        Ok(())
    }

    /// Answers 101 to a request that asked for an upgrade: what follows in the input is of that
    /// protocol. Whether the client offered this one, in its field `upgrade`, is for the caller to
    /// check.
    ///
    /// # Errors
    /// [`Misuse::NotOffered`], or [`Misuse::NotAsked`] before all of the request is there.
    pub fn switch(
        &mut self,
        protocol: Value<'_>,
        fields: &[(Name, Value<'_>)],
        out: &mut impl Out,
    ) -> Result<(), Misuse> {
        if self.receiving != Receiving::Done || self.sending != Sending::Nothing {
            return Err(Misuse::NotAsked);
        }
        if !self.terms.upgrade {
            return Err(Misuse::NotOffered);
        }
        write_switch(protocol, fields, out);
        self.over(Sending::Switched);
        Ok(())
    }

    /// Answers 200 to a `CONNECT`: what follows in the input is of the tunnel.
    ///
    /// # Errors
    /// [`Misuse::NotOffered`] for another method, or [`Misuse::NotAsked`].
    pub fn tunnel(
        &mut self,
        fields: &[(Name, Value<'_>)],
        date: &[u8; DATE_LEN],
        out: &mut impl Out,
    ) -> Result<(), Misuse> {
        if self.receiving != Receiving::Done || self.sending != Sending::Nothing {
            return Err(Misuse::NotAsked);
        }
        if self.terms.method != Method::Connect {
            return Err(Misuse::NotOffered);
        }
        write_head(Status::OK, fields, date, (Frame::Unsaid, Keep::Open), out);
        self.over(Sending::Switched);
        Ok(())
    }

    /// Answers what was refused. The connection has to be closed then, in order: end the sending
    /// half, and read on until the client has ended its own, or it may lose the answer.
    pub fn refuse(&mut self, refusal: Refusal, date: &[u8; DATE_LEN], out: &mut impl Out) {
        if self.sending == Sending::Nothing {
            write_refusal(refusal, date, self.terms.method == Method::Head, out);
        }
        self.over(Sending::Done);
    }

    /// Whether another request may come.
    pub fn keeps(&self) -> bool {
        self.terms.keep != Keep::Close && self.receiving != Receiving::Over
    }
}

/// What the state of the loop uses besides.
impl ServerSide {
    /// Reads a head; none while it is not whole. The body of its request is expected then.
    #[inline(always)]
    pub(in crate::http1) fn head<'a>(
        &mut self,
        bytes: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Option<(Head<'a>, Body)>, Refusal> {
        let Receiving::Head(scan) = &mut self.receiving else { return Ok(None) };
        let read = match scan.is_new() {
            true => head::Found::read(bytes, limits, starts).ok().flatten(),
            false => None,
        };
        let found = match read {
            Some(found) => found,
            None => match read_in_pieces(scan, bytes, limits, starts)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let (head, framing) = (found.head(bytes, starts), found.framing);
        self.begin(&head, framing);
        Ok(Some((head, framing.body)))
    }

    #[inline(always)]
    fn begin(&mut self, head: &Head<'_>, framing: Framing) {
        let Framing { body, keep, waits, upgrade } = framing;
        let method = match head.method {
            b"HEAD" => Method::Head,
            b"CONNECT" => Method::Connect,
            _ => Method::Other,
        };
        let early = body != Body::Length(0);
        self.terms = Terms { keep, version: head.version, method, upgrade, waits, early };
        self.receiving = Receiving::Body(Decoder::new(body));
    }

    /// The next request may come.
    #[inline(always)]
    pub(in crate::http1) fn restart(&mut self) {
        (self.sending, self.skipped) = (Sending::Nothing, false);
        // What the next head refuses is not answered as this one was.
        self.terms.method = Method::Other;
        self.receiving = match self.terms.keep {
            Keep::Close => Receiving::Over,
            _ => Receiving::Head(Scan::new()),
        };
    }

    /// How long the empty line is that `bytes` begins with, where one is passed over: old clients
    /// send one behind a body (RFC 9112, section 2.2).
    #[inline(always)]
    pub(in crate::http1) fn skip_line(&mut self, bytes: &[u8]) -> usize {
        if self.skipped || !bytes.starts_with(b"\r\n") {
            return 0;
        }
        (self.receiving, self.skipped) = (Receiving::Head(Scan::new()), true);
        2
    }

    fn over(&mut self, sending: Sending) {
        (self.receiving, self.sending) = (Receiving::Over, sending);
    }

    fn data<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
    ) -> Result<Received<Event<'a>>, Refusal> {
        let Receiving::Body(decoder) = &mut self.receiving else {
            return Ok(Received { used: 0, event: Event::Paused });
        };
        match decoder.decode(input, limits)? {
            Found::Wanting { skip } => Ok(Received { used: skip, event: Event::Wanting }),
            Found::Data { skip, length } => {
                decoder.took(length);
                self.terms.waits = false;
                let data = &input[skip..skip + length];
                Ok(Received { used: skip + length, event: Event::Data(data) })
            }
            Found::End { skip, trailers } => {
                self.receiving = Receiving::Done;
                (self.terms.waits, self.terms.early) = (false, false);
                let used = skip + trailers;
                Ok(Received { used, event: Event::End(Trailers(&input[skip..used])) })
            }
        }
    }
}

impl Default for ServerSide {
    fn default() -> Self {
        ServerSide::new()
    }
}

/// Reads a head that did not come at once, or is refused: for the second the way is longer, so that
/// what is refused does not depend on how it came.
#[cold]
#[inline(never)]
fn read_in_pieces<'a>(
    scan: &mut Scan,
    bytes: &'a [u8],
    limits: &Limits,
    starts: &mut Starts,
) -> Result<Option<head::Found<'a>>, Refusal> {
    match scan.find(bytes, &Bounds::head(limits))? {
        Some(end) => head::Found::read(&bytes[..end], limits, starts),
        None => Ok(None),
    }
}
