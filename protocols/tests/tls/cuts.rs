//! However what arrives is cut, the same comes out of it.

use std::sync::Arc;

use readily_protocols::contract::{Fault, Resumption, Secured};
use readily_protocols::tls::{
    Acceptor, BAD_RECORD, Client, Clients, Fed, Server, Settings, Tickets,
};
use rustls::ClientConfig;

use crate::authority::{Authority, ED25519, client, server, settings, shelf};
use crate::pair::{BOTH, End, Version, pair_of};

/// How what arrives at one side is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cut {
    Nowhere,
    /// In two, at this offset of this flight.
    At(usize, usize),
    /// After each byte.
    Everywhere,
}

/// What a conversation came to, on both sides.
#[derive(PartialEq, Eq, Debug)]
struct Story {
    heard: [Vec<u8>; 2],
    came_to: [Result<Fed, Fault>; 2],
    secured: [Secured; 2],
}

/// The flights of one side, which come to the other in pieces.
struct Line {
    cut: Cut,
    /// How long each was.
    flights: Vec<usize>,
}

impl Line {
    fn carry(&mut self, from: &mut End, to: &mut End) -> Result<Fed, Fault> {
        let bytes = from.take();
        let flight = self.flights.len();
        self.flights.push(bytes.len());
        match self.cut {
            Cut::At(cut, at) if cut == flight && at < bytes.len() => {
                let (first, rest) = bytes.split_at(at);
                assert_eq!(to.receive(first), Ok(Fed::Wait), "a part of a flight is no end");
                to.receive(rest)
            }
            Cut::Everywhere => {
                bytes.chunks(1).map(|byte| to.receive(byte)).last().unwrap_or(Ok(Fed::Wait))
            }
            _ => to.receive(&bytes),
        }
    }
}

/// How a handshake goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Full,
    /// With a certificate of the client.
    Known,
    /// Of a session with a certificate of the client.
    Resumed,
}

/// Both sides, which may have met before.
struct Sides {
    client: Client,
    server: Server,
}

impl Sides {
    fn new(version: Version, kind: Kind) -> Sides {
        let authority = Authority::shared();
        let certificates = shelf(&[&authority.server(&["localhost"], ED25519)]);
        let (identity, clients) = match kind {
            Kind::Full => (None, Clients::Anyone),
            _ => {
                let known = Clients::Known { roots_pem: authority.pem() };
                (Some(authority.client("somebody")), known)
            }
        };
        let tickets = if kind == Kind::Resumed { Tickets::default() } else { Tickets::NONE };
        let alpn = vec![b"echo".to_vec()];
        let server =
            server(Settings { alpn: alpn.clone(), clients, tickets, ..settings(&certificates) });
        let mut config = ClientConfig::clone(&client(version, identity.as_ref()));
        config.alpn_protocols = alpn;
        let sides = Sides { client: Client::new(Arc::new(config)), server };
        if kind == Kind::Resumed {
            conversation(&sides, [Cut::Nowhere; 2]);
        }
        sides
    }

    /// Who says hello, and who waits for it.
    fn meet(&self) -> (End, End) {
        let mut client = End::new(self.client.connect("localhost").expect("a session"));
        assert_eq!(client.receive(&[]), Ok(Fed::Wait));
        (client, End::new(self.server.accept().expect("a session")))
    }
}

/// A handshake, a request and its answer, more of both at once, and both ends.
fn conversation(sides: &Sides, cuts: [Cut; 2]) -> (Story, [Vec<usize>; 2]) {
    let (mut client, mut server) = sides.meet();
    let [mut up, mut down] = cuts.map(|cut| Line { cut, flights: Vec::new() });
    let mut came_to = [Ok(Fed::Wait), Ok(Fed::Wait)];
    for round in 0..4 {
        match round {
            2 => {
                client.say(b"question");
                server.say(&[1; 300]);
            }
            3 => {
                for part in [[2; 100], [3; 100]] {
                    client.say(&part);
                    server.say(&part);
                }
                client.close();
                server.close();
            }
            _ => {}
        }
        came_to[1] = up.carry(&mut client, &mut server);
        came_to[0] = down.carry(&mut server, &mut client);
    }
    let secured = [client.session.secured(), server.session.secured()];
    (Story { heard: [client.got, server.got], came_to, secured }, [up.flights, down.flights])
}

fn every_cut_tells_the_same(version: Version, kind: Kind) {
    let sides = Sides::new(version, kind);
    let (whole, flights) = conversation(&sides, [Cut::Nowhere; 2]);
    assert_eq!(whole.heard.each_ref().map(Vec::len), [500, 208]);
    assert_eq!(whole.came_to, [Ok(Fed::Closed); 2]);
    let [_, server] = &whole.secured;
    assert_eq!(server.client_certificate.is_some(), kind != Kind::Full);
    assert_eq!(server.resumption == Resumption::Resumed, kind == Kind::Resumed);
    for (flight, (up, down)) in flights[0].iter().zip(&flights[1]).enumerate() {
        for at in 1..*up.max(down) {
            let cut = Cut::At(flight, at);
            let story = conversation(&sides, [cut; 2]).0;
            assert_eq!(story, whole, "{version:?} {kind:?} {cut:?}");
        }
    }
    assert_eq!(conversation(&sides, [Cut::Everywhere; 2]).0, whole, "{version:?} {kind:?}");
}

#[test]
fn every_cut_of_every_flight_tells_the_same_story() {
    for version in BOTH {
        every_cut_tells_the_same(version, Kind::Full);
    }
}

#[test]
fn every_cut_with_a_certificate_of_the_client_tells_the_same_story() {
    for version in BOTH {
        every_cut_tells_the_same(version, Kind::Known);
    }
}

#[test]
fn every_cut_of_a_resumed_session_tells_the_same_story() {
    for version in BOTH {
        every_cut_tells_the_same(version, Kind::Resumed);
    }
}

#[test]
fn what_came_before_a_bad_record_is_heard_however_it_is_cut() {
    for version in BOTH {
        let story = |at: usize| {
            let (mut client, mut server) = pair_of(version);
            client.say(b"good");
            client.say(b"bad");
            let mut bytes = client.take();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            client.say(b"ignored");
            bytes.extend(client.take());
            let (first, rest) = bytes.split_at(at.min(bytes.len()));
            let came_to = server.receive(first).and_then(|_| server.receive(rest));
            (came_to, server.got.clone(), server.take().len(), bytes.len())
        };
        let whole = story(0);
        assert_eq!((whole.0, &whole.1[..]), (Err(Fault::Peer(BAD_RECORD)), &b"good"[..]));
        assert!(whole.2 > 0, "an alert");
        for at in 1..whole.3 {
            assert_eq!(story(at), whole, "{version:?} at {at}");
        }
    }
}
