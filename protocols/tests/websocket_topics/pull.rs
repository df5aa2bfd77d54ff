//! A subscriber on paper: what its peer gets.

use readily_protocols::websocket::{Encoded, Policy, Pulled, Slow, Topics};

use crate::world::{id, publish, subscriber};

fn text(len: usize) -> Encoded {
    Encoded::text(&"t".repeat(len))
}

#[test]
fn what_is_published_is_sent_when_it_is_woken_and_together() {
    let mut peer = subscriber(Topics::default());
    for message in ["one", "two", "three"] {
        assert_eq!(publish(&mut peer, &Encoded::text(message)), Ok(1));
        assert!(peer.sent().is_empty());
    }
    peer.wake();
    assert_eq!(peer.sent(), b"\x81\x03one\x81\x03two\x81\x05three");
    assert_eq!(peer.machine().inner().handler().0, [Pulled::All, Pulled::All]);
}

#[test]
fn a_peer_that_does_not_read_costs_its_buffer_and_its_backlog() {
    for (_, slow) in Slow::ALL {
        let mut peer = subscriber(Topics::new(Policy { slow, ..Policy::DEFAULT }));
        peer.block();
        let message = text(1020);
        for _ in 0..2000 {
            assert!(publish(&mut peer, &message).is_ok());
            peer.wake();
        }
        // The high mark, and the message that passes it.
        assert!(peer.ends().1.charge() <= 256 * 1024 + 1024, "{slow}");
        assert!(peer.app().0.held() <= Policy::DEFAULT.backlog, "{slow}");
        let before = peer.app().0.counts();
        peer.unblock().wake();
        let (counts, frames) = (peer.app().0.counts(), peer.sent().len() / 1024);
        assert_eq!(counts.delivered as usize, frames, "{slow}");
        let missed = counts.dropped_newest + counts.dropped_oldest + counts.coalesced;
        if slow == Slow::Close {
            assert!(peer.sent().ends_with(b"\x88\x15\x03\xf5you read too slowly"), "{slow}");
        } else {
            assert!(missed > 1000 && before.delivered < counts.delivered, "{slow}");
            assert_eq!(missed + counts.delivered, 2000, "{slow}");
        }
    }
}

#[test]
fn one_that_fell_behind_is_told_by_mail_while_its_buffer_is_full() {
    let mut peer = subscriber(Topics::default());
    peer.block();
    let message = text(60_000);
    for _ in 0..12 {
        assert!(publish(&mut peer, &message).is_ok());
        peer.wake();
    }
    assert_eq!(peer.app().0.fallen(), [id(0)]);
    let calls = peer.machine().inner().handler().0.len();
    peer.wake();
    assert_eq!(peer.machine().inner().handler().0.len(), calls, "there is no room");
    peer.mail(());
    assert_eq!(peer.machine().inner().handler().0[calls..], [Pulled::Behind]);
    assert_eq!(peer.effects().tally().of("websocket: a subscriber read too slowly"), 1);
    peer.unblock();
    assert!(peer.sent().ends_with(b"\x88\x15\x03\xf5you read too slowly"));
    // It answers, and that is the end.
    peer.feed(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf5]);
    assert_eq!(peer.over(), Some(Ok(())));
}

#[test]
fn a_message_that_can_never_be_sent_is_dropped_and_counted() {
    let mut peer = subscriber(Topics::new(Policy { backlog: 8 << 20, ..Policy::DEFAULT }));
    for len in [5, 2 << 20, 6] {
        assert_eq!(publish(&mut peer, &text(len)), Ok(1));
    }
    peer.wake();
    assert_eq!(peer.sent(), b"\x81\x05ttttt\x81\x06tttttt");
    let counts = peer.app().0.counts();
    assert_eq!((counts.delivered, counts.too_large), (2, 1));
}

#[test]
fn one_that_was_closed_is_subscribed_to_nothing() {
    let mut peer = subscriber(Topics::default());
    publish(&mut peer, &text(1)).expect("a subscriber");
    peer.effects().set_draining();
    peer.wake().mail(());
    assert_eq!(publish(&mut peer, &text(1)), Ok(1), "nobody pulled since");
    assert_eq!(peer.app().0.counts().delivered, 1);
    peer.app().0.leave(id(0));
    assert_eq!(peer.app().0.held(), 0);
}
