//! However what arrives is cut, the same comes out of it.

use readily_protocols::contract::{Fault, Secured};
use readily_protocols::tls::{BAD_RECORD, Fed};

use crate::pair::{BOTH, End, Version, client_config, pair_of, server_config};

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
            Cut::Everywhere => bytes.chunks(1).map(|byte| to.receive(byte)).last().expect("some"),
            _ => to.receive(&bytes),
        }
    }
}

/// A handshake, a request and its answer, more of both at once, and both ends.
fn conversation(version: Version, cuts: [Cut; 2]) -> (Story, [Vec<usize>; 2]) {
    let (mut client_config, mut server_config) =
        (client_config(&[version]), server_config(&[version]));
    client_config.alpn_protocols = vec![b"echo".to_vec()];
    server_config.alpn_protocols = vec![b"echo".to_vec()];
    let (mut client, mut server) = (End::client(client_config), End::server(server_config));
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

#[test]
fn every_cut_of_every_flight_tells_the_same_story() {
    for version in BOTH {
        let (whole, flights) = conversation(version, [Cut::Nowhere; 2]);
        assert_eq!(whole.heard.each_ref().map(Vec::len), [500, 208]);
        assert_eq!(whole.came_to, [Ok(Fed::Closed); 2]);
        for (flight, (up, down)) in flights[0].iter().zip(&flights[1]).enumerate() {
            for at in 1..*up.max(down) {
                let cut = Cut::At(flight, at);
                assert_eq!(conversation(version, [cut; 2]).0, whole, "{version:?} {cut:?}");
            }
        }
        assert_eq!(conversation(version, [Cut::Everywhere; 2]).0, whole, "{version:?}");
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
