//! Files over TLS and over streams of QUIC, where they are read and encrypted.

use readily::quic::Limits;
use readily::sys::sim::{Link, Rng, Sendfile};
use readily::{Config, End, Fault, File, Step};

use crate::caller::{Caller, Ended};
use crate::drawer::file;
use crate::keys::{self, BOTH};
use crate::peer::Peer;
use crate::place::{Place, noise};
use crate::town::Conn;

/// Sends a head, the first `n` bytes of the file and a tail, and ends.
fn sender(file: File, n: usize) -> Conn {
    let mut file = Some(file);
    Conn::act(move |io| {
        if let Some(file) = file.take() {
            io.tx.write(b"head");
            io.tx.send_file(file, 0..n as u64);
            io.tx.write(b"tail");
        }
        Ok(Step::Finish)
    })
}

const LENGTHS: [usize; 7] = [1, 16_383, 16_384, 16_385, 65_536, 65_537, 3_000_000];

#[test]
fn files_are_read_for_tls() {
    for n in LENGTHS {
        for window in [1000, 256 * 1024] {
            let mut place = Place::quiet(Config::default());
            place.sim().set_link(Link { window: window..=window, ..Link::perfect() });
            place.sim().set_sendfile(Sendfile::Works);
            let text = noise(n, &mut Rng::new(1));
            let page = file(&text);
            let at = place.secure(443, move |_, _| Some(sender(page.clone(), n)));
            for versions in BOTH {
                let mut caller = Caller::new(place.sim(), &at, &keys::client(&[versions]));
                place.settle_with(|sim| caller.talk(sim));
                let expected = [b"head", &text[..], b"tail"].concat();
                assert!(caller.heard == expected, "{n}: {} bytes", caller.heard.len());
                assert_eq!(caller.ended, Some(Ended::InOrder));
                caller.close();
                place.settle_with(|sim| caller.talk(sim));
            }
            let counters = place.end();
            assert_eq!((counters.sendfiles, counters.ended_finished), (0, 2));
            assert!(counters.file_reads >= 2 * n.div_ceil(65_536) as u64);
        }
    }
}

#[test]
fn files_are_read_for_streams_of_quic() {
    for n in LENGTHS {
        let mut place = Place::quiet(Config::default());
        let text = noise(n, &mut Rng::new(1));
        let page = file(&text);
        let at = place.quic(Limits::DEFAULT, move |_, _| Some(sender(page.clone(), n)));
        let mut peers = [Peer::new(1, place.sim(), at, Limits::DEFAULT)];
        peers[0].call(place.sim(), b"").finish();
        place.drive_until(&mut peers, |_, peers| peers[0].calls[0].ended.is_some());
        assert!(peers[0].calls[0].has_heard(&[b"head", &text[..], b"tail"].concat()), "{n}");
        peers[0].close(place.sim());
        assert_eq!(place.end().ended_finished, 1);
    }
}

#[test]
fn a_file_that_is_cut_is_no_end_in_order() {
    let mut place = Place::quiet(Config::default());
    let page = file(&[7; 100_000]);
    let at = place.secure(443, move |_, _| {
        let page = page.clone();
        Some(Conn::act(move |io| {
            if io.tx.is_empty() {
                io.tx.send_file(page.clone(), 0..100_001);
            }
            Ok(Step::Wait)
        }))
    });
    let mut caller = Caller::new(place.sim(), &at, &keys::client(&BOTH));
    place.settle_with(|sim| caller.talk(sim));
    assert!(caller.ended != Some(Ended::InOrder) && place.sim().was_reset(caller.id));
    let cut = End::Fault(Fault::Local("file: it has not what was promised of it"));
    assert_eq!(place.reactor.app().ends(), [cut]);
}
