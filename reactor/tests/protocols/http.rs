//! HTTP/1.1 on the loop: conversations in any pieces, deadlines, refusals, drains.

use std::time::Duration;

use readily::http1::{Limits, Server, reason};
use readily::sys::sim::{Buggify, ClientId, Link, Rng, Sim};
use readily::{Address, Config, End, Fault, Listen};

use crate::guest::{Guest, Kind};
use crate::place::{Place, draw_config, noise, seeds};
use crate::site::{LARGE, Site};
use crate::town::Conn;

/// A loop that serves the site, plain.
fn site(config: Config) -> (Place, Address) {
    let mut place = Place::quiet(config);
    let at = place.listen(80, Listen::default(), |_, _| Some(Conn::Http(Server::new(Site))));
    (place, at)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

fn post(body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The status and the body of each whole answer, and how many bytes they are.
fn answers(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status: u16 = head[9..12].parse().expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        let Some(body) = bytes.get(end + 4..end + 4 + length) else { break };
        all.push((status, body));
        bytes = &bytes[end + 4 + length..];
    }
    all
}

#[test]
fn every_cut_of_a_conversation_gets_the_same_answers() {
    let conversations = [
        [get("/hello"), post(b"some body"), get("/none"), get("/last")].concat(),
        [get("/hello"), post(b""), b"\r\n".to_vec(), get("/hello"), b"GET /\n\n".to_vec()].concat(),
        [
            post(&[b'x'; 40]),
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n".to_vec(),
        ]
        .concat(),
    ];
    for said in conversations {
        let run = |cut: usize| {
            let (mut place, at) = site(Config::default());
            let client = place.sim().connect(&at);
            for part in [&said[..cut], &said[cut..]] {
                place.sim().send(client, part);
                place.settle();
            }
            let heard = place.sim().take(client);
            assert!(place.sim().is_ended(client) && !place.sim().was_reset(client));
            place.sim().close(client);
            place.settle();
            let ends = place.reactor.app().ends();
            place.end();
            (heard, ends)
        };
        let whole = run(0);
        assert!(answers(&whole.0).len() >= 2);
        for cut in 1..said.len() {
            assert_eq!(run(cut), whole, "cut at {cut}");
        }
    }
}

/// A request, and the status and body of its answer; a last one ends the connection.
fn draw(rng: &mut Rng, is_last: bool) -> (Vec<u8>, u16, Vec<u8>) {
    match (rng.index(6), is_last) {
        (0, true) => (get("/last"), 200, b"bye".to_vec()),
        (1, true) => (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400, Vec::new()),
        (2, true) => (b"nonsense\r\n\r\n".to_vec(), 400, Vec::new()),
        (3, true) => (b"GET /hello HTTP/3.0\r\nHost: localhost\r\n\r\n".to_vec(), 505, Vec::new()),
        (0, _) => (get("/large"), 200, LARGE.to_vec()),
        (1, _) => (get("/none"), 404, Vec::new()),
        (2..=3, _) => {
            let body = noise(rng.index(20_000), rng);
            (post(&body), 200, body)
        }
        _ => (get("/hello"), 200, b"hello".to_vec()),
    }
}

#[test]
fn whatever_is_asked_in_any_pieces_is_answered_in_order() {
    for seed in seeds(60) {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::new(rng.draw());
        sim.set_link(Link { window: 500..=16_384, ..Link::rough() });
        if rng.index(2) == 0 {
            sim.set_buggify(Buggify::ROUGH);
        }
        let mut place = Place::new(seed, sim, draw_config(1_000, &mut rng));
        let plain = place.listen(80, Listen::default(), |_, _| Some(Conn::Http(Server::new(Site))));
        let secure = place.secure(443, |_, _| Some(Conn::Http(Server::new(Site))));
        let (kind, at) =
            if rng.index(2) == 0 { (Kind::Plain, plain) } else { (Kind::Secure, secure) };
        let mut guest = Guest::new(place.sim(), kind, &at);
        let n = 1 + rng.index(12);
        let asked: Vec<_> = (1..=n).map(|nth| draw(&mut rng, nth == n)).collect();
        let said: Vec<u8> = asked.iter().flat_map(|(bytes, ..)| bytes.clone()).collect();
        let (mut sent, mut closed) = (0, false);
        while !guest.has_ended(place.sim()) {
            let piece = (1 + rng.index(3_000)).min(said.len() - sent);
            guest.say(place.sim(), &said[sent..sent + piece]);
            sent += piece;
            guest.talk(place.sim());
            if sent == said.len() && !closed && guest.has_said_all() {
                closed = true;
                guest.close(place.sim());
                guest.talk(place.sim());
            }
            place.step();
            guest.talk(place.sim());
            assert!(!place.sim().was_reset(guest.id()), "seed {seed}: it is reset");
        }
        let heard = answers(guest.heard(place.sim()));
        assert_eq!(heard.len(), n, "seed {seed}: as many answers as requests");
        for ((status, body), (_, wanted, text)) in heard.into_iter().zip(&asked) {
            assert_eq!(status, *wanted, "seed {seed}");
            assert!(body == &text[..] || status >= 400, "seed {seed}: a wrong body");
        }
        place.end();
    }
}

/// The client sends these bytes each second; what it heard, and after how many seconds it was
/// ended.
fn patience(first: &[u8], drip: &[u8], reads: usize) -> (Vec<u16>, u64) {
    let (mut place, at) = site(Config::default());
    let client = place.sim().connect(&at);
    place.sim().send(client, first);
    place.settle();
    while !place.sim().is_ended(client) {
        place.sim().send(client, drip);
        place.wait(Duration::from_secs(1));
        assert!(place.sim().elapsed() < Duration::from_secs(300), "it is never ended");
    }
    let seconds = place.sim().elapsed().as_secs();
    let heard = place.sim().take(client);
    assert!(!place.sim().was_reset(client) && answers(&heard).len() == reads);
    let statuses = answers(&heard).into_iter().map(|(status, _)| status).collect();
    place.sim().close(client);
    place.settle();
    assert_eq!(place.counters().open, 0);
    place.end();
    (statuses, seconds)
}

#[test]
fn whoever_takes_too_long_is_told_so_in_time() {
    const { assert!(Limits::DEFAULT.head_time.as_secs() == 10) };
    const { assert!(Limits::DEFAULT.idle_time.as_secs() == 15) };
    assert_eq!(patience(b"", b"", 0), (vec![], 10), "nothing comes");
    assert_eq!(patience(b"G", b"", 1), (vec![408], 10), "a head stops");
    assert_eq!(patience(b"GET / HTTP/1.1\r\n", b"A", 1), (vec![408], 10), "a head drips");
    assert_eq!(patience(&get("/hello"), b"", 1), (vec![200], 15), "nothing more comes");
    let body = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n";
    assert_eq!(patience(body, b"", 1), (vec![408], 10), "a body stops");
    assert_eq!(patience(body, b"AA", 1), (vec![408], 10), "a body drips");
    assert_eq!(patience(body, &[0; 2_000], 1), (vec![408], 60), "a body is slow");
}

/// What a client hears that goes on to send `most` bytes, whatever it is answered.
fn stubborn(most: usize) -> (Vec<u8>, bool) {
    let mut sim = Sim::new(1);
    sim.set_link(Link { window: 30_000..=30_000, ..Link::perfect() });
    let mut place = Place::new(0, sim, Config::default());
    let at = place.listen(80, Listen::default(), |_, _| Some(Conn::Http(Server::new(Site))));
    let client = place.sim().connect(&at);
    let head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n";
    place.sim().send(client, head);
    place.sim().stop_reading(client);
    for _ in 0..most / 10_000 {
        place.sim().send(client, &[7; 10_000]);
        place.settle();
    }
    place.sim().start_reading(client);
    place.settle();
    assert_eq!(place.tally(reason::BODY_TOO_LARGE), 1);
    let told = End::Fault(Fault::Peer(reason::BODY_TOO_LARGE));
    assert_eq!(place.reactor.app().ends(), [told]);
    let heard = (place.sim().take(client), place.sim().was_reset(client));
    place.sim().close(client);
    place.settle();
    place.end();
    heard
}

#[test]
fn a_client_that_still_sends_hears_that_its_body_is_too_large() {
    for most in [0, 10_000, 500_000, Config::LINGER_BYTES - 100_000] {
        let (heard, reset) = stubborn(most);
        let statuses: Vec<u16> = answers(&heard).iter().map(|(status, _)| *status).collect();
        assert_eq!((statuses, reset), (vec![413], false), "after {most} bytes");
    }
    assert!(stubborn(Config::LINGER_BYTES + 100_000).1, "there is an end to it");
}

#[test]
fn a_drain_answers_what_was_asked_and_ends_what_is_idle() {
    let (mut place, at) = site(Config::default());
    let clients: [ClientId; 4] = [(); 4].map(|()| place.sim().connect(&at));
    let [fresh, idle, asks, uploads] = clients;
    for client in [idle, asks, uploads] {
        place.sim().send(client, &get("/hello"));
    }
    let body = post(&[b'x'; 1_000]);
    place.sim().send(uploads, &body[..200]);
    place.settle();
    place.sim().send(asks, &get("/hello"));
    place.reactor.drain();
    place.settle();
    for client in [fresh, idle, asks] {
        assert!(place.sim().is_ended(client) && !place.sim().was_reset(client));
    }
    assert!(!place.sim().is_ended(uploads), "its request has begun");
    place.sim().send(uploads, &body[200..]);
    place.settle();
    assert!(place.sim().is_ended(uploads) && !place.sim().was_reset(uploads));
    let heard = clients.map(|client| place.sim().take(client));
    let counts = [0, 1, 2, 3].map(|at: usize| answers(&heard[at]).len());
    assert_eq!(counts, [0, 1, 2, 2]);
    for last in [&heard[2], &heard[3]] {
        let text = String::from_utf8_lossy(last).to_lowercase();
        assert_eq!(text.matches("connection: close").count(), 1, "the last answer says so");
    }
    clients.into_iter().for_each(|client| place.sim().close(client));
    place.run_out();
}
