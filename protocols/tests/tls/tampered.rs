//! No byte of a handshake is changed on the way without one side seeing it.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{Acceptor, Client, Clients, Fed, Server, Settings, Tickets};

use crate::authority::{Authority, ED25519, client, server, settings, shelf};
use crate::pair::{BOTH, End, Version};

/// Which byte of which flight is changed; the client's are the even ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Change {
    flight: usize,
    at: usize,
}

/// Both sides, each of which says who it is.
struct Sides {
    client: Client,
    server: Server,
}

/// What a handshake came to.
struct Shaken {
    flights: Vec<Vec<u8>>,
    came_to: Vec<Result<Fed, Fault>>,
    both_done: bool,
    heard: usize,
}

impl Sides {
    fn new(version: Version) -> Sides {
        let authority = Authority::shared();
        let certificates = shelf(&[&authority.server(&["localhost"], ED25519)]);
        let clients = Clients::Known { roots_pem: authority.pem() };
        let settings = Settings { clients, tickets: Tickets::NONE, ..settings(&certificates) };
        let client = Client::new(client(version, Some(&authority.client("somebody"))));
        Sides { client, server: server(settings) }
    }

    /// Carries flights until both are done, or nobody has more to say.
    fn shake(&self, change: Option<Change>) -> Shaken {
        let mut caller = End::new(self.client.connect("localhost").expect("a session"));
        assert_eq!(caller.receive(&[]), Ok(Fed::Wait));
        let mut ends = [caller, End::new(self.server.accept().expect("a session"))];
        let (mut flights, mut came_to) = (Vec::new(), Vec::new());
        let is_done = |end: &End| !end.session.is_handshaking();
        while !ends.iter().all(is_done) {
            let flight = flights.len();
            let mut bytes = ends[flight % 2].take();
            if bytes.is_empty() {
                break;
            }
            if let Some(change) = change.filter(|change| change.flight == flight) {
                bytes[change.at] ^= 1 << (change.at % 8);
            }
            came_to.push(ends[(flight + 1) % 2].receive(&bytes));
            flights.push(bytes);
        }
        let failed = came_to.iter().any(Result::is_err);
        let heard = ends.iter().map(|end| end.got.len()).sum();
        Shaken { flights, came_to, both_done: !failed && ends.iter().all(is_done), heard }
    }
}

/// The bytes of the version in the head of each record: they are no part of what is signed.
fn versions(flight: &[u8]) -> Vec<usize> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(head) = flight.get(at..at + 5) {
        found.extend([at + 1, at + 2]);
        at += 5 + usize::from(u16::from_be_bytes([head[3], head[4]]));
    }
    assert_eq!(at, flight.len(), "whole records");
    found
}

#[test]
fn each_byte_of_each_flight() {
    for (version, flights) in BOTH.into_iter().zip([4, 3]) {
        let sides = Sides::new(version);
        let good = sides.shake(None);
        assert!(good.both_done && good.flights.len() == flights, "{version:?}");
        for (flight, bytes) in good.flights.iter().enumerate() {
            let unsigned = versions(bytes);
            for at in 0..bytes.len() {
                let told = format!("{version:?} {flight} {at}");
                let bad = sides.shake(Some(Change { flight, at }));
                let fault = bad.came_to.iter().find_map(|came_to| came_to.err());
                assert!(matches!(fault, None | Some(Fault::Peer(_))), "{told}: {fault:?}");
                assert!(!bad.both_done || unsigned.contains(&at), "{told}: nobody saw it");
                assert_eq!(bad.heard, 0, "{told}");
            }
        }
    }
}
