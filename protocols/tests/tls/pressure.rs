//! Much in both directions through little room.

use readily_protocols::contract::{BLOCK_MIN, Block, Marks, Rx, Tx};
use readily_protocols::tls::Fed;

use crate::pair::{BOTH, End, pair_of, put};

const MUCH: usize = 1024 * 1024;

/// How much room there is, in bytes: for plaintext that was not read, for what waits to be sent,
/// and for what one segment of the network carries.
#[derive(Clone, Copy, Debug)]
struct Room {
    plain: usize,
    out: usize,
    segment: usize,
}

const ROOMS: [Room; 6] = [
    Room { plain: 50, out: 50, segment: 100 },
    Room { plain: 1000, out: 300, segment: 100 },
    Room { plain: 4096, out: 5000, segment: 1400 },
    Room { plain: 16_384, out: 20_000, segment: 16_384 },
    Room { plain: 65_536, out: 65_536, segment: 65_536 },
    Room { plain: 100, out: 65_536, segment: 65_536 },
];

/// One side of a transfer.
struct Side {
    end: End,
    room: Room,
    unsaid: Vec<u8>,
    /// How often plaintext was held back.
    holds: usize,
}

impl Side {
    fn new(mut end: End, room: Room, seed: u8) -> Self {
        // What passes the high mark passes the cap.
        let marks = Marks { high: room.out, low: room.out / 2, cap: room.out.max(BLOCK_MIN) };
        end.out = Tx::new(marks);
        end.outgoing = Tx::new(marks);
        end.plain = Rx::new(room.plain);
        end.plain.lend(Block::new(room.plain));
        let unsaid = (0..MUCH).map(|n| (n / 251) as u8 ^ seed).collect();
        Side { end, room, unsaid, holds: 0 }
    }

    /// Writes what there is room for, and encrypts what there is room for.
    fn write(&mut self) {
        let n = self.end.outgoing.room().min(self.unsaid.len());
        self.end.outgoing.write(&self.unsaid[..n]);
        self.unsaid.drain(..n);
        self.end
            .session
            .seal(&mut self.end.outgoing, &mut self.end.out)
            .expect("keys that are good");
        assert!(!self.end.out.has_overflowed(), "{:?}", self.room);
        // The least piece of memory is a block.
        let most = self.room.out + BLOCK_MIN;
        assert!(self.end.out.charge() <= most, "{} of {most}", self.end.out.charge());
    }

    /// A segment goes to the other side if that has taken in the last one.
    fn send(&mut self, to: &mut Side) {
        if !to.end.cipher.is_empty() {
            return;
        }
        let Some((bytes, _)) = self.end.out.front() else { return };
        let n = bytes.len().min(self.room.segment);
        put(&mut to.end.cipher, &bytes[..n]);
        self.end.out.consume(n, drop);
    }

    /// Takes in what came; plaintext is read on one turn of sixteen only.
    fn read(&mut self, turn: usize) {
        let End { session, cipher, out, plain, got, .. } = &mut self.end;
        match session.feed(cipher, out, plain).expect("a good peer") {
            Fed::Wait => assert!(cipher.is_empty()),
            Fed::Held => {
                self.holds += 1;
                assert!(plain.is_full(), "held back, though there is space");
            }
            Fed::Closed => panic!("nobody has closed"),
        }
        if turn.is_multiple_of(16) {
            got.extend_from_slice(plain.bytes());
            plain.consume(plain.len());
            plain.rewind();
        }
    }
}

#[test]
fn a_mebibyte_each_way_through_little_room() {
    for version in BOTH {
        for room in ROOMS {
            let (client, server) = pair_of(version);
            let (mut client, mut server) = (Side::new(client, room, 1), Side::new(server, room, 2));
            let mut turn = 0;
            while client.end.got.len() < MUCH || server.end.got.len() < MUCH {
                turn += 1;
                assert!(turn < 1_000_000, "{room:?} stands still");
                client.write();
                server.write();
                client.send(&mut server);
                server.send(&mut client);
                client.read(turn);
                server.read(turn);
            }
            for (side, seed) in [(&client, 2), (&server, 1)] {
                let good =
                    (0..MUCH).map(|n| (n / 251) as u8 ^ seed).eq(side.end.got.iter().copied());
                assert!(good && side.end.got.len() == MUCH, "{version:?} {room:?}");
                assert!(side.holds > 0, "{version:?} {room:?}: plaintext was held back");
            }
        }
    }
}

#[test]
fn what_there_is_no_room_for_stays_as_it_came() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        server.plain = Rx::new(1000);
        server.plain.lend(Block::new(1000));
        let feed = |server: &mut End| {
            server.session.feed(&mut server.cipher, &mut server.out, &mut server.plain)
        };
        let records = [(); 2].map(|()| {
            client.say(&[7; 1000]);
            client.take()
        });
        put(&mut server.cipher, &records[0]);
        assert_eq!(feed(&mut server), Ok(Fed::Wait), "it fits");
        put(&mut server.cipher, &records[1]);
        for _ in 0..3 {
            assert_eq!(feed(&mut server), Ok(Fed::Held));
            assert_eq!(server.cipher.bytes(), records[1]);
        }
    }
}

#[test]
fn a_block_that_is_larger_than_the_limit_is_no_more_room() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        server.plain = Rx::new(1000);
        server.plain.lend(Block::new(65_536));
        for _ in 0..20 {
            client.say(&[7; 1000]);
        }
        put(&mut server.cipher, &client.take());
        let fed = server.session.feed(&mut server.cipher, &mut server.out, &mut server.plain);
        assert_eq!(fed, Ok(Fed::Held));
        assert!((1000..6000).contains(&server.plain.len()), "{} bytes", server.plain.len());
    }
}

#[test]
fn without_memory_for_plaintext_all_else_goes_on() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        server.plain = Rx::new(65_536);
        let feed = |server: &mut End| {
            server.session.feed(&mut server.cipher, &mut server.out, &mut server.plain)
        };
        assert_eq!(feed(&mut server), Ok(Fed::Wait), "nothing is there");
        client.say(b"wait for me");
        client.close();
        put(&mut server.cipher, &client.take());
        for _ in 0..3 {
            assert_eq!(feed(&mut server), Ok(Fed::Held));
        }
        server.plain.lend(Block::new(4));
        let mut heard = Vec::new();
        while feed(&mut server) == Ok(Fed::Held) {
            heard.extend_from_slice(server.plain.bytes());
            server.plain.consume(server.plain.len());
            server.plain.rewind();
        }
        heard.extend_from_slice(server.plain.bytes());
        assert_eq!(heard, b"wait for me");
        assert_eq!(feed(&mut server), Ok(Fed::Closed));
    }
}

#[test]
fn pieces_of_plaintext_become_one_record() {
    for version in BOTH {
        let (mut client, mut server) = pair_of(version);
        for piece in [&b"head"[..], &[b'b'; 300], b"tail"] {
            server.outgoing.share(bytes_of(piece));
        }
        server.say(&[]);
        assert!(server.out.len() < 308 + 64, "{} bytes", server.out.len());
        assert_eq!(client.receive(&server.take()), Ok(Fed::Wait));
        assert_eq!(client.got.len(), 308);
    }
}

fn bytes_of(piece: &[u8]) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(piece)
}
