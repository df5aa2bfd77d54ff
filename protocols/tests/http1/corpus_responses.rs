//! Responses of every kind, what each comes to, and that it comes to the same however it is cut.

mod bodies;
mod fields;
mod lines;

use std::fmt::Write as _;

use readily_protocols::http1::wire::{ClientEvent, ClientSide, Connection, Cut, How, Length};
use readily_protocols::http1::{Flaw, Limits, RequestLine, Starts, Value};

use crate::corpus::{bytes, check_distinct, cuts};

/// A name, what was asked, the bytes as [`bytes`] reads them, and what they come to.
type Entry = (&'static str, Asked, &'static str, Outcome);

/// What a response answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Get,
    Head,
    Connect,
    /// A GET that offers to switch.
    Upgrade,
}

use Asked::{Connect, Get, Head, Upgrade};

/// What an entry comes to, when the stream ends behind it.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// A response, after which another request may be made.
    Kept(u16, &'static str),
    /// A response, after which none may.
    Last(u16, &'static str),
    /// One that the end completes.
    ToTheEnd(u16, &'static str),
    /// These before the final one, after which another request may be made.
    Interims(&'static [u16], u16, &'static str),
    /// These, before that is refused.
    Flooded(&'static [u16], Flaw),
    /// Something else is spoken from there on.
    Switched(u16),
    /// None, since that is refused.
    Bad(Flaw),
    /// It has begun with that status and that data before that is refused.
    Then(u16, &'static str, Flaw),
    /// It is whole, and behind it comes what nobody asked for.
    Extra(u16, &'static str),
    /// The stream ends within it, before its body.
    CutHead(Cut),
    /// The stream ends within its body.
    CutBody(u16, &'static str),
}

use Outcome::{
    Bad, CutBody, CutHead, Extra, Flooded, Interims, Kept, Last, Switched, Then, ToTheEnd,
};

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Kept,
    Closed,
    WithStream,
    Switched,
    Refused(Flaw),
    Cut(Cut),
}

/// All that was seen, data merged.
#[derive(PartialEq, Eq, Debug, Default)]
struct Events {
    lines: Vec<String>,
    interims: Vec<u16>,
    status: Option<u16>,
    body: Vec<u8>,
    end: Option<End>,
}

impl Outcome {
    fn events(self) -> Events {
        let events = |interims: &[u16], status, body, end| Events {
            lines: Vec::new(),
            interims: interims.to_vec(),
            status,
            body: bytes(body),
            end: Some(end),
        };
        match self {
            Kept(status, body) => events(&[], Some(status), body, End::Kept),
            Last(status, body) => events(&[], Some(status), body, End::Closed),
            ToTheEnd(status, body) => events(&[], Some(status), body, End::WithStream),
            Interims(all, status, body) => events(all, Some(status), body, End::Kept),
            Flooded(all, flaw) => events(all, None, "", End::Refused(flaw)),
            Switched(status) => events(&[], Some(status), "", End::Switched),
            Bad(flaw) => events(&[], None, "", End::Refused(flaw)),
            Then(status, body, flaw) => events(&[], Some(status), body, End::Refused(flaw)),
            Extra(status, body) => events(&[], Some(status), body, End::Refused(Flaw::Unasked)),
            CutHead(cut) => events(&[], None, "", End::Cut(cut)),
            CutBody(status, body) => events(&[], Some(status), body, End::Cut(Cut::Body)),
        }
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    [lines::ENTRIES, fields::ENTRIES, bodies::ENTRIES].into_iter().flatten()
}

#[test]
fn the_corpus_has_200_responses_that_differ() {
    let named = entries().map(|(name, asked, text, _)| {
        let asked = format!("{asked:?} ").into_bytes();
        (*name, [asked, bytes(text)].concat())
    });
    let count = check_distinct(named);
    assert!(count >= 200, "{count}");
}

/// A connection on which that was asked.
fn ask(asked: Asked) -> ClientSide {
    let (method, target) = match asked {
        Get | Upgrade => ("GET", "/"),
        Head => ("HEAD", "/"),
        Connect => ("CONNECT", "a:443"),
    };
    let line = RequestLine::new(method, target, if asked == Connect { "a:443" } else { "a" });
    let connection = match asked {
        Upgrade => Connection::Upgrade(Value::from_static("echo")),
        _ => Connection::Keep,
    };
    let (mut http, mut out) = (ClientSide::new(), Vec::new());
    let how = How { connection, ..How::PLAIN };
    let begun = http.request(&line.expect("a good request"), &[], Length::Known(0), how, &mut out);
    assert_eq!((begun, http.finish(&[], &mut out)), (Ok(()), Ok(())));
    http
}

/// Shows the pieces to a connection, then the end of the stream.
fn read(asked: Asked, pieces: &[&[u8]]) -> Events {
    let (mut http, mut input, mut events) = (ask(asked), Vec::new(), Events::default());
    for piece in pieces {
        input.extend_from_slice(piece);
        look(&mut http, &mut input, &mut events);
    }
    let is_whole = events.end.is_some();
    match http.end(input.len()) {
        Ok(()) if !is_whole => {
            look(&mut http, &mut input, &mut events);
            assert_eq!(events.end, Some(End::Closed), "the end completes it");
            events.end = Some(End::WithStream);
        }
        Ok(()) => {}
        Err(cut) => events.end = Some(End::Cut(cut)),
    }
    events
}

/// Takes all that is there.
fn look(http: &mut ClientSide, input: &mut Vec<u8>, events: &mut Events) {
    let (mut starts, limits) = (Starts::new(), Limits::DEFAULT);
    loop {
        let received = match http.receive(input, &limits, &mut starts) {
            Ok(received) => received,
            Err(flaw) => {
                events.end = Some(End::Refused(flaw));
                return;
            }
        };
        match received.event {
            ClientEvent::Interim(head) => {
                events.interims.push(head.status());
                events.lines.push(format!("{head:?}"));
            }
            ClientEvent::Response(head) | ClientEvent::Switched(head) => {
                events.status = Some(head.status());
                let mut line = format!("{head:?}");
                for (name, value) in head.headers() {
                    write!(line, " | {name}: {}", value.escape_ascii()).expect("a string");
                }
                events.lines.push(line);
                if matches!(received.event, ClientEvent::Switched(_)) {
                    events.end = Some(End::Switched);
                }
            }
            ClientEvent::Data(data) => events.body.extend_from_slice(data),
            ClientEvent::End(trailers) => {
                for (name, value) in trailers.fields() {
                    events.lines.push(format!("{name}: {}", value.escape_ascii()));
                }
                events.end = Some(if http.keeps() { End::Kept } else { End::Closed });
            }
            ClientEvent::Wanting | ClientEvent::Idle | ClientEvent::Closed => {
                input.drain(..received.used);
                return;
            }
        }
        input.drain(..received.used);
    }
}

#[test]
fn level_1_reads_each_as_it_should_however_it_is_cut() {
    for (name, asked, text, outcome) in entries() {
        let input = bytes(text);
        let whole = read(*asked, &[&input]);
        let expected = Events { lines: whole.lines.clone(), ..outcome.events() };
        assert_eq!(read(*asked, &[&input]), expected, "{name}: {}", input.escape_ascii());
        for pieces in cuts(&input) {
            let lengths: Vec<_> = pieces.iter().map(|piece| piece.len()).collect();
            assert_eq!(read(*asked, &pieces), whole, "{name}, cut in {lengths:?}");
        }
    }
}
