//! Compressed messages (RFC 7692), between a client and a server of ours and by hand.

use readily_protocols::contract::Fault;
use readily_protocols::testing::Script;
use readily_protocols::websocket::{Deflate, Encoded, Intake, Limits, Terms, reason};

use crate::client::{BINARY, CLOSE, CONTINUE, FIN, PING, PONG, TEXT, close, frame, ping};
use crate::cuts::every_cut;
use crate::ends::{Conn, End, Mail, TERMS, client, converse, end_of, heard, holds, server};

#[test]
fn a_broadcast_is_compressed_once_and_a_kept_context_survives_it() {
    for terms in TERMS {
        let mut server = server(End::new(terms).answering());
        let mut client = client(End::new(terms));
        converse(&mut client, &mut server, usize::MAX);
        let line = "said to all of them, again and again and again and again and again";
        let both = Encoded::text(line).deflated(&Terms::SHARED, server.effects());
        for message in [Encoded::text(line), both.clone(), both] {
            server.mail(Mail::Send(message));
            // What the client says comes back by the server's own compressor.
            client.mail(Mail::Send(Encoded::text(line)));
            converse(&mut client, &mut server, usize::MAX);
        }
        assert_eq!(heard(&client)[1..], vec![format!("text {line}"); 6], "{terms:?}");
        assert_eq!(client.over(), None);
    }
}

const RSV1: u8 = 0x40;

/// What was heard, the code of the close that was sent, and how it ended.
type Outcome = (Vec<String>, Option<u16>, Option<Result<(), Fault>>);

/// A server that has agreed to compress, fed with frames at once and byte by byte.
fn fed(limits: Limits, frames: &[u8]) -> Outcome {
    let mut outcomes = Vec::new();
    for piece in [usize::MAX, 1] {
        let mut server = server(End { limits, ..End::new(Deflate::Off) });
        let mut client = client(End::new(Deflate::On(Terms::SHARED)));
        converse(&mut client, &mut server, usize::MAX);
        for bytes in frames.chunks(piece.min(frames.len())) {
            server.feed(bytes);
        }
        let code = closed_with(server.sent());
        outcomes.push((heard(&server)[1..].to_vec(), code, server.over()));
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.swap_remove(0)
}

/// The code of the close among frames that are short, if there is one.
fn closed_with(mut sent: &[u8]) -> Option<u16> {
    while let [first, len, rest @ ..] = sent {
        if *first == 0x88 {
            return Some(u16::from_be_bytes([rest[0], rest[1]]));
        }
        sent = &rest[usize::from(*len)..];
    }
    None
}

#[test]
fn what_a_compressed_message_may_be() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let deflate = Deflate::On(Terms::SHARED);
    let on = Limits { deflate, frame_max: 1 << 20, ..Limits::DEFAULT };
    let most = |message_max| Limits { message_max, ..on };
    let halves = |second: u8| {
        let first = frame(TEXT | RSV1, &hello[..3]);
        [first, frame(FIN | PING, "between"), frame(second, &hello[3..])].concat()
    };
    let zeros = zeros(10 << 20);
    // A block that is not compressed.
    let stored = |bytes: &[u8]| {
        let len = bytes.len() as u16;
        [&[0x00][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes, &[0x00]].concat()
    };
    type Expected = Result<&'static str, (u16, &'static str)>;
    let cases: Vec<(&str, Limits, Vec<u8>, Expected)> = vec![
        ("whole", on, frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        ("not compressed", on, frame(FIN | TEXT, "plain"), Ok("text plain")),
        ("in two, with a ping between", on, halves(FIN | CONTINUE), Ok("text Hello")),
        ("at the limit", most(5 + 64), frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        (
            "over it inflated",
            most(4),
            frame(FIN | TEXT | RSV1, hello),
            Err((1009, reason::MESSAGE_TOO_LARGE)),
        ),
        ("exactly it", most(5), frame(FIN | TEXT | RSV1, hello), Ok("text Hello")),
        ("the bit again", on, halves(FIN | CONTINUE | RSV1), Err((1002, reason::RESERVED_BITS))),
        ("on a ping", on, frame(FIN | PING | RSV1, ""), Err((1002, reason::RESERVED_BITS))),
        ("on a pong", on, frame(FIN | PONG | RSV1, ""), Err((1002, reason::RESERVED_BITS))),
        ("on a close", on, frame(FIN | CLOSE | RSV1, ""), Err((1002, reason::RESERVED_BITS))),
        (
            "on a continuation of what is not",
            on,
            [frame(TEXT, "a"), frame(FIN | CONTINUE | RSV1, hello)].concat(),
            Err((1002, reason::RESERVED_BITS)),
        ),
        ("of nothing", on, frame(FIN | TEXT | RSV1, ""), Ok("text ")),
        ("cut short", on, frame(FIN | TEXT | RSV1, &hello[..3]), Err((1007, reason::NOT_DEFLATE))),
        ("another bit", on, frame(FIN | TEXT | 0x20, hello), Err((1002, reason::RESERVED_BITS))),
        (
            "not agreed",
            Limits::DEFAULT,
            frame(FIN | TEXT | RSV1, hello),
            Err((1002, reason::RESERVED_BITS)),
        ),
        ("no deflate", on, frame(FIN | TEXT | RSV1, [0xff; 9]), Err((1007, reason::NOT_DEFLATE))),
        ("a bomb", most(1 << 30), frame(FIN | BINARY | RSV1, &zeros), Err((1009, reason::BOMB))),
        ("a large one", on, frame(FIN | BINARY | RSV1, &zeros), Err((1009, reason::BOMB))),
        ("no text", on, frame(FIN | TEXT | RSV1, stored(b"a\xff")), Err((1007, reason::NOT_UTF8))),
        (
            "half a character",
            on,
            frame(FIN | TEXT | RSV1, stored(b"a\xc3")),
            Err((1007, reason::NOT_UTF8)),
        ),
        ("a character", on, frame(FIN | TEXT | RSV1, stored("ä".as_bytes())), Ok("text ä")),
    ];
    for (case, limits, bytes, expected) in cases {
        let expected = match expected {
            Ok(message) => (vec![message.to_owned()], None, None),
            Err((code, why)) => (vec![], Some(code), Some(Err(Fault::Peer(why)))),
        };
        assert_eq!(fed(limits, &bytes), expected, "{case}");
    }
}

#[test]
fn a_message_that_does_not_compress_is_not_sent_longer_than_it_is() {
    // Bytes that no compressor makes smaller: as many as one frame may have.
    let mut state = 1u64;
    let mut byte = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..Limits::DEFAULT.frame_max).map(|_| byte()).collect();
    for terms in TERMS {
        let limits = Limits { deflate: terms, ..Limits::DEFAULT };
        let end = || End { limits, ..End::new(terms) };
        let mut server = server(end().answering());
        let mut client = client(end());
        converse(&mut client, &mut server, usize::MAX);
        let line = "said before it and after it, and each time the same as before it and after it";
        let words = Encoded::text(line);
        for message in [words.clone(), Encoded::binary(&noise), words.clone(), words] {
            client.mail(Mail::Send(message));
            converse(&mut client, &mut server, usize::MAX);
            assert_eq!((client.over(), server.over()), (None, None), "{terms:?}");
        }
        assert!(heard(&client) == heard(&server), "{terms:?}");
    }
}

/// What each end says in a conversation of that kind, from behind the handshake on.
fn recorded(terms: Deflate) -> (Vec<u8>, Vec<u8>) {
    let mut server = server(End::new(terms).answering());
    let mut client = client(End::new(terms));
    converse(&mut client, &mut server, usize::MAX);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for message in messages() {
        client.mail(Mail::Send(message));
        let said = client.take_sent();
        server.feed(&said);
        up.extend(said);
        down.extend(server.take_sent());
    }
    (up, down)
}

/// Short ones that compress and do not, and that are alike.
fn messages() -> Vec<Encoded> {
    let text = |len: usize| "said again and again ".chars().cycle().take(len).collect::<String>();
    let noise: Vec<u8> = (0..40).map(|at| (at * at / 7 + at) as u8).collect();
    vec![
        Encoded::text(&text(260)),
        Encoded::binary(&noise),
        Encoded::text(""),
        Encoded::text(&text(300)),
        Encoded::text(&text(300)),
    ]
}

#[test]
fn every_cut_of_a_compressed_conversation_comes_out_the_same() {
    for terms in TERMS {
        let (up, down) = recorded(terms);
        let by_hand = match terms {
            Deflate::Off => vec![],
            Deflate::On(_) => in_fragments(),
        };
        let up = [&up[..], &by_hand, &ping("?"), &close(1000, "")].concat();
        let down = [&down[..], &[0x89, 1, b'?', 0x88, 2], &1000u16.to_be_bytes()].concat();
        let hears = |at_server: bool, pieces: &[&[u8]]| {
            let mut server = server(End::new(terms).answering());
            let mut client = client(End::new(terms));
            converse(&mut client, &mut server, usize::MAX);
            let end = if at_server { &mut server } else { &mut client };
            pieces.iter().for_each(|piece| _ = end.feed(piece));
            (heard(end), end.sent().to_vec(), end.over())
        };
        for (at_server, bytes) in [(true, &up), (false, &down)] {
            let name = format!("{terms:?}");
            let whole = every_cut(&name, bytes, |pieces| hears(at_server, pieces));
            assert!(whole.0.len() > messages().len() && whole.2 == Some(Ok(())), "{whole:?}");
        }
    }
}

/// "Hello" in three compressed fragments, one of nothing, with pings between.
fn in_fragments() -> Vec<u8> {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    [
        frame(TEXT | RSV1, &hello[..3]),
        ping("1"),
        frame(CONTINUE, ""),
        ping("2"),
        frame(FIN | CONTINUE, &hello[3..]),
    ]
    .concat()
}

#[test]
fn a_message_is_compressed_from_its_least_size_on() {
    let limits = |least| {
        let deflate = Deflate::On(Terms { least, ..Terms::SHARED });
        Limits { deflate, ..Limits::DEFAULT }
    };
    let default = Terms::SHARED.least;
    for (least, len, is_compressed) in [
        (default, default - 1, false),
        (default, default, true),
        (0, 40, true),
        (1000, 999, false),
        (1000, 1000, true),
    ] {
        let end = End { limits: limits(least), ..End::new(Deflate::Off) };
        let mut server = server(end.clone().answering());
        let mut client = client(end);
        converse(&mut client, &mut server, usize::MAX);
        let text = "a".repeat(len as usize);
        server.feed(&frame(FIN | TEXT, &text));
        let first = if is_compressed { 0xc1 } else { 0x81 };
        assert_eq!(server.sent()[0], first, "{len} with {least}");
    }
}

#[test]
fn what_is_held_between_two_messages_is_what_was_agreed() {
    for (terms, most) in [(Terms::SHARED, 0), (Terms::KEPT, 512 * 1024)] {
        let mut server = server(End::new(Deflate::On(terms)).answering());
        let mut client = client(End::new(Deflate::On(terms)));
        converse(&mut client, &mut server, usize::MAX);
        let mut held = Vec::new();
        for message in messages() {
            client.mail(Mail::Send(message));
            converse(&mut client, &mut server, usize::MAX);
            held.push(holds(&server));
        }
        let [first, .., last] = &held[..] else { panic!("some messages") };
        assert!(first == last && *last <= most, "{held:?}");
        assert_eq!(*last > 64 * 1024, terms == Terms::KEPT, "{held:?}");
    }
}

/// A server that holds what it is sent compressed.
fn holding(limits: Limits) -> Script<Conn> {
    let mut server = server(End { limits, intake: Intake::Hold, ..End::new(Deflate::Off) });
    let mut client = client(End::new(limits.deflate));
    converse(&mut client, &mut server, usize::MAX);
    server
}

/// Zeros, compressed; they end where a block does.
fn zeros(len: usize) -> Vec<u8> {
    let mut stream = flate2::Compress::new(flate2::Compression::best(), false);
    let mut zeros = Vec::with_capacity(len);
    let done = stream.compress_vec(&vec![0; len], &mut zeros, flate2::FlushCompress::Sync);
    assert!(matches!(done, Ok(flate2::Status::Ok)));
    zeros.truncate(zeros.len() - 4);
    zeros
}

#[test]
fn what_is_inflated_in_one_call_has_a_bound() {
    const LEN: usize = 64 * 1024;
    const MESSAGES: usize = 48;
    let on = Limits { deflate: Deflate::On(Terms::SHARED), ..Limits::DEFAULT };
    let message = frame(FIN | BINARY | RSV1, zeros(LEN));
    for (messages, calls) in [(1, 1), (15, 1), (16, 1), (17, 2), (MESSAGES, 3), (MESSAGES + 1, 4)] {
        let mut server = holding(on);
        server.feed(&message.repeat(messages));
        let before = end_of(&server).expect("it is open").calls;
        server.mail(Mail::Take(Intake::Whole)).wake();
        let end = end_of(&server).expect("it is open");
        assert_eq!((end.heard.len() - 1, end.calls - before), (messages, calls));
    }
    // An end behind it is found all the same.
    let mut server = holding(on);
    server.feed(&message.repeat(16)).end().mail(Mail::Take(Intake::Whole)).wake();
    assert_eq!(server.over(), Some(Err(Fault::Peer(reason::NO_CLOSE))));
}

#[test]
fn a_part_of_a_message_has_a_bound_and_its_memory_is_given_back() {
    // Stored blocks of a megabyte give credit for what comes behind them.
    let stored = [&[0][..], &0xffffu16.to_le_bytes(), &[0; 2], &[7; 0xffff]].concat();
    let deflate = Deflate::On(Terms::SHARED);
    let mut server = holding(Limits { deflate, ..Limits::STREAMED });
    server.mail(Mail::Take(Intake::Stream)).wake();
    server.feed(&frame(BINARY | RSV1, stored.repeat(16)));
    let bomb = zeros(16 << 20);
    server.mail(Mail::Take(Intake::Hold)).feed(&frame(CONTINUE, &bomb));
    server.mail(Mail::Take(Intake::Stream)).wake();
    let (longest, held) = (end_of(&server).expect("it is open").longest, holds(&server));
    assert!((512 << 10..=1032 << 10).contains(&longest), "{longest} of {}", bomb.len());
    assert_eq!((server.over(), held < 192 << 10), (None, true), "{held}");
}
