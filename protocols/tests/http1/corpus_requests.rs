//! Requests of every kind, what each comes to, and that it comes to the same however it is cut.

mod bodies;
mod fields;
mod lines;
mod sequences;
mod targets;

use std::fmt::Write as _;

use readily_protocols::contract::Fault;
use readily_protocols::http1::wire::{Event, Length, ServerSide, date};
use readily_protocols::http1::{Limits, Refusal, Starts, Status, reason};

use crate::corpus::{bytes, check_distinct, cuts};
use crate::support::{codes, said, site};

/// A name, the bytes as [`bytes`] reads them, and what they come to.
type Entry = (&'static str, &'static str, Outcome);

/// Method, target and body of a request.
type Asked = (&'static str, &'static str, &'static str);

/// What an entry comes to, when nothing follows it.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// One request, after which another may come.
    One(&'static str, &'static str, &'static str),
    /// One request, which is the last one on its connection.
    Last(&'static str, &'static str, &'static str),
    /// These, after which another may come.
    Many(&'static [Asked]),
    /// These, of which the last one is the last one on its connection.
    ManyLast(&'static [Asked]),
    /// None, since that is refused.
    Bad(Refusal),
    /// These, and behind them what is refused.
    Then(&'static [Asked], Refusal),
    /// These, and behind them half a head.
    HeadCut(&'static [Asked]),
    /// These, and behind them half a body.
    BodyCut(&'static [Asked]),
}

use Outcome::{Bad, BodyCut, HeadCut, Last, Many, ManyLast, One, Then};

/// How an input ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Open,
    Closed,
    Refused(Refusal),
    Cut(&'static str),
}

impl Outcome {
    fn parts(self) -> (Vec<Asked>, End) {
        match self {
            One(method, target, body) => (vec![(method, target, body)], End::Open),
            Last(method, target, body) => (vec![(method, target, body)], End::Closed),
            Many(all) => (all.to_vec(), End::Open),
            ManyLast(all) => (all.to_vec(), End::Closed),
            Bad(refusal) => (Vec::new(), End::Refused(refusal)),
            Then(all, refusal) => (all.to_vec(), End::Refused(refusal)),
            HeadCut(all) => (all.to_vec(), End::Cut(reason::HEAD_CUT)),
            BodyCut(all) => (all.to_vec(), End::Cut(reason::BODY_CUT)),
        }
    }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    let parts = [lines::ENTRIES, targets::ENTRIES, fields::ENTRIES, bodies::ENTRIES];
    parts.into_iter().flatten().chain(sequences::ENTRIES)
}

#[test]
fn the_corpus_has_300_requests_that_differ() {
    let count = check_distinct(entries().map(|(name, text, _)| (*name, bytes(text))));
    assert!(count >= 300, "{count}");
}

/// All events, data merged; the requests among them that are whole; and the end.
#[derive(PartialEq, Eq, Debug, Default)]
struct Events {
    lines: Vec<String>,
    whole: Vec<(String, String, Vec<u8>)>,
    end: Option<End>,
}

/// Shows the pieces to a connection without a loop, and answers each request when it is whole.
fn level_1(pieces: &[&[u8]]) -> Events {
    let (mut http, mut starts, limits) = (ServerSide::new(), Starts::new(), Limits::DEFAULT);
    let (mut input, mut output, mut events) = (Vec::new(), Vec::new(), Events::default());
    let mut open = (String::new(), String::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let received = match http.receive(&input, &limits, &mut starts) {
                Ok(received) => received,
                Err(refusal) => {
                    events.lines.push(format!("data {}", open.2.escape_ascii()));
                    events.end = Some(End::Refused(refusal));
                    return events;
                }
            };
            let mut goes_on = true;
            match received.event {
                Event::Request(head) => {
                    open = (head.method().to_owned(), head.target().to_owned(), Vec::new());
                    let mut line = format!("{head:?}");
                    for (name, value) in head.headers() {
                        write!(line, " | {name}: {}", value.escape_ascii()).expect("a string");
                    }
                    events.lines.push(line);
                }
                Event::Data(data) => open.2.extend_from_slice(data),
                Event::End(trailers) => {
                    let mut line = format!("data {}", open.2.escape_ascii());
                    for (name, value) in trailers.fields() {
                        write!(line, " + {name}: {}", value.escape_ascii()).expect("a string");
                    }
                    events.lines.push(line);
                    events.whole.push(std::mem::take(&mut open));
                    let now = date(std::time::SystemTime::UNIX_EPOCH);
                    let begun = http.respond(Status::OK, &[], Length::Known(0), &now, &mut output);
                    assert_eq!((begun, http.finish(&[], &mut output)), (Ok(()), Ok(())));
                }
                Event::Wanting => goes_on = false,
                Event::Closed => {
                    events.end = Some(End::Closed);
                    return events;
                }
                Event::Paused | Event::Switched => unreachable!("{:?}", received.event),
            }
            input.drain(..received.used);
            if !goes_on {
                break;
            }
        }
    }
    events.lines.push(format!("data {}", open.2.escape_ascii()));
    events.end = Some(http.end(input.len()).map_or_else(End::Cut, |()| End::Open));
    events
}

#[test]
fn level_1_reads_each_as_it_should_however_it_is_cut() {
    for (name, text, outcome) in entries() {
        let input = bytes(text);
        let whole = level_1(&[&input]);
        let (asked, end) = outcome.parts();
        let asked: Vec<_> =
            asked.iter().map(|(m, t, b)| ((*m).to_owned(), (*t).to_owned(), bytes(b))).collect();
        assert_eq!(
            (&whole.whole, whole.end),
            (&asked, Some(end)),
            "{name}: {}",
            input.escape_ascii()
        );
        for pieces in cuts(&input) {
            let events = level_1(&pieces);
            assert_eq!(events, whole, "{name}, cut in {:?}", lengths(&pieces));
        }
    }
}

/// Requests, their bodies, what was answered, and the end.
type Seen = (Vec<String>, Vec<Vec<u8>>, String, Option<Result<(), Fault>>);

/// What the site has seen and answered.
fn level_2(pieces: &[&[u8]]) -> Seen {
    let mut script = site();
    for piece in pieces {
        script.feed(piece);
    }
    script.end();
    // Whether somebody waits for a 100 is a matter of time.
    let said = said(&script).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
    let over = script.over();
    let world = script.app();
    (std::mem::take(&mut world.seen), std::mem::take(&mut world.bodies), said, over)
}

#[test]
fn the_server_answers_each_as_it_should_however_it_is_cut() {
    for (name, text, outcome) in entries() {
        let input = bytes(text);
        let whole = level_2(&[&input]);
        let (asked, end) = outcome.parts();
        let seen: Vec<_> =
            whole.0.iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>()).collect();
        let expected: Vec<_> = asked.iter().map(|(m, t, _)| vec![*m, *t]).collect();
        assert_eq!(seen, expected, "{name}: {}", input.escape_ascii());
        let bodies: Vec<_> = asked.iter().map(|(_, _, body)| bytes(body)).collect();
        assert_eq!(whole.1, bodies, "{name}");
        let over = match end {
            End::Open | End::Closed => Ok(()),
            End::Refused(refusal) => Err(Fault::Peer(refusal.reason())),
            End::Cut(why) => Err(Fault::Peer(why)),
        };
        assert_eq!(whole.3, Some(over), "{name}: {}", input.escape_ascii());
        if let End::Refused(refusal) = end {
            let mut script = site();
            script.feed(&input);
            let last = codes(&script).last().copied();
            assert_eq!(last, Some(refusal.status().code()), "{name}");
        }
        for pieces in cuts(&input) {
            assert_eq!(level_2(&pieces), whole, "{name}, cut in {:?}", lengths(&pieces));
        }
    }
}

fn lengths(pieces: &[&[u8]]) -> Vec<usize> {
    pieces.iter().map(|piece| piece.len()).collect()
}
