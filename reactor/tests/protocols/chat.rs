//! WebSockets on the loop: messages in any pieces, a room with somebody who does not read, pings,
//! closes and drains.

use std::time::Duration;

use readily::http1::Server;
use readily::sys::sim::{Buggify, ClientId, Link, Rng, Sim};
use readily::websocket::{Limits, reason};
use readily::{Address, Config, End, Fault, Listen, Marks, Reason};

use crate::guest::{Guest, Kind};
use crate::place::{Place, draw_config, noise, seeds};
use crate::site::Site;
use crate::town::Conn;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const LAST: u8 = 0x80;

const HELLO: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [1, 2, 3, 4];
    let mut bytes = vec![first];
    match payload.len() {
        n @ 0..=125 => bytes.push(0x80 | n as u8),
        n @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((n as u16).to_be_bytes());
        }
        n => {
            bytes.push(0x80 | 127);
            bytes.extend((n as u64).to_be_bytes());
        }
    }
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// The server's frames behind its 101: first byte and payload of each that is whole.
fn frames(bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return vec![] };
    assert!(bytes.starts_with(b"HTTP/1.1 101 "));
    let (mut bytes, mut all) = (&bytes[end + 4..], Vec::new());
    while let [first, len, rest @ ..] = bytes {
        let (len, rest) = match len {
            126 if rest.len() >= 2 => (u16::from_be_bytes([rest[0], rest[1]]).into(), &rest[2..]),
            127 if rest.len() >= 8 => {
                let eight = rest[..8].try_into().expect("eight bytes");
                (u64::from_be_bytes(eight) as usize, &rest[8..])
            }
            126.. => break,
            len => (usize::from(*len), rest),
        };
        let Some(payload) = rest.get(..len) else { break };
        all.push((*first, payload));
        bytes = &rest[len..];
    }
    all
}

fn chat(config: Config) -> (Place, Address) {
    let mut place = Place::quiet(config);
    let at = place.listen(80, Listen::default(), |_, _| Some(Conn::Http(Server::new(Site))));
    (place, at)
}

/// One who is in the room.
fn member(place: &mut Place, at: &Address) -> ClientId {
    let client = member_at_once(place, at);
    place.settle();
    assert!(place.sim().received(client).starts_with(b"HTTP/1.1 101 "));
    client
}

/// A message in frames, with pings between them, and what it is answered with.
fn draw(rng: &mut Rng) -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
    let text = rng.index(2) == 0;
    let mut payload = noise([10, 300, 5_000, 70_000][rng.index(4)], rng);
    payload.truncate(rng.index(payload.len() + 1));
    if text {
        payload.iter_mut().for_each(|byte| *byte = b'a' + *byte % 26);
    }
    let kind = if text { TEXT } else { BINARY };
    let (mut said, mut answers) = (Vec::new(), Vec::new());
    let pieces = 1 + rng.index(4);
    let size = payload.len().div_ceil(pieces).clamp(1, 60_000);
    let parts: Vec<&[u8]> = payload.chunks(size).collect();
    for (nth, part) in parts.iter().enumerate() {
        let last = if nth + 1 == parts.len() { LAST } else { 0 };
        said.extend(frame(last | if nth == 0 { kind } else { 0 }, part));
        if rng.index(4) == 0 {
            let asked = noise(rng.index(126), rng);
            said.extend(frame(LAST | PING, &asked));
            answers.push((LAST | PONG, asked));
        }
    }
    if parts.is_empty() {
        said.extend(frame(LAST | kind, b""));
    }
    answers.push((LAST | kind, payload));
    (said, answers)
}

#[test]
fn messages_in_any_pieces_come_back_in_order_and_the_close_is_answered() {
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(rng.draw());
        sim.set_link(Link { window: 1_000..=16_384, ..Link::rough() });
        if rng.index(2) == 0 {
            sim.set_buggify(Buggify::ROUGH);
        }
        let mut place = Place::new(seed, sim, draw_config(200, &mut rng));
        let plain = place.listen(80, Listen::default(), |_, _| Some(Conn::Http(Server::new(Site))));
        let secure = place.secure(443, |_, _| Some(Conn::Http(Server::new(Site))));
        let (kind, at) =
            if rng.index(2) == 0 { (Kind::Plain, plain) } else { (Kind::Secure, secure) };
        let mut guest = Guest::new(place.sim(), kind, &at);
        let (mut said, mut answers) = (HELLO.to_vec(), Vec::new());
        for _ in 0..rng.index(10) {
            let (more, wanted) = draw(&mut rng);
            said.extend(more);
            answers.extend(wanted);
        }
        said.extend(frame(LAST | CLOSE, b"\x03\xe8bye"));
        answers.push((LAST | CLOSE, b"\x03\xe8".to_vec()));
        let mut sent = 0;
        while !guest.has_ended(place.sim()) {
            let piece = (1 + rng.index(3_000)).min(said.len() - sent);
            guest.say(place.sim(), &said[sent..sent + piece]);
            sent += piece;
            guest.talk(place.sim());
            place.step();
            guest.talk(place.sim());
            assert!(!place.sim().was_reset(guest.id()), "seed {seed}: it is reset");
        }
        let heard: Vec<_> = frames(guest.heard(place.sim()))
            .into_iter()
            .map(|(first, payload)| (first, payload.to_vec()))
            .collect();
        // A newer ping may be answered in the place of an older one (RFC 6455, section 5.5.3).
        let pongs = |all: &[(u8, Vec<u8>)]| {
            all.iter().filter(|(first, _)| *first == LAST | PONG).cloned().collect::<Vec<_>>()
        };
        let rest = |all: &[(u8, Vec<u8>)]| {
            all.iter().filter(|(first, _)| *first != LAST | PONG).cloned().collect::<Vec<_>>()
        };
        assert!(rest(&heard) == rest(&answers), "seed {seed}: other messages");
        assert!(pongs(&heard).iter().all(|pong| answers.contains(pong)), "seed {seed}");
        assert_eq!(place.reactor.app().ends(), [End::Finished], "seed {seed}");
        place.end();
    }
}

#[test]
fn one_who_does_not_read_delays_nobody_and_costs_its_cap() {
    const HIGH: usize = 50_000;
    let mut config = Config::default();
    config.send_marks = Marks { high: HIGH, low: HIGH / 2, cap: 1 << 20 };
    let (mut place, at) = chat(config);
    let members: Vec<ClientId> = (0..5).map(|_| member(&mut place, &at)).collect();
    let deaf = members[4];
    place.sim().stop_reading(deaf);
    members.iter().for_each(|member| drop(place.sim().take(*member)));
    let began = place.sim().elapsed();
    let news = ["all: ".as_bytes(), &[b'n'; 4_000]].concat();
    for round in 0..400 {
        place.sim().send(members[round % 4], &frame(LAST | TEXT, &news));
        place.settle();
        for member in &members[..4] {
            let heard = place.sim().take(*member);
            assert!(heard.ends_with(&news) && heard.len() == news.len() + 4, "round {round}");
        }
        let held = place.counters().buffered;
        assert!(held <= (HIGH + 2 * 4_096 + 65_536) as u64, "{held} bytes for one");
    }
    assert_eq!(place.sim().elapsed(), began, "nobody waited");
    place.wait(Config::SEND_STALL + Duration::from_secs(1));
    assert_eq!(place.reactor.app().ends(), [End::Fault(Fault::TimedOut(Reason::SendStall))]);
    assert_eq!((place.counters().open, place.counters().buffered), (4, 0));
    place.reactor.abort();
    place.run_out();
}

#[test]
fn thousands_who_declare_much_and_send_nothing_cost_a_little_each_and_are_left() {
    const MANY: usize = 2_000;
    const EACH: u64 = 5 * 1024;
    let (mut place, at) = chat(Config::default());
    let good = member(&mut place, &at);
    let most = Limits::DEFAULT.frame_max;
    for _ in 0..MANY {
        let client = place.sim().connect(&at);
        // The head of a frame of the largest size, and a byte of it.
        let head = [&[LAST | BINARY, 0xff][..], &most.to_be_bytes(), &[1, 2, 3, 4, 5]].concat();
        place.sim().send(client, &[HELLO, &head].concat());
    }
    place.settle();
    let counters = place.counters();
    assert_eq!((counters.open, counters.ended), (MANY as u64 + 1, 0));
    assert!(counters.buffered <= MANY as u64 * EACH, "{} B", counters.buffered);
    place.sim().take(good);
    place.sim().send(good, &frame(LAST | TEXT, b"still there?"));
    place.settle();
    assert_eq!(place.sim().take(good), b"\x81\x0cstill there?");
    place.wait(Limits::DEFAULT.assembly_within);
    assert_eq!(place.tally(reason::ASSEMBLY_TIMED_OUT), MANY as u64);
    let counters = place.counters();
    assert_eq!((counters.ended, counters.buffered), (MANY as u64, 0));
    place.reactor.abort();
    place.run_out();
}

#[test]
fn thousands_who_do_not_read_cost_their_cap_each_and_delay_nobody() {
    const MANY: usize = 2_000;
    const HIGH: usize = 4 * 1024;
    let mut config = Config::default();
    config.send_marks = Marks { high: HIGH, low: HIGH / 2, cap: 64 * 1024 };
    let (mut place, at) = chat(config);
    let [speaker, hearer] = [(); 2].map(|()| member(&mut place, &at));
    place.sim().set_link(Link { window: 8_192..=8_192, ..Link::perfect() });
    let deaf: Vec<ClientId> = (0..MANY).map(|_| member_at_once(&mut place, &at)).collect();
    place.settle();
    deaf.iter().for_each(|client| place.sim().stop_reading(*client));
    place.sim().take(hearer);
    let began = place.sim().elapsed();
    let news = ["all: ".as_bytes(), &[b'n'; 1_000]].concat();
    for round in 0..200 {
        place.sim().send(speaker, &frame(LAST | TEXT, &news));
        place.settle();
        assert!(place.sim().take(hearer).ends_with(&news), "round {round}");
        place.sim().take(speaker);
        // What each may have, and the one message that goes past it.
        let most = (MANY * (HIGH + 2 * 1024 + 4096)) as u64;
        assert!(place.counters().buffered <= most, "{} B", place.counters().buffered);
    }
    assert_eq!(place.sim().elapsed(), began, "nobody waited");
    assert_eq!(place.counters().open, MANY as u64 + 2);
    place.wait(Config::SEND_STALL + Duration::from_secs(1));
    assert_eq!((place.counters().open, place.counters().buffered), (2, 0));
    place.reactor.abort();
    place.run_out();
}

/// One who asks to be in the room; nobody waits for the answer.
fn member_at_once(place: &mut Place, at: &Address) -> ClientId {
    let client = place.sim().connect(at);
    place.sim().send(client, HELLO);
    client
}

#[test]
fn one_who_is_silent_is_asked_and_then_left() {
    const { assert!(Limits::DEFAULT.ping_after.as_secs() == 30) };
    const { assert!(Limits::DEFAULT.pong_within.as_secs() == 10) };
    let (mut place, at) = chat(Config::default());
    let [answers, silent] = [(); 2].map(|()| member(&mut place, &at));
    for round in 0..5 {
        place.wait(Duration::from_secs(5));
        for _ in 0..6 {
            let asked = frames(place.sim().received(answers)).len();
            if asked > round {
                place.sim().send(answers, &frame(LAST | PONG, b""));
                break;
            }
            place.wait(Duration::from_secs(5));
        }
    }
    let (all, last) = ([answers, silent].map(|id| place.sim().received(id).to_vec()), silent);
    assert_eq!(frames(&all[0]).len(), 5, "asked again and again");
    assert!(frames(&all[0]).iter().all(|(first, _)| *first == LAST | PING));
    let told: Vec<u8> = frames(&all[1]).iter().map(|(first, _)| *first).collect();
    assert_eq!(told, [LAST | PING, LAST | CLOSE]);
    assert!(frames(&all[1])[1].1.starts_with(&1011u16.to_be_bytes()));
    assert!(place.sim().is_ended(last) && !place.sim().was_reset(last));
    assert_eq!((place.tally(reason::NO_PONG), place.counters().ended), (1, 1));
    place.reactor.abort();
    place.run_out();
}

#[test]
fn a_close_of_ours_is_answered_or_waited_for_in_vain() {
    for answers in [true, false] {
        let (mut place, at) = chat(Config::default());
        let client = member(&mut place, &at);
        place.sim().send(client, &frame(LAST | TEXT, b"leave"));
        place.settle();
        let heard = place.sim().received(client).to_vec();
        assert_eq!(frames(&heard), [(LAST | CLOSE, &b"\x03\xe8as you like"[..])]);
        assert!(!place.sim().is_ended(client));
        if answers {
            place.sim().send(client, &frame(LAST | CLOSE, b"\x03\xe8"));
            place.settle();
        } else {
            place.wait(Limits::DEFAULT.close_within);
        }
        assert!(place.sim().is_ended(client) && !place.sim().was_reset(client));
        assert_eq!(place.tally(reason::CLOSE_TIMED_OUT), u64::from(!answers));
        place.sim().close(client);
        place.settle();
        assert_eq!(place.counters().open, 0);
        place.end();
    }
}

#[test]
fn a_drain_tells_everybody_that_the_server_goes_away() {
    let (mut place, at) = chat(Config::default());
    let [answers, silent, half] = [(); 3].map(|()| member(&mut place, &at));
    place.sim().send(half, &frame(TEXT, b"the first part of two"));
    place.settle();
    place.reactor.drain();
    place.settle();
    for client in [answers, silent, half] {
        let heard = place.sim().received(client).to_vec();
        let [(first, payload)] = frames(&heard)[..] else { panic!("{:?}", frames(&heard)) };
        assert!(first == LAST | CLOSE && payload.starts_with(&1001u16.to_be_bytes()));
    }
    place.sim().send(answers, &frame(LAST | CLOSE, b"\x03\xe9"));
    place.settle();
    assert!(place.sim().is_ended(answers) && !place.sim().is_ended(silent));
    place.wait(Limits::DEFAULT.close_within);
    assert!(place.sim().is_ended(silent) && place.sim().is_ended(half));
    for client in [answers, silent, half] {
        place.sim().close(client);
    }
    let counters = place.run_out();
    assert_eq!((counters.ended, counters.ended_finished), (3, 1));
}
