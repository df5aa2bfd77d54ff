//! The states of `key_value`: transcripts, every cut of them, and each limit at its edge.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use readily::testing::Script;
use readily::{Effect, Fault, Id, Machine, Reason, Rooms, To};
use readily_examples::key_value::{
    Change, Conn, KEY_MAX, KEYS_MAX, LINE_MAX, SUBSCRIPTIONS_MAX, Store, VALUE_MAX,
};

use crate::client::Noise;

/// What is sent, `>`, and what is answered, `<`; `\r` is written out.
const TRANSCRIPTS: &[&str] = &[
    "> AUTH sesame
     < OK
     > GET a
     < NONE
     > SET a 5
     > hello
     < OK
     > GET a
     < VALUE 5
     < hello
     > SET a 0
     >
     < OK
     > GET a
     < VALUE 0
     <
     > QUIT
     < BYE",
    "> AUTH sesame\\r
     < OK
     > SET a 10\\r
     > QUIT\\r
     > QUIT\\r
     < OK
     > GET a\\r
     < VALUE 10
     < QUIT\\r
     < QUIT
     > QUIT\\r
     < BYE",
    "> AUTH sesame
     < OK
     > get a
     < ERROR unknown command
     >
     < ERROR unknown command
     > QUIT now
     < ERROR unknown command
     > GET
     < ERROR no key
     > GET a b
     < ERROR a key is visible ASCII
     > AUTH sesame
     < ERROR logged in already
     > SET a 1
     > 1
     < OK
     > GET a
     < VALUE 1
     < 1
     > QUIT
     < BYE",
    "> AUTH sesame
     < OK
     > SUBSCRIBE a
     < OK
     > SUBSCRIBE a
     < OK
     > SUBSCRIBE
     < ERROR no key
     > GET a
     < ERROR not while subscribed
     > QUIT
     < BYE",
    "> QUIT
     < BYE",
    "> AUTH Sesame
     < ERROR wrong password",
    "> AUTH
     < ERROR wrong password",
    "> AUTH sesame2
     < ERROR wrong password",
    "> GET a
     < ERROR AUTH comes first",
    "> AUTH sesame
     < OK
     > SET a
     < ERROR the length is no number",
    "> AUTH sesame
     < OK
     > SET a -1
     < ERROR the length is no number",
    "> AUTH sesame
     < OK
     > SET a +1
     < ERROR the length is no number",
    "> AUTH sesame
     < OK
     > SET a 99999999999999999999999
     < ERROR value too large",
    "> AUTH sesame
     < OK
     > SET a 4
     > hello
     < ERROR the value is longer than it should be",
    "> AUTH sesame
     < OK
     > SUBSCRIBE a
     < OK
     > SET a 4
     < ERROR not while subscribed",
];

fn store() -> Store {
    Store::new("sesame")
}

fn begin() -> Script<Conn> {
    Script::with_app(Conn::new(), store())
}

fn ready() -> Script<Conn> {
    let mut script = begin();
    script.feed(b"AUTH sesame\n");
    assert_eq!(script.take_sent(), b"OK\n");
    script
}

fn id(index: u32) -> Id {
    Id { index, generation: 9 }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Both sides of a transcript, as bytes.
fn sides(transcript: &str) -> (String, String) {
    let (mut sent, mut answered) = (String::new(), String::new());
    for line in transcript.lines() {
        let line = line.trim_start().replace("\\r", "\r");
        let (side, said) = line.split_at(1);
        let side = if side == ">" { &mut sent } else { &mut answered };
        *side += said.strip_prefix(' ').unwrap_or(said);
        side.push('\n');
    }
    (sent, answered)
}

/// What a conversation came to, fed in these pieces.
fn outcome<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, Vec<&'static str>, Option<Result<(), Fault>>) {
    let mut script = begin();
    for piece in pieces {
        script.feed(piece);
    }
    (text(script.sent()), script.states().to_vec(), script.over())
}

#[test]
fn transcripts_are_the_same_whole_by_bytes_and_at_every_cut() {
    for transcript in TRANSCRIPTS {
        let (sent, answered) = sides(transcript);
        let sent = sent.as_bytes();
        let whole = outcome([sent]);
        assert_eq!(whole.0, answered);
        assert!(whole.2.is_some(), "{transcript}\nis not over");
        assert_eq!(outcome(sent.chunks(1)), whole, "{transcript}\nbyte by byte");
        for cut in 0..=sent.len() {
            let (first, second) = sent.split_at(cut);
            assert_eq!(outcome([first, second]), whole, "{transcript}\ncut at {cut}");
        }
    }
}

#[test]
fn a_conversation_passes_through_these_states() {
    let (sent, _) = sides(TRANSCRIPTS[0]);
    let (_, states, over) = outcome([sent.as_bytes()]);
    let passed = ["Login", "Ready", "Value", "Ready", "Value", "Ready", "Quit"];
    assert_eq!((states.as_slice(), over), (passed.as_slice(), Some(Ok(()))));
}

#[test]
fn requests_in_any_pieces_have_the_same_answers() {
    let mut sent = Vec::from(b"AUTH sesame\n");
    let mut answered = String::from("OK\n");
    for n in 0..200 {
        sent.extend(format!("SET key{} {}\n", n % 7, n).bytes());
        sent.extend(vec![b'\n'; n]);
        sent.extend(format!("\nGET key{}\n", n % 7).bytes());
        answered += &format!("OK\nVALUE {n}\n{}\n", "\n".repeat(n));
    }
    for seed in [1, 2, 3, 4, 5, 6, 7, 8] {
        let mut noise = Noise::new(seed);
        let (mut pieces, mut rest) = (Vec::new(), sent.as_slice());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(1 + noise.below(300)));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(outcome(pieces).0, answered, "seed {seed}");
    }
}

#[test]
fn a_line_may_be_so_long_and_no_longer() {
    for end in ["\n", "\r\n"] {
        for (length, answer, over) in [
            (LINE_MAX - 1, "ERROR key too long\n", None),
            (LINE_MAX, "ERROR key too long\n", None),
            (LINE_MAX + 1, "ERROR line too long\n", Some(Err(Fault::Peer("line too long")))),
        ] {
            let line = format!("GET {}{end}", "k".repeat(length - 4));
            for pieces in [line.len(), 1] {
                let mut script = ready();
                for piece in line.as_bytes().chunks(pieces) {
                    script.feed(piece);
                }
                assert_eq!((text(script.sent()).as_str(), script.over()), (answer, over));
            }
        }
    }
    let mut script = ready();
    script.feed(&[b'x'; LINE_MAX + 1]);
    assert_eq!(script.over(), None, "a line end may still come");
    script.feed(b"x");
    assert_eq!(text(script.sent()), "ERROR line too long\n");
    assert_eq!(script.app().refused("line too long"), 1);
}

#[test]
fn a_key_may_be_so_long_and_no_longer() {
    for (length, answer) in
        [(KEY_MAX - 1, "NONE\n"), (KEY_MAX, "NONE\n"), (KEY_MAX + 1, "ERROR key too long\n")]
    {
        let mut script = ready();
        script.feed(format!("GET {}\n", "k".repeat(length)).as_bytes());
        assert_eq!((text(script.sent()).as_str(), script.over()), (answer, None));
    }
}

#[test]
fn a_value_may_be_so_large_and_no_larger() {
    for length in [VALUE_MAX - 1, VALUE_MAX] {
        let (mut script, value) = (ready(), Noise::bytes(1, length as u64));
        script.feed(format!("SET a {length}\n").as_bytes()).feed(&value).feed(b"\nGET a\n");
        let answer = [format!("OK\nVALUE {length}\n").as_bytes(), &value, b"\n"].concat();
        assert!(script.sent() == answer, "{length} bytes");
    }
    let mut script = ready();
    script.feed(format!("SET a {}\n", VALUE_MAX + 1).as_bytes());
    assert_eq!(text(script.sent()), "ERROR value too large\n");
    assert_eq!(script.over(), Some(Err(Fault::Peer("value too large"))));
    assert_eq!(script.app().refused("value too large"), 1);
}

#[test]
fn there_may_be_so_many_keys_and_no_more() {
    let mut script = ready();
    for key in 0..KEYS_MAX {
        script.feed(format!("SET {key} 1\nx\n").as_bytes());
    }
    assert_eq!(text(&script.take_sent()), "OK\n".repeat(KEYS_MAX));
    script.feed(b"SET more 1\nx\nGET more\nSET 0 1\ny\nGET 0\n");
    assert_eq!(text(script.sent()), "ERROR too many keys\nNONE\nOK\nVALUE 1\ny\n");
    assert_eq!(script.app().refused("too many keys"), 1);
}

#[test]
fn there_may_be_so_many_subscriptions_and_no_more() {
    let mut script = ready();
    for key in 0..SUBSCRIPTIONS_MAX {
        script.feed(format!("SUBSCRIBE {key}\n").as_bytes());
    }
    assert_eq!(text(&script.take_sent()), "OK\n".repeat(SUBSCRIPTIONS_MAX));
    script.feed(b"SUBSCRIBE more\nSUBSCRIBE 0\n");
    assert_eq!(text(script.sent()), "ERROR too many subscriptions\nOK\n");
    assert_eq!(script.app().refused("too many subscriptions"), 1);
}

#[test]
fn a_change_is_mailed_to_those_who_want_it() {
    let mut store = store();
    for (subscriber, key) in [(1, "a"), (2, "b"), (3, "a")] {
        store.subscribe(id(subscriber), key.as_bytes()).expect("few");
    }
    let mut script = Script::with_app(Conn::new(), store);
    script.feed(b"AUTH sesame\nSET a 3\nnew\nSET c 3\nnew\n");
    assert_eq!(mailed(&mut script), [(id(1), "a=new".to_owned()), (id(3), "a=new".to_owned())]);
    script.app().forget(id(1));
    script.feed(b"SET a 4\nnext\n");
    assert_eq!(mailed(&mut script), [(id(3), "a=next".to_owned())]);
    script.app().forget(id(3));
    script.feed(b"SET a 4\nlast\n");
    assert_eq!(mailed(&mut script), []);
}

fn mailed(script: &mut Script<Conn>) -> Vec<(Id, String)> {
    let effects = script.effects().list().drain(..);
    let mails = effects.filter_map(|effect| match effect {
        Effect::Mail(To::Conn(id), Change { key, value }) => {
            Some((id, format!("{}={}", text(&key), text(&value))))
        }
        _ => None,
    });
    mails.collect()
}

#[test]
fn who_cannot_even_be_mailed_is_closed() {
    let mut store = store();
    for subscriber in 1..=3 {
        store.subscribe(id(subscriber), b"a").expect("few");
    }
    let mut script = Script::with_app(Conn::new(), store);
    script.effects().set_rooms(Rooms { mail: 1, jobs: 0, timers: 0 });
    script.feed(b"AUTH sesame\nSET a 0\n\n");
    let effects = script.effects().list().drain(..);
    let closed: Vec<Id> = effects
        .filter_map(|effect| if let Effect::Close(id) = effect { Some(id) } else { None })
        .collect();
    assert_eq!(closed, [id(2), id(3)]);
}

#[test]
fn a_subscriber_that_reads_slowly_is_told_how_much_it_missed() {
    let change = Change { key: Bytes::from("a"), value: Bytes::from(vec![b'x'; VALUE_MAX]) };
    let told = [b"CHANGED a 65536\n", &*change.value, b"\n"].concat();
    let mut script = ready();
    script.feed(b"SUBSCRIBE a\n").block();
    script.take_sent();
    for _ in 0..100 {
        script.mail(change.clone());
    }
    let (_, tx) = script.ends();
    assert!(tx.len() <= 256 * 1024 && tx.len() >= 128 * 1024, "{} bytes wait", tx.len());
    let dropped = script.app().dropped() as usize;
    let expected = [told.repeat(100 - dropped), format!("DROPPED {dropped}\n").into()].concat();
    assert!(script.unblock().take_sent() == expected, "told as soon as there is room");
    assert!(script.mail(change).take_sent() == told, "and only once");
}

#[test]
fn a_peer_that_reads_no_answers_is_asked_nothing_more() {
    let mut script = ready();
    script.feed(format!("SET a {VALUE_MAX}\n").as_bytes()).feed(&[b'x'; VALUE_MAX]).feed(b"\n");
    script.take_sent();
    script.block().feed(&b"GET a\n".repeat(100));
    let (rx, tx) = script.ends();
    assert!(rx.len() > 500 && tx.len() < 512 * 1024, "{} unread, {} unsent", rx.len(), tx.len());
    // Each time it takes all that waits, a few more are answered.
    for _ in 0..100 {
        script.unblock().block();
    }
    script.unblock();
    assert_eq!(script.sent().len(), 100 * (VALUE_MAX + "VALUE 65536\n\n".len()));
}

#[test]
fn a_peer_may_leave_at_any_time() {
    let cut = Some(Err(Fault::Peer("ended inside a value")));
    for (sent, over) in [
        ("", Some(Ok(()))),
        ("AUTH ses", Some(Ok(()))),
        ("AUTH sesame\n", Some(Ok(()))),
        ("AUTH sesame\nSET a 5\nhel", cut),
        ("AUTH sesame\nSET a 5\nhello", cut),
        ("AUTH sesame\nSET a 5\nhello\r", cut),
        ("AUTH sesame\nSET a 5\nhello\r\n", Some(Ok(()))),
        ("AUTH sesame\nSUBSCRIBE a\n", Some(Ok(()))),
    ] {
        assert_eq!(begin().feed(sent.as_bytes()).end().over(), over, "{sent:?}");
    }
}

#[test]
fn a_drain_ends_each_conversation_between_two_requests() {
    for (sent, over) in [
        ("", true),
        ("AUTH sesame\n", true),
        ("AUTH sesame\nSUBSCRIBE a\n", true),
        ("AUTH sesame\nGE", false),
        ("AUTH sesame\nSET a 5\nhel", false),
    ] {
        let mut script = begin();
        script.feed(sent.as_bytes()).take_sent();
        script.effects().set_draining();
        script.unblock();
        assert_eq!((script.over().is_some(), script.sent() == b"BYE\n"), (over, over), "{sent:?}");
    }
    let mut script = ready();
    script.feed(b"SET a 5\nhel").effects().set_draining();
    script.feed(b"lo\n");
    assert_eq!((text(script.sent()).as_str(), script.over()), ("OK\nBYE\n", Some(Ok(()))));
}

#[test]
fn deadlines() {
    let seconds = |n| Duration::from_secs(n).as_nanos() as u64;
    let timeouts = Conn::STATES.iter().map(|state| {
        (state.name, state.timeouts.within() / seconds(1), state.timeouts.idle() / seconds(1))
    });
    let never = u64::MAX / seconds(1);
    let expected = [
        ("Login", 10, never),
        ("Ready", never, 60),
        ("Value", 30, 10),
        ("Subscribed", never, 60),
        ("Quit", never, never),
    ];
    assert_eq!(timeouts.collect::<Vec<_>>(), expected);
    for (sent, why) in [
        ("", Reason::Within),
        ("AUTH sesame\n", Reason::Idle),
        ("AUTH sesame\nSET a 5\nhel", Reason::Within),
        ("AUTH sesame\nSET a 5\nhel", Reason::Idle),
    ] {
        let over = begin().feed(sent.as_bytes()).expire(why).over();
        assert_eq!(over, Some(Err(Fault::TimedOut(why))), "{sent:?}");
    }
    let mut script = ready();
    script.feed(b"SUBSCRIBE a\n").expire(Reason::Idle).expire(Reason::Idle);
    assert_eq!(text(script.sent()), "OK\nSTILL HERE\nSTILL HERE\n");
    assert_eq!(script.over(), None);
}

/// `READILY_BLESS=1` writes the picture anew.
#[test]
fn the_picture_in_the_repository_is_of_this_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/key_value.mmd");
    if std::env::var_os("READILY_BLESS").is_some() {
        std::fs::write(&path, Conn::DIAGRAM.mermaid).expect("the folder of the documentation");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, Conn::DIAGRAM.mermaid, "READILY_BLESS=1 writes it anew");
}
