//! A handler that takes nothing now: [`Intake::Hold`].

use std::time::Duration;

use readily_protocols::contract::{Fault, Reason};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{Deflate, Intake, Limits, reason};

use crate::client::{CONTINUE, FIN, TEXT, close, frame, ping, read, text};
use crate::ends::{Conn, End, Mail, client, converse, heard, server};

const NONE: &[&str] = &[];

/// A server that is open, and takes in that way.
fn open(intake: Intake) -> Script<Conn> {
    let mut server = server(End { intake, ..End::new(Deflate::Off) });
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    server
}

/// A mail lifts the hold, and the loop is asked to come back for what waits.
fn take(server: &mut Script<Conn>, intake: Intake) {
    server.mail(Mail::Take(intake));
    assert_eq!(server.effects().list().drain(..).count(), 1, "a wake");
    server.wake();
}

#[test]
fn messages_wait_in_order_and_come_when_they_are_taken() {
    let bytes = [text("a"), frame(TEXT, "b"), ping("?"), frame(FIN | CONTINUE, "c"), text("d")];
    let bytes = bytes.concat();
    for cut in 0..=bytes.len() {
        let mut server = open(Intake::Hold);
        server.feed(&bytes[..cut]).feed(&bytes[cut..]);
        assert_eq!(heard(&server)[1..], *NONE, "cut at {cut}");
        // Nothing is read past what waits, and nothing is held besides.
        assert_eq!(server.ends().0.len(), bytes.len());
        take(&mut server, Intake::Whole);
        assert_eq!(heard(&server)[1..], ["text a", "text bc", "text d"], "cut at {cut}");
        assert_eq!(read(&server.take_sent()), ["pong ?"]);
        assert_eq!((server.over(), server.ends().0.len()), (None, 0));
    }
}

#[test]
fn it_may_begin_in_the_midst_of_a_message() {
    let [first, last] = [frame(TEXT, "he"), frame(FIN | CONTINUE, "llo")];
    for (before, after, expected) in [
        (Intake::Whole, Intake::Whole, vec!["text hello"]),
        (Intake::Stream, Intake::Stream, vec!["First text he", "Last text llo"]),
    ] {
        let mut server = open(before);
        server.feed(&first).mail(Mail::Take(Intake::Hold)).feed(&last);
        assert_eq!(heard(&server)[1..], expected[..expected.len() - 1]);
        take(&mut server, after);
        assert_eq!(heard(&server)[1..], expected);
    }
}

#[test]
fn what_waits_for_us_is_not_the_peers_delay() {
    let mut server = open(Intake::Hold);
    server.feed(&text("a"));
    for _ in 0..10 {
        server.wait(Limits::DEFAULT.assembly_within).expire(Reason::Own);
        assert_eq!((server.over(), read(server.sent()).len()), (None, 0));
    }
    take(&mut server, Intake::Whole);
    assert_eq!(heard(&server)[1..], ["text a"]);
    // From now on it is.
    server.feed(&text("b")[..1]).wait(Limits::DEFAULT.assembly_within).expire(Reason::Own);
    assert_eq!(server.over(), Some(Err(Fault::Peer(reason::ASSEMBLY_TIMED_OUT))));
}

#[test]
fn the_time_of_a_hold_is_not_the_senders() {
    // A whole head, so that something is there that could be taken.
    let message = text("hello");
    for (intake, begun) in [(Intake::Whole, 7), (Intake::Stream, 7), (Intake::Stream, 8)] {
        let mut server = open(Intake::Hold);
        server.feed(&message[..begun]);
        let within = Limits::DEFAULT.assembly_within;
        server.wait(within - Duration::from_secs(1));
        take(&mut server, intake);
        // All of its time begins now.
        server.wait(within - Duration::from_nanos(1)).feed(&message[begun..]);
        assert_eq!(
            (server.over(), heard(&server).len()),
            (None, 2 + usize::from(intake == Intake::Stream))
        );
        server.feed(&message[..begun]).wait(within).expire(Reason::Own);
        assert_eq!(server.over(), Some(Err(Fault::Peer(reason::ASSEMBLY_TIMED_OUT))));
    }
}

#[test]
fn a_peer_without_anything_to_say_is_asked_all_the_same() {
    let mut server = open(Intake::Hold);
    server.wait(Limits::DEFAULT.ping_after).expire(Reason::Own);
    assert_eq!(read(server.sent()), ["ping"]);
    server.wait(Limits::DEFAULT.pong_within).expire(Reason::Own);
    assert_eq!(server.over(), Some(Err(Fault::Peer(reason::NO_PONG))));
}

#[test]
fn we_may_send_and_close_meanwhile() {
    let mut server = open(Intake::Hold);
    server.feed(&text("a")).mail(Mail::Text("b")).mail(Mail::Close);
    assert_eq!(read(&server.take_sent()), ["text b", "close 1000"]);
    // What the peer has sent before it knew means nothing any more, and its answer is the end.
    server.feed(&close(1000, ""));
    assert_eq!((server.over(), heard(&server)[1..].len()), (Some(Ok(())), 0));
    // So it is where it is there already, behind what waits.
    let mut server = open(Intake::Hold);
    server.feed(&[text("a"), close(1000, "")].concat()).mail(Mail::Close);
    assert_eq!(server.effects().list().drain(..).count(), 1, "a wake");
    server.wake();
    assert_eq!((server.over(), heard(&server)[1..].len()), (Some(Ok(())), 0));
}

#[test]
fn an_end_behind_what_waits_is_told_when_it_is_reached() {
    let mut server = open(Intake::Hold);
    server.feed(&text("a")).end();
    assert_eq!((server.over(), heard(&server)[1..].len()), (None, 0));
    take(&mut server, Intake::Whole);
    assert_eq!(heard(&server)[1..], ["text a"]);
    assert_eq!(server.over(), Some(Err(Fault::Peer(reason::NO_CLOSE))));
}

#[test]
fn what_waits_is_taken_when_room_lifts_the_hold() {
    let mut server = server(End { relays: true, ..End::new(Deflate::Off) });
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    server.feed(&[text("a"), text("b"), text("c")].concat());
    // Each message holds, and each `room` lifts that: nothing else tells of what waits.
    assert_eq!(heard(&server)[1..], ["text a", "text b", "text c"]);
}
