//! A client and a server of ours: handshakes, echoes, and messages in parts.

use readily_protocols::contract::{Fault, Reason};
use readily_protocols::testing::Script;
use readily_protocols::websocket::{Deflate, Encoded, Intake, Limits, Terms, reason};

use crate::ends::{Conn, End, Mail, TERMS, client, converse, heard, server};

/// Texts that compress and bytes that do not, of many lengths.
fn messages() -> Vec<Encoded> {
    let lengths = [0, 1, 63, 64, 125, 126, 1000, 5000];
    let text = |len: usize| {
        "the client says it to the server ".chars().cycle().take(len).collect::<String>()
    };
    let noise = |len: usize| (0..len).map(|at| (at * at / 7 + at) as u8).collect::<Vec<u8>>();
    let texts = lengths.iter().map(|len| Encoded::text(&text(*len)));
    texts.chain(lengths.iter().map(|len| Encoded::binary(&noise(*len)))).collect()
}

#[test]
fn what_a_client_sends_comes_back_whatever_was_agreed() {
    for asked in TERMS {
        for given in TERMS {
            let mut stories = Vec::new();
            for piece in [1, 7, 4096, usize::MAX] {
                let mut server = server(End::new(given).answering());
                let mut client = client(End::new(asked));
                converse(&mut client, &mut server, piece);
                for message in messages() {
                    client.mail(Mail::Send(message));
                    converse(&mut client, &mut server, piece);
                }
                let (sent, back) = (heard(&server), heard(&client));
                assert_eq!(sent.len(), 1 + messages().len());
                assert_eq!(sent, back, "{asked:?} {given:?} in pieces of {piece}");
                assert_eq!((client.over(), server.over()), (None, None));
                stories.push(sent);
            }
            assert!(stories.windows(2).all(|two| two[0] == two[1]), "{asked:?} {given:?}");
        }
    }
}

#[test]
fn a_subprotocol_is_the_first_of_the_servers_that_is_offered() {
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&["b", "a"], &["a", "b"], "agreed Some(\"a\")"),
        (&["b"], &["a", "b"], "agreed Some(\"b\")"),
        (&["c"], &["a", "b"], "agreed None"),
        (&[], &["a"], "agreed None"),
        (&["a"], &[], "agreed None"),
    ];
    for (offered, spoken, agreed) in cases {
        let mut server = server(End { protocols: spoken, ..End::new(Deflate::Off) });
        let mut client = client(End { protocols: offered, ..End::new(Deflate::Off) });
        converse(&mut client, &mut server, usize::MAX);
        assert_eq!((heard(&client), heard(&server)), (vec![agreed.into()], vec![agreed.into()]));
    }
}

#[test]
fn a_message_larger_than_the_limit_goes_through_in_parts_both_ways() {
    let streamed = |deflate| Limits { deflate, ..Limits::STREAMED };
    let long: String = "streamed – ".chars().cycle().take(300_000).collect();
    for terms in TERMS {
        let limits = Limits { message_max: 1 << 10, ..streamed(terms) };
        let end = End { intake: Intake::Stream, ..End::new(terms).answering() };
        for (limits, is_taken) in [(streamed(terms), true), (limits, false)] {
            let mut server = server(End { limits, ..end.clone() });
            let mut client = client(End { limits: streamed(terms), ..End::new(terms) });
            converse(&mut client, &mut server, 10_000);
            // Whoever has not agreed to it is sent the other form.
            let message = Encoded::text(&long).deflated(&Terms::SHARED, client.effects());
            client.mail(Mail::Send(message));
            converse(&mut client, &mut server, 10_000);
            if !is_taken {
                assert_eq!(server.over(), Some(Err(Fault::Peer(reason::MESSAGE_TOO_LARGE))));
                continue;
            }
            let parts = heard(&server);
            let places: Vec<_> = parts[1..].iter().map(|part| &part[..5]).collect();
            assert!(places.len() > 1 && places[0] == "First", "{places:?}");
            assert_eq!(places.last(), Some(&"Last "));
            let texts = parts[1..].iter().filter_map(|part| part.split_once("text "));
            assert!(texts.map(|(_, text)| text).collect::<String>() == long);
            assert!(heard(&client)[1] == format!("text {long}"), "{terms:?}");
        }
    }
}

#[test]
fn a_server_must_answer_what_it_was_asked() {
    let right = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ACCEPT\r\n";
    let swapped = |from: &str, to: &str| format!("101 Switching\r\n{}", right.replace(from, to));
    let with = |more: &str| format!("101 Switching\r\n{right}{more}\r\n");
    let cases: [(String, Option<&str>); 14] = [
        (with("x: y"), None),
        (with("sec-websocket-protocol: chat"), None),
        (with("sec-websocket-extensions: permessage-deflate; server_no_context_takeover"), None),
        (swapped("ACCEPT", "ACCEPTE"), Some(reason::ANSWER)),
        (swapped("ACCEPT", ""), Some(reason::ANSWER)),
        (swapped("sec-websocket-accept", "x"), Some(reason::ANSWER)),
        (swapped("upgrade: websocket", "upgrade: h2c"), Some(reason::ANSWER)),
        (with("sec-websocket-accept: ACCEPT"), Some(reason::ANSWER)),
        (with("sec-websocket-protocol: other"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-protocol: chat, other"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-extensions: permessage-bzip2"), Some(reason::NOT_OFFERED)),
        (with("sec-websocket-extensions: permessage-deflate"), Some(reason::NOT_OFFERED)),
        ("200 OK\r\ncontent-length: 0\r\n".into(), Some(reason::DECLINED)),
        ("404 Not Found\r\ncontent-length: 2\r\n".into(), Some(reason::DECLINED)),
    ];
    for (answer, ended) in cases {
        let end = || End { protocols: &["chat"], ..End::new(Deflate::On(Terms::SHARED)) };
        let key = |sent: &[u8]| {
            let sent = String::from_utf8_lossy(sent).to_ascii_lowercase();
            assert!(sent.contains("sec-websocket-version: 13"), "{sent}");
            sent.contains("sec-websocket-protocol: chat")
        };
        let accept = accepted(&client(end()));
        let bytes = format!("HTTP/1.1 {}\r\n", answer.replace("ACCEPT", &accept));
        // A frame of the server's follows at once.
        let bytes = [bytes.as_bytes(), &[0x81, 2, b'h', b'i']].concat();
        for cut in 0..=bytes.len() {
            let mut client = client(end());
            assert!(key(client.sent()));
            client.feed(&bytes[..cut]).feed(&bytes[cut..]);
            match ended {
                Some(why) => assert_eq!(client.over(), Some(Err(Fault::Peer(why))), "{answer}"),
                None => assert_eq!(heard(&client)[1..], ["text hi"], "{answer}, cut at {cut}"),
            }
        }
    }
    let mut left = client(End::new(Deflate::Off));
    left.feed(b"HTTP/1.1 101 ").end();
    assert_eq!(left.over(), Some(Err(Fault::Peer(reason::NO_ANSWER))));
    let mut late = client(End::new(Deflate::Off));
    late.wait(Limits::DEFAULT.open_within).expire(Reason::Own);
    assert_eq!(late.over(), Some(Err(Fault::Peer(reason::OPEN_TIMED_OUT))));
}

/// What proves an answer to that client's request: the server under test says it.
fn accepted(client: &Script<Conn>) -> String {
    let mut server = server(End::new(Deflate::Off));
    server.feed(client.sent());
    let answer = String::from_utf8_lossy(server.sent()).into_owned();
    let (_, rest) = answer.split_once("sec-websocket-accept: ").expect("an answer");
    rest.split_once("\r\n").expect("a line").0.to_owned()
}
