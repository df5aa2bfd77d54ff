//! Masks: a client's frames have one each, a server's have none (RFC 6455, section 5.3).

use std::collections::BTreeSet;

use readily_protocols::contract::Fault;
use readily_protocols::websocket::{Deflate, Limits, Masks, reason};

use crate::client::{FIN, TEXT, frame, read};
use crate::ends::{End, Mail, client, converse, server};

/// A masked frame at the front: its first byte, its mask, what it says, and what follows.
fn unmasked(bytes: &[u8]) -> (u8, [u8; 4], Vec<u8>, &[u8]) {
    let [first, second, rest @ ..] = bytes else { panic!("half a head") };
    assert!(second & 0x80 != 0, "a client masks everything");
    let (mask, rest) = rest.split_first_chunk::<4>().expect("a mask");
    let (payload, rest) = rest.split_at(usize::from(second & 0x7f));
    let payload = payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
    (*first, *mask, payload, rest)
}

#[test]
fn each_frame_of_a_client_has_a_mask_of_its_own() {
    let mut server = server(End::new(Deflate::Off));
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    let mut masks = BTreeSet::new();
    for _ in 0..100 {
        client.mail(Mail::Text("the same each time"));
        let sent = client.take_sent();
        let (first, mask, payload, rest) = unmasked(&sent);
        assert_eq!((first, &payload[..], rest), (0x81, &b"the same each time"[..], &[][..]));
        assert!(masks.insert(mask), "{mask:x?} came twice");
    }
    // A ping, the answer to one, and a close have theirs too.
    client.feed(&[0x89, 2, b'h', b'i']).wait(Limits::DEFAULT.ping_after);
    client.expire(readily_protocols::contract::Reason::Own).mail(Mail::Close);
    let sent = client.take_sent();
    let mut rest = &sent[..];
    for expected in [(0x8a, &b"hi"[..]), (0x89, b""), (0x88, &1000u16.to_be_bytes())] {
        let (first, mask, payload, more) = unmasked(rest);
        assert_eq!((first, &payload[..]), expected);
        assert!(masks.insert(mask), "{mask:x?} came twice");
        rest = more;
    }
    assert!(rest.is_empty());
}

#[test]
fn masks_are_those_of_the_seed() {
    let first = |seed: u8| {
        let mut server = server(End::new(Deflate::Off));
        let mut client = crate::ends::client_of(Masks::from_seed([seed; 32]));
        let asked = client.sent().to_vec();
        converse(&mut client, &mut server, usize::MAX);
        client.mail(Mail::Text("x"));
        (asked, unmasked(client.sent()).1)
    };
    assert_eq!(first(1), first(1));
    let ((one, mask), (two, other)) = (first(1), first(2));
    assert!(one != two && mask != other, "keys and masks of two seeds differ");
}

#[test]
fn a_server_that_masks_is_refused() {
    let mut server = server(End::new(Deflate::Off));
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    let masked = frame(FIN | TEXT, "hi");
    client.feed(&masked[..1]);
    assert_eq!(client.over(), None);
    client.feed(&masked[1..2]);
    assert_eq!(client.over(), Some(Err(Fault::Peer(reason::MASKED))));
    let sent = client.take_sent();
    let (first, _, payload, rest) = unmasked(&sent);
    assert_eq!((first, &payload[..2], rest), (0x88, &1002u16.to_be_bytes()[..], &[][..]));
}

#[test]
fn a_server_masks_nothing() {
    let mut server = server(End::new(Deflate::Off).answering());
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    server.feed(&frame(FIN | TEXT, "hi")).mail(Mail::Close);
    assert_eq!(read(server.sent()), ["text hi", "close 1000"]);
}
