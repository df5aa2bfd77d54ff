//! The client's side of a connection as bytes in and out, for whoever brings a loop of their own.

use super::client_event::{ClientEvent, ClientMisuse, Connection, Cut, Expect, How};
use super::decoder::{Decoder, Found};
use super::encoder::{Encoder, Length, as_bytes};
use super::event::{Received, Trailers};
use super::out::Out;
use super::pen::Frame;
use super::request_pen::{write_end, write_expect, write_field, write_line, write_upgrade};
use crate::http1::syntax::asking::{Field, RequestLine};
use crate::http1::syntax::flaw::Flaw;
use crate::http1::syntax::framing::Keep;
use crate::http1::syntax::head::Starts;
use crate::http1::syntax::response::{Asked, Fields, Follows, ResponseHead};
use crate::http1::syntax::scan::{Bounds, Scan};
use crate::http1::{Limits, Name, Value};

/// How many interim responses (1xx) may come before the final one.
pub const INTERIMS_MOST: u8 = 16;

/// The client's side of one HTTP/1.1 connection: requests in and bytes out, bytes in and events
/// out.
///
/// It owns no buffer and makes no system call. One request is open at a time. What a server sends
/// is read as strictly as what a client does: what may be read in two ways is refused.
///
/// ```no_run
/// use std::io::{Read, Write};
///
/// use readily_protocols::http1::wire::{ClientEvent, ClientSide, How, Length};
/// use readily_protocols::http1::{Limits, RequestLine, Starts};
///
/// fn fetch(mut stream: std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
///     let (mut http, mut starts, limits) = (ClientSide::new(), Starts::new(), Limits::DEFAULT);
///     let (mut input, mut output, mut block) = (Vec::new(), Vec::new(), [0; 4096]);
///     let line = RequestLine::get("/", "example.org")?;
///     http.request(&line, &[], Length::Known(0), How::PLAIN, &mut output)?;
///     http.finish(&[], &mut output)?;
///     stream.write_all(&output)?;
///     loop {
///         let received = http.receive(&input, &limits, &mut starts)?;
///         let mut wants = false;
///         match received.event {
///             ClientEvent::Response(head) => println!("{}", head.status()),
///             ClientEvent::Data(data) => println!("{} bytes", data.len()),
///             ClientEvent::End(_) => return Ok(()),
///             ClientEvent::Wanting => wants = true,
///             _ => {}
///         }
///         let used = received.used;
///         input.drain(..used);
///         if wants {
///             match stream.read(&mut block)? {
///                 0 => http.end(input.len())?,
///                 n => input.extend_from_slice(&block[..n]),
///             }
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ClientSide {
    pub(in crate::http1) receiving: Hearing,
    pub(in crate::http1) sending: Saying,
    asked: Asked,
    keep: Keep,
    /// Whether the request offered to switch.
    upgrades: bool,
    /// How many interim responses came.
    interims: u8,
}

/// What is received next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Hearing {
    /// Nothing: no request is open.
    Nothing,
    /// A head.
    Head(Scan),
    Body(Decoder),
    /// The body has ended, but for its trailer section of that length.
    Ended(u16),
    /// Nothing that this side could read.
    Over,
}

/// How far the request has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::http1) enum Saying {
    /// Its head was not written.
    Nothing,
    /// Its body waits until the server asks for it.
    Held(Encoder),
    Body(Encoder),
    Done,
    /// The server has answered, and wants no more of it.
    Stopped,
}

impl ClientSide {
    /// A connection that was just made.
    pub const fn new() -> Self {
        let (receiving, sending) = (Hearing::Nothing, Saying::Nothing);
        let (asked, keep) = (Asked::Other, Keep::Open);
        ClientSide { receiving, sending, asked, keep, upgrades: false, interims: 0 }
    }

    /// Writes the head of a request. `host`, `connection`, `expect` and what frames the body are
    /// written besides `fields`. Its body is completed by [`finish`](ClientSide::finish), also when
    /// there is none.
    ///
    /// # Errors
    /// [`ClientMisuse::Busy`].
    pub fn request(
        &mut self,
        line: &RequestLine<'_>,
        fields: &[Field<'_>],
        length: Length,
        how: How<'_>,
        out: &mut impl Out,
    ) -> Result<(), ClientMisuse> {
        if !self.is_free() {
            return Err(ClientMisuse::Busy);
        }
        write_line(line, out);
        fields.iter().for_each(|field| write_field(field, out));
        self.begin(line, length, how, out);
        Ok(())
    }

    /// Writes the next bytes of the body, in their frame.
    ///
    /// # Errors
    /// [`ClientMisuse::NotBegun`], or [`ClientMisuse::WrongLength`] for more than was announced.
    pub fn send(&mut self, data: &[u8], out: &mut impl Out) -> Result<(), ClientMisuse> {
        match &mut self.sending {
            Saying::Body(encoder) => Ok(encoder.write(data, out)?),
            _ => Err(ClientMisuse::NotBegun),
        }
    }

    /// Completes the request; trailers are sent where the body is in chunks.
    ///
    /// # Errors
    /// [`ClientMisuse::NotBegun`], or [`ClientMisuse::WrongLength`] for less than was announced.
    pub fn finish(
        &mut self,
        trailers: &[(Name, Value<'_>)],
        out: &mut impl Out,
    ) -> Result<(), ClientMisuse> {
        match &mut self.sending {
            Saying::Body(encoder) => encoder.end(as_bytes(trailers), out)?,
            _ => return Err(ClientMisuse::NotBegun),
        }
        self.sending = Saying::Done;
        Ok(())
    }

    /// Whether the body waits until the server asks for it.
    pub fn awaits_continue(&self) -> bool {
        matches!(self.sending, Saying::Held(_))
    }

    /// The server took too long to ask for the body: it is sent without (RFC 9110, section 10.1.1).
    pub fn proceed(&mut self) {
        if let Saying::Held(encoder) = self.sending {
            self.sending = Saying::Body(encoder);
        }
    }

    /// Looks at what has arrived and was not used yet, and says what it begins with.
    ///
    /// # Errors
    /// A [`Flaw`]: close the connection; nothing behind it can be read. Bytes that come while no
    /// request is open are one too, so that they are never taken for the next response.
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Received<ClientEvent<'a>>, Flaw> {
        let event = match self.receiving {
            Hearing::Nothing if input.is_empty() => ClientEvent::Idle,
            Hearing::Nothing => return Err(self.refuse(Flaw::Unasked)),
            Hearing::Over => ClientEvent::Closed,
            // Whoever leaves the trailers there is told of the end again.
            Hearing::Ended(trailers) => return Ok(self.completed(input, usize::from(trailers))),
            Hearing::Head(_) | Hearing::Body(_) => {
                let received = match self.receiving {
                    Hearing::Head(_) => self.head(input, limits, starts),
                    _ => self.data(input, limits),
                };
                return received.map_err(|flaw| self.refuse(flaw));
            }
        };
        Ok(Received { used: 0, event })
    }

    /// Says that the stream has ended in order, and `unread` bytes of it are left after
    /// [`receive`](ClientSide::receive) has wanted more. A body that ends with the stream is
    /// complete then, and these are the last of it; it goes on as any other.
    ///
    /// A stream that was reset has not ended in order: a body that only the end could complete is
    /// cut.
    ///
    /// # Errors
    /// A [`Cut`] where a response is not whole.
    pub fn end(&mut self, unread: usize) -> Result<(), Cut> {
        self.keep = Keep::Close;
        let cut = match self.receiving {
            Hearing::Nothing => {
                self.receiving = Hearing::Over;
                return Ok(());
            }
            Hearing::Body(Decoder::UntilEnd) => {
                // It turns out to be as long as what is left of it.
                self.receiving = Hearing::Body(Decoder::Length(unread as u64));
                return Ok(());
            }
            Hearing::Body(Decoder::Length(left)) if left <= unread as u64 => return Ok(()),
            Hearing::Ended(_) | Hearing::Over => return Ok(()),
            Hearing::Head(_) if unread == 0 && self.interims == 0 => Cut::Unanswered,
            Hearing::Head(_) => Cut::Head,
            Hearing::Body(_) => Cut::Body,
        };
        self.receiving = Hearing::Over;
        Err(cut)
    }

    /// Whether another request may be made: the last one and its response are complete, to the
    /// byte, and neither side wants to close.
    pub fn keeps(&self) -> bool {
        self.is_free()
    }
}

impl Default for ClientSide {
    fn default() -> Self {
        ClientSide::new()
    }
}

/// What the state of the loop uses besides.
impl ClientSide {
    /// Whether a request may be begun.
    pub(in crate::http1) fn is_free(&self) -> bool {
        self.receiving == Hearing::Nothing && self.keep != Keep::Close
    }

    /// Writes the end of a head whose line and fields were written, and expects its response.
    pub(in crate::http1) fn begin(
        &mut self,
        line: &RequestLine<'_>,
        length: Length,
        how: How<'_>,
        out: &mut impl Out,
    ) {
        let asked = line.asked();
        let (frame, encoder) = match length {
            // What is behind it goes through the tunnel.
            _ if asked == Asked::Connect => (Frame::Unsaid, Encoder::Length(0)),
            Length::Known(0) if !line.has_content() => (Frame::Unsaid, Encoder::Length(0)),
            Length::Known(length) => (Frame::Length(length), Encoder::Length(length)),
            Length::Unknown => (Frame::Chunked, Encoder::Chunked),
        };
        let waits = how.expect == Expect::Continue && encoder != Encoder::Length(0);
        if waits {
            write_expect(out);
        }
        let (keep, upgrades) = match how.connection {
            Connection::Keep => (Keep::Open, false),
            Connection::Close => (Keep::Close, false),
            Connection::Upgrade(protocol) => {
                write_upgrade(protocol, out);
                (Keep::Open, true)
            }
        };
        write_end(frame, keep, upgrades, out);
        let sending = if waits { Saying::Held(encoder) } else { Saying::Body(encoder) };
        let receiving = Hearing::Head(Scan::new());
        *self = ClientSide { receiving, sending, asked, keep, upgrades, interims: 0 };
    }

    /// The response is complete: says whether another request may follow.
    pub(in crate::http1) fn complete(&mut self) -> bool {
        let keeps = self.keep != Keep::Close && self.sending == Saying::Done;
        self.receiving = if keeps { Hearing::Nothing } else { Hearing::Over };
        self.sending = if keeps { Saying::Nothing } else { Saying::Stopped };
        keeps
    }

    fn refuse(&mut self, flaw: Flaw) -> Flaw {
        (self.receiving, self.sending) = (Hearing::Over, Saying::Stopped);
        self.keep = Keep::Close;
        flaw
    }

    fn completed<'a>(&mut self, input: &'a [u8], trailers: usize) -> Received<ClientEvent<'a>> {
        self.complete();
        Received { used: trailers, event: ClientEvent::End(Trailers(&input[..trailers])) }
    }

    fn head<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        starts: &'a mut Starts,
    ) -> Result<Received<ClientEvent<'a>>, Flaw> {
        let Hearing::Head(scan) = &mut self.receiving else {
            return Ok(Received { used: 0, event: ClientEvent::Wanting });
        };
        let Some((head, fields)) = read(scan, input, limits, starts)? else {
            return Ok(Received { used: 0, event: ClientEvent::Wanting });
        };
        let event = self.judge(head, &fields)?;
        Ok(Received { used: head.size(), event })
    }

    /// A head is whole: decides what follows it.
    fn judge<'a>(
        &mut self,
        head: ResponseHead<'a>,
        fields: &Fields<'_>,
    ) -> Result<ClientEvent<'a>, Flaw> {
        match fields.judge(&head, self.asked)? {
            Follows::Response => {
                if self.interims == INTERIMS_MOST {
                    return Err(Flaw::TooManyInterims);
                }
                self.interims += 1;
                if head.status() == 100 {
                    self.proceed();
                }
                self.receiving = Hearing::Head(Scan::new());
                Ok(ClientEvent::Interim(head))
            }
            Follows::Other => {
                // A tunnel is what a 2xx begins.
                let is_asked = match head.status() {
                    101 => self.upgrades,
                    _ => self.asked == Asked::Connect,
                };
                if !is_asked || self.sending != Saying::Done {
                    return Err(Flaw::BadSwitch);
                }
                (self.receiving, self.keep) = (Hearing::Over, Keep::Close);
                Ok(ClientEvent::Switched(head))
            }
            Follows::Body(body, keep) => {
                if keep == Keep::Close {
                    self.keep = keep;
                }
                self.stop_sending(head.status());
                self.receiving = Hearing::Body(Decoder::new(body));
                Ok(ClientEvent::Response(head))
            }
        }
    }

    /// A final response stops a body that was not asked for yet, and, unless it is a success, one
    /// that is under way: the server will not use it. A successful one may be made of it.
    fn stop_sending(&mut self, status: u16) {
        let stops = match self.sending {
            Saying::Held(_) => true,
            // One that only lacks its end is not cut short.
            Saying::Body(Encoder::Length(0)) => false,
            Saying::Body(_) => status >= 300,
            _ => false,
        };
        if stops {
            (self.sending, self.keep) = (Saying::Stopped, Keep::Close);
        }
    }

    fn data<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
    ) -> Result<Received<ClientEvent<'a>>, Flaw> {
        let Hearing::Body(decoder) = &mut self.receiving else {
            return Ok(Received { used: 0, event: ClientEvent::Wanting });
        };
        Ok(match decoder.decode(input, limits)? {
            Found::Wanting { skip } => Received { used: skip, event: ClientEvent::Wanting },
            Found::Data { skip, length } => {
                decoder.took(length);
                let data = &input[skip..skip + length];
                Received { used: skip + length, event: ClientEvent::Data(data) }
            }
            Found::End { skip, trailers } => {
                let Received { used, event } = self.completed(&input[skip..], trailers);
                Received { used: skip + used, event }
            }
        })
    }
}

/// Reads a head. One that did not come at once, or is refused, is first looked for as a whole, so
/// that what is refused does not depend on how it came.
fn read<'a>(
    scan: &mut Scan,
    bytes: &'a [u8],
    limits: &Limits,
    starts: &'a mut Starts,
) -> Result<Option<(ResponseHead<'a>, Fields<'a>)>, Flaw> {
    match scan.find(bytes, &Bounds::head(limits))? {
        Some(end) => ResponseHead::read(&bytes[..end], limits, starts),
        None => Ok(None),
    }
}
