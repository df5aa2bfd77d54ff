//! A message that is sent in parts: which part may follow which, and what may come between.

use readily_protocols::websocket::{Deflate, Encoded, Message, Part, Place};

use crate::ends::{End, Mail, TERMS, client, converse, heard, server};

const fn text(place: Place, text: &'static str) -> Mail {
    Mail::Part(Part { message: Message::Text(text), place })
}

const fn bytes(place: Place, bytes: &'static [u8]) -> Mail {
    Mail::Part(Part { message: Message::Binary(bytes), place })
}

/// What the other end heard, and what was not sent.
fn said(deflate: Deflate, mails: &[Mail]) -> (Vec<String>, Vec<String>) {
    let mut server = server(End::new(deflate));
    let mut client = client(End::new(deflate));
    converse(&mut client, &mut server, usize::MAX);
    mails.iter().for_each(|mail| _ = server.mail(mail.clone()));
    converse(&mut client, &mut server, usize::MAX);
    assert_eq!(client.over(), None);
    (heard(&client)[1..].to_vec(), heard(&server)[1..].to_vec())
}

#[test]
fn parts_follow_each_other_in_order_and_nothing_comes_between() {
    use Place::{First, Last, Middle, Only};
    const UNFINISHED: &str = "not sent: Unfinished";
    let between = || Mail::Send(Encoded::text("between"));
    type Case = (&'static str, Vec<Mail>, Vec<&'static str>, usize);
    let cases: Vec<Case> = vec![
        ("only", vec![text(Only, "a")], vec!["text a"], 0),
        ("two", vec![text(First, "a"), text(Last, "b")], vec!["text ab"], 0),
        (
            "four, some empty",
            vec![text(First, ""), text(Middle, "a"), text(Middle, ""), text(Last, "b")],
            vec!["text ab"],
            0,
        ),
        ("bytes", vec![bytes(First, &[1]), bytes(Last, &[2])], vec!["binary [01, 02]"], 0),
        ("a middle of nothing", vec![text(Middle, "a"), Mail::Text("b")], vec!["text b"], 1),
        ("a last of nothing", vec![text(Last, "a"), Mail::Text("b")], vec!["text b"], 1),
        (
            "a first inside",
            vec![text(First, "a"), text(First, "x"), text(Only, "x"), text(Last, "b")],
            vec!["text ab"],
            2,
        ),
        (
            "another kind",
            vec![text(First, "a"), bytes(Middle, &[1]), bytes(Last, &[1]), text(Last, "b")],
            vec!["text ab"],
            2,
        ),
        (
            "whole messages inside",
            vec![text(First, "a"), between(), Mail::Text("x"), text(Last, "b"), between()],
            vec!["text ab", "text between"],
            2,
        ),
        ("what has no end", vec![text(First, "a"), text(Middle, "b")], vec![], 0),
    ];
    for deflate in TERMS {
        for (case, mails, arrived, refused) in &cases {
            let expected = (
                arrived.iter().map(|text| (*text).to_owned()).collect(),
                vec![UNFINISHED.to_owned(); *refused],
            );
            assert_eq!(said(deflate, mails), expected, "{case}, {deflate:?}");
        }
    }
}

#[test]
fn a_close_ends_a_message_in_its_midst_and_nothing_follows() {
    use Place::{First, Last};
    let mails = [text(First, "a"), Mail::Close, text(Last, "b"), text(First, "c"), Mail::Text("d")];
    let mut server = server(End::new(Deflate::Off));
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    mails.into_iter().for_each(|mail| _ = server.mail(mail));
    // A handler is not called behind its close.
    assert_eq!(heard(&server).len(), 1);
    let sent = server.take_sent();
    assert_eq!(sent, [&[0x01, 1, b'a', 0x88, 2][..], &1000u16.to_be_bytes()].concat());
}

#[test]
fn pings_and_pongs_go_between_the_parts() {
    use Place::{First, Last};
    let mut server = server(End::new(Deflate::Off));
    let mut client = client(End::new(Deflate::Off));
    converse(&mut client, &mut server, usize::MAX);
    server.mail(text(First, "a"));
    server.feed(&crate::client::ping("there?")).mail(text(Last, "b"));
    let sent = server.take_sent();
    assert_eq!(sent, b"\x01\x01a\x8a\x06there?\x80\x01b");
    client.feed(&sent);
    assert_eq!(heard(&client)[1..], ["text ab"]);
}

#[test]
fn who_was_told_that_a_message_is_unfinished_is_called_at_its_end() {
    use Place::{First, Last, Middle};
    for (between, woken) in [(None, 0), (Some(Mail::Text("x")), 1)] {
        let mut server = server(End::new(Deflate::Off));
        let mut client = client(End::new(Deflate::Off));
        converse(&mut client, &mut server, usize::MAX);
        server.mail(text(First, "a"));
        if let Some(between) = between {
            server.mail(between);
        }
        server.mail(text(Middle, "b"));
        assert_eq!(server.effects().list().drain(..).count(), 0, "it goes on");
        server.mail(text(Last, "c"));
        assert_eq!(server.effects().list().drain(..).count(), woken);
        // The next one blocks nobody.
        server.mail(text(First, "a")).mail(text(Last, "b"));
        assert_eq!(server.effects().list().drain(..).count(), 0);
    }
}
